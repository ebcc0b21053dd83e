//! The expression language: how it is read. Every error says what to write instead.

use std::iter::Peekable;
use std::vec;

use super::expr::Expr;
use super::field::{FIELDS, QueryField};
use super::lexer::{QueryError, QueryToken, TokenKind, error, tokens};
use super::value;

/// Deepest nesting of `not` and parentheses; nobody types more, and recursion stays bounded.
const DEPTH_MAX: usize = 64;

/// Operators made of signs, longest first; `:` only right after a field name.
const SIGNS: &[&str] = &["==", "!=", "<=", ">=", "=", "<", ">"];

struct Parser {
    tokens: Peekable<vec::IntoIter<QueryToken>>,
    /// Column after the last character, where something is missing.
    end: usize,
    depth: usize,
}

/// `Ok(None)` for blank text; an error names the column, from 1, and what to write.
pub(super) fn parse(text: &str) -> Result<Option<Expr>, QueryError> {
    let tokens = tokens(text)?;
    if tokens.is_empty() {
        return Ok(None);
    }
    let end = text.chars().count() + 1;
    let mut parser = Parser { tokens: tokens.into_iter().peekable(), end, depth: 0 };
    let expr = parser.or()?;
    match parser.tokens.next() {
        None => Ok(Some(expr)),
        Some(token) => Err(error(token.column, "this ')' closes nothing; remove it")),
    }
}

impl Parser {
    fn or(&mut self) -> Result<Expr, QueryError> {
        let mut list = vec![self.and()?];
        while self.take_word(&["or", "||"]) {
            list.push(self.and()?);
        }
        Ok(single(list, Expr::Or))
    }

    fn and(&mut self) -> Result<Expr, QueryError> {
        let mut list = vec![self.not()?];
        loop {
            let explicit = self.take_word(&["and", "&&"]);
            let more = match self.tokens.peek().map(|token| &token.kind) {
                None | Some(TokenKind::Close) => false,
                Some(TokenKind::Word(word)) => !is_one(word, &["or", "||"]),
                Some(_) => true,
            };
            if !explicit && !more {
                return Ok(single(list, Expr::And));
            }
            list.push(self.not()?);
        }
    }

    fn not(&mut self) -> Result<Expr, QueryError> {
        let column = self.column();
        let negated = self.tokens.next_if(|token| token.kind == TokenKind::Not).is_some()
            || self.take_word(&["not"]);
        if !negated {
            return self.term();
        }
        self.deeper(column)?;
        let expr = self.not()?;
        self.depth -= 1;
        Ok(Expr::Not(Box::new(expr)))
    }

    fn term(&mut self) -> Result<Expr, QueryError> {
        let Some(token) = self.tokens.next() else {
            return Err(error(
                self.end,
                "something is missing here; write a test, such as port == 9000",
            ));
        };
        match token.kind {
            TokenKind::Open => {
                self.deeper(token.column)?;
                let expr = self.or()?;
                self.depth -= 1;
                match self.tokens.next() {
                    Some(QueryToken { kind: TokenKind::Close, .. }) => Ok(expr),
                    _ => Err(error(self.end, "a ')' is missing")),
                }
            }
            TokenKind::Close => Err(error(token.column, "nothing stands before this ')'")),
            TokenKind::Quoted(text) => contains(token.column, &text),
            TokenKind::Word(word) => self.word(token.column, &word),
            TokenKind::Not => Err(error(token.column, "write 'not' before a test")),
        }
    }

    /// A word is the start of a test when it names a field, else text to find.
    fn word(&mut self, column: usize, word: &str) -> Result<Expr, QueryError> {
        if is_one(word, &["and", "&&", "or", "||"]) {
            return Err(error(
                column,
                format!(
                    "a test is missing beside '{word}'; put {word:?} in quotes to find it as text"
                ),
            ));
        }
        let name_len = word.bytes().take_while(u8::is_ascii_alphabetic).count();
        let (name, rest) = word.split_at(name_len);
        let Some(field) = QueryField::named(name) else { return self.plain(column, word) };
        if rest.is_empty() {
            let operator = self.operator(column, field)?;
            return self.test(column, field, operator, None);
        }
        let column_of_rest = column + name_len;
        if let Some(value) = rest.strip_prefix(':') {
            // port:>9000 reads as well as port:9000
            let (sign, value) = strip_sign(value);
            return self.test(
                column,
                field,
                sign.map(String::from),
                Some((column_of_rest + 1, value)),
            );
        }
        match strip_sign(rest) {
            (Some(sign), value) => {
                let at = column_of_rest + sign.len();
                self.test(column, field, Some(sign.into()), Some((at, value)))
            }
            (None, _) => self.plain(column, word),
        }
    }

