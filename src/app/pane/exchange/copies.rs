//! What of an exchange goes onto the clipboard: the value under the cursor, what is selected, all of it.

use super::body_fetch::{BodyFetch, CopyForm, FetchAim};
use super::body_value::{self, ValueFound};
use super::body_view::BodyView;
use super::cell_due::CellAim;
use super::exchange_state::ExchangePane;
use super::json_value::ValueForm;
use super::long_line;
use super::shown_exchange::ShownExchange;
use super::tab_lines::TextLine;
use crate::app::action::Action;
use crate::app::copying;
use crate::app::format;
use crate::app::intent::Intent;
use crate::app::outcome::Outcome;
use crate::app::shared::Shared;

/// Lines that can be selected and copied together.
const SELECTED: u16 = 1024;

impl ExchangePane {
    /// Copies what this action says; `None` = it is about something else.
    pub(super) fn copy_by(&mut self, shared: &Shared, action: Action) -> Option<Outcome> {
        Some(match action {
            Action::Copy => self.copy(shared, ValueForm::Plain),
            Action::CopyJson => self.copy(shared, ValueForm::Json),
            Action::CopyRow => self.copy_row(shared),
            Action::CopyWhole => self.copy_whole(shared, CopyForm::Whole),
            Action::CopyPretty => self.copy_whole(shared, CopyForm::Pretty),
            Action::CopyPath => self.copy_path(shared),
            _ => return None,
        })
    }

    /// Puts what is selected, else the value under the cursor, onto the clipboard.
    fn copy(&mut self, shared: &Shared, form: ValueForm) -> Outcome {
        if self.search.is_running || self.is_awaited(shared) {
            self.copy_due = Some(form);
            return Outcome::yes();
        }
        let whole_lines = self.view(shared).and_then(|view| Some(view.selection()?.is_of_lines()));
        if whole_lines != Some(false)
            && let Some(outcome) = self.copy_cell(shared, CellAim::Value)
        {
            return outcome;
        }
        if whole_lines.is_some() {
            return self.copy_selection(shared, false);
        }
        let found = match (self.subject(shared), self.view(shared)) {
            (Some(_), Some(view)) => body_value::under(view, form),
            (Some(_), None) => ValueFound::Nothing,
            (None, _) => {
                let at = self.place(shared).map_or(0, |place| place.cursor.selected);
                let line = self.lines(shared).and_then(|lines| {
                    lines.some(at, 1, usize::MAX).into_iter().find(TextLine::is_filled)
                });
                line.map_or(ValueFound::Nothing, |it| ValueFound::Text(it.name(), it.value.text))
            }
        };
        match (found, self.subject(shared), self.shown(shared)) {
            (ValueFound::Text(what, text), ..) => copying::put(what, text).into(),
            (ValueFound::Line, _, Some(shown)) => self.copy_line(shared, shown),
            (ValueFound::Beyond(what, at), Some(subject), Some(shown)) => {
                let aim = FetchAim::Value { what, at, form };
                let begun = BodyFetch::begin(shown.exchange, (subject.body, subject.part), aim);
                self.fetch.insert(begun).ask().into()
            }
            _ => Outcome::say("there is nothing to copy here"),
        }
    }

    /// Fetches the line of text under the cursor, which goes on beyond what is here.
    fn copy_line(&mut self, shared: &Shared, shown: ShownExchange<'_>) -> Outcome {
        let Some(view) = self.view(shared) else { return Outcome::no() };
        let cursor = view.cursor();
        let (first, rows) = (cursor.saturating_sub(long_line::PIECES), 2 * long_line::PIECES + 1);
        let query = view.lines_from(first, rows as u16);
        let begun = BodyFetch::lines(shown.exchange, query, FetchAim::Line { cursor });
        self.fetch.insert(begun).ask().into()
    }

    /// Whether the line under the cursor is on its way here.
    fn is_awaited(&self, shared: &Shared) -> bool {
        self.view(shared)
            .is_some_and(|view| view.cursor() < view.total() && view.line(view.cursor()).is_none())
    }

    /// Copies what was asked for before it was here.
    pub(crate) fn copy_late(&mut self, shared: &Shared) -> Outcome {
        match self.copy_due {
            Some(form) if !self.search.is_running && !self.is_awaited(shared) => {
                self.copy_due = None;
                self.copy(shared, form)
            }
            _ => Outcome::no(),
        }
    }

    /// Puts what is selected onto the clipboard; it stays marked if it shall.
    pub(super) fn copy_selection(&mut self, shared: &Shared, stays: bool) -> Outcome {
        let Some(view) = self.view_mut(shared) else { return Outcome::no() };
        let Some(selection) = view.selection().copied() else { return Outcome::no() };
        let (first, last) = selection.lines();
        let what = match last - first {
            0 => "selection".to_owned(),
            more => format::counted(more + 1, "line"),
        };
        if let Some(text) = view.window.as_ref().and_then(|window| selection.text(window)) {
            if !stays {
                view.deselect();
            }
            return copying::put(what, text).into();
        }
        let rows = u16::try_from(last - first + 1).ok().filter(|rows| *rows <= SELECTED);
        let (Some(rows), Some(shown)) = (rows, self.shown(shared)) else {
            return Outcome::warn(format!(
                "{what} are more than can be copied: [copy-whole] copies all, [save-to-file] saves it"
            ));
        };
        let Some(query) = self.view(shared).map(|view| view.lines_from(first, rows)) else {
            return Outcome::no();
        };
        let begun = BodyFetch::lines(shown.exchange, query, FetchAim::Lines { what, selection });
        self.fetch.insert(begun).ask().into()
    }

    /// Puts all of a body onto the clipboard, when it is here; of a tab of lines all of them.
    fn copy_whole(&mut self, shared: &Shared, form: CopyForm) -> Outcome {
        let Some(subject) = self.whole(shared) else {
            let Some(lines) = self.lines(shared) else {
                return Outcome::say("there is nothing to copy here");
            };
            return copying::put(lines.name(), lines.text()).into();
        };
        let view = self.views.get(subject.body, subject.part);
        let window = view.and_then(|view| view.window.as_ref());
        let bytes = window.map_or(0, |window| window.total_bytes);
        if let Some(too_long) = copying::too_long(subject.name(), bytes) {
            return too_long.into();
        }
        let Some(shown) = self.shown(shared) else { return Outcome::yes() };
        let aim = FetchAim::Copy { what: subject.name(), form };
        let begun = BodyFetch::begin(shown.exchange, (subject.body, subject.part), aim);
        self.fetch.insert(begun).ask().into()
    }

    /// Puts the path of the value under the cursor onto the clipboard.
    fn copy_path(&self, shared: &Shared) -> Outcome {
        match self.view(shared).and_then(BodyView::path) {
            Some(path) => copying::put(format!("path {path}"), path).into(),
            None => Outcome::say("only values of JSON that is laid out have a path"),
        }
    }

    /// Begins to select lines at the cursor, or selects nothing any more.
    pub(super) fn toggle_selection(&mut self, shared: &Shared) -> Outcome {
        let Some(view) = self.view_mut(shared) else {
            return Outcome::say("lines are selected in Body, Raw and Request");
        };
        view.toggle_selection();
        let said = if view.selection().is_some() {
            "select lines with the arrows; [copy] copies them, [back] ends it"
        } else {
            "nothing is selected"
        };
        Intent::Say(said.into()).into()
    }
}
