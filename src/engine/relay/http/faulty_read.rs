//! What a client of an HTTP relay says, by way of the faults.
//!
//! It is told when it came, as it came. Nobody reads it for us: what nobody waits for begins to be
//! delayed when somebody does.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use tokio::io::{AsyncRead, ReadBuf, ReadHalf};
use tokio::time::{Sleep, sleep_until};

use super::client_faults::ClientFaults;
use crate::codec::http1::RequestBounds;
use crate::engine::faults::line::{FaultLine, FaultStep};
use crate::engine::http::tap::Tap;
use crate::engine::transport::stream::Stream;
use crate::model::fault::{FaultKind, FaultMarks};

/// Bytes that wait at most before no more are read, and where nothing comes out any more.
const AHEAD: [usize; 2] = [1024 * 1024, 64 * 1024];
/// One read.
const READ: usize = 16 * 1024;

/// Fires once.
type Changes = Pin<Box<dyn Future<Output = ()> + Send + Sync>>;

/// The reading half of a client's connection.
pub(super) struct FaultyRead {
    inner: ReadHalf<Stream>,
    faults: ClientFaults,
    pub(super) tap: Tap,
    line: FaultLine,
    /// Where requests begin in what is read.
    bounds: RequestBounds,
    /// Fires when other faults are in force.
    changes: Changes,
    due: Pin<Box<Sleep>>,
    buffer: Box<[u8]>,
    /// Let go of by the faults, not taken yet.
    ready: Bytes,
    /// How the client's side ended.
    ended: Option<io::Result<()>>,
    /// A fault ended it.
    is_shut: bool,
    /// What was read last is told already.
    pub(super) is_told: bool,
}

impl FaultyRead {
    /// Of a connection of which nothing was read.
    pub(super) fn new(inner: ReadHalf<Stream>, mut faults: ClientFaults, tap: Tap) -> Self {
        let in_force = faults.watch.now();
        FaultyRead {
            inner,
            tap,
            line: FaultLine::new(&in_force, faults.conn.index, true, true).of_messages(),
            bounds: RequestBounds::Between,
            changes: changes(&faults),
            due: Box::pin(sleep_until(faults.watch.started)),
            faults,
            buffer: Box::default(),
            ready: Bytes::new(),
            ended: None,
            is_shut: false,
            is_told: false,
        }
    }

    /// The connection's own half. What faults keep back is gone.
    pub(super) fn into_inner(self) -> ReadHalf<Stream> {
        self.inner
    }

    /// Nothing is done to what is read, and nothing waits.
    fn is_plain(&self) -> bool {
        self.line.is_plain() && self.ready.is_empty() && self.ended.is_none() && !self.is_shut
    }

    /// All that was read is served: what comes next begins a request.
    pub(super) fn is_served(&mut self) {
        if !self.bounds.is_known() && self.is_quiet() {
            self.bounds = RequestBounds::Between;
        }
    }

    /// Nothing of the client was read that nobody took.
    pub(super) fn is_quiet(&self) -> bool {
        self.line.is_empty() && self.ready.is_empty()
    }

    fn follow_changes(&mut self, cx: &mut Context<'_>) {
        while self.changes.as_mut().poll(cx).is_ready() {
            self.changes = changes(&self.faults);
            let in_force = self.faults.watch.now();
            self.line.change(&in_force);
        }
    }

    /// Takes in what is there, as far as there is room.
    fn take_in(&mut self, cx: &mut Context<'_>) {
        let [room, stalled] = AHEAD;
        let room = if self.line.is_stalled() { stalled } else { room };
        while self.ended.is_none() && self.line.waiting() < room {
            if self.buffer.is_empty() {
                self.buffer = vec![0; READ].into();
            }
            let mut buffer = ReadBuf::new(&mut self.buffer);
            let end = match Pin::new(&mut self.inner).poll_read(cx, &mut buffer) {
                Poll::Pending => return,
                Poll::Ready(Ok(())) if buffer.filled().is_empty() => Ok(()),
                Poll::Ready(Ok(())) => {
                    let data = Bytes::copy_from_slice(buffer.filled());
                    self.take(data);
                    continue;
                }
                Poll::Ready(Err(error)) if error.kind() == io::ErrorKind::Interrupted => continue,
                Poll::Ready(Err(error)) => Err(error),
            };
            self.faults.finished().cancel();
            self.ended = Some(end);
        }
    }

