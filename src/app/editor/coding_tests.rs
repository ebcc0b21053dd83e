//! Writing JSON and markup: pairs, indents, layout, what is wrong.

use proptest::prelude::*;

use super::*;
use crate::codec::highlight::HighlightToken;
use crate::codec::syntax::TextLanguage;

fn written(text: &str, language: TextLanguage, room: usize) -> Editor {
    Editor::with_room(text, LineMode::Many, room).in_language(language)
}

fn press(editor: &mut Editor, keys: &str) {
    for key in Key::parse_run(keys).unwrap() {
        editor.key(key);
    }
}

/// The text after these keys in an empty field of JSON, `|` where the cursor is.
fn typed(keys: &str) -> String {
    let with_cursor = |room| {
        let mut editor = written("", TextLanguage::Json, room);
        press(&mut editor, keys);
        let mut text = editor.text().into_owned();
        text.insert(editor.model.byte_of(editor.model.cursor()), '|');
        text
    };
    assert_eq!(with_cursor(0), with_cursor(ORDINARY), "{keys}");
    with_cursor(0)
}

#[test]
fn brackets_and_quotes_come_in_pairs_are_typed_over_and_deleted_together() {
    assert_eq!(typed("{"), "{|}");
    assert_eq!(typed("{}"), "{}|");
    assert_eq!(typed("{<Backspace>"), "|");
    assert_eq!(typed("[[<Backspace>"), "[|]");
    assert_eq!(typed("{\"a\": [1, \"b\"]}"), "{\"a\": [1, \"b\"]}|");
    assert_eq!(typed("\"a\\\"b\""), "\"a\\\"b\"|", "an escaped quote is one");
    assert_eq!(typed("\"{[\""), "\"{[\"|", "in a string they are letters");
    assert_eq!(typed("{{{name}}"), "{{{name}}|}", "a name within an object");
    // Nothing comes by itself before a word, and a bracket that was not opened here is no partner.
    assert_eq!(typed("1<Left>["), "[|1");
    assert_eq!(typed("[]<Left>]"), "[]|]");
    assert_eq!(typed("\"a\"<Left><Backspace><Left><Right>\""), "\"\"|");
}

#[test]
fn what_is_selected_is_wrapped_and_stays_selected() {
    assert_eq!(typed("ab<S-Left>[<Left>"), "a[|b]");
    let mut editor = written("ab", TextLanguage::Json, ORDINARY);
    press(&mut editor, "<A-a>{\"");
    assert_eq!(editor.text(), "{\"ab\"}");
    assert_eq!(editor.selected().as_deref(), Some("ab"));
    press(&mut editor, "<A-z><A-z>");
    assert_eq!(editor.text(), "ab", "each wrap is one change");
}

#[test]
fn enter_keeps_the_indent_and_opens_a_pair() {
    assert_eq!(typed("{<Enter>\"a\": [<Enter>1"), "{\n  \"a\": [\n    1|\n  ]\n}");
    assert_eq!(typed("  1,<Enter>2"), "  1,\n  2|");
    assert_eq!(typed("{<Enter><A-z>"), "{|}", "one change");
    assert_eq!(typed("[1, 2,<Enter>3"), "[1, 2,\n  3|\n]", "behind the first values, too");
    assert_eq!(typed("[[1], \"]\",<Enter>2"), "[[1], \"]\",\n  2|\n]");
    assert_eq!(typed("[1], {},<Enter>2"), "[1], {},\n2|", "nothing is open");
    let mut editor = written("<a><b></b></a>", TextLanguage::Markup, ORDINARY);
    press(&mut editor, "<Right><Right><Right><Enter><Right><Right><Right><Enter>x");
    assert_eq!(editor.text(), "<a>\n  <b>\n    x\n  </b></a>");
    let mut crlf = written("{\r\n}", TextLanguage::Json, ORDINARY);
    press(&mut crlf, "<Right><Enter>1");
    assert_eq!(crlf.text(), "{\r\n  1\r\n}");
}

#[test]
fn lines_move_in_and_out_and_stay_selected() {
    let mut editor = written("a\n\nb\nc", TextLanguage::Json, ORDINARY);
    press(&mut editor, "<S-Down><S-Down><S-Down><Tab><Tab>");
    assert_eq!(editor.text(), "    a\n\n    b\nc", "a line of which nothing is selected stays");
    press(&mut editor, "<S-Tab>");
    assert_eq!(editor.text(), "  a\n\n  b\nc");
    press(&mut editor, "<A-z><A-z><A-z>");
    assert_eq!(editor.text(), "a\n\nb\nc", "each is one change");
    press(&mut editor, "<C-A-Down><Home><Tab>x<S-Tab>y");
    assert_eq!(editor.text(), "a\n\nb\nxyc", "the cursor stays where it was in its line");
    press(&mut editor, "<S-Tab><S-Tab>");
    assert_eq!(editor.text(), "a\n\nb\nxyc");
}

