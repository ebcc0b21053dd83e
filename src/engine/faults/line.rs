//! What faults make of one way of one client: bytes or datagrams in, the same in time and changed out.
//! Pure; times are since the start of the relay.
//!
//! Of a stream the pieces that come out are in the order of what went in, whatever the delays are;
//! what is dropped of it stands behind an end that a fault made. Datagrams may overtake each other.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};

use super::asked::AskedAbout;
use super::chance::Chance;
use super::{Fault, Faults};
use crate::model::exchange_facts::ExchangeFacts;
use crate::model::fault::{FaultEffect, FaultKind, FaultMarks};
use crate::model::record::ConnInfo;

/// Datagrams and bytes that wait at most; a stream is asked for room before it is read.
const WAITING: (usize, usize) = (4_096, 1024 * 1024);
/// Bytes that are merged into one write at most.
const MERGED: usize = 64 * 1024;
/// How long a datagram waits for those that shall overtake it.
const OVERTAKEN: Duration = Duration::from_secs(1);
/// How often a second something leaves that has a rate.
const TRICKLES: u32 = 20;

/// One way of one client.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub(crate) struct FaultLine {
    /// Of the connection.
    number: u32,
    faults: Arc<Faults>,
    states: Vec<FaultState>,
    chance: Chance,
    is_stream: bool,
    from_client: bool,
    /// By due time and order.
    queue: BTreeMap<(Duration, u64), FaultStep>,
    order: u64,
    waiting: usize,
    /// Of a stream nothing is due before that.
    last_due: Duration,
    merging: Option<Merging>,
    late: VecDeque<Late>,
    stalled: Stalled,
    /// What goes in next belongs to what went in before.
    continues: bool,
    /// What goes in are messages, which the whole relay counts: many clients say one each.
    of_messages: bool,
    about: AskedAbout,
}

/// Whether a fault lets nothing out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stalled {
    No,
    Until(Duration),
    ForEver,
}

/// What one fault has seen here.
#[derive(Debug, Default, Clone, Copy)]
struct FaultState {
    fitting: u64,
    /// Bytes since it counts.
    bytes: u64,
    counts: bool,
    /// Of those that are about the whole way: whether it is chosen.
    is_chosen: Option<bool>,
    is_done: bool,
    /// It is about the message that goes in.
    is_picked: bool,
    /// What has a rate leaves from then on.
    free_at: Duration,
}

#[derive(Debug)]
struct Merging {
    data: BytesMut,
    until: Duration,
    marks: FaultMarks,
    differs: bool,
}

#[derive(Debug)]
struct Late {
    left: u32,
    until: Duration,
    step: FaultStep,
}

/// What comes out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum FaultStep {
    Piece {
        data: Bytes,
        marks: FaultMarks,
        /// It is not what went in.
        differs: bool,
    },
    /// Both connections are to be reset.
    Reset,
    /// An end is to be passed on, and nothing more.
    HalfClose,
    /// Nothing comes out any more.
    Stall,
}

/// What became of something that went in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct TakenIn {
    pub(crate) marks: FaultMarks,
    /// Other bytes come out.
    pub(crate) differs: bool,
    /// There is no room for it.
    pub(crate) is_refused: bool,
}

/// What the faults say of one read or datagram.
struct Verdict {
    marks: FaultMarks,
    /// As it went in, and as it comes out.
    original: Bytes,
    data: Bytes,
    due: Duration,
    most: usize,
    merge: Option<Duration>,
    copies: u32,
    behind: Option<u32>,
    is_dropped: bool,
    /// Behind so many bytes this happens.
    end: Option<(usize, FaultKind)>,
    rated: Option<usize>,
}

impl FaultLine {
    /// One that nothing went into; `number` tells it from others of the relay.
    pub(crate) fn new(
        faults: &Arc<Faults>,
        number: u32,
        is_stream: bool,
        from_client: bool,
    ) -> Self {
        let line = u64::from(number) << 1 | u64::from(from_client);
        FaultLine {
            number,
            states: vec![FaultState::default(); faults.list.len()],
            chance: Chance::new(faults.seed, line),
            faults: Arc::clone(faults),
            is_stream,
            from_client,
            queue: BTreeMap::new(),
            order: 0,
            waiting: 0,
            last_due: Duration::ZERO,
            merging: None,
            late: VecDeque::new(),
            stalled: Stalled::No,
            continues: false,
            of_messages: false,
            about: AskedAbout::default(),
        }
    }

