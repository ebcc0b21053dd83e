//! Records, exchanges and losses as lines for people.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::cli::output::{self, Output, Style};
use crate::codec::decoded::{self, DecodeHints};
use crate::codec::printable;
use crate::interop::ndjson;
use crate::model::end_address::EndAddress;
use crate::model::exchange::{Exchange, ExchangeState, StartLine};
use crate::model::fault::FaultMarks;
use crate::model::id::ConnId;
use crate::model::peer_owner::PeerOwner;
use crate::model::record::{ConnInfo, Direction, LossTotals, Record, RecordKind};
use crate::model::timing::Stamp;

/// Whether these are bytes that came, or that a relay took from one and has for the other.
pub(super) fn is_message(record: &Record, conn: Option<&ConnInfo>) -> bool {
    if conn.is_some_and(|conn| !record.is_said(conn.capabilities())) {
        return false;
    }
    let sender = conn.and_then(|conn| conn.sender(record.direction));
    record.is_received() || record.kind == RecordKind::Data && sender.is_some()
}

/// Prints what was lost, where something was that counts.
pub(super) fn lost(output: &mut Output, lost: LossTotals, now: Stamp) {
    let by_kernel = lost.by_kernel.unwrap_or_default();
    if lost.by_app == 0 && by_kernel == 0 {
        return;
    }
    match output.style {
        Style::Json => output.json(&ndjson::lost(lost, now)),
        Style::Text | Style::Raw => {
            output::note(&format!("lost: {} by us, {by_kernel} by the kernel", lost.by_app));
        }
    }
}

/// `14:02:07.113  1/1  127.0.0.1:50412  ◀  5 B  hello`; of a relay `client →` in place of the arrow.
/// `shown` is what may be told, cut off if there is more.
pub(super) fn record(
    record: &Record,
    conn: Option<&ConnInfo>,
    shown: &[u8],
    has_more: bool,
) -> String {
    let arrow = match record.direction {
        Direction::Sent => "▶",
        Direction::Received => "◀",
        Direction::Local => "·",
    };
    let sender = conn.filter(|_| record.kind == RecordKind::Data);
    let sender = sender.and_then(|conn| conn.sender(record.direction));
    let arrow = sender.map_or_else(|| arrow.to_owned(), |sender| format!("{sender} →"));
    let what = match record.kind {
        RecordKind::Data => &format!("{} B", record.original_len),
        kind => kind.into_str(),
    };
    let peer = shown_peer(conn.and_then(|conn| conn.peer.as_ref()));
    let (time, conn) = (time_of_day(record.at), conn.map_or(record.conn, ConnInfo::told_under));
    let is_cut = has_more || record.original_len > record.data.len() as u64;
    let rest = if is_cut { "…" } else { "" };
    let data = printable::printable(shown);
    let faults = match record.faults {
        faults if faults.is_empty() => String::new(),
        faults => format!("[{faults}]  "),
    };
    format!("{time}  {conn}{peer}  {arrow}  {what}  {faults}{data}{rest}")
}

/// What a message says that is no text, if its format is known: `DNS query A example.com`.
pub(super) fn known(record: &Record, hints: &DecodeHints<'_>) -> Option<String> {
    let is_data = record.kind == RecordKind::Data;
    is_data.then(|| decoded::line(&record.data, hints))?
}

/// `14:02:07.113  127.0.0.1:50412  POST /hook  →  200`
pub(super) fn exchange(exchange: &Exchange) -> String {
    let (time, peer) = (time_of_day(exchange.started), shown_peer(exchange.peer.as_ref()));
    let request = match &exchange.request.head.start {
        StartLine::Request { method, target, .. } => {
            &format!("{method} {}", exchange.told_target(target))
        }
        _ => "not HTTP",
    };
    let answer = match exchange.response.as_ref().and_then(|response| response.head.status()) {
        Some(status) => &status.to_string(),
        None => "no answer",
    };
    let failure = match &exchange.state {
        ExchangeState::Failed(failure) => &format!("  ({failure})"),
        _ => "",
    };
    let marks = |marks: FaultMarks| match marks {
        marks if marks.is_empty() => String::new(),
        marks => format!(" [{marks}]"),
    };
    let (asked, answered) = (marks(exchange.touched.request), marks(exchange.touched.response));
    format!("{time}{peer}  {request}{asked}  →  {answer}{answered}{failure}")
}

/// `14:02:07.113  1/1  127.0.0.1:50412  ·  peer  curl (pid 4711, user ann)`
pub(super) fn peer(id: ConnId, conn: Option<&ConnInfo>, owner: &PeerOwner, at: Stamp) -> String {
    let (time, shown) = (time_of_day(at), shown_peer(conn.and_then(|conn| conn.peer.as_ref())));
    let is_target = conn.is_some_and(ConnInfo::is_onward);
    let what = if is_target { "target" } else { "peer" };
    let id = conn.map_or(id, ConnInfo::told_under);
    format!("{time}  {id}{shown}  ·  {what}  {}", printable::printable(owner.told().as_bytes()))
}

fn shown_peer(peer: Option<&EndAddress>) -> String {
    peer.map(|peer| format!("  {peer}")).unwrap_or_default()
}

/// Time of day with milliseconds, in the local time zone.
fn time_of_day(at: Stamp) -> String {
    Timestamp::from_nanosecond(i128::from(at.0)).map_or_else(
        |_| "??:??:??".into(),
        |time| time.to_zoned(TimeZone::system()).strftime("%H:%M:%S%.3f").to_string(),
    )
}
