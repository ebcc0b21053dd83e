//! Writing what was imported: presets, what folders say of them, environments with their secrets.
//!
//! Everything is planned before the first file is written, and nothing that is there is replaced. What cannot be
//! written to its end is taken back, as far as nobody changed it since. Called by the command line on a thread
//! that may wait, and by the lanes of the store.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use toml_edit::{DocumentMut, Item, Table};

use super::job::{FileChange, ImportChoice, ImportTrace, Overwrite, VariableKind, Workspace};
use super::preset_files::{file_of, locked, remove_empty_folders};
use super::{atomic, environment_files, folders, inside, lock, preset, starter, workspace};
use crate::interop::import::{
    ImportPlace, ImportPlan, ImportTree, PlannedFolder, PlannedPreset, plan,
};
use crate::model::counts::counted;
use crate::model::failure::{Failure, FailureKind, Stage};
use crate::model::fingerprint::fingerprint;
use crate::model::preset::PresetPath;

/// Writes what was read of other tools' files into the workspace; what was planned, and what became another file.
///
/// # Errors
/// What stood in the way, and what stays of what had been written by then.
pub(crate) fn take_in(
    root: &Path,
    trees: Vec<ImportTree>,
    choice: &ImportChoice,
) -> Result<(ImportPlan, ImportTrace), Failure> {
    let _lock = if choice.is_dry { None } else { Some(locked(root)?) };
    // Where nothing is yet the starter comes first.
    let is_begun = atomic::is_there(root)?;
    let known = if is_begun { workspace::scan(root) } else { starter::workspace(root) };
    let place = place(&known, choice);
    let planned = plan(trees, &place).map_err(|cause| {
        Failure::new(Stage::Compose, "--into", FailureKind::Usage, cause)
            .hint("choose a folder with a shorter name, nearer to the root")
    })?;
    let mut trace = ImportTrace::default();
    if choice.is_dry {
        return Ok((planned, trace));
    }
    let made = ToBeMade::of(root, &planned);
    match write(root, &planned, &mut trace) {
        Ok(()) => Ok((planned, trace)),
        Err(failure) => {
            let written = trace.changes.len();
            let stay = revert(root, &trace).left.len();
            if stay == 0 {
                made.remove();
            }
            Err(match (written, stay) {
                (0, _) => failure,
                (_, 0) => failure.hint("what had been written before it is taken back"),
                (_, stay) => {
                    let files = counted(stay as u64, "file");
                    failure.hint(format!("{files} written before it could not be taken back"))
                }
            })
        }
    }
}

/// What is not there yet, and is made on the way to files.
#[derive(Debug, Default, PartialEq, Eq)]
struct ToBeMade {
    /// The innermost first.
    folders: Vec<PathBuf>,
    /// The file that keeps secrets from git.
    ignore: Option<PathBuf>,
}

impl ToBeMade {
    fn of(root: &Path, planned: &ImportPlan) -> Self {
        let presets = planned.presets.iter().map(|it| it.preset.path.folder().to_owned());
        let folders = planned.folders.iter().map(|it| it.folder.clone());
        let environments = planned.environments.iter().map(|_| workspace::ENVIRONMENTS.to_owned());
        let all: BTreeSet<String> = presets.chain(folders).chain(environments).collect();
        let mut missing = BTreeSet::new();
        for folder in all.iter().filter(|folder| !folder.is_empty()) {
            let place = root.join(folder);
            let around = place.ancestors().take_while(|it| *it != root);
            let is_missing = |it: &&Path| matches!(atomic::is_there(it), Ok(false));
            missing.extend(around.filter(is_missing).map(Path::to_owned));
        }
        let ignore = root.join(workspace::ENVIRONMENTS).join(".gitignore");
        let ignore = Some(ignore).filter(|it| matches!(atomic::is_there(it), Ok(false)));
        // A path stands before those that begin with it.
        ToBeMade { folders: missing.into_iter().rev().collect(), ignore }
    }

    /// Removes it, as far as nothing is in it.
    fn remove(&self) {
        if let Some(ignore) = &self.ignore {
            let _ = atomic::remove(ignore);
        }
        for folder in &self.folders {
            let _ = fs::remove_dir(folder);
        }
    }
}

