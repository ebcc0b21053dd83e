//! Runs of presets on the screen, from the key to the end: the same machine as without a screen
//! (`runner::Run`), given the same facts.
//!
//! ```text
//! key ─► RunOptions ─► begin ─► rows of data, programs, questions ─► start ─► go_on ◄─ hears, checked, timer
//!                                                                               └─► orders: sessions, effects
//!                                                                               └─► news: rows, captures
//! ```
//! What a preset needs goes the same way before it is sent alone (`sent_first`). Its sessions are sessions like others: on the timeline, in the history, with what was checked in a tab.

mod beginning;
mod compared;
mod opening;
mod sent_first;

use std::time::Duration;

pub(super) use beginning::{DATA, act, data_read};
pub(super) use sent_first::{goes_first, is_under_way, offer, stop_first};

use super::response;
use crate::app::checking::{CheckOrder, Checked, WhatCame};
use crate::app::effect::Effect;
use crate::app::message::Timer;
use crate::app::overlay::Overlay;
use crate::app::overlay::run::RunWindow;
use crate::app::preset_runs::{RunAsk, ShownRun};
use crate::app::state::App;
use crate::check::CheckReport;
use crate::engine::event::Event;
use crate::model::failure::{Failure, FailureKind, Stage};
use crate::model::secrets::Disclosure;
use crate::model::timing::Stamp;
use crate::runner::{Run, RunCame, RunNews, RunOrder, RunTally, RunTime, RunVerdict};

/// How often the window says how long it has run, and shows what is new at the latest.
const TICK: Duration = Duration::from_millis(100);

/// Does what the window of runs asks for.
pub(super) fn asked(app: &mut App, ask: RunAsk) {
    match ask {
        RunAsk::Begin(wish) => beginning::begin(app, *wish),
        RunAsk::Again { failed_only } => beginning::again(app, failed_only),
        RunAsk::Stop => stop(app),
        RunAsk::Compare => compared::show(app),
        RunAsk::ChoosePlaces => beginning::choose_places(app),
        RunAsk::Open(row) => opening::open_row(app, row),
        RunAsk::OpenListener(at) => opening::open_listener(app, at),
        RunAsk::GoOn => beginning::go_on_beginning(app),
        RunAsk::GiveUp(why) => beginning::give_up(app, &why),
        RunAsk::SendFirst(maker) => sent_first::begin_with(app, &maker),
    }
}

/// The run that is under way.
fn live(app: &mut App) -> Option<&mut ShownRun> {
    app.shared.runs.current.as_mut().filter(|shown| shown.is_live())
}

fn time(app: &App) -> RunTime {
    let now = app.shared.now;
    RunTime { now, wall: app.shared.wall_clock.at(now) }
}

/// Does something with the run under way, whose sessions have ids that are free.
fn with_run<T>(app: &mut App, work: impl FnOnce(&mut Run, RunTime) -> T) -> Option<T> {
    let (time, taken) = (time(app), app.shared.sessions.last_id());
    let shown = live(app)?;
    shown.run.leave_ids(taken);
    let done = work(&mut shown.run, time);
    let last = shown.run.last_id();
    app.shared.sessions.leave_ids(last);
    Some(done)
}

/// The engine tells something, before anybody else hears it.
pub(super) fn hears(app: &mut App, event: &Event) {
    with_run(app, |run, time| run.on_event(event, time));
}

/// What was looked at is known; tells whether it was of a run.
pub(super) fn checked(app: &mut App, checked: &Checked) -> bool {
    let id = checked.session;
    let is_of_run = live(app).is_some_and(|shown| shown.run.looked_at(id).is_some());
    if is_of_run {
        let failed = |why| Failure::new(Stage::Body, "", FailureKind::Malformed, why);
        let outcome = checked.report.clone().map_err(failed);
        if let (Some(shown), Some(found)) = (live(app), checked.found.clone()) {
            // What was captured of it just now may be a secret by its name.
            let secrets = outcome.as_ref().map(CheckReport::captured_secrets).unwrap_or_default();
            shown.answered(id, found.hiding(&Disclosure::Hiding(secrets)));
        }
        with_run(app, |run, time| run.on_report(id, outcome, time));
        go_on(app);
    }
    is_of_run
}

/// Ends the run: nothing more is begun, what runs is cut off, and listeners started for it end.
fn stop(app: &mut App) {
    if with_run(app, |run, time| run.stop("stopped", time)).is_none() {
        return app.say("no run is under way");
    }
    go_on(app);
}

/// The timer of runs went off.
pub(super) fn timer_fired(app: &mut App) {
    app.dirty = is_open(app);
    if let Some(shown) = live(app) {
        shown.due = None;
    }
    go_on(app);
    refresh(app);
}

fn is_open(app: &App) -> bool {
    app.overlays.iter().any(|overlay| matches!(overlay, Overlay::Run(_)))
}

