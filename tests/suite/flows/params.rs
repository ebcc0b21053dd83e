//! The query of a URL and the rows of Params are one thing, edited on either side; and what was done to
//! rows is taken back step by step.

use wirebench::app::focus::Pane;
use wirebench::app::form::{FormFieldId, FormTab, access};
use wirebench::compose::resolved_address;
use wirebench::model::field_id::FieldId;
use wirebench::model::http::HttpSpec;
use wirebench::model::spec::Spec;

use crate::harness::app::Driver;
use crate::harness::store::workspace;

const WIDE: (u16, u16) = (120, 40);

fn cell(list: &'static str, row: usize, key: &'static str) -> FormFieldId {
    FormFieldId::Field(FieldId::new(list).row(row).then(key))
}

fn in_url(row: usize, key: &'static str) -> FormFieldId {
    cell("url-query", row, key)
}

/// A request on its Params, the cursor on a field.
fn params(file: &str, at: FormFieldId) -> Driver {
    let mut driver = Driver::with(WIDE, workspace(&[("a", &format!("[http]\n{file}\n"))]));
    driver.keys("<Enter>");
    driver.app.shared.focus = Pane::Request;
    driver.app.shared.drafts.current_mut().tab = FormTab::Params;
    go(&mut driver, at);
    driver
}

fn go(driver: &mut Driver, at: FormFieldId) {
    driver.app.request.editor = None;
    driver.app.shared.drafts.current_mut().at = at;
    driver.keys("<End>");
}

fn url(driver: &Driver) -> String {
    driver.app.shared.drafts.current().spec.address().to_owned()
}

fn request(driver: &Driver) -> &HttpSpec {
    match &*driver.app.shared.drafts.current().spec {
        Spec::Http(spec) => spec,
        other => panic!("{other:?} is no request"),
    }
}

fn listed(driver: &Driver) -> Vec<String> {
    let rows = request(driver).query.iter();
    rows.map(|row| format!("{}{}={}", if row.enabled { "" } else { "~" }, row.name, row.value))
        .collect()
}

fn at(driver: &Driver) -> FormFieldId {
    driver.app.shared.drafts.current().at
}

fn sent(driver: &Driver) -> String {
    resolved_address(&driver.app.shared.drafts.current().spec, &driver.app.shared).unwrap()
}

const ODD: &str = "url = 'http://h/x?a=1%2B1&&flag&q=%zz+%ff&a=2#end'\nquery = ['x=y z']";

#[test]
fn a_row_of_params_is_a_piece_of_the_url_and_only_that_piece_is_written() {
    let mut driver = params(ODD, in_url(0, "value"));
    let screen = driver.screen();
    assert!(screen.contains("Params 5"), "four of the URL and one of the list: {screen}");
    driver.assert_shows("sent as 1%2B1");
    driver.assert_shows("y%20z");
    assert!(screen.contains("flag") && screen.contains("%zz %ff"), "{screen}");
    driver.keys("&é");
    assert_eq!(url(&driver), "http://h/x?a=1%2B1%26%C3%A9&&flag&q=%zz+%ff&a=2#end");
    assert_eq!(
        sent(&driver),
        "http://h/x?a=1%2B1%26%C3%A9&&flag&q=%zz+%ff&a=2&x=y%20z",
        "what is sent is what the lines say"
    );
    driver.keys("<A-z>");
    assert_eq!(url(&driver), "http://h/x?a=1%2B1&&flag&q=%zz+%ff&a=2#end", "to the byte");
    go(&mut driver, in_url(1, "value"));
    driver.keys("on");
    assert_eq!(url(&driver), "http://h/x?a=1%2B1&&flag=on&q=%zz+%ff&a=2#end");
    go(&mut driver, in_url(3, "name"));
    driver.keys("<Backspace>{{host}} =");
    assert!(url(&driver).ends_with("&{{host}}%20%3D=2#end"), "{}", url(&driver));
    assert_eq!(listed(&driver), ["x=y z"]);
}

