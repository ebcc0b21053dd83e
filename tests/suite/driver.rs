//! Drives the application without a shell: keys in, effects out, the screen as text. A small
//! store in memory answers jobs; the engine is played by the test.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a helper of tests: failing is its way to speak"
)]

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use wirebench::app::effect::Effect;
use wirebench::app::message::{Input, Message, Mouse, MouseKind};
use wirebench::app::{App, Startup};
use wirebench::engine::command::Command;
use wirebench::engine::event::{Event, Phase, Summary};
use wirebench::model::failure::{Failure, FailureKind, Stage};
use wirebench::model::id::SessionId;
use wirebench::model::key::Key;
use wirebench::model::plan::Plan;
use wirebench::model::preset::{Environment, Preset, PresetPath, StoredPreset};
use wirebench::model::timing::Stamp;
use wirebench::store::job::{
    FolderDefaults, HistoryEntry, Job, Overwrite, Reply, Restore, Workspace,
};
use wirebench::store::{preset, starter};

/// 2024-07-30 12:00:00 UTC.
pub const NOON: Stamp = Stamp(1_722_340_800_000_000_000);

/// The application with what it asked for.
pub struct Driver {
    pub app: App,
    /// Effects the store did not take, in order.
    pub effects: Vec<Effect>,
    pub store: MemoryStore,
}

/// A store that keeps everything in memory and answers at once.
#[derive(Default)]
pub struct MemoryStore {
    pub presets: BTreeMap<PresetPath, (Preset, u64)>,
    pub history: Vec<HistoryEntry>,
    pub restore: Option<Restore>,
    pub jobs: Vec<Job>,
    /// Jobs wait here while the store is slow.
    pub held: Option<VecDeque<Job>>,
    /// Files that are no presets in every folder.
    pub other_files: usize,
    writes: u64,
}

impl Driver {
    /// A first start: the starter workspace, nothing restored, no history.
    pub fn starter(size: (u16, u16)) -> Self {
        Driver::with(size, starter_workspace())
    }

    /// A first start with nothing at all: no configuration, no presets, no environment.
    pub fn bare(size: (u16, u16)) -> Self {
        Driver::with(size, Workspace::default())
    }

    pub fn with(size: (u16, u16), workspace: Workspace) -> Self {
        let startup = Startup { size, now: NOON, ..Startup::default() };
        let mut driver =
            Driver { app: App::new(startup), effects: Vec::new(), store: MemoryStore::default() };
        for stored in &workspace.presets {
            if let Ok(preset) = &stored.content {
                let kept = (preset.clone(), stored.fingerprint);
                driver.store.presets.insert(stored.path.clone(), kept);
            }
        }
        driver.app.begin();
        driver.send(Message::Store(Reply::Workspace(Box::new(workspace))));
        driver.send(Message::Store(Reply::Restored(None)));
        let history = Reply::History { text: String::new(), entries: Vec::new(), total: 0 };
        driver.send(Message::Store(history));
        driver
    }

    /// Gives the application a message; the store answers what it is asked.
    pub fn send(&mut self, message: Message) {
        let mut waiting = VecDeque::from([message]);
        while let Some(message) = waiting.pop_front() {
            let now = self.app.shared.now + Duration::from_millis(1);
            for effect in self.app.update(message, now) {
                match effect {
                    Effect::Store(job) => waiting.extend(self.store.take(job).map(Message::Store)),
                    effect => self.effects.push(effect),
                }
            }
        }
    }

    /// Presses keys written as in keymap files; returns the effects of all of them.
    pub fn keys(&mut self, run: &str) -> Vec<Effect> {
        let before = self.effects.len();
        for key in Key::parse_run(run).unwrap() {
            self.send(Message::Input(Input::Key(key)));
        }
        self.effects.split_off(before)
    }

    pub fn paste(&mut self, text: &str) {
        self.send(Message::Input(Input::Paste(text.into())));
    }

