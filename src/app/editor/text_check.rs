//! Whether the JSON that is being written is JSON, looked at in steps so that no key waits for it.
//!
//! Used by `editor`. After a change the check goes on from the last place before it where its state is
//! known; `{{names}}` are values (`codec::json_text`).

use crate::codec::json_text::{found, masked};
use crate::codec::lines::JsonCheck;
use crate::model::braces::name_spans;

/// Bytes of a step; the state is kept at the start of each.
const STEP: usize = 256 * 1024;
/// Bytes a name takes at most where it lies across two steps.
const NAME: usize = 256;

/// How far a text is checked.
#[derive(Debug, Default)]
pub(super) struct TextCheck {
    /// Places with the state of the check there, in order.
    known: Vec<(usize, JsonCheck)>,
    at: usize,
    check: JsonCheck,
    /// All was looked at.
    is_done: bool,
    flaw: Option<(usize, String)>,
}

impl TextCheck {
    /// The text is another one from this byte on.
    pub(super) fn changed(&mut self, from: usize) {
        self.known.retain(|(at, _)| *at + NAME <= from);
        (self.at, self.check) = self.known.pop().unwrap_or_default();
        self.is_done = false;
        self.flaw = None;
    }

    /// Looks at some more of the text; tells whether something is left.
    pub(super) fn step(&mut self, text: &str) -> bool {
        if self.is_done {
            return false;
        }
        self.known.push((self.at, self.check.clone()));
        let rest = text.get(self.at..).unwrap_or_default();
        let piece = rest.split_at(end_of_step(rest)).0;
        let bytes = masked(piece, name_spans(piece));
        self.check.push(&bytes);
        self.at += piece.len();
        self.is_done = self.at >= text.len() || self.check.flaw().is_some();
        if self.is_done && !text.trim_start().is_empty() {
            self.flaw = found(&self.check, text.len()).map(|(at, why)| (at, named(text, at, why)));
        }
        !self.is_done
    }

    /// The first byte that does not fit, and what was expected.
    pub(super) fn flaw(&self) -> Option<&(usize, String)> {
        self.flaw.as_ref()
    }

    /// Whether something is left to look at.
    pub(super) fn is_open(&self) -> bool {
        !self.is_done
    }
}

/// Bytes of the next step, which cuts neither a character nor a name.
fn end_of_step(rest: &str) -> usize {
    if rest.len() <= STEP {
        return rest.len();
    }
    let floor = |mut at: usize| {
        while !rest.is_char_boundary(at) {
            at -= 1;
        }
        at
    };
    let end = floor(STEP);
    let near = rest.split_at(end).0.split_at(floor(end - NAME)).1;
    match near.rfind("{{") {
        Some(at) if !near.split_at(at).1.contains("}}") => end - (near.len() - at),
        // A brace that may be the first of two.
        _ if near.ends_with('{') => end - 1,
        _ => end,
    }
}

/// What was found at a name is the name.
fn named(text: &str, at: usize, why: String) -> String {
    let rest = text.split_at(at).1;
    match name_spans(rest).next().filter(|span| span.start == 0) {
        Some(span) => why.replacen("'1'", rest.split_at(span.end).0, 1),
        None => why,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flaw(text: &str) -> Option<(usize, String)> {
        let mut check = TextCheck::default();
        while check.step(text) {}
        check.flaw().cloned()
    }

    #[test]
    fn names_are_values_and_the_first_mistake_is_placed() {
        assert_eq!(flaw(r#"{"a": {{user}}, "b": "{{name}}", "c": [{{x}}]}"#), None);
        assert_eq!(flaw(""), None);
        assert_eq!(flaw(r#"{"a": 1,}"#), Some((8, "'}' instead of a name".into())));
        assert_eq!(flaw("{ {{k}}: 1 }"), Some((2, "{{k}} instead of a name".into())));
        assert_eq!(flaw("[1, 2"), Some((5, "the JSON ends with 1 bracket open".into())));
    }

    #[test]
    fn a_large_text_is_checked_in_steps_and_anew_from_what_changed() {
        let name = "\"{{a_name}}\",";
        let mut text = format!("[{}1]", name.repeat(STEP * 4 / name.len()));
        let mut check = TextCheck::default();
        let mut steps = 1;
        while check.step(&text) {
            steps += 1;
        }
        assert!(check.flaw().is_none() && steps >= 4, "{steps} {:?}", check.flaw());
        let at = text.len() - 2;
        text.replace_range(at..=at, "x");
        check.changed(at);
        let mut again = 1;
        while check.step(&text) {
            again += 1;
        }
        assert_eq!(check.flaw(), Some(&(at, "'x' instead of a value".to_owned())));
        assert!(again <= 2, "{again}");
        check.changed(0);
        assert!(check.is_open() && check.flaw().is_none());
    }

    #[test]
    fn no_split_cuts_a_name() {
        for shift in 0..30 {
            let text = format!("[{}{{{{name_of_it}}}}, 1]", " ".repeat(STEP - shift));
            assert_eq!(flaw(&text), None, "{shift}");
        }
    }
}
