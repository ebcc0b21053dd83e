//! What a relay changes of what it passes on: rules in order, each with a condition, as composed and as
//! planned.

use bytes::Bytes;
use smart_default::SmartDefault;
use strum::{EnumString, IntoStaticStr};

use super::http_relay::HostHeader;
use super::plan::OriginPlan;

/// What a rule does; by name in files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, IntoStaticStr, EnumString)]
#[strum(serialize_all = "kebab-case", const_into_str)]
pub enum RewriteKind {
    SetHeader,
    AddHeader,
    RemoveHeader,
    SetStatus,
    Replace,
    ReplaceHex,
    ReplaceRegex,
    ReplacePath,
    MapHost,
    LocalFile,
}

/// Of whom what is changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, IntoStaticStr, EnumString)]
#[strum(serialize_all = "lowercase", const_into_str)]
pub enum RewriteFrom {
    /// Of headers the client, of bytes both.
    #[default]
    Auto,
    Both,
    Client,
    Server,
}

/// What is changed into what, as composed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RewriteChange {
    /// `Name: value`
    SetHeader(String),
    AddHeader(String),
    /// A name.
    RemoveHeader(String),
    /// Of an answer.
    SetStatus(u16),
    /// Text with escapes.
    Replace {
        text: String,
        with: String,
    },
    ReplaceHex {
        hex: String,
        with: String,
    },
    ReplaceRegex {
        regex: String,
        with: String,
    },
    ReplacePath {
        regex: String,
        with: String,
    },
    MapHost {
        host: String,
        to: String,
        told: HostHeader,
    },
    LocalFile {
        file: String,
        under: String,
    },
}

impl Default for RewriteChange {
    fn default() -> Self {
        RewriteChange::of(RewriteKind::SetHeader)
    }
}

/// A rule as composed.
#[derive(Debug, Clone, PartialEq, Eq, SmartDefault)]
pub struct RewriteSpec {
    #[default = true]
    pub enabled: bool,
    pub change: RewriteChange,
    pub from: RewriteFrom,
    /// An expression of the filter language; empty = always.
    pub when: String,
}

/// A rule ready to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RewritePlan {
    /// Its place in the list, from 1, as warnings name it.
    pub number: usize,
    pub of_client: bool,
    pub of_server: bool,
    /// An expression that was checked; `None` = always.
    pub when: Option<String>,
    pub edit: RewriteEdit,
}

/// What a rule does, with what it needs for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RewriteEdit {
    /// In place of all of its name.
    SetHeader {
        name: String,
        value: String,
    },
    /// Behind the others.
    AddHeader {
        name: String,
        value: String,
    },
    RemoveHeader {
        name: String,
    },
    /// Of an answer, with its registered words.
    SetStatus {
        status: u16,
    },
    /// Of a body, a read or a datagram, wherever it stands. What it becomes may name groups.
    Replace {
        what: RewriteNeedle,
        with: Bytes,
    },
    /// Of path and query.
    ReplacePath {
        regex: String,
        with: String,
    },
    /// Requests for this host (`host`, `*.domain`, with a port or without) go there.
    MapHost {
        host: String,
        to: OriginPlan,
        told: HostHeader,
    },
    /// What stands behind `under` in the path is looked for in this folder; or this very file.
    LocalFile {
        file: String,
        under: String,
    },
}

/// What is looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RewriteNeedle {
    Bytes(Bytes),
    /// A regular expression of bytes that was checked.
    Regex(String),
}

impl RewriteChange {
    /// Its name.
    #[must_use]
    pub fn kind(&self) -> RewriteKind {
        match self {
            RewriteChange::SetHeader(_) => RewriteKind::SetHeader,
            RewriteChange::AddHeader(_) => RewriteKind::AddHeader,
            RewriteChange::RemoveHeader(_) => RewriteKind::RemoveHeader,
            RewriteChange::SetStatus(_) => RewriteKind::SetStatus,
            RewriteChange::Replace { .. } => RewriteKind::Replace,
            RewriteChange::ReplaceHex { .. } => RewriteKind::ReplaceHex,
            RewriteChange::ReplaceRegex { .. } => RewriteKind::ReplaceRegex,
            RewriteChange::ReplacePath { .. } => RewriteKind::ReplacePath,
            RewriteChange::MapHost { .. } => RewriteKind::MapHost,
            RewriteChange::LocalFile { .. } => RewriteKind::LocalFile,
        }
    }

    /// One of which nothing is said yet.
    #[must_use]
    pub fn of(kind: RewriteKind) -> Self {
        let none = String::new;
        match kind {
            RewriteKind::SetHeader => RewriteChange::SetHeader(none()),
            RewriteKind::AddHeader => RewriteChange::AddHeader(none()),
            RewriteKind::RemoveHeader => RewriteChange::RemoveHeader(none()),
            RewriteKind::SetStatus => RewriteChange::SetStatus(503),
            RewriteKind::Replace => RewriteChange::Replace { text: none(), with: none() },
            RewriteKind::ReplaceHex => RewriteChange::ReplaceHex { hex: none(), with: none() },
            RewriteKind::ReplaceRegex => {
                RewriteChange::ReplaceRegex { regex: none(), with: none() }
            }
            RewriteKind::ReplacePath => RewriteChange::ReplacePath { regex: none(), with: none() },
            RewriteKind::MapHost => {
                RewriteChange::MapHost { host: none(), to: none(), told: HostHeader::Auto }
            }
            RewriteKind::LocalFile => {
                RewriteChange::LocalFile { file: none(), under: "/".to_owned() }
            }
        }
    }

    /// What takes the place of what is replaced, where something is.
    pub(crate) fn with(&self) -> Option<&String> {
        match self {
            RewriteChange::Replace { with, .. }
            | RewriteChange::ReplaceHex { with, .. }
            | RewriteChange::ReplaceRegex { with, .. }
            | RewriteChange::ReplacePath { with, .. } => Some(with),
            RewriteChange::SetHeader(_)
            | RewriteChange::AddHeader(_)
            | RewriteChange::RemoveHeader(_)
            | RewriteChange::SetStatus(_)
            | RewriteChange::MapHost { .. }
            | RewriteChange::LocalFile { .. } => None,
        }
    }

    /// The same, to write to.
    pub(crate) fn with_mut(&mut self) -> Option<&mut String> {
        match self {
            RewriteChange::Replace { with, .. }
            | RewriteChange::ReplaceHex { with, .. }
            | RewriteChange::ReplaceRegex { with, .. }
            | RewriteChange::ReplacePath { with, .. } => Some(with),
            RewriteChange::SetHeader(_)
            | RewriteChange::AddHeader(_)
            | RewriteChange::RemoveHeader(_)
            | RewriteChange::SetStatus(_)
            | RewriteChange::MapHost { .. }
            | RewriteChange::LocalFile { .. } => None,
        }
    }
}

impl RewriteEdit {
    /// Whether it is about what a conversation of bytes has too.
    #[must_use]
    pub(crate) fn is_of_bytes(&self) -> bool {
        matches!(self, RewriteEdit::Replace { .. })
    }
}
