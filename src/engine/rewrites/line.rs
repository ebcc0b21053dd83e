//! What rules make of one way of a byte stream. Pure.
//!
//! A match may lie across two reads. What came last and can be the beginning of one is kept back: until
//! more came, for [`KEPT_FOR`], and up to [`KEPT`]. Nothing else waits.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use memchr::memmem;
use regex::bytes::Regex;
use regex_automata::hybrid::LazyStateID;
use regex_automata::hybrid::dfa::{Cache, DFA};
use regex_automata::util::syntax;
use regex_automata::{Anchored, Input};

use super::{Rewrite, RewrittenBytes, replaced};

/// Bytes that are kept back at most; what is longer goes on, and a match of it may be missed.
pub(crate) const KEPT: usize = 4096;
/// How long they are; who waits for an answer to half a word gets it.
pub(crate) const KEPT_FOR: Duration = Duration::from_millis(50);

/// Something that is looked for.
#[derive(Debug)]
pub(crate) enum Search {
    Text(Box<memmem::Finder<'static>>),
    Regex {
        regex: Regex,
        /// Says whether bytes can go on to a match; `None` = that cannot be said of this expression.
        dfa: Option<Box<DFA>>,
    },
}

/// One way of one client.
#[derive(Debug, Default)]
pub(crate) struct RewriteLine {
    kept: BytesMut,
}

impl Search {
    /// For these very bytes.
    pub(super) fn text(needle: &[u8]) -> Self {
        Search::Text(Box::new(memmem::Finder::new(needle).into_owned()))
    }

    /// For an expression; `None` = it is none.
    pub(super) fn regex(source: &str) -> Option<Self> {
        let regex = Regex::new(source).ok()?;
        let dfa = DFA::builder()
            .configure(DFA::config().unicode_word_boundary(true))
            .syntax(syntax::Config::new().utf8(false))
            .build(source)
            .ok();
        Some(Search::Regex { regex, dfa: dfa.map(Box::new) })
    }

    /// Everything with all matches replaced, and how many there were; `None` = none.
    pub(super) fn replace(&self, data: &[u8], with: &[u8]) -> Option<(Vec<u8>, usize)> {
        let mut made = Vec::with_capacity(data.len());
        let (mut from, mut count) = (0, 0);
        match self {
            Search::Text(finder) => {
                for at in finder.find_iter(data) {
                    made.extend_from_slice(data.get(from..at)?);
                    made.extend_from_slice(with);
                    (from, count) = (at + finder.needle().len(), count + 1);
                }
            }
            Search::Regex { regex, .. } => {
                for found in regex.captures_iter(data) {
                    let whole = found.get(0)?;
                    made.extend_from_slice(data.get(from..whole.start())?);
                    found.expand(with, &mut made);
                    (from, count) = (whole.end(), count + 1);
                }
            }
        }
        made.extend_from_slice(data.get(from..)?);
        (count > 0).then_some((made, count))
    }

    /// Where the matches are.
    fn matches(&self, data: &[u8]) -> Vec<(usize, usize)> {
        match self {
            Search::Text(finder) => {
                finder.find_iter(data).map(|at| (at, at + finder.needle().len())).collect()
            }
            Search::Regex { regex, .. } => {
                regex.find_iter(data).map(|found| (found.start(), found.end())).collect()
            }
        }
    }

