//! What an HTTP relay holds: whole messages. Head and body are read ahead up to a bound, shown, and go on
//! as they came, edited, or not at all.
//!
//! ```text
//! client ─► head ─► read ahead ─► held ─► forwarded: read again from what was read ahead
//!                        │          └───► edited: in its place, its framing made right
//!                        └ larger, or slow: streamed, and said that it could not be held
//! ```

use bytes::{Bytes, BytesMut};
use tokio::time::{Duration, Instant, timeout_at};
use tokio_util::sync::CancellationToken;

use super::received;
use super::visitor::{Met, Next, Visitor};
use crate::codec::http1::edited::edited;
use crate::codec::http1::{BodyFraming, BodyReader, Expected, Refusal, judge_onward};
use crate::engine::body::BodyWriter;
use crate::engine::clock;
use crate::engine::holds::{HoldDesk, HoldVerdict, HoldWish};
use crate::engine::http::body_receiver::BodyReceiver;
use crate::engine::http::exchange_recorder::ExchangeRecorder;
use crate::engine::relay::http::received::AskedRequest;
use crate::engine::session::SessionHandle;
use crate::engine::sink::Sink;
use crate::model::exchange::{Exchange, Head, HttpMessage, MessageFraming};
use crate::model::exchange_facts::ExchangeFacts;
use crate::model::failure::Failure;
use crate::model::fault::FaultMarks;
use crate::model::hold::{Decision, HeldKind, HoldEnd, HoldMark};
use crate::model::id::ConnId;
use crate::model::record::{ConnInfo, Direction, Record, RecordKind};
use crate::model::timing::Stamp;
use crate::query::RecordFacts;

/// Body bytes read ahead at most; what is longer is streamed.
pub(super) const AHEAD: usize = 1024 * 1024;
/// How long its end may take, so that a stream of events is not kept from its client.
pub(super) const END_BY: Duration = Duration::from_secs(2);

/// Who holds for one client.
pub(super) struct HttpHold {
    session: SessionHandle,
    conn: ConnInfo,
    /// Fires when the relay closes.
    stop: CancellationToken,
}

/// A body read ahead: what crossed, and what it holds without its framing.
pub(super) struct AheadBody {
    reader: BodyReader,
    pub(super) wire: BytesMut,
    pub(super) content: BytesMut,
    pub(super) is_done: bool,
    is_broken: bool,
    /// More came than belongs to it.
    pub(super) has_surplus: bool,
}

impl AheadBody {
    /// One with this framing.
    pub(super) fn new(framing: &BodyFraming) -> Self {
        let (wire, content) = (BytesMut::new(), BytesMut::new());
        let is_done = framing.framing.is_empty();
        let reader = BodyReader::new(framing.framing);
        AheadBody { reader, wire, content, is_done, is_broken: false, has_surplus: false }
    }

    /// One that is here, without framing.
    pub(super) fn of(content: &[u8]) -> Self {
        let (wire, content) = (BytesMut::new(), BytesMut::from(content));
        let reader = BodyReader::new(MessageFraming::None);
        AheadBody { reader, wire, content, is_done: true, is_broken: false, has_surplus: false }
    }

    /// Takes what came; what is behind its end is kept with what crossed.
    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.wire.extend_from_slice(bytes);
        if self.is_done || self.is_broken {
            self.has_surplus |= !bytes.is_empty();
            return;
        }
        let content = &mut self.content;
        match self.reader.push(bytes, &mut |part| content.extend_from_slice(part)) {
            Ok(progress) => {
                self.is_done = progress.done;
                self.has_surplus = progress.used < bytes.len();
            }
            Err(_) => self.is_broken = true,
        }
    }

    /// More has to be read before it can be held.
    pub(super) fn wants_more(&self) -> bool {
        !self.is_done && !self.is_broken && self.wire.len() <= AHEAD
    }

    /// Why it is not done, in words.
    pub(super) fn why_not_whole(&self) -> &'static str {
        if self.is_broken {
            return "broke off before its end";
        }
        "did not end within 1 MiB and 2 s"
    }

    /// The sender finished; tells whether that is its end.
    pub(super) fn closed(&mut self) {
        self.is_done |= self.reader.finish().is_ok();
        self.is_broken |= !self.is_done;
    }
}

/// One of the two messages.
pub(super) struct HeldMessage<'a> {
    pub(super) kind: HeldKind,
    pub(super) head: &'a Head,
    pub(super) recorder: &'a ExchangeRecorder,
}

impl HeldMessage<'_> {
    /// Marks it in its exchange: what the client sent, or got, has rows of its own that were told already.
    pub(super) fn touch(&self, marks: FaultMarks) {
        self.recorder.edit(|exchange| {
            let of_message = match self.kind {
                HeldKind::Response => &mut exchange.touched.response,
                _ => &mut exchange.touched.request,
            };
            *of_message = of_message.with(marks);
        });
    }
}

impl HttpHold {
    /// For this client.
    pub(super) fn new(session: &SessionHandle, met: &Met, stop: CancellationToken) -> Self {
        let conn = met.info();
        HttpHold { session: session.clone(), conn, stop }
    }

