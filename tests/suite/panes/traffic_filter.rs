//! The filter of Traffic as it is typed: what it offers, says, remembers; filters by cells of a row;
//! jumps to errors, slow and marked rows; comments.

use wirebench::app::focus::Pane;
use wirebench::app::message::{Input, Message};
use wirebench::engine::event::Event;
use wirebench::model::exchange::{Exchange, ExchangeState};
use wirebench::model::id::SessionId;
use wirebench::model::protocol::{Protocol, Side};
use wirebench::model::record::{Direction, RecordKind};
use wirebench::query::FIELDS;

use crate::harness::app::Driver;
use crate::harness::samples::{
    START, answer, exchange, fact, http_plan, info, record, tcp_plan, traffic,
};

fn filled(records: u64) -> (Driver, SessionId) {
    let mut app = Driver::new((120, 40), START);
    let id = app.open(tcp_plan());
    let infos = vec![
        info(id.conn(1), Protocol::Tcp, Side::Listener),
        info(id.conn(2), Protocol::Tcp, Side::Listener),
    ];
    let list = (0..records).map(|n| {
        let way = if n % 5 == 0 { Direction::Sent } else { Direction::Received };
        record(id.conn(1 + (n % 2) as u32), n * 10, way, format!("message {n}").as_bytes())
    });
    app.event(traffic(infos, list.collect()));
    app.shared.focus = Pane::Traffic;
    app.shared.zoom = true;
    (app, id)
}

#[test]
fn an_empty_prompt_lists_the_fields_and_tab_completes_field_operator_and_value() {
    let (mut app, _) = filled(20);
    app.keys("/");
    app.assert_shows("port == 9000  Port of either end");
    app.assert_shows(&format!("1 of {}", FIELDS.len()));
    app.keys("con<Tab>");
    app.assert_shows("filter: conn");
    app.assert_shows("conn ==");
    app.keys("<Tab>");
    app.assert_shows("of 1 ");
    app.keys("<Down><Tab>");
    app.assert_shows("10 of 20 shown");
    app.keys("<Enter>");
    app.assert_shows("filter: conn == 1/");
    app.assert_shows("10 shown");
}

#[test]
fn a_mistake_is_a_whole_sentence_with_its_place_and_f1_is_the_page() {
    let (mut app, _) = filled(20);
    app.keys("/size > 4");
    app.assert_shows("^ 'size' is called len here; write len > 4");
    app.assert_shows("(column 1)");
    app.keys("<F1>");
    app.assert_shows("Help ─ filters");
    app.keys("latency");
    app.assert_shows("latency > 200ms");
    app.keys("<Esc>");
    app.assert_shows("filter: size > 4");
}

#[test]
fn filters_used_before_come_back_with_up_and_after_a_restart() {
    let (mut app, _) = filled(20);
    app.keys("/dir == out<Enter>");
    app.keys("/<C-u>conn == 1/1<Enter>");
    app.keys("/<C-u><Up>");
    app.assert_shows("filter: conn == 1/1");
    app.keys("<Up>");
    app.assert_shows("filter: dir == out");
    app.assert_shows("4 of 20 shown");
    app.keys("<Down><Down>");
    app.assert_shows("20 of 20 shown");
    let kept: Vec<_> = app.shared.filters.saved();
    assert_eq!(kept, [("filters-used".to_owned(), "dir == out\nconn == 1/1".to_owned())]);
}

#[test]
fn a_cell_of_a_row_becomes_a_filter_or_its_opposite_beside_the_one_in_force() {
    let (mut app, _) = filled(20);
    app.keys("/dir == in<Enter>f");
    app.assert_shows("Filter by");
    app.keys("not conn<Enter>");
    app.assert_shows("filter: dir == in and not conn == 1/2");
    assert_eq!(app.traffic.len(), 8);
}

#[test]
fn a_filter_gets_a_name_and_is_chosen_by_it() {
    let (mut app, _) = filled(20);
    app.keys("/dir == out<Enter>Wanswers<Enter>");
    app.assert_shows("answers is saved");
    app.keys("fforget ans<Enter>");
    app.assert_shows("no filter has the name answers any more");
    let kept = app.shared.filters.saved();
    assert_eq!(kept, [("filters-used".to_owned(), "dir == out".to_owned())], "it is not gone");
    app.keys("Wanswers<Enter>/<C-u><Enter>fans<Enter>");
    app.assert_shows("filter: dir == out");
    app.keys("/<C-u><Enter>fanswers<Enter>");
    app.assert_shows("filter: dir == out");
}

