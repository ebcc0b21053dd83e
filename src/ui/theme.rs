//! Colours by meaning. Panes name what a thing is; only this file knows how it looks.

use ratatui::style::{Color, Modifier, Style};

use crate::app::Theme;
use crate::model::record::Direction;

/// Styles by meaning.
#[derive(Debug, Clone, Copy, Default)]
pub struct ThemeStyles {
    pub base: Style,
    /// Labels, hints, numbers nobody has to read.
    pub dim: Style,
    pub border: Style,
    pub focused_border: Style,
    pub title: Style,
    /// The row under the cursor.
    pub selected: Style,
    /// The row under the cursor of a pane without the focus.
    pub selected_dim: Style,
    /// An active tab or mode.
    pub active: Style,
    pub key: Style,
    pub error: Style,
    pub warning: Style,
    pub success: Style,
    pub sent: Style,
    pub received: Style,
    pub hit: Style,
    /// The hit the search stands on.
    pub hit_here: Style,
    /// What stands for a byte that cannot be shown (`\r`, `\xff`) in text that is dimmed itself.
    control_on_dim: Style,
    pub json_key: Style,
    pub string: Style,
    pub number: Style,
    pub literal: Style,
    pub punctuation: Style,
}

/// One of the few colours themes differ in: on dark ground, on light ground, and of the terminal's
/// own sixteen.
#[derive(Debug, Clone, Copy)]
struct ThemeColor(u32, u32, Color);

const TEXT: ThemeColor = ThemeColor(0xd4_d8_de, 0x22_28_30, Color::Reset);
const GROUND: ThemeColor = ThemeColor(0x14_17_1c, 0xfb_fb_f9, Color::Reset);
const DIM: ThemeColor = ThemeColor(0x7c_85_92, 0x6a_72_7d, Color::DarkGray);
const LINE: ThemeColor = ThemeColor(0x3a_42_4e, 0xc4_ca_d2, Color::DarkGray);
const ACCENT: ThemeColor = ThemeColor(0x5f_b3_f5, 0x0b_62_b5, Color::Cyan);
const SELECT: ThemeColor = ThemeColor(0x25_33_46, 0xd6_e6_f7, Color::Blue);
const RED: ThemeColor = ThemeColor(0xf0_71_78, 0xb8_1f_2d, Color::Red);
const YELLOW: ThemeColor = ThemeColor(0xe8_b8_5c, 0x8a_5a_00, Color::Yellow);
const GREEN: ThemeColor = ThemeColor(0x8c_c8_6e, 0x2c_72_1c, Color::Green);
const BLUE: ThemeColor = ThemeColor(0x73_b8_f0, 0x0b_62_b5, Color::LightBlue);
const PURPLE: ThemeColor = ThemeColor(0xc6_95_e0, 0x7a_35_a0, Color::Magenta);
const CYAN: ThemeColor = ThemeColor(0x63_c7_c7, 0x0a_6d_75, Color::Cyan);

impl ThemeStyles {
    /// The glyph and the style of a direction.
    pub(super) fn direction(&self, direction: Direction) -> (&'static str, Style) {
        match direction {
            Direction::Sent => ("▶", self.sent),
            Direction::Received => ("◀", self.received),
            Direction::Local => ("·", self.dim),
        }
    }

    /// The row under the cursor of a list that has the keys, or has not.
    pub(super) fn selection(&self, has_keys: bool) -> Style {
        if has_keys { self.selected } else { self.selected_dim }
    }

    /// The palette of a theme.
    pub fn of(theme: Theme, truecolor: bool) -> ThemeStyles {
        if theme == Theme::Plain {
            return ThemeStyles::plain();
        }
        let none = Style::new();
        let color = |of: ThemeColor| of.color(theme, truecolor);
        let fg = |of| none.fg(color(of));
        let bold = |of| none.fg(color(of)).add_modifier(Modifier::BOLD);
        let is_own = theme == Theme::Sixteen;
        let on_hit = none.fg(if is_own { Color::Black } else { color(GROUND) });
        ThemeStyles {
            base: fg(TEXT).bg(color(GROUND)),
            dim: fg(DIM),
            border: fg(LINE),
            focused_border: fg(ACCENT),
            title: bold(TEXT),
            selected: if is_own {
                none.fg(Color::White).bg(Color::Blue)
            } else {
                none.bg(color(SELECT)).add_modifier(Modifier::BOLD)
            },
            selected_dim: none.bg(color(SELECT)),
            active: bold(ACCENT).add_modifier(Modifier::UNDERLINED),
            key: bold(ACCENT),
            error: fg(RED),
            warning: fg(YELLOW),
            success: fg(GREEN),
            sent: fg(YELLOW),
            received: fg(CYAN),
            hit: on_hit.bg(color(YELLOW)),
            hit_here: on_hit.bg(color(ACCENT)).add_modifier(Modifier::BOLD),
            control_on_dim: fg(PURPLE),
            json_key: fg(BLUE),
            string: fg(GREEN),
            number: fg(YELLOW),
            literal: fg(PURPLE),
            punctuation: fg(DIM),
        }
    }

