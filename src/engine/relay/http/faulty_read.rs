//! What a client of an HTTP relay says, by way of the faults.
//!
//! It is told when it came, as it came. Nobody reads it for us: what nobody waits for begins to be
//! delayed when somebody does.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncRead, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until};

use super::client_faults::ClientFaults;
use crate::codec::http1::{Expected, HeadReader, RequestBounds};
use crate::engine::faults::line::{FaultLine, FaultStep};
use crate::engine::http::tap::Tap;
use crate::engine::transport::halves::{GoneTeller, ReadHalf};
use crate::model::exchange::Head;
use crate::model::fault::{FaultKind, FaultMarks};

/// Bytes that wait at most before no more are read, and where nothing comes out any more.
const AHEAD: [usize; 2] = [1024 * 1024, 64 * 1024];
/// One read.
const READ: usize = 16 * 1024;

/// How long a filter waits for the rest of a head that has begun.
const HEAD_BY: Duration = Duration::from_secs(2);

/// The head of a request, as far as it came.
struct AskedHead {
    reader: HeadReader,
    kept: BytesMut,
    until: Instant,
}

impl AskedHead {
    fn new() -> Self {
        let (reader, kept) = (HeadReader::new(Expected::Request), BytesMut::new());
        AskedHead { reader, kept, until: Instant::now() + HEAD_BY }
    }

    /// Takes more of it; what there is of it once it is known where it ends, or that it is none.
    fn push(&mut self, data: &Bytes) -> Option<Head> {
        self.kept.extend_from_slice(data);
        match self.reader.push(data) {
            Ok(found) => found.map(|(_, parsed)| parsed.head),
            Err(error) => Some(error.partial.head),
        }
    }
}

/// Tells that the client is gone.
type Gone = Pin<Box<dyn Future<Output = io::Error> + Send + Sync>>;
/// Fires once.
type Changes = Pin<Box<dyn Future<Output = ()> + Send + Sync>>;

/// The reading half of a client's connection.
pub(super) struct FaultyRead {
    inner: ReadHalf,
    faults: ClientFaults,
    pub(super) tap: Tap,
    line: FaultLine,
    /// That of a request that a filter asks about, until all of it is there.
    head: Option<AskedHead>,
    /// Where requests begin in what is read.
    bounds: RequestBounds,
    /// Fires when other faults are in force.
    changes: Changes,
    due: Pin<Box<Sleep>>,
    /// While nothing is read because of what waits.
    gone: Option<Gone>,
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
    pub(super) fn new(inner: ReadHalf, mut faults: ClientFaults, tap: Tap) -> Self {
        let line = faults.line(true);
        FaultyRead {
            inner,
            tap,
            line,
            head: None,
            bounds: RequestBounds::Between,
            changes: changes(&faults),
            due: Box::pin(sleep_until(faults.watch.started)),
            gone: None,
            faults,
            buffer: Box::default(),
            ready: Bytes::new(),
            ended: None,
            is_shut: false,
            is_told: false,
        }
    }

    /// The connection's own half. What faults keep back is gone.
    pub(super) fn into_inner(self) -> ReadHalf {
        self.inner
    }

    /// Of the client's connection.
    pub(super) fn gone(&self) -> GoneTeller {
        self.inner.gone()
    }

    /// Bytes that wait at most.
    fn room(&self) -> usize {
        let [room, stalled] = AHEAD;
        if self.line.is_stalled() { stalled } else { room }
    }

    /// That the client is gone is seen while nothing is read, too.
    fn look_for_end(&mut self, cx: &mut Context<'_>) {
        if self.ended.is_some() || self.waiting() < self.room() {
            self.gone = None;
            return;
        }
        let teller = self.inner.gone();
        let gone = self.gone.get_or_insert_with(|| Box::pin(teller.gone()));
        if let Poll::Ready(error) = gone.as_mut().poll(cx) {
            self.gone = None;
            self.end(Err(error));
        }
    }

    /// Nothing more comes of the client.
    fn end(&mut self, how: io::Result<()>) {
        self.give_up_head();
        self.faults.finished().cancel();
        self.ended = Some(how);
    }