#[test]
fn a_filter_that_finds_nothing_says_what_was_searched_and_what_would_find_some() {
    let (mut app, _) = filled(20);
    app.keys("/dir == out and port == 81<Enter>");
    app.assert_shows("none of 20 records matches");
    app.assert_shows("dir == out  alone finds 4");
    app.assert_shows("port == 81  finds none; seen are 40001, 40002, 9000");
}

#[test]
fn records_of_an_exchange_answer_for_it_once_its_answer_is_known() {
    let mut app = Driver::new((120, 40), START);
    let id = app.open(http_plan());
    app.shared.focus = Pane::Traffic;
    app.shared.zoom = true;
    app.keys("/status == 2xx and method == GET<Enter>");
    let request = record(id.conn(1), 5, Direction::Sent, b"GET / HTTP/1.1\r\n\r\n");
    let info = info(id.conn(1), Protocol::Http, Side::Client);
    app.event(traffic(vec![info], vec![request]));
    assert_eq!(app.traffic.len(), 0);
    let asked = Exchange { state: ExchangeState::Active, ..exchange(id, 0, None) };
    app.event(Event::Exchange(Box::new(asked)));
    assert_eq!(app.traffic.len(), 0, "no answer yet");
    app.event(Event::Exchange(Box::new(exchange(id, 0, Some(answer(200, 7, 2))))));
    assert_eq!(app.traffic.len(), 1, "the request that was there before");
    let answer = record(id.conn(1), 6, Direction::Received, b"HTTP/1.1 200 OK\r\n\r\nok");
    app.event(traffic(Vec::new(), vec![answer]));
    assert_eq!(app.traffic.len(), 2);
    app.keys("/<C-u>header.x-case == kept<Enter>");
    assert_eq!(app.traffic.len(), 2);
    app.keys("/<C-u>status != 200<Enter>");
    app.assert_shows("status != 200  finds none; seen are 200");
}

#[test]
fn keys_jump_to_errors_slow_answers_and_marked_rows() {
    let (mut app, id) = filled(40);
    let conn = id.conn(1);
    app.event(traffic(
        Vec::new(),
        vec![
            fact(conn, Direction::Local, RecordKind::Failed, "this failed: connection refused"),
            record(conn, 1_000, Direction::Received, b"ask"),
            record(conn, 9_000, Direction::Sent, b"slow answer"),
            record(conn, 9_001, Direction::Received, b"the end"),
        ],
    ));
    let row = |app: &Driver| app.traffic.selected(&app.shared).unwrap().0;
    app.keys("g)");
    assert_eq!(row(&app), 40);
    app.keys(")");
    app.assert_shows("no error below this row");
    app.keys("g>");
    assert_eq!(row(&app), 42);
    app.keys("ggmjjjmg'");
    assert_eq!(row(&app), 3);
    app.keys("\"");
    assert_eq!(row(&app), 0);
    app.keys("\"");
    app.assert_shows("no marked row above this row");
}

#[test]
fn a_comment_marks_its_row_is_shown_and_can_be_filtered() {
    let (mut app, _) = filled(20);
    app.keys("gj;odd one<Enter>");
    app.assert_shows("✎ odd one");
    app.assert_shows("◆");
    app.keys("/comment contains odd<Enter>");
    assert_eq!(app.traffic.len(), 1);
    app.keys("m");
    app.keys("/<C-u>marked<Enter>");
    assert_eq!(app.traffic.len(), 0);
}

#[test]
fn o_shows_the_conversation_at_the_row_and_escape_comes_back_to_it() {
    let (mut app, _) = filled(20);
    app.keys("gjjj");
    app.keys("o");
    assert_eq!(app.shared.focus, Pane::Response);
    app.assert_shows("Esc goes back to the traffic");
    app.keys("<Enter>");
    app.assert_shows("message 3");
    app.keys("<Esc><Esc>");
    assert_eq!(app.shared.focus, Pane::Traffic);
    assert_eq!(app.traffic.selected(&app.shared).unwrap().0, 3);
    app.keys("<Esc>");
    assert!(!app.shared.zoom, "only the first one led back");
}

