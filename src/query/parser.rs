//! The expression language: how it is read. Every error says what to write instead.

use std::collections::VecDeque;

use super::expr::{Expr, Test};
use super::lexer::{QueryError, QueryToken, TokenKind, error, tokens};
use super::value::{self, FIELDS, QueryField};

/// Deepest nesting of `not` and parentheses; nobody types more, and recursion stays bounded.
const DEPTH_MAX: usize = 64;

/// Operators made of signs, longest first, and what each means.
const SIGNS: [(&str, &str); 7] =
    [("==", "=="), ("!=", "!="), ("<=", "<="), (">=", ">="), ("=", "=="), ("<", "<"), (">", ">")];

struct Parser {
    tokens: VecDeque<QueryToken>,
    /// Column after the last character, where something is missing.
    end: usize,
    depth: usize,
}

type Parsed = Result<Expr<Test>, QueryError>;

/// All of nothing for blank text; an error names the column, from 1, and what to write.
pub(super) fn parse(text: &str) -> Parsed {
    let mut parser =
        Parser { tokens: tokens(text)?.into(), end: text.chars().count() + 1, depth: 0 };
    if parser.tokens.is_empty() {
        return Ok(Expr::All(Vec::new()));
    }
    let expr = parser.or()?;
    match parser.tokens.pop_front() {
        None => Ok(expr),
        Some(token) => Err(error(token.column, "this ')' closes nothing; remove it")),
    }
}

impl Parser {
    fn or(&mut self) -> Parsed {
        let mut list = vec![self.and()?];
        while self.take_word(&["or", "||"]) {
            list.push(self.and()?);
        }
        Ok(Expr::joined(list, Expr::Any))
    }

    fn and(&mut self) -> Parsed {
        let mut list = vec![self.not()?];
        loop {
            let explicit = self.take_word(&["and", "&&"]);
            let more = match self.tokens.front().map(|token| &token.kind) {
                None | Some(TokenKind::Close) => false,
                Some(TokenKind::Word(word)) => !is_one(word, &["or", "||"]),
                Some(_) => true,
            };
            if !explicit && !more {
                return Ok(Expr::joined(list, Expr::All));
            }
            list.push(self.not()?);
        }
    }

    fn not(&mut self) -> Parsed {
        let column = self.column();
        if self.take(|kind| *kind == TokenKind::Not) || self.take_word(&["not"]) {
            return self.nested(column, Parser::not).map(Expr::negated);
        }
        self.term()
    }

