//! A TCP or TLS listener: holds one conversation per connection that the accept loop lets in.

use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::watch;

use crate::engine::accept::{AcceptLoop, Arrival, GuestOrder, Listening, Newcomer};
use crate::engine::conversation::conn_handle::{ConnHandle, line};
use crate::engine::conversation::script::Script;
use crate::engine::conversation::{AfterPeer, ConnSetup};
use crate::engine::event::Summary;
use crate::engine::refusal;
use crate::engine::rules::Rules;
use crate::engine::session::{SessionContext, SessionHandle};
use crate::model::failure::{Failure, FailureKind, Stage};
use crate::model::plan::{Plan, TcpListenerPlan};
use crate::model::protocol::{Protocol, Side};
use crate::model::record::{Direction, RecordKind};

struct StreamListener {
    session: SessionHandle,
    accept: AcceptLoop<ConnHandle>,
    greeting: Bytes,
    rules: watch::Sender<Arc<Rules>>,
}

/// Runs the session to its end.
pub(crate) async fn run(plan: TcpListenerPlan, cx: SessionContext) -> Result<Summary, Failure> {
    let SessionContext { session, mut input } = cx;
    let rules = Rules::new(plan.rules)
        .inspect_err(|failure| session.events.failed(session.id.itself(), failure))?;
    let what = Listening {
        protocol: Protocol::Tcp,
        side: Side::Listener,
        bind: &plan.bind,
        tls: &plan.tls,
        keep_alive: plan.keep_alive,
    };
    let accept = AcceptLoop::open(&what, session.clone())?;
    let (rules, _) = watch::channel(Arc::new(rules));
    let mut listener = StreamListener { session, accept, greeting: plan.greeting, rules };
    loop {
        match listener.accept.next(&mut input).await {
            Arrival::Newcomer(newcomer) => listener.welcome(newcomer),
            Arrival::Order(order) => {
                if let Err(failure) = listener.handle_command(order) {
                    listener.session.events.refused(failure);
                }
            }
            Arrival::Over(words) => return Ok(Summary::of(words)),
        }
    }
}

impl StreamListener {
    fn welcome(&mut self, newcomer: Newcomer) {
        let peer = newcomer.peer.to_string();
        let (handle, orders) = line(&peer);
        let setup = ConnSetup {
            session: self.session.clone(),
            conn: newcomer.conn,
            peer,
            orders,
            rules: self.rules.subscribe(),
            script: Script::default(),
            after_peer: AfterPeer::CloseWhenAnswered,
        };
        let greeting = self.greeting.clone();
        self.accept.start(newcomer, handle, async move |accepted| {
            setup.run(accepted.stream, greeting).await;
        });
    }

    fn handle_command(&mut self, order: GuestOrder) -> Result<(), Failure> {
        match order {
            GuestOrder::Send { conn: Some(conn), data } => self.accept.guest(conn)?.send(data),
            GuestOrder::Send { conn: None, data } => self.send_to_all(&data),
            GuestOrder::Update(plan) => self.update(*plan),
        }
    }

    /// Every connection that can take it gets it; the others are named.
    fn send_to_all(&self, data: &Bytes) -> Result<(), Failure> {
        let mut sent = self.accept.guests().map(|guest| guest.send(data.clone())).peekable();
        if sent.peek().is_none() {
            let failure =
                Failure::new(Stage::Send, "", FailureKind::NotFound, "nobody is connected");
            return Err(failure.hint("wait for a client"));
        }
        sent.filter_map(Result::err).for_each(|failure| self.session.events.refused(failure));
        Ok(())
    }

    fn update(&mut self, plan: Plan) -> Result<(), Failure> {
        let plan = plan.tcp_listener().ok_or_else(refusal::other_answers)?;
        let rules = Rules::new(plan.rules)?;
        self.greeting = plan.greeting;
        self.rules.send_replace(Arc::new(rules));
        let text = "the answers were changed";
        let itself = self.session.id.itself();
        self.session.events.note(itself, Direction::Local, RecordKind::Note, text);
        Ok(())
    }
}
