//! What is to be exported, and what comes of it, as plain data.

use crate::model::export_kind::PresetExportKind;
use crate::model::preset::{Environment, PresetPath, Scope};
use crate::model::spec::Spec;

/// A preset that is to be written for others.
#[derive(Debug, Clone)]
pub struct ExportedPreset {
    /// As it is called here.
    pub path: PresetPath,
    /// Its folders within what is exported, from the outermost.
    pub folder: Vec<String>,
    pub about: String,
    pub spec: Spec,
    /// What its templates may refer to.
    pub scope: Scope,
}

impl ExportedPreset {
    /// Its name without folders.
    #[must_use]
    pub fn name(&self) -> &str {
        self.path.name()
    }
}

/// Keys that descriptions of ours name by what they do.
const KEYS: [&str; 2] = ["[send]", "[send-line]"];

/// What a preset is for, without the sentences that say which keys to press here.
#[must_use]
pub fn about_elsewhere(about: &str) -> String {
    let sentences = about.split_inclusive(". ");
    let kept = sentences.filter(|sentence| !KEYS.iter().any(|key| sentence.contains(key)));
    kept.collect::<String>().trim_end().to_owned()
}

/// What is to be written, and how.
#[derive(Debug, Clone)]
pub struct PresetExportOrder {
    pub kind: PresetExportKind,
    /// What a collection of them is called.
    pub title: String,
    /// In their order.
    pub presets: Vec<ExportedPreset>,
    /// The environment that was named, with all that it inherits.
    pub environment: Option<Environment>,
    pub with_secrets: bool,
    /// There is a folder for several files.
    pub is_split: bool,
}

/// A file of an export.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportedFile {
    /// Its path below the folder of the export; of the first file what it would be called there.
    pub name: String,
    pub content: Vec<u8>,
}

impl ExportedFile {
    /// A file of text.
    #[must_use]
    pub fn text(name: impl Into<String>, text: impl Into<String>) -> Self {
        ExportedFile { name: name.into(), content: text.into().into_bytes() }
    }
}

/// What an export is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PresetExport {
    /// The first is the export itself; others belong beside it.
    pub files: Vec<ExportedFile>,
    /// Presets that are in it.
    pub count: usize,
    pub remarks: ExportRemarks,
}

/// What is not as it was, by kind, in the order in which it was met.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ExportRemarks(pub Vec<(String, Vec<String>)>);

impl ExportRemarks {
    /// Notes a place of it; each place once.
    pub(super) fn say(&mut self, what: impl Into<String>, place: impl Into<String>) {
        let (what, place) = (what.into(), place.into());
        match self.0.iter_mut().find(|(known, _)| *known == what) {
            Some((_, places)) if places.contains(&place) => {}
            Some((_, places)) => places.push(place),
            None => self.0.push((what, vec![place])),
        }
    }

    /// A line for each kind; of many places the first.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        const PLACES: usize = 5;
        self.lines_of(PLACES)
    }

    /// A line for each kind, with every place.
    #[must_use]
    pub fn lines_in_full(&self) -> Vec<String> {
        self.lines_of(usize::MAX)
    }

    fn lines_of(&self, most: usize) -> Vec<String> {
        let line = |(what, places): &(String, Vec<String>)| {
            let shown = places.iter().take(most).cloned().collect::<Vec<_>>().join(", ");
            match places.len().saturating_sub(most) {
                0 => format!("{what}: {shown}"),
                more => format!("{what}: {shown} and {more} more"),
            }
        };
        self.0.iter().map(line).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_says_which_keys_to_press_is_not_for_others() {
        for (about, expected) in [
            ("Logs in. [send] shows the answer, at 1.5 s. It is kept.", "Logs in. It is kept."),
            ("Start it first, then press [send] here.", ""),
            ("Takes [id] and [sender]. Ends.", "Takes [id] and [sender]. Ends."),
            ("", ""),
        ] {
            assert_eq!(about_elsewhere(about), expected);
        }
        // All that our own presets say.
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/starter");
        for inner in ["starter", "starter/mock", "tutorial"] {
            for file in std::fs::read_dir(format!("{folder}/{inner}")).unwrap().flatten() {
                let text = std::fs::read_to_string(file.path()).unwrap_or_default();
                for about in text.lines().filter(|line| line.starts_with("about = ")) {
                    let shown = about_elsewhere(about);
                    assert!(!shown.contains('['), "{shown}");
                }
            }
        }
    }
}
