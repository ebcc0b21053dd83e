//! Saving, renaming and deleting presets: what is asked of the store and what its answers mean.
//!
//! ```text
//! Ctrl+S ─► has a preset ─► SavePreset ─► Saved | Conflict (overlay) | Failed
//!     └───► has none ─► naming overlay ─► exists? asks ─┘
//! ```
//! At most one save of a draft is under way: a second one waits for the first, so that it starts
//! from the fingerprint the first one left. The store tells of own changes only by its reply, so
//! the workspace on screen is kept in step here. Drafts that are not on disk yet are written
//! before the preset.

use super::{draft, restore};
use crate::app::drafts::DraftId;
use crate::app::effect::Effect;
use crate::app::overlay::about::AboutSubject;
use crate::app::state::App;
use crate::app::{format, overlay};
use crate::engine::command::{CloseMode, Command};
use crate::model::failure::Failure;
use crate::model::id::SessionId;
use crate::model::preset::{Preset, PresetPath, StoredPreset};
use crate::store::job::{Job, Overwrite};

/// Saves the draft on screen, asking for a name if it has none.
pub(in crate::app) fn save(app: &mut App) {
    if app.request.refused.is_some() {
        draft::blur(app);
        return;
    }
    let draft = app.shared.drafts.current();
    let id = draft.id;
    match draft.preset.clone() {
        None => overlay::naming::save_as(app, id),
        Some(path) if !draft.is_modified() => app.say(format!("{path} has no unsaved changes")),
        Some(path) => hand_over(app, id, path, Overwrite::Refuse),
    }
}

/// Hands a draft to the store under a path.
pub(in crate::app) fn hand_over(
    app: &mut App,
    id: DraftId,
    path: PresetPath,
    overwrite: Overwrite,
) {
    if app.describing.contains_key(&path) {
        app.warn(format!("{path} is being described: save it again in a moment"));
        return;
    }
    let Some(draft) = app.shared.drafts.get_mut(id) else { return };
    if draft.saving.is_some() {
        draft.save_again = true;
        return;
    }
    let based_on = draft.based_on.filter(|_| draft.preset.as_ref() == Some(&path));
    let preset = draft.as_preset(path);
    draft.saving = Some(preset.clone());
    if app.restore_due {
        // Whatever ends the program in the middle, what is being saved comes back; and no older
        // draft comes back over the file.
        restore::save_restore(app);
    }
    app.effects.push(Effect::Store(Job::SavePreset {
        preset: Box::new(preset),
        based_on,
        overwrite,
    }));
}

/// Writes what a preset says about itself; unsaved changes of its draft stay unsaved.
pub(in crate::app) fn describe(app: &mut App, subject: &AboutSubject, about: String) {
    let path = match subject {
        AboutSubject::Preset(path) => path,
        AboutSubject::Draft(id) => {
            if let Some(draft) = app.shared.drafts.get_mut(*id) {
                draft.about = about;
                app.say("described; saving it writes that too");
            }
            return;
        }
    };
    let Some(stored) = app.shared.stored(path) else {
        app.warn(format!("{path} is not there any more: not described"));
        return;
    };
    let (Ok(preset), based_on) = (stored.content.clone(), stored.fingerprint) else { return };
    if preset.about == about {
        return;
    }
    let is_busy = app
        .shared
        .drafts
        .iter()
        .any(|draft| draft.saving.as_ref().is_some_and(|preset| preset.path == *path));
    if is_busy || app.describing.contains_key(path) {
        app.warn(format!("{path} is being saved: describe it again in a moment"));
        return;
    }
    let preset = Preset { about, ..preset };
    app.describing.insert(path.clone(), preset.clone());
    app.effects.push(Effect::Store(Job::SavePreset {
        preset: Box::new(preset),
        based_on: Some(based_on),
        overwrite: Overwrite::Refuse,
    }));
}

/// Whether the answer about a preset is one to [`describe`]; it is taken as answered then.
pub(in crate::app) fn was_describing(app: &mut App, path: &PresetPath) -> bool {
    app.describing.remove(path).is_some()
}

/// The description is in the file. What it holds otherwise is what was known of it.
fn described(app: &mut App, preset: Preset, fingerprint: u64) {
    let path = preset.path.clone();
    let before = app.shared.stored(&path).map(|stored| stored.fingerprint);
    for draft in app.shared.drafts.iter_mut().filter(|draft| draft.preset.as_ref() == Some(&path)) {
        draft.about.clone_from(&preset.about);
        if draft.based_on == before {
            draft.based_on = Some(fingerprint);
        }
    }
    enter(app, preset, fingerprint);
    app.say(format!("{path} described"));
    app.touched();
}

/// The store wrote a preset.
pub(in crate::app) fn saved(app: &mut App, path: &PresetPath, fingerprint: u64) {
    if let Some(preset) = app.describing.remove(path) {
        described(app, preset, fingerprint);
        return;
    }
    let mut written = None;
    let mut again = Vec::new();
    for draft in app.shared.drafts.iter_mut() {
        if draft.saving.as_ref().is_some_and(|preset| preset.path == *path) {
            written.clone_from(&draft.saving);
            draft.was_saved(fingerprint);
            if std::mem::take(&mut draft.save_again) && draft.is_modified() {
                again.push(draft.id);
            }
        } else if draft.preset.as_ref() == Some(path) {
            // Another draft of the file that was just replaced: its text lives on, unsaved.
            draft.detach();
        }
    }
    match written {
        Some(preset) => enter(app, preset, fingerprint),
        None => app.effects.push(Effect::Store(Job::LoadWorkspace)),
    }
    app.say(format!("saved {path}"));
    app.presets.reveal(&app.shared, path);
    app.touched();
    for id in again {
        hand_over(app, id, path.clone(), Overwrite::Refuse);
    }
}

