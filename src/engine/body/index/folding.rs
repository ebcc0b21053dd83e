//! What is folded of a body laid out as JSON: which of its lines are hidden.
//!
//! Called by the index alone. A fold is found from the first byte of the line that opens it: the copies
//! of the scanner tell how long it stays open, so only the block in which it ends is scanned. Where all of
//! a depth are folded they are listed, in slices, by a scanner of their own.
//!
//! ```text
//!   lines   0 { ─┐ folded: 0 is shown, 1 to 4 are hidden
//!           4 } ─┘
//! ```

use std::collections::BTreeMap;

use super::LineIndex;
use crate::codec::lines::{LineScanner, LineStart};
use crate::engine::body::message::Body;
use crate::model::folds::{FOLDABLE, FoldedLines, Folds};
use crate::model::view::ViewMode;

/// Folds of one depth that are kept, 32 bytes each; further ones stay unfolded.
const LEVEL_FOLDS: usize = 500_000;

/// Bytes scanned between two looks whether the lines sought have come.
const PIECE: usize = 2048;

/// A fold by its lines.
#[derive(Debug, Clone, Copy)]
pub(super) struct FoldSpan {
    /// First byte of the line that opens it.
    at: u64,
    open: u64,
    close: u64,
    members: u64,
}

/// What is folded of one index.
#[derive(Debug, Default)]
pub(super) struct FoldMap {
    pub(super) folds: Folds,
    /// Those of the depth all of which are folded, in order; exceptions included.
    level: Vec<FoldSpan>,
    scan: Option<LevelScan>,
    /// Folds at other depths, in order, none inside of another.
    others: Vec<FoldSpan>,
    /// Those that were asked for, with their depth; `None` = it does not end yet.
    known: BTreeMap<u64, Option<(u32, FoldSpan)>>,
    /// How far the body was indexed when these were found.
    found_at: u64,
}

/// The listing of all folds of a depth.
#[derive(Debug)]
struct LevelScan {
    depth: u32,
    scanner: LineScanner,
    lines: u64,
    /// First byte and number of the last line of that depth.
    last: (u64, u64),
    is_over: bool,
}

/// A line that is shown, with what hides behind it.
pub(super) type ShownLine = (u64, Option<FoldedLines>);

impl FoldSpan {
    fn lines(&self) -> FoldedLines {
        FoldedLines { members: self.members, lines: self.close - self.open }
    }
}

impl FoldMap {
    /// The outermost fold a line is in or opens.
    fn around(&self, line: u64) -> Option<&FoldSpan> {
        let of =
            |list: &'_ [FoldSpan]| list.partition_point(|fold| fold.open <= line).checked_sub(1);
        let in_level = of(&self.level).and_then(|at| self.level.get(at));
        let in_level = in_level.filter(|fold| !self.folds.except.contains(&fold.at));
        let in_others = of(&self.others).and_then(|at| self.others.get(at));
        let found = in_level.into_iter().chain(in_others).filter(|fold| line <= fold.close);
        found.min_by_key(|fold| fold.open)
    }

    /// Up to `rows` lines that are shown, of which `above` are before this one or what hides it.
    pub(super) fn shown(&self, top: u64, above: u64, rows: usize, total: u64) -> Vec<ShownLine> {
        let seen = |line: u64| self.around(line).map_or(line, |fold| fold.open);
        let mut line = seen(top);
        for _ in 0..above {
            match line.checked_sub(1) {
                Some(before) => line = seen(before),
                None => break,
            }
        }
        let mut lines = Vec::with_capacity(rows);
        while lines.len() < rows && line < total {
            let fold = self.around(line);
            lines.push((line, fold.map(FoldSpan::lines)));
            line = fold.map_or(line, |fold| fold.close) + 1;
        }
        lines
    }

    /// Whether folds are still to be listed in a body of so many bytes.
    pub(super) fn is_behind(&self, bytes: u64) -> bool {
        self.scan.as_ref().is_some_and(|scan| !scan.is_over && scan.scanner.offset() < bytes)
    }

    /// The bound was met: folds beyond are not folded.
    pub(super) fn is_full(&self) -> bool {
        self.level.len() >= LEVEL_FOLDS
    }

    /// Place from which bytes are to be listed.
    pub(super) fn reached(&self) -> u64 {
        self.scan.as_ref().map_or(0, |scan| scan.scanner.offset())
    }

