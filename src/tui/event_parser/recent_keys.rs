//! Keys that may have been the start of a sequence after all: the Escape whose time had run out when
//! the rest came over a slow line, at once or byte by byte.
//!
//! Used by `event_parser`. What may be such a rest is held, at most [`HELD_LIMIT`] bytes and a second
//! behind each: what nobody types becomes the sequence, anything else the keys it is, none of them
//! lost. So a `[` within a second of a lone Escape acts when the next key or that second has shown
//! that a hand typed it; behind Escape, `[` and `A` as three keys within a second each are an arrow.

use std::time::Duration;

use tokio::time::Instant;

use crate::tui::sequence::{ESC, PASTE_START, Step, step};

/// How long an unfinished sequence is waited for, and how late the rest of one may come whose
/// start was already taken for a key.
pub(super) const SEQUENCE_WAIT: Duration = Duration::from_secs(1);
/// More is held of nothing.
const HELD_LIMIT: usize = 64;

/// What bytes are behind keys that may be the start of a sequence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tail {
    /// The rest of the sequence, or so much of it that no hand typed it.
    Sequence,
    /// That, or keys: what comes within a second tells.
    Unsure,
    Keys,
}

/// The last thing that happened: keys that may be the start of a sequence after all.
#[derive(Debug, Default)]
pub(super) struct RecentKeys {
    bytes: Vec<u8>,
    /// So many at the end are no keys yet: they came one at a time, and are it in a second.
    held: usize,
    /// They came as keys of their own: a hand may have typed them.
    is_split: bool,
    at: Option<Instant>,
}

impl RecentKeys {
    /// These bytes were taken for a key just now.
    pub(super) fn taken(bytes: Vec<u8>, now: Instant) -> Self {
        RecentKeys { bytes, held: 0, is_split: false, at: Some(now) }
    }

    /// Whether what comes now may be the rest of it.
    pub(super) fn is_fresh(&self, now: Instant) -> bool {
        self.held > 0 || self.at.is_some_and(|at| now < at + SEQUENCE_WAIT)
    }

    /// What is no key yet.
    pub(super) fn held(&self) -> &[u8] {
        self.bytes.split_at(self.bytes.len() - self.held).1
    }

    /// All of it, which is the start of a sequence.
    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// These bytes too are no keys yet.
    pub(super) fn holding(mut self, bytes: &[u8]) -> Self {
        self.bytes.extend_from_slice(bytes);
        RecentKeys { held: self.held + bytes.len(), ..self }
    }

    /// What these bytes are. A hand types one at a time, and never what a paste begins with.
    pub(super) fn tail(&self, bytes: &[u8]) -> Tail {
        let joined = [&self.bytes, bytes].concat();
        let is_key = bytes.len() == 1 || !bytes.is_ascii();
        let [_, introducer, rest @ ..] = joined.as_slice() else { return Tail::Keys };
        if joined.starts_with(PASTE_START) {
            return Tail::Sequence;
        }
        if is_key && (self.is_split || joined.len() > HELD_LIMIT) {
            return Tail::Keys;
        }
        let tail = match introducer {
            b'[' => control_sequence(rest, &step(&joined)),
            b'O' => single_shift(rest, &step(&joined)),
            b']' => operating_system_command(rest),
            b'P' => device_control(rest),
            b'_' | b'^' => message(rest),
            _ => Tail::Keys,
        };
        let is_open = matches!(step(&joined), Step::Incomplete);
        let is_numbered = rest.first().is_some_and(|first| (b'0'..=b'?').contains(first));
        match introducer {
            _ if is_key || bytes.starts_with(&[ESC]) => tail,
            b'[' if is_open => Tail::Sequence,
            b']' | b'P' if is_numbered => Tail::Sequence,
            b'P' | b'X' | b'^' | b'_' if !is_open => Tail::Sequence,
            _ => tail,
        }
    }

    /// These bytes are keys; the start of a paste may still be cut between them.
    pub(super) fn with(mut self, bytes: &[u8], now: Instant) -> Self {
        self.bytes.extend_from_slice(bytes);
        if !PASTE_START.starts_with(&self.bytes) {
            return RecentKeys::default();
        }
        RecentKeys { held: 0, is_split: true, at: Some(now), ..self }
    }
}

/// `rest` follows `ESC [`: a key or a report of the terminal, or what only looks like one (`[1]`).
fn control_sequence(rest: &[u8], step: &Step) -> Tail {
    const ENDS: &[u8] = b"~^@cnRtuxywSMm";
    let last = rest.iter().find(|byte| !(0x20..=0x3f).contains(*byte));
    match (step, rest) {
        (Step::Incomplete, _) => Tail::Unsure,
        (Step::PasteStarts(_) | Step::Took(_, Some(_)), _) => Tail::Sequence,
        // Keys we have no word for, and answers: xterm, "Functions using CSI".
        (Step::Took(_, None), [b'0'..=b'?', ..]) if last.is_some_and(|it| ENDS.contains(it)) => {
            Tail::Sequence
        }
        (Step::Took(..), _) => Tail::Keys,
    }
}

/// `rest` follows `ESC O`.
fn single_shift(rest: &[u8], step: &Step) -> Tail {
    match (step, rest) {
        (Step::Incomplete, _) => Tail::Unsure,
        (Step::Took(_, Some(_)), [0x20..=0x7e, ..]) => Tail::Sequence,
        _ => Tail::Keys,
    }
}

/// `rest` follows `ESC ]`: a number comes first (xterm, "Operating System Commands").
fn operating_system_command(rest: &[u8]) -> Tail {
    const BEL: u8 = 0x07;
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    match rest.split_at(digits).1 {
        [] | [ESC] => Tail::Unsure,
        [b';' | BEL, ..] | [ESC, b'\\', ..] if digits > 0 => Tail::Sequence,
        _ => Tail::Keys,
    }
}

/// `rest` follows `ESC P`: answers are `1$r`, `1+r`, `>|`, `!|` and their like (xterm, "Device-Control
/// functions").
fn device_control(rest: &[u8]) -> Tail {
    let numbers = rest.iter().take_while(|byte| (b'0'..=b'?').contains(byte)).count();
    match rest.split_at(numbers).1 {
        [] | [b'!'] => Tail::Unsure,
        [b'!', b'|' | b'u', ..] => Tail::Sequence,
        [b'$' | b'+' | b'|', ..] if numbers > 0 => Tail::Sequence,
        _ => Tail::Keys,
    }
}

/// `rest` follows `ESC _` or `ESC ^`. kitty's answers about pictures are `_Gi=1;OK`; any other text
/// tells only by its end that nobody typed it.
fn message(rest: &[u8]) -> Tail {
    let text = rest.iter().take_while(|byte| (0x20..=0x7e).contains(*byte)).count();
    match (rest, rest.split_at(text).1) {
        ([b'G', key, b'=', ..], _) if key.is_ascii_alphabetic() => Tail::Sequence,
        (_, [ESC, b'\\', ..]) => Tail::Sequence,
        (_, [] | [ESC]) => Tail::Unsure,
        _ => Tail::Keys,
    }
}
