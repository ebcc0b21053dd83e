//! One request passed on and its answer passed back, both while they come.
//!
//! ```text
//! client ─► up: head, body ─► server     two futures of one task; each reads no more while the
//!        ◄─ down: 1xx, head, body ◄─     other side has not taken what was read
//! ```
//!
//! A body is kept as it is passed on; nothing waits for its end.

use std::pin::pin;

use bytes::Bytes;
use tokio::sync::watch;
use tokio::time::{Duration, Instant, sleep_until, timeout};

use super::heads;
use super::holding::HttpHold;
use super::onward::OnwardConn;
use super::received::AskedRequest;
use super::visitor::{Next, Visitor, gone_away};
use crate::codec::http1::Refusal;
use crate::engine::body::BodyWriter;
use crate::engine::clock;
use crate::engine::http::body_receiver::BodyReceiver;
use crate::engine::http::exchange_recorder::ExchangeRecorder;
use crate::model::exchange::{Exchange, HttpVersion, StartLine};
use crate::model::failure::{Failure, FailureKind};
use crate::model::record::{Direction, RecordKind};
use down::Down;
use up::{Up, UpEnd};

mod down;
mod up;

/// How long an answer may still come after sending failed, which is on its way already or never; and how
/// long the end of a request may after its answer.
const LAST_WORDS: Duration = Duration::from_secs(1);
/// An exchange that takes longer is shown before it ends.
const SHOWN_AFTER: Duration = Duration::from_millis(30);

/// What both directions know of each other.
struct Progress {
    /// When the request was out, once it is.
    out: watch::Sender<Option<Instant>>,
    /// The client finished sending behind its request.
    finished: watch::Sender<bool>,
    /// Longest wait for the server.
    patience: Duration,
}

/// What passing on came to.
enum Passed {
    /// The answer is with the client; the server keeps its connection.
    Answered { keeps: bool },
    /// The server speaks something else from now on, and began with this.
    Switched(Bytes),
    /// No answer came; `is_silent`: not a byte of one.
    NoAnswer { failure: Failure, is_silent: bool },
    /// It ended before its end.
    Cut(Failure),
    /// The client is gone, or ended before its end.
    Left(Failure),
    /// What the client sent is not passed on any further.
    Broken(Refusal),
}

impl Visitor {
    /// Passes a request on, and its answer back.
    pub(super) async fn pass_on(
        &mut self,
        asked: AskedRequest,
        recorder: &ExchangeRecorder,
        writer: BodyWriter,
    ) -> Next {
        let mut onward = match self.connected(&asked.route, recorder).await {
            Ok(onward) => onward,
            Err(failure) => return self.not_reached(failure, recorder).await,
        };
        let passed = heads::request(asked.said(), &asked.route.way);
        recorder.warn_all(passed.changes);
        let tasks = &self.relay.session.tasks;
        let mut body = BodyReceiver::new(writer, &asked.framing, &asked.head, tasks);
        recorder.edit(|exchange| exchange.request.body = body.facts.clone());
        let mut lead = passed.head;
        if let Some((_, instead)) = &asked.instead {
            // It is all here: nothing of it goes any further.
            let _ = self.take_in(&mut body, recorder).await;
            lead = [&lead[..], instead].concat().into();
        }
        if !asked.marks.is_empty() {
            let events = &self.relay.session.events;
            events.sent_touched(events.hold_stamp(), onward.conn, lead.clone(), asked.marks);
        }
        let can_repeat = body.done && is_safe(&asked.method);
        let mut body = Some(body);
        loop {
            onward.tell_tls(recorder);
            let head = lead.clone();
            let outcome =
                Box::pin(self.exchange(&mut onward, &asked, head, &mut body, recorder)).await;
            match outcome {
                // The server gave the connection up while the request was on its way (RFC 9112,
                // section 9.3.1).
                Passed::NoAnswer { failure, is_silent: true }
                    if onward.is_used && can_repeat && is_of_kept(&failure) =>
                {
                    onward.close(&self.relay, "closed: the server gave it up");
                    onward = match self.connected(&asked.route, recorder).await {
                        Ok(onward) => onward,
                        Err(failure) => return self.not_reached(failure, recorder).await,
                    };
                }
                outcome => return self.after(outcome, onward, &asked, recorder).await,
            }
        }
    }

