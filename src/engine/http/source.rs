//! The bytes of a body to be sent: from memory, or read from a file piece by piece on threads that
//! may block.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use bytes::Bytes;
use tokio::task::spawn_blocking;

use crate::model::plan::PlanBody;

/// Bytes of one piece: what one write of the socket takes at a time.
const PIECE: usize = 256 * 1024;

/// A body to be sent, from its first byte to its last.
pub(crate) struct Source {
    state: State,
    left: u64,
    len: u64,
}

enum State {
    Memory(Bytes),
    File(Option<File>),
}

impl Source {
    /// A body from memory.
    pub(crate) fn bytes(bytes: Bytes) -> Self {
        let len = bytes.len() as u64;
        Source { state: State::Memory(bytes), left: len, len }
    }

    /// Opens a body. The error says why a file cannot be sent.
    pub(crate) async fn open(body: &PlanBody) -> Result<Self, String> {
        match body {
            PlanBody::Bytes(bytes) => Ok(Source::bytes(bytes.clone())),
            PlanBody::File(path) => {
                let shown = path.display().to_string();
                let path = path.clone();
                let (file, len) = spawn_blocking(move || open_file(&path))
                    .await
                    .unwrap_or_else(|_| Err("reading it stopped".into()))
                    .map_err(|why| format!("the body file {shown} cannot be read: {why}"))?;
                Ok(Source { state: State::File(Some(file)), left: len, len })
            }
        }
    }

    /// Bytes in all.
    pub(crate) fn len(&self) -> u64 {
        self.len
    }

    /// The next piece; empty = the end. A file that shrank meanwhile is an error, one that grew is
    /// sent as long as it was announced.
    pub(crate) async fn next(&mut self) -> io::Result<Bytes> {
        let count = self.left.min(PIECE as u64) as usize;
        if count == 0 {
            return Ok(Bytes::new());
        }
        let piece = match &mut self.state {
            State::Memory(bytes) => bytes.split_to(count.min(bytes.len())),
            State::File(place) => {
                let Some(mut file) = place.take() else {
                    return Err(io::Error::other("reading the file was interrupted"));
                };
                let read = spawn_blocking(move || {
                    let mut piece = vec![0; count];
                    let outcome = file.read_exact(&mut piece);
                    (file, outcome.map(|()| Bytes::from(piece)))
                });
                let (file, piece) = read.await.map_err(io::Error::other)?;
                *place = Some(file);
                piece?
            }
        };
        self.left -= piece.len() as u64;
        Ok(piece)
    }
}

fn open_file(path: &Path) -> Result<(File, u64), String> {
    let file = File::open(path).map_err(|error| error.to_string())?;
    let facts = file.metadata().map_err(|error| error.to_string())?;
    if !facts.is_file() {
        return Err("it is not a regular file".into());
    }
    Ok((file, facts.len()))
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    async fn all(source: &mut Source) -> io::Result<Vec<u8>> {
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
        let mut source = Source::open(&PlanBody::File(file.path().into())).await.unwrap();
        assert_eq!(source.len(), 600_000);
        file.write_all(b"grown").unwrap();
        assert!(all(&mut source).await.unwrap() == bytes);
    }

    #[tokio::test]
    async fn a_file_that_shrinks_is_an_error_and_a_folder_is_refused() {
        let file = tempfile::NamedTempFile::new().unwrap();
        file.as_file().set_len(600_000).unwrap();
        let mut source = Source::open(&PlanBody::File(file.path().into())).await.unwrap();
        file.as_file().set_len(10).unwrap();
        assert!(all(&mut source).await.is_err());
        let folder = PlanBody::File(std::env::temp_dir());
        let why = Source::open(&folder).await.err().unwrap();
        assert!(why.contains("not a regular file"), "{why}");
    }
}
