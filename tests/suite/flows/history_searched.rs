//! Searching the history: what completes a search, what is said of one that is none, and what lies beyond the first rows.

use wirebench::app::message::Message;
use wirebench::model::http::HttpSpec;
use wirebench::model::preset::PresetPath;
use wirebench::model::session_outcome::SessionOutcome;
use wirebench::model::spec::Spec;
use wirebench::model::timing::Stamp;
use wirebench::store::job::{HistoryEntry, Job, Reply};

use crate::harness::app::Driver;
use crate::harness::store::workspace;

/// A program whose history has so many entries, sent from `api/get`.
fn with_entries(size: (u16, u16), count: u64) -> Driver {
    let files = [("api/get", "[http]\nurl = 'http://127.0.0.1:1/'\n"), ("api/put", "[tcp]\n")];
    let mut driver = Driver::with(size, workspace(&files));
    for at in 1..=count {
        let url = format!("http://127.0.0.1:1/{at}");
        let entry = HistoryEntry {
            at: Stamp(at),
            summary: format!("GET {url}"),
            outcome: SessionOutcome::Status { code: 404, took: None },
            spec: Spec::Http(HttpSpec { url, ..HttpSpec::default() }),
            preset: PresetPath::parse("api/get").ok(),
            left_out: 0,
        };
        driver.store.history.insert(0, entry);
    }
    driver.send(Message::Store(Reply::HistoryChanged));
    driver
}

/// The searches the store was asked for, the last one.
fn searched(driver: &Driver) -> String {
    let last = driver.store.jobs.iter().rev().find_map(|job| match job {
        Job::QueryHistory(question) => Some(question.text.clone()),
        _ => None,
    });
    last.unwrap_or_default()
}

#[test]
fn an_empty_search_lists_the_fields_and_tab_completes_field_operator_and_value() {
    let mut driver = with_entries((120, 40), 3);
    driver.keys("<A-2>/");
    for field in ["status >= 400", "host == api.example", "age < 2h"] {
        assert!(driver.shows(field), "{field}: {}", driver.screen());
    }
    driver.keys("pre");
    assert!(driver.shows("preset == users"), "{}", driver.screen());
    driver.keys("<Tab><Tab>");
    driver.assert_shows("/ preset == ");
    // Values are those of the entries, their folders, and other presets.
    assert!(driver.shows("of 3 entries") && driver.shows("api/put"), "{}", driver.screen());
    driver.keys("<Down><Enter><Enter>");
    assert_eq!(searched(&driver), "preset == api");
    driver.assert_shows("/ preset == api");
    driver.keys("/ status <Tab><Tab>");
    driver.assert_shows("/ preset == api status == ");
    driver.assert_shows("404");
}

#[test]
fn a_search_that_is_none_says_why_and_what_stands_before_it_is_searched() {
    let mut driver = with_entries((120, 40), 3);
    driver.keys("<A-2>/127");
    assert_eq!(searched(&driver), "127");
    driver.keys(" hosts == 1");
    driver.assert_shows("'hosts'; did you mean");
    driver.assert_shows("'host'?");
    driver.assert_shows("(column 5)");
    assert_eq!(searched(&driver).trim_end(), "127", "what stands before it is searched");
    // What cannot be read is typed on.
    driver.keys("<Enter>");
    assert!(driver.app.history.is_typing());
    driver.keys("<Esc>");
    assert!(!driver.shows("did you mean"), "{}", driver.screen());
    assert_eq!(searched(&driver), "");
}

#[test]
fn help_while_a_search_is_typed_is_the_page_of_searches() {
    let mut driver = with_entries((120, 40), 1);
    driver.keys("<A-2>/<F1>");
    driver.assert_shows("Help ─ searches of the history");
    driver.assert_shows("The preset it was sent from; a folder is all below it.");
    driver.keys("<Esc>404<Esc>");
    assert!(!driver.app.history.is_typing());
}

#[test]
fn who_goes_down_comes_to_the_oldest_entry() {
    let mut driver = with_entries((120, 40), 1_300);
    driver.keys("<A-2>");
    driver.assert_shows("1 of 1,300");
    driver.keys("GGG");
    assert_eq!(driver.app.history.entries.len(), 1_300);
    driver.assert_shows("1,300 of 1,300");
    driver.assert_shows("127.0.0.1…/1 404");
    // Back on top as many are asked for as before.
    driver.keys("g");
    driver.send(Message::Store(Reply::HistoryChanged));
    assert_eq!(driver.app.history.entries.len(), 500);
}

#[test]
fn the_preset_of_an_entry_is_opened_as_it_is_now() {
    let mut driver = with_entries((120, 40), 2);
    driver.keys("<A-2>o");
    let draft = driver.app.shared.drafts.current();
    assert_eq!(draft.preset, PresetPath::parse("api/get").ok());
    let sent = Driver::opened(&driver.keys("<F5>")).1;
    assert!(sent.address().ends_with(":1/"), "as it is now: {}", sent.address());
    driver.store.history[0].preset = PresetPath::parse("api/gone").ok();
    driver.store.history[1].preset = None;
    driver.store.history.truncate(2);
    driver.send(Message::Store(Reply::HistoryChanged));
    driver.keys("<A-2>go");
    driver.assert_shows("there is no preset api/gone any more: Enter opens what it sent");
    driver.keys("jo");
    driver.assert_shows("it was sent from no preset: Enter opens what it sent");
}

#[test]
fn a_wide_list_says_when_to_the_second_and_of_which_preset() {
    let mut driver = with_entries((120, 40), 2);
    driver.keys("<A-2>z");
    driver.assert_shows("01-01 00:00:00 GET");
    driver.assert_shows("127.0.0.1:1/2  api/get");
}