    /// Lists the folds that end in the next bytes.
    pub(super) fn list(&mut self, bytes: &[u8]) {
        let FoldMap { scan: Some(scan), level, .. } = self else { return };
        let LevelScan { depth, scanner, lines, last, is_over } = scan;
        let take = |start: LineStart| {
            if start.place.depth == *depth && !start.continued {
                if !start.place.closes {
                    *last = (start.offset, *lines);
                } else if level.len() < LEVEL_FOLDS {
                    let ((at, open), members) = (*last, start.place.member);
                    level.push(FoldSpan { at, open, close: *lines, members });
                }
            }
            *lines += 1;
        };
        *is_over = scanner.scan(bytes, take).is_err() || level.len() >= LEVEL_FOLDS;
    }
}

impl LineIndex {
    /// Folds this from now on; what is asked of folds that were found before costs nothing.
    pub(super) fn fold(&mut self, body: &Body, folds: &Folds) {
        let map = &mut self.map;
        let reached = self.reached.scanner.offset();
        let is_late = map.found_at < reached && map.known.values().any(Option::is_none);
        if map.folds == *folds && !is_late {
            return;
        }
        map.found_at = reached;
        if map.folds.level != folds.level {
            map.level = Vec::new();
            map.scan = folds.level.map(|depth| LevelScan {
                depth,
                scanner: LineScanner::new(ViewMode::Pretty),
                lines: 0,
                last: (0, 0),
                is_over: false,
            });
        }
        map.folds = folds.clone();
        let known = std::mem::take(&mut map.known);
        let find = |at: &u64| {
            let fold = known.get(at).copied().flatten();
            (*at, fold.or_else(|| self.find_fold(body, *at)))
        };
        let known: BTreeMap<_, _> = folds.except.iter().map(find).collect();
        let mut others: Vec<FoldSpan> = Vec::new();
        for (depth, fold) in known.values().flatten() {
            let is_inside = others.last().is_some_and(|before| fold.open <= before.close);
            if Some(*depth) != folds.level && !is_inside {
                others.push(*fold);
            }
        }
        (self.map.known, self.map.others) = (known, others);
    }

    /// The object or list that the line with this first byte opens, with its depth.
    fn find_fold(&self, body: &Body, at: u64) -> Option<(u32, FoldSpan)> {
        let (mut open, mut place) = (0, None);
        self.lines_from(
            body,
            |point| point.scanner.offset() <= at,
            |number, start| {
                if start.offset == at {
                    (open, place) = (number, Some(start.place));
                }
                place.is_some()
            },
        );
        let depth = place.filter(|place| !place.closes)?.depth;
        let kept = usize::try_from(depth).ok().filter(|depth| *depth < FOLDABLE)?;
        let is_open = |point: &super::Checkpoint| {
            let bracket = point.scanner.open().get(kept);
            point.scanner.offset() <= at || bracket.is_some_and(|bracket| bracket.at == at)
        };
        let mut fold = None;
        self.lines_from(body, is_open, |number, start| {
            if start.offset <= at || start.place.depth > depth || start.continued {
                return false;
            }
            if start.place.depth == depth && start.place.closes {
                fold = Some(FoldSpan { at, open, close: number, members: start.place.member });
            }
            true
        });
        fold.map(|fold| (depth, fold))
    }

    /// Scans from the last checkpoint of which something holds until the lines that come are enough,
    /// or to the end of the block after it.
    fn lines_from(
        &self,
        body: &Body,
        holds: impl Fn(&super::Checkpoint) -> bool,
        mut is_enough: impl FnMut(u64, &LineStart) -> bool,
    ) {
        let Some(from) = self.last(holds) else { return };
        let start = from.scanner.offset();
        let count = (self.reached.scanner.offset() - start).min(2 * super::SPACING as u64);
        let bytes = body.read(self.key.1, start, count as usize).unwrap_or_default();
        let (mut number, mut done) = (from.lines, false);
        let mut scanner = from.scanner.clone();
        for piece in bytes.chunks(PIECE) {
            // Scanned without an error before.
            let _ = scanner.scan(piece, |line| {
                done = done || is_enough(number, &line);
                number += 1;
            });
            if done {
                break;
            }
        }
    }
}
