//! The application: `App::update(Message) -> Effects`, pure and synchronous.
//!
//! The shell feeds messages in and performs the effects that come out; `ui` draws from `&App`.
//! There is no clock, no socket and no file here: time comes with each message, ids are counted.
//! Panes and overlays keep their state in their own file and handle the actions that are theirs;
//! what no pane takes is handled in `global`.

pub mod action;
pub mod cursor;
pub mod drafts;
pub mod editor;
pub mod effect;
pub mod focus;
pub mod form;
pub mod format;
pub mod fuzzy;
mod global;
mod input;
pub mod keymap;
mod launch;
pub mod layout;
pub mod message;
pub mod overlay;
pub mod pane;
pub mod record_view;
mod saving;
pub mod sessions;
mod stored;
pub mod wrap_bytes;
pub mod wrap_words;

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::tz::Offset;

use action::Action;
use drafts::Drafts;
use effect::Effect;
use focus::Pane;
use keymap::{Context, Keymap, Override};
use layout::{Areas, Splits, Splitter};
use message::{Message, TimerId};
use overlay::Overlay;
use pane::history::HistoryPane;
use pane::presets::PresetsPane;
use pane::request::RequestPane;
use pane::response::ResponsePane;
use pane::traffic::TrafficPane;
use sessions::Sessions;

use crate::model::key::Key;
use crate::model::preset::{Preset, PresetPath, Scope};
use crate::model::timing::Stamp;
use crate::store::job::{Job, Workspace};
use crate::timeline::Timeline;

/// How long a remark stays when no key is pressed; a warning stays until one is.
const NOTICE_STAYS: Duration = Duration::from_secs(6);
/// A key pressed so soon after a warning was pressed before it was read.
const WARNING_STAYS: Duration = Duration::from_secs(1);
/// How long after the last change drafts are written to disk.
const RESTORE_DELAY: Duration = Duration::from_millis(400);

/// What the shell knows at start.
#[derive(Debug, Clone, Default)]
pub struct Startup {
    pub size: (u16, u16),
    pub now: Stamp,
    /// Operating system environment, for `{{env.NAME}}`.
    pub os: BTreeMap<String, String>,
    /// Lines of the user's keymap file.
    pub keymap: Vec<Override>,
    /// What the user has to be told about the configuration.
    pub problem: Option<String>,
    pub theme: Theme,
    /// The terminal shows 24-bit colours; otherwise the nearest of 256 are used.
    pub truecolor: bool,
    /// Bound of the timeline in bytes; 0 = the default.
    pub timeline_bytes: usize,
    /// Offset of local time from UTC, if known.
    pub utc_offset: Option<Offset>,
}

/// Which colours `ui` uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Theme {
    #[default]
    Dark,
    Light,
    /// The terminal's own sixteen colours.
    Sixteen,
    /// No colours at all (`NO_COLOR`).
    Plain,
}

/// A sentence for the user at the bottom of the screen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    pub text: String,
    pub level: Level,
    since: Stamp,
}

/// How serious a notice is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    Info,
    Warning,
}

/// The whole state of the program.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "facts that hold independently of each other")]
pub struct App {
    pub now: Stamp,
    pub size: (u16, u16),
    pub theme: Theme,
    pub truecolor: bool,
    pub keymap: Keymap,
    pub splits: Splits,
    pub zoom: bool,
    pub focus: Pane,
    pub overlays: Vec<Overlay>,
    pub notice: Option<Notice>,
    /// Notices there were so far.
    noticed: u64,
    /// Timers of notices under way; the last one to go off is that of the newest.
    notice_timers: u32,
    pub workspace: Workspace,
    /// Name of the environment in force.
    pub environment: Option<String>,
    pub drafts: Drafts,
    pub sessions: Sessions,
    pub timeline: Timeline,
    pub presets: PresetsPane,
    pub history: HistoryPane,
    pub request: RequestPane,
    pub response: ResponsePane,
    pub traffic: TrafficPane,
    /// Keys of a sequence that is not finished.
    pub pending: Vec<Key>,
    dragging: Option<Splitter>,
    /// Offset of local time, for times of day; the shell sets it.
    pub utc_offset: Offset,
    os: BTreeMap<String, String>,
    effects: Vec<Effect>,
    dirty: bool,
    leaving: bool,
    restore_due: bool,
    /// Presets whose description is on its way to their files.
    describing: BTreeMap<PresetPath, Preset>,
    loaded: bool,
}