    /// Whether it is worth while to read the body of a message ahead.
    pub(super) fn may_fit(&self, message: &HeldMessage<'_>) -> bool {
        self.desk().asks() && (self.desk().reads_data() || self.fits(message, &[]))
    }

    fn desk(&self) -> &HoldDesk {
        &self.session.holds
    }

    /// Whether the message is to be held, if its body holds this.
    pub(super) fn fits(&self, message: &HeldMessage<'_>, content: &[u8]) -> bool {
        judged(&self.conn, message, content, |facts| self.desk().fits(&self.conn, facts))
    }

    /// The client's half, as filters know it.
    pub(super) fn conn(&self) -> &ConnInfo {
        &self.conn
    }

    /// Where what happens is told.
    pub(super) fn events(&self) -> &Sink {
        &self.session.events
    }

    /// A row of the client with marks.
    pub(super) fn note(&self, text: &str, marks: FaultMarks) {
        self.session.events.note_touched(self.conn.id, text, marks);
    }

    /// What is said of a message that was to be held, and whose body was not there in time.
    pub(super) fn not_held(&self, message: &HeldMessage<'_>, body: &AheadBody) {
        let noun = message.kind.noun();
        let why = body.why_not_whole();
        let text = format!("the {noun} was to be held and was passed on: its body {why}");
        message.recorder.warn(text.clone());
        let marks = FaultMarks::default().held(HoldMark::Missed);
        message.touch(marks);
        self.session.events.note_touched(self.conn.id, &text, marks);
    }

    /// Holds a message until it is decided about it.
    ///
    /// # Errors
    /// The client left meanwhile, as `left` told.
    pub(super) async fn decided(
        &self,
        message: &HeldMessage<'_>,
        body: &AheadBody,
        left: impl Future<Output = Failure>,
    ) -> Result<HoldVerdict, Failure> {
        let data = Bytes::from([&message.head.raw[..], &body.content].concat());
        let noun = message.kind.noun();
        let line = message.head.raw.split(|byte| *byte == b'\r').next().unwrap_or_default();
        let text = format!("{noun} held: {}", String::from_utf8_lossy(line));
        let (way, kind) = (Direction::Local, RecordKind::Note);
        let record = Record::new(Stamp::default(), self.conn.id, way, kind, text.into());
        let from_client = message.kind == HeldKind::Request;
        let wish = HoldWish { kind: message.kind, from_client, data, record };
        let Some(mut ticket) = self.desk().hold(wish) else {
            let text = format!("the {noun} was to be held and was passed on: too much is held");
            message.recorder.warn(text.clone());
            let marks = FaultMarks::default().held(HoldMark::Missed);
            message.touch(marks);
            self.session.events.note_touched(self.conn.id, &text, marks);
            return Ok(HoldVerdict { decision: Decision::Forward, end: HoldEnd::Released });
        };
        message.recorder.publish();
        let verdict = tokio::select! {
            biased;
            verdict = ticket.decided() => verdict,
            failure = left => {
                ticket.left();
                let verdict = HoldVerdict { decision: Decision::Drop, end: HoldEnd::Left };
                self.tell(message, &verdict);
                return Err(failure);
            }
            // What was held to be looked at first does not slip through because somebody closes.
            () = self.stop.cancelled() => HoldVerdict { decision: Decision::Drop, end: HoldEnd::Gone },
        };
        self.tell(message, &verdict);
        Ok(verdict)
    }

    fn tell(&self, message: &HeldMessage<'_>, verdict: &HoldVerdict) {
        let noun = message.kind.noun();
        let marks = FaultMarks::default().held(HoldMark::Held).held(verdict.mark());
        message.touch(marks);
        let text = match verdict.end {
            HoldEnd::Forwarded | HoldEnd::Released => return,
            HoldEnd::Edited => format!("the {noun} was edited before it was passed on"),
            HoldEnd::Dropped => format!("the {noun} was dropped and not passed on"),
            HoldEnd::Gone => {
                format!("the {noun} was held when the relay closed, and not passed on")
            }
            HoldEnd::Left => format!("the client left while its {noun} was held: it went nowhere"),
            HoldEnd::TimedOut => {
                format!("nobody decided in time: the {noun} was passed on as it came")
            }
        };
        message.recorder.warn(text.clone());
        self.session.events.note_touched(self.conn.id, &text, marks);
    }

    /// What the server said, where its client gets something else.
    pub(super) fn tell_came(&self, conn: ConnId, data: Bytes, marks: FaultMarks) {
        self.session.events.received_touched(conn, data, marks);
    }

    /// Marks of what was edited.
    pub(super) fn edited() -> FaultMarks {
        FaultMarks::default().held(HoldMark::Held).held(HoldMark::Edited)
    }
}

