//! Rules made of answers that were seen: the exchange of a row of Traffic, or the one that is looked at, becomes a rule
//! of a listener that is open, of a preset, or of a new one.

use std::collections::BTreeSet;

use super::{draft, focus, overlays, replay};
use crate::app::choices::{Choice, Choices};
use crate::app::editor::Caret;
use crate::app::focus::Pane;
use crate::app::form::FormFieldId;
use crate::app::intent::{Intent, MadeRules, RuleHome};
use crate::app::overlay::Overlay;
use crate::app::state::App;
use crate::interop::mock::{self, RecordedMock};
use crate::model::counts::counted;
use crate::model::field_id::FieldId;
use crate::model::http::HttpRule;
use crate::model::id::{ConnId, RecordId};
use crate::model::record::{ConnInfo, Record};

/// Makes rules and asks where they shall be.
pub(crate) fn make(app: &mut App) {
    match made(app) {
        Err(why) => app.say(why),
        Ok(made) => {
            let homes = homes(app, &made);
            // Nothing to choose from.
            if let [only] = homes.as_slice() {
                app.intents.extend(only.intents.iter().cloned());
                return;
            }
            let choices = Choices {
                title: " Which listener shall answer so ",
                hint: "[choose] choose · type to search · [back] close",
                ..Choices::new(homes, 0)
            };
            overlays::choose_from(app, choices);
        }
    }
}

/// The exchange that is meant: the one looked at in the response, else that of the row of Traffic.
fn asked(app: &App) -> Result<(ConnId, u32), &'static str> {
    let shared = &app.shared;
    if shared.focus == Pane::Response
        && let Some(shown) = app.exchange.shown(shared)
    {
        return Ok((shown.exchange.conn, shown.exchange.number));
    }
    let record = app.traffic.selected(shared).and_then(|id| shared.timeline.get(id));
    let record = record.ok_or("there is no record yet")?;
    let exchange = shared.timeline.exchange_of(&record);
    let exchange =
        exchange.ok_or("only answers of HTTP become rules; [make-mock] answers bytes")?;
    Ok((record.conn, exchange.number))
}

fn made(app: &App) -> Result<MadeRules, String> {
    let (conn, number) = asked(app).map_err(|why| app.keyed(why))?;
    let timeline = &app.shared.timeline;
    let told_under = timeline.conn(conn).map_or(conn, ConnInfo::told_under);
    let is_asked = |_: RecordId, record: &Record| {
        timeline.exchange_of(record).is_some_and(|exchange| exchange.number == number)
    };
    let script = replay::script(&app.shared, &BTreeSet::new(), &[told_under].into(), &is_asked)?;
    let RecordedMock { spec, remarks, .. } = mock::mock(&script)?;
    let listener = spec.as_http_listener().ok_or("only answers of HTTP become rules")?;
    Ok(MadeRules { rules: listener.rules.clone(), remarks, alone: spec })
}

/// Listeners that can have them.
fn homes(app: &App, made: &MadeRules) -> Vec<Choice> {
    let to = |home| vec![Intent::AddRules(home, Box::new(made.clone()))];
    let drafts = app.shared.drafts.iter().filter(|draft| draft.spec.has_answers());
    let mut homes: Vec<Choice> = drafts
        .filter(|draft| !draft.is_blank())
        .map(|draft| Choice {
            title: draft.title(),
            detail: draft.spec.address().to_owned(),
            badge: draft.spec.badge().into(),
            note: "open".into(),
            intents: to(RuleHome::Draft(draft.id)),
            ..Choice::default()
        })
        .collect();
    let stored = app.shared.workspace.presets.iter();
    let stored = stored.filter(|it| app.shared.drafts.of_preset(&it.path).is_none());
    homes.extend(stored.filter_map(|stored| {
        let preset = stored.content.as_ref().ok()?;
        preset.spec.as_http_listener()?;
        Some(Choice {
            title: stored.path.to_string(),
            detail: preset.spec.address().to_owned(),
            badge: preset.spec.badge().into(),
            note: "preset".into(),
            intents: to(RuleHome::Preset(stored.path.clone())),
            ..Choice::default()
        })
    }));
    homes.push(Choice {
        title: "a new listener".into(),
        note: "new".into(),
        intents: to(RuleHome::New),
        ..Choice::default()
    });
    homes
}

/// Adds rules where they shall be, before those that answer what they do: the first that fits answers.
pub(crate) fn add(app: &mut App, home: RuleHome, made: MadeRules) {
    let MadeRules { rules, remarks, alone } = made;
    if let Some(Overlay::Choices(_)) = app.overlays.last() {
        app.overlays.pop();
    }
    let count = counted(rules.len() as u64, "rule");
    match home {
        RuleHome::New => {
            draft::open_draft(app, alone);
        }
        RuleHome::Draft(id) => {
            draft::show_draft(app, id);
            insert(app, &rules);
        }
        RuleHome::Preset(path) => {
            if !draft::open_preset(app, &path) {
                return;
            }
            insert(app, &rules);
        }
    }
    focus::focus(app, Pane::Request);
    draft::spec_changed(app);
    let field = FieldId::new("rule").row(0).then("path");
    app.intents.push_back(Intent::GoToField(FormFieldId::Field(field), Caret::Keep));
    let said = [vec![format!("{count} added")], remarks].concat().join("; ");
    app.say(said + &app.keyed(": [send] starts it or changes its answers, [save] saves it"));
}

/// Puts rules before those of the draft on screen, which can be taken back.
fn insert(app: &mut App, rules: &[HttpRule]) {
    let draft = app.shared.drafts.current_mut();
    let mut spec = draft.spec.to_spec();
    if let Some(listener) = spec.as_http_listener_mut() {
        listener.rules.splice(0..0, rules.iter().cloned());
    }
    draft.adopt(spec);
}
