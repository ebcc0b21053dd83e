//! Words of a command as PowerShell passes them to `curl.exe`: `'...'` and `"..."` with doubled
//! quotes, the backtick as escape, and `\"` for a quote in what the program gets (Windows PowerShell
//! takes plain ones away).

use std::iter::Peekable;
use std::str::CharIndices;

use super::command::{CurlCommand, ImportError, Word, add, is_curl, variable};
use super::warnings::CurlWarnings;

/// What only a shell of Unix reads, which has a `curl.exe` when Windows runs it.
const OF_UNIX: [&str; 5] = ["\\\n", "\\\r\n", " $'", "'\\''", "<<"];

/// Whether the text is written for PowerShell: its prompt, its name of the program, a first line that
/// a backtick continues, backticks before quotes, or text in single quotes that only without its
/// backslashes is JSON.
pub(super) fn is_powershell(text: &str) -> bool {
    let (is_prompted, text) = without_prompt(text);
    let first_line = text.lines().next().unwrap_or(text).trim_end();
    let program = text.split_whitespace().next().unwrap_or_default();
    let is_of_unix = OF_UNIX.iter().any(|sign| text.contains(sign));
    let is_told = program.to_ascii_lowercase().ends_with(".exe")
        || first_line.ends_with(" `")
        || has_here_text(text)
        || has_escaped_quotes(text)
        || has_escaped_json(text);
    is_curl(program) && (is_prompted || (is_told && !is_of_unix))
}

/// Whether a text begins with `@'` at the end of a line and ends with `'@` at the beginning of one.
fn has_here_text(text: &str) -> bool {
    let mut lines = text.lines();
    ["'", "\""].iter().any(|quote| {
        let (opens, closes) = (format!("@{quote}"), format!("{quote}@"));
        lines.any(|line| line.trim_end().ends_with(&opens))
            && lines.any(|line| line.starts_with(&closes))
    })
}

