//! The traffic pane: every record of every session on one list.
//!
//! The list follows the newest record until the user scrolls up; a pause freezes what is seen
//! while capturing goes on. Rows are named by record, so they stay where they are when older ones
//! are evicted, and when a new filter finds more of them.

mod filter_line;
mod finding;
mod nothing_found;
mod record;
mod seeking;
mod sorting;
mod time_strip;
mod traffic_areas;
mod typed_line;

use std::time::Duration;

use ratatui::layout::Rect;

use crate::app::action::Action;
use crate::app::copying::CopyAs;
use crate::app::cursor::{Cursor, CursorStep};
use crate::app::decoded_view;
use crate::app::effect::Effect;
use crate::app::intent::{Intent, TrafficWish};
use crate::app::keymap::Context;
use crate::app::layout::pane_inner;
use crate::app::message::{Mouse, Timer};
use crate::app::outcome::{Outcome, PaneInput};
use crate::app::record_view::Detail;
use crate::app::row_order::SortedRows;
use crate::app::shared::{Shared, TextSearch};
use crate::app::to_preset;
use crate::codec::search::Pattern;
use crate::model::id::RecordId;
use crate::model::record::RecordKind;
use crate::model::view::SearchDirection;
use crate::query::Filter;
use crate::timeline::listing::{Listing, Rebuild, STEP_WORK};
use filter_line::FilterLine;
pub use finding::RowFind;
use sorting::TrafficDrag;
pub(crate) use time_strip::{LABEL, cells_of};
use traffic_areas::TrafficAreas;
pub(crate) use typed_line::PROMPT;
pub use typed_line::TrafficLine;

/// The rate is a mean over the last whole second.
pub(crate) const RATE_SECONDS: u64 = 1;
/// Records looked at to find the next one of a connection.
const NEIGHBOUR_REACH: usize = 50_000;

/// State of the pane.
#[derive(Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "facts that hold independently of each other")]
pub struct TrafficPane {
    pub listing: Listing,
    /// The row under the cursor; `None` = the newest, followed.
    selected: Option<RecordId>,
    /// First row on screen; `None` = so that the newest is the last.
    top: Option<RecordId>,
    /// While paused, the first record that is not shown.
    pub paused: Option<RecordId>,
    pub filter: FilterLine,
    /// What is searched for in an open record.
    pub search: TextSearch,
    /// Open while that, a comment or a name is typed.
    pub line: Option<TrafficLine>,
    /// The rows in the order of a column, or on their way into it.
    pub sorted: Option<SortedRows>,
    /// What the mouse was pressed on and has until it is let go.
    dragged: Option<TrafficDrag>,
    /// What is said of a filter that lets nothing through.
    pub nothing: Vec<String>,
    pub detail: Option<Detail>,
    /// The rows in which a text was found.
    pub found: Option<RowFind>,
    /// The strip of time below the rows is hidden.
    pub(crate) hides_strip: bool,
    /// Records that had to make room; said above the oldest row.
    pub let_go: u64,
    rebuild_due: bool,
    sort_due: bool,
    rate_due: bool,
}

/// What the list shows and where.
impl TrafficPane {
    /// Number of rows that are shown, without those that came since a pause.
    pub fn len(&self) -> usize {
        if let Some(sorted) = self.sorted.as_ref().filter(|sorted| sorted.is_done()) {
            return sorted.len();
        }
        self.paused.map_or(self.listing.len(), |record| self.listing.rows_before(record))
    }

    /// Whether no row is shown.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What is worth doing with the row under the cursor.
    pub fn hints(&self) -> Vec<Action> {
        if self.filter.editor.is_some() {
            return vec![Action::Choose, Action::AcceptCompletion, Action::Help, Action::Back];
        }
        let inside = self.detail.as_ref().is_some_and(|detail| detail.inside);
        let mut hints = match (self.is_empty(), inside) {
            (true, _) => return vec![Action::Find],
            (false, true) if self.detail.as_ref().is_some_and(Detail::is_hex) => {
                vec![Action::Select, Action::Copy, Action::ViewHex, Action::Back]
            }
            (false, true) if self.detail.as_ref().is_some_and(Detail::is_text_of_others) => {
                vec![Action::ViewHex, Action::Select, Action::Copy, Action::Back]
            }
            (false, true) => vec![Action::ViewHex, Action::Copy, Action::Back],
            (false, false) => {
                vec![Action::Detail, Action::MakePreset, Action::Mark, Action::FilterBy]
            }
        };
        if inside && decoded_view::is_known(self.detail.as_ref()) {
            hints.insert(2, Action::ViewMode);
        }
        hints.extend([Action::Find, Action::Pause]);
        hints
    }

