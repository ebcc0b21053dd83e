//! Standard input as a body or as bytes to send.
//!
//! Read only when it is a pipe or a file: a terminal is for people, and a device or socket that
//! nobody writes to (a service manager's, `/dev/null`) would be waited for in vain.

use std::io::{self, Read};

use bytes::Bytes;
use rustix::fs::FileType;
use tokio::sync::mpsc;

use crate::model::failure::{Failure, FailureKind, Stage};

/// Larger bodies come from a file, which is sent without being held in memory.
const BODY_LIMIT: u64 = 256 * 1024 * 1024;
/// Bytes of one read, so one write on the connection.
const PIECE: usize = 64 * 1024;
/// Pieces read ahead of the connection.
const PIECES: usize = 4;

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

/// Pieces as they come; the channel closes at the end of input.
pub(super) fn pieces() -> mpsc::Receiver<Bytes> {
    let (sender, receiver) = mpsc::channel(PIECES);
    let read = move || {
        let mut input = io::stdin().lock();
        let mut buffer = vec![0; PIECE];
        loop {
            match input.read(&mut buffer) {
                Ok(0) => return,
                Ok(read) => {
                    if sender.blocking_send(Bytes::copy_from_slice(&buffer[..read])).is_err() {
                        return;
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    super::output::complain(&failed(&error));
                    return;
                }
            }
        }
    };
    // Without a thread the channel is closed, which is an empty input.
    if let Err(error) = std::thread::Builder::new().name("stdin".into()).spawn(read) {
        super::output::complain(&failed(&error));
    }
    receiver
}

fn failed(error: &io::Error) -> Failure {
    Failure::new(Stage::Compose, "standard input", FailureKind::Io, error.to_string())
}
