//! What another user put into the folders of an installation is named and not used; folders that
//! others could put something into are mended.
//!
//! Giving a file to somebody else takes root, so most of this is skipped for others.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::Output;
use std::sync::Arc;

use tempfile::TempDir;

use crate::harness::program::{command, listening, run, told};
use crate::harness::terminal::Launch;

/// Somebody else.
const OTHER: u32 = 65534;

fn is_root() -> bool {
    let is_root = rustix::process::geteuid().is_root();
    if !is_root {
        eprintln!("skipped: only root can give a file to another user");
    }
    is_root
}

fn give(path: &Path) {
    chown(path, Some(OTHER), Some(OTHER)).unwrap();
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

struct Home(TempDir);

impl Home {
    /// With an authority.
    fn new() -> Home {
        let home = Home(tempfile::tempdir().unwrap());
        drop(listening(&mut command(&home.words(&[
            "listen",
            "tls://127.0.0.1:0",
            "--for",
            "20s",
        ]))));
        home
    }

    fn words<'a>(&'a self, words: &[&'a str]) -> Vec<&'a str> {
        [&["--home", self.0.path().to_str().unwrap()], words].concat()
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn run(&self, words: &[&str]) -> Output {
        run(&self.words(words))
    }
}

#[test]
fn an_authority_that_another_user_put_there_is_not_trusted() {
    if !is_root() {
        return;
    }
    let (home, theirs) = (Home::new(), Home::new());
    let words = ["listen", "https://127.0.0.1:0", "--body", "theirs", "--for", "30s"];
    let server = listening(&mut command(&theirs.words(&words)));
    let url = format!("https://localhost:{}/", server.port);
    let (authority, data) = (home.path("data/authority.pem"), home.path("data"));
    let own = fs::read(&authority).unwrap();
    for mode in [0o600, 0o644] {
        fs::copy(theirs.path("data/authority.pem"), &authority).unwrap();
        set_mode(&authority, mode);
        give(&authority);
        let (status, said) = told(&home.run(&["send", &url]));
        assert_eq!(status, Some(4), "{said}");
        assert!(said.contains("authority.pem belongs to user 65534; it is not used"), "{said}");
        assert_eq!(fs::metadata(&authority).unwrap().permissions().mode() & 0o777, mode);
    }
    let (status, said) = told(&home.run(&["authority"]));
    assert!(status == Some(2) && said.contains("it belongs to user 65534"), "{status:?} {said}");
    let (_, said) = told(&home.run(&["listen", "tls://127.0.0.1:0", "--for", "100ms"]));
    assert!(said.contains("cannot be kept: it belongs to user 65534"), "{said}");
    assert_eq!(told(&home.run(&["authority", "remove"])).0, Some(0), "the way out");

    fs::write(&authority, own).unwrap();
    set_mode(&authority, 0o600);
    give(&data);
    let (status, said) = told(&home.run(&["authority"]));
    assert!(status == Some(2) && said.contains("the folder it lies in belongs"), "{said}");
    assert!(said.contains("data belongs to user 65534"), "{said}");
}

#[test]
fn folders_that_others_could_put_something_into_are_mended_with_a_word() {
    let home = Home::new();
    let state = home.path("state");
    fs::create_dir_all(state.join("drafts")).unwrap();
    let folders = [home.path("data"), state.clone(), state.join("drafts")];
    for folder in &folders {
        set_mode(folder, 0o777);
    }
    let lock = state.join("drafts/x-1.lock");
    fs::write(&lock, "").unwrap();
    set_mode(&lock, 0o666);
    let (_, said) = told(&home.run(&["authority"]));
    for folder in &folders {
        let told = format!("{} was open to others (mode 0777)", folder.display());
        assert!(said.contains(&told), "{said}");
        assert_eq!(mode(folder), 0o700);
    }
    assert_eq!(mode(&lock), 0o600, "{said}");
    assert_eq!(told(&home.run(&["authority"])).1, "", "said once");
}

#[test]
fn drafts_history_keys_and_answers_of_another_user_are_not_taken_for_ours() {
    if !is_root() {
        return;
    }
    let launch =
        Launch::default().size(200, 40).preset("a", "[http]\nurl = \"http://127.0.0.1:1/\"\n");
    // It outlives the program.
    let kept = Arc::clone(&launch.home);
    let home = kept.path().join("home");
    let theirs = [
        ("config/keymap.toml", "[everywhere]\n\"<F9>\" = \"quit\"\n"),
        ("state/history.db", "no database"),
        ("state/projects.toml", ""),
    ];
    for (name, text) in theirs {
        let file = home.join(name);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, text).unwrap();
        give(&file);
    }
    let mut tui = launch.start();
    tui.wait_for("belongs to user 65534");
    tui.wait_for("─ a ");
    tui.keys("<F5>");
    tui.wait_for("refused");
    tui.quit();
    for (name, text) in theirs {
        assert_eq!(fs::read_to_string(home.join(name)).unwrap(), text, "{name}");
    }
    assert!(!home.join("state/history.damaged-1.db").exists(), "left where it is");
}
