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
    Data,
    Body,
    Hex,
    Marked,
    Fault,
    Hold,
    Rewritten,
}
