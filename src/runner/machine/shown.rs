//! What a shell that shows a run asks of it: what is still to come, whose a session is, where its own sessions
//! end and those of the run begin.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Run;
use super::beside::NO_ROUND;
use crate::model::end_address::EndAddress;
use crate::model::id::SessionId;
use crate::model::preset::{PresetPath, Scope};
use crate::model::secrets::Disclosure;
use crate::model::spec::Spec;
use crate::runner::listeners::{ListenerState, RunningListener};
use crate::runner::live::Live;
use crate::runner::row::round_name;
use crate::runner::script::RunListener;

/// What a session of a run was opened for.
#[derive(Debug)]
pub struct RunSession<'a> {
    /// Its preset, with the round it belongs to.
    pub name: String,
    /// Its place among the rows; none of a listener.
    pub row: Option<usize>,
    pub path: &'a PresetPath,
    pub spec: &'a Spec,
    /// What its templates referred to.
    pub scope: Arc<Scope>,
}

impl Run {
    /// Ids up to here are taken by sessions of others.
    pub fn leave_ids(&mut self, taken: u64) {
        self.next_session = self.next_session.max(taken + 1);
    }

    /// The last id a session of it has.
    #[must_use]
    pub fn last_id(&self) -> u64 {
        self.next_session.saturating_sub(1)
    }

    /// A listener of this preset is up already, as this session: it is used as it is, before anything has begun.
    pub fn lend(&mut self, path: &PresetPath, session: SessionId, addresses: Vec<EndAddress>) {
        self.lent.insert(path.clone(), (session, addresses));
    }

    /// The listeners that are started for it stay when all passed: what it was made for is sent to them.
    pub fn keep_listeners(&mut self) {
        self.leaves_listeners = true;
    }

    /// The listeners that stay, with their presets, once it is over.
    pub fn left(&self) -> impl Iterator<Item = (&RunListener, SessionId)> {
        self.left.iter().filter_map(|(at, id)| Some((self.script.listeners.get(*at)?, *id)))
    }

    /// Where its listeners are, as variables: for what is sent to those that stay.
    #[must_use]
    pub fn listening_places(&self) -> BTreeMap<String, String> {
        self.listeners.iter().flat_map(RunningListener::variables).collect()
    }

    /// The presets of the listeners it needs.
    pub fn needed_listeners(&self) -> impl Iterator<Item = &PresetPath> {
        self.script.listeners.iter().map(|listener| &listener.path)
    }

    /// Whether nothing more is begun, and it only ends what runs.
    #[must_use]
    pub fn is_ending(&self) -> bool {
        self.stopped.is_some() || self.ending.is_some()
    }

    /// How many rows run at this moment.
    #[must_use]
    pub fn running(&self) -> usize {
        self.live.len()
    }

    /// How much of what came in a session may be told.
    #[must_use]
    pub fn disclosure_of(&self, id: SessionId) -> Disclosure {
        let secrets = self.live.get(&id).map(|live| live.secrets.clone());
        self.told(&secrets.unwrap_or_default())
    }

    /// Rounds and steps that did not begin, in the order in which they will.
    pub fn waiting(&self) -> impl Iterator<Item = (usize, usize)> {
        let begun = self.open.iter();
        let begun = begun.flat_map(|(round, open)| open.unbegun.iter().map(|step| (*round, *step)));
        let steps = self.script.steps.len();
        let unopened = self.next_round..self.round_count();
        begun.chain(unopened.flat_map(move |round| (0..steps).map(move |step| (round, step))))
    }

    /// The preset of a step, and the name of a round: of the place it goes to and of its data.
    #[must_use]
    pub fn step_of(&self, (round, step): (usize, usize)) -> Option<(&PresetPath, String)> {
        let place = self.place_of(round).map_or("", |place| place.name.as_str());
        let data = self.round_of(round).map_or("", |round| round.name.as_str());
        Some((&self.script.steps.get(step)?.path, round_name(place, data)))
    }

    /// Whose a session is that was just ordered to be opened; `None` = none of this run.
    #[must_use]
    pub fn session_of(&self, id: SessionId) -> Option<RunSession<'_>> {
        if let Some(Live { row, round, step, .. }) = self.live.get(&id) {
            let name = self.rows.get(*row)?.name();
            let of = self.script.steps.get(*step)?;
            let spec = &self.content(*round, *step)?.as_ref().ok()?.spec;
            let (path, scope) = (&of.path, self.scope(*round, *step));
            return Some(RunSession { name, row: Some(*row), path, spec, scope });
        }
        let at = self.listeners.iter().position(|listener| listener.session == id)?;
        let listener = self.script.listeners.get(at)?;
        let scope = self.scope(NO_ROUND, self.script.steps.len() + at);
        let name = listener.path.to_string();
        Some(RunSession { name, row: None, path: &listener.path, spec: &listener.spec, scope })
    }

    /// The listeners started for it, each with where it is; nothing of one that is down.
    pub fn listening(&self) -> impl Iterator<Item = (&str, Option<String>)> {
        self.listeners.iter().map(|listener| {
            let place = match &listener.state {
                ListenerState::Starting => Some("starting".to_owned()),
                ListenerState::Up(addresses) | ListenerState::Lent(addresses) => {
                    addresses.first().map(ToString::to_string)
                }
                ListenerState::Down => None,
            };
            (listener.path.as_str(), place)
        })
    }
}
