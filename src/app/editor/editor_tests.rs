//! Text fields: what keys do, and what is drawn.

use proptest::prelude::*;

use super::*;
use crate::model::key::KeyCode;

#[test]
fn a_single_line_stays_one() {
    let mut editor = Editor::new("a\nb", LineMode::One);
    assert_eq!(editor.text(), "a b");
    editor.key(Key::new(KeyCode::Enter));
    editor.key("<C-m>".parse().unwrap());
    editor.insert("c\r\nd");
    assert!(!editor.text().contains('\n'), "{:?}", editor.text());
}

#[test]
fn pasted_control_characters_become_escapes_where_escapes_are_read_and_are_kept_elsewhere() {
    for room in [0, ORDINARY] {
        let mut editor = Editor::with_room("", LineMode::Many, room);
        assert_eq!(editor.insert_payload("a\x1b[2Jb\n").controls, 1);
        assert_eq!(editor.text(), "a\\e[2Jb\n");
        let mut editor = Editor::with_room("", LineMode::Many, room);
        assert_eq!(editor.insert("a\x1b[2J\r\0b\n").kept, 3);
        assert_eq!(editor.text(), "a\x1b[2J\r\0b\n");
    }
}

#[test]
fn line_ends_stay_what_they_are_through_all_keys() {
    for room in [0, ORDINARY] {
        let mut editor = Editor::with_room("x", LineMode::Many, room);
        assert_eq!(editor.insert("a\r\nb\nc\r\n").crlf, 2);
        assert_eq!(editor.text(), "a\r\nb\nc\r\nx");
        assert_eq!(shown(&editor, 9, 4), [r"a\r", "b", r"c\r", "<x>"]);
        press(&mut editor, "<S-Up><S-Up><S-Up><C-x><C-y><C-y><A-z><A-z><A-Z>");
        assert_eq!(editor.text(), "a\r\nb\nc\r\nx");
        press(&mut editor, "<C-A-Up><C-k><C-k><C-y><A-z><A-z><A-z>");
        assert_eq!(editor.text(), "a\r\nb\nc\r\nx");
        press(&mut editor, "<A-z>");
        assert_eq!(editor.text(), "x");
        let mut file = Editor::with_room("a\r\nb", LineMode::Many, room);
        press(&mut file, "<S-Down><C-x><C-y>");
        assert_eq!(file.text(), "a\r\nb");
    }
}

#[test]
fn line_breaks_are_marked_where_they_go_out() {
    let mut editor = Editor::new("ab\n\ncde", LineMode::Many).marked();
    assert_eq!(shown(&editor, 9, 3), [r"<a>b\n", r"\n", "cde"]);
    press(&mut editor, "<End>");
    assert_eq!(shown(&editor, 9, 3), [r"ab< >\n", r"\n", "cde"]);
}

/// The rows in sight, the cursor in angle brackets and the selection in square ones.
fn shown(editor: &Editor, width: u16, height: u16) -> Vec<String> {
    let piece = |piece: RowPiece| match piece.look {
        TextStyle::Selected => format!("[{}]", piece.text),
        TextStyle::Cursor => format!("<{}>", piece.text),
        _ => piece.text,
    };
    let rows = editor.rows(width, height).into_iter();
    rows.map(|row| row.into_iter().map(piece).collect()).collect()
}

fn press(editor: &mut Editor, keys: &str) {
    for key in Key::parse_run(keys).unwrap() {
        editor.key(key);
    }
}

#[test]
fn hidden_characters_are_drawn_visibly_and_kept() {
    let text = "a\u{1b}[2J\u{202e}b\nc\td";
    let mut editor = Editor::new(text, LineMode::Many);
    press(&mut editor, "<Right><Right><Right><Right><Right><Right>");
    assert_eq!(shown(&editor, 40, 5), [r"a\e[2J‹U+202E›<b>", "c   d"]);
    press(&mut editor, "<S-Right>");
    assert_eq!(shown(&editor, 40, 5), [r"a\e[2J‹U+202E›[b]< >", "c   d"]);
    assert_eq!(editor.text(), text);
}

#[test]
fn what_is_typed_is_looked_at_too() {
    let mut editor = Editor::new("a", LineMode::One);
    editor.key(Key::new(KeyCode::Char('\u{200b}')));
    assert_eq!(shown(&editor, 20, 1), ["a‹U+200B›< >"]);
    let mut editor = Editor::new("", LineMode::One);
    editor.insert("\u{202e}x");
    assert_eq!(shown(&editor, 20, 1), ["‹U+202E›x< >"]);
}

