use std::fs;
use std::path::Path;

use super::job::{HistoryQuestion, JobKind, Overwrite, Restore, StoredDraft, Workspace};
use super::*;
use crate::model::failure::FailureKind;
use crate::model::field_access;
use crate::model::field_id::FieldId;
use crate::model::http::{HttpBody, HttpSpec};
use crate::model::name_value::NameValue;
use crate::model::preset::{Preset, PresetPath};
use crate::model::spec::Spec;

const PATIENCE: Duration = Duration::from_secs(60);

struct TestStore {
    home: tempfile::TempDir,
    store: StoreHandle,
    replies: mpsc::Receiver<Reply>,
}

impl TestStore {
    fn new() -> Self {
        Self::at(tempfile::tempdir().unwrap())
    }

    fn at(home: tempfile::TempDir) -> Self {
        let (store, replies) = Store::start(Paths::under(home.path()));
        TestStore { home, store, replies }
    }

    fn root(&self) -> std::path::PathBuf {
        self.home.path().join("presets")
    }

    fn next(&mut self) -> Reply {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let reply =
            runtime.block_on(async { tokio::time::timeout(PATIENCE, self.replies.recv()).await });
        reply.expect("a reply in time").expect("the store lives")
    }

    /// The answer to a job; what is told unasked because files changed is passed over.
    fn ask(&mut self, job: Job) -> Reply {
        let loads = matches!(job, Job::LoadWorkspace);
        self.store.submit(job).unwrap();
        loop {
            let reply = self.next();
            if !matches!(reply, Reply::PresetsRead { .. })
                && (loads || !matches!(reply, Reply::Workspace(_)))
            {
                return reply;
            }
        }
    }

    /// Puts a file into the workspace.
    fn write(&self, name: &str, text: &str) {
        let file = self.root().join(name);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    }

    /// The workspace once it is so: what is told unasked may be older than what was asked for.
    fn load_until(&mut self, is_so: impl Fn(&Workspace) -> bool) -> Workspace {
        let until = std::time::Instant::now() + PATIENCE;
        loop {
            let workspace = self.load();
            if is_so(&workspace) || std::time::Instant::now() > until {
                return workspace;
            }
        }
    }

    fn load(&mut self) -> Workspace {
        match self.ask(Job::LoadWorkspace) {
            Reply::Workspace(workspace) => *workspace,
            other => panic!("{other:?}"),
        }
    }

    fn save(&mut self, preset: &Preset, based_on: Option<u64>) -> Reply {
        let preset = Box::new(preset.clone());
        self.ask(Job::SavePreset { preset, based_on, overwrite: Overwrite::Refuse, like: None })
    }
}

/// A workspace with these files.
pub(super) fn with(files: &[(&str, &str)]) -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let file = root.path().join(name);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    }
    root
}

fn path(text: &str) -> PresetPath {
    PresetPath::parse(text).unwrap()
}

fn preset(name: &str, url: &str) -> Preset {
    let spec = Spec::Http(HttpSpec { url: url.into(), ..HttpSpec::default() });
    Preset { path: path(name), about: String::new(), spec, unused: Vec::new() }
}

fn fingerprint(reply: &Reply) -> u64 {
    match reply {
        Reply::Saved { fingerprint, .. } => *fingerprint,
        other => panic!("not saved: {other:?}"),
    }
}

fn empty_workspace() -> TestStore {
    let home = tempfile::tempdir().unwrap();
    fs::create_dir(home.path().join("presets")).unwrap();
    TestStore::at(home)
}

#[test]
fn the_starter_shows_without_touching_the_disk_and_the_first_save_makes_it_real() {
    let mut store = TestStore::new();
    let starter = store.load();
    assert!(starter.is_starter);
    assert!(!store.root().exists());
    let saved = store.save(&preset("mine", "a"), None);
    fingerprint(&saved);
    let Reply::Workspace(real) = store.next() else { panic!() };
    assert!(!real.is_starter);
    assert_eq!(real.presets.len(), starter.presets.len() + 1);
    let mut edited = starter.presets[0].content.clone().unwrap();
    edited.about = "changed".into();
    fingerprint(&store.save(&edited, Some(starter.presets[0].fingerprint)));
}