    /// From where on more bytes may change what matches; the end = they cannot.
    fn open_from(&self, data: &[u8]) -> usize {
        let matches = self.matches(data);
        match self {
            Search::Text(finder) => {
                let needle = finder.needle();
                let free = data.len() - matches.last().map_or(0, |(_, end)| *end);
                let longest = free.min(needle.len() - 1).min(KEPT);
                let is_begun = |len: &usize| data.ends_with(needle.split_at(*len).0);
                data.len() - (1..=longest).rev().find(is_begun).unwrap_or(0)
            }
            Search::Regex { dfa: None, .. } => data.len(),
            Search::Regex { dfa: Some(dfa), .. } => {
                let mut cache = dfa.create_cache();
                let first = data.len().saturating_sub(KEPT);
                let mut matches = matches.into_iter().filter(|(_, end)| *end > first).peekable();
                let mut at = first;
                while at < data.len() {
                    if goes_on(dfa, &mut cache, data, at).unwrap_or(false) {
                        return at;
                    }
                    // What is within a match begins none.
                    at = match matches.peek() {
                        Some((start, end)) if *start <= at => {
                            let end = *end;
                            matches.next();
                            end.max(at + 1)
                        }
                        _ => at + 1,
                    };
                }
                data.len()
            }
        }
    }
}

/// Whether what begins here can become a match, or a longer one, with more bytes. `None` = that cannot be
/// said.
fn goes_on(dfa: &DFA, cache: &mut Cache, data: &[u8], at: usize) -> Option<bool> {
    let input = Input::new(data).span(at..data.len()).anchored(Anchored::Yes);
    let mut state = dfa.start_state_forward(cache, &input).ok()?;
    for byte in data.get(at..)? {
        state = dfa.next_state(cache, state, *byte).ok()?;
        if state.is_dead() || state.is_quit() {
            return Some(false);
        }
    }
    // A match is told one byte late: only what lives on behind that one goes on.
    let classes: Vec<u8> = dfa
        .byte_classes()
        .representatives(0..=255)
        .filter_map(regex_automata::util::alphabet::Unit::as_u8)
        .collect();
    let lives = |state: LazyStateID| !state.is_dead() && !state.is_quit();
    for byte in &classes {
        let next = dfa.next_state(cache, state, *byte).ok()?;
        if !lives(next) {
            continue;
        }
        for behind in &classes {
            if lives(dfa.next_state(cache, next, *behind).ok()?) {
                return Some(true);
            }
        }
    }
    Some(false)
}

impl RewriteLine {
    /// Nothing is kept back.
    pub(crate) fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }

    /// What is kept back, with what came now: what rules are asked about.
    pub(crate) fn with(&self, data: &Bytes) -> Bytes {
        if self.kept.is_empty() {
            return data.clone();
        }
        [&self.kept[..], data].concat().into()
    }

    /// Takes what [`with`](Self::with) made of a read, and hands out what needs not be kept back by the
    /// rules that fit it; it may be nothing.
    pub(crate) fn push(&mut self, rules: &[&Rewrite], mut whole: Bytes) -> Option<RewrittenBytes> {
        self.kept = BytesMut::from(&whole.split_off(cut(rules, &whole))[..]);
        (!whole.is_empty()).then(|| replaced(rules, whole).0)
    }

    /// Hands out all that is kept back.
    pub(crate) fn take(&mut self) -> Bytes {
        self.kept.split().freeze()
    }
}

