//! Faults that a relay puts into what it passes on: as composed, as planned, and as marks of the
//! records they touched.

use std::fmt;
use std::time::Duration;

use smart_default::SmartDefault;
use strum::{EnumString, IntoEnumIterator as _, IntoStaticStr};

use super::conversation_plan::WhenPlan;
pub use super::fault_kind::FaultKind;
use super::hold::HoldMark;

/// Which faults touched a record, what a hold did to it, and whether a rule changed it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct FaultMarks(u16);

/// Where what a hold did begins: 0 = nothing, else the mark behind the first one that says most, three
/// bits for it.
const HOLDS: u16 = FaultKind::Stall as u16 + 1;
const HOLD_BITS: u16 = 0b111 << HOLDS;
/// A rule of the relay changed it.
const REWRITTEN: u16 = 1 << (HOLDS + 3);

impl FaultMarks {
    /// One more.
    pub fn insert(&mut self, kind: FaultKind) {
        self.0 |= 1 << kind as u16;
    }

    /// Whether this one is among them.
    #[must_use]
    pub fn contains(self, kind: FaultKind) -> bool {
        self.0 & (1 << kind as u16) != 0
    }

    /// Whether it was touched by none, and not held either.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether a fault touched it.
    #[must_use]
    pub(crate) fn has_fault(self) -> bool {
        self.0 & ((1 << HOLDS) - 1) != 0
    }

    /// The same with a mark of a hold; of two the one that says more.
    #[must_use]
    pub fn held(self, mark: HoldMark) -> Self {
        self.with(FaultMarks((mark as u16 + 1) << HOLDS))
    }

    /// What a hold did to it: that it waited, and what became of it.
    pub fn holds(self) -> impl Iterator<Item = HoldMark> {
        let said = (self.0 & HOLD_BITS) >> HOLDS;
        let is_said = move |mark: &HoldMark| *mark as u16 + 1 == said;
        let waited = said > HoldMark::Held as u16 + 1 && said <= HoldMark::TimedOut as u16 + 1;
        HoldMark::iter().filter(move |mark| is_said(mark) || waited && *mark == HoldMark::Held)
    }

    /// The same with that a rule changed it.
    #[must_use]
    pub fn rewritten(self) -> Self {
        FaultMarks(self.0 | REWRITTEN)
    }

    /// Whether a rule changed it.
    #[must_use]
    pub fn is_rewritten(self) -> bool {
        self.0 & REWRITTEN != 0
    }

    /// The names of what a hold did to it.
    pub fn hold_names(self) -> impl Iterator<Item = &'static str> {
        self.holds().map(|mark| mark.into_str())
    }

    /// Those of both.
    #[must_use]
    pub fn with(self, other: FaultMarks) -> FaultMarks {
        let hold = (self.0 & HOLD_BITS).max(other.0 & HOLD_BITS);
        FaultMarks((self.0 | other.0) & !HOLD_BITS | hold)
    }

    /// The names of the faults.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        FaultKind::iter().filter(move |kind| self.contains(*kind)).map(|kind| kind.into_str())
    }
}

/// What a relay did to the two messages of an exchange before it passed them on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct MessageMarks {
    pub request: FaultMarks,
    pub response: FaultMarks,
}

impl fmt::Display for FaultMarks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rewritten = self.is_rewritten().then_some("rewritten");
        let names = self.names().chain(self.hold_names()).chain(rewritten);
        f.write_str(&names.collect::<Vec<_>>().join(", "))
    }
}

/// Of whom what is passed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, IntoStaticStr, EnumString)]
#[strum(serialize_all = "lowercase", const_into_str)]
pub enum FaultFrom {
    #[default]
    Both,
    Client,
    Server,
}

/// What happens to it, with how much.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaultEffect {
    /// It leaves later, by up to `jitter` more.
    Delay { delay: Duration, jitter: Duration },
    /// It leaves at so many bytes a second.
    Rate(u32),
    /// It leaves in writes of so many bytes at most.
    Split(u32),
    /// What comes within this time leaves in one write.
    Merge(Duration),
    /// A bit of so many of its bytes is turned.
    Corrupt(u32),
    /// So many more of it leave.
    Duplicate(u32),
    /// It leaves behind so many that come after it.
    Reorder(u32),
    /// So many of a hundred do not leave at all.
    Drop(u8),
    /// Behind so many bytes both connections are reset.
    Reset(u32),
    /// Behind so many bytes an end is passed on, and nothing more.
    HalfClose(u32),
    /// Behind so many bytes nothing goes on.
    Stall(u32),
}

impl Default for FaultEffect {
    fn default() -> Self {
        FaultEffect::Delay { delay: Duration::from_millis(100), jitter: Duration::ZERO }
    }
}

impl FaultEffect {
    /// Its name.
    #[must_use]
    pub fn kind(self) -> FaultKind {
        match self {
            FaultEffect::Delay { .. } => FaultKind::Delay,
            FaultEffect::Rate(_) => FaultKind::Rate,
            FaultEffect::Split(_) => FaultKind::Split,
            FaultEffect::Merge(_) => FaultKind::Merge,
            FaultEffect::Corrupt(_) => FaultKind::Corrupt,
            FaultEffect::Duplicate(_) => FaultKind::Duplicate,
            FaultEffect::Reorder(_) => FaultKind::Reorder,
            FaultEffect::Drop(_) => FaultKind::Drop,
            FaultEffect::Reset(_) => FaultKind::Reset,
            FaultEffect::HalfClose(_) => FaultKind::HalfClose,
            FaultEffect::Stall(_) => FaultKind::Stall,
        }
    }

