//! Whether a request is tried once more, and when: what curl tries again, and as long as it does. Pure but for the time it
//! is told.

use std::time::Duration;

use tokio::time::Instant;

use crate::codec::http_date;
use crate::model::exchange::Head;
use crate::model::failure::{Failure, FailureKind};
use crate::model::transfer::{RETRIED, RetryOptions};

/// The first wait, which doubles each time.
const FIRST: Duration = Duration::from_secs(1);
/// The longest wait, whatever a server asks for.
const LONGEST: Duration = Duration::from_secs(600);

/// How often a request was tried, and may be.
#[derive(Debug)]
pub(super) struct Retries {
    options: RetryOptions,
    done: u8,
    /// What is waited before the next one, unless it is said.
    wait: Duration,
    began: Instant,
}

/// A further try.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Retry {
    pub(super) wait: Duration,
    /// Why, in words.
    pub(super) why: String,
}

impl Retries {
    /// None yet.
    pub(super) fn of(options: &RetryOptions) -> Self {
        Retries { options: options.clone(), done: 0, wait: FIRST, began: Instant::now() }
    }

    /// Whether it is tried again after it came to this; `wall` is the time of the day, for servers that name one.
    pub(super) fn after(
        &mut self,
        came: Result<&Head, &Failure>,
        wall: jiff::Timestamp,
    ) -> Option<Retry> {
        let (cause, asked) = match came {
            Ok(head) => {
                let status = head.status().filter(|status| RETRIED.contains(status))?;
                (format!("the answer was {status}"), retry_after(head, wall))
            }
            Err(failure) if matches!(failure.kind, FailureKind::Timeout(_)) => {
                ("it took too long".to_owned(), None)
            }
            Err(_) => return None,
        };
        if self.done >= self.options.times {
            return None;
        }
        let own = self.options.delay.unwrap_or(self.wait);
        let wait = asked.unwrap_or_default().max(own);
        let is_late = self.options.max_time.is_some_and(|most| self.began.elapsed() + wait > most);
        if wait > LONGEST || is_late {
            return None;
        }
        self.wait = (self.wait * 2).min(LONGEST);
        self.done += 1;
        let (done, times) = (self.done, self.options.times);
        let seconds = wait.as_secs_f64();
        let why = format!("tried again ({done} of {times}) after {seconds} s: {cause}");
        Some(Retry { wait, why })
    }
}

/// What the server asks to wait: seconds, or a time of the day (RFC 9110, section 10.2.3).
fn retry_after(head: &Head, wall: jiff::Timestamp) -> Option<Duration> {
    let value = std::str::from_utf8(head.field("retry-after")?).ok()?.trim();
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let at = http_date::timestamp(value)?;
    Some(Duration::try_from(at.duration_since(wall)).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::http1::Expected;
    use crate::engine::http::message_writer::shown;
    use crate::model::failure::Stage;

    fn head(status: u16, more: &str) -> Head {
        shown(Expected::Response, format!("HTTP/1.1 {status} X\r\n{more}\r\n").into())
    }

    fn noon() -> jiff::Timestamp {
        "2026-11-30T12:00:00Z".parse().unwrap()
    }

    #[test]
    fn what_may_be_another_answer_later_is_tried_again_with_longer_and_longer_waits() {
        let options = RetryOptions { times: 3, ..RetryOptions::default() };
        let mut retries = Retries::of(&options);
        let mut waits = Vec::new();
        while let Some(retry) = retries.after(Ok(&head(503, "")), noon()) {
            waits.push(retry.wait.as_secs());
        }
        assert_eq!(waits, [1, 2, 4]);
        let mut retries = Retries::of(&options);
        for status in [200, 404, 501, 301] {
            assert_eq!(retries.after(Ok(&head(status, "")), noon()), None, "{status}");
        }
        let late = FailureKind::Timeout(Duration::from_secs(1));
        let failure = |kind| Failure::new(Stage::Head, "h", kind, "");
        assert_eq!(retries.after(Err(&failure(FailureKind::Refused)), noon()), None);
        let retry = retries.after(Err(&failure(late)), noon()).unwrap();
        assert_eq!(retry.why, "tried again (1 of 3) after 1 s: it took too long");
        assert_eq!(Retries::of(&RetryOptions::default()).after(Ok(&head(503, "")), noon()), None);
    }

    #[test]
    fn what_a_server_asks_to_wait_is_kept_within_bounds() {
        let options = RetryOptions { times: 9, delay: Some(Duration::ZERO), max_time: None };
        let wait = |options: &RetryOptions, more: &str| {
            let retry = Retries::of(options).after(Ok(&head(429, more)), noon());
            retry.map(|retry| retry.wait.as_secs())
        };
        assert_eq!(wait(&options, ""), Some(0));
        assert_eq!(wait(&options, "Retry-After: 7\r\n"), Some(7));
        assert_eq!(wait(&options, "Retry-After: Mon, 30 Nov 2026 12:00:09 GMT\r\n"), Some(9));
        assert_eq!(wait(&options, "Retry-After: Mon, 30 Nov 2020 12:00:09 GMT\r\n"), Some(0));
        assert_eq!(wait(&options, "Retry-After: soon\r\n"), Some(0));
        assert_eq!(wait(&options, "Retry-After: 86400\r\n"), None);
        let bounded = RetryOptions { max_time: Some(Duration::from_secs(5)), ..options };
        assert_eq!(wait(&bounded, "Retry-After: 7\r\n"), None);
        assert_eq!(wait(&bounded, "Retry-After: 4\r\n"), Some(4));
    }
}