/// Whether a pane or overlay took an action.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Handled {
    Yes,
    No,
}

/// Timers the application asks for.
mod timer {
    use super::TimerId;

    pub(super) const NOTICE: TimerId = TimerId(1);
    pub(super) const RESTORE: TimerId = TimerId(2);
}

impl App {
    /// The state before anything was read; the first frame can be drawn from it.
    pub fn new(startup: Startup) -> Self {
        let mut keymap = Keymap::default();
        let problems = keymap.apply(&startup.keymap);
        let bytes = match startup.timeline_bytes {
            0 => crate::timeline::LIMIT_BYTES,
            bytes => bytes,
        };
        let mut app = App {
            now: startup.now,
            size: startup.size,
            theme: startup.theme,
            truecolor: startup.truecolor,
            keymap,
            splits: Splits::default(),
            zoom: false,
            focus: Pane::Presets,
            overlays: Vec::new(),
            notice: None,
            noticed: 0,
            notice_timers: 0,
            workspace: Workspace::default(),
            environment: None,
            drafts: Drafts::default(),
            sessions: Sessions::default(),
            timeline: Timeline::new(bytes),
            presets: PresetsPane::default(),
            history: HistoryPane::default(),
            request: RequestPane::default(),
            response: ResponsePane::default(),
            traffic: TrafficPane::default(),
            pending: Vec::new(),
            dragging: None,
            utc_offset: startup.utc_offset.unwrap_or(Offset::UTC),
            os: startup.os,
            effects: Vec::new(),
            dirty: true,
            leaving: false,
            restore_due: false,
            describing: BTreeMap::new(),
            loaded: false,
        };
        if let Some(problem) = startup.problem.as_ref().or(problems.first()) {
            app.warn(problem.clone());
        }
        app
    }

    /// What the shell has to do right after the first frame.
    pub fn begin(&mut self) -> Vec<Effect> {
        self.effects.push(Effect::Store(Job::LoadWorkspace));
        self.effects.push(Effect::Store(Job::LoadRestore));
        self.effects.push(Effect::Store(pane::history::query("")));
        std::mem::take(&mut self.effects)
    }

    /// Takes a message at a time and returns what the shell has to do, in order.
    pub fn update(&mut self, message: Message, now: Stamp) -> Vec<Effect> {
        self.now = now.max(self.now);
        // What was not drawn yet stays to be drawn, whatever this message changes.
        let was_dirty = std::mem::replace(&mut self.dirty, true);
        match message {
            Message::Input(input) => input::apply(self, input),
            Message::Engine(event) => sessions::apply(self, event),
            Message::Store(reply) => stored::apply(self, reply),
            Message::Timer(token) => self.timer(token),
            Message::External(result) => pane::request::edited(self, result),
            Message::Trouble(failure) => self.warn(failure.to_string()),
        }
        self.dirty |= was_dirty;
        std::mem::take(&mut self.effects)
    }

    /// Whether something changed since the last [`App::drawn`].
    pub fn is_dirty(&self) -> bool {
        self.dirty
    }

    /// The shell has drawn the state as it is.
    pub fn drawn(&mut self) {
        self.dirty = false;
    }

    /// Where the panes are now.
    pub fn areas(&self) -> Areas {
        let mut splits = self.splits;
        // A record is looked at closely: on most screens the list alone fills the pane.
        if splits.traffic == 0 && self.focus == Pane::Traffic && self.traffic.detail.is_some() {
            splits.traffic = self.size.1 / 2;
        }
        layout::areas(self.size, splits, self.focus, self.zoom)
    }

