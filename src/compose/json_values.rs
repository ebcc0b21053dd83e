//! What the values of variables do to the JSON they stand in.
//!
//! Used by `text`. A name inside a string stands for text: the string that is sent has to be that
//! text, so nothing in the value may end it or be read as an escape. A name that is the whole value of
//! a member has to be one value, not the beginning of further members. Anywhere else any value will
//! do with which the whole is JSON; a text that is none whatever the values are is meant so.

use std::collections::BTreeMap;

use serde::de::IgnoredAny;

use super::expansion::{JsonScan, PLAIN, json_string};
use super::template::{Function, Name, Template, TemplatePart};
use crate::codec::printable::printable_str;

/// The first name whose value does not stay what it stands for, and why, in words. `whole` is the
/// template with all values; a name without one is sent as it is, which is what was asked for.
pub(super) fn harm<'a>(
    template: &'a Template,
    whole: &str,
    value: &dyn Fn(&Name) -> Option<String>,
) -> Option<(&'a Name, String)> {
    let looked_at = look(template, value);
    let filled = |fill: &dyn Fn(&Name) -> String| {
        let filled = template.expand_with(&|name| Ok(fill(name).into_bytes()));
        filled.is_ok_and(|bytes| is_json(&String::from_utf8_lossy(&bytes)))
    };
    let alone = |own: Option<&Name>| {
        filled(&|name| {
            let value = own.filter(|own| own.span == name.span).and_then(value);
            value.unwrap_or_else(|| PLAIN.to_owned())
        })
    };
    let is_whole = is_json(whole);
    let is_bare = alone(None);
    let is_meant = || {
        let fitting = |name: &Name| looked_at.fitting.get(&name.span.start).copied();
        filled(&|name| match fitting(name) {
            Some(fitting) => fitting.to_owned(),
            None => value(name).unwrap_or_else(|| PLAIN.to_owned()),
        })
    };
    if !is_whole && !is_bare && !is_meant() {
        return None;
    }
    if looked_at.found.is_some() || is_whole || !is_bare {
        return looked_at.found;
    }
    let breaking = template.names().find(|name| !alone(Some(name)))?;
    Some((breaking, format!("the value of {} makes this no JSON", breaking.source)))
}

fn is_json(text: &str) -> bool {
    serde_json::from_str::<IgnoredAny>(text).is_ok()
}

/// What a look at every name found.
#[derive(Debug, Default)]
struct Look<'a> {
    found: Option<(&'a Name, String)>,
    /// For names inside strings, by where they begin: what would not change how JSON reads the rest.
    fitting: BTreeMap<usize, &'static str>,
}

fn look<'a>(template: &'a Template, value: &dyn Fn(&Name) -> Option<String>) -> Look<'a> {
    let (mut scan, mut look) = (JsonScan::default(), Look::default());
    for (at, part) in template.parts.iter().enumerate() {
        let name = match part {
            TemplatePart::Literal(bytes) => {
                scan.push(bytes);
                continue;
            }
            TemplatePart::Name(name) => name,
        };
        let is_json = name.function == Some(Function::Json);
        // What is written as JSON is one string, or a part of one, whatever it is.
        let written = |value: String| {
            if is_json { json_string(value.as_bytes(), false) } else { value }
        };
        let value = value(name).map(written);
        let is_member = scan.last == b':' && ends_value(template.parts.get(at + 1));
        let fitting = scan.in_string.then(|| scan.fitting());
        let why = match (&value, fitting) {
            (None, _) => None,
            (Some(_), Some(fitting)) if fitting != PLAIN => Some(in_escape(name)),
            _ if is_json => None,
            (Some(value), Some(_)) => in_string(name, value),
            (Some(value), None) => is_member.then(|| as_value(name, value)).flatten(),
        };
        match fitting {
            Some(fitting) => look.fitting.extend([(name.span.start, fitting)]),
            None => scan.push(value.as_deref().unwrap_or(PLAIN).as_bytes()),
        }
        look.found = look.found.or_else(|| why.map(|why| (name, why)));
    }
    look
}

/// Whether what follows a name ends the value of a member.
fn ends_value(next: Option<&TemplatePart>) -> bool {
    let Some(TemplatePart::Literal(bytes)) = next else { return false };
    matches!(bytes.trim_ascii_start().first(), Some(b',' | b'}'))
}

fn in_escape(name: &Name) -> String {
    let source = &name.source;
    format!("the backslash before {source} takes what its value begins with; write two for one")
}

fn in_string(name: &Name, value: &str) -> Option<String> {
    let sign = value.chars().find(|c| matches!(c, '"' | '\\' | '\0'..='\u{1f}'))?;
    let what = match sign {
        '"' => "ends the string it stands in",
        '\\' => "begins an escape in its string",
        _ => "may not stand in a string",
    };
    let (source, sign) = (&name.source, sign.to_string());
    let sign = printable_str(&sign);
    Some(format!(
        "'{sign}' in the value of {source} {what}; {{{{json {}}}}} escapes it, or send the body as \
         text",
        name.name
    ))
}

