//! Moves of the cursor and of the window over a body: the cursor takes the window with it, and the
//! window the cursor where it is turned by the wheel.
//!
//! Lines that wrap are read row by row: a line that goes on below the screen is scrolled before the
//! cursor leaves it.

use super::{BodyView, HEX_CELLS, LinePlace, Viewport, reaches_end};
use crate::app::cursor::CursorStep;
use crate::app::wrap_bytes;
use crate::codec::printable::printable;
use crate::model::view::{ViewLine, ViewMode};

impl BodyView {
    /// Moves the cursor.
    pub fn step(&mut self, step: CursorStep, room: Viewport) {
        self.reveal = None;
        match step {
            CursorStep::Top => {
                self.top = LinePlace::default();
                self.cursor = 0;
                self.at_end = false;
            }
            CursorStep::Bottom => {
                self.at_end = true;
                self.cursor = self.last_line();
            }
            CursorStep::Up => self.line_up(room),
            CursorStep::Down => self.line_down(room),
            _ => self.page(step, room),
        }
        self.follow_cursor();
    }

    /// Turns the window; the cursor stays in sight.
    pub(in super::super) fn scroll(&mut self, step: CursorStep, room: Viewport) {
        self.reveal = None;
        if step.is_up() {
            self.up(step.rows(room.height), room);
        } else {
            self.down(step.rows(room.height), room);
        }
        self.keep_cursor(room);
    }

    /// Puts the cursor onto a line that is in sight.
    pub(in super::super) fn place_cursor(&mut self, line: u64) {
        self.at_end = false;
        self.cursor = line.min(self.last_line());
        self.follow_cursor();
    }

    /// The last line that can be shown.
    pub(super) fn last_line(&self) -> u64 {
        let window = self.window.as_ref().filter(|window| reaches_end(window));
        let last = window.and_then(|window| window.lines.last());
        last.map_or(self.total().saturating_sub(1), |line| line.number)
    }

    /// The line shown after one; of lines that are not here the next one.
    fn next(&self, number: u64) -> u64 {
        self.line(number).map_or(number + 1, ViewLine::next)
    }

    /// The line shown before one, if there is one.
    fn previous(&self, number: u64) -> Option<u64> {
        let before = self.place_of(number).and_then(|at| at.checked_sub(1));
        let shown = before.and_then(|at| self.window.as_ref()?.lines.get(at));
        shown.map(|line| line.number).or_else(|| number.checked_sub(1))
    }

    /// Lines that are hidden by now give way to what hides them.
    pub(super) fn come_out(&mut self) {
        let Some(window) = &self.window else { return };
        let seen = |number: u64| {
            let at = window.lines.partition_point(|line| line.next() <= number);
            let line = window.lines.get(at).filter(|line| line.number <= number);
            line.map_or(number, |line| line.number)
        };
        let (top, cursor) = (seen(self.top.line), seen(self.cursor));
        if top != self.top.line {
            self.top = LinePlace { line: top, skip: 0 };
        }
        self.cursor = cursor;
    }

    fn line_up(&mut self, room: Viewport) {
        self.at_end = false;
        if self.top.line == self.cursor && self.top.skip > 0 {
            return self.up(1, room);
        }
        self.cursor = self.previous(self.cursor).unwrap_or(0);
        self.reach(room);
    }

    fn line_down(&mut self, room: Viewport) {
        let (last, is_whole) = self.last_in_sight(room);
        if last == self.cursor && !is_whole {
            return self.down(1, room);
        }
        self.cursor = self.next(self.cursor).min(self.last_line());
        self.reach(room);
    }

    /// Window and cursor go as far, so that the cursor stays where it is on the screen.
    fn page(&mut self, step: CursorStep, room: Viewport) {
        let rows = step.rows(room.height);
        for _ in 0..rows {
            self.cursor = if step.is_up() {
                self.previous(self.cursor).unwrap_or(0)
            } else {
                self.next(self.cursor)
            };
        }
        self.cursor = self.cursor.min(self.last_line());
        if step.is_up() {
            self.up(rows, room);
        } else {
            self.down(rows, room);
        }
        self.keep_cursor(room);
    }

