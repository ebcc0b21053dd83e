//! The environment picker: one of the workspace's environments, or none.

use ratatui::layout::Rect;

use super::choices::{Choice, Choices};
use super::{Flow, Overlay};
use crate::app::cursor::CursorStep;
use crate::app::message::{Mouse, MouseKind};
use crate::app::state::App;
use crate::model::key::{Key, KeyCode};

/// State of the picker.
#[derive(Debug)]
pub struct Environments {
    pub choices: Choices<Option<String>>,
}

pub(super) fn open(app: &mut App) {
    if app.shared.workspace.environments.is_empty() {
        app.say("no environments yet: a file env/NAME.toml in the workspace makes one");
        return;
    }
    let mut all = vec![Choice {
        value: None,
        title: "none".into(),
        detail: "only what folders define".into(),
        note: String::new(),
        words: String::new(),
    }];
    all.extend(app.shared.workspace.environments.iter().map(|environment| {
        let names: Vec<&str> = environment.variables.keys().map(String::as_str).collect();
        let secrets = environment.secrets.keys().map(|name| format!("secret.{name}"));
        let names: Vec<String> = names.into_iter().map(str::to_owned).chain(secrets).collect();
        Choice {
            value: Some(environment.name.clone()),
            title: environment.name.clone(),
            detail: names.join(" "),
            note: String::new(),
            words: String::new(),
        }
    }));
    for choice in &mut all {
        if choice.value == app.shared.environment {
            choice.note = "in force".into();
        }
    }
    let mut choices = Choices::new(all);
    choices.select(|name| *name == app.shared.environment);
    app.overlays.push(Overlay::Environments(Environments { choices }));
}

/// Puts an environment into force.
pub(super) fn choose(app: &mut App, name: Option<String>) {
    let text = format!("environment: {}", name.as_deref().unwrap_or("none"));
    app.shared.environment = name;
    app.say(text);
    app.touched();
}

pub(super) fn key(app: &mut App, picker: &mut Environments, key: Key) -> Flow {
    if key.code == KeyCode::Enter {
        return take(app, picker);
    }
    let inner =
        super::inner(super::placed(app.shared.size, super::ENVIRONMENTS.0, super::ENVIRONMENTS.1));
    picker.choices.key(key, Choices::<Option<String>>::parts(inner).1);
    Flow::Stay
}

fn take(app: &mut App, picker: &Environments) -> Flow {
    let Some(choice) = picker.choices.selected() else { return Flow::Stay };
    choose(app, choice.value.clone());
    Flow::Close
}

pub(super) fn mouse(app: &mut App, picker: &mut Environments, inner: Rect, mouse: Mouse) -> Flow {
    let (_, list) = Choices::<Option<String>>::parts(inner);
    match mouse.kind {
        MouseKind::ScrollUp => picker.choices.step(CursorStep::Up, list.height),
        MouseKind::ScrollDown => picker.choices.step(CursorStep::Down, list.height),
        MouseKind::Press
            if list.contains((mouse.column, mouse.row).into())
                && picker.choices.click(mouse.row - list.y, list.height) =>
        {
            return take(app, picker);
        }
        _ => {}
    }
    Flow::Stay
}
