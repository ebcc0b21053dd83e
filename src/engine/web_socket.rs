//! One live WebSocket: messages both ways, answers, steps, pings and closes, each a record with its time.
//!
//! Used by the client (one conversation) and the listener (one per connection), once the handshake is over. One task
//! owns the stream; a write that is stuck never blocks reading. Nothing is read or written while the shell is behind
//! ([`Sink::ready`](super::sink::Sink::ready)), so TCP pushes back.
//!
//! ```text
//! open ──a close comes──► we answer it ──► the server ends the stream ──► closed
//!   └────we close───────► the peer answers it ──┘
//!   └────a flaw─────────► we close with its code, and read no more ──► failed
//! ```

pub(crate) mod agreed;
mod outgoing;
mod pings;

use std::io;
use std::time::Duration;

use bytes::Bytes;
use tokio::io::{ReadHalf, WriteHalf};
use tokio::sync::watch;
use tokio::time::Instant;

use super::clock;
use super::command::CloseMode;
use super::conversation::conn_handle::{ConnOrder, ConnReceiver};
use super::conversation::script::Script;
use super::event::{Phase, STEPS_DONE};
use super::outbound::{Origin, OutboundMessage};
use super::rules::Rules;
use super::session::SessionHandle;
use super::sink::StampGuard;
use super::stream_io::receive;
use super::transport::explain;
use super::transport::stream::{Stream, is_unix, reset, told_reset};
use crate::codec::message_deflate::MessageInflater;
use crate::codec::web_socket::close::{self, CloseReason};
use crate::codec::web_socket::extension::PackedMessages;
use crate::codec::web_socket::frame::Opcode;
use crate::codec::web_socket::message_reader::{CameMessage, FrameFlaw, MessageReader};
use crate::model::awaited::quoted;
use crate::model::counts::{counted, counted_were};
use crate::model::failure::{Failure, FailureKind, Stage};
use crate::model::id::ConnId;
use crate::model::plan::WsTalkPlan;
use crate::model::record::{Direction, RecordKind};
use outgoing::{LeftFrame, Outgoing};
use pings::Pings;

/// How long the answer to a close is waited for.
const CLOSE_PATIENCE: Duration = Duration::from_secs(5);
/// How long the end of the stream is waited for behind both closes, so that late bytes cause no RST.
const LINGER: Duration = Duration::from_secs(1);

/// What a WebSocket needs besides its stream.
pub(crate) struct WsSetup {
    pub(crate) session: SessionHandle,
    pub(crate) conn: ConnId,
    /// How the peer is called in failures.
    pub(crate) peer: String,
    /// We asked for it; else we served it.
    pub(crate) is_client: bool,
    pub(crate) orders: ConnReceiver,
    pub(crate) rules: watch::Receiver<Rules>,
    pub(crate) script: Script,
    pub(crate) talk: WsTalkPlan,
    /// How messages are packed, where both sides agreed to it.
    pub(crate) packed: Option<PackedMessages>,
}

#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
struct WsLive {
    setup: WsSetup,
    read: ReadHalf<Stream>,
    write: WriteHalf<Stream>,
    reader: MessageReader,
    outgoing: Outgoing,
    pings: Pings,
    /// We said that we close, or will when all before it is sent.
    we_close: bool,
    /// That is sent.
    close_left: bool,
    /// What the peer's close said.
    close_came: Option<CloseReason>,
    peer_finished: bool,
    we_finished: bool,
    /// Why it fails once our close is sent.
    flaw: Option<Failure>,
    /// When patience ends.
    close_by: Option<Instant>,
    steps_done: bool,
    received: u64,
    /// Bytes behind the end.
    behind: u64,
}

