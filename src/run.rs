//! Composition root: reads arguments, starts engine and store, picks a shell.
//!
//! The one file that knows everybody. The terminal shell gets the store, and a way to start the
//! engine instead of the engine, because its first frame comes before that.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};

use crate::app::Startup;
use crate::app::keymap::Override;
use crate::args::{self, Arguments, Task};
use crate::cli::{self, BroughtSecrets, Captures, CommandCookies, Headless, SeenExchanges};
use crate::codec::printable;
use crate::console::{self, PrintError};
use crate::ending;
use crate::engine::clock;
use crate::engine::event::{Batch, Event};
use crate::engine::{Engine, EngineConfig, EngineHandle, KeyLogFile};
use crate::interop::pcap::FoundBodies;
use crate::jq;
use crate::logging;
use crate::model::authority::AuthorityKeeper;
use crate::model::exchange::Exchange;
use crate::model::failure::{Failure, FailureKind, Stage};
use crate::model::file_error;
use crate::model::id::{ConnId, SessionId};
use crate::model::preset::Opening;
use crate::model::recipe::JQ_ROLE;
use crate::model::secrets::Disclosure;
use crate::model::theme::ColorDepth;
use crate::model::wall_clock::WallClock;
use crate::store::authority::AuthorityFile;
use crate::store::paths::{Paths, ProcessEnv};
use crate::store::{Store, keymap, private, read_capture};
use crate::tui::{self, WorkFolders};

/// Threads of the engine: one for sockets, one for what computes (decoding, TLS).
const ENGINE_THREADS: usize = 2;
/// The same where bytes go through one stream: it reads or writes while the command's own thread does the
/// other, and a third would only be woken.
const THREADS_OF_A_PIPE: usize = 1;
/// How targets of streams begin.
const STREAM_SCHEMES: [&str; 3] = ["tcp:", "tls:", "unix:"];
/// How long the history may take when the user leaves; the drafts are on the disk by then.
const STORE_SHUTDOWN: Duration = Duration::from_secs(1);

/// Runs the program.
#[must_use]
pub fn run() -> ExitCode {
    console::tell_panics();
    // Without it the limit ends the program, as it does others.
    let _ = ending::survive_size_limit();
    if let Some(filter) = asked_to_filter() {
        return jq::run(&filter);
    }
    let status = match Arguments::read() {
        Ok(arguments) => done(arguments),
        Err(said) => explain(&said),
    };
    console::settle();
    ExitCode::from(status)
}

/// The filter, when the engine started us to run one.
fn asked_to_filter() -> Option<String> {
    let mut words = std::env::args_os().skip(1);
    let is_filter = words.next().is_some_and(|word| word == JQ_ROLE);
    is_filter.then(|| words.next().unwrap_or_default().to_string_lossy().into_owned())
}

fn done(arguments: Arguments) -> u8 {
    let outcome = dispatch(arguments);
    if let Some(trouble) = logging::trouble() {
        console::note(trouble);
    }
    outcome.unwrap_or_else(|failure| {
        cli::output::print_failure(&failure);
        cli::exit::status(&failure)
    })
}

/// Help that was asked for, or what is wrong with the arguments.
fn explain(said: &clap::Error) -> u8 {
    let is_wrong = said.use_stderr();
    let text = said.render().to_string();
    // It quotes the arguments and the environment, which a script may have from anywhere.
    let shown = printable::printable_lines(text.as_bytes());
    let is_terminal =
        if is_wrong { console::error_is_terminal() } else { console::output_is_terminal() };
    let is_colourful = shown == text && is_terminal && colors() != ColorDepth::None;
    let shown = if is_colourful { said.render().ansi().to_string() } else { shown };
    if is_wrong {
        console::quote(&shown);
        return cli::exit::USAGE;
    }
    let output = console::output();
    output.push(shown.as_bytes());
    if output.wait_drained(None) {
        return cli::exit::OK;
    }
    match output.error() {
        Some(PrintError::Failed(why)) => {
            console::note(&format!("standard output: {why}"));
            cli::exit::INTERRUPTED
        }
        _ => cli::exit::READER_LEFT,
    }
}

