//! Where the panes are: pure geometry, used by `update` (mouse, page sizes) and by `ui`.
//!
//! ```text
//! 160 columns or more              100 or more            narrow           tiny
//! ┌ header ─────────────────┐   ┌ header ─────────┐   ┌ header ────┐   ┌ header ┐
//! ├ presets ┬ req. ┬ resp. ─┤   ├ presets ┬ req. ─┤   │ request    │   │ focused│
//! ├ history ┤      │        │   ├ history ┼ resp. ┤   │ response   │   │ pane   │
//! ├ traffic ┴──────┴────────┤   ├ traffic ┴───────┤   │ traffic    │   │        │
//! │ remark                  │   │ remark          │   │ remark     │   ├ footer ┤
//! └ footer ─────────────────┘   └ footer ─────────┘   └ footer ────┘   └────────┘
//! ```
//! Narrow screens show the side bar only while it has the focus; so does every screen with what the
//! user hid. Folded, the traffic is a strip of one line. A remark has a row that nothing else has; a
//! long one has more, which the lowest panes give from their ends, so nothing moves under the mouse.

use ratatui::layout::{Margin, Rect};

use super::arrangement::Arrangement;
use super::focus::Pane;
use crate::codec::wrap_words::wrap;

/// Columns from which the side bar is always shown.
pub const WIDE: u16 = 100;
/// Columns from which the response stands beside the request.
const BESIDE: u16 = 160;
/// Columns from which a pane has a column of air at its left.
const ROOMY: u16 = 54;
/// Least width and height of a pane the user can make smaller.
const LEAST_WIDTH: u16 = 12;
const LEAST_HEIGHT: u16 = 4;
const LEAST_TRAFFIC: u16 = 3;
/// Rows of the request while a text of many lines is written in it: five of the text, frame, address
/// and what it stands for, tabs and a choice.
const LEAST_WRITTEN: u16 = 11;
/// Most rows of a remark.
const REMARK_ROWS: u16 = 3;
/// Columns of a remark that its text does not have: air, mark, air, air.
const REMARK_MARGIN: u16 = 4;
/// Below this many columns or rows only the focused pane is shown.
const TINY: (u16, u16) = (44, 14);

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
    /// For a remark: rows of its own, on a tiny screen the lowest frame.
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

    /// Whether the response is at the right of the request.
    pub(crate) fn is_beside(&self) -> bool {
        !self.request.is_empty() && self.response.x > self.request.x
    }

    /// Whether the traffic is one line.
    pub fn is_strip(&self) -> bool {
        self.traffic.height == 1
    }

    /// The splitter under a cell: the right border of the side bar, the top border of the traffic, the
    /// top or left border of the response.
    pub(crate) fn splitter_at(&self, column: u16, row: u16) -> Option<Splitter> {
        let side = self.presets.union(self.history);
        if !side.is_empty() && column + 1 == side.right() && row >= side.y && row < side.bottom() {
            return Some(Splitter::Side);
        }
        let top = |area: Rect| !area.is_empty() && row == area.y && column >= area.x;
        if top(self.traffic) && self.traffic.y > 1 && !self.is_strip() {
            return Some(Splitter::Traffic);
        }
        if self.is_beside() {
            let is_left = column == self.response.x && self.response.contains((column, row).into());
            return is_left.then_some(Splitter::Request);
        }
        (top(self.response) && !self.request.is_empty()).then_some(Splitter::Request)
    }

    /// Puts a splitter on a cell.
    pub(crate) fn drag(&self, splitter: Splitter, at: (u16, u16), arrangement: &mut Arrangement) {
        let ((column, row), request) = (at, self.request);
        match splitter {
            Splitter::Side => arrangement.side = (column + 1).max(LEAST_WIDTH),
            Splitter::Request if self.is_beside() => {
                arrangement.beside = column.saturating_sub(request.x).max(LEAST_WIDTH);
            }
            Splitter::Request => {
                arrangement.request = row.saturating_sub(request.y).max(LEAST_HEIGHT);
            }
            Splitter::Traffic => {
                let height = self.traffic.bottom().saturating_sub(row);
                arrangement.traffic = height.max(LEAST_TRAFFIC);
            }
        }
    }

    /// Gives a remark so many rows: the lowest panes end higher, and none begins elsewhere but the
    /// strip of the traffic.
    fn lengthen_remark(&mut self, rows: u16) {
        let shown = |areas: Self| Pane::ALL.map(|pane| areas.of(pane)).into_iter();
        for _ in 1..rows.min(REMARK_ROWS) {
            let strip = u16::from(self.is_strip());
            let end = self.remark.y - strip;
            let is_lowest = |area: &Rect| area.height > 1 && area.bottom() == end;
            if shown(*self).any(|area| is_lowest(&area) && area.height <= LEAST_TRAFFIC) {
                return;
            }
            for pane in Pane::ALL {
                let area = self.slot(pane);
                area.height -= u16::from(is_lowest(area));
            }
            self.traffic.y -= strip;
            self.remark.y -= 1;
            self.remark.height += 1;
        }
    }

    /// Makes a pane larger by so many cells, or smaller.
    pub(crate) fn resize(&self, pane: Pane, by: i16, arrangement: &mut Arrangement) {
        let moved = |now: u16, by, least: u16| now.saturating_add_signed(by).max(least);
        let Areas { presets, history, request, traffic, .. } = *self;
        // What the response gains, the request loses.
        let share = if pane == Pane::Response { -by } else { by };
        match pane {
            Pane::Presets | Pane::History => {
                arrangement.side = moved(presets.width.max(history.width), by, LEAST_WIDTH);
            }
            Pane::Request | Pane::Response if self.is_beside() => {
                arrangement.beside = moved(request.width, share, LEAST_WIDTH);
            }
            Pane::Request | Pane::Response => {
                arrangement.request = moved(request.height, share, LEAST_HEIGHT);
            }
            Pane::Traffic => arrangement.traffic = moved(traffic.height, by, LEAST_TRAFFIC),
        }
    }
}

