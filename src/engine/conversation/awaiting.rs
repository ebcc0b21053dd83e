//! Looking for what a step waits for in the bytes that came so far. Pure.
//!
//! Called by `script` after each read. What can be ruled out for good is remembered, so that bytes
//! which come one by one are not searched again from the beginning each time.

use memchr::memmem::Finder;
use regex::bytes::Regex;
use serde_json::{Deserializer, Value};

use crate::model::awaited::AwaitedPlan;
use crate::query;

/// What is looked for, and up to where it is known not to begin.
#[derive(Debug)]
pub(super) struct Awaiting {
    sought: Sought,
    /// Before this it does not begin.
    from: usize,
}

#[derive(Debug)]
enum Sought {
    Bytes(Box<Finder<'static>>),
    Pattern(Vec<Option<u8>>),
    /// `None` = no expression at all, which nothing matches.
    Matches(Option<Regex>),
    Length(usize),
    Json(Value),
}

impl Awaiting {
    /// At the beginning of what was received.
    pub(super) fn new(awaited: &AwaitedPlan) -> Self {
        let sought = match awaited {
            AwaitedPlan::Bytes(bytes) => Sought::Bytes(Box::new(Finder::new(bytes).into_owned())),
            AwaitedPlan::Pattern(bytes) => Sought::Pattern(bytes.clone()),
            AwaitedPlan::Matches(source) => Sought::Matches(Regex::new(source).ok()),
            AwaitedPlan::Length(count) => Sought::Length(*count),
            AwaitedPlan::Json(part) => Sought::Json(part.clone()),
        };
        Awaiting { sought, from: 0 }
    }

    /// So many of the oldest bytes are not kept any longer.
    pub(super) fn cut(&mut self, count: usize) {
        self.from = self.from.saturating_sub(count);
    }

