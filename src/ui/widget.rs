//! Pieces that more than one pane or overlay draws: frames, texts, rows of bytes, scroll bars.
//!
//! Nothing here knows a pane or an overlay.

pub(super) mod badge;
pub(super) mod bytes;
pub(super) mod fit;
pub(super) mod frame;
pub(super) mod record_view;
pub(super) mod row_writer;
pub(super) mod scrollbar;
pub(super) mod text;
