//! Where the panes are: pure geometry, used by `update` (mouse, page sizes) and by `ui`.
//!
//! ```text
//! wide (100 columns or more)              narrow                       tiny
//! ┌ header ───────────────────┐           ┌ header ──────┐             ┌ header ┐
//! ├ presets ─┬ request ───────┤           │ request      │             │ focused│
//! ├ history ─┼ response ──────┤           │ response     │             │ pane   │
//! ├ traffic ─┴────────────────┤           │ traffic      │             ├ footer ┤
//! └ footer ───────────────────┘           └ footer ──────┘             └────────┘
//! ```
//! Narrow screens show the presets column only while it has the focus.

use ratatui::layout::{Margin, Rect};

use super::focus::Pane;

/// Columns from which the presets column is always shown.
pub const WIDE: u16 = 100;
/// Below this many columns or rows only the focused pane is shown.
const TINY: (u16, u16) = (44, 14);

/// Splitter positions, in cells; what the user can change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Splits {
    /// Width of the presets column; 0 = automatic.
    pub side: u16,
    /// Height of the request pane; 0 = automatic.
    pub request: u16,
    /// Height of the traffic pane; 0 = automatic.
    pub traffic: u16,
}

/// Areas of the panes; a pane that is not shown has an empty one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Areas {
    pub header: Rect,
    pub presets: Rect,
    pub history: Rect,
    pub request: Rect,
    pub response: Rect,
    pub traffic: Rect,
    pub footer: Rect,
    /// For a remark: on the lowest frame, so that it covers nothing that is read.
    pub remark: Rect,
}

/// A border the mouse can drag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Splitter {
    Side,
    Request,
    Traffic,
}

impl Areas {
    /// Area of a pane.
    pub fn of(mut self, pane: Pane) -> Rect {
        *self.slot(pane)
    }

    fn slot(&mut self, pane: Pane) -> &mut Rect {
        match pane {
            Pane::Presets => &mut self.presets,
            Pane::History => &mut self.history,
            Pane::Request => &mut self.request,
            Pane::Response => &mut self.response,
            Pane::Traffic => &mut self.traffic,
        }
    }

    /// The pane under a cell.
    pub(crate) fn pane_at(&self, column: u16, row: u16) -> Option<Pane> {
        let at = ratatui::layout::Position::new(column, row);
        Pane::ALL.into_iter().find(|pane| self.of(*pane).contains(at))
    }

    /// The splitter under a cell: the right border of the presets column, the top border of
    /// response and traffic.
    pub(crate) fn splitter_at(&self, column: u16, row: u16) -> Option<Splitter> {
        let side = self.presets.union(self.history);
        if !side.is_empty() && column + 1 == side.right() && row >= side.y && row < side.bottom() {
            return Some(Splitter::Side);
        }
        let top = |area: Rect| !area.is_empty() && row == area.y && column >= area.x;
        if top(self.traffic) && self.traffic.y > 1 {
            return Some(Splitter::Traffic);
        }
        (top(self.response) && !self.request.is_empty()).then_some(Splitter::Request)
    }
}

/// What is left of a pane or window inside its border.
pub fn inner(area: Rect) -> Rect {
    area.inner(Margin::new(1, 1))
}

/// Cuts rows off the top of an area, as many as there are.
pub(crate) fn cut_top(rest: &mut Rect, rows: u16) -> Rect {
    let top = Rect { height: rows.min(rest.height), ..*rest };
    rest.y += top.height;
    rest.height -= top.height;
    top
}

/// Cuts rows off the bottom of an area, as many as there are.
pub(crate) fn cut_bottom(rest: &mut Rect, rows: u16) -> Rect {
    let height = rows.min(rest.height);
    rest.height -= height;
    Rect { y: rest.bottom(), height, ..*rest }
}

/// A strip of tabs: each with its title and the column it begins at.
pub type TabStrip<T> = Vec<(T, String, u16)>;

/// Puts tabs beside each other, two cells between them.
pub(crate) fn tab_strip<T>(tabs: impl IntoIterator<Item = (T, String)>) -> TabStrip<T> {
    let mut x = 0;
    let placed = tabs.into_iter().map(|(tab, title)| {
        let start = x;
        x += title.chars().count() as u16 + 2;
        (tab, title, start)
    });
    placed.collect()
}

