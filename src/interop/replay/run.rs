//! A replay under way: what is to be done now, and what came of it.
//!
//! ```text
//! Waiting ─► Opening ─► Live: step, step, …, and what came then, or quiet ─► Ending ─► Over
//! ```
//! A conversation begins when those that were over before it began then are over now. A step is done
//! when its time has come and as much has come back as had then; a peer that says less is waited for a
//! while, and then less and less. At most [`BYTES`] of a conversation are on their way to its socket.

use std::time::Duration;

use bytes::Bytes;

use super::talk::{ReplayAct, ReplayAnswers, ReplayTalk, ReplayTarget};
use crate::model::failure::Failure;
use crate::model::plan::Plan;
use crate::model::record::{Direction, Record, RecordKind};
use crate::model::timing::Stamp;

/// Conversations that are open at once.
const OPEN: usize = 64;
/// Bytes and messages of one that are on their way.
const BYTES: u64 = 256 * 1024;
const MESSAGES: u64 = 16;
/// Orders of one turn, which the engine's queue takes; the rest follow this long after.
const ORDERS: usize = 32;
const NEXT: Duration = Duration::from_millis(1);
/// How long a peer that says nothing is waited for, and one that has begun to say something.
const SILENT: Duration = Duration::from_secs(5);
const QUIET: Duration = Duration::from_secs(1);
/// The shortest of these waits, after many in vain.
const SHORTEST: Duration = Duration::from_millis(100);
/// How long more than what came then may take, and an answer where none came.
const LINGER: Duration = Duration::from_millis(100);
const UNASKED: Duration = Duration::from_millis(250);
/// Bytes of answers kept beyond as many as came then.
const MORE: u64 = 1024 * 1024;

/// When a step is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReplayPace {
    /// At its time, so many thousandths as fast as then.
    Timed { permille: u32 },
    /// As soon as what came before it has come.
    Free,
    /// When somebody says so.
    Stepwise,
}

impl ReplayPace {
    /// As it was.
    pub const ORIGINAL: ReplayPace = ReplayPace::Timed { permille: 1000 };

    /// The pace that is written so: `2`, `0.5`, `10x`, `max`.
    ///
    /// # Errors
    /// A sentence that says why it is none.
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if text == "max" {
            return Ok(ReplayPace::Free);
        }
        let number = text.strip_suffix('x').unwrap_or(text).parse::<f64>();
        match number {
            Ok(speed) if (0.001..=1000.0).contains(&speed) => {
                Ok(ReplayPace::Timed { permille: (speed * 1000.0).round() as u32 })
            }
            _ => Err("a speed is a number from 0.001 to 1000 (2 = twice as fast), or max".into()),
        }
    }

    /// How long a time of then takes now.
    fn scaled(self, span: Duration) -> Duration {
        match self {
            ReplayPace::Timed { permille } => span.mul_f64(1000.0 / f64::from(permille.max(1))),
            ReplayPace::Free | ReplayPace::Stepwise => Duration::ZERO,
        }
    }
}

/// What a shell does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReplayOrder {
    /// Open the session of a conversation.
    Open(usize),
    Send(usize, Bytes),
    /// Its side finishes sending.
    Finish(usize),
    /// Close it.
    Close(usize),
    /// End it at once.
    Abort(usize),
}

/// What is to be done now, and when there may be more although nothing happens.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReplayTurn {
    pub orders: Vec<ReplayOrder>,
    pub wake: Option<Stamp>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum TalkState {
    Waiting,
    Opening,
    Live,
    Ending,
    Over,
}

/// One conversation.
#[derive(Debug)]
pub(super) struct RunningTalk {
    pub(super) talk: ReplayTalk,
    pub(super) new: ReplayAnswers,
    /// Steps that were handed over.
    next: usize,
    handed: Amount,
    pub(super) sent: Amount,
    state: TalkState,
    /// When something happened last.
    active: Stamp,
    /// Something came since the last step.
    is_answered: bool,
    peer_finished: bool,
    /// Waits in vain so far.
    pub(super) in_vain: u32,
    kept: u64,
    /// Why not all was said.
    pub(super) failed: Option<String>,
    /// A remark about its end.
    pub(super) ended: Option<String>,
}

