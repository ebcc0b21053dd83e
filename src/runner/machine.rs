//! The run itself: what is begun when, and what becomes of it.
//!
//! ```text
//! rounds opened in turn ─► ready (by round and step) ─► begin: makers stale? compose, open ─► live
//!                               ▲                                                               │
//!      followers of a step ◄────┴── over: captures handed on, tried again, news, row ◄──────────┘
//! ```

mod beside;
mod events;
mod listening;
mod over;
mod shown;
mod watched;
mod words;

pub use listening::RunCame;
pub use shown::RunSession;
pub use watched::RunWatched;
pub use words::RunWords;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use super::listeners::{ListenerLook, ListenerState, RunningListener};
use super::live::{Live, LiveWait, Requested};
use super::places::PreparedPlace;
use super::rounds::RunRound;
use super::row::{RunRow, RunVerdict};
use super::script::{RunScript, RunStep};
use super::steps::StepsTaken;
use super::talk::RunTalk;
use super::targets::target;
use crate::check::CheckReport;
use crate::compose::{self, UnknownNames};
use crate::engine::command::{CloseMode, Command};
use crate::model::cookie_jar::CookieJar;
use crate::model::covered_operations::CoveredOperations;
use crate::model::end_address::EndAddress;
use crate::model::failure::{Failure, FailureKind, Stage};
use crate::model::id::SessionId;
use crate::model::plan::Plan;
use crate::model::preset::{PresetPath, Scope};
use crate::model::secrets::{Disclosure, Secrets};
use crate::model::spec::Spec;
use crate::model::timing::Stamp;

/// How long the end of a session may take.
const CLOSING: Duration = Duration::from_secs(1);

/// How a run goes on.
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunSettings {
    /// Presets beside each other at most.
    pub parallel: usize,
    /// Nothing more is begun once something did not pass.
    pub fail_fast: bool,
    /// Further tries of what does not pass, and how long after.
    pub retries: u32,
    pub retry_after: Duration,
    /// Longest time one try may take.
    pub timeout: Option<Duration>,
    /// Values of the command line, which win over all others.
    pub variables: BTreeMap<String, String>,
    /// Secrets are told.
    pub tells_secrets: bool,
    /// Of the first session; the others count on.
    pub first_session: u64,
    /// Bodies are looked at later: whoever shows the sessions lets go of them.
    pub keeps_bodies: bool,
    /// A shell looks at every answer, whatever is expected of it.
    pub keeps_answers: bool,
    pub words: RunWords,
}

/// What the clocks say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RunTime {
    /// The engine's, for order and ages.
    pub now: Stamp,
    pub wall: Stamp,
}

/// What a shell does for a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RunOrder {
    Engine(Command),
    /// Look at what [`Run::looked_at`] tells, with its whole body, and hand what came of it to [`Run::on_report`].
    Look {
        session: SessionId,
    },
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RunNews {
    /// The row of this number began.
    Began(usize),
    /// It is over.
    Over(usize),
    /// What came of what is expected of it and captured from it, as it is: of a row that is over next.
    Looked(usize, CheckReport),
    /// Something that belongs to no row: a listener is up.
    Said(String),
}

/// What is to be done now.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RunTurn {
    pub orders: Vec<RunOrder>,
    pub news: Vec<RunNews>,
    /// When to ask again although nothing has happened.
    pub wake: Option<Stamp>,
}

/// What is known in a round that was opened.
#[derive(Debug, Default)]
struct OpenRound {
    captured: BTreeMap<String, String>,
    /// Names of those that are credentials for where they are from.
    veiled: BTreeSet<String>,
    /// What its answers set goes with what is sent behind them.
    cookies: Arc<CookieJar>,
    /// When a step passed last.
    passed: BTreeMap<usize, Stamp>,
    /// How many a step or barrier still waits for.
    waits: Vec<usize>,
    /// Steps that are not over, and those that did not begin.
    left: usize,
    unbegun: BTreeSet<usize>,
}

/// A run, from its first preset to its last.
#[derive(Debug)]
pub struct Run {
    script: RunScript,
    places: Vec<PreparedPlace>,
    rounds: Vec<RunRound>,
    settings: RunSettings,
    rows: Vec<RunRow>,
    listeners: Vec<RunningListener>,
    /// Listeners that are up already, by their presets.
    lent: BTreeMap<PresetPath, (SessionId, Vec<EndAddress>)>,
    /// By the number of the round.
    open: BTreeMap<usize, OpenRound>,
    next_round: usize,
    ready: BTreeSet<(usize, usize)>,
    live: BTreeMap<SessionId, Live>,
    next_session: u64,
    /// The scope that was looked at last, and what is hidden of it.
    hidden: Option<(Arc<Scope>, Secrets)>,
    orders: Vec<RunOrder>,
    news: Vec<RunNews>,
    /// Those that each round begins with.
    cookies: Arc<CookieJar>,
    /// Why nothing more is begun.
    stopped: Option<String>,
    /// Listeners stay when it is over and all passed: something is sent to them then.
    leaves_listeners: bool,
    /// Those that stay, by their places in the script.
    left: Vec<(usize, SessionId)>,
    /// Listeners are to be gone by then.
    ending: Option<Stamp>,
    has_begun: bool,
    /// When it began, by the wall clock.
    began: Stamp,
    /// What was called of its contracts.
    covered: CoveredOperations,
}

