//! What a run to several places answered there: the rows of a preset beside each other, and what of each differs from
//! the first place.
//!
//! ```text
//! RunNews ─► began, over ─► rows aligned by preset and round ─► compare_runs of each with the first ─► lines
//! ```
//! Owned by the run on the screen (`preset_runs.rs`), told of each row by it.

use std::collections::HashMap;

use crate::interop::run_compared::{ComparedRow, RunCompared};
use crate::interop::run_report::took;
use crate::runner::{RunRow, RunVerdict};

/// A place, and the environment in force there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownPlace {
    pub name: String,
    pub(crate) environment: Option<String>,
}

/// The places of a run, and what they answered so far.
#[derive(Debug, Default)]
pub struct PlacesCompared {
    pub places: Vec<ShownPlace>,
    aligned: Vec<AlignedRows>,
    /// Where rows are aligned, by preset, round, and how often that came before.
    known: HashMap<(String, String, usize), usize>,
    /// How often a preset of a round came at each place.
    counts: HashMap<(String, String), Vec<usize>>,
    /// Where the rows of the run are among them.
    of_rows: HashMap<usize, usize>,
}

/// Rows of one preset and round, one for each place that has it.
#[derive(Debug)]
struct AlignedRows {
    name: String,
    rows: Vec<Option<usize>>,
    /// What each place answered that the first did not; `None` = nothing, or it is not known yet.
    differences: Vec<Option<ComparedRow>>,
    /// Which were compared.
    are_compared: Vec<bool>,
}

/// A line of the table of differences.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ComparedLine {
    /// Which rows it belongs to.
    pub of: usize,
    /// The preset, with its round.
    pub name: String,
    /// What differs; empty in the line that tells what became of them.
    pub what: String,
    /// One for each place.
    pub cells: Vec<ComparedCell>,
    /// The rows of the run.
    pub rows: Vec<Option<usize>>,
}

/// What a place says there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ComparedCell {
    pub text: String,
    pub state: CellState,
}

/// How a cell stands to the first place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CellState {
    Same,
    Differs,
    /// It is not there, or not known yet.
    Missing,
}

impl PlacesCompared {
    /// Nothing ran there yet.
    pub(crate) fn new(places: Vec<ShownPlace>) -> Self {
        PlacesCompared { places, ..PlacesCompared::default() }
    }

    /// Whether the run goes to several.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// The environment in force where a row ran.
    pub(crate) fn environment_of(&self, row: &RunRow) -> Option<&ShownPlace> {
        self.places.iter().find(|place| place.name == row.place)
    }

    /// A row of the run is there.
    pub(super) fn take(&mut self, at: usize, row: &RunRow) {
        let Some(place) = self.places.iter().position(|it| it.name == row.place) else { return };
        if self.of_rows.contains_key(&at) {
            return;
        }
        let (preset, round) = (row.path.to_string(), row.round.clone());
        let places = self.places.len();
        let counts = self.counts.entry((preset.clone(), round.clone()));
        let counts = counts.or_insert_with(|| vec![0; places]);
        let Some(count) = counts.get_mut(place) else { return };
        let nth = std::mem::replace(count, *count + 1);
        let new = self.aligned.len();
        let aligned = *self.known.entry((preset.clone(), round.clone(), nth)).or_insert(new);
        if aligned == new {
            let name =
                if round.is_empty() { preset.clone() } else { format!("{preset} ({round})") };
            let (rows, differences) = (vec![None; places], vec![None; places]);
            let are_compared = vec![false; places];
            let fresh = AlignedRows { name, rows, differences, are_compared };
            self.aligned.push(fresh);
        }
        self.of_rows.insert(at, aligned);
        if let Some(slot) = self.aligned.get_mut(aligned).and_then(|it| it.rows.get_mut(place)) {
            *slot = Some(at);
        }
    }

    /// The rows that can be compared now that a row is over: that of the first place with each of these. `is_over` says
    /// which are.
    pub(super) fn due(&self, at: usize, is_over: impl Fn(usize) -> bool) -> Vec<(usize, usize)> {
        let Some(aligned) = self.of_rows.get(&at).and_then(|it| self.aligned.get(*it)) else {
            return Vec::new();
        };
        let [Some(first), others @ ..] = aligned.rows.as_slice() else { return Vec::new() };
        let others = others.iter().flatten();
        let pairs = others.map(|other| (*first, *other));
        pairs
            .filter(|(one, two)| [*one, *two].contains(&at) && is_over(*one) && is_over(*two))
            .collect()
    }

