//! The traffic pane: every record of every session on one list.
//!
//! The list follows the newest record until the user scrolls up; a pause freezes what is seen
//! while capturing goes on. Rows are named by record, so they stay where they are when older ones
//! are evicted, and when a new filter finds more of them.

pub(super) mod copying;
pub(super) mod record_to_preset;
pub mod search;
mod traffic_areas;

use std::time::Duration;

use ratatui::layout::Rect;

use crate::app::action::Action;
use crate::app::cursor::{Cursor, CursorStep};
use crate::app::editor::{Editor, LineMode};
use crate::app::effect::Effect;
use crate::app::format;
use crate::app::keymap::Context;
use crate::app::message::{Mouse, Timer};
use crate::app::outcome::Handled;
pub use crate::app::pane::traffic::traffic_areas::{TrafficAreas, traffic_areas};
use crate::app::record_view::Detail;
use crate::app::state::App;
use crate::codec::search::Pattern;
use crate::model::id::RecordId;
use crate::model::key::{Key, KeyCode};
use crate::model::view::Towards;
use crate::query::{Filter, FilterError};
use crate::timeline::listing::{Listing, Rebuild, STEP_WORK};
use crate::timeline::stats::Counters;

/// Between two steps of a rebuild: other messages get their turn.
const STEP_PAUSE: Duration = Duration::from_millis(1);
/// The rate is a mean over the last whole second.
pub const RATE_SECONDS: usize = 1;
/// Records looked at to find the next one of a connection.
const NEIGHBOUR_REACH: usize = 50_000;

/// State of the pane.
#[derive(Debug, Default)]
pub struct TrafficPane {
    pub listing: Listing,
    /// Totals and rates of everything.
    pub counters: Counters,
    /// The row under the cursor; `None` = the newest, followed.
    selected: Option<RecordId>,
    /// First row on screen; `None` = so that the newest is the last.
    top: Option<RecordId>,
    /// While paused, the first record that is not shown.
    pub paused: Option<RecordId>,
    pub filter: FilterLine,
    pub search: search::RecordSearch,
    pub detail: Option<Detail>,
    /// First record not counted yet.
    next: Option<RecordId>,
    rebuild_due: bool,
    rate_due: bool,
}

/// The filter as typed.
#[derive(Debug, Default)]
pub struct FilterLine {
    /// Open while the filter is being typed.
    pub editor: Option<Editor>,
    /// The text in force.
    pub text: String,
    /// Why what is typed is no filter; the one before stays in force.
    pub error: Option<FilterError>,
    /// The bytes it looks for, to be marked.
    pub pattern: Option<Pattern>,
    /// The text before typing began.
    before: String,
}

