//! Runs of presets on the screen: what is wanted, what is got together before it begins, and the run that is
//! under way or was the last one.
//!
//! ```text
//! RunWish ─► PreparedRun (rows of data, programs, questions) ─► ShownRun ─► the window of runs
//! ```
//! Changed by `flow/runs.rs` alone; the run itself is a state machine of `runner`, as without a screen.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::time::Duration;

use crate::app::drafts::DraftId;
use crate::app::places_compared::PlacesCompared;
use crate::interop::run_compared::{CompareRules, RunCompared, compare_runs};
use crate::interop::run_report::RunFacts;
use crate::model::id::SessionId;
use crate::model::preset::PresetPath;
use crate::model::shared_spec::SharedSpec;
use crate::model::timing::Stamp;
use crate::runner::{
    FoundAnswer, KeptAnswer, KeptRun, Run, RunRound, RunRow, RunScript, RunTime, RunVerdict,
};

/// Rows of a run on the screen at most.
pub(crate) const RUN_ROWS: usize = 100_000;
/// Sessions of it that stay to be looked at, those that did not pass before others.
const SESSIONS_KEPT: usize = 1_000;
/// Entries it makes in the history at most, so that a long one leaves the rest of that alone.
pub(crate) const RUN_ENTRIES: usize = 1_000;

/// Bytes of headers and bodies that are kept of a run, to compare another one with it.
const ANSWER_BYTES: usize = 32 * 1024 * 1024;
/// Runs before the one on the screen that are kept for that.
const EARLIER: usize = 3;

/// A run as the user wants it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunWish {
    /// Presets and folders as the command line names them; `.` is all.
    pub names: Vec<String>,
    /// What that is called.
    pub title: String,
    /// A file of rows as it was typed; empty = none.
    pub data: String,
    pub repeat: usize,
    pub parallel: usize,
    pub retries: u32,
    /// Longest time of one try.
    pub timeout: Option<Duration>,
    pub fail_fast: bool,
    /// Where it goes beside each other, as typed; none = as it is.
    pub places: Vec<String>,
    /// What the tags have to be; empty = anything.
    pub tags: String,
}

/// Something that can be run from where the cursor is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunScope {
    /// `this folder`
    pub name: &'static str,
    pub names: Vec<String>,
    pub title: String,
}

/// What the user asks of runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RunAsk {
    Begin(Box<RunWish>),
    /// Once more; of those that did not pass, or of all.
    Again {
        failed_only: bool,
    },
    Stop,
    /// Show what changed since the run before.
    Compare,
    /// Ask to which places it goes beside each other.
    ChoosePlaces,
    /// Show what this row got; leaving that leads back.
    Open(usize),
    /// The same of a listener that runs for it.
    OpenListener(usize),
    /// The values that one waits for are there.
    GoOn,
    /// They are not to be had, and why.
    GiveUp(String),
    /// Send this preset, then the draft on screen, which uses what it captures.
    SendFirst(PresetPath),
}

/// What is sent when a run is over that was made for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SentThen {
    pub(crate) draft: DraftId,
    /// As it was when its key was pressed.
    pub(crate) spec: SharedSpec,
    pub(crate) environment: Option<String>,
    /// What goes first, in words.
    pub(crate) first: String,
}

/// A run that waits for rows of data or for values.
#[derive(Debug)]
pub(crate) struct PreparedRun {
    pub(crate) wish: RunWish,
    pub(crate) script: RunScript,
    /// `None` = the rows are being read.
    pub(crate) rounds: Option<Vec<RunRound>>,
    pub(crate) then: Option<SentThen>,
}

impl PreparedRun {
    /// Whether this draft is sent behind it.
    pub(crate) fn is_before(&self, draft: DraftId) -> bool {
        self.then.as_ref().is_some_and(|then| then.draft == draft)
    }
}

/// A run on the screen.
#[derive(Debug)]
pub struct ShownRun {
    pub run: Run,
    pub wish: RunWish,
    pub(crate) began: RunTime,
    /// When it was over.
    pub(crate) ended: Option<Stamp>,
    pub environment: Option<String>,
    /// Where it goes, if that is more than one place.
    pub places: PlacesCompared,
    compared: Vec<RunCompared>,
    /// Presets of it that have unsaved changes, which did not run.
    pub unsaved: usize,
    /// What is sent when it is over; it was made for that.
    pub(crate) then: Option<SentThen>,
    /// It was made for that, and no later run is compared with it.
    pub(crate) was_first: bool,
    /// What was said last that is of no row.
    pub said: String,
    /// When the earliest timer under way goes off.
    pub(crate) due: Option<Stamp>,
    /// Entries of the history made for it.
    pub(crate) entries: usize,
    sessions: KeptSessions,
    /// What came, by sessions, and the bytes of it.
    answers: HashMap<SessionId, FoundAnswer>,
    answered: usize,
}

