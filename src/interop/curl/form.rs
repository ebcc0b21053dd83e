//! `-F` and `--form-string`: the parts of a multipart form (RFC 7578), read and written.

use super::command::Stdin;
use super::quote::word;
use super::warnings::CurlWarnings;
use crate::codec::multipart::{ANY_TYPE, PLAIN, curl_type_of, type_of};
use crate::model::http::{FormPart, PartSource};
use crate::model::plan::{PartContent, PartPlan};

/// What is said of a part whose name is empty.
const NAMELESS: &str = "curl sends a form field without a name as a part that has none; here its \
                        name is empty";

/// Reads `name=value` of `--form-string`.
pub(super) fn literal(text: &str, warnings: &mut CurlWarnings) -> Vec<FormPart> {
    let found = pair(text, warnings);
    if found.iter().any(|part| part.name.is_empty()) {
        warnings.push(NAMELESS.into());
    }
    found
}

fn pair(text: &str, warnings: &mut CurlWarnings) -> Vec<FormPart> {
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
    warnings: &mut CurlWarnings,
) -> Vec<FormPart> {
    let mut found = pair(text, warnings);
    let Some(FormPart { name, value: content, .. }) = found.pop() else { return found };
    if content.starts_with('(') || (name.is_empty() && content == ")") {
        warnings.push(format!("curl nests parts between '=(' and '=)'; '{text}' is left out"));
        return found;
    }
    if name.is_empty() {
        warnings.push(NAMELESS.into());
    }
    let (source, stop, mut rest) = match content.split_at_checked(1) {
        Some(("@", path)) => (PartSource::File, Some(','), path),
        Some(("<", path)) => (PartSource::FileText, None, path),
        _ => (PartSource::Text, None, content.as_str()),
    };
    loop {
        let (value, after) = word_of(rest.trim_start_matches(is_blank), stop);
        let mut part = FormPart { name: name.clone(), source, value, ..FormPart::default() };
        rest = parameters(&mut part, after, stop, warnings);
        let is_stdin = source != PartSource::Text && part.value == "-";
        as_curl_guesses(&mut part, is_stdin, warnings);
        if !is_stdin || from_stdin(&mut part, stdin.take()) {
            found.push(part);
        } else {
            warnings.push(format!(
                "form field '{name}' reads standard input, which is not read; left out"
            ));
        }
        match rest.strip_prefix(',') {
            Some(next) if source == PartSource::File => rest = next,
            _ => break,
        }
    }
    if found.len() > 1 {
        warnings.push(format!("curl nests the files of form field '{name}'; here each is a part"));
    }
    found
}

/// What curl takes for a blank around values.
fn is_blank(c: char) -> bool {
    c == ' ' || ('\t'..='\r').contains(&c)
}

/// curl knows fewer types than we do, and what it sends shall be sent.
fn as_curl_guesses(part: &mut FormPart, is_stdin: bool, warnings: &mut CurlWarnings) {
    // curl names what comes from standard input after its sign.
    if is_stdin && part.source == PartSource::File && part.file_name.is_empty() {
        "-".clone_into(&mut part.file_name);
    }
    let is_plain = part.source == PartSource::FileText;
    let has_file_name = part.source == PartSource::File || !part.file_name.is_empty();
    if !part.content_type.is_empty() || is_plain || !has_file_name {
        return;
    }
    let own = Some(part.value.as_str()).filter(|_| part.source == PartSource::File && !is_stdin);
    let guessed = curl_type_of(&part.file_name).or_else(|| own.and_then(curl_type_of));
    let named = if part.file_name.is_empty() { &part.value } else { &part.file_name };
    let is_told = own.is_some() || guessed.is_some();
    let told = guessed.unwrap_or(if part.source == PartSource::File { ANY_TYPE } else { PLAIN });
    if !is_told {
        let name = &part.name;
        warnings
            .push(format!("curl gives the form field '{name}' no Content-Type; here it is {told}"));
    }
    if own.is_none() || type_of(named) != guessed {
        told.clone_into(&mut part.content_type);
    }
}

/// Fills a part with what is on standard input; false when that is not known.
fn from_stdin(part: &mut FormPart, stdin: Option<Stdin>) -> bool {
    match stdin {
        Some(Stdin::Text(text)) => (part.source, part.value) = (PartSource::Text, text),
        Some(Stdin::File(file)) => part.value = file,
        Some(Stdin::Program(_)) | None => return false,
    }
    true
}

