//! Whether the wall clock was set since it was looked at the last time. Pure: readings in, steps out.
//!
//! It is looked at with the facts of sessions, as nobody else shows a time of day. A step counts from
//! just after the last reading and the last fact before it: whatever is stamped later came after it.

use std::time::Duration;

use crate::model::timing::Stamp;
use crate::model::wall_clock::ClockStep;

/// Facts that come sooner after a reading need none.
const EVERY: Duration = Duration::from_millis(1);
/// Less is no step but the pace of a clock that is kept right, and shown with the next step.
const STEP: u64 = 500_000_000;

/// The last reading.
#[derive(Debug, Default)]
pub(super) struct WallReading {
    at: Stamp,
    ahead: i64,
}

impl WallReading {
    /// Whether to read the clock for a fact of now.
    pub(super) fn is_due(&self, now: Stamp) -> bool {
        now.since(self.at) >= EVERY
    }

    /// Takes a reading: how far the wall clock is ahead of stamps. Returns the step and its words, if
    /// the clock was set. `latest` is the youngest fact so far.
    pub(super) fn take(
        &mut self,
        now: Stamp,
        ahead: i64,
        latest: Stamp,
    ) -> Option<(ClockStep, String)> {
        let from = Stamp(self.at.max(latest).0.saturating_add(1));
        self.at = now;
        let moved = ahead.saturating_sub(self.ahead);
        if moved.unsigned_abs() < STEP {
            return None;
        }
        self.ahead = ahead;
        let by = words(Duration::from_nanos(moved.unsigned_abs()));
        let text = if moved > 0 {
            format!("the clock went {by} forward: it was set, or this machine slept")
        } else {
            format!("the clock was set back by {by}")
        };
        Some((ClockStep { from, ahead }, text))
    }
}

/// `1 h 0 min`, `5 min 3 s`, `2.5 s`
fn words(duration: Duration) -> String {
    let seconds = (duration.as_secs_f64() * 10.0).round() / 10.0;
    let whole = seconds.round() as u64;
    match whole {
        0..60 => format!("{seconds} s"),
        60..3_600 => format!("{} min {} s", whole / 60, whole % 60),
        _ => format!("{} h {} min", whole / 3_600, whole % 3_600 / 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: i64 = 1_000_000_000;

    #[test]
    fn a_step_counts_from_the_last_reading_and_is_told_once() {
        let mut reading = WallReading::default();
        assert!(reading.is_due(Stamp(5_000_000)));
        assert_eq!(reading.take(Stamp(5_000_000), 300, Stamp(0)), None);
        assert!(!reading.is_due(Stamp(5_900_000)) && reading.is_due(Stamp(6_000_000)));
        let (step, text) =
            reading.take(Stamp(9_000_000), 3_600 * SECOND + 400, Stamp(5_100_000)).unwrap();
        assert_eq!(step, ClockStep { from: Stamp(5_100_001), ahead: 3_600 * SECOND + 400 });
        assert!(text.starts_with("the clock went 1 h 0 min forward"), "{text}");
        assert_eq!(reading.take(Stamp(19_000_000), 3_600 * SECOND + 900, Stamp(0)), None);
        let (step, text) = reading.take(Stamp(29_000_000), -SECOND, Stamp(0)).unwrap();
        assert_eq!((step.from, step.ahead), (Stamp(19_000_001), -SECOND));
        assert_eq!(text, "the clock was set back by 1 h 0 min");
    }

    #[test]
    fn the_pace_of_a_clock_that_is_kept_right_is_no_step() {
        let mut reading = WallReading::default();
        for at in 1..400 {
            assert_eq!(reading.take(Stamp(at), at.cast_signed() * SECOND / 1_000, Stamp(0)), None);
        }
        assert!(
            reading
                .take(Stamp(600), SECOND / 2, Stamp(0))
                .unwrap()
                .1
                .contains("went 0.5 s forward")
        );
    }
}
