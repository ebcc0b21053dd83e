//! A piece of the text of a field that became another one, to be taken back and made again.
//!
//! Called by `row_steps`, which keeps it in order with what was done to rows. What is typed into a row
//! of a URL is a piece of the URL.

use super::access;
use super::form_line::FormFieldId;
use super::url_rows;
use crate::app::editor::{Splice, difference};
use crate::app::word_run::{WordRun, only_char};
use crate::model::spec::Spec;

/// What was done to make a step, as far as the next key may join it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum StepKeys {
    /// Characters were typed, or deleted, one by one; this one was the last.
    Typed(WordRun, char),
    Deleted(WordRun, char),
    /// Something else: a paste, a cut, a line break.
    Other,
}

/// See the module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TextStep {
    /// The field that was typed into, and the one that holds the text.
    pub(crate) cell: FormFieldId,
    field: FormFieldId,
    at: usize,
    old: String,
    new: String,
    keys: StepKeys,
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
        let keys = StepKeys::of(&old, &new);
        TextStep { cell, field: TextStep::source(cell), at, old, new, keys }
    }

    /// The field whose text holds that of a cell.
    pub(super) fn source(cell: FormFieldId) -> FormFieldId {
        match cell {
            FormFieldId::Field(id) if url_rows::has(id) => FormFieldId::Address,
            _ => cell,
        }
    }

    /// Whether a single character was typed that may be one step with others of its word.
    pub(super) fn is_letter(&self) -> bool {
        let is_letter = matches!(self.keys, StepKeys::Typed(_, c) if !c.is_whitespace());
        is_letter && self.old.is_empty()
    }

    /// The same of what was typed into a cell whose text is a piece of another: what was typed decides,
    /// not how it is spelled there.
    pub(super) fn typed_as(self, typed: Option<&TextStep>) -> Self {
        TextStep { keys: typed.map_or(StepKeys::Other, |typed| typed.keys), ..self }
    }

    /// Takes in the next character that was typed or deleted beside it; tells whether it is one step
    /// with that. A blank begins a step, so what is taken back is a word.
    pub(super) fn join(&mut self, next: &TextStep) -> bool {
        use StepKeys::{Deleted, Typed};
        let is_same = (next.cell, next.field) == (self.cell, self.field);
        let ((Typed(run, _), Typed(_, c)) | (Deleted(run, _), Deleted(_, c))) =
            (self.keys, next.keys)
        else {
            return false;
        };
        if !is_same || !run.takes(c) {
            return false;
        }
        let is_typed = matches!(next.keys, Typed(..));
        if is_typed && next.old.is_empty() && next.at == self.at + self.new.len() {
            self.new.push_str(&next.new);
        } else if !is_typed && next.new.is_empty() && next.at + next.old.len() == self.at {
            self.old.insert_str(0, &next.old);
            self.at = next.at;
        } else if !is_typed && next.new.is_empty() && next.at == self.at {
            self.old.push_str(&next.old);
        } else {
            return false;
        }
        let run = run.with(c);
        self.keys = if is_typed { Typed(run, c) } else { Deleted(run, c) };
        true
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
        let TextStep { cell, field, at, old, new, keys } = self;
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
        Some(TextStep { cell, field, at, old: new, new: old, keys })
    }
}

impl StepKeys {
    /// What one key did that made this text of that one.
    fn of(old: &str, new: &str) -> Self {
        match (only_char(old), only_char(new)) {
            (None, Some(c)) if old.is_empty() => StepKeys::Typed(WordRun::NONE.with(c), c),
            (Some(c), None) if new.is_empty() => StepKeys::Deleted(WordRun::NONE.with(c), c),
            _ => StepKeys::Other,
        }
    }
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
        let mut blank = step("abc", "abc ");
        assert!(blank.join(&step("abc ", "abc d")) && !blank.join(&step("abc d", "abc d ")));
    }

    #[test]
    fn what_is_deleted_key_by_key_is_one_step_either_way() {
        let step = |before, after| TextStep::between(FormFieldId::Address, before, after).unwrap();
        let mut back = step("one two", "one tw");
        assert!(back.join(&step("one tw", "one t")) && back.join(&step("one t", "one ")));
        assert_eq!((back.at, &*back.old), (4, "two"));
        assert!(!back.join(&step("one ", "one")), "the blank is of the next word");
        let mut forth = step("one two", "ne two");
        assert!(forth.join(&step("ne two", "e two")) && forth.join(&step("e two", " two")));
        assert_eq!((forth.at, &*forth.old), (0, "one"));
        let mut line = step("a\nb", "a\n");
        assert!(!line.join(&step("a\n", "a")), "a line break is a step");
        assert!(!step("abc", "a").join(&step("a", "")), "what was cut, too");
    }
}
