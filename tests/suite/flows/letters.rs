//! A letter is never a command inside the request form, whatever the cursor is on; and no window
//! lets a key through to what lies below it.

use std::collections::{BTreeMap, BTreeSet};

use wirebench::app::action::TABLE;
use wirebench::app::editor::TEXT_KEYS;
use wirebench::app::effect::Effect;
use wirebench::app::focus::Pane;
use wirebench::app::form::rows::rows;
use wirebench::app::form::{FieldKind, FormField, FormFieldId, FormTab, access, tabs};
use wirebench::app::keymap::Context;
use wirebench::app::message::{Input, Message};
use wirebench::app::themes::ThemeChoice;
use wirebench::model::field_access::assign;
use wirebench::model::http::HttpSpec;
use wirebench::model::key::Key;
use wirebench::model::spec::Spec;

use crate::harness::app::Driver;

const WIDE: (u16, u16) = (120, 40);

/// What each field of the form holds, by its place.
type Texts = BTreeMap<String, String>;

fn texts(spec: &Spec) -> Texts {
    let lines = tabs(spec).into_iter().flat_map(|tab| rows(spec, tab));
    let fields = lines.flat_map(|line| line.fields);
    fields.map(|field| (name(field.id), access::get(spec, field.id))).collect()
}

fn name(id: FormFieldId) -> String {
    match id {
        FormFieldId::Field(id) => id.to_string(),
        other => format!("{other:?}"),
    }
}

/// Everything a command could change that is not in the form.
fn around(
    driver: &Driver,
) -> (Pane, bool, Option<ThemeChoice>, Option<String>, usize, FormTab, usize) {
    let shared = &driver.app.shared;
    let tab = shared.drafts.current().tab;
    let (drafts, windows) = (shared.drafts.iter().count(), driver.app.overlays.len());
    (
        shared.focus,
        shared.zoom,
        shared.themes.chosen().cloned(),
        shared.environment.clone(),
        drafts,
        tab,
        windows,
    )
}

/// Specs of every protocol and side, with a row in each of their lists and every alternative that
/// has fields of its own.
fn specs() -> Vec<Spec> {
    let mut all = Vec::new();
    for spec in Spec::kinds() {
        let mut full = spec.clone();
        access::add(&mut full, FormFieldId::Tabs);
        for path in ["headers", "query"] {
            drop(assign(full.options_mut(), path, "a: b"));
        }
        drop(assign(full.options_mut(), "url", "http://h/?a=1&&b#f"));
        for (path, value) in [
            ("body", "form"),
            ("body", "multipart"),
            ("body", "json"),
            ("auth", "basic"),
            ("auth", "bearer"),
            ("step.1.send", "a"),
        ] {
            let mut other = full.clone();
            if assign(other.options_mut(), path, value).is_ok() && other != full {
                all.push(other);
            }
        }
        all.extend([spec, full]);
    }
    all
}

fn fields(spec: &Spec, tab: FormTab) -> Vec<FormField> {
    rows(spec, tab).into_iter().flat_map(|line| line.fields).collect()
}

fn request(driver: &Driver) -> &HttpSpec {
    let Spec::Http(http) = &*driver.app.shared.drafts.current().spec else { panic!("no request") };
    http
}

/// The headers of the request on screen.
fn headers(driver: &Driver) -> Vec<String> {
    request(driver).headers.iter().map(|row| format!("{}: {}", row.name, row.value)).collect()
}

/// The row of a list a field is in, by its path.
fn row(name: &str) -> Option<&str> {
    let ends = name.match_indices('.').map(|(at, _)| at).chain([name.len()]);
    let is_number = |part: &str| part.starts_with(|c: char| c.is_ascii_digit());
    let last = |end: &usize| name[..*end].rsplit('.').next().is_some_and(is_number);
    ends.rev().find(last).map(|end| &name[..end])
}

#[test]
fn no_printable_key_is_a_command_on_any_cell_of_any_form() {
    let mut seen = BTreeSet::new();
    for spec in specs() {
        let mut driver = Driver::bare(WIDE);
        for tab in tabs(&spec) {
            for field in fields(&spec, tab) {
                let cell = format!("{} {}", spec.badge(), name(field.id));
                let is_text =
                    matches!(field.kind, FieldKind::Line | FieldKind::Area | FieldKind::Secret);
                if !is_text && seen.insert(cell) {
                    presses(&mut driver, &spec, tab, &field);
                }
            }
        }
    }
    assert!(seen.len() > 40, "{}", seen.len());
}

