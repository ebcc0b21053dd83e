//! The terminal shell: runs the loop, draws, performs effects.
//!
//! `run` starts it with an application, the store and a way to start the engine, which is used
//! after the first frame. That frame waits a moment for the workspace, but never for a slow disk;
//! nobody waits for the engine's threads. The terminal is given
//! back on every way out: quit, error, panic, signal, stop, a terminal that went away.
//!
//! The terminal is crossterm's: modes, commands and colours. Its reader of events is not used, and so
//! none of its event types: `event_parser` says why, and makes the application's `Input` of bytes.

mod checking;
mod clipboard;
mod event_loop;
mod event_parser;
mod event_reader;
mod exporting;
mod external;
mod outside;
mod pace;
mod panics;
mod perform;
mod programs;
mod screen;
mod sequence;
mod signals;
mod terminal;
mod terminal_output;

use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jiff::tz::{Offset, TimeZone};
use tokio::runtime::Builder;
use tokio::sync::mpsc;

use crate::app::effect::Effect;
use crate::app::{App, Startup};
use crate::engine::clock;
use crate::engine::{EngineHandle, Events};
use crate::model::failure::{Failure, FailureKind, Stage};
use crate::model::timing::Stamp;
use crate::named_file;
use crate::store::StoreHandle;
use crate::store::job::{Reply, Restore};

use event_loop::{EventLoop, Services};
use screen::Screen;

/// How the terminal interface ended.
#[derive(Debug)]
pub struct Ended {
    /// The exit status: 0, or 128 and the number of the signal that ended it. A failure when there
    /// is no terminal, or it went away, or the services cannot start.
    pub outcome: Result<u8, Failure>,
    /// Drafts that the store did not keep, or did not say so in time.
    pub unkept: Option<Box<Restore>>,
}

impl From<Failure> for Ended {
    fn from(failure: Failure) -> Self {
        Ended { outcome: Err(failure), unkept: None }
    }
}

/// Folders the terminal interface works in.
#[derive(Debug, Clone)]
pub struct WorkFolders {
    /// Texts lie here while they are in an external editor.
    pub editing: PathBuf,
    /// What is remembered.
    pub state: PathBuf,
}

/// Runs the terminal interface until the user leaves. Size and time of `startup` are filled in
/// here.
pub fn run(
    startup: Startup,
    folders: WorkFolders,
    store: StoreHandle,
    mut replies: mpsc::Receiver<Reply>,
    start_engine: impl FnOnce() -> Result<(EngineHandle, Events), Failure>,
) -> Ended {
    if !terminal::is_available() {
        let cause = "standard output is not a terminal";
        return Failure::new(Stage::Program, "terminal", FailureKind::Usage, cause)
            .hint("without a terminal use: wirebench send, wirebench listen")
            .into();
    }
    let panic_reports = panics::reports();
    let runtime = Builder::new_current_thread().enable_io().enable_time().build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => return terminal::failed(&error).into(),
    };
    let _restored = RestoreOnExit;
    let mut unkept = None;
    let outcome = runtime.block_on(async {
        let failed = |error: io::Error| terminal::failed(&error);
        // Of a window that closes, the signal, a read or a write may tell first.
        let gone = |error: io::Error| {
            if is_hang_up(&error) {
                Ok(signals::status(signals::HANG_UP))
            } else {
                Err(failed(error))
            }
        };
        let mut event_loop = take_terminal(startup, folders, &store).map_err(failed)?;
        if let Err(error) = event_loop.open(&mut replies).await {
            return gone(error);
        }
        let (engine, events) = start_engine()?;
        let services = Services { store, engine };
        let ended = event_loop.run(&services, replies, events, panic_reports).await;
        unkept = event_loop.unkept();
        ended.or_else(gone)
    });
    terminal::restore();
    // Sockets and threads end with the process; waiting for them would make leaving slow.
    runtime.shutdown_background();
    Ended { outcome, unkept }
}

/// Whether a terminal is gone that was there: it cannot be read, written or opened again any more.
fn is_hang_up(error: &io::Error) -> bool {
    let gone =
        [rustix::io::Errno::IO, rustix::io::Errno::NXIO].map(rustix::io::Errno::raw_os_error);
    error.raw_os_error().is_some_and(|code| gone.contains(&code))
        || error.kind() == io::ErrorKind::UnexpectedEof
}

/// Takes the terminal while the store reads the workspace; draws nothing yet.
fn take_terminal(
    startup: Startup,
    folders: WorkFolders,
    store: &StoreHandle,
) -> io::Result<EventLoop> {
    let size = terminal::size();
    let now = clock::now();
    let mut app = App::new(Startup { size, now, utc_offset: utc_offset(now), ..startup });
    let mut begun = app.begin();
    begun.retain(|effect| match effect {
        Effect::Store(job) => store.submit(job.clone()).is_err(),
        _ => true,
    });
    let signals = signals::Signals::listen()?;
    terminal::enter(app.shared.themes.follows_terminal())?;
    EventLoop::new(app, begun, Screen::new(size)?, signals, folders)
}

/// Offset of local time from UTC at that moment; `None` when the system does not tell.
fn utc_offset(now: Stamp) -> Option<Offset> {
    let now = Timestamp::from_nanosecond(i128::from(now.0)).ok()?;
    local_zone().map(|zone| zone.to_offset(now))
}

/// The zone of this system. Its rules are in one file as a rule; only a zone named by `TZ` is
/// worth the search through all zones, which costs more than the first frame.
fn local_zone() -> Option<TimeZone> {
    const LOCAL_RULES: &str = "/etc/localtime";
    /// Those of a zone that has changed its mind a hundred times take 4 KiB.
    const RULES_LIMIT: u64 = 1024 * 1024;
    if std::env::var_os("TZ").is_none()
        && let Ok(rules) = named_file::read(Path::new(LOCAL_RULES), RULES_LIMIT)
        && let Ok(zone) = TimeZone::tzif("Local", &rules)
    {
        return Some(zone);
    }
    TimeZone::try_system().ok()
}

/// Gives the terminal back when the stack is unwound.
struct RestoreOnExit;

impl Drop for RestoreOnExit {
    fn drop(&mut self) {
        terminal::restore();
    }
}
