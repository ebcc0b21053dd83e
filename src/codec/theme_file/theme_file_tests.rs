//! What theme files may say, and what the built-in ones promise.

use super::*;
use crate::model::theme::{HUES, LEAST_CONTRAST, RoleKind, contrast};

fn all() -> impl Iterator<Item = (&'static str, ThemeSheet)> {
    BUILT_IN.iter().map(|(name, _)| (*name, built_in(name).expect(name)))
}

#[test]
fn every_built_in_theme_is_read_and_names_every_role() {
    let root = built_in_draft(DARK).unwrap();
    for row in ROLES {
        assert!(root.roles.contains_key(&row.role), "{} lacks {}", DARK, row.key);
    }
    for (name, text) in BUILT_IN {
        if let Err(trouble) = draft(text, name == DARK) {
            panic!("{}", trouble.into_failure(name, text));
        }
        let sheet = built_in(name).unwrap();
        assert!(!sheet.about.is_empty(), "{name}");
        for hue in HUES {
            assert!(sheet.named(hue).is_some(), "{name} has no {hue}");
        }
    }
}

/// The contrasts of text and what is behind it, with their names.
fn contrasts(sheet: &ThemeSheet) -> Vec<(f64, String)> {
    let rows = |kind: RoleKind| ROLES.iter().filter(move |row| row.kind == kind);
    let inks = rows(RoleKind::Ink).chain(rows(RoleKind::Block));
    let on_surfaces = inks.flat_map(|ink| rows(RoleKind::Surface).map(move |it| (ink, it)));
    let block_text = ThemeRole::BlockText.row();
    let on_blocks = rows(RoleKind::Block).map(|block| (block_text, block));
    let pairs = on_surfaces.chain(on_blocks);
    let found = pairs.filter_map(|(ink, ground)| {
        let contrast = contrast(sheet.color(ink.role), sheet.color(ground.role))?;
        Some((contrast, format!("{} on {}", ink.key, ground.key)))
    });
    found.collect()
}

#[test]
fn text_can_be_read_on_every_surface_of_every_theme() {
    for (name, sheet) in all().filter(|(name, _)| *name != TERMINAL) {
        let least = if name == "high-contrast" { 7.0 } else { LEAST_CONTRAST };
        let found = contrasts(&sheet);
        assert!(found.len() > 200, "{name}: {}", found.len());
        for (contrast, pair) in found {
            assert!(contrast >= least, "{name}: {pair} has {contrast:.2}");
        }
        for (contrast, pair) in contrasts(&sheet.in_256()) {
            assert!(contrast >= LEAST_CONTRAST, "{name} in 256 colours: {pair} has {contrast:.2}");
        }
    }
}

#[test]
fn the_terminals_theme_has_its_colours_alone() {
    for (name, sheet) in all() {
        assert_eq!(sheet.is_of_sixteen(), name == TERMINAL, "{name}");
    }
}

#[test]
fn yellow_only_warns() {
    for (name, sheet) in all() {
        let yellow = sheet.named("yellow");
        let yellow: Vec<&str> = ROLES
            .iter()
            .filter(|row| Some(sheet.color(row.role)) == yellow)
            .map(|row| row.key)
            .collect();
        assert_eq!(yellow, ["warning"], "{name}");
    }
}

#[test]
fn a_theme_changes_what_it_says_and_what_is_called_so() {
    let text = "base = \"light\"\n[colors]\nred = 9\nsky = \"#8fd0ff\"\n\
                [roles]\naccent = \"sky\"\nborder = \"bright-black\"\ntext = 252\n";
    let sheet = read(text, "mine.toml").unwrap();
    let sky = ThemeColor::Direct([0x8f, 0xd0, 0xff]);
    assert_eq!(sheet.color(ThemeRole::Accent), sky);
    assert_eq!(sheet.color(ThemeRole::Border), ThemeColor::Index(8));
    assert_eq!(sheet.color(ThemeRole::Text), ThemeColor::Index(252));
    assert_eq!(sheet.color(ThemeRole::Error), ThemeColor::Index(9), "roles go by the word");
    let light = built_in(LIGHT).unwrap();
    assert_eq!(sheet.color(ThemeRole::Ground), light.color(ThemeRole::Ground));
    let nothing = read("", "x").unwrap();
    assert_eq!(nothing.color(ThemeRole::Ground), built_in(DARK).unwrap().color(ThemeRole::Ground));
}

#[test]
fn what_is_wrong_is_named_with_its_line_and_what_was_meant() {
    for (text, target, words) in [
        ("[roles]\nacent = 1\n", "x.toml:2", "did you mean 'accent'?"),
        ("[roles]\ntext = \"rde\"\n", "x.toml:2", "did you mean 'red'?"),
        ("[roles]\ntext = \"#12\"\n", "x.toml:2", "write \"#rrggbb\""),
        ("[roles]\n\ntext = 256\n", "x.toml:3", "from 0 to 255"),
        ("[roles]\ntext = true\n", "x.toml:2", "no colour"),
        ("[colors]\nsky = \"blu\"\n", "x.toml:2", "no colour"),
        ("\nbase = \"drak\"\n", "x.toml:2", "did you mean 'dark'?"),
        ("base = 3\n", "x.toml:1", "text in quotes"),
        ("color = 1\n", "x.toml:1", "did you mean 'colors'?"),
        ("roles = 1\n", "x.toml:1", "must be a table"),
        ("[roles\n", "x.toml:1", "not TOML"),
    ] {
        let failure = read(text, "x.toml").unwrap_err();
        assert!(failure.target.starts_with(&format!("{target}:")), "{text}: {failure}");
        assert!(failure.to_string().contains(words), "{text}: {failure}");
    }
}
