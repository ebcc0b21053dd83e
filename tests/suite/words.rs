//! `wirebench URL` and its words, completions in real shells, and the manual.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::harness::program::{command, finished, program, run, text, told};
use crate::harness::terminal::Launch;

const PRESET: &str = "[http]\nurl = \"http://127.0.0.1:1/known\"\n";
const LISTENER: &str = "[tcp-listener]\nbind = \":0\"\n";

#[test]
fn an_address_opens_the_workbench_with_it_and_sends_nothing() {
    for (words, shown) in [
        (&["http://127.0.0.1:1/typed"][..], &["GET", "http://127.0.0.1:1/typed"][..]),
        (&[":1/x"], &["GET", ":1/x"]),
        (&["post", "127.0.0.1:1/y", "name=Ann", "X-A:b"], &["POST", "127.0.0.1:1/y", "Ann"]),
        (&["tcp://127.0.0.1:1"], &["TCP", "127.0.0.1:1"]),
        (&["folder/known"], &["─ folder/known", "127.0.0.1:1/known"]),
        (&["folder/known", "q==1"], &["127.0.0.1:1/known"]),
        (&["served"], &["─ served", "F5 listen"]),
    ] {
        let launch = Launch::default().preset("served", LISTENER).size(160, 50);
        let folder = launch.home.path().join("home/presets/folder");
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("known.toml"), PRESET).unwrap();
        let tui = launch.args(words).start();
        tui.wait_for("is open: F5");
        let screen = tui.screen();
        assert!(shown.iter().all(|part| screen.contains(part)), "{words:?}: {screen}");
        assert!(screen.contains("0 records"), "{screen}");
    }
}

#[test]
fn words_that_are_neither_are_refused_before_the_screen() {
    for (words, says) in [
        (&["sned", "http://h/"][..], "did you mean: wirebench send?"),
        (&["nothing-like-it"], "neither an address nor a preset"),
        (&["tcp://127.0.0.1:1", "x"], "or: wirebench send"),
        (&["get", "udp://127.0.0.1:1"], "a method means nothing to udp"),
        (&["http://h/", "a:=b"], "not JSON"),
    ] {
        let output = run(words);
        let (status, said) = told(&output);
        assert_eq!(status, Some(2), "{said}");
        assert!(said.contains(says), "{words:?}: {said}");
    }
}

/// A folder with the program by its name, a home with presets, and the completions of a shell.
fn completing(shell: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let presets = folder.path().join("home/presets/tutorial");
    std::fs::create_dir_all(&presets).unwrap();
    std::fs::write(presets.join("http-client.toml"), PRESET).unwrap();
    std::fs::write(presets.join("tcp-server.toml"), LISTENER).unwrap();
    std::os::unix::fs::symlink(program(), folder.path().join("wirebench")).unwrap();
    let output = run(&["completions", shell]);
    assert_eq!(told(&output), (Some(0), String::new()));
    std::fs::write(folder.path().join("script"), output.stdout).unwrap();
    folder
}

/// What a script prints in a shell; `None` when there is no such shell.
fn shell(name: &str, folder: &Path, script: &str) -> Option<String> {
    let mut command = Command::new(name);
    command.args(["-c", script]).current_dir(folder).env("WIREBENCH_HOME", folder.join("home"));
    let path = std::env::var("PATH").unwrap_or_default();
    command.env("PATH", format!("{}:{path}", folder.display())).env("HOME", folder);
    let command = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let Ok(child) = command.spawn() else {
        eprintln!("skipped: there is no {name}");
        return None;
    };
    let output = finished(Ok(child));
    assert!(output.stderr.is_empty(), "{name}: {}", text(&output.stderr));
    Some(text(&output.stdout))
}

#[test]
fn bash_completes_options_and_presets() {
    let folder = completing("bash");
    let completed = |words: &str, last: &str| {
        let (count, before) = (words.split(' ').count(), words.rsplit(' ').next().unwrap_or(""));
        let script = format!(
            "source ./script; COMP_WORDS=({words} '{last}'); COMP_CWORD={count}; \
             _wirebench_with_presets wirebench '{last}' '{before}'; printf '%s\\n' \"${{COMPREPLY[@]}}\""
        );
        shell("bash", folder.path(), &script).map(|out| out.trim().replace('\n', " "))
    };
    let Some(sends) = completed("wirebench send", "tut") else { return };
    assert_eq!(sends, "tutorial/http-client");
    assert_eq!(completed("wirebench listen", "tut").unwrap(), "tutorial/tcp-server");
    assert_eq!(completed("wirebench", "tut").unwrap(), "tutorial/http-client tutorial/tcp-server");
    assert_eq!(completed("wirebench send", "--bea").unwrap(), "--bearer");
    assert_eq!(completed("wirebench send --color", "al").unwrap(), "always");
    assert_eq!(completed("wirebench send", "scr").unwrap(), "script");
    assert!(completed("wirebench send", "").unwrap().split(' ').all(|word| !word.starts_with('[')));
}

