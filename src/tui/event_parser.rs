//! Bytes of the terminal to what the application takes in: the one file that does so. What it has no
//! word for (key releases, other mouse buttons, media keys, the focus) is dropped.
//!
//! Fed by `event_reader` with whatever one read returned. A sequence may be cut anywhere; what is
//! incomplete waits in `pending` until more comes or its time is up, so no part of a sequence ever
//! becomes a typed key. A paste is bounded, and one that never ends is ended:
//!
//! ```text
//! Keys ──ESC[200~──► Paste ──ESC[201~──► Keys
//!                      └──silence, Ctrl+C──► DeadPaste ──ESC[201~, a key alone──► Keys
//! ```
//!
//! crossterm's own reader is not used. Tried in a pseudo terminal, its `EventStream` (0.29.0) fails
//! these of `event_parser_tests`:
//! - `an_arrow_cut_behind_its_escape_is_still_the_arrow`: it is Esc, `[` and `D`
//! - `a_tail_that_comes_late_is_still_its_sequence`: the text of a paste whose mark was cut is typed
//! - `a_paste_over_the_limit_is_cut_and_says_so`: it is kept, however long
//! - `a_paste_that_never_ends_is_ended_by_silence`: the read blocks the whole loop
//! - `a_paste_that_never_ends_is_ended_by_ctrl_c`
//! - `colours_the_terminal_tells_are_no_text`: OSC 11 is typed, mode 2031 swallows the keys behind it
//! - `answers_and_unknown_sequences_never_become_keys`
//! - `modified_enter_comes_in_three_spellings`: xterm's is lost
//!
//! And from a terminal that was hung up it reads for ever, without waiting.

use std::time::Duration;

use tokio::time::Instant;

use crate::app::message::{Input, Mouse, MouseKind};
use crate::model::key::{Key, KeyCode};

/// Longest paste handed on; more than anybody types, less than hurts.
pub(super) const PASTE_LIMIT: usize = 4 * 1024 * 1024;
/// A longer sequence is none we know: its middle is dropped, its end still waited for.
const SEQUENCE_LIMIT: usize = 4096;
/// How long a lone Escape may be the start of a sequence that was cut behind it.
const ESCAPE_WAIT: Duration = Duration::from_millis(50);
/// How long an unfinished sequence is waited for, and how late the rest of one may come whose
/// Escape was already taken for the key.
const SEQUENCE_WAIT: Duration = Duration::from_secs(1);
/// An open paste of which nothing comes for so long has lost its end.
const PASTE_WAIT: Duration = Duration::from_secs(2);

const ESC: u8 = 0x1b;
/// kitty's number for a key that is let go; the others are presses and repeats.
const RELEASED: u32 = 3;
const PASTE_END: &[u8] = b"\x1b[201~";
/// Keys of the number block from kitty's number 57417 on.
const KEYPAD: [KeyCode; 10] = {
    use KeyCode::{Delete, Down, End, Home, Insert, Left, PageDown, PageUp, Right, Up};
    [Left, Right, Up, Down, PageUp, PageDown, Home, End, Insert, Delete]
};
/// Ctrl+C, plain and as kitty's protocol spells it.
const CTRL_C: [&[u8]; 2] = [b"\x03", b"\x1b[99;5u"];

/// What came from the terminal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Parsed {
    Input(Input),
    /// It speaks the kitty keyboard protocol.
    KittyKeyboard,
    /// Nothing for us, but no text either: a key let go, a colour of the terminal.
    Nothing,
    /// A paste was longer than [`PASTE_LIMIT`]; this many bytes were left out.
    PasteCut(usize),
    /// A paste had no end; what came of it was handed on, what may still come is dropped.
    PasteUnfinished,
}

/// Holds what is incomplete between reads.
#[derive(Debug, Default)]
pub(super) struct EventParser {
    pending: Vec<u8>,
    inside: Inside,
    deadline: Option<Instant>,
    /// When a lone Escape was taken for the key, the last thing that happened.
    escaped: Option<Instant>,
}

/// What the next bytes are part of.
#[derive(Debug, Default)]
enum Inside {
    #[default]
    Keys,
    Paste(Paste),
    /// A paste that was ended before its end mark came.
    DeadPaste,
}

