//! How a search of the history is read. Every error says what to write instead.
//!
//! What is no test is a word, but for what can only have been meant as a test: a name that is no field, before an operator.
//! The reader also notes what it expected where the text ended, so what completes a text is read by the same grammar.

use super::times::MomentTest;
use super::{
    AskersClock, HISTORY_FIELDS, HistoryAsks, HistoryField, HistorySearch, HistoryTest, SoughtWord,
    names,
};
use crate::model::protocol::Protocol;
use crate::model::suggest::suggest;
use crate::query::operators::{operator_word, sign};
use crate::query::scanner::{QueryError, Scanner, error};

/// What joins tests, and what does not here.
const AND: [&str; 2] = ["and", "&&"];
const OR: [&str; 2] = ["or", "||"];
const NOT: [&str; 2] = ["not", "!"];

/// What can stand somewhere.
#[derive(Debug, Clone, Copy)]
pub(super) enum SearchExpects {
    /// A test or a word.
    Test,
    Operator(&'static HistoryField),
    Value(&'static HistoryField),
}

/// What was read last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ReadBefore {
    Nothing,
    Test,
    Word,
}

/// Reads one text.
#[derive(Debug, Clone)]
pub(super) struct SearchReader {
    scanner: Scanner,
    clock: AskersClock,
    found: HistorySearch,
    /// The column where what is read at the moment begins.
    pub(super) begins: usize,
    /// What was expected where the text ended, and the column where that begins.
    pub(super) reach: Option<(usize, SearchExpects)>,
}

impl SearchReader {
    /// Before the first character.
    pub(super) fn new(text: &str, clock: AskersClock) -> Self {
        let scanner = Scanner::new(text);
        SearchReader { scanner, clock, found: HistorySearch::default(), begins: 1, reach: None }
    }

    /// All of it.
    pub(super) fn read(&mut self) -> Result<HistorySearch, QueryError> {
        let mut before = ReadBefore::Nothing;
        loop {
            let behind = self.scanner.column();
            self.scanner.skip_space();
            if self.scanner.is_over() {
                let end = self.scanner.column();
                // Right behind a closed value nothing begins.
                if end > behind || end == 1 {
                    self.reach.get_or_insert((end, SearchExpects::Test));
                }
                return Ok(std::mem::take(&mut self.found));
            }
            self.begins = self.scanner.column();
            if self.joiner(before)? {
                continue;
            }
            before = if self.test()? {
                ReadBefore::Test
            } else {
                self.word();
                ReadBefore::Word
            };
        }
    }

    /// Takes an `and` beside a test; what else joins tests is refused there. Between words they are words.
    fn joiner(&mut self, before: ReadBefore) -> Result<bool, QueryError> {
        let column = self.scanner.column();
        if self.scanner.peek() == Some('(') {
            self.scanner.go_to(column + 1);
            let is_grouped = self.is_test_next();
            self.scanner.go_to(column);
            let refused = "parentheses are not known here: all of it has to hold";
            return if is_grouped { Err(error(column, refused)) } else { Ok(false) };
        }
        let word = self.scanner.until(char::is_whitespace);
        let is_one = |list: [&str; 2]| list.iter().any(|it| it.eq_ignore_ascii_case(&word));
        let (is_and, is_or, is_not) = (is_one(AND), is_one(OR), is_one(NOT));
        if !(is_and || is_or || is_not) {
            self.scanner.go_to(column);
            return Ok(false);
        }
        self.scanner.skip_space();
        let is_test_next = self.is_test_next();
        let joins = before == ReadBefore::Test || before == ReadBefore::Word && is_test_next;
        if is_and && joins {
            if self.scanner.is_over() {
                // What is typed may go on.
                self.reach = Some((self.scanner.column(), SearchExpects::Test));
            }
            return Ok(true);
        }
        if is_or && joins {
            let all = format!("'{word}' is not known here: all of it has to hold");
            return Err(error(column, all));
        }
        if is_not && is_test_next {
            let instead = format!("'{word}' is not known here; write !=, as in status != 200");
            return Err(error(column, instead));
        }
        self.scanner.go_to(column);
        Ok(false)
    }

