//! Jump: a letter on every target; typing it goes there.
//!
//! Targets are what the screen shows: panes, fields and tabs of the form, tabs of the response,
//! rows of presets, history and traffic, requests of a listener, rows, peers and the input line of
//! a conversation. Letters go from the home row outward in reading order, panes first; when there
//! are more targets than letters, the last ones take two. A capital also opens the row.

use crate::app::action::Action;
use crate::app::intent::Intent;
use crate::app::message::Mouse;
use crate::app::outcome::{Outcome, PaneInput};
use crate::model::key::Key;

/// Letters in the order they are given out.
const LETTERS: &[u8; 26] = b"asdfghjklqwertyuiopzxcvbnm";

/// A target with its letters and the cell they are drawn at.
#[derive(Debug, Clone, PartialEq)]
pub struct JumpLabel {
    pub label: String,
    pub column: u16,
    pub row: u16,
    /// Whether it is a row that can be opened.
    pub is_row: bool,
    /// What goes there.
    pub intents: Vec<Intent>,
}

impl JumpLabel {
    /// A target that has no letters yet.
    pub(crate) fn new(column: u16, row: u16, intents: Vec<Intent>) -> Self {
        JumpLabel { label: String::new(), column, row, is_row: false, intents }
    }

    /// The same for a row that can be opened.
    pub(crate) fn of_row(column: u16, row: u16, intent: Intent) -> Self {
        JumpLabel { is_row: true, ..JumpLabel::new(column, row, vec![intent]) }
    }
}

/// State of the overlay.
#[derive(Debug)]
pub struct Jump {
    pub marks: Vec<JumpLabel>,
    /// Letters typed so far.
    pub typed: String,
}

impl Jump {
    /// Gives letters to targets, which come in reading order, panes first.
    pub(crate) fn new(targets: Vec<JumpLabel>) -> Self {
        let labels = labels(targets.len());
        let marks =
            targets.into_iter().zip(labels).map(|(mark, label)| JumpLabel { label, ..mark });
        Jump { marks: marks.collect(), typed: String::new() }
    }

    /// Takes an input.
    pub fn update(&mut self, input: PaneInput<'_>) -> Outcome {
        match input {
            PaneInput::Act(Action::TakeBack) => {
                self.typed.pop();
                Outcome::yes()
            }
            PaneInput::Act(_) | PaneInput::Paste(_) | PaneInput::Wheel(_) | PaneInput::Drag(..) => {
                Outcome::no()
            }
            PaneInput::Key(key) => self.key(key),
            PaneInput::Press(_, mouse) => self.press(mouse),
        }
    }

    fn key(&mut self, key: Key) -> Outcome {
        let Some(c) = key.printable() else { return go(None) };
        self.typed.extend(c.to_lowercase());
        let mut fitting = self.marks.iter().filter(|mark| mark.label.starts_with(&self.typed));
        match fitting.next() {
            None => go(None),
            Some(mark) if mark.label == self.typed => {
                let outcome = go(Some(mark));
                let opens = c.is_uppercase() && mark.is_row;
                if opens { outcome.with(Intent::Act(Action::Open)) } else { outcome }
            }
            Some(_) => Outcome::yes(),
        }
    }

    /// A click goes to the mark under the mouse, else just ends jumping.
    fn press(&self, mouse: Mouse) -> Outcome {
        let hit = self.marks.iter().find(|mark| {
            let width = mark.label.len() as u16;
            mark.row == mouse.row && (mark.column..mark.column + width).contains(&mouse.column)
        });
        go(hit)
    }
}

/// Ends jumping, at a mark or where it began.
fn go(mark: Option<&JumpLabel>) -> Outcome {
    let intents = mark.into_iter().flat_map(|mark| mark.intents.clone());
    Outcome::from([Intent::CloseOverlay].into_iter().chain(intents))
}

/// So many labels, none the beginning of another.
fn labels(count: usize) -> Vec<String> {
    // Each letter given up as a first of two makes room for 26 targets instead of one.
    let firsts = count.saturating_sub(LETTERS.len()).div_ceil(LETTERS.len() - 1).min(LETTERS.len());
    let (singles, firsts) = LETTERS.split_at(LETTERS.len() - firsts);
    let letter = |byte: &u8| char::from(*byte).to_string();
    let doubles = firsts.iter().flat_map(|a| LETTERS.iter().map(move |b| letter(a) + &letter(b)));
    singles.iter().map(letter).chain(doubles).take(count).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_is_taken_back_by_its_action_alone() {
        let mut jump = Jump::new((0..40).map(|at| JumpLabel::new(at, 0, Vec::new())).collect());
        let first = jump.marks.last().unwrap().label.chars().next().unwrap();
        assert_eq!(jump.update(PaneInput::Key(Key::char(first))), Outcome::yes());
        assert_eq!(jump.typed, first.to_string());
        assert_eq!(jump.update(PaneInput::Act(Action::TakeBack)), Outcome::yes());
        assert_eq!(jump.typed, "");
        let backspace = PaneInput::Key("<Backspace>".parse().unwrap());
        assert_eq!(jump.update(backspace), go(None), "bound to nothing, it ends jumping");
    }

    #[test]
    fn labels_are_many_enough_and_none_begins_another() {
        for count in [0, 1, 26, 27, 51, 52, 120, 676] {
            let labels = labels(count);
            assert_eq!(labels.len(), count);
            for (at, a) in labels.iter().enumerate() {
                assert!(labels.iter().skip(at + 1).all(|b| !b.starts_with(a.as_str())), "{a}");
            }
        }
        assert_eq!(labels(3), ["a", "s", "d"]);
    }
}
