//! Values that are got when something is sent: asked for, chosen, given by programs.

use wirebench::app::effect::Effect;
use wirebench::app::message::Message;
use wirebench::app::wanted_values::{ProgramAnswer, ProgramOrder};
use wirebench::engine::command::Command;
use wirebench::model::preset::{Environment, ValueCommand};
use wirebench::model::value_source::{KeyringEntry, ValueSource};
use wirebench::store::job::Workspace;

use crate::harness::app::Driver;
use crate::harness::store::workspace;

const SIZE: (u16, u16) = (120, 40);

fn driver(preset: &str) -> Driver {
    let words = ["gh", "auth", "token"].map(str::to_owned).to_vec();
    let lab = Environment {
        name: "lab".into(),
        commands: [("token".to_owned(), ValueCommand::of(words, true))].into(),
        ..Environment::default()
    };
    let found = Workspace { environments: vec![lab], ..workspace(&[("get", preset)]) };
    let mut driver = Driver::with(SIZE, found);
    driver.keys("<C-p>get<Enter>");
    driver
}

fn sent(effects: &[Effect]) -> String {
    format!("{:?}", Driver::opened(effects).1)
}

fn is_sent(effects: &[Effect]) -> bool {
    effects.iter().any(|effect| matches!(effect, Effect::Engine(_)))
}

fn order(effects: &[Effect]) -> ProgramOrder {
    let order = effects.iter().find_map(|effect| match effect {
        Effect::RunPrograms(order) => Some(order.clone()),
        _ => None,
    });
    order.unwrap_or_else(|| panic!("no program: {effects:?}"))
}

#[test]
fn what_is_asked_for_is_asked_for_before_it_is_sent_and_again_the_next_time() {
    let mut driver = driver(
        "[http]\nurl = '''http://127.0.0.1:1/{{prompt \"OTP\"}}/{{choose \"Region\" \"eu\" \"us\"}}'''\n\
         headers = ['X-A: {{prompt \"Code\" secret}}', 'X-B: {{prompt \"OTP\"}}']\n",
    );
    assert!(!is_sent(&driver.keys("<F5>")), "{}", driver.screen());
    assert!(driver.shows("OTP"), "{}", driver.screen());
    assert!(!is_sent(&driver.keys("123<Enter>")));
    assert!(driver.shows("Choose a value") && driver.shows("Region"), "{}", driver.screen());
    assert!(!is_sent(&driver.keys("us<Enter>")));
    assert!(driver.shows(" Code "), "{}", driver.screen());
    driver.keys("canary-5");
    assert!(!driver.screen().contains("canary-5"), "{}", driver.screen());
    driver.keys("<A-s>");
    assert!(driver.screen().contains("canary-5"), "{}", driver.screen());
    let plan = sent(&driver.keys("<Enter>"));
    assert!(plan.contains("/123/us") && plan.contains("canary-5"), "{plan}");
    assert!(driver.app.overlays.is_empty());
    // It is for one send; what was no secret stands there the next time.
    assert!(!is_sent(&driver.keys("<F5>")));
    assert!(driver.shows("123"), "{}", driver.screen());
    assert!(!is_sent(&driver.keys("<Esc>")));
    assert!(driver.shows("not sent: a value it needs was not given"), "{}", driver.screen());
}

#[test]
fn nothing_is_asked_for_while_something_else_is_wrong() {
    let mut driver = driver("[http]\nurl = 'http://127.0.0.1:1/{{nope}}/{{prompt \"OTP\"}}'\n");
    assert!(!is_sent(&driver.keys("<F5>")));
    assert!(driver.app.overlays.is_empty() && driver.shows("{{nope}} is not defined"));
}

#[test]
fn a_program_is_asked_about_runs_once_and_its_value_is_masked() {
    let mut driver = driver("[http]\nurl = 'http://127.0.0.1:1/'\nauth.bearer = '{{token}}'\n");
    let words = ["gh", "auth", "token"].map(str::to_owned).to_vec();
    let words = ValueSource::Program(words);
    let effects = driver.keys("<F5>");
    assert!(!is_sent(&effects));
    let first = order(&effects);
    assert!(!first.is_allowed && first.sources == [words.clone()], "{first:?}");
    driver.tell(Message::Programs(ProgramAnswer::Unanswered(vec![words.clone()])));
    assert!(driver.shows("program: gh auth token"), "{}", driver.screen());
    assert!(order(&driver.keys("y")).is_allowed);
    let given = |value: Result<String, String>| {
        Message::Programs(ProgramAnswer::Given(vec![(words.clone(), value)]))
    };
    let effects = driver.tell(given(Err("it ended with status 4: not logged in".into())));
    assert!(!is_sent(&effects));
    let said = "not sent: gh auth token: it ended with status 4: not logged in";
    assert!(driver.shows(said), "{}", driver.screen());
    order(&driver.keys("<F5>"));
    let plan = sent(&driver.tell(given(Ok("canary-gh".into()))));
    assert!(plan.contains("Bearer canary-gh"), "{plan}");
    assert!(driver.app.shared.disclosure().words("canary-gh").starts_with("***"));
    let effects = driver.keys("<F5>");
    assert!(!effects.iter().any(|effect| matches!(effect, Effect::RunPrograms(_))), "{effects:?}");
    assert!(sent(&effects).contains("Bearer canary-gh"));
    driver.keys("<A-E>");
    assert!(driver.shows("$ gh auth token"), "{}", driver.screen());
    driver.keys("<Enter>");
    assert!(driver.shows("a program gives token: it is changed in env/lab.toml"));
}

