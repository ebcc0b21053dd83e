//! The exchange that is being made: shared by the task that reads and the one that writes, and
//! still there when both were cancelled.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;

use super::failure;
use crate::engine::body::BodyWriter;
use crate::engine::clock;
use crate::engine::sink::Sink;
use crate::model::exchange::{BodyFacts, Exchange, ExchangeState, HttpMessage};
use crate::model::failure::Failure;
use crate::model::id::{BodyId, ConnId};
use crate::model::protocol::Side;
use crate::model::record::Direction;

/// Warnings kept of one exchange; a hostile peer must not fill memory with them.
const WARNINGS: usize = 40;

/// One exchange in the making.
pub(crate) struct ExchangeRecorder {
    /// On its own: it is handed on without being moved.
    exchange: Mutex<Box<Exchange>>,
    events: Sink,
    began: Instant,
    /// The peer as failures name it: a URL, or an address.
    pub(crate) target: Arc<str>,
}

impl ExchangeRecorder {
    /// An exchange that begins now, of this number in its session; `request` keeps its request.
    pub(crate) fn begin(
        side: Side,
        conn: ConnId,
        number: u32,
        request: BodyId,
        target: impl Into<Arc<str>>,
        events: Sink,
    ) -> Self {
        let exchange = Exchange::begun(side, conn, number, empty_message(request), clock::now());
        let (exchange, began) = (Mutex::new(Box::new(exchange)), Instant::now());
        let target = target.into();
        ExchangeRecorder { exchange, events, began, target }
    }

    fn lock(&self) -> MutexGuard<'_, Box<Exchange>> {
        self.exchange.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks at or changes the exchange; nothing is published.
    pub(crate) fn edit<T>(&self, change: impl FnOnce(&mut Exchange) -> T) -> T {
        change(&mut self.lock())
    }

    /// Changes what is known of the body that is received or sent, if there is one.
    pub(crate) fn edit_body(&self, way: Direction, change: impl FnOnce(&mut BodyFacts)) {
        self.edit(|exchange| {
            let way_of_request = match exchange.side {
                Side::Client => Direction::Sent,
                Side::Listener | Side::Relay => Direction::Received,
            };
            match &mut exchange.response {
                _ if way == way_of_request => change(&mut exchange.request.body),
                Some(response) => change(&mut response.body),
                None => {}
            }
        });
    }

    /// Time since it began.
    pub(crate) fn elapsed(&self) -> Duration {
        self.began.elapsed()
    }

    /// Adds what was odd, each once.
    pub(crate) fn warn(&self, warning: impl Into<String>) {
        let warning = warning.into();
        let mut exchange = self.lock();
        if exchange.warnings.len() < WARNINGS && !exchange.warnings.contains(&warning) {
            exchange.warnings.push(warning);
        }
    }

    /// The same for several.
    pub(crate) fn warn_all(&self, warnings: impl IntoIterator<Item = String>) {
        warnings.into_iter().for_each(|warning| self.warn(warning));
    }

    /// Keeps bytes of a head; when that fails, `so_far` says what had crossed the wire.
    pub(crate) async fn keep(
        &self,
        writer: &BodyWriter,
        bytes: Bytes,
        so_far: &str,
    ) -> Result<(), Failure> {
        let kept = writer.wire(bytes).await;
        kept.map_err(|why| failure::storage(&self.target, &why, so_far))
    }

    /// The same of a head as its reader gives it, which is not copied: nothing else lies in its memory.
    pub(crate) async fn keep_head(
        &self,
        writer: &BodyWriter,
        head: Bytes,
        so_far: &str,
    ) -> Result<(), Failure> {
        let kept = writer.whole(head).await;
        kept.map_err(|why| failure::storage(&self.target, &why, so_far))
    }

    /// Tells the shell how it stands.
    pub(crate) fn publish(&self) {
        let copy = {
            let mut exchange = self.lock();
            exchange.timing.total = self.began.elapsed();
            exchange.clone()
        };
        self.events.exchange(copy);
    }

    /// Takes over, and tells, how far the body is that is received.
    pub(crate) fn progress(&self, facts: &BodyFacts) {
        self.progress_of(Direction::Received, facts);
    }

    /// The same of the body that goes this way.
    pub(crate) fn progress_of(&self, way: Direction, facts: &BodyFacts) {
        let &BodyFacts { id, encoded_len, decoded_len, .. } = facts;
        self.edit_body(way, |body| {
            (body.encoded_len, body.decoded_len) = (encoded_len, decoded_len);
        });
        let number = self.edit(|exchange| exchange.number);
        self.events.progress(number, id, encoded_len, decoded_len);
    }

    /// The end, published.
    pub(crate) fn close(&self, outcome: Result<(), Failure>) {
        self.events.exchange(self.closed(outcome));
    }

    /// The end, for whoever publishes it.
    pub(crate) fn closed(&self, outcome: Result<(), Failure>) -> Box<Exchange> {
        let mut exchange = self.lock();
        self.end(&mut exchange, outcome);
        exchange.clone()
    }

    /// The same, after which nothing is left of it here.
    pub(crate) fn taken_out(&self, outcome: Result<(), Failure>) -> Box<Exchange> {
        let mut exchange = self.lock();
        self.end(&mut exchange, outcome);
        let Exchange { side, conn, number, started, .. } = **exchange;
        let nothing = Exchange::begun(side, conn, number, HttpMessage::default(), started);
        std::mem::replace(&mut *exchange, Box::new(nothing))
    }

    fn end(&self, exchange: &mut Exchange, outcome: Result<(), Failure>) {
        exchange.state = match outcome {
            Ok(()) => ExchangeState::Complete,
            Err(failure) => ExchangeState::Failed(Box::new(failure)),
        };
        exchange.timing.total = self.began.elapsed();
    }
}

/// A message of which nothing is known yet.
pub(crate) fn empty_message(id: BodyId) -> HttpMessage {
    HttpMessage { body: BodyFacts { id, ..BodyFacts::default() }, ..HttpMessage::default() }
}
