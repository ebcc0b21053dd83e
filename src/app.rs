//! The application: `App::update(Message) -> Effects`, pure and synchronous.
//!
//! The shell feeds messages in and performs the effects that come out; `ui` draws from `&App`.
//! There is no clock, no socket and no file here: time comes with each message, ids are counted.
//! Panes and overlays keep their state in their own file and handle the actions that are theirs;
//! what they ask for is carried out by `flow`, what none of them takes is done by `flow::program`.

pub mod action;
pub mod arrangement;
pub(crate) mod as_expected;
pub(crate) mod captured;
pub mod checking;
pub(crate) mod choices;
mod clicks;
pub(crate) mod color_rules;
pub(crate) mod column_set;
pub(crate) mod columns;
pub(crate) mod compare_rows;
pub mod compared_table;
pub(crate) mod completion;
pub(crate) mod cookie_jars;
pub(crate) mod copying;
pub(crate) mod credential_move;
pub(crate) mod cursor;
pub(crate) mod decoded_view;
pub(crate) mod drafts;
pub(crate) mod edited_text;
pub mod editor;
pub mod effect;
pub mod exported_code;
pub mod exporting;
pub mod filter_page;
pub(crate) mod filter_words;
pub mod flow;
pub mod focus;
pub(crate) mod folder_names;
mod folder_tree;
pub mod form;
pub mod format;
pub(crate) mod fuzzy;
pub(crate) mod held;
pub(crate) mod held_text;
mod help_jobs;
pub(crate) mod history_words;
pub mod importing;
pub(crate) mod inherited;
pub mod intent;
pub mod kept_answers;
pub(crate) mod kept_filters;
pub mod keymap;
pub(crate) mod layout;
mod live_rewrites;
pub mod message;
mod opened_log;
pub(crate) mod outcome;
pub mod overlay;
pub(crate) mod pane;
pub mod places_compared;
pub mod preset_runs;
pub mod preset_tree;
mod preset_tree_item;
pub(crate) mod prompt;
mod recipe_actions;
pub(crate) mod record_view;
pub mod replaying;
pub(crate) mod row_order;
mod rule_tags;
pub(crate) mod run_rows;
pub(crate) mod running_exports;
pub(crate) mod save_state;
pub(crate) mod search_line;
pub(crate) mod seen_request;
pub(crate) mod session_words;
pub(crate) mod sessions;
pub(crate) mod shared;
pub(crate) mod state;
pub(crate) mod statistics_rows;
pub(crate) mod stream_log;
pub mod themes;
pub(crate) mod thrown_away;
pub(crate) mod time_format;
pub(crate) mod to_preset;
pub mod typed_expression;
pub mod variable_rows;
mod variable_users;
mod waiting_send;
pub mod wanted_values;
mod word_run;
pub(crate) mod wrap_bytes;

use crate::engine::event::Event;
use crate::model::timing::Stamp;
use crate::store::job::Restore;
use drafts::Draft;
use effect::Effect;
use flow::{
    carry_out, checks, draft, edited, engine, exports, focus as focus_flow, history, input,
    project, restore, store, themes as theme_flow, timer, wanted,
};
use message::Message;
use save_state::LastRun;
pub use state::{App, Level, Startup};

/// Intents that one message may lead to; the longest seen are below 20.
const INTENTS_A_MESSAGE: usize = 1_000;

impl App {
    /// What the shell has to do right after the first frame.
    pub fn begin(&mut self) -> Vec<Effect> {
        project::begin(self);
        history::changed(self);
        self.take_effects()
    }

    /// What the shell has to do; what the store is asked to keep is counted.
    fn take_effects(&mut self) -> Vec<Effect> {
        for effect in &self.effects {
            if let Effect::Store(job) = effect {
                self.save_state.asked(job);
            }
        }
        std::mem::take(&mut self.effects)
    }

    /// Whether a message brings what has to be on the screen before its turn: a body that was seen
    /// in part and is whole now.
    pub fn is_urgent(&self, message: &Message) -> bool {
        matches!(message, Message::Engine(Event::View(view)) if self.exchange.views.completes(view))
    }

    /// Takes a message at a time and returns what the shell has to do, in order.
    pub fn update(&mut self, message: Message, now: Stamp) -> Vec<Effect> {
        self.shared.now = now;
        // What was not drawn yet stays to be drawn, whatever this message changes.
        let was_dirty = std::mem::replace(&mut self.dirty, true);
        match message {
            Message::Input(input) => input::apply(self, input),
            Message::Engine(event) => engine::apply(self, event),
            Message::Store(reply) => store::apply(self, reply),
            Message::Background { is_dark } => theme_flow::follow(self, is_dark),
            Message::Timer(timer) => timer::timer_fired(self, timer),
            Message::Checked(checked) => checks::checked(self, *checked),
            Message::Programs(answer) => wanted::programs(self, answer),
            Message::Copied(Ok(words)) | Message::Opened(Ok(words)) => self.done(words),
            Message::Export(id, report) => exports::reported(self, id, report),
            Message::External(result) => draft::edited(self, result),
            Message::EditedFound(text) => edited::found(self, text),
            Message::Copied(Err(failure))
            | Message::Opened(Err(failure))
            | Message::Trouble(failure) => {
                self.warn(failure.to_string());
            }
        }
        self.carry_out_intents();
        if focus_flow::fit_remark(self) {
            self.carry_out_intents();
        }
        self.shared.drafts.current_mut().settle();
        // Whatever put another draft on screen, its row is the selected one.
        self.dirty |= self.presets.follow(&self.shared);
        self.dirty |= was_dirty;
        self.take_effects()
    }

    /// What panes and overlays asked for, and what that asks for in turn. Intents that go on asking
    /// for each other are a fault of the program: they end, so that it stays under the keys.
    fn carry_out_intents(&mut self) {
        for _ in 0..INTENTS_A_MESSAGE {
            let Some(intent) = self.intents.pop_front() else { return };
            carry_out::carry_out(self, intent);
        }
        debug_assert!(self.intents.is_empty(), "endless: {:?}", self.intents);
        if !self.intents.is_empty() {
            self.intents.clear();
            self.warn("not done to its end: this went round in a circle (please report it)");
        }
    }

    /// Whether the first screen has all it shows: the workspace, or as much of it as fits there, and what the last run left.
    pub(crate) fn has_begun(&self) -> bool {
        (self.loaded || self.shared.workspace.is_partial)
            && self.save_state.last_run != LastRun::Unread
    }

    /// What would be lost if the program ended now: drafts with unsaved work that are not known to
    /// be on the disk.
    #[must_use]
    pub fn unkept(&self) -> Option<Box<Restore>> {
        let save_state = &self.save_state;
        let is_behind = self.restore_due
            || save_state.again
            || save_state.is_writing()
            || save_state.failure().is_some()
            || save_state.last_run == LastRun::Unread;
        let has_work = self.shared.drafts.iter().any(Draft::is_modified);
        (is_behind && has_work).then(|| Box::new(restore::to_keep(self)))
    }
}