fn dispatch(arguments: Arguments) -> Result<u8, Failure> {
    let mut paths = Paths::discover(arguments.home, &ProcessEnv::read())?;
    if arguments.trust_project {
        paths.trust_project()?;
    }
    if let Some(level) = arguments.log {
        logging::start(level, &paths.state)?;
    }
    match arguments.command {
        None => {
            let opening = cli::opening(arguments.words, &paths, &os_variables())?;
            workbench(&paths, startup(&paths, opening, !arguments.no_keep), |_| Ok(()))
        }
        Some(Task::Open(open)) if console::output_is_terminal() => {
            let filter = open.filter.unwrap_or_default();
            cli::readable_filter(&filter)?;
            let opening = Opening::Traffic { filter, said: String::new() };
            let startup = startup(&paths, Some(opening), !arguments.no_keep);
            workbench(&paths, startup, |engine| show_capture(open.file, engine))
        }
        Some(Task::Exec(exec)) if exec.screen => on_screen(&paths, !arguments.no_keep, *exec),
        Some(command) => {
            for words in private::mend_all(&paths) {
                cli::output::note(&words);
            }
            let aims = EngineAims::of(&command);
            let threads = if aims.is_pipe { THREADS_OF_A_PIPE } else { ENGINE_THREADS };
            let runtime = runtime(threads)?;
            let outcome = runtime.block_on(async {
                let headless =
                    headless(&paths, !arguments.no_keep, command.common().as_deref(), aims)?;
                cli::run(command, headless).await
            });
            runtime.shutdown_background();
            outcome
        }
    }
}

/// Runs a program that has the terminal, and then shows there what it said.
fn on_screen(paths: &Paths, keeps: bool, exec: args::Exec) -> Result<u8, Failure> {
    let usage = |cause| Failure::new(Stage::Compose, "--screen", FailureKind::Usage, cause);
    if !console::output_is_terminal() {
        return Err(usage("standard output is not a terminal, so there is no screen")
            .hint("--jsonl FILE keeps it, wirebench open FILE shows it"));
    }
    let filter = exec.filter.clone().unwrap_or_default();
    cli::readable_filter(&filter)?;
    for words in private::mend_all(paths) {
        cli::output::note(&words);
    }
    let program = exec.words.first().map(|name| name.to_string_lossy().into_owned());
    let runtime = runtime(ENGINE_THREADS)?;
    let watched = runtime.block_on(async {
        let aims = EngineAims { finds_peers: true, ..EngineAims::default() };
        let headless = headless(paths, keeps, Some(&exec.common), aims)?;
        let engine = headless.engine.clone();
        Ok::<_, Failure>((cli::watch_program(exec, headless).await?, engine))
    });
    runtime.shutdown_background();
    let ((status, seen), engine) = watched?;
    let Some(seen) = seen.filter(|_| !ending::is_asked()) else { return Ok(status) };
    ending::interrupts_elsewhere(false);
    let (timeline, said, exchanges) =
        seen.ended(&program.unwrap_or_default(), status, clock::now());
    let opening = Some(Opening::Traffic { filter, said });
    let startup = Startup { seen: Some(timeline), ..startup(paths, opening, keeps) };
    let left = workbench(paths, startup, |now| show_exchanges(exchanges, engine, now))?;
    Ok(if left == cli::exit::OK { status } else { left })
}

/// What the engine does for a command beside its orders.
#[derive(Default, Clone, Copy)]
struct EngineAims {
    finds_peers: bool,
    keeps_connections: bool,
    /// Bytes go through one stream, and nothing else happens.
    is_pipe: bool,
}

impl EngineAims {
    /// A run of presets tells nothing of its traffic, so nobody asks whose peers are, and connections need not be those of
    /// one preset.
    fn of(command: &Task) -> Self {
        let is_run = matches!(command, Task::Run(_));
        let finds_peers = !is_run && !matches!(command, Task::Send(_));
        let is_stream = |target: &String| STREAM_SCHEMES.iter().any(|it| target.starts_with(it));
        let is_pipe = match command {
            Task::Send(send) => send.words.first().is_some_and(is_stream),
            Task::Listen(listen) => listen.common.format.raw && is_stream(&listen.target),
            _ => false,
        };
        EngineAims { finds_peers, keeps_connections: is_run, is_pipe }
    }
}