/// Messages and bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Amount {
    pub(super) messages: u64,
    pub(super) bytes: u64,
}

/// The replay.
#[derive(Debug)]
pub struct ReplayRun {
    pub(super) talks: Vec<RunningTalk>,
    pace: ReplayPace,
    began: Option<Stamp>,
    /// Steps that somebody has asked for.
    granted: usize,
}

impl ReplayRun {
    /// One that has not begun.
    #[must_use]
    pub fn new(talks: Vec<ReplayTalk>, pace: ReplayPace) -> Self {
        let talks = talks.into_iter().map(RunningTalk::new).collect();
        ReplayRun { talks, pace, began: None, granted: 0 }
    }

    /// Whether all conversations are over.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.talks.iter().all(|it| it.state == TalkState::Over)
    }

    /// Steps that were done, and all there are.
    #[must_use]
    pub fn progress(&self) -> (usize, usize) {
        let sum = |of: fn(&RunningTalk) -> usize| self.talks.iter().map(of).sum();
        (sum(|it| it.next), sum(|it| it.talk.steps.len()))
    }

    /// The conversation and step that comes next, of a replay step by step.
    #[must_use]
    pub fn next_step(&self) -> Option<(&ReplayTalk, &ReplayAct)> {
        let it = self.talks.get(self.next_talk()?)?;
        Some((&it.talk, &it.talk.steps.get(it.next)?.act))
    }

    /// How fast it goes.
    #[must_use]
    pub fn pace(&self) -> ReplayPace {
        self.pace
    }

    /// One step more, of a replay step by step; whether there is one that can be done now.
    pub fn step(&mut self) -> bool {
        let (done, all) = self.progress();
        let is_new = self.granted <= done && done < all;
        self.grant(usize::from(is_new));
        is_new
    }

    /// So many steps more.
    pub fn grant(&mut self, steps: usize) {
        self.granted = (self.granted + steps).min(self.progress().1);
    }

    /// Whether nothing goes on before somebody asks for the next step.
    #[must_use]
    pub fn awaits_step(&self) -> bool {
        let is_sent = !self.talks.iter().any(RunningTalk::is_under_way);
        self.pace == ReplayPace::Stepwise && self.granted <= self.progress().0 && is_sent
    }

    /// One of its conversations.
    #[must_use]
    pub fn talk(&self, at: usize) -> Option<&ReplayTalk> {
        self.talks.get(at).map(|it| &it.talk)
    }

    /// The session that says a conversation at this target.
    ///
    /// # Errors
    /// Why there cannot be one.
    pub fn plan(&self, at: usize, target: &ReplayTarget) -> Result<Plan, String> {
        let it = self.talks.get(at).ok_or("there is no such conversation")?;
        it.talk.plan(target)
    }

    /// The session of a conversation is up.
    pub fn opened(&mut self, talk: usize, now: Stamp) {
        if let Some(it) = self.talks.get_mut(talk).filter(|it| it.state == TalkState::Opening) {
            it.state = TalkState::Live;
            it.active = now;
        }
    }

    /// Something happened on its connection.
    pub fn record(&mut self, talk: usize, record: &Record, now: Stamp) {
        if let Some(it) = self.talks.get_mut(talk) {
            it.record(record, now);
        }
    }

    /// Something could not be carried out.
    pub fn refused(&mut self, talk: usize, failure: &Failure) {
        if let Some(it) = self.talks.get_mut(talk) {
            it.failed.get_or_insert(failure.to_string());
        }
    }

    /// Its session is over.
    pub fn ended(&mut self, talk: usize, outcome: Result<&str, &Failure>) {
        let Some(it) = self.talks.get_mut(talk) else { return };
        it.state = TalkState::Over;
        let words = outcome.map_or_else(ToString::to_string, str::to_owned);
        if !it.is_said() {
            it.failed.get_or_insert(words);
        } else if outcome.is_err() {
            it.ended.get_or_insert(words);
        }
    }

    /// Nothing more is said.
    pub fn stop(&mut self) -> Vec<ReplayOrder> {
        let mut orders = Vec::new();
        for (at, it) in self.talks.iter_mut().enumerate() {
            if it.state != TalkState::Over && !it.is_said() {
                it.failed.get_or_insert("stopped".into());
            }
            match it.state {
                TalkState::Waiting => it.state = TalkState::Over,
                TalkState::Opening | TalkState::Live | TalkState::Ending => {
                    it.state = TalkState::Ending;
                    orders.push(ReplayOrder::Abort(at));
                }
                TalkState::Over => {}
            }
        }
        orders
    }

    /// What is to be done now.
    pub fn turn(&mut self, now: Stamp) -> ReplayTurn {
        let began = *self.began.get_or_insert(now);
        let epoch = self.talks.first().map_or(now, |it| it.talk.began);
        let mut turn = ReplayTurn::default();
        let chosen = (self.pace == ReplayPace::Stepwise).then(|| self.next_talk());
        let mut open = self.talks.iter().filter(|it| it.is_open()).count();
        let is_running = |it: &&RunningTalk| it.state != TalkState::Over;
        let first_end = self.talks.iter().filter(is_running).map(|it| it.talk.ended).min();
        let may_step = self.granted > self.progress().0;
        for (at, it) in self.talks.iter_mut().enumerate() {
            if turn.orders.len() >= ORDERS {
                turn.wake = Some(now + NEXT);
                break;
            }
            let due = |then: Stamp| began + self.pace.scaled(then.since(epoch));
            if it.failed.is_some() && matches!(it.state, TalkState::Opening | TalkState::Live) {
                it.state = TalkState::Ending;
                turn.orders.push(ReplayOrder::Abort(at));
            }
            let wake = match it.state {
                TalkState::Waiting => {
                    let is_next = first_end.is_none_or(|end| end >= it.talk.began);
                    let is_chosen = chosen.is_none_or(|next| next == Some(at));
                    if open >= OPEN || !is_next || !is_chosen {
                        None
                    } else if due(it.talk.began) > now {
                        Some(due(it.talk.began))
                    } else {
                        open += 1;
                        it.state = TalkState::Opening;
                        turn.orders.push(ReplayOrder::Open(at));
                        None
                    }
                }
                TalkState::Live => {
                    let gate = match chosen {
                        None => Gate::Timed,
                        Some(next) => Gate::Asked(next == Some(at) && may_step),
                    };
                    it.go_on(at, now, gate, &due, &mut turn.orders)
                }
                TalkState::Opening | TalkState::Ending | TalkState::Over => None,
            };
            turn.wake = [turn.wake, wake].into_iter().flatten().min();
        }
        turn
    }

    /// The conversation whose next step was the first of all then.
    fn next_talk(&self) -> Option<usize> {
        let next = |it: &RunningTalk| {
            let is_alive = it.state != TalkState::Over && it.failed.is_none();
            it.talk.steps.get(it.next).filter(|_| is_alive).map(|step| step.at)
        };
        let with_step = self.talks.iter().enumerate();
        let steps = with_step.filter_map(|(at, it)| Some((next(it)?, at)));
        steps.min().map(|(_, at)| at)
    }
}

