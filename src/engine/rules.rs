//! Automatic answers of TCP and UDP listeners: the first rule that matches answers.
//!
//! Pure: bytes in, bytes out. The listeners call [`Rules::answer`] on every read and datagram and
//! do the waiting and sending.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use memchr::memmem;
use regex::bytes::Regex;

use crate::model::failure::{Failure, FailureKind, Stage};
use crate::model::plan::{AnswerPart, RulePlan, WhenPlan};

/// Rules ready to be asked, in order.
#[derive(Debug, Default)]
pub(crate) struct Rules(Vec<CompiledRule>);

#[derive(Debug)]
struct CompiledRule {
    when: CompiledWhen,
    send: Vec<AnswerPart>,
    delay: Duration,
    id: u32,
    hits: AtomicU64,
}

/// How often a rule answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RuleHits {
    /// Which rule (`RulePlan::id`).
    pub(crate) rule: u32,
    /// In all since the listener was started.
    pub(crate) hits: u64,
}

/// Which messages are meant.
#[derive(Debug)]
pub(crate) enum CompiledWhen {
    Never,
    Always,
    Contains(Box<memmem::Finder<'static>>),
    Equals(Bytes),
    StartsWith(Bytes),
    Matches(Regex),
}

/// What to send back, and how long to wait before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) data: Bytes,
    pub(crate) delay: Duration,
    pub(crate) by: RuleHits,
}

impl Rules {
    /// The same in place of others, whose hits go on where a rule is the same one.
    pub(crate) fn following(self, before: &Rules) -> Self {
        for rule in &self.0 {
            let known = before.0.iter().find(|known| known.id == rule.id);
            let hits = known.map_or(0, |known| known.hits.load(Ordering::Relaxed));
            rule.hits.store(hits, Ordering::Relaxed);
        }
        self
    }

    /// Prepares rules; fails on a regular expression that is none.
    pub(crate) fn new(plans: Vec<RulePlan>) -> Result<Self, Failure> {
        plans.into_iter().map(CompiledRule::new).collect::<Result<_, _>>().map(Rules)
    }

    /// Whether nothing is ever answered.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The answer of the first rule that matches, which may be empty (a deliberate silence).
    pub(crate) fn answer(&self, message: &Bytes) -> Option<Answer> {
        self.0.iter().find_map(|rule| {
            let matched = rule.when.matched(message)?;
            let hits = rule.hits.fetch_add(1, Ordering::Relaxed) + 1;
            let by = RuleHits { rule: rule.id, hits };
            Some(Answer { data: compose(&rule.send, message, &matched), delay: rule.delay, by })
        })
    }
}

impl CompiledRule {
    fn new(plan: RulePlan) -> Result<Self, Failure> {
        let id = plan.id;
        let when = CompiledWhen::compiled(plan.when)?;
        let hits = AtomicU64::new(0);
        Ok(CompiledRule { when, send: plan.send, delay: plan.delay, id, hits })
    }
}

impl CompiledWhen {
    fn compiled(when: WhenPlan) -> Result<Self, Failure> {
        Ok(match when {
            WhenPlan::Always => CompiledWhen::Always,
            WhenPlan::Contains(needle) => {
                CompiledWhen::Contains(Box::new(memmem::Finder::new(&needle).into_owned()))
            }
            WhenPlan::Equals(whole) => CompiledWhen::Equals(whole),
            WhenPlan::StartsWith(start) => CompiledWhen::StartsWith(start),
            WhenPlan::Matches(source) => {
                CompiledWhen::Matches(Regex::new(&source).map_err(|error| {
                    Failure::new(
                        Stage::ComposeListener,
                        &source,
                        FailureKind::Usage,
                        error.to_string(),
                    )
                })?)
            }
        })
    }

    /// One whose expression was checked when the plan was made; a wrong one fits nothing.
    pub(crate) fn new(when: WhenPlan) -> Self {
        CompiledWhen::compiled(when).unwrap_or(CompiledWhen::Never)
    }

    /// Whether a message is meant.
    pub(crate) fn fits(&self, message: &Bytes) -> bool {
        self.matched(message).is_some()
    }

    /// The part that matched, if any did.
    fn matched(&self, message: &Bytes) -> Option<Bytes> {
        match self {
            CompiledWhen::Never => None,
            CompiledWhen::Always => Some(message.clone()),
            CompiledWhen::Contains(finder) => {
                let start = finder.find(message)?;
                Some(message.slice(start..start + finder.needle().len()))
            }
            CompiledWhen::Equals(whole) => (without_line_ending(message) == whole.as_ref()
                || message == whole)
                .then(|| whole.clone()),
            CompiledWhen::StartsWith(start) => message.starts_with(start).then(|| start.clone()),
            CompiledWhen::Matches(regex) => {
                regex.find(message).map(|found| message.slice(found.start()..found.end()))
            }
        }
    }
}

