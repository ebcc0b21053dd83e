//! `wirebench export`: presets written for other tools, to standard output, a file or a folder; what they cannot
//! say goes to standard error. Only reads the workspace; sends nothing and runs no program.

use std::fs::{self, DirBuilder};
use std::io::Write as _;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use super::exit;
use super::headless::Headless;
use super::output::{self, Output};
use super::output_file::OutputFile;
use super::target::{scope_of_folder, whole_environment};
use super::wanted;
use crate::args;
use crate::codec::printable::printable_str;
use crate::compose::spec_names::veiled_labels;
use crate::interop::preset_export::{
    ExportedFile, ExportedPreset, PresetExport, PresetExportOrder, about_elsewhere, export,
};
use crate::model::counts::counted;
use crate::model::export_kind::ExportSplit;
use crate::model::failure::{Failure, FailureKind, Stage};
use crate::model::file_error;
use crate::model::preset::{Environment, Scope};
use crate::runner;
use crate::store;
use crate::store::job::Workspace;

/// Runs the command; returns the exit status.
pub(super) async fn run(
    arguments: &args::Export,
    headless: &Headless,
    output: &mut Output,
) -> Result<u8, Failure> {
    let done = exported(arguments, headless, output).await;
    done.map_err(|failure| failure.composed_for(Stage::ComposeExport))
}

async fn exported(
    arguments: &args::Export,
    headless: &Headless,
    output: &mut Output,
) -> Result<u8, Failure> {
    let (order, broken) = order(arguments, headless)?;
    let made = export(&order);
    for (path, why) in &broken {
        output::note(&format!("left out, as its file is broken: {path} ({why})"));
    }
    for line in made.remarks.lines_in_full() {
        output::note(&printable_str(&line));
    }
    if made.count == 0 {
        let cause = format!("nothing of it can be said as {}", order.kind.row().title);
        let names = arguments.names.join(" ");
        return Err(Failure::new(Stage::Compose, names, FailureKind::Usage, cause)
            .hint("wirebench export --help says what each kind is for"));
    }
    match &arguments.output {
        Some(place) if place != Path::new("-") => write(place, &made, &order).await,
        _ => {
            print(&made, output);
            Ok(exit::OK)
        }
    }
}

/// What is to be written, and presets that cannot be read.
fn order(
    arguments: &args::Export,
    headless: &Headless,
) -> Result<(PresetExportOrder, Vec<(String, Failure)>), Failure> {
    let workspace = store::read_workspace(headless.paths.workspace_unasked()?);
    let given = wanted::variables(&arguments.variables)?;
    let selection = runner::select_all(&workspace, &arguments.names)?;
    let base = match arguments.names.as_slice() {
        [one] => base_of(one, &workspace),
        _ => String::new(),
    };
    let title = title(arguments, &base);
    let unread = selection.unread.into_iter().map(|failure| (failure.target.clone(), failure));
    let (mut presets, mut broken) = (Vec::new(), unread.collect::<Vec<_>>());
    for at in selection.presets {
        let Some(stored) = workspace.presets.get(at) else { continue };
        let preset = match &stored.content {
            Ok(preset) => preset,
            Err(failure) => {
                broken.push((stored.path.to_string(), failure.clone()));
                continue;
            }
        };
        let folder = stored.path.folder();
        let mut scope =
            scope_of_folder(folder, arguments.env.as_deref(), &workspace, &headless.os)?;
        scope.veiled.extend(veiled_labels(&preset.spec));
        scope.typed.extend(given.iter().map(|(name, value)| (name.clone(), value.clone())));
        let inner = folder.strip_prefix(base.as_str()).unwrap_or(folder).trim_start_matches('/');
        let folder = inner.split('/').filter(|part| !part.is_empty()).map(str::to_owned).collect();
        presets.push(ExportedPreset {
            path: stored.path.clone(),
            folder,
            about: about_elsewhere(&preset.about),
            spec: preset.spec.clone(),
            scope,
        });
    }
    let environment =
        arguments.env.as_deref().map(|name| environment(name, &workspace)).transpose()?;
    let is_split = arguments.output.as_deref().is_some_and(is_folder);
    let (kind, with_secrets) = (arguments.kind, arguments.with_secrets);
    let order = PresetExportOrder { kind, title, presets, environment, with_secrets, is_split };
    Ok((order, broken))
}

