//! Where all hits of a search are, as far as they are counted: up to a number of hits and of bytes.
//!
//! Called by the search on its thread, after it told of the hit. The last count is kept, so going from
//! hit to hit costs one look.

use super::message::Body;
use crate::codec::search::Pattern;
use crate::model::id::BodyId;
use crate::model::view::{HitCount, SearchQuery, ViewMode, ViewPart};

/// Hits counted at most.
const HITS: usize = 1000;
/// Bytes looked at at most: a fifth of a second.
const BYTES: u64 = 256 * 1024 * 1024;
/// Bytes looked at between two looks whether somebody still wants to know.
const BLOCK: u64 = 1024 * 1024;

/// What was counted: of which bytes, and for which text.
type CountKey = (BodyId, ViewPart, ViewMode, String, u64);

/// The hits of a search, in order.
#[derive(Debug, Clone)]
pub(super) struct CountedHits {
    key: CountKey,
    hits: Vec<u64>,
    /// There may be more.
    is_more: bool,
}

impl CountedHits {
    /// Counts, with what `cut` finds besides up to a byte and a number; unless `before` did; `None` = nobody wants to know any more.
    pub(super) fn of(
        before: Option<CountedHits>,
        body: &Body,
        query: &SearchQuery,
        (pattern, cut): (&Pattern, &dyn Fn(u64, usize) -> Vec<u64>),
        is_current: &dyn Fn() -> bool,
    ) -> Option<Self> {
        let len = body.len(query.part);
        let key = (query.body, query.part, query.mode, query.text.clone(), len);
        if let Some(before) = before.filter(|before| before.key == key) {
            return Some(before);
        }
        let (mut hits, mut at, end) = (Vec::new(), 0, len.min(BYTES));
        while at < end && hits.len() < HITS {
            if !is_current() {
                return None;
            }
            let count = (end - at).min(BLOCK) as usize;
            let bytes = body.read(query.part, at, count + pattern.longest()).unwrap_or_default();
            let mut from = 0;
            while let Some(hit) = pattern.first(&bytes, from)
                && hit.start < count
                && hits.len() < HITS
            {
                hits.push(at + hit.start as u64);
                from = hit.start + 1;
            }
            at += count as u64;
        }
        let others = cut(at, HITS);
        if !others.is_empty() {
            hits.extend(others);
            hits.sort_unstable();
            hits.dedup();
            hits.truncate(HITS);
        }
        let is_more = hits.len() >= HITS || end < len;
        Some(CountedHits { key, hits, is_more })
    }

    /// What is told of it at this hit.
    pub(super) fn at(&self, query: SearchQuery, hit: u64) -> HitCount {
        let place = self.hits.binary_search(&hit).ok();
        let (place, total) = (place.map(|place| place as u64), self.hits.len() as u64);
        HitCount { query, hit, place, total, is_more: self.is_more }
    }
}
