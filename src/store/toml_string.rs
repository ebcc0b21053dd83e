//! Texts as TOML strings, spelled for reading.

use std::fmt::Write as _;

/// How many lines a value may take.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Lines {
    One,
    Many,
}

/// A text as a TOML value of its own line.
pub(super) fn long_string(text: &str) -> String {
    string(text, Lines::Many)
}

/// A TOML string in the most readable of the four spellings that can hold the text.
pub(super) fn string(text: &str, lines: Lines) -> String {
    let plain = !text.chars().any(|c| c.is_control() && c != '\n' && c != '\t');
    if lines == Lines::Many && text.contains('\n') {
        if plain && !text.contains("'''") && !text.ends_with('\'') {
            return format!("'''\n{text}'''");
        }
        return multi_line_basic(text);
    }
    let quotes = text.contains(['\\', '"']);
    if plain && quotes && !text.contains(['\n', '\'']) {
        return format!("'{text}'");
    }
    let mut out = String::from("\"");
    for c in text.chars() {
        escape(&mut out, c);
    }
    out.push('"');
    out
}

fn escape(out: &mut String, c: char) {
    match c {
        '"' => out.push_str("\\\""),
        '\\' => out.push_str("\\\\"),
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        c if c.is_control() => {
            let _ = write!(out, "\\u{:04X}", u32::from(c));
        }
        c => out.push(c),
    }
}

fn multi_line_basic(text: &str) -> String {
    let mut out = String::from("\"\"\"\n");
    let mut run = 0;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        run = if c == '"' { run + 1 } else { 0 };
        let must_escape = run == 3 || chars.peek().is_none();
        match c {
            '\n' | '\t' => out.push(c),
            '"' if !must_escape => out.push('"'),
            c => escape(&mut out, c),
        }
        if run == 3 {
            run = 0;
        }
    }
    out.push_str("\"\"\"");
    out
}
