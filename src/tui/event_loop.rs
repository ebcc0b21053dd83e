//! The loop: waits for whatever comes first, updates, draws when it is time.
//!
//! ```text
//! signals, keys, windows of bodies, editor, timers, store, traffic   (in this order)
//!     └─► App::update ─► effects ─► perform        never waits
//!     └─► pace ─► draw                             one write per frame, none when nothing changed
//! ```
//!
//! There is no tick: with nothing to do the thread sleeps in the kernel. While an editor or the
//! user's shell has the terminal, messages are still taken in but nothing is read or drawn.

use std::collections::BTreeSet;
use std::fs::File;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use tokio::io::unix::AsyncFd;
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout, timeout_at};

use crate::app::App;
use crate::app::edited_text::EditedText;
use crate::app::effect::Effect;
use crate::app::message::{Input, Message, Timer};
use crate::app::themes::is_dark;
use crate::ending;
use crate::engine::event::Event;
use crate::engine::{EngineHandle, Events, clock};
use crate::model::failure::{Failure, FailureKind, Stage};
use crate::model::view::ViewQuery;
use crate::store::StoreHandle;
use crate::store::job::{Reply, Restore};

use super::WorkFolders;
use super::clipboard::{self, TmuxAnswer};
use super::event_parser::PASTE_LIMIT;
use super::event_reader::EventReader;
use super::exporting::{self, Exports};
use super::external::{self, EDITOR_END, Edited, Editing};
use super::outside::OpenedFiles;
use super::pace::{Pace, RedrawCause};
use super::screen::Screen;
use super::sequence::Parsed;
use super::signals::{self, SignalRequest, Signals};
use super::{terminal, terminal_output};
use crate::model::counts::{count, counted_were};
use crate::ui;
use crate::ui::theme::ThemeStyles;

/// Outcomes of an editor on their way; only one runs at a time.
const EXTERNALS: usize = 1;
/// Answers of tmux on their way; who has more waits on a thread of its own.
const COPIES: usize = 4;
/// How long sessions get to end when the user leaves; sockets close with the process anyway.
const ENGINE_SHUTDOWN: Duration = Duration::from_millis(20);

/// From a signal to the end of the program: the terminal given back, sessions ended, drafts kept.
const ENDING: Duration = Duration::from_secs(10);

/// How long the disk gets to take the drafts after a signal, before they are written elsewhere.
const DRAFTS_KEPT: Duration = Duration::from_millis(500);

/// How long the first frame waits for the workspace; from a warm disk it takes two milliseconds.
const START_HOLD: Duration = Duration::from_millis(8);

/// How long facts are taken in before anything else is looked at.
const AT_ONCE: Duration = Duration::from_millis(1);

/// Who has the terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Foreground {
    Us,
    /// The user's shell; SIGCONT brings it back.
    Shell,
    /// The user's editor; its end brings it back.
    Editor,
}

/// The loop's state. `perform` adds what effects do to it.
pub(super) struct EventLoop {
    app: App,
    screen: Screen,
    /// `None` while somebody else reads the terminal.
    reader: Option<EventReader>,
    /// Tells when the terminal takes more; `None` when it is written to as we were given it.
    writable: Option<AsyncFd<File>>,
    signals: Signals,
    pub(super) pace: Pace,
    /// The next one first.
    pub(super) timers: BTreeSet<(Instant, Timer)>,
    pub(super) foreground: Foreground,
    pub(super) external: mpsc::Sender<Edited>,
    external_outcomes: mpsc::Receiver<Edited>,
    pub(super) copied: mpsc::Sender<TmuxAnswer>,
    /// What became of texts that somebody else puts on the clipboard.
    tmux_answers: mpsc::Receiver<TmuxAnswer>,
    pub(super) worked: mpsc::Sender<Message>,
    /// What threads report that open bodies outside, or look at what came back.
    work_reports: mpsc::Receiver<Message>,
    pub(super) exports: Exports,
    export_reports: mpsc::Receiver<exporting::Told>,
    /// What other programs were given to open; it goes with us.
    pub(super) opened_files: OpenedFiles,
    /// Where texts lie while they are in an editor.
    pub(super) editing_folder: PathBuf,
    /// Where it is remembered which programs may run.
    pub(super) state_folder: PathBuf,
    /// What editors of earlier runs saved.
    left_over: mpsc::Receiver<EditedText>,
    /// The editor called last.
    pub(super) editing: Option<Editing>,
    /// How what the theme in force names looks.
    styles: ThemeStyles,
    /// Windows asked for by the updates since the last turn; only the newest of each is sent.
    pub(super) views: Vec<ViewQuery>,
    /// A question was asked and is not on the screen yet.
    is_question_unseen: bool,
    /// The exit status, once it is time to leave.
    pub(super) leaving: Option<u8>,
    /// The exit status and the time to leave at the latest, after a signal.
    ending: Option<(u8, Instant)>,
    /// Messages that effects gave rise to.
    pub(super) troubles: Vec<Message>,
    /// Effects from before there was an engine.
    begun: Vec<Effect>,
}