    /// Whether a test comes, right or wrong.
    fn is_test_next(&self) -> bool {
        let mut ahead = self.clone();
        !ahead.scanner.is_over() && !matches!(ahead.test(), Ok(false))
    }

    /// Takes a test that begins here; nothing is taken where none does.
    fn test(&mut self) -> Result<bool, QueryError> {
        let column = self.scanner.column();
        let name = self.scanner.until(|c| !c.is_ascii_alphabetic());
        let Some(field) = HistoryField::named(&name) else {
            self.scanner.go_to(column);
            return self.unknown(column).map_or(Ok(false), |message| Err(error(column, message)));
        };
        let is_whole = self.scanner.peek().is_none_or(char::is_whitespace);
        let ends = self.scanner.is_over();
        let Some(operator) = self.operator(field) else {
            if field.asks == HistoryAsks::Pinned && is_whole {
                if ends {
                    self.reach = Some((column, SearchExpects::Test));
                }
                self.found.tests.push(HistoryTest::Pinned);
                return Ok(true);
            }
            self.scanner.go_to(column);
            return Ok(false);
        };
        if !field.operators().contains(&operator) {
            let takes = match field.operators() {
                [] => "stands alone".to_owned(),
                operators => format!("takes {}", operators.join(", ")),
            };
            let HistoryField { name, example, .. } = field;
            return Err(error(column, format!("{name} {takes}; write {example}")));
        }
        self.value(field, operator)?;
        Ok(true)
    }