    /// Both directions at once, until the answer is over or one of the three is gone.
    async fn exchange(
        &mut self,
        onward: &mut OnwardConn,
        asked: &AskedRequest,
        head: Bytes,
        body: &mut Option<BodyReceiver>,
        recorder: &ExchangeRecorder,
    ) -> Passed {
        let relay = self.relay.clone();
        let patience = relay.plan.borrow().timeout;
        let (out, finished) = (watch::Sender::new(None), watch::Sender::new(false));
        let progress = Progress { out, finished, patience };
        let target = onward.origin.url();
        let up = Up {
            input: &mut self.input,
            to: &mut onward.write,
            recorder,
            progress: &progress,
            target: &target,
        };
        let hold = HttpHold::new(&relay.session, &self.met, self.control.stop());
        let down = Down {
            from: &mut onward.read,
            buffer: &mut onward.buffer,
            to: &mut self.write,
            tap: &mut self.sent,
            recorder,
            progress: &progress,
            target: &target,
            asked,
            tasks: &relay.session.tasks,
            hold: &hold,
            rewrites: relay.rewrites.now(),
            onward: onward.conn,
            begun: 0,
            missed: None,
        };
        let writer = relay.session.bodies.create();
        let ends = async {
            let outcome = both(up.run(head, body), down.run(writer), recorder, &progress).await;
            let is_over = match &outcome {
                Passed::Answered { .. } => Some(Ok(())),
                Passed::Cut(_) | Passed::Left(_) => Some(Err(())),
                Passed::Switched(_) | Passed::NoAnswer { .. } | Passed::Broken(_) => None,
            };
            if let Some(ended) = is_over {
                relay.check(recorder, ended).await;
            }
            let told = told(&outcome, recorder);
            (outcome, told)
        };
        Box::pin(relay.endings.told_if(&relay.session.events, ends)).await
    }

    /// What becomes of the connections.
    async fn after(
        &mut self,
        outcome: Passed,
        mut onward: OnwardConn,
        asked: &AskedRequest,
        recorder: &ExchangeRecorder,
    ) -> Next {
        match outcome {
            Passed::Answered { keeps: true } => {
                onward.is_used = true;
                self.onward = Some(onward);
                Next::Request
            }
            Passed::Answered { keeps: false } => {
                onward.close(&self.relay, "closed after the answer");
                Next::Close("closed after the answer")
            }
            Passed::Switched(first) => self.tunnel(onward, first, recorder).await,
            Passed::NoAnswer { failure, .. } => {
                if failure.kind == FailureKind::Reset {
                    onward.broke(&self.relay, &failure);
                } else {
                    onward.reset(&self.relay, "reset by us: no answer came");
                }
                self.not_reached(failure, recorder).await
            }
            Passed::Cut(failure) => {
                onward.broke(&self.relay, &failure);
                let is_lost = failure.kind == FailureKind::Reset || !Self::ends_visibly(recorder);
                if is_lost {
                    return Next::Reset("reset by us: the server's answer broke off");
                }
                Next::Gone("closed: the server's answer broke off")
            }
            Passed::Left(failure) => {
                let kind = match failure.kind {
                    FailureKind::Reset => RecordKind::Reset,
                    _ => RecordKind::Failed,
                };
                self.note(Direction::Received, kind, failure.to_string());
                onward.reset(&self.relay, "reset by us: the client is gone");
                Next::Gone("closed: the client is gone")
            }
            Passed::Broken(refusal) => {
                onward.reset(&self.relay, "reset by us: the request is not passed on to its end");
                if recorder.edit(|exchange| exchange.response.is_some()) {
                    let why = format!("{}; the answer had begun already", refusal.why);
                    let kind = FailureKind::Malformed;
                    let stage = crate::model::failure::Stage::Body;
                    recorder.close(Err(Failure::new(stage, &asked.route.url, kind, why)));
                    return Next::Reset("reset by us: the request broke off");
                }
                self.refuse(refusal, recorder).await
            }
        }
    }

    /// Whether a client sees by the framing of its answer that more should have come.
    fn ends_visibly(recorder: &ExchangeRecorder) -> bool {
        use crate::model::exchange::MessageFraming;
        recorder.edit(|exchange| {
            let framing = exchange.response.as_ref().map(|response| response.body.framing);
            framing != Some(MessageFraming::UntilClose)
        })
    }
}

