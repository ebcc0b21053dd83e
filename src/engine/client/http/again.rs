//! Streams of Server-Sent Events that are asked for again when their connection is over, behind the last event that came (WHATWG
//! HTML, section 9.2.3). Only where the request says so; every connection is an exchange of its own.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::codec::event_stream::is_event_stream;
use crate::engine::http::event_tap::EventTap;
use crate::engine::sink::Sink;
use crate::model::counts::counted;
use crate::model::exchange::Head;
use crate::model::failure::{Failure, FailureKind};
use crate::model::plan::HttpPlan;

/// The wait before the next connection, unless the stream says another; and the longest.
const WAIT: Duration = Duration::from_secs(3);
const LONGEST: Duration = Duration::from_secs(60);
/// Connections in a row that bring no stream, after which it is given up.
const TRIES: u32 = 5;

/// What is known of the stream of a session.
pub(super) struct StreamAgain {
    is_on: bool,
    tap: Mutex<Option<EventTap>>,
    last_id: String,
    wait: Duration,
    /// A stream came, so that failures are of it.
    has_streamed: bool,
    failed: u32,
}

impl StreamAgain {
    /// Of a request.
    pub(super) fn of(plan: &HttpPlan) -> Self {
        StreamAgain {
            is_on: plan.events.reconnect,
            tap: Mutex::new(None),
            last_id: String::new(),
            wait: WAIT,
            has_streamed: false,
            failed: 0,
        }
    }

    /// What reads the events of this answer; `None` = it is no such stream.
    pub(super) fn tap(&self, head: &Head, number: u32, events: &Sink) -> Option<EventTap> {
        let is_stream = head.field("content-type").is_some_and(|kind| is_event_stream(kind));
        let tap = is_stream.then(|| EventTap::new(events.clone(), number));
        self.tap.lock().unwrap_or_else(PoisonError::into_inner).clone_from(&tap);
        tap
    }

    /// What is asked next after this end of a hop, and after which wait; `None` = nothing is.
    pub(super) fn next(
        &mut self,
        plan: &HttpPlan,
        ended: Result<&Head, &Failure>,
    ) -> Option<(HttpPlan, Duration)> {
        let tap = self.tap.get_mut().unwrap_or_else(PoisonError::into_inner).take();
        let is_stopped = ended.is_err_and(|failure| failure.kind == FailureKind::Cancelled);
        if !self.is_on || is_stopped {
            return None;
        }
        if let Some(tap) = &tap {
            let (last_id, wait) = tap.place();
            if !last_id.is_empty() {
                self.last_id = last_id;
            }
            self.wait = wait.map_or(self.wait, Duration::from_millis).min(LONGEST);
            (self.has_streamed, self.failed) = (true, 0);
        } else {
            self.failed += 1;
        }
        // An answer that is no stream says that there is no more of it: 204, or something that went wrong.
        let goes_on = match ended {
            Ok(_) => tap.is_some(),
            Err(_) => self.has_streamed && self.failed < TRIES,
        };
        goes_on.then(|| (self.asked_again(plan), self.wait))
    }

    fn asked_again(&self, plan: &HttpPlan) -> HttpPlan {
        let mut next = plan.clone();
        let (id, wait) = (&self.last_id, counted(self.wait.as_millis() as u64, "millisecond"));
        let behind = if id.is_empty() { String::new() } else { format!(", behind event {id}") };
        next.notes = vec![format!("the stream is asked for again after {wait}{behind}")];
        if !id.is_empty() {
            next.headers.retain(|(name, _)| !name.eq_ignore_ascii_case("last-event-id"));
            next.headers.push(("Last-Event-ID".into(), id.clone()));
        }
        next
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::client::http::request::tests::asked;
    use crate::model::exchange::{FieldLine, StartLine};
    use crate::model::failure::Stage;
    use crate::model::id::SessionId;

    fn head(kind: &'static str) -> Head {
        let field = FieldLine { name: "Content-Type".into(), value: kind.into() };
        Head { raw: bytes::Bytes::new(), start: StartLine::Unknown, fields: vec![field] }
    }

    #[test]
    fn a_stream_is_asked_for_again_behind_its_last_event() {
        let mut plan = asked("GET", &[("last-event-id", "0")], b"");
        plan.events.reconnect = true;
        let mut again = StreamAgain::of(&plan);
        let stream = head("text/event-stream; charset=utf-8");
        let sink = Sink::new(SessionId(1));
        again.tap(&stream, 0, &sink).unwrap().push(b"id: 7\nretry: 10\ndata: x\n\n");
        let (next, wait) = again.next(&plan, Ok(&stream)).unwrap();
        assert_eq!(wait, Duration::from_millis(10));
        assert_eq!(next.headers, [("Last-Event-ID".to_owned(), "7".to_owned())]);
        assert_eq!(
            next.notes,
            ["the stream is asked for again after 10 milliseconds, behind event 7"]
        );
        // A wait of hours is not kept.
        again.tap(&stream, 1, &sink).unwrap().push(b"retry: 99999999\n");
        assert_eq!(again.next(&plan, Ok(&stream)).unwrap().1, LONGEST);
        let refused = Failure::new(Stage::Connect, "", FailureKind::Refused, "refused");
        let tries = (0..99).take_while(|_| again.next(&plan, Err(&refused)).is_some()).count();
        assert_eq!(tries as u32, TRIES - 1);
    }

    #[test]
    fn what_is_no_stream_or_was_stopped_is_not_asked_for_again() {
        let mut plan = asked("GET", &[], b"");
        let stream = head("text/event-stream");
        let sink = Sink::new(SessionId(1));
        let mut off = StreamAgain::of(&plan);
        off.tap(&stream, 0, &sink);
        assert!(off.next(&plan, Ok(&stream)).is_none());
        plan.events.reconnect = true;
        let mut again = StreamAgain::of(&plan);
        assert!(again.tap(&head("text/plain"), 0, &sink).is_none());
        assert!(again.next(&plan, Ok(&head("text/plain"))).is_none());
        again.tap(&stream, 1, &sink);
        let stopped = Failure::new(Stage::Body, "", FailureKind::Cancelled, "stopped");
        assert!(again.next(&plan, Err(&stopped)).is_none());
        let refused = Failure::new(Stage::Connect, "", FailureKind::Refused, "refused");
        assert!(again.next(&plan, Err(&refused)).is_none(), "no stream came yet");
    }
}
