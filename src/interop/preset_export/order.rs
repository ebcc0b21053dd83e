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
        let line = |(what, places): &(String, Vec<String>)| {
            let shown = places.iter().take(PLACES).cloned().collect::<Vec<_>>().join(", ");
            match places.len().saturating_sub(PLACES) {
                0 => format!("{what}: {shown}"),
                more => format!("{what}: {shown} and {more} more"),
            }
        };
        self.0.iter().map(line).collect()
    }
}
