//! Many preset files changed at once, each of them whole or not at all.
//!
//! A file that is another one than the change started from is left alone and named; the others are changed all the
//! same. What every file held is given back, so that the change can be taken back byte for byte.

use std::path::Path;

use super::job::{EditedPreset, FolderDefaults, Overwrite, PresetEdit, PresetsChanged, given};
use super::preset_files::{file_of, locked};
use super::{atomic, inside, preset, workspace};
use crate::model::failure::{Failure, FailureKind};
use crate::model::preset::StoredPreset;

/// Changes presets of a workspace that has these defaults.
///
/// # Errors
/// When there is no workspace to be had.
pub(crate) fn perform(
    root: &Path,
    edits: Vec<PresetEdit>,
    defaults: &[FolderDefaults],
) -> Result<PresetsChanged, Failure> {
    let _lock = locked(root)?;
    let mut done = PresetsChanged::default();
    for edit in edits {
        match change(root, &edit, defaults) {
            Ok((stored, back)) => {
                done.changed.push(stored);
                done.back.push(back);
            }
            Err(failure) => done.left.push(failure),
        }
    }
    Ok(done)
}

/// Changes one; what it holds now, and what takes that back.
fn change(
    root: &Path,
    edit: &PresetEdit,
    defaults: &[FolderDefaults],
) -> Result<(StoredPreset, PresetEdit), Failure> {
    let PresetEdit { path, based_on, to } = edit;
    let file = inside::target(root, &file_of(root, path))?;
    let old = workspace::read_bytes(&file)?;
    if preset::fingerprint(&old) != *based_on {
        let cause = "the file changed on disk meanwhile; it is left alone";
        return Err(atomic::refusal(format!("{path}.toml"), FailureKind::Busy, cause));
    }
    let bytes = match to {
        EditedPreset::Bytes(bytes) => bytes.to_vec(),
        EditedPreset::Preset(preset) => {
            let previous = std::str::from_utf8(&old).ok();
            preset::write_in(preset, previous, given(defaults, path.folder())).into_bytes()
        }
    };
    if bytes.len() as u64 > preset::PRESET_LIMIT {
        return Err(workspace::too_large(path.as_str(), preset::PRESET_LIMIT));
    }
    atomic::write(&file, &bytes, Overwrite::Replace)?;
    let stored = workspace::stored(path, Ok(bytes), defaults);
    let to = EditedPreset::Bytes(old.into());
    let back = PresetEdit { path: path.clone(), based_on: stored.fingerprint, to };
    Ok((stored, back))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::model::preset::PresetPath;

    const TEXT: &str = "# of the shop\n[http]\nurl   = \"http://a/x\" # the old one\n\n";

    fn edit(root: &Path, name: &str, url: &str) -> PresetEdit {
        let workspace = workspace::scan(root);
        let stored = workspace.presets.iter().find(|it| it.path.as_str() == name).unwrap();
        let mut preset = stored.content.clone().unwrap();
        url.clone_into(preset.spec.address_mut());
        let (path, based_on) = (stored.path.clone(), stored.fingerprint);
        PresetEdit { path, based_on, to: EditedPreset::Preset(Box::new(preset)) }
    }

    #[test]
    fn comments_stay_and_a_change_is_taken_back_byte_for_byte() {
        let root = tempfile::tempdir().unwrap();
        for name in ["a.toml", "b.toml"] {
            fs::write(root.path().join(name), TEXT).unwrap();
        }
        let edits = ["a", "b"].map(|name| edit(root.path(), name, "https://b/x"));
        let read = |name: &str| fs::read_to_string(root.path().join(name)).unwrap();
        fs::write(root.path().join("b.toml"), "[tcp]\n").unwrap();
        let done = perform(root.path(), edits.to_vec(), &[]).unwrap();
        assert_eq!(read("a.toml"), TEXT.replace("http://a", "https://b"));
        assert_eq!(done.changed[0].path, PresetPath::parse("a").unwrap());
        assert_eq!(
            (done.changed.len(), done.left.len(), read("b.toml").as_str()),
            (1, 1, "[tcp]\n")
        );
        assert!(done.left[0].to_string().contains("b.toml"), "{}", done.left[0]);
        let back = perform(root.path(), done.back, &[]).unwrap();
        assert_eq!((read("a.toml").as_str(), back.left.len()), (TEXT, 0));
    }
}
