use std::time::Duration;

use super::*;
use crate::model::exchange::{Exchange, HttpMessage};
use crate::model::http_answer::AnswerMore;
use crate::model::id::SessionId;
use crate::model::plan::{AnswerPlan, PlanBody, RuleTerms};
use crate::model::protocol::{Protocol, Side};
use crate::model::timing::Stamp;

fn rule(method: &str, path: &str, status: u16) -> HttpRulePlan {
    let answer = AnswerPlan {
        status,
        headers: Vec::new(),
        body: PlanBody::Bytes(Bytes::new()),
        delay: Duration::ZERO,
        more: AnswerMore::default(),
    };
    let (method, path, terms) = (method.into(), path.into(), RuleTerms::default());
    HttpRulePlan { id: u32::from(status), row: None, method, path, terms, answer }
}

fn with(terms: RuleTerms, rule: HttpRulePlan) -> HttpRulePlan {
    HttpRulePlan { terms, ..rule }
}

fn times(count: u32) -> RuleTerms {
    RuleTerms { times: Some(count), ..RuleTerms::default() }
}

fn when(text: &str) -> RuleTerms {
    RuleTerms { when: Some(text.into()), ..RuleTerms::default() }
}

/// The status of the rule that answers; 404 = none does.
fn status(rules: &AskedRules, memory: &RuleMemory, method: &str, target: &str) -> u16 {
    let chosen = rules.choose((method, target), None, memory);
    chosen.map_or(404, |chosen| chosen.plan.answer.status)
}

fn message(head: &str, body: Option<&str>) -> AskedMessage {
    let raw = head.replace('\n', "\r\n") + "\r\n\r\n";
    let read = crate::codec::http1::HeadReader::new(crate::codec::http1::Expected::Request)
        .push(raw.as_bytes());
    let Ok(Some((_, parsed))) = read else { panic!("{head}") };
    let request = HttpMessage { head: parsed.head, ..HttpMessage::default() };
    let conn = SessionId(1).conn(1);
    let exchange = Exchange::begun(Side::Listener, conn, 0, request, Stamp(0));
    AskedMessage {
        conn: ConnInfo::new(conn, Protocol::Http, Side::Listener),
        exchange: ExchangeFacts::of(&exchange),
        data: (raw + body.unwrap_or_default()).into_bytes().into(),
        has_body: body.is_some(),
    }
}

#[test]
fn the_first_rule_that_fits_answers() {
    let rules = [rule("POST", "/a", 201), rule("", "/a*", 202), rule("", "/a", 203)];
    let (rules, memory) = (AskedRules::new(&rules), RuleMemory::default());
    let status = |method, target| status(&rules, &memory, method, target);
    assert_eq!(status("POST", "/a?x=1"), 201);
    assert_eq!(status("GET", "/a"), 202);
    assert_eq!(status("GET", "http://host/abc?q"), 202);
    assert_eq!(status("GET", "/b"), 404);
    // A URL within a path is a part of it.
    assert_eq!(status("GET", "/ab/http://host/b"), 202);
    assert_eq!(status("GET", "/b/http://host/a"), 404);
}

#[test]
fn rules_for_the_same_requests_take_turns_and_a_query_that_is_written_is_asked_for() {
    let rules = [
        rule("", "/a", 500),
        rule("", "/b", 201),
        rule("", "/a", 200),
        rule("", "/c?page=2", 202),
        rule("", "/c", 203),
    ];
    let (rules, memory) = (AskedRules::new(&rules), RuleMemory::default());
    let status = |target| status(&rules, &memory, "GET", target);
    assert_eq!([status("/a"), status("/b"), status("/a?x"), status("/a")], [500, 201, 200, 200]);
    assert_eq!([status("/c"), status("/c?page=2"), status("http://h/c?page=2")], [203, 202, 202]);
}

#[test]
fn a_rule_answers_so_often_and_a_row_of_them_begins_anew_where_that_is_asked_for() {
    let rules = [
        with(times(2), rule("", "/a", 500)),
        rule("", "/a", 200),
        with(times(1), rule("", "/b", 201)),
        rule("", "/*", 202),
    ];
    let (rules, memory) = (AskedRules::new(&rules), RuleMemory::default());
    let all = |target: &str| [(); 4].map(|()| status(&rules, &memory, "GET", target));
    assert_eq!(all("/a"), [500, 500, 200, 200]);
    assert_eq!(all("/b"), [201, 202, 202, 202], "then the next one that fits");
    let cycle = RuleTerms { cycle: true, ..RuleTerms::default() };
    let rules = [with(times(2), rule("", "/a", 500)), with(cycle, rule("", "/a", 200))];
    let (rules, memory) = (AskedRules::new(&rules), RuleMemory::default());
    let all = |target: &str| [(); 7].map(|()| status(&rules, &memory, "GET", target));
    assert_eq!(all("/a"), [500, 500, 200, 500, 500, 200, 500]);
    let chosen = rules.choose(("GET", "/a"), None, &memory).unwrap();
    assert_eq!((chosen.plan.answer.status, chosen.times), (500, 6), "in all");
}