#[derive(Debug, Default)]
struct Paste {
    bytes: Vec<u8>,
    cut: usize,
}

/// Outcome of looking at the front of the pending bytes.
enum Step {
    Took(usize, Option<Parsed>),
    PasteStarts(usize),
    Incomplete,
}

impl EventParser {
    /// Takes what one read returned and appends what it means.
    pub(super) fn feed(&mut self, bytes: &[u8], now: Instant, out: &mut Vec<Parsed>) {
        let escaped = self.escaped.take().is_some_and(|at| now < at + SEQUENCE_WAIT);
        match self.inside {
            Inside::DeadPaste if is_one_key(bytes) => {
                self.inside = Inside::Keys;
                self.pending.clear();
            }
            Inside::Keys if escaped && is_tail(bytes) => self.pending.push(ESC),
            _ => {}
        }
        let mut pending = std::mem::take(&mut self.pending);
        pending.extend_from_slice(bytes);
        let mut at = 0;
        while let Some(rest @ [_, ..]) = pending.get(at..)
            && let Some(taken) = self.step(rest, out)
        {
            at += taken;
        }
        pending.drain(..at);
        if matches!(self.inside, Inside::Keys) && pending.len() > SEQUENCE_LIMIT {
            // Its last byte may be the start of its end; `>` makes it one that means nothing.
            let kept = usize::from(pending.last() == Some(&ESC));
            pending.splice(2..pending.len() - kept, [b'>']);
        }
        self.pending = pending;
        if let Inside::Paste(paste) = &mut self.inside
            && let Some(key) = CTRL_C.iter().find(|key| bytes.ends_with(key))
        {
            paste.bytes.truncate(paste.bytes.len().saturating_sub(key.len()));
            self.end_paste(out);
        }
        self.deadline = self.wait().map(|wait| now + wait);
    }

    /// When the incomplete rest will have waited long enough; `None` when nothing is incomplete.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    /// The deadline has passed: a lone Escape was the key, Escape and one character were Alt and a
    /// key, a paste has lost its end, anything else was noise.
    pub(super) fn expire(&mut self, now: Instant, out: &mut Vec<Parsed>) {
        self.deadline = None;
        if !matches!(self.inside, Inside::Keys) {
            return self.end_paste(out);
        }
        match self.pending.as_slice() {
            [ESC] => {
                self.escaped = Some(now);
                out.push(pressed(Key::new(KeyCode::Esc)));
            }
            [ESC, byte] if byte.is_ascii() => {
                out.push(pressed(Key { alt: true, ..Key::char(char::from(*byte)) }));
            }
            _ => {}
        }
        self.pending.clear();
    }

    fn wait(&self) -> Option<Duration> {
        match (&self.inside, self.pending.as_slice()) {
            (Inside::Paste(_), _) => Some(PASTE_WAIT),
            (Inside::DeadPaste, _) | (Inside::Keys, []) => None,
            // Nothing is asked that would be answered by the other strings: Alt and a key.
            (Inside::Keys, [ESC] | [ESC, b'P' | b'X' | b'^' | b'_']) => Some(ESCAPE_WAIT),
            (Inside::Keys, _) => Some(SEQUENCE_WAIT),
        }
    }

    /// Takes the next thing from the front; `None` when it is incomplete.
    fn step(&mut self, rest: &[u8], out: &mut Vec<Parsed>) -> Option<usize> {
        if !matches!(self.inside, Inside::Keys) {
            return self.paste_step(rest, out);
        }
        match step(rest) {
            Step::Took(taken, parsed) => {
                out.extend(parsed);
                Some(taken)
            }
            Step::PasteStarts(taken) => {
                self.inside = Inside::Paste(Paste::default());
                Some(taken)
            }
            Step::Incomplete => None,
        }
    }

