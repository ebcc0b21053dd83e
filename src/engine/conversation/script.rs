//! The scripted start of a session: send this, expect that. Pure but for deadlines.

use std::collections::VecDeque;
use std::ops::RangeInclusive;
use std::time::Duration;

use bytes::Bytes;
use tokio::time::Instant;

use super::awaiting::Awaiting;
use crate::model::awaited::{AWAITED_BYTES, AwaitedPlan, QUOTED, quoted};
use crate::model::counts::counted;
use crate::model::failure::Failure;
use crate::model::plan::StepPlan;

/// Steps still to do, in order.
#[derive(Debug, Default)]
pub(crate) struct Script {
    steps: VecDeque<StepPlan>,
    number: usize,
    /// How many of those that are done were told of.
    told: usize,
    /// Received and not used by an expectation yet.
    seen: Vec<u8>,
    /// The expectation in front, once it is its turn.
    awaiting: Option<Awaiting>,
    /// When that has waited long enough.
    deadline: Option<(Instant, Duration)>,
}

impl Script {
    /// At its first step; no deadline runs before an expectation is in front.
    pub(crate) fn new(steps: Vec<StepPlan>) -> Self {
        Script { steps: steps.into(), ..Script::default() }
    }

    /// Hands out what is to be sent before the next expectation; true when the last step was done
    /// by that.
    pub(crate) fn play(&mut self, mut send: impl FnMut(Bytes)) -> bool {
        let was_over = self.is_over();
        while let Some(data) = self.next_send() {
            send(data);
        }
        !was_over && self.is_over()
    }

    /// Steps that were done since this was asked last, counted from 1.
    pub(crate) fn newly_done(&mut self) -> RangeInclusive<usize> {
        let before = std::mem::replace(&mut self.told, self.number);
        before + 1..=self.number
    }

    fn is_over(&self) -> bool {
        self.steps.is_empty()
    }

    /// Bytes to send now, if sending is what comes next. Call until `None`.
    fn next_send(&mut self) -> Option<Bytes> {
        loop {
            match self.steps.front()? {
                StepPlan::Send(data) => {
                    let data = data.clone();
                    self.step_done();
                    return Some(data);
                }
                StepPlan::Expect { awaited, within } => {
                    let awaiting = self.awaiting.get_or_insert_with(|| Awaiting::new(awaited));
                    let Some(end) = awaiting.end_in(&self.seen) else {
                        self.deadline.get_or_insert_with(|| (Instant::now() + *within, *within));
                        return None;
                    };
                    self.seen.drain(..end);
                    self.step_done();
                }
            }
        }
    }

    fn step_done(&mut self) {
        self.steps.pop_front();
        self.number += 1;
        (self.awaiting, self.deadline) = (None, None);
        if self.is_over() {
            self.seen = Vec::new();
        }
    }

    /// Bytes for expectations to look in; only the newest 1 MiB is kept.
    pub(crate) fn received(&mut self, data: &[u8]) {
        if self.is_over() {
            return;
        }
        self.seen.extend_from_slice(data);
        let surplus = self.seen.len().saturating_sub(AWAITED_BYTES);
        if let Some(awaiting) = self.awaiting.as_mut().filter(|_| surplus > 0) {
            awaiting.cut(surplus);
        }
        self.seen.drain(..surplus);
    }

