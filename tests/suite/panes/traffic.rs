//! The traffic pane: following, pausing, filters, details, marks.

use std::time::Duration;

use wirebench::app::Startup;
use wirebench::app::effect::Effect;
use wirebench::app::focus::Pane;
use wirebench::app::keymap::Override;
use wirebench::app::message::{Message, Timer};
use wirebench::model::id::{RecordId, SessionId};
use wirebench::model::protocol::{Protocol, Side};
use wirebench::model::record::{Direction, RecordKind};

use super::connected;
use crate::harness::app::Driver;
use crate::harness::samples::{START, info, record, tcp_plan, traffic};

fn filled(size: (u16, u16), records: u64) -> (Driver, SessionId) {
    let mut app = Driver::new(size, START);
    let id = app.open(tcp_plan());
    let conn = id.conn(1);
    let infos = vec![info(conn, Protocol::Tcp, Side::Listener)];
    let list = (0..records)
        .map(|n| record(conn, n, Direction::Received, format!("message {n}").as_bytes()));
    app.event(traffic(infos, list.collect()));
    app.shared.focus = Pane::Traffic;
    app.shared.zoom = true;
    (app, id)
}

fn more(app: &mut Driver, id: SessionId, text: &str) -> Vec<Effect> {
    app.event(traffic(Vec::new(), vec![record(id.conn(1), 9999, Direction::Sent, text.as_bytes())]))
}

#[test]
fn the_list_follows_until_scrolled_up_and_g_follows_again() {
    let (mut app, id) = filled((120, 30), 200);
    app.assert_shows("message 199");
    app.assert_shows("tcp:9000 1/1");
    app.keys("k");
    more(&mut app, id, "newest");
    assert!(!app.screen().contains("newest"));
    app.assert_shows("G follows");
    app.keys("G");
    app.assert_shows("newest");
    more(&mut app, id, "even newer");
    app.assert_shows("even newer");
}

#[test]
fn credentials_of_a_head_are_masked_in_the_list_whatever_carries_it() {
    for protocol in [Protocol::Tcp, Protocol::Http] {
        let mut app = Driver::new((160, 30), START);
        let conn = app.open(tcp_plan()).conn(1);
        let said: [&[u8]; 3] = [
            b"GET /?a=b&api_key=canary HTTP/1.1\r\n",
            b"X-Api-Key: canary\r\nReferer: http://h/?token=canary\r\nCookie: ca",
            b"nary\r\n\r\n",
        ];
        let list = said.map(|bytes| record(conn, 0, Direction::Received, bytes)).to_vec();
        app.event(traffic(vec![info(conn, protocol, Side::Listener)], list));
        app.shared.focus = Pane::Traffic;
        app.shared.zoom = true;
        app.assert_shows("GET /?a=b&api_key=******** HTTP/1.1");
        let screen = app.screen();
        assert!(!screen.contains("canary") && !screen.contains(" nary"), "{screen}");
        // The row itself, looked at, is what it was.
        app.keys("gg<Enter>");
        app.assert_shows("api_key=canary");
    }
}

#[test]
fn a_pause_freezes_what_is_seen_and_counts() {
    let (mut app, id) = filled((120, 30), 200);
    app.keys("<Space>");
    more(&mut app, id, "hidden");
    app.assert_shows("paused +1");
    assert!(!app.screen().contains("hidden"));
    app.keys("<Space>");
    app.assert_shows("hidden");
}

#[test]
fn a_filter_applies_while_typed_and_escape_restores() {
    let (mut app, id) = filled((120, 30), 200);
    more(&mut app, id, "needle");
    app.keys("/dir == out");
    let filtered = app.screen();
    assert!(filtered.contains("needle") && !filtered.contains("message 1"), "{filtered}");
    app.keys("<Esc>");
    app.assert_shows("message 199");
    app.keys("/port ==");
    app.assert_shows("column");
    app.keys(" 9000<Enter>");
    app.assert_shows("filter: port == 9000");
}

