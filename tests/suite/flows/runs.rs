//! Runs of presets on the screen: what is run, what is shown of it, and what comes of its keys. The engine is
//! played by the test.

use std::time::Duration;

use wirebench::app::checking::{CheckOrder, Checked, WhatCame};
use wirebench::app::effect::Effect;
use wirebench::app::message::{Message, Timer};
use wirebench::check::{Came, CameBody, CameFrom};
use wirebench::engine::command::Command;
use wirebench::engine::event::{Event, Phase, Summary};
use wirebench::model::end_address::EndAddress;
use wirebench::model::exchange::Exchange;
use wirebench::model::id::SessionId;
use wirebench::model::plan::Plan;
use wirebench::model::protocol::Side;
use wirebench::store::job::{Job, Reply};

use crate::harness::app::Driver;
use crate::harness::samples::{address, answer, exchange};
use crate::harness::store::workspace;

const WIDE: (u16, u16) = (120, 40);
const MOCK: &str = "[http-listener]\nbind = \"127.0.0.1:0\"\n";
const LOGIN: &str = "[http]\nneeds = [\"mock\"]\nurl = \"http://{{mock.address}}/login\"\n\n[capture]\n\
                     token = \"json .token\"\n";
const USER: &str = "[http]\nurl = \"http://{{mock.address}}/user?t={{token}}\"\nneeds = [\"mock\"]\n\n[expect]\n\
                    status = 201\n\"json .id\" = 42\n";
const BODY: &str = "{\"token\":\"t0p-value\",\"id\":42}";

/// What became of orders for the engine, and which there were.
pub struct Peer {
    pub opened: Vec<(SessionId, Plan)>,
    pub closed: Vec<SessionId>,
    /// Of answers; `None` = they do not come.
    pub status: Option<u16>,
    /// The listener tells of what is asked.
    pub serves: bool,
    /// Other answers of what goes to these.
    pub by_target: Vec<(&'static str, u16)>,
    /// So many are answered, and no more.
    pub hangs_after: Option<usize>,
}

impl Peer {
    pub fn new(status: Option<u16>) -> Self {
        let (opened, closed, by_target) = (Vec::new(), Vec::new(), Vec::new());
        Peer { opened, closed, status, serves: false, by_target, hangs_after: None }
    }

    /// Answers what is asked of engine and shell until nothing more is.
    pub fn play(&mut self, driver: &mut Driver, effects: Vec<Effect>) {
        let mut waiting = effects;
        while !waiting.is_empty() {
            for effect in std::mem::take(&mut waiting) {
                match effect {
                    Effect::Engine(Command::Open { id, plan, .. }) => {
                        waiting.extend(self.open(driver, id, *plan));
                    }
                    Effect::Engine(Command::Close { id, .. }) => {
                        self.closed.push(id);
                        waiting.extend(driver.ended(id, Ok(Summary::of("closed"))));
                    }
                    Effect::Check(order) => waiting.extend(look(driver, &order)),
                    _ => {}
                }
            }
        }
    }

    fn open(&mut self, driver: &mut Driver, id: SessionId, plan: Plan) -> Vec<Effect> {
        let listens = plan.side().listens();
        self.opened.push((id, plan));
        if listens {
            let addresses = vec![EndAddress::Inet(address(4001))];
            return driver.phase(id, Phase::Listening { addresses, receive_buffer: None });
        }
        let Some(status) = self.status else { return Vec::new() };
        if self.hangs_after.is_some_and(|most| self.targets().len() > most) {
            return Vec::new();
        }
        let target = self.targets().pop().unwrap_or_default();
        let own = self.by_target.iter().find(|(part, _)| target.contains(part));
        let status = own.map_or(status, |(_, status)| *status);
        if self.serves {
            self.serve(driver, status);
        }
        let told = exchange(id, 0, Some(answer(status, id.0, BODY.len() as u64)));
        let mut effects = driver.event(Event::Exchange(Box::new(told)));
        effects.extend(driver.ended(id, Ok(Summary::default())));
        effects
    }

