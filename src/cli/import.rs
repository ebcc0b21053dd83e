//! `wirebench import`: presets of other tools into the workspace, with a summary of what came and what
//! did not.

mod folder;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::exit;
use super::headless::Headless;
use super::output::Output;
use super::stdin::{self, STDIN};
use crate::args;
use crate::interop::import::{
    IMPORT_LIMIT, ImportFault, ImportFile, ImportKind, ImportPlan, ImportRemark, ImportTree, import,
};
use crate::model::counts::{count, counted};
use crate::model::failure::{Failure, FailureKind, Stage};
use crate::model::file_error;
use crate::model::preset::{Environment, PresetPath};
use crate::named_file;
use crate::store::{self, ImportChoice};

/// Places that are named of each kind of things left out.
const PLACES: usize = 3;

/// Runs the command; returns the exit status.
pub(super) async fn run(
    arguments: &args::Import,
    headless: &Headless,
    output: &mut Output,
) -> Result<u8, Failure> {
    let done = take_over(arguments, headless, output).await;
    done.map_err(|failure| failure.composed_for(Stage::ComposeImport))
}

async fn take_over(
    arguments: &args::Import,
    headless: &Headless,
    output: &mut Output,
) -> Result<u8, Failure> {
    let choice = choice(arguments)?;
    let kind = arguments.kind.as_deref().and_then(|kind| kind.parse::<ImportKind>().ok());
    let mut files = Vec::new();
    for file in &arguments.files {
        files.extend(read(file).await?);
    }
    let root = headless.paths.workspace_unasked()?.to_owned();
    let work = move || -> Result<(Vec<ImportTree>, ImportPlan), Failure> {
        let trees = import(&files, kind).map_err(|(name, fault)| broken(&name, &fault))?;
        drop(files);
        let told = trees.iter().map(without_content).collect();
        Ok((told, store::take_import(&root, trees, &choice)?))
    };
    let done = tokio::task::spawn_blocking(work).await;
    let (trees, plan) = done.unwrap_or_else(|error| {
        Err(Failure::new(Stage::Program, "import", FailureKind::Io, error.to_string()))
    })?;
    if !trees.is_empty() {
        tell(&trees, &plan, arguments.dry_run, output);
    }
    if plan.presets.is_empty() && plan.environments.is_empty() && plan.folders.is_empty() {
        let names: Vec<String> =
            arguments.files.iter().map(|file| file.display().to_string()).collect();
        let cause = "nothing in it can be imported";
        return Err(Failure::new(Stage::Compose, names.join(", "), FailureKind::Usage, cause));
    }
    Ok(exit::OK)
}

fn choice(arguments: &args::Import) -> Result<ImportChoice, Failure> {
    let into = arguments.into.as_deref().map(|folder| {
        PresetPath::parse_folder(folder).map_err(|error| {
            let target = format!("--into {folder}");
            Failure::new(Stage::Compose, target, FailureKind::Usage, error.to_string())
        })
    });
    if let Some(name) = &arguments.env {
        Environment::check_name(name).map_err(|cause| {
            Failure::new(Stage::Compose, format!("--env {name}"), FailureKind::Usage, cause)
        })?;
    }
    let environment = arguments.env.clone();
    Ok(ImportChoice { into: into.transpose()?, environment, is_dry: arguments.dry_run })
}

/// A file, or those of a folder.
async fn read(file: &PathBuf) -> Result<Vec<ImportFile>, Failure> {
    if file == Path::new(STDIN) {
        let bytes = stdin::read_whole(IMPORT_LIMIT).await?;
        return Ok(vec![ImportFile { name: "standard input".into(), inside: None, bytes }]);
    }
    let path = file.clone();
    let work = move || {
        if path.is_dir() {
            return folder::files(&path);
        }
        let name = path.display().to_string();
        let read = named_file::read(&path, IMPORT_LIMIT).map_err(|error| {
            let (kind, cause) = file_error::words(&error);
            Failure::new(Stage::Compose, name.clone(), kind, cause)
        });
        Ok(vec![ImportFile { name, inside: None, bytes: read? }])
    };
    let read = tokio::task::spawn_blocking(work).await;
    read.unwrap_or_else(|error| {
        let name = file.display().to_string();
        Err(Failure::new(Stage::Program, name, FailureKind::Io, error.to_string()))
    })
}

