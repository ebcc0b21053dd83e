//! Bytes from the terminal to inputs: keys, pastes, mouse, and answers to our one query.
//!
//! Called by `input` with whatever one read returned. A sequence may be split anywhere; what is
//! incomplete waits in `pending` until more comes or the caller says that the time is up. A
//! sequence we do not know is swallowed whole, so it never turns into typed text. The paste buffer
//! is bounded; what does not fit is counted, not kept.

use std::time::Duration;

use crate::app::message::Input;
use crate::model::key::{Key, KeyCode};

use super::sequence::{self, Sequence};

/// Longest paste handed on; more than anybody types, less than hurts.
pub(super) const PASTE_LIMIT: usize = 4 * 1024 * 1024;
/// A longer unfinished sequence is not one of a terminal's.
const SEQUENCE_LIMIT: usize = 4096;
/// How long a lone Escape may be the start of a sequence. Terminals write a sequence at once, so
/// only a buffer's edge can cut it.
const ESCAPE_WAIT: Duration = Duration::from_millis(5);
/// How long an unfinished longer sequence is waited for.
const SEQUENCE_WAIT: Duration = Duration::from_millis(100);

const PASTE_END: &[u8] = b"\x1b[201~";

/// What came from the terminal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Decoded {
    Input(Input),
    /// The terminal speaks the kitty keyboard protocol.
    KittyKeyboard,
    /// A paste was longer than [`PASTE_LIMIT`]; this many bytes were left out.
    PasteCut(usize),
}

/// Holds what is incomplete between reads.
#[derive(Debug, Default)]
pub(super) struct InputDecoder {
    pending: Vec<u8>,
    paste: Option<Paste>,
}

#[derive(Debug, Default)]
struct Paste {
    bytes: Vec<u8>,
    cut: usize,
}

/// Outcome of looking at the front of the pending bytes.
enum Step {
    Took(usize, Option<Decoded>),
    PasteStarts(usize),
    Incomplete,
}

impl InputDecoder {
    /// Takes what one read returned and appends what it means.
    pub(super) fn feed(&mut self, bytes: &[u8], out: &mut Vec<Decoded>) {
        self.pending.extend_from_slice(bytes);
        let mut at = 0;
        while at < self.pending.len() {
            if self.paste.is_some() {
                match self.paste_step(at, out) {
                    Some(taken) => at += taken,
                    None => break,
                }
                continue;
            }
            let rest = self.pending.get(at..).unwrap_or_default();
            match step(rest) {
                Step::Took(taken, decoded) => {
                    out.extend(decoded);
                    at += taken;
                }
                Step::PasteStarts(taken) => {
                    self.paste = Some(Paste::default());
                    at += taken;
                }
                Step::Incomplete if rest.len() > SEQUENCE_LIMIT => at = self.pending.len(),
                Step::Incomplete => break,
            }
        }
        self.pending.drain(..at.min(self.pending.len()));
    }

    /// How long the incomplete rest may wait for more; `None` when nothing is incomplete. A paste
    /// may take as long as it takes.
    pub(super) fn wait(&self) -> Option<Duration> {
        match self.pending.as_slice() {
            _ if self.paste.is_some() => None,
            [] => None,
            [0x1b] => Some(ESCAPE_WAIT),
            _ => Some(SEQUENCE_WAIT),
        }
    }

    /// The time is up: a lone Escape was the key, Escape and one character were Alt and a key,
    /// anything else was noise.
    pub(super) fn expire(&mut self, out: &mut Vec<Decoded>) {
        if self.paste.is_some() {
            return;
        }
        match self.pending.as_slice() {
            [0x1b] => out.push(Decoded::Input(Input::Key(Key::new(KeyCode::Esc)))),
            [0x1b, byte @ (b'[' | b']' | b'O' | b'P' | b'_' | b'^' | b'X')] => {
                let key = Key { alt: true, ..Key::char(char::from(*byte)) };
                out.push(Decoded::Input(Input::Key(key)));
            }
            _ => {}
        }
        self.pending.clear();
    }

