//! The expression language: how it is read. Every error says what to write instead.
//!
//! The parser also notes what it expected where the text ended, so what completes a text is read by
//! the same grammar (`completion.rs`).

use super::expr::{Expr, RecordTest, Test};
use super::fields::{BARE, FIELDS, QueryField, QueryValue, STATE};
use super::foreign;
use super::json_test;
use super::operators::{SIGNS, operator_word, sign};
use super::pattern::Slice;
use super::scanner::{QueryError, Scanner, Written, error};
use super::subject::QuerySubject;
use super::value::{self, Asked};

/// Deepest nesting of `not` and parentheses; nobody types more, and recursion stays bounded.
const DEPTH_MAX: usize = 64;

/// What is said of lists as others write them.
const OTHER_LIST: &str = "a list stands in braces; write one, such as {80, 443, 8000..8010}";

/// What was expected where the text ended, and the column where it begins.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reach {
    pub(super) column: usize,
    pub(super) expects: Expects,
}

/// What can stand somewhere.
#[derive(Debug, Clone, Copy)]
pub(super) enum Expects {
    /// A test, or a word that joins one.
    Test,
    Operator(&'static QueryField),
    Value(&'static QueryField),
}

/// Reads one text.
pub(super) struct Parser {
    scanner: Scanner,
    /// Nanoseconds that the clock of whoever asks is ahead of stamps.
    ahead: i64,
    /// What rules of a listener know may be asked for.
    of_rule: bool,
    depth: usize,
    pub(super) reach: Option<Reach>,
    /// Columns of the tests that are joined by `and` outside all parentheses.
    pub(super) parts: Vec<(usize, usize)>,
}

type Parsed = Result<Expr<Test>, QueryError>;

impl Parser {
    /// Before the first character.
    pub(super) fn new(text: &str, ahead: i64) -> Self {
        let scanner = Scanner::new(text);
        Parser { scanner, ahead, of_rule: false, depth: 0, reach: None, parts: Vec::new() }
    }

    /// The same of the condition of a rule of a listener.
    pub(super) fn of_rule(text: &str) -> Self {
        Parser { of_rule: true, ..Parser::new(text, 0) }
    }

    /// All of nothing for blank text; an error names the column, from 1, and what to write.
    pub(super) fn parse(&mut self) -> Parsed {
        self.scanner.skip_space();
        if self.scanner.is_over() {
            self.expect(Expects::Test);
            return Ok(Expr::All(Vec::new()));
        }
        let expr = self.or()?;
        if self.scanner.is_over() {
            Ok(expr)
        } else {
            Err(error(self.scanner.column(), "this ')' closes nothing; remove it"))
        }
    }

    fn or(&mut self) -> Parsed {
        let mut list = vec![self.and()?];
        while self.take_word(&["or", "||"]) {
            list.push(self.and()?);
        }
        Ok(Expr::joined(list, Expr::Any))
    }

    fn and(&mut self) -> Parsed {
        let mut list = vec![self.part()?];
        loop {
            let is_explicit = self.take_word(&["and", "&&"]);
            if !is_explicit && !self.has_more() {
                return Ok(Expr::joined(list, Expr::All));
            }
            list.push(self.part()?);
        }
    }

    /// One of those that are joined; outside of parentheses its place is noted.
    fn part(&mut self) -> Parsed {
        self.scanner.skip_space();
        let column = self.scanner.column();
        let expr = self.not()?;
        if self.depth == 0 {
            self.parts.push((column, self.scanner.column()));
        }
        Ok(expr)
    }

    /// Whether another test comes that is joined without a word.
    fn has_more(&mut self) -> bool {
        self.scanner.skip_space();
        let column = self.scanner.column();
        let is_or = self.take_word(&["or", "||"]);
        self.scanner.go_to(column);
        match self.scanner.peek() {
            None => {
                self.expect(Expects::Test);
                false
            }
            Some(c) => c != ')' && !is_or,
        }
    }

    fn not(&mut self) -> Parsed {
        self.scanner.skip_space();
        let column = self.scanner.column();
        let is_sign = self.scanner.take("!");
        if is_sign && self.scanner.peek() != Some('=') {
            return self.nested(column, Parser::not).map(Expr::negated);
        }
        self.scanner.go_to(column);
        if self.take_word(&["not"]) {
            return self.nested(column, Parser::not).map(Expr::negated);
        }
        self.term()
    }

    fn term(&mut self) -> Parsed {
        self.scanner.skip_space();
        let column = self.scanner.column();
        match self.scanner.peek() {
            None => {
                self.expect(Expects::Test);
                let message = "something is missing here; write a test, such as port == 9000";
                Err(error(column, message))
            }
            Some('(') => {
                self.scanner.go_to(column + 1);
                let expr = self.nested(column, Parser::or)?;
                if self.scanner.take(")") {
                    return Ok(expr);
                }
                Err(error(self.scanner.column(), "a ')' is missing"))
            }
            Some(')') => Err(error(column, "nothing stands before this ')'")),
            Some('"' | '\'') => {
                let quoted = self.scanner.value(&[], false)?;
                let text = quoted.map_or_else(String::new, |quoted| quoted.text);
                contains(column, &text)
            }
            Some(_) => self.word(column),
        }
    }

    /// A word is the start of a test when it names a field, else text to find.
    fn word(&mut self, column: usize) -> Parsed {
        let word = self.scanner.word();
        // Behind the name of a field that may stand alone an operator is begun rather than a test.
        let is_operator = matches!(
            self.reach,
            Some(Reach { column: at, expects: Expects::Operator(_) }) if at == column
        );
        if self.scanner.is_over() && !is_operator {
            self.reach = Some(Reach { column, expects: Expects::Test });
        }
        if is_one(&word, &["and", "&&", "or", "||"]) {
            let message = format!(
                "a test is missing beside '{word}'; put {word:?} in quotes to find it as text"
            );
            return Err(error(column, message));
        }
        if SIGNS.iter().any(|(written, _)| *written == word) {
            let message =
                format!("no field stands before {word}; write a test, such as port == 9000");
            return Err(error(column, message));
        }
        let name: String = word.chars().take_while(char::is_ascii_alphabetic).collect();
        let rest = word.split_at(name.len()).1;
        let own = Some(&STATE).filter(|own| self.of_rule && own.name == name);
        let field = own.or_else(|| QueryField::named(&name));
        let has_path = || self.scanner.behind_space() == Some('.');
        let field = field.filter(|field| {
            is_test(field, rest) && (field.value != QueryValue::Json || has_path())
        });
        let Some(field) = field else { return self.plain(column, &word) };
        if field.value == QueryValue::Json {
            self.reach = None;
            let test = json_test::read(&mut self.scanner, field.example)?;
            return Ok(Expr::Test(true, RecordTest::Json(Box::new(test)).into()));
        }
        self.scanner.go_to(column + name.len());
        let asked = self.asked(field)?;
        if self.scanner.is_over() && field.is_optional {
            // It could go on: 'status' is a test, and the beginning of one.
            return value::exists(&asked).map_err(|message| error(column, message));
        }
        let Some(operator) = self.operator(column, field)? else {
            return value::exists(&asked).map_err(|message| error(column, message));
        };
        self.test(column, &asked, operator)
    }

    /// The name of a header, or the part that is cut out.
    fn asked(&mut self, field: &'static QueryField) -> Result<Asked, QueryError> {
        let mut asked =
            Asked { field, name: String::new(), slice: Slice::Whole, ahead: self.ahead };
        if field.takes_name() {
            let column = self.scanner.column();
            let is_end = |c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_'));
            asked.name =
                if self.scanner.take(".") { self.scanner.until(is_end) } else { String::new() };
            if field.subject == QuerySubject::Header {
                asked.name.make_ascii_lowercase();
            }
            if asked.name.is_empty() {
                let (name, example) = (field.name, field.example);
                let message = match field.subject {
                    QuerySubject::Header => {
                        "the name of a header is missing; write header.content-type contains json"
                            .to_owned()
                    }
                    _ => format!("a name is missing behind {name}; write {example}"),
                };
                return Err(error(column, message));
            }
        }
        let column = self.scanner.column();
        if field.takes_slice() && self.scanner.take("[") {
            let inside = self.scanner.until(|c| c == ']' || c.is_whitespace());
            let is_closed = self.scanner.take("]");
            // What is not closed is no slice.
            let slice = value::slice(if is_closed { &inside } else { "" });
            asked.slice = slice.map_err(|message| error(column, message))?;
        }
        Ok(asked)
    }

    /// Text to find, unless it was meant as a field that does not exist.
    fn plain(&mut self, column: usize, word: &str) -> Parsed {
        if let Some((_, test)) = BARE.iter().find(|(bare, _)| word.eq_ignore_ascii_case(bare)) {
            return Parser::new(test, self.ahead).parse();
        }
        let after = self.scanner.column();
        self.scanner.skip_space();
        let operator = self.sign().or_else(|| self.operator_word());
        self.scanner.skip_space();
        let value = self.scanner.as_written();
        self.scanner.go_to(after);
        match foreign::meant(word, operator, &value) {
            Some(message) => Err(error(column, message)),
            None => contains(column, word),
        }
    }

    /// The operator after a field name, alone or glued to its value; `None` = there is none, and the
    /// name is a test by itself.
    fn operator(
        &mut self,
        column: usize,
        field: &'static QueryField,
    ) -> Result<Option<&'static str>, QueryError> {
        let first = field.value.operators().first().copied();
        if let Some(first) = first
            && self.scanner.take(":")
        {
            // port:>9000 reads as well as port:9000
            return Ok(Some(self.sign().unwrap_or(first)));
        }
        let after = self.scanner.column();
        self.scanner.skip_space();
        let begins = self.scanner.column();
        let found = self.sign().or_else(|| self.operator_word());
        if let Some(operator) = found.or_else(|| self.list_operator(field)) {
            return Ok(Some(operator));
        }
        let rest = self.scanner.until(char::is_whitespace);
        if self.scanner.is_over() && begins > after {
            self.reach = Some(Reach { column: begins, expects: Expects::Operator(field) });
        }
        self.scanner.go_to(after);
        let QueryField { name, example, .. } = field;
        let quoted = format!("(or {name:?} in quotes to find the word)");
        // `port 80` and `host 10.0.0.1`, as tcpdump has them.
        if *name == "host" && foreign::is_address(&rest) {
            return Err(error(column, format!("write addr == {rest} {quoted}")));
        }
        if field.is_optional {
            return Ok(None);
        }
        let at = if rest.is_empty() { begins.min(self.end()) } else { column };
        let meant = format!("{name} == {}", rest.trim_end_matches([')', '(']));
        let is_one = !rest.is_empty() && super::Filter::parse(&meant).is_ok();
        let meant = if is_one { &meant } else { *example };
        Err(error(at, format!("write {meant} {quoted}")))
    }

    /// Column behind the last character that is no space.
    fn end(&self) -> usize {
        self.scanner.column()
    }

    /// Takes the sign that comes next.
    fn sign(&mut self) -> Option<&'static str> {
        sign(&mut self.scanner)
    }

