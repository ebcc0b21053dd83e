//! Addresses of a folder's presets changed at once: seen before, done, taken back.

use wirebench::app::overlay::Overlay;
use wirebench::model::preset::PresetPath;
use wirebench::store::job::FolderDefaults;

use crate::harness::app::Driver;
use crate::harness::store::workspace;

const WIDE: (u16, u16) = (140, 40);

fn driver() -> Driver {
    let http = |path: &str| format!("[http]\nurl = \"https://staging:8443/{path}\"\n");
    let mut driver = Driver::with(
        WIDE,
        workspace(&[
            ("other/x", &http("x")),
            ("shop/get", &http("get")),
            ("shop/in/list", &http("list")),
            ("shop/mock", "[http-listener]\nbind = \":8080\"\n"),
            ("shop/tcp", "[tcp]\naddress = \"staging:9000\"\n"),
        ]),
    );
    driver.keys("<A-1>gjj");
    driver
}

fn address(driver: &Driver, path: &str) -> String {
    driver.store.presets[&PresetPath::parse(path).unwrap()].0.spec.address().to_owned()
}

#[test]
fn what_becomes_of_each_is_shown_then_done_and_taken_back() {
    let mut driver = driver();
    driver.keys("U");
    assert!(
        driver.shows("Readdress shop/") && driver.shows("this is how they begin now"),
        "{}",
        driver.screen()
    );
    driver.keys("<C-u>https://api");
    assert!(driver.shows("Enter: 2 of 3 presets"), "{}", driver.screen());
    assert!(driver.shows("https://staging:8443/get → https://api/get"), "{}", driver.screen());
    assert!(driver.shows("shop/in/list"), "{}", driver.screen());
    driver.keys("<Enter>");
    assert!(
        driver.shows("2 presets were changed") && driver.shows("takes it back"),
        "{}",
        driver.screen()
    );
    assert_eq!(address(&driver, "shop/get"), "https://api/get");
    assert_eq!(address(&driver, "shop/in/list"), "https://api/list");
    assert_eq!(address(&driver, "other/x"), "https://staging:8443/x", "another folder");
    driver.keys("<A-z>");
    assert!(driver.shows("2 presets were changed back"), "{}", driver.screen());
    assert_eq!(address(&driver, "shop/get"), "https://staging:8443/get");
}

#[test]
fn unsaved_changes_are_said_and_stay_unsaved_at_the_new_address() {
    let mut driver = driver();
    driver.keys("<C-p>shop/get<Enter><C-l><End>?a=1");
    driver.keys("<A-1>U<C-u>https://api");
    assert!(driver.shows("1 of them with unsaved changes"), "{}", driver.screen());
    driver.keys("<Enter>");
    assert_eq!(address(&driver, "shop/get"), "https://api/get", "the file");
    let draft = driver.app.shared.drafts.current();
    assert_eq!(draft.spec.address(), "https://staging:8443/get?a=1", "typed over: it is theirs");
    assert!(draft.is_modified());
    driver.keys("<C-s>");
    assert!(
        !driver.app.overlays.iter().any(|it| matches!(it, Overlay::Conflict(_))),
        "{}",
        driver.screen()
    );
}

#[test]
fn what_begins_otherwise_is_said_and_nothing_is_done() {
    let mut driver = driver();
    driver.keys("U<Tab><C-u>http://nowhere");
    assert!(driver.shows("none of 3 presets begins so"), "{}", driver.screen());
    driver.keys("<Enter>");
    assert!(driver.app.overlays.iter().any(|it| matches!(it, Overlay::Readdress(_))));
    driver.keys("<Esc>");
    assert!(driver.app.overlays.is_empty());
}

#[test]
fn a_variable_that_begins_so_is_named() {
    let mut found = workspace(&[("shop/get", "[http]\nurl = \"{{base}}/x\"\n")]);
    let variables = [("base".to_owned(), "https://staging:8443/v1".to_owned())].into();
    let folder = "shop".to_owned();
    found.defaults.push(FolderDefaults { folder, variables, ..FolderDefaults::default() });
    let mut driver = Driver::with(WIDE, found);
    driver.keys("<A-1>gjU<Tab><C-u>https://staging:8443");
    driver.assert_shows(
        "none of 1 preset begins so; base in shop/_defaults.toml begins so: change it there",
    );
}

#[test]
fn a_slash_at_the_end_is_no_part_of_the_host() {
    let mut driver = driver();
    driver.keys("U/<Tab><C-u>https://staging:8443/<Tab><C-u>https://api");
    driver.assert_shows("https://staging:8443/get → https://api/get");
}
