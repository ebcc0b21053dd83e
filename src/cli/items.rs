//! Request items, written as in `HTTPie` and `xh`: `name=value`, `name:=json`, `name==query`,
//! `Name:value`, `name@file`, `@file`; `=@`, `:=@`, `==@` and `:@` take the value from a file,
//! `Name:` takes a header away and `Name;` sends it empty. In JSON a name may be a path into it:
//! `a[b]=1`, `a[]=1` (`items::nested`).
//!
//! The separator that comes first in the word decides; of several at one place the longest. A
//! backslash takes a separator's meaning away, in names and values. What comes from a file is never
//! read as a template. Called by `send` for HTTP requests.

mod nested;

use std::path::Path;

use nested::Node;

use crate::compose::template::quote;
use crate::model::failure::{Failure, FailureKind, Stage};
use crate::model::http::{FormPart, HttpBody, HttpSpec, PartSource};
use crate::model::secrets::hide_typed;
use crate::model::spec::NameValue;
use crate::named_file;

/// Bytes of a file that becomes a value.
const FILE_LIMIT: u64 = 16 << 20;

/// What an item of the command line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ItemKind {
    Header,
    /// A header whose value is the text of a file.
    HeaderFile,
    Query,
    /// The text of a file in the query.
    QueryFile,
    /// A field of the body; its value is a string.
    Field,
    /// The same from a file.
    FieldFile,
    /// A field of the body whose value is JSON as written.
    Json,
    /// The same from a file.
    JsonFile,
    /// A file sent as a part of a form.
    Upload,
    /// The whole body is the file its value names.
    Body,
}

/// Longer separators first, so that `==` is not read as `=`.
const SEPARATORS: [(&str, ItemKind); 9] = [
    (":=@", ItemKind::JsonFile),
    ("==@", ItemKind::QueryFile),
    (":=", ItemKind::Json),
    ("==", ItemKind::Query),
    ("=@", ItemKind::FieldFile),
    (":@", ItemKind::HeaderFile),
    (":", ItemKind::Header),
    ("=", ItemKind::Field),
    ("@", ItemKind::Upload),
];

/// What a backslash takes the meaning of.
const SPECIAL: [char; 5] = [':', '=', '@', ';', '\\'];

/// An item, with the word it was written as.
struct Item<'a> {
    kind: ItemKind,
    row: NameValue,
    /// The name with its backslashes but those before separators, for a path.
    path: String,
    word: &'a str,
}

/// Puts the items into the request. Fields become JSON, or a form when one is asked for; files to
/// upload make it a form in parts.
pub(super) fn apply(words: &[String], as_form: bool, spec: &mut HttpSpec) -> Result<(), Failure> {
    let mut fields: Vec<Item<'_>> = Vec::new();
    let mut headers: Vec<NameValue> = Vec::new();
    let mut whole = None;
    for word in words {
        let Item { kind, mut row, path, word } = parse(word)?;
        match kind {
            ItemKind::HeaderFile | ItemKind::QueryFile => {
                let text = file_text(word, &row.value)?;
                row.value = quote(text.trim_end_matches('\n'));
            }
            _ => {}
        }
        match kind {
            ItemKind::Header | ItemKind::HeaderFile => headers.push(row),
            ItemKind::Query | ItemKind::QueryFile => spec.query.push(row),
            ItemKind::Body => whole = Some((word, row.value)),
            _ => fields.push(Item { kind, row, path, word }),
        }
    }
    put_headers(headers, spec);
    match (whole, fields.first()) {
        (None, None) => Ok(()),
        (Some((_, path)), None) => {
            spec.body = HttpBody::File(path);
            Ok(())
        }
        (Some((word, _)), Some(field)) => {
            let cause = format!("it is the whole body, so '{}' cannot go with it", field.word);
            Err(usage(word, &cause))
        }
        (None, Some(_)) => {
            spec.body = composed(fields, as_form)?;
            Ok(())
        }
    }
}

