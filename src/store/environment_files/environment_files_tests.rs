//! What is written of environments, and what is left alone.

use std::os::unix::fs::{MetadataExt as _, symlink};

use super::*;
use crate::codec::strict_toml::parsed_so_far;
use crate::store::store_tests::with;

fn text(root: &tempfile::TempDir, name: &str) -> String {
    fs::read_to_string(root.path().join(name)).unwrap_or_default()
}

#[allow(clippy::unnecessary_wraps, reason = "it stands where there may be none")]
fn plain(name: &str, value: &str) -> Option<Variable> {
    Some(Variable { kind: VariableKind::Plain, name: name.into(), value: value.into() })
}

#[allow(clippy::unnecessary_wraps, reason = "it stands where there may be none")]
fn secret(name: &str, value: &str) -> Option<Variable> {
    Some(Variable { kind: VariableKind::Secret, name: name.into(), value: value.into() })
}

fn change(
    root: &tempfile::TempDir,
    before: Option<Variable>,
    after: Option<Variable>,
) -> Result<EnvironmentDone, Failure> {
    let change = Box::new(VariableChange::new(before, after));
    done(perform(root.path(), EnvironmentTask::Change { name: "lab".into(), change }))
}

fn done(reply: Result<Reply, Failure>) -> Result<EnvironmentDone, Failure> {
    reply.map(|reply| match reply {
        Reply::EnvironmentDone(done) => *done,
        other => panic!("{other:?}"),
    })
}

const FILE: &str = "# ours\nhost = \"h\" # the lab\nport = 80\n\n# kept\nlast = 'x'\n";

#[test]
fn a_change_touches_its_line_alone_and_what_takes_it_back_does() {
    let root = with(&[("env/lab.toml", FILE)]);
    let cases = [
        (plain("host", "h"), plain("host", "h2"), "host = \"h2\" # the lab\n"),
        (plain("port", "80"), plain("port", "81"), "port = 81\n"),
        (plain("port", "80"), plain("port", "http"), "port = \"http\"\n"),
        (plain("host", "h"), plain("where", "h"), "# ours\nwhere = \"h\" # the lab\nport"),
        (None, plain("a.b", "two\nlines \"quoted\""), "\"a.b\""),
        (plain("host", "h"), None, "# ours\nport = 80\n\n# kept\nlast"),
        (plain("last", "x"), None, "# kept\n"),
    ];
    for (before, after, expected) in cases {
        let changed = change(&root, before, after.clone()).unwrap();
        let now = changed.now.unwrap();
        let written = text(&root, "env/lab.toml");
        assert!(written.contains(expected) && written.contains("# kept"), "{written}");
        if let Some(after) = after {
            assert_eq!(now.variables[&after.name], after.value, "{written}");
        }
        let back = done(perform(root.path(), changed.back)).unwrap();
        assert_eq!(back.now.unwrap().variables["last"], "x");
        let now = text(&root, "env/lab.toml");
        let variables = ParsedFile::parse(&now, "x").unwrap().variables().unwrap();
        assert_eq!((&*variables["host"], &*variables["port"], variables.len()), ("h", "80", 3));
        assert_eq!(text(&root, "env/lab.toml"), FILE, "its place, type and comment");
    }
}

#[test]
fn a_variable_below_vars_stays_there_and_windows_lines_stay_so() {
    let root = with(&[("env/lab.toml", "color = \"red\"\r\n[vars]\r\nhost = \"h\"\r\n")]);
    change(&root, plain("host", "h"), plain("host", "i")).unwrap();
    change(&root, None, plain("port", "1")).unwrap();
    let now = change(&root, plain("color", "red"), plain("color", "blue")).unwrap().now.unwrap();
    assert_eq!(now.color.as_deref(), Some("blue"));
    let expected = "color = \"blue\"\r\n[vars]\r\nhost = \"i\"\r\nport = \"1\"\r\n";
    assert_eq!(text(&root, "env/lab.toml"), expected);
}

#[test]
fn what_somebody_else_wrote_is_never_overwritten() {
    let root = with(&[("env/lab.toml", FILE)]);
    for (before, after) in [
        (plain("host", "old"), plain("host", "mine")),
        (plain("gone", "x"), None),
        (None, plain("host", "mine")),
        (plain("last", "x"), plain("host", "x")),
        (plain("host", "h"), plain("no name", "x")),
    ] {
        let failure = change(&root, before, after).unwrap_err();
        assert!(failure.target.starts_with("env/lab.toml"), "{failure}");
        assert!(!failure.hint.is_empty(), "{failure}");
        assert_eq!(text(&root, "env/lab.toml"), FILE);
    }
}

