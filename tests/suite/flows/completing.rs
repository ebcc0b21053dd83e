//! What is offered while something is typed, and what keys take it; Tab from cell to cell.

use std::collections::BTreeMap;

use wirebench::app::focus::Pane;
use wirebench::app::form::FormFieldId;
use wirebench::app::message::Message;
use wirebench::model::http::HttpSpec;
use wirebench::model::plan::Plan;
use wirebench::model::preset::Environment;
use wirebench::model::spec::Spec;
use wirebench::store::job::{FolderEntry, FolderListing, Job, Reply, Workspace};

use super::conversations::{WIDE, talking};
use crate::harness::app::Driver;

/// An HTTP request in an environment with variables and a secret, the cursor in the address line.
fn composing() -> Driver {
    let pairs = |all: &[(&str, &str)]| -> BTreeMap<String, String> {
        all.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect()
    };
    let lab = Environment {
        name: "lab".into(),
        variables: pairs(&[("host", "lab.test"), ("host_port", "lab.test:81"), ("id", "7")]),
        secrets: pairs(&[("token", "hunter2hunter2")]),
        ..Environment::default()
    };
    let workspace = Workspace { environments: vec![lab], ..Workspace::default() };
    let mut driver = Driver::with(WIDE, workspace);
    driver.keys("<C-n><C-l>");
    driver
}

fn http(driver: &Driver) -> &HttpSpec {
    match &*driver.app.shared.drafts.current().spec {
        Spec::Http(http) => http,
        other => panic!("{other:?}"),
    }
}

fn url(plan: &Plan) -> String {
    let Plan::Http(plan) = plan else { panic!("{plan:?}") };
    plan.url.clone()
}

/// The cursor in the first cell of a new header.
fn in_headers() -> Driver {
    let mut driver = composing();
    driver.keys("http://h/<A-Right><Down><Down>");
    driver
}

fn headers(driver: &Driver) -> Vec<(String, String)> {
    http(driver).headers.iter().map(|row| (row.name.clone(), row.value.clone())).collect()
}

#[test]
fn names_of_headers_and_their_values_are_offered_and_taken() {
    let mut driver = in_headers();
    driver.keys("conte");
    driver.assert_shows("Content-Type");
    driver.assert_shows("type of the body");
    driver.keys("nt-t<Tab><Tab>appl");
    driver.assert_shows("application/x-ndjson");
    driver.keys("<Down><Down><Enter>");
    assert_eq!(headers(&driver), [("Content-Type".into(), "application/ld+json".into())]);
    driver.keys("; ch<Tab>");
    assert_eq!(headers(&driver)[0].1, "application/ld+json; charset=utf-8");
    assert!(driver.app.popup().is_none(), "{}", driver.screen());
    driver.keys("<Enter>author<Tab><Tab>bea<Tab>x");
    assert_eq!(headers(&driver)[1], ("Authorization".into(), "Bearer x".into()));
}

#[test]
fn a_word_typed_whole_is_never_changed() {
    // All of these begin another one that is offered, or are like it but for case.
    for (name, next) in [("Accept", "<Tab>"), ("accept", "<Enter>"), ("Te", "<Tab>")] {
        let mut driver = in_headers();
        driver.keys(&format!("{name}{next}x"));
        assert_eq!(headers(&driver), [(name.into(), "x".into())], "{}", driver.screen());
    }
    for name in ["X-Req", "Content", "A", "Type", "X-Mine"] {
        let mut driver = in_headers();
        driver.keys(&format!("{name}<Enter>gz<Enter>"));
        assert_eq!(headers(&driver), [(name.into(), "gz".into())], "{}", driver.screen());
    }
    let mut driver = in_headers();
    driver.keys("Type<Tab>v");
    assert_eq!(headers(&driver), [("Type".into(), "v".into())], "what only holds it is not marked");
}

