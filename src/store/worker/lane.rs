//! A thread that does jobs of one kind, one after the other, and waits for nobody else.
//!
//! What the jobs are is told by a [`Work`]. A job or turn that panics fails, and the next one is done:
//! nobody could save any more otherwise.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError as ReplyNotTaken;

use crate::model::failure::{Failure, FailureKind};
use crate::store::atomic::refusal;
use crate::store::job::{Job, JobKind, JobLabel, Reply};

/// Room for orders that are no jobs: a change of the workspace, another lane, the one to stop.
const WAKE_UPS: usize = 4;
/// Pause between two tries to hand over a reply that nobody takes.
const RETRY: Duration = Duration::from_millis(2);

/// What a lane does.
pub(super) trait Work: Send {
    /// Once, before the first job. The waker makes the lane take a [`Work::turn`].
    fn begin(&mut self, _waker: Waker) {}

    /// Does a job and sends its reply, or says why it was not done.
    fn perform(&mut self, job: Job, outbox: &ReplySender) -> Result<(), Failure>;

    /// After each job and wake-up, and when it is due: what has to be done unasked.
    fn turn(&mut self, _outbox: &ReplySender) {}

    /// When the store is stopped, before the jobs that are left: nobody is told of changes any more.
    fn stopped(&mut self) {}

    /// After the last job, when the store is stopped.
    fn end(&mut self) {}

    /// When to take the next turn although nobody asks.
    fn due(&self) -> Option<Instant> {
        None
    }
}

/// What the queue of a lane holds.
enum LaneOrder {
    Job(Box<Job>),
    /// Take a turn.
    Wake,
}

/// Makes a lane take a turn.
#[derive(Clone)]
pub(super) struct Waker(SyncSender<LaneOrder>);

impl Waker {
    /// Never waits: a full queue means that the lane is busy, and it takes a turn after every job.
    pub(super) fn wake(&self) {
        let _ = self.0.try_send(LaneOrder::Wake);
    }
}

/// What a watch calls: notes a change, and the first of many wakes the lane.
pub(super) fn noting(changed: &Arc<AtomicBool>, waker: Option<&Waker>) -> impl Fn() + use<> {
    let (changed, waker) = (Arc::clone(changed), waker.cloned());
    move || {
        if !changed.swap(true, Ordering::AcqRel)
            && let Some(waker) = &waker
        {
            waker.wake();
        }
    }
}

/// The way of replies to the application, and whether it still wants them.
#[derive(Clone)]
pub(super) struct ReplySender {
    replies: mpsc::Sender<Reply>,
    stopping: Arc<AtomicBool>,
}

impl ReplySender {
    /// One for all lanes.
    pub(super) fn new(replies: mpsc::Sender<Reply>) -> Self {
        ReplySender { replies, stopping: Arc::default() }
    }

    /// Nobody takes replies any more.
    pub(super) fn stop(&self) {
        self.stopping.store(true, Ordering::Release);
    }

    fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Acquire)
    }

    /// Hands a reply over. Waits while the application is busy, but not when it is leaving.
    pub(super) fn send(&self, mut reply: Reply) {
        while let Err(ReplyNotTaken::Full(back)) = self.replies.try_send(reply) {
            if self.is_stopping() {
                return;
            }
            reply = back;
            std::thread::park_timeout(RETRY);
        }
    }
}

/// A running thread, as those see it who give it jobs.
pub(super) struct Lane {
    pub(super) name: &'static str,
    orders: SyncSender<LaneOrder>,
    /// Closed when the thread has ended, also by a panic.
    ended: Mutex<Receiver<()>>,
}

impl Lane {
    /// Starts the thread. Where there can be none the queue is closed and every submit says so.
    pub(super) fn start(
        name: &'static str,
        room: usize,
        mut work: Box<dyn Work>,
        outbox: ReplySender,
    ) -> Lane {
        let (orders, queue) = sync_channel(room + WAKE_UPS);
        let (end, ended) = sync_channel(0);
        let waker = Waker(orders.clone());
        let run = move || {
            work.begin(waker);
            run(&mut *work, &queue, &outbox);
            // Its files and locks are free before anybody hears that it has ended.
            drop(work);
            drop(end);
        };
        let _ = std::thread::Builder::new().name(name.into()).spawn(run);
        Lane { name, orders, ended: Mutex::new(ended) }
    }

