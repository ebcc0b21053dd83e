//! A send or a run that waits for values: what was answered so far, and what is still asked for.

use std::collections::{BTreeMap, BTreeSet};

use super::drafts::DraftId;
use super::wanted_values::WaitingLine;
use crate::check::Checks;
use crate::compose::UnknownNames;
use crate::compose::asked_value::AskedValue;
use crate::model::plan::Plan;
use crate::model::preset::Scope;

/// What values are got for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WaitsFor {
    /// What this draft sends.
    Draft(DraftId),
    /// A run of presets, which asks once for all of it.
    Run,
    /// What is typed in a conversation.
    Line(WaitingLine),
}

/// A send that waits for values.
#[derive(Debug)]
pub(super) struct WaitingSend {
    pub(super) of: WaitsFor,
    pub(super) unknown: UnknownNames,
    /// What is still asked for; the first is on the screen.
    pub(super) asked: Vec<AskedValue>,
    /// What was answered so far, by label.
    pub(super) typed: BTreeMap<String, String>,
    pub(super) veiled: BTreeSet<String>,
    /// All that was wanted is there: it goes on with this.
    pub(super) is_answered: bool,
    /// Rounds of getting values so far.
    pub(super) rounds: usize,
}

/// A send that is composed and waits for the cookies that go along.
#[derive(Debug)]
pub(super) struct SendWithCookies {
    pub(super) of: DraftId,
    pub(super) plan: Plan,
    pub(super) checks: Checks,
    pub(super) scope: Scope,
}

impl WaitingSend {
    /// Nothing is asked for yet.
    pub(super) fn new(of: WaitsFor, unknown: UnknownNames) -> Self {
        WaitingSend {
            of,
            unknown,
            asked: Vec::new(),
            typed: BTreeMap::default(),
            veiled: BTreeSet::default(),
            is_answered: false,
            rounds: 0,
        }
    }

    /// All that it waited for is there: what it needs was sent.
    pub(super) fn answered(of: WaitsFor, unknown: UnknownNames) -> Self {
        WaitingSend { is_answered: true, ..WaitingSend::new(of, unknown) }
    }
}
