//! Composition root: reads arguments, starts engine and store, picks a shell.

use std::process::ExitCode;

use crate::app::{Startup, Theme};
use crate::engine::{Engine, EngineConfig};
use crate::model::failure::Failure;
use crate::tui::{self, Services};

/// Threads of the engine: one for sockets, one for bodies.
const ENGINE_THREADS: usize = 2;

/// Runs the program.
#[must_use]
#[expect(clippy::print_stderr, reason = "wip")]
pub fn run() -> ExitCode {
    let mut runtime = None;
    let outcome = tui::run(startup(), || start(&mut runtime));
    if let Some(runtime) = runtime {
        runtime.shutdown_background();
    }
    match outcome {
        Ok(status) => ExitCode::from(status),
        Err(failure) => {
            eprintln!("wirebench: {failure}");
            ExitCode::from(2)
        }
    }
}

fn startup() -> Startup {
    let os = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect();
    Startup { os, theme: theme(), ..Startup::default() }
}

/// Colours the terminal can show, as far as the environment tells.
fn theme() -> Theme {
    let set = |name: &str| std::env::var(name).unwrap_or_default();
    let term = set("TERM");
    if !set("NO_COLOR").is_empty() || term == "dumb" {
        Theme::Plain
    } else if set("COLORTERM").is_empty() && !term.contains("256") && !term.contains("direct") {
        Theme::Sixteen
    } else {
        Theme::Dark
    }
}

fn start(runtime: &mut Option<tokio::runtime::Runtime>) -> Result<Services, Failure> {
    let built = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(ENGINE_THREADS)
        .thread_name("engine")
        .enable_all()
        .build()
        .unwrap();
    let guard = built.enter();
    let (engine, events) = Engine::start(EngineConfig::default());
    drop(guard);
    *runtime = Some(built);
    let (_sender, replies) = tokio::sync::mpsc::channel(1);
    Ok(Services { engine, events, store: tui::placeholder::StoreHandle, replies })
}
