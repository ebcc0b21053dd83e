//! The rule of a listener that leads on to WebSocket: which requests it takes, and what follows.
//!
//! What is no handshake is answered with the reason (RFC 6455, section 4.2).

use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::watch;

use super::connection::HttpConnection;
use crate::codec::web_socket::extension::PackedMessages;
use crate::codec::web_socket::handshake::{VERSION, accept, has_word, is_key};
use crate::engine::accept::{AcceptedConn, ConnControl as _};
use crate::engine::command::CloseMode;
use crate::engine::conversation::conn_handle::channel;
use crate::engine::conversation::script::Script;
use crate::engine::http::answer::RequestFacts;
use crate::engine::http::exchange_recorder::ExchangeRecorder;
use crate::engine::refusal;
use crate::engine::rules::Rules;
use crate::engine::web_socket::WsSetup;
use crate::engine::web_socket::agreed::{AgreedTalk, values};
use crate::model::exchange::{Head, HttpVersion};
use crate::model::failure::Failure;
use crate::model::http_answer::AnswerMore;
use crate::model::plan::{AnswerPlan, PlanBody, WsRulePlan};
use crate::model::protocol::{Protocol, Side};
use crate::model::record::{ConnInfo, Direction, RecordKind};
use crate::model::url_text::UrlText;

/// What is served, which can change while connections go on.
pub(super) struct ServedWebSocket {
    rule: watch::Sender<Arc<WsRulePlan>>,
    answers: watch::Sender<Rules>,
}

impl ServedWebSocket {
    /// Serves this.
    pub(super) fn new(mut rule: WsRulePlan) -> Result<Self, Failure> {
        let answers = Rules::new(std::mem::take(&mut rule.rules))?;
        Ok(ServedWebSocket {
            rule: watch::channel(Arc::new(rule)).0,
            answers: watch::channel(answers).0,
        })
    }

    /// Serves something else from now on; who is connected gets the new answers, too.
    pub(super) fn change(&self, mut rule: WsRulePlan) -> Result<(), Failure> {
        let answers =
            Rules::new(std::mem::take(&mut rule.rules))?.following(&self.answers.borrow());
        self.rule.send_replace(Arc::new(rule));
        self.answers.send_replace(answers);
        Ok(())
    }
}

/// Why a request is no handshake: the status, and what is to be said.
type Objection = (u16, String);

impl HttpConnection {
    /// The answer to a request where WebSocket is served; `None` = this is not for us to answer.
    pub(super) fn handshake(
        &mut self,
        asked: &RequestFacts,
        recorder: &ExchangeRecorder,
    ) -> Option<AnswerPlan> {
        let served = self.listener.served.as_ref().filter(|_| asked.refusal.is_none())?;
        let rule = Arc::clone(&served.rule.borrow());
        if !rule.path.is_empty() && path(&asked.target) != rule.path {
            return None;
        }
        let head = recorder.edit(|exchange| exchange.request.head.clone());
        recorder.edit(|exchange| {
            exchange.rule = Some(format!("WebSocket {}", rule.path).trim_end().to_owned());
        });
        match agreed(asked, &head, &rule) {
            Ok((agreed, headers)) => {
                self.agreed = Some(agreed);
                let body = PlanBody::Bytes(Bytes::new());
                let (delay, more) = (std::time::Duration::ZERO, AnswerMore::default());
                Some(AnswerPlan { status: 101, headers, body, delay, more })
            }
            Err((status, why)) => {
                self.note(Direction::Local, RecordKind::Note, why.clone());
                let mut answer = self.maker(recorder).own(status, &why, None);
                if status == 426 {
                    let named = |name: &str, value: &str| (name.to_owned(), value.to_owned());
                    answer.headers.push(named("Upgrade", "websocket"));
                    answer.headers.push(named("Connection", "Upgrade"));
                    answer.headers.push(named("Sec-WebSocket-Version", VERSION));
                }
                Some(answer)
            }
        }
    }

