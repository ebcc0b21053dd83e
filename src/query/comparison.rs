//! What an answer is compared with: the value of an expectation.
//!
//! ```text
//!   comparison = value | test { "and" test }        test  = ["not"] ( "exists" | "absent" | op value )
//!   op = == != < <= > >= contains matches in        value = text | 'text' | a..b | JSON | {a, b}
//! ```
//! A value alone is compared as a whole, so that texts need no quotes; behind an operator a text with
//! spaces does. What is equal is equal in case, too; `contains` and `matches` without capitals find both.

use std::ops::RangeBounds as _;

use serde_json::Value;

use super::answered::{Answered, whole};
use super::facets::FacetKind;
use super::fields::QueryValue;
use super::pattern::{DataPattern, NumberRange, RegexTest};
use super::question::FacetQuestion;
use super::scanner::{QueryError, Scanner, error};
use super::told_test::{ToldTest, range_ends};
use super::value;
use crate::codec::search::Needle;

/// Tests that all have to hold.
#[derive(Debug, Clone, PartialEq)]
pub struct FacetTest {
    tests: Vec<(bool, AnswerTest)>,
}

/// A test of one answer.
#[derive(Debug, Clone, PartialEq)]
enum AnswerTest {
    Exists,
    /// A number, a size or nanoseconds lies in any of these.
    Numbers(Vec<NumberRange>),
    /// It is any of these texts.
    Is(Vec<Vec<u8>>),
    Contains(DataPattern),
    Matches(RegexTest),
    /// Bytes of which some may be any, from the first to the last or anywhere.
    Hex {
        bytes: Vec<Option<u8>>,
        is_whole: bool,
    },
    JsonIs(Vec<Value>),
    JsonHas(Value),
    JsonNumber(&'static str, f64),
    YesNo(bool),
}

const SIGNS: [&str; 7] = ["==", "!=", "<=", ">=", "<", ">", "="];
/// A schema is looked at whole.
const NO_TEST: &str = "the value is a file with a JSON Schema, or the schema itself";

const WORDS: [&str; 5] = ["contains", "matches", "in", "exists", "absent"];

impl FacetTest {
    /// Reads what the answer to this question is compared with; an error names the column and what to
    /// write.
    ///
    /// # Errors
    /// When it cannot be compared so.
    pub fn parse(question: &FacetQuestion, text: &str) -> Result<Self, QueryError> {
        let mut reader = ComparisonReader { question, scanner: Scanner::new(text), text };
        let tests = reader.all()?;
        Ok(FacetTest { tests })
    }

    /// Whether an answer is as wanted.
    #[must_use]
    pub fn holds(&self, answer: &Answered) -> bool {
        self.tests.iter().all(|(wanted, test)| {
            if answer.is_nothing() && !matches!(test, AnswerTest::Exists) {
                return false;
            }
            test.holds(answer) == *wanted
        })
    }

    /// The one value it is to be equal to, where that is all that is asked of JSON.
    pub(super) fn equal_json(&self) -> Option<&Value> {
        match self.tests.as_slice() {
            [(true, AnswerTest::JsonIs(values))] if values.len() == 1 => values.first(),
            [(true, AnswerTest::JsonHas(value))] => Some(value),
            _ => None,
        }
    }

    /// The text it is to be equal to, where that is all that is asked.
    pub(super) fn equal_text(&self) -> Option<&[u8]> {
        match self.tests.as_slice() {
            [(true, AnswerTest::Is(texts))] if texts.len() == 1 => texts.first().map(Vec::as_slice),
            _ => None,
        }
    }

    /// What is tested, in words that others can be told it in: each test, and whether it shall hold.
    #[must_use]
    pub(crate) fn told(&self) -> Vec<(bool, ToldTest)> {
        self.tests.iter().map(|(wanted, test)| (*wanted, test.told())).collect()
    }

    /// The bytes it is to be from the first to the last, or is to have, where that is all that is asked.
    pub(super) fn bytes_wanted(&self) -> Option<(&[Option<u8>], bool)> {
        match self.tests.as_slice() {
            [(true, AnswerTest::Hex { bytes, is_whole })] => Some((bytes, *is_whole)),
            _ => None,
        }
    }

