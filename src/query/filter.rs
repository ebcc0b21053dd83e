//! An expression as a filter: what lets a record through, used by lists of traffic and by commands
//! that print it.
//!
//! Parsed once, then asked per connection ([`Filter::about`]) and per record.

use super::expr::{Expr, Reads, RecordFilter, RecordTest, Test};
#[cfg(test)]
use super::facts::RecordFacts;
use super::parser::Parser;
use super::pattern::DataTest;
use super::scanner::QueryError;
use super::subject::TextOf;
use crate::codec::search::Pattern;
use crate::model::id::ConnId;
use crate::model::peer_owner::PeerOwner;
use crate::model::record::ConnInfo;
#[cfg(test)]
use crate::model::record::Record;
use crate::model::timing::Stamp;

/// What to let through. The default lets everything through.
#[derive(Debug, Clone, PartialEq)]
pub struct Filter(Expr<Test>);

impl Default for Filter {
    fn default() -> Self {
        Filter(Expr::All(Vec::new()))
    }
}

impl Filter {
    /// Reads a filter; empty text lets everything through. Times of day are of UTC.
    pub fn parse(text: &str) -> Result<Filter, QueryError> {
        Filter::parse_at(text, 0)
    }

    /// The same where times are by a clock that is so many nanoseconds ahead of stamps.
    pub fn parse_at(text: &str, ahead: i64) -> Result<Filter, QueryError> {
        Parser::new(text, ahead).parse().map(Filter)
    }

    /// Reads the condition of a rule of a listener, which knows what rules set, too.
    pub(crate) fn of_rule(text: &str) -> Result<Filter, QueryError> {
        Parser::of_rule(text).parse().map(Filter)
    }

    /// The names of what rules set that it asks for.
    pub(crate) fn states(&self) -> impl Iterator<Item = &str> {
        self.0.tests().into_iter().filter_map(|(_, test)| match test {
            Test::Record(RecordTest::Text(TextOf::State(name), _)) => Some(name.as_str()),
            Test::Record(_) | Test::Conn(_) | Test::Owner(_) => None,
        })
    }

    /// What lets through what both let through.
    #[must_use]
    pub(crate) fn and(self, other: &Filter) -> Filter {
        if other.is_everything() { self } else { Filter(Expr::All(vec![self.0, other.0.clone()])) }
    }

    /// The tests of an expression that all have to hold, each as it is written; none of a text that
    /// is no expression or asks for one of several.
    pub(crate) fn parts(text: &str) -> Vec<String> {
        let mut parser = Parser::new(text, 0);
        if !matches!(parser.parse(), Ok(Expr::All(_) | Expr::Test(..))) {
            return Vec::new();
        }
        let part = |(from, to): &(usize, usize)| {
            let part: String = text.chars().skip(from - 1).take(to - from).collect();
            part.trim().to_owned()
        };
        parser.parts.iter().map(part).filter(|part| !part.is_empty()).collect()
    }

    /// A text that lets through what both let through, as it is typed.
    pub(crate) fn narrowed(text: &str, other: &str) -> String {
        match Parser::new(text, 0).parse() {
            Ok(Expr::All(list)) if list.is_empty() => other.to_owned(),
            Ok(Expr::All(_) | Expr::Test(..)) => format!("{} and {other}", text.trim()),
            Ok(Expr::Any(_)) | Err(_) => format!("({}) and {other}", text.trim()),
        }
    }

    /// Whether it asks for a time and nothing else.
    pub(crate) fn is_of_time(&self) -> bool {
        matches!(self.0, Expr::Test(true, Test::Record(RecordTest::Time(_))))
    }

    /// Of one that [`is_of_time`](Filter::is_of_time): the first time from this one on that it lets
    /// through.
    pub(crate) fn next_time(&self, from: Stamp) -> Option<Stamp> {
        let Expr::Test(true, Test::Record(RecordTest::Time(test))) = &self.0 else { return None };
        test.next(from.0).map(Stamp)
    }

    /// What it asks of the records of one connection. Without `info`, nothing is known about the
    /// addresses and the protocol: no positive test on them succeeds.
    pub(crate) fn about(&self, id: ConnId, info: Option<&ConnInfo>) -> RecordFilter<'_> {
        self.0.about(id, info, None)
    }

    /// The same where it may be known whose the peer is.
    pub(crate) fn about_owned(
        &self,
        id: ConnId,
        info: Option<&ConnInfo>,
        owner: Option<&PeerOwner>,
    ) -> RecordFilter<'_> {
        self.0.about(id, info, owner)
    }

    /// Whether the filter lets this one record through, of which nothing is known but itself.
    #[cfg(test)]
    pub(crate) fn matches(&self, record: &Record, info: Option<&ConnInfo>) -> bool {
        self.about(record.conn, info).matches(&RecordFacts::of(record))
    }

    /// Whether it lets everything through because it is empty.
    pub(crate) fn is_everything(&self) -> bool {
        *self == Filter::default()
    }

    /// Whether it asks different things of different connections.
    pub(crate) fn asks_conn(&self) -> bool {
        let is_asked = |test: &Test| match test {
            Test::Conn(_) | Test::Owner(_) => true,
            Test::Record(_) => test.asks_target(),
        };
        self.0.tests().iter().any(|(_, test)| is_asked(test))
    }

    /// Whether it asks where a relay leads to, which may become known later.
    pub(crate) fn asks_target(&self) -> bool {
        self.0.tests().iter().any(|(_, test)| test.asks_target())
    }

    /// What has to be looked up of each record.
    pub(crate) fn reads(&self) -> Reads {
        self.0.reads()
    }

    /// The first field it asks about of which nothing is known before a relay has passed something
    /// on; `None` = it can say what is to be held.
    pub(crate) fn known_late(&self) -> Option<&'static str> {
        self.0.tests().into_iter().find_map(|(_, test)| match test {
            Test::Record(test) => test.known_late(),
            Test::Owner(test) => Some(test.field()),
            Test::Conn(_) => None,
        })
    }

    /// Whether it asks about the status of an answer.
    pub(crate) fn asks_status(&self) -> bool {
        let is_status = |test: &Test| matches!(test, Test::Record(RecordTest::Status(_)));
        self.0.tests().iter().any(|(_, test)| is_status(test))
    }

    /// What it looks for in payload, without that which it looks away from: what a screen marks.
    pub(crate) fn pattern(&self) -> Option<Pattern> {
        let (mut needles, mut expressions) = (Vec::new(), Vec::new());
        for (_, test) in self.0.tests().into_iter().filter(|(wanted, _)| *wanted) {
            match test {
                Test::Record(RecordTest::Data(_, test) | RecordTest::Body(_, test)) => match test {
                    DataTest::Contains(pattern) => needles.push(pattern.needle.clone()),
                    DataTest::Matches(pattern) => expressions.push(pattern.expression()),
                    DataTest::Within(..) | DataTest::Is(_) => {}
                },
                Test::Record(_) | Test::Conn(_) | Test::Owner(_) => {}
            }
        }
        Pattern::of(&needles, &expressions)
    }
}
