//! Saying again what was seen: what there is to choose from, the sessions of it, and what came of it.

use std::collections::BTreeSet;

use super::{draft, focus};
use crate::app::compare_rows;
use crate::app::effect::Effect;
use crate::app::focus::Pane;
use crate::app::format::count;
use crate::app::message::Timer;
use crate::app::overlay::Overlay;
use crate::app::overlay::compare::Compare;
use crate::app::overlay::replay::ReplayWindow;
use crate::app::replaying::{ReplayScope, ReplayWish, RunningReplay};
use crate::app::shared::Shared;
use crate::app::state::App;
use crate::codec::printable::printable;
use crate::engine::command::{CloseMode, Command, Recipient};
use crate::engine::event::{Event, Phase};
use crate::interop::mock::{self, RecordedMock};
use crate::interop::replay::{Recording, ReplayAct, ReplayOrder, ReplayPace, ReplayScript};
use crate::model::failure::{Failure, FailureKind, Stage};
use crate::model::id::{ConnId, RecordId};
use crate::model::record::{ConnInfo, Direction, Record, RecordKind};
use crate::query::Filter;
use crate::timeline::picking::PickWish;

/// Connections something is chosen of.
const CONNS: usize = 1_000;
/// Bytes of a message that are shown before it is said.
const SHOWN: usize = 60;

/// The key of replays: the window, or how the one under way is, or what came of the last one.
pub(crate) fn act(app: &mut App) {
    if app.replays.running.is_some() {
        let window = ReplayWindow::of_running(Vec::new());
        app.overlays.push(Overlay::Replay(Box::new(window)));
        return tell(app);
    }
    if let Some(rows) = app.replays.unseen.take() {
        return app.overlays.push(Overlay::Compare(Box::new(Compare::of_replay(rows))));
    }
    let scopes = scopes(app);
    if scopes.is_empty() {
        return app.say("there is no record yet");
    }
    app.overlays.push(Overlay::Replay(Box::new(ReplayWindow::new(scopes))));
}

/// What can be said again of where the cursor is, and of what is marked.
fn scopes(app: &App) -> Vec<ReplayScope> {
    let shared = &app.shared;
    let (timeline, masked) = (&shared.timeline, &app.replays.masked);
    let mut scopes = Vec::new();
    let selected = app.traffic.selected(shared);
    let record = selected.and_then(|id| Some((id, timeline.get(id)?)));
    let mut add = |name, conns: BTreeSet<ConnId>, is_chosen: &dyn Fn(RecordId, &Record) -> bool| {
        scopes.push(ReplayScope { name, script: script(shared, masked, &conns, is_chosen) });
    };
    if timeline.pinned() > 0 {
        let conns = marked_conns(shared);
        add("the marked rows", conns, &|id, _| timeline.is_pinned(id));
    }
    if let Some((at, record)) = &record {
        let conn = timeline.conn(record.conn).map_or(record.conn, ConnInfo::told_under);
        let of = |number: u32| {
            move |_: RecordId, it: &Record| {
                timeline.exchange_of(it).is_some_and(|exchange| exchange.number == number)
            }
        };
        if record.kind == RecordKind::Data {
            add("this row", [conn].into(), &|id, _| id == *at);
        }
        if let Some(exchange) = timeline.exchange_of(record) {
            add("this exchange", [conn].into(), &of(exchange.number));
        }
        add("the conversation", [conn].into(), &|_, _| true);
    }
    scopes
}

/// A draft of a listener that answers as was seen.
pub(crate) fn make_mock(app: &mut App) {
    let shared = &app.shared;
    let timeline = &shared.timeline;
    let selected = || app.traffic.selected(shared).and_then(|id| timeline.get(id));
    let filter = app.traffic.listing.filter();
    let (conns, of) = if timeline.pinned() > 0 {
        (marked_conns(shared), "the marked rows")
    } else if filter.is_everything() {
        let row = selected().map(|record| record.conn).into_iter();
        (row.collect(), "the row's conversation; a mark or filter chooses others")
    } else {
        (chosen_conns(shared, filter), "what the filter lets through")
    };
    let conns: BTreeSet<ConnId> =
        conns.into_iter().map(|id| timeline.conn(id).map_or(id, ConnInfo::told_under)).collect();
    let marked = exchanges_of_marked(shared);
    let is_chosen = |_: RecordId, record: &Record| {
        let number = timeline.exchange_of(record).map(|exchange| (record.conn, exchange.number));
        marked.is_empty() || number.is_none_or(|number| marked.contains(&number))
    };
    // What a client said is not told by a mock: a mask in it does no harm.
    let script = script(shared, &BTreeSet::new(), &conns, &is_chosen);
    match script.and_then(|script| mock::mock(&script)) {
        Err(why) => app.say(why),
        Ok(RecordedMock { spec, words, remarks }) => {
            draft::open_draft(app, spec);
            focus::focus(app, Pane::Request);
            let parts = [vec![format!("{words} of {of}")], remarks].concat();
            let said = format!("{}: ", parts.join("; "));
            app.say(said + &app.keyed("[send] starts it, [save] saves it"));
        }
    }
}

