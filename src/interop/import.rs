//! Presets of other tools, read into ours: bytes in, a tree of presets with environments and a list of
//! what was left out.
//!
//! ```text
//!   files ─found─> kind ─data─> tree of JSON or YAML ─┐
//!                      └──────> text of a format ─────┴─ one importer each ─> Gathered ─finish─> ImportTree
//! ```
//! Called by the shells, which hand in what is in the files and write what comes out. Nothing here opens a
//! file or runs anything: scripts of others are kept as text beside the preset they belong to, files that a
//! body names stay names, and what no preset of ours can say is listed with its place.

mod atac;
mod braces;
mod bruno;
mod command;
mod data;
mod found;
mod gathered;
mod har;
mod http_file;
mod hurl;
mod insomnia;
mod names;
mod openapi;
mod packet_sender;
mod plan;
mod posting;
mod postman;
mod slumber;
mod yaml;

use std::fmt;

use strum::{EnumString, IntoStaticStr, VariantArray};

use crate::model::spec::Spec;
use bruno::BrunoFile;
use found::FoundSource;
use gathered::Gathered;

pub use plan::{ImportPlace, ImportPlan, PlannedEnvironment, PlannedFolder, PlannedPreset, plan};

/// Longest file that is read.
pub const IMPORT_LIMIT: u64 = 32 * 1024 * 1024;

/// A file as it is handed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportFile {
    /// As it is named in messages.
    pub name: String,
    /// Of a folder that was named: that folder's name and the path in it, with `/`.
    pub inside: Option<String>,
    pub bytes: Vec<u8>,
}

/// What is imported.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, IntoStaticStr, EnumString, VariantArray,
)]
#[strum(serialize_all = "kebab-case", const_into_str)]
pub enum ImportKind {
    Postman,
    PostmanEnvironment,
    Openapi,
    Insomnia,
    Bruno,
    BrunoFile,
    Http,
    Hurl,
    Har,
    PacketSender,
    PacketSenderIni,
    Posting,
    Atac,
    Slumber,
    Command,
}

impl ImportKind {
    /// Whether it is a text of its own, neither JSON nor YAML.
    fn is_text(self) -> bool {
        let texts =
            [ImportKind::Http, ImportKind::Hurl, ImportKind::PacketSenderIni, ImportKind::Command];
        texts.contains(&self)
    }

    /// Whether files of a folder are one import.
    fn is_of_many(self) -> bool {
        let many = [ImportKind::Http, ImportKind::Hurl, ImportKind::Posting, ImportKind::Command];
        many.contains(&self)
    }

    /// What people call it.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            ImportKind::Postman => "Postman collection",
            ImportKind::PostmanEnvironment => "Postman environment",
            ImportKind::Openapi => "OpenAPI document",
            ImportKind::Insomnia => "Insomnia export",
            ImportKind::Bruno => "Bruno export",
            ImportKind::BrunoFile => "Bruno collection",
            ImportKind::Http => "file of requests (.http)",
            ImportKind::Hurl => "Hurl file",
            ImportKind::Har => "HAR file",
            ImportKind::PacketSender => "Packet Sender export",
            ImportKind::PacketSenderIni => "Packet Sender packets.ini",
            ImportKind::Posting => "posting request",
            ImportKind::Atac => "ATAC collection",
            ImportKind::Slumber => "slumber collection",
            ImportKind::Command => "command line",
        }
    }
}

/// Why a file cannot be imported, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportFault {
    /// `line 3, column 7`, or a path like `item[2].request`; empty = the file as a whole.
    pub place: String,
    pub cause: String,
}

impl ImportFault {
    fn new(place: impl Into<String>, cause: impl Into<String>) -> Self {
        ImportFault { place: place.into(), cause: cause.into() }
    }

    fn at_line(line: usize, column: usize, cause: impl Into<String>) -> Self {
        Self::new(format!("line {line}, column {column}"), cause)
    }
}

impl fmt::Display for ImportFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.place.as_str() {
            "" => f.write_str(&self.cause),
            place => write!(f, "{place}: {}", self.cause),
        }
    }
}

/// What comes of an import.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportTree {
    pub kind: ImportKind,
    /// What the collection is called; the name of its folder.
    pub title: String,
    /// In the order in which they stand there.
    pub presets: Vec<ImportedPreset>,
    /// Variables of the collection and its folders.
    pub folders: Vec<ImportedFolder>,
    pub environments: Vec<ImportedEnvironment>,
    /// What did not come as it was, in the order in which it was met.
    pub left_out: Vec<ImportRemark>,
}

/// A preset that is to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportedPreset {
    /// Folders from the outermost, each one part of a path.
    pub folder: Vec<String>,
    /// One part of a path; others of its folder may have the same.
    pub name: String,
    pub about: String,
    pub spec: Spec,
    /// Text that stands in the file as a comment: scripts, what was left out.
    pub notes: Vec<String>,
    /// What it was called, and where.
    pub place: String,
}

/// A folder that says something of its own.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ImportedFolder {
    pub folder: Vec<String>,
    pub variables: Vec<ImportedVariable>,
    /// As of a preset.
    pub notes: Vec<String>,
}

/// An environment that is to be written.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ImportedEnvironment {
    /// One part of a path.
    pub name: String,
    pub variables: Vec<ImportedVariable>,
}

