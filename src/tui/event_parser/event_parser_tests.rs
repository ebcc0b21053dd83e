//! What bytes of a terminal mean, cut anywhere and however late the rest comes.

use proptest::prelude::*;

use super::*;
use crate::app::message::{Mouse, MouseKind};

fn ms(count: u64) -> Duration {
    Duration::from_millis(count)
}

/// Feeds each read that many milliseconds after the one before, letting deadlines pass in between
/// and at the end.
fn parse_reads(reads: &[(u64, &[u8])]) -> Vec<Parsed> {
    let (mut parser, mut now, mut out) = (EventParser::default(), Instant::now(), Vec::new());
    for (later, bytes) in reads {
        let then = now + ms(*later);
        pass(&mut parser, then, &mut out);
        now = then;
        parser.feed(bytes, now, &mut out);
    }
    pass(&mut parser, now + ms(10_000), &mut out);
    out
}

fn pass(parser: &mut EventParser, until: Instant, out: &mut Vec<Parsed>) {
    while let Some(deadline) = parser.deadline().filter(|deadline| *deadline <= until) {
        parser.expire(deadline, out);
    }
}

fn parse(bytes: &[u8]) -> Vec<Parsed> {
    parse_reads(&[(0, bytes)])
}

/// Keys in the notation of keymaps, everything else in Rust's.
fn shown(parsed: Vec<Parsed>) -> String {
    let show = |parsed| match parsed {
        Parsed::Input(Input::Key(key)) => key.to_string(),
        Parsed::Input(Input::Paste(text)) => format!("paste {text:?}"),
        Parsed::Nothing | Parsed::Background(_) | Parsed::ColourScheme { .. } => String::new(),
        other => format!("{other:?}"),
    };
    parsed.into_iter().map(show).collect()
}

fn keys(bytes: &[u8]) -> String {
    shown(parse(bytes))
}

fn reads(reads: &[(u64, &[u8])]) -> String {
    shown(parse_reads(reads))
}

#[test]
fn plain_and_control_bytes_are_keys() {
    assert_eq!(keys(b"aG\xc3\xa9\xf0\x9f\x98\x80"), "aGé😀");
    assert_eq!(keys(b"\r\t\x7f\x08\x03\x1f"), "<Enter><Tab><Backspace><Backspace><C-c><C-_>");
    assert_eq!(keys(b"\0"), "<C-Space>");
}

#[test]
fn escape_alone_is_the_key_and_with_a_letter_is_alt() {
    assert_eq!(keys(b"\x1b"), "<Esc>");
    assert_eq!(keys(b"\x1bx\x1b\r\x1b["), "<A-x><A-Enter><A-[>");
    assert_eq!(keys(b"\x1b\x1b"), "<Esc><Esc>");
    assert_eq!(keys(b"\x1bO\x1b[A\x1bP"), "<A-O><Up><A-P>");
}

#[test]
fn a_lone_escape_waits_fifty_milliseconds() {
    let (mut parser, now, mut out) = (EventParser::default(), Instant::now(), Vec::new());
    parser.feed(b"\x1b", now, &mut out);
    assert_eq!((parser.deadline(), out.len()), (Some(now + ms(50)), 0));
    parser.expire(now + ms(50), &mut out);
    assert_eq!((parser.deadline(), shown(out).as_str()), (None, "<Esc>"));
}

#[test]
fn an_arrow_cut_behind_its_escape_is_still_the_arrow() {
    assert_eq!(reads(&[(0, b"\x1b"), (49, b"[D")]), "<Left>");
    assert_eq!(reads(&[(0, b"\x1b"), (40, b"["), (900, b"D")]), "<Left>");
    assert_eq!(reads(&[(0, b"a\x1b"), (40, b"[200~D\x1b[201~")]), "apaste \"D\"");
}