#[test]
fn the_popup_takes_no_key_but_its_own() {
    let mut driver = in_headers();
    driver.keys("cont<Esc>");
    assert!(driver.app.popup().is_none());
    assert_eq!(driver.app.shared.focus, Pane::Request, "Esc only closed it");
    driver.keys("ent");
    assert!(driver.app.popup().is_none(), "this word is left alone");
    driver.keys("<C-u>acc");
    assert!(driver.app.popup().is_some());
    driver.keys("<Left>");
    assert!(driver.app.popup().is_none(), "the cursor went elsewhere");
    driver.keys("<End>e<Backspace>");
    assert!(driver.app.popup().is_some());
    driver.keys("<C-w>acc<F5>");
    assert!(driver.app.popup().is_none());
    assert_eq!(headers(&driver)[0].0, "acc");
    driver.keys("<A-/>");
    assert!(driver.app.popup().is_some(), "asked for");
    driver.keys("<A-1>");
    assert!(driver.app.popup().is_none());
}

#[test]
fn what_can_stand_in_an_empty_cell_is_shown_when_asked_for() {
    let mut driver = in_headers();
    assert!(driver.app.popup().is_none(), "not by itself");
    driver.keys("<C-Space>");
    driver.assert_shows("Content-Type");
    driver.assert_shows("1 of ");
    driver.keys("<PgDn><PgDn><Up><Enter>");
    assert_eq!(headers(&driver).len(), 1, "{}", driver.screen());
    driver.keys("<C-l><C-u>x<A-/>");
    driver.assert_shows("nothing that is known can stand here");
    let mut driver = in_headers();
    driver.keys("<C-Space>");
    let first =
        driver.app.popup().and_then(|(popup, _)| popup.shown(8).next().map(|it| it.0.text.clone()));
    driver.keys("<Tab>");
    assert_eq!(headers(&driver), [(first.unwrap(), String::new())], "Tab takes what was asked for");
}

#[test]
fn names_come_with_their_values_and_secrets_are_masked() {
    let mut driver = composing();
    driver.keys("http://{{");
    driver.assert_shows("lab.test:81");
    driver.assert_shows("secret.token");
    driver.assert_shows("••••••••");
    assert!(!driver.shows("hunter2"), "{}", driver.screen());
    driver.keys("ho<Enter>/{{ secret.t<Tab>/{{i<Enter>");
    assert_eq!(http(&driver).url, "http://{{host}}/{{secret.token}}/{{id}}");
    assert!(driver.app.popup().is_none());
    // Braces that are closed already, as an editor of pairs leaves them.
    driver.keys("<C-u>a{{}}<Left><Left>hos");
    driver.keys("t_<Tab>b");
    assert_eq!(http(&driver).url, "a{{host_port}}b");
    // Typed whole: Enter sends.
    driver.keys("<C-u>http://{{host}}/");
    assert!(driver.app.popup().is_none());
    let (_, plan) = Driver::opened(&driver.keys("<Enter>"));
    assert_eq!(url(&plan), "http://lab.test/");
}

#[test]
fn names_are_offered_in_bodies_too_and_not_where_they_are_text() {
    let mut driver = composing();
    driver.keys("http://h/<A-Right><A-Right><A-Right><Down><Down><Space><Down>{\"a\": {{i");
    driver.assert_shows("{\"a\": {{i");
    assert!(driver.app.popup().is_some(), "{}", driver.screen());
    driver.keys("<Tab>}");
    let body = http(&driver).body.clone();
    assert!(format!("{body:?}").contains("{{id}}}"), "{body:?}");
    driver.keys("<Enter>{{!ho");
    assert!(driver.app.popup().is_none());
}

#[test]
fn the_input_line_of_a_conversation_offers_names() {
    let (mut driver, _) = talking(WIDE);
    let lab = Environment {
        name: "lab".into(),
        variables: [("user".to_owned(), "ann".to_owned())].into(),
        ..Environment::default()
    };
    let workspace = Workspace { environments: vec![lab], ..Workspace::default() };
    driver.send(Message::Store(Reply::Workspace(Box::new(workspace))));
    driver.app.shared.environment = Some("lab".into());
    driver.keys("iUSER {{");
    driver.assert_shows("ann");
    driver.keys("u<Enter>");
    driver.assert_shows("USER {{user}}");
    driver.keys(" \\{{u");
    assert!(driver.app.popup().is_none(), "a backslash makes text of them");
    driver.keys(" {{us<Up>");
    driver.assert_shows("{{us");
    driver.keys("<Esc>");
    assert!(driver.app.popup().is_none());
    driver.keys("<Esc>i");
    assert_eq!(driver.app.shared.focus, Pane::Response);
}