    /// Consumes paste bytes from `at`; `None` when the rest may be the start of the end mark.
    fn paste_step(&mut self, at: usize, out: &mut Vec<Decoded>) -> Option<usize> {
        let rest = self.pending.get(at..).unwrap_or_default();
        let paste = self.paste.as_mut()?;
        if let Some(end) = memchr::memmem::find(rest, PASTE_END) {
            paste.keep(rest.get(..end).unwrap_or_default());
            let paste = self.paste.take().unwrap_or_default();
            out.push(Decoded::Input(Input::Paste(paste.text())));
            if paste.cut > 0 {
                out.push(Decoded::PasteCut(paste.cut));
            }
            return Some(end + PASTE_END.len());
        }
        let held = (1..PASTE_END.len())
            .rev()
            .find(|held| rest.ends_with(PASTE_END.get(..*held).unwrap_or_default()))
            .unwrap_or(0);
        let taken = rest.len() - held;
        paste.keep(rest.get(..taken).unwrap_or_default());
        (taken > 0).then_some(taken)
    }
}

impl Paste {
    fn keep(&mut self, bytes: &[u8]) {
        let room = PASTE_LIMIT.saturating_sub(self.bytes.len()).min(bytes.len());
        self.bytes.extend_from_slice(bytes.get(..room).unwrap_or_default());
        self.cut += bytes.len() - room;
    }

    /// Terminals send a line's end as CR; text has LF.
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).replace("\r\n", "\n").replace('\r', "\n")
    }
}

fn key(taken: usize, key: Key) -> Step {
    Step::Took(taken, Some(Decoded::Input(Input::Key(key))))
}

fn step(bytes: &[u8]) -> Step {
    match bytes {
        [] | [0x1b] => Step::Incomplete,
        [0x1b, 0x1b, ..] => key(1, Key::new(KeyCode::Esc)),
        [0x1b, b'[', rest @ ..] => control_sequence(rest),
        [0x1b, b'O', rest @ ..] => single_shift(rest),
        [0x1b, b']' | b'P' | b'_' | b'^' | b'X', rest @ ..] => string_end(rest),
        [0x1b, rest @ ..] => match plain(rest) {
            Some((taken, Some(plain))) => key(taken + 1, Key { alt: true, ..plain }),
            Some((taken, None)) => Step::Took(taken + 1, None),
            None => Step::Incomplete,
        },
        _ => match plain(bytes) {
            Some((taken, Some(plain))) => key(taken, plain),
            Some((taken, None)) => Step::Took(taken, None),
            None => Step::Incomplete,
        },
    }
}

/// A key that is one character or control byte. `None` = more bytes are needed.
fn plain(bytes: &[u8]) -> Option<(usize, Option<Key>)> {
    let first = *bytes.first()?;
    if let Some(control) = control_byte(first) {
        return Some((1, Some(control)));
    }
    let width = match first {
        0x20..=0x7e => 1,
        0xc2..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0..=0xf4 => 4,
        _ => return Some((1, None)),
    };
    let available = bytes.get(..width.min(bytes.len())).unwrap_or_default();
    match std::str::from_utf8(available) {
        Ok(text) => Some((width, text.chars().next().map(Key::char))),
        Err(error) if error.error_len().is_none() => None,
        Err(error) => Some((error.valid_up_to() + error.error_len().unwrap_or(1), None)),
    }
}

fn control_byte(byte: u8) -> Option<Key> {
    let key = match byte {
        b'\r' | b'\n' => Key::new(KeyCode::Enter),
        b'\t' => Key::new(KeyCode::Tab),
        0x7f | 0x08 => Key::new(KeyCode::Backspace),
        0 => Key::ctrl(' '),
        1..=0x1a => Key::ctrl(char::from(byte - 1 + b'a')),
        0x1c..=0x1f => Key::ctrl(char::from(byte - 0x1c + b'\\')),
        _ => return None,
    };
    Some(key)
}

