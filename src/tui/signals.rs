//! Signals as a stream. Each is delivered to the loop, which does what it means in its state.

use std::future::poll_fn;
use std::io;
use std::task::Poll;

use rustix::process::Signal as Number;
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::ending;

use super::terminal;

/// The signal of a terminal that is gone.
pub(super) const HANG_UP: i32 = Number::HUP.as_raw();

/// The exit status of a program that a signal ended.
pub(super) fn status(signal: i32) -> u8 {
    u8::try_from(128 + signal).unwrap_or(1)
}

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

/// The signals we listen to, the most urgent first; from then on none of them has its default
/// effect.
#[derive(Debug)]
pub(super) struct Signals(Vec<(Signal, SignalRequest)>);

impl Signals {
    /// Starts listening. Must be called inside the loop's runtime.
    pub(super) fn listen() -> io::Result<Self> {
        let meanings = [
            (Number::TERM, SignalRequest::Terminate(Number::TERM.as_raw())),
            (Number::HUP, SignalRequest::Terminate(Number::HUP.as_raw())),
            (Number::INT, SignalRequest::Interrupt(Number::INT.as_raw())),
            (Number::QUIT, SignalRequest::Interrupt(Number::QUIT.as_raw())),
            (Number::TSTP, SignalRequest::Stop),
            (Number::CONT, SignalRequest::Continue),
            (Number::WINCH, SignalRequest::Resize),
        ];
        let listen = |(number, request): (Number, SignalRequest)| {
            signal(SignalKind::from_raw(number.as_raw())).map(|signal| (signal, request))
        };
        ending::watch(terminal::last_words)?;
        // A terminal that is gone is noticed without its signal.
        let ends =
            |request| matches!(request, SignalRequest::Terminate(_) | SignalRequest::Interrupt(_));
        let is_wanted = |(number, request): &(Number, SignalRequest)| {
            !ends(*request) || ending::is_obeyed(number.as_raw())
        };
        meanings.into_iter().filter(is_wanted).map(listen).collect::<io::Result<_>>().map(Signals)
    }

    /// The next request. Cancel-safe.
    pub(super) async fn next(&mut self) -> SignalRequest {
        poll_fn(|cx| {
            let mut signals = self.0.iter_mut();
            let came = signals
                .find_map(|(signal, request)| signal.poll_recv(cx).is_ready().then_some(*request));
            came.map_or(Poll::Pending, Poll::Ready)
        })
        .await
    }

    /// Another program gives the terminal back: interrupts until now were meant for it, also those
    /// that were sent and not yet told.
    pub(super) async fn forget_interrupts(&mut self) {
        // The runtime looks at what it was sent.
        tokio::task::yield_now().await;
        let interrupts = self.0.iter_mut().filter(|it| matches!(it.1, SignalRequest::Interrupt(_)));
        for (signal, _) in interrupts {
            poll_fn(|cx| {
                while signal.poll_recv(cx) == Poll::Ready(Some(())) {}
                Poll::Ready(())
            })
            .await;
        }
    }
}

/// Stops this program and what runs with it in the foreground, as the shell's job control expects;
/// `SignalRequest::Continue` follows when it is continued.
pub(super) fn stop_ourselves() {
    let _stopped = rustix::process::kill_current_process_group(Number::STOP);
}
