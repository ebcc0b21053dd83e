//! What was received becomes something to send.

use bytes::Bytes;
use wirebench::app::focus::Pane;
use wirebench::engine::event::Event;
use wirebench::model::exchange::MessageFraming;
use wirebench::model::id::BodyId;
use wirebench::model::spec::Spec;
use wirebench::model::view::{View, ViewLine, ViewMode, ViewQuery};

use super::connected;
use crate::harness::app::Driver;
use crate::harness::samples::{START, answer, exchange, http_plan, queries};

/// A request with a body of so many bytes, answered in hex windows of 1024 lines.
fn hex_window(query: &ViewQuery, body: &[u8]) -> Event {
    let rows = body.chunks(16).enumerate().skip(query.top as usize);
    let lines = rows.take(query.rows.into()).map(|(n, bytes)| ViewLine {
        number: n as u64,
        offset: n as u64 * 16,
        bytes: Bytes::copy_from_slice(bytes),
        ..ViewLine::default()
    });
    Event::View(Box::new(View {
        query: query.clone(),
        cut: query.mode,
        top: query.top,
        lines: lines.collect(),
        enclosing: Vec::new(),
        total_lines: body.len().div_ceil(16) as u64,
        total_bytes: body.len() as u64,
        complete: true,
        note: None,
    }))
}

#[test]
fn a_request_becomes_a_draft_with_its_whole_body() {
    let mut app = Driver::new((120, 40), START);
    let id = app.open(http_plan());
    let body = "0123456789abcde\n".repeat(3000);
    let mut seen = exchange(id, 0, Some(answer(200, 1, 500)));
    seen.request.body.decoded_len = body.len() as u64;
    seen.request.body.framing = MessageFraming::Length(body.len() as u64);
    app.event(Event::Exchange(Box::new(seen)));
    let mut asked = queries(&app.keys("t"));
    let mut windows = 0;
    while let Some(query) = asked.pop() {
        windows += 1;
        assert_eq!((query.body, query.mode), (BodyId(100), ViewMode::Hex));
        let effects = app.event(hex_window(&query, body.as_bytes()));
        asked = queries(&effects).into_iter().filter(|q| q.body == BodyId(100)).collect();
    }
    assert_eq!(windows, 3);
    let Spec::Http(http) = &*app.shared.drafts.current().spec else { panic!("no HTTP draft") };
    assert!(matches!(&http.body, wirebench::model::http::HttpBody::Text(text) if *text == body));
    assert_eq!(app.shared.focus, Pane::Request);
}

#[test]
fn a_row_of_a_conversation_and_a_record_become_drafts() {
    for pane in [Pane::Response, Pane::Traffic] {
        let mut app = Driver::new((120, 40), START);
        connected(&mut app);
        app.keys("<Esc>");
        app.shared.focus = pane;
        app.keys("t");
        let Spec::Tcp(tcp) = &*app.shared.drafts.current().spec else { panic!("no TCP draft") };
        assert!(tcp.steps.iter().any(|step| format!("{step:?}").contains("220 hello")));
    }
}

#[test]
fn facts_are_not_turned_around() {
    let mut app = Driver::new((120, 40), START);
    connected(&mut app);
    app.keys("<Esc>gt");
    app.assert_shows("choose a row with data");
    assert!(app.shared.drafts.current().session.is_some());
}
