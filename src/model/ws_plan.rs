//! What the engine runs of WebSocket.

use std::time::Duration;

use bytes::Bytes;

use super::conversation_plan::{RulePlan, StepPlan};
use super::http_plan::{HttpListenerPlan, HttpPlan};
use super::url_text::UrlText;
use super::web_socket::MessageKind;

/// What is spoken on a connection once it is one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WsTalkPlan {
    pub messages: MessageKind,
    pub deflate: bool,
    pub ping: Option<Duration>,
    /// Offered, or taken of what is offered, in this order.
    pub subprotocols: Vec<String>,
}

/// A handshake, and what is sent and waited for at first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WsPlan {
    /// Its URL is of HTTP; a key without a value is made for each connection.
    pub handshake: HttpPlan,
    pub talk: WsTalkPlan,
    pub steps: Vec<StepPlan>,
}

impl WsPlan {
    /// Where it goes, as people write it.
    #[must_use]
    pub fn url(&self) -> String {
        let url = UrlText::literal(&self.handshake.url);
        let scheme = if url.scheme == "https" { "wss" } else { "ws" };
        format!("{scheme}://{}", url.bare)
    }
}

/// A listener of HTTP with one rule, which leads on to WebSocket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WsListenerPlan {
    /// What has no place in the rule: where it listens, and what others are answered.
    pub http: HttpListenerPlan,
    pub served: WsRulePlan,
}

/// What is served as a WebSocket, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WsRulePlan {
    /// Empty = any.
    pub path: String,
    pub talk: WsTalkPlan,
    pub greeting: Bytes,
    pub rules: Vec<RulePlan>,
}
