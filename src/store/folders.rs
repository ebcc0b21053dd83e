//! Folders of presets: making, removing and moving them, and the order of what is in them.
//!
//! The order stands in the `_defaults.toml` of the folder (`order = ["b", "sub/", "a"]`), where people
//! can own it: names that stand there come first, the others follow by name. As with presets, what
//! somebody else changed meanwhile is never overwritten, and no link leads out of the workspace.

use std::fs;
use std::path::{Path, PathBuf};

use toml_edit::{Array, DocumentMut, Value};

use super::job::{FolderDefaults, Overwrite, Reply};
use super::preset_files::{locked, remove_empty_folders};
use super::{atomic, environment, inside, order_text, workspace};
use crate::model::failure::{Failure, FailureKind};
use crate::model::preset::PresetPath;

/// Folders that are looked through when one is deleted.
const TIDIED: usize = 10_000;

/// Makes a folder; one that is there already is refused.
pub(super) fn create(root: &Path, folder: String) -> Result<Reply, Failure> {
    let _lock = locked(root)?;
    let path = place(root, &folder)?;
    if fs::symlink_metadata(&path).is_ok() {
        return Err(taken(&folder));
    }
    let missing = outwards(&folder).take_while(|folder| !root.join(folder).exists());
    let outermost = missing.last().unwrap_or(&folder).to_owned();
    atomic::make_folders(&path)?;
    Ok(Reply::FolderCreated { folder, outermost })
}

/// Removes a folder that nothing is in, and those around it, up to the outermost that may go, as far as
/// nothing else is in them.
pub(super) fn remove(root: &Path, folder: String, outermost: String) -> Result<Reply, Failure> {
    let _lock = locked(root)?;
    let path = place(root, &folder)?;
    fs::remove_dir(&path).map_err(|error| atomic::failure(&path, &error))?;
    let mut gone = vec![folder.clone()];
    if outwards(&folder).any(|around| around == outermost) {
        let around = outwards(&folder).skip(1).take_while(|around| around.len() >= outermost.len());
        gone.extend(
            around
                .take_while(|around| fs::remove_dir(root.join(around)).is_ok())
                .map(str::to_owned),
        );
    }
    Ok(Reply::FolderRemoved { folder, outermost, gone })
}

/// A folder and those around it, from inside.
fn outwards(folder: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(folder), |inner| inner.rsplit_once('/').map(|(around, _)| around))
}

/// Moves a folder with everything in it; never onto another one.
pub(super) fn rename(root: &Path, from: String, to: String) -> Result<Reply, Failure> {
    let _lock = locked(root)?;
    let (source, target) = (place(root, &from)?, place(root, &to)?);
    let facts = fs::symlink_metadata(&source);
    if !facts.as_ref().is_ok_and(fs::Metadata::is_dir) {
        let is_link = facts.is_ok_and(|facts| facts.is_symlink());
        let (kind, cause) = if is_link {
            (FailureKind::Usage, "it is a link, which may lead elsewhere from another place")
        } else {
            (FailureKind::NotFound, "the folder is not there any more")
        };
        return Err(atomic::refusal(format!("{from}/"), kind, cause)
            .hint("it was changed by somebody else, or has to be moved by hand"));
    }
    if to.strip_prefix(&*from).is_some_and(|rest| rest.starts_with('/')) {
        let cause = "a folder cannot lie in itself";
        return Err(atomic::refusal(format!("{to}/"), FailureKind::Usage, cause));
    }
    if fs::symlink_metadata(&target).is_ok() {
        return Err(taken(&to));
    }
    atomic::make_folders(target.parent().unwrap_or(root))?;
    let moved = atomic::rename(&source, &target);
    remove_empty_folders(root, if moved.is_ok() { &source } else { &target });
    moved?;
    replace_in_order(root, around(&from), &format!("{}/", last(&from)), &to, &from);
    Ok(Reply::FolderMoved { from, to })
}