#[test]
fn every_key_of_the_form_ends_on_every_field_of_every_protocol() {
    let of_form = TABLE.iter().flat_map(|row| row.keys);
    let of_form = of_form.filter(|(context, _)| [Context::Form, Context::Cell].contains(context));
    let runs = of_form.map(|(_, keys)| *keys).chain(TEXT_KEYS.iter().map(|(keys, _)| *keys));
    let mut keys: Vec<Key> = runs.flat_map(|run| Key::parse_run(run).unwrap()).collect();
    keys.extend(Key::parse_run("<C-S-Left><C-S-Right><S-Home><S-End>&=%{").unwrap());
    let mut seen = BTreeSet::new();
    for spec in specs() {
        for tab in tabs(&spec) {
            let fields = fields(&spec, tab).into_iter();
            for field in
                fields.filter(|field| seen.insert((spec.badge().to_owned(), name(field.id))))
            {
                let mut driver = Driver::bare(WIDE);
                for key in &keys {
                    driver.app.overlays.clear();
                    driver.app.request.editor = None;
                    driver.app.shared.focus = Pane::Request;
                    let draft = driver.app.shared.drafts.current_mut();
                    draft.spec = spec.clone().into();
                    (draft.tab, draft.at) = (tab, field.id);
                    driver.send(Message::Input(Input::Key(*key)));
                }
                assert!(!driver.screen().is_empty());
            }
        }
    }
    assert!(seen.len() > 100, "{}", seen.len());
}

/// Presses every printable key on a cell that is no text.
fn presses(driver: &mut Driver, spec: &Spec, tab: FormTab, field: &FormField) {
    let before = texts(spec);
    // Space switches what has states, and is what starts the row of a button: a key of its own.
    for letter in '!'..='~' {
        let draft = driver.app.shared.drafts.current_mut();
        draft.spec = spec.clone().into();
        (draft.tab, draft.at) = (tab, field.id);
        driver.app.request.editor = None;
        driver.app.shared.focus = Pane::Request;
        let around_it = around(driver);
        driver.keys(&if letter == '<' { "<lt>".to_owned() } else { letter.to_string() });
        let place = || format!("{letter:?} on {field:?}\n{}", driver.screen());
        assert_eq!(around(driver), around_it, "{}", place());
        let draft = driver.app.shared.drafts.current();
        assert_eq!(draft.spec.protocol(), spec.protocol(), "{}", place());
        let (cell, at) = (name(field.id), name(draft.at));
        let changed: Vec<(String, String)> = texts(&draft.spec)
            .into_iter()
            .filter(|(id, text)| before.get(id) != Some(text))
            .collect();
        let is_refused = driver.app.request.refused.is_some();
        let text = access::get(&draft.spec, draft.at);
        let written = driver.app.request.editor.as_ref().map(|(_, editor)| editor.text());
        let is_written = written.is_some_and(|written| written.ends_with(letter));
        let is_taken = is_refused || is_written || text.ends_with(letter);
        let lists = [FormTab::Params, FormTab::Headers, FormTab::Expect, FormTab::Capture];
        let is_list = lists.contains(&tab);
        if matches!(field.id, FormFieldId::Add(_)) {
            // What the first cell of the row cannot be is refused there, and stays seen.
            assert!(is_taken, "{text}: {}", place());
        } else if is_list && field.id == FormFieldId::Tabs {
            // On the tab of a list a row begins, as in the one that is not there yet.
            assert!(at.rsplit('.').next() == Some("name") && is_taken, "{text}: {}", place());
        } else if row(&cell).is_some() {
            assert_eq!(row(&cell), row(&at), "{}", place());
            // A bracket is closed where a body begins.
            let is_begun = at.starts_with(&format!("{cell}.")) && text.contains(letter);
            assert!(is_taken || is_begun, "{text}: {}", place());
            // A row that was empty is one with all its cells now, and one more follows it.
            let may = |(id, _): &(String, String)| {
                // What is typed at the kind of a body begins one.
                *id == at
                    || *id == cell && at.starts_with(&format!("{cell}."))
                    || id == "Address" && at.starts_with("url-query")
                    || !before.contains_key(id)
                    || row(id) == row(&at) && before[id].is_empty()
            };
            assert!(changed.iter().all(may), "{changed:?}: {}", place());
        } else if is_kind(&spec_of(driver), tab, field.id) {
            // The kind that begins with it, or the body does.
            let draft = driver.app.shared.drafts.current();
            let begins = |(id, text): &(String, String)| {
                if *id == name(draft.at) {
                    text.starts_with(letter.to_ascii_lowercase()) || text.starts_with(letter)
                } else {
                    !before.contains_key(id) || *id == "body"
                }
            };
            assert!(changed.iter().all(begins), "{changed:?}: {}", place());
        } else {
            assert_eq!(changed, [], "{}", place());
        }
    }
}

