//! Tests of all view modes.

use proptest::prelude::*;

use super::*;
use crate::model::view::{LINE_PIECE, WideEncoding};

fn starts(mode: ViewMode, chunks: &[&[u8]]) -> (Vec<LineStart>, Result<(), NotJson>) {
    let mut scanner = LineScanner::new(mode);
    let mut found = Vec::new();
    for chunk in chunks {
        if let Err(error) = scanner.scan(chunk, |start| found.push(start)) {
            return (found, Err(error));
        }
    }
    (found, Ok(()))
}

/// The whole body, laid out, with its indentation.
fn shown(mode: ViewMode, body: &[u8]) -> Vec<String> {
    let lines = LineScanner::new(mode).format(body, 0, usize::MAX);
    lines.iter().map(text_of).collect()
}

fn text_of(line: &ViewLine) -> String {
    let indent = " ".repeat(usize::from(line.indent));
    format!("{indent}{}", String::from_utf8_lossy(&line.bytes))
}

fn pretty(body: &str) -> Vec<String> {
    shown(ViewMode::Pretty, body.as_bytes())
}

fn error(body: &str) -> NotJson {
    starts(ViewMode::Pretty, &[body.as_bytes()]).1.unwrap_err()
}

#[test]
fn json_is_laid_out_one_value_a_line() {
    let body = r#"{"a":[1,-2.50,{"b" : {} , "c":[ ]}],"d,{":"x:\"]y"}"#;
    let expected = r#"{
  "a": [
    1,
    -2.50,
    {
      "b": {},
      "c": []
    }
  ],
  "d,{": "x:\"]y"
}"#;
    assert_eq!(pretty(body).join("\n"), expected);
    assert_eq!(pretty(expected).join("\n"), expected);
}

#[test]
fn scalars_and_several_values_stand_on_lines_of_their_own() {
    assert_eq!(pretty(" 42 "), ["42"]);
    let several = "1\n\"a\\n\"\n null\r\n[]\n2 \n{\"a\":1}\n-3";
    let lines = ["1", "\"a\\n\"", "null", "[]", "2", "{", "  \"a\": 1", "}", "-3"];
    assert_eq!(pretty(several), lines);
    let many = "\"user\"\n".repeat(100);
    assert_eq!(pretty(&many), vec!["\"user\""; 100]);
    for split in 1..several.len() {
        let (before, after) = several.as_bytes().split_at(split);
        let found = starts(ViewMode::Pretty, &[before, after]).0.len();
        assert_eq!(found, lines.len(), "split at {split}");
    }
    assert_eq!(pretty("{\"a\":1}\n{\"a\":2}\n"), ["{", "  \"a\": 1", "}", "{", "  \"a\": 2", "}"]);
    assert_eq!(pretty("\u{feff}[1]"), ["[", "  1", "]"]);
    assert_eq!(pretty(" \n"), Vec::<String>::new());
}

#[test]
fn what_is_not_json_says_where() {
    for (body, offset) in [
        ("<html>", 0),
        ("  hello", 2),
        ("[INFO] starting", 7),
        ("{a:1}", 1),
        ("[1,}", 3),
        ("[1}", 2),
        ("]", 0),
        ("1,2", 1),
        ("[\\]", 1),
        ("[1] \\", 4),
    ] {
        assert_eq!(error(body).offset, offset, "{body}");
    }
    assert_eq!(error("<p>").to_string(), "not JSON: '<' instead of a value at byte 0");
}

#[test]
fn json_that_is_cut_off_is_laid_out_as_far_as_it_goes() {
    assert_eq!(pretty("{\"a\":[1,\"xy"), ["{", "  \"a\": [", "    1,", "    \"xy"]);
    let mut check = JsonCheck::default();
    check.push(b"{\"a\":[");
    assert_eq!(check.unfinished().unwrap(), "the JSON ends with 2 brackets open");
    check.push(b"\"");
    assert_eq!(check.unfinished().unwrap(), "the JSON ends inside a string");
    check.push(b"\"]}");
    assert_eq!((check.flaw(), check.unfinished()), (None, None));
}

#[test]
fn odd_but_readable_json_keeps_every_byte() {
    assert_eq!(pretty("[1,]"), ["[", "  1,", "]"]);
    assert_eq!(pretty("[1 2]"), ["[", "  1 2", "]"]);
    assert_eq!(pretty("[nan, tru\u{e9}]"), ["[", "  nan,", "  tru\u{e9}", "]"]);
}

