//! Paths into JSON, as jq writes them: `.user.id`, `.items[0].name`, `.["a b"]`, `.items[].id | length`.
//!
//! The part of jq that asks where a value is and never makes one: every step costs what it looks at,
//! so such a path has an end and needs no process of its own, as whole filters do (`jq`). Called by
//! `query` for expectations and captures. What it gives is what jq would give, or nothing where jq fails.

use serde_json::Value;

/// Steps of a path at most.
const STEPS: usize = 64;
/// Values a path leads to at most; behind them nothing is looked at.
pub(crate) const VALUES: usize = 100_000;

/// A way to values inside of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct JsonPath {
    steps: Vec<PathStep>,
}

/// A step of a path that leads to one value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum PathPlace {
    Member(String),
    /// From the end below zero.
    Element(i64),
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum PathStep {
    /// The member of this name.
    Member(String),
    /// The element of this number, from the end below zero.
    Element(i64),
    /// Every element, or the value of every member.
    Each,
    Call(PathCall),
}

/// A function without arguments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum PathCall {
    Length,
    Keys,
    Type,
    First,
    Last,
    Text,
}

const CALLS: [(&str, PathCall); 6] = [
    ("length", PathCall::Length),
    ("keys", PathCall::Keys),
    ("type", PathCall::Type),
    ("first", PathCall::First),
    ("last", PathCall::Last),
    ("tostring", PathCall::Text),
];

impl JsonPath {
    /// Reads a path; the error says what to write instead.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut reader = PathReader { rest: text.trim(), steps: Vec::new() };
        if reader.rest.starts_with('$') {
            let here = format!(".{}", reader.rest.trim_start_matches(['$', '.']));
            return Err(format!("paths are written as jq has them: {here}"));
        }
        if !reader.rest.starts_with('.') {
            return Err(format!("a path begins with a point: .{}", reader.rest));
        }
        reader.all()?;
        Ok(JsonPath { steps: reader.steps })
    }

    /// Whether it can lead to more than one value.
    pub(crate) fn is_many(&self) -> bool {
        self.steps.contains(&PathStep::Each)
    }

    /// The members and elements it goes through, and the function behind them; `None` = it goes through all
    /// of a list, or further than a function.
    pub(crate) fn plain(&self) -> Option<(Vec<PathPlace>, Option<&'static str>)> {
        let mut places = Vec::new();
        for (at, step) in self.steps.iter().enumerate() {
            match step {
                PathStep::Member(name) => places.push(PathPlace::Member(name.clone())),
                PathStep::Element(number) => places.push(PathPlace::Element(*number)),
                PathStep::Each => return None,
                PathStep::Call(call) => {
                    let name = CALLS.iter().find(|(_, known)| known == call)?.0;
                    return (at + 1 == self.steps.len()).then_some((places, Some(name)));
                }
            }
        }
        Some((places, None))
    }

    /// The values it leads to, in order; none where it leads nowhere.
    pub(crate) fn values(&self, whole: &Value) -> Vec<Value> {
        let mut found = Vec::new();
        walk(whole, &self.steps, &mut found);
        found
    }
}

/// Writes the path of a member so that it reads back: `.name`, or `["a b"]` in brackets.
pub(crate) fn member(name: &str) -> String {
    let is_plain = name.chars().all(is_of_name) && !name.starts_with(|c: char| c.is_ascii_digit());
    if is_plain && !name.is_empty() {
        return format!(".{name}");
    }
    format!("[{}]", Value::from(name))
}

fn is_of_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

struct PathReader<'a> {
    rest: &'a str,
    steps: Vec<PathStep>,
}

