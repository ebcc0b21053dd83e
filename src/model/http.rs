//! HTTP as composed: the client's request and the listener's answers.

use std::time::Duration;

use super::spec::Row;
use super::tls::{ListenerTls, Verify};

/// A request as written in the form. Header order, case and duplicates are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpSpec {
    pub method: String,
    /// `http://` or `https://` URL, or any short form `codec::address` completes (`:8080/x`).
    pub url: String,
    /// Appended to the query of `url`, percent-encoded on send.
    pub query: Vec<Row>,
    pub headers: Vec<Row>,
    pub auth: Auth,
    pub body: HttpBody,
    /// Longest wait for the connection, then for the response head after the request was sent, and
    /// longest silence inside the body; a body that moves takes as long as it takes.
    pub timeout: Duration,
    pub verify: Verify,
    /// Redirects followed at most; 0 follows none.
    pub redirects: u8,
}

/// Credentials that become an `Authorization` header (RFC 7617, RFC 6750).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Auth {
    #[default]
    None,
    Basic {
        user: String,
        password: String,
    },
    Bearer(String),
}

/// A body as written. `Text` and `Json` are sent literally after templates are expanded.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum HttpBody {
    #[default]
    None,
    Text(String),
    /// Sends `Content-Type: application/json` unless a header says otherwise.
    Json(String),
    /// `application/x-www-form-urlencoded`.
    Form(Vec<Row>),
    /// Path of a file, read when the request is sent.
    File(String),
}

/// An HTTP listener: where it binds and what it answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpListenerSpec {
    /// `host:port`, `:port` (loopback, both families) or `*:port` (all interfaces).
    pub bind: String,
    pub tls: ListenerTls,
    /// Tried in order; the first whose method and path match answers.
    pub rules: Vec<HttpRule>,
    /// Given when no rule matches.
    pub answer: HttpAnswer,
}

/// An answer for some requests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpRule {
    /// Empty = any method.
    pub method: String,
    /// Path, where `*` matches any run of characters. Compared without the query.
    pub path: String,
    pub answer: HttpAnswer,
}

/// What a listener sends back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpAnswer {
    pub status: u16,
    pub headers: Vec<Row>,
    pub body: HttpBody,
    /// Waited before the first byte of the answer.
    pub delay: Duration,
}

/// Wait for the head of a response, unless the request says otherwise.
pub const HEAD_TIMEOUT: Duration = Duration::from_secs(30);
/// Redirects followed, unless the request says otherwise.
pub const REDIRECTS: u8 = 10;

impl Default for HttpSpec {
    fn default() -> Self {
        HttpSpec {
            method: "GET".into(),
            url: String::new(),
            query: Vec::new(),
            headers: Vec::new(),
            auth: Auth::None,
            body: HttpBody::None,
            timeout: HEAD_TIMEOUT,
            verify: Verify::On,
            redirects: REDIRECTS,
        }
    }
}

impl Default for HttpListenerSpec {
    fn default() -> Self {
        HttpListenerSpec {
            bind: "127.0.0.1:8080".into(),
            tls: ListenerTls::Off,
            rules: Vec::new(),
            answer: HttpAnswer::default(),
        }
    }
}

impl Default for HttpAnswer {
    fn default() -> Self {
        HttpAnswer { status: 200, headers: Vec::new(), body: HttpBody::None, delay: Duration::ZERO }
    }
}

impl HttpBody {
    /// Name used in files and on tabs.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            HttpBody::None => "none",
            HttpBody::Text(_) => "text",
            HttpBody::Json(_) => "json",
            HttpBody::Form(_) => "form",
            HttpBody::File(_) => "file",
        }
    }
}