/// What the loop hands orders to.
pub(super) struct Services {
    pub(super) store: StoreHandle,
    pub(super) engine: EngineHandle,
}

impl EventLoop {
    /// A loop on a terminal that is already in our modes; `begun` are effects to be done when
    /// there is an engine.
    pub(super) fn new(
        app: App,
        begun: Vec<Effect>,
        screen: Screen,
        signals: Signals,
        folders: WorkFolders,
    ) -> io::Result<Self> {
        let (external, external_outcomes) = mpsc::channel(EXTERNALS);
        let (copied, tmux_answers) = mpsc::channel(COPIES);
        let (worked, work_reports) = mpsc::channel(COPIES);
        let (reports, export_reports) = mpsc::channel(COPIES);
        Ok(EventLoop {
            styles: ThemeStyles::of(&app.shared.themes),
            app,
            screen,
            reader: Some(EventReader::open()?),
            writable: terminal_output::watched()?,
            signals,
            pace: Pace::default(),
            timers: BTreeSet::new(),
            foreground: Foreground::Us,
            external,
            external_outcomes,
            copied,
            tmux_answers,
            worked,
            work_reports,
            exports: Exports::new(reports),
            export_reports,
            opened_files: OpenedFiles::default(),
            left_over: external::look_for_left_over(folders.editing.clone()),
            editing_folder: folders.editing,
            state_folder: folders.state,
            editing: None,
            views: Vec::new(),
            is_question_unseen: false,
            leaving: None,
            ending: None,
            troubles: Vec::new(),
            begun,
        })
    }

    /// Draws the first frame, with the workspace on it unless the disk is slow.
    pub(super) async fn open(&mut self, replies: &mut mpsc::Receiver<Reply>) -> io::Result<()> {
        let deadline = Instant::now() + START_HOLD;
        while let Ok(Some(reply)) = timeout_at(deadline, replies.recv()).await {
            self.begun.extend(self.app.update(Message::Store(reply), clock::now()));
            if self.app.has_begun() {
                break;
            }
        }
        self.draw()
    }

    /// Runs until the user leaves.
    pub(super) async fn run(
        &mut self,
        services: &Services,
        mut replies: mpsc::Receiver<Reply>,
        mut events: Events,
        mut panics: mpsc::Receiver<String>,
    ) -> io::Result<u8> {
        for effect in std::mem::take(&mut self.begun) {
            self.perform(effect, RedrawCause::Input, services);
        }
        let ended = self.turns(services, &mut replies, &mut events, &mut panics).await;
        if ended.is_err() {
            // The terminal does not take frames any more; the drafts are kept without it.
            self.terminate(signals::HANG_UP, services);
            self.turns(services, &mut replies, &mut events, &mut panics).await?;
        }
        // Before anything is freed or closed, which takes its time when it is large.
        terminal::restore();
        events.facts.close();
        self.opened_files.clear();
        self.export_reports.close();
        self.exports.end();
        services.engine.shutdown(ENGINE_SHUTDOWN).await;
        ended.map(|()| self.leaving.unwrap_or_default())
    }

