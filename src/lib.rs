//! wirebench: both ends of the wire, in one terminal.
//!
//! The map of the house; a floor imports what lies below it:
//!
//! ```text
//!  main ── run             composition root: the one file that knows everybody (args, logging)
//!  console    ending       printing without waiting; signals end the program, whatever hangs
//!  tui        cli          the shells: screen; send, listen, relay, run without one
//!  ui                      render(&App, &ThemeStyles, &mut Frame): pane/, overlay/, widget/
//!  app                     App::update(Message) -> Effects: pane/ and overlay/ ask with intents,
//!                          flow/ carries them out; form/ edits what model/fields lists
//!  engine     store        engine: dispatch, client/, listener/, relay/ over accept, sink/,
//!                          outbound, conversation/, datagram/, udp_relay/, http/, body/, transport/, tls/
//!                          store: preset/, history/, atomic/; everything on disk
//!  named_file              the one way to open what the user names, for engine, store, shells
//!  value_command           a program that gives the value of a variable, for both shells
//!  whole_file              a file that appears whole or not at all, for the same
//!  jq                      this program as a filter of JSON, in a process of its own
//!  os                      what only one system has, such as /proc; leaf of engine, shells, ending
//!  interop    timeline     curl/, python/, ndjson, from_traffic; the bounded log and its views
//!  runner                  presets after and beside each other: order, needs, rounds, rows
//!  compose                 Spec -> Plan: templates expanded, addresses completed, checked
//!  check                   expectations and captures, and what came of them
//!  contract                OpenAPI documents: checks of exchanges, mocks; over json_schema, as check
//!  query      codec        the expression language; http1/, content_coding/, lines/, hex, escape
//!  model                   what things are, and fields/: the table of options of each spec
//! ```
//!
//! From `interop` down everything is pure: synchronous, no clock, no disk, no sockets, no tokio;
//! `app` and `ui` are too, and know of engine and store only their plain data (`engine::command`,
//! `engine::event`, `store::job`).
//!
//! The library is there for its tests and benches, which are crates of their own: what they name
//! is public, the rest is the crate's, so that the compiler finds what nobody uses. The shells are
//! driven as a process; that of the screen also with an engine that goes wrong.
//!
//! A protocol stands in `model/protocol.rs`, `model/spec.rs`, `model/spec/parts.rs`, `model/plan.rs`, `model/fields.rs`;
//! `compose.rs`, `compose/address.rs`; `engine/dispatch.rs`, `engine/client.rs` and a file in
//! `engine/client/`; `app/action.rs`, `app/flow/program.rs`, `ui/pane/unopened.rs`; `cli/send.rs`,
//! `cli/listen.rs`; `interop/python.rs`, `interop/curl/write.rs`, `interop/secrets.rs` and
//! `interop/from_traffic.rs`. What it is to each, is in "A protocol, file by file" of
//! `ARCHITECTURE.md`, which tells how data travels through the house; `CONTRIBUTING.md` tells how
//! things are added, and `tests/architecture.rs` enforces the arrows.

pub mod app;
mod args;
pub mod check;
mod cli;
pub mod codec;
pub mod compose;
mod console;
mod contract;
mod ending;
pub mod engine;
pub mod interop;
mod jq;
mod json_schema;
mod logging;
pub mod model;
mod named_file;
mod os;
#[cfg(test)]
mod property_tests;
pub mod query;
pub mod run;
pub mod runner;
#[cfg(test)]
mod spec_property_tests;
pub mod store;
pub mod timeline;
pub mod tui;
pub mod ui;
mod value_command;
mod whole_file;
