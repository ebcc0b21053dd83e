//! The starter workspace: embedded presets of the tutorial's pairs, shown when there is no
//! workspace yet. The first save makes it a real folder, all files at once.

use std::path::{Path, PathBuf};

use super::job::{Overwrite, Workspace};
use super::{atomic, inside, lock, workspace};
use crate::model::failure::Failure;

/// Every file of the starter workspace, by its path inside it.
pub const FILES: [(&str, &str); 18] = [
    ("_defaults.toml", include_str!("../../assets/starter/_defaults.toml")),
    ("env/local.toml", include_str!("../../assets/starter/env/local.toml")),
    ("starter/_defaults.toml", include_str!("../../assets/starter/starter/_defaults.toml")),
    ("starter/create.toml", include_str!("../../assets/starter/starter/create.toml")),
    ("starter/greet.toml", include_str!("../../assets/starter/starter/greet.toml")),
    ("starter/login.toml", include_str!("../../assets/starter/starter/login.toml")),
    ("starter/measure.toml", include_str!("../../assets/starter/starter/measure.toml")),
    ("starter/missing.toml", include_str!("../../assets/starter/starter/missing.toml")),
    ("starter/mock/api.toml", include_str!("../../assets/starter/starter/mock/api.toml")),
    ("starter/mock/lines.toml", include_str!("../../assets/starter/starter/mock/lines.toml")),
    ("starter/mock/meter.toml", include_str!("../../assets/starter/starter/mock/meter.toml")),
    ("starter/session.toml", include_str!("../../assets/starter/starter/session.toml")),
    ("tutorial/http-client.toml", include_str!("../../assets/starter/tutorial/http-client.toml")),
    ("tutorial/http-server.toml", include_str!("../../assets/starter/tutorial/http-server.toml")),
    ("tutorial/tcp-client.toml", include_str!("../../assets/starter/tutorial/tcp-client.toml")),
    ("tutorial/tcp-server.toml", include_str!("../../assets/starter/tutorial/tcp-server.toml")),
    ("tutorial/udp-client.toml", include_str!("../../assets/starter/tutorial/udp-client.toml")),
    ("tutorial/udp-server.toml", include_str!("../../assets/starter/tutorial/udp-server.toml")),
];

/// Keeps secrets out of git; written beside the environments.
const GITIGNORE: &str = "*.secret.toml\n";

/// The starter workspace as it will be at `root`.
#[must_use]
pub fn workspace(root: &Path) -> Workspace {
    let mut starter =
        Workspace { root: root.display().to_string(), is_starter: true, ..Workspace::default() };
    for (name, text) in FILES {
        let entered = workspace::enter(&mut starter, name, Ok(text.into()));
        starter.problems.extend(entered.err());
    }
    starter.presets.sort_by(|a, b| a.path.cmp(&b.path));
    starter
}

/// Makes the starter workspace real at `root`, unless something is there. Built beside it and
/// moved into place, so it is there whole or not at all.
pub(super) fn materialise(root: &Path) -> Result<(), Failure> {
    // A link that leads nowhere is said by whoever writes there.
    if atomic::is_there(root)? {
        return Ok(());
    }
    let parent = root.parent().unwrap_or(Path::new("."));
    atomic::make_folders(parent)?;
    let _lock = lock::folder(parent)?;
    let building = atomic::temporary_folder(parent)?;
    for (name, text) in FILES.into_iter().chain([("env/.gitignore", GITIGNORE)]) {
        let file = building.path().join(name);
        atomic::make_folders(file.parent().unwrap_or(root))?;
        atomic::write(&file, text.as_bytes(), Overwrite::Refuse)?;
    }
    // Otherwise another instance was faster: its workspace is as good as ours.
    if atomic::place_folder(building.path(), root)? {
        // It has moved; there is nothing to clean up under the old name.
        let _: PathBuf = building.keep();
    }
    Ok(())
}

/// Writes the rule that keeps secret files out of git, when there are environments without it.
pub(super) fn protect_secrets(root: &Path) -> Result<(), Failure> {
    let environments = root.join(workspace::ENVIRONMENTS);
    let ignore = environments.join(".gitignore");
    if !environments.is_dir() || ignore.exists() {
        return Ok(());
    }
    let ignore = inside::target(root, &ignore)?;
    atomic::write(&ignore, GITIGNORE.as_bytes(), Overwrite::Refuse)
}

/// The same before a secret is written: a rule file of the user's own gets the rule if it has not.
pub(super) fn ignore_secrets(root: &Path) -> Result<(), Failure> {
    protect_secrets(root)?;
    let ignore = root.join(workspace::ENVIRONMENTS).join(".gitignore");
    let ignore = inside::target(root, &ignore)?;
    let mut rules = workspace::read_bytes(&ignore)?;
    let rule = GITIGNORE.trim().as_bytes();
    if rules.split(|byte| *byte == b'\n').any(|line| line.trim_ascii() == rule) {
        return Ok(());
    }
    if rules.last().is_some_and(|byte| *byte != b'\n') {
        rules.push(b'\n');
    }
    rules.extend_from_slice(GITIGNORE.as_bytes());
    atomic::write(&ignore, &rules, Overwrite::Replace)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn every_starter_file_is_sound() {
        let starter = workspace(Path::new("/x"));
        assert_eq!(starter.problems, []);
        assert_eq!(starter.presets.len(), 15);
        for preset in &starter.presets {
            let content = preset.content.as_ref().unwrap();
            assert!(content.about.contains("[send]"), "{} says what to press", preset.path);
            assert!(!content.spec.address().is_empty());
        }
    }

    #[test]
    fn what_a_crash_left_of_an_earlier_try_goes() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join(".wirebench-new-dead.tmp/env")).unwrap();
        materialise(&folder.path().join("presets")).unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_materialised_starter_is_what_was_shown() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("deep/presets");
        let shown = workspace(&root);
        materialise(&root).unwrap();
        let real = super::super::workspace::scan(&root);
        assert_eq!(real, Workspace { is_starter: false, ..shown });
        assert!(root.join("env/.gitignore").exists());
        let left: Vec<_> = fs::read_dir(root.parent().unwrap()).unwrap().collect();
        assert_eq!(left.len(), 1, "nothing is left beside it");
    }
}