#[test]
fn a_tail_that_comes_late_is_still_its_sequence() {
    assert_eq!(reads(&[(0, b"\x1b"), (900, b"[A")]), "<Esc><Up>");
    assert_eq!(reads(&[(0, b"\x1b"), (900, b"[1;"), (150, b"5C")]), "<Esc><C-Right>");
    assert_eq!(reads(&[(0, b"\x1b"), (900, b"[200~dd\x1b[201~")]), "<Esc>paste \"dd\"");
    assert_eq!(reads(&[(0, b"\x1b[200"), (150, b"~dd\x1b[201~")]), "paste \"dd\"");
    assert_eq!(reads(&[(0, b"\x1b"), (900, b"OP")]), "<Esc><F1>");
}

#[test]
fn a_tail_that_comes_late_and_byte_by_byte_is_still_its_sequence() {
    let slowly = |head: &[u8], first: u64, rest: &[u8]| {
        let mut pieces: Vec<(u64, &[u8])> = vec![(0, head)];
        for (at, byte) in rest.chunks(1).enumerate() {
            pieces.push((if at == 0 { first } else { 10 }, byte));
        }
        pieces.push((2000, b"x"));
        reads(&pieces)
    };
    assert_eq!(reads(&[(0, b"\x1b"), (60, b"["), (10, b"D")]), "<Esc><Left>");
    for (rest, keys) in [
        (b"[D".as_slice(), "<Left>"),
        (b"[1;5C", "<C-Right>"),
        (b"[3~", "<Del>"),
        (b"[[A", "<F1>"),
        (b"[13;5u", "<C-Enter>"),
        (b"OP", "<F1>"),
        (b"Oq", "1"),
        (b"[200~dd\ry\x1b[201~", "paste \"dd\\ny\""),
        (b"]11;?\x07", ""),
        (b"P1$r0m\x1b\\", ""),
        (b"[?2026;2$y", ""),
    ] {
        for first in [60, 900] {
            assert_eq!(slowly(b"\x1b", first, rest), format!("<Esc>{keys}x"));
        }
        let (introducer, rest) = rest.split_at(1);
        let alt = format!("<A-{}>", char::from(introducer[0]));
        assert_eq!(slowly(&[&[ESC], introducer].concat(), 60, rest), format!("{alt}{keys}x"));
    }
}

#[test]
fn a_key_that_begins_no_sequence_waits_a_second_and_is_typed() {
    for key in [b"[".as_slice(), b"O", b"]", b"P", b"_", b"^"] {
        let typed = String::from_utf8_lossy(key);
        assert_eq!(reads(&[(0, b"\x1b"), (60, key), (1001, b"j")]), format!("<Esc>{typed}j"));
        assert_eq!(reads(&[(0, b"\x1b"), (60, key), (60, b"\r")]), format!("<Esc>{typed}<Enter>"));
        assert_eq!(reads(&[(0, b"\x1b"), (60, key), (60, b"\x1b")]), format!("<Esc>{typed}<Esc>"));
        let up = reads(&[(0, b"\x1b"), (60, key), (60, b"\x1b[A"), (60, b"x")]);
        assert_eq!(up, format!("<Esc>{typed}<Up>x"));
        assert_eq!(
            reads(&[(0, b"\x1b"), (60, key), (60, "\u{e9}".as_bytes())]),
            format!("<Esc>{typed}\u{e9}")
        );
    }
    let (mut parser, now, mut out) = (EventParser::default(), Instant::now(), Vec::new());
    parser.feed(b"\x1b", now, &mut out);
    parser.expire(now + ms(50), &mut out);
    parser.feed(b"[", now + ms(60), &mut out);
    assert_eq!((parser.deadline(), out.len()), (Some(now + ms(1060)), 1));
    parser.feed(b"j", now + ms(70), &mut out);
    assert_eq!((parser.deadline(), shown(out).as_str()), (None, "<Esc>[j"), "at once");
    let held = [(0, b"\x1b".as_slice()), (60, b"["), (30, b"["), (30, b"["), (30, b"[")];
    assert_eq!(reads(&held), "<Esc>[[[[");
}

