//! Two marked rows of the traffic side by side: of two exchanges their answers, else the bytes.

use super::compare;
use crate::app::compare_rows;
use crate::app::overlay::Overlay;
use crate::app::overlay::compare::Compare;
use crate::app::sessions::Session;
use crate::app::shared::Shared;
use crate::app::state::App;
use crate::model::exchange::Exchange;
use crate::model::id::RecordId;
use crate::model::record::{ConnInfo, Record};
use crate::query::Filter;
use crate::timeline::picking::PickWish;

/// Compares the two rows that are marked; whether there are two.
pub(super) fn act(app: &mut App) -> bool {
    let Some(both) = marked(&app.shared) else { return false };
    let shared = &app.shared;
    let found = both.each_ref().map(|(_, record)| exchange(shared, record));
    if let [Some(one), Some(other)] = found {
        let is_same = one.1.conn == other.1.conn && one.1.number == other.1.number;
        if !is_same {
            let mut both = [one, other].map(|(session, it)| compare::answer(shared, session, it));
            both.sort_by_key(|answer| answer.exchange.started);
            compare::show(app, both);
            return true;
        }
    }
    let titles = both.each_ref().map(|(_, record)| title(shared, record));
    let [old, new] = both.each_ref().map(|(_, record)| &record.data);
    let rows = compare_rows::of_messages(titles, [old, new], shared.size.0);
    app.overlays.push(Overlay::Compare(Box::new(Compare::of_messages(rows))));
    true
}

/// The two rows that are marked; none when there are fewer or more.
fn marked(shared: &Shared) -> Option<[(RecordId, Record); 2]> {
    let filter = Filter::parse("marked").ok()?;
    let timeline = &shared.timeline;
    let (mut found, mut from, end) = (Vec::new(), timeline.oldest(), timeline.next_id());
    while timeline.pinned() == 2 && from < end && found.len() < 2 {
        let picked = timeline.pick(&filter, (from, end), PickWish::default());
        found.extend(picked.records.into_iter().map(|it| (it.id, it.record)));
        from = picked.next;
    }
    found.try_into().ok()
}

fn exchange<'a>(shared: &'a Shared, record: &Record) -> Option<(&'a Session, &'a Exchange)> {
    let number = shared.timeline.exchange_of(record)?.number;
    let session = shared.sessions.get(record.conn.session)?;
    let found = session.exchanges.iter().find(|it| it.number == number)?;
    Some((session, found))
}

/// When it was, on what, and which way it went.
fn title(shared: &Shared, record: &Record) -> String {
    let conn = ConnInfo::label(shared.timeline.conn(record.conn), record.conn);
    let when = shared.time_of_day(record.at);
    let (way, kind) = (record.direction.into_str(), record.kind.into_str());
    format!("{when}  {conn}  {way}  {kind}")
}
