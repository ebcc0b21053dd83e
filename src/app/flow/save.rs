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

use std::collections::BTreeSet;

use super::{credentials, draft, folders, kept, overlays, restore, undo};
use crate::app::drafts::{Draft, DraftId};
use crate::app::effect::Effect;
use crate::app::focus::Pane;
use crate::app::format;
use crate::app::inherited;
use crate::app::intent::{ConflictChoice, CopiedPreset};
use crate::app::overlay::Overlay;
use crate::app::overlay::conflict::Conflict;
use crate::app::preset_tree::{self, TreeItem};
use crate::app::state::App;
use crate::app::thrown_away::ThrownAway;
use crate::check;
use crate::compose::unreadable_condition;
use crate::engine::command::{CloseMode, Command};
use crate::model::failure::Failure;
use crate::model::id::SessionId;
use crate::model::preset::{Preset, PresetPath, StoredPreset};
use crate::store::job::{AnswersTask, Job, JobKind, JobLabel, Overwrite};

/// Saves the draft on screen, asking for a name if it has none.
pub(crate) fn save(app: &mut App) {
    if app.request.refused.is_some() {
        draft::blur(app);
        return;
    }
    // What is saved is what would be sent.
    draft::adopt_address(app);
    let draft = app.shared.drafts.current();
    let id = draft.id;
    match draft.preset.clone() {
        None => overlays::save_as(app, id),
        Some(path) if !draft.is_modified() && app.shared.stored(&path).is_some() => {
            app.say(format!("{path} has no unsaved changes"));
        }
        Some(path) => hand_over(app, id, path, Overwrite::Refuse),
    }
}

/// Hands a draft to the store under a path.
pub(crate) fn hand_over(app: &mut App, id: DraftId, path: PresetPath, overwrite: Overwrite) {
    if credentials::offer(app, id, &path, overwrite) {
        return;
    }
    hand_over_like(app, id, path, overwrite, None);
}

/// The same; a new file is laid out like that of another preset, else of the one the draft is of.
fn hand_over_like(
    app: &mut App,
    id: DraftId,
    path: PresetPath,
    overwrite: Overwrite,
    like: Option<PresetPath>,
) {
    if app.describing.contains_key(&path) {
        app.warn(format!("{path} is being described: save it again in a moment"));
        return;
    }
    let (drafts, workspace) = (&mut app.shared.drafts, &app.shared.workspace);
    let Some(draft) = drafts.get_mut(id) else { return };
    if draft.saving.is_some() {
        draft.save_again = true;
        return;
    }
    // In another folder it has what that gives, as far as it says nothing else.
    inherited::follow(draft, workspace, workspace, &path);
    let based_on = draft.based_on.filter(|_| draft.preset.as_ref() == Some(&path));
    let like = like.or_else(|| draft.preset.clone().filter(|own| *own != path));
    let presets = &app.shared.workspace.presets;
    let unused = |path: &PresetPath| {
        let stored = presets.iter().find(|stored| stored.path == *path);
        stored.and_then(|stored| stored.content.as_ref().ok()).map(|it| it.unused.clone())
    };
    // What a save does not know it leaves alone, or takes along.
    let unused = unused(&path).or_else(|| unused(like.as_ref()?)).unwrap_or_default();
    let preset = Preset { unused, ..draft.as_preset(path) };
    let unreadable = check::unreadable(&preset.spec);
    if let Some(why) = unreadable.or_else(|| unreadable_condition(&preset.spec)) {
        app.warn(format!("not saved, for it would not read again: {why}"));
        return;
    }
    let is_elsewhere = draft.preset.as_ref() != Some(&preset.path);
    draft.saving = Some(preset.clone());
    if is_elsewhere || app.restore_due || app.save_state.again {
        // Whatever ends the program in the middle, what is being saved comes back; and no older
        // draft comes back over the file, nor, where it had no name yet or another, beside it.
        restore::save_restore(app);
    }
    let preset = Box::new(preset);
    app.effects.push(Effect::Store(Job::SavePreset { preset, based_on, overwrite, like }));
}

