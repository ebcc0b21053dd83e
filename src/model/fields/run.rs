//! The options of all clients that say how runs take them, and what goes before them.

use crate::model::field::{Options, ValueKind, fields};
use crate::model::run_spec::RunSpec;

impl Options for RunSpec {
    fields! {
        "needs", ValueKind::Words, needs, label: "Needs (presets, with commas)",
            placeholder: "mock/users, users/login",
            help: "Presets that a run, and sending this one, see to first: a listener or relay is \
                   started, a request or conversation goes before this one.";
        "tags", ValueKind::Words, tags, label: "Tags (with commas)", placeholder: "smoke, slow",
            help: "Words that wirebench run --tag chooses by.";
        "max-age", ValueKind::Duration, max_age, label: "Captured values are good for (empty = the run)",
            help: "How old what this captures may be when another preset needs it: 1s to 24h; then it goes \
                   again.";
    }
}
