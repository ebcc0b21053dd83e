//! Windows over Traffic on screens of every size: what their borders say of keys, and what is seen beside them.

use wirebench::app::focus::Pane;
use wirebench::model::id::SessionId;
use wirebench::model::protocol::{Protocol, Side};
use wirebench::model::record::{Direction, RecordKind};

use crate::harness::app::Driver;
use crate::harness::samples::{START, fact, info, record, tcp_plan, traffic};

/// Rows of one peer, in Traffic; the last says something long that crossed no socket.
fn rows(size: (u16, u16)) -> (Driver, SessionId) {
    let mut app = Driver::new(size, START);
    let id = app.open(tcp_plan());
    let infos = vec![info(id.conn(1), Protocol::Tcp, Side::Listener)];
    let data = |n| record(id.conn(1), n, Direction::Received, b"message");
    let words = "a sentence that is longer than any of the messages before it";
    let said = fact(id.conn(1), Direction::Local, RecordKind::Note, words);
    app.event(traffic(infos, (0..40).map(data).chain([said]).collect()));
    app.shared.focus = Pane::Traffic;
    (app, id)
}

#[test]
fn the_window_of_columns_says_its_keys_and_leaves_titles_and_rows_in_sight() {
    for size in [(80, 24), (120, 40), (160, 48), (200, 60)] {
        for is_zoomed in [false, true] {
            let (mut app, _) = rows(size);
            app.shared.zoom = is_zoomed;
            app.keys("#");
            let screen = app.screen();
            assert!(screen.contains("Space show"), "{size:?}\n{screen}");
            assert!(screen.contains("Esc close"), "{size:?}\n{screen}");
            let rows = screen.lines().filter(|line| line.contains("00:16:40")).count();
            assert!(rows >= 3, "{size:?} {is_zoomed}: {rows} rows beside it\n{screen}");
            if is_zoomed || size.1 > 24 {
                assert!(screen.contains("summary"), "{size:?} {is_zoomed}\n{screen}");
            }
            let listed = screen.lines().filter(|line| line.contains("] ")).count();
            assert!(listed >= 8, "{size:?}: {listed} columns\n{screen}");
        }
    }
}

#[test]
fn what_a_border_has_no_room_for_is_left_out_from_before_the_last_and_the_rest_is_clicked() {
    let (mut app, _) = rows((80, 24));
    app.keys("f");
    app.assert_shows("Enter take");
    app.assert_shows("Esc close");
    app.click("Esc close");
    assert!(app.overlays.is_empty());
    let (mut app, _) = rows((50, 24));
    app.keys("#");
    app.assert_shows("Space show");
    assert!(!app.screen().contains("Enter sort"), "{}", app.screen());
    app.click("Esc close");
    assert!(app.overlays.is_empty());
}

#[test]
fn a_length_is_asked_of_bytes_that_crossed_alone() {
    let (mut app, _) = rows((120, 40));
    app.keys("/len > 10<Enter>");
    app.assert_shows("none of 41 records matches");
    app.keys("/<C-u>len > 5<Enter>");
    app.assert_shows("len > 5  40 shown");
}

#[test]
fn the_chart_of_seconds_is_as_high_as_the_window_has_room_and_says_from_when_to_when_it_is() {
    for (size, high) in [((80, 24), 1), ((120, 40), 3), ((160, 48), 5), ((200, 60), 5)] {
        let (mut app, id) = rows(size);
        // One in the first second, forty in the last.
        let later = (0..40)
            .map(|n| record(id.conn(1), 7_000 + n, Direction::Sent, b"one of many in a second"));
        app.event(traffic(Vec::new(), later.collect()));
        app.keys("/out or data contains \"longer than any\"<Enter>");
        app.event(traffic(
            Vec::new(),
            vec![record(id.conn(1), 39_000, Direction::Sent, b"the last")],
        ));
        app.keys("%");
        let screen = app.screen();
        let bars = screen.lines().filter(|line| line.starts_with("│") && line.contains('█'));
        let bars = bars.filter(|line| !line.contains("sizes") && !line.contains("1 a title"));
        assert_eq!(bars.count(), high, "{size:?}\n{screen}");
        assert!(screen.contains("at most 40/s"), "{screen}");
        assert_eq!(screen.contains("00:16:47 to 00:17:19"), size.0 > 80, "{size:?}\n{screen}");
        assert_eq!(screen.contains("p90"), size.0 > 80, "{size:?}\n{screen}");
    }
}

#[test]
fn a_saved_filter_is_taken_by_the_beginning_of_its_name_and_a_typed_one_as_it_is() {
    let (mut app, _) = rows((120, 40));
    app.keys("/len > 5<Enter>Wlong ones<Enter>");
    app.keys("/<C-u><Enter>flong<Enter>");
    assert_eq!(app.traffic.filter.text, "len > 5");
    app.keys("/<C-u><Enter>fones longer<Enter>");
    assert_eq!(app.traffic.filter.text, "ones longer");
    app.keys("/<C-u><Enter>flen > 6<Enter>");
    assert_eq!(app.traffic.filter.text, "len > 6");
}

#[test]
fn the_border_of_traffic_tells_how_many_rows_there_are_however_long_the_filter_is() {
    let (mut app, _) = rows((80, 24));
    let long = "message or text contains 'one' or text contains 'two' or text contains 'three'";
    app.keys(&format!("/{long}<Enter>"));
    app.assert_shows("Traffic ─ 41 records");
    app.assert_shows("…  41 shown");
}

#[test]
fn what_is_wrong_with_a_filter_is_told_to_its_end_on_a_small_screen() {
    let (mut app, _) = rows((80, 24));
    app.shared.zoom = true;
    let told = |app: &Driver| {
        let screen = app.screen().replace(['┃', '│'], " ");
        screen.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    app.keys("/ip.src == 10.0.0.1");
    assert!(told(&app).contains("or local == 10.0.0.1 and out (column 1)"), "{}", app.screen());
    app.keys("<C-u>tcp.port == 80");
    assert!(told(&app).contains("to find the text) (column 1)"), "{}", app.screen());
    app.keys("<C-u>len > x");
    app.assert_shows("^ ");
}
