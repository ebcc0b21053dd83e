//! Names chosen by others, links, and two instances at work.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, symlink};
use std::path::Path;

use wirebench::model::file_name::safe_file_name;
use wirebench::model::preset::{Preset, PresetPath};
use wirebench::store::job::{Job, Overwrite, Reply};

use super::{Desk, number_of, preset, request};

fn corpus(name: &str) -> Option<serde_json::Value> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpora").join(name);
    match fs::read_to_string(&file) {
        Ok(text) => Some(serde_json::from_str(&text).unwrap()),
        Err(error) => {
            assert!(std::env::var_os("CI").is_none(), "{}: {error}", file.display());
            println!("skipped: {}: {error}", file.display());
            None
        }
    }
}

/// The folder the corpus asks for.
fn trap(folder: &Path) {
    fs::create_dir_all(folder.join("in/dirname")).unwrap();
    fs::write(folder.join("outside.txt"), "outside").unwrap();
    fs::write(folder.join("in/existing.txt"), "existing").unwrap();
    symlink(folder.join("outside.txt"), folder.join("in/symlink-out.txt")).unwrap();
    let fifo = std::process::Command::new("mkfifo").arg(folder.join("in/fifo")).status();
    assert!(fifo.unwrap().success());
}

#[test]
fn a_name_from_a_peer_becomes_one_new_file_in_the_chosen_folder() {
    let Some(corpus) = corpus("own/content-disposition-names.json") else { return };
    let names =
        corpus["cases"].as_array().unwrap().iter().map(|case| case["name"].as_str().unwrap());
    let more = [
        "symlink-out.txt",
        "a/b",
        "a\\b",
        "/etc/passwd",
        "x\u{202e}gnp.exe",
        "-rf",
        "~root",
        "a\0b",
    ];
    for name in names.chain(more) {
        let home = tempfile::tempdir().unwrap();
        trap(home.path());
        let folder = home.path().join("in");
        let before = fs::read_dir(&folder).unwrap().count();
        let mut desk = Desk::new(home.path());
        let safe = safe_file_name(name);
        let numbered = |number| safe_file_name(&format!("{number}-{safe}"));
        let tries = std::iter::once(safe.clone()).chain((2..5).map(numbered));
        let written = tries.into_iter().find_map(|name| {
            let path = folder.join(name);
            let job = Job::WriteFile {
                path: path.clone(),
                bytes: "new".into(),
                overwrite: Overwrite::Refuse,
            };
            matches!(desk.ask(job), Reply::FileWritten { .. }).then_some(path)
        });
        let written = written.unwrap_or_else(|| panic!("{name:?} was not saved"));
        let metadata = fs::symlink_metadata(&written).unwrap();
        assert!(metadata.is_file(), "{name:?}");
        assert_eq!(metadata.mode() & 0o777, 0o600, "{name:?}");
        let final_name = written.file_name().unwrap().to_str().unwrap();
        assert_eq!(written.parent().unwrap(), folder, "{name:?}");
        assert!(final_name.len() <= 255 && !final_name.starts_with(['.', '-', '~']), "{name:?}");
        assert!(!final_name.chars().any(|c| c.is_control() || c == '\u{202e}'), "{name:?}");
        assert_eq!(fs::read_dir(&folder).unwrap().count(), before + 1, "{name:?}");
        assert_eq!(fs::read(folder.join("existing.txt")).unwrap(), b"existing", "{name:?}");
        assert_eq!(fs::read(home.path().join("outside.txt")).unwrap(), b"outside", "{name:?}");
    }
}

#[test]
fn a_preset_name_never_leaves_the_workspace() {
    let Some(corpus) = corpus("own/content-disposition-names.json") else { return };
    let names =
        corpus["cases"].as_array().unwrap().iter().map(|case| case["name"].as_str().unwrap());
    let more = ["../x", "a/../../x", "/x", "a//b", "a/.b/c", "env/x", "_x", "a\u{0}b"];
    let home = tempfile::tempdir().unwrap();
    fs::create_dir(home.path().join("presets")).unwrap();
    let mut desk = Desk::new(home.path());
    let mut saved = 0;
    for name in names.chain(more) {
        let Ok(path) = PresetPath::parse(name) else { continue };
        let reply = desk.save(preset(path.as_str(), request(1, 1)), None, Overwrite::Refuse);
        assert!(matches!(reply, Reply::Saved { .. }), "{name:?}: {reply:?}");
        saved += 1;
    }
    let Reply::Workspace(workspace) = desk.ask(Job::LoadWorkspace) else { panic!() };
    assert_eq!((workspace.presets.len(), workspace.problems.len()), (saved, 0));
    assert_eq!(fs::read_dir(home.path()).unwrap().count(), 1, "only the workspace");
}

