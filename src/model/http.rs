//! HTTP as composed: the client's request and the listener's answers.

use std::time::Duration;

use smart_default::SmartDefault;
use strum::{Display, EnumString, IntoStaticStr, VariantNames};

use super::check_spec::{CaptureSpec, ExpectSpec, ListenerExpectSpec};
use super::client::{ClientSpec, SocketSpec};
use super::http_answer::{AnswerFault, DelayRange};
use super::listener::UnixSpec;
use super::name_value::NameValue;
use super::network::NetworkSpec;
use super::payload::{Payload, PayloadFormat};
use super::rule_tag::RuleTag;
use super::run_spec::RunSpec;
use super::tls::{ListenerTls, TlsChoices};
use super::transfer::TransferSpec;
use super::trust::{TrustedCertificates, Verify};

/// A request as written in the form. Header order, case and duplicates are kept.
#[derive(Debug, Clone, PartialEq, Eq, SmartDefault)]
pub struct HttpSpec {
    #[default = "GET"]
    pub method: String,
    /// `http://` or `https://` URL, or any short form `compose::address` completes (`:8080/x`).
    pub url: String,
    /// Appended to the query of `url`, percent-encoded on send.
    pub query: Vec<NameValue>,
    pub headers: Vec<NameValue>,
    pub auth: Auth,
    pub body: HttpBody,
    /// Longest wait for the connection, then for the response head after the request was sent, and
    /// longest silence inside the body; a body that moves takes as long as it takes.
    #[default(HEAD_TIMEOUT)]
    pub timeout: Duration,
    pub version: VersionChoice,
    pub verify: Verify,
    /// Certificates accepted although they do not verify.
    pub trust: TrustedCertificates,
    /// Server name sent; empty = the host of the URL.
    pub sni: String,
    pub tls: Box<TlsChoices>,
    pub transfer: Box<TransferSpec>,
    /// Redirects followed at most; 0 follows none.
    #[default(REDIRECTS)]
    pub redirects: u8,
    /// Whether cookies are taken and sent by themselves, of the jar of the environment.
    #[default = true]
    pub cookies: bool,
    /// Whether a stream of Server-Sent Events is asked for again when its connection is over.
    pub reconnect: bool,
    /// Path of an `OpenAPI` file that exchanges are held against; empty = none.
    pub contract: String,
    /// Whether answers are kept on the disk, once it is a preset.
    #[default = true]
    pub keep: bool,
    /// Path or `@name` of a Unix socket to connect to instead of the host of the URL; empty = none.
    pub unix_socket: String,
    pub socket: SocketSpec,
    pub client: ClientSpec,
    pub network: NetworkSpec,
    pub run: RunSpec,
    pub expect: ExpectSpec,
    pub capture: CaptureSpec,
}

/// Which versions of HTTP a request may be spoken in.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    Default,
    Display,
    IntoStaticStr,
    EnumString,
    VariantNames,
)]
#[strum(const_into_str)]
pub enum VersionChoice {
    /// Under TLS the server chooses between HTTP/2 and HTTP/1.1; without TLS it is HTTP/1.1.
    #[default]
    #[strum(serialize = "auto")]
    Auto,
    #[strum(serialize = "1.0")]
    Http10,
    #[strum(serialize = "1.1")]
    Http11,
    /// HTTP/2 under TLS and nothing else.
    #[strum(serialize = "2")]
    Http2,
    /// HTTP/2 from the first byte, without asking: the only way without TLS.
    #[strum(serialize = "2-prior-knowledge")]
    Http2PriorKnowledge,
}

/// Methods that are known in small letters too: those of RFC 9110 and PATCH, the common ones first,
/// then those that are registered (IANA, RFC 9110 section 16.1), and what caches and `UPnP` take.
pub(crate) const METHODS: [&str; 42] = [
    "GET",
    "POST",
    "PUT",
    "PATCH",
    "DELETE",
    "HEAD",
    "OPTIONS",
    "TRACE",
    "CONNECT",
    "ACL",
    "BASELINE-CONTROL",
    "BIND",
    "CHECKIN",
    "CHECKOUT",
    "COPY",
    "LABEL",
    "LINK",
    "LOCK",
    "MERGE",
    "MKACTIVITY",
    "MKCALENDAR",
    "MKCOL",
    "MKREDIRECTREF",
    "MKWORKSPACE",
    "MOVE",
    "ORDERPATCH",
    "PROPFIND",
    "PROPPATCH",
    "QUERY",
    "REBIND",
    "REPORT",
    "SEARCH",
    "UNBIND",
    "UNCHECKOUT",
    "UNLINK",
    "UNLOCK",
    "UPDATE",
    "UPDATEREDIRECTREF",
    "VERSION-CONTROL",
    "BAN",
    "M-SEARCH",
    "PURGE",
];
/// Those that forms and answers choose from; any other can be typed.
pub(crate) const OFFERED_METHODS: &[&str] = METHODS.as_slice().split_at(7).0;

