//! How the store gets its threads: they may block on the disk, and end by themselves.

/// Does work on a thread of this name; that the system has none to give is logged.
pub(super) fn on_thread(name: &'static str, work: impl FnOnce() + Send + 'static) {
    if let Err(error) = std::thread::Builder::new().name(name.into()).spawn(work) {
        tracing::error!(%error, name, "no thread for bodies");
    }
}
