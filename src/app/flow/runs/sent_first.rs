//! What a preset needs goes first when it is sent alone: the makers whose values are missing or too old, and the
//! listeners that are not up. It is a run like others; when all of it passed the draft is sent once more.
//!
//! ```text
//! send ─► goes_first ─► begin ─► a run of the makers ─► over ─► all passed: send
//!                                                           └─► not: what did not pass, and where that is shown
//! ```
//! A value is too old when it was never captured here, or longer ago than the `max-age` of who captures it, or of an
//! answer that was not as expected. Of a maker that captures nothing the same is said of when it passed. Listeners
//! stay, as if their own key had been pressed.

use std::net::{Ipv4Addr, SocketAddr};

use super::{beginning, live, stop};
use crate::app::action::Action;
use crate::app::drafts::Draft;
use crate::app::effect::Effect;
use crate::app::flow::{overlays, restore};
use crate::app::intent::{Intent, Question};
use crate::app::preset_runs::{PreparedRun, RunAsk, RunWish, SentThen, ShownRun};
use crate::app::sessions::{Session, SessionState};
use crate::app::shared::Shared;
use crate::app::state::App;
use crate::app::waiting_send::{WaitingSend, WaitsFor};
use crate::compose::listening_names::listening_variables;
use crate::compose::spec_names::names_in;
use crate::compose::{self, UnknownNames, plan_with};
use crate::engine::command::{CloseMode, Command};
use crate::model::end_address::EndAddress;
use crate::model::preset::{Preset, PresetPath, StoredPreset};
use crate::model::spec::Spec;
use crate::model::timing::Stamp;
use crate::runner::{self, RunRow, RunScript, RunStep, RunVerdict, SentAfter};

/// Begins what the draft on screen needs first, if there is something. Tells whether the draft waits for that, or
/// is not sent at all, which is said then.
pub(crate) fn goes_first(app: &mut App) -> bool {
    let draft = app.shared.drafts.current();
    let is_open = app.shared.session().is_some_and(|session| {
        let is_ending = session.is_over() || session.state == SessionState::Closing;
        !session.side().listens() && session.capabilities().lasting && !is_ending
    });
    let needs = needs(&app.shared, draft);
    !is_open && !needs.is_empty() && begin(app, &needs)
}

/// Whether what the draft on screen needs is on its way; says so.
pub(crate) fn is_under_way(app: &mut App) -> bool {
    let is_it = is_of_current(app);
    if is_it {
        app.say(app.keyed("what it needs is being sent: it goes behind that; [stop] stops it"));
    }
    is_it
}

fn is_of_current(app: &App) -> bool {
    let id = app.shared.drafts.current().id;
    // A run that waits for values, and one that goes.
    let waits = app.waiting.as_ref().is_some_and(|waiting| waiting.of == WaitsFor::Run);
    app.shared.runs.goes_before(id)
        || waits && app.shared.runs.prepared.as_ref().is_some_and(|it| it.is_before(id))
}

/// Stops what is sent first for the draft on screen, which is not sent then; tells whether there was something.
pub(crate) fn stop_first(app: &mut App) -> bool {
    if !is_of_current(app) {
        return false;
    }
    if live(app).is_some() {
        stop(app);
    } else {
        beginning::give_up(app, STOPPED);
    }
    true
}

const STOPPED: &str = "it was stopped before all that it needs was sent";

/// Sends a preset first that the draft on screen does not name, as the user wished.
pub(super) fn begin_with(app: &mut App, maker: &PresetPath) {
    let mut needs = needs(&app.shared, app.shared.drafts.current());
    needs.push(maker.to_string());
    if !begin(app, &needs) {
        app.say(app.keyed("nothing is left to be sent first: [send] sends it"));
    }
}

/// Asks whether the one preset that captures a name is to be sent first, where nothing says that it is needed.
pub(crate) fn offer(app: &mut App, name: &str) {
    let shared = &app.shared;
    let own = shared.drafts.current().preset.as_ref();
    let presets = shared.workspace.presets.iter().filter(|stored| Some(&stored.path) != own);
    let captures = |stored: &&StoredPreset| {
        spec_of(shared, &stored.path).is_some_and(|spec| spec.captures().any(|it| it == name))
    };
    let mut makers = presets.filter(captures).map(|stored| stored.path.clone());
    if let (Some(maker), None) = (makers.next(), makers.next()) {
        let text = format!(
            "{{{{{name}}}}} has no value yet, and {maker} captures it. Send {maker} first? needs = [\"{maker}\"] in this \
             preset (tab Options) does so by itself."
        );
        let send = Intent::Runs(RunAsk::SendFirst(maker));
        overlays::ask(app, Question::new(text, ["Send it first", "Do not send"], send));
    }
}

