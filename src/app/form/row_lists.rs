//! The rows of the lists of the form, whatever they are rows of: those of a spec, and the URL's own.
//!
//! Called by what moves, copies, deletes and brings back rows. A list is the path of its field.

use std::any::Any;
use std::cell::Cell;
use std::sync::Arc;

use super::url_rows;
use crate::app::rule_tags;
use crate::model::field::Rows;
use crate::model::field_access as fields;
use crate::model::field_id::FieldId;
use crate::model::spec::Spec;

/// A row by itself, to be put back into a list of its kind.
pub(crate) type KeptRow = Arc<dyn Any + Send + Sync>;

/// How many rows a list has; none where there is no such list.
pub(crate) fn len(spec: &Spec, list: FieldId) -> usize {
    if list == url_rows::list() {
        return url_rows::count(spec);
    }
    fields::rows(spec.options(), &list).map_or(0, Rows::count)
}

/// A row, to be put back later.
pub(crate) fn kept(spec: &Spec, list: FieldId, at: usize) -> Option<KeptRow> {
    if list == url_rows::list() {
        return url_rows::kept(spec, at);
    }
    fields::rows(spec.options(), &list)?.kept(at)
}

/// Puts a row that was kept at a place; tells whether the list is there and takes it.
pub(crate) fn insert(spec: &mut Spec, list: FieldId, at: usize, row: &KeptRow) -> bool {
    if list == url_rows::list() {
        return url_rows::insert(spec, at, &**row);
    }
    let done = Cell::new(false);
    let is_there = fields::rows(spec.options(), &list).is_some();
    if is_there {
        fields::with_rows(spec.options_mut(), &list, |rows| done.set(rows.insert(at, &**row)));
    }
    done.get()
}

/// Takes a row out; tells whether there was one.
pub(crate) fn remove(spec: &mut Spec, list: FieldId, at: usize) -> bool {
    if list == url_rows::list() {
        return url_rows::remove(spec, at);
    }
    at < len(spec, list) && fields::with_rows(spec.options_mut(), &list, |rows| rows.remove(at))
}

/// Puts a copy of a row behind it; tells whether there is one.
pub(crate) fn duplicate(spec: &mut Spec, list: FieldId, at: usize) -> bool {
    if list == url_rows::list() {
        return url_rows::duplicate(spec, at);
    }
    let is_there = kept(spec, list, at).is_some_and(|row| insert(spec, list, at + 1, &row));
    if is_there && list == FieldId::new("rule") {
        rule_tags::forget(spec, at + 1);
    }
    is_there
}

/// Puts a row at another place; tells whether both are there. The URL's own go one place at a time.
pub(crate) fn put(spec: &mut Spec, list: FieldId, from: usize, to: usize) -> bool {
    if list == url_rows::list() {
        return url_rows::swap(spec, from, to);
    }
    let is_there = from.max(to) < len(spec, list);
    let row = kept(spec, list, from).filter(|_| is_there);
    row.is_some_and(|row| remove(spec, list, from) && insert(spec, list, to, &row))
}
