//! The history pane: everything sent, newest first, searchable; opens again as it was.
//!
//! The store holds the history; the pane shows what the last query found. A reply to an older
//! text is ignored.

mod search_prompt;

use ratatui::layout::Rect;

use crate::app::action::Action;
use crate::app::completion::Completer;
use crate::app::copying;
use crate::app::cursor::{Cursor, CursorStep};
use crate::app::drafts::DraftId;
use crate::app::effect::Effect;
use crate::app::focus::Pane;
use crate::app::format;
use crate::app::intent::{Intent, Question};
use crate::app::layout::{cut_top, pane_inner};
use crate::app::message::Mouse;
use crate::app::outcome::{Outcome, PaneInput};
use crate::app::search_line::{self, SearchKey, SearchLine};
use crate::app::shared::Shared;
use crate::model::session_outcome::SessionOutcome;
use crate::model::timing::Stamp;
use crate::query::QueryError;
use crate::store::job::{HistoryName, HistoryQuestion, HistoryRow, Job, JobKind};

/// Rows asked of the store, and how many at most once somebody goes down to the last of them.
const LIMIT: u32 = 500;
const MOST: u32 = 16_000;

/// State of the pane.
#[derive(Debug, Default)]
pub struct HistoryPane {
    pub entries: Vec<HistoryRow>,
    pub total: u64,
    /// Text of the query that is shown or under way.
    pub text: String,
    pub search: Option<SearchLine>,
    /// What can stand at its cursor.
    pub completer: Completer,
    /// Why what is typed is no search; what stands before it is in force.
    pub error: Option<QueryError>,
    /// What the list showed without a search.
    unsearched: Vec<HistoryRow>,
    /// Time of the selected entry; `None` = the newest, whatever comes.
    selected: Option<Stamp>,
    at: usize,
    offset: usize,
    /// The entry that was put on screen last, and the draft it is in.
    opened: Option<(HistoryName, DraftId)>,
    /// Rows that are asked for beyond [`LIMIT`].
    further: u32,
    /// A question for the list is under way.
    is_asked: bool,
    /// What is shown when it is answered is not what is wanted.
    is_stale: bool,
}

/// Where the parts of the pane are.
#[derive(Debug, Clone, Copy)]
pub struct HistoryAreas {
    pub search: Rect,
    pub wrong: Rect,
    pub list: Rect,
}

impl HistoryPane {
    /// Takes an input while the pane has the focus, or the wheel over it.
    pub fn update(&mut self, shared: &Shared, input: PaneInput<'_>) -> Outcome {
        if let Some(outcome) = self.complete(shared, input) {
            return outcome;
        }
        match search_line::update(&mut self.search, input) {
            // What cannot be read is typed on.
            Some(SearchKey::Accept) if self.error.is_some() => self.completer.close(),
            Some(SearchKey::Accept) => self.blur(),
            Some(SearchKey::Move(step)) => return self.step(shared, step),
            Some(SearchKey::Changed) => {
                self.offer(shared);
                return self.ask(shared);
            }
            Some(SearchKey::Ignored) => self.completer.close(),
            None => {
                return match input {
                    PaneInput::Act(action) => self.act(shared, action),
                    PaneInput::Wheel(step) => self.step(shared, step),
                    PaneInput::Press(area, mouse) => self.press(shared, area, mouse),
                    PaneInput::Key(_) | PaneInput::Paste(_) | PaneInput::Drag(..) => Outcome::no(),
                };
            }
        }
        Outcome::yes()
    }

    /// What is worth doing with the entry under the cursor.
    pub fn hints(&self) -> Vec<Action> {
        match self.entries.is_empty() {
            _ if self.is_typing() => {
                vec![Action::Choose, Action::Back, Action::AcceptCompletion, Action::Help]
            }
            true if self.search.is_some() => vec![Action::Back],
            true => vec![Action::Send],
            false => vec![
                Action::Open,
                Action::Send,
                Action::OpenPreset,
                Action::ForgetEntry,
                Action::Find,
            ],
        }
    }

    /// The job that reads what the pane shows, unless one is under way: then it is asked once more
    /// when that is answered.
    pub(crate) fn refresh(&mut self, shared: &Shared) -> Option<Job> {
        if self.is_asked {
            self.is_stale = true;
            return None;
        }
        (self.is_asked, self.is_stale) = (true, false);
        Some(Job::QueryHistory(Box::new(HistoryQuestion {
            text: self.text.clone(),
            search: self.search_now(shared),
            limit: LIMIT + self.further,
            hidden: shared.disclosure().hidden(),
        })))
    }

    /// The store answered a query; the next one, if one is due.
    pub fn arrived(
        &mut self,
        shared: &Shared,
        text: &str,
        entries: Vec<HistoryRow>,
        total: u64,
    ) -> Option<Job> {
        if text == self.text {
            self.entries = entries;
            self.total = total;
        }
        self.is_asked = false;
        if self.is_stale { self.refresh(shared) } else { None }
    }

