//! How a conversation of `send` ends: nothing more came, or the session is over.

use std::time::Duration;

use super::{CliConversation, FIRST_REPLY, Link};
use crate::cli::headless::Headless;
use crate::cli::{exit, output, stdin};
use crate::engine::command::CloseMode;
use crate::model::counts::{count, counted_were};
use crate::model::end_address::EndAddress;
use crate::model::failure::{Failure, FailureKind, Stage};

impl CliConversation<'_> {
    /// Nothing more came: the end of the replies, or there was none.
    pub(super) async fn on_deadline(&mut self, headless: &mut Headless) -> Result<u8, Failure> {
        self.deadline = None;
        self.output.end_pieces();
        headless.close(CloseMode::Close).await;
        let unsent = self.in_flight.bytes();
        let arguments = self.arguments;
        let waited = arguments.timeout.or(arguments.wait).unwrap_or(FIRST_REPLY);
        let timed_out = |cause: String| {
            Err(Failure::new(Stage::Session, self.peer(), FailureKind::Timeout(waited), cause))
        };
        if unsent > 0 {
            let unsent = counted_were(unsent, "byte");
            return timed_out(format!("the peer took nothing for {waited:?}; {unsent} not sent"));
        }
        if !self.steps_done {
            return timed_out(format!("its steps were not done within {waited:?}"));
        }
        if self.input.is_some() && !self.awaits_reply {
            return Err(stdin::nothing_came(waited));
        }
        let asks_for_none = self.is_piped() && arguments.timeout.or(arguments.wait).is_none();
        if asks_for_none && self.link == Link::Up {
            let quiet =
                "the peer has not finished; left after 5 s of silence, --wait says how long";
            output::note(quiet);
        }
        let is_done = self.replies > 0
            || asks_for_none
            || self.is_piped() && self.is_left()
            || self.is_one_way()
            || arguments.wait == Some(Duration::ZERO)
            // What did not come is told by what was expected.
            || self.waits_for_answers();
        if self.input.is_none() && is_done {
            return Ok(exit::OK);
        }
        if self.is_left() {
            let (kind, cause) = (FailureKind::Truncated, "the peer finished without a reply");
            return Err(Failure::new(Stage::Session, self.peer(), kind, cause)
                .hint("none is asked for with --wait 0"));
        }
        let (others, hint) = match self.left_out {
            0 => (String::new(), "wait longer with --timeout, or not at all with --wait 0"),
            others => (
                format!(" ({} from others)", count(others)),
                "take replies of anybody with --any-peer",
            ),
        };
        timed_out(format!("no reply within {waited:?}{others}"))
            .map_err(|failure| failure.hint(hint))
    }

    /// How the peer is called.
    pub(super) fn peer(&self) -> String {
        let peer = self.conns.values().find_map(|conn| conn.peer.as_ref());
        let named = |peer: &EndAddress| match (&self.endpoint, peer.inet()) {
            (Some(endpoint), Some(address)) => endpoint.named(address),
            _ => peer.to_string(),
        };
        peer.map(named).unwrap_or_default()
    }

    /// The session is over, in this way.
    pub(super) fn finish<T>(&mut self, outcome: Result<T, Failure>) -> Result<u8, Failure> {
        self.output.end_pieces();
        let is_cut = self.input.is_some() || self.in_flight.pieces() > 0;
        outcome.map(|_| exit::OK).map_err(|mut failure| {
            let sent = self.totals.sent.bytes;
            if is_cut && sent > 0 {
                let sent = counted_were(sent, "byte");
                failure.cause = format!("{}; of the input {sent} sent", failure.cause);
            }
            failure
        })
    }
}

/// Whether the end of a peer's side says more than that it ended.
pub(super) fn is_odd(words: &str) -> bool {
    // Other codes of a close are failures, or say nothing more.
    let is_of_others = words.starts_with("close 3") || words.starts_with("close 4");
    words.contains("cut off") || words.contains("without a close frame") || is_of_others
}
