//! A TCP or TLS client session: connect, do the steps, then talk until either side has enough.

use bytes::Bytes;
use tokio::sync::watch;

use crate::engine::accept::ConnControl as _;
use crate::engine::command::CloseMode;
use crate::engine::conversation::ConnSetup;
use crate::engine::conversation::conn_handle::{ConnHandle, channel};
use crate::engine::conversation::script::Script;
use crate::engine::event::{Phase, Summary};
use crate::engine::refusal;
use crate::engine::rules::Rules;
use crate::engine::session::{SessionContext, SessionHandle, SessionInput};
use crate::engine::transport::dial::{self, Dial};
use crate::engine::transport::tunnel;
use crate::model::dialled::Dialled;
use crate::model::failure::{Failure, Stage};
use crate::model::id::ConnId;
use crate::model::plan::TcpPlan;
use crate::model::protocol::Protocol;
use crate::model::record::{Direction, RecordKind};

/// Runs the session to its end.
pub(crate) async fn run(plan: TcpPlan, mut cx: SessionContext) -> Result<Summary, Failure> {
    let (session, peer) = (cx.session.clone(), plan.endpoint.to_string());
    let conn = session.next_conn();
    let proxy = tunnel::of_conversation(&plan)?;
    let dial = Dial {
        conn,
        protocol: Protocol::Tcp,
        endpoint: &plan.endpoint,
        tls: &plan.tls,
        alpn: &[],
        timeout: plan.connect_timeout,
        socket: &plan.socket,
        client: &plan.client,
        proxy: proxy.as_ref(),
        pair: None,
    };
    let Some((stream, facts)) = cx.prepare(dial::connect(dial, &session)).await else {
        return Err(refusal::cancelled(Stage::Connect, peer, "cancelled while connecting"));
    };
    let stream = stream.inspect_err(|failure| {
        let (way, kind) = (Direction::Local, RecordKind::Failed);
        session.events.note(conn, way, kind, facts.words(failure));
    })?;
    let (lookup, connect, tunnel) = (facts.lookup, facts.connect, facts.tunnel);
    let tls = facts.tls_facts.clone();
    session.events.dialled(conn, Dialled { lookup, connect, tunnel, tls });
    if let (Some(local), Some(peer)) = (facts.local.clone(), facts.peer.clone()) {
        session.events.phase(Phase::Connected { local, peer });
    }

    let (handle, orders) = channel(&peer);
    let (_, rules) = watch::channel(Rules::default());
    let setup = ConnSetup {
        session: session.clone(),
        conn,
        peer,
        orders,
        rules,
        script: Script::new(plan.steps),
    };
    let talking = setup.run(stream, Bytes::new());
    tokio::pin!(talking);
    loop {
        tokio::select! {
            ended = &mut talking => return ended.map(Summary::of),
            order = cx.next() => match order {
                Some(order) => handle_command(order, conn, &handle, &session),
                None => session.cancel.cancel(),
            },
        }
    }
}

/// Hands an order of a client's session to its one connection.
pub(super) fn handle_command(
    order: SessionInput,
    conn: ConnId,
    handle: &ConnHandle,
    session: &SessionHandle,
) {
    let refused = match order {
        SessionInput::Send { conn: Some(other), .. }
            if other != conn && other != session.id.itself() =>
        {
            Err(refusal::unknown(other))
        }
        // One that is over needs no end.
        SessionInput::End { conn: other, .. } if other != conn && other != session.id.itself() => {
            Ok(())
        }
        SessionInput::Send { data, .. } => handle.send(data),
        SessionInput::End { how, .. } | SessionInput::Close(how) => {
            if how == CloseMode::Close {
                session.events.phase(Phase::Closing);
            }
            handle.end(how);
            Ok(())
        }
        SessionInput::Update(_) => Err(refusal::usage("a client has no answers to change")),
    };
    refused.unwrap_or_else(|failure| session.events.refused(failure));
}