impl PathReader<'_> {
    fn all(&mut self) -> Result<(), String> {
        let mut is_first = true;
        loop {
            self.rest = self.rest.trim_start();
            if self.steps.len() > STEPS {
                return Err(format!("a path has {STEPS} steps at most"));
            }
            if self.rest.is_empty() {
                return Ok(());
            }
            if let Some(rest) = self.rest.strip_prefix('|') {
                self.rest = rest.trim_start();
                self.behind_pipe()?;
            } else if let Some(rest) = self.rest.strip_prefix('.') {
                self.rest = rest;
                self.behind_point(is_first)?;
            } else if self.rest.starts_with('[') {
                self.brackets()?;
            } else {
                return Err(self.no_path());
            }
            // What is not there is nothing anyway.
            self.rest = self.rest.trim_start_matches('?');
            is_first = false;
        }
    }

    fn no_path(&self) -> String {
        let near: String = self.rest.chars().take(20).collect();
        format!("'{near}' is no step of a path; write .name, [0], [] or | length")
    }

    fn behind_pipe(&mut self) -> Result<(), String> {
        if self.rest.starts_with('.') {
            return Ok(());
        }
        let end = self.rest.find(|c: char| !is_of_name(c)).unwrap_or(self.rest.len());
        let (name, rest) = self.rest.split_at(end);
        let call =
            CALLS.iter().find(|(known, _)| *known == name).filter(|_| !rest.starts_with('('));
        let Some((_, call)) = call else {
            let known: Vec<&str> = CALLS.iter().map(|(name, _)| *name).collect();
            let near: String = self.rest.chars().take(20).collect();
            return Err(format!(
                "'{near}' is not known here; behind | stands one of {}",
                known.join(", ")
            ));
        };
        self.steps.push(PathStep::Call(*call));
        self.rest = rest;
        Ok(())
    }

    fn behind_point(&mut self, is_first: bool) -> Result<(), String> {
        if self.rest.starts_with('"') {
            let name = self.string()?;
            self.steps.push(PathStep::Member(name));
            return Ok(());
        }
        let end = self.rest.find(|c: char| !is_of_name(c)).unwrap_or(self.rest.len());
        let (name, rest) = self.rest.split_at(end);
        if name.is_empty() {
            let ends = rest.is_empty() || rest.starts_with(['|', ' ']);
            // `.[0]` and `.` alone.
            return if rest.starts_with('[') || (is_first && ends) || ends && self.follows_pipe() {
                Ok(())
            } else {
                Err("the name of a member is missing behind the point; \"a b\" goes in quotes"
                    .into())
            };
        }
        if name.starts_with(|c: char| c.is_ascii_digit()) {
            return Err(format!("an element is written [{name}]"));
        }
        self.steps.push(PathStep::Member(name.to_owned()));
        self.rest = rest;
        Ok(())
    }

    /// Whether what stands before is a function, so that a point means what it gave.
    fn follows_pipe(&self) -> bool {
        matches!(self.steps.last(), Some(PathStep::Call(_)))
    }

    fn brackets(&mut self) -> Result<(), String> {
        self.rest = self.rest.strip_prefix('[').unwrap_or(self.rest).trim_start();
        if self.rest.starts_with('"') {
            let name = self.string()?;
            self.steps.push(PathStep::Member(name));
        } else {
            let end = self.rest.find(']').unwrap_or(self.rest.len());
            let (inside, rest) = self.rest.split_at(end);
            let step = match inside.trim() {
                "" => PathStep::Each,
                number => PathStep::Element(number.parse().map_err(|_| {
                    format!(
                        "'[{number}]' is no element; write [0], [-1] for the last, or [] for all"
                    )
                })?),
            };
            self.steps.push(step);
            self.rest = rest;
        }
        self.rest = self.rest.trim_start().strip_prefix(']').ok_or("a ']' is missing")?;
        Ok(())
    }

    /// A name in quotes.
    fn string(&mut self) -> Result<String, String> {
        let mut read = serde_json::Deserializer::from_str(self.rest).into_iter::<String>();
        let name = read
            .next()
            .and_then(Result::ok)
            .ok_or("this name does not end; write \" at its end")?;
        self.rest = self.rest.split_at(read.byte_offset()).1;
        Ok(name)
    }
}

fn walk(value: &Value, steps: &[PathStep], found: &mut Vec<Value>) {
    if found.len() >= VALUES {
        return;
    }
    let Some((step, rest)) = steps.split_first() else {
        found.push(value.clone());
        return;
    };
    match (step, value) {
        (PathStep::Member(name), Value::Object(members)) => {
            // What is not there is null in jq, which would look as if it had been sent.
            if let Some(value) = members.get(name) {
                walk(value, rest, found);
            }
        }
        (PathStep::Element(at), Value::Array(list)) => {
            let from = if *at < 0 { list.len() as u64 } else { 0 };
            let place = from.checked_add_signed(*at).and_then(|at| usize::try_from(at).ok());
            if let Some(value) = place.and_then(|at| list.get(at)) {
                walk(value, rest, found);
            }
        }
        (PathStep::Each, Value::Array(list)) => {
            for value in list {
                walk(value, rest, found);
            }
        }
        (PathStep::Each, Value::Object(members)) => {
            for value in members.values() {
                walk(value, rest, found);
            }
        }
        (PathStep::Call(call), value) => {
            if let Some(value) = call.of(value) {
                walk(&value, rest, found);
            }
        }
        _ => {}
    }
}

