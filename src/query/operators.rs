//! Operators of tests, in filters and in searches of the history: how they are written, and what is offered of them.
//!
//! A leaf beside the parsers and what completes their texts.

use super::scanner::Scanner;

/// Operators made of signs, longest first, and what each means.
pub(super) const SIGNS: [(&str, &str); 8] = [
    ("==", "=="),
    ("!=", "!="),
    ("<=", "<="),
    (">=", ">="),
    ("=", "=="),
    ("<", "<"),
    (">", ">"),
    ("~", "matches"),
];

/// Operators that are words, and what each means.
const WORDS: [(&str, &str); 8] = [
    ("contains", "contains"),
    ("matches", "matches"),
    ("eq", "=="),
    ("ne", "!="),
    ("lt", "<"),
    ("le", "<="),
    ("gt", ">"),
    ("ge", ">="),
];

/// Takes the operator that comes next as a sign; what it means.
pub(super) fn sign(scanner: &mut Scanner) -> Option<&'static str> {
    SIGNS.into_iter().find(|(written, _)| scanner.take(written)).map(|(_, meant)| meant)
}

/// The same of one that is a word.
pub(super) fn operator_word(scanner: &mut Scanner) -> Option<&'static str> {
    WORDS.into_iter().find(|(word, _)| scanner.take_word(word)).map(|(_, meant)| meant)
}

/// Something that can be put there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueryOffer {
    /// What is put there, in place of what is begun.
    pub text: String,
    pub help: String,
}

/// Whether a text begins with another, whatever the case.
pub(super) fn begins(text: &str, begun: &str) -> bool {
    text.get(..begun.len()).is_some_and(|start| start.eq_ignore_ascii_case(begun))
}

/// What is put there, and what is said of it.
pub(super) fn offer(text: impl Into<String>, help: impl Into<String>) -> QueryOffer {
    QueryOffer { text: text.into(), help: help.into() }
}

/// Those of these operators that are begun like this, with what each means.
pub(super) fn operator_offers(operators: &[&str], begun: &str) -> Vec<QueryOffer> {
    let help = |operator: &str| match operator {
        "==" => "is",
        "!=" => "is not",
        "<" => "less",
        "<=" => "at most",
        ">" => "more",
        ">=" => "at least",
        "in" => "one of {a, b, c..d}",
        "contains" => "has this in it",
        "matches" => "fits a regular expression",
        _ => "",
    };
    let fitting = operators.iter().filter(|it| begins(it, begun));
    fitting.map(|operator| offer(format!("{operator} "), help(operator))).collect()
}
