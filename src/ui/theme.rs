//! Colours by meaning. Panes name what a thing is; only this file knows how it looks.

use ratatui::style::{Color, Modifier, Style};

use crate::app::Theme;
use crate::model::record::Direction;

/// Styles by meaning.
#[derive(Debug, Clone, Copy)]
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
    /// What stands for a byte that cannot be shown (`\r`, `\xff`).
    control: Style,
    /// The same on text that is dimmed itself.
    control_on_dim: Style,
    pub json_key: Style,
    pub string: Style,
    pub number: Style,
    pub literal: Style,
    pub punctuation: Style,
    pub cursor: Style,
}

/// The few colours a theme differs in.
#[derive(Debug, Clone, Copy)]
struct Inks {
    text: Color,
    ground: Color,
    dim: Color,
    line: Color,
    accent: Color,
    select: Color,
    red: Color,
    yellow: Color,
    green: Color,
    blue: Color,
    purple: Color,
    cyan: Color,
}

const DARK: Inks = Inks {
    text: Color::Rgb(0xd4, 0xd8, 0xde),
    ground: Color::Rgb(0x14, 0x17, 0x1c),
    dim: Color::Rgb(0x7c, 0x85, 0x92),
    line: Color::Rgb(0x3a, 0x42, 0x4e),
    accent: Color::Rgb(0x5f, 0xb3, 0xf5),
    select: Color::Rgb(0x25, 0x33, 0x46),
    red: Color::Rgb(0xf0, 0x71, 0x78),
    yellow: Color::Rgb(0xe8, 0xb8, 0x5c),
    green: Color::Rgb(0x8c, 0xc8, 0x6e),
    blue: Color::Rgb(0x73, 0xb8, 0xf0),
    purple: Color::Rgb(0xc6, 0x95, 0xe0),
    cyan: Color::Rgb(0x63, 0xc7, 0xc7),
};

const LIGHT: Inks = Inks {
    text: Color::Rgb(0x22, 0x28, 0x30),
    ground: Color::Rgb(0xfb, 0xfb, 0xf9),
    dim: Color::Rgb(0x6a, 0x72, 0x7d),
    line: Color::Rgb(0xc4, 0xca, 0xd2),
    accent: Color::Rgb(0x0b, 0x62, 0xb5),
    select: Color::Rgb(0xd6, 0xe6, 0xf7),
    red: Color::Rgb(0xb8, 0x1f, 0x2d),
    yellow: Color::Rgb(0x8a, 0x5a, 0x00),
    green: Color::Rgb(0x2c, 0x72, 0x1c),
    blue: Color::Rgb(0x0b, 0x62, 0xb5),
    purple: Color::Rgb(0x7a, 0x35, 0xa0),
    cyan: Color::Rgb(0x0a, 0x6d, 0x75),
};

const SIXTEEN: Inks = Inks {
    text: Color::Reset,
    ground: Color::Reset,
    dim: Color::DarkGray,
    line: Color::DarkGray,
    accent: Color::Cyan,
    select: Color::Blue,
    red: Color::Red,
    yellow: Color::Yellow,
    green: Color::Green,
    blue: Color::LightBlue,
    purple: Color::Magenta,
    cyan: Color::Cyan,
};

impl ThemeStyles {
    /// The glyph and the style of a direction.
    pub(super) fn direction(&self, direction: Direction) -> (&'static str, Style) {
        match direction {
            Direction::Sent => ("▶", self.sent),
            Direction::Received => ("◀", self.received),
            Direction::Local => ("·", self.dim),
        }
    }

    /// The palette of a theme.
    pub fn of(theme: Theme, truecolor: bool) -> ThemeStyles {
        let fit = |inks: &Inks| if truecolor { *inks } else { inks.indexed() };
        match theme {
            Theme::Dark => ThemeStyles::with(&fit(&DARK)),
            Theme::Light => ThemeStyles::with(&fit(&LIGHT)),
            Theme::Sixteen => {
                let mut palette = ThemeStyles::with(&SIXTEEN);
                palette.selected = Style::new().fg(Color::White).bg(Color::Blue);
                palette
            }
            Theme::Plain => ThemeStyles::plain(),
        }
    }

    fn with(inks: &Inks) -> ThemeStyles {
        let ink = |color| Style::new().fg(color);
        let bold = |color| Style::new().fg(color).add_modifier(Modifier::BOLD);
        ThemeStyles {
            base: ink(inks.text).bg(inks.ground),
            dim: ink(inks.dim),
            border: ink(inks.line),
            focused_border: ink(inks.accent),
            title: bold(inks.text),
            selected: Style::new().bg(inks.select).add_modifier(Modifier::BOLD),
            selected_dim: Style::new().bg(inks.select),
            active: bold(inks.accent).add_modifier(Modifier::UNDERLINED),
            key: bold(inks.accent),
            error: ink(inks.red),
            warning: ink(inks.yellow),
            success: ink(inks.green),
            sent: ink(inks.yellow),
            received: ink(inks.cyan),
            hit: Style::new().fg(inks.ground_or_black()).bg(inks.yellow),
            hit_here: Style::new()
                .fg(inks.ground_or_black())
                .bg(inks.accent)
                .add_modifier(Modifier::BOLD),
            control: ink(inks.dim),
            control_on_dim: ink(inks.purple),
            json_key: ink(inks.blue),
            string: ink(inks.green),
            number: ink(inks.yellow),
            literal: ink(inks.purple),
            punctuation: ink(inks.dim),
            cursor: Style::new().add_modifier(Modifier::REVERSED),
        }
    }

    /// Meaning by weight alone, for `NO_COLOR`.
    fn plain() -> ThemeStyles {
        let none = Style::new();
        let bold = none.add_modifier(Modifier::BOLD);
        let reversed = none.add_modifier(Modifier::REVERSED);
        ThemeStyles {
            base: none,
            dim: none.add_modifier(Modifier::DIM),
            border: none.add_modifier(Modifier::DIM),
            focused_border: bold,
            title: bold,
            selected: reversed,
            selected_dim: none.add_modifier(Modifier::UNDERLINED),
            active: bold.add_modifier(Modifier::UNDERLINED),
            key: bold,
            error: bold,
            warning: bold,
            success: none,
            sent: none,
            received: bold,
            hit: reversed,
            hit_here: reversed.add_modifier(Modifier::UNDERLINED | Modifier::BOLD),
            control: none.add_modifier(Modifier::DIM),
            control_on_dim: none.add_modifier(Modifier::UNDERLINED),
            json_key: none,
            string: none,
            number: none,
            literal: none,
            punctuation: none,
            cursor: reversed,
        }
    }

    /// Style of what stands for a byte that cannot be shown, in text of this style: never that of
    /// the text, so a backslash of the data is no escape of ours.
    pub fn control(&self, text: Style) -> Style {
        let is_dim = text.fg == self.dim.fg && text.add_modifier == self.dim.add_modifier;
        let style = if is_dim { self.control_on_dim } else { self.control };
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

impl Inks {
    /// The same in the 256 colours of `xterm-256color`.
    fn indexed(&self) -> Inks {
        Inks {
            text: nearest(self.text),
            ground: nearest(self.ground),
            dim: nearest(self.dim),
            line: nearest(self.line),
            accent: nearest(self.accent),
            select: nearest(self.select),
            red: nearest(self.red),
            yellow: nearest(self.yellow),
            green: nearest(self.green),
            blue: nearest(self.blue),
            purple: nearest(self.purple),
            cyan: nearest(self.cyan),
        }
    }

    fn ground_or_black(&self) -> Color {
        if self.ground == Color::Reset { Color::Black } else { self.ground }
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
