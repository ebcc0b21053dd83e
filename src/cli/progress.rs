//! The progress of a download in one line of a terminal. Pure; `download` shows it on standard error.

use std::time::Duration;

use unicode_width::UnicodeWidthStr as _;

use crate::codec::printable::printable_str;
use crate::model::byte_size::size;

/// Narrowest bar that says anything, in columns.
const NARROWEST: usize = 8;

/// How far a download is, in bytes of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct DownloadProgress {
    /// What was there before.
    pub(super) before: u64,
    pub(super) done: u64,
    pub(super) total: Option<u64>,
    /// Since the first byte of this run.
    pub(super) took: Duration,
}

impl DownloadProgress {
    /// Bytes a second, of this run.
    pub(super) fn rate(&self) -> u64 {
        let seconds = self.took.as_secs_f64();
        let bytes = self.done.saturating_sub(self.before) as f64;
        if seconds > 0.0 { (bytes / seconds) as u64 } else { 0 }
    }

    /// One line of at most so many columns.
    pub(super) fn line(&self, name: &str, columns: usize) -> String {
        let rate = self.rate();
        let far = match self.total {
            Some(total) => format!("{}/{}", size(self.done), size(total)),
            None => size(self.done),
        };
        let left = self
            .total
            .filter(|_| rate > 0)
            .map(|total| format!("  {} left", clock(total.saturating_sub(self.done) / rate)));
        let facts = format!("{far}  {}/s{}", size(rate), left.unwrap_or_default());
        let percent = self
            .total
            .filter(|total| *total > 0)
            .map(|total| self.done.saturating_mul(100).checked_div(total).unwrap_or(0).min(100));
        let name = shortened(&printable_str(name), columns / 3);
        let line = match percent {
            None => format!("{name}  {facts}"),
            Some(percent) => {
                let around = format!("{name} {percent:>3}% []  {facts}");
                let room = columns.saturating_sub(around.width()).min(40);
                let filled = room * percent as usize / 100;
                match room {
                    NARROWEST.. => {
                        let bar = format!("{}{}", "#".repeat(filled), " ".repeat(room - filled));
                        format!("{name} {percent:>3}% [{bar}]  {facts}")
                    }
                    _ => format!("{name} {percent:>3}%  {facts}"),
                }
            }
        };
        shortened(&line, columns)
    }
}

/// The beginning of a text in so many columns.
fn shortened(text: &str, columns: usize) -> String {
    let mut width = 0;
    let fits = |c: &char| {
        width += c.to_string().width();
        width <= columns
    };
    text.chars().take_while(fits).collect()
}

/// `0:07`, `12:34`, `1:02:03`
fn clock(seconds: u64) -> String {
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    match hours {
        0 => format!("{minutes}:{seconds:02}"),
        _ => format!("{hours}:{minutes:02}:{seconds:02}"),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_line_says_how_far_it_is() {
        let half = DownloadProgress {
            before: 1 << 20,
            done: 5 << 20,
            total: Some(10 << 20),
            took: Duration::from_secs(2),
        };
        let line = half.line("a.iso", 80);
        assert!(line.starts_with("a.iso  50% [#####"), "{line}");
        assert!(line.ends_with("]  5.0 MiB/10.0 MiB  2.0 MiB/s  0:02 left"), "{line}");
        let endless = DownloadProgress { total: None, ..half };
        assert_eq!(endless.line("a.iso", 80), "a.iso  5.0 MiB  2.0 MiB/s");
        assert_eq!(clock(3723), "1:02:03");
    }

    proptest! {
        #![proptest_config(crate::property_tests::config())]

        #[test]
        fn a_line_fits_its_terminal(
            name: String, columns in 0_usize..200, before: u64, done: u64, total: Option<u64>, took: u32,
        ) {
            let took = Duration::from_millis(u64::from(took));
            let line = DownloadProgress { before, done, total, took }.line(&name, columns);
            prop_assert!(line.width() <= columns, "{line:?}");
            prop_assert!(!line.contains(char::is_control));
        }
    }
}
