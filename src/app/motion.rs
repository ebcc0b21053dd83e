//! The keys that move the cursor of a text field, as in a shell. Used by `editor`.

use crate::model::key::{Key, KeyCode};

/// A way the cursor goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Motion {
    Left,
    Right,
    Up,
    Down,
    Head,
    End,
    Top,
    Bottom,
    WordLeft,
    WordRight,
    ParagraphUp,
    ParagraphDown,
    PageUp,
    PageDown,
}

/// Keys that move the cursor, as in a shell.
pub(super) fn motion(key: Key) -> Option<Motion> {
    use KeyCode::{Char, Down, End, Home, Left, PageDown, PageUp, Right, Up};
    Some(match (key.code, key.ctrl, key.alt) {
        (Left, false, false) | (Char('b'), true, false) => Motion::Left,
        (Right, false, false) | (Char('f'), true, false) => Motion::Right,
        (Up, false, false) | (Char('p'), true, false) => Motion::Up,
        (Down, false, false) | (Char('n'), true, false) => Motion::Down,
        (Home, ..) | (Char('a'), true, false) | (Left | Char('b'), true, true) => Motion::Head,
        (End, ..) | (Char('e'), true, false) | (Right | Char('f'), true, true) => Motion::End,
        (Char('<'), false, true) | (Up | Char('p'), true, true) => Motion::Top,
        (Char('>'), false, true) | (Down | Char('n'), true, true) => Motion::Bottom,
        (Left, true, false) | (Char('b'), false, true) => Motion::WordLeft,
        (Right, true, false) | (Char('f'), false, true) => Motion::WordRight,
        (Up, true, false) | (Char('[' | 'p'), false, true) => Motion::ParagraphUp,
        (Down, true, false) | (Char(']' | 'n'), false, true) => Motion::ParagraphDown,
        (PageUp, ..) | (Char('v'), false, true) => Motion::PageUp,
        (PageDown, ..) | (Char('v'), true, false) => Motion::PageDown,
        _ => return None,
    })
}
