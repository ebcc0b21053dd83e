//! Bodies made of the one a tab shows, each of the one before: `jq`, then a table of that. They are
//! bodies like any other, looked at through the same windows; here is which of them is looked at, and
//! what has to be asked of the engine for another.
//!
//! What cannot be made changes nothing: the last that could stays on screen. One chain is kept; making
//! something of other bytes begins another.

use super::shown_exchange::WindowSubject;
use crate::app::effect::Effect;
use crate::app::intent::Intent;
use crate::engine::command::Command;
use crate::model::id::BodyId;
use crate::model::recipe::{Derivation, DerivationReport, Recipe, RecipeKind};
use crate::model::view::{ViewMode, ViewPart};

/// Steps of a chain at most.
const STEPS: usize = 8;

/// The bodies made, and the one that is being made.
#[derive(Debug, Default)]
pub struct DerivedBodies {
    /// What the first was made of.
    base: Option<(BodyId, ViewPart)>,
    steps: Vec<DerivedBody>,
    making: Option<Making>,
    /// Of the last order.
    number: u64,
    /// Why what was asked for last could not be made.
    pub trouble: String,
}

/// A body that was made, or is being made and has begun.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DerivedBody {
    pub recipe: Recipe,
    /// What stands above its lines.
    pub header: String,
    /// What is to be said of it.
    pub remark: String,
    /// That is of something that is not as it should be.
    pub warns: bool,
    /// A line of it is shown in more than one.
    pub has_long_lines: bool,
    pub(super) body: BodyId,
    mode: Option<ViewMode>,
    number: u64,
}

/// What a body is made of.
#[derive(Debug)]
pub(super) struct DerivationSource {
    /// What the tab shows without anything made of it.
    pub(super) base: WindowSubject,
    /// The type of the message with these bytes.
    pub(super) content_type: Option<String>,
    /// First byte of what is shown that is read.
    pub(super) from: u64,
}

/// An order whose end is not here yet.
#[derive(Debug)]
struct Making {
    number: u64,
    recipe: Recipe,
    /// Its place in the chain.
    at: usize,
}

impl DerivedBodies {
    /// What a tab shows that would show these bytes.
    pub(super) fn subject(&self, base: WindowSubject) -> WindowSubject {
        let Some(last) = self.last(base) else { return base };
        let default = last.mode.unwrap_or(ViewMode::Text);
        WindowSubject { body: last.body, part: ViewPart::Decoded, default }
    }

    /// The last body made of these bytes.
    pub(super) fn last(&self, base: WindowSubject) -> Option<&DerivedBody> {
        self.steps.last().filter(|_| self.base == Some((base.body, base.part)))
    }

    /// What is handed on of what a tab shows that would show these bytes: of a table, whose cells are cut,
    /// what it was made of.
    pub(super) fn whole(&self, base: WindowSubject) -> WindowSubject {
        if self.last(base).is_none() {
            return base;
        }
        let Some(last) = whole(&self.steps) else { return base };
        let default = last.mode.unwrap_or(ViewMode::Text);
        WindowSubject { body: last.body, part: ViewPart::Decoded, default }
    }

    /// Bodies made of these bytes so far.
    pub(super) fn count(&self, base: WindowSubject) -> usize {
        self.last(base).map_or(0, |_| self.steps.len())
    }

    /// Whether its first bytes have to tell how it is shown.
    pub(super) fn is_sniffed(&self, body: BodyId) -> Option<bool> {
        let step = self.steps.iter().find(|step| step.body == body)?;
        Some(step.mode.is_none())
    }

    /// What is being made, in words for the frame.
    pub(super) fn making(&self) -> Option<&Recipe> {
        self.making.as_ref().map(|making| &making.recipe)
    }

