//! Files of kept answers: one each, with what the application says of it and the bytes of its message,
//! laid out as `model/answer_layout.rs` says.
//!
//! Written whole or not at all, 0600 in a folder of 0700. Read into a new body, piece by piece, so the
//! bounds of all bodies hold for it.

use std::fs::DirBuilder;
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;
use std::sync::Arc;

use super::message::Body;
use super::writer::BodyWriter;
use crate::model::answer_layout::{AnswerLayout, FIRST_LINE, LONGEST_TEXT};
use crate::model::failure::{Failure, Stage};
use crate::model::file_error;
use crate::model::view::ViewPart;
use crate::named_file;
use crate::whole_file::{PRIVATE, WholeFile, WorkingName, folder_of};

const BLOCK: usize = 256 * 1024;

/// Writes an answer; blocks on the disk.
pub(super) fn write(body: Option<&Arc<Body>>, text: &[u8], path: &Path) -> Result<(), Failure> {
    try_write(body, text, path).map_err(|error| failure(path, "the answer is not kept", &error))
}

fn try_write(body: Option<&Arc<Body>>, text: &[u8], path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder_of(path))?;
    let mut file = WholeFile::begin(path, &WorkingName::OURS, PRIVATE)?;
    let (wire, place, decoded) = body.map_or((0, (0, 0), None), |body| body.lengths());
    let layout = AnswerLayout { text: text.len() as u64, wire, body: place, decoded };
    writeln!(file, "{}", layout.line())?;
    file.write_all(text)?;
    if let Some(body) = body {
        copy(body, ViewPart::Raw, wire, &mut file)?;
        copy(body, ViewPart::Decoded, decoded.unwrap_or_default(), &mut file)?;
    }
    // A loss of power may take an answer along: its folder is not synced.
    Ok(file.replace()?)
}

/// Copies so many bytes and not one less.
fn copy(body: &Body, part: ViewPart, len: u64, file: &mut WholeFile) -> io::Result<()> {
    let mut at = 0;
    while at < len {
        let count = usize::try_from(len - at).unwrap_or(usize::MAX).min(BLOCK);
        let bytes = body.read(part, at, count)?;
        if bytes.is_empty() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        file.write_all(&bytes)?;
        at += bytes.len() as u64;
    }
    Ok(())
}

/// Reads an answer into this body; blocks on the disk. Returns the text beside it.
pub(super) fn read(path: &Path, body: &BodyWriter) -> Result<Vec<u8>, Failure> {
    try_read(path, body).map_err(|error| {
        let gone = error.kind() == io::ErrorKind::NotFound;
        let what = if gone { "this answer is gone" } else { "this answer cannot be read" };
        failure(path, what, &error)
    })
}

fn try_read(path: &Path, body: &BodyWriter) -> io::Result<Vec<u8>> {
    named_file::ours_or_none(path)?;
    let (mut file, len) = named_file::open(path)?;
    let (first, layout) = first_line(&mut file)?;
    let parts = [layout.text, layout.wire, layout.decoded.unwrap_or_default()];
    let whole = parts.iter().try_fold(first as u64, |sum, part| sum.checked_add(*part));
    if whole != Some(len) || layout.text > LONGEST_TEXT {
        return Err(damaged("it is cut or damaged"));
    }
    let mut text = vec![0; usize::try_from(layout.text).unwrap_or_default()];
    file.read_exact(&mut text)?;
    body.body_starts(layout.body.0);
    fill(&mut file, body, ViewPart::Raw, layout.wire)?;
    body.body_ends_at(layout.body.1);
    if let Some(decoded) = layout.decoded {
        body.separate();
        fill(&mut file, body, ViewPart::Decoded, decoded)?;
    }
    Ok(text)
}

fn fill(file: &mut std::fs::File, body: &BodyWriter, part: ViewPart, len: u64) -> io::Result<()> {
    let mut left = len;
    let mut buf = vec![0; BLOCK];
    while left > 0 {
        let count = usize::try_from(left).unwrap_or(usize::MAX).min(BLOCK);
        let bytes = &mut buf[..count];
        file.read_exact(bytes)?;
        body.take_blocking(part, bytes).map_err(|why| io::Error::other(why.to_string()))?;
        left -= count as u64;
    }
    Ok(())
}

/// The first line and its length.
fn first_line(file: &mut std::fs::File) -> io::Result<(usize, AnswerLayout)> {
    let mut line = Vec::new();
    let mut byte = [0];
    while line.len() < FIRST_LINE {
        file.read_exact(&mut byte)?;
        if byte == *b"\n" {
            let layout = AnswerLayout::parse(&line);
            let layout = layout.ok_or_else(|| damaged("it is no kept answer of this version"))?;
            return Ok((line.len() + 1, layout));
        }
        line.push(byte[0]);
    }
    Err(damaged("it is no kept answer of this version"))
}

fn damaged(words: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, words)
}

fn failure(path: &Path, what: &str, error: &io::Error) -> Failure {
    let (kind, words) = file_error::words(error);
    Failure::new(Stage::Storage, path.display().to_string(), kind, format!("{what}: {words}"))
}
