//! What goes into an import and what comes out of it, as plain data.

use std::fmt;

use strum::{EnumString, IntoStaticStr, VariantArray};

use crate::model::spec::Spec;

/// A file as it is handed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportFile {
    /// As it is named in messages.
    pub name: String,
    /// Of a folder that was named: that folder's name and the path in it, with `/`.
    pub inside: Option<String>,
    pub bytes: Vec<u8>,
}

/// What is imported.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, IntoStaticStr, EnumString, VariantArray,
)]
#[strum(serialize_all = "kebab-case", const_into_str)]
pub enum ImportKind {
    Postman,
    PostmanEnvironment,
    Openapi,
    Insomnia,
    Bruno,
    BrunoFile,
    Http,
    HttpEnvironment,
    Hurl,
    Har,
    PacketSender,
    PacketSenderIni,
    Posting,
    Atac,
    Slumber,
    #[strum(to_string = "command", serialize = "curl")]
    Command,
}

impl ImportKind {
    /// Whether it is a text of its own, neither JSON nor YAML.
    pub(super) fn is_text(self) -> bool {
        let texts =
            [ImportKind::Http, ImportKind::Hurl, ImportKind::PacketSenderIni, ImportKind::Command];
        texts.contains(&self)
    }

    /// Whether files of a folder are one import.
    pub(super) fn is_of_many(self) -> bool {
        let many = [ImportKind::Http, ImportKind::Hurl, ImportKind::Posting, ImportKind::Command];
        many.contains(&self)
    }

    /// What people call it.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            ImportKind::Postman => "Postman collection",
            ImportKind::PostmanEnvironment => "Postman environment",
            ImportKind::Openapi => "OpenAPI document",
            ImportKind::Insomnia => "Insomnia export",
            ImportKind::Bruno => "Bruno export",
            ImportKind::BrunoFile => "Bruno collection",
            ImportKind::Http => "file of requests (.http)",
            ImportKind::HttpEnvironment => "environments of .http files",
            ImportKind::Hurl => "Hurl file",
            ImportKind::Har => "HAR file",
            ImportKind::PacketSender => "Packet Sender export",
            ImportKind::PacketSenderIni => "Packet Sender packets.ini",
            ImportKind::Posting => "posting request",
            ImportKind::Atac => "ATAC collection",
            ImportKind::Slumber => "slumber collection",
            ImportKind::Command => "command line",
        }
    }
}

/// Why a file cannot be imported, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportFault {
    /// `line 3, column 7`, or a path like `item[2].request`; empty = the file as a whole.
    pub place: String,
    pub cause: String,
}

impl ImportFault {
    /// At this place.
    pub(super) fn new(place: impl Into<String>, cause: impl Into<String>) -> Self {
        ImportFault { place: place.into(), cause: cause.into() }
    }

    /// The same at a line and column of the text, both from 1.
    pub(super) fn at_line(line: usize, column: usize, cause: impl Into<String>) -> Self {
        Self::new(format!("line {line}, column {column}"), cause)
    }
}

impl fmt::Display for ImportFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.place.as_str() {
            "" => f.write_str(&self.cause),
            place => write!(f, "{place}: {}", self.cause),
        }
    }
}

/// What comes of an import.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportTree {
    pub kind: ImportKind,
    /// What the collection is called; the name of its folder.
    pub title: String,
    /// In the order in which they stand there.
    pub presets: Vec<ImportedPreset>,
    /// Variables of the collection and its folders.
    pub folders: Vec<ImportedFolder>,
    pub environments: Vec<ImportedEnvironment>,
    /// What did not come as it was, in the order in which it was met.
    pub left_out: Vec<ImportRemark>,
}

/// A preset that is to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportedPreset {
    /// Folders from the outermost, each one part of a path.
    pub folder: Vec<String>,
    /// One part of a path; others of its folder may have the same.
    pub name: String,
    pub about: String,
    pub spec: Spec,
    /// Text that stands in the file as a comment: scripts, what was left out.
    pub notes: Vec<String>,
    /// What it was called, and where.
    pub place: String,
}

/// A folder that says something of its own.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ImportedFolder {
    pub folder: Vec<String>,
    pub variables: Vec<ImportedVariable>,
    /// As of a preset.
    pub notes: Vec<String>,
}

/// An environment that is to be written.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ImportedEnvironment {
    /// One part of a path.
    pub name: String,
    pub variables: Vec<ImportedVariable>,
}

/// A variable with its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportedVariable {
    pub name: String,
    pub value: String,
    /// Whether it belongs into a file that git ignores.
    pub is_secret: bool,
}

/// Something that was not taken over as it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportRemark {
    /// In words, the same for all of the kind.
    pub what: String,
    pub place: String,
}