fn single_shift(rest: &[u8]) -> Step {
    let Some(last) = rest.first() else { return Step::Incomplete };
    match sequence::letter(*last, Key::new(KeyCode::Esc)) {
        Some(found) => key(3, found),
        None if *last == b'M' => key(3, Key::new(KeyCode::Enter)),
        None => Step::Took(3, None),
    }
}

/// Swallows an OSC, DCS or APC answer up to its end.
fn string_end(rest: &[u8]) -> Step {
    let bell = memchr::memchr(0x07, rest).map(|at| at + 1);
    let terminator = memchr::memmem::find(rest, b"\x1b\\").map(|at| at + 2);
    match (bell, terminator) {
        (Some(a), Some(b)) => Step::Took(a.min(b) + 2, None),
        (Some(a), None) | (None, Some(a)) => Step::Took(a + 2, None),
        (None, None) => Step::Incomplete,
    }
}

/// `rest` follows `ESC [`.
fn control_sequence(rest: &[u8]) -> Step {
    match rest {
        // The Linux console's F1 to F5.
        [b'[', last, ..] => Step::Took(4, sequence::console_key(*last).map(into_decoded)),
        // Mouse reports of terminals without the SGR form: three bytes follow.
        [b'M', button, column, row, ..] => {
            let report = sequence::old_mouse(*button, *column, *row);
            Step::Took(6, report.map(|mouse| Decoded::Input(Input::Mouse(mouse))))
        }
        [b'['] | [b'M', ..] => Step::Incomplete,
        _ => {
            let end = rest.iter().position(|byte| !(0x20..=0x3f).contains(byte));
            let Some(end) = end else { return Step::Incomplete };
            let (body, last) = (rest.get(..end).unwrap_or_default(), rest.get(end).copied());
            // A control byte or non-ASCII inside: not a sequence, drop what came before it.
            let Some(last @ 0x40..=0x7e) = last else { return Step::Took(end + 2, None) };
            let taken = end + 3;
            match sequence::control(body, last) {
                Sequence::Key(found) => key(taken, found),
                Sequence::Mouse(mouse) => {
                    Step::Took(taken, Some(Decoded::Input(Input::Mouse(mouse))))
                }
                Sequence::PasteStart => Step::PasteStarts(taken),
                Sequence::KittyAnswer => Step::Took(taken, Some(Decoded::KittyKeyboard)),
                Sequence::Ignored => Step::Took(taken, None),
            }
        }
    }
}

