//! What the session says of itself when it ends: what of a contract was called. As text that is a line of its own, and
//! it is told although enough was (`--count`).

use tokio::time::timeout;

use super::{CLOSING, Headless, ListenWatch};
use crate::cli::headless::SESSION;
use crate::engine::command::CloseMode;
use crate::engine::event::Event;
use crate::model::record::{Record, RecordKind};
use crate::model::timing::Lapse;

/// Whether the session is told to end, so that what it says of itself are its last words.
#[derive(Debug, Default)]
pub(super) struct LastWords {
    are_due: bool,
}

impl LastWords {
    /// The session is told to end.
    pub(super) fn begin(&mut self) {
        self.are_due = true;
    }

    /// Whether this is one of them.
    pub(super) fn has(&self, record: &Record) -> bool {
        self.are_due && record.kind == RecordKind::Note && record.conn == SESSION.itself()
    }
}

impl ListenWatch<'_> {
    /// Counts what came and is not going to be printed.
    pub(super) async fn not_taken(&mut self, headless: &mut Headless) -> u64 {
        let begun = u64::from(self.body.is_some());
        begun + headless.not_taken(|record| self.tells(record)).await
    }

    /// Ends the session, and tells its last words alone.
    pub(super) async fn close(&mut self, headless: &mut Headless) {
        self.last_words.begin();
        if !headless.order_close(CloseMode::Close) {
            return;
        }
        let ended = async {
            while headless.is_open {
                let Some(event) = headless.next_event().await else { return };
                let Event::Traffic(batch) = event else { continue };
                for record in &batch.records {
                    if self.last_words.has(record)
                        && self.let_through.record(record, None, None)
                        && self.tells(record)
                    {
                        self.print_record(record, Lapse::default());
                    }
                }
            }
        };
        // What does not end in time ends with the program.
        let _ = timeout(CLOSING, ended).await;
    }
}
