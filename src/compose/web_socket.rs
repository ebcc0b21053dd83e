//! Plans of WebSocket: a client's handshake is a request like any other, a listener's is a rule of one of HTTP.

use super::http;
use super::session::{rules, steps};
use super::sockets::{is_unix, keep_alive_of_unix, listener_tls, socket, stream_bind};
use super::text::Composer;
use crate::codec::web_socket::extension::OFFER;
use crate::codec::web_socket::handshake::VERSION;
use crate::model::field_id::FieldId;
use crate::model::http::{AutomaticHeader, HttpSpec, VersionChoice};
use crate::model::http_answer::AnswerMore;
use crate::model::http_plan::{AnswerPlan, HttpListenerPlan, PlanBody};
use crate::model::name_value::NameValue;
use crate::model::web_socket::{WsListenerSpec, WsSpec, WsTalkSpec};
use crate::model::ws_plan::{WsListenerPlan, WsPlan, WsRulePlan, WsTalkPlan};

/// The URL of the handshake: of HTTP, in whatever short form it was typed.
pub(super) fn handshake_url(typed: &str) -> String {
    let text = typed.trim();
    let swapped = |from: &str, to: &str| {
        let (scheme, rest) = text.split_at_checked(from.len())?;
        scheme.eq_ignore_ascii_case(from).then(|| format!("{to}{rest}"))
    };
    swapped("ws://", "http://")
        .or_else(|| swapped("wss://", "https://"))
        .unwrap_or_else(|| text.to_owned())
}

/// The request that a handshake is, as it would be composed.
pub(super) fn request(spec: &WsSpec) -> HttpSpec {
    // What nobody asks for who wants no body.
    let unasked = [AutomaticHeader::Accept, AutomaticHeader::AcceptEncoding];
    let unasked = unasked.into_iter().map(|header| {
        let name: &'static str = header.into();
        NameValue { enabled: false, ..NameValue::new(name, "") }
    });
    HttpSpec {
        url: handshake_url(&spec.url),
        headers: spec.headers.iter().cloned().chain(unasked).collect(),
        auth: spec.auth.clone(),
        timeout: spec.timeout,
        version: VersionChoice::Http11,
        verify: spec.verify,
        trust: spec.trust.clone(),
        sni: spec.sni.clone(),
        tls: spec.tls.clone(),
        network: spec.network.clone(),
        redirects: spec.redirects,
        unix_socket: spec.unix_socket.clone(),
        socket: spec.socket.clone(),
        client: spec.client.clone(),
        ..HttpSpec::default()
    }
}

/// Every issue goes to the composer; `None` without somebody to connect to.
pub(super) fn client(spec: &WsSpec, composer: &mut Composer<'_>) -> Option<WsPlan> {
    let handshake = http::client(&request(spec), composer);
    let talk = talk(&spec.talk, &spec.subprotocols, composer);
    let steps = steps(&spec.steps, composer);
    let mut handshake = handshake?;
    let mut asked = vec![
        ("Connection", "Upgrade".to_owned()),
        ("Upgrade", "websocket".to_owned()),
        ("Sec-WebSocket-Version", VERSION.to_owned()),
        // Each connection has one of its own.
        ("Sec-WebSocket-Key", String::new()),
    ];
    if !talk.subprotocols.is_empty() {
        asked.push(("Sec-WebSocket-Protocol", talk.subprotocols.join(", ")));
    }
    if talk.deflate {
        asked.push(("Sec-WebSocket-Extensions", OFFER.to_owned()));
    }
    for (name, value) in asked {
        let is_own = handshake.headers.iter().any(|(own, _)| own.eq_ignore_ascii_case(name));
        if !is_own {
            handshake.headers.push((name.to_owned(), value));
        }
    }
    Some(WsPlan { handshake, talk, steps })
}

/// As [`client`].
pub(super) fn listener(
    spec: &WsListenerSpec,
    composer: &mut Composer<'_>,
) -> Option<WsListenerPlan> {
    let bind = stream_bind(&spec.bind, &spec.unix, composer);
    let tls = listener_tls(&spec.tls, composer);
    let socket = socket(&spec.socket, composer);
    keep_alive_of_unix(&socket, is_unix(bind.as_ref()), composer);
    let path = composer.line(FieldId::new("path"), &spec.path);
    if !path.is_empty() && !path.starts_with('/') || path.contains(['?', '#', ' ']) {
        composer
            .issue(FieldId::new("path"), "a path begins with '/' and has no query, such as /chat");
    }
    let greeting = composer.payload(FieldId::new("greeting"), &spec.greeting).into();
    let served = WsRulePlan {
        path,
        talk: talk(&spec.talk, &spec.subprotocols, composer),
        greeting,
        rules: rules(&spec.rules, composer),
    };
    let answer = AnswerPlan {
        status: 404,
        headers: vec![("Content-Type".into(), "text/plain; charset=utf-8".into())],
        body: PlanBody::Bytes("nothing is served at this path\n".into()),
        delay: std::time::Duration::ZERO,
        more: AnswerMore::default(),
    };
    let rules = Vec::new();
    let http =
        HttpListenerPlan { bind: bind?, tls, socket, rules, answer, contract: None, mocks: false };
    Some(WsListenerPlan { http, served })
}

fn talk(spec: &WsTalkSpec, subprotocols: &str, composer: &mut Composer<'_>) -> WsTalkPlan {
    let field = FieldId::new("subprotocols");
    let text = composer.line(field, subprotocols);
    let names: Vec<String> =
        text.split(',').map(str::trim).filter(|it| !it.is_empty()).map(str::to_owned).collect();
    let is_token = |c: char| c.is_ascii_graphic() && !"()<>@,;:\\\"/[]?={}".contains(c);
    for (at, name) in names.iter().enumerate() {
        if let Some(wrong) = name.chars().find(|c| !is_token(*c)) {
            composer.issue(field, format!("'{name}' is no subprotocol: it holds '{wrong}'"));
        } else if names[..at].contains(name) {
            composer.issue(field, format!("the subprotocol '{name}' stands there twice"));
        }
    }
    let WsTalkSpec { messages, deflate, ping } = spec.clone();
    WsTalkPlan { messages, deflate, ping, subprotocols: names }
}
