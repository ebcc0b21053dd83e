//! What was received becomes something to send: a new draft on screen.

use super::focus::Pane;
use super::format;
use super::intent::Intent;
use super::seen_request::request_of;
use super::shared::Shared;
use crate::interop::from_traffic;
use crate::model::exchange::Exchange;
use crate::model::id::RecordId;
use crate::model::record::Record;
use crate::model::spec::Spec;

/// Makes a draft of the request that a row of Traffic is of, or else of its bytes.
pub(crate) fn row(shared: &Shared, id: RecordId, row: &Record) -> Vec<Intent> {
    match request_of(shared, id) {
        Some((spec, remarks)) => with_remarks(spec, remarks),
        None => record(shared, row),
    }
}

/// Makes a draft of a TCP message or datagram.
pub fn record(shared: &Shared, record: &Record) -> Vec<Intent> {
    let Some(conn) = shared.timeline.conn(record.conn) else {
        return vec![Intent::Say("nothing is known about this connection any more".into())];
    };
    let mut intents = open(from_traffic::spec_from_record(record, conn));
    if record.original_len > record.data.len() as u64 {
        let kept = format::size(record.data.len() as u64);
        let cut = format!("only the first {kept} were kept; the draft sends those");
        intents.push(Intent::Warn(cut));
    }
    intents
}

/// Makes a draft of a request.
pub fn exchange(exchange: &Exchange, body: &[u8]) -> Vec<Intent> {
    let (spec, remarks) = from_traffic::spec_and_remarks(exchange, body);
    with_remarks(spec, remarks)
}

fn with_remarks(spec: Spec, remarks: Vec<String>) -> Vec<Intent> {
    let mut intents = open(spec);
    intents.extend(remarks.into_iter().next().map(Intent::Warn));
    intents
}

fn open(spec: Spec) -> Vec<Intent> {
    vec![
        Intent::OpenDraft(Box::new(spec)),
        Intent::Focus(Pane::Request),
        Intent::Say("a draft that sends it: [send] runs it, [save] saves it as a preset".into()),
    ]
}