/// What a command without a screen works with.
fn headless(
    paths: &Paths,
    keeps: bool,
    common: Option<&args::Common>,
    aims: EngineAims,
) -> Result<Headless, Failure> {
    let EngineAims { finds_peers, keeps_connections, is_pipe } = aims;
    let captures = common.map(|common| &common.captures);
    let keeps_whole = captures.is_some_and(|captures| captures.names().next().is_some());
    let key_log = key_log(captures.and_then(|captures| captures.keylog.as_deref()))?;
    let tells_ciphertext = common.is_some_and(|it| it.with_secrets && it.captures.pcapng.is_some());
    let config = EngineConfig {
        key_log,
        keeps_whole,
        tells_ciphertext,
        finds_peers,
        is_pipe,
        // Packets of a connection that several presets share would be those of several.
        keeps_connections: keeps_connections && captures.is_none_or(|it| it.pcapng.is_none()),
        ..engine_config(paths)
    };
    let (engine, events) = Engine::start(config);
    Ok(Headless {
        engine,
        events,
        paths: paths.clone(),
        os: os_variables(),
        wall_clock: WallClock::default(),
        is_open: false,
        is_beside: false,
        told: Disclosure::default(),
        brought: BroughtSecrets::default(),
        keeps,
        answered: None,
        captures: Captures::default(),
        cookies: CommandCookies::default(),
    })
}

/// `begin` tells the screen, once there is an engine, what did not happen in this run.
fn workbench(
    paths: &Paths,
    startup: Startup,
    begin: impl FnOnce(EngineHandle) -> Result<(), Failure>,
) -> Result<u8, Failure> {
    // Both outlive the loop: an engine without its threads is none, and drafts are still being
    // written when the terminal has been given back.
    let (store, replies) = Store::start(paths.clone());
    let mut engine_runtime = None;
    let folders = WorkFolders { editing: paths.editing(), state: paths.state.clone() };
    let ended = tui::run(startup, folders, store.clone(), replies, || {
        let runtime = runtime(ENGINE_THREADS)?;
        let key_log = key_log(None)?;
        let config = EngineConfig { key_log, finds_peers: true, ..engine_config(paths) };
        let entered = runtime.enter();
        let started = Engine::start(config);
        drop(entered);
        engine_runtime = Some(runtime);
        begin(started.0.clone())?;
        Ok(started)
    });
    // What is unsaved is being written: a first signal does not cut that off.
    ending::acknowledge(2 * STORE_SHUTDOWN);
    let mut outcome = ended.outcome;
    match ended.unkept.map(|drafts| store.rescue(&drafts)) {
        None => {
            if let Err(unwritten) = store.shutdown(STORE_SHUTDOWN) {
                cli::output::print_failure(&unwritten);
            }
        }
        Some(Ok(file)) => cli::output::note(&format!(
            "the drafts could not be kept in their place; they are in {}, from where the next \
             start takes them",
            file.display()
        )),
        Some(Err(lost)) => {
            cli::output::print_failure(&lost);
            outcome = outcome.map(|status| status.max(cli::exit::status(&lost)));
        }
    }
    if let Some(runtime) = engine_runtime {
        runtime.shutdown_background();
    }
    outcome
}

/// Reads a capture on a thread of its own and tells the shell what is in it, piece by piece.
fn show_capture(path: PathBuf, engine: EngineHandle) -> Result<(), Failure> {
    let tell = move || {
        let mut last = None;
        let outcome = read_capture(&path, SessionId(0), &mut |piece, progress| {
            let newest = piece.lost().into_iter().collect();
            let (conns, records, remarks) = (piece.conns, piece.records, piece.remarks);
            let secrets = piece.secrets;
            let batch =
                Batch { conns, records, remarks, lost: newest, secrets, ..Batch::default() };
            let mut events: VecDeque<Event> = [Event::Traffic(batch)].into();
            let mut bodies = bodies_by_exchange(piece.bodies);
            for exchange in piece.exchanges {
                let found = bodies.remove(&(exchange.conn, exchange.number));
                events.push_back(opened(exchange, found, &engine));
            }
            for told in piece.owners {
                let (conn, since, owner) = (told.conn, told.since, told.owner);
                events.push_back(Event::PeerFound { conn, info: None, since, owner });
            }
            let percent = progress.percent();
            if percent != std::mem::replace(&mut last, percent) {
                events.extend(percent.map(|percent| Event::CaptureProgress { percent }));
            }
            engine.tell(events)
        });
        let _ = engine.tell([Event::CaptureRead(outcome)].into());
    };
    on_thread("capture", tell)
}

/// Exchanges of a run before this one that the shell is told of together.
const TOLD_AT_ONCE: usize = 64;

/// Tells the shell of exchanges of a run before this one, whose bodies its engine has.
fn show_exchanges(
    seen: SeenExchanges,
    of: EngineHandle,
    engine: EngineHandle,
) -> Result<(), Failure> {
    on_thread("seen", move || {
        // Each order to the shell is a frame at most: an export that is asked for at once has them all.
        let mut moved = seen.moved(&of, &engine).map(|exchange| {
            let (called, exchange) = (exchange.number, Box::new(exchange));
            Event::Opened { exchange, called }
        });
        loop {
            let events: VecDeque<Event> = moved.by_ref().take(TOLD_AT_ONCE).collect();
            if events.is_empty() || !engine.tell(events) {
                return;
            }
        }
    })
}

