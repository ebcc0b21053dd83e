//! The real program without a screen: as a script starts it, with its outputs and exit status.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Arc, Once};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use super::wait::PATIENCE;

/// The program under test: the one named by `WIREBENCH_BIN`, else the one built with the tests.
pub fn program() -> PathBuf {
    heed_signals();
    std::env::var_os("WIREBENCH_BIN")
        .map_or_else(|| env!("CARGO_BIN_EXE_wirebench").into(), PathBuf::from)
}

/// Tests that a script runs in the background, or under `nohup`, have signals ignored, and so would
/// what they start; a handler in place of that is the default again in other programs.
fn heed_signals() {
    static HANDLERS: Once = Once::new();
    HANDLERS.call_once(|| {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
        let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0);
        let ignored = [Signal::INT, Signal::HUP].into_iter().map(Signal::as_raw);
        for signal in ignored.filter(|signal| mask & (1 << (signal - 1)) != 0) {
            signal_hook::flag::register(signal, Arc::default()).expect("a handler");
        }
    });
}

/// Whether the program under test is the debug build made with these tests.
pub fn is_debug_build() -> bool {
    std::env::var_os("WIREBENCH_BIN").is_none() && cfg!(debug_assertions)
}

/// Most memory a process has held, in bytes; `None` when it has ended.
pub fn peak_memory(pid: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().trim_end_matches(" kB").parse::<u64>().expect("a number") * 1024)
}

/// The program with a home of its own and nothing on standard input.
pub fn command(args: &[&str]) -> Command {
    let mut command = Command::new(program());
    let home = concat!(env!("CARGO_TARGET_TMPDIR"), "/cli-home");
    command.args(args).env("WIREBENCH_HOME", home).env_remove("WIREBENCH_LOG");
    command.stdin(Stdio::null());
    command
}

/// Starts it with pipes for both outputs.
pub fn spawned(args: &[&str]) -> Child {
    let command = &mut command(args);
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program runs")
}

/// Runs to its end, with both outputs.
pub fn run(args: &[&str]) -> Output {
    finished(Ok(spawned(args)))
}

/// Exit status, and what it said beside its output.
pub fn told(ended: &Output) -> (Option<i32>, String) {
    (ended.status.code(), text(&ended.stderr))
}

/// The output of a program that ends in time.
pub fn finished(child: std::io::Result<Child>) -> Output {
    let child = child.expect("the program runs");
    let pid = Pid::from_child(&child);
    let (sender, output) = std::sync::mpsc::channel();
    std::thread::spawn(move || sender.send(child.wait_with_output()));
    if let Ok(output) = output.recv_timeout(PATIENCE) {
        return output.expect("its output");
    }
    let _ = kill_process(pid, Signal::KILL);
    let output = output.recv().expect("an end").expect("its output");
    panic!("no end in time:\n{}{}", text(&output.stdout), text(&output.stderr));
}

pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Runs with bytes on standard input.
pub fn run_with_input(args: &[&str], input: &[u8]) -> Output {
    let mut child = command(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program runs");
    child.stdin.take().expect("a pipe").write_all(input).expect("standard input");
    finished(Ok(child))
}

/// A listener of ours, killed when dropped.
pub struct Listening {
    child: Option<Child>,
    pub port: u16,
}

impl Drop for Listening {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Starts `listen` on a free port and waits until it says where.
pub fn listen(spec: &str, args: &[&str]) -> Listening {
    listening(&mut command(&[&["listen", spec], args].concat()))
}

/// Runs a command that listens and waits until it says where.
pub fn listening(command: &mut Command) -> Listening {
    let mut child =
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program runs");
    let mut said = String::new();
    let errors = child.stderr.take().expect("a pipe");
    BufReader::new(errors).read_line(&mut said).expect("a line");
    let port = said.split("127.0.0.1:").nth(1).and_then(|rest| {
        let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
        digits.parse().ok()
    });
    // A socket of the file system has none.
    let port = port.or(said.contains("unix:").then_some(0));
    Listening { child: Some(child), port: port.unwrap_or_else(|| panic!("no port in: {said}")) }
}

impl Listening {
    /// The lines printed, one after the other as they come.
    pub fn lines(&mut self) -> impl Iterator<Item = Value> {
        let child = self.child.as_mut().expect("a running listener");
        let output = BufReader::new(child.stdout.take().expect("a pipe"));
        output.lines().map_while(Result::ok).map(|line| serde_json::from_str(&line).expect("JSON"))
    }

    /// What it prints.
    pub fn output(&mut self) -> std::process::ChildStdout {
        self.child.as_mut().and_then(|child| child.stdout.take()).expect("a running listener")
    }

    /// Its standard input, which was asked for.
    pub fn input(&mut self) -> std::process::ChildStdin {
        self.child.as_mut().and_then(|child| child.stdin.take()).expect("an input of its own")
    }

    /// Waits for the end; returns the status.
    pub fn wait(mut self) -> Option<i32> {
        finished(Ok(self.child.take().expect("a running listener"))).status.code()
    }

    /// Its process.
    pub fn id(&self) -> u32 {
        self.child.as_ref().expect("a running listener").id()
    }

    /// Presses Ctrl+C.
    pub fn interrupt(&self) {
        let pid = Pid::from_child(self.child.as_ref().expect("a running listener"));
        kill_process(pid, Signal::INT).expect("a running program");
    }

    /// Waits for the end; returns what was printed.
    pub fn said(mut self) -> String {
        text(&finished(Ok(self.child.take().expect("a running listener"))).stdout)
    }

    /// Waits for the end; returns the status and the lines printed.
    pub fn finish(mut self) -> (Option<i32>, Vec<Value>) {
        let ended = finished(Ok(self.child.take().expect("a running listener")));
        let (printed, status) = (text(&ended.stdout), ended.status.code());
        let lines = printed.lines().map(|line| serde_json::from_str(line).expect(line)).collect();
        (status, lines)
    }
}

/// Sends, finishes, and reads to the end.
pub fn talk(port: u16, ask: &[u8]) -> Vec<u8> {
    let mut client = TcpStream::connect(("127.0.0.1", port)).expect("who listens");
    client.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    client.write_all(ask).expect("taken");
    client.shutdown(Shutdown::Write).expect("an end");
    let mut got = Vec::new();
    client.read_to_end(&mut got).expect("an answer");
    got
}

/// What a program of others prints that no proxy is set for; `None` where it is not installed.
pub fn said_by(program: &str, args: &[&str]) -> Option<String> {
    let mut command = Command::new(program);
    for name in ["http_proxy", "HTTP_PROXY", "https_proxy", "no_proxy", "NO_PROXY"] {
        command.env_remove(name);
    }
    let child = command.args(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    if child.as_ref().is_err_and(|error| error.kind() == std::io::ErrorKind::NotFound) {
        eprintln!("skipped: there is no {program}");
        return None;
    }
    let ended = finished(child);
    assert!(ended.status.success(), "{program} {args:?}: {}", text(&ended.stderr));
    Some(text(&ended.stdout))
}
