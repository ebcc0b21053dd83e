//! Whether the presets of another user's project are used: asked once, remembered here.
//!
//! ```text
//! STATE/projects.toml    "/srv/shop/.wirebench" = { owner = 1001, used = true }
//! ```
//! Anybody who may write above the current folder can put a `.wirebench` there, and its presets say
//! what is sent where and which files go along. An answer holds for the folder as long as it
//! belongs to the same user.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use super::job::{ForeignProject, Overwrite};
use super::toml_string::{Lines, string};
use super::{atomic, lock, workspace};
use crate::model::failure::{Failure, FailureKind};

const FILE: &str = "projects.toml";
/// Longest file of answers.
const LIMIT: u64 = 1024 * 1024;

/// The project in this folder if somebody else than `user` owns it, or the link that leads to it.
pub(super) fn foreign(folder: &Path, user: u32, state: &Path) -> Option<ForeignProject> {
    let owner = |facts: fs::Metadata| facts.uid();
    let owners = [fs::symlink_metadata(folder).map(owner), fs::metadata(folder).map(owner)];
    let owner = owners.into_iter().flatten().find(|owner| *owner != user)?;
    let mut project = ForeignProject { folder: folder.to_owned(), owner, used: None };
    let known = answers(state).unwrap_or_default().remove(&key(&project)?);
    project.used = known.filter(|known| known.owner == owner).map(|known| known.used);
    Some(project)
}

/// Keeps an answer for the next time.
///
/// # Errors
/// When it cannot be kept; it would have to be given again.
pub(super) fn remember(state: &Path, project: &ForeignProject, used: bool) -> Result<(), Failure> {
    let file = state.join(FILE);
    let key = key(project).ok_or_else(|| {
        let cause = "the answer cannot be kept: the name is not UTF-8";
        atomic::refusal(&project.folder, FailureKind::Usage, cause)
    })?;
    atomic::make_folders(state)?;
    let _lock = lock::folder(state)?;
    let mut known = answers(state)?;
    known.insert(key, Answer { owner: project.owner, used });
    let mut text = String::from("# Projects of other users: whether their presets are used.\n");
    for (folder, Answer { owner, used }) in known {
        let folder = string(&folder, Lines::One);
        let _ = writeln!(text, "{folder} = {{ owner = {owner}, used = {used} }}");
    }
    if text.len() as u64 > LIMIT {
        return Err(workspace::too_large(&file, LIMIT).hint("remove what is not needed any more"));
    }
    atomic::write(&file, text.as_bytes(), Overwrite::Replace)
}

struct Answer {
    owner: u32,
    used: bool,
}

fn key(project: &ForeignProject) -> Option<String> {
    let real = fs::canonicalize(&project.folder).ok()?;
    real.into_os_string().into_string().ok()
}

/// What was answered so far.
fn answers(state: &Path) -> Result<BTreeMap<String, Answer>, Failure> {
    let file = state.join(FILE);
    let broken = |cause: String| {
        atomic::refusal(&file, FailureKind::Malformed, cause)
            .hint("mend the file or remove it; you are asked again then")
    };
    let text = match workspace::read_ours(&file, LIMIT) {
        Err(failure) if failure.kind == FailureKind::NotFound => return Ok(BTreeMap::new()),
        text => text?,
    };
    let text = String::from_utf8(text).map_err(|_| broken("not UTF-8".into()))?;
    let table: toml::Table =
        text.parse().map_err(|error: toml::de::Error| broken(error.to_string()))?;
    let answer = |value: &toml::Value| {
        let owner = value.get("owner")?.as_integer()?;
        Some(Answer { owner: owner.try_into().ok()?, used: value.get("used")?.as_bool()? })
    };
    let read = table.iter().filter_map(|(folder, value)| Some((folder.clone(), answer(value)?)));
    Ok(read.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_holds_for_the_folder_and_its_owner_and_can_be_changed() {
        let home = tempfile::tempdir().unwrap();
        let (state, folder) = (home.path().join("state"), home.path().join("a \"b\"/.wirebench"));
        fs::create_dir_all(&folder).unwrap();
        let me = fs::metadata(&folder).unwrap().uid();
        assert_eq!(foreign(&folder, me, &state), None);
        let project = foreign(&folder, me + 1, &state).unwrap();
        assert_eq!((project.owner, project.used), (me, None));
        for used in [true, false] {
            remember(&state, &project, used).unwrap();
            assert_eq!(foreign(&folder, me + 1, &state).unwrap().used, Some(used));
        }
        remember(&state, &ForeignProject { owner: me + 7, ..project }, true).unwrap();
        assert_eq!(foreign(&folder, me + 1, &state).unwrap().used, None, "another owner");
    }

    #[test]
    fn a_broken_file_of_answers_asks_again_and_is_never_replaced() {
        let home = tempfile::tempdir().unwrap();
        let me = fs::metadata(home.path()).unwrap().uid();
        fs::write(home.path().join(FILE), "broken = [").unwrap();
        let project = foreign(home.path(), me + 1, home.path()).unwrap();
        assert_eq!(project.used, None);
        assert!(remember(home.path(), &project, true).unwrap_err().hint.contains("mend"));
        assert_eq!(fs::read_to_string(home.path().join(FILE)).unwrap(), "broken = [");
    }

    #[test]
    fn a_link_of_somebody_else_is_foreign_too() {
        let home = tempfile::tempdir().unwrap();
        let me = fs::metadata(home.path()).unwrap().uid();
        let link = home.path().join("link");
        std::os::unix::fs::symlink("/", &link).unwrap();
        let root = fs::metadata("/").unwrap().uid();
        assert_eq!(foreign(&link, me, home.path()).is_some(), me != root);
        assert!(foreign(&link, me + 1, home.path()).is_some());
    }
}