/// The draft of a preset that is changed, so that it stands for the file.
fn edited<'a>(shared: &'a Shared, path: &PresetPath) -> Option<&'a Draft> {
    shared.drafts.of_preset(path).filter(|draft| draft.is_modified())
}

/// What a preset says now.
fn spec_of<'a>(shared: &'a Shared, path: &PresetPath) -> Option<&'a Spec> {
    if let Some(draft) = edited(shared, path) {
        return Some(&draft.spec);
    }
    shared.stored(path)?.content.as_ref().ok().map(|preset| &preset.spec)
}

/// What a draft says it needs, and who captured what it uses too long ago.
fn needs(shared: &Shared, draft: &Draft) -> Vec<String> {
    let Some(run) = draft.spec.run() else { return Vec::new() };
    let mut needs = run.needs.0.clone();
    let environment = shared.environment.as_deref();
    if shared.captured.of(environment).next().is_none() {
        return needs;
    }
    for name in names_in(&draft.spec) {
        let Some(captured) = shared.captured.get(environment, &name) else { continue };
        let by = captured.by.as_ref().filter(|by| Some(*by) != draft.preset.as_ref());
        let Some(by) = by.filter(|by| !needs.iter().any(|need| need == by.as_str())) else {
            continue;
        };
        let maker = spec_of(shared, by).filter(|maker| maker.captures().any(|it| it == name));
        if maker.is_some_and(|maker| !is_young(shared, maker, captured.at)) {
            needs.push(by.to_string());
        }
    }
    needs
}

/// Whether what a maker makes is there, and young enough.
fn is_fresh(shared: &Shared, path: &PresetPath, maker: &Spec) -> bool {
    let environment = shared.environment.as_deref();
    let outcome = shared.captured.outcome(environment, path);
    if outcome.is_some_and(|(_, has_passed)| !has_passed) {
        // What it captured is of an answer that is not what it is to be.
        return false;
    }
    let is_young = |at| is_young(shared, maker, at);
    let mut names = maker.captures().peekable();
    if names.peek().is_none() {
        return outcome.is_some_and(|(at, _)| is_young(at));
    }
    names.all(|name| shared.captured.get(environment, name).is_some_and(|it| is_young(it.at)))
}

/// Whether something of then is not older than a maker lets it be.
fn is_young(shared: &Shared, maker: &Spec, at: Stamp) -> bool {
    let longest = maker.run().and_then(|run| run.max_age);
    longest.is_none_or(|longest| shared.now.since(at) <= longest)
}

/// Begins a run of what is needed. Tells whether the draft waits for it, or cannot be sent.
fn begin(app: &mut App, needs: &[String]) -> bool {
    if app.shared.workspace.is_partial || !restore::is_begun(app) {
        app.say("the presets are still being read: try it again in a moment");
        return true;
    }
    let shared = &app.shared;
    let draft = shared.drafts.current();
    let title = draft.title();
    let after = SentAfter { path: draft.preset.as_ref(), name: &title, needs };
    let edited = |path: &PresetPath| Some(edited(shared, path)?.as_preset(path.clone()));
    let fresh = |maker: &Preset| is_fresh(shared, &maker.path, &maker.spec);
    let script = match runner::script_before(&shared.workspace, after, &edited, &fresh) {
        Ok(script) => script,
        Err(why) => {
            app.warn(format!("not sent: {why}"));
            return true;
        }
    };
    let is_up = |path: &PresetPath| beginning::running(app, path).is_some();
    let is_all_up = script.listeners.iter().all(|listener| is_up(&listener.path));
    if script.steps.is_empty() && is_all_up || stays_wrong(shared, &script) {
        return false;
    }
    let first = told(app, &script);
    let is_busy = shared.runs.current.as_ref().is_some_and(ShownRun::is_live);
    if is_busy || shared.runs.prepared.is_some() && app.waiting.is_some() {
        let words =
            format!("not sent: {first} first, and a run is under way ([show-run] shows it)");
        app.warn(app.keyed(&words));
        return true;
    }
    let paths = script.steps.iter().map(|step| &step.path);
    let mut names: Vec<String> = paths.map(ToString::to_string).collect();
    if names.is_empty() {
        names = script.listeners.iter().map(|listener| listener.path.to_string()).collect();
    }
    let (spec, environment) = (draft.spec.clone(), shared.environment.clone());
    let then = SentThen { draft: draft.id, spec, environment, first };
    let wish = RunWish {
        names,
        title: format!("what {title} needs"),
        data: String::new(),
        repeat: 1,
        parallel: 1,
        retries: 0,
        timeout: None,
        fail_fast: true,
        places: Vec::new(),
        tags: String::new(),
    };
    beginning::prepare(app, PreparedRun { wish, script, rounds: None, then: Some(then) });
    true
}

