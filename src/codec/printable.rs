//! The choke point for text that reaches the terminal: any bytes become visible text.
//!
//! Called by every widget, every line of headless output, titles, logs and error texts. The result
//! holds no C0, DEL or C1 control, no bidirectional control, no zero-width or otherwise invisible
//! character but joiners between what they join (`codec::joiners`), and no pile of combining marks; each of them is shown as a visible substitute, none
//! is dropped. Controls and bytes that are no UTF-8 are written as in the payload language, in
//! letters every font has:
//!
//! ```text
//! CR LF -> \r\n   tab -> \t   ESC -> \e   NUL -> \0   DEL -> \x7f   U+202E -> ‹U+202E›   byte ff -> \xff
//! ```
//! A backslash in the text stays one backslash, so `a\n` may be three characters of the data or two.
//! The screen tells them apart by style: [`marked`] knows which letters are substitutes. Plain text
//! (headless output, logs, the clipboard) does not; there JSON Lines or hex are exact. Doubling the
//! backslash would spoil every path and every JSON string for the sake of a rare byte.

use std::borrow::Cow;
use std::fmt::Write;
use std::ops::Range;

use unicode_width::UnicodeWidthChar;

use super::joiners;

/// Combining marks kept on one base character; more would grow into neighbouring rows.
pub(crate) const MARKS_PER_BASE: u8 = 3;

/// The letters that stand for a control in the payload language, those everybody knows first.
pub(super) const LETTERS: [(char, u8); 9] = [
    ('r', b'\r'),
    ('n', b'\n'),
    ('t', b'\t'),
    ('0', 0),
    ('e', 0x1b),
    ('a', 0x07),
    ('b', 0x08),
    ('f', 0x0c),
    ('v', 0x0b),
];

/// Any bytes as one line of visible text.
#[must_use]
pub fn printable(bytes: &[u8]) -> String {
    marked(bytes).text
}

/// Visible text, and which parts of it stand for something that cannot be shown.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Marked {
    pub text: String,
    /// Ranges of `text`, in order, neighbours joined.
    substitutes: Vec<Range<usize>>,
}

impl Marked {
    /// The text in pieces; `true` = a substitute, `false` = as it is in the data.
    pub fn pieces(&self) -> impl Iterator<Item = (&str, bool)> {
        let ends = self.substitutes.iter().map(|range| range.end).chain([self.text.len()]);
        let starts = std::iter::once(0).chain(self.substitutes.iter().map(|range| range.end));
        starts
            .zip(ends)
            .enumerate()
            .flat_map(|(at, (start, end))| {
                let middle = self.substitutes.get(at).map_or(end, |range| range.start);
                [(start..middle, false), (middle..end, true)]
            })
            .filter_map(|(range, is_substitute)| Some((self.text.get(range)?, is_substitute)))
            .filter(|(piece, _)| !piece.is_empty())
    }
}

impl From<&str> for Marked {
    fn from(text: &str) -> Self {
        marked(text.as_bytes())
    }
}

impl From<String> for Marked {
    fn from(text: String) -> Self {
        marked(text.as_bytes())
    }
}

/// Any bytes as one line of visible text that remembers which letters are substitutes.
#[must_use]
pub fn marked(bytes: &[u8]) -> Marked {
    let mut out = VisibleText::new(bytes.len());
    out.bytes(bytes);
    out.shown
}

/// Cells of what stands for a C0 control or DEL.
#[must_use]
pub(crate) fn control_cells(control: char) -> usize {
    if short_escape(control).is_some() { 2 } else { 4 }
}

/// Text as one line of visible text; borrowed when there is nothing to change.
#[must_use]
pub fn printable_str(text: &str) -> Cow<'_, str> {
    if is_plain(text) {
        return Cow::Borrowed(text);
    }
    let mut out = VisibleText::new(text.len());
    out.str(text);
    if out.shown.text == text { Cow::Borrowed(text) } else { Cow::Owned(out.shown.text) }
}

