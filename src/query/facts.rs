//! What tests ask about one record, besides its connection.
//!
//! Whoever asks fills in what the expression reads (`Reads`) and leaves the rest as it is.

use std::collections::BTreeMap;

use super::request_parts::cookie_values;
use super::subject::TextOf;
use crate::codec::web_socket::told;
use crate::model::exchange_facts::ExchangeFacts;
use crate::model::fault::FaultMarks;
use crate::model::record::{Direction, Record, RecordKind};
use crate::model::timing::{Lapse, Stamp};

/// From this status on an answer is an error (RFC 9110, sections 15.5 and 15.6).
const ERRORS: u16 = 400;

/// A record as tests see it.
#[derive(Debug, Clone, Copy)]
pub struct RecordFacts<'a> {
    pub at: Stamp,
    pub direction: Direction,
    pub kind: RecordKind,
    /// Bytes that crossed.
    pub len: u64,
    /// Bytes that were kept; may be empty for a filter that reads none.
    pub data: &'a [u8],
    /// Since the record before on its connection.
    pub delta: Lapse,
    /// Since what it answers.
    pub latency: Lapse,
    /// The exchange it is of.
    pub exchange: Option<&'a ExchangeFacts>,
    /// Which record it is of all that whoever asks has.
    pub number: Option<u64>,
    pub is_marked: bool,
    pub comment: Option<&'a str>,
    /// What a relay's faults did to it.
    pub faults: FaultMarks,
    /// What it is as a message of WebSocket.
    pub message: Option<&'static str>,
    /// What rules of a listener set, for a rule of it.
    pub state: Option<&'a BTreeMap<String, String>>,
}

impl<'a> RecordFacts<'a> {
    /// A record of which nothing is known but itself.
    #[must_use]
    pub fn of(record: &'a Record) -> Self {
        RecordFacts {
            at: record.at,
            direction: record.direction,
            kind: record.kind,
            len: record.original_len,
            data: &record.data,
            delta: Lapse::NONE,
            latency: Lapse::NONE,
            exchange: None,
            number: None,
            is_marked: false,
            comment: None,
            faults: record.faults,
            message: told::kind(&record.frames),
            state: None,
        }
    }

    /// Status of the answer.
    pub(super) fn status(&self) -> Option<u16> {
        self.exchange?.status
    }

    /// What a relay did to it, or to the message that it is of.
    pub(super) fn marks(&self) -> FaultMarks {
        let of_message = self.exchange.filter(|_| self.kind == RecordKind::Data);
        let of_message = of_message.map(|it| it.marks(self.direction));
        self.faults.with(of_message.unwrap_or_default())
    }

    /// What failed, was reset, or says as an answer that something was wrong.
    pub(crate) fn is_error(&self) -> bool {
        let is_answer = |it: &&ExchangeFacts| it.answers(self.direction);
        match self.kind {
            RecordKind::Failed | RecordKind::Reset => true,
            RecordKind::Data => {
                let status = self.exchange.filter(is_answer).and_then(|it| it.status);
                status.is_some_and(|status| status >= ERRORS)
            }
            _ => false,
        }
    }

    /// The texts it has of this kind.
    pub(super) fn texts<'b>(&'b self, of: &'b TextOf) -> impl Iterator<Item = &'b [u8]> {
        let exchange = self.exchange;
        let one = match of {
            TextOf::Method => exchange.map(|it| it.method().as_bytes()),
            TextOf::Path => exchange.map(|it| it.path().as_bytes()),
            TextOf::Host => exchange.map(|it| it.host().as_bytes()).filter(|host| !host.is_empty()),
            TextOf::Comment => self.comment.map(str::as_bytes),
            TextOf::Error => self.is_error().then_some(self.data),
            TextOf::State(name) => self.state.and_then(|it| it.get(name)).map(String::as_bytes),
            TextOf::Header(_) | TextOf::Query(_) | TextOf::Cookie(_) | TextOf::Contract => None,
        };
        let name = match of {
            TextOf::Header(name) => name.as_bytes(),
            _ => &[],
        };
        let named = exchange.filter(|_| !name.is_empty()).map(|it| it.values(name));
        let contract =
            exchange.filter(|_| *of == TextOf::Contract).and_then(|it| it.contract.as_deref());
        let told = contract.into_iter().flat_map(|it| it.told().map(str::as_bytes));
        let brought = match of {
            TextOf::Cookie(name) => exchange.map(|it| (it.values(b"cookie"), name.as_str())),
            _ => None,
        };
        let brought = brought
            .into_iter()
            .flat_map(|(lines, name)| lines.flat_map(move |line| cookie_values(line, name)));
        one.into_iter().chain(named.into_iter().flatten()).chain(told).chain(brought)
    }

    /// The bytes behind the head of a message, or all of them where there are no heads.
    pub(super) fn body(&self) -> Option<&'a [u8]> {
        let has_head = self.exchange.is_some() && is_head(self.data);
        let end = memchr::memmem::find(self.data, b"\r\n\r\n").filter(|_| has_head);
        match (has_head, end) {
            (true, None) => None,
            (true, Some(at)) => self.data.get(at + 4..),
            (false, _) => Some(self.data),
        }
    }
}

/// Whether bytes begin with the first line of a message.
fn is_head(data: &[u8]) -> bool {
    let line = data.split(|byte| *byte == b'\r').next().unwrap_or_default();
    line.starts_with(b"HTTP/1.")
        || line.windows(8).next_back().is_some_and(|it| it.starts_with(b"HTTP/1."))
}
