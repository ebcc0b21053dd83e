//! Where the pieces of the traffic pane are drawn: pure geometry, shared by clicks and `ui`.

use ratatui::layout::Rect;

/// Width from which the detail stands beside the list.
const BESIDE: u16 = 150;

/// Areas of the pane; empty where there is nothing or no room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TrafficAreas {
    /// Names of the columns.
    pub header: Rect,
    pub rows: Rect,
    pub detail_title: Rect,
    pub detail: Rect,
    /// The line a filter or a search is typed in.
    pub filter: Rect,
}

impl TrafficAreas {
    /// Lays the pieces out in the pane's inner area.
    pub(super) fn new(inner: Rect, is_typing: bool, is_record_open: bool) -> Self {
        let mut rest = inner;
        let mut parts = TrafficAreas::default();
        if is_typing && rest.height > 0 {
            rest.height -= 1;
            parts.filter = Rect { y: rest.bottom(), height: 1, ..rest };
        }
        if is_record_open {
            let detail = if rest.width >= BESIDE {
                let width = (rest.width * 2 / 5).max(78);
                rest.width -= width + 1;
                Rect { x: rest.right() + 1, width, ..rest }
            } else if rest.height >= 6 {
                let height = rest.height.div_ceil(2);
                rest.height -= height;
                Rect { y: rest.bottom(), height, ..rest }
            } else {
                // No room for both: the detail is what was asked for.
                let all = rest;
                rest.height = 0;
                all
            };
            let title = u16::from(detail.height > 1);
            parts.detail_title = Rect { height: title, ..detail };
            parts.detail = Rect { y: detail.y + title, height: detail.height - title, ..detail };
        }
        if rest.height > 3 {
            parts.header = Rect { height: 1, ..rest };
            rest.y += 1;
            rest.height -= 1;
        }
        parts.rows = rest;
        parts
    }
}