    /// What else is worth doing with it, where a line has room for more.
    pub(crate) fn more_hints(&self, shared: &Shared) -> Vec<Action> {
        let is_inside = self.detail.as_ref().is_some_and(|detail| detail.inside);
        let is_busy = self.filter.editor.is_some() || is_inside;
        let row = self.selected(shared).filter(|_| !is_busy);
        let Some(record) = row.and_then(|id| shared.timeline.get(id)) else { return Vec::new() };
        let exchange = shared.timeline.exchange_of(&record);
        let is_error = matches!(record.kind, RecordKind::Failed | RecordKind::Reset)
            || exchange.and_then(|it| it.status).is_some_and(|status| status >= 400);
        let mut hints = Vec::new();
        hints.extend(is_error.then_some(Action::NextError));
        hints.extend((!self.listing.filter().is_everything()).then_some(Action::ColorRows));
        hints.push(Action::OpenConversation);
        hints.extend((record.kind == RecordKind::Data).then_some(Action::Replay));
        hints.push(Action::Comment);
        hints.extend(exchange.is_some().then_some(Action::CopyCurl));
        hints.extend([Action::Statistics, Action::SortBy, Action::Columns, Action::Export]);
        hints
    }

    /// Rows that came since the pause.
    pub(crate) fn held_back(&self) -> usize {
        self.paused.map_or(0, |from| self.listing.len() - self.listing.rows_before(from))
    }

    /// Whether the newest row stays in sight, because none is selected.
    pub(crate) fn is_following(&self) -> bool {
        self.selected.is_none() && !self.shows_sorted()
    }

    /// Selected row and first visible row.
    pub fn cursor(&self, height: usize) -> Cursor {
        let len = self.len();
        if let Some(sorted) = self.sorted.as_ref().filter(|sorted| sorted.is_done()) {
            let mut cursor = sorted.cursor;
            cursor.settle(len, height);
            return cursor;
        }
        let selected = match self.selected {
            Some(record) => self.listing.rows_before(record),
            None => len.saturating_sub(1),
        };
        let offset = self.top.map_or(len, |record| self.listing.rows_before(record));
        let mut cursor = Cursor { selected, offset };
        cursor.settle(len, height);
        cursor
    }

    /// What is marked in rows and in the open record: its own search, or what the filter looks for.
    pub fn pattern(&self) -> Option<&Pattern> {
        self.search.pattern.as_ref().or(self.filter.pattern.as_ref())
    }

    /// The record under the cursor.
    pub fn selected(&self, shared: &Shared) -> Option<RecordId> {
        let at = self.cursor(self.height(shared)).selected;
        self.row(at).filter(|_| !self.is_empty())
    }

    /// Whether a filter or a search is typed.
    pub fn is_typing(&self) -> bool {
        self.filter.editor.is_some() || self.line.is_some()
    }

    /// Contexts in which its keys are looked up, the most specific first.
    pub(crate) fn contexts(&self) -> Vec<Context> {
        if !self.is_typing() {
            return vec![Context::Traffic, Context::List, Context::Plain, Context::Global];
        }
        let mut contexts = self.filter.completer.contexts().to_vec();
        contexts.extend(self.filter.editor.is_some().then_some(Context::FilterLine));
        contexts.extend([Context::Line, Context::Global]);
        contexts
    }

    fn areas_now(&self, shared: &Shared) -> TrafficAreas {
        self.areas(pane_inner(shared.areas().traffic))
    }

