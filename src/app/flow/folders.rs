//! Folders of presets and their order: what the store's answers mean, and what moves a row.

use std::collections::BTreeMap;

use super::{draft, undo};
use crate::app::effect::Effect;
use crate::app::folder_tree;
use crate::app::preset_tree::{self, TreeItem};
use crate::app::state::App;
use crate::model::name_order::by_path;
use crate::model::preset::{PresetPath, StoredPreset};
use crate::store::job::{FolderDefaults, Job, Reply, given};

/// Takes the reply of the store about a folder.
pub(crate) fn apply(app: &mut App, reply: &Reply) {
    match reply {
        Reply::FolderCreated { folder, outermost } => created(app, folder, outermost),
        Reply::FolderRemoved { folder, outermost, gone } => removed(app, folder, outermost, gone),
        Reply::FolderMoved { from, to } => moved(app, from, to),
        Reply::OrderSet { folder, before, order } => ordered(app, folder, before, order),
        _ => {}
    }
}

/// The orders that a folder and those below it have.
pub(crate) fn orders_within(app: &App, folder: &str) -> Vec<FolderDefaults> {
    let defaults = app.shared.workspace.defaults.iter();
    let ordered =
        defaults.filter(|it| !it.order.is_empty() && preset_tree::is_within(&it.folder, folder));
    ordered.cloned().collect()
}

/// The store made a folder, and around it those that were missing.
fn created(app: &mut App, folder: &str, outermost: &str) {
    let (folder, outermost) = (folder.to_owned(), outermost.to_owned());
    let done = Job::CreateFolder { folder: folder.clone() };
    let back = Job::RemoveFolder { folder: folder.clone(), outermost: outermost.clone() };
    let way = undo::moved(app, &done, back);
    let folders = &mut app.shared.workspace.folders;
    let ends = folder.match_indices('/').map(|(at, _)| at).chain([folder.len()]);
    for around in ends.filter(|end| *end >= outermost.len()).filter_map(|end| folder.get(..end)) {
        if let Err(at) = folders.binary_search_by(|known| by_path(known, around)) {
            folders.insert(at, around.to_owned());
        }
    }
    app.presets.reveal_folder(&app.shared, &folder);
    app.done(format!("{folder}/ is there{way}"));
}

/// The store removed a folder that nothing was in, and those around it that were only there for it.
pub(crate) fn removed(app: &mut App, folder: &str, outermost: &str, gone: &[String]) {
    let (folder, outermost) = (folder.to_owned(), outermost.to_owned());
    let done = Job::RemoveFolder { folder: folder.clone(), outermost };
    // Making the innermost makes those around it.
    let innermost = gone.iter().max_by_key(|gone| gone.len()).unwrap_or(&folder).clone();
    let way = undo::moved(app, &done, Job::CreateFolder { folder: innermost });
    app.shared.workspace.folders.retain(|known| *known != folder && !gone.contains(known));
    app.presets.rebuild(&app.shared);
    let all = gone.iter().min_by_key(|gone| gone.len()).unwrap_or(&folder);
    app.done(format!("{all}/ is gone{way}"));
}

/// The store moved a folder: its presets, their drafts, what runs from them and their history go
/// along.
fn moved(app: &mut App, from: &str, to: &str) {
    let done = Job::MoveFolder { from: from.to_owned(), to: to.to_owned() };
    let way = undo::moved(app, &done, Job::MoveFolder { from: to.to_owned(), to: from.to_owned() });
    let there = |path: &PresetPath| path.moved(from, to).unwrap_or_else(|_| path.clone());
    let workspace = &mut app.shared.workspace;
    let presets = std::mem::take(&mut workspace.presets);
    workspace.presets = presets
        .into_iter()
        .map(|stored| {
            let path = there(&stored.path);
            StoredPreset::at(stored, path)
        })
        .collect();
    workspace.presets.sort_by(|a, b| a.path.cmp(&b.path));
    let rename = |folder: &mut String| {
        let rest = folder.strip_prefix(from).filter(|it| it.is_empty() || it.starts_with('/'));
        if let Some(moved) = rest.map(|rest| format!("{to}{rest}")) {
            *folder = moved;
        }
    };
    workspace.folders.iter_mut().for_each(rename);
    workspace.folders.sort_by(|a, b| by_path(a, b));
    workspace.defaults.iter_mut().for_each(|defaults| rename(&mut defaults.folder));
    workspace.defaults.sort_by(|a, b| by_path(&a.folder, &b.folder));
    for draft in app.shared.drafts.iter_mut() {
        draft.preset = draft.preset.as_ref().map(there);
        if let Some(saving) = &mut draft.saving {
            saving.path = there(&saving.path);
        }
    }
    let parts = |path: &str| {
        let (around, name) = path.rsplit_once('/').unwrap_or(("", path));
        (around.to_owned(), format!("{name}/"))
    };
    let ((around, before), (new_around, after)) = (parts(from), parts(to));
    if around == new_around {
        replace_in_order(app, &around, &before, &after);
    }
    moved_in_history(app, from, to);
    app.presets.folder_moved(&app.shared, from, to);
    app.done(format!("{from}/ is now {to}/{way}"));
    draft::settle(app);
    app.touched();
}

/// What the history tells of presets that are elsewhere now, it tells of them there.
pub(crate) fn moved_in_history(app: &mut App, from: &str, to: &str) {
    let (from, to) = (from.to_owned(), to.to_owned());
    app.effects.push(Effect::Store(Job::MoveHistory { from, to }));
}

/// A name in the order of a folder became another one.
pub(crate) fn replace_in_order(app: &mut App, folder: &str, before: &str, after: &str) {
    let defaults = &mut app.shared.workspace.defaults;
    let found = defaults.iter_mut().find(|defaults| defaults.folder == folder);
    let entry = found.and_then(|it| it.order.iter_mut().find(|entry| *entry == before));
    if let Some(entry) = entry {
        after.clone_into(entry);
    }
}

/// Moves a preset or folder by one among those of its folder.
pub(crate) fn move_by_one(app: &mut App, item: &TreeItem, is_down: bool) {
    if matches!(item, TreeItem::Draft(_)) {
        return app.say("what has no file has no place among the presets");
    }
    let workspace = &app.shared.workspace;
    let Some((folder, order)) = folder_tree::moved(workspace, item, is_down) else {
        let end = if is_down { "last" } else { "first" };
        return app.say(format!("it is the {end} of its folder"));
    };
    let before = workspace.order_of(&folder).to_vec();
    app.effects.push(Effect::Store(Job::SetOrder { folder, before, order }));
}

/// The file of a folder says this order now.
fn ordered(app: &mut App, folder: &str, before: &[String], order: &[String]) {
    let job = |before: &[String], order: &[String]| {
        let (before, order) = (before.to_vec(), order.to_vec());
        Job::SetOrder { folder: folder.to_owned(), before, order }
    };
    let way = undo::moved(app, &job(before, order), job(order, before));
    let order = order.to_vec();
    let defaults = &mut app.shared.workspace.defaults;
    match defaults.binary_search_by(|known| by_path(&known.folder, folder)) {
        Ok(at) => defaults[at].order = order,
        Err(at) => {
            let folder = folder.to_owned();
            let given = given(defaults, &folder).to_vec();
            let variables = BTreeMap::new();
            defaults.insert(at, FolderDefaults { folder, variables, order, given });
        }
    }
    app.presets.rebuild(&app.shared);
    let place = if folder.is_empty() { String::new() } else { format!("{folder}/") };
    app.done(format!("the order is kept in {place}_defaults.toml{way}"));
}
