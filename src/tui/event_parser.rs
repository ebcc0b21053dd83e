//! Bytes of the terminal to what the application takes in: this file keeps what is incomplete, its
//! leaf `sequence` knows what is complete, and nothing else reads them. What the application has no
//! word for (key releases, other mouse buttons, media keys, the focus) is dropped.
//!
//! Fed by `event_reader` with whatever one read returned. A sequence may be cut anywhere; what is
//! incomplete waits in `pending` until its end comes, however late and long (its middle is dropped),
//! so no part of a sequence ever becomes a typed key; of one whose Escape was already taken for the
//! key, `recent_keys` holds the rest. What has waited in vain makes way for a key
//! alone: a read that is one key and nothing else, and follows a pause. A paste is bounded, and one
//! that never ends is ended:
//!
//! ```text
//! Keys ──ESC[200~──► Paste ──ESC[201~, a moment──► Keys
//!                    │   ▲          └──a further ESC[201~: the text held the first──► Paste
//!                    └───┴─silence, Ctrl+C alone──► dead ──ESC[201~, a key alone──► Keys
//! ```
//!
//! No event type of crossterm's is used either: it would be made only to be taken apart, and a paste
//! that was cut has none. Tried in a pseudo terminal, its `EventStream` (0.29.0) fails
//! these of `event_parser_tests`:
//! - `an_arrow_cut_behind_its_escape_is_still_the_arrow`: it is Esc, `[` and `D`
//! - `a_tail_that_comes_late_is_still_its_sequence`: the text of a paste whose mark was cut is typed
//! - `a_paste_over_the_limit_is_cut_and_says_so`: it is kept, however long
//! - `a_paste_that_never_ends_is_ended_by_silence`: the read blocks the whole loop
//! - `a_paste_that_never_ends_is_ended_by_ctrl_c`
//! - `colours_the_terminal_tells_are_no_text`: OSC 11 is typed, mode 2031 swallows the keys behind it
//! - `answers_and_unknown_sequences_never_become_keys`
//! - `modified_enter_comes_in_three_spellings`: xterm's is lost
//!
//! And from a terminal that was hung up it reads for ever, without waiting.

use std::time::Duration;

use tokio::time::Instant;

use super::sequence::{ESC, PASTE_START, Parsed, Step, eight_bits, one_key, pressed, step};
use crate::app::message::Input;
use crate::model::key::{Key, KeyCode};

mod recent_keys;

use recent_keys::{RecentKeys, SEQUENCE_WAIT, Tail};

/// Longest paste handed on; more than anybody types, less than hurts.
pub(super) const PASTE_LIMIT: usize = 4 * 1024 * 1024;
/// A longer sequence is none we know: its middle is dropped, its end still waited for.
const SEQUENCE_LIMIT: usize = 4096;
/// More than this within a moment behind the end of a paste was typed by nobody.
const TYPED_LIMIT: usize = 64 * 1024;
/// How long an Escape, which is the start of every sequence, waits for the rest, and how long a paste
/// waits for a sign that its end mark was a part of its text.
const MOMENT: Duration = Duration::from_millis(50);
/// Before a key alone there is a pause: less than between two repeats of a key, more than between
/// two pieces of a paste.
const KEY_PAUSE: Duration = Duration::from_millis(20);
/// An open paste of which nothing comes for so long has lost its end.
const PASTE_WAIT: Duration = Duration::from_secs(2);

const PASTE_END: &[u8] = b"\x1b[201~";

/// Holds what is incomplete between reads.
#[derive(Debug, Default)]
pub(super) struct EventParser {
    pending: Vec<u8>,
    /// What is pending has waited long enough; only its end or a key alone ends it.
    is_stale: bool,
    inside: ParserState,
    deadline: Option<Instant>,
    recent: RecentKeys,
    last_read: Option<Instant>,
}

/// What the next bytes are part of.
#[derive(Debug, Default)]
enum ParserState {
    #[default]
    Keys,
    Paste(Paste),
}

#[derive(Debug, Default)]
struct Paste {
    bytes: Vec<u8>,
    cut: usize,
    /// It was ended before its end mark came: what still comes is dropped.
    is_dead: bool,
    /// When its end mark came, if that was the last thing of it.
    ended: Option<Instant>,
}

