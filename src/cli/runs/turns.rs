//! Turns of a run until it is over: its orders carried out, its news told, then waiting for what comes next. Called by
//! `runs` for a run of its own, and by `needs_met` for what goes before a preset.

use tokio::time::Instant;

use super::compared::RunAnswers;
use crate::check::BODY_LIMIT;
use crate::cli::headless::{Headless, Interrupts};
use crate::engine::clock;
use crate::engine::command::Command;
use crate::engine::event::Event;
use crate::model::failure::Failure;
use crate::model::timing::Stamp;
use crate::runner::{Run, RunNews, RunOrder, RunTime};

/// Who is told of a run.
pub(super) trait RunWatcher {
    /// Takes what is new.
    fn take(&mut self, news: Vec<RunNews>, run: &Run, now: Stamp);

    /// When there is something to show although nothing is new.
    fn due(&self) -> Option<Instant> {
        None
    }

    /// Shows how far it is.
    fn show(&mut self, _run: &Run) {}

    /// The next event, as soon as there is room for what it brings; `None` = none will come.
    async fn next_event(&mut self, headless: &mut Headless) -> Result<Option<Event>, Failure> {
        Ok(headless.next_event().await)
    }
}

/// Runs it to its end; whether a signal ended it.
pub(super) async fn play(
    run: &mut Run,
    answers: &mut RunAnswers,
    watcher: &mut impl RunWatcher,
    headless: &mut Headless,
    interrupts: &mut Interrupts,
) -> Result<bool, Failure> {
    let mut was_interrupted = false;
    loop {
        let turn = run.turn(time(headless));
        // What a body that was read brings about is known only at the next turn.
        let is_settled = turn.orders.is_empty();
        for order in turn.orders {
            carry_out(order, run, answers, headless).await?;
        }
        watcher.take(turn.news, run, headless.now());
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
        let due = watcher.due();
        tokio::select! {
            biased;
            () = interrupts.next() => {
                was_interrupted = true;
                run.stop("interrupted", time(headless));
            }
            event = watcher.next_event(headless) => match event? {
                Some(event) => came(&event, run, headless),
                None => return Ok(true),
            },
            () = clock::at(wake) => {}
            () = clock::at(due) => watcher.show(run),
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

async fn carry_out(
    order: RunOrder,
    run: &mut Run,
    answers: &mut RunAnswers,
    headless: &mut Headless,
) -> Result<(), Failure> {
    match order {
        RunOrder::Look { session } => {
            let time = time(headless);
            let Some((came, checks)) = run.looked_at(session) else { return Ok(()) };
            let body = came.body().map(|body| headless.read_body(body, 0, BODY_LIMIT));
            let outcome = body.transpose().map(|bytes| {
                let bytes = bytes.unwrap_or_default();
                let report = headless.looked(checks, came.came(&bytes, time.wall));
                headless.hide_brought(&report.captured_secrets());
                answers.take(session, &came, &bytes, &headless.told);
                report
            });
            run.on_report(session, outcome, time);
            Ok(())
        }
        RunOrder::Engine(command) => {
            if let Command::Open { secrets, .. } = &command {
                headless.hide_brought(secrets);
            }
            headless.engine.order(command).await
        }
    }
}

/// The time of a turn.
pub(super) fn time(headless: &Headless) -> RunTime {
    let now: Stamp = clock::now();
    RunTime { now, wall: headless.wall_clock.at(now) }
}
