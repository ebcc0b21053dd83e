//! Replies of the store: workspace, saved presets, drafts of the last run, history.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::kept::PresetFate;
use super::{
    compare_kept, cookies, credentials, curl, draft, edited, environments, exports, focus, folders,
    history, imports, kept, outside, partly_read, project, readdress, renamed_outside, restore,
    runs, save, send, themes, traffic, undo,
};
use crate::app::action::Action;
use crate::app::arrangement::Arrangement;
use crate::app::cookie_jars::CookieJars;
use crate::app::effect::Effect;
use crate::app::focus::Pane;
use crate::app::format;
use crate::app::inherited;
use crate::app::intent::{Intent, TrafficWish};
use crate::app::overlay::Overlay;
use crate::app::save_state::LastRun;
use crate::app::state::App;
use crate::model::cookie_jar::CookieJar;
use crate::model::failure::Failure;
use crate::model::preset::Opening;
use crate::store::job::{
    FolderListing, JobKind, JobLabel, PresetFile, Reply, Restore, VariableKind, Workspace,
};

/// Troubles of the workspace that are named beside the first.
const OTHERS_NAMED: usize = 3;

/// Takes one reply of the store; failures are shown as remarks.
pub(crate) fn apply(app: &mut App, reply: Reply) {
    let waits = !restore::is_begun(app);
    restore::answered(app, &reply);
    let is_over = reply.goes_well().is_some_and(|job| app.goes_well(job));
    match reply {
        Reply::Workspace(workspace) => workspace_changed(app, *workspace),
        Reply::PresetsRead { presets, defaults } => partly_read::arrived(app, presets, defaults),
        Reply::PresetsChanged(done) => readdress::changed(app, *done),
        Reply::Themes(own) => themes::arrived(app, own),
        Reply::Colors(rules) => themes::colors_arrived(app, rules),
        Reply::ColorRuleAdded { filter, color } => {
            app.done(format!("rows of {filter} are {color}; colors.toml has the rule"));
        }
        Reply::Saved { path, fingerprint } => save::saved(app, &path, fingerprint),
        Reply::Conflict { mine, theirs } => save::conflict(app, mine, theirs),
        Reply::Renamed { .. }
        | Reply::Deleted { .. }
        | Reply::FolderDeleted { .. }
        | Reply::BroughtBack { .. } => presets_moved(app, reply),
        Reply::EnvironmentDone(done) => environments::done(app, *done),
        Reply::Answers { key, found } => kept::listed(app, key, found),
        Reply::AnswerFound { at, key } => compare_kept::entry_found(app, at, key),
        Reply::Cookies { environment, jar } => cookies_arrived(app, environment.as_deref(), &jar),
        Reply::FolderCreated { .. }
        | Reply::FolderRemoved { .. }
        | Reply::FolderMoved { .. }
        | Reply::OrderSet { .. } => folders_changed(app, &reply),
        Reply::Restored(restore) => restored(app, restore),
        Reply::History { text, entries, total } => {
            let again = app.history.arrived(&app.shared, &text, entries, total);
            app.effects.extend(again.map(Effect::Store));
        }
        Reply::HistoryAppended | Reply::HistoryChanged => history::changed(app),
        Reply::HistoryRead { name, spec } => history::read(app, name, spec),
        Reply::PresetsFollowed(pairs) => renamed_outside::found(app, &pairs),
        Reply::HistoryForgotten { count } => history::forgotten(app, count),
        Reply::FolderListed { folder, listing } => folder_listed(app, folder, listing),
        Reply::Import(done) => imports::answered(app, *done),
        Reply::Mended(words) => app.warn(words.join("; ")),
        Reply::ProjectChosen { failure } => project::chosen(app, failure),
        Reply::TextsRead { files } => texts_read(app, files),
        Reply::RestoreSaved => {
            app.dirty = is_over;
            edited::saved(app);
        }
        Reply::FileWritten { path, bytes } => {
            app.done(format!("{} saved to {}", format::counted(bytes, "byte"), path.display()));
        }
        Reply::Failed { job, failure } => job_failed(app, &job, &failure),
        Reply::SetAside(failure) => app.warn(failure.to_string()),
    }
    if waits && restore::is_begun(app) {
        app.waited_long_enough(JobKind::LoadRestore);
    }
    environments::refresh(app);
    open_first(app);
    edited::take_up(app);
    cookies::look(app);
    restore::go_on(app);
}