    /// When the expectation in front has waited long enough.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.deadline.map(|(due, _)| due)
    }

    /// The deadline has passed.
    pub(crate) fn late(&self, peer: &str) -> Option<Failure> {
        let (_, within) = self.deadline?;
        let what = format!("{} did not come within {} ms", self.expected()?, within.as_millis());
        Some(self.failed(peer, &what))
    }

    /// The peer will send nothing more; a failure if something was still expected.
    pub(crate) fn peer_finished(&self, peer: &str) -> Option<Failure> {
        let what = format!("the peer finished sending before {} came", self.expected()?);
        Some(self.failed(peer, &what))
    }

    fn failed(&self, peer: &str, what: &str) -> Failure {
        Failure::of_step(peer, self.number + 1, what, &self.instead())
    }

    fn expected(&self) -> Option<String> {
        self.steps.iter().find_map(|step| match step {
            StepPlan::Expect { awaited, .. } => Some(awaited.words()),
            StepPlan::Send(_) => None,
        })
    }

    fn instead(&self) -> String {
        if self.seen.is_empty() {
            return "nothing came".to_owned();
        }
        if let Some(StepPlan::Expect { awaited: AwaitedPlan::Length(_), .. }) = self.steps.front() {
            return format!("{} came", counted(self.seen.len() as u64, "byte"));
        }
        let start = self.seen.len().saturating_sub(QUOTED);
        format!("the last bytes were {}", quoted(&self.seen[start..]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn send(text: &'static str) -> StepPlan {
        StepPlan::Send(Bytes::from_static(text.as_bytes()))
    }

    fn expect(text: &'static str) -> StepPlan {
        let awaited = AwaitedPlan::Bytes(Bytes::from_static(text.as_bytes()));
        StepPlan::Expect { awaited, within: Duration::from_secs(1) }
    }

    #[tokio::test]
    async fn a_send_waits_for_the_expectation_before_it() {
        let mut script =
            Script::new(vec![expect("220"), send("HELO"), expect("250"), send("QUIT")]);
        assert_eq!(script.next_send(), None);
        script.received(b"22");
        assert_eq!(script.next_send(), None);
        assert!(script.newly_done().is_empty());
        script.received(b"0 hello\r\n250");
        assert_eq!(script.next_send().unwrap(), "HELO");
        assert_eq!(script.newly_done(), 1..=2);
        assert_eq!(script.next_send().unwrap(), "QUIT", "250 came before it was its turn");
        assert_eq!(script.newly_done(), 3..=4);
        assert_eq!(script.next_send(), None);
        assert!(script.is_over() && script.deadline().is_none());
    }

    #[tokio::test]
    async fn a_late_expectation_says_what_came_instead() {
        let mut script = Script::new(vec![send("a"), expect("PONG")]);
        assert_eq!(script.next_send().unwrap(), "a");
        assert_eq!(script.next_send(), None);
        assert!(script.deadline().is_some());
        script.received(b"500 no\n");
        let failure = script.late("h:1").unwrap();
        assert_eq!(
            failure.cause,
            "step 2: 'PONG' did not come within 1000 ms; the last bytes were '500 no\\n'"
        );
        assert!(script.peer_finished("h:1").unwrap().cause.contains("before 'PONG' came"));
    }

    #[tokio::test]
    async fn every_kind_of_expectation_says_what_it_waited_for() {
        for (awaited, came, why) in [
            (AwaitedPlan::Pattern(vec![Some(1), None]), "x", "hex 01 ?? did not come"),
            (AwaitedPlan::Matches(r"^2\d\r$".into()), "x", r"what matches '^2\d\r$' did not come"),
            (
                AwaitedPlan::Length(12),
                "12345",
                "12 bytes did not come within 1000 ms; 5 bytes came",
            ),
            (AwaitedPlan::Json(serde_json::json!({ "id": 7 })), "{", "JSON that has '{\"id\":7}'"),
        ] {
            let within = Duration::from_secs(1);
            let mut script = Script::new(vec![StepPlan::Expect { awaited, within }]);
            script.received(came.as_bytes());
            assert_eq!(script.next_send(), None);
            let cause = script.late("h:1").unwrap().cause;
            assert!(cause.contains(why), "{cause}");
        }
    }

    #[tokio::test]
    async fn what_fell_out_of_the_buffer_is_searched_no_more() {
        let mut script = Script::new(vec![expect("end")]);
        for _ in 0..20 {
            script.received(&vec![b'x'; 100_000]);
            assert_eq!(script.next_send(), None);
        }
        script.received(b"end");
        assert_eq!(script.next_send(), None);
        assert!(script.is_over());
    }

    #[tokio::test]
    async fn an_expectation_is_found_across_reads() {
        let mut script = Script::new(vec![expect("abc")]);
        for byte in [b"a", b"b", b"c"] {
            assert!(!script.is_over());
            script.received(byte);
            assert_eq!(script.next_send(), None);
        }
        assert!(script.is_over());
    }
}