/// Whether the bytes are text that does to a terminal nothing but what text does: lines and tabs.
#[must_use]
pub(crate) fn is_harmless(bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else { return false };
    let text = text.replace("\r\n", "\n").replace('\t', " ");
    printable_lines(text.as_bytes()) == text
}

/// Any bytes as lines of visible text: `\n` is kept and `\r\n` becomes `\n`.
#[must_use]
pub fn printable_lines(bytes: &[u8]) -> String {
    let mut out = VisibleText::new(bytes.len());
    let mut rest = bytes;
    while let Some(at) = memchr::memchr(b'\n', rest) {
        let line = &rest[..at];
        out.bytes(line.strip_suffix(b"\r").unwrap_or(line));
        out.newline();
        rest = &rest[at + 1..];
    }
    out.bytes(rest);
    out.shown.text
}

/// Whether a character may be shown as it is wherever it stands, leaving combining marks aside.
///
/// False for controls, bidirectional and other format characters, invisible fillers, variation
/// selectors, private-use characters (icon fonts draw anything there) and non-characters.
#[must_use]
pub fn is_visible(c: char) -> bool {
    let code = c as u32;
    if code < 0x7f {
        return code >= 0x20;
    }
    if code < 0xa0 {
        return false;
    }
    let hidden = matches!(code,
        0xad | 0x34f | 0x600..=0x605 | 0x61c | 0x6dd | 0x70f | 0x890..=0x891 | 0x8e2
        | 0x115f..=0x1160 | 0x17b4..=0x17b5 | 0x180b..=0x180f | 0x200b..=0x200f
        | 0x2028..=0x202e | 0x2060..=0x206f | 0x3164 | 0xe000..=0xf8ff | 0xfdd0..=0xfdef
        | 0xfe00..=0xfe0f | 0xfeff | 0xffa0 | 0xfff0..=0xfffb | 0x110bd | 0x110cd
        | 0x13430..=0x1343f | 0x1bca0..=0x1bca3 | 0x1d173..=0x1d17a | 0xe0000..=0xe0fff
        | 0xf0000..=0x0010_ffff);
    !hidden && code & 0xfffe != 0xfffe
}

/// The visible substitute of a character that must not be shown as it is.
fn substitute(c: char, out: &mut String) {
    let _ = match short_escape(c) {
        Some(letter) => write!(out, "\\{letter}"),
        None if c.is_ascii_control() => write!(out, "\\x{:02x}", c as u32),
        None => write!(out, "‹U+{:04X}›", c as u32),
    };
}

/// The letter a control has in the payload language.
fn short_escape(control: char) -> Option<char> {
    let known = LETTERS.iter().find(|(_, byte)| char::from(*byte) == control);
    known.map(|(letter, _)| *letter)
}

fn is_plain(text: &str) -> bool {
    text.bytes().all(|b| (0x20..0x7f).contains(&b))
}

/// Collects the visible text; knows how many combining marks the last base has, so that a mark
/// at the very start never attaches to what the screen drew before it.
struct VisibleText {
    shown: Marked,
    /// Marks the next combining mark would add to; `None` = there is no base to attach to.
    marks: Option<u8>,
}

impl VisibleText {
    fn new(capacity: usize) -> Self {
        let text = String::with_capacity(capacity);
        VisibleText { shown: Marked { text, substitutes: Vec::new() }, marks: None }
    }

    fn bytes(&mut self, bytes: &[u8]) {
        for chunk in bytes.utf8_chunks() {
            self.str(chunk.valid());
            for byte in chunk.invalid() {
                self.substitute(|text| {
                    let _ = write!(text, "\\x{byte:02x}");
                });
            }
        }
    }

