//! The window of environments: what holds and where it comes from, writing, secrets, names that are
//! unknown, what differs.

use std::collections::{BTreeMap, BTreeSet};

use wirebench::app::effect::Effect;
use wirebench::app::keymap::Override;
use wirebench::app::message::{Input, Message, Timer};
use wirebench::app::overlay::Overlay;
use wirebench::app::variable_rows::{self, VariableRow};
use wirebench::model::failure::{Failure, FailureKind, Stage};
use wirebench::model::preset::{Environment, PresetPath};
use wirebench::store::job::{FolderDefaults, Reply, Workspace};

use crate::harness::app::Driver;
use crate::harness::store::workspace;

pub(super) const SIZE: (u16, u16) = (120, 40);

pub(super) fn map(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect()
}

pub(super) fn two() -> Workspace {
    let files = [("api/get", "[http]\nurl = \"{{base}}/{{nope}}\"\n")];
    let environment = |name: &str, host: &str, token: &str| Environment {
        name: name.into(),
        variables: map(&[("base", "http://{{host}}:{{port}}"), ("host", host)]),
        secrets: map(&[("token", token)]),
        ..Environment::default()
    };
    let defaults = |folder: &str, pairs| FolderDefaults {
        folder: folder.into(),
        variables: map(pairs),
        ..FolderDefaults::default()
    };
    Workspace {
        environments: vec![
            environment("lab", "lab.example", "canary-lab"),
            environment("prod", "prod.example", "canary-prod"),
        ],
        defaults: vec![
            defaults("", &[("host", "outer"), ("port", "80")]),
            defaults("api", &[("port", "81")]),
        ],
        ..workspace(&files)
    }
}

/// With `api/get` on screen and the environment `lab` in force.
pub(super) fn driver(size: (u16, u16)) -> Driver {
    let mut driver = Driver::with(size, two());
    driver.keys("<C-p>api/get<Enter>");
    driver
}

pub(super) fn variables(driver: &Driver, name: &str) -> BTreeMap<String, String> {
    driver.store.environments[name].variables.clone()
}

#[test]
fn every_value_stands_with_the_file_it_comes_from_and_what_it_comes_to() {
    for size in [(80, 24), (120, 40), (200, 60)] {
        let mut driver = driver(size);
        driver.keys("<A-E>");
        for text in ["env/lab.toml", "_defaults.toml", "secret.token", "********"] {
            assert!(driver.shows(text), "{text}: {}", driver.screen());
        }
        assert!(driver.shows("base comes to http://lab.example:81"), "{}", driver.screen());
        assert!(!driver.screen().contains("canary"), "{}", driver.screen());
        driver.keys("<Tab>j");
        assert!(driver.shows("prod.example"), "{}", driver.screen());
        driver.keys("<Enter>");
        assert_eq!(driver.app.shared.environment.as_deref(), Some("prod"));
    }
}

#[test]
fn a_long_warning_and_the_keys_of_the_window_have_each_their_place() {
    let cause =
        "'variables' must be one value (write name = \"value\", at the top or below [vars])";
    let broken = Failure::new(Stage::Storage, "env/prod.toml:1", FailureKind::Malformed, cause);
    let mut found = two();
    found.problems = vec![broken];
    let mut driver = Driver::with((80, 24), found);
    driver.keys("<A-E><Tab>j<Tab>");
    for (keys, own) in [("", "show"), ("n", "cancel")] {
        driver.keys(keys);
        driver.app.warn(format!("a long warning: {cause} and more of it, to its end"));
        let screen = driver.screen();
        let rows: Vec<&str> = screen.lines().collect();
        assert!(rows[21].starts_with('╰') && rows[21].contains(own), "{screen}");
        assert!(rows[22].contains("! a long warning: 'variables' must"), "{screen}");
        assert!(rows[23].contains("and more of it, to its end"), "{screen}");
        let told = screen.replace(['│', '\n'], " ");
        let told = told.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(told.contains("at the top or below [vars])"), "all of what is wrong: {screen}");
    }
}

