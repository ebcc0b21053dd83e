//! The options of WebSocket: clients and listeners.

use strum::VariantNames as _;

use super::check::{CAPTURE, EXPECT};
use super::http::HEADERS;
use super::session::{BIND, BIND_HELP, HISTORY, HISTORY_HELP, LIST, RULES, STEP, STEP_HELP};
use super::tls::{
    CA, CA_HELP, CA_PLACE, KEY, KEY_HELP, KEY_PLACE, OWN, OWN_HELP, OWN_PLACE, SNI, SNI_HELP,
    TRUST, TRUST_HELP, VERIFY, VERIFY_HELP, VERSIONS, VERSIONS_HELP,
};
use crate::model::field::FieldWidth::Fill;
use crate::model::field::{FormTab, Options, Presence, Spelling, ValueKind, fields};
use crate::model::tls::TlsVersions;
use crate::model::web_socket::{MessageKind, WsListenerSpec, WsSpec, WsTalkSpec};

const OPTIONS: Option<FormTab> = Some(FormTab::Options);
const SUBPROTOCOLS: &str = "Subprotocols, with commas between them";

/// The rows of both kinds.
impl Options for WsTalkSpec {
    fields! {
        "messages", ValueKind::Choice(MessageKind::VARIANTS), messages, label: "Messages are sent as",
            help: "By auto what is UTF-8 goes as text and everything else as binary; text and binary send all so.";
        "deflate", ValueKind::Flag, deflate, label: "Pack messages (permessage-deflate)",
            help: "Whether messages may be packed (permessage-deflate, RFC 7692), where the peer does it too.";
        "ping", ValueKind::Duration, ping, label: "Ping every (empty = never)",
            help: "Time between pings of ours, whose round trips are shown; none when absent.";
    }
}

impl Options for WsSpec {
    fields! {
        "url", ValueKind::Address, url, placeholder: "ws://host/path or wss://host/path",
            presence: Presence::Written, help: "Where to connect: a ws:// or wss:// URL, host/path or :port/path.";
        "headers", ValueKind::List(Spelling::Header), headers, tab: Some(FormTab::Headers),
            placeholder: "Header", help: HEADERS;
        "subprotocols", ValueKind::Text, subprotocols, tab: OPTIONS, label: SUBPROTOCOLS,
            placeholder: "none",
            help: "Subprotocols that are offered, in this order, with commas between them.";
        "auth", ValueKind::Table, auth, tab: Some(FormTab::Auth);
        "", ValueKind::Table, talk, tab: OPTIONS;
        "timeout", ValueKind::Duration, timeout, tab: OPTIONS, label: "Timeout of the handshake",
            help: "Longest wait for the connection, then for the answer to the handshake; 0 = no bound, which is a day.";
        "verify", ValueKind::Flag, verify, tab: OPTIONS, label: VERIFY, help: VERIFY_HELP;
        "tls.trust", ValueKind::Word(&[]), trust, tab: OPTIONS, label: TRUST, help: TRUST_HELP;
        "tls.sni", ValueKind::Word(&[]), sni, tab: OPTIONS, label: SNI, help: SNI_HELP;
        "tls.ca", ValueKind::Word(&[]), [|spec| Some(&spec.tls.ca), |spec| Some(&mut spec.tls.ca)], tab: OPTIONS,
            is_path: true, label: CA, placeholder: CA_PLACE, help: CA_HELP;
        "tls.certificate", ValueKind::Word(&[]),
            [|spec| Some(&spec.tls.certificate), |spec| Some(&mut spec.tls.certificate)], tab: OPTIONS,
            is_path: true, label: OWN, placeholder: OWN_PLACE, help: OWN_HELP;
        "tls.key", ValueKind::Word(&[]), [|spec| Some(&spec.tls.key), |spec| Some(&mut spec.tls.key)], tab: OPTIONS,
            is_path: true, label: KEY, placeholder: KEY_PLACE, help: KEY_HELP;
        "tls.version", ValueKind::Choice(TlsVersions::VARIANTS),
            [|spec| Some(&spec.tls.versions), |spec| Some(&mut spec.tls.versions)], tab: OPTIONS,
            label: VERSIONS, help: VERSIONS_HELP;
        "redirects", ValueKind::Number { min: 0, max: 255 }, redirects, tab: OPTIONS,
            label: "Redirects followed at most", help: "Redirects followed at most; 0 follows none.";
        "unix-socket", ValueKind::Word(&[]), unix_socket, tab: OPTIONS,
            label: "Unix socket (path or @name)", placeholder: "connect to the host of the URL",
            help: "Path or @name of a Unix socket to connect to instead of the host of the URL.";
        "", ValueKind::Table, network, tab: OPTIONS;
        "", ValueKind::Table, socket, tab: OPTIONS;
        "", ValueKind::Table, client, tab: OPTIONS;
        "", ValueKind::Table, input, tab: OPTIONS;
        "", ValueKind::Table, run, tab: OPTIONS;
        "step", LIST, steps, tab: Some(FormTab::Steps), label: STEP, help: STEP_HELP;
        "", ValueKind::Table, expect, tab: EXPECT;
        "", ValueKind::Table, capture, tab: CAPTURE;
    }
}

impl Options for WsListenerSpec {
    fields! {
        "bind", ValueKind::Address, bind, placeholder: BIND, presence: Presence::Written,
            help: BIND_HELP;
        "path", ValueKind::Text, path, tab: OPTIONS, label: "Path (empty = any)", placeholder: "/chat",
            help: "Path at which the WebSocket is served, without a query; others are answered 404; any when empty.";
        "subprotocols", ValueKind::Text, subprotocols, tab: OPTIONS, label: SUBPROTOCOLS,
            placeholder: "none",
            help: "Subprotocols that are taken of those a client offers, the first of these first, with commas between them.";
        "", ValueKind::Table, talk, tab: OPTIONS;
        "tls", ValueKind::Table, tls, tab: OPTIONS, label: "TLS";
        "", ValueKind::Table, socket, tab: OPTIONS;
        "", ValueKind::Table, unix, tab: OPTIONS;
        "greeting", ValueKind::Payload, greeting, tab: OPTIONS, width: Some(Fill(1)),
            label: "Greeting sent to each client", help: "Sent to every client when it is connected.";
        "", ValueKind::Table, input, tab: OPTIONS;
        "history", ValueKind::Flag, history, tab: OPTIONS, label: HISTORY, help: HISTORY_HELP;
        "rule", LIST, rules, tab: Some(FormTab::Rules),
            label: "+ automatic answer (a new one echoes)", help: RULES;
        "", ValueKind::Table, expect, tab: EXPECT;
    }
}
