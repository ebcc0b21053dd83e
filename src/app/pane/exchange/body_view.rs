//! A window onto a body: where it stands, what it shows, and what has to be asked of the engine.
//!
//! The engine keeps the bytes; this keeps a few screens of display lines around the place that is
//! looked at. Moving inside them is drawn at once; moving out asks for another window and draws
//! the old one until the answer is here.
//!
//! ```text
//!            ┌─ window (lines that arrived) ─┐
//!   0 ......[     ......top│shown│......     ]............ total
//! ```

pub(super) mod cells;
mod folding;
mod moves;
mod selection;

use std::collections::HashMap;

use crate::app::wrap_bytes;
use crate::codec::printable::printable;
use crate::model::folds::Folds;
use crate::model::id::BodyId;
use crate::model::view::{View, ViewLine, ViewMode, ViewPart, ViewQuery, WideEncoding};
pub(super) use selection::{Selection, TextSpot};

/// Windows kept, so that going back to a tab shows it at once.
const KEPT: usize = 8;
/// Rows the engine answers at most.
const ROWS_MAX: usize = 1024;
/// Cells one key moves sideways.
pub const SIDEWAYS: usize = 8;

/// Cells of a row of hex, its place and text included.
const HEX_CELLS: usize = 80;
/// Columns from which there is room for the numbers of lines.
const NUMBERED: u16 = 40;

/// The room a body is shown in, the columns of the gutter left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Viewport {
    pub width: usize,
    pub height: usize,
    pub wrap: bool,
}

/// A place in display lines: a line and, when lines wrap, how many of its rows are above.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct LinePlace {
    pub line: u64,
    pub skip: usize,
}

/// One body as it is looked at.
#[derive(Debug, Clone)]
pub struct BodyView {
    pub body: BodyId,
    pub part: ViewPart,
    pub mode: ViewMode,
    /// Cells scrolled to the right.
    pub left: usize,
    pub window: Option<View>,
    /// What the window can show now; lags behind `top` until the answer is here.
    pub drawn: LinePlace,
    top: LinePlace,
    /// The line the cursor is on; always in sight when the window is here.
    cursor: u64,
    /// It is a table, so the cursor is on a cell of its line.
    pub(super) is_table: bool,
    /// The place of that cell in its row.
    cell: usize,
    selection: Option<Selection>,
    folds: Folds,
    /// What was folded last, until it is seen whether it has an end.
    folding: Option<u64>,
    /// Stays at the last line while the body grows.
    at_end: bool,
    asked: Option<ViewQuery>,
    /// The encoding its first bytes told of.
    pub wide: Option<WideEncoding>,
    /// What it begins with, which may name its charset; empty until it was looked at.
    pub(super) first: Vec<u8>,
    /// The mode was chosen, or settled by the first bytes.
    is_chosen: bool,
    /// A hit to be brought into view: its line and byte.
    reveal: Option<(u64, u64)>,
}

impl BodyView {
    /// A view of a body nobody looked at yet, from its beginning.
    pub fn new(body: BodyId, part: ViewPart, mode: ViewMode) -> Self {
        BodyView {
            body,
            part,
            mode,
            left: 0,
            window: None,
            drawn: LinePlace::default(),
            top: LinePlace::default(),
            cursor: 0,
            is_table: false,
            cell: 0,
            selection: None,
            folds: Folds::default(),
            folding: None,
            at_end: false,
            asked: None,
            wide: None,
            first: Vec::new(),
            is_chosen: false,
            reveal: None,
        }
    }

    /// The line the cursor is on.
    pub fn cursor(&self) -> u64 {
        self.cursor
    }

    /// Cells before each row: the number of its line, and what is said of it. Hex rows tell their place.
    pub fn gutter(&self, width: u16, numbers: bool) -> u16 {
        let shown = self.window.as_ref().map_or(self.mode, |window| window.query.mode);
        if shown == ViewMode::Hex || width < 4 {
            return 0;
        }
        let digits = self.total().max(100).ilog10() + 1;
        2 + if numbers && width >= NUMBERED { digits as u16 } else { 0 }
    }

    /// Display lines known so far.
    pub fn total(&self) -> u64 {
        self.window.as_ref().map_or(0, |window| window.total_lines)
    }

    /// The line with this number, if its window is here.
    pub fn line(&self, number: u64) -> Option<&ViewLine> {
        self.window.as_ref()?.lines.get(self.place_of(number)?)
    }

    /// Where in the window a line is.
    fn place_of(&self, number: u64) -> Option<usize> {
        let lines = &self.window.as_ref()?.lines;
        lines.binary_search_by_key(&number, |line| line.number).ok()
    }