#[test]
fn json_is_laid_out_as_one_change_with_its_names() {
    for room in [0, ORDINARY] {
        let text = r#"{"a":{{user}},"b":["{{x}}",1]}"#;
        let mut editor = written(text, TextLanguage::Json, room);
        press(&mut editor, "<End><Left><Left>");
        assert_eq!(editor.lay_out(), Ok(true));
        let new = "{\n  \"a\": {{user}},\n  \"b\": [\n    \"{{x}}\",\n    1\n  ]\n}";
        assert_eq!(editor.text(), new);
        assert_eq!(
            editor.model.line(editor.model.cursor().line),
            "  ]",
            "the cursor stays at its sign"
        );
        assert_eq!(editor.lay_out(), Ok(false));
        press(&mut editor, "<A-z>");
        assert_eq!(editor.text(), text);
        press(&mut editor, "<A-y>");
        assert_eq!(editor.text(), new);
    }
    let mut wrong = written("{\n \"a\": 1,\n}", TextLanguage::Json, ORDINARY);
    assert_eq!(wrong.lay_out(), Err("line 3, column 1: '}' instead of a name".into()));
    for (text, expected) in [
        ("<a><b>1</b></a>", Ok(true)),
        ("<a/>", Ok(false)),
        ("<a><b></a>", Err("</a> <b> is not ended".to_owned())),
        ("<a>", Err("<a> has no end".to_owned())),
        ("no tag", Err("this does not begin with a tag".to_owned())),
    ] {
        let mut editor = written(text, TextLanguage::Markup, ORDINARY);
        assert_eq!(editor.lay_out(), expected, "{text}");
    }
}

#[test]
fn the_first_mistake_is_told_while_typing_and_goes_when_it_is_mended() {
    let mut editor = written("{\n  \"é\": 1,\n}", TextLanguage::Json, ORDINARY);
    let flaw = |line, column, why: &str| Some(TextFlaw { line, column, why: why.into() });
    assert_eq!(editor.flaw(), flaw(3, 1, "'}' instead of a name"));
    press(&mut editor, "<Down><End><Backspace>");
    assert_eq!((editor.flaw(), editor.is_checked()), (None, true));
    press(&mut editor, "x");
    assert_eq!(editor.flaw(), flaw(2, 9, "'x' in a number"));
}

#[test]
fn brackets_at_the_cursor_and_what_is_wrong_stand_out() {
    let mut editor = written("[{\"a\": x}]", TextLanguage::Json, ORDINARY);
    let looks = |editor: &Editor| {
        let pieces = editor.rows(40, 1).remove(0).into_iter();
        let marked = pieces.filter(|piece| piece.look != TextStyle::Plain);
        marked.map(|piece| (piece.text, piece.look)).collect::<Vec<_>>()
    };
    let of = |text: &str, look| (text.to_owned(), look);
    let expected =
        [of("[", TextStyle::Cursor), of("x", TextStyle::Wrong), of("]", TextStyle::Bracket)];
    assert_eq!(looks(&editor), expected);
    press(&mut editor, "<Right>");
    assert!(looks(&editor).contains(&of("}", TextStyle::Bracket)));
    let piece = editor.rows(40, 1).remove(0).into_iter().find(|piece| piece.text == "\"a\"");
    assert_eq!(piece.unwrap().kind, PieceKind::Token(HighlightToken::Key));
}

#[test]
fn a_text_of_many_rows_says_where_it_is() {
    let text = "1,\n".repeat(100);
    let mut editor = written(&text, TextLanguage::Json, ORDINARY);
    editor.rows(20, 5);
    let (top, all) = editor.extent().unwrap();
    assert!(top == 0 && all > 100, "{top} of {all}");
    assert_eq!(editor.row_numbers()[..2], [(0, true), (1, true)]);
    editor.move_to(Caret::End);
    editor.rows(20, 5);
    let (top, all) = editor.extent().unwrap();
    assert_eq!(top + 5, all, "the end is the end");
    editor.rows(20, 200);
    assert_eq!(editor.extent(), None);
}

proptest! {
    #![proptest_config(crate::property_tests::config())]

    #[test]
    fn keys_do_the_same_in_texts_of_every_size_and_all_is_undone(
        text in "[a1{}\\[\\]\", \n]{0,30}", is_json: bool,
        keys in prop::collection::vec(prop::sample::select(vec![
            "{", "}", "[", "]", "\"", "a", "1", ",", "<Enter>", "<Tab>", "<S-Tab>", "<Backspace>",
            "<Left>", "<Right>", "<S-Left>", "<S-Down>", "<A-a>", "<End>", "<A-z>", "<A-y>",
        ]), 0..40),
    ) {
        let language = if is_json { TextLanguage::Json } else { TextLanguage::Markup };
        let mut ordinary = written(&text, language, ORDINARY);
        let mut large = written(&text, language, 0);
        for key in keys {
            press(&mut ordinary, key);
            press(&mut large, key);
            prop_assert_eq!(ordinary.text(), large.text(), "{}", key);
            prop_assert_eq!(ordinary.model.cursor(), large.model.cursor(), "{}", key);
            prop_assert_eq!(ordinary.flaw(), large.flaw());
            prop_assert_eq!(ordinary.rows(9, 3), large.rows(9, 3));
            let anew = written(&large.text(), language, 0);
            prop_assert_eq!(large.flaw(), anew.flaw(), "checked from where it changed");
        }
        while ordinary.key("<A-z>".parse().unwrap()) {}
        prop_assert_eq!(&*ordinary.text(), &*text);
    }
}