    /// Turn after turn until it is time to leave.
    async fn turns(
        &mut self,
        services: &Services,
        replies: &mut mpsc::Receiver<Reply>,
        events: &mut Events,
        panics: &mut mpsc::Receiver<String>,
    ) -> io::Result<()> {
        let mut parsed = Vec::new();
        while self.leaving.is_none() {
            self.ask_for_views(services);
            let due = self.frame_due();
            if due.is_some_and(|due| due <= Instant::now()) {
                self.draw()?;
                continue;
            }
            let next_timer = self.timers.first().map(|(at, _)| *at);
            let wake = [due, next_timer, self.ending.map(|it| it.1)].into_iter().flatten().min();
            let (message, cause) = tokio::select! {
                biased;
                request = self.signals.next() => {
                    self.on_signal(request, services).await?;
                    continue;
                }
                read = read_input(&mut self.reader, &mut parsed) => {
                    match read {
                        Ok(()) => self.on_input(&mut parsed, services),
                        Err(_gone) => self.terminate(signals::HANG_UP, services),
                    }
                    continue;
                }
                written = terminal_output::written(self.writable.as_ref()),
                    if terminal_output::is_behind() =>
                {
                    if written.is_err() {
                        self.terminate(signals::HANG_UP, services);
                    }
                    continue;
                }
                Some(event) = events.urgent.recv() => self.urgent(event),
                Some(outcome) = self.external_outcomes.recv() => {
                    self.come_back(services).await?;
                    (Message::External(outcome), RedrawCause::Input)
                }
                Some(answer) = self.tmux_answers.recv() => copied(&answer),
                Some(message) = self.work_reports.recv() => by_user(message),
                Some(told) = self.export_reports.recv() => exported(told),
                Some(edited) = self.left_over.recv() => by_user(Message::EditedFound(edited)),
                Some(text) = panics.recv() => by_user(Message::Trouble(task_panicked(text))),
                () = clock::at(wake) => {
                    let Some(timer) = take_due(&mut self.timers, Instant::now()) else {
                        self.leave_if_late();
                        continue;
                    };
                    (Message::Timer(timer), RedrawCause::Traffic)
                }
                Some(reply) = replies.recv() => by_user(Message::Store(reply)),
                Some(event) = events.facts.recv() => (Message::Engine(event), RedrawCause::Traffic),
            };
            self.step(message, cause, services);
            if cause == RedrawCause::Traffic {
                self.take_what_is_at_hand(events, services);
                // Lets the runtime look at the terminal between two batches.
                tokio::task::yield_now().await;
            }
        }
        Ok(())
    }

    /// The rest of a batch: to look at everything else between two facts costs as much as a fact does. Not
    /// for long, as keys wait meanwhile.
    fn take_what_is_at_hand(&mut self, events: &mut Events, services: &Services) {
        let until = Instant::now() + AT_ONCE;
        while self.leaving.is_none()
            && Instant::now() < until
            && let Some(event) = events.facts.at_hand()
        {
            self.step(Message::Engine(event), RedrawCause::Traffic, services);
        }
    }

    /// After a signal the disk gets a moment to answer, no more.
    fn leave_if_late(&mut self) {
        if let Some((status, latest)) = self.ending
            && latest <= Instant::now()
        {
            self.leaving = Some(status);
        }
    }

    /// Leaves, as the application or a signal wants it.
    pub(super) fn leave(&mut self) {
        self.leaving = Some(self.ending.map_or(0, |(status, _)| status));
    }

    /// What would be lost because it is not on the disk.
    pub(super) fn unkept(&self) -> Option<Box<Restore>> {
        self.app.unkept()
    }

    /// One message in, its effects out, and the troubles these led to.
    pub(super) fn step(&mut self, message: Message, cause: RedrawCause, services: &Services) {
        /// A trouble whose answer fails again and again is not reported for ever.
        const ROUNDS: usize = 16;
        let mut next = Some(message);
        for _ in 0..ROUNDS {
            let Some(message) = next.take() else { return };
            let was_asking = self.app.is_asking();
            let effects = self.app.update(message, clock::now());
            self.is_question_unseen |= self.app.is_asking() && !was_asking;
            if self.app.is_dirty() {
                self.pace.changed(cause);
            }
            for effect in effects {
                self.perform(effect, cause, services);
            }
            next = self.troubles.pop();
        }
    }

