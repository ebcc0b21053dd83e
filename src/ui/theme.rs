//! Styles by meaning, made of the theme in force. Panes name what a thing is; only this file knows
//! how it looks.
//!
//! A role has a colour, which the theme says, and a weight. Where there is no colour (`NO_COLOR`, or
//! a theme that leaves it to the terminal) a second weight tells it from its neighbours.

use ratatui::style::{Color, Modifier, Style};

use crate::app::themes::Themes;
use crate::codec::highlight::HighlightToken;
use crate::model::color_rule::RowColor;
use crate::model::record::Direction;
use crate::model::theme::{
    ColorDepth, ROLES, RoleKind, ThemeColor, ThemeRole, ThemeSheet, contrast,
};

/// Styles by meaning, always those of a theme.
#[derive(Debug, Clone)]
pub struct ThemeStyles {
    /// The empty screen.
    pub(super) screen: Style,
    /// A window above the panes.
    pub(super) raised: Style,
    /// Whatever lies below a window.
    pub(super) below: Style,
    /// Behind what can be typed into.
    pub(super) field: Style,
    pub base: Style,
    /// Hints, times, numbers nobody has to read.
    pub dim: Style,
    pub(super) label: Style,
    pub(super) placeholder: Style,
    pub(super) automatic: Style,
    pub(super) off: Style,
    /// A tab or mode that is not open.
    pub(super) inactive: Style,
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
    /// The place of what is wrong in a text.
    pub(super) wrong: Style,
    pub warning: Style,
    pub success: Style,
    pub sent: Style,
    pub received: Style,
    pub hit: Style,
    /// The hit the search stands on.
    pub hit_here: Style,
    /// What stands for a byte that cannot be shown (`\r`, `\xff`) in text that is dimmed itself.
    control_on_dim: Style,
    /// Text of each role, by its number.
    inks: Vec<Style>,
    /// Blocks of each role, by its number.
    blocks: Vec<Style>,
    /// The edition of the theme these are of.
    edition: u32,
}

const BOLD: Modifier = Modifier::BOLD;
const FAINT: Modifier = Modifier::DIM;
const NONE: Modifier = Modifier::empty();

/// The weights of a role: beside its colour, and without one.
fn weight(role: ThemeRole) -> (Modifier, Modifier) {
    use ThemeRole as Role;
    let (slanted, lined, struck) = (Modifier::ITALIC, Modifier::UNDERLINED, Modifier::CROSSED_OUT);
    let reversed = Modifier::REVERSED;
    match role {
        Role::Border | Role::Hint | Role::Label | Role::JsonPunctuation | Role::UrlScheme => {
            (NONE, FAINT)
        }
        Role::Placeholder => (slanted, FAINT.union(slanted)),
        Role::Automatic => (NONE, slanted),
        Role::Off => (struck, struck.union(FAINT)),
        Role::UrlHost => (BOLD, BOLD),
        Role::UrlFragment => (slanted, slanted),
        Role::VariableUnknown => (lined, BOLD.union(lined)),
        Role::SelectionIdle | Role::Control | Role::UrlQueryName | Role::MethodPut => (NONE, lined),
        Role::Focus
        | Role::Accent
        | Role::Error
        | Role::Warning
        | Role::Received
        | Role::MethodPost
        | Role::VariableKnown
        | Role::Listener => (NONE, BOLD),
        Role::MethodDelete => (NONE, BOLD.union(lined)),
        Role::Selection | Role::Status2xx => (BOLD, reversed),
        Role::Status3xx | Role::Running => (BOLD, reversed.union(slanted)),
        Role::Status4xx => (BOLD, reversed.union(BOLD)),
        Role::Status5xx => (BOLD, reversed.union(BOLD).union(lined)),
        Role::Failed => (BOLD, reversed.union(BOLD).union(slanted)),
        Role::Ended => (NONE, reversed.union(FAINT)),
        Role::Hit => (NONE, reversed),
        Role::HitHere => (BOLD, reversed.union(lined).union(BOLD)),
        _ => (NONE, NONE),
    }
}

