//! Members of a JSON text that is being written, `{{names}}` and mistakes in it or not: what stands
//! between the quotes of a name and of its value.
//!
//! Used by `typed_credentials`, which looks for passwords in bodies and puts names in their places, and by `run_kept`,
//! which keeps answers without the tokens in them.

use std::borrow::Cow;
use std::ops::Range;

use crate::codec::json_string;
use crate::codec::json_text::masked;
use crate::compose::template::{Mode, Template};
use crate::model::secrets::{MASK, names_secret};

/// A member whose value is a string, in bytes of the text; without the quotes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TextMember {
    pub(super) name: Range<usize>,
    pub(super) value: Range<usize>,
}

/// The members whose values are strings, in order, however deep they lie.
pub(super) fn members(text: &str) -> Vec<TextMember> {
    let template = Template::parse(text, Mode::Text).ok();
    let names = template.iter().flat_map(Template::names).map(|name| name.span.clone());
    let bytes = masked(text, names);
    let string = |at: usize| {
        let end = json_string::end(&bytes, at + 1)?;
        Some(at + 1..end - 1)
    };
    let next = |from: usize| {
        let rest = bytes.get(from..)?;
        Some(from + rest.iter().position(|byte| !byte.is_ascii_whitespace())?)
    };
    let (mut found, mut at) = (Vec::new(), 0);
    while let Some(quote) = memchr::memchr(b'"', &bytes[at..]) {
        let Some(name) = string(at + quote) else { break };
        at = name.end + 1;
        let value = next(at).filter(|colon| bytes[*colon] == b':');
        let value = value.and_then(|colon| next(colon + 1));
        let value = value.filter(|quote| bytes[*quote] == b'"').and_then(string);
        if let Some(value) = value {
            at = value.end + 1;
            found.push(TextMember { name, value });
        }
    }
    found
}

/// A text with a mark in place of the strings that JSON names like secrets.
#[must_use]
pub(super) fn without_secrets(text: &str) -> Cow<'_, str> {
    let (mut out, mut behind) = (String::new(), 0);
    for member in members(text) {
        let part = |range: &Range<usize>| text.get(range.clone());
        let is_secret = part(&member.name).is_some_and(|name| names_secret(&said(name)));
        if is_secret && !member.value.is_empty() {
            out.extend(part(&(behind..member.value.start)));
            out.push_str(MASK);
            behind = member.value.end;
        }
    }
    if behind == 0 {
        return Cow::Borrowed(text);
    }
    out.extend(text.get(behind..));
    Cow::Owned(out)
}

/// What a string of JSON says; a text that is none says itself.
pub(super) fn said(inside: &str) -> String {
    serde_json::from_str(&format!("\"{inside}\"")).unwrap_or_else(|_| inside.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_found_in_whatever_is_written() {
        let texts = |text: &str| -> Vec<(String, String)> {
            let part = |place: &Range<usize>| text.get(place.clone()).unwrap().to_owned();
            members(text).iter().map(|it| (part(&it.name), part(&it.value))).collect()
        };
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(
            texts(r#"{"a": "b", "in": {"c" : "d\"e"}, "n": 1, "l": ["x", "y"]}"#),
            [pair("a", "b"), pair("c", r#"d\"e"#)]
        );
        assert_eq!(texts(r#"{"a": "{{x "y"}}", "b": "c"#), [pair("a", r#"{{x "y"}}"#)]);
        assert_eq!(texts("\"a\""), []);
        assert_eq!(texts("\"a\" :"), []);
        assert_eq!(said(r"a\u0041\n"), "aA\n");
    }
}
