//! `send` to TCP, TLS and UDP: sends, prints replies until it is quiet or the peer closes.
//!
//! ```text
//! steps, each met ─► files, standard input ─► half-close ─► replies ─► quiet, closed, or nothing
//! ```
//! While a preset has steps to do these decide the end, and behind them what it expects and captures, as in
//! a run: quiet ends neither. One that is not met is a failure, and quiet is none. Standard input is sent where
//! neither the command line nor the preset has a message: after the steps on a stream, as a datagram beside
//! them. What is piped in asks for no reply; whoever names --wait or --timeout does.

mod ending;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use tokio::time::Instant;

use super::checked::{Checking, Overheard};
use super::stream_input::StreamInput;
use super::transcript::Transcript;
use crate::args;
use crate::cli::exit;
use crate::cli::headless::{Headless, SESSION};
use crate::cli::in_flight::InFlight;
use crate::cli::message_lines::MessageLines;
use crate::cli::output::{self, Output, Style};
use crate::cli::stdin::{self, PieceReceiver, PieceSource, SILENCE};
use crate::codec::web_socket::told;
use crate::console;
use crate::engine::clock;
use crate::engine::command::{CloseMode, Command, Recipient};
use crate::engine::event::{Batch, Event, NOT_VERIFIED, Phase, STEPS_DONE, UNPROVEN};
use crate::interop::ndjson;
use crate::interop::told_streams::ToldStreams;
use crate::model::answer_clock::AnswerClocks;
use crate::model::counts::counted;
use crate::model::endpoint::{Endpoint, is_reply};
use crate::model::failure::{Failure, FailureKind, Stage};
use crate::model::id::ConnId;
use crate::model::plan::{Plan, StepPlan};
use crate::model::protocol::Capabilities;
use crate::model::record::{ConnInfo, Direction, Record, RecordKind};
use crate::model::session_outcome::SessionOutcome;
use crate::timeline::Totals;

/// Wait for the first reply, unless the command line says otherwise.
const FIRST_REPLY: Duration = Duration::from_secs(5);
/// Quiet after the last reply that counts as the end of it.
const QUIET: Duration = Duration::from_millis(500);
/// Quiet after which a peer that was piped to and does not finish is left.
const UNFINISHED: Duration = Duration::from_secs(5);
/// Time in which a peer takes nothing of what is sent, before that is said.
const STALLED: Duration = Duration::from_secs(3);
/// How long an error may take to come back where no reply is asked for.
const ONE_WAY: Duration = Duration::from_millis(50);
/// How long the end of a WebSocket may take behind the close of the peer.
const CLOSING: Duration = Duration::from_secs(2);
/// A queue of ours that is full is tried again after this.
const RETRY: Duration = Duration::from_millis(2);

/// What is sent and received.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Messages {
    Stream {
        /// Standard input as a whole is sent, and its end is told to the peer.
        piped: bool,
    },
    /// Each write and each read is one message.
    Datagrams {
        /// Nobody asked for a reply: sent is done.
        one_way: bool,
        any_peer: bool,
    },
}

/// Whether the conversation is over when the last step of the preset is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum LastStep {
    /// More may come behind it.
    GoesOn,
    /// It is an answer, behind which nothing is waited for.
    Awaited,
    /// That is here, with all records before it.
    Came,
}

/// How far the connection is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Link {
    Opening,
    Up,
    /// The peer sends nothing more.
    PeerFinished,
}

