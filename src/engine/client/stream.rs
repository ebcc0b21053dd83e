//! A TCP or TLS client session: connect, do the steps, then talk until either side has enough.

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::{mpsc, watch};

use crate::engine::accept::Guest as _;
use crate::engine::command::CloseMode;
use crate::engine::conversation::conn_handle::{ConnHandle, line};
use crate::engine::conversation::script::Script;
use crate::engine::conversation::{AfterPeer, ConnSetup, Ended};
use crate::engine::event::{Phase, Summary};
use crate::engine::refusal;
use crate::engine::rules::Rules;
use crate::engine::session::{INPUTS, SessionContext, SessionHandle, SessionInput};
use crate::engine::transport::dial::{self, ConnectError, Connected, Dial};
use crate::model::failure::{Failure, Stage};
use crate::model::id::ConnId;
use crate::model::plan::TcpPlan;
use crate::model::protocol::Protocol;
use crate::model::record::{Direction, RecordKind};
use crate::model::tls::CertificateFacts;

/// Runs the session to its end.
pub(crate) async fn run(plan: TcpPlan, cx: SessionContext) -> Result<Summary, Failure> {
    let SessionContext { session, mut input } = cx;
    let mut early = VecDeque::new();
    let conn = session.next_conn();
    let connection = connect(&plan, (&session, conn), &mut input, &mut early).await?;
    if let (Some(local), Some(peer)) = (connection.facts.local, connection.facts.peer) {
        session.events.phase(Phase::Connected { local, peer });
    }

    let peer = plan.endpoint.to_string();
    let (line, orders) = line(&peer);
    let (_, rules) = watch::channel(Arc::new(Rules::default()));
    let talk = ConnSetup {
        session: session.clone(),
        conn,
        peer,
        orders,
        rules,
        script: Script::new(plan.steps),
        after_peer: AfterPeer::StayOpen,
    };
    for order in early {
        handle_command(order, conn, &line, &session);
    }
    let talking = talk.run(connection.stream, Bytes::new());
    tokio::pin!(talking);
    loop {
        tokio::select! {
            ended = &mut talking => return outcome(ended),
            order = input.recv() => match order {
                Some(order) => handle_command(order, conn, &line, &session),
                None => session.cancel.cancel(),
            },
        }
    }
}

/// Connects, while a close or cancel ends the attempt and other orders are kept for later.
async fn connect(
    plan: &TcpPlan,
    (session, conn): (&SessionHandle, ConnId),
    input: &mut mpsc::Receiver<SessionInput>,
    early: &mut VecDeque<SessionInput>,
) -> Result<Connected, Failure> {
    let dial = Dial {
        conn,
        protocol: Protocol::Tcp,
        endpoint: &plan.endpoint,
        tls: &plan.tls,
        alpn: &[],
        timeout: plan.connect_timeout,
    };
    let connecting = dial::connect(dial, session);
    tokio::pin!(connecting);
    loop {
        tokio::select! {
            biased;
            () = session.cancel.cancelled() => return Err(cancelled(plan)),
            connected = &mut connecting => {
                return connected.map_err(|error| refuse(session, conn, *error));
            }
            order = input.recv(), if early.len() < INPUTS => match order {
                None | Some(SessionInput::Close(_) | SessionInput::End { .. }) => {
                    return Err(cancelled(plan));
                }
                Some(order) => early.push_back(order),
            },
        }
    }
}

fn cancelled(plan: &TcpPlan) -> Failure {
    refusal::cancelled(Stage::Connect, plan.endpoint.to_string(), "cancelled while connecting")
}

/// Records why there is no connection, with the chain if that is the reason.
fn refuse(session: &SessionHandle, conn: ConnId, error: ConnectError) -> Failure {
    let ConnectError { failure, facts } = error;
    let mut text = failure.to_string();
    for (depth, certificate) in facts.tls_facts.iter().flat_map(|facts| &facts.chain).enumerate() {
        // Writing to a string cannot fail.
        let _ = write!(text, "\n{depth}: {}", describe(certificate));
    }
    session.events.note(conn, Direction::Local, RecordKind::Failed, text);
    failure
}

fn describe(certificate: &CertificateFacts) -> String {
    let names = match certificate.names.as_slice() {
        [] => String::new(),
        names => format!(" for {}", names.join(", ")),
    };
    format!(
        "{}{names}, issued by {}, valid {} to {}, SHA-256 {}",
        certificate.subject,
        certificate.issuer,
        certificate.not_before,
        certificate.not_after,
        certificate.sha256
    )
}

/// Hands an order of the session to its one connection.
fn handle_command(order: SessionInput, conn: ConnId, line: &ConnHandle, session: &SessionHandle) {
    let refused = match order {
        SessionInput::Send { conn: Some(other), .. } | SessionInput::End { conn: other, .. }
            if other != conn && other != session.id.itself() =>
        {
            Err(refusal::unknown(other))
        }
        SessionInput::Send { data, .. } => line.send(data),
        SessionInput::End { how, .. } | SessionInput::Close(how) => {
            if how == CloseMode::Close {
                session.events.phase(Phase::Closing);
            }
            line.end(how);
            Ok(())
        }
        SessionInput::Update(_) => Err(refusal::usage("a client has no answers to change")),
    };
    if let Err(failure) = refused {
        session.events.refused(failure);
    }
}

fn outcome(ended: Ended) -> Result<Summary, Failure> {
    match ended.failure {
        Some(failure) => Err(failure),
        None => Ok(Summary::of(ended.words)),
    }
}
