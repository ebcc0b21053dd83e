//! Texts as TOML strings, spelled for reading.

use toml_writer::{ToTomlValue as _, TomlStringBuilder};

/// How many lines a value may take.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Lines {
    One,
    Many,
}

/// A TOML string in the most readable of the four spellings that can hold the text.
pub(super) fn string(text: &str, lines: Lines) -> String {
    let spellings = TomlStringBuilder::new(text);
    let spelling = if lines == Lines::Many && text.contains('\n') {
        spellings.as_ml_literal().unwrap_or_else(|| spellings.as_ml_basic())
    } else {
        let plain = spellings.as_basic_pretty().or_else(|| spellings.as_literal());
        plain.unwrap_or_else(|| spellings.as_basic())
    };
    spelling.to_toml_value()
}