/// What opens the way to the next step.
#[derive(Debug, Clone, Copy)]
enum Gate {
    Timed,
    /// Somebody asked for it, or did not yet.
    Asked(bool),
}

impl RunningTalk {
    fn new(talk: ReplayTalk) -> Self {
        RunningTalk {
            talk,
            new: ReplayAnswers::default(),
            next: 0,
            handed: Amount::default(),
            sent: Amount::default(),
            state: TalkState::Waiting,
            active: Stamp::default(),
            is_answered: false,
            peer_finished: false,
            in_vain: 0,
            kept: 0,
            failed: None,
            ended: None,
        }
    }

    fn is_open(&self) -> bool {
        matches!(self.state, TalkState::Opening | TalkState::Live | TalkState::Ending)
    }

    /// Whether all its steps have left.
    pub(super) fn is_said(&self) -> bool {
        self.next == self.talk.steps.len() && !self.is_under_way()
    }

    fn is_under_way(&self) -> bool {
        if self.talk.is_datagrams() {
            self.sent.messages < self.handed.messages
        } else {
            self.sent.bytes < self.handed.bytes
        }
    }

    fn record(&mut self, record: &Record, now: Stamp) {
        match (record.kind, record.direction) {
            (RecordKind::Data, Direction::Sent) => {
                self.sent.messages += 1;
                self.sent.bytes += record.original_len;
            }
            (RecordKind::Data, Direction::Received) => {
                self.is_answered = true;
                let room = (self.talk.old.len + MORE).saturating_sub(self.kept) as usize;
                let kept = record.data.slice(..record.data.len().min(room));
                self.kept += kept.len() as u64;
                self.new.push(&kept, record.original_len);
            }
            (RecordKind::Finished, Direction::Received) => self.peer_finished = true,
            // A datagram that could not be sent, or came back.
            (RecordKind::Failed, _) if self.talk.is_datagrams() => {
                self.failed.get_or_insert(String::from_utf8_lossy(&record.data).into_owned());
            }
            _ => return,
        }
        self.active = now;
    }

