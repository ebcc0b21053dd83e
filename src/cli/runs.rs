//! `wirebench run`: presets and folders in order, what is expected of them checked, and what became of each.
//!
//! ```text
//! names ─► runner::select ─► runner::script ─► Run ─► orders ─► engine ─► events ─► Run ─► news ─► lines
//! ```

mod asked;
mod compared;
mod dry;
mod needs_met;
mod prepare;
mod reports;
mod told;
mod turns;

use std::sync::Arc;

use tokio::time::Instant;

use super::exit;
use super::headless::{Headless, Interrupts};
use super::output::{Output, RunOutcome};
use crate::args;
use crate::compose;
use crate::engine::clock;
use crate::engine::event::Event;
use crate::interop::run_report::RunFacts;
use crate::model::covered_operations::CoveredOperations;
use crate::model::failure::{Failure, FailureKind, Stage};
use crate::model::preset::Scope;
use crate::model::secrets::{Disclosure, Secrets};
use crate::model::timing::Stamp;
use crate::runner::{KeptRun, Run, RunNews, RunRow, RunTime, RunVerdict};
use compared::{RunAnswers, RunComparing, RunSide};
use prepare::Prepared;
use reports::Reports;
use told::Telling;
use turns::{RunWatcher, play, time};

pub(crate) use needs_met::{NeedsMet, SentAlone, meet_needs};

/// Sessions that one run may have before those of the next.
const SESSIONS: u64 = 1 << 32;

/// Runs the command: once, or once for each place that is compared.
pub(super) async fn run(
    arguments: &args::RunArgs,
    headless: &mut Headless,
    output: &mut Output,
    interrupts: &mut Interrupts,
) -> Result<RunOutcome, Failure> {
    let sides = compared::sides(arguments);
    let comparing = RunComparing::begin(arguments, headless)?;
    let keeps = comparing.wants_answers(sides.len());
    let mut prepared = Vec::new();
    for side in &sides {
        prepared.push(prepare::prepare(side, keeps, headless).await?);
    }
    if arguments.dry_run {
        return Ok(RunOutcome::Done(dry_run(&sides, &prepared, headless, output)));
    }
    refuse_output(arguments)?;
    let reports = Reports::begin(&arguments.reports)?;
    hide(&prepared, headless, arguments);
    headless.captures.begin(&headless.told)?;
    let began = time(headless);
    let mut over = RunOver::default();
    let mut shell = RunShell { headless, output, interrupts };
    for (side, prepared) in sides.iter().zip(prepared) {
        let mut telling = Telling::new(arguments, shell.headless);
        if reports.takes_output() {
            telling.leave_to_report();
        }
        if sides.len() > 1 {
            telling.begin(&side.name, shell.output);
        }
        if one(side, prepared, &mut over, &mut telling, &mut shell).await? {
            break;
        }
    }
    let RunShell { headless, output, .. } = shell;
    let compared = if over.was_interrupted { Vec::new() } else { comparing.compared(&over.kept) };
    let environment = sides.first().and_then(|side| side.arguments.env.as_deref());
    let environment = environment.filter(|_| sides.len() == 1);
    let facts = RunFacts { compared: &compared, environment, ..over.facts(began) };
    if !reports.takes_output() {
        told::compared(&compared, headless.now(), output);
    }
    let are_written = reports.write(facts, output).await;
    if over.was_interrupted {
        return Ok(RunOutcome::Interrupted);
    }
    let is_kept = comparing.save(&over.kept).await;
    let differs = compared.iter().any(|compared| compared.count() > 0);
    let status = if differs { exit::NOT_MET } else { status(&over.rows) };
    let least = if are_written && is_kept { exit::OK } else { exit::INTERRUPTED };
    Ok(RunOutcome::Done(status.max(least)))
}

/// Tells what would run, once for each place; the exit status.
fn dry_run(
    sides: &[RunSide],
    prepared: &[Prepared],
    headless: &Headless,
    output: &mut Output,
) -> u8 {
    let mut status = exit::OK;
    for (side, prepared) in sides.iter().zip(prepared) {
        let (now, is_json) = (headless.now(), side.arguments.json);
        let place = if sides.len() > 1 { side.name.as_str() } else { "" };
        let mut telling = dry::DryTelling { place, is_json, now, output };
        status = status.max(dry::dry(prepared, &mut telling));
    }
    status
}