/// Does what is to be done now, and tells what has happened.
pub(super) fn go_on(app: &mut App) {
    let Some(turn) = with_run(app, Run::turn) else { return };
    for order in turn.orders {
        carry_out(app, order);
    }
    let is_new = !turn.news.is_empty();
    for news in turn.news {
        tell(app, news);
    }
    let now = app.shared.now;
    let (is_open, Some(shown)) = (is_open(app), live(app)) else { return };
    if shown.run.is_over() {
        shown.end(now);
        return conclude(app);
    }
    let tick = is_open.then(|| Stamp(now.0 + TICK.as_nanos() as u64));
    let wake = turn.wake.into_iter().chain(tick).min();
    // One that goes off before it will see to this, too.
    if let Some(wake) = wake.filter(|wake| shown.due.is_none_or(|due| *wake < due)) {
        shown.due = Some(wake);
        app.effects.push(Effect::After { delay: wake.since(now), timer: Timer::Run });
    }
    if is_new {
        refresh(app);
    }
}

/// The windows show the rows as they are, soon after they changed.
fn refresh(app: &mut App) {
    for overlay in &mut app.overlays {
        if let Overlay::Run(window) = overlay {
            window.refresh(&app.shared);
        }
    }
}

fn carry_out(app: &mut App, order: RunOrder) {
    match order {
        RunOrder::Engine(command) => opening::carry_out(app, command),
        RunOrder::Look { session } => {
            let now = app.shared.wall_clock.at(app.shared.now);
            let Some(shown) = live(app) else { return };
            let keeps = Some(shown.run.disclosure_of(session));
            let Some((came, checks)) = shown.run.looked_at(session) else { return };
            let came = match came {
                RunCame::Exchange(exchange) => WhatCame::Exchange(Box::new(exchange.clone())),
                RunCame::Conversation(heard) => WhatCame::Conversation(Box::new(heard.clone())),
                RunCame::Served(served) => WhatCame::Served(Box::new(served.clone())),
            };
            let order = CheckOrder { session, came, checks: checks.clone(), now, keeps };
            app.effects.push(Effect::Check(Box::new(order)));
        }
    }
}

fn tell(app: &mut App, news: RunNews) {
    let now = app.shared.now;
    let Some(shown) = live(app) else { return };
    match news {
        RunNews::Began(row) => shown.began(row),
        RunNews::Said(words) => shown.said = words,
        RunNews::Over(row) => {
            shown.over(row);
            let environment = shown.environment_of(Some(row)).map(str::to_owned);
            let row = shown.run.rows().get(row);
            let row = row.map(|row| (row.path.clone(), row.verdict == RunVerdict::Passed));
            if let Some((path, has_passed)) = row {
                app.shared.captured.went(environment.as_deref(), &path, now, has_passed);
            }
        }
        RunNews::Looked(row, report) => {
            let environment = shown.environment_of(Some(row)).map(str::to_owned);
            let Some(row) = shown.run.rows().get(row) else { return };
            let (id, path) = (row.session, row.path.clone());
            app.shared.take_captured(environment.as_deref(), &report, Some(&path), now);
            let Some(id) = id else { return };
            if let Some(session) = app.shared.sessions.get_mut(id) {
                session.checked = Some(report);
            }
            response::exchange_changed(app, id);
        }
    }
}

/// All is over.
fn conclude(app: &mut App) {
    let is_shown = matches!(app.overlays.last(), Some(Overlay::Run(_)));
    for overlay in &mut app.overlays {
        if let Overlay::Run(window) = overlay {
            window.make_rows(&app.shared);
        }
    }
    let now = app.shared.now;
    let Some(shown) = &mut app.shared.runs.current else { return };
    if let Some(then) = shown.then.take() {
        return sent_first::over(app, &then);
    }
    let words = format!("run of {}: {}", shown.wish.title, shown.facts(now).summary());
    let is_green = RunTally::of(shown.run.rows()).is_green();
    match (is_shown, is_green) {
        (true, true) => app.done(words),
        (true, false) => app.warn(words),
        (false, true) => app.done(app.keyed(&format!("{words}; [show-run] shows it"))),
        (false, false) => app.warn(app.keyed(&format!("{words}; [show-run] shows it"))),
    }
}

/// Shows the run under way, or the last one.
pub(super) fn show(app: &mut App) {
    let window = RunWindow::new(&app.shared);
    app.overlays.push(Overlay::Run(Box::new(window)));
    // From now on its time is told.
    go_on(app);
}

/// The window as it was, where one of its rows was looked at.
pub(super) fn come_back(app: &mut App, mut window: Box<RunWindow>) {
    response::look_away(app);
    window.make_rows(&app.shared);
    app.overlays.push(Overlay::Run(window));
    go_on(app);
}
