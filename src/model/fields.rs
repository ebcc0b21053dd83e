//! The tables of all specs: every option once. Form, preset files, schema, `--set` and help are
//! loops over them; CONTRIBUTING.md says how to add an option.

mod answer_fault;
mod check;
mod fault;
mod hold;
mod http;
mod http_relay;
mod list;
mod network;
mod relay;
mod rewrite;
mod run;
mod session;
mod setting_line;
mod tls;
mod transfer;
mod web_socket;

use super::field::Options;
use super::protocol::{Protocol, Side};
use super::spec::Spec;

impl Spec {
    /// Its options.
    #[must_use]
    pub fn options(&self) -> &dyn Options {
        match self {
            Spec::Http(spec) => spec,
            Spec::HttpListener(spec) => spec,
            Spec::HttpRelay(spec) => spec,
            Spec::Tcp(spec) => spec,
            Spec::TcpListener(spec) => spec,
            Spec::TcpRelay(spec) => spec,
            Spec::Udp(spec) => spec,
            Spec::UdpListener(spec) => spec,
            Spec::UdpRelay(spec) => spec,
            Spec::Ws(spec) => spec,
            Spec::WsListener(spec) => spec,
        }
    }

    /// Its options, to write to.
    pub fn options_mut(&mut self) -> &mut dyn Options {
        match self {
            Spec::Http(spec) => spec,
            Spec::HttpListener(spec) => spec,
            Spec::HttpRelay(spec) => spec,
            Spec::Tcp(spec) => spec,
            Spec::TcpListener(spec) => spec,
            Spec::TcpRelay(spec) => spec,
            Spec::Udp(spec) => spec,
            Spec::UdpListener(spec) => spec,
            Spec::UdpRelay(spec) => spec,
            Spec::Ws(spec) => spec,
            Spec::WsListener(spec) => spec,
        }
    }

    /// Name of its section in a preset file.
    #[must_use]
    pub fn section(&self) -> &'static str {
        self.into_str()
    }

    /// One of each kind, with the defaults, in the order of the sections.
    pub fn kinds() -> impl Iterator<Item = Spec> {
        let all = |protocol| Side::ALL.into_iter().filter_map(move |side| Spec::of(protocol, side));
        Protocol::ALL.into_iter().flat_map(all)
    }
}
