//! A run of presets: how far it is, a row for each preset, and what is known of the chosen one.
//!
//! ```text
//! ▰▰▰▰▱▱  7 of 12 · 5 passed · 2 failed · 1.2 s · 5.8/s
//! mock/users 127.0.0.1:4001                                 failed first
//!   3  users/create   failed   12 ms  500  status: expected 201, got 500
//! ─────────
//! ✗ status
//!   - expected 201
//!   + got      500
//! ```
//! The window may be closed: the run goes on. Its rows are made anew by `flow/runs.rs` when something happened, a
//! few times a second at most where they are many.

mod table;

use std::time::Duration;

use bytes::Bytes;
use ratatui::layout::Rect;

use crate::app::action::Action;
use crate::app::compared_table::ComparedTable;
use crate::app::copying;
use crate::app::cursor::{Cursor, CursorStep, scroll};
use crate::app::editor::{Caret, Editor, LineMode};
use crate::app::effect::Effect;
use crate::app::format;
use crate::app::intent::Intent;
use crate::app::keymap::Context;
use crate::app::layout::cut_top;
use crate::app::message::{Mouse, MouseKind};
use crate::app::outcome::{Outcome, PaneInput};
use crate::app::preset_runs::{RunAsk, ShownRun};
use crate::app::run_rows::{self, DetailLine, RunPlace};
use crate::app::search_line::{self, SearchKey, SearchLine};
use crate::app::shared::Shared;
use crate::interop::run_report::{RunReportKind, row_text};
use crate::model::timing::Stamp;
use crate::runner::{RunRow, RunTally, RunVerdict};
use crate::store::job::{Job, Overwrite};

/// Up to so many rows are made anew with everything that happens.
const FEW: usize = 100;
/// More of them no more often than this, a little more than a tick of the clock.
const REFRESHED: Duration = Duration::from_millis(90);
/// Names that say how wide their column is.
const NAMES: usize = 500;
/// Rows above the list: how far it is, what it is of.
const ABOVE: u16 = 2;

/// The endings of reports and what these are.
pub const REPORTS: [(&str, RunReportKind); 6] = [
    ("html", RunReportKind::Html),
    ("md", RunReportKind::Md),
    ("xml", RunReportKind::Junit),
    ("tap", RunReportKind::Tap),
    ("json", RunReportKind::Json),
    ("txt", RunReportKind::Text),
];

/// State of the overlay.
#[derive(Debug)]
pub struct RunWindow {
    rows: Vec<RunPlace>,
    pub tally: RunTally,
    /// How many rows there will be.
    pub total: usize,
    /// Characters of the longest name among the first rows.
    pub longest: usize,
    pub failed_first: bool,
    pub search: Option<SearchLine>,
    /// The name of a report, while it is typed.
    pub report: Option<Editor>,
    cursor: Cursor,
    /// Where the cursor is stays on its row, once it was moved.
    chosen: Option<RunPlace>,
    /// First line of the detail that is shown, which has most of the window while it is enlarged.
    scroll: usize,
    pub is_large: bool,
    /// What the places of the run differ in, while that is shown.
    pub table: Option<ComparedTable>,
    /// The run was under way when its rows were made.
    is_live: bool,
    made_at: Stamp,
}

/// Where its parts are.
#[derive(Debug, Clone, Copy, Default)]
pub struct RunAreas {
    pub above: Rect,
    pub search: Rect,
    pub list: Rect,
    pub rule: Rect,
    pub detail: Rect,
    /// The line a report is named in.
    pub report: Rect,
}

