//! Starting an engine, and what a shell holds of a running one. Called by the shells.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::body::BodyStore;
use super::budget::Budget;
use super::check_help;
use super::command::Command;
use super::contracts::Contracts;
use super::event::Event;
use super::facts::Facts;
use super::peers::PeerFinder;
use super::session::SessionEnv;
use super::sink::Sink;
use super::supervisor::Supervisor;
use super::tls::key_log::KeyLogFile;
use super::tls::store::TlsStore;
use super::transport::kept::KeptConnections;
use crate::model::authority::AuthorityKeeper;
use crate::model::failure::{Failure, FailureKind, Stage};
use crate::model::id::{BodyId, SessionId};
use crate::model::view::{ViewPart, ViewQuery};
use crate::query::{HelpWanted, Helped};

/// Orders waiting for the supervisor, which never waits for a socket: more means the shell sends
/// faster than a loop can route, and it is told so.
const COMMANDS: usize = 64;
/// Batches on their way to the shell: at 512 KiB each 4 MiB in flight, a frame of the screen at full
/// speed. What is freed by another thread than asked for it may be held twice by the allocator.
const FACTS: usize = 8;
/// The same where the shell does nothing but pass on the bytes of one stream: one more than it works at.
const FACTS_OF_A_PIPE: usize = 2;
/// Answers to the screen on their way: one window, one hit and one save are open at a time, the
/// rest are windows that grow.
const URGENT: usize = 64;

/// What an engine needs to know before it starts.
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
#[derive(Debug, Clone, Default)]
pub struct EngineConfig {
    /// Who keeps the installation's certificate authority; `None` = it lives as long as the engine.
    pub authority: Option<Arc<dyn AuthorityKeeper>>,
    /// Certificates of servers to trust as they are, a PEM file (see `engine::tls::verifier`).
    pub named_certificates: Option<PathBuf>,
    /// Where keys of TLS go; `None` = nowhere.
    pub key_log: Option<Arc<KeyLogFile>>,
    /// Folder for bodies that do not fit in memory; `None` = the system's temporary folder.
    pub spill_dir: Option<PathBuf>,
    /// Records of HTTP keep all bytes of a message, not only the first of it: they go to a file.
    pub keeps_whole: bool,
    /// What crosses sockets below TLS is told, too, with its keys.
    pub tells_ciphertext: bool,
    /// The shell passes on the bytes of one stream and does nothing else, so few facts ever wait for it.
    pub is_pipe: bool,
    /// Whose the peers of connections are is looked up and told.
    pub finds_peers: bool,
    /// HTTP clients keep connections for the next request to the same place, as far as that changes nothing but time.
    pub keeps_connections: bool,
    /// The program that filters JSON; `None` = this one.
    pub program: Option<PathBuf>,
}

/// The engine: only a way to start one.
#[derive(Debug)]
pub struct Engine;

/// What goes into a running engine. Clones speak to the same engine; nothing here waits.
#[derive(Debug, Clone)]
pub struct EngineHandle {
    commands: mpsc::Sender<Command>,
    bodies: BodyStore,
    stop: CancellationToken,
    tasks: TaskTracker,
    own: Sink,
    /// Not one that keeps the shell waiting for facts when all sessions have ended.
    facts: mpsc::WeakSender<VecDeque<Event>>,
}

/// What comes out of a running engine.
#[derive(Debug)]
pub struct Events {
    /// Everything sessions report, in order per session; records of all in order of their stamps.
    pub facts: Facts,
    /// `View`, `Found`, `Derived`, `BodySaved`: never behind traffic.
    pub urgent: mpsc::Receiver<Event>,
}