#[test]
fn a_preset_that_is_a_link_is_written_through_with_its_mode_kept() {
    let home = tempfile::tempdir().unwrap();
    fs::create_dir(home.path().join("presets")).unwrap();
    let real = home.path().join("presets/_kept.toml");
    fs::write(&real, "[http]\nurl = \"http://h/1\" # mine\n").unwrap();
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o640);
    fs::set_permissions(&real, mode).unwrap();
    let link = home.path().join("presets/a.toml");
    symlink(&real, &link).unwrap();
    let mut desk = Desk::new(home.path());
    let Reply::Workspace(workspace) = desk.ask(Job::LoadWorkspace) else { panic!() };
    let based_on = Some(workspace.presets[0].fingerprint);
    let reply = desk.save(preset("a", request(2, 0)), based_on, Overwrite::Refuse);
    assert!(matches!(reply, Reply::Saved { .. }), "{reply:?}");
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert!(fs::read_to_string(&real).unwrap().contains("http://h/2\" # mine"));
    assert_eq!(fs::metadata(&real).unwrap().mode() & 0o777, 0o640);
}

#[test]
fn a_link_out_of_the_workspace_is_read_and_never_written_through() {
    let home = tempfile::tempdir().unwrap();
    let (root, outside) = (home.path().join("presets"), home.path().join("outside"));
    fs::create_dir_all(root.join("sub")).unwrap();
    fs::create_dir(&outside).unwrap();
    let theirs = "[http]\nurl = \"http://h/1\"\n";
    fs::write(outside.join("rc"), theirs).unwrap();
    symlink("../outside/rc", root.join("a.toml")).unwrap();
    symlink("../outside", root.join("out")).unwrap();
    let mut desk = Desk::new(home.path());
    let Reply::Workspace(workspace) = desk.ask(Job::LoadWorkspace) else { panic!() };
    assert_eq!(workspace.presets.len(), 1, "{workspace:?}");
    let based_on = Some(workspace.presets[0].fingerprint);
    let path = |name| PresetPath::parse(name).unwrap();
    let save = |name, overwrite| Job::SavePreset {
        preset: Box::new(preset(name, request(2, 0))),
        based_on,
        overwrite,
        like: None,
    };
    for job in [
        save("a", Overwrite::Refuse),
        save("a", Overwrite::Replace),
        save("out/rc", Overwrite::Replace),
        save("out/new", Overwrite::Refuse),
        Job::RenamePreset { from: path("a"), to: path("out/a") },
        Job::DeletePreset { path: path("out/rc") },
    ] {
        let reply = desk.ask(job.clone());
        let Reply::Failed { failure, .. } = reply else { panic!("{job:?}: {reply:?}") };
        assert!(failure.cause.contains("out of the workspace"), "{failure}");
    }
    let gone = desk.ask(Job::DeleteFolder { folder: "out".into(), presets: vec![path("out/rc")] });
    assert!(matches!(gone, Reply::FolderDeleted { failure: Some(_), .. }), "{gone:?}");
    assert_eq!(fs::read_to_string(outside.join("rc")).unwrap(), theirs);
    assert_eq!(fs::read_dir(&outside).unwrap().count(), 1);
    assert!(matches!(desk.ask(Job::DeletePreset { path: path("a") }), Reply::Deleted { .. }));
    assert!(outside.join("rc").exists() && !root.join("a.toml").exists());
}

/// Adds one to the number in the preset, again and again, starting over on a conflict.
fn count_up(home: &Path, times: u64, who: &str) {
    let mut desk = Desk::new(home);
    let mut done = 0;
    let Reply::Workspace(workspace) = desk.ask(Job::LoadWorkspace) else { panic!() };
    let mut known = workspace.presets[0].clone();
    while done < times {
        let next = number_of(&known.content.as_ref().unwrap().spec) + 1;
        // Saving what is there already is no conflict, so the two must write different things.
        let preset = Preset { about: who.into(), ..preset("a", request(next, 10)) };
        match desk.save(preset.clone(), Some(known.fingerprint), Overwrite::Refuse) {
            Reply::Saved { fingerprint, .. } => {
                known.fingerprint = fingerprint;
                known.content = Ok(preset);
                done += 1;
            }
            Reply::Conflict { theirs, .. } => known = *theirs,
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn two_instances_never_lose_an_update_in_silence() {
    let home = tempfile::tempdir().unwrap();
    fs::create_dir(home.path().join("presets")).unwrap();
    let mut desk = Desk::new(home.path());
    desk.save(preset("a", request(0, 10)), None, Overwrite::Refuse);
    std::thread::scope(|scope| {
        scope.spawn(|| count_up(home.path(), 250, "one"));
        scope.spawn(|| count_up(home.path(), 250, "two"));
    });
    let Reply::Workspace(workspace) = desk.ask(Job::LoadWorkspace) else { panic!() };
    assert_eq!(number_of(&workspace.presets[0].content.as_ref().unwrap().spec), 500);
}

#[test]
fn files_are_read_as_text_and_nothing_else_is() {
    let home = tempfile::tempdir().unwrap();
    trap(home.path());
    let folder = home.path().join("in");
    fs::write(folder.join("latin"), b"a\xff").unwrap();
    let mut desk = Desk::new(home.path());
    let files = ["existing.txt", "latin", "fifo", "dirname", "none"]
        .map(|name| (name.to_owned(), folder.join(name)));
    let Reply::TextsRead { files } = desk.ask(Job::ReadTexts { files: files.into() }) else {
        panic!()
    };
    assert_eq!(files["existing.txt"], Ok("existing".into()));
    assert_eq!(files["latin"], Ok("a\u{fffd}".into()));
    for name in ["fifo", "dirname", "none"] {
        assert!(files[name].is_err(), "{name}");
    }
}