/// A line of `--header`, as curl reads it: `Name:` takes a header away, `Name;` sends it empty.
pub(super) fn header(line: &str) -> Result<NameValue, Failure> {
    let row = |name: &str, value: &str| NameValue::new(name.trim(), value.trim());
    match line.split_once(':') {
        Some((name, value)) if !name.trim().is_empty() => {
            Ok(NameValue { enabled: !value.trim().is_empty(), ..row(name, value) })
        }
        None if line.len() > 1 && line.ends_with(';') => Ok(row(line.trim_end_matches(';'), "")),
        _ => {
            // The value may be the credential that was meant to be behind a colon.
            let cause = "it is no header; write Name:value";
            Err(Failure::new(Stage::Compose, "--header", FailureKind::Usage, cause))
        }
    }
}

/// Headers take the place of those of a preset, not of each other.
pub(super) fn put_headers(headers: Vec<NameValue>, spec: &mut HttpSpec) {
    spec.headers.retain(|own| !headers.iter().any(|row| row.name.eq_ignore_ascii_case(&own.name)));
    spec.headers.extend(headers);
}

/// Whether a word is more an item than an address: what its name ends with is none of a URL's.
pub(super) fn is_item(word: &str) -> bool {
    let is_plain = |name: &str| !name.is_empty() && !name.contains([':', '/', '.', '?']);
    parse(word).is_ok_and(|item| item.kind != ItemKind::Header && is_plain(&item.row.name))
}

/// The body made of fields.
fn composed(fields: Vec<Item<'_>>, as_form: bool) -> Result<HttpBody, Failure> {
    let in_parts = fields.iter().any(|item| item.kind == ItemKind::Upload);
    if !in_parts && !as_form {
        return Ok(HttpBody::Json(object(&fields)?));
    }
    let is_json = |item: &&Item<'_>| matches!(item.kind, ItemKind::Json | ItemKind::JsonFile);
    if let Some(item) = fields.iter().find(is_json) {
        return Err(usage(item.word, "a form has no JSON values; write name=value"));
    }
    if in_parts {
        return Ok(HttpBody::Multipart(fields.into_iter().map(part).collect()));
    }
    let row = |Item { kind, mut row, word, .. }: Item<'_>| {
        if kind == ItemKind::FieldFile {
            row.value = quote(&file_text(word, &row.value)?);
        }
        Ok(row)
    };
    Ok(HttpBody::Form(fields.into_iter().map(row).collect::<Result<_, Failure>>()?))
}

fn part(Item { kind, row, .. }: Item<'_>) -> FormPart {
    let source = match kind {
        ItemKind::Upload => PartSource::File,
        ItemKind::FieldFile => PartSource::FileText,
        _ => PartSource::Text,
    };
    let mut part = FormPart { name: row.name, source, value: row.value, ..FormPart::default() };
    if kind == ItemKind::Upload {
        // Behind the path: its type, and the name the peer is told.
        while let Some((path, option)) = part.value.rsplit_once(';') {
            let place = match option.split_once('=') {
                Some(("type", _)) => &mut part.content_type,
                Some(("filename", _)) => &mut part.file_name,
                _ => break,
            };
            option.split_once('=').unwrap_or_default().1.clone_into(place);
            part.value = path.to_owned();
        }
    }
    part
}

