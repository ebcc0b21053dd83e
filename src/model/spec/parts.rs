//! The parts that the kinds of specs have in common, each kind listed once: to read ([`Parts`]) and
//! to write to ([`PartsMut`]).
//!
//! Callers: the accessors of [`Spec`] alone, each of which asks for one of them. A part that a kind
//! does not have is `None`.

use super::Spec;
use crate::model::check_spec::{CaptureSpec, ExpectSpec};
use crate::model::client::{InputSpec, ScriptStep};
use crate::model::fault::FaultSpec;
use crate::model::listener::Rule;
use crate::model::name_value::NameValue;
use crate::model::rewrite::RewriteSpec;
use crate::model::run_spec::RunSpec;
use crate::model::tls::{ClientTls, ListenerTls};
use crate::model::trust::{TrustedCertificates, Verify};

/// The parts of a spec, to read.
#[derive(Default)]
pub(super) struct Parts<'a> {
    /// URL, peer address or bind address.
    pub(super) address: &'a str,
    /// Whether TLS is switched on, on either half; a URL says it by itself.
    pub(super) has_tls: bool,
    /// What is accepted of the peer's certificate, where there is a TLS layer of a client.
    pub(super) consent: Option<(Verify, &'a TrustedCertificates)>,
    /// Of the input line of its conversations.
    pub(super) input: Option<InputSpec>,
    /// Of what comes back.
    pub(super) checks: Option<(&'a ExpectSpec, &'a CaptureSpec)>,
    /// What is expected, of a listener of what came to it.
    pub(super) expected: Option<&'a Vec<NameValue>>,
    pub(super) run: Option<&'a RunSpec>,
    /// The automatic answers of conversations.
    pub(super) answers: Option<&'a [Rule]>,
    /// What a relay changes.
    pub(super) rewrites: Option<&'a [RewriteSpec]>,
}

impl<'a> Parts<'a> {
    pub(super) fn of(spec: &'a Spec) -> Self {
        match spec {
            Spec::Http(spec) => Parts {
                address: &spec.url,
                consent: Some((spec.verify, &spec.trust)),
                run: Some(&spec.run),
                ..Parts::checked(&spec.expect, &spec.capture)
            },
            Spec::Tcp(spec) => Parts {
                address: &spec.address,
                input: Some(spec.input),
                run: Some(&spec.run),
                has_tls: spec.tls != ClientTls::Off,
                consent: consent(&spec.tls),
                ..Parts::checked(&spec.expect, &spec.capture)
            },
            Spec::Udp(spec) => Parts {
                address: &spec.address,
                input: Some(spec.input),
                run: Some(&spec.run),
                ..Parts::checked(&spec.expect, &spec.capture)
            },
            Spec::HttpListener(spec) => Parts {
                address: &spec.bind,
                has_tls: spec.tls != ListenerTls::Off,
                expected: Some(&spec.expect.rows),
                ..Parts::default()
            },
            Spec::TcpListener(spec) => Parts {
                address: &spec.bind,
                has_tls: spec.tls != ListenerTls::Off,
                input: Some(spec.input),
                expected: Some(&spec.expect.rows),
                answers: Some(&spec.rules),
                ..Parts::default()
            },
            Spec::UdpListener(spec) => Parts {
                address: &spec.bind,
                input: Some(spec.input),
                expected: Some(&spec.expect.rows),
                answers: Some(&spec.rules),
                ..Parts::default()
            },
            Spec::HttpRelay(spec) => Parts {
                address: &spec.bind,
                has_tls: spec.tls != ListenerTls::Off || spec.target_tls != ClientTls::Off,
                consent: consent(&spec.target_tls),
                rewrites: Some(&spec.rewrite),
                ..Parts::default()
            },
            Spec::TcpRelay(spec) => Parts {
                address: &spec.bind,
                has_tls: spec.tls != ListenerTls::Off || spec.target_tls != ClientTls::Off,
                consent: consent(&spec.target_tls),
                rewrites: Some(&spec.rewrite),
                ..Parts::default()
            },
            Spec::UdpRelay(spec) => {
                Parts { address: &spec.bind, rewrites: Some(&spec.rewrite), ..Parts::default() }
            }
        }
    }

