//! The options of what a relay holds.

use crate::model::field::{Options, ValueKind, fields};
use crate::model::hold::HoldSpec;

/// The rows of all relays.
impl Options for HoldSpec {
    fields! {
        "hold", ValueKind::Text, filter, label: "Hold what fits",
            placeholder: "a filter, such as in and data contains \"login\"",
            help: "What fits this filter waits until somebody at the screen forwards, edits or drops it; in is what clients send, out what the server sends.";
        "hold-timeout", ValueKind::Duration, timeout, label: "Hold for at most",
            help: "What nobody has decided about for so long is passed on as it came.";
    }
}
