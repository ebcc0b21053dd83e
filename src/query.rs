//! The one expression language: what is asked about records, connections and (later) exchanges and
//! messages. Pure; used by the filter of Traffic and by search.
//!
//! ```text
//!   text ─ lexer ─► tokens ─ parser, value ─► Expr ─ about ─► what is asked of a connection's records
//!
//!   filter = or            or  = and { "or" and }        and = not { ["and"] not }
//!   not    = ["not"] ( "(" or ")" | field op value | word )       a word = text contains "word"
//! ```

mod expr;
mod filter;
mod lexer;
mod parser;
mod pattern;
mod value;

pub use expr::{RecordFacts, RecordFilter};
pub use filter::Filter;
pub use lexer::QueryError;

#[cfg(test)]
mod query_tests;
