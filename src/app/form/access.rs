//! Reading and writing a spec through the fields of the form.
//!
//! Invariant: `get` after a successful `set` gives back what was set, in canonical form; ids that
//! do not belong to the spec read as nothing and write nothing.

use std::borrow::Cow;

use super::form_line::{FieldKind, FormFieldId};
use super::row_steps::RowPlace;
use super::rows::{ChosenAnswer, rows, tabs};
use super::{row_lists, url_rows};
use crate::app::editor::Splice;
use crate::model::field::{FieldInfo, FieldValue, Options, Rows, Spelling, ValueKind};
use crate::model::field_access::{self as fields, FoundField};
use crate::model::field_id::FieldId;
use crate::model::spec::Spec;

/// The text of a field, to keep.
pub fn get(spec: &Spec, id: FormFieldId) -> String {
    text(spec, id).into_owned()
}

/// The text of a field where it lies.
pub fn text(spec: &Spec, id: FormFieldId) -> Cow<'_, str> {
    match id {
        FormFieldId::Address => spec.address().into(),
        FormFieldId::Automatic(header) => spec
            .as_http()
            .map_or_else(Cow::default, |http| (!http.omits(header)).show().into_owned().into()),
        FormFieldId::Field(id) if url_rows::has(id) => url_rows::text(spec, id).into(),
        FormFieldId::Field(id) => match (find(spec, id), new_row(spec, id)) {
            (Some(found), _) => found.text().unwrap_or_default(),
            // The row that becomes real when something is typed into it.
            (None, Some(rows)) if id.is_row() => rows.fresh().variant().into(),
            _ => Cow::default(),
        },
        FormFieldId::Tabs | FormFieldId::Add(_) => Cow::default(),
    }
}

/// Changes the text of a field where it lies, so that it has this length afterwards; tells whether
/// that can be done. If not, the whole text has to be written.
pub(crate) fn splice(spec: &mut Spec, id: FormFieldId, change: &Splice, length: usize) -> bool {
    let FormFieldId::Field(id) = id else { return false };
    find(spec, id).is_some()
        && fields::with_text(spec.options_mut(), &id, |text| {
            let (start, end) = (change.at, change.at + change.removed);
            let fits = text.get(start..end).is_some()
                && text.len() - change.removed + change.inserted.len() == length;
            if fits {
                text.replace_range(start..end, &change.inserted);
            }
            fits
        })
}

/// Writes the text of a field.
///
/// # Errors
/// A sentence for the user when the text is no value of this field; the spec stays as it was.
pub fn set(spec: &mut Spec, id: FormFieldId, text: &str) -> Result<(), String> {
    match id {
        FormFieldId::Address => text.trim().clone_into(spec.address_mut()),
        FormFieldId::Field(id) if url_rows::has(id) => url_rows::set(spec, id, text),
        FormFieldId::Field(id) => {
            let is_new = new_row(spec, id).is_some();
            if is_new && !text.is_empty() || find(spec, id).is_some() {
                return fields::set(spec.options_mut(), &id, text);
            }
        }
        FormFieldId::Automatic(_) | FormFieldId::Tabs | FormFieldId::Add(_) => {}
    }
    Ok(())
}

/// Goes to the next (or previous) value of a choice, or flips a check.
pub fn cycle(spec: &mut Spec, id: FormFieldId, forward: bool) {
    match id {
        FormFieldId::Automatic(header) => {
            let Some(http) = spec.as_http_mut() else { return };
            http.toggle_automatic(header);
        }
        FormFieldId::Field(id) => {
            if let Some((list, _)) = id.in_list().filter(|_| id.is_row())
                && new_row(spec, id).is_some()
            {
                fields::with_rows(spec.options_mut(), &list, |rows| rows.push());
            }
            if let Some(next) = fields::neighbour(spec.options(), &id, forward) {
                // One of the values that are offered is never refused.
                let _ = fields::set(spec.options_mut(), &id, next);
            }
        }
        FormFieldId::Address | FormFieldId::Tabs | FormFieldId::Add(_) => {}
    }
}

/// The words that are offered for a choice; none for what is no choice.
pub(crate) fn words(spec: &Spec, id: FormFieldId) -> &'static [&'static str] {
    let FormFieldId::Field(id) = id else { return &[] };
    let kind = match (find(spec, id), new_row(spec, id)) {
        (Some(found), _) => Some(found.info().kind),
        (None, Some(rows)) => {
            let fresh = rows.fresh();
            let variant = fresh.fields().iter().find(|info| info.is_variant());
            variant.filter(|_| id.is_row()).map(|info| info.kind)
        }
        (None, None) => None,
    };
    match kind {
        Some(ValueKind::Choice(words) | ValueKind::Variant(words) | ValueKind::Switch(words)) => {
            words
        }
        _ => &[],
    }
}

