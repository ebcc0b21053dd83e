//! Changes of many presets at once, and what came of them.

use std::fmt;

use bytes::Bytes;

use crate::model::failure::Failure;
use crate::model::preset::{Preset, PresetPath, StoredPreset};

/// A file of a preset that becomes another one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PresetEdit {
    pub path: PresetPath,
    /// Fingerprint of what it starts from; a file that is another one by now is left alone.
    pub based_on: u64,
    pub to: EditedPreset,
}

/// What a file is to hold.
#[derive(Clone, PartialEq, Eq)]
pub enum EditedPreset {
    /// This, written into the layout of the file.
    Preset(Box<Preset>),
    /// This, byte for byte: what it held before.
    Bytes(Bytes),
}

/// Files may hold secrets.
impl fmt::Debug for EditedPreset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            EditedPreset::Preset(preset) => f.debug_tuple("Preset").field(&preset.path).finish(),
            EditedPreset::Bytes(bytes) => f.debug_tuple("Bytes").field(&bytes.len()).finish(),
        }
    }
}

impl PresetEdit {
    /// Bytes of files it holds.
    #[must_use]
    pub fn bytes(&self) -> usize {
        match &self.to {
            EditedPreset::Preset(_) => 0,
            EditedPreset::Bytes(bytes) => bytes.len(),
        }
    }
}

/// What came of changes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PresetsChanged {
    pub changed: Vec<StoredPreset>,
    /// What takes them back.
    pub back: Vec<PresetEdit>,
    /// Why others were left alone.
    pub left: Vec<Failure>,
}