    /// Each request in what was read is asked about.
    fn take(&mut self, mut data: Bytes) {
        let now = self.faults.watch.started.elapsed();
        while !data.is_empty() {
            let (len, begins) = if self.faults.is_in_tunnel() {
                (data.len(), true)
            } else {
                self.bounds.next(&data)
            };
            let data = data.split_to(len.clamp(1, data.len()));
            if begins && !self.faults.is_in_tunnel() {
                self.faults.request_begins();
            }
            self.line.continues(!begins);
            let taken = self.line.take_held(data.clone(), (&data, FaultMarks::default()), now);
            self.tap.received_touched(&data, taken.marks);
            self.faults.touch(true, taken.marks);
        }
    }

    /// The next bytes that faults let go of; empty = nothing more comes.
    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Bytes>> {
        loop {
            self.follow_changes(cx);
            if self.is_shut {
                return Poll::Ready(Ok(Bytes::new()));
            }
            self.take_in(cx);
            match self.line.pop_due(self.faults.watch.started.elapsed()) {
                Some(FaultStep::Piece { data, .. }) => return Poll::Ready(Ok(data)),
                Some(FaultStep::Stall) => {
                    let text = "a fault stalls what the client sends";
                    self.faults.tell_done(FaultKind::Stall, text);
                    continue;
                }
                Some(FaultStep::Reset) => {
                    let text = "a fault resets the connection, by what the client sends";
                    self.faults.tell_done(FaultKind::Reset, text);
                    self.faults.reset().cancel();
                    return Poll::Pending;
                }
                Some(FaultStep::HalfClose) => {
                    let text = "a fault ends what the client sends";
                    self.faults.tell_done(FaultKind::HalfClose, text);
                    self.line.drain();
                    self.is_shut = true;
                    continue;
                }
                None => {}
            }
            let due = self.line.next_due();
            // One that is gone gets nothing out of what is stalled for ever.
            if due.is_none()
                && let Some(end) = &mut self.ended
            {
                self.line.drain();
                return Poll::Ready(std::mem::replace(end, Ok(())).map(|()| Bytes::new()));
            }
            let Some(due) = due else { return Poll::Pending };
            self.due.as_mut().reset(self.faults.watch.started + due);
            ready!(self.due.as_mut().poll(cx));
        }
    }
}

fn changes(faults: &ClientFaults) -> Changes {
    let mut watch = faults.watch.watch.clone();
    Box::pin(async move {
        // A relay that is gone changes nothing any more.
        if watch.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
    })
}

impl AsyncRead for FaultyRead {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        this.follow_changes(cx);
        this.is_told = !this.is_plain();
        if !this.is_told {
            let before = buf.filled().len();
            let polled = Pin::new(&mut this.inner).poll_read(cx, buf);
            match &polled {
                // Who serves it knows where requests begin, and says so.
                Poll::Ready(Ok(())) if buf.filled().len() > before => {
                    this.bounds = RequestBounds::Unknown;
                }
                Poll::Ready(_) => this.faults.finished().cancel(),
                Poll::Pending => {}
            }
            return polled;
        }
        if this.ready.is_empty() {
            this.ready = ready!(this.poll_next(cx))?;
        }
        let count = this.ready.len().min(buf.remaining());
        buf.put_slice(&this.ready.split_to(count));
        Poll::Ready(Ok(()))
    }
}