/// The exchanges that have a marked row; none where nothing is known of exchanges.
fn exchanges_of_marked(shared: &Shared) -> BTreeSet<(ConnId, u32)> {
    let Ok(filter) = Filter::parse("marked") else { return BTreeSet::new() };
    let timeline = &shared.timeline;
    let (mut found, mut from, end) = (BTreeSet::new(), timeline.oldest(), timeline.next_id());
    while timeline.pinned() > 0 && from < end {
        let picked = timeline.pick(&filter, (from, end), PickWish::default());
        for it in &picked.records {
            let exchange = timeline.exchange_of(&it.record);
            found.extend(exchange.map(|exchange| (it.record.conn, exchange.number)));
        }
        from = picked.next;
    }
    found
}

fn marked_conns(shared: &Shared) -> BTreeSet<ConnId> {
    let marked = Filter::parse("marked");
    marked.map_or_else(|_| BTreeSet::new(), |filter| chosen_conns(shared, &filter))
}

/// The connections of records that a filter lets through, the oldest first, up to a bound.
fn chosen_conns(shared: &Shared, filter: &Filter) -> BTreeSet<ConnId> {
    let timeline = &shared.timeline;
    let (mut conns, mut from, end) = (BTreeSet::new(), timeline.oldest(), timeline.next_id());
    while from < end && conns.len() < CONNS {
        let picked = timeline.pick(filter, (from, end), PickWish::default());
        conns.extend(picked.records.iter().map(|it| it.record.conn));
        from = picked.next;
    }
    conns
}

/// What is said of these connections.
/// What was said on these connections, as far as it is chosen.
pub(super) fn script(
    shared: &Shared,
    masked: &BTreeSet<ConnId>,
    conns: &BTreeSet<ConnId>,
    is_chosen: &dyn Fn(RecordId, &Record) -> bool,
) -> Result<ReplayScript, String> {
    let tests: Vec<String> = conns.iter().map(|conn| format!("conn == {conn}")).collect();
    let filter = Filter::parse(&tests.join(" or ")).map_err(|wrong| wrong.message)?;
    let timeline = &shared.timeline;
    let (mut recording, mut from, end) =
        (Recording::default(), timeline.oldest(), timeline.next_id());
    while from < end {
        let picked = timeline.pick(&filter, (from, end), PickWish::default());
        for it in &picked.records {
            let Some(conn) = timeline.conn(it.record.conn) else { continue };
            let is_masked = masked.contains(&it.record.conn);
            recording.take(&it.record, conn, is_chosen(it.id, &it.record), is_masked);
        }
        from = picked.next;
    }
    recording.finish()
}

/// A file says that secrets in a record are masked.
pub(super) fn masked(app: &mut App, id: RecordId) {
    let timeline = &app.shared.timeline;
    let Some(record) = timeline.get(id) else { return };
    let is_accepted = timeline.conn(record.conn).is_some_and(ConnInfo::is_accepted);
    if is_accepted == (record.direction == Direction::Received) {
        app.replays.masked.insert(record.conn);
    }
}

/// Begins one.
pub(super) fn begin(app: &mut App, wish: ReplayWish) {
    if app.replays.running.is_some() {
        return app.say("one is under way already");
    }
    app.replays.unseen = None;
    app.replays.running = Some(RunningReplay::new(wish));
    go_on(app);
}

/// One step more.
pub(super) fn step(app: &mut App) {
    if let Some(running) = &mut app.replays.running {
        running.run.step();
    }
    go_on(app);
}

/// Nothing more is said.
pub(super) fn stop(app: &mut App) {
    let Some(running) = &mut app.replays.running else { return };
    for order in running.run.stop() {
        carry_out(app, order);
    }
    go_on(app);
}

/// The timer of replays went off.
pub(crate) fn timer_fired(app: &mut App) {
    let Some(running) = &mut app.replays.running else { return };
    running.due = None;
    go_on(app);
}

