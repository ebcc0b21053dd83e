//! Words of a command written for the Windows command prompt, as browsers copy it: first `^`
//! escapes (also of line breaks) are taken away, then quotes and backslashes are read as the C
//! runtime of Windows does.

use std::iter::Peekable;
use std::str::CharIndices;

use super::command::{CurlCommand, ImportError, Word, add, is_curl};
use super::warnings::CurlWarnings;

/// Escapes that only a browser writes inside quotes, where the prompt itself has none: what is
/// copied by older ones counts on them all the same.
const INSIDE: [&str; 4] = ["^\\^\"", "^%^", "^&", "^{^"];

/// Whether the text is written with the command prompt's escapes: it begins with the prompt, the
/// first quote is escaped with `^`, the first line goes on with one, or a browser left its marks.
pub(super) fn is_cmd(text: &str) -> bool {
    let (is_prompted, text) = without_prompt(text);
    let before_quote = text.split(['"', '\'']).next().unwrap_or(text);
    let first_line = text.lines().next().unwrap_or(text);
    let is_quoted = before_quote.len() < text.len();
    // A shell's quotes and its sign that a line goes on say otherwise.
    let is_shell = |before: &str| before.contains(" '") || before.contains("\\\n");
    let is_copied = begins_with_curl(text)
        && INSIDE
            .iter()
            .any(|escape| text.split_once(escape).is_some_and(|(before, _)| !is_shell(before)));
    is_prompted
        || is_copied
        || (is_quoted && before_quote.ends_with('^'))
        || (first_line.trim_end().ends_with(" ^") && !first_line.contains('\''))
}

fn has_inside(text: &str) -> bool {
    INSIDE.iter().any(|escape| text.contains(escape))
}

fn begins_with_curl(text: &str) -> bool {
    text.split_whitespace().next().is_some_and(is_curl)
}

/// The text behind a prompt such as `C:\Users\me>`, and whether there was one.
fn without_prompt(text: &str) -> (bool, &str) {
    let text = text.trim_start();
    let behind = text.split_once('>').filter(|(prompt, _)| {
        let mut chars = prompt.chars();
        chars.next().is_some_and(|c| c.is_ascii_alphabetic())
            && chars.as_str().starts_with(":\\")
            && !prompt.contains(['\n', '"'])
    });
    behind.map_or((false, text), |(_, rest)| (true, rest.trim_start()))
}

/// The words after the program's name.
pub(super) fn words(text: &str) -> Result<CurlCommand, ImportError> {
    let (_, command) = without_prompt(text);
    let start = text.trim_start().len().saturating_sub(command.len());
    let start = start + (text.len() - text.trim_start().len());
    if let Some(position) = Uncareted::of(command).last_open() {
        let message = "the quote \" opened here is never closed";
        return Err(ImportError::new(start + position, message));
    }
    let mut words = split(Uncareted::of(command)).map_err(|error| error.behind(start))?.into_iter();
    if !words.next().is_some_and(|word| is_curl(&word.text)) {
        return Err(ImportError::new(start, "no curl command; it begins with 'curl'"));
    }
    let words = words.map(|word| Word { position: word.position + start, ..word });
    let kept = |name| format!("%{name}%, which the Windows prompt fills in, was kept as text");
    let warnings: CurlWarnings = variables(command).map(kept).collect();
    Ok(CurlCommand { words: words.collect(), warnings, ..CurlCommand::default() })
}

/// Names between percent signs that nothing escapes. Bytes of a URL are no such names.
fn variables(text: &str) -> impl Iterator<Item = &str> {
    text.split('%').skip(1).filter(|name| {
        name.len() > 2
            && name.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
            && !name.starts_with(|c: char| c.is_ascii_digit())
    })
}

/// Characters with the byte of the pasted text they come from, without carets. A line break that nothing escapes
/// ends the command.
struct Uncareted<'a> {
    chars: Peekable<CharIndices<'a>>,
    /// Whether carets are taken away inside quotes, too.
    everywhere: bool,
    /// Where the quote begins that is open.
    quoted: Option<usize>,
    /// Whether anything but blanks came.
    is_begun: bool,
}

impl<'a> Uncareted<'a> {
    fn of(text: &'a str) -> Self {
        let chars = text.char_indices().peekable();
        Uncareted { chars, everywhere: has_inside(text), quoted: None, is_begun: false }
    }

    /// Where the quote begins that is open at the end of the command.
    fn last_open(mut self) -> Option<usize> {
        while self.next().is_some() {}
        self.quoted
    }

    /// The next character that is no carriage return.
    fn raw(&mut self) -> Option<(usize, char)> {
        while self.chars.next_if(|(_, c)| *c == '\r').is_some() {}
        self.chars.next()
    }
}

impl Iterator for Uncareted<'_> {
    type Item = (usize, char);

    fn next(&mut self) -> Option<(usize, char)> {
        let mut found = self.raw()?;
        match found.1 {
            '"' => self.quoted = if self.quoted.is_some() { None } else { Some(found.0) },
            '^' if self.everywhere || self.quoted.is_none() => {
                found = self.raw()?;
                if found.1 == '\n' {
                    found = self.raw()?;
                }
            }
            '\n' if self.quoted.is_none() && self.is_begun => return None,
            _ => {}
        }
        self.is_begun |= !found.1.is_whitespace();
        Some(found)
    }
}

/// The words of what the prompt hands on.
fn split(chars: Uncareted<'_>) -> Result<Vec<Word>, ImportError> {
    let mut words: Vec<Word> = Vec::new();
    let mut word: Option<Word> = None;
    let mut quoted = false;
    let mut chars = chars.peekable();
    while let Some((position, c)) = chars.next() {
        if !quoted && c.is_whitespace() {
            if let Some(word) = word.take() {
                add(&mut words, word)?;
            }
            continue;
        }
        let text = &mut word.get_or_insert(Word { text: String::new(), position }).text;
        match c {
            '\\' => {
                let mut backslashes = 1;
                while chars.next_if(|(_, c)| *c == '\\').is_some() {
                    backslashes += 1;
                }
                // 2n backslashes before a quote are n backslashes; one more makes the quote text.
                if chars.peek().is_some_and(|(_, c)| *c == '"') {
                    text.extend(std::iter::repeat_n('\\', backslashes / 2));
                    if backslashes % 2 == 1 {
                        text.extend(chars.next().map(|(_, c)| c));
                    }
                } else {
                    text.extend(std::iter::repeat_n('\\', backslashes));
                }
            }
            // Two quotes inside quotes are one.
            '"' if quoted && chars.next_if(|(_, c)| *c == '"').is_some() => text.push('"'),
            '"' => quoted = !quoted,
            c => text.push(c),
        }
    }
    words.extend(word);
    Ok(words)
}
