//! Whether a connection is gone that nobody reads at the moment. A read would say so, but comes only
//! when there is room for what it gives; the system tells it without one.

use std::io;
use std::os::fd::AsFd as _;

use tokio::io::Interest;
use tokio::net::{TcpStream, UnixStream};
use tokio_util::either::Either;

use super::stream::{Stream, StreamSocket, socket_of};

/// Watches a connection that is not read. It has a descriptor of its own, so it is for those alone
/// that are stuck.
#[derive(Debug)]
pub(crate) struct GoneWatch(StreamSocket);

impl GoneWatch {
    /// # Errors
    /// The system has no descriptor for it.
    pub(crate) fn of(stream: &Stream) -> io::Result<Self> {
        let socket = match socket_of(stream) {
            Either::Left(tcp) => {
                Either::Left(TcpStream::from_std(tcp.as_fd().try_clone_to_owned()?.into())?)
            }
            Either::Right(unix) => {
                Either::Right(UnixStream::from_std(unix.as_fd().try_clone_to_owned()?.into())?)
            }
        };
        Ok(GoneWatch(socket))
    }

    /// Waits until the connection was reset, or has failed. Safe to drop.
    pub(crate) async fn gone(&self) -> io::Error {
        loop {
            if let Err(error) = self.failing().await {
                return error;
            }
            // One the system took back is waited for anew.
            let error = |error: io::Result<Option<io::Error>>| {
                error.transpose().unwrap_or_else(|| Err(io::ErrorKind::WouldBlock.into()))
            };
            let told = match &self.0 {
                Either::Left(tcp) => tcp.try_io(Interest::ERROR, || error(tcp.take_error())),
                Either::Right(unix) => unix.try_io(Interest::ERROR, || error(unix.take_error())),
            };
            match told {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Ok(error) | Err(error) => return error,
            }
        }
    }

    async fn failing(&self) -> io::Result<()> {
        match &self.0 {
            Either::Left(tcp) => tcp.ready(Interest::ERROR).await,
            Either::Right(unix) => unix.ready(Interest::ERROR).await,
        }?;
        Ok(())
    }
}