fn on_thread(name: &str, work: impl FnOnce() + Send + 'static) -> Result<(), Failure> {
    let thread = std::thread::Builder::new().name(name.into()).spawn(work);
    thread
        .map(drop)
        .map_err(|error| Failure::new(Stage::Program, name, FailureKind::Io, error.to_string()))
}

/// The bodies of a piece of a file, by their exchanges.
fn bodies_by_exchange(bodies: Vec<FoundBodies>) -> HashMap<(ConnId, u32), FoundBodies> {
    bodies.into_iter().map(|it| ((it.conn, it.number), it)).collect()
}

/// What is told of an exchange of a file; its bodies are kept as those of sessions are.
fn opened(mut exchange: Exchange, found: Option<FoundBodies>, engine: &EngineHandle) -> Event {
    let Some(found) = found else { return Event::Exchange(Box::new(exchange)) };
    exchange.request.body.id = engine.keep_body(&found.request);
    if let Some(response) = &mut exchange.response {
        response.body.id = engine.keep_body(&found.response);
    }
    Event::Opened { exchange: Box::new(exchange), called: found.called }
}

/// What the application has to know before its first frame.
fn startup(paths: &Paths, opening: Option<Opening>, keeps: bool) -> Startup {
    let bindings = keymap::load(paths);
    let problem = bindings.as_ref().err().map(ToString::to_string);
    let replaced = |(context, keys, action)| Override { context, keys, action };
    let keymap = bindings.unwrap_or_default().into_iter().map(replaced).collect();
    Startup {
        os: os_variables(),
        colors: colors(),
        keymap,
        problem,
        opening,
        answers: keeps.then(|| paths.answers()),
        foreign: paths.foreign.clone(),
        ..Startup::default()
    }
}

fn runtime(threads: usize) -> Result<Runtime, Failure> {
    Builder::new_multi_thread()
        .worker_threads(threads)
        .thread_name("engine")
        .enable_all()
        .build()
        .map_err(|error| {
            Failure::new(Stage::Program, "engine", FailureKind::Io, error.to_string())
                .hint("is the system out of threads or file descriptors?")
        })
}

/// Where keys of TLS go: to the file that was named, else to that of the environment.
fn key_log(named: Option<&Path>) -> Result<Option<Arc<KeyLogFile>>, Failure> {
    let of_environment = std::env::var_os("SSLKEYLOGFILE").filter(|it| !it.is_empty());
    let of_environment = of_environment.map(PathBuf::from);
    let Some(path) = named.or(of_environment.as_deref()) else { return Ok(None) };
    let opened = KeyLogFile::appending(path).map_err(|error| {
        let (kind, cause) = file_error::words(&error);
        let option = if named.is_some() { "--keylog" } else { "SSLKEYLOGFILE" };
        Failure::new(Stage::Storage, format!("{option} {}", path.display()), kind, cause)
    })?;
    Ok(Some(Arc::new(opened)))
}

/// What the engine has to know.
fn engine_config(paths: &Paths) -> EngineConfig {
    let authority = Some(Arc::new(AuthorityFile::new(paths.clone())) as Arc<dyn AuthorityKeeper>);
    // The file also takes the place of the system's authorities, which the platform's verifier sees to.
    let named_certificates = std::env::var_os("SSL_CERT_FILE").map(PathBuf::from);
    EngineConfig { authority, named_certificates, ..EngineConfig::default() }
}

fn os_variables() -> BTreeMap<String, String> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect()
}

/// Colours the terminal can show, as far as the environment tells.
fn colors() -> ColorDepth {
    let value = |name: &str| std::env::var(name).unwrap_or_default();
    let term = value("TERM");
    let many = ["256", "direct", "kitty", "alacritty", "ghostty", "wezterm"];
    if !value("NO_COLOR").is_empty() || term == "dumb" {
        ColorDepth::None
    } else if matches!(value("COLORTERM").as_str(), "truecolor" | "24bit") {
        ColorDepth::Direct
    } else if value("COLORTERM").is_empty() && !many.iter().any(|name| term.contains(name)) {
        ColorDepth::Sixteen
    } else {
        ColorDepth::Indexed
    }
}
