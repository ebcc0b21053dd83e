//! The file changed on disk since the draft was opened: mine, theirs, another name, or neither.
//!
//! What differs is shown field by field, in the words of the form.

use std::collections::BTreeSet;

use ratatui::layout::Rect;

use super::{Flow, Overlay, naming};
use crate::app::drafts::DraftId;
use crate::app::effect::Effect;
use crate::app::flow::draft;
use crate::app::form::rows::rows;
use crate::app::form::{FormFieldId, access, tabs};
use crate::app::message::{Mouse, MouseKind};
use crate::app::state::App;
use crate::model::key::{Key, KeyCode};
use crate::model::preset::{Preset, StoredPreset};
use crate::model::spec::Spec;
use crate::store::job::{Job, Overwrite};

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
    pub theirs: StoredPreset,
    pub differences: Vec<Difference>,
    pub selected: Way,
}

impl Way {
    pub const ALL: [Way; 4] = [Way::Mine, Way::Theirs, Way::OtherName, Way::Cancel];

    pub fn title(self) -> &'static str {
        match self {
            Way::Mine => "m  Keep mine: replace the file",
            Way::Theirs => "t  Take theirs: my changes are lost",
            Way::OtherName => "s  Save mine under another name",
            Way::Cancel => "Esc  Decide later: nothing is written",
        }
    }
}

pub(super) fn open(app: &mut App, mine: Preset, theirs: StoredPreset) {
    let differences = match &theirs.content {
        Ok(preset) => differences(&mine.spec, &preset.spec),
        Err(failure) => vec![Difference::Theirs(failure.to_string())],
    };
    let selected = Way::Cancel;
    app.overlays.push(Overlay::Conflict(Conflict { mine, theirs, differences, selected }));
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
    let mut lines = vec![format!("{} {}", spec.protocol().title(), spec.side().name())];
    let mut first = true;
    for tab in tabs(spec) {
        // The address line stands above every tab.
        let skip = if first { 0 } else { 2 };
        first = false;
        for row in rows(spec, *tab).into_iter().skip(skip) {
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

impl Conflict {
    /// Area of the differences, and the row of each way out.
    pub fn parts(inner: Rect) -> (Rect, Rect) {
        let ways = inner.height.min(Way::ALL.len() as u16);
        let differences = Rect { height: inner.height - ways, ..inner };
        (differences, Rect { y: differences.bottom(), height: ways, ..inner })
    }
}

pub(super) fn key(app: &mut App, conflict: &mut Conflict, key: Key) -> Flow {
    let at = Way::ALL.iter().position(|way| *way == conflict.selected).unwrap_or(0);
    match key.code {
        KeyCode::Up => conflict.selected = Way::ALL[at.saturating_sub(1)],
        KeyCode::Down | KeyCode::Tab => {
            conflict.selected = Way::ALL[(at + 1).min(Way::ALL.len() - 1)];
        }
        KeyCode::Enter => return go(app, conflict, conflict.selected),
        KeyCode::Char('m') => return go(app, conflict, Way::Mine),
        KeyCode::Char('t') => return go(app, conflict, Way::Theirs),
        KeyCode::Char('s') => return go(app, conflict, Way::OtherName),
        _ => {}
    }
    Flow::Stay
}

pub(super) fn mouse(app: &mut App, conflict: &mut Conflict, inner: Rect, mouse: Mouse) -> Flow {
    let (_, ways) = Conflict::parts(inner);
    let inside = ways.contains((mouse.column, mouse.row).into());
    if mouse.kind != MouseKind::Press || !inside {
        return Flow::Stay;
    }
    match Way::ALL.get(usize::from(mouse.row - ways.y)) {
        Some(way) => go(app, conflict, *way),
        None => Flow::Stay,
    }
}

fn go(app: &mut App, conflict: &Conflict, way: Way) -> Flow {
    let id = draft_of(app, conflict);
    give_up(app, conflict);
    let Some(id) = id else { return Flow::Close };
    match way {
        Way::Mine => {
            let mine = conflict.mine.clone();
            if let Some(draft) = app.shared.drafts.get_mut(id) {
                draft.saving = Some(mine.clone());
            }
            app.effects.push(Effect::Store(Job::SavePreset {
                preset: Box::new(mine),
                based_on: Some(conflict.theirs.fingerprint),
                overwrite: Overwrite::Replace,
            }));
        }
        Way::Theirs => match &conflict.theirs.content {
            Ok(preset) => {
                if let Some(draft) = app.shared.drafts.get_mut(id) {
                    draft.preset = Some(conflict.theirs.path.clone());
                    draft.follow(preset, conflict.theirs.fingerprint);
                }
                draft::draft_changed(app);
            }
            Err(failure) => {
                let text = failure.to_string();
                app.warn(text);
            }
        },
        Way::OtherName => naming::save_as(app, id),
        Way::Cancel => {}
    }
    Flow::Close
}

fn draft_of(app: &App, conflict: &Conflict) -> Option<DraftId> {
    let waits = |preset: &Preset| preset.path == conflict.mine.path;
    app.shared
        .drafts
        .iter()
        .find(|draft| draft.saving.as_ref().is_some_and(waits))
        .map(|draft| draft.id)
}

/// Nothing is written: the draft stays as it is, unsaved.
pub(super) fn give_up(app: &mut App, conflict: &Conflict) {
    let Some(draft) = draft_of(app, conflict).and_then(|id| app.shared.drafts.get_mut(id)) else {
        return;
    };
    draft.saving = None;
    draft.save_again = false;
    app.touched();
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
