//! Which process holds the other end of a connection: what is asked and answered, whatever the system.

use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// How long a socket is taken to be held by whom it was; its number is not given again so soon.
const STAYS: Duration = Duration::from_secs(2);
/// Sockets of processes that were found, and names of users.
const HELD: usize = 4_096;
/// Processes that are looked at first, because they held what was asked for last.
const RECENT: usize = 16;

/// A peer of ours of which is asked whose it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SoughtPeer {
    Socket(SoughtSocket),
    Process(SoughtProcess),
}

/// The process at the other end of a Unix socket, as the socket itself says (unix(7), `SO_PEERCRED`): who
/// connected, or who began to listen there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SoughtProcess {
    /// `None` = none that has a number here.
    pub(crate) pid: Option<u32>,
    pub(crate) uid: u32,
    pub(crate) is_dialled: bool,
}

/// A connection or peer of ours whose other end is looked up by its addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SoughtSocket {
    /// Else datagrams.
    pub(crate) is_tcp: bool,
    pub(crate) local: Option<SocketAddr>,
    pub(crate) peer: SocketAddr,
    /// We went to it; what it has not taken in yet is held by who listens there.
    pub(crate) is_dialled: bool,
}

/// A user by number, and by name where there is one.
pub(crate) type FoundUser = (u32, Option<String>);

/// Who holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum FoundPeer {
    Process {
        pid: u32,
        program: String,
        user: FoundUser,
        listens: bool,
    },
    /// A socket of this user, and no process that we see holds it.
    Unseen {
        user: FoundUser,
        is_ours: bool,
    },
    /// Sockets of several programs have the address.
    Shared,
    Gone,
    /// There was no time to look at all processes.
    Late,
    /// This system does not tell.
    #[cfg_attr(target_os = "linux", expect(dead_code, reason = "it is for the others"))]
    Untold,
}

/// What was found lately, so that many connections of one program cost little.
#[derive(Debug, Default)]
pub(crate) struct PeerCache {
    pub(super) recent: VecDeque<u32>,
    holders: HashMap<u64, (u32, Instant)>,
    pub(super) users: HashMap<u32, Option<String>>,
}

impl PeerCache {
    /// Who held this socket a moment ago.
    pub(super) fn holder(&self, inode: u64, now: Instant) -> Option<u32> {
        let (pid, at) = self.holders.get(&inode)?;
        (now.duration_since(*at) < STAYS).then_some(*pid)
    }

    /// This process held these sockets just now.
    pub(super) fn held(&mut self, pid: u32, inodes: &[u64], now: Instant) {
        if self.holders.len() + inodes.len() > HELD {
            self.holders.retain(|_, (_, at)| now.duration_since(*at) < STAYS);
        }
        let room = HELD.saturating_sub(self.holders.len());
        self.holders.extend(inodes.iter().take(room).map(|inode| (*inode, (pid, now))));
        self.recent.retain(|other| *other != pid);
        self.recent.push_front(pid);
        self.recent.truncate(RECENT);
    }

    /// The name of a user, which `read` looks up when it was not asked for before.
    pub(super) fn user(&mut self, uid: u32, read: impl FnOnce(u32) -> Option<String>) -> FoundUser {
        if self.users.len() >= HELD {
            self.users.clear();
        }
        (uid, self.users.entry(uid).or_insert_with(|| read(uid)).clone())
    }
}
