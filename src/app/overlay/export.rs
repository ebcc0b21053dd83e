//! Asks what of Traffic is written, as what, and where to.
//!
//! ```text
//! Records  ‹ all ›      1,234 records
//! Format   ‹ pcapng ›   packets made of what crossed, for Wireshark and tshark
//! Secrets  ‹ masked ›   credentials and secret values are covered
//! File     wirebench-20261129-102233.pcapng▏
//!
//! Enter: 1,234 records to …      what is wrong with the name, or what the key will do
//!
//! notes/                         names that fit; Tab completes
//! ```

use std::path::PathBuf;

use ratatui::layout::Rect;

use crate::app::action::Action;
use crate::app::editor::{Editor, LineMode};
use crate::app::exporting::{ExportChoice, ExportTarget, ExportWish};
use crate::app::folder_names::FolderNames;
use crate::app::format::{self, counted};
use crate::app::intent::{Intent, Question, TrafficWish};
use crate::app::keymap::Context;
use crate::app::outcome::{Outcome, PaneInput};
use crate::app::shared::Shared;
use crate::interop::export::{ExportFormat, FORMATS};
use crate::store::job::{FolderListing, Overwrite};

/// Rows of the window: three choices and the name.
pub const ROWS: usize = 4;
const FILE: usize = 3;
/// Columns before what is chosen.
pub const LABELS: [&str; ROWS] = ["Records", "Format", "Secrets", "File"];
const CHOICES: [ExportChoice; 3] = [ExportChoice::All, ExportChoice::Shown, ExportChoice::Marked];

/// How many records each choice has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExportCounts {
    pub all: u64,
    /// `None` = no filter is in force.
    pub shown: Option<u64>,
    pub marked: u64,
}

/// State of the overlay.
#[derive(Debug)]
pub struct ExportWindow {
    counts: ExportCounts,
    /// The row that has the keys.
    pub row: usize,
    choice: ExportChoice,
    format: ExportFormat,
    with_secrets: bool,
    pub editor: Editor,
    names: FolderNames,
}

/// What Enter will do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExportVerdict {
    Wrong(&'static str),
    /// A file of this name is there.
    Taken(String),
    Free(String),
}