/// The engine tells something, before anybody else hears it.
pub(super) fn hears(app: &mut App, event: &Event) {
    let now = app.shared.now;
    let Some(running) = &mut app.replays.running else { return };
    let RunningReplay { run, sessions, .. } = running;
    match event {
        Event::Phase { id, phase: Phase::Connected { .. }, .. } => {
            sessions.get(id).into_iter().for_each(|talk| run.opened(*talk, now));
        }
        Event::Traffic(batch) => {
            for record in &batch.records {
                if let Some(talk) = sessions.get(&record.conn.session) {
                    run.record(*talk, record, now);
                }
            }
        }
        Event::Refused { id, failure } => {
            sessions.get(id).into_iter().for_each(|talk| run.refused(*talk, failure));
        }
        Event::Done { id, outcome, .. } => {
            let outcome = outcome.as_ref().map(|it| &*it.ended);
            sessions.get(id).into_iter().for_each(|talk| run.ended(*talk, outcome));
        }
        _ => {}
    }
}

/// Does what is to be done now.
pub(super) fn go_on(app: &mut App) {
    let now = app.shared.now;
    let Some(running) = &mut app.replays.running else { return };
    let turn = running.run.turn(now);
    for order in turn.orders {
        carry_out(app, order);
    }
    let Some(running) = &mut app.replays.running else { return };
    if running.run.is_over() {
        return conclude(app);
    }
    // One that goes off before it will see to this, too.
    if let Some(wake) = turn.wake.filter(|wake| running.due.is_none_or(|due| *wake < due)) {
        running.due = Some(wake);
        app.effects.push(Effect::After { delay: wake.since(now), timer: Timer::Replay });
    }
    tell(app);
}

fn carry_out(app: &mut App, order: ReplayOrder) {
    let Some(running) = &mut app.replays.running else { return };
    if let ReplayOrder::Open(talk) = order {
        return open(app, talk);
    }
    let (ReplayOrder::Open(talk)
    | ReplayOrder::Send(talk, _)
    | ReplayOrder::Finish(talk)
    | ReplayOrder::Close(talk)
    | ReplayOrder::Abort(talk)) = order;
    let Some(id) = running.session(talk) else { return };
    let close = |how| Command::Close { id, how };
    let command = match order {
        ReplayOrder::Open(_) => return,
        ReplayOrder::Send(_, data) => Command::Send { to: Recipient::All(id), data },
        ReplayOrder::Finish(_) => close(CloseMode::HalfClose),
        ReplayOrder::Close(_) => close(CloseMode::Close),
        ReplayOrder::Abort(_) => close(CloseMode::Reset),
    };
    app.effects.push(Effect::Engine(command));
}

fn open(app: &mut App, talk: usize) {
    let secrets = app.shared.disclosure().hidden();
    let Some(running) = &mut app.replays.running else { return };
    match running.run.plan(talk, &running.target) {
        Ok(plan) => {
            let title = format!("replay to {}", running.place(talk));
            let id = app.shared.sessions.open(plan.clone(), title, app.shared.now);
            running.sessions.insert(id, talk);
            let plan = Box::new(plan);
            app.effects.push(Effect::Engine(Command::Open { id, plan, secrets }));
        }
        Err(why) => {
            let failure = Failure::new(Stage::Compose, "", FailureKind::Usage, why);
            running.run.ended(talk, Err(&failure));
        }
    }
}

/// Tells the window how far it is.
fn tell(app: &mut App) {
    let Some(running) = &app.replays.running else { return };
    let (done, all) = running.run.progress();
    let mut lines = vec![format!("{} of {} said", count(done as u64), count(all as u64))];
    if running.run.pace() == ReplayPace::Stepwise {
        lines.extend(running.run.next_step().map(|(_, act)| match act {
            ReplayAct::Send(data) => {
                let shown = printable(data.get(..SHOWN).unwrap_or(data));
                format!("next: {} B  {shown}", count(data.len() as u64))
            }
            ReplayAct::Finish => "next: it finishes sending".to_owned(),
        }));
    }
    lines.extend(running.left_out.iter().cloned());
    for overlay in &mut app.overlays {
        if let Overlay::Replay(window) = overlay {
            window.progress = Some(lines);
            return;
        }
    }
}

/// All is over: what came of it is shown where the window still is, else kept.
fn conclude(app: &mut App) {
    let Some(running) = app.replays.running.take() else { return };
    let verdicts = running.run.verdicts();
    let same = verdicts.iter().filter(|it| it.is_sent() && it.is_equal).count();
    let rows = compare_rows::of_replay(&running, app.shared.size.0);
    let (same, all) = (count(same as u64), count(verdicts.len() as u64));
    let words = format!("replay is over: {same} of {all} sent whole and answered as then");
    let is_shown = matches!(app.overlays.last(), Some(Overlay::Replay(_)));
    app.overlays.retain(|it| !matches!(it, Overlay::Replay(it) if it.progress.is_some()));
    if is_shown {
        app.overlays.push(Overlay::Compare(Box::new(Compare::of_replay(rows))));
        app.say(words);
    } else {
        app.replays.unseen = Some(rows);
        app.say(app.keyed(&format!("{words}; in the traffic [replay] shows it")));
    }
}
