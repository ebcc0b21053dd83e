//! Everything on disk: workspace, history, drafts, configuration.
//!
//! A worker thread takes [`job::Job`]s from a bounded queue and answers each with one
//! [`job::Reply`]. All file writing goes through one function, so every save is atomic.

pub mod job;
pub mod preset;
