//! A recording that is said again: what its clients said, to the same target or another, and what came
//! back compared with what came back then.
//!
//! ```text
//! records ─► Recording ─► ReplayTalk (steps, old answers) ─► ReplayRun::turn ─► orders for sessions
//!                                                     records of those ─► ReplayRun ─► ReplayVerdict
//! ```
//! Pure: both shells carry the orders out with sessions like any other, and tell what happens and what
//! time it is. Bounded in conversations, steps and bytes; what is not whole is left out and named.

mod proxied;
mod recording;
mod run;
mod talk;
mod told;
mod verdict;

pub use recording::{Recording, ReplayScript};
pub use run::{ReplayOrder, ReplayPace, ReplayRun, ReplayTurn};
pub use talk::{ReplayAct, ReplayAnswers, ReplayStep, ReplayTalk, ReplayTarget};
pub use told::line;
pub use verdict::{ReplayPlace, ReplayVerdict};

#[cfg(test)]
mod replay_tests;