fn into_decoded(key: Key) -> Decoded {
    Decoded::Input(Input::Key(key))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::message::{Mouse, MouseKind};
    use proptest::prelude::*;

    fn decode(bytes: &[u8]) -> Vec<Decoded> {
        let mut decoder = InputDecoder::default();
        let mut out = Vec::new();
        decoder.feed(bytes, &mut out);
        decoder.expire(&mut out);
        out
    }

    fn keys(bytes: &[u8]) -> String {
        decode(bytes)
            .into_iter()
            .map(|decoded| match decoded {
                Decoded::Input(Input::Key(key)) => key.to_string(),
                other => format!("{other:?}"),
            })
            .collect()
    }

    #[test]
    fn plain_and_control_bytes_are_keys() {
        assert_eq!(keys(b"aG\xc3\xa9\xf0\x9f\x98\x80"), "aGé😀");
        assert_eq!(keys(b"\r\t\x7f\x08\x03\x1f"), "<Enter><Tab><Backspace><Backspace><C-c><C-_>");
        assert_eq!(keys(b"\0"), "<C-Space>");
    }

    #[test]
    fn escape_alone_is_the_key_and_with_a_letter_is_alt() {
        assert_eq!(keys(b"\x1b"), "<Esc>");
        assert_eq!(keys(b"\x1bx\x1b\r\x1b["), "<A-x><A-Enter><A-[>");
        assert_eq!(keys(b"\x1b\x1b"), "<Esc><Esc>");
    }

    #[test]
    fn function_and_cursor_keys_in_all_their_spellings() {
        assert_eq!(keys(b"\x1b[A\x1bOA\x1b[1;5C\x1b[Z"), "<Up><Up><C-Right><S-Tab>");
        assert_eq!(keys(b"\x1bOP\x1b[11~\x1b[[A\x1b[15~\x1b[24;2~"), "<F1><F1><F1><F5><S-F12>");
        assert_eq!(
            keys(b"\x1b[H\x1b[1~\x1b[5~\x1b[6;5~\x1b[3~"),
            "<Home><Home><PgUp><C-PgDn><Del>"
        );
    }

    #[test]
    fn modified_enter_comes_in_three_spellings() {
        assert_eq!(keys(b"\x1b[13;5u\x1b[27;5;13~\x1b\r"), "<C-Enter><C-Enter><A-Enter>");
        assert_eq!(keys(b"\x1b[13;2u"), "<S-Enter>");
    }

    #[test]
    fn kitty_keys_fold_shift_into_the_character_and_drop_releases() {
        assert_eq!(keys(b"\x1b[99;5u\x1b[27u\x1b[112;6u"), "<C-c><Esc><C-P>");
        assert_eq!(keys(b"\x1b[97;1:3u\x1b[97;1:2u"), "a");
        assert_eq!(decode(b"\x1b[?0u"), [Decoded::KittyKeyboard]);
    }

    #[test]
    fn mouse_reports_count_from_zero() {
        let mouse = |kind, column, row| Decoded::Input(Input::Mouse(Mouse { kind, column, row }));
        assert_eq!(
            decode(b"\x1b[<0;3;4M\x1b[<32;4;4M\x1b[<0;4;4m\x1b[<64;1;1M\x1b[<65;1;1M\x1b[<35;9;9M"),
            [
                mouse(MouseKind::Press, 2, 3),
                mouse(MouseKind::Drag, 3, 3),
                mouse(MouseKind::Release, 3, 3),
                mouse(MouseKind::ScrollUp, 0, 0),
                mouse(MouseKind::ScrollDown, 0, 0),
            ]
        );
    }

    #[test]
    fn a_paste_is_one_event_with_line_feeds() {
        assert_eq!(
            decode(b"\x1b[200~a\rb\r\nc\x1b[31m\x1b[201~x"),
            [
                Decoded::Input(Input::Paste("a\nb\nc\x1b[31m".into())),
                Decoded::Input(Input::Key(Key::char('x'))),
            ]
        );
    }

    #[test]
    fn a_paste_over_the_limit_is_cut_and_says_so() {
        let mut bytes = b"\x1b[200~".to_vec();
        bytes.resize(bytes.len() + PASTE_LIMIT + 7, b'a');
        bytes.extend_from_slice(PASTE_END);
        let decoded = decode(&bytes);
        assert!(
            matches!(&decoded[0], Decoded::Input(Input::Paste(text)) if text.len() == PASTE_LIMIT)
        );
        assert_eq!(decoded[1], Decoded::PasteCut(7));
    }

    #[test]
    fn answers_and_unknown_sequences_never_become_typed_text() {
        assert_eq!(keys(b"\x1b[?62;1c\x1b]11;rgb:00/00/00\x07\x1bP1$r0m\x1b\\\x1b[I\x1b[5n"), "");
        assert_eq!(keys(b"\x1b[?2026;2$y\x1b]11;rgb:0\x1b\\x"), "x");
    }

    proptest! {
        #![proptest_config(crate::property_tests::config())]

        #[test]
        fn any_split_means_the_same(bytes in proptest::collection::vec(
            prop_oneof![Just(0x1bu8), Just(b'['), Just(b'<'), Just(b'M'), Just(b'~'), 0x30u8..0x3a, any::<u8>()],
            0..60), cut in 0usize..60) {
            let cut = cut.min(bytes.len());
            let mut decoder = InputDecoder::default();
            let mut split = Vec::new();
            decoder.feed(&bytes[..cut], &mut split);
            decoder.feed(&bytes[cut..], &mut split);
            decoder.expire(&mut split);
            prop_assert_eq!(split, decode(&bytes));
        }
    }
}
