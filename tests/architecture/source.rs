//! The sources as the rules look at them: names, production code, what it imports.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use regex::Regex;

/// A production file.
pub struct Source {
    /// Below `src`: `tui/terminal.rs`.
    pub name: String,
    /// The production part as it is written.
    pub text: String,
    /// The production part without comments and without what stands in string and character
    /// literals.
    pub code: String,
    /// Lines of code that are tests: those of the file's own test modules.
    pub test_lines: usize,
    pub header: bool,
}

impl Source {
    /// Lines of production code: no comments, no blank lines.
    pub fn lines(&self) -> usize {
        code_lines(&self.text)
    }
}

pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// All files below a folder with an extension, in order.
pub fn below(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == extension) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// Whether a file below `src` is a test module in a file of its own.
pub fn is_test_file(name: &str) -> bool {
    name.ends_with("tests.rs") || name.contains("/tests/")
}

/// The production files, read once.
pub fn sources() -> &'static [Source] {
    static SOURCES: LazyLock<Vec<Source>> = LazyLock::new(|| {
        let folder = root().join("src");
        let name = |path: &Path| path.strip_prefix(&folder).unwrap().to_string_lossy().into_owned();
        below(&folder, "rs")
            .iter()
            .filter(|path| !is_test_file(&name(path)))
            .map(|path| source(name(path), &fs::read_to_string(path).unwrap()))
            .collect()
    });
    &SOURCES
}

fn source(name: String, whole: &str) -> Source {
    let text = without_tests(whole);
    Source {
        name,
        code: without_text(&text),
        test_lines: code_lines(whole) - code_lines(&text),
        header: whole.starts_with("//!"),
        text,
    }
}

/// Lines that are neither blank nor a comment.
pub fn code_lines(text: &str) -> usize {
    let lines = text.lines().map(str::trim);
    lines.filter(|line| !line.is_empty() && !line.starts_with("//")).count()
}

/// The text without test modules: items after `#[cfg(test)]`, up to their closing brace.
fn without_tests(text: &str) -> String {
    let mut code = String::new();
    let mut skipping: Option<usize> = None;
    for line in text.lines() {
        let indent = line.len() - line.trim_start().len();
        if let Some(at) = skipping {
            let closes = line.trim_end() == format!("{}}}", " ".repeat(at));
            if closes || (line.trim_end().ends_with(';') && indent == at) {
                skipping = None;
            }
            continue;
        }
        if line.trim() == "#[cfg(test)]" {
            skipping = Some(indent);
            continue;
        }
        code.push_str(line);
        code.push('\n');
    }
    code
}

/// The code without comments and without what stands in string and character literals. A string
/// may go on over lines; a raw one ends at the quote with as many marks.
pub fn without_text(text: &str) -> String {
    static PARTS: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(
            r####"(?s)//[^\n]*|b?r###".*?"###|b?r##".*?"##|b?r#".*?"#|\bb?r"[^"]*"|"(?:\\.|[^"\\])*"|'(?:\\[^']+|\\'|[^'\\\n])'"####,
        )
        .unwrap()
    });
    let blank = |found: &regex::Captures<'_>| match found[0].as_bytes()[0] {
        b'/' => "",
        b'\'' => "' '",
        _ => "\"\"",
    };
    PARTS.replace_all(text, blank).into_owned()
}

/// Production code of a text, for checks of the checks.
pub fn production(text: &str) -> String {
    without_text(&without_tests(text))
}

/// First part of a source's name: its layer.
pub fn layer(source: &Source) -> &str {
    let end = source.name.find(['/', '.']).unwrap_or(source.name.len());
    &source.name[..end]
}

/// Names after `crate::` in the code, two levels deep.
pub fn imports(code: &str) -> BTreeSet<String> {
    let word = |c: char| !(c.is_alphanumeric() || c == '_');
    let mut found = BTreeSet::new();
    for (at, _) in code.match_indices("crate::") {
        let before = code[..at].chars().next_back();
        if before.is_some_and(|c| c.is_alphanumeric() || c == '_') {
            continue;
        }
        let rest = &code[at + "crate::".len()..];
        if let Some(group) = rest.strip_prefix('{') {
            panic!("write one path per use, not crate::{{{}", &group[..group.len().min(40)]);
        }
        let first = rest.split(word).next().unwrap_or_default();
        let tail = rest[first.len()..].strip_prefix("::").unwrap_or_default();
        let seconds: Vec<&str> = match tail.strip_prefix('{') {
            Some(group) => group
                .split('}')
                .next()
                .unwrap_or_default()
                .split(',')
                .map(|part| part.trim().split(word).next().unwrap_or_default())
                .collect(),
            None => vec![tail.split(word).next().unwrap_or_default()],
        };
        found.extend(seconds.iter().map(|second| format!("{first}::{second}")));
    }
    found
}

