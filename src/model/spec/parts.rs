//! The parts that the kinds of specs have in common, each kind listed once: to read ([`SpecParts`]) and
//! to write to ([`SpecPartsMut`]).
//!
//! Callers: the accessors of [`Spec`] alone, each of which asks for one of them. A part that a kind
//! does not have is `None`.

use super::Spec;
use crate::model::check_spec::{CaptureSpec, ExpectSpec, ListenerExpectSpec};
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
pub(super) struct SpecParts<'a> {
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

impl<'a> SpecParts<'a> {
    /// Those of this spec.
    pub(super) fn of(spec: &'a Spec) -> Self {
        match spec {
            Spec::Http(spec) => SpecParts {
                address: &spec.url,
                consent: Some((spec.verify, &spec.trust)),
                run: Some(&spec.run),
                ..SpecParts::checked(&spec.expect, &spec.capture)
            },
            Spec::Tcp(spec) => SpecParts {
                address: &spec.address,
                has_tls: spec.tls != ClientTls::Off,
                consent: consent(&spec.tls),
                ..SpecParts::talk(spec.input, &spec.run, &spec.expect, &spec.capture)
            },
            Spec::Udp(spec) => SpecParts {
                address: &spec.address,
                ..SpecParts::talk(spec.input, &spec.run, &spec.expect, &spec.capture)
            },
            Spec::HttpListener(spec) => SpecParts {
                has_tls: spec.tls != ListenerTls::Off,
                ..SpecParts::served(&spec.bind, &spec.expect)
            },
            Spec::TcpListener(spec) => SpecParts {
                has_tls: spec.tls != ListenerTls::Off,
                input: Some(spec.input),
                answers: Some(&spec.rules),
                ..SpecParts::served(&spec.bind, &spec.expect)
            },
            Spec::UdpListener(spec) => SpecParts {
                input: Some(spec.input),
                answers: Some(&spec.rules),
                ..SpecParts::served(&spec.bind, &spec.expect)
            },
            Spec::HttpRelay(spec) => SpecParts {
                has_tls: spec.tls != ListenerTls::Off || spec.target_tls != ClientTls::Off,
                consent: consent(&spec.target_tls),
                ..SpecParts::relayed(&spec.bind, &spec.rewrite)
            },
            Spec::TcpRelay(spec) => SpecParts {
                has_tls: spec.tls != ListenerTls::Off || spec.target_tls != ClientTls::Off,
                consent: consent(&spec.target_tls),
                ..SpecParts::relayed(&spec.bind, &spec.rewrite)
            },
            Spec::UdpRelay(spec) => SpecParts::relayed(&spec.bind, &spec.rewrite),
            Spec::Ws(spec) => SpecParts {
                address: &spec.url,
                consent: Some((spec.verify, &spec.trust)),
                ..SpecParts::talk(spec.input, &spec.run, &spec.expect, &spec.capture)
            },
            Spec::WsListener(spec) => SpecParts {
                has_tls: spec.tls != ListenerTls::Off,
                input: Some(spec.input),
                answers: Some(&spec.rules),
                ..SpecParts::served(&spec.bind, &spec.expect)
            },
        }
    }

    /// Of a listener.
    fn served(bind: &'a str, expect: &'a ListenerExpectSpec) -> Self {
        SpecParts { address: bind, expected: Some(&expect.rows), ..SpecParts::default() }
    }

    /// Of a relay.
    fn relayed(bind: &'a str, rewrites: &'a [RewriteSpec]) -> Self {
        SpecParts { address: bind, rewrites: Some(rewrites), ..SpecParts::default() }
    }

    /// Of a client of conversations.
    fn talk(
        input: InputSpec,
        run: &'a RunSpec,
        expect: &'a ExpectSpec,
        capture: &'a CaptureSpec,
    ) -> Self {
        SpecParts { input: Some(input), run: Some(run), ..SpecParts::checked(expect, capture) }
    }

