//! Tests of when an entry was: `time >= 14:02` (of today), `time == 2026-11-29`, `time == yesterday`, `age < 2h`.
//!
//! What is named is a span: a day, a minute, a second. `==` is within it, `<` before it, `>` behind it.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::{Span, ToSpan as _};

use super::AskersClock;
use crate::model::timing::{Stamp, parse_duration};

const HOUR_NANOS: u64 = 60 * 60 * 1_000_000_000;
/// Units of ages that may be longer than a duration is.
const AGES: [(char, u64); 3] =
    [('w', 7 * 24 * HOUR_NANOS), ('d', 24 * HOUR_NANOS), ('h', HOUR_NANOS)];

/// A span of time, and how an entry stands to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct MomentTest {
    operator: &'static str,
    first: Stamp,
    last: Stamp,
}

impl MomentTest {
    /// `time` and an operator, and what is named: a span, or a range of them. Refuses what is neither.
    pub(super) fn at(
        operator: &'static str,
        value: &str,
        clock: AskersClock,
    ) -> Result<Self, String> {
        let wrong = || {
            format!(
                "'{value}' is no time; write 14:02, 2026-11-29, \"2026-11-29 14:02\", today or \
                 yesterday"
            )
        };
        let (first, last) = value.split_once("..").unwrap_or((value, value));
        let (from, _) = span(first, clock).ok_or_else(wrong)?;
        let (_, to) = span(last, clock).ok_or_else(wrong)?;
        if to <= from {
            return Err(format!("this range is empty; write {last}..{first}"));
        }
        let end = stamp(to, clock).and_then(before);
        let (first, last) = stamp(from, clock).zip(end).ok_or_else(wrong)?;
        Ok(MomentTest { operator, first, last })
    }

    /// `age` and an operator, and a duration (`2h`, `3d`, `2w`). What is older was before.
    pub(super) fn of_age(operator: &'static str, value: &str, clock: AskersClock) -> Option<Self> {
        let operator = match operator {
            "<" => ">",
            "<=" => ">=",
            ">" => "<",
            ">=" => "<=",
            _ => return None,
        };
        let long = AGES.iter().find_map(|(unit, nanos)| {
            Some((value.strip_suffix(*unit)?.parse::<u64>().ok()?, *nanos))
        });
        let nanos = match long {
            Some((count, nanos)) => count.checked_mul(nanos)?,
            None => u64::try_from(parse_duration(value).ok()?.as_nanos()).ok()?,
        };
        let then = Stamp(clock.now.0.saturating_sub(nanos));
        Some(MomentTest { operator, first: then, last: then })
    }

    /// The first and the last moment it may hold of, as the database has them.
    pub(super) fn bounds(&self) -> (i64, i64) {
        let [first, last] =
            [self.first, self.last].map(|at| i64::try_from(at.0).unwrap_or(i64::MAX));
        match self.operator {
            "<" | "<=" => (i64::MIN, last),
            ">" | ">=" => (first, i64::MAX),
            "!=" => (i64::MIN, i64::MAX),
            _ => (first, last),
        }
    }

    /// Whether it holds of a moment.
    pub(super) fn holds(&self, at: Stamp) -> bool {
        let is_within = (self.first..=self.last).contains(&at);
        match self.operator {
            "<" => at < self.first,
            "<=" => at <= self.last,
            ">" => at > self.last,
            ">=" => at >= self.first,
            "!=" => !is_within,
            _ => is_within,
        }
    }
}

/// The span a value names, and what is behind it.
fn span(value: &str, clock: AskersClock) -> Option<(DateTime, DateTime)> {
    let now = Timestamp::from_nanosecond(clock.now.0.into()).ok()?;
    let today = clock.offset.to_datetime(now).date();
    let day = |date: Date| Some((date.to_datetime(Time::midnight()), 1.day()));
    let (from, long): (DateTime, Span) = match value {
        "today" => day(today),
        "yesterday" => day(today.yesterday().ok()?),
        _ => {
            let (date, time) = value.split_once([' ', 'T']).unwrap_or((value, ""));
            match (date.parse::<Date>(), time) {
                (Ok(date), "") => day(date),
                (Ok(date), time) => of_time(date, time),
                (Err(_), "") => of_time(today, date),
                (Err(_), _) => None,
            }
        }
    }?;
    Some((from, from.checked_add(long).ok()?))
}

