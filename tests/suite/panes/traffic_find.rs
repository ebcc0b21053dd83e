//! Find in Traffic beside the filter, rows about losses in their place, and what had to make room.

use std::time::Duration;

use wirebench::app::Startup;
use wirebench::app::effect::Effect;
use wirebench::app::focus::Pane;
use wirebench::app::message::{Message, Timer};
use wirebench::engine::event::{Batch, Event};
use wirebench::model::id::SessionId;
use wirebench::model::protocol::{Protocol, Side};
use wirebench::model::record::{Direction, LossTotals};

use crate::harness::app::Driver;
use crate::harness::samples::{START, info, record, tcp_plan, traffic};

fn filled(records: u64) -> (Driver, SessionId) {
    let mut app = Driver::new((120, 30), START);
    let id = app.open(tcp_plan());
    let infos = vec![info(id.conn(1), Protocol::Tcp, Side::Listener)];
    let list = (0..records).map(|n| {
        let text = if n % 10 == 3 { format!("Needle {n}") } else { format!("message {n}") };
        record(id.conn(1), n * 10, Direction::Received, text.as_bytes())
    });
    app.event(traffic(infos, list.collect()));
    app.shared.focus = Pane::Traffic;
    app.shared.zoom = true;
    (app, id)
}

fn selected(app: &Driver) -> u64 {
    app.traffic.selected(&app.shared).unwrap().0
}

fn lost(session: SessionId, by_app: u64, by_kernel: u64) -> Event {
    let lost = vec![LossTotals { session, by_app, by_kernel: Some(by_kernel) }];
    Event::Traffic(Batch { lost, ..Batch::default() })
}

#[test]
fn find_hides_nothing_marks_counts_and_goes_from_hit_to_hit() {
    let (mut app, id) = filled(60);
    app.keys("<C-f>needle<Enter>");
    app.assert_shows("find: needle  6 of 6");
    assert_eq!((selected(&app), app.traffic.len()), (53, 60));
    app.assert_shows("message 54");
    app.keys("N");
    app.assert_shows("5 of 6");
    app.keys("nn");
    app.assert_shows("1 of 6");
    app.assert_shows("went on from the top");
    app.keys("j");
    app.assert_shows("– of 6");
    // What comes is looked at, too.
    let one = vec![record(id.conn(1), 9_999, Direction::Received, b"another needle")];
    app.event(traffic(Vec::new(), one));
    app.assert_shows("– of 7");
    app.keys("/len > 8<Enter>");
    app.assert_shows("of 6");
    app.keys("/<C-u><Enter><Esc>");
    assert!(!app.shows("find:"));
    app.keys("n");
    app.assert_shows("begins");
}

#[test]
fn a_long_timeline_is_searched_in_steps_and_the_cursor_goes_there_when_it_is_found() {
    let (mut app, id) = filled(3);
    let list = (0..200_000).map(|n| {
        let text: &[u8] = if n == 5 { b"the one" } else { b"another row that is passed over" };
        record(id.conn(1), 100 + n, Direction::Received, text)
    });
    app.event(traffic(Vec::new(), list.collect()));
    let effects = app.keys("<C-f>the one<Enter>");
    let is_asked = |effects: &[Effect]| {
        let is_it = |it: &Effect| matches!(it, Effect::After { timer: Timer::FilterRebuild, .. });
        effects.iter().any(is_it)
    };
    let mut more = is_asked(&effects);
    assert!(more && app.shows("of 0…"), "{}", app.screen());
    while more {
        more = is_asked(&app.tell(Message::Timer(Timer::FilterRebuild)));
    }
    app.assert_shows("find: the one  1 of 1");
    assert_eq!(selected(&app), 8);
}

#[test]
fn find_text_searches_wherever_find_does() {
    let (mut app, _) = filled(3);
    app.shared.zoom = false;
    app.keys("<A-2><C-f>");
    assert!(app.history.search.as_ref().unwrap().typing);
}

#[test]
fn losses_are_rows_in_their_place_which_no_filter_hides() {
    let (mut app, id) = filled(5);
    app.event(lost(id, 0, 0));
    assert_eq!(app.traffic.len(), 5, "nothing was lost");
    app.event(lost(id, 2, 4_000));
    app.event(traffic(Vec::new(), vec![record(id.conn(1), 90, Direction::Sent, b"behind")]));
    app.event(lost(id, 3, 4_000));
    app.assert_shows("lost: 2 by us, 4,000 by the kernel");
    assert!(!app.shows("lost: 1 by us"), "a second has one row");
    app.shared.now = app.shared.now + Duration::from_secs(1);
    app.tell(Message::Timer(Timer::TrafficRate));
    app.assert_shows("lost: 1 by us");
    let screen = app.screen();
    let line = |text: &str| screen.lines().position(|line| line.contains(text)).unwrap();
    assert!(line("message 4") < line("lost: 2") && line("lost: 2") < line("behind"));
    app.assert_shows("6 records");
    app.assert_shows("3 dropped by us");
    app.keys("/data contains behind<Enter>");
    app.assert_shows("lost: 2 by us");
    assert_eq!(app.traffic.len(), 3);
    app.keys("/<C-u>kind == lost and not kind == lost<Enter>");
    assert_eq!(app.traffic.len(), 2, "rows about losses stay");
    app.keys("<C-f>behind<Enter>");
    app.assert_shows("of 0");
}

#[test]
fn figures_of_what_crossed_stay_exact_when_rows_about_losses_are_evicted_and_cleared() {
    let startup =
        Startup { size: (120, 30), timeline_bytes: 30_000, now: START, ..Startup::default() };
    let mut app = Driver::starting(startup);
    let id = app.open(tcp_plan());
    let mut sent = 0;
    for batch in 0..50 {
        app.event(lost(id, batch + 1, 0));
        let list =
            (0..20).map(|n| record(id.conn(1), batch * 20 + n, Direction::Received, b"0123456789"));
        app.event(traffic(Vec::new(), list.collect()));
        sent += 20;
    }
    app.shared.focus = Pane::Traffic;
    app.shared.zoom = true;
    let timeline = &app.shared.timeline;
    let evicted = timeline.evicted.records;
    assert!(evicted > 0);
    let shown = app.traffic.len() as u64;
    let told = (0..app.traffic.len()).filter(|row| {
        let id = app.traffic.row(*row).unwrap();
        let (_, record) = timeline.range(id, timeline.next_id()).next().unwrap();
        record.direction == Direction::Local
    });
    assert_eq!(shown - told.count() as u64 + evicted, sent);
    app.keys("g");
    app.assert_shows("older records had to make room");
    app.keys("Cyu");
    app.keys("gG");
    let records = app.screen();
    let before: u64 = sent - evicted;
    assert!(records.contains(&format!("{before} records")), "{records}");
}