    /// Of a client.
    fn checked(expect: &'a ExpectSpec, capture: &'a CaptureSpec) -> Self {
        SpecParts {
            checks: Some((expect, capture)),
            expected: Some(&expect.rows),
            ..SpecParts::default()
        }
    }
}

fn consent(tls: &ClientTls) -> Option<(Verify, &TrustedCertificates)> {
    match tls {
        ClientTls::On { verify, trust, .. } => Some((*verify, trust)),
        ClientTls::Off => None,
    }
}

/// The parts of a spec, to write to.
pub(super) struct SpecPartsMut<'a> {
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

impl<'a> SpecPartsMut<'a> {
    /// Those of this spec.
    pub(super) fn of(spec: &'a mut Spec) -> Self {
        match spec {
            Spec::Http(spec) => SpecPartsMut {
                consent: Some((&mut spec.verify, &mut spec.trust)),
                checks: Some((&mut spec.expect, &mut spec.capture)),
                ..SpecPartsMut::at(&mut spec.url)
            },
            Spec::Tcp(spec) => SpecPartsMut {
                consent: consent_mut(&mut spec.tls),
                input: Some(&mut spec.input),
                steps: Some(&mut spec.steps),
                checks: Some((&mut spec.expect, &mut spec.capture)),
                ..SpecPartsMut::at(&mut spec.address)
            },
            Spec::Udp(spec) => SpecPartsMut {
                input: Some(&mut spec.input),
                steps: Some(&mut spec.steps),
                checks: Some((&mut spec.expect, &mut spec.capture)),
                ..SpecPartsMut::at(&mut spec.address)
            },
            Spec::HttpListener(spec) => SpecPartsMut {
                served: Some(&mut spec.expect.rows),
                ..SpecPartsMut::at(&mut spec.bind)
            },
            Spec::TcpListener(spec) => {
                SpecPartsMut::served(&mut spec.bind, &mut spec.input, &mut spec.expect)
            }
            Spec::UdpListener(spec) => {
                SpecPartsMut::served(&mut spec.bind, &mut spec.input, &mut spec.expect)
            }
            Spec::HttpRelay(spec) => SpecPartsMut {
                consent: consent_mut(&mut spec.target_tls),
                target: Some(&mut spec.target),
                faults: Some(&mut spec.fault),
                rewrites: Some(&mut spec.rewrite),
                ..SpecPartsMut::at(&mut spec.bind)
            },
            Spec::TcpRelay(spec) => SpecPartsMut {
                consent: consent_mut(&mut spec.target_tls),
                target: Some(&mut spec.target),
                faults: Some(&mut spec.fault),
                rewrites: Some(&mut spec.rewrite),
                ..SpecPartsMut::at(&mut spec.bind)
            },
            Spec::UdpRelay(spec) => SpecPartsMut {
                target: Some(&mut spec.target),
                faults: Some(&mut spec.fault),
                rewrites: Some(&mut spec.rewrite),
                ..SpecPartsMut::at(&mut spec.bind)
            },
            Spec::Ws(spec) => SpecPartsMut {
                consent: Some((&mut spec.verify, &mut spec.trust)),
                input: Some(&mut spec.input),
                steps: Some(&mut spec.steps),
                checks: Some((&mut spec.expect, &mut spec.capture)),
                ..SpecPartsMut::at(&mut spec.url)
            },
            Spec::WsListener(spec) => {
                SpecPartsMut::served(&mut spec.bind, &mut spec.input, &mut spec.expect)
            }
        }
    }

    /// Of a listener of conversations.
    fn served(
        bind: &'a mut String,
        input: &'a mut InputSpec,
        expect: &'a mut ListenerExpectSpec,
    ) -> Self {
        SpecPartsMut {
            input: Some(input),
            served: Some(&mut expect.rows),
            ..SpecPartsMut::at(bind)
        }
    }

    fn at(address: &'a mut String) -> Self {
        SpecPartsMut {
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