#[test]
fn o_shows_the_conversation_of_a_row_that_nothing_here_runs_of_and_escape_comes_back() {
    let file = SessionId::FOREIGN;
    let [here, there] = [file.conn(1), file.conn(2)];
    for protocol in Protocol::ALL {
        let mut app = Driver::new((120, 30), START);
        let infos = [here, there].map(|conn| info(conn, protocol, Side::Listener)).to_vec();
        let said = |n: u64| {
            let (conn, way) = match n % 3 {
                0 => (there, Direction::Received),
                1 => (here, Direction::Received),
                _ => (here, Direction::Sent),
            };
            let mut record = record(conn, n * 100, way, format!("message {n}").as_bytes());
            if protocol == Protocol::Ws {
                // What has no frame led to the conversation and is none of it.
                record.frames = bytes::Bytes::from_static(b"\x81\x09");
            }
            record
        };
        app.event(traffic(infos, (0..40).map(said).collect()));
        app.shared.focus = Pane::Traffic;
        app.keys("gjjjj");
        app.keys("o");
        assert_eq!(app.shared.focus, Pane::Response, "{protocol:?}");
        app.assert_shows("Esc goes back to the traffic");
        app.assert_shows("as it was recorded");
        app.shared.zoom = true;
        let screen = app.screen();
        assert!(screen.contains("message 5") && !screen.contains("message 6"), "{screen}");
        assert!(!screen.contains("writes here") && !screen.contains("opens it again"), "{screen}");
        app.keys("<Enter>");
        app.assert_shows("#4 ");
        // What comes later of it belongs to it, what comes of others does not.
        app.event(traffic(Vec::new(), (40..43).map(said).collect()));
        app.keys("<Esc>G");
        let screen = app.screen();
        assert!(screen.contains("message 41") && !screen.contains("message 42"), "{screen}");
        app.keys("i");
        app.assert_shows("nothing of this runs here");
        app.shared.zoom = false;
        app.keys("<Esc>");
        assert_eq!(app.shared.focus, Pane::Traffic);
        assert_eq!(app.traffic.selected(&app.shared).unwrap().0, 4);
        assert!(app.shared.session().is_none(), "the draft shows its own again");
    }
}

#[test]
fn times_are_shown_in_turn_and_gone_to() {
    let (mut app, _) = filled(200);
    app.keys("gj");
    let clock = app.shared.time_of_day(START);
    app.keys("i");
    app.assert_shows(&format!("{clock}000"));
    app.keys("i");
    app.assert_shows("time UTC");
    app.keys("i");
    app.assert_shows("since start");
    app.assert_shows("0.010000");
    app.keys("ii");
    app.assert_shows("date and time");
    app.assert_shows(&format!("1970-01-01 {clock}"));
    app.keys("iiii");
    app.assert_shows("since start");
    app.keys("i@");
    app.assert_shows("go to (14:02");
    let later = app.shared.time_of_day(START + std::time::Duration::from_millis(500));
    app.keys(&format!("{later}<Enter>"));
    assert_eq!(app.traffic.selected(&app.shared).unwrap().0, 50);
    app.keys("@25:00<Enter>");
    app.assert_shows("is not a time");
    // What was typed is still there to be mended.
    app.assert_shows("go to (14:02, 14:02:07.5, #1234): 25:00");
    app.keys(&format!("<C-u>{later}<Enter>"));
    assert!(!app.screen().contains("go to (14:02"), "{}", app.screen());
}

#[test]
fn a_row_is_gone_to_by_its_number() {
    let (mut app, _) = filled(200);
    app.keys("@#120<Enter>");
    assert_eq!(app.traffic.selected(&app.shared).unwrap().0, 120);
    app.keys("/conn == 1/1<Enter>@#121<Enter>");
    assert_eq!(app.traffic.selected(&app.shared).unwrap().0, 122, "the next that is shown");
    app.assert_shows("there is no such row here");
    app.keys("@#9,999<Enter>");
    app.assert_shows("no row here has that number");
    app.keys("<Esc>/<C-u>number in 5..9<Enter>");
    app.assert_shows("5 shown");
    app.keys("@#x<Enter>");
    app.assert_shows("'x' is not the number of a row");
    app.assert_shows("#1234): #x");
}

/// A list in which nobody says `or` in small letters between spaces let through what it should not.
#[test]
fn a_filter_of_the_row_narrows_whatever_is_in_force() {
    let (mut app, _) = filled(20);
    app.keys("/text:\"message 1\" OR text:\"message 2\"<Enter>");
    app.keys("gf");
    app.assert_shows("dir == ");
    app.keys("direction<Enter>");
    let narrowed = "(text:\"message 1\" OR text:\"message 2\") and dir == in";
    assert_eq!(app.traffic.filter.text, narrowed);
}

#[test]
fn every_line_that_is_typed_says_how_it_is_taken_and_left() {
    for (columns, rows) in [(80, 24), (120, 40)] {
        let (mut app, _) = filled(20);
        app.tell(Message::Input(Input::Resize { columns, rows }));
        for keys in ["|", "@", ";", "/udp<Enter>W", "<C-f>", "<Enter><Enter>/"] {
            app.keys("<Esc><Esc><Esc>/<C-u><Enter>");
            app.keys(keys);
            app.assert_shows("Enter Choose  Esc Back");
        }
    }
}
