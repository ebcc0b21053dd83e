//! `wirebench replay`: says again what clients said in a file of traffic, and compares the answers.
//!
//! ```text
//! file ─► Recording ─► ReplayRun ─► orders ─► sessions of the engine ─► events ─► ReplayRun ─► verdicts
//! ```

use std::collections::HashMap;

use bytes::Bytes;
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::exit;
use super::headless::{Headless, Interrupts};
use super::let_through::LetThrough;
use super::opened_filter::OpenedFilter;
use super::output::{self, Output, RunOutcome, Style};
use super::stdin::{self, PieceReceiver, PieceSource};
use crate::args;
use crate::codec::printable::printable;
use crate::engine::clock;
use crate::engine::command::{CloseMode, Command, Recipient};
use crate::engine::event::{Event, Phase};
use crate::interop::pcap::CaptureBatch;
use crate::interop::replay::{
    self, Recording, ReplayAct, ReplayOrder, ReplayPace, ReplayRun, ReplayScript, ReplayTarget,
    ReplayVerdict,
};
use crate::model::counts::counted;
use crate::model::failure::{Failure, FailureKind, Stage};
use crate::model::id::SessionId;
use crate::model::secrets::Secrets;
use crate::model::trust::Verify;
use crate::store;

/// Pieces that were read and not taken in; the reader waits.
const PIECES: usize = 4;
/// Bytes of a message that are shown before it is said.
const SHOWN: usize = 60;
/// Rows of answers that differ, and columns of each side.
const ROWS: usize = 6;
const SIDE: usize = 50;

/// Runs the command.
pub(super) async fn run(
    arguments: &args::Replay,
    headless: &mut Headless,
    output: &mut Output,
    interrupts: &mut Interrupts,
) -> Result<RunOutcome, Failure> {
    let usage = |cause: String| Failure::new(Stage::Compose, "", FailureKind::Usage, cause);
    if arguments.common.format.raw {
        return Err(usage("--raw is not for a replay: it prints text or JSON Lines".into()));
    }
    let pace = match &arguments.speed {
        _ if arguments.step => ReplayPace::Stepwise,
        Some(speed) => ReplayPace::parse(speed).map_err(|why| usage(format!("--speed: {why}")))?,
        None => ReplayPace::ORIGINAL,
    };
    let mut target = match &arguments.target {
        Some(text) => ReplayTarget::parse(text)
            .map_err(|why| Failure::new(Stage::Compose, text, FailureKind::Usage, why))?,
        None => ReplayTarget::default(),
    };
    if arguments.common.insecure {
        target.verify = Verify::Off;
    }
    let let_through = LetThrough::read(arguments.filter.as_deref(), headless.now())?;
    let Some(script) = read(arguments, let_through, interrupts).await? else {
        return Ok(RunOutcome::Interrupted);
    };
    headless.hide(&Secrets::default(), &arguments.common);
    headless.captures.begin(&headless.told)?;
    for words in &script.left_out {
        output::note(words);
    }
    let is_whole = script.left_out.is_empty();
    let input = (pace == ReplayPace::Stepwise).then(|| stdin::pieces(vec![PieceSource::Stdin]));
    let run = ReplayRun::new(script.talks, pace);
    let mut replay =
        Replaying { run, target, input, failures: Vec::new(), is_input_over: false, shown: None };
    let was_interrupted = replay.play(headless, output, interrupts).await?;
    replay.print(headless, output);
    if was_interrupted {
        return Ok(RunOutcome::Interrupted);
    }
    Ok(RunOutcome::Done(replay.status(arguments.check, is_whole)))
}

