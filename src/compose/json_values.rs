//! What the values of variables do to the JSON they stand in.
//!
//! Called by `text` for bodies that are JSON. A value inside a text (`"{{name}}"`) is to stay inside it
//! and to arrive as it is; one that stands for itself (`{{user}}`) may be any JSON.

use serde::de::IgnoredAny;

use super::template::{Name, Template, TemplatePart};

/// What a value does that is not meant, most likely.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum JsonHarm {
    /// What would be JSON with another value is none.
    Breaks,
    /// The text it stands in ends with it, so that the rest of it is JSON of its own.
    Ends,
    /// It stays in its text, where this letter behind a backslash is an escape (RFC 8259, section 7).
    ReadOtherwise(char),
}

impl JsonHarm {
    /// The same in words, behind `the value of …`.
    pub(super) fn words(self) -> String {
        match self {
            JsonHarm::Breaks => {
                "makes this no JSON (a quote, a backslash or a line break in it?)".into()
            }
            JsonHarm::Ends => {
                "ends the text it stands in (a quote or a backslash), so more than that text \
                 changes"
                    .into()
            }
            JsonHarm::ReadOtherwise(letter) => format!(
                "holds '\\{letter}', which JSON reads as an escape; a backslash is '\\\\' there"
            ),
        }
    }
}

/// The first value that does harm; `whole` is the template with all of them.
pub(super) fn harm<'a>(
    template: &'a Template,
    whole: &str,
    value: &dyn Fn(&Name) -> Vec<u8>,
) -> Option<(&'a Name, JsonHarm)> {
    // With each value alone in its place, and a digit for all others, which fits anywhere.
    let with = |own: Option<&Name>| {
        let filled = template.expand_with(&|name| {
            let is_own = own.is_some_and(|own| own.span == name.span);
            Ok(if is_own { value(name) } else { b"0".to_vec() })
        });
        filled.is_ok_and(|bytes| is_json(&String::from_utf8_lossy(&bytes)))
    };
    if !with(None) {
        return None;
    }
    if is_json(whole) {
        return in_texts(template, value);
    }
    let ending = in_texts(template, value).filter(|(_, harm)| *harm == JsonHarm::Ends);
    let breaking = || template.names().find(|name| !with(Some(name)));
    ending.or_else(|| breaking().map(|name| (name, JsonHarm::Breaks)))
}

fn is_json(text: &str) -> bool {
    serde_json::from_str::<IgnoredAny>(text).is_ok()
}

/// Goes through texts and what stands between them, and looks at the values inside texts.
fn in_texts<'a>(
    template: &'a Template,
    value: &dyn Fn(&Name) -> Vec<u8>,
) -> Option<(&'a Name, JsonHarm)> {
    let (mut is_inside, mut is_escape) = (false, false);
    let mut read_otherwise = None;
    for part in &template.parts {
        match part {
            TemplatePart::Literal(bytes) => {
                for byte in bytes {
                    match byte {
                        _ if std::mem::take(&mut is_escape) => {}
                        b'\\' if is_inside => is_escape = true,
                        b'"' => is_inside = !is_inside,
                        _ => {}
                    }
                }
            }
            TemplatePart::Name(name) if is_inside => match of_value(&value(name)) {
                Some(JsonHarm::ReadOtherwise(letter)) => {
                    read_otherwise.get_or_insert((name, JsonHarm::ReadOtherwise(letter)));
                }
                Some(harm) => return Some((name, harm)),
                None => {}
            },
            TemplatePart::Name(_) => {}
        }
    }
    read_otherwise
}

/// What a value does inside a text.
fn of_value(value: &[u8]) -> Option<JsonHarm> {
    let mut found = None;
    let mut bytes = value.iter();
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => return Some(JsonHarm::Ends),
            b'\\' => match bytes.next() {
                Some(letter) => found = found.or(Some(char::from(*letter))),
                None => return Some(JsonHarm::Ends),
            },
            _ => {}
        }
    }
    found.map(JsonHarm::ReadOtherwise)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compose::template::Mode;

    #[test]
    fn a_value_inside_a_text_stays_there_and_is_what_it_is() {
        use JsonHarm::{Breaks, Ends, ReadOtherwise};
        for (text, value, expected) in [
            (r#"{"x": "{{v}}"}"#, r#"a","admin":true,"x":"b"#, Some(Ends)),
            (r#"{"x": "{{v}}"}"#, r#"a"b"#, Some(Ends)),
            (r#"{"{{v}}": 1}"#, r#"a":1,"b"#, Some(Ends)),
            (r#"["{{v}}", "\"{{v}}"]"#, r#"","#, Some(Ends)),
            (r#"{"x": "{{v}}", "y": ","}"#, r"a\", Some(Ends)),
            (r#"{"x": "{{v}}"}"#, r"C:\new\bin", Some(ReadOtherwise('n'))),
            (r#"{"x": "{{v}}"}"#, r"C:\path", Some(Breaks)),
            (r#"{"x": "{{v}}"}"#, r#"said \"yes\""#, Some(ReadOtherwise('"'))),
            (r#"{"x": "{{v}}"}"#, "a\nb", Some(Breaks)),
            (r#"{"x": {{v}}}"#, r#"{"a": "\n"}"#, None),
            (r#"{"x": {{v}}}"#, "no json", Some(Breaks)),
            (r#"{"x": "{{v}}"}"#, "plain / é ''", None),
            ("no json {{v}}", r#"a"b"#, None),
            (r#"{"a\\": "{{v}}"}"#, r#"a"b"#, Some(Ends)),
        ] {
            let template = Template::parse(text, Mode::Text).unwrap();
            let own = |_: &Name| value.as_bytes().to_vec();
            let whole = template.expand_with(&|name| Ok(own(name))).unwrap();
            let found = harm(&template, &String::from_utf8(whole).unwrap(), &own);
            assert_eq!(found.map(|(_, harm)| harm), expected, "{text} {value}");
        }
    }
}