    fn on_input(&mut self, parsed: &mut Vec<Parsed>, services: &Services) {
        for parsed in parsed.drain(..) {
            let message = match parsed {
                Parsed::Input(input) => Message::Input(input),
                Parsed::PasteCut(bytes) => Message::Trouble(paste_cut(bytes)),
                Parsed::PasteUnfinished => Message::Trouble(paste_unfinished()),
                Parsed::Background(color) => Message::Background { is_dark: is_dark(color) },
                Parsed::ColourScheme { is_dark } => Message::Background { is_dark },
                Parsed::Nothing => continue,
                Parsed::KittyKeyboard => {
                    terminal::use_kitty_keyboard();
                    continue;
                }
            };
            // What was typed before a question was seen is no answer to it.
            if self.is_question_unseen && matches!(message, Message::Input(_)) {
                continue;
            }
            self.step(message, RedrawCause::Input, services);
            // What is typed after leaving or after the editor was called is not for us.
            if self.leaving.is_some() || self.foreground != Foreground::Us {
                break;
            }
        }
    }

    /// What an answer to the screen means to the time table of frames.
    fn urgent(&mut self, event: Event) -> (Message, RedrawCause) {
        let is_view = matches!(event, Event::View(_));
        let message = Message::Engine(event);
        if self.app.is_urgent(&message) {
            self.pace.became_whole();
        }
        (message, if is_view { self.pace.view_arrived() } else { RedrawCause::Input })
    }

    async fn on_signal(&mut self, request: SignalRequest, services: &Services) -> io::Result<()> {
        match (request, self.foreground) {
            (SignalRequest::Terminate(signal), _)
            | (SignalRequest::Interrupt(signal), Foreground::Us | Foreground::Shell) => {
                self.end_editor(services).await;
                self.terminate(signal, services);
            }
            // Meant for the editor, which got it too.
            (SignalRequest::Interrupt(_) | SignalRequest::Continue, Foreground::Editor) => {}
            (SignalRequest::Stop, Foreground::Us) => self.suspend(),
            (SignalRequest::Stop, Foreground::Shell | Foreground::Editor) => {
                signals::stop_ourselves();
            }
            (SignalRequest::Continue, Foreground::Us | Foreground::Shell) => {
                self.come_back(services).await?;
                self.step(Message::Input(Input::Resumed), RedrawCause::Input, services);
            }
            (SignalRequest::Resize, _) => self.resize(services),
        }
        Ok(())
    }

    fn resize(&mut self, services: &Services) {
        let (columns, rows) = terminal::size();
        self.screen.resize((columns, rows));
        self.step(Message::Input(Input::Resize { columns, rows }), RedrawCause::Input, services);
    }

    /// An editor has the terminal: it is told to end, and what it saved is taken over. What it saves
    /// later is taken up by the next start.
    async fn end_editor(&mut self, services: &Services) {
        if let (Foreground::Editor, Some(editing)) = (self.foreground, self.editing.take()) {
            // It may take its time.
            ending::acknowledge(ENDING);
            editing.end();
            let outcome = timeout(2 * EDITOR_END, self.external_outcomes.recv()).await;
            if let Ok(Some(outcome)) = outcome {
                self.step(Message::External(outcome), RedrawCause::Input, services);
            }
        }
    }

    /// Leaves whatever the application says to it, as soon as the drafts are kept, a moment later
    /// at the latest. A second signal does not wait for them.
    fn terminate(&mut self, signal: i32, services: &Services) {
        ending::acknowledge(ENDING);
        self.reader = None;
        if self.ending.replace((signals::status(signal), Instant::now() + DRAFTS_KEPT)).is_some() {
            return self.leave();
        }
        self.step(Message::Input(Input::Terminate), RedrawCause::Input, services);
    }

    /// Gives the terminal away.
    pub(super) fn leave_terminal(&mut self, to: Foreground) {
        self.reader = None;
        self.foreground = to;
        ending::interrupts_elsewhere(to == Foreground::Editor);
        terminal::restore();
    }

