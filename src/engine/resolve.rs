//! Name lookup.
