//! What the pieces of the rows in sight are, in the language a text is written in.
//!
//! Used by `text_view`. What a row begins inside of is found from a place nearby, and carried from row
//! to row.

use std::ops::Range;

use super::text_model::{TextModel, TextPlace};
use super::text_rows::DisplayRow;
use crate::app::format::start_of;
use crate::codec::highlight::HighlightToken;
use crate::codec::syntax::{Syntax, TextLanguage};
use crate::model::braces::name_spans;

/// Bytes of a line before the first row in sight that are gone through; of a longer line nothing has
/// colours.
const IN_LINE: usize = 256 * 1024;
/// Bytes of the lines before that are gone through where a line may begin inside of something.
const BEFORE: usize = 16 * 1024;
/// Bytes before and behind a row that may belong to a name in it.
const NAME: usize = 128;

/// What a piece of a row is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PieceKind {
    Token(HighlightToken),
    /// A `{{name}}`.
    Name,
}

/// What the bytes of a row are.
#[derive(Debug, Default)]
pub(super) struct RowKinds {
    tokens: Vec<(Range<usize>, HighlightToken)>,
    names: Vec<Range<usize>>,
}

impl RowKinds {
    /// What a byte of the row is.
    pub(super) fn of(&self, at: usize) -> PieceKind {
        if self.names.iter().any(|name| name.contains(&at)) {
            return PieceKind::Name;
        }
        let found = self.tokens.partition_point(|(range, _)| range.end <= at);
        PieceKind::Token(self.tokens.get(found).map_or(HighlightToken::Plain, |(_, token)| *token))
    }
}

/// Goes from row to row.
#[derive(Debug)]
pub(super) struct RowColors {
    language: TextLanguage,
    syntax: Syntax,
}

impl RowColors {
    /// Before the row that begins at this place.
    pub(super) fn at(model: &dyn TextModel, place: TextPlace, language: TextLanguage) -> Self {
        let mut syntax = Syntax::new(language);
        if language == TextLanguage::Markup {
            before(model, place.line, &mut syntax);
        }
        let line = model.line(place.line);
        if place.byte <= IN_LINE {
            syntax.go(line, place.byte);
        }
        RowColors { language, syntax }
    }

    /// What the next row is.
    pub(super) fn row(&mut self, model: &dyn TextModel, row: &DisplayRow<'_>) -> RowKinds {
        if self.language == TextLanguage::Plain {
            return RowKinds::default();
        }
        let line = model.line(row.start.line);
        let rest = line.split_at(row.start.byte).1;
        let has_colors = row.start.byte <= IN_LINE;
        let tokens = if has_colors { self.syntax.go(rest, row.text.len()) } else { Vec::new() };
        if row.is_last {
            self.syntax.end_line();
        }
        RowKinds { tokens, names: names_near(line, row.start.byte, row.text.len()) }
    }
}

/// Names that reach into so many bytes of a line, in places of these.
fn names_near(line: &str, at: usize, length: usize) -> Vec<Range<usize>> {
    let start = start_of(line, at.saturating_sub(NAME)).len();
    let near = start_of(line, at + length + NAME).split_at(start).1;
    let moved = |place: usize| (start + place).saturating_sub(at);
    name_spans(near).map(|span| moved(span.start)..moved(span.end)).collect()
}

/// Goes through what stands before a line, from a tag nearby.
fn before(model: &dyn TextModel, line: usize, syntax: &mut Syntax) {
    let (mut first, mut bytes) = (line, 0);
    while first > 0 && bytes < BEFORE {
        first -= 1;
        bytes += model.line(first).len() + 1;
    }
    for number in first..line {
        let mut text = model.line(number);
        if number == first && (first > 0 || text.len() > BEFORE) {
            let cut = start_of(text, text.len().saturating_sub(BEFORE)).len();
            let rest = text.split_at(cut).1;
            text = rest.find('<').map_or("", |at| rest.split_at(at).1);
        }
        syntax.go(text, text.len());
        syntax.end_line();
    }
}