    /// A job of this kind failed; the next query, if one is due.
    pub fn failed(&mut self, shared: &Shared, job: JobKind) -> Option<Job> {
        if job == JobKind::ReadHistory {
            self.is_asked = false;
        }
        (job == JobKind::WriteHistory).then(|| self.refresh(shared)).flatten()
    }

    /// Rows of the screen an entry takes: one more where it is shown what was found in it.
    pub(crate) fn entry_rows(&self) -> u16 {
        1 + u16::from(self.entries.iter().any(|entry| entry.hit.is_some()))
    }

    /// Search line, what is wrong with it, and list in the pane's inner area.
    pub(crate) fn areas(&self, inner: Rect) -> HistoryAreas {
        let mut list = inner;
        let search = cut_top(&mut list, u16::from(self.search.is_some()));
        let lines = self.wrong(inner.width).len().min(usize::from(list.height));
        let lines = u16::try_from(lines).unwrap_or(inner.height);
        let wrong = cut_top(&mut list, lines);
        HistoryAreas { search, wrong, list }
    }

    /// The selected entry and the first one shown in so many rows of the screen.
    pub fn cursor(&self, height: usize) -> Cursor {
        let height = height / usize::from(self.entry_rows());
        let found = match self.selected {
            Some(at) => {
                self.entries.iter().position(|entry| entry.name.at == at).unwrap_or(self.at)
            }
            None => 0,
        };
        let mut cursor = Cursor { selected: found, offset: self.offset };
        cursor.settle(self.entries.len(), height);
        cursor
    }

    /// Puts the cursor on a row.
    pub fn select(&mut self, shared: &Shared, at: usize) {
        self.selected = self.entries.get(at).filter(|_| at != 0).map(|entry| entry.name.at);
        self.at = at;
        self.offset = self.cursor(self.list_height(shared)).offset;
    }

    /// The focus leaves: the search stays, but takes no more keys.
    pub(crate) fn blur(&mut self) {
        self.completer.close();
        if let Some(search) = &mut self.search {
            search.typing = false;
        }
    }

    fn list_height(&self, shared: &Shared) -> usize {
        self.areas(pane_inner(shared.areas().history)).list.height.into()
    }

    fn act(&mut self, shared: &Shared, action: Action) -> Outcome {
        if let Some(step) = CursorStep::of(action) {
            return self.step(shared, step);
        }
        match action {
            // What is sent is what is on screen: another entry is put there first.
            Action::Send | Action::SendLiteral if self.is_open(shared) => Outcome::no(),
            Action::Open
            | Action::Send
            | Action::SendLiteral
            | Action::SaveAs
            | Action::ShowCode => self.open(action),
            Action::OpenPreset => self.open_preset(shared),
            Action::ForgetEntry => self.forget_entry(),
            Action::Mark => self.pin(),
            Action::ForgetHistory => {
                let text = "Forget the whole history? What was sent, and every answer that is kept, is \
                            removed from the disk.";
                ask_to_forget(text.into(), None)
            }
            Action::Find => self.start_search(shared),
            Action::Back if self.search.is_some() => {
                self.search = None;
                self.completer.close();
                self.ask(shared)
            }
            Action::Copy => self.copy(),
            _ => Outcome::no(),
        }
    }

    fn step(&mut self, shared: &Shared, step: CursorStep) -> Outcome {
        let height = self.list_height(shared);
        let mut cursor = self.cursor(height);
        let page = height / usize::from(self.entry_rows());
        cursor.step(step, self.entries.len(), page);
        self.select(shared, cursor.selected);
        if cursor.selected == 0 {
            self.further = 0;
        }
        if cursor.selected + page < self.entries.len() {
            Outcome::yes()
        } else {
            self.go_on(shared)
        }
    }

    /// The last of what is listed is in sight: as much again is asked for, if there is more.
    fn go_on(&mut self, shared: &Shared) -> Outcome {
        let listed = self.entries.len() as u64;
        let asked = LIMIT + self.further;
        if self.total <= listed || listed < u64::from(asked) {
            return Outcome::yes();
        }
        if asked >= MOST {
            let listed = format::count(listed);
            return Outcome::say(format!("these are the newest {listed}: [find] finds older ones"));
        }
        self.further = (asked * 2).min(MOST) - LIMIT;
        let query = self.refresh(shared).map(|job| Intent::Perform(Effect::Store(job)));
        query.map_or_else(Outcome::yes, Outcome::from)
    }

    /// The entry under the cursor.
    pub(crate) fn selected(&self) -> Option<&HistoryRow> {
        self.entries.get(self.cursor(1).selected)
    }

    /// Opens the selected entry as it was, in a draft of its own; what is sent, named or shown then
    /// is the entry.
    fn open(&self, then: Action) -> Outcome {
        match self.selected() {
            Some(entry) => Intent::OpenEntry(entry.name, then).into(),
            None if then == Action::Open => Outcome::yes(),
            None => Outcome::no(),
        }
    }

