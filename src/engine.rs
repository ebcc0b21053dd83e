//! Everything asynchronous: sockets, TLS, bodies.
//!
//! Shells start one engine, hand it [`command::Command`]s and receive [`event::Event`]s, both over
//! bounded channels.

pub mod command;
pub mod event;
