//! An expression as a filter: what lets a record through, used by lists of traffic.
//!
//! Parsed once, then asked per connection ([`Filter::about`]) and per record. Printing a filter
//! gives text that parses to the same filter.

use std::fmt;

use super::evaluate::{RecordFacts, RecordFilter};
use super::expr::{Expr, RecordTest};
use super::lexer::QueryError;
use super::parser;
use crate::codec::search::Needle;
use crate::model::id::ConnId;
use crate::model::record::{ConnInfo, Record};

/// What to let through. The default lets everything through.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Filter {
    root: Option<Expr>,
    asks_conn: bool,
    reads_data: bool,
}

impl Filter {
    /// Reads a filter; empty text lets everything through.
    pub fn parse(text: &str) -> Result<Filter, QueryError> {
        Ok(Filter::from_root(parser::parse(text)?))
    }

    pub(super) fn from_root(root: Option<Expr>) -> Filter {
        let any = |test: fn(&Expr) -> bool| root.as_ref().is_some_and(|root| any(root, test));
        let asks_conn = any(|expr| matches!(expr, Expr::Conn(_)));
        let reads_data =
            any(|expr| matches!(expr, Expr::Record(RecordTest::Text(_) | RecordTest::Hex(_))));
        Filter { root, asks_conn, reads_data }
    }

    /// What it asks of the records of one connection. Without `info`, nothing is known about the
    /// addresses and the protocol: no positive test on them succeeds.
    pub(crate) fn about(&self, id: ConnId, info: Option<&ConnInfo>) -> RecordFilter<'_> {
        RecordFilter::new(self.root.as_ref(), id, info)
    }

    /// Whether the filter lets this one record through.
    pub(crate) fn matches(&self, record: &Record, info: Option<&ConnInfo>) -> bool {
        let Record { direction, kind, original_len: len, ref data, .. } = *record;
        self.about(record.conn, info).matches(&RecordFacts { direction, kind, len, data })
    }

    /// Whether it lets everything through because it is empty.
    pub(crate) fn is_everything(&self) -> bool {
        self.root.is_none()
    }

    /// Whether it asks different things of different connections.
    pub(crate) fn asks_conn(&self) -> bool {
        self.asks_conn
    }

    /// Whether payload is searched, so that its length decides about the cost.
    pub(crate) fn reads_data(&self) -> bool {
        self.reads_data
    }

    /// The bytes it looks for in payload, without those it looks away from: what a screen marks.
    pub(crate) fn needles(&self) -> Vec<Needle> {
        let mut found = Vec::new();
        if let Some(root) = &self.root {
            needles(root, &mut found);
        }
        found
    }
}

fn needles(expr: &Expr, found: &mut Vec<Needle>) {
    match expr {
        Expr::And(list) | Expr::Or(list) => list.iter().for_each(|expr| needles(expr, found)),
        Expr::Record(RecordTest::Text(pattern)) => found.push(pattern.needle()),
        Expr::Record(RecordTest::Hex(pattern)) => found.push(pattern.needle()),
        Expr::Not(_) | Expr::Conn(_) | Expr::Record(_) => {}
    }
}

/// Whether a test for which this holds stands anywhere in the expression.
fn any(expr: &Expr, test: fn(&Expr) -> bool) -> bool {
    match expr {
        Expr::Not(expr) => any(expr, test),
        Expr::And(list) | Expr::Or(list) => list.iter().any(|expr| any(expr, test)),
        Expr::Conn(_) | Expr::Record(_) => test(expr),
    }
}

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.root.as_ref().map_or(Ok(()), |root| root.fmt(f))
    }
}
