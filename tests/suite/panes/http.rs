//! HTTP in the response pane: windows onto bodies, tabs, modes, searches, redirects, listeners.

use std::time::Duration;

use bytes::Bytes;
use wirebench::app::effect::Effect;
use wirebench::app::focus::Pane;
use wirebench::app::intent::Intent;
use wirebench::app::message::{Message, Timer};
use wirebench::app::overlay::Overlay;
use wirebench::app::themes::Themes;
use wirebench::engine::command::Command;
use wirebench::engine::event::{Event, Phase};
use wirebench::model::exchange::{Exchange, ExchangeState, HttpVersion, StartLine};
use wirebench::model::failure::{Failure, FailureKind, Stage};
use wirebench::model::id::BodyId;
use wirebench::model::plan::{AnswerPlan, HttpListenerPlan, Plan, PlanBody};
use wirebench::model::theme::ColorDepth;
use wirebench::model::tls::ListenerTls;
use wirebench::model::view::{SearchHit, SearchQuery, View, ViewLine, ViewMode, ViewPart};

use super::connected;
use crate::harness::app::Driver;
use crate::harness::samples::{
    START, address, answer, bind, commands, exchange, http_plan, queries, window,
};

fn found(query: &SearchQuery, hit: Option<(u64, u64)>) -> SearchHit {
    SearchHit {
        query: query.clone(),
        hit,
        inside: Vec::new(),
        wrapped: false,
        behind_cut: false,
        flaw: None,
    }
}

#[test]
fn a_body_is_asked_for_through_a_window_and_never_twice() {
    let mut app = Driver::new((120, 40), START);
    let id = app.open(http_plan());
    let effects = app.event(Event::Exchange(Box::new(exchange(id, 0, Some(answer(200, 1, 5000))))));
    let asked = queries(&effects);
    assert_eq!(asked.len(), 1);
    assert_eq!(
        (asked[0].body, asked[0].part, asked[0].mode),
        (BodyId(1), ViewPart::Decoded, ViewMode::Pretty)
    );
    app.serve(&effects, 500);
    app.assert_shows("\"line 0\"");
    app.assert_shows("200 OK \\e[31mred");
    app.assert_shows("line 1 of 500");
    assert!(queries(&app.keys("j")).is_empty(), "inside of the window");
    app.assert_shows("line 2 of 500");
    let effects = app.keys("G");
    assert_eq!(queries(&effects).len(), 1);
    app.assert_shows("\"line 1\"");
    app.serve(&effects, 500);
    app.assert_shows("\"line 499\"");
    assert!(queries(&app.keys("G")).is_empty());
    assert!(
        queries(&app.event(Event::Exchange(Box::new(exchange(id, 0, Some(answer(200, 1, 5000)))))))
            .is_empty()
    );
}

#[test]
fn only_a_window_that_makes_a_body_whole_is_urgent() {
    let mut app = Driver::new((120, 40), START);
    let id = app.open(http_plan());
    let shown = Event::Exchange(Box::new(exchange(id, 0, Some(answer(200, 1, 5000)))));
    let asked = queries(&app.event(shown)).remove(0);
    let seen = |complete| {
        let Event::View(mut view) = window(&asked, 500) else { panic!("a window") };
        view.complete = complete;
        Message::Engine(Event::View(view))
    };
    assert!(!app.is_urgent(&seen(true)), "nothing was seen of it yet");
    app.tell(seen(false));
    assert!(!app.is_urgent(&seen(false)) && app.is_urgent(&seen(true)));
    app.tell(seen(true));
    assert!(!app.is_urgent(&seen(true)), "it was whole before");
    assert!(!app.is_urgent(&Message::Timer(Timer::ResponseClock)));
}

#[test]
fn what_is_searched_for_in_a_body_is_searched_for_in_a_conversation_too() {
    let mut app = Driver::new((120, 40), START);
    let id = app.open(http_plan());
    let shown = Event::Exchange(Box::new(exchange(id, 0, Some(answer(200, 1, 5000)))));
    let effects = app.event(shown);
    app.serve(&effects, 500);
    let sent = commands(app.keys("/220 hello<Enter>"));
    assert!(matches!(&sent[0], Command::Search(query) if query.text == "220 hello"));
    connected(&mut app);
    app.keys("<Esc>kn");
    assert!(!app.screen().contains("was not found"), "{}", app.screen());
    // What was typed is said as it was typed, even if it looks like the name of an action.
    app.keys("/[send]<Enter>");
    app.assert_shows("'[send]' was not found");
}

