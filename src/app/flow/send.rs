//! From a draft to a running session: expand, check, open; and what follows its end.
//!
//! The plan is made at the key press, so nothing typed afterwards can change what is sent.

use super::{cookies, curl, draft, focus, response, restore, runs, wanted};
use crate::app::drafts::FieldIssue;
use crate::app::effect::Effect;
use crate::app::focus::Pane;
use crate::app::form::FormFieldId;
use crate::app::session_words;
use crate::app::sessions::{Session, SessionState};
use crate::app::shared::Shared;
use crate::app::state::App;
use crate::app::waiting_send::{SendWithCookies, WaitsFor};
use crate::check::Checks;
use crate::compose::listening_names::is_listening_name;
use crate::compose::{self, Issue, UnknownNames, plan_with};
use crate::engine::command::{CloseMode, Command};
use crate::interop::history_spec::{forgetting, summary};
use crate::model::endpoint::Endpoint;
use crate::model::environment_layers::LayerFault;
use crate::model::field_access;
use crate::model::id::SessionId;
use crate::model::plan::Plan;
use crate::model::preset::{PresetPath, Scope, StoredPreset};
use crate::model::protocol::Side;
use crate::model::secrets::without_userinfo;
use crate::model::session_outcome::SessionOutcome;
use crate::model::spec::Spec;
use crate::model::timing::Stamp;
use crate::model::trust::TrustedCertificate;
use crate::store::job::{HistoryEntry, Job, JobKind, VariableKind};
use crate::timeline::Totals;

/// Sends, connects or starts what is composed; a running listener takes over its answers.
pub(crate) fn send(app: &mut App, unknown: UnknownNames) {
    if runs::is_under_way(app) {
        return;
    }
    // Unless it goes on with what was answered, another press begins anew.
    app.waiting.take_if(|waiting| !std::mem::take(&mut waiting.is_answered));
    if app.request.refused.is_some() {
        draft::blur(app);
        return;
    }
    if curl::typed(app) {
        return;
    }
    if let Some(LayerFault { environment, cause }) = app.shared.environment_fault() {
        // Values would be missing, or be those of a folder.
        return app.warn(format!("not sent: {}: {cause}", VariableKind::Plain.file(&environment)));
    }
    if let Some(problem) = app.shared.folder_fault() {
        return app.warn(format!("not sent: what its folder gives: {problem}"));
    }
    draft::adopt_address(app);
    app.shared.drafts.current_mut().tag_rules();
    let of = WaitsFor::Draft(app.shared.drafts.current().id);
    let goes_on = app.waiting.as_ref().is_some_and(|waiting| waiting.of == of);
    if unknown == UnknownNames::Refused && !goes_on && runs::goes_first(app) {
        return;
    }
    let mut scope = app.shared.scope();
    wanted::answered(app, of, &mut scope);
    let spec = &app.shared.drafts.current().spec;
    match plan_with(spec, &scope, unknown) {
        Ok(plan) => {
            let checks = compose::checks(spec, &scope, unknown);
            app.waiting = None;
            let of = app.shared.drafts.current().id;
            let sent = SendWithCookies { of, plan, checks, scope };
            if cookies::are_awaited(app, &sent.plan) {
                app.sends_with_cookies = Some(sent);
                return;
            }
            start_with_cookies(app, sent);
        }
        // What it lacks may be there in a moment.
        Err(_) if !restore::is_begun(app) => {
            app.say_of(
                JobKind::LoadRestore,
                app.keyed("the workspace is being read: [send] sends when it is there"),
            );
        }
        Err(issues) if wanted::gets(app, &issues, unknown) => {}
        Err(mut issues) => {
            app.waiting = None;
            let hidden = scope.hidden();
            for one in &mut issues {
                one.message = hidden.hide_words(&one.message);
            }
            refuse(app, &issues);
        }
    }
}

/// Sends what waited for its cookies, if nothing is awaited any more.
pub(super) fn go_on_with_cookies(app: &mut App) {
    let is_there = !app.shared.cookies.is_awaited(app.shared.environment.as_deref());
    // It goes as it was when it was sent, whatever was typed since.
    let Some(waiting) = app.sends_with_cookies.take_if(|_| is_there) else { return };
    if app.shared.drafts.current().id == waiting.of {
        start_with_cookies(app, waiting);
    }
}

/// Begins it with the cookies that go along.
fn start_with_cookies(app: &mut App, sent: SendWithCookies) {
    let SendWithCookies { plan, checks, scope, .. } = sent;
    app.sends_with_cookies = None;
    let jar = app.shared.cookies.jar(app.shared.environment.as_deref());
    start(app, compose::with_cookies(plan, &jar), checks, &scope);
}

/// What the form on screen comes to; `None` = something is wrong with it, which is told when it is sent.
pub(super) fn planned(app: &App) -> Option<Plan> {
    let scope = app.shared.scope();
    plan_with(&app.shared.drafts.current().spec, &scope, UnknownNames::Refused).ok()
}

