//! Exchanges that were seen while a program had the terminal, with their bodies: they are looked at and
//! exported when it has ended.
//!
//! Bodies stay with the engine that took them in, which has its own bounds for them; heads are bounded here.

use std::collections::VecDeque;

use crate::engine::EngineHandle;
use crate::model::exchange::{Exchange, FieldLine, Head, HttpMessage};
use crate::model::id::{BodyId, ConnId};
use crate::model::view::ViewPart;

/// Memory of heads and texts; the oldest go.
const MEMORY: usize = 48 * 1024 * 1024;
/// Bytes of a body that are looked at again; of what is longer the length is told.
const BODY: usize = 64 * 1024 * 1024;

/// See the module.
#[derive(Debug, Default)]
pub struct SeenExchanges {
    kept: VecDeque<Exchange>,
    cost: usize,
}

impl SeenExchanges {
    /// One is over; it is of this connection now.
    pub(super) fn push(&mut self, exchange: &Exchange, conn: ConnId) {
        let exchange = Exchange { conn, ..exchange.clone() };
        self.cost += cost(&exchange);
        self.kept.push_back(exchange);
        while self.cost > MEMORY
            && let Some(oldest) = self.kept.pop_front()
        {
            self.cost = self.cost.saturating_sub(cost(&oldest));
        }
    }

    /// Each of them, its bodies in another engine than the one they came in; may read from the disk.
    pub fn moved(self, from: &EngineHandle, to: &EngineHandle) -> impl Iterator<Item = Exchange> {
        let moved = |id: BodyId| {
            let bytes = from.read_body(id, ViewPart::Decoded, 0, BODY).unwrap_or_default();
            to.keep_body(&bytes)
        };
        self.kept.into_iter().map(move |mut exchange| {
            exchange.request.body.id = moved(exchange.request.body.id);
            if let Some(response) = &mut exchange.response {
                response.body.id = moved(response.body.id);
            }
            exchange
        })
    }
}

/// Memory it takes.
fn cost(exchange: &Exchange) -> usize {
    let head = |head: &Head| {
        let lines = head.fields.iter().map(|it: &FieldLine| it.name.len() + it.value.len());
        head.raw.len() + lines.sum::<usize>() + size_of_val(&*head.fields)
    };
    let message = |it: &HttpMessage| head(&it.head);
    let response = exchange.response.as_ref().map_or(0, message);
    size_of::<Exchange>() + exchange.url.len() + message(&exchange.request) + response
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::id::SessionId;
    use crate::model::protocol::Side;
    use crate::model::timing::Stamp;

    #[test]
    fn the_oldest_go_when_there_is_no_room() {
        let conn = SessionId::FOREIGN.conn(1);
        let mut seen = SeenExchanges::default();
        for number in 0..3 {
            let request = HttpMessage::default();
            let begun =
                Exchange::begun(Side::Relay, SessionId(1).conn(1), number, request, Stamp(0));
            seen.push(&Exchange { url: "u".repeat(MEMORY / 2 - 1024), ..begun }, conn);
        }
        let kept: Vec<_> = seen.kept.iter().map(|it| (it.conn, it.number)).collect();
        assert_eq!(kept, [(conn, 1), (conn, 2)]);
        assert!(seen.cost <= MEMORY);
    }
}
