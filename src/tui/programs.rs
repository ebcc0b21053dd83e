//! Runs programs that give values of variables and asks the keyring for some, on a thread: no key waits for them.

use std::path::{Path, PathBuf};

use tokio::sync::mpsc;

use crate::app::message::Message;
use crate::app::wanted_values::{ProgramAnswer, ProgramOrder};
use crate::model::failure::Failure;
use crate::store::command_trust;
use crate::value_command::{self, CommandTerminal};

/// Runs them, if the user said that they may; what came of it comes later.
pub(super) fn run(state: PathBuf, order: ProgramOrder, outcome: mpsc::Sender<Message>) {
    let work = move || {
        let answer = answer(&state, order).unwrap_or_else(ProgramAnswer::Failed);
        let _ = outcome.blocking_send(Message::Programs(answer));
    };
    let spawned = std::thread::Builder::new().name("values".into()).spawn(work);
    debug_assert!(spawned.is_ok(), "a thread for programs that give values");
}

fn answer(state: &Path, order: ProgramOrder) -> Result<ProgramAnswer, Failure> {
    let root = Path::new(&order.root);
    let unanswered = command_trust::unanswered(state, root, &order.sources)?;
    if !unanswered.is_empty() && !order.is_allowed {
        return Ok(ProgramAnswer::Unanswered(unanswered));
    }
    if !unanswered.is_empty() {
        command_trust::remember(state, root, &unanswered)?;
    }
    let folder = command_trust::folder(root);
    let given = order.sources.into_iter().map(|source| {
        let value = value_command::value(&source, &folder, CommandTerminal::Taken);
        (source, value)
    });
    Ok(ProgramAnswer::Given(given.collect()))
}