    /// The lines that are drawn, with the rows of the first one that lie above.
    pub fn shown(&self) -> (impl Iterator<Item = &ViewLine>, usize) {
        let lines = self.window.as_ref().map_or(&[][..], |window| &window.lines);
        let first = lines.partition_point(|line| line.number < self.drawn.line);
        (lines[first..].iter(), self.drawn.skip)
    }

    /// Place of the first byte of the cursor's line.
    pub(super) fn cursor_offset(&self) -> u64 {
        self.line(self.cursor).map_or_else(|| self.first_offset(), |line| line.offset)
    }

    /// Place of the first byte that is drawn.
    pub(crate) fn first_offset(&self) -> u64 {
        self.line(self.drawn.line).map_or(0, |line| line.offset)
    }

    /// Rows a line takes.
    fn rows_of(&self, number: u64, room: Viewport) -> usize {
        match self.line(number) {
            Some(line) if room.wrap => self.ranges(line, room).len(),
            _ => 1,
        }
    }

    /// The first bytes tell how they are best shown; a choice of the user goes before.
    pub(crate) fn begin_with(&mut self, mode: ViewMode) {
        if let ViewMode::Wide(wide) = mode {
            self.wide = Some(wide);
        }
        // As text or JSON wide units are no choice, they are unreadable.
        let is_unreadable = self.wide.is_some() && self.mode != ViewMode::Hex;
        if !self.is_chosen || is_unreadable {
            self.choose_mode(mode);
        }
    }

    /// Shows the bytes in this way from now on.
    pub(crate) fn choose_mode(&mut self, mode: ViewMode) {
        self.is_chosen = true;
        if self.mode == mode {
            return;
        }
        // Only hex lines can be computed from a byte; elsewhere the place is not known.
        let line = if mode == ViewMode::Hex { self.first_offset() / 16 } else { 0 };
        let cursor = self.line(self.cursor).map_or(0, |line| line.offset / 16);
        self.cursor = if mode == ViewMode::Hex { cursor } else { line };
        self.selection = None;
        self.mode = mode;
        self.top = LinePlace { line, skip: 0 };
        self.left = 0;
        self.at_end = false;
        self.reveal = None;
    }

    /// Goes to a hit.
    pub(crate) fn go_to(&mut self, line: u64, offset: u64, room: Viewport) {
        self.at_end = false;
        self.cursor = line;
        let visible = self.top.line..self.top.line + room.height.max(1) as u64;
        if !visible.contains(&line) || room.wrap {
            self.top = LinePlace { line: line.saturating_sub(room.height as u64 / 3), skip: 0 };
        }
        self.reveal = Some((line, offset));
    }

    /// A window arrived; it counts when it answers the last question or shows what is wanted.
    pub fn arrived(&mut self, view: View, room: Viewport) {
        let ours = (view.query.body, view.query.part, view.query.mode)
            == (self.body, self.part, self.mode)
            && view.query.folds == self.folds_wanted();
        let answer = self.asked.as_ref() == Some(&view.query);
        if !ours || !(answer || covers(&view, self.top, room)) {
            return;
        }
        self.window = Some(view);
        self.come_out();
        let last = self.last_place(room);
        if self.top > last && self.reveal.is_none() {
            self.top = last;
        }
        self.cursor = self.cursor.min(self.last_line());
    }

    /// Brings what is drawn in line with what is here; returns what has to be asked.
    pub(crate) fn settle(&mut self, room: Viewport) -> Option<ViewQuery> {
        if room.height == 0 || room.width == 0 {
            return None;
        }
        let folds = self.folds_wanted();
        let window = self.window.as_ref();
        let window = window.filter(|it| it.query.mode == self.mode && it.query.folds == folds);
        let is_at_end = !self.at_end || window.is_some_and(reaches_end);
        let top = if self.at_end && is_at_end { self.last_place(room) } else { self.top };
        let is_covered = is_at_end && window.is_some_and(|window| covers(window, top, room));
        self.top = top;
        if self.at_end && is_at_end {
            self.cursor = self.last_line();
        }
        if is_covered {
            self.show_hit(room);
            self.drawn = self.top;
            return None;
        }
        let wanted = self.wanted(room);
        if self.asked.as_ref() == Some(&wanted) {
            return None;
        }
        self.asked = Some(wanted.clone());
        Some(wanted)
    }

    /// Forgets what was asked, so that the next look asks again.
    pub(crate) fn ask_again(&mut self) {
        self.asked = None;
    }