/// What happened cannot go where what became of it does.
fn refuse_output(arguments: &args::RunArgs) -> Result<(), Failure> {
    if arguments.captures.takes_output() {
        let why = "a run prints what became of it; name a file for what it sent and got";
        return Err(Failure::new(Stage::Compose, "-", FailureKind::Usage, why));
    }
    Ok(())
}

/// What a run is played with.
struct RunShell<'a> {
    headless: &'a mut Headless,
    output: &'a mut Output,
    interrupts: &'a mut Interrupts,
}

/// What is over so far.
#[derive(Default)]
struct RunOver {
    rows: Vec<RunRow>,
    kept: Vec<KeptRun>,
    covered: CoveredOperations,
    stopped: Option<String>,
    was_interrupted: bool,
}

impl RunOver {
    fn facts(&self, began: RunTime) -> RunFacts<'_> {
        RunFacts {
            rows: &self.rows,
            began: began.wall,
            took: clock::now().since(began.now),
            environment: None,
            stopped: self.stopped.as_deref(),
            compared: &[],
            covered: &self.covered,
        }
    }
}

/// Runs it for one place; whether a signal ended it.
async fn one(
    side: &RunSide,
    prepared: Prepared,
    over: &mut RunOver,
    telling: &mut Telling,
    shell: &mut RunShell<'_>,
) -> Result<bool, Failure> {
    let Prepared { script, scopes, rounds, mut settings, .. } = prepared;
    // Each has sessions of its own, behind those of the one before.
    settings.first_session += over.kept.len() as u64 * SESSIONS;
    let began = time(shell.headless);
    let mut answers = RunAnswers::new(settings.keeps_answers);
    let mut run = Run::new(script, scopes, rounds, settings);
    let RunShell { headless, output, interrupts } = shell;
    let mut told = ToldRun { telling: &mut *telling, output };
    over.was_interrupted = play(&mut run, &mut answers, &mut told, headless, interrupts).await?;
    let facts = RunFacts {
        rows: run.rows(),
        began: began.wall,
        took: clock::now().since(began.now),
        environment: side.arguments.env.as_deref(),
        stopped: run.stopped(),
        compared: &[],
        covered: run.covered(),
    };
    telling.finish(facts, shell.headless.now(), shell.output);
    over.stopped = run.stopped().map(str::to_owned);
    over.kept.push(answers.of(&run, &side.name));
    over.covered.join(run.covered());
    over.rows.extend_from_slice(run.rows());
    Ok(over.was_interrupted)
}

/// Hides the secrets of all folders.
fn hide(prepared: &[Prepared], headless: &mut Headless, arguments: &args::RunArgs) {
    headless.hide(&Secrets::default(), &arguments.common());
    let Disclosure::Hiding(secrets) = &mut headless.told else { return };
    let mut of_folders: Vec<&Arc<Scope>> = prepared.iter().flat_map(|it| &it.scopes).collect();
    of_folders.dedup_by(|one, other| Arc::ptr_eq(one, other));
    for scope in of_folders {
        *secrets = secrets.and(&scope.hidden());
    }
    // Keys that are typed in presets; what rows of data make of them is known with each row.
    for prepared in prepared {
        for (step, scope) in prepared.script.steps.iter().zip(&prepared.scopes) {
            let keyed = step.content.as_ref().ok().filter(|preset| preset.spec.key().is_some());
            if let Some(preset) = keyed {
                *secrets = secrets.and(&compose::hidden(&preset.spec, scope));
            }
        }
    }
}

/// A run that is told line by line.
struct ToldRun<'a> {
    telling: &'a mut Telling,
    output: &'a mut Output,
}

impl RunWatcher for ToldRun<'_> {
    fn take(&mut self, news: Vec<RunNews>, run: &Run, now: Stamp) {
        self.telling.tell(run, &news, now, self.output);
    }

    fn due(&self) -> Option<Instant> {
        self.telling.due()
    }

    fn show(&mut self, run: &Run) {
        self.telling.show(run, self.output);
    }

    async fn next_event(&mut self, headless: &mut Headless) -> Result<Option<Event>, Failure> {
        self.output.taking(headless.next_event()).await
    }
}

/// 1 when something was not met, else that of the first failure.
fn status(rows: &[RunRow]) -> u8 {
    if rows.iter().any(|row| matches!(row.verdict, RunVerdict::NotMet(_))) {
        return exit::NOT_MET;
    }
    rows.iter().find_map(RunRow::failure).map_or(exit::OK, exit::status)
}
