//! An outcome in three columns of the history's database beside its words, which are searched.
//!
//! Used by the database alone. Rows that an earlier version wrote (or still writes, running beside this
//! one) have words only; those are read here, and nowhere else.

use std::time::Duration;

use crate::model::session_outcome::SessionOutcome;

const STATUS: &str = "status";
const BYTES: &str = "bytes";
const REQUESTS: &str = "requests";
const FAILED: &str = "failed";

/// The columns of an outcome beside its words.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct KeptColumns<'a> {
    pub(super) kind: Option<&'a str>,
    /// The status, bytes sent, or how many requests.
    pub(super) first: Option<i64>,
    /// Microseconds, or bytes received.
    pub(super) second: Option<i64>,
}

/// What the columns of an outcome hold.
pub(super) fn columns(outcome: &SessionOutcome) -> KeptColumns<'static> {
    let (kind, first, second) = match outcome {
        SessionOutcome::Unknown => return KeptColumns::default(),
        SessionOutcome::Status { code, took } => {
            let took = took.and_then(|took| i64::try_from(took.as_micros()).ok());
            (STATUS, Some((*code).into()), took)
        }
        SessionOutcome::Bytes { sent, received } => {
            (BYTES, Some(sent.cast_signed()), Some(received.cast_signed()))
        }
        SessionOutcome::Requests(count) => (REQUESTS, Some(count.cast_signed()), None),
        SessionOutcome::Failed(_) => (FAILED, None, None),
    };
    KeptColumns { kind: Some(kind), first, second }
}

/// The outcome of a row with these columns and words.
pub(super) fn outcome(kept: KeptColumns<'_>, words: String) -> SessionOutcome {
    let KeptColumns { kind, first, second } = kept;
    let count = |column: Option<i64>| column.unwrap_or_default().cast_unsigned();
    match kind {
        None => of_words(words),
        Some(STATUS) => SessionOutcome::Status {
            code: u16::try_from(count(first)).unwrap_or_default(),
            took: second.map(|micros| Duration::from_micros(micros.cast_unsigned())),
        },
        Some(BYTES) => SessionOutcome::Bytes { sent: count(first), received: count(second) },
        Some(REQUESTS) => SessionOutcome::Requests(count(first)),
        Some(_) => SessionOutcome::Failed(words),
    }
}

/// What an earlier version said in words alone.
fn of_words(words: String) -> SessionOutcome {
    if words.is_empty() {
        return SessionOutcome::Unknown;
    }
    known(&words).unwrap_or(SessionOutcome::Failed(words))
}

/// The outcome whose words these are, if they are exactly those of one.
fn known(words: &str) -> Option<SessionOutcome> {
    let count = |text: &str| text.parse::<u64>().ok();
    if let Some(requests) = words.strip_suffix(" requests").and_then(count) {
        return Some(SessionOutcome::Requests(requests));
    }
    if let Some((sent, received)) = words.split_once(" B sent, ") {
        let received = received.strip_suffix(" B received").and_then(count);
        return Some(SessionOutcome::Bytes { sent: count(sent)?, received: received? });
    }
    let (status, took) = match words.rsplit_once(", ") {
        Some((status, took)) => (status, Some(took.strip_suffix(" ms")?.parse::<f64>().ok()?)),
        None => (words, None),
    };
    // The reason stood behind the number once.
    let code = status.split(' ').next()?.parse().ok()?;
    let is_status = (100..1000).contains(&code) && (took.is_some() || !status.contains(' '));
    let took = took.and_then(|ms| Duration::try_from_secs_f64(ms / 1000.0).ok());
    is_status.then_some(SessionOutcome::Status { code, took })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outcome_comes_back_from_its_columns() {
        let took = Some(Duration::from_micros(12_345));
        for kept in [
            SessionOutcome::Unknown,
            SessionOutcome::Status { code: 201, took },
            SessionOutcome::Status { code: 204, took: None },
            SessionOutcome::Bytes { sent: u64::MAX, received: 0 },
            SessionOutcome::Requests(4),
            SessionOutcome::Failed("200, 12.0 ms".into()),
        ] {
            assert_eq!(outcome(columns(&kept), kept.words()), kept);
        }
    }

    #[test]
    fn the_words_of_earlier_versions_are_read() {
        let of = |words: &str| of_words(words.to_owned());
        let status = |code, micros| SessionOutcome::Status {
            code,
            took: Some(Duration::from_micros(micros)),
        };
        assert_eq!(of("200, 12.3 ms"), status(200, 12_300));
        assert_eq!(of("201 Created, 12 ms"), status(201, 12_000));
        assert_eq!(of("204"), SessionOutcome::Status { code: 204, took: None });
        assert_eq!(of("5 B sent, 13 B received"), SessionOutcome::Bytes { sent: 5, received: 13 });
        assert_eq!(of("4 requests"), SessionOutcome::Requests(4));
        assert_eq!(of(""), SessionOutcome::Unknown);
        for failed in [
            "the peer reset the connection after 13 bytes received",
            "200 connections are open",
            "99",
            "too many requests",
            "200, it said",
            "1 B sent, and no more",
        ] {
            assert_eq!(of(failed), SessionOutcome::Failed(failed.into()));
        }
    }
}
