//! Signals as a stream. Each is delivered to the loop, which does what it means in its state.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};

/// What a signal asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SignalRequest {
    /// SIGTERM or SIGHUP: leave. The number decides the exit status.
    Terminate(i32),
    /// SIGINT or SIGQUIT: leave, unless a program in the foreground is meant.
    Interrupt(i32),
    /// SIGTSTP: stop until continued.
    Stop,
    /// SIGCONT: we were stopped and go on.
    Continue,
    /// SIGWINCH: the terminal has a new size.
    Resize,
}

/// The signals we listen to; from then on none of them has its default effect.
#[derive(Debug)]
pub(super) struct Signals {
    terminate: Signal,
    hang_up: Signal,
    interrupt: Signal,
    quit: Signal,
    stop: Signal,
    go_on: Signal,
    resize: Signal,
}

const SIGTSTP: i32 = rustix::process::Signal::TSTP.as_raw();
const SIGCONT: i32 = rustix::process::Signal::CONT.as_raw();

impl Signals {
    /// Starts listening. Must be called inside the loop's runtime.
    pub(super) fn listen() -> io::Result<Self> {
        Ok(Signals {
            terminate: signal(SignalKind::terminate())?,
            hang_up: signal(SignalKind::hangup())?,
            interrupt: signal(SignalKind::interrupt())?,
            quit: signal(SignalKind::quit())?,
            stop: signal(SignalKind::from_raw(SIGTSTP))?,
            go_on: signal(SignalKind::from_raw(SIGCONT))?,
            resize: signal(SignalKind::window_change())?,
        })
    }

    /// The next request. Cancel-safe.
    pub(super) async fn next(&mut self) -> SignalRequest {
        tokio::select! {
            biased;
            _ = self.terminate.recv() => {
                SignalRequest::Terminate(SignalKind::terminate().as_raw_value())
            }
            _ = self.hang_up.recv() => SignalRequest::Terminate(SignalKind::hangup().as_raw_value()),
            _ = self.interrupt.recv() => SignalRequest::Interrupt(SignalKind::interrupt().as_raw_value()),
            _ = self.quit.recv() => SignalRequest::Interrupt(SignalKind::quit().as_raw_value()),
            _ = self.stop.recv() => SignalRequest::Stop,
            _ = self.go_on.recv() => SignalRequest::Continue,
            _ = self.resize.recv() => SignalRequest::Resize,
        }
    }
}

/// Stops this program and what runs with it in the foreground, as the shell's job control expects;
/// `SignalRequest::Continue` follows when it is continued.
pub(super) fn stop_ourselves() {
    let _stopped = rustix::process::kill_current_process_group(rustix::process::Signal::STOP);
}
