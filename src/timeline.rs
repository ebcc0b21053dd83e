//! The bounded log of everything that crossed our sockets, and the views of it.
//!
//! The application pushes batches as they arrive and reads records by id; lists, conversations and
//! framings are built on top of it.
//!
//! ```text
//!   push ─► store ─► log ─► segment, pages     listing         ids a filter lets through (selector)
//!             ├────► conns                 conversation    rows of a session as it was read
//!             └────► totals                frames          the same cut into messages (framing)
//! ```

pub mod conversation;
pub(crate) mod frames;
pub(crate) mod framing;
pub mod listing;
pub(crate) mod stream_tail;

mod conns;
mod exchanges;
mod gaps;
mod log;
mod looking;
mod losses;
mod of_conns;
mod origins;
mod pages;
pub(crate) mod picking;
#[cfg(test)]
mod samples;
mod segment;
mod selector;
pub(crate) mod short_spans;
pub(crate) mod statistics;
mod store;
pub(crate) mod tally;
mod time_runs;
mod totals;

pub use gaps::{GapClock, RecordGaps};
pub use store::Timeline;
pub use time_runs::SpanCount;
pub(crate) use time_runs::span_of;
pub use totals::{Totals, Volume};
