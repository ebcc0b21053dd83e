//! The options of how a request is carried.

use crate::model::field::{Options, ValueKind, fields};
use crate::model::transfer::TransferSpec;

impl Options for TransferSpec {
    fields! {
        "range", ValueKind::Text, range, label: "Range (bytes)", placeholder: "0-499, 500-, -100; empty = all",
            help: "Bytes of the answer that are asked for: 0-499 the first, 500- those behind, -100 the last; empty = all.";
        "limit-rate", ValueKind::Word(&[]), limit_rate, label: "Rate a second, either way", placeholder: "no bound",
            help: "Bytes a second at most, of the body that comes and of the request: 1000, 64k, 64KiB/s or 8Mbit/s.";
        "netrc", ValueKind::Word(&[]), netrc, is_path: true, label: "File of logins (netrc)", placeholder: "none",
            help: "File with a login for each host (netrc), such as ~/.netrc: user and password of the host that is asked, where the \
                   request has no other credentials; a redirect takes that of its own host.";
        "retry", ValueKind::Number { min: 0, max: 255 }, retry, label: "Tries more at most",
            help: "How often a request is tried again that took too long, or was answered with 408, 429, 500, 502, 503 or 504; \
                   each try is an exchange of its own.";
        "retry-delay", ValueKind::Duration, retry_delay, label: "Wait before a further try",
            help: "Wait before a further try; when absent a second, and twice as long each time. A server that asks for more \
                   (Retry-After) gets it, up to 10 minutes.";
        "retry-max-time", ValueKind::Duration, retry_max_time, label: "No further try after",
            help: "Time after which no further try begins; when absent there is no bound.";
    }
}
