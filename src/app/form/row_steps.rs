//! What was done in the form of a draft, in order: texts that were typed, rows that were moved, added,
//! deleted or switched, choices that were made. Each step is taken back by itself, and made again.
//!
//! Kept by the draft. A step holds no more than the text or the rows it is about, so what was changed
//! elsewhere since stays as it is; a choice can change what other fields there are, so it holds the
//! whole. A step whose text or list is not there any more is left out.

use super::access;
use super::form_line::FormFieldId;
use super::row_lists::{self, KeptRow};
use super::row_moves;
use super::rows::{rows, tabs};
use super::text_step::TextStep;
use super::url_rows;
use crate::app::editor::TextChange;
use crate::compose::spec_names::rename_in;
use crate::model::field_access as fields;
use crate::model::field_id::FieldId;
use crate::model::name_value::NameValue;
use crate::model::shared_spec::SharedSpec;
use crate::model::spec::Spec;

/// Steps that are kept; the oldest make room.
const MOST: usize = 200;
/// Bytes of texts that steps keep.
const MOST_BYTES: usize = 32 * 1024 * 1024;
/// Rows of a URL that know their place.
const MOST_PARKED: usize = 50;

/// See the module; what was done last is at the end.
#[derive(Debug, Clone, Default)]
pub(crate) struct RowSteps {
    done: Vec<DoneStep>,
    undone: Vec<DoneStep>,
    /// Rows of the URL that were switched off, which are in the list until they are switched on.
    parked: Vec<ParkedRow>,
    /// The cell whose first letters made the row the last step added, while they are typed.
    begun: Option<FormFieldId>,
}

/// A step, and what it was for the user.
#[derive(Debug, Clone)]
struct DoneStep {
    what: StepName,
    step: RowStep,
    /// The parked rows on the other side of it, where it changed them.
    parked: Option<Vec<ParkedRow>>,
    /// Bytes of texts it keeps.
    weight: usize,
}

/// What a step was for the user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StepName {
    Typing,
    Addition,
    Choice,
    Deletion,
    Paste,
    Move,
    Copy,
    Switch,
    Rename,
    Adoption,
}

/// What was done.
#[derive(Debug, Clone)]
enum RowStep {
    Removed {
        list: FieldId,
        at: usize,
        row: KeptRow,
    },
    Inserted {
        list: FieldId,
        at: usize,
        count: usize,
    },
    Moved {
        list: FieldId,
        from: usize,
        to: usize,
        count: usize,
    },
    Switched(FormFieldId),
    /// A name has another one's place in these texts.
    Renamed {
        from: String,
        to: String,
        texts: Vec<usize>,
    },
    Text(TextStep),
    Chosen {
        field: FormFieldId,
        other: SharedSpec,
    },
    All(Vec<RowStep>),
}

/// Where something was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StepPlace {
    Row(RowPlace),
    /// A field, and the byte of its text that is known.
    Field(FormFieldId, Option<usize>),
}

#[derive(Debug, Clone)]
struct ParkedRow {
    row: NameValue,
    at: usize,
    piece: KeptRow,
}

/// A row of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RowPlace {
    pub(crate) list: FieldId,
    pub(crate) at: usize,
}

impl StepName {
    /// The words for it, without an article.
    pub(crate) fn words(self) -> &'static str {
        match self {
            StepName::Typing => "typing",
            StepName::Addition => "new row",
            StepName::Choice => "choice",
            StepName::Deletion => "deletion",
            StepName::Paste => "paste",
            StepName::Move => "move",
            StepName::Copy => "copy",
            StepName::Switch => "switch",
            StepName::Rename => "name",
            StepName::Adoption => "new protocol",
        }
    }
}

impl RowStep {
    fn removal(spec: &mut Spec, list: FieldId, at: usize) -> Option<RowStep> {
        let row = row_lists::kept(spec, list, at)?;
        row_lists::remove(spec, list, at).then_some(RowStep::Removed { list, at, row })
    }

