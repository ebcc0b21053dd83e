//! Drives the application without a shell: keys and events in, effects out, the screen as text. A
//! small store in memory answers jobs; the engine is played by the test.

use std::collections::VecDeque;
use std::ops::{Deref, DerefMut};
use std::time::Duration;

use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use wirebench::app::effect::Effect;
use wirebench::app::flow::response;
use wirebench::app::focus::Pane;
use wirebench::app::format;
use wirebench::app::message::{Input, Message, Mouse, MouseKind};
use wirebench::app::{App, Startup};
use wirebench::engine::command::Command;
use wirebench::engine::event::{Event, Phase, Summary};
use wirebench::model::failure::Failure;
use wirebench::model::id::SessionId;
use wirebench::model::key::Key;
use wirebench::model::plan::Plan;
use wirebench::model::spec::Spec;
use wirebench::model::timing::Stamp;
use wirebench::store::job::{Reply, Workspace};
use wirebench::ui::theme::ThemeStyles;

use super::store::{MemoryStore, starter_workspace};
use crate::harness::samples::{queries, window};

/// 2024-07-30 12:00:00 UTC.
pub const NOON: Stamp = Stamp(1_722_340_800_000_000_000);

/// The application with what it asked for.
pub struct Driver {
    pub app: App,
    /// Effects the store did not take, in order.
    pub effects: Vec<Effect>,
    pub store: MemoryStore,
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

    /// The application before anything was read.
    pub fn new(size: (u16, u16), now: Stamp) -> Self {
        Driver::starting(Startup { size, now, ..Startup::default() })
    }

    /// The application as the shell starts it.
    pub fn starting(startup: Startup) -> Self {
        let app = App::new(startup);
        Driver { app, effects: Vec::new(), store: MemoryStore::default() }
    }

    pub fn with(size: (u16, u16), workspace: Workspace) -> Self {
        let mut driver = Driver::new(size, NOON);
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
                    Effect::Copy { what, text } => {
                        let size = format::size(text.len() as u64);
                        waiting.push_back(Message::Copied(Ok(format!("copied {what}, {size}"))));
                        self.effects.push(Effect::Copy { what, text });
                    }
                    effect => self.effects.push(effect),
                }
            }
        }
    }

    /// Presses keys written as in keymap files; returns the effects of all of them.
    pub fn keys(&mut self, run: &str) -> Vec<Effect> {
        let keys = Key::parse_run(run).unwrap();
        keys.into_iter().flat_map(|key| self.tell(Message::Input(Input::Key(key)))).collect()
    }

    /// Gives the application a message; returns the effects.
    pub fn tell(&mut self, message: Message) -> Vec<Effect> {
        let before = self.effects.len();
        self.send(message);
        self.effects.split_off(before)
    }

    /// The engine tells something; returns the effects.
    pub fn event(&mut self, event: Event) -> Vec<Effect> {
        self.tell(Message::Engine(event))
    }

    /// The engine says how far a session is.
    pub fn phase(&mut self, id: SessionId, phase: Phase) -> Vec<Effect> {
        let at = self.app.shared.now;
        self.event(Event::Phase { id, phase, at })
    }

    /// The engine says how a session ended.
    pub fn ended(&mut self, id: SessionId, outcome: Result<Summary, Failure>) -> Vec<Effect> {
        let at = self.app.shared.now;
        self.event(Event::Done { id, outcome, at })
    }

    /// Opens a session as if it had been sent, and looks at its response.
    pub fn open(&mut self, plan: Plan) -> SessionId {
        self.app.shared.drafts.current_mut().spec =
            Spec::empty(plan.protocol(), plan.side()).into();
        let id = self.app.shared.sessions.open(plan, "a title".into(), self.app.shared.now);
        self.app.shared.drafts.current_mut().session = Some(id);
        response::session_changed(&mut self.app);
        self.app.shared.focus = Pane::Response;
        id
    }

    /// Plays the engine until nothing more of a body of so many lines is asked for; returns how
    /// often it was.
    pub fn serve(&mut self, effects: &[Effect], total: u64) -> usize {
        let mut waiting = queries(effects);
        let mut answered = 0;
        while let Some(query) = waiting.pop() {
            answered += 1;
            assert!(answered < 10, "asks without end");
            waiting.extend(queries(&self.event(window(&query, total))));
        }
        answered
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
                Effect::Engine(Command::Open { id, plan, .. }) => Some((*id, (**plan).clone())),
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

    pub fn assert_shows(&self, text: &str) {
        let screen = self.screen();
        assert!(screen.contains(text), "{text:?} is not on the screen:\n{screen}");
    }

    pub fn shows(&self, text: &str) -> bool {
        self.screen().contains(text)
    }
}

impl Deref for Driver {
    type Target = App;

    fn deref(&self) -> &App {
        &self.app
    }
}

impl DerefMut for Driver {
    fn deref_mut(&mut self) -> &mut App {
        &mut self.app
    }
}

/// Draws the application at its size.
pub fn draw(app: &App) -> Buffer {
    let mut terminal =
        Terminal::new(TestBackend::new(app.shared.size.0, app.shared.size.1)).unwrap();
    let styles = ThemeStyles::of(&app.shared.themes);
    terminal.draw(|frame| wirebench::ui::render(app, &styles, frame)).unwrap();
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