/// What is left inside a border.
fn inner(area: Rect) -> Rect {
    area.inner(Margin::new(1, 1))
}

/// What is left of a window inside its border: the column before the right one is that of scroll bars.
pub fn window_inner(area: Rect) -> Rect {
    let Rect { width, .. } = inner(area);
    Rect { width: width.saturating_sub(1), ..inner(area) }
}

/// What is left of a pane inside its border: the column before the right one is that of scroll bars.
pub fn pane_inner(area: Rect) -> Rect {
    let air = u16::from(area.width >= ROOMY);
    let Rect { x, width, .. } = inner(area);
    let width = width.saturating_sub(1 + air);
    Rect { x: x + air.min(width), width, ..inner(area) }
}

/// Cuts rows off the top of an area, as many as there are.
pub(crate) fn cut_top(rest: &mut Rect, rows: u16) -> Rect {
    let top = Rect { height: rows.min(rest.height), ..*rest };
    rest.y += top.height;
    rest.height -= top.height;
    top
}

/// Cuts columns off the right of an area, as many as there are.
pub(crate) fn cut_right(rest: &mut Rect, columns: u16) -> Rect {
    let width = rest.width.min(columns);
    rest.width -= width;
    Rect { x: rest.x + rest.width, width, ..*rest }
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

/// Rows that a remark needs on a screen so wide.
pub(crate) fn remark_rows(text: &str, columns: u16) -> u16 {
    let lines = wrap(text, remark_room(columns.saturating_sub(2))).len();
    u16::try_from(lines).unwrap_or(REMARK_ROWS).clamp(1, REMARK_ROWS)
}

/// Columns of the text of a remark in a slot so wide.
pub fn remark_room(columns: u16) -> u16 {
    columns.saturating_sub(REMARK_MARGIN)
}

/// A window of this size in the upper middle of the screen, cut to the screen; the last row of one
/// that is not tiny is left for remarks.
pub fn window(screen: (u16, u16), width: u16, height: u16) -> Rect {
    let rows = if is_tiny(screen) { screen.1 } else { screen.1 - 1 };
    let (width, height) = (width.min(screen.0), height.min(rows));
    Rect::new((screen.0 - width) / 2, (screen.1 - height) / 3, width, height)
}

/// What decides where the panes are, beside the size of the screen.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct LayoutFacts {
    pub(crate) arrangement: Arrangement,
    pub(crate) focus: Pane,
    /// The pane with the focus has it all.
    pub(crate) is_zoomed: bool,
    /// The traffic is a strip.
    pub(crate) is_folded: bool,
    /// A text of many lines is written in the request.
    pub(crate) is_written: bool,
    /// Rows of the remark that is shown.
    pub(crate) remark: u16,
}