#[test]
fn methods_are_offered_and_any_word_can_be_one() {
    let mut driver = composing();
    driver.keys("h<S-Tab>");
    assert_eq!(driver.app.shared.drafts.current().at, FormFieldId::key("method"));
    driver.keys("<C-u>pa<Tab>");
    assert_eq!(http(&driver).method, "PATCH");
    driver.keys("<C-u>PURGE<Tab>");
    assert_eq!(http(&driver).method, "PURGE");
    driver.keys("<S-Tab><C-u>PRO<Enter>");
    assert_eq!(http(&driver).method, "PRO");
}

fn listing(names: &[(&str, bool)]) -> FolderListing {
    let entry = |(name, is_folder): &(&str, bool)| FolderEntry {
        name: (*name).into(),
        is_folder: *is_folder,
        size: (!is_folder).then_some(2048),
    };
    FolderListing { entries: names.iter().map(entry).collect(), is_cut: false }
}

/// The folder the store was asked for last.
fn asked(driver: &Driver) -> Option<String> {
    driver.store.jobs.iter().rev().find_map(|job| match job {
        Job::ListFolder { folder } => Some(folder.display().to_string()),
        _ => None,
    })
}

#[test]
fn paths_of_files_are_asked_of_the_store_and_walked_folder_by_folder() {
    let mut driver = composing();
    driver.app.shared.os.insert("HOME".into(), "/home/ann".into());
    driver.keys("http://h/<A-Right><A-Right><A-Right><Down><Down>");
    for _ in 0..6 {
        if http(&driver).body.kind() != "file" {
            driver.keys("<Space>");
        }
    }
    assert_eq!(http(&driver).body.kind(), "file");
    driver.keys("<Down>~/d");
    assert_eq!(asked(&driver).unwrap(), "/home/ann/");
    assert!(driver.app.popup().is_none(), "nobody waits for a disk");
    let told = |driver: &mut Driver, folder: &str, names: &[(&str, bool)]| {
        let reply = Reply::FolderListed { folder: folder.into(), listing: listing(names) };
        driver.send(Message::Store(reply));
    };
    told(&mut driver, "/home/ann/", &[(".data", true), ("data", true), ("draft.json", false)]);
    driver.assert_shows("data/");
    driver.assert_shows("2.0 KiB");
    assert!(!driver.shows(".data"));
    driver.keys("a<Tab>");
    assert_eq!(asked(&driver).unwrap(), "/home/ann/data/");
    told(&mut driver, "/home/ann/data/", &[("big file.json", false), ("other", false)]);
    driver.assert_shows("Tab take");
    driver.keys("<Tab>");
    let body = &http(&driver).body;
    assert!(format!("{body:?}").contains("~/data/big file.json"), "the first: {body:?}");
    assert!(driver.app.popup().is_none(), "{}", driver.screen());
    driver.keys("x<Backspace>/<End>");
    told(&mut driver, "/home/ann/data/big file.json/", &[("late", false)]);
    assert!(driver.app.popup().is_none(), "the cursor went elsewhere meanwhile");
    driver.keys("<Backspace>");
    let (_, plan) = Driver::opened(&driver.keys("<F5>"));
    assert!(format!("{plan:?}").contains("/home/ann/data/big file.json"));
}

