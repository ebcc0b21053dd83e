//! What a run is compared with: itself to other places (`--compare`), or one that was kept (`--baseline`); and
//! the file it is kept in (`--save`).
//!
//! ```text
//! sides ─► each prepared ─► each run ─► KeptRun ... ─► compare_runs with the first of them ─► RunCompared
//! ```

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use crate::args;
use crate::cli::exit;
use crate::cli::headless::Headless;
use crate::cli::output;
use crate::cli::output_file::OutputFile;
use crate::interop::run_compared::{CompareRules, RunCompared, compare_runs};
use crate::interop::run_kept::{read_kept_run, write_kept_run};
use crate::model::failure::{Failure, FailureKind, Stage};
use crate::model::file_error;
use crate::model::id::SessionId;
use crate::model::secrets::Disclosure;
use crate::named_file;
use crate::runner::{ComparedPlace, FoundAnswer, KeptAnswer, KeptRun, PlaceKind, Run, RunCame};
use crate::store;

/// The longest file of a run that was kept.
const KEPT_RUN: u64 = 256 * 1024 * 1024;

/// What there is to compare.
pub(super) struct RunComparing {
    rules: CompareRules,
    baseline: Option<KeptRun>,
    save: Option<(String, OutputFile)>,
}

/// One of the places that a run goes to.
pub(super) struct RunSide {
    /// How it is told apart; empty where there is one.
    pub(super) name: String,
    pub(super) arguments: args::RunArgs,
    /// Where presets go in place of where they say.
    pub(super) address: Option<String>,
}

impl RunComparing {
    /// Reads what was kept and opens what is to be, so that what cannot be is said before anything is sent.
    pub(super) fn begin(arguments: &args::RunArgs, headless: &Headless) -> Result<Self, Failure> {
        let compare = &arguments.comparing;
        let usage = |target: &str, why: String| {
            Failure::new(Stage::Compose, target, FailureKind::Usage, why)
        };
        let mut rules = CompareRules::parse(&compare.ignore, compare.tolerance)
            .map_err(|why| usage("--ignore", why))?;
        rules.tells_secrets = arguments.with_secrets;
        if compare.save.is_some() && compare.compare.len() > 1 {
            return Err(usage(
                "--save",
                "one run is kept; leave --compare away, or name one place".to_owned(),
            ));
        }
        let baseline =
            compare.baseline.as_deref().map(|name| baseline(name, headless)).transpose()?;
        let save = compare.save.as_deref().map(|name| {
            let path = place(name, headless, true)?;
            Ok::<_, Failure>((
                name.to_owned(),
                OutputFile::begin_private(&path.display().to_string())?,
            ))
        });
        Ok(RunComparing { rules, baseline, save: save.transpose()? })
    }

    /// Whether answers are wanted.
    pub(super) fn wants_answers(&self, sides: usize) -> bool {
        sides > 1 || self.baseline.is_some() || self.save.is_some()
    }

    /// What differs between the runs, or from the one that was kept.
    pub(super) fn compared(&self, runs: &[KeptRun]) -> Vec<RunCompared> {
        let Some((first, others)) = runs.split_first() else { return Vec::new() };
        match &self.baseline {
            Some(baseline) => {
                runs.iter().map(|run| compare_runs(baseline, run, &self.rules)).collect()
            }
            None => others.iter().map(|run| compare_runs(first, run, &self.rules)).collect(),
        }
    }

    /// Keeps a run that came to its end; whether it is there, and what went wrong is said.
    pub(super) async fn save(self, runs: &[KeptRun]) -> bool {
        let (Some((name, file)), Some(run)) = (self.save, runs.last()) else { return true };
        let written = file.file().and_then(|mut to| {
            to.write_all(write_kept_run(run, self.rules.tells_secrets).as_bytes()).map_err(
                |error| {
                    let (kind, cause) = file_error::words(&error);
                    Failure::new(Stage::Storage, &*name, kind, cause)
                },
            )
        });
        match file.conclude(written.map(|()| exit::OK)).await {
            Ok(status) => status == exit::OK,
            Err(failure) => {
                output::print_failure(&failure);
                false
            }
        }
    }
}

