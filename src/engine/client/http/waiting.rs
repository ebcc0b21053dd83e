//! Waiting for the peer, whichever version of HTTP it speaks: the request goes out meanwhile, and at some time it is given
//! up. What both versions do with a head and a body that came is here, too.

use std::pin::{Pin, pin};
use std::time::Duration;

use futures_util::FutureExt as _;
use tokio::time::{Instant, sleep_until, timeout};

use super::hop::Hop;
use super::pace::TransferPace;
use super::redirect;
use crate::codec::http1::{BodyFraming, status};
use crate::codec::printable::printable;
use crate::engine::body::BodyWriter;
use crate::engine::event::Phase;
use crate::engine::http::body_receiver::BodyReceiver;
use crate::model::counts::{count, counted};
use crate::model::exchange::{FieldLine, Head, HttpMessage};
use crate::model::failure::{Failure, FailureKind, Stage};
use crate::model::http::HEAD_TIMEOUT;
use crate::model::plan::HttpPlan;
use crate::model::timing::bound;

/// Interim responses read at most; a peer that sends more will never come to the point.
const INTERIM: usize = 100;
/// Bytes of interim responses read at most.
const INTERIM_BYTES: u64 = 256 * 1024;

/// How long an answer may still come after sending failed, which is on its way already or never; and how
/// long the end of sending may after the answer.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// A request that goes out and a response that is waited for.
pub(super) struct ResponseWait<'a, S> {
    pub(super) hop: &'a Hop<'a>,
    sending: Pin<Box<S>>,
    /// What sending came to.
    sent: Option<Result<(), Failure>>,
    /// When we look whether anything has moved, and give up if not.
    deadline: Instant,
    first_byte: Option<Duration>,
    /// How fast a body may come, once there is one.
    pace: Option<TransferPace>,
    /// Bytes of the head that is not complete.
    pub(super) begun: usize,
}

/// A body that is being received, and what its head was.
pub(super) struct ReceivedBody {
    pub(super) head: Head,
    pub(super) receiver: BodyReceiver,
    /// What is wrong with the length of it.
    flaw: Option<String>,
}

/// Where a response holds a NUL, which no field may (RFC 9110, section 5.5).
fn nul(head: &Head, trailers: &[FieldLine]) -> Option<String> {
    let is_in = |bytes: &[u8]| memchr::memchr(0, bytes).is_some();
    let in_trailer = trailers.iter().any(|line| is_in(&line.value) || is_in(&line.name));
    let place = is_in(&head.raw).then_some("head").or(in_trailer.then_some("trailers"))?;
    Some(format!("the {place} of the response holds a NUL"))
}

/// What came of asking for a part (RFC 9110, section 14), in words.
fn range_words(plan: &HttpPlan, head: &Head) -> Option<String> {
    plan.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("range"))?;
    let range = head.field("content-range").map(|value| printable(value));
    match (head.status()?, range) {
        (206, Some(range)) => Some(format!("a part of the whole came: {range}")),
        (206, None) => Some("several parts of the whole came, or which one is not said".into()),
        (416, Some(range)) => {
            Some(format!("there is nothing of the range that was asked for: {range}"))
        }
        (416, None) => Some("there is nothing of the range that was asked for".into()),
        (200, _) => Some("the whole came: the server does not give parts of it".into()),
        _ => None,
    }
}

impl<'a, S: Future<Output = Result<(), Failure>>> ResponseWait<'a, S> {
    /// For the response to the request of this hop, which `sending` sends.
    pub(super) fn new(hop: &'a Hop<'a>, sending: S) -> Self {
        ResponseWait {
            hop,
            sending: Box::pin(sending),
            sent: None,
            deadline: hop.taken_at() + hop.plan.head_timeout,
            first_byte: None,
            pace: None,
            begun: 0,
        }
    }

    /// What comes next, of the body if there is one. Sends the request meanwhile.
    pub(super) async fn arrival<T>(
        &mut self,
        body: Option<&BodyReceiver>,
        next: impl Future<Output = T>,
    ) -> Result<T, Failure> {
        self.hop.session.events.ready().await;
        let mut due = Instant::now();
        if let Some(body) = body {
            if let Some(rate) = self.hop.plan.transfer.limit_rate {
                let pace = self.pace.get_or_insert_with(|| TransferPace::of(rate));
                due = due.max(pace.due(body.facts.encoded_len));
            }
            self.deadline = due + self.silence(body);
        }
        let is_paced = due > Instant::now();
        let mut next = pin!(async {
            if is_paced {
                sleep_until(due).await;
            }
            next.await
        });
        loop {
            tokio::select! {
                biased;
                came = &mut next => return Ok(came),
                outcome = &mut self.sending, if self.sent.is_none() => self.request_is_out(outcome),
                () = sleep_until(self.deadline) => self.wait_on(body)?,
            }
        }
    }

