//! The expression language, first step: characters to words, signs and quoted texts.
//!
//! What a word is depends on where it stands (a list ends at its brace, a name at its operator), so
//! the parser asks for what it expects.

/// Why a text is not an expression: the place (in characters, from 1) and what to write instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message} (column {column})")]
pub struct QueryError {
    pub column: usize,
    pub message: String,
}

/// Letters of a message that are told on either side, where it quotes something long.
const TOLD: usize = 150;

/// An error at this column. What it quotes may be as long as the text; its words stand at its ends.
pub(super) fn error(column: usize, message: impl Into<String>) -> QueryError {
    let mut message: String = message.into();
    if let Some((cut, _)) = message.char_indices().nth(TOLD)
        && let Some((rest, _)) = message.char_indices().nth_back(TOLD - 1)
        && cut < rest
    {
        message.replace_range(cut..rest, "…");
    }
    QueryError { column, message }
}

/// A text that is compared with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Written {
    /// Where it begins.
    pub(super) column: usize,
    pub(super) text: String,
    pub(super) is_quoted: bool,
}

/// A place in a text.
#[derive(Debug, Clone)]
pub(super) struct Scanner {
    chars: Vec<char>,
    at: usize,
}

impl Scanner {
    /// At the beginning of a text.
    pub(super) fn new(text: &str) -> Self {
        Scanner { chars: text.chars().collect(), at: 0 }
    }

    /// Column of what comes next, from 1.
    pub(super) fn column(&self) -> usize {
        self.at + 1
    }

    /// Whether nothing comes.
    pub(super) fn is_over(&self) -> bool {
        self.at >= self.chars.len()
    }

    /// The character that comes next.
    pub(super) fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    /// The next character that is no space.
    pub(super) fn behind_space(&self) -> Option<char> {
        self.chars.iter().skip(self.at).copied().find(|c| !c.is_whitespace())
    }

    /// Goes on to what is no space.
    pub(super) fn skip_space(&mut self) {
        while self.peek().is_some_and(char::is_whitespace) {
            self.at += 1;
        }
    }

    /// Goes back or on to a column.
    pub(super) fn go_to(&mut self, column: usize) {
        self.at = column.saturating_sub(1).min(self.chars.len());
    }

    /// Takes this text if it comes next, whatever its case.
    pub(super) fn take(&mut self, text: &str) -> bool {
        let is_next = text.chars().enumerate().all(|(at, c)| {
            self.chars.get(self.at + at).is_some_and(|next| next.eq_ignore_ascii_case(&c))
        });
        if is_next {
            self.at += text.chars().count();
        }
        is_next
    }

    /// Takes this word if it comes next and ends there.
    pub(super) fn take_word(&mut self, word: &str) -> bool {
        let before = self.at;
        if self.take(word) && self.peek().is_none_or(|c| !c.is_alphanumeric() && c != '_') {
            return true;
        }
        self.at = before;
        false
    }

    /// Takes what comes up to the first of these characters.
    pub(super) fn until(&mut self, mut ends: impl FnMut(char) -> bool) -> String {
        let from = self.at;
        while self.peek().is_some_and(|c| !ends(c)) {
            self.at += 1;
        }
        self.chars[from..self.at].iter().collect()
    }

    /// Takes a word as it stands between tests.
    pub(super) fn word(&mut self) -> String {
        self.until(|c| c.is_whitespace() || matches!(c, '(' | ')' | '"'))
    }

    /// Takes a value: a quoted text, or what comes up to a space or one of these characters.
    /// In a regular expression a backslash is its own.
    pub(super) fn value(
        &mut self,
        ends: &[char],
        is_regex: bool,
    ) -> Result<Option<Written>, QueryError> {
        let column = self.column();
        if let Some(quote @ ('"' | '\'')) = self.peek() {
            self.at += 1;
            let text = self.quoted(column, quote, is_regex)?;
            return Ok(Some(Written { column, text, is_quoted: true }));
        }
        let text = self.until(|c| c.is_whitespace() || ends.contains(&c));
        Ok((!text.is_empty()).then_some(Written { column, text, is_quoted: false }))
    }

    /// Takes a value as it is written, with its quotes if it has some.
    pub(super) fn as_written(&mut self) -> String {
        let from = self.at;
        if matches!(self.peek(), Some('"' | '\'')) && self.value(&[], true).is_ok() {
            return self.chars.iter().skip(from).take(self.at.saturating_sub(from)).collect();
        }
        self.at = from;
        self.word()
    }

    /// The rest of a quoted text; `\` escapes.
    fn quoted(&mut self, start: usize, quote: char, is_regex: bool) -> Result<String, QueryError> {
        let mut text = String::new();
        while let Some(c) = self.peek() {
            let column = self.column();
            self.at += 1;
            match c {
                c if c == quote => return Ok(text),
                '\\' if is_regex => {
                    let escaped = self.peek();
                    self.at += 1;
                    text.extend((escaped != Some(quote)).then_some('\\'));
                    text.extend(escaped);
                }
                '\\' => text.push(self.escaped(column)?),
                c => text.push(c),
            }
        }
        Err(error(start, format!("this text does not end; write {quote} at its end")))
    }

    fn escaped(&mut self, column: usize) -> Result<char, QueryError> {
        let wrong = || error(column, r#"unknown escape; write \" \' \\ \n \r \t \0 or \u{1f}"#);
        let c = self.peek();
        self.at += 1;
        match c {
            Some('n') => Ok('\n'),
            Some('r') => Ok('\r'),
            Some('t') => Ok('\t'),
            Some('0') => Ok('\0'),
            Some(c @ ('"' | '\'' | '\\')) => Ok(c),
            Some('u') => {
                let digits = self.until(|c| c == '}');
                self.at += 1;
                let digits = digits.strip_prefix('{').ok_or_else(wrong)?;
                u32::from_str_radix(digits, 16).ok().and_then(char::from_u32).ok_or_else(wrong)
            }
            _ => Err(wrong()),
        }
    }
}
