//! What a spec has from what it was begun with: the defaults of its folders.
//!
//! A spec that inherits is whole, with all it inherits in it; what is its own is what differs. Lists whose rows have
//! names (headers, parameters, expectations) are merged by them: the inherited rows first, and a row of its own takes
//! the place of those of its name, also one that is off. Any other list is inherited whole or not at all. Called by
//! whoever reads and writes presets and by the form. Pure.

use std::any::Any;
use std::sync::Arc;

use super::field::{FieldInfo, FieldValue, Options, Rows, Spelling, ValueKind};
use super::field_access;
use super::field_id::FieldId;

/// Whether rows of a list are inherited one by one, by their names.
#[must_use]
pub(crate) fn is_merged(info: &FieldInfo) -> bool {
    let by_name =
        matches!(info.kind, ValueKind::List(Spelling::Header | Spelling::Pair | Spelling::Entries));
    by_name && info.when.is_none()
}

/// The name by which a row of such a list takes the place of another.
#[must_use]
pub(crate) fn row_name(row: &dyn Options, info: &FieldInfo) -> String {
    let name = field_access::text(row, &FieldId::new("name"));
    let name = name.trim();
    if info.kind == ValueKind::List(Spelling::Header) {
        name.to_ascii_lowercase()
    } else {
        name.to_owned()
    }
}

/// Whether two tables hold the same.
#[must_use]
pub(crate) fn is_same(one: &dyn Options, other: &dyn Options) -> bool {
    one.variant() == other.variant()
        && (0..one.fields().len()).all(|at| match (one.value(at), other.value(at)) {
            (Some(one), Some(other)) => is_same_value(one, other),
            (one, other) => one.is_none() && other.is_none(),
        })
}

fn is_same_value(one: &dyn FieldValue, other: &dyn FieldValue) -> bool {
    if let (Some(one), Some(other)) = (one.rows(), other.rows()) {
        return is_same_rows(one, other);
    }
    let is_same_table = match (one.options(), other.options()) {
        (Some(one), Some(other)) => is_same(one, other),
        _ => true,
    };
    is_same_table && one.show() == other.show()
}

/// Whether two lists hold the same rows in the same order.
#[must_use]
pub(crate) fn is_same_rows(one: &dyn Rows, other: &dyn Rows) -> bool {
    one.count() == other.count() && (0..one.count()).all(|at| is_same_row(one, at, other, at))
}

fn is_same_row(one: &dyn Rows, at: usize, other: &dyn Rows, other_at: usize) -> bool {
    match (one.row(at), other.row(other_at)) {
        (Some(one), Some(other)) => is_same(one, other),
        _ => false,
    }
}

/// Whether a list has this row of another one.
#[must_use]
pub(crate) fn has_row(rows: &dyn Rows, other: &dyn Rows, at: usize) -> bool {
    (0..rows.count()).any(|known| is_same_row(rows, known, other, at))
}

/// What was begun with `before` is as if it had been begun with `now`: what is its own stays, and all else follows.
pub(crate) fn rebase(spec: &mut dyn Options, before: &dyn Options, now: &dyn Options) {
    if spec.variant() == before.variant() && before.variant() != now.variant() {
        if is_same(spec, before) {
            copy(spec, now);
        }
        return;
    }
    for (at, info) in spec.fields().iter().enumerate() {
        let (Some(before), Some(now)) = (before.value(at), now.value(at)) else { continue };
        let Some(value) = spec.value_mut(at) else { continue };
        if is_same_value(before, now) {
            continue;
        }
        if let (Some(rows), Some(before), Some(now)) = (value.rows_mut(), before.rows(), now.rows())
        {
            rebase_rows(rows, before, now, info);
        } else if let (Some(value), Some(before), Some(now)) =
            (value.options_mut(), before.options(), now.options())
        {
            rebase(value, before, now);
        } else if value.show() == before.show() {
            // What one spec holds another of its kind takes.
            let _ = value.set(&now.show());
        }
    }
}

fn rebase_rows(rows: &mut dyn Rows, before: &dyn Rows, now: &dyn Rows, info: &FieldInfo) {
    if !is_merged(info) {
        if is_same_rows(rows, before) {
            copy_rows(rows, now);
        }
        return;
    }
    let own: Vec<_> = (0..rows.count()).filter(|at| !has_row(before, rows, *at)).collect();
    let own = own.into_iter().filter_map(|at| named(rows, at, info)).collect();
    let given = (0..now.count()).filter_map(|at| named(now, at, info)).collect();
    fill(rows, merged(given, own));
}

/// A row with its name, to be put into another list.
fn named(rows: &dyn Rows, at: usize, info: &FieldInfo) -> Option<(String, KeptRow)> {
    Some((row_name(rows.row(at)?, info), rows.kept(at)?))
}

type KeptRow = Arc<dyn Any + Send + Sync>;

/// Rows that are given, with those of its own, which come by their names: in the place of those of that name, else
/// behind all. Where they name all that is given, their order is that of the list.
#[must_use]
pub(crate) fn merged<T>(given: Vec<(String, T)>, mut own: Vec<(String, T)>) -> Vec<T> {
    let taken: Vec<String> = own.iter().map(|(name, _)| name.clone()).collect();
    let mut rows = Vec::new();
    if given.iter().all(|(name, _)| taken.contains(name)) {
        return own.into_iter().map(|(_, row)| row).collect();
    }
    for (name, row) in given {
        if taken.contains(&name) {
            // Those of a name come together; its second given row finds none.
            let (here, rest) = own.into_iter().partition(|(known, _)| *known == name);
            own = rest;
            rows.extend(Vec::from_iter(here).into_iter().map(|(_, row): (String, T)| row));
        } else {
            rows.push(row);
        }
    }
    rows.extend(own.into_iter().map(|(_, row)| row));
    rows
}

