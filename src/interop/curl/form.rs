//! `-F` and `--form-string`: the parts of a multipart form (RFC 7578), read and written.

use std::fmt::Write;

use super::command::Stdin;
use super::quote::word;
use crate::codec::multipart::{ANY_TYPE, curl_type_of, type_of};
use crate::model::http::{FormPart, PartSource};
use crate::model::plan::{PartContent, PartPlan};

/// Parameters that may follow the content of a part.
const PARAMETERS: [&str; 4] = [";type=", ";filename=", ";headers=", ";encoder="];

/// Reads `name=value` of `--form-string`.
pub(super) fn literal(text: &str, warnings: &mut Vec<String>) -> Vec<FormPart> {
    let Some((name, value)) = text.split_once('=') else {
        warnings.push(format!("form field '{text}' has no '='; left out"));
        return Vec::new();
    };
    vec![FormPart { name: name.into(), value: value.into(), ..FormPart::default() }]
}

/// Reads `name=value`, `name=@file` or `name=<file` of `-F`, with `;type=` and `;filename=`. What
/// of it is not done is added to the warnings.
pub(super) fn parts(
    text: &str,
    stdin: &mut Option<Stdin>,
    warnings: &mut Vec<String>,
) -> Vec<FormPart> {
    let mut found = literal(text, warnings);
    let Some(FormPart { name, value: content, .. }) = found.pop() else { return found };
    let (source, stop, mut rest) = match content.split_at_checked(1) {
        Some(("@", path)) => (PartSource::File, ",;", path),
        Some(("<", path)) => (PartSource::FileText, ";", path),
        _ => (PartSource::Text, "", content.as_str()),
    };
    loop {
        let (value, after) = value(rest, stop);
        let mut part = FormPart { name: name.clone(), source, value, ..FormPart::default() };
        rest = parameters(&mut part, after, warnings);
        let is_stdin = source != PartSource::Text && part.value == "-";
        if !is_stdin {
            as_curl_guesses(&mut part);
        }
        if !is_stdin || from_stdin(&mut part, stdin.take(), warnings) {
            found.push(part);
        } else {
            warnings.push(format!(
                "form field '{name}' reads standard input, which is not read; left out"
            ));
        }
        match rest.strip_prefix(',') {
            Some(next) if source == PartSource::File => rest = next.trim_start(),
            _ => break,
        }
    }
    if found.len() > 1 {
        warnings.push(format!("curl nests the files of form field '{name}'; here each is a part"));
    }
    found
}

/// curl knows fewer types than we do, and what it sends shall be sent.
fn as_curl_guesses(part: &mut FormPart) {
    let named = if part.file_name.is_empty() { &part.value } else { &part.file_name };
    let guessed = curl_type_of(named);
    if part.source == PartSource::File && part.content_type.is_empty() && type_of(named) != guessed
    {
        guessed.unwrap_or(ANY_TYPE).clone_into(&mut part.content_type);
    }
}

/// Fills a part with what is on standard input; false when that is not known.
fn from_stdin(part: &mut FormPart, stdin: Option<Stdin>, warnings: &mut Vec<String>) -> bool {
    if part.source == PartSource::File {
        // curl names such a file after its sign.
        if part.file_name.is_empty() {
            "-".clone_into(&mut part.file_name);
        }
        if part.content_type.is_empty() {
            let guessed = curl_type_of(&part.file_name);
            guessed.unwrap_or(ANY_TYPE).clone_into(&mut part.content_type);
            if guessed.is_none() {
                let name = &part.name;
                warnings.push(format!(
                    "curl gives the form field '{name}' no Content-Type; here it is {ANY_TYPE}"
                ));
            }
        }
    }
    match stdin {
        Some(Stdin::Text(text)) => (part.source, part.value) = (PartSource::Text, text),
        Some(Stdin::File(file)) => part.value = file,
        Some(Stdin::Program(_)) | None => return false,
    }
    true
}

/// Takes `;name=value` one after another; returns what is left.
fn parameters<'a>(part: &mut FormPart, mut rest: &'a str, warnings: &mut Vec<String>) -> &'a str {
    let stop = if part.source == PartSource::File { ",;" } else { ";" };
    while let Some(next) = rest.strip_prefix(';') {
        let next = next.trim_start();
        let (parameter, after) = next.split_once('=').unwrap_or((next, ""));
        let (value, after) = value(after, stop);
        match parameter.trim() {
            "type" => part.content_type = value,
            "filename" => part.file_name = value,
            other @ ("headers" | "encoder") => warnings.push(format!(
                "';{other}={value}' of form field '{}' is not supported; left out",
                part.name
            )),
            // `type=text/plain;charset=utf-8` is one type.
            other if !part.content_type.is_empty() => {
                let _ = write!(part.content_type, ";{other}={value}");
            }
            other => warnings.push(format!(
                "';{other}' of form field '{}' means nothing to curl; left out",
                part.name
            )),
        }
        rest = after;
    }
    rest
}

