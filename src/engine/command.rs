//! Orders to the engine. Plain data; the application makes them, the shell hands them over with
//! `try_send`, so a full queue is an answer (`Failure` of kind `Busy`), never a wait.

use std::path::PathBuf;

use bytes::Bytes;

use crate::model::hold::Decision;
use crate::model::id::{BodyId, ConnId, SessionId};
use crate::model::plan::Plan;
use crate::model::recipe::Derivation;
use crate::model::secrets::Secrets;
use crate::model::table_cell::CellQuery;
use crate::model::view::{CompareQuery, SearchQuery, ViewPart};

/// What the engine can be told to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Start a session. Exactly one `Event::Done` will follow, whatever happens.
    /// What is said of it in words is said without `secrets`.
    Open { id: SessionId, plan: Box<Plan>, secrets: Secrets },
    /// Replace the answers of a running listener; its bind and TLS stay as they are.
    Update { id: SessionId, plan: Box<Plan> },
    /// Send bytes: one write on a stream, one datagram on UDP (empty ones too).
    Send { to: Recipient, data: Bytes },
    /// Decide about something that a relay holds (`Held::number`).
    Decide { id: SessionId, number: u32, decision: Decision },
    /// End one connection.
    End { conn: ConnId, how: CloseMode },
    /// End a whole session. `Reset` aborts at once (cancel); the others let writes finish.
    Close { id: SessionId, how: CloseMode },
    /// Find text in a body; answered by `Event::Found`. A newer search cancels an older one.
    Search(SearchQuery),
    /// Make a body of another, and end what is being made; answered by `Event::Derived`.
    Derive(Derivation),
    /// Look what a cell of a table holds; answered by `Event::Cell`. A newer look ends an older one.
    LookAtCell(CellQuery),
    /// End what is being made; what there is of it stays.
    StopDeriving,
    /// Compare two bodies; answered by `Event::Compared`. A newer comparison cancels an older one.
    Compare(CompareQuery),
    /// Write a body to a file; answered by `Event::BodySaved`.
    SaveBody { body: BodyId, part: ViewPart, path: PathBuf },
    /// Write what is to be kept of an answer, with its body, to a file; answered by
    /// `Event::AnswerKept`.
    KeepAnswer { body: Option<BodyId>, text: Bytes, path: PathBuf },
    /// Read such a file into a body; answered by `Event::AnswerOpened`.
    OpenAnswer { path: PathBuf },
    /// Connections that are kept for a next request are closed: there is none.
    LetGo,
    /// Nobody will look at these bodies again.
    Release(Vec<BodyId>),
}

/// Whom a payload is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Recipient {
    Conn(ConnId),
    /// Every open connection or known peer of the session.
    All(SessionId),
}

/// How a connection ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CloseMode {
    /// We finish sending (FIN, or `close_notify` and FIN) and go on receiving.
    HalfClose,
    /// FIN, then the socket is closed.
    Close,
    /// RST, or for a request: stop at this byte.
    Reset,
}
