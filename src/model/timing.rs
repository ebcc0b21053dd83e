//! Time stamps and the phases of a connection.

use std::time::Duration;

/// Wall-clock time in nanoseconds since the Unix epoch. Only shells and the engine make one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Stamp(pub u64);

/// How long each phase of an exchange took, by a monotonic clock. `None` = did not happen (yet).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Timing {
    pub lookup: Option<Duration>,
    pub connect: Option<Duration>,
    pub tls: Option<Duration>,
    /// Writing the request.
    pub send: Option<Duration>,
    /// From the request sent to the first byte of the response.
    pub first_byte: Option<Duration>,
    /// From the first byte to the last.
    pub transfer: Option<Duration>,
    pub total: Duration,
}

impl Stamp {
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

/// Why a text is not a duration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is not a duration; write 500ms, 10s or 2m")]
pub struct DurationError(pub String);

/// Reads `500ms`, `1.5s`, `2m`; a bare number is seconds.
///
/// # Errors
/// When it is none of these or longer than a day.
pub fn parse_duration(text: &str) -> Result<Duration, DurationError> {
    let error = || DurationError(text.trim().into());
    let text = text.trim();
    let (number, scale) = if let Some(number) = text.strip_suffix("ms") {
        (number, 0.001)
    } else if let Some(number) = text.strip_suffix('s') {
        (number, 1.0)
    } else if let Some(number) = text.strip_suffix('m') {
        (number, 60.0)
    } else {
        (text, 1.0)
    };
    let number: f64 = number.trim().parse().map_err(|_| error())?;
    let seconds = number * scale;
    if !(0.0..=86_400.0).contains(&seconds) {
        return Err(error());
    }
    // Through whole microseconds, so that what is printed parses back to the same value.
    Ok(Duration::from_micros((seconds * 1e6).round() as u64))
}

/// Prints a duration so that [`parse_duration`] reads it back: `500ms`, `10s`.
pub fn show_duration(duration: Duration) -> String {
    let micros = duration.as_micros();
    if micros.is_multiple_of(1_000_000) {
        format!("{}s", micros / 1_000_000)
    } else if micros.is_multiple_of(1000) {
        format!("{}ms", micros / 1000)
    } else {
        format!("{}ms", micros as f64 / 1000.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_print_as_they_parse() {
        for text in ["0s", "500ms", "10s", "1500ms", "0.5ms"] {
            assert_eq!(show_duration(parse_duration(text).unwrap()), text);
        }
        assert_eq!(parse_duration("2m").unwrap(), Duration::from_secs(120));
        assert_eq!(parse_duration("3").unwrap(), Duration::from_secs(3));
        for text in ["", "x", "-1s", "NaN", "1e9s"] {
            assert!(parse_duration(text).is_err(), "{text}");
        }
    }
}
