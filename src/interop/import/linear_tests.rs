//! Texts that begin something again and again and never end it: nothing is read again from each beginning to the end.
//! What is linear takes less than a second here, what is quadratic minutes.

use std::time::{Duration, Instant};

use super::*;
use crate::interop::curl::{self, CommandFiles};

/// How often each piece comes; five times as long a text would take five times as long.
const TIMES: usize = 20_000;

fn read(name: &str, text: String) -> Duration {
    let began = Instant::now();
    let file = ImportFile { name: name.into(), inside: None, bytes: text.into_bytes() };
    // What comes of it is not asked: only that it ends.
    let _ = import(&[file], None);
    began.elapsed()
}

fn all_end(name: &str, (before, after): (&str, &str), pieces: &[&str]) {
    for piece in pieces {
        let took = read(name, format!("{before}{}{after}", piece.repeat(TIMES)));
        assert!(took < Duration::from_secs(10), "{before:?} {piece:?}: {took:?}");
    }
}

#[test]
fn a_curl_command_of_many_beginnings_is_read_once() {
    let bare = ["$(a ", "${a ", "`a ", "[a ", "{{a ", "a \\\n", "- ", "a=b ", "~ ", "curl ", "é "];
    all_end("a.sh", ("curl http://h/ ", "\n"), &bare);
    all_end(
        "a.sh",
        ("curl http://h/ ", "\n"),
        &["-a ", "--next ", "<<E ", "curl a;", "-? a ", "=~"],
    );
    all_end("a.sh", ("curl http://h/ -d \"", "\"\n"), &["$(a ", "${a ", "\" ", "`", "$a1 "]);
    all_end("a.sh", ("curl http://h/ -d 'x", "\n"), &["' ", "a \\\n"]);
    // Lines that go on to a quote that never ends.
    all_end("a.sh", ("", "'\ncurl http://h/\n"), &["a \\\n", "curl a;", "bash ", "x <<E\n"]);
    all_end("a.bat", ("C:\\> curl http://h/ ^\n -d \"", "\"\n"), &["\" ", "^\n", "%A%"]);
    all_end("a.ps", ("PS C:\\> curl.exe http://h/ -d \"", "\"\n"), &["\\\"", "$a:b ", "`"]);
}

#[test]
fn commands_of_other_programs_are_read_once() {
    all_end("a.sh", ("nc h 1\n", "\n"), &["curl a;", "curl ", "nc a 1;", "|a "]);
    all_end("a.sh", ("echo ", " | nc h 1\n"), &["$(a ", "|a ", "a \\\n"]);
}

#[test]
fn a_script_of_powershell_is_read_once() {
    let pieces = ["$a", "`", "{", "{{a", "a,", "\\\"", ".a()", "|a ", "$(a ", "[a ", "^\""];
    all_end("a.ps1", ("iwr http://h/ -Body (", ")\n"), &pieces);
    all_end("a.ps1", ("iwr http://h/ -Body @(", ")\n"), &pieces);
    all_end("a.ps1", ("iwr http://h/ -Body $a", "\n"), &[".a", ".a()", "|a "]);
    all_end("a.ps1", ("iwr http://h/ -Body \"", "\"\n"), &["$(a ", "${a ", "`a"]);
}

#[test]
fn files_of_requests_are_read_once() {
    let pieces =
        ["{{a", "{%", "$(a ", "${a ", ".a()", "|a ", "```\n", "### \n", "> {%\n", "\"\"\""];
    all_end("a.http", ("POST http://h/\n\n", "\n"), &pieces);
    all_end("a.hurl", ("POST http://h/\n```\n", "\n```\nHTTP 200\n"), &pieces);
    let bruno = "meta {\n name: a\n}\npost {\n url: http://h/\n body: text\n}\nbody:text {\n";
    all_end("a.bru", (bruno, "\n}\n"), &["{{a", "{", "a {\n", "'''\n", "$(a ", "|a "]);
    all_end("a.yaml", ("name: x\nmethod: GET\nurl: \"", "\"\n"), &["${a", "{{a", "{%"]);
}

#[test]
fn what_a_command_adds_up_to_has_an_end() {
    let refused = |text: &str| curl::parse_all(text, &CommandFiles::default(), 1_001).unwrap_err();
    let many = format!("curl -d {} {}", "x".repeat(1 << 20), "http://h/ ".repeat(100));
    assert_eq!(refused(&many).message, "its 100 URLs make more than 64 MiB of requests");
    let words = format!("curl http://h/ {}", "-s ".repeat(200_000));
    assert_eq!(refused(&words).message, "more than 200000 words in a command");
    // What is said of it, too.
    let odd = format!("curl http://h/ {}", "-x p ".repeat(10) + &"-\u{e9}".repeat(10_000));
    let told = &curl::parse_all(&odd, &CommandFiles::default(), 10).unwrap()[0].1;
    assert!(told.len() < 20 && told.iter().all(|it| it.chars().count() < 1_100), "{told:?}");
}