#[test]
fn what_a_hand_types_byte_by_byte_behind_an_escape_is_not_swallowed() {
    let long = "^".repeat(200);
    for typed in [
        "[x",
        "[1]",
        "[2, 3]",
        "[1",
        "[\"a\"]",
        "OK",
        "O.",
        "Post",
        "P1 x",
        "P!",
        "]",
        "]12",
        "]x",
        "]1a",
        "_id",
        "_G",
        "^a b",
        "Xy",
        &long,
        "{\"a\": 1}",
    ] {
        for gap in [60, 200, 900] {
            let mut pieces: Vec<(u64, &[u8])> = vec![(0, b"\x1b")];
            pieces.extend(typed.as_bytes().chunks(1).map(|byte| (gap, byte)));
            assert_eq!(reads(&pieces), format!("<Esc>{}", typed.replace(' ', "<Space>")), "{gap}");
        }
    }
    assert_eq!(reads(&[(0, b"\x1b"), (60, b"["), (60, b"1"), (60, b"\x1b[A")]), "<Esc>[1<Up>");
    assert_eq!(reads(&[(0, b"\x1b"), (60, b"["), (60, b"1"), (60, b"\x03")]), "<Esc>[1<C-c>");
    assert_eq!(
        reads(&[(0, b"\x1b"), (60, b"["), (60, b"9"), (60, b"$"), (60, b"\r")]),
        "<Esc>[9$<Enter>"
    );
}

/// Every key of the number block: in application mode, with 8 bits, and what kitty calls it, with and
/// without `NumLock`, Shift and Ctrl.
const NUMBER_BLOCK: [(&[u8], &str); 44] = [
    (b"\x1bOp", "0"),
    (b"\x1bOq", "1"),
    (b"\x1bOr", "2"),
    (b"\x1bOs", "3"),
    (b"\x1bOt", "4"),
    (b"\x1bOu", "5"),
    (b"\x1bOv", "6"),
    (b"\x1bOw", "7"),
    (b"\x1bOx", "8"),
    (b"\x1bOy", "9"),
    (b"\x1bOj", "*"),
    (b"\x1bOk", "+"),
    (b"\x1bOl", ","),
    (b"\x1bOm", "-"),
    (b"\x1bOn", "."),
    (b"\x1bOo", "/"),
    (b"\x1bOX", "="),
    (b"\x1bOM", "<Enter>"),
    (b"\x1bO ", "<Space>"),
    (b"\x1bOI", "<Tab>"),
    (b"\x1bOP", "<F1>"),
    (b"\x1bOS", "<F4>"),
    (b"\x1bOH", "<Home>"),
    (b"\x1bOA", "<Up>"),
    (b"\x1bOF", "<End>"),
    (b"\x1bOE", ""),
    (b"\x1b[E", ""),
    (b"\x1bO5C", "<C-Right>"),
    (b"\x1bO2P", "<S-F1>"),
    (b"\x1bO1;2P", "<S-F1>"),
    (b"\x1bO5p", "<C-0>"),
    (b"\x1bO2M", "<S-Enter>"),
    (b"\x1bO3k", "<A-+>"),
    (b"\x1bO129C", "<Right>"),
    (b"\x8fq", "1"),
    (b"\xc2\x8fq", "1"),
    (b"\x1b[57399u", "0"),
    (b"\x1b[57408;129u", "9"),
    (b"\x1b[57414;129u", "<Enter>"),
    (b"\x1b[57416u", ","),
    (b"\x1b[57417;133u", "<C-Left>"),
    (b"\x1b[57426u", "<Del>"),
    (b"\x1b[57427;129u", ""),
    (b"\x1b[1;129A", "<Up>"),
];

/// Cut at every byte, and into single ones; with a pause in each cut.
fn pieces(bytes: &[u8], later: u64) -> Vec<Vec<(u64, &[u8])>> {
    let mut all: Vec<Vec<(u64, &[u8])>> = (1..bytes.len())
        .map(|cut| vec![(0, bytes.split_at(cut).0), (later, bytes.split_at(cut).1)])
        .collect();
    all.push(bytes.chunks(1).map(|byte| (later, byte)).collect());
    all
}

