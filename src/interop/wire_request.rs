//! What the writers of snippets ask about a planned request: which headers a foreign client adds
//! by itself and which it must not, and how its body is given to it.

use crate::compose::address::UrlParts;
use crate::interop::secrets;
use crate::model::http::AwsKeys;
use crate::model::plan::{HttpPlan, PlanAuth, PlanBody};
use crate::model::url_text::UrlText;

/// What `compose` asks for unless the user does.
const ACCEPT_ENCODING: &str = "deflate, gzip, br, zstd";

/// A planned request, seen from the outside.
pub(super) struct WireRequest<'a> {
    pub(super) plan: &'a HttpPlan,
    /// `None` when the body comes from files or there is none to send.
    pub(super) body: Option<&'a [u8]>,
    pub(super) chunked: bool,
    authority: String,
}

impl<'a> WireRequest<'a> {
    /// Asks the plan's own headers; of a URL that cannot be read the authority is what stands there.
    pub(super) fn new(plan: &'a HttpPlan) -> Self {
        let chunked = value(plan, "transfer-encoding")
            .is_some_and(|value| value.trim().to_ascii_lowercase().ends_with("chunked"));
        let body = match &plan.body {
            PlanBody::File(_) | PlanBody::Multipart { .. } => None,
            PlanBody::Bytes(bytes)
                if bytes.is_empty() && value(plan, "content-length").is_none() && !chunked =>
            {
                None
            }
            PlanBody::Bytes(bytes) => Some(&**bytes),
        };
        // The host of an export may be a variable, which is none.
        let literal = || UrlText::literal(&plan.url).host_port.to_owned();
        let authority = UrlParts::parse(&plan.url).map_or_else(|_| literal(), |p| p.authority);
        WireRequest { plan, body, chunked, authority }
    }

    /// Whether anything follows the head.
    pub(super) fn has_body(&self) -> bool {
        self.body.is_some() || !matches!(self.plan.body, PlanBody::Bytes(_))
    }

    /// Headers a client has to be told: not those it derives from URL and body just so, and not
    /// those wirebench adds of its own accord, which every client has its own form of.
    pub(super) fn headers(&self) -> impl Iterator<Item = (&'a str, &'a str)> + '_ {
        let length = self.body.map(|body| body.len().to_string());
        self.plan.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).filter(
            move |(name, value)| match name.to_ascii_lowercase().as_str() {
                "host" => *value != self.authority,
                "content-length" => length.as_deref() != Some(value.trim()),
                "user-agent" => !value.starts_with("wirebench/"),
                "accept" => *value != "*/*",
                "accept-encoding" => *value != ACCEPT_ENCODING,
                "authorization" => self.basic().is_none(),
                _ => true,
            },
        )
    }

    /// Headers that a client is told more than once, each once.
    pub(super) fn repeated(&self) -> Vec<&'a str> {
        let names: Vec<&str> = self.headers().map(|(name, _)| name).collect();
        let mut found: Vec<&str> = Vec::new();
        for (at, name) in names.iter().enumerate() {
            let is_it = |other: &&str| other.eq_ignore_ascii_case(name);
            if !found.iter().any(is_it) && names.iter().skip(at + 1).any(is_it) {
                found.push(name);
            }
        }
        found
    }

    /// Of these headers, those the plan does not have: a client that adds them has to be told.
    pub(super) fn missing<'n>(&self, names: &'n [&'n str]) -> impl Iterator<Item = &'n str> {
        names.iter().copied().filter(|name| !self.has(name))
    }

    /// User and password of Basic authentication, when one of them is a variable and so the header
    /// cannot be written down.
    pub(super) fn basic(&self) -> Option<(String, String)> {
        secrets::basic(self.value("authorization")?)
    }

    /// User and password for what a server asks with 401.
    pub(super) fn digest(&self) -> Option<(&'a str, &'a str)> {
        match &self.plan.auth {
            PlanAuth::Digest { user, password } => Some((user, password)),
            PlanAuth::None | PlanAuth::Aws(_) => None,
        }
    }

    /// What it is signed with for AWS.
    pub(super) fn aws(&self) -> Option<&'a AwsKeys> {
        match &self.plan.auth {
            PlanAuth::Aws(keys) => Some(keys),
            PlanAuth::None | PlanAuth::Digest { .. } => None,
        }
    }

    /// Whether this is the type a client gives a multipart form by itself.
    pub(super) fn is_form_type(&self, name: &str, value: &str) -> bool {
        matches!(&self.plan.body, PlanBody::Multipart { boundary, .. }
            if name.eq_ignore_ascii_case("content-type")
                && value == format!("multipart/form-data; boundary={boundary}"))
    }

    /// The value of a header without the boundary that a client adds to the type of a form.
    pub(super) fn without_boundary<'v>(&self, name: &str, value: &'v str) -> &'v str {
        let PlanBody::Multipart { boundary, .. } = &self.plan.body else { return value };
        if !name.eq_ignore_ascii_case("content-type") {
            return value;
        }
        value.strip_suffix(&format!("; boundary={boundary}")).unwrap_or(value)
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
