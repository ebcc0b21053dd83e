//! What the loop talks to besides the terminal: the engine and the store, with their channels.

use tokio::sync::mpsc;

use crate::engine::{EngineHandle, Events};
use crate::store::StoreHandle;
use crate::store::job::Reply;

/// Running services, started by the composition root after the first frame.
pub struct Services {
    pub engine: EngineHandle,
    pub events: Events,
    pub store: StoreHandle,
    pub replies: mpsc::Receiver<Reply>,
}