impl Run {
    /// Nothing has begun. `scopes` are those of the steps, and behind them those of the listeners.
    #[must_use]
    pub fn new(
        script: RunScript,
        scopes: Vec<Arc<Scope>>,
        rounds: Vec<RunRound>,
        settings: RunSettings,
    ) -> Self {
        Run::to_places(script, vec![PreparedPlace::new("", scopes)], rounds, settings)
    }

    /// The same to each of these places, beside each other; listeners are those of the first.
    #[must_use]
    pub fn to_places(
        script: RunScript,
        mut places: Vec<PreparedPlace>,
        rounds: Vec<RunRound>,
        settings: RunSettings,
    ) -> Self {
        for place in &mut places {
            place.readdress(&script.steps);
        }
        let next_session = settings.first_session;
        Run {
            script,
            places,
            rounds,
            settings,
            rows: Vec::new(),
            listeners: Vec::new(),
            lent: BTreeMap::new(),
            open: BTreeMap::new(),
            next_round: 0,
            ready: BTreeSet::new(),
            live: BTreeMap::new(),
            next_session,
            hidden: None,
            orders: Vec::new(),
            news: Vec::new(),
            cookies: Arc::default(),
            stopped: None,
            leaves_listeners: false,
            left: Vec::new(),
            ending: None,
            has_begun: false,
            began: Stamp(0),
            covered: CoveredOperations::default(),
        }
    }

    /// Each round begins with these cookies, of which it has a jar of its own.
    pub(crate) fn begin_with_cookies(&mut self, jar: Arc<CookieJar>) {
        self.cookies = jar;
    }

    /// The rows so far, in the order in which they began.
    #[must_use]
    pub fn rows(&self) -> &[RunRow] {
        &self.rows
    }

    /// Which operations of its contracts were called so far.
    #[must_use]
    pub fn covered(&self) -> &CoveredOperations {
        &self.covered
    }

    /// How many there will be, as far as is known.
    #[must_use]
    pub fn total(&self) -> usize {
        let unopened = self.round_count().saturating_sub(self.next_round);
        let unbegun: usize = self.open.values().map(|round| round.unbegun.len()).sum();
        let unlooked = self.listeners.iter().filter(|it| it.watch.look != ListenerLook::Over);
        self.rows.len() + unbegun + unopened * self.steps() + unlooked.count()
    }

    fn steps(&self) -> usize {
        self.script.steps.len()
    }

    /// Why it ended before its last preset.
    #[must_use]
    pub fn stopped(&self) -> Option<&str> {
        self.stopped.as_deref()
    }

