//! Puts datagrams together that crossed the wire in parts (RFC 791, RFC 8200 section 4.5), so that TCP and
//! UDP can be read of them as of whole ones.
//!
//! Called by the streams. Everything is bounded: what waits goes when it is old, or the oldest when there is
//! too much, and is counted. Where parts overlap, what came first is shown, and that they do is told.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::time::Duration;

use bytes::Bytes;

use crate::model::timing::Stamp;

/// Datagrams that wait for the rest of them, and bytes of all of them.
const WAITING: usize = 1024;
const WAITING_BYTES: usize = 4 * 1024 * 1024;
/// How long the parts of one may be apart by the times of the file; a later one is of another datagram
/// that has its number.
const APART: Duration = Duration::from_secs(60);
/// Longest datagram there can be.
const LONGEST: usize = 65_535;

/// What the parts of one datagram have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct FragmentKey {
    pub(super) ends: [IpAddr; 2],
    pub(super) id: u32,
    /// IPv4 tells datagrams apart by it, too.
    pub(super) protocol: u8,
}

/// A part of a datagram.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Fragment<'a> {
    pub(super) key: FragmentKey,
    /// What is carried, as the header of this part says.
    pub(super) next: u8,
    pub(super) offset: usize,
    pub(super) is_last: bool,
    pub(super) data: &'a [u8],
    /// Bytes it had on the wire.
    pub(super) len: usize,
}

/// A datagram that is whole.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Assembled {
    pub(super) ends: [IpAddr; 2],
    pub(super) next: u8,
    /// Up to the first byte that was cut off when capturing.
    pub(super) bytes: Vec<u8>,
    /// As long as it was on the wire.
    pub(super) len: usize,
    /// Parts of it.
    pub(super) parts: u64,
    /// Some of them say different bytes of one place.
    pub(super) differ: bool,
}

/// Those whose parts were not all seen yet.
#[derive(Debug, Default)]
pub(super) struct Fragments {
    waiting: HashMap<FragmentKey, Parts>,
    bytes: usize,
    /// Parts that were seen.
    pub(super) seen: u64,
    /// Parts of datagrams that are not whole, of those that wait no longer.
    pub(super) left: u64,
    /// Parts that overlap others of their datagram.
    pub(super) overlaps: u64,
}

#[derive(Debug)]
struct Parts {
    since: Stamp,
    /// What the part at the beginning says; those behind may say otherwise.
    next: u8,
    /// By their places, none over another: what is kept, and how long it was.
    pieces: BTreeMap<usize, (Bytes, usize)>,
    /// How long the whole is, once its last part was seen.
    len: Option<usize>,
    count: u64,
    differ: bool,
}

impl Fragments {
    /// Takes a part in; returns the datagram that is whole with it.
    pub(super) fn take(&mut self, fragment: &Fragment<'_>, at: Stamp) -> Option<Assembled> {
        self.seen += 1;
        let end = fragment.offset + fragment.len;
        // Every part but the last ends at a multiple of eight.
        let is_uneven = !fragment.is_last && !fragment.len.is_multiple_of(8);
        if end > LONGEST || fragment.len == 0 || is_uneven {
            self.left += 1;
            return None;
        }
        let is_old = |parts: &Parts| at.since(parts.since) > APART;
        if self.waiting.get(&fragment.key).is_some_and(is_old) {
            self.forget(&fragment.key);
        }
        let parts = self.waiting.entry(fragment.key).or_insert_with(|| Parts::begin(at));
        let (kept, overlaps) = parts.put(fragment);
        self.bytes += kept;
        self.overlaps += u64::from(overlaps);
        if parts.is_whole() {
            let parts = self.waiting.remove(&fragment.key)?;
            self.bytes -= parts.kept();
            return Some(parts.put_together(fragment.key.ends));
        }
        while self.waiting.len() > WAITING || self.bytes > WAITING_BYTES {
            let oldest = self.waiting.iter().min_by_key(|(key, it)| (it.since, key.id));
            let oldest = *oldest?.0;
            self.forget(&oldest);
        }
        None
    }

    /// Parts whose datagram never was whole, those that still wait among them.
    pub(super) fn unfinished(&self) -> u64 {
        self.left + self.waiting.values().map(|parts| parts.count).sum::<u64>()
    }

    fn forget(&mut self, key: &FragmentKey) {
        if let Some(parts) = self.waiting.remove(key) {
            self.bytes -= parts.kept();
            self.left += parts.count;
        }
    }
}

impl Parts {
    fn begin(since: Stamp) -> Self {
        let (pieces, len) = (BTreeMap::new(), None);
        Parts { since, next: 0, pieces, len, count: 0, differ: false }
    }

    /// Bytes that are held.
    fn kept(&self) -> usize {
        self.pieces.values().map(|(bytes, _)| bytes.len()).sum()
    }