#[test]
fn depth_costs_nothing() {
    for depth in [127usize, 128, 129, 1000, 1_000_000] {
        for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
            let body = format!("{}{}{}", open.repeat(depth), "1", close.repeat(depth));
            let (found, result) = starts(ViewMode::Pretty, &[body.as_bytes()]);
            assert_eq!(result, Ok(()));
            assert_eq!(found.len(), 2 * depth + 1, "{depth} {open}");
            assert_eq!(found.last().unwrap().indent, 0);
        }
    }
    let open = "[".repeat(1_000_000);
    assert!(starts(ViewMode::Pretty, &[open.as_bytes()]).0.last().unwrap().indent < 100);
}

#[test]
fn indents_are_bounded_by_a_multiple_of_the_bytes() {
    let ones = format!("{}{}", "[".repeat(2000), "1,".repeat(50_000));
    for body in ["[".repeat(100_000), "{\"\":".repeat(20_000), ones] {
        let lines = starts(ViewMode::Pretty, &[body.as_bytes()]).0;
        let spaces: usize = lines.iter().map(|line| usize::from(line.indent)).sum();
        assert!(spaces <= 4096 + 24 * body.len(), "{spaces} for {}", body.len());
    }
    // What people write is indented in full.
    let deep = format!("{}\"x\"{}", "{\"name\": ".repeat(60), "}".repeat(60));
    let lines = starts(ViewMode::Pretty, &[deep.as_bytes()]).0;
    assert_eq!(lines.iter().map(|line| line.indent).max(), Some(120));
}

#[test]
fn text_lines_end_at_line_feeds() {
    assert_eq!(shown(ViewMode::Text, b"a\r\nb\n\nc\rd"), ["a", "b", "", "c\rd"]);
    assert_eq!(shown(ViewMode::Text, b"a\n"), ["a"]);
    assert_eq!(shown(ViewMode::Text, b""), Vec::<String>::new());
}

#[test]
fn hex_lines_have_sixteen_bytes() {
    let lines = LineScanner::new(ViewMode::Hex).format(&[7; 33], 0, 9);
    let sizes: Vec<(u64, usize)> = lines.iter().map(|l| (l.offset, l.bytes.len())).collect();
    assert_eq!(sizes, [(0, 16), (16, 16), (32, 1)]);
}

#[test]
fn long_lines_are_cut_between_characters_and_fit() {
    let text = "é".repeat(6000);
    let json = format!("[\"x{text}\\\\\\\"{text}\",{}1{}]", " ".repeat(9000), " ".repeat(9000));
    for (mode, body) in [(ViewMode::Text, &text), (ViewMode::Pretty, &json)] {
        let lines = LineScanner::new(mode).format(body.as_bytes(), 0, usize::MAX);
        assert!(lines.iter().filter(|line| line.continued).count() >= 2);
        assert!(
            lines.iter().all(|l| l.bytes.len() <= LINE_PIECE && str::from_utf8(&l.bytes).is_ok())
        );
        let joined: Vec<u8> = lines.iter().flat_map(|line| line.bytes.to_vec()).collect();
        let without_space: Vec<u8> = body.bytes().filter(|b| *b != b' ').collect();
        assert!(joined == without_space, "{mode:?}");
    }
}

#[test]
fn an_empty_bracket_with_endless_space_still_fits() {
    let body = format!("[{{{}}},2]", " ".repeat(10_000));
    let lines = LineScanner::new(ViewMode::Pretty).format(body.as_bytes(), 0, 99);
    let shown: Vec<String> = lines.iter().map(text_of).collect();
    assert_eq!(shown, ["[", "  {", "  },", "  2", "]"]);
    assert!(lines[2].continued);
}

#[test]
fn a_checkpoint_gives_the_same_lines_as_the_whole() {
    let body = format!("[{}1]", "{\"k\":\"v, w\"},".repeat(2000));
    let whole = LineScanner::new(ViewMode::Pretty).format(body.as_bytes(), 0, usize::MAX);
    let (mut scanner, mut count) = (LineScanner::new(ViewMode::Pretty), 0);
    let (before, after) = body.as_bytes().split_at(10_003);
    scanner.scan(before, |_| count += 1).unwrap();
    let lines = scanner.format(after, 5, 20);
    assert_eq!(lines, whole[count + 5..count + 25]);
}

fn json_like() -> impl Strategy<Value = String> {
    r#"([\[{]|"[a-z\\\\"é,{}]{0,6}"|\s|[\]}]|[0-9]{1,3}|,|:|true|\\){0,60}"#
}

