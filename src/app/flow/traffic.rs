//! What the user does to the timeline, and the panes that show it.

use super::response;
use crate::app::format;
use crate::app::state::App;
use crate::model::id::RecordId;

/// Marks a record, or takes its mark away.
pub(crate) fn toggle_mark(app: &mut App, record: RecordId) {
    if app.shared.timeline.unpin(record) {
        app.say("mark taken away");
    } else if let Err(refused) = app.shared.timeline.pin(record) {
        app.warn(refused.to_string());
    }
    app.traffic.listing.extend(&app.shared.timeline);
}

/// Forgets all records.
pub(crate) fn forget(app: &mut App) {
    let gone = app.shared.timeline.len() as u64;
    app.shared.timeline.clear();
    app.shared.is_record_open = false;
    app.traffic.cleared(&app.shared);
    response::evicted(app);
    response::extended(app);
    app.say(format!("{} forgotten", format::counted(gone, "record")));
}

/// New records are in the timeline.
pub(crate) fn extended(app: &mut App) {
    let intents = app.traffic.extended(&app.shared);
    app.intents.extend(intents);
    response::extended(app);
}