    /// Takes what is of the paste; not what may be the start of its end mark.
    fn paste_step(&mut self, rest: &[u8], out: &mut Vec<Parsed>) -> Option<usize> {
        let end = memchr::memmem::find(rest, PASTE_END);
        let is_held = |held: &usize| PASTE_END.get(..*held).is_some_and(|s| rest.ends_with(s));
        let held = (1..PASTE_END.len()).rev().find(is_held).unwrap_or(0);
        let length = end.unwrap_or(rest.len() - held);
        if let Inside::Paste(paste) = &mut self.inside {
            paste.keep(rest.split_at(length).0);
        }
        if end.is_some() {
            if let Inside::Paste(paste) = std::mem::take(&mut self.inside) {
                paste.hand_on(out);
            }
            return Some(length + PASTE_END.len());
        }
        (length > 0).then_some(length)
    }

    /// Ends an open paste whose end mark has not come.
    fn end_paste(&mut self, out: &mut Vec<Parsed>) {
        if let Inside::Paste(paste) = std::mem::replace(&mut self.inside, Inside::DeadPaste) {
            paste.hand_on(out);
            out.push(Parsed::PasteUnfinished);
        }
    }
}

impl Paste {
    fn keep(&mut self, bytes: &[u8]) {
        let room = PASTE_LIMIT.saturating_sub(self.bytes.len()).min(bytes.len());
        self.bytes.extend_from_slice(bytes.split_at(room).0);
        self.cut += bytes.len() - room;
    }

    /// Terminals send a line's end as CR; text has LF.
    fn hand_on(self, out: &mut Vec<Parsed>) {
        let text = String::from_utf8_lossy(&self.bytes).replace("\r\n", "\n").replace('\r', "\n");
        out.push(Parsed::Input(Input::Paste(text)));
        if self.cut > 0 {
            out.push(Parsed::PasteCut(self.cut));
        }
    }
}

/// Whether a read that returned this can only be a key that was pressed.
fn is_one_key(bytes: &[u8]) -> bool {
    let all = bytes.len();
    bytes == [ESC]
        || matches!(step(bytes), Step::Took(taken, Some(Parsed::Input(_))) if taken == all)
}

/// Whether these bytes belong behind an Escape that was already taken for the key. No hand types
/// them within one read.
fn is_tail(bytes: &[u8]) -> bool {
    if !matches!(bytes, [b'[' | b'O', _, ..] | [b']', b'0'..=b'9', ..]) {
        return false;
    }
    match step(&[&[ESC], bytes].concat()) {
        Step::Took(_, parsed) => parsed.is_some(),
        Step::PasteStarts(_) | Step::Incomplete => true,
    }
}

fn pressed(key: Key) -> Parsed {
    Parsed::Input(Input::Key(key))
}

fn step(bytes: &[u8]) -> Step {
    let (alt, rest) = match bytes {
        [] | [ESC] | [ESC, b'O'] => return Step::Incomplete,
        [ESC, ESC, ..] => return Step::Took(1, Some(pressed(Key::new(KeyCode::Esc)))),
        [ESC, b'[', rest @ ..] => return control_sequence(rest),
        [ESC, b'O', last @ 0x20..=0xff, ..] => {
            let key = letter(*last).or((*last == b'M').then_some(Key::new(KeyCode::Enter)));
            return Step::Took(3, key.map(pressed));
        }
        [ESC, introducer @ (b']' | b'P' | b'_' | b'^' | b'X'), rest @ ..] => {
            return string(*introducer, rest);
        }
        [ESC, rest @ ..] => (true, rest),
        rest => (false, rest),
    };
    match character(rest) {
        Some((taken, key)) => {
            let taken = taken + bytes.len() - rest.len();
            Step::Took(taken, key.map(|key| pressed(Key { alt, ..key })))
        }
        None => Step::Incomplete,
    }
}

/// A key that is one character or control byte, and how many bytes it takes; bytes that are no
/// UTF-8 are no key. `None` = more bytes are needed.
fn character(bytes: &[u8]) -> Option<(usize, Option<Key>)> {
    const LONGEST_UTF8: usize = 4;
    if let Some(key) = control_byte(*bytes.first()?) {
        return Some((1, Some(key)));
    }
    let bytes = bytes.get(..LONGEST_UTF8).unwrap_or(bytes);
    if let Some(c) = bytes.utf8_chunks().next()?.valid().chars().next() {
        return Some((c.len_utf8(), Some(Key::char(c))));
    }
    // Without a length the character is cut and its rest may still come.
    let broken = std::str::from_utf8(bytes).err()?.error_len()?;
    Some((broken, None))
}

