//! Twelve daily jobs and the keys each takes: every job is done here by its keys, on the real program
//! against a real peer, and the table in `assets/daily-jobs.md` says what this file says.
//!
//! `UPDATE_JOBS=1 cargo test --test main daily_jobs` writes the table anew. Counted is every key but
//! the text itself (an address, a token, a body, a name); a paste is one key.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::net::SocketAddr;
use std::sync::mpsc::{self, Receiver};

use wirebench::app::keymap::show;
use wirebench::model::key::Key;

use crate::harness::peers::{read_head, tcp_peer};
use crate::harness::terminal::{Launch, Tui};
use crate::harness::wait::PATIENCE;

const TABLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/daily-jobs.md");

/// One thing the user does, or waits for; `{peer}` in a text is the address of the peer.
enum Step {
    Keys(&'static str),
    Text(&'static str),
    Paste(&'static str),
    /// Until the screen shows it.
    Shown(&'static str),
    /// Until the screen shows it twice.
    Twice(&'static str),
}

use Step::{Keys, Paste, Shown, Text, Twice};

struct Job {
    name: &'static str,
    /// Done before the job begins.
    before: &'static [Step],
    steps: &'static [Step],
    /// Seen in the end: by the peer, else on the screen.
    request: &'static [&'static str],
    screen: &'static [&'static str],
    /// What posting asks for: its keys, and how many.
    posting: (&'static str, Option<usize>),
}

const SENT: &[Step] = &[Keys("<C-n>"), Text("{peer}/answer"), Keys("<F5>"), Shown("Bern")];

const JOBS: &[Job] = &[
    Job {
        name: "send with a query and a bearer token",
        before: &[],
        steps: &[
            Keys("<C-n>"),
            Text("{peer}/items?q=shoes"),
            Keys("<C-o>q"),
            Keys("bb<Down>"),
            Text("t0ken"),
            Keys("<F5>"),
        ],
        request: &["GET /items?q=shoes HTTP/1.1", "Authorization: Bearer t0ken"],
        screen: &["200 OK"],
        posting: (
            "text `Ctrl+O` `t` `Down` `Enter` `Down` `Down` `Down` `Enter` `Tab` text `Ctrl+J`",
            Some(10),
        ),
    },
    Job {
        name: "post JSON",
        before: &[],
        steps: &[
            Keys("<C-n>"),
            Text("POST {peer}/items"),
            Keys("<C-o>w"),
            Text(r#"{"a":1}"#),
            Keys("<F5>"),
        ],
        request: &["POST /items HTTP/1.1", "application/json", r#"{"a":1}"#],
        screen: &["200 OK"],
        posting: (
            "text `Ctrl+T` `Down` `Enter` `Ctrl+O` `w` `Down` `Enter` `Down` `Enter` `Tab` text `Ctrl+J`",
            Some(11),
        ),
    },
    Job {
        name: "upload a file",
        before: &[],
        steps: &[
            Keys("<C-n>"),
            Text("POST {peer}/up"),
            Keys("<C-o>w"),
            Keys("<Down><Enter>"),
            Text("file"),
            Keys("<Enter><Down>"),
            Text("{file}"),
            Keys("<F5>"),
        ],
        request: &["POST /up HTTP/1.1", "what the file holds"],
        screen: &["200 OK"],
        posting: ("it sends no files", None),
    },
    Job {
        name: "save in a new folder",
        before: &[Keys("<C-n>"), Text("{peer}/new")],
        steps: &[Keys("<C-s>"), Text("fresh/thing"), Keys("<Enter>")],
        request: &[],
        screen: &["\u{25be} fresh", " fresh/thing "],
        posting: ("`Ctrl+S` text `Tab` `Tab` `Tab` text `Ctrl+N`", Some(5)),
    },
    Job {
        name: "find 1 of 300",
        before: &[],
        steps: &[Keys("/"), Text("item-217"), Keys("<Enter>")],
        request: &[],
        screen: &[" shop/item-217 ", "/items/217"],
        posting: ("`Ctrl+Shift+P` text `Enter`", Some(2)),
    },
    Job {
        name: "switch the environment",
        before: &[Shown("env local")],
        steps: &[Keys("<F7>")],
        request: &[],
        screen: &["env staging"],
        posting: ("`Ctrl+P` text `Enter` `Down` `Enter`", Some(4)),
    },
    Job {
        name: "send again what was sent before the last",
        before: &[
            Keys("<C-n>"),
            Text("{peer}/first"),
            Keys("<F5>"),
            Shown("Bern"),
            Keys("<C-n>"),
            Text("{peer}/second"),
            Keys("<F5>"),
            Shown("/second 200"),
        ],
        steps: &[Keys("<A-2><Down><F5>"), Shown("is open"), Keys("<F5>")],
        request: &["GET /first HTTP/1.1"],
        screen: &[],
        posting: ("`Ctrl+O` `4` `Down` `Enter` `Ctrl+J`", Some(5)),
    },
    Job {
        name: "change what a mock answers",
        before: &[Keys("/mock<Enter><F5>"), Shown("1 listening")],
        steps: &[Keys("<C-o>w"), Keys("<A-a>"), Text("503"), Keys("<F5>")],
        request: &[],
        screen: &["503"],
        posting: ("it has no listener", None),
    },
    Job {
        name: "copy one value",
        before: SENT,
        steps: &[Keys("<A-4>"), Keys("/"), Text("city"), Keys("<Enter>y")],
        request: &[],
        screen: &["copied city, 4 B"],
        posting: (
            "`Ctrl+O` `a` `Down` `Down` `Down` `Down` `Down` `Down` `Shift+End` `y`: the line",
            Some(10),
        ),
    },
    Job {
        name: "compare two answers",
        before: &[
            Keys("<C-n>"),
            Text("{peer}/answer"),
            Keys("<F5>"),
            Shown("Bern"),
            Keys("<F5>"),
            Twice("/answer 200"),
        ],
        steps: &[Keys("<A-4>=")],
        request: &[],
        screen: &["Two answers", "older", "newer"],
        posting: ("it compares none", None),
    },
    Job {
        name: "mend a typo in the URL",
        before: &[Keys("<C-n>"), Text("{peer}/ordres"), Keys("<F5>"), Shown("Bern"), Keys("<A-4>")],
        steps: &[Keys("<A-3><C-w>"), Text("orders"), Keys("<F5>")],
        request: &["GET /orders HTTP/1.1"],
        screen: &[],
        posting: ("`Ctrl+L` `Ctrl+W` text `Ctrl+J`", Some(3)),
    },
    Job {
        name: "paste a curl command and send it",
        before: &[],
        steps: &[Paste("curl -X PUT http://{peer}/p -d a=b"), Keys("<F5>")],
        request: &["PUT /p HTTP/1.1", "a=b"],
        screen: &["200 OK"],
        posting: ("paste `Ctrl+J`", Some(2)),
    },
];

/// A peer that answers JSON and tells what it was asked.
fn peer() -> (SocketAddr, Receiver<String>) {
    let (told, requests) = mpsc::channel();
    let address = tcp_peer(move |mut stream| {
        while let Some(request) = read_head(&mut stream) {
            let _ = told.send(String::from_utf8_lossy(&request).into_owned());
            let body = r#"{"token":"abc","users":[{"id":1,"city":"Bern"}]}"#;
            let answer = format!(
                "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
                body.len()
            );
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    (address, requests)
}

/// A workspace of 300 presets in a folder, a listener, and two environments.
fn started(peer: SocketAddr) -> Tui {
    let mut launch = Launch::default().size(120, 40);
    let folder = launch.home.path().join("home/presets");
    fs::create_dir_all(folder.join("shop")).unwrap();
    fs::create_dir_all(folder.join("env")).unwrap();
    for number in 0..300 {
        let text = format!("[http]\nurl = 'http://{peer}/items/{number}'\n");
        fs::write(folder.join(format!("shop/item-{number:03}.toml")), text).unwrap();
    }
    for name in ["local", "staging"] {
        fs::write(folder.join(format!("env/{name}.toml")), "base = 'http://127.0.0.1'\n").unwrap();
    }
    let mock = "[http-listener]\nbind = '127.0.0.1:0'\n\
                [[http-listener.rule]]\npath = '/one'\nbody.text = 'first'\n";
    launch = launch.preset("mock", mock);
    fs::write(launch.home.path().join("upload.txt"), "what the file holds").unwrap();
    let tui = launch.start();
    // All of them are read.
    tui.wait_for(" of 302");
    tui
}

fn done(tui: &mut Tui, steps: &[Step], peer: SocketAddr, file: &str) {
    let filled = |text: &str| text.replace("{peer}", &peer.to_string()).replace("{file}", file);
    for step in steps {
        match step {
            Keys(keys) => tui.keys(keys),
            Text(text) => tui.bytes(filled(text).as_bytes()),
            Paste(text) => tui.bytes(format!("\x1b[200~{}\x1b[201~", filled(text)).as_bytes()),
            Shown(text) => tui.wait_for(text),
            Twice(text) => {
                tui.wait_for_screen(text, |screen| screen.matches(text).count() == 2);
            }
        }
    }
}

#[test]
fn every_job_is_done_by_its_keys() {
    for job in JOBS {
        let (peer, requests) = peer();
        let mut tui = started(peer);
        let file = tui.home.path().join("upload.txt").display().to_string();
        done(&mut tui, job.before, peer, &file);
        requests.try_iter().for_each(drop);
        done(&mut tui, job.steps, peer, &file);
        if !job.request.is_empty() {
            let request = requests.recv_timeout(PATIENCE).unwrap_or_default();
            for part in job.request {
                assert!(
                    request.contains(part),
                    "{}: {part} in {request}\n{}",
                    job.name,
                    tui.screen()
                );
            }
        }
        for text in job.screen {
            tui.wait_for_screen(&format!("{}: {text}", job.name), |screen| screen.contains(text));
        }
        tui.quit();
    }
}

fn keys_of(steps: &[Step]) -> (usize, String) {
    let mut count = 0;
    let mut words = Vec::new();
    for step in steps {
        match step {
            Keys(run) => {
                let keys = Key::parse_run(run).unwrap();
                count += keys.len();
                words.extend(keys.iter().map(|key| format!("`{}`", show(&[*key]))));
            }
            Text(_) => words.push("text".into()),
            Paste(_) => {
                count += 1;
                words.push("paste".into());
            }
            Shown(_) | Twice(_) => {}
        }
    }
    (count, words.join(" "))
}

fn table() -> String {
    let mut text = String::from(
        "# Twelve daily jobs, key by key\n\n\
         Counted is every key but the text itself (an address, a token, a body, a name); a paste is one key. A test does\n\
         every job of wirebench with these keys, on the real program. posting is 2.11.0 with its own keys, driven and looked\n\
         at; read off its screen alone are its search (`Ctrl+Shift+P`, which many terminals do not tell apart) and the choice of POST.\n\n\
         | job | wirebench | its keys | posting | its keys |\n|---|---|---|---|---|\n",
    );
    for job in JOBS {
        let ((count, keys), (theirs, number)) = (keys_of(job.steps), job.posting);
        let number = number.map_or("–".into(), |number| number.to_string());
        let _ = writeln!(text, "| {} | {count} | {keys} | {number} | {theirs} |", job.name);
    }
    text
}

#[test]
fn the_table_of_jobs_says_which_keys() {
    for job in JOBS {
        let ours = keys_of(job.steps).0;
        assert!(job.posting.1.is_none_or(|theirs| ours <= theirs), "{}: {ours}", job.name);
    }
    if std::env::var_os("UPDATE_JOBS").is_some() {
        fs::write(TABLE, table()).unwrap();
    }
    let kept = fs::read_to_string(TABLE).unwrap_or_default();
    assert_eq!(kept, table(), "UPDATE_JOBS=1 writes it anew");
}