#[test]
fn the_number_block_in_application_mode_is_typed() {
    for (bytes, expected) in NUMBER_BLOCK {
        assert_eq!(keys(bytes), expected, "{}", bytes.escape_ascii());
        assert_eq!(keys(&[bytes, b"x", bytes].concat()), format!("{expected}x{expected}"));
    }
    assert_eq!(keys("\x1bO\u{e9}x".as_bytes()), "<A-O>\u{e9}x", "a letter is no key of it");
}

#[test]
fn keys_characters_and_answers_may_be_cut_at_every_byte_however_slow_the_line_is() {
    let others: [(&[u8], &str); 28] = [
        ("\u{e9}".as_bytes(), "\u{e9}"),
        ("\u{20ac}".as_bytes(), "\u{20ac}"),
        ("\u{1f600}".as_bytes(), "\u{1f600}"),
        ("\u{6db}\u{410}".as_bytes(), "\u{6db}\u{410}"),
        (b"\x1b[A", "<Up>"),
        (b"\x1b[1;5C", "<C-Right>"),
        (b"\x1b[24;2~", "<S-F12>"),
        (b"\x1b[7$", "<S-Home>"),
        (b"\x1b[7^", "<C-Home>"),
        (b"\x1b[8@", "<C-S-End>"),
        (b"\x1b[a", "<S-Up>"),
        (b"\x1bOd", "<C-Left>"),
        (b"\x1b[13;5u", "<C-Enter>"),
        (b"\x1b[12;40R", ""),
        (b"\x1b[>1;10;0c", ""),
        (b"\x1b[?2026;2$y", ""),
        (b"\x1b]11;rgb:14/17/1c\x1b\\", ""),
        (b"\x1bP>|dd(1)\x1b\\", ""),
        (b"\x1b]104\x07", ""),
        (b"\x1b]11;rgb:CC/DD/00\x07", ""),
        (b"\x1bP!|7E565445\x1b\\", ""),
        (b"\x1bP1+r544e=78\x1b\\", ""),
        (b"\x1b_Gi=31;OK\x1b\\", ""),
        (b"\x1b^dd\x1b\\", ""),
        (b"\x1b[I", ""),
        (b"\x1b[O", ""),
        (b"\x1b[8;40;120t", ""),
        (b"\x1b[27;5;13~", "<C-Enter>"),
    ];
    for (bytes, expected) in NUMBER_BLOCK.into_iter().chain(others) {
        for later in [1, 10, 30, 49] {
            for cut in pieces(bytes, later) {
                let cut = [cut, vec![(100, b"j".as_slice())]].concat();
                assert_eq!(reads(&cut), format!("{expected}j"), "{cut:?}");
            }
        }
        // Slower than a lone Escape waits: that is a key then, and what follows still is not typed.
        for later in [60, 150, 400, 900] {
            for cut in pieces(bytes, later) {
                let shown = reads(&[cut.clone(), vec![(2000, b"j".as_slice())]].concat());
                let escape = match cut[0].1 {
                    [ESC] => "<Esc>".to_owned(),
                    [ESC, introducer @ (b'[' | b'O' | b']' | b'P' | b'_' | b'^')] => {
                        format!("<A-{}>", char::from(*introducer))
                    }
                    _ => String::new(),
                };
                assert_eq!(shown, format!("{escape}{expected}j"), "{cut:?} after {later} ms");
            }
        }
    }
}

#[test]
fn an_escape_that_is_pasted_is_text_wherever_the_line_cuts() {
    for text in
        ["\x1b", "a\x1b", "\x1b[A", "\x1bOq", "\x1b]11;x", "\x1b[200~", "\x1b[20", "\u{9b}A"]
    {
        let bytes = [PASTE_START, text.as_bytes(), PASTE_END].concat();
        for later in [1, 40, 49] {
            for cut in pieces(&bytes, later) {
                let shown = reads(&[cut.clone(), vec![(100, b"x".as_slice())]].concat());
                assert_eq!(shown, format!("paste {text:?}x"), "{cut:?}");
            }
        }
    }
}

