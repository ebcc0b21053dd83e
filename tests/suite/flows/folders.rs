//! The list of presets as a tree: folding, finding by what a preset is, and bringing back what was
//! deleted or thrown away.

use wirebench::app::focus::Pane;
use wirebench::app::message::Message;
use wirebench::app::preset_tree::TreeItem;
use wirebench::model::preset::PresetPath;
use wirebench::store::job::{JobKind, Reply, Workspace};

use crate::harness::app::Driver;
use crate::harness::store::workspace;

const WIDE: (u16, u16) = (160, 40);

fn few() -> Workspace {
    workspace(&[
        (
            "api/create",
            "about = \"Make a new customer\"\n[http]\nmethod = \"POST\"\nurl = \"http://h/users\"\n",
        ),
        ("api/deep/list", "[http]\nurl = \"http://h/users?page=2\"\n"),
        ("echo/client", "[tcp]\naddress = \"device.example:7000\"\n"),
        ("echo/server", "[udp-listener]\nbind = \"127.0.0.1:7001\"\n"),
        ("top", "[http]\nurl = \"http://h/top\"\n"),
    ])
}

fn listed(driver: &Driver) -> Vec<String> {
    let listing = driver.app.presets.listing(&driver.app.shared);
    let rows = (0..listing.count()).filter_map(|at| listing.row(at));
    rows.map(|row| match row.item {
        TreeItem::Preset(path) => path.to_string(),
        TreeItem::Folder(folder) => format!("{folder}/"),
        TreeItem::Draft(_) => "draft".to_owned(),
    })
    .collect()
}

fn presets(driver: &Driver) -> Vec<String> {
    listed(driver).into_iter().filter(|name| !name.ends_with('/')).collect()
}

fn selected(driver: &Driver) -> Option<TreeItem> {
    driver.app.presets.selected(&driver.app.shared)
}

#[test]
fn a_search_finds_by_name_address_kind_and_description() {
    for (text, found) in [
        ("creat", &["api/create"][..]),
        ("apli", &["api/deep/list"]),
        ("users", &["api/create", "api/deep/list"]),
        ("page=2", &["api/deep/list"]),
        ("customer", &["api/create"]),
        ("new make", &["api/create"]),
        ("POST", &["api/create"]),
        ("tcp", &["echo/client"]),
        ("listener", &["echo/server"]),
        ("udp listener", &["echo/server"]),
        ("7001", &["echo/server"]),
        ("device.example", &["echo/client"]),
        ("nowhere-at-all", &[]),
    ] {
        let mut driver = Driver::with(WIDE, few());
        driver.keys("/");
        driver.paste(text);
        assert_eq!(presets(&driver), found, "{text}\n{}", driver.screen());
        if let Some(first) = found.first() {
            driver.keys("<Enter>");
            let open = driver.app.shared.drafts.current().preset.clone();
            assert_eq!(open.unwrap().as_str(), *first, "{text}");
        }
    }
}

/// Whether all cells that show a text have another style than the cell before it.
fn is_marked(driver: &Driver, row_of: &str, text: &str) -> bool {
    let (screen, buffer) = (driver.screen(), driver.buffer());
    let (row, line) = screen.lines().enumerate().find(|(_, line)| line.contains(row_of)).unwrap();
    let from = line.get(..line.rfind(text).unwrap()).unwrap().chars().count() as u16;
    let style = |x: u16| buffer[(x, row as u16)].style();
    (from..from + text.chars().count() as u16).all(|x| style(x) != style(from - 1))
}

#[test]
fn what_was_found_is_marked_in_the_name_or_shown_behind_it() {
    let mut driver = Driver::with(WIDE, few());
    driver.keys("/reat");
    assert!(is_marked(&driver, "POST create", "reat"), "{}", driver.screen());
    driver.keys("<C-u>page=2");
    driver.assert_shows("list …h/users?page=2");
    assert!(is_marked(&driver, "list …", "page=2"), "{}", driver.screen());
    driver.keys("<C-u>customer");
    driver.assert_shows("create …");
    assert!(is_marked(&driver, "create …", "customer"), "{}", driver.screen());
    driver.keys("<Esc>");
    assert!(!driver.shows("…"), "without a search names stand alone:\n{}", driver.screen());
}

