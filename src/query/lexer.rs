//! The expression language, first step: characters to words, quoted texts and parentheses.

/// Why a text is not an expression: the place (in characters, from 1) and what to write instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message} (column {column})")]
pub struct QueryError {
    pub column: usize,
    pub message: String,
}

/// One piece of an expression and the column (from 1) where it begins.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct QueryToken {
    pub(super) column: usize,
    pub(super) kind: TokenKind,
}

/// What a piece is.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum TokenKind {
    Open,
    Close,
    Not,
    Word(String),
    Quoted(String),
}

/// An error at this column.
pub(super) fn error(column: usize, message: impl Into<String>) -> QueryError {
    QueryError { column, message: message.into() }
}

/// The pieces of a text, in order.
pub(super) fn tokens(text: &str) -> Result<Vec<QueryToken>, QueryError> {
    let mut tokens = Vec::new();
    let mut chars = text.chars().enumerate().map(|(at, c)| (at + 1, c)).peekable();
    while let Some((column, c)) = chars.next() {
        let kind = match c {
            c if c.is_whitespace() => continue,
            '(' => TokenKind::Open,
            ')' => TokenKind::Close,
            '!' if chars.peek().is_none_or(|(_, next)| *next != '=') => TokenKind::Not,
            '"' | '\'' => TokenKind::Quoted(quoted(column, c, &mut chars)?),
            c => {
                let mut word = String::from(c);
                let ends = |c: char| c.is_whitespace() || matches!(c, '(' | ')' | '"');
                while let Some((_, c)) = chars.next_if(|(_, c)| !ends(*c)) {
                    word.push(c);
                }
                TokenKind::Word(word)
            }
        };
        tokens.push(QueryToken { column, kind });
    }
    Ok(tokens)
}

/// The rest of a quoted text; `\` escapes.
fn quoted(
    start: usize,
    quote: char,
    chars: &mut impl Iterator<Item = (usize, char)>,
) -> Result<String, QueryError> {
    let mut text = String::new();
    while let Some((column, c)) = chars.next() {
        match c {
            c if c == quote => return Ok(text),
            '\\' => text.push(escaped(column, chars)?),
            c => text.push(c),
        }
    }
    Err(error(start, format!("this text does not end; write {quote} at its end")))
}

fn escaped(
    column: usize,
    chars: &mut impl Iterator<Item = (usize, char)>,
) -> Result<char, QueryError> {
    let wrong = || error(column, r#"unknown escape; write \" \' \\ \n \r \t \0 or \u{1f}"#);
    match chars.next().map(|(_, c)| c) {
        Some('n') => Ok('\n'),
        Some('r') => Ok('\r'),
        Some('t') => Ok('\t'),
        Some('0') => Ok('\0'),
        Some(c @ ('"' | '\'' | '\\')) => Ok(c),
        Some('u') => {
            let rest: String = chars.map(|(_, c)| c).take_while(|c| *c != '}').collect();
            let digits = rest.strip_prefix('{').ok_or_else(wrong)?;
            u32::from_str_radix(digits, 16).ok().and_then(char::from_u32).ok_or_else(wrong)
        }
        _ => Err(wrong()),
    }
}