#[test]
fn bash_quotes_names_of_presets_and_runs_none() {
    let folder = completing("bash");
    let presets = folder.path().join("home/presets/tutorial");
    for name in ["an odd one", "$(touch ran)", "`touch ran`", "it's"] {
        std::fs::write(presets.join(name).with_extension("toml"), PRESET).unwrap();
    }
    if shell("bash", folder.path(), "true").is_none() {
        return;
    }
    let folder = folder.path().display().to_string();
    let path = format!("{folder}:{}", std::env::var("PATH").unwrap_or_default());
    for (typed, completed) in [
        ("tutorial/an", "tutorial/an\\ odd\\ one"),
        ("tutorial/an\\ o", "tutorial/an\\ odd\\ one"),
        ("\"tutorial/an o", "\"tutorial/an odd one\""),
        ("tutorial/it", "tutorial/it\\'s"),
        ("tutorial/h", "tutorial/http-client"),
    ] {
        let launch = Launch::default().shell("exec bash --norc --noprofile -i").size(160, 24);
        let home = format!("{folder}/home");
        let mut tui = launch.env("PATH", &path).env("WIREBENCH_HOME", &home).start();
        tui.bytes(format!("cd {folder}; source ./script; echo RE''ADY\n").as_bytes());
        tui.wait_for("READY");
        tui.bytes(format!("wirebench send {typed}\t").as_bytes());
        tui.wait_for(&format!("wirebench send {completed}"));
    }
    assert!(!Path::new(&folder).join("ran").exists(), "a name of a preset was run");
}

#[test]
fn fish_and_zsh_take_the_completions() {
    let folder = completing("fish");
    let script =
        "source ./script; complete -C 'wirebench send tut'; complete -C 'wirebench send --bea'";
    if let Some(out) = shell("fish", folder.path(), script) {
        assert!(out.contains("tutorial/http-client") && out.contains("--bearer"), "{out}");
        assert!(!out.contains("tcp-server"), "{out}");
    }
    let folder = completing("zsh");
    let Some(_) = shell("zsh", folder.path(), "zsh -n ./script") else { return };
    let setup =
        "autoload -U compinit; compinit -u -D; source ./script; compdef _wirebench wirebench";
    let folder = folder.path().display().to_string();
    let path = format!("{folder}:{}", std::env::var("PATH").unwrap_or_default());
    for (typed, completed) in [
        ("wirebench send tut", "wirebench send tutorial/http-client"),
        ("wirebench lis", "wirebench listen"),
        ("wirebench send --bea", "wirebench send --bearer"),
        ("wirebench listen tut", "wirebench listen tutorial/tcp-server"),
        ("wirebench tutorial/h", "wirebench tutorial/http-client"),
        ("wirebench authority ex", "wirebench authority export"),
    ] {
        let launch = Launch::default().shell("exec zsh -f -i").size(160, 24).env("TERM", "dumb");
        let home = format!("{folder}/home");
        let mut tui = launch.env("PATH", &path).env("WIREBENCH_HOME", &home).start();
        tui.bytes(format!("cd {folder}; {setup}; echo RE''ADY\n").as_bytes());
        tui.wait_for("READY");
        tui.bytes(format!("{typed}\t").as_bytes());
        tui.wait_for(completed);
    }
}

#[test]
fn the_manual_is_a_page_of_each_command() {
    let page = |args: &[&str]| text(&run(args).stdout);
    assert!(page(&["man"]).contains(".TH wirebench 1"));
    let send = page(&["man", "send"]);
    assert!(send.contains(".TH wirebench-send 1") && send.contains("\\-\\-bearer"), "{send}");
    let mut unknown = command(&["man", "nothing"]);
    let unknown = finished(unknown.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn());
    assert!(told(&unknown).1.contains("man, send, listen"));
    assert_eq!(unknown.status.code(), Some(2));
}
