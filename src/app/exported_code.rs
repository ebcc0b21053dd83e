//! Presets as every kind of code there is for them, for the window of code: the kinds are those of
//! `wirebench export`, written by the same hands.

use crate::app::shared::Shared;
use crate::interop::preset_export::{ExportedPreset, PresetExportOrder, about_elsewhere, export};
use crate::model::counts::count;
use crate::model::export_kind::{PRESET_EXPORTS, PresetExportKind};
use crate::model::preset::{PresetPath, Scope};
use crate::model::spec::Spec;
use crate::runner;

/// Presets of a folder that are shown at most; each is written in every kind.
const MOST: usize = 200;

/// One way of writing it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CodeListing {
    pub name: &'static str,
    pub text: String,
    /// What a file of it would be called.
    pub file: String,
    /// What is not as it was, a line each.
    pub remarks: Vec<String>,
}

/// What is written as code.
#[derive(Debug, Clone)]
pub(crate) struct CodeSubject {
    title: String,
    presets: Vec<ExportedPreset>,
}

impl CodeSubject {
    /// A request or session with a name.
    pub(crate) fn one(title: &str, spec: &Spec, scope: &Scope) -> Self {
        let path = PresetPath::parse(title).or_else(|_| PresetPath::parse("draft"));
        let presets = path.into_iter().map(|path| ExportedPreset {
            path,
            folder: Vec::new(),
            about: String::new(),
            spec: spec.clone(),
            scope: scope.clone(),
        });
        CodeSubject { title: title.to_owned(), presets: presets.collect() }
    }

    /// All of a folder and below, in their order, as they are saved.
    pub(crate) fn folder(shared: &Shared, folder: &str) -> Result<Self, String> {
        let workspace = &shared.workspace;
        let found = runner::select_all(workspace, &[format!("{folder}/")]);
        let found = found.map_err(|failure| failure.to_string())?;
        if found.presets.len() > MOST {
            let all = count(found.presets.len() as u64);
            return Err(format!(
                "{folder}/ has {all} presets; more than {MOST} are written by wirebench export"
            ));
        }
        let stored = found.presets.iter().filter_map(|at| workspace.presets.get(*at));
        let read = stored.filter_map(|stored| Some((stored, stored.content.as_ref().ok()?)));
        let presets: Vec<ExportedPreset> = read
            .map(|(stored, preset)| {
                let own = stored.path.folder();
                let inner = own.strip_prefix(folder).unwrap_or(own).split('/');
                let inner = inner.filter(|part| !part.is_empty());
                ExportedPreset {
                    path: stored.path.clone(),
                    folder: inner.map(str::to_owned).collect(),
                    about: about_elsewhere(&preset.about),
                    spec: preset.spec.clone(),
                    scope: shared.scope_in(own),
                }
            })
            .collect();
        if presets.is_empty() {
            return Err(format!("{folder}/ has no presets"));
        }
        let title = folder.rsplit('/').next().unwrap_or(folder).to_owned();
        Ok(CodeSubject { title, presets })
    }
}

/// It in every kind that can say something of it; the error says why there is none.
pub(crate) fn listings(
    subject: &CodeSubject,
    with_secrets: bool,
) -> Result<Vec<CodeListing>, String> {
    let mut found = Vec::new();
    let mut why = None;
    for row in PRESET_EXPORTS {
        let made = export(&PresetExportOrder {
            kind: row.kind,
            title: subject.title.clone(),
            presets: subject.presets.clone(),
            environment: None,
            with_secrets,
            is_split: false,
        });
        let mut remarks = made.remarks.lines();
        let Some(first) = made.files.first().filter(|_| made.count > 0) else {
            why = why.or(remarks.into_iter().next());
            continue;
        };
        let others = made.files.iter().skip(1).map(|file| file.name.as_str());
        let others: Vec<&str> = others.collect();
        if !others.is_empty() {
            remarks.push(format!("files beside it, by wirebench export: {}", others.join(", ")));
        }
        let text = String::from_utf8_lossy(&first.content).into_owned();
        let text = text.strip_prefix("#!/bin/sh\n").map_or(text.clone(), str::to_owned);
        let text = text.trim_start_matches('\n').to_owned();
        let is_request =
            |it: &ExportedPreset| it.spec.run().is_some() && it.spec.capabilities().exchanges;
        let is_request = subject.presets.iter().all(is_request);
        // There are two for requests.
        let of_library = row.kind == PresetExportKind::Python && is_request;
        let name = if of_library { "Python urllib" } else { row.title };
        found.push(CodeListing { name, text, file: first.name.clone(), remarks });
    }
    if found.is_empty() {
        return Err(why.unwrap_or_else(|| "there is nothing to write".to_owned()));
    }
    Ok(found)
}
