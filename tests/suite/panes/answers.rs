//! What an answer is beyond its body: broken or whole, its cookies, its name, its charset.

use bytes::Bytes;
use wirebench::app::effect::Effect;
use wirebench::engine::command::Command;
use wirebench::engine::event::Event;
use wirebench::model::exchange::{Exchange, ExchangeState, FieldLine, HttpMessage, MessageFraming};
use wirebench::model::failure::{Failure, FailureKind, Stage};
use wirebench::model::id::BodyId;
use wirebench::model::recipe::{Derivation, DerivationReport, RecipeKind};
use wirebench::model::view::{View, ViewLine, ViewMode, ViewQuery, WideEncoding};

use crate::harness::app::Driver;
use crate::harness::samples::{START, answer, commands, exchange, facts, http_plan, queries};

fn field(name: &'static str, value: &'static [u8]) -> FieldLine {
    FieldLine { name: Bytes::from_static(name.as_bytes()), value: Bytes::from_static(value) }
}

fn with_fields(fields: &[(&'static str, &'static [u8])]) -> HttpMessage {
    let mut answer = answer(200, 1, 500);
    answer.head.fields = fields.iter().map(|(name, value)| field(name, value)).collect();
    answer
}

fn arrived(app: &mut Driver, message: HttpMessage) -> Vec<Effect> {
    let id = app.open(http_plan());
    app.event(Event::Exchange(Box::new(exchange(id, 0, Some(message)))))
}

fn status_line(app: &Driver) -> String {
    let screen = app.screen();
    let line = screen.lines().find(|line| line.contains("HTTP/1.1") && line.contains("ms"));
    line.unwrap_or_else(|| panic!("no status line\n{screen}")).to_owned()
}

#[test]
fn a_failed_answer_says_so_where_its_status_stands() {
    for (kind, word) in [
        (FailureKind::Truncated, "200 OK"),
        (FailureKind::Truncated, "✗ cut off"),
        (FailureKind::Cancelled, "✗ cancelled"),
        (FailureKind::Reset, "✗ reset"),
        (FailureKind::Malformed, "✗ malformed"),
    ] {
        let mut app = Driver::new((120, 40), START);
        let id = app.open(http_plan());
        let failure = Failure::new(Stage::Body, "h", kind, "why");
        let state = ExchangeState::Failed(Box::new(failure));
        let broken = Exchange { state, ..exchange(id, 0, Some(answer(200, 1, 500))) };
        app.event(Event::Exchange(Box::new(broken)));
        assert!(status_line(&app).contains(word), "{}", status_line(&app));
    }
    let mut app = Driver::new((120, 40), START);
    let mut undecoded = answer(200, 1, 500);
    undecoded.body.decode_error = Some("gzip: cut off".into());
    arrived(&mut app, undecoded);
    assert!(status_line(&app).contains("✗ not decoded"), "{}", status_line(&app));
}

#[test]
fn a_redirect_that_was_not_followed_marks_the_last_hop_alone() {
    let mut app = Driver::new((120, 40), START);
    let id = app.open(http_plan());
    app.event(Event::Exchange(Box::new(exchange(id, 0, Some(answer(302, 1, 0))))));
    app.event(Event::Exchange(Box::new(exchange(id, 1, Some(answer(302, 2, 0))))));
    let why = Failure::new(Stage::Session, "h", FailureKind::Refused, "leads to plain http");
    app.ended(id, Err(why));
    assert!(status_line(&app).contains("✗ redirect not followed"), "{}", status_line(&app));
    app.assert_shows("leads to plain http");
    app.keys("{");
    assert!(!status_line(&app).contains('✗'), "{}", status_line(&app));
}

#[test]
fn cookies_have_a_tab_where_there_are_any() {
    let mut app = Driver::new((120, 40), START);
    arrived(&mut app, answer(200, 1, 500));
    assert!(!app.screen().contains("Cookies"), "{}", app.screen());
    arrived(
        &mut app,
        with_fields(&[
            ("Set-Cookie", b"sid=a=b; Path=/x; HttpOnly; SameSite=Lax"),
            ("set-cookie", b"theme=\x1b[31mdark"),
        ]),
    );
    app.assert_shows("Cookies");
    app.keys("<C-Right><C-Right>");
    let screen = app.screen();
    for shown in ["sid", "a=b", "Path", "/x", "HttpOnly", "yes", "SameSite", "Lax", "theme"] {
        assert!(screen.contains(shown), "{shown}\n{screen}");
    }
    assert!(!screen.contains('\u{1b}'));
}

