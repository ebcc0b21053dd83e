//! Workspaces that others made: links in circles and to everywhere, projects of another user. The
//! real program, on a terminal and without one.

use std::fs;
use std::os::unix::fs::{chown, symlink};
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::harness::program::{command, finished, run, told};
use crate::harness::terminal::{Launch, Tui};

const PRESET: &str = "[http]\nurl = \"http://127.0.0.1:9/x\"\n";

#[test]
fn a_workspace_full_of_links_opens_at_once_and_names_what_it_leaves_out() {
    let launch = Launch::default().preset("a", PRESET).size(120, 30);
    let root = launch.home.path().join("home/presets");
    for number in 0..6 {
        symlink(".", root.join(format!("again-{number}"))).unwrap();
    }
    symlink("/", root.join("everything")).unwrap();
    rustix::fs::mkfifoat(rustix::fs::CWD, root.join("pipe.toml"), 0o600.into()).unwrap();
    let started = Instant::now();
    let mut tui = launch.start();
    tui.wait_for("─ a ");
    tui.wait_for("everything: it leads out of the workspace");
    assert!(started.elapsed() < Duration::from_secs(10), "{:?}", started.elapsed());
    // Saving works at once, too.
    tui.keys("<C-n>http://h/new<C-s>new<Enter>");
    tui.wait_for("─ new ");
    assert!(root.join("new.toml").exists());
    tui.quit();
}

#[test]
fn a_preset_behind_the_bound_of_a_workspace_is_not_called_unknown_without_it() {
    let home = tempfile::tempdir().unwrap();
    let root = home.path().join("presets");
    fs::create_dir_all(root.join("env")).unwrap();
    fs::write(root.join("p.toml"), PRESET).unwrap();
    for number in 0..50_001 {
        fs::hard_link(root.join("p.toml"), root.join(format!("p{number:05}.toml"))).unwrap();
    }
    let place = home.path().to_str().unwrap();
    // Reading so many may take longer than is waited for.
    let names_bound = |said: &str| said.contains("more than 50000") || said.contains("not read in");
    let (status, said) = told(&run(&["--home", place, "send", "p2000"]));
    assert_eq!(status, Some(2), "{said}");
    assert!(names_bound(&said) && said.contains("did you mean"), "{said}");
    let (status, said) = told(&run(&["--home", place, "send", ":1", "--env", "none"]));
    assert!(status == Some(2) && names_bound(&said), "{said}");
}

#[test]
fn a_save_never_follows_a_link_out_of_the_workspace() {
    let launch = Launch::default().preset("a", PRESET).size(120, 30);
    let outside = launch.home.path().join("rc");
    fs::write(&outside, PRESET).unwrap();
    symlink(&outside, launch.home.path().join("home/presets/linked.toml")).unwrap();
    let mut tui = launch.start();
    tui.wait_for("linked");
    tui.keys("<A-1>jj<Enter>");
    tui.wait_for("─ linked ");
    tui.keys("<A-2>");
    tui.keys("<C-l>");
    tui.bytes(b"more");
    tui.wait_for("●");
    tui.keys("<C-s>");
    tui.wait_for("out of the workspace");
    assert_eq!(fs::read_to_string(&outside).unwrap(), PRESET);
    tui.quit();
}

/// A project of another user above the current folder; `None` where owners cannot be given away.
fn foreign(home: &Path) -> Option<()> {
    let project = home.join(".wirebench");
    fs::create_dir_all(home.join("me")).unwrap();
    fs::create_dir(&project).unwrap();
    fs::write(project.join("theirs.toml"), PRESET).unwrap();
    if let Err(error) = chown(&project, Some(12345), None) {
        eprintln!("skipped: no folder of another user: {error}");
        return None;
    }
    Some(())
}

fn in_project(launch: Launch, home: &Path) -> Launch {
    let me = home.join("me");
    let launch = ["WIREBENCH_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"]
        .into_iter()
        .fold(launch, |launch, name| launch.env(name, ""));
    launch.env("HOME", me.to_str().unwrap()).size(120, 30)
}

fn opened(home: &Path) -> Tui {
    let inside = Arc::new(tempfile::TempDir::with_prefix_in("in", home).unwrap());
    in_project(Launch { home: inside, ..Launch::default() }, home).start()
}

