//! Exchanges of files that were opened, as far as there is room for them: exports write them.
//!
//! Filled by the flow of the engine's facts. Their bodies lie where those of sessions do, and go with them.

use std::collections::{HashMap, VecDeque};

use crate::model::capture_origin::CaptureSecrets;
use crate::model::exchange::{Exchange, FieldLine, Head, HttpMessage};
use crate::model::id::{BodyId, ConnId};

/// Memory of their heads and texts; the oldest go.
const MEMORY: usize = 48 * 1024 * 1024;
/// Bytes of secrets of captures.
const SECRETS: usize = 16 * 1024 * 1024;

/// See the module.
#[derive(Debug, Default)]
pub struct OpenedLog {
    /// With the number that the file has for each.
    kept: HashMap<(ConnId, u32), (Exchange, u32)>,
    /// In the order in which they were met.
    met: VecDeque<(ConnId, u32)>,
    cost: usize,
    /// What captures were decrypted with.
    secrets: Vec<CaptureSecrets>,
    /// Bytes of them.
    secret_bytes: usize,
}

impl OpenedLog {
    /// Learns of an exchange, or more about it; `called` is the number the file has for it. Returns the
    /// bodies that nothing refers to any more.
    pub(super) fn put(&mut self, exchange: Exchange, called: u32) -> Vec<BodyId> {
        let mut gone = Vec::new();
        let key = (exchange.conn, exchange.number);
        self.cost += cost(&exchange);
        match self.kept.insert(key, (exchange, called)) {
            Some((old, _)) => gone.extend(self.let_go(&old)),
            None => self.met.push_back(key),
        }
        while self.cost > MEMORY
            && let Some(oldest) = self.met.pop_front()
        {
            let old = self.kept.remove(&oldest);
            gone.extend(old.into_iter().flat_map(|(old, _)| self.let_go(&old)));
        }
        gone
    }

    fn let_go(&mut self, old: &Exchange) -> Vec<BodyId> {
        self.cost = self.cost.saturating_sub(cost(old));
        old.bodies().into_iter().filter(|id| *id != BodyId::default()).collect()
    }

    /// One of them, by the number that the file has for it.
    pub(super) fn get(&self, conn: ConnId, number: u32) -> Option<Exchange> {
        let (exchange, called) = self.kept.get(&(conn, number))?;
        Some(Exchange { number: *called, ..exchange.clone() })
    }
}

impl OpenedLog {
    /// Learns of secrets of a file; those that are known, and those without room, are let go.
    pub(super) fn keep_secrets(&mut self, secrets: Vec<CaptureSecrets>) {
        for secret in secrets {
            let len = secret.data.len();
            if self.secret_bytes + len <= SECRETS && !self.secrets.contains(&secret) {
                self.secret_bytes += len;
                self.secrets.push(secret);
            }
        }
    }

    /// All of them, in the order they came.
    pub(super) fn secrets(&self) -> &[CaptureSecrets] {
        &self.secrets
    }
}

/// Memory it takes.
fn cost(exchange: &Exchange) -> usize {
    let head = |head: &Head| {
        let line = |it: &FieldLine| it.name.len() + it.value.len();
        let fields: usize = head.fields.iter().map(line).sum();
        head.raw.len() + fields + size_of_val(&*head.fields)
    };
    let message = |it: &HttpMessage| head(&it.head);
    size_of::<Exchange>()
        + exchange.url.len()
        + message(&exchange.request)
        + exchange.response.as_ref().map_or(0, message)
        + exchange.interim.iter().map(head).sum::<usize>()
        + exchange.warnings.iter().map(String::len).sum::<usize>()
        + exchange.besides.as_ref().map_or(0, |it| it.entry.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::id::SessionId;
    use crate::model::protocol::Side;
    use crate::model::timing::Stamp;

    fn exchange(number: u32, url: usize, body: u64) -> Exchange {
        let conn = SessionId::FOREIGN.conn(1);
        let mut request = HttpMessage::default();
        request.body.id = BodyId(body);
        let begun = Exchange::begun(Side::Client, conn, number, request, Stamp(0));
        Exchange { url: "u".repeat(url), ..begun }
    }

    #[test]
    fn what_is_known_last_stays_and_the_oldest_go_with_their_bodies() {
        let mut log = OpenedLog::default();
        let conn = SessionId::FOREIGN.conn(1);
        assert!(log.put(exchange(0, 1, 0), 0).is_empty());
        assert!(log.put(exchange(0, 2, 7), 3).is_empty());
        assert_eq!(log.get(conn, 0).map(|it| (it.number, it.url.len())), Some((3, 2)));
        assert_eq!(log.put(exchange(0, 2, 8), 3), [BodyId(7)]);
        assert!(log.put(exchange(1, MEMORY / 2, 9), 1).is_empty());
        assert_eq!(log.put(exchange(2, MEMORY / 2, 10), 2), [BodyId(8), BodyId(9)]);
        assert!(log.get(conn, 0).is_none() && log.get(conn, 1).is_none());
        assert_eq!(log.get(conn, 2).map(|it| it.number), Some(2));
        assert_eq!(log.cost, cost(&exchange(2, MEMORY / 2, 10)));
    }
}
