//! Rows, forms, cursor and mouse of an open record.

use super::detail_areas::HEX_KEEPS;
use super::*;
use crate::app::action::Action;
use crate::app::cursor::CursorStep;
use crate::app::message::{Mouse, MouseKind};
use ratatui::layout::Rect;

const HINTS: DecodeHints<'static> = DecodeHints {
    datagrams: true,
    ports: [None; 3],
    exchanges: false,
    is_upgraded: false,
    frames: &[],
    content_type: None,
    head: &[],
};

fn instead(before: &Detail, kind: RecordKind, bytes: &'static [u8]) -> Detail {
    Detail::new(RecordId(1), kind, Bytes::from_static(bytes), &HINTS).in_place_of(before)
}

fn detail(bytes: &[u8], width: usize) -> Detail {
    let mut detail =
        Detail::new(RecordId(0), RecordKind::Data, Bytes::copy_from_slice(bytes), &HINTS);
    detail.fit(area(width, 0));
    detail
}

fn area(width: usize, height: u16) -> Rect {
    Rect::new(0, 0, width as u16, height)
}

#[test]
fn text_breaks_at_line_ends_and_at_the_width() {
    let detail = detail(b"GET / HTTP/1.1\r\nHost: x\r\n\r\nlonger than ten", 10);
    let rows: Vec<&[u8]> =
        (0..detail.len()).filter_map(|at| detail.row(at)).map(|(_, row)| row).collect();
    let expected: [&[u8]; 6] = [b"GET / HTTP", b"/1.1", b"Host: x", b"", b"longer tha", b"n ten"];
    assert_eq!(rows, expected);
}

#[test]
fn binary_is_hex_and_switching_keeps_the_place() {
    let bytes: Vec<u8> = (0..=255).collect();
    assert!(detail(&bytes, 10).is_hex());
    let text = "0123456789abcdef\n".repeat(20);
    let mut detail = detail(text.as_bytes(), 78);
    assert!(!detail.is_hex());
    for _ in 0..10 {
        detail.step(CursorStep::Down, area(78, 4));
    }
    detail.toggle_hex(area(78, 4));
    assert_eq!(detail.top, 170 / 16);
    assert!(detail.row(detail.top).unwrap().0 <= 170);
}

#[test]
fn hex_once_chosen_stays_for_the_next_record() {
    let other =
        |detail: &Detail, bytes: &'static [u8]| instead(detail, RecordKind::Data, bytes).is_hex();
    let mut detail = detail(b"text", 10);
    assert!(!other(&detail, b"text") && other(&detail, b"\0\x01\xff"));
    detail.toggle_hex(area(78, 4));
    assert!(other(&detail, b"text"));
    detail.toggle_hex(area(78, 4));
    assert!(!other(&detail, b"text"));
}

#[test]
fn our_own_words_are_never_shown_as_hex() {
    let mut words = detail(b"text", 10);
    words.toggle_hex(area(78, 4));
    let other = |words: &Detail, kind, bytes: &'static [u8]| instead(words, kind, bytes);
    assert!(other(&words, RecordKind::Data, b"more").is_hex());
    let mut words = other(&words, RecordKind::Closed, b"closed by us");
    assert!(!words.is_hex());
    words.toggle_hex(area(78, 4));
    assert!(!words.is_hex());
    assert!(other(&words, RecordKind::Data, b"more").is_hex());
}

fn inside(bytes: &[u8], room: Rect) -> Detail {
    let mut detail =
        Detail::new(RecordId(0), RecordKind::Data, Bytes::copy_from_slice(bytes), &HINTS);
    (detail.form, detail.inside) = (DetailForm::Hex, true);
    detail.fit(room);
    detail
}

#[test]
fn the_cursor_moves_by_bytes_and_rows_keeps_its_column_and_stays_in_sight() {
    let room = area(78, 6);
    let bytes: Vec<u8> = (0..=250).collect();
    let mut detail = inside(&bytes, room);
    for (action, at) in [(Action::Right, 1), (Action::Right, 2), (Action::Left, 1)] {
        assert!(detail.act(action, room));
        assert_eq!(detail.at, at);
    }
    for (step, at) in [
        (CursorStep::Up, 1),
        (CursorStep::Down, 17),
        (CursorStep::PageDown, 17 + 2 * 16),
        (CursorStep::Bottom, 250),
        (CursorStep::Down, 250),
        (CursorStep::PageUp, 250 - 2 * 16),
        (CursorStep::Top, 0),
    ] {
        detail.step(step, room);
        assert_eq!(detail.at, at, "{step:?}");
        let rows = usize::from(detail.areas(room).rows.height);
        assert!((detail.top..detail.top + rows).contains(&(at / 16)), "{step:?}");
    }
    detail.inside = false;
    assert!(!detail.act(Action::Right, room), "the keys are elsewhere");
}

