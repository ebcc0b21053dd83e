//! What a field asks about, besides the value it is compared with.

/// Which end of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Either,
    Peer,
    Local,
}

/// A text that a record or its exchange may have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum TextOf {
    Method,
    Path,
    Host,
    /// Of this name, in lower case.
    Header(String),
    /// In the query of the request.
    Query(String),
    /// That the request brought.
    Cookie(String),
    /// What a rule of a listener set last.
    State(String),
    Comment,
    Error,
    /// How the exchange stands to its contract.
    Contract,
}

/// What is asked about the program at the other end, where it is of this machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OwnerPart {
    Program,
    Pid,
    User,
}

/// What is asked about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum QuerySubject {
    Port,
    Address(End),
    Protocol,
    Owner(OwnerPart),
    Direction,
    Side,
    Kind,
    Len,
    Conn,
    Session,
    /// Which record it is of all.
    Number,
    Time,
    Delta,
    Latency,
    Status,
    Text(TextOf),
    /// Of a name that stands behind a point.
    Header,
    /// The same.
    Query,
    Cookie,
    State,
    Data,
    Body,
    /// A value in the body.
    Json,
    Hex,
    Marked,
    Fault,
    Hold,
    Rewritten,
}
