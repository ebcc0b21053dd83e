//! The exchange that is being made: shared by the task that reads and the one that writes, and
//! still there when both were cancelled.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::engine::sink::Sink;
use crate::model::exchange::{
    BodyFacts, Exchange, ExchangeState, Head, HttpMessage, MessageFraming,
};
use crate::model::failure::Failure;
use crate::model::id::BodyId;

/// Warnings kept of one exchange; a hostile peer must not fill memory with them.
const WARNINGS: usize = 40;

/// One exchange in the making.
pub(crate) struct ExchangeRecorder {
    exchange: Mutex<Exchange>,
    events: Sink,
    began: Instant,
}

impl ExchangeRecorder {
    /// Takes a just begun exchange; its durations are measured from `began`.
    pub(crate) fn new(exchange: Exchange, events: Sink, began: Instant) -> Self {
        ExchangeRecorder { exchange: Mutex::new(exchange), events, began }
    }

    fn lock(&self) -> MutexGuard<'_, Exchange> {
        self.exchange.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks at or changes the exchange; nothing is published.
    pub(crate) fn edit<T>(&self, change: impl FnOnce(&mut Exchange) -> T) -> T {
        change(&mut self.lock())
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
        for warning in warnings {
            self.warn(warning);
        }
    }

    /// Tells the shell how it stands.
    pub(crate) fn publish(&self) {
        let copy = self.edit(|exchange| {
            exchange.timing.total = self.began.elapsed();
            exchange.clone()
        });
        self.events.exchange(copy);
    }

    /// Tells how far the body of the response or, for a listener, of the request is.
    pub(crate) fn progress(&self, facts: &BodyFacts) {
        let number = self.edit(|exchange| exchange.number);
        self.events.progress(number, facts.id, facts.encoded_len, facts.decoded_len);
    }

    /// The end, published.
    pub(crate) fn close(&self, outcome: Result<(), Failure>) {
        self.edit(|exchange| {
            exchange.state = match outcome {
                Ok(()) => ExchangeState::Complete,
                Err(failure) => ExchangeState::Failed(failure),
            };
        });
        self.publish();
    }
}

/// A message of which nothing is known yet.
pub(crate) fn empty_message(id: BodyId) -> HttpMessage {
    HttpMessage { head: Head::default(), body: empty_body(id) }
}

/// A body that is not there.
pub(crate) fn empty_body(id: BodyId) -> BodyFacts {
    BodyFacts {
        id,
        framing: MessageFraming::None,
        codings: Vec::new(),
        encoded_len: 0,
        decoded_len: 0,
        expected: None,
        trailers: Vec::new(),
        complete: false,
        decode_error: None,
    }
}