/// The state of a conversation.
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
struct CliConversation<'a> {
    arguments: &'a args::Send,
    messages: Messages,
    output: &'a mut Output,
    /// The peer as it was typed.
    endpoint: Option<Endpoint>,
    conns: BTreeMap<ConnId, ConnInfo>,
    streams: ToldStreams,
    answers: AnswerClocks,
    /// Of datagrams only what comes from there is a reply; `None` = from anybody.
    home: Option<SocketAddr>,
    /// Datagrams left out because somebody else sent them.
    left_out: u64,
    can: Capabilities,
    /// Each line of the input is a message.
    lines: Option<MessageLines>,
    /// Each message that comes is printed as a line.
    tells_lines: bool,
    /// What expectations look at when it is over.
    overheard: Overheard<'a>,
    /// What is told of all that happens, where that is wanted.
    transcript: Option<Transcript>,
    last_step: LastStep,
    /// The session's steps are over: what they send has left, what they expect has come.
    steps_done: bool,
    /// Files and what is piped in; `None` when it is over or not wanted.
    input: Option<PieceReceiver>,
    /// When whoever looks on is told that nothing has come of the input.
    silent_at: Option<Instant>,
    /// Bytes still to be sent of each piece the engine has.
    in_flight: InFlight,
    link: Link,
    replies: u64,
    totals: Totals,
    /// Something was sent after the last reply.
    awaits_reply: bool,
    /// When waiting ends.
    deadline: Option<Instant>,
    /// When what is expected and captured is no longer waited for, once all is sent.
    answers_until: Option<Instant>,
    /// When to look whether all of that is here.
    look_at: Option<Instant>,
    /// When whoever looks on is told, once, that the peer takes nothing.
    stalled_at: Option<Instant>,
    has_told_stall: bool,
}

/// Sends and prints; returns the exit status, and what came of it.
pub(super) async fn run(
    arguments: &args::Send,
    plan: Plan,
    input: StreamInput,
    headless: &mut Headless,
    (output, checking): (&mut Output, &Checking),
) -> Result<(u8, SessionOutcome), Failure> {
    // Only a terminal or a name makes text of bytes; colours they have none.
    if Style::asked_for(&arguments.common).is_none() && !console::output_is_terminal() {
        output.style = Style::Raw;
    }
    let steps_done = plan.steps().is_empty();
    let can = plan.capabilities();
    // A line for each message, unless bytes are asked for.
    let tells_lines = can.is_framed() && Style::asked_for(&arguments.common).is_none();
    let ends_with_steps = matches!(plan.steps().last(), Some(StepPlan::Expect { .. }))
        && input.is_none()
        && arguments.wait.is_none();
    let is_piped = matches!(input, StreamInput::Piped(_) | StreamInput::Datagram(_));
    let asks_for_reply = arguments.wait.is_some() || arguments.timeout.is_some();
    let messages = if can.datagrams {
        let one_way = is_piped && !asks_for_reply || arguments.wait == Some(Duration::ZERO);
        Messages::Datagrams { one_way, any_peer: plan.takes_any_peer() }
    } else {
        Messages::Stream { piped: is_piped }
    };
    let mut conversation = CliConversation {
        arguments,
        messages,
        output,
        endpoint: plan.address().parse().ok(),
        conns: BTreeMap::new(),
        streams: ToldStreams::new(headless.told.clone()),
        answers: AnswerClocks::default(),
        home: None,
        left_out: 0,
        can,
        lines: None,
        tells_lines,
        overheard: Overheard::new(checking, can),
        transcript: (arguments.printing.verbose > 0).then(Transcript::default),
        last_step: if ends_with_steps { LastStep::Awaited } else { LastStep::GoesOn },
        steps_done,
        input: None,
        silent_at: None,
        in_flight: InFlight::default(),
        link: Link::Opening,
        replies: 0,
        totals: Totals::default(),
        awaits_reply: false,
        deadline: None,
        answers_until: None,
        look_at: None,
        stalled_at: None,
        has_told_stall: false,
    };
    headless.open(plan)?;
    conversation.take_input(input, headless)?;
    let status = conversation.talk(headless).await?;
    let (sent, received) = (conversation.totals.sent.bytes, conversation.totals.received.bytes);
    Ok((status, SessionOutcome::Bytes { sent, received }))
}

