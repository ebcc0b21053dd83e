//! What is typed in the pane: the filter, and the line below the rows for a search in an open record,
//! a comment or the name of a filter.

use ratatui::layout::{Position, Rect};

use super::{TrafficPane, nothing_found};
use crate::app::action::Action;
use crate::app::completion::PopupAct;
use crate::app::editor::{Editor, LineMode};
use crate::app::intent::{Intent, TrafficWish};
use crate::app::layout::pane_inner;
use crate::app::outcome::{Outcome, PaneInput};
use crate::app::shared::Shared;
use crate::model::id::RecordId;
use crate::query::Filter;

/// What stands before the filter.
pub(crate) const PROMPT: &str = "filter: ";

/// What a typed line is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum LinePurpose {
    Search,
    /// In the rows.
    Find,
    Comment(RecordId),
    FilterName,
    Time,
    /// The command that gets what comes.
    Command,
}

/// A line that is typed.
#[derive(Debug)]
pub struct TrafficLine {
    purpose: LinePurpose,
    pub editor: Editor,
}

impl TrafficLine {
    fn new(purpose: LinePurpose, text: &str) -> Self {
        TrafficLine { purpose, editor: Editor::new(text, LineMode::One) }
    }

    /// What stands before it.
    pub fn label(&self) -> &'static str {
        match self.purpose {
            LinePurpose::Search => "search: ",
            LinePurpose::Find => "find: ",
            LinePurpose::Comment(_) => "comment: ",
            LinePurpose::FilterName => "name of the filter: ",
            LinePurpose::Command => "pipe pcapng into: ",
            LinePurpose::Time => "go to (14:02, 14:02:07.5, #1234): ",
        }
    }
}

impl TrafficPane {
    /// Begins to type a filter, or a search in the open record.
    pub(super) fn find(&mut self, shared: &Shared) -> Outcome {
        if self.detail.as_ref().is_some_and(|detail| detail.inside) {
            self.line = Some(TrafficLine::new(LinePurpose::Search, ""));
        } else {
            self.filter.open(shared);
        }
        Outcome::yes()
    }

    /// Begins to type a text to be found, in the rows or in the open record.
    pub(super) fn find_text(&mut self) -> Outcome {
        let is_inside = self.detail.as_ref().is_some_and(|detail| detail.inside);
        let purpose = if is_inside { LinePurpose::Search } else { LinePurpose::Find };
        self.line = Some(TrafficLine::new(purpose, ""));
        Outcome::yes()
    }

    /// Begins to write about the row.
    pub(super) fn comment(&mut self, shared: &Shared) -> Outcome {
        let Some(id) = self.selected(shared) else { return Outcome::yes() };
        let text = shared.timeline.comment(id).unwrap_or_default();
        self.line = Some(TrafficLine::new(LinePurpose::Comment(id), text));
        Outcome::yes()
    }

    /// Begins to name the filter in force.
    pub(super) fn name_filter(&mut self) -> Outcome {
        if self.filter.text.is_empty() {
            return Outcome::say("no filter is in force; [find] begins one");
        }
        self.line = Some(TrafficLine::new(LinePurpose::FilterName, ""));
        Outcome::yes()
    }

    /// Begins to type the time of a row to go to.
    pub(super) fn ask_for_time(&mut self) -> Outcome {
        self.line = Some(TrafficLine::new(LinePurpose::Time, ""));
        Outcome::yes()
    }

    /// Begins to type the command that what comes is piped into; the last one stands there.
    pub(super) fn ask_for_command(&mut self, shared: &Shared) -> Outcome {
        self.line = Some(TrafficLine::new(LinePurpose::Command, shared.live_command()));
        Outcome::yes()
    }

    /// Goes to the first row at this time or later, or to the one of this number; what is neither is typed
    /// on.
    fn go_to(&mut self, shared: &Shared, editor: Editor) -> Outcome {
        let text = editor.text().trim().to_owned();
        let gone = match text.strip_prefix('#') {
            Some(number) => self.go_to_number(shared, number),
            None => self.go_to_time(shared, &text),
        };
        gone.unwrap_or_else(|why| {
            self.line = Some(TrafficLine { purpose: LinePurpose::Time, editor });
            Outcome::warn(why)
        })
    }

    fn go_to_time(&mut self, shared: &Shared, text: &str) -> Result<Outcome, String> {
        let filter = format!("time >= {text}");
        let filter = Filter::parse_at(&filter, shared.clock_ahead());
        let filter = filter.map_err(|error| error.message)?;
        Ok(match self.first_at(shared, &filter) {
            Some(row) => self.select(shared, row),
            None => Outcome::say("no row is from that time or later"),
        })
    }

