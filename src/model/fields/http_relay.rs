//! The options of HTTP relays.

use super::http::{CONTRACT, CONTRACT_HELP, CONTRACT_PLACE};
use super::relay::{FAULT, FAULT_HELP, FAULT_LIST, FAULTS};
use super::relay::{REWRITE, REWRITE_HELP, REWRITE_LIST, REWRITES};
use super::session::{BIND, BIND_HELP};
use crate::model::field::FieldWidth::Fill;
use crate::model::field::{FormTab, Options, Presence, Spelling, ValueKind, fields};
use crate::model::http_relay::HttpRelaySpec;

const OPTIONS: Option<FormTab> = Some(FormTab::Options);
const HOSTS: ValueKind = ValueKind::Choice(&["auto", "keep", "target"]);

impl Options for HttpRelaySpec {
    fields! {
        "bind", ValueKind::Address, bind, width: Some(Fill(1)), placeholder: BIND,
            presence: Presence::Written, help: BIND_HELP;
        "target", ValueKind::Word(&[]), target, width: Some(Fill(1)), label: "to",
            placeholder: "http://host:port or unix:/path; empty = a forward proxy",
            presence: Presence::Written,
            help: "Where each request is passed on to: http://host:port, https://host or \
                   unix:/path; empty = where it says itself (a forward proxy).";
        "tls", ValueKind::Table, tls, tab: OPTIONS, label: "TLS of the clients";
        "target-tls", ValueKind::Table, target_tls, tab: OPTIONS, label: "TLS to the target";
        "host", HOSTS, host, tab: OPTIONS, label: "Host told to the target",
            help: "Auto is the target's, where it has a name and the client asked for the relay itself; \
                   keep is what the client wrote, target always the target's.";
        "forwarded", ValueKind::Flag, forwarded, tab: OPTIONS,
            label: "Tell the target who asked (Via, X-Forwarded-*)",
            help: "Adds Via, X-Forwarded-For, X-Forwarded-Host and X-Forwarded-Proto.";
        "open", ValueKind::Word(&[]), open, tab: OPTIONS,
            label: "Open the TLS of (hosts, *.domain, *)",
            help: "Hosts whose TLS a forward proxy opens with an authority of its own that lasts a day, \
                   separated by commas: host, *.domain or *; others are passed through.";
        "user", ValueKind::Text, user, tab: OPTIONS, label: "User of the proxy (empty = everybody)",
            help: "Who may use a forward proxy; empty = everybody who reaches it.";
        "password", ValueKind::Secret, password, tab: OPTIONS, label: "Password",
            help: "Password of that user; {{secret.name}} keeps it out of the file.";
        "contract", ValueKind::Text, contract, tab: OPTIONS, label: CONTRACT, is_path: true,
            placeholder: CONTRACT_PLACE, help: CONTRACT_HELP;
        "timeout", ValueKind::Duration, timeout, tab: OPTIONS,
            label: "Timeout (head, silent body)",
            help: "Longest wait for the head of an answer, and longest silence inside its body.";
        "connect-timeout", ValueKind::Duration, connect_timeout, tab: OPTIONS,
            label: "Connect timeout",
            help: "Longest wait for the connection to the target and its TLS handshake.";
        "", ValueKind::Table, socket, tab: OPTIONS;
        "", ValueKind::Table, unix, tab: OPTIONS;
        "rule", ValueKind::List(Spelling::Headed), rules, tab: Some(FormTab::Answers),
            label: "+ answer for a method and path",
            help: "Tried in order; a request whose method, path and condition fit is answered here and not passed \
                   on.";
        "", ValueKind::Table, client, tab: OPTIONS;
        "", ValueKind::Table, hold, tab: OPTIONS;
        "", ValueKind::Table, faults, tab: OPTIONS;
        "fault", FAULT_LIST, fault, tab: FAULTS, label: FAULT, help: FAULT_HELP;
        "rewrite", REWRITE_LIST, rewrite, tab: REWRITES, label: REWRITE, help: REWRITE_HELP;
    }
}