#[test]
fn variables_are_added_changed_renamed_removed_and_that_is_taken_back() {
    let mut driver = driver(SIZE);
    driver.keys("<A-E>aport<Tab>9090<Enter>");
    assert_eq!(variables(&driver, "lab")["port"], "9090", "{}", driver.screen());
    assert!(driver.shows("port written to env/lab.toml"), "{}", driver.screen());
    driver.keys("<Enter><C-u><Esc>");
    assert!(driver.shows("Throw away what is typed?"), "{}", driver.screen());
    driver.keys("y");
    assert_eq!(variables(&driver, "lab")["port"], "9090", "given up");
    driver.keys("gj<Enter><Backspace><Backspace><Backspace><Backspace><Backspace><Backspace><Backspace>org<Enter>");
    assert_eq!(variables(&driver, "lab")["host"], "lab.org", "{}", driver.screen());
    driver.keys("r<End>2<Enter>");
    assert_eq!(variables(&driver, "lab").get("host2").map(String::as_str), Some("lab.org"));
    driver.keys("d");
    assert!(!variables(&driver, "lab").contains_key("host2"));
    driver.keys("u");
    assert_eq!(variables(&driver, "lab")["host2"], "lab.org");
    driver.keys("uuu");
    assert_eq!(variables(&driver, "lab"), two().environments[0].variables, "all is taken back");
    driver.keys("u");
    assert!(driver.shows("nothing was changed here lately"), "{}", driver.screen());
}

#[test]
fn names_that_cannot_be_are_said_and_nothing_is_asked_of_the_store() {
    let mut driver = driver(SIZE);
    let before = driver.store.environments.clone();
    driver.keys("<A-E>a");
    for (keys, said) in [
        ("<Enter>", "needs a name"),
        ("a b<Enter>", "is no name"),
        ("<C-u>host<Enter>", "in env/lab.toml already"),
        ("<C-u>env.x<Enter>", "begin names"),
    ] {
        driver.keys(keys);
        assert!(driver.shows(said), "{said}: {}", driver.screen());
    }
    driver.keys("<Esc>y<Left>n");
    for (keys, said) in [
        ("lab<Enter>", "an environment 'lab' already"),
        ("/x<Enter>", "cannot be the name"),
        ("<C-u>x.secret<Enter>", "file of secrets"),
    ] {
        driver.keys(keys);
        assert!(driver.shows(said), "{said}: {}", driver.screen());
    }
    assert_eq!(driver.store.environments, before);
}

#[test]
fn environments_are_made_copied_renamed_deleted_after_asking_and_brought_back() {
    let mut driver = driver(SIZE);
    driver.keys("<A-E><Left>nqa<Enter>");
    assert!(driver.store.environments.contains_key("qa"), "{}", driver.screen());
    driver.keys("gjr2<Enter>");
    assert_eq!(driver.app.shared.environment.as_deref(), Some("lab2"), "it stays in force");
    driver.keys("D<Enter>");
    assert_eq!(driver.store.environments["lab2-2"].secrets["token"], "canary-lab");
    driver.keys("d");
    assert!(driver.shows("env/lab2-2.secret.toml are removed"), "{}", driver.screen());
    driver.keys("y");
    assert!(!driver.store.environments.contains_key("lab2-2"));
    driver.keys("u");
    assert!(driver.store.environments.contains_key("lab2-2"), "{}", driver.screen());
}

/// The timer that hides the secret that is shown.
fn hiding(effects: &[Effect]) -> Timer {
    let timers = effects.iter().filter_map(|effect| match effect {
        Effect::After { timer: timer @ Timer::HideSecret(_), .. } => Some(*timer),
        _ => None,
    });
    timers.last().unwrap()
}

