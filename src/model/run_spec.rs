//! What a preset says about being run among others: what has to be there before, and how it is chosen.
//! The runner reads it, and the workbench and `wirebench send` when it is sent alone.

use std::borrow::Cow;
use std::time::Duration;

use super::field::FieldValue;

/// Keys of a client's preset for `wirebench run`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RunSpec {
    /// Presets: a listener or relay is started for the run, a client runs before.
    pub needs: WordList,
    /// Words `--tag` chooses by.
    pub tags: WordList,
    /// How old what it captured may be when another preset needs it; `None` = as old as the run.
    pub max_age: Option<Duration>,
}

/// Words in their order. As text with commas between them, in a file a list.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct WordList(pub Vec<String>);

impl FieldValue for WordList {
    fn show(&self) -> Cow<'_, str> {
        self.0.join(", ").into()
    }

    fn set(&mut self, text: &str) -> Result<(), String> {
        let words = text.split(',').map(str::trim).filter(|word| !word.is_empty());
        self.0 = words.map(str::to_owned).collect();
        Ok(())
    }
}