#[test]
fn tab_goes_from_cell_to_cell_and_then_to_the_next_pane() {
    let mut driver = in_headers();
    driver.keys("Xa<Tab>1<Enter>Xb<Tab>2<S-Tab><S-Tab><S-Tab>");
    assert_eq!(headers(&driver), [("Xa".into(), "1".into()), ("Xb".into(), "2".into())]);
    assert_eq!(driver.app.shared.focus, Pane::History, "before the first cell is the pane before");
    driver.keys("<Tab><Tab>Xc<Tab>d");
    let row = ("Xc".into(), "d".into());
    assert_eq!(
        headers(&driver)[1],
        row,
        "in the row of the cursor, and what was there is replaced"
    );
    driver.keys("<S-Tab><Right>x<Tab><Left>y");
    assert_eq!(headers(&driver)[1], ("Xcx".into(), "yd".into()), "an arrow lets go of it");
    driver.keys("<Tab>");
    assert_eq!(driver.app.shared.focus, Pane::Response);
    let mut driver = composing();
    driver.keys("<Tab>");
    assert_eq!(driver.app.shared.focus, Pane::Response, "the address is the last of its line");
}

#[test]
fn a_click_takes_what_it_hits_and_the_wheel_moves() {
    let mut driver = in_headers();
    driver.keys("acc");
    driver.click("Accept-Language");
    assert_eq!(headers(&driver), [("Accept-Language".into(), String::new())]);
    assert_eq!(driver.app.shared.focus, Pane::Request);
}

#[test]
fn the_popup_stays_on_the_screen_at_every_size() {
    for size in [(20, 6), (44, 14), (80, 24), (120, 40), (200, 60)] {
        let mut driver = composing();
        driver.app.shared.size = size;
        driver.keys("http://h/?x=yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy{{");
        let screen = driver.screen();
        if let Some((_, area)) = driver.app.popup() {
            assert!(area.right() <= size.0 && area.bottom() <= size.1, "{size:?} {area:?}");
            assert!(size.0 < 44 || screen.contains("host_port"), "{screen}");
        }
    }
}

fn query(driver: &Driver) -> Vec<(String, String, bool)> {
    let rows = http(driver).query.iter();
    rows.map(|row| (row.name.clone(), row.value.clone(), row.enabled)).collect()
}

#[test]
fn lines_that_are_pasted_become_rows_and_any_other_text_stays_one() {
    let mut driver = in_headers();
    driver.paste("Accept: a\r\nX-Id: 1:2\n\n~X-Off: no\n");
    driver.assert_shows("3 rows pasted");
    let all = [("Accept", "a"), ("X-Id", "1:2"), ("X-Off", "no")];
    assert_eq!(headers(&driver), all.map(|(name, value)| (name.into(), value.into())));
    assert!(!http(&driver).headers[2].enabled);
    driver.keys("!");
    assert_eq!(headers(&driver)[2].1, "no!", "the cursor is in the last value");
    // Into a row that has something, and into a value, it is text.
    driver.paste("Y: 1\nZ: 2");
    assert_eq!(headers(&driver).len(), 3, "{}", driver.screen());
    // In the cell of the value of an empty row lines are rows, too, and one line is the value.
    let mut driver = in_headers();
    driver.keys("<Tab>");
    driver.paste("Accept: a\r\nX-Id: 1:2\n\n~X-Off: no\n");
    assert_eq!(headers(&driver), all.map(|(name, value)| (name.into(), value.into())));
    let mut driver = in_headers();
    driver.keys("<Tab>");
    driver.paste("Accept: a");
    assert_eq!(headers(&driver), [(String::new(), "Accept: a".to_owned())]);
    let mut driver = composing();
    driver.keys("http://h/<Down><Down>");
    driver.paste("http://x/y?a=1+2&b=%7B%7D&a=");
    let rows = [("a", "1 2"), ("b", "{}"), ("a", "")];
    assert_eq!(query(&driver), rows.map(|(name, value)| (name.into(), value.into(), true)));
    let (_, plan) = Driver::opened(&driver.keys("<F5>"));
    assert_eq!(url(&plan), "http://h/?a=1%202&b=%7B%7D&a=");
}

