//! The line at the bottom of the pane in which a filter or a command is typed. State alone; what keys do
//! to it is in `recipes`.

use crate::app::editor::Editor;
use crate::model::recipe::{Recipe, RecipeKind};

/// The line a filter or a command is typed in.
#[derive(Debug)]
pub struct RecipeLine {
    pub kind: RecipeKind,
    pub editor: Editor,
    /// The place in the chain of what is typed.
    pub(super) at: usize,
    /// What stood there before.
    pub(super) before: Option<Recipe>,
    /// What was asked for last while it was typed.
    pub(super) sent: Option<String>,
    /// How far back in what was typed before; 0 = this line.
    pub(super) past: usize,
}

impl RecipeLine {
    /// What stands before the text.
    pub fn label(&self) -> &'static str {
        self.kind.row().asks.unwrap_or_default()
    }

    /// What may be typed, while nothing is.
    pub fn example(&self) -> &'static str {
        if self.editor.is_empty() { self.kind.row().example } else { "" }
    }
}
