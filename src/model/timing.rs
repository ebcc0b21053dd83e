//! Time stamps and the phases of a connection.

use std::time::Duration;

/// Nanoseconds since the Unix epoch by a clock that is never set: the wall clock at the start of the
/// program and monotonic time since. Only shells and the engine make one; what the wall clock said
/// then, knows a [`WallClock`](super::wall_clock::WallClock).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Stamp(pub u64);

/// How long each phase of an exchange took, by a monotonic clock. `None` = did not happen (yet).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Timing {
    pub lookup: Option<Duration>,
    pub connect: Option<Duration>,
    /// Until a proxy had connected on.
    pub tunnel: Option<Duration>,
    pub tls: Option<Duration>,
    /// Writing the request.
    pub send: Option<Duration>,
    /// From the request sent to the first byte of the response.
    pub first_byte: Option<Duration>,
    /// From the first byte to the last.
    pub transfer: Option<Duration>,
    pub total: Duration,
}

/// A time between two records, short enough to be kept with each: seconds to seven digits, so that
/// a microsecond is told within ten seconds and a millisecond within hours.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Lapse(f32);

impl Default for Lapse {
    fn default() -> Self {
        Lapse::NONE
    }
}

impl Lapse {
    /// There was nothing before.
    pub const NONE: Lapse = Lapse(f32::NAN);

    /// From one stamp to a later one.
    #[must_use]
    pub fn between(from: Stamp, to: Stamp) -> Self {
        Lapse(to.since(from).as_secs_f32())
    }

    /// Nanoseconds of it.
    #[must_use]
    pub(crate) fn nanos(self) -> Option<u64> {
        (!self.0.is_nan()).then(|| (f64::from(self.0) * 1e9).round() as u64)
    }

    /// It, if there is one.
    #[must_use]
    pub(crate) fn get(self) -> Option<Duration> {
        self.nanos().map(Duration::from_nanos)
    }
}

impl Stamp {
    /// The time that is so many nanoseconds from the epoch, or the nearest one that can be told: files
    /// may say years before 1970 and after 2554.
    #[must_use]
    pub(crate) fn nearest(nanos: i128) -> Stamp {
        Stamp(u64::try_from(nanos.max(0)).unwrap_or(u64::MAX))
    }

    /// So long before.
    #[must_use]
    pub(crate) fn before(self, time: Duration) -> Stamp {
        Stamp(self.0.saturating_sub(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)))
    }

    /// Zero when `earlier` is the later one.
    #[must_use]
    pub fn since(self, earlier: Stamp) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }
}

impl std::ops::Add<Duration> for Stamp {
    type Output = Stamp;

    fn add(self, rhs: Duration) -> Stamp {
        Stamp(self.0.saturating_add(u64::try_from(rhs.as_nanos()).unwrap_or(u64::MAX)))
    }
}

/// Longest duration anybody can ask for; far within what timers can hold.
pub(crate) const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

/// Units from long to short; the first name of each is the one written.
const UNITS: [(&[&str], u64); 6] = [
    (&["h"], 3_600_000_000_000),
    (&["m", "min"], 60_000_000_000),
    (&["s"], 1_000_000_000),
    (&["ms"], 1_000_000),
    (&["us", "µs"], 1_000),
    (&["ns"], 1),
];

/// Why a text is not a duration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is not a duration; write 500ms, 10s or 2m, at most 24h")]
pub struct DurationError(pub String);

/// Reads `500ms`, `1.5s`, `2m`; a bare number, `0.5` too, is seconds.
///
/// # Errors
/// When it is none of these or longer than a day.
pub(crate) fn parse_duration(text: &str) -> Result<Duration, DurationError> {
    let is_bare = text.trim().bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let read = if is_bare { exact(&format!("{}s", text.trim())) } else { exact(text) };
    read.filter(|duration| *duration <= LONGEST).ok_or_else(|| DurationError(text.trim().into()))
}

/// The same where nothing means no bound, as for `HTTPie` and curl: that is a day.
///
/// # Errors
/// When it is no duration.
pub(crate) fn parse_bound(text: &str) -> Result<Duration, DurationError> {
    parse_duration(text).map(bound)
}

/// A time to wait at most, of which 0 means no bound: a day.
pub(crate) fn bound(duration: Duration) -> Duration {
    if duration.is_zero() { LONGEST } else { duration }
}

fn exact(text: &str) -> Option<Duration> {
    let text = text.trim();
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.')?;
    let (number, unit) = text.split_at_checked(end)?;
    let (_, nanos) = UNITS.iter().find(|(names, _)| names.contains(&unit.trim_start()))?;
    let (whole, part) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() || number.ends_with('.') || part.len() > 9 {
        return None;
    }
    let mut total = whole.parse::<u128>().ok()?.checked_mul(u128::from(*nanos))?;
    if !part.is_empty() {
        let scale = 10u128.checked_pow(u32::try_from(part.len()).ok()?)?;
        total = total.checked_add(part.parse::<u128>().ok()? * u128::from(*nanos) / scale)?;
    }
    let seconds = u64::try_from(total / 1_000_000_000).ok()?;
    Some(Duration::new(seconds, (total % 1_000_000_000) as u32))
}

/// The shortest exact text: whole seconds, else milliseconds, microseconds or nanoseconds.
pub(crate) fn show_duration(duration: Duration) -> String {
    let nanos = duration.as_nanos();
    let exact = UNITS[2..].iter().find(|(_, unit)| nanos.is_multiple_of(u128::from(*unit)));
    let (names, unit) = exact.unwrap_or(&UNITS[5]);
    format!("{}{}", nanos / u128::from(*unit), names[0])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_as_people_write_them() {
        for (text, nanos) in [
            ("500ms", 500_000_000),
            ("1.5s", 1_500_000_000),
            ("2 m", 120_000_000_000),
            ("1h", 3_600_000_000_000),
            ("0.25us", 250),
            ("0s", 0),
            ("0", 0),
            ("10", 10_000_000_000),
            ("0.5", 500_000_000),
            (" 2.25 ", 2_250_000_000),
        ] {
            assert_eq!(parse_duration(text), Ok(Duration::from_nanos(nanos)), "{text}");
        }
        for bad in
            ["", "s", "NaN", "25h", ".5s", "5.s", "5x", "-1s", "99999999999999999999999h", "1.2.3s"]
        {
            assert!(parse_duration(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_lapse_is_exact_enough_to_be_compared() {
        let of = |nanos| Lapse::between(Stamp(7), Stamp(7 + nanos)).nanos();
        for nanos in [0, 1_000, 5_000_000, 999_000_000] {
            assert_eq!(of(nanos).map(|it| it.abs_diff(nanos) < 50), Some(true), "{nanos}");
        }
        assert_eq!(of(5_000_000), Some(5_000_000));
        assert_eq!(Lapse::between(Stamp(9), Stamp(3)).nanos(), Some(0));
        assert_eq!(Lapse::NONE.get(), None);
    }

    #[test]
    fn a_printed_duration_reads_back() {
        for nanos in [0, 1, 999, 1_000, 1_500_000, 30_000_000_000] {
            let duration = Duration::from_nanos(nanos);
            assert_eq!(parse_duration(&show_duration(duration)), Ok(duration));
        }
        assert_eq!(show_duration(Duration::from_millis(1500)), "1500ms");
        assert_eq!(parse_duration("3"), Ok(Duration::from_secs(3)));
    }
}
