//! Plans of the rules and answers of HTTP listeners and relays.

use std::collections::{BTreeMap, BTreeSet};

use super::body::body;
use super::condition::check_rule;
use super::http::{Headers, has, value, with_boundary};
use super::open_answer::{KnownParts, OpenText, is_open, unset};
use super::sockets::file;
use super::template::Mode;
use super::text::{Composer, line_break, mode};
use crate::codec::path_pattern::PathPattern;
use crate::model::field_id::FieldId;
use crate::model::http::{HttpAnswer, HttpBody, HttpRule};
use crate::model::http_answer::{AnswerFault, AnswerMore, AnswerPiece, OpenAnswer};
use crate::model::plan::{AnswerPlan, HttpRulePlan, PlanBody, RuleTerms};
use crate::query::Filter;

/// The rules that are on.
pub(super) fn rules(written: &[HttpRule], composer: &mut Composer<'_>) -> Vec<HttpRulePlan> {
    let states = states(written);
    let mut rules = Vec::new();
    for (index, rule) in written.iter().enumerate().filter(|(_, rule)| rule.enabled) {
        let place = FieldId::new("rule").row(index);
        let method = if rule.method.is_empty() {
            String::new()
        } else {
            composer.token(place.then("method"), &rule.method)
        };
        let path = composer.line(place.then("path"), &rule.path);
        let of_path = match PathPattern::parse(&path) {
            Ok(pattern) => pattern.names().to_vec(),
            Err(why) => {
                composer.issue(place.then("path"), why);
                Vec::new()
            }
        };
        let known = KnownParts { of_path, states: states.clone(), is_rule: true };
        let terms = terms(rule, place, &known, composer);
        let answer = answer(&rule.answer, place, &known, composer);
        rules.push(HttpRulePlan {
            id: rule.tag.0,
            row: Some(index + 1),
            method,
            path,
            terms,
            answer,
        });
    }
    tell_apart(&mut rules);
    rules
}

/// The same of a relay, which has faults of its own.
pub(super) fn rules_of_relay(
    written: &[HttpRule],
    composer: &mut Composer<'_>,
) -> Vec<HttpRulePlan> {
    for (index, rule) in written.iter().enumerate().filter(|(_, rule)| rule.enabled) {
        if rule.answer.fault != AnswerFault::None {
            let name: &'static str = rule.answer.fault.kind().into();
            let place = FieldId::new("rule").row(index).then("fault").then(name);
            let message = "a relay has faults of its own, for answers of its rules too: fault = [{ reset = 100, when = \"path == /a\" }]";
            composer.issue(place, message);
        }
    }
    rules(written, composer)
}

/// What is answered when no rule is.
pub(super) fn otherwise(
    written: &HttpAnswer,
    rules: &[HttpRule],
    composer: &mut Composer<'_>,
) -> AnswerPlan {
    let known = KnownParts { states: states(rules), ..KnownParts::default() };
    answer(written, FieldId::default(), &known, composer)
}

/// What the rules set that are on.
fn states(rules: &[HttpRule]) -> BTreeSet<String> {
    let on = rules.iter().filter(|rule| rule.enabled);
    let set = on.flat_map(|rule| rule.set.iter().filter(|row| row.is_used()));
    set.map(|row| row.name.trim().to_owned()).collect()
}

/// Only rules that are called the same need their row to be told from each other.
fn tell_apart(rules: &mut [HttpRulePlan]) {
    let mut called: BTreeMap<(String, String), usize> = BTreeMap::new();
    let name = |rule: &HttpRulePlan| (rule.method.clone(), rule.path.clone());
    for rule in &*rules {
        *called.entry(name(rule)).or_default() += 1;
    }
    for rule in rules {
        rule.row = rule.row.filter(|_| called.get(&name(rule)).is_some_and(|count| *count > 1));
    }
}

fn terms(
    rule: &HttpRule,
    place: FieldId,
    known: &KnownParts,
    composer: &mut Composer<'_>,
) -> RuleTerms {
    let at = place.then("when");
    let when = composer.line(at, &rule.when);
    let when = when.trim();
    if let Err(why) = check_rule(when) {
        composer.issue(at, why);
    }
    let filter = Filter::of_rule(when).unwrap_or_default();
    for name in filter.states().filter(|name| !known.states.contains(*name)) {
        composer.issue(at, unset(name, &known.states));
    }
    let mut set = Vec::new();
    for (index, row) in rule.set.iter().enumerate().filter(|(_, row)| row.is_used()) {
        let place = place.then("set").row(index);
        let name = row.name.trim();
        let is_of_name = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        if name.is_empty() || !name.chars().all(is_of_name) {
            let message = "a name is made of letters, digits, - and _";
            composer.issue(place.then("name"), message);
        }
        let text = (&*row.value, Mode::Text);
        let pieces = known.pieces(place.then("value"), text, composer);
        set.push((name.to_owned(), pieces.map_or_else(Vec::new, |text| text.pieces)));
    }
    let when = (!when.is_empty()).then(|| when.to_owned());
    RuleTerms { when, times: rule.times, cycle: rule.cycle, set }
}

