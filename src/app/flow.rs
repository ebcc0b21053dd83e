//! What the program does with what panes, overlays, the engine and the store ask for or report:
//! the only files that get `&mut App`.
//!
//! A flow changes the shared state, calls panes, and keeps what they ask for in the queue of
//! intents (`App::take`); `App::update` carries these out one by one
//! (`carry_out`). So no flow calls back into the one that called it.

pub(crate) mod availability;
pub(crate) mod checks;
pub(crate) mod compare;
pub(crate) mod compare_kept;
mod compare_marked;
mod cookies;
pub(crate) mod credentials;
pub(crate) mod curl;
pub(crate) mod draft;
pub(crate) mod edited;
pub mod hints;
pub(crate) mod history;
pub(crate) mod input;
pub(crate) mod kept;
pub(crate) mod made_rules;
pub(crate) mod program;
pub(crate) mod project;
pub(crate) mod replay;
pub mod response;
pub(crate) mod restore;
pub(crate) mod rows;
mod runs;
mod save;
pub(crate) mod send;

pub(crate) mod carry_out;
pub(crate) mod engine;
pub(crate) mod environments;
pub(crate) mod exports;
mod faults;
pub mod focus;
mod folders;
mod held;
mod imports;
pub(crate) mod jump_targets;
mod looking_back;
mod outside;
pub(crate) mod overlays;
mod partly_read;
mod readdress;
mod renamed_outside;
mod rewrites;
pub(crate) mod statistics;
pub(crate) mod store;
pub(crate) mod themes;
pub(crate) mod timer;
pub(crate) mod traffic;
pub(crate) mod undo;
mod unknown_names;
pub(crate) mod wanted;
