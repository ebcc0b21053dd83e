//! Keeps the answer to a preset, as the workbench does: it is looked at there, in a copy that runs too.
//! Called by `cli` when all is printed.

use std::path::Path;
use std::time::Duration;

use bytes::Bytes;

use crate::cli::headless::{Headless, Interrupts};
use crate::console;
use crate::engine::command::Command;
use crate::engine::event::Event;
use crate::interop::kept_answer;
use crate::model::failure::Failure;
use crate::model::preset::PresetPath;
use crate::model::secrets::{Disclosure, Secrets};
use crate::model::timing::Stamp;
use crate::store;

/// How long is waited for the disk.
const WRITING: Duration = Duration::from_secs(2);

/// Where an answer is kept, and what is not told in it.
#[derive(Debug)]
pub(in crate::cli) struct AnswerPlace {
    key: String,
    at: Stamp,
    hidden: Disclosure,
}

impl AnswerPlace {
    /// Of a preset of this workspace, sent at this time by the wall clock.
    pub(super) fn new(workspace: &str, preset: &PresetPath, at: Stamp, hidden: Secrets) -> Self {
        let key = kept_answer::key_of(workspace, preset);
        AnswerPlace { key, at, hidden: Disclosure::Hiding(hidden) }
    }

    /// Keeps what was answered. Where that is not possible it was sent all the same: only who looks on is
    /// told.
    pub(in crate::cli) async fn keep(self, headless: &mut Headless, interrupts: &mut Interrupts) {
        let paths = headless.paths.clone();
        let folder = paths.answers();
        let written = self.write(&folder, headless);
        let written = tokio::select! {
            biased;
            () = interrupts.next() => return,
            written = tokio::time::timeout(WRITING, written) => written,
        };
        let Ok(Some(outcome)) = written else { return };
        let now = headless.now();
        let (of, hidden) = ((self.key, self.at), self.hidden.hidden());
        let tidy =
            move || outcome.and_then(|()| store::tidy_answers(&paths, (&of.0, of.1), now, &hidden));
        let kept = tokio::select! {
            biased;
            () = interrupts.next() => return,
            kept = tokio::task::spawn_blocking(tidy) => kept,
        };
        if let (Ok(Err(failure)), true) = (kept, console::error_is_terminal()) {
            super::output::print_failure(&failure);
        }
    }

    /// Has the engine write it; `None` = nothing was answered.
    async fn write(&self, folder: &Path, headless: &mut Headless) -> Option<Result<(), Failure>> {
        let exchange = headless.answered.take()?;
        let answer = kept_answer::write(&exchange, &self.hidden, self.at)?;
        let path = kept_answer::file(folder, &self.key, self.at);
        let text = Bytes::from(answer.text);
        let order = Command::KeepAnswer { body: answer.body, text, path: path.clone() };
        if let Err(failure) = headless.engine.command(order) {
            return Some(Err(failure));
        }
        loop {
            match headless.events.urgent.recv().await? {
                Event::AnswerKept { path: written, outcome } if written == path => {
                    return Some(outcome);
                }
                _ => {}
            }
        }
    }
}