#[test]
fn a_change_by_somebody_else_is_a_conflict_not_a_loss() {
    let mut store = empty_workspace();
    store.load();
    let first = fingerprint(&store.save(&preset("a", "one"), None));
    let file = store.root().join("a.toml");
    fs::write(&file, "[http]\nurl = \"theirs\"\n").unwrap();
    let mine = preset("a", "two");
    let reply = loop {
        match store.save(&mine, Some(first)) {
            Reply::Workspace(_) => {}
            other => break other,
        }
    };
    let Reply::Conflict { mine: back, theirs } = reply else { panic!("{reply:?}") };
    assert_eq!(*back, mine);
    assert_eq!(theirs.content.as_ref().unwrap().spec.address(), "theirs");
    assert!(fs::read_to_string(&file).unwrap().contains("theirs"));
}

#[test]
fn a_new_preset_never_replaces_one_of_the_same_name() {
    let mut store = empty_workspace();
    store.save(&preset("a", "one"), None);
    assert!(matches!(store.save(&preset("a", "two"), None), Reply::Conflict { .. }));
    let replace = Job::SavePreset {
        preset: Box::new(preset("a", "two")),
        based_on: None,
        overwrite: Overwrite::Replace,
        like: None,
    };
    assert!(matches!(store.ask(replace), Reply::Saved { .. }));
    let same = store.save(&preset("a", "two"), None);
    assert!(matches!(same, Reply::Saved { .. }), "the same content is no conflict: {same:?}");
}

#[test]
fn what_is_kept_in_a_conflict_has_the_comments_it_had() {
    let mut store = empty_workspace();
    let file = store.root().join("a.toml");
    fs::write(&file, "# mine\n[http]\nurl = \"one\" # keep\n").unwrap();
    let stored = store.load().presets.remove(0);
    let mut mine = stored.content.unwrap();
    mine.spec.as_http_mut().unwrap().url = "two".into();
    let draft = StoredDraft {
        preset: Some(path("a")),
        based_on: Some(stored.fingerprint),
        unsaved: true,
        answers: None,
        spec: mine.spec.clone().into(),
    };
    let restore = Restore { drafts: vec![draft], ..Restore::default() };
    assert_eq!(store.ask(Job::SaveRestore(Box::new(restore))), Reply::RestoreSaved);
    fs::write(&file, "# theirs\n[http]\nurl = \"three\"\n").unwrap();
    let save = |store: &mut TestStore, name: &str, based_on, overwrite, like: Option<&str>| loop {
        let preset = Box::new(Preset { path: path(name), ..mine.clone() });
        let like = like.map(path);
        match store.ask(Job::SavePreset { preset, based_on, overwrite, like }) {
            Reply::Workspace(_) => {}
            other => break other,
        }
    };
    let refused = save(&mut store, "a", Some(stored.fingerprint), Overwrite::Refuse, None);
    let Reply::Conflict { theirs, .. } = refused else { panic!("{refused:?}") };
    let text = "# mine\n[http]\nurl = \"two\" # keep\n";
    fingerprint(&save(&mut store, "b", None, Overwrite::Refuse, Some("a")));
    assert_eq!(fs::read_to_string(store.root().join("b.toml")).unwrap(), text, "both");
    fingerprint(&save(&mut store, "a", Some(theirs.fingerprint), Overwrite::Replace, None));
    assert_eq!(fs::read_to_string(&file).unwrap(), text, "mine");
}

#[test]
fn a_copy_has_the_comments_and_sections_of_the_file_it_was_made_of() {
    let mut store = empty_workspace();
    let text = "# mine\n[http]\nurl = \"one\"\n\n[expect]\nstatus = 201 # for now\n";
    fs::write(store.root().join("a.toml"), text).unwrap();
    let copied = || {
        let mut copied = preset("b", "two");
        if let Some((expect, _)) = copied.spec.checks_mut() {
            expect.rows.push(NameValue::new("status", "201"));
        }
        copied
    };
    let copy = |like: &str| Job::SavePreset {
        preset: Box::new(copied()),
        based_on: None,
        overwrite: Overwrite::Refuse,
        like: Some(path(like)),
    };
    let reply = loop {
        match store.ask(copy("a")) {
            Reply::Workspace(_) => {}
            other => break other,
        }
    };
    assert!(matches!(reply, Reply::Saved { .. } | Reply::Conflict { .. }), "{reply:?}");
    let written = fs::read_to_string(store.root().join("b.toml")).unwrap();
    assert_eq!(written, text.replace("one", "two"));
    // The one it was to be like is gone: written all the same.
    fs::remove_file(store.root().join("b.toml")).unwrap();
    store.ask(copy("gone"));
    let written = fs::read_to_string(store.root().join("b.toml")).unwrap();
    assert_eq!(written, "[http]\nurl = \"two\"\n\n[expect]\nstatus = 201\n");
    // What cannot be merged is written anew, with the sections that are not ours.
    let broken = "[http]\nurl = \"one\"\nnope = 1\n\n[expect]\nstatus = 201 # for now\n";
    let anew = crate::store::preset::write(&preset("a", "two"), Some(broken));
    assert_eq!(anew, "[http]\nurl = \"two\"\n\n[expect]\nstatus = 201 # for now\n");
}