    /// Of a client.
    fn checked(expect: &'a ExpectSpec, capture: &'a CaptureSpec) -> Self {
        Parts { checks: Some((expect, capture)), expected: Some(&expect.rows), ..Parts::default() }
    }
}

fn consent(tls: &ClientTls) -> Option<(Verify, &TrustedCertificates)> {
    match tls {
        ClientTls::On { verify, trust, .. } => Some((*verify, trust)),
        ClientTls::Off => None,
    }
}

/// The parts of a spec, to write to.
pub(super) struct PartsMut<'a> {
    pub(super) address: &'a mut String,
    /// Whether the certificate must verify, and those accepted although they do not.
    pub(super) consent: Option<(&'a mut Verify, &'a mut TrustedCertificates)>,
    pub(super) input: Option<&'a mut InputSpec>,
    /// What a client of conversations sends and waits for at first.
    pub(super) steps: Option<&'a mut Vec<ScriptStep>>,
    pub(super) checks: Option<(&'a mut ExpectSpec, &'a mut CaptureSpec)>,
    /// What is expected of what comes to a listener.
    pub(super) served: Option<&'a mut Vec<NameValue>>,
    /// Where a relay leads to.
    pub(super) target: Option<&'a mut String>,
    pub(super) faults: Option<&'a mut Vec<FaultSpec>>,
    pub(super) rewrites: Option<&'a mut Vec<RewriteSpec>>,
}

impl<'a> PartsMut<'a> {
    pub(super) fn of(spec: &'a mut Spec) -> Self {
        match spec {
            Spec::Http(spec) => PartsMut {
                consent: Some((&mut spec.verify, &mut spec.trust)),
                checks: Some((&mut spec.expect, &mut spec.capture)),
                ..PartsMut::at(&mut spec.url)
            },
            Spec::Tcp(spec) => PartsMut {
                consent: consent_mut(&mut spec.tls),
                input: Some(&mut spec.input),
                steps: Some(&mut spec.steps),
                checks: Some((&mut spec.expect, &mut spec.capture)),
                ..PartsMut::at(&mut spec.address)
            },
            Spec::Udp(spec) => PartsMut {
                input: Some(&mut spec.input),
                steps: Some(&mut spec.steps),
                checks: Some((&mut spec.expect, &mut spec.capture)),
                ..PartsMut::at(&mut spec.address)
            },
            Spec::HttpListener(spec) => {
                PartsMut { served: Some(&mut spec.expect.rows), ..PartsMut::at(&mut spec.bind) }
            }
            Spec::TcpListener(spec) => PartsMut {
                input: Some(&mut spec.input),
                served: Some(&mut spec.expect.rows),
                ..PartsMut::at(&mut spec.bind)
            },
            Spec::UdpListener(spec) => PartsMut {
                input: Some(&mut spec.input),
                served: Some(&mut spec.expect.rows),
                ..PartsMut::at(&mut spec.bind)
            },
            Spec::HttpRelay(spec) => PartsMut {
                consent: consent_mut(&mut spec.target_tls),
                target: Some(&mut spec.target),
                faults: Some(&mut spec.fault),
                rewrites: Some(&mut spec.rewrite),
                ..PartsMut::at(&mut spec.bind)
            },
            Spec::TcpRelay(spec) => PartsMut {
                consent: consent_mut(&mut spec.target_tls),
                target: Some(&mut spec.target),
                faults: Some(&mut spec.fault),
                rewrites: Some(&mut spec.rewrite),
                ..PartsMut::at(&mut spec.bind)
            },
            Spec::UdpRelay(spec) => PartsMut {
                target: Some(&mut spec.target),
                faults: Some(&mut spec.fault),
                rewrites: Some(&mut spec.rewrite),
                ..PartsMut::at(&mut spec.bind)
            },
        }
    }

    fn at(address: &'a mut String) -> Self {
        PartsMut {
            address,
            consent: None,
            input: None,
            steps: None,
            checks: None,
            served: None,
            target: None,
            faults: None,
            rewrites: None,
        }
    }
}

fn consent_mut(tls: &mut ClientTls) -> Option<(&mut Verify, &mut TrustedCertificates)> {
    match tls {
        ClientTls::On { verify, trust, .. } => Some((verify, trust)),
        ClientTls::Off => None,
    }
}
