//! Moving and inserting rows of the lists of a spec, whatever they are rows of.

use super::access;
use super::form_line::FormFieldId;
use super::row_lists::{self, put};
use crate::model::field_access as fields;
use crate::model::field_id::FieldId;
use crate::model::name_value::NameValue;
use crate::model::spec::Spec;

/// Moves the row, rule or step a field belongs to by one; tells where the field is then.
pub(crate) fn move_row(spec: &mut Spec, id: FormFieldId, is_down: bool) -> Option<FormFieldId> {
    let FormFieldId::Field(field) = id else { return None };
    let (list, at) = field.in_list()?;
    let to = if is_down { at + 1 } else { at.checked_sub(1)? };
    let is_there = at.max(to) < row_lists::len(spec, list);
    (is_there && put(spec, list, at, to)).then(|| FormFieldId::Field(field.in_row(to)))
}

/// Inserts rows with these names and values into a list of lines; tells how many.
pub(crate) fn insert(spec: &mut Spec, list: FieldId, at: usize, new: &[NameValue]) -> usize {
    for (number, row) in new.iter().enumerate() {
        let end = row_lists::len(spec, list);
        if !fields::with_rows(spec.options_mut(), &list, |rows| rows.push()) {
            return number;
        }
        let cell = |key| FormFieldId::Field(list.row(end).then(key));
        let mut set = |key, text: &str| access::set(spec, cell(key), text).is_ok();
        let is_set = set("name", &row.name) && set("value", &row.value);
        if !is_set || !row.enabled && !set("off", "off") || !put(spec, list, end, at + number) {
            return number;
        }
    }
    new.len()
}