/// The tab after this one or the one before, round the ends.
pub(crate) fn next_tab<T: Copy + PartialEq>(all: &[T], now: T, forward: bool) -> T {
    let at = all.iter().position(|tab| *tab == now).unwrap_or(0);
    let step = if forward { 1 } else { all.len() - 1 };
    all[(at + step) % all.len()]
}

/// The tab at a column of a strip, the cells behind its title included.
pub(crate) fn tab_at<T>(strip: TabStrip<T>, column: u16) -> Option<T> {
    let end = |(_, title, start): &(T, String, u16)| start + title.chars().count() as u16 + 2;
    strip.into_iter().find(|tab| column < end(tab)).map(|(tab, ..)| tab)
}

/// A window of this size in the upper middle of the screen, cut to the screen.
pub fn window(screen: (u16, u16), width: u16, height: u16) -> Rect {
    let (width, height) = (width.min(screen.0), height.min(screen.1));
    Rect::new((screen.0 - width) / 2, (screen.1 - height) / 3, width, height)
}

/// Computes the areas for a screen.
pub(crate) fn areas(size: (u16, u16), splits: Splits, focus: Pane, zoom: bool) -> Areas {
    let (width, height) = size;
    let mut areas = Areas::default();
    let mut body = Rect::new(0, 0, width, height);
    if height >= 3 {
        areas.header = Rect::new(0, 0, width, 1);
        body = Rect::new(0, 1, width, height - 1);
    }
    if height >= 5 {
        areas.footer = Rect::new(0, height - 1, width, 1);
        body.height -= 1;
    }
    if body.height >= 3 {
        areas.remark = Rect::new(1.min(width), body.bottom() - 1, width.saturating_sub(2), 1);
    }
    if zoom || width < TINY.0 || height < TINY.1 {
        *areas.slot(focus) = body;
        return areas;
    }
    stack(&mut areas, body, splits, focus);
    areas
}

fn stack(areas: &mut Areas, body: Rect, splits: Splits, focus: Pane) {
    let traffic = if splits.traffic == 0 { (body.height / 4).clamp(4, 16) } else { splits.traffic };
    let traffic = traffic.clamp(3, body.height.saturating_sub(9).max(3));
    areas.traffic = Rect::new(body.x, body.bottom().saturating_sub(traffic), body.width, traffic);
    let mut main = Rect { height: body.height - traffic, ..body };
    let side_focused = matches!(focus, Pane::Presets | Pane::History);
    if body.width >= WIDE || side_focused {
        let side = if splits.side == 0 { (body.width / 4).clamp(27, 44) } else { splits.side };
        let side = side.clamp(12, (body.width / 2).max(12));
        let column = Rect { width: side, ..main };
        let history = (column.height / 3).max(3).min(column.height);
        areas.presets = Rect { height: column.height - history, ..column };
        areas.history = Rect { y: column.y + areas.presets.height, height: history, ..column };
        main = Rect { x: main.x + side, width: main.width - side, ..main };
    }
    let automatic = (main.height * 2 / 5).min(16);
    let request = if splits.request == 0 { automatic } else { splits.request };
    let request = request.clamp(4, main.height.saturating_sub(4).max(4)).min(main.height);
    areas.request = Rect { height: request, ..main };
    areas.response = Rect { y: main.y + request, height: main.height - request, ..main };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn panes_stay_on_the_screen_at_every_size() {
        for width in 1..130 {
            for height in 1..60 {
                for pane in Pane::ALL {
                    let areas = areas((width, height), Splits::default(), pane, false);
                    let screen = Rect::new(0, 0, width, height);
                    for shown in Pane::ALL {
                        let area = areas.of(shown);
                        assert_eq!(area.intersection(screen), area, "{width}x{height} {shown:?}");
                    }
                    assert!(!areas.of(pane).is_empty(), "{width}x{height} {pane:?}");
                }
            }
        }
    }

    #[test]
    fn panes_do_not_overlap() {
        for size in [(80, 24), (120, 40), (200, 60)] {
            let areas = areas(size, Splits::default(), Pane::Presets, false);
            for a in Pane::ALL {
                for b in Pane::ALL {
                    assert!(a == b || !areas.of(a).intersects(areas.of(b)), "{a:?} {b:?}");
                }
            }
        }
    }

    #[test]
    fn wild_splits_are_tamed() {
        let wild = Splits { side: 999, request: 999, traffic: 999 };
        let areas = areas((80, 24), wild, Pane::Request, false);
        assert!(areas.request.height >= 4 && areas.traffic.height >= 3);
    }
}
