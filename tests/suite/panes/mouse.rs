//! What can be clicked.

use wirebench::app::focus::Pane;
use wirebench::app::message::MouseKind;
use wirebench::engine::event::Event;
use wirebench::model::id::RecordId;
use wirebench::model::protocol::{Protocol, Side};
use wirebench::model::record::Direction;

use super::connected;
use crate::harness::app::Driver;
use crate::harness::samples::{
    START, answer, exchange, http_plan, info, record, tcp_plan, traffic,
};

#[test]
fn tabs_rows_peers_and_the_input_line_can_be_clicked() {
    let mut app = Driver::new((120, 40), START);
    let id = app.open(http_plan());
    app.event(Event::Exchange(Box::new(exchange(id, 0, Some(answer(200, 1, 500))))));
    app.click("Timing");
    app.assert_shows("Wait for first byte");
    let id = connected(&mut app);
    let infos = (2..=3).map(|n| info(id.conn(n), Protocol::Tcp, Side::Client)).collect();
    app.event(traffic(infos, vec![record(id.conn(3), 9, Direction::Sent, b"to three")]));
    app.keys("<Esc>");
    app.click("❯");
    app.keys("typed");
    app.assert_shows("❯ typed");
    app.click("127.0.0.1:40003");
    let screen = app.screen();
    let (above, _) = screen.split_once("Traffic").unwrap();
    assert!(above.contains("to three") && !above.contains("220 hello"), "{above}");
    app.shared.focus = Pane::Traffic;
    app.click("connected to 127");
    assert_eq!(app.traffic.selected(&app.shared), Some(RecordId(0)));
}

/// Two peers with data of different lengths, in Traffic.
fn two_peers() -> Driver {
    let mut app = Driver::new((120, 40), START);
    let id = app.open(tcp_plan());
    let infos = [1, 2].map(|at| info(id.conn(at), Protocol::Tcp, Side::Listener)).to_vec();
    let data = |n: u64| record(id.conn(1 + n as u32 % 2), n, Direction::Received, b"message");
    app.event(traffic(infos, (0..9).map(data).collect()));
    app.shared.focus = Pane::Traffic;
    app
}

#[test]
fn kinds_headings_and_scope_of_statistics_and_hints_of_windows_can_be_clicked() {
    let mut app = two_peers();
    app.keys("/len > 0<Enter>%");
    app.assert_shows("of len > 0");
    app.assert_shows("records↓");
    app.click("records↓");
    app.assert_shows("records↑");
    app.click("errors");
    app.assert_shows("errors↓");
    app.click("Peers");
    app.assert_shows("name");
    app.click("of len > 0");
    app.assert_shows("of all records, not only len > 0");
    let kinds = app.screen();
    app.click("kind ·");
    assert_ne!(app.screen(), kinds, "the hint turns to the next kind");
    app.click("close");
    assert!(app.overlays.is_empty());
    assert_eq!(app.shared.focus, Pane::Traffic);
}

#[test]
fn columns_are_shown_by_their_boxes_carried_by_dragging_and_sorted_by_twice() {
    let mut app = two_peers();
    app.keys("#");
    let row_of = |app: &Driver, name: &str| {
        let screen = app.screen();
        let is_it = |line: &&str| line.contains("] ") && line.contains(&format!("] {name} "));
        let line = screen.lines().find(is_it).unwrap_or_else(|| panic!("{screen}")).to_owned();
        let row = screen.lines().position(|it| it == line).unwrap() as u16;
        (line.chars().take_while(|c| *c != '[').count() as u16, row, line.contains("[x]"))
    };
    let (x, row, is_shown) = row_of(&app, "length");
    app.click_at(x, row);
    assert_eq!(row_of(&app, "length").2, !is_shown);
    app.mouse(MouseKind::Press, x + 8, row);
    app.mouse(MouseKind::Drag, x + 8, row - 2);
    app.mouse(MouseKind::Release, x + 8, row - 2);
    assert_eq!(row_of(&app, "length").1, row - 2, "it is carried");
    app.mouse(MouseKind::Drag, x + 8, row);
    assert_eq!(row_of(&app, "length").1, row - 2, "it was let go");
    app.click_at(x + 8, row - 2);
    app.click_at(x + 8, row - 2);
    assert!(app.overlays.is_empty() && app.traffic.sorted.is_some());
}

#[test]
fn what_is_typed_among_the_filters_is_one_or_it_is_said_why_not() {
    let mut app = two_peers();
    app.keys("flen > 3<Enter>");
    app.assert_shows("filter: len > 3");
    app.keys("flen >");
    app.assert_shows("nothing matches; as a filter it is not clear: column");
}