#[test]
fn a_long_timeline_is_filtered_in_steps() {
    let (mut app, _) = filled((120, 30), 200_000);
    let effects = app.keys("/9");
    let timer = Timer::FilterRebuild;
    let again = |effects: &[Effect]| {
        effects.iter().any(|e| matches!(e, Effect::After { timer: due, .. } if *due == timer))
    };
    assert!(again(&effects));
    let mut steps = 0;
    while again(&app.tell(Message::Timer(timer))) {
        steps += 1;
        assert!(steps < 1000);
    }
    assert!(steps > 1);
    assert!(app.traffic.listing.is_complete());
    app.assert_shows("message 199999");
}

#[test]
fn the_detail_follows_the_cursor_and_scrolls_on_its_own() {
    let (mut app, _) = filled((120, 30), 200);
    app.keys("k<Enter>");
    app.assert_shows("#198");
    app.keys("kx");
    app.assert_shows("#197");
    app.assert_shows("|message 197");
    app.keys("<Enter>j<Esc><Esc>");
    assert!(!app.screen().contains("|message 197"));
}

#[test]
fn marks_survive_eviction_and_clear_says_how_many_went() {
    let mut app =
        Driver::starting(Startup { size: (120, 30), timeline_bytes: 30_000, ..Startup::default() });
    let id = app.open(tcp_plan());
    app.shared.focus = Pane::Traffic;
    app.shared.zoom = true;
    app.event(traffic(
        vec![info(id.conn(1), Protocol::Tcp, Side::Client)],
        vec![record(id.conn(1), 0, Direction::Sent, b"keep me")],
    ));
    app.keys("m");
    for n in 0..1000 {
        more(&mut app, id, &format!("n {n}"));
    }
    app.assert_shows("evicted");
    app.keys("g");
    app.assert_shows("keep me");
    app.assert_shows("◆");
    app.keys("C");
    app.assert_shows("records forgotten");
    assert_eq!(app.shared.timeline.len(), 0);
}

#[test]
fn forgetting_many_records_asks_and_can_be_undone_for_a_while() {
    let (mut app, id) = filled((120, 30), 1001);
    app.keys("C<Enter>");
    app.assert_shows("message 1000");
    app.keys("C");
    app.assert_shows("Forget all 1,001 records?");
    let effects = app.keys("y");
    app.assert_shows("1,001 records forgotten; u brings them back for 10 s");
    let timer = Timer::Forget;
    assert!(effects.contains(&Effect::After { delay: Duration::from_secs(10), timer }));
    more(&mut app, id, "since then");
    app.keys("/message<Enter>");
    assert!(!app.screen().contains("message 999"));
    app.keys("u");
    app.assert_shows("message 1000");
    app.assert_shows("1,001 records brought back");
    assert_eq!(app.shared.timeline.len(), 1002);

    // Its time is over when that of the last forgetting is.
    app.keys("Cy");
    app.send(Message::Timer(Timer::Forget));
    app.keys("u");
    assert_eq!(app.shared.timeline.len(), 1002);
    app.keys("Cy");
    app.send(Message::Timer(Timer::Forget));
    app.send(Message::Timer(Timer::Forget));
    app.keys("u");
    app.assert_shows("nothing to bring back");
    assert_eq!(app.shared.timeline.len(), 0);
}

#[test]
fn a_few_records_are_forgotten_unasked_and_their_conversation_comes_back_too() {
    let (mut app, id) = filled((120, 30), 1000);
    app.shared.zoom = false;
    app.keys("C");
    assert_eq!(
        (app.shared.timeline.len(), app.shared.session().unwrap().conversation.rows.len()),
        (0, 0)
    );
    more(&mut app, id, "since then");
    app.keys("u");
    let conversation = &app.shared.session().unwrap().conversation;
    let rows: u32 = conversation.rows.iter().map(|row| row.count).sum();
    assert_eq!((app.shared.timeline.len(), rows), (1001, 1001));
    app.keys("<F11>");
    app.assert_shows("since then");
}

