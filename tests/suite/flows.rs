//! What a user does, as keys, and what comes of it. One test per story or pitfall.

#[path = "flows/composing.rs"]
mod composing;
#[path = "flows/presets.rs"]
mod presets;
#[path = "flows/stories.rs"]
mod stories;
#[path = "flows/surroundings.rs"]
mod surroundings;