/// Why it is over.
enum WsEnd {
    Reset(&'static str),
    Closed(String),
    Failed(Failure),
}

impl WsSetup {
    /// Talks until it is over and says in words how it ended. `first` is what came behind the handshake; `greeting`
    /// is sent before anything else.
    pub(crate) async fn run(
        self,
        stream: Stream,
        first: Bytes,
        greeting: Bytes,
    ) -> Result<String, Failure> {
        let (read, write) = tokio::io::split(stream);
        let mut live = WsLive::new(self, read, write);
        if !greeting.is_empty() {
            live.push(of_user(greeting), Duration::ZERO);
        }
        live.play_steps();
        if let Some(end) = live.take_in(&first) {
            return live.end(end);
        }
        loop {
            if let Some(end) = live.turn().await {
                return live.end(end);
            }
        }
    }
}

impl WsLive {
    fn new(setup: WsSetup, read: ReadHalf<Stream>, write: WriteHalf<Stream>) -> Self {
        let (packed, is_client) = (setup.packed, setup.is_client);
        let anew = |of_client: bool| {
            packed.map(|it| if of_client { it.client_anew } else { it.server_anew })
        };
        let inflater = anew(!is_client).map(MessageInflater::new);
        WsLive {
            reader: MessageReader::new(!is_client, inflater),
            outgoing: Outgoing::new(setup.talk.messages, is_client, anew(is_client)),
            pings: Pings::new(setup.talk.ping),
            setup,
            read,
            write,
            we_close: false,
            close_left: false,
            close_came: None,
            peer_finished: false,
            we_finished: false,
            flaw: None,
            close_by: None,
            steps_done: false,
            received: 0,
            behind: 0,
        }
    }

    /// Waits for the next thing to happen and takes it in. Every arm is safe to drop.
    async fn turn(&mut self) -> Option<WsEnd> {
        if let Err(failure) = self.outgoing.begin_next(&self.setup.peer) {
            return Some(WsEnd::Failed(failure));
        }
        let has_output = self.outgoing.is_writing();
        let may_shut = self.may_end() && !has_output && !self.we_finished;
        let WsLive { setup, read, write, outgoing, .. } = self;
        let events = &setup.session.events;
        let may_read = !self.peer_finished && outgoing.has_room_for_answers();
        let (due, has_room) = (outgoing.next_due(), outgoing.has_room());
        let step_by = setup.script.deadline();
        let ping_at = self.pings.next().filter(|_| !self.we_close);
        tokio::select! {
            () = setup.session.cancel.cancelled() => return Some(WsEnd::Reset("reset by us")),
            read = receive(read, events), if may_read => return self.read(read),
            (done, held) = outgoing.transmit_or_finish(write, events), if has_output || may_shut => {
                return if has_output { self.wrote(done, held) } else { self.shut(&done, held) };
            }
            order = setup.orders.next(has_room) => match order {
                Some(ConnOrder::Send(data)) => self.send(data),
                Some(ConnOrder::End(how)) => return self.finish(how),
                None => return Some(WsEnd::Reset("reset by us")),
            },
            () = clock::at(due) => self.outgoing.release_due(Instant::now()),
            () = clock::at(ping_at) => self.ping(),
            () = clock::at(step_by) => {
                return self.setup.script.late(&self.setup.peer).map(WsEnd::Failed);
            }
            () = clock::at(self.close_by) => return Some(self.patience_is_over()),
        }
        None
    }

    /// Both sides have said that they close, or there is nothing more to be said to the peer: who serves ends the
    /// stream (RFC 6455, section 7.1.1), and so does who fails.
    fn may_end(&self) -> bool {
        let both = self.close_left && self.close_came.is_some();
        both && !self.setup.is_client
            || self.close_left && self.flaw.is_some()
            || self.peer_finished
    }

    fn patience_is_over(&mut self) -> WsEnd {
        match (self.flaw.take(), self.close_came.take()) {
            (Some(failure), _) => WsEnd::Failed(failure),
            (None, Some(close)) => self.closed(&close),
            (None, None) if self.close_left => {
                WsEnd::Reset("reset by us: the peer did not answer our close")
            }
            (None, None) => {
                WsEnd::Reset("reset by us: the peer did not take what was still to be sent")
            }
        }
    }

    /// A message of a person or a script.
    fn send(&mut self, data: Bytes) {
        if self.we_close {
            let cause = "our side has said that it closes";
            let failure = Failure::new(Stage::Send, &self.setup.peer, FailureKind::NotFound, cause);
            let failure = failure.hint("open a new connection to send more");
            return self.setup.session.events.refused(failure);
        }
        self.push(of_user(data), Duration::ZERO);
    }

