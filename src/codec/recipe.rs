//! What makes one body of another without a program of its own: bytes in, bytes out, in one pass.
//!
//! Called by `engine/body/derive.rs` on a thread that can be stopped between any two blocks. A maker
//! keeps little more than the value it is in; what it did to the text is said in its remark.

mod keys;
pub(crate) mod maker;
pub(crate) mod markup;
mod recoded;
pub(crate) mod table;
mod unescape;
mod value_text;
mod values;
mod walk;

use crate::model::recipe::RecipeKind;
use maker::BodyMaker;

/// What makes bodies by this kind of recipe; `None` = the engine does, or a program.
pub(crate) fn maker_of(kind: RecipeKind) -> Option<Box<dyn BodyMaker>> {
    Some(match kind {
        RecipeKind::Jq | RecipeKind::Pipe | RecipeKind::Cell => return None,
        RecipeKind::SortKeys => Box::new(keys::KeySorter::default()),
        RecipeKind::Unescape => Box::new(unescape::Unescaper::default()),
        RecipeKind::Value => Box::new(value_text::ValueText::default()),
        RecipeKind::Markup => Box::new(markup::MarkupLayout::default()),
        RecipeKind::Recode => Box::new(recoded::RecodedText),
        RecipeKind::Table => Box::new(table::Tabulator::default()),
    })
}
