//! wirebench: both ends of the wire, in one terminal.
//!
//! The map of the house (an arrow means "may import"):
//!
//! ```text
//!              main ── run (composition root: the one file that knows everybody)
//!      ┌───────┴────────┐
//!    tui (shell)      cli (headless shell)
//!      │   │  │          │   │
//!     ui  app ├─ engine ─┘   │     engine: tokio, sockets, TLS      store: disk, SQLite
//!      └─► app ──► timeline, interop ─► compose      app, timeline, interop, compose, query, codec,
//!            │           └──► query ◄───┘            model: pure, synchronous, no clock, no disk,
//!            └───► model ◄─── codec                  no sockets, no tokio
//! ```
//!
//! `tests/architecture.rs` enforces the arrows.

pub mod app;
pub mod args;
pub mod cli;
pub mod codec;
pub mod compose;
pub mod engine;
pub mod interop;
pub mod logging;
pub mod model;
#[cfg(test)]
mod property_tests;
pub mod query;
pub mod run;
pub mod store;
pub mod timeline;
pub mod tui;
pub mod ui;
