//! The one expression language: what is asked about records, connections and exchanges. Pure; used by
//! the filter of Traffic, by commands that print traffic, and by search.
//!
//! ```text
//!   text ─ scanner ─► parser, fields, value ─► Expr ─ about ─► what is asked of a connection's records
//!
//!   filter = or            or  = and { "or" and }        and = not { ["and"] not }
//!   not    = ["not"] ( "(" or ")" | test )               test = field [ op value ] | word | "text"
//!   op     = == != < <= > >= contains matches in :       value = word | "text" | a..b | {a, b..c}
//! ```
//! Expectations and captures ask about what came as a whole (`check`): a [`FacetQuestion`] names a facet of
//! it, a [`FacetTest`] is what its answer is compared with, by the same operators and values.

mod answered;
mod comparison;
mod completion;
mod expr;
mod facets;
mod facts;
mod fields;
mod filter;
mod foreign;
mod help;
mod history_search;
mod json_test;
mod operators;
mod parser;
mod pattern;
mod question;
mod request_parts;
mod scanner;
mod shown;
mod subject;
mod times;
mod told_test;
mod value;

pub use answered::Answered;
pub use comparison::FacetTest;
pub(crate) use comparison::{has as has_part, pattern_of_bytes};
pub use completion::QueryPlace;
pub(crate) use expr::Reads;
pub use expr::RecordFilter;
pub use facets::{FACETS, Facet, FacetAsked, FacetOf, TimingPhase};
pub use facts::RecordFacts;
pub use fields::{BARE, FIELDS, QueryField, QueryValue};
pub use filter::Filter;
pub use help::{HelpWanted, Helped};
pub use history_search::{
    AskersClock, HISTORY_FIELDS, HistoryField, HistoryPlace, HistorySearch, HistorySubject,
    HitPlace, SoughtWord,
};
pub use operators::QueryOffer;
pub use question::FacetQuestion;
pub(crate) use request_parts::{cookie, cookie_values, query_values};
pub use scanner::QueryError;
pub(crate) use told_test::ToldTest;

#[cfg(test)]
mod query_tests;