/// Whether a screen has room for the focused pane alone.
fn is_tiny((width, height): (u16, u16)) -> bool {
    width < TINY.0 || height < TINY.1
}

/// Computes the areas for a screen.
pub(crate) fn areas(size: (u16, u16), facts: LayoutFacts) -> Areas {
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
    if is_tiny(size) {
        if body.height >= 3 {
            areas.remark = Rect::new(1.min(width), body.bottom() - 1, width.saturating_sub(2), 1);
        }
        *areas.slot(facts.focus) = body;
        return areas;
    }
    areas.remark = Rect { x: 1, width: width - 2, ..cut_bottom(&mut body, 1) };
    place(&mut areas, body, facts);
    areas.lengthen_remark(facts.remark);
    areas
}

/// Puts the panes into what header, remark and footer leave.
fn place(areas: &mut Areas, mut body: Rect, facts: LayoutFacts) {
    if facts.is_zoomed {
        *areas.slot(facts.focus) = body;
        return;
    }
    let LayoutFacts { arrangement, focus, is_folded, .. } = facts;
    let is_beside = body.width >= BESIDE;
    let least = if facts.is_written { LEAST_WRITTEN } else { LEAST_HEIGHT };
    let is_shown = |pane| focus == pane || !arrangement.hides(pane);
    if is_shown(Pane::Traffic) {
        let rest = (least + LEAST_HEIGHT).max(9);
        let height =
            if is_folded && focus != Pane::Traffic { None } else { Some(arrangement.traffic) };
        areas.traffic = traffic(&mut body, height, rest);
    }
    let side_focused = matches!(focus, Pane::Presets | Pane::History);
    if side_focused || (body.width >= WIDE && is_shown(Pane::Presets)) {
        let column = side(&mut body, arrangement.side);
        let history = if is_shown(Pane::History) { (column.height / 3).max(3) } else { 0 };
        let history = history.min(column.height);
        areas.presets = Rect { height: column.height - history, ..column };
        areas.history = Rect { y: column.y + areas.presets.height, height: history, ..column };
    }
    if is_beside {
        let request = chosen(arrangement.beside, body.width / 2);
        let request = request.clamp(LEAST_WIDTH, body.width - LEAST_WIDTH);
        areas.request = Rect { width: request, ..body };
        areas.response = Rect { x: body.x + request, width: body.width - request, ..body };
    } else {
        let request = chosen(arrangement.request, (body.height * 2 / 5).min(16));
        let most = body.height.saturating_sub(LEAST_HEIGHT).max(LEAST_HEIGHT);
        let request = request.clamp(least.min(most), most).min(body.height);
        areas.request = Rect { height: request, ..body };
        areas.response = Rect { y: body.y + request, height: body.height - request, ..body };
    }
}

/// What the user chose, else what suits.
fn chosen(cells: u16, automatic: u16) -> u16 {
    if cells == 0 { automatic } else { cells }
}

/// The rows of the traffic, one where it is folded (`None`), with as many left for the others.
fn traffic(body: &mut Rect, height: Option<u16>, rest: u16) -> Rect {
    let most = body.height.saturating_sub(rest).max(LEAST_TRAFFIC);
    let height = height.map_or(1, |height| {
        chosen(height, (body.height / 4).clamp(4, 16)).clamp(LEAST_TRAFFIC, most)
    });
    cut_bottom(body, height)
}

