//! Pings of ours: when the next one is due, and how long the peer took for its pong. Pure but for deadlines.

use std::time::Duration;

use bytes::Bytes;
use tokio::time::Instant;

/// Pings of one connection.
#[derive(Debug)]
pub(super) struct Pings {
    every: Option<Duration>,
    next: Option<Instant>,
    number: u64,
    /// The last one, and when it left; none once it was answered.
    open: Option<(Bytes, Option<Instant>)>,
}

impl Pings {
    /// One every so often; `None` = none.
    pub(super) fn new(every: Option<Duration>) -> Self {
        let every = every.filter(|every| !every.is_zero());
        Pings { every, next: every.map(|every| Instant::now() + every), number: 0, open: None }
    }

    /// When the next one is due.
    pub(super) fn next(&self) -> Option<Instant> {
        self.next
    }

    /// Begins one; gives what it says, and what is to be told of one before that has no answer.
    pub(super) fn begin(&mut self, now: Instant) -> (Bytes, Option<String>) {
        self.next = self.every.map(|every| now + every);
        self.number += 1;
        let payload = Bytes::from(self.number.to_string());
        let missed = self.open.replace((payload.clone(), None));
        let seconds = self.every.unwrap_or_default().as_secs_f64();
        let missed = missed.map(|(payload, _)| {
            format!(
                "the ping '{}' was not answered within {seconds} s",
                String::from_utf8_lossy(&payload)
            )
        });
        (payload, missed)
    }

    /// One has left.
    pub(super) fn left(&mut self, payload: &Bytes, now: Instant) {
        if let Some((_, at)) = self.open.as_mut().filter(|(open, _)| open == payload) {
            *at = Some(now);
        }
    }

    /// A pong came: what is to be said of it.
    pub(super) fn answered(&mut self, payload: &Bytes) -> String {
        match self.open.take_if(|(open, at)| open == payload && at.is_some()) {
            Some((_, Some(at))) => {
                format!("round trip {:.1} ms", at.elapsed().as_secs_f64() * 1000.0)
            }
            _ => "which no ping of ours asked for".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_pong_tells_the_round_trip_of_its_ping_once() {
        let mut pings = Pings::new(Some(Duration::from_secs(5)));
        let now = Instant::now();
        assert!(pings.next().is_some_and(|next| next > now));
        let (first, missed) = pings.begin(now);
        assert_eq!((&first[..], missed), (&b"1"[..], None));
        assert!(pings.answered(&first).contains("no ping"), "it has not left");
        pings.left(&first, now);
        assert!(pings.answered(&first).starts_with("round trip "));
        assert!(pings.answered(&first).contains("no ping"));
        let (second, _) = pings.begin(now);
        pings.left(&second, now);
        let (_, missed) = pings.begin(now);
        assert_eq!(missed.unwrap(), "the ping '2' was not answered within 5 s");
    }

    #[test]
    fn no_time_is_no_ping() {
        assert_eq!(Pings::new(None).next(), None);
        assert_eq!(Pings::new(Some(Duration::ZERO)).next(), None);
    }
}
