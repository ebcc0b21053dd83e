//! Words of a command as PowerShell passes them to `curl.exe`: `'...'` and `"..."` with doubled
//! quotes, the backtick as escape, and `\"` for a quote in what the program gets (Windows PowerShell
//! takes plain ones away).

use std::iter::Peekable;
use std::str::CharIndices;

use super::command::{CurlCommand, ImportError, Word, is_curl, variable};

/// Whether the text is written for PowerShell: its prompt, a first line that a backtick continues,
/// or text in single quotes that only without its backslashes is JSON.
pub(super) fn is_powershell(text: &str) -> bool {
    let (is_prompted, text) = without_prompt(text);
    let first_line = text.lines().next().unwrap_or(text).trim_end();
    let mut program = text.split_whitespace();
    let is_first = program.next().is_some_and(is_curl);
    is_first && (is_prompted || first_line.ends_with(" `") || has_escaped_json(text))
}

fn has_escaped_json(text: &str) -> bool {
    let is_json = |text: &str| serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok();
    let quoted = text.split('\'').skip(1).step_by(2).filter(|text| text.contains("\\\""));
    let mut quoted = quoted.filter(|text| text.starts_with(['{', '[']));
    quoted.any(|text| !is_json(text) && is_json(&text.replace("\\\"", "\"")))
}

/// The text behind a prompt such as `PS C:\Users\me>`, and whether there was one.
fn without_prompt(text: &str) -> (bool, &str) {
    let text = text.trim_start();
    let behind = text.strip_prefix("PS ").and_then(|text| text.split_once('>'));
    let behind = behind.filter(|(prompt, _)| !prompt.contains(['\n', '"', '\'']));
    behind.map_or((false, text), |(_, rest)| (true, rest.trim_start()))
}

/// The words after the program's name.
pub(super) fn words(text: &str) -> Result<CurlCommand, ImportError> {
    let (_, command) = without_prompt(text);
    let start = text.len() - command.len();
    let mut reader = LineReader { chars: command.char_indices().peekable(), warnings: Vec::new() };
    let mut words = Vec::new();
    while let Some(word) = reader.word().map_err(|error| error.behind(start))? {
        words.push(Word { position: word.position + start, ..word });
    }
    let is_program = words.first().is_some_and(|word| is_curl(&word.text));
    if !is_program {
        return Err(ImportError::new(start, "no curl command; it begins with 'curl'"));
    }
    words.remove(0);
    Ok(CurlCommand { words, warnings: reader.warnings, ..CurlCommand::default() })
}

struct LineReader<'a> {
    chars: Peekable<CharIndices<'a>>,
    warnings: Vec<String>,
}

impl LineReader<'_> {
    /// The next word; `None` at the end of the command.
    fn word(&mut self) -> Result<Option<Word>, ImportError> {
        let mut word: Option<Word> = None;
        while let Some(&(position, c)) = self.chars.peek() {
            if matches!(c, '\n' | ';' | '|') || (word.is_none() && c == '#') {
                // Blank lines before the command are none of its ends.
                break;
            }
            self.chars.next();
            if c.is_whitespace() {
                if word.is_some() {
                    break;
                }
                continue;
            }
            if c == '`' && self.line_ends_here() {
                if word.is_some() {
                    break;
                }
                continue;
            }
            let text = &mut word.get_or_insert(Word { text: String::new(), position }).text;
            match c {
                '\'' | '"' => {
                    let mut quoted = std::mem::take(text);
                    self.quoted(c, position, &mut quoted)?;
                    if let Some(word) = &mut word {
                        word.text = quoted;
                    }
                }
                '`' => text.extend(self.chars.next().map(|(_, c)| c)),
                '\\' if self.chars.next_if(|(_, c)| *c == '"').is_some() => text.push('"'),
                c => text.push(c),
            }
        }
        Ok(word)
    }

    /// Behind a backtick: whether it continues the line.
    fn line_ends_here(&mut self) -> bool {
        self.chars.next_if(|(_, c)| *c == '\r');
        self.chars.next_if(|(_, c)| *c == '\n').is_some()
    }

    fn quoted(&mut self, quote: char, start: usize, text: &mut String) -> Result<(), ImportError> {
        while let Some((_, c)) = self.chars.next() {
            match c {
                c if c == quote => {
                    if self.chars.next_if(|(_, c)| *c == quote).is_none() {
                        return Ok(());
                    }
                    text.push(quote);
                }
                '\\' if self.chars.next_if(|(_, c)| *c == '"').is_some() => text.push('"'),
                '\\' if quote == '"' && self.is_escaped_quote() => text.push('"'),
                '`' if quote == '"' => text.extend(self.chars.next().map(|(_, c)| match c {
                    'n' => '\n',
                    'r' => '\r',
                    't' => '\t',
                    '0' => '\0',
                    c => c,
                })),
                '$' if quote == '"' => self.variable(text),
                c => text.push(c),
            }
        }
        let message = format!("the quote {quote} opened here is never closed");
        Err(ImportError::new(start, message))
    }

    /// Behind a backslash: a quote that a backtick keeps from ending the text, which is taken.
    fn is_escaped_quote(&mut self) -> bool {
        let mut ahead = self.chars.clone();
        let is_it = [ahead.next(), ahead.next()].map(|next| next.map(|(_, c)| c));
        let is_it = is_it == [Some('`'), Some('"')];
        if is_it {
            self.chars = ahead;
        }
        is_it
    }

    /// `$name` and `$env:NAME`.
    fn variable(&mut self, text: &mut String) {
        let mut name = String::new();
        while let Some((_, c)) =
            self.chars.next_if(|(_, c)| c.is_ascii_alphanumeric() || matches!(c, '_' | ':'))
        {
            name.push(c);
        }
        let bare = name.strip_prefix("env:").unwrap_or(&name);
        if bare.is_empty() || bare.contains(':') || bare.starts_with(|c: char| c.is_ascii_digit()) {
            text.push('$');
            text.push_str(&name);
            return;
        }
        text.push_str(&variable(bare));
        self.warnings.push(format!("${name} became {{{{env.{bare}}}}}"));
    }
}
