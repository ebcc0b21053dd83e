//! What an editor does where JSON or markup is written: it helps to type, lays out, and says what is
//! wrong.
//!
//! Used by whoever lends a field an editor. What typing does is decided in `code_keys`, what is wrong
//! in `text_check`; here it is carried out, each as one change.

use super::code_keys::{self, CodeEdit, CodeKey};
use super::text_model::{Deletion, TextChange, TextPlace};
use super::{Editor, LineMode};
use crate::codec::json_text::{INDENT, flaw, laid_out, masked};
use crate::codec::recipe::markup;
use crate::codec::syntax::TextLanguage;
use crate::model::braces::name_spans;

/// Bytes of a text that is laid out at once.
const LAID_OUT: usize = 8 * 1024 * 1024;

/// Where a text is not what it is to be, and why; both are counted from 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextFlaw {
    pub line: usize,
    pub column: usize,
    pub why: String,
}

impl Editor {
    /// The same field, written in a language: with its colours, and keys that help to write it.
    #[must_use]
    pub(crate) fn in_language(mut self, language: TextLanguage) -> Self {
        self.view.language = language;
        self.check = (language == TextLanguage::Json).then(Box::default);
        self.check_on();
        self
    }

    /// A text that is shown and not written, its lines in sight being the first.
    pub fn preview(text: &str, language: TextLanguage, is_marked: bool) -> Self {
        let mut editor = Editor::with_room(text, LineMode::Many, 0);
        editor.view.language = language;
        editor.view.shows_breaks = is_marked;
        editor
    }

    /// What it is written in.
    pub fn language(&self) -> TextLanguage {
        self.view.language
    }

    /// Looks at some more of a text that is to be JSON; tells whether something is left.
    pub(crate) fn check_on(&mut self) -> bool {
        let Editor { check, model, .. } = self;
        check.as_mut().is_some_and(|check| check.is_open() && check.step(&model.text()))
    }

    /// Whether a text that is to be JSON was looked at whole.
    pub fn is_checked(&self) -> bool {
        self.check.as_ref().is_some_and(|check| !check.is_open())
    }

    /// Where it is no JSON, if it is to be and that is known.
    pub fn flaw(&self) -> Option<TextFlaw> {
        let (byte, why) = self.check.as_ref()?.flaw()?;
        Some(self.told(*byte, why.clone()))
    }

    /// The place of what is wrong.
    pub(super) fn wrong(&self) -> Option<TextPlace> {
        let (byte, _) = self.check.as_ref()?.flaw()?;
        Some(self.model.place_of(*byte))
    }

    fn told(&self, byte: usize, why: String) -> TextFlaw {
        let at = self.model.place_of(byte);
        let before = self.model.line(at.line).split_at(at.byte).0;
        TextFlaw { line: at.line + 1, column: before.chars().count() + 1, why }
    }

    /// The text became another one: it is looked at anew, as far as a key may take.
    pub(super) fn look_again(&mut self) {
        if let (Some(check), Some(change)) = (&mut self.check, &self.changed) {
            check.changed(match change {
                TextChange::Whole => 0,
                TextChange::Piece(piece) => piece.at,
            });
            self.check_on();
        }
    }

    /// Types a character; in JSON brackets and quotes come in pairs.
    pub(super) fn type_char(&mut self, c: char) {
        let is_json = self.view.language == TextLanguage::Json && !self.view.is_line;
        let typed = || code_keys::typed(&*self.model, c, &self.closers);
        let key = if is_json { typed() } else { CodeKey::Plain };
        match key {
            CodeKey::Plain => self.put(c.encode_utf8(&mut [0; 4])),
            CodeKey::StepOver => {
                let behind = self.model.behind(self.model.cursor());
                self.go(false, |model| model.jump(behind));
                self.closers.pop();
            }
            CodeKey::Pair(edit, closing) => {
                self.make(&edit);
                self.closers.push(closing);
            }
        }
    }

    /// Deletes what is before the cursor; of an empty pair both.
    pub(super) fn delete_before(&mut self) {
        let is_json = self.view.language == TextLanguage::Json && !self.view.is_line;
        if let Some(edit) = code_keys::deleted_pair(&*self.model).filter(|_| is_json) {
            self.make(&edit);
            self.closers.pop();
            return;
        }
        self.delete(Deletion::Before);
    }