#[test]
fn the_name_a_server_proposes_is_made_safe_and_proposed() {
    for (value, proposed) in [
        (&b"attachment; filename=\"report 1.pdf\""[..], "save to: report 1.pdf"),
        (b"attachment; filename=x; filename*=UTF-8''Gr%C3%BC%C3%9Fe.txt", "save to: Grüße.txt"),
        (b"attachment; filename=\"../../.bashrc\"", "save to: _.._.bashrc"),
        (b"attachment", "save to: 0"),
    ] {
        let mut app = Driver::new((120, 40), START);
        arrived(&mut app, with_fields(&[("Content-Disposition", value)]));
        app.keys("s");
        app.assert_shows(proposed);
    }
}

fn first_line(query: ViewQuery, bytes: &'static [u8]) -> Event {
    let bytes = Bytes::from_static(bytes);
    let line = ViewLine { bytes, ..ViewLine::default() };
    Event::View(Box::new(View {
        cut: query.mode,
        query,
        top: 0,
        lines: vec![line],
        enclosing: Vec::new(),
        total_lines: 1,
        total_bytes: 12,
        complete: true,
        note: None,
    }))
}

#[test]
fn wide_text_is_found_out_by_its_mark_or_its_charset() {
    for kind in [&b"application/json"[..], b"text/plain", b"application/octet-stream"] {
        let mut app = Driver::new((120, 40), START);
        let effects = arrived(&mut app, with_fields(&[("Content-Type", kind)]));
        let query = queries(&effects).remove(0);
        let effects = app.event(first_line(query, b"\xff\xfea\0"));
        let query = queries(&effects).remove(0);
        assert_eq!(query.mode, ViewMode::Wide(WideEncoding::Utf16Le));
        app.event(first_line(query, b"as characters"));
        app.assert_shows("UTF-16LE");
        app.assert_shows("as characters");
        // Hex is one key away, and so is the way back.
        let effects = app.keys("x");
        let query = queries(&effects).remove(0);
        assert_eq!(query.mode, ViewMode::Hex);
        app.event(first_line(query, b"\xff\xfea\0"));
        let effects = app.keys("x");
        let back = queries(&effects).first().map(|query| query.mode);
        assert!(back.is_none() || back == Some(ViewMode::Wide(WideEncoding::Utf16Le)), "{back:?}");
    }
    let mut app = Driver::new((120, 40), START);
    let named = with_fields(&[("Content-Type", b"text/plain; charset=utf-16be")]);
    let effects = arrived(&mut app, named);
    assert_eq!(queries(&effects)[0].mode, ViewMode::Wide(WideEncoding::Utf16Be));
}

/// The body that is to be made UTF-8 without a key.
fn recoded(effects: Vec<Effect>) -> Option<Derivation> {
    let order = commands(effects).into_iter().find_map(|command| match command {
        Command::Derive(order) => Some(order),
        _ => None,
    })?;
    assert_eq!(order.recipe.kind, RecipeKind::Recode);
    Some(order)
}

/// An answer of JSON in wide units that was made UTF-8 by itself; `first` are its first bytes where its
/// type does not name their charset.
fn laid_out(kind: &'static [u8], first: Option<&'static [u8]>) -> Driver {
    let mut app = Driver::new((120, 40), START);
    let effects = arrived(&mut app, with_fields(&[("Content-Type", kind)]));
    let mut query = queries(&effects).remove(0);
    if let Some(first) = first {
        let effects = app.event(first_line(query, first));
        query = queries(&effects).remove(0);
    }
    let order = recoded(app.event(first_line(query, b"{\"a\": 1}"))).unwrap();
    assert_eq!((order.body, order.content_type.unwrap().as_bytes()), (BodyId(1), kind));
    let (number, body, mode) = (order.number, Some(BodyId(900)), Some(ViewMode::Pretty));
    let (header, remark, is_cut) = (String::new(), String::new(), false);
    let outcome = Some(Ok(()));
    let has_long_lines = false;
    let report = DerivationReport {
        number,
        body,
        mode,
        header,
        has_long_lines,
        remark,
        is_cut,
        warns: false,
        outcome,
    };
    let effects = app.event(Event::Derived(Box::new(report)));
    let query = queries(&effects).remove(0);
    assert_eq!((query.body, query.mode), (BodyId(900), ViewMode::Pretty));
    app.event(first_line(query, b"{}"));
    app.assert_shows("⇒ as UTF-8");
    app
}

