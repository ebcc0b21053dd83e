//! The pieces of a URL's own query as a list of rows, before those of the list that is added to it.
//!
//! Called by the form's access to fields and lists. No table has this list: the text of the URL is all
//! there is, and each row is a view of its piece (`compose::query_pieces`). A row that is switched off
//! has to be in the list of the spec, as a URL has no place for it. What drawing needs of the rows is
//! kept with the draft ([`UrlRows`]).

use std::any::Any;
use std::borrow::Cow;
use std::sync::Arc;

use crate::compose::query_pieces::{
    PiecePart, as_component, meant, pieces, sent, with_piece, with_swapped, with_text, without,
};
use crate::model::field_access as fields;
use crate::model::field_id::FieldId;
use crate::model::name_value::NameValue;
use crate::model::spec::Spec;

/// The key of the list. It is none of a preset's file.
pub(crate) const KEY: &str = "url-query";

/// A piece that was taken out of a URL.
#[derive(Debug)]
struct KeptPiece {
    written: String,
    /// The URL with it and without it: while it is the latter, it becomes the former to the byte.
    whole: String,
    rest: String,
}

/// The list of the URL's own rows.
pub(crate) fn list() -> FieldId {
    FieldId::new(KEY)
}

/// The list that is added to the URL, and takes new rows.
pub(crate) fn added() -> FieldId {
    FieldId::new("query")
}

/// The URL, if the spec has one with a query.
fn url(spec: &Spec) -> Option<&str> {
    spec.as_http().map(|http| http.url.as_str())
}

/// A text of a row: as it is meant, and as it goes out in the URL.
#[derive(Debug, Clone)]
struct UrlCell {
    meant: String,
    sent: String,
}

/// The rows of a URL as they are shown, read once for all that is drawn of them.
#[derive(Debug, Clone, Default)]
pub(crate) struct UrlRows {
    of: String,
    /// Name and value of each.
    rows: Vec<[UrlCell; 2]>,
}

impl UrlRows {
    fn read(spec: &Spec) -> Self {
        let of = url(spec).unwrap_or("").to_owned();
        let rows = pieces(&of).into_iter().map(|piece| {
            [PiecePart::Name, PiecePart::Value]
                .map(|part| UrlCell { meant: meant(&piece, part), sent: sent(&piece, part) })
        });
        let rows = rows.collect();
        UrlRows { of, rows }
    }

    /// Reads the rows anew if the URL is another one now.
    pub(crate) fn follow(&mut self, spec: &Spec) {
        if !self.is_of(spec) {
            *self = UrlRows::read(spec);
        }
    }

    fn is_of(&self, spec: &Spec) -> bool {
        self.of == url(spec).unwrap_or("")
    }

    /// These rows, or those of the URL as it is now.
    pub(crate) fn now(&self, spec: &Spec) -> Cow<'_, UrlRows> {
        if self.is_of(spec) { Cow::Borrowed(self) } else { Cow::Owned(UrlRows::read(spec)) }
    }

    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        self.rows.len()
    }

    fn cell(&self, id: FieldId) -> Option<&UrlCell> {
        let (at, part) = cell(id)?;
        self.rows.get(at).map(|[name, value]| match part {
            PiecePart::Name => name,
            PiecePart::Value => value,
        })
    }

    /// The text of a cell; empty when there is no such row.
    pub(crate) fn text(&self, id: FieldId) -> &str {
        match self.cell(id) {
            Some(cell) => &cell.meant,
            // What stands in the URL is sent.
            None if id.in_list().is_some_and(|(_, at)| at < self.count()) => "on",
            None => "",
        }
    }

    /// How a cell of the query goes out, where that is not what it shows: as it goes out in the URL, or
    /// as it will when it is added there. `None` = the same, or no such cell.
    pub(crate) fn sent_as(&self, spec: &Spec, id: FieldId) -> Option<String> {
        if let Some(cell) = self.cell(id) {
            return (cell.meant != cell.sent).then(|| cell.sent.clone());
        }
        let (list, _) = id.in_list()?;
        if list != added() || !["name", "value"].contains(&id.last_key()) {
            return None;
        }
        let shown = fields::text(spec.options(), &id);
        let sent = as_component(&shown);
        (*shown != *sent).then_some(sent)
    }
}

/// How many rows it has.
pub(crate) fn count(spec: &Spec) -> usize {
    url(spec).map_or(0, |url| pieces(url).len())
}

/// Which text of which row a cell is.
fn cell(id: FieldId) -> Option<(usize, PiecePart)> {
    let (_, at) = id.in_list().filter(|(of, _)| *of == list())?;
    match id.last_key() {
        "name" => Some((at, PiecePart::Name)),
        "value" => Some((at, PiecePart::Value)),
        _ => None,
    }
}

/// Whether a field is in this list.
pub(crate) fn has(id: FieldId) -> bool {
    id.in_list().is_some_and(|(of, _)| of == list())
}

/// The text of a cell; empty when there is no such row.
pub(crate) fn text(spec: &Spec, id: FieldId) -> String {
    UrlRows::read(spec).text(id).to_owned()
}

/// Writes the text of a cell into the URL.
pub(crate) fn set(spec: &mut Spec, id: FieldId, text: &str) {
    let changed =
        url(spec).zip(cell(id)).and_then(|(url, (at, part))| with_text(url, at, part, text));
    put(spec, changed);
}

fn put(spec: &mut Spec, changed: Option<String>) -> bool {
    changed.map(|changed| *spec.address_mut() = changed).is_some()
}

/// What a row says.
pub(crate) fn row(spec: &Spec, at: usize) -> Option<NameValue> {
    let url = url(spec)?;
    let piece = pieces(url).into_iter().nth(at)?;
    Some(NameValue::new(meant(&piece, PiecePart::Name), meant(&piece, PiecePart::Value)))
}

/// A row, to be put back later.
pub(crate) fn kept(spec: &Spec, at: usize) -> Option<Arc<dyn Any + Send + Sync>> {
    let whole = url(spec)?.to_owned();
    let written = pieces(&whole).get(at)?.whole.to_owned();
    let rest = without(&whole, at)?;
    Some(Arc::new(KeptPiece { written, whole, rest }))
}

/// Puts a row that was kept at a place; tells whether it is one.
pub(crate) fn insert(spec: &mut Spec, at: usize, row: &dyn Any) -> bool {
    let Some((piece, url)) = row.downcast_ref::<KeptPiece>().zip(url(spec)) else { return false };
    let is_there = url == piece.rest;
    let changed = if is_there { piece.whole.clone() } else { with_piece(url, at, &piece.written) };
    put(spec, Some(changed))
}

/// Takes a row out of the URL; tells whether there was one.
pub(crate) fn remove(spec: &mut Spec, at: usize) -> bool {
    let changed = url(spec).and_then(|url| without(url, at));
    put(spec, changed)
}

/// Puts a copy of a row behind it; tells whether there is one.
pub(crate) fn duplicate(spec: &mut Spec, at: usize) -> bool {
    let copied = |url| Some(with_piece(url, at + 1, pieces(url).get(at)?.whole));
    let changed = url(spec).and_then(copied);
    put(spec, changed)
}

/// Puts a row into the place of its neighbour; tells whether it could.
pub(crate) fn swap(spec: &mut Spec, one: usize, other: usize) -> bool {
    let changed = url(spec).and_then(|url| with_swapped(url, one, other));
    put(spec, changed)
}