fn spec_of(driver: &Driver) -> Spec {
    (*driver.app.shared.drafts.current().spec).clone()
}

/// Whether a field is the kind of body or credentials, or the tabs above it.
fn is_kind(spec: &Spec, tab: FormTab, id: FormFieldId) -> bool {
    let below = fields(spec, tab).into_iter().skip_while(|field| field.id != FormFieldId::Tabs);
    let first = below.skip(1).map(|field| field.id).next();
    [FormTab::Auth, FormTab::Body].contains(&tab) && (id == FormFieldId::Tabs || Some(id) == first)
}

#[test]
fn a_letter_chooses_the_kind_of_body_and_credentials_and_another_sign_begins_the_body() {
    let texts = |driver: &Driver| {
        let spec = spec_of(driver);
        let text = |path| access::get(&spec, FormFieldId::key(path));
        (text("body"), access::body_text(&spec).map(|body| access::get(&spec, body)))
    };
    let tab = |tab: FormTab, at: FormFieldId| {
        let mut driver = Driver::bare(WIDE);
        driver.keys("<C-l>http://h/");
        let draft = driver.app.shared.drafts.current_mut();
        (draft.tab, draft.at) = (tab, at);
        driver.app.request.editor = None;
        driver
    };
    for at in [FormFieldId::Tabs, FormFieldId::key("body")] {
        let mut driver = tab(FormTab::Body, at);
        driver.keys("{\"a\":1");
        assert_eq!(texts(&driver), ("json".into(), Some("{\"a\":1}".into())));
        let mut driver = tab(FormTab::Body, at);
        driver.keys("5");
        assert_eq!(texts(&driver), ("text".into(), Some("5".into())));
        driver.keys("6");
        assert_eq!(texts(&driver), ("text".into(), Some("56".into())));
        for word in ["hello world", "null", "true", "just"] {
            let mut driver = tab(FormTab::Body, at);
            driver.keys(word);
            assert_eq!(texts(&driver), ("text".into(), Some(word.into())));
            // The body that is composed is gone on with.
            driver.app.shared.drafts.current_mut().at = at;
            driver.app.request.editor = None;
            driver.keys("!");
            assert_eq!(texts(&driver), ("text".into(), Some(format!("{word}!"))));
        }
        let mut driver = tab(FormTab::Body, at);
        driver.paste("[1,\n 2]");
        assert_eq!(texts(&driver), ("json".into(), Some("[1,\n 2]".into())));
    }
    let mut driver = tab(FormTab::Auth, FormFieldId::Tabs);
    driver.keys("bb<Down>t0ken");
    driver.assert_shows("\u{2039}bearer\u{203a}");
    assert!(format!("{:?}", spec_of(&driver)).contains("t0ken"));
}

#[test]
fn what_is_pasted_outside_text_is_composed_in_a_draft_of_its_own_if_it_is_an_address_or_curl() {
    for pane in [Pane::Presets, Pane::History, Pane::Response] {
        let mut driver = Driver::starter(WIDE);
        driver.app.shared.focus = pane;
        let before = spec_of(&driver);
        for text in ["some text\nof two lines http://h/", "12", "a:b", "curl 'http://x"] {
            let drafts = driver.app.shared.drafts.iter().count();
            driver.paste(text);
            assert_eq!(spec_of(&driver), before, "{pane:?} {text}");
            assert_eq!(driver.app.shared.drafts.iter().count(), drafts, "{pane:?} {text}");
        }
        driver.paste("https://h.example/a?b=c\n");
        assert_eq!(driver.app.shared.drafts.current().spec.address(), "https://h.example/a?b=c");
        assert_eq!(driver.app.shared.focus, Pane::Request);
        driver.app.shared.focus = pane;
        driver.paste("curl -X PUT http://h/x");
        assert_eq!(driver.app.shared.drafts.current().spec.address(), "http://h/x", "{pane:?}");
        let opened = driver.effects.iter().any(|it| matches!(it, Effect::Engine(_)));
        assert!(!opened, "nothing is sent");
    }
}