#[test]
fn all_folders_fold_with_one_key_and_unfold_with_the_same() {
    let mut driver = Driver::with(WIDE, few());
    driver.keys("/list<Esc>F");
    assert_eq!(listed(&driver), ["api/", "echo/", "top"]);
    assert_eq!(selected(&driver), Some(TreeItem::Folder("api".into())));
    driver.keys("F");
    assert_eq!(listed(&driver).len(), 8);
    driver.keys("g<Space>F");
    assert_eq!(listed(&driver), ["api/", "echo/", "top"], "one was open still");
}

#[test]
fn a_deleted_preset_comes_back_as_it_was_with_its_unsaved_changes() {
    let mut driver = Driver::with(WIDE, few());
    driver.keys("/create<Enter><C-l><End>/unsaved<Esc>");
    let before = driver.store.presets[&PresetPath::parse("api/create").unwrap()].0.clone();
    driver.keys("dy");
    driver.assert_shows("api/create deleted; Alt+Z brings it back");
    assert!(!driver.store.has("api/create") && !presets(&driver).contains(&"api/create".into()));
    driver.keys("<A-z>");
    driver.assert_shows("api/create is back");
    let after = driver.store.presets[&PresetPath::parse("api/create").unwrap()].0.clone();
    assert_eq!(after, before);
    let draft = driver.app.shared.drafts.current();
    assert_eq!(draft.preset.as_ref().unwrap().as_str(), "api/create");
    assert!(draft.spec.address().ends_with("/unsaved") && draft.is_modified());
    assert_eq!(selected(&driver), Some(TreeItem::Preset(PresetPath::parse("api/create").unwrap())));
    driver.keys("<A-z>");
    driver.assert_shows("nothing to undo here");
}

#[test]
fn a_deleted_folder_comes_back_and_the_last_that_went_comes_first() {
    let mut driver = Driver::with(WIDE, few());
    driver.keys("gdy");
    driver.assert_shows("api/ deleted with 2 presets; Alt+Z brings it back");
    driver.app.shared.focus = Pane::Presets;
    driver.keys("Gdy");
    assert_eq!(presets(&driver), ["echo/client", "echo/server"]);
    driver.app.shared.focus = Pane::Presets;
    driver.keys("<A-z>");
    assert_eq!(presets(&driver), ["echo/client", "echo/server", "top"]);
    driver.app.shared.focus = Pane::Presets;
    driver.keys("<A-z>");
    driver.assert_shows("2 presets are back");
    let all = ["api/create", "api/deep/list", "echo/client", "echo/server", "top"];
    assert_eq!(presets(&driver), all, "{}", driver.screen());
    assert_eq!(driver.store.presets.len(), 5);
}

#[test]
fn what_could_not_be_brought_back_can_be_tried_again() {
    let mut driver = Driver::with(WIDE, few());
    driver.keys("Gdy");
    driver.store.held = Some(std::collections::VecDeque::new());
    driver.app.shared.focus = Pane::Presets;
    driver.keys("<A-z>");
    driver.store.held = None;
    let failure = wirebench::model::failure::Failure::new(
        wirebench::model::failure::Stage::Storage,
        "top.toml",
        wirebench::model::failure::FailureKind::Io,
        "no space left on device",
    );
    driver.send(Message::Store(Reply::Failed { job: JobKind::BringBack.into(), failure }));
    driver.assert_shows("no space left on device");
    driver.keys("<A-z>");
    assert!(driver.store.has("top"));
}

#[test]
fn drafts_and_changes_that_were_thrown_away_come_back() {
    let mut driver = Driver::with(WIDE, few());
    driver.keys("<C-n>http://never/saved<Esc>dy");
    assert!(!driver.shows("never/saved"));
    driver.app.shared.focus = Pane::Presets;
    driver.keys("<A-z>");
    assert_eq!(driver.app.shared.drafts.current().spec.address(), "http://never/saved");
    driver.app.shared.focus = Pane::Presets;
    driver.keys("/top<Enter><C-l><End>9<Esc>uy");
    assert!(!driver.app.shared.drafts.current().is_modified());
    driver.app.shared.focus = Pane::Presets;
    driver.keys("<A-z>");
    assert!(driver.app.shared.drafts.current().spec.address().ends_with('9'));
    assert!(driver.app.shared.drafts.current().is_modified());
}
