//! What has to survive leaving or a crash: when it is written, and when the program may leave.

use super::{credentials, draft, edited, exports, overlays};
use crate::app::drafts::Draft;
use crate::app::effect::Effect;
use crate::app::format;
use crate::app::intent::{Intent, Question};
use crate::app::overlay::Overlay;
use crate::app::preset_tree::TreeItem;
use crate::app::save_state::{LastRun, Leaving};
use crate::app::state::App;
use crate::store::job::{Job, JobKind, Reply, Restore};

/// Jobs whose failure says nothing about what the user asked for last; that of keeping the drafts
/// asks by itself.
const NO_REASON_TO_STAY: [JobKind; 4] =
    [JobKind::LoadRestore, JobKind::SaveRestore, JobKind::ReadHistory, JobKind::WriteHistory];

/// Names and values of what is kept of the look of the screen.
pub(crate) const THEME: &str = "theme";
pub(crate) const GROUND: &str = "background";
const DARK: &str = "dark";
pub(crate) const LIGHT: &str = "light";

/// Hands what has to survive to the store.
pub(crate) fn save_restore(app: &mut App) {
    if app.save_state.last_run == LastRun::Unread {
        // Writing would replace what the last run left; it is merged first.
        app.save_state.again = true;
        app.restore_due = false;
        return;
    }
    app.restore_due = false;
    app.save_state.again = false;
    edited::saving(app);
    app.effects.push(Effect::Store(Job::SaveRestore(Box::new(to_keep(app)))));
}

/// What has to survive leaving or a crash.
pub(crate) fn to_keep(app: &App) -> Restore {
    let (drafts, current) = app.shared.drafts.to_restore();
    let themes = &app.shared.themes;
    let theme = themes.chosen().map(|theme| (THEME.into(), theme.as_str().into()));
    let ground = if themes.is_dark() { DARK } else { LIGHT };
    let ground = (ground != DARK).then(|| (GROUND.into(), ground.into()));
    let layout = app.shared.arrangement.saved().into_iter();
    Restore {
        drafts,
        current,
        environment: app
            .shared
            .environment
            .as_ref()
            .or(app.save_state.lost_environment.as_ref())
            .cloned(),
        layout: layout
            .chain(theme)
            .chain(ground)
            .chain(app.shared.filters.saved())
            .chain(app.shared.columns.saved())
            .chain(exports::saved(app))
            .collect(),
        kept_in_place: credentials::to_keep(app),
    }
}

/// The time to write what changed. While the disk is busy with what was before, nothing is piled up.
pub(crate) fn timer_fired(app: &mut App) {
    if app.save_state.is_writing() {
        app.restore_due = false;
        app.save_state.again = true;
    } else if app.restore_due {
        save_restore(app);
    }
}

/// The time to try once more what could not be written.
pub(crate) fn try_again(app: &mut App) {
    if app.save_state.begins_retry() {
        save_restore(app);
    }
}

/// Leaves as soon as the drafts are kept. Asked a second time, while the disk does not answer, it
/// says what waiting no longer means.
pub(crate) fn leave(app: &mut App) {
    if app.save_state.leaving == Leaving::WhenKept {
        return ask(app, "The disk does not answer.");
    }
    app.save_state.leaving = Leaving::WhenKept;
    if !app.save_state.has_begun() {
        return app.effects.push(Effect::Quit);
    }
    app.say("leaving as soon as the drafts are on the disk");
    save_restore(app);
}

/// Leaves in any case; the shell waits a moment for the drafts to be kept.
pub(crate) fn terminate(app: &mut App) {
    app.save_state.leaving = Leaving::Anyway;
    if !app.save_state.has_begun() {
        return app.effects.push(Effect::Quit);
    }
    save_restore(app);
}

/// Takes note of an answer of the store, before it is applied.
pub(crate) fn answered(app: &mut App, reply: &Reply) {
    app.save_state.answered(reply);
    match reply {
        Reply::Failed { job, .. }
            if job.kind == JobKind::LoadRestore && app.save_state.last_run == LastRun::Unread =>
        {
            app.save_state.last_run = LastRun::Nothing;
        }
        // Whatever else went wrong is read before leaving, not after.
        Reply::Failed { job, .. } if !NO_REASON_TO_STAY.contains(&job.kind) => stay(app),
        Reply::Conflict { .. } => stay(app),
        _ => {}
    }
}

/// Goes on with what waited for the answer that was applied.
pub(crate) fn go_on(app: &mut App) {
    if !app.save_state.is_answered() {
        return;
    }
    if app.save_state.again || (app.restore_due && app.save_state.leaving != Leaving::No) {
        return save_restore(app);
    }
    match (app.save_state.leaving, app.save_state.failure().cloned()) {
        (Leaving::No, None) if app.overlays.iter().any(asks_to_leave) => {
            // What it asks about is over.
            app.overlays.retain(|overlay| !asks_to_leave(overlay));
            app.say(app.keyed("the drafts are kept now; [quit] leaves"));
            app.dirty = true;
        }
        (Leaving::No, _) => {}
        (Leaving::WhenKept, Some(failure)) if app.shared.drafts.iter().any(Draft::is_modified) => {
            app.save_state.leaving = Leaving::No;
            ask(app, &failure.to_string());
        }
        (Leaving::WhenKept | Leaving::Anyway, _) => app.effects.push(Effect::Quit),
    }
}

/// What waited to leave does not any more.
pub(crate) fn stay(app: &mut App) {
    if app.save_state.leaving == Leaving::WhenKept {
        app.save_state.leaving = Leaving::No;
    }
}

/// Asks whether to leave although the drafts are not kept.
fn ask(app: &mut App, why: &str) {
    app.dirty = true;
    let then = Intent::Perform(Effect::Quit);
    app.overlays.retain(|overlay| !asks_to_leave(overlay));
    let unsaved = app.shared.drafts.iter().filter(|draft| draft.is_modified()).count() as u64;
    let what = format::counted(unsaved, "unsaved draft");
    let text = format!(
        "Not left: the drafts cannot be kept. {why}\n\nLeaving writes {what} to a file elsewhere \
         and prints where."
    );
    let question = Question::new(text, ["Leave", "Stay"], then).otherwise(Intent::Stay);
    overlays::ask(app, question);
}

fn asks_to_leave(overlay: &Overlay) -> bool {
    let Overlay::Confirm(asked) = overlay else { return false };
    asked.question.otherwise.as_deref() == Some(&Intent::Stay)
}

/// Whether the workspace and what the last run left are there.
pub(crate) fn is_begun(app: &App) -> bool {
    app.loaded && app.save_state.last_run != LastRun::Unread
}

/// With nothing left by the last run the selected preset is put on screen, unless something was
/// composed already.
pub(crate) fn begin_on_a_preset(app: &mut App) {
    if (app.loaded || app.shared.workspace.is_partial)
        && app.save_state.last_run == LastRun::Nothing
        && app.shared.drafts.is_pristine()
        && app.request.refused.is_none()
        && let Some(TreeItem::Preset(path)) = app.presets.selected(&app.shared)
    {
        draft::open_preset(app, &path);
    }
}
