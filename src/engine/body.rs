//! Bodies: kept, viewed through windows, searched, saved.

use std::path::PathBuf;

use tokio::sync::mpsc;
use tokio_util::task::TaskTracker;

use super::EngineConfig;
use super::event::Event;
use crate::model::failure::Failure;
use crate::model::id::BodyId;
use crate::model::view::{SearchQuery, ViewPart, ViewQuery};

/// Keeps every body of the engine; clones speak to the same store.
#[derive(Debug, Clone)]
pub(crate) struct BodyStore {
    _urgent: mpsc::Sender<Event>,
    _tasks: TaskTracker,
}

impl BodyStore {
    pub(crate) fn new(
        _config: &EngineConfig,
        urgent: mpsc::Sender<Event>,
        tasks: TaskTracker,
    ) -> Self {
        BodyStore { _urgent: urgent, _tasks: tasks }
    }

    #[expect(clippy::unused_self, clippy::unnecessary_wraps, reason = "to be written")]
    pub(crate) fn view(&self, _query: ViewQuery) -> Result<(), Failure> {
        Ok(())
    }

    #[expect(clippy::unused_self, reason = "to be written")]
    pub(crate) fn search(&self, _query: SearchQuery) {}

    #[expect(clippy::unused_self, reason = "to be written")]
    pub(crate) fn save(&self, _body: BodyId, _part: ViewPart, _path: PathBuf) {}

    #[expect(clippy::unused_self, reason = "to be written")]
    pub(crate) fn release(&self, _bodies: Vec<BodyId>) {}
}
