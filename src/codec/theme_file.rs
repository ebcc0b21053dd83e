//! Theme files: strict TOML, `role = colour`, and the themes that are built in.
//!
//! ```text
//! about = "Mine"        base = "light"        what is not said here is as there; else as in dark
//! [colors]              words for colours: sky = "#8fd0ff", red = 9
//! [roles]               accent = "sky", error = "red", border = "#334455", text = 252
//! ```
//! A role of the base that is said by a word takes the word's new colour, so a few `[colors]` make
//! a theme. Used by the store for the user's files and by the application for what is built in.

use std::collections::BTreeMap;

use toml_edit::Value;

use super::strict_toml::{Fields, NamedItem, Trouble, parse_document};
use crate::model::failure::Failure;
use crate::model::suggest::suggest;
use crate::model::theme::{ROLES, ThemeColor, ThemeRole, ThemeSheet};

/// The theme all others go back to, and the one of dark terminals.
pub const DARK: &str = "dark";
/// The one of light terminals.
pub const LIGHT: &str = "light";
/// The one of terminals with no more than their own colours.
pub const TERMINAL: &str = "terminal";

/// What is built in, by name.
pub const BUILT_IN: [(&str, &str); 6] = [
    (DARK, include_str!("../../assets/themes/dark.toml")),
    (LIGHT, include_str!("../../assets/themes/light.toml")),
    ("forest", include_str!("../../assets/themes/forest.toml")),
    ("paper", include_str!("../../assets/themes/paper.toml")),
    ("high-contrast", include_str!("../../assets/themes/high-contrast.toml")),
    (TERMINAL, include_str!("../../assets/themes/terminal.toml")),
];

/// What a file and its bases say, before words become colours.
#[derive(Debug, Default)]
struct ThemeDraft {
    about: String,
    colors: BTreeMap<String, ThemeColor>,
    roles: BTreeMap<ThemeRole, ColorWord>,
}

#[derive(Debug, Clone)]
enum ColorWord {
    Is(ThemeColor),
    /// One of the names in `[colors]`.
    Named(String),
}

/// Reads a theme; `file` is what messages call it.
///
/// # Errors
/// Names the line, and what was meant.
pub fn read(text: &str, file: &str) -> Result<ThemeSheet, Failure> {
    let draft = draft(text, false).map_err(|trouble| trouble.into_failure(file, text))?;
    Ok(draft.sheet())
}

/// A theme that is built in.
#[must_use]
pub fn built_in(name: &str) -> Option<ThemeSheet> {
    built_in_draft(name).map(ThemeDraft::sheet)
}

fn built_in_draft(name: &str) -> Option<ThemeDraft> {
    let (name, text) = BUILT_IN.iter().find(|(known, _)| *known == name)?;
    // A test reads them all.
    draft(text, *name == DARK).ok()
}

fn draft(text: &str, is_root: bool) -> Result<ThemeDraft, Trouble> {
    let document = parse_document(text)?;
    let mut root = Fields::root(&document);
    let base = match root.get("base") {
        _ if is_root => ThemeDraft::default(),
        None => built_in_draft(DARK).unwrap_or_default(),
        Some(item) => built_in_draft(item.text()?).ok_or_else(|| {
            let known = BUILT_IN.map(|(name, _)| name);
            item.wrong("must be a theme that is built in")
                .hint(suggest(item.as_text().unwrap_or_default(), &known))
        })?,
    };
    let about = root.text("about")?.unwrap_or_default();
    let mut theme = ThemeDraft { about, ..base };
    if let Some(table) = root.get("colors") {
        for item in table.table()?.free() {
            let color = color_of(&item).ok_or_else(|| wrong_color(&item, &[]))?;
            theme.colors.insert(item.name, color);
        }
    }
    if let Some(table) = root.get("roles") {
        let mut fields = table.table()?;
        for row in ROLES {
            let Some(item) = fields.get(row.key) else { continue };
            let word = theme.word(&item)?;
            theme.roles.insert(row.role, word);
        }
        fields.done()?;
    }
    root.done()?;
    Ok(theme)
}

impl ThemeDraft {
    fn word(&self, item: &NamedItem<'_>) -> Result<ColorWord, Trouble> {
        if let Some(name) = item.as_text().filter(|name| self.colors.contains_key(*name)) {
            return Ok(ColorWord::Named(name.to_owned()));
        }
        let names: Vec<&str> = self.colors.keys().map(String::as_str).collect();
        color_of(item).map(ColorWord::Is).ok_or_else(|| wrong_color(item, &names))
    }

    fn sheet(self) -> ThemeSheet {
        let ThemeDraft { about, colors, roles } = self;
        let color = |word: ColorWord| match word {
            ColorWord::Is(color) => color,
            ColorWord::Named(name) => colors.get(&name).copied().unwrap_or_default(),
        };
        let roles = roles.into_iter().map(|(role, word)| (role, color(word))).collect();
        ThemeSheet::new(about, roles, colors)
    }
}

/// A colour without names of its own: a number below 256, or a word.
fn color_of(item: &NamedItem<'_>) -> Option<ThemeColor> {
    match item.value()? {
        Value::Integer(number) => u8::try_from(*number.value()).ok().map(ThemeColor::Index),
        Value::String(word) => ThemeColor::read(word.value()),
        _ => None,
    }
}

fn wrong_color(item: &NamedItem<'_>, names: &[&str]) -> Trouble {
    let how = "\"#rrggbb\", a number from 0 to 255, \"default\", or a name";
    let trouble = item.wrong("is no colour");
    match item.as_text().filter(|word| !word.starts_with('#') && !names.is_empty()) {
        Some(word) => trouble.hint(format!("write {how}; {}", suggest(word, names))),
        None => trouble.hint(format!("write {how}")),
    }
}

#[cfg(test)]
mod theme_file_tests;