/// Its sessions that are kept.
#[derive(Debug, Default)]
struct KeptSessions {
    /// The newest session of each row that is not over.
    by_row: HashMap<usize, SessionId>,
    passed: VecDeque<SessionId>,
    all: BTreeSet<SessionId>,
}

/// Runs on the screen.
#[derive(Debug, Default)]
pub struct PresetRuns {
    /// The one under way, or the last one.
    pub current: Option<ShownRun>,
    /// What those before answered, the oldest first.
    pub(super) earlier: VecDeque<EarlierRun>,
    pub(super) prepared: Option<PreparedRun>,
}

/// A run that is over and not shown any more.
#[derive(Debug)]
pub(super) struct EarlierRun {
    /// As it was asked for.
    pub(super) names: Vec<String>,
    pub(super) run: KeptRun,
    /// Headers and bodies are there.
    pub(super) has_answers: bool,
}

impl PresetRuns {
    /// Whether a run is under way behind which this draft is sent.
    pub(crate) fn goes_before(&self, draft: DraftId) -> bool {
        let then = self.current.as_ref().and_then(|shown| shown.then.as_ref());
        then.is_some_and(|then| then.draft == draft)
    }

    /// Another run takes the place of the one that is over, which is kept to be compared with.
    pub(super) fn make_room(&mut self, name: &str) {
        let Some(over) = self.current.take().filter(|over| !over.was_first) else { return };
        let run = over.kept(name);
        let has_answers = over.has_answers();
        self.earlier.push_back(EarlierRun { names: over.wish.names, run, has_answers });
        if self.earlier.len() > EARLIER {
            self.earlier.pop_front();
        }
    }
}

impl ShownRun {
    /// One that begins now.
    pub(crate) fn new(run: Run, wish: RunWish, began: RunTime) -> Self {
        ShownRun {
            run,
            wish,
            began,
            ended: None,
            environment: None,
            places: PlacesCompared::default(),
            compared: Vec::new(),
            unsaved: 0,
            then: None,
            was_first: false,
            said: String::new(),
            due: None,
            entries: 0,
            sessions: KeptSessions::default(),
            answers: HashMap::new(),
            answered: 0,
        }
    }

    /// How long it has run, or ran.
    #[must_use]
    pub fn took(&self, now: Stamp) -> Duration {
        self.ended.unwrap_or(now).since(self.began.now)
    }

    /// Whether it is still under way.
    #[must_use]
    pub fn is_live(&self) -> bool {
        self.ended.is_none()
    }

    /// How far it is while it is under way, for a line that tells of it where its window is not open.
    pub(crate) fn at_work(&self) -> Option<String> {
        let over = self.run.rows().len().saturating_sub(self.run.running());
        let words = || {
            let total = self.run.total();
            let what = match &self.then {
                Some(then) => format!("{} first,", then.first),
                None => "run".to_owned(),
            };
            format!("{what} {over} of {total} ([show-run] shows it)")
        };
        self.is_live().then(words)
    }

