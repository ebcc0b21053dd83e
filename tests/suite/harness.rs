//! What all suites stand on: one driver for the application in memory, one for the real program in a
//! terminal, one for it without, one for peers on loopback.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a helper of tests: failing is its way to speak"
)]

#[path = "harness/app.rs"]
pub mod app;
#[path = "harness/peers.rs"]
pub mod peers;
#[path = "harness/program.rs"]
pub mod program;
#[path = "harness/samples.rs"]
pub mod samples;
#[path = "harness/store.rs"]
pub mod store;
#[path = "harness/terminal.rs"]
pub mod terminal;
#[path = "harness/tracer.rs"]
pub mod tracer;
#[path = "harness/wait.rs"]
pub mod wait;
