//! The lane of the history: the only one that waits for the database.
//!
//! Bodies have megabytes and a database may be locked for minutes, so those on their way to it have
//! a budget. An entry beyond it goes without its bodies, which its row remembers; none is lost.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::followed;
use super::known_workspace::KnownWorkspace;
use super::lane::{ReplySender, Waker, Work, not_ours, noting};
use super::searched::Searched;
use crate::model::failure::Failure;
use crate::model::preset::PresetPath;
use crate::model::timing::Stamp;
use crate::store::answers::Answers;
use crate::store::history::History;
use crate::store::job::{AnswersTask, HISTORY_BODY, Job, Reply};
use crate::store::paths::Paths;
use crate::store::watch::FolderWatch;
use crate::store::workspace::Watched;

/// Bytes of bodies that wait to be written, at most.
const WAITING: u64 = 32 * 1024 * 1024;
/// From somebody's writing to looking who it was.
const SETTLE: Duration = Duration::from_millis(200);
/// From one look to the next where nothing can be watched.
const AGAIN: Duration = Duration::from_secs(5);

/// Counts the bodies on their way; clones count together.
#[derive(Clone, Default)]
pub(super) struct HistoryBudget(Arc<AtomicU64>);

impl HistoryBudget {
    /// Takes the bodies out of an entry that are too long, or too many at the moment.
    pub(super) fn admit(&self, job: &mut Job) {
        let Job::AppendHistory(entry) = job else { return };
        let bytes = entry.spec.payload_bytes();
        if bytes > HISTORY_BODY || self.0.load(Ordering::Acquire) + bytes > WAITING {
            entry.left_out += entry.spec.leave_payloads_out();
        }
        self.0.fetch_add(entry.spec.payload_bytes(), Ordering::AcqRel);
    }

    fn release(&self, bytes: u64) {
        self.0.fetch_sub(bytes, Ordering::AcqRel);
    }
}

/// What the lane owns: the open database.
pub(super) struct HistoryWork {
    history: History,
    answers: Answers,
    /// Whose presets are meant.
    known: Arc<KnownWorkspace>,
    /// The answers of a key as they were told last.
    told: Option<(String, Vec<Stamp>)>,
    budget: HistoryBudget,
    waker: Option<Waker>,
    /// Somebody wrote to the database: we, or another program.
    changed: Arc<AtomicBool>,
    /// Once the list was asked for.
    watch: Option<FolderWatch>,
    /// When to look whether it was another program.
    look: Option<Instant>,
    /// What is put into the indices meanwhile.
    searched: Searched,
    /// Something is looked for in the list that is shown.
    is_searching: bool,
}

impl HistoryWork {
    /// Opens nothing yet.
    pub(super) fn new(paths: &Paths, budget: HistoryBudget, known: Arc<KnownWorkspace>) -> Self {
        HistoryWork {
            history: History::new(paths.history()),
            answers: Answers::new(paths.answers()),
            known,
            told: None,
            budget,
            waker: None,
            changed: Arc::default(),
            watch: None,
            look: None,
            searched: Searched::default(),
            is_searching: false,
        }
    }

    /// Notices from now on what other programs write.
    fn watch(&mut self) {
        let mut watch = FolderWatch::start(noting(&self.changed, self.waker.as_ref()));
        for file in self.history.files() {
            watch.add(Watched::Name(&file));
        }
        if let Some((key, _)) = &self.told {
            let folder = self.answers.folder_of(key);
            watch.add(Watched::Name(&folder));
            watch.add(Watched::Folder(&folder));
        }
        if watch.is_blind() {
            self.look = Some(Instant::now() + AGAIN);
        }
        self.watch = Some(watch);
    }

    /// Tells the application when another program wrote.
    fn look_for_others(&mut self, outbox: &ReplySender) {
        if self.changed.swap(false, Ordering::AcqRel) {
            let settled = Instant::now() + SETTLE;
            self.look = Some(self.look.map_or(settled, |look| look.min(settled)));
        }
        if self.look.take_if(|look| *look <= Instant::now()).is_some() {
            let is_watching = self.watch.as_ref().is_some_and(|watch| !watch.is_blind());
            if !is_watching || !self.history.is_open() {
                // Its folder may be there now, and what a watch needs.
                self.watch();
            }
            if self.history.is_changed_by_others() {
                outbox.send(Reply::HistoryChanged);
                self.searched.look_at_new();
            }
            self.tell_answers(outbox);
        }
    }

    /// Tells the answers of the key that was asked for last, if there are others by now.
    fn tell_answers(&mut self, outbox: &ReplySender) {
        let Some((key, told)) = &mut self.told else { return };
        // What cannot be read is said to who asks for it.
        let Ok(found) = self.answers.perform(key, AnswersTask::List) else { return };
        if found != *told {
            told.clone_from(&found);
            outbox.send(Reply::Answers { key: key.clone(), found });
        }
    }

    /// Does what is asked with the answers of a key, which are those to be told of from now on.
    fn answers(&mut self, key: String, task: AnswersTask) -> Result<Reply, Failure> {
        let is_looked_at = matches!(task, AnswersTask::List | AnswersTask::Tidy { .. });
        let hidden = match &task {
            AnswersTask::Tidy { hidden, .. } => Some(hidden.clone()),
            _ => None,
        };
        let found = self.answers.perform(&key, task)?;
        if let Some(hidden) = hidden {
            self.searched.look_at(&key, &found, &hidden);
        }
        if !is_looked_at {
            return Ok(Reply::Answers { key, found });
        }
        if self.told.as_ref().is_none_or(|(told, _)| *told != key) && self.watch.take().is_some() {
            // A new one watches this key.
            self.look = Some(Instant::now());
        }
        self.told = Some((key.clone(), found.clone()));
        Ok(Reply::Answers { key, found })
    }