    /// The same, of which filters know the client.
    pub(crate) fn of_conn(mut self, conn: &ConnInfo) -> Self {
        self.is_of(conn);
        self
    }

    /// What filters know of the client from now on.
    pub(crate) fn is_of(&mut self, conn: &ConnInfo) {
        self.about.is_of(conn);
    }

    /// The same for messages.
    pub(crate) fn of_messages(self) -> Self {
        FaultLine { of_messages: true, ..self }
    }

    /// Other faults from now on; one that stays goes on where it was. What waits leaves at once.
    pub(crate) fn change(&mut self, faults: &Arc<Faults>) {
        let kept = |new: &Fault| {
            let at = self.faults.list.iter().position(|old| old.plan == new.plan)?;
            self.states.get(at).copied()
        };
        let restart = |state: FaultState| FaultState { free_at: Duration::ZERO, ..state };
        self.states = faults
            .list
            .iter()
            .map(|new| kept(new).map_or_else(FaultState::default, restart))
            .collect();
        self.faults = Arc::clone(faults);
        self.let_go();
    }

    /// What waits leaves at once, and no end is made.
    pub(crate) fn let_go(&mut self) {
        self.flush_merged();
        for Late { step, .. } in std::mem::take(&mut self.late) {
            self.enqueue(Duration::ZERO, step);
        }
        let waiting = std::mem::take(&mut self.queue);
        let pieces = waiting.into_values().filter(|step| matches!(step, FaultStep::Piece { .. }));
        self.queue =
            pieces.enumerate().map(|(at, step)| ((Duration::ZERO, at as u64), step)).collect();
        self.order = self.queue.len() as u64;
        (self.stalled, self.last_due) = (Stalled::No, Duration::ZERO);
    }

    /// Nothing is done to what goes in, and nothing waits: it need not go in.
    pub(crate) fn is_plain(&self) -> bool {
        self.faults.is_none() && self.is_empty()
    }

    /// Nothing waits.
    pub(crate) fn is_empty(&self) -> bool {
        self.queue.is_empty() && self.merging.is_none() && self.late.is_empty()
    }

    /// Nothing comes out until the faults change, or that one ends.
    pub(crate) fn is_stalled(&self) -> bool {
        self.stalled != Stalled::No
    }

    /// Bytes that wait.
    pub(crate) fn waiting(&self) -> usize {
        self.waiting
    }

    /// Whether what goes in next is more of the message before it: a fault that was about that is about
    /// this as well, and does not count it anew.
    pub(crate) fn continues(&mut self, continues: bool) {
        self.continues = continues;
    }

    /// Whether what goes in is asked about by more than its bytes.
    pub(crate) fn has_filter(&self) -> bool {
        self.faults.have_filter(self.from_client)
    }

    /// What goes in next is of this exchange.
    pub(crate) fn of_exchange(&mut self, exchange: Option<Arc<ExchangeFacts>>) {
        self.about.exchange(exchange);
    }

    /// Takes something in.
    #[cfg(test)]
    pub(crate) fn take(&mut self, data: Bytes, now: Duration) -> TakenIn {
        let original = data.clone();
        self.take_held(data, (&original, FaultMarks::default()), now)
    }

    /// Takes something in, in place of what came, which a hold may have touched.
    pub(crate) fn take_held(
        &mut self,
        data: Bytes,
        (original, held): (&Bytes, FaultMarks),
        now: Duration,
    ) -> TakenIn {
        let len = data.len();
        let (datagrams, bytes) = WAITING;
        let is_full = self.queue.len() >= datagrams || self.waiting + len > bytes;
        if !self.is_stream && is_full {
            return TakenIn { is_refused: true, ..TakenIn::default() };
        }
        let mut verdict = self.judge(data, now);
        verdict.marks = verdict.marks.with(held);
        let (marks, differs) = (verdict.marks, verdict.data != *original);
        if self.is_stream {
            self.put_stream(verdict, differs);
        } else {
            self.put_datagram(verdict, differs, now);
        }
        TakenIn { marks, differs, is_refused: false }
    }