impl Engine {
    /// Starts an engine inside the current tokio runtime.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    #[must_use]
    pub fn start(config: EngineConfig) -> (EngineHandle, Events) {
        let (commands, command_queue) = mpsc::channel(COMMANDS);
        let on_their_way = if config.is_pipe { FACTS_OF_A_PIPE } else { FACTS };
        let (fact_sender, facts) = mpsc::channel(on_their_way);
        let (urgent_sender, urgent) = mpsc::channel(URGENT);
        let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
        let budget = Budget::of_process();
        let bodies = BodyStore::start(config.spill_dir, budget.clone(), urgent_sender);
        if let Some(program) = config.program {
            bodies.filter_with(program);
        }
        let told = fact_sender.downgrade();
        let own = Sink::new(SessionId(0))
            .keeping_whole(config.keeps_whole)
            .telling_ciphertext(config.tells_ciphertext);
        let tls =
            TlsStore::new(config.authority, config.named_certificates).with_key_log(config.key_log);
        let mut peers = PeerFinder::default();
        if config.finds_peers {
            let (finder, finding) = PeerFinder::new(stop.clone());
            tasks.spawn(finding);
            peers = finder;
        }
        let kept = KeptConnections::new(config.keeps_connections, tasks.clone(), stop.clone());
        let (bodies_too, stop_too) = (bodies.clone(), stop.clone());
        let contracts = Contracts::default();
        let env =
            SessionEnv { bodies: bodies_too, budget, tls, kept, contracts, peers, stop: stop_too };
        tasks.spawn(own.clone().pump(fact_sender, stop.clone()));
        tasks.spawn(Supervisor::new(own.clone(), env, tasks.clone()).run(command_queue));
        let events = Events { facts: Facts::new(facts), urgent };
        (EngineHandle { commands, bodies, stop, tasks, own, facts: told }, events)
    }
}

impl EngineHandle {
    /// Hands over an order; refused with kind `Busy` when the queue is full.
    pub fn command(&self, command: Command) -> Result<(), Failure> {
        self.commands.try_send(command).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => {
                Failure::new(Stage::Program, "", FailureKind::Busy, "too many orders at once")
                    .hint("try again")
            }
            mpsc::error::TrySendError::Closed(_) => stopped(),
        })
    }

    /// Hands over an order, and waits where many are handed over at once.
    ///
    /// # Errors
    /// The engine has stopped.
    pub(crate) async fn order(&self, command: Command) -> Result<(), Failure> {
        self.commands.send(command).await.map_err(|_| stopped())
    }

    /// Asks for the facts that wait for company, or for the next one, at once: the shell cannot go on
    /// without. To be asked for again after each batch.
    pub(crate) fn hurry(&self) {
        self.own.hurry();
    }

    /// Tells the shell something that no session said, such as what was captured before; waits until
    /// there is room, so it is for threads that may. Whether anybody listens.
    pub(crate) fn tell(&self, events: VecDeque<Event>) -> bool {
        self.facts.upgrade().is_some_and(|facts| facts.blocking_send(events).is_ok())
    }

    /// Keeps bytes as a body like those that come; may wait for the disk, so it is for threads that may.
    pub(crate) fn keep_body(&self, bytes: &[u8]) -> BodyId {
        self.bodies.keep(bytes)
    }

    /// Asks for a window of a body; answered by `Event::View` on `Events::urgent`.
    pub fn view(&self, query: ViewQuery) -> Result<(), Failure> {
        self.bodies.view(query)
    }

    /// Up to `count` bytes of a body from `at`; none where there are none (yet). May read from the
    /// disk, so it is for shells without a screen.
    pub(crate) fn read_body(
        &self,
        body: BodyId,
        part: ViewPart,
        at: u64,
        count: usize,
    ) -> std::io::Result<Vec<u8>> {
        self.bodies.read(body, part, at, count)
    }

    /// Does what looking at an answer needs; may take seconds, so it is for threads that may wait.
    pub(crate) fn help(&self, wanted: &[HelpWanted], body: &[u8]) -> Helped {
        if wanted.is_empty() {
            return Helped::default();
        }
        check_help::help(&self.bodies.filter_program(), wanted, body)
    }

    /// Ends every session at once and waits until all tasks are gone, at most `bound`; says whether
    /// they are.
    pub async fn shutdown(&self, bound: Duration) -> bool {
        self.stop.cancel();
        self.bodies.shut_down();
        self.tasks.close();
        tokio::time::timeout(bound, self.tasks.wait()).await.is_ok()
    }
}

fn stopped() -> Failure {
    Failure::new(Stage::Program, "", FailureKind::Internal, "the engine has stopped")
}
