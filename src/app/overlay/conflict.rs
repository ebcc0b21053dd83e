//! The file changed on disk since the draft was opened: mine, theirs, another name, or neither.
//!
//! What differs is shown field by field, in the words of the form.

use std::collections::BTreeSet;

use ratatui::layout::Rect;

use crate::app::action::Action;
use crate::app::cursor::{CursorStep, scroll};
use crate::app::form::rows::rows;
use crate::app::form::{FormFieldId, access, tabs};
use crate::app::intent::{ConflictChoice, Intent};
use crate::app::outcome::{Outcome, PaneInput};
use crate::model::preset::{Preset, StoredPreset};
use crate::model::spec::Spec;

/// The ways out of the conflict: the key that goes it and what it does.
pub(crate) const WAYS: [(ConflictChoice, Action, &str); 4] = [
    (ConflictChoice::Mine, Action::KeepMine, "Keep mine: replace the file"),
    (ConflictChoice::Theirs, Action::TakeTheirs, "Take theirs: my changes are lost"),
    (ConflictChoice::OtherName, Action::SaveAs, "Keep both: save mine under another name"),
    (ConflictChoice::Later, Action::Back, "Decide later: nothing is written"),
];

/// A line that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Difference {
    Mine(String),
    Theirs(String),
}

/// State of the overlay.
#[derive(Debug)]
pub struct Conflict {
    pub mine: Box<Preset>,
    theirs: Box<StoredPreset>,
    pub differences: Vec<Difference>,
    /// First of them shown.
    pub top: usize,
    /// The one of `WAYS` that Enter goes.
    pub selected: usize,
}

impl Conflict {
    /// Shows what differs between what was to be saved and the file.
    pub(crate) fn new(mine: Box<Preset>, theirs: Box<StoredPreset>) -> Self {
        let differences = match &theirs.content {
            Ok(preset) => differences(&mine.spec, &preset.spec),
            Err(failure) => vec![Difference::Theirs(failure.to_string())],
        };
        Conflict { mine, theirs, differences, top: 0, selected: WAYS.len() - 1 }
    }

    /// Area of the differences, and the row of each way out.
    pub fn parts(inner: Rect) -> (Rect, Rect) {
        let ways = inner.height.min(WAYS.len() as u16);
        let differences = Rect { height: inner.height - ways, ..inner };
        (differences, Rect { y: differences.bottom(), height: ways, ..inner })
    }

    /// Takes an input.
    pub fn update(&mut self, inner: Rect, input: PaneInput<'_>) -> Outcome {
        let way = match input {
            PaneInput::Act(Action::Up) => {
                self.selected = self.selected.saturating_sub(1);
                None
            }
            PaneInput::Act(Action::Down) => {
                self.selected = (self.selected + 1).min(WAYS.len() - 1);
                None
            }
            PaneInput::Act(Action::Choose) => WAYS.get(self.selected),
            PaneInput::Act(Action::PageUp) => self.scroll(inner, CursorStep::PageUp),
            PaneInput::Act(Action::PageDown) => self.scroll(inner, CursorStep::PageDown),
            PaneInput::Wheel(step) => self.scroll(inner, step),
            PaneInput::Act(action) => match WAYS.iter().find(|(_, key, _)| *key == action) {
                None => return Outcome::no(),
                way => way,
            },
            PaneInput::Press(_, mouse) => {
                let (_, ways) = Self::parts(inner);
                let inside = ways.contains((mouse.column, mouse.row).into());
                WAYS.get(usize::from(mouse.row.saturating_sub(ways.y))).filter(|_| inside)
            }
            PaneInput::Key(_) | PaneInput::Paste(_) | PaneInput::Drag(..) => return Outcome::no(),
        };
        way.map_or_else(Outcome::yes, |(way, ..)| {
            Outcome::from(Intent::CloseOverlay).with(self.resolved(*way))
        })
    }

    /// Scrolls the differences; goes no way.
    fn scroll<T>(&mut self, inner: Rect, step: CursorStep) -> Option<T> {
        let height = Self::parts(inner).0.height;
        self.top = scroll(self.top, step, self.differences.len(), height.into());
        None
    }

    /// What has to be done to go this way.
    pub(crate) fn resolved(&self, way: ConflictChoice) -> Intent {
        Intent::Resolve { mine: self.mine.clone(), theirs: self.theirs.clone(), way }
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
    for (at, tab) in tabs(spec).into_iter().enumerate() {
        // The address line stands above every tab.
        let skip = if at == 0 { 0 } else { 2 };
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
