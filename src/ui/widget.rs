//! Pieces that more than one pane draws.
