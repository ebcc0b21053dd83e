//! What is on screen tells of what it is: an answer of a request that was changed since, a method
//! typed before a URL, a failure by its own name.

use ratatui::style::Modifier;
use wirebench::app::focus::Pane;
use wirebench::app::message::Message;
use wirebench::app::themes::Themes;
use wirebench::engine::event::Event;
use wirebench::model::failure::{Failure, FailureKind, Stage};
use wirebench::model::spec::Spec;
use wirebench::model::theme::ColorDepth;
use wirebench::store::job::{Job, JobKind, Reply};

use crate::harness::app::Driver;
use crate::harness::samples::{answer, exchange};
use crate::harness::store::workspace;

const WIDE: (u16, u16) = (120, 40);
const STALE: &str = "of the request before your changes";

/// The styles of the cells that show a text.
fn styles_of(driver: &Driver, text: &str) -> Vec<ratatui::style::Style> {
    let (screen, buffer) = (driver.screen(), driver.buffer());
    let (row, line) = screen.lines().enumerate().find(|(_, line)| line.contains(text)).unwrap();
    let from = line.get(..line.find(text).unwrap()).unwrap().chars().count();
    (from..from + text.chars().count()).map(|x| buffer[(x as u16, row as u16)].style()).collect()
}

/// A request that was sent and answered.
fn answered(size: (u16, u16)) -> Driver {
    let mut driver = Driver::bare(size);
    let (id, _) = Driver::opened(&driver.keys("<C-n>http://127.0.0.1:8080/0<F5>"));
    let told = exchange(id, 0, Some(answer(200, 1, 5)));
    let effects = driver.event(Event::Exchange(Box::new(told)));
    driver.serve(&effects, 3);
    driver.done(id);
    driver
}

#[test]
fn an_answer_is_dimmed_and_says_so_once_its_request_was_changed() {
    for size in [(80, 24), (120, 40), (200, 60)] {
        let mut driver = answered(size);
        assert!(!driver.shows("of the request before"), "{}", driver.screen());
        let fresh = styles_of(&driver, "200 OK");
        driver.keys("<C-l><End>x");
        driver.assert_shows("of the request before");
        let stale = styles_of(&driver, "200 OK");
        assert_ne!(fresh, stale);
        let body = styles_of(&driver, "line 0");
        assert!(body.iter().all(|style| style.fg == stale[0].fg), "all of it, the body too");
        // Taken back, it is the answer of what is on screen again.
        driver.keys("<Backspace>");
        assert!(!driver.shows("of the request before"), "{}", driver.screen());
        assert_eq!(styles_of(&driver, "200 OK"), fresh);
        driver.keys("<A-Right><Down><Down>X-New");
        driver.assert_shows("of the request before");
        let (id, _) = Driver::opened(&driver.keys("<F5>"));
        assert!(!driver.shows("of the request before"), "sent as it is now");
        driver.done(id);
    }
    let mut plain = answered(WIDE);
    plain.app.shared.themes = Themes::new(ColorDepth::None);
    plain.keys("<C-l><End>x");
    plain.assert_shows(STALE);
    let dim = styles_of(&plain, "200 OK");
    assert!(dim.iter().all(|style| style.add_modifier.contains(Modifier::DIM)), "{dim:?}");
}

#[test]
fn what_is_expected_of_an_answer_makes_it_none_of_another_request() {
    let mut driver = answered(WIDE);
    let fresh = styles_of(&driver, "200 OK");
    driver.keys("<A-4><A-Right>+");
    driver.assert_shows("Expect 1");
    driver.keys("@");
    driver.assert_shows("Capture 1");
    assert!(!driver.shows(STALE), "{}", driver.screen());
    assert_eq!(styles_of(&driver, "200 OK"), fresh);
    driver.keys("<C-l><End>x");
    driver.assert_shows(STALE);
    driver.keys("<Backspace>");
    assert!(!driver.shows(STALE), "{}", driver.screen());
}

#[test]
fn an_answer_belongs_to_its_own_request_alone() {
    let mut driver = answered(WIDE);
    driver.keys("<C-n>http://other/");
    assert!(!driver.shows("200 OK"), "what was composed after it has none:\n{}", driver.screen());
    driver.app.shared.focus = Pane::Presets;
    driver.keys("gj<Enter>");
    driver.keys("k<Enter>");
    assert!(!driver.shows(STALE), "{}", driver.screen());
}