#[test]
fn a_preset_too_large_to_be_read_back_is_refused() {
    let mut store = empty_workspace();
    let mut big = preset("a", "one");
    if let Spec::Http(spec) = &mut big.spec {
        spec.body = HttpBody::Text("x".repeat(33 << 20));
    }
    let refused = store.save(&big, None);
    assert!(
        matches!(&refused, Reply::Failed { failure, .. } if failure.hint.contains("body.file"))
    );
    let restore = Restore {
        drafts: vec![StoredDraft {
            preset: None,
            based_on: None,
            unsaved: true,
            answers: None,
            spec: big.spec.into(),
        }],
        ..Restore::default()
    };
    assert_eq!(store.ask(Job::SaveRestore(Box::new(restore.clone()))), Reply::RestoreSaved);
    let back = store.ask(Job::LoadRestore);
    assert!(back == Reply::Restored(Some(Box::new(restore))), "a draft may be large");
}

#[test]
fn rename_never_replaces_and_empty_folders_go() {
    let mut store = empty_workspace();
    store.save(&preset("x/a", "one"), None);
    store.save(&preset("b", "two"), None);
    let refused = store.ask(Job::RenamePreset { from: path("x/a"), to: path("b") });
    assert!(
        matches!(&refused, Reply::Failed { failure, .. } if failure.cause.contains("exists")),
        "{refused:?}"
    );
    let refused = store.ask(Job::RenamePreset { from: path("gone"), to: path("new/gone") });
    assert!(matches!(&refused, Reply::Failed { .. }));
    let moved = store.ask(Job::RenamePreset { from: path("x/a"), to: path("y/z/a") });
    assert!(matches!(moved, Reply::Renamed { .. }));
    assert!(!store.root().join("x").exists() && !store.root().join("new").exists());
    assert!(matches!(store.ask(Job::DeletePreset { path: path("y/z/a") }), Reply::Deleted { .. }));
    assert!(!store.root().join("y").exists());
    let left = store.load();
    assert_eq!(left.presets.iter().map(|p| p.path.as_str()).collect::<Vec<_>>(), ["b"]);
}

#[test]
fn a_folder_goes_with_its_presets_and_every_other_file_stays() {
    let mut store = empty_workspace();
    for name in ["f/a", "f/deep/b", "f/deep/c", "g/d"] {
        store.save(&preset(name, "one"), None);
    }
    std::fs::write(store.root().join("f/notes.md"), "mine").unwrap();
    std::fs::write(store.root().join("f/_defaults.toml"), "").unwrap();
    store.load();
    let presets = vec![path("f/a"), path("f/deep/b"), path("f/deep/c"), path("f/never-was")];
    let gone = store.ask(Job::DeleteFolder { folder: "f".into(), presets: presets.clone() });
    let Reply::FolderDeleted { presets: went, kept, left: 2, failure: None, .. } = gone else {
        panic!("{gone:?}")
    };
    assert_eq!(went, presets);
    assert_eq!(kept.len(), 3, "what was never there holds nothing");
    let files = kept.clone();
    assert!(store.root().join("f/notes.md").exists() && !store.root().join("f/deep").exists());
    assert_eq!(store.load().presets.len(), 1);
    let back = store.ask(Job::BringBack { files, orders: Vec::new() });
    assert!(matches!(&back, Reply::BroughtBack { presets, failure: None } if presets.len() == 3));
    assert_eq!(store.load().presets.len(), 4);
    for file in &kept {
        let now = std::fs::read(store.root().join(format!("{}.toml", file.path))).unwrap();
        assert_eq!(now, file.bytes, "byte for byte");
    }
    let again = store.ask(Job::BringBack { files: kept, orders: Vec::new() });
    assert!(matches!(again, Reply::Failed { .. }), "never over what is there: {again:?}");
    let gone = store.ask(Job::DeleteFolder { folder: "g".into(), presets: vec![path("g/d")] });
    assert!(matches!(gone, Reply::FolderDeleted { left: 0, .. }));
    assert!(!store.root().join("g").exists() && store.root().exists());
}

