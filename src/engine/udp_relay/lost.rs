//! Datagrams that were not passed on: counted, and told in a row for each reason twice a second at
//! most, because a flood of them must not become one of rows.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::Instant;

use crate::model::counts;
use crate::model::id::ConnId;

/// How long a count grows before it is told.
const EVERY: Duration = Duration::from_millis(500);
/// Counts kept apart; further ones are told at once.
const REASONS: usize = 1_024;

/// Why a datagram is dropped that the system does not take now.
pub(super) const BUSY: &str = "the system takes no more at the moment";

/// What was lost and is not told yet.
#[derive(Debug, Default)]
pub(super) struct LostDatagrams {
    counts: BTreeMap<(ConnId, String), Count>,
    told_at: Option<Instant>,
}

#[derive(Debug, Default)]
struct Count {
    is_up: bool,
    datagrams: u64,
    bytes: u64,
}

impl LostDatagrams {
    /// One that did not get to the half `to`; `is_up`: it came from the client.
    pub(super) fn add(&mut self, to: ConnId, is_up: bool, bytes: usize, why: String) {
        let now = Instant::now();
        let count = self.counts.entry((to, why)).or_default();
        count.is_up = is_up;
        count.datagrams += 1;
        count.bytes += bytes as u64;
        let due = if self.counts.len() >= REASONS { now } else { now + EVERY };
        self.told_at = Some(self.told_at.map_or(due, |before| before.min(due)));
    }

    /// When it is to be told.
    pub(super) fn told_at(&self) -> Option<Instant> {
        self.told_at
    }

    /// What is to be told, and of which half.
    pub(super) fn take(&mut self) -> Vec<(ConnId, String)> {
        self.told_at = None;
        let told = |((conn, why), count): ((ConnId, String), Count)| {
            let Count { is_up, datagrams, bytes } = count;
            let (from, to) = if is_up { ("client", "server") } else { ("server", "client") };
            let size = counts::counted(bytes, "byte");
            let what = if datagrams == 1 {
                format!("a datagram of {size} of the {from} was")
            } else {
                format!("{} datagrams ({size}) of the {from} were", counts::count(datagrams))
            };
            (conn, format!("{what} not passed on to the {to}: {why}"))
        };
        std::mem::take(&mut self.counts).into_iter().map(told).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::id::SessionId;

    #[test]
    fn what_was_lost_for_one_reason_is_one_row_with_its_count() {
        let conn = |index| SessionId(1).conn(index);
        let mut lost = LostDatagrams::default();
        assert_eq!(lost.told_at(), None);
        lost.add(conn(2), true, 5, "full".into());
        lost.add(conn(2), true, 7, "full".into());
        lost.add(conn(1), false, 3, "refused".into());
        assert!(lost.told_at().is_some());
        let told = lost.take();
        assert_eq!(
            told,
            [
                (
                    conn(1),
                    "a datagram of 3 bytes of the server was not passed on to the client: refused"
                        .to_owned()
                ),
                (
                    conn(2),
                    "2 datagrams (12 bytes) of the client were not passed on to the server: full"
                        .to_owned()
                ),
            ]
        );
        assert!(lost.take().is_empty() && lost.told_at().is_none());
    }
}