    fn insertion(spec: &mut Spec, list: FieldId, at: usize, row: &KeptRow) -> Option<RowStep> {
        let at = at.min(row_lists::len(spec, list));
        row_lists::insert(spec, list, at, row).then(|| RowStep::inserted(spec, list, at))
    }

    /// A row that is there now.
    fn inserted(spec: &Spec, list: FieldId, at: usize) -> RowStep {
        RowStep::Inserted { list, at, count: row_lists::len(spec, list) }
    }

    /// Takes it back; gives what was done for that.
    fn take_back(self, spec: &mut Spec) -> Option<RowStep> {
        match self {
            RowStep::Removed { list, at, row } => RowStep::insertion(spec, list, at, &row),
            RowStep::Inserted { list, at, count } if fits(spec, list, count) => {
                RowStep::removal(spec, list, at)
            }
            RowStep::Moved { list, from, to, count } if fits(spec, list, count) => {
                let is_back = row_lists::put(spec, list, to, from);
                is_back.then_some(RowStep::Moved { list, from: to, to: from, count })
            }
            RowStep::Inserted { .. } | RowStep::Moved { .. } => None,
            RowStep::Switched(field) => {
                let is_there = !access::text(spec, field).is_empty();
                is_there.then(|| access::cycle(spec, field, true))?;
                Some(RowStep::Switched(field))
            }
            RowStep::Renamed { from, to, texts } => {
                let texts = rename_in(spec, &to, &from, Some(&texts));
                (!texts.is_empty()).then_some(RowStep::Renamed { from: to, to: from, texts })
            }
            RowStep::Text(step) => step.take_back(spec).map(RowStep::Text),
            RowStep::Chosen { field, other } => {
                let other = std::mem::replace(spec, other.to_spec()).into();
                Some(RowStep::Chosen { field, other })
            }
            RowStep::All(steps) => {
                let back = steps.into_iter().rev().filter_map(|step| step.take_back(spec));
                let back: Vec<RowStep> = back.collect();
                (!back.is_empty()).then_some(RowStep::All(back))
            }
        }
    }

    /// Where the cursor goes after it.
    fn place(&self) -> Option<StepPlace> {
        let row = |list: FieldId, at| Some(StepPlace::Row(RowPlace { list, at }));
        match self {
            RowStep::Removed { list, at, .. } | RowStep::Inserted { list, at, .. } => {
                row(*list, *at)
            }
            RowStep::Moved { list, to, .. } => row(*list, *to),
            RowStep::Switched(field) => {
                let (list, at) = field.in_list()?;
                row(list, at)
            }
            RowStep::Renamed { .. } => None,
            RowStep::Text(step) => Some(StepPlace::Field(step.cell, step.end())),
            RowStep::Chosen { field, .. } => Some(StepPlace::Field(*field, None)),
            RowStep::All(steps) => steps.last()?.place(),
        }
    }

    /// Bytes of texts it keeps, about.
    fn weight(&self) -> usize {
        match self {
            RowStep::Text(step) => step.weight(),
            RowStep::Chosen { other, .. } => {
                let lines = tabs(other).into_iter().flat_map(|tab| rows(other, tab));
                let fields = lines.flat_map(|line| line.fields);
                fields.map(|field| access::text(other, field.id).len()).sum()
            }
            RowStep::All(steps) => steps.iter().map(RowStep::weight).sum(),
            _ => 0,
        }
    }
}

/// Whether a step on a list is still about the same rows: a URL is also typed, and its rows are then
/// others.
fn fits(spec: &Spec, list: FieldId, count: usize) -> bool {
    list != url_rows::list() || row_lists::len(spec, list) == count
}