impl PathCall {
    fn of(self, value: &Value) -> Option<Value> {
        Some(match (self, value) {
            (PathCall::Length, Value::Array(list)) => list.len().into(),
            (PathCall::Length, Value::Object(members)) => members.len().into(),
            (PathCall::Length, Value::String(text)) => text.chars().count().into(),
            (PathCall::Length, Value::Null) => 0.into(),
            (PathCall::Length, Value::Number(number)) => {
                if number.as_f64()? < 0.0 {
                    serde_json::Number::from_f64(-number.as_f64()?)?.into()
                } else {
                    value.clone()
                }
            }
            (PathCall::Keys, Value::Object(members)) => {
                let mut names: Vec<&String> = members.keys().collect();
                names.sort();
                names.into_iter().cloned().map(Value::from).collect()
            }
            (PathCall::Keys, Value::Array(list)) => (0..list.len()).map(Value::from).collect(),
            (PathCall::Type, value) => type_of(value).into(),
            (PathCall::First, Value::Array(list)) => list.first()?.clone(),
            (PathCall::Last, Value::Array(list)) => list.last()?.clone(),
            (PathCall::Text, Value::String(_)) => value.clone(),
            (PathCall::Text, value) => value.to_string().into(),
            _ => return None,
        })
    }
}

/// What jq calls the type of a value.
pub(crate) fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn values(path: &str, whole: &Value) -> Value {
        JsonPath::parse(path).unwrap_or_else(|why| panic!("{path}: {why}")).values(whole).into()
    }

    #[test]
    fn a_path_leads_where_jq_goes() {
        let whole = json!({
            "user": { "id": 42, "a b": "x", "tags": ["p", "q"] },
            "items": [{ "id": 1 }, { "id": 2 }, {}],
        });
        for (path, found) in [
            (".", json!([whole])),
            (".user.id", json!([42])),
            (".user.\"a b\"", json!(["x"])),
            (".user[\"a b\"]", json!(["x"])),
            (".[\"user\"].id", json!([42])),
            (".user.tags[0]", json!(["p"])),
            (".user.tags[-1]", json!(["q"])),
            (".items[].id", json!([1, 2])),
            (".items[1] | .id", json!([2])),
            (".items | length", json!([3])),
            (".items|length", json!([3])),
            (".user | keys", json!([["a b", "id", "tags"]])),
            (".user.id | type", json!(["number"])),
            (".user.tags | first", json!(["p"])),
            (".user.tags | last | length", json!([1])),
            (".user.id | tostring", json!(["42"])),
            (".nothing", json!([])),
            (".user.id.deeper?", json!([])),
            (".items[7].id", json!([])),
            (".user[]? | type", json!(["number", "string", "array"])),
        ] {
            assert_eq!(values(path, &whole), found, "{path}");
        }
    }

    #[test]
    fn what_is_no_path_says_what_to_write() {
        for (path, why) in [
            ("$.user.id", ".user.id"),
            ("user.id", "begins with a point: .user.id"),
            (".a.0", "[0]"),
            (".a[x]", "[0]"),
            (".a[0", "']' is missing"),
            (".a..b", "name of a member is missing"),
            (".a | select(.b)", "'select(.b)' is not known here"),
            (".a | range(1)", "length"),
            (".a + 1", "'+ 1' is no step"),
            (".\"a", "does not end"),
        ] {
            let found = JsonPath::parse(path).unwrap_err();
            assert!(found.contains(why), "{path}: {found}");
        }
        assert!(JsonPath::parse(&".a".repeat(100)).is_err());
    }

    proptest! {
        #![proptest_config(crate::property_tests::config())]

        #[test]
        fn any_name_reads_back(name in "\\PC{0,8}") {
            let member = member(&name);
            let path = if member.starts_with('.') { member } else { format!(".{member}") };
            let whole = json!({ &*name: 7 });
            prop_assert_eq!(values(&path, &whole), json!([7]), "{}", path);
        }

        #[test]
        fn any_text_is_survived(text in "[.\\[\\]a0\"| ?$-]{0,12}") {
            let _ = JsonPath::parse(&text).map(|path| path.values(&json!({ "a": [0, { "a": null }] })));
        }
    }
}
