//! What a client of an HTTP relay gets, by way of the faults.
//!
//! Until there are faults it is written at once. From the first ones on a task has the socket, so that
//! what is delayed is on its way while more comes; it tells of it when it leaves. A flush waits until
//! all of it has left, [`FaultyWrite::hand_over`] does not.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker, ready};

use bytes::Bytes;
use tokio::io::{AsyncRead as _, AsyncWrite, AsyncWriteExt as _, ReadBuf};
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::client_faults::ClientFaults;
use super::faulty_read::FaultyRead;
use crate::engine::clock;
use crate::engine::faults::Faults;
use crate::engine::faults::line::{FaultLine, FaultStep};
use crate::engine::http::tap::{Tap, ToldLater};
use crate::engine::transport::halves::WriteHalf;
use crate::model::fault::{FaultKind, FaultMarks};

/// Bytes that wait at most before no more are taken, and where nothing goes out any more.
const AHEAD: [usize; 2] = [1024 * 1024, 64 * 1024];

/// The writing half of a client's connection.
pub(super) struct FaultyWrite {
    way: WriteWay,
    faults: ClientFaults,
    /// Who closes does not wait for faults.
    stop: CancellationToken,
    tap: Tap,
    told: Arc<ToldLater>,
}

enum WriteWay {
    Plain(WriteHalf),
    Delayed(DelayedWrite),
    /// It was taken out.
    Gone,
}

struct DelayedWrite {
    outgoing: Arc<Outgoing>,
    task: JoinHandle<WriteHalf>,
    back: DropGuard,
}

/// What waits to leave; the task has the socket.
struct Outgoing {
    state: Mutex<OutgoingState>,
    changed: Notify,
    told: Arc<ToldLater>,
}

#[expect(clippy::struct_excessive_bools, reason = "each end comes by itself")]
struct OutgoingState {
    in_force: Arc<Faults>,
    line: FaultLine,
    /// Who waits for room, or for all of it to have left.
    waker: Option<Waker>,
    is_writing: bool,
    failed: Option<io::ErrorKind>,
    /// A fault ended it: what is written from then on goes nowhere.
    is_shut: bool,
    /// Our FIN is to follow, and is out.
    finishes: bool,
    is_finished: bool,
}

/// What the task does next.
enum Turn {
    Write(Bytes, FaultMarks),
    Finish,
    Reset,
    Wait(Option<Instant>),
}

impl FaultyWrite {
    /// Of a connection to which nothing was written; `tap` is its own.
    pub(super) fn new(
        inner: WriteHalf,
        faults: ClientFaults,
        (tap, stop): (Tap, CancellationToken),
    ) -> Self {
        let told = Arc::<ToldLater>::default();
        FaultyWrite { way: WriteWay::Plain(inner), faults, stop, tap, told }
    }

    /// What records what is written, with what is known of it here.
    pub(super) fn recorder(&self) -> Tap {
        self.tap.clone().told_later(&self.told)
    }

    /// The connection's own half. What faults keep back is gone.
    pub(super) async fn into_inner(self) -> Option<WriteHalf> {
        match self.way {
            WriteWay::Plain(inner) => Some(inner),
            WriteWay::Delayed(DelayedWrite { task, back, .. }) => {
                drop(back);
                task.await.ok()
            }
            WriteWay::Gone => None,
        }
    }

    /// A task has the socket, and something may wait there.
    pub(super) fn is_delayed(&self) -> bool {
        matches!(self.way, WriteWay::Delayed(_))
    }

    /// What was written is on its way; does not wait for faults.
    pub(super) async fn hand_over(&mut self) -> io::Result<()> {
        match &mut self.way {
            WriteWay::Plain(inner) => inner.flush().await,
            WriteWay::Delayed(_) | WriteWay::Gone => Ok(()),
        }
    }

    /// Waits until all of it has left to a client that says nothing before that. What is stalled for ever
    /// ends when the client does: only then it is read from, so that nothing it says later is taken.
    ///
    /// # Errors
    /// It is gone, or did not wait.
    pub(super) async fn has_left(&mut self, from: &mut FaultyRead) -> io::Result<()> {
        poll_fn(|cx| {
            if let Poll::Ready(done) = Pin::new(&mut *self).poll_flush(cx) {
                return Poll::Ready(done);
            }
            match &self.way {
                WriteWay::Delayed(way) => way.outgoing.poll_stuck(cx, from),
                WriteWay::Plain(_) | WriteWay::Gone => Poll::Pending,
            }
        })
        .await
    }

