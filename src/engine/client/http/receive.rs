//! The way in: interim heads, the head, the body. Keeps every byte that arrived, however it ends.
//!
//! Whoever waits for the peer sends the request meanwhile, and knows when to give up.

use std::io;
use std::pin::{Pin, pin};
use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt as _;
use tokio::io::AsyncRead;
use tokio::time::{Instant, sleep_until, timeout};

use super::hop::Hop;
use super::redirect;
use crate::codec::http1::{
    Expected, HeadReader, ParsedHead, keeps_alive, response_framing, status,
};
use crate::engine::body::BodyWriter;
use crate::engine::event::Phase;
use crate::engine::http::body_receiver::BodyReceiver;
use crate::engine::http::failure;
use crate::engine::http::tap::{ReadBuffer, Tap};
use crate::model::counts::{count, counted};
use crate::model::exchange::{FieldLine, Head, HttpMessage, MessageFraming};
use crate::model::failure::{Failure, FailureKind, Stage};
use crate::model::record::{Direction, RecordKind};

/// Interim responses read at most; a peer that sends more will never come to the point.
const INTERIM: usize = 100;
/// Bytes of interim responses read at most.
const INTERIM_BYTES: u64 = 256 * 1024;

/// Where a response holds a NUL, which no field may (RFC 9110, section 5.5).
fn nul(head: &Head, trailers: &[FieldLine]) -> Option<String> {
    let is_in = |bytes: &[u8]| memchr::memchr(0, bytes).is_some();
    let in_trailer = trailers.iter().any(|line| is_in(&line.value) || is_in(&line.name));
    let place = is_in(&head.raw).then_some("head").or(in_trailer.then_some("trailers"))?;
    Some(format!("the {place} of the response holds a NUL"))
}

/// How long an answer may still come after sending failed, which is on its way already or never; and how
/// long the end of sending may after the answer.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// A response on its way in.
pub(super) struct Incoming<'a, R, S> {
    hop: &'a Hop<'a>,
    from: R,
    tap: Tap,
    buffer: ReadBuffer,
    sending: Pin<Box<S>>,
    /// What sending came to.
    sent: Option<Result<(), Failure>>,
    /// When we look whether anything has moved, and give up if not.
    deadline: Instant,
    first_byte: Option<Duration>,
    /// Bytes of the head that is not complete.
    begun: usize,
    /// The peer finished sending, or sent more than its answer.
    is_spent: bool,
}

/// A response that is complete.
pub(super) struct Received {
    pub(super) head: Head,
    /// The peer lets the connection carry another request (RFC 9112, section 9.3), and all of this one is out.
    pub(super) leaves_connection: bool,
}

impl<'a, R: AsyncRead + Unpin, S: Future<Output = Result<(), Failure>>> Incoming<'a, R, S> {
    /// For the response to the request of this hop, which `sending` sends; nothing is read yet.
    pub(super) fn new(hop: &'a Hop<'a>, from: R, sending: S) -> Self {
        Incoming {
            hop,
            from,
            tap: Tap::new(hop.session.events.clone(), hop.conn),
            buffer: ReadBuffer::new(),
            sending: Box::pin(sending),
            sent: None,
            deadline: hop.taken_at() + hop.plan.head_timeout,
            first_byte: None,
            begun: 0,
            is_spent: false,
        }
    }

