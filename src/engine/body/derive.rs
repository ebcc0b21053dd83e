//! Bodies made of others: a thread reads one, by a recipe writes another, and reports.
//!
//! ```text
//!   body ─► blocks ─► maker (codec/recipe) ────────────► body ─► the same windows as any other
//!                └──► child process (derive/child.rs) ──┘
//! ```
//! One derivation at a time: a newer one ends the one before, and its process with it. What is made is
//! a body like any other, in memory or on disk within the bounds of all; it is there from the first
//! bytes on. A body that still arrives is followed to its end.

pub(super) mod cell;
mod child;
pub(super) mod cut_hits;

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread;
use std::time::Duration;

use tokio::sync::mpsc;

use super::BodyStore;
use super::message::Body;
use super::thread::on_thread;
use super::viewer::GONE;
use super::writer::BodyWriter;
use crate::codec::charset::{self, NAMED_WITHIN, Recoder};
use crate::codec::recipe;
use crate::codec::recipe::maker::BodyMaker;
use crate::engine::event::Event;
use crate::model::recipe::{Derivation, DerivationReport, RecipeKind};
use crate::model::view::{ViewMode, ViewPart};
use child::RunningChild;

/// Bytes read at a time, and between two looks whether it is still wanted.
const BLOCK: usize = 256 * 1024;
/// Bytes that are made at most.
const LIMIT: u64 = 256 << 20;
/// Bytes that show whether a body begins with a byte order mark.
const MARK: usize = 4;
/// Pause before a body that still arrives is looked at again.
const ARRIVING: Duration = Duration::from_millis(10);

/// What derivations know of each other.
#[derive(Debug, Default)]
pub(super) struct Derivations {
    /// Counts them: a change ends the one that runs.
    newest: AtomicU64,
    /// The one that is to end here, with what it has made.
    stopped: AtomicU64,
    /// The process of the newest; each has one of its own, so one that ends late kills no other.
    child: Mutex<Arc<RunningChild>>,
    /// The program that filters JSON; this one unless a test says otherwise.
    pub(super) program: OnceLock<PathBuf>,
}

impl Derivations {
    /// Ends what runs; the number is the next one's.
    pub(super) fn cancel(&self) -> u64 {
        let next = self.newest.fetch_add(1, Ordering::AcqRel) + 1;
        self.kill();
        next
    }

    /// Ends what runs; what it has made stays.
    pub(super) fn stop(&self) {
        self.stopped.store(self.newest.load(Ordering::Acquire), Ordering::Release);
        self.kill();
    }

    fn is_newest(&self, at: u64) -> bool {
        self.newest.load(Ordering::Acquire) == at
    }

    fn kill(&self) {
        self.child.lock().unwrap_or_else(PoisonError::into_inner).kill();
    }

    /// The place for the process of the next one.
    fn next_child(&self) -> Arc<RunningChild> {
        let next = Arc::default();
        let mut child = self.child.lock().unwrap_or_else(PoisonError::into_inner);
        *child = Arc::clone(&next);
        next
    }
}

/// Starts a derivation and ends the one that runs.
pub(super) fn start(
    derivations: &Arc<Derivations>,
    order: Derivation,
    store: BodyStore,
    urgent: mpsc::Sender<Event>,
) {
    let at = derivations.cancel();
    let task = Task {
        derivations: Arc::clone(derivations),
        child: derivations.next_child(),
        at,
        source: store.get(order.body),
        part: order.part,
        from: order.from,
        content_type: order.content_type.clone(),
    };
    on_thread("body-derive", move || {
        let mut made = Made::new(&order, store, urgent);
        let outcome = make(&task, &order, &mut made);
        let outcome = if task.was_stopped() { Err("stopped".to_owned()) } else { outcome };
        made.end(&task, outcome);
    });
}

/// A derivation as its thread sees it.
#[derive(Debug, Clone)]
struct Task {
    derivations: Arc<Derivations>,
    child: Arc<RunningChild>,
    at: u64,
    /// `None` = released.
    source: Option<Arc<Body>>,
    part: ViewPart,
    /// First byte that is read.
    from: u64,
    content_type: Option<String>,
}

impl Task {
    fn is_newest(&self) -> bool {
        self.derivations.is_newest(self.at)
    }

    fn was_stopped(&self) -> bool {
        self.derivations.stopped.load(Ordering::Acquire) == self.at
    }

    fn is_wanted(&self) -> bool {
        self.is_newest() && !self.was_stopped()
    }

    /// Hands the source over in blocks until its end, until it is not wanted any more, or until `take`
    /// has had enough.
    fn blocks(&self, mut take: impl FnMut(&[u8]) -> Result<bool, String>) -> Result<(), String> {
        let source = self.source.as_ref().ok_or(GONE)?;
        let mut block = vec![0; BLOCK];
        let mut at = self.from;
        while self.is_wanted() {
            // Asked first: whatever is complete then has all its bytes.
            let is_complete = source.is_complete(self.part);
            let read = source.read_at(self.part, at, &mut block);
            let count = read.map_err(|error| format!("the body cannot be read: {error}"))?;
            at += count as u64;
            match count {
                0 if is_complete => return Ok(()),
                0 => thread::park_timeout(ARRIVING),
                _ if !take(&block[..count])? => return Ok(()),
                _ => {}
            }
        }
        Ok(())
    }

