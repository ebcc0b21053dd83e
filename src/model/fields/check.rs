//! The options that say what is checked and what is taken of what comes back to a client, and what is checked
//! of what came to a listener.

use crate::model::check_spec::{CaptureSpec, ExpectSpec, ListenerExpectSpec};
use crate::model::field::{FormTab, Options, Spelling, ValueKind, fields};

const ENTRIES: ValueKind = ValueKind::List(Spelling::Entries);
pub(super) const EXPECT: Option<FormTab> = Some(FormTab::Expect);
pub(super) const CAPTURE: Option<FormTab> = Some(FormTab::Capture);

impl Options for ExpectSpec {
    fields! {
        "expect", ENTRIES, rows, placeholder: "status, json .user.id, total",
            help: "What the answer shall be: status = 201, total = \"<= 500ms\", \"json .user.id\" = 42, \
                   \"header.content-type\" = \"contains 'json'\". What is not met is exit status 1.";
    }
}

impl Options for ListenerExpectSpec {
    fields! {
        "expect", ENTRIES, rows, placeholder: "called, path, json .user.id",
            help: "How often it was called, and what the last request or message was: called = 2, method = \"POST\", \
                   path = \"/users\", \"query.page\" = 2, \"json .name\" = \"Ann\". Looked at when the run that needs it, \
                   or 'listen', ends; what is not met is exit status 1.";
    }
}

impl Options for CaptureSpec {
    fields! {
        "capture", ENTRIES, rows, placeholder: "name of the variable",
            help: "Variables taken from the answer: token = \"json .token\", next = \"header.location\", \
                   id = \"body matches 'id=([0-9]+)'\".";
    }
}