impl RowSteps {
    fn push(&mut self, what: StepName, step: RowStep) {
        self.begun = None;
        self.undone.clear();
        let weight = step.weight();
        self.done.push(DoneStep { what, step, parked: None, weight });
        let mut kept: usize = self.done.iter().map(|step| step.weight).sum();
        let too_many = self.done.len().saturating_sub(MOST);
        let mut gone = 0;
        for step in &self.done {
            if gone >= too_many && kept <= MOST_BYTES {
                break;
            }
            kept -= step.weight;
            gone += 1;
        }
        self.done.drain(..gone);
    }

    /// Writes what was typed into a field, or what else its text becomes.
    ///
    /// # Errors
    /// A sentence for the user when it is no value of this field; nothing is done then.
    pub(crate) fn write(
        &mut self,
        spec: &mut Spec,
        id: FormFieldId,
        text: &str,
    ) -> Result<(), String> {
        let row = access::row_to_be(spec, id);
        let source = TextStep::source(id);
        let before = access::get(spec, source);
        let in_cell = (source != id).then(|| access::get(spec, id));
        access::set(spec, id, text)?;
        if let Some(RowPlace { list, at }) = row.filter(|row| access::len(spec, row.list) > row.at)
        {
            self.push(StepName::Addition, RowStep::inserted(spec, list, at));
            self.begun = Some(id);
            return Ok(());
        }
        let typed = in_cell.map(|before| TextStep::between(id, &before, &access::text(spec, id)));
        let step = TextStep::between(id, &before, &access::text(spec, source));
        if let Some(step) = step {
            self.typed(match typed {
                Some(typed) => step.typed_as(typed.as_ref()),
                None => step,
            });
        }
        Ok(())
    }

    /// The same of an editor's change: a text that is the value itself is changed where it lies.
    ///
    /// # Errors
    /// As `write`.
    pub(crate) fn edit(
        &mut self,
        spec: &mut Spec,
        id: FormFieldId,
        change: &TextChange,
        text: &str,
    ) -> Result<(), String> {
        if let TextChange::Piece(splice) = change
            && let Some(step) = TextStep::of_splice(spec, id, splice)
            && access::splice(spec, id, splice, text.len())
        {
            self.typed(step);
            return Ok(());
        }
        self.write(spec, id, text)
    }

    /// Something was typed: letters of a word are one step, and one with the row they begin.
    fn typed(&mut self, step: TextStep) {
        if self.begun == Some(step.cell) && step.is_letter() {
            return;
        }
        if let Some(DoneStep { step: RowStep::Text(last), weight, .. }) = self.done.last_mut()
            && last.join(&step)
        {
            *weight = last.weight();
            return self.undone.clear();
        }
        self.push(StepName::Typing, RowStep::Text(step));
    }

    /// Lets a choice be made at a field; of several at the same one the last is the step.
    pub(crate) fn choose<T>(
        &mut self,
        spec: &mut SharedSpec,
        field: FormFieldId,
        change: impl FnOnce(&mut Spec) -> T,
    ) -> T {
        let before = spec.clone();
        let made = change(spec);
        let is_same =
            |step: &DoneStep| matches!(step.step, RowStep::Chosen { field: of, .. } if of == field);
        if *spec == before {
            *spec = before;
        } else if !self.done.last().is_some_and(is_same) {
            self.push(StepName::Choice, RowStep::Chosen { field, other: before });
        }
        made
    }

    /// The address made another spec of this one.
    pub(crate) fn adopted(&mut self, before: SharedSpec) {
        let step = RowStep::Chosen { field: FormFieldId::Address, other: before };
        self.push(StepName::Adoption, step);
    }

    /// Adds a row at the end of a list of rules or steps; gives the field to go on with.
    pub(crate) fn add(&mut self, spec: &mut Spec, id: FormFieldId) -> Option<FormFieldId> {
        let added = access::add(spec, id)?;
        let (list, at) = added.in_list()?;
        self.push(StepName::Addition, RowStep::inserted(spec, list, at));
        Some(added)
    }

