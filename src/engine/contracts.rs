//! Contracts of sessions: `OpenAPI` documents that exchanges are held against when they are over.
//!
//! ```text
//!   open ─► Contracts (a document is read once, and again when its file changed)
//!   end of an exchange ─► ContractSlot::check ─► a blocking thread: bodies, Contract::check ─► Exchange::contract
//! ```
//! Called by clients, listeners and relays of HTTP behind their last byte, before the exchange is told, so nothing
//! that is received waits for it. Who takes longer than [`PATIENCE`] is let go of, and nothing more is checked.

use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::task::spawn_blocking;
use tokio::time::timeout;

use super::body::BodyStore;
use super::http::exchange_recorder::ExchangeRecorder;
use super::session::SessionHandle;
use crate::contract::{CHECKED_BODY, CONTRACT_LIMIT, Contract, MockAnswer, SeenBody, SeenMessage};
use crate::model::contract_facts::ContractFacts;
use crate::model::covered_operations::CoveredOperations;
use crate::model::exchange::{Exchange, ExchangeState, HttpMessage, StartLine};
use crate::model::failure::{Failure, FailureKind, Stage};
use crate::model::record::{Direction, RecordKind};
use crate::model::url_text::UrlText;
use crate::model::view::ViewPart;
use crate::named_file;

/// Longest that looking at one exchange may take.
const PATIENCE: Duration = Duration::from_secs(2);
/// Documents that are held ready.
const HELD: usize = 8;

/// Documents that were read, for all sessions of an engine.
#[derive(Debug, Clone, Default)]
pub(super) struct Contracts(Arc<Mutex<Vec<HeldContract>>>);

#[derive(Debug)]
struct HeldContract {
    path: PathBuf,
    /// Its files as they were.
    files: Vec<(PathBuf, FileVersion)>,
    read: Result<Arc<Contract>, Failure>,
}

/// By which a file is known to be the same.
type FileVersion = (u64, i64, i64, u64);

impl Contracts {
    /// The document of a file as it is now; blocks on the disk.
    fn current(&self, path: &Path) -> Result<Arc<Contract>, Failure> {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_same = |known: &&HeldContract| {
            let mut files = known.files.iter();
            known.path == path && files.all(|(file, version)| *version == version_of(file))
        };
        if let Some(known) = held.iter().find(is_same) {
            return known.read.clone();
        }
        let mut files = vec![(path.to_owned(), version_of(path))];
        let read = read(path, &mut files);
        held.retain(|known| known.path != path);
        if held.len() == HELD {
            held.remove(0);
        }
        held.push(HeldContract { path: path.to_owned(), files, read: read.clone() });
        read
    }
}

fn version_of(path: &Path) -> FileVersion {
    std::fs::metadata(path)
        .map_or((0, 0, 0, 0), |facts| (facts.ino(), facts.mtime(), facts.mtime_nsec(), facts.len()))
}

fn read(path: &Path, files: &mut Vec<(PathBuf, FileVersion)>) -> Result<Arc<Contract>, Failure> {
    let place = || path.display().to_string();
    let bytes = named_file::read(path, CONTRACT_LIMIT).map_err(|error| {
        let kind = match error.kind() {
            std::io::ErrorKind::NotFound => FailureKind::NotFound,
            std::io::ErrorKind::PermissionDenied => FailureKind::Permission,
            _ => FailureKind::Io,
        };
        Failure::new(Stage::Compose, place(), kind, format!("the contract cannot be read: {error}"))
    })?;
    let mut beside = |name: &str| {
        let folder = path.parent().unwrap_or(Path::new(""));
        let file = folder.join(name);
        files.push((file.clone(), version_of(&file)));
        named_file::read_below(folder, &file, CONTRACT_LIMIT)
    };
    Contract::read(&place(), &bytes, &mut beside).map(Arc::new).map_err(|why| {
        let cause = format!("the contract cannot be used: {why}");
        Failure::new(Stage::Compose, place(), FailureKind::Malformed, cause)
    })
}

/// The contract of a session, which may change while that runs.
#[derive(Debug, Default)]
pub(super) struct ContractSlot {
    contracts: Contracts,
    path: Mutex<Option<PathBuf>>,
    /// What was called since the session began.
    covered: Mutex<CoveredOperations>,
    gave_up: AtomicBool,
}

impl ContractSlot {
    /// With this file, if one is named.
    ///
    /// # Errors
    /// Why it cannot be used.
    pub(super) async fn open(contracts: &Contracts, path: Option<&Path>) -> Result<Self, Failure> {
        let slot = ContractSlot { contracts: contracts.clone(), ..ContractSlot::default() };
        slot.change(path).await?;
        Ok(slot)
    }

    /// From now on with this file.
    ///
    /// # Errors
    /// Why it cannot be used; it stays as it was.
    pub(super) async fn change(&self, path: Option<&Path>) -> Result<(), Failure> {
        if self.path().as_deref() == path {
            return Ok(());
        }
        if let Some(path) = path {
            let (contracts, path) = (self.contracts.clone(), path.to_owned());
            let read = spawn_blocking(move || contracts.current(&path)).await;
            if let Ok(contract) = read {
                self.covered().expect(contract?.known());
            }
        }
        *self.path() = path.map(Path::to_owned);
        self.gave_up.store(false, Ordering::Relaxed);
        Ok(())
    }

    fn covered(&self) -> MutexGuard<'_, CoveredOperations> {
        self.covered.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What was called of the document, for the end of a session that others call.
    pub(super) fn tell_called(&self, session: &SessionHandle) {
        let lines: Vec<String> = self.covered().lines().collect();
        for line in lines {
            let itself = session.id.itself();
            session.events.note(itself, Direction::Local, RecordKind::Note, line);
        }
    }

