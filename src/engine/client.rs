//! The client side of each protocol: one `run(plan, cx)` per file, called by
//! [`dispatch`](super::dispatch).

pub(crate) mod http;
pub(crate) mod stream;
pub(crate) mod udp;
pub(crate) mod web_socket;
