//! The borders of panes and windows, with what is written on them.

use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, BorderType, Clear};

use crate::app::focus::Pane;
use crate::app::{format, layout};
use crate::codec::printable::printable_str;
use crate::ui::painter::{Painter, cells};
use crate::ui::widget::fit;

/// The border of a pane, with the number that leads to it and its title.
pub(crate) fn of(which: Pane, title: impl Into<Line<'static>>) -> Block<'static> {
    Block::bordered().title((which as usize + 1).to_string()).title(title)
}

/// `12 of 300` where not all lines are in sight; empty where they are.
pub(crate) fn position(at: usize, len: usize, height: u16) -> String {
    if len <= usize::from(height) {
        return String::new();
    }
    format!("{} of {}", format::count(at as u64 + 1), format::count(len as u64))
}

/// The same of a text that is scrolled: the last line in sight.
pub(crate) fn read_to(top: usize, len: usize, height: u16) -> String {
    let top = top.min(len.saturating_sub(usize::from(height)));
    position((top + usize::from(height)).min(len).saturating_sub(1), len, height)
}

/// Puts remarks on the right of the bottom border of a pane so wide, each in its style; empty ones are
/// left out, and the longest is cut where there is no room for all. Whoever makes them made foreign
/// text printable.
pub(crate) fn with_foot(
    mut block: Block<'static>,
    mut parts: Vec<(String, Style)>,
    width: u16,
) -> Block<'static> {
    parts.retain(|(text, _)| !text.is_empty());
    // Blanks around each, and a column between two; two corners.
    let taken = |text: &str| usize::from(cells(text)) + 3;
    let all: usize = parts.iter().map(|(text, _)| taken(text)).sum();
    let over = (all + 1).saturating_sub(usize::from(width));
    if let Some((longest, _)) = parts.iter_mut().max_by_key(|(text, _)| cells(text))
        && over > 0
    {
        let room = usize::from(cells(longest)).saturating_sub(over);
        *longest = fit::start(longest, u16::try_from(room).unwrap_or(u16::MAX)).into_owned();
    }
    for (text, style) in parts {
        let remark = Span::styled(format!(" {text} "), style.remove_modifier(Modifier::BOLD));
        block = block.title_bottom(Line::from(remark).right_aligned());
    }
    block
}

/// A title that fits between the corners of a border so wide, behind a number; a cut is marked.
pub(crate) fn title(text: &str, width: u16) -> String {
    fit::start(&printable_str(text), width.saturating_sub(4)).into_owned()
}

/// Draws the border of a pane; what is inside is left.
pub(crate) fn pane<'a>(mut painter: Painter<'a>, block: Block<'_>, focused: bool) -> Painter<'a> {
    let palette = painter.palette;
    let (border, line, title) = if focused {
        (BorderType::Thick, palette.focused_border, palette.title)
    } else {
        (BorderType::Plain, palette.border, palette.dim)
    };
    painter.render(block.border_type(border).border_style(line).title_style(title));
    painter.area = layout::pane_inner(painter.area);
    painter
}

/// Clears the area and draws the border of a window, what can be done there and where it stands in
/// what is longer than it; what is inside is left.
pub(crate) fn window<'a>(
    mut painter: Painter<'a>,
    title: &str,
    hint: &str,
    position: &str,
) -> Painter<'a> {
    let palette = painter.palette;
    painter.render(Clear);
    let mut block = Block::bordered()
        .border_type(BorderType::Rounded)
        .style(palette.raised)
        .border_style(palette.focused_border)
        .title_style(palette.title)
        .title(self::title(title, painter.area.width));
    let room = painter.area.width.saturating_sub(4);
    // What can be done is told rather than where it stands: the scroll bar tells that, too.
    let is_told = !hint.is_empty() && cells(hint) < room;
    let left = if is_told { room - cells(hint) } else { room };
    if !position.is_empty() && cells(position) + 2 < left {
        block = block.title_bottom(Line::styled(format!(" {position} "), palette.dim));
    }
    if is_told {
        let hint = Line::styled(format!(" {hint} "), palette.dim);
        block = block.title_bottom(hint.right_aligned());
    }
    painter.render(block);
    painter.area = layout::window_inner(painter.area);
    painter
}
