//! Brings back what was deleted or thrown away: files of presets by the store, byte for byte; drafts
//! and changes at once.

use super::{draft, kept};
use crate::app::drafts::Draft;
use crate::app::effect::Effect;
use crate::app::format;
use crate::app::overlay::Overlay;
use crate::app::state::App;
use crate::app::thrown_away::ThrownAway;
use crate::model::failure::Failure;
use crate::model::preset::{PresetPath, StoredPreset};
use crate::store::job::{AnswersTask, FolderDefaults, Job, JobKind, JobLabel, PresetFile};

/// Keeps the files of presets that are gone, the unsaved changes of their drafts, and the orders of
/// their folders.
pub(crate) fn keep_presets(app: &mut App, files: Vec<PresetFile>, orders: Vec<FolderDefaults>) {
    if files.is_empty() {
        return;
    }
    let is_of = |draft: &&Draft| {
        let path = draft.preset.as_ref();
        path.is_some_and(|path| files.iter().any(|file| file.path == *path))
    };
    let drafts = app.shared.drafts.iter().filter(|draft| draft.is_modified());
    let drafts = drafts.filter(is_of).cloned().collect();
    app.thrown.push(ThrownAway::Presets { files, drafts, orders });
}

/// Brings back what went last.
pub(crate) fn undo(app: &mut App) {
    if app.thrown.returning.is_some() {
        return app.say("what went before is on its way back; try it again in a moment");
    }
    let is_window = matches!(app.overlays.last(), Some(Overlay::Environments(_)));
    if is_window && !app.thrown.is_of_environment() {
        return app.say("nothing was changed here lately");
    }
    match app.thrown.pop() {
        None => app.say("nothing to undo here"),
        Some(ThrownAway::Draft(thrown)) => {
            let title = thrown.title();
            kept::follow_draft(app, &thrown, AnswersTask::BringBack);
            app.shared.drafts.put_back(*thrown);
            draft::draft_changed(app);
            app.done(format!("{title} is back"));
        }
        Some(ThrownAway::Changes(id, spec)) => {
            let Some(changed) = app.shared.drafts.get_mut(id) else {
                return app.say("the draft of these changes is not there any more");
            };
            changed.replace(spec.to_spec());
            draft::show_draft(app, id);
            app.done("the changes are back, unsaved");
        }
        Some(gone) => {
            let job = match &gone {
                ThrownAway::Presets { files, orders, .. } => {
                    Some(Job::BringBack { files: files.clone(), orders: orders.clone() })
                }
                ThrownAway::Moved(job) => Some(job.clone()),
                ThrownAway::Draft(_) | ThrownAway::Changes(..) => None,
            };
            app.effects.extend(job.map(Effect::Store));
            app.thrown.returning = Some(gone);
        }
    }
}

/// The store wrote these again, all of them unless it failed.
pub(crate) fn brought_back(app: &mut App, presets: Vec<StoredPreset>, failure: Option<Failure>) {
    let paths: Vec<PresetPath> = presets.iter().map(|stored| stored.path.clone()).collect();
    for stored in presets {
        app.shared.workspace.enter(stored);
    }
    app.presets.rebuild(&app.shared);
    if let Some(ThrownAway::Presets { mut files, drafts, orders }) = app.thrown.returning.take() {
        for kept in
            drafts.into_iter().filter(|kept| kept.preset.iter().all(|it| paths.contains(it)))
        {
            app.shared.drafts.put_back(kept);
        }
        files.retain(|file| !paths.contains(&file.path));
        if !files.is_empty() {
            app.thrown.push(ThrownAway::Presets { files, drafts: Vec::new(), orders });
        }
    }
    draft::draft_changed(app);
    if let Some(first) = paths.first() {
        draft::open_preset(app, first);
    }
    let what = match paths.as_slice() {
        [path] => format!("{path} is back"),
        paths => format!("{} are back", format::counted(paths.len() as u64, "preset")),
    };
    match failure {
        Some(failure) => app.warn(format!("{what}, then: {failure}")),
        None => app.say(what),
    }
    app.touched();
}

/// Something was moved by `done`, which `back` takes back; unless that was an undo itself. Tells how
/// it is taken back, for the end of a sentence.
pub(crate) fn moved(app: &mut App, done: &Job, back: Job) -> String {
    if app.thrown.is_back(done) {
        return String::new();
    }
    app.thrown.push(ThrownAway::Moved(back));
    app.keyed("; [undo] takes it back")
}

/// The store could not do this job. If it was to bring something back, that can be tried again.
pub(crate) fn failed(app: &mut App, job: &JobLabel) {
    let is_it = |gone: &mut ThrownAway| match gone {
        ThrownAway::Moved(back) => back.label() == *job,
        _ => job.kind == JobKind::BringBack,
    };
    if let Some(gone) = app.thrown.returning.take_if(is_it) {
        app.thrown.push(gone);
    }
}
