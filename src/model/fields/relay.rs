//! The options of relays.

use super::session::{BIND, BIND_HELP};
use crate::model::field::FieldWidth::Fill;
use crate::model::field::{FormTab, Options, Presence, Spelling, ValueKind, fields};
use crate::model::relay::{TcpRelaySpec, UdpRelaySpec};

pub(super) const FAULTS: Option<FormTab> = Some(FormTab::Faults);
pub(super) const FAULT_LIST: ValueKind = ValueKind::List(Spelling::Table);
pub(super) const FAULT: &str = "+ fault (a new one delays by 100 ms)";
pub(super) const FAULT_HELP: &str = "Faults put into what is passed on, in order.";
pub(super) const REWRITES: Option<FormTab> = Some(FormTab::Rewrites);
pub(super) const REWRITE_LIST: ValueKind = ValueKind::List(Spelling::Table);
pub(super) const REWRITE: &str = "+ rule that changes what is passed on";
pub(super) const REWRITE_HELP: &str =
    "What is changed of what is passed on, in order, before it is held and before faults.";
const OPTIONS: Option<FormTab> = Some(FormTab::Options);

impl Options for TcpRelaySpec {
    fields! {
        "bind", ValueKind::Address, bind, width: Some(Fill(1)), placeholder: BIND,
            presence: Presence::Written, help: BIND_HELP;
        "target", ValueKind::Word(&[]), target, width: Some(Fill(1)), label: "to",
            placeholder: "host:port or unix:/path", presence: Presence::Written,
            help: "Where each client is connected on to: host:port or unix:/path; empty with socks.";
        "socks", ValueKind::Flag, socks, tab: OPTIONS, label: "Each client says where to (SOCKS5)",
            help: "Take in clients of a SOCKS5 proxy, each of which says where it wants to be connected to.";
        "socks-user", ValueKind::Word(&[]), socks_user, tab: OPTIONS, label: "SOCKS5 user",
            help: "The user that SOCKS5 asks for; nothing is asked for when it is empty.";
        "socks-password", ValueKind::Secret, socks_password, tab: OPTIONS, label: "SOCKS5 password",
            help: "The password of that user.";
        "tls", ValueKind::Table, tls, tab: OPTIONS, label: "TLS of the clients";
        "target-tls", ValueKind::Table, target_tls, tab: OPTIONS, label: "TLS to the target";
        "connect-timeout", ValueKind::Duration, connect_timeout, tab: OPTIONS,
            label: "Connect timeout",
            help: "Longest wait for the connection to the target and its TLS handshake.";
        "", ValueKind::Table, socket, tab: OPTIONS;
        "", ValueKind::Table, unix, tab: OPTIONS;
        "", ValueKind::Table, client, tab: OPTIONS;
        "", ValueKind::Table, hold, tab: OPTIONS;
        "", ValueKind::Table, faults, tab: OPTIONS;
        "fault", FAULT_LIST, fault, tab: FAULTS, label: FAULT, help: FAULT_HELP;
        "rewrite", REWRITE_LIST, rewrite, tab: REWRITES, label: REWRITE, help: REWRITE_HELP;
    }
}

impl Options for UdpRelaySpec {
    fields! {
        "bind", ValueKind::Address, bind, width: Some(Fill(1)), placeholder: BIND,
            presence: Presence::Written, help: BIND_HELP;
        "target", ValueKind::Word(&[]), target, width: Some(Fill(1)), label: "to",
            placeholder: "host:port", presence: Presence::Written,
            help: "Where the datagrams of each client go on to: host:port.";
        "any-peer", ValueKind::Flag, any_peer, tab: OPTIONS, label: "Replies may come from anybody",
            help: "Pass back what anybody sends to the socket of a client, not only the target.";
        "idle-timeout", ValueKind::Duration, idle, tab: OPTIONS, label: "Idle timeout",
            help: "A client of which neither side said anything for so long is let go.";
        "", ValueKind::Table, socket, tab: OPTIONS;
        "", ValueKind::Table, client, tab: OPTIONS;
        "", ValueKind::Table, hold, tab: OPTIONS;
        "", ValueKind::Table, faults, tab: OPTIONS;
        "fault", FAULT_LIST, fault, tab: FAULTS, label: FAULT, help: FAULT_HELP;
        "rewrite", REWRITE_LIST, rewrite, tab: REWRITES, label: REWRITE, help: REWRITE_HELP;
    }
}
