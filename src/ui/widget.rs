//! Pieces that more than one pane draws: runs of text, rows of bytes, scroll bars.

pub(super) mod bytes;
pub(super) mod fit;
pub(super) mod record_view;
pub(super) mod run;
pub(super) mod scrollbar;