/// The fields as JSON, in order. Values are checked but kept as written.
fn object(fields: &[Item<'_>]) -> Result<String, Failure> {
    let quoted = |text: &str| serde_json::Value::from(text).to_string();
    let mut whole = Node::default();
    for Item { kind, row: NameValue { value, .. }, path, word } in fields {
        let json = match kind {
            ItemKind::Json => {
                // A template has no value yet, so it cannot be checked.
                if !value.contains("{{") {
                    check(word, value)?;
                }
                value.trim().to_owned()
            }
            ItemKind::JsonFile => {
                let text = file_text(word, value)?;
                check(word, &text)?;
                quote(text.trim())
            }
            ItemKind::FieldFile => quote(&quoted(&file_text(word, value)?)),
            _ => quoted(value),
        };
        let steps = nested::path(path).map_err(|cause| usage(word, &cause))?;
        whole.put(&steps, json, word).map_err(|cause| usage(word, &cause))?;
    }
    Ok(whole.json())
}

fn check(word: &str, json: &str) -> Result<(), Failure> {
    serde_json::from_str::<serde::de::IgnoredAny>(json)
        .map(drop)
        .map_err(|error| usage(word, &format!("not JSON: {error}; write name=value for a string")))
}

/// The text of the file an item names.
fn file_text(word: &str, path: &str) -> Result<String, Failure> {
    named_file::read_text(Path::new(path), FILE_LIMIT).map_err(|error| {
        let cause = format!("{path}: {error}");
        usage(word, &cause).hint(r"a backslash before the @ sends the name as it is: name=\@text")
    })
}

fn parse(word: &str) -> Result<Item<'_>, Failure> {
    if let Some(path) = word.strip_prefix('@').filter(|path| !path.is_empty()) {
        let row = NameValue::new("", path);
        return Ok(Item { kind: ItemKind::Body, row, path: String::new(), word });
    }
    let (mut name, mut path) = (String::new(), String::new());
    let mut rest = word;
    while !rest.is_empty() {
        let found = SEPARATORS
            .iter()
            .find_map(|(separator, kind)| Some((*kind, rest.strip_prefix(separator)?)));
        if let Some((kind, value)) = found {
            if name.is_empty() {
                return Err(usage(word, "the name before the separator is missing"));
            }
            let mut row = NameValue::new(name, unescaped(value));
            if kind == ItemKind::Header {
                // Without a value it takes away what is sent by itself, or what a preset has; a
                // space in front is of a `Name: value` pasted from elsewhere.
                row.enabled = !row.value.trim().is_empty();
                let value = if row.enabled { row.value.trim_start_matches(' ') } else { "" };
                row.value = value.to_owned();
            }
            return Ok(Item { kind, row, path, word });
        }
        if rest == ";" && !name.is_empty() {
            return Ok(Item { kind: ItemKind::Header, row: NameValue::new(name, ""), path, word });
        }
        let mut chars = escaped(rest).unwrap_or(rest).chars();
        if rest.starts_with(r"\\") {
            path.push('\\');
        }
        let next = chars.next();
        name.extend(next);
        path.extend(next);
        rest = chars.as_str();
    }
    Err(usage(
        word,
        "not an item; write name=value, name:=json, name==query, Name:value, name@file or @file",
    ))
}

/// What a backslash in front takes the meaning of, and what follows it.
fn escaped(text: &str) -> Option<&str> {
    text.strip_prefix('\\').filter(|rest| rest.starts_with(SPECIAL))
}

/// A value; there two backslashes stay two, as in JSON and paths of Windows.
fn unescaped(value: &str) -> String {
    let (mut out, mut rest) = (String::with_capacity(value.len()), value);
    while !rest.is_empty() {
        let pair = rest.strip_prefix(r"\\");
        out.push_str(pair.map_or("", |_| r"\\"));
        let after = pair.unwrap_or_else(|| {
            let mut chars = escaped(rest).unwrap_or(rest).chars();
            out.extend(chars.next());
            chars.as_str()
        });
        rest = after;
    }
    out
}