impl ThemeStyles {
    /// Becomes the styles of the theme in force, which costs nothing while it stays the same. The same
    /// styles follow the themes of one application alone.
    pub fn follow(&mut self, themes: &Themes) {
        if self.edition != themes.edition() {
            *self = ThemeStyles::of(themes);
        }
    }

    /// The styles of the theme in force.
    #[must_use]
    pub fn of(themes: &Themes) -> ThemeStyles {
        let (sheet, depth) = (themes.sheet(), themes.depth());
        let inks: Vec<Style> = ROLES.iter().map(|row| ink(sheet, depth, row.role)).collect();
        let blocks = ROLES.iter().map(|row| block(sheet, depth, row.role)).collect();
        let of = |role: ThemeRole| inks[role as usize];
        let on = |role| surface(sheet, depth, role);
        let text = of(ThemeRole::Text);
        let accent = of(ThemeRole::Accent);
        // Where colours are the terminal's, what is selected is one colour: no other can be trusted.
        let of_selection = Some(sheet.color(ThemeRole::SelectionText))
            .filter(|color| *color != ThemeColor::Own && depth != ColorDepth::None)
            .map_or(Style::new(), |color| Style::new().fg(shown(color)));
        ThemeStyles {
            screen: text.patch(on(ThemeRole::Ground)),
            raised: text.patch(on(ThemeRole::Raised)),
            below: below(sheet, depth),
            field: on(ThemeRole::Field),
            base: text,
            dim: of(ThemeRole::Hint),
            label: of(ThemeRole::Label),
            placeholder: of(ThemeRole::Placeholder),
            automatic: of(ThemeRole::Automatic),
            off: of(ThemeRole::Off),
            inactive: of(ThemeRole::Inactive),
            border: of(ThemeRole::Border),
            focused_border: of(ThemeRole::Focus),
            title: text.add_modifier(BOLD),
            selected: on(ThemeRole::Selection).patch(of_selection),
            selected_dim: on(ThemeRole::SelectionIdle),
            active: accent.add_modifier(BOLD | Modifier::UNDERLINED),
            key: accent.add_modifier(BOLD),
            error: of(ThemeRole::Error),
            wrong: of(ThemeRole::Error).add_modifier(BOLD | Modifier::UNDERLINED),
            warning: of(ThemeRole::Warning),
            success: of(ThemeRole::Success),
            sent: of(ThemeRole::Sent),
            received: of(ThemeRole::Received),
            hit: block(sheet, depth, ThemeRole::Hit),
            hit_here: block(sheet, depth, ThemeRole::HitHere),
            control_on_dim: of(ThemeRole::Control),
            inks,
            blocks,
            edition: themes.edition(),
        }
    }

    /// Text of a role.
    pub(super) fn ink(&self, role: ThemeRole) -> Style {
        self.inks[role as usize]
    }

    /// A block of a role, with text on it.
    pub(super) fn block(&self, role: ThemeRole) -> Style {
        self.blocks[role as usize]
    }

    /// A piece of a text in its language.
    pub(super) fn token(&self, token: HighlightToken) -> Style {
        match token {
            HighlightToken::Plain => self.base,
            HighlightToken::Key => self.ink(ThemeRole::JsonKey),
            HighlightToken::String => self.ink(ThemeRole::JsonString),
            HighlightToken::Number => self.ink(ThemeRole::JsonNumber),
            HighlightToken::Literal => self.ink(ThemeRole::JsonLiteral),
            HighlightToken::Punctuation => self.ink(ThemeRole::JsonPunctuation),
            HighlightToken::Error => self.error,
        }
    }

    /// Text of a row that has a colour of the user's own.
    pub(super) fn row(&self, themes: &Themes, color: &RowColor) -> Style {
        let of = |color| if themes.depth() == ColorDepth::None { None } else { Some(shown(color)) };
        let color = match color {
            RowColor::Role(role) => return self.ink(*role),
            RowColor::Hue(word) => themes.named(word).and_then(of),
            RowColor::Is(color) => of(*color),
        };
        color.map_or(Style::new().add_modifier(BOLD), |color| Style::new().fg(color))
    }

