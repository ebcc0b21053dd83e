//! Sizes, durations, counts and times of day as the screen shows them.
//!
//! Used by panes for remarks and by `ui` for everything it draws, so one figure looks the same
//! everywhere.

use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::Offset;

pub use crate::model::byte_size::size;
pub use crate::model::counts::{count, counted};
use crate::model::timing::Stamp;

/// The beginning of a text, at most so many bytes.
pub(crate) fn start_of(text: &str, bytes: usize) -> &str {
    let mut end = text.len().min(bytes);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.split_at(end).0
}

/// `2 LF, 1 CRLF`: how the lines of a text end; empty for one line.
pub(crate) fn line_ends(text: &str) -> String {
    let crlf = memchr::memmem::find_iter(text.as_bytes(), b"\r\n").count();
    let lf = memchr::memchr_iter(b'\n', text.as_bytes()).count() - crlf;
    let part = |ends, name| (ends > 0).then(|| format!("{} {name}", count(ends as u64)));
    [part(lf, "LF"), part(crlf, "CRLF")].into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// `0.03 ms`, `12.4 ms`, `1.20 s`, `2 min 03 s`.
pub fn duration(duration: Duration) -> String {
    let millis = duration.as_secs_f64() * 1000.0;
    match millis {
        m if m < 1.0 => format!("{m:.2} ms"),
        m if m < 99.95 => format!("{m:.1} ms"),
        m if m < 999.5 => format!("{m:.0} ms"),
        m if m < 59_995.0 => format!("{:.2} s", m / 1000.0),
        _ => {
            let seconds = duration.as_secs();
            format!("{} min {:02} s", seconds / 60, seconds % 60)
        }
    }
}

/// `2 s`, `5 min`, `3 h`, `2 days`: how long something is ago, no more exactly than matters.
pub(crate) fn age(age: Duration) -> String {
    match age.as_secs() {
        seconds @ 0..60 => format!("{seconds} s"),
        seconds @ 60..3600 => format!("{} min", seconds / 60),
        seconds @ 3600..86_400 => format!("{} h", seconds / 3600),
        seconds => counted(seconds / 86_400, "day"),
    }
}

/// How long the text of such an age stays true at least.
pub(crate) fn age_lasts(age: Duration) -> Duration {
    match age.as_secs() {
        0..60 => Duration::from_secs(1),
        _ => Duration::from_secs(60),
    }
}

/// Time of day `14:02:07.113` at an offset from UTC.
pub fn clock(at: Stamp, utc_offset: Option<Offset>) -> String {
    local(at, utc_offset).strftime("%H:%M:%S%.3f").to_string()
}

/// Date and time of day at an offset from UTC, which stands for one that is not known.
pub fn local(at: Stamp, utc_offset: Option<Offset>) -> DateTime {
    let instant = Timestamp::from_nanosecond(at.0.into()).unwrap_or_default();
    utc_offset.unwrap_or(Offset::UTC).to_datetime(instant)
}

/// `0/s`, `12/s`, `12.3k/s`, `1.2M/s`.
pub fn rate(per_second: f64) -> String {
    match per_second {
        r if r < 999.5 => format!("{r:.0}/s"),
        r if r < 999_950.0 => format!("{:.1}k/s", r / 1e3),
        r => format!("{:.1}M/s", r / 1e6),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_keep_three_digits() {
        let ms = |ms: f64| duration(Duration::from_secs_f64(ms / 1000.0));
        assert_eq!(ms(0.034), "0.03 ms");
        assert_eq!(ms(12.44), "12.4 ms");
        assert_eq!(ms(345.0), "345 ms");
        assert_eq!(ms(1200.0), "1.20 s");
        assert_eq!(ms(123_000.0), "2 min 03 s");
    }

    #[test]
    fn times_follow_the_offset_across_midnight() {
        let at = Stamp((23 * 3600 + 59 * 60) * 1_000_000_000 + 7_000_000);
        assert_eq!(clock(at, None), "23:59:00.007");
        assert_eq!(clock(at, Some(Offset::constant(1))), "00:59:00.007");
        assert_eq!(clock(Stamp(0), Some(Offset::constant(-1))), "23:00:00.000");
    }
}