#[test]
fn what_a_hand_types_behind_an_escape_is_typed() {
    assert_eq!(reads(&[(0, b"\x1b"), (900, b"["), (1080, b"A")]), "<Esc>[A");
    assert_eq!(reads(&[(0, b"\x1b"), (900, b"OK")]), "<Esc>OK");
    assert_eq!(reads(&[(0, b"\x1b"), (900, b"[x]")]), "<Esc>[x]");
    assert_eq!(reads(&[(0, b"\x1b"), (1100, b"[A")]), "<Esc>[A");
    assert_eq!(reads(&[(0, b"\x1b"), (60, b"x"), (60, b"[A")]), "<Esc>x[A");
}

#[test]
fn the_start_of_a_paste_may_be_cut_anywhere_and_come_byte_by_byte() {
    for cut in 1..PASTE_START.len() {
        let (first, second) = PASTE_START.split_at(cut);
        for later in [60, 150, 900] {
            let rest = [second, b"dd\ry\x1b[201~"].concat();
            let shown = reads(&[(0, first), (later, &rest)]);
            assert!(shown.ends_with("paste \"dd\\ny\""), "{cut} {later}: {shown}");
        }
    }
    let mut slowly: Vec<(u64, &[u8])> = PASTE_START.chunks(1).map(|byte| (150, byte)).collect();
    slowly.push((150, b"dd\ry"));
    slowly.push((150, PASTE_END));
    assert_eq!(reads(&slowly), "<Esc>paste \"dd\\ny\"");
    // Its start was long ago, and no hand has typed it.
    assert_eq!(reads(&[(0, b"\x1b[20"), (5000, b"0~dd\x1b[201~")]), "paste \"dd\"");
    assert_eq!(reads(&[(0, b"\x1b[200"), (5000, b"~"), (99, b"dd\x1b[201~")]), "paste \"dd\"");
}

#[test]
fn alt_and_the_start_of_a_sequence_is_a_key_at_once() {
    for key in [b'[', b'O', b']', b'P', b'X', b'^', b'_'] {
        let (mut parser, now, mut out) = (EventParser::default(), Instant::now(), Vec::new());
        parser.feed(&[ESC, key], now, &mut out);
        assert_eq!((parser.deadline(), out.len()), (Some(now + ms(50)), 0));
        parser.expire(now + ms(50), &mut out);
        assert_eq!(shown(out), format!("<A-{}>", char::from(key)));
    }
    assert_eq!(reads(&[(0, b"\x1b["), (300, b"x")]), "<A-[>x");
    assert_eq!(reads(&[(0, b"\x1b["), (300, b"2"), (300, b"j")]), "<A-[>2j");
    assert_eq!(reads(&[(0, b"\x1b["), (900, b"A")]), "<A-[><Up>");
    assert_eq!(reads(&[(0, b"\x1b["), (900, b"1;5C")]), "<A-[><C-Right>");
    assert_eq!(reads(&[(0, b"\x1b]"), (900, b"11;rgb:0/0/0\x07x")]), "<A-]>x");
    assert_eq!(reads(&[(0, b"\x1bP"), (900, b">|xterm\x1b\\x")]), "<A-P>x");
}

#[test]
fn a_character_cut_over_a_slow_line_is_still_the_character() {
    assert_eq!(reads(&[(0, b"\xf0\x9f"), (400, b"\x98"), (400, b"\x80x")]), "😀x");
    assert_eq!(reads(&[(0, b"\xdb"), (1500, b"\x9b"), (9, b"dd")]), "\u{6db}dd");
    assert_eq!(reads(&[(0, b"\xdb"), (1500, b"j"), (9, b"k")]), "jk");
}

#[test]
fn function_and_cursor_keys_in_all_their_spellings() {
    assert_eq!(keys(b"\x1b[A\x1bOA\x1b[1;5C\x1b[Z"), "<Up><Up><C-Right><S-Tab>");
    assert_eq!(keys(b"\x1bOP\x1b[11~\x1b[[A\x1b[15~\x1b[24;2~"), "<F1><F1><F1><F5><S-F12>");
    assert_eq!(keys(b"\x1b[H\x1b[1~\x1b[5~\x1b[6;5~\x1b[3~"), "<Home><Home><PgUp><C-PgDn><Del>");
}