#[test]
fn the_cursor_stays_in_sight_wherever_it_goes() {
    let mut editor = Editor::new("ab\ncdefgh\n\nij", LineMode::Many);
    assert_eq!(shown(&editor, 4, 2), ["<a>b", "cdef"]);
    press(&mut editor, "<Down><Down>");
    assert_eq!(shown(&editor, 4, 2), ["cdef", "<g>h"]);
    press(&mut editor, "<Right><Down><Down><Up><Up>");
    assert_eq!(shown(&editor, 4, 2), ["cdef", "g<h>"]);
    editor.move_to(Caret::End);
    assert_eq!(shown(&editor, 4, 2), ["", "ij< >"]);
    editor.scroll(-2);
    assert_eq!(shown(&editor, 4, 2), ["cdef", "gh< >"]);
    editor.place(0, 1);
    assert_eq!(shown(&editor, 4, 2), ["c<d>ef", "gh"]);
}

#[test]
fn a_single_line_scrolls_to_its_cursor() {
    let mut editor = Editor::new("abcdefgh", LineMode::One);
    assert_eq!(shown(&editor, 5, 1), ["efgh< >"]);
    press(&mut editor, "<Home>");
    assert_eq!(shown(&editor, 5, 1), ["<a>bcde"]);
    assert_eq!(shown(&Editor::new("secret", LineMode::One).masked(), 9, 1), ["••••••< >"]);
}

#[test]
fn words_and_lines_are_deleted_and_put_elsewhere() {
    let mut editor = Editor::new("let a_b = c.d;", LineMode::One);
    press(&mut editor, "<C-w><C-w>");
    assert_eq!(editor.text(), "let a_b = c.");
    press(&mut editor, "<C-Left><C-Left><C-Left><A-d>");
    assert_eq!(editor.text(), "let a_b  c.");
    press(&mut editor, "<C-a><C-k><C-y><C-y>");
    assert_eq!(editor.text(), "let a_b  c.let a_b  c.");
    press(&mut editor, "<S-Home>x");
    assert_eq!(editor.text(), "x");
    press(&mut editor, "<A-z>");
    assert_eq!(editor.text(), "let a_b  c.let a_b  c.");
}

#[test]
fn every_change_is_told_as_one_splice() {
    let mut editor = Editor::with_room("a\nb", LineMode::Many, 0);
    let mut copy = editor.text().into_owned();
    for keys in ["x", "<Enter>", "<C-k>", "<S-Down>y", "<A-z>", "<A-z>", "<A-Z>", "<Backspace>"] {
        for key in Key::parse_run(keys).unwrap() {
            if editor.key(key) {
                let Some(TextChange::Piece(piece)) = editor.changed() else { panic!("{keys}") };
                copy.replace_range(piece.at..piece.at + piece.removed, &piece.inserted);
            }
        }
        assert_eq!(copy, editor.text(), "{keys}");
    }
}

#[test]
fn a_line_is_cleared_with_ctrl_u_and_comes_back_with_alt_z() {
    let mut editor = Editor::new("abc", LineMode::One);
    assert!(editor.key("<C-u>".parse().unwrap()) && editor.is_empty());
    assert!(editor.key("<A-z>".parse().unwrap()));
    assert_eq!(editor.text(), "abc");
}

#[test]
fn edges_are_known() {
    let mut editor = Editor::new("ab", LineMode::One);
    assert!(editor.at_end() && !editor.at_start() && editor.at_top() && editor.at_bottom());
    editor.key(Key::new(KeyCode::Home));
    assert!(editor.at_start());
}

/// Keys of every kind, and what a text can hold that is hard.
const KEYS: [&str; 34] = [
    "a",
    "é",
    "漢",
    " ",
    ".",
    "\u{301}",
    "\u{200b}",
    "<Enter>",
    "<Tab>",
    "<Backspace>",
    "<Del>",
    "<C-k>",
    "<C-u>",
    "<C-w>",
    "<A-d>",
    "<C-x>",
    "<C-c>",
    "<C-y>",
    "<A-z>",
    "<A-Z>",
    "<Left>",
    "<Right>",
    "<Up>",
    "<Down>",
    "<Home>",
    "<End>",
    "<C-A-Up>",
    "<C-A-Down>",
    "<C-Left>",
    "<C-Right>",
    "<C-Up>",
    "<C-Down>",
    "<PgUp>",
    "<PgDn>",
];

/// Presses keys, some with Shift.
fn play(editor: &mut Editor, keys: &[(usize, bool)]) {
    for (key, shift) in keys {
        for key in Key::parse_run(KEYS[*key]).unwrap() {
            editor.key(Key { shift: *shift, ..key });
        }
    }
}

