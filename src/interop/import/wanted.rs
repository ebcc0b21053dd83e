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
    /// The same of those that are switched off.
    off: Vec<(String, Vec<String>)>,
    captures: Vec<NameValue>,
    /// What cannot be said here, as it was written.
    rest: Vec<String>,
}

impl WantedAnswer {
    /// Takes a test, written with its operator; `written` is what stays where there is no such test.
    pub(super) fn expect(&mut self, test: Option<(String, String)>, written: &str) {
        self.take(test, true, written);
    }

    /// The same of a test that is switched off, and stays so.
    pub(super) fn expect_off(&mut self, test: Option<(String, String)>, written: &str) {
        self.take(test, false, written);
    }

    fn take(&mut self, test: Option<(String, String)>, is_on: bool, written: &str) {
        let good = test.filter(|(of, test)| {
            let row = NameValue::new(of.as_str(), test.as_str());
            check::flaw(&row, &Spec::Http(HttpSpec::default())).is_none()
        });
        let Some((of, test)) = good else { return self.keep(written) };
        let all = if is_on { &mut self.tests } else { &mut self.off };
        match all.iter_mut().find(|(known, _)| *known == of) {
            Some((_, tests)) if tests.contains(&test) => {}
            Some((_, tests)) => tests.push(test),
            None => all.push((of, vec![test])),
        }
    }

    /// Takes a capture, as [`expect`](WantedAnswer::expect).
    pub(super) fn capture(&mut self, row: Option<NameValue>, written: &str) {
        let good = row.filter(|row| {
            let is_same = |it: &NameValue| it.name == row.name && it.enabled == row.enabled;
            let is_new = !self.captures.iter().any(is_same);
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
        let on = self.tests.into_iter().map(|(of, tests)| (of, tests, true));
        let off = self.off.into_iter().map(|(of, tests)| (of, tests, false));
        for (of, tests, enabled) in on.chain(off) {
            let alone = match tests.as_slice() {
                [one] => one.strip_prefix("== "),
                _ => None,
            };
            let value = alone.map_or_else(|| tests.join(" and "), str::to_owned);
            spec.expect.rows.push(NameValue { enabled, ..NameValue::new(of, value) });
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

/// A test that a text is in something in just this case. Of JSON that may be a list, too, of which it is an element: an
/// expression says what a text holds, and `contains` what a list does. Where it shall not be there, the latter alone
/// does, in any case, which [`is_of_any_case`] tells.
pub(super) fn containing(text: &str, is_json: bool, is_not: bool) -> Option<String> {
    let not = if is_not { "not " } else { "" };
    let plain = format!("{not}contains {}", quoted(text)?);
    let is_spelled = text.contains(['"', '\\']);
    if !minds_case(text) || is_json && (is_not || is_spelled) {
        return Some(plain);
    }
    let exact = format!("{not}{}", matching(&literally(text))?);
    Some(if is_json { format!("{plain} and {exact}") } else { exact })
}

/// What is said of tests that find a text in any case.
pub(super) const ANY_CASE: &str = "tests that mind the case of letters there, and not here";

/// Whether a test finds more than the one that was asked for.
pub(super) fn is_of_any_case(of: &str, test: &str) -> bool {
    let sought = test.strip_prefix("not contains '");
    of.starts_with("json ") && sought.is_some_and(minds_case)
}

/// Whether `contains` finds a text in capitals, too.
fn minds_case(text: &str) -> bool {
    text.chars().any(char::is_lowercase) && !text.chars().any(char::is_uppercase)
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
    if !made.starts_with('.') {
        made.insert(0, '.');
    }
    // Behind all elements a function is of each; all of them together are the list.
    if made.contains("[]") && !calls.is_empty() {
        if calls != ["length"] {
            return None;
        }
        let list = made.strip_suffix("[]").filter(|list| !list.contains("[]"));
        let list = list.map(|list| if list.is_empty() { "." } else { list });
        return Some(match list {
            Some(list) => format!("json {list} | length"),
            // No path counts what others lead to: a filter does.
            None => format!("json [{made}] | length"),
        });
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
        let counted = json("$.items[*].id", &["length"]);
        assert_eq!(counted.as_deref(), Some("json [.items[].id] | length"));
        assert_eq!(json("$[*]", &["length"]).as_deref(), Some("json . | length"));
        assert_eq!(json("$.items[*].id", &["type"]), None);
    }

    #[test]
    fn a_text_is_found_in_the_case_in_which_it_is_asked_for() {
        for (text, is_json, is_not, wanted) in [
            ("Ab", false, false, "contains 'Ab'"),
            ("12", true, true, "not contains '12'"),
            ("a.b", false, false, "matches '(?-i)a\\.b'"),
            ("ab", false, true, "not matches '(?-i)ab'"),
            ("ab", true, false, "contains 'ab' and matches '(?-i)ab'"),
            ("a\"b", true, false, "contains 'a\"b'"),
            ("ab", true, true, "not contains 'ab'"),
        ] {
            assert_eq!(containing(text, is_json, is_not).as_deref(), Some(wanted), "{text}");
        }
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
        wanted.expect_off(test("json .id", "== 1"), "i");
        wanted.expect_off(test("nothing", "== 1"), "j");
        let mut spec = HttpSpec::default();
        assert_eq!(wanted.put(&mut spec), ["e", "f", "h", "j"]);
        let rows: Vec<(&str, &str)> =
            spec.expect.rows.iter().map(|row| (&*row.name, &*row.value)).collect();
        let quoted = "'it\\'s \\\\ exists'";
        assert_eq!(
            rows,
            [
                ("status", "200"),
                ("json .id", "!= 0 and exists"),
                ("header.x", quoted),
                ("json .id", "1")
            ]
        );
        assert!(!spec.expect.rows[3].enabled);
        assert_eq!(spec.capture.rows, [NameValue::new("id", "json .id")]);
        assert_eq!(check::unreadable(&Spec::Http(spec)), None);
    }
}