/// Method and URL of the request on screen.
fn request(driver: &Driver) -> (String, String) {
    let Spec::Http(http) = &*driver.app.shared.drafts.current().spec else {
        panic!("{}", driver.screen())
    };
    (http.method.clone(), http.url.clone())
}

#[test]
fn a_method_before_the_url_is_understood_typed_and_pasted_whatever_is_composed() {
    let expected = |method: &str, url: &str| (method.to_owned(), url.to_owned());
    for (text, method, url) in [
        ("POST http://h/x", "POST", "http://h/x"),
        ("delete :8080/x", "DELETE", ":8080/x"),
        ("PURGE http://h/", "PURGE", "http://h/"),
        ("get {{base}}/users", "GET", "{{base}}/users"),
        ("PUT /users/1 HTTP/1.1", "PUT", "/users/1"),
    ] {
        for begin in ["<C-l>", "<F3>", "<F6>", "<F4>", "<F2><C-l>"] {
            let mut typed = Driver::bare(WIDE);
            typed.keys(begin);
            typed.keys(text);
            typed.keys("<Down>");
            assert_eq!(request(&typed), expected(method, url), "{text} after {begin}");
            let mut pasted = Driver::bare(WIDE);
            pasted.keys(begin);
            pasted.paste(&format!("{text}\n"));
            assert_eq!(request(&pasted), expected(method, url), "{text} after {begin}");
            pasted.keys("1");
            assert_eq!(request(&pasted).1, format!("{url}1"), "it goes on where it ended");
        }
    }
    let mut sent = Driver::bare(WIDE);
    let (_, plan) = Driver::opened(&sent.keys("<C-n>patch http://h/x<F5>"));
    let wirebench::model::plan::Plan::Http(plan) = plan else { panic!("{plan:?}") };
    assert_eq!((plan.method.as_str(), plan.url.as_str()), ("PATCH", "http://h/x"));
}

#[test]
fn only_what_a_disk_did_is_called_a_failure_of_storage() {
    let told = |kind| Failure::new(Stage::Storage, "a.toml", kind, "why").to_string();
    for kind in [FailureKind::Io, FailureKind::Permission] {
        assert_eq!(told(kind), "storage failed: a.toml: why");
    }
    for kind in [
        FailureKind::Malformed,
        FailureKind::Usage,
        FailureKind::NotFound,
        FailureKind::TooLarge,
        FailureKind::Busy,
        FailureKind::Cancelled,
    ] {
        assert!(!told(kind).contains("storage"), "{}", told(kind));
    }
    let mut driver = Driver::bare(WIDE);
    let failure = Failure::new(Stage::Storage, "k", FailureKind::Usage, "'fly' is not an action");
    driver.send(Message::Store(Reply::Failed { job: JobKind::Unasked.into(), failure }));
    driver.assert_shows("cannot be read: k: 'fly' is not an action");
}

/// A preset that asks for what nothing carries out.
const CHECKED: &str = "# kept\n[udp-relay]\nbind = \":7001\"\ntarget = \"127.0.0.1:7\"\n\n[expect]\nstatus = 201\n\n[capture]\nid = \"json .id\"\n";
const UNDONE: &str = "[capture] and [expect] in its file cannot be carried out yet";

#[test]
fn what_a_preset_asks_for_and_is_not_done_is_said_when_it_is_opened_and_sent() {
    let other = "[tcp-relay]\nbind = \":7000\"\ntarget = \"127.0.0.1:7\"\n[expect]\nstatus = 1\n";
    let mut driver = Driver::with((160, 40), workspace(&[("checked", CHECKED), ("other", other)]));
    driver.keys("<A-1>G<Enter>");
    driver
        .assert_shows("other: [expect] in its file cannot be carried out yet; it listens without");
    driver.keys("<A-1>g<F5>");
    driver.assert_shows(UNDONE);
    driver.assert_shows("starts it");
    for _ in 0..2 {
        let (id, _) = Driver::opened(&driver.keys("<F5>"));
        driver.assert_shows(&format!("checked: {UNDONE}; it listens without"));
        driver.done(id);
        // Not only until it is saved.
        driver.keys("<C-l><End><Backspace><C-s>");
    }
    // The copy has them, too.
    driver.keys("<A-1>gD<C-u>copy<Enter>");
    let like = driver.store.jobs.iter().rev().find_map(|job| match job {
        Job::SavePreset { like, .. } => like.clone(),
        _ => None,
    });
    assert_eq!(like.unwrap().as_str(), "checked");
    let _ = Driver::opened(&driver.keys("<F5>"));
    driver.assert_shows(&format!("copy: {UNDONE}"));
}