/// Takes `;name=value` one after another, as curl does; returns what is left.
fn parameters<'a>(
    part: &mut FormPart,
    mut rest: &'a str,
    stop: Option<char>,
    warnings: &mut CurlWarnings,
) -> &'a str {
    // What follows a type belongs to it: `type=text/plain;charset=utf-8`.
    let mut goes_on = false;
    while let Some(next) = rest.strip_prefix(';') {
        let next = next.trim_start_matches(is_blank);
        let named = ["type=", "filename=", "headers=", "encoder="].into_iter().find_map(|name| {
            let (start, value) = next.split_at_checked(name.len())?;
            start.eq_ignore_ascii_case(name).then(|| (name, value.trim_start_matches(is_blank)))
        });
        let (end, field) = (ends(next, stop), &part.name);
        match named {
            Some(("type=", value)) if !goes_on => {
                let (kind, after) = value.split_at(ends(value, stop));
                kind.clone_into(&mut part.content_type);
                if !kind.contains('/') {
                    let message = format!("curl refuses ';type={kind}' of form field '{field}'");
                    warnings.push(message);
                }
                (goes_on, rest) = (true, after);
            }
            Some(("filename=", value)) => {
                let (name, after) = word_of(value, stop);
                (goes_on, rest) = (false, after);
                if part.source == PartSource::FileText {
                    let of = format!("';filename={name}' of form field '{field}'");
                    warnings.push(format!("{of} means nothing to curl without '@'; left out"));
                } else if name.is_empty() {
                    warnings.push(format!("curl gives form field '{field}' an empty file name"));
                } else {
                    part.file_name = name;
                }
            }
            Some((name @ ("headers=" | "encoder="), value)) => {
                let (value, after) = word_of(value, stop);
                warnings.push(format!(
                    "';{name}{value}' of form field '{field}' is not supported; left out"
                ));
                (goes_on, rest) = (false, after);
            }
            _ if goes_on => {
                // With the blanks it begins with.
                let (more, after) = rest.split_at(rest.len() - next.len() + end);
                part.content_type.push_str(more);
                rest = after;
            }
            _ => {
                let (unknown, after) = word_of(next, stop);
                if !unknown.is_empty() {
                    warnings.push(format!(
                        "';{unknown}' of form field '{field}' means nothing to curl; left out"
                    ));
                }
                rest = after;
            }
        }
    }
    part.content_type.truncate(part.content_type.trim_end_matches(is_blank).len());
    rest
}

/// Where a word ends that no quotes hold together.
fn ends(text: &str, stop: Option<char>) -> usize {
    text.find(|c| c == ';' || Some(c) == stop).unwrap_or(text.len())
}

/// A value up to the `;` of a parameter or the stop, blanks at its end aside, or in double quotes.
fn word_of(text: &str, stop: Option<char>) -> (String, &str) {
    quoted(text, stop).unwrap_or_else(|| {
        let (word, rest) = text.split_at(ends(text, stop));
        (word.trim_end_matches(is_blank).into(), rest)
    })
}

/// A value in double quotes, in which a backslash keeps `"` and `\`; what follows it up to a
/// parameter or another file means nothing.
fn quoted(text: &str, stop: Option<char>) -> Option<(String, &str)> {
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
                return Some((value, rest.split_at(ends(rest, stop)).1));
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
        // Quotes around a type would be sent.
        let value = value.map(|it| if name == "type" { it.clone() } else { in_quotes(it) });
        let written = value.map(|value| format!(";{name}={value}"));
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
            let guessed = match file_name {
                Some(name) => curl_type_of(name).or_else(|| curl_type_of(&own)).or(Some(ANY_TYPE)),
                None => curl_type_of(&own).filter(|kind| *kind != PLAIN),
            };
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
    if !text.is_empty()
        && !text.contains([';', ',', '"', '\\', '@', '<', '(', ')'])
        && text.trim() == text
    {
        return text.into();
    }
    format!("\"{}\"", text.replace('\\', r"\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(text: &str) -> FormPart {
        let mut warnings = CurlWarnings::default();
        let mut found = parts(text, &mut None, &mut warnings);
        assert!(found.len() == 1 && warnings.is_empty(), "{found:?} {warnings:?}");
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
            ("n= a b ", part(Text, "a b", "", "")),
            ("n=a,b", part(Text, "a,b", "", "")),
            ("n=\"a\" ; TYPE=x/y ;charset=u", part(Text, "a", "", "x/y ;charset=u")),
            ("n=a;type=\"x/y\"", part(Text, "a", "", "\"x/y\"")),
            ("n=a;filename=b.png", part(Text, "a", "b.png", "image/png")),
            ("n=@a.txt;filename=b.zzz", part(File, "a.txt", "b.zzz", "text/plain")),
            ("n=@a.json;filename=b.zzz", part(File, "a.json", "b.zzz", "")),
            ("n=<t.txt", part(FileText, "t.txt", "", "")),
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
            ("n=a;b=c", 1, "';b=c' of form field 'n' means nothing"),
            ("n=a;type=text", 1, "refuses ';type=text'"),
            ("n=a;filename=b", 1, "no Content-Type; here it is text/plain"),
            ("n=a;filename=", 1, "an empty file name"),
            ("n=<a;filename=b.png", 1, "means nothing to curl without '@'"),
            ("n=(", 0, "nests parts"),
            ("=)", 0, "nests parts"),
            ("=v", 1, "without a name"),
            ("=@a.txt", 1, "without a name"),
        ] {
            let mut warnings = CurlWarnings::default();
            assert_eq!(parts(text, &mut None, &mut warnings).len(), sent, "{text}");
            let warnings = warnings.into_texts();
            assert!(warnings.iter().any(|warning| warning.contains(said)), "{warnings:?}");
        }
    }
}
