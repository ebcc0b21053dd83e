//! Line indexes: which display line begins at which byte of a body.
//!
//! An index is a scanner that has come so far, and a copy of it every [`SPACING`] bytes. To show a
//! line, the copy before it scans at most that much again; so a window costs the same anywhere in
//! any body, and an index takes about a hundredth of the body. Hex needs none.
//!
//! Behind the index of JSON goes a check, which tells the first flaw when it has come to it; lines
//! never wait for it.

mod folding;

use bytes::Bytes;

use super::message::Body;
use crate::codec::lines::{JsonCheck, LineScanner, NotJson};
use crate::model::folds::{Enclosing, JsonStep};
use crate::model::id::BodyId;
use crate::model::view::{LINE_PIECE, View, ViewLine, ViewMode, ViewPart, ViewQuery};
use folding::{FoldMap, ShownLine};

/// Bytes between two copies of the scanner: 20 µs of scanning.
const SPACING: usize = 16 * 1024;
/// Indexes kept. A screen shows few bodies; an index that is asked for again is made again. A list
/// of eight, the latest used last, takes three lines; `lru` would be a hash map more.
const INDEXES: usize = 8;
/// Rows of one window at most; no screen has more.
pub(super) const ROWS: u16 = 1024;
/// Bytes of one hex line.
const HEX_LINE: u64 = 16;
/// Bytes of a name that are told in a path.
const NAME: usize = 256;
/// Said when more is to be folded than can be.
const FOLDS_END: &str = "so many folds are not kept: what comes last is not folded";
/// Bytes read for one window at most; longer runs of white space between values are cut.
const WINDOW_BYTES: usize = 8 * 1024 * 1024;

type IndexKey = (BodyId, ViewPart, ViewMode);

/// The indexes of the bodies that are looked at, the latest used last.
#[derive(Debug, Default)]
pub(super) struct Indexes {
    list: Vec<LineIndex>,
    buffer: Vec<u8>,
}

#[derive(Debug)]
struct LineIndex {
    key: IndexKey,
    /// Scanned up to here.
    reached: Checkpoint,
    checkpoints: Vec<Checkpoint>,
    error: Option<NotJson>,
    /// Of what is laid out as JSON.
    check: Option<JsonCheck>,
    map: FoldMap,
}

/// How far a view of a body has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Progress {
    /// Display lines indexed.
    pub(super) lines: u64,
    /// Bytes looked at for folds.
    folded: u64,
    /// Bytes there are.
    pub(super) bytes: u64,
    /// These are all lines of a body that is whole.
    pub(super) is_complete: bool,
    /// And all is known that can be said of it.
    pub(super) is_checked: bool,
}

#[derive(Debug, Clone)]
struct Checkpoint {
    /// Lines that start before its offset.
    lines: u64,
    scanner: LineScanner,
}

impl Indexes {
    fn find(&self, key: IndexKey) -> Option<&LineIndex> {
        self.list.iter().find(|index| index.key == key)
    }

    /// What is not JSON is shown as text.
    fn not_json(&self, body: &Body, query: &ViewQuery) -> Option<&NotJson> {
        self.find((body.id, query.part, query.mode))?.error.as_ref()
    }

    fn key(&self, body: &Body, query: &ViewQuery) -> IndexKey {
        let is_text = self.not_json(body, query).is_some();
        (body.id, query.part, if is_text { ViewMode::Text } else { query.mode })
    }

    fn get(&self, body: &Body, query: &ViewQuery) -> Option<&LineIndex> {
        self.find(self.key(body, query))
    }

    fn use_index(&mut self, key: IndexKey) -> &mut LineIndex {
        let place = self.list.iter().position(|index| index.key == key);
        let index = place.map_or_else(|| LineIndex::new(key), |place| self.list.remove(place));
        if self.list.len() >= INDEXES {
            self.list.remove(0);
        }
        self.list.push(index);
        let last = self.list.len() - 1;
        &mut self.list[last]
    }

    /// Bytes have arrived that are not indexed.
    pub(super) fn is_behind(&self, body: &Body, query: &ViewQuery) -> bool {
        let len = body.len(query.part);
        let index = self.get(body, query);
        query.mode != ViewMode::Hex
            && index.is_none_or(|index| {
                index.reached.scanner.offset() < len
                    || (index.map.folds == query.folds && index.map.is_behind(len))
            })
            && len > 0
    }

