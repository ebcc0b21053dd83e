//! What a Hurl file says of an answer: its status and headers, `[Captures]` and `[Asserts]`.

use super::DIALECT;
use crate::interop::import::braces::ours;
use crate::interop::import::gathered::Gathered;
use crate::interop::import::names;
use crate::interop::import::tree::ImportFault;
use crate::interop::import::wanted::{
    ANY_CASE, WantedAnswer, containing, is_of_any_case, json, literally, matching, quoted,
};
use crate::model::name_value::NameValue;

/// Reads the lines from `HTTP` on, the first of which has this number; names between braces become ours.
///
/// # Errors
/// A row that is none, with its line.
pub(super) fn answer(
    (first, lines): (usize, &[&str]),
    out: &mut Gathered,
    place: &str,
) -> Result<WantedAnswer, ImportFault> {
    let mut wanted = WantedAnswer::default();
    let mut section = "";
    for (at, line) in lines.iter().enumerate() {
        let bare = line.trim();
        if at == 0 {
            head(bare, &mut wanted);
            continue;
        }
        if ["[Captures]", "[Asserts]"].contains(&bare) {
            section = bare;
            continue;
        }
        if bare.is_empty() || bare.starts_with('#') {
            continue;
        }
        let text = ours(bare, DIALECT, out, place);
        let of_header = super::sections::header(&text);
        // A body may stand behind the sections, too.
        let is_body = match section {
            "" => of_header.is_none(),
            _ => begins_body(bare),
        };
        if is_body {
            let (_, rest) = lines.split_at(at);
            whole_body(rest, &mut wanted, out, place);
            break;
        }
        let refused = |what: &str| {
            let cause = format!("this is no {what}: '{bare}'");
            ImportFault::at_line(first + at, 1, cause)
        };
        match section {
            "[Captures]" => {
                let query = text.split_once(':').map_or("", |(_, query)| query.trim());
                if !is_query(query) {
                    return Err(refused("capture"));
                }
                wanted.capture(capture(&text), bare);
            }
            "[Asserts]" => {
                if !is_query(&text) {
                    return Err(refused("assert"));
                }
                let asserted = test(&text);
                if asserted.as_ref().is_some_and(|(of, told)| is_of_any_case(of, told)) {
                    out.changed(ANY_CASE, place, bare);
                }
                wanted.expect(asserted, bare);
            }
            _ => wanted.expect(of_header.and_then(|(name, value)| header(name, value)), line),
        }
    }
    Ok(wanted)
}

/// What Hurl can ask about.
const QUERIES: [&str; 17] = [
    "status",
    "version",
    "url",
    "redirects",
    "ip",
    "header",
    "certificate",
    "cookie",
    "body",
    "rawbytes",
    "xpath",
    "jsonpath",
    "regex",
    "sha256",
    "md5",
    "bytes",
    "variable",
];

/// Whether a line begins with something that Hurl can ask about.
fn is_query(line: &str) -> bool {
    let word = line.split(char::is_whitespace).next().unwrap_or_default();
    word == "duration" || QUERIES.contains(&word)
}

/// Whether a body begins in a line; one of braces may be a row all the same, whose name is made of a variable.
fn begins_body(line: &str) -> bool {
    let words = ["true", "false", "null"];
    let kinds = ["base64,", "hex,", "file,"];
    let is_json =
        line.starts_with(['{', '[', '"', '-']) || line.starts_with(|c: char| c.is_ascii_digit());
    let is_other = line.starts_with(['`', '<']) || kinds.iter().any(|kind| line.starts_with(kind));
    (is_json || is_other || words.contains(&line)) && !line.starts_with("{{")
}

/// What the body shall be, where one line says it; else it stays as it is written.
fn whole_body(lines: &[&str], wanted: &mut WantedAnswer, out: &mut Gathered, place: &str) {
    let text = lines.join("\n");
    let bare = text.trim();
    let between = |begin: &str, end: &str| {
        let inner = bare.strip_prefix(begin)?.trim_end().strip_suffix(end)?;
        (!inner.contains(['\n', '`'])).then_some(inner.trim())
    };
    let bytes = |digits: &str| (!digits.is_empty()).then(|| format!("== 0x{digits}"));
    let equal = if let Some(line) = between("`", "`") {
        let line = ours(&super::sections::unescaped(line), DIALECT, out, place);
        quoted(&line).map(|line| format!("== {line}"))
    } else if let Some(digits) = between("hex,", ";") {
        bytes(digits)
    } else if let Some(digits) = between("base64,", ";") {
        super::bytes_of(digits).and_then(|digits| bytes(&digits))
    } else {
        None
    };
    match equal {
        Some(equal) => wanted.expect(Some(("body".to_owned(), equal)), bare),
        None => lines.iter().for_each(|line| wanted.keep(line)),
    }
}

