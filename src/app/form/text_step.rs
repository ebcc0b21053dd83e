//! A piece of the text of a field that became another one, to be taken back and made again.
//!
//! Called by `row_steps`, which keeps it in order with what was done to rows. What is typed into a row
//! of a URL is a piece of the URL.

use super::access;
use super::form_line::FormFieldId;
use super::url_rows;
use crate::app::editor::{Splice, difference};
use crate::model::spec::Spec;

/// Characters typed one after the other are one step, up to so many bytes.
const TYPED_TOGETHER: usize = 64;

/// See the module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TextStep {
    /// The field that was typed into, and the one that holds the text.
    pub(crate) cell: FormFieldId,
    field: FormFieldId,
    at: usize,
    old: String,
    new: String,
    /// Single characters were typed, so that the next ones may join them.
    is_typed: bool,
}

impl TextStep {
    /// What became of a text, if that is another one now.
    pub(super) fn between(cell: FormFieldId, before: &str, after: &str) -> Option<Self> {
        let Splice { at, removed, inserted } = difference(before, after)?;
        let old = before.get(at..at + removed)?.to_owned();
        Some(TextStep::new(cell, at, old, inserted))
    }

    /// The same of a text that is changed where it lies, before that is done; `None` = it cannot be.
    pub(super) fn of_splice(spec: &Spec, cell: FormFieldId, splice: &Splice) -> Option<Self> {
        let text = access::text(spec, cell);
        let old = text.get(splice.at..splice.at + splice.removed)?.to_owned();
        Some(TextStep::new(cell, splice.at, old, splice.inserted.clone()))
    }

    fn new(cell: FormFieldId, at: usize, old: String, new: String) -> Self {
        let is_typed = is_letter(&new);
        TextStep { cell, field: TextStep::source(cell), at, old, new, is_typed }
    }

    /// The field whose text holds that of a cell.
    pub(super) fn source(cell: FormFieldId) -> FormFieldId {
        match cell {
            FormFieldId::Field(id) if url_rows::has(id) => FormFieldId::Address,
            _ => cell,
        }
    }

    /// Whether a single character was typed that may be one step with others.
    pub(super) fn is_letter(&self) -> bool {
        self.is_typed && self.old.is_empty()
    }

    /// The same of what was typed into a cell whose text is a piece of another: what was typed decides,
    /// not how it is spelled there.
    pub(super) fn typed_as(self, typed: Option<&TextStep>) -> Self {
        TextStep { is_typed: typed.is_some_and(TextStep::is_letter), ..self }
    }

    /// Takes in what was typed right behind it; tells whether it is one step with that.
    pub(super) fn join(&mut self, next: &TextStep) -> bool {
        let is_next = (next.cell, next.field) == (self.cell, self.field)
            && next.at == self.at + self.new.len();
        let joins = is_next && self.is_typed && next.is_letter() && self.new.len() < TYPED_TOGETHER;
        if joins {
            self.new.push_str(&next.new);
        }
        joins
    }

    /// Bytes it keeps.
    pub(super) fn weight(&self) -> usize {
        self.old.len() + self.new.len()
    }

    /// Where the cursor is after it, in the text of the field that holds it.
    pub(crate) fn end(&self) -> Option<usize> {
        (self.cell == self.field).then_some(self.at + self.new.len())
    }

    /// Takes it back, if the text still is what it made; gives what was done for that.
    pub(super) fn take_back(self, spec: &mut Spec) -> Option<Self> {
        let TextStep { cell, field, at, old, new, is_typed } = self;
        let text = access::text(spec, field);
        let (start, end) = (at, at + new.len());
        if text.get(start..end) != Some(&new) {
            return None;
        }
        let length = text.len() - new.len() + old.len();
        let splice = Splice { at, removed: new.len(), inserted: old.clone() };
        if !access::splice(spec, field, &splice, length) {
            let mut whole = access::get(spec, field);
            whole.replace_range(start..end, &old);
            access::set(spec, field, &whole).ok()?;
        }
        Some(TextStep { cell, field, at, old: new, new: old, is_typed })
    }
}

/// Whether a text is one character that belongs to a word with others.
fn is_letter(text: &str) -> bool {
    text.chars().count() == 1 && !text.starts_with(['\n', ' '])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_typed_one_after_the_other_are_one_step() {
        let step = |before, after| TextStep::between(FormFieldId::Address, before, after).unwrap();
        let mut word = step("", "a");
        assert!(word.join(&step("a", "ab")) && word.join(&step("ab", "abc")));
        assert_eq!(word.new, "abc");
        assert!(!word.join(&step("abc", "abc ")) && !word.join(&step("abc", "xabc")));
        assert!(
            !word.join(&step("abc", "ab")) && !step("", "pasted").join(&step("pasted", "pastedx"))
        );
    }
}
