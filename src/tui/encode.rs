//! Cells to terminal bytes, as few as possible: what a frame costs on a slow line.
//!
//! Called by `screen`. The pen (colours and attributes the terminal has now) is remembered across
//! frames, so a cell that looks like the one before costs only its text. Sequences are those of
//! ECMA-48 (SGR, CUP, CHA) with the colour forms all current terminals know.

use ratatui::buffer::Cell;
use ratatui::style::{Color, Modifier};

/// Attributes with the numbers that switch them on and off (ECMA-48, SGR).
const ATTRIBUTES: [(Modifier, u8, u8); 9] = [
    (Modifier::BOLD, 1, 22),
    (Modifier::DIM, 2, 22),
    (Modifier::ITALIC, 3, 23),
    (Modifier::UNDERLINED, 4, 24),
    (Modifier::SLOW_BLINK, 5, 25),
    (Modifier::RAPID_BLINK, 6, 25),
    (Modifier::REVERSED, 7, 27),
    (Modifier::HIDDEN, 8, 28),
    (Modifier::CROSSED_OUT, 9, 29),
];

/// What the terminal would draw the next character with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Pen {
    fg: Color,
    bg: Color,
    underline: Color,
    modifier: Modifier,
}

const DEFAULT_PEN: Pen = Pen {
    fg: Color::Reset,
    bg: Color::Reset,
    underline: Color::Reset,
    modifier: Modifier::empty(),
};

/// Writes cells; remembers pen and place.
#[derive(Debug, Default)]
pub(super) struct Encoder {
    /// `None` = not known, somebody else may have written.
    pen: Option<Pen>,
    /// Where the next character would go.
    place: Option<(u16, u16)>,
}

impl Encoder {
    /// Somebody else had the terminal: nothing is known about it.
    pub(super) fn forget(&mut self) {
        *self = Encoder::default();
    }

    /// The cursor was moved by other means than a cell.
    pub(super) fn moved(&mut self) {
        self.place = None;
    }

    /// Back to default colours, so that clearing does not paint.
    pub(super) fn reset(&mut self, out: &mut Vec<u8>) {
        if self.pen != Some(DEFAULT_PEN) {
            out.extend_from_slice(b"\x1b[0m");
            self.pen = Some(DEFAULT_PEN);
        }
    }

    /// One cell at its place.
    pub(super) fn cell(&mut self, (x, y): (u16, u16), cell: &Cell, out: &mut Vec<u8>) {
        self.go_to(x, y, out);
        self.take_pen(pen_of(cell), out);
        out.extend_from_slice(cell.symbol().as_bytes());
        let next = if has_certain_width(cell.symbol()) { x.saturating_add(1) } else { u16::MAX };
        self.place = Some((next, y));
    }

    fn go_to(&mut self, x: u16, y: u16, out: &mut Vec<u8>) {
        if self.place == Some((x, y)) {
            return;
        }
        out.extend_from_slice(b"\x1b[");
        match self.place {
            Some((_, row)) if row == y => {
                number(u32::from(x) + 1, out);
                out.push(b'G');
            }
            _ => {
                number(u32::from(y) + 1, out);
                if x > 0 {
                    out.push(b';');
                    number(u32::from(x) + 1, out);
                }
                out.push(b'H');
            }
        }
    }

    fn take_pen(&mut self, wanted: Pen, out: &mut Vec<u8>) {
        let before = self.pen.unwrap_or_else(|| {
            out.extend_from_slice(b"\x1b[0m");
            DEFAULT_PEN
        });
        self.pen = Some(before);
        if before == wanted {
            return;
        }
        self.pen = Some(wanted);
        if wanted == DEFAULT_PEN {
            out.extend_from_slice(b"\x1b[m");
            return;
        }
        let mut sequence = Sequence { out, open: false };
        attributes(before.modifier, wanted.modifier, &mut sequence);
        if before.fg != wanted.fg {
            sequence.color(wanted.fg, 30);
        }
        if before.bg != wanted.bg {
            sequence.color(wanted.bg, 40);
        }
        if before.underline != wanted.underline {
            sequence.color(wanted.underline, 50);
        }
        sequence.close();
    }
}

