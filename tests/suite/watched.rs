//! Workspaces that change while the program runs: folders that cannot be read for a moment, that go
//! and come back, links, and what another running copy does.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::sync::Arc;

use tempfile::TempDir;

use crate::harness::program::program;
use crate::harness::terminal::Launch;
use crate::harness::tracer::{Fault, Tracer, can_trace};
use crate::harness::wait::wait_until;

const PRESET: &str = "[http]\nurl = \"http://127.0.0.1:1/first\"\n";

fn presets(home: &TempDir) -> PathBuf {
    home.path().join("home/presets")
}

fn in_home(home: &Arc<TempDir>) -> Launch {
    Launch { home: Arc::clone(home), ..Launch::default() }.size(160, 40)
}

#[test]
fn a_workspace_that_cannot_be_read_for_a_moment_is_read_by_itself() {
    let launch = Launch::default().preset("late", PRESET);
    let home = Arc::clone(&launch.home);
    let tui = launch.start();
    tui.wait_for("─ late ");
    if !can_trace(&tui, "workspace") {
        return;
    }
    tui.quit();
    fs::create_dir(presets(&home).join("env")).unwrap();
    fs::write(presets(&home).join("env/lab.toml"), "x = \"1\"\n").unwrap();
    for error in ["EIO", "EMFILE"] {
        let script = format!(
            "exec strace -D -f -qq -o /dev/null -P '{}' -e trace=openat \
             -e inject=openat:error={error}:when=1 '{}'",
            presets(&home).display(),
            program().display()
        );
        let tui = in_home(&home).shell(&script).start();
        tui.wait_for("storage failed");
        // Nothing has changed on the disk since.
        tui.wait_for("late");
        tui.wait_for("env lab");
        fs::write(presets(&home).join("more.toml"), PRESET).unwrap();
        tui.wait_for("more");
        fs::remove_file(presets(&home).join("more.toml")).unwrap();
        tui.wait_for_screen("it is gone", |screen| !screen.contains("more"));
        tui.quit();
    }
}

#[test]
fn where_nothing_can_be_watched_changes_are_seen_all_the_same() {
    let launch = Launch::default().preset("a", PRESET).size(160, 40);
    let home = Arc::clone(&launch.home);
    let tui = launch.start();
    tui.wait_for("─ a ");
    if !can_trace(&tui, "workspace") {
        return;
    }
    let faults = [("inotify_init1", "EMFILE"), ("inotify_add_watch", "ENOSPC")];
    for (number, (calls, error)) in faults.into_iter().enumerate() {
        let script = format!(
            "exec strace -D -f -qq -o /dev/null -e trace={calls} \
             -e inject={calls}:error={error}:when=1+ '{}'",
            program().display()
        );
        let tui = in_home(&home).shell(&script).start();
        tui.wait_for("noticed late");
        fs::write(presets(&home).join(format!("new-{number}.toml")), PRESET).unwrap();
        tui.wait_for(&format!("new-{number}"));
        tui.quit();
    }
    tui.quit();
}

#[test]
fn a_folder_that_goes_and_comes_back_is_read_and_never_begun_with_the_starter() {
    let launch = Launch::default().preset("a", PRESET).size(160, 40);
    let home = Arc::clone(&launch.home);
    fs::create_dir(presets(&home).join("env")).unwrap();
    for name in ["alpha", "beta"] {
        fs::write(presets(&home).join(format!("env/{name}.toml")), "x = \"1\"\n").unwrap();
    }
    let mut tui = launch.start();
    tui.wait_for("─ a ");
    tui.wait_for("alpha");
    tui.keys("<F7>");
    tui.wait_for("beta");
    let aside = home.path().join("aside");
    fs::rename(presets(&home), &aside).unwrap();
    tui.wait_for("the folder of the workspace is gone");
    fs::rename(&aside, presets(&home)).unwrap();
    fs::write(presets(&home).join("back.toml"), PRESET).unwrap();
    tui.wait_for("back");
    tui.wait_for("beta");
    // What is saved while it is gone makes a folder with that alone.
    fs::rename(presets(&home), &aside).unwrap();
    tui.wait_for("the folder of the workspace is gone");
    tui.keys("<C-n><C-l>http://h/new<C-s><C-u>new<Enter>");
    tui.wait_for("saved new");
    let names = fs::read_dir(presets(&home)).unwrap().flatten().map(|entry| entry.file_name());
    assert_eq!(names.collect::<Vec<_>>(), ["new.toml"]);
    // It comes back as a whole, beside it.
    for entry in fs::read_dir(&aside).unwrap().flatten() {
        fs::rename(entry.path(), presets(&home).join(entry.file_name())).unwrap();
    }
    tui.wait_for("back");
    tui.quit();
}

