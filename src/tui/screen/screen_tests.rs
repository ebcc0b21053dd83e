//! What a frame costs, and that an emulator shows what was drawn.

use std::collections::BTreeMap;

use proptest::prelude::*;
use ratatui::style::{Color, Modifier, Style};

use super::*;

const BEGIN: &str = "\x1b[?2026h";
const END: &str = "\x1b[?2026l";
/// What ratatui's backend writes behind cells.
const PLAIN: &str = "\x1b[39m\x1b[49m\x1b[59m\x1b[0m";

fn screen(columns: u16, rows: u16) -> Screen {
    let mut screen = Screen::new((columns, rows)).unwrap();
    screen.compose(|_| {}).unwrap();
    screen
}

/// The frame that shows these texts and nothing else.
fn frame(screen: &mut Screen, texts: &[(u16, u16, &str)]) -> String {
    let bytes = screen.compose(|frame| {
        for (x, y, text) in texts {
            frame.buffer_mut().set_string(*x, *y, text, Style::new().fg(Color::Rgb(1, 2, 3)));
        }
    });
    String::from_utf8(bytes.unwrap()).unwrap()
}

#[test]
fn a_frame_that_changes_nothing_writes_nothing() {
    let mut screen = screen(20, 2);
    assert!(!frame(&mut screen, &[(0, 0, "text")]).is_empty());
    assert_eq!(frame(&mut screen, &[(0, 0, "text")]), "");
}

#[test]
fn neighbours_of_one_style_cost_their_text_only() {
    let shown = frame(&mut screen(20, 3), &[(2, 1, "abc")]);
    assert_eq!(shown, format!("{BEGIN}\x1b[2;3H\x1b[38;2;1;2;3;49mabc{PLAIN}{END}"));
}

#[test]
fn colours_are_named_once_a_frame_and_not_once_a_cell() {
    let mut screen = screen(20, 3);
    let bytes = screen.compose(|frame| {
        for (y, fg) in
            [(0, Color::Rgb(1, 2, 3)), (1, Color::Rgb(4, 5, 6)), (2, Color::Rgb(1, 2, 3))]
        {
            frame.buffer_mut().set_string(0, y, "a", Style::new().fg(fg));
            frame.buffer_mut().set_string(9, y, "b", Style::new().fg(Color::Rgb(7, 8, 9)));
        }
    });
    let colours = String::from_utf8(bytes.unwrap()).unwrap().matches("\x1b[38;2;").count();
    assert_eq!(colours, 3);
}

#[test]
fn behind_what_terminals_disagree_about_the_cell_is_placed() {
    // Half a flag.
    let shown = frame(&mut screen(20, 1), &[(0, 0, "\u{1f1eb}│")]);
    assert!(shown.contains("\u{1f1eb}") && !shown.contains("\u{1f1eb}│"), "{shown:?}");
    let behind = shown.split_once("\u{1f1eb}").unwrap().1;
    assert!(behind.contains("\x1b[1;2H") || behind.contains("\x1b[1;3H"), "{shown:?}");
    assert!(frame(&mut screen(20, 1), &[(0, 0, "é│")]).contains("é│"));
}

#[test]
fn the_cursor_is_written_only_when_it_changes() {
    let mut screen = screen(20, 2);
    let mut at = |place: Option<(u16, u16)>| {
        let bytes = screen.compose(|frame| {
            if let Some(place) = place {
                frame.set_cursor_position(place);
            }
        });
        String::from_utf8(bytes.unwrap()).unwrap()
    };
    assert_eq!(at(None), "");
    assert_eq!(at(Some((3, 1))), format!("{BEGIN}\x1b[2;4H\x1b[?25h{END}"));
    assert_eq!(at(Some((3, 1))), "");
    assert_eq!(at(Some((4, 1))), format!("{BEGIN}\x1b[2;5H{END}"));
    assert_eq!(at(None), format!("{BEGIN}\x1b[?25l{END}"));
}

#[test]
fn a_forgotten_screen_is_drawn_whole() {
    let mut screen = screen(20, 2);
    let first = frame(&mut screen, &[(0, 0, "text")]);
    screen.forget().unwrap();
    let again = frame(&mut screen, &[(0, 0, "text")]);
    assert_eq!(
        again,
        first.replace(BEGIN, &format!("{BEGIN}\x1b[2J")).replace(END, &format!("\x1b[?25l{END}"))
    );
}

fn any_color() -> impl Strategy<Value = Color> {
    prop_oneof![
        Just(Color::Reset),
        Just(Color::Indexed(1)),
        any::<u8>().prop_map(|index| Color::Indexed(16 | index)),
        any::<(u8, u8, u8)>().prop_map(|(r, g, b)| Color::Rgb(r, g, b)),
    ]
}

fn in_emulator(color: Color) -> vt100::Color {
    match color {
        Color::Rgb(r, g, b) => vt100::Color::Rgb(r, g, b),
        Color::Indexed(index) => vt100::Color::Idx(index),
        _ => vt100::Color::Default,
    }
}

proptest! {
    #![proptest_config(crate::property_tests::config())]

    /// The terminal ends up with the cells that were drawn, frame after frame.
    #[test]
    fn an_emulator_shows_what_was_drawn(frames in proptest::collection::vec(
        proptest::collection::btree_map(
            (0u16..10, 0u16..4), ("[a-z]", any_color(), any_color(), 0u16..512), 1..20), 1..4)) {
        let mut screen = Screen::new((10, 4)).unwrap();
        let mut terminal = vt100::Parser::new(4, 10, 0);
        let mut last = BTreeMap::new();
        for drawn in frames {
            let bytes = screen.compose(|frame| {
                for (place, (symbol, fg, bg, bits)) in &drawn {
                    let modifier = Modifier::from_bits_truncate(*bits);
                    let style = Style::new().fg(*fg).bg(*bg).add_modifier(modifier);
                    frame.buffer_mut()[*place].set_symbol(symbol).set_style(style);
                }
            });
            terminal.process(&bytes.unwrap());
            last = drawn;
        }
        for (x, y) in (0..10).flat_map(|x| (0..4).map(move |y| (x, y))) {
            let shown = terminal.screen().cell(y, x).unwrap();
            let Some((symbol, fg, bg, bits)) = last.get(&(x, y)) else {
                prop_assert_eq!(shown.contents().trim(), "");
                continue;
            };
            let modifier = Modifier::from_bits_truncate(*bits);
            prop_assert_eq!(shown.contents(), symbol.as_str());
            prop_assert_eq!(shown.fgcolor(), in_emulator(*fg));
            prop_assert_eq!(shown.bgcolor(), in_emulator(*bg));
            // To this emulator bold and dim are one.
            let is_dim = modifier.contains(Modifier::DIM);
            prop_assert!(is_dim || shown.bold() == modifier.contains(Modifier::BOLD));
            prop_assert_eq!(shown.italic(), modifier.contains(Modifier::ITALIC));
            prop_assert_eq!(shown.underline(), modifier.contains(Modifier::UNDERLINED));
            prop_assert_eq!(shown.inverse(), modifier.contains(Modifier::REVERSED));
        }
    }
}
