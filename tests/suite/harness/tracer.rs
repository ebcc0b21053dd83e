//! Makes system calls of a running program fail: `strace -e inject` on threads chosen by their
//! names, so that nothing else fails.

use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};

use super::terminal::Tui;
use super::wait::wait_until;

/// What calls can fail with.
pub const ERRORS: [&str; 5] = ["ENOSPC", "EIO", "EMFILE", "EACCES", "EINTR"];

/// What calls of files can fail with besides.
pub const FILE_ERROR: &str = "EROFS";

/// One call that is to fail.
pub struct Fault {
    /// Names of one kind of call on common systems, `,`-separated; those a system has not are left out.
    pub calls: &'static str,
    pub error: &'static str,
    /// Which of the calls, as `strace` writes it: `2`, `2+`, `2+3`.
    pub when: String,
}

/// Every kind of call with every error, at different places of what a program does, or always the
/// first where the name says so (`write@1`: the others wake threads, and that cannot fail).
pub fn every_fault(calls: &'static str) -> impl Iterator<Item = Fault> {
    faults(calls, ERRORS.into_iter())
}

/// The same for calls of files.
pub fn every_file_fault(calls: &'static str) -> impl Iterator<Item = Fault> {
    faults(calls, ERRORS.into_iter().chain([FILE_ERROR]))
}

fn faults(
    calls: &'static str,
    errors: impl Iterator<Item = &'static str> + Clone + 'static,
) -> impl Iterator<Item = Fault> {
    calls.split_whitespace().enumerate().flat_map(move |(place, calls)| {
        let (calls, turn) = calls.split_once('@').unwrap_or((calls, ""));
        errors.clone().enumerate().map(move |(number, error)| {
            let when = match turn {
                "" => (1 + (place + number) % 4).to_string(),
                turn => turn.to_owned(),
            };
            Fault { calls, error, when }
        })
    })
}

impl Fault {
    /// For messages.
    pub fn place(&self) -> String {
        format!("{} {} {}", self.calls, self.error, self.when)
    }

    fn names(&self) -> String {
        let names: Vec<String> = self.calls.split(',').map(|call| format!("?{call}")).collect();
        names.join(",")
    }
}

/// `strace` on threads of the program; detached when dropped.
pub struct Tracer {
    strace: Child,
    log: PathBuf,
}

impl Tracer {
    /// Attaches to all threads of this name; `None` where that is not allowed.
    pub fn attach(tui: &Tui, thread: &str, fault: &Fault) -> Option<Tracer> {
        // Some begin after the first frame.
        wait_until(thread, || !tui.threads(thread).is_empty());
        let threads = tui.threads(thread);
        let log = tui.home.path().join("strace.log");
        let _ = fs::remove_file(&log);
        let (names, Fault { error, when, .. }) = (fault.names(), fault);
        let mut strace = Command::new("strace");
        strace.args(["-qq", "-e", &format!("trace={names}")]);
        strace.args(["-e", &format!("inject={names}:error={error}:when={when}")]);
        strace.args(threads.iter().flat_map(|thread| ["-p".to_owned(), thread.to_string()]));
        strace.arg("-o").arg(&log).stdin(Stdio::null()).stderr(Stdio::null());
        let mut strace = strace.spawn().ok()?;
        let mut refused = false;
        wait_until("strace is attached", || {
            refused |= strace.try_wait().is_ok_and(|ended| ended.is_some());
            let is_traced = |thread: &u32| {
                let status = fs::read_to_string(format!("/proc/{thread}/status"));
                // One that has ended in the meantime is nobody's business.
                !status.unwrap_or_default().contains("TracerPid:\t0\n")
            };
            refused || threads.iter().all(is_traced)
        });
        let tracer = Tracer { strace, log };
        (!refused).then_some(tracer)
    }

    /// Whether a call has failed.
    pub fn has_injected(&self) -> bool {
        fs::read_to_string(&self.log).unwrap_or_default().contains("INJECTED")
    }

    /// Detaches; tells whether a call failed.
    pub fn detach(mut self) -> bool {
        self.end();
        self.has_injected()
    }

    fn end(&mut self) {
        let _ = kill_process(Pid::from_child(&self.strace), Signal::INT);
        let _ = self.strace.wait();
    }
}

impl Drop for Tracer {
    fn drop(&mut self) {
        self.end();
    }
}

/// Whether a program of ours can be traced here; a word if not. In CI it has to be.
pub fn can_trace(tui: &Tui, thread: &str) -> bool {
    let fault = Fault { calls: "fsync", error: "EIO", when: "1000".into() };
    let allowed = Tracer::attach(tui, thread, &fault).map(Tracer::detach).is_some();
    if !allowed {
        assert!(std::env::var_os("CI").is_none(), "strace cannot attach");
        eprintln!("skipped: no strace here, or it may not attach");
    }
    allowed
}