#[test]
fn what_is_typed_or_pasted_on_the_tab_of_a_list_is_a_row() {
    for (tabs, begins) in [("", "a"), ("<A-Right>", "Xa")] {
        let mut driver = composing();
        driver.keys(&format!("http://h/{tabs}<Down>{begins}<Tab>1"));
        let row = (begins.to_owned(), "1".to_owned());
        let rows = |driver: &Driver| match tabs {
            "" => query(driver).into_iter().map(|(name, value, _)| (name, value)).collect(),
            _ => headers(driver),
        };
        assert_eq!(rows(&driver), [row], "{}", driver.screen());
        let mut driver = composing();
        driver.keys(&format!("http://h/{tabs}<Down>"));
        driver.paste("X: 1\nY: 2");
        let two = [("X", "1"), ("Y", "2")].map(|(name, value)| (name.into(), value.into()));
        assert_eq!(rows(&driver), two, "{}", driver.screen());
    }
}

#[test]
fn a_line_that_is_no_row_spoils_no_paste_and_is_said() {
    for (text, rows, told) in [
        (
            "A: 1\nno colon here\nB: 2",
            "A=1 B=2",
            "left out: \u{201c}no colon here\u{201d} (no name with a value)",
        ),
        ("GET / HTTP/1.1\nHost: h\n\nA: 1", "Host=h", "left out: the request line, the body"),
        (
            "# of the day\nA: 1\n:authority: x\nB: 2;\n  c",
            "A=1 B=2; c",
            "left out: 1 pseudo header (made of the address), 1 comment",
        ),
        (
            "> GET / HTTP/1.1\n> A: 1\n> \n< HTTP/1.1 200 OK\n< B: 2",
            "A=1",
            "left out: the request line, 2 lines of another message",
        ),
    ] {
        let mut driver = in_headers();
        driver.paste(text);
        let taken = headers(&driver).into_iter().map(|(name, value)| format!("{name}={value}"));
        assert_eq!(taken.collect::<Vec<_>>().join(" "), rows, "{text}\n{}", driver.screen());
        let notice = driver.app.notice.as_ref().unwrap().text.clone();
        assert!(notice.contains(told), "{notice}");
        assert!(notice.ends_with("Alt+Z takes them back"), "{notice}");
        driver.keys("<A-z>");
        assert_eq!(headers(&driver), [], "in one step");
    }
    let mut form = composing();
    form.keys("http://h/<Down><Down>");
    form.paste("a=1\n# c\nb: 2\nodd");
    let rows = [("a", "1"), ("b", "2")];
    assert_eq!(query(&form), rows.map(|(name, value)| (name.into(), value.into(), true)));
    form.assert_shows("2 rows pasted; left out: 1 comment, \u{201c}odd\u{201d}");
}

#[test]
fn rows_are_moved_with_the_cursor_in_them() {
    let mut driver = in_headers();
    driver.paste("A: 1\nB: 2\nC: 3");
    driver.keys("<A-Up><A-Up>x");
    let names = |driver: &Driver| -> Vec<String> {
        http(driver).headers.iter().map(|row| format!("{}={}", row.name, row.value)).collect()
    };
    assert_eq!(names(&driver), ["C=3x", "A=1", "B=2"]);
    driver.keys("<A-Up>");
    driver.assert_shows("it is the first row");
    driver.keys("<A-Down>y<A-Down><A-Down>");
    assert_eq!(names(&driver), ["A=1", "B=2", "C=3xy"]);
    driver.assert_shows("it is the last row");
    driver.keys("<C-l><A-Up>");
    driver.assert_shows("this is no row of a list");
}

#[test]
fn a_kind_is_chosen_from_a_list() {
    let mut driver = composing();
    driver.keys("http://h/<A-Right><A-Right><A-Right><Down><Down><Enter>");
    driver.assert_shows("multipart");
    driver.assert_shows("escaped");
    driver.keys("mult<Enter>");
    assert_eq!(http(&driver).body.kind(), "multipart");
    driver.keys("<Enter><Esc>");
    assert_eq!(http(&driver).body.kind(), "multipart", "nothing was chosen");
}