/// A variable with its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportedVariable {
    pub name: String,
    pub value: String,
    /// Whether it belongs into a file that git ignores.
    pub is_secret: bool,
}

/// Something that was not taken over as it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportRemark {
    /// In words, the same for all of the kind.
    pub what: String,
    pub place: String,
}

/// Reads files that belong together: a collection, and environments for it. `kind` is what they are said
/// to be; `None` = what they look like.
///
/// # Errors
/// The name of the file, where it is broken and why.
pub fn import(
    files: &[ImportFile],
    kind: Option<ImportKind>,
) -> Result<Vec<ImportTree>, (String, ImportFault)> {
    let mut reading = Reading::default();
    for file in files {
        if let Err(fault) = reading.file(file, kind) {
            // Of a folder the others come all the same.
            if file.inside.is_none() {
                return Err((file.name.clone(), fault));
            }
            reading.left_out.push((file.name.clone(), fault));
        }
    }
    let name = || files.first().map_or_else(String::new, |file| file.name.clone());
    let left_out = std::mem::take(&mut reading.left_out);
    let mut trees = reading.finish().map_err(|fault| (name(), fault))?;
    match (trees.first_mut(), left_out.first()) {
        (None, Some(first)) => return Err(first.clone()),
        (Some(tree), Some(_)) => tree.left_out.extend(left_out.into_iter().map(|(name, fault)| {
            let what = "files that are broken, or none of those that can be imported".to_owned();
            ImportRemark { what, place: format!("{name} ({fault})") }
        })),
        _ => {}
    }
    Ok(trees)
}

/// Files that were read, those of a folder that belong together as one.
#[derive(Default)]
struct Reading {
    found: Vec<Gathered>,
    /// What belongs to a folder, by kind.
    shared: Vec<(ImportKind, Gathered)>,
    bruno: Vec<BrunoFile>,
    /// What the folder of those is called.
    bruno_root: String,
    /// Files of a folder that are none, or broken.
    left_out: Vec<(String, ImportFault)>,
}

impl Reading {
    fn file(&mut self, file: &ImportFile, kind: Option<ImportKind>) -> Result<(), ImportFault> {
        let text = found::text(&file.bytes)?;
        let found = found::source(&text, &file.name, kind)?;
        let (root, folder) = place_of(file);
        if found.kind == ImportKind::BrunoFile {
            let name = file.name.rsplit('/').next().unwrap_or(&file.name);
            let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem).to_owned();
            let is_yaml = !bruno::is_bru(&text);
            self.bruno_root = root;
            self.bruno.push(BrunoFile { folder, stem, name: file.name.clone(), text, is_yaml });
            return Ok(());
        }
        if file.inside.is_some() && found.kind.is_of_many() {
            let at = self.shared.iter().position(|(kind, _)| *kind == found.kind);
            let at = at.unwrap_or_else(|| {
                self.shared.push((found.kind, Gathered::new(found.kind, &root)));
                self.shared.len() - 1
            });
            let out = &mut self.shared[at].1;
            out.begin(&folder, &root);
            return read(&text, &found, &file.name, out);
        }
        let mut out = Gathered::new(found.kind, &file.name);
        read(&text, &found, &file.name, &mut out)?;
        self.found.push(out);
        Ok(())
    }

    fn finish(mut self) -> Result<Vec<ImportTree>, ImportFault> {
        if !self.bruno.is_empty() {
            let mut out = Gathered::new(ImportKind::BrunoFile, &self.bruno_root);
            bruno::files(&self.bruno, &mut out)?;
            self.found.push(out);
        }
        self.found.extend(self.shared.into_iter().map(|(_, out)| out));
        Ok(self.found.into_iter().map(Gathered::finish).collect())
    }
}

/// What the folder of a file is called, and the folders in it down to the file.
fn place_of(file: &ImportFile) -> (String, Vec<String>) {
    let Some(inside) = &file.inside else { return (file.name.clone(), Vec::new()) };
    let mut parts = inside.split('/').map(str::to_owned);
    let root = parts.next().unwrap_or_default();
    let mut folder: Vec<String> = parts.collect();
    folder.pop();
    (root, folder)
}

fn read(
    text: &str,
    found: &FoundSource,
    name: &str,
    out: &mut Gathered,
) -> Result<(), ImportFault> {
    let data = &found.data;
    match found.kind {
        ImportKind::Postman => postman::collection(data, out),
        ImportKind::PostmanEnvironment => postman::environment(data, out),
        ImportKind::Openapi => openapi::document(data, out),
        ImportKind::Insomnia => insomnia::export(data, out),
        ImportKind::Bruno => bruno::export(data, out),
        // Those of a folder are read together.
        ImportKind::BrunoFile => Ok(()),
        ImportKind::Http => http_file::requests(text, name, out),
        ImportKind::Hurl => hurl::entries(text, out),
        ImportKind::Har => har::entries(data, out),
        ImportKind::PacketSender => packet_sender::packets(data, out),
        ImportKind::PacketSenderIni => packet_sender::settings(text, out),
        ImportKind::Posting => posting::request(data, out),
        ImportKind::Atac => atac::collection(data, out),
        ImportKind::Slumber => slumber::collection(data, out),
        ImportKind::Command => command::commands(text, out),
    }
}

#[cfg(test)]
mod formats_tests;
#[cfg(test)]
mod import_tests;