/// Writes a preset over the file it is of.
fn write(app: &mut App, preset: Box<Preset>, based_on: Option<u64>, overwrite: Overwrite) {
    app.effects.push(Effect::Store(Job::SavePreset { preset, based_on, overwrite, like: None }));
}

/// Writes what a preset says about itself; unsaved changes of its draft stay unsaved.
pub(crate) fn describe(app: &mut App, subject: &TreeItem, about: String) {
    let path = match subject {
        TreeItem::Preset(path) => path,
        TreeItem::Folder(_) => return,
        TreeItem::Draft(id) => {
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
    if app.shared.drafts.iter().any(|draft| is_saving(draft, path))
        || app.describing.contains_key(path)
    {
        app.warn(format!("{path} is being saved: describe it again in a moment"));
        return;
    }
    let preset = Preset { about, ..preset };
    app.describing.insert(path.clone(), preset.clone());
    write(app, Box::new(preset), Some(based_on), Overwrite::Refuse);
}

/// Whether a draft was handed to the store under this path, which has not answered yet.
fn is_saving(draft: &Draft, path: &PresetPath) -> bool {
    draft.saving.as_ref().is_some_and(|preset| preset.path == *path)
}

/// The file is not the one the draft, or the description, started from.
pub(crate) fn conflict(app: &mut App, mine: Box<Preset>, theirs: Box<StoredPreset>) {
    if let Some(Preset { path, .. }) = app.describing.remove(&mine.path) {
        app.warn(format!("{path} changed on disk meanwhile: not described; try it again"));
        app.effects.push(Effect::Store(Job::LoadWorkspace));
    } else {
        app.overlays.push(Overlay::Conflict(Conflict::new(mine, theirs)));
    }
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
    app.done(format!("{path} described"));
    app.touched();
}

/// The store wrote a preset.
pub(crate) fn saved(app: &mut App, path: &PresetPath, fingerprint: u64) {
    if let Some(preset) = app.describing.remove(path) {
        described(app, preset, fingerprint);
        return;
    }
    let (mut written, mut remark) = (None, String::new());
    let (mut again, mut named) = (Vec::new(), Vec::new());
    for draft in app.shared.drafts.iter_mut() {
        if is_saving(draft, path) {
            written.clone_from(&draft.saving);
            remark = credentials::remark(draft);
            draft.was_saved(fingerprint);
            named.extend(draft.answers.take());
            if std::mem::take(&mut draft.save_again) && draft.is_modified() {
                again.push(draft.id);
            }
        } else if draft.preset.as_ref() == Some(path) {
            // Another draft of the file that was just replaced: its text lives on, unsaved.
            draft.preset = None;
            draft.saved = None;
            draft.based_on = None;
        }
    }
    match written {
        Some(preset) => enter(app, preset, fingerprint),
        None => app.effects.push(Effect::Store(Job::LoadWorkspace)),
    }
    for key in named {
        kept::named(app, key, path);
    }
    app.done(format!("saved {path}{remark}"));
    app.presets.rebuild(&app.shared);
    app.touched();
    for id in again {
        hand_over(app, id, path.clone(), Overwrite::Refuse);
    }
}

fn enter(app: &mut App, preset: Preset, fingerprint: u64) {
    let path = preset.path.clone();
    app.shared.workspace.enter(StoredPreset { path, content: Ok(preset), fingerprint });
}

/// The store moved a preset.
pub(crate) fn renamed(app: &mut App, from: &PresetPath, to: &PresetPath) {
    let presets = &mut app.shared.workspace.presets;
    let at = presets.iter().position(|known| known.path == *from);
    if let Some(stored) = at.map(|at| presets.remove(at).at(to.clone())) {
        let place = presets.partition_point(|known| known.path < *to);
        presets.insert(place, stored);
    }
    for draft in app.shared.drafts.iter_mut().filter(|draft| draft.preset.as_ref() == Some(from)) {
        draft.preset = Some(to.clone());
    }
    let done = Job::RenamePreset { from: from.clone(), to: to.clone() };
    let back = Job::RenamePreset { from: to.clone(), to: from.clone() };
    let way = undo::moved(app, &done, back);
    if from.folder() == to.folder() {
        // As the store does in its file.
        folders::replace_in_order(app, from.folder(), from.name(), to.name());
    }
    folders::moved_in_history(app, from.as_str(), to.as_str());
    app.done(format!("{from} is now {to}{way}"));
    app.presets.reveal(&app.shared, to);
    app.touched();
}

/// The store deleted a preset.
pub(crate) fn deleted(app: &mut App, path: &PresetPath) {
    gone(app, std::slice::from_ref(path));
    app.done(format!("{path} deleted{}", way_back(app)));
}

/// How what just went can be brought back, for the end of a sentence.
fn way_back(app: &App) -> String {
    match app.shared.focus {
        _ if app.thrown.is_empty() => String::new(),
        Pane::Presets => app.keyed("; [undo] brings it back"),
        _ => app.keyed("; [undo] in Presets brings it back"),
    }
}

/// These presets (sorted) are not there any more, nor are their drafts.
fn gone(app: &mut App, paths: &[PresetPath]) {
    let stays = |path: &PresetPath| paths.binary_search(path).is_err();
    app.shared.workspace.presets.retain(|known| stays(&known.path));
    forget_drafts(app, |draft| draft.preset.as_ref().is_some_and(|path| !stays(path)));
}

/// These presets were taken back: they are gone, and with them what was on screen only to be looked at.
pub(crate) fn no_longer_there(app: &mut App, paths: &[PresetPath]) {
    let gone: BTreeSet<&PresetPath> = paths.iter().collect();
    app.shared.workspace.presets.retain(|known| !gone.contains(&known.path));
    let live: BTreeSet<SessionId> = app.shared.sessions.live().map(|it| it.id).collect();
    forget_drafts(app, |draft| {
        let runs = draft.session.is_some_and(|id| live.contains(&id));
        let is_of = draft.preset.as_ref().is_some_and(|path| gone.contains(path));
        is_of && !runs && !draft.is_modified()
    });
}

/// These drafts are not there any more. In place of the one on screen comes what the selection is
/// on now.
fn forget_drafts(app: &mut App, is_gone: impl Fn(&Draft) -> bool) {
    let is_shown = is_gone(app.shared.drafts.current());
    app.shared.drafts.retain(|draft| !is_gone(draft));
    app.presets.rebuild(&app.shared);
    draft::draft_changed(app);
    if is_shown {
        match app.presets.selected(&app.shared) {
            Some(TreeItem::Preset(path)) => drop(draft::open_preset(app, &path)),
            Some(TreeItem::Draft(id)) => draft::show_draft(app, id),
            Some(TreeItem::Folder(_)) | None => {}
        }
    }
}

/// The store deleted presets of a folder (sorted), all of them unless it failed.
pub(crate) fn folder_deleted(
    app: &mut App,
    folder: &str,
    paths: &[PresetPath],
    left: usize,
    failure: Option<Failure>,
) {
    gone(app, paths);
    if paths.is_empty() && left == 0 && failure.is_none() {
        let known = app.shared.workspace.folders.iter();
        let gone = known.filter(|known| preset_tree::is_within(known, folder)).cloned();
        let gone: Vec<String> = gone.collect();
        return folders::removed(app, folder, folder, &gone);
    }
    let is_there = |known: &String| preset_tree::is_within(known, folder);
    app.shared.workspace.folders.retain(|known| left > 0 || !is_there(known));
    app.presets.rebuild(&app.shared);
    let count = format::counted(paths.len() as u64, "preset");
    match failure {
        Some(failure) => app.warn(format!("{folder}/: {count} deleted, then: {failure}")),
        None if left == 0 => {
            app.done(format!("{folder}/ deleted with {count}{}", way_back(app)));
        }
        None => {
            let files = format::counted(left as u64, "other file");
            let stay = if left == 1 { "stays" } else { "stay" };
            app.say(format!("{count} of {folder}/ deleted; {files} {stay} in it"));
        }
    }
}

/// A job failed; drafts that wait for this save no longer do. Those that wait for another one still
/// get its answer.
pub(crate) fn failed(app: &mut App, job: &JobLabel) {
    let JobLabel { kind: JobKind::SavePreset, preset: Some(path) } = job else { return };
    app.describing.remove(path);
    for draft in app.shared.drafts.iter_mut().filter(|draft| is_saving(draft, path)) {
        draft.saving = None;
        draft.save_again = false;
    }
    app.touched();
}

/// Saves a copy in a draft and preset of its own.
pub(crate) fn save_copy(app: &mut App, path: PresetPath, copied: CopiedPreset) {
    let CopiedPreset { spec, about, like } = copied;
    let draft = app.shared.drafts.open(*spec);
    draft.about = about;
    let id = draft.id;
    draft::draft_changed(app);
    hand_over_like(app, id, path, Overwrite::Refuse, like);
}

/// The file changed on disk, and this is how to go on.
pub(crate) fn resolve(
    app: &mut App,
    mine: Box<Preset>,
    theirs: &StoredPreset,
    way: ConflictChoice,
) {
    let waits = |draft: &&mut Draft| is_saving(draft, &mine.path);
    let Some(draft) = app.shared.drafts.iter_mut().find(waits) else { return };
    let id = draft.id;
    draft.saving = (way == ConflictChoice::Mine).then(|| (*mine).clone());
    draft.save_again = false;
    if way == ConflictChoice::Theirs {
        let changes = ThrownAway::Changes(id, draft.spec.clone());
        if draft.follow(theirs) {
            app.thrown.push(changes);
        }
    }
    app.touched();
    match (way, &theirs.content) {
        (ConflictChoice::Mine, _) => write(app, mine, Some(theirs.fingerprint), Overwrite::Replace),
        (ConflictChoice::Theirs, Err(failure)) => app.warn(failure.to_string()),
        (ConflictChoice::Theirs, Ok(_)) => {
            app.say(format!("{} is as on the disk{}", theirs.path, way_back(app)));
            draft::draft_changed(app);
        }
        (ConflictChoice::OtherName, _) => overlays::save_as(app, id),
        (ConflictChoice::Later, _) => {}
    }
}

/// Deletes a preset; what runs from it is closed.
pub(crate) fn delete(app: &mut App, path: PresetPath) {
    close(app, |draft| draft.preset.as_ref() == Some(&path));
    app.effects.push(Effect::Store(Job::DeletePreset { path }));
}

/// Deletes the presets of a folder; what runs from them is closed.
pub(crate) fn delete_folder(app: &mut App, folder: String, presets: Vec<PresetPath>) {
    close(app, |draft| draft.preset.as_ref().is_some_and(|path| presets.contains(path)));
    app.effects.push(Effect::Store(Job::DeleteFolder { folder, presets }));
}

/// Throws a draft away; what runs from it is closed.
pub(crate) fn discard(app: &mut App, id: DraftId) {
    close(app, |draft| draft.id == id);
    if let Some(draft) = app.shared.drafts.get(id).cloned() {
        kept::follow_draft(app, &draft, AnswersTask::Delete);
        app.thrown.push(ThrownAway::Draft(Box::new(draft)));
    }
    app.done(format!("thrown away{}", way_back(app)));
    forget_drafts(app, |draft| draft.id == id);
}

/// Closes what runs from these drafts.
fn close(app: &mut App, is_meant: impl Fn(&Draft) -> bool) {
    let meant = app.shared.drafts.iter().filter(|draft| is_meant(draft));
    for session in meant.filter_map(|draft| app.shared.sessions.get(draft.session?)) {
        if !session.is_over() {
            let close = Command::Close { id: session.id, how: CloseMode::Close };
            app.effects.push(Effect::Engine(close));
        }
    }
}

/// Back to what the file holds.
pub(crate) fn revert(app: &mut App, id: DraftId) {
    let presets = &app.shared.workspace.presets;
    let Some(draft) = app.shared.drafts.get_mut(id) else { return };
    let stored = presets.iter().find(|stored| Some(&stored.path) == draft.preset.as_ref());
    let changes = ThrownAway::Changes(id, draft.spec.clone());
    if !stored.is_some_and(|stored| draft.follow(stored)) {
        match draft.saved.clone() {
            Some(saved) => draft.replace(saved),
            None => return,
        }
    }
    app.thrown.push(changes);
    app.done(format!("unsaved changes thrown away{}", way_back(app)));
    draft::draft_changed(app);
}