#[test]
fn a_project_of_another_user_is_asked_about_once() {
    let home = tempfile::tempdir().unwrap();
    if foreign(home.path()).is_none() {
        return;
    }
    let shown = |tui: &Tui| {
        tui.wait_for_screen("the folder and its owner", |screen| {
            screen.contains(".wirebench") && screen.contains("user 12345")
        });
    };
    let mut tui = opened(home.path());
    shown(&tui);
    assert!(!tui.screen().contains("theirs"), "read before it was asked");
    // Leaving is no answer.
    tui.keys("<C-q>");
    assert!(tui.wait_exit().success());
    let mut tui = opened(home.path());
    shown(&tui);
    tui.keys("<Esc>");
    tui.wait_for("http-client");
    tui.quit();
    let tui = opened(home.path());
    tui.wait_for("are left out");
    tui.wait_for("http-client");
    tui.quit();
    fs::remove_file(home.path().join("me/.local/state/wirebench/projects.toml")).unwrap();
    let mut tui = opened(home.path());
    shown(&tui);
    tui.keys("y");
    tui.wait_for("─ theirs ");
    tui.quit();
    let tui = opened(home.path());
    tui.wait_for("─ theirs ");
    tui.quit();
}

#[test]
fn drafts_rescued_after_a_project_is_used_come_back_in_it() {
    let home = tempfile::tempdir().unwrap();
    if foreign(home.path()).is_none() {
        return;
    }
    let elsewhere = home.path().join("elsewhere");
    fs::create_dir(&elsewhere).unwrap();
    let state = home.path().join("me/.local/state/wirebench");
    fs::create_dir_all(&state).unwrap();
    fs::write(state.join("drafts"), "a file where a folder is needed").unwrap();
    let run = || {
        let inside = Arc::new(tempfile::TempDir::with_prefix_in("in", home.path()).unwrap());
        let launch = in_project(Launch { home: inside, ..Launch::default() }, home.path());
        launch.env("TMPDIR", elsewhere.to_str().unwrap()).start()
    };
    let mut tui = run();
    tui.wait_for("user 12345");
    tui.keys("y");
    tui.wait_for("─ theirs ");
    tui.keys("<C-n><C-l>http://h/unsaved");
    tui.wait_for("h/unsaved ");
    tui.signal(Signal::TERM);
    assert_eq!(tui.wait_exit().exit_code(), 143);
    tui.wait_text_after_leaving("wirebench-drafts-");
    fs::remove_file(state.join("drafts")).unwrap();
    let tui = run();
    tui.wait_for("h/unsaved");
    tui.quit();
}

#[test]
fn without_a_terminal_a_project_of_another_user_is_refused_until_it_is_trusted() {
    let home = tempfile::tempdir().unwrap();
    if foreign(home.path()).is_none() {
        return;
    }
    let sent = |args: &[&str]| {
        let mut command = command(args);
        for name in ["WIREBENCH_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"] {
            command.env_remove(name);
        }
        command.env("HOME", home.path().join("me")).current_dir(home.path().join("me"));
        let ended = finished(command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn());
        told(&ended)
    };
    let (status, said) = sent(&["send", "theirs"]);
    assert_eq!(status, Some(2), "{said}");
    for words in [".wirebench", "user 12345", "--trust-project"] {
        assert!(said.contains(words), "{said}");
    }
    // An address needs no presets; nobody answers at this one.
    assert_eq!(sent(&["send", "http://127.0.0.1:9/"]).0, Some(3));
    assert_eq!(sent(&["send", "--trust-project", "theirs"]).0, Some(3));
    assert_eq!(sent(&["send", "theirs"]).0, Some(3), "remembered");
}

#[test]
fn a_preset_that_was_not_read_is_no_unknown_word() {
    let home = tempfile::tempdir().unwrap();
    let root = home.path().join("presets");
    fs::create_dir(&root).unwrap();
    symlink("/", root.join("shared")).unwrap();
    let (status, said) =
        told(&run(&["--home", home.path().to_str().unwrap(), "send", "shared/nothing-like-it"]));
    assert_eq!(status, Some(2), "{said}");
    assert!(said.contains("out of the workspace"), "{said}");
}