fn without_line_ending(message: &[u8]) -> &[u8] {
    let message = message.strip_suffix(b"\n").unwrap_or(message);
    message.strip_suffix(b"\r").unwrap_or(message)
}

fn compose(parts: &[AnswerPart], message: &Bytes, matched: &Bytes) -> Bytes {
    let part = |part: &AnswerPart| match part {
        AnswerPart::Literal(bytes) => bytes.clone(),
        AnswerPart::Message => message.clone(),
        AnswerPart::Match => matched.clone(),
    };
    if let [only] = parts {
        return part(only);
    }
    let mut data = BytesMut::new();
    for each in parts {
        data.extend_from_slice(&part(each));
    }
    data.freeze()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(list: Vec<(WhenPlan, Vec<AnswerPart>)>) -> Rules {
        let plans = list
            .into_iter()
            .map(|(when, send)| RulePlan { id: 0, when, send, delay: Duration::ZERO })
            .collect();
        Rules::new(plans).unwrap()
    }

    fn literal(text: &'static str) -> Vec<AnswerPart> {
        vec![AnswerPart::Literal(Bytes::from_static(text.as_bytes()))]
    }

    fn answer(rules: &Rules, message: &'static [u8]) -> Option<Bytes> {
        rules.answer(&Bytes::from_static(message)).map(|answer| answer.data)
    }

    #[test]
    fn the_first_rule_that_matches_answers() {
        let rules = rules(vec![
            (WhenPlan::Contains(Bytes::from_static(b"PING")), literal("PONG")),
            (WhenPlan::StartsWith(Bytes::from_static(b"HELO ")), literal("250 ok")),
            (WhenPlan::Equals(Bytes::from_static(b"QUIT")), literal("bye")),
        ]);
        assert_eq!(answer(&rules, b"xxPINGxx").unwrap(), "PONG");
        assert_eq!(answer(&rules, b"HELO PING").unwrap(), "PONG");
        assert_eq!(answer(&rules, b"HELO me").unwrap(), "250 ok");
        assert_eq!(answer(&rules, b"QUIT\r\n").unwrap(), "bye");
        assert_eq!(answer(&rules, b"QUIT").unwrap(), "bye");
        assert_eq!(answer(&rules, b"QUIT now"), None);
        assert_eq!(answer(&rules, b""), None);
    }

    #[test]
    fn an_echo_is_always_and_message() {
        let rules = rules(vec![(WhenPlan::Always, vec![AnswerPart::Message])]);
        assert_eq!(answer(&rules, b"\x00\xff").unwrap(), &b"\x00\xff"[..]);
        assert_eq!(answer(&rules, b"").unwrap(), "");
    }

    #[test]
    fn message_and_match_stand_where_they_are_written() {
        let send = vec![
            AnswerPart::Literal(Bytes::from_static(b"<")),
            AnswerPart::Match,
            AnswerPart::Literal(Bytes::from_static(b"|")),
            AnswerPart::Message,
            AnswerPart::Literal(Bytes::from_static(b">")),
        ];
        let rules = rules(vec![(WhenPlan::Matches(r"(?-u)t=\d+".into()), send)]);
        assert_eq!(answer(&rules, b"a t=21 \xff").unwrap(), &b"<t=21|a t=21 \xff>"[..]);
        assert_eq!(answer(&rules, b"t="), None);
    }

    #[test]
    fn a_bad_expression_is_a_failure_that_names_it() {
        let plan = RulePlan {
            id: 0,
            when: WhenPlan::Matches("(".into()),
            send: Vec::new(),
            delay: Duration::ZERO,
        };
        let failure = Rules::new(vec![plan]).unwrap_err();
        assert_eq!((failure.stage, failure.target.as_str()), (Stage::ComposeListener, "("));
    }

    #[test]
    fn answers_are_counted_by_their_rule_however_it_is_edited_and_moved() {
        let plan = |id, when| RulePlan { id, when, send: Vec::new(), delay: Duration::ZERO };
        let ping = |id| plan(id, WhenPlan::Contains(Bytes::from_static(b"PING")));
        let hit = |rules: &Rules, data: &'static [u8]| {
            let by = rules.answer(&Bytes::from_static(data)).unwrap().by;
            (by.rule, by.hits)
        };
        let rules = Rules::new(vec![ping(1), plan(2, WhenPlan::Always)]).unwrap();
        assert_eq!(hit(&rules, b"x"), (2, 1));
        assert_eq!(hit(&rules, b"PING"), (1, 1));
        let moved = vec![plan(2, WhenPlan::Always), ping(1)];
        let changed = Rules::new(moved).unwrap().following(&rules);
        assert_eq!(hit(&changed, b"PING"), (2, 2));
        // The other one is a copy, and the first is edited.
        let edited = plan(1, WhenPlan::Contains(Bytes::from_static(b"PONG")));
        let back = Rules::new(vec![edited, ping(3)]).unwrap().following(&changed);
        assert_eq!((hit(&back, b"PING"), hit(&back, b"PONG")), ((3, 1), (1, 2)));
    }
}