    /// The listener got this request.
    fn serve(&self, driver: &mut Driver, status: u16) {
        let Some((id, _)) = self.opened.iter().find(|(_, plan)| plan.side().listens()) else {
            return;
        };
        let number = u32::try_from(self.targets().len()).unwrap() - 1;
        let told = exchange(*id, number, Some(answer(status, 900, 4)));
        let told = Exchange { side: Side::Listener, ..told };
        driver.event(Event::Exchange(Box::new(told)));
    }

    pub fn targets(&self) -> Vec<String> {
        let clients = self.opened.iter().filter(|(_, plan)| !plan.side().listens());
        clients.map(|(_, plan)| plan.address()).collect()
    }
}

fn look(driver: &mut Driver, order: &CheckOrder) -> Vec<Effect> {
    let body = CameBody { bytes: BODY.as_bytes(), length: BODY.len() as u64 };
    let report = match &order.came {
        WhatCame::Exchange(exchange) => {
            order.checks.report(&Came::new(CameFrom::Exchange(exchange), body, order.now))
        }
        WhatCame::Served(served) => order.checks.report(&served.came(BODY.as_bytes(), order.now)),
        WhatCame::Conversation(heard) => order.checks.report(&heard.came(order.now)),
    };
    let found = order.found(BODY.as_bytes());
    let checked = Checked { session: order.session, report: Ok(report), found };
    driver.tell(Message::Checked(Box::new(checked)))
}

fn users() -> Driver {
    let files = [("mock", MOCK), ("users/a-login", LOGIN), ("users/b-user", USER)];
    Driver::with(WIDE, workspace(&files))
}

/// The cursor on the folder, which is run as it is.
pub const RUN_FOLDER: &str = "<A-1>g<Down>R<Enter>";

/// Runs the folder `users` with answers of this status.
fn run(driver: &mut Driver, status: Option<u16>) -> Peer {
    let mut peer = Peer::new(status);
    let effects = driver.keys(RUN_FOLDER);
    peer.play(driver, effects);
    peer
}

fn place(driver: &Driver, text: &str) -> usize {
    let screen = driver.screen();
    screen.find(text).unwrap_or_else(|| panic!("{text:?} is not on the screen:\n{screen}"))
}

#[test]
fn a_folder_runs_with_its_listener_and_what_failed_stands_first() {
    let mut driver = users();
    let peer = run(&mut driver, Some(200));
    assert!(peer.opened[0].1.side().listens(), "what is needed begins first");
    let of_mock = "http://127.0.0.1:4001";
    let targets = [format!("{of_mock}/login"), format!("{of_mock}/user?t=t0p-value")];
    assert_eq!(peer.targets(), targets);
    assert_eq!(peer.closed, [peer.opened[0].0], "the listener that was started for it ends");
    driver.assert_shows("2 of 2  1 passed  1 failed");
    assert!(place(&driver, "users/b-user") < place(&driver, "users/a-login"), "failed first");
    driver.assert_shows("- expected 201");
    driver.assert_shows("+ got      200");
    driver.assert_shows("✓ json .id: 42");
    driver.keys("o");
    assert!(place(&driver, "users/a-login") < place(&driver, "users/b-user"), "in order");
    // What was captured is there for what is sent later, and each is in the history with its preset.
    let captured = &driver.app.shared.scope().captured;
    assert_eq!(captured.get("token").map(String::as_str), Some("t0p-value"));
    let presets: Vec<String> = driver
        .store
        .history
        .iter()
        .filter_map(|entry| Some(entry.preset.as_ref()?.to_string()))
        .collect();
    assert_eq!(presets, ["users/b-user", "users/a-login"]);
}

#[test]
fn what_came_to_a_listener_is_a_row_of_its_own_that_opens_with_its_checks() {
    let mock = format!("{MOCK}\n[expect]\ncalled = 3\npath = \"/1\"\n");
    let files = [("mock", &*mock), ("users/a-login", LOGIN), ("users/b-user", USER)];
    let mut driver = Driver::with(WIDE, workspace(&files));
    let mut peer = Peer { serves: true, ..Peer::new(Some(201)) };
    let effects = driver.keys(RUN_FOLDER);
    peer.play(&mut driver, effects);
    driver.assert_shows("3 of 3  2 passed  1 failed");
    driver.assert_shows("called: expected 3, got 2");
    driver.assert_shows("http listener 127.0.0.1:4001");
    driver.assert_shows("✓ path: '/1'");
    // It is looked at as the answers of the others are.
    driver.keys("<Enter>");
    driver.assert_shows("✗ Checks 1/2");
}

#[test]
fn a_row_opens_what_it_got_and_leaving_that_leads_back() {
    let mut driver = users();
    let peer = run(&mut driver, Some(200));
    driver.keys("<Enter>");
    let shown = driver.app.shared.session().map(|session| session.id);
    assert_eq!(shown, Some(peer.opened[2].0));
    driver.assert_shows("Response ─ run users/: users/b-user");
    driver.assert_shows("✗ Checks 1/2");
    driver.assert_shows("Esc goes back to the run");
    driver.keys("<Esc>");
    driver.assert_shows("2 of 2  1 passed  1 failed");
    driver.keys("<Esc>");
    assert!(!driver.shows("2 of 2"), "{}", driver.screen());
    driver.keys("<A-R>");
    driver.assert_shows("2 of 2  1 passed  1 failed");
}

#[test]
fn a_run_that_is_stopped_leaves_nothing_behind() {
    let mut driver = users();
    let mut peer = run(&mut driver, None);
    driver.assert_shows("running");
    driver.assert_shows("waiting");
    let effects = driver.keys("<F8>");
    peer.play(&mut driver, effects);
    driver.assert_shows("stopped");
    driver.assert_shows("2 skipped");
    let opened: Vec<SessionId> = peer.opened.iter().map(|(id, _)| *id).collect();
    assert_eq!(opened.len(), 2, "the second request was never sent");
    let mut closed = peer.closed.clone();
    closed.sort_unstable();
    assert_eq!(closed, opened);
    assert_eq!(driver.app.shared.sessions.live().count(), 0);
}

#[test]
fn what_failed_runs_again_alone_and_all_of_it_once_more() {
    let mut driver = users();
    run(&mut driver, Some(200));
    let mut again = Peer::new(Some(201));
    let effects = driver.keys("R");
    again.play(&mut driver, effects);
    assert_eq!(again.targets(), ["http://127.0.0.1:4001/user?t=t0p-value"]);
    driver.assert_shows("1 of 1  1 passed");
    let mut all = Peer::new(Some(201));
    let effects = driver.keys("<A-R><A-R><Esc>");
    all.play(&mut driver, effects);
    assert!(all.opened.is_empty(), "to look at it begins nothing");
}

#[test]
fn rows_of_data_are_rounds_and_what_is_wrong_with_them_is_said() {
    let files = [("one", "[http]\nurl = \"http://h/{{id}}\"\n")];
    let mut driver = Driver::with(WIDE, workspace(&files));
    driver.keys("<A-1>gR<Down>people.csv<Enter>");
    let asked = driver.store.jobs.iter().rev().find_map(|job| match job {
        Job::ReadTexts { files } => Some(files.clone()),
        _ => None,
    });
    let (name, path) = asked.expect("the file is read").remove(0);
    assert_eq!(path.to_str(), Some("people.csv"));
    let read = |text: &str| {
        let files = [(name.clone(), Ok(text.to_owned()))].into();
        Message::Store(Reply::TextsRead { files })
    };
    let mut peer = Peer::new(Some(200));
    let effects = driver.tell(read("id\n7\n8\n"));
    peer.play(&mut driver, effects);
    assert_eq!(peer.targets(), ["http://h/7", "http://h/8"]);
    driver.assert_shows("one (row 1: 7)");
    driver.assert_shows("2 of 2  2 passed");
    driver.keys("<Esc>R<Down>people.csv<Enter>");
    driver.send(read("id,id\n1,2\n"));
    driver.assert_shows("not run: people.csv:1: ");
}

#[test]
fn what_does_not_pass_is_tried_again_after_a_while() {
    let files = [("one", "[http]\nurl = \"http://h/\"\n[expect]\nstatus = 200\n")];
    let mut driver = Driver::with(WIDE, workspace(&files));
    let mut peer = Peer::new(Some(503));
    let effects = driver.keys("<A-1>gR<Down><Down><Down><Down><Backspace>1<Enter>");
    peer.play(&mut driver, effects);
    assert_eq!(peer.opened.len(), 1);
    driver.assert_shows("is tried again (2 of 2)");
    peer.status = Some(200);
    driver.app.shared.now = driver.app.shared.now + Duration::from_secs(2);
    let effects = driver.tell(Message::Timer(Timer::Run));
    peer.play(&mut driver, effects);
    assert_eq!(peer.opened.len(), 2);
    driver.assert_shows("1 of 1  1 passed  1 only when tried again");
}

#[test]
fn what_is_asked_for_is_asked_once_before_anything_is_sent() {
    let text = "[http]\nurl = '''http://h/{{prompt \"OTP\"}}'''\n";
    let mut driver = Driver::with(WIDE, workspace(&[("all/one", text), ("all/two", text)]));
    let effects = driver.keys("<A-1>gR<Enter>");
    assert!(!effects.iter().any(|it| matches!(it, Effect::Engine(_))), "{effects:?}");
    driver.assert_shows(" OTP ");
    let mut peer = Peer::new(Some(200));
    let effects = driver.keys("123<Enter>");
    peer.play(&mut driver, effects);
    assert_eq!(peer.targets(), ["http://h/123", "http://h/123"]);
    let effects = driver.keys("<Esc>R<Enter><Esc>");
    assert!(!effects.iter().any(|it| matches!(it, Effect::Engine(_))), "{effects:?}");
    driver.assert_shows("not run: a value it needs was not given");
}

#[test]
fn a_listener_that_runs_already_is_used_and_stays() {
    let mut driver = users();
    let (mock, _) = Driver::opened(&driver.keys("<C-p>mock<Enter><F5>"));
    let addresses = vec![EndAddress::Inet(address(4777))];
    driver.phase(mock, Phase::Listening { addresses, receive_buffer: None });
    let peer = run(&mut driver, Some(200));
    assert_eq!(peer.targets()[0], "http://127.0.0.1:4777/login");
    assert!(peer.closed.is_empty(), "{:?}", peer.closed);
    assert_eq!(driver.app.shared.sessions.live().count(), 1);
}

#[test]
fn marked_presets_run_together_and_no_other() {
    let preset = |path: &str| format!("[http]\nurl = \"http://h/{path}\"\n");
    let texts = ["a", "b", "c"].map(preset);
    let files: Vec<(&str, &str)> =
        ["a", "b", "c"].into_iter().zip(texts.iter().map(String::as_str)).collect();
    let mut driver = Driver::with(WIDE, workspace(&files));
    let mut peer = Peer::new(Some(200));
    let effects = driver.keys("<A-1>g<Space><Down><Space>gR<Enter>");
    peer.play(&mut driver, effects);
    assert_eq!(peer.targets(), ["http://h/a", "http://h/c"]);
    driver.assert_shows("Run 2 marked presets");
}

#[test]
fn a_report_is_what_its_ending_says() {
    let mut driver = users();
    run(&mut driver, Some(200));
    driver.keys("s<C-u>out.doc<Enter>");
    driver.assert_shows("the ending says what it is");
    driver.keys("<C-u>out.xml<Enter>");
    let written = driver.store.jobs.iter().rev().find_map(|job| match job {
        Job::WriteFile { path, bytes, .. } => Some((path.clone(), bytes.clone())),
        _ => None,
    });
    let (path, bytes) = written.expect("it is written");
    assert_eq!(path.to_str(), Some("out.xml"));
    let text = String::from_utf8_lossy(&bytes).into_owned();
    assert!(text.contains("<testsuite") && text.contains("name=\"b-user\""), "{text}");
}

#[test]
fn rows_are_found_by_words_and_the_cursor_goes_from_failed_to_failed() {
    let mut driver = users();
    run(&mut driver, Some(500));
    driver.keys("/login");
    assert!(!driver.shows("users/b-user  "), "{}", driver.screen());
    driver.assert_shows("users/a-login");
    driver.keys("<Esc>o)");
    driver.assert_shows("- expected 201");
}

#[test]
fn the_window_of_a_run_on_usual_terminals() {
    for size in [(80, 24), (120, 40)] {
        let files = [("mock", MOCK), ("users/a-login", LOGIN), ("users/b-user", USER)];
        let mut driver = Driver::with(size, workspace(&files));
        run(&mut driver, None);
        crate::ui::snapshots::of("run-begun", &driver);
        let mut driver = Driver::with(size, workspace(&files));
        run(&mut driver, Some(200));
        crate::ui::snapshots::of("run-over", &driver);
    }
}

#[test]
fn a_run_goes_on_without_its_window_and_says_how_far_it_is() {
    let mut driver = users();
    run(&mut driver, None);
    driver.keys("<Esc>");
    driver.assert_shows("run 0 of 2 (Alt+Shift+R shows it)");
    driver.keys("<A-R>");
    driver.assert_shows("0 of 2  0 passed");
}

#[test]
fn a_click_chooses_a_row_and_secrets_are_masked_in_all_of_it() {
    let mut driver = users();
    run(&mut driver, Some(200));
    driver.click("users/a-login");
    driver.assert_shows("→ {{token}} = ");
    assert!(!driver.shows("t0p-value"), "{}", driver.screen());
    driver.click("o: failed first");
    driver.assert_shows("o: in order");
    driver.click("users/b-user");
    assert!(!driver.shows("t0p-value"), "{}", driver.screen());
}

#[test]
fn a_thousand_rows_are_put_in_order_a_few_times_a_second_alone() {
    let one = "[http]\nurl = \"http://h/\"\n[expect]\nstatus = 200\n";
    let names: Vec<String> = (0..1000).map(|at| format!("all/p{at:04}")).collect();
    let files: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), one)).collect();
    let mut driver = Driver::with(WIDE, workspace(&files));
    let mut peer = Peer::new(Some(404));
    let effects = driver.keys("<A-1>gR<Enter>");
    peer.play(&mut driver, effects);
    assert_eq!(peer.opened.len(), 1000);
    driver.assert_shows("1,000 of 1,000  0 passed  1,000 failed");
    driver.keys("G");
    driver.assert_shows("all/p0999");
    // Those of a bound are there to be looked at, whatever else was sent since.
    driver.keys("<Enter>");
    driver.assert_shows("Response ─ run all/: all/p0999");
}