    /// Opens the preset that the selected entry was sent from, as it is now.
    fn open_preset(&self, shared: &Shared) -> Outcome {
        let Some(entry) = self.selected() else { return Outcome::yes() };
        match &entry.preset {
            None => Outcome::warn("it was sent from no preset: [open] opens what it sent"),
            Some(path) if shared.stored(path).is_some() => {
                // There sending sends it; here it would open what was sent then.
                let open = Outcome::from(Intent::OpenPreset(path.clone()));
                open.with(Intent::Focus(Pane::Request))
            }
            Some(_) if shared.workspace.is_partial => {
                Outcome::warn("the presets are still being read: try it again in a moment")
            }
            Some(path) => Outcome::warn(format!(
                "there is no preset {path} any more: [open] opens what it sent"
            )),
        }
    }

    /// An entry was put on screen, in this draft.
    pub(crate) fn opened(&mut self, name: HistoryName, draft: DraftId) {
        self.opened = Some((name, draft));
    }

    /// Whether a status came back for what was sent then.
    pub(crate) fn was_answered(&self, at: Stamp) -> bool {
        let mut then = self.entries.iter().filter(|entry| entry.name.at == at);
        then.any(|entry| matches!(entry.outcome, SessionOutcome::Status { .. }))
    }

    /// Whether the selected entry is what is on screen: it was sent from there, or opened there.
    fn is_open(&self, shared: &Shared) -> bool {
        let Some(entry) = self.selected() else { return true };
        let sent = shared.session().is_some_and(|session| session.entry == entry.name.at);
        sent || self.opened == Some((entry.name, shared.drafts.current().id))
    }

    fn forget_entry(&self) -> Outcome {
        let Some(entry) = self.selected() else { return Outcome::yes() };
        let text = format!(
            "Forget {}? What it sent and was answered is removed from the disk.",
            entry.summary
        );
        ask_to_forget(text, Some(entry.name))
    }

    /// Pins the entry under the cursor, or lets it go as others do.
    fn pin(&self) -> Outcome {
        let Some(entry) = self.selected() else { return Outcome::yes() };
        let (name, is_pinned) = (entry.name, !entry.is_pinned);
        let said =
            if is_pinned { "pinned: it stays whatever else goes" } else { "not pinned any more" };
        let job = Job::PinHistory { name, is_pinned };
        Outcome::from(Intent::Perform(Effect::Store(job))).with(Intent::Say(said.into()))
    }

    fn copy(&self) -> Outcome {
        let Some(entry) = self.selected() else { return Outcome::yes() };
        copying::put(entry.summary.clone(), entry.summary.clone()).into()
    }

    fn ask(&mut self, shared: &Shared) -> Outcome {
        if !self.read_search(shared) {
            return Outcome::yes();
        }
        (self.selected, self.at, self.offset, self.further) = (None, 0, 0, 0);
        let query = self.refresh(shared).map(|job| Intent::Perform(Effect::Store(job)));
        query.into_iter().collect::<Vec<_>>().into()
    }

    /// A press of the mouse: selects an entry; the selected one opens.
    fn press(&mut self, shared: &Shared, area: Rect, mouse: Mouse) -> Outcome {
        let HistoryAreas { search, list, .. } = self.areas(pane_inner(area));
        if search.contains((mouse.column, mouse.row).into()) {
            return self.start_search(shared);
        }
        self.blur();
        if !list.contains((mouse.column, mouse.row).into()) {
            return Outcome::no();
        }
        let before = self.cursor(usize::from(list.height));
        let row = before.offset + usize::from((mouse.row - list.y) / self.entry_rows());
        if row >= self.entries.len() {
            return Outcome::no();
        }
        self.select(shared, row);
        if row == before.selected { self.open(Action::Open) } else { Outcome::yes() }
    }
}

fn ask_to_forget(text: String, name: Option<HistoryName>) -> Outcome {
    let then = Intent::Perform(Effect::Store(Job::ForgetHistory(name)));
    Intent::Ask(Question::new(text, ["Forget", "Keep"], then)).into()
}

/// Month, day and time of day to the second; always fourteen cells.
pub fn when_exactly(shared: &Shared, at: Stamp) -> String {
    format::local(at, shared.utc_offset).strftime("%m-%d %H:%M:%S").to_string()
}

/// Time of day, or month and day when it is of another one; always five cells. `at` is of the wall
/// clock.
pub fn when(shared: &Shared, at: Stamp) -> String {
    let now = shared.wall_clock.at(shared.now);
    let [then, now] = [at, now].map(|wall| format::local(wall, shared.utc_offset));
    let is_today = then.date() == now.date();
    then.strftime(if is_today { "%H:%M" } else { "%m-%d" }).to_string()
}
