//! Times as files of others write them (ISO 8601, RFC 3339), in nanoseconds from the epoch.
//!
//! Called by the readers of HAR and of JSON Lines.

use jiff::Timestamp;
use jiff::fmt::temporal::Pieces;

/// What comes before all times that can be told, and behind them.
const BEFORE: i128 = -1;
const BEHIND: i128 = i128::MAX;

/// The time; `None` = it is none. One that the calendar here ends before, such as the last day of the year
/// 9999, comes behind all others.
pub(super) fn nanos(text: &str) -> Option<i128> {
    if let Ok(told) = text.parse::<Timestamp>() {
        return Some(told.as_nanosecond());
    }
    let pieces = Pieces::parse(text).ok()?;
    let (date, is_whole) = (pieces.date(), pieces.time().is_some() && pieces.offset().is_some());
    let at_the_end = match date.year() {
        ..=-9999 => Some(BEFORE),
        9999.. => Some(BEHIND),
        _ => None,
    };
    at_the_end.filter(|_| is_whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_at_the_ends_of_the_calendar_is_one() {
        assert_eq!(nanos("1970-01-01T00:00:01Z"), Some(1_000_000_000));
        assert_eq!(nanos("1969-12-31T23:59:59+00:00"), Some(-1_000_000_000));
        assert_eq!(nanos("9999-12-31T23:59:59Z"), Some(BEHIND));
        assert_eq!(nanos("9999-12-31T23:59:59.999+02:00"), Some(BEHIND));
        for text in ["", "yesterday", "9999-12-31", "2026-13-01T00:00:00Z", "2026-01-01T00:00"] {
            assert_eq!(nanos(text), None, "{text}");
        }
    }
}
