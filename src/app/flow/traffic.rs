//! What the user does to the timeline, and the panes that show it.

use std::time::Duration;

use super::{
    draft, exports, focus, held, looking_back, overlays, replay, response, runs, statistics,
};
use crate::app::drafts::Draft;
use crate::app::effect::Effect;
use crate::app::focus::Pane;
use crate::app::format;
use crate::app::intent::{Intent, Question, TrafficWish};
use crate::app::message::Timer;
use crate::app::shared::Shown;
use crate::app::state::{App, ComesBack};
use crate::model::exchange::Exchange;
use crate::model::exchange_facts::ExchangeFacts;
use crate::model::id::{ConnId, RecordId};
use crate::model::timing::Stamp;

/// More records than this are not forgotten by a slip of the hand.
const FORGOTTEN_UNASKED: usize = 1000;
/// A listener knows of a request when its first bytes are read, which lie that long before at most.
const HEAD_WAIT: Duration = Duration::from_secs(1);
/// How long what was forgotten can be brought back.
const UNDO_STAYS: Duration = Duration::from_secs(10);

/// Marks a record, or takes its mark away.
fn toggle_mark(app: &mut App, record: RecordId) {
    if app.shared.timeline.unpin(record) {
        app.say("mark taken away");
    } else if let Err(refused) = app.shared.timeline.pin(record) {
        app.warn(refused.to_string());
    }
    app.traffic.listing.recheck_one(&app.shared.timeline, record);
}

/// Writes something about a record, which is marked by it; nothing takes that away.
fn comment(app: &mut App, record: RecordId, text: &str) {
    if let Err(refused) = app.shared.timeline.set_comment(record, text.trim()) {
        return app.warn(refused.to_string());
    }
    app.traffic.listing.recheck_one(&app.shared.timeline, record);
}

/// Shows the session that a record is of, with the record under the cursor; leaving it comes back.
fn open_conversation(app: &mut App, id: RecordId) {
    let Some(record) = app.shared.timeline.get(id) else { return };
    let of = record.conn.session;
    let opened = app.shared.sessions.get(of).and_then(|session| session.draft);
    let opened = opened.and_then(|draft| app.shared.drafts.get(draft));
    let shows = |draft: &&Draft| draft.sessions().any(|id| id == of);
    let draft = opened.or_else(|| app.shared.drafts.iter().find(shows)).map(|draft| draft.id);
    let Some(draft) = draft.filter(|_| app.shared.sessions.get(of).is_some()) else {
        return looking_back::open(app, id, &record);
    };
    if let Some(draft) = app.shared.drafts.get_mut(draft) {
        draft.session = Some(of);
    }
    draft::show_draft(app, draft);
    focus::focus(app, Pane::Response);
    app.comes_back = Some(ComesBack::Traffic);
    let number = app.shared.timeline.exchange_of(&record).map(|exchange| exchange.number);
    match (app.shared.shown(), number) {
        (Shown::Conversation, _) => app.conversation.show_record(&app.shared, id),
        (Shown::Exchange, Some(number)) => app.exchange.show_number(&app.shared, number),
        (Shown::Exchange | Shown::Nothing, _) => {}
    }
    response::settle(app);
    app.say(app.keyed("[back] goes back to the traffic"));
}

/// Back in the traffic or a run from where a row of it led; tells whether one did.
pub(super) fn comes_back(app: &mut App) -> bool {
    match app.comes_back.take().filter(|_| app.shared.focus == Pane::Response) {
        Some(ComesBack::Traffic) => focus::focus(app, Pane::Traffic),
        Some(ComesBack::Run(window)) => runs::come_back(app, window),
        None => return false,
    }
    true
}

/// Does something with records or filters.
pub(super) fn wished(app: &mut App, wish: TrafficWish) {
    match wish {
        TrafficWish::Mark(record) => toggle_mark(app, record),
        TrafficWish::Comment(record, text) => comment(app, record, &text),
        TrafficWish::OpenConversation(record) => open_conversation(app, record),
        TrafficWish::Forget => forget(app),
        TrafficWish::UseFilter(text) => {
            app.shared.filters.remember(&text);
            let intents = app.traffic.put_filter(&app.shared, &text);
            app.intents.extend(intents);
            app.touched();
        }
        TrafficWish::RememberFilter(text) => {
            app.shared.filters.remember(&text);
            app.touched();
        }
        TrafficWish::Export(wish) => exports::begin(app, *wish),
        TrafficWish::CancelExport(id) => exports::cancel(app, id),
        TrafficWish::Replay(wish) => replay::begin(app, *wish),
        TrafficWish::StepReplay => replay::step(app),
        TrafficWish::StopReplay => replay::stop(app),
        TrafficWish::HoldBy(id, filter) => held::hold_by(app, id, &filter),
        TrafficWish::PipeLive(command) => exports::pipe_live(app, command),
        TrafficWish::NameFilter(name) => name_filter(app, &name),
        TrafficWish::ForgetFilter(name) => forget_filter(app, &name),
        TrafficWish::Columns(columns) => {
            app.shared.columns = *columns;
            app.traffic.hides_strip = app.shared.columns.hides_strip;
            app.touched();
        }
        TrafficWish::Sort(order) => {
            let intents = app.traffic.sort(&app.shared, order);
            app.intents.extend(intents);
        }
    }
}

