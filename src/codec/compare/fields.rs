//! Header fields as sets: names without case, the values of a name as a bag.

use std::collections::BTreeMap;

use super::change::{Change, ChangeKind, ComparedAs, Comparison, Excerpt};
use crate::model::exchange::FieldLine;
use crate::model::name_order::in_order;

/// What differs between two lists of fields. Another order, and names in other letters, are quiet.
#[must_use]
pub fn fields(old: &[FieldLine], new: &[FieldLine]) -> Comparison {
    let mut found = Comparison::new(ComparedAs::Fields);
    let (before, now) = (by_name(old), by_name(new));
    let mut names: Vec<&Vec<u8>> = before.keys().chain(now.keys()).collect();
    names.sort_unstable();
    names.dedup();
    for (_, name) in in_order(names.into_iter().map(|it| (String::from_utf8_lossy(it), it))) {
        let of =
            |map: &BTreeMap<Vec<u8>, Vec<FieldLine>>| map.get(name).cloned().unwrap_or_default();
        of_name(of(&before), of(&now), &mut found);
    }
    if found.count() == 0 && sequence(old) != sequence(new) {
        found.push(quiet("the same in another order", None));
    } else if common_order(old, &now) != common_order(new, &before) {
        found.push(quiet("others in another order", None));
    }
    found
}

fn by_name(fields: &[FieldLine]) -> BTreeMap<Vec<u8>, Vec<FieldLine>> {
    let mut map: BTreeMap<Vec<u8>, Vec<FieldLine>> = BTreeMap::new();
    for field in fields {
        map.entry(field.name.to_ascii_lowercase()).or_default().push(field.clone());
    }
    map
}

fn sequence(fields: &[FieldLine]) -> Vec<Vec<u8>> {
    fields.iter().map(|field| field.name.to_ascii_lowercase()).collect()
}

/// The names that both have, in the order of this side.
fn common_order(fields: &[FieldLine], other: &BTreeMap<Vec<u8>, Vec<FieldLine>>) -> Vec<Vec<u8>> {
    let mut seen = Vec::new();
    for name in sequence(fields) {
        if other.contains_key(&name) && !seen.contains(&name) {
            seen.push(name);
        }
    }
    seen
}

/// The values of one name: what both have is the same, the rest changed in order.
fn of_name(mut old: Vec<FieldLine>, mut new: Vec<FieldLine>, found: &mut Comparison) {
    let mut respelled = None;
    old.retain(|before| {
        let at = new.iter().position(|now| now.value == before.value);
        let Some(now) = at.map(|at| new.remove(at)) else { return true };
        if now.name != before.name {
            respelled = Some((before.name.clone(), now.name));
        }
        false
    });
    if let Some((before, now)) = respelled {
        let [before, now] = [&before, &now].map(|name| Some(Excerpt::of(name)));
        found.push(Change { old: before, new: now, ..quiet("name", Some(ChangeKind::Respelled)) });
    }
    let mut now = new.into_iter();
    for before in old {
        match now.next() {
            Some(now) => {
                let [old, new] = Excerpt::pair(&before.value, &now.value);
                push(found, ChangeKind::Changed, &now, old, new);
            }
            None => {
                push(found, ChangeKind::Removed, &before, Some(Excerpt::of(&before.value)), None);
            }
        }
    }
    for now in now {
        push(found, ChangeKind::Added, &now, None, Some(Excerpt::of(&now.value)));
    }
}

fn push(
    found: &mut Comparison,
    kind: ChangeKind,
    field: &FieldLine,
    old: Option<Excerpt>,
    new: Option<Excerpt>,
) {
    let place = String::from_utf8_lossy(&field.name).into_owned();
    found.push(Change { kind, place, old, new });
}

fn quiet(place: &str, kind: Option<ChangeKind>) -> Change {
    let kind = kind.unwrap_or(ChangeKind::Reordered);
    Change { kind, place: place.into(), old: None, new: None }
}