/// Accepts the certificate that was just refused, from now on in this draft, and sends once more.
/// Only this one, and only where it was refused: another certificate is asked about again.
pub(crate) fn connect_anyway(app: &mut App) {
    let Some(refused) = app.shared.session().and_then(refused) else {
        app.say("nothing to accept: no certificate was refused here");
        return;
    };
    let draft = app.shared.drafts.current_mut();
    let at = draft.at;
    let accept = |spec: &mut Spec| spec.consent_mut().map(|(_, trust)| trust.accept(refused));
    if draft.steps.choose(&mut draft.spec, at, accept).is_some() {
        draft::draft_changed(app);
        send(app, UnknownNames::Refused);
    }
}

/// The certificate a session ended with because it did not verify; with its origin when that is
/// not where the session's own address leads.
fn refused(session: &Session) -> Option<TrustedCertificate> {
    let SessionState::Over(Err(failure)) = &session.state else { return None };
    let sha256 = failure.distrusted()?;
    let own = session.plan.endpoint();
    let there: Option<Endpoint> = failure.target.parse().ok();
    let at = there.filter(|there| !own.is_some_and(|own| own.is_same(there)));
    Some(TrustedCertificate { sha256, at })
}

fn start(app: &mut App, plan: Plan, checks: Checks, scope: &Scope) {
    response::look_away(app);
    if let Some(session) = app.shared.session().filter(|session| !session.is_over()) {
        let id = session.id;
        let is_closing = session.state == SessionState::Closing;
        match session.side() {
            Side::Listener | Side::Relay if !is_closing => {
                if let Some(session) = app.shared.sessions.get_mut(id) {
                    session.checks = checks;
                }
                return update(app, id, &plan);
            }
            // A request in flight makes way for the new one.
            Side::Client if !session.capabilities().lasting => {
                app.effects.push(Effect::Engine(Command::Close { id, how: CloseMode::Reset }));
            }
            Side::Client if !is_closing => {
                let hint = "already open: type in the input line below, or [stop] closes it";
                app.say(app.keyed(hint));
                focus::focus_input(app);
                return;
            }
            Side::Client | Side::Listener | Side::Relay => {}
        }
    }
    open(app, plan, checks, scope);
}

fn open(app: &mut App, plan: Plan, checks: Checks, scope: &Scope) {
    let draft = app.shared.drafts.current();
    let address = without_userinfo(draft.spec.address());
    let title = draft.preset.as_ref().map_or(&*address, |path| path.as_str()).to_owned();
    let conversation = plan.capabilities().conversation;
    let at = app.shared.sessions.free_entry(app.shared.wall_clock.at(app.shared.now));
    let entry = HistoryEntry {
        at,
        summary: summary(&draft.spec, scope),
        outcome: SessionOutcome::Unknown,
        spec: forgetting(&draft.spec),
        preset: draft.preset.clone(),
        left_out: 0,
    };
    let listens = plan.side().listens();
    let draft_address = draft.spec.address().to_owned();
    let id = app.shared.sessions.open(plan.clone(), title, app.shared.now);
    if let Some(session) = app.shared.sessions.get_mut(id) {
        session.entry = at;
        session.checks = checks;
        session.environment.clone_from(&app.shared.environment);
        session.draft = Some(app.shared.drafts.current().id);
        draft_address.clone_into(&mut session.written);
    }
    let draft = app.shared.drafts.current_mut();
    draft.opened(id);
    let secrets = compose::hidden(&app.shared.drafts.current().spec, scope);
    app.shared.hide(&secrets);
    let plan = Box::new(plan);
    app.effects.push(Effect::Engine(Command::Open { id, plan, secrets }));
    if entry.spec.is_remembered() {
        app.effects.push(Effect::Store(Job::AppendHistory(Box::new(entry))));
    }
    response::session_changed(app);
    draft::tell_undone(app);
    if conversation && !listens {
        focus::focus(app, Pane::Response);
        focus::focus_input(app);
    }
}

fn update(app: &mut App, id: SessionId, plan: &Plan) {
    let Some(session) = app.shared.sessions.get_mut(id) else { return };
    // What the draft says now is not what the sockets are.
    let answers = plan.clone().with_sockets_of(&session.plan);
    let (is_elsewhere, is_new) = (answers != *plan, answers != session.plan);
    let is_led_on = answers.target() == session.plan.target();
    let there = session_words::place(session);
    let draft = app.shared.drafts.current_mut();
    // Rules that are off are applied, too, though nothing answers otherwise then.
    let is_other = draft.sent.as_ref().is_some_and(|sent| has_other_rules(&draft.spec, sent));
    draft.sent = Some(draft.spec.clone());
    if is_new {
        if answers.rewrites() != session.plan.rewrites() {
            session.rewrites.renumbered();
        }
        session.plan = answers.clone();
        let plan = Box::new(session.plan_in_force());
        app.effects.push(Effect::Engine(Command::Update { id, plan }));
    }
    let moves = "address, TLS and socket options change when it is stopped ([stop]) and started";
    let (changed, same) = match answers.side() {
        Side::Client | Side::Listener => ("answers changed", "listening with these answers"),
        Side::Relay if is_led_on => ("what the relay does changed", "connecting on to this target"),
        Side::Relay => ("the target of new connections changed", "connecting on to this target"),
    };
    match (is_new, is_elsewhere) {
        (true, true) => app.warn(app.keyed(&format!("{changed}; {moves}"))),
        (true, false) => app.say(format!("{changed} while it runs")),
        (false, true) => app.warn(app.keyed(&format!("it listens on {there} still; {moves}"))),
        (false, false) if is_other => {
            app.say("applied: what changed is off or says the same, so it answers as before");
        }
        (false, false) => {
            app.say(app.keyed(&format!("already {same}; [stop] stops")));
        }
    }
}

