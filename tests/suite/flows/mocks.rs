//! The answers of an HTTP listener as a table: one row each, the rest of the chosen one below, what is
//! live and what answered.

use bytes::Bytes;
use wirebench::app::effect::Effect;
use wirebench::app::focus::Pane;
use wirebench::app::form::{FormFieldId, FormTab, access};
use wirebench::engine::command::Command;
use wirebench::engine::event::{Batch, Event};
use wirebench::model::exchange::Exchange;
use wirebench::model::field_id::FieldId;
use wirebench::model::id::SessionId;
use wirebench::model::plan::Plan;
use wirebench::model::record::{Direction, Record, RecordKind};

use crate::harness::app::Driver;
use crate::harness::samples::{answer, exchange};
use crate::harness::store::workspace;

const WIDE: (u16, u16) = (120, 40);
const FILE: &str = "[http-listener]\nbind='127.0.0.1:0'\n\
    [[http-listener.rule]]\npath='/one'\nbody.text='first'\n\
    [[http-listener.rule]]\nmethod='POST'\npath='/two*'\nstatus=201\nbody.json='{\"second\": 2}'\n";

fn cell(row: usize, key: &'static str) -> FormFieldId {
    FormFieldId::Field(FieldId::new("rule").row(row).then(key))
}

/// The table on screen, the cursor on a cell of it.
fn table(size: (u16, u16), at: FormFieldId) -> Driver {
    let mut driver = Driver::with(size, workspace(&[("mock", FILE)]));
    driver.keys("<Enter>");
    driver.app.shared.focus = Pane::Request;
    let draft = driver.app.shared.drafts.current_mut();
    (draft.tab, draft.at) = (FormTab::Answers, at);
    driver.keys("<Right><Left>");
    driver
}

fn rules(plan: Plan) -> Vec<String> {
    plan.http_listener()
        .unwrap()
        .rules
        .iter()
        .map(wirebench::model::plan::HttpRulePlan::name)
        .collect()
}

fn updated(effects: &[Effect]) -> Option<Plan> {
    effects.iter().find_map(|effect| match effect {
        Effect::Engine(Command::Update { plan, .. }) => Some((**plan).clone()),
        _ => None,
    })
}

/// The listener answered a request by a rule.
fn hit(driver: &mut Driver, id: SessionId, number: u32, rule: &str) {
    let rules = driver.shared.sessions.get(id).unwrap().plan.clone().http_listener().unwrap().rules;
    let rule_id = rules.iter().find(|known| known.name() == rule).map_or(0, |rule| rule.id);
    let told = Exchange {
        rule: Some(rule.into()),
        rule_id,
        ..exchange(id, number, Some(answer(200, 1, 5)))
    };
    driver.event(Event::Exchange(Box::new(told.clone())));
    driver.event(Event::Exchange(Box::new(told)));
}

#[test]
fn answers_are_rows_of_a_table_and_the_rest_of_the_chosen_one_stands_below() {
    let mut driver = table(WIDE, cell(0, "path"));
    for text in ["method", "path", "status", "delay", "body", "hits", "of the chosen answer"] {
        driver.assert_shows(text);
    }
    let screen = driver.screen();
    let line = |text: &str| screen.lines().position(|line| line.contains(text)).unwrap();
    assert_eq!(line("/two*"), line("/one") + 1, "{screen}");
    assert!(screen.contains("first") && !screen.contains("second"), "{screen}");
    driver.keys("<Down>");
    driver.assert_shows("second");
    assert!(!driver.shows("first"));
    // Enter at the end of a row leads to what belongs to it, and Up back to the row.
    driver.keys("<Enter><Enter><Enter><Enter>");
    assert_eq!(
        driver.shared.drafts.current().at,
        FormFieldId::Field(FieldId::new("rule").row(1).then("body").then("json"))
    );
    driver.assert_shows("\u{2713} JSON");
    driver.keys("<C-A-Up><Up><Up>");
    while !matches!(driver.shared.drafts.current().at, at if at == cell(1, "body")) {
        let before = driver.shared.drafts.current().at;
        driver.keys("<Up>");
        assert_ne!(driver.shared.drafts.current().at, before, "{}", driver.screen());
    }
}