    fn judge(&mut self, data: Bytes, now: Duration) -> Verdict {
        let faults = Arc::clone(&self.faults);
        let mut verdict = Verdict {
            marks: FaultMarks::default(),
            due: now,
            most: usize::MAX,
            merge: None,
            copies: 0,
            behind: None,
            is_dropped: false,
            end: None,
            rated: None,
            data: data.clone(),
            original: data,
        };
        if faults.is_none() {
            return verdict;
        }
        let original = verdict.original.clone();
        for (at, fault) in faults.list.iter().enumerate() {
            // A relay may pass on both streams and datagrams.
            let of_streams = fault.plan.effect.is_of_streams();
            let is_ours = of_streams.is_none_or(|of_streams| of_streams == self.is_stream);
            let is_here = is_ours && fault.is_active(now) && fault.is_of(self.from_client);
            let is_done = match fault.plan.effect {
                _ if !is_here => false,
                FaultEffect::Reset(bytes)
                | FaultEffect::HalfClose(bytes)
                | FaultEffect::Stall(bytes) => {
                    self.ends_behind((at, fault), (&original, now), u64::from(bytes), &mut verdict)
                }
                effect => {
                    self.picks((at, fault), (&original, now))
                        && self.apply(at, effect, &mut verdict)
                }
            };
            if is_done {
                verdict.marks.insert(fault.plan.effect.kind());
            }
        }
        verdict
    }

    /// Whether what goes in is what a fault asks for.
    fn fits(&self, fault: &Fault, (data, now): (&Bytes, Duration)) -> bool {
        self.about.fits(&fault.when, data, (self.from_client, self.faults.began + now))
    }

    /// Whether a fault is about this read or datagram.
    fn picks(&mut self, (at, fault): (usize, &Fault), asked: (&Bytes, Duration)) -> bool {
        let Some(is_picked) = self.states.get(at).map(|state| state.is_picked) else {
            return false;
        };
        let is_anew = self.about.is_anew && fault.when.is_filter();
        if self.continues && (is_picked || !is_anew) {
            return is_picked;
        }
        let fits = self.fits(fault, asked);
        let Some(state) = self.states.get_mut(at) else { return false };
        state.is_picked = false;
        if !fits {
            return false;
        }
        state.fitting += 1;
        let number =
            if self.of_messages { fault.next_message(self.from_client) } else { state.fitting };
        state.is_picked = fault.is_turn(number) && self.chance.happens(fault.plan.chance);
        state.is_picked
    }

    /// Does to a read or datagram what a fault that picked it does; tells whether it did.
    fn apply(&mut self, at: usize, effect: FaultEffect, verdict: &mut Verdict) -> bool {
        match effect {
            FaultEffect::Delay { delay, jitter } => {
                let most = u64::try_from(jitter.as_micros()).unwrap_or(u64::MAX).saturating_add(1);
                let more = Duration::from_micros(self.chance.below(most));
                verdict.due = verdict.due.saturating_add(delay).saturating_add(more);
            }
            FaultEffect::Rate(bytes) => {
                verdict.most = verdict.most.min((bytes / TRICKLES).max(1) as usize);
                verdict.rated = Some(at);
            }
            FaultEffect::Split(bytes) => verdict.most = verdict.most.min(bytes.max(1) as usize),
            FaultEffect::Merge(time) => verdict.merge = Some(time),
            FaultEffect::Corrupt(bytes) => return self.chance.turn_bits(bytes, &mut verdict.data),
            FaultEffect::Duplicate(copies) => verdict.copies = copies,
            FaultEffect::Reorder(behind) => verdict.behind = Some(behind),
            FaultEffect::Drop(percent) => {
                verdict.is_dropped |= self.chance.happens(percent);
                return verdict.is_dropped;
            }
            FaultEffect::Reset(_) | FaultEffect::HalfClose(_) | FaultEffect::Stall(_) => {
                return false;
            }
        }
        true
    }