/// Whether something is wrong with the draft on screen that no value mends.
fn stays_wrong(shared: &Shared, script: &RunScript) -> bool {
    let spec = &shared.drafts.current().spec;
    let mut scope = shared.scope();
    let Err(issues) = plan_with(spec, &scope, UnknownNames::Refused) else { return false };
    let any = EndAddress::Inet(SocketAddr::from((Ipv4Addr::LOCALHOST, 1)));
    for listener in &script.listeners {
        scope
            .captured
            .extend(listening_variables(listener.path.as_str(), std::slice::from_ref(&any)));
    }
    for name in script.steps.iter().flat_map(RunStep::captures) {
        scope.captured.entry(name.to_owned()).or_insert_with(|| "1".to_owned());
    }
    let still = plan_with(spec, &scope, UnknownNames::Refused).err().unwrap_or_default();
    issues.iter().any(|issue| issue.wants.is_none() && still.contains(issue))
}

/// What goes first, in words: `mock starts and login is sent`.
fn told(app: &App, script: &RunScript) -> String {
    let is_down = |path: &&PresetPath| beginning::running(app, path).is_none();
    let starting = script.listeners.iter().map(|listener| &listener.path).filter(is_down);
    let starting: Vec<&str> = starting.map(PresetPath::as_str).collect();
    let sent: Vec<&str> = script.steps.iter().map(|step| step.path.as_str()).collect();
    let words = |paths: &[&str], [one, more]: [&str; 2]| {
        let verb = if paths.len() == 1 { one } else { more };
        (!paths.is_empty()).then(|| format!("{} {verb}", paths.join(", ")))
    };
    let parts = [words(&starting, ["starts", "start"]), words(&sent, ["is sent", "are sent"])];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" and ")
}

/// All that goes first is over: the draft is sent if all of it passed, and it is what it was.
pub(super) fn over(app: &mut App, then: &SentThen) {
    let Some(shown) = &app.shared.runs.current else { return };
    let rows = shown.run.rows();
    let has_failed =
        |row: &&RunRow| matches!(row.verdict, RunVerdict::NotMet(_) | RunVerdict::Failed(_));
    if let Some(row) = rows.iter().find(has_failed) {
        let why = row.lines().into_iter().next().unwrap_or_default();
        let words = format!("not sent: {} did not pass: {why}; [show-run] shows it", row.path);
        return app.warn(app.keyed(&words));
    }
    if shown.run.stopped().is_some() {
        return app.say(format!("not sent: {STOPPED}"));
    }
    hand_over(app);
    let draft = app.shared.drafts.current();
    let hindrance = if draft.id != then.draft {
        "another draft is on the screen"
    } else if draft.spec != then.spec {
        "what is sent was changed meanwhile: [send] sends it as it is now"
    } else if app.shared.environment != then.environment {
        "another environment is in force now: [send] sends it there"
    } else {
        let of = WaitsFor::Draft(then.draft);
        app.waiting = Some(WaitingSend::answered(of, UnknownNames::Refused));
        // What was said when it began is over.
        app.done("all that it needs is there: it is sent");
        return app.intents.push_back(Intent::PassOn(Action::Send));
    };
    app.warn(app.keyed(&format!("not sent, though all that it needs is there: {hindrance}")));
}

/// Listeners that were started stay, each with its preset as if that had been sent itself.
fn hand_over(app: &mut App) {
    let Some(shown) = &app.shared.runs.current else { return };
    let left = shown.run.left().map(|(listener, id)| (listener.clone(), id));
    for (listener, id) in left.collect::<Vec<_>>() {
        let path = &listener.path;
        let scope = app.shared.scope_in(path.folder());
        let checks = compose::checks(&listener.spec, &scope, UnknownNames::Refused);
        let own = app.shared.drafts.of_preset(path).and_then(|draft| draft.session);
        let own = own.and_then(|own| app.shared.sessions.get(own));
        let is_free = own.is_none_or(Session::is_over);
        let stored = app.shared.stored(path).cloned().filter(|_| is_free);
        let draft = stored.and_then(|stored| app.shared.drafts.beside(&stored));
        let Some(draft) = draft else {
            let close = Command::Close { id, how: CloseMode::Close };
            app.effects.push(Effect::Engine(close));
            continue;
        };
        draft.opened(id);
        let of = draft.id;
        if let Some(session) = app.shared.sessions.get_mut(id) {
            session.draft = Some(of);
            session.checks = checks;
            path.as_str().clone_into(&mut session.title);
            session.named(path);
        }
    }
}