#[test]
fn a_rule_is_switched_off_and_stays_in_the_file() {
    let mut driver = table(WIDE, cell(0, "path"));
    driver.keys("<C-t>");
    assert_eq!(access::get(&driver.shared.drafts.current().spec, cell(0, "off")), "off");
    let (id, plan) = Driver::opened(&driver.keys("<F5>"));
    assert_eq!(rules(plan), ["POST /two*"]);
    driver.listening(id);
    let plan = updated(&driver.keys("<A-3><C-t><F5>")).unwrap();
    assert_eq!(rules(plan), ["any /one", "POST /two*"]);
}

#[test]
fn a_copy_stands_behind_its_rule_and_what_is_not_live_yet_is_marked_until_it_is() {
    let mut driver = table(WIDE, cell(0, "path"));
    let (id, _) = Driver::opened(&driver.keys("<F5>"));
    driver.listening(id);
    driver.app.shared.focus = Pane::Request;
    assert!(!driver.shows("not live yet"));
    driver.keys("<A-D>x");
    driver.assert_shows("/onex");
    assert_eq!(access::len(&driver.shared.drafts.current().spec, FieldId::new("rule")), 3);
    driver.assert_shows("1 answer not live yet: F5 applies");
    let marks = driver.screen().matches('\u{25cf}').count();
    let effects = driver.keys("<F5>");
    assert_eq!(rules(updated(&effects).unwrap()), ["any /one", "any /onex", "POST /two*"]);
    let closes = |effect: &Effect| matches!(effect, Effect::Engine(Command::Close { .. }));
    assert!(!effects.iter().any(closes), "connections stay: {effects:?}");
    assert!(!driver.shows("not live yet"));
    assert!(driver.screen().matches('\u{25cf}').count() < marks);
    // A rule less is a change, too.
    driver.keys("<C-x>");
    driver.assert_shows("not live yet");
}

#[test]
fn requests_are_counted_by_the_rule_that_answered_which_stands_with_each() {
    let mut driver = table(WIDE, cell(0, "path"));
    let (id, _) = Driver::opened(&driver.keys("<F5>"));
    driver.listening(id);
    for (number, rule) in (0..).zip(["any /one", "POST /two*", "POST /two*", "otherwise"]) {
        hit(&mut driver, id, number, rule);
    }
    let screen = driver.screen().replace('\u{2590}', " ");
    let hits = |text: &str| {
        let line = screen.lines().find(|line| line.contains(text)).unwrap();
        line.split('\u{2502}').find(|part| part.contains(text)).unwrap().trim().to_owned()
    };
    assert!(hits("/one").ends_with('1') || hits("/one").contains("1 "), "{screen}");
    assert!(screen.contains("\u{2190} POST /two*"), "{screen}");
    assert!(screen.contains("by otherwise") || screen.contains("\u{2190} otherwise"), "{screen}");
    let session = driver.shared.session().unwrap();
    assert_eq!(session.hits.get(&2), Some(&2), "an exchange counts once");
    assert_eq!(session.hits.values().sum::<u64>(), 4);
}

#[test]
fn the_table_holds_at_every_size() {
    for size in [(80, 24), (44, 14), (20, 5), (200, 60)] {
        for at in [cell(1, "path"), cell(1, "body"), FormFieldId::key("status")] {
            let mut driver = table(size, at);
            driver.keys("<Down><Down><Down><Up><Enter><A-n>x<C-x><A-z>");
            let _ = driver.screen();
        }
    }
}