/// Until the answer is over. Both futures share their task.
async fn both(
    up: impl Future<Output = UpEnd>,
    down: impl Future<Output = Passed>,
    recorder: &ExchangeRecorder,
    progress: &Progress,
) -> Passed {
    let (mut up, mut down) = (pin!(up), pin!(down));
    let mut unsent: Option<Failure> = None;
    let (mut shown_at, mut until) = (Some(Instant::now() + SHOWN_AFTER), None);
    let outcome = loop {
        tokio::select! {
            biased;
            outcome = &mut down => break outcome,
            end = &mut up, if unsent.is_none() => match end {
                UpEnd::Client(failure) => return Passed::Left(failure),
                UpEnd::Broken(refusal) => return Passed::Broken(refusal),
                UpEnd::Server(failure) => {
                    unsent = Some(failure);
                    until = Some(Instant::now() + LAST_WORDS);
                }
            },
            () = clock::at(shown_at) => {
                shown_at = None;
                recorder.publish();
            }
            () = clock::at(until) => {
                let failure = unsent.unwrap_or_else(|| unreachable_end(recorder));
                return Passed::NoAnswer { failure, is_silent: false };
            }
        }
    };
    match (outcome, unsent) {
        // The reason is that sending failed.
        (Passed::NoAnswer { is_silent, .. }, Some(failure)) => {
            Passed::NoAnswer { failure, is_silent }
        }
        (Passed::Answered { keeps }, None) => {
            // The server may have its answer ready before it has taken all.
            let mut out = progress.out.subscribe();
            let is_out = tokio::select! {
                biased;
                out = timeout(LAST_WORDS, out.wait_for(Option::is_some)) => out.is_ok(),
                _ = &mut up => false,
            };
            if !is_out {
                recorder
                    .warn("answered before the request was complete; the rest is not passed on");
            }
            Passed::Answered { keeps: keeps && is_out }
        }
        (Passed::Answered { .. }, Some(failure)) => {
            recorder.warn(failure.to_string());
            Passed::Answered { keeps: false }
        }
        (outcome, _) => outcome,
    }
}

fn unreachable_end(recorder: &ExchangeRecorder) -> Failure {
    let stage = crate::model::failure::Stage::Send;
    Failure::new(stage, &*recorder.target, FailureKind::Internal, "sending ended without a reason")
}

/// The exchange, where it is over by this.
fn told(outcome: &Passed, recorder: &ExchangeRecorder) -> Option<Box<Exchange>> {
    match outcome {
        Passed::Answered { .. } => Some(recorder.closed(Ok(()))),
        Passed::Cut(failure) | Passed::Left(failure) => Some(recorder.closed(Err(failure.clone()))),
        Passed::Switched(_) | Passed::NoAnswer { .. } | Passed::Broken(_) => None,
    }
}

/// Whether a request may be sent again when it is not known what became of it (RFC 9110, section
/// 9.2.1): it asks for nothing to be changed.
fn is_safe(method: &str) -> bool {
    matches!(method, "GET" | "HEAD" | "OPTIONS" | "TRACE")
}

/// What a connection that was kept too long ends with.
fn is_of_kept(failure: &Failure) -> bool {
    matches!(failure.kind, FailureKind::Reset | FailureKind::Truncated | FailureKind::Io)
}

/// The version a client speaks.
fn version(asked: &AskedRequest) -> HttpVersion {
    match &asked.head.start {
        StartLine::Request { version, .. } => *version,
        _ => HttpVersion::Http10,
    }
}

impl Progress {
    /// Waits until the client finishes sending: who does so from now on, while its answer is held, has
    /// given up. Safe to drop.
    async fn left(&self, target: &str) -> Failure {
        let mut finished = self.finished.subscribe();
        finished.mark_unchanged();
        if finished.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
        gone_away(target)
    }

    /// When a server is too late that was last waited for from this time on.
    fn late(&self, from: Instant) -> (Instant, bool) {
        let out = *self.out.borrow();
        (out.map_or(from, |out| out.max(from)) + self.patience, out.is_some())
    }

    /// Waits as long as the server may take; while the request is on its way that begins anew.
    async fn patience(&self) {
        let mut from = Instant::now();
        loop {
            let (until, was_out) = self.late(from);
            sleep_until(until).await;
            if was_out {
                return;
            }
            from = Instant::now();
        }
    }
}
