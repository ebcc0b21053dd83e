//! Imports of other tools' presets on the screen: what is asked for, and what is known beside their window.

use super::preset_tree::TreeItem;

/// What an import is to be of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ImportWish {
    /// What the window asks for.
    Asked,
    /// A text that was pasted.
    Pasted(String),
    /// A path that was pasted: a file that was dropped onto the terminal, say.
    Named(String),
}

/// What outlives the window of an import.
#[derive(Debug, Default)]
pub(crate) struct ImportsBegun {
    /// Windows so far: answers to questions of earlier ones are not those of the one that is open.
    pub(super) windows: u64,
    /// What is selected in Presets once the workspace was read with it.
    pub(super) reveals: Option<TreeItem>,
}
