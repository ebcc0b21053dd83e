//! Where in a JSON text its names stand, and what their values may hold there.
//!
//! Used by `text`. A name inside a string stands for text: the string that is sent has to be that
//! text, so nothing in the value may end it or be read as an escape. A name that is a whole value of
//! an object has to be one value, not the beginning of further members. Anywhere else any value will
//! do with which the whole is JSON.

use serde::de::IgnoredAny;

use super::template::{Name, Template, TemplatePart};
use crate::codec::printable::printable_str;

/// What of a JSON text is behind the bytes looked at.
#[derive(Debug, Default)]
struct JsonScan {
    in_string: bool,
    /// A backslash takes the meaning of the next byte.
    is_escaped: bool,
    /// The last byte outside a string that is no space.
    last: u8,
}

impl JsonScan {
    fn push(&mut self, bytes: &[u8]) {
        for byte in bytes {
            match (self.in_string, *byte) {
                (true, _) if self.is_escaped => self.is_escaped = false,
                (true, b'\\') => self.is_escaped = true,
                (true, b'"') => self.in_string = false,
                (true, _) => {}
                (false, byte) => {
                    self.in_string = byte == b'"';
                    if !byte.is_ascii_whitespace() {
                        self.last = byte;
                    }
                }
            }
        }
    }
}

/// The first name whose value does not stay what it stands for, and why, in words.
pub(super) fn misplaced<'a>(
    template: &'a Template,
    value: &dyn Fn(&Name) -> Option<String>,
) -> Option<(&'a Name, String)> {
    let mut scan = JsonScan::default();
    for (at, part) in template.parts.iter().enumerate() {
        let name = match part {
            TemplatePart::Literal(bytes) => {
                scan.push(bytes);
                continue;
            }
            TemplatePart::Name(name) => name,
        };
        let value = value(name);
        let text = value.as_deref().unwrap_or("0");
        let is_value = scan.last == b':' && ends_value(template.parts.get(at + 1));
        let why = match () {
            () if scan.in_string && scan.is_escaped => Some(behind_backslash(name)),
            () if scan.in_string => in_string(name, text),
            () if is_value && value.is_some() => as_value(name, text),
            () => None,
        };
        if why.is_some() {
            return why.map(|why| (name, why));
        }
        scan.push(text.as_bytes());
    }
    None
}

/// Whether what follows a name ends the value of a member.
fn ends_value(next: Option<&TemplatePart>) -> bool {
    let Some(TemplatePart::Literal(bytes)) = next else { return false };
    matches!(bytes.trim_ascii_start().first(), Some(b',' | b'}'))
}

fn behind_backslash(name: &Name) -> String {
    let source = &name.source;
    format!("the backslash before {source} would change its first letter; write two")
}

fn in_string(name: &Name, text: &str) -> Option<String> {
    let sign = text.chars().find(|c| matches!(c, '"' | '\\' | '\0'..='\u{1f}'))?;
    let (source, sign) = (&name.source, sign.to_string());
    let sign = printable_str(&sign);
    Some(format!(
        "'{sign}' in {source} would change the JSON; let {source} hold JSON and write it bare, or \
         send the body as text"
    ))
}

fn as_value(name: &Name, text: &str) -> Option<String> {
    let error = serde_json::from_str::<IgnoredAny>(text).err()?;
    Some(format!("the value of {} is not one JSON value: {error}", name.source))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compose::template::Mode;

    const VALUES: [(&str, &str); 12] = [
        ("plain", "a b, {c}: é"),
        ("out", "a\",\"admin\":true,\"x\":\"b"),
        ("path", "C:\\new\\bin"),
        ("line", "a\nb"),
        ("nul", "\0"),
        ("number", "1"),
        ("more", "1, \"admin\": true"),
        ("list", "1, 2"),
        ("text", "\"a\\\"b\""),
        ("members", "\"a\": 1, \"b\": \"c\""),
        ("none", ""),
        ("open", "\"pre"),
    ];

    fn why(text: &str) -> String {
        let template = Template::parse(text, Mode::Text).unwrap();
        let value = |name: &Name| {
            VALUES.iter().find(|(own, _)| *own == name.name).map(|(_, value)| (*value).to_owned())
        };
        misplaced(&template, &value).map_or_else(String::new, |(name, why)| {
            assert!(why.contains(&name.source), "{why}");
            why
        })
    }

    #[test]
    fn inside_a_string_a_value_stays_its_text() {
        for name in ["out", "path", "line", "nul", "text", "members", "open"] {
            for text in [
                r#"{"x": "{{N}}"}"#,
                r#"{"{{N}}": 1}"#,
                r#"["a", "b \" c {{N}} d"]"#,
                r#"{ {{members}}, "y": ["\\{{N}}"]}"#,
                r#""{{N}}""#,
            ] {
                let text = text.replace('N', name);
                assert!(why(&text).contains("would change the JSON"), "{text}: {}", why(&text));
            }
        }
        for name in ["plain", "number", "list", "none", "unknown"] {
            let text = r#"{"x": "{{N}}", "y {{N}}": "\\ \" {{N}}"}"#.replace('N', name);
            assert_eq!(why(&text), "");
        }
        assert!(why(r#"{"x": "{{path}}"}"#).contains(r"'\' in {{path}}"));
        assert!(why(r#"{"x": "{{line}}"}"#).contains(r"'\n' in {{line}}"));
        assert!(why(r#"{"x": "C:\{{plain}}"}"#).contains("write two"));
    }

    #[test]
    fn a_member_has_one_value_and_everything_else_is_free() {
        for name in ["more", "list", "none", "open", "members"] {
            let text = r#"{"x": {{N}} , "y": 1}"#.replace('N', name);
            assert!(why(&text).contains("one JSON value"), "{name}: {}", why(&text));
        }
        for text in [
            r#"{"x": {{number}}, "y": {{text}}}"#,
            r#"{"x": [{{list}}]}"#,
            "{ {{members}} }",
            r#"{"x": -{{number}}{{number}}}"#,
            r#"{"x": {{unknown}}}"#,
            "{{list}}",
        ] {
            assert_eq!(why(text), "", "{text}");
        }
    }
}
