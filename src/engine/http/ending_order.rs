//! The exchanges of a listener are told in the order in which they ended.
//!
//! Called by the listener for each answer. The client whose answer just went out may ask anew and be
//! answered before the thread that wrote the first answer comes to telling of it; whoever looks on
//! would see the second one first. So a ticket is drawn before each turn of writing, and what ends in a
//! turn is told behind what ends in the turns before it. A turn never waits for a peer, so nobody is
//! held up by a slow one.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::{Mutex, PoisonError};
use std::task::Poll;

use crate::engine::sink::Sink;
use crate::model::exchange::Exchange;

/// The turns of a listener; one for each connection at most.
#[derive(Debug, Default)]
pub(crate) struct EndingOrder(Mutex<Turns>);

#[derive(Debug, Default)]
struct Turns {
    /// Ticket of the first that is not told.
    first: u64,
    /// From there on, ticket by ticket: no more than began while the first one goes on.
    untold: VecDeque<TurnState>,
}

#[derive(Debug)]
enum TurnState {
    GoesOn,
    /// With what ended in it.
    Over(Option<Box<Exchange>>),
}

/// A turn; over when it is dropped.
struct Turn<'a> {
    order: &'a EndingOrder,
    tell: &'a dyn Fn(Box<Exchange>),
    ticket: u64,
    ended: Option<Box<Exchange>>,
}

impl EndingOrder {
    /// Does what ends an exchange and tells of it.
    pub(crate) async fn told<T>(
        &self,
        to: &Sink,
        ends: impl Future<Output = (T, Box<Exchange>)>,
    ) -> T {
        let ends = async {
            let (outcome, exchange) = ends.await;
            (outcome, Some(exchange))
        };
        self.told_if(to, ends).await
    }

    /// The same where it may not be over yet.
    pub(crate) async fn told_if<T>(
        &self,
        to: &Sink,
        ends: impl Future<Output = (T, Option<Box<Exchange>>)>,
    ) -> T {
        let mut ends = pin!(ends);
        let tell = |exchange| to.exchange(exchange);
        poll_fn(|cx| {
            let mut turn = self.begin(&tell);
            let Poll::Ready((outcome, exchange)) = ends.as_mut().poll(cx) else {
                return Poll::Pending;
            };
            turn.ended = exchange;
            Poll::Ready(outcome)
        })
        .await
    }

    fn begin<'a>(&'a self, tell: &'a dyn Fn(Box<Exchange>)) -> Turn<'a> {
        let mut turns = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let ticket = turns.first + turns.untold.len() as u64;
        turns.untold.push_back(TurnState::GoesOn);
        Turn { order: self, tell, ticket, ended: None }
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let mut turns = self.order.0.lock().unwrap_or_else(PoisonError::into_inner);
        let at = (self.ticket - turns.first) as usize;
        if let Some(turn) = turns.untold.get_mut(at) {
            *turn = TurnState::Over(self.ended.take());
        }
        while let Some(TurnState::Over(ended)) = turns.untold.front_mut() {
            if let Some(exchange) = ended.take() {
                (self.tell)(exchange);
            }
            turns.untold.pop_front();
            turns.first += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;
    use crate::engine::clock;
    use crate::engine::http::exchange_recorder::empty_message;
    use crate::model::id::{BodyId, SessionId};
    use crate::model::protocol::Side;

    #[test]
    fn what_ends_first_is_told_first_whoever_comes_first() {
        let (order, told) = (EndingOrder::default(), RefCell::new(Vec::new()));
        let tell = |exchange: Box<Exchange>| told.borrow_mut().push(exchange.number);
        let exchange = |number| {
            let (conn, request) = (SessionId(1).conn(1), empty_message(BodyId(1)));
            Some(Box::new(Exchange::begun(Side::Listener, conn, number, request, clock::now())))
        };
        let mut first = order.begin(&tell);
        let waits = order.begin(&tell);
        let mut second = order.begin(&tell);
        let mut third = order.begin(&tell);
        (first.ended, second.ended, third.ended) = (exchange(1), exchange(2), exchange(3));
        drop(second);
        assert!(told.borrow().is_empty());
        drop(first);
        assert_eq!(*told.borrow(), [1]);
        // Its peer takes nothing just now, so it ends in a later turn.
        drop(waits);
        assert_eq!(*told.borrow(), [1, 2]);
        drop(third);
        assert_eq!(*told.borrow(), [1, 2, 3]);
        assert!(order.0.lock().unwrap().untold.is_empty());
    }
}
