//! Bodies: every message is kept as it crossed the wire and as it reads decoded, and shown,
//! searched and saved through windows.
//!
//! Sessions fill bodies with a [`BodyWriter`]; the shell asks through the engine's handle. Nothing
//! here waits for a socket, and no question waits for a body: threads of the store do the work (disk,
//! view, searches, saves) and answer on the urgent channel. The oldest finished bodies are
//! released when the bounds below are passed; a window onto one of them says so.

mod answer_file;
mod compare;
mod derive;
mod hit_count;
mod index;
mod message;
mod save;
mod search;
mod spool;
mod table_rows;
mod thread;
mod usage;
mod view_queue;
mod viewer;
mod writer;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use tokio::sync::{Semaphore, mpsc};

use super::budget::Budget;
use super::event::Event;
use crate::model::failure::{Failure, FailureKind, Stage};
use crate::model::id::BodyId;
use crate::model::recipe::Derivation;
use crate::model::table_cell::CellQuery;
use crate::model::view::{CompareQuery, SearchQuery, ViewPart, ViewQuery};
use derive::Derivations;
use message::Body;
use search::Searches;
use thread::on_thread;
use usage::{Footprint, ReclaimGoal, Usage};
use view_queue::ViewQueue;
use writer::Disk;

pub(crate) use writer::BodyWriter;

/// Bodies kept, so that a flood of tiny messages is bounded too (about 500 bytes each).
const COUNT_BOUND: usize = 100_000;
/// Sixteenths of a bound at which bodies are let go of.
const LIMIT_BEFORE: usize = 15;
/// Saves running at once; each is a thread that writes one file.
const SAVES: usize = 4;

/// Keeps every body of the engine; clones speak to the same store.
#[derive(Debug, Clone)]
pub(crate) struct BodyStore(Arc<BodyTable>);

#[derive(Debug)]
struct BodyTable {
    bodies: Mutex<BTreeMap<BodyId, Arc<Body>>>,
    /// How many there are, for whoever asks whether a bound is near.
    count: AtomicUsize,
    next: AtomicU64,
    usage: Arc<Usage>,
    disk: Disk,
    views: Arc<ViewQueue>,
    searches: Arc<Searches>,
    derivations: Arc<Derivations>,
    /// Who looks for a cell of a table.
    cells: Arc<Derivations>,
    /// Counts comparisons: a change cancels the one that runs.
    comparisons: Arc<AtomicU64>,
    saves: Arc<Semaphore>,
    /// Who reads or writes a kept answer.
    answers: Arc<Mutex<()>>,
    urgent: mpsc::Sender<Event>,
}

impl BodyStore {
    /// Starts a store whose temporary files go to `folder` (`None` = the system's) and whose
    /// answers go to `urgent`.
    /// Its files come out of `budget`.
    pub(crate) fn start(
        folder: Option<PathBuf>,
        budget: Budget,
        urgent: mpsc::Sender<Event>,
    ) -> Self {
        BodyStore::with(Usage::new(folder, budget), urgent)
    }

    fn with(usage: Usage, urgent: mpsc::Sender<Event>) -> Self {
        let views = Arc::new(ViewQueue::default());
        viewer::start(Arc::clone(&views), urgent.clone());
        let table = Arc::new(BodyTable {
            bodies: Mutex::new(BTreeMap::new()),
            count: AtomicUsize::new(0),
            next: AtomicU64::new(1),
            usage: Arc::new(usage),
            disk: Disk::start(),
            views,
            searches: Arc::default(),
            derivations: Arc::default(),
            cells: Arc::default(),
            comparisons: Arc::default(),
            saves: Arc::new(Semaphore::new(SAVES)),
            answers: Arc::default(),
            urgent,
        });
        let reclaimer = Arc::downgrade(&table);
        table
            .usage
            .reclaimed_by(move |goal| reclaimer.upgrade().is_some_and(|table| table.reclaim(goal)));
        BodyStore(table)
    }

    /// Bytes that a body can have at most.
    pub(crate) fn max_len(&self) -> u64 {
        self.0.usage.max_len()
    }

    /// Makes room for a new message.
    pub(crate) fn create(&self) -> BodyWriter {
        let store = &*self.0;
        let id = BodyId(store.next.fetch_add(1, Ordering::Relaxed));
        let body = Arc::new(Body::new(id, Arc::clone(&store.usage), Arc::clone(&store.views)));
        let mut bodies = store.bodies.lock().unwrap_or_else(PoisonError::into_inner);
        bodies.insert(id, Arc::clone(&body));
        store.count.store(bodies.len(), Ordering::Relaxed);
        drop(bodies);
        store.reclaim(ReclaimGoal::Bounds);
        BodyWriter::new(body, store.disk.clone())
    }

