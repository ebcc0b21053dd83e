//! What crossed, added up: by session, peer, process or second, of all records or of those that the filter
//! in force lets through.
//!
//! ```text
//! Sessions  Peers  Processes  Seconds             of all
//! 12,345 records  ▶ 1.2 MiB  ◀ 3 MiB  3 errors   p50 1.2 ms …
//! ▁▂▃▅▆▇  the last seconds
//! name  records  ▶ bytes …                         sorted by a column
//! ```
//! Counting is done in steps by `flow/statistics.rs`, a few times a second at most and only while the window
//! is open.

use std::time::Duration;

use ratatui::layout::Rect;

use crate::app::action::Action;
use crate::app::copying;
use crate::app::cursor::{Cursor, CursorStep};
use crate::app::focus::Pane;
use crate::app::intent::{Intent, TrafficWish};
use crate::app::layout::cut_top;
use crate::app::message::{Mouse, MouseKind, Timer};
use crate::app::outcome::{Outcome, PaneInput};
use crate::app::shared::Shared;
use crate::app::statistics_rows::{self, StatColumn, StatRow};
use crate::model::id::ConnId;
use crate::model::peer_owner::PeerOwner;
use crate::model::timing::Stamp;
use crate::query::Filter;
use crate::timeline::listing::STEP_WORK;
use crate::timeline::statistics::{StatKind, Statistics};

/// The rows are made anew no more often.
pub(crate) const REFRESHED: Duration = Duration::from_millis(300);
/// What rows can be of.
pub const KINDS: [(StatKind, &str); 4] = [
    (StatKind::Session, "Sessions"),
    (StatKind::Peer, "Peers"),
    (StatKind::Process, "Processes"),
    (StatKind::Second, "Seconds"),
];
/// Rows above the list beside those of the chart: what it is of, totals, sizes, an empty one, the heading.
const ABOVE: u16 = 5;
/// Cells between two kinds.
pub const TAB_GAP: u16 = 2;
/// Cells of a column of figures, and of the bar at the end of a row.
const FIGURE: u16 = 10;
pub const BAR: u16 = 12;
/// From this width on all percentiles and the bar are shown.
pub const ROOMY: u16 = 116;

/// State of the overlay.
#[derive(Debug)]
pub struct StatisticsWindow {
    pub(crate) statistics: Statistics,
    /// The filter in force when it was opened, as it was typed.
    filter: (String, Filter),
    /// That alone is counted.
    is_filtered: bool,
    pub kind: StatKind,
    pub sorted_by: StatColumn,
    pub is_rising: bool,
    pub rows: Vec<StatRow>,
    cursor: Cursor,
    /// A timer for it is set.
    pub(crate) is_due: bool,
    made_at: Stamp,
}

impl StatisticsWindow {
    /// Of what the filter in force lets through, if there is one; begins to count.
    pub(crate) fn new(shared: &Shared, text: &str, filter: &Filter) -> Self {
        let is_filtered = !filter.is_everything();
        let mut window = StatisticsWindow {
            statistics: Statistics::default(),
            filter: (text.to_owned(), filter.clone()),
            is_filtered,
            kind: StatKind::Session,
            sorted_by: StatColumn::Records,
            is_rising: false,
            rows: Vec::new(),
            cursor: Cursor::default(),
            is_due: false,
            made_at: Stamp::default(),
        };
        window.begin(shared);
        window
    }

    /// Counts anew.
    fn begin(&mut self, shared: &Shared) {
        let filter = if self.is_filtered { self.filter.1.clone() } else { Filter::default() };
        self.statistics = Statistics::of(filter);
        self.statistics.step(&shared.timeline, STEP_WORK);
        self.make_rows(shared);
    }

    /// What is counted, in words.
    pub fn counted_of(&self) -> String {
        match (self.is_filtered, self.filter.0.is_empty()) {
            (true, _) => format!("of {}", self.filter.0),
            (false, true) => "of all records".into(),
            (false, false) => format!("of all records, not only {}", self.filter.0),
        }
    }

    /// Whether what was there is not all counted yet.
    pub fn is_counting(&self, shared: &Shared) -> bool {
        !self.statistics.is_complete(&shared.timeline)
    }

