//! What keeps a spec from being sent, and the field it concerns.

use std::fmt;
use std::ops::Range;

use super::template::{UnknownName, WantedValue};
use crate::model::failure::{Failure, FailureKind, Stage};
use crate::model::field_id::FieldId;

/// One thing that keeps a spec from being sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issue {
    pub field: FieldId,
    /// Bytes of that field it concerns; `None` = the whole field.
    pub span: Option<Range<usize>>,
    pub message: String,
    /// The name nothing is known about; sending it literally is an answer to this issue.
    pub unknown: Option<UnknownName>,
    /// What gives the value, when that is all that is missing: it is got, and then there is no issue.
    pub wants: Option<Box<WantedValue>>,
}

impl fmt::Display for Issue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.field, self.message)
    }
}

impl From<&Issue> for Failure {
    fn from(issue: &Issue) -> Failure {
        let field = issue.field.to_string();
        Failure::new(Stage::Compose, field, FailureKind::Usage, &issue.message)
    }
}
