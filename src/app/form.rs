//! The request form as data: a loop over the fields of the spec on screen.
//!
//! The spec is the truth; a field is an id that `access` reads and writes. The request pane moves
//! a cursor over the lines and lends the focused field an editor; `ui` draws the lines.

pub mod access;
pub(crate) mod deleted_rows;
mod form_line;
pub mod language;
pub(crate) mod pasted_rows;
pub(crate) mod row_moves;
pub mod rows;

pub use crate::model::field::{FieldWidth, FormTab};
pub use form_line::{FieldKind, FormField, FormFieldId, FormLine};
pub use rows::tabs;

#[cfg(test)]
mod form_tests;
