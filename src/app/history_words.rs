//! What can stand in a search of the history: fields with examples, operators, and values that entries have, those
//! that most have first. A leaf of the application.

use std::collections::HashSet;

use crate::app::completion::{Completion, Offer};
use crate::app::filter_words::{counted, offered, quoted};
use crate::app::shared::Shared;
use crate::query::{HistoryField, HistoryPlace};
use crate::store::job::HistoryRow;

/// Presets without an entry that are offered.
const PRESETS: usize = 500;

/// What can stand behind the text before the cursor; values are those of these entries.
pub(crate) fn offer(
    shared: &Shared,
    entries: &[HistoryRow],
    before: &str,
    behind: &str,
) -> Option<Offer> {
    let place = HistoryPlace::at_end_of(before, shared.askers_clock())?;
    // In the middle of a word nothing is offered that would be put before its rest.
    if behind.starts_with(|c: char| c.is_alphanumeric()) {
        return None;
    }
    let seen = match place {
        HistoryPlace::Value(field, begun) => {
            let begun = begun.trim_start_matches(['"', '\'']).to_lowercase();
            let fits = |it: &str| it.to_lowercase().starts_with(&begun);
            let values = values(shared, entries, field).into_iter();
            let mut seen = counted(values.filter(|it| fits(it)), "entry", quoted);
            if field.name == "preset" {
                let others = without_entry(shared, &seen).filter(|it| fits(&it.text));
                let others: Vec<Completion> = others.take(PRESETS).collect();
                seen.extend(others);
            }
            seen
        }
        HistoryPlace::Test(_) | HistoryPlace::Operator(..) => Vec::new(),
    };
    let is_value = matches!(place, HistoryPlace::Value(..));
    offered(place.begun(), is_value, seen, place.offers())
}

/// Values of a field, one for each entry that has one; none with a secret in it.
fn values(shared: &Shared, entries: &[HistoryRow], field: &HistoryField) -> Vec<String> {
    let told = shared.disclosure();
    let of_entries = entries.iter().filter_map(|entry| field.told_of(entry.subject()));
    let mut values: Vec<String> = of_entries.filter(|value| !value.is_empty()).collect();
    if field.name == "preset" {
        // A folder stands for all below it.
        let folders = values.iter().flat_map(|path| {
            path.match_indices('/').filter_map(|(at, _)| Some(path.get(..at)?.to_owned()))
        });
        let folders: Vec<String> = folders.collect();
        values.extend(folders);
    }
    values.retain(|value| told.words(value) == **value);
    values
}

/// Presets of the workspace that are not among these.
fn without_entry<'a>(
    shared: &'a Shared,
    seen: &[Completion],
) -> impl Iterator<Item = Completion> + use<'a> {
    let known: HashSet<String> = seen.iter().map(|it| it.text.clone()).collect();
    let presets = shared.workspace.presets.iter().map(|stored| stored.path.as_str());
    let others =
        presets.map(|path| (quoted(path), path)).filter(move |(text, _)| !known.contains(text));
    others.map(|(text, path)| Completion { text, shown: path.to_owned(), detail: String::new() })
}