    /// What reports are written of.
    #[must_use]
    pub(crate) fn facts(&self, now: Stamp) -> RunFacts<'_> {
        RunFacts {
            rows: self.run.rows(),
            began: self.began.wall,
            took: self.took(now),
            environment: self.environment.as_deref(),
            stopped: self.run.stopped(),
            compared: &self.compared,
            covered: self.run.covered(),
        }
    }

    /// Keeps what came in a session, as long as there is room.
    pub(super) fn answered(&mut self, id: SessionId, found: FoundAnswer) {
        let headers: usize =
            found.headers.iter().map(|(name, value)| name.len() + value.len()).sum();
        self.answered = self.answered.saturating_add(found.body.len() + headers);
        if self.has_answers() {
            self.answers.insert(id, found);
        }
    }

    /// Whether what came is kept of all its rows.
    pub(super) fn has_answers(&self) -> bool {
        self.answered <= ANSWER_BYTES
    }

    /// What its presets answered, under a name.
    pub(super) fn kept(&self, name: &str) -> KeptRun {
        let answers = self.run.rows().iter().map(|row| self.answer_of(row));
        KeptRun { name: name.to_owned(), answers: answers.collect() }
    }

    fn answer_of(&self, row: &RunRow) -> KeptAnswer {
        let found = row.session.and_then(|id| self.answers.get(&id)).cloned();
        KeptAnswer::of(row, found.unwrap_or_default())
    }

    /// The environment in force where a row runs; of a listener that of the run.
    pub(crate) fn environment_of(&self, row: Option<usize>) -> Option<&str> {
        let row = row.and_then(|row| self.run.rows().get(row));
        match row.and_then(|row| self.places.environment_of(row)) {
            Some(place) => place.environment.as_deref(),
            None => self.environment.as_deref(),
        }
    }

    /// A row began.
    pub(crate) fn began(&mut self, at: usize) {
        if let Some(row) = self.run.rows().get(at) {
            self.places.take(at, row);
        }
    }

    /// A row is over: it is compared with those of other places that are.
    fn compare(&mut self, at: usize) {
        self.began(at);
        let rows = self.run.rows();
        let is_over =
            |at: usize| rows.get(at).is_some_and(|row| row.verdict != RunVerdict::Running);
        for (first, other) in self.places.due(at, is_over) {
            let kept = |at: usize| {
                let row = self.run.rows().get(at)?;
                let (name, answers) = (row.place.clone(), vec![self.answer_of(row)]);
                Some(KeptRun { name, answers })
            };
            let (Some(one), Some(two)) = (kept(first), kept(other)) else { continue };
            let compared = compare_runs(&one, &two, &self.compare_rules());
            self.places.found(other, compared.rows.into_iter().next());
        }
    }

    /// What is compared: without answers that are not kept.
    pub(super) fn compare_rules(&self) -> CompareRules {
        let left_out = ["header".to_owned(), "body".to_owned()];
        let left_out = if self.has_answers() { &[][..] } else { &left_out[..] };
        CompareRules::parse(left_out, None).unwrap_or_default()
    }

    /// It is over.
    pub(crate) fn end(&mut self, now: Stamp) {
        self.ended = Some(now);
        self.compared = self.places.compared();
    }

    /// A session is opened for a row: it is the one of it from now on.
    pub(crate) fn opened(&mut self, row: Option<usize>, id: SessionId) {
        self.sessions.all.insert(id);
        if let Some(earlier) = row.and_then(|row| self.sessions.by_row.insert(row, id)) {
            self.sessions.all.remove(&earlier);
        }
    }

    /// A row is over: beyond the bound the oldest that passed are let go, then those that come last.
    pub(crate) fn over(&mut self, row: usize) {
        if !self.places.is_empty() {
            self.compare(row);
        }
        let Some(id) = self.sessions.by_row.remove(&row) else { return };
        let verdict = self.run.rows().get(row).map(|row| &row.verdict);
        if verdict == Some(&RunVerdict::Passed) {
            self.sessions.passed.push_back(id);
        }
        let running = self.sessions.by_row.len();
        while self.sessions.all.len() > SESSIONS_KEPT + running {
            let gone = self.sessions.passed.pop_front().unwrap_or(id);
            if !self.sessions.all.remove(&gone) {
                return;
            }
        }
    }

    /// Whether a session of it stays.
    #[must_use]
    pub(crate) fn keeps(&self, id: SessionId) -> bool {
        self.sessions.all.contains(&id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runner::RunSettings;

    #[test]
    fn of_the_sessions_of_a_run_a_bound_is_kept_and_earlier_tries_are_not() {
        let settings = RunSettings {
            parallel: 1,
            fail_fast: false,
            retries: 0,
            retry_after: Duration::ZERO,
            timeout: None,
            variables: std::collections::BTreeMap::new(),
            tells_secrets: false,
            first_session: 1,
            keeps_bodies: true,
            keeps_answers: false,
            words: crate::runner::RunWords::WINDOW,
        };
        let run = Run::new(RunScript::default(), Vec::new(), Vec::new(), settings);
        let wish = RunWish {
            names: Vec::new(),
            title: String::new(),
            data: String::new(),
            repeat: 1,
            parallel: 1,
            retries: 0,
            timeout: None,
            fail_fast: false,
            places: Vec::new(),
            tags: String::new(),
        };
        let time = RunTime { now: Stamp(1), wall: Stamp(1) };
        let mut shown = ShownRun::new(run, wish, time);
        shown.opened(Some(0), SessionId(1));
        shown.opened(Some(0), SessionId(2));
        assert!(!shown.keeps(SessionId(1)) && shown.keeps(SessionId(2)));
        for row in 0..2 * SESSIONS_KEPT {
            shown.opened(Some(row), SessionId(10 + row as u64));
            shown.over(row);
        }
        assert_eq!(shown.sessions.all.len(), SESSIONS_KEPT);
        assert!(shown.sessions.by_row.is_empty());
    }
}
