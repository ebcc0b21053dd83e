//! `send --download`: names, files that stay, what is gone on with, and what it says.

use std::io::Write;
use std::net::TcpStream;
use std::path::Path;
use std::process::{Output, Stdio};

use rustix::process::{Pid, Signal, kill_process};

use crate::harness::peers::{read_head, tcp_peer};
use crate::harness::program::{command, finished, text, told};
use crate::harness::terminal::Launch;
use crate::harness::wait::wait_until;

const LENGTH: usize = 400_000;

fn content() -> Vec<u8> {
    (0..LENGTH).map(|at| (at * 7 % 251) as u8).collect()
}

fn answer(stream: &mut TcpStream, head: &str, body: &[u8]) {
    let head = format!("HTTP/1.1 {head}\r\nContent-Length: {}\r\n\r\n", body.len());
    let _ = stream.write_all(&[head.as_bytes(), body].concat());
}

/// Serves a file with ranges, and what else its path asks for.
fn server() -> String {
    let peer = tcp_peer(|mut stream| {
        let Some(request) = read_head(&mut stream) else { return };
        let request = text(&request);
        let path = request.split(' ').nth(1).unwrap_or_default().to_owned();
        let field = |name: &str| {
            let line = request.lines().find_map(|line| line.strip_prefix(name));
            line.map(|value| value.trim_start_matches(':').trim().to_owned())
        };
        let from = field("Range").and_then(|range| {
            range.strip_prefix("bytes=")?.trim_end_matches('-').parse::<usize>().ok()
        });
        let (file, tag) = (content(), "\"v1\"");
        let is_same = field("If-Range").is_none_or(|wanted| wanted == tag);
        let tagged = format!("200 OK\r\nETag: {tag}");
        match (&*path, from) {
            ("/named", _) => {
                let name = "attachment; filename=\"../../.x/report\u{1b}.txt\"";
                answer(&mut stream, &format!("200 OK\r\nContent-Disposition: {name}"), b"x");
            }
            ("/export", _) if !is_same || from.is_none() => {
                let name = "Content-Disposition: attachment; filename=list.bin";
                let head = format!("{tagged}\r\n{name}\r\nContent-Length: {LENGTH}\r\n\r\n");
                let begin = &file[..LENGTH / 2];
                let _ = stream.write_all(&[b"HTTP/1.1 ", head.as_bytes(), begin].concat());
            }
            ("/gone", _) => answer(&mut stream, "404 Not Found", b"gone"),
            ("/empty", _) => answer(&mut stream, "204 No Content", b""),
            ("/plain.bin", _) => answer(&mut stream, "200 OK", &file),
            ("/wrong.bin", Some(_)) => {
                answer(
                    &mut stream,
                    "206 Partial Content\r\nContent-Range: bytes 0-9/10",
                    b"0123456789",
                );
            }
            (_, Some(from)) if from >= LENGTH => {
                let head = format!("416 Range Not Satisfiable\r\nContent-Range: bytes */{LENGTH}");
                answer(&mut stream, &head, b"");
            }
            (_, Some(from)) if is_same => {
                let range = format!("Content-Range: bytes {from}-{}/{LENGTH}", LENGTH - 1);
                let head = format!("206 Partial Content\r\nETag: {tag}\r\n{range}");
                answer(&mut stream, &head, &file[from..]);
            }
            ("/cut.bin" | "/slow.bin", None) => {
                let head = format!("HTTP/1.1 {tagged}\r\nContent-Length: {LENGTH}\r\n\r\n");
                let _ = stream.write_all(&[head.as_bytes(), &file[..150_000]].concat());
                if path == "/slow.bin" {
                    let _ = std::io::copy(&mut stream, &mut std::io::sink());
                }
            }
            _ => answer(&mut stream, &tagged, &file),
        }
    });
    format!("http://{peer}")
}

fn download(folder: &Path, args: &[&str]) -> Output {
    let mut command = command(&[&["send", "--download"], args].concat());
    command.current_dir(folder).stdout(Stdio::piped()).stderr(Stdio::piped());
    finished(command.spawn())
}

