//! The history pane: everything sent, newest first, searchable; opens again as it was.
//!
//! The store holds the history; the pane shows what the last query found. A reply to an older
//! text is ignored.

use ratatui::layout::Rect;

use crate::app::action::Action;
use crate::app::cursor::{Cursor, CursorStep};
use crate::app::editor::{Editor, LineMode};
use crate::app::effect::Effect;
use crate::app::focus::Pane;
use crate::app::keymap::Context;
use crate::app::message::Mouse;
use crate::app::pane::presets::PresetSearch;
use crate::app::{App, Handled, global};
use crate::model::key::{Key, KeyCode};
use crate::model::timing::Stamp;
use crate::store::job::{HistoryEntry, Job};

/// Rows asked of the store.
const LIMIT: u32 = 500;

/// State of the pane.
#[derive(Debug, Default)]
pub struct HistoryPane {
    pub entries: Vec<HistoryEntry>,
    pub total: u64,
    /// Text of the query that is shown or under way.
    pub text: String,
    pub search: Option<PresetSearch>,
    /// Time of the selected entry; `None` = the newest, whatever comes.
    selected: Option<Stamp>,
    at: usize,
    offset: usize,
}

/// The job that reads the history.
pub fn query(text: &str) -> Job {
    Job::QueryHistory { text: text.into(), limit: LIMIT }
}

pub fn refresh(app: &App) -> Job {
    query(&app.history.text)
}

pub fn arrived(app: &mut App, text: &str, entries: Vec<HistoryEntry>, total: u64) {
    if text == app.history.text {
        app.history.entries = entries;
        app.history.total = total;
    }
}

/// Contexts of the pane.
pub fn contexts(app: &App) -> Vec<Context> {
    if is_typing(app) {
        return vec![Context::Global];
    }
    vec![Context::History, Context::List, Context::Plain, Context::Global]
}

fn is_typing(app: &App) -> bool {
    app.history.search.as_ref().is_some_and(|search| search.typing)
}

/// Search line and list.
pub fn history_areas(app: &App, inner: Rect) -> (Rect, Rect) {
    let line = u16::from(app.history.search.is_some()).min(inner.height);
    let search = Rect { height: line, ..inner };
    (search, Rect { y: search.bottom(), height: inner.height - line, ..inner })
}

/// The selected entry and the first one shown.
pub fn cursor(app: &App, height: usize) -> Cursor {
    let pane = &app.history;
    let found = match pane.selected {
        Some(at) => pane.entries.iter().position(|entry| entry.at == at).unwrap_or(pane.at),
        None => 0,
    };
    let mut cursor = Cursor { selected: found, offset: pane.offset };
    cursor.settle(pane.entries.len(), height);
    cursor
}

fn list_height(app: &App) -> usize {
    let inner = super::request::inner(app.areas().history);
    usize::from(history_areas(app, inner).1.height)
}

/// Puts the cursor on a row.
pub fn select(app: &mut App, at: usize) {
    let newest = at == 0;
    app.history.selected = app.history.entries.get(at).filter(|_| !newest).map(|entry| entry.at);
    app.history.at = at;
    let height = list_height(app);
    app.history.offset = cursor(app, height).offset;
}

/// Handles an action.
pub fn act(app: &mut App, action: Action) -> Handled {
    if let Some(step) = CursorStep::of(action) {
        step_to(app, step);
        return Handled::Yes;
    }
    match action {
        Action::Open => {
            if open(app) {
                global::focus(app, Pane::Request);
            }
        }
        Action::Find => start_search(app),
        Action::Back if app.history.search.is_some() => {
            app.history.search = None;
            ask(app);
        }
        Action::Copy => copy(app),
        // What is sent, named or shown is the entry, opened as it was.
        Action::Send | Action::SendLiteral | Action::SaveAs | Action::ShowCode => {
            open(app);
            return Handled::No;
        }
        _ => return Handled::No,
    }
    Handled::Yes
}