#[test]
fn modified_enter_comes_in_three_spellings() {
    assert_eq!(keys(b"\x1b[13;5u\x1b[27;5;13~\x1b\r"), "<C-Enter><C-Enter><A-Enter>");
    assert_eq!(keys(b"\x1b[13;2u\x1b[9;2u"), "<S-Enter><S-Tab>");
}

#[test]
fn kitty_keys_fold_shift_into_the_character_and_drop_releases() {
    assert_eq!(keys(b"\x1b[99;5u\x1b[27u\x1b[112;6u"), "<C-c><Esc><C-P>");
    assert_eq!(parse(b"\x1b[97;1:3u"), [Parsed::Nothing]);
    assert_eq!(keys(b"\x1b[97;1:2u"), "a");
    assert_eq!(parse(b"\x1b[?0u"), [Parsed::KittyKeyboard]);
}

#[test]
fn mouse_reports_count_from_zero() {
    let mouse = |kind, column, row| Parsed::Input(Input::Mouse(Mouse { kind, column, row }));
    assert_eq!(
        parse(b"\x1b[<0;3;4M\x1b[<32;4;4M\x1b[<0;4;4m\x1b[<64;1;1M\x1b[<65;1;1M\x1b[<35;9;9M"),
        [
            mouse(MouseKind::Press, 2, 3),
            mouse(MouseKind::Drag, 3, 3),
            mouse(MouseKind::Release, 3, 3),
            mouse(MouseKind::ScrollUp, 0, 0),
            mouse(MouseKind::ScrollDown, 0, 0),
        ]
    );
}

#[test]
fn a_paste_is_one_event_with_line_feeds() {
    assert_eq!(keys(b"\x1b[200~a\rb\rc\x1b[31m\x1b[201~x"), "paste \"a\\nb\\nc\\u{1b}[31m\"x");
    assert_eq!(keys(b"\x1b[200~a\r\nb\nc\rd\x1b[201~"), "paste \"a\\r\\nb\\nc\\rd\"");
    assert_eq!(reads(&[(0, b"\x1b[200~a\x1b[20"), (1500, b"1~x")]), "paste \"a\"x");
}

#[test]
fn a_paste_over_the_limit_is_cut_and_says_so() {
    let mut bytes = b"\x1b[200~".to_vec();
    bytes.resize(bytes.len() + PASTE_LIMIT + 7, b'a');
    bytes.extend_from_slice(PASTE_END);
    let parsed = parse(&bytes);
    assert!(matches!(&parsed[0], Parsed::Input(Input::Paste(text)) if text.len() == PASTE_LIMIT));
    assert_eq!(parsed[1..], [Parsed::PasteCut(7)]);
}

#[test]
fn a_paste_that_never_ends_is_ended_by_silence() {
    assert_eq!(reads(&[(0, b"\x1b[200~rm"), (1900, b" x")]), "paste \"rm x\"PasteUnfinished");
    // What still comes of it is typed by nobody.
    assert_eq!(
        reads(&[(0, b"\x1b[200~rm"), (2100, b"dd\ry"), (10, b"dd\x1b[20"), (10, b"1~x")]),
        "paste \"rm\"PasteUnfinishedx"
    );
    // A key that comes alone is the user's.
    assert_eq!(
        reads(&[(0, b"\x1b[200~rm"), (2100, b"dd"), (99, b"\x1b[A"), (99, b"dd")]),
        "paste \"rm\"PasteUnfinished<Up>dd"
    );
    assert_eq!(
        reads(&[(0, b"\x1b[200~rm"), (2100, b"dd"), (99, b"\x1b"), (99, b"q")]),
        "paste \"rm\"PasteUnfinished<Esc>q"
    );
}

#[test]
fn a_paste_that_never_ends_is_ended_by_ctrl_c() {
    for ctrl_c in [b"\x03".as_slice(), b"\x1b[99;5u"] {
        assert_eq!(
            reads(&[(0, b"\x1b[200~rm"), (100, ctrl_c), (100, b"x"), (100, b"dd")]),
            "paste \"rm\"PasteUnfinishedxdd"
        );
    }
    assert_eq!(keys(b"\x1b[200~a\x03b\x1b[201~"), "paste \"a\\u{3}b\"", "of the text");
}

