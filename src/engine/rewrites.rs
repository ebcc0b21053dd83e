//! The rules of a relay that change what it passes on, ready to be asked: which fit, what they look for,
//! and what becomes of bytes. Pure but for [`RewriteControl`].
//!
//! ```text
//! read ─► rules, in order ─► hold ─► faults ─► written
//! ```
//! Each rule is asked by what came; each changes what the ones before it made of that.

pub(crate) mod line;
pub(crate) mod message;

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use tokio::sync::watch;

use super::session::SessionHandle;
use super::sink::Sink;
use crate::model::counts::counted;
use crate::model::record::{ConnInfo, Direction, RecordKind};
use crate::model::rewrite::{RewriteEdit, RewriteNeedle, RewritePlan};
use crate::query::{Filter, RecordFacts};
use line::Search;

/// Rules of a relay whose counts are known, in force or not.
const COUNTED: usize = 1_000;

/// The rules of a relay.
#[derive(Debug, Default)]
pub(crate) struct Rewrites {
    list: Vec<Rewrite>,
}

/// One of them.
#[derive(Debug)]
pub(crate) struct Rewrite {
    pub(crate) plan: RewritePlan,
    when: Option<Filter>,
    search: Option<Search>,
    /// How often it changed something.
    times: Arc<AtomicU64>,
}

/// How often each rule changed something that is in force, or was.
#[derive(Debug, Default)]
struct RewriteCounts(Vec<(RewritePlan, Arc<AtomicU64>)>);

impl RewriteCounts {
    /// That of a rule, which is the same one wherever it stands.
    fn of(&mut self, plan: &RewritePlan) -> Arc<AtomicU64> {
        let known = self
            .0
            .iter()
            .find(|(known, _)| *known == RewritePlan { number: known.number, ..plan.clone() });
        if let Some((_, times)) = known {
            return Arc::clone(times);
        }
        if self.0.len() >= COUNTED {
            self.0.remove(0);
        }
        let times = Arc::default();
        self.0.push((plan.clone(), Arc::clone(&times)));
        times
    }
}

/// Bytes with what rules made of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RewrittenBytes {
    pub(crate) original: Bytes,
    pub(crate) data: Bytes,
    /// The rules that changed something.
    pub(crate) by: Vec<usize>,
}

impl Rewrites {
    /// Those of a plan, in their order. Whoever made it has checked it.
    #[cfg(test)]
    pub(crate) fn new(plans: &[RewritePlan]) -> Arc<Self> {
        Rewrites::counting(plans, &mut RewriteCounts::default())
    }

    /// The same, which go on counting where they are known.
    fn counting(plans: &[RewritePlan], counts: &mut RewriteCounts) -> Arc<Self> {
        let rewrite = |plan: &RewritePlan| {
            let when = match &plan.when {
                Some(text) => Some(Filter::parse(text).ok()?),
                None => None,
            };
            let search = match &plan.edit {
                RewriteEdit::Replace { what: RewriteNeedle::Bytes(needle), .. } => {
                    Some(Search::text(needle))
                }
                RewriteEdit::Replace { what: RewriteNeedle::Regex(regex), .. }
                | RewriteEdit::ReplacePath { regex, .. } => Some(Search::regex(regex)?),
                _ => None,
            };
            let times = counts.of(plan);
            Some(Rewrite { plan: plan.clone(), when, search, times })
        };
        Arc::new(Rewrites { list: plans.iter().filter_map(rewrite).collect() })
    }

    /// Counts a message, read or datagram that these rules changed.
    pub(crate) fn count(&self, by: &[usize], events: &Sink) {
        self.list.iter().filter(|it| by.contains(&it.plan.number)).for_each(|it| it.count(events));
    }

    /// Nothing is changed.
    pub(crate) fn is_none(&self) -> bool {
        self.list.is_empty()
    }

    /// Those of one way, in order.
    pub(crate) fn of(&self, from_client: bool) -> impl Iterator<Item = &Rewrite> {
        let is_of = move |it: &&Rewrite| {
            if from_client { it.plan.of_client } else { it.plan.of_server }
        };
        self.list.iter().filter(is_of)
    }

    /// Those of one way that fit what came.
    pub(crate) fn fitting(
        &self,
        from_client: bool,
        conn: &ConnInfo,
        facts: &RecordFacts<'_>,
    ) -> Vec<&Rewrite> {
        self.of(from_client).filter(|it| it.fits(conn, facts)).collect()
    }

    /// The servers that requests for a host may be led to.
    pub(crate) fn maps(&self, host: &str) -> bool {
        self.of(true).any(|it| match &it.plan.edit {
            RewriteEdit::MapHost { host: pattern, .. } => message::is_for(pattern, host),
            _ => false,
        })
    }
}

impl Rewrite {
    /// Counts a message that it changed.
    pub(crate) fn count(&self, events: &Sink) {
        let times = self.times.fetch_add(1, Ordering::Relaxed) + 1;
        self.tell(times, events);
    }

    fn tell(&self, times: u64, events: &Sink) {
        events.rewrote(u32::try_from(self.plan.number).unwrap_or(u32::MAX), times);
    }