/// Gives the filter in force a name; with none in force, nothing has the name any more.
fn name_filter(app: &mut App, name: &str) {
    let text = app.traffic.filter.text.clone();
    let is_done = app.shared.filters.name(name, &text);
    app.say(match (is_done, text.is_empty()) {
        (true, true) => format!("no filter has the name {name} any more"),
        (true, false) => app.keyed(&format!("{name} is saved; [filter-by] lists it")),
        (false, true) => "no filter is in force that could be saved".into(),
        (false, false) => "there are too many saved filters, or this is too long".into(),
    });
    app.touched();
}

/// No filter has this name any more; it is among those used, so that it is not gone.
fn forget_filter(app: &mut App, name: &str) {
    let named = app.shared.filters.named().iter().find(|(known, _)| known == name);
    let Some((_, text)) = named.cloned() else { return };
    app.shared.filters.name(name, "");
    app.shared.filters.remember(&text);
    app.say(format!("no filter has the name {name} any more; what it said is among those used"));
    app.touched();
}

/// Forgets all records, after asking when they are many.
pub(crate) fn clear(app: &mut App) {
    let count = app.shared.timeline.len();
    if count <= FORGOTTEN_UNASKED {
        return forget(app);
    }
    let seconds = UNDO_STAYS.as_secs();
    let undo = format!("For {seconds} s [undo-clear] brings them back.");
    let all = format::counted(count as u64, "record");
    let text = format!("Forget all {all}? {}", app.keyed(&undo));
    overlays::ask(
        app,
        Question::new(text, ["Forget", "Keep"], Intent::Traffic(TrafficWish::Forget)),
    );
}

/// Forgets all records; for a while they can be brought back.
fn forget(app: &mut App) {
    let gone = app.shared.timeline.len() as u64;
    if gone == 0 {
        return app.say("there is no record to forget");
    }
    app.shared.timeline.clear();
    app.forgettings += 1;
    app.effects.push(Effect::After { delay: UNDO_STAYS, timer: Timer::Forget });
    for session in app.shared.sessions.iter_mut() {
        session.conversation.set_aside();
    }
    app.shared.is_record_open = false;
    app.traffic.cleared(&app.shared);
    response::evicted(app);
    response::extended(app);
    let seconds = UNDO_STAYS.as_secs();
    let gone = format::counted(gone, "record");
    let said = format!("{gone} forgotten; [undo-clear] brings them back for {seconds} s");
    app.say(app.keyed(&said));
}

/// Brings back what was forgotten a moment ago.
pub(crate) fn undo_clear(app: &mut App) {
    let back = app.shared.timeline.undo_clear();
    if back == 0 {
        return app.say("nothing to bring back");
    }
    for session in app.shared.sessions.iter_mut() {
        session.conversation.bring_back(&app.shared.timeline);
    }
    let intents = app.traffic.came_back(&app.shared);
    app.intents.extend(intents);
    app.conversation.rows_came_back(&app.shared);
    response::extended(app);
    app.done(format!("{} brought back", format::counted(back as u64, "record")));
}

/// The time to bring back what was forgotten is over, unless it was forgotten later.
pub(crate) fn undo_is_over(app: &mut App) {
    app.forgettings = app.forgettings.saturating_sub(1);
    app.dirty = false;
    if app.forgettings == 0 {
        app.shared.timeline.discard_cleared();
        for session in app.shared.sessions.iter_mut() {
            session.conversation.forget_aside();
        }
    }
}

/// More is known of an exchange, which filters may ask about.
pub(super) fn exchange_changed(app: &mut App, exchange: &Exchange) {
    let (conn, started) = (exchange.conn, exchange.started);
    app.shared.timeline.exchange(ExchangeFacts::of(exchange));
    app.traffic.listing.recheck(&app.shared.timeline, conn, started.before(HEAD_WAIT));
}

/// It was found whose a peer is, which filters may ask about.
pub(super) fn peer_found(app: &mut App, conn: ConnId, since: Stamp) {
    app.traffic.listing.owner_found(&app.shared.timeline, conn, since);
}

/// It was learned where a relay leads a connection to, which filters may ask about.
pub(super) fn target_known(app: &mut App, conn: ConnId) {
    let from = app.shared.now.before(HEAD_WAIT);
    app.traffic.listing.target_known(&app.shared.timeline, conn, from);
}

/// Puts the rows of what was lost in stretches of time that are over.
pub(crate) fn tell_losses(app: &mut App) {
    let now = app.shared.now;
    if app.shared.timeline.tell_losses(now) {
        extended(app);
    }
}

/// New records are in the timeline.
pub(crate) fn extended(app: &mut App) {
    let intents = app.traffic.extended(&app.shared);
    app.intents.extend(intents);
    response::extended(app);
    exports::go_on(app);
    statistics::extended(app);
}
