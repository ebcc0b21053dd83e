//! The headless shell: `send`, `listen`, `relay` and others without a screen.
//!
//! Called by `run` with a running engine. Each command composes a [`Spec`](crate::model::spec::Spec)
//! from the command line or a preset, plans it, opens one session and prints what happens until it
//! is over. Presets and environments are only read, but by `import`, which adds some, and `readdress`, which changes some; what else is changed is
//! the certificate authority, by the engine for a listener or by its own command.
//!
//! Signals always win: nothing on the thread that awaits them waits for a pipe, a terminal or a
//! disk, and every wait is in a race with them.

mod asked_line;
mod authority;
mod brought_secrets;
mod captures;
mod colours;
mod completions;
mod cookies;
mod download;
mod download_names;
mod exec;
pub(crate) mod exit;
mod export;
mod faults;
mod headless;
mod import;
mod in_flight;
mod interrupts;
mod items;
mod let_through;
mod listen;
mod look;
mod message_lines;
mod name_sources;
mod open;
mod opened_filter;
mod opening;
pub(crate) mod output;
mod output_file;
mod progress;
mod readdress;
mod relay;
mod replay;
mod rewrites;
mod runs;
mod send;
mod show_env;
mod signal_name;
mod stdin;
mod target;
mod unmet;
mod wanted;

use crate::args::{self, Common, Task};
use crate::console;
use crate::model::failure::Failure;
use crate::store;
use crate::store::job::HistoryEntry;

pub use brought_secrets::BroughtSecrets;
pub use captures::{Captures, SeenExchanges, SeenTraffic};
pub use cookies::CommandCookies;
use download::Download;
pub use headless::Headless;
use headless::Interrupts;
pub use let_through::readable_filter;
use listen::ListenEnd;
pub use opening::opening;
use output::{Output, RunOutcome, Style};
use output_file::OutputFile;
use send::{Printing, SendEnd};

/// Runs a command to its end; returns the exit status.
pub async fn run(command: Task, mut headless: Headless) -> Result<u8, Failure> {
    let mut interrupts = Interrupts::listen()?;
    if let Some(common) = command.common() {
        headless.captures = Captures::named(&common)?;
    }
    match command {
        Task::Send(arguments) => run_send(&arguments, headless, interrupts).await,
        Task::Listen(arguments) => {
            let mut output = Output::new(&arguments.common, Style::Json);
            let listening = listen::run(&arguments, &mut headless, &mut output, &mut interrupts);
            let ended = Box::pin(listening).await;
            conclude(ended, headless.captures, output, interrupts).await
        }
        Task::Relay(arguments) => {
            let mut output = Output::new(&arguments.common, Style::Json);
            let relaying = relay::run(&arguments, &mut headless, &mut output, &mut interrupts);
            let ended = Box::pin(relaying).await;
            conclude(ended, headless.captures, output, interrupts).await
        }
        Task::Open(arguments) => {
            let mut output = Output::new(&Common::default(), Style::Json);
            output.style = Style::Json;
            let outcome = open::run(&arguments, &mut output, &mut interrupts).await;
            output.finish(outcome, &mut interrupts, 0).await
        }
        Task::Replay(arguments) => {
            let mut output = Output::new(&arguments.common, Style::Json);
            let saying = replay::run(&arguments, &mut headless, &mut output, &mut interrupts);
            let outcome = Box::pin(saying).await;
            let mut captures = headless.captures;
            captures.finish();
            let ended = output.finish(outcome, &mut interrupts, 0).await;
            captures.conclude(ended, &mut interrupts).await
        }
        Task::Run(arguments) => {
            let mut output = Output::new(&arguments.common(), Style::Json);
            let running = runs::run(&arguments, &mut headless, &mut output, &mut interrupts);
            let outcome = Box::pin(running).await;
            let mut captures = headless.captures;
            captures.finish();
            let ended = output.finish(outcome, &mut interrupts, 0).await;
            captures.conclude(ended, &mut interrupts).await
        }
        Task::Exec(arguments) => Box::pin(execute(*arguments, headless, interrupts)).await.0,
        Task::Import(arguments) => run_import(&arguments, &headless, interrupts).await,
        Task::Export(arguments) => run_export(&arguments, &headless, interrupts).await,
        Task::Readdress(arguments) => run_readdress(&arguments, &headless, interrupts).await,
        Task::Env(arguments) => {
            write_text(|output| show_env::run(&arguments, &headless, output), interrupts).await
        }
        Task::Authority { task } => {
            write_text(|output| authority::run(task.as_ref(), &headless, output), interrupts).await
        }
        Task::Completions(arguments) => {
            write_text(|output| completions::run(arguments, &headless, output), interrupts).await
        }
        Task::Man { command } => print_manual(command.as_deref(), interrupts).await,
    }
}

/// Runs a command that only writes text.
async fn write_text(
    write: impl FnOnce(&mut Output) -> Result<u8, Failure>,
    mut interrupts: Interrupts,
) -> Result<u8, Failure> {
    let mut output = Output::new(&Common::default(), Style::Text);
    output.style = Style::Text;
    let outcome = write(&mut output);
    output.finish(outcome.map(RunOutcome::Done), &mut interrupts, 0).await
}

/// Changes addresses.
async fn run_readdress(
    arguments: &args::Readdress,
    headless: &Headless,
    interrupts: Interrupts,
) -> Result<u8, Failure> {
    write_text(|output| readdress::run(arguments, headless, output), interrupts).await
}

async fn print_manual(command: Option<&str>, interrupts: Interrupts) -> Result<u8, Failure> {
    write_text(|output| completions::manual(command, output), interrupts).await
}

