//! What the lane of the history does unasked: it puts what was written into the indices, and what was answered
//! into the history, a piece at a time.
//!
//! It begins a moment after the list was asked for first, so nobody waits for it at the start, and pauses
//! between two pieces, so that other instances get their turn. What it was not told to hide it does not begin with.

use std::collections::{HashSet, VecDeque};
use std::time::{Duration, Instant};

use crate::model::failure::{Failure, FailureKind};
use crate::model::secrets::Secrets;
use crate::model::timing::Stamp;
use crate::store::answers::Answers;
use crate::store::history::History;

/// From a reason to look to the first piece.
const SETTLE: Duration = Duration::from_millis(300);
/// Pause between two pieces.
const PAUSE: Duration = Duration::from_millis(15);
/// From a piece that failed to the next try.
const AGAIN: Duration = Duration::from_secs(5);
/// Answers of which is asked in a piece whether they are searched already.
const LOOKED_AT: usize = 500;
/// Answers that wait; further ones are found when all are listed again.
const WAITING: usize = 20_000;

/// What is still to be put into the indices.
#[derive(Default)]
pub(super) struct Searched {
    /// When the next piece is due; `None` = there is nothing to do.
    pub(super) due: Option<Instant>,
    /// Answers to look at, and under which keys they are kept.
    answers: VecDeque<(String, Stamp)>,
    /// What nobody shall find.
    hidden: Secrets,
    /// Which answers are to be listed.
    unlisted: Unlisted,
    /// Row of the history whose followers' answers are to be looked for when another program wrote, and the newest one
    /// when that was done last: an answer may be kept a moment after its entry.
    since: i64,
    newest: i64,
}

/// Which of the answers that are kept are to be listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Unlisted {
    #[default]
    None,
    /// Those of entries that came meanwhile.
    New,
    All,
}

impl Searched {
    /// The list was asked for: all answers are looked at.
    pub(super) fn look_at_all(&mut self, hidden: &Secrets) {
        self.hidden = hidden.clone();
        self.unlisted = Unlisted::All;
        self.soon();
    }

    /// Another program wrote: answers of entries that are new are looked at.
    pub(super) fn look_at_new(&mut self) {
        if self.unlisted == Unlisted::None {
            self.unlisted = Unlisted::New;
        }
        self.soon();
    }

    /// Something was written.
    pub(super) fn soon(&mut self) {
        self.due.get_or_insert_with(|| Instant::now() + SETTLE);
    }

    /// These answers are kept under a key; those that are new are looked at.
    pub(super) fn look_at(&mut self, key: &str, found: &[Stamp], hidden: &Secrets) {
        self.hidden = hidden.clone();
        let room = WAITING.saturating_sub(self.answers.len());
        self.answers.extend(found.iter().rev().take(room).map(|at| (key.to_owned(), *at)));
        self.soon();
    }

    /// One piece, if it is due; whether more is found now.
    pub(super) fn turn(&mut self, history: &mut History, answers: &mut Answers) -> bool {
        if self.due.take_if(|due| *due <= Instant::now()).is_none() {
            return false;
        }
        match self.piece(history, answers) {
            Ok(done) => {
                if done != IndexPiece::Last {
                    self.due = Some(Instant::now() + PAUSE);
                }
                done == IndexPiece::Answer
            }
            Err(failure) => {
                // What is not in an index is found all the same, only later.
                tracing::warn!("the history's index: {failure}");
                let is_busy = failure.kind == FailureKind::Busy;
                self.due = is_busy.then(|| Instant::now() + AGAIN);
                false
            }
        }
    }

    fn piece(
        &mut self,
        history: &mut History,
        answers: &mut Answers,
    ) -> Result<IndexPiece, Failure> {
        history.forget_words(&answers.take_removed())?;
        let unlisted = std::mem::take(&mut self.unlisted);
        if unlisted != Unlisted::None {
            self.list(history, answers, unlisted)?;
            return Ok(IndexPiece::More);
        }
        for _ in 0..LOOKED_AT {
            let Some((key, at)) = self.answers.front() else { break };
            let is_wanted = history.wants_words(*at)?;
            // One that cannot be read now lies elsewhere by now, or is looked at another time.
            let read = is_wanted.then(|| answers.words(key, *at, &self.hidden).ok()).flatten();
            if let Some(words) = &read {
                history.keep_words(*at, words.as_deref())?;
            }
            self.answers.pop_front();
            if read.is_some() {
                return Ok(IndexPiece::Answer);
            }
        }
        let is_more = history.index_some()? || !self.answers.is_empty();
        Ok(if is_more { IndexPiece::More } else { IndexPiece::Last })
    }

    /// What is kept and not searched yet is to be looked at; once all is, what is kept no longer is not searched.
    fn list(
        &mut self,
        history: &mut History,
        answers: &Answers,
        unlisted: Unlisted,
    ) -> Result<(), Failure> {
        let is_all = unlisted == Unlisted::All;
        let (wanted, newest) = history.unworded(if is_all { 0 } else { self.since })?;
        // After a damaged database rows are counted anew.
        let is_anew = newest < self.newest;
        (self.since, self.newest) = (if is_anew { 0 } else { self.newest }, newest);
        if wanted.is_empty() && !is_all {
            return Ok(());
        }
        let all = answers.all()?;
        if is_all {
            let kept: HashSet<Stamp> = all.iter().map(|(_, at)| *at).collect();
            let mut gone = history.worded()?;
            gone.retain(|at| !kept.contains(at));
            history.forget_words(&gone)?;
        }
        let new = all.into_iter().filter(|(_, at)| wanted.contains(at));
        self.answers = new.take(WAITING).collect();
        Ok(())
    }
}

/// What a piece did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum IndexPiece {
    More,
    /// An answer is searched now.
    Answer,
    Last,
}
