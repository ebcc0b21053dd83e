//! The options of all clients that say how `wirebench run` takes them.

use crate::model::field::{Options, ValueKind, fields};
use crate::model::run_spec::RunSpec;

impl Options for RunSpec {
    fields! {
        "needs", ValueKind::Words, needs, label: "Needs (presets, with commas)",
            placeholder: "mock/users, users/login",
            help: "Presets that wirebench run sees to first: a listener or relay is started and ended with \
                   the run, a request or conversation runs before this one.";
        "tags", ValueKind::Words, tags, label: "Tags (with commas)", placeholder: "smoke, slow",
            help: "Words that wirebench run --tag chooses by.";
        "max-age", ValueKind::Duration, max_age, label: "Captured values are good for (empty = the run)",
            help: "How old what this captures may be when another preset needs it: 1s to 24h; then it runs \
                   again.";
    }
}