/// `14:02` is that minute, `14:02:30` that second.
fn of_time(date: Date, time: &str) -> Option<(DateTime, Span)> {
    let colons = time.matches(':').count();
    let long = if colons == 1 { 1.minute() } else { 1.second() };
    let time = (colons > 0).then(|| time.parse::<Time>().ok())??;
    Some((date.to_datetime(time), long))
}

fn stamp(at: DateTime, clock: AskersClock) -> Option<Stamp> {
    let nanos = clock.offset.to_timestamp(at).ok()?.as_nanosecond();
    Some(Stamp(u64::try_from(nanos).ok()?))
}

fn before(at: Stamp) -> Option<Stamp> {
    at.0.checked_sub(1).map(Stamp)
}

#[cfg(test)]
mod tests {
    use jiff::tz::Offset;

    use super::*;

    #[test]
    fn a_time_is_told_as_people_write_it() {
        let of = |text: &str| {
            let at: DateTime = text.parse().unwrap();
            Stamp(Offset::constant(1).to_timestamp(at).unwrap().as_nanosecond() as u64)
        };
        let clock = AskersClock { now: of("2026-11-30T10:30:00"), offset: Offset::constant(1) };
        for (operator, value, at, expected) in [
            ("==", "today", "2026-11-30T00:00:00", true),
            ("==", "today", "2026-11-29T23:59:59", false),
            ("==", "yesterday", "2026-11-29T23:59:59", true),
            ("<", "yesterday", "2026-11-28T23:59:59", true),
            (">=", "2026-11-29", "2026-11-29T00:00:00", true),
            (">", "2026-11-29", "2026-11-29T12:00:00", false),
            ("<=", "2026-11-29", "2026-11-29T12:00:00", true),
            ("!=", "2026-11-29", "2026-11-29T12:00:00", false),
            ("==", "10:02", "2026-11-30T10:02:59", true),
            (">", "10:02", "2026-11-30T10:02:59", false),
            ("==", "2026-11-29 10:02:30", "2026-11-29T10:02:30", true),
            ("<", "2026-11-29T10:02:30", "2026-11-29T10:02:29", true),
            ("==", "2026-11-28..2026-11-29", "2026-11-29T23:59:59", true),
            ("==", "2026-11-28..2026-11-29", "2026-11-30T00:00:00", false),
            ("!=", "09:00..today", "2026-11-30T08:59:59", true),
            (">", "yesterday..10:02", "2026-11-30T10:03:00", true),
        ] {
            let test = MomentTest::at(operator, value, clock).unwrap();
            assert_eq!(test.holds(of(at)), expected, "{operator} {value} {at}");
        }
        for (operator, value, at, expected) in [
            ("<", "2h", "2026-11-30T09:00:00", true),
            ("<", "2h", "2026-11-30T08:00:00", false),
            (">=", "2h", "2026-11-30T08:30:00", true),
            (">", "72h", "2026-11-27T10:00:00", true),
            ("<=", "3d", "2026-11-27T11:00:00", true),
        ] {
            let test = MomentTest::of_age(operator, value, clock).unwrap();
            assert_eq!(test.holds(of(at)), expected, "age {operator} {value} {at}");
        }
        for value in ["", "25:00", "2026-13-01", "14", "2026-11-29 nine", "x 10:00"] {
            let refused = MomentTest::at("==", value, clock).unwrap_err();
            assert!(refused.starts_with(&format!("'{value}' is no time; write ")), "{refused}");
        }
        let refused = MomentTest::at("==", "today..yesterday", clock).unwrap_err();
        assert_eq!(refused, "this range is empty; write yesterday..today");
        assert_eq!(MomentTest::of_age("==", "2h", clock), None);
        assert_eq!(MomentTest::of_age("<", "99999999999999d", clock), None);
    }
}
