//! The headless shell: `send` and `listen` without a screen.
//!
//! Called by `run` with a running engine. Each command composes a [`Spec`](crate::model::spec::Spec)
//! from the command line or a preset, plans it, opens one session and prints what happens until it
//! is over. Presets and environments are only read; what is changed is the
//! certificate authority, by the engine for a listener or by its own command.
//!
//! Signals always win: nothing on the thread that awaits them waits for a pipe, a terminal or a
//! disk, and every wait is in a race with them.

mod authority;
pub mod exit;
mod headless;
mod in_flight;
mod items;
mod listen;
pub mod output;
mod output_file;
mod send;
mod stdin;
mod target;

use crate::args::{Common, Task};
use crate::model::failure::Failure;

pub use headless::Headless;
use headless::Interrupts;
use output::{Output, RunOutcome, Style};
use output_file::OutputFile;

/// Runs a command to its end; returns the exit status.
pub async fn run(command: Task, mut headless: Headless) -> Result<u8, Failure> {
    let mut interrupts = Interrupts::listen()?;
    match command {
        Task::Send(arguments) => {
            let file = arguments.output.as_deref().filter(|name| *name != "-");
            let file = file.map(OutputFile::begin).transpose()?;
            let mut output = match (&file, &arguments.output) {
                (Some(file), Some(name)) => Output::to_file(file.file()?, name),
                _ => Output::new(&arguments.common, Style::Raw),
            };
            let sending = send::run(&arguments, &mut headless, &mut output, &mut interrupts);
            let (outcome, behind) = Box::pin(sending).await;
            let ended = output.finish(outcome, &mut interrupts, behind).await;
            match file {
                Some(file) => file.conclude(ended).await,
                None => ended,
            }
        }
        Task::Listen(arguments) => {
            let mut output = Output::new(&arguments.common, Style::Json);
            let listening = listen::run(&arguments, &mut headless, &mut output, &mut interrupts);
            let (outcome, behind) = Box::pin(listening).await;
            output.finish(outcome.map(RunOutcome::Done), &mut interrupts, behind).await
        }
        Task::Authority { task } => {
            let mut output = Output::new(&Common::default(), Style::Text);
            let outcome = authority::run(task.as_ref(), &headless, &mut output);
            output.finish(outcome.map(RunOutcome::Done), &mut interrupts, 0).await
        }
    }
}