    fn height(&self, shared: &Shared) -> usize {
        self.areas_now(shared).rows.height.into()
    }

    fn set(&mut self, cursor: Cursor, follow: bool) {
        if let Some(sorted) = self.sorted.as_mut().filter(|sorted| sorted.is_done()) {
            sorted.cursor = cursor;
            return;
        }
        let follow = follow || self.is_empty();
        self.selected = if follow { None } else { self.listing.get(cursor.selected) };
        self.top = if follow { None } else { self.listing.get(cursor.offset) };
    }
}

/// What happens outside: records, timers, sizes.
impl TrafficPane {
    /// New records arrived.
    pub(crate) fn extended(&mut self, shared: &Shared) -> Vec<Intent> {
        self.listing.extend(&shared.timeline);
        if let Some(found) = &mut self.found {
            found.extend(shared);
        }
        self.let_go = shared.timeline.evicted.records;
        if self.is_following() {
            self.show_record(shared);
        }
        if std::mem::replace(&mut self.rate_due, true) { Vec::new() } else { vec![rate_timer()] }
    }

    /// All records were forgotten.
    pub(crate) fn cleared(&mut self, shared: &Shared) {
        self.listing.extend(&shared.timeline);
        self.sorted = None;
        self.set(Cursor::default(), true);
        // Who paused ends it, too.
        self.paused = self.paused.map(|_| shared.timeline.next_id());
        self.detail = None;
    }

    /// What was forgotten came back.
    pub fn came_back(&mut self, shared: &Shared) -> Vec<Intent> {
        self.listing.set_filter(self.listing.filter().clone(), &shared.timeline);
        self.find_anew(shared);
        self.sorted = None;
        self.set(Cursor::default(), true);
        self.rebuild(shared)
    }

    /// A timer of this pane went off.
    pub fn timer(&mut self, shared: &Shared, timer: Timer) -> Vec<Intent> {
        if timer == Timer::FilterRebuild {
            self.rebuild_due = false;
            let intents = self.rebuild(shared);
            return intents.into_iter().chain(self.find_on(shared)).collect();
        }
        if timer == Timer::TrafficSort {
            self.sort_due = false;
            return self.sort_on(shared);
        }
        if !self.nothing.is_empty() {
            self.tell_nothing(shared);
        }
        self.rate_due = !shared.timeline.rates.is_quiet(shared.now, RATE_SECONDS);
        if self.rate_due { vec![rate_timer()] } else { Vec::new() }
    }

    /// The pane has another size.
    pub(crate) fn resized(&mut self, shared: &Shared) {
        let room = self.areas_now(shared).detail;
        if let Some(detail) = &mut self.detail {
            detail.fit(room);
        }
    }

    /// A step of applying a new filter; the rest follows in a moment.
    fn rebuild(&mut self, shared: &Shared) -> Vec<Intent> {
        let more = self.listing.rebuild_step(&shared.timeline, STEP_WORK) == Rebuild::More;
        self.tell_nothing(shared);
        if !more {
            return self.sort_anew(shared);
        }
        if std::mem::replace(&mut self.rebuild_due, true) {
            return Vec::new();
        }
        vec![Intent::soon(Timer::FilterRebuild)]
    }
}

fn rate_timer() -> Intent {
    Intent::Perform(Effect::After { delay: Duration::from_secs(1), timer: Timer::TrafficRate })
}

/// What the user does.
impl TrafficPane {
    /// Takes an input while the pane has the focus, or the wheel over it.
    pub fn update(&mut self, shared: &Shared, input: PaneInput<'_>) -> Outcome {
        let line = self.line.as_mut().map(|line| &mut line.editor);
        if line.or(self.filter.editor.as_mut()).is_some_and(|editor| input.point(editor)) {
            self.filter.completer.close();
            return Outcome::yes();
        }
        let outcome = self.take(shared, input);
        // What has the keys may need other room.
        self.resized(shared);
        outcome
    }

