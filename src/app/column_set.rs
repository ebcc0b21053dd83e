//! The columns of Traffic as the user wants them: which, in which order, how wide, how times are written, and
//! where each stands in a pane. Kept with the drafts as pairs of texts, as the arrangement of the screen.

use strum::VariantArray;

use super::columns::{ColumnDefault, TrafficColumn};
use super::time_format::TimeFormat;

/// Least and greatest width of a column.
const LEAST_WIDTH: u16 = 3;
const MOST_WIDTH: u16 = 120;
/// Cells that stay for what crossed: the last columns give way to it.
const SUMMARY: u16 = 12;

const COLUMNS_KEPT: &str = "traffic-columns";
const TIMES_KEPT: &str = "traffic-times";
const STRIP_KEPT: &str = "traffic-strip";
const HIDDEN_STRIP: &str = "hidden";
/// Stands before one that is hidden, in what is kept.
const HIDDEN: char = '-';
/// Stands before one that is shown though it is not by itself.
const SHOWN: char = '+';

/// A column as the user wants it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChosenColumn {
    pub column: TrafficColumn,
    /// `None` = as it is by itself.
    is_shown: Option<bool>,
    /// Cells; 0 = as wide as it is by itself.
    width: u16,
}

/// Where a column stands in a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlacedColumn {
    pub column: TrafficColumn,
    /// Cells before it.
    pub x: u16,
    pub width: u16,
}

/// All columns in their order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnSet {
    pub all: Vec<ChosenColumn>,
    /// How times are written.
    pub times: TimeFormat,
    /// The strip of time below the rows is hidden.
    pub hides_strip: bool,
}

impl Default for ColumnSet {
    fn default() -> Self {
        let chosen = |column: &TrafficColumn| ChosenColumn::of(*column);
        let all = TrafficColumn::VARIANTS.iter().map(chosen).collect();
        ColumnSet { all, times: TimeFormat::default(), hides_strip: false }
    }
}

impl ChosenColumn {
    fn of(column: TrafficColumn) -> Self {
        ChosenColumn { column, is_shown: None, width: 0 }
    }

    /// Whether it is shown in a pane of so many cells.
    pub fn is_shown(self, room: u16) -> bool {
        self.is_shown.unwrap_or(match self.column.row().default {
            ColumnDefault::Shown => true,
            ColumnDefault::From(least) => room >= least,
            ColumnDefault::Hidden => false,
        })
    }

    /// Shows it, or hides it, in a pane of any width.
    pub(crate) fn show(&mut self, is_shown: bool) {
        let by_itself = match self.column.row().default {
            ColumnDefault::Shown => Some(true),
            ColumnDefault::From(_) => None,
            ColumnDefault::Hidden => Some(false),
        };
        self.is_shown = Some(is_shown).filter(|_| by_itself != Some(is_shown));
    }

    fn text(self) -> String {
        let sign = match self.is_shown {
            None => String::new(),
            Some(true) => SHOWN.to_string(),
            Some(false) => HIDDEN.to_string(),
        };
        let width = if self.width > 0 { format!("={}", self.width) } else { String::new() };
        format!("{sign}{}{width}", self.column.row().name)
    }

    fn read(text: &str) -> Option<Self> {
        let is_shown = match text.chars().next() {
            Some(HIDDEN) => Some(false),
            Some(SHOWN) => Some(true),
            _ => None,
        };
        let text = text.trim_start_matches([HIDDEN, SHOWN]);
        let (name, width) = text.split_once('=').unwrap_or((text, "0"));
        let width = width.parse().unwrap_or(0).min(MOST_WIDTH);
        Some(ChosenColumn { column: TrafficColumn::named(name)?, is_shown, width })
    }
}

impl ColumnSet {
    /// Cells a column takes.
    pub fn width(&self, chosen: ChosenColumn) -> u16 {
        match (chosen.width, chosen.column) {
            (0, TrafficColumn::Time) => self.times.width(),
            (0, column) => column.row().width,
            (width, _) => width,
        }
    }

    /// Makes a column so wide.
    pub(crate) fn resize(&mut self, column: TrafficColumn, width: u16) {
        let width = width.clamp(LEAST_WIDTH, MOST_WIDTH);
        if let Some(chosen) = self.all.iter_mut().find(|it| it.column == column) {
            chosen.width = if width == column.row().width { 0 } else { width };
        }
    }