#[test]
fn a_file_that_cannot_be_read_is_named_with_its_line_and_left_alone() {
    for broken in ["host = \"h\"\nport = [1]\n", "host = \"h\"\nport =\n"] {
        let root = with(&[("env/lab.toml", broken)]);
        let failure = change(&root, None, plain("a", "b")).unwrap_err();
        assert!(
            failure.target.starts_with("env/lab.toml:2:") && failure.hint.contains("mend"),
            "{failure}"
        );
        assert_eq!(text(&root, "env/lab.toml"), broken);
    }
    let root = with(&[("env/lab.toml", "a = 1\n")]);
    let failure = change(&root, None, plain("color", "mauve")).unwrap_err();
    assert!(failure.cause.contains("no colour"), "{failure}");
    assert_eq!(text(&root, "env/lab.toml"), "a = 1\n");
}

#[test]
fn a_secret_moves_to_a_private_file_that_git_ignores_and_back() {
    let root = with(&[("env/lab.toml", FILE), ("env/.gitignore", "# mine")]);
    let moved = change(&root, plain("host", "h"), secret("host", "h")).unwrap();
    let now = moved.now.unwrap();
    assert_eq!((now.secrets["host"].as_str(), now.variables.len()), ("h", 2));
    assert!(!text(&root, "env/lab.toml").contains("\"h\""));
    let facts = fs::metadata(root.path().join("env/lab.secret.toml")).unwrap();
    assert_eq!(facts.mode() & 0o777, 0o600);
    assert_eq!(text(&root, "env/.gitignore"), "# mine\n*.secret.toml\n");
    done(perform(root.path(), moved.back)).unwrap();
    assert!(text(&root, "env/lab.toml").contains("host = \"h\""));
    assert!(!text(&root, "env/lab.secret.toml").contains("\"h\""));
}

#[test]
fn environments_are_made_copied_renamed_deleted_and_brought_back_byte_for_byte() {
    let root = with(&[("env/lab.toml", FILE), ("env/lab.secret.toml", "t = 's'\n")]);
    let go = |task| done(perform(root.path(), task));
    let (lab, new) = (|| "lab".to_owned(), || "new".to_owned());
    go(EnvironmentTask::Copy { from: lab(), to: new() }).unwrap();
    assert_eq!(text(&root, "env/new.secret.toml"), "t = 's'\n");
    for to in ["lab", "", "a/b", "..", "x.secret", "a\u{1b}b", " x"] {
        let to = to.to_owned();
        let failure = go(EnvironmentTask::Rename { from: new(), to }).unwrap_err();
        assert!(failure.target.starts_with("env/"), "{failure}");
    }
    let gone = go(EnvironmentTask::Delete { name: lab() }).unwrap();
    assert_eq!(gone.now, None);
    assert!(!root.path().join("env/lab.secret.toml").exists());
    assert!(go(EnvironmentTask::Rename { from: lab(), to: "x".into() }).is_err());
    go(gone.back).unwrap();
    assert_eq!(text(&root, "env/lab.toml"), FILE);
    let renamed = go(EnvironmentTask::Rename { from: new(), to: "n2".into() }).unwrap();
    assert_eq!(renamed.now.unwrap().secrets["t"], "s");
    assert!(!root.path().join("env/new.secret.toml").exists());
    let made = go(EnvironmentTask::Create { name: "fresh".into() }).unwrap().now.unwrap();
    assert_eq!((made.name.as_str(), made.variables.len()), ("fresh", 0));
}

#[test]
fn a_name_that_is_taken_on_some_disk_or_means_none_is_refused_in_words() {
    let root = with(&[("env/lab.toml", FILE), ("env/Höhe.secret.toml", "t = 's'\n")]);
    let go = |task| done(perform(root.path(), task));
    for name in ["none", "None", "LAB", "hÖHE"] {
        let name = name.to_owned();
        let made = Box::new(VariableChange::new(None, plain("a", "1")));
        for task in [
            EnvironmentTask::Create { name: name.clone() },
            EnvironmentTask::Copy { from: "lab".into(), to: name.clone() },
            EnvironmentTask::Change { name: name.clone(), change: made },
        ] {
            let failure = go(task).unwrap_err();
            let said = failure.to_string();
            assert!(
                said.contains("some disks") || said.contains("without an environment"),
                "{said}"
            );
        }
    }
    assert_eq!(fs::read_dir(root.path().join("env")).unwrap().count(), 2, "nothing was written");
    let renamed = EnvironmentTask::Rename { from: "lab".into(), to: "Lab".into() };
    assert_eq!(go(renamed).unwrap().now.unwrap().name, "Lab", "its own name in other letters");
    assert!(go(EnvironmentTask::Rename { from: "Lab".into(), to: "none".into() }).is_err());
}

#[test]
fn no_link_leads_out_of_the_workspace_and_one_inside_stays_a_link() {
    let outside = with(&[("theirs.toml", "host = \"h\"\n")]);
    let root = with(&[("shared.toml", "host = \"h\"\n"), ("env/other.toml", "")]);
    symlink(outside.path().join("theirs.toml"), root.path().join("env/lab.toml")).unwrap();
    assert!(change(&root, plain("host", "h"), plain("host", "i")).is_err());
    assert_eq!(text(&outside, "theirs.toml"), "host = \"h\"\n");
    fs::remove_file(root.path().join("env/lab.toml")).unwrap();
    symlink("../shared.toml", root.path().join("env/lab.toml")).unwrap();
    change(&root, plain("host", "h"), plain("host", "i")).unwrap();
    assert_eq!(text(&root, "shared.toml"), "host = \"i\"\n");
    assert!(root.path().join("env/lab.toml").is_symlink());
}

