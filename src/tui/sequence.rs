//! The meaning of one complete control sequence (`ESC [ ... letter`) from the terminal.
//!
//! Called by `decode`. Covers ECMA-48 keys with xterm's modifier parameter, xterm's
//! `modifyOtherKeys` form, the kitty keyboard protocol's `CSI u`, and SGR mouse reports
//! (xterm control sequences, "Mouse Tracking"; kitty documentation, "Comprehensive keyboard
//! handling").

use crate::app::message::{Mouse, MouseKind};
use crate::model::key::{Key, KeyCode};

/// What a control sequence says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sequence {
    Key(Key),
    Mouse(Mouse),
    PasteStart,
    KittyAnswer,
    Ignored,
}

/// Reads a sequence from its parameter bytes and its final byte.
pub(super) fn control(body: &[u8], last: u8) -> Sequence {
    match (body.first(), last) {
        (Some(b'<'), b'M' | b'm') => sgr_mouse(body.get(1..).unwrap_or_default(), last),
        (Some(b'?'), b'u') => Sequence::KittyAnswer,
        (Some(b'<'..=b'?'), _) => Sequence::Ignored,
        _ => keyboard(&Parameters::read(body), last).map_or(Sequence::Ignored, |sequence| sequence),
    }
}

/// `ESC [ [ A` to `E`: F1 to F5 of the Linux console.
pub(super) fn console_key(last: u8) -> Option<Key> {
    matches!(last, b'A'..=b'E').then(|| Key::new(KeyCode::F(last - b'A' + 1)))
}

/// A mouse report in the old form, three bytes offset by 32.
pub(super) fn old_mouse(button: u8, column: u8, row: u8) -> Option<Mouse> {
    let button = u16::from(button.saturating_sub(32));
    let released = button & 0b11 == 3 && button < 32;
    let (column, row) = (u16::from(column.saturating_sub(33)), u16::from(row.saturating_sub(33)));
    mouse(if released { 0 } else { button }, released).map(|kind| Mouse { kind, column, row })
}

/// A key named by a letter (`A` = Up), with the modifiers of `base`.
pub(super) fn letter(last: u8, base: Key) -> Option<Key> {
    let code = match last {
        b'A' => KeyCode::Up,
        b'B' => KeyCode::Down,
        b'C' => KeyCode::Right,
        b'D' => KeyCode::Left,
        b'F' => KeyCode::End,
        b'H' => KeyCode::Home,
        b'P'..=b'S' => KeyCode::F(last - b'P' + 1),
        b'Z' => return Some(Key { code: KeyCode::Tab, shift: true, ..base }),
        _ => return None,
    };
    Some(Key { code, ..base })
}

/// Numbers of a sequence: `1;5:3` is `[[1], [5, 3]]`, of which we need the first two and the
/// second's sub-parameter.
#[derive(Debug, Default)]
struct Parameters {
    first: u32,
    second: u32,
    third: u32,
    event: u32,
}

impl Parameters {
    fn read(body: &[u8]) -> Self {
        let number = |bytes: &[u8]| -> u32 {
            std::str::from_utf8(bytes).ok().and_then(|text| text.parse().ok()).unwrap_or(0)
        };
        let mut read = Parameters::default();
        for (index, group) in body.split(|byte| *byte == b';').take(3).enumerate() {
            let mut parts = group.split(|byte| *byte == b':');
            let value = number(parts.next().unwrap_or_default());
            match index {
                0 => read.first = value,
                1 => {
                    read.second = value;
                    read.event = number(parts.next().unwrap_or_default());
                }
                _ => read.third = value,
            }
        }
        read
    }

    /// Modifier keys as a key without a code; the parameter is 1 plus a bit set.
    fn modifiers(&self) -> Key {
        let bits = self.second.saturating_sub(1);
        Key { code: KeyCode::Esc, shift: bits & 1 != 0, alt: bits & 2 != 0, ctrl: bits & 4 != 0 }
    }
}

fn keyboard(parameters: &Parameters, last: u8) -> Option<Sequence> {
    const RELEASE: u32 = 3;
    if parameters.event == RELEASE {
        return None;
    }
    let base = parameters.modifiers();
    let key = match last {
        b'~' if parameters.first == 200 => return Some(Sequence::PasteStart),
        b'~' if parameters.first == 27 => character(parameters.third, base),
        b'~' => numbered(parameters.first).map(|code| Key { code, ..base }),
        b'u' => character(parameters.first, base),
        _ => letter(last, base),
    };
    key.map(Sequence::Key)
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

/// A key named by its Unicode number (or kitty's private-use numbers for the others).
fn character(number: u32, base: Key) -> Option<Key> {
    let code = match number {
        9 => KeyCode::Tab,
        13 | 57414 => KeyCode::Enter,
        27 => KeyCode::Esc,
        8 | 127 => KeyCode::Backspace,
        57376..=57387 => KeyCode::F((number - 57376 + 13) as u8),
        57399..=57408 => KeyCode::Char(char::from_digit(number - 57399, 10)?),
        57409..=57413 => KeyCode::Char(*['.', '/', '*', '-', '+'].get((number - 57409) as usize)?),
        57415 => KeyCode::Char('='),
        57417 => KeyCode::Left,
        57418 => KeyCode::Right,
        57419 => KeyCode::Up,
        57420 => KeyCode::Down,
        57421 => KeyCode::PageUp,
        57422 => KeyCode::PageDown,
        57423 => KeyCode::Home,
        57424 => KeyCode::End,
        57425 => KeyCode::Insert,
        57426 => KeyCode::Delete,
        0xe000..=0xf8ff => return None,
        _ => KeyCode::Char(char::from_u32(number).filter(|c| !c.is_control())?),
    };
    Some(match code {
        KeyCode::Char(c) if base.shift => {
            let mut upper = c.to_uppercase();
            let folded = match (upper.next(), upper.next()) {
                (Some(single), None) => single,
                _ => c,
            };
            Key { code: KeyCode::Char(folded), shift: false, ..base }
        }
        code => Key { code, ..base },
    })
}

fn sgr_mouse(body: &[u8], last: u8) -> Sequence {
    let Parameters { first, second, third, .. } = Parameters::read(body);
    let place = |cell: u32| u16::try_from(cell.saturating_sub(1)).unwrap_or(u16::MAX);
    u16::try_from(first)
        .ok()
        .and_then(|button| mouse(button, last == b'm'))
        .map_or(Sequence::Ignored, |kind| {
            Sequence::Mouse(Mouse { kind, column: place(second), row: place(third) })
        })
}

/// The left button and the wheel; modifiers (bits 2 to 4) do not matter.
fn mouse(button: u16, released: bool) -> Option<MouseKind> {
    match button & !0b1_1100 {
        0 if released => Some(MouseKind::Release),
        0 => Some(MouseKind::Press),
        32 => Some(MouseKind::Drag),
        64 => Some(MouseKind::ScrollUp),
        65 => Some(MouseKind::ScrollDown),
        _ => None,
    }
}