impl EventParser {
    /// Takes what one read returned and appends what it means.
    pub(super) fn feed(&mut self, bytes: &[u8], now: Instant, out: &mut Vec<Parsed>) {
        let is_after_pause = self.last_read.is_none_or(|at| at + KEY_PAUSE <= now);
        self.last_read = Some(now);
        let alone = one_key(bytes).filter(|_| is_after_pause);
        let recent = std::mem::take(&mut self.recent);
        if let Some(key) = &alone {
            self.make_way(bytes, key, out);
            if self.is_paste_dying(key) {
                return self.end_paste(out);
            }
        }
        if matches!(self.inside, ParserState::Keys)
            && self.pending.is_empty()
            && recent.is_fresh(now)
        {
            match recent.tail(bytes) {
                Tail::Sequence => self.pending = recent.into_bytes(),
                Tail::Unsure => {
                    self.recent = recent.holding(bytes);
                    self.deadline = Some(now + SEQUENCE_WAIT);
                    return;
                }
                Tail::Keys => {
                    self.pending = recent.held().to_vec();
                    self.recent = recent.with(bytes, now);
                }
            }
        }
        self.pending.extend_from_slice(bytes);
        self.is_stale = false;
        self.take_pending(now, out);
        let is_whole = bytes.ends_with(&self.pending);
        self.deadline = self.wait(is_whole, now);
    }

    /// When the incomplete rest will have waited long enough; `None` when nothing is incomplete.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    /// The deadline has passed: a lone Escape was the key, Escape and one character were Alt and a
    /// key, a paste has lost its end or has really ended, the end of anything else may still come.
    pub(super) fn expire(&mut self, now: Instant, out: &mut Vec<Parsed>) {
        self.deadline = None;
        match &self.inside {
            ParserState::Keys => {
                let recent = std::mem::take(&mut self.recent);
                if !recent.held().is_empty() {
                    self.pending = recent.held().to_vec();
                    self.recent = recent.with(&[], now);
                    self.take_pending(now, out);
                    self.deadline = self.wait(true, now);
                    return;
                }
            }
            ParserState::Paste(paste) if paste.ended.is_some() => {
                self.hand_paste_on(out);
                self.take_pending(now, out);
                self.deadline = self.wait(true, now);
                return;
            }
            ParserState::Paste(_) => return self.end_paste(out),
        }
        let key = match self.pending.as_slice() {
            [ESC] => Key::new(KeyCode::Esc),
            [ESC, byte] if byte.is_ascii() => Key { alt: true, ..Key::char(char::from(*byte)) },
            [] => return,
            // A character that was cut as well.
            _ => {
                self.is_stale = true;
                return;
            }
        };
        out.push(pressed(key));
        let bytes = std::mem::take(&mut self.pending);
        self.recent = RecentKeys::taken(bytes, now);
    }

    fn wait(&self, is_whole: bool, now: Instant) -> Option<Instant> {
        let wait = match (&self.inside, self.pending.as_slice()) {
            (ParserState::Paste(Paste { ended: Some(at), .. }), _) => return Some(*at + MOMENT),
            (ParserState::Paste(Paste { is_dead: true, .. }), _) | (ParserState::Keys, []) => {
                return None;
            }
            (ParserState::Paste(_), _) => PASTE_WAIT,
            (ParserState::Keys, [ESC]) => MOMENT,
            // A key sends both at once; what came in two pieces was cut by the line.
            (ParserState::Keys, [ESC, _]) if is_whole => MOMENT,
            (ParserState::Keys, _) => SEQUENCE_WAIT,
        };
        Some(now + wait)
    }

    /// A key alone is no part of what waited in vain; Ctrl+C is none of an open string either.
    fn make_way(&mut self, bytes: &[u8], key: &Input, out: &mut Vec<Parsed>) {
        match &self.inside {
            ParserState::Paste(Paste { is_dead: true, ended: None, .. }) => {
                self.pending.clear();
                self.hand_paste_on(out);
            }
            ParserState::Keys if self.is_stale || self.pending.len() > 2 && is_ctrl_c(key) => {
                // No hand has typed what a paste begins with.
                let joined = [&self.pending, bytes].concat();
                if !joined.starts_with(PASTE_START) && !PASTE_START.starts_with(&joined) {
                    self.pending.clear();
                }
            }
            ParserState::Keys | ParserState::Paste(_) => {}
        }
    }

    fn is_paste_dying(&self, key: &Input) -> bool {
        matches!(&self.inside, ParserState::Paste(paste) if paste.ended.is_none()) && is_ctrl_c(key)
    }

