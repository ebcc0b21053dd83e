//! `-F` and `--form-string`: a multipart form (RFC 7578) of text parts, written out as curl does.

use std::fmt::Write;
use std::hash::{DefaultHasher, Hash, Hasher};

/// One part of a form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Part {
    name: String,
    value: String,
    file_name: Option<String>,
    content_type: Option<String>,
}

/// Reads `name=value` of `--form-string`.
pub(super) fn literal(text: &str) -> Option<Part> {
    let (name, value) = text.split_once('=')?;
    Some(Part { name: name.into(), value: value.into(), file_name: None, content_type: None })
}

/// Reads `name=value;type=...` of `-F`. `Err` says why it cannot be sent.
pub(super) fn part(text: &str) -> Result<Part, String> {
    let (name, rest) =
        text.split_once('=').ok_or_else(|| format!("form field '{text}' has no '='; left out"))?;
    if let Some(file) = rest.strip_prefix(['@', '<']) {
        let file = file.split(';').next().unwrap_or(file);
        return Err(format!(
            "form field '{name}' sends the file {file}, which is not supported; left out"
        ));
    }
    let (value, mut rest) = value(rest);
    let mut part = Part { name: name.into(), value, file_name: None, content_type: None };
    while let Some(next) = rest.strip_prefix(';') {
        let next = next.trim_start();
        let (parameter, after) = next.split_once('=').unwrap_or((next, ""));
        let (value, after) = self::value(after);
        match parameter.trim() {
            "type" => part.content_type = Some(value),
            "filename" => part.file_name = Some(value),
            other => {
                return Err(format!(
                    "';{other}=' of form field '{name}' is not supported; left out"
                ));
            }
        }
        rest = after;
    }
    Ok(part)
}

/// A value up to the `;` of a parameter, or in double quotes.
fn value(text: &str) -> (String, &str) {
    if let Some(quoted) = text.strip_prefix('"') {
        let mut value = String::new();
        let mut chars = quoted.char_indices();
        while let Some((at, c)) = chars.next() {
            match c {
                '\\' => match chars.clone().next() {
                    Some((_, next @ ('"' | '\\'))) => {
                        value.push(next);
                        chars.next();
                    }
                    _ => value.push(c),
                },
                '"' => {
                    let rest = quoted.get(at + 1..).unwrap_or_default();
                    return (
                        value,
                        rest.get(rest.find(';').unwrap_or(rest.len())..).unwrap_or_default(),
                    );
                }
                c => value.push(c),
            }
        }
    }
    let end = [";type=", ";filename=", ";headers=", ";encoder="]
        .iter()
        .filter_map(|parameter| text.find(parameter))
        .min()
        .unwrap_or(text.len());
    text.split_at_checked(end).map_or((String::new(), ""), |(value, rest)| (value.into(), rest))
}

/// The body and its boundary; the boundary follows from the parts, so the same command always
/// gives the same request.
pub(super) fn body(parts: &[Part]) -> (String, String) {
    let mut hash = DefaultHasher::new();
    let mut boundary = String::new();
    let occurs = |text: &Option<String>, boundary: &str| {
        text.as_ref().is_some_and(|text| text.contains(boundary))
    };
    while boundary.is_empty()
        || parts.iter().any(|part| {
            part.value.contains(&boundary)
                || part.name.contains(&boundary)
                || occurs(&part.file_name, &boundary)
        })
    {
        for part in parts {
            (&part.name, &part.value).hash(&mut hash);
        }
        boundary = format!("------------------------{:016x}", hash.finish());
    }
    let mut body = String::new();
    for part in parts {
        let _ = write!(
            body,
            "--{boundary}\r\nContent-Disposition: form-data; name=\"{}\"",
            name(&part.name)
        );
        if let Some(file_name) = &part.file_name {
            let _ = write!(body, "; filename=\"{}\"", name(file_name));
        }
        if let Some(content_type) = &part.content_type {
            let _ = write!(body, "\r\nContent-Type: {content_type}");
        } else if part.file_name.is_some() {
            body.push_str("\r\nContent-Type: text/plain");
        }
        let _ = write!(body, "\r\n\r\n{}\r\n", part.value);
    }
    let _ = write!(body, "--{boundary}--\r\n");
    (body, boundary)
}

fn name(text: &str) -> String {
    text.replace('"', "%22").replace('\r', "%0D").replace('\n', "%0A")
}
