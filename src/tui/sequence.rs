//! One thing at the front of the terminal's bytes, and what it means: a character, a control byte,
//! an escape sequence in any of its spellings, a mouse report, an answer of the terminal.
//!
//! Used by `event_parser`, which keeps what is incomplete; nothing is remembered here.

use crate::app::message::{Input, Mouse, MouseKind};
use crate::model::key::{Key, KeyCode};

/// Begins every sequence, and is a key.
pub(super) const ESC: u8 = 0x1b;
/// What follows is pasted.
pub(super) const PASTE_START: &[u8] = b"\x1b[200~";
/// kitty's number for a key that is let go; the others are presses and repeats.
const RELEASED: u32 = 3;
/// Keys of the number block from kitty's number 57417 on.
const KEYPAD: [KeyCode; 10] = {
    use KeyCode::{Delete, Down, End, Home, Insert, Left, PageDown, PageUp, Right, Up};
    [Left, Right, Up, Down, PageUp, PageDown, Home, End, Insert, Delete]
};

/// What came from the terminal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Parsed {
    Input(Input),
    /// It speaks the kitty keyboard protocol.
    KittyKeyboard,
    /// The colour of its background, red, green and blue (xterm, OSC 11).
    Background([u8; 3]),
    /// Whether it is dark or light now (mode 2031).
    ColourScheme {
        is_dark: bool,
    },
    /// Nothing for us, but no text either: a key let go, a string of the terminal.
    Nothing,
    /// A paste was longer than is taken; this many bytes were left out.
    PasteCut(usize),
    /// A paste had no end; what came of it was handed on, what may still come is dropped.
    PasteUnfinished,
}

/// Outcome of looking at the front of the bytes.
pub(super) enum Step {
    /// So many bytes are one thing, which may mean nothing to us.
    Took(usize, Option<Parsed>),
    /// So many bytes say that what follows is pasted.
    PasteStarts(usize),
    /// More bytes have to come.
    Incomplete,
}

/// A key that was pressed.
pub(super) fn pressed(key: Key) -> Parsed {
    Parsed::Input(Input::Key(key))
}

/// The key, if these bytes are one and nothing else.
pub(super) fn one_key(bytes: &[u8]) -> Option<Input> {
    match step(bytes) {
        Step::Took(taken, Some(Parsed::Input(input))) if taken == bytes.len() => Some(input),
        _ if bytes == [ESC] => Some(Input::Key(Key::new(KeyCode::Esc))),
        _ => None,
    }
}

/// A control of eight bits that begins a sequence, as one byte or as UTF-8: how long it is, and what
/// does the same behind Escape (ECMA-48, 5.3).
pub(super) fn eight_bits(bytes: &[u8]) -> Option<(usize, u8)> {
    let (len, control) = match bytes {
        [0xc2, control, ..] => (2, *control),
        [control, ..] => (1, *control),
        [] => return None,
    };
    matches!(control, 0x8f | 0x90 | 0x98 | 0x9b | 0x9d..=0x9f)
        .then(|| (len, (control & 0x1f) | 0x40))
}

