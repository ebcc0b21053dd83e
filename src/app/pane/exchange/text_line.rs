//! One line of a tab of lines: a label and a value.

use crate::codec::printable::Marked;

/// What a line is, for its colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// Label and value.
    Pair,
    /// A start line or heading.
    Heading,
    Dim,
    Warning,
    Failure,
}

/// One line of such a tab; both texts are printable.
#[derive(Debug, Clone, PartialEq)]
pub struct TextLine {
    pub label: String,
    pub value: Marked,
    pub tone: Tone,
    /// A stretch of the whole time, as parts of one.
    pub bar: Option<(f64, f64)>,
}

impl TextLine {
    /// A line without a bar.
    pub(super) fn new(tone: Tone, label: impl Into<String>, value: impl Into<Marked>) -> Self {
        TextLine { label: label.into(), value: value.into(), tone, bar: None }
    }

    /// A label with its value.
    pub(super) fn pair(label: &str, value: impl Into<Marked>) -> Self {
        TextLine::new(Tone::Pair, label, value)
    }
}
