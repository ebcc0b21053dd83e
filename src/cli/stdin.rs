//! Standard input as a body or as bytes to send.
//!
//! Read on a thread of its own, so that waiting for it never keeps anybody from a signal. Without
//! being asked for by name it is read only when it is a pipe or a file: a terminal is for people, and
//! a device or socket that nobody writes to (a service manager's, `/dev/null`) would be waited for in
//! vain.

use std::io::{self, Read as _};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use rustix::fs::FileType;
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::output;
use crate::model::failure::{Failure, FailureKind, Stage};

/// Largest body: a larger one comes from a file, which is sent without being held in memory.
pub(super) const BODY_LIMIT: usize = 256 * 1024 * 1024;
/// Largest payload of a datagram over IPv4.
pub(super) const DATAGRAM_LIMIT: usize = 65_507;
/// Bytes of one read, so one write on the connection.
const PIECE: usize = 64 * 1024;
/// Pieces read ahead of the connection.
const PIECES: usize = 4;
/// Quiet after which whoever looks on is told what is waited for.
const SILENCE: Duration = Duration::from_secs(1);
/// Pause before an input that has nothing just now ("non-blocking") is read again.
const RETRY: Duration = Duration::from_millis(5);

/// Pieces of standard input; a failure is the last.
pub(super) type Pieces = mpsc::Receiver<Result<Bytes, Failure>>;

/// Whether something is piped in.
pub(super) fn is_piped() -> bool {
    rustix::fs::fstat(rustix::stdio::stdin()).is_ok_and(|stat| {
        matches!(FileType::from_raw_mode(stat.st_mode), FileType::Fifo | FileType::RegularFile)
    })
}

/// Everything until the end of input, at most `limit` bytes; `patience` is the longest wait for more.
pub(super) async fn read_all(limit: usize, patience: Option<Duration>) -> Result<Bytes, Failure> {
    let mut pieces = pieces();
    let mut all = BytesMut::new();
    let mut has_told = false;
    loop {
        let soon = patience.unwrap_or(SILENCE).min(SILENCE);
        let mut piece = timeout(soon, pieces.recv()).await;
        if piece.is_err() {
            if !has_told {
                output::note("waiting for standard input; its end starts the sending");
                has_told = true;
            }
            piece = match patience {
                None => Ok(pieces.recv().await),
                Some(patience) => timeout(patience.saturating_sub(SILENCE), pieces.recv()).await,
            };
        }
        let piece = piece.map_err(|_| nothing(patience.unwrap_or_default()))?;
        let Some(piece) = piece else { return Ok(all.freeze()) };
        all.extend_from_slice(&piece?);
        if all.len() > limit {
            return Err(too_much(limit));
        }
    }
}

fn nothing(patience: Duration) -> Failure {
    let cause = format!("nothing came within {patience:?}");
    let kind = FailureKind::Timeout(patience);
    Failure::new(Stage::Compose, "standard input", kind, cause)
        .hint("-I leaves standard input alone")
}

fn too_much(limit: usize) -> Failure {
    let (bound, hint) = match limit {
        DATAGRAM_LIMIT => ("65507 bytes, the most one datagram holds".to_owned(), "send less"),
        _ => (format!("{} MiB", limit >> 20), "put it into a file and send it with @FILE"),
    };
    let cause = format!("more than {bound}");
    Failure::new(Stage::Compose, "standard input", FailureKind::TooLarge, cause).hint(hint)
}

/// Pieces as they come; the channel closes at the end of input.
pub(super) fn pieces() -> Pieces {
    let (sender, receiver) = mpsc::channel(PIECES);
    let refused = sender.clone();
    let read = move || {
        let mut input = io::stdin().lock();
        let mut buffer = vec![0; PIECE];
        loop {
            let piece = match input.read(&mut buffer) {
                Ok(0) => return,
                Ok(read) => Ok(Bytes::copy_from_slice(buffer.split_at(read).0)),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    std::thread::park_timeout(RETRY);
                    continue;
                }
                Err(error) => Err(failed(&error)),
            };
            let is_last = piece.is_err();
            if sender.blocking_send(piece).is_err() || is_last {
                return;
            }
        }
    };
    if let Err(error) = std::thread::Builder::new().name("stdin".into()).spawn(read) {
        let _has_room = refused.try_send(Err(failed(&error)));
    }
    receiver
}

fn failed(error: &io::Error) -> Failure {
    Failure::new(Stage::Compose, "standard input", FailureKind::Io, error.to_string())
}
