//! Whose the other end of a connection is: which process of this machine, as far as we may see it.
//!
//! Looked up by the engine when a connection begins, told afterwards. What is not known is said in
//! words, never guessed: where a word could be wrong there is a variant that says so.

use std::borrow::Cow;

use super::end_address::EndAddress;
use super::record::ConnInfo;

/// Words while the engine still looks, and of what was captured before.
const NOT_KNOWN: &str = "not known";
/// Words for an address that is not ours.
const ELSEWHERE: &str = "not on this machine";

/// Who holds the socket of a peer on this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PeerOwner {
    /// A process that we see.
    Process(PeerProcess),
    /// Somebody whose processes are not shown to us.
    OtherUser(LocalUser),
    /// The socket is one of our own user's, and no process shows it: it hides, or has just ended.
    Hidden(LocalUser),
    /// Several programs have bound the address.
    Shared,
    /// There was no such socket any more.
    Gone,
    /// Too many came at once to look for each.
    Skipped,
    /// The system does not tell.
    Untold,
}

/// A process that holds the socket of a peer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeerProcess {
    pub pid: u32,
    /// Its name; whoever it is may have chosen it.
    pub program: String,
    pub user: LocalUser,
    /// It listens at the address and had not taken the connection in yet.
    pub listens: bool,
    /// It is this program.
    pub is_us: bool,
}

/// A user of this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalUser {
    pub uid: u32,
    /// `None` when the table of users has no name for it.
    pub name: Option<String>,
}

impl LocalUser {
    /// Its name, or its number.
    #[must_use]
    pub fn told(&self) -> Cow<'_, str> {
        match &self.name {
            Some(name) => name.as_str().into(),
            None => format!("uid {}", self.uid).into(),
        }
    }
}

impl PeerOwner {
    /// The process, where it is seen.
    #[must_use]
    pub fn process(&self) -> Option<&PeerProcess> {
        match self {
            PeerOwner::Process(process) => Some(process),
            _ => None,
        }
    }

    /// The user, where that much is known.
    #[must_use]
    pub fn user(&self) -> Option<&LocalUser> {
        match self {
            PeerOwner::Process(PeerProcess { user, .. })
            | PeerOwner::OtherUser(user)
            | PeerOwner::Hidden(user) => Some(user),
            PeerOwner::Shared | PeerOwner::Gone | PeerOwner::Skipped | PeerOwner::Untold => None,
        }
    }

    /// In one word, for programs.
    #[must_use]
    pub fn state(&self) -> &'static str {
        match self {
            PeerOwner::Process(_) => "known",
            PeerOwner::OtherUser(_) => "other-user",
            PeerOwner::Hidden(_) => "hidden",
            PeerOwner::Shared => "shared",
            PeerOwner::Gone => "gone",
            PeerOwner::Skipped => "skipped",
            PeerOwner::Untold => "untold",
        }
    }

    /// In words: `curl (pid 4711, user ann)`, `of another user (postgres)`, `gone before we looked`.
    #[must_use]
    pub fn told(&self) -> Cow<'static, str> {
        match self {
            PeerOwner::Process(process) => {
                let PeerProcess { pid, program, user, .. } = process;
                let us = if process.is_us { "this program, " } else { "" };
                let listens = if process.listens { ", who listens there" } else { "" };
                format!("{program} ({us}pid {pid}, user {}{listens})", user.told()).into()
            }
            PeerOwner::OtherUser(user) => format!("of another user ({})", user.told()).into(),
            PeerOwner::Hidden(user) => {
                format!("of user {}; its process is hidden or has ended", user.told()).into()
            }
            PeerOwner::Shared => "one of several programs that share the address".into(),
            PeerOwner::Gone => "gone before we looked".into(),
            PeerOwner::Skipped => "not looked for: too many came at once".into(),
            PeerOwner::Untold => "not known on this system".into(),
        }
    }
}

impl ConnInfo {
    /// Whether the peer is of this machine: an address that stays here, or the same as ours.
    #[must_use]
    pub fn is_peer_local(&self) -> bool {
        let own = self.local.as_ref().and_then(EndAddress::ip);
        let stays = |peer: &EndAddress| match peer.ip() {
            Some(ip) => ip.is_loopback() || (Some(ip) == own && !ip.is_unspecified()),
            None => peer.is_unix(),
        };
        self.peer.as_ref().is_some_and(stays)
    }