    /// Takes from the front of what is pending whatever is complete.
    fn take_pending(&mut self, now: Instant, out: &mut Vec<Parsed>) {
        let mut pending = std::mem::take(&mut self.pending);
        let mut at = 0;
        while let Some(rest @ [_, ..]) = pending.get(at..) {
            let is_text = matches!(self.inside, ParserState::Paste(_));
            if let Some((len, introducer)) = eight_bits(rest).filter(|_| !is_text) {
                pending.splice(at..at + len, [ESC, introducer]);
            } else if let Some(taken) = self.take_one(rest, now, out) {
                at += taken;
            } else {
                break;
            }
        }
        pending.drain(..at);
        if matches!(self.inside, ParserState::Keys) && pending.len() > SEQUENCE_LIMIT {
            // Its last byte may be the start of its end; `>` makes it one that means nothing.
            let kept = usize::from(pending.last() == Some(&ESC));
            pending.splice(2..pending.len() - kept, [b'>']);
        }
        self.pending = pending;
    }

    /// Takes the next thing from the front; `None` when it is incomplete.
    fn take_one(&mut self, rest: &[u8], now: Instant, out: &mut Vec<Parsed>) -> Option<usize> {
        if let ParserState::Paste(paste) = &mut self.inside {
            if paste.ended.is_none() {
                return paste.take(rest, now);
            }
            let taken = paste.go_on(rest, now);
            if taken == Some(0) {
                self.hand_paste_on(out);
            }
            return taken;
        }
        match step(rest) {
            Step::Took(taken, parsed) => {
                out.extend(parsed);
                Some(taken)
            }
            Step::PasteStarts(taken) => {
                self.inside = ParserState::Paste(Paste::default());
                Some(taken)
            }
            Step::Incomplete => None,
        }
    }

    /// Ends an open paste whose end mark has not come.
    fn end_paste(&mut self, out: &mut Vec<Parsed>) {
        self.hand_paste_on(out);
        out.push(Parsed::PasteUnfinished);
        self.inside = ParserState::Paste(Paste { is_dead: true, ..Paste::default() });
        self.deadline = None;
    }

    fn hand_paste_on(&mut self, out: &mut Vec<Parsed>) {
        if let ParserState::Paste(paste) = std::mem::take(&mut self.inside)
            && !paste.is_dead
        {
            paste.hand_on(out);
        }
    }
}

impl Paste {
    /// Takes what is of the paste; not what may be the start of its end mark.
    fn take(&mut self, rest: &[u8], now: Instant) -> Option<usize> {
        let end = memchr::memmem::find(rest, PASTE_END);
        let is_held = |held: &usize| PASTE_END.get(..*held).is_some_and(|s| rest.ends_with(s));
        let held = (1..PASTE_END.len()).rev().find(is_held).unwrap_or(0);
        let length = end.unwrap_or(rest.len() - held);
        self.keep(rest.split_at(length).0);
        if end.is_some() {
            self.ended = Some(now);
            return Some(length + PASTE_END.len());
        }
        (length > 0).then_some(length)
    }

    /// Behind the end mark: a further one shows that the first was in the text, put there to have
    /// the rest of it typed. `Some(0)` when the next paste begins instead.
    fn go_on(&mut self, rest: &[u8], now: Instant) -> Option<usize> {
        let start = memchr::memmem::find(rest, PASTE_START);
        let end = memchr::memmem::find(rest, PASTE_END);
        if let Some(end) = end.filter(|end| start.is_none_or(|start| *end < start)) {
            self.keep(PASTE_END);
            self.keep(rest.split_at(end).0);
            self.ended = Some(now);
            return Some(end + PASTE_END.len());
        }
        if start.is_none() && rest.len() > TYPED_LIMIT {
            self.keep(PASTE_END);
            self.ended = None;
            return self.take(rest, now);
        }
        start.map(|_| 0)
    }

    fn keep(&mut self, bytes: &[u8]) {
        if self.is_dead {
            return;
        }
        let room = PASTE_LIMIT.saturating_sub(self.bytes.len()).min(bytes.len());
        self.bytes.extend_from_slice(bytes.split_at(room).0);
        self.cut += bytes.len() - room;
    }

    /// Most terminals send a line's end as CR, which is LF then. One that sends LF too changes
    /// nothing, so a CR from it was copied.
    fn hand_on(self, out: &mut Vec<Parsed>) {
        let mut text = String::from_utf8_lossy(&self.bytes).into_owned();
        if !text.contains('\n') {
            text = text.replace('\r', "\n");
        }
        out.push(Parsed::Input(Input::Paste(text)));
        if self.cut > 0 {
            out.push(Parsed::PasteCut(self.cut));
        }
    }
}

fn is_ctrl_c(input: &Input) -> bool {
    *input == Input::Key(Key { ctrl: true, ..Key::char('c') })
}

#[cfg(test)]
mod event_parser_tests;
