//! The options of what goes wrong with an answer on purpose.

use crate::model::field::{Options, Presence, ValueKind, fields};
use crate::model::http_answer::{AnswerFault, AnswerFaultKind};

const MOST: i64 = u32::MAX as i64;
const REQUIRED: Presence = Presence::Required;

impl Options for AnswerFault {
    fields! {
        "", ValueKind::Variant(&["none", "rate", "split", "reset", "half-close", "stall", "wrong-length", "bad-chunk", "garbage"]), -,
            help: "What goes wrong with the answer on purpose.";
        "rate", ValueKind::Rate { min: 1, max: MOST }, (AnswerFault::Rate(value) => value), when: Some("rate"),
            presence: REQUIRED, label: "Bytes a second",
            help: "It drips out at so many bytes a second: 1000, or with a unit 64k, 64KiB/s.";
        "split", ValueKind::Size { min: 1, max: MOST }, (AnswerFault::Split(value) => value), when: Some("split"),
            presence: REQUIRED, label: "Bytes of a write at most",
            help: "It goes out in writes of so many bytes at most.";
        "reset", ValueKind::Size { min: 0, max: MOST }, (AnswerFault::Reset(value) => value), when: Some("reset"),
            presence: REQUIRED, label: "Bytes before the reset",
            help: "Behind so many bytes of the answer, head included, the connection is reset.";
        "half-close", ValueKind::Size { min: 0, max: MOST }, (AnswerFault::HalfClose(value) => value), when: Some("half-close"),
            presence: REQUIRED, label: "Bytes before the end",
            help: "Behind so many bytes of the answer, head included, the connection is closed; 0 answers nothing.";
        "stall", ValueKind::Size { min: 0, max: MOST }, (AnswerFault::Stall(value) => value), when: Some("stall"),
            presence: REQUIRED, label: "Bytes before nothing more comes",
            help: "Behind so many bytes of the answer nothing more comes, and the connection stays open.";
        "wrong-length", ValueKind::Number { min: -1_000_000_000, max: 1_000_000_000 }, (AnswerFault::WrongLength(value) => value),
            when: Some("wrong-length"), presence: REQUIRED, label: "Told length off by",
            help: "Content-Length is so much larger than the body, or smaller below zero.";
        "bad-chunk", ValueKind::Size { min: 0, max: MOST }, (AnswerFault::BadChunk(value) => value), when: Some("bad-chunk"),
            presence: REQUIRED, label: "Body bytes before it",
            help: "The body goes out in chunks, and behind so many bytes of it stands a chunk that is none.";
        "garbage", ValueKind::Size { min: 1, max: 1_000_000 }, (AnswerFault::Garbage(value) => value), when: Some("garbage"),
            presence: REQUIRED, label: "Bytes",
            help: "So many bytes that are no HTTP in place of the answer.";
    }

    fn variant(&self) -> &'static str {
        self.kind().into()
    }

    fn switch(&mut self, word: &str) {
        *self = AnswerFault::of(word.parse().unwrap_or(AnswerFaultKind::None));
    }
}
