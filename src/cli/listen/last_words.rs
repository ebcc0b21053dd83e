//! What the session says of itself when it ends although enough was told (`--count`): what of a contract was called.

use tokio::time::timeout;

use super::{CLOSING, Headless, ListenWatch};
use crate::cli::headless::SESSION;
use crate::engine::command::CloseMode;
use crate::engine::event::Event;
use crate::model::record::RecordKind;
use crate::model::timing::Lapse;

impl ListenWatch<'_> {
    /// Ends the session, and tells its last words alone.
    pub(super) async fn close(&mut self, headless: &mut Headless) {
        if !headless.order_close(CloseMode::Close) {
            return;
        }
        let ended = async {
            while headless.is_open {
                let Some(event) = headless.next_event().await else { return };
                let Event::Traffic(batch) = event else { continue };
                for record in &batch.records {
                    let is_word =
                        record.kind == RecordKind::Note && record.conn == SESSION.itself();
                    if is_word && self.let_through.record(record, None, None) && self.tells(record)
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