#[test]
fn json_in_wide_units_is_laid_out_by_itself_and_escape_shows_it_as_it_came() {
    for (kind, first) in [
        (&b"application/json; charset=utf-16le"[..], None),
        (b"application/json", Some(&b"\xff\xfe{\0"[..])),
        (b"text/plain; charset=utf-16be", None),
    ] {
        let mut app = laid_out(kind, first);
        assert_eq!(recoded(app.keys("<Esc>")), None);
        app.assert_shows("UTF-16");
        app.assert_shows("{\"a\": 1}");
    }
    let mut app = Driver::new((120, 40), START);
    let named = with_fields(&[("Content-Type", b"text/plain; charset=utf-16be")]);
    let effects = arrived(&mut app, named);
    let effects = app.event(first_line(queries(&effects).remove(0), b"[INFO] no JSON"));
    assert_eq!(recoded(effects), None);
}

#[test]
fn files_and_commands_get_json_in_wide_units_as_it_came() {
    let mut app = laid_out(b"application/json; charset=utf-16le", None);
    app.keys("s");
    let saved = commands(app.keys("<Enter>"));
    let is_saved = |it: &Command| matches!(it, Command::SaveBody { body: BodyId(1), .. });
    assert!(saved.iter().any(is_saved), "{saved:?}");
    let piped = commands(app.keys("|cat<Enter>"));
    let is_piped = |it: &Command| {
        matches!(it, Command::Derive(order)
            if (order.body, order.recipe.kind) == (BodyId(1), RecipeKind::Pipe))
    };
    assert!(piped.iter().any(is_piped), "{piped:?}");
    // A filter goes on with what is on screen.
    let mut app = laid_out(b"application/json; charset=utf-16le", None);
    let filtered = commands(app.keys("q.a<Enter>"));
    let is_filtered = |it: &Command| {
        matches!(it, Command::Derive(order)
            if (order.body, order.recipe.kind) == (BodyId(900), RecipeKind::Jq))
    };
    assert!(filtered.iter().any(is_filtered), "{filtered:?}");
}

#[test]
fn a_page_that_names_its_charset_is_read_in_it_unless_its_type_names_another() {
    for (kind, first, shown) in [
        (&b"text/html"[..], &b"<meta charset=windows-1251>\xcf\xf0\xe8"[..], ">При"),
        (b"text/html; charset=iso-8859-1", b"<meta charset=windows-1251>\xcf\xf0", ">Ïð"),
        (b"application/xml", b"<?xml version='1.0' encoding='gbk'?>\xc4\xe3", "?>你"),
    ] {
        let mut app = Driver::new((120, 40), START);
        let effects = arrived(&mut app, with_fields(&[("Content-Type", kind)]));
        let query = queries(&effects).remove(0);
        app.event(first_line(query, first));
        app.assert_shows(shown);
    }
}

#[test]
fn text_in_latin_1_is_shown_as_text_and_bytes_that_are_none_are_seen() {
    let mut app = Driver::new((120, 40), START);
    let named = with_fields(&[("Content-Type", b"text/plain; charset=iso-8859-1")]);
    let effects = arrived(&mut app, named);
    let query = queries(&effects).remove(0);
    app.event(first_line(query, b"Gr\xfc\xdfe"));
    app.assert_shows("Grüße");
    let named = with_fields(&[("Content-Type", b"text/plain; charset=shift_jis")]);
    let effects =
        arrived(&mut app, HttpMessage { body: facts(2, 12, MessageFraming::Length(12)), ..named });
    let query = queries(&effects).remove(0);
    app.event(first_line(query, b"a\xff\x82\xa0b"));
    app.assert_shows("a\u{fffd}あ");
}