#[test]
fn a_letter_on_the_plus_begins_the_row_and_on_a_check_box_goes_into_the_name() {
    let mut driver = Driver::bare(WIDE);
    driver.keys("<C-l>http://h/<A-Right>");
    let on = |driver: &mut Driver, field: &str| {
        let spec = driver.app.shared.drafts.current().spec.clone();
        let all = fields(&spec, FormTab::Headers);
        let id = all.iter().map(|field| field.id).find(|id| name(*id) == field).unwrap();
        driver.app.shared.drafts.current_mut().at = id;
        driver.app.request.editor = None;
    };
    on(&mut driver, "headers.1.off");
    driver.keys("Accept<Enter>text/html");
    assert_eq!(headers(&driver), ["Accept: text/html"]);
    on(&mut driver, "headers.1.off");
    driver.keys("-Language");
    assert_eq!(headers(&driver), ["Accept-Language: text/html"]);
    on(&mut driver, "headers.2.off");
    driver.keys("X");
    assert_eq!(headers(&driver), ["Accept-Language: text/html", "X: "]);
}

#[test]
fn a_row_that_was_deleted_comes_back_where_it_was_and_nothing_else_changes() {
    let mut driver = Driver::bare(WIDE);
    driver.keys("<C-l>http://h/<A-Right><Down><Down>one<Down>two<Down>three<Up><Up>");
    assert_eq!(headers(&driver), ["one: ", "two: ", "three: "], "{}", driver.screen());
    let whole = driver.app.shared.drafts.current().spec.clone();
    driver.keys("<C-x>");
    driver.assert_shows("row deleted; Alt+Z brings it back");
    driver.keys("<C-x><C-x>");
    assert_eq!(headers(&driver), Vec::<String>::new());
    driver.keys("<C-l><End>x<A-z>");
    assert_eq!(driver.app.shared.drafts.current().spec.address(), "http://h/", "first the typing");
    driver.keys("<A-Right><A-Right><Down><A-z>");
    assert_eq!(headers(&driver), ["three: "], "{}", driver.screen());
    assert_eq!(driver.app.shared.drafts.current().tab, FormTab::Headers, "where it is seen");
    driver.keys("<C-l><End>y<Down><Down><C-x><A-z>");
    assert_eq!(headers(&driver), ["three: "], "{}", driver.screen());
    driver.keys("<A-z>");
    assert_eq!(driver.app.shared.drafts.current().at, FormFieldId::Address);
    driver.keys("<A-z><A-z>");
    assert_eq!(driver.app.shared.drafts.current().spec, whole);
}

#[test]
fn what_was_typed_and_done_to_rows_is_one_history_in_order() {
    let mut driver = Driver::bare(WIDE);
    driver.keys(
        "<C-l>http://h/<A-Right><Down><Down>one<Tab>1<Enter>two<Tab>a b<A-Up><C-t><Down><C-x>",
    );
    assert_eq!(headers(&driver), ["two: a b"], "{}", driver.screen());
    driver.keys("<A-Right><Down>b");
    let mut seen = vec![driver.app.shared.drafts.current().spec.clone()];
    while !driver.shows("nothing to undo here") {
        driver.keys("<A-z>");
        seen.push(driver.app.shared.drafts.current().spec.clone());
        assert!(seen.len() < 40, "{}", driver.screen());
    }
    let bare = Driver::bare(WIDE);
    assert_eq!(seen.last(), Some(&bare.app.shared.drafts.current().spec), "all of it");
    let texts: Vec<String> = seen.iter().map(|spec| format!("{spec:?}")).collect();
    for text in ["\"two\"", "a b", "\"one\"", "http://h/"] {
        assert!(texts.iter().any(|seen| !seen.contains(text)), "{text} is a step of its own");
    }
    // The same way back.
    seen.dedup();
    for spec in seen.iter().rev().skip(1) {
        driver.keys("<A-y>");
        assert_eq!(driver.app.shared.drafts.current().spec, *spec, "{}", driver.screen());
    }
    driver.keys("<A-y>");
    driver.assert_shows("nothing to make again here");
}

