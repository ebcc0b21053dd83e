//! A request written as text: a line with method and URL, headers, an empty line, the body. So it
//! crosses the wire, and so `.http` and Hurl files write it.
//!
//! Called by the application for what is pasted. `{{names}}` stay names; what such files say beside
//! the request (comments, sections, the response that is expected) is left out, which is told.

use crate::compose::method_and_url;
use crate::model::http::{HttpBody, HttpSpec};
use crate::model::name_value::NameValue;

/// Headers that follow from the body.
const DERIVED: [&str; 2] = ["content-length", "transfer-encoding"];

/// Whether a text is a request of more than its first line.
pub(crate) fn is_request(text: &str) -> bool {
    parse(text).is_some()
}

/// The request, and what of the text was left out; `None` = it is no request, or only the first line
/// of one.
pub(crate) fn parse(text: &str) -> Option<(HttpSpec, Vec<String>)> {
    // Terminals paste CR for the end of a line.
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let mut lines = text.lines().skip_while(|line| is_aside(line.trim()));
    let first = method_and_url(lines.next()?)?;
    let mut url = first.url.to_owned();
    let mut headers: Vec<NameValue> = Vec::new();
    let mut left_out = None;
    let mut is_more = false;
    for line in lines.by_ref().map(str::trim) {
        if line.is_empty() {
            break;
        }
        if is_end(line) || line.starts_with('[') {
            left_out = Some(line);
            break;
        }
        if is_aside(line) {
            continue;
        }
        if headers.is_empty() && line.starts_with(['?', '&']) {
            url.push_str(line);
        } else {
            headers.push(header(line)?);
        }
        is_more = true;
    }
    let mut body = Vec::new();
    for line in lines.take_while(|_| left_out.is_none()) {
        if is_end(line.trim()) {
            left_out = Some(line.trim());
            break;
        }
        body.push(line);
    }
    let body = body.join("\n").trim_end().to_owned();
    if url.contains(char::is_whitespace) || !is_more && body.is_empty() && left_out.is_none() {
        return None;
    }
    let body = body_of(body, &headers);
    place(&mut url, &mut headers);
    headers.retain(|row| !DERIVED.iter().any(|name| row.name.eq_ignore_ascii_case(name)));
    let spec = HttpSpec { method: first.method, url, headers, body, ..HttpSpec::default() };
    let remark = |line| format!("'{line}' and what follows it was left out");
    Some((spec, left_out.map(remark).into_iter().collect()))
}

/// A comment, or nothing.
fn is_aside(line: &str) -> bool {
    line.is_empty() || line.starts_with('#') || line.starts_with("//")
}

/// Where a request ends in such files: at the next one, or at the response that is expected.
fn is_end(line: &str) -> bool {
    let rest = line.strip_prefix("HTTP").unwrap_or_default();
    line.starts_with("###")
        || rest.starts_with([' ', '/']) && rest.contains(|c: char| c.is_ascii_digit())
}

fn header(line: &str) -> Option<NameValue> {
    let (name, value) = line.split_once(':')?;
    let is_token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
    let is_name = !name.is_empty() && name.chars().all(is_token);
    is_name.then(|| NameValue::new(name, value.trim()))
}

fn body_of(text: String, headers: &[NameValue]) -> HttpBody {
    let kind = headers.iter().find(|row| row.name.eq_ignore_ascii_case("content-type"));
    let is_json = match kind {
        Some(kind) => kind.value.to_ascii_lowercase().contains("json"),
        None => text.starts_with(['{', '[']),
    };
    match text.as_str() {
        "" => HttpBody::None,
        _ if is_json => HttpBody::Json(text),
        _ => HttpBody::Text(text),
    }
}

/// A path alone is of the host that a header names.
fn place(url: &mut String, headers: &mut Vec<NameValue>) {
    let host = headers.iter().position(|row| row.name.eq_ignore_ascii_case("host"));
    if let Some(at) = host.filter(|_| url.starts_with('/')) {
        let host = headers.remove(at).value;
        url.insert_str(0, &format!("http://{host}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (String, String, Vec<(String, String)>, HttpBody, Vec<String>) {
        let (spec, remarks) = parse(text).unwrap();
        let headers = spec.headers.into_iter().map(|row| (row.name, row.value)).collect();
        (spec.method, spec.url, headers, spec.body, remarks)
    }

    fn rows(rows: &[(&str, &str)]) -> Vec<(String, String)> {
        rows.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn as_it_crosses_the_wire() {
        let text = "PUT /x?a=1 HTTP/1.1\r\nHost: h:80\r\nContent-Type: text/plain\r\n\
                    Content-Length: 3\r\n\r\na\r\nb";
        let (method, url, headers, body, remarks) = read(text);
        assert_eq!((method.as_str(), url.as_str()), ("PUT", "http://h:80/x?a=1"));
        assert_eq!(headers, rows(&[("Content-Type", "text/plain")]));
        assert_eq!((body, remarks.len()), (HttpBody::Text("a\nb".into()), 0));
    }

    #[test]
    fn as_files_write_it_with_names_comments_and_what_is_expected() {
        let text = "### Make one\n# mine\npost {{base}}/users\n    ?a=1\n    &b=2\nX-Id: {{id}}\n\n\
                    {\"a\": [\n1]}\n\nHTTP 201\n[Asserts]\nstatus == 201\n";
        let (method, url, headers, body, remarks) = read(text);
        assert_eq!((method.as_str(), url.as_str()), ("POST", "{{base}}/users?a=1&b=2"));
        assert_eq!(headers, rows(&[("X-Id", "{{id}}")]));
        assert_eq!(body, HttpBody::Json("{\"a\": [\n1]}".into()));
        assert_eq!(remarks, ["'HTTP 201' and what follows it was left out"]);
        let (_, _, _, body, remarks) = read("GET http://h/\r[QueryStringParams]\ra: b");
        assert_eq!((body, remarks.len()), (HttpBody::None, 1));
    }

    #[test]
    fn one_line_and_what_is_no_request_are_none() {
        for text in [
            "",
            "GET http://h/",
            "GET http://h/ HTTP/1.1\n\n",
            "GET http://h/\nno header\n",
            "curl http://h\nA: b",
            "http://h/\nA: b",
            "A: b\nC: d",
        ] {
            assert!(!is_request(text), "{text}");
        }
    }
}