/// Writes the order of a folder into its file, unless somebody else wrote another one meanwhile.
pub(super) fn set_order(
    root: &Path,
    folder: String,
    before: Vec<String>,
    order: Vec<String>,
) -> Result<Reply, Failure> {
    let _lock = locked(root)?;
    let (file, text) = read(root, &folder)?;
    let name = name_of(&folder);
    if environment::defaults(&text, &name)?.order != before {
        let cause = "the order was changed by somebody else meanwhile";
        return Err(atomic::refusal(name, FailureKind::Busy, cause)
            .hint("nothing was overwritten: try it again"));
    }
    write(&file, &name, &text, &order)?;
    Ok(Reply::OrderSet { folder, before, order })
}

/// Removes a folder and those below it that nothing is in, or nothing but an order: that was of
/// what is gone.
pub(super) fn tidy(root: &Path, folder: &Path) {
    let mut folders = vec![folder.to_owned()];
    let mut at = 0;
    while let Some(folder) = folders.get(at).filter(|_| at < TIDIED) {
        let entries = fs::read_dir(folder).into_iter().flatten().flatten();
        // What is hidden belongs to another program, such as `.git`; links are not followed.
        let is_ours =
            |entry: &fs::DirEntry| !entry.file_name().as_encoded_bytes().starts_with(b".");
        let is_folder = |entry: &fs::DirEntry| entry.file_type().is_ok_and(|kind| kind.is_dir());
        let below: Vec<PathBuf> = entries
            .filter(|entry| is_ours(entry) && is_folder(entry))
            .map(|entry| entry.path())
            .collect();
        folders.extend(below);
        at += 1;
    }
    for folder in folders.iter().rev() {
        let file = folder.join(workspace::DEFAULTS);
        let is_alone = fs::read_dir(folder).is_ok_and(|entries| entries.take(2).count() == 1);
        if is_alone && is_order_alone(root, &file) {
            let _ = atomic::remove(&file);
        }
        // Fails when something is in it, which stays.
        let _ = fs::remove_dir(folder);
    }
    remove_empty_folders(root, folder);
}

/// Whether a file says in which order presets stand, and nothing else: no comment of somebody either.
fn is_order_alone(root: &Path, file: &Path) -> bool {
    let read = || {
        let is_file = fs::symlink_metadata(file).ok()?.is_file();
        let bytes =
            is_file.then(|| inside::target(root, file).and_then(|it| workspace::read_bytes(&it)));
        let mut document: DocumentMut = String::from_utf8(bytes?.ok()?).ok()?.parse().ok()?;
        let (key, order) = document.remove_entry("order")?;
        let around = [key.leaf_decor().prefix(), order.as_value()?.decor().suffix()];
        let is_bare = |text: &str| text.trim().is_empty();
        let no_words = around.into_iter().flatten().all(|it| it.as_str().is_none_or(is_bare));
        Some(no_words && is_bare(&document.to_string()))
    };
    read().unwrap_or_default()
}

/// Folders that came back get the orders they had. That of one that has an order stays, and one that
/// cannot be written is none: the presets are back.
pub(super) fn put_orders_back(root: &Path, orders: &[FolderDefaults]) {
    for FolderDefaults { folder, order, .. } in orders {
        let put = || {
            let (file, text) = read(root, folder).ok()?;
            let is_free = environment::defaults(&text, &name_of(folder)).ok()?.order.is_empty();
            let is_there = file.parent().is_some_and(Path::is_dir);
            (is_free && is_there).then(|| write(&file, &name_of(folder), &text, order))
        };
        let _ = put();
    }
}

/// A preset has another name: it keeps its place in the order of its folder.
pub(super) fn renamed(root: &Path, from: &PresetPath, to: &PresetPath) {
    replace_in_order(root, from.folder(), from.name(), to.as_str(), from.as_str());
}

/// Writes the new name in place of the old one, if both are of one folder. What cannot be written
/// leaves the old name there, which the screen then names.
fn replace_in_order(root: &Path, folder: &str, entry: &str, to: &str, from: &str) {
    if around(to) != around(from) {
        return;
    }
    let change = || -> Option<()> {
        let (file, text) = read(root, folder).ok()?;
        let name = name_of(folder);
        let mut order = environment::defaults(&text, &name).ok()?.order;
        let end = if entry.ends_with('/') { "/" } else { "" };
        *order.iter_mut().find(|known| *known == entry)? = format!("{}{end}", last(to));
        write(&file, &name, &text, &order).ok()
    };
    let _ = change();
}