    pub fn mouse(&mut self, kind: MouseKind, column: u16, row: u16) {
        self.send(Message::Input(Input::Mouse(Mouse { kind, column, row })));
    }

    /// Clicks the first place on the screen that shows this text.
    pub fn click(&mut self, text: &str) {
        let screen = self.screen();
        let (row, column) = screen
            .lines()
            .enumerate()
            .find_map(|(row, line)| {
                line.find(text).map(|at| (row, line.get(..at).unwrap().chars().count()))
            })
            .unwrap_or_else(|| panic!("{text:?} is not on the screen:\n{screen}"));
        self.mouse(MouseKind::Press, column as u16, row as u16);
        self.mouse(MouseKind::Release, column as u16, row as u16);
    }

    pub fn click_at(&mut self, column: u16, row: u16) {
        self.mouse(MouseKind::Press, column, row);
        self.mouse(MouseKind::Release, column, row);
    }

    /// The store answers what it held back.
    pub fn release_store(&mut self) {
        for job in self.store.held.take().into_iter().flatten() {
            if let Some(reply) = self.store.take(job) {
                self.send(Message::Store(reply));
            }
        }
    }

    /// The plan of the newest session among these effects.
    pub fn opened(effects: &[Effect]) -> (SessionId, Plan) {
        effects
            .iter()
            .rev()
            .find_map(|effect| match effect {
                Effect::Engine(Command::Open { id, plan }) => Some((*id, (**plan).clone())),
                _ => None,
            })
            .unwrap_or_else(|| panic!("nothing was opened: {effects:?}"))
    }

    /// The engine says that a listener is up.
    pub fn listening(&mut self, id: SessionId) {
        let phase = Phase::Listening { addresses: Vec::new(), receive_buffer: None };
        self.send(Message::Engine(Event::Phase { id, phase, at: NOON }));
    }

    /// The engine says that a session is over.
    pub fn done(&mut self, id: SessionId) {
        let outcome = Ok(Summary::of("closed by us"));
        self.send(Message::Engine(Event::Done { id, outcome, at: NOON }));
    }

    /// The screen as text.
    pub fn screen(&self) -> String {
        text(&self.buffer())
    }

    pub fn buffer(&self) -> Buffer {
        draw(&self.app)
    }

    pub fn shows(&self, text: &str) -> bool {
        self.screen().contains(text)
    }
}

/// Draws the application at its size.
pub fn draw(app: &App) -> Buffer {
    let mut terminal =
        Terminal::new(TestBackend::new(app.shared.size.0, app.shared.size.1)).unwrap();
    terminal.draw(|frame| wirebench::ui::render(app, frame)).unwrap();
    terminal.backend().buffer().clone()
}

