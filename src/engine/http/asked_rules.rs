//! Which rule answers a request: rules ready to be asked, and what they remember.
//!
//! Used by listeners and relays. A rule is known by its tag however it is edited and moved, so what one remembers stays
//! when others change. Rules for the same requests (method, path, condition) are a group and answer one after the other.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;

use crate::codec::path_pattern::{PathPattern, PathTaken};
use crate::engine::clock;
use crate::model::counts::counted;
use crate::model::exchange_facts::ExchangeFacts;
use crate::model::plan::HttpRulePlan;
use crate::model::record::{ConnInfo, Direction, Record, RecordKind};
use crate::model::url_text::UrlText;
use crate::query::{Filter, RecordFacts};

/// Bytes of the body of a request that rules look into, and that answers hold.
pub(crate) const ASKED_BODY: u64 = 1024 * 1024;
/// Rules whose answers are counted, in force or not.
const REMEMBERED: usize = 1000;
/// Names that are set at most, and bytes of each value.
const STATES: (usize, usize) = (256, 64 * 1024);

/// Rules of a plan, ready to be asked.
#[derive(Debug, Default)]
pub(crate) struct AskedRules {
    list: Vec<AskedRule>,
}

#[derive(Debug)]
struct AskedRule {
    plan: Arc<HttpRulePlan>,
    path: PathPattern,
    when: Option<Filter>,
    key: RuleKey,
    /// The rules for the same requests, in order; none of a rule that is not their first.
    group: Vec<usize>,
    /// What its path takes is asked for.
    takes: bool,
}

/// By which a rule is known: its tag, or its place where it has none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum RuleKey {
    Tag(u32),
    Place(usize),
}

/// What has to be known of a request before it can be said which rule answers it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum AskedFor {
    Path,
    Head,
    Body,
}

/// A request as conditions see it.
pub(crate) struct AskedMessage {
    pub(crate) conn: ConnInfo,
    pub(crate) exchange: ExchangeFacts,
    /// Head and body.
    pub(crate) data: Bytes,
    /// The body is there, whole, if it was asked for.
    pub(crate) has_body: bool,
}

/// The rule that answers.
#[derive(Debug, Clone)]
pub(crate) struct ChosenRule {
    pub(crate) plan: Arc<HttpRulePlan>,
    /// What its path took, where that is asked for.
    pub(crate) taken: PathTaken,
    /// How often it answered, with this time.
    pub(crate) times: u64,
}

impl ChosenRule {
    /// One that answers without being asked.
    pub(crate) fn of(plan: HttpRulePlan) -> Self {
        ChosenRule { plan: Arc::new(plan), taken: PathTaken::default(), times: 1 }
    }
}

/// What rules remember, of a listener or a relay.
#[derive(Debug, Default)]
pub(crate) struct RuleMemory(Mutex<Remembered>);

#[derive(Debug, Default)]
struct Remembered {
    answered: HashMap<RuleKey, Answered>,
    states: BTreeMap<String, String>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Answered {
    /// Since the group began, or began anew.
    in_turn: u64,
    /// In all.
    times: u64,
}

impl AskedRules {
    /// Prepares the rules of a plan. What cannot be read, which was checked before, is never meant.
    pub(crate) fn new(rules: &[HttpRulePlan]) -> Self {
        let mut list: Vec<AskedRule> = Vec::new();
        let mut firsts: HashMap<(&str, &str, Option<&str>), usize> = HashMap::new();
        for (place, plan) in rules.iter().enumerate() {
            let when = plan.terms.when.as_deref();
            let Ok(filter) = when.map(Filter::of_rule).transpose() else { continue };
            let Ok(path) = PathPattern::parse(&plan.path) else { continue };
            let key = if plan.id == 0 { RuleKey::Place(place) } else { RuleKey::Tag(plan.id) };
            let at = list.len();
            let first = *firsts.entry((&plan.method, &plan.path, when)).or_insert(at);
            let more = &plan.answer.more;
            let takes = more.open.is_some() || more.folder.is_some() || !plan.terms.set.is_empty();
            let (plan, group) = (Arc::new(plan.clone()), Vec::new());
            list.push(AskedRule { plan, path, when: filter, key, group, takes });
            if let Some(first) = list.get_mut(first) {
                first.group.push(at);
            }
        }
        AskedRules { list }
    }

