//! What a Bruno request says of its answer: assertions, and variables that are taken from it.

use super::DIALECT;
use crate::interop::import::braces::ours;
use crate::interop::import::data::DataNode;
use crate::interop::import::gathered::Gathered;
use crate::interop::import::names;
use crate::interop::import::wanted::{
    ANY_CASE, WantedAnswer, containing, is_of_any_case, json, literally, matching, quoted,
};
use crate::model::name_value::NameValue;

/// Reads both; what is switched off stays so.
pub(super) fn answer(written: &DataNode, out: &mut Gathered, place: &str) -> WantedAnswer {
    let mut wanted = WantedAnswer::default();
    for (member, is_test) in [("assertions", true), ("captures", false)] {
        for row in written.at(member).items() {
            let (name, value) = (row.at("name").str().trim(), row.at("value").plain());
            let line = format!("{name}: {value}");
            let is_off =
                *row.at("enabled") == DataNode::Bool(false) || row.at("disabled").is_true();
            let value = ours(value.trim(), DIALECT, out, place);
            let line = if is_off { format!("~{line}") } else { line };
            if is_test {
                let test = test(name, &value);
                if test.as_ref().is_some_and(|(of, test)| is_of_any_case(of, test)) {
                    out.changed(ANY_CASE, place, &line);
                }
                if is_off { wanted.expect_off(test, &line) } else { wanted.expect(test, &line) }
            } else {
                // What is local to one run there is a variable like any other.
                let name = names::variable(name.trim_start_matches('@'));
                let row = |of| NameValue { enabled: !is_off, ..NameValue::new(name, of) };
                wanted.capture(of(&value, &[]).map(row), &line);
            }
        }
    }
    wanted
}

/// `res.status`, `eq 200`: what is asked about, and the test with its operator.
fn test(about: &str, written: &str) -> Option<(String, String)> {
    let (operator, value) = written.split_once(char::is_whitespace).unwrap_or((written, ""));
    let value = value.trim();
    let kind = |kind: &str| Some((of(about, &["type"])?, format!("== '{kind}'")));
    let plain = |test: String| Some((of(about, &[])?, test));
    match operator {
        "eq" => plain(format!("== {}", literal(value, about)?)),
        "neq" => plain(format!("!= {}", literal(value, about)?)),
        "gt" => plain(format!("> {}", number(value, about)?)),
        "gte" => plain(format!(">= {}", number(value, about)?)),
        "lt" => plain(format!("< {}", number(value, about)?)),
        "lte" => plain(format!("<= {}", number(value, about)?)),
        "between" => {
            let (least, most) = value.split_once(',')?;
            let (least, most) = (number(least.trim(), about)?, number(most.trim(), about)?);
            plain(format!(">= {least} and <= {most}"))
        }
        "contains" => plain(containing(unquoted(value), is_json(about), false)?),
        "notContains" => plain(containing(unquoted(value), is_json(about), true)?),
        "startsWith" => plain(matching(&format!("^{}", literally(unquoted(value))))?),
        "endsWith" => plain(matching(&format!("{}$", literally(unquoted(value))))?),
        "matches" => plain(matching(expression(value)?)?),
        "notMatches" => plain(format!("not {}", matching(expression(value)?)?)),
        "length" => Some((of(about, &["length"])?, format!("== {}", number(value, "")?))),
        "isEmpty" => Some((of(about, &["length"])?, "== 0".to_owned())),
        "isNotEmpty" => Some((of(about, &["length"])?, "!= 0".to_owned())),
        "isDefined" => plain("exists".to_owned()),
        "isUndefined" => plain("absent".to_owned()),
        "isNull" if is_json(about) => plain("== null".to_owned()),
        "isTruthy" | "isFalsy" => None,
        "isNumber" => kind("number"),
        "isString" => kind("string"),
        "isBoolean" => kind("boolean"),
        "isArray" => kind("array"),
        other if KNOWN.contains(&other) => None,
        // A value alone is what it shall be.
        _ => plain(format!("== {}", literal(written.trim(), about)?)),
    }
}

/// Operators that have no counterpart here.
const KNOWN: [&str; 4] = ["in", "notIn", "isJson", "isNull"];

/// What `res.body.id` asks about here.
fn of(about: &str, calls: &[&str]) -> Option<String> {
    let about = plain(about);
    if let Some(path) = body_path(about) {
        // A body that is asked about as a whole is JSON only if it is looked into.
        let is_whole = path == "$" && calls.is_empty();
        // What JavaScript asks a list or a text for is a function here.
        let counted = path.strip_suffix(".length").map(|path| {
            (path, ["length"].into_iter().chain(calls.iter().copied()).collect::<Vec<_>>())
        });
        return match counted {
            _ if is_whole => Some("body".to_owned()),
            Some((path, calls)) => json(path, &calls),
            None => json(&path, calls),
        };
    }
    if !calls.is_empty() {
        return None;
    }
    match about {
        "res.status" | "res.getStatus()" => return Some("status".to_owned()),
        "res.statusText" => return Some("reason".to_owned()),
        "res.responseTime" | "res.getResponseTime()" => return Some("total".to_owned()),
        _ => {}
    }
    let header = about.strip_prefix("res.headers.").or_else(|| {
        let inside = about.strip_prefix("res.headers[").and_then(|it| it.strip_suffix(']'));
        let asked = || about.strip_prefix("res.getHeader(").and_then(|it| it.strip_suffix(')'));
        inside.or_else(asked).map(unquoted)
    })?;
    let is_name =
        !header.is_empty() && header.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    is_name.then(|| format!("header.{}", header.to_ascii_lowercase()))
}