/// The file of a folder and what it holds; nothing when it is not there.
pub(super) fn read(root: &Path, folder: &str) -> Result<(PathBuf, String), Failure> {
    let file = inside::target(root, &root.join(folder).join(workspace::DEFAULTS))?;
    let bytes = atomic::is_there(&file)?.then(|| workspace::read_bytes(&file)).transpose()?;
    let text = String::from_utf8(bytes.unwrap_or_default()).map_err(|_| {
        atomic::refusal(name_of(folder), FailureKind::Malformed, "the file is not UTF-8")
    })?;
    Ok((file, text))
}

/// Changes nothing but the order; a file that holds nothing then goes.
fn write(file: &Path, name: &str, text: &str, order: &[String]) -> Result<(), Failure> {
    let malformed = |error: toml_edit::TomlError| {
        atomic::refusal(name, FailureKind::Malformed, error.message().to_owned())
    };
    let text = order_text::with_order(text, order).map_err(malformed)?;
    if text.trim().is_empty() {
        return if atomic::is_there(file)? { atomic::remove(file) } else { Ok(()) };
    }
    atomic::write(file, text.as_bytes(), Overwrite::Replace)
}

/// A name a line, so that a change of the order is a change of few lines.
pub(super) fn array(order: &[String]) -> Array {
    let mut array = Array::new();
    for name in order {
        let mut value = Value::from(name.as_str());
        value.decor_mut().set_prefix("\n  ");
        array.push_formatted(value);
    }
    array.set_trailing("\n");
    array.set_trailing_comma(true);
    array
}

/// Its name in messages.
pub(super) fn name_of(folder: &str) -> String {
    format!("{folder}/{}", workspace::DEFAULTS).trim_start_matches('/').to_owned()
}

/// The folder around, empty for the root; the name in it.
fn around(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(around, _)| around)
}

fn last(path: &str) -> &str {
    path.rsplit_once('/').map_or(path, |(_, last)| last)
}

/// The entry of a folder, whatever links say.
fn place(root: &Path, folder: &str) -> Result<PathBuf, Failure> {
    let checked = PresetPath::parse_folder(folder);
    let checked =
        checked.map_err(|error| atomic::refusal(folder, FailureKind::Usage, error.to_string()))?;
    inside::entry(root, &root.join(checked.as_str()))
}