    /// The first rules of their groups whose method and path are those of a request.
    fn fitting<'a>(
        &'a self,
        method: &'a str,
        (path, whole): (&'a str, &'a str),
    ) -> impl Iterator<Item = &'a AskedRule> {
        self.list.iter().filter(move |rule| {
            let asked = if rule.path.has_query { whole } else { path };
            let is_method = rule.plan.method.is_empty() || rule.plan.method == method;
            !rule.group.is_empty() && is_method && rule.path.is_of(asked)
        })
    }

    /// What has to be known of a request before it can be said which rule answers it.
    pub(crate) fn asked_for(&self, method: &str, target: &str) -> AskedFor {
        let mut most = AskedFor::Path;
        for rule in self.fitting(method, (path(target), &path_and_query(target))) {
            let Some(when) = &rule.when else {
                // One that answers a few times leaves the rest to the next one.
                if self.is_endless(rule) {
                    break;
                }
                continue;
            };
            most = most.max(if when.reads().data { AskedFor::Body } else { AskedFor::Head });
        }
        most
    }

    fn is_endless(&self, first: &AskedRule) -> bool {
        let group = || first.group.iter().filter_map(|at| self.list.get(*at));
        let last = group().next_back();
        group().any(|rule| rule.plan.terms.cycle)
            || last.is_none_or(|rule| rule.plan.terms.times.is_none())
    }

    /// The rule that answers a request, whose turn is then over; `message` as far as it was asked for.
    pub(crate) fn choose(
        &self,
        (method, target): (&str, &str),
        message: Option<&AskedMessage>,
        memory: &RuleMemory,
    ) -> Option<ChosenRule> {
        let (path, whole) = (path(target), path_and_query(target));
        for rule in self.fitting(method, (path, &whole)) {
            let is_meant = rule.when.as_ref().is_none_or(|when| {
                message.is_some_and(|message| message.fits(when, &memory.lock().states))
            });
            let turn = is_meant.then(|| memory.turn(&self.list, rule)).flatten();
            if let Some((rule, times)) = turn {
                let asked = if rule.path.has_query { &whole } else { path };
                let taken = if rule.takes { rule.path.taken(asked) } else { PathTaken::default() };
                return Some(ChosenRule { plan: Arc::clone(&rule.plan), taken, times });
            }
        }
        None
    }
}

impl AskedMessage {
    fn fits(&self, when: &Filter, states: &BTreeMap<String, String>) -> bool {
        if when.reads().data && !self.has_body {
            return false;
        }
        let (conn, data) = (self.conn.id, self.data.clone());
        let record = Record::new(clock::now(), conn, Direction::Received, RecordKind::Data, data);
        let (exchange, state) = (Some(&self.exchange), Some(states));
        let facts = RecordFacts { exchange, state, ..RecordFacts::of(&record) };
        when.about(conn, Some(&self.conn)).matches(&facts)
    }
}

impl RuleMemory {
    fn lock(&self) -> MutexGuard<'_, Remembered> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The rule of a group whose turn it is, and how often it answered with this time; `None` = all of them did as
    /// often as they shall.
    fn turn<'a>(&self, list: &'a [AskedRule], first: &AskedRule) -> Option<(&'a AskedRule, u64)> {
        let group = || first.group.iter().filter_map(|at| list.get(*at));
        let cycles = group().any(|rule| rule.plan.terms.cycle);
        let end = group().next_back().map(|rule| rule.key);
        let most = |rule: &AskedRule| {
            let is_stepped_over = Some(rule.key) != end || cycles;
            rule.plan.terms.times.or(is_stepped_over.then_some(1)).map(u64::from)
        };
        let mut memory = self.lock();
        let answered = |memory: &Remembered, rule: &AskedRule| {
            memory.answered.get(&rule.key).copied().unwrap_or_default()
        };
        let is_next = |memory: &Remembered, rule: &&AskedRule| {
            most(rule).is_none_or(|most| answered(memory, rule).in_turn < most)
        };
        let mut next = group().find(|rule| is_next(&memory, rule));
        if next.is_none() && cycles {
            for rule in group() {
                if let Some(answered) = memory.answered.get_mut(&rule.key) {
                    answered.in_turn = 0;
                }
            }
            next = group().next();
        }
        let rule = next?;
        let answered = memory.answered.entry(rule.key).or_default();
        answered.in_turn += 1;
        answered.times += 1;
        Some((rule, answered.times))
    }

    /// Other rules are in force: what the others remembered goes where there is too much of it.
    pub(crate) fn changed(&self, rules: &AskedRules) {
        let mut memory = self.lock();
        if memory.answered.len() > REMEMBERED {
            let known: HashSet<RuleKey> = rules.list.iter().map(|rule| rule.key).collect();
            memory.answered.retain(|key, _| known.contains(key));
        }
    }

    /// What is set, by name.
    pub(crate) fn states(&self) -> BTreeMap<String, String> {
        self.lock().states.clone()
    }

    /// Sets something; tells whether that is news.
    ///
    /// # Errors
    /// It cannot be kept, in words.
    pub(crate) fn set(&self, name: &str, value: &str) -> Result<bool, String> {
        let mut memory = self.lock();
        let (names, bytes) = STATES;
        if value.len() > bytes {
            let length = counted(value.len() as u64, "byte");
            return Err(format!("{name} was not set: {length}, and 64 KiB are kept of a value"));
        }
        if memory.states.len() >= names && !memory.states.contains_key(name) {
            return Err(format!("{name} was not set: {names} names are kept"));
        }
        let before = memory.states.insert(name.to_owned(), value.to_owned());
        Ok(before.is_none_or(|before| before != value))
    }
}

/// The path of a request target, without scheme, host and query.
fn path(target: &str) -> &str {
    let url = UrlText::literal(target);
    match (url.scheme, url.path) {
        // `*` and what is no URL stand whole.
        ("", _) => url.place,
        (_, "") => "/",
        (_, path) => path,
    }
}

/// Path and query of a request target.
fn path_and_query(target: &str) -> Cow<'_, str> {
    let url = UrlText::literal(target);
    match url.query {
        None => path(target).into(),
        Some(_) if url.scheme.is_empty() && url.fragment.is_none() => target.into(),
        Some(query) => format!("{}?{query}", path(target)).into(),
    }
}

#[cfg(test)]
mod asked_rules_tests;
