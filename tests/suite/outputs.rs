//! Standard output and standard error in every state a shell can leave them in, and what may reach a
//! terminal through them.

use std::fs::{File, OpenOptions};
use std::io::{BufRead as _, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rustix::fs::OFlags;

use crate::harness::peers::{http_peer, tcp_peer};
use crate::harness::program::{command, finished, program, run, text};
use crate::harness::terminal::Launch;

fn full() -> File {
    OpenOptions::new().write(true).open("/dev/full").unwrap()
}

/// A pipe that takes nothing more, and its reader.
fn stuffed(non_blocking: bool) -> (std::io::PipeReader, std::io::PipeWriter) {
    let (reader, mut writer) = std::io::pipe().unwrap();
    rustix::fs::fcntl_setfl(&writer, OFlags::NONBLOCK).unwrap();
    while writer.write(&[b'#'; 4096]).is_ok() {}
    if !non_blocking {
        rustix::fs::fcntl_setfl(&writer, OFlags::empty()).unwrap();
    }
    (reader, writer)
}

#[test]
fn standard_error_that_takes_nothing_changes_no_exit_status() {
    let began = Instant::now();
    for args in [&["send", "ftp://x/"][..], &["send", "--no-such-option"], &["send", "nothing"]] {
        assert_eq!(run(args).status.code(), Some(2), "{args:?}");
        let output = command(args).stderr(full()).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{args:?} with a full one");
        for non_blocking in [false, true] {
            let (_reader, writer) = stuffed(non_blocking);
            let output = finished(command(args).stderr(writer).stdout(Stdio::piped()).spawn());
            assert_eq!(output.status.code(), Some(2), "{args:?}, unread, {non_blocking}");
        }
        let mut shell = Command::new("sh");
        shell.args(["-c", "exec \"$0\" \"$@\" 2>&-"]).arg(program()).args(args);
        let status = shell.env("WIREBENCH_HOME", tempfile::tempdir().unwrap().path()).status();
        assert_eq!(status.unwrap().code(), Some(2), "{args:?} with a closed one");
    }
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
}

#[test]
fn standard_output_that_takes_nothing_is_said_and_is_no_success() {
    let peer = http_peer(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
    let url = format!("http://{peer}/");
    for args in [&["send", "--raw", &url][..], &["send", "--json", &url], &["--help"]] {
        let output = command(args).stdout(full()).stderr(Stdio::piped()).output().unwrap();
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(6), "{args:?}: {said}");
        assert!(said.contains("standard output: No space left"), "{args:?}: {said}");
    }
}

#[test]
fn a_reader_that_left_is_told_by_the_exit_status_alone() {
    let peer = tcp_peer(|mut stream| {
        let _ = stream.read(&mut [0; 4096]);
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n");
        while stream.write_all(&[b'a'; 4096]).is_ok() {}
    });
    let mut child = command(&["send", "--raw", &format!("http://{peer}/")]);
    let mut child = child.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdout.take().unwrap().read_exact(&mut [0; 10]).unwrap();
    let output = finished(Ok(child));
    assert_eq!((output.status.code(), text(&output.stderr)), (Some(141), String::new()));
}

#[test]
fn a_non_blocking_output_gets_everything() {
    static BODY: [u8; 300_000] = [b'a'; 300_000];
    let peer = tcp_peer(|mut stream| {
        let _ = stream.read(&mut [0; 4096]);
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 300000\r\n\r\n");
        let _ = stream.write_all(&BODY);
    });
    let (mut reader, writer) = std::io::pipe().unwrap();
    rustix::fs::fcntl_setfl(&writer, OFlags::NONBLOCK).unwrap();
    let mut command = command(&["send", "--raw", &format!("http://{peer}/")]);
    let child = command.stdout(writer).stderr(Stdio::piped()).spawn();
    drop(command);
    let reading = std::thread::spawn(move || {
        std::thread::park_timeout(Duration::from_millis(300));
        let mut all = Vec::new();
        reader.read_to_end(&mut all).map(|_| all.len())
    });
    let output = finished(child);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert_eq!(reading.join().unwrap().unwrap(), BODY.len());
}

#[test]
fn arguments_and_variables_are_quoted_harmlessly() {
    let hostile = "\u{1b}]0;owned\u{7}\u{1b}]52;c;QUJD\u{7}\u{9b}31m\u{202e}";
    let cases: [&[&str]; 7] = [
        &["send", "--timeout", hostile],
        &["send", &format!("--{}", &hostile)],
        &["listen", "x", hostile],
        &["send", hostile],
        &["send", "http://h/", &format!("{hostile}:=x")],
        &["send", "--set", hostile, ":1"],
        &["--log", hostile],
    ];
    for args in cases {
        for style in ["dumb", "xterm-256color"] {
            let tui = Launch::default().env("TERM", style).args(args).size(200, 50).start();
            assert_eq!(tui.wait_exit().exit_code(), 2, "{args:?}");
            let shown = text(&tui.raw());
            assert!(!shown.contains("\u{1b}]") && !shown.contains('\u{7}'), "{shown:?}");
            assert!(!shown.contains('\u{9b}') && !shown.contains('\u{202e}'), "{shown:?}");
        }
    }
    let tui = Launch::default().env("WIREBENCH_LOG", hostile).args(&["--help"]).start();
    assert_eq!(tui.wait_exit().exit_code(), 0);
    assert!(!text(&tui.raw()).contains("\u{1b}]"), "{:?}", text(&tui.raw()));
}

#[test]
fn raw_bytes_act_on_a_terminal_only_when_forced() {
    let hostile = b"HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\nfine\r\n\x1b]0;x\x07!";
    let harmless = "HTTP/1.1 200 OK\r\nContent-Length: 14\r\n\r\nf\tne\r\n\u{e9}\u{e9}\u{e9}!\n";
    for (answer, force, code) in
        [(&hostile[..], false, 6), (hostile, true, 0), (harmless.as_bytes(), false, 0)]
    {
        let answer: &'static [u8] = answer.to_vec().leak();
        let url = format!("http://{}/", http_peer(answer));
        let mut args = vec!["send", "--raw", &url];
        args.extend(force.then_some("--force"));
        let tui = Launch::default().args(&args).start();
        assert_eq!(tui.wait_exit().exit_code(), code, "{}", tui.screen());
        let (raw, screen) = (tui.raw(), tui.screen());
        let acts = memchr::memmem::find(&raw, b"\x1b]0;").is_some();
        assert_eq!(acts, force, "{screen}");
        assert_eq!(screen.contains("--force"), code == 6, "{screen}");
    }
    // Into a pipe nothing is kept back.
    let url = format!("http://{}/", http_peer(hostile));
    assert!(run(&["send", "--raw", &url]).stdout.ends_with(b"\x1b]0;x\x07!"));
    assert!(run(&["send", "--raw", &url]).status.signal().is_none());
}

/// A shell in a folder of its own starts the program as `$W`, with an answer of 10,000 bytes at `$U` and
/// one of which only as many come at `$CUT`; the exit status, what was printed and what was said.
fn in_shell(folder: &Path, script: &str) -> (Option<i32>, String, String) {
    let whole = http_peer(Box::leak(answer(10_000).into_boxed_slice()));
    let cut = http_peer(Box::leak(answer(20_000).into_boxed_slice()));
    let mut shell = Command::new("sh");
    shell.args(["-c", script]).current_dir(folder).env("W", program());
    shell.env("U", format!("http://{whole}/")).env("CUT", format!("http://{cut}/"));
    shell.env("WIREBENCH_HOME", folder.join("home")).stdin(Stdio::null());
    let output = finished(shell.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn());
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

fn answer(announced: usize) -> Vec<u8> {
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {announced}\r\n\r\n");
    [head.into_bytes(), vec![b'x'; 10_000]].concat()
}

#[test]
fn a_file_that_cannot_be_written_is_refused_in_words_before_anything_is_sent() {
    let folder = tempfile::tempdir().unwrap();
    let long = "a".repeat(300);
    std::os::unix::net::UnixListener::bind(folder.path().join("socket")).unwrap();
    let prepare = "mkdir in; echo old > file; ln -s round round; mkfifo pipe; ";
    assert_eq!(in_shell(folder.path(), prepare).0, Some(0));
    for (name, says) in [
        ("''", "the name of the file is empty"),
        ("in", "it is a folder"),
        ("none/", "it names a folder, which is not there"),
        ("none/file", "the folder none does not exist"),
        ("file/", "a file stands where a folder is needed"),
        ("file/below", "a file stands where a folder is needed"),
        ("round", "its links lead in a circle"),
        ("pipe", "nobody reads this pipe"),
        ("socket", "it is a socket"),
        (&long, "the name is too long"),
    ] {
        // Nobody would answer.
        let (status, printed, said) =
            in_shell(folder.path(), &format!("$W send http://127.0.0.1:1/ -o {name}"));
        assert_eq!((status, &*printed), (Some(2), ""), "{name}: {said}");
        assert!(said.contains(says) && !said.contains(" at path "), "{name}: {said}");
    }
    assert_eq!(std::fs::read_to_string(folder.path().join("file")).unwrap(), "old\n");
}

#[test]
fn a_file_is_written_where_its_name_leads() {
    let folder = tempfile::tempdir().unwrap();
    let name = "b".repeat(255);
    for (script, status, printed) in [
        ("ln -s target link && $W send $U -o link && test -L link && wc -c < target", 0, "10000"),
        ("(echo a; $W send $U -o /dev/stdout; echo b) > log && wc -c < log", 0, "10004"),
        (
            "(echo a; $W send $U -o /dev/fd/3; echo b >&3) 3>> appended > /dev/null && wc -c < appended",
            0,
            "10002",
        ),
        ("$W send $U -o /dev/full", 6, ""),
        (&format!("$W send $U -o {name} && wc -c < {name}"), 0, "10000"),
        (
            &format!("rm {name}; $W send $CUT -o {name}; s=$?; cat .bbb*.part | wc -c; exit $s"),
            3,
            "10000",
        ),
        ("$W send $CUT -o cut; s=$?; ls cut; wc -c < cut.part; exit $s", 3, "10000"),
        ("ulimit -f 8; $W send $U -o limited", 6, ""),
        ("ulimit -f 8; $W send $U > limited", 6, ""),
    ] {
        let (ended, out, said) = in_shell(folder.path(), script);
        assert_eq!((ended, out.trim()), (Some(status), printed), "{script}: {said}");
        assert_eq!(said.is_empty(), status == 0, "{script}: {said}");
    }
}

#[test]
fn a_file_that_cannot_be_finished_is_left_beside_its_name() {
    let can_trace = Command::new("strace").arg("true").stderr(Stdio::null()).status();
    if !can_trace.is_ok_and(|status| status.success()) {
        println!("skipped: strace cannot trace here");
        return;
    }
    for (calls, error, says) in [
        ("fsync", "EIO", "Input/output error"),
        ("fsync", "ENOSPC", "the disk is full"),
        ("rename,renameat,renameat2", "EIO", "Input/output error"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let script = format!(
            "mkdir d; cd d; echo old > f; strace -f -qq -o ../log -e trace={calls} -e \
             inject={calls}:error={error} $W send $U -o f; s=$?; cat f; ls -A; wc -c < f.part; exit $s"
        );
        let (status, printed, told) = in_shell(folder.path(), &script);
        let lines: Vec<_> = printed.lines().map(str::trim).collect();
        assert_eq!((status, &*lines), (Some(6), &["old", "f", "f.part", "10000"][..]), "{told}");
        assert!(told.contains(says) && told.contains("the first 10,000 bytes are in"), "{told}");
        assert!(told.contains("/d/f.part"), "{told}");
    }
}

#[test]
fn an_output_that_fails_while_nothing_comes_ends_the_command() {
    let peer = tcp_peer(|mut stream| {
        let _ = stream.write_all(b"some");
        // Until the program leaves.
        let _ = stream.read_to_end(&mut Vec::new());
    });
    let send = ["send", &format!("tcp://{peer}"), "x", "--raw", "--wait", "1h"];
    let ended = finished(command(&send).stdout(full()).stderr(Stdio::piped()).spawn());
    assert_eq!(ended.status.code(), Some(6), "{}", text(&ended.stderr));
    let listen = ["listen", "--raw", "tcp://127.0.0.1:0", "--for", "1h"];
    let mut child = command(&listen).stdout(full()).stderr(Stdio::piped()).spawn().unwrap();
    let mut said = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    said.read_line(&mut line).unwrap();
    let port = line.split([';', ':']).find_map(|word| word.trim().parse::<u16>().ok());
    let mut client = TcpStream::connect(("127.0.0.1", port.expect(&line))).unwrap();
    client.write_all(b"some").unwrap();
    said.read_to_string(&mut line).unwrap();
    assert_eq!(finished(Ok(child)).status.code(), Some(6), "{line}");
    assert!(line.contains("No space left on device"), "{line}");
}
