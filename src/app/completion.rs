//! Completion of what is typed: names of headers and their usual values, methods, `{{names}}` and
//! paths of files, offered below the cursor of a text field.
//!
//! ```text
//! a key that typed ─► places (what the field holds) ─► offers (what can stand here) ─► popup
//! ```
//! Used by the panes with text fields; each keeps a [`Completer`] beside its editor. Nothing that was
//! typed is ever changed but by a key that takes an offer.

mod header_words;
pub(crate) mod offers;
pub(crate) mod places;
mod popup;

pub use popup::{Completer, Completion, Popup};
pub(crate) use popup::{Offer, PopupAct, Taken};
