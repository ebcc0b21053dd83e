//! `Spool`: bytes that only grow. The first [`MEMORY_KEEP`] stay in memory, fewer when the memory of
//! all bodies is used up; the rest goes to an unlinked temporary file.
//!
//! ```text
//!   0 ................ border ................................ len
//!   └── memory (Vec) ──┘└──── file, written at (offset - border) ────┘
//! ```
//!
//! One writer, any number of readers. `len` is published after the bytes are in place, so whatever
//! lies below it can be read at any time without waiting for the writer. The memory part is filled
//! by the network task itself; the file part only ever by a blocking thread.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use bytes::Bytes;

use super::usage::{Footprint, Usage};
use crate::engine::budget::Descriptors;

/// Bytes of one spool held in memory.
pub(super) const MEMORY_KEEP: u64 = 1024 * 1024;
/// Bytes of one spool that are kept whatever is used: heads, and answers that say what is full.
const ALWAYS: u64 = 16 * 1024;

/// What a spool holds in memory.
#[derive(Debug, Default)]
struct Memory {
    /// A message that came in one piece is not copied; empty as soon as there is more.
    shared: Bytes,
    own: Vec<u8>,
}

impl Memory {
    fn bytes(&self) -> &[u8] {
        if self.own.is_empty() { &self.shared } else { &self.own }
    }

    fn cost(&self) -> usize {
        self.shared.len() + self.own.capacity()
    }
}

/// Growing bytes, see the module's text.
#[derive(Debug)]
pub(super) struct Spool {
    memory: Mutex<Memory>,
    /// Where memory ends, when that is before [`MEMORY_KEEP`].
    border: OnceLock<u64>,
    /// With the right to have it open.
    file: OnceLock<(File, Descriptors)>,
    /// Readable bytes.
    len: AtomicU64,
    /// Bytes handed over by the writer, those on their way to the file included.
    accepted: AtomicU64,
    /// Why nothing more can be kept.
    failed: OnceLock<Arc<str>>,
    /// Why some of it could not be read.
    unread: OnceLock<Arc<str>>,
    usage: Arc<Usage>,
}

impl Spool {
    /// Without bytes and without a file, which is made at the first byte beyond the memory part.
    pub(super) fn new(usage: Arc<Usage>) -> Self {
        Spool {
            memory: Mutex::default(),
            border: OnceLock::new(),
            file: OnceLock::new(),
            len: AtomicU64::new(0),
            accepted: AtomicU64::new(0),
            failed: OnceLock::new(),
            unread: OnceLock::new(),
            usage,
        }
    }

    /// Bytes that can be read.
    pub(super) fn len(&self) -> u64 {
        self.len.load(Ordering::Acquire)
    }

    /// Bytes handed over so far, readable or still on their way to the file.
    pub(super) fn accepted(&self) -> u64 {
        self.accepted.load(Ordering::Acquire)
    }

    /// Nothing is on its way to the file.
    pub(super) fn is_flushed(&self) -> bool {
        self.failed.get().is_some() || self.len() == self.accepted()
    }

    /// Fails, in words, when bytes were lost.
    pub(super) fn outcome(&self) -> Result<(), Arc<str>> {
        self.failed.get().map_or(Ok(()), |why| Err(Arc::clone(why)))
    }