fn as_value(name: &Name, value: &str) -> Option<String> {
    let error = serde_json::from_str::<IgnoredAny>(value).err()?;
    Some(format!("the value of {} is not one JSON value: {error}", name.source))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compose::template::Mode;

    const VALUES: [(&str, &str); 16] = [
        ("plain", "a b, {c}: é"),
        ("out", "a\",\"admin\":true,\"x\":\"b"),
        ("path", "C:\\new\\bin"),
        ("odd", "C:\\path"),
        ("end", "a\\"),
        ("written", "said \\\"yes\\\""),
        ("line", "a\nb"),
        ("nul", "\0"),
        ("number", "1"),
        ("more", "1, \"admin\": true"),
        ("list", "1, 2"),
        ("text", "\"a\\\"b\""),
        ("members", "\"a\": 1, \"b\": \"c\""),
        ("none", ""),
        ("open", "\"pre"),
        ("word", "no json"),
    ];

    fn why(text: &str) -> String {
        let template = Template::parse(text, Mode::Text).unwrap();
        let value = |name: &Name| {
            VALUES.iter().find(|(own, _)| *own == name.name).map(|(_, value)| (*value).to_owned())
        };
        let own = |name: &Name| Ok(value(name).unwrap_or_else(|| name.source.clone()).into_bytes());
        let whole = String::from_utf8(template.expand_with(&own).unwrap()).unwrap();
        harm(&template, &whole, &value).map_or_else(String::new, |(name, why)| {
            assert!(why.contains(&name.source), "{why}");
            why
        })
    }

    #[test]
    fn inside_a_string_a_value_stays_its_text() {
        for name in
            ["out", "path", "odd", "end", "written", "line", "nul", "text", "members", "open"]
        {
            for text in [
                r#"{"x": "{{N}}"}"#,
                r#"{"{{N}}": 1}"#,
                r#"["a", "b \" c {{N}} d"]"#,
                r#"{ {{members}}, "y": ["\\{{N}}"]}"#,
                r#""{{N}}""#,
                r#"{"a": "\u0041{{N}}", "b": {{text}}}"#,
            ] {
                let text = text.replace('N', name);
                let why = why(&text);
                assert!(why.contains(" in the value of "), "{text}: {why}");
            }
        }
        for name in ["plain", "number", "list", "none", "unknown"] {
            let text = r#"{"x": "{{N}}", "y {{N}}": "\\ \" {{N}}"}"#.replace('N', name);
            assert_eq!(why(&text), "");
        }
        assert!(why(r#"{"x": "{{path}}"}"#).contains(r"'\' in the value of {{path}} begins"));
        assert!(why(r#"{"x": "{{line}}"}"#).contains(r"'\n' in the value of {{line}} may not"));
        assert!(why(r#"{"x": "{{line}}"}"#).contains("{{json line}} escapes it"));
    }

    #[test]
    fn what_is_written_as_json_does_no_harm() {
        for (name, _) in VALUES {
            for text in [
                r#"{"x": "a{{json N}}b", "y": {{json N}}, "z": [{{json N}}, 1]}"#,
                r#"{"{{json N}}": "{{json N}}"}"#,
                "{{json N}}",
            ] {
                assert_eq!(why(&text.replace('N', name)), "", "{name}");
            }
        }
        assert!(why(r#"{"x": "\{{json plain}}"}"#).contains("write two"));
        assert!(why(r#"{"x": "{{json out}}", "y": "{{out}}"}"#).contains("{{json out}} escapes"));
    }

    #[test]
    fn a_value_does_not_go_on_with_an_escape() {
        for text in
            [r"C:\{{plain}}", r"\u{{number}}", r"\u00{{number}}1", r"\\\{{none}}", r"\u004{{list}}"]
        {
            let why = why(&format!(r#"{{"x": "{text}"}}"#));
            assert!(why.contains("write two"), "{text}: {why}");
        }
        for text in [r"\\{{plain}}", r"\u0041{{number}}", r"\n{{none}}", r"\\u{{number}}"] {
            assert_eq!(why(&format!(r#"{{"x": "{text}"}}"#)), "", "{text}");
        }
    }

    #[test]
    fn a_member_has_one_value_and_everything_else_is_free() {
        for name in ["more", "list", "none", "open", "members", "word"] {
            let text = r#"{"x": {{N}} , "y": 1}"#.replace('N', name);
            let why = why(&text);
            assert!(why.contains("one JSON value"), "{name}: {why}");
        }
        for text in [
            r#"{"x": {{number}}, "y": {{text}}}"#,
            r#"{"x": [{{list}}]}"#,
            r"{ {{members}} }",
            r#"{"x": -{{number}}{{number}}}"#,
            r#"{"x": {{unknown}}}"#,
            r#"no json {{text}} "{{out}}""#,
        ] {
            assert_eq!(why(text), "", "{text}");
        }
        assert!(why(r"[1, {{word}}]").contains("{{word}} makes this no JSON"));
    }
}
