//! Pieces that more than one pane or overlay draws: frames, badges, states, rows of bytes.
//!
//! Nothing here knows a pane or an overlay.

pub(super) mod badge;
pub(super) mod bytes;
pub(super) mod completions;
pub(super) mod decoded;
pub(super) mod fit;
pub(super) mod frame;
pub(super) mod lesson;
pub(super) mod record_view;
pub(super) mod state;
