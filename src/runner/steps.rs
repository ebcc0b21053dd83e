//! The steps of a conversation of a run: what each does, which are done and when, and what became of the others.

use std::time::Duration;

use super::row::RunVerdict;
use crate::model::awaited::quoted;
use crate::model::plan::StepPlan;
use crate::model::secrets::Disclosure;
use crate::model::timing::Stamp;

/// A step of a conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToldStep {
    /// `send 'HELO'`
    pub about: String,
    pub state: StepState,
    /// From the end of the step before it, or from when the conversation was up; `None` = it was not reached.
    pub took: Option<Duration>,
    /// From the beginning of its preset to its own.
    pub after: Option<Duration>,
}

/// What became of a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StepState {
    Done,
    /// What was awaited did not come, but this.
    NotMet(String),
    /// It is being waited for, or was when the conversation was cut off.
    Open,
    /// An earlier one is open or was not met.
    NotReached,
}

/// The steps of a conversation that is under way.
#[derive(Debug, Default)]
pub(super) struct StepsTaken {
    about: Vec<String>,
    /// When it was up, and when each step that is done was.
    began: Option<Stamp>,
    done: Vec<Stamp>,
}

impl StepsTaken {
    /// None is done.
    pub(super) fn of(steps: &[StepPlan], told: &Disclosure) -> Self {
        let about = steps.iter().map(|step| told.words(&words(step))).collect();
        StepsTaken { about, began: None, done: Vec::new() }
    }

    /// The conversation is up.
    pub(super) fn begin(&mut self, at: Stamp) {
        self.began.get_or_insert(at);
    }

    /// The next one is done.
    pub(super) fn done(&mut self, at: Stamp) {
        self.done.push(at);
    }

    /// What became of them in a conversation with this end, or one that runs; none of one that never was up.
    /// Its preset began at `from`.
    pub(super) fn told(&self, verdict: &RunVerdict, from: Stamp, now: Stamp) -> Vec<ToldStep> {
        let unmet = match verdict {
            RunVerdict::NotMet(Some(failure)) => failure.step(),
            _ => None,
        };
        let is_whole = matches!(verdict, RunVerdict::Passed | RunVerdict::NotMet(None));
        if !is_whole && unmet.is_none() && self.began.is_none() {
            return Vec::new();
        }
        // Which one was not met says how many were done, too.
        let done = unmet.map_or(self.done.len(), |(number, _)| number.saturating_sub(1));
        let state = |at: usize| match unmet {
            _ if is_whole || at < done => StepState::Done,
            Some((_, instead)) if at == done => StepState::NotMet(instead.to_owned()),
            None if at == done => StepState::Open,
            _ => StepState::NotReached,
        };
        let mut since = self.began;
        let mut told = Vec::new();
        for (at, about) in self.about.iter().enumerate() {
            let state = state(at);
            let ended = match state {
                StepState::NotReached => None,
                StepState::Done => self.done.get(at).copied(),
                StepState::NotMet(_) | StepState::Open => Some(now),
            };
            let took = since.zip(ended).map(|(since, ended)| ended.since(since));
            let after = since.filter(|_| took.is_some()).map(|since| since.since(from));
            since = ended;
            told.push(ToldStep { about: about.clone(), state, took, after });
        }
        told
    }
}

/// What a step does.
fn words(step: &StepPlan) -> String {
    match step {
        StepPlan::Send(data) => format!("send {}", quoted(data)),
        StepPlan::Expect { awaited, .. } => format!("expect {}", awaited.words()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::failure::{Failure, FailureKind, Stage};

    const MS: u64 = 1_000_000;

    fn steps(done: &[u64]) -> StepsTaken {
        let about = ["send 'a'", "expect 'b'", "send 'c'"].map(str::to_owned).into();
        let done = done.iter().map(|ms| Stamp(ms * MS)).collect();
        StepsTaken { about, began: Some(Stamp(10 * MS)), done }
    }

    fn told(steps: &StepsTaken, verdict: &RunVerdict) -> Vec<(StepState, Option<u64>)> {
        let told = steps.told(verdict, Stamp(4 * MS), Stamp(100 * MS));
        let after = told.first().and_then(|first| first.after);
        assert!(after.is_none_or(|after| after == Duration::from_millis(6)), "{after:?}");
        told.into_iter().map(|it| (it.state, it.took.map(|it| it.as_millis() as u64))).collect()
    }

    #[test]
    fn of_the_steps_of_a_conversation_it_is_told_which_was_not_met_and_which_never_came() {
        let failure = Failure::of_step("h:1", 2, "'b' did not come within 5 ms", "nothing came");
        assert_eq!(failure.cause, "step 2: 'b' did not come within 5 ms; nothing came");
        let unmet = StepState::NotMet("nothing came".to_owned());
        assert_eq!(
            told(&steps(&[12]), &RunVerdict::of(failure)),
            [(StepState::Done, Some(2)), (unmet, Some(88)), (StepState::NotReached, None)]
        );
        assert_eq!(
            told(&steps(&[12, 30, 30]), &RunVerdict::Passed),
            [(StepState::Done, Some(2)), (StepState::Done, Some(18)), (StepState::Done, Some(0))]
        );
    }

    #[test]
    fn a_conversation_that_is_cut_off_tells_which_step_it_waited_for() {
        let late = FailureKind::Timeout(Duration::from_secs(1));
        let late = RunVerdict::of(Failure::new(Stage::Session, "h:1", late, "it was not over"));
        let cut = [
            (StepState::Done, Some(2)),
            (StepState::Open, Some(88)),
            (StepState::NotReached, None),
        ];
        assert_eq!(told(&steps(&[12]), &late), cut);
        assert_eq!(told(&steps(&[12]), &RunVerdict::Running), cut);
        let never = StepsTaken { began: None, ..steps(&[]) };
        assert_eq!(told(&never, &late), [], "it was never up");
    }
}
