//! The request form as data: a loop over the fields of the spec on screen.
//!
//! The spec is the truth; a field is an id that `access` reads and writes. The request pane moves
//! a cursor over the lines and lends the focused field an editor; `ui` draws the lines.

pub mod access;
mod form_line;
pub(crate) mod language;
pub(crate) mod pasted_rows;
pub(crate) mod row_lists;
pub(crate) mod row_moves;
pub(crate) mod row_steps;
pub mod rows;
mod text_step;
pub(crate) mod url_rows;

pub use crate::model::field::{FieldWidth, FormTab};
pub use form_line::{FieldKind, FormField, FormFieldId, FormLine};
pub use rows::tabs;

#[cfg(test)]
mod form_tests;