/// The names in a folder, for the path that is being typed.
fn folder_listed(app: &mut App, folder: PathBuf, listing: FolderListing) {
    let asked = match app.overlays.last_mut() {
        Some(Overlay::Export(window)) => window.listed(&app.shared, folder, listing),
        Some(Overlay::Import(window)) => window.listed(&app.shared, folder, listing),
        _ => app.request.folder_listed(&app.shared, folder, listing),
    };
    app.intents.extend(asked);
}

/// Files that somebody asked for by name are read: rows of a run, or those of a pasted command.
fn texts_read(app: &mut App, mut files: BTreeMap<String, Result<String, String>>) {
    match files.remove(runs::DATA) {
        Some(rows) => runs::data_read(app, rows),
        None => curl::files_read(app, files),
    }
}

/// Presets have another name, are gone or back; the answers kept of them follow.
fn presets_moved(app: &mut App, reply: Reply) {
    match reply {
        Reply::Renamed { from, to } => {
            kept::follow(app, &from, PresetFate::Renamed(&to));
            credentials::follow(app, |path| (*path == from).then(|| to.clone()));
            save::renamed(app, &from, &to);
        }
        Reply::Deleted { path, kept } => {
            let file = kept.map(|bytes| PresetFile { path: path.clone(), bytes });
            undo::keep_presets(app, file.into_iter().collect(), Vec::new());
            kept::follow(app, &path, PresetFate::Deleted);
            save::deleted(app, &path);
        }
        Reply::FolderDeleted { folder, presets, kept, left, failure } => {
            let orders = folders::orders_within(app, &folder);
            undo::keep_presets(app, kept, orders);
            for path in &presets {
                kept::follow(app, path, PresetFate::Deleted);
            }
            save::folder_deleted(app, &folder, &presets, left, failure);
        }
        Reply::BroughtBack { presets, failure } => {
            for stored in &presets {
                kept::follow(app, &stored.path, PresetFate::BroughtBack);
            }
            undo::brought_back(app, presets, failure);
        }
        _ => {}
    }
}

/// Folders are there, gone, elsewhere or in another order; the answers of their presets follow.
fn folders_changed(app: &mut App, reply: &Reply) {
    if let Reply::FolderMoved { from, to } = reply {
        kept::follow_folder(app, from, to);
        credentials::follow(app, |path| path.moved(from, to).ok());
    }
    folders::apply(app, reply);
}

/// The cookies of an environment are there, and so is what waited for them.
fn cookies_arrived(app: &mut App, environment: Option<&str>, jar: &CookieJar) {
    cookies::arrived(app, environment, jar);
    send::go_on_with_cookies(app);
}

/// The store could not do a job: it is said, and what waited for it does so no longer.
fn job_failed(app: &mut App, job: &JobLabel, failure: &Failure) {
    save::failed(app, job);
    undo::failed(app, job);
    environments::failed(app, job);
    imports::failed(app, job, failure);
    // A question for the history may be what failed, and what was not written is in the list.
    app.effects.extend(app.history.failed(&app.shared, job.kind).map(Effect::Store));
    // What was said before does not cover what else goes wrong: that the preset is not saved.
    let is_covered = app.save_state.is_known() && app.warns_of_another(job.kind);
    if job.kind == JobKind::SaveRestore && (is_covered || app.save_state.is_repeated()) {
        app.dirty = false;
    } else {
        app.warn_of(job.kind, failure.to_string());
    }
    credentials::failed(app, job, failure);
    if job.kind == JobKind::Cookies {
        app.shared.cookies.failed();
        send::go_on_with_cookies(app);
    }
    if job.kind == JobKind::Answers {
        app.shared.kept.comparing = None;
    }
    if job.kind == JobKind::SaveRestore {
        app.try_restore_again();
    }
}

