//! Presses of the mouse on one cell, counted as long as one comes right behind the other. Kept by the
//! application, which tells panes and overlays of the second and the third.

use std::time::Duration;

use ratatui::layout::Position;

use super::message::MouseKind;
use crate::model::timing::Stamp;

/// Longest time between two presses that belong together.
const TOGETHER: Duration = Duration::from_millis(400);

/// The last press, and how many came before it.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct ClickRun {
    last: Option<(Stamp, Position)>,
    count: u8,
}

impl ClickRun {
    /// What a press at this time is; after the third it begins anew.
    pub(super) fn count(&mut self, now: Stamp, at: Position) -> MouseKind {
        let is_again =
            self.last.is_some_and(|(before, place)| place == at && now.since(before) <= TOGETHER);
        self.count = if is_again { self.count % 3 + 1 } else { 1 };
        self.last = Some((now, at));
        match self.count {
            2 => MouseKind::SecondPress,
            3 => MouseKind::ThirdPress,
            _ => MouseKind::Press,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use MouseKind::{Press, SecondPress, ThirdPress};

    #[test]
    fn presses_on_one_cell_are_counted_as_long_as_they_come_at_once() {
        let mut clicks = ClickRun::default();
        let mut press =
            |millis: u64, column| clicks.count(Stamp(millis * 1_000_000), Position::new(column, 1));
        assert_eq!([press(0, 1), press(300, 1), press(700, 1)], [Press, SecondPress, ThirdPress]);
        assert_eq!([press(800, 1), press(900, 2), press(1000, 2)], [Press, Press, SecondPress]);
        assert_eq!(press(1401, 2), Press);
    }
}
