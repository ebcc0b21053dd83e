//! `Exchange`: a request with its response and timings, seen from either side.

use std::sync::Arc;

use bytes::Bytes;

use super::contract_facts::ContractFacts;
use super::cookie::CookieFacts;
use super::counts::count;
use super::end_address::EndAddress;
use super::failure::Failure;
use super::fault::MessageMarks;
use super::id::{BodyId, ConnId};
use super::protocol::Side;
use super::timing::{Stamp, Timing};
use super::tls::TlsFacts;

/// One request and what came back (client) or what we answered (listener).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exchange {
    pub conn: ConnId,
    /// Counts the exchanges of a session from 0: redirect hops of a client, requests of a listener.
    pub number: u32,
    /// How many before it led to it by no redirect: they asked for credentials, were tried again, or were streams of events that
    /// ended.
    pub challenges: u32,
    pub side: Side,
    /// Absolute URL.
    pub url: String,
    pub started: Stamp,
    pub local: Option<EndAddress>,
    pub peer: Option<EndAddress>,
    /// The proxy it went through, without its password; `peer` is that one's then.
    pub proxy: Option<Box<str>>,
    pub request: HttpMessage,
    pub response: Option<HttpMessage>,
    /// 1xx heads that came before the final one.
    pub interim: Vec<Head>,
    pub timing: Timing,
    /// Of its connection, whose exchanges share it.
    pub tls: Option<Arc<TlsFacts>>,
    pub state: ExchangeState,
    /// The rule that answered, as it is called (`HttpRulePlan::name`); `None` for a client, before
    /// there is an answer, and where it was ours.
    pub rule: Option<String>,
    /// Which one it was (`HttpRulePlan::id`); 0 = no rule.
    pub rule_id: u32,
    /// How it stands to the contract of its session; `None` = there is none, or it is not over.
    pub contract: Option<Arc<ContractFacts>>,
    /// What a jar had to do with it; `None` = there is none.
    pub cookies: Option<Arc<CookieFacts>>,
    /// What was odd but did not stop us: malformed lines, duplicate lengths, bytes after the end.
    pub warnings: Vec<String>,
    /// What a relay did to its messages; they themselves are as the client sent and got them.
    pub touched: MessageMarks,
    /// The head of the request as a relay passed it on, where its rules made another of it.
    pub passed_on: Option<Box<Head>>,
    /// There are no records of its bytes but those that were made of it.
    pub without_bytes: bool,
    /// What the file it was read from says of it that has no place here.
    pub besides: Option<Arc<ToldBesides>>,
}

/// What a HAR file says that an exchange has no place for, as JSON; written again by who writes HAR.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ToldBesides {
    /// Of an entry of it.
    pub entry: Box<str>,
    /// Of the file: pages and the browser. Its entries share it.
    pub log: Option<Arc<str>>,
}

/// Where an exchange stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExchangeState {
    Active,
    Complete,
    /// Ended early; what arrived is kept.
    Failed(Box<Failure>),
}

/// A head and the body that belongs to it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HttpMessage {
    pub head: Head,
    pub body: BodyFacts,
}

/// A start line and header fields, exactly as they crossed the wire.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Head {
    /// Every byte up to and including the empty line.
    pub raw: Bytes,
    pub start: StartLine,
    pub fields: Vec<FieldLine>,
}

/// First line of a message (RFC 9112, sections 3 and 4).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum StartLine {
    Request {
        method: String,
        target: String,
        version: HttpVersion,
    },
    Response {
        version: HttpVersion,
        status: u16,
        reason: Bytes,
    },
    /// The bytes were not HTTP.
    #[default]
    Unknown,
}

/// HTTP version of a start line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum HttpVersion {
    Http10,
    #[default]
    Http11,
    /// Its heads are fields alone (RFC 9113, section 8.3); our start line says the same for people.
    Http2,
}

impl HttpVersion {
    /// As it stands in a start line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            HttpVersion::Http10 => "HTTP/1.0",
            HttpVersion::Http11 => "HTTP/1.1",
            HttpVersion::Http2 => "HTTP/2",
        }
    }
}

/// A header or trailer field; name and value keep their bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldLine {
    pub name: Bytes,
    pub value: Bytes,
}