#[test]
fn a_selection_goes_from_where_it_began_to_the_cursor_and_escape_ends_it_first() {
    let room = area(78, 6);
    let mut detail = inside(b"0123456789", room);
    detail.step(CursorStep::Bottom, room);
    assert!(detail.act(Action::Select, room) && detail.act(Action::Left, room));
    assert_eq!(detail.selected(), Some(&b"89"[..]));
    let mut open = Some(detail);
    assert!(leave(&mut open));
    let detail = open.unwrap();
    assert_eq!((detail.selected(), detail.inside), (None, true));
}

#[test]
fn the_mouse_finds_the_byte_in_either_column_at_every_width() {
    let bytes: Vec<u8> = (0..=255).collect();
    for width in [20, 30, 50, 76, 78, 140] {
        let room = area(width, 10);
        let detail = inside(&bytes, room);
        let per_row = detail.hex_row.bytes;
        for at in 0..per_row {
            let x = detail.hex_row.first() + at * 3 + at / 8;
            let letters = detail.hex_row.first() + detail.hex_row.hex() + 2;
            let letter = (letters + at < width).then_some(letters + at);
            for x in [x, x + 1].into_iter().chain(letter) {
                let under = detail.byte_under((x as u16, 1).into(), room);
                assert_eq!(under, Some(per_row + at), "{width}: {x}");
            }
        }
    }
}

#[test]
fn a_drag_selects_bytes_and_a_press_ends_that() {
    let room = area(78, 6);
    let mut detail = inside(b"0123456789", room);
    let mouse = |kind, column| Mouse { kind, column, row: 0 };
    let first = detail.hex_row.first() as u16;
    detail.mouse(mouse(MouseKind::Press, first), room);
    detail.mouse(mouse(MouseKind::Drag, first + 6), room);
    detail.mouse(mouse(MouseKind::Release, first + 6), room);
    assert_eq!(detail.selected(), Some(&b"012"[..]));
    detail.mouse(mouse(MouseKind::Press, first + 3), room);
    assert_eq!((detail.selected(), detail.at), (None, 1));
    // The press that gives it the keys may move it on the screen.
    detail.inside = false;
    detail.mouse(mouse(MouseKind::Press, first), room);
    detail.mouse(mouse(MouseKind::Drag, first + 6), room);
    assert_eq!((detail.selected(), detail.at, detail.inside), (None, 0, true));
}

#[test]
fn hex_of_sixteen_bytes_fits_a_screen_of_eighty_columns() {
    let row = |width| inside(&[0; 99], area(width, 20)).hex_row;
    assert_eq!(row(76), HexRow { bytes: 16, digits: 6 });
    assert_eq!(row(78), HexRow { bytes: 16, digits: 8 });
    assert_eq!((row(60).bytes, row(30).bytes, row(5).bytes), (8, 4, 4));
}

#[test]
fn with_the_keys_it_takes_the_rows_it_needs_and_leaves_some_to_the_list() {
    let mut detail = inside(&[0; 300], area(78, 20));
    let rows = |detail: &Detail| [6, 19, 60].map(|room| detail.rows_of(room, room / 2));
    assert_eq!(rows(&detail), [4, 17, 30]);
    detail.inside = false;
    assert_eq!(rows(&detail), [3, 9, 30]);
}

#[test]
fn what_bytes_mean_stands_beside_or_below_and_leaves_room_for_them() {
    let detail = inside(&[0; 300], area(78, 20));
    for (width, height) in [(78, 20), (78, 7), (136, 9), (20, 2), (200, 60), (0, 0)] {
        let parts = detail.areas(area(width, height));
        assert!(parts.rows.height >= height.min(HEX_KEEPS), "{width}x{height}");
        let is_beside = parts.readings.x > 0;
        assert_eq!(is_beside, width >= 136, "{width}x{height}");
        assert_eq!(parts.readings.is_empty(), height < 5, "{width}x{height}");
    }
}

#[test]
fn nothing_has_no_rows_and_cannot_be_scrolled_away() {
    let mut detail = detail(b"", 10);
    detail.step(CursorStep::Bottom, area(10, 5));
    assert_eq!((detail.len(), detail.top), (0, 0));
    assert!(detail.row(0).is_none());
    assert!(detail.row(usize::MAX).is_none());
}

#[test]
fn a_character_cut_by_the_sample_is_no_binary() {
    let text = "é".repeat(SAMPLE);
    assert!(is_text(&text.as_bytes()[1..]) || is_text(text.as_bytes()));
    assert!(!is_text(b"\xff\xfe\x00\x01"));
}

/// Text that has the keys, with characters of one and two bytes and one that takes two cells.
fn text_inside(room: Rect) -> Detail {
    let mut detail = detail("first line\r\nzwölf 日本\r\nlast".as_bytes(), room.width.into());
    detail.inside = true;
    detail.fit(room);
    detail
}