impl CliConversation<'_> {
    fn take_input(&mut self, input: StreamInput, headless: &Headless) -> Result<(), Failure> {
        match input {
            StreamInput::None => {}
            StreamInput::Datagram(data) => {
                self.in_flight.push(data.len());
                headless.engine.command(Command::Send { to: Recipient::All(SESSION), data })?;
            }
            StreamInput::Piped(source) => self.input = Some(stdin::pieces(vec![source])),
            StreamInput::Pieces(sources) => {
                let is_stdin = |source: &PieceSource| matches!(source, PieceSource::Stdin);
                let takes_lines = self.can.is_framed() && sources.iter().any(is_stdin);
                self.lines = takes_lines.then(MessageLines::default);
                self.input = Some(stdin::pieces(sources));
            }
        }
        Ok(())
    }

    async fn talk(&mut self, headless: &mut Headless) -> Result<u8, Failure> {
        loop {
            self.output.ready().await?;
            let has_room = self.in_flight.has_room();
            let takes_input = self.link != Link::Opening && self.steps_done && has_room;
            if !has_room {
                headless.engine.hurry();
            }
            tokio::select! {
                biased;
                event = self.output.taking(headless.next_event()) => match event? {
                    Some(Event::Done { outcome: Ok(_), .. }) if self.is_unanswered() => {
                        let status = self.on_deadline(headless).await?;
                        return Ok(status.max(self.overheard.status(headless)));
                    }
                    Some(Event::Done { outcome, .. }) => {
                        return self.finish(outcome).map(|_| self.overheard.status(headless));
                    }
                    Some(event) => self.on_event(event)?,
                    None => return Ok(exit::OK),
                },
                piece = next_piece(&mut self.input), if takes_input => {
                    self.on_piece(piece.transpose()?, headless).await?;
                }
                () = clock::at(self.silent_at) => {
                    self.silent_at = None;
                    output::note("waiting for standard input; -I leaves it alone");
                }
                () = clock::at(self.stalled_at) => self.tell_stall(),
                () = clock::at(self.look_at) => {
                    self.look_at = None;
                    if self.overheard.is_met(headless) {
                        self.deadline = Some(Instant::now());
                    }
                }
                () = clock::at(self.deadline) => {
                    let status = self.on_deadline(headless).await?;
                    return Ok(status.max(self.overheard.status(headless)));
                }
            }
        }
    }

    fn on_event(&mut self, event: Event) -> Result<(), Failure> {
        match event {
            Event::Phase { phase: Phase::Connected { peer, .. }, .. } => {
                self.link = Link::Up;
                self.home = peer.inet().filter(|_| !self.takes_any_peer());
                self.silent_at = self.input.as_ref().map(|_| Instant::now() + SILENCE);
                self.wait();
            }
            Event::Phase { phase: Phase::StepsDone, .. } => {
                self.steps_done = true;
                self.wait();
            }
            Event::Traffic(batch) => self.on_traffic(batch)?,
            Event::Dialled { how, .. } => self.overheard.dialled(*how),
            Event::Refused { failure, .. } => return Err(failure),
            _ => {}
        }
        Ok(())
    }

    fn on_traffic(&mut self, batch: Batch) -> Result<(), Failure> {
        self.conns.extend(batch.conns.into_iter().map(|conn| (conn.id, conn)));
        for record in &batch.records {
            if !self.concerns_us(record) {
                continue;
            }
            if self.output.style == Style::Json {
                let told = self.streams.tell(record);
                let (conn, after) = (self.conns.get(&record.conn), self.answers.next(record));
                let line = ndjson::record(record, conn, &told, after);
                self.output.json(&line);
            }
            self.transcribe(record);
            if !record.is_said(self.can) {
                continue;
            }
            self.totals.count(record);
            self.overheard.take(record);
            match (record.kind, record.direction) {
                (RecordKind::Data, Direction::Received) => {
                    self.replies += 1;
                    self.awaits_reply = false;
                    self.print(record);
                    self.wait();
                }
                (RecordKind::Data, Direction::Sent) => {
                    self.awaits_reply = true;
                    self.in_flight.landed(record.original_len);
                    self.wait();
                }
                (RecordKind::Finished, Direction::Received) => {
                    self.link = Link::PeerFinished;
                    // JSON Lines have said it.
                    let words = String::from_utf8_lossy(&record.data);
                    let is_told = self.output.style == Style::Json || self.transcript.is_some();
                    if !is_told && ending::is_odd(&words) {
                        output::note(&words);
                    }
                    self.wait();
                }
                (RecordKind::Note | RecordKind::Secured, Direction::Local) => self.remark(record),
                // A datagram that could not be sent, or came back.
                (RecordKind::Failed, Direction::Sent | Direction::Received)
                    if self.has_datagrams() =>
                {
                    let cause = String::from_utf8_lossy(&record.data).into_owned();
                    let kind = FailureKind::Unreachable;
                    return Err(Failure::new(Stage::Send, self.peer(), kind, cause));
                }
                _ => {}
            }
        }
        for conn in &batch.over {
            self.conns.remove(conn);
            self.streams.over(*conn);
            self.answers.over(*conn);
        }
        Ok(())
    }

    /// Tells it in order, where that is wanted; beside the bytes where these go elsewhere.
    fn transcribe(&mut self, record: &Record) {
        let Some(transcript) = &mut self.transcript else { return };
        let told = self.streams.tell(record);
        let told: &[u8] = if record.is_received() { &record.data } else { &told };
        for line in transcript.lines(record, told) {
            if self.arguments.has_bytes_alone() {
                output::note(&line);
            } else {
                self.output.line(&line);
            }
        }
    }

    /// What is worth knowing of what happens; JSON Lines have it.
    fn remark(&mut self, record: &Record) {
        let words = String::from_utf8_lossy(&record.data);
        if words == STEPS_DONE {
            if self.last_step == LastStep::Awaited {
                self.last_step = LastStep::Came;
            }
            self.wait();
        }
        let is_odd = record.kind != RecordKind::Secured
            || [NOT_VERIFIED, UNPROVEN].iter().any(|it| words.contains(it));
        let is_told = self.output.style == Style::Json || self.transcript.is_some();
        if !is_told && is_odd && words != STEPS_DONE {
            output::note(&words);
        }
    }

    /// Whether it is no datagram of somebody else; the first of those is told.
    fn concerns_us(&mut self, record: &Record) -> bool {
        let from = self.conns.get(&record.conn).and_then(|conn| conn.peer.as_ref()?.inet());
        let (Some(home), Some(from)) = (self.home, from) else { return true };
        if record.direction != Direction::Received || is_reply(home, from) {
            return true;
        }
        if self.left_out == 0 {
            let text = "left out, it is not the peer; --any-peer takes replies of anybody";
            output::note(&format!("a datagram of {from} is {text}"));
        }
        self.left_out += 1;
        false
    }

    fn has_datagrams(&self) -> bool {
        !matches!(self.messages, Messages::Stream { .. })
    }

    /// A stream whose end is the end of standard input.
    fn is_piped(&self) -> bool {
        self.messages == Messages::Stream { piped: true }
    }

    /// A stream on which the peer sends nothing more.
    fn is_left(&self) -> bool {
        !self.has_datagrams() && self.link == Link::PeerFinished
    }

    /// A conversation of messages that the peer closed before it said any.
    fn is_unanswered(&self) -> bool {
        self.can.messages && self.is_left() && self.replies == 0
    }

    fn is_one_way(&self) -> bool {
        matches!(self.messages, Messages::Datagrams { one_way: true, .. })
    }

    fn takes_any_peer(&self) -> bool {
        matches!(self.messages, Messages::Datagrams { any_peer: true, .. })
    }

    /// Whether something is still to be sent, or a step to be done.
    fn is_busy(&self) -> bool {
        !self.steps_done || self.input.is_some() || self.in_flight.pieces() > 0
    }

    /// Whether what is expected and captured decides the end, and not that it is quiet for a while.
    fn waits_for_answers(&self) -> bool {
        let is_told = self.arguments.wait.is_some() || self.is_one_way() || self.is_piped();
        self.overheard.is_asked() && !is_told
    }

    /// The same where all is sent: looks soon at what came behind that.
    fn wait_for_answers(&mut self) {
        let longest = self.arguments.timeout.unwrap_or(FIRST_REPLY);
        let until = *self.answers_until.get_or_insert_with(|| Instant::now() + longest);
        self.deadline = Some(until);
        if self.replies > 0 && !self.awaits_reply && self.look_at.is_none() {
            self.look_at = Some(Instant::now() + self.overheard.next_look());
        }
    }

    /// Something happened: from now on this is the longest wait for the next thing.
    fn wait(&mut self) {
        let Self { arguments, .. } = self;
        let (timeout, wait) = (arguments.timeout, arguments.wait);
        let is_at_its_end = self.last_step == LastStep::Came || self.is_left();
        if !self.is_busy() && !is_at_its_end && self.waits_for_answers() {
            self.stalled_at = None;
            return self.wait_for_answers();
        }
        (self.answers_until, self.look_at) = (None, None);
        let longest = if self.is_busy() {
            // The silence of a pipe or a peer is no end, unless somebody said so.
            timeout
        } else if self.is_one_way() {
            Some(ONE_WAY)
        } else if self.last_step == LastStep::Came {
            Some(Duration::ZERO)
        } else if self.is_left() && self.can.messages {
            // Both sides say that they close; how, is told in a moment.
            Some(CLOSING)
        } else if self.is_left() {
            // Nothing can come any more, however long somebody would wait.
            Some(Duration::ZERO)
        } else if let Some(wait) = wait.filter(|wait| wait.is_zero() || self.replies > 0) {
            Some(wait)
        } else if self.replies > 0 {
            Some(if self.is_piped() { UNFINISHED } else { QUIET })
        } else {
            Some(timeout.or(wait).unwrap_or(FIRST_REPLY))
        };
        self.deadline = longest.map(|longest| Instant::now() + longest);
        let may_stall = self.in_flight.pieces() > 0 && timeout.is_none() && !self.has_told_stall;
        self.stalled_at = may_stall.then(|| Instant::now() + STALLED);
    }

    /// How long sending may take is nobody's to guess, but it is said what is waited for.
    fn tell_stall(&mut self) {
        (self.stalled_at, self.has_told_stall) = (None, true);
        let bytes = counted(self.in_flight.bytes(), "byte");
        output::note(&format!(
            "the peer takes nothing: {bytes} and what follows are not sent yet; --timeout says \
             how long to wait for that, --wait counts from the reply"
        ));
    }

    fn print(&mut self, record: &Record) {
        let is_transcribed = self.transcript.is_some() && !self.arguments.has_bytes_alone();
        if self.arguments.printing.quiet || is_transcribed {
            return;
        }
        match self.output.style {
            Style::Json => {}
            Style::Text if self.can.messages => self.output.text(&record.data),
            Style::Text | Style::Raw => {
                self.output.piece(&record.data);
                // Bytes that are no text are what they are.
                if self.tells_lines && told::kind(&record.frames) == Some("text") {
                    self.output.piece(b"\n");
                }
            }
        }
    }

    /// A piece of standard input, or its end: then we finish sending.
    async fn on_piece(&mut self, piece: Option<Bytes>, headless: &Headless) -> Result<(), Failure> {
        self.silent_at = None;
        if let Some(lines) = &mut self.lines {
            let messages = match &piece {
                Some(piece) => lines.push(piece)?,
                None => lines.finish().into_iter().collect(),
            };
            for data in messages {
                self.in_flight.push(data.len());
                order(Command::Send { to: Recipient::All(SESSION), data }, headless).await?;
            }
            if piece.is_none() {
                self.input = None;
            }
            self.wait();
            return Ok(());
        }
        if piece.is_none() {
            self.input = None;
        }
        let next = match piece {
            Some(data) => {
                self.in_flight.push(data.len());
                Command::Send { to: Recipient::All(SESSION), data }
            }
            None if self.is_piped() => {
                Command::End { conn: SESSION.itself(), how: CloseMode::HalfClose }
            }
            None => {
                self.wait();
                return Ok(());
            }
        };
        self.wait();
        order(next, headless).await
    }
}

/// Gives an order as soon as there is room for it.
async fn order(order: Command, headless: &Headless) -> Result<(), Failure> {
    loop {
        match headless.engine.command(order.clone()) {
            Err(failure) if failure.kind == FailureKind::Busy => tokio::time::sleep(RETRY).await,
            outcome => return outcome,
        }
    }
}

async fn next_piece(input: &mut Option<PieceReceiver>) -> Option<Result<Bytes, Failure>> {
    match input {
        Some(input) => input.recv().await,
        None => std::future::pending().await,
    }
}