/// Takes the next value of a choice that begins with this letter; tells whether there is one. Where
/// letters begin a text they choose nothing.
pub(crate) fn choose(spec: &mut Spec, id: FormFieldId, letter: char) -> bool {
    if begun_by_letters(spec, id).is_some() {
        return false;
    }
    let words = words(spec, id);
    let is_meant = |word: &&&str| word.starts_with(letter.to_ascii_lowercase());
    let now = text(spec, id);
    let behind = words.iter().position(|word| **word == *now).map_or(0, |at| at + 1);
    let (before, behind) = words.split_at(behind);
    let Some(next) = behind.iter().chain(before).find(is_meant) else { return false };
    // One of the values that are offered is never refused.
    set(spec, id, next).is_ok()
}

/// The table a field is the kind of, if letters begin its text: the body of a request or an answer.
fn begun_by_letters(spec: &Spec, id: FormFieldId) -> Option<FieldId> {
    let FormFieldId::Field(id) = id else { return None };
    takes_letters(spec, id).then_some(id)
}

fn takes_letters(spec: &Spec, id: FieldId) -> bool {
    find(spec, id).is_some_and(|found| found.info().takes_letters)
}

/// The field in which what is typed at the kind of a body goes on. A body that is none yet begins
/// as JSON or text, by its first letter; one of another kind is not thrown away.
pub(crate) fn begin_body(spec: &mut Spec, id: FormFieldId, first: char) -> Option<FormFieldId> {
    let body = begun_by_letters(spec, id)?;
    if *text(spec, id) == *"none" {
        let kind = if matches!(first, '{' | '[') { "json" } else { "text" };
        set(spec, id, kind).ok()?;
    }
    area_of(spec, body)
}

/// How the list a cell is in is spelled.
pub(crate) fn list_spelling(spec: &Spec, id: FormFieldId) -> Option<Spelling> {
    let (list, _) = id.in_list()?;
    match find(spec, list)?.info().kind {
        ValueKind::List(spelling) => Some(spelling),
        _ => None,
    }
}

fn find(spec: &Spec, id: FieldId) -> Option<FoundField<'_>> {
    fields::find(spec.options(), &id)
}

/// The list that a field of its row to be added is in.
fn new_row(spec: &Spec, id: FieldId) -> Option<&dyn Rows> {
    let (list, at) = id.in_list()?;
    fields::rows(spec.options(), &list).filter(|rows| rows.count() == at)
}

/// The row to be added that a field is in, if writing into it makes the row.
pub(crate) fn row_to_be(spec: &Spec, id: FormFieldId) -> Option<RowPlace> {
    let FormFieldId::Field(field) = id else { return None };
    let (list, at) = field.in_list()?;
    new_row(spec, field).map(|_| RowPlace { list, at })
}

/// How many rows a list has.
pub fn len(spec: &Spec, list: FieldId) -> usize {
    row_lists::len(spec, list)
}

/// The list of lines a field is a cell of, and its row.
pub fn cell(spec: &Spec, id: FormFieldId) -> Option<(FieldId, usize)> {
    let (list, at) = id.in_list()?;
    if list == url_rows::list() {
        return (at < len(spec, list)).then_some((list, at));
    }
    let kind = find(spec, list)?.info().kind;
    let is_line =
        matches!(kind, ValueKind::List(Spelling::Header | Spelling::Pair | Spelling::Entries));
    is_line.then_some((list, at))
}

/// What switches the row or rule of a field on and off, if there is such a row.
pub(crate) fn switch(spec: &Spec, id: FormFieldId) -> Option<FormFieldId> {
    let (list, at) = id.in_list()?;
    let switch = list.row(at).then("off");
    let is_there = url_rows::has(switch) || find(spec, switch).is_some();
    is_there.then_some(FormFieldId::Field(switch))
}

/// Whether the row or rule of a field is switched off.
pub(crate) fn is_off(spec: &Spec, id: FormFieldId) -> bool {
    let of_url = matches!(id, FormFieldId::Field(id) if url_rows::has(id));
    // What stands in the URL is sent.
    !of_url && switch(spec, id).is_some_and(|switch| text(spec, switch) == "off")
}

