//! What the keys of a text field do, as in a shell. Used by `editor`.

use super::text_model::{Deletion, Motion};
use crate::model::key::{Key, KeyCode};

/// Something a key does in a text field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum EditCommand {
    Go(Motion),
    /// By a character.
    Step {
        is_forward: bool,
    },
    /// By a row of the screen, or by as many as are in sight.
    Row {
        is_down: bool,
        is_page: bool,
    },
    Type(char),
    NewLine,
    /// Spaces to the next tab stop.
    Indent,
    Delete(Deletion),
    Copy,
    Paste,
    Undo,
    Redo,
}

/// What a key does; `None` = nothing.
pub(super) fn edit_command(key: Key) -> Option<EditCommand> {
    use KeyCode::{Char, Enter, Tab};
    let command = match (key.code, key.ctrl, key.alt) {
        (Enter, ..) | (Char('m'), true, false) => EditCommand::NewLine,
        (Tab, false, false) => EditCommand::Indent,
        (Char(c), false, false) => EditCommand::Type(c),
        (Char('z'), false, true) => EditCommand::Undo,
        (Char('Z'), false, true) | (Char('r'), true, false) => EditCommand::Redo,
        (Char('y'), true, false) => EditCommand::Paste,
        (Char('c'), true, false) => EditCommand::Copy,
        _ => return movement(key).or_else(|| deletion(key).map(EditCommand::Delete)),
    };
    Some(command)
}

fn movement(key: Key) -> Option<EditCommand> {
    use KeyCode::{Char, Down, Left, PageDown, PageUp, Right, Up};
    let row = |is_down, is_page| EditCommand::Row { is_down, is_page };
    Some(match (key.code, key.ctrl, key.alt) {
        (Left, false, false) | (Char('b'), true, false) => EditCommand::Step { is_forward: false },
        (Right, false, false) | (Char('f'), true, false) => EditCommand::Step { is_forward: true },
        (Up, false, false) | (Char('p'), true, false) => row(false, false),
        (Down, false, false) | (Char('n'), true, false) => row(true, false),
        (PageUp, ..) | (Char('v'), false, true) => row(false, true),
        (PageDown, ..) | (Char('v'), true, false) => row(true, true),
        _ => return motion(key).map(EditCommand::Go),
    })
}

fn motion(key: Key) -> Option<Motion> {
    use KeyCode::{Char, Down, End, Home, Left, Right, Up};
    Some(match (key.code, key.ctrl, key.alt) {
        (Home, ..) | (Char('a'), true, false) | (Left | Char('b'), true, true) => Motion::Head,
        (End, ..) | (Char('e'), true, false) | (Right | Char('f'), true, true) => Motion::End,
        (Char('<'), false, true) | (Up | Char('p'), true, true) => Motion::Top,
        (Char('>'), false, true) | (Down | Char('n'), true, true) => Motion::Bottom,
        (Left, true, false) | (Char('b'), false, true) => Motion::WordLeft,
        (Right, true, false) | (Char('f'), false, true) => Motion::WordRight,
        (Up, true, false) | (Char('[' | 'p'), false, true) => Motion::ParagraphUp,
        (Down, true, false) | (Char(']' | 'n'), false, true) => Motion::ParagraphDown,
        _ => return None,
    })
}

fn deletion(key: Key) -> Option<Deletion> {
    use KeyCode::{Backspace, Char, Delete};
    Some(match (key.code, key.ctrl, key.alt) {
        (Char('h'), true, false) | (Backspace, false, false) => Deletion::Before,
        (Char('d'), true, false) | (Delete, false, false) => Deletion::Behind,
        (Char('k'), true, false) => Deletion::ToEnd,
        (Char('u' | 'j'), true, false) => Deletion::ToHead,
        (Char('w'), true, false) | (Char('h') | Backspace, false, true) => Deletion::WordLeft,
        (Char('d') | Delete, false, true) => Deletion::WordRight,
        (Char('x'), true, false) => Deletion::Selection,
        _ => return None,
    })
}
