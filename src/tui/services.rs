//! What the loop talks to besides the terminal: the engine and the store, with their channels.

use tokio::sync::mpsc;

use crate::engine::{EngineHandle, Events};
use crate::store::StoreHandle;
use crate::store::job::Reply;

/// A running store. It is there before the first frame, which shows what it read.
pub struct StoreService {
    pub handle: StoreHandle,
    pub replies: mpsc::Receiver<Reply>,
}

/// A running engine, started after the first frame.
pub struct EngineService {
    pub handle: EngineHandle,
    pub events: Events,
}

/// Both.
pub(super) struct Services {
    pub(super) store: StoreService,
    pub(super) engine: EngineHandle,
    pub(super) events: Events,
}