impl RunWindow {
    /// What its keys do, these by the names of their actions.
    pub(crate) fn hint(&self) -> &'static str {
        if self.report.is_some() {
            return "[choose] write · html md xml (JUnit) tap json txt · [back] cancel";
        }
        if self.search.as_ref().is_some_and(|search| search.typing) {
            return "[choose] keep · [back] show all";
        }
        if self.table.is_some() {
            return "[open] look · [left] [right] place · [next-error] next difference · [compare] rows · [find] find · [save-to-file] report · [back] close";
        }
        if self.is_live {
            return "[open] look · [stop] stop · [failed-first] order · [find] find · [back] close, it goes on";
        }
        "[open] look · [find] find · [run-again] again · [run-failed] failed · [compare] changed · [save-to-file] report · [back] close"
    }

    /// Of the run that is there.
    pub(crate) fn new(shared: &Shared) -> Self {
        let goes_to_several = shared.runs.current.as_ref().is_some_and(|it| !it.places.is_empty());
        let mut window = RunWindow {
            rows: Vec::new(),
            tally: RunTally::default(),
            total: 0,
            longest: 0,
            failed_first: true,
            search: None,
            report: None,
            cursor: Cursor::default(),
            chosen: None,
            scroll: 0,
            is_large: false,
            table: goes_to_several.then(ComparedTable::default),
            is_live: false,
            made_at: Stamp::default(),
        };
        window.make_rows(shared);
        window
    }

    /// Contexts of its keys.
    pub(crate) fn contexts(&self) -> Vec<Context> {
        let is_typing = self.search.as_ref().is_some_and(|search| search.typing);
        let own = if is_typing || self.report.is_some() { Context::Line } else { Context::RunRows };
        vec![own, Context::Global]
    }

    /// Something happened: the rows are made anew, unless they are many and were so just now.
    pub(crate) fn refresh(&mut self, shared: &Shared) {
        let is_old = shared.now.since(self.made_at) >= REFRESHED;
        if is_old || self.total <= FEW {
            self.make_rows(shared);
        }
    }

    /// Makes the rows; the cursor stays on its row once it was moved, else at the top.
    pub(crate) fn make_rows(&mut self, shared: &Shared) {
        let Some(shown) = &shared.runs.current else { return };
        let text = self.search.as_ref().map(|it| it.editor.text()).unwrap_or_default();
        self.rows = run_rows::places(shown, self.failed_first, &text);
        if let Some(table) = &mut self.table {
            table.make(shown, self.failed_first, &text);
        }
        self.tally = RunTally::of(shown.run.rows());
        self.total = shown.run.total();
        self.is_live = shown.is_live();
        self.made_at = shared.now;
        let names = self.rows.iter().take(NAMES).filter_map(|place| run_rows::name(shown, *place));
        self.longest = names.map(|name| name.chars().count()).max().unwrap_or(0);
        let place = self.chosen.and_then(|it| self.rows.iter().position(|row| *row == it));
        self.cursor.selected = place.unwrap_or(self.cursor.selected);
        if self.chosen.is_none() {
            self.cursor.selected = 0;
        }
        self.cursor.settle(self.rows.len(), usize::MAX);
    }

    /// The rows that are shown.
    pub fn rows(&self) -> &[RunPlace] {
        &self.rows
    }

    /// The row under the cursor and the first one shown.
    pub fn cursor(&self, height: u16) -> Cursor {
        let mut cursor = self.cursor;
        cursor.settle(self.rows.len(), height.into());
        cursor
    }

    /// Where its parts are.
    pub fn areas(&self, shared: &Shared, inner: Rect) -> RunAreas {
        let mut rest = inner;
        let above = cut_top(&mut rest, ABOVE.min(inner.height / 3));
        let search = cut_top(&mut rest, u16::from(self.search.is_some()));
        let report = cut_top(&mut rest, u16::from(self.report.is_some()));
        let lines = u16::try_from(self.detail(shared, rest.width).len()).unwrap_or(u16::MAX);
        let most = if self.is_large { rest.height.saturating_sub(4) } else { rest.height * 2 / 5 };
        // The list does not jump with each row the cursor is on.
        let wanted = if self.is_large { most } else { lines.max(most) };
        let mut list = rest;
        list.height = rest.height.saturating_sub(wanted.min(most) + 1);
        let mut below = Rect { y: list.bottom(), height: rest.height - list.height, ..rest };
        let rule = cut_top(&mut below, 1);
        RunAreas { above, search, list, rule, detail: below, report }
    }

    /// The row of the run under the cursor, with its place.
    pub fn selected<'a>(&self, shared: &'a Shared) -> Option<(usize, &'a RunRow)> {
        let RunPlace::Begun(at) = *self.rows.get(self.cursor.selected)? else { return None };
        Some((at, shared.runs.current.as_ref()?.run.rows().get(at)?))
    }

    /// What is known of it, in lines of this width.
    pub fn detail(&self, shared: &Shared, width: u16) -> Vec<DetailLine> {
        run_rows::wrapped(self.told(shared), width)
    }

    fn told(&self, shared: &Shared) -> Vec<DetailLine> {
        if let (Some(table), Some(shown)) = (&self.table, &shared.runs.current) {
            return table.detail(shown);
        }
        let place = self.rows.get(self.cursor.selected);
        if let (Some(RunPlace::Watched(at)), Some(shown)) = (place, &shared.runs.current) {
            let watched = shown.run.watched(*at);
            return watched.map(|it| run_rows::detail_so_far(&it)).unwrap_or_default();
        }
        self.selected(shared)
            .map(|(_, row)| run_rows::detail(row, &shared.keymap))
            .unwrap_or_default()
    }

    /// First line of it that is shown.
    pub fn scroll(&self, lines: usize, height: u16) -> usize {
        self.scroll.min(lines.saturating_sub(height.into()))
    }

    /// Leaves what is typed; `None` = nothing was.
    pub(crate) fn step_back(&mut self, shared: &Shared) -> Option<Outcome> {
        if self.report.take().is_none() && self.search.take().is_none() {
            return None;
        }
        self.make_rows(shared);
        Some(Outcome::yes())
    }

    /// Takes an input.
    pub(crate) fn update(&mut self, shared: &Shared, inner: Rect, input: PaneInput<'_>) -> Outcome {
        if self.report.is_some() {
            return self.type_report(shared, input);
        }
        match search_line::update(&mut self.search, input) {
            Some(SearchKey::Accept) => {
                self.search.iter_mut().for_each(|search| search.typing = false);
                self.search.take_if(|search| search.editor.is_empty());
            }
            Some(SearchKey::Changed) => {
                self.chosen = None;
                self.make_rows(shared);
            }
            Some(SearchKey::Move(step)) => self.step(shared, inner, step),
            Some(SearchKey::Ignored) => {}
            None => match input {
                PaneInput::Act(action) => return self.act(shared, inner, action),
                PaneInput::Wheel(step) => self.step(shared, inner, step),
                PaneInput::Press(_, mouse) => return self.press(shared, inner, mouse),
                PaneInput::Key(_) | PaneInput::Paste(_) | PaneInput::Drag(..) => {
                    return Outcome::no();
                }
            },
        }
        Outcome::yes()
    }

    fn step(&mut self, shared: &Shared, inner: Rect, step: CursorStep) {
        let areas = self.areas(shared, inner);
        if let Some(table) = self.table.as_mut().filter(|_| !self.is_large) {
            self.scroll = 0;
            return table.step(step, areas.list.height.saturating_sub(table::NAMED));
        }
        if self.is_large {
            let (width, height) = (areas.detail.width, areas.detail.height);
            let lines = self.detail(shared, width).len();
            self.scroll = scroll(self.scroll(lines, height), step, lines, height.into());
            return;
        }
        self.cursor = self.cursor(areas.list.height);
        self.cursor.step(step, self.rows.len(), areas.list.height.into());
        self.take_cursor();
    }

    fn take_cursor(&mut self) {
        self.chosen = self.rows.get(self.cursor.selected).copied();
        self.scroll = 0;
    }

    fn act(&mut self, shared: &Shared, inner: Rect, action: Action) -> Outcome {
        if let Some(outcome) = self.act_on_table(shared, inner, action) {
            return outcome;
        }
        let Some(shown) = &shared.runs.current else { return Outcome::no() };
        match action {
            Action::Open => return self.open(),
            Action::Stop if !shown.is_live() => return Outcome::say("the run is over"),
            Action::Stop => return Intent::Runs(RunAsk::Stop).into(),
            Action::Compare if !shown.places.is_empty() => self.turn_table(shared),
            Action::Compare => return Intent::Runs(RunAsk::Compare).into(),
            Action::ComparePlaces => return Intent::Runs(RunAsk::ChoosePlaces).into(),
            Action::RunAgain => return Intent::Runs(RunAsk::Again { failed_only: false }).into(),
            Action::RunFailed => return Intent::Runs(RunAsk::Again { failed_only: true }).into(),
            Action::Toggle => {
                self.is_large = !self.is_large;
                self.scroll = 0;
            }
            Action::FailedFirst => {
                self.failed_first = !self.failed_first;
                self.make_rows(shared);
            }
            Action::Find => self.search.get_or_insert_default().typing = true,
            Action::NextError => return self.next_failed(shared, true),
            Action::PreviousError => return self.next_failed(shared, false),
            Action::Copy => {
                let text = self.selected(shared).map(|(_, row)| row_text(row).join("\n") + "\n");
                return text.map(|text| copying::put("the row", text)).into();
            }
            Action::CopyWhole => {
                let text = shown.facts(shared.now).report(RunReportKind::Text);
                return copying::put("the run", text).into();
            }
            Action::SaveToFile => {
                let mut editor = Editor::new(&name(shared), LineMode::One);
                editor.move_to(Caret::End);
                self.report = Some(editor);
            }
            action => match CursorStep::of(action) {
                Some(step) => self.step(shared, inner, step),
                None => return Outcome::no(),
            },
        }
        Outcome::yes()
    }

    fn open(&self) -> Outcome {
        match self.rows.get(self.cursor.selected) {
            Some(RunPlace::Begun(at)) => Intent::Runs(RunAsk::Open(*at)).into(),
            Some(RunPlace::Watched(at)) => Intent::Runs(RunAsk::OpenListener(*at)).into(),
            Some(RunPlace::Waiting(..)) => Outcome::say("it waits for its turn"),
            None => Outcome::yes(),
        }
    }

    /// To the next row that did not pass, or the one before, round the ends.
    fn next_failed(&mut self, shared: &Shared, forward: bool) -> Outcome {
        let Some(shown) = &shared.runs.current else { return Outcome::yes() };
        let has_failed = |place: &RunPlace| {
            let RunPlace::Begun(at) = place else { return false };
            let verdict = shown.run.rows().get(*at).map(|row| &row.verdict);
            matches!(verdict, Some(RunVerdict::NotMet(_) | RunVerdict::Failed(_)))
        };
        let places = self.rows.iter().enumerate();
        let failed: Vec<usize> =
            places.filter(|(_, place)| has_failed(place)).map(|(at, _)| at).collect();
        let from = self.cursor.selected;
        let found = if forward {
            failed.iter().find(|at| **at > from).or(failed.first())
        } else {
            failed.iter().rev().find(|at| **at < from).or(failed.last())
        };
        let Some(at) = found else { return Outcome::say("nothing has failed") };
        self.cursor.selected = *at;
        self.take_cursor();
        Outcome::yes()
    }

    /// A press of the mouse: on a row, on the order, on the detail.
    fn press(&mut self, shared: &Shared, inner: Rect, mouse: Mouse) -> Outcome {
        let (areas, at) = (self.areas(shared, inner), (mouse.column, mouse.row).into());
        if areas.list.contains(at) && self.table.is_some() {
            return self.press_on_table(areas.list, mouse).unwrap_or_else(Outcome::yes);
        } else if areas.list.contains(at) {
            self.cursor = self.cursor(areas.list.height);
            self.cursor.selected = self.cursor.offset + usize::from(mouse.row - areas.list.y);
            self.cursor.settle(self.rows.len(), areas.list.height.into());
            self.take_cursor();
            if mouse.kind == MouseKind::SecondPress {
                return self.open();
            }
        } else if areas.above.contains(at) && mouse.row > areas.above.y {
            return self.act(shared, inner, Action::FailedFirst);
        } else if areas.rule.contains(at) {
            return self.act(shared, inner, Action::Toggle);
        }
        Outcome::yes()
    }

    /// An input while the file of a report is named.
    fn type_report(&mut self, shared: &Shared, input: PaneInput<'_>) -> Outcome {
        let Some(editor) = &mut self.report else { return Outcome::no() };
        if input.point(editor) {
            return Outcome::yes();
        }
        match input {
            PaneInput::Act(Action::Choose) => {
                let typed = editor.text().trim().to_owned();
                let Some(shown) = &shared.runs.current else { return Outcome::yes() };
                match write(shared, shown, &typed) {
                    Ok(intent) => {
                        self.report = None;
                        intent.into()
                    }
                    Err(why) => Outcome::say(why),
                }
            }
            PaneInput::Act(_) => Outcome::no(),
            input => {
                input.edit(editor);
                Outcome::yes()
            }
        }
    }
}

/// A name for a report: of when it began.
fn name(shared: &Shared) -> String {
    let began = shared.runs.current.as_ref().map(|shown| shown.began.wall);
    let at = format::local(began.unwrap_or_default(), shared.utc_offset);
    format!("run-{}.html", at.strftime("%Y%m%d-%H%M%S"))
}

/// Writes a report as what its ending says.
fn write(shared: &Shared, shown: &ShownRun, typed: &str) -> Result<Intent, String> {
    let ending = typed.rsplit_once('.').map(|(_, ending)| ending.to_lowercase());
    let kind = REPORTS.iter().find(|(known, _)| Some(*known) == ending.as_deref());
    let Some((_, kind)) = kind else {
        return Err("the ending says what it is: html, md, xml (JUnit), tap, json or txt".into());
    };
    let report = Bytes::from(shown.facts(shared.now).report(*kind));
    let path = shared.typed_path(typed);
    let overwrite = Overwrite::Refuse;
    let job = Job::WriteFile { path, bytes: report, overwrite };
    Ok(Intent::Perform(Effect::Store(job)))
}
