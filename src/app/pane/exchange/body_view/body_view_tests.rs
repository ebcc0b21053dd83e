use bytes::Bytes;

use super::*;
use crate::app::cursor::CursorStep;

const ROOM: Viewport = Viewport { width: 20, height: 10, wrap: false };

fn answer(query: &ViewQuery, total: u64) -> View {
    let first = query.top.saturating_sub(query.above.into());
    let top = first.min(total.saturating_sub(u64::from(query.rows)));
    let end = (top + u64::from(query.rows)).min(total);
    let lines = (top..end)
        .map(|n| ViewLine {
            number: n,
            offset: n * 30,
            bytes: Bytes::from(format!("line {n} {}", "x".repeat(20))),
            ..ViewLine::default()
        })
        .collect();
    let (query, total_bytes) = (query.clone(), total * 30);
    let cut = query.mode;
    let (enclosing, note) = (Vec::new(), None);
    View {
        query,
        cut,
        top,
        lines,
        enclosing,
        total_lines: total,
        total_bytes,
        complete: true,
        note,
    }
}

fn view() -> BodyView {
    BodyView::new(BodyId(1), ViewPart::Decoded, ViewMode::Text)
}

/// Asks and answers until nothing is missing; returns the number of questions.
fn serve(view: &mut BodyView, room: Viewport, total: u64) -> usize {
    let mut asked = 0;
    while let Some(query) = view.settle(room) {
        asked += 1;
        assert!(asked < 5, "asks for ever: {query:?}");
        view.arrived(answer(&query, total), room);
    }
    asked
}

#[test]
fn a_window_is_asked_for_once_and_never_when_nothing_changed() {
    let mut view = view();
    assert!(view.settle(ROOM).is_some());
    assert_eq!(view.settle(ROOM), None, "the same question again");
    let query = view.asked.clone().unwrap();
    view.arrived(answer(&query, 1000), ROOM);
    assert_eq!(view.settle(ROOM), None);
    assert_eq!(view.shown().0.next().unwrap().offset, 0);
}

#[test]
fn small_steps_stay_in_the_window_and_far_ones_show_the_old_one_until_the_answer() {
    let mut view = view();
    serve(&mut view, ROOM, 1000);
    view.step(CursorStep::Down, ROOM);
    assert_eq!(view.settle(ROOM), None);
    assert_eq!((view.drawn.line, view.cursor()), (0, 1));
    view.step(CursorStep::Bottom, ROOM);
    let query = view.settle(ROOM).unwrap();
    assert_eq!((query.top, view.drawn.line), (u64::MAX, 0));
    view.arrived(answer(&query, 1000), ROOM);
    assert_eq!(view.settle(ROOM), None);
    assert_eq!((view.drawn.line, view.cursor()), (990, 999));
}

#[test]
fn the_end_is_followed_while_the_body_grows_until_the_user_scrolls_up() {
    let mut view = view();
    serve(&mut view, ROOM, 100);
    view.step(CursorStep::Bottom, ROOM);
    serve(&mut view, ROOM, 100);
    let query = view.asked.clone().unwrap();
    view.arrived(answer(&query, 150), ROOM);
    assert_eq!(view.settle(ROOM), None);
    assert_eq!(view.drawn.line, 140);
    view.step(CursorStep::Up, ROOM);
    view.arrived(answer(&query, 200), ROOM);
    serve(&mut view, ROOM, 200);
    assert_eq!((view.drawn.line, view.cursor()), (140, 148));
}

#[test]
fn a_late_answer_to_an_older_question_is_ignored() {
    let mut view = view();
    serve(&mut view, ROOM, 1000);
    let old = view.asked.clone().unwrap();
    view.step(CursorStep::Bottom, ROOM);
    let query = view.settle(ROOM).unwrap();
    view.arrived(answer(&query, 1000), ROOM);
    view.settle(ROOM);
    view.arrived(answer(&old, 1000), ROOM);
    assert_eq!(view.settle(ROOM), None);
    assert_eq!(view.drawn.line, 990);
}

#[test]
fn wrapped_lines_scroll_row_by_row_to_the_very_last() {
    let room = Viewport { wrap: true, width: 10, height: 4 };
    let mut view = view();
    serve(&mut view, room, 3);
    assert_eq!(view.rows_of(0, room), 3);
    view.step(CursorStep::Down, room);
    view.settle(room);
    assert_eq!((view.drawn, view.cursor()), (LinePlace { line: 0, skip: 2 }, 1));
    for _ in 0..20 {
        view.step(CursorStep::Down, room);
    }
    view.settle(room);
    assert_eq!(view.drawn, LinePlace { line: 1, skip: 2 });
    view.step(CursorStep::PageUp, room);
    view.settle(room);
    assert_eq!(view.drawn, LinePlace { line: 0, skip: 2 });
}

