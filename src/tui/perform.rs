//! Effects: what the application asked for, done without ever waiting.
//!
//! Called by the loop after each update. What cannot be done (a queue is full, the terminal
//! does not take it) comes back to the application as `Message::Trouble`.

use tokio::time::Instant;

use crate::app::effect::Effect;
use crate::app::message::Message;
use crate::model::failure::Failure;
use crate::model::view::ViewQuery;
use crate::store::job::Reply;

use super::event_loop::{EventLoop, Foreground, Services};
use super::outside::HandedOn;
use super::pace::RedrawCause;
use super::{checking, clipboard, external, outside, programs, terminal};

impl EventLoop {
    /// Does one thing. `cause` is the kind of change that led to it.
    pub(super) fn perform(&mut self, effect: Effect, cause: RedrawCause, services: &Services) {
        let mut done = Ok(());
        match effect {
            Effect::Engine(command) => done = services.engine.command(command),
            Effect::View(query) => self.collect_view(query, cause),
            Effect::Store(job) => {
                let label = job.label();
                if let Err(failure) = services.store.submit(job) {
                    // Every job has a reply, also one that was never taken.
                    let refused = Reply::Failed { job: label, failure };
                    self.troubles.push(Message::Store(refused));
                }
            }
            Effect::Copy { what, text } => {
                let answer = clipboard::copy(&what, text, &self.copied);
                self.troubles.extend(answer.map(Message::Copied));
            }
            Effect::Edit { field, text, extension } => {
                self.leave_terminal(Foreground::Editor);
                let subject = external::Subject { field, text, extension };
                let (folder, outcome) = (self.editing_folder.clone(), self.external.clone());
                self.editing = Some(external::edit(folder, subject, outcome));
            }
            Effect::OpenOutside { body, part, name } => {
                let (subject, outcome) = (HandedOn { body, part, name }, self.worked.clone());
                self.opened_files.open(services.engine.clone(), subject, outcome);
            }
            Effect::Check(order) => {
                checking::check(services.engine.clone(), *order, self.worked.clone());
            }
            Effect::RunPrograms(order) => {
                programs::run(self.state_folder.clone(), order, self.worked.clone());
            }
            Effect::Page { body, part, mode } => {
                self.leave_terminal(Foreground::Editor);
                let subject = HandedOn { body, part, name: String::new() };
                let (engine, outcome) = (services.engine.clone(), self.external.clone());
                self.editing = Some(outside::page(engine, subject, mode, outcome));
            }
            Effect::Export(id, step) => self.exports.step(id, step, &services.engine),
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
