//! What of a body laid out as JSON is folded, and the path of the line under the cursor: found in the
//! lines that are here and in what encloses the first of them.

use super::BodyView;
use crate::codec::highlight::{self, HighlightToken};
use crate::model::folds::{Enclosing, FOLDABLE, Folds, JsonStep};
use crate::model::view::{View, ViewLine, ViewMode};

/// Objects and lists folded or unfolded one by one, at most.
const SINGLE: usize = 4096;

/// An object or list by the line that opens it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Opening {
    at: u64,
    number: u64,
    depth: u32,
}

impl BodyView {
    /// What is folded where lines can be.
    pub(super) fn folds_wanted(&self) -> Folds {
        if self.mode == ViewMode::Pretty { self.folds.clone() } else { Folds::default() }
    }

    /// Folds the object or list the cursor is on or in, or unfolds it; or says why not.
    pub(in super::super) fn toggle_fold(&mut self) -> Result<(), &'static str> {
        let Opening { at, number, depth } = self.opening_at(self.cursor)?;
        if self.folds.except.len() >= SINGLE && !self.folds.except.contains(&at) {
            return Err("so many folds are not kept: [fold-all] unfolds all");
        }
        if depth as usize >= FOLDABLE {
            return Err("what is so deep cannot be folded");
        }
        self.folds.toggle(at);
        self.folding = Some(at).filter(|at| self.folds.holds(depth, *at));
        self.place_cursor(number);
        Ok(())
    }

    /// What is to be said when what was folded last turns out to have no end. Where none will come it is
    /// folded no more.
    pub(in super::super) fn endless_fold(&mut self) -> Option<&'static str> {
        let at = self.folding?;
        let window = self.window.as_ref().filter(|window| window.query.folds == self.folds)?;
        let line = window.lines.iter().find(|line| line.offset == at && !line.continued)?;
        let (is_folded, is_complete) = (line.folded.is_some(), window.complete);
        self.folding = None;
        if is_folded {
            return None;
        }
        if !is_complete {
            return Some("its end is not here yet: it is folded when it comes");
        }
        self.folds.toggle(at);
        Some("this is not folded: the body ends before its bracket is closed")
    }

    /// Folds all objects and lists within the outermost, of several values each value; when all of a depth
    /// are, unfolds everything.
    pub(in super::super) fn toggle_all_folds(&mut self) -> Result<(), &'static str> {
        let lines = &self.laid_out()?.lines;
        let is_further = |line: &ViewLine| {
            line.place.depth == 0 && !line.place.closes && !line.continued && line.number > 0
        };
        let outermost = u32::from(!lines.iter().any(is_further));
        let level = self.folds.level.is_none().then_some(outermost);
        self.fold_level(level);
        Ok(())
    }

    /// Folds everything one level further out, or in; at first everything at the depth of the cursor.
    pub(in super::super) fn step_folds(&mut self, further: bool) -> Result<(), &'static str> {
        self.laid_out()?;
        let level = match (self.folds.level, further) {
            (Some(level), true) => level.saturating_sub(1),
            (Some(level), false) => (level + 1).min(FOLDABLE as u32 - 1),
            (None, true) => self.opening_at(self.cursor).map_or(1, |opening| opening.depth),
            (None, false) => return Err("nothing is folded; [fold-level] folds"),
        };
        self.fold_level(Some(level));
        Ok(())
    }

    fn fold_level(&mut self, level: Option<u32>) {
        self.folds = Folds { level, ..Folds::default() };
        self.place_cursor(self.cursor);
    }

    /// Unfolds what hides a hit; the objects and lists around it are told from outside.
    pub(in super::super) fn unfold_around(&mut self, inside: &[u64]) {
        for (at, depth) in inside.iter().zip(0..) {
            if self.folds.holds(depth, *at) {
                self.folds.toggle(*at);
            }
        }
    }

    fn laid_out(&self) -> Result<&View, &'static str> {
        let window = self.window.as_ref().filter(|window| window.cut == ViewMode::Pretty);
        window.ok_or("only JSON that is laid out can be folded")
    }

    /// The object or list a line opens, closes or is in.
    fn opening_at(&self, number: u64) -> Result<Opening, &'static str> {
        let window = self.laid_out()?;
        let place = self.place_of(number).ok_or("this line is not here yet")?;
        let (lines, line) = (&window.lines[..=place], &window.lines[place]);
        let own = line.place.depth;
        let is_bracket = line.place.closes || opens(line);
        let depth = if is_bracket { Some(own) } else { own.checked_sub(1) };
        let depth = depth.ok_or("this is no object and no list")?;
        let is_it =
            |line: &&ViewLine| line.place.depth == depth && !line.continued && !line.place.closes;
        if let Some(found) = lines.iter().rev().find(is_it) {
            return Ok(Opening { at: found.offset, number: found.number, depth });
        }
        let outer = window.enclosing.get(depth as usize);
        let of = |outer: &Enclosing| Opening { at: outer.at, number: outer.number, depth };
        outer.map(of).ok_or("what is so deep cannot be folded")
    }

    /// First byte of the line that opens what a line opens, closes or is in.
    pub(in super::super) fn opened_by(&self, number: u64) -> Option<u64> {
        self.opening_at(number).ok().map(|opening| opening.at)
    }

    /// Whether a line that is here opens an object or list that can be folded.
    pub fn opens(&self, line: &ViewLine) -> bool {
        let is_json = self.window.as_ref().is_some_and(|window| window.cut == ViewMode::Pretty);
        is_json && opens(line) && (line.place.depth as usize) < FOLDABLE
    }

    /// First byte of the line of JSON the cursor is on, that of its beginning where it goes on; none on
    /// the line of a bracket that closes.
    pub(in super::super) fn value_at(&self) -> Option<u64> {
        let lines = self.laid_out().ok()?.lines.get(..=self.place_of(self.cursor)?)?;
        let line = lines.iter().rev().find(|line| !line.continued)?;
        (!line.place.closes).then_some(line.offset)
    }

    /// The path of the value under the cursor, as jq writes it: `.users[2].city`.
    pub fn path(&self) -> Option<String> {
        let window = self.laid_out().ok()?;
        let lines = window.lines.get(..=self.place_of(self.cursor)?)?;
        let mut wanted = lines.last()?.place.depth + 1;
        let mut steps = Vec::new();
        for line in lines.iter().rev() {
            if wanted == 0 {
                break;
            }
            if !line.continued && !line.place.closes && line.place.depth < wanted {
                steps.push(step_of(line));
                wanted = line.place.depth;
            }
        }
        let outer = window.enclosing.iter().take(wanted as usize).map(|outer| outer.step.clone());
        let mut path = String::new();
        outer.chain(steps.into_iter().rev()).for_each(|step| step.extend(&mut path));
        Some(if path.is_empty() { ".".to_owned() } else { path })
    }
}

/// Whether an object or list begins on a line and goes on below.
fn opens(line: &ViewLine) -> bool {
    !line.continued
        && !line.place.closes
        && line.bytes.last().is_some_and(|last| matches!(last, b'{' | b'['))
}

/// The step to the value of a line.
fn step_of(line: &ViewLine) -> JsonStep {
    let tokens = highlight::json(&line.bytes);
    match tokens.first() {
        Some((range, HighlightToken::Key)) if range.len() >= 2 => {
            JsonStep::Name(line.bytes.slice(range.start + 1..range.end - 1))
        }
        _ if line.place.depth == 0 => JsonStep::Top,
        _ => JsonStep::Index(line.place.member),
    }
}
