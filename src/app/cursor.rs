//! A cursor in a list of known length with a window of known height; keeps itself visible.

/// Selected row and first visible row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Cursor {
    pub selected: usize,
    pub offset: usize,
}

/// A movement in a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CursorStep {
    Up,
    Down,
    PageUp,
    PageDown,
    HalfUp,
    HalfDown,
    Top,
    Bottom,
}

impl CursorStep {
    /// The movement an action stands for.
    pub fn of(action: super::action::Action) -> Option<CursorStep> {
        use super::action::Action;
        Some(match action {
            Action::Up => CursorStep::Up,
            Action::Down => CursorStep::Down,
            Action::PageUp => CursorStep::PageUp,
            Action::PageDown => CursorStep::PageDown,
            Action::HalfPageUp => CursorStep::HalfUp,
            Action::HalfPageDown => CursorStep::HalfDown,
            Action::Top => CursorStep::Top,
            Action::Bottom => CursorStep::Bottom,
            _ => return None,
        })
    }

    /// Whether it goes towards the first row.
    pub(crate) fn is_up(self) -> bool {
        use CursorStep::{HalfUp, PageUp, Top, Up};
        matches!(self, Up | PageUp | HalfUp | Top)
    }

    /// Rows it goes where `height` are visible; a page leaves one of them in sight.
    pub fn rows(self, height: usize) -> usize {
        match self {
            CursorStep::Up | CursorStep::Down => 1,
            CursorStep::PageUp | CursorStep::PageDown => height.saturating_sub(1).max(1),
            CursorStep::HalfUp | CursorStep::HalfDown => (height / 2).max(1),
            CursorStep::Top | CursorStep::Bottom => usize::MAX,
        }
    }
}

impl Cursor {
    /// Moves within `len` rows of which `height` are visible.
    pub fn step(&mut self, step: CursorStep, len: usize, height: usize) {
        let (from, rows) = (self.selected, step.rows(height));
        self.selected =
            if step.is_up() { from.saturating_sub(rows) } else { from.saturating_add(rows) };
        self.settle(len, height);
    }

    /// Brings selection and window back into the list.
    pub(crate) fn settle(&mut self, len: usize, height: usize) {
        self.selected = self.selected.min(len.saturating_sub(1));
        let height = height.max(1);
        self.offset = self.offset.min(len.saturating_sub(height)).min(self.selected);
        if self.selected >= self.offset + height {
            self.offset = self.selected + 1 - height;
        }
    }
}

/// First of `len` lines shown in `height` rows after a movement; a page is all rows.
pub(crate) fn scroll(top: usize, step: CursorStep, len: usize, height: usize) -> usize {
    let mut cursor = Cursor { selected: top, offset: 0 };
    cursor.step(step, len.saturating_sub(height) + 1, height + 1);
    cursor.selected
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_selection_stays_in_the_list_and_in_the_window() {
        let mut cursor = Cursor::default();
        for (step, len, height) in [
            (CursorStep::Down, 0, 3),
            (CursorStep::Bottom, 10, 3),
            (CursorStep::PageUp, 10, 3),
            (CursorStep::Down, 2, 3),
            (CursorStep::HalfDown, 100, 0),
            (CursorStep::Top, 5, 5),
        ] {
            cursor.step(step, len, height);
            assert!(cursor.selected < len.max(1));
            assert!(cursor.offset <= cursor.selected);
            assert!(cursor.selected < cursor.offset + height.max(1));
        }
    }
}
