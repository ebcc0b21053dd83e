//! `Body`: what is kept of one message.
//!
//! ```text
//!   wire     HEAD | framed body            exactly as it crossed the socket
//!   decoded         body                   only when framing or coding make it differ
//! ```
//!
//! Without a spool of its own the decoded body is the window `start..end` of the wire. One
//! [`BodyWriter`](super::writer::BodyWriter) fills it.

use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use super::spool::Spool;
use super::table_rows::TableRows;
use super::usage::{Footprint, ReclaimGoal, Usage};
use super::view_queue::ViewQueue;
use crate::model::id::BodyId;
use crate::model::view::ViewPart;

const UNKNOWN: u64 = u64::MAX;

/// What is kept of one message.
#[derive(Debug)]
pub(super) struct Body {
    pub(super) id: BodyId,
    wire: Spool,
    decoded: OnceLock<Box<Spool>>,
    /// Window of the body on the wire; `UNKNOWN` until the head is parsed or the end was seen.
    pub(super) start: AtomicU64,
    pub(super) end: AtomicU64,
    finished: AtomicBool,
    /// Somebody looks at it: the viewer wants to know when it grows.
    pub(super) watched: AtomicBool,
    /// The viewer was asked about it, and has to forget it.
    pub(super) was_asked: AtomicBool,
    views: Arc<ViewQueue>,
    usage: Arc<Usage>,
    /// Of what it was made and where its rows are, if it is a table.
    pub(super) rows: OnceLock<Box<TableRows>>,
}

impl Body {
    /// Nothing received; the bytes it will hold are counted in `usage`.
    pub(super) fn new(id: BodyId, usage: Arc<Usage>, views: Arc<ViewQueue>) -> Self {
        Body {
            id,
            wire: Spool::new(Arc::clone(&usage)),
            decoded: OnceLock::new(),
            start: AtomicU64::new(UNKNOWN),
            end: AtomicU64::new(UNKNOWN),
            finished: AtomicBool::new(false),
            watched: AtomicBool::new(false),
            was_asked: AtomicBool::new(false),
            views,
            usage,
            rows: OnceLock::new(),
        }
    }

    /// Where the part's bytes lie; the wire's for a decoded body that has no spool of its own.
    pub(super) fn spool(&self, part: ViewPart) -> &Spool {
        match part {
            ViewPart::Raw => &self.wire,
            ViewPart::Decoded => self.decoded.get().map_or(&self.wire, |spool| spool),
        }
    }

    /// The window of [`Body::spool`] that is the part.
    fn window(&self, part: ViewPart) -> (u64, u64) {
        let len = self.spool(part).len();
        if part == ViewPart::Raw || self.decoded.get().is_some() {
            return (0, len);
        }
        let start = self.start.load(Ordering::Acquire).min(len);
        (start, self.end.load(Ordering::Acquire).clamp(start, len))
    }

    /// Bytes on the wire, where the body is among them, and how many bytes it has of its own.
    pub(super) fn lengths(&self) -> (u64, (u64, u64), Option<u64>) {
        let wire = self.wire.len();
        match self.decoded.get() {
            Some(spool) => (wire, (0, 0), Some(spool.len())),
            None => (wire, self.window(ViewPart::Decoded), None),
        }
    }

    /// Bytes of the part that can be read now.
    pub(super) fn len(&self, part: ViewPart) -> u64 {
        let (start, end) = self.window(part);
        end - start
    }

    /// Nothing will be added to the part.
    pub(super) fn is_complete(&self, part: ViewPart) -> bool {
        self.finished.load(Ordering::Acquire) && self.spool(part).is_flushed()
    }

    /// What giving it back gives back.
    pub(super) fn footprint(&self) -> Footprint {
        let decoded = self.decoded.get().map(|spool| spool.footprint());
        self.wire.footprint() + decoded.unwrap_or_default()
    }

    /// Nothing is on its way to the disk.
    pub(super) fn is_flushed(&self) -> bool {
        self.wire.is_flushed() && self.decoded.get().is_none_or(|spool| spool.is_flushed())
    }

    /// Every byte of every part is in place.
    pub(super) fn is_settled(&self) -> bool {
        self.finished.load(Ordering::Acquire) && self.is_flushed()
    }

    /// Fills `buf` from `offset` of the part; returns how many bytes there were.
    pub(super) fn read_at(&self, part: ViewPart, at: u64, buf: &mut [u8]) -> io::Result<usize> {
        let (start, end) = self.window(part);
        let readable = (end - start).saturating_sub(at).min(buf.len() as u64);
        self.spool(part).read_at(start.saturating_add(at), &mut buf[..readable as usize])
    }

    /// Up to `count` bytes from `offset` of the part.
    pub(super) fn read(&self, part: ViewPart, at: u64, count: usize) -> io::Result<Vec<u8>> {
        let readable = self.len(part).saturating_sub(at).min(count as u64);
        let mut buf = vec![0; readable as usize];
        let done = self.read_at(part, at, &mut buf)?;
        buf.truncate(done);
        Ok(buf)
    }

    /// Readers that wait are told that there is more.
    pub(super) fn grew(&self) {
        if self.watched.load(Ordering::Acquire) {
            self.views.change(|waiting| waiting.grew = true);
        }
    }

    /// The decoded body gets a spool of its own.
    pub(super) fn separate(&self) {
        self.decoded.get_or_init(|| Box::new(Spool::new(Arc::clone(&self.usage))));
    }

    /// Nothing more will be added.
    pub(super) fn complete(&self) {
        self.wire.shrink();
        if let Some(decoded) = self.decoded.get() {
            decoded.shrink();
        }
        self.finished.store(true, Ordering::Release);
        self.grew();
        self.usage.reclaim(ReclaimGoal::Bounds);
    }
}
