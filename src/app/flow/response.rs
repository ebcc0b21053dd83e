//! The response region: which of its two panes gets what the user does and what the engine reports.
//!
//! ```text
//!   HTTP client     exchange       status, redirect hops, tabs, a window onto a body
//!   HTTP listener   exchange       the same below a list of requests
//!   TCP and UDP     conversation   rows, peers, the input line
//! ```
//! Here is also what both share: the clock of what runs, and the text that is searched for.

use std::time::Duration;

use crate::app::effect::Effect;
use crate::app::message::Timer;
use crate::app::outcome::{Handled, Outcome, PaneInput};
use crate::app::sessions::SessionState;
use crate::app::shared::{Shown, TextSearch};
use crate::app::state::App;
use crate::codec::search::Pattern;
use crate::model::client::InputSpec;
use crate::model::id::SessionId;
use crate::model::payload::{LineEnding, PayloadFormat};
use crate::model::recipe::DerivationReport;
use crate::model::spec::Spec;
use crate::model::stream_event::StreamEvent;
use crate::model::table_cell::{CellQuery, TableCell};
use crate::model::view::{SearchDirection, SearchHit, View};
use crate::timeline::framing::StreamFraming;

/// While something shown runs, its elapsed time is drawn this often.
const TICK: Duration = Duration::from_millis(100);

/// Gives an input to the pane that is shown.
pub(crate) fn update(app: &mut App, input: PaneInput<'_>) -> Handled {
    let outcome = match app.shared.shown() {
        Shown::Nothing => Outcome::no(),
        Shown::Exchange => app.exchange.update(&app.shared, input),
        Shown::Conversation => app.conversation.update(&app.shared, input),
    };
    tick(app);
    app.take(outcome)
}

/// Brings what is shown in line with its room and with what came, and asks for what is missing.
pub(crate) fn settle(app: &mut App) {
    match app.shared.shown() {
        Shown::Nothing => {}
        Shown::Exchange => app.intents.extend(app.exchange.settle(&app.shared)),
        Shown::Conversation => app.conversation.settle(&app.shared),
    }
    tick(app);
}

/// Asks for the clock while a time that runs is shown.
fn tick(app: &mut App) {
    if app.clock_due {
        return;
    }
    let delay = if is_ticking(app) { Some(TICK) } else { ages(app) };
    if let Some(delay) = delay {
        app.clock_due = true;
        app.effects.push(Effect::After { delay, timer: Timer::ResponseClock });
    }
}

/// How long the ages that are shown stay true.
fn ages(app: &App) -> Option<Duration> {
    let is_shown = !app.shared.areas().response.is_empty();
    let is_exchange = is_shown && app.shared.shown() == Shown::Exchange;
    app.exchange.lasts(&app.shared).filter(|_| is_exchange)
}

fn is_ticking(app: &App) -> bool {
    if app.shared.areas().response.is_empty() {
        return false;
    }
    app.shared.session().is_some_and(|session| {
        if app.shared.shown() == Shown::Exchange && !session.side().listens() {
            !session.is_over()
        } else {
            matches!(session.state, SessionState::Opening | SessionState::Closing)
        }
    })
}

/// A timer of this region went off.
pub(crate) fn timer_fired(app: &mut App, timer: Timer) {
    if timer == Timer::ResponseClock {
        app.clock_due = false;
        settle(app);
    } else {
        let intents = app.conversation.timer_fired(&app.shared, timer);
        app.intents.extend(intents);
    }
}

/// The oldest records went: conversations let go of rows whose bytes went with them.
pub(crate) fn evicted(app: &mut App) {
    for session in app.shared.sessions.iter_mut() {
        session.conversation.prune(&app.shared.timeline);
    }
}

/// Other records are in the timeline: the conversation shown follows.
pub(crate) fn extended(app: &mut App) {
    app.intents.extend(app.conversation.extended(&app.shared));
}

/// A window of a body arrived.
pub(crate) fn view_arrived(app: &mut App, view: View) {
    let intents = app.exchange.view_arrived(&app.shared, view);
    app.intents.extend(intents);
    settle(app);
    copy_late(app);
}