#[test]
fn a_secret_that_is_shown_stays_the_same_when_rows_come_before_it() {
    let mut workspace = two();
    workspace.environments[0].secrets.insert("z".into(), "canary-z".into());
    let mut driver = Driver::with(SIZE, workspace.clone());
    driver.keys("<A-E>gjjs");
    assert!(driver.shows("canary-lab"), "{}", driver.screen());
    workspace.environments[0].secrets.remove("token");
    driver.send(Message::Store(Reply::Workspace(Box::new(workspace))));
    assert!(!driver.screen().contains("canary"), "{}", driver.screen());
}

#[test]
fn a_click_on_a_difference_is_on_that_one() {
    let mut workspace = two();
    for at in 0..30 {
        workspace.environments[1].variables.insert(format!("only{at:02}"), "there".into());
    }
    let mut driver = Driver::with(SIZE, workspace);
    driver.keys("<A-E>=");
    driver.keys("<End>");
    driver.click("~ secret.token");
    driver.keys("s");
    assert!(driver.shows("canary-prod"), "{}", driver.screen());
}

#[test]
fn a_secret_is_shown_for_a_moment_and_moves_between_the_files() {
    let mut driver = driver(SIZE);
    driver.keys("<A-E>gjj");
    let first = hiding(&driver.keys("s"));
    assert!(driver.shows("canary-lab"), "{}", driver.screen());
    let second = hiding(&driver.keys("<Esc><A-E>gjjs"));
    driver.send(Message::Timer(first));
    assert!(driver.shows("canary-lab"), "it is shown anew: {}", driver.screen());
    driver.send(Message::Timer(second));
    assert!(!driver.screen().contains("canary"), "{}", driver.screen());
    driver.keys("s<Up>");
    assert!(!driver.screen().contains("canary"), "any key hides it");
    driver.keys("gjm");
    assert_eq!(driver.store.environments["lab"].secrets["host"], "lab.example");
    assert!(driver.shows("use {{secret.host}}"), "{}", driver.screen());
    driver.keys("m");
    assert!(driver.shows("which git may"), "{}", driver.screen());
    driver.keys("y");
    assert_eq!(variables(&driver, "lab")["host"], "lab.example");
    // What is typed for a secret is dots, until asked for.
    driver.keys("aapi-key<Tab>canary-new<Down><Right>");
    assert!(!driver.screen().contains("canary"), "{}", driver.screen());
    driver.keys("<A-s>");
    assert!(driver.shows("canary-new"), "{}", driver.screen());
    driver.keys("<Enter>");
    assert_eq!(driver.store.environments["lab"].secrets["api-key"], "canary-new");
    assert!(!driver.screen().contains("canary"), "{}", driver.screen());
}

#[test]
fn the_cells_of_a_variable_are_walked_with_keys_of_the_table() {
    let mut driver = driver(SIZE);
    // In a text arrows and blanks are the text's, in a choice they choose.
    driver.keys("<A-E>ax<Left>y<Down>one<A-j>two<Up>1<Up><Down><Down>2<Down><Space>");
    assert!(driver.shows("kept out of git"), "{}", driver.screen());
    driver.keys("<Left><Right><Left>");
    assert!(!driver.shows("kept out of git"), "{}", driver.screen());
    driver.keys("<Enter>");
    assert_eq!(variables(&driver, "lab")["yx"], "one1\ntwo2");
    // Other keys for it are taken, and those it had are nobody's.
    let line = |keys: &str, action: &str| Override {
        context: "choices of a variable".into(),
        keys: keys.into(),
        action: action.into(),
    };
    let problems = driver.app.shared.keymap.apply(&[line("<Space>", ""), line("x", "toggle")]);
    assert!(problems.is_empty(), "{problems:?}");
    driver.keys("az<Down>v<Down><Space>");
    assert!(!driver.shows("kept out of git"), "{}", driver.screen());
    driver.keys("x");
    assert!(driver.shows("kept out of git"), "{}", driver.screen());
    driver.keys("<Enter>");
    assert_eq!(driver.store.environments["lab"].secrets["z"], "v");
}

