//! What a run is made of, from the command line and the workspace; and what it would do.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use super::asked;
use super::compared::RunSide;
use crate::args;
use crate::cli::headless::Headless;
use crate::cli::target;
use crate::cli::wanted::{self, ProgramPlace};
use crate::model::failure::{Failure, FailureKind, Stage};
use crate::model::file_error;
use crate::model::preset::Scope;
use crate::model::spec::Spec;
use crate::model::trust::Verify;
use crate::named_file;
use crate::runner::{self, RunRound, RunScript, RunSettings, RunWords, TagTest};
use crate::store;
use crate::store::job::Workspace;

/// The longest file of defaults that is looked into for the place of an error.
const DEFAULTS: u64 = 1024 * 1024;

/// The longest file of rows.
const DATA: u64 = 64 * 1024 * 1024;

/// All that a run begins with.
pub(super) struct Prepared {
    pub(super) script: RunScript,
    /// Of the steps, and behind them of the listeners.
    pub(super) scopes: Vec<Arc<Scope>>,
    pub(super) rounds: Vec<RunRound>,
    pub(super) settings: RunSettings,
}

/// Finds what is meant, and gets what is asked for; nothing is sent.
pub(super) async fn prepare(
    side: &RunSide,
    keeps_answers: bool,
    headless: &Headless,
) -> Result<Prepared, Failure> {
    let arguments = &side.arguments;
    let usage = |what: &str, why: String| {
        Failure::new(Stage::Compose, what.to_owned(), FailureKind::Usage, why)
    };
    let tags = arguments
        .tags
        .iter()
        .map(|tag| TagTest::parse(tag).map_err(|why| usage(&format!("--tag {tag}"), why)));
    let tags = tags.collect::<Result<Vec<_>, _>>()?;
    let variables = wanted::variables(&arguments.variables)?;
    let workspace = store::read_workspace(headless.paths.workspace_unasked()?);
    let selection = runner::select(&workspace, &arguments.names)
        .map_err(|failure| with_line(failure, &workspace))?;
    let is_parallel = arguments.parallel > 1;
    let mut script = runner::script(&workspace, &selection, &tags, is_parallel)?;
    if script.steps.is_empty() {
        let why = script.left_out.first();
        let why = why.map(|(path, why)| format!("{path} is left out: {why}")).unwrap_or_default();
        let names = arguments.names.join(" ");
        return Err(usage(&names, "there is nothing to run".to_owned()).hint(why));
    }
    for step in &mut script.steps {
        let content = step.content.clone();
        step.content = content.and_then(|mut preset| {
            configure(&mut preset.spec, arguments)?;
            if let Some(address) = &side.address {
                runner::readdress(&mut preset.spec, address);
            }
            Ok(preset)
        });
    }
    let mut scopes = scopes(&script, &workspace, arguments.env.as_deref(), headless)?;
    let repeat = arguments.repeat as usize;
    let data = arguments.data.as_deref().map(data).transpose()?.unwrap_or_default();
    let rounds = runner::rounds(data, repeat).map_err(|why| usage("--repeat", why))?;
    if !arguments.dry_run {
        let place = ProgramPlace::new(Some(&workspace.root), &headless.paths);
        asked::supply(&script, &mut scopes, rounds.first(), &variables, &place).await?;
    }
    let settings = RunSettings {
        parallel: arguments.parallel.into(),
        fail_fast: arguments.fail_fast,
        retries: arguments.retry,
        retry_after: arguments.retry_delay,
        timeout: arguments.timeout,
        variables,
        tells_secrets: arguments.with_secrets,
        first_session: 1,
        keeps_bodies: false,
        keeps_answers,
        words: RunWords::OPTIONS,
    };
    Ok(Prepared { script, scopes, rounds, settings })
}

/// What the command line says of every preset.
fn configure(spec: &mut Spec, arguments: &args::RunArgs) -> Result<(), Failure> {
    if let (true, Some((verify, _))) = (arguments.insecure, spec.consent_mut()) {
        *verify = Verify::Off;
    }
    arguments.settings.iter().try_for_each(|setting| target::set(spec, setting))
}

/// The rows of a file.
fn data(path: &Path) -> Result<Vec<RunRound>, Failure> {
    let name = path.display().to_string();
    let bytes = named_file::read(path, DATA).map_err(|error| {
        let (kind, cause) = file_error::words(&error);
        Failure::new(Stage::Storage, format!("--data {name}"), kind, cause)
    })?;
    let malformed = |place: String, why: String| {
        Failure::new(Stage::Storage, place, FailureKind::Malformed, why)
    };
    let text = String::from_utf8(bytes)
        .map_err(|_| malformed(format!("--data {name}"), "it is not UTF-8".to_owned()))?;
    runner::data_rows(&text).map_err(|flaw| malformed(format!("{name}:{}", flaw.line), flaw.why))
}

/// What templates of a script may refer to, for its steps and behind them for its listeners: one for each folder.
pub(super) fn scopes(
    script: &RunScript,
    workspace: &Workspace,
    environment: Option<&str>,
    headless: &Headless,
) -> Result<Vec<Arc<Scope>>, Failure> {
    let mut of_folders: BTreeMap<&str, Arc<Scope>> = BTreeMap::new();
    let steps = script.steps.iter().map(|step| step.path.folder());
    let listeners = script.listeners.iter().map(|listener| listener.path.folder());
    let mut scopes = Vec::new();
    for folder in steps.chain(listeners) {
        let scope = if let Some(known) = of_folders.get(folder) {
            Arc::clone(known)
        } else {
            let scope = target::scope_of_folder(folder, environment, workspace, &headless.os)?;
            let scope = Arc::new(scope);
            of_folders.insert(folder, Arc::clone(&scope));
            scope
        };
        scopes.push(scope);
    }
    Ok(scopes)
}

/// An error in the order of a folder with the line and column it stands in.
fn with_line(mut failure: Failure, workspace: &Workspace) -> Failure {
    let name = failure.cause.split('\'').nth(3).unwrap_or_default().to_owned();
    let file = Path::new(&workspace.root).join(&failure.target);
    if failure.stage == Stage::Storage
        && let Ok(bytes) = named_file::read(&file, DEFAULTS)
    {
        let text = String::from_utf8_lossy(&bytes);
        let written = [format!("\"{name}\""), format!("'{name}'")];
        let is_place = |line: &str| written.iter().any(|written| line.contains(written));
        if let Some((at, line)) = text.lines().enumerate().find(|(_, line)| is_place(line)) {
            let before = written.iter().find_map(|written| line.split_once(&**written));
            let column = before.map_or(0, |(before, _)| before.chars().count());
            failure.target = format!("{}:{}:{}", failure.target, at + 1, column + 1);
        }
    }
    failure
}
