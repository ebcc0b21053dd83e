//! The bytes of a body to be sent: from memory, or read from files piece by piece on threads that
//! may block.
//!
//! Of the files of a form one is open at a time, and a body with files takes one descriptor of the
//! budget from its beginning: what is announced can be opened when its turn comes.

use std::collections::VecDeque;
use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::unix::fs::{FileExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use tokio::task::spawn_blocking;

use crate::codec::multipart;
use crate::engine::budget::{Budget, Descriptors};
use crate::model::plan::{PartContent, PlanBody, PlanFile};
use crate::named_file;

/// Bytes of one piece: what one write of the socket takes at a time.
const PIECE: usize = 256 * 1024;

/// Longest file that does not say how long it is.
const UNMEASURED: u64 = 4 * 1024 * 1024;

/// A body to be sent, from its first byte to its last.
pub(crate) struct BodySource {
    sections: VecDeque<Section>,
    len: u64,
    /// For the file that is open.
    _descriptor: Option<Descriptors>,
}

/// Why a body cannot be sent, in words.
#[derive(Debug)]
pub(crate) enum SourceError {
    /// All descriptors are in use.
    Full(String),
    /// A file cannot be read.
    Unreadable(String),
}

/// A run of bytes from one place.
enum Section {
    Memory(Bytes),
    File(FileRun),
}

/// What is to be sent of a file.
struct FileRun {
    path: PathBuf,
    /// Which file was measured: device and number.
    measured: (u64, u64),
    /// Opened when its turn comes.
    file: Option<Arc<File>>,
    rest: Range<u64>,
}

impl BodySource {
    /// A body from memory.
    pub(crate) fn bytes(bytes: Bytes) -> Self {
        let (len, sections) = (bytes.len() as u64, VecDeque::from([Section::Memory(bytes)]));
        BodySource { sections, len, _descriptor: None }
    }

    /// Opens a body; its files come out of `budget`.
    pub(crate) async fn open(body: &PlanBody, budget: &Budget) -> Result<Self, SourceError> {
        let pieces = match body {
            PlanBody::Bytes(bytes) => return Ok(BodySource::bytes(bytes.clone())),
            PlanBody::File(path) => vec![PartContent::File(path.clone())],
            PlanBody::Multipart { boundary, parts } => multipart::pieces(boundary, parts),
        };
        let has_files = pieces.iter().any(|piece| matches!(piece, PartContent::File(_)));
        let descriptor = has_files.then(|| budget.descriptors(1)).transpose();
        let descriptor = descriptor.map_err(SourceError::Full)?;
        let mut source = BodySource { sections: VecDeque::new(), len: 0, _descriptor: descriptor };
        for piece in pieces {
            let section = match piece {
                PartContent::Bytes(bytes) => Section::Memory(bytes),
                PartContent::File(path) => measured(path).await.map_err(SourceError::Unreadable)?,
            };
            source.len += section.left();
            source.sections.push_back(section);
        }
        Ok(source)
    }

    /// All of it, where it lies in memory in one piece and nothing was taken yet.
    pub(crate) fn in_memory(&self) -> Option<&Bytes> {
        match self.sections.as_slices() {
            ([Section::Memory(bytes)], []) => Some(bytes),
            _ => None,
        }
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
            Section::File(run) => run.rest.end - run.rest.start,
        }
    }

    async fn next(&mut self) -> io::Result<Bytes> {
        let count = self.left().min(PIECE as u64);
        match self {
            Section::Memory(bytes) => Ok(bytes.split_to(count as usize)),
            Section::File(run) => run.next(count).await,
        }
    }
}

impl FileRun {
    async fn next(&mut self, count: u64) -> io::Result<Bytes> {
        let (file, at) = (self.file.clone(), self.rest.start);
        let (path, measured) = (self.path.clone(), self.measured);
        let read = spawn_blocking(move || {
            let file = file.map_or_else(|| reopened(&path, measured), Ok)?;
            let mut piece = vec![0; count as usize];
            file.read_exact_at(&mut piece, at).map_err(shortened)?;
            Ok::<_, io::Error>((file, piece.into()))
        });
        let (file, piece) = read.await.map_err(io::Error::other)??;
        self.file = Some(file);
        self.rest.start += count;
        Ok(piece)
    }
}