#[test]
fn a_kind_that_was_chosen_and_a_text_that_was_not_taken_are_taken_back_too() {
    let mut driver = Driver::bare(WIDE);
    driver.keys("<C-l>http://h/<A-Right><A-Right><A-Right><Down>{\"a\":1");
    let body = |driver: &Driver| format!("{:?}", request(driver).body);
    let written = body(&driver);
    driver.app.shared.drafts.current_mut().at = FormFieldId::key("body");
    driver.app.request.editor = None;
    driver.keys("<Space><Space>");
    assert_ne!(body(&driver), written);
    driver.keys("<A-z>");
    assert_eq!(body(&driver), written, "with its text: {}", driver.screen());
    let mut driver = Driver::bare(WIDE);
    let draft = driver.app.shared.drafts.current_mut();
    (draft.tab, draft.at) = (FormTab::Options, FormFieldId::key("timeout"));
    driver.app.shared.focus = Pane::Request;
    driver.keys("<Home>1x");
    assert!(driver.app.request.refused.is_some());
    driver.keys("<A-z>");
    assert!(driver.app.request.refused.is_none());
    driver.assert_shows(" 130s ");
    driver.keys("<A-z>");
    driver.assert_shows(" 30s ");
}

#[test]
fn rules_and_steps_come_back_too_and_a_selection_is_cut_instead_of_the_row() {
    for spec in specs() {
        for tab in tabs(&spec) {
            let all = fields(&spec, tab);
            let rows = all.iter().filter(|field| row(&name(field.id)).is_some());
            for field in rows {
                let mut driver = Driver::bare(WIDE);
                let draft = driver.app.shared.drafts.current_mut();
                draft.spec = spec.clone().into();
                (draft.tab, draft.at) = (tab, field.id);
                driver.app.shared.focus = Pane::Request;
                driver.keys("<C-x>");
                if driver.app.shared.drafts.current().spec != spec {
                    driver.keys("<A-z>");
                }
                let now = &driver.app.shared.drafts.current().spec;
                assert_eq!(*now, spec, "{field:?}");
            }
        }
    }
    let mut driver = Driver::bare(WIDE);
    driver.keys("<C-l>http://h/<A-Right><Down><Down>Accept<S-Left><S-Left><C-x>");
    assert_eq!(headers(&driver), ["Acce: "]);
}

#[test]
fn a_method_typed_into_the_address_is_saved_as_the_method() {
    let mut driver = Driver::starter(WIDE);
    driver.keys("<C-n>put localhost:1/obj<C-s>");
    for _ in 0..20 {
        driver.keys("<Backspace>");
    }
    driver.keys("it<Enter>");
    let draft = driver.app.shared.drafts.current();
    assert_eq!(draft.preset.as_ref().map(ToString::to_string).as_deref(), Some("it"));
    assert_eq!(access::get(&draft.spec, FormFieldId::key("method")), "PUT");
    assert_eq!(draft.spec.address(), "localhost:1/obj");
}

#[test]
fn text_typed_where_none_is_goes_nowhere_else_and_answers_no_question() {
    for pane in [Pane::Presets, Pane::History, Pane::Response, Pane::Traffic] {
        let mut driver = Driver::starter(WIDE);
        driver.keys("<Enter>");
        let before = spec_of(&driver);
        driver.app.shared.focus = pane;
        driver.keys("a");
        driver.assert_shows("a does nothing here: F1 shows the keys");
        assert_eq!((driver.app.shared.focus, spec_of(&driver)), (pane, before), "{pane:?}");
    }
    let mut driver = Driver::starter(WIDE);
    let presets = driver.app.shared.workspace.presets.len();
    driver.keys("<Down>d");
    driver.assert_shows("Delete tutorial/");
    driver.keys("isplay");
    assert!(!driver.app.overlays.is_empty(), "what is no answer answers nothing");
    driver.assert_shows("typed: isplay");
    driver.keys("<Esc>");
    assert!(driver.app.overlays.is_empty());
    assert_eq!(driver.app.shared.workspace.presets.len(), presets);
}

#[test]
fn a_letter_that_takes_a_kind_away_says_so_and_is_taken_back() {
    let mut driver = Driver::bare(WIDE);
    driver.keys("<C-l>http://h/<A-Right><A-Right><Down>bb<Down>t0ken<Up><Up>n");
    driver.assert_shows("bearer became none; Alt+Z takes it back");
    driver.keys("<A-z>");
    assert!(format!("{:?}", spec_of(&driver)).contains("t0ken"), "{}", driver.screen());
}
