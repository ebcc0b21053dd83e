//! From one field of the form to another: pure, over its rows.

use crate::app::form::rows::DETAILS;
use crate::app::form::{FieldKind, FormFieldId, FormLine, FormTab};

/// The field of the row above or below.
pub(super) fn in_next_row(form: &[FormLine], at: FormFieldId, down: bool) -> Option<FormFieldId> {
    let (row, column) = find(form, at)?;
    let next = if down { row + 1 } else { row.checked_sub(1)? };
    let fields = &form.get(next)?.fields;
    // From the address line the method is one step left, so going up lands on the address.
    let column = if next == 0 { fields.len() - 1 } else { column.min(fields.len() - 1) };
    let skip_check = fields[column].kind == FieldKind::Check && fields.len() > 1;
    Some(fields[if skip_check && row < 2 { column + 1 } else { column }].id)
}

/// The field beside this one.
pub(super) fn beside(form: &[FormLine], at: FormFieldId, right: bool) -> Option<FormFieldId> {
    let (row, column) = find(form, at)?;
    let next = if right { column + 1 } else { column.checked_sub(1)? };
    form[row].fields.get(next).map(|field| field.id)
}

/// The next cell of the row, or the first one of the row below.
pub(super) fn next_cell(form: &[FormLine], at: FormFieldId) -> Option<FormFieldId> {
    let (row, column) = find(form, at)?;
    // Text or file is seldom changed; Left from the value leads there.
    let mut rest = form[row].fields.iter().skip(column + 1);
    let beside = rest.find(|field| !is_source(field.id));
    let below = || {
        let fields = &form.get(row + 1)?.fields;
        fields.iter().find(|field| field.kind != FieldKind::Check || fields.len() == 1)
    };
    beside.or_else(below).map(|field| field.id)
}

/// Where the details of the chosen answer begin: its text, else their first field.
pub(super) fn details(form: &[FormLine]) -> Option<FormFieldId> {
    let first = form.iter().position(|line| line.heading == DETAILS)?;
    let mut fields = form.iter().skip(first).flat_map(|line| &line.fields);
    let text = fields.clone().find(|field| field.kind == FieldKind::Area);
    text.or_else(|| fields.next()).map(|field| field.id)
}

/// Whether a field is in the first line of these details.
pub(super) fn begins_details(form: &[FormLine], at: FormFieldId) -> bool {
    find(form, at).is_some_and(|(row, _)| form[row].heading == DETAILS)
}

/// The text of the row a field is in: what stands behind it on its line, else before it, else on
/// other lines. `None` = it is in no row, or the row has no text.
pub(super) fn text_of_row(form: &[FormLine], at: FormFieldId) -> Option<FormFieldId> {
    let row = at.in_list()?;
    let (line, column) = find(form, at)?;
    let (before, behind) = form[line].fields.split_at(column);
    let beside = behind.iter().chain(before.iter().rev());
    let mut all = beside.chain(form.iter().flat_map(|line| &line.fields));
    all.find(|field| field.id.in_list() == Some(row) && field.kind.is_text()).map(|field| field.id)
}

/// The field that takes what is typed or pasted where no text is: a button that adds a row, the text
/// of the same row, on the tabs of body and credentials their kind, on those of parameters and headers
/// a new row, and in an answer that of its body.
pub(super) fn begins_text(form: &[FormLine], at: FormFieldId, tab: FormTab) -> Option<FormFieldId> {
    let (line, column) = find(form, at)?;
    let kind_of_tab = || {
        let strip = |line: &FormLine| line.fields.iter().any(|field| field.id == FormFieldId::Tabs);
        let below = form.iter().skip_while(|line| !strip(line)).nth(1)?;
        let is_kind = [FormTab::Auth, FormTab::Body].contains(&tab);
        below.fields.first().filter(|first| is_kind && first.kind == FieldKind::Choice)
    };
    match form[line].fields[column].kind {
        FieldKind::Button => matches!(at, FormFieldId::Add(_)).then_some(at),
        FieldKind::Tabs => kind_of_tab().map(|kind| kind.id).or_else(|| row_of_tab(form, tab)),
        FieldKind::Choice if kind_of_tab().is_some_and(|kind| kind.id == at) => Some(at),
        FieldKind::Choice if tab == FormTab::Answers && is_kind_of_body(at) => Some(at),
        _ => text_of_row(form, at),
    }
}

/// Whether a field of an answer says what its body is: what is typed there is the body.
fn is_kind_of_body(id: FormFieldId) -> bool {
    matches!(id, FormFieldId::Field(id) if id.last_key() == "body")
}

/// The name in the row that is not there yet, of the list a tab is.
fn row_of_tab(form: &[FormLine], tab: FormTab) -> Option<FormFieldId> {
    let lists = [FormTab::Params, FormTab::Headers, FormTab::Expect, FormTab::Capture];
    let is_list = lists.contains(&tab);
    let is_name = |id: &FormFieldId| match id {
        FormFieldId::Field(id) => id.in_list().is_some() && id.last_key() == "name",
        _ => false,
    };
    let mut fields = form.iter().flat_map(|line| &line.fields).map(|field| field.id);
    fields.rfind(|id| is_list && is_name(id))
}

/// Whether nothing stands beside a field.
pub(super) fn is_alone(form: &[FormLine], at: FormFieldId) -> bool {
    find(form, at).is_none_or(|(row, _)| form[row].fields.len() == 1)
}

/// Whether a field says what the value of a form part is.
pub(super) fn is_source(id: FormFieldId) -> bool {
    matches!(id, FormFieldId::Field(id) if id.is_row() && id.last_key() == "multipart")
}

fn find(form: &[FormLine], id: FormFieldId) -> Option<(usize, usize)> {
    form.iter().enumerate().find_map(|(at, row)| {
        row.fields.iter().position(|field| field.id == id).map(|column| (at, column))
    })
}
