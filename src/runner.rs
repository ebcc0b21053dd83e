//! Runs presets after and beside each other: in which order, with whose values, and what became of each.
//! Pure, so that both shells use it: it hands out orders for the engine and news for whoever looks on.
//!
//! ```text
//!  Workspace ─ select ─► RunSelection ─ script ─► RunScript ─┐
//!  rows of data, repetitions ─────────────► RunRound ... ─┴─► Run
//!
//!  Run::turn(now) ─► orders (open, close, look, release)       ─► the shell ─► the engine
//!                 ─► news (began, over, said)                   ─► the shell draws them
//!  the engine's events ─► Run::on_event, Run::on_report ─► RunRow, RunVerdict, CheckReport
//! ```
//! [`Run`] is the one owner of its state, and it is plain data: a test is events in, orders and news out. A
//! shell takes news from each turn, so as many wait as one turn makes. What is told in a [`RunRow`] is as it
//! may be told: secrets are masked when a row is over.

mod data;
mod kept;
mod listeners;
mod live;
mod machine;
mod places;
mod rounds;
mod row;
mod script;
mod selection;
mod steps;
mod tags;
mod talk;
mod targets;

pub use data::{DataFlaw, data_rows};
pub use kept::{FoundAnswer, KEPT_BODY, KeptAnswer, KeptRun};
pub use machine::{
    Run, RunCame, RunNews, RunOrder, RunSession, RunSettings, RunTime, RunTurn, RunWatched,
    RunWords,
};
pub use places::{
    ComparedPlace, PlaceKind, PreparedPlace, named_variables, readdress, variables_so,
};
pub use rounds::{RunRound, rounds};
pub use row::{RunRow, RunTally, RunVerdict, RunWire};
pub(crate) use script::MAKERS;
pub use script::{
    RunListener, RunScript, RunStep, SentAfter, UnsavedPreset, script, script_before,
};
pub use selection::{RunSelection, select, select_all};
pub use steps::{StepState, ToldStep};
pub use tags::TagTest;
pub use targets::foreseen_target;
