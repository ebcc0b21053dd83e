//! Dates of `Expires` (RFC 6265bis, section 5.1.1): every order of the parts, and years of two digits.

use jiff::civil;

/// What the seconds are counted from.
const EPOCH: civil::DateTime = civil::DateTime::constant(1970, 1, 1, 0, 0, 0, 0);
const MONTHS: [&[u8; 3]; 12] = [
    b"jan", b"feb", b"mar", b"apr", b"may", b"jun", b"jul", b"aug", b"sep", b"oct", b"nov", b"dec",
];

/// The date in seconds since 1970 (UTC); `None` = it is none.
pub(super) fn read(text: &[u8]) -> Option<i64> {
    let (mut time, mut day, mut month, mut year) = (None, None, None, None);
    for token in text.split(|byte| is_delimiter(*byte)).filter(|token| !token.is_empty()) {
        if time.is_none()
            && let Some(found) = clock(token)
        {
            time = Some(found);
        } else if day.is_none()
            && let Some(found) = number(token, 1..=2)
        {
            day = Some(found);
        } else if month.is_none()
            && let Some(found) = month_of(token)
        {
            month = Some(found);
        } else if year.is_none()
            && let Some(found) = number(token, 2..=4)
        {
            year = Some(found);
        }
    }
    let ((hour, minute, second), day, month, year) = (time?, day?, month?, year?);
    let year = match year {
        70..=99 => year + 1900,
        0..=69 => year + 2000,
        _ => year,
    };
    let date = civil::DateTime::new(
        i16::try_from(year).ok()?,
        i8::try_from(month).ok()?,
        i8::try_from(day).ok()?,
        i8::try_from(hour).ok()?,
        i8::try_from(minute).ok()?,
        i8::try_from(second).ok()?,
        0,
    );
    let date = date.ok().filter(|date| date.year() >= 1601)?;
    Some(date.duration_since(EPOCH).as_secs())
}

fn is_delimiter(byte: u8) -> bool {
    matches!(byte, 0x09 | 0x20..=0x2f | 0x3b..=0x40 | 0x5b..=0x60 | 0x7b..=0x7e)
}

/// So many digits in front, behind which nothing or no digit stands.
fn digits(token: &[u8], count: std::ops::RangeInclusive<usize>) -> Option<(i64, &[u8])> {
    let len = token.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (digits, rest) = token.split_at(len);
    let number =
        digits.iter().fold(0_i64, |sum, digit| sum.saturating_mul(10) + i64::from(digit - b'0'));
    count.contains(&len).then_some((number, rest))
}

fn number(token: &[u8], count: std::ops::RangeInclusive<usize>) -> Option<i64> {
    digits(token, count).map(|(number, _)| number)
}

/// `hh:mm:ss`, each of one or two digits; what stands behind it is passed over.
fn clock(token: &[u8]) -> Option<(i64, i64, i64)> {
    let (hour, rest) = digits(token, 1..=2)?;
    let (minute, rest) = digits(rest.strip_prefix(b":")?, 1..=2)?;
    let (second, _) = digits(rest.strip_prefix(b":")?, 1..=2)?;
    Some((hour, minute, second))
}

fn month_of(token: &[u8]) -> Option<i64> {
    let name = token.get(..3)?.to_ascii_lowercase();
    (1..).zip(MONTHS).find(|(_, month)| month[..] == *name).map(|(number, _)| number)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_form_of_a_date_is_read() {
        for text in [
            "Sun, 06 Nov 1994 08:49:37 GMT",
            "Sunday, 06-Nov-94 08:49:37 GMT",
            "Sun Nov  6 08:49:37 1994",
            "sun, 6-NOV-1994 8:49:37",
            "08:49:37 1994 november 06th",
            "06/Nov/1994 08:49:37.000 UTC",
            "Nov 6 94 08:49:37",
        ] {
            assert_eq!(read(text.as_bytes()), Some(784_111_777), "{text}");
        }
        assert_eq!(read(b"Thu, 01 Jan 1970 00:00:00 GMT"), Some(0));
        assert_eq!(read(b"Thu, 01-Jan-70 00:00:01"), Some(1));
        assert_eq!(read(b"29 Feb 2000 00:00:00"), Some(951_782_400));
        assert_eq!(read(b"1 Jan 1601 0:0:0"), Some(-11_644_473_600));
        // Years of two digits: up to 69 they are of this century.
        assert_eq!(read(b"1 Jan 69 0:0:0"), read(b"1 Jan 2069 0:0:0"));
    }

    #[test]
    fn what_is_no_date_is_none() {
        for text in [
            "",
            "0",
            "-1",
            "Session",
            "Wed, 32 Jan 2020 00:00:00 GMT",
            "30 Feb 2020 00:00:00",
            "29 Feb 1900 00:00:00",
            "1 Jan 1600 00:00:00",
            "1 Jan 2020 24:00:00",
            "1 Jan 2020 00:60:00",
            "1 Jan 2020 00:00:60",
            "1 Foo 2020 00:00:00",
            "1 Jan 2020",
            "1 Jan 00:00:00",
            "Jan 2020 00:00:00",
            "1 Jan 20200 00:00:00",
        ] {
            assert_eq!(read(text.as_bytes()), None, "{text}");
        }
    }

    proptest! {
        #![proptest_config(crate::property_tests::config())]

        #[test]
        fn a_date_that_is_written_is_read_back(at in -11_644_473_600_i64..253_402_300_800) {
            let time = jiff::Timestamp::from_second(at).unwrap();
            let text = time.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
            prop_assert_eq!(read(text.as_bytes()), Some(at), "{}", text);
        }

        #[test]
        fn any_bytes_are_a_date_or_none(text in prop::collection::vec(any::<u8>(), 0..60)) {
            read(&text);
        }
    }
}