/// The runs that are asked for: one for each place.
pub(super) fn sides(arguments: &args::RunArgs) -> Vec<RunSide> {
    let named = |word: &String| {
        let (mut arguments, mut address) = (arguments.clone(), None);
        match ComparedPlace::parse(word).kind {
            PlaceKind::Value(..) => arguments.variables.push(word.clone()),
            PlaceKind::Environment => arguments.env = Some(word.clone()),
            PlaceKind::Address => address = Some(word.clone()),
        }
        RunSide { name: word.clone(), arguments, address }
    };
    let mut sides: Vec<RunSide> = arguments.comparing.compare.iter().map(named).collect();
    if sides.len() < 2 {
        // One place alone is compared with what runs without it.
        let name = arguments.env.clone().unwrap_or_else(|| "as it is".to_owned());
        sides.insert(0, RunSide { name, arguments: arguments.clone(), address: None });
    }
    if let [side] = sides.as_mut_slice() {
        "now".clone_into(&mut side.name);
    }
    sides
}

/// Where a run is kept: a file, or one of ours by its name.
fn place(name: &str, headless: &Headless, makes: bool) -> Result<PathBuf, Failure> {
    let is_file = name.contains(['/', '.']);
    let is_name = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | ' ');
    if is_file {
        return Ok(PathBuf::from(name));
    }
    if name.is_empty() || !name.chars().all(is_name) {
        let why = "a name has letters, digits, - and _; a file has a / or a point in its name";
        return Err(Failure::new(Stage::Compose, name, FailureKind::Usage, why));
    }
    let folder = headless.paths.runs();
    if makes {
        store::make_private_folder(&folder)?;
    }
    Ok(folder.join(format!("{name}.json")))
}

fn baseline(name: &str, headless: &Headless) -> Result<KeptRun, Failure> {
    let path = place(name, headless, false)?;
    let failed = |kind, cause: String| {
        Failure::new(Stage::Storage, format!("--baseline {name}"), kind, cause)
            .hint(format!("wirebench run ... --save {name} keeps one"))
    };
    let bytes = named_file::read(Path::new(&path), KEPT_RUN).map_err(|error| {
        let (kind, cause) = file_error::words(&error);
        failed(kind, cause)
    })?;
    let mut run = read_kept_run(&bytes).map_err(|why| failed(FailureKind::Malformed, why))?;
    name.clone_into(&mut run.name);
    Ok(run)
}

/// Answers as they are found, by their sessions.
#[derive(Debug, Default)]
pub(super) struct RunAnswers {
    is_wanted: bool,
    found: BTreeMap<SessionId, FoundAnswer>,
}

impl RunAnswers {
    /// None yet.
    pub(super) fn new(is_wanted: bool) -> Self {
        RunAnswers { is_wanted, found: BTreeMap::new() }
    }

    /// Takes what is looked at, as it may be told.
    pub(super) fn take(
        &mut self,
        session: SessionId,
        came: &RunCame<'_>,
        bytes: &[u8],
        told: &Disclosure,
    ) {
        if !self.is_wanted {
            return;
        }
        let found = match came {
            RunCame::Exchange(exchange) => FoundAnswer::of_exchange(exchange, bytes, told),
            RunCame::Conversation(heard) => Some(FoundAnswer::of_conversation(heard, told)),
            RunCame::Served(_) => None,
        };
        self.found.extend(found.map(|found| (session, found)));
    }

    /// The run with what its presets answered.
    pub(super) fn of(mut self, run: &Run, name: &str) -> KeptRun {
        let answers = run.rows().iter().map(|row| {
            let found = row.session.and_then(|session| self.found.remove(&session));
            KeptAnswer::of(row, found.unwrap_or_default())
        });
        KeptRun { name: name.to_owned(), answers: answers.collect() }
    }
}
