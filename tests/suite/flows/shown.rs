//! What is sent is what is on screen, wherever the keys are; a command names what it is done to.

use wirebench::app::effect::Effect;
use wirebench::app::focus::Pane;
use wirebench::app::message::Message;
use wirebench::app::overlay::Overlay;
use wirebench::app::preset_tree::TreeItem;
use wirebench::engine::command::Command;
use wirebench::model::id::SessionId;
use wirebench::model::plan::Plan;
use wirebench::model::preset::PresetPath;
use wirebench::model::protocol::{Protocol, Side};
use wirebench::model::record::Direction;
use wirebench::store::job::{Reply, Workspace};

use crate::harness::app::Driver;
use crate::harness::samples::{info, record, traffic};
use crate::harness::store::{starter_workspace, stored, workspace};

const SIZES: [(u16, u16); 3] = [(80, 24), (120, 40), (160, 48)];
const WIDE: (u16, u16) = (120, 40);

/// Where the plan that was opened leads, if one was.
fn sent(effects: &[Effect]) -> Option<String> {
    let plans = effects.iter().filter_map(|effect| match effect {
        Effect::Engine(Command::Open { plan, .. }) => Some(plan),
        _ => None,
    });
    let all: Vec<String> = plans
        .map(|plan| match &**plan {
            Plan::Http(plan) => plan.url.clone(),
            other => other.address(),
        })
        .collect();
    assert!(all.len() < 2, "one key sends once: {all:?}");
    all.into_iter().next()
}

/// Four presets that can be told apart by where they lead.
fn four() -> Workspace {
    let of = |path: &str| format!("[http]\nurl = \"http://127.0.0.1:9/{path}\"\n");
    let files: Vec<(&str, String)> =
        ["a/one", "a/two", "b/three", "top"].map(|path| (path, of(path))).into();
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (*path, &**text)).collect();
    workspace(&files)
}

fn url(path: &str) -> String {
    format!("http://127.0.0.1:9/{path}")
}

/// Presses the key that sends in every pane: each time what is on screen is sent.
fn sends_from_every_pane(driver: &mut Driver, expected: &str) {
    for pane in [Pane::Presets, Pane::Request, Pane::Traffic, Pane::Response, Pane::History] {
        driver.app.shared.focus = pane;
        let effects = driver.keys("<F5>");
        assert_eq!(sent(&effects).as_deref(), Some(expected), "{pane:?}\n{}", driver.screen());
        assert!(driver.app.presets.selected(&driver.app.shared).is_some());
    }
}

fn selected(driver: &Driver) -> TreeItem {
    driver.app.presets.selected(&driver.app.shared).unwrap()
}

fn preset(path: &str) -> TreeItem {
    TreeItem::Preset(PresetPath::parse(path).unwrap())
}

#[test]
fn what_was_just_composed_is_sent_from_everywhere_and_selected_in_the_list() {
    for size in SIZES {
        let mut driver = Driver::with(size, four());
        driver.keys("<C-n>http://127.0.0.1:9/new<Esc>");
        assert_eq!(driver.app.shared.focus, Pane::Presets);
        let id = driver.app.shared.drafts.current().id;
        assert_eq!(selected(&driver), TreeItem::Draft(id));
        let effects = driver.keys("<F5>");
        assert_eq!(sent(&effects).as_deref(), Some("http://127.0.0.1:9/new"));
        sends_from_every_pane(&mut driver, "http://127.0.0.1:9/new");
    }
}

#[test]
fn something_new_has_its_row_before_anything_is_typed_and_nothing_else_is_sent() {
    let mut driver = Driver::bare(WIDE);
    driver.keys("<C-n><Esc>");
    driver.assert_shows("▌GET  new HTTP client");
    assert_eq!(sent(&driver.keys("<F5>")), None);
    driver.assert_shows("not sent");
    driver.keys("<C-n><C-n>");
    assert_eq!(driver.screen().matches("new HTTP client").count(), 1);
    driver.send(Message::Store(Reply::Workspace(Box::new(four()))));
    driver.app.shared.focus = Pane::Presets;
    driver.keys("/two<Enter>");
    assert!(!driver.shows("new HTTP client"), "looked at only: it made room");
}