    /// Whether it is about this.
    pub(crate) fn fits(&self, conn: &ConnInfo, facts: &RecordFacts<'_>) -> bool {
        let Some(when) = &self.when else { return true };
        when.about(conn.id, Some(conn)).matches(facts)
    }

    /// Whether it is asked by bytes, so that nobody can tell before they are there.
    pub(crate) fn reads_data(&self) -> bool {
        self.when.as_ref().is_some_and(|when| when.reads().data)
    }

    /// Whether it changes bytes.
    pub(crate) fn is_of_bytes(&self) -> bool {
        matches!(self.plan.edit, RewriteEdit::Replace { .. })
    }

    /// What it looks for in bytes; `None` = it is about something else.
    fn of_bytes(&self) -> Option<(&Search, &[u8])> {
        match (&self.plan.edit, &self.search) {
            (RewriteEdit::Replace { with, .. }, Some(search)) => Some((search, with)),
            _ => None,
        }
    }

    /// A path and query by its expression, where that fits.
    pub(crate) fn path(&self, path: &str) -> Option<String> {
        let RewriteEdit::ReplacePath { with, .. } = &self.plan.edit else { return None };
        let (data, _) = self.search.as_ref()?.replace(path.as_bytes(), with.as_bytes())?;
        String::from_utf8(data).ok()
    }
}

/// What these rules make of all these bytes; how often each found something is added up.
pub(crate) fn replaced(rules: &[&Rewrite], original: Bytes) -> (RewrittenBytes, usize) {
    let (mut data, mut by, mut times) = (original.clone(), Vec::new(), 0);
    for rule in rules {
        let Some((search, with)) = rule.of_bytes() else { continue };
        if let Some((made, count)) = search.replace(&data, with) {
            data = made.into();
            times += count;
            by.push(rule.plan.number);
        }
    }
    (RewrittenBytes { original, data, by }, times)
}

/// How the rules that changed something are named.
pub(crate) fn named(by: &[usize]) -> String {
    let numbers: Vec<String> = by.iter().map(ToString::to_string).collect();
    let noun = if by.len() == 1 { "rule" } else { "rules" };
    format!("changed by {noun} {}", numbers.join(", "))
}

/// The rules of a running relay: what is in force, and who is told.
pub(crate) struct RewriteControl {
    session: SessionHandle,
    rewrites: watch::Sender<Arc<Rewrites>>,
    counts: Mutex<RewriteCounts>,
}

impl RewriteControl {
    /// Says how many there are, if there are some.
    pub(crate) fn new(plan: &[RewritePlan], session: &SessionHandle) -> Self {
        let mut counts = RewriteCounts::default();
        let (rewrites, _) = watch::channel(Rewrites::counting(plan, &mut counts));
        let (session, counts) = (session.clone(), Mutex::new(counts));
        let control = RewriteControl { session, rewrites, counts };
        if !plan.is_empty() {
            control.tell();
        }
        control.look_for_files();
        control
    }

    /// Other ones, for the connections that are there as well.
    pub(crate) fn change(&self, plan: &[RewritePlan]) {
        if !self.now().list.iter().map(|it| &it.plan).eq(plan) {
            let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
            let rewrites = Rewrites::counting(plan, &mut counts);
            for rule in &rewrites.list {
                rule.tell(rule.times.load(Ordering::Relaxed), &self.session.events);
            }
            self.rewrites.send_replace(rewrites);
            drop(counts);
            self.tell();
            self.look_for_files();
        }
    }

    /// Says which files are not there that rules answer with. They are looked for anew with each request.
    fn look_for_files(&self) {
        let file = |rule: &Rewrite| match &rule.plan.edit {
            RewriteEdit::LocalFile { file, .. } => Some((rule.plan.number, file.clone())),
            _ => None,
        };
        let files: Vec<_> = self.now().list.iter().filter_map(file).collect();
        if files.is_empty() {
            return;
        }
        let (events, itself) = (self.session.events.clone(), self.session.id.itself());
        // A share that does not answer keeps nobody waiting.
        self.session.tasks.spawn_blocking(move || {
            for (number, file) in files {
                if let Err(error) = Path::new(&file).canonicalize() {
                    let text =
                        format!("rule {number} answers with {file}, which is not there: {error}");
                    events.note(itself, Direction::Local, RecordKind::Failed, text);
                }
            }
        });
    }

    fn tell(&self) {
        let text = match self.now().list.len() {
            0 => "nothing is changed any more".to_owned(),
            1 => "1 rule changes what is passed on".to_owned(),
            count => format!("{} change what is passed on", counted(count as u64, "rule")),
        };
        let itself = self.session.id.itself();
        self.session.events.note(itself, Direction::Local, RecordKind::Note, text);
    }

    /// Those in force.
    pub(crate) fn now(&self) -> Arc<Rewrites> {
        Arc::clone(&self.rewrites.borrow())
    }

    /// For a connection.
    pub(crate) fn watch(&self) -> watch::Receiver<Arc<Rewrites>> {
        self.rewrites.subscribe()
    }
}