/// What the file has to be said; `None` = a signal came.
async fn read(
    arguments: &args::Replay,
    let_through: LetThrough,
    interrupts: &mut Interrupts,
) -> Result<Option<ReplayScript>, Failure> {
    let (sender, mut pieces) = mpsc::channel(PIECES);
    let path = arguments.file.clone();
    let reading = tokio::task::spawn_blocking(move || {
        let mut each = |batch: CaptureBatch, _| sender.blocking_send(batch).is_ok();
        store::read_capture(&path, SessionId(0), &mut each)
    });
    // What a filter asks about may stand far behind a request; nobody waits to see what was read.
    let mut filter = OpenedFilter::new(let_through, true);
    let (mut recording, mut conns) = (Recording::default(), HashMap::new());
    let mut has_more = true;
    while has_more {
        let piece = tokio::select! {
            biased;
            () = interrupts.next() => return Ok(None),
            piece = pieces.recv() => piece,
        };
        has_more = piece.is_some();
        for batch in filter.take(piece) {
            conns.extend(batch.conns.into_iter().map(|conn| (conn.id, conn)));
            let mut remarks = batch.remarks.iter().peekable();
            for (at, record) in batch.records.iter().enumerate() {
                let remark = remarks.next_if(|it| it.of == at);
                let Some(conn) = conns.get(&record.conn) else { continue };
                let is_chosen = filter.record(record, Some(conn), remark);
                let is_masked = remark.is_some_and(|it| it.origin.is_masked);
                recording.take(record, conn, is_chosen, is_masked);
            }
        }
    }
    let name = arguments.file.display().to_string();
    if let Ok(Err(failure)) = reading.await {
        return Err(failure);
    }
    let nothing = |why| Failure::new(Stage::Compose, name, FailureKind::Usage, why);
    recording.finish().map(Some).map_err(nothing)
}

/// A replay under way.
struct Replaying {
    run: ReplayRun,
    target: ReplayTarget,
    /// Lines that ask for a step each.
    input: Option<PieceReceiver>,
    /// Of sessions that could not be opened or ended with one.
    failures: Vec<Failure>,
    is_input_over: bool,
    /// Steps there were when the next one was told.
    shown: Option<usize>,
}

impl Replaying {
    /// Says it all; whether a signal ended it.
    async fn play(
        &mut self,
        headless: &mut Headless,
        output: &mut Output,
        interrupts: &mut Interrupts,
    ) -> Result<bool, Failure> {
        let mut was_interrupted = false;
        loop {
            let now = clock::now();
            let turn = self.run.turn(now);
            for order in turn.orders {
                self.carry_out(order, headless).await;
            }
            if self.run.is_over() {
                return Ok(was_interrupted);
            }
            self.stop_at_the_end(headless).await;
            self.show_step();
            let wake = turn.wake.map(|wake| Instant::now() + wake.since(now));
            tokio::select! {
                biased;
                () = interrupts.next() => {
                    was_interrupted = true;
                    self.stop(headless).await;
                }
                event = output.taking(headless.next_event()) => match event? {
                    Some(event) => self.on_event(event),
                    None => return Ok(true),
                },
                piece = next(&mut self.input) => self.on_input(piece),
                () = clock::at(wake) => {}
            }
        }
    }

    async fn stop(&mut self, headless: &mut Headless) {
        for order in self.run.stop() {
            self.carry_out(order, headless).await;
        }
    }

    async fn carry_out(&mut self, order: ReplayOrder, headless: &mut Headless) {
        let close = |talk, how| Command::Close { id: session(talk), how };
        let (talk, command) = match order {
            ReplayOrder::Open(talk) => match self.run.plan(talk, &self.target) {
                Ok(plan) => {
                    let (plan, secrets) = (Box::new(plan), Secrets::default());
                    (talk, Command::Open { id: session(talk), plan, secrets })
                }
                Err(why) => {
                    let failure = Failure::new(Stage::Compose, "", FailureKind::Usage, why);
                    return self.fails(talk, failure);
                }
            },
            ReplayOrder::Send(talk, data) => {
                (talk, Command::Send { to: Recipient::All(session(talk)), data })
            }
            ReplayOrder::Finish(talk) => (talk, close(talk, CloseMode::HalfClose)),
            ReplayOrder::Close(talk) => (talk, close(talk, CloseMode::Close)),
            ReplayOrder::Abort(talk) => (talk, close(talk, CloseMode::Reset)),
        };
        loop {
            match headless.engine.command(command.clone()) {
                Ok(()) => return,
                // The engine has much to do.
                Err(failure) if failure.kind == FailureKind::Busy => {
                    tokio::task::yield_now().await;
                }
                Err(failure) => return self.fails(talk, failure),
            }
        }
    }

