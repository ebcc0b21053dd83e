//! What rules of HTTP listeners do that other tools and programs are not told, in words.
//!
//! Called by whoever writes rules: a mock that serves something else in silence is worse than none.

use crate::model::http_answer::AnswerFault;
use crate::model::plan::{AnswerPlan, HttpRulePlan};

/// Of a rule with its answer; empty = nothing.
pub(crate) fn unsaid_of_rule(rule: &HttpRulePlan) -> Vec<String> {
    let mut unsaid = Vec::new();
    // What it compares with may be nobody's business.
    if rule.terms.when.is_some() {
        unsaid.push("answers only on a condition (when)".to_owned());
    }
    if let Some(times) = rule.terms.times {
        unsaid.push(format!("answers {times} times at most"));
    }
    if rule.terms.cycle {
        unsaid.push("begins anew behind the last rule for the same requests".to_owned());
    }
    if !rule.terms.set.is_empty() {
        let names: Vec<&str> = rule.terms.set.iter().map(|(name, _)| name.as_str()).collect();
        unsaid.push(format!("sets {}", names.join(", ")));
    }
    unsaid.extend(unsaid_of_answer(&rule.answer));
    unsaid
}

/// Of an answer.
pub(crate) fn unsaid_of_answer(answer: &AnswerPlan) -> Vec<String> {
    let mut unsaid = Vec::new();
    if answer.more.open.is_some() {
        unsaid.push("what stands in braces is filled in from the request".to_owned());
    }
    if let Some(folder) = &answer.more.folder {
        unsaid.push(format!("answers with the files of {}", folder.display()));
    }
    if !answer.more.jitter.is_zero() {
        let most = crate::model::timing::show_duration(answer.delay + answer.more.jitter);
        unsaid.push(format!("waits up to {most} by chance"));
    }
    if answer.more.fault != AnswerFault::None {
        unsaid.push(format!("a fault on purpose ({})", answer.more.fault));
    }
    unsaid
}