    /// Indexes up to `budget` more bytes; `false` = there were none.
    pub(super) fn extend(&mut self, body: &Body, query: &ViewQuery, budget: usize) -> bool {
        let is_behind = self.is_behind(body, query);
        if is_behind {
            let key = self.key(body, query);
            self.pass(body, key, budget, LineIndex::scan, |index| index.reached.scanner.offset());
        }
        is_behind
    }

    /// Folds what a window asks for, in up to `budget` bytes.
    pub(super) fn fold(&mut self, body: &Body, query: &ViewQuery, budget: usize) {
        let key = self.key(body, query);
        if key.2 != ViewMode::Pretty || self.find(key).is_none() {
            return;
        }
        let index = self.use_index(key);
        index.fold(body, &query.folds);
        if index.map.is_behind(body.len(query.part)) {
            let list = |index: &mut LineIndex, bytes: &[u8]| index.map.list(bytes);
            self.pass(body, key, budget, list, |index| index.map.reached());
        }
    }

    /// Checks up to `budget` more bytes.
    pub(super) fn check(&mut self, body: &Body, query: &ViewQuery, budget: usize) {
        if self.is_unchecked(body, query) {
            let key = (body.id, query.part, query.mode);
            self.pass(body, key, budget, LineIndex::check, LineIndex::checked);
        }
    }

    /// Bytes have arrived that are not checked and should be.
    pub(super) fn is_unchecked(&self, body: &Body, query: &ViewQuery) -> bool {
        let index = self.find((body.id, query.part, query.mode));
        index.is_some_and(|index| index.checked() < body.len(query.part))
    }

    fn pass(
        &mut self,
        body: &Body,
        key: IndexKey,
        budget: usize,
        take: impl FnOnce(&mut LineIndex, &[u8]),
        reached: impl FnOnce(&LineIndex) -> u64,
    ) {
        let mut buffer = std::mem::take(&mut self.buffer);
        let index = self.use_index(key);
        buffer.resize(budget, 0);
        // A body that cannot be read any more stays as far as it has come; see `note`.
        let count = body.read_at(key.1, reached(index), &mut buffer).unwrap_or(0);
        take(index, &buffer[..count]);
        self.buffer = buffer;
    }

    /// How far this view has come.
    pub(super) fn progress(&self, body: &Body, query: &ViewQuery) -> Progress {
        // Asked first: whatever is complete then has all its bytes.
        let arrived = body.is_complete(query.part);
        let bytes = body.len(query.part);
        let lines = match query.mode {
            ViewMode::Hex => bytes.div_ceil(HEX_LINE),
            _ => self.get(body, query).map_or(0, |index| index.reached.lines),
        };
        let folded = self.get(body, query).map_or(0, |index| index.map.reached());
        let is_complete = arrived && !self.is_behind(body, query);
        let is_checked = is_complete && !self.is_unchecked(body, query);
        Progress { lines, folded, bytes, is_complete, is_checked }
    }

    /// The lines asked for, as far as they are known; past the end the last ones.
    pub(super) fn view(&self, body: &Body, query: &ViewQuery) -> View {
        let progress = self.progress(body, query);
        let Progress { lines: total_lines, bytes: total_bytes, is_complete: complete, .. } =
            progress;
        let rows = u64::from(query.rows.min(ROWS));
        let (wanted, above) = match query.top {
            top if top < total_lines => (top, u64::from(query.above)),
            _ => (total_lines.saturating_sub(1), rows.saturating_sub(1)),
        };
        let index = self.get(body, query);
        let folded = index.filter(|index| !index.map.folds.is_empty());
        let first = wanted.saturating_sub(above);
        let plain = rows.min(total_lines - first) as usize;
        let lines = match (query.mode, index) {
            _ if rows == 0 || total_lines == 0 => Vec::new(),
            (ViewMode::Hex, _) => hex_lines(body, query.part, first, plain),
            (_, Some(index)) if folded.is_some() => {
                let shown = index.map.shown(wanted, above, rows as usize, total_lines);
                index.show_some(body, &shown)
            }
            (_, Some(index)) => index.show(body, first, plain),
            (_, None) => Vec::new(),
        };
        let top = lines.first().map_or(first, |line| line.number);
        let enclosing = match (lines.first(), index) {
            (Some(line), Some(index)) => index.enclosing(body, line.offset),
            _ => Vec::new(),
        };
        // After the lines: that they could not be read is told here.
        let note = self.note(body, query, progress.is_checked);
        let cut = self.key(body, query).2;
        let query = query.clone();
        View { query, cut, top, lines, enclosing, total_lines, total_bytes, complete, note }
    }

