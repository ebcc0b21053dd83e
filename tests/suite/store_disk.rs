//! Modes under any umask, and disks that are full, limited or read-only.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::process::{Command, Output};

use wirebench::model::authority::{Authority, AuthorityKeeper, StoredAuthority};
use wirebench::model::failure::Failure;
use wirebench::store::authority::AuthorityFile;
use wirebench::store::job::{Job, Overwrite, Reply};
use wirebench::store::paths::Paths;

use super::{Desk, again, drafts, history, preset, request};

/// Keeps a new authority in place of any other.
pub fn keep_authority(home: &Path) -> Result<StoredAuthority, Failure> {
    let pem = |what: &str| format!("-----BEGIN {what}-----\nAA\n-----END {what}-----\n");
    let (certificate_pem, key_pem) = (pem("CERTIFICATE"), pem("PRIVATE KEY"));
    AuthorityFile::new(Paths::under(home)).keep(&mut |_| {
        Ok(Some(Authority { certificate_pem: certificate_pem.clone(), key_pem: key_pem.clone() }))
    })
}

fn failure_of(reply: Reply) -> String {
    match reply {
        Reply::Failed { failure, .. } => failure.to_string(),
        other => panic!("should have failed: {other:?}"),
    }
}

/// Makes every kind of file the store makes.
pub fn one_of_each(home: &Path) {
    let mut desk = Desk::new(home);
    for number in 0..2 {
        let saved = desk.save(preset("a/b", request(number, 10)), None, Overwrite::Replace);
        assert!(matches!(saved, Reply::Saved { .. }), "{saved:?}");
        assert_eq!(desk.ask(Job::SaveRestore(Box::new(drafts(number)))), Reply::RestoreSaved);
        let appended = desk.ask(Job::AppendHistory(Box::new(history(number))));
        assert_eq!(appended, Reply::HistoryAppended);
        keep_authority(home).unwrap();
    }
    let path = home.join("named");
    let named = Job::WriteFile { path, bytes: "x".into(), overwrite: Overwrite::Refuse };
    assert!(matches!(desk.ask(named), Reply::FileWritten { .. }));
    // The side files of the database are gone when it is closed, so look while it is open.
    let (mut files, mut folders) = (0, 0);
    check_modes(home, &mut files, &mut folders);
    assert!(files >= 14 && folders >= 6, "{files} files, {folders} folders");
}

fn check_modes(folder: &Path, files: &mut u32, folders: &mut u32) {
    for entry in fs::read_dir(folder).unwrap().flatten() {
        let mode = entry.metadata().unwrap().mode() & 0o777;
        if entry.path().is_dir() {
            assert_eq!(mode, 0o700, "{}", entry.path().display());
            *folders += 1;
            check_modes(&entry.path(), files, folders);
        } else {
            assert_eq!(mode, 0o600, "{}", entry.path().display());
            *files += 1;
        }
    }
}

fn run(shell: &str, scenario: &str, home: &Path) {
    let output = again(shell, scenario, home).output().unwrap();
    assert_passed(&output, scenario);
}

fn assert_passed(output: &Output, scenario: &str) {
    let text = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && text.contains("1 passed"), "{scenario}:\n{text}\n{errors}");
}

#[test]
fn every_file_is_private_under_any_umask() {
    for umask in ["000", "022", "077", "277"] {
        let home = tempfile::tempdir().unwrap();
        run(&format!("umask {umask};"), "one of each", home.path());
    }
}

/// Every write beyond a few KiB fails (`ulimit -f`).
pub fn limited_file_size(home: &Path) {
    let mut desk = Desk::new(home);
    let small = preset("a", request(1, 100));
    assert!(matches!(desk.save(small.clone(), None, Overwrite::Replace), Reply::Saved { .. }));
    let file = home.join("presets/a.toml");
    let before = fs::read(&file).unwrap();
    let big = preset("a", request(2, 1_000_000));
    let failure = failure_of(desk.save(big, None, Overwrite::Replace));
    assert!(failure.contains("larger than the system allows"), "{failure}");
    assert_eq!(fs::read(&file).unwrap(), before);
    assert_eq!(fs::read_dir(home.join("presets")).unwrap().count(), 5, "no half file is left");
    assert!(matches!(desk.save(small, None, Overwrite::Replace), Reply::Saved { .. }));
    // The database cannot grow either; whatever it says, the store goes on.
    for number in 0..100 {
        desk.ask(Job::AppendHistory(Box::new(history(number))));
    }
    assert!(matches!(desk.ask(Job::LoadWorkspace), Reply::Workspace(_)));
}

#[test]
fn a_file_that_may_not_grow_keeps_its_old_content() {
    let home = tempfile::tempdir().unwrap();
    run("trap '' XFSZ; ulimit -f 40;", "limited file size", home.path());
}

