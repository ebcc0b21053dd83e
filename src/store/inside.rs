//! Where a change of the workspace may happen: inside it, whatever links say.
//!
//! Used by everything that writes, moves or removes files of a workspace. A folder of presets may
//! come from somebody else, in a repository or an archive; a link in it must not turn a save into
//! a change of the user's own files elsewhere.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::atomic::{self, refusal};
use crate::model::failure::{Failure, FailureKind};

/// The place that a write to `file` changes, without links in its name. The file, and folders on
/// the way to it, may be missing.
///
/// # Errors
/// When a link leads out of the workspace, or nowhere.
pub(super) fn target(root: &Path, file: &Path) -> Result<PathBuf, Failure> {
    let failed = |path: &Path, error| atomic::failure(path, &error);
    let real_root = fs::canonicalize(root).map_err(|error| failed(root, error))?;
    for known in file.ancestors() {
        match fs::canonicalize(known) {
            Ok(real) if !real.starts_with(&real_root) => return Err(outside(file, &real)),
            Ok(real) => {
                let rest = file.strip_prefix(known).unwrap_or(Path::new("")).components();
                return Ok(rest.fold(real, |path, part| path.join(part)));
            }
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(failed(file, error)),
            Err(_) if fs::symlink_metadata(known).is_ok() => {
                let cause = "it is a link that leads nowhere";
                return Err(refusal(known, FailureKind::Usage, cause)
                    .hint("remove the link, or choose another name"));
            }
            Err(_) => {}
        }
    }
    Err(refusal(file, FailureKind::NotFound, "no such folder"))
}

/// The place of the entry `file` itself, for renaming and removing: a link there is moved or
/// removed as a link, whatever it leads to.
///
/// # Errors
/// When a link on the way to it leads out of the workspace, or nowhere.
pub(super) fn entry(root: &Path, file: &Path) -> Result<PathBuf, Failure> {
    let (Some(folder), Some(name)) = (file.parent(), file.file_name()) else {
        return Err(refusal(file, FailureKind::Usage, "it is no file of the workspace"));
    };
    Ok(target(root, folder)?.join(name))
}

fn outside(file: &Path, real: &Path) -> Failure {
    let cause = format!("a link leads out of the workspace, to {}", real.display());
    refusal(file, FailureKind::Permission, cause)
        .hint("nothing was changed there; save under another name, or replace the link")
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn links_are_followed_inside_and_refused_outside_on_every_step_of_the_way() {
        let home = tempfile::tempdir().unwrap();
        let (real, outside) = (home.path().join("real"), home.path().join("outside"));
        fs::create_dir_all(real.join("in")).unwrap();
        fs::create_dir(&outside).unwrap();
        fs::write(real.join("in/a.toml"), "").unwrap();
        fs::write(outside.join("rc"), "").unwrap();
        let root = home.path().join("workspace");
        symlink("real", &root).unwrap();
        for (to, link) in [
            ("in/a.toml", "inner.toml"),
            ("in", "folder"),
            ("../outside/rc", "rc.toml"),
            ("rc.toml", "chain.toml"),
            ("../outside", "out"),
            ("nowhere", "dangling.toml"),
            ("loop.toml", "loop.toml"),
        ] {
            symlink(to, real.join(link)).unwrap();
        }
        let at = |name: &str| target(&root, &root.join(name));
        let real = fs::canonicalize(&real).unwrap();
        assert_eq!(at("new/deep/b.toml").unwrap(), real.join("new/deep/b.toml"));
        assert_eq!(at("inner.toml").unwrap(), real.join("in/a.toml"));
        assert_eq!(at("folder/new.toml").unwrap(), real.join("in/new.toml"));
        for name in ["rc.toml", "chain.toml", "out/rc", "out/new/b.toml", "../outside/rc"] {
            assert!(at(name).unwrap_err().cause.contains("out of the workspace"), "{name}");
        }
        assert!(at("dangling.toml").unwrap_err().cause.contains("nowhere"));
        assert!(at("loop.toml").is_err());
        assert_eq!(entry(&root, &root.join("rc.toml")).unwrap(), real.join("rc.toml"));
        assert!(entry(&root, &root.join("out/rc")).is_err());
    }
}
