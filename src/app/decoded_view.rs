//! The fields of a message in the detail of a record: which one the cursor is on, which one a byte is in,
//! what is copied.
//!
//! Called by the detail (`app/record_view.rs`) and by the panes that have one. What is decoded is bounded,
//! so that it is done at once when a record is opened.

use serde_json::Value;

use super::copying::{CopyAs, copy};
use super::cursor::{Cursor, CursorStep};
use super::intent::Intent;
use super::record_view::{Detail, DetailForm};
use super::shared::Shared;
use crate::codec::decoded::{self, DecodeHints, DecodedMessage, DecodedRow, decoded};
use crate::codec::json_path::{self, JsonPath};
use crate::model::record::{Record, RecordKind};
use crate::timeline::Timeline;

/// What the names of messages of JSON begin with.
const JSON: &str = "JSON";

/// A message whose format is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecodedView {
    pub message: DecodedMessage,
    /// The row under the cursor.
    pub cursor: usize,
}

impl DecodedView {
    /// What these bytes say; `None` = nobody knows.
    pub(crate) fn of(bytes: &[u8], hints: &DecodeHints<'_>) -> Option<DecodedView> {
        Some(DecodedView { message: decoded(bytes, hints)?, cursor: 0 })
    }

    /// The field under the cursor.
    pub fn field(&self) -> Option<&DecodedRow> {
        self.message.rows.get(self.cursor)
    }

    /// The path of the value of JSON under the cursor, from the message it is in, and the value; `None` = it is none.
    pub(crate) fn json_value(&self, bytes: &[u8]) -> Option<(String, Value)> {
        self.message.name.starts_with(JSON).then_some(())?;
        let (mut path, mut depth) = (String::new(), self.field()?.depth);
        let mut label = &*self.field()?.label;
        let mut root = self.cursor;
        for (at, above) in self.message.rows.iter().enumerate().take(self.cursor).rev() {
            if above.depth < depth {
                let is_list = above.value.starts_with('[');
                let step = if is_list { label.to_owned() } else { json_path::member(label) };
                path.insert_str(0, &step);
                (depth, label, root) = (above.depth, &above.label, at);
            }
        }
        if path.is_empty() || path.starts_with('[') {
            path.insert(0, '.');
        }
        let whole = bytes.get(self.message.rows.get(root)?.at.clone())?;
        let whole = serde_json::from_slice(whole).ok()?;
        let value = JsonPath::parse(&path).ok()?.values(&whole).into_iter().next()?;
        Some((path, value))
    }

    /// Moves over the fields.
    pub(super) fn step(&mut self, step: CursorStep, height: usize) {
        let mut cursor = Cursor { selected: self.cursor, offset: 0 };
        cursor.step(step, self.message.rows.len(), height);
        self.cursor = cursor.selected;
    }

    /// The first row on screen so that the cursor is in sight, which is brought back to the rows.
    pub(super) fn settled(&mut self, top: usize, height: usize) -> usize {
        let mut cursor = Cursor { selected: self.cursor, offset: top };
        cursor.settle(self.message.rows.len(), height);
        self.cursor = cursor.selected;
        cursor.offset
    }

    /// Puts the cursor on the field that has this byte.
    pub(super) fn go_to(&mut self, byte: usize) {
        self.cursor = self.row_at(byte);
    }

    /// The innermost field that has this byte, else the last one before it.
    pub(crate) fn row_at(&self, byte: usize) -> usize {
        let rows = || self.message.rows.iter().enumerate().filter(|(_, row)| !row.is_flaw);
        let has = rows().filter(|(_, row)| row.at.contains(&byte));
        // Of those that are equally long the outermost comes first: what was packed has many.
        let found = has.min_by_key(|(at, row)| (row.at.len(), *at)).map(|(at, _)| at);
        let before =
            || rows().filter(|(_, row)| row.at.start <= byte).map(|(at, _)| at).next_back();
        found.or_else(before).unwrap_or(0)
    }

    /// The names of what a row is in, from the outside in, and its own.
    pub(crate) fn path(&self, at: usize) -> Vec<&str> {
        let Some(row) = self.message.rows.get(at) else { return Vec::new() };
        let (mut path, mut depth) = (vec![row.label.as_str()], row.depth);
        for above in self.message.rows.iter().take(at).rev() {
            if above.depth < depth {
                depth = above.depth;
                path.push(&above.label);
            }
        }
        path.push(&self.message.name);
        path.retain(|name| !name.is_empty());
        path.reverse();
        path
    }
}

/// What is copied of an open record whose bytes have the keys: what is selected in hex, the value of a
/// field; `None` = it is the whole record.
pub(crate) fn copied(detail: Option<&Detail>, how: CopyAs) -> Option<Vec<Intent>> {
    let detail = detail?;
    if let Some(bytes) = detail.selected() {
        return Some(copy("selection", bytes, how));
    }
    let field = detail.fields().filter(|_| detail.inside)?.field()?;
    let what = if field.label.is_empty() { "row".to_owned() } else { field.label.clone() };
    let bytes = detail.bytes.get(field.at.clone()).unwrap_or_default();
    Some(match how {
        CopyAs::Seen => copy(&what, field.value.as_bytes(), how),
        CopyAs::Hex | CopyAs::Escaped | CopyAs::C | CopyAs::Python => copy(&what, bytes, how),
    })
}

/// What is known of the bytes of a record besides themselves.
pub(crate) fn hints<'a>(timeline: &'a Timeline, record: &'a Record) -> DecodeHints<'a> {
    let Some(conn) = timeline.conn(record.conn) else { return DecodeHints::default() };
    let target = conn.pair.and_then(|pair| timeline.conn(pair.target));
    // What follows a 101 is of another protocol.
    let exchange = timeline.exchange_of(record).filter(|it| it.status != Some(101));
    let head = exchange.map_or(&[][..], |it| it.fields_of(record.direction));
    let is_upgraded = timeline.leads_to_web_socket(record);
    DecodeHints { is_upgraded, frames: &record.frames, head, ..DecodeHints::of(conn, target) }
}

/// What the bytes of a row say that are no text, in one line without secrets: `DNS query A example.com`;
/// `first` is its first record.
pub(crate) fn line(shared: &Shared, first: &Record, bytes: &[u8]) -> Option<String> {
    if first.kind != RecordKind::Data {
        return None;
    }
    let line = decoded::line(bytes, &hints(&shared.timeline, first))?;
    Some(shared.disclosure().words(&line))
}

/// Whether there is more to see of it than text and hex.
pub(crate) fn is_known(detail: Option<&Detail>) -> bool {
    detail.is_some_and(|detail| detail.decoded.is_some() || detail.form == DetailForm::Decoded)
}