/// `home` is on a disk of 1 MiB: an empty history takes a third of it.
pub fn full_disk(home: &Path) {
    let mut desk = Desk::new(home);
    let first = preset("a", request(1, 1000));
    assert!(matches!(desk.save(first, None, Overwrite::Replace), Reply::Saved { .. }));
    let file = home.join("presets/a.toml");
    let before = fs::read(&file).unwrap();
    let filler = home.join("filler");
    let mut size = 2 << 20;
    while size > 0 {
        let written = fs::write(&filler, vec![0u8; size]);
        if written.is_ok() {
            break;
        }
        size -= 4096;
    }
    let mut failures = 0;
    for number in 2..60 {
        let failure =
            failure_of(desk.save(preset("a", request(number, 20_000)), None, Overwrite::Replace));
        assert!(
            failure.contains("the disk is full") && failure.contains("free some space"),
            "{failure}"
        );
        assert_eq!(fs::read(&file).unwrap(), before);
        for job in [
            Job::SaveRestore(Box::new(drafts(number))),
            Job::AppendHistory(Box::new(history(number))),
        ] {
            failures += u32::from(matches!(desk.ask(job), Reply::Failed { .. }));
        }
    }
    assert!(failures >= 58 * 2, "{failures}");
    fs::remove_file(&filler).unwrap();
    let after = desk.save(preset("a", request(99, 20_000)), None, Overwrite::Replace);
    assert!(matches!(after, Reply::Saved { .. }), "works when there is space again: {after:?}");
    let appended = desk.ask(Job::AppendHistory(Box::new(history(99))));
    assert_eq!(appended, Reply::HistoryAppended);
}

/// `home` holds a workspace and cannot be written.
pub fn read_only_disk(home: &Path) {
    let mut desk = Desk::new(home);
    let Reply::Workspace(workspace) = desk.ask(Job::LoadWorkspace) else { panic!() };
    assert_eq!(workspace.presets.len(), 1);
    assert!(matches!(desk.ask(Job::LoadRestore), Reply::Restored(_)));
    let fingerprint = workspace.presets[0].fingerprint;
    let path = workspace.presets[0].path.clone();
    let jobs = [
        Job::SavePreset {
            preset: Box::new(preset("a", request(2, 10))),
            based_on: Some(fingerprint),
            overwrite: Overwrite::Refuse,
            like: None,
        },
        Job::RenamePreset {
            from: path.clone(),
            to: wirebench::model::preset::PresetPath::parse("n/b").unwrap(),
        },
        Job::DeletePreset { path },
        Job::SaveRestore(Box::new(drafts(1))),
        Job::AppendHistory(Box::new(history(1))),
        Job::WriteFile { path: home.join("f"), bytes: "x".into(), overwrite: Overwrite::Replace },
    ];
    for job in jobs {
        let name = job.kind().name();
        let failure = failure_of(desk.ask(job));
        assert!(
            failure.contains("read-only") || failure.contains("cannot be written"),
            "{name}: {failure}"
        );
    }
    assert!(matches!(desk.ask(Job::LoadWorkspace), Reply::Workspace(_)));
    assert!(keep_authority(home).unwrap_err().cause.contains("read-only"));
}

/// Runs a scenario on a small disk of its own, when this user may mount one.
fn on_a_disk(options: &str, prepare: &str, scenario: &str) {
    let home = tempfile::tempdir().unwrap();
    let place = home.path().display();
    let mount = format!("mount -t tmpfs -o size=1m,mode=700 none '{place}'");
    let allowed = Command::new("unshare").args(["-Urm", "sh", "-c", &mount]).output();
    if !allowed.is_ok_and(|output| output.status.success()) {
        println!("skipped: no small disk can be mounted here");
        return;
    }
    let inner = again(&format!("{mount} && {prepare} {options}"), scenario, home.path());
    let mut command = Command::new("unshare");
    command.arg("-Urm").arg(inner.get_program()).args(inner.get_args());
    command.envs(inner.get_envs().filter_map(|(name, value)| Some((name, value?))));
    assert_passed(&command.output().unwrap(), scenario);
}

#[test]
fn a_full_disk_gives_a_message_and_keeps_the_old_file() {
    on_a_disk("", "", "full disk");
}

#[test]
fn a_read_only_disk_does_not_stop_the_program() {
    let prepare = "mkdir -p \"$WIREBENCH_TEST_HOME/presets\" && printf '[http]\\nurl = \"u\"\\n' > \"$WIREBENCH_TEST_HOME/presets/a.toml\" &&";
    let options = "mount -o remount,ro \"$WIREBENCH_TEST_HOME\" &&";
    on_a_disk(options, prepare, "read-only disk");
}