    /// The name of an environment whose file names this colour, or none.
    pub(super) fn chip(&self, themes: &Themes, word: Option<&str>) -> Style {
        let Some(word) = word else { return self.raised };
        let Some(color) = themes.named(word) else {
            return self.raised.add_modifier(Modifier::REVERSED | BOLD);
        };
        let [black, white] = [[0; 3], [u8::MAX; 3]].map(ThemeColor::Direct);
        let on = |text| contrast(text, color).unwrap_or_default();
        let is_known = color.luminance().is_some();
        let text = match on(white) > on(black) {
            _ if !is_known => themes.sheet().color(ThemeRole::BlockText),
            true => white.in_256(),
            false => black.in_256(),
        };
        Style::new().fg(shown(text)).bg(shown(color)).add_modifier(BOLD)
    }

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

    /// Style of what stands for a byte that cannot be shown, in text of this style: never that of
    /// the text, so a backslash of the data is no escape of ours.
    pub(super) fn control(&self, text: Style) -> Style {
        if let Some(inside_out) = self.inside_out(text) {
            return inside_out.add_modifier(Modifier::UNDERLINED);
        }
        let is_dim = text.fg == self.dim.fg && text.add_modifier == self.dim.add_modifier;
        let style = if is_dim { self.control_on_dim } else { self.dim };
        text.remove_modifier(Modifier::BOLD).patch(style)
    }

    /// What stands on a block as text of the block's colour behind which there is no block; `None` = it
    /// stands on none. Every colour of a block can be read there, which nothing but its text can on it.
    fn inside_out(&self, text: Style) -> Option<Style> {
        let mut blocks =
            ROLES.iter().zip(&self.blocks).filter(|(row, _)| row.kind == RoleKind::Block);
        let (_, on) = blocks.find(|(_, block)| is_on(text, **block))?;
        let plain = Style::new().remove_modifier(Modifier::all());
        Some(match (on.bg, self.screen.bg) {
            (Some(color), Some(ground)) => plain.fg(color).bg(ground),
            _ => plain,
        })
    }

    /// What is told of something else by now: quiet, and readable on whatever it stands.
    pub(super) fn faded(&self, text: Style) -> Style {
        self.inside_out(text).unwrap_or_default().patch(self.dim)
    }

    /// Style of an HTTP status in a list.
    pub(super) fn status(&self, status: u16) -> Style {
        self.ink(ThemeRole::of_status(status)).remove_modifier(Modifier::REVERSED)
    }
}

/// Whether text stands on a block; without colours a block is what is reversed.
fn is_on(text: Style, block: Style) -> bool {
    match block.bg {
        Some(ground) => text.bg == Some(ground),
        None => text.add_modifier.contains(Modifier::REVERSED),
    }
}

/// Whether a role of this colour is told by its weight.
fn is_weighed(color: ThemeColor, depth: ColorDepth) -> bool {
    depth == ColorDepth::None || color == ThemeColor::Own
}

fn ink(sheet: &ThemeSheet, depth: ColorDepth, role: ThemeRole) -> Style {
    let (color, (beside, alone)) = (sheet.color(role), weight(role));
    match is_weighed(color, depth) {
        true if depth == ColorDepth::None => Style::new().add_modifier(alone),
        true => Style::new().fg(Color::Reset).add_modifier(alone),
        false => Style::new().fg(shown(color)).add_modifier(beside),
    }
}

fn surface(sheet: &ThemeSheet, depth: ColorDepth, role: ThemeRole) -> Style {
    let (color, (beside, alone)) = (sheet.color(role), weight(role));
    match is_weighed(color, depth) {
        true if depth != ColorDepth::None && role == ThemeRole::Ground => {
            Style::new().bg(Color::Reset)
        }
        true => Style::new().add_modifier(alone),
        false => Style::new().bg(shown(color)).add_modifier(beside),
    }
}