/// Where a read is parted: what is behind it may belong to a match whose end is not here yet.
fn cut(rules: &[&Rewrite], data: &[u8]) -> usize {
    let searches: Vec<&Search> =
        rules.iter().filter_map(|rule| rule.of_bytes()).map(|(search, _)| search).collect();
    let open = searches.iter().map(|search| search.open_from(data)).min();
    let mut cut = open.unwrap_or(data.len());
    // No match of another rule is taken apart.
    while cut < data.len() {
        let all = searches.iter().flat_map(|search| search.matches(data));
        let across = all.filter(|(start, end)| *start < cut && *end > cut);
        let Some(start) = across.map(|(start, _)| start).min() else { break };
        cut = start;
    }
    if data.len() - cut > KEPT { data.len() } else { cut }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;

    use super::*;
    use crate::engine::rewrites::Rewrites;
    use crate::model::rewrite::{RewriteEdit, RewriteNeedle, RewritePlan};

    fn rules(list: &[(RewriteNeedle, &str)]) -> Arc<Rewrites> {
        let plan = |(at, (what, with)): (usize, &(RewriteNeedle, &str))| RewritePlan {
            number: at + 1,
            of_client: true,
            of_server: true,
            when: None,
            edit: RewriteEdit::Replace {
                what: what.clone(),
                with: Bytes::copy_from_slice(with.as_bytes()),
            },
        };
        Rewrites::new(&list.iter().enumerate().map(plan).collect::<Vec<_>>())
    }

    fn text(needle: &str) -> RewriteNeedle {
        RewriteNeedle::Bytes(Bytes::copy_from_slice(needle.as_bytes()))
    }

    fn regex(source: &str) -> RewriteNeedle {
        RewriteNeedle::Regex(source.to_owned())
    }

    /// What goes on after each read, and at the end.
    fn passed(rewrites: &Rewrites, reads: &[&str]) -> Vec<String> {
        let rules: Vec<&Rewrite> = rewrites.of(true).collect();
        let (mut line, mut out) = (RewriteLine::default(), Vec::new());
        let shown = |bytes: Bytes| String::from_utf8(bytes.to_vec()).unwrap();
        for read in reads {
            let whole = line.with(&Bytes::copy_from_slice(read.as_bytes()));
            let made = line.push(&rules, whole);
            out.push(made.map_or_else(String::new, |made| shown(made.data)));
        }
        let rest = line.take();
        out.push(shown(replaced(&rules, rest).0.data));
        out
    }

    #[test]
    fn a_match_across_reads_is_found_and_nothing_else_waits() {
        let it = rules(&[(text("foobar"), "X")]);
        for (reads, expected) in [
            (&["a foobar b"][..], &["a X b", ""][..]),
            (&["a foo", "bar b"], &["a ", "X b", ""]),
            (&["f", "o", "o", "b", "a", "r"], &["", "", "", "", "", "X", ""]),
            (&["fof", "oobar"], &["fo", "X", ""]),
            (&["foo", "foobar"], &["", "fooX", ""]),
            (&["foob", "!"], &["", "foob!", ""]),
            (&["foob"], &["", "foob"]),
            (&["no", "thing"], &["no", "thing", ""]),
        ] {
            assert_eq!(passed(&it, reads), expected, "{reads:?}");
        }
    }

    #[test]
    fn an_expression_waits_only_for_what_can_go_on() {
        let it = rules(&[(regex(r"id=(\d+);"), "[$1]")]);
        for (reads, expected) in [
            (&["x id=12; y"][..], &["x [12] y", ""][..]),
            (&["x id=1", "2;y"], &["x ", "[12]y", ""]),
            (&["x i", "t"], &["x ", "it", ""]),
            (&["x id=1", "z"], &["x ", "id=1z", ""]),
        ] {
            assert_eq!(passed(&it, reads), expected, "{reads:?}");
        }
        // One that is whole but may be longer waits, one that may not does not.
        let it = rules(&[(regex(r"\d+"), "N")]);
        assert_eq!(passed(&it, &["a1", "2 b"]), ["a", "N b", ""]);
        assert_eq!(passed(&it, &["a12"]), ["a", "N"]);
        let it = rules(&[(regex(r"\d\d"), "N")]);
        assert_eq!(passed(&it, &["a12", "34"]), ["aN", "N", ""]);
        let it = rules(&[(regex(r"(?-u:\xff)."), "N")]);
        assert_eq!(passed(&it, &["ab"]), ["ab", ""]);
    }

    #[test]
    fn rules_follow_each_other_and_take_no_match_apart() {
        let it = rules(&[(text("ab"), "cd"), (text("cd"), "ef"), (text("bcxyz"), "!")]);
        assert_eq!(passed(&it, &["ab"]), ["", "ef"]);
        assert_eq!(passed(&it, &["1ab2"]), ["1ef2", ""]);
        // The beginning of the third lies in a match of the first.
        assert_eq!(passed(&it, &["abc", "d"]), ["", "efef", ""]);
    }

    #[test]
    fn what_is_kept_back_is_bounded() {
        let it = rules(&[(regex("(?s)a.*z"), "N")]);
        let long = format!("a{}", "x".repeat(KEPT));
        assert_eq!(passed(&it, &[&long, "z"]), [long.as_str(), "z", ""]);
        let short = format!("a{}", "x".repeat(KEPT - 2));
        assert_eq!(passed(&it, &[&short, "z"])[0], "");
    }

    proptest! {
        #![proptest_config(crate::property_tests::config())]

        /// However a stream comes in pieces, what goes on is what would in one.
        #[test]
        fn reads_part_no_match(data in "[abc]{0,40}", cuts in prop::collection::vec(0_usize..40, 0..6)) {
            for it in [
                rules(&[(text("abca"), "X")]),
                rules(&[(regex("ab+c"), "X")]),
                rules(&[(regex("(a|ab)(c|bcc)"), "<$1>")]),
            ] {
                let mut cuts: Vec<usize> = cuts.iter().map(|at| (*at).min(data.len())).collect();
                cuts.sort_unstable();
                let mut reads = Vec::new();
                let mut from = 0;
                for at in cuts.into_iter().chain([data.len()]) {
                    reads.push(data.get(from..at).unwrap());
                    from = at;
                }
                let all: Vec<&Rewrite> = it.of(true).collect();
                let whole = replaced(&all, Bytes::copy_from_slice(data.as_bytes())).0.data;
                prop_assert_eq!(passed(&it, &reads).concat().into_bytes(), whole.to_vec());
            }
        }
    }
}
