//! Words of a command written for the Windows command prompt, as browsers copy it: first `^`
//! escapes (also of line breaks) are taken away, then quotes and backslashes are read as the C
//! runtime of Windows does.

use super::command::{CurlCommand, ImportError, Word, is_curl};

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
    let mut words =
        split(&without_carets(command).map_err(|error| error.behind(start))?).into_iter();
    if !words.next().is_some_and(|word| is_curl(&word.text)) {
        return Err(ImportError::new(start, "no curl command; it begins with 'curl'"));
    }
    let words = words.map(|word| Word { position: word.position + start, ..word });
    let kept = |name| format!("%{name}%, which the Windows prompt fills in, was kept as text");
    let warnings = variables(command).into_iter().map(kept).collect();
    Ok(CurlCommand { words: words.collect(), warnings, ..CurlCommand::default() })
}

/// Names between percent signs that nothing escapes. Bytes of a URL are no such names.
fn variables(text: &str) -> Vec<&str> {
    let mut names: Vec<&str> = text
        .split('%')
        .skip(1)
        .filter(|name| {
            name.len() > 2
                && name.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
                && !name.starts_with(|c: char| c.is_ascii_digit())
        })
        .collect();
    names.dedup();
    names
}

/// Characters with the byte of the pasted text they come from. A line break that nothing escapes
/// ends the command.
fn without_carets(text: &str) -> Result<Vec<(usize, char)>, ImportError> {
    let mut out = Vec::with_capacity(text.len());
    let everywhere = has_inside(text);
    let mut quoted = None;
    let mut chars = text.char_indices().filter(|(_, c)| *c != '\r').peekable();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => {
                quoted = if quoted.is_some() { None } else { Some(at) };
                out.push((at, c));
            }
            '^' if everywhere || quoted.is_none() => {
                chars.next_if(|(_, c)| *c == '\n');
                out.extend(chars.next());
            }
            '\n' if quoted.is_none() && out.iter().any(|(_, c)| !c.is_whitespace()) => break,
            _ => out.push((at, c)),
        }
    }
    match quoted {
        Some(position) => {
            Err(ImportError::new(position, "the quote \" opened here is never closed"))
        }
        None => Ok(out),
    }
}

fn split(chars: &[(usize, char)]) -> Vec<Word> {
    let mut words: Vec<Word> = Vec::new();
    let mut word: Option<Word> = None;
    let mut quoted = false;
    let mut chars = chars.iter().copied().peekable();
    while let Some((position, c)) = chars.next() {
        if !quoted && c.is_whitespace() {
            words.extend(word.take());
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
    words
}
