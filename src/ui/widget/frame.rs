//! The borders of panes and windows, with what is written on them.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, BorderType, Clear, Widget};

use crate::app::layout;
use crate::codec::printable::printable_str;
use crate::ui::theme::ThemeStyles;

/// What stands on the border of a pane. Whoever makes it made foreign text printable.
#[derive(Default)]
pub(crate) struct Titles {
    pub(crate) top: Vec<Line<'static>>,
    pub(crate) bottom: Vec<Line<'static>>,
}

impl Titles {
    /// A title on the left of the top border and nothing else.
    pub(crate) fn of(title: impl Into<Line<'static>>) -> Self {
        Titles { top: vec![title.into()], bottom: Vec::new() }
    }

    /// Remarks on the right of the bottom border, each in its style; empty ones are left out.
    #[must_use]
    pub(crate) fn and_foot(mut self, parts: Vec<(String, Style)>) -> Self {
        let parts = parts.into_iter().filter(|(text, _)| !text.is_empty());
        self.bottom.extend(parts.map(|(text, style)| {
            let style = style.remove_modifier(Modifier::BOLD);
            Line::from(Span::styled(format!(" {text} "), style)).right_aligned()
        }));
        self
    }

    /// One more on the right of the top border.
    #[must_use]
    pub(crate) fn and_right(mut self, title: impl Into<Line<'static>>) -> Self {
        self.top.push(title.into().right_aligned());
        self
    }
}

/// Draws the border of a pane and returns what is inside.
pub(crate) fn pane(
    titles: Titles,
    focused: bool,
    palette: &ThemeStyles,
    area: Rect,
    buffer: &mut Buffer,
) -> Rect {
    let (border, line, title) = if focused {
        (BorderType::Thick, palette.focused_border, palette.title)
    } else {
        (BorderType::Plain, palette.border, palette.dim)
    };
    let mut block = Block::bordered().border_type(border).border_style(line).title_style(title);
    for title in titles.top {
        block = block.title_top(title);
    }
    for title in titles.bottom {
        block = block.title_bottom(title);
    }
    block.render(area, buffer);
    layout::inner(area)
}

/// Clears the area, draws the border of a window, and returns what is inside.
pub(crate) fn window(
    title: &str,
    hint: &str,
    palette: &ThemeStyles,
    area: Rect,
    buffer: &mut Buffer,
) -> Rect {
    Clear.render(area, buffer);
    let mut block = Block::bordered()
        .border_type(BorderType::Rounded)
        .style(palette.base)
        .border_style(palette.focused_border)
        .title_style(palette.title)
        .title(printable_str(title).into_owned());
    if usize::from(area.width) > hint.chars().count() + 4 && !hint.is_empty() {
        let hint = Line::styled(format!(" {hint} "), palette.dim);
        block = block.title_bottom(hint.right_aligned());
    }
    block.render(area, buffer);
    layout::inner(area)
}
