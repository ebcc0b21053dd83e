//! Expectations and captures: what a preset wants of what comes back, and what came of it. Pure; both
//! shells and the runner of presets ask it and draw its data.
//!
//! ```text
//!   [expect] KEY = VALUE ─ query::FacetQuestion, query::FacetTest ─► Checks ─┐
//!   [capture] NAME = FIELD ─ query::FacetQuestion ───────────────────► Checks ─┴─ Checks::report(&Came) ─► CheckReport
//! ```
//! `compose::checks` makes [`Checks`] of a spec, with names filled in; whoever sent it tells what came as
//! a [`Came`]; the [`CheckReport`] says of each expectation whether it is met, what was wanted and what
//! came, and of each capture the value. A capture that takes nothing is not met, either: what is to be
//! sent next would miss it.

mod came;
mod heard;
mod report;
mod schema;
mod served;

use crate::model::contract_facts::CONTRACT_OK;
use crate::model::counts::counted;
use crate::model::http::HttpRule;
use crate::model::name_value::NameValue;
use crate::model::plan::OTHERWISE;
use crate::model::spec::Spec;
use crate::model::suggest::suggest;
use crate::query::{
    Answered, FACETS, Facet, FacetAsked, FacetOf, FacetQuestion, FacetTest, HelpWanted,
};
use schema::SchemaPlace;

pub use came::{Came, CameBody, CameFrom, Talk};
pub use heard::Heard;
pub use report::{Captured, CheckReport, CheckResult};
pub use served::Served;

/// Bytes of a body that are looked at; in one that is longer only what needs no whole is known.
pub const BODY_LIMIT: usize = 64 * 1024 * 1024;

/// All that is expected of what comes back, and what is taken of it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Checks {
    pub expectations: Vec<Expectation>,
    pub captures: Vec<CaptureOrder>,
}

/// What one thing shall be.
#[derive(Debug, Clone, PartialEq)]
pub struct Expectation {
    /// What it shall be, as written, names filled in.
    pub wanted: String,
    question: FacetQuestion,
    comparison: CheckTest,
}

/// How an answer is looked at.
#[derive(Debug, Clone, PartialEq)]
enum CheckTest {
    Test(FacetTest),
    Schema(SchemaPlace),
}

/// What becomes a variable.
#[derive(Debug, Clone, PartialEq)]
pub struct CaptureOrder {
    pub name: String,
    question: FacetQuestion,
}

impl Checks {
    /// Whether there is nothing to look at.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.expectations.is_empty() && self.captures.is_empty()
    }

    /// Whether any of it is about how a connection is made, which one that was there before cannot answer.
    #[must_use]
    pub fn ask_of_connecting(&self) -> bool {
        let asked = self.expectations.iter().map(|expectation| &expectation.question);
        asked.chain(self.captures.iter().map(|order| &order.question)).any(|question| {
            matches!(question.facet(), FacetOf::Phase(phase) if phase.is_of_connecting())
        })
    }

    /// What a shell is to do before it looks: filters to run, files to read.
    #[must_use]
    pub fn help_wanted(&self) -> Vec<HelpWanted> {
        let schemas = self.expectations.iter().filter_map(|it| match &it.comparison {
            CheckTest::Schema(place) => place.help_wanted(),
            CheckTest::Test(_) => None,
        });
        let questions = self.expectations.iter().map(|it| &it.question);
        let questions = questions.chain(self.captures.iter().map(|order| &order.question));
        let mut wanted: Vec<HelpWanted> =
            questions.filter_map(FacetQuestion::help_wanted).chain(schemas).collect();
        wanted.sort_unstable();
        wanted.dedup();
        wanted
    }

    /// Those that can be told of before a body is read, and of the others what they are about and what they want.
    #[must_use]
    pub fn before_bodies(&self) -> (Checks, Vec<(String, String)>) {
        let needs_body = |it: &&Expectation| {
            let facet = it.question.facet();
            matches!(facet, FacetOf::Body | FacetOf::Json | FacetOf::Schema | FacetOf::Sha256)
        };
        let (later, now): (Vec<&Expectation>, Vec<&Expectation>) =
            self.expectations.iter().partition(needs_body);
        let expectations = now.into_iter().cloned().collect();
        let told = |it: &Expectation| (it.question.text().to_owned(), it.wanted.clone());
        (Checks { expectations, captures: Vec::new() }, later.into_iter().map(told).collect())
    }

    /// Looks at what came.
    #[must_use]
    pub fn report(&self, came: &Came<'_>) -> CheckReport {
        let results = self.expectations.iter().map(|expectation| expectation.result(came));
        let captured = self.captures.iter().map(|order| order.captured(came));
        CheckReport { results: results.collect(), captured: captured.collect() }
    }
}