#[test]
fn the_first_environment_makes_its_folder() {
    let root = with(&[("a.toml", "")]);
    change(&root, None, secret("token", "s")).unwrap();
    assert_eq!(text(&root, "env/.gitignore"), "*.secret.toml\n");
    assert!(text(&root, "env/lab.secret.toml").contains("token"));
}

#[test]
fn a_change_parses_each_text_once() {
    let root = with(&[("env/lab.toml", FILE), ("env/lab.secret.toml", "token = \"t\"\n")]);
    let before = parsed_so_far();
    let now = change(&root, plain("port", "80"), plain("port", "81")).unwrap().now.unwrap();
    assert_eq!(parsed_so_far() - before, 3, "both files as they were, and the one that is written");
    assert_eq!((&*now.variables["port"], &*now.secrets["token"]), ("81", "t"));
}

#[test]
fn an_undo_beside_a_change_of_somebody_else_is_by_value_and_loses_none_of_that() {
    let root = with(&[("env/lab.toml", FILE)]);
    let back = change(&root, plain("port", "80"), None).unwrap().back;
    let theirs = format!("{}theirs = 1\n", text(&root, "env/lab.toml"));
    fs::write(root.path().join("env/lab.toml"), &theirs).unwrap();
    let now = done(perform(root.path(), back)).unwrap().now.unwrap();
    assert_eq!((&*now.variables["port"], &*now.variables["theirs"]), ("80", "1"));
    assert!(text(&root, "env/lab.toml").starts_with(&theirs));
}

#[test]
fn a_move_between_the_files_is_taken_back_to_its_place() {
    let secrets = "# theirs\ntoken = \"t\" # mine\nlast = true\n";
    let root = with(&[("env/lab.toml", FILE), ("env/lab.secret.toml", secrets)]);
    for (before, after) in [
        (plain("port", "80"), secret("port", "80")),
        (secret("token", "t"), plain("token", "t")),
        (secret("last", "true"), None),
    ] {
        let back = change(&root, before, after).unwrap().back;
        assert!(!format!("{back:?}").contains("theirs"), "{back:?}");
        done(perform(root.path(), back)).unwrap();
        assert_eq!(text(&root, "env/lab.toml"), FILE);
        assert_eq!(text(&root, "env/lab.secret.toml"), secrets);
    }
}

#[test]
fn what_was_made_is_taken_back_only_as_it_was_made() {
    let root = with(&[("env/lab.toml", FILE)]);
    for made in [
        EnvironmentTask::Create { name: "fresh".into() },
        EnvironmentTask::Copy { from: "lab".into(), to: "fresh".into() },
    ] {
        for theirs in ["env/fresh.toml", "env/fresh.secret.toml"] {
            let back = done(perform(root.path(), made.clone())).unwrap().back;
            let theirs = root.path().join(theirs);
            fs::write(&theirs, "theirs = 1\n").unwrap();
            let failure = perform(root.path(), back.clone()).unwrap_err();
            assert!(failure.hint.contains("nothing was removed"), "{failure}");
            assert_eq!(fs::read_to_string(&theirs).unwrap(), "theirs = 1\n");
            for kind in KINDS {
                drop(fs::remove_file(root.path().join(kind.file("fresh"))));
            }
        }
        let back = done(perform(root.path(), made.clone())).unwrap().back;
        assert_eq!(done(perform(root.path(), back)).unwrap().now, None);
        assert!(!root.path().join("env/fresh.toml").exists());
    }
}

#[test]
fn what_extends_an_environment_follows_its_name_and_back() {
    let prod = "# live\nextends = \"base\" # all of it\nhost = \"p\"\n";
    let below = "[vars]\nextends = \"base\"\n";
    let root = with(&[
        ("env/base.toml", "host = \"b\"\n"),
        ("env/prod.toml", prod),
        ("env/lab.toml", "extends = 'base'\n"),
        ("env/other.toml", below),
    ]);
    let go = |from: &str, to: &str| {
        done(perform(root.path(), EnvironmentTask::Rename { from: from.into(), to: to.into() }))
    };
    let renamed = go("base", "common").unwrap();
    assert_eq!(
        (renamed.followed, renamed.behind.len()),
        (vec!["lab".to_owned(), "prod".into()], 0)
    );
    assert_eq!(text(&root, "env/prod.toml"), prod.replace("base", "common"));
    assert_eq!(text(&root, "env/other.toml"), below, "that is a variable");
    let found = crate::store::read_workspace(root.path());
    assert!(found.problems.is_empty(), "{:?}", found.problems);
    assert_eq!(found.layers("prod").len(), 2);
    done(perform(root.path(), renamed.back)).unwrap();
    assert_eq!(text(&root, "env/prod.toml"), prod);
    assert!(text(&root, "env/lab.toml").contains("base"));
}