    /// Keeps bytes as a whole body, from a thread that may block. What there is no room for is missing
    /// from it; of nothing there is none.
    pub(crate) fn keep(&self, bytes: &[u8]) -> BodyId {
        if bytes.is_empty() {
            return BodyId::default();
        }
        let writer = self.create();
        let _ = writer.take_blocking(ViewPart::Raw, bytes);
        writer.body_starts(0);
        writer.body_ends();
        writer.id()
    }

    fn get(&self, id: BodyId) -> Option<Arc<Body>> {
        self.0.bodies.lock().unwrap_or_else(PoisonError::into_inner).get(&id).cloned()
    }

    /// Asks for a window; answered by `Event::View`, and again while the body grows. Refused when
    /// too many wait.
    pub(crate) fn view(&self, query: ViewQuery) -> Result<(), Failure> {
        let body = self.get(query.body);
        self.0.views.ask(query, body)
    }

    /// Up to `count` bytes of a part; none where there are none (yet). May read from the disk.
    pub(crate) fn read(
        &self,
        body: BodyId,
        part: ViewPart,
        at: u64,
        count: usize,
    ) -> std::io::Result<Vec<u8>> {
        self.get(body).map_or(Ok(Vec::new()), |body| body.read(part, at, count))
    }

    /// Searches; answered by `Event::Found` unless a newer search comes.
    pub(crate) fn search(&self, query: SearchQuery) {
        let (body, views) = (self.get(query.body), Arc::clone(&self.0.views));
        let urgent = self.0.urgent.clone();
        search::start(&self.0.searches, query, (self.clone(), body), views, urgent);
    }

    /// JSON is filtered by this program instead of our own.
    pub(crate) fn filter_with(&self, program: PathBuf) {
        let _ = self.0.derivations.program.set(program);
    }

    /// The program that filters JSON.
    pub(crate) fn filter_program(&self) -> PathBuf {
        self.0.derivations.program.get().cloned().unwrap_or_else(crate::os::own_program)
    }

    /// Makes a body of another and ends what is being made; answered by `Event::Derived`, more than
    /// once.
    pub(crate) fn derive(&self, order: Derivation) {
        derive::start(&self.0.derivations, order, self.clone(), self.0.urgent.clone());
    }

    /// Looks what a cell of a table holds; answered by `Event::Cell` unless a newer look comes.
    pub(crate) fn look_at_cell(&self, query: CellQuery) {
        derive::cell::start(&self.0.cells, query, self.clone(), self.0.urgent.clone());
    }

    /// Ends what is being made; what there is of it stays.
    pub(crate) fn stop_deriving(&self) {
        self.0.derivations.stop();
    }

    /// Ends what runs beside the bodies, programs included.
    pub(crate) fn shut_down(&self) {
        self.0.derivations.cancel();
        self.0.cells.cancel();
        self.0.searches.cancel();
    }

    /// Compares; answered by `Event::Compared` unless a newer comparison comes.
    pub(crate) fn compare(&self, query: CompareQuery) {
        let bodies = [query.old, query.new].map(|id| self.get(id));
        compare::start(&self.0.comparisons, query, bodies, self.0.urgent.clone());
    }

    /// Writes a part to a new file; answered by `Event::BodySaved`.
    pub(crate) fn save(&self, body: BodyId, part: ViewPart, path: PathBuf) {
        let kept = self.get(body);
        let urgent = self.0.urgent.clone();
        let Ok(permit) = Arc::clone(&self.0.saves).try_acquire_owned() else {
            let target = path.display().to_string();
            let cause = "other bodies are still being saved";
            let outcome = Err(Failure::new(Stage::Storage, target, FailureKind::Busy, cause));
            let _ = urgent.try_send(Event::BodySaved { path, outcome });
            return;
        };
        on_thread("body-save", move || {
            let outcome = save::save(kept.as_deref(), part, &path);
            drop(permit);
            let _ = urgent.blocking_send(Event::BodySaved { path, outcome });
        });
    }

    /// Writes an answer to a file of its own, in a folder that is made for it; answered by
    /// `Event::AnswerKept`.
    pub(crate) fn keep_answer(&self, body: Option<BodyId>, text: Bytes, path: PathBuf) {
        let body = body.and_then(|id| self.get(id));
        let (urgent, files) = (self.0.urgent.clone(), Arc::clone(&self.0.answers));
        on_thread("answer-keep", move || {
            // One after the other: a hundred answers at once are no hundred files open.
            let _one = files.lock().unwrap_or_else(PoisonError::into_inner);
            let outcome = answer_file::write(body.as_ref(), &text, &path);
            let _ = urgent.blocking_send(Event::AnswerKept { path, outcome });
        });
    }