fn control_byte(byte: u8) -> Option<Key> {
    let control = |letter: u8| Key { ctrl: true, ..Key::char(char::from(letter)) };
    Some(match byte {
        b'\r' | b'\n' => Key::new(KeyCode::Enter),
        b'\t' => Key::new(KeyCode::Tab),
        0x7f | 0x08 => Key::new(KeyCode::Backspace),
        0 => control(b' '),
        1..=0x1a => control(byte - 1 + b'a'),
        0x1c..=0x1f => control(byte - 0x1c + b'\\'),
        _ => return None,
    })
}

/// An OSC, DCS or other string up to its end. `rest` follows its introducer.
fn string(introducer: u8, rest: &[u8]) -> Step {
    let bell = memchr::memchr(0x07, rest).map(|at| at + 1);
    let terminator = memchr::memmem::find(rest, b"\x1b\\").map(|at| at + 2);
    let Some(end) = [bell, terminator].into_iter().flatten().min() else {
        return Step::Incomplete;
    };
    Step::Took(2 + end, (introducer == b']').then_some(Parsed::Nothing))
}

/// `rest` follows `ESC [`.
fn control_sequence(rest: &[u8]) -> Step {
    let (body, last) = match rest {
        // The Linux console's F1 to F5.
        [b'[', last, ..] => {
            let code = matches!(last, b'A'..=b'E').then(|| KeyCode::F(last - b'A' + 1));
            return Step::Took(4, code.map(Key::new).map(pressed));
        }
        // Mouse reports of terminals without the SGR form: three bytes follow.
        [b'M', button, column, row, ..] => {
            return Step::Took(6, old_mouse(*button, *column, *row));
        }
        [b'['] | [b'M', ..] => return Step::Incomplete,
        _ => {
            let end = rest.iter().position(|byte| !(0x20..=0x3f).contains(byte));
            match end.map(|end| rest.split_at(end)) {
                Some((body, [last @ 0x40..=0x7e, ..])) => (body, *last),
                // A control byte or non-ASCII inside: not a sequence, drop what came before it.
                Some((body, _)) => return Step::Took(body.len() + 2, None),
                None => return Step::Incomplete,
            }
        }
    };
    let parsed = match (body, last) {
        (b"200", b'~') => return Step::PasteStarts(body.len() + 3),
        ([b'<', report @ ..], b'M' | b'm') => sgr_mouse(report, last),
        ([b'?', ..], b'u') => Some(Parsed::KittyKeyboard),
        // Mode 2031, "color palette update notifications".
        (b"?997;1" | b"?997;2", b'n') => Some(Parsed::Nothing),
        ([b'<'..=b'?', ..], _) => None,
        _ => keyboard(body, last),
    };
    Step::Took(body.len() + 3, parsed)
}

/// The first three parameters with their first sub-parameters: `1;5:3` is `[[1, 0], [5, 3], [0, 0]]`.
fn parameters(body: &[u8]) -> [[u32; 2]; 3] {
    let number = |digits: &[u8]| {
        std::str::from_utf8(digits).ok().and_then(|text| text.parse().ok()).unwrap_or(0)
    };
    let mut found = [[0; 2]; 3];
    for (parameter, group) in found.iter_mut().zip(body.split(|byte| *byte == b';')) {
        for (value, digits) in parameter.iter_mut().zip(group.split(|byte| *byte == b':')) {
            *value = number(digits);
        }
    }
    found
}

/// A key in ECMA-48's forms with xterm's modifier parameter, xterm's `modifyOtherKeys` form
/// (`27;modifiers;character ~`), or kitty's `character;modifiers u`.
fn keyboard(body: &[u8], last: u8) -> Option<Parsed> {
    let [[first, _], [modifiers, kind], [third, _]] = parameters(body);
    // The parameter is 1 plus a bit set.
    let has = |bit: u32| modifiers.saturating_sub(1) >> bit & 1 == 1;
    let (shift, alt, ctrl) = (has(0), has(1), has(2));
    let key = match last {
        b'~' if first == 27 => numbered_character(third, shift).map(Key::new),
        b'~' => numbered(first).map(Key::new),
        b'u' => numbered_character(first, shift).map(Key::new),
        _ => letter(last),
    }?;
    if kind == RELEASED {
        return Some(Parsed::Nothing);
    }
    // Of a character, Shift is part already.
    let shift = key.shift || shift && !matches!(key.code, KeyCode::Char(_));
    Some(pressed(Key { code: key.code, ctrl, alt, shift }))
}

