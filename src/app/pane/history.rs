//! The history pane: everything sent, newest first, searchable; opens again as it was.
//!
//! The store holds the history; the pane shows what the last query found. A reply to an older
//! text is ignored.

use ratatui::layout::Rect;

use crate::app::action::Action;
use crate::app::cursor::{Cursor, CursorStep};
use crate::app::effect::Effect;
use crate::app::focus::Pane;
use crate::app::format;
use crate::app::intent::Intent;
use crate::app::layout::{cut_top, inner};
use crate::app::message::Mouse;
use crate::app::outcome::{Handled, Outcome, PaneInput};
use crate::app::search_line::{self, SearchKey, SearchLine};
use crate::app::shared::Shared;
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
    pub search: Option<SearchLine>,
    /// Time of the selected entry; `None` = the newest, whatever comes.
    selected: Option<Stamp>,
    at: usize,
    offset: usize,
}

impl HistoryPane {
    /// Takes an input while the pane has the focus, or the wheel over it.
    pub fn update(&mut self, shared: &Shared, input: PaneInput<'_>) -> Outcome {
        match search_line::update(&mut self.search, input) {
            Some(SearchKey::Accept) => self.blur(),
            Some(SearchKey::Move(step)) => return self.step(shared, step),
            Some(SearchKey::Changed) => return self.ask(),
            Some(SearchKey::Ignored) => {}
            None => {
                return match input {
                    PaneInput::Act(action) => self.act(shared, action),
                    PaneInput::Wheel(step) => self.step(shared, step),
                    PaneInput::Press(area, mouse) => self.press(shared, area, mouse),
                    PaneInput::Key(_) | PaneInput::Paste(_) => Outcome::no(),
                };
            }
        }
        Outcome::yes()
    }

    /// The job that reads what the pane shows.
    pub fn query(&self) -> Job {
        Job::QueryHistory { text: self.text.clone(), limit: LIMIT }
    }

    /// The store answered a query.
    pub fn arrived(&mut self, text: &str, entries: Vec<HistoryEntry>, total: u64) {
        if text == self.text {
            self.entries = entries;
            self.total = total;
        }
    }

    /// Search line and list in the pane's inner area.
    pub fn areas(&self, inner: Rect) -> (Rect, Rect) {
        let mut list = inner;
        (cut_top(&mut list, u16::from(self.search.is_some())), list)
    }

    /// The selected entry and the first one shown.
    pub fn cursor(&self, height: usize) -> Cursor {
        let found = match self.selected {
            Some(at) => self.entries.iter().position(|entry| entry.at == at).unwrap_or(self.at),
            None => 0,
        };
        let mut cursor = Cursor { selected: found, offset: self.offset };
        cursor.settle(self.entries.len(), height);
        cursor
    }

    /// Puts the cursor on a row.
    pub fn select(&mut self, shared: &Shared, at: usize) {
        self.selected = self.entries.get(at).filter(|_| at != 0).map(|entry| entry.at);
        self.at = at;
        self.offset = self.cursor(self.list_height(shared)).offset;
    }

    /// The focus leaves: the search stays, but takes no more keys.
    pub fn blur(&mut self) {
        if let Some(search) = &mut self.search {
            search.typing = false;
        }
    }

    fn list_height(&self, shared: &Shared) -> usize {
        self.areas(inner(shared.areas().history)).1.height.into()
    }

    fn act(&mut self, shared: &Shared, action: Action) -> Outcome {
        if let Some(step) = CursorStep::of(action) {
            return self.step(shared, step);
        }
        match action {
            Action::Open => self.open(),
            Action::Find => self.start_search(),
            Action::Back if self.search.is_some() => {
                self.search = None;
                self.ask()
            }
            Action::Copy => self.copy(),
            // What is sent, named or shown is the entry, opened as it was.
            Action::Send | Action::SendLiteral | Action::SaveAs | Action::ShowCode => {
                Outcome { handled: Handled::No, ..self.open_entry().into() }
            }
            _ => Outcome::no(),
        }
    }

    fn step(&mut self, shared: &Shared, step: CursorStep) -> Outcome {
        let height = self.list_height(shared);
        let mut cursor = self.cursor(height);
        cursor.step(step, self.entries.len(), height);
        self.select(shared, cursor.selected);
        Outcome::yes()
    }

    fn open(&self) -> Outcome {
        let mut intents = self.open_entry();
        if !intents.is_empty() {
            intents.push(Intent::Focus(Pane::Request));
        }
        intents.into()
    }

    /// Opens the selected entry as it was, in a draft of its own.
    fn open_entry(&self) -> Vec<Intent> {
        let entry = self.entries.get(self.cursor(1).selected);
        entry.map(|entry| Intent::OpenSpec(Box::new(entry.spec.clone()))).into_iter().collect()
    }

    fn copy(&self) -> Outcome {
        let Some(entry) = self.entries.get(self.cursor(1).selected) else { return Outcome::yes() };
        Outcome::from(Intent::Perform(Effect::Copy(entry.summary.clone())))
            .with(Intent::Say("copied the line".into()))
    }

    fn start_search(&mut self) -> Outcome {
        self.search.get_or_insert_default().typing = true;
        Outcome::yes()
    }

    fn ask(&mut self) -> Outcome {
        let typed = self.search.as_ref().map(|search| search.editor.text());
        self.text = typed.unwrap_or_default().to_owned();
        (self.selected, self.at, self.offset) = (None, 0, 0);
        Intent::Perform(Effect::Store(self.query())).into()
    }

    /// A press of the mouse: selects an entry; the selected one opens.
    fn press(&mut self, shared: &Shared, area: Rect, mouse: Mouse) -> Outcome {
        let (search, list) = self.areas(inner(area));
        if search.contains((mouse.column, mouse.row).into()) {
            return self.start_search();
        }
        self.blur();
        if !list.contains((mouse.column, mouse.row).into()) {
            return Outcome::no();
        }
        let before = self.cursor(usize::from(list.height));
        let row = before.offset + usize::from(mouse.row - list.y);
        if row >= self.entries.len() {
            return Outcome::no();
        }
        self.select(shared, row);
        if row == before.selected { self.open() } else { Outcome::yes() }
    }
}

/// Time of day, or month and day when it is longer ago; always five cells.
pub fn when(shared: &Shared, at: Stamp) -> String {
    let [then, now] = [at, shared.now].map(|stamp| format::local(stamp, shared.utc_offset));
    let is_today = then.date() == now.date();
    then.strftime(if is_today { "%H:%M" } else { "%m-%d" }).to_string()
}