pub fn assert_none(what: &str, broken: &[String]) {
    assert!(broken.is_empty(), "{what}:\n  {}", broken.join("\n  "));
}

/// A rule on its way: so many places still break it, and none may come to them.
pub fn assert_at_most(what: &str, broken: &[String], most: usize) {
    assert!(
        broken.len() <= most,
        "{what}: {} where at most {most} are left:\n  {}",
        broken.len(),
        broken.join("\n  ")
    );
}

/// Names of functions with the lines between their braces, blank ones not counted.
pub fn functions(code: &str) -> Vec<(String, usize)> {
    let mut found = Vec::new();
    let mut open: Vec<(String, usize, usize, bool)> = Vec::new();
    for line in code.lines().filter(|line| !line.trim().is_empty()) {
        let indent = line.len() - line.trim_start().len();
        let mut words = line.split_whitespace().skip_while(|word| *word != "fn");
        if let (Some(_), Some(name)) = (words.next(), words.next()) {
            let name = name.split(['(', '<']).next().unwrap_or_default().to_owned();
            if !line.trim_end().ends_with(';') && !line.trim_end().ends_with('}') {
                open.push((name, indent, 0, line.trim_end().ends_with('{')));
                continue;
            }
        }
        if let Some((name, at, lines, inside)) = open.last_mut() {
            if indent == *at && line.trim_start().starts_with('}') {
                found.push((std::mem::take(name), *lines));
                open.pop();
            } else if !*inside {
                // Still in the signature.
                *inside = line.trim_end().ends_with('{');
            } else {
                *lines += 1;
            }
        }
    }
    found
}

/// Cuts at commas that stand in no bracket. The arrow of a function type closes none.
pub fn split_commas(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut depth, mut start, mut before) = (0_i32, 0, ' ');
    for (at, c) in text.char_indices() {
        match c {
            '(' | '[' | '{' | '<' => depth += 1,
            ')' | ']' | '}' => depth -= 1,
            '>' if before != '-' && before != '=' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
        before = c;
    }
    parts.push(&text[start..]);
    parts.into_iter().map(str::trim).filter(|part| !part.is_empty()).collect()
}

/// The part of a text of the house below a heading.
pub fn chapter(name: &str, heading: &str) -> String {
    let text = fs::read_to_string(root().join(name)).unwrap();
    let (_, rest) = text.split_once(&format!("\n## {heading}\n")).unwrap();
    rest.split("\n## ").next().unwrap_or_default().to_owned()
}

/// The files below `src` that a text names as `layer/file.rs`.
pub fn file_names(text: &str) -> BTreeSet<String> {
    static FILE: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"`([\w/]+\.rs)`").unwrap());
    FILE.captures_iter(text).map(|found| found[1].to_owned()).collect()
}

/// Where the bracket that opens at the start of a text closes.
pub fn closing(text: &str) -> Option<usize> {
    let mut depth = 0_i32;
    for (at, c) in text.char_indices() {
        match c {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return Some(at);
        }
    }
    None
}

#[test]
fn the_looks_at_code_see_what_is_there() {
    let code = production(
        "//! x\nuse crate::ui::theme; // crate::tui\nconst A: &str = \"crate::cli::x\";\n\
         const B: &str = \"a\\\n    b // { crate::cli::x\";\nconst C: &str = r#\"crate::cli::\"y\"#;\n\
         const D: char = '\"';\n#[cfg(test)]\nmod tests {\n    use crate::store::x;\n}\n\
         use crate::engine::{command, event};\n",
    );
    let found: Vec<String> = imports(&code).into_iter().collect();
    assert_eq!(found, ["engine::command", "engine::event", "ui::theme"]);
    let sized =
        functions("fn a(\n    b: u8,\n) {\n    one();\n    two();\n}\nfn c() {\n    d();\n}\n");
    assert_eq!(sized, [("a".to_owned(), 2), ("c".to_owned(), 1)]);
    assert_eq!(
        split_commas("a: Vec<(u8, u8)>, f: impl Fn(A) -> B, c"),
        ["a: Vec<(u8, u8)>", "f: impl Fn(A) -> B", "c"]
    );
    assert_eq!(closing("(a, (b)) c)"), Some(7));
}
