//! A WebSocket client session: the handshake, which is an exchange like any other, then the conversation that it
//! leads to.
//!
//! ```text
//! request ─► 401, redirect ─► request ... ─► 101 ─► checked ─► messages
//! ```

use bytes::Bytes;
use tokio::sync::watch;

use super::http::upgrade::{UpgradeSlot, UpgradedStream};
use super::{http, stream};
use crate::codec::http1::status::SWITCHING;
use crate::codec::printable::printable;
use crate::engine::conversation::conn_handle::channel;
use crate::engine::conversation::script::Script;
use crate::engine::event::{Phase, Summary};
use crate::engine::rules::Rules;
use crate::engine::session::{SessionContext, SessionHandle};
use crate::engine::web_socket::WsSetup;
use crate::engine::web_socket::agreed::{AgreedTalk, agreed};
use crate::model::dialled::Dialled;
use crate::model::exchange::{Head, StartLine};
use crate::model::failure::{Failure, FailureKind, Stage};
use crate::model::plan::WsPlan;
use crate::model::protocol::{Protocol, Side};
use crate::model::record::{ConnInfo, Direction, RecordKind};
use crate::model::tls::ClientTls;

/// Runs the session to its end.
pub(crate) async fn run(plan: WsPlan, mut cx: SessionContext) -> Result<Summary, Failure> {
    let session = cx.session.clone();
    let url = plan.url();
    let slot = UpgradeSlot::default();
    let head = Box::pin(http::upgraded(plan.handshake, &mut cx, &slot)).await?;
    let Some(mut upgraded) = slot.take() else { return Err(refused(&url, &head)) };
    let talk = match agreed(&upgraded.asked, &head) {
        Ok(talk) => talk,
        Err(why) => return Err(disagreed(&session, &url, upgraded, why)),
    };
    let (conn, recorder) = (upgraded.conn, upgraded.recorder.take());
    tell(&session, &upgraded, &talk);
    let (handle, orders) = channel(&url);
    let (_, rules) = watch::channel(Rules::default());
    let setup = WsSetup {
        session: session.clone(),
        conn,
        peer: url,
        is_client: true,
        orders,
        rules,
        script: Script::new(plan.steps),
        talk: plan.talk,
        packed: talk.packed,
    };
    let handle = handle.taking_empty();
    let talking = setup.run(upgraded.stream, upgraded.rest, Bytes::new());
    tokio::pin!(talking);
    loop {
        tokio::select! {
            ended = &mut talking => {
                if let Some(recorder) = recorder {
                    recorder.close(Ok(()));
                }
                session.events.retire(conn);
                return ended.map(Summary::of);
            }
            order = cx.next() => match order {
                Some(order) => stream::handle_command(order, conn, &handle, &session),
                None => session.cancel.cancel(),
            },
        }
    }
}

/// The connection is another one from now on.
fn tell(session: &SessionHandle, upgraded: &UpgradedStream, talk: &AgreedTalk) {
    let UpgradedStream { conn, facts, tls, .. } = upgraded;
    session.introduce(&ConnInfo {
        local: facts.local.clone(),
        peer: facts.peer.clone(),
        tls: *tls != ClientTls::Off,
        ..ConnInfo::new(*conn, Protocol::Ws, Side::Client)
    });
    // It is what the server said.
    let (way, kind) = (Direction::Received, RecordKind::Note);
    session.events.note(*conn, way, kind, talk.words());
    let (lookup, connect, tunnel) = (facts.lookup, facts.connect, facts.tunnel);
    let tls = facts.tls_facts.clone();
    session.events.dialled(*conn, Dialled { lookup, connect, tunnel, tls });
    if let (Some(local), Some(peer)) = (facts.local.clone(), facts.peer.clone()) {
        session.events.phase(Phase::Connected { local, peer });
    }
}

/// The server answered something else.
fn refused(url: &str, head: &Head) -> Failure {
    let status = head.status().unwrap_or_default();
    let phrase = match &head.start {
        StartLine::Response { reason, .. } => printable(reason),
        StartLine::Request { .. } | StartLine::Unknown => String::new(),
    };
    let answer = format!("{status} {phrase}");
    let (cause, hint) = match status {
        SWITCHING => {
            ("the answer 101 came and the connection could not be taken over".to_owned(), "")
        }
        401 | 407 => (
            format!("the server wants credentials: {}", answer.trim_end()),
            "fill in Auth; what it asks for stands in the headers of its answer",
        ),
        403 => (
            format!("the server refuses the handshake: {}", answer.trim_end()),
            "some servers want an Origin header that they know",
        ),
        300..=399 => (
            format!("the server leads elsewhere: {}", answer.trim_end()),
            "redirects that are followed at most are an option",
        ),
        426 => (
            format!("the server wants another version: {}", answer.trim_end()),
            "what it speaks stands in the headers of its answer",
        ),
        _ => (
            format!("the server speaks no WebSocket there: {}", answer.trim_end()),
            "the path may be another one; its answer is kept",
        ),
    };
    Failure::new(Stage::Head, url, FailureKind::Refused, cause).hint(hint)
}

/// It said 101, and not to what was asked.
fn disagreed(session: &SessionHandle, url: &str, upgraded: UpgradedStream, why: String) -> Failure {
    let UpgradedStream { conn, stream, recorder, .. } = upgraded;
    drop(stream);
    let failure = Failure::new(Stage::Head, url, FailureKind::Malformed, why)
        .hint("such a server does not speak WebSocket (RFC 6455, section 4.1)");
    if let Some(recorder) = recorder {
        recorder.close(Err(failure.clone()));
    }
    session.events.failed(conn, &failure);
    session.events.note(conn, Direction::Local, RecordKind::Closed, "closed by us");
    session.events.retire(conn);
    failure
}