#[test]
fn the_place_stays_when_older_rows_are_evicted() {
    let mut app =
        Driver::starting(Startup { size: (120, 30), timeline_bytes: 60_000, ..Startup::default() });
    let id = app.open(tcp_plan());
    app.shared.focus = Pane::Traffic;
    app.shared.zoom = true;
    app.event(traffic(vec![info(id.conn(1), Protocol::Tcp, Side::Client)], Vec::new()));
    for n in 0..600 {
        more(&mut app, id, &format!("n {n}."));
    }
    app.keys("kkk");
    let before = app.traffic.selected(&app.shared);
    assert_eq!(before, Some(RecordId(596)));
    for n in 600..700 {
        more(&mut app, id, &format!("n {n}."));
    }
    assert_eq!(app.traffic.selected(&app.shared), before);
    app.assert_shows("n 596.");
}

#[test]
fn hints_name_the_keys_that_are_in_force() {
    let line = |context: &str, keys: &str, action: &str| Override {
        context: context.into(),
        keys: keys.into(),
        action: action.into(),
    };
    let keymap = vec![
        line("lists and views", "G", ""),
        line("lists and views", "<End>", ""),
        line("lists and views", "b", "bottom"),
        line("conversation", "i", ""),
        line("conversation", "W", "input-line"),
        line("address line", "<Enter>", ""),
    ];
    let mut app = Driver::starting(Startup { size: (120, 40), keymap, ..Startup::default() });
    app.assert_shows("F5  sends the request");
    let id = connected(&mut app);
    let records = (0..200).map(|n| record(id.conn(1), n * 100, Direction::Received, b"x"));
    app.event(traffic(Vec::new(), records.collect()));
    app.keys("<Esc>");
    app.assert_shows("W writes here");
    app.keys("k");
    app.assert_shows("b follows");
    app.keys("<Tab>k");
    assert_eq!(app.screen().matches("b follows").count(), 2, "{}", app.screen());
    assert!(!app.screen().contains("G follows"));
}

#[test]
fn a_wide_line_of_keys_says_what_else_is_worth_doing_with_the_row() {
    let footer = |app: &Driver| app.screen().lines().last().unwrap_or_default().to_owned();
    let (narrow, _) = filled((80, 24), 3);
    assert!(!footer(&narrow).contains("Comment"), "{}", footer(&narrow));
    let (mut app, id) = filled((240, 30), 3);
    for part in ["o Open conversation", "r Replay", "; Comment", "% Statistics", "O Sort by"] {
        assert!(footer(&app).contains(part), "{part} in {}", footer(&app));
    }
    assert!(!footer(&app).contains("Next error") && !footer(&app).contains("Color rows"));
    let mut failed = record(id.conn(1), 10_000, Direction::Received, b"reset by the peer");
    failed.kind = RecordKind::Reset;
    app.event(traffic(Vec::new(), vec![failed]));
    app.keys("/error<Enter>G");
    let told = footer(&app);
    assert!(told.contains(") Next error") && told.contains("* Color rows"), "{told}");
    assert!(!told.contains("r Replay"), "nothing was said: {told}");
}

#[test]
fn a_row_that_was_read_from_a_file_opens_the_conversation_it_was_of() {
    let mut app = Driver::new((160, 48), START);
    let conn = SessionId::FOREIGN.conn(1);
    let infos = vec![info(conn, Protocol::Tcp, Side::Listener)];
    app.event(traffic(infos, vec![record(conn, 1, Direction::Received, b"from a file")]));
    app.keys("<A-5>o");
    app.assert_shows("as it was recorded");
    assert_eq!(app.shared.focus, Pane::Response);
}
