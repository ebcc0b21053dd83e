//! Which connections of a capture are the other end of one that is in it already: where both ends are ours, as
//! in a run against its own mock, there is one connection on the wire and not two.

use std::collections::{HashMap, HashSet};

use crate::model::id::ConnId;
use crate::model::record::ConnInfo;

/// From where to where, of datagrams or of a stream.
type Ends = (String, String, bool);

/// The connections that go on.
#[derive(Debug, Default)]
pub(super) struct BothEnds {
    written: HashMap<Ends, ConnId>,
    others: HashSet<ConnId>,
}

impl BothEnds {
    /// A connection is named, or more is known of it.
    pub(super) fn met(&mut self, conn: &ConnInfo) {
        let (Some(local), Some(peer)) = (&conn.local, &conn.peer) else { return };
        if self.others.contains(&conn.id) {
            return;
        }
        let (local, peer) = (local.to_string(), peer.to_string());
        let datagrams = conn.capabilities().datagrams;
        let here = (local.clone(), peer.clone(), datagrams);
        let is_other = |known: &ConnId| *known != conn.id;
        if self.written.get(&(peer, local, datagrams)).is_some_and(is_other) {
            self.others.insert(conn.id);
        } else {
            self.written.insert(here, conn.id);
        }
    }

    /// Whether it is the other end of one that is written.
    pub(super) fn is_other(&self, conn: ConnId) -> bool {
        self.others.contains(&conn)
    }

    /// It is over.
    pub(super) fn over(&mut self, conn: ConnId) {
        self.others.remove(&conn);
        self.written.retain(|_, known| *known != conn);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::id::SessionId;
    use crate::model::protocol::{Protocol, Side};

    fn conn(session: u64, local: u16, peer: u16) -> ConnInfo {
        let at = |port: u16| Some(std::net::SocketAddr::from(([127, 0, 0, 1], port)).into());
        ConnInfo {
            local: at(local),
            peer: at(peer),
            ..ConnInfo::new(SessionId(session).conn(1), Protocol::Tcp, Side::Client)
        }
    }

    #[test]
    fn the_end_that_is_named_later_is_the_other_one_until_it_is_over() {
        let mut ends = BothEnds::default();
        let (client, server, third) = (conn(1, 5, 80), conn(2, 80, 5), conn(3, 6, 80));
        for conn in [&client, &server, &third, &client] {
            ends.met(conn);
        }
        assert!(!ends.is_other(client.id) && ends.is_other(server.id) && !ends.is_other(third.id));
        ends.over(client.id);
        assert!(ends.is_other(server.id), "what it still tells was told");
        ends.over(server.id);
        ends.met(&server);
        assert!(!ends.is_other(server.id));
    }
}
