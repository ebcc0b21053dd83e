//! `send` to TCP, TLS and UDP: sends, prints replies until it is quiet or the peer closes.
//!
//! ```text
//! steps ─► (standard input ─► half-close) ─► replies ─► quiet for --wait, closed, or nothing
//! ```

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use tokio::io::Stdin;
use tokio::time::Instant;

use crate::args;
use crate::cli::exit;
use crate::cli::headless::{self, Headless, SESSION};
use crate::cli::output::{self, Output, Style};
use crate::cli::stdin;
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
/// A queue of ours that is full is tried again after this.
const RETRY: Duration = Duration::from_millis(2);

/// The state of a conversation.
struct CliConversation<'a> {
    arguments: &'a args::Send,
    /// Each write and each read is one message.
    datagrams: bool,
    output: Output,
    conns: BTreeMap<ConnId, ConnInfo>,
    /// Of datagrams only what comes from there is a reply; `None` = from anybody.
    home: Option<SocketAddr>,
    any_peer: bool,
    /// Datagrams left out because somebody else sent them.
    left_out: u64,
    /// Messages still to be sent by the session's steps.
    steps: usize,
    /// What is piped in; `None` when it is over or not wanted.
    input: Option<Stdin>,
    connected: bool,
    replies: u64,
    /// When waiting ends.
    deadline: Option<Instant>,
    interrupted: BoxFuture<'static, ()>,
}

/// Sends and prints; returns the exit status.
pub(super) async fn run(
    arguments: &args::Send,
    plan: Plan,
    headless: &mut Headless,
) -> Result<u8, Failure> {
    let steps = plan.steps();
    let piped = steps.is_empty() && !arguments.ignore_stdin && stdin::is_piped();
    let mut conversation = CliConversation {
        arguments,
        datagrams: plan.protocol().capabilities().datagrams,
        output: Output::new(&arguments.common),
        conns: BTreeMap::new(),
        home: None,
        any_peer: plan.takes_any_peer(),
        left_out: 0,
        steps: steps.iter().filter(|step| matches!(step, StepPlan::Send(_))).count(),
        input: None,
        connected: false,
        replies: 0,
        deadline: None,
        interrupted: headless::interrupted()?,
    };
    headless.open(plan)?;
    if piped {
        conversation.read_input(headless)?;
    }
    conversation.talk(headless).await
}

impl CliConversation<'_> {
    /// A datagram gets all of standard input; a stream gets it as it comes.
    fn read_input(&mut self, headless: &Headless) -> Result<(), Failure> {
        if !self.datagrams {
            self.input = Some(tokio::io::stdin());
            return Ok(());
        }
        let data = stdin::read_all()?;
        self.steps += 1;
        headless.engine.command(Command::Send { to: Recipient::All(SESSION), data })
    }

    async fn talk(&mut self, headless: &mut Headless) -> Result<u8, Failure> {
        loop {
            tokio::select! {
                biased;
                event = headless.next_event() => match event {
                    Some(Event::Done { outcome, .. }) => {
                        self.output.end_pieces()?;
                        return outcome.map(|_| exit::OK);
                    }
                    Some(event) => self.on_event(event, &headless.told)?,
                    None => return Ok(exit::OK),
                },
                piece = stdin::next_piece(&mut self.input), if self.connected => {
                    self.on_piece(piece, headless).await?;
                }
                () = clock::at(self.deadline) => {
                    if self.input.is_none() || self.replies == 0 {
                        return self.on_silence(headless).await;
                    }
                    // More may be piped in; the peer's silence is not the end.
                    self.deadline = None;
                }
                () = &mut self.interrupted => {
                    headless.close(CloseMode::Reset).await;
                    return Ok(exit::INTERRUPTED);
                }
            }
        }
    }

    fn on_event(&mut self, event: Event, told: &Disclosure) -> Result<(), Failure> {
        match event {
            Event::Phase { phase: Phase::Connected { peer, .. }, .. } => {
                self.connected = true;
                self.home = Some(peer).filter(|_| !self.any_peer);
                self.wait_for_reply();
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
            let is_reply =
                (record.kind, record.direction) == (RecordKind::Data, Direction::Received);
            match self.output.style {
                Style::Json => {
                    let line = ndjson::record(record, self.conns.get(&record.conn), told);
                    self.output.json(&line)?;
                }
                Style::Text if is_reply && self.datagrams => self.output.text(&record.data)?,
                Style::Text | Style::Raw if is_reply => self.output.piece(&record.data)?,
                Style::Text | Style::Raw => {}
            }
            if is_reply {
                self.replies += 1;
                self.deadline = Some(Instant::now() + self.arguments.wait.unwrap_or(QUIET));
            } else if (record.kind, record.direction) == (RecordKind::Data, Direction::Sent) {
                self.steps = self.steps.saturating_sub(1);
                self.wait_for_reply();
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

    /// Something was sent: the first reply is waited for from now on.
    fn wait_for_reply(&mut self) {
        if self.replies > 0 {
            return;
        }
        let wait = match self.arguments.wait {
            Some(Duration::ZERO) if self.steps == 0 && self.input.is_none() => Duration::ZERO,
            wait => {
                let wait = wait.filter(|wait| !wait.is_zero());
                self.arguments.timeout.or(wait).unwrap_or(FIRST_REPLY)
            }
        };
        self.deadline = Some(Instant::now() + wait);
    }

    /// A piece of standard input, or its end: then we finish sending.
    async fn on_piece(&mut self, piece: Option<Bytes>, headless: &Headless) -> Result<(), Failure> {
        self.wait_for_reply();
        let order = if let Some(data) = piece {
            Command::Send { to: Recipient::All(SESSION), data }
        } else {
            self.input = None;
            Command::End { conn: SESSION.conn(1), how: CloseMode::HalfClose }
        };
        loop {
            match headless.engine.command(order.clone()) {
                Err(failure) if failure.kind == FailureKind::Busy => {
                    tokio::time::sleep(RETRY).await;
                }
                outcome => return outcome,
            }
        }
    }

    /// Nothing more came: the end of the replies, or there was none.
    async fn on_silence(&mut self, headless: &mut Headless) -> Result<u8, Failure> {
        self.output.end_pieces()?;
        headless.close(CloseMode::Close).await;
        if self.replies > 0 || self.arguments.wait == Some(Duration::ZERO) {
            return Ok(exit::OK);
        }
        let waited = self.arguments.timeout.or(self.arguments.wait).unwrap_or(FIRST_REPLY);
        let peer = self.conns.values().find_map(|conn| conn.peer);
        let target = peer.map(|peer| peer.to_string()).unwrap_or_default();
        let (others, hint) = match self.left_out {
            0 => (String::new(), "wait longer with --timeout, or not at all with --wait 0"),
            count => (format!(" ({count} from others)"), "take replies of anybody with --any-peer"),
        };
        let cause = format!("no reply within {waited:?}{others}");
        let failure = Failure::new(Stage::Session, target, FailureKind::Timeout(waited), cause);
        Err(failure.hint(hint))
    }
}