    /// Text to find, unless it was meant as a field that does not exist.
    fn plain(&mut self, column: usize, word: &str) -> Result<Expr, QueryError> {
        if let Some(QueryToken { kind: TokenKind::Word(next), .. }) = self.tokens.peek()
            && (SIGNS.contains(&next.as_str()) || next == "contains")
        {
            let names: Vec<&str> = FIELDS.iter().map(|field| field.name).collect();
            let message = format!("there is no field '{word}'; fields are {}", names.join(", "));
            return Err(error(column, message));
        }
        contains(column, word)
    }

    /// The operator that stands alone after a field name, or glued to its value.
    fn operator(
        &mut self,
        column: usize,
        field: &QueryField,
    ) -> Result<Option<String>, QueryError> {
        let end = self.end;
        let at = self.tokens.peek().map_or(end, |token| token.column);
        let missing = || {
            let name = field.name;
            let message =
                format!("write {} (or {name:?} in quotes to find the word)", field.example);
            Err(error(if at == end { end } else { column }, message))
        };
        let Some(QueryToken { kind: TokenKind::Word(word), .. }) = self.tokens.peek_mut() else {
            return missing();
        };
        if word == "contains" {
            self.tokens.next();
            return Ok(Some("contains".into()));
        }
        let (Some(sign), value) = strip_sign(word) else { return missing() };
        let (sign, value) = (sign.to_string(), value.to_string());
        if value.is_empty() {
            self.tokens.next();
        } else if let Some(token) = self.tokens.peek_mut() {
            token.column += sign.len();
            token.kind = TokenKind::Word(value);
        }
        Ok(Some(sign))
    }

    /// Reads the value (unless it was glued to the operator) and makes the test.
    fn test(
        &mut self,
        column: usize,
        field: &QueryField,
        operator: Option<String>,
        value: Option<(usize, &str)>,
    ) -> Result<Expr, QueryError> {
        let (at, value) = match value {
            Some((at, value)) if !value.is_empty() => (at, value.to_string()),
            _ => match self.tokens.next() {
                Some(QueryToken {
                    column,
                    kind: TokenKind::Word(text) | TokenKind::Quoted(text),
                }) => (column, text),
                Some(token) => {
                    return Err(error(
                        token.column,
                        format!("a value is missing; write {}", field.example),
                    ));
                }
                None => {
                    return Err(error(
                        self.end,
                        format!("a value is missing; write {}", field.example),
                    ));
                }
            },
        };
        let operator = operator.unwrap_or_else(|| default_operator(field).into());
        let operator = if operator == "=" { "==".into() } else { operator };
        if !field.operators.contains(&operator.as_str()) {
            let message = format!(
                "{} takes {}; write {}",
                field.name,
                field.operators.join(" "),
                field.example
            );
            return Err(error(column, message));
        }
        value::test(field, &operator, &value).map_err(|message| error(at, message))
    }

    fn take_word(&mut self, words: &[&str]) -> bool {
        let is = |token: &QueryToken| matches!(&token.kind, TokenKind::Word(word) if is_one(word, words));
        self.tokens.next_if(is).is_some()
    }

    fn column(&mut self) -> usize {
        self.tokens.peek().map_or(self.end, |token| token.column)
    }

    fn deeper(&mut self, column: usize) -> Result<(), QueryError> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(error(
                column,
                format!("nested too deeply; {DEPTH_MAX} levels are allowed"),
            ));
        }
        Ok(())
    }
}

fn single(mut list: Vec<Expr>, join: fn(Vec<Expr>) -> Expr) -> Expr {
    match (list.len(), list.pop()) {
        (1, Some(only)) => only,
        (_, rest) => {
            list.extend(rest);
            join(list)
        }
    }
}

fn is_one(word: &str, words: &[&str]) -> bool {
    words.iter().any(|other| word.eq_ignore_ascii_case(other))
}

fn strip_sign(text: &str) -> (Option<&'static str>, &str) {
    SIGNS
        .iter()
        .find_map(|sign| Some((Some(*sign), text.strip_prefix(sign)?)))
        .unwrap_or((None, text))
}

/// The text has to be in the payload.
fn contains(column: usize, text: &str) -> Result<Expr, QueryError> {
    value::text(text).map_err(|message| error(column, message))
}

fn default_operator(field: &QueryField) -> &'static str {
    field.operators.first().copied().unwrap_or("==")
}
