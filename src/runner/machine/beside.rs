//! The places of a run: each goes through every round, beside the others, in its own order.
//!
//! A round of the machine is a round of the data to one place: those to the first, to the second, and so on
//! follow each other.

use super::{OpenRound, Run};
use crate::model::failure::Failure;
use crate::model::preset::Preset;
use crate::runner::listeners::RunningListener;
use crate::runner::places::PreparedPlace;
use crate::runner::rounds::RunRound;

/// The round of a listener, which belongs to none.
pub(super) const NO_ROUND: usize = usize::MAX;

impl Run {
    /// The names of the places, in the order in which they were asked for; none of a run that goes to one.
    pub fn place_names(&self) -> impl Iterator<Item = &str> {
        let names = self.places.iter().map(|place| place.name.as_str());
        names.filter(|_| self.places.len() > 1)
    }

    /// How many rounds there are.
    pub(super) fn round_count(&self) -> usize {
        self.rounds.len() * self.places.len()
    }

    /// The data of a round.
    pub(super) fn round_of(&self, round: usize) -> Option<&RunRound> {
        self.rounds.get(round.checked_div(self.places.len())?)
    }

    /// The place a round goes to; the first of what belongs to no round.
    pub(super) fn place_of(&self, round: usize) -> Option<&PreparedPlace> {
        let at = if round == NO_ROUND { 0 } else { round.checked_rem(self.places.len())? };
        self.places.get(at)
    }

    /// The preset of a step, as it goes to the place of a round.
    pub(super) fn content(&self, round: usize, step: usize) -> Option<&Result<Preset, Failure>> {
        match self.place_of(round).and_then(|place| place.presets.as_ref()) {
            Some(presets) => presets.get(step),
            None => self.script.steps.get(step).map(|step| &step.content),
        }
    }

    /// Whether something more may run in all, and at the place of a round.
    pub(super) fn has_room(&self) -> bool {
        let is_starting = self.listeners.iter().any(RunningListener::is_starting);
        let most = self.settings.parallel.max(1).saturating_mul(self.places.len());
        self.stopped.is_none() && !is_starting && self.live.len() < most
    }

    fn has_room_for(&self, round: usize) -> bool {
        let places = self.places.len();
        if places == 1 {
            return true;
        }
        let is_there = |other: usize| other.checked_rem(places) == round.checked_rem(places);
        let busy = self.live.values().filter(|live| is_there(live.round)).count();
        busy < self.settings.parallel.max(1)
    }

    /// The next step that may begin.
    pub(super) fn next_ready(&mut self) -> Option<(usize, usize)> {
        loop {
            let next = self.ready.iter().find(|(round, _)| self.has_room_for(*round)).copied();
            if let Some(next) = next {
                self.ready.remove(&next);
                return Some(next);
            }
            if self.is_last_round() || !self.has_room_for(self.next_round) {
                return None;
            }
            self.open_next_round();
        }
    }

    fn open_next_round(&mut self) {
        let steps = self.steps();
        let waits = self.script.graph.waits.clone();
        let unbegun = (0..steps).collect();
        let round = OpenRound { waits, left: steps, unbegun, ..OpenRound::default() };
        let is_free = |step: &usize| round.waits.get(*step) == Some(&0);
        let free = (0..steps).filter(is_free);
        self.ready.extend(free.map(|step| (self.next_round, step)));
        self.open.insert(self.next_round, round);
        self.next_round += 1;
    }
}
