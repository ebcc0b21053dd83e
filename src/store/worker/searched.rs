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
    /// All answers are to be listed.
    is_unlisted: bool,
}

impl Searched {
    /// The list was asked for, or another program wrote: all answers are looked at.
    pub(super) fn look_at_all(&mut self, hidden: Option<&Secrets>) {
        if let Some(hidden) = hidden {
            self.hidden = hidden.clone();
        }
        self.is_unlisted = true;
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
        if std::mem::take(&mut self.is_unlisted) {
            self.list(history, answers)?;
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

    /// All that is kept is to be looked at, and what is kept no longer is not searched.
    fn list(&mut self, history: &mut History, answers: &Answers) -> Result<(), Failure> {
        let all = answers.all()?;
        let kept: HashSet<Stamp> = all.iter().map(|(_, at)| *at).collect();
        let mut gone = history.worded()?;
        gone.retain(|at| !kept.contains(at));
        history.forget_words(&gone)?;
        self.answers = all.into_iter().take(WAITING).collect();
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