/// A path in the body, with `$` for all of it: `res.body.a`, `res('a.b')`.
fn body_path(about: &str) -> Option<String> {
    let of_body = ["res.body", "res.getBody()"].iter().find_map(|body| about.strip_prefix(body));
    if let Some(rest) = of_body {
        let is_path = rest.is_empty() || rest.starts_with(['.', '[']);
        let rest = rest.replace("?.", ".");
        return (is_path && !rest.contains('(')).then(|| format!("${rest}"));
    }
    let asked = about.strip_prefix("res(")?.strip_suffix(')')?;
    let path = unquoted(asked);
    let is_path = path != asked && !path.contains("..");
    is_path.then(|| if path.starts_with('[') { format!("${path}") } else { format!("$.{path}") })
}

/// `$res` is what `res` is.
fn plain(about: &str) -> &str {
    let about = about.trim();
    about.strip_prefix('$').filter(|rest| rest.starts_with("res")).unwrap_or(about)
}

fn is_json(about: &str) -> bool {
    body_path(plain(about)).is_some_and(|path| path != "$")
}

/// A text without the quotes around it.
fn unquoted(text: &str) -> &str {
    let inside = |quote: char| text.strip_prefix(quote)?.strip_suffix(quote);
    inside('"').or_else(|| inside('\'')).unwrap_or(text)
}

/// What stands between slashes, or all of it.
fn expression(value: &str) -> Option<&str> {
    let inside = value.strip_prefix('/').and_then(|rest| rest.rsplit_once('/'));
    match inside {
        Some((regex, "")) => Some(regex),
        // With flags it means something else.
        Some(_) => None,
        None => Some(unquoted(value)),
    }
}

/// What something shall be equal to: a number and the like as they are, everything else as a text.
fn literal(value: &str, about: &str) -> Option<String> {
    let is_plain = value.parse::<f64>().is_ok_and(f64::is_finite)
        || is_json(about) && ["true", "false", "null"].contains(&value);
    if is_plain || (value.starts_with("{{") && value.ends_with("}}")) {
        return number(value, about).or_else(|| Some(value.to_owned()));
    }
    quoted(unquoted(value))
}

/// A number; times are milliseconds.
fn number(value: &str, about: &str) -> Option<String> {
    value.parse::<f64>().ok().filter(|it| it.is_finite())?;
    let is_time = of(about, &[]).as_deref() == Some("total");
    Some(if is_time { format!("{value}ms") } else { value.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::http::HttpSpec;

    #[test]
    fn assertions_are_expectations_where_there_is_such_a_test() {
        for (about, written, of, wanted) in [
            ("res.status", "eq 200", "status", "== 200"),
            ("res.status", "200", "status", "== 200"),
            ("$res.body.m", "success", "json .m", "== 'success'"),
            ("res.body.id", "eq 42", "json .id", "== 42"),
            ("res.body.id", "eq \"42\"", "json .id", "== '42'"),
            ("res.body.ok", "eq true", "json .ok", "== true"),
            ("res.body[0]['a b']", "neq x", "json .[0][\"a b\"]", "!= 'x'"),
            ("res.body.list", "length 3", "json .list | length", "== 3"),
            ("res.body.items.length", "gt 1", "json .items | length", "> 1"),
            ("res.body.length", "eq 2", "json . | length", "== 2"),
            ("res.body.s", "contains q", "json .s", "contains 'q' and matches '(?-i)q'"),
            ("res.body.list", "isArray", "json .list | type", "== 'array'"),
            ("res.body.a", "isNull", "json .a", "== null"),
            ("res.body.a", "isDefined", "json .a", "exists"),
            ("res.body", "contains It's", "body", "contains 'It\\'s'"),
            ("res.body.n", "between 1, 5", "json .n", ">= 1 and <= 5"),
            ("res('user.id')", "gt 3", "json .user.id", "> 3"),
            (
                "res.headers.content-type",
                "contains json",
                "header.content-type",
                "matches '(?-i)json'",
            ),
            ("res.headers['X-A']", "eq b", "header.x-a", "== 'b'"),
            ("res.responseTime", "lt 500", "total", "< 500ms"),
            ("res.body.s", "matches /^a.c$/", "json .s", "matches '(?-i)^a.c$'"),
        ] {
            let made = test(about, written);
            assert_eq!(made, Some((of.to_owned(), wanted.to_owned())), "{about} {written}");
            let mut all = WantedAnswer::default();
            all.expect(made, written);
            assert!(all.put(&mut HttpSpec::default()).is_empty(), "{about} {written}");
        }
        for (about, written) in [
            ("res.body.a", "isTruthy"),
            ("res.body.a", "in 1, 2"),
            ("res.body", "isJson"),
            ("res.body.a", "matches /x/i"),
            ("res.body.items.map(x => x.id)", "eq 1"),
            ("res('..id')", "eq 1"),
            ("req.url", "eq x"),
            ("res.status", "isNumber"),
        ] {
            assert_eq!(test(about, written), None, "{about} {written}");
        }
    }
}
