//! `Failure`: an error for the user. It says what failed, on what, why, and what to try.

use std::fmt;
use std::time::Duration;

use super::trust::Sha256;

/// An error as the user sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    pub stage: Stage,
    /// What it failed on: an address, a URL, a file, a preset.
    pub target: String,
    pub kind: FailureKind,
    /// The cause in words, e.g. `connection refused`.
    pub cause: String,
    /// What to try next; empty when there is nothing useful to say.
    pub hint: String,
}

/// Where on the way it failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Stage {
    /// Input that cannot be sent: template, payload, address.
    Compose,
    /// The same of a listener, which does not send.
    ComposeListener,
    /// The same of a program that is to be started.
    ComposeProgram,
    /// The same of a file that is to be opened.
    ComposeOpening,
    /// The same of a file of another tool that is to be imported.
    ComposeImport,
    /// The same of presets that are to be written for another tool.
    ComposeExport,
    /// The same of presets whose addresses are to be changed.
    ComposeChange,
    Lookup,
    Bind,
    Connect,
    /// Getting from a proxy to where it shall lead.
    Proxy,
    Tls,
    Send,
    /// Waiting for or reading a response head.
    Head,
    /// Reading a body.
    Body,
    Session,
    /// What the program or an order to it is about, and not a session of its own.
    Program,
    Storage,
    /// Text that was pasted and is not taken as it is.
    Paste,
}

/// What kind of failure; decides the exit code and the offered next step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FailureKind {
    Usage,
    NotFound,
    Refused,
    Unreachable,
    Timeout(Duration),
    Reset,
    /// The peer closed before the end.
    Truncated,
    /// The peer's bytes break the protocol.
    Malformed,
    /// What was expected did not come.
    NotMet,
    /// A bound of ours was reached.
    TooLarge,
    AddressInUse,
    Permission,
    /// A certificate or key of ours cannot be used.
    Certificate,
    /// The peer's leaf, by its hash, does not verify; the user may accept it.
    Distrusted(Sha256),
    TlsAlert,
    Cancelled,
    /// A queue of ours is full; try again.
    Busy,
    Io,
    Internal,
}

/// What the failure of a step begins with.
const STEP: &str = "step ";

impl Failure {
    /// Without a hint; `target` is what was tried (address, file), empty when nothing is.
    #[must_use]
    pub fn new(
        stage: Stage,
        target: impl Into<String>,
        kind: FailureKind,
        cause: impl Into<String>,
    ) -> Self {
        Failure { stage, target: target.into(), kind, cause: cause.into(), hint: String::new() }
    }

    /// The same failure with what to do about it, in place of any earlier advice.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = hint.into();
        self
    }

    /// What failed, as the start of a sentence. Only what a disk did is a failure of storage, not a
    /// file that is there and holds something else.
    #[must_use]
    pub fn title(&self) -> &'static str {
        match (self.stage, self.kind) {
            (Stage::Storage, FailureKind::Malformed | FailureKind::Usage) => "cannot be read",
            (Stage::Storage, FailureKind::Certificate) => "cannot be used",
            (Stage::Storage, FailureKind::NotFound) => "not found",
            (Stage::Storage, FailureKind::TooLarge) => "too large",
            (Stage::Storage, FailureKind::Cancelled | FailureKind::Busy) => "not done",
            (stage, _) => stage.title(),
        }
    }

    /// Everything but the stage: `target: cause (hint)`.
    #[must_use]
    pub fn details(&self) -> String {
        let target = if self.target.is_empty() { "" } else { &format!("{}: ", self.target) };
        let hint = if self.hint.is_empty() { "" } else { &format!(" ({})", self.hint) };
        format!("{target}{}{hint}", self.cause)
    }

    /// The same failure as a listener's: what cannot be sent by it cannot be listened with.
    #[must_use]
    pub fn of_listener(self) -> Self {
        self.composed_for(Stage::ComposeListener)
    }

    /// A step of a session, counted from 1, that was not met: what did not come, and what came instead.
    #[must_use]
    pub(crate) fn of_step(peer: &str, step: usize, missing: &str, instead: &str) -> Self {
        let cause = format!("{STEP}{step}: {missing}; {instead}");
        Failure::new(Stage::Session, peer, FailureKind::NotMet, cause)
    }

    /// Which step of a session was not met, and what came instead.
    #[must_use]
    pub(crate) fn step(&self) -> Option<(usize, &str)> {
        let (step, words) = self.cause.strip_prefix(STEP)?.split_once(": ")?;
        let (_, instead) = words.rsplit_once("; ")?;
        let step = step.parse().ok().filter(|_| self.kind == FailureKind::NotMet);
        Some((step?, instead))
    }

    /// The same failure as that of whoever asked: input that cannot be used is of no use for that.
    #[must_use]
    pub fn composed_for(mut self, stage: Stage) -> Self {
        if matches!(self.stage, Stage::Compose | Stage::ComposeListener) {
            self.stage = stage;
        }
        self
    }

    /// The leaf of the peer that was refused, which the user may overrule.
    #[must_use]
    pub fn distrusted(&self) -> Option<Sha256> {
        if let FailureKind::Distrusted(leaf) = self.kind { Some(leaf) } else { None }
    }

    /// Whether the user ended it, so that nothing went wrong.
    #[must_use]
    pub(crate) fn is_cancelled(&self) -> bool {
        self.kind == FailureKind::Cancelled
    }
}

impl Stage {
    const ALL: [Stage; 19] = [
        Stage::Compose,
        Stage::ComposeListener,
        Stage::ComposeProgram,
        Stage::ComposeOpening,
        Stage::ComposeImport,
        Stage::ComposeExport,
        Stage::ComposeChange,
        Stage::Lookup,
        Stage::Bind,
        Stage::Connect,
        Stage::Proxy,
        Stage::Tls,
        Stage::Send,
        Stage::Head,
        Stage::Body,
        Stage::Session,
        Stage::Program,
        Stage::Storage,
        Stage::Paste,
    ];

    /// The stage whose sentence begins so.
    #[must_use]
    pub(crate) fn titled(title: &str) -> Option<Stage> {
        Stage::ALL.into_iter().find(|stage| stage.title() == title)
    }

    /// The stage as the start of a sentence.
    #[must_use]
    fn title(self) -> &'static str {
        match self {
            Stage::Compose => "cannot send",
            Stage::Lookup => "name lookup failed",
            Stage::Bind | Stage::ComposeListener => "cannot listen",
            Stage::ComposeProgram => "cannot start the program",
            Stage::ComposeOpening => "cannot open",
            Stage::ComposeImport => "cannot import",
            Stage::ComposeExport => "cannot export",
            Stage::ComposeChange => "cannot change the addresses",
            Stage::Connect => "cannot connect",
            Stage::Proxy => "the proxy does not lead there",
            Stage::Tls => "TLS handshake failed",
            Stage::Send => "sending failed",
            Stage::Head => "no response head",
            Stage::Body => "body ended early",
            Stage::Session => "session ended",
            Stage::Program => "not done",
            Stage::Storage => "storage failed",
            Stage::Paste => "pasted in part",
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.title(), self.details())
    }
}

impl std::error::Error for Failure {}