/// Shows what the program was started with, beside what the last run left.
fn open_first(app: &mut App) {
    if !restore::is_begun(app) {
        return;
    }
    match app.first.take() {
        None => return,
        Some(Opening::Traffic { filter, said }) => {
            focus::focus(app, Pane::Traffic);
            traffic::extended(app);
            if !filter.is_empty() {
                app.intents.push_back(Intent::Traffic(TrafficWish::UseFilter(filter)));
            }
            if !said.is_empty() {
                app.done(said);
            }
            return focus::zoom(app);
        }
        Some(Opening::Spec(spec)) => draft::open_named(app, *spec),
        Some(Opening::Preset(path)) => {
            if !draft::open_preset(app, &path) {
                return;
            }
        }
    }
    focus::focus(app, Pane::Request);
    draft::say_opened(app, Action::Send);
}

fn workspace_changed(app: &mut App, workspace: Workspace) {
    let first = !app.loaded;
    app.loaded = true;
    renamed_outside::drafts(app, &workspace);
    drafts_follow(app, &workspace, first);
    // What could not be read is as if it had not been told yet.
    let before = &app.shared.workspace;
    let had_trouble = !before.problems.is_empty();
    let are_new = first || (had_trouble && before.environments.is_empty());
    let is_begin = (first && !before.is_partial) || (had_trouble && before.presets.is_empty());
    let mut names = workspace.environments.iter().map(|environment| &environment.name);
    let is_open = are_new && !app.save_state.chose_environment;
    let is_read = |name: &&String| {
        let files = [VariableKind::Plain, VariableKind::Secret];
        files.iter().all(|kind| outside::is_read(&workspace, &kind.file(name)))
    };
    // One that cannot be read knows no names; with none that can it is still there to be mended.
    let first_name = names.clone().find(is_read).or_else(|| names.clone().next());
    let first_name = first_name.filter(|_| is_open);
    let in_force = app.shared.environment.clone();
    let wanted = in_force.clone().or_else(|| app.save_state.lost_environment.clone());
    let known = names.find(|name| Some(*name) == wanted.as_ref());
    let now = known.or(first_name).cloned();
    let told = outside::told(app, in_force.as_deref(), now.as_deref(), &workspace);
    app.save_state.lost_environment = wanted.filter(|_| now.is_none());
    app.shared.environment = now;
    // What is wrong since the last time hides nothing else that is said.
    let is_known = workspace.problems == app.shared.workspace.problems;
    if let [problem, more @ ..] = workspace.problems.as_slice()
        && !is_known
    {
        let also = if more.is_empty() { String::new() } else { others(more) };
        let told = told.map_or_else(String::new, |told| format!("; {told}"));
        app.warn_of(JobKind::LoadWorkspace, format!("{problem}{also}{told}"));
    } else if let Some(told) = told {
        app.warn(told);
    }
    tell_if_gone(app, &workspace);
    tell_if_changed(app, &workspace);
    renamed_outside::follow(app, &workspace);
    let is_another = first || app.shared.workspace.root != workspace.root;
    app.shared.set_workspace(workspace);
    if is_another {
        renamed_outside::look(app);
    }
    if is_another {
        // Those of another workspace are others.
        app.shared.cookies = CookieJars::default();
    }
    if is_another && !first {
        history::changed(app);
    }
    app.presets.workspace_changed(&app.shared, is_begin);
    draft::form_changed(app);
    if first || is_begin {
        restore::begin_on_a_preset(app);
    }
    imports::workspace_read(app);
    themes::workspace_read(app);
    kept::workspace_read(app);
}

/// Drafts of presets as they are on the disk now.
fn drafts_follow(app: &mut App, workspace: &Workspace, first: bool) {
    let (drafts, before) = (&mut app.shared.drafts, &app.shared.workspace);
    for draft in drafts.iter_mut() {
        let Some(path) = draft.preset.clone() else { continue };
        let at = workspace.presets.binary_search_by(|stored| stored.path.cmp(&path));
        let Some(stored) = at.ok().map(|at| &workspace.presets[at]) else { continue };
        let Ok(preset) = &stored.content else { continue };
        if draft.is_modified() && !first {
            inherited::follow(draft, before, workspace, &path);
        }
        // An untouched draft follows the file; an edited one keeps its text and meets the
        // conflict when it is saved.
        if !draft.is_modified() {
            draft.follow(stored);
        } else if draft.based_on == Some(stored.fingerprint)
            || draft.saved.is_none()
            || draft.spec == preset.spec
        {
            draft.about.clone_from(&preset.about);
            draft.saved = Some(preset.spec.clone());
            if !draft.is_modified() {
                // Saved in the moment the last run was killed.
                draft.based_on = Some(stored.fingerprint);
            }
        }
    }
}

