//! Imports of other tools' presets on the screen: what would come is seen before anything is written, and what came
//! can be taken back.

use std::path::PathBuf;
use std::sync::Arc;

use wirebench::app::message::Message;
use wirebench::interop::import::{ImportFile, ImportPlace, ImportSummary, import, plan};
use wirebench::model::failure::{Failure, FailureKind, Stage};
use wirebench::model::preset::PresetPath;
use wirebench::model::spec::Spec;
use wirebench::store::job::{
    FileChange, ImportDone, ImportPreview, ImportSource, ImportTask, ImportTrace, Job, JobKind,
    Reply,
};

use crate::harness::app::Driver;
use crate::harness::store::workspace;

const WIDE: (u16, u16) = (120, 40);

const SHOP: &str = r#"{"info":{"name":"Shop"},
  "item":[{"name":"List","request":"http://127.0.0.1:1/a"},
    {"name":"Add","request":{"method":"POST","url":"http://127.0.0.1:1/b"},
     "event":[{"listen":"test","script":{"exec":"pm.test()"}}]}]}"#;

/// What the store finds in a text.
fn found(text: &str, into: Option<PresetPath>) -> ImportPreview {
    let file = ImportFile { name: "x".into(), inside: None, bytes: text.into() };
    let trees = import(&[file], None).unwrap();
    let place = ImportPlace { into, ..ImportPlace::default() };
    let summary = ImportSummary::of(&trees, &plan(trees.clone(), &place).unwrap());
    ImportPreview { trees: Arc::new(trees), summary }
}

fn tasks(driver: &Driver) -> Vec<ImportTask> {
    let task = |job: &Job| match job {
        Job::Import(task) => Some(task.clone()),
        _ => None,
    };
    driver.store.jobs.iter().filter_map(task).collect()
}

fn asked(driver: &Driver) -> (u64, ImportSource, Option<PresetPath>) {
    let look = |task| match task {
        ImportTask::Look { asked, source, into } => Some((asked, source, into)),
        _ => None,
    };
    tasks(driver).into_iter().filter_map(look).next_back().expect("it is looked at")
}

fn writes(driver: &Driver) -> usize {
    tasks(driver).iter().filter(|task| matches!(task, ImportTask::Write { .. })).count()
}

fn tell(driver: &mut Driver, done: ImportDone) {
    driver.send(Message::Store(Reply::Import(Box::new(done))));
}

/// The store has looked at the text that was asked for last.
fn looked(driver: &mut Driver, text: &str) {
    let (asked, _, into) = asked(driver);
    tell(driver, ImportDone::Looked { asked, found: Ok(found(text, into)) });
}

fn path(text: &str) -> PresetPath {
    PresetPath::parse(text).unwrap()
}

#[test]
fn what_would_come_is_seen_before_it_is_written_and_leaving_writes_nothing() {
    let mut driver = Driver::with(WIDE, workspace(&[("mine", "[http]\n")]));
    driver.keys("<A-1>i");
    driver.assert_shows("a file or folder, or paste");
    driver.keys("<Enter>");
    driver.assert_shows("name a file or folder, or paste something");
    driver.keys("/tmp/shop.json<Enter>");
    assert_eq!(asked(&driver).1, ImportSource::Named(PathBuf::from("/tmp/shop.json")));
    driver.assert_shows("it is being looked at");
    looked(&mut driver, SHOP);
    for text in [
        "Postman collection",
        "2 presets: Shop/List, Shop/Add",
        "not as it was:",
        "scripts, kept as comments",
        "Enter: import 2 presets into Shop/",
    ] {
        driver.assert_shows(text);
    }
    driver.keys("<Esc>");
    assert!(driver.app.overlays.is_empty(), "{}", driver.screen());
    assert_eq!(writes(&driver), 0, "leaving writes nothing");
}

#[test]
fn what_was_imported_is_selected_and_an_undo_takes_it_back() {
    let mut driver = Driver::with(WIDE, workspace(&[("mine", "[http]\n")]));
    driver.keys("<A-1>");
    driver.paste(SHOP);
    driver.assert_shows("what was pasted: 4 lines");
    assert_eq!(asked(&driver).1, ImportSource::Pasted(SHOP.to_owned()));
    looked(&mut driver, SHOP);
    driver.keys("<Enter>");
    assert_eq!(writes(&driver), 1);
    driver.assert_shows("it is being written");
    let presets = vec![path("Shop/List"), path("Shop/Add")];
    let change =
        |path: &PresetPath| FileChange { file: format!("{path}.toml"), before: None, after: 1 };
    let changes = presets.iter().map(change).collect();
    let trace = ImportTrace { presets: presets.clone(), changes };
    let summary = found(SHOP, None).summary;
    tell(
        &mut driver,
        ImportDone::Written { presets: presets.clone(), summary, trace: trace.clone() },
    );
    assert!(driver.app.overlays.is_empty(), "{}", driver.screen());
    driver.assert_shows("2 presets imported into Shop/; Alt+Z takes it back");
    let files = [("Shop/Add", "[http]\n"), ("Shop/List", "[http]\n"), ("mine", "[http]\n")];
    driver.send(Message::Store(Reply::Workspace(Box::new(workspace(&files)))));
    let selected = driver.app.presets.selected(&driver.app.shared);
    assert_eq!(format!("{selected:?}"), "Some(Folder(\"Shop\"))");
    driver.keys("<A-z>");
    assert_eq!(tasks(&driver).last(), Some(&ImportTask::TakeBack(trace.clone())));
    let (gone, left) = (vec![path("Shop/List")], vec!["Shop/Add.toml".to_owned()]);
    tell(&mut driver, ImportDone::TakenBack { trace, gone, left });
    driver.assert_shows("Shop/List is taken back, but for Shop/Add.toml: changed since, and kept");
    driver.keys("<A-z>");
    driver.assert_shows("nothing to undo here");
}

