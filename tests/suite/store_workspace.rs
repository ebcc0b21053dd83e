//! The workspace as a whole: the starter runs as it is, big and changing folders.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use wirebench::compose::plan;
use wirebench::model::plan::Plan;
use wirebench::model::preset::{Scope, StoredPreset};
use wirebench::store::job::{Job, Reply, Workspace};
use wirebench::store::read_workspace;

use super::Desk;

fn port(plan: &Plan) -> String {
    let text = plan.address();
    ["18080", "19000", "19001"].into_iter().find(|port| text.contains(port)).unwrap().into()
}

#[test]
fn the_starter_runs_as_it_is_with_and_without_an_environment() {
    let starter = read_workspace(Path::new("/nowhere/presets"));
    assert!(starter.is_starter);
    let mut environments = vec![None];
    environments.extend(starter.environments.iter().map(Some));
    for environment in environments {
        let mut ports = Vec::new();
        let is_pair = |it: &&StoredPreset| it.path.folder() == "tutorial";
        for preset in starter.presets.iter().filter(is_pair) {
            let mut variables = starter.inherited(preset.path.folder());
            variables.extend(environment.into_iter().flat_map(|e| e.variables.clone()));
            let scope = Scope { variables, ..Scope::default() };
            let spec = &preset.content.as_ref().unwrap().spec;
            let plan =
                plan(spec, &scope).unwrap_or_else(|issues| panic!("{}: {issues:?}", preset.path));
            ports.push(port(&plan));
        }
        let pairs = ["18080", "18080", "19000", "19000", "19001", "19001"];
        assert_eq!(ports, pairs, "client and server of a pair meet");
    }
}

#[test]
fn a_workspace_of_thousands_is_read_without_a_noticeable_wait() {
    let home = tempfile::tempdir().unwrap();
    let root = home.path().join("presets");
    for folder in 0..20 {
        fs::create_dir_all(root.join(format!("f{folder}"))).unwrap();
        for file in 0..100 {
            let text = format!(
                "about = \"number {file}\"\n\n[http]\nmethod = \"POST\"\nurl = \"http://h/{file}\"\n\
                 headers = [\n  \"A: 1\",\n  \"B: 2\",\n]\nbody.json = '''\n{{ \"a\": 1 }}\n'''\n"
            );
            fs::write(root.join(format!("f{folder}/p{file}.toml")), text).unwrap();
        }
    }
    let started = Instant::now();
    let workspace = read_workspace(&root);
    let took = started.elapsed();
    println!("2000 presets in {took:?}");
    assert_eq!((workspace.presets.len(), workspace.problems.len()), (2000, 0));
    assert!(took < Duration::from_secs(5), "{took:?}");
}

fn seen(desk: &mut Desk, wanted: impl Fn(&Workspace) -> bool) {
    let deadline = Instant::now() + super::PATIENCE;
    while Instant::now() < deadline {
        if let Reply::Workspace(workspace) = desk.next()
            && wanted(&workspace)
        {
            return;
        }
    }
    panic!("the change was not noticed");
}

#[test]
fn a_workspace_that_goes_and_comes_back_is_noticed() {
    let home = tempfile::tempdir().unwrap();
    let root = home.path().join("presets");
    fs::create_dir_all(root.join("sub")).unwrap();
    fs::write(root.join("sub/a.toml"), "[http]\n").unwrap();
    let mut desk = Desk::new(home.path());
    desk.ask(Job::LoadWorkspace);
    // As a version control system does it: away and back, whole folders at a time.
    fs::rename(root.join("sub"), home.path().join("away")).unwrap();
    seen(&mut desk, |workspace| workspace.presets.is_empty());
    fs::rename(home.path().join("away"), root.join("sub")).unwrap();
    seen(&mut desk, |workspace| workspace.presets.len() == 1);
    fs::write(root.join("sub/a.toml"), "[tcp]\naddress = \"h:1\"\n").unwrap();
    seen(&mut desk, |workspace| {
        workspace.presets[0].content.as_ref().is_ok_and(|preset| preset.spec.address() == "h:1")
    });
    fs::remove_dir_all(&root).unwrap();
    // Not the starter: it was another one, and comes back with the next branch.
    seen(&mut desk, |workspace| {
        workspace.presets.is_empty() && workspace.problems[0].cause.contains("is gone")
    });
    fs::create_dir(&root).unwrap();
    fs::write(root.join("b.toml"), "[http]\n").unwrap();
    seen(&mut desk, |workspace| workspace.presets.len() == 1 && workspace.problems.is_empty());
}

#[test]
fn links_in_circles_and_to_everywhere_delay_nothing() {
    let home = tempfile::tempdir().unwrap();
    let root = home.path().join("presets");
    fs::create_dir(&root).unwrap();
    fs::write(root.join("a.toml"), "[http]\n").unwrap();
    for number in 0..6 {
        std::os::unix::fs::symlink(".", root.join(format!("again-{number}"))).unwrap();
    }
    std::os::unix::fs::symlink("/", root.join("everything")).unwrap();
    let mut desk = Desk::new(home.path());
    let started = Instant::now();
    let Reply::Workspace(workspace) = desk.ask(Job::LoadWorkspace) else { panic!() };
    assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
    let names: Vec<_> = workspace.presets.iter().map(|preset| preset.path.as_str()).collect();
    assert_eq!(names, ["a"]);
    assert_eq!(workspace.problems.len(), 1, "{:?}", workspace.problems);
    assert!(workspace.problems[0].to_string().contains("everything"));
}

#[test]
fn a_change_of_a_linked_file_and_in_a_new_folder_is_noticed() {
    let home = tempfile::tempdir().unwrap();
    let root = home.path().join("presets");
    fs::create_dir(&root).unwrap();
    let linked = home.path().join("linked");
    fs::write(&linked, "[http]\n").unwrap();
    std::os::unix::fs::symlink(&linked, root.join("a.toml")).unwrap();
    let mut desk = Desk::new(home.path());
    desk.ask(Job::LoadWorkspace);
    let address = |workspace: &Workspace, at: usize| {
        let preset = workspace.presets.get(at).and_then(|preset| preset.content.as_ref().ok());
        preset.map(|preset| preset.spec.address().to_owned())
    };
    for url in ["one", "two"] {
        // As an editor does it: another file takes its place.
        let beside = home.path().join("beside");
        fs::write(&beside, format!("[http]\nurl = \"{url}\"\n")).unwrap();
        fs::rename(&beside, &linked).unwrap();
        seen(&mut desk, |workspace| address(workspace, 0).as_deref() == Some(url));
    }
    fs::create_dir_all(root.join("new/deep")).unwrap();
    fs::write(root.join("new/deep/b.toml"), "[http]\n").unwrap();
    seen(&mut desk, |workspace| workspace.presets.len() == 2);
    fs::write(root.join("new/deep/b.toml"), "[http]\nurl = \"x\"\n").unwrap();
    seen(&mut desk, |workspace| address(workspace, 1).as_deref() == Some("x"));
}
