//! Changes how the addresses of a folder's presets begin, and shows before what that makes of each.
//!
//! ```text
//! From  https://staging.example:8443▏
//! To    https://api.example
//!
//! Enter: 12 of 14 presets, 1 of them with unsaved changes, which stay unsaved
//!
//! users/create     https://staging.example:8443/users → https://api.example/users
//! ```

use ratatui::layout::Rect;

use crate::app::action::Action;
use crate::app::cursor::{CursorStep, scroll};
use crate::app::drafts::Draft;
use crate::app::editor::{Caret, Editor, LineMode};
use crate::app::effect::Effect;
use crate::app::format::{count, counted};
use crate::app::intent::Intent;
use crate::app::outcome::{Outcome, PaneInput};
use crate::app::preset_tree::{TreeItem, is_inside};
use crate::app::shared::Shared;
use crate::model::preset::{Preset, PresetPath};
use crate::model::readdress::{AddressChange, goes_to, goes_to_mut, most_common};
use crate::model::secrets::without_userinfo;
use crate::runner;
use crate::store::job::{EditedPreset, Job, PresetEdit};

/// Columns before what is typed.
pub const READDRESS_LABELS: [&str; 2] = ["From", "To"];

/// A preset that goes somewhere.
#[derive(Debug)]
struct Going {
    path: PresetPath,
    address: String,
    is_unsaved: bool,
}

/// What a preset becomes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Readdressed {
    pub path: PresetPath,
    pub from: String,
    pub to: String,
    /// It has changes that are not saved.
    pub is_unsaved: bool,
}

/// State of the overlay.
#[derive(Debug)]
pub struct ReaddressWindow {
    /// Empty = the whole workspace.
    folder: String,
    presets: Vec<Going>,
    /// Presets that cannot be read.
    broken: usize,
    /// Variables of the workspace, which may be what begins so.
    variables: Vec<(String, String)>,
    /// How addresses begin now, and how they are to.
    pub editors: [Editor; 2],
    /// The one that has the keys.
    pub row: usize,
    /// What is to be, or why nothing can.
    pub preview: Result<Vec<Readdressed>, &'static str>,
    /// The first row of it that is shown.
    pub top: usize,
}

impl ReaddressWindow {
    /// Of the folder that a row of the presets pane is or lies in; else says why not.
    pub(crate) fn new(shared: &Shared, item: &TreeItem) -> Result<Self, Intent> {
        let folder = match item {
            TreeItem::Folder(folder) => folder.clone(),
            TreeItem::Preset(path) => path.folder().to_owned(),
            TreeItem::Draft(_) => String::new(),
        };
        let is_meant = |path: &PresetPath| folder.is_empty() || is_inside(path, &folder);
        let meant = shared.workspace.presets.iter().filter(|stored| is_meant(&stored.path));
        let (mut presets, mut broken) = (Vec::new(), 0);
        for stored in meant {
            let Ok(preset) = &stored.content else {
                broken += 1;
                continue;
            };
            if let Some(address) = goes_to(&preset.spec) {
                let draft = shared.drafts.of_preset(&stored.path);
                let is_unsaved = draft.is_some_and(Draft::is_modified);
                let (path, address) = (stored.path.clone(), address.into_owned());
                presets.push(Going { path, address, is_unsaved });
            }
        }
        // Where the cursor is, most often what is meant; else what most of them have.
        let chosen = presets.iter().find(|it| item.preset() == Some(&it.path));
        let chosen = chosen.and_then(|it| most_common([&*it.address].into_iter()));
        let common = chosen.or_else(|| most_common(presets.iter().map(|it| &*it.address)));
        let Some(from) = common else {
            let place = place(&folder);
            return Err(Intent::Say(format!("no preset of {place} has an address yet")));
        };
        let editors = [(); 2].map(|()| {
            let mut editor = Editor::new(&from, LineMode::One);
            editor.move_to(Caret::End);
            editor
        });
        let preview = Ok(Vec::new());
        let variables = runner::named_variables(&shared.workspace);
        let mut window = ReaddressWindow {
            folder,
            presets,
            broken,
            variables,
            editors,
            row: 1,
            preview,
            top: 0,
        };
        window.look();
        Ok(window)
    }

    /// What stands above it.
    pub fn title(&self) -> String {
        format!("Readdress {}", place(&self.folder))
    }

