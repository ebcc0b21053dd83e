//! Composition root: reads arguments, starts engine and store, picks a shell.

use std::process::ExitCode;

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
    let outcome = tui::run(|| start(&mut runtime));
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
