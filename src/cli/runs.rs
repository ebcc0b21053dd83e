//! `wirebench run`: presets and folders in order, what is expected of them checked, and what became of each.
//!
//! ```text
//! names ─► runner::select ─► runner::script ─► Run ─► orders ─► engine ─► events ─► Run ─► news ─► lines
//! ```

mod asked;
mod prepare;
mod reports;
mod told;

use std::sync::Arc;

use tokio::time::Instant;

use super::exit;
use super::headless::{Headless, Interrupts};
use super::output::{Output, RunOutcome};
use crate::args;
use crate::check::BODY_LIMIT;
use crate::engine::clock;
use crate::engine::event::Event;
use crate::interop::run_report::RunFacts;
use crate::model::failure::{Failure, FailureKind, Stage};
use crate::model::preset::Scope;
use crate::model::secrets::Disclosure;
use crate::model::timing::Stamp;
use crate::runner::{Run, RunOrder, RunTime, RunVerdict};
use prepare::Prepared;
use reports::Reports;
use told::Telling;

/// Runs the command.
pub(super) async fn run(
    arguments: &args::RunArgs,
    headless: &mut Headless,
    output: &mut Output,
    interrupts: &mut Interrupts,
) -> Result<RunOutcome, Failure> {
    let Prepared { script, scopes, rounds, settings } =
        prepare::prepare(arguments, headless).await?;
    if arguments.dry_run {
        let status = prepare::dry(&script, &scopes, &rounds, &settings, output);
        return Ok(RunOutcome::Done(status));
    }
    if arguments.captures.takes_output() {
        let why = "a run prints what became of it; name a file for what it sent and got";
        return Err(Failure::new(Stage::Compose, "-", FailureKind::Usage, why));
    }
    let reports = Reports::begin(&arguments.reports)?;
    hide(&scopes, headless, arguments);
    headless.captures.begin(&headless.told)?;
    let began = time(headless);
    let mut telling = Telling::new(arguments, headless);
    if reports.takes_output() {
        telling.leave_to_report();
    }
    let mut run = Run::new(script, scopes, rounds, settings);
    let was_interrupted = play(&mut run, &mut telling, headless, output, interrupts).await?;
    let facts = RunFacts {
        rows: run.rows(),
        began: began.wall,
        took: clock::now().since(began.now),
        environment: arguments.env.as_deref(),
        stopped: run.stopped(),
    };
    telling.finish(facts, headless.now(), output);
    let are_written = reports.write(facts, output).await;
    if was_interrupted {
        return Ok(RunOutcome::Interrupted);
    }
    let status = status(&run);
    Ok(RunOutcome::Done(if are_written { status } else { status.max(exit::INTERRUPTED) }))
}

/// Hides the secrets of all folders.
fn hide(scopes: &[Arc<Scope>], headless: &mut Headless, arguments: &args::RunArgs) {
    headless.hide(&Scope::default(), &arguments.common());
    let mut of_folders: Vec<&Arc<Scope>> = scopes.iter().collect();
    of_folders.dedup_by(|one, other| Arc::ptr_eq(one, other));
    for scope in of_folders {
        if let Disclosure::Hiding(secrets) = &mut headless.told {
            *secrets = secrets.and(&scope.hidden());
        }
    }
}

/// Runs it to its end; whether a signal ended it.
async fn play(
    run: &mut Run,
    telling: &mut Telling,
    headless: &mut Headless,
    output: &mut Output,
    interrupts: &mut Interrupts,
) -> Result<bool, Failure> {
    let mut was_interrupted = false;
    loop {
        let turn = run.turn(time(headless));
        // What a body that was read brings about is known only at the next turn.
        let is_settled = turn.orders.is_empty();
        for order in turn.orders {
            carry_out(order, run, headless).await?;
        }
        telling.tell(run, &turn.news, headless.now(), output);
        if was_interrupted {
            return Ok(true);
        }
        if !is_settled {
            continue;
        }
        if run.is_over() {
            return Ok(false);
        }
        let now = clock::now();
        let wake = turn.wake.map(|wake| Instant::now() + wake.since(now));
        tokio::select! {
            biased;
            () = interrupts.next() => {
                was_interrupted = true;
                run.stop("interrupted", time(headless));
            }
            event = output.taking(headless.next_event()) => match event? {
                Some(event) => came(&event, run, headless),
                None => return Ok(true),
            },
            () = clock::at(wake) => {}
            () = clock::at(telling.due()) => telling.show(run, output),
        }
    }
}

/// Takes an event, and all that came with it: a turn looks at every preset that runs.
fn came(event: &Event, run: &mut Run, headless: &mut Headless) {
    run.on_event(event, time(headless));
    while let Some(event) = headless.at_hand() {
        run.on_event(&event, time(headless));
    }
}

async fn carry_out(order: RunOrder, run: &mut Run, headless: &mut Headless) -> Result<(), Failure> {
    match order {
        RunOrder::Look { session } => {
            let time = time(headless);
            let Some((came, checks)) = run.looked_at(session) else { return Ok(()) };
            let body = came.body().map(|body| headless.read_body(body, 0, BODY_LIMIT));
            let look = |bytes: Vec<u8>| headless.looked(checks, came.came(&bytes, time.wall));
            let outcome = body.transpose().map(|bytes| look(bytes.unwrap_or_default()));
            run.on_report(session, outcome, time);
            Ok(())
        }
        RunOrder::Engine(command) => headless.engine.order(command).await,
    }
}

fn time(headless: &Headless) -> RunTime {
    let now: Stamp = clock::now();
    RunTime { now, wall: headless.wall_clock.at(now) }
}

/// 1 when something was not met, else that of the first failure.
fn status(run: &Run) -> u8 {
    if run.rows().iter().any(|row| matches!(row.verdict, RunVerdict::NotMet(_))) {
        return exit::NOT_MET;
    }
    let failures = run.rows().iter().find_map(|row| row.failure());
    failures.map_or(exit::OK, exit::status)
}