/// Whether the rules differ from those that went live last, be they on or off.
fn has_other_rules(now: &Spec, sent: &Spec) -> bool {
    let (of_http, others) = (now.as_http_listener(), now.answer_rules());
    of_http.map(|spec| &spec.rules) != sent.as_http_listener().map(|spec| &spec.rules)
        || others != sent.answer_rules()
}

/// The send is blocked: every complaint is kept, the first is shown where it is.
fn refuse(app: &mut App, issues: &[Issue]) {
    let spec = &app.shared.drafts.current().spec;
    let found: Vec<FieldIssue> = issues.iter().map(|issue| field_issue(spec, issue)).collect();
    // What starting a listener mends is told behind what it does not.
    let is_mended = |issue: &&FieldIssue| {
        let unknown = issue.unknown.as_ref();
        unknown.is_some_and(|unknown| unstarted(&app.shared, unknown.inner()).is_some())
    };
    let first = found.iter().find(|issue| !is_mended(issue)).or(found.first());
    let Some(first) = first.cloned() else { return };
    let (not_done, literally) = match spec.side() {
        Side::Client => ("not sent", "sends it literally"),
        Side::Listener => ("not listening", "listens with it as it is written"),
        Side::Relay => ("not relaying", "relays with it as it is written"),
    };
    app.shared.drafts.current_mut().issues = found;
    focus::focus(app, Pane::Request);
    draft::go_to_issue(app, &first);
    match &first.unknown {
        Some(unknown) => {
            let is_name = unknown.is_name;
            if let Some(listener) = unstarted(&app.shared, unknown.inner()) {
                let (name, path) = (unknown.inner(), listener.as_str());
                let what = format!("{{{{{name}}}}} is where {path} listens, which is not running");
                return app.warn(format!("{not_done}: {what}; start {path} first"));
            }
            let defines = if is_name { "[define-name] defines it, " } else { "" };
            let hint = app.keyed(&format!("{defines}[send-literal] {literally}"));
            let what = if is_name {
                format!("{{{{{}}}}} is not defined in this environment", unknown.inner())
            } else {
                first.message.clone()
            };
            app.warn(format!("{what}; {hint}"));
            if is_name {
                runs::offer(app, unknown.inner());
            }
        }
        // What runs goes on, whatever is wrong with the text.
        None => match session_words::still_there(&app.shared) {
            Some(still) => app.warn(format!("{}; {still}", first.message)),
            None => app.warn(format!("{not_done}: {}", first.message)),
        },
    }
}

/// The preset whose listener would have to run for this name to have a value.
fn unstarted(shared: &Shared, name: &str) -> Option<PresetPath> {
    let mut presets = shared.workspace.presets.iter();
    let is_meant = |stored: &&StoredPreset| is_listening_name(name, stored.path.as_str());
    presets.find(is_meant).map(|stored| stored.path.clone())
}

/// A complaint, and where in the form its field is edited.
fn field_issue(spec: &Spec, issue: &Issue) -> FieldIssue {
    let tab = field_access::tab(spec.options(), &issue.field);
    let known = field_access::find(spec.options(), &issue.field).is_some();
    let field = if known { FormFieldId::of(spec, issue.field) } else { FormFieldId::Address };
    FieldIssue { field, tab, message: issue.to_string(), unknown: issue.unknown.clone() }
}

/// A session is over: its history entry gets the outcome.
pub(crate) fn finished(app: &mut App, id: SessionId) {
    let Some(session) = app.shared.sessions.get(id) else { return };
    // What nobody composed is not in the history.
    if session.entry == Stamp::default() {
        return;
    }
    let outcome = outcome(session, app.shared.timeline.session_totals(id));
    app.effects.push(Effect::Store(Job::FinishHistory { at: session.entry, outcome }));
}

fn outcome(session: &Session, totals: Totals) -> SessionOutcome {
    match &session.state {
        SessionState::Over(Ok(_)) => {}
        SessionState::Over(Err(failure)) => return SessionOutcome::Failed(failure.cause.clone()),
        _ => return SessionOutcome::Unknown,
    }
    if !session.capabilities().exchanges {
        let (sent, received) = (totals.sent.bytes, totals.received.bytes);
        return SessionOutcome::Bytes { sent, received };
    }
    if session.side().listens() {
        return SessionOutcome::Requests(session.exchanges.len() as u64 + session.forgotten);
    }
    let last = session.exchanges.back();
    last.map_or(SessionOutcome::Unknown, |exchange| SessionOutcome::of_exchange(exchange))
}