#[test]
fn what_a_rule_remembers_stays_when_others_change() {
    let memory = RuleMemory::default();
    let before = AskedRules::new(&[rule("", "/a", 500), rule("", "/a", 200)]);
    assert_eq!(status(&before, &memory, "GET", "/a"), 500);
    let moved =
        [rule("", "/b", 204), rule("", "/a", 500), rule("", "/a", 201), rule("", "/a", 200)];
    let after = AskedRules::new(&moved);
    memory.changed(&after);
    let all = [(); 3].map(|()| status(&after, &memory, "GET", "/a"));
    assert_eq!(all, [201, 200, 200]);
}

#[test]
fn a_condition_asks_about_head_and_body_and_for_the_body_only_where_it_may_answer() {
    let rules = AskedRules::new(&[
        with(when("header.accept contains json"), rule("GET", "/a", 201)),
        with(when("json .user.id == 42 or body contains secret"), rule("POST", "/a", 202)),
        rule("", "/a", 203),
        with(when("body contains x"), rule("", "/*", 204)),
    ]);
    assert_eq!(rules.asked_for("GET", "/a"), AskedFor::Head);
    assert_eq!(rules.asked_for("POST", "/a"), AskedFor::Body);
    assert_eq!(rules.asked_for("PUT", "/a"), AskedFor::Path);
    assert_eq!(rules.asked_for("PUT", "/b"), AskedFor::Body);
    let memory = RuleMemory::default();
    let answered = |method: &str, message: &AskedMessage| {
        let chosen = rules.choose((method, "/a?q=1"), Some(message), &memory);
        chosen.map_or(404, |chosen| chosen.plan.answer.status)
    };
    let json = message("GET /a?q=1 HTTP/1.1\nHost: a\nAccept: text/html, application/json", None);
    assert_eq!(answered("GET", &json), 201);
    assert_eq!(answered("GET", &message("GET /a?q=1 HTTP/1.1\nHost: a", None)), 203);
    let post = "POST /a?q=1 HTTP/1.1\nHost: a";
    assert_eq!(answered("POST", &message(post, Some(r#"{"user": {"id": 42}}"#))), 202);
    assert_eq!(answered("POST", &message(post, Some(r#"{"user": {"id": 41}}"#))), 203);
    assert_eq!(answered("POST", &message(post, None)), 203, "a body that is not there");
}

#[test]
fn a_condition_knows_query_cookies_and_what_is_set() {
    let rules = AskedRules::new(&[
        with(when("query.page == 2 and cookie.sid == Abc"), rule("", "/a", 201)),
        with(when("state.cart == full"), rule("", "/a", 202)),
        with(when("not state.cart"), rule("", "/a", 203)),
    ]);
    let memory = RuleMemory::default();
    let answered = |head: &str| {
        let target = head.split(' ').nth(1).unwrap();
        let chosen = rules.choose(("GET", target), Some(&message(head, None)), &memory);
        chosen.map_or(404, |chosen| chosen.plan.answer.status)
    };
    assert_eq!(answered("GET /a?x=1&page=%32 HTTP/1.1\nHost: a\nCookie: a=b; sid=Abc"), 201);
    assert_eq!(answered("GET /a?page=2 HTTP/1.1\nHost: a\nCookie: sid=abc"), 203);
    assert_eq!(memory.set("cart", "full"), Ok(true));
    assert_eq!(memory.set("cart", "full"), Ok(false));
    assert_eq!(answered("GET /a HTTP/1.1\nHost: a"), 202);
    assert_eq!(memory.set("cart", "empty"), Ok(true));
    assert_eq!(answered("GET /a HTTP/1.1\nHost: a"), 404);
}

#[test]
fn what_is_set_is_bounded() {
    let memory = RuleMemory::default();
    assert!(memory.set("a", &"x".repeat(64 * 1024)).is_ok());
    assert!(memory.set("a", &"x".repeat(64 * 1024 + 1)).unwrap_err().contains("64 KiB"));
    for name in 0..300 {
        let _ = memory.set(&format!("n{name}"), "");
    }
    assert_eq!(memory.states().len(), 256);
    assert!(memory.set("a", "still").is_ok());
}

#[test]
fn a_rule_takes_of_the_path_what_it_names() {
    let mut rule = rule("", "/users/{id}/*", 200);
    rule.answer.more.folder = Some("site".into());
    let rules = AskedRules::new(&[rule]);
    let chosen = rules.choose(("GET", "/users/42/x/y?q"), None, &RuleMemory::default()).unwrap();
    assert_eq!(chosen.taken.named, [("id".to_owned(), "42".to_owned())]);
    assert_eq!(chosen.taken.taken, "x/y");
}
