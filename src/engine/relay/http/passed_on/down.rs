//! The way from the server to the client: interim heads, the head, the body as it comes.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use tokio::io::AsyncWriteExt as _;
use tokio::time::{Instant, timeout_at};
use tokio_util::task::TaskTracker;

use super::{Passed, Progress, version};
use crate::codec::http1::edited::edited;
use crate::codec::http1::{
    BodyFraming, Expected, HeadReader, ParsedHead, response_framing, status,
};
use crate::engine::body::BodyWriter;
use crate::engine::http::body_receiver::BodyReceiver;
use crate::engine::http::exchange_recorder::ExchangeRecorder;
use crate::engine::http::failure;
use crate::engine::http::message_writer::shown;
use crate::engine::http::tap::{ReadBuffer, Tap};
use crate::engine::relay::http::faulty_write::FaultyWrite;
use crate::engine::relay::http::heads;
use crate::engine::relay::http::holding::{AheadBody, END_BY, HeldMessage, HttpHold};
use crate::engine::relay::http::received::AskedRequest;
use crate::engine::relay::http::rewriting::{self, Rewriting};
use crate::engine::relay::http::visitor::Visitor;
use crate::engine::rewrites::Rewrites;
use crate::engine::transport::halves::{ReadHalf, unless_gone};
use crate::model::counts::{counted, counted_were};
use crate::model::exchange::{Head, HttpMessage, HttpVersion, MessageFraming};
use crate::model::failure::{Failure, FailureKind, Stage};
use crate::model::hold::{Decision, HeldKind};
use crate::model::id::ConnId;
use crate::model::record::Direction;

/// Interim responses passed on at most; a server that sends more will never come to the point.
const INTERIM: usize = 100;
/// Body bytes that came with a head go out with it up to this size.
const WITH_HEAD: usize = 64 * 1024;

/// The way down.
pub(super) struct Down<'a> {
    pub(super) from: &'a mut ReadHalf,
    pub(super) buffer: &'a mut ReadBuffer,
    pub(super) to: &'a mut FaultyWrite,
    pub(super) tap: &'a mut Tap,
    pub(super) recorder: &'a ExchangeRecorder,
    pub(super) progress: &'a Progress,
    /// How the server is called in failures.
    pub(super) target: &'a str,
    pub(super) asked: &'a AskedRequest,
    pub(super) tasks: &'a TaskTracker,
    pub(super) hold: &'a HttpHold,
    pub(super) rewrites: Arc<Rewrites>,
    /// The half towards the server.
    pub(super) onward: ConnId,
    /// Bytes that came.
    pub(super) begun: u64,
    /// The server was seen to be gone while nothing was read of it: the end of what it said is no end.
    pub(super) missed: Option<io::Error>,
}

/// An answer as it goes on.
struct GoingOn {
    head: Head,
    framing: BodyFraming,
    /// What is there of its body.
    rest: Bytes,
    /// The server keeps its connection; `None` = as the answer says.
    keeps: Option<bool>,
}

/// What went on before the end of the head.
enum NoHead {
    Server(Failure),
    Ended(Passed),
}

