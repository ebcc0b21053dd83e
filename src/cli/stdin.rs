//! Standard input as a body or as bytes to send.
//!
//! Read only when it is a pipe or a file: a terminal is for people, and a device or socket that
//! nobody writes to (a service manager's, `/dev/null`) would be waited for in vain.

use std::io::{self, Read as _};

use bytes::{Bytes, BytesMut};
use rustix::fs::FileType;
use tokio::io::{AsyncReadExt as _, Stdin};

use crate::model::failure::{Failure, FailureKind, Stage};

/// Larger bodies come from a file, which is sent without being held in memory.
const BODY_LIMIT: u64 = 256 * 1024 * 1024;
/// Bytes of one read, so one write on the connection.
const PIECE: usize = 64 * 1024;

/// Whether something is piped in.
pub(super) fn is_piped() -> bool {
    rustix::fs::fstat(rustix::stdio::stdin()).is_ok_and(|stat| {
        matches!(FileType::from_raw_mode(stat.st_mode), FileType::Fifo | FileType::RegularFile)
    })
}

/// Everything until the end of input.
pub(super) fn read_all() -> Result<Bytes, Failure> {
    let mut bytes = Vec::new();
    io::stdin().lock().take(BODY_LIMIT + 1).read_to_end(&mut bytes).map_err(|e| failed(&e))?;
    if bytes.len() as u64 > BODY_LIMIT {
        let cause = "more than 256 MiB on standard input";
        return Err(Failure::new(Stage::Compose, "body", FailureKind::TooLarge, cause)
            .hint("put it into a file and send it with @FILE"));
    }
    Ok(bytes.into())
}

/// The next piece; `None` at the end of input, and when it cannot be read, which is told. Without
/// an input it waits for ever.
/// Cancel-safe.
pub(super) async fn next_piece(input: &mut Option<Stdin>) -> Option<Bytes> {
    let Some(input) = input else { return std::future::pending().await };
    let mut piece = BytesMut::with_capacity(PIECE);
    match input.read_buf(&mut piece).await {
        Ok(0) => None,
        Ok(_) => Some(piece.freeze()),
        Err(error) => {
            super::output::complain(&failed(&error));
            None
        }
    }
}

fn failed(error: &io::Error) -> Failure {
    Failure::new(Stage::Compose, "standard input", FailureKind::Io, error.to_string())
}
