//! How a request is carried, beyond what it says: which part is asked for, how fast, with a login of which file.

use std::path::PathBuf;
use std::time::Duration;

/// As composed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TransferSpec {
    /// Bytes that are asked for, such as `0-499`; empty = all.
    pub range: String,
    /// Bytes a second, either way; empty = no bound.
    pub limit_rate: String,
    /// File of logins by host; empty = none.
    pub netrc: String,
    /// Tries more at most, of what may come out otherwise later.
    pub retry: u8,
    /// Wait before each; `None` = a second, and twice as long each time.
    pub retry_delay: Option<Duration>,
    /// No try begins later; `None` = no bound.
    pub retry_max_time: Option<Duration>,
}

/// As the engine does it; the range is a header.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TransferOptions {
    /// Bytes a second, either way.
    pub limit_rate: Option<u64>,
    /// File of logins by host.
    pub netrc: Option<PathBuf>,
    pub retry: RetryOptions,
}

/// How often, and how long, a request is tried again.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RetryOptions {
    pub times: u8,
    pub delay: Option<Duration>,
    pub max_time: Option<Duration>,
}

/// Answers that may be another one later.
pub(crate) const RETRIED: [u16; 6] = [408, 429, 500, 502, 503, 504];

/// Whether a text is ranges of bytes: `0-499`, `500-`, `-100`, several with commas between.
#[must_use]
pub(crate) fn is_range(text: &str) -> bool {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    text.split(',').map(str::trim).all(|part| match part.split_once('-') {
        Some((first, "")) => is_number(first),
        Some(("", last)) => is_number(last),
        Some((first, last)) => is_number(first) && is_number(last),
        None => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_told_from_other_texts() {
        for range in ["0-499", "500-", "-100", "0-0, -1"] {
            assert!(is_range(range), "{range}");
        }
        for other in ["", "5", "a-b", "1-2-3", "-", "0-1,"] {
            assert!(!is_range(other), "{other}");
        }
    }
}
