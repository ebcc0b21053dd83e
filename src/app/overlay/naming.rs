//! Asks for a preset's name: save, save as, rename, duplicate.
//!
//! ```text
//! users/crea▏            folder and name; a suggestion shows dimmed while it is empty
//! a preset needs a name  what is wrong with it, or what Enter will do
//! users/                 folders that fit; Tab or a click takes the first
//! ```

use ratatui::layout::Rect;

use crate::app::action::Action;
use crate::app::cursor::scroll;
use crate::app::drafts::{Draft, DraftId};
use crate::app::editor::{Editor, LineMode};
use crate::app::effect::Effect;
use crate::app::intent::{CopiedPreset, Intent, Question};
use crate::app::outcome::{Outcome, PaneInput};
use crate::app::preset_tree::{TreeItem, all_folders, may_move};
use crate::app::shared::Shared;
use crate::model::preset::{PresetPath, PresetPathError};
use crate::model::protocol::Side;
use crate::model::spec::Spec;
use crate::model::url_text::UrlText;
use crate::store::job::{Job, Overwrite};

/// What the name is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NamingPurpose {
    Save(DraftId),
    Rename(PresetPath),
    /// A new folder.
    Folder,
    /// The new path of a folder.
    RenameFolder(String),
    Duplicate {
        title: String,
        copied: CopiedPreset,
    },
}

/// State of the overlay.
#[derive(Debug)]
pub struct Naming {
    pub purpose: NamingPurpose,
    pub editor: Editor,
    /// Taken by Enter and Tab while nothing is typed.
    pub suggestion: String,
    pub folders: Vec<String>,
    /// First of the folders that fit that is shown.
    pub top: usize,
}

/// What Enter will do with the name as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NameVerdict {
    Wrong(String),
    Free(PresetPath),
    Taken(PresetPath),
}

impl Naming {
    /// The name a draft is to be saved under; `near` is where the cursor of the presets pane is.
    pub(crate) fn save(shared: &Shared, id: DraftId, near: Option<&TreeItem>) -> Self {
        let draft = shared.drafts.get(id);
        let text = draft.and_then(|draft| draft.preset.as_ref()).map(ToString::to_string);
        let folder = match near {
            Some(TreeItem::Folder(folder)) => folder.as_str(),
            Some(TreeItem::Preset(path)) => path.folder(),
            _ => "",
        };
        let name = draft.map(|draft| suggest(&draft.spec)).unwrap_or_default();
        let suggestion = free(shared, format!("{folder}/{name}").trim_start_matches('/'));
        Naming::new(shared, NamingPurpose::Save(id), &text.unwrap_or_default(), suggestion)
    }

    /// The new name of a preset.
    pub(crate) fn rename(shared: &Shared, path: &PresetPath) -> Self {
        let purpose = NamingPurpose::Rename(path.clone());
        Naming::new(shared, purpose, path.as_str(), String::new())
    }

    /// The name of a folder beside what a row of the presets pane stands for.
    pub(crate) fn new_folder(shared: &Shared, near: &TreeItem) -> Self {
        let folder = match near {
            TreeItem::Folder(folder) => folder.as_str(),
            TreeItem::Preset(path) => path.folder(),
            TreeItem::Draft(_) => "",
        };
        let text = if folder.is_empty() { String::new() } else { format!("{folder}/") };
        Naming::new(shared, NamingPurpose::Folder, &text, String::new())
    }

    /// The new path of a folder.
    pub(crate) fn rename_folder(shared: &Shared, folder: &str) -> Self {
        let purpose = NamingPurpose::RenameFolder(folder.to_owned());
        Naming::new(shared, purpose, folder, String::new())
    }

    /// The name of a copy of what a row of the presets pane stands for.
    pub(crate) fn duplicate(shared: &Shared, item: &TreeItem) -> Result<Self, Intent> {
        let copied = match (item.draft(shared), item) {
            (Some(draft), _) => Some((draft.spec.to_spec(), draft.about.clone(), draft.title())),
            (None, TreeItem::Preset(path)) => shared.stored(path).and_then(|stored| {
                let preset = stored.content.as_ref().ok()?;
                Some((preset.spec.clone(), preset.about.clone(), path.to_string()))
            }),
            _ => None,
        };
        let Some((spec, about, title)) = copied else {
            return Err(Intent::Say("select a preset to duplicate it".into()));
        };
        let base = match item {
            TreeItem::Preset(_) => title.clone(),
            TreeItem::Draft(_) | TreeItem::Folder(_) => suggest(&spec),
        };
        let name = free(shared, &base);
        let like = match item {
            TreeItem::Preset(path) => Some(path.clone()),
            TreeItem::Draft(_) | TreeItem::Folder(_) => None,
        };
        let copied = CopiedPreset { spec: Box::new(spec), about, like };
        let purpose = NamingPurpose::Duplicate { title, copied };
        Ok(Naming::new(shared, purpose, &name, String::new()))
    }