    /// What is known of whose its peer is, in words; none where there is no peer or it was not reached. `owner` is what the
    /// engine found, if it did yet.
    #[must_use]
    pub fn peer_told(&self, owner: Option<&PeerOwner>) -> Option<Cow<'static, str>> {
        self.local.as_ref().and(self.peer.as_ref())?;
        Some(match owner {
            Some(owner) => owner.told(),
            None if self.is_peer_local() => NOT_KNOWN.into(),
            None => ELSEWHERE.into(),
        })
    }
}

/// The text of a cell: `curl 4711`, or in brackets why there is no name; empty where nobody asks.
#[must_use]
pub fn peer_cell(info: Option<&ConnInfo>, owner: Option<&PeerOwner>) -> String {
    let Some(info) = info.filter(|info| info.local.is_some() && info.peer.is_some()) else {
        return String::new();
    };
    match owner {
        Some(PeerOwner::Process(process)) => format!("{} {}", process.program, process.pid),
        Some(PeerOwner::OtherUser(user) | PeerOwner::Hidden(user)) => format!("({})", user.told()),
        Some(PeerOwner::Shared) => "(shared)".into(),
        Some(PeerOwner::Gone) => "(gone)".into(),
        Some(PeerOwner::Skipped | PeerOwner::Untold) => "(not known)".into(),
        None if info.is_peer_local() => "?".into(),
        None => "(elsewhere)".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::id::SessionId;
    use crate::model::protocol::{Protocol, Side};

    fn user(uid: u32, name: Option<&str>) -> LocalUser {
        LocalUser { uid, name: name.map(str::to_owned) }
    }

    fn conn(local: &str, peer: &str) -> ConnInfo {
        ConnInfo {
            local: local.parse().ok(),
            peer: peer.parse().ok(),
            ..ConnInfo::new(SessionId(1).conn(1), Protocol::Tcp, Side::Listener)
        }
    }

    #[test]
    fn a_peer_is_local_by_its_address_alone() {
        let is_local = |local, peer| conn(local, peer).is_peer_local();
        assert!(is_local("0.0.0.0:9000", "127.0.0.7:4000"));
        assert!(is_local("[::]:9000", "[::ffff:127.0.0.1]:4000"));
        assert!(is_local("[::1]:9000", "[::1]:4000"));
        assert!(is_local("192.0.2.1:9000", "192.0.2.1:4000"));
        assert!(!is_local("192.0.2.1:9000", "192.0.2.2:4000"));
        assert!(!is_local("0.0.0.0:9000", "0.0.0.0:4000"));
        assert!(!is_local("127.0.0.1:9000", ""));
    }

    #[test]
    fn what_is_not_known_is_said_and_never_a_name() {
        let here = conn("127.0.0.1:9000", "127.0.0.1:4000");
        let told = |owner: &PeerOwner| here.peer_told(Some(owner)).unwrap().into_owned();
        let process = PeerProcess {
            pid: 4711,
            program: "curl".into(),
            user: user(1000, Some("ann")),
            listens: false,
            is_us: false,
        };
        assert_eq!(told(&PeerOwner::Process(process.clone())), "curl (pid 4711, user ann)");
        let listens = PeerProcess { listens: true, is_us: true, ..process.clone() };
        assert_eq!(
            told(&PeerOwner::Process(listens)),
            "curl (this program, pid 4711, user ann, who listens there)"
        );
        assert_eq!(
            told(&PeerOwner::OtherUser(user(70, Some("postgres")))),
            "of another user (postgres)"
        );
        assert_eq!(told(&PeerOwner::OtherUser(user(70, None))), "of another user (uid 70)");
        assert_eq!(told(&PeerOwner::Gone), "gone before we looked");
        assert_eq!(here.peer_told(None).unwrap(), "not known");
        let away = conn("192.0.2.1:9000", "192.0.2.2:4000");
        assert_eq!(away.peer_told(None).unwrap(), "not on this machine");
        assert_eq!(conn("192.0.2.1:9000", "").peer_told(None), None);
        let process = PeerOwner::Process(process);
        assert_eq!(peer_cell(Some(&here), Some(&process)), "curl 4711");
        assert_eq!(peer_cell(Some(&here), Some(&PeerOwner::Gone)), "(gone)");
        assert_eq!(peer_cell(Some(&here), None), "?");
        assert_eq!(peer_cell(Some(&away), None), "(elsewhere)");
        assert_eq!(peer_cell(None, None), "");
    }
}
