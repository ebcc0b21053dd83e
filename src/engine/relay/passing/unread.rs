//! A half that is not read because too much of what it said waits to be passed on. That it was reset, or
//! has failed, is seen without reading: else the other half would keep a connection, for hours, whose
//! peer is gone.

use std::io;
use std::time::Duration;

use tokio::time::Instant;

use crate::engine::clock;
use crate::engine::transport::gone::GoneWatch;
use crate::engine::transport::stream::Stream;

/// How long nothing is read before somebody looks: a way that is merely fast is full all the time.
const MOMENT: Duration = Duration::from_millis(250);

/// Since when a way does not read, and who looks meanwhile.
#[derive(Debug, Default)]
pub(super) struct UnreadHalf {
    since: Option<Instant>,
    watch: Option<GoneWatch>,
}

/// What is to be done about a half that is not read.
pub(super) enum UnreadStep {
    /// It has been so for a while: somebody shall look.
    Look,
    Gone(io::Error),
}

impl UnreadHalf {
    /// Takes down whether nothing is read now.
    pub(super) fn notice(&mut self, is_stuck: bool) {
        if is_stuck {
            self.since.get_or_insert_with(Instant::now);
        } else if self.since.is_some() {
            *self = UnreadHalf::default();
        }
    }

    /// The next step, once there is one. Safe to drop.
    pub(super) async fn next(&self) -> UnreadStep {
        if let Some(watch) = &self.watch {
            return UnreadStep::Gone(watch.gone().await);
        }
        clock::at(self.since.map(|since| since + MOMENT)).await;
        UnreadStep::Look
    }

    /// Has the system tell when it is gone.
    pub(super) fn look_at(&mut self, stream: &Stream) {
        // Without a descriptor it is tried again in a moment.
        *self = UnreadHalf { since: Some(Instant::now()), watch: GoneWatch::of(stream).ok() };
    }
}
