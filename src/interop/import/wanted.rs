//! What other tools expect of an answer and take from it, as rows of `[expect]` and `[capture]`.
//!
//! Called by the importers, each of which reads its own words. A row is taken only if a file could have it; what
//! no row of ours says stays a comment.

use crate::check;
use crate::codec::json_path::{JsonPath, member};
use crate::model::http::HttpSpec;
use crate::model::name_value::NameValue;
use crate::model::spec::Spec;

/// What was found of one request.
#[derive(Debug, Default)]
pub(super) struct WantedAnswer {
    /// What is asked about, and all tests of it: a section has each name once.
    tests: Vec<(String, Vec<String>)>,
    captures: Vec<NameValue>,
    /// What cannot be said here, as it was written.
    rest: Vec<String>,
}

impl WantedAnswer {
    /// Takes a test, written with its operator; `written` is what stays where there is no such test.
    pub(super) fn expect(&mut self, test: Option<(String, String)>, written: &str) {
        let good = test.filter(|(of, test)| {
            let row = NameValue::new(of.as_str(), test.as_str());
            check::flaw(&row, &Spec::Http(HttpSpec::default())).is_none()
        });
        let Some((of, test)) = good else { return self.keep(written) };
        match self.tests.iter_mut().find(|(known, _)| *known == of) {
            Some((_, tests)) if tests.contains(&test) => {}
            Some((_, tests)) => tests.push(test),
            None => self.tests.push((of, vec![test])),
        }
    }

    /// Takes a capture, as [`expect`](WantedAnswer::expect).
    pub(super) fn capture(&mut self, row: Option<NameValue>, written: &str) {
        let good = row.filter(|row| {
            let is_new = self.captures.iter().all(|known| known.name != row.name);
            is_new && check::capture_flaw(row, &Spec::Http(HttpSpec::default())).is_none()
        });
        match good {
            Some(row) => self.captures.push(row),
            None => self.keep(written),
        }
    }

    /// Keeps what cannot be said here.
    pub(super) fn keep(&mut self, written: &str) {
        self.rest.push(written.to_owned());
    }

    /// Puts the rows into the request; what could not become one is given back.
    pub(super) fn put(self, spec: &mut HttpSpec) -> Vec<String> {
        for (of, tests) in self.tests {
            let alone = match tests.as_slice() {
                [one] => one.strip_prefix("== "),
                _ => None,
            };
            let value = alone.map_or_else(|| tests.join(" and "), str::to_owned);
            spec.expect.rows.push(NameValue::new(of, value));
        }
        spec.capture.rows.extend(self.captures);
        self.rest
    }
}

/// A text in quotes, as tests have it; `None` = it would not read back.
pub(super) fn quoted(text: &str) -> Option<String> {
    let is_line = !text.chars().any(char::is_control);
    is_line.then(|| format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'")))
}

/// A test that something matches, in the case in which it is written.
pub(super) fn matching(regex: &str) -> Option<String> {
    let is_line = !regex.chars().any(char::is_control);
    is_line.then(|| format!("matches '(?-i){}'", regex.replace('\'', "\\'")))
}

/// A text as an expression that matches it alone.
pub(super) fn literally(text: &str) -> String {
    regex::escape(text)
}

/// What `$.a.b[0]['c d']` asks about here, with calls behind it; a path that searches or picks has no
/// counterpart.
pub(super) fn json(path: &str, calls: &[&str]) -> Option<String> {
    let mut rest = path.trim().strip_prefix('$')?;
    let mut made = String::new();
    while !rest.is_empty() {
        if let Some(inside) = rest.strip_prefix('[') {
            let (step, behind) = inside.split_once(']')?;
            let step = step.trim();
            let name = ['\'', '"'].iter().find_map(|quote| {
                step.strip_prefix(*quote)?.strip_suffix(*quote).filter(|name| !name.contains('\\'))
            });
            match (name, step) {
                (Some(name), _) => made.push_str(&member(name)),
                (None, "*") => made.push_str("[]"),
                (None, number) => made = format!("{made}[{}]", number.parse::<i64>().ok()?),
            }
            rest = behind;
        } else {
            let inside = rest.strip_prefix('.')?;
            let end = inside.find(['.', '[']).unwrap_or(inside.len());
            let (name, behind) = inside.split_at(end);
            match name {
                "" => return None,
                "*" => made.push_str("[]"),
                name => made.push_str(&member(name)),
            }
            rest = behind;
        }
    }
    let mut calls = calls;
    // Behind all elements a function is of each; all of them together are the list.
    if made.contains("[]") && !calls.is_empty() {
        let list = made.strip_suffix("[]").filter(|list| !list.contains("[]"))?.len();
        made.truncate(list);
        if calls.first() != Some(&"length") {
            return None;
        }
        calls = &calls[..1];
    }
    if !made.starts_with('.') {
        made.insert(0, '.');
    }
    for call in calls {
        made = made + " | " + call;
    }
    JsonPath::parse(&made).ok()?;
    Some(format!("json {made}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_as_jq_has_them_or_none() {
        for (path, ours) in [
            ("$", Some("json .")),
            ("$.user.id", Some("json .user.id")),
            ("$['a b'][0].x", Some("json .[\"a b\"][0].x")),
            ("$.items[*].id", Some("json .items[].id")),
            ("$[0]", Some("json .[0]")),
            ("$..id", None),
            ("$.items[?(@.id==1)]", None),
            ("$.items[0:2]", None),
            ("user", None),
        ] {
            assert_eq!(json(path, &[]).as_deref(), ours, "{path}");
        }
        assert_eq!(json("$.items[*]", &["length"]).as_deref(), Some("json .items | length"));
        assert_eq!(json("$.items", &["length"]).as_deref(), Some("json .items | length"));
        assert_eq!(json("$.items[*].id", &["length"]), None);
    }

    #[test]
    fn tests_of_one_thing_become_one_row_and_what_is_none_is_kept() {
        let mut wanted = WantedAnswer::default();
        let test = |of: &str, test: &str| Some((of.to_owned(), test.to_owned()));
        wanted.expect(test("status", "== 200"), "a");
        wanted.expect(test("json .id", "!= 0"), "b");
        wanted.expect(test("json .id", "exists"), "c");
        wanted.expect(test("header.x", &format!("== {}", quoted("it's \\ exists").unwrap())), "d");
        wanted.expect(test("nothing", "== 1"), "e");
        wanted.expect(None, "f");
        wanted.capture(Some(NameValue::new("id", "json .id")), "g");
        wanted.capture(Some(NameValue::new("id", "json .other")), "h");
        let mut spec = HttpSpec::default();
        assert_eq!(wanted.put(&mut spec), ["e", "f", "h"]);
        let rows: Vec<(&str, &str)> =
            spec.expect.rows.iter().map(|row| (&*row.name, &*row.value)).collect();
        let quoted = "'it\\'s \\\\ exists'";
        assert_eq!(
            rows,
            [("status", "200"), ("json .id", "!= 0 and exists"), ("header.x", quoted)]
        );
        assert_eq!(spec.capture.rows, [NameValue::new("id", "json .id")]);
        assert_eq!(check::unreadable(&Spec::Http(spec)), None);
    }
}
