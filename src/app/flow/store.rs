//! Replies of the store: workspace, saved presets, drafts of the last run, history.

use super::{curl, draft, project, save};
use crate::app::effect::Effect;
use crate::app::preset_tree::TreeItem;
use crate::app::state::App;
use crate::store::job::{Reply, Restore, Workspace};

/// Takes one reply of the store; failures are shown as remarks.
pub(crate) fn apply(app: &mut App, reply: Reply) {
    match reply {
        Reply::Workspace(workspace) => workspace_changed(app, *workspace),
        Reply::Saved { path, fingerprint } => save::saved(app, &path, fingerprint),
        Reply::Conflict { mine, theirs } => save::conflict(app, mine, theirs),
        Reply::Renamed { from, to } => save::renamed(app, &from, &to),
        Reply::Deleted { path } => save::deleted(app, &path),
        Reply::FolderDeleted { folder, presets, left, failure } => {
            save::folder_deleted(app, &folder, &presets, left, failure);
        }
        Reply::Restored(restore) => restored(app, restore),
        Reply::History { text, entries, total } => app.history.arrived(&text, entries, total),
        Reply::HistoryAppended => app.effects.push(Effect::Store(app.history.query())),
        Reply::Mended(words) => app.warn(words.join("; ")),
        Reply::ProjectChosen { failure } => project::chosen(app, failure),
        Reply::TextsRead { files } => curl::cookies_read(app, files),
        Reply::RestoreSaved => app.dirty = false,
        Reply::FileWritten { path, bytes } => {
            app.say(format!("{bytes} bytes saved to {}", path.display()));
        }
        Reply::Failed { job, failure } => {
            save::failed(app, job);
            app.warn(failure.to_string());
        }
    }
}

fn workspace_changed(app: &mut App, workspace: Workspace) {
    let first = !app.loaded;
    app.loaded = true;
    for draft in app.shared.drafts.iter_mut() {
        let stored = workspace.presets.iter().find(|s| Some(&s.path) == draft.preset.as_ref());
        let Some((Ok(preset), stored)) = stored.map(|s| (&s.content, s)) else { continue };
        // An untouched draft follows the file; an edited one keeps its text and meets the
        // conflict when it is saved.
        if !draft.is_modified() {
            draft.follow(stored);
        } else if draft.based_on == Some(stored.fingerprint) {
            draft.about.clone_from(&preset.about);
            draft.saved = Some(preset.spec.clone());
        }
    }
    let mut names = workspace.environments.iter().map(|environment| &environment.name);
    let first_name = names.clone().next().filter(|_| first);
    let known = names.find(|name| Some(*name) == app.shared.environment.as_ref());
    app.shared.environment = known.or(first_name).cloned();
    if let [problem, more @ ..] = workspace.problems.as_slice() {
        let also =
            if more.is_empty() { String::new() } else { format!(" (and {} more)", more.len()) };
        app.warn(format!("{problem}{also}"));
    }
    app.shared.workspace = workspace;
    app.presets.workspace_changed(&app.shared, first);
    draft::form_changed(app);
    if let Some(Reply::Restored(early)) = app.restored_early.take() {
        restored(app, early);
    }
}

/// What the last run left. Drafts are about presets, so they wait for them; the screen does not.
fn restored(app: &mut App, restore: Option<Box<Restore>>) {
    for (name, value) in restore.iter().flat_map(|restore| &restore.layout) {
        restore_layout(app, name, value);
    }
    if !app.loaded {
        app.restored_early = Some(Reply::Restored(restore));
        return;
    }
    let Some(restore) = restore else {
        // Nothing was left by the last run: the selected preset is put on screen.
        if app.shared.drafts.current().is_blank()
            && let Some(TreeItem::Preset(path)) = app.presets.selected(&app.shared)
        {
            draft::open_preset(app, &path);
        }
        return;
    };
    app.shared.drafts.restore(&restore.drafts, restore.current, &app.shared.workspace.presets);
    if restore.environment.is_some() {
        app.shared.environment = restore.environment;
    }
    draft::draft_changed(app);
    app.presets.follow(&app.shared);
}

/// Part of the screen as it was left. A theme is taken if this terminal has the colours for it.
fn restore_layout(app: &mut App, name: &str, value: &str) {
    let shared = &mut app.shared;
    let splits = &mut shared.splits;
    match (name, value.parse()) {
        ("side", Ok(cells)) => splits.side = cells,
        ("request", Ok(cells)) => splits.request = cells,
        ("traffic", Ok(cells)) => splits.traffic = cells,
        ("theme", _) => {
            shared.chosen_theme = value.parse().ok();
            let fitting = shared.chosen_theme.filter(|theme| theme.is_within(shared.theme));
            shared.theme = fitting.unwrap_or(shared.theme);
        }
        _ => {}
    }
}
