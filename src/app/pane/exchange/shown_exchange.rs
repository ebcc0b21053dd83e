//! An exchange as it is looked at: which message the pane is about, which tabs there are, and which
//! bytes a tab shows.
//!
//! Of a client that is the response, and the request is the other message, and so it is of a relay,
//! which stands where the client's answer comes along; of a listener it is the other way round.

use strum::IntoStaticStr;

use super::shape::default_mode;
use crate::app::stream_log::StreamLog;
use crate::check::CheckReport;
use crate::model::exchange::{Exchange, ExchangeState, HttpMessage};
use crate::model::id::BodyId;
use crate::model::protocol::Side;
use crate::model::view::{ViewMode, ViewPart};

/// A page of the pane.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, IntoStaticStr)]
#[strum(const_into_str)]
pub enum ExchangeTab {
    #[default]
    Body,
    Headers,
    /// Only where the message has any.
    Cookies,
    /// Of a stream of events.
    Events,
    /// What was expected and captured, where something was.
    Checks,
    Timing,
    #[strum(serialize = "TLS")]
    Tls,
    /// The message exactly as it crossed the wire.
    Raw,
    /// The other message exactly as it crossed the wire.
    Other,
}

/// Bytes to be looked at through a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WindowSubject {
    pub body: BodyId,
    pub part: ViewPart,
    /// How such bytes are shown unless the user chose otherwise.
    pub default: ViewMode,
}

impl WindowSubject {
    /// What all of it is called.
    pub(super) fn name(&self) -> &'static str {
        match self.part {
            ViewPart::Decoded => "body",
            ViewPart::Raw => "message",
        }
    }
}

/// An exchange and the side it is seen from.
#[derive(Debug, Clone, Copy)]
pub struct ShownExchange<'a> {
    pub exchange: &'a Exchange,
    pub side: Side,
    /// What came of what was expected of it and captured from it.
    pub report: Option<&'a CheckReport>,
    /// The events of its response, if it is a stream of them.
    pub(super) stream: Option<&'a StreamLog>,
    /// The one of them that is opened.
    pub(super) opened: Option<u64>,
}

impl ExchangeTab {
    /// Title in the tab strip.
    pub fn title(self, side: Side) -> &'static str {
        if self != ExchangeTab::Other {
            return self.into_str();
        }
        match side {
            Side::Listener => "Our answer",
            Side::Client | Side::Relay => "Request",
        }
    }
}

impl<'a> ShownExchange<'a> {
    /// The message the pane is about: what came from the peer.
    pub fn message(self) -> Option<&'a HttpMessage> {
        match self.side {
            Side::Listener => Some(&self.exchange.request),
            Side::Client | Side::Relay => self.exchange.response.as_ref(),
        }
    }

    fn other(self) -> Option<&'a HttpMessage> {
        match self.side {
            Side::Listener => self.exchange.response.as_ref(),
            Side::Client | Side::Relay => Some(&self.exchange.request),
        }
    }

    fn has_cookies(self) -> bool {
        let facts = self.exchange.cookies.as_deref();
        let of_jar = facts.is_some_and(|it| !it.sent.is_empty() || !it.kept_back.is_empty());
        of_jar
            || self.message().is_some_and(|message| {
                message.head.field("set-cookie").is_some() || message.head.field("cookie").is_some()
            })
    }

    /// The tabs there are.
    pub fn tabs(self) -> Vec<ExchangeTab> {
        let mut tabs = vec![ExchangeTab::Body, ExchangeTab::Headers];
        if self.stream.is_some() {
            tabs.insert(0, ExchangeTab::Events);
        }
        if self.has_cookies() {
            tabs.push(ExchangeTab::Cookies);
        }
        if self.report.is_some() {
            tabs.push(ExchangeTab::Checks);
        }
        tabs.push(ExchangeTab::Timing);
        if self.exchange.tls.is_some() {
            tabs.push(ExchangeTab::Tls);
        }
        tabs.extend([ExchangeTab::Raw, ExchangeTab::Other]);
        tabs
    }

    /// The tab shown; the chosen one unless this exchange has none such.
    pub fn tab(self, chosen: ExchangeTab) -> ExchangeTab {
        match chosen {
            ExchangeTab::Tls if self.exchange.tls.is_none() => ExchangeTab::Body,
            ExchangeTab::Cookies if !self.has_cookies() => ExchangeTab::Body,
            ExchangeTab::Events if self.stream.is_none() => ExchangeTab::Body,
            ExchangeTab::Checks if self.report.is_none() => ExchangeTab::Body,
            // Why there is no body is written in the certificates.
            ExchangeTab::Body if self.is_distrusted() => ExchangeTab::Tls,
            tab => tab,
        }
    }

    /// The peer's certificate was refused, so nothing was asked.
    pub(crate) fn is_distrusted(self) -> bool {
        let refused = matches!(&self.exchange.state,
            ExchangeState::Failed(failure) if failure.distrusted().is_some());
        refused && self.exchange.response.is_none() && self.exchange.tls.is_some()
    }

    /// The bytes a tab shows through a window; `None` for tabs of lines and for empty bodies.
    pub fn subject(self, tab: ExchangeTab) -> Option<WindowSubject> {
        let (message, part) = match tab {
            ExchangeTab::Body => (self.message()?, ViewPart::Decoded),
            ExchangeTab::Raw => (self.message()?, ViewPart::Raw),
            ExchangeTab::Other => (self.other()?, ViewPart::Raw),
            ExchangeTab::Headers
            | ExchangeTab::Cookies
            | ExchangeTab::Events
            | ExchangeTab::Checks
            | ExchangeTab::Timing
            | ExchangeTab::Tls => return None,
        };
        let default = match part {
            ViewPart::Raw => ViewMode::Text,
            ViewPart::Decoded if has_no_body(message) => return None,
            ViewPart::Decoded => default_mode(message),
        };
        Some(WindowSubject { body: message.body.id, part, default })
    }
}

/// Whether it is certain that there is nothing to show.
fn has_no_body(message: &HttpMessage) -> bool {
    let body = &message.body;
    body.framing.is_empty() || (body.complete && body.decoded_len == 0)
}
