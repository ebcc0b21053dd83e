//! The lane of the history: the only one that waits for the database.

use std::path::PathBuf;

use super::lane::{Outbox, Work, not_ours};
use crate::model::failure::Failure;
use crate::store::history::History;
use crate::store::job::{Job, Reply};

/// What the lane owns: the open database.
pub(super) struct HistoryWork(History);

impl HistoryWork {
    /// Opens nothing yet.
    pub(super) fn new(file: PathBuf) -> Self {
        HistoryWork(History::new(file))
    }

    fn reply(&mut self, job: Job) -> Result<Reply, Failure> {
        match job {
            Job::AppendHistory(entry) => self.0.append(&entry).map(|()| Reply::HistoryAppended),
            Job::FinishHistory { at, outcome } => {
                self.0.finish(at, &outcome).map(|()| Reply::HistoryAppended)
            }
            Job::QueryHistory { text, limit } => {
                let (entries, total) = self.0.query(&text, limit)?;
                Ok(Reply::History { text, entries, total })
            }
            other => Err(not_ours(&other)),
        }
    }
}

impl Work for HistoryWork {
    fn perform(&mut self, job: Job, outbox: &Outbox) -> Result<(), Failure> {
        let name = job.name();
        let done = self.reply(job).map(|reply| outbox.send(reply));
        if let Some(failure) = self.0.notice.take() {
            outbox.send(Reply::Failed { job: name, failure });
        }
        done
    }
}