/// Whether all terminals agree that it takes one cell. Behind anything else the cursor is placed
/// anew, so that no text of a peer shifts the borders behind it.
fn has_certain_width(symbol: &str) -> bool {
    let mut chars = symbol.chars();
    let first = chars.next().unwrap_or(' ');
    chars.next().is_none() && matches!(first, '\0'..='\u{10ff}' | '\u{2000}'..='\u{2bff}')
}

fn pen_of(cell: &Cell) -> Pen {
    Pen { fg: cell.fg, bg: cell.bg, underline: cell.underline_color, modifier: cell.modifier }
}

/// Attributes that end are switched off first; bold and dim share one number, so the other one
/// is switched on again.
fn attributes(before: Modifier, wanted: Modifier, sequence: &mut Sequence<'_>) {
    let mut on = before;
    for (modifier, _, off) in ATTRIBUTES {
        if on.contains(modifier) && !wanted.contains(modifier) {
            sequence.number(u32::from(off));
            for (other, _, same) in ATTRIBUTES {
                if same == off {
                    on.remove(other);
                }
            }
        }
    }
    for (modifier, start, _) in ATTRIBUTES {
        if wanted.contains(modifier) && !on.contains(modifier) {
            sequence.number(u32::from(start));
        }
    }
}

/// One `CSI ... m`.
struct Sequence<'a> {
    out: &'a mut Vec<u8>,
    open: bool,
}

impl Sequence<'_> {
    fn number(&mut self, value: u32) {
        self.out.extend_from_slice(if self.open { b";" } else { b"\x1b[" });
        self.open = true;
        number(value, self.out);
    }

    /// A colour; `base` is 30 for the text, 40 for the ground, 50 for underlines.
    fn color(&mut self, color: Color, base: u32) {
        match (color, ansi(color)) {
            (Color::Reset, _) => self.number(base + 9),
            (_, Some(index)) if base < 50 && index < 8 => self.number(base + index),
            (_, Some(index)) if base < 50 => self.number(base + 60 + index - 8),
            (_, Some(index)) => self.indexed(base, index),
            (Color::Indexed(index), None) => self.indexed(base, u32::from(index)),
            (Color::Rgb(red, green, blue), None) => {
                for value in [base + 8, 2, red.into(), green.into(), blue.into()] {
                    self.number(value);
                }
            }
            _ => {}
        }
    }

    fn indexed(&mut self, base: u32, index: u32) {
        for value in [base + 8, 5, index] {
            self.number(value);
        }
    }

    fn close(self) {
        if self.open {
            self.out.push(b'm');
        }
    }
}

/// Place in the terminal's own sixteen colours.
fn ansi(color: Color) -> Option<u32> {
    Some(match color {
        Color::Black => 0,
        Color::Red => 1,
        Color::Green => 2,
        Color::Yellow => 3,
        Color::Blue => 4,
        Color::Magenta => 5,
        Color::Cyan => 6,
        Color::Gray => 7,
        Color::DarkGray => 8,
        Color::LightRed => 9,
        Color::LightGreen => 10,
        Color::LightYellow => 11,
        Color::LightBlue => 12,
        Color::LightMagenta => 13,
        Color::LightCyan => 14,
        Color::White => 15,
        Color::Reset | Color::Rgb(..) | Color::Indexed(_) => return None,
    })
}

