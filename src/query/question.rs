//! What is asked about what came: the key of an expectation, the value of a capture.
//!
//! ```text
//!   question = [ facet ] [ "matches" regex ]     facet = name | header.NAME | cookie.NAME | query.NAME
//!                                                      | json PATH | json FILTER | body [ slice ] | rule METHOD PATH
//! ```

use super::answered::Answered;
use super::facets::{FACETS, Facet, FacetAsked, FacetKind, FacetOf};
use super::help::HelpWanted;
use super::pattern::{RegexTest, Slice};
use super::scanner::{QueryError, Scanner, error};
use super::value;
use crate::codec::jq_text;
use crate::codec::json_path::{JsonPath, VALUES};
use crate::model::counts::counted;

/// A question about what came.
#[derive(Debug, Clone, PartialEq)]
pub struct FacetQuestion {
    /// As it was written.
    text: String,
    facet: FacetOf,
    kind: FacetKind,
    asked: FacetAsked,
    /// Of a header, a cookie, a piece of a query or a rule.
    name: String,
    path: Option<JsonPath>,
    /// The filter that is asked where it is more than a path.
    filter: Option<String>,
    slice: Slice,
    /// What of the answer is taken: the first group, or all that matches.
    part: Option<RegexTest>,
}

impl FacetQuestion {
    /// Reads what an expectation is about; an error names the column and what to write.
    ///
    /// # Errors
    /// When there is no such thing.
    pub fn parse(text: &str) -> Result<Self, QueryError> {
        let question = FacetQuestion::of_capture(text)?;
        if question.part.is_some() {
            let message = "what it shall match is the value: body = \"matches 'a.c'\"";
            return Err(error(1, message));
        }
        Ok(question)
    }

    /// Reads what a capture takes, which may be a part of an answer.
    ///
    /// # Errors
    /// As [`parse`](FacetQuestion::parse).
    pub fn of_capture(text: &str) -> Result<Self, QueryError> {
        let text = text.trim();
        if text.is_empty() {
            let names: Vec<&str> = FACETS.iter().map(Facet::title).collect();
            return Err(error(1, format!("name what is meant: {}", names.join(", "))));
        }
        let (asked, part) = split_part(text)?;
        let asked = if asked.is_empty() { "body" } else { asked };
        let (name, path) = match asked.split_once([' ', '\t']) {
            Some((name, path)) => (name, path.trim()),
            None => (asked, ""),
        };
        let mut question = of_name(name)?;
        text.clone_into(&mut question.text);
        question.part = part;
        let column = name.chars().count() + 2;
        if question.facet == FacetOf::Json {
            if path.is_empty() {
                return Err(error(column, "a path is missing: json .user.id"));
            }
            match JsonPath::parse(path) {
                Ok(path) => question.path = Some(path),
                Err(why) => {
                    no_filter(path, why).map_err(|why| error(column, why))?;
                    question.filter = Some(path.to_owned());
                }
            }
        } else if question.facet == FacetOf::Rule {
            if path.is_empty() {
                return Err(error(column, "name it by its method and path: rule POST /users"));
            }
            question.name = path.split_whitespace().collect::<Vec<_>>().join(" ");
        } else if !path.is_empty() {
            let operators = question.operators();
            let first = path.split_whitespace().next().unwrap_or_default();
            let message = if operators.contains(&first) || first == "=" {
                format!("the value stands behind the = of the line: {} = \"{path}\"", quoted(name))
            } else {
                format!("'{path}' stands behind the name; only json and rule have more there")
            };
            return Err(error(column, message));
        }
        Ok(question)
    }

    /// As it was written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What it asks about.
    #[must_use]
    pub fn facet(&self) -> FacetOf {
        self.facet
    }

    /// Of what it can be asked.
    #[must_use]
    pub fn asked(&self) -> FacetAsked {
        self.asked
    }

    /// Name of the header, in lower case, of the cookie, the piece of a query or the rule; empty for anything else.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The regular expression whose first group is taken, with the case it minds; of a capture.
    #[must_use]
    pub(crate) fn part(&self) -> Option<String> {
        let part = self.part.as_ref()?;
        let (source, is_any_case) = part.told();
        Some(if is_any_case { format!("(?i){source}") } else { source.to_owned() })
    }

    /// What a shell is to do before this can be answered.
    #[must_use]
    pub fn help_wanted(&self) -> Option<HelpWanted> {
        self.filter.clone().map(HelpWanted::Filter)
    }

    /// The values that a filter gave, a line each.
    #[must_use]
    pub fn of_filter(&self, given: Result<&[u8], String>) -> Answered {
        let given = match given {
            Ok(given) => given,
            Err(why) => return Answered::Nothing(why),
        };
        let values = serde_json::Deserializer::from_slice(given).into_iter::<serde_json::Value>();
        match values.take(VALUES).collect::<Result<Vec<_>, _>>() {
            Ok(values) if values.is_empty() => Answered::Nothing("the filter gives nothing".into()),
            Ok(values) => Answered::Json(values),
            Err(error) => Answered::Nothing(format!("what the filter gives is no JSON: {error}")),
        }
    }

    /// How its answer is compared.
    pub(super) fn kind(&self) -> FacetKind {
        self.kind
    }

