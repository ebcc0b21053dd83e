//! Expectations and captures on the screen.
//!
//! ```text
//! send ─► Session::checks ─► done ─► Effect::Check ─► Message::Checked ─► Session::checked (tab "Checks")
//!                                                                     └► Shared::captured ({{token}})
//! [capture-value], [expect-value] ─► a row of the draft's [capture] or [expect]
//! ```

use super::{draft, response, runs};
use crate::app::checking::{CheckOrder, CheckWish, Checked, WhatCame};
use crate::app::effect::Effect;
use crate::app::sessions::{Session, SessionState};
use crate::app::shared::Shown;
use crate::app::state::App;
use crate::check::{CheckReport, Heard, Served};
use crate::model::id::SessionId;
use crate::model::name_value::NameValue;
use crate::model::protocol::Side;
use crate::model::spec::Spec;
use crate::timeline::conversation::records;

/// A session is over: what is expected of its last answer, or of all that was said, is looked at.
pub(crate) fn finished(app: &mut App, id: SessionId) {
    let now = app.shared.wall_clock.at(app.shared.now);
    let Some(session) = app.shared.sessions.get(id) else { return };
    let is_well = matches!(session.state, SessionState::Over(Ok(_)));
    if session.checks.is_empty() || !is_well {
        return;
    }
    let can = session.plan.capabilities();
    let came = if session.side().listens() {
        WhatCame::Served(Box::new(served(app, session)))
    } else if can.exchanges {
        let Some(exchange) = session.exchanges.back().cloned() else { return };
        WhatCame::Exchange(exchange)
    } else {
        let mut heard = Heard::new(can);
        heard.dialled(session.dialled.clone());
        let said = &session.conversation;
        for row in (0..said.len()).filter_map(|place| said.row(place)) {
            records(&app.shared.timeline, row).for_each(|record| heard.take(&record));
        }
        WhatCame::Conversation(Box::new(heard))
    };
    let checks = session.checks.clone();
    let order = CheckOrder { session: id, came, checks, now, keeps: None };
    app.effects.push(Effect::Check(Box::new(order)));
}

/// What came to a listener that is over, as far as it is still here.
fn served(app: &App, session: &Session) -> Served {
    let mut served = Served::new(session.plan.capabilities());
    for exchange in &session.exchanges {
        served.take_exchange(exchange);
    }
    if let Some(last) = session.exchanges.back() {
        served.called_in_all(u64::from(last.number) + 1);
    }
    let said = &session.conversation;
    for row in (0..said.len()).filter_map(|place| said.row(place)) {
        records(&app.shared.timeline, row).for_each(|record| served.take(&record));
    }
    served
}

/// What was looked at is known.
pub(crate) fn checked(app: &mut App, checked: Checked) {
    if runs::checked(app, &checked) {
        return;
    }
    let (id, now) = (checked.session, app.shared.now);
    let Some(session) = app.shared.sessions.get_mut(id) else { return };
    let report = match checked.report {
        Ok(report) => report,
        Err(why) => return app.warn(format!("what is expected was not looked at: {why}")),
    };
    let environment = session.environment.clone();
    session.checked = Some(report.clone());
    let of_draft = session.draft.and_then(|draft| app.shared.drafts.get(draft));
    let by = of_draft.and_then(|draft| draft.preset.clone());
    let too_long = app.shared.take_captured(environment.as_deref(), &report, by.as_ref(), now);
    if let Some(by) = &by {
        app.shared.captured.went(environment.as_deref(), by, now, report.is_met());
    }
    response::exchange_changed(app, id);
    if app.shared.drafts.current().session == Some(id) {
        tell(app, &report, &too_long);
    }
}

fn tell(app: &mut App, report: &CheckReport, too_long: &[String]) {
    if let Some(name) = too_long.first() {
        return app.warn(format!("{name} is longer than 1 MiB and was not captured"));
    }
    if !report.is_met() {
        let first = report.unmet_lines().into_iter().next().unwrap_or_default();
        let first = app.shared.disclosure().words(&first);
        return app.warn(format!("not as expected: {first}"));
    }
    let names: Vec<String> =
        report.captured.iter().map(|captured| format!("{{{{{}}}}}", captured.name)).collect();
    // What is looked at in a tab is not said, too.
    let is_in_tab = app.shared.shown() == Shown::Exchange;
    match report.results.len() {
        _ if !names.is_empty() => app.say(format!("captured {}", names.join(", "))),
        met if !is_in_tab && met > 0 => app.say(format!("as expected: {met} of {met}")),
        _ => {}
    }
}

/// Writes a row into what the draft on screen captures or expects.
pub(super) fn wished(app: &mut App, wish: CheckWish) {
    let (said, row, is_capture) = match wish {
        CheckWish::Capture { name, of } => {
            let name = free_name(&app.shared.drafts.current().spec, &name, &of);
            let does = "is captured from";
            let said = format!("{{{{{name}}}}} {does} {of} when this is sent; [save] keeps that");
            (said, NameValue::new(name, of), true)
        }
        CheckWish::Expect { about, value } => {
            let of = match app.shared.drafts.current().spec.side() {
                Side::Client => "",
                Side::Listener | Side::Relay => " of the last request",
            };
            let said = format!("expected from now on{of}: {about} = {value}; [save] keeps that");
            (said, NameValue::new(about, value), false)
        }
    };
    let write = |spec: &mut Spec| {
        let rows = if is_capture {
            spec.checks_mut().map(|(_, capture)| &mut capture.rows)
        } else {
            spec.expected_mut()
        };
        put(rows, &row)
    };
    let draft = app.shared.drafts.current_mut();
    let at = draft.at;
    if !draft.steps.choose(&mut draft.spec, at, write) {
        return app.warn("nothing comes back to this, so nothing can be captured or expected");
    }
    draft::spec_changed(app);
    app.say(app.keyed(&said));
}

/// Puts a row where there is one of its name, else at the end.
fn put(rows: Option<&mut Vec<NameValue>>, row: &NameValue) -> bool {
    let Some(rows) = rows else { return false };
    match rows.iter_mut().find(|known| known.name == row.name) {
        Some(known) if is_one_more(known, row) => {
            known.value = format!("{} and {}", known.value, row.value);
        }
        Some(known) => known.clone_from(row),
        None => rows.push(row.clone()),
    }
    true
}

/// Whether a row wants one more part of something than the one that is there.
fn is_one_more(known: &NameValue, row: &NameValue) -> bool {
    let is_part = |row: &NameValue| row.value.starts_with("contains ");
    is_part(known) && is_part(row) && !known.value.contains(&row.value)
}

/// A name that nothing else is captured under.
fn free_name(spec: &Spec, name: &str, of: &str) -> String {
    let is_taken = |name: &str| {
        let mut rows = spec.checks().into_iter().flat_map(|(_, capture)| &capture.rows);
        rows.any(|row| row.name == name && row.value != of)
    };
    let mut names = std::iter::once(name.to_owned()).chain((2..).map(|at| format!("{name}{at}")));
    names.find(|name| !is_taken(name)).unwrap_or_default()
}