/// A key named by a letter.
fn letter(last: u8) -> Option<Key> {
    let code = match last {
        b'A' => KeyCode::Up,
        b'B' => KeyCode::Down,
        b'C' => KeyCode::Right,
        b'D' => KeyCode::Left,
        b'F' => KeyCode::End,
        b'H' => KeyCode::Home,
        b'P'..=b'S' => KeyCode::F(last - b'P' + 1),
        b'Z' => KeyCode::Tab,
        _ => return None,
    };
    Some(Key { shift: last == b'Z', ..Key::new(code) })
}

/// The VT220 numbers of keys.
fn numbered(number: u32) -> Option<KeyCode> {
    Some(match number {
        1 | 7 => KeyCode::Home,
        2 => KeyCode::Insert,
        3 => KeyCode::Delete,
        4 | 8 => KeyCode::End,
        5 => KeyCode::PageUp,
        6 => KeyCode::PageDown,
        11..=15 => KeyCode::F((number - 10) as u8),
        17..=21 => KeyCode::F((number - 11) as u8),
        23..=26 => KeyCode::F((number - 12) as u8),
        28 | 29 => KeyCode::F((number - 13) as u8),
        31..=34 => KeyCode::F((number - 14) as u8),
        _ => return None,
    })
}

/// A key named by its Unicode number, or kitty's private-use numbers for the others (kitty
/// documentation, "Comprehensive keyboard handling").
fn numbered_character(number: u32, shift: bool) -> Option<KeyCode> {
    Some(match number {
        9 => KeyCode::Tab,
        13 | 57414 => KeyCode::Enter,
        27 => KeyCode::Esc,
        8 | 127 => KeyCode::Backspace,
        57376..=57387 => KeyCode::F((number - 57376 + 13) as u8),
        57399..=57408 => KeyCode::Char(char::from_digit(number - 57399, 10)?),
        57409..=57413 => KeyCode::Char(*['.', '/', '*', '-', '+'].get((number - 57409) as usize)?),
        57415 => KeyCode::Char('='),
        57417..=57426 => *KEYPAD.get((number - 57417) as usize)?,
        0xe000..=0xf8ff => return None,
        _ => {
            let plain = char::from_u32(number).filter(|c| !c.is_control())?;
            let mut upper = plain.to_uppercase();
            match (upper.next(), upper.next()) {
                (Some(c), None) if shift => KeyCode::Char(c),
                _ => KeyCode::Char(plain),
            }
        }
    })
}

/// A mouse report in the old form, three bytes offset by 32.
fn old_mouse(button: u8, column: u8, row: u8) -> Option<Parsed> {
    let button = u32::from(button.saturating_sub(32));
    let released = button & 0b11 == 3 && button < 32;
    let place = |byte: u8| u16::from(byte.saturating_sub(33));
    mouse(if released { 0 } else { button }, released, (place(column), place(row)))
}

/// A mouse report in the SGR form (xterm control sequences, "Mouse Tracking").
fn sgr_mouse(report: &[u8], last: u8) -> Option<Parsed> {
    let [[button, _], [column, _], [row, _]] = parameters(report);
    let place = |cell: u32| u16::try_from(cell.saturating_sub(1)).unwrap_or(u16::MAX);
    mouse(button, last == b'm', (place(column), place(row)))
}

/// The left button and the wheel; modifiers (bits 2 to 4) do not matter.
fn mouse(button: u32, released: bool, (column, row): (u16, u16)) -> Option<Parsed> {
    let kind = match button & !0b1_1100 {
        0 if released => MouseKind::Release,
        0 => MouseKind::Press,
        32 => MouseKind::Drag,
        64 => MouseKind::ScrollUp,
        65 => MouseKind::ScrollDown,
        _ => return None,
    };
    Some(Parsed::Input(Input::Mouse(Mouse { kind, column, row })))
}

#[cfg(test)]
mod event_parser_tests;