#[test]
fn what_is_typed_in_the_url_is_seen_in_its_rows_at_once() {
    let mut driver = params("url = 'http://h/'", FormFieldId::Address);
    driver.keys("?name=J%C3%B6rg&b={{c}}&a");
    let spec = driver.app.shared.drafts.current().spec.clone();
    let text = |row, key| access::get(&spec, in_url(row, key));
    assert_eq!([text(0, "name"), text(0, "value")], ["name", "Jörg"]);
    assert_eq!([text(1, "value"), text(2, "name"), text(2, "value")], ["{{c}}", "a", ""]);
    driver.assert_shows("Jörg");
    driver.assert_shows("J%C3%B6rg");
    driver.keys("ö");
    driver.assert_shows("a%C3%B6");
    driver.keys("<Backspace>");
    driver.assert_shows("Params 3");
    driver.keys("<Backspace><Backspace>");
    driver.assert_shows("Params 2");
    // A letter at a time, and with nothing in between, a cell keeps the cursor.
    go(&mut driver, in_url(0, "name"));
    driver.keys("<Backspace><Backspace><Backspace><Backspace>");
    assert_eq!(url(&driver), "http://h/?=J%C3%B6rg&b={{c}}");
    driver.keys("who{{x");
    assert_eq!(url(&driver), "http://h/?who{{x=J%C3%B6rg&b={{c}}");
    driver.keys("}}");
    assert_eq!(at(&driver), in_url(0, "name"));
    assert_eq!(url(&driver), "http://h/?who{{x}}=J%C3%B6rg&b={{c}}");
    // A new row is one of the list, which is added behind.
    driver.keys("<Down><Down>new<Tab>1 2");
    assert_eq!(listed(&driver), ["new=1 2"]);
    driver.assert_shows("Params 3");
}

#[test]
fn a_row_of_the_url_that_is_switched_off_waits_in_the_list_and_finds_its_place_again() {
    let whole = "http://h/?a=1&b=%7e2&c=3#f";
    let mut driver = params(&format!("url = '{whole}'\nquery = ['z=1']"), in_url(1, "value"));
    driver.keys("<C-t>");
    assert_eq!(url(&driver), "http://h/?a=1&c=3#f");
    assert_eq!(listed(&driver), ["~b=~2", "z=1"]);
    assert_eq!(at(&driver), cell("query", 0, "value"), "the cursor goes along");
    driver.assert_shows("Params 3");
    go(&mut driver, in_url(0, "name"));
    driver.keys("<C-t>");
    assert_eq!(
        (url(&driver).as_str(), listed(&driver)),
        ("http://h/?c=3#f", vec!["~a=1".into(), "~b=~2".into(), "z=1".into()])
    );
    go(&mut driver, cell("query", 1, "off"));
    driver.keys("<C-t>");
    assert_eq!(url(&driver), "http://h/?c=3&b=%7e2#f", "its bytes, as far as there is its place");
    driver.keys("<A-z><A-z><A-z>");
    assert_eq!((url(&driver).as_str(), listed(&driver)), (whole, vec!["z=1".to_owned()]));
    driver.keys("<A-y><A-y><A-y>");
    assert_eq!(
        (url(&driver).as_str(), listed(&driver)),
        ("http://h/?c=3&b=%7e2#f", vec!["~a=1".into(), "z=1".into()])
    );
    // One that was always in the list stays there.
    go(&mut driver, cell("query", 1, "value"));
    driver.keys("<C-t><C-t>");
    assert_eq!(listed(&driver), ["~a=1", "z=1"]);
}

#[test]
fn a_row_that_only_equals_one_that_was_parked_stays_in_the_list() {
    let whole = "http://h/?a=1&b=2";
    for back in ["<C-t><A-z>", "<C-t><C-x>"] {
        let mut driver = params(&format!("url = '{whole}'\nquery = ['x=1']"), in_url(0, "value"));
        driver.keys(back);
        let now = url(&driver);
        let row = usize::from(!back.contains('z'));
        let at = cell("query", row.saturating_sub(1), "name");
        go(&mut driver, at);
        driver.keys("<C-u>a<C-t>");
        assert_eq!(listed(&driver), ["~a=1"], "{back}");
        driver.keys("<C-t>");
        assert_eq!((url(&driver), listed(&driver)), (now, vec!["a=1".to_owned()]), "{back}");
    }
}

#[test]
fn rows_of_the_url_are_deleted_copied_and_moved_and_all_of_it_is_taken_back() {
    let whole = "http://h/?a=%31&&b#f";
    let mut driver = params(&format!("url = '{whole}'"), in_url(0, "value"));
    driver.keys("<C-x>");
    assert_eq!(url(&driver), "http://h/?&b#f");
    driver.keys("<A-z>");
    assert_eq!(url(&driver), whole);
    go(&mut driver, in_url(1, "name"));
    driver.keys("<C-x>");
    assert_eq!(url(&driver), "http://h/?a=%31&#f");
    go(&mut driver, in_url(0, "value"));
    driver.keys("0");
    driver.app.request.editor = None;
    driver.keys("<A-z>");
    assert_eq!(url(&driver), "http://h/?a=%31&#f", "what was done last");
    driver.keys("<A-z>");
    assert_eq!(url(&driver), whole);
    go(&mut driver, in_url(0, "value"));
    driver.keys("0");
    go(&mut driver, in_url(0, "name"));
    driver.keys("<A-D>");
    assert_eq!(
        (url(&driver).as_str(), at(&driver)),
        ("http://h/?a=%310&&a=%310&b#f", in_url(1, "name"))
    );
    driver.keys("<A-Down>");
    assert_eq!(
        (url(&driver).as_str(), at(&driver)),
        ("http://h/?a=%310&&b&a=%310#f", in_url(2, "name"))
    );
    driver.keys("<A-Down>");
    driver.assert_shows("it is the last row");
    driver.keys("<A-z><A-z>");
    driver.assert_shows("the copy is taken back");
    assert_eq!(url(&driver), "http://h/?a=%310&&b#f");
    driver.keys("<A-y>");
    assert_eq!(url(&driver), "http://h/?a=%310&&a=%310&b#f");
}

