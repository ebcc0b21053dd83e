//! Request items, written as in `HTTPie` and `xh`: `name=value`, `name:=json`, `name==query`,
//! `Name:value`, `name@file`, `@file`.
//!
//! The separator that comes first in the word decides; of two at one place the longer. A backslash
//! takes a separator's meaning away. Called by `target` for HTTP requests.

use crate::model::failure::{Failure, FailureKind, Stage};
use crate::model::http::{FormPart, HttpBody, HttpSpec, PartSource};
use crate::model::spec::NameValue;

/// One item of the command line.
#[derive(Debug, Clone, PartialEq, Eq)]
enum RequestItem {
    Header(NameValue),
    Query(NameValue),
    /// A field of the body; its value is a string.
    Field(NameValue),
    /// A field of the body whose value is JSON as written.
    Json(NameValue),
    /// A file sent as a part of a form.
    Upload(NameValue),
    /// The whole body is this file.
    Body(String),
}

/// How fields become a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    Json,
    Form,
}

/// Makes an item of a name and a value.
type Make = fn(NameValue) -> RequestItem;

/// Longer separators first, so that `==` is not read as `=`.
const SEPARATORS: [(&str, Make); 5] = [
    (":=", RequestItem::Json),
    ("==", RequestItem::Query),
    (":", RequestItem::Header),
    ("=", RequestItem::Field),
    ("@", RequestItem::Upload),
];

/// Puts the items into the request. Files to upload make it a form in parts.
pub(super) fn apply(
    words: &[String],
    encoding: Encoding,
    spec: &mut HttpSpec,
) -> Result<(), Failure> {
    let mut fields = Vec::new();
    for word in words {
        match parse(word)? {
            RequestItem::Header(row) => set_header(spec, row),
            RequestItem::Query(row) => spec.query.push(row),
            RequestItem::Body(path) => spec.body = HttpBody::File(path),
            field => fields.push(field),
        }
    }
    if fields.iter().any(|field| matches!(field, RequestItem::Upload(_))) {
        spec.body = HttpBody::Multipart(fields.into_iter().map(part).collect::<Result<_, _>>()?);
    } else if !fields.is_empty() {
        spec.body = match encoding {
            Encoding::Form => {
                HttpBody::Form(fields.into_iter().map(plain).collect::<Result<_, _>>()?)
            }
            Encoding::Json => HttpBody::Json(object(&fields)?),
        };
    }
    Ok(())
}

fn part(item: RequestItem) -> Result<FormPart, Failure> {
    let source =
        if matches!(item, RequestItem::Upload(_)) { PartSource::File } else { PartSource::Text };
    let NameValue { name, value, .. } = plain(item)?;
    Ok(FormPart { name, source, value, ..FormPart::default() })
}

/// Replaces headers of that name, or adds one.
fn set_header(spec: &mut HttpSpec, row: NameValue) {
    spec.headers.retain(|header| !header.name.eq_ignore_ascii_case(&row.name));
    spec.headers.push(row);
}

fn plain(item: RequestItem) -> Result<NameValue, Failure> {
    match item {
        RequestItem::Json(row) => Err(usage(
            &format!("{}:={}", row.name, row.value),
            "a form has no JSON values; write name=value",
        )),
        RequestItem::Field(row)
        | RequestItem::Header(row)
        | RequestItem::Query(row)
        | RequestItem::Upload(row) => Ok(row),
        RequestItem::Body(path) => Ok(NameValue::new("", path)),
    }
}

/// The fields as a JSON object, in order. Values are checked but kept as written.
fn object(fields: &[RequestItem]) -> Result<String, Failure> {
    let mut members = Vec::new();
    for field in fields {
        let (row, value) = match field {
            RequestItem::Json(row) => {
                // A template has no value yet, so it cannot be checked.
                if !row.value.contains("{{")
                    && let Err(error) = serde_json::from_str::<serde::de::IgnoredAny>(&row.value)
                {
                    let hint = format!("not JSON: {error}; write name=value for a string");
                    return Err(usage(&format!("{}:={}", row.name, row.value), &hint));
                }
                (row, row.value.clone())
            }
            RequestItem::Field(row)
            | RequestItem::Header(row)
            | RequestItem::Query(row)
            | RequestItem::Upload(row) => {
                (row, serde_json::Value::from(row.value.as_str()).to_string())
            }
            RequestItem::Body(_) => continue,
        };
        members.push(format!("{}: {value}", serde_json::Value::from(row.name.as_str())));
    }
    Ok(format!("{{{}}}", members.join(", ")))
}

