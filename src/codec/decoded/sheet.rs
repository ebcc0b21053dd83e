//! Where formats write what they found: rows with depth and place, as many as there is room for.

use std::ops::Range;

use super::known::DecodedRow;

/// Rows of one message.
pub(super) const ROWS: usize = 2000;
/// Bytes of one value.
const VALUE: usize = 2048;
/// How deep rows lie, of everything that is inside of something else.
const DEPTH: u8 = 24;
/// Formats inside of each other.
const NESTED: u8 = 10;
/// Bytes that are told as digits.
const DIGITS: usize = 32;

/// Reads what is inside of something else, of which the type may be known.
type InsideReader = fn(&[u8], Option<&str>, &mut Sheet) -> String;

/// Rows that are being written.
#[derive(Debug)]
pub(super) struct Sheet {
    rows: Vec<DecodedRow>,
    depth: u8,
    nested: u8,
    place: Place,
    is_full: bool,
    reader: InsideReader,
}

/// Where in the record the bytes stand that are read.
#[derive(Debug, Clone)]
enum Place {
    /// They begin here.
    From(usize),
    /// They were made of these.
    Within(Range<usize>),
}

/// How far a sheet was written.
#[derive(Debug, Clone, Copy)]
pub(super) struct Begun {
    rows: usize,
    depth: u8,
}

impl Sheet {
    /// Nothing is written; `reader` is who reads what is inside of something else.
    pub(super) fn new(reader: InsideReader) -> Self {
        let place = Place::From(0);
        Sheet { rows: Vec::new(), depth: 0, nested: 0, place, is_full: false, reader }
    }

    /// Writes what is inside of something else; gives what it is called.
    pub(super) fn inside(&mut self, bytes: &[u8], content_type: Option<&str>) -> String {
        (self.reader)(bytes, content_type, self)
    }

    /// How far it is written; `back_to` takes back what follows.
    pub(super) fn begun(&self) -> Begun {
        Begun { rows: self.rows.len(), depth: self.depth }
    }

    /// Takes back what was written since.
    pub(super) fn back_to(&mut self, begun: Begun) {
        self.rows.truncate(begun.rows);
        self.depth = begun.depth;
        self.is_full = false;
    }

    /// Whether what is inside is not looked at any more.
    pub(super) fn is_deep(&self) -> bool {
        self.nested >= NESTED || self.is_full
    }

    /// Whether nothing more is written.
    pub(super) fn is_full(&self) -> bool {
        self.is_full
    }

    /// A field.
    pub(super) fn row(
        &mut self,
        label: impl Into<String>,
        value: impl Into<String>,
        at: Range<usize>,
    ) {
        self.put(label.into(), value.into(), at, false);
    }

    /// A field that is text.
    pub(super) fn text(&mut self, label: impl Into<String>, value: &[u8], at: Range<usize>) {
        let part = value.get(..VALUE).unwrap_or(value);
        self.row(label, String::from_utf8_lossy(part), at);
    }

    /// A field that is bytes: `0a ff …`
    pub(super) fn bytes(&mut self, label: impl Into<String>, value: &[u8], at: Range<usize>) {
        let value = digits(value);
        self.row(label, value, at);
    }

    /// What is wrong.
    pub(super) fn flaw(&mut self, why: impl Into<String>, at: Range<usize>) {
        self.put("remark".to_owned(), why.into(), at, true);
    }

    /// A field with others in it; gives what `inner` does.
    pub(super) fn group<T>(
        &mut self,
        label: impl Into<String>,
        value: impl Into<String>,
        at: Range<usize>,
        inner: impl FnOnce(&mut Sheet) -> T,
    ) -> T {
        self.row(label, value, at);
        let before = self.depth;
        self.depth = (before + 1).min(DEPTH);
        let done = inner(self);
        self.depth = before;
        done
    }

    /// Rows that lie so much deeper.
    pub(super) fn at_depth(&mut self, deeper: usize, inner: impl FnOnce(&mut Sheet)) {
        let before = self.depth;
        let deeper = u8::try_from(deeper).unwrap_or(DEPTH);
        self.depth = before.saturating_add(deeper).min(DEPTH);
        inner(self);
        self.depth = before;
    }

    /// What is inside, in bytes of their own that begin at `from` of those that are read.
    pub(super) fn from<T>(&mut self, from: usize, inner: impl FnOnce(&mut Sheet) -> T) -> T {
        let place = match &self.place {
            Place::From(base) => Place::From(base + from),
            Place::Within(range) => Place::Within(range.clone()),
        };
        self.placed(place, inner)
    }

    /// What is inside, in bytes that were made of these.
    pub(super) fn made_of<T>(
        &mut self,
        of: Range<usize>,
        inner: impl FnOnce(&mut Sheet) -> T,
    ) -> T {
        let place = Place::Within(self.place_of(of));
        self.placed(place, inner)
    }

    fn placed<T>(&mut self, place: Place, inner: impl FnOnce(&mut Sheet) -> T) -> T {
        let before = std::mem::replace(&mut self.place, place);
        self.nested += 1;
        let done = inner(self);
        self.nested -= 1;
        self.place = before;
        done
    }

    fn place_of(&self, at: Range<usize>) -> Range<usize> {
        match &self.place {
            Place::From(base) => base + at.start..base + at.end.max(at.start),
            Place::Within(range) => range.clone(),
        }
    }

    fn put(&mut self, label: String, mut value: String, at: Range<usize>, is_flaw: bool) {
        if self.is_full {
            return;
        }
        let at = self.place_of(at);
        if value.len() > VALUE {
            let end = (0..=VALUE).rev().find(|at| value.is_char_boundary(*at));
            value.truncate(end.unwrap_or(0));
            value.push('…');
        }
        let mut row = DecodedRow { depth: self.depth, label, value, at, is_flaw };
        if self.rows.len() + 1 >= ROWS {
            self.is_full = true;
            "remark".clone_into(&mut row.label);
            row.value = format!("only the first {ROWS} fields are shown");
            row.is_flaw = true;
        }
        self.rows.push(row);
    }

    /// Gives the row at a place of the sheet another value: what it is, is known at its end.
    pub(super) fn say(&mut self, row: usize, value: impl Into<String>) {
        if let Some(row) = self.rows.get_mut(row) {
            row.value = value.into();
        }
    }

    /// The place of the row that is written next.
    pub(super) fn next(&self) -> usize {
        self.rows.len()
    }

    /// What was written.
    pub(super) fn into_rows(self) -> Vec<DecodedRow> {
        self.rows
    }
}

/// `0a ff …`
pub(super) fn digits(bytes: &[u8]) -> String {
    let told = bytes.iter().take(DIGITS).map(|byte| format!("{byte:02x}")).collect::<Vec<_>>();
    let more = bytes.len().saturating_sub(DIGITS);
    let more = if more > 0 { format!(" … and {more} more") } else { String::new() };
    told.join(" ") + &more
}

/// Where lines stand, without their endings.
pub(super) fn lines(bytes: &[u8]) -> impl Iterator<Item = Range<usize>> {
    let mut at = 0;
    bytes.split_inclusive(|byte| *byte == b'\n').map(move |line| {
        let start = at;
        at += line.len();
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        start..start + line.len()
    })
}

/// What there is to say of a part whose end is in another record.
pub(super) fn not_here(missing: usize) -> String {
    match missing {
        1 => "1 byte of it is not in this record".to_owned(),
        missing => format!("{missing} bytes of it are not in this record"),
    }
}