    /// Speaks WebSocket from now on, until that is over.
    pub(super) async fn talk(self, agreed: AgreedTalk) {
        let HttpConnection { listener, accepted, control, rest, .. } = self;
        let AcceptedConn { conn, peer, local, stream, tls, .. } = accepted;
        let Some(served) = &listener.served else { return };
        let session = listener.session.clone();
        session.introduce(&ConnInfo {
            local,
            peer: Some(peer.clone()),
            tls: tls.is_some(),
            ..ConnInfo::new(conn, Protocol::Ws, Side::Listener)
        });
        session.events.note(conn, Direction::Local, RecordKind::Note, agreed.words());
        let peer = peer.to_string();
        let (handle, orders) = channel(&peer);
        let is_stopping = control.begins_talk(handle.taking_empty());
        if is_stopping {
            control.end(CloseMode::Close);
        }
        let rule = Arc::clone(&served.rule.borrow());
        let setup = WsSetup {
            session,
            conn,
            peer,
            is_client: false,
            orders,
            rules: served.answers.subscribe(),
            script: Script::default(),
            talk: rule.talk.clone(),
            packed: agreed.packed,
        };
        // How it ended is recorded.
        let _ = Box::pin(setup.run(stream, rest, rule.greeting.clone())).await;
    }
}

fn path(target: &str) -> &str {
    let url = UrlText::literal(target);
    if url.scheme.is_empty() { url.place } else { url.path }
}

/// What a handshake is answered with.
fn agreed(
    asked: &RequestFacts,
    head: &Head,
    rule: &WsRulePlan,
) -> Result<(AgreedTalk, Vec<(String, String)>), Objection> {
    let bad = |why: &str| Err((400, why.to_owned()));
    if !has_word(head.all("upgrade"), "websocket") {
        return Err((
            426,
            "only WebSocket is served here, and the request asks for no upgrade to it".to_owned(),
        ));
    }
    if asked.method != "GET" {
        return Err((405, format!("a handshake is a GET, and this is a {}", asked.method)));
    }
    if asked.version != HttpVersion::Http11 {
        return bad("a handshake is of HTTP/1.1");
    }
    if !has_word(head.all("connection"), "upgrade") {
        return bad("the handshake has no 'Connection: Upgrade'");
    }
    let versions = values(head, "sec-websocket-version");
    if versions != [VERSION] {
        let said = if versions.is_empty() { "none".to_owned() } else { versions.join(", ") };
        return Err((
            426,
            format!("the handshake asks for version {said}, and {VERSION} is spoken"),
        ));
    }
    let keys = values(head, "sec-websocket-key");
    let [key] = keys.as_slice() else {
        return bad("the handshake has no Sec-WebSocket-Key, or several");
    };
    if !is_key(key) {
        return bad("the Sec-WebSocket-Key is not 16 bytes in base64");
    }
    let offered = values(head, "sec-websocket-protocol");
    let offered: Vec<&str> = offered.iter().flat_map(|it| it.split(',')).map(str::trim).collect();
    let subprotocol =
        rule.talk.subprotocols.iter().find(|it| offered.contains(&it.as_str())).cloned();
    let packed = PackedMessages::chosen(&values(head, "sec-websocket-extensions"));
    let packed = packed.filter(|_| rule.talk.deflate);
    let mut headers = vec![
        ("Upgrade".to_owned(), "websocket".to_owned()),
        ("Connection".to_owned(), "Upgrade".to_owned()),
        ("Sec-WebSocket-Accept".to_owned(), accept(key)),
    ];
    headers.extend(subprotocol.clone().map(|name| ("Sec-WebSocket-Protocol".to_owned(), name)));
    let (packed, answer) = packed.unzip();
    headers.extend(answer.map(|answer| ("Sec-WebSocket-Extensions".to_owned(), answer)));
    Ok((AgreedTalk { subprotocol, packed }, headers))
}

/// Somebody without a WebSocket is written to.
pub(super) fn no_talk() -> Failure {
    refusal::usage("this connection is no WebSocket yet, or no more")
}