/// The text of a screen, lines without trailing spaces.
pub fn text(buffer: &Buffer) -> String {
    let mut out = String::new();
    for y in 0..buffer.area.height {
        let line: String = (0..buffer.area.width).map(|x| buffer[(x, y)].symbol()).collect();
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}

impl MemoryStore {
    fn take(&mut self, job: Job) -> Option<Reply> {
        if let Some(held) = &mut self.held {
            held.push_back(job);
            return None;
        }
        self.jobs.push(job.clone());
        match job {
            Job::SavePreset { preset, based_on, overwrite } => {
                Some(self.save(*preset, based_on, overwrite))
            }
            Job::RenamePreset { from, to } => {
                // Somebody may have deleted it in the meantime.
                let Some(kept) = self.presets.remove(&from) else {
                    let (target, kind) = (from.to_string(), FailureKind::NotFound);
                    let failure =
                        Failure::new(Stage::Storage, target, kind, "there is no such preset");
                    return Some(Reply::Failed { job: "rename the preset", failure });
                };
                self.presets.insert(to.clone(), kept);
                Some(Reply::Renamed { from, to })
            }
            Job::DeletePreset { path } => {
                self.presets.remove(&path);
                Some(Reply::Deleted { path })
            }
            Job::DeleteFolder { folder, presets } => {
                for path in &presets {
                    self.presets.remove(path);
                }
                let left = self.other_files;
                Some(Reply::FolderDeleted { folder, presets, left, failure: None })
            }
            Job::SaveRestore(restore) => {
                self.restore = Some(*restore);
                Some(Reply::RestoreSaved)
            }
            Job::AppendHistory(entry) => {
                self.history.insert(0, *entry);
                Some(Reply::HistoryAppended)
            }
            Job::QueryHistory { text, .. } => {
                let fits = |entry: &&HistoryEntry| entry.summary.contains(&text);
                let entries: Vec<HistoryEntry> =
                    self.history.iter().filter(fits).cloned().collect();
                let total = entries.len() as u64;
                Some(Reply::History { text, entries, total })
            }
            _ => None,
        }
    }

    fn save(&mut self, preset: Preset, based_on: Option<u64>, overwrite: Overwrite) -> Reply {
        if let Some((theirs, fingerprint)) = self.presets.get(&preset.path)
            && overwrite == Overwrite::Refuse
            && based_on != Some(*fingerprint)
        {
            let theirs = StoredPreset {
                path: theirs.path.clone(),
                content: Ok(theirs.clone()),
                fingerprint: *fingerprint,
            };
            return Reply::Conflict { mine: Box::new(preset), theirs: Box::new(theirs) };
        }
        self.writes += 1;
        let (path, fingerprint) = (preset.path.clone(), self.writes);
        self.presets.insert(path.clone(), (preset, fingerprint));
        Reply::Saved { path, fingerprint }
    }

    /// Somebody else writes a preset.
    pub fn changed_by_others(&mut self, path: &str, change: impl FnOnce(&mut Preset)) {
        self.writes += 1;
        let kept = self.presets.get_mut(&PresetPath::parse(path).unwrap()).unwrap();
        change(&mut kept.0);
        kept.1 = 1_000_000 + self.writes;
    }

    pub fn has(&self, path: &str) -> bool {
        self.presets.contains_key(&PresetPath::parse(path).unwrap())
    }
}

/// The embedded starter workspace, as the store reads it.
pub fn starter_workspace() -> Workspace {
    let mut workspace =
        Workspace { root: "/data/presets".into(), is_starter: true, ..Workspace::default() };
    for (name, text) in starter::FILES {
        let stem = name.trim_end_matches(".toml");
        if let Some(name) = stem.strip_prefix("env/") {
            workspace.environments.push(Environment {
                name: name.into(),
                variables: variables(text.parse().unwrap()),
                secrets: BTreeMap::new(),
            });
        } else if stem == "_defaults" {
            let table: toml::Table = text.parse().unwrap();
            let variables = variables(table["vars"].as_table().unwrap().clone());
            workspace.defaults.push(FolderDefaults { folder: String::new(), variables });
        } else {
            workspace.presets.push(stored(stem, text));
        }
    }
    workspace.presets.sort_by(|a, b| a.path.cmp(&b.path));
    workspace
}

fn variables(table: toml::Table) -> BTreeMap<String, String> {
    let text = |value: toml::Value| match value {
        toml::Value::String(text) => text,
        other => other.to_string(),
    };
    table.into_iter().map(|(name, value)| (name, text(value))).collect()
}

/// A preset file as the store reads it.
pub fn stored(path: &str, text: &str) -> StoredPreset {
    let path = PresetPath::parse(path).unwrap();
    let content = preset::read(text, &path);
    StoredPreset { content, fingerprint: preset::fingerprint(text.as_bytes()), path }
}

/// A workspace of preset files.
pub fn workspace(files: &[(&str, &str)]) -> Workspace {
    let mut presets: Vec<StoredPreset> =
        files.iter().map(|(path, text)| stored(path, text)).collect();
    presets.sort_by(|a, b| a.path.cmp(&b.path));
    Workspace { root: "/data/presets".into(), presets, ..Workspace::default() }
}