    fn str(&mut self, text: &str) {
        if is_plain(text) {
            self.shown.text.push_str(text);
            self.marks = text.chars().next_back().map_or(self.marks, |_| Some(0));
            return;
        }
        let mut rest = text;
        while let Some(c) = rest.chars().next() {
            let unit = joiners::unit(rest);
            let length = unit.map_or(c.len_utf8(), str::len);
            match unit {
                Some(unit) => {
                    self.shown.text.push_str(unit);
                    self.marks = Some(0);
                }
                None => self.char(c),
            }
            rest = rest.split_at(length).1;
        }
    }

    fn char(&mut self, c: char) {
        let marks = match self.marks {
            _ if !is_visible(c) => None,
            _ if c.width() > Some(0) => Some(0),
            count => count.filter(|count| *count < MARKS_PER_BASE).map(|count| count + 1),
        };
        if marks.is_none() {
            return self.substitute(|text| substitute(c, text));
        }
        self.shown.text.push(c);
        self.marks = marks;
    }

    /// Writes what stands for something else, which no mark attaches to.
    fn substitute(&mut self, write: impl FnOnce(&mut String)) {
        let Marked { text, substitutes } = &mut self.shown;
        let start = text.len();
        write(text);
        self.marks = None;
        match substitutes.last_mut().filter(|last| last.end == start) {
            Some(last) => last.end = text.len(),
            None => substitutes.push(start..text.len()),
        }
    }