impl Expectation {
    /// Reads one.
    ///
    /// # Errors
    /// A sentence that says what is wrong with its name or value, and what to write.
    pub fn parse(name: &str, value: &str) -> Result<Self, String> {
        let question = FacetQuestion::parse(name).map_err(|error| error.message)?;
        let comparison = if question.facet() == FacetOf::Schema {
            CheckTest::Schema(SchemaPlace::parse(value)?)
        } else {
            let test = FacetTest::parse(&question, value).map_err(|error| error.message)?;
            CheckTest::Test(test)
        };
        Ok(Expectation { wanted: value.to_owned(), question, comparison })
    }

    /// Says where the file is that it names, if it names one.
    pub(crate) fn locate(&mut self, locate: impl FnOnce(&str) -> String) {
        if let CheckTest::Schema(SchemaPlace::File(path)) = &mut self.comparison {
            *path = locate(path);
        }
    }

    fn result(&self, came: &Came<'_>) -> CheckResult {
        let answer = came.answer(&self.question);
        let (is_met, got, differences) = match &self.comparison {
            CheckTest::Test(test) if test.holds(&answer) => (true, test.shown(&answer), Vec::new()),
            CheckTest::Test(test) => match self.broken_contract(&answer) {
                Some(told) => (false, counted(told.len() as u64, "difference"), told),
                None => (false, test.shown(&answer), test.differences(&answer)),
            },
            CheckTest::Schema(place) => match (&answer, place) {
                (Answered::Json(values), place) if !values.is_empty() => {
                    came.fit(place, &values[0]).told()
                }
                _ => (false, answer.shown(), Vec::new()),
            },
        };
        let about = self.question.text().to_owned();
        CheckResult { about, wanted: self.wanted.clone(), got, differences, is_met }
    }

    /// What a contract says against an exchange, a sentence each.
    fn broken_contract(&self, answer: &Answered) -> Option<Vec<String>> {
        let Answered::Texts(texts) = answer else { return None };
        let is_broken = self.question.facet() == FacetOf::Contract
            && texts.iter().all(|text| text != CONTRACT_OK.as_bytes());
        let told = || texts.iter().map(|text| String::from_utf8_lossy(text).into_owned()).collect();
        is_broken.then(told)
    }
}

impl CaptureOrder {
    /// Reads one.
    ///
    /// # Errors
    /// As [`Expectation::parse`].
    pub fn parse(name: &str, value: &str) -> Result<Self, String> {
        if let Some(why) = wrong_name(name) {
            return Err(why);
        }
        let question = FacetQuestion::of_capture(value).map_err(|error| error.message)?;
        Ok(CaptureOrder { name: name.to_owned(), question })
    }

    fn captured(&self, came: &Came<'_>) -> Captured {
        let answer = self.question.part_of(came.answer(&self.question));
        Captured {
            name: self.name.clone(),
            of: self.question.text().to_owned(),
            value: answer.as_variable(),
        }
    }
}

/// Why templates cannot name a variable so.
fn wrong_name(name: &str) -> Option<String> {
    let is_of_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    if name.is_empty() {
        return Some("the name of a variable is missing".into());
    }
    if let Some(odd) = name.chars().find(|c| !is_of_name(*c)) {
        return Some(format!(
            "'{odd}' cannot be in the name of a variable; letters, digits, _ - . can"
        ));
    }
    let is_taken = ["secret.", "env."].iter().any(|taken| name.starts_with(taken));
    is_taken.then(|| format!("'{name}' would be none that is captured; name it otherwise"))
}