    /// Asks for a body made by a recipe, in place of the step `at` and all behind it.
    pub(super) fn order(
        &mut self,
        source: DerivationSource,
        recipe: Recipe,
        at: usize,
    ) -> Vec<Intent> {
        let DerivationSource { base, content_type, from } = source;
        let mut intents = Vec::new();
        if self.base != Some((base.body, base.part)) {
            intents = self.cut(0);
            self.base = Some((base.body, base.part));
        }
        let at = at.min(self.steps.len());
        if at >= STEPS {
            let many = format!("{STEPS} bodies are made of each other here already");
            return vec![Intent::Warn(format!("{many}: [back] goes back"))];
        }
        // A newer order ends the one before, which would leave its source unfinished.
        if self.making.as_ref().is_some_and(|making| making.at < at) {
            let said = "this is still being made: [cancel] stops it";
            intents.push(Intent::Warn(said.into()));
            return intents;
        }
        let before = self.steps.get(..at).unwrap_or(&self.steps);
        let of_step = match recipe.kind {
            RecipeKind::Cell => before.last(),
            _ => whole(before),
        };
        let (body, part) =
            of_step.map_or((base.body, base.part), |step| (step.body, ViewPart::Decoded));
        self.number += 1;
        let number = self.number;
        self.trouble.clear();
        self.making = Some(Making { number, recipe: recipe.clone(), at });
        // What was made is UTF-8, or what a command printed.
        let content_type = content_type.filter(|_| of_step.is_none());
        let order = Derivation { number, body, part, from, content_type, recipe };
        intents.push(Intent::Perform(Effect::Engine(Command::Derive(order))));
        intents
    }

    /// Takes what the engine reports; tells whether an order failed without a body.
    pub(super) fn reported(&mut self, report: DerivationReport) -> (Vec<Intent>, bool) {
        let Some(making) = self.making.as_ref().filter(|it| it.number == report.number) else {
            // Of an order that was given up.
            let is_kept = self.steps.iter().any(|step| Some(step.body) == report.body);
            let unwanted = report.body.filter(|_| !is_kept);
            return (unwanted.map(|body| release(vec![body])).into_iter().collect(), false);
        };
        let (number, at) = (making.number, making.at);
        let mut intents = Vec::new();
        if let Some(body) = report.body {
            if self.steps.get(at).is_none_or(|step| step.number != number) {
                let recipe = making.recipe.clone();
                intents = self.cut(at);
                let (header, remark) = (String::new(), String::new());
                let (mode, has_long_lines, warns) = (report.mode, false, false);
                self.steps.push(DerivedBody {
                    recipe,
                    header,
                    remark,
                    warns,
                    has_long_lines,
                    body,
                    mode,
                    number,
                });
            }
            if let Some(step) = self.steps.get_mut(at) {
                (step.header, step.remark) = (report.header, report.remark);
                (step.has_long_lines, step.warns) = (report.has_long_lines, report.warns);
            }
        }
        let Some(outcome) = report.outcome else { return (intents, false) };
        self.making = None;
        let Err(why) = outcome else { return (intents, false) };
        if let Some(step) = self.steps.get_mut(at).filter(|step| step.number == number) {
            (step.remark, step.warns) = (why, true);
            return (intents, false);
        }
        self.trouble = why;
        (intents, true)
    }

    /// Goes back to what was there with so many steps; what is being made for behind them is stopped.
    pub(super) fn go_back(&mut self, steps: usize) -> Vec<Intent> {
        let mut intents = self.cut(steps);
        if self.making.take().is_some() {
            intents.push(stop());
        }
        self.trouble.clear();
        intents
    }

    fn cut(&mut self, steps: usize) -> Vec<Intent> {
        let gone = self.steps.split_off(steps.min(self.steps.len()));
        let bodies: Vec<BodyId> = gone.into_iter().map(|step| step.body).collect();
        if bodies.is_empty() { Vec::new() } else { vec![release(bodies)] }
    }
}

/// The last of these bodies that is all of what it tells, and no table with cells that are cut.
fn whole(steps: &[DerivedBody]) -> Option<&DerivedBody> {
    steps.iter().rfind(|step| step.recipe.kind != RecipeKind::Table)
}

/// Ends what is being made; its end is reported.
pub(super) fn stop() -> Intent {
    Intent::Perform(Effect::Engine(Command::StopDeriving))
}

fn release(bodies: Vec<BodyId>) -> Intent {
    Intent::Perform(Effect::Engine(Command::Release(bodies)))
}

/// A recipe that asks for nothing.
pub(super) fn plain(kind: RecipeKind) -> Recipe {
    Recipe { kind, text: String::new() }
}