    /// The same as UTF-8, where the source is text of another charset.
    fn texts(&self, mut take: impl FnMut(&[u8]) -> Result<bool, String>) -> Result<(), String> {
        let content_type = self.content_type.as_deref();
        if self.part == ViewPart::Raw {
            return self.blocks(take);
        }
        let mut held = Vec::new();
        let mut reader = None;
        self.blocks(|block| match &mut reader {
            Some(None) => take(block),
            Some(Some(recoder)) => take(Recoder::push(recoder, block, false).as_bytes()),
            None => {
                held.extend_from_slice(block);
                let names_itself = charset::may_name_itself(content_type, &held);
                if held.len() < if names_itself { NAMED_WITHIN } else { MARK } {
                    return Ok(true);
                }
                let first = reader.insert(Recoder::of(content_type, &held));
                let held = std::mem::take(&mut held);
                match first {
                    Some(recoder) => take(recoder.push(&held, false).as_bytes()),
                    None => take(&held),
                }
            }
        })?;
        let reader = reader.unwrap_or_else(|| Recoder::of(content_type, &held));
        let rest = match reader {
            Some(mut recoder) => recoder.push(&held, true).into_bytes(),
            None => held,
        };
        if !rest.is_empty() && self.is_wanted() {
            take(&rest)?;
        }
        Ok(())
    }
}

fn make(task: &Task, order: &Derivation, made: &mut Made) -> Result<(), String> {
    match recipe::maker_of(order.recipe.kind) {
        Some(mut maker) => make_with(task, order, maker.as_mut(), made),
        None if order.recipe.kind == RecipeKind::Cell => cell::make(task, order, made),
        None => child::run(task, &order.recipe, made),
    }
}

fn make_with(
    task: &Task,
    order: &Derivation,
    maker: &mut dyn BodyMaker,
    made: &mut Made,
) -> Result<(), String> {
    let mut bytes = Vec::new();
    made.mode = Some(maker.mode());
    task.texts(|block| {
        maker.push(block, &mut bytes)?;
        made.told_by(maker);
        cell::note(made, order, maker);
        let more = made.push(&bytes)?;
        bytes.clear();
        Ok(more && !maker.is_done())
    })?;
    if task.is_wanted() && !made.is_full() {
        maker.finish(&mut bytes)?;
        made.told_by(maker);
        cell::note(made, order, maker);
        made.push(&bytes)?;
    }
    (made.remark, made.warns) = (maker.remark(), maker.warns());
    made.open();
    Ok(())
}

/// What is made, and what is reported of it.
struct Made {
    number: u64,
    store: BodyStore,
    urgent: mpsc::Sender<Event>,
    writer: Option<BodyWriter>,
    len: u64,
    mode: Option<ViewMode>,
    header: String,
    has_long_lines: bool,
    remark: String,
    /// The remark is of something that is not as it should be.
    warns: bool,
}

impl Made {
    fn new(order: &Derivation, store: BodyStore, urgent: mpsc::Sender<Event>) -> Self {
        let mode = match order.recipe.kind {
            RecipeKind::Jq => Some(ViewMode::Pretty),
            _ => None,
        };
        let (header, remark) = (String::new(), String::new());
        let (number, has_long_lines, warns) = (order.number, false, false);
        let (writer, len) = (None, 0);
        Made { number, store, urgent, writer, len, mode, header, has_long_lines, remark, warns }
    }

    fn told_by(&mut self, maker: &dyn BodyMaker) {
        self.mode = Some(maker.mode());
        self.header = maker.header();
        self.has_long_lines = maker.has_long_lines();
    }

    fn is_full(&self) -> bool {
        self.len >= LIMIT
    }

    /// There is a body from here on.
    fn open(&mut self) -> &BodyWriter {
        let store = &self.store;
        self.writer.get_or_insert_with(|| {
            let writer = store.create();
            writer.separate();
            writer
        })
    }

    /// Adds bytes; whether more may come. The first are reported at once.
    fn push(&mut self, bytes: &[u8]) -> Result<bool, String> {
        let room = usize::try_from(LIMIT - self.len).unwrap_or(usize::MAX);
        let bytes = bytes.get(..room).unwrap_or(bytes);
        if !bytes.is_empty() {
            let is_first = self.len == 0;
            let kept = self.open().decoded_sink()(bytes);
            self.len += bytes.len() as u64;
            kept.map_err(|why| why.to_string())?;
            if is_first {
                self.report(None);
            }
        }
        Ok(!self.is_full())
    }

    fn report(&self, outcome: Option<Result<(), String>>) {
        let report = DerivationReport {
            number: self.number,
            body: self.writer.as_ref().map(BodyWriter::id),
            mode: self.mode,
            header: self.header.clone(),
            has_long_lines: self.has_long_lines,
            remark: self.remark.clone(),
            is_cut: self.is_full(),
            warns: self.warns || self.is_full(),
            outcome,
        };
        let _ = self.urgent.blocking_send(Event::Derived(Box::new(report)));
    }

    fn end(mut self, task: &Task, outcome: Result<(), String>) {
        if self.is_full() {
            let cut = format!("cut at {} MiB", LIMIT >> 20);
            let said = std::mem::take(&mut self.remark);
            self.remark = if said.is_empty() { cut } else { format!("{cut}; {said}") };
        }
        let is_known = self.len > 0;
        if task.is_newest() {
            self.report(Some(outcome));
        } else if !is_known && let Some(writer) = &self.writer {
            // Nobody has heard of it.
            self.store.release([writer.id()]);
        }
    }
}