#[test]
fn whatever_opens_a_draft_its_row_is_selected_and_it_is_sent_from_everywhere() {
    let open: [(&str, &str); 6] = [
        ("/three<Enter>", "b/three"),
        ("<C-p>b/three<Enter>", "b/three"),
        ("<C-p>a/two<Enter><Esc>", "a/two"),
        ("<C-n>http://127.0.0.1:9/a/saved<C-s><C-a><C-k>a/saved<Enter>", "a/saved"),
        (
            "/three<Enter><C-l><End>x<Esc>/top<Enter><C-p>b/three<Enter><C-l><End><Backspace>",
            "b/three",
        ),
        ("/two<Enter><Esc>r<C-u>c/two<Enter>", "c/two"),
    ];
    for (keys, path) in open {
        let mut driver = Driver::with(WIDE, four());
        driver.keys(keys);
        assert_eq!(selected(&driver), preset(path), "{keys}\n{}", driver.screen());
        let name = path.rsplit('/').next().unwrap();
        driver.assert_shows(&format!("▌  GET  {name}").replace("▌  GET  top", "▌GET  top"));
        assert_eq!(driver.screen().matches('▌').count(), 1, "{}", driver.screen());
        let leads = if path == "c/two" { "a/two" } else { path };
        sends_from_every_pane(&mut driver, &url(leads));
    }
}

#[test]
fn a_row_that_is_not_open_is_opened_first_and_sent_by_the_same_key_once_more() {
    for key in ["<F5>", "<C-r>", "<A-l>"] {
        let mut driver = Driver::with(WIDE, four());
        driver.keys("<C-n>http://127.0.0.1:9/new<Esc>G");
        assert_eq!(selected(&driver), preset("top"));
        assert_eq!(sent(&driver.keys(key)), None, "{key}");
        driver.assert_shows("top is open: ");
        assert_eq!(driver.app.shared.focus, Pane::Presets);
        assert_eq!(sent(&driver.keys(key)), Some(url("top")), "{key}");
        driver.keys("k");
        assert_eq!(sent(&driver.keys(key)), None, "{key}");
        assert_eq!(sent(&driver.keys(key)), Some(url("b/three")), "{key}");
    }
}

#[test]
fn on_a_folder_what_is_on_screen_is_sent() {
    let mut driver = Driver::with(WIDE, four());
    driver.keys("/two<Enter><Esc>g");
    assert_eq!(selected(&driver), TreeItem::Folder("a".into()));
    assert_eq!(sent(&driver.keys("<F5>")), Some(url("a/two")));
    driver.keys("<Space>");
    assert!(driver.shows("▌▸ a"), "a folded folder shows what it hides:\n{}", driver.screen());
}

#[test]
fn an_entry_of_the_history_is_opened_first_and_sent_by_the_same_key_once_more() {
    let mut driver = Driver::with(WIDE, four());
    driver.keys("/two<Enter><F5>");
    driver.keys("<C-n>http://127.0.0.1:9/new<F5>");
    driver.app.shared.focus = Pane::History;
    assert_eq!(sent(&driver.keys("<F5>")).as_deref(), Some("http://127.0.0.1:9/new"));
    driver.keys("G");
    assert_eq!(sent(&driver.keys("<F5>")), None);
    driver.assert_shows("is open: F5 sends it");
    assert_eq!(driver.app.shared.drafts.current().spec.address(), url("a/two"));
    assert_eq!(sent(&driver.keys("<F5>")), Some(url("a/two")));
    sends_from_every_pane(&mut driver, &url("a/two"));
    // Something else is on screen now, and the entry is not it any more.
    driver.keys("<C-n>http://127.0.0.1:9/other");
    driver.app.shared.focus = Pane::History;
    driver.keys("G");
    assert_eq!(sent(&driver.keys("<F5>")), None);
    driver.app.shared.focus = Pane::Presets;
    let now = driver.app.shared.drafts.current().spec.address().to_owned();
    assert_eq!(sent(&driver.keys("<F5>")), Some(now));
}

#[test]
fn what_was_made_of_traffic_is_selected_and_sent() {
    let mut driver = Driver::with(WIDE, four());
    let session = SessionId(77);
    let conn = session.conn(1);
    let data = record(conn, 3, Direction::Received, b"ping");
    driver.event(traffic(vec![info(conn, Protocol::Udp, Side::Listener)], vec![data]));
    driver.app.shared.focus = Pane::Traffic;
    driver.keys("t");
    let draft = driver.app.shared.drafts.current();
    assert_eq!(draft.spec.protocol(), Protocol::Udp);
    assert_eq!(selected(&driver), TreeItem::Draft(draft.id));
}