/// Of ours, but others may change something: asked about as one of theirs.
#[test]
fn a_project_that_others_may_change_is_asked_about_until_that_is_mended() {
    use std::os::unix::fs::PermissionsExt as _;
    let home = tempfile::tempdir().unwrap();
    let project = home.path().join(".wirebench");
    fs::create_dir_all(home.path().join("me")).unwrap();
    fs::create_dir_all(project.join("env")).unwrap();
    fs::write(project.join("theirs.toml"), PRESET).unwrap();
    fs::write(project.join("env/e.toml"), "x = \"1\"\n").unwrap();
    let chmod = |name: &str, mode| {
        let path = home.path().join(name);
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    };
    let folders = [".wirebench", ".wirebench/env"];
    let files = [".wirebench/theirs.toml", ".wirebench/env/e.toml"];
    for folder in folders {
        chmod(folder, 0o755);
    }
    for file in files {
        chmod(file, 0o644);
    }
    let sent = || {
        let mut command = command(&["send", "theirs"]);
        for name in ["WIREBENCH_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"] {
            command.env_remove(name);
        }
        command.env("HOME", home.path().join("me")).current_dir(home.path().join("me"));
        let ended = finished(command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn());
        told(&ended)
    };
    assert_eq!(sent().0, Some(3), "nobody answers at its address");
    for (name, open, mended) in [
        (folders[0], 0o777, 0o755),
        (folders[0], 0o775, 0o755),
        (folders[1], 0o757, 0o755),
        (files[0], 0o666, 0o644),
        (files[1], 0o664, 0o644),
    ] {
        chmod(name, open);
        let (status, said) = sent();
        assert_eq!(status, Some(2), "{name} {open:o}: {said}");
        for words in [name, "may change", "--trust-project", "chmod -R go-w"] {
            assert!(said.contains(words), "{said}");
        }
        chmod(name, mended);
    }
    chmod(files[1], 0o666);
    let mut tui = opened(home.path());
    tui.wait_for("anybody may change");
    assert!(!tui.screen().contains("theirs"), "read before it was asked");
    tui.keys("y");
    tui.wait_for("─ theirs ");
    tui.quit();
    assert_eq!(sent().0, Some(3), "remembered");
}

#[test]
fn readdress_shows_what_it_would_change_and_changes_that_alone() {
    let home = tempfile::tempdir().unwrap();
    let root = home.path().join("presets");
    let text = |host: &str| format!("# ours\n[http]\nurl = \"https://{host}/x?y\"  # why\n");
    fs::create_dir_all(root.join("shop")).unwrap();
    fs::write(root.join("shop/a.toml"), text("me:pw@staging:8443")).unwrap();
    fs::write(root.join("shop/b.toml"), text("other")).unwrap();
    fs::write(root.join("shop/broken.toml"), "[http\n").unwrap();
    fs::write(root.join("c.toml"), text("staging:8443")).unwrap();
    let place = home.path().to_str().unwrap();
    let go = |words: &[&str]| {
        let words = [&["--home", place, "readdress"], words].concat();
        let output = run(&words);
        (told(&output), String::from_utf8(output.stdout).unwrap())
    };
    let change = ["https://staging:8443", "http://api", "shop"];
    let ((status, said), out) = go(&[&change[..], &["--dry-run"]].concat());
    assert_eq!(status, Some(0), "{said}");
    assert!(out.contains("1 of 2 presets would be changed"), "{out}");
    assert!(
        out.contains("shop/a  https://********@staging:8443/x?y -> http://********@api/x?y"),
        "{out}"
    );
    assert!(said.contains("left alone") && said.contains("broken"), "{said}");
    assert_eq!(fs::read_to_string(root.join("shop/a.toml")).unwrap(), text("me:pw@staging:8443"));
    let ((status, _), out) = go(&change);
    assert_eq!((status, out.contains("1 of 2 presets changed")), (Some(0), true), "{out}");
    let changed = text("me:pw@api").replace("https", "http");
    assert_eq!(fs::read_to_string(root.join("shop/a.toml")).unwrap(), changed);
    assert_eq!(fs::read_to_string(root.join("c.toml")).unwrap(), text("staging:8443"));
    let ((status, said), _) = go(&change);
    assert!(status == Some(2) && said.contains("none of 2 presets begins so"), "{said}");
    assert!(said.contains("most presets here begin with"), "{said}");
}