#[test]
fn the_keyring_is_asked_once_and_what_it_has_not_is_said_with_file_and_name() {
    let entry = KeyringEntry { service: "git.example".into(), user: "me".into() };
    let source = ValueSource::Keyring(entry);
    let command = ValueCommand::given_by(source.clone(), true).in_file("env/lab.secret.toml");
    let lab = Environment {
        name: "lab".into(),
        commands: [("secret.token".to_owned(), command)].into(),
        ..Environment::default()
    };
    let preset = "[http]\nurl = 'http://127.0.0.1:1/'\nauth.bearer = '{{secret.token}}'\n";
    let found = Workspace { environments: vec![lab], ..workspace(&[("get", preset)]) };
    let mut driver = Driver::with(SIZE, found);
    driver.keys("<C-p>get<Enter>");
    let first = order(&driver.keys("<F5>"));
    assert_eq!(first.sources, std::slice::from_ref(&source));
    driver.assert_shows("asking keyring git.example me");
    driver.tell(Message::Programs(ProgramAnswer::Unanswered(vec![source.clone()])));
    driver.assert_shows("system: keyring git.example me. They would be got now");
    assert!(order(&driver.keys("y")).is_allowed);
    let given = |value: Result<String, String>| {
        Message::Programs(ProgramAnswer::Given(vec![(source.clone(), value)]))
    };
    driver.tell(given(Err("the keyring has no such entry".into())));
    driver.assert_shows("not sent: secret.token in env/lab.secret.toml (keyring git.example me)");
    driver.keys("<F5>");
    let plan = sent(&driver.tell(given(Ok("canary-keyring".into()))));
    assert!(plan.contains("Bearer canary-keyring"), "{plan}");
    assert!(driver.app.shared.disclosure().words("canary-keyring").starts_with("***"));
    let effects = driver.keys("<F5>");
    assert!(!effects.iter().any(|effect| matches!(effect, Effect::RunPrograms(_))), "{effects:?}");
    driver.keys("<A-E>");
    driver.assert_shows("keyring git.example me");
    assert!(!driver.screen().contains("canary-keyring"), "{}", driver.screen());
    driver.keys("<Enter>");
    driver.assert_shows("the keyring gives secret.token: it is changed in env/lab.secret.toml");
}

#[test]
fn a_program_that_may_not_run_leaves_it_unsent() {
    let mut driver = driver("[http]\nurl = 'http://127.0.0.1:1/{{token}}'\n");
    let sources = order(&driver.keys("<F5>")).sources;
    driver.tell(Message::Programs(ProgramAnswer::Unanswered(sources)));
    assert!(!is_sent(&driver.keys("<Esc>")));
    assert!(driver.shows("not sent: a value it needs was not given"), "{}", driver.screen());
}

#[test]
fn a_line_of_a_conversation_asks_for_what_it_wants_each_time() {
    let (mut driver, conn) = super::conversations::talking(SIZE);
    driver.keys("i");
    driver.paste("PIN {{prompt \"PIN\"}} {{prompt \"Code\" secret}}");
    driver.assert_shows("'PIN' is asked for when it is sent");
    let sent = |effects: &[Effect]| {
        effects.iter().find_map(|effect| match effect {
            Effect::Engine(Command::Send { data, .. }) => Some(data.clone()),
            _ => None,
        })
    };
    let effects = driver.keys("<Enter>");
    assert_eq!(sent(&effects), None);
    driver.assert_shows("PIN");
    assert_eq!(sent(&driver.keys("1234<Enter>")), None, "the other is asked for, too");
    driver.assert_shows("Code");
    let data = sent(&driver.keys("s3cret<Enter>")).expect("it is sent");
    assert!(data.starts_with(b"PIN 1234 s3cret"), "{data:?}");
    // The next time it is asked for anew, and what is not given is not sent.
    driver.keys("<Up><Enter>");
    assert_eq!(sent(&driver.keys("<Esc>")), None);
    driver.assert_shows("not sent: a value it needs was not given");
    assert_eq!(conn.session, driver.app.shared.session().unwrap().id);
}