#[test]
fn what_another_copy_deletes_or_renames_stays_open_and_is_what_is_sent() {
    let mut driver = Driver::with(WIDE, four());
    driver.keys("/two<Enter><Esc>");
    let mut found = four();
    found.presets.retain(|stored| stored.path.as_str() != "a/two");
    driver.send(Message::Store(Reply::Workspace(Box::new(found.clone()))));
    driver.assert_shows("a/two is gone from the disk and stays open here: Ctrl+S writes it again");
    let id = driver.app.shared.drafts.current().id;
    assert_eq!(selected(&driver), TreeItem::Draft(id), "{}", driver.screen());
    sends_from_every_pane(&mut driver, &url("a/two"));
    driver.app.shared.focus = Pane::Presets;
    driver.keys("<C-s>");
    assert!(driver.store.has("a/two"), "saved again although nothing was changed");
    assert_eq!(selected(&driver), preset("a/two"));

    // Another row went that the selection was on: what is on screen is sent only when it is meant.
    driver.keys("G");
    assert_eq!(selected(&driver), preset("top"));
    found.presets.retain(|stored| stored.path.as_str() != "top");
    found.presets.insert(1, stored("a/two", "[http]\nurl = \"http://127.0.0.1:9/a/two\"\n"));
    driver.send(Message::Store(Reply::Workspace(Box::new(found))));
    assert_eq!(sent(&driver.keys("<F5>")), None, "{}", driver.screen());
    assert_eq!(sent(&driver.keys("<F5>")), Some(url("b/three")));
}

#[test]
fn what_takes_the_place_of_a_deleted_preset_is_on_screen_and_selected() {
    let mut driver = Driver::with(WIDE, four());
    driver.keys("/one<Enter><Esc>dy");
    assert_eq!(selected(&driver), preset("a/two"), "{}", driver.screen());
    sends_from_every_pane(&mut driver, &url("a/two"));
}

#[test]
fn a_preset_that_cannot_be_read_is_never_confused_with_what_is_on_screen() {
    let mut found = four();
    found.presets.insert(0, stored("a/bad", "[http]\nurll = 1\n"));
    let mut driver = Driver::with(WIDE, found);
    driver.keys("/two<Enter><Esc>gj");
    assert_eq!(selected(&driver), preset("a/bad"), "{}", driver.screen());
    for key in ["<F5>", "<A-l>", "c", "S"] {
        assert_eq!(sent(&driver.keys(key)), None, "{key}");
        assert!(driver.app.overlays.is_empty(), "{key}: {:?}", driver.app.overlays);
        driver.assert_shows("urll");
    }
    assert_eq!(sent(&driver.keys("<C-p>a/bad<F5>")), None, "nothing else is sent instead");
    assert!(driver.app.overlays.is_empty());
}

/// Title of the topmost overlay, or the text of its question.
fn asked(driver: &Driver) -> String {
    match driver.app.overlays.last() {
        Some(Overlay::Naming(it)) => it.title(&driver.app.shared),
        Some(Overlay::Confirm(it)) => it.question.text.clone(),
        Some(Overlay::Code(it)) => it.title.clone(),
        Some(Overlay::About(it)) => format!("About {}", it.title),
        Some(Overlay::Choices(_)) | None => driver.app.notice.as_ref().unwrap().text.clone(),
        Some(other) => panic!("{other:?}"),
    }
}

#[test]
fn every_command_on_a_row_names_what_it_is_done_to() {
    for key in ["c", "r", "D", "d", "A", "u", "S"] {
        let mut driver = Driver::with(WIDE, four());
        driver.keys("/two<Enter><C-l><End>x<Esc>/three<Enter><Esc>");
        driver.keys("/two<Esc>");
        driver.keys(key);
        assert!(asked(&driver).contains("a/two"), "{key}: {}", asked(&driver));
        driver.keys("<Esc>/three<Esc>");
        driver.keys(key);
        assert!(asked(&driver).contains("b/three"), "{key}: {}", asked(&driver));
    }
}

#[test]
fn outside_the_list_a_command_on_a_preset_means_what_is_on_screen() {
    for (title, word) in [
        ("Rename", "Rename a/two"),
        ("Duplicate", "Duplicate a/two"),
        ("Delete", "Delete a/two?"),
        ("Describe", "About a/two"),
        ("Revert", "Revert: there are no unsaved changes"),
        ("Show code", "a/two as code"),
        ("Save as", "Save a/two as"),
    ] {
        let mut driver = Driver::with(WIDE, four());
        driver.keys("/two<Enter><Esc>G");
        assert_eq!(selected(&driver), preset("top"));
        driver.app.shared.focus = Pane::Request;
        driver.keys("<C-p>");
        driver.paste(title);
        driver.keys("<Enter>");
        assert!(asked(&driver).contains(word), "{title}: {}", asked(&driver));
    }
}

#[test]
fn a_starter_listener_opens_the_preset_it_moves_on_to() {
    let mut driver = Driver::with(WIDE, starter_workspace());
    let (server, _) = Driver::opened(&driver.keys("<F5>"));
    driver.listening(server);
    assert_eq!(selected(&driver), preset("tutorial/http-client"));
    let open = driver.app.shared.drafts.current().preset.clone();
    assert_eq!(open.unwrap().as_str(), "tutorial/http-client", "what is sent next is on screen");
    assert!(sent(&driver.keys("<F5>")).is_some());
}