#[test]
fn the_rule_that_answered_stands_in_the_traffic_at_the_end_of_its_row_and_in_the_detail() {
    let mut driver = table((160, 48), cell(0, "path"));
    let (id, _) = Driver::opened(&driver.keys("<F5>"));
    driver.listening(id);
    hit(&mut driver, id, 0, "POST /two*");
    let conn = driver.shared.sessions.get(id).unwrap().exchanges[0].conn;
    let at = driver.shared.now;
    let record = |direction, data: &'static [u8]| {
        Record::new(at, conn, direction, RecordKind::Data, Bytes::from_static(data))
    };
    let records = vec![
        record(Direction::Received, b"POST /two HTTP/1.1\r\n\r\n"),
        record(Direction::Sent, b"HTTP/1.1 201 Created\r\n\r\n"),
        record(Direction::Sent, b"body of it"),
    ];
    driver.event(Event::Traffic(Batch { records, ..Batch::default() }));
    driver.app.shared.focus = Pane::Traffic;
    driver.keys("<A-5>");
    let screen = driver.screen();
    let named: Vec<&str> = screen.lines().filter(|line| line.contains("POST /two* ")).collect();
    assert!(named.iter().any(|line| line.contains("201 Created")), "{screen}");
    assert!(!named.iter().any(|line| line.contains("body of it")), "{screen}");
    driver.keys("G<Up><Enter>");
    driver.assert_shows("by POST /two*");
}

const RULES: &str = "[tcp-listener]\nbind='127.0.0.1:0'\n\
    [[tcp-listener.rule]]\nwhen=\"contains 'PING'\"\nsend='PONG'\n\
    [[tcp-listener.rule]]\nsend='{{message}}'\n";

#[test]
fn rules_of_tcp_and_udp_are_counted_and_marked_until_they_are_live() {
    for file in [RULES.to_owned(), RULES.replace("tcp", "udp")] {
        for size in [(80, 24), WIDE] {
            let mut driver = Driver::with(size, workspace(&[("rules", &file)]));
            driver.keys("<Enter>");
            driver.app.shared.focus = Pane::Request;
            let draft = driver.app.shared.drafts.current_mut();
            (draft.tab, draft.at) = (FormTab::Rules, cell(0, "delay"));
            let (id, _) = Driver::opened(&driver.keys("<F5>"));
            driver.listening(id);
            for (rule, hits) in [(2, 1), (1, 41), (2, 7), (2, 6)] {
                driver.event(Event::RuleAnswered { id, rule, hits });
            }
            driver.app.shared.focus = Pane::Request;
            let screen = driver.screen().replace('\u{2590}', " ");
            let ends = |screen: &str, what: &str| {
                screen.lines().any(|line| line.contains("when") && line.contains(what))
            };
            assert!(ends(&screen, " 41 "), "{screen}");
            assert!(size == (80, 24) || ends(&screen, " 7 "), "{screen}");
            assert!(!screen.contains('●') || !screen.contains("not live"), "{screen}");
            // Switched off it is not live yet, and neither is one that was changed.
            driver.app.shared.drafts.current_mut().at = cell(0, "off");
            driver.keys("<Space>");
            let screen = driver.screen();
            assert!(ends(&screen, "●"), "{screen}");
            assert!(screen.contains("1 answer not live yet"), "{screen}");
            let plan = updated(&driver.keys("<F5>")).unwrap();
            assert!(!driver.screen().contains("not live yet"), "{}", driver.screen());
            drop(plan);
        }
    }
}

/// What the row of the table with this text says.
fn row(driver: &Driver, text: &str, nth: usize) -> String {
    let screen = driver.screen();
    let rows: Vec<&str> = screen.lines().filter(|line| line.contains(text)).collect();
    let row = rows.get(nth).unwrap_or_else(|| panic!("{text}: {screen}"));
    row.split(['\u{2502}', '\u{2503}']).find(|part| part.contains(text)).unwrap().trim().to_owned()
}

