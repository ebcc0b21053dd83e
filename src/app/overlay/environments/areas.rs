//! Where the parts of the window of environments are.

use ratatui::layout::Rect;

use super::edit_cells::EnvironmentEdit;
use crate::app::layout::{cut_bottom, cut_top};
use crate::codec::wrap_words::wrap;

/// Rows of what is wrong with an environment at most.
const TROUBLE: u16 = 6;

/// Where its parts are.
#[derive(Debug, Clone, Copy)]
pub struct EnvironmentsAreas {
    pub list: Rect,
    /// Name and trouble of what is selected.
    pub head: Rect,
    /// What is looked for; empty while nothing is.
    pub search: Rect,
    pub rows: Rect,
    pub detail: Rect,
}

/// Where its parts are in what is inside its border, with what is wrong in full if there is room.
pub fn areas(
    mut inner: Rect,
    edit: Option<&EnvironmentEdit>,
    has_search: bool,
    trouble: &str,
) -> EnvironmentsAreas {
    let wanted = match edit {
        None => 2,
        Some(EnvironmentEdit::Name(_)) => 3,
        Some(EnvironmentEdit::Variable(_)) => 8,
    };
    let detail = cut_bottom(&mut inner, wanted);
    let width = (inner.width / 4).clamp(inner.width.min(14), 28);
    let list = Rect { width, ..inner };
    let x = (inner.x + width + 2).min(inner.right());
    let mut rows = Rect { x, width: inner.right() - x, ..inner };
    let search = cut_top(&mut rows, u16::from(has_search));
    let told = wrap(trouble, rows.width).len().try_into().unwrap_or(TROUBLE);
    let most = TROUBLE.min(rows.height / 2).max(1);
    let head = cut_top(&mut rows, 1 + told.clamp(1, most));
    EnvironmentsAreas { list, head, search, rows, detail }
}
