//! Small payload, one behind the other, in pages of one size that are used again.
//!
//! ```text
//!   first                                          filling
//!   [ page | page | ................... | page | page ..]      spare [ page ]
//! ```
//! What the allocator gets to see of a full timeline is nothing: a page that is let go of is the next
//! one that is filled. Buffers cut to what they hold, each a little longer or shorter than the one
//! before, would leave gaps among everything else, and memory would grow for hours.
//!
//! Positions count bytes from the beginning of the run; payload never lies across two pages.

use std::collections::VecDeque;

/// Bytes of a page. Payload is at most a sixteenth of it, so little is left unused.
pub(super) const PAGE: usize = 64 * 1024;
/// Pages kept for later: a moment's worth of what goes and comes.
const SPARE: usize = 16;

/// The pages of a log.
#[derive(Debug, Default)]
pub(super) struct Pages {
    filled: VecDeque<Vec<u8>>,
    /// Number of the first page.
    first: u64,
    spare: Vec<Vec<u8>>,
}

impl Pages {
    /// Where the next payload of this length will lie.
    pub(super) fn next_position(&self, len: usize) -> u64 {
        let filled = self.filled.back().map(Vec::len).filter(|filled| filled + len <= PAGE);
        let number = self.first + self.filled.len() as u64;
        match filled {
            Some(filled) => (number - 1) * PAGE as u64 + filled as u64,
            None => number * PAGE as u64,
        }
    }

    /// Adds payload of less than a page; returns its position.
    pub(super) fn push(&mut self, data: &[u8]) -> u64 {
        let position = self.next_position(data.len());
        if position == (self.first + self.filled.len() as u64) * PAGE as u64 {
            let page = self.spare.pop().unwrap_or_else(|| Vec::with_capacity(PAGE));
            self.filled.push_back(page);
        }
        if let Some(page) = self.filled.back_mut() {
            page.extend_from_slice(data);
        }
        position
    }

    /// Payload that is still here; nothing when it is not.
    pub(super) fn get(&self, position: u64, len: usize) -> &[u8] {
        let (number, at) = (position / PAGE as u64, (position % PAGE as u64) as usize);
        let place = number.checked_sub(self.first).map(|place| place as usize);
        let page = place.and_then(|place| self.filled.get(place));
        page.and_then(|page| page.get(at..at + len)).unwrap_or_default()
    }

    /// What lies before this position is not asked for again. Its pages are used again.
    pub(super) fn release_before(&mut self, position: u64) {
        while self.first < position / PAGE as u64
            && let Some(mut page) = self.filled.pop_front()
        {
            self.first += 1;
            if self.spare.len() < SPARE {
                page.clear();
                self.spare.push(page);
            }
        }
    }

    /// The next payload begins a page, so that what is here can be let go of alone.
    pub(super) fn seal(&mut self) {
        if self.filled.back().is_some_and(|page| !page.is_empty()) {
            self.filled.push_back(Vec::with_capacity(PAGE));
        }
    }

    /// Takes out the pages before this position, to be freed bit by bit.
    pub(super) fn take_before(&mut self, position: u64) -> impl Iterator<Item = Vec<u8>> + use<'_> {
        let gone = (position / PAGE as u64).saturating_sub(self.first);
        let gone = self.filled.len().min(gone as usize);
        self.first += gone as u64;
        self.filled.drain(..gone).chain(self.spare.drain(..))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn payload_lies_in_one_page_and_pages_are_used_again() {
        let mut pages = Pages::default();
        let long = vec![7; PAGE / 3 + 1];
        let positions: Vec<u64> = (0..100).map(|_| pages.push(&long)).collect();
        assert_eq!(pages.filled.len(), 50);
        for position in &positions {
            assert_eq!(pages.get(*position, long.len()), &*long);
        }
        pages.release_before(positions[51]);
        assert_eq!((pages.filled.len(), pages.spare.len()), (25, SPARE));
        assert!(pages.get(positions[49], 1).is_empty());
        assert_eq!(pages.get(positions[51], long.len()), &*long);
        let address = pages.spare.last().unwrap().as_ptr();
        pages.push(&vec![1; PAGE / 2]);
        assert_eq!(pages.filled.back().unwrap().as_ptr(), address);
        assert_eq!(pages.spare.len(), SPARE - 1);
    }

    #[test]
    fn what_was_sealed_goes_alone() {
        let mut pages = Pages::default();
        let before = pages.push(b"before");
        pages.seal();
        pages.seal();
        let after = pages.push(b"after");
        assert_eq!(pages.take_before(after).count(), 1);
        assert_eq!((pages.get(before, 6), pages.get(after, 5)), (&b""[..], &b"after"[..]));
    }
}