    /// Goes on counting; whether the rows are others now.
    pub(crate) fn go_on(&mut self, shared: &Shared) -> bool {
        self.statistics.step(&shared.timeline, STEP_WORK);
        let is_old = shared.now.since(self.made_at) >= REFRESHED;
        if is_old || !self.is_counting(shared) {
            self.make_rows(shared);
            return true;
        }
        false
    }

    /// It was found whose a peer is.
    pub(crate) fn owner_found(&mut self, conn: ConnId, owner: &PeerOwner) {
        self.statistics.owner_found(conn, owner);
    }

    fn make_rows(&mut self, shared: &Shared) {
        let chosen = self.rows.get(self.cursor.selected).map(|row| row.group.clone());
        let order = (self.sorted_by, self.is_rising);
        self.rows = statistics_rows::rows(shared, &self.statistics, self.kind, order);
        // The cursor stays on its group, or at the top.
        let chosen = chosen.filter(|_| self.cursor.selected > 0);
        if let Some(at) = chosen.and_then(|it| self.rows.iter().position(|row| row.group == it)) {
            self.cursor.selected = at;
        }
        self.made_at = shared.now;
    }

    /// Rows of the chart of seconds in a window that is so high inside.
    pub fn chart_rows(height: u16) -> u16 {
        match height {
            0..28 => 1,
            28..42 => 3,
            _ => 5,
        }
    }

    /// What stands above the list, and the list.
    pub fn parts(mut inner: Rect) -> (Rect, Rect) {
        let above = (ABOVE + Self::chart_rows(inner.height)).min(inner.height / 2);
        (cut_top(&mut inner, above), inner)
    }

    /// The row under the cursor and the first one shown.
    pub fn cursor(&self, height: usize) -> Cursor {
        let mut cursor = self.cursor;
        cursor.settle(self.rows.len(), height);
        cursor
    }

    /// Takes an input.
    pub fn update(&mut self, shared: &Shared, inner: Rect, input: PaneInput<'_>) -> Outcome {
        let list = Self::parts(inner).1;
        match input {
            PaneInput::Act(action) => self.act(shared, action, list.height.into()),
            PaneInput::Wheel(step) => {
                self.cursor.step(step, self.rows.len(), list.height.into());
                Outcome::yes()
            }
            PaneInput::Press(_, mouse) => self.press(shared, inner, mouse),
            PaneInput::Key(_) | PaneInput::Paste(_) | PaneInput::Drag(..) => Outcome::no(),
        }
    }

    fn act(&mut self, shared: &Shared, action: Action, height: usize) -> Outcome {
        match action {
            Action::NextTab => self.turn(shared, 1),
            Action::PreviousTab => self.turn(shared, KINDS.len() - 1),
            Action::Left | Action::Right => {
                self.sorted_by = self.sorted_by.beside(action == Action::Right);
                self.is_rising = self.sorted_by == StatColumn::Name;
                self.make_rows(shared);
            }
            Action::Toggle => {
                self.is_rising = !self.is_rising;
                self.make_rows(shared);
            }
            Action::CountFiltered => return self.change_scope(shared),
            Action::Open => return self.filter_by_row(),
            Action::Copy => {
                let row = self.rows.get(self.cursor.selected).map(std::slice::from_ref);
                return row.map_or_else(Outcome::yes, |row| {
                    copying::put("the row", statistics_rows::table(row)).into()
                });
            }
            Action::CopyWhole => {
                return copying::put("the statistics", statistics_rows::table(&self.rows)).into();
            }
            action => match CursorStep::of(action) {
                Some(step) => self.cursor.step(step, self.rows.len(), height),
                None => return Outcome::no(),
            },
        }
        Outcome::yes()
    }

