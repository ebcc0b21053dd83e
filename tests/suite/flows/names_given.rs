//! Unknown names that are given values: wherever they stand, as secrets and under other names.

use wirebench::app::focus::Pane;
use wirebench::app::message::Message;
use wirebench::engine::event::Phase;
use wirebench::model::end_address::EndAddress;
use wirebench::store::job::{Reply, Workspace};

use super::environments::{SIZE, driver, two, variables};
use crate::harness::app::Driver;
use crate::harness::store::workspace;

/// The text of the address on screen.
fn address(driver: &Driver) -> String {
    driver.app.shared.drafts.current().spec.address().to_owned()
}

#[test]
fn an_unknown_name_made_a_secret_is_one_where_it_stands_and_that_is_one_undo() {
    let mut driver = driver(SIZE);
    let before = address(&driver);
    driver.keys("<F5><A-i>");
    driver.assert_shows("Enter write");
    assert!(!driver.shows("is not defined"), "its keys are seen: {}", driver.screen());
    driver.keys("canary-given<Down><Right><Enter>");
    assert_eq!(driver.store.environments["lab"].secrets["nope"], "canary-given");
    assert_eq!(address(&driver), before.replace("{{nope}}", "{{secret.nope}}"));
    assert_eq!(driver.app.shared.focus, Pane::Request);
    assert!(driver.app.overlays.is_empty(), "{}", driver.screen());
    assert!(driver.shows("here it is {{secret.nope}} now"), "{}", driver.screen());
    assert!(!driver.screen().contains("canary"), "{}", driver.screen());
    driver.keys("<A-z>");
    assert_eq!(address(&driver), before, "{}", driver.screen());
}

#[test]
fn a_name_that_is_called_otherwise_is_that_wherever_it_stands() {
    let text = "[http]\nurl = \"http://h/{{a}}\"\nheaders = [\"X: {{ a }}\"]\nbody.json = '{\"a\": \"{{a}}\"}'\n";
    let mut driver = Driver::with(SIZE, workspace(&[("p", text)]));
    driver.keys("<Enter><F5><A-i>value<Up><C-u>better<Enter>");
    assert_eq!(variables(&driver, "local")["better"], "value", "{}", driver.screen());
    let (_, plan) = Driver::opened(&driver.keys("<F5>"));
    let plan = format!("{plan:?}");
    assert!(plan.contains("http://h/value") || plan.contains("/value"), "{plan}");
    assert!(!plan.contains("{{"), "{plan}");
}

#[test]
fn it_is_defined_before_anything_is_sent_and_where_the_cursor_is() {
    let text = "[http]\nurl = \"http://h/{{one}}\"\nheaders = [\"X: {{two}}\"]\n";
    let mut driver = Driver::with(SIZE, workspace(&[("p", text)]));
    driver.keys("<Enter><A-i>");
    assert!(driver.shows("{{one}} in env/local.toml"), "{}", driver.screen());
    driver.keys("1<Enter><A-i>");
    assert!(driver.shows("{{two}} in env/local.toml"), "{}", driver.screen());
    driver.keys("2<Enter><A-i>");
    assert!(driver.shows("every name here has a value"), "{}", driver.screen());
}

#[test]
fn names_of_queries_bodies_and_rules_are_asked_for_too() {
    for text in [
        "[http]\nurl = \"http://h/\"\nquery = [\"a={{nope}}\"]\n",
        "[http]\nmethod = \"POST\"\nurl = \"http://h/\"\nbody.json = '''\n{\"a\": \"{{nope}}\"}\n'''\n",
        "[http]\nmethod = \"POST\"\nurl = \"http://h/\"\nbody.form = [\"a={{nope}}\"]\n",
        "[http-listener]\nbind = \"127.0.0.1:0\"\n[[http-listener.rule]]\npath = \"/x\"\nbody.text = \"{{nope}}\"\n",
        "[tcp]\naddress = \"h:1\"\nstep = [{ send = \"{{nope}}\" }]\n",
    ] {
        let mut driver = Driver::with(SIZE, workspace(&[("p", text)]));
        driver.keys("<Enter><F5><A-i>");
        assert!(driver.shows("{{nope}} in env/local.toml"), "{text}: {}", driver.screen());
        driver.keys("canary-x<Down><Right><Enter>");
        assert_eq!(driver.store.environments["local"].secrets["nope"], "canary-x", "{text}");
        assert_eq!(driver.app.shared.focus, Pane::Request, "{text}");
        let opened = driver.keys("<F5>");
        assert!(!opened.is_empty() && !driver.shows("is not defined"), "{}", driver.screen());
    }
}