    /// Whether everything is done and gone.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.ending.is_some()
            && self.live.is_empty()
            && !self.listeners.iter().any(|it| it.is_open() || it.watch.look != ListenerLook::Over)
    }

    /// What is to be done now, and what has happened.
    pub fn turn(&mut self, time: RunTime) -> RunTurn {
        if !std::mem::replace(&mut self.has_begun, true) {
            self.began = time.wall;
            self.start_listeners(time);
        }
        self.look_at_times(time);
        while self.has_room() {
            let Some((round, step)) = self.next_ready() else { break };
            self.begin((round, step), (Vec::new(), Vec::new()), String::new(), time);
        }
        let is_done = self.live.is_empty()
            && self.ready.is_empty()
            && self.is_last_round()
            && !self.listeners.iter().any(RunningListener::is_starting);
        if self.ending.is_none() && (is_done || self.stopped.is_some() && self.live.is_empty()) {
            self.skip_rest();
            self.ending = Some(later(time.now, CLOSING));
            self.leave_listeners();
            if !self.listeners.is_empty() {
                // They wait for their clients to leave.
                self.orders.push(RunOrder::Engine(Command::LetGo));
            }
            self.close_listeners(CloseMode::Close);
        }
        self.look_at_listeners(time);
        let wake = self.live.values().filter_map(Live::due).chain(self.ending).min();
        let (orders, news) = (std::mem::take(&mut self.orders), std::mem::take(&mut self.news));
        RunTurn { orders, news, wake: wake.filter(|_| !self.is_over()) }
    }

    /// Ends it: nothing more is begun, and what runs is cut off.
    pub fn stop(&mut self, why: &str, time: RunTime) {
        self.stopped.get_or_insert_with(|| why.to_owned());
        for (session, live) in std::mem::take(&mut self.live) {
            if !matches!(live.waiting, LiveWait::Retry(_) | LiveWait::Body(..) | LiveWait::Heard(_))
            {
                self.close(session, CloseMode::Reset);
            }
            self.ended(&live, RunVerdict::Skipped(why.to_owned()), CheckReport::default(), time);
        }
    }

    fn is_last_round(&self) -> bool {
        self.next_round >= self.round_count() || self.steps() == 0
    }

    fn session(&mut self) -> SessionId {
        let session = SessionId(self.next_session);
        self.next_session += 1;
        session
    }

    fn close(&mut self, id: SessionId, how: CloseMode) {
        self.orders.push(RunOrder::Engine(Command::Close { id, how }));
    }

    /// Begins a step, or a maker of it whose values are too old. `then` are steps that wait for it, and makers
    /// that ran again for them.
    fn begin(
        &mut self,
        (round, step): (usize, usize),
        (mut then, mut renewed): (Vec<usize>, Vec<usize>),
        why: String,
        time: RunTime,
    ) {
        let Some(of) = self.script.steps.get(step) else { return };
        if let Some(stale) = self.stale(round, of, &renewed, time.now) {
            then.push(step);
            renewed.push(stale);
            let why = format!("what it captured is too old for {}", of.path);
            return self.begin((round, stale), (then, renewed), why, time);
        }
        let why = if why.is_empty() { of.why.clone() } else { why };
        let hindered = self.hindered(round, of);
        let row = self.row((round, step), why, time);
        let live = Live::new(row, (round, step), (then, renewed), time.now);
        if let Some(why) = hindered {
            return self.ended(&live, RunVerdict::Skipped(why), CheckReport::default(), time);
        }
        self.news.push(RunNews::Began(row));
        self.send(live, time);
    }

    /// A row for a step of a round, which has begun with that.
    fn row(&mut self, (round, step): (usize, usize), why: String, time: RunTime) -> usize {
        if let Some(open) = self.open.get_mut(&round) {
            open.unbegun.remove(&step);
        }
        let about = self.content(round, step).and_then(|it| it.as_ref().ok());
        let about = about.map(|it| it.about.clone());
        let place = self.place_of(round).map(|place| place.name.clone());
        let round = self.round_of(round).map(|round| round.name.clone());
        let Some(path) = self.script.steps.get(step).map(|of| of.path.clone()) else {
            return self.rows.len();
        };
        self.rows.push(RunRow {
            path,
            about: about.unwrap_or_default(),
            place: place.unwrap_or_default(),
            round: round.unwrap_or_default(),
            why,
            target: String::new(),
            tries: 0,
            began: time.wall,
            took: Duration::ZERO,
            verdict: RunVerdict::Running,
            status: None,
            report: CheckReport::default(),
            wire: None,
            steps: Vec::new(),
            session: None,
        });
        self.rows.len() - 1
    }

    /// A maker of a step that passed and whose values are too old; each is asked once.
    fn stale(&self, round: usize, of: &RunStep, renewed: &[usize], now: Stamp) -> Option<usize> {
        let passed = &self.open.get(&round)?.passed;
        let is_stale = |maker: &&usize| {
            let longest = self.script.steps.get(**maker).and_then(RunStep::max_age);
            let age = passed.get(*maker).map(|passed| now.since(*passed));
            !renewed.contains(maker) && longest.zip(age).is_some_and(|(longest, age)| age > longest)
        };
        of.makers.iter().find(is_stale).copied()
    }

    /// Why a step is not tried.
    fn hindered(&self, round: usize, of: &RunStep) -> Option<String> {
        let passed = self.open.get(&round).map(|round| &round.passed)?;
        let maker = of.makers.iter().find(|maker| !passed.contains_key(maker));
        if let Some(maker) = maker.and_then(|maker| self.script.steps.get(*maker)) {
            return Some(format!("{} did not pass, which it needs", maker.path));
        }
        let failed = of.listeners.iter().find_map(|at| match self.listeners.get(*at) {
            Some(RunningListener { path, state: ListenerState::Down, .. }) => Some(path),
            _ => None,
        });
        failed.map(|path| format!("{path} is not up, which it needs"))
    }

    /// What the templates of a step may refer to now; that of its folder where nothing came to it.
    fn scope(&self, round: usize, step: usize) -> Arc<Scope> {
        let place = self.place_of(round);
        let mut scope = place.and_then(|it| it.scopes.get(step)).cloned().unwrap_or_default();
        for listener in &self.listeners {
            Arc::make_mut(&mut scope).captured.extend(listener.variables());
        }
        let veiled = self.open.get(&round).map(|it| &it.veiled).filter(|names| !names.is_empty());
        if let Some(names) = veiled {
            Arc::make_mut(&mut scope).veiled.extend(names.iter().cloned());
        }
        // The later ones win.
        let captured = self.open.get(&round).map(|it| &it.captured);
        let data = self.round_of(round).map(|it| &it.variables);
        let of_place = place.map(|it| &it.variables);
        let all = [captured, data, Some(&self.settings.variables), of_place].into_iter().flatten();
        for values in all.filter(|values| !values.is_empty()) {
            let scope = Arc::make_mut(&mut scope);
            let pairs = values.iter().map(|(name, value)| (name.clone(), value.clone()));
            scope.captured.extend(pairs);
        }
        scope
    }

    /// What is hidden of a scope, which most steps share.
    fn hidden(&mut self, scope: &Arc<Scope>) -> Secrets {
        if let Some((_, secrets)) = self.hidden.as_ref().filter(|(of, _)| Arc::ptr_eq(of, scope)) {
            return secrets.clone();
        }
        let secrets = scope.hidden();
        self.hidden = Some((Arc::clone(scope), secrets.clone()));
        secrets
    }

    /// Composes and opens it.
    fn send(&mut self, mut live: Live, time: RunTime) {
        let scope = self.scope(live.round, live.step);
        live.secrets = self.hidden(&scope);
        let Some(content) = self.content(live.round, live.step) else { return };
        if let Some(preset) = content.as_ref().ok().filter(|preset| preset.spec.key().is_some()) {
            live.secrets = live.secrets.and(&compose::hidden(&preset.spec, &scope));
        }
        let told = self.told(&live.secrets);
        let made = content.as_ref().map_err(Failure::clone).and_then(|preset| {
            let script = &self.script;
            let makers = |name: &str| script.told_makers(name, &preset.path);
            let plan = planned(&preset.spec, &scope, self.settings.words, makers)?;
            let checks = compose::checks(&preset.spec, &*scope, UnknownNames::Refused);
            let plan = compose::on_new_connection(plan, checks.ask_of_connecting());
            let jar = self.open.get(&live.round).map_or(&self.cookies, |round| &round.cookies);
            let plan = compose::with_cookies(plan, jar);
            Ok((plan, checks, target(&preset.spec, &scope, &told)))
        });
        let session = self.session();
        let Some(row) = self.rows.get_mut(live.row) else { return };
        row.tries += 1;
        let (plan, checks, target) = match made {
            Ok(made) => made,
            Err(failure) => {
                let verdict = RunVerdict::of(live.secrets.hide_failure(failure));
                return self.ended(&live, verdict, CheckReport::default(), time);
            }
        };
        (row.target, row.session, row.status) = (target, Some(session), None);
        live.checks = checks;
        live.steps = StepsTaken::of(plan.steps(), &told);
        row.steps = Vec::new();
        live.waiting = if plan.capabilities().exchanges {
            LiveWait::Exchange(Requested::default())
        } else {
            let looks = self.settings.keeps_answers || !live.checks.help_wanted().is_empty();
            LiveWait::Talk(Box::new(RunTalk::new(&plan, looks)))
        };
        live.ends = self.settings.timeout.map(|longest| later(time.now, longest));
        let secrets = told.hidden();
        let open = Command::Open { id: session, plan: Box::new(plan), secrets };
        self.orders.push(RunOrder::Engine(open));
        self.live.insert(session, live);
    }

    fn told(&self, secrets: &Secrets) -> Disclosure {
        if self.settings.tells_secrets {
            Disclosure::Everything
        } else {
            Disclosure::Hiding(secrets.clone())
        }
    }
}

/// The plan of a preset; all that keeps it from being sent as one failure.
fn planned(
    spec: &Spec,
    scope: &Scope,
    words: RunWords,
    told_makers: impl Fn(&str) -> Option<String>,
) -> Result<Plan, Failure> {
    compose::plan(spec, scope).map_err(|issues| {
        let mut causes: Vec<String> = issues.iter().map(ToString::to_string).collect();
        causes.dedup();
        let failure =
            Failure::new(Stage::Compose, spec.address(), FailureKind::Usage, causes.join("; "));
        let unknown = issues.iter().filter_map(|issue| issue.unknown.as_ref());
        let mut unknown = unknown.filter(|unknown| unknown.is_name).peekable();
        if unknown.peek().is_none() {
            return failure;
        }
        match unknown.find_map(|unknown| told_makers(unknown.inner())) {
            Some(told) => failure.hint(told),
            None => failure.hint(words.unknown),
        }
    })
}

/// So much later.
fn later(stamp: Stamp, by: Duration) -> Stamp {
    Stamp(stamp.0.saturating_add(u64::try_from(by.as_nanos()).unwrap_or(u64::MAX)))
}
