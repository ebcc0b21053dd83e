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

mod completion;
mod expr;
mod facts;
mod fields;
mod filter;
mod foreign;
mod parser;
mod pattern;
mod scanner;
mod subject;
mod times;
mod value;

pub use completion::{QueryOffer, QueryPlace};
pub(crate) use expr::Reads;
pub use expr::RecordFilter;
pub use facts::RecordFacts;
pub use fields::{BARE, FIELDS, QueryField, QueryValue};
pub use filter::Filter;
pub use scanner::QueryError;

#[cfg(test)]
mod query_tests;