/// Asks about a message whose body holds this, as filters see what it will be told as.
pub(super) fn judged<T>(
    conn: &ConnInfo,
    message: &HeldMessage<'_>,
    content: &[u8],
    ask: impl FnOnce(&RecordFacts<'_>) -> T,
) -> T {
    let mut exchange: Exchange = message.recorder.edit(|exchange| exchange.clone());
    let direction = match message.kind {
        HeldKind::Response => {
            let (head, body) = (message.head.clone(), exchange.request.body.clone());
            exchange.response = Some(HttpMessage { head, body });
            Direction::Sent
        }
        _ => Direction::Received,
    };
    let facts = ExchangeFacts::of(&exchange);
    let whole = [&message.head.raw[..], content].concat();
    let record = Record::new(clock::now(), conn.id, direction, RecordKind::Data, whole.into());
    ask(&RecordFacts { exchange: Some(&facts), ..RecordFacts::of(&record) })
}

impl Visitor {
    /// Holds a request whose head is here, if it is to be held; `None` = it goes on as it came.
    ///
    /// # Errors
    /// The client left meanwhile.
    pub(super) async fn hold_request(
        &mut self,
        asked: &AskedRequest,
        recorder: &ExchangeRecorder,
    ) -> Result<Option<Decision>, Failure> {
        let hold = HttpHold::new(&self.relay.session, &self.met, self.control.stop());
        let message = HeldMessage { kind: HeldKind::Request, head: asked.said(), recorder };
        if !hold.may_fit(&message) {
            return Ok(None);
        }
        let body = match &asked.instead {
            Some((_, instead)) => AheadBody::of(instead),
            None => self.read_ahead(asked, recorder).await,
        };
        if !hold.fits(&message, &body.content) {
            return Ok(None);
        }
        if !body.is_done {
            hold.not_held(&message, &body);
            return Ok(None);
        }
        let left = self.input.left(&recorder.target);
        let verdict = hold.decided(&message, &body, left).await?;
        Ok(Some(verdict.decision))
    }
}

/// What is read before anything is decided.
impl Visitor {
    /// The body of a request as far as it is read ahead; it is read again by whoever passes it on.
    pub(super) async fn read_ahead(
        &mut self,
        asked: &AskedRequest,
        recorder: &ExchangeRecorder,
    ) -> AheadBody {
        let mut body = AheadBody::new(&asked.framing);
        self.invite_body(&asked.head, &asked.framing, recorder).await;
        let until = Instant::now() + END_BY;
        while body.wants_more() {
            match timeout_at(until, self.input.read()).await {
                Ok(Ok(bytes)) if !bytes.is_empty() => body.push(&bytes),
                // Whoever passes it on finds the same, and says it.
                Ok(Ok(_) | Err(_)) => {
                    body.closed();
                    break;
                }
                Err(_) => break,
            }
        }
        let wire = std::mem::take(&mut body.wire);
        self.input.put_back(wire.freeze());
        body
    }
}

/// What becomes of one that was decided about.
impl Visitor {
    /// Nobody waits for it any more.
    pub(super) fn left(recorder: &ExchangeRecorder, why: Failure) -> Next {
        recorder.close(Err(why));
        Next::Gone("closed: the client left while its request was held")
    }

    /// It is not passed on, and its client is told so.
    pub(super) async fn dropped(
        &mut self,
        asked: &AskedRequest,
        recorder: &ExchangeRecorder,
        writer: BodyWriter,
    ) -> Next {
        let tasks = &self.relay.session.tasks;
        let mut body = BodyReceiver::new(writer, &asked.framing, &asked.head, tasks);
        recorder.edit(|exchange| exchange.request.body = body.facts.clone());
        self.invite_body(&asked.head, &asked.framing, recorder).await;
        let is_whole = self.take_in(&mut body, recorder).await.is_ok();
        let _ = body.finish(is_whole, recorder).await;
        let why = "the request was held and dropped by hand".to_owned();
        self.refuse(Refusal { status: 502, why }, recorder).await
    }

    /// This goes on in its place.
    pub(super) async fn pass_on_edited(
        &mut self,
        asked: AskedRequest,
        data: &[u8],
        recorder: &ExchangeRecorder,
        writer: BodyWriter,
    ) -> Next {
        let made = match edited(Expected::Request, "", data) {
            Ok(made) => made,
            Err(why) => {
                let why = format!("what was made of the request is none: {why}");
                return self.refuse(Refusal::bad(why), recorder).await;
            }
        };
        recorder.warn_all(made.changes);
        if let Some(refusal) = judge_onward(&made.parsed).refusal {
            return self.refuse(refusal, recorder).await;
        }
        let head = made.parsed.head;
        let route = match self.route(&head) {
            Ok(route) if !route.is_tunnel => route,
            Ok(_) => {
                let why = "a request that is held does not become CONNECT".to_owned();
                return self.refuse(Refusal::bad(why), recorder).await;
            }
            Err(refusal) => return self.refuse(refusal, recorder).await,
        };
        let (method, instead) = (received::method(&head), Some((head, made.body)));
        let marks = asked.marks.with(HttpHold::edited());
        let mut asked = AskedRequest { method, route, instead, marks, ..asked };
        // Where a rule led it, it goes on to.
        asked.lead_on();
        Box::pin(self.pass_on(asked, recorder, writer)).await
    }
}
