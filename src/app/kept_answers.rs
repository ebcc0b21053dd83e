//! Which answers are kept of what is on screen, and where. The one owner of that; flows change it.

use std::path::PathBuf;

use jiff::civil::DateTime;

use super::action::Action;
use super::compare_rows::ComparedAnswer;
use super::drafts::DraftId;
use super::focus::Pane;
use crate::interop::kept_answer;
use crate::model::id::SessionId;
use crate::model::timing::Stamp;

/// What is known of kept answers.
#[derive(Debug, Default)]
pub struct KeptAnswers {
    /// Folder of all of them; `None` = none are kept.
    pub(super) folder: Option<PathBuf>,
    /// Whose answers are listed.
    pub(super) key: String,
    /// When they were, by the wall clock, the oldest first.
    pub(super) found: Vec<Stamp>,
    /// The list of these is asked for, to go to the next newer one (or older) then.
    pub(super) going: Option<(String, bool)>,
    /// Asked for before it was known whose answers there are.
    pub(super) early: Option<EarlyWish>,
    /// Over before that was known: what they were answered is not kept yet.
    pub(super) unkept: Vec<SessionId>,
    /// The answer that is being read, and the draft it is for.
    pub(super) opening: Option<(PathBuf, Stamp, DraftId)>,
    /// The entry of the history whose answer is looked for, and the draft it was opened in.
    pub(super) of_entry: Option<(Stamp, DraftId)>,
    /// What is looked for to be compared.
    pub(super) comparing: Option<Comparing>,
}

/// What a key asks of the kept answers.
#[derive(Debug, Clone, Copy)]
pub(super) enum EarlyWish {
    /// To the next newer one, or older.
    Go { newer: bool },
    /// The answer in this pane is compared, or marked.
    Compare(Action, Pane),
}

/// Answers that are looked for to be compared.
#[derive(Debug)]
pub(super) enum Comparing {
    /// That of an entry of the history.
    Entry(SoughtEntry),
    /// The one before an answer that is there.
    Before(Box<ComparedWithBefore>),
}

/// The answer of an entry of the history, to do something with it.
#[derive(Debug)]
pub(super) struct SoughtEntry {
    pub(super) at: Stamp,
    /// What was sent, in words.
    pub(super) title: String,
    pub(super) then: Action,
    /// Where it lies, once that is known, and under which key.
    pub(super) found: Option<(PathBuf, String)>,
}

/// An answer that waits for the one before it.
#[derive(Debug)]
pub(super) struct ComparedWithBefore {
    pub(super) answer: ComparedAnswer,
    /// When it was, as [`super::sessions::Session::entry`].
    pub(super) at: Stamp,
    /// An answer of this run that was before it.
    pub(super) here: Option<ComparedAnswer>,
    /// When that one was.
    pub(super) here_at: Stamp,
    /// Whose answers are asked for.
    pub(super) key: String,
    /// The draft they are of, if it is still there.
    pub(super) draft: Option<DraftId>,
    /// The file that is read, and when that answer was; `None` = the list is asked for.
    pub(super) reading: Option<(PathBuf, Stamp)>,
}

impl KeptAnswers {
    /// None are known; they lie in this folder.
    pub(super) fn new(folder: Option<PathBuf>) -> Self {
        KeptAnswers { folder, ..KeptAnswers::default() }
    }

    /// Whether answers are kept at all.
    pub(super) fn is_on(&self) -> bool {
        self.folder.is_some()
    }

    /// The file of an answer.
    pub(super) fn file(&self, key: &str, at: Stamp) -> Option<PathBuf> {
        Some(kept_answer::file(self.folder.as_ref()?, key, at))
    }

    /// Which of how many an answer is, from 1.
    pub(crate) fn position(&self, at: Stamp) -> Option<(usize, usize)> {
        let place = self.found.iter().position(|known| *known == at)?;
        Some((place + 1, self.found.len()))
    }

    /// The answer after that of `at`, or before; without one the newest is the one before.
    pub(super) fn neighbour(&self, at: Option<Stamp>, newer: bool) -> Option<Stamp> {
        match (at, newer) {
            (Some(at), true) => self.found.iter().copied().find(|known| *known > at),
            (Some(at), false) => before(&self.found, at),
            (None, true) => None,
            (None, false) => self.found.last().copied(),
        }
    }
}

/// The newest of these, the oldest first, that was before.
pub(super) fn before(found: &[Stamp], at: Stamp) -> Option<Stamp> {
    found.iter().copied().rfind(|known| *known < at)
}

/// `14:02`, `14:02 yesterday`, `14:02 on Nov 26`, with the year when it is another one.
pub(crate) fn when(then: DateTime, now: DateTime) -> String {
    let yesterday = now.date().yesterday().ok();
    let form = if then.date() == now.date() {
        "%H:%M"
    } else if Some(then.date()) == yesterday {
        "%H:%M yesterday"
    } else if then.year() == now.year() {
        "%H:%M on %b %-d"
    } else {
        "%H:%M on %b %-d, %Y"
    };
    then.strftime(form).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_told_as_people_do() {
        let now: DateTime = "2026-03-01T10:00:00".parse().unwrap();
        for (then, told) in [
            ("2026-03-01T09:05:00", "09:05"),
            ("2026-02-28T23:59:00", "23:59 yesterday"),
            ("2026-02-03T07:00:00", "07:00 on Feb 3"),
            ("2025-12-31T07:00:00", "07:00 on Dec 31, 2025"),
        ] {
            assert_eq!(when(then.parse().unwrap(), now), told);
        }
    }

    #[test]
    fn the_next_one_is_found_from_any_moment() {
        let kept = KeptAnswers { found: [3, 5, 9].map(Stamp).to_vec(), ..KeptAnswers::default() };
        let at = |at: u64, newer| kept.neighbour(Some(Stamp(at)), newer).map(|at| at.0);
        assert_eq!((at(5, false), at(5, true), at(3, false)), (Some(3), Some(9), None));
        assert_eq!((at(7, false), at(9, true)), (Some(5), None), "7 is not kept");
        assert_eq!(kept.neighbour(None, false), Some(Stamp(9)));
        assert_eq!(kept.position(Stamp(5)), Some((2, 3)));
        assert_eq!(kept.position(Stamp(6)), None);
    }
}