fn taken(folder: &str) -> Failure {
    let cause = "there is something of this name already";
    atomic::refusal(format!("{folder}/"), FailureKind::Usage, cause).hint("choose another name")
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;
    use crate::store::store_tests::with;

    fn path(text: &str) -> PresetPath {
        PresetPath::parse(text).unwrap()
    }

    fn names(list: &[&str]) -> Vec<String> {
        list.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn a_folder_moves_with_all_that_is_in_it_and_never_onto_another() {
        let root = with(&[("a/x.toml", ""), ("a/data.bin", "1"), ("b/y.toml", "")]);
        let go = |from: &str, to: &str| rename(root.path(), from.into(), to.into());
        go("a", "new/deep/a2").unwrap();
        assert!(root.path().join("new/deep/a2/data.bin").exists());
        assert!(!root.path().join("a").exists());
        for (from, to) in
            [("b", "new"), ("new", "new/deep/in"), ("gone", "c"), ("b", "env"), ("b", "..")]
        {
            let failure = go(from, to).unwrap_err();
            assert!(!failure.cause.is_empty(), "{failure}");
            assert!(root.path().join("b/y.toml").exists() && root.path().join("new/deep").exists());
        }
        go("new/deep/a2", "a").unwrap();
        assert!(!root.path().join("new").exists(), "what became empty is gone");
    }

    #[test]
    fn no_link_leads_out_of_the_workspace() {
        let outside = with(&[("theirs/a.toml", "")]);
        let root = with(&[("in/a.toml", "")]);
        symlink(outside.path(), root.path().join("out")).unwrap();
        symlink("in", root.path().join("link")).unwrap();
        let at = root.path();
        assert!(create(at, "out/new".into()).is_err());
        assert!(rename(at, "in".into(), "out/in".into()).is_err());
        assert!(rename(at, "out/theirs".into(), "mine".into()).is_err());
        assert!(rename(at, "link".into(), "deep/link".into()).unwrap_err().cause.contains("link"));
        assert!(set_order(at, "out".into(), Vec::new(), names(&["a"])).is_err());
        assert!(!outside.path().join("_defaults.toml").exists());
        assert!(remove(at, "in".into(), "in".into()).is_err(), "something is in it");
    }

    #[test]
    fn an_order_is_written_beside_what_else_the_file_holds_and_only_over_the_known_one() {
        let text = "# ours\n[vars]\nhost = \"h\" # kept\n";
        let root = with(&[("api/_defaults.toml", text), ("api/a.toml", ""), ("api/b.toml", "")]);
        let set = |before: &[&str], order: &[&str]| {
            set_order(root.path(), "api".into(), names(before), names(order))
        };
        let file = || fs::read_to_string(root.path().join("api/_defaults.toml")).unwrap();
        set(&[], &["b", "sub/"]).unwrap();
        let written = file();
        assert!(written.contains("order = [\n  \"b\",\n  \"sub/\",\n]"), "{written}");
        assert!(written.contains("host = \"h\" # kept") && written.contains("# ours"), "{written}");
        let refused = set(&[], &["a"]).unwrap_err();
        assert!(refused.hint.contains("nothing was overwritten"), "{refused}");
        assert_eq!(file(), written);
        renamed(root.path(), &path("api/b"), &path("api/c"));
        set(&["c", "sub/"], &["c"]).unwrap();
        renamed(root.path(), &path("api/c"), &path("elsewhere/c"));
        set(&["c"], &[]).unwrap();
        assert_eq!(file().trim(), text.trim());
        // Without anything else the file goes with the order.
        set_order(root.path(), String::new(), Vec::new(), names(&["api/"])).unwrap();
        assert!(root.path().join("_defaults.toml").exists());
        rename(root.path(), "api".into(), "web".into()).unwrap();
        set_order(root.path(), String::new(), names(&["web/"]), Vec::new()).unwrap();
        assert!(!root.path().join("_defaults.toml").exists());
    }

    #[test]
    fn what_was_made_in_one_go_is_removed_in_one_go() {
        let root = tempfile::tempdir().unwrap();
        let at = root.path();
        fs::create_dir(at.join("old")).unwrap();
        for (folder, outermost, left) in
            [("a/new/inner", "a", None), ("old/new/inner", "old/new", Some("old"))]
        {
            let made = create(at, folder.into()).unwrap();
            let (folder, outermost) = (folder.to_owned(), outermost.to_owned());
            let told =
                Reply::FolderCreated { folder: folder.clone(), outermost: outermost.clone() };
            assert_eq!(made, told);
            let Reply::FolderRemoved { gone, .. } = remove(at, folder, outermost.clone()).unwrap()
            else {
                panic!()
            };
            assert_eq!(gone.last(), Some(&outermost));
            assert!(!at.join(&outermost).exists());
            assert!(left.is_none_or(|left| at.join(left).exists()));
        }
        // What somebody put there meanwhile stays, with what is around it.
        create(at, "a/new/inner".into()).unwrap();
        fs::write(at.join("a/mine.toml"), "").unwrap();
        let removed = remove(at, "a/new/inner".into(), "a".into()).unwrap();
        let gone = vec!["a/new/inner".to_owned(), "a/new".to_owned()];
        let (folder, outermost) = ("a/new/inner".to_owned(), "a".to_owned());
        assert_eq!(removed, Reply::FolderRemoved { folder, outermost, gone });
        assert!(at.join("a/mine.toml").exists());
    }
}
