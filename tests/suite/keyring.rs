//! Values of environments that the system keyring has, of a real Secret Service: GNOME's, in a D-Bus session and a
//! home of its own, filled by `secret-tool`. Only where it was built in (the feature `keyring`).

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use crate::harness::program::{finished, program, text};

/// Starts the keyring with a passphrase, puts an entry there, then runs what `$1` says.
const SESSION: &str = r#"
set -e
printf 'passphrase' | gnome-keyring-daemon --unlock --components=secrets >/dev/null 2>&1
printf 'canary-of-the-ring' | secret-tool store --label here service git.example username me
exec sh -c "$1"
"#;

const ENVIRONMENT: &str = r#"
token = { keyring = { service = "git.example", user = "me" } }
missing = { keyring = { service = "git.example", user = "nobody" } }
"#;

const PRESET: &str = r#"
[http]
url = "http://127.0.0.1:1/"
auth.bearer = "{{NAME}}"
"#;

/// What a command line comes to in such a session; `None` where its programs are not installed.
fn in_session(home: &Path, script: &str) -> Option<Output> {
    let runtime = tempfile::Builder::new().prefix("wb").tempdir_in("/tmp").expect("a folder");
    let mut session = Command::new("dbus-run-session");
    session.args(["--", "sh", "-c", SESSION, "sh", script]);
    session.env("HOME", home).env("XDG_RUNTIME_DIR", runtime.path());
    session.env("WIREBENCH", program()).env("WIREBENCH_HOME", home);
    for name in ["XDG_DATA_HOME", "XDG_CONFIG_HOME", "DISPLAY", "WAYLAND_DISPLAY"] {
        session.env_remove(name);
    }
    let programs = ["dbus-run-session", "gnome-keyring-daemon", "secret-tool"];
    let is_there = |name: &&str| {
        let found = Command::new("sh").args(["-c", &format!("command -v {name}")]).output();
        found.is_ok_and(|found| found.status.success())
    };
    if let Some(absent) = programs.iter().find(|name| !is_there(name)) {
        assert!(std::env::var_os("CI").is_none(), "there is no {absent}");
        eprintln!("skipped: there is no {absent}");
        return None;
    }
    Some(finished(session.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()))
}

#[test]
fn an_entry_of_a_real_keyring_is_the_value_and_a_missing_or_locked_one_is_told() {
    let home = tempfile::tempdir().expect("a folder");
    let presets = home.path().join("presets");
    fs::create_dir_all(presets.join("env")).unwrap();
    fs::write(presets.join("env/local.toml"), ENVIRONMENT).unwrap();
    for name in ["token", "missing"] {
        fs::write(presets.join(format!("{name}.toml")), PRESET.replace("NAME", name)).unwrap();
    }
    let send = |name: &str| format!("\"$WIREBENCH\" send {name} --env local --offline");
    let Some(shown) = in_session(home.path(), &(send("token") + " --with-secrets")) else { return };
    assert!(shown.status.success(), "{shown:?}");
    assert!(text(&shown.stdout).contains("Bearer canary-of-the-ring"), "{shown:?}");

    let masked = in_session(home.path(), &send("token")).unwrap();
    assert!(masked.status.success(), "{masked:?}");
    let said = text(&masked.stdout) + &text(&masked.stderr);
    assert!(said.contains("Authorization: Bearer") && !said.contains("canary"), "{said}");

    let missing = in_session(home.path(), &send("missing")).unwrap();
    assert_eq!(missing.status.code(), Some(2), "{missing:?}");
    let said = text(&missing.stderr);
    assert!(said.contains("missing") && said.contains("the keyring has no such entry"), "{said}");

    // Nobody is there who could type its passphrase: that is told, and not waited for without end.
    let locked = in_session(home.path(), &format!("secret-tool lock; {}", send("token"))).unwrap();
    assert_eq!(locked.status.code(), Some(2), "{locked:?}");
    let said = text(&locked.stderr);
    assert!(said.contains("locked") && !said.contains("canary"), "{said}");
}
