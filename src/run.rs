//! Composition root: reads arguments, starts engine and store, picks a shell.
