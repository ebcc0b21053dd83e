//! The steps of a conversation in the reports of a run, and how they are told in a line each. A leaf of them.

use serde_json::{Value, json};

use super::words::took;
use crate::model::counts::counted;
use crate::runner::{RunRow, RunVerdict, StepState, ToldStep};

/// One word for what became of a step, as JSON has it.
pub(super) fn state_word(state: &StepState) -> &'static str {
    match state {
        StepState::Done => "done",
        StepState::NotMet(_) => "not-met",
        StepState::Open => "cut-off",
        StepState::NotReached => "not-reached",
    }
}

/// The steps of a row, a line each: `step 2 not met      1.0 s  expect 'PONG': nothing came`.
pub(super) fn step_lines(row: &RunRow) -> Vec<String> {
    (1..).zip(&row.steps).map(|(number, step)| line(number, step)).collect()
}

fn line(number: usize, step: &ToldStep) -> String {
    let ToldStep { about, state, took: time, .. } = step;
    let time = time.map(took).unwrap_or_default();
    let (word, behind) = match state {
        StepState::Done => ("done", String::new()),
        StepState::NotMet(instead) => ("NOT MET", format!(": {instead}")),
        StepState::Open => ("cut off", String::new()),
        StepState::NotReached => ("not reached", String::new()),
    };
    format!("step {number} {word:<11} {time:>8}  {about}{behind}")
}

/// How many steps a conversation had that passed, to be remarked.
pub(super) fn remark(row: &RunRow) -> Option<String> {
    let is_told = row.verdict == RunVerdict::Passed && !row.steps.is_empty();
    is_told.then(|| counted(row.steps.len() as u64, "step"))
}

/// Them in JSON; nothing where there are none.
pub(super) fn values(row: &RunRow) -> Option<Vec<Value>> {
    let micros =
        |step: &ToldStep| step.took.map(|took| u64::try_from(took.as_micros()).unwrap_or(u64::MAX));
    let value = |step: &ToldStep| {
        let mut value = json!({ "about": step.about, "state": state_word(&step.state) });
        if let Some(micros) = micros(step) {
            value["took_us"] = micros.into();
        }
        if let StepState::NotMet(instead) = &step.state {
            value["got"] = instead.as_str().into();
        }
        value
    };
    (!row.steps.is_empty()).then(|| row.steps.iter().map(value).collect())
}