/// `HTTP/1.1 200`; any version and any status are `HTTP *`.
fn head(line: &str, wanted: &mut WantedAnswer) {
    let (version, status) = line.split_once(' ').unwrap_or((line, "*"));
    if version.contains('/') {
        let is_said = ["HTTP/1.0", "HTTP/1.1"].contains(&version);
        let test = is_said.then(|| ("version".to_owned(), format!("== {version}")));
        wanted.expect(test, version);
    }
    let status = status.trim();
    if status != "*" {
        let is_number = status.bytes().all(|byte| byte.is_ascii_digit());
        wanted.expect(is_number.then(|| ("status".to_owned(), format!("== {status}"))), line);
    }
}

fn header(name: &str, value: &str) -> Option<(String, String)> {
    Some((format!("header.{}", name.to_ascii_lowercase()), format!("== {}", quoted(value)?)))
}

/// `name: jsonpath "$.id"`.
fn capture(line: &str) -> Option<NameValue> {
    let (name, query) = line.split_once(':')?;
    let mut words = Words(query.trim());
    let (of, mut calls) = (words.question()?, Vec::new());
    while let Some(call) = words.call() {
        if call.is_empty() {
            let regex = words.text_or_regex()?;
            let part = format!("{}{}", of.with(&calls)?, " ") + &matching(&regex)?;
            return words.is_over().then(|| NameValue::new(names::variable(name), part));
        }
        calls.push(call);
    }
    let of = of.with(&calls)?;
    words.is_over().then(|| NameValue::new(names::variable(name), of))
}

/// `jsonpath "$.id" == 1`, as what is asked about and the test with its operator.
fn test(line: &str) -> Option<(String, String)> {
    let mut words = Words(line);
    let of = words.question()?;
    let mut calls = Vec::new();
    while let Some(call) = words.call().filter(|call| !call.is_empty()) {
        calls.push(call);
    }
    let is_not = words.take("not");
    let operator = words.word()?;
    if let Some(kind) = kind_of(operator) {
        calls.push("type".to_owned());
        let sign = if is_not { "!=" } else { "==" };
        return (of.is_json() && words.is_over())
            .then(|| Some((of.with(&calls)?, format!("{sign} '{kind}'"))))?;
    }
    let not = if is_not { "not " } else { "" };
    let (of, test) = match operator {
        "exists" => (of.with(&calls)?, if is_not { "absent" } else { "exists" }.to_owned()),
        "isEmpty" if of.is_json() => {
            calls.push("length".to_owned());
            (of.with(&calls)?, if is_not { "!= 0" } else { "== 0" }.to_owned())
        }
        "matches" => {
            let regex = words.text_or_regex()?;
            (of.with(&calls)?, format!("{not}{}", matching(&regex)?))
        }
        "startsWith" => {
            let begin = literally(&words.text()?);
            (of.with(&calls)?, format!("{not}{}", matching(&format!("^{begin}"))?))
        }
        "endsWith" => {
            let end = literally(&words.text()?);
            (of.with(&calls)?, format!("{not}{}", matching(&format!("{end}$"))?))
        }
        // Of an element of a list, which is one as it is.
        "includes" => (of.with(&calls)?, format!("{not}contains {}", quoted(&words.text()?)?)),
        "contains" => (of.with(&calls)?, containing(&words.text()?, of.is_json(), is_not)?),
        sign => {
            let sign = compared(sign, is_not)?;
            let value = words.value(&of)?;
            (of.with(&calls)?, format!("{sign} {value}"))
        }
    };
    words.is_over().then_some((of, test))
}

/// What jq calls the kind a value shall be of.
fn kind_of(operator: &str) -> Option<&'static str> {
    match operator {
        "isBoolean" => Some("boolean"),
        "isString" => Some("string"),
        "isNumber" => Some("number"),
        "isList" => Some("array"),
        "isObject" => Some("object"),
        _ => None,
    }
}

/// A sign of ours; only what is equal has an opposite of its own.
fn compared(sign: &str, is_not: bool) -> Option<&'static str> {
    let sign = match sign {
        "==" | "equals" => "==",
        "!=" | "notEquals" => "!=",
        ">" | "greaterThan" => ">",
        ">=" | "greaterThanOrEquals" => ">=",
        "<" | "lessThan" => "<",
        "<=" | "lessThanOrEquals" => "<=",
        _ => return None,
    };
    match (sign, is_not) {
        (sign, false) => Some(sign),
        ("==", true) => Some("!="),
        ("!=", true) => Some("=="),
        _ => None,
    }
}

/// What is asked about.
enum Asked {
    /// A field of ours, as it is written.
    Field(String),
    /// A path of Hurl's in the body.
    Json(String),
    /// Milliseconds.
    Time,
}