#[test]
fn a_folder_that_was_put_in_order_goes_and_comes_back_as_it_stood() {
    let mut store = empty_workspace();
    for name in ["f/a", "f/b", "f/deep/c", "f/deep/d"] {
        store.save(&preset(name, "one"), None);
    }
    std::fs::create_dir_all(store.root().join("f/empty/more")).unwrap();
    for (folder, order) in [("f", "b"), ("f/deep", "d")] {
        let (before, order) = (Vec::new(), vec![order.to_owned()]);
        store.ask(Job::SetOrder { folder: folder.into(), before, order });
    }
    let orders: Vec<_> =
        store.load().defaults.into_iter().filter(|it| !it.order.is_empty()).collect();
    assert_eq!(orders.len(), 2);
    let presets = ["f/a", "f/b", "f/deep/c", "f/deep/d"].map(path).to_vec();
    let gone = store.ask(Job::DeleteFolder { folder: "f".into(), presets });
    let Reply::FolderDeleted { kept: files, left: 0, failure: None, .. } = gone else {
        panic!("{gone:?}")
    };
    assert!(!store.root().join("f").exists());
    let brought = store.ask(Job::BringBack { files, orders: orders.clone() });
    assert!(matches!(brought, Reply::BroughtBack { failure: None, .. }), "{brought:?}");
    let back = store.load_until(|it| it.presets.len() == 4);
    assert_eq!(back.defaults, orders);
    // What people wrote beside an order is theirs.
    std::fs::write(store.root().join("f/_defaults.toml"), "# mine\norder = [\"b\"]\n").unwrap();
    let presets = ["f/a", "f/b", "f/deep/c", "f/deep/d"].map(path).to_vec();
    let gone = store.ask(Job::DeleteFolder { folder: "f".into(), presets });
    assert!(matches!(gone, Reply::FolderDeleted { left: 1, .. }), "{gone:?}");
    assert!(store.root().join("f/_defaults.toml").exists());
}

#[test]
fn a_folder_that_cannot_be_emptied_says_what_went_and_where_it_ended() {
    use std::os::unix::fs::PermissionsExt as _;

    let mut store = empty_workspace();
    for name in ["f/a", "f/deep/b", "f/z"] {
        store.save(&preset(name, "one"), None);
    }
    let deep = store.root().join("f/deep");
    let mode = |mode| std::fs::set_permissions(&deep, std::fs::Permissions::from_mode(mode));
    mode(0o500).unwrap();
    let is_root = std::fs::write(deep.join("probe"), "").is_ok();
    let presets = vec![path("f/a"), path("f/deep/b"), path("f/z")];
    let reply = store.ask(Job::DeleteFolder { folder: "f".into(), presets });
    mode(0o700).unwrap();
    let Reply::FolderDeleted { presets, left, failure, .. } = reply else { panic!("{reply:?}") };
    if is_root {
        eprintln!("skipped: nothing is forbidden to this user");
        return;
    }
    assert_eq!((presets, left), (vec![path("f/a")], 2));
    assert!(failure.unwrap().target.contains("deep/b"));
}

#[test]
fn an_edit_elsewhere_is_noticed_and_our_own_saves_are_not() {
    let mut store = empty_workspace();
    store.load();
    fingerprint(&store.save(&preset("mine", "a"), None));
    fs::write(store.root().join("theirs.toml"), "[tcp]\naddress = \"h:1\"\n").unwrap();
    let Reply::Workspace(seen) = store.next() else { panic!() };
    assert_eq!(seen.presets.len(), 2);
    fingerprint(&store.save(&preset("mine", "b"), Some(seen.presets[0].fingerprint)));
    // Had our own save been noticed, this would not be the next reply.
    fs::create_dir(store.root().join("sub")).unwrap();
    fs::write(store.root().join("sub/broken.toml"), "[http\n").unwrap();
    let Reply::Workspace(seen) = store.next() else { panic!() };
    let broken = seen.presets.iter().find(|preset| preset.path == path("sub/broken"));
    assert!(broken.is_none_or(|broken| broken.content.is_err()), "{broken:?}");
    assert_eq!(seen.presets[0].content.as_ref().unwrap().spec.address(), "b");
}

