//! What came so far to the listeners of a run of which something is expected: for a shell that shows it while the run
//! goes on. What is said of them in the end is a row (`listening.rs`).

use super::Run;
use crate::check::CheckReport;
use crate::model::id::SessionId;
use crate::model::preset::PresetPath;
use crate::model::timing::Stamp;
use crate::runner::listeners::ListenerLook;

/// A listener that is looked at when all that needs it is over.
#[derive(Debug)]
pub struct RunWatched<'a> {
    pub path: &'a PresetPath,
    pub about: &'a str,
    /// `HTTP listener 127.0.0.1:4001`; empty = it is not up.
    pub target: String,
    /// Since when, by the engine's clock.
    pub began: Stamp,
    pub session: SessionId,
    /// Of what can be told before a body is read, how it stands.
    pub report: CheckReport,
    /// The others: what they are about, and what they want.
    pub later: Vec<(String, String)>,
}

impl Run {
    /// The places of the listeners that are still to be looked at.
    pub fn watching(&self) -> impl Iterator<Item = usize> {
        let listeners = self.listeners.iter().enumerate();
        let due = listeners.filter(|(_, it)| it.watch.look != ListenerLook::Over);
        due.map(|(at, _)| at)
    }

    /// What came to one of them so far.
    #[must_use]
    pub fn watched(&self, at: usize) -> Option<RunWatched<'_>> {
        let (listener, of) = (self.listeners.get(at)?, self.script.listeners.get(at)?);
        let watch = &listener.watch;
        let (now, later) = watch.checks.before_bodies();
        let report = now.report(&watch.served.came(&[], Stamp::default()));
        let told = self.told(&watch.secrets);
        let later =
            later.into_iter().map(|(about, wanted)| (told.words(&about), told.words(&wanted)));
        let place = Some(&listener.place).filter(|place| !place.is_empty());
        Some(RunWatched {
            path: &of.path,
            about: &of.about,
            target: place
                .map(|it| format!("{} listener {it}", of.spec.protocol()))
                .unwrap_or_default(),
            began: watch.began,
            session: listener.session,
            report: report.disclosed(&told),
            later: later.collect(),
        })
    }
}
