//! Tests of where JSON is none.

use proptest::prelude::*;

use super::super::JsonScanner;
use super::JsonCheck;

/// The first flaw, however the text is cut into chunks; what is missing at its end has no place.
fn flaw(text: &[u8], step: usize) -> Option<(Option<u64>, String)> {
    let mut check = JsonCheck::default();
    text.chunks(step).for_each(|chunk| check.push(chunk));
    assert_eq!(check.offset(), text.len() as u64);
    // What cannot even be laid out has a flaw there or before.
    if let Err(error) = JsonScanner::default().scan(text, &mut |_| {}) {
        assert!(check.flaw().unwrap().offset <= error.offset, "{error}");
    }
    match check.flaw() {
        Some(flaw) => Some((Some(flaw.offset), flaw.message.clone())),
        None => check.unfinished().map(|message| (None, message)),
    }
}

fn at(text: &str) -> Option<u64> {
    let whole = flaw(text.as_bytes(), usize::MAX);
    for step in [1, 2, 3, 5, 63, 64, 65] {
        assert_eq!(flaw(text.as_bytes(), step), whole, "{text} in pieces of {step}");
    }
    whole.map(|(offset, _)| offset.unwrap_or(u64::MAX))
}

#[test]
fn numbers_literals_and_strings_have_their_slips() {
    for (text, place) in [
        ("[NaN]", 1),
        ("[-NaN]", 2),
        ("[Infinity]", 1),
        ("[nan]", 2),
        ("[tru]", 4),
        ("[truee]", 5),
        ("[TRUE]", 1),
        ("[01]", 2),
        ("[-01]", 3),
        ("[-]", 2),
        ("[+1]", 1),
        ("[.5]", 1),
        ("[1.]", 3),
        ("[1.e1]", 3),
        ("[1e]", 3),
        ("[1e+]", 4),
        ("[1.2.3]", 4),
        ("[0x1f]", 2),
        ("[1_000]", 2),
        ("['a']", 1),
        ("[\"a\\x\"]", 4),
        ("[\"\\u12g4\"]", 6),
        ("[\"\\u12\"]", 6),
        ("[\"a\tb\"]", 3),
        ("[\"a\nb\"]", 3),
        ("[\"a\0b\"]", 3),
    ] {
        assert_eq!(at(text), Some(place), "{text}");
    }
}

#[test]
fn each_kind_of_slip_has_its_place() {
    for (text, place) in [
        ("[1,]", 3),
        ("[,1]", 1),
        ("[1 2]", 3),
        ("[1,,2]", 3),
        ("{\"a\":1,}", 7),
        ("{\"a\" 1}", 5),
        ("{\"a\":}", 5),
        ("{\"a\",1}", 4),
        ("{1:2}", 1),
        ("{\"a\":1 \"b\":2}", 7),
        ("{\"a\":1]", 6),
        ("[1}", 2),
        ("[1]x", 3),
        ("[1][2]", 3),
        ("[1] 2", 4),
        ("1]", 1),
        ("[1]\n]", 4),
        ("1,2", 1),
        ("[1\u{a0}]", 2),
        ("[\u{b}1]", 1),
        ("[\u{c}1]", 1),
        ("[1,\u{feff}2]", 3),
        ("[\u{1e}1]", 1),
        ("[1] // end", 4),
        ("/* */ [1]", 0),
        ("\u{feff}", u64::MAX),
        (" \n", u64::MAX),
        ("", u64::MAX),
        ("[1", u64::MAX),
        ("\"a", u64::MAX),
        ("tru", u64::MAX),
        ("-", u64::MAX),
        ("1.", u64::MAX),
    ] {
        assert_eq!(at(text), Some(place), "{text}");
    }
}

#[test]
fn what_is_json_has_no_flaw() {
    for text in [
        "[-0, 0, 1.5e+3, 1E-2, 12e3, true, false, null, \"\\u00e9\\\"\\\\\\/\\b\\f\\n\\r\\t\"]",
        " {\"\" : { } , \"a\":[ ] }\r\n",
        "\u{feff}[1]",
        "42",
        "\"\u{2028}\u{7f}\"",
        "{\"a\":1}\n{\"a\":2}\r\n\n3\n\"x\"\ntrue\n",
        "\u{1e}{\"a\":1}\n\u{1e}2\n",
    ] {
        assert_eq!(at(text), None, "{text}");
    }
}

#[test]
fn the_kinds_of_all_brackets_are_remembered() {
    for depth in [63, 64, 65, 127, 128, 129, 1000] {
        let open: String = "[{\"a\":".repeat(depth);
        let close: String = "}]".repeat(depth);
        assert_eq!(at(&format!("{open}1{close}")), None, "{depth}");
        let wrong = format!("{open}1{}]]", "}]".repeat(depth - 1));
        assert_eq!(at(&wrong), Some(wrong.len() as u64 - 2), "{depth}");
    }
}

#[test]
fn words_name_what_stands_there_and_what_should() {
    for (text, words) in [
        ("[1,]", "']' instead of a value"),
        ("{\"a\":1,}", "'}' instead of a name"),
        ("{\"a\" 1}", "'1' instead of ':'"),
        ("{\"a\":1 \"b\"", "'\"' instead of ',' or '}'"),
        ("[tru]", "']' makes it neither true, false nor null"),
        ("[01]", "a number that begins with 0"),
        ("[\"\\q\"]", "'\\q' is no escape"),
        ("[1]]", "']' closes nothing"),
        ("[1] 2", "'2' after the end of the value"),
        ("-", "the JSON ends inside a number"),
    ] {
        assert_eq!(flaw(text.as_bytes(), 99).unwrap().1, words, "{text}");
    }
}

proptest! {
    #![proptest_config(crate::property_tests::config())]

    #[test]
    fn it_agrees_with_a_parser(
        text in r#"([\[{]|"[a\\"u0é\t]{0,4}"|\s|[\]}]|-?[0-9]{1,3}|[.eE+]|,|:|true|null|\\){0,12}"#,
        pad in 0usize..70,
        step in 1usize..70,
    ) {
        let text = format!("{}{text}", " ".repeat(pad));
        let known = serde_json::from_slice::<serde_json::Value>(text.as_bytes());
        let found = flaw(text.as_bytes(), step);
        match (known, found) {
            (Ok(_), found) => prop_assert_eq!(found, None, "{}", text),
            // Several values in lines, and what a parser will not keep.
            (Err(error), None) => prop_assert!(
                text.contains('\n') || error.to_string().contains("number out of range")
                    || error.to_string().contains("surrogate"), "{} {}", text, error
            ),
            (Err(_), Some(_)) => {}
        }
    }

    #[test]
    fn any_split_finds_the_same(bytes: Vec<u8>, step in 1usize..70) {
        prop_assert_eq!(flaw(&bytes, step), flaw(&bytes, usize::MAX));
    }
}
