//! Text fields: a thin layer over the text area widget for single lines, areas and input lines.
//!
//! Every text field of the program is an [`Editor`]; panes give it keys that no action took.

use std::borrow::Cow;
use std::fmt::Write as _;

use tui_textarea::{CursorMove, Input, Key as AreaKey, TextArea, WrapMode};
use unicode_width::UnicodeWidthChar;

use crate::codec::printable::{is_visible, printable_str};
use crate::model::key::{Key, KeyCode};

/// Largest paste taken into a field, in bytes; more is cut with a notice by the caller.
pub const PASTE_LIMIT: usize = 8 * 1024 * 1024;

/// Whether a field holds one line or many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineMode {
    One,
    Many,
}

/// Where the cursor of a field goes when the field gets the focus.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Caret {
    /// Where it is.
    Keep,
    /// Before the first character of its line.
    Start,
    /// Everything is selected, so that the next character replaces it.
    All,
    /// To a row and column, as far as the text reaches.
    At { row: usize, column: usize },
}

/// A text field with cursor, selection and undo.
#[derive(Debug, Clone)]
pub struct Editor {
    area: TextArea<'static>,
    lines: LineMode,
    /// Text that must not be shown as it is was put in (a preset or a message may hold anything).
    has_hidden: bool,
}

impl Editor {
    /// A field holding `text`, the cursor at its end (one line) or start (many).
    pub fn new(text: &str, lines: LineMode) -> Self {
        let content: Vec<String> = match lines {
            LineMode::One => vec![text.replace(['\n', '\r'], " ")],
            LineMode::Many => text.split('\n').map(str::to_owned).collect(),
        };
        let mut area = TextArea::new(content);
        area.set_max_histories(200);
        area.set_cursor_line_style(ratatui::style::Style::default());
        match lines {
            LineMode::One => area.move_cursor(CursorMove::End),
            LineMode::Many => area.set_wrap_mode(WrapMode::Glyph),
        }
        Editor { area, lines, has_hidden: text.chars().any(is_hidden) }
    }

    /// The same field, its characters shown as dots.
    #[must_use]
    pub fn masked(mut self) -> Self {
        self.area.set_mask_char('•');
        self
    }

    /// What was typed, lines joined with LF, hidden characters as they are.
    pub fn text(&self) -> String {
        self.area.lines().join("\n")
    }

    /// Whether nothing is typed.
    pub fn is_empty(&self) -> bool {
        self.area.is_empty()
    }

    /// Whether it holds one line or many.
    pub fn lines(&self) -> LineMode {
        self.lines
    }

