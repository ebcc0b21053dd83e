use std::os::unix::fs::symlink;

use super::*;

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().mode() & 0o777
}

fn put(path: &Path, bytes: &[u8]) {
    write(path, bytes, Overwrite::Replace).unwrap();
}

#[test]
fn new_files_and_folders_are_private() {
    let folder = tempfile::tempdir().unwrap();
    let inner = folder.path().join("a/b");
    make_folders(&inner).unwrap();
    put(&inner.join("f"), b"x");
    assert_eq!(mode(&inner.join("f")), 0o600);
    assert_eq!((mode(&inner), mode(&folder.path().join("a"))), (0o700, 0o700));
}

#[test]
fn the_mode_of_an_existing_file_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("f");
    for wanted in [0o600, 0o644, 0o640, 0o755, 0o200] {
        fs::write(&file, "old").unwrap_or_default();
        fs::set_permissions(&file, fs::Permissions::from_mode(wanted)).unwrap();
        put(&file, b"new");
        assert_eq!(mode(&file), wanted, "{wanted:o}");
    }
}

#[test]
fn a_read_only_file_is_refused_even_for_root() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("f");
    fs::write(&file, "old").unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o444)).unwrap();
    let failure = write(&file, b"new", Overwrite::Replace).unwrap_err();
    assert_eq!(failure.kind, FailureKind::Permission);
    assert!(failure.hint.contains("chmod"));
    assert_eq!(fs::read(&file).unwrap(), b"old");
}

#[test]
fn a_link_is_followed_and_stays_a_link() {
    let folder = tempfile::tempdir().unwrap();
    let elsewhere = folder.path().join("dots");
    fs::create_dir(&elsewhere).unwrap();
    let link = folder.path().join("link");
    symlink("dots/real", &link).unwrap();
    put(&link, b"first");
    put(&link, b"second");
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(fs::read(elsewhere.join("real")).unwrap(), b"second");
    symlink("loop", folder.path().join("loop")).unwrap();
    assert!(write(&folder.path().join("loop"), b"x", Overwrite::Replace).is_err());
}

#[test]
fn refuse_means_nothing_of_that_name_is_touched() {
    let folder = tempfile::tempdir().unwrap();
    let outside = folder.path().join("outside");
    fs::write(&outside, "old").unwrap();
    symlink(&outside, folder.path().join("link")).unwrap();
    symlink("nowhere", folder.path().join("dangling")).unwrap();
    fs::create_dir(folder.path().join("dir")).unwrap();
    rustix::fs::mkfifoat(rustix::fs::CWD, folder.path().join("fifo"), 0o600.into()).unwrap();
    for name in ["outside", "link", "dangling", "dir", "fifo"] {
        assert!(write(&folder.path().join(name), b"new", Overwrite::Refuse).is_err(), "{name}");
    }
    for name in ["dir", "fifo"] {
        assert!(write(&folder.path().join(name), b"new", Overwrite::Replace).is_err(), "{name}");
    }
    assert_eq!(fs::read(&outside).unwrap(), b"old");
    assert!(!folder.path().join("nowhere").exists());
}

#[test]
fn a_failed_write_leaves_no_temporary_file() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("dir")).unwrap();
    assert!(write_whole(&folder.path().join("dir"), b"x", None, Overwrite::Replace).is_err());
    assert!(write(&folder.path().join("no/such"), b"x", Overwrite::Replace).is_err());
    assert!(write(&folder.path().join("n".repeat(300)), b"x", Overwrite::Replace).is_err());
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn left_overs_are_cleaned_and_files_in_use_are_not() {
    let folder = tempfile::tempdir().unwrap();
    let left = folder.path().join(".wirebench-dead.tmp");
    fs::write(&left, "half").unwrap();
    fs::write(folder.path().join("other.tmp"), "theirs").unwrap();
    let target = folder.path().join("target");
    let used = WholeFile::begin(&target, &WorkingName::OURS, PRIVATE).unwrap();
    clean(folder.path());
    assert!(!left.exists());
    used.place_new().map_err(io::Error::from).unwrap();
    assert!(target.exists());
    assert!(folder.path().join("other.tmp").exists());
}

#[test]
fn rename_never_replaces() {
    let folder = tempfile::tempdir().unwrap();
    let (a, b) = (folder.path().join("a"), folder.path().join("b"));
    fs::write(&a, "a").unwrap();
    fs::write(&b, "b").unwrap();
    assert!(rename(&a, &b).is_err());
    assert_eq!((fs::read(&a).unwrap(), fs::read(&b).unwrap()), (b"a".into(), b"b".into()));
    fs::remove_file(&b).unwrap();
    rename(&a, &b).unwrap();
    assert!(b.exists() && !a.exists());
}