    /// Why some of it is not here, in words: it was never kept, or could not be read. Who looks at
    /// bytes as far as there are any tells this beside them.
    pub(super) fn flaw(&self) -> Option<Arc<str>> {
        self.failed.get().or(self.unread.get()).cloned()
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps a message that came in one piece without copying it; whether it does. Nobody else's bytes
    /// may lie in the same memory, which is counted as this spool's.
    pub(super) fn share(&self, bytes: &Bytes) -> bool {
        let (len, mut memory) = (bytes.len() as u64, self.memory());
        let is_taken =
            self.accepted() == 0 && len <= self.border() && self.usage.take_memory(bytes.len());
        if is_taken {
            memory.shared = bytes.clone();
            drop(memory);
            self.accepted.fetch_add(len, Ordering::AcqRel);
            self.len.fetch_add(len, Ordering::AcqRel);
        }
        is_taken
    }

    /// What is shared becomes our own, so that more can follow it.
    fn copy_shared(&self, memory: &mut Memory) {
        let shared = std::mem::take(&mut memory.shared);
        if !shared.is_empty() {
            memory.own = shared.to_vec();
            let given = memory.own.capacity() - shared.len();
            self.usage.memory.fetch_add(given, Ordering::Relaxed);
        }
    }

    /// Takes bytes into memory; returns how many, the rest belongs into the file. Never blocks
    /// longer than a copy of [`MEMORY_KEEP`].
    pub(super) fn keep_in_memory(&self, bytes: &[u8]) -> usize {
        let accepted = self.accepted();
        let room = usize::try_from(self.border().saturating_sub(accepted)).unwrap_or(0);
        let (mut kept, _) = bytes.split_at(room.min(bytes.len()));
        if !kept.is_empty() {
            let mut memory = self.memory();
            self.copy_shared(&mut memory);
            let own = &mut memory.own;
            if !self.grow(own, kept.len()) {
                let always = usize::try_from(ALWAYS.saturating_sub(accepted)).unwrap_or(0);
                (kept, _) = kept.split_at(always.min(kept.len()));
                let _ = self.border.set(accepted + kept.len() as u64);
                let before = own.capacity();
                own.reserve_exact(kept.len());
                self.usage.memory.fetch_add(own.capacity() - before, Ordering::Relaxed);
            }
            own.extend_from_slice(kept);
            drop(memory);
            self.accepted.fetch_add(kept.len() as u64, Ordering::AcqRel);
            self.len.fetch_add(kept.len() as u64, Ordering::AcqRel);
        }
        kept.len()
    }

    /// Makes room for more bytes, if the memory of all bodies has some.
    fn grow(&self, memory: &mut Vec<u8>, more: usize) -> bool {
        let (before, needed) = (memory.capacity(), memory.len() + more);
        if needed <= before {
            return true;
        }
        let wanted = needed.max((2 * before).min(MEMORY_KEEP as usize));
        if !self.usage.take_memory(wanted - before) {
            return false;
        }
        memory.reserve_exact(wanted - memory.len());
        // The system may give a little more.
        let given = memory.capacity().saturating_sub(wanted);
        self.usage.memory.fetch_add(given, Ordering::Relaxed);
        true
    }

    /// The first byte that is not in memory.
    fn border(&self) -> u64 {
        self.border.get().copied().unwrap_or(MEMORY_KEEP)
    }

    /// What it uses.
    pub(super) fn footprint(&self) -> Footprint {
        let memory = self.memory().cost();
        let files = usize::from(self.file.get().is_some());
        let disk = if files > 0 { self.len().saturating_sub(self.border()) } else { 0 };
        Footprint { memory, disk, files }
    }

    /// Promises bytes that [`Spool::write_file`] will bring.
    pub(super) fn promise(&self, count: usize) {
        self.accepted.fetch_add(count as u64, Ordering::AcqRel);
    }

    /// Appends to the file; blocks on the disk. The bytes must have been promised, in this order.
    pub(super) fn write_file(&self, bytes: &[u8]) {
        if self.failed.get().is_some() {
            return;
        }
        if let Err(error) = self.try_write_file(bytes) {
            self.give_up(&error.to_string());
        }
    }

    /// Keeps nothing more, for this reason.
    pub(super) fn give_up(&self, why: &str) {
        self.failed.get_or_init(|| format!("cannot keep the body: {why}").into());
    }

    fn try_write_file(&self, bytes: &[u8]) -> io::Result<()> {
        let (len, count) = (self.len(), bytes.len() as u64);
        let file = match self.file.get() {
            Some((file, _)) => file,
            None => self.create()?,
        };
        self.usage.take_disk(count)?;
        file.write_all_at(bytes, len.saturating_sub(self.border())).inspect_err(|_| {
            self.usage.disk.fetch_sub(count, Ordering::Relaxed);
        })?;
        self.len.fetch_add(bytes.len() as u64, Ordering::AcqRel);
        Ok(())
    }

    fn create(&self) -> io::Result<&File> {
        let descriptor = self.usage.take_file()?;
        let made = match &self.usage.folder {
            Some(folder) => tempfile::tempfile_in(folder),
            None => tempfile::tempfile(),
        };
        let file = made.inspect_err(|_| {
            self.usage.files.fetch_sub(1, Ordering::Relaxed);
        })?;
        Ok(&self.file.get_or_init(|| (file, descriptor)).0)
    }

    /// Takes and, if need be, writes; for threads that may block.
    pub(super) fn append_blocking(&self, bytes: &[u8]) -> Result<(), Arc<str>> {
        let kept = self.keep_in_memory(bytes);
        if let Some(rest) = bytes.get(kept..).filter(|rest| !rest.is_empty()) {
            self.promise(rest.len());
            self.write_file(rest);
        }
        self.outcome()
    }

    /// Gives back memory that was reserved and not used; called once, when the last byte is in.
    pub(super) fn shrink(&self) {
        let own = &mut self.memory().own;
        let before = own.capacity();
        own.shrink_to_fit();
        self.usage.memory.fetch_sub(before - own.capacity(), Ordering::Relaxed);
    }

    /// Fills `buf` with the readable bytes from `offset` on; returns how many there were.
    pub(super) fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
        let readable = usize::try_from(self.len().saturating_sub(offset)).unwrap_or(usize::MAX);
        let wanted = readable.min(buf.len());
        if wanted == 0 {
            return Ok(0);
        }
        let mut done = 0;
        let border = self.border();
        if offset < border {
            let memory = self.memory();
            let from = &memory.bytes()[offset as usize..];
            done = from.len().min(wanted);
            buf[..done].copy_from_slice(&from[..done]);
        }
        if let Some((file, _)) = self.file.get().filter(|_| done < wanted) {
            let place = offset.saturating_add(done as u64).saturating_sub(border);
            file.read_exact_at(&mut buf[done..wanted], place).inspect_err(|error| {
                let why = || format!("some of the body cannot be read back: {error}").into();
                self.unread.get_or_init(why);
            })?;
            done = wanted;
        }
        Ok(done)
    }
}