#[test]
fn a_name_in_a_message_is_defined_and_the_keys_go_back_to_it() {
    let mut driver = Driver::with(SIZE, two());
    let files = [("t", "[tcp]\naddress = \"127.0.0.1:1\"\n")];
    let mut found = two();
    found.presets = workspace(&files).presets;
    driver.send(Message::Store(Reply::Workspace(Box::new(found))));
    driver.keys("<C-p>t<Enter>");
    let (id, _) = Driver::opened(&driver.keys("<F5>"));
    let [local, peer] = [50_000, 1].map(super::conversations::address);
    driver.phase(id, Phase::Connected { local: local.into(), peer: peer.into() });
    driver.keys("<A-4>hello {{nope}}<Enter>");
    assert!(driver.shows("Alt+I defines it"), "{}", driver.screen());
    driver.keys("<A-i>");
    assert!(driver.shows("{{nope}} in env/lab.toml"), "{}", driver.screen());
    driver.keys("canary-x<Down><Right><Enter>");
    assert_eq!(driver.store.environments["lab"].secrets["nope"], "canary-x");
    assert!(driver.shows("hello {{secret.nope}}"), "{}", driver.screen());
    let sent = format!("{:?}", driver.keys("<Enter>"));
    assert!(sent.contains("hello canary-x"), "{sent}");
}

#[test]
fn a_secret_of_the_unknown_name_is_offered_in_its_place() {
    let text = "[http]\nurl = \"http://h/\"\nheaders = [\"X: {{token}}\"]\n";
    // What is typed before it is answered answers nothing and is there when a value is asked for.
    for (answer, header) in [
        ("y", "canary-lab"),
        ("n", "typed"),
        ("lucky<Esc><Enter>", "lucky"),
        ("hi<Enter><Enter>", "hi"),
    ] {
        let found = Workspace { environments: two().environments, ..workspace(&[("p", text)]) };
        let mut driver = Driver::with(SIZE, found);
        driver.keys("<Enter><F5><A-i>");
        assert!(driver.shows("Use the secret"), "{}", driver.screen());
        driver.keys(answer);
        if answer == "n" {
            driver.keys("typed<Enter>");
        }
        assert!(driver.app.overlays.is_empty(), "{}", driver.screen());
        let (_, plan) = Driver::opened(&driver.keys("<F5>"));
        assert!(format!("{plan:?}").contains(header), "{plan:?}");
    }
}

#[test]
fn a_name_of_a_listener_stands_for_where_it_is_while_it_runs() {
    let mock = "[http-listener]\nbind = \"127.0.0.1:0\"\n";
    let client = "[http]\nurl = \"http://{{mock.users.address}}/x\"\n";
    let mut driver = Driver::with(SIZE, workspace(&[("client", client), ("mock/users", mock)]));
    driver.keys("<Enter><F5>");
    driver.assert_shows("{{mock.users.address}} is where mock/users listens, which is not running");
    driver.click("SRV  users");
    driver.keys("<Enter>");
    let (id, _) = Driver::opened(&driver.keys("<F5>"));
    let addresses = vec![EndAddress::Inet("127.0.0.1:4711".parse().unwrap())];
    driver.phase(id, Phase::Listening { addresses, receive_buffer: None });
    driver.click("GET  client");
    driver.keys("<Enter>");
    let (_, plan) = Driver::opened(&driver.keys("<F5>"));
    assert!(format!("{plan:?}").contains("127.0.0.1:4711"), "{plan:?}");
    driver.done(id);
    driver.keys("<F5>");
    driver.assert_shows("which is not running");
}
