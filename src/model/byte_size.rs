//! Numbers of bytes as people read and write them. Called by both shells, and by the fields of specs.

/// `812 B`, `1.2 KiB`, `340 MiB`.
#[must_use]
pub fn size(bytes: u64) -> String {
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    let mut value = bytes as f64 / 1024.0;
    let mut unit = "KiB";
    for larger in ["MiB", "GiB", "TiB", "PiB"] {
        if value >= 1023.95 {
            value /= 1024.0;
            unit = larger;
        }
    }
    if value < 99.95 { format!("{value:.1} {unit}") } else { format!("{value:.0} {unit}") }
}

/// What a unit of bytes or bits begins with, and how much it is: `k` of a thousand, `Ki` of 1024.
const PREFIXES: [(&str, u64); 7] = [
    ("", 1),
    ("k", 1_000),
    ("m", 1_000_000),
    ("g", 1_000_000_000),
    ("ki", 1 << 10),
    ("mi", 1 << 20),
    ("gi", 1 << 30),
];

/// Reads `1000`, `64k`, `1.5M`, `64KiB` as bytes.
///
/// # Errors
/// A sentence when it is none of these.
pub(crate) fn parse_size(text: &str) -> Result<u64, String> {
    amount(text, &|unit| prefix(unit.strip_suffix('b').unwrap_or(unit)).map(|bytes| (bytes, 1)))
        .ok_or_else(|| format!("'{text}' is not a number of bytes; write 1000, 64k, 1M or 64KiB"))
}

/// Reads `1000`, `64k`, `64KiB/s`, `8Mbit/s` as bytes a second.
///
/// # Errors
/// A sentence when it is none of these.
pub(crate) fn parse_rate(text: &str) -> Result<u64, String> {
    let is_either = text.trim().to_ascii_lowercase().ends_with("bps");
    if is_either {
        // Of tc it is bytes, of everybody else bits.
        return Err(format!("'{text}' may be bits or bytes; write 64kB/s or 64kbit/s"));
    }
    let of_unit = |unit: &str| {
        let unit = unit.strip_suffix("/s").unwrap_or(unit);
        match unit.strip_suffix("bit") {
            Some(bits) => prefix(bits).map(|bits| (bits, 8)),
            None => prefix(unit.strip_suffix('b').unwrap_or(unit)).map(|bytes| (bytes, 1)),
        }
    };
    amount(text, &of_unit).ok_or_else(|| {
        format!("'{text}' is not a rate; write bytes a second: 1000, 64k, 64KiB/s or 8Mbit/s")
    })
}

fn prefix(text: &str) -> Option<u64> {
    PREFIXES.iter().find(|(name, _)| *name == text).map(|(_, times)| *times)
}

/// A number, perhaps with a fraction, and its unit, which says by what it is multiplied and divided.
fn amount(text: &str, of_unit: &dyn Fn(&str) -> Option<(u64, u64)>) -> Option<u64> {
    let text = text.trim().to_ascii_lowercase();
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let (times, parts) = of_unit(unit.trim_start())?;
    let (whole, part) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() || number.ends_with('.') || part.len() > 9 {
        return None;
    }
    let mut total = whole.parse::<u64>().ok()?.checked_mul(times)?;
    if !part.is_empty() {
        let scale = 10_u64.checked_pow(u32::try_from(part.len()).ok()?)?;
        total = total.checked_add(part.parse::<u64>().ok()?.checked_mul(times)? / scale)?;
    }
    Some(total / parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_rates_read_as_people_write_them() {
        for (text, bytes) in [
            ("0", 0),
            ("1000", 1_000),
            ("64k", 64_000),
            ("1.5 MB", 1_500_000),
            ("64KiB", 65_536),
            ("2Mi", 2 << 20),
            ("1g", 1_000_000_000),
        ] {
            assert_eq!(parse_size(text), Ok(bytes), "{text}");
            assert_eq!(parse_rate(text), Ok(bytes), "{text}");
        }
        for (text, bytes) in
            [("1k/s", 1_000), ("64KiB/s", 65_536), ("8mbit", 1_000_000), ("80 kbit/s", 10_000)]
        {
            assert_eq!(parse_rate(text), Ok(bytes), "{text}");
            assert!(parse_size(text).is_err(), "{text}");
        }
        for text in ["", "k", "-1", "1x", "1.", "1kk", "0x10", "99999999999999999999", "1 k b"] {
            assert!(parse_size(text).is_err() && parse_rate(text).is_err(), "{text}");
        }
        assert!(parse_rate("64kbps").unwrap_err().contains("write 64kB/s or 64kbit/s"));
    }

    #[test]
    fn sizes_read_at_a_glance() {
        for (bytes, text) in [
            (0, "0 B"),
            (1023, "1023 B"),
            (1229, "1.2 KiB"),
            (1_048_576, "1.0 MiB"),
            (1_073_700_000, "1.0 GiB"),
            (356_515_840, "340 MiB"),
        ] {
            assert_eq!(size(bytes), text);
        }
        assert!(size(u64::MAX).ends_with("PiB"));
    }
}