    fn push(&mut self, message: OutboundMessage, delay: Duration) {
        if let Err(why) = self.outgoing.push(message, delay) {
            let failure = Failure::new(Stage::Send, &self.setup.peer, FailureKind::Usage, why);
            self.setup
                .session
                .events
                .refused(failure.hint("messages = \"auto\" sends such a one as binary"));
        }
    }

    fn finish(&mut self, how: CloseMode) -> Option<WsEnd> {
        while let Some(message) = self.setup.orders.queued() {
            self.send(message);
        }
        if how == CloseMode::Reset {
            return Some(WsEnd::Reset("reset by us"));
        }
        // There is no half of a WebSocket to be closed: who says so still reads until the peer has said it, too.
        self.close(CloseReason { code: Some(close::NORMAL), reason: String::new() });
        self.outgoing.forget_delayed();
        if how == CloseMode::Close {
            self.close_by.get_or_insert_with(|| Instant::now() + CLOSE_PATIENCE);
        }
        None
    }

    /// Says, behind all that waits, that we close; once.
    fn close(&mut self, reason: CloseReason) {
        if !std::mem::replace(&mut self.we_close, true) {
            self.outgoing.close(reason);
        }
    }

    fn ping(&mut self) {
        let (payload, missed) = self.pings.begin(Instant::now());
        if let Some(missed) = missed {
            self.note(Direction::Local, RecordKind::Note, &missed);
        }
        self.outgoing.control(Opcode::Ping, payload);
    }

    fn read(&mut self, result: io::Result<Bytes>) -> Option<WsEnd> {
        match result {
            Ok(data) if data.is_empty() => self.peer_is_done(),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => self.peer_is_done(),
            Ok(data) => self.take_in(&data),
            Err(_) if self.close_left && self.close_came.is_some() => Some(self.patience_is_over()),
            Err(error) => Some(WsEnd::Failed(self.flaw.take().unwrap_or_else(|| {
                let (peer, received) = (&self.setup.peer, self.received);
                explain::stream_failure(Stage::Session, peer, &error, received)
            }))),
        }
    }

    /// Bytes of the peer.
    fn take_in(&mut self, data: &Bytes) -> Option<WsEnd> {
        self.received += data.len() as u64;
        if self.flaw.is_some() || self.close_came.is_some() {
            self.behind += data.len() as u64;
            return None;
        }
        self.reader.push(data);
        loop {
            match self.reader.next() {
                Ok(Some(message)) => {
                    if let Some(end) = self.came(message) {
                        return Some(end);
                    }
                }
                Ok(None) => break,
                Err(flaw) => {
                    self.broken(flaw);
                    break;
                }
            }
        }
        if self.flaw.is_some() || self.close_came.is_some() {
            self.behind += self.reader.rest().len() as u64;
        }
        None
    }

    fn came(&mut self, message: CameMessage) -> Option<WsEnd> {
        let CameMessage { opcode, data, frames } = message;
        let (conn, events) = (self.setup.conn, self.setup.session.events.clone());
        let words = match opcode {
            Opcode::Text | Opcode::Binary | Opcode::Continuation => {
                events.message_came(conn, RecordKind::Data, data.clone(), frames);
                self.answer(&data, opcode == Opcode::Binary);
                self.setup.script.received(&data);
                self.play_steps();
                return None;
            }
            Opcode::Ping => {
                self.outgoing.control(Opcode::Pong, data.clone());
                payload_words("ping", &data)
            }
            Opcode::Pong => {
                format!("{}, {}", payload_words("pong", &data), self.pings.answered(&data))
            }
            Opcode::Close => return self.close_comes(&data, frames),
        };
        events.message_came(conn, RecordKind::Note, events.hidden(&words), frames);
        None
    }

    /// Answers by the rules; what answers bytes is bytes.
    fn answer(&mut self, data: &Bytes, is_binary: bool) {
        let answer = if self.we_close { None } else { self.setup.rules.borrow().answer(data) };
        if let Some(answer) = answer {
            self.setup.session.events.answered(answer.by);
            let (data, origin) = (answer.data, Origin::Answer);
            self.push(OutboundMessage { to: None, data, origin, is_binary }, answer.delay);
        }
    }