#[test]
fn a_ctrl_c_that_was_pasted_ends_no_paste_wherever_a_read_ends() {
    let text = "paste \"a\\u{3}b\"";
    assert_eq!(reads(&[(0, b"\x1b[200~a\x03"), (100, b"b\x1b[201~")]), text);
    assert_eq!(reads(&[(0, b"\x1b[200~a"), (1, b"\x03"), (1, b"b\x1b[201~")]), text);
}

#[test]
fn a_paste_that_holds_its_own_end_mark_types_nothing() {
    let all = "paste \"a\\u{1b}[201~d\\ny\"";
    assert_eq!(keys(b"\x1b[200~a\x1b[201~d\ry\x1b[201~"), all);
    assert_eq!(reads(&[(0, b"\x1b[200~a\x1b[201~"), (30, b"d\ry"), (15, b"\x1b[201~")]), all);
    assert_eq!(reads(&[(0, b"\x1b[200~a\x1b[201~d\ry\x1b[2"), (9, b"01~x")]), format!("{all}x"));
    let long = [b"\x1b[200~a\x1b[201~".as_slice(), &b"d".repeat(70_000), b"\x1b[201~"].concat();
    let parsed = parse(&long);
    assert!(matches!(&parsed[..], [Parsed::Input(Input::Paste(text))] if text.len() == 70_007));
    assert_eq!(
        reads(&[(0, b"\x1b[200~a"), (2100, b"b\x1b[201~d\ry\x1b[201~x")]),
        "paste \"a\"PasteUnfinishedx"
    );
    // Two pastes, and a key between them, are what they are.
    let two = b"\x1b[200~a\x1b[201~x\x1b[200~b\x1b[201~y";
    assert_eq!(keys(two), "paste \"a\"xpaste \"b\"y");
    assert_eq!(reads(&[(0, b"\x1b[200~a\x1b[201~"), (30, b"x"), (30, b"y")]), "paste \"a\"xy");
}

#[test]
fn colours_the_terminal_tells_are_no_text() {
    for (colour, parsed) in [
        (b"\x1b]11;rgb:1414/1717/1c1c\x07".as_slice(), Parsed::Background([0x14, 0x17, 0x1c])),
        (b"\x1b]11;rgb:fb/fb/f9\x1b\\", Parsed::Background([0xfb, 0xfb, 0xf9])),
        (b"\x1b]11;rgba:f/f/f/0\x1b\\", Parsed::Background([255; 3])),
        (b"\x1b[?997;1n", Parsed::ColourScheme { is_dark: true }),
        (b"\x1b[?997;2n", Parsed::ColourScheme { is_dark: false }),
        (b"\x1b]11;rgb:\x07", Parsed::Nothing),
        (b"\x1b]11;rgb:/0/0\x07", Parsed::Nothing),
        (b"\x1b]11;rgb:+f/0/0\x07", Parsed::Nothing),
        (b"\x1b]11;?\x07", Parsed::Nothing),
        (b"\x1b]4;1;rgb:0/0/0\x07", Parsed::Nothing),
    ] {
        assert_eq!(parse(colour), [parsed]);
        assert_eq!(keys(&[colour, b"x"].concat()), "x");
        assert_eq!(reads(&[(0, b"\x1b"), (900, &colour[1..]), (9, b"x")]), "<Esc>x");
        for cut in 1..colour.len() {
            let (first, rest) = colour.split_at(cut);
            assert_eq!(reads(&[(0, first), (40, rest), (9, b"x")]), "x");
        }
    }
    assert_eq!(reads(&[(0, b"\x1b]11;rg"), (900, b"b:0/0/0\x1b"), (900, b"\\")]), "");
}

