//! What the wall clock said at a stamp. Stamps never run backwards: ages and order come from them
//! alone. The wall clock can be set while the program runs, so a stamp becomes a time of day only to
//! be shown or kept, here.

use std::collections::VecDeque;

use super::timing::Stamp;

/// Steps remembered; stamps before them are shown by the oldest.
const STEPS: usize = 64;

/// From a stamp on the wall clock is so many nanoseconds ahead of stamps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ClockStep {
    pub from: Stamp,
    pub ahead: i64,
}

/// The steps of the wall clock that a shell was told of, in order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct WallClock {
    steps: VecDeque<ClockStep>,
    /// As far ahead before the first of them.
    before: i64,
}

impl WallClock {
    /// The wall clock was set.
    pub fn step(&mut self, step: ClockStep) {
        self.steps.push_back(step);
        if self.steps.len() > STEPS
            && let Some(oldest) = self.steps.pop_front()
        {
            self.before = oldest.ahead;
        }
    }

    /// What the wall clock said then, in nanoseconds since the Unix epoch.
    #[must_use]
    pub fn at(&self, stamp: Stamp) -> Stamp {
        let after = self.steps.partition_point(|step| step.from <= stamp);
        let step = after.checked_sub(1).and_then(|last| self.steps.get(last));
        Stamp(stamp.0.saturating_add_signed(step.map_or(self.before, |step| step.ahead)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_is_shown_as_the_clock_was_then() {
        let mut clock = WallClock::default();
        assert_eq!(clock.at(Stamp(500)), Stamp(500));
        clock.step(ClockStep { from: Stamp(1_000), ahead: 60 });
        clock.step(ClockStep { from: Stamp(2_000), ahead: -700 });
        let shown = [999, 1_000, 1_999, 2_000, 9_000].map(|at| clock.at(Stamp(at)).0);
        assert_eq!(shown, [999, 1_060, 2_059, 1_300, 8_300]);
        assert_eq!(clock.at(Stamp(0)), Stamp(0));
    }

    #[test]
    fn of_many_steps_the_newest_are_remembered() {
        let mut clock = WallClock::default();
        for number in 1..=1_000 {
            clock.step(ClockStep { from: Stamp(number * 100), ahead: number.cast_signed() });
        }
        assert_eq!(clock.steps.len(), STEPS);
        assert_eq!(clock.at(Stamp(100_000)), Stamp(101_000));
        assert_eq!(clock.at(Stamp(1)), Stamp(1 + 1_000 - STEPS as u64), "by the oldest known");
    }
}