    fn close_comes(&mut self, payload: &Bytes, frames: Bytes) -> Option<WsEnd> {
        // The reader has let it through.
        let reason = CloseReason::read(payload).unwrap_or_default();
        let words = format!("close {}", reason.words());
        let events = &self.setup.session.events;
        events.message_came(self.setup.conn, RecordKind::Finished, events.hidden(&words), frames);
        self.setup.orders.peer_finished();
        // It is said back with its code, and nothing else is sent any more (section 5.5.1).
        if !self.we_close {
            let unsent = self.outgoing.forget();
            if unsent > 0 {
                let text =
                    format!("{} not sent: the peer closes", counted_were(unsent as u64, "byte"));
                self.note(Direction::Local, RecordKind::Note, &text);
            }
        }
        self.close(CloseReason { code: reason.code, reason: String::new() });
        self.close_came = Some(reason);
        self.close_by = Some(Instant::now() + LINGER);
        self.flaw = self.setup.script.peer_finished(&self.setup.peer);
        None
    }

    /// The peer breaks the protocol.
    fn broken(&mut self, flaw: FrameFlaw) {
        let FrameFlaw { code, why, frames } = flaw;
        let events = &self.setup.session.events;
        let words = format!("not read on: {why}");
        events.message_came(self.setup.conn, RecordKind::Note, events.hidden(&words), frames);
        let kind =
            if code == close::TOO_BIG { FailureKind::TooLarge } else { FailureKind::Malformed };
        let cause = format!("{why}; closed with {}", close::words(code));
        self.flaw = Some(Failure::new(Stage::Session, &self.setup.peer, kind, cause));
        self.outgoing.forget();
        self.close(CloseReason { code: Some(code), reason: why });
        self.close_by = Some(Instant::now() + LINGER);
    }

    /// The stream ends.
    fn peer_is_done(&mut self) -> Option<WsEnd> {
        self.peer_finished = true;
        self.setup.orders.peer_finished();
        if self.flaw.is_some() {
            // Our close still says why.
            return if self.close_left { self.flaw.take().map(WsEnd::Failed) } else { None };
        }
        if let Some(close) = self.close_came.take_if(|_| self.close_left) {
            return Some(self.closed(&close));
        }
        if self.close_came.is_some() {
            // Our answer to its close is still on its way.
            return None;
        }
        if self.close_left {
            return Some(WsEnd::Closed(
                "closed; the peer ended the stream without a close frame".to_owned(),
            ));
        }
        let half = self.reader.half();
        let more =
            half.as_ref().map_or_else(String::new, |half| format!(", in the middle: {half}"));
        let words = format!("the peer closed without a close frame (1006){more}");
        self.note(Direction::Received, RecordKind::Finished, &words);
        if let Some(failure) = self.setup.script.peer_finished(&self.setup.peer) {
            return Some(WsEnd::Failed(failure));
        }
        Some(match half {
            Some(_) => {
                let kind = FailureKind::Truncated;
                WsEnd::Failed(Failure::new(Stage::Session, &self.setup.peer, kind, words))
            }
            None => WsEnd::Closed(words),
        })
    }

    /// Both have said that they close; the peer with this.
    fn closed(&mut self, close: &CloseReason) -> WsEnd {
        if self.behind > 0 {
            let text = format!("{} behind the close, not read", counted(self.behind, "byte"));
            self.note(Direction::Received, RecordKind::Note, &text);
        }
        let words = format!("closed: {}", close.words());
        let is_fine = close
            .code
            .is_none_or(|code| [close::NORMAL, close::GOING_AWAY].contains(&code) || code >= 3000);
        if is_fine || !self.setup.is_client {
            return WsEnd::Closed(words);
        }
        let cause = format!("the peer closed: {}", close.words());
        WsEnd::Failed(Failure::new(Stage::Session, &self.setup.peer, FailureKind::Refused, cause))
    }