    /// From the first faults on a task has the socket.
    fn follow_changes(&mut self) {
        if let WriteWay::Delayed(way) = &self.way {
            way.outgoing.lock().follow(&self.faults.watch.now());
        }
        if !matches!(self.way, WriteWay::Plain(_)) || self.faults.watch.watch.borrow().is_none() {
            return;
        }
        let WriteWay::Plain(inner) = std::mem::replace(&mut self.way, WriteWay::Gone) else {
            return;
        };
        let (in_force, line) = (self.faults.watch.now(), self.faults.line(false));
        let state = OutgoingState {
            in_force,
            line,
            waker: None,
            is_writing: false,
            failed: None,
            is_shut: false,
            finishes: false,
            is_finished: false,
        };
        self.told.begin();
        let (told, changed) = (Arc::clone(&self.told), Notify::new());
        let outgoing = Arc::new(Outgoing { state: Mutex::new(state), changed, told });
        let back = CancellationToken::new();
        let task = WriteTask {
            outgoing: Arc::clone(&outgoing),
            faults: self.faults.clone(),
            back: back.clone(),
            stop: self.stop.clone(),
            tap: self.tap.clone(),
        };
        let task = self.faults.session.tasks.spawn(task.run(inner));
        self.way = WriteWay::Delayed(DelayedWrite { outgoing, task, back: back.drop_guard() });
    }
}

