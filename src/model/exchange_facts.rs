//! What a filter asks about an exchange: a request line, a status, headers. Made of an
//! [`Exchange`] by whoever has one; kept by the timeline for as long as records of it may be asked
//! about, so it holds no bodies.

use std::sync::Arc;

use bytes::BytesMut;

use super::contract_facts::ContractFacts;
use super::exchange::{Exchange, ExchangeState, FieldLine, Head, StartLine};
use super::fault::{FaultMarks, MessageMarks};
use super::id::ConnId;
use super::record::Direction;
use super::timing::Stamp;
use super::url_text::UrlText;

/// One exchange as filters see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExchangeFacts {
    pub conn: ConnId,
    /// Which of its session.
    pub number: u32,
    pub started: Stamp,
    /// `None` = it goes on.
    pub ended: Option<Stamp>,
    /// Whether the peer asks and we answer.
    pub is_served: bool,
    /// Method, path and host, one behind the other, and where the first two end.
    words: Box<str>,
    word_ends: (usize, usize),
    pub status: Option<u16>,
    /// What a relay did to its messages.
    pub touched: MessageMarks,
    /// How it stands to its contract.
    pub contract: Option<Arc<ContractFacts>>,
    /// How many of the headers are of the request; those of the answer follow.
    asked: usize,
    fields: Vec<FieldLine>,
}

impl ExchangeFacts {
    /// What is known of an exchange now.
    #[must_use]
    pub fn of(exchange: &Exchange) -> Self {
        let (method, target) = match &exchange.request.head.start {
            StartLine::Request { method, target, .. } => (method.as_str(), target.as_str()),
            StartLine::Response { .. } | StartLine::Unknown => ("", ""),
        };
        let url = UrlText::literal(&exchange.url);
        let path = if target.starts_with('/') { target } else { url.target };
        let response = exchange.response.as_ref().map(|response| &response.head);
        let count = |head: &Head| head.fields.len();
        let in_all = count(&exchange.request.head) + response.map_or(0, count);
        let mut fields = Vec::with_capacity(in_all);
        let heads = std::iter::once(&exchange.request.head).chain(response);
        copy_fields(heads.flat_map(|head| &head.fields), &mut fields);
        ExchangeFacts {
            conn: exchange.conn,
            number: exchange.number,
            started: exchange.started,
            ended: (exchange.state != ExchangeState::Active)
                .then(|| exchange.started + exchange.timing.total),
            is_served: exchange.side.listens(),
            words: [method, path, url.host].concat().into(),
            word_ends: (method.len(), method.len() + path.len()),
            status: response.and_then(Head::status),
            touched: exchange.touched,
            contract: exchange.contract.clone(),
            asked: count(&exchange.request.head),
            fields,
        }
    }

    /// Method of the request.
    #[must_use]
    pub fn method(&self) -> &str {
        self.words.split_at(self.word_ends.0).0
    }

    /// What it asked for, with the query.
    #[must_use]
    pub fn path(&self) -> &str {
        self.words.split_at(self.word_ends.1).0.split_at(self.word_ends.0).1
    }

    /// The host it was for, without the port.
    #[must_use]
    pub fn host(&self) -> &str {
        self.words.split_at(self.word_ends.1).1
    }

    /// Values of the headers of this name, in lower case, of the request and of its answer.
    pub(crate) fn values<'a>(&'a self, name: &'a [u8]) -> impl Iterator<Item = &'a [u8]> {
        let is_named = move |field: &&FieldLine| field.name.eq_ignore_ascii_case(name);
        self.fields.iter().filter(is_named).map(|field| &*field.value)
    }

    /// Names of its headers, as they crossed.
    pub(crate) fn header_names(&self) -> impl Iterator<Item = &[u8]> {
        self.fields.iter().map(|field| &*field.name)
    }

    /// Headers of the message that goes in this direction.
    pub(crate) fn fields_of(&self, direction: Direction) -> &[FieldLine] {
        let (request, answer) = self.fields.split_at(self.asked.min(self.fields.len()));
        if self.answers(direction) { answer } else { request }
    }

    /// Whether what goes in this direction is the answer.
    pub(crate) fn answers(&self, direction: Direction) -> bool {
        direction == if self.is_served { Direction::Sent } else { Direction::Received }
    }

    /// What a relay did to the message that goes in this direction.
    pub(crate) fn marks(&self, direction: Direction) -> FaultMarks {
        if self.answers(direction) { self.touched.response } else { self.touched.request }
    }

    /// What differs from the contract in the message that goes in this direction.
    pub fn differences(&self, direction: Direction) -> usize {
        let is_answer = self.answers(direction);
        let findings = self.contract.as_ref().map_or(&[][..], |contract| &contract.findings);
        findings.iter().filter(|it| it.starts_with("response: ") == is_answer).count()
    }

    /// Memory it takes.
    pub(crate) fn cost(&self) -> usize {
        let line = |field: &FieldLine| field.name.len() + field.value.len();
        let fields: usize = self.fields.iter().map(line).sum();
        let contract = self.contract.as_ref().map_or(0, |contract| contract.cost());
        size_of::<Self>()
            + self.words.len()
            + contract
            + fields
            + self.fields.len() * size_of::<FieldLine>()
    }
}

/// A slice of a head would keep all that it was read from: the lines are copied, in one piece.
fn copy_fields<'a>(fields: impl Iterator<Item = &'a FieldLine> + Clone, into: &mut Vec<FieldLine>) {
    let len = |field: &FieldLine| field.name.len() + field.value.len();
    let mut lines = BytesMut::with_capacity(fields.clone().map(len).sum());
    for field in fields.clone() {
        lines.extend_from_slice(&field.name);
        lines.extend_from_slice(&field.value);
    }
    let mut lines = lines.freeze();
    into.extend(fields.map(|field| FieldLine {
        name: lines.split_to(field.name.len()),
        value: lines.split_to(field.value.len()),
    }));
}
