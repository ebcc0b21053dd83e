//! The forms of an open record: the same bytes as text, as hex or taken apart, from one to the next.

use ratatui::layout::Rect;

use super::{Detail, DetailForm};
use crate::app::decoded_view::DecodedView;
use crate::model::record::RecordKind;

impl Detail {
    /// Switches to hex and back, staying at the same bytes, or at the hit when it is seen.
    pub(crate) fn toggle_hex(&mut self, area: Rect) {
        if self.kind != RecordKind::Data {
            // Nothing to see here as hex; it is what the user wants of the next bytes.
            self.chosen = Some(DetailForm::Hex);
            return;
        }
        let to = match self.form {
            DetailForm::Hex if self.decoded.is_none() => DetailForm::Text,
            DetailForm::Hex => self.back,
            DetailForm::Text | DetailForm::Decoded => DetailForm::Hex,
        };
        self.turn(to, area);
    }

    /// Shows text, hex and what the bytes say in turn; what is not known of them is left out.
    pub(crate) fn next_form(&mut self, area: Rect) {
        match (self.form, &self.decoded) {
            (DetailForm::Hex, Some(_)) if self.kind == RecordKind::Data => {
                self.turn(DetailForm::Decoded, area);
            }
            (DetailForm::Decoded, _) => self.turn(DetailForm::Text, area),
            (DetailForm::Hex, _) if self.kind == RecordKind::Data => {
                self.turn(DetailForm::Text, area);
            }
            _ => self.toggle_hex(area),
        }
    }

    /// Shows the same bytes in another form. Of a field they are selected.
    fn turn(&mut self, to: DetailForm, area: Rect) {
        let shown = self.top..self.top + self.height(area);
        let here = self.here.filter(|byte| shown.contains(&self.row_at(*byte)));
        let field = self.fields().and_then(DecodedView::field).map(|field| field.at.clone());
        let top = self.row(self.top).map_or(0, |(offset, _)| offset);
        let was_hex = self.is_hex();
        if to == DetailForm::Hex {
            self.back = self.form;
        }
        self.form = to;
        self.chosen = Some(to).filter(|form| *form != DetailForm::Text);
        self.anchor = None;
        self.fit(area);
        let byte = here.or_else(|| field.as_ref().map(|at| at.start)).unwrap_or(top);
        self.top = self.row_at(if here.is_some() { top } else { byte });
        match to {
            DetailForm::Hex => {
                self.at = byte;
                if let Some(field) = field.filter(|at| at.len() > 1 && here.is_none()) {
                    (self.anchor, self.at) = (Some(field.start), field.end - 1);
                }
                let last = self.bytes.len().saturating_sub(1);
                self.at = self.at.min(last);
            }
            DetailForm::Decoded => {
                let byte = if was_hex { self.at } else { byte };
                if let Some(fields) = self.fields_mut() {
                    fields.go_to(byte);
                }
                self.show_cursor(self.height(area));
            }
            DetailForm::Text => {}
        }
        if let Some(byte) = here {
            self.reveal(byte, area);
        }
    }
}
