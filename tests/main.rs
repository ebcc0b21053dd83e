//! One integration binary: every extra one is one more link.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::string_slice,
    reason = "a test stops at the first surprise"
)]
#![allow(clippy::print_stderr, reason = "a test that is skipped says so")]

#[path = "suite/advice.rs"]
mod advice;
#[path = "suite/asked_for.rs"]
mod asked_for;
#[path = "suite/asked_targets.rs"]
mod asked_targets;
#[path = "suite/associated.rs"]
mod associated;
#[path = "suite/authority.rs"]
mod authority;
#[path = "suite/bombs.rs"]
mod bombs;
#[path = "suite/both_ways.rs"]
mod both_ways;
#[path = "suite/canaries.rs"]
mod canaries;
#[path = "suite/captures.rs"]
mod captures;
#[path = "suite/captures_read.rs"]
mod captures_read;
#[path = "suite/captures_written.rs"]
mod captures_written;
#[path = "suite/certificates.rs"]
mod certificates;
#[path = "suite/checked.rs"]
mod checked;
#[path = "suite/checked_schemas.rs"]
mod checked_schemas;
#[path = "suite/ciphertext.rs"]
mod ciphertext;
#[path = "suite/cli.rs"]
mod cli;
#[path = "suite/cli_filter.rs"]
mod cli_filter;
#[path = "suite/clock.rs"]
mod clock;
#[path = "suite/contracts.rs"]
mod contracts;
#[path = "suite/cookies.rs"]
mod cookies;
#[path = "suite/copies.rs"]
mod copies;
#[path = "suite/corpora.rs"]
mod corpora;
#[path = "suite/credentials.rs"]
mod credentials;
#[path = "suite/daily_jobs.rs"]
mod daily_jobs;
#[path = "suite/decoded.rs"]
mod decoded;
#[path = "suite/derived.rs"]
mod derived;
#[path = "suite/downloads.rs"]
mod downloads;
#[path = "suite/edited.rs"]
mod edited;
#[path = "suite/ends.rs"]
mod ends;
#[path = "suite/engine.rs"]
mod engine;
#[path = "suite/env_values.rs"]
mod env_values;
#[path = "suite/exec.rs"]
mod exec;
#[path = "suite/exits.rs"]
mod exits;
#[path = "suite/exported.rs"]
mod exported;
#[path = "suite/faults.rs"]
mod faults;
#[path = "suite/flows.rs"]
mod flows;
#[path = "suite/foreign.rs"]
mod foreign;
#[path = "suite/har_schema.rs"]
mod har_schema;
#[path = "suite/har_web_sockets.rs"]
mod har_web_sockets;
#[path = "suite/harness.rs"]
mod harness;
#[path = "suite/history.rs"]
mod history;
#[path = "suite/hostile.rs"]
mod hostile;
#[path = "suite/http.rs"]
mod http;
#[path = "suite/http2.rs"]
mod http2;
#[path = "suite/http_bench.rs"]
mod http_bench;
#[path = "suite/http_bodies.rs"]
mod http_bodies;
#[path = "suite/http_budget.rs"]
mod http_budget;
#[path = "suite/http_composed.rs"]
mod http_composed;
#[path = "suite/http_corpora.rs"]
mod http_corpora;
#[path = "suite/http_foreign.rs"]
mod http_foreign;
#[path = "suite/http_listener.rs"]
mod http_listener;
#[path = "suite/http_progress.rs"]
mod http_progress;
#[path = "suite/http_rules.rs"]
mod http_rules;
#[path = "suite/imported.rs"]
mod imported;
#[path = "suite/imports.rs"]
mod imports;
#[path = "suite/interop.rs"]
mod interop;
#[path = "suite/items.rs"]
mod items;
#[path = "suite/kept.rs"]
mod kept;
#[path = "suite/kept_faults.rs"]
mod kept_faults;
#[path = "suite/keylog.rs"]
mod keylog;
#[cfg(feature = "keyring")]
#[path = "suite/keyring.rs"]
mod keyring;
#[path = "suite/kill.rs"]
mod kill;
#[path = "suite/led_names.rs"]
mod led_names;
#[path = "suite/left.rs"]
mod left;
#[path = "suite/links.rs"]
mod links;
#[path = "suite/mock_rules.rs"]
mod mock_rules;
#[path = "suite/named_files.rs"]
mod named_files;
#[path = "suite/outputs.rs"]
mod outputs;
#[path = "suite/own_certificates.rs"]
mod own_certificates;
#[path = "suite/panes.rs"]
mod panes;
#[path = "suite/panics.rs"]
mod panics;
#[path = "suite/pasted.rs"]
mod pasted;
#[path = "suite/picture.rs"]
mod picture;
#[path = "suite/pipes.rs"]
mod pipes;
#[path = "suite/pitfalls.rs"]
mod pitfalls;
#[path = "suite/planted.rs"]
mod planted;
#[path = "suite/presets_exported.rs"]
mod presets_exported;
#[path = "suite/private_files.rs"]
mod private_files;
#[path = "suite/properties.rs"]
mod properties;
#[path = "../src/property_tests.rs"]
mod property_tests;
#[path = "suite/proxies.rs"]
mod proxies;
#[path = "suite/pty.rs"]
mod pty;
#[path = "suite/readme.rs"]
mod readme;
#[path = "suite/relayed.rs"]
mod relayed;
#[path = "suite/relayed_http.rs"]
mod relayed_http;
#[path = "suite/relayed_rewritten.rs"]
mod relayed_rewritten;
#[path = "suite/replayed.rs"]
mod replayed;
#[path = "suite/reports.rs"]
mod reports;
#[path = "suite/restored.rs"]
mod restored;
#[path = "suite/round_trips.rs"]
mod round_trips;
#[path = "suite/runs.rs"]
mod runs;
#[path = "suite/runs_asked.rs"]
mod runs_asked;
#[path = "suite/runs_captured.rs"]
mod runs_captured;
#[path = "suite/runs_compared.rs"]
mod runs_compared;
#[path = "suite/runs_kept.rs"]
mod runs_kept;
#[path = "suite/runs_listened.rs"]
mod runs_listened;
#[path = "suite/runs_shown.rs"]
mod runs_shown;
#[path = "suite/runs_steps.rs"]
mod runs_steps;
#[path = "suite/secrets.rs"]
mod secrets;
#[path = "suite/send_needs.rs"]
mod send_needs;
#[path = "suite/send_prints.rs"]
mod send_prints;
#[path = "suite/session_calls.rs"]
mod session_calls;
#[path = "suite/soak.rs"]
mod soak;
#[path = "suite/spellings.rs"]
mod spellings;
#[path = "suite/sse.rs"]
mod sse;
#[path = "suite/store.rs"]
mod store;
#[path = "suite/store_calls.rs"]
mod store_calls;
#[path = "suite/taken_in.rs"]
mod taken_in;
#[path = "suite/terminal_safety.rs"]
mod terminal_safety;
#[path = "suite/themes.rs"]
mod themes;
#[path = "suite/tls_ends.rs"]
mod tls_ends;
#[path = "suite/tour.rs"]
mod tour;
#[path = "suite/transfers.rs"]
mod transfers;
#[path = "suite/trust.rs"]
mod trust;
#[path = "suite/udp_answers.rs"]
mod udp_answers;
#[path = "suite/udp_losses.rs"]
mod udp_losses;
#[path = "suite/ui.rs"]
mod ui;
#[path = "suite/unix_sockets.rs"]
mod unix_sockets;
#[path = "suite/watched.rs"]
mod watched;
#[path = "suite/web_sockets.rs"]
mod web_sockets;
#[path = "suite/web_sockets_foreign.rs"]
mod web_sockets_foreign;
#[path = "suite/whose.rs"]
mod whose;
#[path = "suite/words.rs"]
mod words;
#[path = "suite/workspaces.rs"]
mod workspaces;
#[path = "suite/written_calls.rs"]
mod written_calls;