/// Ends so, and says this.
#[track_caller]
fn ends(output: &Output, status: i32, says: &str) {
    let (ended, said) = told(output);
    assert_eq!(ended, Some(status), "{said}");
    assert!(said.contains(says), "{said}");
    assert!(output.stdout.is_empty());
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

#[test]
fn a_download_has_a_safe_name_that_takes_nobodys_place() {
    let (server, folder) = (server(), tempfile::tempdir().unwrap());
    let folder = folder.path();
    let whole = format!("{server}/a.bin?x=/y");
    ends(&download(folder, &[&whole]), 0, "391 KiB saved as a.bin");
    assert!(std::fs::read(folder.join("a.bin")).unwrap() == content());
    std::fs::write(folder.join("a.bin"), "mine").unwrap();
    ends(&download(folder, &[&whole]), 0, "saved as a-1.bin");
    assert_eq!(std::fs::read_to_string(folder.join("a.bin")).unwrap(), "mine");
    ends(&download(folder, &[&format!("{server}/named")]), 0, "saved as report_.txt");
    // The one that was typed is meant.
    ends(&download(folder, &[&whole, "-o", "a.bin"]), 0, "saved as ");
    assert!(std::fs::read(folder.join("a.bin")).unwrap() == content());
    ends(&download(folder, &[&whole, "-o", "/dev/null"]), 0, "");
    for (path, says) in [("gone", "404 Not Found: nothing is saved"), ("empty", "204 No Content")] {
        ends(&download(folder, &[&format!("{server}/{path}")]), 1, says);
    }
    ends(&download(folder, &[&whole, "-o", "."]), 2, "it is a folder");
    ends(&download(folder, &[&whole, "-o", "no/x"]), 2, "the folder no does not exist");
    let quiet = download(folder, &[&whole, "-o", "q", "-q"]);
    ends(&quiet, 0, "");
    assert!(quiet.stderr.is_empty());
    assert_eq!(names(folder), ["a-1.bin", "a.bin", "q", "report_.txt"]);
}

#[test]
fn what_is_missing_is_gone_on_with() {
    let (server, folder) = (server(), tempfile::tempdir().unwrap());
    let (folder, cut) = (folder.path(), format!("{server}/cut.bin"));
    ends(&download(folder, &[&cut]), 3, "its first 146 KiB are in cut.bin.part, and --continue");
    assert_eq!(names(folder), ["cut.bin.part", "cut.bin.part.etag"]);
    ends(&download(folder, &[&cut, "-c"]), 0, "391 KiB saved as cut.bin");
    assert_eq!(names(folder), ["cut.bin"]);
    assert!(std::fs::read(folder.join("cut.bin")).unwrap() == content());
    ends(&download(folder, &[&cut, "-c"]), 0, "cut.bin was whole already (391 KiB)");
    // As curl, wget and HTTPie leave it: in the file itself.
    std::fs::write(folder.join("b"), &content()[..1000]).unwrap();
    ends(&download(folder, &[&cut, "-c", "-o", "b"]), 0, "saved as");
    assert!(std::fs::read(folder.join("b")).unwrap() == content());
    // Nothing is there yet.
    ends(&download(folder, &[&format!("{server}/c.bin"), "-c"]), 0, "saved as c.bin");
}

#[test]
fn what_the_url_does_not_name_is_gone_on_with() {
    let (server, folder) = (server(), tempfile::tempdir().unwrap());
    let folder = folder.path();
    // The answer names it.
    let export = format!("{server}/export");
    ends(&download(folder, &[&export]), 3, "in list.bin.part, and --continue goes on");
    std::fs::write(folder.join("export"), "mine").unwrap();
    ends(&download(folder, &[&export, "-c"]), 0, "391 KiB saved as list.bin");
    assert!(std::fs::read(folder.join("list.bin")).unwrap() == content());
    // Its name was taken.
    let cut = format!("{server}/cut.bin");
    std::fs::write(folder.join("cut.bin"), "mine").unwrap();
    ends(&download(folder, &[&cut]), 3, "in cut-1.bin.part, and --continue goes on");
    ends(&download(folder, &[&cut, "-c"]), 0, "391 KiB saved as cut-1.bin");
    assert!(std::fs::read(folder.join("cut-1.bin")).unwrap() == content());
    for name in ["export", "cut.bin"] {
        assert_eq!(std::fs::read_to_string(folder.join(name)).unwrap(), "mine");
    }
    assert_eq!(names(folder), ["cut-1.bin", "cut.bin", "export", "list.bin"]);
}

#[test]
fn what_cannot_be_gone_on_with_is_begun_anew_or_refused() {
    let (server, folder) = (server(), tempfile::tempdir().unwrap());
    let folder = folder.path();
    let begin = |name: &str, content: &[u8], tag: Option<&str>| {
        std::fs::write(folder.join(format!("{name}.part")), content).unwrap();
        if let Some(tag) = tag {
            std::fs::write(folder.join(format!("{name}.part.etag")), tag).unwrap();
        }
    };
    // It has changed, or the server has no ranges.
    begin("changed.bin", b"old", Some("\"v0\""));
    let changed = download(folder, &[&format!("{server}/changed.bin"), "-c"]);
    ends(&changed, 0, "changed.bin.part is begun anew");
    begin("plain.bin", b"old", None);
    ends(&download(folder, &[&format!("{server}/plain.bin"), "-c"]), 0, "is begun anew");
    for name in ["changed.bin", "plain.bin"] {
        assert!(std::fs::read(folder.join(name)).unwrap() == content(), "{name}");
    }
    assert_eq!(names(folder), ["changed.bin", "plain.bin"]);
    // Longer than it, or another range than was asked for: what is there stays.
    begin("long.bin", &vec![0; LENGTH + 1], None);
    let long = download(folder, &[&format!("{server}/long.bin"), "-c"]);
    ends(&long, 1, "the server's file 400,000: another one");
    ends(&long, 1, "not done: ");
    begin("wrong.bin", b"old", None);
    let wrong = download(folder, &[&format!("{server}/wrong.bin"), "-c"]);
    ends(&wrong, 3, "asked for the bytes from 3 on, it sends 'bytes 0-9/10'");
    assert_eq!(std::fs::read(folder.join("wrong.bin.part")).unwrap(), b"old");
    let post = download(folder, &[&format!("{server}/a"), "-c", "-X", "POST"]);
    ends(&post, 2, "only a GET");
    let ranged = download(folder, &[&format!("{server}/ranged"), "-c", "Range:bytes=1-"]);
    ends(&ranged, 2, "take the header Range away");
}

#[test]
fn a_download_that_is_ended_leaves_what_came() {
    for signal in [Signal::INT, Signal::KILL] {
        let (server, folder) = (server(), tempfile::tempdir().unwrap());
        let (folder, slow) = (folder.path(), format!("{server}/slow.bin"));
        let mut command = command(&["send", "--download", &slow]);
        command.current_dir(folder).stdout(Stdio::piped()).stderr(Stdio::piped());
        let child = command.spawn().unwrap();
        let part = folder.join("slow.bin.part");
        wait_until("150,000 bytes", || {
            std::fs::metadata(&part).is_ok_and(|facts| facts.len() == 150_000)
        });
        // Only one at a time fills it.
        let second = download(folder, &[&slow, "-o", "slow.bin"]);
        ends(&second, 2, "another download is filling it");
        kill_process(Pid::from_child(&child), signal).unwrap();
        let ended = finished(Ok(child));
        if signal == Signal::INT {
            ends(&ended, 6, "slow.bin is not written; its first 146 KiB are in slow.bin.part");
        }
        ends(&download(folder, &[&slow, "-c"]), 0, "saved as slow.bin");
        assert!(std::fs::read(folder.join("slow.bin")).unwrap() == content());
    }
}

#[test]
fn progress_is_shown_on_a_terminal_alone() {
    let server = server();
    let slow = format!("{server}/slow.bin");
    let mut tui = Launch::default().args(&["send", "--download", &slow]).size(80, 24).start();
    tui.wait_for("slow.bin  37% [");
    tui.wait_for("146 KiB/391 KiB");
    tui.bytes(b"\x03");
    tui.wait_for("slow.bin is not written");
    let raw = text(&tui.raw());
    assert!(raw.contains("\r\x1b[K") && !raw.contains("\x1b[?1049h"), "{raw:?}");
}
