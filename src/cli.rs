//! The headless shell: `send` and `listen` without a screen.
//!
//! Called by `run` with a running engine. Each command composes a [`Spec`](crate::model::spec::Spec)
//! from the command line or a preset, plans it, opens one session and prints what happens until it
//! is over. Presets and environments are only read; what is changed is the
//! certificate authority, by the engine for a listener or by its own command.

mod authority;
pub mod exit;
mod headless;
mod items;
mod listen;
pub mod output;
mod send;
mod stdin;
mod target;

use crate::args::Task;
use crate::model::failure::Failure;

pub use headless::Headless;

/// Runs a command to its end; returns the exit status.
pub async fn run(command: Task, mut headless: Headless) -> Result<u8, Failure> {
    match command {
        Task::Send(arguments) => send::run(&arguments, &mut headless).await,
        Task::Listen(arguments) => listen::run(&arguments, &mut headless).await,
        Task::Authority { task } => authority::run(task.as_ref(), &headless),
    }
}