    /// What a row has that the one of the first place has not.
    pub(super) fn found(&mut self, other: usize, difference: Option<ComparedRow>) {
        let aligned = self.of_rows.get(&other).and_then(|it| self.aligned.get_mut(*it));
        let Some(aligned) = aligned else { return };
        let Some(place) = aligned.rows.iter().position(|row| *row == Some(other)) else { return };
        if let Some(slot) = aligned.differences.get_mut(place) {
            *slot = difference;
        }
        if let Some(is_compared) = aligned.are_compared.get_mut(place) {
            *is_compared = true;
        }
    }

    /// Of how many presets something differs.
    #[must_use]
    pub fn differing(&self) -> usize {
        self.aligned.iter().filter(|it| it.differs()).count()
    }

    /// It as reports have it: each place with the first.
    pub(super) fn compared(&self) -> Vec<RunCompared> {
        let Some((base, others)) = self.places.split_first() else { return Vec::new() };
        let of = |(at, other): (usize, &ShownPlace)| {
            let both = |it: &&AlignedRows| it.are_compared.get(at) == Some(&true);
            let rows = self.aligned.iter().filter_map(|it| it.differences.get(at)?.clone());
            RunCompared {
                base: base.name.clone(),
                other: other.name.clone(),
                both: self.aligned.iter().filter(both).count(),
                rows: rows.collect(),
            }
        };
        (1..).zip(others).map(of).collect()
    }

    /// The table, what differs first or all in order; only what has these words.
    pub(super) fn lines(
        &self,
        rows: &[RunRow],
        differing_first: bool,
        words: &str,
    ) -> Vec<ComparedLine> {
        let mut order: Vec<usize> = (0..self.aligned.len()).collect();
        if differing_first {
            let rank = |at: &usize| self.aligned.get(*at).map_or(2, |it| it.rank(rows));
            order.sort_by_key(rank);
        }
        let words: Vec<String> = words.split_whitespace().map(str::to_lowercase).collect();
        let mut lines = Vec::new();
        for (of, aligned) in order.into_iter().filter_map(|at| Some((at, self.aligned.get(at)?))) {
            let of_preset = aligned.lines(of, rows);
            let text = || {
                let texts = of_preset.iter().map(ComparedLine::text);
                format!("{} {}", aligned.name, texts.collect::<Vec<_>>().join(" ")).to_lowercase()
            };
            if words.is_empty() || {
                let text = text();
                words.iter().all(|word| text.contains(word))
            } {
                lines.extend(of_preset);
            }
        }
        lines
    }
}

impl AlignedRows {
    fn differs(&self) -> bool {
        self.differences.iter().any(Option::is_some)
    }

    fn rank(&self, rows: &[RunRow]) -> u8 {
        let is_bad =
            |row: &RunRow| matches!(row.verdict, RunVerdict::NotMet(_) | RunVerdict::Failed(_));
        let mut own = self.rows.iter().flatten().filter_map(|at| rows.get(*at));
        if self.differs() { 0 } else { u8::from(!own.any(is_bad)) + 1 }
    }

    /// What became of it at each place, and below that what differs.
    fn lines(&self, of: usize, rows: &[RunRow]) -> Vec<ComparedLine> {
        let line = |what: &str, cells| ComparedLine {
            of,
            name: self.name.clone(),
            what: what.to_owned(),
            cells,
            rows: self.rows.clone(),
        };
        let head = self.rows.iter().zip(&self.differences).map(|(at, difference)| {
            let row = at.and_then(|at| rows.get(at));
            let text = row.map_or_else(|| "-".to_owned(), became);
            let state = match (row, difference) {
                (None, _) => CellState::Missing,
                (Some(_), Some(_)) => CellState::Differs,
                (Some(_), None) => CellState::Same,
            };
            ComparedCell { text, state }
        });
        let mut lines = vec![line("", head.collect())];
        let mut whats: Vec<&str> = Vec::new();
        let found = || self.differences.iter().flatten().flat_map(|it| &it.differences);
        for it in found() {
            if !whats.contains(&it.what.as_str()) {
                whats.push(&it.what);
            }
        }
        for what in whats {
            let base = found().find(|it| it.what == what).and_then(|it| it.old.clone());
            let cell = |(place, difference): (usize, &Option<ComparedRow>)| {
                let own =
                    difference.iter().flat_map(|it| &it.differences).find(|it| it.what == what);
                let is_known = place == 0 || self.are_compared.get(place) == Some(&true);
                let text = own.map_or_else(|| base.clone(), |own| own.new.clone());
                let state = match (&text, own) {
                    (_, Some(_)) => CellState::Differs,
                    _ if !is_known => CellState::Missing,
                    _ => CellState::Same,
                };
                let text = text.filter(|_| is_known).unwrap_or_else(|| "-".to_owned());
                ComparedCell { text, state }
            };
            lines.push(line(what, self.differences.iter().enumerate().map(cell).collect()));
        }
        let more: u64 = self.differences.iter().flatten().map(|it| it.left_out).sum();
        if more > 0 {
            let empty = ComparedCell { text: String::new(), state: CellState::Same };
            let cells = vec![empty; self.rows.len()];
            lines.push(line(&format!("and {more} more"), cells));
        }
        lines
    }
}