fn broken(name: &str, fault: &ImportFault) -> Failure {
    Failure::new(Stage::Compose, name, FailureKind::Malformed, fault.to_string())
        .hint("nothing was written; --as KIND says what a file is")
}

/// What the summary says of a tree.
fn without_content(tree: &ImportTree) -> ImportTree {
    let title = tree.title.clone();
    let (presets, folders, environments) = (Vec::new(), Vec::new(), Vec::new());
    ImportTree { kind: tree.kind, title, presets, folders, environments, left_out: Vec::new() }
}

/// Prints what came, what has another name, and what did not come.
fn tell(trees: &[ImportTree], plan: &ImportPlan, is_dry: bool, output: &mut Output) {
    let kinds: Vec<&str> = trees.iter().map(|tree| tree.kind.title()).collect();
    let would = if is_dry { " (nothing is written)" } else { "" };
    output.line(&format!("{}{would}", kinds.join(", ")));
    let mut by_folder: BTreeMap<&str, usize> = BTreeMap::new();
    for it in &plan.presets {
        *by_folder
            .entry(it.preset.path.as_str().split_once('/').map_or("", |(top, _)| top))
            .or_default() += 1;
    }
    for (folder, presets) in by_folder {
        let presets = counted(presets as u64, "preset");
        let names = plan.presets.iter().map(|it| it.preset.path.as_str());
        let inside = names.filter(|path| path.split_once('/').map_or("", |(top, _)| top) == folder);
        output.line(&format!("  {presets}: {}", listed(inside)));
    }
    for folder in plan.folders.iter().filter(|it| !it.variables.is_empty()) {
        let file = format!("{}/_defaults.toml", folder.folder);
        let names = folder.variables.iter().map(|(name, _)| name.as_str());
        let variables = counted(folder.variables.len() as u64, "variable");
        output.line(&format!(
            "  {variables} in {}: {}",
            file.trim_start_matches('/'),
            listed(names)
        ));
    }
    for it in &plan.environments {
        for (list, file, what) in [
            (&it.variables, format!("env/{}.toml", it.name), "variable"),
            (&it.secrets, format!("env/{}.secret.toml", it.name), "secret"),
        ] {
            if !list.is_empty() {
                let names = list.iter().map(|(name, _)| name.as_str());
                let many = counted(list.len() as u64, what);
                output.line(&format!("  {many} in {file}: {}", listed(names)));
            }
        }
    }
    if !plan.renamed.is_empty() {
        let names: Vec<String> =
            plan.renamed.iter().map(|(from, to)| format!("{from} -> {to}")).collect();
        let taken = counted(names.len() as u64, "name");
        output.line(&format!(
            "  {taken} taken already: {}",
            listed(names.iter().map(String::as_str))
        ));
    }
    tell_left_out(&plan.left_out, output);
}

/// One line for each kind, in the order in which they were met.
fn tell_left_out(left_out: &[ImportRemark], output: &mut Output) {
    let mut kinds: Vec<(&str, Vec<&str>)> = Vec::new();
    for ImportRemark { what, place } in left_out {
        match kinds.iter_mut().find(|(known, _)| known == what) {
            Some((_, places)) => places.push(place),
            None => kinds.push((what, vec![place])),
        }
    }
    if !kinds.is_empty() {
        output.line("not as it was:");
    }
    for (what, places) in kinds {
        let many = count(places.len() as u64);
        let places = listed(places.iter().copied().filter(|place| !place.is_empty()));
        let places = if places.is_empty() { places } else { format!(": {places}") };
        output.line(&format!("  {what} ({many}){places}"));
    }
}

/// The first of some names, and how many more there are.
fn listed<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let names: Vec<&str> = names.collect();
    let shown: Vec<&str> = names.iter().take(PLACES).copied().collect();
    match names.len().saturating_sub(PLACES) {
        0 => shown.join(", "),
        more => format!("{} and {} more", shown.join(", "), count(more as u64)),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;
    use strum::VariantArray as _;

    use super::*;

    #[test]
    fn every_kind_can_be_named() {
        for kind in ImportKind::VARIANTS {
            let words = ["wirebench", "import", "x", "--as", kind.into_str()];
            assert!(args::Arguments::try_parse_from(words).is_ok(), "{kind:?}");
        }
    }
}
