//! JSON that is being written, with `{{names}}` in it: where it is no JSON, and the same laid out.
//!
//! Used by text fields. A name stands for a value or for a part of one, so in what is checked and laid
//! out it is digits, which fit wherever a value does; it keeps its length, so every place stays what
//! it is.

use std::ops::Range;

use super::json_string;
use super::lines::JsonCheck;

/// Spaces of one level.
pub(crate) const INDENT: usize = 2;
/// Levels that are indented; what is nothing but nesting would grow with its square.
const DEEPEST: usize = 64;

/// A text in which these ranges, which are in order, are digits.
#[must_use]
pub(crate) fn masked(text: &str, names: impl IntoIterator<Item = Range<usize>>) -> Vec<u8> {
    let mut bytes = text.as_bytes().to_vec();
    for name in names {
        if let Some(name) = bytes.get_mut(name) {
            name.fill(b'1');
        }
    }
    bytes
}

/// The first place at which this is no JSON, and why; a text that ends too early ends there.
#[must_use]
pub(crate) fn flaw(masked: &[u8]) -> Option<(usize, String)> {
    let mut check = JsonCheck::default();
    check.push(masked);
    found(&check, masked.len())
}

/// What a check that has seen all of a text of this length found.
pub(crate) fn found(check: &JsonCheck, length: usize) -> Option<(usize, String)> {
    match check.flaw() {
        Some(flaw) => Some((usize::try_from(flaw.offset).unwrap_or(length), flaw.message.clone())),
        None => check.unfinished().map(|why| (length, why)),
    }
}

/// A text that is JSON, one value a line; nothing but space between its tokens is another one.
#[must_use]
pub(crate) fn laid_out(text: &str, masked: &[u8]) -> String {
    let mut out = String::with_capacity(text.len() * 2);
    let (mut depth, mut at) = (0usize, 0);
    let next = |from: usize| {
        let rest = &masked[from..];
        from + rest.iter().position(|byte| !byte.is_ascii_whitespace()).unwrap_or(rest.len())
    };
    while let Some(byte) = masked.get(at) {
        let end = match byte {
            b'"' => json_string::end(masked, at + 1).unwrap_or(masked.len()),
            byte if byte.is_ascii_whitespace() => {
                // Values at the top follow each other on lines of their own.
                at = next(at);
                if depth == 0 && !out.is_empty() && at < masked.len() {
                    out.push('\n');
                }
                continue;
            }
            b'{' | b'[' | b'}' | b']' | b',' | b':' => at + 1,
            _ => {
                let ends = |byte: &u8| byte.is_ascii_whitespace() || b"{}[],:\"".contains(byte);
                masked[at..].iter().position(ends).map_or(masked.len(), |length| at + length)
            }
        };
        let token = text.split_at(end).0.split_at(at).1;
        match byte {
            b'{' | b'[' => {
                out.push_str(token);
                let inner = next(end);
                if let Some(closing @ (b'}' | b']')) = masked.get(inner) {
                    out.push(char::from(*closing));
                    at = inner + 1;
                    continue;
                }
                depth += 1;
                new_line(&mut out, depth);
            }
            b'}' | b']' => {
                depth = depth.saturating_sub(1);
                new_line(&mut out, depth);
                out.push_str(token);
            }
            b',' => {
                out.push_str(token);
                new_line(&mut out, depth);
            }
            b':' => out.push_str(": "),
            _ => out.push_str(token),
        }
        at = if depth > 0 || matches!(byte, b'{' | b'[') { next(end) } else { end };
    }
    out
}

fn new_line(out: &mut String, depth: usize) {
    out.push('\n');
    out.extend(std::iter::repeat_n(' ', INDENT * depth.min(DEEPEST)));
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn plain(text: &str) -> String {
        laid_out(text, text.as_bytes())
    }

    #[test]
    fn one_value_a_line_and_nothing_else_changes() {
        assert_eq!(
            plain(r#"{"a":[1,{"b" : "x, y"}],"c":{ }}"#),
            "{\n  \"a\": [\n    1,\n    {\n      \"b\": \"x, y\"\n    }\n  ],\n  \"c\": {}\n}"
        );
        assert_eq!(plain("1.0"), "1.0");
        assert_eq!(plain(" [ ] \n"), "[]");
        assert_eq!(plain("{\"a\":1}\n\n[2]"), "{\n  \"a\": 1\n}\n[\n  2\n]");
    }

    #[test]
    fn names_are_values_and_stay_what_they_are() {
        let text = r#"{"a":{{user}},"b":"{{name}}","c":[{{x}} ,-{{n}}]}"#;
        let names: Vec<Range<usize>> = ["{{user}}", "{{name}}", "{{x}}", "{{n}}"]
            .iter()
            .map(|name| text.find(name).map(|at| at..at + name.len()).unwrap())
            .collect();
        let masked = masked(text, names);
        assert_eq!(flaw(&masked), None);
        let expected = "{\n  \"a\": {{user}},\n  \"b\": \"{{name}}\",\n  \"c\": [\n    {{x}},\n    -{{n}}\n  ]\n}";
        assert_eq!(laid_out(text, &masked), expected);
    }

    #[test]
    fn what_is_nothing_but_nesting_does_not_grow_with_its_square() {
        let deep = "[".repeat(20_000) + &"]".repeat(20_000);
        assert!(plain(&deep).len() < 150 * deep.len());
    }

    fn json() -> impl Strategy<Value = String> {
        let leaf = prop_oneof![
            Just("1".to_owned()),
            Just("-0.5e3".to_owned()),
            Just("true".to_owned()),
            Just(r#""a\\\" {,}[:]é""#.to_owned()),
            Just("{ }".to_owned()),
            Just("[]".to_owned()),
        ];
        leaf.prop_recursive(4, 30, 4, |inner| {
            let list = prop::collection::vec(inner.clone(), 0..4)
                .prop_map(|it| format!("[ {}]", it.join(" ,\n")));
            let object = prop::collection::vec(inner, 0..4)
                .prop_map(|it| {
                    it.iter().map(|value| format!("\"k\"\t:{value}")).collect::<Vec<_>>()
                })
                .prop_map(|it| format!("{{{}\n}}", it.join(",")));
            prop_oneof![list, object]
        })
    }

    proptest! {
        #![proptest_config(crate::property_tests::config())]

        #[test]
        fn laid_out_json_is_the_same_json_and_stays_as_it_is(text in json()) {
            let out = plain(&text);
            let value = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
            prop_assert_eq!(value(&out), value(&text));
            prop_assert_eq!(plain(&out), out);
        }

        #[test]
        fn any_text_is_survived(text in r#"[{}\[\],:"\\a1 é\n]{0,40}"#) {
            let _ = plain(&text);
        }
    }
}
