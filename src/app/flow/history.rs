//! The history: asking the store for its list, and opening what an entry sent.
//!
//! However much is sent, one question for the list is under way at a time; what happened meanwhile
//! is asked for once, when its answer is there.

use super::{draft, focus, kept, program};
use crate::app::action::Action;
use crate::app::effect::Effect;
use crate::app::focus::Pane;
use crate::app::format;
use crate::app::intent::Intent;
use crate::app::state::App;
use crate::store::job::{HISTORY_BODY, HistoryName, HistorySpec, Job};

/// The list is not what the store has any more.
pub(crate) fn changed(app: &mut App) {
    app.effects.extend(app.history.refresh(&app.shared).map(Effect::Store));
}

/// Reads what an entry sent, to do this with it.
pub(crate) fn open(app: &mut App, name: HistoryName, then: Action) {
    let is_again = app.opening == Some((name, then));
    app.opens_again = is_again;
    if is_again {
        return;
    }
    app.opening = Some((name, then));
    app.effects.push(Effect::Store(Job::ReadHistory(name)));
}

/// The store has read what an entry sent. Only what is there as a whole is sent again unseen.
pub(crate) fn read(app: &mut App, name: HistoryName, spec: HistorySpec) {
    let Some((_, then)) = app.opening.take_if(|(opening, _)| *opening == name) else { return };
    match spec {
        HistorySpec::Kept { spec, left_out } => {
            draft::open_spec(app, *spec);
            let draft = app.shared.drafts.current().id;
            app.history.opened(name, draft);
            if then == Action::Open {
                kept::seek_of_entry(app, name.at, draft);
            }
            if left_out > 0 {
                focus::focus(app, Pane::Request);
                let (bytes, most) = (format::size(left_out), format::size(HISTORY_BODY));
                app.warn(format!(
                    "its body of {bytes} was not kept: the history keeps {most} of an entry, and \
                     less while much is sent at once"
                ));
            } else {
                then_do(app, then);
            }
        }
        HistorySpec::Gone { preset } => {
            let cause = "what it sent was not kept: it made room for newer entries";
            match preset.filter(|preset| draft::open_preset(app, preset)) {
                Some(preset) => {
                    focus::focus(app, Pane::Request);
                    app.warn(format!(
                        "{cause}; this is {preset}, from which it was sent, as it is now"
                    ));
                }
                None => app.warn(cause),
            }
        }
    }
}

/// Goes on with an entry that was put on screen. It is sent by the same key once more.
fn then_do(app: &mut App, then: Action) {
    match then {
        Action::Open => focus::focus(app, Pane::Request),
        Action::Send | Action::SendLiteral => {
            draft::say_opened(app, then);
            // Typed ahead, it is the second press.
            if std::mem::take(&mut app.opens_again) {
                app.intents.push_back(Intent::PassOn(then));
            }
        }
        then => program::act(app, then),
    }
}

/// Entries were forgotten.
pub(crate) fn forgotten(app: &mut App, count: u64) {
    changed(app);
    app.say(match count {
        1 => "1 entry forgotten".to_owned(),
        count => format!("{} entries forgotten", format::count(count)),
    });
}
