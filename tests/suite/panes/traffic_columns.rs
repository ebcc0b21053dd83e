//! The columns of Traffic: chosen, moved, made wider, kept; rows in the order of a column; how times are
//! written.

use wirebench::app::effect::Effect;
use wirebench::app::focus::Pane;
use wirebench::app::message::{Message, MouseKind, Timer};
use wirebench::model::id::SessionId;
use wirebench::model::protocol::{Protocol, Side};
use wirebench::model::record::Direction;
use wirebench::store::job::Reply;

use crate::harness::app::Driver;
use crate::harness::samples::{START, info, record, tcp_plan, traffic};

/// Rows of different lengths on two connections.
fn filled(size: (u16, u16), records: u64) -> (Driver, SessionId) {
    let mut app = Driver::new(size, START);
    app.tell(Message::Store(Reply::Restored(None)));
    let id = app.open(tcp_plan());
    let infos = [1, 2].map(|at| info(id.conn(at), Protocol::Tcp, Side::Listener)).to_vec();
    let list = (0..records).map(|n| {
        let text = format!("message {n} {}", "x".repeat((n * 7 % 10) as usize));
        record(id.conn(1 + (n % 2) as u32), n * 10, Direction::Received, text.as_bytes())
    });
    app.event(traffic(infos, list.collect()));
    app.shared.focus = Pane::Traffic;
    app.shared.zoom = true;
    (app, id)
}

fn header(app: &Driver) -> String {
    let screen = app.screen();
    screen.lines().find(|line| line.contains("summary")).unwrap_or_default().to_owned()
}

fn asks_to_sort(effects: &[Effect]) -> bool {
    let is_asked =
        |effect: &Effect| matches!(effect, Effect::After { timer: Timer::TrafficSort, .. });
    effects.iter().any(is_asked)
}

/// Lets the steps of sorting have their turns.
fn sort_through(app: &mut Driver, effects: &[Effect]) -> usize {
    let (mut steps, mut more) = (0, asks_to_sort(effects));
    while more {
        more = asks_to_sort(&app.tell(Message::Timer(Timer::TrafficSort)));
        steps += 1;
    }
    steps
}

#[test]
fn columns_are_chosen_moved_and_resized_in_a_window_and_seen_at_once() {
    let (mut app, _) = filled((120, 40), 20);
    app.keys("#");
    app.assert_shows("Columns");
    app.assert_shows("[x] time");
    app.assert_shows("[ ] peer");
    // The peer is shown, and stands first.
    app.keys("jjj<Space>KKK");
    let shown = header(&app);
    assert!(shown.find("peer") < shown.find('#'), "{shown}");
    app.assert_shows("127.0.0.1:40001");
    let before = header(&app).find('#');
    app.keys("<Right><Right>");
    assert_eq!(header(&app).find('#'), before.map(|at| at + 2));
    app.keys("u");
    assert!(!header(&app).contains("peer"));
    app.keys("<Esc>");
    assert!(!app.shows("[x] time"));
}

#[test]
fn columns_and_times_come_back_with_the_next_run() {
    let (mut app, _) = filled((120, 40), 20);
    app.keys("#jjj<Space><Esc>i");
    app.tell(Message::Timer(Timer::Restore));
    let kept = app.store.restore.clone().map(Box::new);
    let mut next = Driver::new((120, 40), START);
    next.tell(Message::Store(Reply::Restored(kept)));
    assert_eq!(next.shared.columns, app.shared.columns);
    assert!(next.shared.columns != wirebench::app::App::default().shared.columns);
}

#[test]
fn every_cell_of_a_row_is_offered_as_a_filter() {
    let (mut app, _) = filled((120, 40), 20);
    app.keys("gf");
    for test in ["time == 00:16:40.000", "conn == 1/1", "peer == 127.0.0.1:40001", "dir == in"] {
        app.assert_shows(test);
    }
    // What hardly another row has comes last.
    app.keys("len ==");
    app.assert_shows("len == 10");
    app.keys("<C-u>");
    app.keys("peer == 127.0.0.1:40001<Enter>");
    assert_eq!(app.traffic.len(), 10);
    app.keys("gjfdelta >=<Enter>");
    app.assert_shows("and delta >= 20000us");
    assert_eq!(app.traffic.len(), 9);
}

#[test]
fn rows_stand_in_the_order_of_a_column_until_escape_and_what_comes_is_counted() {
    let (mut app, id) = filled((120, 40), 40);
    let effects = app.keys("Olength<Enter>");
    sort_through(&mut app, &effects);
    app.assert_shows("len▴");
    app.assert_shows("by length, +0 since");
    let lengths = |app: &Driver| -> Vec<usize> {
        let row = |at| {
            app.shared
                .timeline
                .range(app.traffic.row(at).unwrap(), app.shared.timeline.next_id())
                .next()
        };
        (0..app.traffic.len()).map(|at| row(at).unwrap().1.data.len()).collect()
    };
    let found = lengths(&app);
    assert!(found.len() == 40 && found.is_sorted(), "{found:?}");
    // What comes now is not put among them.
    let one = vec![record(id.conn(1), 9_999, Direction::Received, b"late")];
    app.event(traffic(Vec::new(), one));
    app.assert_shows("by length, +1 since");
    assert_eq!(app.traffic.len(), 40);
    // The other way, by its title.
    app.click("len▴");
    let effects = app.tell(Message::Timer(Timer::TrafficSort));
    sort_through(&mut app, &effects);
    app.assert_shows("len▾");
    assert!(lengths(&app).iter().rev().is_sorted());
    let selected = app.traffic.selected(&app.shared);
    app.keys("<Esc>");
    assert_eq!(app.traffic.len(), 41);
    assert_eq!(app.traffic.selected(&app.shared), selected, "the row stays under the cursor");
    assert!(!app.shows("since;"));
}

#[test]
fn many_rows_are_sorted_in_steps_and_a_filter_keeps_the_order() {
    let (mut app, _) = filled((120, 40), 100_000);
    let effects = app.keys("Olength<Enter>");
    app.assert_shows("sorting by length");
    app.assert_shows("message 99999");
    assert!(sort_through(&mut app, &effects) > 10);
    app.assert_shows("by length, +0 since");
    let effects = app.keys("/conn == 1/1<Enter>");
    let effects = [effects, app.tell(Message::Timer(Timer::FilterRebuild))].concat();
    sort_through(&mut app, &effects);
    app.assert_shows("by length, +0 since");
    assert_eq!(app.traffic.len(), 50_000);
}

#[test]
fn the_mouse_makes_a_column_wider_and_sorts_by_a_title() {
    let (mut app, _) = filled((120, 40), 20);
    let screen = app.screen();
    let (row, line) =
        screen.lines().enumerate().find(|(_, line)| line.contains("summary")).unwrap();
    let cell = |line: &str, word: &str| line.find(word).map(|at| line[..at].chars().count());
    let edge = cell(line, "conn").unwrap() as u16 + 16;
    app.mouse(MouseKind::Press, edge, row as u16);
    app.mouse(MouseKind::Drag, edge + 5, row as u16);
    app.mouse(MouseKind::Release, edge + 5, row as u16);
    let wider = header(&app);
    assert_eq!(cell(&wider, "kind"), cell(line, "kind").map(|at| at + 5));
    app.click("conn");
    app.assert_shows("conn▴");
}

#[test]
fn times_count_from_the_marked_row_before() {
    let (mut app, _) = filled((120, 40), 20);
    app.keys("gjjmiiii");
    app.assert_shows("since mark");
    app.assert_shows("0.170000");
    app.keys("i");
    assert!(!app.shows("since mark"));
}
