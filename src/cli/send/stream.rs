//! `send` to TCP, TLS and UDP: sends, prints replies until it is quiet or the peer closes.
//!
//! ```text
//! steps ─► (standard input ─► half-close) ─► replies ─► quiet for --wait, closed, or nothing
//! ```

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use tokio::time::Instant;

use crate::args;
use crate::cli::exit;
use crate::cli::headless::{Headless, SESSION};
use crate::cli::output::{self, Output, Style};
use crate::cli::stdin::{self, Pieces};
use crate::engine::clock;
use crate::engine::command::{CloseMode, Command, Recipient};
use crate::engine::event::{Batch, Event, Phase};
use crate::interop::ndjson;
use crate::model::endpoint::is_reply;
use crate::model::failure::{Failure, FailureKind, Stage};
use crate::model::id::ConnId;
use crate::model::plan::{Plan, StepPlan};
use crate::model::record::{ConnInfo, Direction, Record, RecordKind};
use crate::model::secrets::Disclosure;

/// Wait for the first reply, unless the command line says otherwise.
const FIRST_REPLY: Duration = Duration::from_secs(5);
/// Quiet after the last reply that counts as the end of it.
const QUIET: Duration = Duration::from_millis(500);
/// How long an error may take to come back where no reply is asked for.
const ONE_WAY: Duration = Duration::from_millis(50);
/// A queue of ours that is full is tried again after this.
const RETRY: Duration = Duration::from_millis(2);
/// Pieces of standard input that the engine has and the socket has not taken; fewer than a session
/// takes orders, so none is refused when the peer is slower than the pipe.
const IN_FLIGHT: usize = 16;

/// What is sent and received.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Messages {
    Stream,
    /// Each write and each read is one message.
    Datagrams {
        /// Nobody asked for a reply: sent is done.
        one_way: bool,
        any_peer: bool,
    },
}

/// The state of a conversation.
struct CliConversation<'a> {
    arguments: &'a args::Send,
    messages: Messages,
    output: &'a mut Output,
    conns: BTreeMap<ConnId, ConnInfo>,
    /// Of datagrams only what comes from there is a reply; `None` = from anybody.
    home: Option<SocketAddr>,
    /// Datagrams left out because somebody else sent them.
    left_out: u64,
    /// Messages still to be sent by the session's steps.
    steps: usize,
    /// What is piped in; `None` when it is over or not wanted.
    input: Option<Pieces>,
    /// Bytes still to be sent of each piece the engine has.
    in_flight: VecDeque<u64>,
    connected: bool,
    replies: u64,
    /// Something was sent after the last reply.
    awaits_reply: bool,
    /// When waiting ends.
    deadline: Option<Instant>,
}

/// Sends and prints; returns the exit status.
pub(super) async fn run(
    arguments: &args::Send,
    plan: Plan,
    headless: &mut Headless,
    output: &mut Output,
) -> Result<u8, Failure> {
    let steps = plan.steps();
    let piped = steps.is_empty() && !arguments.ignore_stdin && stdin::is_piped();
    let datagrams = plan.protocol().capabilities().datagrams;
    let asks_for_reply = arguments.wait.is_some() || arguments.timeout.is_some();
    let messages = if datagrams {
        let one_way = piped && !asks_for_reply || arguments.wait == Some(Duration::ZERO);
        Messages::Datagrams { one_way, any_peer: plan.takes_any_peer() }
    } else {
        Messages::Stream
    };
    let mut conversation = CliConversation {
        arguments,
        messages,
        output,
        conns: BTreeMap::new(),
        home: None,
        left_out: 0,
        steps: steps.iter().filter(|step| matches!(step, StepPlan::Send(_))).count(),
        input: None,
        in_flight: VecDeque::new(),
        connected: false,
        replies: 0,
        awaits_reply: false,
        deadline: None,
    };
    // All of it is one datagram, so it is read before there is anything to send.
    let datagram = if piped && datagrams {
        Some(stdin::read_all(stdin::DATAGRAM_LIMIT, arguments.timeout).await?)
    } else {
        None
    };
    headless.open(plan)?;
    if let Some(data) = datagram {
        conversation.steps += 1;
        headless.engine.command(Command::Send { to: Recipient::All(SESSION), data })?;
    } else if piped {
        conversation.input = Some(stdin::pieces());
    }
    conversation.talk(headless).await
}