/// A body: where it is kept and how it was framed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BodyFacts {
    /// Names both the decoded body and the raw bytes of the whole message.
    pub id: BodyId,
    pub framing: MessageFraming,
    /// Content codings from the outside in, lower case (`gzip`, `br`).
    pub codings: Vec<String>,
    /// Body bytes on the wire, framing not counted.
    pub encoded_len: u64,
    /// Body bytes after the content codings.
    pub decoded_len: u64,
    /// Encoded length announced by the peer.
    pub expected: Option<u64>,
    pub trailers: Vec<FieldLine>,
    pub complete: bool,
    /// Why decoding stopped (corrupt, bound of decoded bytes reached); the raw bytes go on.
    pub decode_error: Option<String>,
    /// The bytes are something else than their codings say: what stands for the decoded body is the
    /// body as it came.
    pub as_came: bool,
    /// They are in their codings, but cut off or corrupt.
    pub damaged: bool,
}

impl BodyFacts {
    /// What there is to say when the codings could not be undone.
    #[must_use]
    pub fn undecoded(&self) -> Option<String> {
        let error = self.decode_error.as_deref()?;
        Some(if self.as_came {
            format!("{error}; the body is shown as it came")
        } else {
            let decoded = count(self.decoded_len);
            format!("{error}; {decoded} bytes were decoded before")
        })
    }

    /// What there is to say of a body that is sent when not all of it went out.
    #[must_use]
    pub fn unsent(&self) -> Option<String> {
        let (sent, total) = (self.encoded_len, self.expected?);
        (sent < total).then(|| {
            let (sent, total) = (count(sent), count(total));
            format!("answered before the request was complete ({sent} of {total} body bytes sent)")
        })
    }
}

/// How the end of a body is known (RFC 9112, section 6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MessageFraming {
    #[default]
    None,
    Length(u64),
    Chunked,
    UntilClose,
    /// The last frame of the stream says so (HTTP/2).
    UntilStreamEnd,
}

impl MessageFraming {
    /// Whether it is certain that there is no body.
    #[must_use]
    pub fn is_empty(self) -> bool {
        matches!(self, MessageFraming::None | MessageFraming::Length(0))
    }

    /// How many bytes the head says that there are, if it does.
    #[must_use]
    pub fn announced(self) -> Option<u64> {
        match self {
            MessageFraming::Length(length) => Some(length),
            MessageFraming::None
            | MessageFraming::Chunked
            | MessageFraming::UntilClose
            | MessageFraming::UntilStreamEnd => None,
        }
    }
}

impl Exchange {
    /// One of which nothing but its request is known yet.
    #[must_use]
    pub fn begun(
        side: Side,
        conn: ConnId,
        number: u32,
        request: HttpMessage,
        started: Stamp,
    ) -> Self {
        Exchange {
            conn,
            number,
            challenges: 0,
            side,
            url: String::new(),
            started,
            local: None,
            peer: None,
            proxy: None,
            request,
            response: None,
            interim: Vec::new(),
            timing: Timing::default(),
            tls: None,
            state: ExchangeState::Active,
            rule: None,
            rule_id: 0,
            contract: None,
            cookies: None,
            warnings: Vec::new(),
            touched: MessageMarks::default(),
            passed_on: None,
            without_bytes: false,
            besides: None,
        }
    }

    /// Redirects that led to it.
    #[must_use]
    pub fn redirects(&self) -> u32 {
        self.number.saturating_sub(self.challenges)
    }

    /// What it is about, on a line that does not say where it went: of a relay the whole URL.
    #[must_use]
    pub(crate) fn told_target<'a>(&'a self, target: &'a str) -> &'a str {
        if self.side == Side::Relay && !self.url.is_empty() { &self.url } else { target }
    }

    /// What differs from its contract.
    pub fn differences(&self) -> impl Iterator<Item = &str> {
        let contract = self.contract.as_deref().into_iter();
        contract.flat_map(|contract| contract.findings.iter().map(String::as_str))
    }

    /// The bodies it refers to.
    #[must_use]
    pub fn bodies(&self) -> Vec<BodyId> {
        let response = self.response.as_ref().map(|message| message.body.id);
        std::iter::once(self.request.body.id).chain(response).collect()
    }
}

impl Head {
    /// First value of a header, name compared without case.
    #[must_use]
    pub fn field<'a>(&'a self, name: &'a str) -> Option<&'a Bytes> {
        self.all(name).next()
    }

    /// All values of a header in order, name compared without case.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Bytes> {
        self.fields
            .iter()
            .filter(move |field| field.name.eq_ignore_ascii_case(name.as_bytes()))
            .map(|field| &field.value)
    }

    /// Status code of a response.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        match self.start {
            StartLine::Response { status, .. } => Some(status),
            _ => None,
        }
    }
}