impl Down<'_> {
    /// Passes the answer back to its end; `writer` keeps it.
    pub(super) async fn run(mut self, writer: BodyWriter) -> Passed {
        let (parsed, rest) = match self.head(&writer).await {
            Ok(found) => found,
            Err(NoHead::Ended(ended)) => return ended,
            Err(NoHead::Server(failure)) => {
                return Passed::NoAnswer { failure, is_silent: self.begun == 0 };
            }
        };
        let outcome = Box::pin(self.message(writer, parsed, rest)).await;
        let elapsed = self.recorder.elapsed();
        self.recorder.edit(|exchange| {
            let timing = &mut exchange.timing;
            let before =
                [timing.lookup, timing.connect, timing.tls, timing.send, timing.first_byte];
            let before: Duration = before.into_iter().flatten().sum();
            timing.transfer = Some(elapsed.saturating_sub(before));
        });
        outcome
    }

    /// One read; empty = the server finished sending.
    async fn read(&mut self) -> Result<io::Result<Bytes>, Failure> {
        self.tap.ready().await;
        let read = tokio::select! {
            biased;
            read = self.buffer.read(self.from) => read,
            () = self.progress.patience() => {
                let patience = self.progress.patience;
                let seconds = patience.as_secs_f64();
                let begun = counted(self.begun, "byte");
                let cause = format!("no byte for {seconds} s, after {begun}");
                let kind = FailureKind::Timeout(patience);
                return Err(Failure::new(Stage::Head, self.target, kind, cause)
                    .hint("raise the timeout of the relay, or look at what the server waits for"));
            }
        };
        let is_end = read.as_ref().is_ok_and(Bytes::is_empty);
        if let Some(error) = self.missed.take_if(|_| is_end) {
            return Ok(Err(error));
        }
        if let Ok(bytes) = &read {
            if self.begun == 0 && !bytes.is_empty() {
                let now = self.recorder.elapsed();
                self.recorder.edit(|exchange| {
                    let timing = &mut exchange.timing;
                    let before = [timing.lookup, timing.connect, timing.tls, timing.send];
                    let before = before.into_iter().flatten().sum();
                    timing.first_byte = Some(now.saturating_sub(before));
                });
            }
            self.begun += bytes.len() as u64;
        }
        Ok(read)
    }

    /// The final head, and what came with it. Interim ones are passed on.
    async fn head(&mut self, writer: &BodyWriter) -> Result<(ParsedHead, Bytes), NoHead> {
        let mut reader = HeadReader::new(Expected::Response);
        loop {
            let read = self.read().await.map_err(NoHead::Server)?;
            let mut bytes = read.map_err(|error| {
                let received = counted(reader.received().len() as u64, "byte");
                let so_far = format!("after {received} of the head");
                NoHead::Server(failure::socket(Stage::Head, self.target, &error, &so_far))
            })?;
            if bytes.is_empty() {
                return Err(NoHead::Server(failure::head(self.target, &reader.finish())));
            }
            while !bytes.is_empty() {
                let found = reader.push(&bytes);
                let found = found.map_err(|e| NoHead::Server(failure::head(self.target, &e)))?;
                let Some((used, parsed)) = found else { break };
                let rest = bytes.split_off(used);
                if !status::is_interim(&parsed.head) {
                    return Ok((parsed, rest));
                }
                self.interim(writer, parsed).await?;
                (bytes, reader) = (rest, HeadReader::new(Expected::Response));
            }
        }
    }

    async fn interim(&mut self, writer: &BodyWriter, parsed: ParsedHead) -> Result<(), NoHead> {
        self.recorder.warn_all(parsed.warnings);
        let raw = parsed.head.raw.clone();
        let count = self.recorder.edit(|exchange| {
            exchange.interim.push(parsed.head);
            exchange.interim.len()
        });
        if count > INTERIM {
            let cause = format!("{count} interim (1xx) responses and no final one");
            let kind = FailureKind::TooLarge;
            return Err(NoHead::Server(Failure::new(Stage::Head, self.target, kind, cause)));
        }
        // A client of HTTP/1.0 knows none (RFC 9110, section 15.2).
        if version(self.asked) == HttpVersion::Http10 {
            self.recorder.warn("an interim answer was not passed on: the client speaks HTTP/1.0");
            return Ok(());
        }
        self.keep(writer, raw.clone()).await;
        self.write(raw).await.map_err(NoHead::Ended)?;
        self.hand_over().await.map_err(NoHead::Ended)
    }

    /// The head and what follows it.
    async fn message(&mut self, writer: BodyWriter, parsed: ParsedHead, rest: Bytes) -> Passed {
        let ParsedHead { head, warnings, .. } = parsed;
        let framing = response_framing(&head, &self.asked.method);
        if let Some(why) = self.flaw(&head, &framing) {
            let cause = format!("{why}; such a response is not passed on");
            let failure = Failure::new(Stage::Head, self.target, FailureKind::Malformed, cause);
            return Passed::NoAnswer { failure, is_silent: false };
        }
        self.recorder.warn_all(warnings.into_iter().chain(framing.warnings.iter().cloned()));
        let going = match Box::pin(self.changed(head, framing, rest)).await {
            Ok(going) => going,
            Err(ended) => return ended,
        };
        let GoingOn { head, framing, rest, keeps } = going;
        let is_framed_twice =
            framing.framing == MessageFraming::Chunked && head.field("content-length").is_some();
        let onward = heads::response(&head, is_framed_twice);
        self.recorder.warn_all(onward.changes);
        let shown = if onward.head == head.raw {
            head.clone()
        } else {
            shown(Expected::Response, onward.head.clone())
        };
        self.keep(&writer, onward.head.clone()).await;
        let mut body = BodyReceiver::new(writer, &framing, &head, self.tasks);
        body.way = Direction::Sent;
        let message = HttpMessage { head: shown, body: body.facts.clone() };
        self.recorder.edit(|exchange| exchange.response = Some(message));
        if head.status() == Some(101) {
            let sent = self.lead(onward.head, Bytes::new()).await;
            let _ = body.finish(true, self.recorder).await;
            return sent.map_or_else(|ended| ended, |()| Passed::Switched(rest));
        }
        let outcome = self.body(&mut body, onward.head, rest).await;
        let is_doubtful = framing.doubtful || body.is_doubtful();
        let is_whole = outcome.is_ok();
        let has_end = framing.framing != MessageFraming::UntilClose;
        let _ = body.finish(is_whole, self.recorder).await;
        match outcome {
            Err(ended) => ended,
            Ok(is_clean) => {
                let goes_on = Visitor::goes_on(self.asked, &head) && keeps.unwrap_or(true);
                Passed::Answered { keeps: goes_on && is_clean && has_end && !is_doubtful }
            }
        }
    }

    /// What rules and a hold make of an answer, before anything of it goes on.
    async fn changed(
        &mut self,
        head: Head,
        framing: BodyFraming,
        rest: Bytes,
    ) -> Result<GoingOn, Passed> {
        let made = self.rewritten(head, framing, rest).await?;
        let before = made.keeps;
        let going = self.held(made.head, made.framing, made.rest).await?;
        let keeps = going.keeps.or(before).map(|keeps| keeps && before.unwrap_or(true));
        Ok(GoingOn { keeps, ..going })
    }

    /// Changes an answer as the rules say; what the server said is told as it came.
    async fn rewritten(
        &mut self,
        head: Head,
        framing: BodyFraming,
        mut rest: Bytes,
    ) -> Result<GoingOn, Passed> {
        let rules = Arc::clone(&self.rewrites);
        if head.status() == Some(101) || rules.of(false).next().is_none() {
            return Ok(GoingOn { head, framing, rest, keeps: None });
        }
        let (recorder, hold) = (self.recorder, self.hold);
        let message = HeldMessage { kind: HeldKind::Response, head: &head, recorder };
        let method = &self.asked.method;
        let it = Rewriting { hold, message, method, framing: &framing };
        let mut body = None;
        if it.needs_body(&rules) {
            let mut ahead = self.read_ahead(&framing, &rest).await?;
            rest = std::mem::take(&mut ahead.wire).freeze();
            body = Some(ahead);
        }
        let Some(made) = it.message(&rules, body.as_ref()).await else {
            return Ok(GoingOn { head, framing, rest, keeps: None });
        };
        it.tell();
        self.tap.touch(rewriting::marks());
        let came = match &made.body {
            Some(_) => [&head.raw[..], &rest].concat().into(),
            None => head.raw.clone(),
        };
        self.hold.tell_came(self.onward, came, rewriting::marks());
        let has_surplus = body.is_some_and(|body| body.has_surplus);
        let ends = framing.framing != MessageFraming::UntilClose && !framing.doubtful;
        let is_kept = Visitor::goes_on(self.asked, &head);
        Ok(match made.body {
            Some(body) => {
                let keeps = Some(ends && !has_surplus && is_kept);
                let framing = response_framing(&made.head, &self.asked.method);
                GoingOn { head: made.head, framing, rest: body, keeps }
            }
            None => GoingOn { head: made.head, framing, rest, keeps: Some(is_kept) },
        })
    }

    /// The body of an answer as far as it is read ahead.
    async fn read_ahead(
        &mut self,
        framing: &BodyFraming,
        rest: &[u8],
    ) -> Result<AheadBody, Passed> {
        let mut body = AheadBody::new(framing);
        body.push(rest);
        let until = Instant::now() + END_BY;
        while body.wants_more() {
            match timeout_at(until, self.read()).await {
                Ok(Ok(Ok(bytes))) if !bytes.is_empty() => body.push(&bytes),
                Ok(Ok(Ok(_))) => body.closed(),
                Ok(Ok(Err(error))) => {
                    let so_far = "before its answer was whole";
                    let failure = failure::socket(Stage::Body, self.target, &error, so_far);
                    return Err(Passed::NoAnswer { failure, is_silent: false });
                }
                Ok(Err(failure)) => return Err(Passed::NoAnswer { failure, is_silent: false }),
                Err(_) => break,
            }
        }
        Ok(body)
    }

    /// Holds an answer that is to be held, before anything of it goes on.
    async fn held(
        &mut self,
        head: Head,
        framing: BodyFraming,
        rest: Bytes,
    ) -> Result<GoingOn, Passed> {
        let recorder = self.recorder;
        let message = HeldMessage { kind: HeldKind::Response, head: &head, recorder };
        if head.status() == Some(101) || !self.hold.may_fit(&message) {
            return Ok(GoingOn { head, framing, rest, keeps: None });
        }
        let mut body = self.read_ahead(&framing, &rest).await?;
        let rest = std::mem::take(&mut body.wire).freeze();
        let decision = match (self.hold.fits(&message, &body.content), body.is_done) {
            (false, _) => Decision::Forward,
            (true, false) => {
                self.hold.not_held(&message, &body);
                Decision::Forward
            }
            (true, true) => {
                let left = self.progress.left(self.target);
                let verdict = self.hold.decided(&message, &body, left).await;
                verdict.map_err(Passed::Left)?.decision
            }
        };
        match decision {
            Decision::Forward => Ok(GoingOn { head, framing, rest, keeps: None }),
            Decision::Drop => {
                let cause = "the answer was held and dropped by hand";
                Err(self.none(FailureKind::Cancelled, cause.into()))
            }
            Decision::Edit(data) => self.edited(&head, &framing, (&data, &rest), body.has_surplus),
        }
    }

    fn none(&self, kind: FailureKind, cause: String) -> Passed {
        let failure = Failure::new(Stage::Head, self.target, kind, cause);
        Passed::NoAnswer { failure, is_silent: false }
    }

    /// What somebody made of an answer goes on in its place; what the server said is told as it came.
    fn edited(
        &self,
        head: &Head,
        framing: &BodyFraming,
        (data, rest): (&[u8], &[u8]),
        has_surplus: bool,
    ) -> Result<GoingOn, Passed> {
        let refused = |why: String| {
            let cause = format!("what was made of the answer is none: {why}");
            self.none(FailureKind::Malformed, cause)
        };
        let made = edited(Expected::Response, &self.asked.method, data).map_err(refused)?;
        if status::is_interim(&made.parsed.head) {
            return Err(refused("its status is an interim one".into()));
        }
        self.recorder.warn_all(made.changes);
        let came = [&head.raw[..], rest].concat();
        self.hold.tell_came(self.onward, came.into(), HttpHold::edited());
        let ends = framing.framing != MessageFraming::UntilClose && !framing.doubtful;
        let keeps = Some(ends && !has_surplus && Visitor::goes_on(self.asked, head));
        let head = made.parsed.head;
        let framing = response_framing(&head, &self.asked.method);
        Ok(GoingOn { head, framing, rest: made.body, keeps })
    }

    /// Why an answer is not to be believed.
    fn flaw(&self, head: &Head, framing: &BodyFraming) -> Option<String> {
        let upgrades = self.asked.said().all("upgrade");
        let upgrades: Vec<_> = upgrades.map(|value| String::from_utf8_lossy(value)).collect();
        let flaw = status::unbelievable(head, upgrades.iter().map(|value| &**value));
        flaw.or_else(|| framing.error.as_ref().map(|refusal| refusal.why.clone()))
    }

    /// The body behind this head; `false` = more came than belongs to it.
    async fn body(
        &mut self,
        body: &mut BodyReceiver,
        head: Bytes,
        mut bytes: Bytes,
    ) -> Result<bool, Passed> {
        let (mut lead, mut is_shown) = (Some(head), false);
        loop {
            let (used, kept) = body.take(&bytes).await;
            if let Err(why) = kept {
                self.recorder.warn(format!("the copy of the answer is cut: {why}"));
            }
            let surplus = used.as_ref().map_or(0, |used| bytes.len() - used);
            bytes.truncate(*used.as_ref().unwrap_or(&0));
            match lead.take() {
                Some(head) => self.lead(head, bytes).await,
                None => self.write(bytes).await,
            }?;
            self.recorder.progress_of(Direction::Sent, &body.facts);
            used.map_err(|why| {
                let cause = format!("{why}, {}", body.so_far());
                let kind = FailureKind::Malformed;
                Passed::Cut(Failure::new(Stage::Body, self.target, kind, cause))
            })?;
            if surplus > 0 {
                let surplus = counted_were(surplus as u64, "byte");
                let text = format!("behind the end of the answer {surplus} not passed on");
                self.recorder.warn(text);
            }
            if body.done {
                self.flush().await?;
                return Ok(surplus == 0);
            }
            if !std::mem::replace(&mut is_shown, true) {
                self.recorder.publish();
            }
            bytes = match self.read().await {
                Ok(Ok(bytes)) => bytes,
                Ok(Err(error)) => return self.ended(body, &error),
                Err(failure) => {
                    let cause = format!("{}, {}", failure.cause, body.so_far());
                    return Err(Passed::Cut(Failure { stage: Stage::Body, cause, ..failure }));
                }
            };
            if bytes.is_empty() {
                let closed = body.closed("the server", self.target);
                return closed.map(|()| true).map_err(Passed::Cut);
            }
        }
    }

    /// The server's socket failed inside a body.
    fn ended(&self, body: &BodyReceiver, error: &io::Error) -> Result<bool, Passed> {
        let is_end = error.kind() == io::ErrorKind::UnexpectedEof;
        if is_end && body.facts.framing == MessageFraming::UntilClose {
            self.recorder.warn(
                "the server closed without ending TLS (no close_notify): the body may be cut off",
            );
            return Ok(true);
        }
        let so_far = body.so_far();
        Err(Passed::Cut(failure::socket(Stage::Body, self.target, error, &so_far)))
    }

    /// A head, with what is there of its body in one write.
    async fn lead(&mut self, head: Bytes, body: Bytes) -> Result<(), Passed> {
        if body.is_empty() || body.len() > WITH_HEAD {
            self.write(head).await?;
            self.write(body).await?;
        } else {
            let mut both = BytesMut::with_capacity(head.len() + body.len());
            both.extend_from_slice(&head);
            both.extend_from_slice(&body);
            self.write(both.freeze()).await?;
        }
        self.hand_over().await
    }

    async fn write(&mut self, mut bytes: Bytes) -> Result<(), Passed> {
        while !bytes.is_empty() {
            let writes = self.tap.write(self.to, &mut bytes);
            let written = unless_gone(writes, &self.from.gone(), &mut self.missed).await;
            let written = written.map_err(|error| {
                let so_far = "while its client took nothing";
                Passed::Cut(failure::socket(Stage::Body, self.target, &error, so_far))
            })?;
            written.map_err(|error| Passed::Left(self.gone(&error)))?;
        }
        Ok(())
    }

    async fn flush(&mut self) -> Result<(), Passed> {
        self.to.flush().await.map_err(|error| Passed::Left(self.gone(&error)))
    }

    /// On its way, whatever faults do to it.
    async fn hand_over(&mut self) -> Result<(), Passed> {
        self.to.hand_over().await.map_err(|error| Passed::Left(self.gone(&error)))
    }

    fn gone(&self, error: &io::Error) -> Failure {
        let so_far = "while its answer was passed on";
        failure::socket(Stage::Send, &self.recorder.target, error, so_far)
    }

    async fn keep(&self, writer: &BodyWriter, bytes: Bytes) {
        if let Err(why) = writer.wire(bytes).await {
            self.recorder.warn(format!("the copy of the answer is cut: {why}"));
        }
    }
}