impl CliConversation<'_> {
    async fn talk(&mut self, headless: &mut Headless) -> Result<u8, Failure> {
        loop {
            self.output.ready().await?;
            let takes_input = self.connected && self.in_flight.len() < IN_FLIGHT;
            tokio::select! {
                biased;
                event = headless.next_event() => match event {
                    Some(Event::Done { outcome, .. }) => return self.finish(outcome),
                    Some(event) => self.on_event(event, &headless.told)?,
                    None => return Ok(exit::OK),
                },
                piece = next_piece(&mut self.input), if takes_input => {
                    self.on_piece(piece.transpose()?, headless).await?;
                }
                () = clock::at(self.deadline) => {
                    if let Some(status) = self.on_deadline(headless).await? {
                        return Ok(status);
                    }
                }
            }
        }
    }

    fn on_event(&mut self, event: Event, told: &Disclosure) -> Result<(), Failure> {
        match event {
            Event::Phase { phase: Phase::Connected { peer, .. }, .. } => {
                self.connected = true;
                self.home = Some(peer).filter(|_| !self.takes_any_peer());
                self.wait();
            }
            Event::Traffic(batch) => self.on_traffic(batch, told)?,
            Event::Refused { failure, .. } => return Err(failure),
            _ => {}
        }
        Ok(())
    }

    fn on_traffic(&mut self, batch: Batch, told: &Disclosure) -> Result<(), Failure> {
        self.conns.extend(batch.conns.into_iter().map(|conn| (conn.id, conn)));
        for record in &batch.records {
            if !self.concerns_us(record) {
                continue;
            }
            if self.output.style == Style::Json {
                let line = ndjson::record(record, self.conns.get(&record.conn), told);
                self.output.json(&line);
            }
            match (record.kind, record.direction) {
                (RecordKind::Data, Direction::Received) => {
                    self.replies += 1;
                    self.awaits_reply = false;
                    self.print(record);
                    self.wait();
                }
                (RecordKind::Data, Direction::Sent) => {
                    self.steps = self.steps.saturating_sub(1);
                    self.awaits_reply = true;
                    self.landed(record.original_len);
                    self.wait();
                }
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
        }
        Ok(())
    }

    /// Whether it is no datagram of somebody else; the first of those is told.
    fn concerns_us(&mut self, record: &Record) -> bool {
        let from = self.conns.get(&record.conn).and_then(|conn| conn.peer);
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
        self.messages != Messages::Stream
    }

    fn is_one_way(&self) -> bool {
        matches!(self.messages, Messages::Datagrams { one_way: true, .. })
    }

    fn takes_any_peer(&self) -> bool {
        matches!(self.messages, Messages::Datagrams { any_peer: true, .. })
    }

    /// So many bytes of what was piped in have been sent.
    fn landed(&mut self, mut bytes: u64) {
        while let Some(first) = self.in_flight.front_mut() {
            let part = bytes.min(*first);
            (*first, bytes) = (*first - part, bytes - part);
            if *first > 0 {
                return;
            }
            self.in_flight.pop_front();
        }
    }

    /// Something happened: from now on this is the longest wait for the next thing.
    fn wait(&mut self) {
        let Self { arguments, .. } = self;
        let (timeout, wait) = (arguments.timeout, arguments.wait);
        let is_sending = self.input.is_some() || !self.in_flight.is_empty();
        let longest = if is_sending {
            // The silence of a pipe or a peer is no end, unless somebody said so.
            timeout
        } else if self.is_one_way() {
            Some(if self.steps == 0 { ONE_WAY } else { FIRST_REPLY })
        } else if self.replies > 0 {
            Some(wait.unwrap_or(QUIET))
        } else {
            Some(match wait {
                Some(Duration::ZERO) if self.steps == 0 => Duration::ZERO,
                wait => timeout.or(wait.filter(|wait| !wait.is_zero())).unwrap_or(FIRST_REPLY),
            })
        };
        self.deadline = longest.map(|longest| Instant::now() + longest);
    }

    fn print(&mut self, record: &Record) {
        match self.output.style {
            Style::Json => {}
            Style::Text if self.has_datagrams() => self.output.text(&record.data),
            Style::Text | Style::Raw => self.output.piece(&record.data),
        }
    }

    /// A piece of standard input, or its end: then we finish sending.
    async fn on_piece(&mut self, piece: Option<Bytes>, headless: &Headless) -> Result<(), Failure> {
        let order = if let Some(data) = piece {
            self.in_flight.push_back(data.len() as u64);
            Command::Send { to: Recipient::All(SESSION), data }
        } else {
            self.input = None;
            Command::End { conn: SESSION.conn(1), how: CloseMode::HalfClose }
        };
        self.wait();
        loop {
            match headless.engine.command(order.clone()) {
                Err(failure) if failure.kind == FailureKind::Busy => {
                    tokio::time::sleep(RETRY).await;
                }
                outcome => return outcome,
            }
        }
    }

    /// Nothing more came: the end of the replies, or there was none. `None` = it goes on.
    async fn on_deadline(&mut self, headless: &mut Headless) -> Result<Option<u8>, Failure> {
        self.deadline = None;
        let unsent: u64 = self.in_flight.iter().sum();
        if self.input.is_some() && unsent == 0 && !self.awaits_reply {
            // More may be piped in; silence is not the end.
            return Ok(None);
        }
        self.output.end_pieces();
        headless.close(CloseMode::Close).await;
        let waited = self.arguments.timeout.or(self.arguments.wait).unwrap_or(FIRST_REPLY);
        let timed_out = |cause: String| {
            Err(Failure::new(Stage::Session, self.peer(), FailureKind::Timeout(waited), cause))
        };
        if unsent > 0 {
            return timed_out(format!(
                "the peer took nothing for {waited:?}; {unsent} bytes were not sent"
            ));
        }
        let is_done = self.replies > 0 || self.is_one_way() && self.steps == 0;
        if self.input.is_none() && (is_done || self.arguments.wait == Some(Duration::ZERO)) {
            return Ok(Some(exit::OK));
        }
        let (others, hint) = match self.left_out {
            0 => (String::new(), "wait longer with --timeout, or not at all with --wait 0"),
            count => (format!(" ({count} from others)"), "take replies of anybody with --any-peer"),
        };
        timed_out(format!("no reply within {waited:?}{others}"))
            .map_err(|failure| failure.hint(hint))
    }

    fn peer(&self) -> String {
        let peer = self.conns.values().find_map(|conn| conn.peer);
        peer.map(|peer| peer.to_string()).unwrap_or_default()
    }

    fn finish<T>(&mut self, outcome: Result<T, Failure>) -> Result<u8, Failure> {
        self.output.end_pieces();
        outcome.map(|_| exit::OK)
    }
}

async fn next_piece(input: &mut Option<Pieces>) -> Option<Result<Bytes, Failure>> {
    match input {
        Some(input) => input.recv().await,
        None => std::future::pending().await,
    }
}
