//! Imports of other tools' presets: their window, what the store answers, and what is taken back.

use super::{save, undo};
use crate::app::format::counted;
use crate::app::importing::ImportWish;
use crate::app::overlay::Overlay;
use crate::app::overlay::import::ImportWindow;
use crate::app::preset_tree::TreeItem;
use crate::app::state::App;
use crate::interop::import::{ImportSummary, is_import};
use crate::model::failure::Failure;
use crate::model::preset::PresetPath;
use crate::store::job::{ImportDone, ImportTask, ImportTrace, ImportTrees, Job, JobKind, JobLabel};

/// How files that other tools write end.
const ENDINGS: [&str; 10] =
    [".json", ".yaml", ".yml", ".http", ".rest", ".hurl", ".har", ".bru", ".ini", ".curl"];

/// Opens the window of an import, which looks at what is there already.
pub(crate) fn wished(app: &mut App, wish: ImportWish) {
    app.imports.windows += 1;
    let (mut window, asked) = ImportWindow::new(&app.shared, app.imports.windows);
    let looked = match wish {
        ImportWish::Asked => None,
        ImportWish::Pasted(text) => Some(window.paste(&app.shared, text)),
        ImportWish::Named(path) => Some(window.name(&app.shared, &path)),
    };
    app.overlays.push(Overlay::Import(Box::new(window)));
    app.intents.extend(asked.into_iter().chain(looked));
}

/// What a pasted text is as an import, if it is one: something of another tool, or the path of it.
pub(crate) fn pasted(text: &str) -> Option<ImportWish> {
    if is_import(text) {
        return Some(ImportWish::Pasted(text.to_owned()));
    }
    // As terminals paste a file that is dropped onto them.
    let path = text.trim().trim_matches('\'').replace("\\ ", " ");
    let is_path = !path.contains(['\n', '"']) && !path.contains("://");
    let is_named = ENDINGS.iter().any(|ending| path.ends_with(ending));
    let is_rooted = ["/", "~/", "./", "../"].iter().any(|start| path.starts_with(start));
    (is_path && is_named && (is_rooted || !path.contains(' '))).then_some(ImportWish::Named(path))
}

/// The store answered.
pub(crate) fn answered(app: &mut App, done: ImportDone) {
    let at = app.overlays.iter().rposition(|overlay| matches!(overlay, Overlay::Import(_)));
    if let Some(Overlay::Import(window)) = at.and_then(|at| app.overlays.get_mut(at)) {
        let is_over = window.answered(&done);
        if let Some(at) = at.filter(|_| is_over) {
            app.overlays.remove(at);
        }
    }
    match done {
        ImportDone::Looked { .. } => {}
        ImportDone::Written { presets, summary, trace } => written(app, &presets, &summary, trace),
        ImportDone::TakenBack { trace, gone, left } => taken_back(app, trace, &gone, &left),
    }
}

/// The store could not do it.
pub(crate) fn failed(app: &mut App, job: &JobLabel, failure: &Failure) {
    if !matches!(job.kind, JobKind::LookAtImport | JobKind::WriteImport) {
        return;
    }
    for overlay in &mut app.overlays {
        if let Overlay::Import(window) = overlay {
            window.failed(failure);
        }
    }
}

fn written(app: &mut App, presets: &[PresetPath], summary: &ImportSummary, trace: ImportTrace) {
    // What wrote it is never itself an undo.
    let done = Job::Import(ImportTask::Write { trees: ImportTrees::default(), into: None });
    let way = undo::moved(app, &done, Job::Import(ImportTask::TakeBack(trace)));
    app.imports.reveals = match (summary.folder.as_str(), presets.first()) {
        ("", Some(first)) => Some(TreeItem::Preset(first.clone())),
        ("", None) => None,
        (folder, _) => Some(TreeItem::Folder(folder.to_owned())),
    };
    let what = match presets {
        [] => "variables".to_owned(),
        [one] => one.to_string(),
        all => counted(all.len() as u64, "preset"),
    };
    let into = match summary.folder.as_str() {
        folder if presets.len() > 1 && !folder.is_empty() => format!(" into {folder}/"),
        _ => String::new(),
    };
    app.done(format!("{what} imported{into}{way}"));
}

/// The workspace was read: what was imported is selected.
pub(crate) fn workspace_read(app: &mut App) {
    let Some(item) = &app.imports.reveals else { return };
    let is_there = match item {
        TreeItem::Preset(path) => app.shared.stored(path).is_some(),
        TreeItem::Folder(folder) => {
            let within = format!("{folder}/");
            app.shared.workspace.presets.iter().any(|it| it.path.as_str().starts_with(&within))
        }
        TreeItem::Draft(_) => false,
    };
    if !is_there {
        return;
    }
    match app.imports.reveals.take() {
        Some(TreeItem::Preset(path)) => app.presets.reveal(&app.shared, &path),
        Some(TreeItem::Folder(folder)) => app.presets.reveal_folder(&app.shared, &folder),
        Some(TreeItem::Draft(_)) | None => {}
    }
}

fn taken_back(app: &mut App, trace: ImportTrace, gone: &[PresetPath], left: &[String]) {
    app.thrown.is_back(&Job::Import(ImportTask::TakeBack(trace)));
    save::no_longer_there(app, gone);
    let what = match gone {
        [] => "the import".to_owned(),
        [one] => one.to_string(),
        all => format!("the import of {}", counted(all.len() as u64, "preset")),
    };
    match left {
        [] => app.done(format!("{what} is taken back")),
        [first, more @ ..] => {
            let more = match more.len() {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            app.warn(format!(
                "{what} is taken back, but for {first}{more}: changed since, and kept"
            ));
        }
    }
}
