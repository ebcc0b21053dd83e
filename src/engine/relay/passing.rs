//! What a client and a server say to each other, passed on as it comes: bytes, ends (FIN) and
//! resets, either way.
//!
//! ```text
//!            ┌──────────── up: read, then written ───────────►┐
//! client ◄───┤  told: what is read here, and what is written  ├───► target
//!            └◄─────────── down: read, then written ──────────┘
//! ```
//!
//! Each byte is told once, on the client's half: as received when it was read there, as sent when it
//! was written there. So that conversation is what the client has seen, in its order and times. What
//! was read of the target and never reached the client is told on the target's half instead, and
//! what the client sent and the target never got is counted in words.
//!
//! One task owns both sockets. A way reads no more while [`AHEAD`] bytes wait to be written, so each
//! side feels how slow the other is.

mod holding;
mod left_over;
mod rewriting;
mod stuck;
mod unread;

use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::io::{ReadHalf, WriteHalf};
use tokio::sync::watch;
use tokio::time::Instant;

use self::unread::{UnreadHalf, UnreadStep};
use super::{Ending, FaultWatch};
use crate::engine::clock;
use crate::engine::command::CloseMode;
use crate::engine::faults::line::{FaultLine, FaultStep, TakenIn};
use crate::engine::holds::HoldVerdict;
use crate::engine::holds::line::{HoldLine, InTransit};
use crate::engine::outbound::{Origin, OutboundQueue};
use crate::engine::rewrites::Rewrites;
use crate::engine::rewrites::line::RewriteLine;
use crate::engine::session::SessionHandle;
use crate::engine::sink::{Sink, StampGuard};
use crate::engine::stream_io::{receive, write_or_finish};
use crate::engine::transport::explain;
use crate::engine::transport::stream::{Stream, is_unix, reset, told_reset};
use crate::model::failure::{Failure, FailureKind, Stage};
use crate::model::fault::FaultMarks;
use crate::model::id::ConnId;
use crate::model::record::{ConnInfo, Direction, RecordKind, RelayPair};

/// Bytes waiting to be written above which a way reads no more.
const AHEAD: usize = 64 * 1024;
/// How long a close, or a half that is left, waits for writes that are stuck.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long a close goes on reading after our FINs, so that late bytes cause no RST.
const LINGER: Duration = Duration::from_millis(100);

/// Bytes that wait, for a write or for faults, above which a way with faults reads no more: those that
/// are delayed are on their way, as on a long line.
const AHEAD_DELAYED: usize = 1024 * 1024;

/// What is passed on besides the streams.
pub(super) struct Passing {
    pub(super) session: SessionHandle,
    pub(super) pair: RelayPair,
    /// The client's half, as a hold asks about it.
    pub(super) conn: ConnInfo,
    /// How client and target are called in failures.
    pub(super) names: [String; 2],
    pub(super) ending: Ending,
    pub(super) faults: FaultWatch,
    pub(super) rewrites: watch::Receiver<Arc<Rewrites>>,
}

/// One of the two connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Half {
    Client,
    Target,
}

/// What goes from one half to the other.
#[expect(clippy::struct_excessive_bools, reason = "each end of each way comes by itself")]
struct Way {
    read: ReadHalf<Stream>,
    write: WriteHalf<Stream>,
    outgoing: OutboundQueue,
    /// What may be a part of what rules look for, until then.
    rewrites: RewriteLine,
    kept_until: Option<Instant>,
    /// What waits for a decision, before faults get it.
    holds: HoldLine,
    line: FaultLine,
    /// Of what is in `outgoing`: what touched it, and whether it is not what was read.
    touched: (FaultMarks, bool),
    /// A fault ended it: nothing more is passed on but the end.
    is_shut: bool,
    /// Nothing more can be read.
    is_read: bool,
    /// Our FIN is out.
    is_finished: bool,
    /// Nothing more goes this way.
    is_cut: bool,
    received: u64,
    /// Bytes that were read and do not go out any more.
    dropped: u64,
    /// Those of them that somebody said were to be left out: they are told one by one.
    dropped_by_hold: u64,
}

