//! The HTTP relay: lets clients in by the one accept loop and passes each of their requests on, to
//! its target or to where the request says itself; what is answered goes back while it comes.
//!
//! ```text
//! client ─► accept loop ─► TLS? ─► [ head ─► judged ─► connected on ─► up ∥ down ]* ─► closed
//!                                     │ 400, 408, 431    │ 502, 504, 508
//!                                     └ CONNECT, 101: a tunnel, bytes both ways
//! ```
//!
//! Every request is an exchange; its request is what the client sent, its answer what the client got.

mod answered;
mod client_faults;
mod faulty_read;
mod faulty_write;
mod heads;
mod holding;
mod onward;
mod opened;
mod own_answer;
mod passed_on;
mod received;
mod rewriting;
mod route;
mod tunnel;
mod visitor;

use std::io;
use std::sync::Arc;
use std::sync::atomic::AtomicU32;

use bytes::Bytes;
use tokio::sync::watch;

use crate::engine::accept::{AcceptLoop, ListenerEvent};
use crate::engine::contracts::ContractSlot;
use crate::engine::event::{Event, Summary};
use crate::engine::faults::control::{FaultControl, FaultWatch};
use crate::engine::http::asked_rules::{AskedRules, RuleMemory};
use crate::engine::http::ending_order::EndingOrder;
use crate::engine::http::exchange_recorder::ExchangeRecorder;
use crate::engine::refusal;
use crate::engine::rewrites::RewriteControl;
use crate::engine::session::{SessionContext, SessionHandle};
use crate::engine::tls::opening::{self, Opener};
use crate::model::failure::{Failure, FailureKind, Stage};
use crate::model::plan::HttpRelayPlan;
use crate::model::protocol::{Protocol, Side};
use crate::model::record::{Direction, RecordKind};
use crate::os;
use crate::whole_file::ThrowAway;
use visitor::{Visitor, VisitorControl};

/// What a client gets that there is no place for (RFC 9110, section 15.6.4).
const FULL: &[u8] =
    b"HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain; charset=utf-8\r\n\
    Content-Length: 38\r\nRetry-After: 1\r\nConnection: close\r\n\r\n\
    all connections of this relay are used";

/// What the connections of a relay share.
struct HttpRelay {
    session: SessionHandle,
    /// Where requests go from now on.
    plan: watch::Sender<HttpRelayPlan>,
    /// The machine's own name, lower case; empty when it has none.
    machine: String,
    /// How it calls itself where it says that it passed something on.
    name: String,
    /// Numbers the exchanges of the session from 0, in order of arrival.
    requests: AtomicU32,
    /// Exchanges are told in the order in which they ended.
    endings: EndingOrder,
    /// What is changed of what is passed on.
    rewrites: RewriteControl,
    /// What is done to what clients say and get.
    faults: FaultWatch,
    /// How often rules answered, and what they set.
    memory: RuleMemory,
    /// Rules of the plan, ready to be asked.
    asked_rules: watch::Sender<Arc<AskedRules>>,
    /// What opens TLS, where hosts are named for that.
    opener: Option<Opener>,
    /// What exchanges are held against.
    contract: ContractSlot,
}

