//! The whole state of the program, and what is said to its user.
//!
//! [`App::update`](super) takes messages; flows change the state through what is here. Panes and
//! overlays never see it: they get [`Shared`] and answer with intents, which wait here until
//! their turn (`App::take`).

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::PathBuf;
use std::time::Duration;

use jiff::tz::Offset;

use ratatui::layout::Rect;

use super::action::Action;
use super::clicks::ClickRun;
use super::compare_rows::ComparedAnswer;
use super::completion::Popup;
use super::credential_move::CredentialMove;
use super::edited_text::EditedTexts;
use super::effect::Effect;
use super::focus::Pane;
use super::importing::ImportsBegun;
use super::intent::{EditTarget, Intent};
use super::kept_answers::KeptAnswers;
use super::keymap::{Context, Keymap, Override};
use super::layout::Splitter;
use super::message::Timer;
use super::outcome::{Handled, Outcome};
use super::overlay::Overlay;
use super::overlay::run::RunWindow;
use super::pane::conversation::ConversationPane;
use super::pane::exchange::ExchangePane;
use super::pane::history::HistoryPane;
use super::pane::presets::PresetsPane;
use super::pane::request::RequestPane;
use super::pane::traffic::TrafficPane;
use super::preset_runs::ShownRun;
use super::replaying::Replays;
use super::running_exports::RunningExports;
use super::save_state::SaveState;
use super::search_line::SearchLine;
use super::shared::{Shared, Shown};
use super::thrown_away::Thrown;
use super::waiting_send::{SendWithCookies, WaitingSend};
use crate::engine::command::Command;
use crate::model::id::BodyId;
use crate::model::key::Key;
use crate::model::preset::{Opening, Preset, PresetPath};
use crate::model::theme::ColorDepth;
use crate::model::timing::Stamp;
use crate::store::job::{ForeignProject, HistoryName, JobKind};
use crate::timeline::Timeline;

/// How long a remark stays when no key is pressed; a warning stays until one is.
const NOTICE_STAYS: Duration = Duration::from_secs(6);
/// A key pressed so soon after a warning was pressed before it was read.
const WARNING_STAYS: Duration = Duration::from_secs(1);
/// How long after the last change drafts are written to disk.
const RESTORE_DELAY: Duration = Duration::from_millis(400);
/// How long after drafts could not be written they are tried again.
const RESTORE_AGAIN: Duration = Duration::from_secs(5);

/// What the shell knows at start.
#[derive(Debug, Default)]
pub struct Startup {
    pub size: (u16, u16),
    pub now: Stamp,
    /// Operating system environment, for `{{env.NAME}}`.
    pub os: BTreeMap<String, String>,
    /// Lines of the user's keymap file.
    pub keymap: Vec<Override>,
    /// What the user has to be told about the configuration.
    pub problem: Option<String>,
    /// How many colours the terminal shows.
    pub colors: ColorDepth,
    /// Folder of the answers that are kept of presets; `None` = none are.
    pub answers: Option<PathBuf>,
    /// Bound of the timeline in bytes; 0 = the default.
    pub timeline_bytes: usize,
    /// What was seen before, to be looked at.
    pub seen: Option<Timeline>,
    /// Offset of local time from UTC, if known.
    pub utc_offset: Option<Offset>,
    /// The current project, if another user owns its presets.
    pub foreign: Option<ForeignProject>,
    /// What is to be on screen first.
    pub opening: Option<Opening>,
}

/// A sentence for the user at the bottom of the screen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    pub text: String,
    pub level: Level,
    since: Stamp,
    /// The job of the store whose trouble it tells of: it goes with that.
    of: Option<JobKind>,
}

/// Where leaving the response leads back to.
#[derive(Debug)]
pub(super) enum ComesBack {
    Traffic,
    /// The window of runs, as it was.
    Run(Box<RunWindow>),
}

/// How serious a notice is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    Info,
    /// Something was done that was asked for.
    Done,
    Warning,
}

