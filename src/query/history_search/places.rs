//! What can stand where a search of the history ends: read by its own reader, so what is offered is what is taken.

use super::reading::{SearchExpects, SearchReader};
use super::{AskersClock, HISTORY_FIELDS, HistoryAsks, HistoryField};
use crate::model::protocol::Protocol;
use crate::query::operators::{QueryOffer, begins, offer, operator_offers};

/// What can be put where a search ends.
#[derive(Debug, Clone, Copy)]
pub enum HistoryPlace<'a> {
    /// The name of a field, or a word; so much is begun.
    Test(&'a str),
    /// An operator of this field.
    Operator(&'static HistoryField, &'a str),
    /// A value of this field.
    Value(&'static HistoryField, &'a str),
}

impl<'a> HistoryPlace<'a> {
    /// Where a text ends; `None` = inside of something that nothing completes.
    #[must_use]
    pub fn at_end_of(text: &'a str, clock: AskersClock) -> Option<HistoryPlace<'a>> {
        let mut reader = SearchReader::new(text, clock);
        // Whether it is a search so far is not asked here.
        let _ = reader.read();
        let (column, expects) = reader.reach?;
        let at = text.char_indices().map(|(at, _)| at).nth(column - 1).unwrap_or(text.len());
        let begun = text.get(at..)?;
        Some(match expects {
            SearchExpects::Test => HistoryPlace::Test(begun),
            SearchExpects::Operator(field) => HistoryPlace::Operator(field, begun),
            SearchExpects::Value(field) => HistoryPlace::Value(field, begun),
        })
    }

    /// What is begun.
    #[must_use]
    pub fn begun(&self) -> &'a str {
        match self {
            HistoryPlace::Test(begun)
            | HistoryPlace::Operator(_, begun)
            | HistoryPlace::Value(_, begun) => begun,
        }
    }

    /// What the search itself offers there; values that were seen come from elsewhere.
    #[must_use]
    pub fn offers(&self) -> Vec<QueryOffer> {
        match self {
            HistoryPlace::Test(begun) => tests(begun),
            HistoryPlace::Operator(field, begun) => operator_offers(field.operators(), begun),
            HistoryPlace::Value(field, begun) => values(field, begun),
        }
    }
}

fn tests(begun: &str) -> Vec<QueryOffer> {
    if let Some(field) = HistoryField::named(begun) {
        // The name is there: what goes on from it.
        let go_on = operator_offers(field.operators(), "").into_iter();
        return go_on.map(|it| offer(format!("{} {}", field.name, it.text), it.help)).collect();
    }
    let told = |field: &HistoryField| format!("{}  {}", field.example, field.help);
    let named = HISTORY_FIELDS.iter().filter(|field| begins(field.name, begun));
    let mut all: Vec<QueryOffer> = named.map(|field| offer(field.name, told(field))).collect();
    if begun.len() > 1 {
        for field in HISTORY_FIELDS.iter().filter(|field| !begins(field.name, begun)) {
            if let Some(other) = field.elsewhere.iter().find(|other| begins(other, begun)) {
                let told = format!("{other} is called so here  {}", field.example);
                all.push(offer(field.name, told));
            }
        }
    }
    all
}

fn values(field: &HistoryField, begun: &str) -> Vec<QueryOffer> {
    let known: &[(&str, &str)] = match field.asks {
        HistoryAsks::Status => {
            &[("2xx", "200 to 299"), ("4xx", "400 to 499"), ("5xx", "500 to 599")]
        }
        HistoryAsks::Time => &[
            ("today", "since midnight"),
            ("yesterday", "the day before"),
            ("14:02", "a minute of today"),
            ("2026-11-29", "a day"),
            ("\"2026-11-29 14:02\"", "a minute of that day"),
        ],
        HistoryAsks::Age => &[("10m", "minutes"), ("2h", "hours"), ("3d", "days"), ("2w", "weeks")],
        HistoryAsks::Protocol => {
            let names = Protocol::ALL.iter().map(|it| <&str>::from(*it));
            return names.filter(|it| begins(it, begun)).map(|it| offer(it, "")).collect();
        }
        HistoryAsks::Method
        | HistoryAsks::Host
        | HistoryAsks::Url
        | HistoryAsks::Preset
        | HistoryAsks::Words(_)
        | HistoryAsks::Pinned => &[],
    };
    known.iter().filter(|(it, _)| begins(it, begun)).map(|(it, help)| offer(*it, *help)).collect()
}