/// Runs the session to its end.
pub(crate) async fn run(plan: HttpRelayPlan, cx: SessionContext) -> Result<Summary, Failure> {
    let SessionContext { session, mut input, .. } = cx;
    let (own, words) = (session.clone(), Some(Bytes::from_static(FULL)));
    let kind = (Protocol::Http, Side::Relay);
    let mut accept =
        AcceptLoop::open(kind, &plan.bind, &plan.tls, &plan.socket, own, words).await?;
    session.holds.change(&plan.hold);
    let (opener, _certificate) = opener(&plan, &session)?.unzip();
    let contract = session.contract(plan.contract.as_deref()).await?;
    let (asked_rules, _) = watch::channel(Arc::new(AskedRules::new(&plan.rules)));
    let (plan, _) = watch::channel(plan);
    let rewrites = RewriteControl::new(&plan.borrow().rewrites, &session);
    let mut control = FaultControl::new(&plan.borrow().faults, &session);
    let relay = Arc::new(HttpRelay {
        name: session.relay.name(),
        session,
        asked_rules,
        plan,
        machine: os::host_name().unwrap_or_default().trim().to_ascii_lowercase(),
        requests: AtomicU32::new(0),
        endings: EndingOrder::default(),
        rewrites,
        faults: control.watch(),
        memory: RuleMemory::default(),
        opener,
        contract,
    });
    relay.tell_target();
    control.tell();
    loop {
        let happened = tokio::select! {
            happened = accept.next(&mut input) => happened,
            () = control.changed() => continue,
        };
        match happened {
            ListenerEvent::NewConn(new) => {
                // The accept loop of a relay gives one to everybody it lets in.
                let Some(pair) = new.pair else { continue };
                let control = VisitorControl::default();
                let (relay, own) = (Arc::clone(&relay), control.clone());
                accept.start(new, control, async move |accepted| {
                    Visitor::serve(relay, accepted, pair, own).await;
                });
            }
            ListenerEvent::Update(plan) => match plan.http_relay() {
                Some(plan) => {
                    control.change(&plan.faults);
                    relay.change(plan).await;
                }
                None => relay.session.events.refused(refusal::other_answers()),
            },
            ListenerEvent::Send { .. } => relay.refuse_line(),
            ListenerEvent::Over(words) => {
                relay.contract.tell_called(&relay.session);
                return Ok(Summary::of(words));
            }
        }
    }
}

/// What opens TLS, and the file with the certificate of its authority for clients to trust, where
/// nobody has made one: it goes with the session.
fn opener(
    plan: &HttpRelayPlan,
    session: &SessionHandle,
) -> Result<Option<(Opener, Option<ThrowAway>)>, Failure> {
    if plan.open.hosts.is_empty() {
        return Ok(None);
    }
    if let Some(authority) = &plan.open.authority {
        return Ok(Some((Opener::new(authority)?.with_key_log(session.tls.key_log()), None)));
    }
    let authority = opening::made()?;
    let failed = |error: io::Error| {
        let cause = format!("the certificate for clients cannot be written: {error}");
        Failure::new(Stage::Storage, "", FailureKind::Io, cause)
    };
    // The key is in memory alone.
    let pem = authority.certificate_pem.as_bytes();
    let file = ThrowAway::new("wirebench-opened-", ".pem", pem).map_err(failed)?;
    let text = format!(
        "the TLS of {} is opened with an authority of this run, good for a day; clients trust it by {}",
        plan.open.hosts.join(", "),
        file.path().display()
    );
    session.events.note(session.id.itself(), Direction::Local, RecordKind::Note, text.clone());
    session.events.event(Event::Authority(Ok(text)));
    Ok(Some((Opener::new(&authority)?.with_key_log(session.tls.key_log()), Some(file))))
}

impl HttpRelay {
    /// Holds an exchange that is over against the contract; a forward proxy only what is for its servers.
    async fn check(&self, recorder: &ExchangeRecorder, outcome: Result<(), ()>) {
        let is_proxy = self.plan.borrow().target.is_none();
        self.contract.check(recorder, &self.session.bodies, outcome, is_proxy).await;
    }

    fn refuse_line(&self) {
        let why = "a relay passes on what others say; it sends nothing of its own";
        self.session.events.refused(refusal::usage(why));
    }

    /// From now on by this plan.
    async fn change(&self, plan: HttpRelayPlan) {
        self.session.holds.change(&plan.hold);
        self.rewrites.change(&plan.rewrites);
        let changed = self.contract.change(plan.contract.as_deref()).await;
        changed.unwrap_or_else(|failure| self.session.events.refused(failure));
        let rules = AskedRules::new(&plan.rules);
        self.memory.changed(&rules);
        self.asked_rules.send_replace(Arc::new(rules));
        let target = plan.target.clone();
        if self.plan.send_replace(plan).target != target {
            self.tell_target();
        }
    }

    fn tell_target(&self) {
        let text = match &self.plan.borrow().target {
            Some(target) => format!("requests are passed on to {}", target.place()),
            None => "requests are passed on to where they say (a forward proxy)".to_owned(),
        };
        let itself = self.session.id.itself();
        self.session.events.note(itself, Direction::Local, RecordKind::Note, text);
    }
}
