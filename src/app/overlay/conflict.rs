//! The file changed on disk since the draft was opened: mine, theirs, another name, or neither.
//!
//! What differs is shown field by field, in the words of the form.

use std::collections::BTreeSet;

use ratatui::layout::Rect;

use crate::app::action::Action;
use crate::app::form::rows::rows;
use crate::app::form::{FormFieldId, access, tabs};
use crate::app::intent::Intent;
use crate::app::keymap::Context;
use crate::app::layout::{inner, window};
use crate::app::message::{Mouse, MouseKind};
use crate::app::outcome::{Outcome, OverlayInput};
use crate::app::shared::Shared;
use crate::model::preset::{Preset, StoredPreset};
use crate::model::spec::Spec;

/// A way out of the conflict.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    Mine,
    Theirs,
    OtherName,
    Cancel,
}

/// A line that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Difference {
    Mine(String),
    Theirs(String),
}

/// State of the overlay.
#[derive(Debug)]
pub struct Conflict {
    pub mine: Preset,
    theirs: StoredPreset,
    pub differences: Vec<Difference>,
    pub selected: Way,
}

impl Way {
    pub const ALL: [Way; 4] = [Way::Mine, Way::Theirs, Way::OtherName, Way::Cancel];

    /// The key that goes it and what it does.
    pub fn title(self, shared: &Shared) -> String {
        let (action, text) = match self {
            Way::Mine => (Action::KeepMine, "Keep mine: replace the file"),
            Way::Theirs => (Action::TakeTheirs, "Take theirs: my changes are lost"),
            Way::OtherName => (Action::SaveAs, "Save mine under another name"),
            Way::Cancel => (Action::Back, "Decide later: nothing is written"),
        };
        format!("{}  {text}", shared.keymap.key_of(&[Context::Conflict, Context::Global], action))
    }
}

impl Conflict {
    /// Shows what differs between what was to be saved and the file.
    pub(crate) fn new(mine: Preset, theirs: StoredPreset) -> Self {
        let differences = match &theirs.content {
            Ok(preset) => differences(&mine.spec, &preset.spec),
            Err(failure) => vec![Difference::Theirs(failure.to_string())],
        };
        Conflict { mine, theirs, differences, selected: Way::Cancel }
    }

    /// Where it is on the screen, border included.
    pub fn area(shared: &Shared) -> Rect {
        window(shared.size, 80, 24)
    }

    /// Area of the differences, and the row of each way out.
    pub fn parts(inner: Rect) -> (Rect, Rect) {
        let ways = inner.height.min(Way::ALL.len() as u16);
        let differences = Rect { height: inner.height - ways, ..inner };
        (differences, Rect { y: differences.bottom(), height: ways, ..inner })
    }

    /// Takes an input.
    pub fn update(&mut self, shared: &Shared, input: OverlayInput<'_>) -> Outcome {
        let action = match input {
            OverlayInput::Act(action) => action,
            OverlayInput::Mouse(mouse) => return self.mouse(shared, mouse),
            OverlayInput::Key(_) | OverlayInput::Paste(_) => return Outcome::no(),
        };
        let at = Way::ALL.iter().position(|way| *way == self.selected).unwrap_or(0);
        match action {
            Action::Up => self.selected = Way::ALL[at.saturating_sub(1)],
            Action::Down => self.selected = Way::ALL[(at + 1).min(Way::ALL.len() - 1)],
            Action::Choose => return self.go(self.selected),
            Action::KeepMine => return self.go(Way::Mine),
            Action::TakeTheirs => return self.go(Way::Theirs),
            Action::SaveAs => return self.go(Way::OtherName),
            _ => return Outcome::no(),
        }
        Outcome::yes()
    }

    fn mouse(&self, shared: &Shared, mouse: Mouse) -> Outcome {
        let (_, ways) = Self::parts(inner(Self::area(shared)));
        let inside = ways.contains((mouse.column, mouse.row).into());
        let way = mouse.row.checked_sub(ways.y).and_then(|row| Way::ALL.get(usize::from(row)));
        match way {
            Some(way) if inside && mouse.kind == MouseKind::Press => self.go(*way),
            _ => Outcome::yes(),
        }
    }

    fn go(&self, way: Way) -> Outcome {
        let mine = Box::new(self.mine.clone());
        let intent = match way {
            Way::Mine => Intent::KeepMine { mine, based_on: self.theirs.fingerprint },
            Way::Theirs => Intent::TakeTheirs {
                mine: self.mine.path.clone(),
                theirs: Box::new(self.theirs.clone()),
            },
            Way::OtherName => Intent::SaveElsewhere(self.mine.path.clone()),
            Way::Cancel => Intent::DecideLater(self.mine.path.clone()),
        };
        Outcome::from(Intent::CloseOverlay).with(intent)
    }
}

/// Lines in one but not in the other, theirs first, in the order of the form.
fn differences(mine: &Spec, theirs: &Spec) -> Vec<Difference> {
    let (mine, theirs) = (lines(mine), lines(theirs));
    let known = |lines: &[String]| lines.iter().cloned().collect::<BTreeSet<String>>();
    let (in_mine, in_theirs) = (known(&mine), known(&theirs));
    let only_theirs = theirs.into_iter().filter(|line| !in_mine.contains(line));
    let only_mine = mine.into_iter().filter(|line| !in_theirs.contains(line));
    only_theirs.map(Difference::Theirs).chain(only_mine.map(Difference::Mine)).collect()
}

/// A spec as the lines of its form.
fn lines(spec: &Spec) -> Vec<String> {
    let mut lines = vec![format!("{} {}", spec.protocol().title(), spec.side().into_str())];
    let mut first = true;
    for tab in tabs(spec) {
        // The address line stands above every tab.
        let skip = if first { 0 } else { 2 };
        first = false;
        for row in rows(spec, tab).into_iter().skip(skip) {
            let values =
                row.fields.iter().filter(|field| field.id != FormFieldId::Tabs).map(|field| {
                    let value = access::get(spec, field.id);
                    if field.label.is_empty() { value } else { format!("{}: {value}", field.label) }
                });
            let text = values.filter(|value| !value.is_empty()).collect::<Vec<_>>().join("  ");
            lines.extend(text.split('\n').filter(|line| !line.is_empty()).map(str::to_owned));
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::protocol::{Protocol, Side};

    #[test]
    fn only_what_differs_is_listed() {
        let mut mine = Spec::empty(Protocol::Http, Side::Client);
        let theirs = mine.clone();
        assert!(differences(&mine, &theirs).is_empty());
        "http://h/1".clone_into(mine.address_mut());
        let found = differences(&mine, &theirs);
        assert_eq!(
            found,
            [Difference::Theirs("GET".into()), Difference::Mine("GET  http://h/1".into())]
        );
    }
}
