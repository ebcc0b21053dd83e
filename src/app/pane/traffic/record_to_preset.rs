//! What was received becomes something to send: a new draft on screen.

use crate::app::flow::program;
use crate::app::focus::Pane;
use crate::app::format;
use crate::app::state::App;
use crate::interop::from_traffic;
use crate::model::exchange::Exchange;
use crate::model::record::{Record, RecordKind};
use crate::model::spec::Spec;

/// Makes a draft of the record under the cursor.
pub(super) fn selected_record(app: &mut App) {
    let record = super::selected(app).and_then(|id| app.shared.timeline.get(id));
    match record {
        Some(record) if record.kind == RecordKind::Data => open_record(app, &record),
        _ => app.say("choose a row with data to make a preset of it"),
    }
}

/// Makes a draft of a TCP message or datagram.
pub(in crate::app::pane) fn open_record(app: &mut App, record: &Record) {
    let Some(conn) = app.shared.timeline.conn(record.conn) else {
        app.say("nothing is known about this connection any more");
        return;
    };
    let spec = from_traffic::spec_from_record(record, conn);
    let cut = record.original_len > record.data.len() as u64;
    open(app, spec);
    if cut {
        let kept = format::size(record.data.len() as u64);
        app.warn(format!("only the first {kept} were kept; the draft sends those"));
    }
}

/// Makes a draft of a request.
pub(in crate::app::pane) fn open_exchange(app: &mut App, exchange: &Exchange, body: &[u8]) {
    let (spec, remarks) = from_traffic::spec_and_remarks(exchange, body);
    open(app, spec);
    if let Some(remark) = remarks.first() {
        app.warn(remark.clone());
    }
}

fn open(app: &mut App, spec: Spec) {
    super::super::request::blur(app);
    app.shared.drafts.open(spec);
    program::draft_changed(app);
    program::focus(app, Pane::Request);
    app.say(app.keyed("a draft that sends it: [send] runs it, [save] saves it as a preset"));
}
