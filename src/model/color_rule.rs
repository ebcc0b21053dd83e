//! A rule of the user's file of colours: which rows have which colour. What its text means as a filter is
//! nobody's matter here.

use super::theme::{HUES, ROLES, RoleKind, ThemeColor, ThemeRole};

/// One rule, as it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColorRule {
    pub filter: String,
    pub color: RowColor,
    /// Where it stands in the file.
    pub line: usize,
}

/// A colour of rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RowColor {
    /// That of a role, as the theme has it.
    Role(ThemeRole),
    /// A word that every theme has a colour for.
    Hue(&'static str),
    Is(ThemeColor),
}

impl RowColor {
    /// What a word stands for: a role of themes that text can have, a word for a colour, `#rrggbb`.
    #[must_use]
    pub fn read(word: &str) -> Option<Self> {
        let is_text = |kind| matches!(kind, RoleKind::Ink | RoleKind::Block);
        let role = ROLES.iter().find(|row| row.key == word && is_text(row.kind));
        let hue = HUES.iter().find(|hue| **hue == word);
        match (role, hue) {
            (Some(row), _) => Some(RowColor::Role(row.role)),
            (None, Some(hue)) => Some(RowColor::Hue(hue)),
            (None, None) => ThemeColor::read(word).map(RowColor::Is),
        }
    }

    /// The words that are offered for it.
    pub(crate) fn words() -> impl Iterator<Item = &'static str> {
        let roles = ["error", "warning", "success", "accent", "hint", "automatic"];
        HUES.into_iter().chain(roles)
    }
}