#[test]
fn while_it_runs_the_phase_is_said_and_the_clock_ticks_only_then() {
    let mut app = Driver::new((120, 40), START);
    let id = app.open(http_plan());
    let effects = app.phase(id, Phase::Waiting);
    assert!(queries(&effects).is_empty());
    app.assert_shows("waiting for the response");
    app.assert_shows("Ctrl+C cancels");
    let clock = Timer::ResponseClock;
    let tick = app.tell(Message::Timer(clock));
    assert!(tick.iter().any(|e| matches!(e, Effect::After { timer: due, .. } if *due == clock)));
    let outcome = Err(Failure::new(
        Stage::Connect,
        "127.0.0.1:8080",
        FailureKind::Refused,
        "connection refused",
    )
    .hint("is a server listening there?"));
    app.ended(id, outcome);
    let tick = app.tell(Message::Timer(clock));
    assert!(tick.is_empty(), "{tick:?}");
    app.assert_shows("cannot connect");
    app.assert_shows("127.0.0.1:8080: connection refused (is a server listening there?)");
}

#[test]
fn a_broken_body_shows_the_failure_and_what_arrived() {
    let mut app = Driver::new((120, 40), START);
    let id = app.open(http_plan());
    let failure = Failure::new(
        Stage::Body,
        "127.0.0.1:8080",
        FailureKind::Truncated,
        "closed after 500 of 5,000 bytes",
    );
    let broken = Exchange {
        state: ExchangeState::Failed(Box::new(failure)),
        warnings: vec!["two Content-Length fields".into()],
        ..exchange(id, 0, Some(answer(200, 1, 500)))
    };
    let effects = app.event(Event::Exchange(Box::new(broken)));
    app.serve(&effects, 50);
    app.assert_shows("closed after 500 of 5,000 bytes");
    app.assert_shows("500 B of the body arrived");
    app.assert_shows("two Content-Length fields");
    app.assert_shows("\"line 0\"");
}

#[test]
fn tabs_show_headers_as_received_timings_and_exact_bytes_of_both_messages() {
    let mut app = Driver::new((120, 40), START);
    let id = app.open(http_plan());
    let effects = app.event(Event::Exchange(Box::new(exchange(id, 0, Some(answer(200, 1, 500))))));
    app.serve(&effects, 50);
    app.keys("L");
    app.assert_shows("X-Case");
    app.keys("L");
    app.assert_shows("Wait for first byte");
    let effects = app.keys("L");
    assert_eq!(queries(&effects)[0].part, ViewPart::Raw);
    assert_eq!(queries(&effects)[0].body, BodyId(1));
    let effects = app.keys("L");
    assert_eq!(queries(&effects)[0].body, BodyId(100), "the request");
    let effects = app.keys("L");
    assert!(queries(&effects).is_empty(), "the window of the body is still here");
    app.assert_shows("\"line 0\"");
}

#[test]
fn hex_and_text_are_one_key_away_and_the_choice_stays_for_the_next_answer() {
    let mut app = Driver::new((120, 40), START);
    let id = app.open(http_plan());
    app.event(Event::Exchange(Box::new(exchange(id, 0, Some(answer(200, 1, 500))))));
    let effects = app.keys("x");
    assert_eq!(queries(&effects)[0].mode, ViewMode::Hex);
    let effects = app.keys("v");
    assert_eq!(queries(&effects)[0].mode, ViewMode::Pretty);
    app.keys("x");
    let id = app.open(http_plan());
    let effects = app.event(Event::Exchange(Box::new(exchange(id, 0, Some(answer(200, 2, 500))))));
    assert_eq!(queries(&effects)[0].mode, ViewMode::Hex);
}

#[test]
fn json_without_a_type_is_found_out_by_its_first_bytes() {
    let mut app = Driver::new((120, 40), START);
    let id = app.open(http_plan());
    let mut untyped = answer(200, 1, 500);
    untyped.head.fields.clear();
    let effects = app.event(Event::Exchange(Box::new(exchange(id, 0, Some(untyped)))));
    let query = queries(&effects).remove(0);
    assert_eq!(query.mode, ViewMode::Text);
    let line = ViewLine { bytes: Bytes::from_static(b"{\"a\": 1}"), ..ViewLine::default() };
    let view = View {
        cut: query.mode,
        query,
        top: 0,
        lines: vec![line],
        enclosing: Vec::new(),
        total_lines: 1,
        total_bytes: 8,
        complete: true,
        note: None,
    };
    let effects = app.event(Event::View(Box::new(view)));
    assert_eq!(queries(&effects)[0].mode, ViewMode::Pretty);
}