    /// The operator behind the name of a field; `None` = there is none, and the name is a word.
    fn operator(&mut self, field: &'static HistoryField) -> Option<&'static str> {
        if self.scanner.take(":") {
            // `status:>400` reads as well as `status:404`.
            let first = field.operators().first().copied();
            return Some(sign(&mut self.scanner).or(first).unwrap_or("=="));
        }
        let after = self.scanner.column();
        self.scanner.skip_space();
        let begins = self.scanner.column();
        let found = sign(&mut self.scanner).or_else(|| operator_word(&mut self.scanner));
        if found.is_none() {
            let begun = self.scanner.until(char::is_whitespace);
            let fits = field.operators().iter().any(|operator| operator.starts_with(&begun));
            if self.scanner.is_over() && begins > after && fits {
                self.reach = Some((begins, SearchExpects::Operator(field)));
            }
            self.scanner.go_to(after);
        }
        found
    }

    /// Takes the value, and makes the test.
    fn value(
        &mut self,
        field: &'static HistoryField,
        operator: &'static str,
    ) -> Result<(), QueryError> {
        self.scanner.skip_space();
        let column = self.scanner.column();
        let value = self.scanner.value(&[], false);
        let ends = self.scanner.is_over();
        if ends {
            self.reach = Some((column, SearchExpects::Value(field)));
        }
        let Some(value) = value?.filter(|value| !value.text.is_empty()) else {
            return Err(error(column, format!("a value is missing; write {}", field.example)));
        };
        if value.is_quoted && ends {
            // It is closed: nothing goes on from it.
            self.reach = None;
        }
        if let HistoryAsks::Words(place) = field.asks {
            self.found.words.push(SoughtWord { text: value.text, place: Some(place) });
            return Ok(());
        }
        let made = self.made(field.asks, operator, &value.text);
        self.found.tests.push(made.map_err(|message| error(column, message))?);
        Ok(())
    }

    /// The test of a value, or what to write instead.
    fn made(
        &self,
        asks: HistoryAsks,
        operator: &'static str,
        text: &str,
    ) -> Result<HistoryTest, String> {
        Ok(match asks {
            HistoryAsks::Time => HistoryTest::Time(MomentTest::at(operator, text, self.clock)?),
            HistoryAsks::Age => {
                let age = MomentTest::of_age(operator, text, self.clock);
                let wrong = || format!("'{text}' is no age; write 30m, 2h, 3d or 2w");
                HistoryTest::Time(age.ok_or_else(wrong)?)
            }
            HistoryAsks::Status => {
                let wrong = || format!("'{text}' is no status; write 404, 4xx or 400..499");
                let (first, last) = status(text).ok_or_else(wrong)?;
                HistoryTest::Status { operator, first, last }
            }
            HistoryAsks::Protocol if text.to_lowercase().parse::<Protocol>().is_err() => {
                let known = Protocol::ALL.map(<&str>::from);
                return Err(format!("'{text}' is no protocol; {}", suggest(text, &known)));
            }
            HistoryAsks::Protocol
            | HistoryAsks::Method
            | HistoryAsks::Host
            | HistoryAsks::Url
            | HistoryAsks::Preset
            | HistoryAsks::Words(_)
            | HistoryAsks::Pinned => {
                HistoryTest::Text { asks, operator, value: text.to_lowercase() }
            }
        })
    }

    /// What to write for a word that was meant as a test; `None` = it is a word.
    fn unknown(&mut self, column: usize) -> Option<String> {
        let word = self.scanner.until(char::is_whitespace);
        let name: String =
            word.chars().take_while(|c| c.is_alphanumeric() || "-_.".contains(*c)).collect();
        let glued = word.strip_prefix(name.as_str()).unwrap_or_default();
        self.scanner.skip_space();
        let behind = if glued.is_empty() { sign(&mut self.scanner) } else { None };
        let is_words = glued.is_empty() && self.scanner.take_word("contains");
        self.scanner.go_to(column);
        if name.is_empty() {
            let mut alone = Scanner::new(&word);
            let is_sign = sign(&mut alone).is_some() && alone.is_over();
            let told =
                || format!("no field stands before {word}; write a test, such as status >= 400");
            return is_sign.then(told);
        }
        // `a=b` and `aGk==` are text, `stat==404` is not.
        let signs = ["==", "!=", ">=", "<="];
        let is_glued =
            signs.iter().any(|sign| glued.strip_prefix(sign).is_some_and(|it| !it.is_empty()));
        let known: Vec<&str> = HISTORY_FIELDS.iter().map(|field| field.name).collect();
        let called = HistoryField::called(&name);
        let nearest = suggest(&name, &known);
        let is_near = called.is_some() || nearest.starts_with("did you mean");
        if !(is_glued || behind.is_some() || is_words && is_near) {
            return None;
        }
        Some(match called {
            Some(HistoryField { name: here, example, .. }) => {
                format!("'{name}' is called {here} here; write {example}")
            }
            None if is_near => format!("there is no field '{name}'; {nearest}"),
            None => {
                let fields = names();
                format!(
                    "there is no field '{name}'; put it in quotes to find it; fields are {fields}"
                )
            }
        })
    }

    /// Takes a word, or several in quotes, which are one.
    fn word(&mut self) {
        let column = self.scanner.column();
        if let Some(text) = self.several() {
            self.found.words.push(SoughtWord { text, place: None });
            return;
        }
        self.scanner.go_to(column);
        let text = self.scanner.until(char::is_whitespace);
        if self.scanner.is_over() && self.reach.is_none() {
            self.reach = Some((column, SearchExpects::Test));
        }
        self.found.words.push(SoughtWord { text, place: None });
    }

    /// Words in quotes. A single word in them is meant with its quotes, as JSON has them, unless it would be a test without.
    fn several(&mut self) -> Option<String> {
        if !self.scanner.take("\"") {
            return None;
        }
        let inside = self.scanner.until(|c| c == '"');
        let is_closed = self.scanner.take("\"");
        let ends = self.scanner.peek().is_none_or(char::is_whitespace);
        let is_text = inside.trim().contains(|c: char| c.is_whitespace() || "=<>!~".contains(c));
        (is_closed && ends && is_text).then_some(inside)
    }
}

/// `404`, `4xx` for all of them, `400..499`.
fn status(value: &str) -> Option<(u16, u16)> {
    let value = value.to_ascii_lowercase();
    if let Some((first, last)) = value.split_once("..") {
        let (first, last) = (status(first)?.0, status(last)?.1);
        return (first <= last).then_some((first, last));
    }
    match value.strip_suffix("xx") {
        Some(class) => {
            let class = class.parse::<u16>().ok().filter(|class| (1..=9).contains(class))?;
            Some((class * 100, class * 100 + 99))
        }
        None => value.parse().ok().map(|code| (code, code)),
    }
}
