//! New answers beside old ones: whether they are the same, and where they begin to differ.

use super::run::{ReplayRun, RunningTalk};
use super::talk::ReplayAnswers;
use crate::codec::compare;
use crate::model::counts::{count, counted};

/// `Date: Sun, 29 Nov 2026 12:00:00 GMT` of an answer: it differs whatever the server does.
const DATE: &[u8] = b"\ndate: ";
const DATE_LEN: usize = 29;

/// What came of one conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplayVerdict {
    /// Messages that were sent, and all there were.
    pub sent: (usize, usize),
    pub bytes: u64,
    /// Bytes of answers, then and now.
    pub lens: [u64; 2],
    /// Where they differ first; of datagrams in which, from 1.
    pub first: Option<ReplayPlace>,
    /// Nothing differs but the date of answers, and what the file masks of them.
    pub is_equal: bool,
    /// Secrets in the answers of then are masked in the file, so that nobody knows whether they differ.
    pub is_masked: bool,
    /// Nothing differs at all.
    pub is_same: bool,
    /// Why not all was said.
    pub failed: Option<String>,
    /// How its connection ended, if that was a failure.
    pub ended: Option<String>,
    /// Waits for an answer that came then and did not come now.
    pub in_vain: u32,
}

/// A place in answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReplayPlace {
    pub datagram: Option<usize>,
    pub offset: u64,
}

impl ReplayPlace {
    /// `byte 12 (0xc)`, `datagram 3, byte 0 (0x0)`.
    #[must_use]
    pub fn words(self) -> String {
        let byte = format!("byte {} (0x{:x})", count(self.offset), self.offset);
        match self.datagram {
            Some(number) => format!("datagram {number}, {byte}"),
            None => byte,
        }
    }
}

impl ReplayVerdict {
    /// Whether everything was said.
    #[must_use]
    pub fn is_sent(&self) -> bool {
        self.failed.is_none()
    }

    /// What there is to say, in a line.
    #[must_use]
    pub fn words(&self) -> String {
        let (sent, all) = self.sent;
        let said = format!("{} of {} sent", count(sent as u64), counted(all as u64, "message"));
        let [old, new] = self.lens;
        let answers = match self.first {
            _ if !self.is_sent() && new == 0 => String::new(),
            _ if self.lens == [0, 0] => "no answer, as then".to_owned(),
            None => format!("the same answer ({})", counted(new, "byte")),
            Some(_) if self.is_equal && self.is_masked => format!(
                "the same answer but for its date and what the file masks ({})",
                counted(new, "byte")
            ),
            Some(_) if self.is_equal => {
                format!("the same answer but for its date ({})", counted(new, "byte"))
            }
            Some(place) => format!(
                "the answer differs from {} on ({}, now {}){}",
                place.words(),
                counted(old, "byte"),
                count(new),
                if self.is_masked { ", and the file masks some of it" } else { "" }
            ),
        };
        let told = |words: &Option<String>| words.clone().unwrap_or_default();
        let parts = [said, answers, told(&self.failed), told(&self.ended)];
        let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        parts.join("; ")
    }
}

impl ReplayRun {
    /// What came of each conversation, in their order.
    #[must_use]
    pub fn verdicts(&self) -> Vec<ReplayVerdict> {
        self.talks.iter().map(RunningTalk::verdict).collect()
    }

    /// What came of one conversation.
    #[must_use]
    pub fn verdict(&self, talk: usize) -> Option<ReplayVerdict> {
        self.talks.get(talk).map(RunningTalk::verdict)
    }

    /// Answers of one, then and now.
    #[must_use]
    pub fn answers(&self, talk: usize) -> Option<[&ReplayAnswers; 2]> {
        self.talks.get(talk).map(|it| [&it.talk.old, &it.new])
    }
}

impl RunningTalk {
    fn verdict(&self) -> ReplayVerdict {
        let is_datagrams = self.talk.is_datagrams();
        let answers = [&self.talk.old, &self.new];
        let lens = answers.map(|it| it.len);
        let first = if is_datagrams {
            first_of_datagrams(answers)
        } else {
            let [old, new] = answers.map(ReplayAnswers::joined);
            let at = compare::first_difference(&old, &new);
            // Of what was not kept nothing is known but how long it was.
            let past = (lens[0] != lens[1]).then(|| old.len().min(new.len()) as u64);
            at.or(past).map(|offset| ReplayPlace { datagram: None, offset })
        };
        let is_masked = self.talk.old.is_masked;
        let has_dates = self.talk.conn.capabilities().exchanges || self.talk.named.is_some();
        let is_equal = first.is_none()
            || has_dates && !is_datagrams && lens[0] == lens[1] && {
                let [old, new] = answers.map(|it| without_dates(it.joined()));
                old == new
            }
            || is_masked && !is_datagrams && {
                let [old, new] = answers.map(|it| without_dates(it.joined()));
                fits(&old, &new)
            };
        let all = self.talk.sends();
        let sent = if is_datagrams {
            (self.sent.messages as usize).min(all)
        } else {
            self.talk.sends_in(self.sent.bytes)
        };
        ReplayVerdict {
            sent: (sent, all),
            bytes: self.sent.bytes,
            lens,
            first,
            is_equal,
            is_masked,
            is_same: first.is_none(),
            failed: self.failed.clone(),
            ended: self.ended.clone(),
            in_vain: self.in_vain,
        }
    }
}

fn first_of_datagrams([old, new]: [&ReplayAnswers; 2]) -> Option<ReplayPlace> {
    let pairs = old.messages.iter().zip(&new.messages).enumerate();
    let found = pairs.filter_map(|(at, (old, new))| {
        let offset = compare::first_difference(old, new)?;
        Some(ReplayPlace { datagram: Some(at + 1), offset })
    });
    let counts = [old.messages.len(), new.messages.len()];
    let more = ReplayPlace { datagram: Some(counts[0].min(counts[1]) + 1), offset: 0 };
    found.take(1).next().or((counts[0] != counts[1]).then_some(more))
}

/// Stars in a row that stand for what is masked.
const STARS: &[u8] = b"***";

/// Whether bytes are these where these are not masked: a mask may stand for less or more than it is long.
fn fits(masked: &[u8], whole: &[u8]) -> bool {
    let (mut rest, mut parts) = (whole, Vec::new());
    let mut left = masked;
    while let Some(at) = memchr::memmem::find(left, STARS) {
        parts.push(&left[..at]);
        let stars = left[at..].iter().take_while(|byte| **byte == b'*').count();
        left = &left[at + stars..];
    }
    let Some((first, between)) = parts.split_first() else { return masked == whole };
    let Some(behind) = rest.strip_prefix(*first) else { return false };
    rest = behind;
    for part in between {
        let Some(at) = memchr::memmem::find(rest, part) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(left)
}

/// The same with the dates of heads blotted out.
fn without_dates(mut bytes: Vec<u8>) -> Vec<u8> {
    let lower = bytes.to_ascii_lowercase();
    for at in memchr::memmem::find_iter(&lower, DATE) {
        let from = at + DATE.len();
        let value = lower.get(from..from + DATE_LEN);
        if value.is_some_and(|value| value.ends_with(b" gmt")) {
            bytes[from..from + DATE_LEN].fill(b'-');
        }
    }
    bytes
}
