//! Every kind of writing call fails once, in turn (`strace -e inject`): the old file or the new
//! one is there, the failure has words, and the next try works.

use std::fs;
use std::path::Path;
use std::process::Command;

use wirebench::store::job::{
    EnvironmentTask, Job, Overwrite, Reply, Variable, VariableChange, VariableKind,
};

use super::disk::keep_authority;
use super::{Desk, again, drafts, history, preset, request};

const CALLS: [&str; 10] = [
    "fsync",
    "fdatasync",
    "rename",
    "renameat",
    "renameat2",
    "fchmod",
    "mkdir",
    "pwrite64",
    "ftruncate",
    "flock",
];
const ERRORS: [&str; 5] = ["ENOSPC", "EIO", "EROFS", "EACCES", "EDQUOT"];
/// The first to the fifth call of each kind.
const TURNS: usize = 5;

/// Does everything that writes, with one call failing somewhere on the way.
pub fn one_fault(home: &Path) {
    let file = home.join("presets/a.toml");
    let old = fs::read(&file).unwrap();
    let mut desk = Desk::new(home);
    let save = Job::SavePreset {
        preset: Box::new(preset("a", request(2, 5000))),
        based_on: None,
        overwrite: Overwrite::Replace,
        like: None,
    };
    let move_there = |from: &str, to: &str| Job::RenamePreset {
        from: preset(from, request(0, 0)).path,
        to: preset(to, request(0, 0)).path,
    };
    let named = Job::WriteFile {
        path: home.join("named"),
        bytes: "new".into(),
        overwrite: Overwrite::Replace,
    };
    let jobs = [
        save,
        Job::SaveRestore(Box::new(drafts(2))),
        Job::AppendHistory(Box::new(history(2))),
        named,
        move_there("b", "n/b"),
    ];
    assert!((0..3).any(|_| keep_authority(home).is_ok()));
    for job in jobs {
        let name = job.kind().name();
        let done = (0..3).any(|_| match desk.ask(job.clone()) {
            Reply::Failed { failure, .. } => {
                println!("told: {failure}");
                let now = fs::read(&file).unwrap();
                assert!(now == old || now.len() > 5000, "{name}: neither old nor new");
                // A rename whose folder could not be synced has happened all the same.
                home.join("presets/n/b.toml").exists()
            }
            _ => true,
        });
        assert!(done, "{name}: works again after one fault");
    }
    assert!(fs::read(&file).unwrap().len() > 5000);
}

/// Files of an environment before they are changed.
const ENVIRONMENT: &str = "# by hand\n\nhost = \"old\"\nother = \"kept\"\n";

/// Changes a variable of each kind, with one call failing somewhere on the way.
pub fn one_environment_fault(home: &Path) {
    let mut desk = Desk::new(home);
    for kind in [VariableKind::Plain, VariableKind::Secret] {
        change_variable(&mut desk, home, kind);
    }
}

/// Changes a variable; its file is the whole old or the whole new one, whatever fails.
fn change_variable(desk: &mut Desk, home: &Path, kind: VariableKind) {
    let value = |value: &str| Variable { kind, name: "host".into(), value: value.into() };
    let change = VariableChange::new(Some(value("old")), Some(value("new")));
    let file = home.join("presets").join(kind.file("e"));
    let new = ENVIRONMENT.replace("old", "new");
    let done = (0..3).any(|_| {
        let (name, change) = ("e".into(), Box::new(change.clone()));
        match desk.ask(Job::Environment(EnvironmentTask::Change { name, change })) {
            Reply::Failed { failure, .. } => {
                println!("told: {failure}");
                let now = fs::read_to_string(&file).unwrap();
                assert!(now == ENVIRONMENT || now == new, "neither old nor new: {now}");
                now == new
            }
            _ => true,
        }
    });
    assert!(done, "a change works again after one fault");
    assert_eq!(fs::read_to_string(&file).unwrap(), new);
}

#[test]
fn one_failing_call_never_costs_a_file() {
    every_fault("one fault", CALLS.len() * 2);
}

#[test]
fn one_failing_call_never_costs_a_file_of_an_environment() {
    every_fault("one environment fault", 12);
}

/// Every call fails in turn, at least so many of them.
fn every_fault(scenario: &str, least: usize) {
    let allowed = Command::new("strace").args(["-o", "/dev/null", "true"]).output();
    if !allowed.is_ok_and(|output| output.status.success()) {
        println!("skipped: no strace here, or it may not trace");
        return;
    }
    let mut faults = 0;
    for (place, call) in CALLS.iter().enumerate() {
        for turn in 1..=TURNS {
            let error = ERRORS[(place + turn) % ERRORS.len()];
            faults += fault(scenario, call, error, turn);
        }
    }
    println!("{faults} faults");
    assert!(faults > least, "{faults}");
}

/// Runs the scenario with the `turn`-th call of a kind failing; tells whether it came to that.
fn fault(scenario: &str, call: &str, error: &str, turn: usize) -> usize {
    let home = tempfile::tempdir().unwrap();
    fs::create_dir_all(home.path().join("presets/env")).unwrap();
    for kind in [VariableKind::Plain, VariableKind::Secret] {
        fs::write(home.path().join("presets").join(kind.file("e")), ENVIRONMENT).unwrap();
    }
    for name in ["a", "b"] {
        fs::write(home.path().join(format!("presets/{name}.toml")), "[http]\nurl = \"old\"\n")
            .unwrap();
    }
    let log = home.path().join("strace.log");
    let shell = format!(
        "exec strace -f -qq -o '{}' -e trace={call} -e inject={call}:error={error}:when={turn}",
        log.display()
    );
    let output = again(&shell, scenario, home.path()).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    let place = format!("{call} {error} {turn}");
    assert!(output.status.success() && text.contains("1 passed"), "{place}:\n{text}\n{errors}");
    if (scenario, call, turn) == ("one fault", "fsync", 1) {
        assert!(text.contains("told: storage failed") && text.contains("a.toml"), "{text}");
    }
    usize::from(fs::read_to_string(&log).unwrap_or_default().contains("INJECTED"))
}