#[test]
fn a_search_goes_to_the_engine_and_its_hit_is_scrolled_to() {
    let mut app = Driver::new((120, 40), START);
    let id = app.open(http_plan());
    let effects = app.event(Event::Exchange(Box::new(exchange(id, 0, Some(answer(200, 1, 5000))))));
    app.serve(&effects, 500);
    let sent = commands(app.keys("/line 400<Enter>"));
    let Some(Command::Search(query)) = sent.first() else { panic!("{sent:?}") };
    assert_eq!((query.text.as_str(), query.from), ("line 400", 0));
    let hit = found(query, Some((400, 4001)));
    let effects = app.event(Event::Found(hit));
    app.serve(&effects, 500);
    app.assert_shows("\"line 400\"");
    let sent = commands(app.keys("n"));
    let Some(Command::Search(query)) = sent.first() else { panic!("{sent:?}") };
    assert_eq!(query.from, 4001);
    let none = found(query, None);
    app.event(Event::Found(none.clone()));
    app.assert_shows("'line 400' was not found");
    app.event(Event::Found(SearchHit { flaw: Some("it is not all there".into()), ..none }));
    app.assert_shows("'line 400' was not found: it is not all there");
}

#[test]
fn hits_are_marked_in_hex_across_the_ends_of_rows() {
    let mut app = Driver::new((120, 40), START);
    app.shared.themes = Themes::new(ColorDepth::Sixteen);
    let id = app.open(http_plan());
    let effects = app.event(Event::Exchange(Box::new(exchange(id, 0, Some(answer(200, 1, 64))))));
    app.serve(&effects, 5);
    let effects = app.keys("x");
    let query = queries(&effects).pop().unwrap();
    let text =
        Bytes::from_static(b"0123456789 needle and another NEEDLE of the body, that is all...");
    let line = |n: usize| ViewLine {
        number: n as u64,
        offset: n as u64 * 16,
        bytes: text.slice(n * 16..(n + 1) * 16),
        ..ViewLine::default()
    };
    let lines = (0..4).map(line).collect();
    let (top, total_lines, total_bytes) = (0, 4, 64);
    let (cut, note, enclosing) = (query.mode, None, Vec::new());
    let view =
        View { query, cut, top, lines, enclosing, total_lines, total_bytes, complete: true, note };
    app.event(Event::View(Box::new(view)));
    let sent = commands(app.keys("/needle<Enter>"));
    let Some(Command::Search(query)) = sent.first() else { panic!("{sent:?}") };
    let hit = found(query, Some((0, 11)));
    app.event(Event::Found(hit));
    let marked = |color| -> Vec<String> {
        let buffer = app.buffer();
        let row = |y| (0..120).map(move |x| (x, y));
        let text = |y| {
            let cells = row(y).filter_map(|at| buffer.cell(at));
            cells
                .filter(|cell| cell.bg == color)
                .map(ratatui::buffer::Cell::symbol)
                .collect::<String>()
        };
        (0..40).map(text).filter(|text| !text.is_empty()).collect()
    };
    assert_eq!(marked(ratatui::style::Color::LightCyan), ["6e 65 65 64 6cneedl", "65e"]);
    assert_eq!(marked(ratatui::style::Color::LightGreen), ["4e 45NE", "45 44 4c 45EDLE"]);
}

#[test]
fn redirect_hops_are_listed_and_stepped_through() {
    let mut app = Driver::new((120, 40), START);
    let id = app.open(http_plan());
    app.event(Event::Exchange(Box::new(exchange(id, 0, Some(answer(302, 1, 0))))));
    app.event(Event::Exchange(Box::new(exchange(id, 1, Some(answer(200, 2, 500))))));
    app.assert_shows("1 302 http://127.0.0.1:8080/0 → 2 200 http://127.0.0.1:8080/1");
    app.assert_shows("200 OK");
    app.keys("{");
    app.assert_shows("302 OK");
    app.keys("}");
    app.assert_shows("200 OK");
}