/// One quiet colour between that of hints and the ground; where that is the terminal's to know, dim.
fn below(sheet: &ThemeSheet, depth: ColorDepth) -> Style {
    let plain = Style::new().remove_modifier(Modifier::all());
    let (ground, hint) = (sheet.color(ThemeRole::Ground), sheet.color(ThemeRole::Hint));
    let between = match depth {
        ColorDepth::Direct => hint.between(ground),
        ColorDepth::Indexed => hint.between(ground).map(ThemeColor::in_256),
        ColorDepth::Sixteen | ColorDepth::None => None,
    };
    match between {
        Some(color) => plain.fg(shown(color)).bg(shown(ground)),
        None if depth == ColorDepth::None => plain.add_modifier(FAINT),
        None => plain.fg(Color::Reset).bg(Color::Reset).add_modifier(FAINT),
    }
}

fn block(sheet: &ThemeSheet, depth: ColorDepth, role: ThemeRole) -> Style {
    let (color, (beside, alone)) = (sheet.color(role), weight(role));
    if is_weighed(color, depth) {
        return Style::new().add_modifier(alone | Modifier::REVERSED);
    }
    let text = shown(sheet.color(ThemeRole::BlockText));
    Style::new().fg(text).bg(shown(color)).add_modifier(beside)
}

/// The colour as ratatui names it.
fn shown(color: ThemeColor) -> Color {
    const OWN: [Color; 16] = [
        Color::Black,
        Color::Red,
        Color::Green,
        Color::Yellow,
        Color::Blue,
        Color::Magenta,
        Color::Cyan,
        Color::Gray,
        Color::DarkGray,
        Color::LightRed,
        Color::LightGreen,
        Color::LightYellow,
        Color::LightBlue,
        Color::LightMagenta,
        Color::LightCyan,
        Color::White,
    ];
    match color {
        ThemeColor::Own => Color::Reset,
        ThemeColor::Index(at) => OWN.get(usize::from(at)).copied().unwrap_or(Color::Indexed(at)),
        ThemeColor::Direct([r, g, b]) => Color::Rgb(r, g, b),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::theme_file::BUILT_IN;

    fn styles(depth: ColorDepth) -> ThemeStyles {
        ThemeStyles::of(&Themes::new(depth))
    }

    #[test]
    fn no_color_uses_no_colour() {
        let palette = styles(ColorDepth::None);
        let named = [palette.screen, palette.error, palette.selected, palette.hit, palette.raised];
        for style in palette.inks.iter().chain(&palette.blocks).chain(&named) {
            assert_eq!((style.fg, style.bg), (None, None));
        }
    }

    #[test]
    fn five_kinds_of_quiet_text_look_different_whatever_the_colours() {
        let depths =
            [ColorDepth::None, ColorDepth::Sixteen, ColorDepth::Indexed, ColorDepth::Direct];
        for depth in depths {
            for (name, _) in BUILT_IN {
                let mut themes = Themes::new(depth);
                themes.choose(name.into());
                let palette = ThemeStyles::of(&themes);
                let quiet = [
                    palette.placeholder,
                    palette.automatic,
                    palette.off,
                    palette.label,
                    palette.inactive,
                ];
                for (at, one) in quiet.iter().enumerate() {
                    for other in &quiet[at + 1..] {
                        assert_ne!(one, other, "{name} {depth:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn without_colours_roles_that_meet_are_told_apart() {
        let palette = styles(ColorDepth::None);
        let of = |role| palette.ink(role);
        let (known, unknown) = (of(ThemeRole::VariableKnown), of(ThemeRole::VariableUnknown));
        assert!(known != unknown && known != palette.base);
        assert_ne!(palette.selected, palette.selected_dim);
        assert_ne!(palette.hit, palette.hit_here);
        let states = [
            ThemeRole::Status2xx,
            ThemeRole::Status4xx,
            ThemeRole::Status5xx,
            ThemeRole::Failed,
            ThemeRole::Ended,
        ];
        for (at, one) in states.iter().enumerate() {
            for other in &states[at + 1..] {
                assert_ne!(palette.block(*one), palette.block(*other), "{one:?} {other:?}");
            }
        }
    }

    #[test]
    fn a_selected_row_of_sixteen_colours_has_one_colour_of_text() {
        let palette = styles(ColorDepth::Sixteen);
        assert_eq!(
            (palette.selected.fg, palette.selected.bg),
            (Some(Color::White), Some(Color::Blue))
        );
        assert_eq!(styles(ColorDepth::Direct).selected.fg, None, "contrast is known there");
    }
}