/// Writes all of a plan, and notes what became another file.
fn write(root: &Path, planned: &ImportPlan, trace: &mut ImportTrace) -> Result<(), Failure> {
    for imported in &planned.presets {
        let path = &imported.preset.path;
        let after = write_preset(root, imported)?;
        trace.changes.push(FileChange { file: format!("{path}.toml"), before: None, after });
        trace.presets.push(path.clone());
    }
    for folder in &planned.folders {
        let file = folders::name_of(&folder.folder);
        noted(root, &[file], trace, || write_folder(root, folder))?;
    }
    for it in &planned.environments {
        let files = [VariableKind::Plain, VariableKind::Secret].map(|kind| kind.file(&it.name));
        let write = || environment_files::take_in(root, &it.name, &it.variables, &it.secrets);
        noted(root, &files, trace, write)?;
    }
    Ok(())
}

/// Does something to files of the workspace and notes which are others then.
fn noted(
    root: &Path,
    files: &[String],
    trace: &mut ImportTrace,
    work: impl FnOnce() -> Result<(), Failure>,
) -> Result<(), Failure> {
    let read = |file: &String| content(&root.join(file));
    let before: Vec<Option<Bytes>> = files.iter().map(read).collect::<Result<_, _>>()?;
    let done = work();
    for (file, before) in files.iter().zip(before) {
        match read(file) {
            Ok(Some(now)) if Some(&now) != before.as_ref() => {
                let (file, after) = (file.clone(), fingerprint(&now));
                trace.changes.push(FileChange { file, before, after });
            }
            _ => {}
        }
    }
    done
}

/// What a file holds; `None` = it is not there.
fn content(file: &Path) -> Result<Option<Bytes>, Failure> {
    if !atomic::is_there(file)? {
        return Ok(None);
    }
    workspace::read_bytes(file).map(|bytes| Some(Bytes::from(bytes)))
}

/// Takes back what an import wrote; which of its presets are gone, and the files that stay, since somebody else
/// changed them.
///
/// # Errors
/// What stood in the way; what could be taken back until then is.
pub(super) fn take_back(
    root: &Path,
    trace: &ImportTrace,
) -> Result<(Vec<PresetPath>, Vec<String>), Failure> {
    let _lock = lock::folder(root)?;
    let Reverted { left, trouble } = revert(root, trace);
    if let Some(trouble) = trouble {
        return Err(trouble);
    }
    let is_gone = |path: &&PresetPath| !left.contains(&format!("{path}.toml"));
    Ok((trace.presets.iter().filter(is_gone).cloned().collect(), left))
}

/// What came of taking files back.
#[derive(Default)]
struct Reverted {
    /// Those that stay: somebody else changed them since, or the system refused.
    left: Vec<String>,
    /// Why the first was refused.
    trouble: Option<Failure>,
}

/// The files as they were, as far as nobody changed them since. What is new goes first: on a full disk that makes room
/// for what others held before.
fn revert(root: &Path, trace: &ImportTrace) -> Reverted {
    let mut done = Reverted::default();
    let (changed, new): (Vec<_>, Vec<_>) =
        trace.changes.iter().rev().partition(|change| change.before.is_some());
    for change in new.into_iter().chain(changed) {
        match revert_one(root, change) {
            Ok(true) => {}
            Ok(false) => done.left.push(change.file.clone()),
            Err(trouble) => {
                done.left.push(change.file.clone());
                done.trouble.get_or_insert(trouble);
            }
        }
    }
    let at = |file: &String| trace.changes.iter().position(|change| change.file == *file);
    done.left.sort_by_key(at);
    done
}

/// Whether a file is as it was.
fn revert_one(root: &Path, change: &FileChange) -> Result<bool, Failure> {
    let FileChange { file, before, after } = change;
    let place = root.join(file);
    let now = content(&place)?;
    if now == *before {
        return Ok(true);
    }
    if now.is_none_or(|now| fingerprint(&now) != *after) {
        return Ok(false);
    }
    if let Some(before) = before {
        let place = inside::target(root, &place)?;
        atomic::write(&place, before, Overwrite::Replace)?;
    } else {
        let place = inside::entry(root, &place)?;
        atomic::remove(&place)?;
        remove_empty_folders(&inside::target(root, root)?, &place);
    }
    Ok(true)
}