impl Outgoing {
    fn lock(&self) -> MutexGuard<'_, OutgoingState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn poll_take(
        &self,
        cx: &mut Context<'_>,
        bytes: &[u8],
        faults: &ClientFaults,
    ) -> Poll<io::Result<usize>> {
        let mut state = self.lock();
        if let Some(kind) = state.failed {
            return Poll::Ready(Err(kind.into()));
        }
        if state.is_shut {
            return Poll::Ready(Ok(bytes.len()));
        }
        let [room, stalled] = AHEAD;
        if state.line.waiting() >= if state.line.is_stalled() { stalled } else { room } {
            state.waker = Some(cx.waker().clone());
            return Poll::Pending;
        }
        let data = Bytes::copy_from_slice(bytes);
        state.line.continues(faults.continues_answer());
        if state.line.has_filter() {
            state.line.of_exchange(faults.answered());
        }
        let now = faults.watch.started.elapsed();
        let taken = state.line.take_held(data.clone(), (&data, self.told.touched()), now);
        drop(state);
        faults.touch(false, taken.marks);
        self.changed.notify_one();
        Poll::Ready(Ok(bytes.len()))
    }

    /// Until all of it has left.
    fn poll_empty(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut state = self.lock();
        match state.failed {
            Some(kind) => Poll::Ready(Err(kind.into())),
            None if state.is_left() => Poll::Ready(Ok(())),
            None => {
                state.waker = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }

    /// While nothing leaves by itself: until the client does something.
    fn poll_stuck(&self, cx: &mut Context<'_>, from: &mut FaultyRead) -> Poll<io::Result<()>> {
        let state = self.lock();
        if !state.is_stuck() {
            return Poll::Pending;
        }
        let mut byte = [0];
        let mut said = ReadBuf::new(&mut byte);
        ready!(Pin::new(from).poll_read(cx, &mut said))?;
        drop(state);
        let is_gone = said.filled().is_empty();
        let why = if is_gone { io::ErrorKind::BrokenPipe } else { io::ErrorKind::InvalidData };
        Poll::Ready(Err(why.into()))
    }

    /// Until our FIN is out.
    fn poll_finish(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut state = self.lock();
        match state.failed {
            Some(kind) => return Poll::Ready(Err(kind.into())),
            None if state.is_finished => return Poll::Ready(Ok(())),
            None => {}
        }
        state.finishes = true;
        state.waker = Some(cx.waker().clone());
        drop(state);
        self.changed.notify_one();
        Poll::Pending
    }
}

impl OutgoingState {
    /// Other faults from now on; the same ones change nothing.
    fn follow(&mut self, faults: &Arc<Faults>) {
        if !Arc::ptr_eq(&self.in_force, faults) {
            self.in_force = Arc::clone(faults);
            self.line.change(faults);
        }
    }

    fn is_left(&self) -> bool {
        self.line.is_empty() && !self.is_writing
    }

    /// Something waits, and will for ever.
    fn is_stuck(&self) -> bool {
        !self.is_left() && !self.is_writing && self.line.next_due().is_none()
    }

    fn wake(&mut self) {
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }

    fn fail(&mut self, kind: io::ErrorKind) {
        self.line.drain();
        (self.failed, self.is_writing) = (Some(kind), false);
        self.wake();
    }
}

/// The task that has the socket.
struct WriteTask {
    outgoing: Arc<Outgoing>,
    faults: ClientFaults,
    /// Fires when the socket is wanted back.
    back: CancellationToken,
    stop: CancellationToken,
    tap: Tap,
}

impl WriteTask {
    /// Writes what is due until the socket is wanted back.
    async fn run(mut self, mut to: WriteHalf) -> WriteHalf {
        let back = self.back.clone();
        loop {
            let done = tokio::select! {
                biased;
                () = back.cancelled() => return to,
                done = self.turn(&mut to) => done,
            };
            if let Err(error) = done {
                self.outgoing.lock().fail(error.kind());
            }
        }
    }

    async fn turn(&mut self, to: &mut WriteHalf) -> io::Result<()> {
        match self.next() {
            Turn::Write(data, marks) => self.write(to, data, marks).await,
            Turn::Finish => {
                // One that is gone by itself has nothing to be told; reading from it says so.
                let _ = to.shutdown().await;
                let mut state = self.outgoing.lock();
                state.is_finished = true;
                state.wake();
                Ok(())
            }
            Turn::Reset => {
                self.faults.reset().cancel();
                std::future::pending().await
            }
            Turn::Wait(due) => {
                self.wait(due).await;
                Ok(())
            }
        }
    }

    fn next(&self) -> Turn {
        let mut state = self.outgoing.lock();
        let now = self.faults.watch.started.elapsed();
        state.is_writing = false;
        loop {
            match state.line.pop_due(now) {
                Some(FaultStep::Piece { data, marks, .. }) => {
                    state.is_writing = true;
                    state.wake();
                    return Turn::Write(data, marks);
                }
                Some(FaultStep::Reset) => {
                    let text = "a fault resets the connection, by what the server sends";
                    self.faults.tell_done(FaultKind::Reset, text);
                    return Turn::Reset;
                }
                Some(FaultStep::Stall) => {
                    let text = "a fault stalls what the server sends";
                    self.faults.tell_done(FaultKind::Stall, text);
                }
                Some(FaultStep::HalfClose) => {
                    let text = "a fault ends what the server sends";
                    self.faults.tell_done(FaultKind::HalfClose, text);
                    state.line.drain();
                    (state.is_shut, state.finishes) = (true, true);
                }
                None => break,
            }
        }
        if state.finishes && !state.is_finished && state.line.is_empty() {
            return Turn::Finish;
        }
        // One that is gone gets nothing out of what is stalled for ever.
        if state.is_stuck() && self.faults.finished().is_cancelled() {
            state.fail(io::ErrorKind::BrokenPipe);
        }
        state.wake();
        let due = state.line.next_due();
        Turn::Wait(due.map(|due| self.faults.watch.started + due))
    }

    async fn write(
        &mut self,
        to: &mut WriteHalf,
        mut data: Bytes,
        marks: FaultMarks,
    ) -> io::Result<()> {
        while !data.is_empty() {
            let events = &self.faults.session.events;
            let (count, held) = events.timed(to.write(&data)).await;
            let sent = match count? {
                0 => return Err(io::ErrorKind::BrokenPipe.into()),
                count => data.split_to(count),
            };
            self.tap.left(held, &sent, marks);
        }
        to.flush().await
    }

    async fn wait(&mut self, due: Option<Instant>) {
        let (stop, finished) = (&self.stop, self.faults.finished());
        let is_finished = finished.is_cancelled();
        let lets_go = stop.is_cancelled() && !self.outgoing.lock().line.is_empty();
        if lets_go {
            return self.outgoing.lock().line.let_go();
        }
        tokio::select! {
            () = self.outgoing.changed.notified() => {}
            () = clock::at(due) => {}
            () = stop.cancelled(), if !stop.is_cancelled() => {}
            () = finished.cancelled(), if !is_finished => {}
            Ok(()) = self.faults.watch.watch.changed() => {
                let in_force = self.faults.watch.now();
                self.outgoing.lock().follow(&in_force);
            }
        }
    }
}

impl AsyncWrite for FaultyWrite {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        this.follow_changes();
        match &mut this.way {
            WriteWay::Plain(inner) => {
                let written = ready!(Pin::new(inner).poll_write(cx, bytes))?;
                this.faults.continues_answer();
                Poll::Ready(Ok(written))
            }
            WriteWay::Delayed(way) => way.outgoing.poll_take(cx, bytes, &this.faults),
            WriteWay::Gone => Poll::Ready(Err(io::ErrorKind::BrokenPipe.into())),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().way {
            WriteWay::Plain(inner) => Pin::new(inner).poll_flush(cx),
            WriteWay::Delayed(way) => way.outgoing.poll_empty(cx),
            WriteWay::Gone => Poll::Ready(Ok(())),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().way {
            WriteWay::Plain(inner) => Pin::new(inner).poll_shutdown(cx),
            WriteWay::Delayed(way) => way.outgoing.poll_finish(cx),
            WriteWay::Gone => Poll::Ready(Ok(())),
        }
    }
}
