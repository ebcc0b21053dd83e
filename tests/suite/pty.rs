//! Placeholder header, replaced by the tests of `pty`.