fn enter(app: &mut App, preset: Preset, fingerprint: u64) {
    let path = preset.path.clone();
    let stored = StoredPreset { path, content: Ok(preset), fingerprint };
    let presets = &mut app.shared.workspace.presets;
    match presets.binary_search_by(|known| known.path.cmp(&stored.path)) {
        Ok(at) => presets[at] = stored,
        Err(at) => presets.insert(at, stored),
    }
}

/// The store moved a preset.
pub(in crate::app) fn renamed(app: &mut App, from: &PresetPath, to: &PresetPath) {
    let presets = &mut app.shared.workspace.presets;
    let at = presets.iter().position(|known| known.path == *from);
    if let Some(mut stored) = at.map(|at| presets.remove(at)) {
        stored.path = to.clone();
        if let Ok(preset) = &mut stored.content {
            preset.path = to.clone();
        }
        let place = presets.partition_point(|known| known.path < *to);
        presets.insert(place, stored);
    }
    for draft in app.shared.drafts.iter_mut().filter(|draft| draft.preset.as_ref() == Some(from)) {
        draft.preset = Some(to.clone());
    }
    app.say(format!("{from} is now {to}"));
    app.presets.reveal(&app.shared, to);
    app.touched();
}

/// The store deleted a preset.
pub(in crate::app) fn deleted(app: &mut App, path: &PresetPath) {
    app.shared.workspace.presets.retain(|known| known.path != *path);
    app.shared.drafts.forget(path);
    draft::draft_changed(app);
    app.presets.rebuild(&app.shared);
    app.say(format!("{path} deleted"));
}

/// The store deleted presets of a folder (sorted), all of them unless it failed.
pub(in crate::app) fn folder_deleted(
    app: &mut App,
    folder: &str,
    gone: &[PresetPath],
    left: usize,
    failure: Option<Failure>,
) {
    app.shared.workspace.presets.retain(|known| gone.binary_search(&known.path).is_err());
    for path in gone {
        app.shared.drafts.forget(path);
    }
    draft::draft_changed(app);
    app.presets.rebuild(&app.shared);
    let count = format::counted(gone.len() as u64, "preset");
    match failure {
        Some(failure) => app.warn(format!("{folder}/: {count} deleted, then: {failure}")),
        None if left == 0 => app.say(format!("{folder}/ deleted with {count}")),
        None => {
            let files = format::counted(left as u64, "other file");
            let stay = if left == 1 { "stays" } else { "stay" };
            app.say(format!("{count} of {folder}/ deleted; {files} {stay} in it"));
        }
    }
}

/// A job failed; drafts that wait for a save no longer do.
pub(in crate::app) fn failed(app: &mut App, job: &str) {
    if job != SAVE {
        return;
    }
    app.describing.clear();
    for draft in app.shared.drafts.iter_mut() {
        draft.saving = None;
        draft.save_again = false;
    }
    app.touched();
}

/// Name of the job that saves.
const SAVE: &str = "save the preset";

/// Deletes a preset; what runs from it is closed.
pub(in crate::app) fn delete(app: &mut App, path: PresetPath) {
    let session = app.shared.drafts.of_preset(&path).and_then(|draft| draft.session);
    close(app, session);
    app.effects.push(Effect::Store(Job::DeletePreset { path }));
}

/// Deletes the presets of a folder; what runs from them is closed.
pub(in crate::app) fn delete_folder(app: &mut App, folder: String, presets: Vec<PresetPath>) {
    let sessions: Vec<SessionId> = presets
        .iter()
        .filter_map(|path| app.shared.drafts.of_preset(path).and_then(|draft| draft.session))
        .collect();
    for session in sessions {
        close(app, Some(session));
    }
    app.effects.push(Effect::Store(Job::DeleteFolder { folder, presets }));
}

/// Throws a draft away; what runs from it is closed.
pub(in crate::app) fn discard(app: &mut App, id: DraftId) {
    let session = app.shared.drafts.get(id).and_then(|draft| draft.session);
    close(app, session);
    app.shared.drafts.remove(id);
    draft::draft_changed(app);
}

fn close(app: &mut App, session: Option<SessionId>) {
    let live =
        session.and_then(|id| app.shared.sessions.get(id)).filter(|session| !session.is_over());
    if let Some(session) = live {
        let id = session.id;
        app.effects.push(Effect::Engine(Command::Close { id, how: CloseMode::Close }));
    }
}

/// Back to what the file holds.
pub(in crate::app) fn revert(app: &mut App, id: DraftId) {
    let presets = &app.shared.workspace.presets;
    let Some(draft) = app.shared.drafts.get_mut(id) else { return };
    let stored = presets.iter().find(|stored| Some(&stored.path) == draft.preset.as_ref());
    match stored.and_then(|stored| Some((stored.content.as_ref().ok()?, stored.fingerprint))) {
        Some((preset, fingerprint)) => draft.follow(preset, fingerprint),
        None => match draft.saved.clone() {
            Some(saved) => draft.replace(saved),
            None => return,
        },
    }
    app.say("unsaved changes thrown away");
    draft::draft_changed(app);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::protocol::{Protocol, Side};
    use crate::model::spec::Spec;

    #[test]
    fn the_job_that_saves_is_known_by_its_name() {
        let path = PresetPath::parse("a").unwrap();
        let spec = Spec::empty(Protocol::Tcp, Side::Client);
        let preset = Box::new(Preset { path, about: String::new(), spec });
        let job = Job::SavePreset { preset, based_on: None, overwrite: Overwrite::Refuse };
        assert_eq!(job.name(), SAVE);
    }
}
