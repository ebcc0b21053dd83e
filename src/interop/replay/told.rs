//! What came of a conversation as a line of JSON, and its answers side by side.

use serde_json::json;

use super::run::ReplayRun;
use super::talk::{ReplayAnswers, ReplayTalk};
use super::verdict::ReplayVerdict;
use crate::codec::beside::{self, BesideRow};
use crate::interop::ndjson;
use crate::model::timing::Stamp;

/// The line of a conversation, without a line break; `to` is where it was said.
#[must_use]
pub fn line(talk: &ReplayTalk, verdict: &ReplayVerdict, to: &str, at: Stamp) -> String {
    let (sent, of) = verdict.sent;
    let [old, new] = verdict.lens;
    let first =
        verdict.first.map(|place| json!({ "datagram": place.datagram, "offset": place.offset }));
    ndjson::line(
        "replay",
        at,
        json!({
            "conn": talk.conn.id.to_string(),
            "proto": talk.conn.protocol.into_str(),
            "to": to,
            "sent": sent,
            "of": of,
            "bytes": verdict.bytes,
            "old_len": old,
            "new_len": new,
            "same": verdict.is_same,
            "equal": verdict.is_equal,
            "first_difference": first,
            "waited_in_vain": verdict.in_vain,
            "failure": verdict.failed,
            "ended": verdict.ended,
        }),
    )
}

impl ReplayRun {
    /// Old and new answers of a conversation side by side, from where they differ on; none where they
    /// do not.
    #[must_use]
    pub fn beside(&self, talk: usize, rows: usize) -> Vec<BesideRow> {
        let (Some(it), Some(answers)) = (self.talk(talk), self.answers(talk)) else {
            return Vec::new();
        };
        if answers[1].len == 0 {
            return Vec::new();
        }
        let number = it.is_datagrams().then(|| self.verdict(talk)?.first?.datagram).flatten();
        let part = |answers: &ReplayAnswers| match number {
            Some(number) => {
                answers.messages.get(number - 1).map_or_else(Vec::new, |it| it.to_vec())
            }
            None => answers.joined(),
        };
        let [old, new] = answers.map(part);
        beside::rows(&old, &new, rows)
    }
}