    /// Where it ends in these bytes; `None` = it did not come yet.
    pub(super) fn end_in(&mut self, seen: &[u8]) -> Option<usize> {
        let (_, rest) = seen.split_at_checked(self.from)?;
        match &self.sought {
            Sought::Bytes(finder) => {
                let len = finder.needle().len();
                let found = finder.find(rest).map(|at| self.from + at + len);
                self.from = self.from.max((seen.len() + 1).saturating_sub(len));
                found
            }
            Sought::Pattern(pattern) => {
                let fits = |window: &[u8]| {
                    window
                        .iter()
                        .zip(pattern)
                        .all(|(byte, wanted)| wanted.is_none_or(|it| it == *byte))
                };
                let len = pattern.len().max(1);
                let found = rest.windows(len).position(fits).map(|at| self.from + at + len);
                self.from = self.from.max((seen.len() + 1).saturating_sub(len));
                found
            }
            // A match may begin anywhere until it is known how it goes on.
            Sought::Matches(regex) => Some(regex.as_ref()?.find(seen)?.end()),
            Sought::Length(count) => (seen.len() >= *count).then_some(*count),
            Sought::Json(part) => {
                let (end, from) = json_in(seen, self.from, part);
                self.from = from;
                end
            }
        }
    }
}

/// Where the first JSON value ends that has a part, looked for from here on, and before what none
/// begins. Values without it are passed, and so is what is no JSON: a value begins with a bracket, or
/// behind a space.
fn json_in(seen: &[u8], from: usize, part: &Value) -> (Option<usize>, usize) {
    let mut at = from;
    while let Some((before, rest)) = seen.split_at_checked(at) {
        let Some(first) = rest.first() else { break };
        let is_behind_space = before.last().is_none_or(u8::is_ascii_whitespace);
        let begins =
            matches!(first, b'{' | b'[') || is_behind_space && !first.is_ascii_whitespace();
        if !begins {
            at += 1;
            continue;
        }
        let mut values = Deserializer::from_slice(rest).into_iter::<Value>();
        let value = values.next();
        let end = at + values.byte_offset();
        match value {
            // A word or number may go on.
            Some(Ok(Value::Number(_) | Value::Bool(_) | Value::Null)) if end == seen.len() => break,
            Some(Ok(value)) if query::has_part(&value, part) => return (Some(end), at),
            Some(Ok(_)) => at = end,
            Some(Err(error)) if error.is_eof() => break,
            Some(Err(_)) | None => at += 1,
        }
    }
    (None, at)
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn end(plan: &AwaitedPlan, seen: &[u8]) -> Option<usize> {
        Awaiting::new(plan).end_in(seen)
    }

    /// Byte by byte, with the place where it was found.
    fn slowly(plan: &AwaitedPlan, seen: &[u8]) -> Option<usize> {
        let mut awaiting = Awaiting::new(plan);
        (0..=seen.len()).find_map(|len| awaiting.end_in(&seen[..len]))
    }

    #[test]
    fn each_kind_ends_where_what_was_awaited_ends() {
        let bytes = |text: &'static [u8]| AwaitedPlan::Bytes(Bytes::from_static(text));
        let json = |part| AwaitedPlan::Json(part);
        let open = AwaitedPlan::Pattern(vec![Some(1), None, Some(3)]);
        let matches = |source: &str| AwaitedPlan::Matches(source.into());
        for (plan, seen, found) in [
            (bytes(b"250"), &b"220 a\r\n250 b"[..], Some(10)),
            (bytes(b""), b"", Some(0)),
            (bytes(b"251"), b"220 a\r\n250 b", None),
            (open.clone(), b"\x00\x01\xff\x03\x04", Some(4)),
            (open, b"\x01\xff\x04", None),
            (matches("2[0-9]0 (ok|ready)"), b"hm 250 ok then", Some(9)),
            (matches("^x"), b"ax", None),
            (AwaitedPlan::Length(3), b"abcd", Some(3)),
            (AwaitedPlan::Length(5), b"abcd", None),
            (json(json!({ "id": 7 })), br#"{"id":6}{"id":7,"x":[1]}tail"#, Some(24)),
            (json(json!({ "a": { "b": 1 } })), br#"{"a":{"b":1,"c":2}}"#, Some(19)),
            (json(json!({ "id": 7 })), br#"250 ok {no} {"id":7}"#, Some(20)),
            (json(json!({ "id": 7 })), br#"{"id":7"#, None),
            (json(json!(42)), b"42", None),
            (json(json!(42)), b"42\n", Some(2)),
            (json(json!([1])), b"[[[[[[1 [2,1]", Some(13)),
        ] {
            assert_eq!(end(&plan, seen), found, "{plan:?} in {}", seen.escape_ascii());
        }
    }

    #[test]
    fn what_is_nothing_but_brackets_is_ruled_out_once() {
        let mut awaiting = Awaiting::new(&AwaitedPlan::Json(json!({ "id": 7 })));
        let seen = vec![b'['; 200_000];
        for more in 0..2_000 {
            assert_eq!(awaiting.end_in(&seen[..seen.len() - 2_000 + more]), None);
        }
        assert!(awaiting.from > 190_000, "{}", awaiting.from);
    }

    proptest! {
        #![proptest_config(crate::property_tests::config())]

        #[test]
        fn bytes_are_found_in_any_parts(
            seen in prop::collection::vec(prop::sample::select(&b"ab12"[..]), 0..20),
            wanted in prop::collection::vec(prop::sample::select(&b"ab12"[..]), 1..4),
        ) {
            let naive = seen.windows(wanted.len()).position(|it| it == wanted);
            let naive = naive.map(|at| at + wanted.len());
            let pattern = AwaitedPlan::Pattern(wanted.iter().copied().map(Some).collect());
            for plan in [AwaitedPlan::Bytes(wanted.into()), pattern] {
                prop_assert_eq!(end(&plan, &seen), naive);
                prop_assert_eq!(slowly(&plan, &seen), naive);
            }
        }

        #[test]
        fn json_is_found_in_any_parts(
            before in "[a-z {}\\[\\]\", 0-9\n]{0,24}",
            id in 0..3_u8,
        ) {
            let plan = AwaitedPlan::Json(json!({ "id": 1 }));
            let seen = format!("{before}\n{{\"id\":{id}}}\n");
            prop_assert_eq!(slowly(&plan, seen.as_bytes()), end(&plan, seen.as_bytes()));
        }
    }
}
