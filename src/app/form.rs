//! The request form as data: which fields a spec has, in which rows, on which tab.
//!
//! The spec is the truth; a field is an id that `access` reads and writes. The request pane moves
//! a cursor over the rows and lends the focused field an editor; `ui` draws the rows.

pub mod access;
pub mod rows;

use crate::model::http::AutomaticHeader;
use crate::model::protocol::{Protocol, Side};
use crate::model::spec::Spec;

/// A page of the form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FormTab {
    Params,
    Headers,
    Auth,
    Body,
    Options,
    /// What an HTTP listener answers, by method and path.
    Answers,
    /// Automatic answers of a TCP or UDP listener.
    Rules,
    /// Steps done once connected.
    Steps,
}

/// A list of rows inside a spec.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RowList {
    Query,
    Headers,
    /// Fields of a form body, or parts of a multipart one.
    Form(BodySlot),
    /// Headers of an answer.
    Answer(BodySlot),
}

/// Which body or answer: the request's, the default answer, or that of a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BodySlot {
    Request,
    Default,
    Rule(usize),
}

/// Part of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RowPart {
    On,
    Name,
    /// Whether the value is text or a file (parts of a multipart form).
    Source,
    Value,
    FileName,
    Type,
}

/// One editable thing of the form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FormFieldId {
    Method,
    Address,
    Tabs,
    Cell(RowList, usize, RowPart),
    /// A header that is sent by itself, to be switched off.
    Automatic(AutomaticHeader),
    AuthKind,
    AuthUser,
    AuthPassword,
    AuthToken,
    BodyKind(BodySlot),
    Body(BodySlot),
    Timeout,
    Verify,
    Redirects,
    ListenerTls,
    CertificateFile,
    KeyFile,
    Status(BodySlot),
    Delay(BodySlot),
    RuleMethod(usize),
    RulePath(usize),
    When(usize),
    WhenText(usize),
    Reply(usize),
    ReplyFormat(usize),
    ReplyDelay(usize),
    Tls,
    Sni,
    ConnectTimeout,
    LineEnding,
    Format,
    Source,
    Greeting,
    StepKind(usize),
    StepText(usize),
    StepFormat(usize),
    StepWithin(usize),
    /// The button that adds a rule or a step.
    Add,
}

/// How a field is shown and edited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldKind {
    /// One line of text.
    Line,
    /// Many lines.
    Area,
    /// One of a few values; Space and arrows change it.
    Choice,
    /// On or off.
    Check,
    /// The tab strip.
    Tabs,
    /// Enter does it.
    Button,
    /// One line shown as dots.
    Secret,
}

/// Room a field asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldWidth {
    Cells(u16),
    /// A share of what is left.
    Fill(u16),
}

/// A field at its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FormField {
    pub id: FormFieldId,
    pub label: &'static str,
    pub kind: FieldKind,
    pub width: FieldWidth,
    /// Shown dimmed while the field is empty.
    pub placeholder: &'static str,
}

/// Fields side by side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FormLine {
    pub fields: Vec<FormField>,
    /// Rows of the screen it wants; an area in the last row takes what is left.
    pub height: u16,
}

/// The tabs a spec has.
pub fn tabs(spec: &Spec) -> &'static [FormTab] {
    match (spec.protocol(), spec.side()) {
        (Protocol::Http, Side::Client) => {
            &[FormTab::Params, FormTab::Headers, FormTab::Auth, FormTab::Body, FormTab::Options]
        }
        (Protocol::Http, Side::Listener) => &[FormTab::Answers, FormTab::Options],
        (_, Side::Client) => &[FormTab::Steps, FormTab::Options],
        (_, Side::Listener) => &[FormTab::Rules, FormTab::Options],
    }
}

impl FormTab {
    pub fn title(self) -> &'static str {
        match self {
            FormTab::Params => "Params",
            FormTab::Headers => "Headers",
            FormTab::Auth => "Auth",
            FormTab::Body => "Body",
            FormTab::Options => "Options",
            FormTab::Answers | FormTab::Rules => "Answers",
            FormTab::Steps => "On connect",
        }
    }
}