/// Whether each backtick keeps a double quote from ending a text, or continues a line; one in single
/// quotes does neither.
fn has_escaped_quotes(text: &str) -> bool {
    if !text.contains('`') {
        return false;
    }
    let mut chars = text.chars().filter(|c| *c != '\r');
    let (mut open, mut escaped) = (None, 0_usize);
    while let Some(c) = chars.next() {
        match (open, c) {
            (Some('\''), '`') => {}
            (_, '`') => match chars.next() {
                Some('"') => escaped += 1,
                Some('\n') => {}
                _ => return false,
            },
            (None, '\'' | '"') => open = Some(c),
            (Some(quote), c) if quote == c => open = None,
            _ => {}
        }
    }
    escaped >= 2 && escaped.is_multiple_of(2)
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
    let chars = command.char_indices().peekable();
    let mut reader = LineReader { chars, is_redirected: false, warnings: CurlWarnings::default() };
    let mut words = Vec::new();
    while let Some(word) = reader.word().map_err(|error| error.behind(start))? {
        if std::mem::take(&mut reader.is_redirected) {
            reader.warn("redirections of the shell are ignored");
        } else {
            add(&mut words, Word { position: word.position + start, ..word })?;
        }
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
    /// The next word is where the output goes.
    is_redirected: bool,
    warnings: CurlWarnings,
}

impl LineReader<'_> {
    /// The next word; `None` at the end of the command.
    fn word(&mut self) -> Result<Option<Word>, ImportError> {
        let mut word: Option<Word> = None;
        while let Some(&(position, c)) = self.chars.peek() {
            let ends = matches!(c, ';' | '|') || (c == '\n' && !self.goes_on());
            if ends || (word.is_none() && c == '#') {
                break;
            }
            if c == '>' {
                // The 2 of 2> is no argument.
                word.take_if(|word| matches!(word.text.as_str(), "*" | "1" | "2"));
                if word.is_some() {
                    break;
                }
                while self.chars.next_if(|(_, c)| matches!(c, '>' | '&')).is_some() {}
                self.is_redirected = true;
                continue;
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
                '@' if text.is_empty() && self.here_text_begins() => {
                    let mut lines = std::mem::take(text);
                    self.here_text(position, &mut lines)?;
                    if let Some(word) = &mut word {
                        word.text = lines;
                    }
                }
                '\'' | '"' => {
                    let mut quoted = std::mem::take(text);
                    self.quoted(c, position, &mut quoted)?;
                    if let Some(word) = &mut word {
                        word.text = quoted;
                    }
                }
                '`' => text.extend(self.chars.next().map(|(_, c)| c)),
                '\\' => self.backslashes(None, text),
                '$' => self.variable(text),
                c => text.push(c),
            }
        }
        Ok(word)
    }

    /// At a line break: whether the next line goes on with options.
    fn goes_on(&self) -> bool {
        let ahead = self.chars.clone().skip(1).map(|(_, c)| c);
        let next: Vec<char> = ahead.skip_while(|c| matches!(c, ' ' | '\t')).take(3).collect();
        next.starts_with(&['-']) && next != ['-', '-', '-']
    }

    /// Notes what is odd, once.
    fn warn(&mut self, message: &str) {
        self.warnings.push(message.to_owned());
    }

    /// The backslashes one of which was just read. Before a quote each two are one, and one more makes
    /// the quote text, as the C runtime of Windows has it.
    fn backslashes(&mut self, quote: Option<char>, text: &mut String) {
        let mut count = 1;
        while self.chars.next_if(|(_, c)| *c == '\\').is_some() {
            count += 1;
        }
        let mut ahead = self.chars.clone().map(|(_, c)| c);
        let (first, second) = (ahead.next(), ahead.next());
        let is_odd = count % 2 == 1;
        let is_escaped = quote == Some('"') && first == Some('`') && second == Some('"');
        // A path may end in one: "C:\".
        let is_end = || quote == Some('"') && !self.chars.clone().skip(1).any(|(_, c)| c == '"');
        if first == Some('"') && !(is_odd && is_end()) {
            text.extend(std::iter::repeat_n('\\', count / 2));
            if is_odd {
                self.chars.next();
                text.push('"');
            }
        } else if is_escaped && is_odd {
            text.extend(std::iter::repeat_n('\\', count / 2));
            self.chars.next();
            self.chars.next();
            text.push('"');
        } else {
            text.extend(std::iter::repeat_n('\\', count));
        }
    }

    /// Behind a backtick: whether it continues the line.
    fn line_ends_here(&mut self) -> bool {
        self.chars.next_if(|(_, c)| *c == '\r');
        self.chars.next_if(|(_, c)| *c == '\n').is_some()
    }

    /// Behind an `@`: whether a quote follows with which the line ends.
    fn here_text_begins(&self) -> bool {
        let mut ahead = self.chars.clone().map(|(_, c)| c);
        let is_quote = ahead.next().is_some_and(|c| matches!(c, '\'' | '"'));
        is_quote && ahead.find(|c| !matches!(c, ' ' | '\t' | '\r')) == Some('\n')
    }

    /// The lines between `@'` and `'@`, without the last line break; quotes stand for themselves.
    fn here_text(&mut self, start: usize, text: &mut String) -> Result<(), ImportError> {
        let quote = self.chars.next().map_or('\'', |(_, c)| c);
        while self.chars.next_if(|(_, c)| *c != '\n').is_some() {}
        while let Some((_, c)) = self.chars.next() {
            let mut ahead = self.chars.clone().map(|(_, c)| c);
            if c == '\n' && ahead.next() == Some(quote) && ahead.next() == Some('@') {
                self.chars.nth(1);
                // The break behind the opening is none of the text.
                text.drain(..usize::from(text.starts_with('\n')));
                text.truncate(text.trim_end_matches('\r').len());
                return Ok(());
            }
            match c {
                '\\' => self.backslashes(Some(quote), text),
                '`' if quote == '"' => text.extend(self.chars.next().map(|(_, c)| c)),
                '$' if quote == '"' => self.variable(text),
                c => text.push(c),
            }
        }
        let message = format!(
            "the text that @{quote} opens is never closed by {quote}@ at a line's beginning"
        );
        Err(ImportError::new(start, message))
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
                '\\' => self.backslashes(Some(quote), text),
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

    /// `$name` and `$env:NAME`.
    fn variable(&mut self, text: &mut String) {
        if self.chars.peek().is_some_and(|(_, c)| matches!(c, '(' | '{')) {
            self.warn("substitutions of PowerShell ($(...), ${...}) were kept as text");
        }
        let mut name = String::new();
        while let Some((_, c)) =
            self.chars.next_if(|(_, c)| c.is_ascii_alphanumeric() || matches!(c, '_' | ':'))
        {
            name.push(c);
        }
        let bare = name.strip_prefix("env:").unwrap_or(&name);
        if bare.is_empty() || bare.contains(':') || bare.starts_with(|c: char| c.is_ascii_digit()) {
            if !name.is_empty() {
                self.warn(&format!("${name}, which PowerShell fills in, was kept as text"));
            }
            text.push('$');
            text.push_str(&name);
            return;
        }
        text.push_str(&variable(bare));
        self.warnings.push(format!("${name} became {{{{env.{bare}}}}}"));
    }
}