proptest! {
    #![proptest_config(crate::property_tests::config())]

    #[test]
    fn a_key_does_the_same_in_texts_of_every_size(
        text in "[a-c. é漢\t\u{301}\u{200b}\n]{0,60}", is_line: bool, width in 1..12u16,
        keys in prop::collection::vec((0..KEYS.len(), any::<bool>()), 0..60),
    ) {
        let lines = if is_line { LineMode::One } else { LineMode::Many };
        let mut ordinary = Editor::with_room(&text, lines, ORDINARY);
        let mut large = Editor::with_room(&text, lines, 0);
        for key in keys {
            play(&mut ordinary, &[key]);
            play(&mut large, &[key]);
            prop_assert_eq!(ordinary.text(), large.text(), "{}", KEYS[key.0]);
            prop_assert_eq!(ordinary.model.len(), large.text().len());
            prop_assert_eq!(ordinary.model.cursor(), large.model.cursor(), "{}", KEYS[key.0]);
            prop_assert_eq!(ordinary.model.selection(), large.model.selection());
            prop_assert_eq!(ordinary.model.kept(), large.model.kept(), "{}", KEYS[key.0]);
            prop_assert_eq!(ordinary.rows(width, 3), large.rows(width, 3));
        }
    }

    #[test]
    fn all_is_undone_and_redone_over_the_border(
        text in "[a\n]{0,9}",
        keys in prop::collection::vec((0..KEYS.len(), any::<bool>()), 0..60),
    ) {
        let mut editor = Editor::with_room(&text, LineMode::Many, 10);
        play(&mut editor, &keys);
        editor.insert("a text that has no room");
        let after = editor.text().into_owned();
        while editor.key("<A-z>".parse().unwrap()) {}
        prop_assert_eq!(&*editor.text(), &*text);
        while editor.key("<A-Z>".parse().unwrap()) {}
        prop_assert_eq!(&*editor.text(), &*after);
    }
}

#[test]
fn what_was_undone_before_a_text_grew_does_not_come_back() {
    let mut editor = Editor::with_room("", LineMode::Many, 10);
    press(&mut editor, "a<Enter>b<A-z>");
    editor.insert("a text that has no room");
    press(&mut editor, "<A-z><A-z><A-Z><A-Z><A-Z>");
    assert_eq!(editor.text(), "a\na text that has no room");
}

#[test]
fn what_is_typed_or_deleted_key_by_key_is_undone_and_redone_by_word() {
    for room in [0, ORDINARY] {
        let mut editor = Editor::with_room("", LineMode::Many, room);
        let mut after = |keys: &str| {
            press(&mut editor, keys);
            editor.text().into_owned()
        };
        assert_eq!(after("one two  3é<A-z>"), "one two");
        assert_eq!(after("<A-z>"), "one");
        assert_eq!(after("<A-Z><A-Z>"), "one two  3é");
        let eleven = "<Backspace>".repeat(11);
        assert_eq!(after(&eleven), "");
        assert_eq!(after("<A-z>"), "one ");
        assert_eq!(after("<A-z>"), "one two  ");
        assert_eq!(after("<A-z>"), "one two  3é");
        assert_eq!(after("<A-Z>"), "one two  ");
        assert_eq!(after("<A-z><Home><Del><Del><Del><Del><Del>"), "wo  3é");
        assert_eq!(after("<A-z>"), " two  3é");
        assert_eq!(after("<A-z>"), "one two  3é");
        assert_eq!(after("<End>4<Backspace><Backspace>x<A-z><A-z>"), "one two  3é4");
        assert_eq!(after("<Enter>ab<Backspace><Backspace><Backspace><A-z>"), "one two  3é4\n");
        assert_eq!(after("<A-z>"), "one two  3é4\nab", "a line break is a change of its own");
    }
}

#[test]
fn a_replaced_selection_and_what_is_typed_in_its_place_are_one_change() {
    for room in [0, ORDINARY] {
        let mut editor = Editor::with_room("abc", LineMode::One, room);
        press(&mut editor, "<S-Home>xyz<A-z>");
        assert_eq!(editor.text(), "abc");
        press(&mut editor, "<A-Z>");
        assert_eq!(editor.text(), "xyz");
    }
}

#[test]
fn no_more_is_kept_to_undo_than_is_bounded() {
    let mut editor = Editor::new("", LineMode::Many);
    for _ in 0..text_model::CHANGES_MAX {
        press(&mut editor, "<Enter>");
    }
    assert!(!editor.model.has_forgotten());
    press(&mut editor, "<Enter>");
    assert!(editor.model.has_forgotten());
    while editor.key("<A-z>".parse().unwrap()) {}
    assert_eq!(editor.text(), "\n");
}