#[test]
fn what_an_environment_makes_of_names_is_told_without_a_copy() {
    let driver = driver(SIZE);
    let shared = &driver.app.shared;
    let lab = &shared.workspace.environments[0];
    let held = lab.variables.values().chain(lab.secrets.values()).map(|text| text.as_ptr());
    let rows = variable_rows::rows(shared, Some("lab"), &BTreeSet::new());
    let shown = rows.iter().map(|row| row.value.as_ptr());
    assert_eq!(shown.take(3).collect::<Vec<_>>(), held.collect::<Vec<_>>());
    // Of another environment than the one in force, nested, with a secret.
    let base = rows.iter().find(|row| row.name == "base").unwrap();
    let come = |name: &str| variable_rows::outcome(shared, Some(name), base).unwrap().unwrap();
    assert_eq!(come("lab"), "http://lab.example:81");
    assert_eq!(come("prod"), "http://prod.example:81");
    let secret = VariableRow { value: "{{host}} {{secret.token}}", ..base.clone() };
    let come = variable_rows::outcome(shared, Some("prod"), &secret).unwrap().unwrap();
    assert!(come.starts_with("prod.example ") && !come.contains("canary"), "{come}");
}

#[test]
fn what_is_typed_survives_a_failed_save_a_change_from_outside_and_a_slip() {
    let mut driver = driver(SIZE);
    driver.keys("<A-E>gj<Enter><C-u>mine");
    let cause = "no space left on the disk";
    driver.store.fails = Some(Failure::new(Stage::Storage, "env/lab.toml", FailureKind::Io, cause));
    driver.keys("<Enter>");
    assert!(driver.shows(cause) && driver.shows("mine"), "{}", driver.screen());
    // Somebody else writes the same value meanwhile.
    let mut theirs = two();
    theirs.environments[0].variables.insert("host".into(), "theirs".into());
    driver
        .store
        .environments
        .get_mut("lab")
        .unwrap()
        .variables
        .insert("host".into(), "theirs".into());
    driver.send(Message::Store(Reply::Workspace(Box::new(theirs))));
    assert!(driver.shows("mine"), "{}", driver.screen());
    driver.keys("<Enter>");
    assert!(driver.shows("changed on disk") && driver.shows("Keep mine"), "{}", driver.screen());
    driver.keys("n");
    assert!(driver.shows("mine") && variables(&driver, "lab")["host"] == "theirs");
    driver.send(Message::Input(Input::Resize { columns: 160, rows: 48 }));
    driver.click_at(0, 0);
    assert!(driver.shows("mine"), "a click beside it loses nothing: {}", driver.screen());
    driver.keys("<Enter>");
    assert_eq!(variables(&driver, "lab")["host"], "mine", "{}", driver.screen());
}

#[test]
fn one_key_defines_an_unknown_name() {
    let mut driver = driver(SIZE);
    driver.keys("<F5>");
    assert!(
        driver.shows("{{nope}} is not defined") && driver.shows("Alt+I defines it"),
        "{}",
        driver.screen()
    );
    driver.keys("<A-i>");
    assert!(driver.shows("{{nope}} in env/lab.toml"), "{}", driver.screen());
    driver.keys("users<Enter>");
    assert_eq!(variables(&driver, "lab")["nope"], "users");
    assert!(driver.app.overlays.is_empty(), "{}", driver.screen());
    let (_, plan) = Driver::opened(&driver.keys("<F5>"));
    assert_eq!(plan.address(), "http://lab.example:81/users");
}

#[test]
fn an_unknown_name_without_an_environment_makes_one_and_may_be_a_secret() {
    let files = [("a", "[http]\nurl = \"http://h/{{secret.key}}\"\n")];
    let mut driver = Driver::with(SIZE, workspace(&files));
    driver.keys("<Enter><F5><A-i>");
    assert!(driver.shows("local (will be made)"), "{}", driver.screen());
    driver.keys("s3cr3t<Enter>");
    assert_eq!(driver.store.environments["local"].secrets["key"], "s3cr3t", "{}", driver.screen());
    assert_eq!(driver.app.shared.environment.as_deref(), Some("local"));
    driver.keys("<A-i>");
    assert!(driver.shows("no unknown name"), "{}", driver.screen());
}