/// The list of rules or steps, if the spec has one.
fn blocks(options: &dyn Options) -> Option<FieldId> {
    let is_block = |kind| matches!(kind, ValueKind::List(Spelling::Table | Spelling::Headed));
    options.fields().iter().find(|info| is_block(info.kind)).map(|info| FieldId::new(info.key))
}

/// Whether the spec has a list of rules or steps.
pub(crate) fn has_blocks(spec: &Spec) -> bool {
    blocks(spec.options()).is_some()
}

/// Adds a rule or a step at the end; gives the field to go on with.
pub fn add(spec: &mut Spec, id: FormFieldId) -> Option<FormFieldId> {
    let list = match id {
        FormFieldId::Add(list) => Some(FieldId::new(list)),
        _ => blocks(spec.options()),
    }?;
    fields::with_rows(spec.options_mut(), &list, |rows| rows.add());
    first_field(spec, list, len(spec, list).checked_sub(1)?)
}

/// The field to go on with in a row of a list: what fills its line, else its first text, else its first.
pub(crate) fn first_field(spec: &Spec, list: FieldId, at: usize) -> Option<FormFieldId> {
    let row = Some((list, at));
    let lines = tabs(spec).into_iter().flat_map(|tab| rows(spec, tab));
    let line = lines.into_iter().find(|line| line.fields.iter().any(|f| f.id.in_list() == row))?;
    let wide = |width| matches!(width, super::FieldWidth::Fill(_));
    let fields = &line.fields;
    let wide = fields.iter().find(|field| wide(field.width));
    let text = || fields.iter().find(|field| field.kind.is_text());
    wide.or_else(text).or(fields.first()).map(|field| field.id)
}

/// Whether a cell of a table holds what it began with, which nobody has written.
pub(crate) fn is_untouched(spec: &Spec, id: FormFieldId) -> bool {
    let FormFieldId::Field(field) = id else { return false };
    let text = text(spec, id);
    let began_as = match field.in_list().map(|(list, _)| fields::rows(spec.options(), &list)) {
        Some(rows) => {
            rows.map(|rows| fields::text(&*rows.sample(), &field.in_its_row()).into_owned())
        }
        None if ChosenAnswer::of(spec, id).is_some() => {
            Some(get(&Spec::empty(spec.protocol(), spec.side()), id))
        }
        None => None,
    };
    !text.is_empty() && began_as.is_some_and(|began_as| *text == began_as)
}

/// Whether a field holds many lines.
pub(crate) fn is_area(spec: &Spec, id: FormFieldId) -> bool {
    let FormFieldId::Field(id) = id else { return false };
    find(spec, id).is_some_and(|found| FieldKind::from(found.info().kind) == FieldKind::Area)
}

/// How the text of a field becomes bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TextSpelling {
    /// As it is.
    Plain,
    /// Escapes are read.
    Escapes,
    /// Hex digits.
    Hex,
}

/// How the text of a field is read.
pub fn spelling(spec: &Spec, id: FormFieldId) -> TextSpelling {
    let FormFieldId::Field(id) = id else { return TextSpelling::Plain };
    let Some(found) = find(spec, id) else { return TextSpelling::Plain };
    let info = found.info();
    let format = match (info.kind, info.key) {
        (ValueKind::Payload, _) => fields::text(spec.options(), &id.then("format")),
        (ValueKind::Area, "hex") => "hex".into(),
        (ValueKind::Area, "escaped") => "text".into(),
        // What arrives is compared with bytes; a pattern reads its escapes itself.
        (ValueKind::Text, "text") if found.table.variant() != "matches" => "text".into(),
        _ => return TextSpelling::Plain,
    };
    match &*format {
        "hex" => TextSpelling::Hex,
        "text" => TextSpelling::Escapes,
        _ => TextSpelling::Plain,
    }
}

/// The field of the body's text; `None` = the spec has no body, or one that is no text.
pub fn body_text(spec: &Spec) -> Option<FormFieldId> {
    let tables = spec.options().fields().iter().filter(|info| info.kind == ValueKind::Table);
    let mut ids = tables.filter(|info| !info.is_inline()).map(|info| FieldId::new(info.key));
    area_of(spec, ids.find(|id| takes_letters(spec, *id))?)
}

/// The text of many lines of a body; `None` = its kind has none.
fn area_of(spec: &Spec, body: FieldId) -> Option<FormFieldId> {
    let found = find(spec, body)?;
    let kind = found.table.variant();
    let is_area = |info: &&FieldInfo| info.when == Some(kind) && info.kind == ValueKind::Area;
    let info = found.table.fields().iter().find(is_area)?;
    Some(FormFieldId::Field(body.then(info.key)))
}
