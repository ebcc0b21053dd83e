//! The conversation of a row of which nothing runs here: it was read from a file, a replay said it, or its
//! session is forgotten. It is made of the records that are kept of its connection and stands in the
//! response region until the keys go elsewhere; the draft on screen is left as it is.

use super::{focus, response};
use crate::app::focus::Pane;
use crate::app::sessions::Session;
use crate::app::state::{App, ComesBack};
use crate::compose;
use crate::model::id::{ConnId, RecordId};
use crate::model::plan::Plan;
use crate::model::preset::Scope;
use crate::model::protocol::{Capabilities, Protocol, Side};
use crate::model::record::{ConnInfo, Record};
use crate::model::spec::Spec;

/// Shows what was said on the connection of a record, which is found in it.
pub(super) fn open(app: &mut App, id: RecordId, record: &Record) {
    let of = record.conn.session;
    if app.shared.sessions.get(of).is_none_or(|session| session.is_past) {
        let Some(past) = past(app, record.conn) else {
            return app.say("nothing but this row is known of its connection");
        };
        app.shared.sessions.look_back(past);
        app.conversation.forget_view(of);
    }
    app.shared.looked_at = Some(of);
    response::session_changed(app);
    focus::focus(app, Pane::Response);
    app.comes_back = Some(ComesBack::Traffic);
    app.conversation.show_record(&app.shared, id);
    response::settle(app);
    app.say(app.keyed("[back] goes back to the traffic"));
}

/// A session of what is kept of a connection, and of the other half if a relay passed it on.
fn past(app: &App, conn: ConnId) -> Option<Session> {
    let timeline = &app.shared.timeline;
    let info = timeline.conn(conn).cloned().unwrap_or_else(|| nobody(conn));
    let halves = info.pair.map_or_else(|| vec![conn], |pair| vec![pair.client, pair.target]);
    let can = info.capabilities();
    let title = match (&info.local, &info.peer) {
        (Some(local), Some(peer)) => format!("{} {local} ↔ {peer}", info.told_under()),
        _ => info.told_under().to_string(),
    };
    let infos = halves.iter().filter_map(|half| timeline.conn(*half)).cloned().chain([info]);
    let mut past = Session::past(conn.session, plan_of(can)?, title, infos);
    for (id, record) in timeline.of_conns(&halves) {
        if record.is_said(can) {
            past.conversation.extend(&record, id, can.messages);
        }
    }
    Some(past)
}

/// Of what no connection is known.
fn nobody(id: ConnId) -> ConnInfo {
    let (protocol, side) = (Protocol::Tcp, Side::Client);
    ConnInfo::new(id, protocol, side)
}

/// A plan that nobody runs, of a client of streams, of datagrams or of messages.
fn plan_of(like: Capabilities) -> Option<Plan> {
    let is_like = |protocol: &Protocol| {
        let can = protocol.capabilities(Side::Client);
        let is_like = (can.datagrams, can.messages) == (like.datagrams, like.messages);
        can.conversation && is_like
    };
    let protocol = Protocol::ALL.into_iter().find(is_like)?;
    let mut spec = Spec::empty(protocol, Side::Client);
    "127.0.0.1:9".clone_into(spec.address_mut());
    compose::plan(&spec, &Scope::default()).ok()
}
