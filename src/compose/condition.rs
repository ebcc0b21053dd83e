//! What a relay asks before it holds something or does something to it: a filter, and of a fault also a
//! phrase about bytes (`contains 'x'`).
//!
//! Checked when a preset is read, while it is typed in the form, and when it is planned.

use super::session::when;
use super::text::Composer;
use crate::model::fault::FaultWhen;
use crate::model::field::{Options as _, Rows};
use crate::model::field_access::{rows, text};
use crate::model::field_id::FieldId;
use crate::model::listener::When;
use crate::model::spec::Spec;
use crate::model::suggest::suggest;
use crate::query::Filter;

/// The first words of phrases.
const PHRASES: [&str; 5] = ["always", "contains", "equals", "starts-with", "matches"];

/// Why an expression cannot say what is to be held, or what a rule is about.
///
/// # Errors
/// In words.
pub(crate) fn check_hold(text: &str) -> Result<(), String> {
    let filter = Filter::parse(text).map_err(|error| error.to_string())?;
    match filter.known_late() {
        Some(field) => Err(format!("{field} is not known before it is passed on")),
        None => Ok(()),
    }
}

/// Why an expression cannot say which requests a rule answers, of which nothing but the request is known yet.
///
/// # Errors
/// In words.
pub(crate) fn check_rule(text: &str) -> Result<(), String> {
    let filter = Filter::of_rule(text).map_err(|error| error.to_string())?;
    let late = filter.known_late().or_else(|| filter.asks_status().then_some("status"));
    late.map_or(Ok(()), |field| Err(format!("{field} is not known before it is answered")))
}

/// The same of what a fault is about, which may be a phrase.
///
/// # Errors
/// In words.
pub(crate) fn check_fault(text: &str) -> Result<(), String> {
    if let Some(phrase) = phrase(text) {
        return phrase.map(drop);
    }
    // As a filter it would look for that word.
    let (first, rest) = text.trim().split_once(char::is_whitespace).unwrap_or_default();
    let nearest = suggest(first, &PHRASES);
    if rest.trim_start().starts_with(['\'', '"']) && nearest.starts_with("did you mean") {
        return Err(format!("'{}' is no condition; {nearest}", text.trim()));
    }
    check_hold(text)
}

/// The phrase that a text is; `None` = it is an expression.
fn phrase(text: &str) -> Option<Result<When, String>> {
    let first = text.split_whitespace().next()?;
    let mut phrase = When::default();
    PHRASES.contains(&first).then(|| phrase.set_phrase(text).map(|()| phrase))
}

/// What a fault is about; what is wrong with it is an issue of this place.
pub(super) fn of_fault(place: FieldId, said: &str, composer: &mut Composer<'_>) -> FaultWhen {
    if let Some(Ok(phrase)) = phrase(said) {
        return FaultWhen::Bytes(when(place, &phrase, composer));
    }
    let text = composer.line(place, said);
    let text = text.trim();
    let checked = match phrase(text) {
        Some(Err(why)) => Err(why),
        Some(Ok(_)) => Err("a phrase is written out, not given by a name".to_owned()),
        None => check_fault(text),
    };
    match checked {
        Ok(()) if text.is_empty() => FaultWhen::default(),
        Ok(()) => FaultWhen::Filter(text.to_owned()),
        Err(why) => {
            composer.issue(place, why);
            FaultWhen::default()
        }
    }
}

/// What is wrong with the text of a condition in a list of this name, or with what is held (`hold`);
/// `None` = nothing, or names stand in it, whose values are known when it is started.
#[must_use]
pub fn condition_flaw(list: &str, text: &str) -> Option<String> {
    if text.contains("{{") {
        return None;
    }
    match list {
        "fault" => check_fault(text),
        "rule" => check_rule(text),
        _ => check_hold(text),
    }
    .err()
}

/// Whether its rules answer requests of HTTP.
#[must_use]
pub(crate) fn has_http_rules(spec: &Spec) -> bool {
    let rules = rows(spec.options(), &FieldId::new("rule"));
    rules.is_some_and(|rules| rules.fresh().fields().iter().any(|info| info.key == "path"))
}

/// The lists of a spec whose rows have conditions.
#[must_use]
pub fn conditioned(spec: &Spec) -> &'static [&'static str] {
    if has_http_rules(spec) { &["rule", "fault", "rewrite"] } else { &["fault", "rewrite"] }
}

/// The first condition of a spec that a file could not have, and why: it would not read again.
#[must_use]
pub fn unreadable_condition(spec: &Spec) -> Option<String> {
    let options = spec.options();
    let held = text(options, &FieldId::new("hold"));
    if let Some(why) = condition_flaw("hold", &held) {
        return Some(format!("in hold: {why}"));
    }
    conditioned(spec).iter().find_map(|list| {
        let field = FieldId::new(list);
        let count = rows(options, &field).map_or(0, Rows::count);
        (0..count).find_map(|at| {
            let is_off = text(options, &field.row(at).then("off")) == "off";
            let why = condition_flaw(list, &text(options, &field.row(at).then("when")));
            let why = why.filter(|_| !is_off)?;
            Some(format!("in {list} {}: {why}", at + 1))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_condition_of_a_fault_is_a_filter_or_a_phrase() {
        for text in [
            "",
            "always",
            "contains 'x'",
            "starts-with \"a b\"",
            "matches '^a'",
            "path contains /api",
            "in and host == a.example or status >= 500",
            "data[0:2] == 0x1603",
        ] {
            assert_eq!(check_fault(text), Ok(()), "{text}");
        }
        for (text, said) in [
            ("contain 'x'", "'contain 'x'' is no condition; did you mean 'contains'?"),
            ("contains x", "'contains' needs a text in quotes: contains 'PING'"),
            ("pth contains /api", "did you mean 'path'"),
            ("delta > 1s", "delta is not known before it is passed on"),
            ("fault == delay", "fault is not known before it is passed on"),
        ] {
            let why = check_fault(text).unwrap_err();
            assert!(why.contains(said), "{text}: {why}");
        }
        assert_eq!(condition_flaw("fault", "pth == {{path}}"), None);
    }
}