    fn newline(&mut self) {
        self.shown.text.push('\n');
        self.marks = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn control_characters_become_the_escapes_of_the_payload_language() {
        assert_eq!(printable(b"\x1b[31m\0\x07\x7f\x01"), r"\e[31m\0\a\x7f\x01");
        assert_eq!(printable(b"a\tb\x0b\x0c\x08\r\n"), r"a\tb\v\f\b\r\n");
        for control in (0..0x20_u8).chain([0x7f]) {
            let shown = printable(&[control]);
            assert_eq!(super::super::escape::unescape(&shown).unwrap(), [control], "{shown}");
            assert_eq!(shown.len(), control_cells(char::from(control)));
        }
    }

    #[test]
    fn a_backslash_of_the_data_is_told_from_a_substitute() {
        let shown = marked(b"a\\n\r\n\xffz\0");
        assert_eq!(shown.text, r"a\n\r\n\xffz\0");
        let pieces: Vec<(&str, bool)> = shown.pieces().collect();
        let expected = [(r"a\n", false), (r"\r\n\xff", true), ("z", false), (r"\0", true)];
        assert_eq!(pieces, expected);
        assert_eq!(marked(b"").pieces().count(), 0);
        assert_eq!(marked(b"\n").pieces().collect::<Vec<_>>(), [(r"\n", true)]);
    }

    #[test]
    fn c1_controls_are_escaped_both_as_characters_and_as_bytes() {
        assert_eq!(printable("\u{9b}31m".as_bytes()), "‹U+009B›31m");
        assert_eq!(printable(b"\x9b31m"), "\\x9b31m");
    }

    #[test]
    fn bidi_zero_width_and_private_characters_are_named() {
        assert_eq!(printable_str("a\u{202e}b\u{200b}c\u{e000}"), "a‹U+202E›b‹U+200B›c‹U+E000›");
        assert_eq!(printable_str("\u{feff}x\u{2066}\u{e0041}"), "‹U+FEFF›x‹U+2066›‹U+E0041›");
    }

    #[test]
    fn ordinary_text_of_any_script_is_untouched() {
        let text = "Grüße, Ελλάδα, 日本語, שלום, e\u{301}, 🎈";
        assert!(matches!(printable_str(text), Cow::Borrowed(same) if same == text));
    }

    #[test]
    fn combining_marks_are_limited_and_never_lead() {
        assert_eq!(printable_str("\u{301}a"), "‹U+0301›a");
        let pile = format!("a{}", "\u{301}".repeat(9));
        assert_eq!(printable_str(&pile).matches('\u{301}').count(), 3);
    }

    #[test]
    fn lines_keep_newlines_and_nothing_else() {
        assert_eq!(printable_lines(b"a\r\nb\nc\rd\x1b"), "a\nb\nc\\rd\\e");
        assert_eq!(printable_lines(b""), "");
    }

    /// Whether all that is invisible are joiners, none of them alone: read without the rules.
    fn is_bare(text: &str) -> bool {
        let chars: Vec<char> = text.chars().collect();
        let letter = |c: Option<&char>| c.is_some_and(|c| !c.is_ascii() && is_visible(*c));
        let joiner = |c: Option<&char>| c.is_some_and(|c| matches!(c, '\u{200c}' | '\u{200d}'));
        (0..chars.len()).all(|at| match chars[at] {
            '\u{200c}' | '\u{200d}' => {
                let before = at.checked_sub(1).and_then(|at| chars.get(at));
                let (after, selected) = (chars.get(at + 1), before == Some(&'\u{fe0f}'));
                let is_alone = !letter(before) && !letter(after) && !selected;
                at > 0 && !is_alone && !joiner(before) && !joiner(after)
            }
            '\u{fe0f}' => at > 0 && is_visible(chars[at - 1]) && chars[at - 1] != ' ',
            c => is_visible(c),
        })
    }

    /// Joiners among what they join, what they do not, and each other.
    const JOINED: &str = "([👩👨❤☠🏳🌈1a #🏻\u{1f3fd}]|[\u{200d}\u{200c}\u{fe0f}\u{20e3}]|\
        [یخاאه»(]|[क\u{94d}षශ\u{dca}ന\u{d4d}ര\u{9cd}যত]|\u{301}|\u{202e}|\u{e0067}){0,24}";

    proptest! {
        #![proptest_config(crate::property_tests::config())]

        #[test]
        fn a_joiner_is_only_between_what_it_joins(text in JOINED, cut in 0usize..60) {
            let shown = printable_str(&text);
            prop_assert!(is_bare(&shown), "{text:?} {shown:?}");
            prop_assert_eq!(printable_str(&shown), &*shown);
            let cut = cut.min(text.len());
            prop_assert!(is_bare(&printable(&text.as_bytes()[..cut])));
        }
    }

    #[test]
    fn text_cut_inside_a_character_shows_its_bytes() {
        assert_eq!(printable(&"aé".as_bytes()[..2]), "a\\xc3");
    }

    proptest! {
        #![proptest_config(crate::property_tests::config())]

        #[test]
        fn no_invisible_character_ever_gets_through(bytes: Vec<u8>, text: String) {
            for shown in [printable(&bytes), printable_str(&text).into_owned()] {
                prop_assert!(is_bare(&shown), "{shown:?}");
            }
            prop_assert!(is_bare(&printable_lines(&bytes).replace('\n', "")));
        }

        #[test]
        fn the_pieces_are_the_text_and_what_is_no_substitute_is_data(bytes: Vec<u8>) {
            let shown = marked(&bytes);
            prop_assert_eq!(&shown.text, &printable(&bytes));
            let joined: String = shown.pieces().map(|(piece, _)| piece).collect();
            prop_assert_eq!(&joined, &shown.text);
            let plain: String =
                shown.pieces().filter(|(_, sub)| !sub).map(|(piece, _)| piece).collect();
            let kept: String = String::from_utf8_lossy(&bytes).chars().filter(|c| {
                is_visible(*c) && *c != char::REPLACEMENT_CHARACTER && c.width() > Some(0)
            }).collect();
            let plain: String = plain.chars().filter(|c| {
                *c != char::REPLACEMENT_CHARACTER && c.width() > Some(0)
            }).collect();
            prop_assert_eq!(plain, kept);
        }

        #[test]
        fn printing_twice_changes_nothing(bytes: Vec<u8>) {
            let once = printable(&bytes);
            prop_assert_eq!(printable_str(&once).into_owned(), once);
        }
    }
}