#[test]
fn what_is_off_and_the_order_go_live_too() {
    let other = RULES.replace("tcp", "udp");
    for (file, tab) in
        [(FILE, FormTab::Answers), (RULES, FormTab::Rules), (&*other, FormTab::Rules)]
    {
        let mut driver = Driver::with(WIDE, workspace(&[("mock", file)]));
        driver.keys("<Enter>");
        driver.app.shared.focus = Pane::Request;
        let draft = driver.app.shared.drafts.current_mut();
        (draft.tab, draft.at) = (tab, cell(0, "delay"));
        driver.keys("<Right><Left>");
        let (id, _) = Driver::opened(&driver.keys("<F5>"));
        driver.listening(id);
        driver.app.shared.focus = Pane::Request;
        driver.app.shared.drafts.current_mut().at = cell(0, "delay");
        driver.keys("<C-t>");
        driver.assert_shows("1 answer not live yet: F5 applies");
        assert!(updated(&driver.keys("<F5>")).is_some());
        assert!(!driver.shows("not live yet"), "{}", driver.screen());
        // Moved, what is off makes no other answer, and still it is applied.
        driver.keys("<A-Down>");
        driver.assert_shows("the order of the answers not live yet: F5 applies");
        assert!(updated(&driver.keys("<F5>")).is_none());
        driver.assert_shows("it answers as before");
        assert!(!driver.shows("not live yet"), "{}", driver.screen());
        driver.keys("<A-D>");
        driver.assert_shows("1 answer not live yet: F5 applies");
        driver.keys("<F5>");
        assert!(!driver.shows("not live yet"), "{}", driver.screen());
    }
}

#[test]
fn what_a_new_rule_begins_with_is_replaced_by_what_is_typed() {
    let mut driver = table(WIDE, cell(0, "path"));
    driver.keys("<A-n>/users<Tab>404<Tab>2s");
    assert!(row(&driver, "/users", 0).contains("any     /users"), "{}", driver.screen());
    let row_of = row(&driver, "/users", 0);
    assert!(row_of.contains(" 404 ") && row_of.contains(" 2s "), "{row_of}");
    // By arrows too; an arrow goes on to the next cell, and what was written is not selected.
    driver.keys("<A-n><Right>500<Right>1s<Left><Left><Left><Left>x");
    let row_of = row(&driver, "50x0", 0);
    assert!(row_of.contains("any     / ") && row_of.contains(" 1s "), "{row_of}");
}

#[test]
fn a_rule_keeps_its_hits_through_edits_and_moves_and_a_copy_has_its_own() {
    let mut driver = table((200, 60), cell(0, "path"));
    let (id, _) = Driver::opened(&driver.keys("<F5>"));
    driver.listening(id);
    hit(&mut driver, id, 0, "any /one");
    driver.app.shared.focus = Pane::Request;
    // The copy stands behind its rule, which it is moved above.
    driver.keys("<A-D><A-Up>");
    driver.assert_shows("1 answer not live yet: F5 applies");
    assert!(row(&driver, "any     /one ", 0).contains('\u{25cf}'), "{}", driver.screen());
    let plan = updated(&driver.keys("<F5>")).unwrap();
    assert_eq!(rules(plan), ["any /one (row 1)", "any /one (row 2)", "POST /two*"]);
    assert!(!driver.shows("not live yet"));
    assert!(row(&driver, "any     /one ", 0).ends_with('0'), "{}", driver.screen());
    assert!(row(&driver, "any     /one ", 1).ends_with('1'), "{}", driver.screen());
    hit(&mut driver, id, 1, "any /one (row 1)");
    hit(&mut driver, id, 2, "any /one (row 1)");
    driver.assert_shows("\u{2190} any /one (row 1)");
    driver.app.shared.focus = Pane::Request;
    assert!(row(&driver, "any     /one ", 0).ends_with('2'), "{}", driver.screen());
    assert!(row(&driver, "any     /one ", 1).ends_with('1'), "{}", driver.screen());
    // The first of two that say the same is deleted: the other keeps what it answered.
    driver.keys("<C-x>");
    driver.assert_shows("1 answer not live yet: F5 applies");
    assert!(row(&driver, "any     /one ", 0).ends_with('1'), "{}", driver.screen());
    assert_eq!(rules(updated(&driver.keys("<F5>")).unwrap()), ["any /one", "POST /two*"]);
    // Edited it is the same rule, and taken back the deleted one is what it was.
    driver.app.shared.drafts.current_mut().at = cell(0, "path");
    driver.keys("<Right><Left><End>x<F5>");
    assert!(row(&driver, "any     /onex ", 0).ends_with('1'), "{}", driver.screen());
}