/// What is there already.
fn place(workspace: &Workspace, choice: &ImportChoice) -> ImportPlace {
    let environments = workspace.environments.iter();
    let secrets = |secrets: &BTreeMap<String, String>| secrets.clone();
    let folders = workspace.folders.iter().cloned();
    let defaults = workspace.defaults.iter().map(|it| it.folder.clone());
    ImportPlace {
        into: choice.into.clone(),
        environment: choice.environment.clone(),
        presets: workspace.presets.iter().map(|stored| stored.path.clone()).collect(),
        folders: folders.chain(defaults).filter(|folder| !folder.is_empty()).collect(),
        environments: environments.map(|it| (it.name.clone(), secrets(&it.secrets))).collect(),
    }
}

/// Writes a preset; the fingerprint of its file.
fn write_preset(root: &Path, imported: &PlannedPreset) -> Result<u64, Failure> {
    let PlannedPreset { preset, notes } = imported;
    let text = with_notes(preset::write(preset, None), notes);
    if text.len() as u64 > preset::PRESET_LIMIT {
        return Err(workspace::too_large(preset.path.as_str(), preset::PRESET_LIMIT));
    }
    // What could not be read again is none of the user's trouble to find.
    preset::read(&text, &preset.path)?;
    let file = inside::target(root, &file_of(root, &preset.path))?;
    atomic::make_folders(file.parent().unwrap_or(root))?;
    atomic::write(&file, text.as_bytes(), Overwrite::Refuse)?;
    Ok(fingerprint(text.as_bytes()))
}

/// A text with comments behind it.
fn with_notes(mut text: String, notes: &[String]) -> String {
    for note in notes {
        if !text.is_empty() {
            text.push('\n');
        }
        for line in note.lines() {
            // A comment holds no control character but a tab.
            let line = line.replace(|c: char| c.is_control() && c != '\t', " ");
            let _ = writeln!(text, "# {line}");
        }
    }
    text
}