    fn take(&mut self, shared: &Shared, input: PaneInput<'_>) -> Outcome {
        match input {
            PaneInput::Act(action) if self.is_typing() => self.act_while_typing(shared, action),
            PaneInput::Act(action) => self.act(shared, action),
            PaneInput::Wheel(step) => self.wheel(shared, step),
            PaneInput::Key(_) | PaneInput::Paste(_) => self.typed(shared, input),
            PaneInput::Press(area, mouse) => self.press(shared, area, mouse),
            PaneInput::Drag(area, mouse) if self.dragged.is_some() => {
                self.drag(shared, area, mouse)
            }
            PaneInput::Drag(area, mouse) => self.point(self.areas(pane_inner(area)).detail, mouse),
        }
    }

    fn act(&mut self, shared: &Shared, action: Action) -> Outcome {
        if let Some(outcome) = self.act_on_bytes(shared, action) {
            return outcome;
        }
        match action {
            Action::Find => self.find(shared),
            Action::FindText => self.find_text(),
            Action::Comment => self.comment(shared),
            Action::TimeStrip => self.toggle_strip(shared),
            Action::LaterSpan => self.go_by_cell(shared, SearchDirection::Forward),
            Action::EarlierSpan => self.go_by_cell(shared, SearchDirection::Backward),
            Action::SaveFilter => self.name_filter(),
            Action::GoToTime => self.ask_for_time(),
            Action::PipeLive if !shared.is_piping => self.ask_for_command(shared),
            Action::ShowTimes => TrafficPane::show_times(shared),
            Action::OpenConversation => self.of_selected(shared, TrafficWish::OpenConversation),
            Action::FindNext => self.go(shared, SearchDirection::Forward),
            Action::FindPrevious => self.go(shared, SearchDirection::Backward),
            Action::Pause => self.pause(shared),
            Action::Mark => self.of_selected(shared, TrafficWish::Mark),
            Action::Detail | Action::Open => self.toggle_record(shared),
            Action::Back if self.detail.is_none() && self.forget_found() => Outcome::yes(),
            Action::Back if self.detail.is_none() && self.sorted.is_some() => {
                self.sort(shared, None).into()
            }
            Action::Back => self.close_record(),
            Action::ViewHex => self.toggle_hex(shared),
            Action::ViewMode => self.next_form(shared),
            Action::NextItem => self.neighbour(shared, SearchDirection::Forward),
            Action::PreviousItem => self.neighbour(shared, SearchDirection::Backward),
            Action::Copy => self.copy(shared, CopyAs::Seen),
            Action::CopyHex => self.copy(shared, CopyAs::Hex),
            Action::CopyEscaped => self.copy(shared, CopyAs::Escaped),
            Action::CopyC => self.copy(shared, CopyAs::C),
            Action::CopyPython => self.copy(shared, CopyAs::Python),
            Action::CopyCurl => self.copy_curl(shared),
            Action::Select => Outcome::say(
                "[detail] opens a row, once more goes in; there [select] selects bytes of text or hex",
            ),
            Action::MakePreset => self.to_preset(shared),
            _ => match CursorStep::of(action) {
                Some(step) => self.step(shared, step),
                None => self.seek(shared, action).unwrap_or_else(Outcome::no),
            },
        }
    }

    /// The wheel scrolls an open record and leaves its cursor where it is.
    fn wheel(&mut self, shared: &Shared, step: CursorStep) -> Outcome {
        let area = self.areas_now(shared).detail;
        match self.detail.as_mut().filter(|detail| detail.inside) {
            Some(detail) => detail.scroll(step, area),
            None => return self.step(shared, step),
        }
        Outcome::yes()
    }

    fn step(&mut self, shared: &Shared, step: CursorStep) -> Outcome {
        let areas = self.areas_now(shared);
        if let Some(detail) = self.detail.as_mut().filter(|detail| detail.inside) {
            detail.step(step, areas.detail);
            return Outcome::yes();
        }
        let height = usize::from(areas.rows.height);
        let mut cursor = self.cursor(height);
        cursor.step(step, self.len(), height);
        let follow = self.is_following() && !step.is_up();
        self.set(cursor, follow || step == CursorStep::Bottom);
        self.show_record(shared);
        Outcome::yes()
    }

