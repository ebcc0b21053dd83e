//! What the request pane keeps beyond the draft: the editor of the focused field, and how far the
//! form is scrolled.
//!
//! The cursor is a [`FormFieldId`] kept in the draft. A focused text field borrows an [`Editor`]
//! whose text is written into the spec at every change, so what is sent is always what is seen.

use ratatui::layout::Rect;

use super::address_line::{AddressAreas, address_areas, resolved};
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
    /// The form in the pane's inner area: worked out once for all that a frame or a key asks of it.
    pub fn form_place(&self, shared: &Shared, inner: Rect) -> FormPlace {
        let resolved = resolved(shared);
        let line = address_areas(shared, inner, resolved.is_some());
        // The complaint has a row of its own unless that would leave too little of the form: a line
        // and what stands above it.
        let needed = 5 + line.resolved.height;
        let has_row = inner.height >= needed && self.complaint(shared).is_some();
        let room = Rect { height: inner.height - u16::from(has_row), ..inner };
        FormPlace { form: form(shared), line, resolved, room, scroll: self.scroll }
    }

    /// Puts every visible field of the form into the pane's inner area.
    pub fn place(&self, shared: &Shared, inner: Rect) -> Vec<PlacedField> {
        self.form_place(shared, inner).fields()
    }

    /// What is wrong with the request, or else (`false`) what is to be known of what runs for it.
    pub fn complaint(&self, shared: &Shared) -> Option<(String, bool)> {
        let refused = self.refused.as_ref().map(|(_, why)| why);
        let issue = shared.drafts.current().issues.first().map(|issue| &issue.message);
        let wrong = refused.or(issue).map(|why| (why.clone(), true));
        wrong.or_else(|| session_words::still_there(shared).map(|text| (text, false)))
    }

    /// Leaves the focused field; tells why its text was refused, if it was.
    pub(crate) fn blur(&mut self) -> Option<String> {
        self.editor = None;
        self.completer.close();
        self.refused.take().map(|(_, why)| why)
    }

    /// Scrolls to the cursor's field; tells whether there is such a field.
    pub(crate) fn settle(&mut self, shared: &Shared) -> bool {
        let inner = pane_inner(shared.areas().request);
        let mut place = self.form_place(shared, inner);
        let at = shared.drafts.current().at;
        let is_there = |line: &FormLine| line.fields.iter().any(|field| field.id == at);
        let Some(row) = place.form.iter().position(is_there) else {
            self.editor = None;
            return false;
        };
        place.scroll = place.scroll.min(place.last_scroll());
        // The address line and the tab strip never scroll.
        if let Some(below) = row.checked_sub(2) {
            place.scroll = place.scroll.min(below);
            let height = place.room.height;
            let is_visible = |placed: &PlacedField| {
                let is_area = placed.field.kind == FieldKind::Area;
                let least = if is_area { WRITTEN.min(height.saturating_sub(2)) } else { 1 };
                placed.field.id == at && !placed.area.is_empty() && placed.area.height >= least
            };
            while place.scroll < below && !place.fields().iter().any(is_visible) {
                place.scroll += 1;
            }
        }
        self.scroll = place.scroll;
        true
    }

    /// Scrolls down by a row as long as there is something below, or up.
    pub(super) fn scroll_by_wheel(&mut self, shared: &Shared, is_down: bool) {
        let last = self.form_place(shared, pane_inner(shared.areas().request)).last_scroll();
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

/// The form where it is on the screen.
#[derive(Debug)]
pub struct FormPlace {
    form: Vec<FormLine>,
    /// What stands around the address.
    pub line: AddressAreas,
    /// What the address stands for, where that is not what is written.
    pub resolved: Option<String>,
    /// What the pane's inner area has for the form, above the complaint if that has a row.
    pub room: Rect,
    scroll: usize,
}

impl FormPlace {
    /// Every visible field.
    #[must_use]
    pub fn fields(&self) -> Vec<PlacedField> {
        field_areas::place(&self.form, self.scroll, self.room, self.line)
    }

    /// Where the rows below the tab strip are, how many of them are above, and how many there are.
    #[must_use]
    pub fn extent(&self) -> (Rect, usize, usize) {
        let rows = |lines: &mut dyn Iterator<Item = &FormLine>| {
            lines.map(|line| usize::from(taken(line))).sum()
        };
        // Behind the address line and the tabs.
        let below = || self.form.iter().skip(2);
        (self.scrolled(), rows(&mut below().take(self.scroll)), rows(&mut below()))
    }

    /// What is left for the lines that scroll, below the address line and the tab strip.
    fn scrolled(&self) -> Rect {
        let (room, fixed) = (self.room, self.form.iter().take(2).map(taken).sum::<u16>());
        let fixed = (fixed + self.line.resolved.height).min(room.height);
        Rect { y: room.y + fixed, height: room.height - fixed, ..room }
    }

    /// The furthest it scrolls: its last line stands at the end of its rows.
    fn last_scroll(&self) -> usize {
        let mut room = self.scrolled().height;
        let rest = self.form.len().saturating_sub(2);
        let fits = |line: &&FormLine| {
            let fits = taken(line) <= room;
            room = room.saturating_sub(taken(line));
            fits
        };
        let seen = self.form.iter().skip(2).rev().take_while(fits).count();
        rest.saturating_sub(seen.max(1))
    }
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
    kind_of(shared, id).is_some_and(FieldKind::is_text)
}
