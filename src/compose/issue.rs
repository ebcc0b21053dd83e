//! What keeps a spec from being sent, and the field of the form it concerns.

use std::fmt;
use std::ops::Range;

use crate::model::failure::{Failure, FailureKind, Stage};

/// One thing that keeps a spec from being sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issue {
    pub field: IssueField,
    /// Bytes of that field it concerns; `None` = the whole field.
    pub span: Option<Range<usize>>,
    pub message: String,
    /// The name nothing is known about; sending it literally is an answer to this issue.
    pub unknown: Option<String>,
}

/// A field of a form. Indices count all rows of a list from 0, switched-off ones too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum IssueField {
    /// URL or peer address.
    Address,
    /// Where a listener binds.
    Bind,
    /// Local address of a UDP client.
    Source,
    Method,
    QueryName(usize),
    QueryValue(usize),
    HeaderName(usize),
    HeaderValue(usize),
    AuthUser,
    AuthPassword,
    AuthToken,
    /// Text or JSON body, or the path of a file body.
    Body,
    /// Name of a field of a form, in parts or not.
    FormName(usize),
    FormValue(usize),
    PartFileName(usize),
    PartType(usize),
    ServerName,
    Certificate,
    PrivateKey,
    Greeting,
    Step(usize),
    /// Condition of an automatic answer.
    RuleWhen(usize),
    /// Payload of an automatic answer.
    RuleSend(usize),
    RuleMethod(usize),
    RulePath(usize),
    /// Part of an HTTP answer; `rule: None` = the answer when no rule matches.
    Answer {
        rule: Option<usize>,
        part: AnswerField,
    },
    /// Input line of a session.
    Input,
}

/// Part of an HTTP answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AnswerField {
    Status,
    HeaderName(usize),
    HeaderValue(usize),
    Body,
    FormName(usize),
    FormValue(usize),
    PartFileName(usize),
    PartType(usize),
}

impl fmt::Display for IssueField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            IssueField::Address => f.write_str("address"),
            IssueField::Bind => f.write_str("bind address"),
            IssueField::Source => f.write_str("source address"),
            IssueField::Method => f.write_str("method"),
            IssueField::QueryName(row) => write!(f, "name of parameter {}", row + 1),
            IssueField::QueryValue(row) => write!(f, "value of parameter {}", row + 1),
            IssueField::HeaderName(row) => write!(f, "name of header {}", row + 1),
            IssueField::HeaderValue(row) => write!(f, "value of header {}", row + 1),
            IssueField::AuthUser => f.write_str("user"),
            IssueField::AuthPassword => f.write_str("password"),
            IssueField::AuthToken => f.write_str("token"),
            IssueField::Body => f.write_str("body"),
            IssueField::FormName(row) => write!(f, "name of form field {}", row + 1),
            IssueField::FormValue(row) => write!(f, "value of form field {}", row + 1),
            IssueField::PartFileName(row) => write!(f, "file name of form field {}", row + 1),
            IssueField::PartType(row) => write!(f, "type of form field {}", row + 1),
            IssueField::ServerName => f.write_str("server name"),
            IssueField::Certificate => f.write_str("certificate file"),
            IssueField::PrivateKey => f.write_str("key file"),
            IssueField::Greeting => f.write_str("greeting"),
            IssueField::Step(step) => write!(f, "step {}", step + 1),
            IssueField::RuleWhen(rule) => write!(f, "condition of rule {}", rule + 1),
            IssueField::RuleSend(rule) => write!(f, "answer of rule {}", rule + 1),
            IssueField::RuleMethod(rule) => write!(f, "method of rule {}", rule + 1),
            IssueField::RulePath(rule) => write!(f, "path of rule {}", rule + 1),
            IssueField::Answer { rule: Some(rule), part } => {
                write!(f, "{part} of rule {}", rule + 1)
            }
            IssueField::Answer { rule: None, part } => write!(f, "{part} of the answer"),
            IssueField::Input => f.write_str("input"),
        }
    }
}

impl fmt::Display for AnswerField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            AnswerField::Status => f.write_str("status"),
            AnswerField::HeaderName(row) => write!(f, "name of header {}", row + 1),
            AnswerField::HeaderValue(row) => write!(f, "value of header {}", row + 1),
            AnswerField::Body => f.write_str("body"),
            AnswerField::FormName(row) => write!(f, "name of form field {}", row + 1),
            AnswerField::FormValue(row) => write!(f, "value of form field {}", row + 1),
            AnswerField::PartFileName(row) => write!(f, "file name of form field {}", row + 1),
            AnswerField::PartType(row) => write!(f, "type of form field {}", row + 1),
        }
    }
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