    fn new(shared: &Shared, purpose: NamingPurpose, text: &str, suggestion: String) -> Self {
        let editor = Editor::new(text, LineMode::One);
        Naming { purpose, editor, suggestion, folders: all_folders(&shared.workspace), top: 0 }
    }

    /// Title of the overlay: what is named, and what for.
    pub fn title(&self, shared: &Shared) -> String {
        match &self.purpose {
            NamingPurpose::Save(id) => {
                let title = shared.drafts.get(*id).map(Draft::title).unwrap_or_default();
                format!("Save {title} as")
            }
            NamingPurpose::Rename(path) => format!("Rename {path}"),
            NamingPurpose::Folder => "New folder".to_owned(),
            NamingPurpose::RenameFolder(folder) => format!("Rename {folder}/"),
            NamingPurpose::Duplicate { title, .. } => format!("Duplicate {title}"),
        }
    }

    fn text(&self) -> String {
        let typed = self.editor.text();
        if typed.trim().is_empty() { self.suggestion.clone() } else { typed.into_owned() }
    }

    /// Judges the name as it stands.
    pub fn verdict(&self, shared: &Shared) -> NameVerdict {
        match &self.purpose {
            NamingPurpose::Folder => return self.folder_verdict(shared, None),
            NamingPurpose::RenameFolder(from) => return self.folder_verdict(shared, Some(from)),
            _ => {}
        }
        let path = match PresetPath::parse(&self.text()) {
            Ok(path) => path,
            Err(error) => return NameVerdict::Wrong(error.to_string()),
        };
        let same = match &self.purpose {
            NamingPurpose::Save(id) => shared.drafts.get(*id).and_then(|it| it.preset.as_ref()),
            NamingPurpose::Rename(from) => Some(from),
            NamingPurpose::Duplicate { .. }
            | NamingPurpose::Folder
            | NamingPurpose::RenameFolder(_) => None,
        };
        if same != Some(&path) && shared.stored(&path).is_some() {
            return NameVerdict::Taken(path);
        }
        NameVerdict::Free(path)
    }

    /// Judges the name of a folder, which has another one so far.
    fn folder_verdict(&self, shared: &Shared, from: Option<&str>) -> NameVerdict {
        let path = match PresetPath::parse_folder(&self.text()) {
            Ok(path) => path,
            Err(PresetPathError::Empty) => {
                return NameVerdict::Wrong("a folder needs a name".into());
            }
            Err(error) => return NameVerdict::Wrong(error.to_string()),
        };
        match from {
            Some(from) if path.as_str() == from => return NameVerdict::Free(path),
            Some(from) => {
                if let Err(why) = may_move(shared, from, path.as_str()) {
                    return NameVerdict::Wrong(why);
                }
            }
            None => {}
        }
        let is_taken = self.folders.iter().any(|folder| folder == path.as_str());
        if is_taken { NameVerdict::Taken(path) } else { NameVerdict::Free(path) }
    }

    /// Folders that begin with what is typed.
    pub(crate) fn fitting(&self) -> Vec<&str> {
        let typed = self.editor.text();
        let typed = typed.trim_start();
        self.folders
            .iter()
            .map(String::as_str)
            .filter(|folder| folder.starts_with(typed) && folder.len() + 1 > typed.len())
            .collect()
    }

    fn complete(&mut self) {
        if self.editor.is_empty() && !self.suggestion.is_empty() {
            self.editor.become_text(&self.suggestion);
        } else {
            self.take_folder(0);
        }
    }

    /// Takes one of the folders that fit.
    fn take_folder(&mut self, at: usize) {
        if let Some(text) = self.fitting().get(at).map(|folder| format!("{folder}/")) {
            self.editor.become_text(&text);
        }
    }

    /// Field, verdict and folder list.
    pub fn parts(inner: Rect) -> (Rect, Rect, Rect) {
        let line = |at, height| Rect { y: inner.y + at, height, ..inner }.intersection(inner);
        (line(0, 1), line(1, 1), line(3, inner.height))
    }

    /// Takes an input.
    pub fn update(&mut self, shared: &Shared, inner: Rect, input: PaneInput<'_>) -> Outcome {
        if input.point(&mut self.editor) {
            return Outcome::yes();
        }
        match input {
            PaneInput::Act(Action::Choose) => return self.choose(shared),
            PaneInput::Act(Action::Complete) => self.complete(),
            PaneInput::Act(_) => return Outcome::no(),
            PaneInput::Key(_) | PaneInput::Paste(_) => {
                input.edit(&mut self.editor);
                self.top = 0;
            }
            PaneInput::Wheel(step) => {
                let height = Naming::parts(inner).2.height;
                self.top = scroll(self.top, step, self.fitting().len(), height.into());
            }
            PaneInput::Drag(..) => {}
            PaneInput::Press(_, mouse) => {
                let (_, verdict, list) = Naming::parts(inner);
                let at = (mouse.column, mouse.row).into();
                if list.contains(at) {
                    self.take_folder(self.top + usize::from(mouse.row - list.y));
                } else if verdict.contains(at) {
                    return self.choose(shared);
                }
            }
        }
        Outcome::yes()
    }

