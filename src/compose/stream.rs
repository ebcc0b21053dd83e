//! Plans of TCP and UDP clients, and what all plans share: addresses, binds, TLS options.

use std::net::IpAddr;

use super::IssueField;
use super::text::Composer;
use crate::compose::address;
use crate::model::endpoint::{Bind, Endpoint};
use crate::model::plan::{StepPlan, TcpPlan, UdpPlan};
use crate::model::stream::{ScriptStep, TcpSpec, UdpSpec};
use crate::model::tls::{ClientTls, ListenerTls};

pub(super) fn tcp(spec: &TcpSpec, composer: &mut Composer<'_>) -> Option<TcpPlan> {
    let endpoint = endpoint(&spec.address, composer);
    let tls = match &spec.tls {
        ClientTls::Off => ClientTls::Off,
        ClientTls::On { verify, sni } => {
            let sni = composer.line(IssueField::ServerName, sni);
            let is_bad = |c: char| c.is_whitespace() || c.is_control() || "/:@?#".contains(c);
            if let Some(bad) = sni.chars().find(|c| is_bad(*c)) {
                composer.issue(
                    IssueField::ServerName,
                    format!("'{bad}' cannot be part of a host name"),
                );
            }
            ClientTls::On { verify: *verify, sni }
        }
    };
    let steps = steps(&spec.steps, composer);
    Some(TcpPlan { endpoint: endpoint?, tls, steps, connect_timeout: spec.connect_timeout })
}

pub(super) fn udp(spec: &UdpSpec, composer: &mut Composer<'_>) -> Option<UdpPlan> {
    let endpoint = endpoint(&spec.address, composer);
    let count = composer.issues.len();
    let source = source(&spec.source, endpoint.as_ref(), composer);
    let steps = steps(&spec.steps, composer);
    (composer.issues.len() == count).then_some(())?;
    Some(UdpPlan { endpoint: endpoint?, source, steps })
}

fn endpoint(text: &str, composer: &mut Composer<'_>) -> Option<Endpoint> {
    let text = line(IssueField::Address, text, composer)?;
    let text = without_scheme(IssueField::Address, &text, composer)?;
    match text.parse::<Endpoint>() {
        Ok(endpoint) if endpoint.port == 0 => {
            composer.issue(IssueField::Address, "port 0 cannot be connected to");
            None
        }
        Ok(endpoint) => Some(endpoint),
        Err(error) => {
            composer.issue(IssueField::Address, error.to_string());
            None
        }
    }
}

/// Local address of a UDP client. A port alone means every address from which the peer can be
/// reached: loopback for a peer on this machine, else all.
fn source(text: &str, peer: Option<&Endpoint>, composer: &mut Composer<'_>) -> Option<Bind> {
    if text.trim().is_empty() {
        return None;
    }
    let text = line(IssueField::Source, text, composer)?;
    let text = text.trim();
    let port = text.strip_prefix(':').unwrap_or(text);
    if let Ok(port) = port.parse() {
        let local = peer.is_none_or(|peer| is_loopback(&peer.host));
        return Some(if local { Bind::Loopback { port } } else { Bind::All { port } });
    }
    text.parse()
        .map_err(|error: crate::model::endpoint::EndpointError| {
            composer.issue(IssueField::Source, error.to_string());
        })
        .ok()
}

fn is_loopback(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost")
        || host.parse().is_ok_and(|address: IpAddr| address.is_loopback())
}

/// Where a listener binds.
pub(super) fn bind(text: &str, composer: &mut Composer<'_>) -> Option<Bind> {
    let text = line(IssueField::Bind, text, composer)?;
    let text = without_scheme(IssueField::Bind, &text, composer)?;
    // A port alone is loopback, as with a colon in front.
    if let Ok(port) = text.trim().parse() {
        return Some(Bind::Loopback { port });
    }
    match text.parse() {
        Ok(bind) => Some(bind),
        Err(error) => {
            let error: crate::model::endpoint::EndpointError = error;
            composer.issue(IssueField::Bind, error.to_string());
            None
        }
    }
}

/// An expanded line, or `None` when there was an issue with it.
fn line(field: IssueField, text: &str, composer: &mut Composer<'_>) -> Option<String> {
    let count = composer.issues.len();
    let text = composer.line(field, text);
    (composer.issues.len() == count).then_some(text)
}

/// A scheme in front of an address is what people paste; the form has said which protocol it is.
fn without_scheme(field: IssueField, text: &str, composer: &mut Composer<'_>) -> Option<String> {
    if let Some(message) = address::not_yet(text) {
        composer.issue(field, message);
        return None;
    }
    let rest = text.split_once("://").map_or(text, |(_, rest)| rest);
    Some(rest.strip_suffix('/').unwrap_or(rest).to_owned())
}

/// TLS of a listener.
pub(super) fn listener_tls(tls: &ListenerTls, composer: &mut Composer<'_>) -> ListenerTls {
    let ListenerTls::Files { certificate, key } = tls else { return tls.clone() };
    let mut file = |field, path: &str| {
        let path = line(field, path, composer);
        if path.as_ref().is_some_and(String::is_empty) {
            composer.issue(field, "no file is named");
        }
        path.unwrap_or_default()
    };
    ListenerTls::Files {
        certificate: file(IssueField::Certificate, certificate),
        key: file(IssueField::PrivateKey, key),
    }
}

fn steps(steps: &[ScriptStep], composer: &mut Composer<'_>) -> Vec<StepPlan> {
    let plan = |(index, step): (usize, &ScriptStep)| match step {
        ScriptStep::Send(payload) => {
            StepPlan::Send(composer.payload(IssueField::Step(index), payload).into())
        }
        ScriptStep::Expect { payload, within } => {
            let bytes = composer.payload(IssueField::Step(index), payload).into();
            StepPlan::Expect { bytes, within: *within }
        }
    };
    steps.iter().enumerate().map(plan).collect()
}
