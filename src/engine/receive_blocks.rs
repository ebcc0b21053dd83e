//! Where bytes of streams are received: blocks that all connections fill, one read behind the other, and that
//! become the memory of the timeline.
//!
//! ```text
//!   filling [ read | read | read ...... room ]        the next read goes here, whoever reads
//!   filled  [ read | read | ... ] [ ... ] [ ... ]     until their last record was let go of, then filled anew
//! ```
//! A record is a slice of a block: nothing is copied, and a block costs what is in it. A timeline lets go of
//! the oldest first, so block after block comes free, and what is filled again has its memory already: to get
//! fresh pages from the system costs more than to receive into them. Nobody holds a block while it waits for
//! its peer.

use std::future::poll_fn;
use std::io;
use std::pin::pin;
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};

use bytes::{BufMut as _, Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt as _};

/// Most of one read.
pub(super) const READ: usize = 64 * 1024;
/// Bytes of a block.
const BLOCK: usize = 512 * 1024;
/// A block with less room than this is filled: so little is left unused.
const ROOM: usize = 4 * 1024;
/// Blocks that wait to be filled again; more go back to the system.
const SPARE: usize = 4;
/// Blocks that are filled at the same time: one for each thread that reads.
const LANES: usize = 2;

/// The blocks of all connections.
#[derive(Debug, Default)]
pub(super) struct ReceiveBlocks([Mutex<Lane>; LANES]);

#[derive(Debug, Default)]
struct Lane {
    filling: BytesMut,
    /// There is one that is filled.
    has_begun: bool,
    /// Handles of those that were filled, by which they are filled again.
    filled: Vec<BytesMut>,
}

impl ReceiveBlocks {
    /// One read; empty = the peer finished sending. Safe to cancel.
    pub(super) async fn read(&self, from: &mut (impl AsyncRead + Unpin)) -> io::Result<Bytes> {
        poll_fn(|cx| {
            let mut lane = self.lane();
            lane.make_room();
            let polled = {
                let mut room = (&mut lane.filling).limit(READ);
                pin!(from.read_buf(&mut room)).poll(cx)
            };
            polled.map(|count| count.map(|_| lane.filling.split().freeze()))
        })
        .await
    }

    /// Gives back what is free; whether something is left that may come free.
    pub(super) fn trim(&self) -> bool {
        self.0.iter().fold(false, |is_left, lane| {
            let mut lane = lane.lock().unwrap_or_else(PoisonError::into_inner);
            lane.let_go(0);
            is_left || !lane.filled.is_empty()
        })
    }

    /// One that nobody fills just now; a read that is under way is waited for, which is a copy.
    fn lane(&self) -> MutexGuard<'_, Lane> {
        for lane in &self.0 {
            match lane.try_lock() {
                Ok(lane) => return lane,
                Err(TryLockError::Poisoned(lane)) => return lane.into_inner(),
                Err(TryLockError::WouldBlock) => {}
            }
        }
        let [first, ..] = &self.0;
        first.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Lane {
    /// There is room for a read afterwards.
    fn make_room(&mut self) {
        if self.filling.capacity() >= ROOM {
            return;
        }
        self.let_go(SPARE);
        let free = self.filled.iter().position(|block| block.capacity() >= BLOCK);
        let next = free.map(|at| self.filled.remove(at));
        let next = next.unwrap_or_else(|| BytesMut::with_capacity(BLOCK));
        let filled = std::mem::replace(&mut self.filling, next);
        if std::mem::replace(&mut self.has_begun, true) {
            self.filled.push(filled);
        }
    }

    /// Lets go of those that are free but for so many, which can be told by their room.
    fn let_go(&mut self, spare: usize) {
        let mut free = 0;
        self.filled.retain_mut(|block| {
            let is_free = block.try_reclaim(BLOCK);
            free += usize::from(is_free);
            !is_free || free <= spare
        });
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use super::*;

    async fn read(blocks: &ReceiveBlocks, len: usize) -> Bytes {
        let from = vec![len as u8; len];
        blocks.read(&mut &from[..]).await.unwrap()
    }

    fn held(blocks: &ReceiveBlocks) -> usize {
        blocks.0.iter().map(|lane| lane.lock().unwrap().filled.len()).sum()
    }

    #[tokio::test]
    async fn reads_lie_one_behind_the_other_whatever_their_size() {
        let blocks = ReceiveBlocks::default();
        let lens = [1, 4_000, READ, 7, READ + 9];
        let mut read_all = Vec::new();
        for len in lens {
            read_all.push(read(&blocks, len).await);
        }
        for (bytes, len) in read_all.iter().zip(lens) {
            assert_eq!(bytes, &vec![len as u8; len.min(READ)]);
        }
        for pair in read_all.windows(2) {
            assert_eq!(pair[0].as_ptr_range().end, pair[1].as_ptr());
        }
        assert!(read(&blocks, 0).await.is_empty(), "the end");
    }

    #[tokio::test]
    async fn a_log_that_lets_go_of_the_oldest_asks_for_no_more_memory() {
        let (blocks, mut kept) = (ReceiveBlocks::default(), VecDeque::new());
        let mut places = std::collections::HashSet::new();
        for _ in 0..20 * BLOCK / READ {
            let bytes = read(&blocks, READ).await;
            places.insert(bytes.as_ptr());
            kept.push_back(bytes);
            if kept.len() > 3 * BLOCK / READ {
                kept.pop_front();
            }
        }
        assert!(places.len() <= 5 * BLOCK / READ, "{} places", places.len());
    }

    #[tokio::test]
    async fn one_that_is_kept_for_long_keeps_only_its_block() {
        let blocks = ReceiveBlocks::default();
        let kept = read(&blocks, 5_000).await;
        for _ in 0..20 * BLOCK / READ {
            read(&blocks, READ).await;
        }
        assert!(held(&blocks) <= 2, "{}", held(&blocks));
        assert_eq!(kept, vec![5_000_usize as u8; 5_000]);
    }

    #[tokio::test]
    async fn what_was_let_go_of_goes_back_to_the_system() {
        let (blocks, mut kept) = (ReceiveBlocks::default(), Vec::new());
        for _ in 0..20 * BLOCK / READ {
            kept.push(read(&blocks, READ).await);
        }
        assert!(blocks.trim() && held(&blocks) >= 19, "{}", held(&blocks));
        kept.clear();
        read(&blocks, BLOCK).await;
        assert!(!blocks.trim() && held(&blocks) == 0, "{}", held(&blocks));
    }

    #[tokio::test]
    async fn who_waits_for_a_peer_holds_no_block() {
        let blocks = ReceiveBlocks::default();
        let (mut ours, theirs) = tokio::io::duplex(64);
        let waiting = blocks.read(&mut ours);
        let others = async {
            let bytes = read(&blocks, 100).await;
            drop(theirs);
            bytes
        };
        let (end, bytes) = tokio::join!(waiting, others);
        assert!(end.unwrap().is_empty() && bytes.len() == 100);
    }
}
