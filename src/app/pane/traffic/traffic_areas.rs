//! Where the pieces of the traffic pane are drawn: pure geometry, shared by clicks and `ui`.

use ratatui::layout::Rect;

use super::{TrafficPane, time_strip};
use crate::app::layout::{cut_bottom, cut_top};

/// Width from which the detail stands beside the list.
const BESIDE: u16 = 150;

/// Height above which a sentence about the filter may take more than a line, and how many it takes at most.
const WORDED: u16 = 8;
const WORDS: usize = 4;

/// Areas of the pane; empty where there is nothing or no room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TrafficAreas {
    /// Names of the columns.
    pub header: Rect,
    /// What is said above the oldest row when older ones had to go.
    pub let_go: Rect,
    pub rows: Rect,
    /// What the rows are spread over, by time.
    pub strip: Rect,
    pub detail_title: Rect,
    pub detail: Rect,
    /// The line a filter or a search is typed in.
    pub filter: Rect,
    /// What is said of the filter while it is typed.
    pub filter_words: Rect,
}

impl TrafficPane {
    /// Lays the pieces out in the pane's inner area.
    pub(crate) fn areas(&self, inner: Rect) -> TrafficAreas {
        let mut rest = inner;
        // What is wrong with a filter has a line for itself, or some when there is room for a long sentence.
        let has_words = self.filter.editor.is_some() && inner.height > 3;
        let wrong = if inner.height > WORDED { self.filter.wrong(inner.width).len() } else { 0 };
        let words = if has_words { wrong.clamp(1, WORDS) as u16 } else { 0 };
        let filter_words = cut_bottom(&mut rest, words);
        let filter = cut_bottom(&mut rest, u16::from(self.is_typing()));
        let mut parts = TrafficAreas { filter, filter_words, ..TrafficAreas::default() };
        if let Some(detail) = &self.detail {
            parts.detail = if rest.width >= BESIDE {
                let width = (rest.width * 2 / 5).max(78);
                rest.width -= width + 1;
                Rect { x: rest.right() + 1, width, ..rest }
            } else {
                // Without room for both: the detail is what was asked for.
                let height = if rest.height >= 6 {
                    detail.rows_of(rest.height, rest.height.div_ceil(2))
                } else {
                    rest.height
                };
                cut_bottom(&mut rest, height)
            };
            let title = u16::from(parts.detail.height > 1);
            parts.detail_title = cut_top(&mut parts.detail, title);
        }
        let header = u16::from(rest.height > 3);
        parts.header = cut_top(&mut rest, header);
        let least = rest.height.saturating_sub(1);
        let is_at_top = self.let_go > 0 && !self.shows_sorted() && least > 1;
        if is_at_top && self.cursor(least.into()).offset == 0 {
            parts.let_go = cut_top(&mut rest, 1);
        }
        let is_by_time = !self.shows_sorted() && !self.hides_strip;
        if is_by_time && rest.height >= time_strip::LEAST_ROWS && !self.is_empty() {
            parts.strip = cut_bottom(&mut rest, 1);
        }
        parts.rows = rest;
        parts
    }
}
