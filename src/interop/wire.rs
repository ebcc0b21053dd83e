//! What the writers of snippets ask about a planned request: which headers a foreign client adds
//! by itself, and what its body is without the framing.

use crate::codec::http1::chunked::ChunkedDecoder;
use crate::model::plan::{HttpPlan, PlanBody};

/// What `codec::plan` asks for unless the user does.
const ACCEPT_ENCODING: &str = "gzip, deflate, br, zstd";

/// A planned request, seen from the outside.
pub(super) struct Wire<'a> {
    pub(super) plan: &'a HttpPlan,
    /// Body without transfer coding; `None` when it is in a file or there is none to send.
    pub(super) body: Option<Vec<u8>>,
    pub(super) chunked: bool,
}

impl<'a> Wire<'a> {
    pub(super) fn new(plan: &'a HttpPlan) -> Self {
        let chunked = value(plan, "transfer-encoding")
            .is_some_and(|value| value.trim().to_ascii_lowercase().ends_with("chunked"));
        let body = match &plan.body {
            PlanBody::File(_) => None,
            PlanBody::Bytes(bytes) if chunked => Some(without_chunks(bytes)),
            PlanBody::Bytes(bytes)
                if bytes.is_empty() && value(plan, "content-length").is_none() =>
            {
                None
            }
            PlanBody::Bytes(bytes) => Some(bytes.to_vec()),
        };
        Wire { plan, body, chunked }
    }

    /// Headers a client has to be told: not those it derives from URL and body just so, and not
    /// those wirebench adds of its own accord, which every client has its own form of.
    pub(super) fn headers(&self) -> impl Iterator<Item = (&'a str, &'a str)> + '_ {
        let authority = authority(&self.plan.url);
        let length = self.body.as_ref().map(|body| body.len().to_string());
        self.plan.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).filter(
            move |(name, value)| match name.to_ascii_lowercase().as_str() {
                "host" => *value != authority,
                "content-length" => length.as_deref() != Some(value.trim()),
                "user-agent" => !value.starts_with("wirebench/"),
                "accept" => *value != "*/*",
                "accept-encoding" => *value != ACCEPT_ENCODING,
                _ => true,
            },
        )
    }

    /// First value of a header.
    pub(super) fn value(&self, name: &str) -> Option<&'a str> {
        value(self.plan, name)
    }

    /// Whether the plan has this header.
    pub(super) fn has(&self, name: &str) -> bool {
        self.value(name).is_some()
    }
}

fn value<'a>(plan: &'a HttpPlan, name: &str) -> Option<&'a str> {
    let found = plan.headers.iter().find(|(own, _)| own.eq_ignore_ascii_case(name));
    found.map(|(_, value)| value.as_str())
}

/// `host` or `host:port` of a URL.
fn authority(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or(rest);
    authority.rsplit_once('@').map_or(authority, |(_, host)| host)
}

/// The content of a chunked body; bytes that are not chunked stay what they are.
pub(super) fn without_chunks(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut decoder = ChunkedDecoder::new();
    match decoder.push(bytes, &mut |piece| out.extend_from_slice(piece)) {
        Ok(_) if decoder.is_done() => out,
        _ => bytes.to_vec(),
    }
}
