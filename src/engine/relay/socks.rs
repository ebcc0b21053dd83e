//! The beginning of a connection whose client says by SOCKS5 where it wants to go: bounded in time and
//! size, and read to the byte, so that what the client says next is still there.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::timeout;

use crate::codec::socks5::{SocksEntry, SocksReply, SocksStep};
use crate::engine::transport::stream::Stream;
use crate::model::endpoint::Endpoint;
use crate::model::failure::{Failure, FailureKind};
use crate::model::plan::SocksPlan;

/// How long a client may take to say where it wants to go.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// How long it may take to take an answer.
const ANSWER: Duration = Duration::from_secs(2);

/// What a client wants.
#[derive(Debug)]
pub(super) enum SocksWish {
    /// To be connected there.
    Connect(Endpoint),
    /// Its datagrams passed on, which come from that port; 0 = from any.
    Associate(u16),
}

/// What the client wants; an error says in words why it does not get it.
pub(super) async fn asked(plan: &SocksPlan, stream: &mut Stream) -> Result<SocksWish, String> {
    match timeout(HANDSHAKE, played(plan, stream)).await {
        Ok(asked) => asked,
        Err(_) => Err(format!("it did not say where to for {} s", HANDSHAKE.as_secs())),
    }
}

async fn played(plan: &SocksPlan, stream: &mut Stream) -> Result<SocksWish, String> {
    let mut entry = SocksEntry::new(plan.login.clone());
    let words = |error: &io::Error| match error.kind() {
        io::ErrorKind::UnexpectedEof => "it left before it said where to".to_owned(),
        _ => error.to_string(),
    };
    loop {
        match entry.next() {
            SocksStep::Read(count) => {
                let mut room = vec![0; count];
                stream.read_exact(&mut room).await.map_err(|error| words(&error))?;
                entry.push(&room);
            }
            SocksStep::Say(said) => say(stream, &said).await.map_err(|error| words(&error))?,
            SocksStep::Connect(endpoint) => return Ok(SocksWish::Connect(endpoint)),
            SocksStep::Associate(port) => return Ok(SocksWish::Associate(port)),
            SocksStep::Refuse(said, why) => {
                // It is turned away, whether it hears that or not.
                let _ = say(stream, &said).await;
                let _ = stream.shutdown().await;
                return Err(why);
            }
        }
    }
}

/// Says something to a client that waits for it.
pub(super) async fn say(stream: &mut Stream, said: &[u8]) -> io::Result<()> {
    let saying = async {
        stream.write_all(said).await?;
        stream.flush().await
    };
    timeout(ANSWER, saying).await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
}

/// Waits until a client that has nothing more to say is gone; how, in words.
pub(super) async fn gone(stream: &mut Stream) -> &'static str {
    let mut room = [0; 512];
    loop {
        match stream.read(&mut room).await {
            Ok(0) => return "closed by the client",
            Ok(_) => {}
            Err(_) => return "the connection of the client broke",
        }
    }
}

/// How it is told that there is no connection.
pub(super) fn reply_to(failure: &Failure) -> SocksReply {
    match failure.kind {
        FailureKind::Refused => SocksReply::Refused,
        FailureKind::Unreachable => SocksReply::NetworkUnreachable,
        FailureKind::NotFound | FailureKind::Timeout(_) => SocksReply::HostUnreachable,
        _ => SocksReply::Failed,
    }
}
