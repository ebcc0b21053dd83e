//! What the window of environments lists: made when something changes, and not whenever it is drawn.
//!
//! It keeps names alone. Values are looked up where they lie, those of the rows in sight.

use std::collections::BTreeSet;

use unicode_width::UnicodeWidthStr;

use crate::app::shared::Shared;
use crate::app::variable_rows::{
    DifferenceRow, KeptDifference, KeptVariable, VariableRow, VariableTie, differences, rows,
};
use crate::model::preset::Environment;
use crate::store::job::VariableKind;

/// See the module.
#[derive(Debug, Default)]
pub struct ListedVariables {
    rows: ListedRows,
    /// Rows there are without the search.
    pub total: usize,
    /// Names that are not the same in the two that are compared.
    pub different: usize,
    /// Columns of the longest name and of the longest source.
    pub name_width: u16,
    pub source_width: u16,
    /// What is wrong with the files of the one that is looked at; of two nothing stands here.
    pub trouble: String,
}

#[derive(Debug)]
enum ListedRows {
    Variables(Vec<KeptVariable>),
    Differences(Vec<KeptDifference>),
}

impl Default for ListedRows {
    fn default() -> Self {
        ListedRows::Variables(Vec::new())
    }
}

/// What is listed, and how.
#[derive(Debug, Clone, Copy)]
pub(super) struct ListedWish<'a> {
    pub(super) selected: Option<&'a str>,
    pub(super) against: Option<&'a str>,
    /// What rows are to hold.
    pub(super) search: &'a str,
    /// Names the preset on screen uses.
    pub(super) used: &'a BTreeSet<String>,
}

/// The two that are compared; `None` = none are, or one is gone of which nothing can be said.
fn two<'a>(
    shared: &'a Shared,
    selected: Option<&str>,
    against: Option<&str>,
) -> Option<[Vec<&'a Environment>; 2]> {
    let found = |name: Option<&str>| match name {
        None => Some(Vec::new()),
        Some(name) => Some(shared.workspace.layers(name)).filter(|layers| !layers.is_empty()),
    };
    let against = found(Some(against?))?;
    Some([found(selected)?, against])
}

/// What is wrong with the files of an environment, one behind the other.
pub fn trouble(shared: &Shared, name: &str) -> Option<String> {
    let files = [VariableKind::Plain, VariableKind::Secret].map(|kind| kind.file(name));
    let is_of = |target: &str| {
        files.iter().any(|file| target == file || target.starts_with(&format!("{file}:")))
    };
    let problems = shared.workspace.problems.iter().filter(|problem| is_of(&problem.target));
    let told: Vec<String> = problems.map(ToString::to_string).collect();
    (!told.is_empty()).then(|| told.join("; "))
}

fn width(text: &str) -> u16 {
    u16::try_from(text.width()).unwrap_or(u16::MAX)
}

impl ListedVariables {
    /// All that is wished for as it is now.
    pub(super) fn of(shared: &Shared, wish: ListedWish<'_>) -> Self {
        let words = wish.search.to_lowercase();
        let has = |text: &str| text.to_lowercase().contains(&words);
        let environment = wish.selected.unwrap_or_default();
        if let Some([left, right]) = two(shared, wish.selected, wish.against) {
            let all = differences(&left, &right);
            let is_meant = |row: &&DifferenceRow<'_>| {
                let shown = |side| row.shown(side, false).is_some_and(|value| has(&value));
                has(&row.reference()) || shown(0) || shown(1)
            };
            let found: Vec<_> = all.iter().filter(is_meant).collect();
            let names = found.iter().map(|row| width(&row.reference()));
            return ListedVariables {
                total: all.len(),
                different: all.iter().filter(|row| row.tie() != VariableTie::Equal).count(),
                name_width: names.max().unwrap_or(0),
                source_width: 0,
                trouble: String::new(),
                rows: ListedRows::Differences(found.into_iter().map(KeptDifference::of).collect()),
            };
        }
        let all = rows(shared, wish.selected, wish.used);
        let is_meant = |row: &&VariableRow<'_>| {
            has(&row.reference()) || has(&row.shown(false)) || has(&row.source(environment))
        };
        let found: Vec<_> = all.iter().filter(is_meant).collect();
        let names = found.iter().map(|row| width(&row.reference()));
        // Rows of one file stand together.
        let files = found.chunk_by(|one, next| one.origin == next.origin);
        let sources = files.filter_map(|rows| Some(width(&rows.first()?.source(environment))));
        ListedVariables {
            total: all.len(),
            different: 0,
            name_width: names.max().unwrap_or(0),
            source_width: sources.max().unwrap_or(0),
            trouble: wish.selected.and_then(|it| trouble(shared, it)).unwrap_or_default(),
            rows: ListedRows::Variables(found.into_iter().map(KeptVariable::of).collect()),
        }
    }

    /// Rows there are.
    pub fn len(&self) -> usize {
        match &self.rows {
            ListedRows::Variables(rows) => rows.len(),
            ListedRows::Differences(rows) => rows.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether two environments are compared.
    pub fn is_comparison(&self) -> bool {
        matches!(self.rows, ListedRows::Differences(_))
    }
}

impl super::Environments {
    /// A variable of what is looked at; `None` = none stands there.
    pub fn row<'a>(&'a self, shared: &'a Shared, at: usize) -> Option<VariableRow<'a>> {
        match &self.listed.rows {
            ListedRows::Variables(rows) => rows.get(at)?.row(shared, self.selected.as_deref()),
            ListedRows::Differences(_) => None,
        }
    }

    /// The same of what differs between the two that are compared.
    pub fn difference<'a>(&'a self, shared: &'a Shared, at: usize) -> Option<DifferenceRow<'a>> {
        let ListedRows::Differences(rows) = &self.listed.rows else { return None };
        let two = two(shared, self.selected.as_deref(), self.against.as_deref())?;
        let [left, right] = &two;
        Some(rows.get(at)?.row([left, right]))
    }
}
