//! The headless shell: `send` and `listen` without a screen.
//!
//! Called by `run` with a running engine. Each command composes a [`Spec`](crate::model::spec::Spec)
//! from the command line or a preset, plans it, opens one session and prints what happens until it
//! is over. Presets and environments are only read; the one thing kept is a new certificate
//! authority.

pub mod exit;
mod items;
mod listen;
pub mod output;
mod send;
mod stdin;
mod target;
mod text;

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::args::Task;
use crate::engine::command::CloseMode;
use crate::engine::event::Event;
use crate::engine::{EngineHandle, Events};
use crate::model::failure::{Failure, FailureKind, Stage};
use crate::model::id::SessionId;
use crate::model::plan::Plan;
use crate::store::Store;
use crate::store::job::{Job, KeyPem};
use crate::store::paths::Paths;

/// The one session of a command.
const SESSION: SessionId = SessionId(1);
/// How long the end of a session may take.
const CLOSING: Duration = Duration::from_secs(1);
/// How long keeping the certificate authority may take.
const STORE_SHUTDOWN: Duration = Duration::from_secs(5);

/// What a command works with.
pub struct Headless {
    pub engine: EngineHandle,
    pub events: Events,
    pub paths: Paths,
    /// Operating system environment, for `{{env.NAME}}`.
    pub os: BTreeMap<String, String>,
}

/// Runs a command to its end; returns the exit status.
pub async fn run(command: Task, mut headless: Headless) -> Result<u8, Failure> {
    match command {
        Task::Send(arguments) => send::run(&arguments, &mut headless).await,
        Task::Listen(arguments) => listen::run(&arguments, &mut headless).await,
    }
}

impl Headless {
    /// Opens the session; its events follow.
    fn open(&self, plan: Plan) -> Result<(), Failure> {
        let open = crate::engine::command::Command::Open { id: SESSION, plan: Box::new(plan) };
        self.engine.command(open)
    }

    /// The next fact; `None` when the engine is gone. A new certificate authority is kept on the
    /// way, so that the next run shows the same one.
    async fn next_event(&mut self) -> Option<Event> {
        loop {
            match self.events.facts.recv().await {
                Some(Event::AuthorityCreated(authority)) => {
                    let (store, _replies) = Store::start(self.paths.clone());
                    let job = Job::SaveAuthority {
                        certificate_pem: authority.certificate_pem,
                        key_pem: KeyPem(authority.key_pem),
                    };
                    if let Err(failure) = store.submit(job) {
                        output::complain(&failure);
                    }
                    store.shutdown(STORE_SHUTDOWN);
                }
                event => return event,
            }
        }
    }

    /// Ends the session and waits a moment for it; one that does not end in time ends with the
    /// program.
    async fn close(&mut self, how: CloseMode) {
        let order = crate::engine::command::Command::Close { id: SESSION, how };
        if let Err(failure) = self.engine.command(order) {
            output::complain(&failure);
            return;
        }
        let ended = async {
            while let Some(event) = self.next_event().await {
                if matches!(event, Event::Done { .. }) {
                    return;
                }
            }
        };
        let _ = tokio::time::timeout(CLOSING, ended).await;
    }
}

/// Ctrl+C and SIGTERM. Listened to from before the session opens, so that none is missed.
struct Interrupts {
    interrupt: Signal,
    terminate: Signal,
}

impl Interrupts {
    fn listen() -> Result<Self, Failure> {
        let listen = |kind| {
            signal(kind).map_err(|error| {
                Failure::new(Stage::Session, "signals", FailureKind::Io, error.to_string())
            })
        };
        Ok(Interrupts {
            interrupt: listen(SignalKind::interrupt())?,
            terminate: listen(SignalKind::terminate())?,
        })
    }

    /// Waits for one. Cancel-safe.
    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}
