//! What presets have from their folders, in the form: shown with its file, typed over, given back, saved.

use std::fs;
use std::path::Path;

use wirebench::app::message::Message;
use wirebench::model::http::HttpSpec;
use wirebench::model::preset::{Preset, PresetPath};
use wirebench::model::spec::Spec;
use wirebench::store;
use wirebench::store::job::{Reply, Workspace};

use crate::harness::app::Driver;

const WIDE: (u16, u16) = (160, 48);

/// Of a folder with defaults, one inside it, and one without.
fn files(root: &Path) {
    for (name, text) in [
        (
            "shop/_defaults.toml",
            "[http]\ntimeout = \"5s\"\nheaders = [\"X-Team: a\"]\nauth.bearer = \"{{secret.t}}\"\n[expect]\nstatus = 200\n",
        ),
        ("shop/deep/_defaults.toml", "[http]\nredirects = 3\n"),
        ("shop/deep/list.toml", "[http]\nurl = \"http://h/\"\n"),
        ("other/get.toml", "[http]\nurl = \"http://h/\"\nheaders = [\"X-Own: 1\"]\n"),
    ] {
        let file = root.join(name);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    }
}

fn read(root: &Path) -> Workspace {
    store::read_workspace(root)
}

/// With `shop/deep/list` on screen, at its options.
fn driver(root: &Path) -> Driver {
    files(root);
    let mut driver = Driver::with(WIDE, read(root));
    driver.keys("<C-p>deep/list<Enter>");
    driver
}

fn http(spec: &Spec) -> &HttpSpec {
    let Spec::Http(http) = spec else { panic!("{spec:?}") };
    http
}

fn saved(driver: &mut Driver) -> Preset {
    driver.keys("<C-s>");
    driver.store.presets[&PresetPath::parse("shop/deep/list").unwrap()].0.clone()
}

fn timeout(driver: &Driver) -> u64 {
    http(&driver.app.shared.drafts.current().spec).timeout.as_secs()
}

/// Goes to a tab of the form, and down so many rows.
fn at(driver: &mut Driver, tab: &str, down: usize) {
    driver.click(tab);
    driver.keys(&format!("<C-l><Down>{}", "<Down>".repeat(down)));
}

#[test]
fn an_inherited_value_stands_with_its_file_and_is_typed_over_and_given_back() {
    let root = tempfile::tempdir().unwrap();
    let mut driver = driver(root.path());
    at(&mut driver, "Options", 1);
    let screen = driver.screen();
    let line = screen.lines().find(|line| line.contains("Timeout")).unwrap();
    assert!(line.contains("5s") && line.contains("from shop/_defaults.toml"), "{screen}");
    let line = screen.lines().find(|line| line.contains("Redirects")).unwrap();
    assert!(line.contains("inherited"), "{screen}");
    assert!(!driver.app.shared.drafts.current().is_modified());
    driver.keys("9s");
    assert_eq!(timeout(&driver), 9, "what stood there was replaced");
    driver.keys("<Down>");
    let screen = driver.screen();
    let line = screen.lines().find(|line| line.contains("Timeout")).unwrap();
    assert!(line.contains("9s") && !line.contains("from"), "{screen}");
    driver.keys("<Up><End><Backspace><Backspace>");
    assert_eq!(timeout(&driver), 5, "given back");
    assert!(driver.shows("from shop/_defaults.toml"));
    assert!(!driver.app.shared.drafts.current().is_modified());
    driver.keys("7s");
    assert_eq!(timeout(&driver), 7);
}

#[test]
fn rows_of_the_folder_are_switched_off_and_never_deleted() {
    let root = tempfile::tempdir().unwrap();
    let mut driver = driver(root.path());
    at(&mut driver, "Headers", 1);
    driver.assert_shows("from shop/_defaults.toml");
    driver.keys("<C-x>");
    driver.assert_shows("switches it off in this preset");
    let headers = |driver: &Driver| http(&driver.app.shared.drafts.current().spec).headers.clone();
    assert_eq!(headers(&driver).len(), 1);
    driver.keys("<C-t>");
    let kept = saved(&mut driver);
    assert!(!http(&kept.spec).headers[0].enabled);
}

#[test]
fn a_row_in_the_place_of_one_of_the_folder_gives_that_back_when_it_is_deleted() {
    let root = tempfile::tempdir().unwrap();
    let mut driver = driver(root.path());
    at(&mut driver, "Headers", 1);
    driver.keys("<Tab><End>b");
    let headers = |driver: &Driver| http(&driver.app.shared.drafts.current().spec).headers.clone();
    assert_eq!(headers(&driver)[0].value, "ab");
    driver.keys("<C-x>");
    driver.assert_shows("the row is that of shop/_defaults.toml again");
    assert_eq!((headers(&driver).len(), &*headers(&driver)[0].value), (1, "a"));
    assert!(!driver.app.shared.drafts.current().is_modified());
    driver.keys("<A-z>");
    assert_eq!(headers(&driver)[0].value, "ab", "taken back");
}

#[test]
fn a_change_of_the_folder_reaches_what_is_edited_and_leaves_its_own() {
    let root = tempfile::tempdir().unwrap();
    let mut driver = driver(root.path());
    at(&mut driver, "Options", 1);
    driver.keys("9s");
    let file = root.path().join("shop/_defaults.toml");
    fs::write(file, "[http]\ntimeout = \"1s\"\nheaders = [\"X-Team: b\"]\n").unwrap();
    driver.send(Message::Store(Reply::Workspace(Box::new(read(root.path())))));
    assert_eq!(timeout(&driver), 9);
    let spec = driver.app.shared.drafts.current().spec.clone();
    let http = http(&spec);
    assert_eq!((http.headers.len(), http.headers[0].value.as_str()), (1, "b"));
    assert!(spec.expected().is_some_and(Vec::is_empty));
}

#[test]
fn what_is_saved_into_a_folder_has_what_that_gives() {
    let root = tempfile::tempdir().unwrap();
    files(root.path());
    let mut driver = Driver::with(WIDE, read(root.path()));
    driver.keys("<C-n>http://h/new<C-s>shop/new<Enter>");
    let new = PresetPath::parse("shop/new").unwrap();
    let spec = driver.store.presets[&new].0.spec.clone();
    assert_eq!(http(&spec).timeout.as_secs(), 5);
    assert_eq!(spec.expected().map(Vec::len), Some(1));
}

#[test]
fn what_a_folder_gives_that_cannot_be_read_is_not_sent_without_it() {
    let root = tempfile::tempdir().unwrap();
    let mut driver = driver(root.path());
    let file = root.path().join("shop/_defaults.toml");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, text.replace("timeout", "timeuot")).unwrap();
    driver.send(Message::Store(Reply::Workspace(Box::new(read(root.path())))));
    driver.assert_shows("▾ shop !");
    driver.keys("<F5>");
    driver.assert_shows("not sent: what its folder gives: cannot be read: ");
    driver.assert_shows("shop/_defaults.toml:2:1: unknown key 'timeuot'");
    assert!(driver.app.shared.session().is_none());
    fs::write(&file, text.replace("auth.bearer = \"{{secret.t}}\"\n", "")).unwrap();
    driver.send(Message::Store(Reply::Workspace(Box::new(read(root.path())))));
    driver.keys("<F5>");
    assert!(driver.app.shared.session().is_some(), "{}", driver.screen());
}