/// The whole state of the program.
#[derive(Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "facts that hold independently of each other")]
pub struct App {
    pub shared: Shared,
    pub presets: PresetsPane,
    pub history: HistoryPane,
    pub request: RequestPane,
    pub exchange: ExchangePane,
    pub conversation: ConversationPane,
    pub traffic: TrafficPane,
    /// Percent that are read of the file of traffic that was opened, while it is.
    pub(super) reading: Option<u8>,
    /// Exports under way.
    pub exports: RunningExports,
    /// Imports of other tools' presets.
    pub(super) imports: ImportsBegun,
    /// What is said again.
    pub(super) replays: Replays,
    /// What led to the response: leaving that leads back.
    pub(super) comes_back: Option<ComesBack>,
    pub overlays: Vec<Overlay>,
    /// What waits for values before it is sent.
    pub(super) waiting: Option<WaitingSend>,
    /// What was answered last to questions for values, by label; no secrets.
    pub(super) answered: BTreeMap<String, String>,
    pub notice: Option<Notice>,
    /// Notices there were so far.
    pub(super) noticed: u64,
    /// Timers of notices under way; the last one to go off is that of the newest.
    pub(super) notice_timers: u32,
    /// Times all records were forgotten and may still come back.
    pub(super) forgettings: u32,
    /// Keys of a sequence that is not finished.
    pub pending: Vec<Key>,
    pub(super) clicks: ClickRun,
    pub(super) dragging: Option<Splitter>,
    /// The pane the button of the mouse went down on, which is told of a drag.
    pub(super) pressed: Option<Pane>,
    /// What panes and overlays asked for and was not carried out yet.
    pub(super) intents: VecDeque<Intent>,
    pub(super) effects: Vec<Effect>,
    pub(super) dirty: bool,
    pub(super) leaving: bool,
    pub(super) restore_due: bool,
    pub save_state: SaveState,
    /// What is sent as soon as the cookies are read that go along.
    pub(super) sends_with_cookies: Option<SendWithCookies>,
    /// A curl command that waits for its files of cookies.
    pub(super) pasted_command: Option<String>,
    /// The answer that the next one is compared with.
    pub(super) marked_answer: Option<ComparedAnswer>,
    /// What the external editor was opened for; nothing when it was opened to be read.
    pub(super) editing: Option<EditTarget>,
    /// What editors of earlier runs saved.
    pub(super) edited: EditedTexts,
    /// The elapsed time of what runs in the response region will be drawn anew.
    pub(super) clock_due: bool,
    /// What was deleted or thrown away and can be brought back.
    pub(super) thrown: Thrown,
    /// Credentials on their way into a file of secrets.
    pub(super) credentials: Option<CredentialMove>,
    /// Credentials that stay where they were typed, as was answered, until they change: fingerprints of
    /// the values in each preset.
    pub(super) kept_in_place: BTreeMap<PresetPath, BTreeSet<u64>>,
    /// Presets whose description is on its way to their files.
    pub(super) describing: BTreeMap<PresetPath, Preset>,
    pub(super) loaded: bool,
    /// The entry of the history that is being read, and what is done with it then.
    pub(super) opening: Option<(HistoryName, Action)>,
    /// It was asked for once more meanwhile.
    pub(super) opens_again: bool,
    /// The current project, if another user owns its presets.
    pub(super) foreign: Option<ForeignProject>,
    /// What is to be on screen as soon as the workspace and the drafts are read.
    pub(super) first: Option<Opening>,
}

impl App {
    /// The state before anything was read; the first frame can be drawn from it.
    pub fn new(startup: Startup) -> Self {
        let mut keymap = Keymap::default();
        let problems = keymap.apply(&startup.keymap);
        let timeline = startup.seen.unwrap_or_else(|| match startup.timeline_bytes {
            0 => Timeline::default(),
            bytes => Timeline::new(bytes),
        });
        let mut app =
            App { dirty: true, foreign: startup.foreign, first: startup.opening, ..App::default() };
        let shared = &mut app.shared;
        (shared.now, shared.size, shared.utc_offset) =
            (startup.now, startup.size, startup.utc_offset);
        (shared.keymap, shared.timeline) = (keymap, timeline);
        shared.set_os(startup.os);
        shared.kept = KeptAnswers::new(startup.answers);
        shared.themes.set_depth(startup.colors);
        if let Some(problem) = startup.problem.as_ref().or(problems.first()) {
            app.warn(problem.clone());
        }
        app
    }

    /// Whether something changed since the last [`App::drawn`].
    #[must_use]
    pub fn is_dirty(&self) -> bool {
        self.dirty
    }

    /// The shell has drawn the state as it is.
    pub fn drawn(&mut self) {
        self.dirty = false;
    }

    /// How far a file that is read, a run and exports are, in words with their keys.
    pub fn at_work(&self) -> Option<String> {
        let reading = self.reading.map(|percent| format!("reading {percent} %"));
        let is_open = self.overlays.iter().any(|overlay| matches!(overlay, Overlay::Run(_)));
        let run = self.shared.runs.current.as_ref().filter(|_| !is_open);
        let run = run.and_then(ShownRun::at_work);
        let words: Vec<String> =
            reading.into_iter().chain(run).chain(self.exports.told()).collect();
        let words = (!words.is_empty()).then(|| words.join(" · "))?;
        Some(self.shared.keymap.keyed(&[Context::Traffic], &words))
    }

    /// Whether a question waits for an answer that does something for good.
    pub(crate) fn is_asking(&self) -> bool {
        matches!(self.overlays.last(), Some(Overlay::Confirm(_) | Overlay::Conflict(_)))
    }

    /// Contexts in which keys are looked up, the most specific first.
    pub(crate) fn contexts(&self) -> Vec<Context> {
        let is_typed = |line: Option<&SearchLine>| line.is_some_and(|line| line.typing);
        let (own, is_typing) = match (self.shared.focus, self.shared.shown()) {
            (Pane::Request, _) => return self.request.contexts(&self.shared),
            (Pane::Response, Shown::Conversation) => {
                return self.conversation.contexts(&self.shared);
            }
            (Pane::Response, _) => (Context::Response, self.exchange.is_typing()),
            (Pane::Presets, _) => (Context::Presets, is_typed(self.presets.search.as_ref())),
            (Pane::History, _) => return self.history.contexts(),
            (Pane::Traffic, _) => return self.traffic.contexts(),
        };
        if is_typing {
            return vec![Context::Line, Context::Global];
        }
        vec![own, Context::List, Context::Plain, Context::Global]
    }