    /// The widget holding the text as it is.
    pub fn area(&self) -> &TextArea<'static> {
        &self.area
    }

    /// The widget as it may be drawn: a terminal must not get what controls it or hides, and the
    /// widget would leave some of it out without a word. The text itself stays what it is.
    pub fn shown(&self) -> Cow<'_, TextArea<'static>> {
        if !self.has_hidden || self.area.mask_char().is_some() {
            return Cow::Borrowed(&self.area);
        }
        let lines: Vec<Cow<'_, str>> =
            self.area.lines().iter().map(|line| printable_str(line)).collect();
        let mut shown = self.area.clone();
        shown.set_max_histories(0);
        shown.select_all();
        shown.insert_str(lines.join("\n"));
        shown.cancel_selection();
        let to = |place: (usize, usize)| {
            let before = self.area.lines().get(place.0).map(|line| {
                let before: String = line.chars().take(place.1).collect();
                printable_str(&before).chars().count()
            });
            CursorMove::Jump(cell(place.0), cell(before.unwrap_or_default()))
        };
        if let Some((start, end)) = self.area.selection_range() {
            let (fixed, moving) = if self.cursor() == start { (end, start) } else { (start, end) };
            shown.move_cursor(to(fixed));
            shown.start_selection();
            shown.move_cursor(to(moving));
        } else {
            shown.move_cursor(to(self.cursor()));
        }
        Cow::Owned(shown)
    }

    /// Row and column of the cursor, in characters.
    pub fn cursor(&self) -> (usize, usize) {
        let cursor = self.area.cursor();
        (cursor.0, cursor.1)
    }

    /// Puts the cursor at a character position, as far as the text reaches.
    pub fn place(&mut self, row: usize, column: usize) {
        self.area.move_cursor(CursorMove::Jump(cell(row), cell(column)));
    }

    /// Puts the cursor where it shall be in a field that got the focus.
    pub fn move_to(&mut self, caret: Caret) {
        match caret {
            Caret::Keep => {}
            Caret::Start => drop(self.key(Key::new(KeyCode::Home))),
            Caret::All if self.is_empty() => {}
            Caret::All => self.area.select_all(),
            Caret::At { row, column } => self.place(row, column),
        }
    }

    /// Whether the cursor is on the first line (`Up` leaves the field there).
    pub fn at_top(&self) -> bool {
        self.cursor().0 == 0
    }

    /// Whether the cursor is on the last line.
    pub fn at_bottom(&self) -> bool {
        self.cursor().0 + 1 >= self.area.lines().len()
    }

    /// Whether the cursor is before the first character.
    pub fn at_start(&self) -> bool {
        self.cursor() == (0, 0)
    }

    /// Whether the cursor is after the last character.
    pub fn at_end(&self) -> bool {
        let (row, column) = self.cursor();
        let lines = self.area.lines();
        row + 1 == lines.len() && lines.last().is_some_and(|line| column >= line.chars().count())
    }

    /// Gives the field a key; tells whether the text changed.
    pub fn key(&mut self, key: Key) -> bool {
        if self.lines == LineMode::One && matches!(key.code, KeyCode::Enter | KeyCode::Tab) {
            return false;
        }
        let before_len = self.area.lines().len();
        self.has_hidden |= matches!(key.code, KeyCode::Char(c) if is_hidden(c));
        let changed = match (key.code, key.ctrl, key.alt) {
            // As in a shell; the widget would undo.
            (KeyCode::Char('u'), true, false) => self.area.delete_line_by_head(),
            (KeyCode::Char('z'), false, true) => self.area.undo(),
            (KeyCode::Char('Z'), false, true) => self.area.redo(),
            _ => self.area.input(input(key)),
        };
        if self.lines == LineMode::One && self.area.lines().len() > before_len {
            *self = Editor::new(&self.text(), LineMode::One);
        }
        changed
    }

    /// Inserts text at the cursor. Line breaks become spaces in a single line; control characters
    /// other than line breaks and tabs become `\xNN`, so nothing invisible slips in. Tells how
    /// many were rewritten.
    pub fn insert(&mut self, text: &str) -> usize {
        let mut rewritten = 0;
        let mut clean = String::with_capacity(text.len());
        let unix = text.replace("\r\n", "\n").replace('\r', "\n");
        for c in unix.chars() {
            match c {
                '\n' if self.lines == LineMode::One => clean.push(' '),
                '\n' | '\t' => clean.push(c),
                c if c.is_control() => {
                    rewritten += 1;
                    let _ = write!(clean, "\\x{:02x}", u32::from(c));
                }
                c => clean.push(c),
            }
        }
        let clean = if self.lines == LineMode::One { clean.trim_end() } else { clean.as_str() };
        self.has_hidden |= clean.chars().any(is_hidden);
        self.area.insert_str(clean);
        rewritten
    }

    /// Inserts a line break, in fields of many lines.
    pub fn new_line(&mut self) {
        if self.lines == LineMode::Many {
            self.area.insert_newline();
        }
    }

    /// Moves the visible part, down when positive; the cursor follows into it.
    pub fn scroll(&mut self, rows: i16) {
        self.area.scroll((rows, 0));
    }
}