impl TrafficPane {
    /// Number of rows that are shown, without those that came since a pause.
    pub fn len(&self) -> usize {
        self.paused.map_or(self.listing.len(), |record| self.listing.rows_before(record))
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Rows that came since the pause.
    pub fn held_back(&self) -> usize {
        self.listing.len().saturating_sub(self.len())
    }

    pub fn is_following(&self) -> bool {
        self.selected.is_none()
    }

    /// Selected row and first visible row.
    pub fn cursor(&self, height: usize) -> Cursor {
        let len = self.len();
        let selected = match self.selected {
            Some(record) => self.listing.rows_before(record),
            None => len.saturating_sub(1),
        };
        let offset = self.top.map_or(len, |record| self.listing.rows_before(record));
        let mut cursor = Cursor { selected, offset };
        cursor.settle(len, height);
        cursor
    }

    fn set(&mut self, cursor: Cursor, follow: bool) {
        let follow = follow || self.is_empty();
        self.selected = if follow { None } else { self.listing.get(cursor.selected) };
        self.top = if follow { None } else { self.listing.get(cursor.offset) };
    }
}

/// The pane without its border.
pub fn inner(app: &App) -> Rect {
    crate::app::layout::inner(app.areas().traffic)
}

fn height(app: &App) -> usize {
    traffic_areas(app, inner(app)).rows.height.into()
}

pub fn contexts(app: &App) -> Vec<Context> {
    if app.traffic.filter.editor.is_some() || app.traffic.search.editor.is_some() {
        return vec![Context::Global];
    }
    vec![Context::Traffic, Context::List, Context::Plain, Context::Global]
}

/// New records arrived.
pub fn extended(app: &mut App) {
    let App { traffic, response, shared, .. } = app;
    let crate::app::shared::Shared { timeline, .. } = shared;
    let from = traffic.next.unwrap_or(RecordId(0));
    for (_, record) in timeline.facts(from, timeline.next_id()) {
        traffic.counters.count(&record);
        response.count(&record);
    }
    traffic.next = Some(timeline.next_id());
    traffic.listing.extend(timeline);
    if !traffic.rate_due {
        traffic.rate_due = true;
        let delay = Duration::from_secs(1);
        app.effects.push(Effect::After { delay, timer: Timer::TrafficRate });
    }
    if app.traffic.is_following() {
        show_detail(app);
    }
}

/// A timer of this pane went off.
pub fn timer(app: &mut App, timer: Timer) {
    match timer {
        Timer::FilterRebuild => {
            app.traffic.rebuild_due = false;
            rebuild(app);
        }
        Timer::TrafficRate => {
            let is_quiet = app.traffic.counters.is_quiet(app.shared.now, RATE_SECONDS);
            app.traffic.rate_due = !is_quiet;
            if !is_quiet {
                let delay = Duration::from_secs(1);
                app.effects.push(Effect::After { delay, timer: Timer::TrafficRate });
            }
        }
        _ => {}
    }
}

/// A step of applying a new filter; the rest follows in a moment.
fn rebuild(app: &mut App) {
    let App { traffic, shared, .. } = app;
    let crate::app::shared::Shared { timeline, .. } = shared;
    if traffic.listing.rebuild_step(timeline, STEP_WORK) == Rebuild::More && !traffic.rebuild_due {
        traffic.rebuild_due = true;
        app.effects.push(Effect::After { delay: STEP_PAUSE, timer: Timer::FilterRebuild });
    }
}

/// The pane has another size.
pub fn resized(app: &mut App) {
    let width = traffic_areas(app, inner(app)).detail.width;
    if let Some(detail) = &mut app.traffic.detail {
        detail.fit(width.into());
    }
}

pub fn act(app: &mut App, action: Action) -> Handled {
    if app.traffic.filter.editor.is_some() {
        return match action {
            Action::Back => {
                let before = app.traffic.filter.before.clone();
                app.traffic.filter.editor = None;
                apply_filter(app, &before);
                Handled::Yes
            }
            // The wheel scrolls while a filter is typed.
            Action::Up | Action::Down => move_by(app, action),
            _ => Handled::No,
        };
    }
    if app.traffic.search.editor.is_some() {
        return match action {
            Action::Back => {
                app.traffic.search.editor = None;
                Handled::Yes
            }
            Action::Up | Action::Down => move_by(app, action),
            _ => Handled::No,
        };
    }
    match action {
        Action::Find if app.traffic.detail.as_ref().is_some_and(|detail| detail.inside) => {
            search::start(app);
        }
        Action::Find => open_filter(app),
        Action::FindNext => search::go(app, Towards::End),
        Action::FindPrevious => search::go(app, Towards::Start),
        Action::Pause => pause(app),
        Action::Mark => mark(app),
        Action::Clear => clear(app),
        Action::Detail | Action::Open => toggle_detail(app),
        Action::Back => return close_detail(app),
        Action::ViewHex | Action::ViewMode => toggle_hex(app),
        Action::NextItem => neighbour(app, true),
        Action::PreviousItem => neighbour(app, false),
        Action::Copy => copy(app, copying::as_seen),
        Action::CopyHex => copy(app, copying::as_hex),
        Action::CopyEscaped => copy(app, copying::escaped),
        Action::TurnAround => record_to_preset::selected_record(app),
        _ => return move_by(app, action),
    }
    Handled::Yes
}

fn move_by(app: &mut App, action: Action) -> Handled {
    let Some(step) = CursorStep::of(action) else { return Handled::No };
    let room = usize::from(traffic_areas(app, inner(app)).detail.height);
    if let Some(detail) = app.traffic.detail.as_mut().filter(|detail| detail.inside) {
        detail.step(step, room);
        return Handled::Yes;
    }
    let height = height(app);
    let len = app.traffic.len();
    let mut cursor = app.traffic.cursor(height);
    cursor.step(step, len, height);
    let follow = match step {
        CursorStep::Bottom => true,
        CursorStep::Up | CursorStep::PageUp | CursorStep::HalfUp | CursorStep::Top => false,
        _ => app.traffic.is_following(),
    };
    app.traffic.set(cursor, follow);
    show_detail(app);
    Handled::Yes
}

/// The record under the cursor.
pub fn selected(app: &App) -> Option<RecordId> {
    let traffic = &app.traffic;
    traffic.listing.get(traffic.cursor(height(app)).selected).filter(|_| !traffic.is_empty())
}

fn pause(app: &mut App) {
    let traffic = &mut app.traffic;
    traffic.paused = match traffic.paused {
        Some(_) => None,
        None => Some(app.shared.timeline.next_id()),
    };
}

fn mark(app: &mut App) {
    let Some(record) = selected(app) else { return };
    if app.shared.timeline.unpin(record) {
        app.say("mark taken away");
    } else if let Err(refused) = app.shared.timeline.pin(record) {
        app.warn(refused.to_string());
    }
    let App { traffic, shared, .. } = app;
    let crate::app::shared::Shared { timeline, .. } = shared;
    traffic.listing.extend(timeline);
}

fn clear(app: &mut App) {
    let gone = app.shared.timeline.len() as u64;
    app.shared.timeline.clear();
    let App { traffic, shared, .. } = app;
    let crate::app::shared::Shared { timeline, .. } = shared;
    traffic.listing.extend(timeline);
    traffic.set(Cursor::default(), true);
    traffic.paused = None;
    traffic.detail = None;
    shared.is_record_open = false;
    super::response::extended(app);
    app.say(format!("{} forgotten", format::counted(gone, "record")));
}

/// Enter: opens the record, then gives it the keys, then closes it.
fn toggle_detail(app: &mut App) {
    match &mut app.traffic.detail {
        None => {
            if let Some(record) = selected(app) {
                open_detail(app, record);
            }
        }
        Some(detail) if !detail.inside => detail.inside = true,
        Some(_) => app.traffic.detail = None,
    }
    panes_moved(app);
}

fn close_detail(app: &mut App) -> Handled {
    match &mut app.traffic.detail {
        None => return Handled::No,
        Some(detail) if detail.inside => detail.inside = false,
        Some(_) => app.traffic.detail = None,
    }
    panes_moved(app);
    Handled::Yes
}

/// The pane takes more of the screen while a detail is open in it.
fn panes_moved(app: &mut App) {
    app.shared.is_record_open = app.traffic.detail.is_some();
    resized(app);
    super::response::resized(app);
}

fn open_detail(app: &mut App, id: RecordId) {
    let Some(record) = app.shared.timeline.get(id) else { return };
    let (kind, bytes) = (record.kind, record.data);
    app.traffic.detail = Some(match app.traffic.detail.take() {
        Some(detail) if detail.of == id => detail,
        Some(detail) => detail.instead(id, bytes).of_kind(kind),
        None => Detail::new(id, bytes).of_kind(kind),
    });
    app.shared.is_record_open = true;
    resized(app);
}

/// An open detail goes with the cursor.
fn show_detail(app: &mut App) {
    if app.traffic.detail.is_some()
        && let Some(record) = selected(app)
    {
        open_detail(app, record);
    }
}

fn toggle_hex(app: &mut App) {
    let height = traffic_areas(app, inner(app)).detail.height;
    match &mut app.traffic.detail {
        Some(detail) => detail.toggle_hex(height.into()),
        None => app.say("Enter shows the record; then x switches to hex"),
    }
}

/// Goes to the next or previous record of the same connection.
fn neighbour(app: &mut App, forward: bool) {
    let Some(from) = selected(app) else { return };
    let Some(conn) = app.shared.timeline.get(from).map(|record| record.conn) else { return };
    let traffic = &app.traffic;
    let (at, len) = (traffic.listing.rows_before(from), traffic.len());
    let is_ours = |row: &usize| {
        let record = traffic.listing.get(*row).and_then(|id| app.shared.timeline.get(id));
        record.is_some_and(|record| record.conn == conn)
    };
    let found = if forward {
        (at + 1..len).take(NEIGHBOUR_REACH).find(is_ours)
    } else {
        (0..at).rev().take(NEIGHBOUR_REACH).find(is_ours)
    };
    match found {
        Some(row) => select(app, row),
        None => app.say("no further record of this connection near here"),
    }
}

fn select(app: &mut App, row: usize) {
    let height = height(app);
    let mut cursor = app.traffic.cursor(height);
    cursor.selected = row;
    cursor.settle(app.traffic.len(), height);
    app.traffic.set(cursor, false);
    show_detail(app);
}

/// The bytes of the record under the cursor go to the clipboard.
fn copy(app: &mut App, how: fn(&mut App, &[u8])) {
    let Some(record) = selected(app).and_then(|id| app.shared.timeline.get(id)) else { return };
    let bytes = record.data.clone();
    how(app, &bytes);
}

fn open_filter(app: &mut App) {
    let filter = &mut app.traffic.filter;
    filter.before = filter.text.clone();
    filter.editor = Some(Editor::new(&filter.text, LineMode::One));
}

/// Puts a filter in force. What is no filter (yet) leaves the one from before typing in force, so
/// half a filter does not empty the list.
fn apply_filter(app: &mut App, text: &str) {
    let App { traffic, shared, .. } = app;
    let crate::app::shared::Shared { timeline, .. } = shared;
    let line = &mut traffic.filter;
    let (filter, error) = match Filter::parse(text) {
        Ok(filter) => (filter, None),
        Err(error) => (Filter::parse(&line.before).unwrap_or_default(), Some(error)),
    };
    line.text = if error.is_some() { line.before.clone() } else { text.to_owned() };
    line.error = error;
    line.pattern = Pattern::any(&filter.needles());
    traffic.search = search::RecordSearch::default();
    if filter != *traffic.listing.filter() {
        traffic.listing.set_filter(filter, timeline);
        traffic.set(Cursor::default(), true);
        rebuild(app);
    }
}

pub fn key(app: &mut App, key: Key) {
    if app.traffic.search.editor.is_some() {
        search::key(app, key);
        return;
    }
    let Some(editor) = &mut app.traffic.filter.editor else { return };
    if key.code == KeyCode::Enter {
        if app.traffic.filter.error.is_none() {
            app.traffic.filter.editor = None;
        }
        return;
    }
    if editor.key(key) {
        let text = editor.text();
        apply_filter(app, &text);
    }
}

pub fn paste(app: &mut App, text: &str) {
    if let Some(editor) = &mut app.traffic.search.editor {
        editor.insert(text);
        return;
    }
    let Some(editor) = &mut app.traffic.filter.editor else { return };
    editor.insert(text);
    let text = editor.text();
    apply_filter(app, &text);
}

pub fn click(app: &mut App, area: Rect, mouse: Mouse) {
    let parts = traffic_areas(app, crate::app::layout::inner(area));
    let at = (mouse.column, mouse.row).into();
    if parts.rows.contains(at) {
        let cursor = app.traffic.cursor(parts.rows.height.into());
        let row = cursor.offset + usize::from(mouse.row - parts.rows.y);
        if row < app.traffic.len() {
            if let Some(detail) = &mut app.traffic.detail {
                detail.inside = false;
            }
            select(app, row);
        }
    } else if parts.filter.contains(at) {
        if app.traffic.filter.editor.is_none() {
            open_filter(app);
        }
    } else if parts.detail.contains(at)
        && let Some(detail) = &mut app.traffic.detail
    {
        detail.inside = true;
    }
}
