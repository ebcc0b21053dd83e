//! HTTP/1 on the wire, both roles (RFC 9112): heads, body framing, the chunked coding, writers.
//!
//! Called by the HTTP client and listener of the engine. Reading is push style (bytes in whatever
//! pieces they arrive give the same result) and lenient: what a peer really sent is kept and
//! shown, and everything odd about it is named in a warning instead of being repaired in silence.
//!
//! ```text
//! bytes -> HeadReader -> Head -> framing -> BodyReader -> content_coding::Decoder -> body
//! ```

pub(crate) mod body;
pub(crate) mod edited;
pub(crate) mod fields;
pub(crate) mod framing;
pub(crate) mod head;
pub(crate) mod refusal;
pub(crate) mod request;
mod request_bounds;
pub(crate) mod start_line;
pub mod status;
mod target;
pub mod write;

pub use body::BodyReader;
pub(crate) use framing::keeps_alive;
pub use framing::{BodyFraming, content_codings, request_framing, response_framing};
pub use head::{HeadError, HeadErrorKind, HeadReader, ParsedHead};
pub use refusal::Refusal;
pub(crate) use request::{RequestVerdict, judge, judge_onward, unserved_upgrade};
pub(crate) use request_bounds::RequestBounds;
pub use start_line::Expected;
