//! `--filter`: which records and exchanges are printed.
//!
//! The same language as on the screen, with the same sentences about mistakes. An exchange is printed
//! when its request or its answer is let through; of their bodies as much is looked at as is printed.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::model::exchange::{Exchange, ExchangeState, HttpMessage};
use crate::model::exchange_facts::ExchangeFacts;
use crate::model::failure::{Failure, FailureKind, Stage};
use crate::model::id::ConnId;
use crate::model::peer_owner::PeerOwner;
use crate::model::record::{ConnInfo, Direction, Record, RecordKind};
use crate::model::timing::{Lapse, Stamp};
use crate::query::{Filter, RecordFacts};
use crate::timeline::{GapClock, RecordGaps};

/// Whether an expression can be read as a filter.
///
/// # Errors
/// What is wrong with it, and where.
pub fn readable_filter(text: &str) -> Result<(), Failure> {
    let read = LetThrough::read(Some(text), Stamp::default());
    read.map(drop).map_err(|failure| failure.composed_for(Stage::ComposeOpening))
}

/// Letters of an expression that are quoted on either side of a mistake, and of one that is quoted whole.
const BESIDE: usize = 30;
const WHOLE: usize = 100;

/// The part of an expression around a column, which counts from 1.
fn around(text: &str, column: usize) -> String {
    let letters: Vec<char> = text.chars().collect();
    if letters.len() <= WHOLE {
        return text.to_owned();
    }
    let from = column.saturating_sub(1).min(letters.len()).saturating_sub(BESIDE);
    let to = (from + 2 * BESIDE).min(letters.len());
    let part: String = letters[from..to].iter().collect();
    let [before, after] =
        [from > 0, to < letters.len()].map(|is_cut| if is_cut { "…" } else { "" });
    format!("{before}{part}{after}")
}

/// What is known of a record besides itself.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct KnownOfRecord<'a> {
    pub(super) conn: Option<&'a ConnInfo>,
    pub(super) owner: Option<&'a PeerOwner>,
    pub(super) exchange: Option<&'a ExchangeFacts>,
    /// What somebody wrote about it, which marks it.
    pub(super) comment: Option<&'a str>,
}

/// What is printed.
#[derive(Debug, Default)]
pub(super) struct LetThrough {
    filter: Filter,
    clocks: BTreeMap<ConnId, GapClock>,
    /// Records that came so far.
    count: u64,
}

impl LetThrough {
    /// Reads the option; times of day in it are of the zone that times are printed in.
    pub(super) fn read(text: Option<&str>, now: Stamp) -> Result<Self, Failure> {
        let Some(text) = text else { return Ok(LetThrough::default()) };
        let now = Timestamp::from_nanosecond(now.0.into()).unwrap_or_default();
        let offset = TimeZone::system().to_offset(now).seconds();
        let filter = Filter::parse_at(text, i64::from(offset) * 1_000_000_000);
        let filter = filter.map_err(|wrong| {
            let (column, why) = (wrong.column, wrong.message);
            let cause = format!("{why} (at column {column} of {:?})", around(text, column));
            let failure =
                Failure::new(Stage::ComposeListener, "--filter", FailureKind::Usage, cause);
            failure.hint("docs/traffic.md lists the fields, and so does the filter line of Traffic")
        })?;
        Ok(LetThrough { filter, ..LetThrough::default() })
    }

    /// Whether there is no filter.
    pub(super) fn is_everything(&self) -> bool {
        self.filter.is_everything()
    }

    /// Takes note of the next record; tells whether it is printed.
    pub(super) fn record(
        &mut self,
        record: &Record,
        conn: Option<&ConnInfo>,
        owner: Option<&PeerOwner>,
    ) -> bool {
        self.record_of(record, KnownOfRecord { conn, owner, ..KnownOfRecord::default() })
    }

