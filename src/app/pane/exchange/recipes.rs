//! What the keys do that make a body of the one on screen: the line a filter or command is typed in,
//! with what was typed before, and the way back.
//!
//! A jq filter is applied while it is typed where the body is small; a mistake stands above the line,
//! and the last result stays.

use super::derived::{self, DerivationSource, DerivedBody, plain};
use super::exchange_state::ExchangePane;
use super::recipe_line::RecipeLine;
use super::shape;
use super::shown_exchange::WindowSubject;
use crate::app::action::Action;
use crate::app::cursor::CursorStep;
use crate::app::editor::{Editor, LineMode};
use crate::app::intent::Intent;
use crate::app::outcome::{Outcome, PaneInput};
use crate::app::recipe_actions::RECIPES;
use crate::app::shared::Shared;
use crate::model::recipe::{DerivationReport, Recipe, RecipeKind};

/// Bytes of a body up to which a filter is applied while it is typed.
const LIVE: u64 = 1024 * 1024;
/// Filters and commands remembered.
const TYPED: usize = 100;

impl ExchangePane {
    /// A line at the bottom takes the keys.
    pub(crate) fn is_typing(&self) -> bool {
        self.prompt.is_some() || self.line.is_some()
    }

    /// What the tab would show without anything made of it.
    pub(super) fn base(&self, shared: &Shared) -> Option<WindowSubject> {
        let shown = self.shown(shared)?;
        shown.subject(shown.tab(self.tab))
    }

    /// The body on screen, if it was made of another.
    pub fn derived(&self, shared: &Shared) -> Option<&DerivedBody> {
        self.derived.last(self.base(shared)?)
    }

    /// What is being made, and why what was asked for last could not be.
    pub fn making(&self) -> (Option<&Recipe>, &str) {
        (self.derived.making(), &self.derived.trouble)
    }

    /// Does what a key of a recipe asks for; `None` = the action is no recipe's.
    pub(super) fn make(&mut self, shared: &Shared, action: Action) -> Option<Outcome> {
        let (_, kind) = *RECIPES.iter().find(|(of, _)| *of == action)?;
        let Some(base) = self.base(shared) else {
            return Some(Outcome::say("there is no body here to make something of"));
        };
        self.taken = None;
        let count = self.derived.count(base);
        if kind == RecipeKind::Value && self.table(shared).is_some() {
            return self.open_cell(shared);
        }
        if kind == RecipeKind::Value {
            return Some(self.open_value(shared, count));
        }
        let last = self.derived.last(base).filter(|last| last.recipe.kind == kind);
        if kind.row().asks.is_none() {
            if last.is_some() {
                return Some(self.derived.go_back(count - 1).into());
            }
            return Some(self.order(shared, plain(kind), count));
        }
        let before = last.map(|last| last.recipe.clone());
        let text = before.as_ref().map_or("", |recipe| &recipe.text);
        let editor = Editor::new(text, LineMode::One);
        let at = if before.is_some() { count - 1 } else { count };
        let at = if kind == RecipeKind::Pipe { self.received_below(base, at) } else { at };
        self.derived.trouble.clear();
        self.line = Some(RecipeLine { kind, editor, at, before, sent: None, past: 0 });
        Some(Outcome::yes())
    }

    /// The step a command is to be put at, which gets the bytes as received: what was made UTF-8 without
    /// being asked for gives way, and comes again when one goes back.
    fn received_below(&mut self, base: WindowSubject, at: usize) -> usize {
        if !self.is_recoded(base) {
            return at;
        }
        self.recoded = None;
        0
    }

    /// What is handed on of what is on screen: of a table what it was made of.
    pub(super) fn whole(&self, shared: &Shared) -> Option<WindowSubject> {
        Some(self.derived.whole(self.base(shared)?))
    }

    /// Bodies made of those of the tab so far.
    pub(super) fn derived_count(&self, shared: &Shared) -> usize {
        self.base(shared).map_or(0, |base| self.derived.count(base))
    }

    /// Whether what is on screen is the body as it came, but for its charset.
    fn is_recoded(&self, base: WindowSubject) -> bool {
        self.derived.last(base).is_some_and(|last| last.recipe.kind == RecipeKind::Recode)
    }

