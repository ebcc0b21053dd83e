//! Overlays: layers above the panes. The topmost takes every key, click and paste.
//!
//! ```text
//! flow::overlays opens ──► pushed ──► update(&Shared, input) ──► intents, CloseOverlay among them
//! ```
//! An overlay never sees the application or another overlay. The actions that leave a place, a
//! click outside, and the action that opened it close the topmost; leaving, suspending and
//! redrawing work from every overlay (`flow::overlays`).

pub(crate) mod about;
pub mod ask;
pub(crate) mod code;
pub(crate) mod column_window;
pub(crate) mod compare;
pub(crate) mod confirm;
pub(crate) mod conflict;
pub(crate) mod cookies;
pub(crate) mod environments;
pub mod export;
pub(crate) mod filter_picker;
pub(crate) mod held;
pub(crate) mod help;
pub mod import;
pub mod jump;
pub(crate) mod naming;
pub(crate) mod pickers;
pub mod readdress;
pub mod replay;
pub mod run;
pub mod run_options;
pub mod statistics;
mod window_hints;

use ratatui::layout::Rect;

use super::action::Action;
use super::choices::Choices;
use super::completion::Popup;
use super::editor::Editor;
use super::intent::{ConflictChoice, Intent};
use super::keymap::Context;
use super::layout::{window, window_inner};
use super::outcome::{Outcome, PaneInput};
use super::shared::Shared;
use super::wanted_values::ValueWish;

/// A layer above the screen.
#[derive(Debug)]
pub enum Overlay {
    /// The palette or a picker.
    Choices(Choices),
    Help(help::Help),
    Naming(naming::Naming),
    About(about::About),
    Ask(Box<ask::AskWindow>),
    Confirm(confirm::Confirm),
    Conflict(conflict::Conflict),
    Jump(jump::Jump),
    Code(code::Code),
    Compare(Box<compare::Compare>),
    Environments(Box<environments::Environments>),
    Export(Box<export::ExportWindow>),
    Import(Box<import::ImportWindow>),
    Columns(Box<column_window::ColumnWindow>),
    Cookies(Box<cookies::CookieWindow>),
    Held(Box<held::HeldWindow>),
    Statistics(Box<statistics::StatisticsWindow>),
    Readdress(Box<readdress::ReaddressWindow>),
    Replay(Box<replay::ReplayWindow>),
    Run(Box<run::RunWindow>),
    RunOptions(Box<run_options::RunOptions>),
}

impl Overlay {
    /// Takes an input while it is the topmost.
    pub fn update(&mut self, shared: &Shared, input: PaneInput<'_>) -> Outcome {
        let inner = window_inner(self.area(shared));
        match self {
            Overlay::Choices(it) => it.update(inner, input),
            Overlay::Help(it) => it.update(shared, inner, input),
            Overlay::Naming(it) => it.update(shared, inner, input),
            Overlay::About(it) => it.update(input),
            Overlay::Ask(it) => it.update(inner, input),
            Overlay::Confirm(it) => it.update(shared, inner, input),
            Overlay::Conflict(it) => it.update(inner, input),
            Overlay::Jump(it) => it.update(input),
            Overlay::Code(it) => it.update(shared, inner, input),
            Overlay::Compare(it) => it.update(inner, input),
            Overlay::Environments(it) => it.update(shared, inner, input),
            Overlay::Export(it) => it.update(shared, inner, input),
            Overlay::Import(it) => it.update(shared, inner, input),
            Overlay::Columns(it) => it.update(inner, input),
            Overlay::Cookies(it) => it.update(shared, inner, input),
            Overlay::Held(it) => it.update(shared, inner, input),
            Overlay::Statistics(it) => it.update(shared, inner, input),
            Overlay::Readdress(it) => it.update(shared, inner, input),
            Overlay::Replay(it) => it.update(inner, input),
            Overlay::Run(it) => it.update(shared, inner, input),
            Overlay::RunOptions(it) => it.update(shared, inner, input),
        }
    }

