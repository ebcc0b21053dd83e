//! Asks what is said again, when, and where; then tells how far that is.
//!
//! ```text
//! What     ‹ the conversation ›       3 messages (120 B) of 1 conversation
//! Timing   ‹ as then ›                each message at its time
//! Target   tcp://127.0.0.1:9000▏
//!
//! Enter: 3 messages to …
//! ```
//! While it runs the window may be closed; what came of it is then kept until it is asked for.

use ratatui::layout::Rect;

use crate::app::action::Action;
use crate::app::editor::{Editor, LineMode};
use crate::app::format::{counted, size};
use crate::app::intent::{Intent, TrafficWish};
use crate::app::keymap::Context;
use crate::app::outcome::{Outcome, PaneInput};
use crate::app::replaying::{ReplayScope, ReplayWish};
use crate::interop::replay::{ReplayPace, ReplayScript, ReplayTalk, ReplayTarget};

/// Rows of the window: two choices and the target.
pub const REPLAY_ROWS: usize = 3;
const TARGET: usize = 2;
/// Columns before what is chosen.
pub const REPLAY_LABELS: [&str; REPLAY_ROWS] = ["What", "Timing", "Target"];

const PACES: [(ReplayPace, &str, &str); 5] = [
    (ReplayPace::ORIGINAL, "as then", "each message at its time"),
    (ReplayPace::Timed { permille: 2000 }, "twice as fast", "pauses are half as long"),
    (ReplayPace::Timed { permille: 10_000 }, "ten times as fast", "pauses are a tenth"),
    (ReplayPace::Free, "as answers come", "no pauses but for answers"),
    (ReplayPace::Stepwise, "step by step", "a key for each message"),
];

/// State of the overlay.
#[derive(Debug)]
pub struct ReplayWindow {
    scopes: Vec<ReplayScope>,
    scope: usize,
    pace: usize,
    /// The row that has the keys.
    pub row: usize,
    pub editor: Editor,
    /// How far it is, once it runs.
    pub progress: Option<Vec<String>>,
}