    /// With a value to begin with.
    #[must_use]
    pub fn of(kind: FaultKind) -> Self {
        match kind {
            FaultKind::Delay => FaultEffect::default(),
            FaultKind::Rate => FaultEffect::Rate(10_000),
            FaultKind::Split => FaultEffect::Split(1),
            FaultKind::Merge => FaultEffect::Merge(Duration::from_millis(100)),
            FaultKind::Corrupt => FaultEffect::Corrupt(1),
            FaultKind::Duplicate => FaultEffect::Duplicate(1),
            FaultKind::Reorder => FaultEffect::Reorder(1),
            FaultKind::Drop => FaultEffect::Drop(100),
            FaultKind::Reset => FaultEffect::Reset(0),
            FaultKind::HalfClose => FaultEffect::HalfClose(0),
            FaultKind::Stall => FaultEffect::Stall(0),
        }
    }

    /// Whether it is of byte streams alone; `None` = of datagrams as well.
    #[must_use]
    pub(crate) fn is_of_streams(self) -> Option<bool> {
        match self.kind() {
            FaultKind::Split | FaultKind::Merge | FaultKind::Reset | FaultKind::HalfClose => {
                Some(true)
            }
            FaultKind::Duplicate | FaultKind::Reorder | FaultKind::Drop => Some(false),
            FaultKind::Delay | FaultKind::Rate | FaultKind::Corrupt | FaultKind::Stall => None,
        }
    }
}

/// A fault as composed.
#[derive(Debug, Clone, PartialEq, Eq, SmartDefault)]
pub struct FaultSpec {
    #[default = true]
    pub enabled: bool,
    pub from: FaultFrom,
    /// By itself of no time: what is said of it is all there is.
    #[default(FaultEffect::Delay { delay: Duration::ZERO, jitter: Duration::ZERO })]
    pub effect: FaultEffect,
    /// Only of the first so many that fit; `None` = of all.
    pub first: Option<u32>,
    /// Only of every so many.
    pub every: Option<u32>,
    /// Only of so many of a hundred.
    #[default = 100]
    pub chance: u8,
    /// An expression of the filter language, or a phrase about bytes (`contains 'x'`); empty = of all.
    pub when: String,
    /// From so long after the relay was started.
    pub after: Duration,
    /// For so long; `None` = until it ends.
    pub lasts: Option<Duration>,
}

/// What all faults of a relay have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ChanceSpec {
    /// What chance begins with; `None` = another one with every start.
    pub seed: Option<u32>,
}

/// Which of what is passed on a fault is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FaultWhen {
    Bytes(WhenPlan),
    /// An expression that was checked.
    Filter(String),
}

impl Default for FaultWhen {
    fn default() -> Self {
        FaultWhen::Bytes(WhenPlan::Always)
    }
}

/// A fault ready to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FaultPlan {
    pub from: FaultFrom,
    pub effect: FaultEffect,
    pub first: Option<u32>,
    pub every: Option<u32>,
    pub chance: u8,
    pub when: FaultWhen,
    pub after: Duration,
    pub lasts: Option<Duration>,
}

/// The faults of a relay.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FaultsPlan {
    pub seed: Option<u32>,
    pub list: Vec<FaultPlan>,
    /// All of them are switched off for now.
    pub off: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_told_by_their_names() {
        let mut marks = FaultMarks::default();
        assert!(marks.is_empty());
        marks.insert(FaultKind::Stall);
        marks.insert(FaultKind::HalfClose);
        assert_eq!(marks.to_string(), "half-close, stall");
        assert!(marks.contains(FaultKind::Stall) && !marks.contains(FaultKind::Drop));
    }

    #[test]
    fn marks_of_holds_stand_beside_those_of_faults() {
        let mut marks = FaultMarks::default().held(HoldMark::Edited).held(HoldMark::Held);
        assert!(!marks.is_empty() && !marks.has_fault());
        assert_eq!(marks.names().count(), 0);
        marks.insert(FaultKind::Stall);
        assert_eq!(marks.to_string(), "stall, held, edited");
        assert!(marks.has_fault() && marks.holds().eq([HoldMark::Held, HoldMark::Edited]));
        assert!(FaultMarks::default().held(HoldMark::Missed).holds().eq([HoldMark::Missed]));
        assert!(FaultMarks::default().held(HoldMark::Held).holds().eq([HoldMark::Held]));
        let marks = marks.with(FaultMarks::default().rewritten());
        assert_eq!(marks.to_string(), "stall, held, edited, rewritten");
        assert!(marks.is_rewritten() && !FaultMarks::default().rewritten().has_fault());
    }

    #[test]
    fn every_kind_has_an_effect_of_its_name() {
        for kind in FaultKind::iter() {
            assert_eq!(FaultEffect::of(kind).kind(), kind);
        }
    }
}
