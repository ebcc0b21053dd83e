//! A replay as the user wants it, and the one that is under way.

use std::collections::{BTreeMap, BTreeSet};

use super::compare_rows::CompareRow;
use crate::interop::replay::{ReplayPace, ReplayRun, ReplayScript, ReplayTalk, ReplayTarget};
use crate::model::id::{ConnId, SessionId};
use crate::model::timing::Stamp;

/// What may be said again: a row, what it is part of, or what is marked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplayScope {
    pub name: &'static str,
    /// What it has to be said, or why there is nothing.
    pub script: Result<ReplayScript, String>,
}

/// What the user chose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplayWish {
    pub script: ReplayScript,
    pub target: ReplayTarget,
    pub pace: ReplayPace,
}

/// One under way.
#[derive(Debug)]
pub(crate) struct RunningReplay {
    pub(crate) run: ReplayRun,
    pub(crate) target: ReplayTarget,
    /// The conversation of each of its sessions.
    pub(crate) sessions: BTreeMap<SessionId, usize>,
    pub(crate) left_out: Vec<String>,
    /// When the earliest timer under way goes off.
    pub(crate) due: Option<Stamp>,
}

/// What there is of replays.
#[derive(Debug, Default)]
pub struct Replays {
    pub(crate) running: Option<RunningReplay>,
    /// What came of the last one, until somebody looks at it.
    pub(crate) unseen: Option<Vec<CompareRow>>,
    /// Connections of a file in which something that their client said is masked.
    pub(crate) masked: BTreeSet<ConnId>,
}

impl RunningReplay {
    /// One that begins now.
    pub(crate) fn new(wish: ReplayWish) -> Self {
        let ReplayWish { script, target, pace } = wish;
        let run = ReplayRun::new(script.talks, pace);
        let (sessions, left_out) = (BTreeMap::new(), script.left_out);
        RunningReplay { run, target, sessions, left_out, due: None }
    }

    /// The session of a conversation.
    pub(crate) fn session(&self, talk: usize) -> Option<SessionId> {
        self.sessions.iter().find(|(_, at)| **at == talk).map(|(id, _)| *id)
    }

    /// Where a conversation is said, for people.
    pub(crate) fn place(&self, talk: usize) -> String {
        let then = || self.run.talk(talk).map(ReplayTalk::address).unwrap_or_default();
        self.target.address.clone().unwrap_or_else(then)
    }
}