#[test]
fn an_unknown_name_is_defined_in_the_environment_that_is_chosen() {
    let mut driver = driver(SIZE);
    driver.keys("<F5><A-i>users<Down><Down><Right><Enter>");
    assert_eq!(variables(&driver, "prod")["nope"], "users", "{}", driver.screen());
    assert_eq!(driver.app.shared.environment.as_deref(), Some("prod"));
}

#[test]
fn two_environments_are_compared_name_by_name() {
    let mut workspace = two();
    workspace.environments[1].variables.insert("only".into(), "there".into());
    let mut driver = Driver::with(SIZE, workspace);
    driver.keys("<A-E>=");
    assert!(driver.shows("lab and prod: 3 differences"), "{}", driver.screen());
    for text in ["~ host", "+ only", "missing", "~ secret.token", "= base"] {
        assert!(driver.shows(text), "{text}: {}", driver.screen());
    }
    assert!(!driver.screen().contains("canary"), "{}", driver.screen());
    driver.keys("<Esc>");
    assert!(matches!(driver.app.overlays.last(), Some(Overlay::Environments(_))));
    driver.keys("<Esc>");
    assert!(driver.app.overlays.is_empty());
    driver.send(Message::Input(Input::Resize { columns: 160, rows: 48 }));
    for keys in ["<A-E>", "<A-E>="] {
        driver.keys(keys);
        // Beside the window, which leaves a column free at this size.
        driver.click_at(0, 0);
        assert!(driver.app.overlays.is_empty(), "{}", driver.screen());
    }
}

const TYPED: &str = "[http]\nurl = \"http://h/x\"\nheaders = [\n  \"Authorization: Bearer canary-1\",\n  \
    \"X-Api-Key: canary-2\",\n  \"Cookie: {{secret.token}}\",\n]\n";

/// A preset with credentials typed in place, changed and about to be saved.
fn typed() -> Driver {
    let mut workspace =
        Workspace { environments: two().environments, ..workspace(&[("a", TYPED)]) };
    workspace.environments[0].secrets.insert("api-key".into(), "another".into());
    let mut driver = Driver::with(SIZE, workspace);
    driver.keys("<Enter><C-l><End>y<C-s>");
    driver
}

/// The preset as the store has it.
fn kept(driver: &Driver) -> String {
    let (preset, _) = &driver.store.presets[&PresetPath::parse("a").unwrap()];
    wirebench::store::preset::write(preset, None)
}

#[test]
fn credentials_typed_in_place_move_to_the_file_of_secrets_on_save() {
    let mut driver = typed();
    assert!(
        driver.shows("env/lab.secret.toml") && driver.shows("X-Api-Key"),
        "{}",
        driver.screen()
    );
    assert!(kept(&driver).contains("http://h/x\""), "nothing is written before it is answered");
    driver.keys("y");
    let secrets = &driver.store.environments["lab"].secrets;
    assert_eq!(secrets["token-2"], "canary-1", "the token that is there is another one");
    assert_eq!((&*secrets["token"], &*secrets["api-key-2"]), ("canary-lab", "canary-2"));
    let text = kept(&driver);
    assert!(text.contains("Bearer {{secret.token-2}}") && !text.contains("canary"), "{text}");
    assert!(text.contains("http://h/xy"), "{text}");
    driver.keys("<C-l><End>z<C-s>");
    assert!(driver.app.overlays.is_empty() && driver.shows("saved a"), "{}", driver.screen());
    assert!(!driver.shows("holds a credential"), "{}", driver.screen());
    let (_, plan) = Driver::opened(&driver.keys("<F5>"));
    assert!(format!("{plan:?}").contains("Bearer canary-1"), "it is what is sent");
}