    /// How long a body may be silent: a stream of events may be as long as nobody said a time of his own.
    fn silence(&self, body: &BodyReceiver) -> Duration {
        let wait = self.hop.plan.head_timeout;
        if body.has_events() && wait == HEAD_TIMEOUT { bound(Duration::ZERO) } else { wait }
    }

    /// Something of the response came: the first of it ends a phase.
    pub(super) fn has_come(&mut self) {
        if self.first_byte.is_some() {
            return;
        }
        let recorder = &self.hop.recorder;
        let now = recorder.elapsed();
        self.first_byte = Some(now);
        recorder.edit(|exchange| {
            let timing = &mut exchange.timing;
            let before = [timing.lookup, timing.connect, timing.tunnel, timing.tls, timing.send];
            let before = before.into_iter().flatten().sum();
            timing.first_byte = Some(now.saturating_sub(before));
        });
        self.hop.session.events.phase(Phase::Receiving);
    }

    /// The exchange is over, as far as it is for the response to say: its head, and whether all of the request is out.
    pub(super) async fn ended(
        mut self,
        received: Result<Head, Failure>,
    ) -> Result<(Head, bool), Failure> {
        if received.is_ok() {
            self.finish_sending().await;
        }
        let recorder = &self.hop.recorder;
        recorder.edit(|exchange| {
            let elapsed = recorder.elapsed();
            exchange.timing.transfer = self.first_byte.map(|first| elapsed.saturating_sub(first));
        });
        let is_sent = matches!(self.sent, Some(Ok(())));
        match (&received, self.sent) {
            (Ok(_), sent @ (None | Some(Err(_)))) => {
                recorder.warn_all(sent.and_then(Result::err).map(|failure| failure.to_string()));
                recorder.warn_all(recorder.edit(|exchange| exchange.request.body.unsent()));
            }
            // Without a head the reason is that sending failed.
            (Err(_), Some(Err(failure))) if !self.hop.has_head() => return Err(failure),
            _ => {}
        }
        Ok((received?, is_sent))
    }

    /// The peer may have its answer for the last byte while we are still at our copy of it.
    async fn finish_sending(&mut self) {
        let is_out = self.hop.recorder.edit(|exchange| {
            let body = &exchange.request.body;
            body.expected.is_some() && body.unsent().is_none()
        });
        if self.sent.is_none()
            && is_out
            && let Ok(Ok(())) = timeout(LAST_WORDS, &mut self.sending).await
        {
            self.sent = Some(Ok(()));
        }
    }

    /// From now on the peer has so much time for its answer, or for the next byte of it.
    fn request_is_out(&mut self, outcome: Result<(), Failure>) {
        let (has_head, mut wait) = (self.hop.has_head(), self.hop.plan.head_timeout);
        if outcome.is_err() && !has_head {
            wait = wait.min(LAST_WORDS);
        }
        self.deadline = Instant::now() + wait;
        self.sent = Some(outcome);
        if !has_head {
            self.hop.session.events.phase(Phase::Waiting);
            self.hop.recorder.publish();
        }
    }

    /// Nothing came for the whole time. It goes on while the request is moving, or if it is us who
    /// hold it up.
    fn wait_on(&mut self, body: Option<&BodyReceiver>) -> Result<(), Failure> {
        let (now, wait) = (Instant::now(), self.hop.plan.head_timeout);
        let is_held_up = self.hop.session.events.ready().now_or_never().is_none();
        let from = if is_held_up { now } else { self.hop.taken_at() };
        if self.sent.is_some() || from + wait <= now {
            return Err(self.too_late(body));
        }
        self.deadline = from + wait;
        Ok(())
    }