impl Drop for Spool {
    fn drop(&mut self) {
        let memory = self.memory.get_mut().unwrap_or_else(PoisonError::into_inner);
        self.usage.memory.fetch_sub(memory.cost(), Ordering::Relaxed);
        if self.file.get().is_some() {
            self.usage.files.fetch_sub(1, Ordering::Relaxed);
            let on_disk = self.len().saturating_sub(self.border());
            self.usage.disk.fetch_sub(on_disk, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::budget::Budget;

    fn usage() -> Usage {
        Usage::new(None, Budget::of(16))
    }

    fn pattern(from: usize, count: usize) -> Vec<u8> {
        (from..from + count).map(|n| (n % 251) as u8).collect()
    }

    #[test]
    fn bytes_read_back_across_the_border_of_memory_and_file() {
        let usage = Arc::new(usage());
        let spool = Spool::new(Arc::clone(&usage));
        let all = pattern(0, MEMORY_KEEP as usize + 5000);
        for part in all.chunks(333_333) {
            spool.append_blocking(part).unwrap();
        }
        assert_eq!(spool.len(), all.len() as u64);
        assert_eq!(usage.files.load(Ordering::Relaxed), 1);
        assert_eq!(usage.disk.load(Ordering::Relaxed), 5000);
        let from = MEMORY_KEEP as usize - 100;
        let mut buf = vec![0; 300];
        assert_eq!(spool.read_at(from as u64, &mut buf).unwrap(), 300);
        assert_eq!(buf, pattern(from, 300));
        assert_eq!(spool.read_at(all.len() as u64 - 10, &mut buf).unwrap(), 10);
        assert_eq!(spool.read_at(all.len() as u64 + 10, &mut buf).unwrap(), 0);
        drop(spool);
        assert_eq!(usage.files.load(Ordering::Relaxed), 0);
        assert_eq!(usage.disk.load(Ordering::Relaxed), 0);
        assert_eq!(usage.memory.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn what_cannot_be_read_back_is_told() {
        let spool = Spool::new(Arc::new(usage()));
        spool.append_blocking(&pattern(0, MEMORY_KEEP as usize + 5000)).unwrap();
        assert_eq!(spool.flaw(), None);
        spool.file.get().unwrap().0.set_len(1).unwrap();
        let mut buf = vec![0; 300];
        spool.read_at(0, &mut buf).unwrap();
        assert_eq!(spool.flaw(), None);
        spool.read_at(MEMORY_KEEP + 10, &mut buf).unwrap_err();
        let why = spool.flaw().unwrap();
        assert!(why.starts_with("some of the body cannot be read back: "), "{why}");
        assert_eq!(spool.outcome(), Ok(()), "it is still written to");
    }

    #[test]
    fn a_folder_that_cannot_be_written_is_named_and_what_was_kept_stays() {
        let usage = Usage::new(Some("/nonexistent/folder".into()), Budget::of(16));
        let spool = Spool::new(Arc::new(usage));
        spool.append_blocking(&pattern(0, MEMORY_KEEP as usize)).unwrap();
        let why = spool.append_blocking(b"more").unwrap_err();
        assert!(why.contains("cannot keep the body"), "{why}");
        assert_eq!(spool.len(), MEMORY_KEEP);
        assert!(spool.is_flushed());
    }

    #[test]
    fn a_small_spool_gives_back_what_it_does_not_need() {
        let usage = Arc::new(usage());
        let spool = Spool::new(Arc::clone(&usage));
        spool.append_blocking(b"abc").unwrap();
        spool.append_blocking(b"d").unwrap();
        spool.shrink();
        assert_eq!(usage.memory.load(Ordering::Relaxed), 4);
    }

    #[test]
    fn a_message_in_one_piece_is_not_copied_until_more_comes() {
        let usage = Arc::new(usage());
        let used = || usage.memory.load(Ordering::Relaxed);
        let spool = Spool::new(Arc::clone(&usage));
        let message = Bytes::from(pattern(0, 3_000));
        assert!(spool.share(&message));
        assert!(std::ptr::eq(spool.memory().bytes().as_ptr(), message.as_ptr()));
        assert!(!spool.share(&message), "it has begun");
        assert_eq!((all(&spool), used()), (pattern(0, 3_000), 3_000));
        spool.append_blocking(&pattern(3_000, 500)).unwrap();
        assert_eq!(all(&spool), pattern(0, 3_500));
        spool.shrink();
        assert_eq!((used(), spool.footprint().memory), (3_500, 3_500));
        let long = Spool::new(Arc::clone(&usage));
        assert!(!long.share(&Bytes::from(vec![0; MEMORY_KEEP as usize + 1])));
        drop((spool, long));
        assert_eq!(used(), 0);
    }

    /// Everything a spool kept.
    fn all(spool: &Spool) -> Vec<u8> {
        let mut buf = vec![0; spool.len() as usize];
        assert_eq!(spool.read_at(0, &mut buf).unwrap(), buf.len());
        buf
    }

    #[test]
    fn where_memory_is_used_up_the_file_begins_earlier() {
        let usage = Arc::new(Usage::bounded(100_000, 1 << 20, Budget::of(16)));
        let (first, second) = (Spool::new(Arc::clone(&usage)), Spool::new(Arc::clone(&usage)));
        first.append_blocking(&pattern(0, 90_000)).unwrap();
        for part in pattern(0, 200_000).chunks(5_000) {
            second.append_blocking(part).unwrap();
        }
        assert!(all(&first) == pattern(0, 90_000) && all(&second) == pattern(0, 200_000));
        assert_eq!((first.footprint().files, second.footprint().files), (0, 1));
        assert!(usage.memory.load(Ordering::Relaxed) <= 100_000 + ALWAYS as usize);
        drop((first, second));
        assert_eq!(usage.memory.load(Ordering::Relaxed), 0);
        assert_eq!(usage.disk.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn a_full_disk_or_no_descriptor_is_told_and_what_was_kept_stays() {
        for (usage, words) in [
            (Usage::bounded(0, 10_000, Budget::of(16)), "of disk for all bodies are used up"),
            (Usage::bounded(0, 1 << 20, Budget::of(0)), "all 0 descriptors"),
        ] {
            let spool = Spool::new(Arc::new(usage));
            spool.append_blocking(&pattern(0, ALWAYS as usize)).unwrap();
            let why = spool.append_blocking(&pattern(0, 20_000)).unwrap_err();
            assert!(why.contains(words), "{why}");
            assert!(all(&spool) == pattern(0, ALWAYS as usize) && spool.is_flushed());
        }
    }
}