proptest! {
    #![proptest_config(crate::property_tests::config())]

    #[test]
    fn any_split_gives_the_same_lines(body in json_like(), step in 1usize..100, pad in 0usize..9000) {
        let body = format!("[\"{}\",{body}", "y".repeat(pad));
        for mode in [ViewMode::Pretty, ViewMode::Text, ViewMode::Hex] {
            let whole = starts(mode, &[body.as_bytes()]);
            let pieces: Vec<&[u8]> = body.as_bytes().chunks(step).collect();
            prop_assert_eq!(&starts(mode, &pieces), &whole);
        }
    }

    #[test]
    fn nothing_but_space_is_lost(body in json_like()) {
        let body = format!("[{body}");
        let (_, result) = starts(ViewMode::Pretty, &[body.as_bytes()]);
        let end = result.err().map_or(body.len(), |error| error.offset as usize);
        let lines = LineScanner::new(ViewMode::Pretty).format(body.as_bytes(), 0, usize::MAX);
        let visible = |bytes: &[u8]| {
            bytes.iter().copied().filter(|b| *b > b' ').collect::<Vec<u8>>()
        };
        let joined: Vec<u8> = lines.iter().flat_map(|line| visible(&line.bytes)).collect();
        prop_assert_eq!(joined, visible(&body.as_bytes()[..end]));
    }

    #[test]
    fn arbitrary_bytes_are_cut_and_never_panic(body: Vec<u8>, skip in 0u64..9, rows in 0usize..9) {
        for mode in [ViewMode::Pretty, ViewMode::Text, ViewMode::Hex] {
            let lines = LineScanner::new(mode).format(&body, skip, rows);
            prop_assert!(lines.len() <= rows);
        }
    }
}

const WIDE: [WideEncoding; 4] =
    [WideEncoding::Utf16Le, WideEncoding::Utf16Be, WideEncoding::Utf32Le, WideEncoding::Utf32Be];

fn encoded(wide: WideEncoding, text: &str) -> Vec<u8> {
    text.chars().flat_map(|c| encode_wide(wide, c)).collect()
}

#[test]
fn wide_text_is_shown_as_lines_of_characters() {
    for wide in WIDE {
        let body = encoded(wide, "\u{feff}Grüße ਊ\r\n\u{1f600}\n\nend");
        assert_eq!(shown(ViewMode::Wide(wide), &body), ["Grüße ਊ", "\u{1f600}", "", "end"]);
    }
    let broken = [&b"a\0\x00\xd8b\0"[..], b"\x0a"].concat();
    assert_eq!(shown(ViewMode::Wide(WideEncoding::Utf16Le), &broken), ["a\u{fffd}b\u{fffd}"]);
    assert_eq!(shown(ViewMode::Wide(WideEncoding::Utf32Be), b"\0\x11\0\0"), ["\u{fffd}"]);
}

#[test]
fn long_lines_of_wide_text_are_cut_between_characters() {
    let text = "\u{1f600}".repeat(3000);
    for wide in WIDE {
        let body = encoded(wide, &text);
        let lines = LineScanner::new(ViewMode::Wide(wide)).format(&body, 0, usize::MAX);
        assert!(lines.len() > 1 && lines.iter().all(|line| line.bytes.len() <= LINE_PIECE));
        assert!(lines.iter().skip(1).all(|line| line.continued));
        let joined: Vec<u8> = lines.iter().flat_map(|line| line.bytes.to_vec()).collect();
        assert_eq!(String::from_utf8(joined).unwrap(), text);
    }
}

proptest! {
    #![proptest_config(crate::property_tests::config())]

    #[test]
    fn wide_lines_are_the_same_however_the_bytes_are_split(
        body in prop::collection::vec(prop_oneof![Just(0u8), Just(10), Just(0xd8), any::<u8>()], 0..200),
        cut in 0usize..200,
        at in 0usize..4,
    ) {
        let mode = ViewMode::Wide(WIDE[at]);
        let (a, b) = body.split_at(cut.min(body.len()));
        prop_assert_eq!(starts(mode, &[&body]), starts(mode, &[a, b]));
        // A checkpoint anywhere shows the lines that start after it as the whole does.
        let mut scanner = LineScanner::new(mode);
        let mut before = 0;
        scanner.scan(a, |_| before += 1).unwrap();
        let rest = scanner.format(b, 0, usize::MAX);
        let all = LineScanner::new(mode).format(&body, before, usize::MAX);
        prop_assert_eq!(rest, all);
    }
}
