//! An expression as a filter: what lets a record through, used by lists of traffic.
//!
//! Parsed once, then asked per connection ([`Filter::about`]) and per record.

use super::expr::{Expr, RecordFacts, RecordFilter, RecordTest, Test};
use super::lexer::QueryError;
use super::parser;
use crate::codec::search::Needle;
use crate::model::id::ConnId;
use crate::model::record::{ConnInfo, Record};

/// What to let through. The default lets everything through.
#[derive(Debug, Clone, PartialEq)]
pub struct Filter(Expr<Test>);

impl Default for Filter {
    fn default() -> Self {
        Filter(Expr::All(Vec::new()))
    }
}

impl Filter {
    /// Reads a filter; empty text lets everything through.
    pub fn parse(text: &str) -> Result<Filter, QueryError> {
        parser::parse(text).map(Filter)
    }

    /// What it asks of the records of one connection. Without `info`, nothing is known about the
    /// addresses and the protocol: no positive test on them succeeds.
    pub(crate) fn about(&self, id: ConnId, info: Option<&ConnInfo>) -> RecordFilter<'_> {
        self.0.about(id, info)
    }

    /// Whether the filter lets this one record through.
    pub(crate) fn matches(&self, record: &Record, info: Option<&ConnInfo>) -> bool {
        let Record { direction, kind, original_len: len, ref data, .. } = *record;
        self.about(record.conn, info).matches(&RecordFacts { direction, kind, len, data })
    }

    /// Whether it lets everything through because it is empty.
    pub(crate) fn is_everything(&self) -> bool {
        *self == Filter::default()
    }

    /// Whether it asks different things of different connections.
    pub(crate) fn asks_conn(&self) -> bool {
        self.0.tests().iter().any(|(_, test)| matches!(test, Test::Conn(_)))
    }

    /// Whether payload is searched, so that its length decides about the cost.
    pub(crate) fn reads_data(&self) -> bool {
        self.0.tests().iter().any(|(_, test)| matches!(test, Test::Record(RecordTest::Data(_))))
    }

    /// The bytes it looks for in payload, without those it looks away from: what a screen marks.
    pub(crate) fn needles(&self) -> Vec<Needle> {
        let needle = |(wanted, test)| match (wanted, test) {
            (true, &Test::Record(RecordTest::Data(ref pattern))) => Some(pattern.needle.clone()),
            _ => None,
        };
        self.0.tests().into_iter().filter_map(needle).collect()
    }
}