    /// What is written to a file for what is on screen, and handed to others: bytes that were made UTF-8
    /// without being asked for as they came, of a table all that is in its cells.
    pub(super) fn saved(&self, shared: &Shared) -> Option<WindowSubject> {
        let base = self.base(shared)?;
        Some(if self.is_recoded(base) { base } else { self.derived.whole(base) })
    }

    /// Opens the string under the cursor.
    fn open_value(&mut self, shared: &Shared, at: usize) -> Outcome {
        let found = self.view(shared).and_then(|view| Some((view.value_at()?, view.path()?)));
        let Some((from, text)) = found else {
            return Outcome::say("only a string of JSON that is laid out can be opened");
        };
        self.order_from(shared, from, Recipe { kind: RecipeKind::Value, text }, at)
    }

    /// Asks the engine for a body made of the one of the tab.
    fn order(&mut self, shared: &Shared, recipe: Recipe, at: usize) -> Outcome {
        self.order_from(shared, 0, recipe, at)
    }

    /// The same of what begins at this byte of it.
    pub(super) fn order_from(
        &mut self,
        shared: &Shared,
        from: u64,
        recipe: Recipe,
        at: usize,
    ) -> Outcome {
        let Some((base, shown)) = self.base(shared).zip(self.shown(shared)) else {
            return Outcome::yes();
        };
        let content_type = shape::content_type_of(shown.exchange, base.body);
        self.derived.order(DerivationSource { base, content_type, from }, recipe, at).into()
    }

    /// Has JSON in units of two or four bytes made UTF-8, to be folded, searched and copied as any other:
    /// once, so that going back from it shows the text as it came.
    pub(super) fn recode(&mut self, shared: &Shared) -> Vec<Intent> {
        let is_free = self.line.is_none() && self.derived.making().is_none();
        let base = self.base(shared).filter(|base| {
            is_free && self.recoded != Some(base.body) && self.derived.count(*base) == 0
        });
        let Some((base, shown)) = base.zip(self.shown(shared)) else { return Vec::new() };
        let content_type = shape::content_type_of(shown.exchange, base.body);
        let view = self.views.get(base.body, base.part);
        let window = view.and_then(|it| it.window.as_ref().filter(|at| at.query.mode == it.mode));
        if !window.is_some_and(|it| shape::is_wide_json(content_type.as_deref(), it)) {
            return Vec::new();
        }
        self.recoded = Some(base.body);
        let source = DerivationSource { base, content_type, from: 0 };
        self.derived.order(source, plain(RecipeKind::Recode), 0)
    }

    /// Goes back to what the body on screen was made of; `None` = it was made of nothing.
    pub(super) fn step_back(&mut self, shared: &Shared) -> Option<Outcome> {
        let count = self.derived.count(self.base(shared)?);
        if self.derived.making().is_some() && count == 0 {
            return Some(self.derived.go_back(0).into());
        }
        let before = count.checked_sub(1)?;
        Some(self.derived.go_back(before).into())
    }

    /// Stops what is being made.
    pub(super) fn stop_making(&self) -> Option<Outcome> {
        self.derived.making().map(|_| derived::stop().into())
    }

    /// Gives an input to the line that is typed; `None` = there is none, or the input is not for it.
    pub(super) fn type_recipe(&mut self, shared: &Shared, input: PaneInput<'_>) -> Option<Outcome> {
        if input.point(&mut self.line.as_mut()?.editor) {
            return Some(Outcome::yes());
        }
        Some(match input {
            PaneInput::Act(Action::Back | Action::Cancel) => self.give_up_line(shared),
            PaneInput::Act(Action::Choose) => self.take_line(shared),
            PaneInput::Act(Action::Up) => self.past(shared, 1),
            PaneInput::Act(Action::Down) => self.past(shared, -1),
            PaneInput::Act(action) => {
                let Some(step) = CursorStep::of(action) else { return Some(Outcome::no()) };
                self.scroll(shared, step);
                Outcome::yes()
            }
            PaneInput::Key(_) | PaneInput::Paste(_) => {
                let line = self.line.as_mut()?;
                let is_changed = input.edit(&mut line.editor);
                if is_changed { self.typed_on(shared) } else { Outcome::yes() }
            }
            PaneInput::Press(..) | PaneInput::Drag(..) | PaneInput::Wheel(_) => return None,
        })
    }