/// The folder that was named, or that of the preset.
fn base_of(name: &str, workspace: &Workspace) -> String {
    let name = name.strip_suffix(".toml").unwrap_or(name).trim_start_matches("./");
    let folder = name.trim_end_matches('/');
    let preset = workspace.presets.iter().find(|stored| stored.path.as_str() == name);
    match preset {
        Some(preset) => preset.path.folder().to_owned(),
        None if folder == "." => String::new(),
        None => folder.to_owned(),
    }
}

fn title(arguments: &args::Export, base: &str) -> String {
    let last = |path: &str| path.rsplit('/').next().unwrap_or_default().to_owned();
    let named = match arguments.names.as_slice() {
        [one] => last(one.strip_suffix(".toml").unwrap_or(one).trim_end_matches('/')),
        _ => last(base),
    };
    if named.is_empty() || named == "." { "presets".to_owned() } else { named }
}

/// An environment with all that it inherits.
fn environment(name: &str, workspace: &Workspace) -> Result<Environment, Failure> {
    whole_environment(name, workspace)?;
    let mut scope = Scope::default();
    for layer in workspace.layers(name).iter().rev() {
        scope.take_layer(layer);
    }
    let (variables, secrets) = (scope.variables, scope.secrets);
    Ok(Environment { name: name.to_owned(), variables, secrets, ..Environment::default() })
}

/// Whether files go into it, and not to it.
fn is_folder(place: &Path) -> bool {
    place.is_dir() || place.as_os_str().to_string_lossy().ends_with('/')
}

/// Prints the export itself, and names the files that would lie beside it.
fn print(made: &PresetExport, output: &mut Output) {
    let Some((first, others)) = made.files.split_first() else { return };
    output.raw(&first.content);
    for file in others {
        output::note(&format!("not written without -o: {}", printable_str(&file.name)));
    }
}

/// Writes all files; each appears whole or not at all.
async fn write(
    place: &Path,
    made: &PresetExport,
    order: &PresetExportOrder,
) -> Result<u8, Failure> {
    let mut written = Vec::new();
    for (at, file) in made.files.iter().enumerate() {
        let is_first = at == 0 || order.is_split && order.kind.row().split != ExportSplit::Whole;
        let path = if is_folder(place) {
            place.join(&file.name)
        } else if is_first {
            place.to_owned()
        } else {
            beside(place, file, made)
        };
        let status = put(&path, file).await?;
        if status != exit::OK {
            // What went wrong was said.
            return Ok(status);
        }
        written.push(path);
    }
    let names: Vec<String> =
        written.iter().take(5).map(|path| path.display().to_string()).collect();
    let more = match written.len().saturating_sub(names.len()) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let many = counted(made.count as u64, "preset");
    output::note(&printable_str(&format!("{many} written to {}{more}", names.join(", "))));
    Ok(exit::OK)
}

/// Where a further file goes: called after the file that was named.
fn beside(place: &Path, file: &ExportedFile, made: &PresetExport) -> PathBuf {
    let stem = |name: &str| name.split('.').next().unwrap_or_default().to_owned();
    let own = made.files.first().map_or_else(String::new, |first| stem(&first.name));
    let named = place.file_name().map_or_else(String::new, |name| stem(&name.to_string_lossy()));
    let name = match file.name.strip_prefix(&own).filter(|rest| rest.starts_with('.')) {
        // A body is named in the text.
        Some(rest) if !is_body(&file.name) => format!("{named}{rest}"),
        _ => file.name.clone(),
    };
    place.with_file_name(name)
}

/// Whether it is a body, which the text names.
fn is_body(name: &str) -> bool {
    Path::new(name).extension().is_some_and(|extension| extension == "body")
}

/// Writes one; the exit status, which is not that of success where the file did not get its name.
async fn put(path: &Path, file: &ExportedFile) -> Result<u8, Failure> {
    let name = path.display().to_string();
    let refused = |error: &std::io::Error| {
        let (kind, cause) = file_error::words(error);
        Failure::new(Stage::Storage, name.clone(), kind, cause)
    };
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty())
        && !fs::exists(folder).unwrap_or(true)
    {
        let made = DirBuilder::new().recursive(true).mode(0o777).create(folder);
        made.map_err(|error| refused(&error))?;
    }
    let output = OutputFile::begin(&name)?;
    let written = output
        .file()
        .and_then(|mut to| to.write_all(&file.content).map_err(|error| refused(&error)));
    output.conclude(written.map(|()| exit::OK)).await
}
