//! The palette: every action, preset, open draft and environment, found by typing.
//!
//! Enter runs an action or opens what was found; the key that sends, opens and sends it.

use ratatui::layout::Rect;

use crate::app::action::{Action, TABLE};
use crate::app::choices::{Choice, Choices, Reaction};
use crate::app::drafts::DraftId;
use crate::app::focus::Pane;
use crate::app::intent::Intent;
use crate::app::keymap::Context;
use crate::app::layout::{inner, window};
use crate::app::outcome::{Outcome, OverlayInput};
use crate::app::shared::Shared;
use crate::model::preset::PresetPath;

/// What can be found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PaletteTarget {
    Action(Action),
    Preset(PresetPath),
    Draft(DraftId),
    Environment(Option<String>),
}

/// State of the palette.
#[derive(Debug)]
pub struct Palette {
    pub choices: Choices<PaletteTarget>,
    /// Contexts of the pane that has the focus below.
    here: Vec<Context>,
}

impl Palette {
    /// Everything that can be run or opened from where the focus is.
    pub(crate) fn new(shared: &Shared, here: Vec<Context>) -> Self {
        let mut all: Vec<Choice<PaletteTarget>> = TABLE
            .iter()
            .filter(|row| row.action != Action::Palette && !row.is_of_windows())
            .map(|row| action(shared, &here, row.action))
            .collect();
        all.extend(shared.workspace.presets.iter().map(|stored| Choice {
            value: PaletteTarget::Preset(stored.path.clone()),
            title: stored.path.to_string(),
            detail: stored.content.as_ref().map_or("cannot be read".into(), |preset| {
                format!("{} {}", preset.spec.badge(), preset.spec.address())
            }),
            note: "preset".into(),
            words: "open".into(),
        }));
        let unsaved =
            shared.drafts.iter().filter(|draft| draft.preset.is_none() && !draft.is_blank());
        all.extend(unsaved.map(|draft| Choice {
            value: PaletteTarget::Draft(draft.id),
            title: draft.title(),
            detail: draft.spec.badge().into(),
            note: "not saved".into(),
            words: "open".into(),
        }));
        let names = shared.workspace.environments.iter().map(|e| Some(e.name.clone()));
        all.extend(names.chain([None]).map(|name| Choice {
            title: name.clone().unwrap_or_else(|| "none".into()),
            value: PaletteTarget::Environment(name),
            detail: String::new(),
            note: "environment".into(),
            words: "environment".into(),
        }));
        Palette { choices: Choices::new(all), here }
    }

    /// Where it is on the screen, border included.
    pub fn area(shared: &Shared) -> Rect {
        window(shared.size, 76, 24)
    }

    /// Takes an input.
    pub fn update(&mut self, shared: &Shared, input: OverlayInput<'_>) -> Outcome {
        if let OverlayInput::Act(Action::Send) = input {
            return self.send();
        }
        match self.choices.update(inner(Self::area(shared)), input) {
            Reaction::Chosen => self.run(),
            Reaction::Unknown => Outcome::no(),
            Reaction::Typed | Reaction::Nothing => Outcome::yes(),
        }
    }

    fn run(&self) -> Outcome {
        let Some(choice) = self.choices.selected() else { return Outcome::yes() };
        let close = Outcome::from(Intent::CloseOverlay);
        match choice.value.clone() {
            PaletteTarget::Action(action) => match self.home(action) {
                Some(pane) => close.with(Intent::Focus(pane)).with(Intent::Act(action)),
                None => close.with(Intent::Act(action)),
            },
            PaletteTarget::Preset(path) => close.with(Intent::FindPreset(path)),
            PaletteTarget::Draft(id) => {
                close.with(Intent::ShowDraft(id)).with(Intent::Focus(Pane::Request))
            }
            PaletteTarget::Environment(name) => close.with(Intent::ChooseEnvironment(name)),
        }
    }

    /// What was found is opened and sent, or just run if it is nothing to send.
    fn send(&self) -> Outcome {
        let opens = self.choices.selected().is_some_and(|choice| {
            matches!(choice.value, PaletteTarget::Preset(_) | PaletteTarget::Draft(_))
        });
        let outcome = self.run();
        if opens { outcome.with(Intent::Act(Action::Send)) } else { outcome }
    }

    /// The pane an action belongs to, unless it can be done where the focus is.
    fn home(&self, action: Action) -> Option<Pane> {
        let keys = action.row().keys;
        if keys.is_empty() || keys.iter().any(|(context, _)| self.here.contains(context)) {
            return None;
        }
        keys.iter().find_map(|(context, _)| context.pane())
    }
}

fn action(shared: &Shared, here: &[Context], action: Action) -> Choice<PaletteTarget> {
    let row = action.row();
    let note = shared.keymap.hint(here, action);
    let note = note.or_else(|| shared.keymap.hint(Context::PANES, action)).unwrap_or_default();
    Choice {
        value: PaletteTarget::Action(action),
        title: row.title.into(),
        detail: row.help.into(),
        words: format!("{} {note}", row.name),
        note,
    }
}