    fn note(&self, body: &Body, query: &ViewQuery, is_checked: bool) -> Option<String> {
        if let Some(why) = body.spool(query.part).flaw() {
            return Some(why.to_string());
        }
        let index = self.find((body.id, query.part, query.mode))?;
        let check = index.check.as_ref()?;
        if let Some(flaw) = check.flaw().or(index.error.as_ref()) {
            return Some(flaw.to_string());
        }
        let unfinished = check.unfinished().filter(|_| is_checked);
        unfinished.or_else(|| index.map.is_full().then(|| FOLDS_END.to_owned()))
    }

    /// The objects and lists a byte is in, as far as is known.
    pub(super) fn enclosing(&self, body: &Body, query: &ViewQuery, at: u64) -> Vec<Enclosing> {
        self.get(body, query).map_or_else(Vec::new, |index| index.enclosing(body, at))
    }

    /// The display line of a byte; `None` = not indexed that far yet.
    pub(super) fn line_of(&self, body: &Body, query: &ViewQuery, at: u64) -> Option<u64> {
        if query.mode == ViewMode::Hex {
            return Some(at / HEX_LINE);
        }
        let index = self.get(body, query)?;
        if index.reached.scanner.offset() <= at && self.is_behind(body, query) {
            return None;
        }
        Some(index.line_of(body, at))
    }

    /// Drops what is known of the lines of these bodies, in every view.
    pub(super) fn forget(&mut self, ids: &[BodyId]) {
        self.list.retain(|index| !ids.contains(&index.key.0));
    }
}

impl LineIndex {
    fn new(key: IndexKey) -> Self {
        let reached = Checkpoint { lines: 0, scanner: LineScanner::new(key.2) };
        let check = (key.2 == ViewMode::Pretty).then(JsonCheck::default);
        let (checkpoints, map) = (vec![reached.clone()], FoldMap::default());
        LineIndex { key, checkpoints, reached, error: None, check, map }
    }

    fn check(&mut self, bytes: &[u8]) {
        if let Some(check) = &mut self.check {
            check.push(bytes);
        }
    }

    /// Bytes of which nothing more is to be told.
    fn checked(&self) -> u64 {
        match &self.check {
            Some(check) if check.flaw().is_none() => check.offset(),
            _ => u64::MAX,
        }
    }

    fn scan(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() && self.error.is_none() {
            let last = self.checkpoints.last().map_or(0, |last| last.scanner.offset());
            let Checkpoint { lines, scanner } = &mut self.reached;
            let room = (SPACING as u64).saturating_sub(scanner.offset() - last) as usize;
            let (piece, rest) = bytes.split_at(room.min(bytes.len()));
            if let Err(error) = scanner.scan(piece, |_| *lines += 1) {
                self.error = Some(error);
                self.checkpoints = Vec::new();
            } else if piece.len() == room {
                self.checkpoints.push(self.reached.clone());
            }
            bytes = rest;
        }
    }

    /// The last checkpoint of which this holds; it holds of the first ones.
    fn last(&self, holds: impl Fn(&Checkpoint) -> bool) -> Option<&Checkpoint> {
        let after = self.checkpoints.partition_point(holds);
        self.checkpoints.get(after.checked_sub(1)?)
    }

    /// Lines that do not all follow each other.
    fn show_some(&self, body: &Body, shown: &[ShownLine]) -> Vec<ViewLine> {
        let block = |(number, _): &ShownLine| {
            self.checkpoints.partition_point(|point| point.lines <= *number).saturating_sub(1)
        };
        let is_near = |before: &ShownLine, after: &ShownLine| block(after) <= block(before) + 1;
        let mut lines = Vec::with_capacity(shown.len());
        for run in shown.chunk_by(is_near) {
            let (first, last) = (run.first().map_or(0, block), run.last().map_or(0, block));
            let Some(from) = self.checkpoints.get(first) else { break };
            let start = from.scanner.offset();
            let reached = self.reached.scanner.offset();
            let end = self.checkpoints.get(last + 1).map_or(reached, |it| it.scanner.offset());
            let end = (end + LINE_PIECE as u64).min(reached);
            let count = usize::try_from(end - start).unwrap_or(WINDOW_BYTES).min(WINDOW_BYTES);
            let bytes = body.read(self.key.1, start, count).unwrap_or_default();
            let wanted = run.iter().map(|(number, _)| number - from.lines);
            let of_run = from.scanner.format_some(&bytes, wanted).into_iter().zip(run);
            lines.extend(of_run.map(|(line, (number, folded))| {
                let (number, folded) = (*number, *folded);
                ViewLine { number, folded, ..line }
            }));
        }
        lines
    }

