//! What can stand in the filter: fields with examples, operators, and values that were seen in the
//! timeline, those seen most often first.
//!
//! A leaf of the application: every prompt that takes the language of the filter offers this.

use std::collections::HashMap;

use crate::app::completion::{Completion, Offer};
use crate::app::shared::Shared;
use crate::codec::printable::printable;
use crate::model::counts;
use crate::model::end_address::EndAddress;
use crate::model::exchange_facts::ExchangeFacts;
use crate::model::peer_owner::PeerOwner;
use crate::query::{QueryField, QueryOffer, QueryPlace};
use crate::timeline::Timeline;

/// Connections and exchanges that are looked at for values, the newest.
const LOOKED_AT: usize = 2_000;
/// Values offered.
const MOST: usize = 40;

/// What can stand behind the text before the cursor.
pub(crate) fn offer(shared: &Shared, before: &str, behind: &str) -> Option<Offer> {
    let place = QueryPlace::at_end_of(before)?;
    let begun = place.begun();
    // In the middle of a word nothing is offered that would be put before its rest.
    if behind.starts_with(|c: char| c.is_alphanumeric()) {
        return None;
    }
    let is_value = matches!(place, QueryPlace::Value(..));
    let items = match place {
        QueryPlace::Value(field, begun) => seen(shared, field, begun),
        QueryPlace::Test(begun) => header_names(&shared.timeline, begun),
        QueryPlace::Operator(..) => Vec::new(),
    };
    offered(begun, is_value, items, place.offers())
}

/// What was seen, and then what the language itself has, in the place of what is begun.
pub(crate) fn offered(
    begun: &str,
    is_value: bool,
    seen: Vec<Completion>,
    known: Vec<QueryOffer>,
) -> Option<Offer> {
    let mut items = seen;
    let known = known.into_iter().map(|QueryOffer { text, help }| Completion {
        shown: text.trim_end().to_owned(),
        text,
        detail: help,
    });
    let known: Vec<Completion> =
        known.filter(|it| items.iter().all(|item| item.text != it.text)).collect();
    items.extend(known);
    items.retain(|item| item.text != begun);
    (!items.is_empty()).then_some(Offer {
        items,
        typed: begun.len(),
        behind: 0,
        is_marked: !begun.is_empty() && !is_value,
        is_half: false,
    })
}

/// Names of headers that were seen, once `header.` is written.
fn header_names(timeline: &Timeline, begun: &str) -> Vec<Completion> {
    let Some(begun) = begun.strip_prefix("header.") else { return Vec::new() };
    let names = timeline.exchanges_seen().take(LOOKED_AT).flat_map(ExchangeFacts::header_names);
    let lower = names.map(|name| String::from_utf8_lossy(name).to_ascii_lowercase());
    let fitting = lower.filter(|name| name.starts_with(&begun.to_ascii_lowercase()));
    counted(fitting.map(|name| format!("header.{name}")), "value", str::to_owned)
}

/// Values of a field that were seen and begin like this.
fn seen(shared: &Shared, field: &QueryField, begun: &str) -> Vec<Completion> {
    let begun = begun.trim_start_matches(['"', '\'']).to_lowercase();
    let values = values(shared, field.name);
    let fitting = values.into_iter().filter(|value| value.to_lowercase().starts_with(&begun));
    counted(fitting, counted_by(field.name), quoted)
}

/// Values of a field in the timeline, one for each connection or exchange that has it; none with a
/// secret in it.
pub(crate) fn values(shared: &Shared, field: &str) -> Vec<String> {
    let (mut values, told) = (all_values(&shared.timeline, field), shared.disclosure());
    values.retain(|value| told.words(value) == **value);
    values
}

/// What is counted of the values of a field: each connection, exchange or end once, whatever number of
/// records it has.
fn counted_by(field: &str) -> &'static str {
    match field {
        "status" | "method" | "path" | "host" => "exchange",
        _ if field.starts_with("header.") => "exchange",
        // Both ends of a connection have one.
        "port" | "addr" => "end",
        _ => "connection",
    }
}

fn all_values(timeline: &Timeline, field: &str) -> Vec<String> {
    let conns = || timeline.conns_seen().take(LOOKED_AT);
    let exchanges = || timeline.exchanges_seen().take(LOOKED_AT);
    let processes = || timeline.owners_seen().take(LOOKED_AT).filter_map(PeerOwner::process);
    let texts = |text: fn(&ExchangeFacts) -> &str| {
        let texts = exchanges().map(|it| text(it).to_owned());
        texts.filter(|text| !text.is_empty()).collect::<Vec<_>>()
    };
    let end = |end: &Option<EndAddress>| Some(end.as_ref()?.ip()?.to_string());
    match field {
        "port" => {
            let ends = conns().flat_map(|it| [&it.local, &it.peer]).flatten();
            let ends = ends.filter_map(EndAddress::port);
            let asked = conns().filter_map(|it| it.asked.as_ref()?.port());
            ends.chain(asked).map(|port| port.to_string()).collect()
        }
        "addr" => conns().flat_map(|it| [end(&it.local), end(&it.peer)]).flatten().collect(),
        "peer" => conns().filter_map(|it| it.peer.as_ref().map(EndAddress::to_string)).collect(),
        "local" => conns().filter_map(|it| it.local.as_ref().map(EndAddress::to_string)).collect(),
        "conn" => conns().filter(|it| it.id.index > 0).map(|it| it.id.to_string()).collect(),
        "session" => conns().map(|it| it.id.session.to_string()).collect(),
        "status" => exchanges().filter_map(|it| Some(it.status?.to_string())).collect(),
        "process" => processes().map(|it| it.program.clone()).collect(),
        "pid" => processes().map(|it| it.pid.to_string()).collect(),
        "user" => {
            let users = timeline.owners_seen().take(LOOKED_AT).filter_map(PeerOwner::user);
            users.map(|user| user.told().into_owned()).collect()
        }
        "method" => texts(|it| it.method()),
        "path" => texts(|it| it.path()),
        "host" => {
            let asked = conns().filter(|it| !it.is_onward());
            let asked = asked.filter_map(|it| it.asked.as_ref().map(|asked| asked.host()));
            texts(|it| it.host()).into_iter().chain(asked).collect()
        }
        _ => Vec::new(),
    }
}

/// Each once with how often it was there, the most frequent first.
pub(crate) fn counted(
    values: impl Iterator<Item = String>,
    what: &str,
    written: impl Fn(&str) -> String,
) -> Vec<Completion> {
    let mut counts: HashMap<String, usize> = HashMap::new();
    for value in values {
        *counts.entry(value).or_default() += 1;
    }
    let mut all: Vec<(String, usize)> = counts.into_iter().collect();
    all.sort_by(|(a, n), (b, m)| m.cmp(n).then(a.cmp(b)));
    all.truncate(MOST);
    let item = |(value, count): (String, usize)| Completion {
        text: written(&value),
        shown: printable(value.as_bytes()),
        detail: format!("of {}", counts::counted(count as u64, what)),
    };
    all.into_iter().map(item).collect()
}

/// A value as it is written: in quotes where it would end before its end.
pub(crate) fn quoted(value: &str) -> String {
    let is_plain = !value.is_empty()
        && value.chars().all(|c| {
            !c.is_whitespace() && !matches!(c, '(' | ')' | '"' | '\'' | '\\' | '{' | '}' | ',')
        })
        && !value.contains("..");
    if is_plain { value.to_owned() } else { format!("{value:?}") }
}
