//! Request items, written as in `HTTPie` and `xh`: `name=value`, `name:=json`, `name==query`,
//! `Name:value`, `name@file`, `@file`.
//!
//! The separator that comes first in the word decides; of two at one place the longer. A backslash
//! takes a separator's meaning away. Called by `target` for HTTP requests.

use crate::model::failure::{Failure, FailureKind, Stage};
use crate::model::http::{FormPart, HttpBody, HttpSpec, PartSource};
use crate::model::spec::NameValue;

/// What an item of the command line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ItemKind {
    Header,
    Query,
    /// A field of the body; its value is a string.
    Field,
    /// A field of the body whose value is JSON as written.
    Json,
    /// A file sent as a part of a form.
    Upload,
    /// The whole body is the file its value names.
    Body,
}

/// Longer separators first, so that `==` is not read as `=`.
const SEPARATORS: [(&str, ItemKind); 5] = [
    (":=", ItemKind::Json),
    ("==", ItemKind::Query),
    (":", ItemKind::Header),
    ("=", ItemKind::Field),
    ("@", ItemKind::Upload),
];

/// Puts the items into the request. Fields become JSON, or a form when one is asked for; files to
/// upload make it a form in parts.
pub(super) fn apply(words: &[String], as_form: bool, spec: &mut HttpSpec) -> Result<(), Failure> {
    let mut fields = Vec::new();
    for word in words {
        let (kind, row) = parse(word)?;
        match kind {
            ItemKind::Header => {
                spec.headers.retain(|header| !header.name.eq_ignore_ascii_case(&row.name));
                spec.headers.push(row);
            }
            ItemKind::Query => spec.query.push(row),
            ItemKind::Body => spec.body = HttpBody::File(row.value),
            ItemKind::Field | ItemKind::Json | ItemKind::Upload => fields.push((kind, row)),
        }
    }
    let find = |wanted| fields.iter().find(|(kind, _)| *kind == wanted);
    let in_parts = find(ItemKind::Upload).is_some();
    if let (true, Some((_, row))) = (in_parts || as_form, find(ItemKind::Json)) {
        let cause = "a form has no JSON values; write name=value";
        return Err(usage(&format!("{}:={}", row.name, row.value), cause));
    }
    if in_parts {
        let part = |(kind, row): (_, NameValue)| {
            let is_file = kind == ItemKind::Upload;
            let source = if is_file { PartSource::File } else { PartSource::Text };
            FormPart { name: row.name, source, value: row.value, ..FormPart::default() }
        };
        spec.body = HttpBody::Multipart(fields.into_iter().map(part).collect());
    } else if !fields.is_empty() && as_form {
        spec.body = HttpBody::Form(fields.into_iter().map(|(_, row)| row).collect());
    } else if !fields.is_empty() {
        spec.body = HttpBody::Json(object(&fields)?);
    }
    Ok(())
}

/// The fields as a JSON object, in order. Values are checked but kept as written.
fn object(fields: &[(ItemKind, NameValue)]) -> Result<String, Failure> {
    let quoted = |text: &str| serde_json::Value::from(text).to_string();
    let mut members = Vec::new();
    for (kind, NameValue { name, value, .. }) in fields {
        let is_json = *kind == ItemKind::Json;
        // A template has no value yet, so it cannot be checked.
        if is_json
            && !value.contains("{{")
            && let Err(error) = serde_json::from_str::<serde::de::IgnoredAny>(value)
        {
            let cause = format!("not JSON: {error}; write name=value for a string");
            return Err(usage(&format!("{name}:={value}"), &cause));
        }
        let value = if is_json { value.clone() } else { quoted(value) };
        members.push(format!("{}: {value}", quoted(name)));
    }
    Ok(format!("{{{}}}", members.join(", ")))
}

