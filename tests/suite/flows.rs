//! What a user does, as keys, and what comes of it. One test per story or pitfall.
#![allow(clippy::unwrap_used, clippy::panic, reason = "failing is how a test speaks")]

#[path = "flows/address.rs"]
mod address;
#[path = "flows/answers.rs"]
mod answers;
#[path = "flows/arranging.rs"]
mod arranging;
#[path = "flows/bodies.rs"]
mod bodies;
#[path = "flows/checked.rs"]
mod checked;
#[path = "flows/compared.rs"]
mod compared;
#[path = "flows/completing.rs"]
mod completing;
#[path = "flows/composing.rs"]
mod composing;
#[path = "flows/conversations.rs"]
mod conversations;
#[path = "flows/derived.rs"]
mod derived;
#[path = "flows/editing.rs"]
mod editing;
#[path = "flows/environments.rs"]
mod environments;
#[path = "flows/environments_outside.rs"]
mod environments_outside;
#[path = "flows/exports.rs"]
mod exports;
#[path = "flows/folders.rs"]
mod folders;
#[path = "flows/handed_on.rs"]
mod handed_on;
#[path = "flows/history_searched.rs"]
mod history_searched;
#[path = "flows/holds.rs"]
mod holds;
#[path = "flows/http_relays.rs"]
mod http_relays;
#[path = "flows/imports.rs"]
mod imports;
#[path = "flows/inherited.rs"]
mod inherited;
#[path = "flows/kept.rs"]
mod kept;
#[path = "flows/leaving.rs"]
mod leaving;
#[path = "flows/letters.rs"]
mod letters;
#[path = "flows/long_lines.rs"]
mod long_lines;
#[path = "flows/looks.rs"]
mod looks;
#[path = "flows/mocks.rs"]
mod mocks;
#[path = "flows/named.rs"]
mod named;
#[path = "flows/names_given.rs"]
mod names_given;
#[path = "flows/params.rs"]
mod params;
#[path = "flows/presets.rs"]
mod presets;
#[path = "flows/promises.rs"]
mod promises;
#[path = "flows/readdressed.rs"]
mod readdressed;
#[path = "flows/reader.rs"]
mod reader;
#[path = "flows/relays.rs"]
mod relays;
#[path = "flows/remembered.rs"]
mod remembered;
#[path = "flows/replays.rs"]
mod replays;
#[path = "flows/run_places.rs"]
mod run_places;
#[path = "flows/runs.rs"]
mod runs;
#[path = "flows/secrets_in_place.rs"]
mod secrets_in_place;
#[path = "flows/sent_first.rs"]
mod sent_first;
#[path = "flows/shown.rs"]
mod shown;
#[path = "flows/statistics.rs"]
mod statistics;
#[path = "flows/stories.rs"]
mod stories;
#[path = "flows/surroundings.rs"]
mod surroundings;
#[path = "flows/tables.rs"]
mod tables;
#[path = "flows/themes.rs"]
mod themes;
#[path = "flows/wanted.rs"]
mod wanted;
#[path = "flows/windows.rs"]
mod windows;
