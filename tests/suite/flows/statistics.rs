//! The window of statistics: what it counts, how it goes on, what its keys do; and whose peers are.

use std::sync::Arc;

use wirebench::app::effect::Effect;
use wirebench::app::focus::Pane;
use wirebench::app::message::{Input, Message, Timer};
use wirebench::engine::event::Event;
use wirebench::model::id::SessionId;
use wirebench::model::peer_owner::{LocalUser, PeerOwner, PeerProcess};
use wirebench::model::protocol::{Protocol, Side};
use wirebench::model::record::{ConnInfo, Direction};
use wirebench::model::timing::Stamp;

use crate::harness::app::Driver;
use crate::harness::samples::{START, info, record, tcp_plan, traffic};

const SIZE: (u16, u16) = (130, 40);

/// Two clients of a listener, one of this machine: each asks and is answered.
fn asked() -> (Driver, SessionId) {
    let mut app = Driver::new(SIZE, START);
    let id = app.open(tcp_plan());
    let conn = |index, peer: &str| {
        let known = info(id.conn(index), Protocol::Tcp, Side::Listener);
        ConnInfo { peer: peer.parse().ok(), ..known }
    };
    let records = vec![
        record(id.conn(1), 1, Direction::Received, b"ask"),
        record(id.conn(1), 5, Direction::Sent, b"answer"),
        record(id.conn(2), 6, Direction::Received, &[b'x'; 2048]),
        record(id.conn(2), 16, Direction::Sent, b"ok"),
    ];
    app.event(traffic(vec![conn(1, "127.0.0.1:41000"), conn(2, "192.0.2.7:41001")], records));
    app.shared.focus = Pane::Traffic;
    app.shared.zoom = true;
    (app, id)
}

fn found(id: SessionId) -> Event {
    let owner = PeerOwner::Process(PeerProcess {
        pid: 4711,
        program: "curl".into(),
        user: LocalUser { uid: 1000, name: Some("ann".into()) },
        listens: false,
        is_us: false,
    });
    Event::PeerFound { conn: id.conn(1), info: None, since: Stamp(0), owner: Arc::new(owner) }
}

/// Whether a step of counting is asked for.
fn is_due(effects: &[Effect]) -> bool {
    effects.iter().any(|it| matches!(it, Effect::After { timer: Timer::Statistics, .. }))
}

/// Counts to the end.
fn counted(app: &mut Driver, mut effects: Vec<Effect>) {
    while is_due(&effects) {
        effects = app.tell(Message::Timer(Timer::Statistics));
    }
}

/// The line of the screen with this in it.
fn line(app: &mut Driver, part: &str) -> String {
    let screen = app.screen();
    let found = screen.lines().find(|line| line.contains(part));
    found.unwrap_or_else(|| panic!("no {part:?} in\n{screen}")).to_owned()
}

#[test]
fn a_key_adds_up_what_crossed_by_session_peer_process_and_second() {
    let (mut app, id) = asked();
    let effects = app.keys("%");
    counted(&mut app, effects);
    let totals = line(&mut app, "4 records");
    assert!(totals.contains("▶ 8 B") && totals.contains("◀ 2.0 KiB"), "{totals}");
    assert!(totals.contains("p50") && totals.contains("10.0 ms max"), "{totals}");
    assert!(line(&mut app, &format!("{id} a title")).contains('4'));
    app.keys("<Tab>");
    assert!(line(&mut app, "192.0.2.7").contains("2.0 KiB"));
    app.keys("<Tab>");
    line(&mut app, "(not known)");
    line(&mut app, "(not on this machine)");
    let effects = app.event(found(id));
    assert!(is_due(&effects));
    counted(&mut app, effects);
    assert!(line(&mut app, "curl").contains(" 2 "));
    app.keys("<Tab>");
    // All of it took 16 ms, which one bar of a second says nothing about.
    assert!(line(&mut app, "at most 1 in 1 ms").contains("1 ms     █   ██         █"));
    line(&mut app, "00:16:40.001 to 00:16:40.017");
    app.keys("<Tab>");
    line(&mut app, &format!("{id} a title"));
}

#[test]
fn it_is_updated_while_it_is_open_and_asks_for_nothing_while_nothing_comes() {
    let (mut app, id) = asked();
    let effects = app.keys("%");
    counted(&mut app, effects);
    let more = |at| traffic(Vec::new(), vec![record(id.conn(1), at, Direction::Received, b"more")]);
    assert!(is_due(&app.event(more(20))));
    assert!(!is_due(&app.event(more(21))), "one timer is enough");
    let effects = app.tell(Message::Timer(Timer::Statistics));
    line(&mut app, "6 records");
    assert!(!is_due(&effects));
    app.keys("<Esc>");
    assert!(!is_due(&app.event(more(22))), "nobody wants to know");
    assert!(!is_due(&app.tell(Message::Timer(Timer::Statistics))));
}