    /// A line break; in JSON and markup with the indent that fits.
    pub(super) fn break_line(&mut self) {
        self.closers.clear();
        match self.view.language {
            _ if self.view.is_line => {}
            TextLanguage::Plain | TextLanguage::Form => self.put("\n"),
            language => {
                let edit = code_keys::new_line(&*self.model, language);
                self.make(&edit);
            }
        }
    }

    /// Spaces to the next tab stop; lines that are selected move in, or out.
    pub(super) fn move_lines(&mut self, is_out: bool) {
        let stop = match self.view.language {
            TextLanguage::Plain | TextLanguage::Form => super::TAB,
            TextLanguage::Json | TextLanguage::Markup => INDENT,
        };
        let is_block = self.model.selection().is_some_and(|it| it.start.line < it.end.line);
        if self.lines() == LineMode::One {
        } else if is_out || is_block {
            if let Some(edit) = code_keys::moved(&*self.model, is_out, stop) {
                self.make(&edit);
            }
        } else {
            let at = self.model.cursor();
            let column = super::column(self.model.line(at.line), at.byte);
            self.put(&" ".repeat(stop - column % stop));
        }
    }

    /// What is selected.
    pub(crate) fn selected(&self) -> Option<String> {
        Some(code_keys::between(&*self.model, &self.model.selection()?))
    }

    /// Lays JSON, XML or HTML out anew, names staying what they are; tells whether that changed something.
    ///
    /// # Errors
    /// Why it cannot be laid out, in words.
    pub(crate) fn lay_out(&mut self) -> Result<bool, String> {
        if self.model.len() > LAID_OUT {
            return Err(format!("only up to {} MiB are laid out", LAID_OUT >> 20));
        }
        let text = self.model.text().into_owned();
        let mut new = match self.view.language {
            TextLanguage::Json => self.json_laid_out(&text)?,
            TextLanguage::Markup => markup_laid_out(&text)?,
            TextLanguage::Plain | TextLanguage::Form => {
                return Err("only JSON, XML and HTML are laid out".to_owned());
            }
        };
        if text.ends_with('\n') {
            new.push('\n');
        }
        if new == text {
            return Ok(false);
        }
        let seen = |text: &str| text.bytes().filter(|byte| !byte.is_ascii_whitespace()).count();
        let before = seen(text.split_at(self.model.byte_of(self.model.cursor())).0);
        let letters = new.bytes().enumerate().filter(|(_, byte)| !byte.is_ascii_whitespace());
        let caret = letters.map(|(at, _)| at).nth(before).unwrap_or(new.len());
        let end = self.model.place_of(text.len());
        let range = TextPlace::default()..end;
        self.changed = None;
        self.make(&CodeEdit { range, caret, text: new, selected: 0 });
        self.look_again();
        Ok(true)
    }

    fn json_laid_out(&self, text: &str) -> Result<String, String> {
        let bytes = masked(text, name_spans(text));
        if let Some((byte, why)) = flaw(&bytes) {
            let flaw = self.told(byte, why);
            return Err(format!("line {}, column {}: {}", flaw.line, flaw.column, flaw.why));
        }
        Ok(laid_out(text, &bytes))
    }

    /// Makes a change as one, and puts the cursor where it shall be.
    fn make(&mut self, edit: &CodeEdit) {
        let CodeEdit { range, text, caret, selected } = edit;
        self.go(false, |model| model.jump(range.start));
        if range.start != range.end {
            self.go(true, |model| model.jump(range.end));
        }
        self.make_room(text);
        let change = self.model.put(text, false);
        self.took(change);
        let start = self.model.byte_of(range.start) + caret;
        let (from, to) = (self.model.place_of(start), self.model.place_of(start + selected));
        self.go(false, |model| model.jump(from));
        if *selected > 0 {
            self.go(true, |model| model.jump(to));
        }
    }
}

/// XML or HTML with an element a line; nothing but white space changes.
fn markup_laid_out(text: &str) -> Result<String, String> {
    let mut new = markup::laid_out(text)?;
    new.truncate(new.trim_end().len());
    let seen = |text: &str| -> Vec<u8> {
        text.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect()
    };
    if seen(&new) == seen(text) {
        Ok(new)
    } else {
        Err("more than white space would change".to_owned())
    }
}