#[test]
fn a_contract_that_a_folder_names_lies_beside_its_defaults() {
    let mut store = empty_workspace();
    let root = store.root();
    let both =
        "[http]\ncontract = \"specs/shop.yaml\"\n[http-listener]\ncontract = \"specs/shop.yaml\"\n";
    store.write("api/_defaults.toml", both);
    store.write("api/mock.toml", "[http-listener]\nbind = \"127.0.0.1:0\"\nmock = true\n");
    store.write("api/deep/_defaults.toml", "[http]\ntimeout = \"5s\"\n");
    store.write("api/deep/one.toml", "[http]\nurl = \"http://h/\"\n");
    store.write("api/other.toml", "[http]\nurl = \"http://h/\"\ncontract = \"mine.yaml\"\n");
    store.write("named/_defaults.toml", "[http]\ncontract = \"{{spec}}\"\n");
    store.write("named/one.toml", "[http]\nurl = \"http://h/\"\n");
    let loaded = store.ask(Job::LoadWorkspace);
    let Reply::Workspace(workspace) = loaded else { panic!("{loaded:?}") };
    let contract = |path: &str| {
        let stored = workspace.presets.iter().find(|it| it.path.as_str() == path).unwrap();
        stored.content.as_ref().unwrap().spec.as_http().unwrap().contract.clone()
    };
    let beside = root.join("api/specs/shop.yaml").display().to_string();
    assert_eq!(contract("api/deep/one"), beside);
    assert_eq!(contract("api/other"), "mine.yaml");
    let mock = workspace.presets.iter().find(|it| it.path.as_str() == "api/mock").unwrap();
    let mock = &mock.content.as_ref().unwrap().spec;
    let id = FieldId::new("contract");
    assert_eq!(field_access::text(mock.options(), &id), beside);
    assert_eq!(contract("named/one"), "{{spec}}");
}

#[test]
fn a_workspace_reads_defaults_environments_and_names_its_troubles() {
    let mut store = empty_workspace();
    let root = store.root();
    store.write("_defaults.toml", "[vars]\nbase = \"outer\"\nport = 80\n");
    store.write("users/_defaults.toml", "[vars]\nbase = \"inner\"\n");
    store.write("users/create.toml", "[http]\n");
    store.write("usersx/other.toml", "[http]\n");
    store.write("bad:name.toml", "[http]\n");
    store.write("broken.toml", "[http]\nurll = 1\n");
    store.write("env/local.toml", "host = \"h\"\nport = 8080\n");
    store.write("env/local.secret.toml", "token = \"t\"\n");
    store.write("env/bad.toml", "a = [1]\n");
    store.write(".hidden.toml", "x");
    store.write("_notes/a.toml", "x");
    store.write(".wirebench-left.tmp", "x");
    rustix::fs::mkfifoat(rustix::fs::CWD, root.join("fifo.toml"), 0o600.into()).unwrap();
    let mended = store.ask(Job::LoadWorkspace);
    let Reply::Mended(words) = mended else { panic!("{mended:?}") };
    assert!(words[0].contains("env/local.secret.toml was open to others (mode 0644)"), "{words:?}");
    let loaded = store.next();
    let Reply::Workspace(workspace) = loaded else { panic!("{loaded:?}") };
    let names: Vec<_> = workspace.presets.iter().map(|p| p.path.as_str()).collect();
    assert_eq!(names, ["broken", "users/create", "usersx/other"]);
    assert!(workspace.presets[0].content.is_err());
    assert_eq!(workspace.inherited("users")["base"], "inner");
    assert_eq!(workspace.inherited("users/deep")["port"], "80");
    assert_eq!(workspace.inherited("usersx")["base"], "outer");
    let local = workspace.environments.iter().find(|e| e.name == "local").unwrap();
    assert_eq!((local.variables["port"].as_str(), local.secrets["token"].as_str()), ("8080", "t"));
    let problems: Vec<String> = workspace.problems.iter().map(ToString::to_string).collect();
    assert_eq!(problems.len(), 3, "{problems:?}");
    assert!(problems.iter().any(|p| p.contains("fifo.toml: it is a named pipe")));
    assert!(problems.iter().any(|p| p.contains("bad:name")));
    assert!(problems.iter().any(|p| p.contains("env/bad.toml:1")));
    assert!(!root.join(".wirebench-left.tmp").exists());
    assert_eq!(fs::read_to_string(root.join("env/.gitignore")).unwrap(), "*.secret.toml\n");
}