/// A way did something.
enum WayStep {
    Read(io::Result<Bytes>),
    Wrote(io::Result<usize>, StampGuard),
    Finished(io::Result<usize>, StampGuard),
    /// Something that faults delayed may be due.
    Due,
    /// About the first that waits for it.
    Decided(HoldVerdict),
}

/// Something happened.
enum Happening {
    Faults,
    Step(Half, WayStep),
    Unread(Half, UnreadStep),
    Ordered(CloseMode),
    Late,
}

/// Why it is over.
enum End {
    Closed(&'static str),
    Reset(&'static str),
    Broke(Half, Failure),
}

struct Live {
    setup: Passing,
    up: Way,
    down: Way,
    is_closing: bool,
    /// A half that is gone: what it said before is still passed on.
    broken: Option<(Half, Failure)>,
    /// When patience ends.
    until: Option<Instant>,
    /// Whether client and target are not read for long, and the one that is to be looked at.
    unread: [UnreadHalf; 2],
    to_look_at: Option<Half>,
}

impl Half {
    fn other(self) -> Half {
        match self {
            Half::Client => Half::Target,
            Half::Target => Half::Client,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Half::Client => "client",
            Half::Target => "server",
        }
    }

    fn conn(self, pair: RelayPair) -> ConnId {
        match self {
            Half::Client => pair.client,
            Half::Target => pair.target,
        }
    }
}

impl Passing {
    /// Passes on until both connections are over; how they ended is recorded on each.
    pub(super) async fn run(mut self, client: Stream, target: Stream) {
        let (client_read, client_write) = tokio::io::split(client);
        let (target_read, target_write) = tokio::io::split(target);
        let (faults, number, conn) = (self.faults.now(), self.pair.client.index, &self.conn);
        let of_way = |from_client| FaultLine::new(&faults, number, true, from_client).of_conn(conn);
        let mut live = Live {
            up: Way::new(client_read, target_write, of_way(true)),
            down: Way::new(target_read, client_write, of_way(false)),
            setup: self,
            is_closing: false,
            broken: None,
            until: None,
            unread: Default::default(),
            to_look_at: None,
        };
        loop {
            if let Some(end) = live.turn().await {
                return live.end(end);
            }
            if live.to_look_at.is_some() {
                live = live.looking();
            }
        }
    }
}

impl Way {
    fn new(read: ReadHalf<Stream>, write: WriteHalf<Stream>, line: FaultLine) -> Self {
        Way {
            read,
            write,
            outgoing: OutboundQueue::default(),
            rewrites: RewriteLine::default(),
            kept_until: None,
            holds: HoldLine::default(),
            line,
            touched: Default::default(),
            is_shut: false,
            is_read: false,
            is_finished: false,
            is_cut: false,
            received: 0,
            dropped: 0,
            dropped_by_hold: 0,
        }
    }

    /// Everything that was said is passed on, the end too.
    fn is_over(&self) -> bool {
        self.is_read && self.is_finished
    }

    /// Whether nothing waits to be written any more.
    fn is_passed_on(&self) -> bool {
        let is_kept = !self.rewrites.is_empty();
        self.outgoing.front().is_none() && self.line.is_empty() && self.holds.is_empty() && !is_kept
    }

    /// More may be read: not too much waits to be written.
    fn has_room(&self) -> bool {
        let waiting = self.outgoing.unsent() + self.line.waiting() + self.holds.waiting();
        let is_held = self.line.is_plain() || self.line.is_stalled();
        waiting < if is_held { AHEAD } else { AHEAD_DELAYED }
    }

    /// Makes the next piece that is due ready to be written, one at a time; says what end a fault makes.
    fn release(&mut self, now: Duration) -> Option<FaultStep> {
        while self.outgoing.front().is_none() && !self.is_shut {
            match self.line.pop_due(now)? {
                FaultStep::Piece { data, marks, differs } => {
                    self.touched = (marks, differs);
                    self.outgoing.push_bytes(data, Origin::User, Duration::ZERO);
                }
                FaultStep::Stall => {}
                end @ (FaultStep::Reset | FaultStep::HalfClose) => return Some(end),
            }
        }
        None
    }

    /// A fault ends it: what waits is not passed on.
    fn shut(&mut self) {
        self.is_shut = true;
        self.dropped += self.line.drain().iter().map(|data| data.len() as u64).sum::<u64>();
    }

    /// The next step once there is one. `finishes`: what is written last is our FIN. Safe to drop.
    async fn next(
        &mut self,
        events: &Sink,
        finishes: bool,
        (drops, due): (bool, Option<Instant>),
    ) -> WayStep {
        let drops = drops || self.is_shut;
        let may_read = !self.is_read && !self.is_cut && (drops || self.has_room());
        let is_last = self.is_passed_on() && !self.line.is_stalled();
        let Way { read, write, outgoing, holds, .. } = self;
        let has_output = !self.is_cut && outgoing.front().is_some();
        let may_finish = finishes && !self.is_cut && is_last && !self.is_finished;
        let waits = !self.is_cut && !has_output;
        tokio::select! {
            read = receive(read, events), if may_read => WayStep::Read(read),
            (done, held) = write_or_finish(outgoing, write, events), if has_output || may_finish => {
                if has_output { WayStep::Wrote(done, held) } else { WayStep::Finished(done, held) }
            }
            () = clock::at(due), if waits => WayStep::Due,
            verdict = holds.decided(), if !holds.is_empty() => WayStep::Decided(verdict),
            else => std::future::pending().await,
        }
    }
}

impl Live {
    /// Waits for the next thing to happen and takes it in.
    async fn turn(&mut self) -> Option<End> {
        self.release_kept(Half::Client, true);
        self.release_kept(Half::Target, true);
        if let Some(end) = self.release() {
            return Some(end);
        }
        let is_ending = self.is_closing || self.broken.is_some();
        self.unread[0].notice(!is_ending && self.up.is_stuck());
        self.unread[1].notice(!is_ending && self.down.is_stuck());
        let Live { setup, up, down, is_closing, broken, until, unread, .. } = self;
        let [client, target] = unread;
        let (events, drops) = (&setup.session.events, *is_closing);
        let finishes = |way: &Way| broken.is_none() && (way.is_read || way.is_shut || drops);
        let (up_finishes, down_finishes) = (finishes(up), finishes(down));
        let due = |way: &Way| {
            let line = way.line.next_due().map(|due| setup.faults.started + due);
            (drops, line.into_iter().chain(way.kept_until).min())
        };
        let (up_due, down_due) = (due(up), due(down));
        let happened = tokio::select! {
            () = setup.session.cancel.cancelled() => return Some(End::Reset("reset by us")),
            how = setup.ending.ordered() => Happening::Ordered(how),
            Ok(()) = setup.faults.watch.changed() => Happening::Faults,
            step = up.next(events, up_finishes, up_due) => Happening::Step(Half::Client, step),
            step = down.next(events, down_finishes, down_due) => Happening::Step(Half::Target, step),
            step = client.next() => Happening::Unread(Half::Client, step),
            step = target.next() => Happening::Unread(Half::Target, step),
            () = clock::at(*until) => Happening::Late,
        };
        match happened {
            Happening::Ordered(CloseMode::Reset) => return Some(End::Reset("reset by us")),
            Happening::Ordered(CloseMode::Close | CloseMode::HalfClose) => self.close(),
            Happening::Faults => {
                let faults = self.setup.faults.now();
                self.up.line.change(&faults);
                self.down.line.change(&faults);
            }
            Happening::Late => return Some(self.out_of_patience()),
            Happening::Step(_, WayStep::Due) => {}
            Happening::Unread(half, step) => self.unread(half, step),
            Happening::Step(from, WayStep::Decided(verdict)) => self.decided(from, verdict),
            Happening::Step(from, WayStep::Read(read)) => self.read(from, read),
            Happening::Step(from, WayStep::Wrote(wrote, held)) => self.wrote(from, wrote, held),
            Happening::Step(from, WayStep::Finished(done, held)) => {
                self.finished(from, &done, held);
            }
        }
        self.is_over()
    }

    fn way(&mut self, from: Half) -> &mut Way {
        match from {
            Half::Client => &mut self.up,
            Half::Target => &mut self.down,
        }
    }

    /// Makes what faults let go of ready to be written, and does the ends they make.
    fn release(&mut self) -> Option<End> {
        let now = self.setup.faults.started.elapsed();
        for from in [Half::Client, Half::Target] {
            let end = self.way(from).release(now);
            let (name, conn) = (from.name(), from.other().conn(self.setup.pair));
            let events = &self.setup.session.events;
            match end {
                Some(FaultStep::Reset) => {
                    return Some(End::Reset("reset by us: a fault asks for it"));
                }
                Some(FaultStep::HalfClose) => {
                    let text = format!("a fault ends what the {name} sends");
                    events.note(conn, Direction::Local, RecordKind::Note, text);
                    self.way(from).shut();
                }
                Some(FaultStep::Piece { .. } | FaultStep::Stall) | None => {}
            }
        }
        None
    }

    fn close(&mut self) {
        self.release_kept(Half::Client, false);
        self.release_kept(Half::Target, false);
        // What was held to be looked at first does not slip through because somebody closes.
        self.let_go_of_held(Half::Client);
        self.let_go_of_held(Half::Target);
        // Who closes does not wait for faults.
        self.up.line.let_go();
        self.down.line.let_go();
        self.is_closing = true;
        self.until.get_or_insert_with(|| Instant::now() + PATIENCE);
    }

    fn is_over(&mut self) -> Option<End> {
        if let Some((half, _)) = &self.broken {
            let left = match half {
                Half::Client => &self.up,
                Half::Target => &self.down,
            };
            let is_passed_on = left.is_cut || left.is_read && left.is_passed_on();
            if !is_passed_on {
                return None;
            }
            return self.broken.take().map(|(half, failure)| End::Broke(half, failure));
        }
        let by_us = self.is_closing;
        (self.up.is_over() && self.down.is_over()).then_some(End::Closed(if by_us {
            "closed by us"
        } else {
            "closed, both sides finished"
        }))
    }

    fn out_of_patience(&mut self) -> End {
        match self.broken.take() {
            Some((half, failure)) => End::Broke(half, failure),
            None if self.up.is_finished && self.down.is_finished => End::Closed("closed by us"),
            None => End::Reset("reset by us: what was still to be passed on was not taken"),
        }
    }

    fn read(&mut self, from: Half, result: io::Result<Bytes>) {
        let conn = from.conn(self.setup.pair);
        let words = match result {
            Ok(data) if data.is_empty() => format!("the {} finished sending", from.name()),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => format!(
                "the {} finished sending without TLS close_notify: the end may be cut off",
                from.name()
            ),
            Ok(data) => return self.take_in(from, data),
            Err(error) => {
                self.release_kept(from, false);
                self.way(from).is_read = true;
                return self.broke(from, Stage::Session, &error);
            }
        };
        self.release_kept(from, false);
        self.way(from).is_read = true;
        // Of a half that is known to be gone more is told at the end.
        if self.broken.is_none() {
            let (way, kind) = (Direction::Received, RecordKind::Finished);
            self.setup.session.events.note(conn, way, kind, words);
        }
    }

    fn take_in(&mut self, from: Half, data: Bytes) {
        let (is_closing, pair) = (self.is_closing, self.setup.pair);
        let way = self.way(from);
        let len = data.len() as u64;
        way.received += len;
        if is_closing || way.is_shut {
            way.dropped += len;
            return self.setup.session.events.received(from.conn(pair), data, len);
        }
        if let Some(going) = self.rewrite(from, data) {
            self.go_on(from, going);
        }
    }

    /// Hands on what rules let go of, by way of hold and faults.
    fn go_on(&mut self, from: Half, mut going: InTransit) {
        if self.asks_hold(from) {
            match self.ask_hold(from, going) {
                Some(goes_on) => going = goes_on,
                None => return,
            }
        }
        let InTransit { original, data, marks, is_told } = going;
        let taken = self.put(from, (&original, data), marks);
        // What the server says is told when it reaches the client, if it does and as it does.
        if !is_told && (from == Half::Client || taken.differs) {
            let conn = from.conn(self.setup.pair);
            self.setup.session.events.received_touched(conn, original, taken.marks);
        }
    }

    /// Hands on what is to be passed on in place of what was read, by way of the faults.
    fn put(&mut self, from: Half, (original, data): (&Bytes, Bytes), marks: FaultMarks) -> TakenIn {
        let now = self.setup.faults.started.elapsed();
        let way = self.way(from);
        if way.is_shut {
            way.dropped += data.len() as u64;
            return TakenIn { marks, ..TakenIn::default() };
        }
        let is_plain = way.line.is_plain() && way.touched == Default::default();
        if !is_plain || !marks.is_empty() || data != *original {
            return way.line.take_held(data, (original, marks), now);
        }
        way.outgoing.push_bytes(data, Origin::User, Duration::ZERO);
        TakenIn::default()
    }

    fn wrote(&mut self, from: Half, result: io::Result<usize>, held: StampGuard) {
        let to = from.other();
        match result {
            Ok(count) => {
                let way = self.way(from);
                let data = way.outgoing.written(count);
                let (marks, differs) = way.touched;
                if way.outgoing.front().is_none() {
                    way.touched = Default::default();
                }
                // What the client sent is told already, unless something else has gone out.
                if to == Half::Client || differs {
                    let conn = to.conn(self.setup.pair);
                    self.setup.session.events.sent_touched(held, conn, data, marks);
                }
            }
            Err(error) => {
                drop(held);
                self.broke(to, Stage::Send, &error);
            }
        }
    }

    fn finished(&mut self, from: Half, result: &io::Result<usize>, held: StampGuard) {
        let to = from.other().conn(self.setup.pair);
        self.way(from).is_finished = true;
        // One that is gone by itself has nothing to be told; reading from it says so.
        if result.is_ok() {
            self.setup.session.events.finished_sending(held, to);
        }
        if self.is_closing && self.up.is_finished && self.down.is_finished {
            self.until = Some(Instant::now() + LINGER);
        }
    }

    /// One half is gone. What it said before is still passed on, and nothing goes to it any more.
    fn broke(&mut self, half: Half, stage: Stage, error: &io::Error) {
        let name = &self.setup.names[usize::from(half == Half::Target)];
        let received = match half {
            Half::Client => self.up.received,
            Half::Target => self.down.received,
        };
        let failure = explain::stream_failure(stage, name, error, received);
        self.way(half.other()).is_cut = true;
        // Nobody is left to decide for: neither what it said nor what it would have got.
        self.let_go_of_held(Half::Client);
        self.let_go_of_held(Half::Target);
        // A socket that is reset gives what had come before; any other failure may keep it for ever.
        if failure.kind != FailureKind::Reset {
            self.way(half).is_read = true;
        }
        // Of two the first is told in full.
        if self.broken.is_none() {
            self.broken = Some((half, failure));
            self.until = Some(Instant::now() + PATIENCE);
        }
    }

    /// Lets go of both sockets and records how, and what was not passed on.
    fn end(mut self, end: End) {
        self.let_go_of_held(Half::Client);
        self.let_go_of_held(Half::Target);
        self.tell_left(Half::Client);
        self.tell_left(Half::Target);
        let Live { setup: Passing { session, pair, .. }, up, down, .. } = self;
        let client = up.read.unsplit(down.write);
        let target = down.read.unsplit(up.write);
        let tell = |half: Half, direction, kind, words: &str| {
            session.events.note(half.conn(pair), direction, kind, words);
        };
        let tell_reset = |half: Half, stream: &Stream, words: &str| {
            let (direction, kind, words) = told_reset(is_unix(stream), words);
            tell(half, direction, kind, &words);
        };
        match end {
            End::Closed(words) => {
                tell(Half::Client, Direction::Local, RecordKind::Closed, words);
                tell(Half::Target, Direction::Local, RecordKind::Closed, words);
            }
            End::Reset(words) => {
                tell_reset(Half::Client, &client, words);
                tell_reset(Half::Target, &target, words);
                // The whole program ends: they are let go as that does it.
                if !session.is_stopping() {
                    reset(client);
                    reset(target);
                }
            }
            End::Broke(half, failure) => {
                session.events.broke(half.conn(pair), &failure);
                let what = if failure.kind == FailureKind::Reset { "was reset" } else { "failed" };
                let words = format!("reset by us: the connection of the {} {what}", half.name());
                let other = match half {
                    Half::Client => target,
                    Half::Target => client,
                };
                tell_reset(half.other(), &other, &words);
                reset(other);
            }
        }
    }
}
