//! A TCP or TLS listener: holds one conversation per connection that the accept loop lets in.

use bytes::Bytes;
use tokio::sync::watch;

use crate::engine::accept::{AcceptLoop, ListenerEvent, NewConn};
use crate::engine::conversation::ConnSetup;
use crate::engine::conversation::conn_handle::{ConnHandle, channel};
use crate::engine::conversation::script::Script;
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
    rules: watch::Sender<Rules>,
}

/// Runs the session to its end.
pub(crate) async fn run(plan: TcpListenerPlan, cx: SessionContext) -> Result<Summary, Failure> {
    let SessionContext { session, mut input, .. } = cx;
    let rules = Rules::new(plan.rules)
        .inspect_err(|failure| session.events.failed(session.id.itself(), failure))?;
    let own = session.clone();
    let kind = (Protocol::Tcp, Side::Listener);
    let accept = AcceptLoop::open(kind, &plan.bind, &plan.tls, &plan.socket, own, None).await?;
    let (rules, _) = watch::channel(rules);
    let mut listener = StreamListener { session, accept, greeting: plan.greeting, rules };
    loop {
        let done = match listener.accept.next(&mut input).await {
            ListenerEvent::NewConn(new) => {
                listener.open(new);
                Ok(())
            }
            ListenerEvent::Send { conn: Some(conn), data } => {
                listener.accept.control(conn).and_then(|control| control.send(data))
            }
            ListenerEvent::Send { conn: None, data } => listener.send_to_all(&data).await,
            ListenerEvent::Update(plan) => listener.update(*plan),
            ListenerEvent::Over(words) => return Ok(Summary::of(words)),
        };
        done.unwrap_or_else(|failure| listener.session.events.refused(failure));
    }
}

impl StreamListener {
    fn open(&mut self, new: NewConn) {
        let peer = new.peer.to_string();
        let (handle, orders) = channel(&peer);
        let setup = ConnSetup {
            session: self.session.clone(),
            conn: new.conn,
            peer,
            orders,
            rules: self.rules.subscribe(),
            script: Script::default(),
        };
        let greeting = self.greeting.clone();
        self.accept.start(new, handle, async move |accepted| {
            // How it ended is recorded.
            let _ = setup.run(accepted.stream, greeting).await;
        });
    }

    /// Every connection that can take it gets it, one after the other; the others are named.
    async fn send_to_all(&self, data: &Bytes) -> Result<(), Failure> {
        let mut controls = self.accept.controls().peekable();
        if controls.peek().is_none() {
            let failure =
                Failure::new(Stage::Send, "", FailureKind::NotFound, "nobody is connected");
            return Err(failure.hint("wait for a client"));
        }
        for control in controls {
            if let Err(failure) = control.send(data.clone()) {
                self.session.events.refused(failure);
            }
            // The task that was woken runs first: else the last one woken would be the first to send.
            tokio::task::yield_now().await;
        }
        Ok(())
    }

    fn update(&mut self, plan: Plan) -> Result<(), Failure> {
        let plan = plan.tcp_listener().ok_or_else(refusal::other_answers)?;
        let rules = Rules::new(plan.rules)?.following(&self.rules.borrow());
        self.greeting = plan.greeting;
        self.rules.send_replace(rules);
        let text = "the answers were changed";
        let itself = self.session.id.itself();
        self.session.events.note(itself, Direction::Local, RecordKind::Note, text);
        Ok(())
    }
}
