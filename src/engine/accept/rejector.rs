//! Turning somebody away: in the words of the protocol where it has some, else with RST.
//!
//! Called by the accept loop. Not more than [`AT_ONCE`] are waited for at a time until they have read
//! it (RFC 9112, section 9.6), each within [`PATIENCE`]; their descriptors were taken when the
//! listener was opened. More than that are told in passing.

use std::io::{self, Read as _, Write as _};
use std::net::Shutdown;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::sync::Semaphore;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

use crate::engine::session::SessionHandle;
use crate::engine::tls::handshake;
use crate::engine::transport::stream::{Stream, StreamSocket, raw, reset};

/// Who is waited for at the same time.
pub(super) const AT_ONCE: u32 = 8;
/// For a handshake, the words, and until the client has read them.
const PATIENCE: Duration = Duration::from_secs(1);
/// Bytes of a client that are read away, so that its words are not reset.
const DRAIN: u64 = 64 * 1024;

/// How a listener turns somebody away.
pub(super) struct Rejector {
    /// `None` = it has no words.
    words: Option<Bytes>,
    places: Arc<Semaphore>,
}

impl Rejector {
    /// With these words.
    pub(super) fn new(words: Option<Bytes>) -> Self {
        Rejector { words, places: Arc::new(Semaphore::new(AT_ONCE as usize)) }
    }

    /// Turns a connection away; never waits.
    pub(super) fn refuse(
        &self,
        socket: StreamSocket,
        acceptor: Option<TlsAcceptor>,
        session: &SessionHandle,
    ) {
        let place = Arc::clone(&self.places).try_acquire_owned();
        let Some(words) = self.words.clone() else { return reset(Stream::Left(socket)) };
        let Ok(place) = place else {
            return match acceptor {
                Some(_) => reset(Stream::Left(socket)),
                // Who has left already needs no words.
                None => drop(in_passing(&socket, &words)),
            };
        };
        let telling = async move {
            let Ok((mut stream, _)) = Box::pin(handshake::accept(acceptor, socket, None)).await
            else {
                return;
            };
            let told = async {
                stream.write_all(&words).await?;
                stream.shutdown().await?;
                tokio::io::copy(&mut (&mut stream).take(DRAIN), &mut tokio::io::sink()).await
            };
            // Who does not want to hear it has left.
            let _ = told.await;
        };
        let cancel = session.cancel.clone();
        drop(session.spawn(session.id.itself(), async move {
            tokio::select! {
                () = cancel.cancelled() => {}
                _ = timeout(PATIENCE, telling) => {}
            }
            drop(place);
        }));
    }
}

/// Says it without waiting: the buffer of a new connection has room for the words. What the client
/// sent so far is read away, since unread bytes would turn the close into a reset.
fn in_passing(socket: &StreamSocket, words: &[u8]) -> io::Result<()> {
    let socket = raw(socket);
    let mut socket = &*socket;
    socket.write_all(words)?;
    socket.shutdown(Shutdown::Write)?;
    socket.read(&mut [0; 4096]).map(drop)
}
