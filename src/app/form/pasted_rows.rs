//! Rows of a list in a pasted text: lines of `Name: value` or `name=value`, the query of a URL, a flat
//! JSON object. Pure; what is none of these stays a text.

use std::borrow::Cow;

use crate::codec::http1::fields::is_token;
use crate::compose::query_pieces::{PiecePart, meant};
use crate::model::field::{Options as _, Spelling};
use crate::model::name_value::NameValue;
use crate::model::url_text::{QueryPiece, UrlText};

/// Rows taken at once.
const MOST: usize = 1_000;

/// The rows a text means where a list is spelled so; `None` = it means none.
pub(crate) fn rows(text: &str, spelling: Spelling) -> Option<Vec<NameValue>> {
    let text = text.trim();
    let rows = match spelling {
        Spelling::Header => headers(text)?,
        Spelling::Pair => object(text).or_else(|| query(text)).or_else(|| pairs(text))?,
        Spelling::Table | Spelling::Headed => return None,
    };
    (!rows.is_empty() && rows.len() <= MOST).then_some(rows)
}

fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().map(str::trim).filter(|line| !line.is_empty())
}

/// Every line is a header; a line that begins a message may stand above them.
fn headers(text: &str) -> Option<Vec<NameValue>> {
    let is_start = |line: &&str| {
        line.starts_with("HTTP/") || line.ends_with("HTTP/1.1") || line.ends_with("HTTP/1.0")
    };
    let all = lines(text).enumerate().filter(|(at, line)| *at > 0 || !is_start(line));
    let row = |line: &str| {
        let row = NameValue::from_line(line, Spelling::Header)?;
        let value = row.value.trim().to_owned();
        // `http://h` is an address.
        let is_header = is_token(row.name.as_bytes()) && !row.value.starts_with("//");
        if is_header { Some(NameValue { value, ..row }) } else { None }
    };
    all.map(|(_, line)| row(line)).collect()
}

/// `a=1&b=2`, also behind `?` and in a URL. What is encoded there is read.
fn query(text: &str) -> Option<Vec<NameValue>> {
    if text.contains(char::is_whitespace) {
        return None;
    }
    let is_url = text.contains("://") || text.starts_with('?');
    let url = if is_url { Cow::Borrowed(text) } else { Cow::Owned(format!("?{text}")) };
    let pieces = UrlText::of(&url).pieces();
    if pieces.is_empty() || !is_url && (pieces.len() == 1 || !pieces.iter().any(has_value)) {
        return None;
    }
    let row = |piece| NameValue::new(meant(piece, PiecePart::Name), meant(piece, PiecePart::Value));
    Some(pieces.iter().filter(|piece| !piece.whole.is_empty()).map(row).collect())
}

fn has_value(piece: &QueryPiece<'_>) -> bool {
    piece.value.is_some()
}

/// Every line is `name=value` or `name: value`, and there are several.
fn pairs(text: &str) -> Option<Vec<NameValue>> {
    let row = |line: &str| {
        let (enabled, line) = line.strip_prefix('~').map_or((true, line), |line| (false, line));
        let at = line.find(['=', ':'])?;
        let (name, value) = line.split_at(at);
        let is_name = !name.trim().is_empty() && !name.trim().contains(char::is_whitespace);
        let value = value.get(1..).unwrap_or_default().trim();
        is_name.then(|| NameValue { enabled, ..NameValue::new(name.trim(), value) })
    };
    let rows: Option<Vec<NameValue>> = lines(text).map(row).collect();
    rows.filter(|rows| rows.len() > 1)
}

/// A JSON object; values that are no texts are spelled as JSON.
fn object(text: &str) -> Option<Vec<NameValue>> {
    if !text.starts_with('{') || text.starts_with("{{") {
        return None;
    }
    let object: serde_json::Map<String, serde_json::Value> = serde_json::from_str(text).ok()?;
    let value = |value: serde_json::Value| match value {
        serde_json::Value::String(text) => text,
        other => other.to_string(),
    };
    Some(object.into_iter().map(|(name, it)| NameValue::new(name, value(it))).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, spelling: Spelling) -> Option<Vec<(String, String, bool)>> {
        let rows = rows(text, spelling)?;
        Some(rows.into_iter().map(|row| (row.name, row.value, row.enabled)).collect())
    }

    fn row(name: &str, value: &str) -> (String, String, bool) {
        (name.into(), value.into(), true)
    }

    #[test]
    fn headers_are_read_from_lines_and_messages() {
        let read = |text| read(text, Spelling::Header);
        let two = vec![row("Accept", "a, b"), row("X-Id", "1:2")];
        assert_eq!(read("Accept: a, b\r\n\r\n  X-Id:1:2 \n"), Some(two.clone()));
        assert_eq!(read("GET /x HTTP/1.1\nAccept: a, b\nX-Id: 1:2"), Some(two));
        assert_eq!(read("X: {{v}}"), Some(vec![row("X", "{{v}}")]));
        assert_eq!(read("~X: 1\nY:"), Some(vec![("X".into(), "1".into(), false), row("Y", "")]));
        for text in ["Accept", "", "http://h/", "a b: c", "one\ntwo", "{\"a\": 1}"] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn pairs_are_read_from_lines_queries_urls_and_objects() {
        let read = |text| read(text, Spelling::Pair);
        let two = vec![row("a", "1 2"), row("b", "")];
        for text in
            ["a=1+2&b=", "?a=1%202&b", "http://h/x?a=1+2&b#top", "a=1 2\nb=", "a: 1 2\n\nb:"]
        {
            assert_eq!(read(text), Some(two.clone()), "{text}");
        }
        assert_eq!(
            read("{\"a\": \"x\", \"b\": [1, true], \"c\": null}"),
            Some(vec![row("a", "x"), row("b", "[1,true]"), row("c", "null")])
        );
        assert_eq!(read("a=1&a=1"), Some(vec![row("a", "1"), row("a", "1")]));
        for text in ["a", "a=1", "two words\nhere", "{{a}}", "http://h/x", "{\"a\": ", ""] {
            assert_eq!(read(text), None, "{text}");
        }
        let many = "a=1\n".repeat(1_001);
        assert_eq!(read(&many), None, "bounded");
    }
}
