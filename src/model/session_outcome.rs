//! What came of a session that was sent or started, as the history keeps it, and its words.
//!
//! Made by both shells when a session ends, kept by the store, shown by the list of the history. Nobody
//! reads the words back; the store alone does, for rows that were kept before there was more than words.

use std::time::Duration;

use super::counts::{count, counted};
use super::exchange::{Exchange, ExchangeState};

/// What came of a session.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum SessionOutcome {
    /// It runs still, or was never seen to end.
    #[default]
    Unknown,
    /// A request was answered; how long the exchange took, where that was kept.
    Status { code: u16, took: Option<Duration> },
    /// A conversation ended, after so many bytes.
    Bytes { sent: u64, received: u64 },
    /// A listener was stopped, after so many requests.
    Requests(u64),
    /// It failed or was broken off: why.
    Failed(String),
}

impl SessionOutcome {
    /// What came of a client's session whose last exchange this is.
    #[must_use]
    pub(crate) fn of_exchange(exchange: &Exchange) -> SessionOutcome {
        if let ExchangeState::Failed(failure) = &exchange.state {
            return SessionOutcome::Failed(failure.cause.clone());
        }
        let status = exchange.response.as_ref().and_then(|response| response.head.status());
        let took = Some(exchange.timing.total);
        status.map_or(SessionOutcome::Unknown, |code| SessionOutcome::Status { code, took })
    }

    /// In words: `200, 12.3 ms`, `5 B sent, 3 B received`, `4 requests`, or why it failed.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            SessionOutcome::Unknown => String::new(),
            SessionOutcome::Status { code, took: None } => code.to_string(),
            SessionOutcome::Status { code, took: Some(took) } => {
                format!("{code}, {:.1} ms", took.as_secs_f64() * 1000.0)
            }
            SessionOutcome::Bytes { sent, received } => {
                format!("{} B sent, {} B received", count(*sent), count(*received))
            }
            SessionOutcome::Requests(number) => counted(*number, "request"),
            SessionOutcome::Failed(cause) => cause.clone(),
        }
    }

    /// The same where there is room for one word.
    #[must_use]
    pub(crate) fn brief(&self) -> String {
        match self {
            SessionOutcome::Unknown => String::new(),
            SessionOutcome::Status { code, .. } => code.to_string(),
            SessionOutcome::Bytes { sent, received } => format!("{sent}↑ {received}↓"),
            SessionOutcome::Requests(count) => format!("{count} req"),
            SessionOutcome::Failed(_) => "failed".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outcome_has_words_and_one_short_word() {
        let took = Some(Duration::from_micros(12_340));
        for (outcome, words, brief) in [
            (SessionOutcome::Unknown, "", ""),
            (SessionOutcome::Status { code: 201, took }, "201, 12.3 ms", "201"),
            (SessionOutcome::Status { code: 201, took: None }, "201", "201"),
            (SessionOutcome::Bytes { sent: 12, received: 3 }, "12 B sent, 3 B received", "12↑ 3↓"),
            (SessionOutcome::Requests(4), "4 requests", "4 req"),
            (SessionOutcome::Failed("200 refused it".into()), "200 refused it", "failed"),
        ] {
            assert_eq!((outcome.words().as_str(), outcome.brief().as_str()), (words, brief));
        }
    }
}