#[test]
fn what_changed_since_the_run_before_is_shown_by_a_key() {
    let files =
        [("one", "[http]\nurl = \"http://h/\"\n"), ("two", "[http]\nurl = \"http://h/2\"\n")];
    let mut driver = Driver::with(WIDE, workspace(&files));
    let mut peer = Peer::new(Some(200));
    let effects = driver.keys("<A-1>GR<Left><Enter>");
    peer.play(&mut driver, effects);
    driver.assert_shows("2 of 2");
    driver.keys("=");
    driver.assert_shows("there is no run before it with these presets: r runs them once more");
    let mut peer = Peer::new(Some(404));
    let effects = driver.keys("r");
    peer.play(&mut driver, effects);
    driver.keys("=");
    driver.assert_shows("all presets since the run of 12:00:00");
    driver.assert_shows("2 of 2 presets");
    driver.assert_shows("status: 200 → 404");
    driver.keys("<Esc>");
    driver.assert_shows("Run all presets");
}

#[test]
fn a_try_that_takes_too_long_is_over_by_the_timeout_of_the_window() {
    let files = [("one", "[http]\nurl = \"http://h/\"\n")];
    let mut driver = Driver::with(WIDE, workspace(&files));
    driver.keys("<A-1>gR<Up>");
    driver.keys("<Down><Down><Down><Down><Down><Down>x");
    driver.assert_shows("Timeout: 'x' is not a duration");
    let mut peer = Peer::new(None);
    let effects = driver.keys("<Backspace>2s<Enter>");
    peer.play(&mut driver, effects);
    driver.assert_shows("running");
    driver.app.shared.now = driver.app.shared.now + Duration::from_secs(3);
    let effects = driver.tell(Message::Timer(Timer::Run));
    peer.play(&mut driver, effects);
    driver.assert_shows("it was not over within 2s");
    driver.assert_shows("'Timeout' in the window of a run");
    assert!(!driver.shows("--timeout"), "{}", driver.screen());
}
