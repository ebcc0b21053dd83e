//! Secrets by their names: masked where names show values; typed in place they offer to move, once.

use std::collections::BTreeMap;

use wirebench::app::Startup;
use wirebench::app::message::{Message, Timer};
use wirebench::app::overlay::Overlay;
use wirebench::model::preset::PresetPath;
use wirebench::store::job::{Reply, Workspace};
use wirebench::store::preset;

use super::environments::{SIZE, map, two};
use crate::harness::app::{Driver, NOON};
use crate::harness::store::workspace;

const USES: &str = "[http]\nurl = \"http://h/x?a={{env.API_TOKEN}}&b={{password}}\"\n\
                    headers = [\"X-Trace: {{env.API_TOKEN}}\"]\n";

/// With a token of the system, and a password among the plain variables.
fn driver(text: &str, size: (u16, u16)) -> Driver {
    let os: BTreeMap<String, String> = map(&[("API_TOKEN", "canary-os"), ("HOST", "h.example")]);
    let mut driver = Driver::starting(Startup { size, now: NOON, os, ..Startup::default() });
    let mut found = Workspace { environments: two().environments, ..workspace(&[("p", text)]) };
    found.environments[0].variables.insert("password".into(), "canary-plain".into());
    found.environments[1].variables.insert("password".into(), "canary-other".into());
    driver.app.begin();
    driver.store.environments =
        found.environments.iter().map(|it| (it.name.clone(), it.clone())).collect();
    driver.send(Message::Store(Reply::Workspace(Box::new(found))));
    driver.send(Message::Store(Reply::Restored(None)));
    driver
}

#[test]
fn what_is_a_secret_by_its_name_is_masked_wherever_names_show_values() {
    for size in [(80, 24), (160, 48)] {
        let mut driver = driver(USES, size);
        driver.keys("<Enter>");
        let is_hidden = |driver: &Driver, place: &str| {
            let screen = driver.screen();
            assert!(!screen.contains("canary"), "{place}: {screen}");
        };
        is_hidden(&driver, "the resolved address");
        driver.keys("<C-l><End>{{");
        is_hidden(&driver, "completion");
        driver.keys("<C-u>http://{{env.");
        assert!(driver.shows("env.API_TOKEN"), "{}", driver.screen());
        is_hidden(&driver, "completion");
        driver.keys("<Esc><A-E>");
        assert!(driver.shows("password") && driver.shows("********"), "{}", driver.screen());
        is_hidden(&driver, "the window");
        driver.keys("=");
        is_hidden(&driver, "two compared");
        driver.keys("<Esc>gjj");
        assert!(driver.shows("{{password}}"), "{}", driver.screen());
        driver.keys("<Enter>");
        is_hidden(&driver, "the form");
        assert!(driver.shows("which git may keep"), "{}", driver.screen());
        driver.keys("<Esc>s");
        assert!(driver.shows("canary-plain"), "it is asked for: {}", driver.screen());
    }
    let mut driver = driver(USES, (160, 48));
    driver.keys("<Enter><A-E>");
    assert!(
        driver.shows("env.API_TOKEN") && driver.shows("operating system"),
        "{}",
        driver.screen()
    );
    driver.keys("<Esc><A-c>");
    assert!(!driver.screen().contains("canary"), "code: {}", driver.screen());
    driver.keys("<Esc>");
    driver.keys("<F5>");
    assert_eq!(driver.store.history.len(), 1, "{}", driver.screen());
    assert!(!format!("{:?}", driver.store.history).contains("canary"));
    assert!(!driver.screen().contains("canary"), "history: {}", driver.screen());
}

const TYPED: &str = "[http]\nmethod = \"POST\"\nurl = \"http://h/x?api_key=canary-1&a=b\"\n\
    query = [\"access_token=canary-2\", \"token={{secret.token}}\"]\n\
    body.json = '{\"user\": \"ann\", \"password\": \"canary-3\", \"in\": {\"client_secret\": \"canary-4\"}}'\n";

fn kept(driver: &Driver) -> String {
    let (kept, _) = &driver.store.presets[&PresetPath::parse("p").unwrap()];
    preset::write(kept, None)
}

#[test]
fn a_credential_typed_in_a_query_is_in_no_list() {
    let mut driver = Driver::with(SIZE, workspace(&[]));
    driver.keys("<C-l>http://h/?api_key=canary-1<F5>");
    driver.keys("<C-n>");
    let screen = driver.screen();
    assert!(screen.contains("api_key=") && !screen.contains("canary"), "{screen}");
}

