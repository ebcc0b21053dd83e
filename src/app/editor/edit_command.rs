//! What the keys of a text field do, as in a shell. Used by `editor`.

use super::text_model::{Deletion, Motion};
use crate::model::key::{Key, KeyCode};

/// What the keys of a text field do, by runs of keys that do the same, for texts that list them.
/// None of them can be bound to something else here; where an action has the key, it is first.
pub const TEXT_KEYS: &[(&str, &str)] = &[
    ("<Left><C-b>", "To the character before"),
    ("<Right><C-f>", "To the character behind"),
    ("<Up><C-p>", "One row up"),
    ("<Down><C-n>", "One row down"),
    ("<PgUp><A-v>", "One page up"),
    ("<PgDn><C-v>", "One page down"),
    ("<Home><C-a><C-A-Left><C-A-b>", "To the start of the line"),
    ("<End><C-e><C-A-Right><C-A-f>", "To the end of the line"),
    ("<C-Home><A-lt><C-A-Up><C-A-p>", "To the start of the text"),
    ("<C-End><A-gt><C-A-Down><C-A-n>", "To the end of the text"),
    ("<C-Left><A-b>", "To the word before; with Shift it is selected, as with all of these"),
    ("<C-Right><A-f>", "To the word behind"),
    ("<C-Up><A-[><A-p>", "To the paragraph before"),
    ("<C-Down><A-]><A-n>", "To the paragraph behind"),
    ("<Enter><C-m>", "A line break, in fields of many lines"),
    ("<Tab>", "Spaces to the next tab stop, in fields of many lines; selected lines move in"),
    ("<S-Tab>", "The line or the selected lines move out, in fields of many lines"),
    ("<Backspace><C-h>", "Delete the character before"),
    ("<Del><C-d>", "Delete the character behind"),
    ("<C-w><A-h><A-Backspace><C-Backspace>", "Cut the word before"),
    ("<A-d><A-Del><C-Del>", "Cut the word behind"),
    ("<C-u><C-j>", "Cut what precedes in the line"),
    ("<C-k>", "Cut what follows in the line, or its end"),
    ("<C-x>", "Cut what is selected"),
    ("<C-c>", "Copy what is selected"),
    ("<C-y>", "Put what was cut or copied last"),
    ("<A-a>", "Select all"),
    ("<A-z><A-u><C-_>", "Undo"),
    ("<C-r><A-y><A-Z>", "Redo"),
];

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
    /// Spaces to the next tab stop, or selected lines in and out.
    Indent {
        is_out: bool,
    },
    SelectAll,
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
        (Tab, false, false) => EditCommand::Indent { is_out: key.shift },
        (Char(c), false, false) => EditCommand::Type(c),
        (Char('a'), false, true) => EditCommand::SelectAll,
        (Char('z' | 'u'), false, true) | (Char('_'), true, false) => EditCommand::Undo,
        (Char('Z' | 'y'), false, true) | (Char('r'), true, false) => EditCommand::Redo,
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
        (Home, true, false) | (Char('<'), false, true) | (Up | Char('p'), true, true) => {
            Motion::Top
        }
        (End, true, false) | (Char('>'), false, true) | (Down | Char('n'), true, true) => {
            Motion::Bottom
        }
        (Home, ..) | (Char('a'), true, false) | (Left | Char('b'), true, true) => Motion::Head,
        (End, ..) | (Char('e'), true, false) | (Right | Char('f'), true, true) => Motion::End,
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
        (Char('w') | Backspace, true, false) | (Char('h') | Backspace, false, true) => {
            Deletion::WordLeft
        }
        (Char('d') | Delete, false, true) | (Delete, true, false) => Deletion::WordRight,
        (Char('x'), true, false) => Deletion::Selection,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed() -> Vec<(Vec<Key>, &'static str)> {
        let row = |(keys, what): &(&str, &'static str)| (Key::parse_run(keys).unwrap(), *what);
        TEXT_KEYS.iter().map(row).collect()
    }

    #[test]
    fn keys_listed_together_do_the_same_and_no_two_rows_do() {
        let mut commands = Vec::new();
        for (keys, what) in listed() {
            let found = edit_command(keys[0]).expect(what);
            assert!(keys.iter().all(|key| edit_command(*key) == Some(found)), "{what}");
            assert!(!commands.contains(&found), "{what}");
            commands.push(found);
        }
    }

    #[test]
    fn every_key_that_does_something_is_listed() {
        use KeyCode::{
            Backspace, Char, Delete, Down, End, Enter, Esc, F, Home, Insert, Left, PageDown,
            PageUp, Right, Tab, Up,
        };
        let named = [
            Backspace,
            Delete,
            Down,
            End,
            Enter,
            Esc,
            F(1),
            Home,
            Insert,
            Left,
            PageDown,
            PageUp,
            Right,
            Tab,
            Up,
        ];
        let codes = named.into_iter().chain((' '..='~').map(Char));
        let keys: Vec<Key> = listed().into_iter().flat_map(|(keys, _)| keys).collect();
        for code in codes {
            for (ctrl, alt) in [(false, false), (true, false), (false, true), (true, true)] {
                let key = Key { ctrl, alt, ..Key::new(code) };
                let found = edit_command(key);
                // Some keys do the same with Ctrl and Alt as without.
                let is_as_plain = found == edit_command(Key::new(code));
                let is_listed =
                    keys.contains(&key) || is_as_plain && keys.contains(&Key::new(code));
                let is_typed = matches!(found, None | Some(EditCommand::Type(_)));
                assert!(is_listed != is_typed, "{key}: {found:?}");
            }
        }
    }
}
