//! Reads one request: head, perhaps `100 Continue`, body.
//!
//! Called by the connection for every request. `Err` means that there is nobody left to answer; a
//! request that cannot be served comes with the refusal to answer instead.

use bytes::Bytes;
use tokio::io::AsyncWriteExt as _;
use tokio::time::Instant;

use super::connection::{HttpConnection, ReadAbort, STALL};
use super::host;
use crate::codec::http1::{
    Expected, HeadErrorKind, HeadReader, ParsedHead, Refusal, RequestVerdict, judge,
    unserved_upgrade,
};
use crate::codec::printable::printable;
use crate::engine::body::BodyWriter;
use crate::engine::http::answer::RequestFacts;
use crate::engine::http::body_receiver::{BodyReceiver, Fault};
use crate::engine::http::exchange_recorder::ExchangeRecorder;
use crate::engine::http::failure;
use crate::engine::http::message_writer::shown;
use crate::model::counts::{count, counted};
use crate::model::end_address::EndAddress;
use crate::model::exchange::{Head, HttpVersion, MessageFraming, StartLine};
use crate::model::failure::{Failure, Stage};
use crate::model::record::{Direction, RecordKind};
use crate::model::url_text::UrlText;

/// What can be said of bytes that were read: nothing against them, or what to answer instead;
/// `Err` = nobody is left to answer.
type Verdict = Result<Option<Refusal>, Failure>;

/// 507 says that we cannot keep it (RFC 4918, section 11.5).
fn full(why: &str) -> Refusal {
    Refusal { status: 507, why: why.to_owned() }
}

/// What to answer a body that cannot be taken; `so_far` says how much of it came.
fn refusal(fault: Fault, so_far: &str) -> Refusal {
    match fault {
        Fault::Malformed(why) => Refusal { status: 400, why },
        Fault::Storage(why) => full(&format!("{why}, {so_far}")),
        // RFC 9110, section 15.5.14.
        Fault::TooLarge(why) => Refusal { status: 413, why: format!("{why}, {so_far}") },
    }
}

fn too_slow(so_far: &str) -> String {
    format!("too slow while another client needs the place, {so_far}")
}

impl HttpConnection {
    /// Reads a request that begins with these bytes.
    pub(super) async fn request(
        &mut self,
        first: Bytes,
        recorder: &ExchangeRecorder,
        writer: BodyWriter,
    ) -> Result<RequestFacts, Failure> {
        let (parsed, outcome) = self.head(first, &recorder.target).await;
        recorder.keep_head(&writer, parsed.head.raw.clone(), "before the body").await?;
        let verdict = judge(&parsed);
        recorder.warn_all(parsed.warnings);
        recorder.edit(|exchange| exchange.request.head = parsed.head);
        let mut asked = RequestFacts { refusal: outcome?, ..RequestFacts::default() };
        recorder.edit(|exchange| {
            let head = &exchange.request.head;
            if let StartLine::Request { method, target, version } = &head.start {
                (asked.method, asked.target) = (method.clone(), target.clone());
                asked.version = *version;
                exchange.url = self.url(head, target);
            }
        });
        if asked.refusal.is_some() {
            return Ok(asked);
        }
        self.judged(recorder, writer, verdict, asked).await
    }

    /// Reads a head as far as it comes; what came behind it waits in `rest`.
    async fn head(&mut self, mut bytes: Bytes, target: &str) -> (ParsedHead, Verdict) {
        let until = Instant::now() + STALL;
        self.reading = None;
        loop {
            let mut reader =
                self.reading.take().unwrap_or_else(|| HeadReader::new(Expected::Request));
            match reader.push(&bytes) {
                Ok(None) => {}
                Ok(Some((used, parsed))) => {
                    self.rest = bytes.split_off(used);
                    return (parsed, Ok(None));
                }
                Err(error) => {
                    let status = if error.kind == HeadErrorKind::TooLarge { 431 } else { 400 };
                    return (*error.partial, Ok(Some(Refusal { status, why: error.message })));
                }
            }
            let received = counted(reader.received().len() as u64, "byte");
            self.reading = Some(reader);
            let verdict = match self.arriving(until).await {
                Ok(Ok(more)) if more.is_empty() => None,
                Ok(Ok(more)) => {
                    bytes = more;
                    continue;
                }
                Ok(Err(error)) => {
                    let so_far = format!("after {received} of the head");
                    Some(Err(failure::socket(Stage::Head, target, &error, &so_far)))
                }
                Err(abort) => {
                    let wait = STALL.as_secs_f64();
                    let why = match abort {
                        ReadAbort::TimedOut => {
                            format!("the head was incomplete after {wait} s ({received})")
                        }
                        ReadAbort::Evicted => too_slow(&format!("after {received} of the head")),
                    };
                    Some(Ok(Some(Refusal { status: 408, why })))
                }
            };
            let reader = self.reading.take();
            let error = reader.unwrap_or_else(|| HeadReader::new(Expected::Request)).finish();
            let verdict = verdict.unwrap_or_else(|| Err(failure::head(target, &error)));
            return (*error.partial, verdict);
        }
    }