/// A search in a body ended.
pub(crate) fn found(app: &mut App, hit: &SearchHit) {
    app.intents.extend(app.exchange.found(&app.shared, hit));
    settle(app);
    copy_late(app);
}

fn copy_late(app: &mut App) {
    let outcome = app.exchange.copy_late(&app.shared);
    app.take(outcome);
}

/// What a cell of a table holds.
pub(crate) fn cell_arrived(
    app: &mut App,
    query: &CellQuery,
    outcome: Result<Box<TableCell>, String>,
) {
    let intents = app.exchange.cell_arrived(query, outcome);
    app.intents.extend(intents);
}

/// A body that is made of another has come so far.
pub(crate) fn derived(app: &mut App, report: DerivationReport) {
    let intents = app.exchange.derivation_reported(report);
    app.intents.extend(intents);
    settle(app);
}

/// An exchange of this session began, changed or ended.
pub(crate) fn exchange_changed(app: &mut App, id: SessionId) {
    if app.shared.drafts.current().session == Some(id) {
        settle(app);
    }
}

/// Events of a stream came: who looks at the last of them sees the next one.
pub(super) fn events_came(app: &mut App, id: SessionId, number: u32, events: Vec<StreamEvent>) {
    let follows = app.exchange.follows_events(&app.shared);
    let Some(session) = app.shared.sessions.get_mut(id) else { return };
    let is_first = !session.streams.contains_key(&number);
    session.stream(number, events);
    if app.shared.session().is_some_and(|shown| shown.id == id) {
        app.exchange.events_came(&app.shared, is_first, follows);
        app.dirty = true;
    }
}

/// What the draft on screen shows is shown again, after a conversation without one was looked at.
pub(crate) fn look_away(app: &mut App) {
    if app.shared.looked_at.take().is_some() {
        session_changed(app);
    }
}

/// Another draft, hence another session, is on screen.
pub fn session_changed(app: &mut App) {
    app.exchange.session_changed(&app.shared);
    app.conversation.session_changed(&app.shared);
    app.intents.extend(app.conversation.extended(&app.shared));
    settle(app);
}

/// Searches for a text in what is shown; for the one before when it is empty.
pub(super) fn look_for(app: &mut App, text: String) {
    let is_repeated = text.is_empty() || text == app.shared.search.text;
    if !text.is_empty() {
        app.shared.search = TextSearch { pattern: Pattern::parse(&text), text };
        app.exchange.search.hit = None;
    }
    let outcome = match app.shared.shown() {
        Shown::Nothing => return,
        Shown::Exchange => app.exchange.search(&app.shared, SearchDirection::Forward, is_repeated),
        Shown::Conversation => {
            app.conversation.search(&app.shared, SearchDirection::Forward, is_repeated)
        }
    };
    app.take(outcome);
    settle(app);
}

/// Cuts what is received into messages like this, now and when the draft is opened again.
pub(super) fn set_framing(app: &mut App, framing: StreamFraming) {
    app.say(format!("framing: {framing}"));
    app.shared.drafts.current_mut().framing = framing;
    app.intents.extend(app.conversation.extended(&app.shared));
}

/// Reads the input line like this instead of as the form says.
pub(super) fn set_input_format(app: &mut App, format: PayloadFormat) {
    let draft = app.shared.drafts.current_mut();
    let Some(InputSpec { format: kept, .. }) = draft.spec.input() else { return };
    draft.input_format = (format != kept).then_some((kept, format));
    app.conversation.input_changed(&app.shared);
}

/// Ends lines like this, as the form then says.
pub(super) fn set_line_ending(app: &mut App, ending: LineEnding) {
    let draft = app.shared.drafts.current_mut();
    let at = draft.at;
    let set = |spec: &mut Spec| spec.input_mut().map(|input| input.line_ending = ending).is_some();
    if !draft.steps.choose(&mut draft.spec, at, set) {
        return;
    }
    app.touched();
    app.say(format!("line ending: {}", ending.into_str().to_uppercase()));
}