#[test]
fn what_is_typed_at_the_kind_of_an_answers_body_is_the_body() {
    let body = |driver: &Driver, id| access::get(&driver.shared.drafts.current().spec, id);
    let inside = |id: FormFieldId, key: &'static str| match id {
        FormFieldId::Field(id) => FormFieldId::Field(id.then(key)),
        _ => id,
    };
    let otherwise = FormFieldId::key("body");
    for (typed, kind) in [("hi", "text"), ("[1", "json")] {
        let mut driver = table((80, 24), cell(0, "path"));
        // A new row has no body yet; nothing that is typed goes into its delay.
        driver.keys("<A-n>/new<Tab><Tab><Tab>");
        assert_eq!(driver.shared.drafts.current().at, cell(2, "body"), "{}", driver.screen());
        driver.keys(typed);
        assert_eq!(body(&driver, cell(2, "body")), kind, "{}", driver.screen());
        assert!(body(&driver, inside(cell(2, "body"), kind)).starts_with(typed));
        assert_eq!(body(&driver, cell(2, "delay")), "0s");
    }
    // One that is there is gone on with, also by a paste, and the answer to all else is no exception.
    let mut driver = table((80, 24), cell(0, "delay"));
    driver.keys("<Tab>!");
    assert_eq!(body(&driver, inside(cell(0, "body"), "text")), "first!");
    let mut driver = table((80, 24), FormFieldId::key("delay"));
    driver.keys("<Tab>");
    driver.paste("none of these");
    assert_eq!(body(&driver, inside(otherwise, "text")), "none of these", "{}", driver.screen());
    assert_eq!(body(&driver, FormFieldId::key("delay")), "0s");
}

#[test]
fn lists_of_other_answers_take_nothing_from_what_belongs_to_the_chosen_one() {
    const LISTS: &str = "[http-listener]\nbind='127.0.0.1:0'\nheaders=['A: 1']\nbody.form=['f=2']\n\
        [[http-listener.rule]]\npath='/one'\nheaders=['B: of one']\nbody.text='first'\n\
        [[http-listener.rule]]\npath='/two'\nheaders=['C: 3', 'D: of two']\nbody.text='second'\n";
    let mut driver = Driver::with(WIDE, workspace(&[("mock", LISTS)]));
    driver.keys("<Enter>");
    for (path, shown, own) in [("/one", "first", "of one"), ("/two", "second", "of two")] {
        driver.app.shared.focus = Pane::Request;
        let at = cell(usize::from(path == "/two"), "path");
        let draft = driver.app.shared.drafts.current_mut();
        (draft.tab, draft.at) = (FormTab::Answers, at);
        driver.keys("<Right><Left>");
        driver.assert_shows("of the chosen answer");
        driver.assert_shows(shown);
        driver.assert_shows(own);
    }
}

#[test]
fn at_80x24_the_kinds_of_bodies_are_read_also_beside_the_presets() {
    let mut driver = Driver::with((80, 24), workspace(&[("mock", FILE)]));
    driver.keys("<Enter><A-1>");
    driver.assert_shows("\u{2039}text\u{203a}");
}
