//! What the request pane keeps beyond the draft: the editor of the focused field, and how far the
//! form is scrolled.
//!
//! The cursor is a [`FormFieldId`] kept in the draft. A focused text field borrows an [`Editor`]
//! whose text is written into the spec at every change, so what is sent is always what is seen.

use ratatui::layout::Rect;

use super::address_line::{AddressAreas, address_areas};
use super::field_areas::{self, PlacedField, text_parts};
use crate::app::completion::Completer;
use crate::app::editor::{Caret, Editor, LineMode};
use crate::app::form::access::TextSpelling;
use crate::app::form::language::language;
use crate::app::form::rows::{ChosenAnswer, rows_of};
use crate::app::form::{FieldKind, FormFieldId, FormLine, access};
use crate::app::layout::pane_inner;
use crate::app::session_words;
use crate::app::shared::Shared;

/// State of the pane beyond the draft itself.
#[derive(Debug, Default)]
pub struct RequestPane {
    /// Editor of the focused text field.
    pub editor: Option<(FormFieldId, Editor)>,
    /// Text of the focused field that is no value of it, and why.
    pub refused: Option<(FormFieldId, String)>,
    /// First form row shown below the tab strip.
    pub scroll: usize,
    /// What can stand where something is being typed.
    pub completer: Completer,
    /// A text that is written goes on being looked at.
    pub(crate) is_checking: bool,
}

impl RequestPane {
    /// Puts every visible field of the form into the pane's inner area.
    pub fn place(&self, shared: &Shared, inner: Rect) -> Vec<PlacedField> {
        let room = self.room(shared, inner);
        field_areas::place(&form(shared), self.scroll, room, address_areas(shared, inner))
    }

    /// What is wrong with the request, or else (`false`) what is to be known of what runs for it.
    pub fn complaint(&self, shared: &Shared) -> Option<(String, bool)> {
        let refused = self.refused.as_ref().map(|(_, why)| why);
        let issue = shared.drafts.current().issues.first().map(|issue| &issue.message);
        let wrong = refused.or(issue).map(|why| (why.clone(), true));
        wrong.or_else(|| session_words::still_there(shared).map(|text| (text, false)))
    }

    /// What is left of the pane's inner area above the complaint, which has a row of its own unless
    /// that would leave too little of the form: a line and what stands above it.
    pub fn room(&self, shared: &Shared, inner: Rect) -> Rect {
        let needed = 5 + address_areas(shared, inner).resolved.height;
        let has_row = inner.height >= needed && self.complaint(shared).is_some();
        Rect { height: inner.height - u16::from(has_row), ..inner }
    }

    /// Where the rows below the tab strip are, how many of them are above, and how many there are.
    pub fn extent(&self, shared: &Shared, inner: Rect) -> (Rect, usize, usize) {
        let form = form(shared);
        let area = scrolled(&form, self.room(shared, inner), address_areas(shared, inner));
        let rows = |lines: &mut dyn Iterator<Item = &FormLine>| {
            lines.map(|line| usize::from(taken(line))).sum()
        };
        // Behind the address line and the tabs.
        let below = || form.iter().skip(2);
        (area, rows(&mut below().take(self.scroll)), rows(&mut below()))
    }

    /// Leaves the focused field; tells why its text was refused, if it was.
    pub(crate) fn blur(&mut self) -> Option<String> {
        self.editor = None;
        self.completer.close();
        self.refused.take().map(|(_, why)| why)
    }

    /// Scrolls to the cursor's field; tells whether there is such a field.
    pub(crate) fn settle(&mut self, shared: &Shared) -> bool {
        let form = form(shared);
        let at = shared.drafts.current().at;
        let Some(row) = form.iter().position(|row| row.fields.iter().any(|field| field.id == at))
        else {
            self.editor = None;
            return false;
        };
        let inner = pane_inner(shared.areas().request);
        let (line, room) = (address_areas(shared, inner), self.room(shared, inner));
        self.scroll = self.scroll.min(last_scroll(&form, scrolled(&form, room, line).height));
        // The address line and the tab strip never scroll.
        let Some(below) = row.checked_sub(2) else { return true };
        self.scroll = self.scroll.min(below);
        let is_visible = |placed: &PlacedField| {
            let is_area = placed.field.kind == FieldKind::Area;
            let least = if is_area { WRITTEN.min(room.height.saturating_sub(2)) } else { 1 };
            placed.field.id == at && !placed.area.is_empty() && placed.area.height >= least
        };
        while self.scroll < below
            && !field_areas::place(&form, self.scroll, room, line).iter().any(is_visible)
        {
            self.scroll += 1;
        }
        true
    }

