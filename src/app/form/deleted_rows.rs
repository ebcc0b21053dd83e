//! Rows the user deleted from the lists of a draft, to be brought back one by one.
//!
//! Kept by the draft. Each row is kept by itself, so what was edited since stays as it is.

use std::any::Any;
use std::cell::Cell;
use std::sync::Arc;

use super::access;
use super::form_line::FormFieldId;
use crate::model::field_access as fields;
use crate::model::field_id::FieldId;
use crate::model::spec::Spec;

/// Rows that are kept; the oldest make room.
const MOST: usize = 50;

/// See the module; the one deleted last is at the end.
#[derive(Debug, Clone, Default)]
pub(crate) struct DeletedRows(Vec<DeletedRow>);

#[derive(Debug, Clone)]
struct DeletedRow {
    list: FieldId,
    at: usize,
    row: Arc<dyn Any + Send + Sync>,
}

impl DeletedRows {
    /// Deletes the row, rule or step a field belongs to; tells whether there was one.
    pub(crate) fn delete(&mut self, spec: &mut Spec, id: FormFieldId) -> bool {
        let Some((list, at)) = id.in_list() else { return false };
        let row = fields::rows(spec.options(), &list).and_then(|rows| rows.kept(at));
        let is_deleted = access::remove(spec, id);
        if let Some(row) = row.filter(|_| is_deleted) {
            if self.0.len() >= MOST {
                self.0.remove(0);
            }
            self.0.push(DeletedRow { list, at, row });
        }
        is_deleted
    }

    /// Whether there is none to be brought back.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Brings back the row that was deleted last; tells its list and where it is in it. Rows whose
    /// list is not there any more are gone.
    pub(crate) fn bring_back(&mut self, spec: &mut Spec) -> Option<(FieldId, usize)> {
        while let Some(DeletedRow { list, at, row }) = self.0.pop() {
            let at = at.min(access::len(spec, list));
            let is_there = fields::rows(spec.options(), &list).is_some();
            let is_back = Cell::new(false);
            if is_there {
                fields::with_rows(spec.options_mut(), &list, |rows| {
                    is_back.set(rows.insert(at, &*row));
                });
            }
            if is_back.get() {
                return Some((list, at));
            }
        }
        None
    }
}