    /// Whether less than all is asked for: a part of an object, an element of a list.
    pub(super) fn is_part(&self) -> bool {
        matches!(self.tests.as_slice(), [(true, AnswerTest::JsonHas(_))])
    }
}

impl AnswerTest {
    fn told(&self) -> ToldTest {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).ok();
        let told = match self {
            AnswerTest::Exists => Some(ToldTest::Exists),
            AnswerTest::Numbers(ranges) => {
                let of = |range: &NumberRange| range_ends(range);
                Some(ToldTest::Numbers(ranges.iter().map(of).collect()))
            }
            AnswerTest::Is(texts) => {
                texts.iter().map(|it| text(it)).collect::<Option<_>>().map(ToldTest::Is)
            }
            AnswerTest::Contains(pattern) => {
                let (Needle::Text(bytes) | Needle::Bytes(bytes)) = &pattern.needle;
                text(bytes).map(|text| ToldTest::Contains(text, pattern.is_any_case()))
            }
            AnswerTest::Matches(regex) => {
                let (source, is_any_case) = regex.told();
                Some(ToldTest::Matches(source.to_owned(), is_any_case))
            }
            AnswerTest::JsonIs(values) => Some(ToldTest::Json(values.clone())),
            AnswerTest::JsonNumber(sign, number) => Some(ToldTest::JsonNumber(sign, *number)),
            AnswerTest::YesNo(yes) => Some(ToldTest::YesNo(*yes)),
            _ => None,
        };
        told.unwrap_or(ToldTest::Other)
    }

    fn holds(&self, answer: &Answered) -> bool {
        match (self, answer) {
            (AnswerTest::Exists, answer) => !answer.is_nothing(),
            (AnswerTest::Numbers(ranges), Answered::Number(it) | Answered::Size(it)) => {
                ranges.iter().any(|range| range.contains(it))
            }
            (AnswerTest::Numbers(ranges), Answered::Time(time)) => {
                let nanos = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
                ranges.iter().any(|range| range.contains(&nanos))
            }
            (AnswerTest::YesNo(wanted), Answered::YesNo(yes)) => wanted == yes,
            (test, Answered::Texts(texts)) => texts.iter().any(|text| test.of_bytes(text)),
            (test, Answered::Bytes(bytes)) => test.of_bytes(bytes),
            (test, Answered::Json(values)) => test.of_json(&whole(values)),
            _ => false,
        }
    }

    fn of_bytes(&self, bytes: &[u8]) -> bool {
        match self {
            AnswerTest::Is(wanted) => wanted.iter().any(|wanted| wanted == bytes),
            AnswerTest::Contains(pattern) => pattern.is_in(bytes),
            AnswerTest::Matches(regex) => regex.is_in(bytes),
            AnswerTest::Hex { bytes: wanted, is_whole } => {
                let is_here = |part: &[u8]| {
                    part.iter()
                        .zip(wanted)
                        .all(|(byte, wanted)| wanted.is_none_or(|it| it == *byte))
                };
                let fits = bytes.len() >= wanted.len();
                match is_whole {
                    true => bytes.len() == wanted.len() && is_here(bytes),
                    false => fits && bytes.windows(wanted.len()).any(is_here),
                }
            }
            _ => false,
        }
    }

    fn of_json(&self, value: &Value) -> bool {
        match self {
            AnswerTest::JsonIs(wanted) => wanted.iter().any(|wanted| is_same(value, wanted)),
            AnswerTest::JsonHas(part) => has(value, part),
            AnswerTest::JsonNumber(operator, wanted) => {
                value.as_f64().is_some_and(|it| match *operator {
                    "<" => it < *wanted,
                    "<=" => it <= *wanted,
                    ">" => it > *wanted,
                    _ => it >= *wanted,
                })
            }
            AnswerTest::Matches(_) | AnswerTest::Contains(_) => match value {
                Value::String(text) => self.of_bytes(text.as_bytes()),
                other => self.of_bytes(other.to_string().as_bytes()),
            },
            _ => false,
        }
    }
}

/// Whether two values are the same; numbers are by what they are, not by how they are written.
pub(super) fn is_same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => {
            one == other || (one.is_f64() || other.is_f64()) && one.as_f64() == other.as_f64()
        }
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len()
                && one.iter().zip(other).all(|(one, other)| is_same(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            one.len() == other.len()
                && one
                    .iter()
                    .all(|(name, value)| other.get(name).is_some_and(|other| is_same(value, other)))
        }
        (one, other) => one == other,
    }
}

/// Whether a value has a part: members of an object, elements of a list, text in a text.
pub(crate) fn has(value: &Value, part: &Value) -> bool {
    match (value, part) {
        (Value::Object(members), Value::Object(parts)) => parts.iter().all(|(name, part)| {
            members.get(name).is_some_and(|value| is_same(value, part) || has_inside(value, part))
        }),
        (Value::Array(list), Value::Array(parts)) => parts
            .iter()
            .all(|part| list.iter().any(|value| is_same(value, part) || has_inside(value, part))),
        (Value::Array(list), part) => {
            list.iter().any(|value| is_same(value, part) || has_inside(value, part))
        }
        (Value::String(text), Value::String(part)) => {
            DataPattern::new(Needle::Text(part.clone().into_bytes())).is_in(text.as_bytes())
        }
        (value, part) => is_same(value, part),
    }
}

