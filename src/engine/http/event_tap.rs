//! Reads Server-Sent Events of a body beside its way into the store, and tells them as they come.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::codec::event_stream::EventStreamReader;
use crate::engine::clock;
use crate::engine::sink::Sink;

/// Clones read the same stream.
#[derive(Clone)]
pub(crate) struct EventTap {
    reader: Arc<Mutex<EventStreamReader>>,
    events: Sink,
    /// The exchange it is of.
    number: u32,
}

impl EventTap {
    /// Of the exchange of this number.
    pub(crate) fn new(events: Sink, number: u32) -> Self {
        EventTap { reader: Arc::default(), events, number }
    }

    fn reader(&self) -> MutexGuard<'_, EventStreamReader> {
        self.reader.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the next bytes of the decoded body.
    pub(crate) fn push(&self, bytes: &[u8]) {
        let found = self.reader().push(bytes, clock::now());
        if !found.is_empty() {
            self.events.stream_events(self.number, found);
        }
    }

    /// Nothing more comes.
    pub(crate) fn finish(&self) {
        let left = self.reader().finish(clock::now());
        if let Some(left) = left {
            self.events.stream_events(self.number, vec![left]);
        }
    }

    /// What the stream is asked to go on behind, and after which wait in milliseconds, as it said.
    pub(crate) fn place(&self) -> (String, Option<u64>) {
        let reader = self.reader();
        (reader.last_id().to_owned(), reader.retry())
    }
}
