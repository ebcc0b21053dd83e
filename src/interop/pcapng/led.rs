//! That a client spoke to a relay, and where it chose to be led, as comments of packets: addresses say nothing of it.
//!
//! Written by the flows and read again by the reader of captures, so that what was said is said again there.

use std::sync::Arc;

use crate::interop::pcapng::OURS;
use crate::model::asked_target::AskedTarget;
use crate::model::endpoint::Endpoint;

const LED: &str = "led where its client asked: ";
/// Behind it, where the relay speaks TLS there.
const UNDER_TLS: &str = " under TLS";

/// On the first packet of what was said to a relay that leads each request where it asks, or to a server of its own.
pub(super) const RELAYED: &str = "its client spoke to an HTTP relay";

/// Whether a comment says so.
pub(in crate::interop) fn is_relayed(comment: &[u8]) -> bool {
    comment.strip_prefix(OURS.as_bytes()) == Some(RELAYED.as_bytes())
}

/// The comment, without what ours begin with.
pub(super) fn words(asked: &AskedTarget) -> String {
    format!("{LED}{}{}", asked.endpoint, if asked.tls { UNDER_TLS } else { "" })
}

/// What such a comment says.
pub(in crate::interop) fn read(comment: &[u8]) -> Option<Arc<AskedTarget>> {
    let words = std::str::from_utf8(comment).ok()?.strip_prefix(OURS)?.strip_prefix(LED)?;
    let plain = words.strip_suffix(UNDER_TLS);
    let endpoint: Endpoint = plain.unwrap_or(words).parse().ok()?;
    // No client can ask for a socket of this machine's file system.
    endpoint.socket.is_none().then(|| AskedTarget::by_client(&endpoint, None, plain.is_some()))
}
