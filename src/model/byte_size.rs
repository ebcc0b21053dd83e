//! Numbers of bytes as people read them. Called by both shells.

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

#[cfg(test)]
mod tests {
    use super::*;

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