fn parse(word: &str) -> Result<RequestItem, Failure> {
    if let Some(path) = word.strip_prefix('@').filter(|path| !path.is_empty()) {
        return Ok(RequestItem::Body(path.into()));
    }
    let mut name = String::new();
    let mut rest = word;
    loop {
        let mut chars = rest.chars();
        let Some(c) = chars.next() else { break };
        if c == '\\' && chars.as_str().starts_with([':', '=', '@', '\\']) {
            name.extend(chars.next());
            rest = chars.as_str();
            continue;
        }
        let found = SEPARATORS
            .iter()
            .find_map(|(separator, make)| rest.strip_prefix(separator).map(|value| (make, value)));
        if let Some((make, value)) = found {
            if name.is_empty() {
                return Err(usage(word, "the name before the separator is missing"));
            }
            return Ok(make(NameValue::new(
                name,
                value.trim_start_matches(|c| {
                    // `Name: value` pasted from elsewhere.
                    c == ' '
                        && make(NameValue::default()) == RequestItem::Header(NameValue::default())
                }),
            )));
        }
        name.push(c);
        rest = chars.as_str();
    }
    Err(usage(
        word,
        "not an item; write name=value, name:=json, name==query, Name:value, name@file or @file",
    ))
}

fn usage(word: &str, cause: &str) -> Failure {
    Failure::new(Stage::Compose, format!("'{word}'"), FailureKind::Usage, cause)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn applied(words: &[&str], encoding: Encoding) -> Result<HttpSpec, Failure> {
        let words: Vec<String> = words.iter().map(ToString::to_string).collect();
        let mut spec = HttpSpec::default();
        apply(&words, encoding, &mut spec).map(|()| spec)
    }

    #[test]
    fn each_separator_has_its_place() {
        let spec = applied(
            &["name=Ann", "age:=42", "tags:=[1, 2.50]", "q==a b", "X-Token: s=e:c"],
            Encoding::Json,
        )
        .unwrap();
        let body = r#"{"name": "Ann", "age": 42, "tags": [1, 2.50]}"#;
        assert_eq!(spec.body, HttpBody::Json(body.into()));
        assert_eq!(spec.query, [NameValue::new("q", "a b")]);
        assert_eq!(spec.headers, [NameValue::new("X-Token", "s=e:c")]);
    }

    #[test]
    fn the_first_separator_decides_and_a_backslash_takes_its_meaning() {
        assert_eq!(parse("a=b:c@d").unwrap(), RequestItem::Field(NameValue::new("a", "b:c@d")));
        assert_eq!(parse(r"a\:b=c").unwrap(), RequestItem::Field(NameValue::new("a:b", "c")));
        assert_eq!(parse("a=").unwrap(), RequestItem::Field(NameValue::new("a", "")));
        assert_eq!(parse("@body.json").unwrap(), RequestItem::Body("body.json".into()));
    }

    #[test]
    fn a_form_keeps_order_and_duplicates() {
        let spec = applied(&["a=1", "b=2", "a=3"], Encoding::Form).unwrap();
        let rows = [("a", "1"), ("b", "2"), ("a", "3")].map(|(n, v)| NameValue::new(n, v));
        assert_eq!(spec.body, HttpBody::Form(rows.to_vec()));
    }

    #[test]
    fn a_header_replaces_the_one_of_the_preset() {
        let mut spec =
            HttpSpec { headers: vec![NameValue::new("accept", "a/b")], ..HttpSpec::default() };
        apply(&["Accept:c/d".into()], Encoding::Json, &mut spec).unwrap();
        assert_eq!(spec.headers, [NameValue::new("Accept", "c/d")]);
    }

    #[test]
    fn files_make_a_form_with_parts_in_order() {
        let spec = applied(&["note=x", "photo@a.png"], Encoding::Json).unwrap();
        let HttpBody::Multipart(parts) = spec.body else { panic!("{:?}", spec.body) };
        let seen: Vec<_> = parts.iter().map(|p| (&*p.name, p.source, &*p.value)).collect();
        let expected = [("note", PartSource::Text, "x"), ("photo", PartSource::File, "a.png")];
        assert_eq!(seen, expected);
    }

    #[test]
    fn what_is_no_item_is_named() {
        for word in ["plain", "=x", "a:=not json", "\\"] {
            let failure = applied(&[word], Encoding::Json).unwrap_err();
            assert_eq!(failure.kind, FailureKind::Usage, "{word}");
            assert!(failure.target.contains(word), "{failure}");
        }
    }
}