    /// Nothing is done to what is read, and nothing waits.
    fn is_plain(&self) -> bool {
        self.line.is_plain()
            && self.head.is_none()
            && self.ready.is_empty()
            && self.ended.is_none()
            && !self.is_shut
    }

    /// All that was read is served: what comes next begins a request.
    pub(super) fn is_served(&mut self) {
        if !self.bounds.is_known() && self.is_quiet() {
            self.bounds = RequestBounds::Between;
        }
    }

    /// Nothing of the client was read that nobody took.
    pub(super) fn is_quiet(&self) -> bool {
        self.line.is_empty() && self.head.is_none() && self.ready.is_empty()
    }

    fn follow_changes(&mut self, cx: &mut Context<'_>) {
        while self.changes.as_mut().poll(cx).is_ready() {
            self.changes = changes(&self.faults);
            let in_force = self.faults.watch.now();
            self.line.change(&in_force);
            if !self.line.has_filter() {
                self.give_up_head();
            }
        }
    }

    /// Takes in what is there, as far as there is room.
    fn take_in(&mut self, cx: &mut Context<'_>) {
        while self.ended.is_none() && self.waiting() < self.room() {
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
            self.end(end);
        }
    }

    /// Bytes that wait.
    fn waiting(&self) -> usize {
        self.line.waiting() + self.head.as_ref().map_or(0, |head| head.kept.len())
    }

    /// Each request in what was read is asked about.
    fn take(&mut self, mut data: Bytes) {
        while !data.is_empty() {
            let is_in_tunnel = self.faults.is_in_tunnel();
            let (len, begins) =
                if is_in_tunnel { (data.len(), true) } else { self.bounds.next(&data) };
            let data = data.split_to(len.clamp(1, data.len()));
            if is_in_tunnel {
                self.give_up_head();
                if self.line.has_filter() {
                    self.line.of_exchange(self.faults.answered());
                }
                self.put(&data, true);
                continue;
            }
            if begins {
                self.give_up_head();
                self.faults.request_begins();
                self.head = self.line.has_filter().then(AskedHead::new);
            }
            let Some(mut head) = self.head.take() else {
                self.put(&data, begins);
                continue;
            };
            match head.push(&data) {
                Some(parsed) => self.judge(&head.kept.freeze(), parsed),
                None => self.head = Some(head),
            }
        }
    }

    /// A request with this head goes on, and what came with it.
    fn judge(&mut self, data: &Bytes, head: Head) {
        self.line.of_exchange(Some(self.faults.asked(head)));
        self.put(data, true);
    }

    /// What there is of a head is all that is asked about.
    fn give_up_head(&mut self) {
        if let Some(AskedHead { reader, kept, .. }) = self.head.take() {
            self.judge(&kept.freeze(), reader.finish().partial.head);
        }
    }

    fn put(&mut self, data: &Bytes, begins: bool) {
        let now = self.faults.watch.started.elapsed();
        self.line.continues(!begins);
        let taken = self.line.take_held(data.clone(), (data, FaultMarks::default()), now);
        self.tap.received_touched(data, taken.marks);
        self.faults.touch(true, taken.marks);
    }

    /// The next bytes that faults let go of; empty = nothing more comes.
    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Bytes>> {
        loop {
            self.follow_changes(cx);
            if self.is_shut {
                return Poll::Ready(Ok(Bytes::new()));
            }
            self.take_in(cx);
            self.look_for_end(cx);
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
            let head_due = self.head.as_ref().map(|head| head.until);
            // One that is gone gets nothing out of what is stalled for ever.
            if due.is_none()
                && let Some(end) = &mut self.ended
            {
                self.line.drain();
                return Poll::Ready(std::mem::replace(end, Ok(())).map(|()| Bytes::new()));
            }
            let due = due.map(|due| self.faults.watch.started + due);
            let Some(due) = due.into_iter().chain(head_due).min() else { return Poll::Pending };
            self.due.as_mut().reset(due);
            ready!(self.due.as_mut().poll(cx));
            if head_due.is_some_and(|due| due <= Instant::now()) {
                self.give_up_head();
            }
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
