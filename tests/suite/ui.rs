//! The screen: snapshots with styles at five sizes, and no panic at any size or after any input.
#![allow(clippy::unwrap_used, clippy::panic, reason = "failing is how a test speaks")]

#[path = "ui/modes.rs"]
mod modes;
#[path = "ui/random.rs"]
mod random;
#[path = "ui/sizes.rs"]
mod sizes;
#[path = "ui/snapshots.rs"]
pub mod snapshots;
