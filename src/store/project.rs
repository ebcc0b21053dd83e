//! Whether the presets of a project that others may change are used: asked once, remembered here.
//!
//! ```text
//! STATE/projects.toml    "/srv/shop/.wirebench" = { owner = 1001, used = true }
//!                        "/home/ann/.wirebench" = { group = 100, used = false }
//!                        "/tmp/x/.wirebench"    = { anybody = true, used = false }
//! ```
//! Anybody who may write above the current folder can put a `.wirebench` there, and whoever may write
//! into one can change it: its presets say what is sent where and which files go along. An answer
//! holds for the folder as long as the same others may.

use std::collections::{BTreeMap, VecDeque};
use std::fmt::Write as _;
use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use super::job::{ForeignProject, ProjectWriter};
use super::toml_string::{Lines, string};
use super::{atomic, given_answers, lock};
use crate::model::failure::Failure;

const FILE: &str = "projects.toml";
/// Entries of a project looked at before anything of it is read.
const LOOKED_AT: usize = 5_000;
const STICKY: u32 = 0o1000;

/// The project in this folder if somebody else than `user` may change it.
pub(super) fn foreign(folder: &Path, user: u32, state: &Path) -> Option<ForeignProject> {
    let (writer, place) = doubt(folder, user)?;
    let mut project = ForeignProject { folder: folder.to_owned(), writer, place, used: None };
    let known = answers(state).unwrap_or_default().remove(&given_answers::key(&project.folder)?);
    project.used = known.filter(|known| known.writer == writer).map(|known| known.used);
    Some(project)
}

/// Who else may change the folder, what is in it, or what it is called, and where.
fn doubt(folder: &Path, user: u32) -> Option<(ProjectWriter, PathBuf)> {
    let owner = |facts: &Metadata| facts.uid();
    let (link, real) = (fs::symlink_metadata(folder), fs::metadata(folder));
    let owners = [&link, &real].into_iter().flatten().map(owner);
    if let Some(owner) = owners.into_iter().find(|owner| *owner != user) {
        return Some((ProjectWriter::Owner(owner), folder.to_owned()));
    }
    // Who may rename the folder may put another one there.
    let resolved = fs::canonicalize(folder).ok();
    for around in [Some(folder), resolved.as_deref()].into_iter().flatten() {
        let around = around.parent()?;
        let facts = fs::metadata(around).ok()?;
        if facts.mode() & 0o002 != 0 && facts.mode() & STICKY == 0 {
            return Some((ProjectWriter::Anybody, around.to_owned()));
        }
    }
    let mut found = writer_of(&real.ok()?, user).map(|writer| (writer, folder.to_owned()));
    let mut folders = VecDeque::from([folder.to_owned()]);
    let mut left = LOOKED_AT;
    while let Some(inner) = folders.pop_front().filter(|_| found.is_none()) {
        for entry in fs::read_dir(&inner).into_iter().flatten().flatten().take(left) {
            left -= 1;
            let Ok(facts) = entry.metadata() else { continue };
            if let Some(writer) = writer_of(&facts, user) {
                found.get_or_insert((writer, entry.path()));
            }
            if facts.is_dir() {
                folders.push_back(entry.path());
            }
        }
    }
    found
}

/// Who else may change a file or folder. Root may anyway, and a link says nothing about itself.
fn writer_of(facts: &Metadata, user: u32) -> Option<ProjectWriter> {
    let mode = facts.mode();
    match facts.uid() {
        owner if owner != user && owner != 0 => Some(ProjectWriter::Owner(owner)),
        _ if facts.is_symlink() => None,
        _ if mode & 0o002 != 0 => Some(ProjectWriter::Anybody),
        _ if mode & 0o020 != 0 => Some(ProjectWriter::Group(facts.gid())),
        _ => None,
    }
}

/// Keeps an answer for the next time.
///
/// # Errors
/// When it cannot be kept; it would have to be given again.
pub(super) fn remember(state: &Path, project: &ForeignProject, used: bool) -> Result<(), Failure> {
    let key = given_answers::key_to_keep(&project.folder)?;
    atomic::make_folders(state)?;
    let _lock = lock::folder(state)?;
    let mut known = answers(state)?;
    known.insert(key, GivenAnswer { writer: project.writer, used });
    let mut text =
        String::from("# Projects that others may change: whether their presets are used.\n");
    for (folder, GivenAnswer { writer, used }) in known {
        let folder = string(&folder, Lines::One);
        let writer = match writer {
            ProjectWriter::Owner(id) => format!("owner = {id}"),
            ProjectWriter::Group(id) => format!("group = {id}"),
            ProjectWriter::Anybody => "anybody = true".to_owned(),
        };
        let _ = writeln!(text, "{folder} = {{ {writer}, used = {used} }}");
    }
    given_answers::write(&state.join(FILE), &text)
}

