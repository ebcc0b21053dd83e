//! The rules of a relay that runs, which change what it passes on: all of them off and on again, and single
//! ones, and its faults, where they stand in the form.

use super::{draft, send};
use crate::app::effect::Effect;
use crate::app::form::FormFieldId;
use crate::app::sessions::Session;
use crate::app::state::App;
use crate::engine::command::Command;
use crate::model::id::SessionId;

/// Lists whose rows do something on a relay that runs as soon as they are switched.
const LIVE: [&str; 2] = ["rewrite", "fault"];

/// Switches the rules of the relay on screen off, or on again.
pub(super) fn toggle(app: &mut App) {
    let Some(id) = running(app) else { return app.say("nothing runs here") };
    let Some(session) = app.shared.sessions.get_mut(id) else { return };
    if session.plan.rewrites_mut().is_none() {
        return app.say("only a relay has rules that change what it passes on");
    }
    if session.plan.rewrites().is_empty() {
        let hint = "this relay changes nothing; its tab Rewrites adds rules, [send] applies them";
        return app.say(app.keyed(hint));
    }
    session.rewrites.off = !session.rewrites.off;
    let words = if session.rewrites.off {
        "the rules are off: what comes is passed on as it is; [toggle-rewrites] switches them on"
    } else {
        "the rules are on again"
    };
    let effect = update(session);
    app.effects.push(effect);
    app.say(app.keyed(words));
}

fn running(app: &App) -> Option<SessionId> {
    app.shared.session().filter(|session| !session.is_over()).map(|session| session.id)
}

fn update(session: &Session) -> Effect {
    Effect::Engine(Command::Update { id: session.id, plan: Box::new(session.plan_in_force()) })
}

/// Goes to the next value of a field; a rule or fault that is switched by that is so on the relay that
/// runs, too.
pub(super) fn cycled(app: &mut App, field: FormFieldId, forward: bool) {
    draft::cycle_field(app, field, forward);
    let FormFieldId::Field(of) = field else { return };
    let Some((key, Some(row), _)) = of.split_first() else { return };
    if LIVE.contains(&key) && of.last_key() == "off" {
        apply(app, field, key, row);
    }
}

/// Puts the rules and faults of the form in force, and nothing else of it.
fn apply(app: &mut App, field: FormFieldId, key: &str, row: usize) {
    let Some(id) = running(app) else { return };
    let made = send::planned(app);
    let (Some(mut made), Some(session)) = (made, app.shared.sessions.get_mut(id)) else { return };
    let before = session.plan.clone();
    if let (Some(faults), Some(new)) = (session.plan.faults_mut(), made.faults_mut()) {
        faults.list = std::mem::take(&mut new.list);
    }
    if let (Some(rules), Some(new)) = (session.plan.rewrites_mut(), made.rewrites_mut()) {
        *rules = std::mem::take(new);
    }
    if session.plan == before {
        return;
    }
    if session.plan.rewrites() != before.rewrites() {
        session.rewrites.renumbered();
    }
    let effect = update(session);
    app.effects.push(effect);
    let draft = app.shared.drafts.current_mut();
    let mut now = draft.spec.to_spec();
    if let Some(sent) = &mut draft.sent {
        let (old, new) = (sent.faults_mut(), now.faults_mut());
        old.zip(new).into_iter().for_each(|(old, new)| *old = std::mem::take(new));
        let (old, new) = (sent.rewrites_mut(), now.rewrites_mut());
        old.zip(new).into_iter().for_each(|(old, new)| *old = std::mem::take(new));
    }
    let state = draft.text(field);
    let what = if key == "fault" { "fault" } else { "rule" };
    let words = format!("{what} {} is {state} now on the relay that runs", row + 1);
    app.say(words);
}
