//! The palette: every action, preset, open draft and environment, found by typing.
//!
//! Enter runs an action or opens what was found; the key that sends, opens and sends it.

use ratatui::layout::Rect;

use super::choices::{Choice, Choices};
use super::{Flow, Overlay};
use crate::app::action::{Action, TABLE};
use crate::app::cursor::CursorStep;
use crate::app::drafts::DraftId;
use crate::app::flow::{draft, input, program};
use crate::app::focus::Pane;
use crate::app::keymap::Context;
use crate::app::message::{Mouse, MouseKind};
use crate::app::state::App;
use crate::model::key::{Key, KeyCode};
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
}

pub(super) fn open(app: &mut App) {
    let mut all: Vec<Choice<PaletteTarget>> = TABLE
        .iter()
        .filter(|row| row.action != Action::Palette)
        .map(|row| action(app, row.action))
        .collect();
    all.extend(app.shared.workspace.presets.iter().map(|stored| Choice {
        value: PaletteTarget::Preset(stored.path.clone()),
        title: stored.path.to_string(),
        detail: stored.content.as_ref().map_or("cannot be read".into(), |preset| {
            format!("{} {}", preset.spec.badge(), preset.spec.address())
        }),
        note: "preset".into(),
        words: "open".into(),
    }));
    let unsaved =
        app.shared.drafts.iter().filter(|draft| draft.preset.is_none() && !draft.is_blank());
    all.extend(unsaved.map(|draft| Choice {
        value: PaletteTarget::Draft(draft.id),
        title: draft.title(),
        detail: draft.spec.badge().into(),
        note: "not saved".into(),
        words: "open".into(),
    }));
    let names = app.shared.workspace.environments.iter().map(|e| Some(e.name.clone()));
    all.extend(names.chain([None]).map(|name| Choice {
        title: name.clone().unwrap_or_else(|| "none".into()),
        value: PaletteTarget::Environment(name),
        detail: String::new(),
        note: "environment".into(),
        words: "environment".into(),
    }));
    app.overlays.push(Overlay::Palette(Palette { choices: Choices::new(all) }));
}

fn action(app: &App, action: Action) -> Choice<PaletteTarget> {
    let row = action.row();
    let here = app.shared.keymap.hint(&app.contexts(), action);
    let note = here.or_else(|| app.shared.keymap.hint(&Context::ALL, action)).unwrap_or_default();
    Choice {
        value: PaletteTarget::Action(action),
        title: row.title.into(),
        detail: row.help.into(),
        words: format!("{} {note}", row.name),
        note,
    }
}

pub(super) fn key(app: &mut App, palette: &mut Palette, key: Key, bound: Option<Action>) -> Flow {
    let found = palette.choices.selected().map(|choice| choice.value.clone());
    match (key.code, bound) {
        (KeyCode::Enter, None) => run(app, found),
        (_, Some(Action::Send)) => {
            let opens = matches!(found, Some(PaletteTarget::Preset(_) | PaletteTarget::Draft(_)));
            let flow = run(app, found);
            if opens {
                input::act(app, Action::Send);
            }
            flow
        }
        _ => {
            let area =
                super::inner(super::placed(app.shared.size, super::PALETTE.0, super::PALETTE.1));
            palette.choices.key(key, Choices::<PaletteTarget>::parts(area).1);
            Flow::Stay
        }
    }
}

pub(super) fn mouse(app: &mut App, palette: &mut Palette, inner: Rect, mouse: Mouse) -> Flow {
    let (_, list) = Choices::<PaletteTarget>::parts(inner);
    match mouse.kind {
        MouseKind::ScrollUp => palette.choices.step(CursorStep::Up, list.height),
        MouseKind::ScrollDown => palette.choices.step(CursorStep::Down, list.height),
        MouseKind::Press
            if list.contains((mouse.column, mouse.row).into())
                && palette.choices.click(mouse.row - list.y, list.height) =>
        {
            let found = palette.choices.selected().map(|choice| choice.value.clone());
            return run(app, found);
        }
        _ => {}
    }
    Flow::Stay
}

fn run(app: &mut App, found: Option<PaletteTarget>) -> Flow {
    match found {
        None => return Flow::Stay,
        Some(PaletteTarget::Action(action)) => {
            if let Some(pane) = home(app, action) {
                program::focus(app, pane);
            }
            input::act(app, action);
        }
        Some(PaletteTarget::Preset(path)) => {
            if draft::open_preset(app, &path) {
                app.presets.reveal(&app.shared, &path);
                program::focus(app, Pane::Request);
            }
        }
        Some(PaletteTarget::Draft(id)) => {
            draft::show_draft(app, id);
            program::focus(app, Pane::Request);
        }
        Some(PaletteTarget::Environment(name)) => super::environments::choose(app, name),
    }
    Flow::Close
}

/// The pane an action belongs to, unless it can be done where the focus is.
fn home(app: &App, action: Action) -> Option<Pane> {
    let here = app.contexts();
    let keys = action.row().keys;
    if keys.is_empty() || keys.iter().any(|(context, _)| here.contains(context)) {
        return None;
    }
    keys.iter().find_map(|(context, _)| match context {
        Context::Presets => Some(Pane::Presets),
        Context::History => Some(Pane::History),
        Context::Address | Context::Form => Some(Pane::Request),
        Context::Response | Context::Conversation | Context::Input => Some(Pane::Response),
        Context::Traffic => Some(Pane::Traffic),
        Context::Global | Context::Plain | Context::List => None,
    })
}