    /// How long it is waited for what came then.
    fn patience(&self) -> Duration {
        let wait = if self.is_answered { QUIET } else { SILENT };
        (wait / 2_u32.pow(self.in_vain.min(8))).max(SHORTEST)
    }

    /// Whether as much has come back as had before; else until when it is waited for.
    fn has_heard(&mut self, wanted: u64, now: Stamp) -> Result<(), Stamp> {
        let is_here = self.new.count(self.talk.is_datagrams()) >= wanted || self.peer_finished;
        let until = self.active + self.patience();
        if !is_here && now < until {
            return Err(until);
        }
        self.in_vain += u32::from(!is_here);
        Ok(())
    }

    /// Does what can be done now; returns when there may be more.
    fn go_on(
        &mut self,
        at: usize,
        now: Stamp,
        gate: Gate,
        due: &dyn Fn(Stamp) -> Stamp,
        orders: &mut Vec<ReplayOrder>,
    ) -> Option<Stamp> {
        while let Some(step) = self.talk.steps.get(self.next).cloned() {
            let waiting = Amount {
                messages: self.handed.messages.saturating_sub(self.sent.messages),
                bytes: self.handed.bytes.saturating_sub(self.sent.bytes),
            };
            let is_full = waiting.bytes >= BYTES || waiting.messages >= MESSAGES;
            if is_full && self.is_under_way() {
                return None;
            }
            match gate {
                Gate::Asked(false) => return None,
                Gate::Asked(true) => {}
                Gate::Timed => {
                    if due(step.at) > now {
                        return Some(due(step.at));
                    }
                    if let Err(until) = self.has_heard(step.heard, now) {
                        return Some(until);
                    }
                }
            }
            self.next += 1;
            self.active = now;
            self.is_answered = false;
            match step.act {
                ReplayAct::Send(data) => {
                    self.handed.messages += 1;
                    self.handed.bytes += data.len() as u64;
                    orders.push(ReplayOrder::Send(at, data));
                }
                ReplayAct::Finish => orders.push(ReplayOrder::Finish(at)),
            }
            if matches!(gate, Gate::Asked(_)) {
                return None;
            }
        }
        if self.is_under_way() {
            return None;
        }
        self.concludes(at, now, orders)
    }

    /// All is said: the end, or how long it is waited for answers.
    fn concludes(&mut self, at: usize, now: Stamp, orders: &mut Vec<ReplayOrder>) -> Option<Stamp> {
        let wanted = self.talk.old.count(self.talk.is_datagrams());
        let until = match self.new.count(self.talk.is_datagrams()) {
            _ if self.peer_finished => now,
            0 if wanted == 0 => self.active + UNASKED,
            count if count >= wanted => self.active + LINGER,
            _ => self.active + self.patience(),
        };
        if until > now {
            return Some(until);
        }
        self.state = TalkState::Ending;
        orders.push(ReplayOrder::Close(at));
        None
    }
}