    /// Applies a filter that is being typed, where that is quick.
    fn typed_on(&mut self, shared: &Shared) -> Outcome {
        let (Some(base), Some(line)) = (self.base(shared), self.line.as_mut()) else {
            return Outcome::yes();
        };
        let window = self.views.get(base.body, base.part).and_then(|view| view.window.as_ref());
        let is_small = window.is_some_and(|it| it.complete && it.total_bytes <= LIVE);
        if line.kind != RecipeKind::Jq || !is_small {
            return Outcome::yes();
        }
        let text = line.editor.text().into_owned();
        line.sent = Some(text.clone());
        let (kind, at) = (line.kind, line.at);
        if text.trim().is_empty() {
            return self.derived.go_back(at).into();
        }
        self.order(shared, Recipe { kind, text }, at)
    }

    /// Takes what is typed.
    fn take_line(&mut self, shared: &Shared) -> Outcome {
        if self.base(shared).is_none() {
            self.line = None;
        }
        let Some(line) = self.line.as_ref() else { return Outcome::yes() };
        let (kind, at, text) = (line.kind, line.at, line.editor.text().into_owned());
        if text.trim().is_empty() {
            return self.take_nothing(kind, at);
        }
        let is_applied = line.sent.as_deref() == Some(&*text);
        if is_applied && !self.derived.trouble.is_empty() {
            // It stays until it is mended or given up.
            return Outcome::yes();
        }
        self.remember(kind, &text);
        self.taken = self.line.take();
        if is_applied {
            return Outcome::yes();
        }
        self.order(shared, Recipe { kind, text }, at)
    }

    /// Takes an empty line: a filter that stood there is no more, a command stays as it was.
    fn take_nothing(&mut self, kind: RecipeKind, at: usize) -> Outcome {
        let before = self.line.take().and_then(|line| line.before);
        match (kind, before) {
            (RecipeKind::Pipe, _) => Outcome::say("nothing was piped: no command"),
            (_, Some(_)) => self.derived.go_back(at).into(),
            (_, None) => Outcome::say("nothing was filtered: no filter"),
        }
    }

    fn remember(&mut self, kind: RecipeKind, text: &str) {
        self.typed.retain(|(of, known)| (*of, &**known) != (kind, text));
        if self.typed.len() >= TYPED {
            self.typed.remove(0);
        }
        self.typed.push((kind, text.to_owned()));
    }

    /// Closes the line; what was there before is there again.
    fn give_up_line(&mut self, shared: &Shared) -> Outcome {
        let Some(line) = self.line.take() else { return Outcome::yes() };
        self.derived.trouble.clear();
        if line.sent.is_none() {
            return Outcome::yes();
        }
        match line.before {
            Some(recipe) => self.order(shared, recipe, line.at),
            None => self.derived.go_back(line.at).into(),
        }
    }

    /// Goes through what was typed before.
    fn past(&mut self, shared: &Shared, by: isize) -> Outcome {
        let Some(line) = self.line.as_mut() else { return Outcome::yes() };
        let known: Vec<&String> =
            self.typed.iter().rev().filter(|(of, _)| *of == line.kind).map(|(_, it)| it).collect();
        let past = line.past.saturating_add_signed(by).min(known.len());
        if past == line.past {
            return Outcome::yes();
        }
        line.past = past;
        let text = past.checked_sub(1).and_then(|at| known.get(at));
        line.editor = Editor::new(text.map_or("", |text| text.as_str()), LineMode::One);
        self.typed_on(shared)
    }

    /// The engine reports on what is made. What was typed and cannot be made is typed on.
    pub(crate) fn derivation_reported(&mut self, report: DerivationReport) -> Vec<Intent> {
        let is_over = report.outcome.is_some();
        let (mut intents, has_failed) = self.derived.reported(report);
        if has_failed && self.line.is_none() {
            self.line = self.taken.take();
            if self.line.is_none() {
                intents.push(Intent::Quote(format!("not made: {}", self.derived.trouble)));
            }
        }
        if is_over && self.line.is_none() {
            self.taken = None;
        }
        intents
    }
}