/// Whether a character needs a substitute on the screen. The widget shows tabs itself; marks that
/// take no cell may be too many.
fn is_hidden(c: char) -> bool {
    c != '\t' && c != '\n' && (!is_visible(c) || c.width() == Some(0))
}

fn cell(n: usize) -> u16 {
    u16::try_from(n).unwrap_or(u16::MAX)
}

fn input(key: Key) -> Input {
    let code = match key.code {
        KeyCode::Char(c) => AreaKey::Char(c),
        KeyCode::F(n) => AreaKey::F(n),
        KeyCode::Enter => AreaKey::Enter,
        KeyCode::Tab => AreaKey::Tab,
        KeyCode::Backspace => AreaKey::Backspace,
        KeyCode::Delete => AreaKey::Delete,
        KeyCode::Insert => AreaKey::Null,
        KeyCode::Esc => AreaKey::Esc,
        KeyCode::Up => AreaKey::Up,
        KeyCode::Down => AreaKey::Down,
        KeyCode::Left => AreaKey::Left,
        KeyCode::Right => AreaKey::Right,
        KeyCode::Home => AreaKey::Home,
        KeyCode::End => AreaKey::End,
        KeyCode::PageUp => AreaKey::PageUp,
        KeyCode::PageDown => AreaKey::PageDown,
    };
    Input { key: code, ctrl: key.ctrl, alt: key.alt, shift: key.shift }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_single_line_stays_one() {
        let mut editor = Editor::new("a\nb", LineMode::One);
        assert_eq!(editor.text(), "a b");
        editor.key(Key::new(KeyCode::Enter));
        editor.key("<C-m>".parse().unwrap());
        editor.insert("c\r\nd");
        assert!(!editor.text().contains('\n'), "{:?}", editor.text());
    }

    #[test]
    fn pasted_control_characters_become_visible() {
        let mut editor = Editor::new("", LineMode::Many);
        assert_eq!(editor.insert("a\x1b[2Jb\n"), 1);
        assert_eq!(editor.text(), "a\\x1b[2Jb\n");
    }

    #[test]
    fn hidden_characters_are_drawn_visibly_and_kept() {
        let text = "a\u{1b}[2J\u{202e}b\nc\td";
        let mut editor = Editor::new(text, LineMode::Many);
        editor.place(0, 6);
        let shown = editor.shown();
        assert_eq!(shown.lines(), [r"a\e[2J‹U+202E›b", r"c\td"]);
        assert_eq!((shown.cursor().0, shown.cursor().1), (0, 14), "before the b");
        assert_eq!(editor.text(), text);
        editor.key("<S-Right>".parse().unwrap());
        assert_eq!(editor.shown().selection_range(), Some(((0, 14), (0, 15))));
    }

    #[test]
    fn what_is_typed_is_looked_at_too() {
        let mut editor = Editor::new("a", LineMode::One);
        assert!(matches!(editor.shown(), Cow::Borrowed(_)));
        editor.key(Key::new(KeyCode::Char('\u{200b}')));
        assert_eq!(editor.shown().lines(), ["a‹U+200B›"]);
        let mut editor = Editor::new("", LineMode::One);
        editor.insert("\u{202e}x");
        assert_eq!(editor.shown().lines(), ["‹U+202E›x"]);
    }

    #[test]
    fn a_line_is_cleared_with_ctrl_u_and_comes_back_with_alt_z() {
        let mut editor = Editor::new("abc", LineMode::One);
        assert!(editor.key("<C-u>".parse().unwrap()) && editor.is_empty());
        assert!(editor.key("<A-z>".parse().unwrap()));
        assert_eq!(editor.text(), "abc");
    }

    #[test]
    fn edges_are_known() {
        let mut editor = Editor::new("ab", LineMode::One);
        assert!(editor.at_end() && !editor.at_start() && editor.at_top() && editor.at_bottom());
        editor.key(Key::new(KeyCode::Home));
        assert!(editor.at_start());
    }
}
