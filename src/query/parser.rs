//! The filter language: how it is read. Every error says what to write instead.

use std::iter::Peekable;
use std::net::IpAddr;
use std::vec;

use super::field;
use super::field::{FIELDS, FilterFieldId};
use super::pattern::{BytesPattern, TextPattern};
use super::{AddressPattern, Compare, Expr, FilterError, FilterField, Is, Test};
use crate::model::id::{ConnId, SessionId};
use crate::query::lexer::{FilterToken, What, error, tokens};

/// Deepest nesting of `not` and parentheses; nobody types more, and recursion stays bounded.
const DEPTH_MAX: usize = 64;

/// Operators made of signs, longest first; `:` only right after a field name.
const SIGNS: &[&str] = &["==", "!=", "<=", ">=", "=", "<", ">"];

struct Parser {
    tokens: Peekable<vec::IntoIter<FilterToken>>,
    /// Column after the last character, where something is missing.
    end: usize,
    depth: usize,
}

pub(super) fn parse(text: &str) -> Result<Option<Expr>, FilterError> {
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
    fn or(&mut self) -> Result<Expr, FilterError> {
        let mut list = vec![self.and()?];
        while self.take_word(&["or", "||"]) {
            list.push(self.and()?);
        }
        Ok(single(list, Expr::Or))
    }

    fn and(&mut self) -> Result<Expr, FilterError> {
        let mut list = vec![self.not()?];
        loop {
            let explicit = self.take_word(&["and", "&&"]);
            let more = match self.tokens.peek().map(|token| &token.what) {
                None | Some(What::Close) => false,
                Some(What::Word(word)) => !is_one(word, &["or", "||"]),
                Some(_) => true,
            };
            if !explicit && !more {
                return Ok(single(list, Expr::And));
            }
            list.push(self.not()?);
        }
    }

    fn not(&mut self) -> Result<Expr, FilterError> {
        let column = self.column();
        let negated = self.tokens.next_if(|token| token.what == What::Not).is_some()
            || self.take_word(&["not"]);
        if !negated {
            return self.term();
        }
        self.deeper(column)?;
        let expr = self.not()?;
        self.depth -= 1;
        Ok(Expr::Not(Box::new(expr)))
    }

    fn term(&mut self) -> Result<Expr, FilterError> {
        let Some(token) = self.tokens.next() else {
            return Err(error(
                self.end,
                "something is missing here; write a test, such as port == 9000",
            ));
        };
        match token.what {
            What::Open => {
                self.deeper(token.column)?;
                let expr = self.or()?;
                self.depth -= 1;
                match self.tokens.next() {
                    Some(FilterToken { what: What::Close, .. }) => Ok(expr),
                    _ => Err(error(self.end, "a ')' is missing")),
                }
            }
            What::Close => Err(error(token.column, "nothing stands before this ')'")),
            What::Quoted(text) => contains(token.column, &text),
            What::Word(word) => self.word(token.column, &word),
            What::Not => Err(error(token.column, "write 'not' before a test")),
        }
    }

    /// A word is the start of a test when it names a field, else text to find.
    fn word(&mut self, column: usize, word: &str) -> Result<Expr, FilterError> {
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
        let Some(field) = FilterField::named(name) else { return self.plain(column, word) };
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
    fn plain(&mut self, column: usize, word: &str) -> Result<Expr, FilterError> {
        if let Some(FilterToken { what: What::Word(next), .. }) = self.tokens.peek()
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
        field: &FilterField,
    ) -> Result<Option<String>, FilterError> {
        let end = self.end;
        let at = self.tokens.peek().map_or(end, |token| token.column);
        let missing = || {
            let name = field.name;
            let message =
                format!("write {} (or {name:?} in quotes to find the word)", field.example);
            Err(error(if at == end { end } else { column }, message))
        };
        let Some(FilterToken { what: What::Word(word), .. }) = self.tokens.peek_mut() else {
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
            token.what = What::Word(value);
        }
        Ok(Some(sign))
    }

    /// Reads the value (unless it was glued to the operator) and makes the test.
    fn test(
        &mut self,
        column: usize,
        field: &FilterField,
        operator: Option<String>,
        value: Option<(usize, &str)>,
    ) -> Result<Expr, FilterError> {
        let (at, value) = match value {
            Some((at, value)) if !value.is_empty() => (at, value.to_string()),
            _ => match self.tokens.next() {
                Some(FilterToken { column, what: What::Word(text) | What::Quoted(text) }) => {
                    (column, text)
                }
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
        make(field, &operator, &value).map(Expr::Test).map_err(|message| error(at, message))
    }

    fn take_word(&mut self, words: &[&str]) -> bool {
        let is =
            |token: &FilterToken| matches!(&token.what, What::Word(word) if is_one(word, words));
        self.tokens.next_if(is).is_some()
    }

    fn column(&mut self) -> usize {
        self.tokens.peek().map_or(self.end, |token| token.column)
    }

    fn deeper(&mut self, column: usize) -> Result<(), FilterError> {
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

fn contains(column: usize, text: &str) -> Result<Expr, FilterError> {
    if text.is_empty() {
        return Err(error(column, "there is no text between the quotes"));
    }
    Ok(Expr::Test(Test::Text(TextPattern::new(text))))
}

fn default_operator(field: &FilterField) -> &'static str {
    field.operators.first().copied().unwrap_or("==")
}

/// Makes the test of a known operator; the error is the message about the value.
fn make(field: &FilterField, operator: &str, value: &str) -> Result<Test, String> {
    let is = if operator == "!=" { Is::Different } else { Is::Equal };
    let lower = value.to_ascii_lowercase();
    let one_of = || format!("'{value}' is none of {}", field.values.join(", "));
    match field.id {
        FilterFieldId::Port => match value.parse::<u16>() {
            Ok(port) => Ok(Test::Port(compare(operator), port.into())),
            Err(_) => Err(format!("'{value}' is not a port; write a number from 0 to 65535")),
        },
        FilterFieldId::Len => Ok(Test::Len(compare(operator), length(&lower)?)),
        FilterFieldId::Address => Ok(Test::Address(is, address(value)?)),
        FilterFieldId::Protocol => Ok(Test::Protocol(is, field::wire(&lower).ok_or_else(one_of)?)),
        FilterFieldId::Direction => {
            Ok(Test::Direction(is, field::direction(&lower).ok_or_else(one_of)?))
        }
        FilterFieldId::Kind => Ok(Test::Kind(is, field::kind(&lower).ok_or_else(one_of)?)),
        FilterFieldId::Side => Ok(Test::Side(is, field::side(&lower).ok_or_else(one_of)?)),
        FilterFieldId::Conn => Ok(Test::Conn(is, conn(value)?)),
        FilterFieldId::Session => match value.parse() {
            Ok(session) => Ok(Test::Session(is, SessionId(session))),
            Err(_) => Err(format!("'{value}' is not a session number; write {}", field.example)),
        },
        FilterFieldId::Text if value.is_empty() => {
            Err("there is no text between the quotes".into())
        }
        FilterFieldId::Text => Ok(Test::Text(TextPattern::new(value))),
        FilterFieldId::Hex => Ok(Test::Hex(BytesPattern::new(&hex(value)?))),
    }
}

fn compare(operator: &str) -> Compare {
    match operator {
        "!=" => Compare::Different,
        "<" => Compare::Less,
        "<=" => Compare::AtMost,
        ">" => Compare::Greater,
        ">=" => Compare::AtLeast,
        _ => Compare::Equal,
    }
}

fn length(value: &str) -> Result<u64, String> {
    let (digits, unit) = match (value.strip_suffix('k'), value.strip_suffix('m')) {
        (Some(digits), _) => (digits, 1024),
        (_, Some(digits)) => (digits, 1024 * 1024),
        _ => (value, 1),
    };
    let number: Option<u64> = digits.parse().ok();
    number.and_then(|number| number.checked_mul(unit)).ok_or_else(|| {
        format!("'{value}' is not a length; write a number of bytes, such as 64 or 4k")
    })
}

fn address(value: &str) -> Result<AddressPattern, String> {
    let wrong = || {
        format!(
            "'{value}' is not an IP address; write 127.0.0.1, 127.0.0.1:9000, [::1]:9000 or 10.0.0.0/8"
        )
    };
    if let Some((ip, prefix)) = value.split_once('/') {
        let ip: IpAddr = ip.parse().map_err(|_| wrong())?;
        let most = if ip.is_ipv4() { 32 } else { 128 };
        let prefix: u8 = prefix.parse().map_err(|_| wrong())?;
        if prefix > most {
            return Err(format!("a block of this family has a prefix of 0 to {most}"));
        }
        return Ok(AddressPattern::Block { ip, prefix });
    }
    if value.eq_ignore_ascii_case("localhost") {
        return Err("write 127.0.0.1 or ::1; a filter compares addresses, not names".into());
    }
    let ip = value.parse().map(AddressPattern::Ip);
    ip.or_else(|_| value.parse().map(AddressPattern::Socket)).map_err(|_| wrong())
}

fn conn(value: &str) -> Result<ConnId, String> {
    let parts = value.split_once('/');
    parts
        .and_then(|(session, index)| {
            Some(SessionId(session.parse().ok()?).conn(index.parse().ok()?))
        })
        .ok_or_else(|| format!("'{value}' is not a connection; write session/number, such as 3/1"))
}

fn hex(value: &str) -> Result<Vec<u8>, String> {
    let digits: Vec<u8> = value
        .chars()
        .filter(|c| !matches!(c, ' ' | ':' | '-' | ','))
        .map(|c| c.to_digit(16).map(|digit| digit as u8))
        .collect::<Option<_>>()
        .ok_or_else(|| format!("'{value}' is not hex; write digits, such as 0d0a"))?;
    let (pairs, odd) = digits.as_chunks::<2>();
    if !odd.is_empty() {
        return Err("a byte takes two hex digits; one digit is missing or too many".into());
    }
    if pairs.is_empty() {
        return Err("there are no hex digits; write some, such as 0d0a".into());
    }
    Ok(pairs.iter().map(|[high, low]| high << 4 | low).collect())
}