/// Runs a program for `exec --screen`: its exit status, and what is to be looked at now; nothing of one that
/// could not be started.
pub async fn watch_program(
    arguments: args::Exec,
    mut headless: Headless,
) -> Result<(u8, Option<Box<SeenTraffic>>), Failure> {
    let interrupts = Interrupts::listen()?;
    headless.captures = Captures::named(&arguments.common)?;
    headless.captures.seen = Some(Box::default());
    let (ended, seen) = Box::pin(execute(arguments, headless, interrupts)).await;
    ended.map(|status| (status, seen))
}

async fn execute(
    arguments: args::Exec,
    mut headless: Headless,
    mut interrupts: Interrupts,
) -> (Result<u8, Failure>, Option<Box<SeenTraffic>>) {
    let mut output = match exec::output(&arguments) {
        Ok(output) => output,
        Err(failure) => return (Err(failure), None),
    };
    let running = exec::run(arguments, &mut headless, &mut output, &mut interrupts);
    let ended = Box::pin(running).await;
    let seen = headless.captures.seen.take();
    (conclude(ended, headless.captures, output, interrupts).await, seen)
}

/// Imports, unless it is interrupted before anything is written.
async fn run_import(
    arguments: &args::Import,
    headless: &Headless,
    mut interrupts: Interrupts,
) -> Result<u8, Failure> {
    let mut output = Output::new(&Common::default(), Style::Text);
    let outcome = tokio::select! {
        biased;
        () = interrupts.next() => Ok(RunOutcome::Interrupted),
        ended = import::run(arguments, headless, &mut output) => ended.map(RunOutcome::Done),
    };
    output.finish(outcome, &mut interrupts, 0).await
}

/// Exports, unless it is interrupted.
async fn run_export(
    arguments: &args::Export,
    headless: &Headless,
    mut interrupts: Interrupts,
) -> Result<u8, Failure> {
    let mut output = Output::new(&Common::default(), Style::Text);
    output.style = Style::Text;
    let outcome = tokio::select! {
        biased;
        () = interrupts.next() => Ok(RunOutcome::Interrupted),
        ended = export::run(arguments, headless, &mut output) => ended.map(RunOutcome::Done),
    };
    output.finish(outcome, &mut interrupts, 0).await
}

/// Prints and writes the rest of what a listener saw.
async fn conclude(
    ended: ListenEnd,
    mut captures: Captures,
    output: Output,
    mut interrupts: Interrupts,
) -> Result<u8, Failure> {
    let ListenEnd { outcome, behind } = ended;
    // Before the last of it is waited for: it may go to standard output.
    captures.finish();
    let ended = output.finish(outcome.map(RunOutcome::Done), &mut interrupts, behind).await;
    captures.conclude(ended, &mut interrupts).await
}

/// Sends, prints, puts what is kept in its place, and then remembers it.
async fn run_send(
    arguments: &args::Send,
    mut headless: Headless,
    mut interrupts: Interrupts,
) -> Result<u8, Failure> {
    let named = arguments.saving.output.as_deref().filter(|name| *name != "-");
    let download = arguments.saving.download.then(|| Download::new(arguments));
    let file = named.filter(|_| download.is_none()).map(OutputFile::begin).transpose()?;
    let is_saved = file.is_some() || download.is_some();
    let output = match (&file, named) {
        (Some(file), Some(name)) => Output::to_file(file.file()?, name),
        _ => Output::looking(arguments, &headless.os),
    };
    let aside = is_saved.then(|| Output::aside(arguments, &headless.os));
    let mut printing = Printing { output, aside, download };
    let sending = send::run(arguments, &mut headless, &mut printing, &mut interrupts);
    let SendEnd { outcome, behind, entry, place } = Box::pin(sending).await;
    let Printing { output, download, .. } = printing;
    headless.captures.finish();
    let is_offline = arguments.offline;
    let mut ended = output.finish(outcome, &mut interrupts, behind).await;
    if !is_offline {
        ended = keep_cookies(&mut headless, ended).await;
    }
    if let Some(download) = download {
        ended = download.conclude(ended).await;
    }
    if let Some(file) = file {
        ended = file.conclude(ended).await;
    }
    let captures = std::mem::take(&mut headless.captures);
    ended = captures.conclude(ended, &mut interrupts).await;
    if let Some(entry) = entry {
        remember(entry, &headless, &mut interrupts).await;
    }
    if let Some(place) = place {
        place.keep(&mut headless, &mut interrupts).await;
    }
    ended
}

/// Keeps the cookies where that was asked for.
async fn keep_cookies(headless: &mut Headless, ended: Result<u8, Failure>) -> Result<u8, Failure> {
    let (cookies, paths) = (std::mem::take(&mut headless.cookies), headless.paths.clone());
    let now = headless.wall_seconds();
    let kept = tokio::task::spawn_blocking(move || cookies.keep(&paths, now)).await;
    let Ok(Err(failure)) = kept else { return ended };
    output::print_failure(&failure);
    ended.map(|status| status.max(exit::INTERRUPTED))
}

/// Adds what was sent to the history. Where that is not possible (no home, a full disk) the request has
/// been sent all the same: only who looks on is told.
async fn remember(entry: HistoryEntry, headless: &Headless, interrupts: &mut Interrupts) {
    let paths = headless.paths.clone();
    let kept = tokio::task::spawn_blocking(move || store::append_history(&paths, entry));
    let kept = tokio::select! {
        biased;
        () = interrupts.next() => return,
        kept = kept => kept,
    };
    if let (Ok(Err(failure)), true) = (kept, console::error_is_terminal()) {
        output::print_failure(&failure);
    }
}
