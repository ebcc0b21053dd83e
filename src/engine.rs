//! Everything asynchronous: sockets, TLS, bodies.
//!
//! Shells start one engine, hand it [`command::Command`]s and receive [`event::Event`]s, both over
//! bounded channels. Commands are refused when the queue is full; facts make byte streams wait and
//! datagrams drop (counted); answers to the screen (`urgent`) never stand behind traffic.
//!
//! ```text
//! EngineHandle ──commands(64)──► supervisor ──input(64)──► session task ──► Sink ──facts(16)──► Events
//!       └──── view ────► BodyStore ───────────────urgent(64)──────────────────────────────────►
//! ```

mod accept;
mod body;
mod budget;
mod check_help;
mod client;
pub(crate) mod clock;
pub mod command;
mod contracts;
mod conversation;
mod datagram;
mod dispatch;
pub mod event;
mod facts;
mod faults;
mod handle;
mod holds;
mod http;
mod http2;
mod listener;
mod outbound;
mod peers;
mod random;
mod receive_blocks;
mod refusal;
mod relay;
mod resolve;
mod rewrites;
mod rules;
mod session;
mod sink;
mod stream_io;
mod supervisor;
mod tls;
mod transport;
mod udp_relay;
mod way_back;
mod web_socket;

pub use client::http::unsent::UnsentRequest;
pub use handle::{Engine, EngineConfig, EngineHandle, Events};
pub use tls::authority::AuthorityFacts;
pub(crate) use tls::authority::describe_authority;
pub use tls::key_log::KeyLogFile;
pub(crate) use tls::opening::made as short_lived_authority;
