//! Automatic answers of TCP and UDP listeners as a Python function.

use std::fmt::Write;

use super::literal::{bytes, seconds};
use crate::model::plan::{AnswerPart, RulePlan, WhenPlan};

/// Modules the function needs.
pub(super) fn imports(rules: &[RulePlan]) -> Vec<&'static str> {
    let regex =
        rules.iter().any(|rule| matches!(rule.when, WhenPlan::Matches(_) | WhenPlan::Equals(_)));
    let sleeps = rules.iter().any(|rule| !rule.delay.is_zero());
    [("re", regex), ("time", sleeps)]
        .into_iter()
        .filter_map(|(name, needed)| needed.then_some(name))
        .collect()
}

/// `def answer(message)`, which gives the bytes to send back or `None`. Empty without rules.
pub(super) fn function(rules: &[RulePlan]) -> String {
    if rules.is_empty() {
        return String::new();
    }
    let mut out = String::from("\n\ndef answer(message):\n");
    for rule in rules {
        let (condition, matched) = condition(&rule.when);
        let indent = match &condition {
            Some(condition) => {
                let _ = writeln!(out, "{condition}");
                "        "
            }
            None => "    ",
        };
        if !rule.delay.is_zero() {
            let _ = writeln!(out, "{indent}time.sleep({})", seconds(rule.delay));
        }
        let _ = writeln!(out, "{indent}return {}", answer(&rule.send, &matched));
        if condition.is_none() {
            return out;
        }
    }
    out.push_str("    return None\n");
    out
}

/// The lines that test for a rule, and the expression of the part that matched.
fn condition(when: &WhenPlan) -> (Option<String>, String) {
    match when {
        WhenPlan::Always => (None, "message".into()),
        WhenPlan::Contains(part) => {
            (Some(format!("    if {} in message:", bytes(part))), bytes(part))
        }
        WhenPlan::StartsWith(part) => {
            (Some(format!("    if message.startswith({}):", bytes(part))), bytes(part))
        }
        WhenPlan::Equals(all) => {
            let without_ending = r#"re.sub(rb"(\r\n|\n|\r)\Z", b"", message)"#;
            (Some(format!("    if {without_ending} == {}:", bytes(all))), bytes(all))
        }
        WhenPlan::Matches(regex) => {
            let found = format!("    found = re.search({}, message)", bytes(regex.as_bytes()));
            (Some(format!("{found}\n    if found:")), "found[0]".into())
        }
    }
}

fn answer(parts: &[AnswerPart], matched: &str) -> String {
    let parts: Vec<String> = parts
        .iter()
        .map(|part| match part {
            AnswerPart::Literal(literal) => bytes(literal),
            AnswerPart::Message => "message".into(),
            AnswerPart::Match => matched.into(),
        })
        .collect();
    if parts.is_empty() { "b\"\"".into() } else { parts.join(" + ") }
}