/// Adds variables, an order and comments to what the file of a folder says, and changes nothing of it.
fn write_folder(root: &Path, planned: &PlannedFolder) -> Result<(), Failure> {
    let (file, before) = folders::read(root, &planned.folder)?;
    let name = folders::name_of(&planned.folder);
    let mut order = super::environment::defaults(&before, &name)?.order;
    let had_order = !order.is_empty() || before.is_empty();
    let malformed = |error: toml_edit::TomlError| {
        atomic::refusal(&name, FailureKind::Malformed, error.message().to_owned())
    };
    let mut ordered = before.clone();
    if had_order && planned.order.len() > 1 {
        for entry in &planned.order {
            if !order.contains(entry) {
                order.push(entry.clone());
            }
        }
        ordered = super::order_text::with_order(&before, &order).map_err(malformed)?;
    }
    let mut document: DocumentMut = ordered.parse().map_err(malformed)?;
    if !planned.variables.is_empty() {
        let vars = document.entry("vars").or_insert(Item::Table(Table::new()));
        if let Some(vars) = vars.as_table_like_mut() {
            for (name, value) in &planned.variables {
                if !vars.contains_key(name) {
                    vars.insert(name, toml_edit::value(value.as_str()));
                }
            }
        }
    }
    let text = preset::with_line_ends_of(&before, with_notes(document.to_string(), &planned.notes));
    super::environment::defaults(&text, &name)?;
    if text.trim().is_empty() || text == before {
        return Ok(());
    }
    atomic::make_folders(file.parent().unwrap_or(root))?;
    atomic::write(&file, text.as_bytes(), Overwrite::Replace)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::interop::import::{ImportFile, import};
    use crate::store::store_tests::with;

    fn trees(text: &str) -> Vec<ImportTree> {
        let file = ImportFile { name: "x".into(), inside: None, bytes: text.into() };
        import(&[file], None).unwrap()
    }

    const SHOP: &str = r#"{"info":{"name":"Shop","description":"All.\u0007\nTwo"},
        "variable":[{"key":"base","value":"http://h"},{"key":"api_key","value":"k-123456"}],
        "item":[{"name":"b","request":{"url":"{{base}}/b","header":[{"key":"X","value":"{{api_key}}"}]},
          "event":[{"listen":"test","script":{"exec":"pm.\u001b[2J\ntest()"}}]},
         {"name":"f","item":[{"name":"x","request":"http://ann:pw-12345@h/"}]},
         {"name":"a","request":"http://h/a"}]}"#;

    #[test]
    fn a_collection_is_written_once_and_never_over_what_is_there() {
        let root = with(&[("env/dev.toml", "host = \"h\"\n"), ("Shop/keep.toml", "[http]\n")]);
        let at = root.path();
        let dry = ImportChoice { is_dry: true, ..ImportChoice::default() };
        let (planned, _) = take_in(at, trees(SHOP), &dry).unwrap();
        assert_eq!(planned.presets.len(), 3);
        assert!(!at.join("Shop-2").exists(), "nothing is written");
        let (made, _) = take_in(at, trees(SHOP), &ImportChoice::default()).unwrap();
        assert_eq!(made, planned);
        let read = |name: &str| fs::read_to_string(at.join(name)).unwrap();
        let b = read("Shop-2/b.toml");
        assert!(b.contains("{{secret.api_key}}") && b.contains("# test()"), "{b}");
        assert!(!b.contains('\u{1b}'), "{b}");
        let defaults = read("Shop-2/_defaults.toml");
        let order = "order = [\n  \"b\",\n  \"f/\",\n  \"a\",\n]\n";
        assert!(defaults.contains(order) && defaults.contains("base = \"http://h\""), "{defaults}");
        assert!(defaults.contains("# Two") && !defaults.contains("k-123456"), "{defaults}");
        assert!(read("Shop-2/f/x.toml").contains("ann:{{secret.password}}@h"));
        let secret = read("env/dev.secret.toml");
        assert!(secret.contains("k-123456") && secret.contains("pw-12345"), "{secret}");
        assert!(read("env/.gitignore").contains("*.secret.toml"));
        assert_eq!(read("env/dev.toml"), "host = \"h\"\n");
        let workspace = workspace::scan(at);
        assert!(workspace.problems.is_empty(), "{:?}", workspace.problems);
        assert!(workspace.presets.iter().all(|stored| stored.content.is_ok()));
    }

    #[test]
    fn only_what_differs_is_written() {
        let root = with(&[("a.toml", "[http]\n")]);
        let command = "curl --aws-sigv4 aws:amz:eu-west-1:s3 -u AK:SK-12345 https://h/s3";
        let (planned, _) = take_in(root.path(), trees(command), &ImportChoice::default()).unwrap();
        let path = &planned.presets[0].preset.path;
        let text = fs::read_to_string(root.path().join(format!("{path}.toml"))).unwrap();
        assert!(text.contains("secret-key") && text.contains("region"), "{text}");
        assert!(!text.contains("session-token"), "{text}");
    }

    #[test]
    fn what_a_folder_says_already_stays() {
        let text = "# mine\norder = [\"z\"]\n\n[vars]\nbase = \"http://mine\" # kept\n";
        let root = with(&[("api/_defaults.toml", text)]);
        let into = Some(PresetPath::parse_folder("api").unwrap());
        let choice = ImportChoice { into, environment: Some("prod".into()), is_dry: false };
        take_in(root.path(), trees(SHOP), &choice).unwrap();
        let written = fs::read_to_string(root.path().join("api/_defaults.toml")).unwrap();
        assert!(written.contains("base = \"http://mine\" # kept"), "{written}");
        assert!(written.starts_with("# mine\norder = [\n  \"z\",\n  \"b\""), "{written}");
        assert!(root.path().join("env/prod.secret.toml").exists());
        take_in(root.path(), trees(SHOP), &choice).unwrap();
        assert!(root.path().join("api/b-2.toml").exists());
    }

    #[test]
    fn what_was_imported_is_taken_back_but_for_what_others_changed_since() {
        let defaults = "# mine\norder = [\"z\"]\n";
        let root = with(&[("api/_defaults.toml", defaults), ("env/dev.toml", "host = \"h\"\n")]);
        let at = root.path();
        let into = Some(PresetPath::parse_folder("api").unwrap());
        let choice = ImportChoice { into, ..ImportChoice::default() };
        let (_, trace) = take_in(at, trees(SHOP), &choice).unwrap();
        assert_eq!(trace.presets.len(), 3);
        fs::write(at.join("api/a.toml"), "[http]\n# mine now\n").unwrap();
        let (gone, left) = take_back(at, &trace).unwrap();
        assert_eq!(left, ["api/a.toml"]);
        assert_eq!(gone.iter().map(PresetPath::as_str).collect::<Vec<_>>(), ["api/b", "api/f/x"]);
        assert_eq!(fs::read_to_string(at.join("api/_defaults.toml")).unwrap(), defaults);
        assert!(!at.join("api/f").exists(), "a folder that nothing is in goes");
        assert!(!at.join("env/dev.secret.toml").exists());
        assert!(at.join("env/dev.toml").exists());
        assert_eq!(take_back(at, &trace).unwrap().1, ["api/a.toml"], "twice is as once");
    }

    #[test]
    fn of_an_import_that_cannot_be_written_to_its_end_nothing_stays() {
        // The folder `f` cannot be made where a file is.
        let root = with(&[("env/dev.toml", "host = \"h\"\n"), ("api/f", "a file")]);
        let into = Some(PresetPath::parse_folder("api").unwrap());
        let choice = ImportChoice { into, ..ImportChoice::default() };
        let failure = take_in(root.path(), trees(SHOP), &choice).unwrap_err();
        assert!(failure.to_string().contains("is taken back"), "{failure}");
        let left: Vec<_> = fs::read_dir(root.path().join("api")).unwrap().flatten().collect();
        assert_eq!(left.len(), 1, "{left:?}");
    }

    #[test]
    fn nor_do_folders_that_were_made_on_the_way_or_what_was_written_over_others() {
        // Where environments are to be lies a file.
        let defaults = "# mine\n";
        let root = with(&[("api/_defaults.toml", defaults), ("env", "a file")]);
        let at = root.path();
        fs::create_dir(at.join("empty")).unwrap();
        let into = Some(PresetPath::parse_folder("api/new").unwrap());
        let choice = ImportChoice { into, ..ImportChoice::default() };
        let failure = take_in(at, trees(SHOP), &choice).unwrap_err();
        assert!(failure.to_string().contains("is taken back"), "{failure}");
        assert!(!at.join("api/new").exists() && at.join("empty").exists());
        assert_eq!(fs::read_to_string(at.join("api/_defaults.toml")).unwrap(), defaults);

        // A preset that a full disk does not take leaves the folder that was made for it.
        let root = with(&[("api/a.toml", "[http]\n")]);
        let at = root.path();
        let place = place(&workspace::scan(at), &choice);
        let planned = plan(trees(SHOP), &place).unwrap();
        let made = ToBeMade::of(at, &planned);
        fs::create_dir_all(at.join("api/new/f")).unwrap();
        fs::create_dir_all(at.join("env")).unwrap();
        fs::write(at.join("env/.gitignore"), "").unwrap();
        made.remove();
        assert!(at.join("api/a.toml").exists());
        assert!(!at.join("api/new").exists() && !at.join("env").exists());
    }

    #[test]
    fn a_file_that_cannot_be_taken_back_keeps_no_other_from_it() {
        let root = with(&[("api/_defaults.toml", "# mine\n"), ("env/dev.toml", "host = \"h\"\n")]);
        let at = root.path();
        let into = Some(PresetPath::parse_folder("api").unwrap());
        let choice = ImportChoice { into, ..ImportChoice::default() };
        let (_, trace) = take_in(at, trees(SHOP), &choice).unwrap();
        // What stands in its place can neither be read nor written over.
        fs::remove_file(at.join("env/dev.secret.toml")).unwrap();
        fs::create_dir(at.join("env/dev.secret.toml")).unwrap();
        assert!(take_back(at, &trace).is_err());
        assert!(!at.join("api/a.toml").exists() && !at.join("api/f").exists());
        assert_eq!(fs::read_to_string(at.join("api/_defaults.toml")).unwrap(), "# mine\n");
    }

    #[test]
    fn what_would_be_written_where_nothing_is_yet_is_what_is_written_then() {
        let home = tempfile::tempdir().unwrap();
        let root = home.path().join("presets");
        let dry = ImportChoice { is_dry: true, ..ImportChoice::default() };
        let (planned, _) = take_in(&root, trees(SHOP), &dry).unwrap();
        assert!(!root.exists());
        assert_eq!(take_in(&root, trees(SHOP), &ImportChoice::default()).unwrap().0, planned);
    }

    #[test]
    fn no_link_leads_an_import_out_of_the_workspace() {
        let outside = tempfile::tempdir().unwrap();
        let root = with(&[("a.toml", "[http]\n")]);
        std::os::unix::fs::symlink(outside.path(), root.path().join("api")).unwrap();
        let into = Some(PresetPath::parse_folder("api").unwrap());
        let choice = ImportChoice { into, ..ImportChoice::default() };
        assert!(take_in(root.path(), trees(SHOP), &choice).is_err());
        assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 0);
    }
}