impl ReplayWindow {
    /// What its keys do, these by the names of their actions.
    pub(crate) fn hint(&self) -> &'static str {
        if self.progress.is_some() {
            "[choose] next step · [stop] stop · [back] close, it goes on"
        } else if self.row + 1 < REPLAY_ROWS {
            "[choose] replay · [left] [right] change · [down] next · [back] close"
        } else {
            "[choose] replay · [up] before · [back] close"
        }
    }

    /// Of the first of these that has something to be said.
    pub(crate) fn new(scopes: Vec<ReplayScope>) -> Self {
        let scope = scopes.iter().position(|it| it.script.is_ok()).unwrap_or(0);
        let editor = Editor::new(&usual_target(scopes.get(scope)), LineMode::One);
        ReplayWindow { scopes, scope, pace: 0, row: 0, editor, progress: None }
    }

    /// Of a replay that runs already.
    pub(crate) fn of_running(progress: Vec<String>) -> Self {
        ReplayWindow { progress: Some(progress), ..ReplayWindow::new(Vec::new()) }
    }

    /// Contexts of its keys.
    pub(crate) fn contexts(&self) -> Vec<Context> {
        let choice =
            (self.row < TARGET || self.progress.is_some()).then_some(Context::ExportChoice);
        choice.into_iter().chain([Context::Export, Context::Global]).collect()
    }

    /// What a row of choices shows: what is chosen, and what that means.
    pub fn chosen(&self, row: usize) -> (&'static str, String) {
        if row == 1 {
            let (_, name, said) = PACES[self.pace];
            return (name, said.to_owned());
        }
        match self.scopes.get(self.scope) {
            Some(ReplayScope { name, script: Ok(script) }) => (name, words(script)),
            Some(ReplayScope { name, script: Err(why) }) => (name, why.clone()),
            None => ("nothing", String::new()),
        }
    }

    /// What Enter will do, or why it cannot.
    pub fn verdict(&self) -> Result<String, String> {
        let wish = self.wish()?;
        let place = wish.target.address.as_deref().unwrap_or("where it went then");
        let said = format!("{} to {place}", words(&wish.script));
        Ok([vec![said], wish.script.left_out].concat().join("; "))
    }

    fn wish(&self) -> Result<ReplayWish, String> {
        let scope = self.scopes.get(self.scope).ok_or("there is nothing to be said again")?;
        let script = scope.script.clone()?;
        let typed = self.editor.text().trim().to_owned();
        let target = if typed.is_empty() || typed == usual_target(Some(scope)) {
            ReplayTarget::default()
        } else {
            ReplayTarget::parse(&typed)?
        };
        for talk in &script.talks {
            talk.plan(&target)?;
        }
        Ok(ReplayWish { script, target, pace: PACES[self.pace].0 })
    }

    /// The rows, and the verdict below them.
    pub fn parts(inner: Rect) -> ([Rect; REPLAY_ROWS], Rect) {
        let line = |at: u16, height| Rect { y: inner.y + at, height, ..inner }.intersection(inner);
        ([0, 1, 2].map(|at| line(at, 1)), line(4, inner.height.saturating_sub(4)))
    }

    /// Takes an input.
    pub fn update(&mut self, inner: Rect, input: PaneInput<'_>) -> Outcome {
        if self.progress.is_some() {
            return match input {
                PaneInput::Act(Action::Choose) => Intent::Traffic(TrafficWish::StepReplay).into(),
                PaneInput::Act(Action::Stop) => Intent::Traffic(TrafficWish::StopReplay).into(),
                PaneInput::Act(_) => Outcome::no(),
                _ => Outcome::yes(),
            };
        }
        if input.point(&mut self.editor) {
            self.row = TARGET;
            return Outcome::yes();
        }
        match input {
            PaneInput::Act(Action::Choose) => return self.choose(),
            PaneInput::Act(Action::Up) => self.row = self.row.saturating_sub(1),
            PaneInput::Act(Action::Down | Action::Complete) => {
                self.row = (self.row + 1).min(TARGET);
            }
            PaneInput::Act(Action::Right | Action::Toggle) => self.turn(true),
            PaneInput::Act(Action::Left) => self.turn(false),
            PaneInput::Act(_) => return Outcome::no(),
            // What is typed is the target, wherever the keys are.
            PaneInput::Key(_) | PaneInput::Paste(_) => {
                if input.edit(&mut self.editor) {
                    self.row = TARGET;
                }
            }
            PaneInput::Wheel(step) if step.is_up() => self.row = self.row.saturating_sub(1),
            PaneInput::Wheel(_) => self.row = (self.row + 1).min(TARGET),
            PaneInput::Drag(..) => {}
            PaneInput::Press(_, mouse) => {
                let (rows, verdict) = ReplayWindow::parts(inner);
                let at = (mouse.column, mouse.row).into();
                if let Some(row) = rows.iter().position(|row| row.contains(at)) {
                    if row == self.row && row < TARGET {
                        self.turn(true);
                    }
                    self.row = row;
                } else if verdict.contains(at) {
                    return self.choose();
                }
            }
        }
        Outcome::yes()
    }

    /// Takes the next choice of the row, or the one before.
    fn turn(&mut self, forward: bool) {
        let beside = |at: usize, len: usize| (at + if forward { 1 } else { len - 1 }) % len;
        if self.row == 1 {
            self.pace = beside(self.pace, PACES.len());
        } else if self.row == 0 && !self.scopes.is_empty() {
            let usual = usual_target(self.scopes.get(self.scope));
            self.scope = beside(self.scope, self.scopes.len());
            // What somebody typed stays.
            if self.editor.text().trim() == usual {
                let usual = usual_target(self.scopes.get(self.scope));
                self.editor = Editor::new(&usual, LineMode::One);
            }
        }
    }

    fn choose(&mut self) -> Outcome {
        match self.wish() {
            Ok(wish) => {
                self.progress = Some(Vec::new());
                Intent::Traffic(TrafficWish::Replay(Box::new(wish))).into()
            }
            Err(why) => Outcome::from(Intent::Quote(why)),
        }
    }
}

/// `3 messages (120 B) of 1 conversation`.
fn words(script: &ReplayScript) -> String {
    let messages: usize = script.talks.iter().map(ReplayTalk::sends).sum();
    let bytes: u64 = script.talks.iter().map(ReplayTalk::bytes).sum();
    let talks = counted(script.talks.len() as u64, "conversation");
    format!("{} ({}) of {talks}", counted(messages as u64, "message"), size(bytes))
}

/// Where all of it went then, if that is one place; else nothing.
fn usual_target(scope: Option<&ReplayScope>) -> String {
    let Some(Ok(script)) = scope.map(|scope| &scope.script) else { return String::new() };
    let place = |talk: &ReplayTalk| {
        let scheme = match (talk.is_datagrams(), talk.conn.is_under_tls()) {
            (true, _) => "udp",
            (false, true) => "tls",
            (false, false) => "tcp",
        };
        format!("{scheme}://{}", talk.address())
    };
    let mut places = script.talks.iter().map(place);
    let first = places.next().unwrap_or_default();
    if places.all(|place| place == first) { first } else { String::new() }
}
