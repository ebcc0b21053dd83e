//! The preset file format: TOML text to [`Preset`] and back.
//!
//! Reading is strict: an unknown key or a wrong value is refused with file, line and, where one is
//! near, the word that was meant. Writing is minimal (only what differs from the defaults) and
//! kind to hand-written files: [`write()`] changes only the keys whose meaning changed and leaves
//! comments, order and formatting alone. Pure functions; called by the worker, the command line
//! and the screens that show a preset as text.

mod merge;
mod node;
mod read;
mod render;
mod tree;

use crate::model::failure::Failure;
use crate::model::preset::{Preset, PresetPath};
use crate::model::spec::Spec;
use crate::store::strict_toml::{Trouble, parse_document};

/// Longest preset file that is read; a body beyond that belongs into a file of its own.
pub const PRESET_LIMIT: u64 = 32 * 1024 * 1024;

/// Parses the text of the preset file at `path`.
///
/// # Errors
/// A [`Failure`] of stage `Storage` that names file and line.
pub fn read(text: &str, path: &PresetPath) -> Result<Preset, Failure> {
    let file = format!("{path}.toml");
    let (about, spec) = parse(text).map_err(|trouble| trouble.into_failure(&file, text))?;
    Ok(Preset { path: path.clone(), about, spec })
}

/// Parses a spec kept as preset text (drafts, history); `name` stands in messages.
///
/// # Errors
/// As [`read()`].
pub fn read_spec(text: &str, name: &str) -> Result<Spec, Failure> {
    parse(text).map(|(_, spec)| spec).map_err(|trouble| trouble.into_failure(name, text))
}

/// The text of a preset file. With the `previous` text of the same file, everything in it that
/// still holds is kept as it was written.
#[must_use]
pub fn write(preset: &Preset, previous: Option<&str>) -> String {
    write_parts(&preset.about, &preset.spec, previous)
}

/// A spec as the text of a preset without description.
#[must_use]
pub fn write_spec(spec: &Spec) -> String {
    write_parts("", spec, None)
}

/// Hash of a file's bytes (FNV-1a, 64 bit): names a version of a file across runs.
#[must_use]
pub fn fingerprint(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

fn parse(text: &str) -> Result<(String, Spec), Trouble> {
    let document = parse_document(text)?;
    read::preset(document.as_item())
}

fn write_parts(about: &str, spec: &Spec, previous: Option<&str>) -> String {
    let wanted = tree::preset(about, spec);
    let fresh = render::document(&wanted);
    let Some(previous) = previous else { return fresh };
    let Ok(document) = parse_document(previous) else { return fresh };
    let Ok((old_about, old_spec)) = read::preset(document.as_item()) else { return fresh };
    if old_about == about && old_spec == *spec {
        return previous.to_owned();
    }
    let base = tree::preset(&old_about, &old_spec);
    match merge::update(previous, document.into_mut(), &fresh, (&base, &wanted)) {
        // A file written in a way the merge does not foresee loses its comments, never its meaning.
        Some(merged) if means(&merged, about, spec) => merged,
        _ => fresh,
    }
}

fn means(text: &str, about: &str, spec: &Spec) -> bool {
    parse(text).is_ok_and(|(read_about, read_spec)| read_about == about && read_spec == *spec)
}

#[cfg(test)]
mod preset_tests;
#[cfg(test)]
mod schema_tests;