/// Its length was told before it was read.
fn shortened(error: io::Error) -> io::Error {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => {
            io::Error::new(error.kind(), "it became shorter while it was sent")
        }
        _ => error,
    }
}

/// Another file of this name may be longer, and would go out cut in silence.
fn reopened(path: &Path, measured: (u64, u64)) -> io::Result<Arc<File>> {
    let (file, _) = named_file::open(path)?;
    if identity(&file)? != measured {
        return Err(io::Error::other("another file took its place meanwhile"));
    }
    Ok(Arc::new(file))
}

fn identity(file: &File) -> io::Result<(u64, u64)> {
    file.metadata().map(|facts| (facts.dev(), facts.ino()))
}

async fn measured(file: PlanFile) -> Result<Section, String> {
    let shown = file.display().to_string();
    let beside = file.beside().map(|folder| format!(", neither in {} nor here", folder.display()));
    let opened = spawn_blocking(move || {
        let (path, (file, len)) = opened(&file)?;
        if len > 0 {
            let measured = identity(&file)?;
            return Ok(Section::File(FileRun { path, measured, file: None, rest: 0..len }));
        }
        // Files of the kernel have no length and something to say.
        named_file::read(&path, UNMEASURED).map(|bytes| Section::Memory(bytes.into()))
    });
    let opened = opened.await.unwrap_or_else(|_| Err(io::Error::other("reading it stopped")));
    opened.map_err(|error| {
        let where_to =
            beside.filter(|_| error.kind() == io::ErrorKind::NotFound).unwrap_or_default();
        format!("the body file {shown} cannot be read: {error}{where_to}")
    })
}

/// Opens it where it is there first.
fn opened(file: &PlanFile) -> io::Result<(PathBuf, (File, u64))> {
    let mut unfound = io::Error::from(io::ErrorKind::NotFound);
    for path in file.places() {
        match named_file::open(&path) {
            Ok(opened) => return Ok((path, opened)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => unfound = error,
            Err(error) => return Err(error),
        }
    }
    Err(unfound)
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;
    use crate::model::plan::PartPlan;

    async fn opened(body: &PlanBody) -> BodySource {
        BodySource::open(body, &Budget::of(1)).await.unwrap()
    }

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
        let mut source = opened(&PlanBody::File(file.path().into())).await;
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
        let mut source = opened(&body).await;
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
        let mut source = opened(&PlanBody::File(file.path().into())).await;
        file.as_file().set_len(10).unwrap();
        assert!(all(&mut source).await.is_err());
        let folder = PlanBody::File(std::env::temp_dir().into());
        let why = BodySource::open(&folder, &Budget::of(1)).await.err().unwrap();
        assert!(
            matches!(&why, SourceError::Unreadable(why) if why.contains("a folder, not a file"))
        );
    }

    #[tokio::test]
    async fn a_file_that_was_replaced_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let [path, new] = ["body", "new"].map(|name| folder.path().join(name));
        std::fs::write(&path, "0123456789").unwrap();
        std::fs::write(&new, "0123456789 and more").unwrap();
        let mut source = opened(&PlanBody::File(path.clone().into())).await;
        std::fs::rename(&new, &path).unwrap();
        let why = all(&mut source).await.unwrap_err().to_string();
        assert!(why.contains("another file"), "{why}");
    }

    #[tokio::test]
    async fn a_form_takes_one_descriptor_however_many_files_it_has_and_gives_it_back() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(b"abc").unwrap();
        let part = PartPlan {
            name: "a".into(),
            content: PartContent::File(file.path().into()),
            file_name: None,
            content_type: None,
        };
        let body = PlanBody::Multipart { boundary: "B".into(), parts: vec![part; 50] };
        let budget = Budget::of(1);
        let mut source = BodySource::open(&body, &budget).await.unwrap();
        let refused = BodySource::open(&body, &budget).await.err().unwrap();
        assert!(matches!(refused, SourceError::Full(why) if why.contains("all 1 descriptors")));
        assert_eq!(all(&mut source).await.unwrap().len() as u64, source.len());
        drop(source);
        assert!(BodySource::open(&body, &budget).await.is_ok());
    }
}