    /// As they stand in the column `#`; of one that the filter hides the next is told.
    fn go_to_number(&mut self, shared: &Shared, number: &str) -> Result<Outcome, String> {
        let digits: String = number.chars().filter(|c| *c != ',').collect();
        let wanted = digits.parse().map(RecordId);
        let wanted = wanted.map_err(|_| format!("'{number}' is not the number of a row"))?;
        if self.shows_sorted() {
            let row = (0..self.len()).find(|row| self.row(*row) == Some(wanted));
            return Ok(row.map_or_else(
                || Outcome::say("no row here has that number"),
                |row| self.select(shared, row),
            ));
        }
        let row = self.listing.rows_before(wanted);
        if row >= self.len() {
            return Ok(Outcome::say("no row here has that number or a later one"));
        }
        let is_there = self.row(row) == Some(wanted);
        let gone = self.select(shared, row);
        let said = "there is no such row here; this is the next one";
        Ok(if is_there { gone } else { gone.with(Intent::Say(said.into())) })
    }

    /// Puts this filter in force.
    pub(crate) fn put_filter(&mut self, shared: &Shared, text: &str) -> Vec<Intent> {
        let filter = self.filter.put(shared, text);
        self.apply(shared, filter)
    }

    /// An action while something is typed.
    pub(super) fn act_while_typing(&mut self, shared: &Shared, action: Action) -> Outcome {
        if let Some(is_changed) = self.filter.complete(shared, action) {
            return if is_changed { self.refilter(shared) } else { Outcome::yes() };
        }
        match action {
            Action::Choose => self.take_typed(shared),
            Action::Up | Action::Down if self.filter.editor.is_some() => {
                if self.filter.recall(shared, action == Action::Up) {
                    return self.refilter(shared);
                }
                Outcome::yes()
            }
            Action::Back if self.line.take().is_some() => Outcome::yes(),
            Action::Back => {
                self.filter.close();
                self.refilter(shared)
            }
            _ => Outcome::no(),
        }
    }

    /// Takes what was typed; a filter that cannot be read is typed on.
    fn take_typed(&mut self, shared: &Shared) -> Outcome {
        if let Some(TrafficLine { purpose, editor }) = self.line.take() {
            let text = editor.text().into_owned();
            let said = text.trim();
            return match purpose {
                LinePurpose::Search => self.look_for(shared, text),
                LinePurpose::Find => self.find_in_rows(shared, &text),
                LinePurpose::Comment(id) => Intent::Traffic(TrafficWish::Comment(id, text)).into(),
                _ if text.trim().is_empty() => Outcome::yes(),
                LinePurpose::Time => self.go_to(shared, editor),
                LinePurpose::Command => {
                    Intent::Traffic(TrafficWish::PipeLive(said.to_owned())).into()
                }
                LinePurpose::FilterName => {
                    Intent::Traffic(TrafficWish::NameFilter(said.to_owned())).into()
                }
            };
        }
        if self.filter.error.is_some() {
            self.filter.completer.close();
            return Outcome::yes();
        }
        self.filter.close();
        Intent::Traffic(TrafficWish::RememberFilter(self.filter.text.clone())).into()
    }

    /// Keys and pasted text that no action took.
    pub(super) fn typed(&mut self, shared: &Shared, input: PaneInput<'_>) -> Outcome {
        if let Some(line) = &mut self.line {
            input.edit(&mut line.editor);
            return Outcome::yes();
        }
        let is_changed = match (input, &mut self.filter.editor) {
            (_, None) => return Outcome::no(),
            (PaneInput::Key(key), Some(_)) => self.filter.key(shared, key),
            (input, Some(editor)) => {
                let is_changed = input.edit(editor);
                self.filter.offer(shared);
                is_changed
            }
        };
        if is_changed { self.refilter(shared) } else { Outcome::yes() }
    }

    fn refilter(&mut self, shared: &Shared) -> Outcome {
        let filter = self.filter.read(shared);
        self.apply(shared, filter).into()
    }

    /// Says why the list is empty, once every record was looked at.
    pub(super) fn tell_nothing(&mut self, shared: &Shared) {
        let is_empty = self.listing.is_complete() && self.is_empty();
        let text = &self.filter.text;
        self.nothing = if is_empty { nothing_found::words(shared, text) } else { Vec::new() };
    }

    /// A press of the mouse on the completions.
    pub(super) fn press_completion(&mut self, shared: &Shared, at: Position) -> Option<Outcome> {
        let area = self.popup_area(shared);
        let done = self.filter.completer.press(area, at)?;
        if let (PopupAct::Taken(taken), Some(editor)) = (done, &mut self.filter.editor) {
            editor.replace_around(taken.typed, taken.behind, &taken.text);
            self.filter.offer(shared);
            return Some(self.refilter(shared));
        }
        Some(Outcome::yes())
    }

    /// Where the completions are on the screen, if there are any.
    pub(crate) fn popup_area(&self, shared: &Shared) -> Option<Rect> {
        let popup = self.filter.completer.popup()?;
        let editor = self.filter.editor.as_ref()?;
        let area = self.areas(pane_inner(shared.areas().traffic)).filter;
        let (_, column) = editor.in_sight(popup.typed())?;
        let x = area.x + PROMPT.len() as u16 + u16::try_from(column).ok()?;
        let at = Position { x: x.min(area.right()), y: area.y };
        Some(popup.area(at, shared.size))
    }
}
