//! Asks what is imported of other tools, and shows what would come of it before anything is written.
//!
//! ```text
//! From    ~/shop.postman_collection.json▏
//! Into    api                            empty = a folder of its own
//!
//! Enter: import 12 presets into api/     what the key will do, or what is wrong
//!
//! Postman collection
//!   12 presets: api/users/list, ...      while a path is typed: names that go on with it
//! not as it was:
//!   scripts, kept as comments (2): ...
//! ```

use ratatui::layout::Rect;

use crate::app::action::Action;
use crate::app::cursor::{CursorStep, scroll};
use crate::app::editor::{Caret, Editor, LineMode};
use crate::app::effect::Effect;
use crate::app::folder_names::FolderNames;
use crate::app::format::counted;
use crate::app::intent::Intent;
use crate::app::outcome::{Outcome, PaneInput};
use crate::app::shared::Shared;
use crate::codec::wrap_words::wrap;
use crate::interop::import::is_import;
use crate::model::failure::Failure;
use crate::model::preset::PresetPath;
use crate::store::job::{
    FolderListing, ImportDone, ImportPreview, ImportSource, ImportTask, ImportTrees, Job,
};

/// Rows that are typed into.
pub const IMPORT_ROWS: usize = 2;
/// Columns before them.
pub const IMPORT_LABELS: [&str; IMPORT_ROWS] = ["From", "Into"];
const FROM: usize = 0;
const INTO: usize = 1;
/// Questions that one window may ask.
const QUESTIONS: u64 = 1 << 32;

/// State of the overlay.
#[derive(Debug)]
pub struct ImportWindow {
    /// The row that has the keys.
    pub row: usize,
    pub editors: [Editor; IMPORT_ROWS],
    /// What was pasted, which is imported as long as no path is typed.
    pasted: Option<String>,
    step: ImportStep,
    /// Of the last question.
    asked: u64,
    names: FolderNames,
    /// First line of the summary that is shown.
    top: usize,
}

/// How far it is.
#[derive(Debug)]
enum ImportStep {
    /// Something is typed that was not looked at; what was read already may only go elsewhere.
    Typed(Option<ImportTrees>),
    Looking,
    Looked(ImportPreview),
    Failed(String),
    Writing,
}

/// What a line of the list is, for its colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImportLineKind {
    /// A name that goes on with the path.
    Name,
    Heading,
    Comes,
    /// Something that is not as it was.
    Differs,
    Wrong,
}

/// What Enter will do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ImportVerdict {
    Wrong(String),
    /// It is being done.
    Busy(&'static str),
    /// It only looks.
    Looks,
    /// It writes this.
    Writes(String),
}

