//! The list of presets as a tree: folding, finding by what a preset is, and bringing back what was
//! deleted or thrown away.

use wirebench::app::focus::Pane;
use wirebench::app::message::Message;
use wirebench::app::preset_tree::TreeItem;
use wirebench::model::preset::PresetPath;
use wirebench::store::job::{Job, JobKind, Reply, Workspace};

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
    driver.assert_shows("list …rs?page=2");
    assert!(is_marked(&driver, "list …", "page=2"), "{}", driver.screen());
    driver.keys("<C-u>customer");
    driver.assert_shows("create …");
    assert!(is_marked(&driver, "create …", "customer"), "{}", driver.screen());
    driver.keys("<Esc>");
    assert!(!driver.shows("…"), "without a search names stand alone:\n{}", driver.screen());
}

#[test]
fn what_was_found_is_marked_behind_accents_and_wide_letters_too() {
    let about = |text: &str| format!("about = \"{text}\"\n[http]\nurl = \"http://h/\"\n");
    let texts = [about("Zeigt Übersicht"), about("one")];
    let mut driver =
        Driver::with(WIDE, workspace(&[("été list", &texts[0]), ("漢字 two", &texts[1])]));
    for (text, row_of, marked) in [
        ("list", "GET  été list", "list"),
        ("été", "GET  été list", "été"),
        ("ete", "GET  été list", "été"),
        ("ubersicht", "GET  été list …", "Übersicht"),
        ("two", "two", "two"),
        ("字", "two", "字"),
    ] {
        driver.keys("/<C-u>");
        driver.paste(text);
        assert!(is_marked(&driver, row_of, marked), "{text}\n{}", driver.screen());
        driver.keys("<Esc>");
    }
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

#[test]
fn a_folder_is_made_renamed_and_moved_and_each_is_taken_back() {
    let mut driver = Driver::with(WIDE, few());
    driver.keys("<A-1>gfnew/deep<Enter>");
    driver.assert_shows("api/new/deep/ is there; Alt+Z takes it back");
    assert_eq!(selected(&driver), Some(TreeItem::Folder("api/new/deep".into())));
    let made = listed(&driver);
    driver.keys("<A-z>");
    driver.assert_shows("api/new/ is gone");
    assert!(!listed(&driver).iter().any(|row| row.contains("new")), "{:?}", listed(&driver));
    driver.keys("<A-z>");
    driver.assert_shows("nothing to undo here");
    // Names are checked in words before anything is asked of the disk.
    for (name, why) in [
        ("", "a folder needs a name"),
        ("env", "'env' cannot be part"),
        ("../x", "cannot be part"),
        ("a/b/c/d/e/f/g/h/i", "8 folders deep"),
        ("api", "is there already"),
    ] {
        driver.keys(&format!("f<C-u>{name}"));
        driver.assert_shows(why);
        driver.keys("<Enter><Esc>");
    }
    assert!(made.contains(&"api/new/deep/".to_owned()));
    // An unsaved draft, the open one, stays what it is and where the cursor is.
    driver.keys("gj<Enter><C-l><End>?edited=1");
    driver.keys("<A-1>gr<C-u>api/in<Enter>");
    driver.assert_shows("a folder cannot lie in itself");
    driver.keys("<C-u>web/v2<Enter>");
    driver.assert_shows("api/ is now web/v2/");
    let open = driver.app.shared.drafts.current();
    assert_eq!(open.preset.as_ref().unwrap().as_str(), "web/v2/create");
    assert!(open.is_modified() && open.spec.address().ends_with("?edited=1"));
    assert!(driver.store.jobs.iter().any(|job| matches!(
        job,
        Job::MoveHistory { from, to } if from == "api" && to == "web/v2"
    )));
    assert!(presets(&driver).contains(&"web/v2/deep/list".to_owned()), "{:?}", listed(&driver));
    assert_eq!(selected(&driver), Some(TreeItem::Folder("web/v2".into())));
    driver.keys("<C-s>");
    assert!(driver.store.has("web/v2/create") && !driver.store.has("api/create"));
    driver.keys("<A-1><A-z>");
    driver.assert_shows("web/v2/ is now api/");
    assert!(driver.store.has("api/create") && driver.store.has("api/deep/list"));
}

#[test]
fn presets_and_folders_are_moved_into_folders_chosen_from_a_list() {
    let mut driver = Driver::with(WIDE, few());
    driver.keys("<A-1>Gm");
    driver.assert_shows("Move into");
    driver.keys("deep<Enter>");
    driver.assert_shows("top is now api/deep/top");
    driver.keys("gm");
    assert!(!driver.shows("api/deep/ "), "{}", driver.screen());
    driver.keys("echo<Enter>");
    driver.assert_shows("api/ is now echo/api/");
    driver.keys("<A-z><A-z>");
    assert_eq!(
        presets(&driver),
        ["api/create", "api/deep/list", "echo/client", "echo/server", "top"]
    );
}

#[test]
fn rows_are_moved_and_the_order_is_kept_in_the_file_of_their_folder() {
    let mut driver = Driver::with(WIDE, few());
    let before = listed(&driver);
    driver.keys("<A-1>G<A-Up>");
    driver.assert_shows("the order is kept in _defaults.toml");
    assert_eq!(driver.app.shared.workspace.order_of(""), ["api/", "top"], "no more than is needed");
    let at = |name: &str| listed(&driver).iter().position(|row| row == name).unwrap();
    assert!(at("api/") < at("top") && at("top") < at("echo/"), "{:?}", listed(&driver));
    assert_eq!(selected(&driver), Some(TreeItem::Preset(PresetPath::parse("top").unwrap())));
    driver.keys("<A-Down>");
    assert_eq!(listed(&driver), before);
    assert!(driver.app.shared.workspace.order_of("").is_empty(), "as by name: nothing is written");
    driver.keys("<A-Down>");
    driver.assert_shows("it is the last of its folder");
    driver.keys("<A-Up><A-Up><A-Up>");
    driver.assert_shows("it is the first of its folder");
    driver.keys("<A-z><A-z><A-z><A-z>");
    assert_eq!(listed(&driver), before);
    // A preset with another name keeps its place, and what is not there is named.
    driver.keys("<A-Up>r<C-u>first<Enter>");
    assert_eq!(driver.app.shared.workspace.order_of(""), ["api/", "first"]);
    driver.keys("jj<A-Down>");
    assert_eq!(driver.app.shared.workspace.order_of("echo"), ["server"]);
    driver.keys("G<Left>");
    driver.app.shared.workspace.defaults.last_mut().unwrap().order.push("gone".into());
    assert!(driver.screen().contains("gone,"), "{}", driver.screen());
    driver.keys("/x<A-Up>");
    assert!(driver.app.shared.workspace.order_of("").len() == 2);
}