impl Asked {
    fn is_json(&self) -> bool {
        matches!(self, Asked::Json(_))
    }

    /// The field with calls behind its path.
    fn with(&self, calls: &[String]) -> Option<String> {
        match self {
            Asked::Json(path) => {
                let at = calls.iter().take_while(|call| call.starts_with('[')).count();
                let (steps, calls) = calls.split_at(at);
                let calls: Vec<&str> = calls.iter().map(String::as_str).collect();
                json(&format!("{path}{}", steps.concat()), &calls)
            }
            Asked::Field(field) if field == "body" && calls == ["bytes", "length"] => {
                Some("size".to_owned())
            }
            Asked::Field(field) if calls.is_empty() => Some(field.clone()),
            Asked::Time if calls.is_empty() => Some("total".to_owned()),
            Asked::Field(_) | Asked::Time => None,
        }
    }
}

/// The rest of a line, word by word.
struct Words<'t>(&'t str);

impl<'t> Words<'t> {
    fn is_over(&self) -> bool {
        self.0.is_empty() || self.0.starts_with('#')
    }

    fn word(&mut self) -> Option<&'t str> {
        let end = self.0.find(char::is_whitespace).unwrap_or(self.0.len());
        let (word, rest) = self.0.split_at(end);
        self.0 = rest.trim_start();
        (!word.is_empty()).then_some(word)
    }

    fn take(&mut self, word: &str) -> bool {
        let rest = self.0.strip_prefix(word);
        let rest = rest.filter(|rest| rest.is_empty() || rest.starts_with(char::is_whitespace));
        self.0 = rest.map_or(self.0, str::trim_start);
        rest.is_some()
    }

    /// A text in quotes, `\` taken out of it.
    fn text(&mut self) -> Option<String> {
        let inside = self.0.strip_prefix('"')?;
        let (mut text, mut chars) = (String::new(), inside.char_indices());
        while let Some((at, c)) = chars.next() {
            match c {
                '"' => {
                    self.0 = inside.split_at(at + 1).1.trim_start();
                    return Some(text);
                }
                '\\' => match chars.next()?.1 {
                    c @ ('"' | '\\' | '#') => text.push(c),
                    _ => return None,
                },
                c => text.push(c),
            }
        }
        None
    }

    /// `"a.c"` or `/a.c/`.
    fn text_or_regex(&mut self) -> Option<String> {
        let Some(inside) = self.0.strip_prefix('/') else { return self.text() };
        let mut is_escaped = false;
        let end = inside.find(|c: char| {
            let is_end = c == '/' && !is_escaped;
            is_escaped = c == '\\' && !is_escaped;
            is_end
        })?;
        let (regex, rest) = inside.split_at(end);
        self.0 = rest.strip_prefix('/')?.trim_start();
        Some(regex.replace("\\/", "/"))
    }

    /// What is asked about.
    fn question(&mut self) -> Option<Asked> {
        let field = |name: &str| Some(Asked::Field(name.to_owned()));
        match self.word()? {
            "status" => field("status"),
            "body" => field("body"),
            "url" => field("url"),
            "sha256" => field("sha256"),
            "duration" => Some(Asked::Time),
            "redirects" if self.take("count") => field("redirects"),
            "certificate" => match self.text()?.as_str() {
                "Subject" => field("tls.subject"),
                "Issuer" => field("tls.issuer"),
                _ => None,
            },
            "bytes" if self.take("count") => field("size"),
            "header" => Some(Asked::Field(format!("header.{}", self.text()?.to_ascii_lowercase()))),
            "cookie" => {
                let name = self.text()?;
                // The value is what a cookie is asked for by itself.
                let name = name.strip_suffix("[Value]").unwrap_or(&name);
                (!name.contains('[')).then(|| Asked::Field(format!("cookie.{name}")))
            }
            "jsonpath" => Some(Asked::Json(self.text()?)),
            _ => None,
        }
    }

    /// A step behind a path; an empty one is an expression, which stands next.
    fn call(&mut self) -> Option<String> {
        if self.take("count") {
            return Some("length".to_owned());
        }
        if self.take("first") {
            return Some("[0]".to_owned());
        }
        if self.take("last") {
            return Some("[-1]".to_owned());
        }
        if self.take("nth") {
            let number = self.word()?;
            return number.parse::<i64>().ok().map(|number| format!("[{number}]"));
        }
        self.take("regex").then(String::new)
    }

    /// What something is compared with, as a test has it.
    fn value(&mut self, of: &Asked) -> Option<String> {
        if self.0.starts_with('"') {
            return quoted(&self.text()?);
        }
        let hex = self.0.strip_prefix("hex,").and_then(|rest| rest.split_once(';'));
        if let (Some((digits, rest)), Asked::Field(field)) = (hex, of) {
            self.0 = rest.trim_start();
            let digits = digits.trim();
            return match field.as_str() {
                "sha256" => Some(digits.to_ascii_lowercase()),
                "body" => Some(format!("0x{digits}")),
                _ => None,
            };
        }
        let word = self.word()?;
        let is_number = word.parse::<f64>().is_ok_and(f64::is_finite);
        let is_name = word.starts_with("{{") && word.ends_with("}}");
        match of {
            Asked::Time => is_number.then(|| format!("{word}ms")),
            _ if is_number || is_name => Some(word.to_owned()),
            Asked::Json(_) => ["true", "false", "null"].contains(&word).then(|| word.to_owned()),
            Asked::Field(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn asserts_are_expectations_where_there_is_such_a_test() {
        for (line, of, wanted) in [
            ("status == 201", "status", "== 201"),
            ("status < 400", "status", "< 400"),
            (
                "header \"Content-Type\" contains \"json\"",
                "header.content-type",
                "matches '(?-i)json'",
            ),
            ("redirects count == 1", "redirects", "== 1"),
            ("certificate \"Subject\" contains \"X\"", "tls.subject", "contains 'X'"),
            ("cookie \"sid[Value]\" == \"a\"", "cookie.sid", "== 'a'"),
            ("jsonpath \"$.a[*].id\" count == 3", "json [.a[].id] | length", "== 3"),
            ("jsonpath \"$.a\" includes \"x\"", "json .a", "contains 'x'"),
            ("jsonpath \"$.id\" == 42", "json .id", "== 42"),
            ("jsonpath \"$.id\" == \"42\" # as text", "json .id", "== '42'"),
            ("jsonpath \"$.ok\" == true", "json .ok", "== true"),
            ("jsonpath \"$.a\" not exists", "json .a", "absent"),
            ("jsonpath \"$.a\" not == null", "json .a", "!= null"),
            ("jsonpath \"$.a\" not contains \"x\"", "json .a", "not contains 'x'"),
            ("jsonpath \"$.list\" count == 3", "json .list | length", "== 3"),
            ("jsonpath \"$.list[*]\" count > 3", "json .list | length", "> 3"),
            ("jsonpath \"$.list\" nth 1 == \"b\"", "json .list[1]", "== 'b'"),
            ("jsonpath \"$.list\" isString", "json .list | type", "== 'string'"),
            ("jsonpath \"$.list\" not isEmpty", "json .list | length", "!= 0"),
            ("jsonpath \"$.when\" matches /^\\d{4}\\/1/", "json .when", "matches '(?-i)^\\d{4}/1'"),
            ("jsonpath \"$.u\" startsWith \"a.b\"", "json .u", "matches '(?-i)^a\\.b'"),
            ("body contains \"x\"", "body", "matches '(?-i)x'"),
            ("bytes count == 120", "size", "== 120"),
            ("duration < 1000", "total", "< 1000ms"),
            ("cookie \"sid\" exists", "cookie.sid", "exists"),
            ("sha256 == hex,0AFF;", "sha256", "== 0aff"),
            ("jsonpath \"$.id\" == {{id}}", "json .id", "== {{id}}"),
        ] {
            assert_eq!(test(line), Some((of.to_owned(), wanted.to_owned())), "{line}");
            let mut all = WantedAnswer::default();
            all.expect(test(line), line);
            assert!(all.put(&mut crate::model::http::HttpSpec::default()).is_empty(), "{line}");
        }
        for line in [
            "xpath \"string(//title)\" == \"x\"",
            "jsonpath \"$..id\" == 1",
            "jsonpath \"$.a\" isInteger",
            "jsonpath \"$.a\" == [1, 2]",
            "jsonpath \"$.a\" toInt > 3",
            "jsonpath \"$.a\" not < 3",
            "cookie \"sid[Expires]\" exists",
            "header \"X\" count == 2",
            "status",
            "body == \"open",
        ] {
            assert_eq!(test(line), None, "{line}");
        }
    }

    #[test]
    fn captures_are_ours_where_the_path_is() {
        let row = |line: &str| capture(line).map(|row| (row.name, row.value));
        let pair = |name: &str, of: &str| Some((name.to_owned(), of.to_owned()));
        assert_eq!(row("id: jsonpath \"$.user.id\""), pair("id", "json .user.id"));
        assert_eq!(row("one: jsonpath \"$.list\" nth 0"), pair("one", "json .list[0]"));
        assert_eq!(row("t: header \"X-Token\""), pair("t", "header.x-token"));
        let part = pair("t", "body matches '(?-i)token=(\\w+)'");
        assert_eq!(row("t: body regex \"token=(\\\\w+)\""), part);
        assert_eq!(row("t: body regex /token=(\\w+)/"), part);
        assert_eq!(row("t: xpath \"//a\""), None);
    }
}