#[test]
fn characters_of_text_are_selected_by_keys_and_what_they_mean_is_told() {
    let room = area(78, 20);
    let mut detail = text_inside(room);
    assert!(!detail.act(Action::Right, room), "without a selection keys scroll it");
    assert!(detail.areas(room).readings.is_empty());
    assert!(detail.act(Action::Select, room));
    assert_eq!(detail.selected(), Some(&b"f"[..]));
    assert!(!detail.areas(room).readings.is_empty());
    detail.act(Action::Right, room);
    detail.act(Action::Right, room);
    assert_eq!(detail.selected(), Some(&b"fir"[..]));
    detail.step(CursorStep::Down, room);
    assert_eq!(detail.selected(), Some("first line\r\nzwö".as_bytes()));
    detail.act(Action::Left, room);
    assert_eq!(detail.selected(), Some(&b"first line\r\nzw"[..]));
    detail.act(Action::Right, room);
    detail.act(Action::Right, room);
    assert_eq!(detail.selected(), Some("first line\r\nzwöl".as_bytes()));
    detail.step(CursorStep::Bottom, room);
    assert_eq!(detail.selected(), Some(&detail.bytes[..]));
    detail.step(CursorStep::Down, room);
    detail.act(Action::Right, room);
    assert_eq!(detail.selected(), Some(&detail.bytes[..]));
    detail.act(Action::Select, room);
    assert_eq!(detail.selected(), None);
}

#[test]
fn the_mouse_selects_characters_of_text_and_nothing_moves_below_it_meanwhile() {
    let room = area(78, 20);
    let mut detail = text_inside(room);
    let mouse = |kind, column, row| Mouse { kind, column, row };
    // 日 has the cells 6 and 7.
    for cell in [6, 7] {
        assert_eq!(detail.byte_under((cell, 1).into(), room), Some(19));
    }
    assert_eq!(detail.byte_under((70, 1).into(), room), Some(22), "the last of the row");
    detail.mouse(mouse(MouseKind::Press, 2, 1), room);
    assert_eq!(detail.selected(), None);
    detail.mouse(mouse(MouseKind::Drag, 7, 1), room);
    assert_eq!(detail.selected(), Some("ölf 日".as_bytes()));
    assert!(detail.areas(room).readings.is_empty());
    detail.mouse(mouse(MouseKind::Release, 7, 1), room);
    assert!(!detail.areas(room).readings.is_empty());
    let mut open = Some(detail);
    assert!(leave(&mut open));
    let detail = open.unwrap();
    assert_eq!((detail.selected(), detail.inside), (None, true));
}

#[test]
fn our_own_words_are_broken_between_them() {
    let words = b"the peer reset the connection after 0 bytes, incomprehensibilities";
    let broken = |kind, width| {
        let mut detail = Detail::new(RecordId(0), kind, Bytes::copy_from_slice(words), &HINTS);
        detail.fit(area(width, 9));
        let rows = (0..detail.len()).filter_map(|at| detail.row(at));
        rows.map(|(_, row)| String::from_utf8_lossy(row).into_owned()).collect::<Vec<_>>()
    };
    let rows = broken(RecordKind::Reset, 20);
    assert_eq!(rows[..3], ["the peer reset the ", "connection after 0 ", "bytes, "]);
    assert_eq!(rows.concat().as_bytes(), words);
    assert!(rows.iter().all(|row| row.len() <= 20), "{rows:?}");
    assert_eq!(broken(RecordKind::Data, 20)[1], "onnection after 0 by", "bytes are where they are");
}

proptest::proptest! {
    #![proptest_config(crate::property_tests::config())]

    #[test]
    fn a_cursor_in_text_goes_through_every_byte_and_back_and_never_leaves_it(
        bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 1..40),
        width in 10_usize..30,
    ) {
        let room = area(width, 30);
        let mut detail = detail(&bytes, width);
        (detail.form, detail.inside) = (DetailForm::Text, true);
        detail.fit(room);
        detail.act(Action::Select, room);
        let mut seen = vec![detail.at];
        for _ in 0..bytes.len() {
            let before = detail.at;
            detail.act(Action::Right, room);
            proptest::prop_assert!(detail.at >= before && detail.at < bytes.len());
            proptest::prop_assert!(detail.at - before <= 4);
            if detail.at > before { seen.push(detail.at); }
        }
        proptest::prop_assert_eq!(detail.selected(), Some(&bytes[..]));
        while detail.at > 0 {
            let before = detail.at;
            detail.act(Action::Left, room);
            proptest::prop_assert!(detail.at < before);
        }
        for step in [CursorStep::Down, CursorStep::Up, CursorStep::PageDown, CursorStep::Bottom] {
            detail.step(step, room);
            proptest::prop_assert!(detail.at < bytes.len());
        }
    }
}
