//! A run on the screen of the real program: its rows, what a row got, a report, and its end.

use crate::harness::terminal::Launch;

const MOCK: &str = "[http-listener]\nbind = \"127.0.0.1:0\"\nbody.json = '{\"id\": 42}'\n";
const GET: &str = "[http]\nneeds = [\"mock\"]\nurl = \"http://{{users.mock.address}}/users\"\n\n[expect]\nstatus = 200\n\
                   \"json .id\" = 42\n";

#[test]
fn a_folder_runs_against_its_own_mock_and_writes_a_report() {
    let wrong = GET.replace("200", "201");
    let launch = Launch::default().preset("users/mock", MOCK).preset("users/a-get", GET);
    let home = std::sync::Arc::clone(&launch.home);
    let mut tui = launch.preset("users/b-wrong", &wrong).size(120, 40).start();
    tui.wait_for("b-wrong");
    tui.keys("<A-1>gR");
    tui.wait_for("Enter: users/");
    tui.keys("<Enter>");
    tui.wait_for("2 of 2  1 passed  1 failed");
    tui.wait_for("- expected 201");
    tui.keys("<Enter>");
    tui.wait_for("✗ Checks 1/2");
    tui.keys("<Esc>");
    tui.wait_for("2 of 2  1 passed  1 failed");
    let report = home.path().join("run.md");
    tui.keys(&format!("s<C-u>{}<Enter>", report.display()));
    tui.wait_for("saved to");
    let text = std::fs::read_to_string(report).unwrap();
    assert!(text.contains("users/b-wrong") && text.contains("201"), "{text}");
    tui.keys("<Esc>");
    // Alone, it is no beginning of what comes next.
    tui.wait_for("Presets");
    tui.quit();
}

#[test]
fn what_was_called_of_a_contract_stands_in_the_window_when_the_run_is_over() {
    let document = "openapi: 3.0.3\ninfo: {title: t, version: '1'}\npaths:\n  /users:\n    get: {responses: {'200': {description: all}}}\n    post: {responses: {'201': {description: new}}}\n";
    let launch = Launch::default().preset("users/mock", MOCK).preset("users/a-get", GET);
    let home = std::sync::Arc::clone(&launch.home);
    let folder = home.path().join("home/presets/users");
    std::fs::write(folder.join("openapi.yaml"), document).unwrap();
    let defaults = "[http]\ncontract = \"openapi.yaml\"\n";
    std::fs::write(folder.join("_defaults.toml"), defaults).unwrap();
    let mut tui = launch.size(120, 40).start();
    tui.wait_for("a-get");
    tui.keys("<A-1>gR");
    tui.wait_for("Enter: users/");
    tui.keys("<Enter>");
    tui.wait_for("1 of 1  1 passed");
    tui.wait_for("openapi.yaml: 1 of 2 operations called; never called: POST /users");
    let report = home.path().join("run.json");
    tui.keys(&format!("s<C-u>{}<Enter>", report.display()));
    tui.wait_for("saved to");
    let text = std::fs::read_to_string(report).unwrap();
    assert!(text.contains("POST /users"), "{text}");
    tui.keys("<Esc>");
    tui.wait_for("Presets");
    tui.quit();
}

#[test]
fn what_a_preset_needs_goes_first_when_it_is_sent_alone() {
    let login = "[http]\nneeds = [\"mock\"]\nurl = \"http://{{mock.address}}/login\"\n\n[capture]\nuser = \"json .id\"\n";
    let talk =
        "[http]\nneeds = [\"login\", \"mock\"]\nurl = \"http://{{mock.address}}/users/{{user}}\"\n";
    let launch = Launch::default().preset("mock", MOCK).preset("login", login).preset("user", talk);
    let mut tui = launch.size(120, 40).start();
    tui.wait_for("login");
    tui.keys("<A-1>G<Enter>");
    tui.wait_for("/users/{{user}}");
    tui.keys("<F5>");
    tui.wait_for("200 OK");
    tui.wait_for("GET /login");
    tui.wait_for("GET /users/42");
    tui.quit();
}
