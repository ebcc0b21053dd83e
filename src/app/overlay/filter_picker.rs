//! The list of filters to choose from: those that a row suggests, those with names, those used
//! before.

use strum::VariantArray;

use crate::app::action::Action;
use crate::app::choices::{Choice, Choices};
use crate::app::columns::{CellFacts, TrafficColumn};
use crate::app::intent::{Intent, TrafficWish};
use crate::app::shared::Shared;
use crate::model::end_address::EndAddress;
use crate::model::id::RecordId;
use crate::model::peer_owner::PeerOwner;
use crate::query::Filter;

/// Filters for the row under the cursor of Traffic while `current` is in force.
pub(crate) fn filters(shared: &Shared, row: Option<RecordId>, current: &str) -> Choices {
    let mut all = Vec::new();
    for (cell, test) in row.map(|row| cells(shared, row)).unwrap_or_default() {
        let not = format!("not {test}");
        for test in [test, not] {
            all.push(choice(&test, cell, "this row", Filter::narrowed(current, &test)));
        }
    }
    for (name, text) in shared.filters.named() {
        all.push(Choice { is_named: true, ..choice(name, text, "saved", text.clone()) });
    }
    if !current.is_empty() {
        all.push(choice("no filter", "every record is shown", "", String::new()));
    }
    let used = shared.filters.used().filter(|used| *used != current);
    all.extend(used.map(|text| choice(text, "", "used before", text.to_owned())));
    all.extend(shared.filters.named().iter().map(|(name, text)| Choice {
        intents: vec![Intent::Traffic(TrafficWish::ForgetFilter(name.clone()))],
        is_named: true,
        ..choice(&format!("forget {name}"), text, "saved", String::new())
    }));
    Choices {
        title: " Filter by ",
        hint: if current.is_empty() {
            "[choose] take · [back] close"
        } else {
            "[choose] take, those of the row beside the filter in force · [back] close"
        },
        opened_by: Some(Action::FilterBy),
        parser: Some(typed),
        size: (100, 24),
        ..Choices::new(all, 0)
    }
}

/// What is typed, if it is a filter. What is wrong with it is said where nothing of the list fits.
fn typed(text: &str) -> Result<Option<Choice>, String> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    Filter::parse(text).map_err(|wrong| {
        format!("as a filter it is not clear: column {}: {}", wrong.column, wrong.message)
    })?;
    // One word that nobody defines is searched for as a text; it more likely begins the name of a choice.
    let is_test = text.contains(|c: char| !c.is_alphanumeric() && c != '-' && c != '_');
    Ok(is_test.then(|| choice(text, "as it is typed", "filter", text.to_owned())))
}

fn choice(title: &str, detail: &str, note: &str, text: String) -> Choice {
    Choice {
        title: title.to_owned(),
        detail: detail.to_owned(),
        note: note.to_owned(),
        intents: vec![Intent::Traffic(TrafficWish::UseFilter(text))],
        ..Choice::default()
    }
}

/// What a row has in its cells, each as a test: those of all columns, and what none has.
fn cells(shared: &Shared, id: RecordId) -> Vec<(&'static str, String)> {
    let Some(record) = shared.timeline.head(id) else { return Vec::new() };
    let facts = CellFacts { shared, id, record: &record };
    let mut cells: Vec<(&str, String)> = TrafficColumn::VARIANTS
        .iter()
        .filter_map(|column| Some((column.row().name, facts.test(*column)?)))
        .collect();
    let owner = shared.timeline.owner(record.conn).map(AsRef::as_ref);
    if let Some(process) = owner.and_then(PeerOwner::process) {
        cells.push(("process", format!("process == {:?}", process.program)));
    }
    if let Some(info) = shared.timeline.conn(record.conn) {
        let peer = info.peer.as_ref().and_then(EndAddress::ip);
        cells.extend(peer.map(|ip| ("host of the peer", format!("peer == {ip}"))));
        let port = info.listening_end().and_then(EndAddress::port);
        cells.extend(port.map(|port| ("port", format!("port == {port}"))));
    }
    // What hardly another row has comes last.
    let is_own = |name: &str| ["time", "length", "delta", "latency"].contains(&name);
    cells.sort_by_key(|(name, _)| is_own(name));
    cells
}
