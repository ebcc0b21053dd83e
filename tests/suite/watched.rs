//! Workspaces that change while the program runs: folders that cannot be read for a moment, that go
//! and come back, links, and what another running copy does.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use tempfile::TempDir;

use crate::harness::program::program;
use crate::harness::terminal::{Launch, Tui};
use crate::harness::tracer::{Fault, Tracer, can_trace};
use crate::harness::wait::wait_until;

const PRESET: &str = "[http]\nurl = \"http://127.0.0.1:1/first\"\n";

fn presets(home: &TempDir) -> PathBuf {
    home.path().join("home/presets")
}

fn in_home(home: &Arc<TempDir>) -> Launch {
    Launch { home: Arc::clone(home), ..Launch::default() }.size(150, 40)
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
    let launch = Launch::default().preset("a", PRESET).size(150, 40);
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
    let launch = Launch::default().preset("a", PRESET).size(150, 40);
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

/// Runs a command with the file systems of this program; whether it could.
fn beside(tui: &Tui, command: &[&str]) -> bool {
    let mut entering = Command::new("nsenter");
    let pid = tui.id().to_string();
    entering.args(["-U", "-m", "--preserve-credentials", "-t", &pid]).args(command);
    entering.output().is_ok_and(|output| output.status.success())
}

#[test]
fn what_is_mounted_in_the_place_of_the_workspace_and_taken_away_again_is_read() {
    let launch = Launch::default().preset("a", PRESET).size(160, 40);
    let home = Arc::clone(&launch.home);
    let (place, disk) = (presets(&home), home.path().join("disk"));
    fs::create_dir(&disk).unwrap();
    let own = format!("exec unshare -Urm '{}'", program().display());
    if !Command::new("unshare").args(["-Urm", "true"]).status().is_ok_and(|s| s.success()) {
        println!("skipped: nothing can be mounted here");
        return;
    }
    let tui = launch.shell(&own).start();
    tui.wait_for("─ a ");
    let (place, disk_name) = (place.display().to_string(), disk.display().to_string());
    if !beside(&tui, &["mount", "--bind", &disk_name, &place]) {
        println!("skipped: no mount can be made beside the program");
        tui.quit();
        return;
    }
    tui.wait_for("another folder is in its place, and nothing is in it");
    // The other disk is watched now, and what was said is over with what it was said of.
    fs::write(disk.join("on-the-disk.toml"), PRESET).unwrap();
    tui.wait_for_screen("the disk", |screen| {
        screen.contains("on-the-disk") && !screen.contains("another folder")
    });
    assert!(beside(&tui, &["umount", &place]));
    tui.wait_for_screen("what was there", |screen| {
        screen.contains("1/first") && !screen.contains("on-the-disk")
    });
    // A single file may be hidden by another one, too.
    let (file, other) = (presets(&home).join("a.toml"), home.path().join("other.toml"));
    fs::write(&other, PRESET.replace("first", "over-it")).unwrap();
    let (file, other) = (file.display().to_string(), other.display().to_string());
    assert!(beside(&tui, &["mount", "--bind", &other, &file]));
    tui.wait_for("1/over-it");
    assert!(beside(&tui, &["umount", &file]));
    tui.wait_for_screen("the file", |screen| !screen.contains("1/over-it"));
    tui.quit();
}

#[test]
fn what_was_said_of_a_workspace_goes_when_it_is_over() {
    let launch = Launch::default().preset("a", PRESET).size(160, 40);
    let home = Arc::clone(&launch.home);
    let mut tui = launch.start();
    tui.wait_for("─ a ");
    let aside = home.path().join("aside");
    fs::rename(presets(&home), &aside).unwrap();
    fs::write(presets(&home), "no folder").unwrap();
    tui.wait_for("a file stands where a folder is needed");
    fs::remove_file(presets(&home)).unwrap();
    fs::rename(&aside, presets(&home)).unwrap();
    let is_over = |screen: &str| !screen.contains("a file stands");
    tui.wait_for_screen("the workspace is back", is_over);
    // Drafts are kept again without a key, too.
    let (drafts, aside) = (home.path().join("home/state/drafts"), home.path().join("drafts"));
    tui.keys("<C-n><C-l>http://h/kept");
    wait_until("the drafts are kept", || drafts.exists());
    fs::rename(&drafts, &aside).unwrap();
    fs::write(&drafts, "no folder").unwrap();
    tui.keys("/more");
    tui.wait_for("a file stands where a folder is needed");
    fs::remove_file(&drafts).unwrap();
    tui.wait_for_screen("the drafts are kept", is_over);
    assert!(drafts.is_dir());
    tui.quit();
}

#[test]
fn what_a_link_leads_to_is_watched_wherever_it_lies() {
    let launch = Launch::default().preset("a", PRESET).size(150, 40);
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
    tui.wait_for("┏1━ Presets");
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

/// Two copies of the program on one home, both with its starter workspace on screen.
fn two_copies(home: &Arc<TempDir>) -> [Tui; 2] {
    let copies = [in_home(home).start(), in_home(home).start()];
    for tui in &copies {
        tui.wait_for("http-server");
    }
    copies
}

#[test]
fn presets_environments_and_history_of_another_copy_appear() {
    let home = Launch::default().home;
    let [mut first, mut second] = two_copies(&home);
    second.keys("<C-n><C-l>http://127.0.0.1:1/from-the-second<C-s><C-u>theirs<Enter>");
    second.wait_for("saved theirs");
    first.wait_for("theirs");
    fs::write(presets(&home).join("env/lab.toml"), "x = \"1\"\n").unwrap();
    wait_until("the new environment", || {
        first.keys("<F7>");
        first.screen().contains("env lab")
    });
    second.keys("<F5>");
    first.wait_for("second");
    first.quit();
    second.quit();
}

#[test]
fn an_environment_written_in_one_copy_is_in_files_and_in_the_other() {
    let home = Launch::default().home;
    let [mut first, mut second] = two_copies(&home);
    first.keys("<A-E>");
    first.wait_for("env/local.toml");
    first.keys("<Left>n");
    first.wait_for("New environment");
    first.keys("lab<Enter>");
    first.wait_for("env/lab.toml is there");
    first.keys("atoken<Tab>s3cr3t<Down><Right><Enter>");
    first.wait_for("token written to env/lab.secret.toml");
    assert!(!first.screen().contains("s3cr3t"), "{}", first.screen());
    let folder = presets(&home).join("env");
    let secret = folder.join("lab.secret.toml");
    assert_eq!(fs::read_to_string(&secret).unwrap().trim(), "token = \"s3cr3t\"");
    assert_eq!(fs::metadata(&secret).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(fs::read_to_string(folder.join(".gitignore")).unwrap().contains("*.secret.toml"));
    wait_until("the other copy knows it", || {
        second.keys("<F7>");
        second.screen().contains("env lab")
    });
    // What somebody else writes is seen in the window.
    fs::write(folder.join("lab.toml"), "host = \"from-outside\"\n").unwrap();
    first.wait_for("from-outside");
    fs::write(folder.join("lab.toml"), "host = [1]\n").unwrap();
    first.wait_for("env/lab.toml:1");
    first.keys("<Esc>");
    first.wait_for("1━ Presets");
    first.quit();
    second.quit();
}

#[test]
fn a_fault_of_one_folder_is_said_and_over_by_itself() {
    let launch = Launch::default().preset("a", PRESET).size(150, 40);
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

/// Runs git in a folder, with nothing of the user's; false where there is no git.
fn git(folder: &Path, args: &[&str]) -> bool {
    let mut git = Command::new("git");
    git.args(["-c", "user.name=t", "-c", "user.email=t@localhost"]).args(args);
    git.current_dir(folder).env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
    let Ok(ended) = git.output() else {
        assert!(std::env::var_os("CI").is_none(), "git is not installed");
        return false;
    };
    assert!(ended.status.success(), "{args:?}: {}", String::from_utf8_lossy(&ended.stderr));
    true
}

#[test]
fn branches_with_another_workspace_and_with_none_are_checked_out_and_left_again() {
    let launch = Launch::default().preset("a", PRESET).size(150, 40);
    let home = Arc::clone(&launch.home);
    let repository = home.path().join("home");
    if !git(&repository, &["init", "-q", "-b", "first"]) {
        return;
    }
    git(&repository, &["add", "presets"]);
    git(&repository, &["commit", "-qm", "first"]);
    git(&repository, &["checkout", "-qb", "second"]);
    fs::write(presets(&home).join("a.toml"), PRESET.replace("first", "second")).unwrap();
    fs::create_dir(presets(&home).join("users")).unwrap();
    fs::write(presets(&home).join("users/of-second.toml"), PRESET).unwrap();
    git(&repository, &["add", "presets"]);
    git(&repository, &["commit", "-qm", "second"]);
    git(&repository, &["rm", "-rq", "presets"]);
    git(&repository, &["commit", "-qm", "none"]);
    git(&repository, &["branch", "none"]);
    git(&repository, &["reset", "-q", "--hard", "first"]);
    let tui = launch.start();
    tui.wait_for("─ a ");
    for _ in 0..2 {
        tui.wait_for("1/first");
        git(&repository, &["checkout", "-q", "none~1"]);
        tui.wait_for("of-second");
        tui.wait_for("1/second");
        git(&repository, &["checkout", "-q", "none"]);
        tui.wait_for("the folder of the workspace is gone");
        git(&repository, &["checkout", "-q", "first"]);
    }
    tui.wait_for("1/first");
    tui.wait_for_screen("only what this branch has", |screen| !screen.contains("of-second"));
    assert!(!presets(&home).join("tutorial").exists(), "begun with the starter");
    tui.quit();
}

/// A name for a way to replace a file, and what does it.
type Way<'a> = (&'a str, &'a dyn Fn(&str));

#[test]
fn however_a_preset_is_replaced_what_it_holds_now_is_shown() {
    let launch = Launch::default().preset("a", PRESET).size(150, 40);
    let home = Arc::clone(&launch.home);
    let at = |name: &str| presets(&home).join(name);
    let tui = launch.start();
    tui.wait_for("1/first");
    let ways: [Way<'_>; 6] = [
        ("in-place", &|text| fs::write(at("a.toml"), text).unwrap()),
        ("renamed", &|text| {
            fs::write(at(".a.toml.swp"), text).unwrap();
            fs::rename(at(".a.toml.swp"), at("a.toml")).unwrap();
        }),
        ("backup", &|text| {
            fs::rename(at("a.toml"), at("a.toml~")).unwrap();
            fs::write(at("a.toml"), text).unwrap();
            fs::remove_file(at("a.toml~")).unwrap();
        }),
        ("from-elsewhere", &|text| {
            fs::write(home.path().join("elsewhere"), text).unwrap();
            fs::rename(home.path().join("elsewhere"), at("a.toml")).unwrap();
        }),
        ("another-link", &|text| {
            fs::write(home.path().join("one"), text).unwrap();
            fs::remove_file(at("a.toml")).unwrap();
            fs::hard_link(home.path().join("one"), at("a.toml")).unwrap();
        }),
        ("in-pieces", &|text| {
            let mut file = fs::File::create(at("a.toml")).unwrap();
            for piece in text.as_bytes().chunks(9) {
                std::io::Write::write_all(&mut file, piece).unwrap();
            }
        }),
    ];
    for (word, replace) in ways {
        replace(&PRESET.replace("first", word));
        tui.wait_for(&format!("1/{word}"));
    }
    // The same of a folder: renamed with all it holds, and there again under its name.
    fs::create_dir(at("group")).unwrap();
    fs::write(at("group/inner.toml"), PRESET).unwrap();
    tui.wait_for("inner");
    fs::rename(at("group"), at("other-name")).unwrap();
    tui.wait_for("other-name");
    fs::write(at("other-name/later.toml"), PRESET).unwrap();
    tui.wait_for("later");
    tui.quit();
}

#[test]
fn a_workspace_behind_a_link_follows_it_wherever_it_is_set() {
    let launch = Launch::default().preset("a", PRESET).size(150, 40);
    let home = Arc::clone(&launch.home);
    let at = |name: &str| home.path().join(name);
    fs::rename(presets(&home), at("v1")).unwrap();
    symlink(at("v1"), presets(&home)).unwrap();
    let mut tui = launch.start();
    tui.wait_for("1/first");
    fs::create_dir(at("v2")).unwrap();
    fs::write(at("v2/a.toml"), PRESET.replace("first", "second")).unwrap();
    fs::write(at("v2/only-here.toml"), PRESET).unwrap();
    // As a deployment does it: at once, without a moment in which there is none.
    symlink(at("v2"), at("new")).unwrap();
    fs::rename(at("new"), presets(&home)).unwrap();
    tui.wait_for("only-here");
    tui.wait_for("1/second");
    fs::remove_dir_all(at("v1")).unwrap();
    fs::write(at("v2/third.toml"), PRESET).unwrap();
    tui.wait_for("third");
    tui.keys("<C-n><C-l>http://h/new<C-s><C-u>mine<Enter>");
    tui.wait_for("saved mine");
    assert!(at("v2/mine.toml").exists() && presets(&home).is_symlink());
    // It leads nowhere for a while.
    fs::rename(at("v2"), at("aside")).unwrap();
    tui.wait_for("workspace");
    fs::rename(at("aside"), at("v2")).unwrap();
    fs::write(at("v2/again.toml"), PRESET).unwrap();
    tui.wait_for("again");
    tui.quit();
}