/// What is wrong with a row of `[expect]` of such a spec; a value that has names is looked at when they
/// are filled in.
#[must_use]
pub fn flaw(row: &NameValue, spec: &Spec) -> Option<String> {
    let question = match FacetQuestion::parse(&row.name) {
        Ok(question) => question,
        Err(error) => return Some(error.message),
    };
    if row.value.contains("{{") {
        return misplaced(&question, spec);
    }
    misplaced(&question, spec).or_else(|| Expectation::parse(&row.name, &row.value).err())
}

/// The same of a row of `[capture]`.
#[must_use]
pub fn capture_flaw(row: &NameValue, spec: &Spec) -> Option<String> {
    match CaptureOrder::parse(&row.name, &row.value) {
        Ok(order) => misplaced(&order.question, spec),
        Err(why) => Some(why),
    }
}

/// The first row of a spec that a file could not have, and why: it would not read again.
#[must_use]
pub fn unreadable(spec: &Spec) -> Option<String> {
    let expected = spec.expected()?;
    let first =
        |rows: &[NameValue], section: &str, flaw: fn(&NameValue, &Spec) -> Option<String>| {
            rows.iter().filter(|row| row.is_used()).find_map(|row| {
                let why = flaw(row, spec)?;
                Some(format!("in [{section}], '{}': {why}", row.name))
            })
        };
    first(expected, "expect", flaw)
        .or_else(|| first(&spec.checks()?.1.rows, "capture", capture_flaw))
}

/// Why something cannot be asked of what such a spec brings back.
fn misplaced(question: &FacetQuestion, spec: &Spec) -> Option<String> {
    let (can, listens) = (spec.capabilities(), spec.side().listens());
    if question.asked().is_of(can, listens) {
        return unknown_rule(question, spec);
    }
    let name = question.text();
    let protocol = spec.protocol();
    Some(match question.asked() {
        _ if listens => {
            let known = FACETS.iter().filter(|facet| facet.asked.is_of(can, listens));
            let known: Vec<&str> = known.map(Facet::title).collect();
            format!(
                "'{name}' is not asked of a listener of {protocol}, which has {}",
                known.join(", ")
            )
        }
        FacetAsked::Listener => format!("'{name}' is of listeners: how often one was called"),
        FacetAsked::Request => format!("'{name}' is of the last request that a listener got"),
        FacetAsked::Conversation => {
            format!("'{name}' is of TCP and UDP; {protocol} has status, header, body, json")
        }
        FacetAsked::Datagrams => format!("'{name}' is of datagrams; {protocol} loses none"),
        FacetAsked::Exchange | FacetAsked::Message | FacetAsked::Anything | FacetAsked::Client => {
            format!("'{name}' is of HTTP; {protocol} has body, json, schema, size, messages, total")
        }
    })
}

/// Why a rule that is asked about is none of the listener.
fn unknown_rule(question: &FacetQuestion, spec: &Spec) -> Option<String> {
    let listener = spec.as_http_listener().filter(|_| question.facet() == FacetOf::Rule)?;
    let row = question.name().strip_suffix(')').and_then(|name| name.rsplit_once(" (row "));
    let called = row.map_or(question.name(), |(called, _)| called);
    let name = |rule: &HttpRule| {
        let method = if rule.method.is_empty() { "any" } else { &rule.method };
        format!("{method} {}", rule.path)
    };
    let rules: Vec<String> = listener.rules.iter().map(name).collect();
    // What a name in braces stands for is known when it listens.
    let is_open = listener.mock || rules.iter().any(|rule| rule.contains("{{"));
    if is_open || called == OTHERWISE {
        return None;
    }
    if rules.iter().any(|rule| rule == called) {
        let is_row = |row: usize| {
            row.checked_sub(1).and_then(|at| rules.get(at)).is_some_and(|rule| rule == called)
        };
        let (_, row) = row.filter(|(_, row)| !row.parse().is_ok_and(is_row))?;
        let rows = (1..=rules.len()).filter(|row| is_row(*row)).map(|row| row.to_string());
        let rows: Vec<String> = rows.collect();
        return Some(format!("row {row} is no rule '{called}'; it is in row {}", rows.join(", ")));
    }
    let known: Vec<&str> = rules.iter().map(String::as_str).chain([OTHERWISE]).collect();
    Some(format!("there is no rule '{called}'; {}", suggest(called, &known)))
}

#[cfg(test)]
mod check_tests;
