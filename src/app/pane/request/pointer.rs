//! The mouse in the form: which field is under it, and what a press or a drag does there.

use ratatui::layout::{Position, Rect};

use super::address_line::{send_area, send_block};
use super::field_areas::{PlacedField, tab_strip, text_parts};
use super::form_editor::RequestPane;
use crate::app::editor::Caret;
use crate::app::form::{FieldKind, access};
use crate::app::intent::Intent;
use crate::app::layout::{pane_inner, tab_at};
use crate::app::message::{Mouse, MouseKind};
use crate::app::outcome::Outcome;
use crate::app::shared::Shared;

impl RequestPane {
    /// The mouse moves with its button down: what lies between is selected.
    pub(super) fn drag(&mut self, shared: &Shared, area: Rect, mouse: Mouse) -> Outcome {
        let at = shared.drafts.current().at;
        let mut placed = self.place(shared, pane_inner(area)).into_iter();
        let Some(placed) = placed.find(|placed| placed.field.id == at) else {
            return Outcome::no();
        };
        let text = self.text_cells(shared, &placed);
        let editor = self.editor.as_mut().filter(|(id, _)| *id == at && !text.is_empty());
        if let Some((_, editor)) = editor.filter(|_| mouse.kind == MouseKind::Drag) {
            let row = mouse.row.clamp(text.y, text.bottom() - 1) - text.y;
            editor.drag_to(row.into(), mouse.column.saturating_sub(text.x).into());
        }
        Outcome::yes()
    }

    /// Where the text of a field is, beside its label and the numbers of its lines.
    fn text_cells(&self, shared: &Shared, placed: &PlacedField) -> Rect {
        let area = placed.text_area();
        if placed.field.kind != FieldKind::Area {
            return area;
        }
        let id = placed.field.id;
        let lines = match &self.editor {
            Some((at, editor)) if *at == id => editor.line_count(),
            _ => access::text(&shared.drafts.current().spec, id).matches('\n').count() + 1,
        };
        text_parts(area, lines).1
    }

    /// A press of the mouse: the cursor goes to the field under it.
    pub(super) fn press(&mut self, shared: &Shared, area: Rect, mouse: Mouse) -> Outcome {
        let under = Position::from((mouse.column, mouse.row));
        if let Some(outcome) = self.press_completion(shared, under) {
            return outcome;
        }
        self.completer.close();
        let inner = pane_inner(area);
        if send_area(shared, inner).contains(under) {
            return Intent::Act(send_block(shared).action).into();
        }
        let mut placed = self.place(shared, inner).into_iter();
        let Some(placed) = placed.find(|placed| placed.area.contains(under)) else {
            return Outcome::no();
        };
        let text = self.text_cells(shared, &placed);
        let PlacedField { field, area, .. } = placed;
        let again = shared.drafts.current().at == field.id;
        let there = Outcome::from(Intent::GoToField(field.id, Caret::Keep));
        let editor = self.editor.as_mut().filter(|(id, _)| *id == field.id);
        if let Some((_, editor)) = editor.filter(|_| again && mouse.kind != MouseKind::Press) {
            let column = mouse.column.saturating_sub(text.x);
            editor.press(mouse.kind, (mouse.row - text.y).into(), column.into());
            return Outcome::yes();
        }
        match field.kind {
            FieldKind::Tabs => {
                let column = mouse.column.saturating_sub(area.x);
                tab_at(tab_strip(shared), column).map(Intent::ShowTab).into()
            }
            FieldKind::Choice if !again => there,
            FieldKind::Choice | FieldKind::Check => {
                there.with(Intent::CycleField { field: field.id, forward: true })
            }
            FieldKind::Button => there.with(Intent::AddRow),
            FieldKind::Line | FieldKind::Area | FieldKind::Secret => {
                let column = mouse.column.saturating_sub(text.x);
                let caret = Caret::At { row: (mouse.row - text.y).into(), column: column.into() };
                Intent::GoToField(field.id, caret).into()
            }
        }
    }
}