    /// Enter: does what the name is for, if it can be one.
    fn choose(&self, shared: &Shared) -> Outcome {
        let intent = match (self.verdict(shared), &self.purpose) {
            (NameVerdict::Wrong(_), _) => return Outcome::yes(),
            (
                NameVerdict::Taken(path),
                NamingPurpose::Rename(_)
                | NamingPurpose::Duplicate { .. }
                | NamingPurpose::Folder
                | NamingPurpose::RenameFolder(_),
            ) => {
                return Intent::Warn(format!("{path} is there already")).into();
            }
            (NameVerdict::Taken(path), NamingPurpose::Save(id)) => {
                let text = format!("{path} is there already. Replace it?");
                let then = Intent::SaveDraft(*id, path, Overwrite::Replace);
                Intent::Ask(Question::new(text, ["Replace", "Cancel"], then))
            }
            (NameVerdict::Free(path), NamingPurpose::Save(id)) => {
                Intent::SaveDraft(*id, path, Overwrite::Refuse)
            }
            (NameVerdict::Free(to), NamingPurpose::Rename(from)) if *from == to => {
                return Intent::CloseOverlay.into();
            }
            (NameVerdict::Free(to), NamingPurpose::Rename(from)) => {
                let from = from.clone();
                Intent::Perform(Effect::Store(Job::RenamePreset { from, to }))
            }
            (NameVerdict::Free(path), NamingPurpose::Folder) => {
                let folder = path.to_string();
                Intent::Perform(Effect::Store(Job::CreateFolder { folder }))
            }
            (NameVerdict::Free(to), NamingPurpose::RenameFolder(from)) if *from == to.as_str() => {
                return Intent::CloseOverlay.into();
            }
            (NameVerdict::Free(to), NamingPurpose::RenameFolder(from)) => {
                let (from, to) = (from.clone(), to.to_string());
                Intent::Perform(Effect::Store(Job::MoveFolder { from, to }))
            }
            (NameVerdict::Free(path), NamingPurpose::Duplicate { copied, .. }) => {
                Intent::SaveCopy(path, copied.clone())
            }
        };
        Outcome::from(Intent::CloseOverlay).with(intent)
    }
}

/// A name made of what the spec does: `get-users`, `tcp-127.0.0.1-9000`, `http-server-8080`.
fn suggest(spec: &Spec) -> String {
    let address = spec.address();
    let port = || address.rsplit_once(':').map_or("", |(_, port)| port);
    let words = match (spec.method(), spec.side()) {
        (Some(method), Side::Client | Side::Listener | Side::Relay) => {
            // Who asks is no part of the name.
            let UrlText { path, host_port, .. } = UrlText::of(address);
            let last = path.rsplit('/').find(|part| !part.is_empty()).unwrap_or(host_port);
            format!("{} {last}", method.to_lowercase())
        }
        (None, Side::Client) => format!("{} {address}", spec.protocol()),
        (None, Side::Listener) => format!("{} server {}", spec.protocol(), port()),
        (None, Side::Relay) => format!("{} relay {}", spec.protocol(), port()),
    };
    let kept = |c: char| if c.is_alphanumeric() || c == '.' { c } else { '-' };
    let slug: String = words.chars().take(60).map(kept).collect();
    let parts: Vec<&str> = slug.split('-').filter(|part| !part.is_empty()).collect();
    parts.join("-").trim_matches(['.', '-']).to_owned()
}

/// The name, or the first of `name-2`, `name-3` … that no preset has.
fn free(shared: &Shared, name: &str) -> String {
    let taken =
        |name: &str| PresetPath::parse(name).is_ok_and(|path| shared.stored(&path).is_some());
    let (mut free, mut number) = (name.to_owned(), 1);
    while taken(&free) {
        number += 1;
        free = format!("{name}-{number}");
    }
    free
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::protocol::Protocol;

    fn suggested(protocol: Protocol, side: Side, address: &str) -> String {
        let mut spec = Spec::empty(protocol, side);
        address.clone_into(spec.address_mut());
        suggest(&spec)
    }

    #[test]
    fn suggestions_are_names_a_preset_may_have() {
        let http = |url| suggested(Protocol::Http, Side::Client, url);
        assert_eq!(http("http://h:1/api/users?x=1"), "get-users");
        assert_eq!(http("http://localhost:8080"), "get-localhost-8080");
        assert_eq!(http("../../etc/passwd/.."), "get");
        assert_eq!(http("ann:pw@h"), "get-h");
        assert_eq!(http("h/users?of=http://x/y"), "get-users");
        assert_eq!(suggested(Protocol::Tcp, Side::Client, "a.b:9"), "tcp-a.b-9");
        assert_eq!(suggested(Protocol::Udp, Side::Listener, "*:9"), "udp-server-9");
        for url in ["", "{{base}}/a b", "http://x/\u{1b}[2J", "///"] {
            assert!(PresetPath::parse(&http(url)).is_ok(), "{url}: {}", http(url));
        }
    }
}