    /// Where it is on the screen, border included.
    pub fn area(&self, shared: &Shared) -> Rect {
        let (width, height) = match self {
            Overlay::Choices(it) => it.size,
            // Most of a large screen, all of a small one.
            Overlay::Help(_) if shared.size.1 < 20 => (help::WIDTH, 20),
            Overlay::Help(_) => (help::WIDTH, shared.size.1 - 4),
            Overlay::Naming(_) => (60, 12),
            Overlay::About(_) => (70, 8),
            Overlay::Ask(_) => (60, 4),
            Overlay::Export(_) => (90, 16),
            Overlay::Import(_) => (100, 24),
            Overlay::Cookies(_) => (120, 24),
            Overlay::Columns(_) => return column_window::ColumnWindow::area(shared),
            Overlay::Statistics(_) | Overlay::Run(_) => {
                (shared.size.0, shared.size.1.saturating_sub(1))
            }
            Overlay::Replay(_) => (90, 12),
            Overlay::RunOptions(it) => it.size(),
            Overlay::Confirm(it) => it.size(shared),
            Overlay::Conflict(_) => (80, 24),
            Overlay::Readdress(_) => (120, 30),
            // The letters stand on the screen as it is.
            Overlay::Jump(_) => return Rect::new(0, 0, shared.size.0, shared.size.1),
            Overlay::Code(it) => it.size(shared.size.0),
            Overlay::Compare(it) => it.size(shared.size),
            Overlay::Environments(_) => environments::Environments::size(shared.size),
            Overlay::Held(_) => held::HeldWindow::size(shared.size),
        };
        window(shared.size, width, height)
    }

    /// Whether the keys of the pane below, which the last line of the screen names, are not those that
    /// hold now: letters to jump by stand on the screen as it is.
    pub fn has_keys(&self) -> bool {
        !matches!(self, Overlay::Jump(_))
    }

    /// Whether it stands on all of a part of the screen, of which nothing is seen then.
    pub fn covers(&self, shared: &Shared, part: Rect) -> bool {
        let area = self.area(shared);
        self.has_keys() && area.union(part) == area
    }

    /// Whether what lies below it steps back: not where it is pointed at, or looked at for its colours.
    pub fn dims(&self) -> bool {
        match self {
            // Of columns, what is chosen is seen below.
            Overlay::Jump(_) | Overlay::Columns(_) => false,
            Overlay::Choices(it) => !it.shows_colors(),
            _ => true,
        }
    }

    /// Contexts in which its keys are looked up, the most specific first.
    pub(crate) fn contexts(&self) -> Vec<Context> {
        let own = match self {
            Overlay::Choices(_) => Context::Choices,
            Overlay::Help(_) => Context::Help,
            Overlay::Naming(_) => Context::Name,
            Overlay::About(_) => Context::About,
            Overlay::Ask(_) => Context::Variable,
            Overlay::Confirm(_) => Context::Question,
            Overlay::Conflict(_) => Context::Conflict,
            Overlay::Code(it) if it.prompt.is_some() => Context::Line,
            Overlay::Code(_) => Context::Code,
            Overlay::Compare(_) => Context::Compare,
            Overlay::Statistics(_) => Context::Statistics,
            Overlay::Environments(it) => return it.contexts().to_vec(),
            Overlay::Export(it) => return it.contexts(),
            Overlay::Import(_) => Context::Import,
            Overlay::Columns(_) => Context::ColumnList,
            Overlay::Cookies(it) => return it.contexts(),
            Overlay::Held(it) => return it.contexts(),
            Overlay::Readdress(_) => Context::Export,
            Overlay::Replay(it) => return it.contexts(),
            Overlay::Run(it) => return it.contexts(),
            Overlay::RunOptions(it) => return it.contexts(),
            Overlay::Jump(_) => Context::Jump,
        };
        vec![own, Context::Global]
    }

    /// The completions that are offered in it, and where they are on the screen.
    pub(super) fn popup(&self, shared: &Shared) -> Option<(&Popup, Rect)> {
        let Overlay::Held(it) = self else { return None };
        let area = it.popup_area(shared, window_inner(self.area(shared)))?;
        Some((it.completer.popup()?, area))
    }

