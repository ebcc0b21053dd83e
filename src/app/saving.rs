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

use super::drafts::DraftId;
use super::effect::Effect;
use super::{App, global, overlay, pane, stored};
use crate::engine::command::{Command, Ending};
use crate::model::id::SessionId;
use crate::model::preset::{Preset, PresetPath, StoredPreset};
use crate::store::job::{Job, Overwrite};

/// Saves the draft on screen, asking for a name if it has none.
pub(super) fn save(app: &mut App) {
    if app.request.refused.is_some() {
        pane::request::blur(app);
        return;
    }
    let draft = app.drafts.current();
    let id = draft.id;
    match draft.preset.clone() {
        None => overlay::naming::save_as(app, id),
        Some(path) if !draft.is_modified() => app.say(format!("{path} has no unsaved changes")),
        Some(path) => hand_over(app, id, path, Overwrite::Refuse),
    }
}

/// Hands a draft to the store under a path.
pub(super) fn hand_over(app: &mut App, id: DraftId, path: PresetPath, overwrite: Overwrite) {
    let Some(draft) = app.drafts.get_mut(id) else { return };
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
        stored::save_restore(app);
    }
    app.effects.push(Effect::Store(Job::SavePreset {
        preset: Box::new(preset),
        based_on,
        overwrite,
    }));
}

/// The store wrote a preset.
pub(super) fn saved(app: &mut App, path: &PresetPath, fingerprint: u64) {
    let mut written = None;
    let mut again = Vec::new();
    for draft in app.drafts.iter_mut() {
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
    pane::presets::reveal(app, path);
    app.touched();
    for id in again {
        hand_over(app, id, path.clone(), Overwrite::Refuse);
    }
}

fn enter(app: &mut App, preset: Preset, fingerprint: u64) {
    let path = preset.path.clone();
    let stored = StoredPreset { path, content: Ok(preset), fingerprint };
    let presets = &mut app.workspace.presets;
    match presets.binary_search_by(|known| known.path.cmp(&stored.path)) {
        Ok(at) => presets[at] = stored,
        Err(at) => presets.insert(at, stored),
    }
}

/// The store moved a preset.
pub(super) fn renamed(app: &mut App, from: &PresetPath, to: &PresetPath) {
    let presets = &mut app.workspace.presets;
    let at = presets.iter().position(|known| known.path == *from);
    if let Some(mut stored) = at.map(|at| presets.remove(at)) {
        stored.path = to.clone();
        if let Ok(preset) = &mut stored.content {
            preset.path = to.clone();
        }
        let place = presets.partition_point(|known| known.path < *to);
        presets.insert(place, stored);
    }
    for draft in app.drafts.iter_mut().filter(|draft| draft.preset.as_ref() == Some(from)) {
        draft.preset = Some(to.clone());
    }
    app.say(format!("{from} is now {to}"));
    pane::presets::reveal(app, to);
    app.touched();
}

/// The store deleted a preset.
pub(super) fn deleted(app: &mut App, path: &PresetPath) {
    app.workspace.presets.retain(|known| known.path != *path);
    app.drafts.forget(path);
    global::draft_changed(app);
    pane::presets::rebuild(app);
    app.say(format!("{path} deleted"));
}

/// A job failed; drafts that wait for a save no longer do.
pub(super) fn failed(app: &mut App, job: &str) {
    if job != SAVE {
        return;
    }
    for draft in app.drafts.iter_mut() {
        draft.saving = None;
        draft.save_again = false;
    }
    app.touched();
}

/// Name of the job that saves.
const SAVE: &str = "save the preset";

/// Deletes a preset; what runs from it is closed.
pub(super) fn delete(app: &mut App, path: PresetPath) {
    let session = app.drafts.of_preset(&path).and_then(|draft| draft.session);
    close(app, session);
    app.effects.push(Effect::Store(Job::DeletePreset { path }));
}

/// Throws a draft away; what runs from it is closed.
pub(super) fn discard(app: &mut App, id: DraftId) {
    let session = app.drafts.get(id).and_then(|draft| draft.session);
    close(app, session);
    app.drafts.remove(id);
    global::draft_changed(app);
}

fn close(app: &mut App, session: Option<SessionId>) {
    let live = session.and_then(|id| app.sessions.get(id)).filter(|session| !session.is_over());
    if let Some(session) = live {
        let id = session.id;
        app.effects.push(Effect::Engine(Command::Close { id, how: Ending::Close }));
    }
}

/// Back to what the file holds.
pub(super) fn revert(app: &mut App, id: DraftId) {
    let presets = &app.workspace.presets;
    let Some(draft) = app.drafts.get_mut(id) else { return };
    let stored = presets.iter().find(|stored| Some(&stored.path) == draft.preset.as_ref());
    match stored.and_then(|stored| Some((stored.content.as_ref().ok()?, stored.fingerprint))) {
        Some((preset, fingerprint)) => draft.follow(preset, fingerprint),
        None => match draft.saved.clone() {
            Some(saved) => draft.replace(saved),
            None => return,
        },
    }
    app.say("unsaved changes thrown away");
    global::draft_changed(app);
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