    /// The columns of a row of so many cells; what is left behind them is for what crossed.
    pub fn placed(&self, room: u16) -> Vec<PlacedColumn> {
        let mut x = 0;
        let mut placed = Vec::new();
        for chosen in self.all.iter().filter(|it| it.is_shown(room)) {
            let width = self.width(*chosen);
            if x + width + SUMMARY > room && !placed.is_empty() {
                continue;
            }
            placed.push(PlacedColumn { column: chosen.column, x, width });
            x += width;
        }
        placed
    }

    /// Name and value of everything that is not as it is by itself.
    pub(crate) fn saved(&self) -> Vec<(String, String)> {
        let mut saved = Vec::new();
        if self.all != ColumnSet::default().all {
            let words: Vec<String> = self.all.iter().map(|chosen| chosen.text()).collect();
            saved.push((COLUMNS_KEPT.to_owned(), words.join(" ")));
        }
        if self.times != TimeFormat::default() {
            saved.push((TIMES_KEPT.to_owned(), self.times.word().to_owned()));
        }
        if self.hides_strip {
            saved.push((STRIP_KEPT.to_owned(), HIDDEN_STRIP.to_owned()));
        }
        saved
    }

    /// Takes one of the saved pairs. What is not known is left out; columns that are not named stand
    /// behind the one they are behind by themselves.
    pub(crate) fn restore(&mut self, name: &str, value: &str) {
        if name == TIMES_KEPT {
            self.times = TimeFormat::named(value).unwrap_or_default();
        }
        if name == STRIP_KEPT {
            self.hides_strip = value == HIDDEN_STRIP;
        }
        if name != COLUMNS_KEPT {
            return;
        }
        let mut all: Vec<ChosenColumn> = Vec::new();
        for chosen in value.split(' ').filter_map(ChosenColumn::read) {
            if all.iter().all(|known| known.column != chosen.column) {
                all.push(chosen);
            }
        }
        for (at, column) in TrafficColumn::VARIANTS.iter().enumerate() {
            if all.iter().any(|known| known.column == *column) {
                continue;
            }
            let before = at.checked_sub(1).and_then(|at| TrafficColumn::VARIANTS.get(at));
            let place = all.iter().position(|known| Some(&known.column) == before);
            all.insert(place.map_or(0, |place| place + 1), ChosenColumn::of(*column));
        }
        self.all = all;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn back(saved: &[(String, String)]) -> ColumnSet {
        let mut back = ColumnSet::default();
        for (name, value) in saved {
            back.restore(name, value);
        }
        back
    }

    #[test]
    fn what_was_chosen_comes_back() {
        let mut set = ColumnSet::default();
        assert_eq!(set.saved(), []);
        set.all.swap(0, 3);
        set.all[0].show(true);
        set.all[1].show(false);
        set.all[9].show(false);
        set.resize(TrafficColumn::Conn, 30);
        set.times = TimeFormat::Utc;
        set.hides_strip = true;
        assert_eq!(back(&set.saved()), set);
    }

    #[test]
    fn an_unknown_column_is_left_out_and_one_that_is_not_named_stands_in_its_place() {
        let set = back(&[(COLUMNS_KEPT.into(), "time -number colour=5 time conn=900".into())]);
        let names: Vec<&str> = set.all.iter().map(|it| it.column.row().name).collect();
        assert_eq!(names[..4], ["time", "number", "conn", "peer"]);
        assert_eq!(names.len(), TrafficColumn::VARIANTS.len());
        assert!(!set.all[1].is_shown(200) && set.all[2].width == MOST_WIDTH);
    }

    #[test]
    fn columns_give_way_to_what_crossed() {
        let mut set = ColumnSet::default();
        let names = |set: &ColumnSet, room| {
            let placed = set.placed(room);
            placed.iter().map(|it| it.column.row().name).collect::<Vec<_>>()
        };
        assert_eq!(names(&set, 80), ["number", "time", "conn", "direction", "length"]);
        assert!(names(&set, 120).contains(&"delta"));
        set.all.iter_mut().for_each(|it| it.show(true));
        let placed = set.placed(80);
        let last = placed.last().unwrap();
        assert!(last.x + last.width + SUMMARY <= 80);
        assert!(set.placed(5).len() == 1, "something is there");
    }
}