fn usage(word: &str, cause: &str) -> Failure {
    let failure = Failure::new(Stage::Compose, format!("'{word}'"), FailureKind::Usage, cause);
    hide_typed(word, failure)
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
        for (word, kind, name, value) in [
            ("a=b:c@d", ItemKind::Field, "a", "b:c@d"),
            (r"a\:b=c", ItemKind::Field, "a:b", "c"),
            ("a=", ItemKind::Field, "a", ""),
            ("@body.json", ItemKind::Body, "", "body.json"),
            ("a=@f", ItemKind::FieldFile, "a", "f"),
            (r"a=\@f", ItemKind::Field, "a", "@f"),
            (r"a\=b=c\=d", ItemKind::Field, "a=b", "c=d"),
            (r"a\:=b", ItemKind::Field, "a:", "b"),
            (r"path=C:\temp\new", ItemKind::Field, "path", r"C:\temp\new"),
            (r"a\\=1", ItemKind::Field, r"a\", "1"),
            (r#"a:="\\:\n""#, ItemKind::Json, "a", r#""\\:\n""#),
            ("a:=@f", ItemKind::JsonFile, "a", "f"),
            ("a==@f", ItemKind::QueryFile, "a", "f"),
            ("A:@f", ItemKind::HeaderFile, "A", "f"),
            ("A;", ItemKind::Header, "A", ""),
            ("a;b=c", ItemKind::Field, "a;b", "c"),
            (r"a\;b;", ItemKind::Header, "a;b", ""),
        ] {
            let item = parse(word).unwrap();
            assert_eq!((item.kind, item.row), (kind, NameValue::new(name, value)), "{word}");
        }
        assert!(!parse("A:").unwrap().row.enabled);
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
        for word in ["plain", "=x", "a:=not json", "\\", ";", "A;x", "a=@missing", "A:@missing"] {
            let failure = applied(&[word], false).unwrap_err();
            assert_eq!(failure.kind, FailureKind::Usage, "{word}");
            assert!(failure.target.contains(word), "{failure}");
        }
    }

    #[test]
    fn values_come_from_files_and_are_no_templates() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str, content: &[u8]| {
            let path = folder.path().join(name);
            std::fs::write(&path, content).unwrap();
            path.display().to_string()
        };
        let text = file("t.txt", b"say \"{{hi}}\"\n");
        let json = file("x.json", b"{\"x\": [1]}\n");
        let words = [format!("t=@{text}"), format!("j:=@{json}"), format!("q==@{text}")];
        let spec = applied(&words.each_ref().map(String::as_str), false).unwrap();
        let body = r#"{"t": "say \"{{!hi}}\"\n", "j": {"x": [1]}}"#;
        assert_eq!(spec.body, HttpBody::Json(body.into()));
        assert_eq!(spec.query, [NameValue::new("q", r#"say "{{!hi}}""#)]);
        let spec = applied(&[&format!("t=@{text}")], true).unwrap();
        assert_eq!(spec.body, HttpBody::Form(vec![NameValue::new("t", "say \"{{!hi}}\"\n")]));
        for (name, content) in [("bad.json", &b"[1,"[..]), ("bad.txt", b"\xff")] {
            let path = file(name, content);
            assert!(applied(&[&format!("a:=@{path}")], false).is_err(), "{name}");
        }
    }

    #[test]
    fn a_file_of_a_form_has_the_type_and_name_that_are_asked_for() {
        for (word, path, content_type, file_name) in [
            ("f@a.json", "a.json", "", ""),
            ("f@a.json;type=text/foo", "a.json", "text/foo", ""),
            ("f@a;b;type=a/b;filename=c d", "a;b", "a/b", "c d"),
            ("f@a;filename=x;type=a/b", "a", "a/b", "x"),
        ] {
            let HttpBody::Multipart(parts) = applied(&[word], false).unwrap().body else {
                panic!()
            };
            let part = &parts[0];
            let found = (&*part.value, &*part.content_type, &*part.file_name);
            assert_eq!(found, (path, content_type, file_name), "{word}");
        }
        let mixed = applied(&["a=@b.txt", "f@x"], false).unwrap().body;
        let HttpBody::Multipart(parts) = mixed else { panic!("{mixed:?}") };
        assert_eq!(parts[0].source, PartSource::FileText);
    }

    #[test]
    fn two_fields_of_one_name_are_refused_and_headers_stand_beside_each_other() {
        let failure = applied(&["a=1", "b=2", "a:=3"], false).unwrap_err();
        assert!(failure.to_string().contains("a has a value already (a=1)"), "{failure}");
        let spec = applied(&["a[]=1", "b=2", r"c\[d\:=3", "a[]:=3", "X:1", "x:2"], false).unwrap();
        let body = r#"{"a": ["1", 3], "b": "2", "c[d:": "3"}"#;
        assert_eq!(spec.body, HttpBody::Json(body.into()));
        assert_eq!(spec.headers, [NameValue::new("X", "1"), NameValue::new("x", "2")]);
        assert!(applied(&["@file", "a=1"], false).unwrap_err().to_string().contains("a=1"));
    }
}
