//! What a relay holds until somebody has decided about it: as composed, as planned, while it waits,
//! and how that ended.

use std::time::Duration;

use bytes::Bytes;
use smart_default::SmartDefault;
use strum::{EnumIter, EnumString, IntoStaticStr};

use super::id::ConnId;
use super::timing::Stamp;

/// How long something waits before it is passed on as it came: no client shall hang for ever because
/// somebody looked away.
pub(crate) const HOLD_TIMEOUT: Duration = Duration::from_secs(60);

/// What a relay is to hold, as composed.
#[derive(Debug, Clone, PartialEq, Eq, SmartDefault)]
pub struct HoldSpec {
    /// An expression of the filter language; empty = nothing is held.
    pub filter: String,
    #[default(HOLD_TIMEOUT)]
    pub timeout: Duration,
}

/// The same, ready to be run.
#[derive(Debug, Clone, PartialEq, Eq, SmartDefault)]
pub struct HoldPlan {
    /// An expression that was checked; `None` = nothing is held.
    pub filter: Option<String>,
    #[default(HOLD_TIMEOUT)]
    pub timeout: Duration,
}

/// What a hold did to a record; by name in filters and JSON Lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, IntoStaticStr, EnumString, EnumIter)]
#[strum(serialize_all = "kebab-case", const_into_str)]
pub enum HoldMark {
    /// It waited.
    Held,
    /// Other bytes went out than came in.
    Edited,
    /// It was not passed on because somebody said so.
    Dropped,
    /// Nobody decided in time; it was passed on as it came.
    TimedOut,
    /// It was to wait and there was no room; it was passed on as it came.
    Missed,
}

/// What kind of thing waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HeldKind {
    /// Bytes of a stream, as they were read.
    Stream,
    Datagram,
    /// Head and body of an HTTP message.
    Request,
    Response,
}

/// Something that waits for a decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// Tells it from others of its session.
    pub number: u32,
    /// The connection it is told under.
    pub conn: ConnId,
    pub kind: HeldKind,
    pub from_client: bool,
    /// That of the record which tells of it.
    pub at: Stamp,
    /// When it is passed on as it came.
    pub until: Stamp,
    pub data: Bytes,
}

/// What somebody decides about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// It goes on as it came.
    Forward,
    /// This goes on in its place.
    Edit(Bytes),
    /// It does not go on.
    Drop,
}

/// How it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HoldEnd {
    Forwarded,
    Edited,
    Dropped,
    TimedOut,
    /// Holding was switched off.
    Released,
    /// Its connection is over.
    Gone,
    /// The client that waits for it left.
    Left,
}

impl HeldKind {
    /// What it is called in sentences.
    #[must_use]
    pub fn noun(self) -> &'static str {
        match self {
            HeldKind::Stream => "bytes",
            HeldKind::Datagram => "datagram",
            HeldKind::Request => "request",
            HeldKind::Response => "response",
        }
    }

    /// The same in a sentence that tells of one.
    #[must_use]
    pub fn with_article(self) -> String {
        match self {
            HeldKind::Stream => self.noun().to_owned(),
            HeldKind::Datagram | HeldKind::Request | HeldKind::Response => {
                format!("a {}", self.noun())
            }
        }
    }
}

impl Held {
    /// Who of the two sent it.
    #[must_use]
    pub fn sender(&self) -> &'static str {
        if self.from_client { "client" } else { "server" }
    }
}
