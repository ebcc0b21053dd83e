//! Whom a UDP socket answers by itself: whoever a rule fits, but no socket of ours that does the
//! same, and nobody faster than the rate. The sender of a datagram can be forged.
//!
//! What was not answered is counted by peer and told now and then, so that the note of a flood is no
//! flood of notes.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use tokio::time::Instant;

use super::allowance::Allowances;
use super::own_sockets::{self, AnswererGuard};
use crate::engine::rules::{Answer, Rules};
use crate::model::counts;
use crate::model::endpoint::is_group;

/// Notes about what was not answered come together, this long after the first of it.
const TOLD_AFTER: Duration = Duration::from_millis(500);
/// Peers named each time; those of others are added up.
const NAMED: usize = 8;

/// Why a datagram got no answer though a rule fits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Held {
    OwnSocket,
    TooFast,
    NoSender,
}

/// The automatic answers of one socket.
#[derive(Debug)]
pub(crate) struct Answerer {
    rules: Rules,
    rate: u32,
    allowances: Allowances,
    announced: Vec<AnswererGuard>,
    held: BTreeMap<(SocketAddr, Held), u64>,
    held_of_others: u64,
    told_at: Option<Instant>,
}

impl Answerer {
    /// `rate`: answers a second for each peer.
    pub(crate) fn new(rules: Rules, rate: u32) -> Self {
        Answerer {
            rules,
            rate,
            allowances: Allowances::new(rate),
            announced: Vec::new(),
            held: BTreeMap::new(),
            held_of_others: 0,
            told_at: None,
        }
    }

    /// Lets every listener of ours know that sockets bound there answer by themselves, if they do.
    pub(super) fn announce(&mut self, locals: impl Iterator<Item = SocketAddr>) {
        let answers = !self.rules.is_empty();
        self.announced = locals.filter(|_| answers).map(AnswererGuard::new).collect();
    }

    /// Answers by other rules from now on; to be announced.
    pub(super) fn change(&mut self, rules: Rules, rate: u32) {
        self.rules = rules.following(&self.rules);
        if rate != self.rate {
            (self.rate, self.allowances) = (rate, Allowances::new(rate));
        }
    }

    /// Answers nothing any more.
    pub(super) fn stop(&mut self) {
        self.rules = Rules::default();
    }

    /// What to send back to a datagram.
    pub(super) fn answer(&mut self, from: SocketAddr, data: &Bytes) -> Option<Answer> {
        let answer = self.rules.answer(data)?;
        let now = Instant::now();
        let held = if from.port() == 0 || is_group(from.ip()) {
            Held::NoSender
        } else if own_sockets::answers_by_itself(from) {
            Held::OwnSocket
        } else if !self.allowances.take(from, now) {
            Held::TooFast
        } else {
            return Some(answer);
        };
        self.hold(from, held, now);
        None
    }

    fn hold(&mut self, from: SocketAddr, why: Held, now: Instant) {
        self.told_at = self.told_at.or(Some(now + TOLD_AFTER));
        if self.held.len() < NAMED || self.held.contains_key(&(from, why)) {
            *self.held.entry((from, why)).or_default() += 1;
        } else {
            self.held_of_others += 1;
        }
    }

    /// When to ask for [`notes`](Self::notes).
    pub(super) fn told_at(&self) -> Option<Instant> {
        self.told_at
    }

    /// What was not answered since they were asked for the last time, in words; with the peer, if
    /// it is one.
    pub(super) fn notes(&mut self) -> Vec<(Option<SocketAddr>, String)> {
        self.told_at = None;
        let rate = self.rate;
        let word = |((from, why), count)| (Some(from), words(from, why, rate, count));
        let mut notes: Vec<_> = std::mem::take(&mut self.held).into_iter().map(word).collect();
        let others = std::mem::take(&mut self.held_of_others);
        if others > 0 {
            let text = format!("{} of other senders not answered either", datagrams(others));
            notes.push((None, text));
        }
        notes
    }
}

fn words(from: SocketAddr, why: Held, rate: u32, count: u64) -> String {
    let count = datagrams(count);
    match why {
        Held::OwnSocket => format!(
            "{from} is a listener of wirebench that answers by itself, too: {count} not answered, \
             or both would go on for ever"
        ),
        Held::TooFast => format!(
            "{from} gets {rate} automatic answers a second (option answer-rate): {count} not answered"
        ),
        Held::NoSender => format!("{from} cannot be answered: {count} not answered"),
    }
}

fn datagrams(count: u64) -> String {
    counts::counted_were(count, "datagram")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::plan::{AnswerPart, RulePlan, WhenPlan};

    fn echo(rate: u32) -> Answerer {
        let (when, send) = (WhenPlan::Always, vec![AnswerPart::Message]);
        let rules =
            Rules::new(vec![RulePlan { id: 0, when, send, delay: Duration::ZERO }]).unwrap();
        Answerer::new(rules, rate)
    }

    fn answered(answerer: &mut Answerer, from: &str, times: u32) -> usize {
        let from = from.parse().unwrap();
        let data = Bytes::from_static(b"the same");
        (0..times).filter(|_| answerer.answer(from, &data).is_some()).count()
    }

    #[test]
    fn equal_bytes_of_a_peer_are_answered_up_to_the_rate_and_the_rest_is_told_at_once() {
        let mut answerer = echo(100);
        assert_eq!(answered(&mut answerer, "192.0.2.1:5", 100), 100);
        assert_eq!(answerer.told_at(), None);
        let more = answered(&mut answerer, "192.0.2.1:5", 1_000);
        assert!(answerer.told_at().is_some());
        let notes = answerer.notes();
        let [(Some(_), text)] = notes.as_slice() else { panic!("{notes:?}") };
        let left = counts::counted_were(1_000 - more as u64, "datagram");
        assert!(text.ends_with(&format!("(option answer-rate): {left} not answered")), "{text}");
        assert!(answerer.notes().is_empty() && answerer.told_at().is_none());
    }

    #[test]
    fn who_answers_by_itself_and_who_is_nobody_is_not_answered() {
        let mut answerer = echo(100);
        let own = std::net::UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        answerer.announce([own].into_iter());
        assert_eq!(answered(&mut answerer, &own.to_string(), 3), 0);
        assert_eq!(answered(&mut answerer, "127.0.0.1:0", 1), 0);
        assert_eq!(answered(&mut answerer, "239.1.2.3:9", 1), 0);
        let notes = answerer.notes();
        assert_eq!(notes.len(), 3);
        assert!(notes.iter().any(|(from, text)| *from == Some(own)
            && text.contains("3 datagrams were not answered, or both would go on for ever")));
    }

    #[test]
    fn a_flood_of_senders_is_told_in_few_words() {
        let mut answerer = echo(1);
        for port in 1..=1_000 {
            answered(&mut answerer, &format!("192.0.2.1:{port}"), 2);
        }
        let notes = answerer.notes();
        assert_eq!(notes.len(), NAMED + 1);
        let others = format!("{} datagrams were of other senders not answered", 1_000 - NAMED);
        assert!(notes[NAMED].1.starts_with(&others), "{notes:?}");
    }
}