#[test]
fn enter_filters_by_the_row_beside_the_filter_that_is_counted() {
    let (mut app, _) = asked();
    let effects = app.keys("%<Tab><Right><Right>");
    counted(&mut app, effects);
    // By bytes that came, the most first.
    app.keys("<Enter>");
    assert_eq!(app.traffic.filter.text, "peer == 192.0.2.7");
    assert!(app.overlays.is_empty());
    let effects = app.keys("%");
    counted(&mut app, effects);
    line(&mut app, "2 records");
    line(&mut app, "of peer == 192.0.2.7");
    let effects = app.keys("f");
    counted(&mut app, effects);
    line(&mut app, "4 records");
    let effects = app.keys("f");
    counted(&mut app, effects);
    app.keys("<Enter>");
    assert_eq!(app.traffic.filter.text, "peer == 192.0.2.7 and session == 1");
}

#[test]
fn rows_are_sorted_turned_and_copied_as_a_table() {
    let (mut app, _) = asked();
    let effects = app.keys("%<Tab>");
    counted(&mut app, effects);
    let first = |app: &mut Driver| {
        let screen = app.screen();
        let at = |part: &str| screen.find(part).unwrap();
        if at("127.0.0.1 ") < at("192.0.2.7 ") { "127" } else { "192" }
    };
    app.keys("<Right><Right>");
    assert_eq!(first(&mut app), "192");
    app.keys("<Space>");
    assert_eq!(first(&mut app), "127");
    let effects = app.keys("Y");
    let text = effects.iter().find_map(|effect| match effect {
        Effect::Copy { text, .. } => Some(text.clone()),
        _ => None,
    });
    let text = text.unwrap();
    assert!(text.starts_with("name\trecords\t") && text.lines().count() == 3, "{text}");
    assert!(text.contains("192.0.2.7\t2\t2\t2048\t0\t"), "exact, without units: {text}");
    assert!(text.contains("\tp50 ms\t") && text.contains("\t10.000\t"), "{text}");
}

#[test]
fn whose_a_peer_is_stands_in_the_detail_and_is_filtered_by() {
    let (mut app, id) = asked();
    app.keys("/process == curl<Enter>");
    assert_eq!(app.traffic.listing.len(), 0);
    app.event(found(id));
    assert_eq!(app.traffic.listing.len(), 2, "rows appear when it is found");
    app.keys("G<Enter>");
    let detail = line(&mut app, "peer curl");
    assert!(detail.contains("peer curl (pid 4711, user ann)"), "{detail}");
    assert!(detail.contains("answer after 4.0 ms"), "{detail}");
}

#[test]
fn the_window_is_drawn_as_it_was() {
    let (mut app, _) = asked();
    let effects = app.keys("%");
    counted(&mut app, effects);
    crate::ui::snapshots::of("statistics", &app);
    app.send(Message::Input(Input::Resize { columns: 80, rows: 24 }));
    app.keys("<Tab>");
    crate::ui::snapshots::of("statistics", &app);
}

#[test]
fn a_second_click_opens_the_row() {
    let (mut app, _) = asked();
    let effects = app.keys("%");
    counted(&mut app, effects);
    app.keys("<Tab>");
    let screen = app.screen();
    let row = screen.lines().position(|line| line.contains("192.0.2.7")).unwrap() as u16;
    app.click_at(6, row);
    assert!(!app.app.overlays.is_empty());
    app.click_at(6, row);
    assert!(app.app.overlays.is_empty(), "{}", app.screen());
    assert!(app.app.traffic.filter.text.contains("192.0.2.7"), "{}", app.app.traffic.filter.text);
}

/// A file of several days had seconds that looked alike, and a filter for one was one for each day.
#[test]
fn seconds_of_other_days_have_their_date() {
    let (mut app, id) = asked();
    let day = 24 * 60 * 60 * 1000;
    let later = vec![record(id.conn(1), 2 * day, Direction::Received, b"later")];
    app.event(traffic(Vec::new(), later));
    app.assert_shows("Jan 01");
    app.assert_shows("Jan 03");
    let effects = app.keys("%<Tab><Tab><Tab>");
    counted(&mut app, effects);
    line(&mut app, "Jan 03 ");
    app.keys("<Enter>");
    let text = &app.traffic.filter.text;
    assert!(text.starts_with("time == 1970-01-03T"), "{text}");
    app.assert_shows("1 shown");
}