    /// Gives the terminal to the shell and stops until continued.
    pub(super) fn suspend(&mut self) {
        self.leave_terminal(Foreground::Shell);
        signals::stop_ourselves();
    }

    /// Takes the terminal again, whatever its state is now.
    async fn come_back(&mut self, services: &Services) -> io::Result<()> {
        if self.foreground == Foreground::Editor {
            self.signals.forget_interrupts().await;
        }
        terminal::enter(self.app.shared.themes.follows_terminal())?;
        terminal::discard_input();
        self.foreground = Foreground::Us;
        ending::interrupts_elsewhere(false);
        self.reader = Some(EventReader::open()?);
        self.resize(services);
        self.redraw()
    }

    /// The next frame draws every cell.
    pub(super) fn redraw(&mut self) -> io::Result<()> {
        self.pace.changed(RedrawCause::Input);
        self.screen.forget()
    }

    /// No frame is made while the terminal has not taken the one before.
    fn frame_due(&self) -> Option<Instant> {
        match self.foreground {
            // Nobody may be looking any more, or the terminal takes nothing.
            _ if self.ending.is_some() => None,
            Foreground::Us if terminal_output::is_behind() => None,
            Foreground::Us => self.pace.due(Instant::now()),
            Foreground::Shell | Foreground::Editor => None,
        }
    }

    /// Draws a frame.
    pub(super) fn draw(&mut self) -> io::Result<()> {
        self.styles.follow(&self.app.shared.themes);
        let (app, styles) = (&self.app, &self.styles);
        let bytes = self.screen.draw(|frame| ui::render(app, styles, frame))?;
        self.app.drawn();
        self.is_question_unseen = false;
        self.pace.drawn(bytes, Instant::now());
        Ok(())
    }
}

async fn read_input(reader: &mut Option<EventReader>, parsed: &mut Vec<Parsed>) -> io::Result<()> {
    match reader {
        Some(reader) => reader.read(parsed).await,
        None => std::future::pending().await,
    }
}

/// What somebody waits for in front of the screen.
fn by_user(message: Message) -> (Message, RedrawCause) {
    (message, RedrawCause::Input)
}

/// What became of a text that somebody else puts on the clipboard.
fn copied(answer: &TmuxAnswer) -> (Message, RedrawCause) {
    by_user(Message::Copied(clipboard::settled(answer)))
}

/// How an export goes; nobody waits for a frame of it.
fn exported((id, report): exporting::Told) -> (Message, RedrawCause) {
    (Message::Export(id, report), RedrawCause::Traffic)
}

/// Takes the first timer out if it is due. Several may be pending: the application ignores those it
/// no longer wants.
fn take_due(timers: &mut BTreeSet<(Instant, Timer)>, now: Instant) -> Option<Timer> {
    let (at, timer) = *timers.first()?;
    (at <= now && timers.pop_first().is_some()).then_some(timer)
}

fn task_panicked(text: String) -> Failure {
    Failure::new(Stage::Program, "background task", FailureKind::Internal, text)
        .hint("the rest goes on; please report this")
}

fn paste_cut(bytes: usize) -> Failure {
    let (bytes, most) = (counted_were(bytes as u64, "byte"), count(PASTE_LIMIT as u64));
    let cause = format!("at the end {bytes} left out; {most} are taken at most");
    Failure::new(Stage::Paste, "", FailureKind::TooLarge, cause).hint("use a file body instead")
}

fn paste_unfinished() -> Failure {
    let cause = "its end did not come; what still comes is dropped";
    Failure::new(Stage::Paste, "", FailureKind::Truncated, cause).hint("paste it again")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timers_go_off_in_order_of_time_and_not_early() {
        let now = Instant::now();
        let at = |millis| now + Duration::from_millis(millis);
        let mut timers = BTreeSet::from([(at(20), Timer::Restore), (at(10), Timer::Notice)]);
        assert_eq!(take_due(&mut timers, now), None);
        assert_eq!(take_due(&mut timers, at(30)), Some(Timer::Notice));
        assert_eq!(take_due(&mut timers, at(30)), Some(Timer::Restore));
        assert_eq!(take_due(&mut timers, at(30)), None);
    }
}
