//! Sessions of a run: opened as those of a send are, and shown from their rows.

use super::live;
use crate::app::effect::Effect;
use crate::app::flow::{draft, focus, response};
use crate::app::focus::Pane;
use crate::app::intent::Intent;
use crate::app::overlay::Overlay;
use crate::app::preset_runs::RUN_ENTRIES;
use crate::app::shared::Shown;
use crate::app::state::{App, ComesBack};
use crate::engine::command::Command;
use crate::interop::history_spec::{forgetting, summary};
use crate::model::id::SessionId;
use crate::model::plan::Plan;
use crate::model::preset::PresetPath;
use crate::model::session_outcome::SessionOutcome;
use crate::runner::RunVerdict;
use crate::store::job::{HistoryEntry, Job};

/// Hands an order on; of a session that is opened there is one here, too.
pub(super) fn carry_out(app: &mut App, command: Command) {
    if let Command::Open { id, plan, .. } = &command {
        register(app, *id, plan);
    }
    app.effects.push(Effect::Engine(command));
}

fn register(app: &mut App, id: SessionId, plan: &Plan) {
    let now = app.shared.now;
    let at = app.shared.sessions.free_entry(app.shared.wall_clock.at(now));
    let Some(shown) = live(app) else { return };
    let Some(of) = shown.run.session_of(id) else { return };
    let title = match &shown.wish.title {
        _ if shown.then.is_some() => of.name.clone(),
        title if *title == of.name => format!("run {title}"),
        title => format!("run {title}: {}", of.name),
    };
    let entry = HistoryEntry {
        at,
        summary: summary(of.spec, &of.scope),
        outcome: SessionOutcome::Unknown,
        spec: forgetting(of.spec),
        preset: Some(of.path.clone()),
        left_out: 0,
    };
    let (row, written) = (of.row, of.spec.address().to_owned());
    let is_kept = entry.spec.is_remembered() && row.is_some() && shown.entries < RUN_ENTRIES;
    shown.entries += usize::from(is_kept);
    shown.opened(row, id);
    let environment = shown.environment_of(row).map(str::to_owned);
    let has_own_jar = !shown.was_first;
    app.shared.sessions.open_as(id, plan.clone(), title, now);
    if let Some(session) = app.shared.sessions.get_mut(id) {
        (session.environment, session.written) = (environment, written);
        session.has_own_jar = has_own_jar;
        if is_kept {
            session.entry = at;
            app.effects.push(Effect::Store(Job::AppendHistory(Box::new(entry))));
        }
    }
}

/// Shows what a row got, with its preset in the form; leaving that leads back to the row.
pub(super) fn open_row(app: &mut App, row: usize) {
    let Some(shown) = &app.shared.runs.current else { return };
    let Some(row) = shown.run.rows().get(row) else { return };
    let (path, session) = (row.path.clone(), row.session);
    let is_unmet = matches!(row.verdict, RunVerdict::NotMet(_));
    look(app, path, session, is_unmet);
}

/// Shows what came to a listener so far.
pub(super) fn open_listener(app: &mut App, at: usize) {
    let Some(shown) = &app.shared.runs.current else { return };
    let watched = shown.run.watched(at).map(|it| (it.path.clone(), it.session));
    if let Some((path, session)) = watched {
        look(app, path, Some(session), false);
    }
}

/// Shows a session with its preset in the form.
fn look(app: &mut App, path: PresetPath, session: Option<SessionId>, is_unmet: bool) {
    let is_there = |id: &SessionId| app.shared.sessions.get(*id).is_some();
    let Some(id) = session.filter(is_there) else {
        if session.is_some() {
            return app.say("what it got is not kept any more: run it again");
        }
        // Nothing was sent, so there is the preset alone.
        app.overlays.retain(|overlay| !matches!(overlay, Overlay::Run(_)));
        return app.intents.push_back(Intent::FindPreset(path));
    };
    let at = app.overlays.iter().rposition(|overlay| matches!(overlay, Overlay::Run(_)));
    let window = at.map(|at| app.overlays.remove(at));
    let is_open = draft::open_preset(app, &path);
    let draft = app.shared.drafts.current();
    let own = draft.session.and_then(|own| app.shared.sessions.get(own));
    // What runs there stays where it is.
    if is_open && own.is_none_or(|own| own.is_over() || own.id == id) {
        let draft = app.shared.drafts.current_mut();
        draft.session = Some(id);
        draft.latest.get_or_insert(id);
        let of = draft.id;
        if let Some(session) = app.shared.sessions.get_mut(id) {
            session.draft = Some(of);
        }
    } else {
        app.shared.looked_at = Some(id);
    }
    response::session_changed(app);
    focus::focus(app, Pane::Response);
    if is_unmet && app.shared.shown() == Shown::Exchange {
        app.exchange.show_checks(&app.shared);
        response::settle(app);
    }
    if let Some(Overlay::Run(window)) = window {
        app.comes_back = Some(ComesBack::Run(window));
        app.say(app.keyed("[back] goes back to the run"));
    }
}
