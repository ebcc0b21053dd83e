//! TLS of the engine: what is trusted, our own authority, handshakes, and what failures mean.

pub(crate) mod authority;
pub(crate) mod certificate_facts;
mod certificate_words;
mod client_files;
pub(crate) mod handshake;
pub(crate) mod key_log;
pub(crate) mod opening;
mod refusal_causes;
pub(crate) mod store;
pub(crate) mod tls_words;
pub(crate) mod verifier;
mod weak_key;