    /// Keeps what of a part is new; how many bytes that are, and whether it lies over others.
    fn put(&mut self, fragment: &Fragment<'_>) -> (usize, bool) {
        self.count += 1;
        if fragment.offset == 0 {
            self.next = fragment.next;
        }
        let end = fragment.offset + fragment.len;
        if fragment.is_last {
            self.differ |= self.len.is_some_and(|len| len != end);
            self.len.get_or_insert(end);
        }
        let (mut at, mut kept, mut overlaps) = (fragment.offset, 0, false);
        let (mut gaps, before) = (Vec::new(), self.pieces.range(..end));
        let over = before.filter(|(start, piece)| *start + piece.1 > fragment.offset);
        for (start, (bytes, len)) in over {
            let is_same = *start == fragment.offset && *len == fragment.len;
            overlaps |= !is_same;
            self.differ |= differ((*start, bytes), (fragment.offset, fragment.data));
            if *start > at {
                gaps.push(at..*start);
            }
            at = at.max(start + len);
        }
        if at < end {
            gaps.push(at..end);
        }
        for gap in gaps {
            let behind = fragment.data.split_at_checked(gap.start - fragment.offset);
            let data = behind.map_or(&[][..], |(_, data)| data);
            let bytes = Bytes::copy_from_slice(data.get(..gap.len()).unwrap_or(data));
            kept += bytes.len();
            self.pieces.insert(gap.start, (bytes, gap.len()));
        }
        (kept, overlaps)
    }

    /// Whether nothing is missing of it.
    fn is_whole(&self) -> bool {
        let Some(len) = self.len else { return false };
        let mut at = 0;
        let mut pieces = self.pieces.iter();
        while at < len
            && let Some((start, (_, piece))) = pieces.next()
        {
            if *start != at {
                return false;
            }
            at += piece;
        }
        at >= len
    }

    fn put_together(self, ends: [IpAddr; 2]) -> Assembled {
        let len = self.len.unwrap_or(0);
        let mut all = Vec::with_capacity(len);
        for (start, (bytes, _)) in &self.pieces {
            // What was cut off in between makes what follows unreadable.
            if *start != all.len() {
                break;
            }
            all.extend_from_slice(bytes);
        }
        // A second last part may say that it is shorter.
        all.truncate(len);
        let (next, parts) = (self.next, self.count);
        Assembled { ends, next, bytes: all, len, parts, differ: self.differ }
    }
}

/// Whether two say different bytes of a place that both have.
fn differ((at, one): (usize, &[u8]), (other_at, other): (usize, &[u8])) -> bool {
    let start = at.max(other_at);
    let end = (at + one.len()).min(other_at + other.len());
    start < end && one[start - at..end - at] != other[start - other_at..end - other_at]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(id: u32, offset: usize, data: &[u8], is_last: bool) -> Fragment<'_> {
        let ends = [[10, 0, 0, 1], [10, 0, 0, 2]].map(IpAddr::from);
        let key = FragmentKey { ends, id, protocol: 17 };
        Fragment { key, next: 17, offset, is_last, data, len: data.len() }
    }

    #[test]
    fn parts_in_any_order_are_put_together_and_what_is_twice_is_taken_once() {
        let mut fragments = Fragments::default();
        let mut take = |offset, data: &'static [u8], is_last| {
            fragments.take(&part(1, offset, data, is_last), Stamp(5))
        };
        assert_eq!(take(16, b"end", true), None);
        assert_eq!(take(8, b"bbbbbbbb", false), None);
        assert_eq!(take(8, b"bbbbbbbb", false), None);
        let whole = take(0, b"aaaaaaaa", false).unwrap();
        assert_eq!(
            (&whole.bytes[..], whole.len, whole.parts),
            (&b"aaaaaaaabbbbbbbbend"[..], 19, 4)
        );
        assert!(!whole.differ);
        let told = (fragments.seen, fragments.overlaps, fragments.unfinished(), fragments.bytes);
        assert_eq!(told, (4, 0, 0, 0));
    }

    #[test]
    fn where_parts_overlap_what_came_first_is_shown_and_that_is_told() {
        let mut fragments = Fragments::default();
        assert_eq!(fragments.take(&part(1, 8, b"22222222", false), Stamp(0)), None);
        assert_eq!(fragments.take(&part(1, 0, b"1111111111111111", false), Stamp(0)), None);
        let whole = fragments.take(&part(1, 16, b"33", true), Stamp(0)).unwrap();
        assert_eq!(whole.bytes, b"111111112222222233");
        assert!(whole.differ && fragments.overlaps == 1);
    }

    #[test]
    fn what_was_cut_off_when_capturing_ends_what_is_known_of_the_datagram() {
        let mut fragments = Fragments::default();
        let cut = Fragment { len: 16, ..part(1, 0, b"0123", false) };
        assert_eq!(fragments.take(&cut, Stamp(0)), None);
        let whole = fragments.take(&part(1, 16, b"end", true), Stamp(0)).unwrap();
        assert_eq!((&whole.bytes[..], whole.len), (&b"0123"[..], 19));
    }

    #[test]
    fn what_waits_too_long_or_is_too_much_is_forgotten_and_counted() {
        let mut fragments = Fragments::default();
        assert_eq!(fragments.take(&part(1, 0, b"11111111", false), Stamp(0)), None);
        let later = Stamp(0) + APART + Duration::from_secs(1);
        assert_eq!(fragments.take(&part(1, 8, b"end", true), later), None);
        assert_eq!((fragments.left, fragments.unfinished()), (1, 2));
        let large = vec![7; 8 * 1024];
        for id in 2..3_000 {
            assert_eq!(fragments.take(&part(id, 0, &large, false), later), None);
        }
        assert!(fragments.bytes <= WAITING_BYTES && fragments.waiting.len() <= WAITING);
        assert_eq!(fragments.unfinished(), fragments.seen);
        for odd in [part(9, 0, b"123", false), part(9, 65_528, b"0123456789", true)] {
            assert_eq!(fragments.take(&odd, later), None);
        }
        assert_eq!(fragments.unfinished(), fragments.seen);
    }
}