    /// The completions that are offered, and where they are on the screen.
    pub fn popup(&self) -> Option<(&Popup, Rect)> {
        let shared = &self.shared;
        if let Some(overlay) = self.overlays.last() {
            return overlay.popup(shared);
        }
        let (completer, area) = match shared.focus {
            Pane::Request => (&self.request.completer, self.request.popup_area(shared)),
            Pane::Response => (&self.conversation.completer, self.conversation.popup_area(shared)),
            Pane::Traffic => (&self.traffic.filter.completer, self.traffic.popup_area(shared)),
            Pane::History => (&self.history.completer, self.history.popup_area(shared)),
            Pane::Presets => return None,
        };
        Some((completer.popup()?, area?))
    }

    /// Keeps what a pane or overlay asks for until its turn; tells whether it took the input.
    pub(super) fn take(&mut self, outcome: Outcome) -> Handled {
        self.intents.extend(outcome.intents);
        outcome.handled
    }

    /// Tells the engine that nobody will look at these bodies again.
    pub(super) fn release(&mut self, bodies: Vec<BodyId>) {
        if !bodies.is_empty() {
            self.effects.push(Effect::Engine(Command::Release(bodies)));
        }
    }

    /// A text in which `[action-name]` stands for the key of an action where the focus is.
    #[must_use]
    pub fn keyed(&self, text: &str) -> String {
        self.shared.keymap.keyed(&self.contexts(), text)
    }

    /// Shows a remark until the next key, a few seconds at most.
    pub fn say(&mut self, text: impl Into<String>) {
        self.notice_with(text.into(), Level::Info, None);
    }

    /// The same of something that is done now.
    pub fn done(&mut self, text: impl Into<String>) {
        self.notice_with(text.into(), Level::Done, None);
    }

    /// Shows a warning until the next key after it could be read.
    pub fn warn(&mut self, text: impl Into<String>) {
        self.notice_with(text.into(), Level::Warning, None);
    }

    /// Shows what a job of the store is waited for with; not after it is done.
    pub(crate) fn say_of(&mut self, job: JobKind, text: impl Into<String>) {
        self.notice_with(text.into(), Level::Info, Some(job));
    }

    /// Nothing is waited for any more; what is wrong with the job stays said.
    pub(crate) fn waited_long_enough(&mut self, job: JobKind) {
        let is_it = |notice: &mut Notice| notice.of == Some(job) && notice.level == Level::Info;
        self.notice.take_if(is_it);
    }

    /// Shows what is wrong with a job of the store that is done again by itself: until the next key, and
    /// not after it could be done.
    pub(crate) fn warn_of(&mut self, job: JobKind, text: impl Into<String>) {
        self.notice_with(text.into(), Level::Warning, Some(job));
    }

    /// Whether something is wrong on the screen that is not of this job.
    pub(crate) fn warns_of_another(&self, job: JobKind) -> bool {
        let is_other = |it: &Notice| it.level == Level::Warning && it.of != Some(job);
        self.notice.as_ref().is_some_and(is_other)
    }

    /// The job could be done; tells whether there was a warning of it, which is gone.
    pub(crate) fn goes_well(&mut self, job: JobKind) -> bool {
        self.notice.take_if(|notice| notice.of == Some(job)).is_some()
    }

    fn notice_with(&mut self, text: String, level: Level, of: Option<JobKind>) {
        self.notice = Some(Notice { text, level, since: self.shared.now, of });
        self.noticed += 1;
        if level != Level::Warning {
            self.notice_timers += 1;
            self.effects.push(Effect::After { delay: NOTICE_STAYS, timer: Timer::Notice });
        }
    }

    /// The user did something: what was said before is read, unless it is a warning of just now.
    pub(super) fn notice_was_seen(&mut self) {
        let now = self.shared.now;
        let stays = |notice: &Notice| {
            let is_new = notice.since <= now && now.since(notice.since) < WARNING_STAYS;
            notice.level == Level::Warning && is_new
        };
        if !self.notice.as_ref().is_some_and(stays) {
            self.notice = None;
        }
    }

    /// Notes that drafts changed: they are written a moment later.
    pub(crate) fn touched(&mut self) {
        self.shared.drafts.current_mut().settle_checks();
        if !self.restore_due {
            self.restore_due = true;
            self.effects.push(Effect::After { delay: RESTORE_DELAY, timer: Timer::Restore });
        }
    }

    /// Notes that drafts could not be written: they are tried again a while later.
    pub(super) fn try_restore_again(&mut self) {
        if self.save_state.awaits_retry() {
            self.effects.push(Effect::After { delay: RESTORE_AGAIN, timer: Timer::RestoreAgain });
        }
    }
}