/// What else is wrong, by where it is.
fn others(more: &[Failure]) -> String {
    let (named, rest) = more.split_at(more.len().min(OTHERS_NAMED));
    let targets: Vec<&str> = named.iter().map(|problem| problem.target.as_str()).collect();
    let rest = if rest.is_empty() { String::new() } else { format!(" and {} more", rest.len()) };
    format!(" (also: {}{rest})", targets.join(", "))
}

/// Somebody else deleted or renamed what is on screen: it stays there, as it is.
fn tell_if_gone(app: &mut App, workspace: &Workspace) {
    let open = app.shared.drafts.current().preset.clone();
    let Some(path) = open.filter(|path| app.shared.stored(path).is_some()) else { return };
    let is_there = workspace.presets.iter().any(|stored| stored.path == path);
    if !is_there && workspace.problems.is_empty() {
        let what = app.keyed("is gone from the disk and stays open here: [save] writes it again");
        app.warn(format!("{path} {what}"));
    }
}

/// Somebody else changed the file of what is edited on screen: saving will ask, and it is better known before.
fn tell_if_changed(app: &mut App, workspace: &Workspace) {
    let draft = app.shared.drafts.current();
    let Some(path) = draft.preset.clone().filter(|_| draft.is_modified() && draft.saving.is_none())
    else {
        return;
    };
    let now = workspace.presets.iter().find(|stored| stored.path == path);
    let (Some(before), Some(now)) = (app.shared.stored(&path), now) else { return };
    if before.fingerprint != now.fingerprint && draft.based_on != Some(now.fingerprint) {
        let what =
            app.keyed("changed on disk; your unsaved changes stay: [save] asks which to keep");
        app.warn(format!("{path} {what}"));
    }
}

/// What the last run left is merged into what was done in this one until now.
fn restored(app: &mut App, restore: Option<Box<Restore>>) {
    let Some(restore) = restore else {
        app.save_state.last_run = LastRun::Nothing;
        return restore::begin_on_a_preset(app);
    };
    app.save_state.last_run = LastRun::Restored;
    credentials::restored(app, &restore.kept_in_place);
    let shared = &mut app.shared;
    let untouched = shared.drafts.is_pristine() && app.request.refused.is_none();
    let presets = app.loaded.then_some(&*shared.workspace.presets);
    let merged = shared.drafts.restore(&restore.drafts, restore.current, presets, untouched);
    if restore.environment.is_some() && !app.save_state.chose_environment {
        shared.environment = restore.environment;
    }
    let is_as_at_start = shared.arrangement == Arrangement::default();
    for (name, value) in restore.layout.iter().filter(|_| is_as_at_start) {
        shared.arrangement.restore(name, value);
    }
    focus::leave_hidden(app);
    let shared = &mut app.shared;
    for (name, value) in &restore.layout {
        shared.filters.restore(name, value);
        shared.columns.restore(name, value);
        if name == exports::COMMAND {
            shared.live_command.clone_from(value);
        }
    }
    app.traffic.hides_strip = shared.columns.hides_strip;
    if merged.is_shown {
        draft::draft_changed(app);
    } else {
        let back = format::counted(merged.beside, "draft");
        app.done(format!("{back} of the last run came back, beside what is on screen"));
        app.presets.rebuild(&app.shared);
        app.touched();
    }
    let kept = |wanted| restore.layout.iter().find(|(name, _)| name == wanted);
    let is_dark = kept(restore::GROUND).is_none_or(|(_, value)| value != restore::LIGHT);
    let chosen = kept(restore::THEME).map(|(_, value)| value.as_str());
    themes::restored(app, chosen, Some(is_dark));
}
