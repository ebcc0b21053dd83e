//! Words of a command written for the Windows command prompt, as browsers copy it: first `^`
//! escapes (also of line breaks) are taken away, then quotes and backslashes are read as the C
//! runtime of Windows does.

use super::command::{CurlCommand, ImportError, Word, is_curl};

/// Whether the text is written with the command prompt's escapes: the first quote is escaped
/// with `^`, or the first line goes on with one.
pub(super) fn is_cmd(text: &str) -> bool {
    let text = text.trim_start();
    let before_quote = text.split(['"', '\'']).next().unwrap_or(text);
    let first_line = text.lines().next().unwrap_or(text);
    let is_quoted = before_quote.len() < text.len();
    (is_quoted && before_quote.ends_with('^'))
        || (first_line.trim_end().ends_with(" ^") && !first_line.contains('\''))
}

/// The words after the program's name.
pub(super) fn words(text: &str) -> Result<CurlCommand, ImportError> {
    let mut words = split(&without_carets(text)?).into_iter();
    if !words.next().is_some_and(|word| is_curl(&word.text)) {
        let message = "no curl command; it begins with 'curl'".into();
        return Err(ImportError { position: 0, message });
    }
    Ok(CurlCommand { words: words.collect(), warnings: Vec::new() })
}

/// Characters with the byte of the pasted text they come from. A line break that nothing escapes
/// ends the command.
fn without_carets(text: &str) -> Result<Vec<(usize, char)>, ImportError> {
    let mut out = Vec::with_capacity(text.len());
    let mut quoted = None;
    let mut chars = text.char_indices().filter(|(_, c)| *c != '\r').peekable();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => {
                quoted = if quoted.is_some() { None } else { Some(at) };
                out.push((at, c));
            }
            '^' if quoted.is_none() => {
                chars.next_if(|(_, c)| *c == '\n');
                out.extend(chars.next());
            }
            '\n' if quoted.is_none() && out.iter().any(|(_, c)| !c.is_whitespace()) => break,
            _ => out.push((at, c)),
        }
    }
    match quoted {
        Some(position) => Err(ImportError {
            position,
            message: "the quote \" opened here is never closed".into(),
        }),
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