    /// Puts another name in the place of one, wherever that stands; tells in how many texts.
    pub(crate) fn rename(&mut self, spec: &mut Spec, from: &str, to: &str) -> usize {
        let texts = rename_in(spec, from, to, None);
        let count = texts.len();
        if count > 0 {
            let (from, to) = (from.to_owned(), to.to_owned());
            self.push(StepName::Rename, RowStep::Renamed { from, to, texts });
        }
        count
    }

    /// Deletes the row, rule or step a field belongs to; tells whether there was one.
    pub(crate) fn delete(&mut self, spec: &mut Spec, id: FormFieldId) -> bool {
        let Some((list, at)) = id.in_list().filter(|_| !access::is_area(spec, id)) else {
            return false;
        };
        let step = RowStep::removal(spec, list, at);
        step.map(|step| self.push(StepName::Deletion, step)).is_some()
    }

    /// Puts a copy of the row or rule of a field behind it; gives the field of the copy to go on with.
    pub(crate) fn duplicate(&mut self, spec: &mut Spec, id: FormFieldId) -> Option<FormFieldId> {
        let (list, at) = id.in_list()?;
        if !row_lists::duplicate(spec, list, at) {
            return None;
        }
        self.push(StepName::Copy, RowStep::inserted(spec, list, at + 1));
        access::first_field(spec, list, at + 1)
    }

    /// Moves the row, rule or step a field belongs to by one; tells where the field is then.
    pub(crate) fn move_by_one(
        &mut self,
        spec: &mut Spec,
        id: FormFieldId,
        is_down: bool,
    ) -> Option<FormFieldId> {
        let moved = row_moves::move_row(spec, id, is_down)?;
        let ((list, from), (_, to)) = id.in_list().zip(moved.in_list())?;
        let count = row_lists::len(spec, list);
        self.push(StepName::Move, RowStep::Moved { list, from, to, count });
        Some(moved)
    }

    /// Puts rows with these names and values where this cell is, in place of a row that is empty;
    /// tells how many.
    pub(crate) fn paste(&mut self, spec: &mut Spec, place: RowPlace, new: &[NameValue]) -> usize {
        let RowPlace { list, at } = place;
        let mut steps: Vec<RowStep> = RowStep::removal(spec, list, at).into_iter().collect();
        let count = row_moves::insert(spec, list, at, new);
        // From the last one on, so that each is taken back where it is.
        steps.extend((at..at + count).map(|at| RowStep::inserted(spec, list, at)));
        self.push(StepName::Paste, RowStep::All(steps));
        count
    }

    /// Switches the row of this check on or off; gives the check of the row where it is then. A row of
    /// the URL goes into the list, as it is off, and back to its place.
    pub(crate) fn switch(&mut self, spec: &mut Spec, check: FormFieldId) -> FormFieldId {
        let before = self.parked.clone();
        self.settle(spec);
        let (check, is_step) = self.switched(spec, check);
        if let Some(done) = self.done.last_mut().filter(|_| is_step) {
            done.parked = Some(before);
        }
        check
    }

    /// A row is parked as long as it is in the list, switched off: an equal one that comes later is
    /// another.
    fn settle(&mut self, spec: &Spec) {
        let listed = spec.as_http().map(|http| &*http.query).unwrap_or_default();
        let mut left: Vec<&NameValue> = listed.iter().collect();
        self.parked.retain(|parked| {
            let at = left.iter().position(|row| **row == parked.row);
            at.map(|at| left.swap_remove(at)).is_some()
        });
    }

    /// Tells also whether that is a step.
    fn switched(&mut self, spec: &mut Spec, check: FormFieldId) -> (FormFieldId, bool) {
        let place = check.in_list().map(|(list, at)| RowPlace { list, at });
        let moved = place.and_then(|place| {
            if place.list == url_rows::list() {
                self.park(spec, place.at)
            } else {
                self.fetch(spec, place)
            }
        });
        if let Some(moved) = moved {
            return (moved, true);
        }
        let is_there = !access::text(spec, check).is_empty();
        access::cycle(spec, check, true);
        if is_there {
            self.push(StepName::Switch, RowStep::Switched(check));
        }
        (check, is_there)
    }

