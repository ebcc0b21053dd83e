//! Times of an expression: a time of day, or a date with or without one, in the zone of whoever
//! asks.
//!
//! A time is as long as its last digit: `14:02` is a minute, `14:02:07.5` a tenth of a second. One that ends in `Z` or
//! an offset is of that zone.

use jiff::civil::DateTime;
use jiff::tz::Offset;

use super::expr::TimeTest;
use super::value::bounds;

const SECOND: u64 = 1_000_000_000;
const DAY: u64 = 24 * 60 * 60 * SECOND;

/// The test that compares when something happened with a time.
pub(super) fn test(operator: &str, value: &str, ahead: i64) -> Result<TimeTest, String> {
    let (first, last) = value.split_once("..").unwrap_or((value, value));
    if first != last && operator != "==" {
        return Err(format!("a range stands behind == or in a list; '{operator}' takes one time"));
    }
    let (begins, ends) = (first, last);
    let (Some(first), Some(last)) = (read_at(first, ahead), read_at(last, ahead)) else {
        return Err(wrong(value));
    };
    if first.is_of_day != last.is_of_day {
        return Err("a range has two times of day or two dates".into());
    }
    if last.from < first.from {
        let midnight = format!(", or over midnight (time >= {begins} or time <= {ends})");
        let midnight = if first.is_of_day { &*midnight } else { "" };
        return Err(format!("this range is empty; write {ends}..{begins}{midnight}"));
    }
    let span = (first.from, last.from + (last.lasts - 1));
    // What comes after a minute that is named comes after its beginning.
    let range = match operator {
        ">" => bounds(operator, first.from, first.from),
        _ => bounds(operator, span.0, span.1),
    };
    Ok(TimeTest { range, is_of_day: first.is_of_day, ahead })
}

fn wrong(value: &str) -> String {
    format!("'{value}' is not a time; write 14:02, 14:02:07.5 or 2026-03-01T14:02")
}

/// A time, and how long it is.
struct Moment {
    from: u64,
    lasts: u64,
    is_of_day: bool,
}

/// The same of one that names its own zone, as lines of JSON and captures have it (`...T14:02:07Z`).
fn read_at(text: &str, ahead: i64) -> Option<Moment> {
    let Some((civil, zone)) = with_zone(text) else { return read(text) };
    let moment = read(civil).filter(|it| !it.is_of_day)?;
    Some(Moment { from: moment.from.checked_add_signed(ahead.checked_sub(zone)?)?, ..moment })
}

/// A time without its zone, and how far that is ahead of UTC, in nanoseconds.
fn with_zone(text: &str) -> Option<(&str, i64)> {
    if let Some(civil) = text.strip_suffix(['Z', 'z']) {
        return Some((civil, 0));
    }
    let (civil, zone) = text.split_at_checked(text.len().checked_sub(6)?)?;
    let (sign, of_day_text) = zone.split_at_checked(1)?;
    let sign = match sign {
        "+" => 1,
        "-" => -1,
        _ => return None,
    };
    let is_time = civil.contains(['T', 't', '_']) && of_day_text.as_bytes().get(2) == Some(&b':');
    let (zone, _) = of_day(of_day_text).filter(|_| is_time)?;
    Some((civil, sign * i64::try_from(zone).ok()?))
}

fn read(text: &str) -> Option<Moment> {
    if let Some((from, lasts)) = of_day(text) {
        return Some(Moment { from, lasts, is_of_day: true });
    }
    let (date, time) = match text.split_once(['T', 't', '_']) {
        Some((date, time)) => (date, of_day(time)?),
        None => (text, (0, DAY)),
    };
    let day: jiff::civil::Date = date.parse().ok()?;
    let midnight = Offset::UTC.to_timestamp(DateTime::from(day)).ok()?;
    let midnight = u64::try_from(midnight.as_nanosecond()).ok()?;
    Some(Moment { from: midnight.checked_add(time.0)?, lasts: time.1, is_of_day: false })
}

/// Nanoseconds from midnight, and how long the last digit is.
fn of_day(text: &str) -> Option<(u64, u64)> {
    let mut parts = text.split(':');
    let part = |text: &str, most: u64| {
        let is_number = (1..=2).contains(&text.len()) && text.bytes().all(|it| it.is_ascii_digit());
        text.parse().ok().filter(|number: &u64| is_number && *number <= most)
    };
    let hours = part(parts.next()?, 23)?;
    let minutes = part(parts.next()?, 59)?;
    let from = (hours * 60 + minutes) * 60 * SECOND;
    let Some(seconds) = parts.next() else { return Some((from, 60 * SECOND)) };
    if parts.next().is_some() {
        return None;
    }
    let (whole, digits) = seconds.split_once('.').map_or((seconds, None), |(a, b)| (a, Some(b)));
    let from = from + part(whole, 59)? * SECOND;
    let Some(digits) = digits else { return Some((from, SECOND)) };
    if digits.is_empty() || digits.len() > 9 || !digits.bytes().all(|it| it.is_ascii_digit()) {
        return None;
    }
    let lasts = SECOND / 10_u64.pow(digits.len() as u32);
    Some((from + digits.parse::<u64>().ok()? * lasts, lasts))
}
