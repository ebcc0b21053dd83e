//! What every command works with: the engine, its events and signals.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio::signal::unix::{SignalKind, signal};

use super::output;
use crate::args::Common;
use crate::engine::command::{CloseMode, Command};
use crate::engine::event::Event;
use crate::engine::{EngineHandle, Events};
use crate::interop::ndjson;
use crate::model::exchange::{Exchange, HttpMessage};
use crate::model::failure::{Failure, FailureKind, Stage};
use crate::model::id::{BodyId, SessionId};
use crate::model::plan::Plan;
use crate::model::preset::Scope;
use crate::model::secrets::Disclosure;
use crate::model::view::ViewPart;
use crate::store::paths::Paths;

/// The one session of a command.
pub(super) const SESSION: SessionId = SessionId(1);
/// How long the end of a session may take.
const CLOSING: Duration = Duration::from_secs(1);

/// Bytes of a body put into a JSON line; what is longer is cut there, its length is told.
const JSON_BODY: usize = 16 * 1024 * 1024;

/// What a command works with.
pub struct Headless {
    pub engine: EngineHandle,
    pub events: Events,
    pub paths: Paths,
    /// Operating system environment, for `{{env.NAME}}`.
    pub os: BTreeMap<String, String>,
    /// What is told of secrets.
    pub told: Disclosure,
}

impl Headless {
    /// Hides the secrets of a scope in all that is told from now on, unless they are asked for.
    pub(super) fn hide(&mut self, scope: &Scope, common: &Common) {
        self.told = if common.with_secrets {
            Disclosure::Everything
        } else {
            Disclosure::Hiding(scope.hidden())
        };
    }

    /// Opens the session; its events follow.
    pub(super) fn open(&self, plan: Plan) -> Result<(), Failure> {
        let (plan, secrets) = (Box::new(plan), self.told.hidden());
        self.engine.command(Command::Open { id: SESSION, plan, secrets })
    }

    /// The next fact; `None` when the engine is gone. What is said of the certificate authority goes
    /// to standard error on the way.
    pub(super) async fn next_event(&mut self) -> Option<Event> {
        loop {
            match self.events.facts.recv().await {
                Some(Event::Authority(Ok(words))) => output::note(&words),
                Some(Event::Authority(Err(failure))) => output::complain(&failure),
                event => return event,
            }
        }
    }

    /// Up to `count` bytes of a decoded body; none past its end, or where it does not go on yet.
    pub(super) fn read_body(
        &self,
        body: BodyId,
        at: u64,
        count: usize,
    ) -> Result<Vec<u8>, Failure> {
        let read = self.engine.read_body(body, ViewPart::Decoded, at, count);
        read.map_err(|e| Failure::new(Stage::Body, "body", FailureKind::Io, e.to_string()))
    }

    /// The JSON line of an exchange with its bodies.
    pub(super) fn exchange_line(&self, exchange: &Exchange) -> String {
        let read = |message: &HttpMessage| {
            self.read_body(message.body.id, 0, JSON_BODY).unwrap_or_default()
        };
        let request = read(&exchange.request);
        let response = exchange.response.as_ref().map(read);
        let bodies = ndjson::Bodies { request: Some(&request), response: response.as_deref() };
        ndjson::exchange(exchange, bodies, &self.told)
    }

    /// Ends the session and waits a moment for it; one that does not end in time ends with the
    /// program.
    pub(super) async fn close(&mut self, how: CloseMode) {
        if let Err(failure) = self.engine.command(Command::Close { id: SESSION, how }) {
            output::complain(&failure);
            return;
        }
        let ended =
            async { while !matches!(self.next_event().await, Some(Event::Done { .. }) | None) {} };
        let _ = tokio::time::timeout(CLOSING, ended).await;
    }
}

/// Waits for Ctrl+C or SIGTERM. Both are listened to from the call on, before the session opens, so
/// that none is missed; fails when the system refuses a handler.
pub(super) fn interrupted() -> Result<BoxFuture<'static, ()>, Failure> {
    let listen = |kind| {
        signal(kind).map_err(|error| {
            Failure::new(Stage::Session, "signals", FailureKind::Io, error.to_string())
        })
    };
    let mut interrupt = listen(SignalKind::interrupt())?;
    let mut terminate = listen(SignalKind::terminate())?;
    Ok(Box::pin(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    }))
}
