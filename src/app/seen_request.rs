//! The HTTP request that a row of Traffic is of: as a draft, or as a curl command.
//!
//! Called by the traffic pane. Rows of HTTP, and of TCP in files, which do not say what it carried.

use super::shared::Shared;
use crate::compose::{UnknownNames, plan_with};
use crate::interop::curl;
use crate::interop::seen_request::{SaidBytes, spec_at};
use crate::model::field_access;
use crate::model::field_id::FieldId;
use crate::model::id::{RecordId, SessionId};
use crate::model::preset::Scope;
use crate::model::record::{ConnInfo, Direction, Record, RecordKind};
use crate::model::spec::Spec;
use crate::query::Filter;
use crate::timeline::picking::PickWish;

/// Bytes of a client that are looked through behind the row.
const BEHIND: usize = 16 * 1024 * 1024;

/// The request of a row, with what could not be carried over; `None` = it is of none.
pub(crate) fn request_of(shared: &Shared, id: RecordId) -> Option<(Spec, Vec<String>)> {
    let timeline = &shared.timeline;
    let record = timeline.get(id)?;
    let own = timeline.conn(record.conn)?;
    let conn = timeline.conn(own.told_under()).unwrap_or(own);
    let may_be_http = conn.capabilities().exchanges || conn.id.session == SessionId::FOREIGN;
    may_be_http.then_some(())?;
    spec_at(conn, &said(shared, conn, id)?, url(shared, &record))
}

/// The same as a curl command, which asks as often as the client did: it follows nothing.
///
/// # Errors
/// Why there is none.
pub(crate) fn curl_of(shared: &Shared, id: RecordId) -> Result<String, String> {
    let (mut spec, _) = request_of(shared, id).ok_or("this row is of no HTTP request")?;
    let _ = field_access::set(spec.options_mut(), &FieldId::new("redirects"), "0");
    let plan = plan_with(&spec, &Scope::default(), UnknownNames::Literal)
        .map_err(|issues| issues.first().map(ToString::to_string).unwrap_or_default())?;
    Ok(curl::write(&plan))
}

/// Where it went, where its exchange is known.
fn url(shared: &Shared, record: &Record) -> Option<String> {
    let number = shared.timeline.exchange_of(record)?.number;
    let session = shared.sessions.get(record.conn.session)?;
    let exchange = session.exchanges.iter().find(|it| it.number == number)?;
    Some(exchange.url.clone()).filter(|url| !url.is_empty())
}

/// What the client of a connection said, and where in it the row stands: of an answer, behind what was
/// said before it.
fn said(shared: &Shared, conn: &ConnInfo, id: RecordId) -> Option<SaidBytes> {
    let timeline = &shared.timeline;
    let filter = Filter::parse(&format!("conn == {}", conn.id)).ok()?;
    let ours = if conn.is_accepted() { Direction::Received } else { Direction::Sent };
    let (mut said, mut from, end) = (SaidBytes::default(), timeline.oldest(), timeline.next_id());
    while from < end && said.bytes.len() <= said.at + BEHIND {
        let picked = timeline.pick(&filter, (from, end), PickWish::default());
        for it in &picked.records {
            let (record, len) = (&it.record, said.bytes.len());
            let is_said = record.kind == RecordKind::Data && record.direction == ours;
            if it.id <= id {
                said.at = if is_said { len } else { len.saturating_sub(1) };
            }
            if is_said {
                said.bytes.extend_from_slice(&record.data);
                let is_cut = record.original_len > record.data.len() as u64;
                said.cut = said.cut.or_else(|| is_cut.then_some(len));
            }
        }
        from = picked.next;
    }
    Some(said)
}
