//! Which rule of a listener is which of those that run.
//!
//! A rule keeps the tag it got when it went live, through edits and moves; a copy has none until it
//! goes live itself. Rules that come without tags (a file that was read again) are known by what they
//! say.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::http::HttpRule;
use crate::model::listener::Rule;
use crate::model::rule_tag::RuleTag;
use crate::model::shared_spec::SharedSpec;
use crate::model::spec::Spec;

/// What runs of a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LiveRule {
    /// Which one it is; 0 = it never went live.
    pub(crate) tag: u32,
    /// Its place among those that went live last; `None` = it is none of them.
    pub(crate) place: Option<usize>,
    /// It says what the one there says.
    pub(crate) is_same: bool,
}

trait Tagged: PartialEq {
    fn tag(&self) -> RuleTag;
}

impl Tagged for HttpRule {
    fn tag(&self) -> RuleTag {
        self.tag
    }
}

impl Tagged for Rule {
    fn tag(&self) -> RuleTag {
        self.tag
    }
}

/// What runs of each rule of `now`, where `sent` went live last.
pub(crate) fn live(now: &Spec, sent: Option<&Spec>) -> Vec<LiveRule> {
    let of_http = now.as_http_listener().map(|now| {
        let sent = sent.and_then(Spec::as_http_listener);
        matched(&now.rules, sent.map_or(&[][..], |sent| &sent.rules))
    });
    of_http.unwrap_or_else(|| {
        let sent = sent.and_then(Spec::answer_rules);
        matched(now.answer_rules().unwrap_or_default(), sent.unwrap_or_default())
    })
}

/// How many rules it has.
pub(crate) fn count(spec: &Spec) -> usize {
    let of_http = spec.as_http_listener().map_or(0, |spec| spec.rules.len());
    of_http + spec.answer_rules().map_or(0, <[Rule]>::len)
}

fn matched<T: Tagged>(now: &[T], sent: &[T]) -> Vec<LiveRule> {
    let mut left: BTreeMap<u32, usize> =
        sent.iter().enumerate().map(|(at, rule)| (rule.tag().0, at)).collect();
    let mut take = |rule: &T| left.remove(&rule.tag().0).filter(|_| rule.tag().0 != 0);
    let mut places: Vec<Option<usize>> = now.iter().map(&mut take).collect();
    for (place, rule) in places.iter_mut().zip(now).filter(|(place, _)| place.is_none()) {
        let same = left.values().copied().filter(|at| sent.get(*at) == Some(rule)).min();
        left.retain(|_, at| Some(*at) != same);
        *place = same;
    }
    let live = |(rule, place): (&T, Option<usize>)| {
        let there = place.and_then(|place| sent.get(place));
        let tag = there.map_or(rule.tag(), T::tag).0;
        LiveRule { tag, place, is_same: there == Some(rule) }
    };
    now.iter().zip(places).map(live).collect()
}

/// Gives every rule a tag of its own, the same to those that run; `given` is how many there were.
pub(crate) fn give(spec: &mut SharedSpec, sent: Option<&Spec>, given: &mut u32) {
    let live = live(spec, sent);
    *given = live.iter().map(|rule| rule.tag).fold(*given, u32::max);
    let mut used: BTreeSet<u32> =
        live.iter().filter(|rule| rule.place.is_some()).map(|rule| rule.tag).collect();
    let mut tag = |rule: &LiveRule| {
        let is_known = rule.tag != 0 && (rule.place.is_some() || used.insert(rule.tag));
        if is_known {
            return rule.tag;
        }
        *given = given.saturating_add(1);
        *given
    };
    let tags: Vec<u32> = live.iter().map(&mut tag).collect();
    // Writing copies what is shared with others.
    if !tags.is_empty() && own_tags(spec) != tags {
        for (tag, new) in spec.rule_tags_mut().into_iter().zip(tags) {
            tag.0 = new;
        }
    }
}

fn own_tags(spec: &Spec) -> Vec<u32> {
    let of_http = spec.as_http_listener().map_or(&[][..], |spec| &spec.rules);
    let others = spec.answer_rules().unwrap_or_default();
    of_http.iter().map(|rule| rule.tag.0).chain(others.iter().map(|rule| rule.tag.0)).collect()
}

/// A rule is a copy: another one than that it was made of.
pub(crate) fn forget(spec: &mut Spec, at: usize) {
    if let Some(tag) = spec.rule_tags_mut().into_iter().nth(at) {
        *tag = RuleTag::default();
    }
}
