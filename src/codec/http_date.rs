//! Dates as HTTP writes them (RFC 9110, section 5.6.7): the form of today, and the two that a recipient reads, too.
//!
//! Called by what tells the age of an answer and the end of a cookie.

use jiff::fmt::{rfc2822, strtime};
use jiff::tz::TimeZone;
use jiff::{Timestamp, civil};

/// The time that a text says; `None` = it is no date.
#[must_use]
pub(crate) fn timestamp(text: &str) -> Option<Timestamp> {
    // The names of days of RFC 850 stand in front of hyphens.
    let plain = text.trim().replace('-', " ");
    let (day, rest) = plain.split_once(',').unwrap_or(("", &plain));
    let short: String = day.chars().take(3).collect();
    let today = if day.is_empty() { plain.clone() } else { format!("{short},{rest}") };
    let parser = rfc2822::DateTimeParser::new().relaxed_weekday(true);
    parser.parse_timestamp(&today).ok().or_else(|| {
        let broken = strtime::parse("%a %b %e %H:%M:%S %Y", text.trim()).ok()?;
        let time: civil::DateTime = broken.to_datetime().ok()?;
        Some(time.to_zoned(TimeZone::UTC).ok()?.timestamp())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_three_forms_say_the_same() {
        let seconds = |text| timestamp(text).map(Timestamp::as_second);
        for text in [
            "Sun, 06 Nov 1994 08:49:37 GMT",
            " Sun, 06-Nov-1994 08:49:37 GMT ",
            "Sunday, 06-Nov-94 08:49:37 GMT",
            "Sun Nov  6 08:49:37 1994",
        ] {
            assert_eq!(seconds(text), Some(784_111_777), "{text}");
        }
        for text in ["", "0", "-1", "never", "Sun, 99 Nov 1994 08:49:37 GMT", "1994-11-06"] {
            assert_eq!(seconds(text), None, "{text}");
        }
    }
}
