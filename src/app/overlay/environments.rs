//! The environment picker: one of the workspace's environments, or none.

use ratatui::layout::Rect;

use crate::app::choices::{Choice, Choices, Reaction};
use crate::app::intent::Intent;
use crate::app::layout::{inner, window};
use crate::app::outcome::{Outcome, OverlayInput};
use crate::app::shared::Shared;

/// State of the picker.
#[derive(Debug)]
pub struct Environments {
    pub choices: Choices<Option<String>>,
}

impl Environments {
    /// Offers what the workspace has; else says how to make one.
    pub(crate) fn new(shared: &Shared) -> Result<Self, Intent> {
        if shared.workspace.environments.is_empty() {
            let how = "no environments yet: a file env/NAME.toml in the workspace makes one";
            return Err(Intent::Say(how.into()));
        }
        let choice = |value: Option<String>, title: &str, detail: String| Choice {
            note: if value == shared.environment { "in force".into() } else { String::new() },
            value,
            title: title.into(),
            detail,
            words: String::new(),
        };
        let mut all = vec![choice(None, "none", "only what folders define".into())];
        all.extend(shared.workspace.environments.iter().map(|environment| {
            let secrets = environment.secrets.keys().map(|name| format!("secret.{name}"));
            let names: Vec<String> = environment.variables.keys().cloned().chain(secrets).collect();
            choice(Some(environment.name.clone()), &environment.name, names.join(" "))
        }));
        let mut choices = Choices::new(all);
        choices.select(|name| *name == shared.environment);
        Ok(Environments { choices })
    }

    /// Where it is on the screen, border included.
    pub fn area(shared: &Shared) -> Rect {
        window(shared.size, 60, 12)
    }

    /// Takes an input.
    pub fn update(&mut self, shared: &Shared, input: OverlayInput<'_>) -> Outcome {
        match (self.choices.update(inner(Self::area(shared)), input), self.choices.selected()) {
            (Reaction::Chosen, Some(choice)) => Outcome::from(Intent::CloseOverlay)
                .with(Intent::ChooseEnvironment(choice.value.clone())),
            (Reaction::Unknown, _) => Outcome::no(),
            _ => Outcome::yes(),
        }
    }
}