fn step_to(app: &mut App, step: CursorStep) {
    let height = list_height(app);
    let mut cursor = cursor(app, height);
    cursor.step(step, app.history.entries.len(), height);
    select(app, cursor.selected);
}

/// Opens the selected entry as it was, in a draft of its own; tells whether there is one.
fn open(app: &mut App) -> bool {
    let at = cursor(app, 1).selected;
    let Some(spec) = app.history.entries.get(at).map(|entry| entry.spec.clone()) else {
        return false;
    };
    super::request::blur(app);
    let open = app.drafts.iter().find(|draft| draft.preset.is_none() && draft.spec == spec);
    match open.map(|draft| draft.id) {
        Some(id) => app.drafts.select(id),
        None => {
            app.drafts.open(spec);
        }
    }
    global::draft_changed(app);
    true
}

fn copy(app: &mut App) {
    let at = cursor(app, 1).selected;
    let Some(entry) = app.history.entries.get(at) else { return };
    let text = entry.summary.clone();
    app.effects.push(Effect::Copy(text));
    app.say("copied the line");
}

fn start_search(app: &mut App) {
    match &mut app.history.search {
        Some(search) => search.typing = true,
        None => {
            app.history.search =
                Some(PresetSearch { editor: Editor::new("", LineMode::One), typing: true });
        }
    }
}

/// The focus leaves: the search stays, but takes no more keys.
pub fn blur(app: &mut App) {
    if let Some(search) = &mut app.history.search {
        search.typing = false;
    }
}

fn ask(app: &mut App) {
    let text = app.history.search.as_ref().map(|search| search.editor.text()).unwrap_or_default();
    app.history.text = text;
    select(app, 0);
    let job = refresh(app);
    app.effects.push(Effect::Store(job));
}

/// Takes a key that no action took: text of the search line.
pub fn key(app: &mut App, key: Key) {
    if !is_typing(app) {
        return;
    }
    match key.code {
        KeyCode::Enter => blur(app),
        KeyCode::Up => step_to(app, CursorStep::Up),
        KeyCode::Down => step_to(app, CursorStep::Down),
        KeyCode::PageUp => step_to(app, CursorStep::PageUp),
        KeyCode::PageDown => step_to(app, CursorStep::PageDown),
        _ => {
            if app.history.search.as_mut().is_some_and(|search| search.editor.key(key)) {
                ask(app);
            }
        }
    }
}

/// Takes pasted text: it goes into the search line.
pub fn paste(app: &mut App, text: &str) {
    if let Some(search) = app.history.search.as_mut().filter(|search| search.typing) {
        search.editor.insert(text);
        ask(app);
    }
}

/// A click: selects an entry; the selected one opens.
pub fn click(app: &mut App, area: Rect, mouse: Mouse) {
    let (search, list) = history_areas(app, super::request::inner(area));
    let at = (mouse.column, mouse.row).into();
    if search.contains(at) {
        start_search(app);
        return;
    }
    blur(app);
    if !list.contains(at) {
        return;
    }
    let before = cursor(app, usize::from(list.height));
    let row = before.offset + usize::from(mouse.row - list.y);
    if row >= app.history.entries.len() {
        return;
    }
    select(app, row);
    if row == before.selected {
        act(app, Action::Open);
    }
}

/// Time of day, or month and day when it is longer ago; always five cells.
pub fn when(app: &App, at: Stamp) -> String {
    let local = |stamp: Stamp| {
        let instant = jiff::Timestamp::from_nanosecond(i128::from(stamp.0)).ok()?;
        Some(app.utc_offset.to_datetime(instant))
    };
    match (local(at), local(app.now)) {
        (Some(then), Some(now)) if then.date() == now.date() => {
            format!("{:02}:{:02}", then.hour(), then.minute())
        }
        (Some(then), _) => format!("{:02}-{:02}", then.month(), then.day()),
        _ => "--:--".into(),
    }
}
