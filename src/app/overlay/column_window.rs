//! The columns of Traffic in a list: shown or not, in which order, how wide. Each change is seen at once in
//! the rows below the window, and kept.

use ratatui::layout::Rect;

use crate::app::action::Action;
use crate::app::column_set::{ChosenColumn, ColumnSet};
use crate::app::cursor::{Cursor, CursorStep};
use crate::app::intent::{Intent, TrafficWish};
use crate::app::message::{Mouse, MouseKind};
use crate::app::outcome::{Outcome, PaneInput};
use crate::app::row_order::SortOrder;
use crate::app::shared::Shared;

/// Columns and rows the window wants at most.
const SIZE: (u16, u16) = (88, 22);
/// Rows above Traffic from which on the window stands there.
const ROOM_ABOVE: u16 = 10;

/// Cells of the box that says whether a column is shown.
pub const BOX: u16 = 5;

/// State of the overlay.
#[derive(Debug)]
pub struct ColumnWindow {
    /// As it is now.
    pub set: ColumnSet,
    cursor: Cursor,
    /// The mouse has the column under the cursor.
    is_dragged: bool,
    /// Cells a row of Traffic has.
    pub room: u16,
}

impl ColumnWindow {
    /// With the columns as they are.
    pub(crate) fn new(shared: &Shared) -> Self {
        let room = shared.areas().traffic.width.saturating_sub(2);
        ColumnWindow {
            set: shared.columns.clone(),
            cursor: Cursor::default(),
            is_dragged: false,
            room,
        }
    }

    /// Where it is: above Traffic or, where that has the screen, in its lower half, so that the titles and
    /// the rows it is about are seen beside it.
    pub(super) fn area(shared: &Shared) -> Rect {
        let (columns, rows) = shared.size;
        let above = shared.areas().traffic.y;
        let (room, bottom) =
            if above >= ROOM_ABOVE { (above, above) } else { (rows / 2, rows.saturating_sub(1)) };
        let (width, height) = (SIZE.0.min(columns), SIZE.1.min(room));
        Rect::new((columns - width) / 2, bottom.saturating_sub(height), width, height)
    }

    /// Number of columns.
    pub fn len(&self) -> usize {
        self.set.all.len()
    }

    /// Where the cursor is in a list of `height` rows.
    pub fn cursor(&self, height: u16) -> Cursor {
        let mut cursor = self.cursor;
        cursor.settle(self.len(), height.into());
        cursor
    }

    /// Takes an input; `inner` is the window without its border.
    pub(super) fn update(&mut self, inner: Rect, input: PaneInput<'_>) -> Outcome {
        let height = usize::from(inner.height);
        match input {
            PaneInput::Act(action) => {
                if let Some(step) = CursorStep::of(action) {
                    self.cursor.step(step, self.len(), height);
                    return Outcome::yes();
                }
                self.act(action)
            }
            PaneInput::Wheel(step) => {
                self.cursor.step(step, self.len(), height);
                Outcome::yes()
            }
            PaneInput::Press(_, mouse) if inner.contains((mouse.column, mouse.row).into()) => {
                self.press(inner, mouse)
            }
            PaneInput::Drag(_, mouse) => self.drag(inner, mouse),
            PaneInput::Press(..) => Outcome::yes(),
            PaneInput::Key(_) | PaneInput::Paste(_) => Outcome::no(),
        }
    }

    /// A press of the mouse: on its box a column is shown or not, elsewhere it is chosen, and twice sorted
    /// by.
    fn press(&mut self, inner: Rect, mouse: Mouse) -> Outcome {
        let at = self.cursor(inner.height).offset + usize::from(mouse.row - inner.y);
        if at >= self.len() {
            return Outcome::yes();
        }
        self.cursor.selected = at;
        if mouse.column < inner.x + BOX {
            return self.change(ColumnWindow::toggle);
        }
        self.is_dragged = true;
        if mouse.kind == MouseKind::SecondPress { self.act(Action::Choose) } else { Outcome::yes() }
    }

    /// The mouse moves with its button down: it carries the column that it is on.
    fn drag(&mut self, inner: Rect, mouse: Mouse) -> Outcome {
        if mouse.kind == MouseKind::Release {
            self.is_dragged = false;
        }
        let last = inner.bottom().saturating_sub(1).max(inner.y);
        let row = mouse.row.clamp(inner.y, last) - inner.y;
        let to = self.cursor(inner.height).offset + usize::from(row);
        if !self.is_dragged || to == self.cursor.selected || to >= self.len() {
            return Outcome::yes();
        }
        self.change(|it| {
            let is_down = to > it.cursor.selected;
            for _ in 0..to.abs_diff(it.cursor.selected) {
                it.carry(is_down);
            }
        })
    }

    fn act(&mut self, action: Action) -> Outcome {
        match action {
            Action::Toggle => self.change(ColumnWindow::toggle),
            Action::Left => self.change(|it| it.widen(-1)),
            Action::Right => self.change(|it| it.widen(1)),
            Action::MoveUp => self.change(|it| it.carry(false)),
            Action::MoveDown => self.change(|it| it.carry(true)),
            Action::Undo => self.change(|it| {
                it.set.all = ColumnSet::default().all;
            }),
            Action::Choose => {
                let Some(chosen) = self.set.all.get(self.cursor.selected) else {
                    return Outcome::yes();
                };
                let order = SortOrder { column: chosen.column, is_descending: false };
                [Intent::CloseOverlay, Intent::Traffic(TrafficWish::Sort(Some(order)))].into()
            }
            _ => Outcome::no(),
        }
    }

    fn change(&mut self, change: impl FnOnce(&mut Self)) -> Outcome {
        change(self);
        Intent::Traffic(TrafficWish::Columns(Box::new(self.set.clone()))).into()
    }

    fn selected(&mut self) -> Option<&mut ChosenColumn> {
        self.set.all.get_mut(self.cursor.selected)
    }

    fn toggle(&mut self) {
        let room = self.room;
        if let Some(chosen) = self.selected() {
            chosen.show(!chosen.is_shown(room));
        }
    }

    fn widen(&mut self, by: i16) {
        let Some(chosen) = self.selected().copied() else { return };
        let width = self.set.width(chosen).saturating_add_signed(by);
        self.set.resize(chosen.column, width);
    }

    /// Moves the column under the cursor by one, and the cursor with it.
    fn carry(&mut self, is_down: bool) {
        let from = self.cursor.selected;
        let to = if is_down { from + 1 } else { from.saturating_sub(1) };
        if to < self.len() && from < self.len() {
            self.set.all.swap(from, to);
            self.cursor.selected = to;
        }
    }
}