/// The same of what lies inside: there a text is a whole text.
fn has_inside(value: &Value, part: &Value) -> bool {
    let is_nested = |value: &Value| value.is_object() || value.is_array();
    is_nested(value) && is_nested(part) && has(value, part)
}

struct ComparisonReader<'a> {
    question: &'a FacetQuestion,
    scanner: Scanner,
    text: &'a str,
}

impl ComparisonReader<'_> {
    fn all(&mut self) -> Result<Vec<(bool, AnswerTest)>, QueryError> {
        let mut tests = Vec::new();
        loop {
            self.scanner.skip_space();
            let column = self.scanner.column();
            let is_wanted = !self.scanner.take_word("not");
            self.scanner.skip_space();
            let Some(operator) = self.operator()? else {
                if tests.is_empty() && is_wanted {
                    return Ok(vec![(true, self.alone()?)]);
                }
                self.scanner.go_to(column);
                if tests.is_empty() {
                    return Ok(vec![(true, self.alone()?)]);
                }
                let known = self.question.operators().join(" ");
                return Err(error(column, format!("a test is missing here; write one of {known}")));
            };
            let (is_equal, test) = self.test(operator)?;
            tests.push((is_wanted == is_equal, test));
            self.scanner.skip_space();
            if self.scanner.is_over() {
                return Ok(tests);
            }
            if !self.scanner.take_word("and") && !self.scanner.take("&&") {
                let message = "something stands behind the value; put text with spaces in quotes: contains 'a b'";
                return Err(error(self.scanner.column(), message));
            }
        }
    }

    /// The operator that stands here; `None` = what stands here is a value.
    fn operator(&mut self) -> Result<Option<&'static str>, QueryError> {
        let column = self.scanner.column();
        let takes = self.question.operators();
        if let Some(word) = WORDS.iter().find(|word| self.scanner.take_word(word)) {
            self.scanner.skip_space();
            let next = self.scanner.peek();
            let is_one = match *word {
                "exists" | "absent" => next.is_none() || self.continues(),
                "in" => matches!(next, Some('{' | '[')),
                _ => next.is_some(),
            };
            if is_one && (takes.contains(word) || ["exists", "absent"].contains(word)) {
                return Ok(Some(word));
            }
            if is_one {
                return Err(self.refused(column, word));
            }
            self.scanner.go_to(column);
            return Ok(None);
        }
        let Some(sign) = SIGNS.iter().find(|sign| self.scanner.take(sign)) else { return Ok(None) };
        let sign = if *sign == "=" { "==" } else { sign };
        self.scanner.skip_space();
        // `<html>` is a text.
        let orders = !["==", "!="].contains(&sign);
        let is_value = orders && (!takes.contains(&sign) || !self.number_follows());
        let is_of_numbers = takes.contains(&"<") && self.question.kind() != FacetKind::Json;
        if is_value && !is_of_numbers {
            self.scanner.go_to(column);
            return Ok(None);
        }
        Ok(Some(sign))
    }

    fn continues(&mut self) -> bool {
        let column = self.scanner.column();
        let goes_on = self.scanner.take_word("and") || self.scanner.take("&&");
        self.scanner.go_to(column);
        goes_on
    }

    fn number_follows(&self) -> bool {
        self.scanner
            .peek()
            .is_some_and(|c| c.is_ascii_digit() || matches!(c, '-' | '.' | '\'' | '"'))
    }

    fn refused(&self, column: usize, operator: &str) -> QueryError {
        let name = self.question.text();
        let takes = self.question.operators().join(" ");
        error(column, format!("'{operator}' says nothing of {name}, which takes {takes}"))
    }

    /// A value without an operator: it is to be that.
    fn alone(&mut self) -> Result<AnswerTest, QueryError> {
        let text = self.text.trim();
        if text.is_empty() {
            let message = "what it shall be is missing; write a value, or exists";
            return Err(error(1, message));
        }
        let said = |why: String| error(1, why);
        match self.question.kind() {
            FacetKind::Like(QueryValue::Text | QueryValue::Bytes) => {
                let text = unquoted(self.text).unwrap_or_else(|| self.text.to_owned());
                self.equal(&text, false).map_err(said)
            }
            FacetKind::Like(kind) => {
                let text = unquoted(text).unwrap_or_else(|| text.to_owned());
                let range = value::numbers(kind, "==", text.trim()).map_err(said)?;
                Ok(AnswerTest::Numbers(vec![range]))
            }
            FacetKind::Json => Ok(AnswerTest::JsonIs(vec![literal(self.text)])),
            FacetKind::YesNo => yes_no(text).map_err(said),
            FacetKind::Schema => Err(said(NO_TEST.into())),
        }
    }

    /// It is to be this text, or these bytes.
    fn equal(&self, text: &str, is_quoted: bool) -> Result<AnswerTest, String> {
        let is_bytes = self.question.kind() == FacetKind::Like(QueryValue::Bytes);
        // Digits in groups are bytes, too, where it begins as they do.
        let joined: String = text.split_whitespace().collect();
        let is_grouped = text.starts_with("0x") && is_hex(&joined);
        if is_bytes && !is_quoted && (is_grouped || is_hex(text)) {
            return Ok(AnswerTest::Hex { bytes: hex(&joined)?, is_whole: true });
        }
        Ok(AnswerTest::Is(vec![text.as_bytes().to_vec()]))
    }

    /// The test that an operator begins, and whether it shall hold.
    fn test(&mut self, operator: &'static str) -> Result<(bool, AnswerTest), QueryError> {
        let column = self.scanner.column();
        let is_equal = operator != "!=";
        let operator = if is_equal { operator } else { "==" };
        if operator == "exists" {
            return Ok((true, AnswerTest::Exists));
        }
        if operator == "absent" {
            return Ok((false, AnswerTest::Exists));
        }
        let kind = self.question.kind();
        if operator == "matches" {
            let written = self.written(true)?;
            let regex = RegexTest::new(&written.0).map_err(|why| error(column, why))?;
            return Ok((true, AnswerTest::Matches(regex)));
        }
        if operator == "in" {
            return Ok((true, self.list()?));
        }
        if kind == FacetKind::Json {
            return Ok((is_equal, self.json(operator)?));
        }
        let (value, is_quoted) = self.written(false)?;
        let test = match kind {
            FacetKind::Like(QueryValue::Text | QueryValue::Bytes) if operator == "contains" => {
                self.contains(&value, is_quoted)
            }
            FacetKind::Like(QueryValue::Text | QueryValue::Bytes) => self.equal(&value, is_quoted),
            FacetKind::YesNo => yes_no(&value),
            FacetKind::Like(kind) => super::value::numbers(kind, operator, &value)
                .map(|range| AnswerTest::Numbers(vec![range])),
            FacetKind::Json => Ok(AnswerTest::Exists),
            FacetKind::Schema => Err(NO_TEST.into()),
        };
        test.map(|test| (is_equal, test)).map_err(|why| error(column, why))
    }

    fn contains(&self, text: &str, is_quoted: bool) -> Result<AnswerTest, String> {
        let is_bytes = self.question.kind() == FacetKind::Like(QueryValue::Bytes);
        if is_bytes && !is_quoted && is_hex(text) {
            return Ok(AnswerTest::Hex { bytes: hex(text)?, is_whole: false });
        }
        value::needle(text).map(AnswerTest::Contains)
    }

    fn json(&mut self, operator: &'static str) -> Result<AnswerTest, QueryError> {
        let column = self.scanner.column();
        let value = self.json_value()?;
        Ok(match operator {
            "==" => AnswerTest::JsonIs(vec![value]),
            "contains" => AnswerTest::JsonHas(value),
            _ => {
                let number = value
                    .as_f64()
                    .ok_or_else(|| error(column, format!("behind {operator} stands a number")))?;
                AnswerTest::JsonNumber(operator, number)
            }
        })
    }

    /// A value of JSON up to its end; a bare word is a text.
    fn json_value(&mut self) -> Result<Value, QueryError> {
        let column = self.scanner.column();
        let rest: String = self.text.chars().skip(column - 1).collect();
        let mut values = serde_json::Deserializer::from_str(&rest).into_iter::<Value>();
        if let Some(Ok(value)) = values.next() {
            let taken = rest.get(..values.byte_offset()).map_or(0, |taken| taken.chars().count());
            let next = rest.chars().nth(taken);
            if next.is_none_or(|c| c.is_whitespace() || matches!(c, ',' | '}')) {
                self.scanner.go_to(column + taken);
                return Ok(value);
            }
        }
        if rest.starts_with(['{', '[']) {
            return Err(error(column, "this is no JSON"));
        }
        Ok(Value::String(self.written(false)?.0))
    }

    /// Values in braces, or in brackets as JSON.
    fn list(&mut self) -> Result<AnswerTest, QueryError> {
        let column = self.scanner.column();
        let said = |why: String| error(column, why);
        if self.scanner.peek() == Some('[') {
            let Value::Array(values) = self.json_value()? else {
                return Err(said("this is no list".into()));
            };
            return self
                .any_of(
                    values
                        .into_iter()
                        .map(|value| match value {
                            Value::String(text) => (text, true),
                            other => (other.to_string(), false),
                        })
                        .collect(),
                )
                .map_err(said);
        }
        self.scanner.take("{");
        let mut texts = Vec::new();
        loop {
            self.scanner.until(|c| !c.is_whitespace() && c != ',');
            if self.scanner.take("}") {
                break;
            }
            let written = self.scanner.value(&[',', '}'], false)?;
            let written =
                written.ok_or_else(|| error(column, "a '}' is missing at the end of the list"))?;
            texts.push((written.text, written.is_quoted));
        }
        self.any_of(texts).map_err(said)
    }

    fn any_of(&self, texts: Vec<(String, bool)>) -> Result<AnswerTest, String> {
        if texts.is_empty() {
            return Err("there is nothing in this list; write one, such as {200, 201}".into());
        }
        match self.question.kind() {
            FacetKind::Json => {
                let value = |(text, is_quoted): (String, bool)| {
                    if is_quoted { Value::String(text) } else { literal(&text) }
                };
                Ok(AnswerTest::JsonIs(texts.into_iter().map(value).collect()))
            }
            FacetKind::Like(QueryValue::Text | QueryValue::Bytes) => {
                Ok(AnswerTest::Is(texts.into_iter().map(|(text, _)| text.into_bytes()).collect()))
            }
            FacetKind::YesNo => Err("write true or false".into()),
            FacetKind::Schema => Err(NO_TEST.into()),
            FacetKind::Like(kind) => {
                let range = |(text, _): &(String, bool)| value::numbers(kind, "==", text);
                texts.iter().map(range).collect::<Result<_, _>>().map(AnswerTest::Numbers)
            }
        }
    }

    /// A text up to a space, or in quotes.
    fn written(&mut self, is_regex: bool) -> Result<(String, bool), QueryError> {
        let column = self.scanner.column();
        let written = self.scanner.value(&[], is_regex)?;
        let written =
            written.ok_or_else(|| error(column, "a value is missing behind the operator"))?;
        Ok((written.text, written.is_quoted))
    }
}

