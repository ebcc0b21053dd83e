//! What the form is made of: lines of fields.

use crate::model::field::{FieldWidth, ValueKind};
use crate::model::field_access::find;
use crate::model::field_id::FieldId;
use crate::model::http::AutomaticHeader;
use crate::model::spec::Spec;

/// One editable thing of the form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FormFieldId {
    /// The address line, whatever its key in the spec.
    Address,
    Tabs,
    /// A header that is sent by itself, to be switched off.
    Automatic(AutomaticHeader),
    /// The button that adds a row to the list of this key.
    Add(&'static str),
    Field(FieldId),
}

/// How a field is shown and edited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldKind {
    /// One line of text.
    Line,
    /// Many lines.
    Area,
    /// One of a few values; Space and arrows change it.
    Choice,
    /// On or off.
    Check,
    /// The tab strip.
    Tabs,
    /// Enter does it.
    Button,
    /// One line shown as dots.
    Secret,
}

impl FieldKind {
    /// Whether text is typed into it.
    pub(crate) fn is_text(self) -> bool {
        matches!(self, FieldKind::Line | FieldKind::Area | FieldKind::Secret)
    }
}

/// A field at its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FormField {
    pub id: FormFieldId,
    pub label: &'static str,
    pub kind: FieldKind,
    /// Room it asks for, its label included.
    pub width: FieldWidth,
    /// Shown dimmed while the field is empty.
    pub placeholder: &'static str,
}

/// Fields side by side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FormLine {
    pub fields: Vec<FormField>,
    /// A row of its own above the fields; empty = none, `rows::COLUMNS` = one for each field.
    pub heading: &'static str,
    /// Cells left empty behind the fields, so that they stand below those of other rows.
    pub pad: u16,
    /// Rows of the screen it wants; an area in the last line takes what is left.
    pub height: u16,
}

impl FormFieldId {
    /// Where a field of this spec is edited.
    pub fn of(spec: &Spec, id: FieldId) -> Self {
        let found = find(spec.options(), &id);
        match found.map(|found| found.info().kind) {
            Some(ValueKind::Address) => FormFieldId::Address,
            _ => FormFieldId::Field(id),
        }
    }

    /// The field of a top-level key.
    pub fn key(key: &'static str) -> Self {
        FormFieldId::Field(FieldId::new(key))
    }

    /// The list a field is in, and its row.
    pub(crate) fn in_list(self) -> Option<(FieldId, usize)> {
        match self {
            FormFieldId::Field(id) => id.in_list(),
            _ => None,
        }
    }
}

impl From<FieldId> for FormFieldId {
    fn from(id: FieldId) -> Self {
        FormFieldId::Field(id)
    }
}

impl From<ValueKind> for FieldKind {
    fn from(kind: ValueKind) -> Self {
        match kind {
            ValueKind::Secret => FieldKind::Secret,
            ValueKind::Area => FieldKind::Area,
            ValueKind::Flag | ValueKind::Off | ValueKind::Switch([_, _]) => FieldKind::Check,
            ValueKind::Choice(_) | ValueKind::Variant(_) | ValueKind::Switch(_) => {
                FieldKind::Choice
            }
            ValueKind::Address
            | ValueKind::Text
            | ValueKind::Word(_)
            | ValueKind::Words
            | ValueKind::Duration
            | ValueKind::DurationRange
            | ValueKind::Number { .. }
            | ValueKind::Size { .. }
            | ValueKind::Rate { .. }
            | ValueKind::Percent
            | ValueKind::Payload
            | ValueKind::Phrase
            | ValueKind::Table
            | ValueKind::List(_) => FieldKind::Line,
        }
    }
}
