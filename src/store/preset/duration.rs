//! Durations in files: a number and a unit, `500ms`, `1.5s`, `2m`.

use std::time::Duration;

/// Units from long to short; the first name of each is the one written.
const UNITS: [(&[&str], u64); 6] = [
    (&["h"], 3_600_000_000_000),
    (&["m", "min"], 60_000_000_000),
    (&["s"], 1_000_000_000),
    (&["ms"], 1_000_000),
    (&["us", "µs"], 1_000),
    (&["ns"], 1),
];

/// Parses a duration; `None` when it is not one or does not fit.
pub(super) fn parse(text: &str) -> Option<Duration> {
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
pub(super) fn print(duration: Duration) -> String {
    let nanos = duration.as_nanos();
    if nanos.is_multiple_of(1_000_000_000) {
        format!("{}s", duration.as_secs())
    } else if nanos.is_multiple_of(1_000_000) {
        format!("{}ms", duration.as_millis())
    } else if nanos.is_multiple_of(1_000) {
        format!("{}us", duration.as_micros())
    } else {
        format!("{nanos}ns")
    }
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
        ] {
            assert_eq!(parse(text), Some(Duration::from_nanos(nanos)), "{text}");
        }
        for bad in ["", "5", "s", ".5s", "5.s", "5x", "-1s", "99999999999999999999999h", "1.2.3s"] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_printed_duration_reads_back() {
        for nanos in [0, 1, 999, 1_000, 1_500_000, 30_000_000_000, u64::MAX] {
            let duration = Duration::from_nanos(nanos);
            assert_eq!(parse(&print(duration)), Some(duration));
        }
        assert_eq!(parse(&print(Duration::MAX)), Some(Duration::MAX));
        assert_eq!(print(Duration::from_millis(1500)), "1500ms");
    }
}