#[test]
fn a_preset_is_read_over_its_folders_and_a_save_writes_only_its_own() {
    let mut store = empty_workspace();
    let root = store.root();
    store.write("shop/_defaults.toml", "[http]\ntimeout = \"5s\"\nheaders = [\"X-Team: a\"]\n");
    store.write("shop/in/_defaults.toml", "order = [\"get\"]\n[vars]\na = 1\n");
    store.write("shop/in/get.toml", "# mine\n[http]\nurl = \"http://h/\"\n");
    let loaded = store.ask(Job::LoadWorkspace);
    let Reply::Workspace(workspace) = loaded else { panic!("{loaded:?}") };
    assert!(workspace.problems.is_empty(), "{:?}", workspace.problems);
    let stored = workspace.presets[0].clone();
    let mut preset = stored.content.unwrap();
    let http = preset.spec.as_http_mut().unwrap();
    assert_eq!((http.timeout.as_secs(), http.headers.len()), (5, 1));
    http.headers[0].enabled = false;
    let (preset, based_on) = (Box::new(preset), Some(stored.fingerprint));
    let overwrite = Overwrite::Refuse;
    let saved = store.ask(Job::SavePreset { preset, based_on, overwrite, like: None });
    assert!(matches!(saved, Reply::Saved { .. }), "{saved:?}");
    let text = fs::read_to_string(root.join("shop/in/get.toml")).unwrap();
    assert_eq!(text, "# mine\n[http]\nurl = \"http://h/\"\nheaders = [\"~X-Team: a\"]\n");
    // In another folder it has what that gives.
    let to = PresetPath::parse("get").unwrap();
    let moved = store.ask(Job::RenamePreset { from: stored.path, to });
    assert!(matches!(moved, Reply::Renamed { .. }), "{moved:?}");
    let Reply::Workspace(workspace) = store.next() else { panic!("not told") };
    let preset = workspace.presets[0].content.as_ref().unwrap();
    assert_eq!(preset.spec.as_http().unwrap().timeout.as_secs(), 30);
}

#[test]
fn drafts_come_back_and_a_second_instance_keeps_its_own() {
    let mut first = TestStore::new();
    assert_eq!(first.ask(Job::LoadRestore), Reply::Restored(None));
    let restore = |url: &str| Restore {
        drafts: vec![StoredDraft {
            preset: Some(path("a/b")),
            based_on: Some(u64::MAX),
            unsaved: true,
            answers: Some("00ff00ff00ff00ff".into()),
            spec: preset("x", url).spec.into(),
        }],
        current: 0,
        environment: Some("local".into()),
        layout: vec![("split".into(), "0.3".into()), ("split".into(), "again".into())],
        kept_in_place: vec![(path("a/b"), vec![1, u64::MAX])],
    };
    let save = |store: &mut TestStore, url: &str| {
        let saved = store.ask(Job::SaveRestore(Box::new(restore(url))));
        assert_eq!(saved, Reply::RestoreSaved);
    };
    save(&mut first, "one");
    let paths = Paths::under(first.home.path());
    let (store, replies) = Store::start(paths);
    let mut second = TestStore { home: tempfile::tempdir().unwrap(), store, replies };
    assert_eq!(second.ask(Job::LoadRestore), Reply::Restored(None), "the first still lives");
    save(&mut second, "two");
    save(&mut first, "three");
    assert_eq!(second.store.shutdown(PATIENCE), Ok(()));
    assert_eq!(first.store.shutdown(PATIENCE), Ok(()));
    let mut third = TestStore::at(first.home);
    let Reply::Restored(Some(back)) = third.ask(Job::LoadRestore) else { panic!() };
    let urls: Vec<_> = back.drafts.iter().map(|draft| draft.spec.address()).collect();
    assert_eq!(urls, ["three", "two"], "nobody's drafts are lost");
    assert_eq!(back.drafts[0], restore("three").drafts[0]);
    assert_eq!(back.layout, restore("").layout);
    third.ask(Job::SaveRestore(back.clone()));
    assert_eq!(third.store.shutdown(PATIENCE), Ok(()));
    let mut fourth = TestStore::at(third.home);
    assert_eq!(fourth.ask(Job::LoadRestore), Reply::Restored(Some(back)), "taken over once");
}

