//! What the rules of a listener say of the running listener: whether it answers so
//! already, and how often it did.

use crate::app::form::rows::ChosenAnswer;
use crate::app::sessions::Session;
use crate::app::shared::Shared;
use crate::model::field::Options as _;
use crate::model::http::HttpRule;
use crate::model::plan::{OTHERWISE, answers_when, rule_name};
use crate::model::spec::Spec;

/// What is known of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LiveAnswer {
    /// The running listener answers otherwise, or not at all.
    pub is_changed: bool,
    /// Requests it answered.
    pub hits: u64,
}

/// Of a row of the table; `None` = nothing was started.
#[must_use]
pub fn live_answer(shared: &Shared, row: ChosenAnswer) -> Option<LiveAnswer> {
    let (draft, session) = (shared.drafts.current(), shared.session()?);
    let (now, sent): (&Spec, &Spec) = (&draft.spec, draft.sent.as_ref()?);
    let is_same = is_same(now, sent, row)?;
    let name = match row {
        ChosenAnswer::Rule(at) => name(session, (now, sent), at, is_same)?,
        ChosenAnswer::Otherwise => OTHERWISE.to_owned(),
    };
    let hits = session.hits.get(&name).copied().unwrap_or_default();
    Some(LiveAnswer { is_changed: !is_same && !session.is_over(), hits })
}

/// Whether a row says what the running listener was started with; `None` = there is no such row.
fn is_same(now: &Spec, sent: &Spec, row: ChosenAnswer) -> Option<bool> {
    let listeners = now.as_http_listener().zip(sent.as_http_listener());
    match row {
        ChosenAnswer::Rule(at) => {
            let rules = now.answer_rules().zip(sent.answer_rules());
            let is_same = rules.map(|(now, sent)| now.get(at) == sent.get(at));
            listeners.map(|(now, sent)| now.rules.get(at) == sent.rules.get(at)).or(is_same)
        }
        ChosenAnswer::Otherwise => listeners.map(|(now, sent)| now.answer == sent.answer),
    }
}

/// What the running listener calls a rule: its names are filled in there.
fn name(
    session: &Session,
    (now, sent): (&Spec, &Spec),
    at: usize,
    is_same: bool,
) -> Option<String> {
    let rule = rules(now).into_iter().nth(at)?;
    let before = rules(sent).iter().take(at).filter(|rule| rule.enabled).count();
    let live = session.plan.rule_names().into_iter().nth(before);
    Some(live.filter(|_| is_same && rule.enabled).unwrap_or(rule.name))
}

/// A rule as it is written.
struct WrittenRule {
    enabled: bool,
    name: String,
}

/// The rules of a listener; none of a client.
fn rules(spec: &Spec) -> Vec<WrittenRule> {
    let of_http = spec.as_http_listener().map_or(&[][..], |spec| &spec.rules).iter();
    let of_http = of_http.map(|rule| {
        let HttpRule { enabled, method, path, .. } = rule;
        WrittenRule { enabled: *enabled, name: rule_name(method, path) }
    });
    let others = spec.answer_rules().unwrap_or_default().iter().map(|rule| {
        let name = answers_when(rule.when.variant(), rule.when.text.as_bytes());
        WrittenRule { enabled: rule.enabled, name }
    });
    of_http.chain(others).collect()
}

/// How many rules the running listener does not know yet.
#[must_use]
pub fn changed_answers(shared: &Shared) -> usize {
    let draft = shared.drafts.current();
    let count = rules(&draft.spec).len();
    let gone = draft.sent.as_ref().map_or(0, |sent| rules(sent).len().saturating_sub(count));
    let rows = (0..count).map(ChosenAnswer::Rule).chain([ChosenAnswer::Otherwise]);
    let is_changed =
        |row: &ChosenAnswer| live_answer(shared, *row).is_some_and(|live| live.is_changed);
    let is_running = shared.session().is_some_and(|session| !session.is_over());
    rows.filter(is_changed).count() + if is_running { gone } else { 0 }
}
