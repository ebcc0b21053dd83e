//! The screen: snapshots with styles at five sizes, and no panic at any size or after any input.

#[path = "ui/random.rs"]
mod random;
#[path = "ui/sizes.rs"]
mod sizes;
#[path = "ui/snapshots.rs"]
mod snapshots;