struct GivenAnswer {
    writer: ProjectWriter,
    used: bool,
}

/// What was answered so far.
fn answers(state: &Path) -> Result<BTreeMap<String, GivenAnswer>, Failure> {
    let table = given_answers::read(&state.join(FILE))?;
    let answer = |value: &toml::Value| {
        let id = |name| value.get(name)?.as_integer()?.try_into().ok();
        let by_id = id("owner").map(ProjectWriter::Owner).or(id("group").map(ProjectWriter::Group));
        let anybody = value.get("anybody").map(|_| ProjectWriter::Anybody);
        Some(GivenAnswer { writer: by_id.or(anybody)?, used: value.get("used")?.as_bool()? })
    };
    let read = table.iter().filter_map(|(folder, value)| Some((folder.clone(), answer(value)?)));
    Ok(read.collect())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    fn chmod(path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn an_answer_holds_for_the_folder_and_its_owner_and_can_be_changed() {
        let home = tempfile::tempdir().unwrap();
        let (state, folder) = (home.path().join("state"), home.path().join("a \"b\"/.wirebench"));
        fs::create_dir_all(&folder).unwrap();
        chmod(&folder, 0o755);
        let me = fs::metadata(&folder).unwrap().uid();
        assert_eq!(foreign(&folder, me, &state), None);
        let project = foreign(&folder, me + 1, &state).unwrap();
        assert_eq!((project.writer, project.used), (ProjectWriter::Owner(me), None));
        for used in [true, false] {
            remember(&state, &project, used).unwrap();
            assert_eq!(foreign(&folder, me + 1, &state).unwrap().used, Some(used));
        }
        let other = ForeignProject { writer: ProjectWriter::Owner(me + 7), ..project };
        remember(&state, &other, true).unwrap();
        assert_eq!(foreign(&folder, me + 1, &state).unwrap().used, None, "another owner");
        // Of ours, others than those asked about may change it.
        chmod(&folder, 0o775);
        let group = foreign(&folder, me, &state).unwrap();
        assert!(matches!(group.writer, ProjectWriter::Group(_)) && group.used.is_none());
        remember(&state, &group, true).unwrap();
        assert_eq!(foreign(&folder, me, &state).unwrap().used, Some(true));
        chmod(&folder, 0o777);
        let all = foreign(&folder, me, &state).unwrap();
        assert_eq!((all.writer, all.used), (ProjectWriter::Anybody, None));
        remember(&state, &all, false).unwrap();
        assert_eq!(foreign(&folder, me, &state).unwrap().used, Some(false));
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
        symlink("/", &link).unwrap();
        let root = fs::metadata("/").unwrap().uid();
        if me != root {
            assert!(foreign(&link, me, home.path()).is_some());
        }
        assert!(foreign(&link, me + 1, home.path()).is_some());
    }

    #[test]
    fn what_others_may_change_is_found_in_it_and_around_it() {
        let home = tempfile::tempdir().unwrap();
        let (around, folder) = (home.path().join("a"), home.path().join("a/.wirebench"));
        let file = folder.join("env/prod.toml");
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, "").unwrap();
        symlink("/dev/null", folder.join("link.toml")).unwrap();
        let me = fs::metadata(&folder).unwrap().uid();
        let places = [&around, &folder, &folder.join("env"), &file];
        for place in places {
            chmod(place, if place.is_dir() { 0o755 } else { 0o644 });
        }
        assert_eq!(doubt(&folder, me), None);
        for place in places {
            let mode = fs::metadata(place).unwrap().mode();
            chmod(place, mode | 0o002);
            let anybody = Some((ProjectWriter::Anybody, place.clone()));
            assert_eq!(doubt(&folder, me), anybody, "{}", place.display());
            chmod(place, mode);
        }
        // Of a sticky folder only what is one's own can be renamed.
        chmod(&around, 0o1777);
        assert_eq!(doubt(&folder, me), None);
        let words = ForeignProject {
            folder: folder.clone(),
            writer: ProjectWriter::Anybody,
            place: file,
            used: None,
        };
        assert!(words.doubt().ends_with("env/prod.toml") && words.remedy().is_some());
    }
}