    /// A row of the URL goes into the list.
    fn park(&mut self, spec: &mut Spec, at: usize) -> Option<FormFieldId> {
        let row = NameValue { enabled: false, ..url_rows::row(spec, at)? };
        let removed = RowStep::removal(spec, url_rows::list(), at)?;
        let RowStep::Removed { row: piece, .. } = &removed else { return None };
        let (list, rows) = (url_rows::added(), spec.as_http()?.query.clone());
        let before = |known: &ParkedRow| known.at <= at;
        let is_before =
            |row: &&NameValue| self.parked.iter().filter(|it| before(it)).any(|it| it.row == **row);
        let to = rows.iter().take_while(is_before).count();
        let kept: KeptRow = std::sync::Arc::new(row.clone());
        let piece = piece.clone();
        let inserted = RowStep::insertion(spec, list, to, &kept)?;
        if self.parked.len() >= MOST_PARKED {
            self.parked.remove(0);
        }
        self.parked.push(ParkedRow { row, at, piece });
        self.push(StepName::Switch, RowStep::All(vec![removed, inserted]));
        Some(FormFieldId::Field(list.row(to).then("off")))
    }

    /// A row that was one of the URL goes back to its place there.
    fn fetch(&mut self, spec: &mut Spec, place: RowPlace) -> Option<FormFieldId> {
        if place.list != url_rows::added() {
            return None;
        }
        let row = spec.as_http()?.query.get(place.at)?;
        let known = self.parked.iter().rposition(|it| it.row == *row)?;
        let ParkedRow { at, piece, .. } = self.parked.remove(known);
        let removed = RowStep::removal(spec, place.list, place.at)?;
        let inserted = RowStep::insertion(spec, url_rows::list(), at, &piece)?;
        let RowStep::Inserted { at, .. } = inserted else { return None };
        self.push(StepName::Switch, RowStep::All(vec![removed, inserted]));
        Some(FormFieldId::Field(url_rows::list().row(at).then("off")))
    }

    /// Whether there is a step to be taken back.
    pub(crate) fn can_undo(&self) -> bool {
        !self.done.is_empty()
    }

    /// Whether there is one to be made again.
    pub(crate) fn can_redo(&self) -> bool {
        !self.undone.is_empty()
    }

    /// Takes the last step back; tells what it was and where the cursor goes.
    pub(crate) fn take_back(&mut self, spec: &mut Spec) -> Option<(StepName, Option<StepPlace>)> {
        let RowSteps { done, undone, parked, begun } = self;
        *begun = None;
        turn([done, undone], parked, spec)
    }

    /// Makes the step again that was taken back last; tells what it was and where the cursor goes.
    pub(crate) fn make_again(&mut self, spec: &mut Spec) -> Option<(StepName, Option<StepPlace>)> {
        let RowSteps { done, undone, parked, begun } = self;
        *begun = None;
        turn([undone, done], parked, spec)
    }
}

/// Takes the last of these steps back, with the rows it parked, and puts what that took to the others.
fn turn(
    [steps, others]: [&mut Vec<DoneStep>; 2],
    parked: &mut Vec<ParkedRow>,
    spec: &mut Spec,
) -> Option<(StepName, Option<StepPlace>)> {
    while let Some(DoneStep { what, step, parked: mut before, weight }) = steps.pop() {
        if let Some(step) = step.take_back(spec) {
            let place = step.place();
            if let Some(before) = &mut before {
                std::mem::swap(before, parked);
            }
            others.push(DoneStep { what, step, parked: before, weight });
            return Some((what, place));
        }
    }
    None
}

/// The tab a list is on.
pub(crate) fn tab_of(spec: &Spec, list: FieldId) -> Option<super::FormTab> {
    let list = if list == url_rows::list() { url_rows::added() } else { list };
    fields::tab(spec.options(), &list)
}