impl ComparedLine {
    /// What it says, in one line.
    #[must_use]
    pub fn text(&self) -> String {
        let cells: Vec<&str> = self.cells.iter().map(|cell| cell.text.as_str()).collect();
        let what = if self.what.is_empty() { String::new() } else { format!(" {}", self.what) };
        format!("{}{what}: {}", self.name, cells.join(" | "))
    }
}

/// What became of a row, in few words.
fn became(row: &RunRow) -> String {
    if matches!(row.verdict, RunVerdict::Running | RunVerdict::Skipped(_)) {
        return row.verdict.word().to_owned();
    }
    let status = row.status.map(|status| format!(" {status}")).unwrap_or_default();
    format!("{}{status} {}", row.verdict.word(), took(row.took))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::check::CheckReport;
    use crate::interop::run_compared::RunDifference;
    use crate::model::preset::PresetPath;
    use crate::model::timing::Stamp;

    fn row(path: &str, place: &str) -> RunRow {
        RunRow {
            path: PresetPath::parse(path).unwrap(),
            about: String::new(),
            place: place.to_owned(),
            round: String::new(),
            why: String::new(),
            target: String::new(),
            tries: 1,
            began: Stamp(0),
            took: Duration::from_millis(12),
            verdict: RunVerdict::Passed,
            status: Some(200),
            report: CheckReport::default(),
            wire: None,
            steps: Vec::new(),
            session: None,
        }
    }

    #[test]
    fn rows_of_a_preset_stand_beside_each_other_and_what_differs_is_marked() {
        let place = |name: &str| ShownPlace { name: name.to_owned(), environment: None };
        let mut it = PlacesCompared::new(["dev", "prod", "old"].map(place).into());
        let rows =
            [row("a", "dev"), row("b", "dev"), row("b", "prod"), row("a", "prod"), row("b", "old")];
        for (at, row) in rows.iter().enumerate() {
            it.take(at, row);
            it.take(at, row);
        }
        assert_eq!(it.due(1, |_| true), [(1, 2), (1, 4)]);
        assert_eq!(it.due(2, |at| at != 1), [], "the first one runs still");
        let difference = RunDifference {
            what: "json .n".to_owned(),
            old: Some("1".to_owned()),
            new: Some("2".to_owned()),
        };
        let differs = |preset: &str| ComparedRow {
            preset: preset.to_owned(),
            round: String::new(),
            differences: vec![difference.clone()],
            left_out: 0,
        };
        it.found(2, Some(differs("b")));
        it.found(4, None);
        it.found(3, None);
        let lines = it.lines(&rows, true, "");
        let texts: Vec<String> = lines.iter().map(ComparedLine::text).collect();
        let passed = "passed 200 12 ms";
        assert_eq!(
            texts,
            [
                format!("b: {passed} | {passed} | {passed}"),
                "b json .n: 1 | 2 | 1".to_owned(),
                format!("a: {passed} | {passed} | -"),
            ]
        );
        let states: Vec<CellState> = lines[1].cells.iter().map(|cell| cell.state).collect();
        assert_eq!(states, [CellState::Same, CellState::Differs, CellState::Same]);
        assert_eq!(lines[0].rows, [Some(1), Some(2), Some(4)]);
        assert_eq!(it.lines(&rows, false, "json").len(), 2);
        assert_eq!(it.differing(), 1);
        let compared = it.compared();
        assert_eq!((compared[0].both, compared[0].rows.len(), compared[1].both), (2, 1, 1));
    }
}
