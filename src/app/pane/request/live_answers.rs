//! What the rows of an HTTP listener's table say of the running listener: whether it answers so
//! already, and how often it did.

use crate::app::form::rows::ChosenAnswer;
use crate::app::shared::Shared;
use crate::model::http::HttpListenerSpec;
use crate::model::plan::{OTHERWISE, rule_name};

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
    let now = draft.spec.as_http_listener()?;
    let sent = draft.sent.as_ref()?.as_http_listener()?;
    let is_same = match row {
        ChosenAnswer::Rule(at) => now.rules.get(at) == sent.rules.get(at),
        ChosenAnswer::Otherwise => now.answer == sent.answer,
    };
    let name = name(shared, now, sent, row, is_same)?;
    let hits = session.hits.get(&name).copied().unwrap_or_default();
    Some(LiveAnswer { is_changed: !is_same && !session.is_over(), hits })
}

/// What the running listener calls a row: its names are filled in there.
fn name(
    shared: &Shared,
    now: &HttpListenerSpec,
    sent: &HttpListenerSpec,
    row: ChosenAnswer,
    is_same: bool,
) -> Option<String> {
    let ChosenAnswer::Rule(at) = row else { return Some(OTHERWISE.to_owned()) };
    let rule = now.rules.get(at)?;
    let before = sent.rules.iter().take(at).filter(|rule| rule.enabled).count();
    let names = shared.session()?.plan.rule_names();
    let live = names.into_iter().nth(before).filter(|_| is_same && rule.enabled);
    Some(live.unwrap_or_else(|| rule_name(&rule.method, &rule.path)))
}

/// How many rows of the table the running listener does not know yet.
#[must_use]
pub fn changed_answers(shared: &Shared) -> usize {
    let draft = shared.drafts.current();
    let Some(now) = draft.spec.as_http_listener() else { return 0 };
    let sent = draft.sent.as_ref().and_then(|sent| sent.as_http_listener());
    let gone = sent.map_or(0, |sent| sent.rules.len().saturating_sub(now.rules.len()));
    let rows = (0..now.rules.len()).map(ChosenAnswer::Rule).chain([ChosenAnswer::Otherwise]);
    let is_changed =
        |row: &ChosenAnswer| live_answer(shared, *row).is_some_and(|live| live.is_changed);
    let is_running = shared.session().is_some_and(|session| !session.is_over());
    rows.filter(is_changed).count() + if is_running { gone } else { 0 }
}