/// The method of this name, in whatever case it is typed.
pub(crate) fn known_method(word: &str) -> Option<&'static str> {
    METHODS.into_iter().find(|method| method.eq_ignore_ascii_case(word))
}

/// Whether a word is written as methods are: in capitals, with what stands between their words.
pub(crate) fn is_capitals(word: &str) -> bool {
    word.chars().any(|c| c.is_ascii_uppercase())
        && word.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || "-_".contains(c))
}

/// The method a word means, in whatever case it is typed: a known one, or a word of capitals.
#[must_use]
pub(crate) fn typed_method(word: &str) -> Option<&str> {
    known_method(word).or_else(|| is_capitals(word).then_some(word))
}

/// Whether whoever names this method means to send something: such a request says `Content-Length: 0`
/// rather than nothing (RFC 9110, section 8.6), and takes what is piped in.
pub(crate) fn expects_body(method: &str) -> bool {
    matches!(method, "POST" | "PUT" | "PATCH")
}

/// How a request says who is asking: Basic (RFC 7617), Bearer (RFC 6750), Digest (RFC 7616), a key, or a signature.
#[derive(Debug, Clone, PartialEq, Eq, Default, IntoStaticStr)]
#[strum(serialize_all = "lowercase", const_into_str)]
pub enum Auth {
    #[default]
    None,
    Basic {
        user: String,
        password: String,
    },
    Bearer(String),
    /// Answers what the server asks for with 401.
    Digest {
        user: String,
        password: String,
    },
    #[strum(serialize = "api-key")]
    ApiKey(ApiKey),
    /// Signature Version 4.
    Aws(AwsKeys),
}

/// A key in a place of its own.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ApiKey {
    pub name: String,
    pub value: String,
    pub place: ApiKeyPlace,
}

/// Where a key stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, EnumString, IntoStaticStr, strum::Display)]
#[strum(serialize_all = "lowercase", const_into_str)]
pub enum ApiKeyPlace {
    #[default]
    Header,
    Query,
    Cookie,
}

/// What requests are signed with for AWS.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AwsKeys {
    pub access_key: String,
    pub secret_key: String,
    /// Of keys that last for a while; empty = none.
    pub session_token: String,
    /// Empty = that of the host.
    pub region: String,
    /// The same.
    pub service: String,
}

impl AwsKeys {
    /// Region and service of a place as curl writes it, `aws:amz:REGION:SERVICE`; nothing is signed with anything yet.
    ///
    /// # Errors
    /// A sentence about what is no such place.
    pub(crate) fn at(place: &str) -> Result<AwsKeys, String> {
        let words: Vec<&str> = place.split(':').map(str::trim).collect();
        let (first, rest) = words.split_first().unwrap_or((&"", &[]));
        // The second one is who says how: of AWS it is AWS itself.
        let (second, rest) = rest.split_first().unwrap_or((&"amz", &[]));
        if !first.eq_ignore_ascii_case("aws") || !["amz", "aws"].contains(second) || rest.len() > 2
        {
            return Err(format!("'{place}' is no place of AWS"));
        }
        let of = |at: usize| rest.get(at).map_or_else(String::new, |word| (*word).to_owned());
        Ok(AwsKeys { region: of(0), service: of(1), ..AwsKeys::default() })
    }
}

/// A body as written. `Text` and `Json` are sent literally after templates are expanded.
#[derive(Debug, Clone, PartialEq, Eq, Default, IntoStaticStr)]
#[strum(serialize_all = "lowercase", const_into_str)]
pub enum HttpBody {
    #[default]
    None,
    Text(String),
    /// Sends `Content-Type: application/json` unless a header says otherwise.
    Json(String),
    /// Any bytes: text with escapes, or hex digits.
    Payload(Payload),
    /// `application/x-www-form-urlencoded`.
    Form(Vec<NameValue>),
    /// `multipart/form-data` (RFC 7578); files are read when the request is sent.
    Multipart(Vec<FormPart>),
    /// Path of a file, read when the request is sent.
    File(String),
}

/// A part of a multipart form.
#[derive(Debug, Clone, PartialEq, Eq, SmartDefault)]
pub struct FormPart {
    #[default = true]
    pub enabled: bool,
    pub name: String,
    pub source: PartSource,
    /// Text of the part, or path of the file.
    pub value: String,
    /// File name told to the peer; empty = that of the file, or none for text.
    pub file_name: String,
    /// Empty = by the extension of a file, or none for text.
    pub content_type: String,
}

/// What the value of a part is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, IntoStaticStr, EnumString)]
#[strum(serialize_all = "lowercase", const_into_str)]
pub enum PartSource {
    #[default]
    Text,
    /// The content of a file, told with its name.
    File,
    /// The content of a file as the value of a plain field.
    #[strum(serialize = "text file")]
    FileText,
}