    /// The operators its answer is compared with.
    pub(super) fn operators(&self) -> &'static [&'static str] {
        FACETS.iter().find(|facet| facet.of == self.facet).map_or(&[], Facet::operators)
    }

    /// Whether it can be answered with several values where one is meant.
    pub(super) fn is_many(&self) -> bool {
        self.path.as_ref().is_some_and(JsonPath::is_many)
    }

    /// What stands at its path in a value.
    #[must_use]
    pub fn at_path(&self, whole: &serde_json::Value) -> Answered {
        let values = match &self.path {
            Some(path) => path.values(whole),
            None => vec![whole.clone()],
        };
        if values.is_empty() && !self.is_many() {
            return Answered::Nothing("there is nothing at this path".into());
        }
        Answered::Json(values)
    }

    /// The part of some bytes that is meant.
    #[must_use]
    pub fn cut(&self, bytes: &[u8]) -> Answered {
        match self.slice.of(bytes) {
            Some(part) => Answered::Bytes(part.to_vec()),
            None => Answered::Nothing(format!("it has {}", counted(bytes.len() as u64, "byte"))),
        }
    }

    /// The part of an answer that a capture takes.
    #[must_use]
    pub fn part_of(&self, answer: Answered) -> Answered {
        let Some(part) = &self.part else { return answer };
        let texts = match &answer {
            Answered::Texts(texts) => texts.clone(),
            Answered::Bytes(bytes) => vec![bytes.clone()],
            Answered::Nothing(_) => return answer,
            other => other.as_variable().map(String::into_bytes).into_iter().collect(),
        };
        let found = texts.iter().find_map(|text| part.first_group(text));
        found.map_or_else(
            || Answered::Nothing("nothing in it matches".into()),
            |found| Answered::Texts(vec![found.to_vec()]),
        )
    }
}

/// Why what is no path is no filter either. What looks like a path of another kind, or like one that is wrong,
/// is told as that.
fn no_filter(text: &str, no_path: String) -> Result<(), String> {
    let Some(why) = jq_text::flaw(text) else { return Ok(()) };
    let is_word = text.chars().all(|c| c.is_ascii_alphanumeric() || "_-.$[]\"'".contains(c));
    Err(if is_word { no_path } else { why })
}

/// A key of TOML, with quotes where it needs them.
fn quoted(name: &str) -> String {
    if name.contains(['.', ' ']) { format!("\"{name}\"") } else { name.to_owned() }
}

/// What stands before `matches`, and the expression behind it.
fn split_part(text: &str) -> Result<(&str, Option<RegexTest>), QueryError> {
    let at = if text.starts_with("matches ") { Some(0) } else { text.find(" matches ") };
    let Some(at) = at else { return Ok((text, None)) };
    let (before, behind) = text.split_at(at);
    let source = behind.trim_start().trim_start_matches("matches").trim_start();
    let column = text.chars().count() - source.chars().count() + 1;
    let mut scanner = Scanner::new(source);
    let written = scanner.value(&[], true).map_err(|e| error(column + e.column - 1, e.message))?;
    scanner.skip_space();
    let written = written.filter(|_| scanner.is_over());
    let source = written.map_or_else(|| source.to_owned(), |written| written.text);
    let part = RegexTest::new(&source).map_err(|why| error(column, why))?;
    Ok((before.trim_end(), Some(part)))
}

/// A question about what this names.
fn of_name(written: &str) -> Result<FacetQuestion, QueryError> {
    let (plain, inside) = match written.split_once('[') {
        Some((plain, inside)) => (plain, Some(inside)),
        None => (written, None),
    };
    let lower = plain.to_ascii_lowercase();
    let named = ["header", "cookie", "query"].iter().find_map(|facet| {
        let name = lower.strip_prefix(facet)?.strip_prefix('.')?;
        let exact = plain.get(plain.len() - name.len()..)?;
        // Names of headers are not told apart by case, others are.
        Some((*facet, if *facet == "header" { name } else { exact }.to_owned()))
    });
    let (facet, name) = named.map_or((&*lower, String::new()), |(facet, name)| (facet, name));
    let facet = if facet == "jq" { "json" } else { facet };
    let facet = Facet::named(facet).ok_or_else(|| error(1, Facet::unknown(plain)))?;
    let takes_name = matches!(facet.of, FacetOf::Header | FacetOf::Cookie | FacetOf::Query);
    if takes_name && name.is_empty() {
        return Err(error(1, format!("its name is missing: {}", facet.example)));
    }
    let slice = match inside {
        None => Slice::Whole,
        Some(inside) => {
            let inside = inside.strip_suffix(']').filter(|_| facet.of == FacetOf::Body);
            let parts = || "only body has parts: body[0:4], body[4-7], body[-4:]".to_owned();
            let slice = inside.ok_or_else(parts).and_then(value::slice);
            slice.map_err(|message| error(plain.chars().count() + 1, message))?
        }
    };
    Ok(FacetQuestion {
        text: String::new(),
        facet: facet.of,
        kind: facet.kind,
        asked: facet.asked,
        name,
        path: None,
        filter: None,
        slice,
        part: None,
    })
}
