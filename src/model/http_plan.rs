//! What the engine runs of HTTP: a request, and a listener with its answers.

use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::time::Duration;

use bytes::Bytes;

use super::cookie::PlanCookies;
use super::endpoint::Bind;
use super::http::{AwsKeys, VersionChoice};
use super::http_answer::{AnswerMore, AnswerPiece};
use super::socket_options::{ClientOptions, SocketOptions};
use super::tls::{ListenerTls, TlsChoices};
use super::transfer::TransferOptions;
use super::trust::{TrustedCertificates, Verify};
use super::unix_name::UnixName;

/// A request ready to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpPlan {
    pub method: String,
    /// Absolute URL without fragment; the engine derives endpoint, TLS and request target from it.
    pub url: String,
    /// Every header that will be sent, in order, `Host` and `Content-Length` included; the
    /// engine adds none (a `Content-Length` only it can know excepted).
    pub headers: Vec<(String, String)>,
    pub body: PlanBody,
    pub length: LengthHeader,
    /// From the end of the request to the end of the response head; also the longest silence
    /// inside the body.
    pub head_timeout: Duration,
    pub connect_timeout: Duration,
    pub version: VersionChoice,
    /// Holds where `url` leads, at no other origin.
    pub verify: Verify,
    pub trust: TrustedCertificates,
    /// Server name sent where `url` leads; empty = its host.
    pub sni: String,
    pub tls: TlsChoices,
    pub transfer: TransferOptions,
    pub redirects: u8,
    /// What is worked out when it is sent.
    pub auth: PlanAuth,
    pub cookies: PlanCookies,
    pub events: PlanEvents,
    pub socket: SocketOptions,
    pub client: ClientOptions,
    /// The socket that is connected to in place of the host of `url`; of no other origin.
    pub unix_socket: Option<UnixName>,
    /// It is asked how connecting goes, so none that was made before will do.
    pub new_connection: bool,
    /// The document that it is held against.
    pub contract: Option<PathBuf>,
    /// What of the request goes out otherwise than it was written, in words.
    pub notes: Vec<String>,
}

/// What becomes of a stream of Server-Sent Events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PlanEvents {
    /// It is asked for again when its connection is over.
    pub reconnect: bool,
}

/// Credentials that are no header before the request is sent; of no other origin.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum PlanAuth {
    #[default]
    None,
    /// Of what the server asks for (RFC 7616).
    Digest { user: String, password: String },
    /// Of the time and the whole request.
    Aws(Box<AwsKeys>),
}

/// A file that is read when it is sent, by the name it was given. A relative one lies beside the preset, else in the
/// folder the program was started in.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PlanFile {
    path: PathBuf,
    /// The folder of the preset.
    beside: Option<PathBuf>,
}

impl PlanFile {
    /// A file of a preset in this folder, if it is in one.
    #[must_use]
    pub(crate) fn of_preset(path: impl Into<PathBuf>, folder: Option<&str>) -> Self {
        let path = path.into();
        let beside = folder.filter(|folder| !folder.is_empty() && path.is_relative());
        PlanFile { beside: beside.map(PathBuf::from), path }
    }

    /// Where it is looked for, in this order.
    pub(crate) fn places(&self) -> impl Iterator<Item = PathBuf> {
        let beside = self.beside.iter().map(|folder| folder.join(&self.path));
        beside.chain([self.path.clone()])
    }

    /// The folder of the preset, where it is looked for there.
    #[must_use]
    pub(crate) fn beside(&self) -> Option<&Path> {
        self.beside.as_deref()
    }
}

impl Deref for PlanFile {
    type Target = Path;

    fn deref(&self) -> &Path {
        &self.path
    }
}

impl<P: Into<PathBuf>> From<P> for PlanFile {
    fn from(path: P) -> Self {
        PlanFile { path: path.into(), beside: None }
    }
}

/// Body bytes, or the files that hold them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PlanBody {
    Bytes(Bytes),
    File(PlanFile),
    /// `multipart/form-data` with this boundary, which the `Content-Type` names too.
    Multipart {
        boundary: String,
        parts: Vec<PartPlan>,
    },
}

/// A part of a multipart form (RFC 7578).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartPlan {
    pub name: String,
    pub content: PartContent,
    pub file_name: Option<String>,
    pub content_type: Option<String>,
}

/// What a part of a multipart form holds; a file is read when it is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PartContent {
    Bytes(Bytes),
    File(PlanFile),
}

/// Whether the engine adds a `Content-Length` that only it can know: that of a body from files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LengthHeader {
    Added,
    /// The user switched it off.
    Omitted,
}

/// Whom to answer and how; `answer` is for requests that no rule fits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpListenerPlan {
    pub bind: Bind,
    pub tls: ListenerTls,
    /// Of every connection.
    pub socket: SocketOptions,
    pub rules: Vec<HttpRulePlan>,
    pub answer: AnswerPlan,
    /// The document that exchanges are held against.
    pub contract: Option<PathBuf>,
    /// It answers what no rule does.
    pub mocks: bool,
}

/// An answer for requests of this method (empty = any) and path (`*` = any characters).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpRulePlan {
    /// Which rule it is among those of a session (`RuleTag`).
    pub id: u32,
    /// The row of the table it stands in, from 1, where another one has the same method and path.
    pub row: Option<usize>,
    pub method: String,
    /// As `codec::path_pattern` reads it, which was checked.
    pub path: String,
    pub terms: RuleTerms,
    pub answer: AnswerPlan,
}

/// What else a rule asks before it answers, and what it does then.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RuleTerms {
    /// An expression that was checked; `None` = every request.
    pub when: Option<String>,
    /// It answers so often.
    pub times: Option<u32>,
    /// Behind the last one for the same requests the first answers again.
    pub cycle: bool,
    /// What is kept for conditions and answers, by name.
    pub set: Vec<(String, Vec<AnswerPiece>)>,
}

impl HttpRulePlan {
    /// What it is called beside the requests it answered.
    #[must_use]
    pub fn name(&self) -> String {
        let method = if self.method.is_empty() { "any" } else { &self.method };
        let row = self.row.map_or_else(String::new, |row| format!(" (row {row})"));
        format!("{method} {}{row}", self.path)
    }
}

/// What the answer is called that is given when no rule matches.
pub const OTHERWISE: &str = "otherwise";

/// An answer ready to be written. The engine adds `Content-Length` (unless a header gives framing)
/// and `Connection` as the request asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnswerPlan {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: PlanBody,
    pub delay: Duration,
    pub more: AnswerMore,
}