    /// Reads until the response is complete.
    pub(super) async fn run(mut self, writer: BodyWriter) -> Result<Received, Failure> {
        let received = match self.head(&writer).await {
            Ok((head, rest)) => self.body(writer, head, rest).await,
            Err(failure) => Err(failure),
        };
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
        let head = received?;
        let is_http = head.status() != Some(status::SWITCHING);
        let leaves_connection = is_sent && !self.is_spent && is_http && keeps_alive(&head);
        Ok(Received { head, leaves_connection })
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

    /// One read, of the body if there is one; empty = the peer finished sending. Sends the request
    /// meanwhile.
    async fn read(&mut self, body: Option<&BodyReceiver>) -> Result<Bytes, Failure> {
        self.tap.ready().await;
        if body.is_some() {
            self.deadline = Instant::now() + self.hop.plan.head_timeout;
        }
        let read = loop {
            tokio::select! {
                biased;
                read = self.buffer.read(&mut self.from) => break read,
                outcome = &mut self.sending, if self.sent.is_none() => self.request_is_out(outcome),
                () = sleep_until(self.deadline) => self.wait_on(body)?,
            }
        };
        let bytes = match read {
            Ok(bytes) => bytes,
            Err(error) => return self.broke(body, &error),
        };
        let (recorder, events) = (&self.hop.recorder, &self.hop.session.events);
        if bytes.is_empty() {
            let text = "the peer finished sending";
            events.note(self.hop.conn, Direction::Received, RecordKind::Finished, text);
            self.is_spent = true;
            return Ok(bytes);
        }
        self.tap.received(&bytes);
        if self.first_byte.is_none() {
            let now = recorder.elapsed();
            self.first_byte = Some(now);
            recorder.edit(|exchange| {
                let timing = &mut exchange.timing;
                let before = [timing.lookup, timing.connect, timing.tls, timing.send];
                let before = before.into_iter().flatten().sum();
                timing.first_byte = Some(now.saturating_sub(before));
            });
            events.phase(Phase::Receiving);
        }
        Ok(bytes)
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
        let is_held_up = self.tap.ready().now_or_never().is_none();
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

    /// The socket failed.
    fn broke(&self, body: Option<&BodyReceiver>, error: &io::Error) -> Result<Bytes, Failure> {
        let is_end = error.kind() == io::ErrorKind::UnexpectedEof;
        if is_end && body.is_some_and(|body| body.facts.framing == MessageFraming::UntilClose) {
            self.hop.recorder.warn(
                "the peer closed without ending TLS (no close_notify): the body may be cut off",
            );
            return Ok(Bytes::new());
        }
        let (stage, so_far) = match body {
            Some(body) => (Stage::Body, body.so_far()),
            None => {
                (Stage::Head, format!("after {} of the head", counted(self.begun as u64, "byte")))
            }
        };
        let failure = failure::socket(stage, &self.hop.plan.url, error, &so_far);
        if failure.kind == FailureKind::Reset {
            let (events, text) = (&self.hop.session.events, failure.cause.clone());
            events.note(self.hop.conn, Direction::Received, RecordKind::Reset, text);
        }
        Err(failure)
    }

    /// The final head, and what came with it.
    async fn head(&mut self, writer: &BodyWriter) -> Result<(ParsedHead, Bytes), Failure> {
        let (recorder, url) = (&self.hop.recorder, &*self.hop.plan.url);
        let mut reader = HeadReader::new(Expected::Response);
        loop {
            let mut bytes = self.read(None).await?;
            if bytes.is_empty() {
                let mut failure = failure::head(url, &reader.finish());
                let interim = recorder.edit(|exchange| exchange.interim.len());
                if interim > 0 && self.begun == 0 {
                    let count = format!("{interim} interim (1xx) response");
                    let many = if interim == 1 { "" } else { "s" };
                    failure.cause =
                        format!("the peer closed after {count}{many}, without a final one");
                    failure.hint.clear();
                }
                return Err(failure);
            }
            while !bytes.is_empty() {
                let found = reader.push(&bytes);
                let used = match &found {
                    Ok(Some((used, _))) => *used,
                    Ok(None) | Err(_) => bytes.len(),
                };
                recorder.keep(writer, bytes.split_to(used), "before the body").await?;
                self.begun = reader.received().len();
                let Some((_, parsed)) = found.map_err(|error| failure::head(url, &error))? else {
                    break;
                };
                if !status::is_interim(&parsed.head) {
                    return Ok((parsed, bytes));
                }
                self.interim(parsed, writer.wire_len())?;
                self.begun = 0;
                reader = HeadReader::new(Expected::Response);
            }
        }
    }

    fn interim(&self, parsed: ParsedHead, len: u64) -> Result<(), Failure> {
        self.hop.recorder.warn_all(parsed.warnings);
        let number = self.hop.recorder.edit(|exchange| {
            exchange.interim.push(parsed.head);
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

    async fn body(
        &mut self,
        writer: BodyWriter,
        parsed: ParsedHead,
        rest: Bytes,
    ) -> Result<Head, Failure> {
        let ParsedHead { head, warnings, .. } = parsed;
        let recorder = &self.hop.recorder;
        let framing = response_framing(&head, &self.hop.plan.method);
        let mut receiver = BodyReceiver::new(writer, &framing, &head, &self.hop.session.tasks);
        recorder.warn_all(warnings.into_iter().chain(framing.warnings));
        if redirect::leads_nowhere(&head) {
            let names = if head.field("location").is_some_and(|place| place.contains(&b'#')) {
                "names a part of the same place"
            } else {
                "is empty"
            };
            recorder.warn(format!("the Location {names}, so this is no redirect"));
        }
        let response = HttpMessage { head: head.clone(), body: receiver.facts.clone() };
        recorder.edit(|exchange| exchange.response = Some(response));
        recorder.publish();
        let outcome = self.fill(&mut receiver, rest).await;
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
        let length = framing.error.map(|refusal| refusal.why);
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
    async fn while_sending<T>(&mut self, work: impl Future<Output = T>) -> T {
        let mut work = pin!(work);
        loop {
            tokio::select! {
                biased;
                done = &mut work => return done,
                outcome = &mut self.sending, if self.sent.is_none() => self.request_is_out(outcome),
            }
        }
    }

    /// Feeds the body until it is complete.
    async fn fill(&mut self, body: &mut BodyReceiver, mut bytes: Bytes) -> Result<(), Failure> {
        let (recorder, url) = (&self.hop.recorder, &*self.hop.plan.url);
        loop {
            let used = self.while_sending(body.push(&bytes)).await;
            let used = used.map_err(|fault| failure::body(url, &fault, &body.so_far()))?;
            recorder.progress(&body.facts);
            if used < bytes.len() {
                self.is_spent = true;
                let surplus = counted((bytes.len() - used) as u64, "byte");
                recorder.warn(format!("{surplus} after the end of the response"));
                let kept = body.surplus(bytes.split_off(used)).await;
                kept.map_err(|fault| failure::body(url, &fault, &body.so_far()))?;
            }
            if body.done {
                return Ok(());
            }
            bytes = self.read(Some(body)).await?;
            if bytes.is_empty() {
                return body.closed("the peer", url);
            }
        }
    }
}