#[test]
fn a_body_is_saved_where_the_user_says() {
    let mut app = Driver::new((120, 40), START);
    let id = app.open(http_plan());
    app.event(Event::Exchange(Box::new(exchange(id, 0, Some(answer(200, 1, 500))))));
    app.keys("s");
    app.assert_shows("save to: 0");
    let sent = commands(app.keys("<C-u>/tmp/x<Enter>"));
    assert!(matches!(sent.as_slice(), [Command::SaveBody { body: BodyId(1), .. }]), "{sent:?}");
}

fn listener_plan() -> Plan {
    let answer = AnswerPlan {
        status: 200,
        headers: Vec::new(),
        body: PlanBody::Bytes(Bytes::new()),
        delay: Duration::ZERO,
        more: wirebench::model::http_answer::AnswerMore::default(),
    };
    Plan::HttpListener(HttpListenerPlan {
        contract: None,
        mocks: false,
        bind: bind(),
        tls: ListenerTls::Off,
        rules: Vec::new(),
        answer,
        socket: wirebench::model::socket_options::SocketOptions::default(),
    })
}

#[test]
fn a_listener_lists_requests_and_follows_the_newest_until_one_is_chosen() {
    let mut app = Driver::new((120, 40), START);
    let id = app.open(listener_plan());
    app.phase(id, Phase::Listening { addresses: vec![address(8080).into()], receive_buffer: None });
    app.assert_shows("waiting for requests; try curl http://127.0.0.1:8080/");
    for number in 0..20 {
        app.event(Event::Exchange(Box::new(exchange(id, number, Some(answer(404, 2, 0))))));
    }
    app.assert_shows("GET /19   0 B");
    let size = std::mem::replace(&mut app.shared.size, (160, 48));
    app.assert_shows("answered 404");
    app.shared.size = size;
    app.keys("kk");
    app.assert_shows("GET /17   0 B");
    app.event(Event::Exchange(Box::new(exchange(id, 20, None))));
    app.assert_shows("GET /17   0 B");
    app.keys("G");
    app.event(Event::Exchange(Box::new(exchange(id, 21, None))));
    app.assert_shows("GET /21   0 B");
    // The letters of jump reach the list, a capital the request itself.
    app.shared.focus = Pane::Request;
    app.keys("<C-o>");
    let Some(Overlay::Jump(jump)) = app.overlays.last() else { panic!() };
    let mut rows = jump
        .marks
        .iter()
        .filter(|mark| mark.is_row && mark.intents == [Intent::Press(mark.column, mark.row)]);
    let label = rows.next().unwrap().label.to_uppercase();
    assert!(rows.count() > 2);
    app.keys(&label);
    assert_eq!(app.shared.focus, Pane::Response);
    app.assert_shows("▸ GET /17   0 B");
}

#[test]
fn a_request_that_is_held_says_how_long_its_body_is() {
    let mut app = Driver::new((160, 48), START);
    let id = app.open(listener_plan());
    app.phase(id, Phase::Listening { addresses: vec![address(8080).into()], receive_buffer: None });
    let mut held = exchange(id, 0, None);
    held.state = ExchangeState::Active;
    (held.request.body.expected, held.request.body.complete) = (Some(4711), false);
    app.event(Event::Exchange(Box::new(held.clone())));
    app.assert_shows("GET /0   0 B of 4.6 KiB (0 %)");
    assert_eq!(app.screen().matches("4.6 KiB").count(), 2, "in the list, too");
    held.state = ExchangeState::Complete;
    app.event(Event::Exchange(Box::new(held)));
    app.assert_shows("GET /0   0 B   from");
}

#[test]
fn a_request_that_is_wider_than_its_list_shows_both_its_ends() {
    let mut app = Driver::new((80, 24), START);
    let id = app.open(listener_plan());
    for (number, target) in [
        "http://files.example.org:8080/archive/of/all/pictures/that/we/ever/took/at/the/seaside/first.png",
        "/archive/of/all/pictures/that/we/ever/took/at/the/seaside/and/elsewhere/second.png",
    ]
    .into_iter()
    .enumerate()
    {
        let mut exchange = exchange(id, number as u32, None);
        exchange.request.head.start = StartLine::Request {
            method: "GET".into(),
            target: target.into(),
            version: HttpVersion::Http11,
        };
        app.event(Event::Exchange(Box::new(exchange)));
    }
    app.assert_shows("GET files.ex…");
    app.assert_shows("/seaside/first.png ");
    app.assert_shows("GET /archive/of/all/p…");
    app.assert_shows("second.png ");
}