#[test]
fn a_credential_that_is_kept_in_place_is_said_and_not_asked_about_again() {
    for no in ["n", "<Esc>", "<Enter>"] {
        let mut driver = typed();
        driver.keys(no);
        assert!(driver.app.overlays.is_empty(), "{}", driver.screen());
        let said = driver.app.notice.as_ref().map(|notice| notice.text.clone()).unwrap();
        assert!(said.contains("saved a; its file holds 2 credentials"), "{said}");
        assert!(kept(&driver).contains("canary-1"), "{}", kept(&driver));
        driver.keys("<C-l><End>z<C-s>");
        assert!(driver.app.overlays.is_empty() && kept(&driver).contains("http://h/xyz"));
    }
}

#[test]
fn nothing_is_saved_when_a_secret_cannot_be_written() {
    let mut driver = typed();
    let cause = "no space left on the disk";
    driver.store.fails =
        Some(Failure::new(Stage::Storage, "env/lab.secret.toml", FailureKind::Io, cause));
    driver.keys("y");
    assert!(driver.shows("nothing was saved") || driver.shows(cause), "{}", driver.screen());
    assert!(kept(&driver).contains("http://h/x\""), "{}", kept(&driver));
    assert!(driver.app.shared.drafts.current().is_modified());
    driver.keys("<C-s>y");
    assert!(kept(&driver).contains("{{secret.token-2}}"), "{}", kept(&driver));
}

#[test]
fn templates_and_what_a_listener_answers_are_no_credentials_of_ours() {
    let files = [
        ("a", "[http]\nurl = \"http://h/x\"\nauth.bearer = \"{{secret.token}}\"\n"),
        ("b", "[http-listener]\nbind = \"127.0.0.1:1\"\nheaders = [\"Set-Cookie: a=b\"]\n"),
    ];
    for keys in ["<Enter>", "j<Enter>"] {
        let mut driver = Driver::with(SIZE, workspace(&files));
        driver.keys(&format!("{keys}<C-l><End>1<C-s>"));
        assert!(driver.shows("saved "), "{}", driver.screen());
        assert!(driver.app.overlays.is_empty(), "{}", driver.screen());
        assert!(!driver.shows("credential"), "{}", driver.screen());
    }
}

#[test]
fn a_secret_typed_as_plain_is_masked_and_asked_about() {
    let mut driver = driver(SIZE);
    driver.keys("<A-E>gjj<Enter><Tab> ");
    assert!(driver.shows("plain") && !driver.screen().contains("canary"), "{}", driver.screen());
    driver.keys("<Enter>");
    assert!(driver.shows("which git may"), "{}", driver.screen());
    assert!(!variables(&driver, "lab").contains_key("token"));
    driver.keys("n");
    assert!(!driver.screen().contains("canary"), "{}", driver.screen());
    driver.keys("<Enter>y");
    assert_eq!(variables(&driver, "lab")["token"], "canary-lab", "{}", driver.screen());
}

#[test]
fn the_environment_in_force_that_is_brought_back_is_in_force_again() {
    let mut driver = driver(SIZE);
    driver.keys("<A-E><Left>dy");
    assert_eq!(driver.app.shared.environment, None, "{}", driver.screen());
    driver.keys("u");
    assert_eq!(driver.app.shared.environment.as_deref(), Some("lab"), "{}", driver.screen());
    driver.keys("nNone<Enter>");
    assert!(driver.shows("'None' is what"), "{}", driver.screen());
    driver.keys("<C-u>LAB<Enter>");
    assert!(driver.shows("an environment 'lab' already"), "{}", driver.screen());
}

#[test]
fn what_extends_an_environment_follows_when_that_is_renamed_and_back() {
    let mut workspace = two();
    workspace.environments[1].extends = Some("lab".into());
    let mut driver = Driver::with(SIZE, workspace);
    driver.keys("<A-E><Left>gjr2<Enter>");
    assert!(driver.shows("prod extends it by that name"), "{}", driver.screen());
    let extends = |driver: &Driver| driver.app.shared.workspace.environments[1].extends.clone();
    assert_eq!(extends(&driver).as_deref(), Some("lab2"));
    driver.keys("u");
    assert_eq!(extends(&driver).as_deref(), Some("lab"), "{}", driver.screen());
}