    /// Contexts in which keys are looked up, the most specific first.
    pub fn contexts(&self) -> Vec<Context> {
        match self.focus {
            Pane::Presets => pane::presets::contexts(self),
            Pane::History => pane::history::contexts(self),
            Pane::Request => pane::request::contexts(self),
            Pane::Response => pane::response::contexts(self),
            Pane::Traffic => pane::traffic::contexts(self),
        }
    }

    /// What templates may refer to now.
    pub fn scope(&self) -> Scope {
        let mut scope = Scope { os: self.os.clone(), ..Scope::default() };
        let folder = self.drafts.current().preset.as_ref().map_or("", |path| path.folder());
        scope.variables.extend(self.workspace.inherited(folder));
        let named =
            self.workspace.environments.iter().find(|e| Some(&e.name) == self.environment.as_ref());
        if let Some(environment) = named {
            scope.variables.extend(environment.variables.clone());
            scope.secrets.extend(environment.secrets.clone());
        }
        scope
    }

    /// The key of an action where the focus is, or elsewhere, for a hint in a text.
    #[must_use]
    pub fn key_of(&self, action: Action) -> String {
        let here = self.keymap.hint(&self.contexts(), action);
        here.or_else(|| self.keymap.hint(&Context::ALL, action))
            .unwrap_or_else(|| format!("“{}” in the palette", action.row().title))
    }

    /// A text in which `[action-name]` stands for the key of an action, so that no hint names a
    /// key that was bound to something else.
    #[must_use]
    pub fn keyed(&self, text: &str) -> String {
        let mut keyed = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, name, after)) = bracketed(rest) {
            keyed.push_str(before);
            let row = action::TABLE.iter().find(|row| row.name == name);
            let key = row.map_or_else(|| format!("[{name}]"), |row| self.key_of(row.action));
            keyed.push_str(&key);
            rest = after;
        }
        keyed + rest
    }

    /// Shows a remark until the next key, a few seconds at most.
    pub fn say(&mut self, text: impl Into<String>) {
        self.notice_with(text.into(), Level::Info);
    }

    /// Shows a warning until the next key after it could be read.
    pub fn warn(&mut self, text: impl Into<String>) {
        self.notice_with(text.into(), Level::Warning);
    }

    fn notice_with(&mut self, text: String, level: Level) {
        self.notice = Some(Notice { text, level, since: self.now });
        self.noticed += 1;
        if level == Level::Info {
            self.notice_timers += 1;
            self.effects.push(Effect::After { delay: NOTICE_STAYS, token: timer::NOTICE });
        }
    }

    /// The user did something: what was said before is read, unless it is a warning of just now.
    fn notice_was_seen(&mut self) {
        let stays = |notice: &Notice| {
            notice.level == Level::Warning && self.now.since(notice.since) < WARNING_STAYS
        };
        if !self.notice.as_ref().is_some_and(stays) {
            self.notice = None;
        }
    }

    /// Notes that drafts changed: they are written a moment later.
    pub(crate) fn touched(&mut self) {
        if !self.restore_due {
            self.restore_due = true;
            self.effects.push(Effect::After { delay: RESTORE_DELAY, token: timer::RESTORE });
        }
    }

    fn timer(&mut self, token: TimerId) {
        match token {
            timer::NOTICE => {
                self.notice_timers = self.notice_timers.saturating_sub(1);
                let is_newest = self.notice_timers == 0;
                self.dirty = is_newest
                    && self.notice.as_ref().is_some_and(|notice| notice.level == Level::Info);
                if self.dirty {
                    self.notice = None;
                }
            }
            timer::RESTORE => {
                self.dirty = false;
                stored::save_restore(self);
            }
            other => pane::response::timer(self, other),
        }
    }
}

/// The first `[name]` of a text, with what stands before and after it.
fn bracketed(text: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = text.split_once('[')?;
    let (name, after) = rest.split_once(']')?;
    Some((before, name, after))
}