    /// Scrolls down by a row as long as there is something below, or up.
    pub(super) fn scroll_by_wheel(&mut self, shared: &Shared, is_down: bool) {
        let height = self.extent(shared, pane_inner(shared.areas().request)).0.height;
        let last = last_scroll(&form(shared), height);
        let to = if is_down { self.scroll + 1 } else { self.scroll.saturating_sub(1) };
        self.scroll = to.min(last);
    }

    /// The cursor comes to its field: a text field gets an editor unless it has one.
    pub(crate) fn enter(&mut self, shared: &Shared, caret: Caret) {
        let inner = pane_inner(shared.areas().request);
        let at = shared.drafts.current().at;
        let mut placed = self.place(shared, inner).into_iter();
        let area = placed.find(|placed| placed.field.id == at).map(|placed| placed.text_area());
        if let Some(editor) = self.open_editor(shared) {
            if let (Some(area), LineMode::Many) = (area, editor.lines()) {
                let area = text_parts(area, editor.line_count()).1;
                editor.fit(area.width, area.height);
            }
            editor.move_to(caret);
        }
    }

    /// Looks at some more of the text that is written; tells whether something is left.
    pub(crate) fn check_on(&mut self) -> bool {
        self.editor.as_mut().is_some_and(|(_, editor)| editor.check_on())
    }

    /// The editor of the focused field, opened unless it is open; `None` where no text is.
    pub(super) fn open_editor(&mut self, shared: &Shared) -> Option<&mut Editor> {
        let draft = shared.drafts.current();
        let at = draft.at;
        if self.editor.as_ref().is_none_or(|(id, _)| *id != at) {
            let text = || access::get(&draft.spec, at);
            let editor = match kind_of(shared, at) {
                Some(FieldKind::Area) => {
                    let text = text();
                    let editor = Editor::new(&text, LineMode::Many);
                    let editor = editor.in_language(language(&draft.spec, at, &text));
                    let is_marked = access::spelling(&draft.spec, at) == TextSpelling::Escapes;
                    Some(if is_marked { editor.marked() } else { editor })
                }
                Some(FieldKind::Line) => Some(Editor::new(&text(), LineMode::One)),
                Some(FieldKind::Secret) => Some(Editor::new(&text(), LineMode::One).masked()),
                Some(
                    FieldKind::Choice | FieldKind::Check | FieldKind::Tabs | FieldKind::Button,
                )
                | None => None,
            };
            self.editor = editor.map(|editor| (at, editor));
        }
        self.editor.as_mut().map(|(_, editor)| editor)
    }
}

/// Rows of a text of many lines while it is written.
const WRITTEN: u16 = 5;

/// Rows a line takes, with what stands above it.
fn taken(line: &FormLine) -> u16 {
    line.height + u16::from(!line.heading.is_empty())
}

/// What is left for the lines that scroll, below the address line and the tab strip.
fn scrolled(form: &[FormLine], room: Rect, line: AddressAreas) -> Rect {
    let fixed: u16 = form.iter().take(2).map(taken).sum();
    let fixed = (fixed + line.resolved.height).min(room.height);
    Rect { y: room.y + fixed, height: room.height - fixed, ..room }
}

/// The furthest the form scrolls in so many rows: its last line stands at their end.
fn last_scroll(form: &[FormLine], mut room: u16) -> usize {
    let rest = form.len().saturating_sub(2);
    let fits = |line: &&FormLine| {
        let fits = taken(line) <= room;
        room = room.saturating_sub(taken(line));
        fits
    };
    let seen = form.iter().skip(2).rev().take_while(fits).count();
    rest.saturating_sub(seen.max(1))
}

/// The rows of the form on screen.
pub(super) fn form(shared: &Shared) -> Vec<FormLine> {
    let draft = shared.drafts.current();
    let chosen = ChosenAnswer::of(&draft.spec, draft.at).unwrap_or(draft.chosen);
    rows_of(&draft.spec, draft.tab, chosen, draft.url_rows().count())
}

/// How the field under the cursor is edited.
pub(super) fn kind_of(shared: &Shared, id: FormFieldId) -> Option<FieldKind> {
    form(shared).iter().flat_map(|row| &row.fields).find(|field| field.id == id).map(|f| f.kind)
}

/// Whether a field holds text.
pub(super) fn is_text(shared: &Shared, id: FormFieldId) -> bool {
    matches!(kind_of(shared, id), Some(FieldKind::Line | FieldKind::Area | FieldKind::Secret))
}