fn side(body: &mut Rect, width: u16) -> Rect {
    let most = (body.width / 2).max(LEAST_WIDTH);
    let width = chosen(width, (body.width / 4).clamp(27, 44)).clamp(LEAST_WIDTH, most);
    let column = Rect { width, ..*body };
    (body.x, body.width) = (body.x + width, body.width - width);
    column
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn panes_stay_on_the_screen_at_every_size() {
        for width in 1..130 {
            for height in 1..60 {
                for (pane, facts) in all_facts() {
                    let areas = areas((width, height), LayoutFacts { focus: pane, ..facts });
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
        for size in [(80, 24), (120, 40), (160, 48), (200, 60)] {
            for (focus, facts) in all_facts() {
                let areas = areas(size, LayoutFacts { focus, ..facts });
                for a in Pane::ALL {
                    for b in Pane::ALL {
                        assert!(a == b || !areas.of(a).intersects(areas.of(b)), "{a:?} {b:?}");
                    }
                }
                let covered: u32 = Pane::ALL.iter().map(|pane| areas.of(*pane).area()).sum();
                assert_eq!(covered, u32::from(size.0 * (size.1 - 3)), "{size:?} {facts:?}");
            }
        }
    }

    #[test]
    fn a_remark_has_rows_of_its_own_and_nothing_begins_elsewhere_for_a_long_one() {
        for size in [(44, 14), (80, 24), (120, 40), (160, 48), (200, 60)] {
            for (focus, facts) in all_facts() {
                let of = |remark| areas(size, LayoutFacts { focus, remark, ..facts });
                let short = of(1);
                for rows in 0..=4 {
                    let long = of(rows);
                    assert_eq!(long.remark.bottom(), long.footer.y, "{size:?} {facts:?}");
                    assert!(long.remark.height >= 1, "{size:?} {facts:?}");
                    for pane in Pane::ALL {
                        let (area, before) = (long.of(pane), short.of(pane));
                        let is_free = area.is_empty() || !area.intersects(long.remark);
                        assert!(is_free, "{size:?} {pane:?} {long:?}");
                        let is_strip = pane == Pane::Traffic && long.is_strip();
                        assert!(is_strip || (area.x, area.y) == (before.x, before.y));
                        assert!(before.is_empty() || !area.is_empty(), "{size:?} {pane:?}");
                    }
                }
            }
        }
        let facts = LayoutFacts { remark: 3, ..LayoutFacts::default() };
        assert_eq!(areas((120, 40), facts).remark.height, 3);
    }

    #[test]
    fn wild_sizes_are_tamed() {
        for cells in [1, 999, u16::MAX] {
            let (side, request, beside, traffic) = (cells, cells, cells, cells);
            let arrangement =
                Arrangement { side, request, beside, traffic, ..Arrangement::default() };
            for size in [(80, 24), (120, 40), (160, 48)] {
                let facts =
                    LayoutFacts { arrangement, focus: Pane::Presets, ..LayoutFacts::default() };
                let areas = areas(size, facts);
                assert!(areas.request.height >= 4 && areas.traffic.height >= 3, "{areas:?}");
                assert!(areas.response.width >= 12 && areas.request.width >= 12, "{areas:?}");
            }
        }
    }

    #[test]
    fn a_wide_screen_has_the_response_beside_the_request() {
        let at = |width| areas((width, 40), LayoutFacts::default());
        assert!(!at(159).is_beside() && at(160).is_beside());
        assert_eq!(at(160).request.width, at(160).response.width);
        let splitter = at(160).splitter_at(at(160).response.x, 5);
        assert_eq!(splitter, Some(Splitter::Request));
        let mut arrangement = Arrangement::default();
        at(160).resize(Pane::Response, 2, &mut arrangement);
        assert_eq!(arrangement.beside, at(160).request.width - 2);
    }

    /// Every way to arrange the screen that has a key.
    fn all_facts() -> Vec<(Pane, LayoutFacts)> {
        let mut all_facts = Vec::new();
        for bits in 0..16 {
            let bit = |at: u8| bits >> at & 1 == 1;
            let (hides_side, hides_history, hides_traffic) = (bit(0), bit(1), bit(2));
            let arrangement =
                Arrangement { hides_side, hides_history, hides_traffic, ..Arrangement::default() };
            let facts = LayoutFacts { arrangement, is_folded: bit(3), ..LayoutFacts::default() };
            all_facts.extend(Pane::ALL.map(|pane| (pane, facts)));
        }
        all_facts
    }
}