fn parse(word: &str) -> Result<(ItemKind, NameValue), Failure> {
    if let Some(path) = word.strip_prefix('@').filter(|path| !path.is_empty()) {
        return Ok((ItemKind::Body, NameValue::new("", path)));
    }
    let mut name = String::new();
    let mut rest = word;
    while !rest.is_empty() {
        let found = SEPARATORS
            .iter()
            .find_map(|(separator, kind)| Some((*kind, rest.strip_prefix(separator)?)));
        if let Some((kind, value)) = found {
            if name.is_empty() {
                return Err(usage(word, "the name before the separator is missing"));
            }
            // `Name: value` pasted from elsewhere.
            let pasted = kind == ItemKind::Header;
            let value = if pasted { value.trim_start_matches(' ') } else { value };
            return Ok((kind, NameValue::new(name, value)));
        }
        let escaped = rest.strip_prefix('\\').filter(|r| r.starts_with([':', '=', '@', '\\']));
        let mut chars = escaped.unwrap_or(rest).chars();
        name.extend(chars.next());
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

    fn applied(words: &[&str], as_form: bool) -> Result<HttpSpec, Failure> {
        let words: Vec<String> = words.iter().map(ToString::to_string).collect();
        let mut spec = HttpSpec::default();
        apply(&words, as_form, &mut spec).map(|()| spec)
    }

    #[test]
    fn each_separator_has_its_place() {
        let spec =
            applied(&["name=Ann", "age:=42", "tags:=[1, 2.50]", "q==a b", "X-Token: s=e:c"], false)
                .unwrap();
        let body = r#"{"name": "Ann", "age": 42, "tags": [1, 2.50]}"#;
        assert_eq!(spec.body, HttpBody::Json(body.into()));
        assert_eq!(spec.query, [NameValue::new("q", "a b")]);
        assert_eq!(spec.headers, [NameValue::new("X-Token", "s=e:c")]);
    }

    #[test]
    fn the_first_separator_decides_and_a_backslash_takes_its_meaning() {
        assert_eq!(parse("a=b:c@d").unwrap(), (ItemKind::Field, NameValue::new("a", "b:c@d")));
        assert_eq!(parse(r"a\:b=c").unwrap(), (ItemKind::Field, NameValue::new("a:b", "c")));
        assert_eq!(parse("a=").unwrap(), (ItemKind::Field, NameValue::new("a", "")));
        assert_eq!(parse("@body.json").unwrap(), (ItemKind::Body, NameValue::new("", "body.json")));
    }

    #[test]
    fn a_form_keeps_order_and_duplicates() {
        let spec = applied(&["a=1", "b=2", "a=3"], true).unwrap();
        let rows = [("a", "1"), ("b", "2"), ("a", "3")].map(|(n, v)| NameValue::new(n, v));
        assert_eq!(spec.body, HttpBody::Form(rows.to_vec()));
    }

    #[test]
    fn a_header_replaces_the_one_of_the_preset() {
        let mut spec =
            HttpSpec { headers: vec![NameValue::new("accept", "a/b")], ..HttpSpec::default() };
        apply(&["Accept:c/d".into()], false, &mut spec).unwrap();
        assert_eq!(spec.headers, [NameValue::new("Accept", "c/d")]);
    }

    #[test]
    fn files_make_a_form_with_parts_in_order() {
        let spec = applied(&["note=x", "photo@a.png"], false).unwrap();
        let HttpBody::Multipart(parts) = spec.body else { panic!("{:?}", spec.body) };
        let seen: Vec<_> = parts.iter().map(|p| (&*p.name, p.source, &*p.value)).collect();
        let expected = [("note", PartSource::Text, "x"), ("photo", PartSource::File, "a.png")];
        assert_eq!(seen, expected);
    }

    #[test]
    fn what_is_no_item_is_named() {
        for word in ["plain", "=x", "a:=not json", "\\"] {
            let failure = applied(&[word], false).unwrap_err();
            assert_eq!(failure.kind, FailureKind::Usage, "{word}");
            assert!(failure.target.contains(word), "{failure}");
        }
    }
}
