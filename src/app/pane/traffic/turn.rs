//! What was received becomes something to send: a new draft on screen.

use crate::app::focus::Pane;
use crate::app::{App, global};
use crate::model::exchange::Exchange;
use crate::model::record::{Record, RecordKind};
use crate::model::spec::Spec;

/// Makes a draft of the record under the cursor.
pub(super) fn selected_record(app: &mut App) {
    let record = super::selected(app).and_then(|id| app.timeline.get(id)).cloned();
    match record {
        Some(record) if record.kind == RecordKind::Data => open_record(app, &record),
        _ => app.say("choose a row with data to make a preset of it"),
    }
}

/// Makes a draft of a TCP message or datagram.
pub(in crate::app::pane) fn open_record(app: &mut App, record: &Record) {
    let Some(_conn) = app.timeline.conn(record.conn) else {
        app.say("nothing is known about this connection any more");
        return;
    };
    app.say("not here yet");
}

/// Makes a draft of a request.
pub(in crate::app::pane) fn open_exchange(app: &mut App, _exchange: &Exchange, _body: &[u8]) {
    app.say("not here yet");
}

#[expect(dead_code, reason = "called when specs can be made from traffic")]
fn open(app: &mut App, spec: Spec) {
    app.drafts.open(spec);
    global::draft_changed(app);
    global::focus(app, Pane::Request);
    app.say("a new draft; Ctrl+S saves it as a preset");
}