#[test]
fn broken_drafts_are_told_and_kept_aside() {
    let mut store = TestStore::new();
    store.ask(Job::SaveRestore(Box::default()));
    let folder = store.home.path().join("state/drafts");
    let file = |extension: &str| {
        let mut files = fs::read_dir(&folder).unwrap().flatten().map(|entry| entry.path());
        files.find(|file| file.extension().is_some_and(|found| found == extension))
    };
    fs::write(file("toml").unwrap(), "current = [").unwrap();
    assert_eq!(store.ask(Job::LoadRestore), Reply::Restored(None));
    let Reply::SetAside(failure) = store.next() else { panic!() };
    assert!(failure.hint.contains("it is kept as"), "{failure}");
    assert_eq!(fs::read_to_string(file("broken-1").unwrap()).unwrap(), "current = [");
    assert_eq!(store.ask(Job::SaveRestore(Box::default())), Reply::RestoreSaved);
}

/// Drafts with one address.
fn one_draft(url: &str) -> Restore {
    let spec = preset("x", url).spec;
    let draft = StoredDraft {
        preset: None,
        based_on: None,
        unsaved: true,
        answers: None,
        spec: spec.into(),
    };
    Restore { drafts: vec![draft], ..Restore::default() }
}

#[test]
fn drafts_that_were_not_read_are_never_written_over_and_the_generation_before_is_kept() {
    let mut first = TestStore::new();
    first.ask(Job::LoadRestore);
    assert_eq!(first.ask(Job::SaveRestore(Box::new(one_draft("one")))), Reply::RestoreSaved);
    assert_eq!(first.store.shutdown(PATIENCE), Ok(()));
    let mut blind = TestStore::at(first.home);
    assert_eq!(blind.ask(Job::SaveRestore(Box::new(one_draft("two")))), Reply::RestoreSaved);
    assert_eq!(blind.store.shutdown(PATIENCE), Ok(()));
    let mut third = TestStore::at(blind.home);
    let Reply::Restored(Some(back)) = third.ask(Job::LoadRestore) else { panic!() };
    let urls: Vec<_> = back.drafts.iter().map(|draft| draft.spec.address()).collect();
    assert_eq!(urls, ["one", "two"]);
    for url in ["three", "four"] {
        assert_eq!(third.ask(Job::SaveRestore(Box::new(one_draft(url)))), Reply::RestoreSaved);
    }
    let files = fs::read_dir(third.home.path().join("state/drafts")).unwrap().flatten();
    let previous =
        files.map(|entry| entry.path()).find(|path| path.extension() == Some("previous".as_ref()));
    let previous = fs::read_to_string(previous.unwrap()).unwrap();
    assert!(previous.contains("one") && !previous.contains("three"), "{previous}");
}

#[test]
fn what_a_run_wrote_elsewhere_is_fetched_once_and_only_if_it_is_private() {
    use std::os::unix::fs::PermissionsExt as _;

    let home = tempfile::tempdir().unwrap();
    let second_places = vec!["/nowhere/at/all".into(), home.path().join("second")];
    fs::create_dir(home.path().join("second")).unwrap();
    let paths = Paths { second_places, ..Paths::under(home.path()) };
    let [file, planted] = ["lost", "planted"].map(|url| {
        restore::rescue(&paths.second_places, &paths.workspace, &one_draft(url)).unwrap()
    });
    fs::set_permissions(&planted, fs::Permissions::from_mode(0o644)).unwrap();
    let (store, replies) = Store::start(paths);
    let mut store = TestStore { home, store, replies };
    assert_eq!(store.ask(Job::LoadRestore), Reply::Restored(Some(Box::new(one_draft("lost")))));
    assert!(file.exists(), "until it is in its place");
    assert_eq!(store.ask(Job::SaveRestore(Box::new(one_draft("lost")))), Reply::RestoreSaved);
    assert!(!file.exists() && planted.exists());
}