    /// A fault that is about the whole way and counts its bytes.
    fn ends_behind(
        &mut self,
        (at, fault): (usize, &Fault),
        (data, now): (&Bytes, Duration),
        bytes: u64,
        verdict: &mut Verdict,
    ) -> bool {
        let Some(FaultState { is_done: false, counts, .. }) = self.states.get(at).copied() else {
            return false;
        };
        if !counts && !self.fits(fault, (data, now)) {
            return false;
        }
        let Some(state) = self.states.get_mut(at) else { return false };
        state.counts = true;
        let (chance, number) = (&mut self.chance, self.number);
        let is_turn = || fault.is_turn(fault.conns().number(number));
        let choose = || is_turn() && chance.happens(fault.plan.chance);
        if !*state.is_chosen.get_or_insert_with(choose) {
            return false;
        }
        let before = state.bytes;
        state.bytes += data.len() as u64;
        if state.bytes < bytes {
            return false;
        }
        state.is_done = true;
        let cut = usize::try_from(bytes - before).unwrap_or(usize::MAX);
        if verdict.end.is_none_or(|(earlier, _)| cut < earlier) {
            verdict.end = Some((cut, fault.plan.effect.kind()));
        }
        true
    }

    fn put_stream(&mut self, verdict: Verdict, differs: bool) {
        let Verdict { marks, mut data, due, most, merge, end, rated, .. } = verdict;
        let behind = end.map(|(cut, _)| data.split_off(cut.min(data.len())));
        if let Some(time) = merge.filter(|_| !data.is_empty()) {
            self.merge(&data, (marks, differs), due, time);
            data = Bytes::new();
        } else if !data.is_empty() {
            self.flush_merged();
        }
        self.put_pieces(data, (marks, differs), due, most, rated);
        let (Some((_, kind)), Some(behind)) = (end, behind) else { return };
        self.flush_merged();
        let step = match kind {
            FaultKind::Reset => FaultStep::Reset,
            FaultKind::HalfClose => FaultStep::HalfClose,
            _ => FaultStep::Stall,
        };
        self.enqueue(due, step);
        // Who passes it on drops what is behind an end, and counts it.
        self.put_pieces(behind, (marks, differs), due, most, rated);
    }

    fn put_pieces(
        &mut self,
        mut data: Bytes,
        (marks, differs): (FaultMarks, bool),
        due: Duration,
        most: usize,
        rated: Option<usize>,
    ) {
        while !data.is_empty() {
            let data = data.split_to(data.len().min(most));
            let due = self.at_rate(rated, data.len(), due);
            self.enqueue(due, FaultStep::Piece { data, marks, differs });
        }
    }

    /// When so many bytes have left that have the rate of a fault.
    fn at_rate(&mut self, rated: Option<usize>, len: usize, due: Duration) -> Duration {
        let rated =
            rated.and_then(|at| Some((self.faults.list.get(at)?, self.states.get_mut(at)?)));
        let Some((Fault { plan, .. }, state)) = rated else { return due };
        let FaultEffect::Rate(bytes) = plan.effect else { return due };
        let takes = Duration::from_secs_f64(len as f64 / f64::from(bytes.max(1)));
        state.free_at = state.free_at.max(due).saturating_add(takes);
        state.free_at
    }

    fn merge(
        &mut self,
        data: &[u8],
        (marks, differs): (FaultMarks, bool),
        due: Duration,
        time: Duration,
    ) {
        let merging = self.merging.get_or_insert_with(|| Merging {
            data: BytesMut::new(),
            until: due.saturating_add(time),
            marks,
            differs,
        });
        merging.data.extend_from_slice(data);
        merging.marks = merging.marks.with(marks);
        merging.differs |= differs;
        self.waiting += data.len();
        if merging.data.len() >= MERGED {
            merging.until = due;
            self.flush_merged();
        }
    }

    /// What was merged so far leaves when it was to leave.
    pub(crate) fn flush_merged(&mut self) {
        let Some(Merging { data, until, marks, differs }) = self.merging.take() else { return };
        self.waiting -= data.len();
        self.enqueue(until, FaultStep::Piece { data: data.freeze(), marks, differs });
    }