    fn show(&self, body: &Body, top: u64, rows: usize) -> Vec<ViewLine> {
        let mut lines = self.laid_out(body, top, rows);
        lines.iter_mut().zip(top..).for_each(|(line, number)| line.number = number);
        lines
    }

    /// The objects and lists that are open before a byte, from outside.
    fn enclosing(&self, body: &Body, at: u64) -> Vec<Enclosing> {
        let Some(from) = self.last(|point| point.scanner.offset() <= at) else {
            return Vec::new();
        };
        let start = from.scanner.offset();
        let count = usize::try_from(at - start).unwrap_or(SPACING).min(SPACING);
        let bytes = body.read(self.key.1, start, count).unwrap_or_default();
        let mut scanner = from.scanner.clone();
        // Scanned without an error before.
        let _ = scanner.scan(&bytes, |_| ());
        let open = scanner.open();
        let before = std::iter::once(None).chain(open.iter().map(Some));
        let steps = open.iter().zip(before).map(|(bracket, outer)| match outer {
            None => JsonStep::Top,
            Some(outer) if outer.is_object => JsonStep::Name(self.name(body, bracket.at)),
            Some(outer) => JsonStep::Index(outer.member),
        });
        let lines = open.iter().map(|bracket| (bracket.at, self.line_of(body, bracket.at)));
        lines.zip(steps).map(|((at, number), step)| Enclosing { at, number, step }).collect()
    }

    /// The name a line begins with, without its quotes.
    fn name(&self, body: &Body, at: u64) -> Bytes {
        let bytes = body.read(self.key.1, at, NAME).unwrap_or_default();
        let inside = bytes.get(1..).unwrap_or_default();
        let mut is_escaped = false;
        let end = inside.iter().position(|byte| {
            let ends = *byte == b'"' && !is_escaped;
            is_escaped = *byte == b'\\' && !is_escaped;
            ends
        });
        Bytes::copy_from_slice(end.map_or(inside, |end| &inside[..end]))
    }

    fn laid_out(&self, body: &Body, top: u64, rows: usize) -> Vec<ViewLine> {
        let Some(from) = self.last(|checkpoint| checkpoint.lines <= top) else {
            return Vec::new();
        };
        let start = from.scanner.offset();
        let indexed = usize::try_from(self.reached.scanner.offset() - start).unwrap_or(usize::MAX);
        let mut count = SPACING + rows * 128;
        loop {
            count = count.min(indexed).min(WINDOW_BYTES);
            let bytes = body.read(self.key.1, start, count).unwrap_or_default();
            let lines = from.scanner.format(&bytes, top - from.lines, rows);
            let end = start + bytes.len() as u64;
            let is_whole = lines.len() >= rows
                && lines.last().is_some_and(|line| line.offset + LINE_PIECE as u64 <= end);
            if is_whole || count == indexed || count == WINDOW_BYTES || bytes.len() < count {
                return lines;
            }
            count = count.saturating_mul(4);
        }
    }

    fn line_of(&self, body: &Body, at: u64) -> u64 {
        let Some(from) = self.last(|checkpoint| checkpoint.scanner.offset() <= at) else {
            return 0;
        };
        let start = from.scanner.offset();
        let count = usize::try_from(at - start + 1).unwrap_or(SPACING);
        let bytes = body.read(self.key.1, start, count).unwrap_or_default();
        let mut lines = from.lines;
        // Scanned without an error before.
        let _ = from.scanner.clone().scan(&bytes, |line| lines += u64::from(line.offset <= at));
        lines.saturating_sub(1)
    }
}

fn hex_lines(body: &Body, part: ViewPart, top: u64, rows: usize) -> Vec<ViewLine> {
    let start = top * HEX_LINE;
    let bytes = body.read(part, start, rows * HEX_LINE as usize).unwrap_or_default();
    let bytes = bytes::Bytes::from(bytes);
    let line = |(at, offset): (usize, u64)| {
        let end = bytes.len().min(at + HEX_LINE as usize);
        let (number, bytes) = (offset / HEX_LINE, bytes.slice(at..end));
        ViewLine { number, offset, bytes, ..ViewLine::default() }
    };
    let places = (0..bytes.len()).step_by(HEX_LINE as usize);
    places.map(|at| (at, start + at as u64)).map(line).collect()
}
