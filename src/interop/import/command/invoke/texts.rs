//! Texts of PowerShell in its quotes and between `@"` and `"@`, and what of a script is told: what it would have to
//! run or read.

use super::script::InvokeScript;
use super::value::PsValue;
use super::words::{balanced, filled};
use crate::compose::template;

/// Sentences about one statement, or of what a variable was given.
const TOLD: usize = 20;
/// Letters of an expression that are told.
const EXPRESSION: usize = 300;
/// What is told behind an expression.
const NOT_RUN: &str = " is not run; it is kept as text";

impl InvokeScript<'_> {
    /// A text up to its quote, which is doubled inside.
    pub(super) fn quoted(&mut self, quote: &str) -> Result<String, String> {
        let rest = self.rest();
        let mut at = 0;
        let end = loop {
            let found = rest.split_at(at).1.find(['`', '\'', '"', '$']);
            at += found.ok_or("a text has no end")?;
            let sign = rest.split_at(at).1;
            let inner = sign.strip_prefix('$').filter(|_| quote == "\"").and_then(balanced);
            if let Some(inner) = inner {
                at += 1 + inner;
            } else if sign.starts_with('`') && quote == "\"" {
                at += 1 + sign.chars().nth(1).map_or(0, char::len_utf8);
            } else if let Some(after) = sign.strip_prefix(quote) {
                if !after.starts_with(quote) {
                    break at;
                }
                at += 2;
            } else {
                at += 1;
            }
        };
        self.at += end + 1;
        let text = rest.split_at(end).0;
        Ok(match quote {
            "'" => template::quote(&text.replace("''", "'")),
            _ => self.filled(&text.replace("\"\"", "`\"")),
        })
    }

    /// A text with the values of its names.
    pub(super) fn filled(&self, text: &str) -> String {
        let value = |name: &str| self.known(name).map(|value| self.text_of(value));
        filled(text, &value, &|expression| self.tell_computed(expression))
    }

    /// What a value is inside a text or of JSON; files are not read for that.
    pub(super) fn text_of(&self, value: &PsValue) -> String {
        self.tell_files(value);
        value.text()
    }

    /// Tells that this is not run, and no longer what is a part of it.
    pub(super) fn tell_computed(&self, expression: &str) {
        // The beginning tells which one it is, and a long one is not compared with others.
        let end = expression.char_indices().nth(EXPRESSION).map(|(end, _)| end);
        let (short, more) = end.map_or((expression, ""), |end| (expression.split_at(end).0, "…"));
        self.computed
            .borrow_mut()
            .retain(|it| !it.strip_suffix(NOT_RUN).is_some_and(|part| short.contains(part)));
        self.tell(&format!("{short}{more}{NOT_RUN}"));
    }

    /// Tells that files are not read.
    pub(super) fn tell_files(&self, value: &PsValue) {
        for file in value.files() {
            self.tell(&format!("what is in {file} is not read; its name is kept as text"));
        }
    }

    /// Remembers a sentence about the statement that is read.
    pub(super) fn tell(&self, sentence: &str) {
        let mut computed = self.computed.borrow_mut();
        if computed.len() < TOLD && !computed.iter().any(|it| it == sentence) {
            computed.push(sentence.to_owned());
        }
    }

    /// What of the statement is not run.
    pub(super) fn told(&self) -> Vec<String> {
        self.computed.borrow().clone()
    }

    /// Goes on telling what is not run of a variable wherever that is used.
    pub(super) fn remember(&mut self, variable: &str) {
        let told = self.told();
        let of = self.computed_of.entry(variable.to_owned()).or_default();
        of.extend(told);
        of.truncate(TOLD);
    }

    /// Lines up to one that begins with `"@`.
    pub(super) fn here(&mut self, quote: &str) -> Result<PsValue, String> {
        let close = format!("\n{quote}@");
        let (before, rest) = self.rest().split_once(&close).ok_or("a text has no end")?;
        self.at = self.text.len() - rest.len();
        let text = before.split_once('\n').map_or("", |(_, text)| text);
        let text = text.trim_end_matches('\r');
        Ok(PsValue::Text(if quote == "'" { template::quote(text) } else { self.filled(text) }))
    }
}
