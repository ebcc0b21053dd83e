//! Foreign formats, both ways.