#[test]
fn pasted_urls_and_curl_commands_have_the_same_rows() {
    let mut driver = Driver::bare(WIDE);
    for text in ["http://h/p?x=%2B1&y", "curl -G -d x=%2B1 -d y http://h/p"] {
        driver.keys("<C-n><C-l>");
        driver.paste(text);
        let spec = &driver.app.shared.drafts.current().spec;
        let text = |row, key| access::get(spec, in_url(row, key));
        let rows = [text(0, "name"), text(0, "value"), text(1, "name"), text(1, "value")];
        assert_eq!(rows, ["x", "+1", "y", ""], "{}", driver.screen());
        assert_eq!(sent(&driver), "http://h/p?x=%2B1&y");
    }
}

fn headers(driver: &Driver) -> Vec<String> {
    let rows = request(driver).headers.iter();
    rows.map(|row| format!("{}{}", if row.enabled { "" } else { "~" }, row.name)).collect()
}

#[test]
fn every_step_with_rows_is_taken_back_and_made_again_by_itself() {
    let mut driver = params("url = 'h'\nheaders = ['one: 1', 'two: 2']", FormFieldId::Address);
    driver.app.shared.drafts.current_mut().tab = FormTab::Headers;
    go(&mut driver, cell("headers", 2, "name"));
    let mut seen = vec![headers(&driver)];
    driver.paste("A: 1\nB: 2\n~C: 3\n");
    driver.assert_shows("3 rows pasted; Alt+Z takes them back");
    seen.push(headers(&driver));
    for keys in ["<A-Up>", "<A-D>", "<C-t>", "<C-x>", "<A-Up>"] {
        driver.app.request.editor = None;
        driver.keys(keys);
        seen.push(headers(&driver));
        assert_ne!(seen.last(), seen.get(seen.len() - 2), "{keys}");
    }
    for expected in seen.iter().rev().skip(1) {
        driver.app.request.editor = None;
        driver.keys("<A-z>");
        assert_eq!(headers(&driver), *expected, "{}", driver.screen());
    }
    driver.assert_shows("the paste is taken back; Alt+Y makes it again");
    driver.keys("<A-z>");
    driver.assert_shows("nothing to undo here");
    for expected in seen.iter().skip(1) {
        driver.keys("<A-y>");
        assert_eq!(headers(&driver), *expected);
    }
    driver.keys("<A-y>");
    driver.assert_shows("nothing to make again here");
    // A new step ends what could be made again.
    driver.keys("<A-z>");
    go(&mut driver, cell("headers", 0, "off"));
    driver.keys("<Space><A-y>");
    driver.assert_shows("nothing to make again here");
    driver.keys("<A-z>");
    assert_eq!(headers(&driver)[0], "one");
}

const MOCK: &str = "[http-listener]\nbind='127.0.0.1:0'\n\
    [[http-listener.rule]]\npath='/one'\nbody.text='first'\n";

#[test]
fn lines_of_headers_are_pasted_into_an_answer_and_a_rule_says_where() {
    let mut driver = Driver::with(WIDE, workspace(&[("mock", MOCK)]));
    driver.keys("<Enter>");
    driver.app.shared.focus = Pane::Request;
    driver.app.shared.drafts.current_mut().tab = FormTab::Answers;
    let headers = FieldId::new("rule").row(0).then("headers");
    go(&mut driver, FormFieldId::Field(headers.row(0).then("name")));
    driver.paste("X-A: 1\r\nX-B: 2\r\n");
    let spec = driver.app.shared.drafts.current().spec.clone();
    assert_eq!(access::len(&spec, headers), 2, "{}", driver.screen());
    assert_eq!(access::get(&spec, FormFieldId::Field(headers.row(1).then("value"))), "2");
    driver.app.request.editor = None;
    driver.keys("<A-z>");
    assert_eq!(access::len(&driver.app.shared.drafts.current().spec, headers), 0);
    go(&mut driver, cell("rule", 0, "path"));
    driver.paste("X-A: 1\nX-B: 2\n");
    driver.assert_shows("lines of headers go into the rows of headers");
    let spec = &driver.app.shared.drafts.current().spec;
    assert_eq!(access::get(spec, cell("rule", 0, "path")), "/one", "nothing was typed into it");
}