/// What the window asks, in one line.
fn words(driver: &Driver) -> String {
    let Some(Overlay::Confirm(asked)) = driver.app.overlays.last() else { return String::new() };
    asked.question.text.clone()
}

/// The preset changed and about to be saved.
fn saved(text: &str) -> Driver {
    let found = Workspace { environments: two().environments, ..workspace(&[("p", text)]) };
    let mut driver = Driver::with(SIZE, found);
    driver.keys("<Enter><C-l><End>&c=d<C-s>");
    driver
}

#[test]
fn credentials_of_query_and_body_move_together_on_one_answer() {
    let mut driver = saved(TYPED);
    let asked = words(&driver);
    for place in ["4 credentials", "api_key in the query", "password in the body"] {
        assert!(asked.contains(place), "{place}: {asked}");
    }
    driver.keys("y");
    assert!(driver.app.overlays.is_empty(), "one question: {}", driver.screen());
    let secrets = &driver.store.environments["lab"].secrets;
    assert_eq!(secrets["api_key"], "canary-1");
    assert_eq!(secrets["access_token"], "canary-2");
    assert_eq!(secrets["password"], "canary-3");
    assert_eq!(secrets["client_secret"], "canary-4");
    let text = kept(&driver);
    assert!(!text.contains("canary"), "{text}");
    for part in [
        "?api_key={{secret.api_key}}&a=b",
        "access_token={{secret.access_token}}",
        "token={{secret.token}}",
        "\"password\": \"{{secret.password}}\"",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let (_, plan) = Driver::opened(&driver.keys("<F5>"));
    let plan = format!("{plan:?}");
    assert!(plan.contains("api_key=canary-1") && plan.contains("canary-4"), "{plan}");
}

#[test]
fn a_value_that_json_spells_otherwise_stays_and_is_said() {
    let text = "[http]\nmethod = \"POST\"\nurl = \"http://h/\"\nbody.json = '{\"password\": \"cana\\\"ry\"}'\n";
    let driver = saved(text);
    assert!(driver.app.overlays.is_empty(), "a name would be refused there: {}", driver.screen());
    let said = driver.app.notice.as_ref().map(|notice| notice.text.clone()).unwrap();
    assert!(said.contains("its file holds a credential"), "{said}");
}

#[test]
fn credentials_of_a_form_are_offered_and_those_that_are_names_are_not() {
    let form = |value: &str| {
        format!(
            "[http]\nmethod = \"POST\"\nurl = \"http://h/\"\nbody.form = [\"grant=x\", \"client_secret={value}\"]\n"
        )
    };
    let mut driver = saved(&form("canary-1"));
    assert!(words(&driver).contains("client_secret in the form"), "{}", driver.screen());
    driver.keys("y");
    assert_eq!(driver.store.environments["lab"].secrets["client_secret"], "canary-1");
    assert!(kept(&driver).contains("client_secret={{secret.client_secret}}"), "{}", kept(&driver));
    for value in ["{{secret.x}}", "{{plain}}", ""] {
        let driver = saved(&form(value));
        assert!(driver.app.overlays.is_empty(), "{value}: {}", driver.screen());
    }
}

#[test]
fn an_answer_to_keep_it_outlives_the_run_until_the_value_changes() {
    let text = "[http]\nurl = \"http://h/x?api_key=canary-1\"\n";
    let mut driver = saved(text);
    driver.keys("n");
    assert!(driver.app.overlays.is_empty() && driver.shows("saved p"), "{}", driver.screen());
    driver.send(Message::Timer(Timer::Restore));
    let kept_state = driver.store.restore.clone().unwrap();
    assert!(!format!("{kept_state:?}").contains("kept_in_place: []"), "{kept_state:?}");
    assert!(!kept(&driver).contains("kept"), "not in the preset: {}", kept(&driver));
    // Another run, with what this one left.
    let found =
        Workspace { environments: two().environments, ..workspace(&[("p", &kept(&driver))]) };
    let mut next = Driver::new(SIZE, NOON);
    for stored in &found.presets {
        let content = stored.content.clone().unwrap();
        next.store.presets.insert(stored.path.clone(), (content, stored.fingerprint));
    }
    next.app.begin();
    next.send(Message::Store(Reply::Workspace(Box::new(found))));
    next.send(Message::Store(Reply::Restored(Some(Box::new(kept_state)))));
    next.keys("<C-l><End>&e=f<C-s>");
    assert!(next.app.overlays.is_empty() && next.shows("saved p"), "{}", next.screen());
    next.keys("<C-l><End>&api_key=canary-2<C-s>");
    assert!(!next.app.overlays.is_empty(), "another value: {}", next.screen());
}
