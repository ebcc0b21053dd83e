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