    fn put_datagram(&mut self, verdict: Verdict, differs: bool, now: Duration) {
        let Verdict { marks, data, due, copies, behind, is_dropped, end, rated, .. } = verdict;
        if is_dropped {
            return;
        }
        let due = self.at_rate(rated, data.len(), due);
        let piece = |differs| FaultStep::Piece { data: data.clone(), marks, differs };
        for overtaker in &mut self.late {
            overtaker.left -= 1;
        }
        // A datagram is not cut: it is before the end if all of it is.
        let [stalls_before, stalls_behind] =
            end.map_or([false; 2], |(cut, _)| [cut < data.len(), cut >= data.len()]);
        if stalls_before {
            self.enqueue(due, FaultStep::Stall);
        }
        if let Some(left) = behind {
            self.waiting += data.len();
            let until = due.max(now).saturating_add(OVERTAKEN);
            self.late.push_back(Late { left, until, step: piece(differs) });
        } else {
            self.enqueue(due, piece(differs));
        }
        for _ in 0..copies {
            self.enqueue(due, piece(true));
        }
        if stalls_behind {
            self.enqueue(due, FaultStep::Stall);
        }
        self.release_overtaken(now, due);
    }

    /// Those that enough have overtaken, or that waited long enough.
    fn release_overtaken(&mut self, now: Duration, due: Duration) {
        let (ready, late): (VecDeque<Late>, VecDeque<Late>) = std::mem::take(&mut self.late)
            .into_iter()
            .partition(|it| it.left == 0 || it.until <= now);
        self.late = late;
        for Late { step, .. } in ready {
            self.waiting -= len_of(&step);
            self.enqueue(due.max(now), step);
        }
    }

    fn enqueue(&mut self, due: Duration, step: FaultStep) {
        let due = if self.is_stream { due.max(self.last_due) } else { due };
        self.last_due = due;
        self.order += 1;
        self.waiting += len_of(&step);
        self.queue.insert((due, self.order), step);
    }

    /// When something comes out, or what stalls it ends; `None` = not by itself.
    pub(crate) fn next_due(&self) -> Option<Duration> {
        match self.stalled {
            Stalled::No => {}
            Stalled::Until(until) => return Some(until),
            Stalled::ForEver => return None,
        }
        let first = self.queue.first_key_value().map(|((due, _), _)| *due);
        let merging = self.merging.as_ref().map(|merging| merging.until);
        let late = self.late.iter().map(|late| late.until).min();
        [first, merging, late].into_iter().flatten().min()
    }

    /// The next that is due.
    pub(crate) fn pop_due(&mut self, now: Duration) -> Option<FaultStep> {
        match self.stalled {
            Stalled::Until(until) if until <= now => self.stalled = Stalled::No,
            Stalled::Until(_) | Stalled::ForEver => return None,
            Stalled::No => {}
        }
        if self.merging.as_ref().is_some_and(|merging| merging.until <= now) {
            self.flush_merged();
        }
        self.release_overtaken(now, now);
        let first = self.queue.first_entry().filter(|first| first.key().0 <= now)?;
        let step = first.remove();
        self.waiting -= len_of(&step);
        if step == FaultStep::Stall {
            let stalls = self.faults.list.iter().zip(&self.states);
            let stalls = stalls.filter(|(fault, state)| {
                state.is_done
                    && fault.plan.effect.kind() == FaultKind::Stall
                    && fault.is_active(now)
            });
            let ends: Vec<Option<Duration>> = stalls.map(|(fault, _)| fault.ends()).collect();
            // One whose time is over meanwhile stalls nothing.
            if !ends.is_empty() {
                let last = ends.iter().copied().collect::<Option<Vec<_>>>();
                let last = last.and_then(|ends| ends.into_iter().max());
                self.stalled = last.map_or(Stalled::ForEver, Stalled::Until);
            }
        }
        Some(step)
    }

    /// Takes out what waits, however long it would: nobody is left to get it.
    pub(crate) fn drain(&mut self) -> Vec<Bytes> {
        self.let_go();
        let data = std::mem::take(&mut self.queue).into_values().filter_map(|step| match step {
            FaultStep::Piece { data, .. } => Some(data),
            FaultStep::Reset | FaultStep::HalfClose | FaultStep::Stall => None,
        });
        self.waiting = 0;
        data.collect()
    }
}

fn len_of(step: &FaultStep) -> usize {
    match step {
        FaultStep::Piece { data, .. } => data.len(),
        FaultStep::Reset | FaultStep::HalfClose | FaultStep::Stall => 0,
    }
}