#[test]
fn a_history_that_waits_delays_no_save() {
    let mut store = empty_workspace();
    let state = store.home.path().join("state");
    fs::create_dir(&state).unwrap();
    let other = rusqlite::Connection::open(state.join("history.db")).unwrap();
    other.execute_batch("BEGIN EXCLUSIVE; CREATE TABLE held (x);").unwrap();
    let query =
        Job::QueryHistory(Box::new(HistoryQuestion { limit: 1, ..HistoryQuestion::default() }));
    store.store.submit(query).unwrap();
    let saved = store.save(&preset("a", "one"), None);
    assert!(matches!(saved, Reply::Saved { .. }), "the history answered first: {saved:?}");
    assert!(matches!(store.next(), Reply::Failed { .. }), "that it is locked");
}

#[test]
fn shutdown_finishes_what_was_queued_even_when_nobody_takes_replies() {
    let store = empty_workspace();
    let mut queued = 0;
    for number in 0..1000 {
        let job = Job::WriteFile {
            path: store.home.path().join(format!("file-{number}")),
            bytes: "x".into(),
            overwrite: Overwrite::Refuse,
        };
        match store.store.submit(job) {
            Ok(()) => queued += 1,
            Err(failure) => {
                assert_eq!(failure.kind, FailureKind::Busy);
                break;
            }
        }
    }
    assert_eq!(store.store.shutdown(PATIENCE), Ok(()));
    let written = fs::read_dir(store.home.path()).unwrap().flatten();
    let written = written.filter(|e| e.file_name().to_string_lossy().starts_with("file-")).count();
    assert_eq!(written, queued);
    let late = store.store.submit(Job::LoadWorkspace).unwrap_err();
    assert!(late.cause.contains("stopped"), "{late}");
}

#[test]
fn a_file_the_user_named_is_not_replaced_unasked() {
    let mut store = empty_workspace();
    let file = store.home.path().join("out.bin");
    let job = |overwrite, path: &Path| Job::WriteFile {
        path: path.into(),
        bytes: "new".into(),
        overwrite,
    };
    assert!(matches!(
        store.ask(job(Overwrite::Refuse, &file)),
        Reply::FileWritten { bytes: 3, .. }
    ));
    let refused = store.ask(job(Overwrite::Refuse, &file));
    assert!(
        matches!(&refused, Reply::Failed { job, .. } if job.kind == JobKind::WriteFile),
        "{refused:?}"
    );
    let missing = store.ask(job(Overwrite::Refuse, &store.home.path().join("no/out")));
    assert!(
        matches!(missing, Reply::Failed { failure, .. } if failure.kind == FailureKind::NotFound)
    );
}

#[test]
fn many_presets_are_told_as_they_are_read_and_what_was_not_changed_is_as_before() {
    let mut store = empty_workspace();
    let root = store.root();
    fs::create_dir(root.join("in")).unwrap();
    for number in 0..300 {
        let text = format!("[http]\nurl = \"http://h/{number}\"\n");
        fs::write(root.join(format!("in/p{number:03}.toml")), text).unwrap();
    }
    fs::write(root.join("in/_defaults.toml"), "order = [\"p299\"]\n").unwrap();
    store.store.submit(Job::LoadWorkspace).unwrap();
    let mut parts = Vec::new();
    let whole = loop {
        match store.next() {
            Reply::PresetsRead { presets, defaults } => {
                assert_eq!(defaults[0].order, ["p299"]);
                parts.extend(presets);
            }
            Reply::Workspace(whole) => break *whole,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!((whole.presets.len(), whole.is_partial), (300, false));
    assert!((60..300).contains(&parts.len()), "{}", parts.len());
    let mut told = Workspace::default();
    told.take_part(parts.clone(), whole.defaults.clone());
    assert_eq!(told.presets.len(), parts.len(), "each is told once");
    assert!(parts.iter().all(|part| whole.presets.contains(part)));
    // An editor writes one of the same length.
    fs::write(root.join("in/p007.toml"), "[http]\nurl = \"http://i/7\"\n").unwrap();
    let address = |workspace: &Workspace| {
        workspace.presets[7].content.as_ref().unwrap().spec.address().to_owned()
    };
    let now = loop {
        match store.next() {
            Reply::Workspace(now) if address(&now) == "http://i/7" => break *now,
            Reply::Workspace(_) => {}
            other => panic!("no parts of what is known: {other:?}"),
        }
    };
    let others = |workspace: &Workspace| {
        workspace
            .presets
            .iter()
            .filter(|it| it.path != path("in/p007"))
            .cloned()
            .collect::<Vec<_>>()
    };
    assert_eq!(others(&now), others(&whole));
}