#[test]
fn answers_and_unknown_sequences_never_become_keys() {
    assert_eq!(keys(b"\x1b[?62;1c\x1b]4;1;rgb:00/00/00\x07\x1bP1$r0m\x1b\\\x1b[I\x1b[5n"), "");
    assert_eq!(keys(b"\x1b[?2026;2$y\x1b[?2031;2$y\x1b]11;rgb:0\x1b\\x"), "x");
    assert_eq!(reads(&[(0, b"\x1b[?20"), (400, b"26;2$"), (400, b"yx")]), "x");
}

#[test]
fn controls_of_eight_bits_begin_sequences_too() {
    assert_eq!(keys(b"\x9b?62;1cx"), "x");
    assert_eq!(keys(b"\xc2\x9b?62;1cx"), "x");
    assert_eq!(keys(b"\x9d11;dydy\x07x"), "x");
    assert_eq!(keys(b"\x90dydy\x1b\\x"), "x");
    assert_eq!(keys(b"\xc2\x9b200~dy\r\x1b[201~"), keys(b"\x1b[200~dy\r\x1b[201~"));
    assert_eq!(keys("\u{3b}\u{203a}\u{db}x".as_bytes()), ";\u{203a}\u{db}x");
}

#[test]
fn an_answer_of_any_length_is_bounded_and_never_becomes_keys() {
    let (mut parser, now, mut out) = (EventParser::default(), Instant::now(), Vec::new());
    parser.feed(b"\x1b]52;c;", now, &mut out);
    for _ in 0..1000 {
        parser.feed(&[b'D'; 1000], now, &mut out);
        assert!(parser.pending.len() <= SEQUENCE_LIMIT);
    }
    parser.feed(b"DD\x1b", now, &mut out);
    parser.feed(b"\\x", now, &mut out);
    assert_eq!(shown(out), "x");
    let numbers = [b"\x1b[".as_slice(), &[b'1'; 9000], b"D"].concat();
    assert_eq!(shown(parse_reads(&[(0, &numbers[..6000]), (0, &numbers[6000..]), (0, b"x")])), "x");
}

#[test]
fn an_answer_that_stops_for_a_while_never_becomes_keys() {
    for (start, rest) in [
        (b"\x1b]52;c;AAAA".as_slice(), b"Cdd\ry\x07x".as_slice()),
        (b"\x1bP1$r", b"Cdd\ry\x1b\\x"),
        (b"\x1bPtmux;\x07", b"Cdd\x07\ry\x1b\\x"),
        (b"\x1b[1;2", b"4;5Cx"),
        (b"\x1b[<0;1", b"2;3Mx"),
    ] {
        let shown = reads(&[(0, start), (3000, rest)]);
        assert!(shown.ends_with('x') && !shown.contains("dd") && !shown.contains("4;"), "{shown}");
    }
}

#[test]
fn an_answer_without_an_end_leaves_the_keys_alive() {
    for open in [b"\x1b]52;c;AA".as_slice(), b"\x1bP1$r", b"\x1b_Gi=1", b"\x1b[1;2"] {
        assert_eq!(reads(&[(0, open), (1500, b"j"), (9, b"k")]), "jk");
        assert_eq!(reads(&[(0, open), (1500, b"\x1b[A")]), "<Up>");
        assert_eq!(reads(&[(0, open), (500, b"\x03")]), "<C-c>");
        assert_eq!(reads(&[(0, open), (500, b"\x1b[99;5u")]), "<C-c>");
    }
    assert_eq!(keys(b"\x1b]11;rgb:0\x1b[A"), "<Up>", "another sequence ends a string");
}

proptest! {
    #![proptest_config(crate::property_tests::config())]

    #[test]
    fn any_split_means_the_same(bytes in proptest::collection::vec(
        prop_oneof![Just(0x1bu8), Just(b'['), Just(b'<'), Just(b'M'), Just(b'~'), 0x30u8..0x3a, any::<u8>()],
        0..60), cut in 0usize..60, later in 0u64..50) {
        let (first, second) = bytes.split_at(cut.min(bytes.len()));
        prop_assert_eq!(parse_reads(&[(0, first), (later, second)]), parse(&bytes));
    }
}
