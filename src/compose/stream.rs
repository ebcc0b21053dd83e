//! Plans of TCP and UDP clients.

use super::place::{endpoint, socket, source};
use super::text::Composer;
use crate::model::field_id::FieldId;
use crate::model::plan::{StepPlan, TcpPlan, UdpPlan};
use crate::model::stream::{ScriptStep, TcpSpec, UdpSpec};
use crate::model::tls::ClientTls;

/// Every issue goes to the composer; `None` without somebody to connect to.
pub(super) fn tcp(spec: &TcpSpec, composer: &mut Composer<'_>) -> Option<TcpPlan> {
    let endpoint = endpoint(&spec.address, composer);
    let tls = match &spec.tls {
        ClientTls::Off => ClientTls::Off,
        ClientTls::On { verify, sni } => {
            let sni = composer.line(FieldId::new("tls").then("sni"), sni);
            let is_bad = |c: char| c.is_whitespace() || c.is_control() || "/:@?#".contains(c);
            if let Some(bad) = sni.chars().find(|c| is_bad(*c)) {
                composer.issue(
                    FieldId::new("tls").then("sni"),
                    format!("'{bad}' cannot be part of a host name"),
                );
            }
            ClientTls::On { verify: *verify, sni }
        }
    };
    let socket = socket(spec.keep_alive, &spec.source, composer);
    let steps = steps(&spec.steps, composer);
    let connect_timeout = spec.connect_timeout;
    Some(TcpPlan { endpoint: endpoint?, tls, steps, connect_timeout, socket })
}

/// Every issue goes to the composer; `None` after one in address, source or steps.
pub(super) fn udp(spec: &UdpSpec, composer: &mut Composer<'_>) -> Option<UdpPlan> {
    let endpoint = endpoint(&spec.address, composer);
    let count = composer.issues.len();
    let source = source(&spec.source, endpoint.as_ref(), composer);
    let steps = steps(&spec.steps, composer);
    (composer.issues.len() == count).then_some(())?;
    Some(UdpPlan { endpoint: endpoint?, source, ttl: spec.ttl, steps })
}

fn steps(steps: &[ScriptStep], composer: &mut Composer<'_>) -> Vec<StepPlan> {
    let plan = |(index, step): (usize, &ScriptStep)| {
        let place = FieldId::new("step").row(index);
        match step {
            ScriptStep::Send(payload) => {
                StepPlan::Send(composer.payload(place.then("send"), payload).into())
            }
            ScriptStep::Expect { payload, within } => {
                let bytes = composer.payload(place.then("expect"), payload).into();
                StepPlan::Expect { bytes, within: *within }
            }
        }
    };
    steps.iter().enumerate().map(plan).collect()
}