    fn change(&self) -> Result<AddressChange, &'static str> {
        let [from, to] = &self.editors;
        AddressChange::new(&from.text(), &to.text())
    }

    /// Looks anew what becomes of each.
    fn look(&mut self) {
        self.top = 0;
        self.preview = self.change().map(|change| {
            let changed = self.presets.iter().filter_map(|it| {
                let to = change.of(&it.address)?;
                let shown = |address: &str| without_userinfo(address).into_owned();
                let (from, to) = (shown(&it.address), shown(&to));
                Some(Readdressed { path: it.path.clone(), from, to, is_unsaved: it.is_unsaved })
            });
            changed.collect()
        });
    }

    /// What Enter will do, or why it cannot.
    pub fn verdict(&self) -> Result<String, String> {
        let changed = self.preview.as_ref().map_err(|why| (*why).to_owned())?;
        let all = counted(self.presets.len() as u64, "preset");
        let so = self.change().map(|change| runner::variables_so(&self.variables, &change));
        let so = so.ok().filter(|so| !so.is_empty());
        if changed.is_empty() {
            let so = so.map(|so| format!("; {so}")).unwrap_or_default();
            return Err(format!("none of {all} begins so{so}"));
        }
        let mut words = vec![format!("{} of {all}", count(changed.len() as u64))];
        words.extend(so);
        let unsaved = changed.iter().filter(|it| it.is_unsaved).count();
        if unsaved > 0 {
            let unsaved = count(unsaved as u64);
            words.push(format!("{unsaved} of them with unsaved changes, which stay unsaved"));
        }
        if self.broken > 0 {
            words.push(format!("{} cannot be read", counted(self.broken as u64, "other")));
        }
        Ok(words.join(", "))
    }

    /// The two lines, the verdict, and what becomes of each.
    pub fn parts(inner: Rect) -> ([Rect; 2], Rect, Rect) {
        let line = |at: u16, height| Rect { y: inner.y + at, height, ..inner }.intersection(inner);
        ([line(0, 1), line(1, 1)], line(3, 1), line(5, inner.height.saturating_sub(5)))
    }

    /// Takes an input.
    pub fn update(&mut self, shared: &Shared, inner: Rect, input: PaneInput<'_>) -> Outcome {
        let height = usize::from(Self::parts(inner).2.height);
        match input {
            PaneInput::Act(Action::Choose) => return self.choose(shared),
            PaneInput::Act(Action::Complete) => self.row = 1 - self.row,
            PaneInput::Act(Action::Up) if self.top == 0 => self.row = 0,
            PaneInput::Act(Action::Down) if self.row == 0 => self.row = 1,
            PaneInput::Act(action) => match CursorStep::of(action) {
                Some(step) => self.scroll(step, height),
                None => return Outcome::no(),
            },
            PaneInput::Wheel(step) => self.scroll(step, height),
            PaneInput::Key(_) | PaneInput::Paste(_) => {
                if input.edit(&mut self.editors[self.row]) {
                    self.look();
                }
            }
            PaneInput::Press(_, mouse) => {
                let (rows, verdict, _) = Self::parts(inner);
                let at = (mouse.column, mouse.row).into();
                if let Some(row) = rows.iter().position(|row| row.contains(at)) {
                    self.row = row;
                    input.point(&mut self.editors[row]);
                } else if verdict.contains(at) {
                    return self.choose(shared);
                }
            }
            PaneInput::Drag(..) => drop(input.point(&mut self.editors[self.row])),
        }
        Outcome::yes()
    }

    fn scroll(&mut self, step: CursorStep, height: usize) {
        let rows = self.preview.as_ref().map_or(0, Vec::len);
        self.top = scroll(self.top, step, rows, height);
    }

    /// Hands the changes to the store.
    fn choose(&self, shared: &Shared) -> Outcome {
        let (Ok(change), Ok(_)) = (self.change(), self.verdict()) else { return Outcome::yes() };
        let edit = |it: &Going| {
            let stored = shared.stored(&it.path)?;
            let mut preset: Preset = stored.content.clone().ok()?;
            let address = goes_to_mut(&mut preset.spec)?;
            *address = change.of(address)?;
            let to = EditedPreset::Preset(Box::new(preset));
            Some(PresetEdit { path: it.path.clone(), based_on: stored.fingerprint, to })
        };
        let edits = self.presets.iter().filter_map(edit).collect();
        let job = Job::ChangePresets { edits };
        Outcome::from(Intent::CloseOverlay).with(Intent::Perform(Effect::Store(job)))
    }
}

/// A folder in words.
fn place(folder: &str) -> String {
    if folder.is_empty() { "all presets".into() } else { format!("{folder}/") }
}