    /// Meaning by weight alone, for `NO_COLOR`.
    fn plain() -> ThemeStyles {
        let with = |modifiers| Style::new().add_modifier(modifiers);
        let (bold, faint) = (with(Modifier::BOLD), with(Modifier::DIM));
        ThemeStyles {
            dim: faint,
            border: faint,
            focused_border: bold,
            title: bold,
            selected: with(Modifier::REVERSED),
            selected_dim: with(Modifier::UNDERLINED),
            active: with(Modifier::BOLD | Modifier::UNDERLINED),
            key: bold,
            error: bold,
            warning: bold,
            received: bold,
            hit: with(Modifier::REVERSED),
            hit_here: with(Modifier::REVERSED | Modifier::UNDERLINED | Modifier::BOLD),
            control_on_dim: with(Modifier::UNDERLINED),
            ..ThemeStyles::default()
        }
    }

    /// Style of what stands for a byte that cannot be shown, in text of this style: never that of
    /// the text, so a backslash of the data is no escape of ours.
    pub fn control(&self, text: Style) -> Style {
        let is_dim = text.fg == self.dim.fg && text.add_modifier == self.dim.add_modifier;
        let style = if is_dim { self.control_on_dim } else { self.dim };
        text.remove_modifier(Modifier::BOLD).patch(style)
    }

    /// Style of an HTTP status.
    pub fn status(&self, status: u16) -> Style {
        match status {
            200..=299 => self.success,
            300..=399 => self.received,
            400..=499 => self.warning,
            _ => self.error,
        }
    }
}

impl ThemeColor {
    /// As a theme shows it; in the 256 colours of `xterm-256color` unless there are more.
    fn color(self, theme: Theme, truecolor: bool) -> Color {
        let rgb = match theme {
            Theme::Dark => self.0,
            Theme::Light => self.1,
            Theme::Sixteen | Theme::Plain => return self.2,
        };
        let color = Color::from_u32(rgb);
        if truecolor { color } else { nearest(color) }
    }
}

/// Levels of the 6x6x6 colour cube, indices 16 to 231.
const CUBE: [u8; 6] = [0, 95, 135, 175, 215, 255];

/// The nearest colour of the cube or of the 24 greys (indices 232 to 255).
fn nearest(color: Color) -> Color {
    let Color::Rgb(r, g, b) = color else { return color };
    let level =
        |value: u8| (0..CUBE.len()).min_by_key(|at| CUBE[*at].abs_diff(value)).unwrap_or_default();
    let (cr, cg, cb) = (level(r), level(g), level(b));
    let mean = (u16::from(r) + u16::from(g) + u16::from(b)) / 3;
    let step = (mean.saturating_sub(3) / 10).min(23) as u8;
    let grey = 8 + 10 * step;
    let distance = |x: u8, y: u8, z: u8| {
        [(r, x), (g, y), (b, z)].iter().map(|(a, b)| u32::from(a.abs_diff(*b)).pow(2)).sum::<u32>()
    };
    if distance(grey, grey, grey) < distance(CUBE[cr], CUBE[cg], CUBE[cb]) {
        Color::Indexed(232 + step)
    } else {
        Color::Indexed((16 + 36 * cr + 6 * cg + cb) as u8)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_fall_back_to_the_nearest_of_256() {
        assert_eq!(nearest(Color::Rgb(255, 0, 0)), Color::Indexed(196));
        assert_eq!(nearest(Color::Rgb(0x14, 0x17, 0x1c)), Color::Indexed(234));
        assert_eq!(nearest(Color::Reset), Color::Reset);
    }

    #[test]
    fn no_color_uses_no_colour() {
        let palette = ThemeStyles::of(Theme::Plain, true);
        for style in [palette.base, palette.error, palette.selected, palette.hit, palette.json_key]
        {
            assert_eq!((style.fg, style.bg), (None, None));
        }
    }
}