    fn path(&self) -> MutexGuard<'_, Option<PathBuf>> {
        self.path.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn in_force(&self) -> Option<PathBuf> {
        let path = self.path().clone();
        path.filter(|_| !self.gave_up.load(Ordering::Relaxed))
    }

    /// Looks at an exchange that is over; `may_be_elsewhere` = it may be for another server than the document is
    /// about, which it then says nothing of.
    pub(super) async fn check(
        &self,
        recorder: &ExchangeRecorder,
        bodies: &BodyStore,
        outcome: Result<(), ()>,
        may_be_elsewhere: bool,
    ) {
        let Some(path) = self.in_force() else { return };
        let exchange = recorder.edit(|exchange| exchange.clone());
        if let Some(facts) = &exchange.contract {
            self.covered().take(facts);
            return;
        }
        if is_no_message(&exchange) {
            return;
        }
        let (contracts, bodies) = (self.contracts.clone(), bodies.clone());
        let work = spawn_blocking(move || {
            let contract = match contracts.current(&path) {
                Ok(contract) => contract,
                Err(failure) => return Some(unchecked(failure.cause)),
            };
            if may_be_elsewhere && !contract.is_about(&exchange.url) {
                return None;
            }
            checked(&contract, &exchange, &bodies, outcome.is_ok())
        });
        let facts = if let Ok(facts) = timeout(PATIENCE, work).await {
            facts.unwrap_or_else(|_| Some(unchecked("an internal error".to_owned())))
        } else {
            self.gave_up.store(true, Ordering::Relaxed);
            let seconds = PATIENCE.as_secs();
            Some(unchecked(format!("it takes longer than {seconds} s; no more is checked")))
        };
        if let Some(facts) = facts {
            self.covered().take(&facts);
            recorder.edit(|exchange| exchange.contract = Some(Arc::new(facts)));
        }
    }

    /// What the document answers to the request of an exchange; `None` = there is none in force.
    pub(super) async fn answer(
        &self,
        recorder: &ExchangeRecorder,
        bodies: &BodyStore,
    ) -> Option<Result<MockAnswer, Failure>> {
        let path = self.in_force()?;
        let exchange = recorder.edit(|exchange| exchange.clone());
        let (contracts, bodies) = (self.contracts.clone(), bodies.clone());
        let work = spawn_blocking(move || {
            let contract = contracts.current(&path)?;
            let url = asked_url(&exchange);
            let body = seen(&exchange.request, &bodies);
            Ok(contract.mocked(&url, &exchange.request.head, &body))
        });
        let late = || {
            let cause = "the answer of the contract takes too long";
            Err(Failure::new(Stage::Program, "", FailureKind::Busy, cause))
        };
        Some(match timeout(PATIENCE, work).await {
            Ok(answer) => answer.unwrap_or_else(|_| late()),
            Err(_) => late(),
        })
    }
}

/// Whether an exchange has no request that could be looked at, or became a tunnel.
fn is_no_message(exchange: &Exchange) -> bool {
    let StartLine::Request { method, .. } = &exchange.request.head.start else { return true };
    method == "CONNECT"
}

/// The URL of a request, also before it is known whole.
fn asked_url(exchange: &Exchange) -> String {
    if !exchange.url.is_empty() {
        return exchange.url.clone();
    }
    match &exchange.request.head.start {
        StartLine::Request { target, .. } => {
            let path = UrlText::literal(target);
            if path.scheme.is_empty() {
                format!("http://localhost{target}")
            } else {
                target.clone()
            }
        }
        _ => String::new(),
    }
}

fn checked(
    contract: &Contract,
    exchange: &Exchange,
    bodies: &BodyStore,
    is_whole: bool,
) -> Option<ContractFacts> {
    let request = seen(&exchange.request, bodies);
    let answer = exchange.response.as_ref().filter(|answer| {
        // What broke off says nothing about what it would have been.
        let is_whole = is_whole && !matches!(exchange.state, ExchangeState::Failed(_));
        is_whole && answer.head.status().is_some_and(|status| status != 101)
    });
    let body = answer.map(|answer| seen(answer, bodies));
    let answer = answer.zip(body.as_ref());
    let answer = answer.map(|(answer, body)| SeenMessage { head: &answer.head, body });
    let request = SeenMessage { head: &exchange.request.head, body: &request };
    contract.check(&asked_url(exchange), request, answer)
}

/// The body of a message, as far as it is looked at.
fn seen(message: &HttpMessage, bodies: &BodyStore) -> SeenBody {
    let facts = &message.body;
    if let Some(why) = facts.undecoded() {
        return SeenBody::Unknown(why);
    }
    // What we send is kept as it goes out.
    let is_packed = facts.codings.is_empty() && message.head.field("content-encoding").is_some();
    if is_packed && facts.decoded_len > 0 {
        return SeenBody::Unknown("the body is packed (Content-Encoding)".to_owned());
    }
    if facts.decoded_len > CHECKED_BODY {
        return SeenBody::TooLong(facts.decoded_len);
    }
    let length = usize::try_from(facts.decoded_len).unwrap_or_default();
    match bodies.read(facts.id, ViewPart::Decoded, 0, length) {
        Ok(bytes) if bytes.len() == length => SeenBody::Whole(bytes),
        Ok(_) => SeenBody::Unknown("the body is not kept".to_owned()),
        Err(error) => SeenBody::Unknown(format!("the body cannot be read: {error}")),
    }
}

fn unchecked(why: String) -> ContractFacts {
    ContractFacts { unchecked: vec![why], ..ContractFacts::default() }
}