    /// A press of the mouse: on a row, on what rows are of, on what is counted, on a heading.
    fn press(&mut self, shared: &Shared, inner: Rect, mouse: Mouse) -> Outcome {
        let (above, list) = Self::parts(inner);
        if list.contains((mouse.column, mouse.row).into()) {
            let first = self.cursor(list.height.into()).offset;
            self.cursor.selected = first + usize::from(mouse.row - list.y);
            self.cursor.settle(self.rows.len(), list.height.into());
            if mouse.kind == MouseKind::SecondPress {
                return self.act(shared, Action::Open, list.height.into());
            }
            return Outcome::yes();
        }
        if !above.contains((mouse.column, mouse.row).into()) {
            return Outcome::yes();
        }
        let x = mouse.column - above.x;
        let heading = ABOVE + Self::chart_rows(inner.height) - 1;
        match mouse.row - above.y {
            0 => {
                let mut from = 0;
                for (kind, title) in KINDS {
                    let width = title.chars().count() as u16;
                    if (from..from + width).contains(&x) {
                        self.turn_to(shared, kind);
                        return Outcome::yes();
                    }
                    from += width + TAB_GAP;
                }
                let said = self.counted_of().chars().count() as u16;
                if x + said.min(above.width / 2) >= above.width {
                    return self.change_scope(shared);
                }
            }
            row if row == heading => {
                let mut from = 0;
                let hit = Self::columns(above.width).into_iter().find(|(_, width)| {
                    from += width;
                    x < from
                });
                if let Some((column, _)) = hit {
                    self.is_rising = if column == self.sorted_by {
                        !self.is_rising
                    } else {
                        column == StatColumn::Name
                    };
                    self.sorted_by = column;
                    self.make_rows(shared);
                }
            }
            _ => {}
        }
        Outcome::yes()
    }

    /// The columns there is room for, with their widths; the first has the rest.
    pub fn columns(width: u16) -> Vec<(StatColumn, u16)> {
        let is_roomy = width >= ROOMY;
        let is_shown = |column: &StatColumn| {
            is_roomy
                || !matches!(column, StatColumn::Ninety | StatColumn::Slowest | StatColumn::Rate)
        };
        let figures = StatColumn::ALL.iter().filter(|it| **it != StatColumn::Name && is_shown(it));
        let mut all: Vec<(StatColumn, u16)> = figures.map(|column| (*column, FIGURE)).collect();
        let bar = if is_roomy { BAR + 1 } else { 0 };
        let taken: u16 = all.iter().map(|(_, width)| *width).sum::<u16>() + bar;
        all.insert(0, (StatColumn::Name, width.saturating_sub(taken).max(8)));
        all
    }

    /// To rows of another kind.
    fn turn(&mut self, shared: &Shared, by: usize) {
        let at = KINDS.iter().position(|(kind, _)| *kind == self.kind).unwrap_or(0);
        if let Some((kind, _)) = KINDS.get((at + by) % KINDS.len()) {
            self.turn_to(shared, *kind);
        }
    }

    fn turn_to(&mut self, shared: &Shared, kind: StatKind) {
        self.kind = kind;
        // Seconds are read in their order.
        let by_name = self.kind == StatKind::Second;
        self.sorted_by = if by_name { StatColumn::Name } else { StatColumn::Records };
        self.is_rising = false;
        self.cursor = Cursor::default();
        self.rows.clear();
        self.make_rows(shared);
    }

    fn change_scope(&mut self, shared: &Shared) -> Outcome {
        if self.filter.1.is_everything() {
            return Outcome::say("no filter is in force; [open] on a row filters by it");
        }
        self.is_filtered = !self.is_filtered;
        self.cursor = Cursor::default();
        self.begin(shared);
        Intent::soon(Timer::Statistics).into()
    }

    /// Shows the records of the row in the traffic.
    fn filter_by_row(&self) -> Outcome {
        let Some(row) = self.rows.get(self.cursor.selected) else { return Outcome::yes() };
        let Some(test) = row.test() else {
            return Outcome::say("no filter asks for these rows alone");
        };
        let wanted = match self.is_filtered.then_some(&self.filter.0) {
            Some(filter) => Filter::narrowed(filter, &test),
            None => test,
        };
        vec![
            Intent::CloseOverlay,
            Intent::Focus(Pane::Traffic),
            Intent::Traffic(TrafficWish::UseFilter(wanted)),
        ]
        .into()
    }
}