/// A whole text as a value of JSON: a text unless it is one of another kind.
fn literal(text: &str) -> Value {
    if let Some(text) = unquoted(text) {
        return Value::String(text);
    }
    serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned()))
}

/// What stands in single quotes.
fn unquoted(text: &str) -> Option<String> {
    let mut scanner = Scanner::new(text.trim());
    let written = scanner.value(&[], false).ok().flatten()?;
    (scanner.is_over() && written.is_quoted && text.trim().starts_with('\''))
        .then_some(written.text)
}

fn yes_no(text: &str) -> Result<AnswerTest, String> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "yes" => Ok(AnswerTest::YesNo(true)),
        "false" | "no" => Ok(AnswerTest::YesNo(false)),
        _ => Err(format!("'{text}' is neither true nor false")),
    }
}

/// Whether a text is meant as bytes: as in filters, or with `??` for any byte.
fn is_hex(text: &str) -> bool {
    value::looks_like_hex(&text.replace('?', "0"))
}

/// Bytes as hex digits, in groups or not; `??` is any byte.
///
/// # Errors
/// What is wrong with them.
pub(crate) fn pattern_of_bytes(text: &str) -> Result<Vec<Option<u8>>, String> {
    let pieces: Result<Vec<_>, String> = text.split_whitespace().map(hex).collect();
    let pattern = pieces?.concat();
    if pattern.is_empty() {
        Err("a byte is two hex digits, or ?? for any".into())
    } else {
        Ok(pattern)
    }
}

fn hex(text: &str) -> Result<Vec<Option<u8>>, String> {
    let digits = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")).unwrap_or(text);
    let digits: Vec<char> = digits.chars().filter(|c| *c != ':').collect();
    let (pairs, odd) = digits.as_chunks::<2>();
    if !odd.is_empty() {
        return Err("a byte takes two hex digits; one digit is missing or too many".into());
    }
    let byte = |pair: &[char; 2]| match pair {
        ['?', '?'] => Ok(None),
        [high, low] => match (high.to_digit(16), low.to_digit(16)) {
            (Some(high), Some(low)) => Ok(Some((high << 4 | low) as u8)),
            _ => Err("a byte is two hex digits, or ?? for any".to_owned()),
        },
    };
    pairs.iter().map(byte).collect()
}