    /// Refuses a request by its head, or reads its body.
    async fn judged(
        &mut self,
        recorder: &ExchangeRecorder,
        writer: BodyWriter,
        verdict: RequestVerdict,
        mut asked: RequestFacts,
    ) -> Result<RequestFacts, Failure> {
        recorder.warn_all(verdict.framing.warnings.iter().cloned());
        let (local, machine) = (self.accepted.local.as_ref(), &self.listener.machine);
        // One that is refused is not served for another host either.
        let is_served = verdict.refusal.is_none();
        let foreign = |head: &Head| host::foreign(head, &asked.target, local, machine);
        let foreign = recorder.edit(|exchange| foreign(&exchange.request.head));
        let foreign = foreign.filter(|_| is_served);
        let upgrade = recorder.edit(|exchange| unserved_upgrade(&exchange.request.head));
        let upgrade = upgrade.filter(|_| self.listener.served.is_none());
        for mark in verdict.marks.into_iter().chain(upgrade).chain(foreign) {
            self.note(Direction::Local, RecordKind::Note, mark.clone());
            recorder.warn(mark);
        }
        (asked.keep_alive, asked.refusal) = (verdict.keep_alive, verdict.refusal);
        if asked.refusal.is_some() {
            return Ok(asked);
        }
        let (framing, most) = (verdict.framing, self.listener.session.bodies.max_len());
        if let MessageFraming::Length(length) = framing.framing
            && length > most
        {
            let why = format!(
                "a body of {}, and {} are kept at most",
                counted(length, "byte"),
                count(most)
            );
            asked.refusal = Some(full(&why));
            asked.keep_alive = false;
            return Ok(asked);
        }
        let mut receiver = recorder.edit(|exchange| {
            let (head, tasks) = (&exchange.request.head, &self.listener.session.tasks);
            BodyReceiver::new(writer, &framing, head, tasks)
        });
        if !receiver.done {
            recorder.edit(|exchange| exchange.request.body = receiver.facts.clone());
            recorder.publish();
            let waits = |value: &Bytes| value.eq_ignore_ascii_case(b"100-continue");
            let may_wait = asked.version == HttpVersion::Http11 && self.rest.is_empty();
            let does_wait = |head: &Head| head.field("expect").is_some_and(waits);
            if may_wait && recorder.edit(|exchange| does_wait(&exchange.request.head)) {
                self.go_on(recorder).await?;
            }
        }
        let outcome = self.fill(recorder, &mut receiver).await;
        asked.keep_alive &= !receiver.is_doubtful();
        let so_far = receiver.received();
        let kept = receiver.finish(matches!(outcome, Ok(None)), recorder).await;
        asked.refusal = outcome?.or(kept.err().map(|fault| refusal(fault, &so_far.words())));
        asked.keep_alive &= asked.refusal.is_none();
        Ok(asked)
    }

    /// The absolute URL the client meant (RFC 9112, section 3.3).
    fn url(&self, head: &Head, target: &str) -> String {
        if !target.starts_with('/') && !UrlText::literal(target).scheme.is_empty() {
            return target.to_owned();
        }
        let scheme = if self.accepted.tls.is_some() { "https" } else { "http" };
        let host = match head.field("host") {
            Some(host) if !host.is_empty() => printable(host),
            _ => self.accepted.local.as_ref().map_or_else(String::new, host_of),
        };
        // Of `*` the server as a whole is meant.
        let target = target.strip_prefix('*').unwrap_or(target);
        let slash = if target.is_empty() || target.starts_with('/') { "" } else { "/" };
        [scheme, "://", &host, slash, target].concat()
    }

    /// Tells a client that waits before it sends its body (RFC 9110, section 10.1.1).
    async fn go_on(&mut self, recorder: &ExchangeRecorder) -> Result<(), Failure> {
        let head = Bytes::from_static(b"HTTP/1.1 100 Continue\r\n\r\n");
        let mut left = head.clone();
        let (mut stream, tap) = self.paced();
        let written = async {
            while !left.is_empty() {
                tap.write(&mut stream, &mut left).await?;
            }
            stream.flush().await
        };
        written.await.map_err(|error| {
            let so_far = "sending 100 Continue";
            failure::socket(Stage::Send, &recorder.target, &error, so_far)
        })?;
        recorder.edit(|exchange| exchange.interim.push(shown(Expected::Response, head)));
        Ok(())
    }

    /// Feeds the body until it is complete.
    async fn fill(&mut self, recorder: &ExchangeRecorder, body: &mut BodyReceiver) -> Verdict {
        let target = &*recorder.target;
        while !body.done {
            let mut bytes = std::mem::take(&mut self.rest);
            if bytes.is_empty() {
                bytes = match self.arriving(Instant::now() + STALL).await {
                    Ok(Ok(bytes)) if bytes.is_empty() => {
                        return body.closed("the client", target).map(|()| None);
                    }
                    Ok(Ok(bytes)) => bytes,
                    Ok(Err(error)) => {
                        let so_far = body.so_far();
                        return Err(failure::socket(Stage::Body, target, &error, &so_far));
                    }
                    Err(abort) => {
                        let (wait, so_far) = (STALL.as_secs(), body.so_far());
                        let why = match abort {
                            ReadAbort::TimedOut => format!("no body byte for {wait} s, {so_far}"),
                            ReadAbort::Evicted => too_slow(&so_far),
                        };
                        return Ok(Some(Refusal { status: 408, why }));
                    }
                };
            }
            match body.push(&bytes).await {
                Ok(used) => self.rest = bytes.split_off(used),
                Err(fault) => return Ok(Some(refusal(fault, &body.so_far()))),
            }
            recorder.progress(&body.facts);
        }
        Ok(None)
    }
}

/// How we are called by who names no host.
fn host_of(local: &EndAddress) -> String {
    local.inet().map_or_else(|| "localhost".into(), |address| address.to_string())
}
