//! A rule or fault in one line: `KEY=VALUE` after `KEY=VALUE`. Used by the tables of both.

use crate::model::suggest::suggest;

/// `KEY=VALUE`, and where it stands.
pub(super) struct Setting {
    pub(super) key: &'static str,
    pub(super) value: String,
    /// Of its key, from 1.
    pub(super) column: usize,
}

/// The settings of a line. A value in quotes ends with them, any other one before the next of these keys;
/// `example` is one of them. `has_texts`: values are texts, in which `a=b` need not be a setting.
///
/// # Errors
/// What is wrong and at which column, in a sentence.
pub(super) fn settings(
    line: &str,
    keys: &[&'static str],
    (example, has_texts): (&str, bool),
) -> Result<Vec<Setting>, String> {
    let mut all = Vec::new();
    let mut rest = line.trim_start();
    while !rest.is_empty() {
        let column = line.chars().count() - rest.chars().count() + 1;
        let word = rest.split_whitespace().next().unwrap_or_default();
        let Some((name, value)) = rest.split_once('=').filter(|(name, _)| word.starts_with(name))
        else {
            return Err(format!("column {column}: '{word}' is no KEY=VALUE, such as {example}"));
        };
        let Some(key) = keys.iter().find(|key| **key == name) else {
            return Err(format!(
                "column {column}: there is no '{name}' here; {}",
                suggest(name, keys)
            ));
        };
        let (value, after) = match value.chars().next() {
            Some(quote @ ('"' | '\'')) => quoted(value, quote).ok_or_else(|| {
                format!("column {column}: the value of {key} has no closing {quote}")
            })?,
            _ => bare(value, keys, (has_texts, *key == "when")),
        };
        all.push(Setting { key, value, column });
        rest = after.trim_start();
    }
    Ok(all)
}

/// What stands in quotes, and what is behind them. Within double ones `\"` is one of them.
fn quoted(text: &str, quote: char) -> Option<(String, &str)> {
    let (mut value, mut chars) = (String::new(), text.char_indices().skip(1).peekable());
    while let Some((at, c)) = chars.next() {
        let is_escaped =
            c == '\\' && quote == '"' && chars.peek().is_some_and(|(_, c)| *c == quote);
        if is_escaped {
            value.extend(chars.next().map(|(_, c)| c));
        } else if c == quote {
            let after = text.get(at + 1..)?;
            return (after.is_empty() || after.starts_with(char::is_whitespace))
                .then_some((value, after));
        } else {
            value.push(c);
        }
    }
    None
}

/// What stands before the next key, and what begins with that; text in double quotes has none, nor, in a
/// condition, text in single ones.
fn bare<'a>(
    text: &'a str,
    keys: &[&str],
    (has_texts, is_condition): (bool, bool),
) -> (String, &'a str) {
    // What is nearly one is told as a mistake; in quotes it is text.
    let is_key = |text: &str| {
        let name = text.split_once('=').map(|(name, _)| name).unwrap_or_default();
        let is_word = !name.is_empty() && name.chars().all(|c| c.is_ascii_lowercase() || c == '-');
        let is_text = has_texts || is_condition;
        let is_near = || suggest(name, keys).starts_with("did you mean");
        is_word && (!is_text || keys.contains(&name) || is_near())
    };
    let (mut inside, mut was_blank) = (None, false);
    for (at, c) in text.char_indices() {
        let (before, after) = text.split_at(at);
        if inside.is_none() && was_blank && is_key(after) {
            return (before.trim_end().to_owned(), after);
        }
        // Within a word it is an apostrophe, and so it is where no other one follows.
        let opens = c == '\'' && is_condition && was_blank && after.matches(c).count() > 1;
        inside = match inside {
            Some(quote) if quote == c => None,
            None if c == '"' || opens => Some(c),
            inside => inside,
        };
        was_blank = c.is_whitespace();
    }
    (text.trim_end().to_owned(), "")
}