    fn reply(&mut self, job: Job) -> Result<Reply, Failure> {
        let history = &mut self.history;
        history.use_workspace(&self.known.root());
        match job {
            Job::AppendHistory(entry) => history.append(*entry).map(|()| Reply::HistoryAppended),
            Job::FinishHistory { at, outcome } => {
                history.finish(at, outcome).map(|()| Reply::HistoryAppended)
            }
            Job::QueryHistory(question) => {
                self.is_searching = !question.text.trim().is_empty();
                let (entries, total) = history.query(&question)?;
                Ok(Reply::History { text: question.text, entries, total })
            }
            Job::ReadHistory(name) => Ok(Reply::HistoryRead { name, spec: history.read(name)? }),
            Job::MoveHistory { from, to } => {
                history.move_presets(&from, &to).map(|()| Reply::HistoryChanged)
            }
            Job::FollowPresets => {
                let is_known = |path: &PresetPath| self.known.stored(path).is_some();
                let lost = history.lost_presets(is_known)?;
                let found = self.known.look(|workspace| followed::renamed(workspace, lost));
                Ok(Reply::PresetsFollowed(found.unwrap_or_default()))
            }
            Job::PinHistory { name, is_pinned } => {
                history.pin(name, is_pinned).map(|()| Reply::HistoryChanged)
            }
            Job::ForgetHistory(name) => {
                self.answers.forget(name.map(|name| name.at))?;
                Ok(Reply::HistoryForgotten { count: history.forget(name)? })
            }
            Job::Answers { key, task } => self.answers(key, task),
            Job::FindAnswer { at } => Ok(Reply::AnswerFound { at, key: self.answers.find(at)? }),
            other => Err(not_ours(&other)),
        }
    }

    fn count_released(&mut self) {
        self.budget.release(std::mem::take(&mut self.history.released));
    }
}

impl Work for HistoryWork {
    fn begin(&mut self, waker: Waker) {
        self.waker = Some(waker);
    }

    fn perform(&mut self, job: Job, outbox: &ReplySender) -> Result<(), Failure> {
        match &job {
            Job::QueryHistory(question) if self.watch.is_none() => {
                // Not now: at the start there is more urgent work.
                self.look.get_or_insert_with(|| Instant::now() + SETTLE);
                self.searched.look_at_all(&question.hidden);
            }
            Job::AppendHistory(_) | Job::FinishHistory { .. } => self.searched.soon(),
            _ => {}
        }
        let done = self.reply(job).map(|reply| outbox.send(reply));
        self.count_released();
        if let Some(failure) = self.history.notice.take() {
            outbox.send(Reply::SetAside(failure));
        }
        done
    }

    fn turn(&mut self, outbox: &ReplySender) {
        self.look_for_others(outbox);
        let has_more = self.searched.turn(&mut self.history, &mut self.answers);
        if has_more && self.is_searching {
            outbox.send(Reply::HistoryChanged);
        }
        if self.history.retry.is_some_and(|retry| retry <= Instant::now()) {
            // A failure was told when it was tried first; the list shows what is held all the time.
            if self.history.write_held().is_ok() {
                outbox.send(Reply::HistoryAppended);
            }
            self.count_released();
        }
    }

    fn due(&self) -> Option<Instant> {
        self.history.retry.into_iter().chain(self.look).chain(self.searched.due).min()
    }

    fn stopped(&mut self) {
        // To end a watch takes the system ten milliseconds, which what is left to do can take as well.
        self.watch = None;
        self.look = None;
        self.searched = Searched::default();
    }

    fn end(&mut self) {
        if self.history.retry.is_some()
            && let Err(failure) = self.history.write_held()
        {
            tracing::error!("the end of the history is not written: {failure}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::http::{HttpBody, HttpSpec};
    use crate::model::session_outcome::SessionOutcome;
    use crate::model::spec::Spec;
    use crate::model::timing::Stamp;
    use crate::store::job::HistoryEntry;

    fn sent(bytes: u64) -> Job {
        let body = HttpBody::Text("x".repeat(bytes as usize));
        let spec = Spec::Http(HttpSpec { body, ..HttpSpec::default() });
        let (summary, outcome) = ("POST".into(), SessionOutcome::Unknown);
        let entry =
            HistoryEntry { at: Stamp(1), summary, outcome, spec, preset: None, left_out: 0 };
        Job::AppendHistory(Box::new(entry))
    }

    #[test]
    fn bodies_beyond_the_budget_are_left_out_and_counted() {
        let budget = HistoryBudget::default();
        let left_out = |budget: &HistoryBudget, bytes| {
            let mut job = sent(bytes);
            budget.admit(&mut job);
            let Job::AppendHistory(entry) = job else { panic!("another job") };
            entry.left_out
        };
        assert_eq!(left_out(&budget, HISTORY_BODY + 1), HISTORY_BODY + 1);
        for _ in 0..WAITING / HISTORY_BODY {
            assert_eq!(left_out(&budget, HISTORY_BODY), 0);
        }
        assert_eq!(left_out(&budget, 5000), 5000);
        assert_eq!(left_out(&budget, 0), 0, "there is always room for what has no body");
        budget.release(HISTORY_BODY);
        assert_eq!(left_out(&budget, 5000), 0);
    }
}
