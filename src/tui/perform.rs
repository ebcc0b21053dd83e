//! Effects: what the application asked for, done without ever waiting.
//!
//! Called by the loop after each update. What cannot be done (a queue is full, a text is too long
//! to copy) comes back to the application as `Message::Trouble`.

use crossterm::clipboard::CopyToClipboard;
use tokio::time::Instant;

use crate::app::effect::Effect;
use crate::app::message::Message;
use crate::model::failure::{Failure, FailureKind, Stage};
use crate::model::view::ViewQuery;
use crate::store::job::Reply;

use super::event_loop::{EventLoop, Foreground, Services};
use super::external::Subject;
use super::pace::RedrawCause;
use super::{external, terminal};

/// Longest text copied: 100,000 bytes of base64, which common terminals accept; what is longer they
/// drop.
const COPY_LIMIT: usize = 74_994;

impl EventLoop {
    /// Does one thing. `cause` is the kind of change that led to it.
    pub(super) fn perform(&mut self, effect: Effect, cause: RedrawCause, services: &Services) {
        let mut done = Ok(());
        match effect {
            Effect::Engine(command) => done = services.engine.command(command),
            Effect::View(query) => self.collect_view(query, cause),
            Effect::Store(job) => {
                let name = job.name();
                if let Err(failure) = services.store.submit(job) {
                    // Every job has a reply, also one that was never taken.
                    let refused = Reply::Failed { job: name, failure };
                    self.troubles.push(Message::Store(refused));
                }
            }
            Effect::Copy(text) => done = copy(&text),
            Effect::Edit { field, text, extension } => {
                self.leave_terminal(Foreground::Editor);
                let subject = Subject { field, text, extension };
                let (folder, outcome) = (self.editing_folder.clone(), self.external.clone());
                self.editing = Some(external::edit(folder, subject, outcome));
            }
            Effect::RemoveEdited(path) => external::remove(&path),
            Effect::After { delay, timer } => {
                self.timers.insert((Instant::now() + delay, timer));
            }
            Effect::Suspend => self.suspend(),
            Effect::Redraw => done = self.redraw().map_err(|error| terminal::failed(&error)),
            Effect::Quit => self.leave(),
        }
        self.note_trouble(done);
    }

    fn note_trouble(&mut self, done: Result<(), Failure>) {
        if let Err(failure) = done {
            tracing::warn!("effect refused: {failure}");
            self.troubles.push(Message::Trouble(failure));
        }
    }

    /// Keeps only the newest window of each kind: three hundred scroll keys in one batch ask once.
    fn collect_view(&mut self, query: ViewQuery, cause: RedrawCause) {
        self.pace.asked_for_view(cause, Instant::now());
        self.views.retain(|earlier| {
            (earlier.body, earlier.part, earlier.mode, earlier.rows)
                != (query.body, query.part, query.mode, query.rows)
        });
        self.views.push(query);
    }

    /// Sends the windows collected since the last turn.
    pub(super) fn ask_for_views(&mut self, services: &Services) {
        for query in std::mem::take(&mut self.views) {
            self.note_trouble(services.engine.view(query));
        }
        while let Some(trouble) = self.troubles.pop() {
            self.step(trouble, RedrawCause::Input, services);
        }
    }
}

/// Copies through the terminal (OSC 52), which works over ssh too. The text is base64, so none of
/// its bytes can act on the terminal.
fn copy(text: &str) -> Result<(), Failure> {
    if text.len() > COPY_LIMIT {
        let cause =
            format!("{} bytes are more than a terminal takes ({COPY_LIMIT} bytes)", text.len());
        return Err(Failure::new(Stage::Compose, "copy", FailureKind::TooLarge, cause)
            .hint("save it to a file instead"));
    }
    terminal::perform(CopyToClipboard::to_clipboard_from(text))
        .map_err(|error| terminal::failed(&error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_long_to_copy_is_refused_with_its_length() {
        assert!(copy(&"a".repeat(COPY_LIMIT + 1)).unwrap_err().cause.contains("74995"));
    }
}