impl ExportWindow {
    /// What its keys do, these by the names of their actions.
    pub(crate) fn hint(&self) -> &'static str {
        if self.row + 1 < ROWS {
            "[choose] export · [left] [right] change · [down] next · [back] close"
        } else {
            "[choose] export · [complete] complete · [up] before · [back] close"
        }
    }

    /// Of what the filter lets through when one is in force; asks for the names in the folder.
    pub(crate) fn new(shared: &Shared, counts: ExportCounts) -> (Self, Option<Intent>) {
        let choice = match counts.shown {
            Some(_) => ExportChoice::Shown,
            None => ExportChoice::All,
        };
        let format = ExportFormat::default();
        let now = format::local(shared.wall_clock.at(shared.now), shared.utc_offset);
        let name =
            format!("wirebench-{}.{}", now.strftime("%Y%m%d-%H%M%S"), format.row().extension);
        let mut window = ExportWindow {
            counts,
            row: 0,
            choice,
            format,
            with_secrets: false,
            editor: Editor::new(&name, LineMode::One),
            names: FolderNames::default(),
        };
        let asked = window.names.ask(shared, &window.typed());
        (window, asked)
    }

    /// Contexts of its keys.
    pub(crate) fn contexts(&self) -> Vec<Context> {
        let choice = (self.row < FILE).then_some(Context::ExportChoice);
        choice.into_iter().chain([Context::Export, Context::Global]).collect()
    }

    /// What a row of choices shows: what is chosen, and what that means.
    pub fn chosen(&self, row: usize) -> (&'static str, String) {
        match row {
            0 => (choice_name(self.choice), counted(self.count(), "record")),
            1 => (self.format.row().name, self.format.row().help.to_owned()),
            _ if self.with_secrets && self.format == ExportFormat::Pcapng => (
                "written",
                "credentials stand in it; TLS is decrypted, its ciphertext not kept".into(),
            ),
            _ if self.with_secrets => ("written", "credentials stand in it as they crossed".into()),
            _ => ("masked", "credentials and secret values are covered".into()),
        }
    }

    fn count(&self) -> u64 {
        match self.choice {
            ExportChoice::All => self.counts.all,
            ExportChoice::Shown => self.counts.shown.unwrap_or(self.counts.all),
            ExportChoice::Marked => self.counts.marked,
        }
    }

    fn typed(&self) -> String {
        self.editor.text().trim().to_owned()
    }

    /// Judges what Enter would do.
    pub fn verdict(&self, shared: &Shared) -> ExportVerdict {
        let typed = self.typed();
        if self.count() == 0 {
            return ExportVerdict::Wrong("there is no such record");
        }
        if typed.is_empty() || typed.ends_with('/') {
            return ExportVerdict::Wrong("a file needs a name");
        }
        let names = self.format.file_names(&typed);
        let found = |name: &&String| {
            self.names.has(shared, &typed, name.rsplit('/').next().unwrap_or_default())
        };
        match names.iter().find(found) {
            Some(taken) => ExportVerdict::Taken(taken.clone()),
            None => ExportVerdict::Free(names.join(" and ")),
        }
    }

    /// Names that go on with what is typed.
    pub fn fitting(&self, shared: &Shared) -> Vec<String> {
        self.names.fitting(shared, &self.typed())
    }

    /// The names of a folder were read.
    pub(crate) fn listed(
        &mut self,
        shared: &Shared,
        folder: PathBuf,
        listing: FolderListing,
    ) -> Option<Intent> {
        self.names.listed(folder, listing);
        self.names.ask(shared, &self.typed())
    }

    /// The rows, the verdict, and below it the names that fit.
    pub fn parts(inner: Rect) -> ([Rect; ROWS], Rect, Rect) {
        let line = |at: u16, height| Rect { y: inner.y + at, height, ..inner }.intersection(inner);
        ([0, 1, 2, 3].map(|at| line(at, 1)), line(5, 1), line(7, inner.height))
    }

    /// Takes an input.
    pub fn update(&mut self, shared: &Shared, inner: Rect, input: PaneInput<'_>) -> Outcome {
        if input.point(&mut self.editor) {
            self.row = FILE;
            return Outcome::yes();
        }
        match input {
            PaneInput::Act(Action::Choose) => return self.choose(shared),
            PaneInput::Act(Action::Up) => self.row = self.row.saturating_sub(1),
            PaneInput::Act(Action::Down) => self.row = (self.row + 1).min(FILE),
            PaneInput::Act(Action::Complete) if self.row < FILE => self.row += 1,
            PaneInput::Act(Action::Complete) => self.complete(shared),
            PaneInput::Act(Action::Right | Action::Toggle) => self.turn(true),
            PaneInput::Act(Action::Left) => self.turn(false),
            PaneInput::Act(_) => return Outcome::no(),
            // What is typed is the name, wherever the keys are.
            PaneInput::Key(_) | PaneInput::Paste(_) => {
                if input.edit(&mut self.editor) {
                    self.row = FILE;
                }
            }
            PaneInput::Wheel(step) if step.is_up() => self.row = self.row.saturating_sub(1),
            PaneInput::Wheel(_) => self.row = (self.row + 1).min(FILE),
            PaneInput::Drag(..) => {}
            PaneInput::Press(_, mouse) => {
                let (rows, verdict, _) = ExportWindow::parts(inner);
                let at = (mouse.column, mouse.row).into();
                if let Some(row) = rows.iter().position(|row| row.contains(at)) {
                    if row == self.row && row < FILE {
                        self.turn(true);
                    }
                    self.row = row;
                } else if verdict.contains(at) {
                    return self.choose(shared);
                }
            }
        }
        self.names.ask(shared, &self.typed()).into()
    }

    /// Takes the next choice of the row, or the one before.
    fn turn(&mut self, forward: bool) {
        match self.row {
            0 => {
                self.choice = beside(&CHOICES, self.choice, forward);
                if self.choice == ExportChoice::Shown && self.counts.shown.is_none() {
                    self.choice = beside(&CHOICES, self.choice, forward);
                }
            }
            1 => {
                let formats: Vec<ExportFormat> = FORMATS.iter().map(|row| row.format).collect();
                let before = self.format.row().extension;
                self.format = beside(&formats, self.format, forward);
                let typed = self.editor.text().into_owned();
                // The name follows as long as it says what is in it.
                if let Some(stem) = typed.strip_suffix(&format!(".{before}")) {
                    let name = format!("{stem}.{}", self.format.row().extension);
                    self.editor.become_text(&name);
                }
            }
            _ => self.with_secrets = !self.with_secrets,
        }
    }

    /// Goes on with what is typed as far as all names that fit do.
    fn complete(&mut self, shared: &Shared) {
        if let Some(text) = self.names.completed(shared, &self.typed()) {
            self.editor.become_text(&text);
        }
    }

    fn choose(&self, shared: &Shared) -> Outcome {
        let overwrite = match self.verdict(shared) {
            ExportVerdict::Wrong(why) => return Outcome::say(why),
            ExportVerdict::Taken(_) => Overwrite::Replace,
            ExportVerdict::Free(_) => Overwrite::Refuse,
        };
        let path = shared.typed_path(&self.typed());
        let (choice, format, with_secrets) = (self.choice, self.format, self.with_secrets);
        let target = ExportTarget::File { path, overwrite };
        let wish = Box::new(ExportWish { choice, format, with_secrets, target });
        let wished = Intent::Traffic(TrafficWish::Export(wish));
        let wished = match self.verdict(shared) {
            ExportVerdict::Taken(name) => {
                let text = format!("{name} is there already. Replace it?");
                Intent::Ask(Question::new(text, ["Replace", "Cancel"], wished))
            }
            ExportVerdict::Wrong(_) | ExportVerdict::Free(_) => wished,
        };
        Outcome::from(Intent::CloseOverlay).with(wished)
    }
}

fn choice_name(choice: ExportChoice) -> &'static str {
    match choice {
        ExportChoice::All => "all",
        ExportChoice::Shown => "those the filter lets through",
        ExportChoice::Marked => "marked",
    }
}

/// The one after it, or before, round the ends.
fn beside<T: Copy + PartialEq>(all: &[T], now: T, forward: bool) -> T {
    let at = all.iter().position(|it| *it == now).unwrap_or(0);
    let step = if forward { 1 } else { all.len() - 1 };
    all.get((at + step) % all.len()).copied().unwrap_or(now)
}
