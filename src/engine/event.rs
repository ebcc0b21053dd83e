//! Facts from the engine. Plain data; the shell feeds them to `App::update`.

use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;

use crate::codec::compare::Comparison;
use crate::model::capture_origin::CaptureSecrets;
use crate::model::ciphertext::Ciphertext;
use crate::model::cookie::CookieChange;
use crate::model::dialled::Dialled;
use crate::model::end_address::EndAddress;
use crate::model::exchange::Exchange;
use crate::model::failure::Failure;
use crate::model::hold::{Held, HoldEnd};
use crate::model::id::{BodyId, ConnId, SessionId};
use crate::model::peer_owner::PeerOwner;
use crate::model::recipe::DerivationReport;
use crate::model::record::{ConnInfo, LossTotals, Record, RecordRemark};
use crate::model::stream_event::StreamEvent;
use crate::model::table_cell::{CellQuery, TableCell};
use crate::model::timing::Stamp;
use crate::model::view::{CompareQuery, HitCount, SearchHit, View};
use crate::model::wall_clock::ClockStep;

/// The words of the record that the steps of a preset are over.
pub(crate) const STEPS_DONE: &str = "all steps are done";
/// What a record about TLS says of a certificate that was consented to.
pub(crate) const NOT_VERIFIED: &str = "NOT VERIFIED";
/// The same of one whose key does not sign what TLS asks it to.
pub(crate) const UNPROVEN: &str = "IDENTITY UNPROVEN";

/// What the engine reports. Events of one session arrive in order; none follows its `Done`.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// What a session is doing now. Coalesced: the latest wins.
    Phase { id: SessionId, phase: Phase, at: Stamp },
    /// Traffic in batches, flushed at 512 records, 256 KiB or 10 ms.
    Traffic(Batch),
    /// What crossed sockets below TLS, where a capture wants it (`EngineConfig::tells_ciphertext`), in its place among records.
    Ciphertext(Vec<Ciphertext>),
    /// An exchange began, got its head, or ended; replaces the one with the same `conn.session`
    /// and `number`. Body lengths in between come as `Progress`.
    Exchange(Box<Exchange>),
    /// An exchange of a file that was opened, with its bodies; the file itself has this number for it.
    Opened { exchange: Box<Exchange>, called: u32 },
    /// An answer changed the cookies that the session works with: they go into the jar that they were of. Told once.
    Cookies { id: SessionId, changes: Vec<CookieChange> },
    /// Server-Sent Events of the response of an exchange, as they came.
    StreamEvents { id: SessionId, number: u32, events: Vec<StreamEvent> },
    /// A body grew. Coalesced: the latest wins, at most every 10 ms.
    Progress { id: SessionId, number: u32, body: BodyId, encoded: u64, decoded: u64 },
    /// A rule (`RulePlan::id`) of a TCP or UDP listener answered, so often in all. Coalesced: the latest wins.
    RuleAnswered { id: SessionId, rule: u32, hits: u64 },
    /// A rule of a relay (`RewritePlan::number`) changed something that was passed on, so often in all. Coalesced.
    Rewrote { id: SessionId, rule: u32, times: u64 },
    /// A relay holds something until somebody decides about it.
    Held(Box<Held>),
    /// It does so no longer.
    HoldEnded { id: SessionId, number: u32, end: HoldEnd },
    /// A window of a body was asked for and is here, or a visible body has more to show.
    View(Box<View>),
    /// What was searched for in a body, or that it is not there.
    Found(SearchHit),
    /// How far a body is that is made of another: it began, ended, or cannot be made.
    Derived(Box<DerivationReport>),
    /// What a cell of a table holds, or in words why that cannot be said.
    Cell { query: CellQuery, outcome: Result<Box<TableCell>, String> },
    /// What differs between two bodies, or in words why that cannot be said.
    Compared { query: CompareQuery, found: Result<Box<Comparison>, String> },
    /// How many hits a search has that found one.
    HitsCounted(HitCount),
    /// A body was written to a file, so many bytes of it, or could not be.
    BodySaved { path: PathBuf, outcome: Result<u64, Failure> },
    /// So much of traffic that was captured before is read.
    CaptureProgress { percent: u8 },
    /// Traffic that was captured before was read from a file, in words, or could not be.
    CaptureRead(Result<String, Failure>),
    /// An answer is kept, or could not be.
    AnswerKept { path: PathBuf, outcome: Result<(), Failure> },
    /// The text kept of an answer and its body.
    AnswerOpened { path: PathBuf, outcome: Result<(Bytes, BodyId), Failure> },
    /// A step of a client session is done, counted from 1: what it sends is handed to the socket, or what it waits
    /// for came.
    StepDone { id: SessionId, step: usize, at: Stamp },
    /// How a connection of ours came about; told once, before it is up.
    Dialled { conn: ConnId, how: Box<Dialled> },
    /// A command could not be carried out (unknown connection, closed session, peer gone).
    Refused { id: SessionId, failure: Failure },
    /// The certificate authority of this installation changed because a listener needed it, or
    /// could not be kept; in words.
    Authority(Result<String, Failure>),
    /// Whose the peer of a connection is that came or was reached at that time, or why that is not known.
    PeerFound {
        conn: ConnId,
        /// The connection as it began, which may be over by now; `None` in what was read of a file.
        info: Option<Arc<ConnInfo>>,
        since: Stamp,
        owner: Arc<PeerOwner>,
    },
    /// The wall clock was set; what comes after is shown by it.
    ClockStep(ClockStep),
    /// The session is over. Exactly one per `Open`.
    Done { id: SessionId, outcome: Result<Summary, Failure>, at: Stamp },
}

/// Records with what is needed to read them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Batch {
    /// Connections named for the first time by a record of this batch, or changed (local address
    /// learnt).
    pub conns: Vec<ConnInfo>,
    pub records: Vec<Record>,
    /// What the file they were read from says of some of them.
    pub remarks: Vec<RecordRemark>,
    /// Connections named before that have no further records: they ended, or are peers forgotten.
    pub over: Vec<ConnId>,
    /// Loss totals that changed.
    pub lost: Vec<LossTotals>,
    /// Secrets of the file they were read from.
    pub secrets: Vec<CaptureSecrets>,
}

/// What a session is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Phase {
    /// Looking the peer's name up.
    Resolving { host: String },
    /// Trying one of the peer's addresses.
    Connecting { address: EndAddress },
    /// TCP is up, TLS is agreed on.
    Handshaking,
    /// Sending a request, bytes so far and in all.
    Sending { sent: u64, total: Option<u64> },
    /// Request sent; waiting for the head of the response.
    Waiting,
    /// The response is coming.
    Receiving,
    /// A client session is up.
    Connected { local: EndAddress, peer: EndAddress },
    /// All steps of a client session are done, and what they send has left.
    StepsDone,
    /// A listener or UDP socket is up, on these addresses. `receive_buffer` is the size the
    /// system granted in bytes (UDP only).
    Listening { addresses: Vec<EndAddress>, receive_buffer: Option<usize> },
    /// A listener's count of open connections or known peers changed.
    Clients { open: u32, refused: u32 },
    /// Closing, waiting for writes to finish.
    Closing,
}

/// How a session ended without a failure. Its bytes and records are counted by the timeline.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Summary {
    /// In words: `peer closed`, `closed by us`.
    pub ended: String,
}

impl Summary {
    /// The outcome of a session that ended like this.
    #[must_use]
    pub fn of(ended: impl Into<String>) -> Self {
        Summary { ended: ended.into() }
    }
}