    /// The last line of which a row is in sight, and whether all the rows to its end are.
    fn last_in_sight(&self, room: Viewport) -> (u64, bool) {
        let height = room.height.max(1);
        let mut line = self.top.line;
        let mut used = self.rows_of(line, room).saturating_sub(self.top.skip);
        while used < height {
            line = self.next(line);
            used += self.rows_of(line, room);
        }
        (line, used == height)
    }

    /// Brings the line of the cursor into sight, all of its rows where they fit.
    pub(super) fn reach(&mut self, room: Viewport) {
        if self.cursor < self.top.line || (self.cursor == self.top.line && self.top.skip > 0) {
            let rows = self.rows_of(self.cursor, room);
            let skip = rows.saturating_sub(room.height.max(1));
            self.top = LinePlace { line: self.cursor, skip };
            return;
        }
        let (last, is_whole) = self.last_in_sight(room);
        if self.cursor > last || (self.cursor == last && !is_whole) {
            self.top = match self.ending_with(self.cursor, room) {
                top if top.line == self.cursor => LinePlace { line: self.cursor, skip: 0 },
                top => top,
            };
        }
    }

    /// The cursor goes no further than the window.
    fn keep_cursor(&mut self, room: Viewport) {
        let (last, _) = self.last_in_sight(room);
        self.cursor = self.cursor.clamp(self.top.line, last).min(self.last_line());
        self.follow_cursor();
    }

    fn up(&mut self, rows: usize, room: Viewport) {
        self.at_end = false;
        for _ in 0..rows {
            if self.top.skip > 0 {
                self.top.skip -= 1;
            } else if let Some(line) = self.previous(self.top.line) {
                self.top = LinePlace { line, skip: self.rows_of(line, room) - 1 };
            } else {
                return;
            }
        }
    }

    fn down(&mut self, rows: usize, room: Viewport) {
        let last = self.last_place(room);
        for _ in 0..rows {
            if self.top >= last {
                return;
            }
            if self.top.skip + 1 < self.rows_of(self.top.line, room) {
                self.top.skip += 1;
            } else {
                self.top = LinePlace { line: self.next(self.top.line), skip: 0 };
            }
        }
    }

    /// The lowest place: the last line is the last row. Where lines wrap and are not here, the
    /// last line itself.
    pub(super) fn last_place(&self, room: Viewport) -> LinePlace {
        match self.total() {
            0 => LinePlace::default(),
            _ => self.ending_with(self.last_line(), room),
        }
    }

    /// The place from which the last row of this line is the last one in sight.
    fn ending_with(&self, last: u64, room: Viewport) -> LinePlace {
        let mut left = room.height.max(1);
        let mut line = last;
        loop {
            let rows = self.rows_of(line, room);
            if rows >= left {
                return LinePlace { line, skip: rows - left };
            }
            left -= rows;
            match self.previous(line) {
                Some(before) => line = before,
                None => return LinePlace::default(),
            }
        }
    }

    /// Moves sideways by so many cells.
    pub(in super::super) fn sideways(&mut self, cells: usize, right: bool, room: Viewport) {
        if room.wrap {
            return;
        }
        if right {
            self.left += cells;
            self.fit_sideways(room);
        } else {
            self.left = self.left.saturating_sub(cells);
        }
    }

    /// Nothing is scrolled further than there is something to see in so much room, and the cursor is
    /// in sight.
    pub(in super::super) fn fit(&mut self, room: Viewport) {
        let is_known = self.window.as_ref().is_some_and(|it| !room.wrap || reaches_end(it));
        if is_known && self.reveal.is_none() {
            self.top = self.top.min(self.last_place(room));
            self.reach(room);
        }
        self.fit_sideways(room);
    }

    /// The longest line in sight ends at the right edge at the furthest.
    fn fit_sideways(&mut self, room: Viewport) {
        if self.left == 0 || room.wrap {
            return;
        }
        let cells = |line: &ViewLine| match self.mode {
            ViewMode::Hex => HEX_CELLS,
            _ => usize::from(line.indent) + wrap_bytes::cells(&printable(&line.bytes)),
        };
        let (lines, _) = self.shown();
        let widest = lines.take(room.height).map(cells).max().unwrap_or(0);
        self.left = self.left.min(widest.saturating_sub(room.width));
    }
}
