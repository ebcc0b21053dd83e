//! `Spool`: bytes that only grow. The first [`MEMORY_KEEP`] stay in memory, the rest goes to an
//! unlinked temporary file.
//!
//! ```text
//!   0 ............ MEMORY_KEEP ................................ len
//!   └── memory (Vec) ──┘└── file, written at (offset - MEMORY_KEEP) ──┘
//! ```
//!
//! One writer, any number of readers. `len` is published after the bytes are in place, so whatever
//! lies below it can be read at any time without waiting for the writer. The memory part is filled
//! by the network task itself; the file part only ever by a blocking thread.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// Bytes of one spool held in memory.
pub(super) const MEMORY_KEEP: u64 = 1024 * 1024;
/// Bytes one spool keeps at most: an endless body must not fill the disk.
pub(super) const SPOOL_BOUND: u64 = 8 * 1024 * 1024 * 1024;

/// What all spools of a store use together.
#[derive(Debug, Default)]
pub(super) struct Usage {
    /// Bytes in memory.
    pub(super) memory: AtomicUsize,
    /// Bytes in temporary files.
    pub(super) disk: AtomicU64,
    /// Open temporary files.
    pub(super) files: AtomicUsize,
    /// Where temporary files are made; `None` = the system's folder.
    pub(super) folder: Option<PathBuf>,
}

/// Growing bytes, see the module's text.
#[derive(Debug)]
pub(super) struct Spool {
    memory: Mutex<Vec<u8>>,
    file: OnceLock<File>,
    /// Readable bytes.
    len: AtomicU64,
    /// Bytes handed over by the writer, those on their way to the file included.
    accepted: AtomicU64,
    /// Why nothing more can be kept.
    failed: OnceLock<Arc<str>>,
    usage: Arc<Usage>,
}

impl Spool {
    /// Without bytes and without a file, which is made at the first byte beyond the memory part.
    pub(super) fn new(usage: Arc<Usage>) -> Self {
        Spool {
            memory: Mutex::new(Vec::new()),
            file: OnceLock::new(),
            len: AtomicU64::new(0),
            accepted: AtomicU64::new(0),
            failed: OnceLock::new(),
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

    /// Takes bytes into memory; returns how many, the rest belongs into the file. Never blocks
    /// longer than a copy of [`MEMORY_KEEP`].
    pub(super) fn keep_in_memory(&self, bytes: &[u8]) -> usize {
        let accepted = self.accepted();
        let room = usize::try_from(MEMORY_KEEP.saturating_sub(accepted)).unwrap_or(0);
        let (kept, _) = bytes.split_at(room.min(bytes.len()));
        if !kept.is_empty() {
            let mut memory = self.memory.lock().unwrap_or_else(PoisonError::into_inner);
            let before = memory.capacity();
            memory.extend_from_slice(kept);
            self.usage.memory.fetch_add(memory.capacity() - before, Ordering::Relaxed);
            drop(memory);
            self.accepted.fetch_add(kept.len() as u64, Ordering::AcqRel);
            self.len.fetch_add(kept.len() as u64, Ordering::AcqRel);
        }
        kept.len()
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
        let len = self.len();
        if len.saturating_add(bytes.len() as u64) > SPOOL_BOUND {
            let bound = SPOOL_BOUND / (1024 * 1024 * 1024);
            return Err(io::Error::other(format!("it is longer than {bound} GiB")));
        }
        let file = match self.file.get() {
            Some(file) => file,
            None => self.create()?,
        };
        file.write_all_at(bytes, len.saturating_sub(MEMORY_KEEP))?;
        self.usage.disk.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        self.len.fetch_add(bytes.len() as u64, Ordering::AcqRel);
        Ok(())
    }

    fn create(&self) -> io::Result<&File> {
        let file = match &self.usage.folder {
            Some(folder) => tempfile::tempfile_in(folder),
            None => tempfile::tempfile(),
        }?;
        self.usage.files.fetch_add(1, Ordering::Relaxed);
        Ok(self.file.get_or_init(|| file))
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
        let mut memory = self.memory.lock().unwrap_or_else(PoisonError::into_inner);
        let before = memory.capacity();
        memory.shrink_to_fit();
        self.usage.memory.fetch_sub(before - memory.capacity(), Ordering::Relaxed);
    }

    /// Fills `buf` with the readable bytes from `offset` on; returns how many there were.
    pub(super) fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
        let readable = usize::try_from(self.len().saturating_sub(offset)).unwrap_or(usize::MAX);
        let wanted = readable.min(buf.len());
        let mut done = 0;
        if offset < MEMORY_KEEP {
            let memory = self.memory.lock().unwrap_or_else(PoisonError::into_inner);
            // Nothing is wanted past the readable bytes.
            let from = memory.get(offset as usize..).unwrap_or_default();
            done = from.len().min(wanted);
            buf[..done].copy_from_slice(&from[..done]);
        }
        if let Some(file) = self.file.get().filter(|_| done < wanted) {
            let place = offset.saturating_add(done as u64).saturating_sub(MEMORY_KEEP);
            file.read_exact_at(&mut buf[done..wanted], place)?;
            done = wanted;
        }
        Ok(done)
    }
}

impl Drop for Spool {
    fn drop(&mut self) {
        let memory = self.memory.get_mut().unwrap_or_else(PoisonError::into_inner);
        self.usage.memory.fetch_sub(memory.capacity(), Ordering::Relaxed);
        if self.file.get().is_some() {
            self.usage.files.fetch_sub(1, Ordering::Relaxed);
            let on_disk = self.len().saturating_sub(MEMORY_KEEP);
            self.usage.disk.fetch_sub(on_disk, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(from: usize, count: usize) -> Vec<u8> {
        (from..from + count).map(|n| (n % 251) as u8).collect()
    }

    #[test]
    fn bytes_read_back_across_the_border_of_memory_and_file() {
        let usage = Arc::new(Usage::default());
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
    fn a_folder_that_cannot_be_written_is_named_and_what_was_kept_stays() {
        let usage = Usage { folder: Some("/nonexistent/folder".into()), ..Usage::default() };
        let spool = Spool::new(Arc::new(usage));
        spool.append_blocking(&pattern(0, MEMORY_KEEP as usize)).unwrap();
        let why = spool.append_blocking(b"more").unwrap_err();
        assert!(why.contains("cannot keep the body"), "{why}");
        assert_eq!(spool.len(), MEMORY_KEEP);
        assert!(spool.is_flushed());
    }

    #[test]
    fn a_small_spool_gives_back_what_it_does_not_need() {
        let usage = Arc::new(Usage::default());
        let spool = Spool::new(Arc::clone(&usage));
        spool.append_blocking(b"abc").unwrap();
        spool.append_blocking(b"d").unwrap();
        spool.shrink();
        assert_eq!(usage.memory.load(Ordering::Relaxed), 4);
    }
}
