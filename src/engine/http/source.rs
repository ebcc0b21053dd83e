//! The bytes of a body to be sent: from memory, or read from files piece by piece on threads that
//! may block.

use std::collections::VecDeque;
use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt as _;
use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use tokio::task::spawn_blocking;

use crate::codec::multipart;
use crate::model::plan::{PartContent, PlanBody};
use crate::named_file;

/// Bytes of one piece: what one write of the socket takes at a time.
const PIECE: usize = 256 * 1024;

/// Longest file that does not say how long it is.
const UNMEASURED: u64 = 4 * 1024 * 1024;

/// A body to be sent, from its first byte to its last.
pub(crate) struct BodySource {
    sections: VecDeque<Section>,
    len: u64,
}

/// A run of bytes from one place.
enum Section {
    Memory(Bytes),
    File { file: Arc<File>, rest: Range<u64> },
}

impl BodySource {
    /// A body from memory.
    pub(crate) fn bytes(bytes: Bytes) -> Self {
        BodySource { len: bytes.len() as u64, sections: VecDeque::from([Section::Memory(bytes)]) }
    }

    /// Opens a body. The error says why a file cannot be sent.
    pub(crate) async fn open(body: &PlanBody) -> Result<Self, String> {
        let pieces = match body {
            PlanBody::Bytes(bytes) => return Ok(BodySource::bytes(bytes.clone())),
            PlanBody::File(path) => vec![PartContent::File(path.clone())],
            PlanBody::Multipart { boundary, parts } => multipart::pieces(boundary, parts),
        };
        let mut source = BodySource { sections: VecDeque::new(), len: 0 };
        for piece in pieces {
            let section = match piece {
                PartContent::Bytes(bytes) => Section::Memory(bytes),
                PartContent::File(path) => open_section(path).await?,
            };
            source.len += section.left();
            source.sections.push_back(section);
        }
        Ok(source)
    }

    /// Bytes in all.
    pub(crate) fn len(&self) -> u64 {
        self.len
    }

    /// The next piece; empty = the end. A file that shrank meanwhile is an error, one that grew is
    /// sent as long as it was announced.
    pub(crate) async fn next(&mut self) -> io::Result<Bytes> {
        while self.sections.front().is_some_and(|section| section.left() == 0) {
            self.sections.pop_front();
        }
        match self.sections.front_mut() {
            Some(section) => section.next().await,
            None => Ok(Bytes::new()),
        }
    }
}

impl Section {
    fn left(&self) -> u64 {
        match self {
            Section::Memory(bytes) => bytes.len() as u64,
            Section::File { rest, .. } => rest.end - rest.start,
        }
    }

    async fn next(&mut self) -> io::Result<Bytes> {
        let count = self.left().min(PIECE as u64);
        match self {
            Section::Memory(bytes) => Ok(bytes.split_to(count as usize)),
            Section::File { file, rest } => {
                let (file, at) = (Arc::clone(file), rest.start);
                let read = spawn_blocking(move || {
                    let mut piece = vec![0; count as usize];
                    file.read_exact_at(&mut piece, at).map(|()| piece.into())
                });
                let piece = read.await.map_err(io::Error::other)??;
                rest.start += count;
                Ok(piece)
            }
        }
    }
}

async fn open_section(path: PathBuf) -> Result<Section, String> {
    let shown = path.display().to_string();
    let opened = spawn_blocking(move || {
        let (file, len) = named_file::open(&path)?;
        if len > 0 {
            return Ok(Section::File { file: Arc::new(file), rest: 0..len });
        }
        // Files of the kernel have no length and something to say.
        named_file::read(&path, UNMEASURED).map(|bytes| Section::Memory(bytes.into()))
    });
    let opened = opened.await.unwrap_or_else(|_| Err(io::Error::other("reading it stopped")));
    opened.map_err(|error| format!("the body file {shown} cannot be read: {error}"))
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;
    use crate::model::plan::PartPlan;

    async fn all(source: &mut BodySource) -> io::Result<Vec<u8>> {
        let mut all = Vec::new();
        loop {
            let piece = source.next().await?;
            if piece.is_empty() {
                return Ok(all);
            }
            all.extend_from_slice(&piece);
        }
    }

    #[tokio::test]
    async fn a_file_is_sent_in_pieces_as_long_as_it_was_announced() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        let bytes: Vec<u8> = (0..600_000_u32).map(|n| (n % 251) as u8).collect();
        file.write_all(&bytes).unwrap();
        let mut source = BodySource::open(&PlanBody::File(file.path().into())).await.unwrap();
        assert_eq!(source.len(), 600_000);
        file.write_all(b"grown").unwrap();
        assert!(all(&mut source).await.unwrap() == bytes);
    }

    #[tokio::test]
    async fn the_parts_of_a_form_are_streamed_with_their_files() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(&vec![b'x'; 300_000]).unwrap();
        let part =
            |content| PartPlan { name: "a".into(), content, file_name: None, content_type: None };
        let parts = vec![
            part(PartContent::Bytes(Bytes::new())),
            part(PartContent::File(file.path().into())),
        ];
        let body = PlanBody::Multipart { boundary: "B".into(), parts };
        let mut source = BodySource::open(&body).await.unwrap();
        let sent = all(&mut source).await.unwrap();
        assert_eq!(sent.len() as u64, source.len());
        let head = "--B\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n";
        let expected = format!("{head}\r\n{head}{}\r\n--B--\r\n", "x".repeat(300_000));
        assert!(sent == expected.as_bytes());
    }

    #[tokio::test]
    async fn a_file_that_shrinks_is_an_error_and_a_folder_is_refused() {
        let file = tempfile::NamedTempFile::new().unwrap();
        file.as_file().set_len(600_000).unwrap();
        let mut source = BodySource::open(&PlanBody::File(file.path().into())).await.unwrap();
        file.as_file().set_len(10).unwrap();
        assert!(all(&mut source).await.is_err());
        let folder = PlanBody::File(std::env::temp_dir());
        let why = BodySource::open(&folder).await.err().unwrap();
        assert!(why.contains("a folder, not a file"), "{why}");
    }
}