    fn wrote(&mut self, result: io::Result<bool>, held: StampGuard) -> Option<WsEnd> {
        match result {
            Ok(false) => None,
            Ok(true) => self.left(held),
            Err(error) => Some(WsEnd::Failed(self.flaw.take().unwrap_or_else(|| {
                let unsent = counted_were(self.outgoing.unsent() as u64, "byte");
                let (peer, received) = (&self.setup.peer, self.received);
                let mut failure = explain::stream_failure(Stage::Send, peer, &error, received);
                failure.cause = format!("{}; of the queue {unsent} not sent", failure.cause);
                failure
            }))),
        }
    }

    /// A whole frame has left.
    fn left(&mut self, held: StampGuard) -> Option<WsEnd> {
        let LeftFrame { opcode, data, frame } = self.outgoing.taken_out()?;
        let (conn, events) = (self.setup.conn, &self.setup.session.events);
        match opcode {
            Opcode::Text | Opcode::Binary | Opcode::Continuation => {
                events.message_left(held, conn, RecordKind::Data, data, frame);
            }
            Opcode::Ping | Opcode::Pong => {
                let words = payload_words(opcode.word(), &data);
                events.message_left(held, conn, RecordKind::Note, events.hidden(&words), frame);
                if opcode == Opcode::Ping {
                    self.pings.left(&data, Instant::now());
                }
            }
            Opcode::Close => {
                let words = CloseReason::read(&data).unwrap_or_default().words();
                let words = events.hidden(&format!("close {words}"));
                events.message_left(held, conn, RecordKind::Finished, words, frame);
                self.close_left = true;
                let patience = if self.may_end() || self.close_came.is_some() {
                    LINGER
                } else {
                    CLOSE_PATIENCE
                };
                self.close_by = Some(Instant::now() + patience);
                if self.peer_finished {
                    return Some(self.patience_is_over());
                }
            }
        }
        self.tell_steps_done();
        None
    }

    fn shut(&mut self, result: &io::Result<bool>, held: StampGuard) -> Option<WsEnd> {
        self.we_finished = true;
        drop(held);
        let gone = result.is_err() || self.peer_finished;
        gone.then(|| self.patience_is_over())
    }

    /// Queues the sends of the script up to its next expectation.
    fn play_steps(&mut self) {
        let mut sends = Vec::new();
        self.steps_done |= self.setup.script.play(|data| sends.push(data));
        for data in sends {
            self.push(of_user(data), Duration::ZERO);
        }
        let done = self.setup.script.newly_done();
        self.setup.session.events.steps_done(done);
        self.tell_steps_done();
    }

    /// Says that the script is over, once its last bytes have left.
    fn tell_steps_done(&mut self) {
        if self.outgoing.is_idle() && std::mem::take(&mut self.steps_done) {
            self.note(Direction::Local, RecordKind::Note, STEPS_DONE);
            self.setup.session.events.phase(Phase::StepsDone);
        }
    }

    fn note(&self, direction: Direction, kind: RecordKind, words: &str) {
        self.setup.session.events.note(self.setup.conn, direction, kind, words);
    }

    /// Lets go of the socket and records how.
    fn end(self, end: WsEnd) -> Result<String, Failure> {
        let resets = matches!(end, WsEnd::Reset(_)) && !self.setup.session.is_stopping();
        let (direction, kind, outcome) = match end {
            WsEnd::Reset(words) => (Direction::Sent, RecordKind::Reset, Ok(words.to_owned())),
            WsEnd::Closed(words) => (Direction::Local, RecordKind::Closed, Ok(words)),
            WsEnd::Failed(failure) if failure.kind == FailureKind::Reset => {
                (Direction::Received, RecordKind::Reset, Err(failure))
            }
            WsEnd::Failed(failure) => (Direction::Local, RecordKind::Failed, Err(failure)),
        };
        let WsLive { setup, read, write, .. } = self;
        let stream = read.unsplit(write);
        let text = outcome.as_ref().map_or_else(Failure::to_string, Clone::clone);
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

/// `ping 'abc'`
fn payload_words(what: &str, payload: &[u8]) -> String {
    if payload.is_empty() { what.to_owned() } else { format!("{what} {}", quoted(payload)) }
}

/// What a person or a script sends.
fn of_user(data: Bytes) -> OutboundMessage {
    OutboundMessage { to: None, data, origin: Origin::User, is_binary: false }
}