    /// Reads an answer from its file into a body; answered by `Event::AnswerOpened`.
    pub(crate) fn open_answer(&self, path: PathBuf) {
        let (writer, urgent) = (self.create(), self.0.urgent.clone());
        let files = Arc::clone(&self.0.answers);
        on_thread("answer-open", move || {
            let _one = files.lock().unwrap_or_else(PoisonError::into_inner);
            let body = writer.id();
            let outcome = answer_file::read(&path, &writer).map(|text| (text.into(), body));
            drop(writer);
            let _ = urgent.blocking_send(Event::AnswerOpened { path, outcome });
        });
    }

    /// Nobody will look at these again. One that still grows is let go when it is complete.
    pub(crate) fn release(&self, ids: impl IntoIterator<Item = BodyId>) {
        let mut bodies = self.0.bodies.lock().unwrap_or_else(PoisonError::into_inner);
        let released = ids.into_iter().filter_map(|id| bodies.remove(&id)).collect();
        self.0.count.store(bodies.len(), Ordering::Relaxed);
        drop(bodies);
        self.0.discard(released);
    }
}

impl BodyTable {
    /// Gives finished bodies back; says whether there was one.
    fn reclaim(&self, goal: ReclaimGoal) -> bool {
        // Asked for each message: most are told without a look at the table.
        let (count, none) = (self.count.load(Ordering::Relaxed), Footprint::default());
        if goal == ReclaimGoal::Bounds && !self.is_over(count, LIMIT_BEFORE, none) {
            return false;
        }
        let mut bodies = self.bodies.lock().unwrap_or_else(PoisonError::into_inner);
        let released = match goal {
            ReclaimGoal::Bounds => self.release_oldest(&mut bodies),
            ReclaimGoal::File => {
                Vec::from_iter(take_oldest(&mut bodies, |body| body.footprint().files > 0))
            }
        };
        self.count.store(bodies.len(), Ordering::Relaxed);
        drop(bodies);
        let any = !released.is_empty();
        if goal == ReclaimGoal::File {
            // Who asks is allowed to block and waits for what this gives back.
            self.views.forget(&released);
        } else if any {
            self.discard(released);
        }
        any
    }

    /// Lets the oldest finished bodies go when a bound is near, a sixteenth of it at a time so
    /// that a flood does not pay for every message.
    fn release_oldest(&self, bodies: &mut BTreeMap<BodyId, Arc<Body>>) -> Vec<Arc<Body>> {
        let mut released = Vec::new();
        let (mut limit, mut given) = (LIMIT_BEFORE, Footprint::default());
        while self.is_over(bodies.len(), limit, given)
            && let Some(body) = take_oldest(bodies, |_| true)
        {
            given = given + body.footprint();
            released.push(body);
            limit = 14;
        }
        released
    }

    /// Lets bodies go on a thread that may block: giving back a large file takes its time.
    fn discard(&self, bodies: Vec<Arc<Body>>) {
        self.views.forget(&bodies);
        let (files, memory): (Vec<_>, Vec<_>) =
            bodies.into_iter().partition(|body| body.footprint().files > 0);
        drop(memory);
        if !files.is_empty() {
            self.disk.discard(files);
        }
    }

    /// Whether more than this many sixteenths of a bound are used.
    fn is_over(&self, count: usize, sixteenths: usize, given: Footprint) -> bool {
        count > COUNT_BOUND / 16 * sixteenths || self.usage.is_over(sixteenths, given)
    }
}

/// Takes out the oldest body that is complete, that nobody looks at, and that fits.
fn take_oldest(
    bodies: &mut BTreeMap<BodyId, Arc<Body>>,
    fits: impl Fn(&Body) -> bool,
) -> Option<Arc<Body>> {
    let done = |body: &Body| body.is_settled() && !body.watched.load(Ordering::Acquire);
    let found = bodies.iter().find(|(_, body)| done(body) && fits(body));
    let id = found.map(|(id, _)| *id)?;
    bodies.remove(&id)
}

impl Drop for BodyTable {
    fn drop(&mut self) {
        self.views.change(|waiting| waiting.closed = true);
        self.searches.cancel();
        self.comparisons.fetch_add(1, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod body_tests;