    /// Queues a job without waiting.
    pub(super) fn submit(&self, job: Job) -> Result<(), Failure> {
        let target = job.kind().name();
        self.orders.try_send(LaneOrder::Job(Box::new(job))).map_err(|error| match error {
            TrySendError::Full(_) => {
                let cause = "the disk is slow and too much is waiting for it";
                refusal(target, FailureKind::Busy, cause).hint("try again in a moment")
            }
            TrySendError::Disconnected(_) => {
                refusal(target, FailureKind::Internal, "the store has stopped")
            }
        })
    }

    /// Makes the lane look at what changed, or end.
    pub(super) fn wake(&self) {
        Waker(self.orders.clone()).wake();
    }

    /// Blocks until the thread has ended, until the deadline at most; tells whether it has.
    pub(super) fn has_ended(&self, deadline: Instant) -> bool {
        let ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
        let left = deadline.saturating_duration_since(Instant::now());
        ended.recv_timeout(left) == Err(RecvTimeoutError::Disconnected)
    }
}

/// Works until stopped; what is queued then is still done.
fn run(work: &mut dyn Work, queue: &Receiver<LaneOrder>, outbox: &ReplySender) {
    while !outbox.is_stopping() {
        let order = match work.due() {
            Some(due) => queue.recv_timeout(due.saturating_duration_since(Instant::now())),
            None => queue.recv().map_err(|_| RecvTimeoutError::Disconnected),
        };
        match order {
            Ok(LaneOrder::Job(job)) => perform(work, *job, outbox),
            Ok(LaneOrder::Wake) | Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => break,
        }
        all_the_same(JobKind::Unasked.into(), outbox, || {
            work.turn(outbox);
            Ok(())
        });
    }
    work.stopped();
    while let Ok(order) = queue.try_recv() {
        if let LaneOrder::Job(job) = order {
            perform(work, *job, outbox);
        }
    }
    work.end();
}

fn perform(work: &mut dyn Work, job: Job, outbox: &ReplySender) {
    all_the_same(job.label(), outbox, || work.perform(job, outbox));
}

/// Does something and tells when it was not done, also because it panicked.
fn all_the_same(job: JobLabel, outbox: &ReplySender, work: impl FnOnce() -> Result<(), Failure>) {
    let done = catch_unwind(AssertUnwindSafe(work));
    let done = done.unwrap_or_else(|_| {
        let cause = "internal error, it was not done";
        Err(refusal(job.kind.name(), FailureKind::Internal, cause)
            .hint("the rest goes on; please report this"))
    });
    if let Err(failure) = done {
        outbox.send(Reply::Failed { job, failure });
    }
}

/// A job that came to the wrong lane, which the table of lanes does not let happen.
pub(super) fn not_ours(job: &Job) -> Failure {
    refusal(job.kind().name(), FailureKind::Internal, "it was given to the wrong part of the store")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Panics at the first job.
    struct Panicking(usize);

    impl Work for Panicking {
        fn perform(&mut self, _job: Job, outbox: &ReplySender) -> Result<(), Failure> {
            self.0 += 1;
            assert!(self.0 > 1, "on purpose");
            outbox.send(Reply::RestoreSaved);
            Ok(())
        }
    }

    #[test]
    fn a_job_that_panics_is_told_and_the_next_is_done() {
        let (replies, mut answered) = mpsc::channel(4);
        let outbox = ReplySender::new(replies);
        let lane = Lane::start("test", 4, Box::new(Panicking(0)), outbox.clone());
        for _ in 0..2 {
            lane.submit(Job::LoadRestore).unwrap();
        }
        let Some(Reply::Failed { job, failure }) = answered.blocking_recv() else {
            panic!("no failure")
        };
        assert_eq!(job, Job::LoadRestore.label());
        assert!(failure.to_string().contains("internal error, it was not done"), "{failure}");
        assert_eq!(answered.blocking_recv(), Some(Reply::RestoreSaved));
        outbox.stop();
        lane.wake();
        assert!(lane.has_ended(Instant::now() + Duration::from_secs(20)));
    }
}
