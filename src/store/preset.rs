//! The preset file format: TOML text to [`Preset`] and back.
//!
//! Reading is strict: an unknown key or a wrong value is refused with file, line and, where one is
//! near, the word that was meant. Writing is minimal (only what differs from the defaults) and
//! kind to hand-written files: [`write()`] changes only the keys whose meaning changed and leaves
//! comments, order and formatting alone. Pure functions; called by the worker, the command line
//! and the screens that show a preset as text.

mod entries;
mod line_ends;
mod merge;
mod own;
mod read;
mod render;
mod tree;

use toml_edit::{Document, DocumentMut, InlineTable};

use crate::codec::strict_toml::{Fields, Trouble, parse_document};
use crate::model::failure::Failure;
use crate::model::preset::{Preset, PresetPath};
use crate::model::spec::Spec;

pub use crate::model::fingerprint::fingerprint;

/// Longest preset file that is read; a body beyond that belongs into a file of its own.
pub(crate) const PRESET_LIMIT: u64 = 32 * 1024 * 1024;

/// Parses the text of the preset file at `path`.
///
/// # Errors
/// A [`Failure`] of stage `Storage` that names file and line.
pub fn read(text: &str, path: &PresetPath) -> Result<Preset, Failure> {
    read_in(text, path, &[])
}

/// The same of a preset whose folders give presets these, one of a kind.
///
/// # Errors
/// As [`read()`].
pub(crate) fn read_in(text: &str, path: &PresetPath, given: &[Spec]) -> Result<Preset, Failure> {
    let file = format!("{path}.toml");
    let refused = |trouble: Trouble| trouble.into_failure(&file, text);
    let document = parse_document(text).map_err(refused)?;
    let (about, spec) = read::preset(&document, given).map_err(refused)?;
    entries::check(&document, &spec).map_err(refused)?;
    let unused = read::unused(&document, &spec);
    Ok(Preset { path: path.clone(), about, spec, unused })
}

/// What a folder gives to presets of the kind of this one.
fn given_to<'a>(given: &'a [Spec], spec: &Spec) -> Option<&'a Spec> {
    given.iter().find(|given| given.section() == spec.section())
}

/// What a `_defaults.toml` gives to presets of each kind, over what the folders around it give.
///
/// # Errors
/// Where a section is none of a preset.
pub(super) fn given(root: &mut Fields<'_>, outer: &[Spec]) -> Result<Vec<Spec>, Trouble> {
    read::given(root, outer)
}

/// A text with the line ends of the one before, and its byte order mark: a file that was written on Windows stays one.
pub(super) fn with_line_ends_of(before: &str, text: String) -> String {
    let text = with_mark_of(before, text);
    if line_ends::is_of_windows(before) { line_ends::of_windows(&text) } else { text }
}

/// What some editors put in front of UTF-8.
const MARK: char = '\u{feff}';

/// A text behind the byte order mark of the one before, if that has one.
pub(super) fn with_mark_of(before: &str, text: String) -> String {
    if before.starts_with(MARK) && !text.starts_with(MARK) { format!("{MARK}{text}") } else { text }
}

/// Parses a spec kept as preset text (drafts, history); `name` stands in messages.
///
/// # Errors
/// As [`read()`].
pub(crate) fn read_spec(text: &str, name: &str) -> Result<Spec, Failure> {
    parse(text, &[]).map(|(_, spec)| spec).map_err(|trouble| trouble.into_failure(name, text))
}

/// The text of a preset file. With the `previous` text of the same file, everything in it that
/// still holds is kept as it was written.
#[must_use]
pub fn write(preset: &Preset, previous: Option<&str>) -> String {
    write_in(preset, previous, &[])
}

/// The same of a preset whose folders give presets these: what it has of them is not written.
#[must_use]
pub(crate) fn write_in(preset: &Preset, previous: Option<&str>, given: &[Spec]) -> String {
    let mine = own::preset(&preset.about, &preset.spec, given);
    let merged = previous.and_then(|previous| carried_over(preset, previous, &mine, given));
    // What a file that cannot be read expects and captures is nobody's to drop.
    let is_read = previous.is_some_and(|previous| parse(previous, given).is_ok());
    let text = merged.unwrap_or_else(|| {
        let text = render::document(mine);
        with_unused(text, previous, |section| {
            !is_read || !read::is_carried_out(section, &preset.spec)
        })
    });
    with_mark_of(previous.unwrap_or_default(), text)
}

/// A new text with those sections of the previous one that are no business of a spec.
fn with_unused(text: String, previous: Option<&str>, is_kept: impl Fn(&str) -> bool) -> String {
    let previous = previous.and_then(|previous| parse_document(previous).ok());
    let Some(mut previous) = previous.map(Document::into_mut) else { return text };
    let Ok(mut document) = text.parse::<DocumentMut>() else { return text };
    let mut is_changed = false;
    for name in read::SECTIONS.into_iter().rev().filter(|name| is_kept(name)) {
        if let Some(item) = previous.remove(name).filter(|_| !document.contains_key(name)) {
            document.insert(name, item);
            is_changed = true;
        }
    }
    if is_changed { document.to_string() } else { text }
}

/// A spec as the text of a preset without description.
#[must_use]
pub(crate) fn write_spec(spec: &Spec) -> String {
    render::document(tree::preset("", spec))
}

fn parse(text: &str, given: &[Spec]) -> Result<(String, Spec), Trouble> {
    read::preset(&parse_document(text)?, given)
}

/// The previous text with what differs from it changed; `None` when it does not read, or is
/// written in a way the merge cannot follow.
fn carried_over(
    preset: &Preset,
    previous: &str,
    mine: &InlineTable,
    given: &[Spec],
) -> Option<String> {
    let means_mine = |about: &str, spec: &Spec| about == preset.about && *spec == preset.spec;
    let document = parse_document(previous).ok()?;
    let (about, spec) = read::preset(&document, given).ok()?;
    if means_mine(&about, &spec) {
        return Some(previous.to_owned());
    }
    let base = own::preset(&about, &spec, given);
    let merged = merge::update(previous, document.into_mut(), &base, mine)?;
    // Comments and line breaks around the values are text of the user's that is put together anew,
    // so only reading tells what became of it: a file loses its comments then, never its meaning.
    let read = parse(&merged, given).ok()?;
    if means_mine(&read.0, &read.1) {
        return Some(merged);
    }
    // What no file has words for (an inherited row that is gone) is written as what comes nearest: the one that is
    // off. A file that is laid out anew reads so, too.
    let nearest = parse(&render::document(mine.clone()), given).ok()?;
    (read == nearest).then_some(merged)
}

#[cfg(test)]
mod preset_tests;
#[cfg(test)]
mod property_tests;
#[cfg(test)]
mod schema_tests;
