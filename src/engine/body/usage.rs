//! What all bodies of a store use together, asked before anything is kept: memory, disk and open
//! files. What is full gives back the oldest finished bodies first, and is then refused in words.

use std::fmt;
use std::io;
use std::ops::Add;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use crate::engine::budget::{Budget, Descriptors};

/// Memory of all bodies together.
pub(super) const MEMORY_BOUND: usize = 256 * 1024 * 1024;
/// Disk of all bodies together, or a tenth of what is free, whichever is less.
const DISK_BOUND: u64 = 4 * 1024 * 1024 * 1024;
/// Files of bodies open at once, of all the descriptors there are: a quarter.
const FILES_SHARE: usize = 4;
/// The same, where there are very many.
const FILES_BOUND: usize = 1024;

/// What is used and what may be.
#[derive(Debug)]
pub(super) struct Usage {
    /// Bytes in memory.
    pub(super) memory: AtomicUsize,
    /// Bytes in temporary files.
    pub(super) disk: AtomicU64,
    /// Open temporary files.
    pub(super) files: AtomicUsize,
    /// Where temporary files are made; `None` = the system's folder.
    pub(super) folder: Option<PathBuf>,
    memory_bound: usize,
    /// What `disk_bound` is at most, however much is free.
    disk_most: u64,
    disk_bound: AtomicU64,
    budget: Budget,
    reclaimer: Reclaimer,
}

/// What a body uses.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Footprint {
    pub(super) memory: usize,
    pub(super) disk: u64,
    pub(super) files: usize,
}

impl Add for Footprint {
    type Output = Footprint;

    fn add(self, other: Footprint) -> Footprint {
        Footprint {
            memory: self.memory + other.memory,
            disk: self.disk + other.disk,
            files: self.files + other.files,
        }
    }
}

/// What gives bodies back.
#[derive(Default)]
struct Reclaimer(OnceLock<Box<dyn Fn(ReclaimGoal) -> bool + Send + Sync>>);

/// What bodies are given back for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ReclaimGoal {
    /// One file's disk and descriptor.
    File,
    /// Nothing: the bounds shall hold.
    Bounds,
}

impl fmt::Debug for Reclaimer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Reclaimer")
    }
}

impl Usage {
    /// Nothing used yet; files go to this folder.
    pub(super) fn new(folder: Option<PathBuf>, budget: Budget) -> Self {
        Usage {
            memory: AtomicUsize::new(0),
            disk: AtomicU64::new(0),
            files: AtomicUsize::new(0),
            folder,
            memory_bound: MEMORY_BOUND,
            disk_most: DISK_BOUND,
            disk_bound: AtomicU64::new(DISK_BOUND),
            budget,
            reclaimer: Reclaimer::default(),
        }
    }

    /// The same with these bounds in bytes.
    #[cfg(test)]
    pub(super) fn bounded(memory_bound: usize, disk_most: u64, budget: Budget) -> Self {
        let disk_bound = AtomicU64::new(disk_most);
        Usage { memory_bound, disk_most, disk_bound, ..Usage::new(None, budget) }
    }

    /// Who gives bodies back when something is full; says whether there was one to give.
    pub(super) fn reclaimed_by(
        &self,
        reclaimer: impl Fn(ReclaimGoal) -> bool + Send + Sync + 'static,
    ) {
        let _ = self.reclaimer.0.set(Box::new(reclaimer));
    }

    /// Gives finished bodies back, as far as needed; false when there is none.
    pub(super) fn reclaim(&self, goal: ReclaimGoal) -> bool {
        self.reclaimer.0.get().is_some_and(|reclaimer| reclaimer(goal))
    }

    /// Takes memory, unless there is none left.
    pub(super) fn take_memory(&self, bytes: usize) -> bool {
        let before = self.memory.fetch_add(bytes, Ordering::Relaxed);
        let fits = before.saturating_add(bytes) <= self.memory_bound;
        if !fits {
            self.memory.fetch_sub(bytes, Ordering::Relaxed);
        }
        fits
    }

    /// Takes disk, where need be of the oldest finished bodies; blocks on the disk.
    pub(super) fn take_disk(&self, bytes: u64) -> io::Result<()> {
        loop {
            let before = self.disk.fetch_add(bytes, Ordering::Relaxed);
            let bound = self.disk_bound.load(Ordering::Relaxed);
            if before.saturating_add(bytes) <= bound {
                return Ok(());
            }
            self.disk.fetch_sub(bytes, Ordering::Relaxed);
            if !self.reclaim(ReclaimGoal::File) {
                let words = format!("the {} MiB of disk for all bodies are used up", bound >> 20);
                return Err(io::Error::other(words));
            }
        }
    }

    /// Takes the descriptor of a file, where need be of the oldest finished bodies.
    pub(super) fn take_file(&self) -> io::Result<Descriptors> {
        self.look_at_disk();
        loop {
            match self.budget.descriptors(1) {
                Ok(descriptor) => {
                    self.files.fetch_add(1, Ordering::Relaxed);
                    return Ok(descriptor);
                }
                Err(why) if !self.reclaim(ReclaimGoal::File) => return Err(io::Error::other(why)),
                Err(_) => {}
            }
        }
    }

    /// Most that a body can be.
    pub(super) fn max_len(&self) -> u64 {
        self.disk_bound.load(Ordering::Relaxed)
    }

    /// A tenth of what is free, and of what bodies have of it already.
    fn look_at_disk(&self) {
        let folder = self.folder.clone().unwrap_or_else(tempfile::env::temp_dir);
        if let Some(free) = free_bytes(&folder) {
            let used = self.disk.load(Ordering::Relaxed);
            let bound = (free.saturating_add(used) / 10).min(self.disk_most);
            self.disk_bound.store(bound, Ordering::Relaxed);
        }
    }

    /// Whether more than this many sixteenths of a bound are used, without what is given back.
    pub(super) fn is_over(&self, sixteenths: usize, given: Footprint) -> bool {
        let files = (self.budget.total() / FILES_SHARE).clamp(1, FILES_BOUND);
        let memory = self.memory.load(Ordering::Relaxed).saturating_sub(given.memory);
        let disk = self.disk.load(Ordering::Relaxed).saturating_sub(given.disk);
        let open = self.files.load(Ordering::Relaxed).saturating_sub(given.files);
        memory > self.memory_bound / 16 * sixteenths
            || disk > self.max_len() / 16 * sixteenths as u64
            || open > (files * sixteenths).div_ceil(16)
    }
}

/// Bytes this user may still write below a folder.
fn free_bytes(folder: &Path) -> Option<u64> {
    let facts = rustix::fs::statvfs(folder).ok()?;
    Some(facts.f_bavail.saturating_mul(facts.f_frsize))
}