fn answer(
    answer: &HttpAnswer,
    place: FieldId,
    known: &KnownParts,
    composer: &mut Composer<'_>,
) -> AnswerPlan {
    if !(100..=999).contains(&answer.status) {
        composer.issue(place.then("status"), "a status code has three digits, from 100");
    }
    let (mut headers, mut open) = headers(answer, place.then("headers"), known, composer);
    let given_type = value(&headers, "content-type");
    let at = place.then("body");
    let (body, content_type) = match open_body(&answer.body, at, known, composer) {
        Some((shown, content_type, pieces)) => {
            open.body = Some(pieces);
            open.is_json = matches!(answer.body, HttpBody::Json(_));
            (PlanBody::Bytes(shown.into()), Some(content_type.to_owned()))
        }
        None => body(&answer.body, given_type, composer, at),
    };
    with_boundary(&mut headers, &body);
    let folder = folder(answer, place, composer);
    // Of a file of the folder it is told which kind it is.
    let content_type = content_type.filter(|_| !has(&headers, "content-type") && folder.is_none());
    if let Some(content_type) = content_type {
        headers.insert(0, ("Content-Type".into(), content_type));
        open.headers.iter_mut().for_each(|(at, _)| *at += 1);
    }
    let is_open = !open.headers.is_empty() || open.body.is_some();
    let (least, most) = (answer.delay.least, answer.delay.most);
    AnswerPlan {
        status: answer.status,
        headers,
        body,
        delay: least,
        more: AnswerMore {
            jitter: most.saturating_sub(least),
            every: answer.every,
            folder,
            open: is_open.then(|| Box::new(open)),
            fault: answer.fault,
        },
    }
}

fn folder(
    answer: &HttpAnswer,
    place: FieldId,
    composer: &mut Composer<'_>,
) -> Option<std::path::PathBuf> {
    if answer.folder.trim().is_empty() {
        return None;
    }
    if answer.body != HttpBody::None {
        let message = "files of the folder are the body; leave one of the two out";
        composer.issue(place.then("folder"), message);
    }
    Some(file(place.then("folder"), &answer.folder, composer).into())
}

/// The headers, and those that are put together later.
fn headers(
    answer: &HttpAnswer,
    list: FieldId,
    known: &KnownParts,
    composer: &mut Composer<'_>,
) -> (Headers, OpenAnswer) {
    let (mut headers, mut open) = (Headers::new(), OpenAnswer::default());
    for (index, row) in answer.headers.iter().enumerate().filter(|(_, row)| row.is_used()) {
        let place = list.row(index);
        let name = composer.token(place.then("name"), &row.name);
        let at = place.then("value");
        if !is_open(&row.value, Mode::Text) {
            headers.push((name, composer.line(at, &row.value)));
            continue;
        }
        if ["content-length", "transfer-encoding"].iter().any(|own| name.eq_ignore_ascii_case(own))
        {
            composer.issue(at, "what frames a message is not made of what was asked");
        }
        let Some(text) = known.pieces(at, (&row.value, Mode::Text), composer) else { continue };
        let has_break = |piece: &AnswerPiece| match piece {
            AnswerPiece::Literal(bytes) => line_break(bytes).is_some(),
            AnswerPiece::Asked { .. } => false,
        };
        if text.pieces.iter().any(has_break) {
            composer.issue(at, "a header has one line");
        }
        open.headers.push((headers.len(), text.pieces));
        headers.push((name, String::from_utf8_lossy(&text.shown).into_owned()));
    }
    (headers, open)
}

/// A body that is put together later: as far as it is known, its type and its pieces; `None` = it is not.
fn open_body(
    body: &HttpBody,
    place: FieldId,
    known: &KnownParts,
    composer: &mut Composer<'_>,
) -> Option<(Vec<u8>, &'static str, Vec<AnswerPiece>)> {
    let (text, mode, content_type) = match body {
        HttpBody::Text(text) => (text, Mode::Text, "text/plain; charset=utf-8"),
        HttpBody::Json(text) => (text, Mode::Text, "application/json"),
        HttpBody::Payload(payload) => {
            (&payload.text, mode(payload.format), "application/octet-stream")
        }
        HttpBody::None | HttpBody::Form(_) | HttpBody::Multipart(_) | HttpBody::File(_) => {
            return None;
        }
    };
    if !is_open(text, mode) {
        return None;
    }
    let text = known.pieces(place.then(body.kind()), (text, mode), composer);
    let OpenText { pieces, shown } =
        text.unwrap_or(OpenText { pieces: Vec::new(), shown: Vec::new() });
    Some((shown, content_type, pieces))
}