    fn term(&mut self) -> Parsed {
        let Some(token) = self.tokens.pop_front() else {
            let message = "something is missing here; write a test, such as port == 9000";
            return Err(error(self.end, message));
        };
        match token.kind {
            TokenKind::Open => {
                let expr = self.nested(token.column, Parser::or)?;
                match self.tokens.pop_front() {
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
    fn word(&mut self, column: usize, word: &str) -> Parsed {
        if is_one(word, &["and", "&&", "or", "||"]) {
            let message = format!(
                "a test is missing beside '{word}'; put {word:?} in quotes to find it as text"
            );
            return Err(error(column, message));
        }
        let name_len = word.bytes().take_while(u8::is_ascii_alphabetic).count();
        let (name, rest) = word.split_at(name_len);
        let after_colon = rest.strip_prefix(':');
        let is_test = rest.is_empty() || after_colon.is_some() || sign(rest).is_some();
        let field = FIELDS.iter().find(|field| field.name.eq_ignore_ascii_case(name));
        let Some(field) = field.filter(|_| is_test) else { return self.plain(column, word) };
        // What is glued to the name is read like what stands behind it.
        let glued = after_colon.unwrap_or(rest);
        if !glued.is_empty() {
            let column = column + name_len + usize::from(after_colon.is_some());
            self.tokens.push_front(QueryToken { column, kind: TokenKind::Word(glued.into()) });
        }
        let operator = match after_colon {
            Some("") => field.operators[0],
            // port:>9000 reads as well as port:9000
            Some(_) => self.sign().unwrap_or(field.operators[0]),
            None => self.operator(column, field)?,
        };
        self.test(column, field, operator)
    }

    /// Text to find, unless it was meant as a field that does not exist.
    fn plain(&mut self, column: usize, word: &str) -> Parsed {
        if let Some(QueryToken { kind: TokenKind::Word(next), .. }) = self.tokens.front()
            && (next == "contains" || SIGNS.iter().any(|(sign, _)| sign == next))
        {
            let names = FIELDS.map(|field| field.name).join(", ");
            let message = format!("there is no field '{word}'; fields are {names}");
            return Err(error(column, message));
        }
        contains(column, word)
    }

    /// The operator after a field name, alone or glued to its value.
    fn operator(&mut self, column: usize, field: &QueryField) -> Result<&'static str, QueryError> {
        if self.take(|kind| matches!(kind, TokenKind::Word(word) if word == "contains")) {
            return Ok("contains");
        }
        self.sign().ok_or_else(|| {
            let at = if self.tokens.is_empty() { self.end } else { column };
            let QueryField { name, example, .. } = field;
            error(at, format!("write {example} (or {name:?} in quotes to find the word)"))
        })
    }

    /// Takes the sign that the next word is or begins with.
    fn sign(&mut self) -> Option<&'static str> {
        let token = self.tokens.front_mut()?;
        let TokenKind::Word(word) = &mut token.kind else { return None };
        let (written, meant) = sign(word)?;
        word.drain(..written.len());
        token.column += written.len();
        if word.is_empty() {
            self.tokens.pop_front();
        }
        Some(meant)
    }

    /// Reads the value and makes the test.
    fn test(&mut self, column: usize, field: &QueryField, operator: &str) -> Parsed {
        let QueryField { name, operators, example } = field;
        let (at, value) = match self.tokens.pop_front() {
            Some(QueryToken { column, kind: TokenKind::Word(text) | TokenKind::Quoted(text) }) => {
                (column, text)
            }
            other => {
                let at = other.map_or(self.end, |token| token.column);
                return Err(error(at, format!("a value is missing; write {example}")));
            }
        };
        if !operators.contains(&operator) {
            let message = format!("{name} takes {}; write {example}", operators.join(" "));
            return Err(error(column, message));
        }
        value::test(field, operator, &value).map_err(|message| error(at, message))
    }

    fn take(&mut self, is: impl Fn(&TokenKind) -> bool) -> bool {
        let taken = self.tokens.front().is_some_and(|token| is(&token.kind));
        if taken {
            self.tokens.pop_front();
        }
        taken
    }

    fn take_word(&mut self, words: &[&str]) -> bool {
        self.take(|kind| matches!(kind, TokenKind::Word(word) if is_one(word, words)))
    }

    fn column(&self) -> usize {
        self.tokens.front().map_or(self.end, |token| token.column)
    }

    /// Reads what stands one level deeper.
    fn nested(&mut self, column: usize, inner: fn(&mut Parser) -> Parsed) -> Parsed {
        if self.depth == DEPTH_MAX {
            let message = format!("nested too deeply; {DEPTH_MAX} levels are allowed");
            return Err(error(column, message));
        }
        self.depth += 1;
        let expr = inner(self)?;
        self.depth -= 1;
        Ok(expr)
    }
}

fn is_one(word: &str, words: &[&str]) -> bool {
    words.iter().any(|other| word.eq_ignore_ascii_case(other))
}

/// The sign a text begins with, as written and as it is meant.
fn sign(text: &str) -> Option<(&'static str, &'static str)> {
    SIGNS.into_iter().find(|(written, _)| text.starts_with(written))
}

/// The text has to be in the payload.
fn contains(column: usize, text: &str) -> Parsed {
    value::text(text).map_err(|message| error(column, message))
}