/// The first rows of a list were given, the others are its own: they become one list.
pub(crate) fn merge_rows(rows: &mut dyn Rows, given: usize, info: &FieldInfo) {
    if given == 0 {
        return;
    }
    let of = |rows: &dyn Rows, range: std::ops::Range<usize>| {
        range.filter_map(|at| named(rows, at, info)).collect::<Vec<_>>()
    };
    let own = of(rows, given..rows.count());
    let given = if is_merged(info) { of(rows, 0..given) } else { Vec::new() };
    fill(rows, merged(given, own));
}

/// Puts these into a list in the place of all that is there.
fn fill(rows: &mut dyn Rows, kept: Vec<KeptRow>) {
    while rows.count() > 0 {
        rows.remove(rows.count() - 1);
    }
    for (at, row) in kept.into_iter().enumerate() {
        rows.insert(at, &*row);
    }
}

/// The given rows in whose place the only row of their name stands, by their places; none of a row that is given.
#[must_use]
pub(crate) fn displaced(
    rows: &dyn Rows,
    at: usize,
    given: &dyn Rows,
    info: &FieldInfo,
) -> Vec<usize> {
    let Some(name) = rows.row(at).map(|row| row_name(row, info)) else { return Vec::new() };
    let is_only = names(rows, info).iter().filter(|known| **known == name).count() == 1;
    if !is_merged(info) || !is_only || has_row(given, rows, at) {
        return Vec::new();
    }
    let named = names(given, info).into_iter().enumerate();
    named.filter(|(_, known)| *known == name).map(|(place, _)| place).collect()
}

/// The names of the rows of a list.
#[must_use]
pub(crate) fn names(rows: &dyn Rows, info: &FieldInfo) -> Vec<String> {
    (0..rows.count()).filter_map(|at| Some(row_name(rows.row(at)?, info))).collect()
}

/// Makes one table hold what another of its kind holds.
fn copy(into: &mut dyn Options, from: &dyn Options) {
    into.choose(from.variant());
    for at in 0..from.fields().len() {
        let (Some(to), Some(value)) = (into.value_mut(at), from.value(at)) else { continue };
        if let (Some(rows), Some(from)) = (to.rows_mut(), value.rows()) {
            copy_rows(rows, from);
            continue;
        }
        if let (Some(table), Some(from)) = (to.options_mut(), value.options()) {
            copy(table, from);
        }
        // As above.
        let _ = to.set(&value.show());
    }
}

fn copy_rows(into: &mut dyn Rows, from: &dyn Rows) {
    fill(into, (0..from.count()).filter_map(|at| from.kept(at)).collect());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::field_access::assign;
    use crate::model::protocol::{Protocol, Side};
    use crate::model::spec::Spec;

    fn spec(settings: &[(&str, &str)]) -> Spec {
        let mut spec = Spec::empty(Protocol::Http, Side::Client);
        for (path, value) in settings {
            assign(spec.options_mut(), path, value).unwrap();
        }
        spec
    }

    #[test]
    fn what_is_its_own_stays_and_all_else_follows_the_folder() {
        let before = spec(&[
            ("timeout", "5s"),
            ("auth.bearer", "old"),
            ("headers", "A: 1"),
            ("headers", "B: 1"),
            ("expect.status", "200"),
        ]);
        let now = spec(&[
            ("timeout", "7s"),
            ("auth.basic.user", "ann"),
            ("headers", "A: 2"),
            ("headers", "C: 3"),
            ("expect.status", "201"),
            ("verify", "off"),
        ]);
        let mut mine = before.clone();
        rebase(mine.options_mut(), before.options(), now.options());
        assert_eq!(mine, now, "nothing of its own");
        let mut mine = before.clone();
        for (path, value) in [
            ("timeout", "9s"),
            ("auth.bearer", "mine"),
            ("headers.2.value", "own"),
            ("headers", "D: 4"),
        ] {
            assign(mine.options_mut(), path, value).unwrap();
        }
        rebase(mine.options_mut(), before.options(), now.options());
        let own = spec(&[
            ("timeout", "9s"),
            ("auth.bearer", "mine"),
            ("headers", "A: 2"),
            ("headers", "C: 3"),
            ("headers", "B: own"),
            ("headers", "D: 4"),
            ("expect.status", "201"),
            ("verify", "off"),
        ]);
        assert_eq!(mine, own);
    }

    #[test]
    fn a_body_is_inherited_whole_or_not_at_all() {
        let before = spec(&[("body.form", "a=1")]);
        let now = spec(&[("body.json", "{}")]);
        let mut mine = before.clone();
        rebase(mine.options_mut(), before.options(), now.options());
        assert_eq!(mine, now);
        let mut mine = spec(&[("body.form", "a=1"), ("body.form", "b=2")]);
        let kept = mine.clone();
        rebase(mine.options_mut(), before.options(), now.options());
        assert_eq!(mine, kept);
    }
}