    fn too_late(&self, body: Option<&BodyReceiver>) -> Failure {
        let wait = self.hop.plan.head_timeout;
        let seconds = wait.as_secs_f64();
        if self.sent.is_none() {
            let (sent, total) = self.hop.recorder.edit(|exchange| {
                let body = &exchange.request.body;
                (count(body.encoded_len), count(body.expected.unwrap_or_default()))
            });
            let cause = format!(
                "the peer took nothing for {seconds} s ({sent} of {total} body bytes sent)"
            );
            return Failure::new(
                Stage::Send,
                &*self.hop.plan.url,
                FailureKind::Timeout(wait),
                cause,
            )
            .hint("raise the timeout in the options, or look at what the peer waits for");
        }
        let (stage, cause) = if let Some(body) = body {
            (Stage::Body, format!("no further byte within {seconds} s, {}", body.so_far()))
        } else {
            let (bytes, interim) =
                (self.begun, self.hop.recorder.edit(|exchange| exchange.interim.len()));
            let (what, so_far) = match (bytes, interim) {
                (0, 0) => ("no response", "0 bytes received".to_owned()),
                (0, 1) => ("no final response", "1 interim one came".to_owned()),
                (0, _) => ("no final response", format!("{interim} interim ones came")),
                _ => (
                    "no complete response head",
                    format!("{} received", counted(bytes as u64, "byte")),
                ),
            };
            (Stage::Head, format!("{what} within {seconds} s ({so_far})"))
        };
        Failure::new(stage, &*self.hop.plan.url, FailureKind::Timeout(wait), cause)
            .hint("raise the timeout in the options, or look at what the peer waits for")
    }

    /// A head that is not the last one; `len` = bytes of all of them.
    pub(super) fn interim(&self, head: Head, len: u64) -> Result<(), Failure> {
        let number = self.hop.recorder.edit(|exchange| {
            exchange.interim.push(head);
            exchange.interim.len()
        });
        if number < INTERIM && len < INTERIM_BYTES {
            return Ok(());
        }
        let (interim, len) =
            (counted(number as u64, "interim (1xx) response"), counted(len, "byte"));
        let cause = format!("{interim}, {len}, and no final one");
        Err(Failure::new(Stage::Head, &*self.hop.plan.url, FailureKind::TooLarge, cause))
    }

    /// The final head is in: from now on it is a response, whose body is received.
    pub(super) fn head_is_in(
        &self,
        writer: BodyWriter,
        head: Head,
        framing: BodyFraming,
    ) -> ReceivedBody {
        let recorder = &self.hop.recorder;
        let (tasks, tap) = (&self.hop.session.tasks, self.hop.event_tap(&head));
        let receiver = BodyReceiver::telling(writer, &framing, (&head, tasks), tap);
        recorder.warn_all(framing.warnings);
        if redirect::leads_nowhere(&head) {
            let names = if head.field("location").is_some_and(|place| place.contains(&b'#')) {
                "names a part of the same place"
            } else {
                "is empty"
            };
            recorder.warn(format!("the Location {names}, so this is no redirect"));
        }
        recorder.warn_all(range_words(self.hop.plan, &head));
        let response = HttpMessage { head: head.clone(), body: receiver.facts.clone() };
        recorder.edit(|exchange| exchange.response = Some(response));
        self.hop.takes_cookies(&head);
        recorder.publish();
        ReceivedBody { head, receiver, flaw: framing.error.map(|refusal| refusal.why) }
    }

    /// No more of the body comes, which ended so: whether the response is to be believed.
    pub(super) async fn body_is_over(
        &mut self,
        body: ReceivedBody,
        outcome: Result<(), Failure>,
    ) -> Result<Head, Failure> {
        let ReceivedBody { head, receiver, flaw: length } = body;
        let recorder = &self.hop.recorder;
        let content = receiver.facts.encoded_len;
        // What is missing of a decoded body stands in its facts.
        let _ = self.while_sending(receiver.finish(outcome.is_ok(), recorder)).await;
        let code = head.status().unwrap_or_default();
        if content > 0 && status::has_no_content(&self.hop.plan.method, code) {
            recorder.warn(format!("a {code} response has no content, and this one came with some"));
        }
        let upgrades =
            self.hop.plan.headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("upgrade"));
        let no_answer = status::unbelievable(&head, upgrades.map(|(_, value)| value.as_str()));
        // How such a one ends says nothing more.
        if no_answer.is_none() {
            outcome?;
        }
        let trailers = recorder.edit(|exchange| {
            exchange.response.as_ref().map(|response| response.body.trailers.clone())
        });
        let flaw = no_answer.or(length).or_else(|| nul(&head, &trailers.unwrap_or_default()));
        // All that came is kept and shown; for a good answer it must not be taken.
        flaw.map_or(Ok(head), |why| {
            let cause = format!("{why}; such a response is not to be believed");
            Err(Failure::new(Stage::Session, &*self.hop.plan.url, FailureKind::Malformed, cause))
        })
    }

    /// Waits for our own side, a decoder or a disk, and sends the request meanwhile.
    pub(super) async fn while_sending<T>(&mut self, work: impl Future<Output = T>) -> T {
        let mut work = pin!(work);
        loop {
            tokio::select! {
                biased;
                done = &mut work => return done,
                outcome = &mut self.sending, if self.sent.is_none() => self.request_is_out(outcome),
            }
        }
    }
}