#[test]
fn a_hit_far_away_is_brought_into_view_both_ways() {
    let mut view = view();
    serve(&mut view, ROOM, 1000);
    view.go_to(500, 500 * 30 + 25, ROOM);
    serve(&mut view, ROOM, 1000);
    assert!((491..=500).contains(&view.drawn.line), "{:?}", view.drawn);
    assert!(view.left > 0 && view.left <= 25, "{}", view.left);
}

#[test]
fn a_body_that_is_gone_or_empty_asks_no_more() {
    let mut view = view();
    let query = view.settle(ROOM).unwrap();
    view.arrived(answer(&query, 0), ROOM);
    assert_eq!(view.settle(ROOM), None);
    view.step(CursorStep::Down, ROOM);
    view.step(CursorStep::Bottom, ROOM);
    assert_eq!(view.settle(ROOM), None);
    assert!(view.shown().0.next().is_none());
}

#[test]
fn hex_begins_at_the_byte_that_was_on_top() {
    let mut view = view();
    serve(&mut view, ROOM, 1000);
    for _ in 0..4 {
        view.step(CursorStep::PageDown, ROOM);
        serve(&mut view, ROOM, 1000);
    }
    let offset = view.first_offset();
    view.choose_mode(ViewMode::Hex);
    assert_eq!(view.top.line, offset / 16);
}

#[test]
fn the_cursor_stays_in_sight_whatever_moves() {
    let mut view = view();
    serve(&mut view, ROOM, 1000);
    for _ in 0..12 {
        view.step(CursorStep::Down, ROOM);
    }
    serve(&mut view, ROOM, 1000);
    assert_eq!((view.drawn.line, view.cursor()), (3, 12));
    view.step(CursorStep::Up, ROOM);
    assert_eq!((view.top.line, view.cursor()), (3, 11));
    for _ in 0..5 {
        view.scroll(CursorStep::Down, ROOM);
        serve(&mut view, ROOM, 1000);
    }
    assert_eq!((view.drawn.line, view.cursor()), (8, 11));
    view.scroll(CursorStep::Up, ROOM);
    view.fit(Viewport { height: 4, ..ROOM });
    let room = Viewport { height: 4, ..ROOM };
    serve(&mut view, room, 1000);
    assert!((view.drawn.line..view.drawn.line + 4).contains(&11), "{:?}", view.drawn);
    view.step(CursorStep::PageDown, ROOM);
    assert_eq!(view.cursor(), 20);
}

#[test]
fn a_line_that_is_higher_than_the_screen_is_read_row_by_row() {
    let room = Viewport { wrap: true, width: 4, height: 3 };
    let mut view = view();
    serve(&mut view, room, 3);
    let rows = view.rows_of(0, room);
    assert!(rows > 4, "{rows}");
    for skip in 1..=rows - 3 {
        view.step(CursorStep::Down, room);
        serve(&mut view, room, 3);
        assert_eq!((view.drawn, view.cursor()), (LinePlace { line: 0, skip }, 0));
    }
    view.step(CursorStep::Down, room);
    serve(&mut view, room, 3);
    assert_eq!((view.drawn, view.cursor()), (LinePlace { line: 1, skip: 0 }, 1));
    view.step(CursorStep::Up, room);
    assert_eq!((view.top, view.cursor()), (LinePlace { line: 0, skip: rows - 3 }, 0));
}

#[test]
fn what_is_selected_is_copied_as_it_is_seen() {
    let mut view = view();
    serve(&mut view, ROOM, 1000);
    view.toggle_selection();
    view.step(CursorStep::Down, ROOM);
    let lines = *view.selection().unwrap();
    let text = lines.text(view.window.as_ref().unwrap()).unwrap();
    assert_eq!(text, format!("line 0 {0}\nline 1 {0}", "x".repeat(20)));
    let (from, to) = (view.spot_at(5, 2, ROOM).unwrap(), view.spot_at(3, 1, ROOM).unwrap());
    view.select(from, to);
    let part = *view.selection().unwrap();
    assert_eq!(
        part.text(view.window.as_ref().unwrap()).unwrap(),
        format!("e 1 {}\nline ", "x".repeat(20))
    );
    assert!(view.select_word(TextSpot { line: 3, at: 1 }));
    assert_eq!(view.selection().unwrap().text(view.window.as_ref().unwrap()).unwrap(), "line");
    view.step(CursorStep::Down, ROOM);
    assert!(view.selection().is_none(), "what the mouse selected is over");
}
