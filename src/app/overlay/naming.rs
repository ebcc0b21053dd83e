//! Asks for a preset's name: save, save as, rename, duplicate.
//!
//! ```text
//! users/crea▏            folder and name; a suggestion shows dimmed while it is empty
//! a preset needs a name  what is wrong with it, or what Enter will do
//! users/                 folders that fit; Tab or a click takes the first
//! ```

use ratatui::layout::Rect;

use super::confirm::{self, ConfirmQuestion};
use super::{Flow, Overlay};
use crate::app::drafts::DraftId;
use crate::app::editor::{Editor, LineMode};
use crate::app::effect::Effect;
use crate::app::flow::save;
use crate::app::message::{Mouse, MouseKind};
use crate::app::preset_tree::TreeItem;
use crate::app::state::App;
use crate::model::key::{Key, KeyCode};
use crate::model::preset::PresetPath;
use crate::model::protocol::Side;
use crate::model::spec::Spec;
use crate::store::job::{Job, Overwrite};

/// What the name is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NamingPurpose {
    Save(DraftId),
    Rename(PresetPath),
    Duplicate(Box<Spec>, String),
}

/// State of the overlay.
#[derive(Debug)]
pub struct Naming {
    pub purpose: NamingPurpose,
    pub editor: Editor,
    /// Taken by Enter and Tab while nothing is typed.
    pub suggestion: String,
    pub folders: Vec<String>,
}

/// What Enter will do with the name as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NameVerdict {
    Wrong(String),
    Free(PresetPath),
    Taken(PresetPath),
}

pub(in crate::app) fn save_as(app: &mut App, id: DraftId) {
    let Some(draft) = app.shared.drafts.get(id) else { return };
    let text = draft.preset.as_ref().map(ToString::to_string).unwrap_or_default();
    let folder = match app.presets.selected(&app.shared) {
        Some(TreeItem::Folder(folder)) => folder,
        Some(TreeItem::Preset(path)) => path.folder().to_owned(),
        _ => String::new(),
    };
    let name = free(app, &within(&folder, &suggest(&draft.spec)));
    open(app, NamingPurpose::Save(id), &text, name);
}

pub(super) fn rename(app: &mut App, item: &TreeItem) {
    match item {
        TreeItem::Draft(id) => save_as(app, *id),
        TreeItem::Folder(_) => app.say("select a preset to rename it"),
        TreeItem::Preset(path) => {
            let purpose = NamingPurpose::Rename(path.clone());
            open(app, purpose, path.as_str(), String::new());
        }
    }
}

pub(super) fn duplicate(app: &mut App, item: &TreeItem) {
    let copied = match (item.draft(&app.shared), item) {
        (Some(draft), _) => Some((draft.spec.clone(), draft.about.clone(), draft.title())),
        (None, TreeItem::Preset(path)) => app.shared.stored(path).and_then(|stored| {
            let preset = stored.content.as_ref().ok()?;
            Some((preset.spec.clone(), preset.about.clone(), path.to_string()))
        }),
        _ => None,
    };
    let Some((spec, about, title)) = copied else {
        app.say("select a preset to duplicate it");
        return;
    };
    let base = match item {
        TreeItem::Preset(_) => title,
        _ => suggest(&spec),
    };
    let name = free(app, &base);
    open(app, NamingPurpose::Duplicate(Box::new(spec), about), &name, String::new());
}

fn open(app: &mut App, purpose: NamingPurpose, text: &str, suggestion: String) {
    let folders = folders(app);
    let editor = Editor::new(text, LineMode::One);
    app.overlays.push(Overlay::Naming(Naming { purpose, editor, suggestion, folders }));
}

fn folders(app: &App) -> Vec<String> {
    let mut folders: Vec<String> = Vec::new();
    for stored in &app.shared.workspace.presets {
        let folder = stored.path.folder();
        let ends = folder.match_indices('/').map(|(at, _)| at).chain([folder.len()]);
        folders.extend(ends.filter_map(|end| folder.get(..end)).map(str::to_owned));
    }
    folders.retain(|folder| !folder.is_empty());
    folders.sort();
    folders.dedup();
    folders
}

fn within(folder: &str, name: &str) -> String {
    if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") }
}

/// A name made of what the spec does: `get-users`, `tcp-127.0.0.1-9000`, `http-server-8080`.
fn suggest(spec: &Spec) -> String {
    let address = spec.address();
    let words = match spec {
        Spec::Http(http) => {
            let path = address.split_once("://").map_or(address, |(_, rest)| rest);
            let path = path.split(['?', '#']).next().unwrap_or_default();
            let last = path.rsplit('/').find(|part| !part.is_empty()).unwrap_or_default();
            format!("{} {last}", http.method.to_lowercase())
        }
        spec if spec.side() == Side::Listener => {
            let port = address.rsplit_once(':').map_or("", |(_, port)| port);
            format!("{} server {port}", spec.protocol().name())
        }
        spec => format!("{} {address}", spec.protocol().name()),
    };
    let kept = |c: char| if c.is_alphanumeric() || c == '.' { c } else { '-' };
    let slug: String = words.chars().take(60).map(kept).collect();
    let parts: Vec<&str> = slug.split('-').filter(|part| !part.is_empty()).collect();
    parts.join("-").trim_matches(['.', '-']).to_owned()
}

