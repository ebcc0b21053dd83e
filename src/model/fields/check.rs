//! The options of all clients that say what is checked and what is taken of what comes back.

use crate::model::check_spec::{CaptureSpec, ExpectSpec};
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

impl Options for CaptureSpec {
    fields! {
        "capture", ENTRIES, rows, placeholder: "name of the variable",
            help: "Variables taken from the answer: token = \"json .token\", next = \"header.location\", \
                   id = \"body matches 'id=([0-9]+)'\".";
    }
}
