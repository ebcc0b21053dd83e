//! One live byte stream: reads, writes, answers, steps and endings, each a record with its time.
//!
//! Used by the TCP client (one conversation) and the TCP listener (one per connection). One task
//! owns the socket; a write that is stuck never blocks reading, and the other way round. Nothing is
//! read or written while the shell is behind ([`Sink::ready`](super::sink::Sink::ready)), so TCP
//! pushes back.
//!
//! ```text
//! open ──peer's FIN──► we may still send ──our FIN──► closed
//!   └────our FIN─────► we still receive ──peer's FIN──► closed
//! ```

mod awaiting;
pub(crate) mod conn_handle;
pub(crate) mod script;

use std::io;
use std::time::Duration;

use bytes::Bytes;
use tokio::io::{ReadHalf, WriteHalf};
use tokio::sync::watch;
use tokio::time::Instant;

use super::clock;
use super::command::CloseMode;
use super::event::{Phase, STEPS_DONE};
use super::outbound::{Origin, OutboundQueue};
use super::rules::Rules;
use super::session::SessionHandle;
use super::sink::StampGuard;
use super::stream_io::{receive, write_or_finish};
use super::transport::explain;
use super::transport::stream::{Stream, is_unix, reset, told_reset};
use crate::model::counts::counted_were;
use crate::model::failure::{Failure, FailureKind, Stage};
use crate::model::id::ConnId;
use crate::model::record::{Direction, RecordKind};
use conn_handle::{ConnOrder, ConnReceiver};
use script::Script;

/// How long a close waits for writes that are stuck before it becomes a reset.
const CLOSE_PATIENCE: Duration = Duration::from_secs(5);
/// How long a close goes on reading after our FIN, so that late bytes cause no RST.
const LINGER: Duration = Duration::from_millis(100);

/// What a conversation needs besides its stream.
pub(crate) struct ConnSetup {
    pub(crate) session: SessionHandle,
    pub(crate) conn: ConnId,
    /// How the peer is called in failures.
    pub(crate) peer: String,
    pub(crate) orders: ConnReceiver,
    pub(crate) rules: watch::Receiver<Rules>,
    pub(crate) script: Script,
}

/// What we want with our side; a close is never taken back by a half-close.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum OurSide {
    Talk,
    HalfClose,
    Close,
}

struct Live {
    setup: ConnSetup,
    read: ReadHalf<Stream>,
    write: WriteHalf<Stream>,
    outgoing: OutboundQueue,
    wish: OurSide,
    /// When patience with our own close ends.
    close_by: Option<Instant>,
    we_finished: bool,
    peer_finished: bool,
    /// The script is over, and what it sends may still wait.
    steps_done: bool,
    received: u64,
}

/// Why a conversation is over.
enum End {
    Reset(&'static str),
    Closed(&'static str),
    Failed(Failure),
}

impl ConnSetup {
    /// Talks until the connection is over and says in words how it ended. `first` is sent before
    /// anything else.
    pub(crate) async fn run(self, stream: Stream, first: Bytes) -> Result<&'static str, Failure> {
        let (read, write) = tokio::io::split(stream);
        let mut live = Live {
            setup: self,
            read,
            write,
            outgoing: OutboundQueue::default(),
            wish: OurSide::Talk,
            close_by: None,
            we_finished: false,
            peer_finished: false,
            steps_done: false,
            received: 0,
        };
        live.outgoing.push_bytes(first, Origin::User, Duration::ZERO);
        live.play_steps();
        loop {
            if let Some(end) = live.turn().await {
                return live.end(end);
            }
        }
    }
}

impl Live {
    /// Waits for the next thing to happen and takes it in. Every arm is safe to drop.
    async fn turn(&mut self) -> Option<End> {
        let Live { setup, read, write, outgoing, .. } = self;
        let events = &setup.session.events;
        let may_read = !self.peer_finished && outgoing.has_room_for_answers();
        let has_output = outgoing.front().is_some();
        let may_shut = self.wish != OurSide::Talk && !has_output && !self.we_finished;
        let (due, has_room) = (outgoing.next_due(), outgoing.has_room());
        let step_by = setup.script.deadline();
        tokio::select! {
            () = setup.session.cancel.cancelled() => return Some(End::Reset("reset by us")),
            read = receive(read, events), if may_read => {
                return self.read(read);
            }
            (done, held) = write_or_finish(outgoing, write, events), if has_output || may_shut => {
                return if has_output { self.wrote(done, held) } else { self.shut(&done, held) };
            }
            order = setup.orders.next(has_room) => match order {
                Some(ConnOrder::Send(data)) => self.send(data),
                Some(ConnOrder::End(how)) => return self.finish(how),
                None => return Some(End::Reset("reset by us")),
            },
            () = clock::at(due) => self.outgoing.release_due(Instant::now()),
            () = clock::at(step_by) => {
                return self.setup.script.late(&self.setup.peer).map(End::Failed);
            }
            () = clock::at(self.close_by) => return Some(if self.we_finished {
                End::Closed("closed by us")
            } else {
                End::Reset("reset by us: the peer did not take what was still to be sent")
            }),
        }
        None
    }

    fn send(&mut self, data: Bytes) {
        if self.wish == OurSide::Talk {
            return self.outgoing.push_bytes(data, Origin::User, Duration::ZERO);
        }
        let failure = Failure::new(
            Stage::Send,
            &self.setup.peer,
            FailureKind::NotFound,
            "our side has finished sending",
        );
        self.setup.session.events.refused(failure.hint("open a new connection to send more"));
    }

