//! What a server answers instead of serving a request. A leaf: found by the head reader and the
//! framing, collected by `request`, answered by the engine.

/// Why a request is not served, and the status that says so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    pub status: u16,
    pub why: String,
}

impl Refusal {
    /// 400: the request breaks a rule that a server may not pass over.
    pub fn bad(why: impl Into<String>) -> Self {
        Refusal { status: 400, why: why.into() }
    }
}