fn number(value: u32, out: &mut Vec<u8>) {
    if value >= 10 {
        number(value / 10, out);
    }
    out.push(b'0' + (value % 10) as u8);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use ratatui::style::Style;

    fn cell(symbol: &str, style: Style) -> Cell {
        let mut cell = Cell::default();
        cell.set_symbol(symbol).set_style(style);
        cell
    }

    fn encode(cells: &[((u16, u16), Cell)]) -> String {
        let (mut encoder, mut out) = (Encoder::default(), Vec::new());
        encoder.reset(&mut out);
        out.clear();
        for (place, cell) in cells {
            encoder.cell(*place, cell, &mut out);
        }
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn neighbours_of_one_style_cost_their_text_only() {
        let red = Style::new().fg(Color::Red);
        let cells = [((0, 0), cell("a", red)), ((1, 0), cell("b", red))];
        assert_eq!(encode(&cells), "\x1b[1H\x1b[31mab");
    }

    #[test]
    fn only_what_differs_is_said() {
        let one = Style::new().fg(Color::Rgb(1, 2, 3)).bg(Color::Indexed(7));
        let two = one.fg(Color::LightBlue);
        let cells = [((4, 2), cell("a", one)), ((5, 2), cell("b", two)), ((9, 2), cell("c", two))];
        assert_eq!(encode(&cells), "\x1b[3;5H\x1b[38;2;1;2;3;48;5;7ma\x1b[94mb\x1b[10Gc");
    }

    #[test]
    fn behind_what_terminals_disagree_about_the_cursor_is_placed() {
        let style = Style::new().fg(Color::Red);
        let cells = [((0, 0), cell("\u{1f1eb}", style)), ((1, 0), cell("│", style))];
        assert_eq!(encode(&cells), "\x1b[1H\x1b[31m\u{1f1eb}\x1b[2G│");
        let cells = [((0, 0), cell("é", style)), ((1, 0), cell("│", style))];
        assert_eq!(encode(&cells), "\x1b[1H\x1b[31mé│");
    }

    #[test]
    fn bold_survives_the_end_of_dim() {
        let both = Style::new().add_modifier(Modifier::BOLD | Modifier::DIM).fg(Color::Red);
        let bold = Style::new().add_modifier(Modifier::BOLD).fg(Color::Red);
        let cells = [((0, 0), cell("a", both)), ((1, 0), cell("b", bold))];
        assert_eq!(encode(&cells), "\x1b[1H\x1b[1;2;31ma\x1b[22;1mb");
    }

    fn any_color() -> impl Strategy<Value = Color> {
        prop_oneof![
            Just(Color::Reset),
            Just(Color::Red),
            Just(Color::White),
            any::<u8>().prop_map(|index| Color::Indexed(16 | index)),
            any::<(u8, u8, u8)>().prop_map(|(r, g, b)| Color::Rgb(r, g, b)),
        ]
    }

    proptest! {
        #![proptest_config(crate::property_tests::config())]

        /// The terminal ends up with the cells that were written, whatever the order.
        #[test]
        fn an_emulator_shows_what_was_drawn(drawn in proptest::collection::vec(
            ((0u16..10, 0u16..4), "[a-z]", any_color(), any_color(), 0u16..512), 1..40)) {
            let (mut encoder, mut out) = (Encoder::default(), Vec::new());
            let mut expected = std::collections::BTreeMap::new();
            for (place, symbol, fg, bg, bits) in &drawn {
                let modifier = Modifier::from_bits_truncate(*bits);
                let style = Style::new().fg(*fg).bg(*bg).add_modifier(modifier);
                encoder.cell(*place, &cell(symbol, style), &mut out);
                expected.insert(*place, (symbol.clone(), *fg, *bg, modifier));
            }
            let mut terminal = vt100::Parser::new(4, 10, 0);
            terminal.process(&out);
            for ((x, y), (symbol, fg, bg, modifier)) in expected {
                let shown = terminal.screen().cell(y, x).unwrap();
                prop_assert_eq!(shown.contents(), symbol.as_str());
                prop_assert_eq!(shown.fgcolor(), in_emulator(fg));
                prop_assert_eq!(shown.bgcolor(), in_emulator(bg));
                prop_assert_eq!(shown.italic(), modifier.contains(Modifier::ITALIC));
                prop_assert_eq!(shown.underline(), modifier.contains(Modifier::UNDERLINED));
                prop_assert_eq!(shown.inverse(), modifier.contains(Modifier::REVERSED));
            }
        }
    }

    fn in_emulator(color: Color) -> vt100::Color {
        match color {
            Color::Reset => vt100::Color::Default,
            Color::Rgb(r, g, b) => vt100::Color::Rgb(r, g, b),
            Color::Indexed(index) => vt100::Color::Idx(index),
            named => vt100::Color::Idx(ansi(named).unwrap() as u8),
        }
    }
}