#[test]
fn another_folder_is_looked_at_before_it_is_written_to() {
    let mut driver = Driver::with(WIDE, workspace(&[("api/mine", "[http]\n")]));
    driver.keys("<A-1>");
    driver.paste(SHOP);
    looked(&mut driver, SHOP);
    driver.keys("<Down>api/<Enter>");
    let (_, source, into) = asked(&driver);
    assert!(matches!(source, ImportSource::Known(_)), "{source:?}");
    assert_eq!(into, Some(path("api")));
    assert_eq!(writes(&driver), 0);
    looked(&mut driver, SHOP);
    driver.assert_shows("Enter: import 2 presets into api/");
    driver.keys("<Enter>");
    let Some(ImportTask::Write { into, .. }) = tasks(&driver).pop() else { panic!("not written") };
    assert_eq!(into, Some(path("api")));
}

#[test]
fn what_is_broken_says_where_and_is_looked_at_again() {
    let mut driver = Driver::with(WIDE, workspace(&[("mine", "[http]\n")]));
    driver.keys("<A-1>ibroken.json<Enter>");
    let (first, ..) = asked(&driver);
    let cause = "line 3, column 7: expected a comma";
    let failure = Failure::new(Stage::ComposeImport, "broken.json", FailureKind::Malformed, cause);
    tell(&mut driver, ImportDone::Looked { asked: first, found: Err(failure) });
    driver.assert_shows("line 3, column 7");
    driver.keys("<Enter>");
    let (second, ..) = asked(&driver);
    assert_ne!(first, second);
    // An answer to what is not asked any more is nobody's.
    tell(&mut driver, ImportDone::Looked { asked: first, found: Ok(found(SHOP, None)) });
    assert!(!driver.screen().contains("Postman"), "{}", driver.screen());
    let busy = Failure::new(Stage::Storage, "it", FailureKind::Busy, "too much is waiting");
    driver.send(Message::Store(Reply::Failed { job: JobKind::LookAtImport.into(), failure: busy }));
    driver.assert_shows("look at what is in it");
    driver.keys("<Esc>i/x.json<Enter>");
    tell(&mut driver, ImportDone::Looked { asked: second, found: Ok(found(SHOP, None)) });
    assert!(!driver.screen().contains("Postman"), "of a window before: {}", driver.screen());
}

#[test]
fn documents_and_commands_that_are_pasted_are_imported_and_one_curl_fills_the_form() {
    let openapi = "openapi: 3.0.0\ninfo: {title: T, version: '1'}\npaths: {/a: {get: {}}}\n";
    let har = r#"{"log":{"entries":[{"request":{"method":"GET","url":"http://h/"}}]}}"#;
    for text in [
        SHOP,
        openapi,
        har,
        "### one\nGET http://h/a\n\n### two\nGET http://h/b\n",
        "GET http://h/a\nHTTP 200\n",
        "meta {\n  name: a\n}\n\nget {\n  url: http://h/\n}\n",
        "nc -u 127.0.0.1 9",
        "http POST http://127.0.0.1:1/x a=1",
        "xh http://127.0.0.1:1/x",
        "printf hi | socat - TCP:127.0.0.1:9",
        "curl http://h/a\ncurl http://h/b\n",
    ] {
        // Of several curl commands the form in sight takes the first.
        let places: &[&str] =
            if text.starts_with("curl") { &["<A-1>"] } else { &["<A-1>", "<C-l>"] };
        for keys in places {
            let mut driver = Driver::with(WIDE, workspace(&[("mine", "[http]\n")]));
            driver.keys(keys);
            driver.paste(text);
            assert_eq!(asked(&driver).1, ImportSource::Pasted(text.to_owned()), "{keys} {text}");
        }
    }
    for text in
        ["curl http://h/a -d x=1", "http://h/a", "GET http://h/a", "{\"a\": 1}", "127.0.0.1:9"]
    {
        for keys in ["<A-1>", "<C-l>"] {
            let mut driver = Driver::with(WIDE, workspace(&[("mine", "[http]\n")]));
            driver.keys(keys);
            driver.paste(text);
            assert!(tasks(&driver).is_empty(), "{keys} {text}");
        }
    }
    let mut driver = Driver::bare(WIDE);
    driver.keys("<C-l>");
    driver.paste("curl http://h/a -d x=1");
    let spec: &Spec = &driver.app.shared.drafts.current().spec;
    assert!(matches!(spec, Spec::Http(spec) if spec.url == "http://h/a"));
}

#[test]
fn a_file_that_is_dropped_onto_the_presets_is_looked_at() {
    let mut driver = Driver::with(WIDE, workspace(&[("mine", "[http]\n")]));
    driver.keys("<A-1>");
    driver.paste("'/tmp/my shop.json' ");
    assert_eq!(asked(&driver).1, ImportSource::Named(PathBuf::from("/tmp/my shop.json")));
}
