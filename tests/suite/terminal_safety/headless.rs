//! Without the screen.