#[test]
fn what_a_link_leads_to_is_watched_wherever_it_lies() {
    let launch = Launch::default().preset("a", PRESET).size(160, 40);
    let home = Arc::clone(&launch.home);
    let elsewhere = home.path().join("elsewhere");
    fs::create_dir(&elsewhere).unwrap();
    let versions = ["second", "third", "fourth"].map(|word| PRESET.replace("first", word));
    symlink(elsewhere.join("file"), elsewhere.join("link")).unwrap();
    symlink(elsewhere.join("link"), presets(&home).join("linked.toml")).unwrap();
    let mut tui = launch.start();
    tui.wait_for("─ a ");
    tui.wait_for("the link leads nowhere");
    fs::write(elsewhere.join("file"), PRESET).unwrap();
    tui.wait_for("GET  linked");
    tui.keys("<C-o>a");
    tui.wait_for("┏ Presets");
    tui.keys("G<Enter>");
    tui.wait_for("─ linked ");
    // Written in place, replaced as editors do, and the link in the middle set anew.
    fs::write(elsewhere.join("file"), &versions[0]).unwrap();
    tui.wait_for("1/second");
    fs::write(elsewhere.join("temporary"), &versions[1]).unwrap();
    fs::rename(elsewhere.join("temporary"), elsewhere.join("file")).unwrap();
    tui.wait_for("1/third");
    fs::write(elsewhere.join("other"), &versions[2]).unwrap();
    symlink(elsewhere.join("other"), elsewhere.join("new-link")).unwrap();
    fs::rename(elsewhere.join("new-link"), elsewhere.join("link")).unwrap();
    tui.wait_for("1/fourth");
    tui.quit();
}

#[test]
fn presets_environments_and_history_of_another_copy_appear() {
    let home = Launch::default().home;
    let (mut first, mut second) = (in_home(&home).start(), in_home(&home).start());
    for tui in [&first, &second] {
        tui.wait_for("http-server");
    }
    second.keys("<C-n><C-l>http://127.0.0.1:1/from-the-second<C-s><C-u>theirs<Enter>");
    second.wait_for("saved theirs");
    first.wait_for("theirs");
    fs::write(presets(&home).join("env/lab.toml"), "x = \"1\"\n").unwrap();
    wait_until("the new environment", || {
        first.keys("<F7>");
        first.screen().contains("env lab")
    });
    second.keys("<F5>");
    first.wait_for("from-the-second");
    first.quit();
    second.quit();
}

#[test]
fn a_fault_of_one_folder_is_said_and_over_by_itself() {
    let launch = Launch::default().preset("a", PRESET).size(160, 40);
    let home = Arc::clone(&launch.home);
    fs::create_dir(presets(&home).join("env")).unwrap();
    fs::write(presets(&home).join("env/lab.toml"), "x = \"1\"\n").unwrap();
    let tui = launch.start();
    tui.wait_for("lab");
    if !can_trace(&tui, "workspace") {
        return;
    }
    for calls in ["getdents64", "read"] {
        let fault = Fault { calls, error: "EIO", when: "1+".into() };
        let tracer = Tracer::attach(&tui, "workspace", &fault).unwrap();
        fs::write(presets(&home).join("b.toml"), PRESET).unwrap();
        wait_until("the fault", || tracer.has_injected());
        tui.wait_for("storage failed");
        assert!(tracer.detach());
        tui.wait_for_screen(calls, |screen| screen.contains("lab") && screen.contains("b "));
        fs::remove_file(presets(&home).join("b.toml")).unwrap();
    }
    tui.quit();
}