/// The name, or the first of `name-2`, `name-3` … that no preset has.
fn free(app: &App, name: &str) -> String {
    let taken =
        |name: &str| PresetPath::parse(name).is_ok_and(|path| app.shared.stored(&path).is_some());
    if !taken(name) {
        return name.to_owned();
    }
    (2..1000).map(|n| format!("{name}-{n}")).find(|name| !taken(name)).unwrap_or_default()
}

impl Naming {
    /// Title of the overlay.
    pub fn title(&self) -> &'static str {
        match self.purpose {
            NamingPurpose::Save(_) => "Save as",
            NamingPurpose::Rename(_) => "Rename",
            NamingPurpose::Duplicate(..) => "Duplicate",
        }
    }

    fn text(&self) -> String {
        let typed = self.editor.text();
        if typed.trim().is_empty() { self.suggestion.clone() } else { typed }
    }

    /// Judges the name as it stands.
    pub fn verdict(&self, app: &App) -> NameVerdict {
        let path = match PresetPath::parse(&self.text()) {
            Ok(path) => path,
            Err(error) => return NameVerdict::Wrong(error.to_string()),
        };
        let same = match &self.purpose {
            NamingPurpose::Save(id) => {
                app.shared.drafts.get(*id).and_then(|draft| draft.preset.clone())
            }
            NamingPurpose::Rename(from) => Some(from.clone()),
            NamingPurpose::Duplicate(..) => None,
        };
        if same.as_ref() == Some(&path) {
            return NameVerdict::Free(path);
        }
        if app.shared.stored(&path).is_some() {
            return NameVerdict::Taken(path);
        }
        NameVerdict::Free(path)
    }

    /// Folders that begin with what is typed.
    pub fn fitting(&self) -> Vec<&str> {
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
            self.editor = Editor::new(&self.suggestion, LineMode::One);
            return;
        }
        if let Some(folder) = self.fitting().first() {
            self.editor = Editor::new(&format!("{folder}/"), LineMode::One);
        }
    }

    /// Field, verdict and folder list.
    pub fn parts(inner: Rect) -> (Rect, Rect, Rect) {
        let line = |y: u16| Rect {
            y: inner.y.saturating_add(y).min(inner.bottom()),
            height: u16::from(y < inner.height),
            ..inner
        };
        let list = Rect {
            y: inner.y.saturating_add(3).min(inner.bottom()),
            height: inner.height.saturating_sub(3),
            ..inner
        };
        (line(0), line(1), list)
    }
}

pub(super) fn key(app: &mut App, naming: &mut Naming, key: Key) -> Flow {
    match key.code {
        KeyCode::Enter => return take(app, naming),
        KeyCode::Tab => naming.complete(),
        _ => {
            naming.editor.key(key);
        }
    }
    Flow::Stay
}

pub(super) fn paste(_app: &mut App, naming: &mut Naming, text: &str) {
    naming.editor.insert(text);
}

pub(super) fn mouse(app: &mut App, naming: &mut Naming, inner: Rect, mouse: Mouse) -> Flow {
    let (_, verdict, list) = Naming::parts(inner);
    let at = (mouse.column, mouse.row).into();
    if mouse.kind == MouseKind::Press && list.contains(at) {
        let row = usize::from(mouse.row - list.y);
        if let Some(folder) = naming.fitting().get(row) {
            naming.editor = Editor::new(&format!("{folder}/"), LineMode::One);
        }
    } else if mouse.kind == MouseKind::Press && verdict.contains(at) {
        return take(app, naming);
    }
    Flow::Stay
}

fn take(app: &mut App, naming: &mut Naming) -> Flow {
    match (naming.verdict(app), &naming.purpose) {
        (NameVerdict::Wrong(_), _) => return Flow::Stay,
        (NameVerdict::Taken(path), NamingPurpose::Rename(_) | NamingPurpose::Duplicate(..)) => {
            app.warn(format!("{path} is there already"));
            return Flow::Stay;
        }
        (NameVerdict::Taken(path), NamingPurpose::Save(id)) => {
            confirm::ask(app, ConfirmQuestion::Overwrite(*id, path));
        }
        (NameVerdict::Free(path), NamingPurpose::Save(id)) => {
            save::hand_over(app, *id, path, Overwrite::Refuse);
        }
        (NameVerdict::Free(to), NamingPurpose::Rename(from)) => {
            if *from != to {
                let from = from.clone();
                app.effects.push(Effect::Store(Job::RenamePreset { from, to }));
            }
        }
        (NameVerdict::Free(path), NamingPurpose::Duplicate(spec, about)) => {
            let draft = app.shared.drafts.open((**spec).clone());
            draft.about.clone_from(about);
            let id = draft.id;
            crate::app::flow::draft::draft_changed(app);
            save::hand_over(app, id, path, Overwrite::Refuse);
        }
    }
    Flow::Close
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
        assert_eq!(suggested(Protocol::Tcp, Side::Client, "a.b:9"), "tcp-a.b-9");
        assert_eq!(suggested(Protocol::Udp, Side::Listener, "*:9"), "udp-server-9");
        for url in ["", "{{base}}/a b", "http://x/\u{1b}[2J", "///"] {
            assert!(PresetPath::parse(&http(url)).is_ok(), "{url}: {}", http(url));
        }
    }
}