    /// Takes the operator that comes next as a word.
    fn operator_word(&mut self) -> Option<&'static str> {
        operator_word(&mut self.scanner)
    }

    /// Takes `in` before a list or a block; before anything else it may be the direction.
    fn list_operator(&mut self, field: &'static QueryField) -> Option<&'static str> {
        let column = self.scanner.column();
        if field.value.operators().contains(&"in") && self.scanner.take_word("in") {
            self.scanner.skip_space();
            let next = self.scanner.peek();
            let begins = |c: char| c == '{' || (c.is_ascii_digit() && !field.is_text());
            if !field.is_optional || next.is_some_and(begins) {
                return Some("in");
            }
        }
        self.scanner.go_to(column);
        None
    }

    /// Reads the value and makes the test.
    fn test(&mut self, column: usize, asked: &Asked, operator: &'static str) -> Parsed {
        let field = asked.field;
        let (name, operators) = (field.title(), field.value.operators());
        if !operators.contains(&operator) {
            let takes = match operators {
                [] => "stands alone".into(),
                _ => format!("takes {}", field.operators_told()),
            };
            return Err(error(column, format!("{name} {takes}; write {}", field.example)));
        }
        self.scanner.skip_space();
        if operator == "in" && self.scanner.take("{") {
            return self.list(asked);
        }
        let begins = self.scanner.column();
        let is_address = field.value == QueryValue::Address;
        let other = |next: Option<char>| next == Some('(') || next == Some('[') && !is_address;
        if operator == "in" && other(self.scanner.peek()) {
            return Err(error(begins, OTHER_LIST));
        }
        let value = self.value(field, &['(', ')'], operator == "matches")?;
        let is_listed = |it: &Written| !it.is_quoted && it.text.contains(',');
        if operator == "in" && value.as_ref().is_some_and(is_listed) {
            return Err(error(begins, OTHER_LIST));
        }
        let Some(value) = value else {
            let at = self.scanner.column();
            return Err(error(at, format!("a value is missing; write {}", field.example)));
        };
        let operator = if operator == "in" { "==" } else { operator };
        let value = self.with_more_digits(asked, operator, value);
        make(asked, operator, &value)
    }

    /// Takes the bytes that stand behind the first one, as in `hex contains 0d 0a`: nobody means
    /// a text by them, which quotes make of them.
    fn with_more_digits(&mut self, asked: &Asked, operator: &str, mut value: Written) -> Written {
        if value.is_quoted || !value::takes_digits(asked, operator, &value) {
            return value;
        }
        loop {
            let after = self.scanner.column();
            self.scanner.skip_space();
            let word = self.scanner.until(|c| c.is_whitespace() || matches!(c, '(' | ')'));
            if !value::goes_on_with_digits(&word) {
                self.scanner.go_to(after);
                return value;
            }
            value.text.push(' ');
            value.text.push_str(&word);
        }
    }

    /// The values of a list, up to its brace.
    fn list(&mut self, asked: &Asked) -> Parsed {
        let mut tests = Vec::new();
        loop {
            self.scanner.until(|c| !c.is_whitespace() && c != ',');
            if self.scanner.take("}") {
                break;
            }
            let Some(value) = self.value(asked.field, &[',', '}', '(', ')'], false)? else {
                let message = "a '}' is missing at the end of the list";
                return Err(error(self.scanner.column(), message));
            };
            tests.push(make(asked, "==", &value)?);
        }
        if tests.is_empty() {
            let message = "there is nothing in this list; write one, such as {80, 443, 8000..8010}";
            return Err(error(self.scanner.column().saturating_sub(1), message));
        }
        Ok(Expr::joined(tests, Expr::Any))
    }

    fn value(
        &mut self,
        field: &'static QueryField,
        ends: &[char],
        is_regex: bool,
    ) -> Result<Option<Written>, QueryError> {
        let column = self.scanner.column();
        let value = self.scanner.value(ends, is_regex);
        let is_begun = matches!(self.reach, Some(Reach { expects: Expects::Value(_), .. }));
        // Behind the last value of a list nothing is begun anew.
        if self.scanner.is_over() && !(is_begun && matches!(value, Ok(None))) {
            self.reach = Some(Reach { column, expects: Expects::Value(field) });
        }
        value
    }

    fn take_word(&mut self, words: &[&str]) -> bool {
        self.scanner.skip_space();
        words.iter().any(|word| self.scanner.take_word(word))
    }

    /// Notes what could come where the text ends.
    fn expect(&mut self, expects: Expects) {
        let column = self.scanner.column();
        // A word that the text ends in goes on.
        self.reach.get_or_insert(Reach { column, expects });
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

/// Whether a name with this behind it begins a test of the field.
fn is_test(field: &QueryField, rest: &str) -> bool {
    let begins_operator = rest.starts_with(':') || SIGNS.iter().any(|(it, _)| rest.starts_with(it));
    let is_more = |sign: char| rest.starts_with(sign);
    match rest {
        // Of the others with a name somebody looks for the word.
        "" => !field.takes_name() || field.subject == QuerySubject::Header,
        _ if field.value == QueryValue::Json => false,
        _ if field.takes_name() => is_more('.'),
        _ if field.takes_slice() && is_more('[') => true,
        _ => begins_operator,
    }
}

fn is_one(word: &str, words: &[&str]) -> bool {
    words.iter().any(|other| word.eq_ignore_ascii_case(other))
}

/// A test of one value.
fn make(asked: &Asked, operator: &str, value: &Written) -> Parsed {
    value::test(asked, operator, value).map_err(|message| error(value.column, message))
}

/// The text has to be in the payload.
fn contains(column: usize, text: &str) -> Parsed {
    value::text(text).map_err(|message| error(column, message))
}

/// The names of all fields, as a message lists them.
pub(super) fn names() -> String {
    FIELDS.iter().map(QueryField::title).collect::<Vec<_>>().join(", ")
}