/// An HTTP listener: where it binds and what it answers.
#[derive(Debug, Clone, PartialEq, Eq, SmartDefault)]
pub struct HttpListenerSpec {
    /// `host:port`, `:port` (loopback, both families) or `*:port` (all interfaces).
    #[default = "127.0.0.1:8080"]
    pub bind: String,
    pub tls: ListenerTls,
    pub socket: SocketSpec,
    pub unix: UnixSpec,
    /// Tried in order; the first whose method, path and condition fit answers.
    pub rules: Vec<HttpRule>,
    /// Given when no rule matches.
    pub answer: HttpAnswer,
    /// As in [`HttpSpec`].
    pub contract: String,
    /// Whether the contract answers what no rule does.
    pub mock: bool,
    /// What is started stands in the history.
    #[default = true]
    pub history: bool,
    pub expect: ListenerExpectSpec,
}

/// An answer for some requests; by default for all.
#[derive(Debug, Clone, PartialEq, Eq, SmartDefault)]
pub struct HttpRule {
    /// Whether it is there for requests.
    #[default = true]
    pub enabled: bool,
    /// Empty = any method.
    pub method: String,
    /// Path as `codec::path_pattern` reads it: with `*`, `{names}`, or `~` and an expression.
    #[default = "*"]
    pub path: String,
    /// An expression of the filter language about the request; empty = every one.
    pub when: String,
    /// It answers so often; `None` = as it stands among rules for the same requests.
    pub times: Option<u32>,
    /// Of rules for the same requests: behind the last one the first answers again.
    pub cycle: bool,
    /// What is kept for conditions and answers of other rules, by name.
    pub set: Vec<NameValue>,
    pub answer: HttpAnswer,
    pub tag: RuleTag,
}

/// What a listener sends back.
#[derive(Debug, Clone, PartialEq, Eq, SmartDefault)]
pub struct HttpAnswer {
    #[default = 200]
    pub status: u16,
    pub headers: Vec<NameValue>,
    pub body: HttpBody,
    /// Waited before the first byte of the answer.
    pub delay: DelayRange,
    /// Waited before each event (or line, of what is no stream of events) of the body but the first; 0 = it goes out as a whole.
    pub every: Duration,
    /// Path of a folder whose files are the body; empty = none.
    pub folder: String,
    pub fault: AnswerFault,
}

/// A header that is sent unless the user writes one of that name or switches it off.
/// By its field name (RFC 9110 section 5.1), read in any case. In the order they go out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, IntoStaticStr, EnumString)]
#[strum(serialize_all = "Train-Case", ascii_case_insensitive, const_into_str)]
pub enum AutomaticHeader {
    Host,
    UserAgent,
    Accept,
    AcceptEncoding,
    Authorization,
    ContentType,
    ContentLength,
}

/// Redirects followed, unless the request says otherwise.
pub(crate) const REDIRECTS: u8 = 10;
/// Wait for the head of a response, unless the request says otherwise.
pub(crate) const HEAD_TIMEOUT: Duration = Duration::from_secs(30);

impl HttpSpec {
    /// Whether an automatic header is switched off: by a switched-off row of its name without a
    /// value, `~User-Agent` in a file.
    #[must_use]
    pub(crate) fn omits(&self, header: AutomaticHeader) -> bool {
        self.headers.iter().any(|row| AutomaticHeader::switched_off_by(row) == Some(header))
    }

    /// Switches an automatic header off, or on again.
    pub fn toggle_automatic(&mut self, header: AutomaticHeader) {
        if self.omits(header) {
            self.headers.retain(|row| AutomaticHeader::switched_off_by(row) != Some(header));
        } else {
            self.headers
                .push(NameValue { enabled: false, ..NameValue::new(header.into_str(), "") });
        }
    }
}

impl AutomaticHeader {
    /// What comes of a request that lacks it; `None` = nothing in particular.
    #[must_use]
    pub(crate) fn missed(self) -> Option<&'static str> {
        match self {
            AutomaticHeader::Host => Some("a server answers 400 without it (RFC 9112, 3.2)"),
            AutomaticHeader::ContentLength => {
                Some("without it the peer sees no body (RFC 9112, 6.3)")
            }
            AutomaticHeader::UserAgent
            | AutomaticHeader::Accept
            | AutomaticHeader::AcceptEncoding
            | AutomaticHeader::Authorization
            | AutomaticHeader::ContentType => None,
        }
    }

    /// The automatic header this row switches off. A row with a value is a header of the user's
    /// own that rests; without it the automatic one is sent.
    #[must_use]
    pub(crate) fn switched_off_by(row: &NameValue) -> Option<AutomaticHeader> {
        if row.enabled || !row.value.is_empty() { None } else { row.name.parse().ok() }
    }
}

impl HttpBody {
    /// Name used in files and on tabs.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            HttpBody::Payload(Payload { format: PayloadFormat::Hex, .. }) => "hex",
            HttpBody::Payload(_) => "escaped",
            _ => self.into_str(),
        }
    }
}