    /// Leaves what was begun inside it, or asks about it; `None` = there was nothing, and it is closed.
    pub(super) fn step_back(&mut self, shared: &Shared) -> Option<Outcome> {
        match self {
            Overlay::Environments(it) => it.step_back(shared),
            Overlay::Held(it) => it.step_back(),
            Overlay::Cookies(it) => it.step_back(),
            Overlay::Run(it) => it.step_back(shared),
            _ => None,
        }
    }

    /// Whether something is typed in it that a slip of the mouse must not lose. What is searched for in
    /// a list is typed again with less than it takes to close it otherwise.
    pub(super) fn is_written(&self) -> bool {
        match self {
            Overlay::Environments(it) => it.edit.is_some(),
            Overlay::Held(it) => {
                it.edit.is_some() || it.filter.as_ref().is_some_and(Editor::is_typed)
            }
            Overlay::Cookies(it) => it.editor.as_ref().is_some_and(Editor::is_typed),
            Overlay::Import(it) => it.is_written(),
            Overlay::Naming(it) => it.editor.is_typed(),
            Overlay::About(it) => it.editor.is_typed(),
            Overlay::Ask(it) => it.editor.is_typed(),
            Overlay::Export(it) => it.editor.is_typed(),
            Overlay::Replay(it) => it.progress.is_none() && it.editor.is_typed(),
            Overlay::Readdress(it) => it.editors.iter().any(Editor::is_typed),
            Overlay::RunOptions(it) => it.editors.iter().any(Editor::is_typed),
            Overlay::Run(it) => it.report.as_ref().is_some_and(Editor::is_typed),
            Overlay::Code(it) => it.prompt.as_ref().is_some_and(|it| it.editor.is_typed()),
            Overlay::Choices(_)
            | Overlay::Help(_)
            | Overlay::Confirm(_)
            | Overlay::Conflict(_)
            | Overlay::Jump(_)
            | Overlay::Compare(_)
            | Overlay::Columns(_)
            | Overlay::Statistics(_) => false,
        }
    }

    /// Text is typed at a question, so its letters are no answers.
    pub(super) fn is_typed_at(&self) -> bool {
        matches!(self, Overlay::Confirm(it) if !it.typed.text().is_empty())
    }

    /// What was typed at a question that did not ask for it.
    pub(super) fn typed(&self) -> Option<String> {
        let Overlay::Confirm(it) = self else { return None };
        Some(it.typed.text().into_owned()).filter(|typed| !typed.is_empty())
    }

    /// What is done when it is closed without doing what it is for.
    pub(super) fn dismissed(self) -> Option<Intent> {
        match self {
            Overlay::Confirm(it) => it.question.otherwise.map(|intent| *intent),
            Overlay::Conflict(it) => Some(it.resolved(ConflictChoice::Later)),
            Overlay::Ask(_) => Some(ValueWish::Stop.into()),
            Overlay::Choices(it) => it.given_up(),
            _ => None,
        }
    }

    /// The action that opened it closes it again.
    pub(super) fn opened_by(&self) -> Option<Action> {
        match self {
            Overlay::Choices(it) => it.opened_by,
            Overlay::Help(_) => Some(Action::Help),
            Overlay::Jump(_) => Some(Action::Jump),
            Overlay::Compare(_) => Some(Action::Compare),
            Overlay::Environments(_) => Some(Action::EditEnvironments),
            Overlay::Export(_) => Some(Action::Export),
            Overlay::Import(_) => Some(Action::Import),
            Overlay::Columns(_) => Some(Action::Columns),
            Overlay::Cookies(_) => Some(Action::Cookies),
            Overlay::Held(_) => Some(Action::Held),
            Overlay::Statistics(_) => Some(Action::Statistics),
            Overlay::Replay(_) => Some(Action::Replay),
            Overlay::Run(_) => Some(Action::ShowRun),
            Overlay::RunOptions(_) => Some(Action::RunPresets),
            _ => None,
        }
    }
}