    /// The question for some lines as they are shown.
    pub(super) fn lines_from(&self, first: u64, rows: u16) -> ViewQuery {
        let query = ViewQuery::new(self.body, self.part, self.mode, first, rows);
        ViewQuery { folds: self.folds_wanted(), ..query }
    }

    fn wanted(&self, room: Viewport) -> ViewQuery {
        let screens = if self.at_end { 2 } else { 3 };
        let rows = (room.height * screens).min(ROWS_MAX) as u16;
        let above = room.height.min((ROWS_MAX - room.height.min(ROWS_MAX)) / 2) as u16;
        let top = if self.at_end { u64::MAX } else { self.top.line };
        ViewQuery { above, ..self.lines_from(top, rows) }
    }

    /// Scrolls sideways, or by rows, so that a hit can be seen.
    fn show_hit(&mut self, room: Viewport) {
        let Some((number, offset)) = self.reveal.take() else { return };
        let Some(line) = self.line(number) else { return };
        // A hit behind what is kept of a long line is at its end.
        let into = usize::try_from(offset.saturating_sub(line.offset)).unwrap_or(usize::MAX);
        let into = into.min(line.bytes.len());
        if self.mode == ViewMode::Hex {
            return;
        }
        self.choose_cell(TextSpot { line: number, at: into }, room);
        let Some(line) = self.line(number) else { return };
        let indent = usize::from(line.indent);
        if room.wrap {
            let rows = wrap_bytes::rows(&line.bytes, room.width.saturating_sub(indent).max(1));
            let row = rows.iter().position(|row| row.contains(&into)).unwrap_or(0);
            let above = row.saturating_sub(room.height / 3);
            if row >= room.height || self.top.line != number {
                self.top = LinePlace { line: number, skip: above };
            }
            return;
        }
        let before = &line.bytes[..into];
        let column = indent + wrap_bytes::cells(&printable(before));
        if column < self.left || column + 4 >= self.left + room.width {
            self.left = column.saturating_sub(room.width / 3);
        }
    }
}

fn reaches_end(view: &View) -> bool {
    view.lines.last().map_or(0, ViewLine::next) >= view.total_lines
}

fn covers(view: &View, top: LinePlace, room: Viewport) -> bool {
    let first = view.lines.partition_point(|line| line.next() <= top.line);
    let is_begun = view.lines.first().is_none_or(|line| line.number <= top.line);
    is_begun && (view.lines.len() - first >= room.height || reaches_end(view))
}

/// The bodies looked at lately.
#[derive(Debug, Default)]
pub struct BodyViews {
    list: Vec<BodyView>,
    /// What the user chose where another mode was the default.
    chosen: HashMap<ViewMode, ViewMode>,
}

impl BodyViews {
    /// The view of a body, if it was looked at lately.
    pub fn get(&self, body: BodyId, part: ViewPart) -> Option<&BodyView> {
        self.list.iter().find(|view| (view.body, view.part) == (body, part))
    }

    /// The same, to change it.
    pub fn get_mut(&mut self, body: BodyId, part: ViewPart) -> Option<&mut BodyView> {
        self.list.iter_mut().find(|view| (view.body, view.part) == (body, part))
    }

    /// Whether an answer is the first that shows its body whole, after one that did not.
    pub(crate) fn completes(&self, answer: &View) -> bool {
        let before =
            self.get(answer.query.body, answer.query.part).and_then(|it| it.window.as_ref());
        answer.complete && before.is_some_and(|window| !window.complete)
    }

    /// The view of a body, made when it is looked at for the first time.
    pub fn open(&mut self, body: BodyId, part: ViewPart, default: ViewMode) -> &mut BodyView {
        let known = self.list.iter().position(|view| (view.body, view.part) == (body, part));
        let view = if let Some(at) = known {
            self.list.remove(at)
        } else {
            let chosen = self.chosen.get(&default).copied();
            let mut view = BodyView::new(body, part, chosen.unwrap_or(default));
            view.is_chosen = chosen.is_some();
            view
        };
        if self.list.len() >= KEPT {
            self.list.remove(0);
        }
        self.list.push(view);
        let last = self.list.len() - 1;
        &mut self.list[last]
    }

    /// Remembers a choice for bodies of the same kind.
    pub fn choose(&mut self, default: ViewMode, mode: ViewMode) {
        // Wide text is what one body is in, nothing to be liked for others.
        self.chosen.remove(&default);
        if ![default, mode].iter().any(|mode| matches!(mode, ViewMode::Wide(_))) {
            self.chosen.insert(default, mode);
        }
    }
}

#[cfg(test)]
mod body_view_tests;