/// A value up to the `;` of a parameter or one of `stops`, or in double quotes.
fn value<'a>(text: &'a str, stops: &str) -> (String, &'a str) {
    if let Some(found) = quoted(text) {
        return found;
    }
    let parameters = PARAMETERS.iter().filter_map(|parameter| text.find(parameter));
    let stop = text.find(|c| stops.contains(c));
    let (value, rest) = text.split_at(parameters.chain(stop).min().unwrap_or(text.len()));
    (value.into(), rest)
}

/// A value in double quotes, in which a backslash keeps `"` and `\`; what follows it up to a
/// parameter or another file means nothing.
fn quoted(text: &str) -> Option<(String, &str)> {
    let inner = text.strip_prefix('"')?;
    let mut value = String::new();
    let mut chars = inner.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.clone().next() {
                Some(next @ ('"' | '\\')) => {
                    value.push(next);
                    chars.next();
                }
                _ => value.push(c),
            },
            '"' => {
                let rest = chars.as_str();
                let end = rest.find([';', ',']).unwrap_or(rest.len());
                return Some((value, rest.split_at(end).1));
            }
            c => value.push(c),
        }
    }
    None
}

/// The option that makes curl send this part.
pub(super) fn write(part: &PartPlan) -> String {
    let PartPlan { name, content, file_name, content_type } = part;
    let mut parameters = String::new();
    let mut parameter = |name: &str, value: Option<&String>| {
        let written = value.map(|value| format!(";{name}={}", in_quotes(value)));
        parameters.push_str(&written.unwrap_or_default());
    };
    let content = match content {
        PartContent::Bytes(bytes) => {
            let text = String::from_utf8_lossy(bytes);
            if file_name.is_none() && content_type.is_none() {
                return format!("--form-string {}", word(&format!("{name}={text}")));
            }
            parameter("type", content_type.as_ref());
            parameter("filename", file_name.as_ref());
            in_quotes(&text)
        }
        PartContent::File(path) => {
            let own = path.file_name().unwrap_or_default().to_string_lossy();
            // What curl guesses by itself need not be written.
            let guessed = curl_type_of(file_name.as_deref().unwrap_or(&own));
            let guessed = guessed.or_else(|| file_name.as_ref().map(|_| ANY_TYPE));
            let told = content_type.as_ref().filter(|kind| Some(kind.as_str()) != guessed);
            parameter("type", told);
            parameter("filename", file_name.as_ref().filter(|name| **name != own));
            let sign = if file_name.is_some() { '@' } else { '<' };
            format!("{sign}{}", in_quotes(&path.display().to_string()))
        }
    };
    format!("-F {}", word(&format!("{name}={content}{parameters}")))
}

/// As it is, or in the double quotes of `-F`.
fn in_quotes(text: &str) -> String {
    if !text.is_empty() && !text.contains([';', ',', '"', '\\', '@', '<']) && text.trim() == text {
        return text.into();
    }
    format!("\"{}\"", text.replace('\\', r"\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(text: &str) -> FormPart {
        let mut warnings = Vec::new();
        let mut found = parts(text, &mut None, &mut warnings);
        assert_eq!((found.len(), warnings.len()), (1, 0), "{found:?} {warnings:?}");
        found.remove(0)
    }

    fn part(source: PartSource, value: &str, file_name: &str, content_type: &str) -> FormPart {
        FormPart {
            name: "n".into(),
            source,
            value: value.into(),
            file_name: file_name.into(),
            content_type: content_type.into(),
            enabled: true,
        }
    }

    #[test]
    fn fields_and_files_are_read_as_curl_reads_them() {
        use PartSource::{File, FileText, Text};
        for (text, expected) in [
            ("n=v", part(Text, "v", "", "")),
            ("n=a;b=c", part(Text, "a;b=c", "", "")),
            ("n=a,b", part(Text, "a,b", "", "")),
            (
                "n={\"a\": 1};type=application/json",
                part(Text, "{\"a\": 1}", "", "application/json"),
            ),
            (r#"n="a;type=b\"";type=x/y"#, part(Text, "a;type=b\"", "", "x/y")),
            ("n=a;type=text/x;charset=utf-8", part(Text, "a", "", "text/x;charset=utf-8")),
            ("n=@a b.png", part(File, "a b.png", "", "")),
            (
                r#"n=@"a;b.png";filename="c\\d";type=image/x"#,
                part(File, "a;b.png", r"c\d", "image/x"),
            ),
            ("n=<t.txt;type=text/x", part(FileText, "t.txt", "", "text/x")),
        ] {
            assert_eq!(one(text), expected, "{text}");
        }
    }

    #[test]
    fn what_cannot_be_sent_is_named() {
        for (text, sent, said) in [
            ("novalue", 0, "no '='"),
            ("n=@-", 0, "standard input"),
            ("n=@a,b", 2, "nests"),
            ("n=a;headers=\"X: y\"", 1, "headers=X: y"),
            ("n=a;encoder=base64", 1, "encoder=base64"),
        ] {
            let mut warnings = Vec::new();
            assert_eq!(parts(text, &mut None, &mut warnings).len(), sent, "{text}");
            assert!(warnings.iter().any(|warning| warning.contains(said)), "{warnings:?}");
        }
    }
}