    fn pause(&mut self, shared: &Shared) -> Outcome {
        self.paused = match self.paused {
            Some(_) => None,
            None => Some(shared.timeline.next_id()),
        };
        Outcome::yes()
    }

    fn of_selected(&self, shared: &Shared, wish: fn(RecordId) -> TrafficWish) -> Outcome {
        let wished = |record| Intent::Traffic(wish(record)).into();
        self.selected(shared).map_or_else(Outcome::yes, wished)
    }

    /// Makes a draft of the record under the cursor.
    fn to_preset(&self, shared: &Shared) -> Outcome {
        match self.selected(shared).and_then(|id| Some((id, shared.timeline.get(id)?))) {
            Some((id, record)) if record.kind == RecordKind::Data => {
                to_preset::row(shared, id, &record).into()
            }
            _ => Outcome::say("choose a row with data to make a preset of it"),
        }
    }

    /// Goes to the next or previous record of the same connection.
    fn neighbour(&mut self, shared: &Shared, direction: SearchDirection) -> Outcome {
        let Some(from) = self.selected(shared) else { return Outcome::yes() };
        let Some(conn) = shared.timeline.get(from).map(|record| record.conn) else {
            return Outcome::yes();
        };
        let (at, len) = (self.row_of(from), self.len());
        let is_ours = |row: &usize| {
            let record = self.row(*row).and_then(|id| shared.timeline.head(id));
            record.is_some_and(|record| record.conn == conn)
        };
        let found = match direction {
            SearchDirection::Forward => (at + 1..len).take(NEIGHBOUR_REACH).find(is_ours),
            SearchDirection::Backward => (0..at).rev().take(NEIGHBOUR_REACH).find(is_ours),
        };
        match found {
            Some(row) => self.select(shared, row),
            None => Outcome::say("no further record of this connection near here"),
        }
    }

    fn select(&mut self, shared: &Shared, row: usize) -> Outcome {
        let height = self.height(shared);
        let mut cursor = self.cursor(height);
        cursor.selected = row;
        cursor.settle(self.len(), height);
        self.set(cursor, false);
        self.show_record(shared);
        Outcome::yes()
    }

    /// Puts a filter in force.
    fn apply(&mut self, shared: &Shared, filter: Filter) -> Vec<Intent> {
        if self.found.is_none() {
            self.search = TextSearch::default();
        }
        self.line = None;
        if filter == *self.listing.filter() {
            return Vec::new();
        }
        self.listing.set_filter(filter, &shared.timeline);
        self.find_anew(shared);
        if let Some(sorted) = &self.sorted {
            // What it shows is put in order once it is known.
            self.sorted = Some(SortedRows::new(sorted.order, RecordId(0), RecordId(0)));
        }
        self.set(Cursor::default(), true);
        let intents = self.rebuild(shared);
        intents.into_iter().chain(self.find_on(shared)).collect()
    }

    fn press(&mut self, shared: &Shared, area: Rect, mouse: Mouse) -> Outcome {
        let areas = self.areas(pane_inner(area));
        let at = (mouse.column, mouse.row).into();
        // A terminal may keep to itself that a button was let go.
        self.dragged = None;
        if let Some(outcome) = self.press_completion(shared, at) {
            return outcome;
        }
        if areas.strip.contains(at) {
            self.dragged = Some(TrafficDrag::Strip);
            return self.press_strip(shared, areas.strip, mouse.column);
        }
        if areas.header.contains(at) {
            return self.press_title(shared, areas.header.x, mouse);
        }
        if areas.rows.contains(at) {
            let row = self.cursor(areas.rows.height.into()).offset;
            let row = row + usize::from(mouse.row - areas.rows.y);
            if row < self.len() {
                if let Some(detail) = &mut self.detail {
                    detail.inside = false;
                }
                return self.select(shared, row);
            }
        } else if areas.filter.contains(at) {
            if self.filter.editor.is_none() && self.line.is_none() {
                self.filter.open(shared);
            }
        } else if areas.detail.contains(at) {
            return self.point(areas.detail, mouse);
        }
        Outcome::yes()
    }
}