/// What stands at the front.
pub(super) fn step(bytes: &[u8]) -> Step {
    let (alt, rest) = match bytes {
        [] | [ESC] | [ESC, b'O'] => return Step::Incomplete,
        [ESC, ESC, ..] => return Step::Took(1, Some(pressed(Key::new(KeyCode::Esc)))),
        [ESC, b'[', rest @ ..] => return control_sequence(rest),
        [ESC, b'O', 0x20..=0x7e, ..] => return single_shift(bytes.split_at(2).1),
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

/// A cursor or function key, or one of the number block in application mode. `rest` follows `ESC O`.
/// Some terminals put modifiers before the letter: `O5C`, `O2P`, `O1;2P`.
fn single_shift(rest: &[u8]) -> Step {
    let is_parameter = |byte: &u8| byte.is_ascii_digit() || *byte == b';';
    let end = rest.iter().position(|byte| !is_parameter(byte));
    let Some((body, [last, ..])) = end.map(|end| rest.split_at(end)) else {
        return Step::Incomplete;
    };
    if !(0x20..=0x7e).contains(last) {
        // A control or a letter beyond ASCII is no end: a key, and what stands before it none.
        return Step::Took(body.len() + 2, None);
    }
    if *last == MIDDLE {
        return Step::Took(body.len() + 3, Some(Parsed::Nothing));
    }
    let ctrl_arrow = || letter_of_rxvt(*last).map(|code| Key { ctrl: true, ..Key::new(code) });
    let key = letter(*last).or_else(|| number_block(*last).map(Key::new)).or_else(ctrl_arrow);
    let modifiers = match parameters(body) {
        [[modifiers, _], [0, _], _] | [_, [modifiers, _], _] => modifiers,
    };
    Step::Took(body.len() + 3, key.map(|key| pressed(modified(key, modifiers))))
}

/// An OSC, DCS or other string up to its end: ST, for OSC also BEL; any other escape begins
/// something new (ECMA-48, 5.6). `rest` follows its introducer.
fn string(introducer: u8, rest: &[u8]) -> Step {
    const BEL: u8 = 0x07;
    let is_osc = introducer == b']';
    let end = if is_osc { memchr::memchr2(ESC, BEL, rest) } else { memchr::memchr(ESC, rest) };
    let Some((at, end)) = end.map(|at| (at, rest.split_at(at).1)) else {
        return Step::Incomplete;
    };
    let taken = match end {
        [ESC] => return Step::Incomplete,
        [ESC, b'\\', ..] => 2,
        [ESC, ..] => 0,
        _ => 1,
    };
    let text = rest.split_at(at).0;
    let parsed = is_osc.then(|| background(text).map_or(Parsed::Nothing, Parsed::Background));
    Step::Took(2 + at + taken, parsed)
}

/// `11;rgb:RRRR/GGGG/BBBB`, as X11 spells colours: one to four hex digits each, perhaps with a
/// fourth for how opaque it is.
fn background(text: &[u8]) -> Option<[u8; 3]> {
    let text = std::str::from_utf8(text).ok()?.strip_prefix("11;")?;
    let (_, text) = text.split_once(':').filter(|(space, _)| ["rgb", "rgba"].contains(space))?;
    let mut found = [0; 3];
    let mut parts = text.split('/');
    for value in &mut found {
        let digits = parts.next().filter(|it| (1..=4).contains(&it.len()))?;
        let largest = (1 << (4 * digits.len())) - 1;
        let number = u32::from_str_radix(digits, 16).ok().filter(|_| !digits.starts_with('+'))?;
        *value = u8::try_from(number * 255 / largest).ok()?;
    }
    Some(found)
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
            if let Some(step) = shifted_by_rxvt(rest) {
                return step;
            }
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
        (b"?997;1", b'n') => Some(Parsed::ColourScheme { is_dark: true }),
        (b"?997;2", b'n') => Some(Parsed::ColourScheme { is_dark: false }),
        // The focus came or went (xterm, mode 1004), which somebody else asked.
        (b"", b'I' | b'O') => Some(Parsed::Nothing),
        _ if body.iter().all(|byte| matches!(byte, b'0'..=b'9' | b';' | b':')) => {
            keyboard(body, last)
        }
        _ => None,
    };
    Step::Took(body.len() + 3, parsed)
}

/// rxvt ends the numbers of keys with Shift by `$`, which ends no sequence elsewhere: `ESC [ 7 $`.
fn shifted_by_rxvt(rest: &[u8]) -> Option<Step> {
    let end = rest.iter().position(|byte| !byte.is_ascii_digit()).filter(|end| *end > 0)?;
    let (number, last) = rest.split_at(end);
    let code = numbered(parameters(number)[0][0]).filter(|_| last.first() == Some(&b'$'))?;
    Some(Step::Took(end + 3, Some(pressed(Key { shift: true, ..Key::new(code) }))))
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
    let shift = has(modifiers, SHIFT);
    let key = match last {
        b'~' if first == 27 => numbered_character(third, shift).map(Key::new),
        b'~' => numbered(first).map(Key::new),
        // rxvt's ends for Ctrl, and for both.
        b'^' | b'@' => {
            numbered(first).map(|code| Key { ctrl: true, shift: last == b'@', ..Key::new(code) })
        }
        b'u' => numbered_character(first, shift).map(Key::new),
        MIDDLE => return Some(Parsed::Nothing),
        // Where the cursor is, which somebody else asked.
        b'R' if first > 1 => None,
        _ => letter(last)
            .or_else(|| letter_of_rxvt(last).map(|code| Key { shift: true, ..Key::new(code) })),
    }?;
    if kind == RELEASED {
        return Some(Parsed::Nothing);
    }
    Some(pressed(modified(key, modifiers)))
}

/// The 5 of a number block without `NumLock`: a key that means nothing.
const MIDDLE: u8 = b'E';
const SHIFT: u32 = 0;
const ALT: u32 = 1;
const CTRL: u32 = 2;

/// Whether xterm's parameter, 1 plus a bit set, has this bit. The others, as those of the locks, are
/// no part of a key.
fn has(modifiers: u32, bit: u32) -> bool {
    modifiers.saturating_sub(1) >> bit & 1 == 1
}

fn modified(key: Key, modifiers: u32) -> Key {
    // Of a character, Shift is part already.
    let may_shift = !matches!(key.code, KeyCode::Char(_));
    Key {
        code: key.code,
        ctrl: key.ctrl || has(modifiers, CTRL),
        alt: has(modifiers, ALT),
        shift: key.shift || has(modifiers, SHIFT) && may_shift,
    }
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

/// rxvt's arrows with Ctrl (behind `ESC O`) or Shift (behind `ESC [`).
fn letter_of_rxvt(last: u8) -> Option<KeyCode> {
    matches!(last, b'a'..=b'd')
        .then(|| letter(last.to_ascii_uppercase()))
        .flatten()
        .map(|it| it.code)
}

/// Keys of the number block in application mode (VT220, "Auxiliary Keypad Keys"; xterm).
fn number_block(last: u8) -> Option<KeyCode> {
    Some(match last {
        b' ' => KeyCode::Char(' '),
        b'I' => KeyCode::Tab,
        b'M' => KeyCode::Enter,
        b'X' => KeyCode::Char('='),
        // `*` to `/`, `0` to `9`.
        b'j'..=b'y' => KeyCode::Char(char::from(last - 0x40)),
        _ => return None,
    })
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
        57416 => KeyCode::Char(','),
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
