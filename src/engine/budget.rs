//! The descriptors of the process: one budget for sockets and files of bodies, asked before
//! anything is accepted, dialled or kept, so that the store always has some.
//!
//! Made once by the engine, which raises the soft limit to the hard one. Who holds a
//! [`Descriptors`] may open so many; dropping it gives them back.

use std::sync::Arc;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Kept for the store, the terminal, the runtime and what libraries open for a moment.
const RESERVE: u64 = 64;
/// More is not asked of a system that sets no limit.
const MOST: u64 = 1 << 20;

/// The right to have descriptors open, until it is dropped.
pub(crate) type Descriptors = OwnedSemaphorePermit;

/// What the process may open; clones share it.
#[derive(Debug, Clone)]
pub(crate) struct Budget {
    free: Arc<Semaphore>,
    total: usize,
}

impl Budget {
    /// Of this process, as far as the system lets it go.
    pub(crate) fn of_process() -> Self {
        let limit = getrlimit(Resource::Nofile);
        let most = limit.maximum.unwrap_or(MOST).min(MOST);
        let raised = Rlimit { current: Some(most), maximum: limit.maximum };
        let granted = match setrlimit(Resource::Nofile, raised) {
            Ok(()) => most,
            Err(_) => limit.current.unwrap_or(most),
        };
        Budget::of(usize::try_from(granted.saturating_sub(RESERVE)).unwrap_or(0))
    }

    /// So many descriptors.
    pub(crate) fn of(total: usize) -> Self {
        Budget { free: Arc::new(Semaphore::new(total)), total }
    }

    /// All there are, used or not.
    pub(crate) fn total(&self) -> usize {
        self.total
    }

    /// Takes some; the error says in words that there are none.
    pub(crate) fn descriptors(&self, count: u32) -> Result<Descriptors, String> {
        Arc::clone(&self.free)
            .try_acquire_many_owned(count)
            .map_err(|_| format!("all {} descriptors of the program are in use", self.total))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_given_back_can_be_taken_again() {
        let budget = Budget::of(3);
        let two = budget.descriptors(2).unwrap();
        let why = budget.clone().descriptors(2).unwrap_err();
        assert!(why.contains("all 3 descriptors"), "{why}");
        drop(two);
        assert!(budget.descriptors(3).is_ok());
    }

    #[test]
    fn the_soft_limit_is_raised_and_some_are_kept_for_the_store() {
        let budget = Budget::of_process();
        let limit = getrlimit(Resource::Nofile).current.unwrap();
        assert_eq!(budget.total() as u64, limit - RESERVE);
    }
}