    /// The same of a record of which more may be known.
    pub(super) fn record_of(&mut self, record: &Record, known: KnownOfRecord<'_>) -> bool {
        if self.filter.is_everything() {
            return true;
        }
        let RecordGaps { delta, latency } =
            self.clocks.entry(record.conn).or_default().next(record);
        let KnownOfRecord { conn, owner, exchange, comment } = known;
        let (is_marked, number) = (comment.is_some(), Some(self.count));
        self.count += 1;
        let gaps = RecordFacts { delta, latency, number, ..RecordFacts::of(record) };
        let facts = RecordFacts { exchange, is_marked, comment, ..gaps };
        self.filter.about_owned(record.conn, conn, owner).matches(&facts)
    }

    /// The connection has no records any more.
    pub(super) fn over(&mut self, conn: ConnId) {
        self.clocks.remove(&conn);
    }

    /// Whether it asks whose peers are.
    pub(super) fn reads_owners(&self) -> bool {
        self.filter.reads().owner
    }

    /// Whether it asks about requests or their answers.
    pub(super) fn reads_exchanges(&self) -> bool {
        self.filter.reads().exchange
    }

    /// Whether bodies have to be read to tell of an exchange.
    pub(super) fn reads_bodies(&self) -> bool {
        self.filter.reads().data
    }

    /// Whether an exchange is printed; `bodies` are those of its request and its answer.
    pub(super) fn exchange(
        &self,
        exchange: &Exchange,
        (conn, owner): (Option<&ConnInfo>, Option<&PeerOwner>),
        bodies: &[Vec<u8>; 2],
    ) -> bool {
        if self.filter.is_everything() {
            return true;
        }
        let about = self.filter.about_owned(exchange.conn, conn, owner);
        let facts = ExchangeFacts::of(exchange);
        let answer_from = exchange.timing.first_byte.unwrap_or_default();
        let whole = |message: &HttpMessage, body: &[u8]| [&*message.head.raw, body].concat();
        let request = whole(&exchange.request, &bodies[0]);
        let asked = exchange.request.head.raw.len() as u64 + exchange.request.body.encoded_len;
        let (there, back) = if facts.is_served {
            (Direction::Received, Direction::Sent)
        } else {
            (Direction::Sent, Direction::Received)
        };
        let record = |direction, data: Vec<u8>, len| Record {
            original_len: len,
            ..Record::new(exchange.started, exchange.conn, direction, RecordKind::Data, data.into())
        };
        let mut told = vec![(record(there, request, asked), RecordGaps::default())];
        if let Some(response) = &exchange.response {
            let len = response.head.raw.len() as u64 + response.body.encoded_len;
            let mut answer = record(back, whole(response, &bodies[1]), len);
            answer.at = exchange.started + answer_from;
            let gaps = RecordGaps {
                latency: Lapse::between(exchange.started, answer.at),
                ..RecordGaps::default()
            };
            told.push((answer, gaps));
        }
        if let ExchangeState::Failed(failure) = &exchange.state {
            let words = failure.to_string().into_bytes();
            let failed = Record { kind: RecordKind::Failed, ..record(Direction::Local, words, 0) };
            told.push((failed, RecordGaps::default()));
        }
        told.iter().any(|(record, gaps)| {
            let facts = RecordFacts {
                latency: gaps.latency,
                exchange: Some(&facts),
                ..RecordFacts::of(record)
            };
            about.matches(&facts)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistake_is_quoted_with_what_stands_around_it() {
        let told = |text: &str| readable_filter(text).unwrap_err().to_string();
        assert!(told("port == x").contains("of \"port == x\""), "{}", told("port == x"));
        let many = "port == 1 or ".repeat(3000);
        for (text, seen) in [
            (format!("{many}port == x"), "== 1 or port == 1 or port == x\""),
            (format!("port == x or {many}port == 1"), "of \"port == x or port == 1"),
            (format!("port == {}", "9".repeat(40_000)), "is not a port; write a number"),
            (format!("data == 0x{}", "a".repeat(40_001)), "a byte takes two hex digits"),
            (format!("kind == {}", "ü".repeat(40_000)), "is none of data, "),
        ] {
            let told = told(&text);
            assert!(told.contains(seen) && told.len() < 1_000, "{}: {told}", told.len());
        }
    }
}