impl ImportWindow {
    /// What its keys do, these by the names of their actions.
    pub(crate) fn hint(&self) -> &'static str {
        match self.step {
            ImportStep::Looked(_) => {
                "[choose] import · [down] folder · [page-down] more · [back] nothing is written"
            }
            _ if self.row == FROM => {
                "[choose] look · [complete] complete · paste a document or commands · [back] close"
            }
            _ => "[choose] look · [up] before · [back] close",
        }
    }

    /// Asks; the number tells its questions from those of other windows.
    pub(crate) fn new(shared: &Shared, number: u64) -> (Self, Option<Intent>) {
        let mut window = ImportWindow {
            row: FROM,
            editors: [Editor::new("", LineMode::One), Editor::new("", LineMode::One)],
            pasted: None,
            step: ImportStep::Typed(None),
            asked: number.saturating_mul(QUESTIONS),
            names: FolderNames::default(),
            top: 0,
        };
        let asked = window.names.ask(shared, "");
        (window, asked)
    }

    /// Looks at this text.
    pub(crate) fn paste(&mut self, shared: &Shared, text: String) -> Intent {
        self.editors[FROM] = Editor::new("", LineMode::One);
        self.pasted = Some(text);
        self.look(shared)
    }

    /// Looks at what this path names.
    pub(crate) fn name(&mut self, shared: &Shared, path: &str) -> Intent {
        self.editors[FROM] = at_end(path);
        self.pasted = None;
        self.look(shared)
    }

    fn typed(&self, row: usize) -> String {
        self.editors.get(row).map(|editor| editor.text().trim().to_owned()).unwrap_or_default()
    }

    /// What stands beside a row that is empty.
    pub fn said(&self, row: usize) -> String {
        match (row, &self.pasted) {
            (FROM, Some(text)) => {
                let (lines, bytes) = (text.lines().count() as u64, text.len() as u64);
                format!("what was pasted: {}, {}", counted(lines, "line"), counted(bytes, "byte"))
            }
            (FROM, None) => "a file or folder, or paste a document or commands here".to_owned(),
            _ => "a folder of its own; or name one of the workspace".to_owned(),
        }
    }

    fn folder(&self) -> Result<Option<PresetPath>, String> {
        let typed = self.typed(INTO);
        let typed = typed.trim_end_matches('/');
        if typed.is_empty() {
            return Ok(None);
        }
        PresetPath::parse_folder(typed).map(Some).map_err(|error| error.to_string())
    }

    /// Judges what Enter would do.
    pub fn verdict(&self) -> ImportVerdict {
        if let Err(why) = self.folder() {
            return ImportVerdict::Wrong(why);
        }
        match &self.step {
            ImportStep::Typed(_) if self.typed(FROM).is_empty() && self.pasted.is_none() => {
                ImportVerdict::Wrong("name a file or folder, or paste something".to_owned())
            }
            ImportStep::Typed(_) | ImportStep::Failed(_) => ImportVerdict::Looks,
            ImportStep::Looking => ImportVerdict::Busy("it is being looked at"),
            ImportStep::Writing => ImportVerdict::Busy("it is being written"),
            ImportStep::Looked(preview) => {
                let summary = &preview.summary;
                let presets = counted(summary.presets as u64, "preset");
                ImportVerdict::Writes(match (summary.presets, summary.folder.as_str()) {
                    (0, _) => "import its variables".to_owned(),
                    (_, "") => format!("import {presets}"),
                    (_, folder) => format!("import {presets} into {folder}/"),
                })
            }
        }
    }

    /// Whether something would be lost with it.
    pub(super) fn is_written(&self) -> bool {
        self.pasted.is_some()
            || !self.editors[FROM].is_empty()
            || self.editors.iter().any(Editor::is_typed)
    }

    /// The lines below the verdict, in a width.
    pub fn lines(&self, shared: &Shared, width: u16) -> Vec<(ImportLineKind, String)> {
        use ImportLineKind::{Comes, Differs, Heading, Name, Wrong};
        let indented = |kind, text: &String| {
            let lines = wrap(text, width.saturating_sub(4).max(10)).into_iter().enumerate();
            let line =
                move |(at, line)| (kind, format!("{}{line}", if at == 0 { "  " } else { "    " }));
            lines.map(line).collect::<Vec<_>>()
        };
        match &self.step {
            ImportStep::Looked(ImportPreview { summary, .. }) => {
                let mut lines = vec![(Heading, summary.title.clone())];
                lines.extend(summary.comes.iter().flat_map(|line| indented(Comes, line)));
                if !summary.differs.is_empty() {
                    lines.push((Heading, "not as it was:".to_owned()));
                }
                lines.extend(summary.differs.iter().flat_map(|line| indented(Differs, line)));
                lines
            }
            ImportStep::Failed(why) => {
                wrap(why, width).into_iter().map(|line| (Wrong, line)).collect()
            }
            ImportStep::Typed(_) if self.row == FROM && self.pasted.is_none() => {
                let names = self.names.fitting(shared, &self.typed(FROM));
                names.into_iter().map(|name| (Name, name)).collect()
            }
            ImportStep::Typed(_) | ImportStep::Looking | ImportStep::Writing => Vec::new(),
        }
    }

    /// First of so many lines that is shown.
    pub fn top(&self, lines: usize, height: u16) -> usize {
        self.top.min(lines.saturating_sub(height.into()))
    }

    /// The rows, the verdict, and below it the list.
    pub fn parts(inner: Rect) -> ([Rect; IMPORT_ROWS], Rect, Rect) {
        let line = |at: u16, height| Rect { y: inner.y + at, height, ..inner }.intersection(inner);
        ([line(0, 1), line(1, 1)], line(3, 1), line(5, inner.height))
    }

    /// The names of a folder were read.
    pub(crate) fn listed(
        &mut self,
        shared: &Shared,
        folder: std::path::PathBuf,
        listing: FolderListing,
    ) -> Option<Intent> {
        self.names.listed(folder, listing);
        self.names.ask(shared, &self.typed(FROM))
    }

    /// The store answered; tells whether it is over.
    pub(crate) fn answered(&mut self, done: &ImportDone) -> bool {
        match done {
            ImportDone::Looked { asked, found } if *asked == self.asked => {
                self.top = 0;
                self.step = match found {
                    Ok(preview) => ImportStep::Looked(preview.clone()),
                    Err(failure) => ImportStep::Failed(failure.to_string()),
                };
                false
            }
            ImportDone::Written { .. } => matches!(self.step, ImportStep::Writing),
            ImportDone::Looked { .. } | ImportDone::TakenBack { .. } => false,
        }
    }

    /// The store could not do what it was asked for.
    pub(crate) fn failed(&mut self, failure: &Failure) {
        if matches!(self.step, ImportStep::Looking | ImportStep::Writing) {
            self.step = ImportStep::Failed(failure.to_string());
        }
    }

    /// Takes an input.
    pub(crate) fn update(&mut self, shared: &Shared, inner: Rect, input: PaneInput<'_>) -> Outcome {
        if matches!(self.step, ImportStep::Writing) {
            return Outcome::yes();
        }
        if let Some(row) = self.editors.iter_mut().position(|editor| input.point(editor)) {
            self.row = row;
            return Outcome::yes();
        }
        match input {
            PaneInput::Act(Action::Choose) => return self.choose(shared),
            PaneInput::Act(Action::Up) => self.row = FROM,
            PaneInput::Act(Action::Down) => self.row = INTO,
            PaneInput::Act(Action::Complete) if self.row == INTO => self.row = FROM,
            PaneInput::Act(Action::Complete) => self.complete(shared),
            PaneInput::Act(action) => match CursorStep::of(action) {
                Some(step) => self.scroll(shared, inner, step),
                None => return Outcome::no(),
            },
            PaneInput::Paste(text) if text.trim().contains('\n') || is_import(text) => {
                return self.paste(shared, text.to_owned()).into();
            }
            PaneInput::Key(_) | PaneInput::Paste(_) => {
                if input.edit(&mut self.editors[self.row]) {
                    self.changed();
                }
            }
            PaneInput::Wheel(step) => self.scroll(shared, inner, step),
            PaneInput::Drag(..) => {}
            PaneInput::Press(_, mouse) => {
                let (rows, verdict, _) = ImportWindow::parts(inner);
                let at = (mouse.column, mouse.row).into();
                if let Some(row) = rows.iter().position(|row| row.contains(at)) {
                    self.row = row;
                } else if verdict.contains(at) {
                    return self.choose(shared);
                }
            }
        }
        self.names.ask(shared, &self.typed(FROM)).into()
    }

    /// What was looked at is not what is meant any more.
    fn changed(&mut self) {
        self.top = 0;
        let trees = match &self.step {
            ImportStep::Looked(preview) => Some(preview.trees.clone()),
            ImportStep::Typed(trees) => trees.clone(),
            ImportStep::Looking | ImportStep::Failed(_) | ImportStep::Writing => None,
        };
        // An answer that is under way is one to another question.
        self.asked += 1;
        if self.row == FROM {
            self.pasted = None;
        }
        self.step = ImportStep::Typed(trees.filter(|_| self.row == INTO));
    }

    fn scroll(&mut self, shared: &Shared, inner: Rect, step: CursorStep) {
        let (_, _, list) = ImportWindow::parts(inner);
        let lines = self.lines(shared, list.width).len();
        self.top = scroll(self.top(lines, list.height), step, lines, list.height.into());
    }

    fn complete(&mut self, shared: &Shared) {
        if let Some(text) = self.names.completed(shared, &self.typed(FROM)) {
            self.editors[FROM] = at_end(&text);
            self.changed();
        }
    }

    fn choose(&mut self, shared: &Shared) -> Outcome {
        match self.verdict() {
            ImportVerdict::Wrong(why) => Outcome::say(why),
            ImportVerdict::Busy(what) => Outcome::say(what),
            ImportVerdict::Looks => self.look(shared).into(),
            ImportVerdict::Writes(_) => {
                let ImportStep::Looked(preview) = &self.step else { return Outcome::yes() };
                let (trees, into) = (preview.trees.clone(), self.folder().unwrap_or_default());
                self.step = ImportStep::Writing;
                perform(ImportTask::Write { trees, into }).into()
            }
        }
    }

    fn look(&mut self, shared: &Shared) -> Intent {
        let known = match std::mem::replace(&mut self.step, ImportStep::Looking) {
            ImportStep::Typed(Some(trees)) => Some(ImportSource::Known(trees)),
            _ => None,
        };
        let source = known.unwrap_or_else(|| match &self.pasted {
            Some(text) => ImportSource::Pasted(text.clone()),
            None => ImportSource::Named(shared.typed_path(&self.typed(FROM))),
        });
        self.asked += 1;
        let (asked, into) = (self.asked, self.folder().unwrap_or_default());
        perform(ImportTask::Look { asked, source, into })
    }
}

fn perform(task: ImportTask) -> Intent {
    Intent::Perform(Effect::Store(Job::Import(task)))
}

fn at_end(text: &str) -> Editor {
    let mut editor = Editor::new(text, LineMode::One);
    editor.move_to(Caret::End);
    editor
}
