//! What the program was started with, addresses that become another protocol, and the order of names.

use wirebench::app::Startup;
use wirebench::app::form::FormFieldId;
use wirebench::app::message::Message;
use wirebench::app::preset_tree::TreeItem;
use wirebench::model::preset::Opening;
use wirebench::model::protocol::{Protocol, Side};
use wirebench::model::spec::Spec;
use wirebench::store::job::{Reply, Restore, Workspace};
use wirebench::store::read_workspace;

use crate::harness::app::Driver;
use crate::harness::store::workspace;

const WIDE: (u16, u16) = (120, 40);

/// The program as `wirebench URL` starts it, with what the last run left.
fn started(url: &str, left: Option<Restore>) -> Driver {
    let mut spec = Spec::empty(Protocol::Http, Side::Client);
    url.clone_into(spec.address_mut());
    let opening = Some(Opening::Spec(Box::new(spec)));
    let mut driver = Driver::starting(Startup { size: WIDE, opening, ..Startup::default() });
    driver.app.begin();
    let presets = workspace(&[("a", "[http]\nurl = 'http://h/a'\n")]);
    driver.send(Message::Store(Reply::Workspace(Box::new(presets))));
    driver.send(Message::Store(Reply::Restored(left.map(Box::new))));
    driver
}

/// Addresses of all drafts.
fn addresses(driver: &Driver) -> Vec<&str> {
    driver.app.shared.drafts.iter().map(|draft| draft.spec.address()).collect()
}

#[test]
fn what_the_program_was_started_with_does_not_pile_up_and_work_on_it_stays() {
    let mut left = None;
    for url in ["http://h/1", "http://h/1", "http://h/2"] {
        let mut driver = started(url, left);
        assert_eq!(addresses(&driver), [url]);
        let drafts = driver.app.shared.drafts.iter();
        assert_eq!(drafts.filter(|draft| draft.is_modified()).count(), 0);
        // Another one is looked at meanwhile: it is there until the program ends.
        driver.keys("<C-p>a<Enter>");
        assert_eq!(addresses(&driver), [url, "http://h/a"], "{}", driver.screen());
        driver.keys("<C-q>");
        left = driver.store.restore.take();
        assert!(left.is_some());
    }
    let mut driver = started("http://h/3", left);
    driver.keys("<C-l><End>/edited<Esc><C-p>a<Enter><C-q>");
    let mut driver = started("http://h/4", driver.store.restore.take());
    assert_eq!(addresses(&driver), ["http://h/3/edited", "http://h/4"]);
    driver.keys("<C-p>a<Enter><C-q>");
    let driver = started("http://h/3/edited", driver.store.restore.take());
    assert_eq!(addresses(&driver), ["http://h/3/edited"]);
    assert!(driver.app.shared.drafts.current().is_modified(), "it is the user's own");
}

#[test]
fn an_address_that_becomes_another_protocol_keeps_its_cursor_and_is_taken_back() {
    let mut driver = Driver::bare(WIDE);
    driver.keys("<F3>http://127.0.0.1:1/x<Left><F5>");
    let kind = |driver: &Driver| driver.app.shared.drafts.current().spec.protocol();
    assert_eq!(kind(&driver), Protocol::Http);
    let editor = driver.app.request.editor.as_ref();
    assert_eq!(editor.map(|(at, _)| *at), Some(FormFieldId::Address), "{}", driver.screen());
    driver.keys("y");
    assert_eq!(driver.app.shared.drafts.current().spec.address(), "http://127.0.0.1:1/yx");
    driver.keys("<A-z><A-z>");
    assert_eq!(kind(&driver), Protocol::Tcp, "{}", driver.screen());
    assert_eq!(driver.app.shared.drafts.current().spec.address(), "http://127.0.0.1:1/x");
    driver.keys("<A-y>");
    assert_eq!(kind(&driver), Protocol::Http);
    driver.keys("<A-z><A-z>");
    assert_ne!(driver.app.shared.drafts.current().spec.address(), "http://127.0.0.1:1/x");
    assert_eq!(kind(&driver), Protocol::Tcp);
    // A method in front of the URL is one, too.
    let mut driver = Driver::bare(WIDE);
    driver.keys("<C-l>put http://127.0.0.1:1/x<F5>");
    assert_eq!(driver.app.shared.drafts.current().spec.address(), "http://127.0.0.1:1/x");
    driver.keys("<A-z>");
    assert_eq!(driver.app.shared.drafts.current().spec.address(), "put http://127.0.0.1:1/x");
}

#[test]
fn names_in_lists_stand_as_people_sort_them() {
    let home = tempfile::tempdir().unwrap();
    let write = |file: &str, text: &str| {
        let file = home.path().join(file);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, text).unwrap();
    };
    for name in ["web-10", "Beta", "alpha", "web-2", "B/x-10", "B/x-9", "a/one", "b/X"] {
        write(&format!("{name}.toml"), "[http]\nurl = 'http://h/'\n");
    }
    for name in ["Prod", "lab-10", "lab-9"] {
        write(&format!("env/{name}.toml"), "host10 = 'x'\nhost9 = 'y'\nAlpha = 'z'\nbeta = 'b'\n");
    }
    let found: Workspace = read_workspace(home.path());
    let environments: Vec<&str> = found.environments.iter().map(|it| &*it.name).collect();
    assert_eq!(environments, ["lab-9", "lab-10", "Prod"]);
    let mut driver = Driver::with(WIDE, found);
    let listing = driver.app.presets.listing(&driver.app.shared);
    let rows: Vec<String> = (0..listing.count())
        .filter_map(|at| listing.row(at))
        .map(|row| match row.item {
            TreeItem::Preset(path) => path.to_string(),
            TreeItem::Folder(folder) => format!("{folder}/"),
            TreeItem::Draft(_) => "draft".to_owned(),
        })
        .collect();
    let wanted =
        ["a/", "a/one", "alpha", "B/", "B/x-9", "B/x-10", "b/", "b/X", "Beta", "web-2", "web-10"];
    assert_eq!(rows, wanted);
    let order = |driver: &Driver, names: [&str; 4]| {
        let screen = driver.screen();
        let places =
            names.map(|name| screen.find(name).unwrap_or_else(|| panic!("{name}: {screen}")));
        assert!(places.is_sorted(), "{names:?}: {screen}");
    };
    driver.keys("<A-E>j");
    order(&driver, ["Alpha ", "beta ", "host9 ", "host10 "]);
    driver.keys("<Enter><Esc><C-n><C-l>{{");
    order(&driver, ["Alpha ", "beta ", "host9 ", "host10 "]);
}