    fn fails(&mut self, talk: usize, failure: Failure) {
        self.run.ended(talk, Err(&failure));
        self.failures.push(failure);
    }

    fn on_event(&mut self, event: Event) {
        let now = clock::now();
        match event {
            Event::Phase { id, phase: Phase::Connected { .. }, .. } => {
                self.run.opened(talk(id), now);
            }
            Event::Traffic(batch) => {
                for record in &batch.records {
                    self.run.record(talk(record.conn.session), record, now);
                }
            }
            Event::Refused { id, failure } => self.run.refused(talk(id), &failure),
            Event::Done { id, outcome, .. } => {
                self.run.ended(talk(id), outcome.as_ref().map(|it| &*it.ended));
                self.failures.extend(outcome.err());
            }
            _ => {}
        }
    }

    /// Says what the next line of standard input sends.
    fn show_step(&mut self) {
        let (done, all) = self.run.progress();
        if self.input.is_none() || self.shown.replace(done) == Some(done) {
            return;
        }
        let Some((talk, act)) = self.run.next_step() else { return };
        let what = match act {
            ReplayAct::Send(data) => {
                let shown = printable(data.get(..SHOWN).unwrap_or(data));
                let more = if data.len() > SHOWN { "…" } else { "" };
                format!("{}: {shown}{more}", counted(data.len() as u64, "byte"))
            }
            ReplayAct::Finish => "the end of what its client said".into(),
        };
        let to = self.target.address.clone().unwrap_or_else(|| talk.address());
        output::note(&format!("step {} of {all} to {to}, {what} (Enter sends)", done + 1));
    }

    fn on_input(&mut self, piece: Option<Result<Bytes, Failure>>) {
        if let Some(Ok(piece)) = piece {
            self.run.grant(memchr::memchr_iter(b'\n', &piece).count());
        } else {
            (self.input, self.is_input_over) = (None, true);
        }
    }

    /// Nobody asks for another step.
    async fn stop_at_the_end(&mut self, headless: &mut Headless) {
        let (done, all) = self.run.progress();
        // What was stopped has a step that waits until all of it is over: it is said once.
        let waits = self.run.awaits_step() && done < all;
        if waits && std::mem::take(&mut self.is_input_over) {
            output::note("standard input is over: the rest is not sent");
            self.stop(headless).await;
        }
    }

    /// Tells what came of each conversation.
    fn print(&self, headless: &Headless, output: &mut Output) {
        let verdicts = self.run.verdicts();
        for (at, verdict) in verdicts.iter().enumerate() {
            let Some(talk) = self.run.talk(at) else { continue };
            let to = self.target.address.clone().unwrap_or_else(|| talk.address());
            if output.style == Style::Json {
                output.json(&replay::line(talk, verdict, &to, headless.now()));
            } else {
                output.line(&format!("{} to {to}: {}", talk.conn.id, verdict.words()));
                for row in self.run.beside(at, ROWS) {
                    output.line(&format!("  {}", row.words(SIDE)));
                }
            }
        }
    }

    fn status(&self, checks: bool, is_whole: bool) -> u8 {
        let verdicts = self.run.verdicts();
        if verdicts.iter().all(ReplayVerdict::is_sent) {
            let is_met = is_whole && (!checks || verdicts.iter().all(|verdict| verdict.is_equal));
            return if is_met { exit::OK } else { exit::NOT_MET };
        }
        let failed = self.failures.iter().find(|it| it.kind != FailureKind::Cancelled);
        failed.map_or(exit::NOT_MET, exit::status)
    }
}

async fn next(input: &mut Option<PieceReceiver>) -> Option<Result<Bytes, Failure>> {
    match input {
        Some(input) => input.recv().await,
        None => std::future::pending().await,
    }
}

/// The session of a conversation.
fn session(talk: usize) -> SessionId {
    SessionId(talk as u64 + 1)
}

/// The conversation of a session.
fn talk(session: SessionId) -> usize {
    (session.0 as usize).wrapping_sub(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_conversation_has_a_session_of_its_own() {
        assert_eq!([0, 7].map(|at| talk(session(at))), [0, 7]);
        assert_eq!(talk(SessionId(0)), usize::MAX, "no conversation is of the file itself");
    }
}