    fn finish(&mut self, how: CloseMode) -> Option<End> {
        while let Some(message) = self.setup.orders.queued() {
            self.send(message);
        }
        match how {
            CloseMode::Reset => return Some(End::Reset("reset by us")),
            CloseMode::HalfClose => self.wish = self.wish.max(OurSide::HalfClose),
            CloseMode::Close => {
                self.wish = OurSide::Close;
                self.outgoing.forget_delayed();
                let patience = if self.we_finished { LINGER } else { CLOSE_PATIENCE };
                self.close_by = Some(Instant::now() + patience);
            }
        }
        None
    }

    fn read(&mut self, result: io::Result<Bytes>) -> Option<End> {
        match result {
            Ok(data) if data.is_empty() => self.peer_is_done("the peer finished sending"),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => self.peer_is_done(
                "the peer finished sending without TLS close_notify: the end may be cut off",
            ),
            Ok(data) => {
                self.received += data.len() as u64;
                let setup = &mut self.setup;
                setup.session.events.received(setup.conn, data.clone(), data.len() as u64);
                if self.wish == OurSide::Talk
                    && let Some(answer) = setup.rules.borrow().answer(&data)
                {
                    setup.session.events.answered(answer.by);
                    self.outgoing.push_bytes(answer.data, Origin::Answer, answer.delay);
                }
                self.setup.script.received(&data);
                self.play_steps();
                None
            }
            Err(error) => {
                let failure = explain::stream_failure(
                    Stage::Session,
                    &self.setup.peer,
                    &error,
                    self.received,
                );
                Some(End::Failed(failure))
            }
        }
    }

    fn peer_is_done(&mut self, words: &str) -> Option<End> {
        self.peer_finished = true;
        self.setup.orders.peer_finished();
        self.note(Direction::Received, RecordKind::Finished, words);
        if let Some(failure) = self.setup.script.peer_finished(&self.setup.peer) {
            return Some(End::Failed(failure));
        }
        if self.we_finished {
            return Some(self.both_finished());
        }
        self.close_after_answers();
        None
    }

    /// A peer that has finished is told the same once everything due has been sent. Where no rule
    /// answers the user decides.
    fn close_after_answers(&mut self) {
        let is_answered = self.peer_finished && !self.outgoing.has_delayed();
        if is_answered && self.wish == OurSide::Talk && !self.setup.rules.borrow().is_empty() {
            self.wish = OurSide::HalfClose;
        }
    }

    fn both_finished(&self) -> End {
        let by_us = self.wish == OurSide::Close;
        End::Closed(if by_us { "closed by us" } else { "closed, both sides finished" })
    }

    fn wrote(&mut self, result: io::Result<usize>, held: StampGuard) -> Option<End> {
        match result {
            Ok(count) => {
                let data = self.outgoing.written(count);
                let len = data.len() as u64;
                self.setup.session.events.sent(held, self.setup.conn, data, len);
                self.tell_steps_done();
                self.close_after_answers();
                None
            }
            Err(error) => {
                let unsent = counted_were(self.outgoing.unsent() as u64, "byte");
                let mut failure =
                    explain::stream_failure(Stage::Send, &self.setup.peer, &error, self.received);
                failure.cause = format!("{}; of the queue {unsent} not sent", failure.cause);
                Some(End::Failed(failure))
            }
        }
    }

    fn shut(&mut self, result: &io::Result<usize>, held: StampGuard) -> Option<End> {
        self.we_finished = true;
        if result.is_ok() {
            self.setup.session.events.finished_sending(held, self.setup.conn);
        }
        if self.peer_finished || result.is_err() {
            return Some(self.both_finished());
        }
        if self.wish == OurSide::Close {
            self.close_by = Some(Instant::now() + LINGER);
        }
        None
    }

    /// Queues the sends of the script up to its next expectation.
    fn play_steps(&mut self) {
        let Live { setup, outgoing, .. } = self;
        self.steps_done |=
            setup.script.play(|data| outgoing.push_bytes(data, Origin::User, Duration::ZERO));
        setup.session.events.steps_done(setup.script.newly_done());
        self.tell_steps_done();
    }

    /// Says that the script is over, once its last bytes have left.
    fn tell_steps_done(&mut self) {
        if self.outgoing.front().is_none() && std::mem::take(&mut self.steps_done) {
            self.note(Direction::Local, RecordKind::Note, STEPS_DONE);
            self.setup.session.events.phase(Phase::StepsDone);
        }
    }

    fn note(&self, direction: Direction, kind: RecordKind, words: &str) {
        self.setup.session.events.note(self.setup.conn, direction, kind, words);
    }

    /// Lets go of the socket and records how.
    fn end(self, end: End) -> Result<&'static str, Failure> {
        let resets = matches!(end, End::Reset(_)) && !self.setup.session.is_stopping();
        let (direction, kind, outcome) = match end {
            End::Reset(words) => (Direction::Sent, RecordKind::Reset, Ok(words)),
            End::Closed(words) => (Direction::Local, RecordKind::Closed, Ok(words)),
            End::Failed(failure) if failure.kind == FailureKind::Reset => {
                (Direction::Received, RecordKind::Reset, Err(failure))
            }
            End::Failed(failure) => (Direction::Local, RecordKind::Failed, Err(failure)),
        };
        let Live { setup, read, write, .. } = self;
        let stream = read.unsplit(write);
        let text = outcome.as_ref().map_or_else(Failure::to_string, |words| (*words).to_owned());
        let (direction, kind, text) = if resets {
            told_reset(is_unix(&stream), &text)
        } else {
            (direction, kind, text.into())
        };
        setup.session.events.note(setup.conn, direction, kind, text);
        if resets {
            reset(stream);
        }
        outcome
    }
}
