//! Plans of TCP and UDP: clients with their steps, listeners with greeting and automatic answers.

use bytes::Bytes;

use super::network;
use super::sockets::{
    bind, client, client_tls, datagram_endpoint, datagrams, endpoint, is_unix, keep_alive_of_unix,
    listener_tls, socket, stream_bind, unix_client,
};
use super::text::Composer;
use crate::codec::byte_regex::of_bytes;
use crate::compose::template::Mode;
use crate::model::awaited::{AWAITED_BYTES, Awaited, AwaitedFormat, AwaitedPlan};
use crate::model::client::{ScriptStep, TcpSpec, UdpSpec};
use crate::model::field_id::FieldId;
use crate::model::listener::{Rule, TcpListenerSpec, UdpListenerSpec, When, WhenKind};
use crate::model::plan::{
    RulePlan, StepPlan, TcpListenerPlan, TcpPlan, UdpListenerPlan, UdpPlan, WhenPlan,
};
use crate::model::socket_options::ClientOptions;
use crate::model::timing::bound;
use crate::query;

/// Every issue goes to the composer; `None` without somebody to connect to.
pub(super) fn tcp(spec: &TcpSpec, composer: &mut Composer<'_>) -> Option<TcpPlan> {
    let endpoint = endpoint(&spec.address, composer);
    let tls = client_tls(FieldId::new("tls"), &spec.tls, composer);
    let socket = socket(&spec.socket, composer);
    let network = network::of_conversation(&spec.network, composer);
    let client = ClientOptions { network, ..client(&spec.client, composer) };
    let steps = steps(&spec.steps, composer);
    let connect_timeout = bound(spec.connect_timeout);
    let endpoint = endpoint?;
    unix_client(&endpoint, &client, composer);
    keep_alive_of_unix(&socket, endpoint.socket.is_some(), composer);
    Some(TcpPlan { endpoint, tls, steps, connect_timeout, socket, client })
}

/// As [`tcp`].
pub(super) fn udp(spec: &UdpSpec, composer: &mut Composer<'_>) -> Option<UdpPlan> {
    let endpoint = datagram_endpoint(FieldId::new("address"), &spec.address, composer);
    let client = client(&spec.client, composer);
    let steps = steps(&spec.steps, composer);
    let socket = datagrams(&spec.socket);
    Some(UdpPlan { endpoint: endpoint?, client, socket, any_peer: spec.any_peer, steps })
}

/// What a client of conversations sends and waits for at first.
pub(super) fn steps(steps: &[ScriptStep], composer: &mut Composer<'_>) -> Vec<StepPlan> {
    let plan = |(index, step): (usize, &ScriptStep)| {
        let place = FieldId::new("step").row(index);
        match step {
            ScriptStep::Send(payload) => {
                StepPlan::Send(composer.payload(place.then("send"), payload).into())
            }
            ScriptStep::Expect { awaited: what, within } => {
                let awaited = awaited(place.then("expect"), what, composer);
                StepPlan::Expect { awaited, within: *within }
            }
        }
    };
    steps.iter().enumerate().map(plan).collect()
}

/// What a step waits for; nothing in particular after an issue.
fn awaited(place: FieldId, awaited: &Awaited, composer: &mut Composer<'_>) -> AwaitedPlan {
    let text = awaited.text.as_str();
    if text.trim().is_empty() && awaited.format != AwaitedFormat::Text {
        composer.issue(place, "what to wait for is missing");
        return AwaitedPlan::Bytes(Bytes::new());
    }
    let plan = match awaited.format {
        AwaitedFormat::Text => {
            Ok(AwaitedPlan::Bytes(composer.escaped(place, text, Mode::Payload).into()))
        }
        // A dump is taken, too, where no byte of it is open.
        AwaitedFormat::Hex if !text.contains('?') => {
            Ok(AwaitedPlan::Bytes(composer.escaped(place, text, Mode::Hex).into()))
        }
        AwaitedFormat::Hex => {
            query::pattern_of_bytes(&composer.line(place, text)).map(AwaitedPlan::Pattern)
        }
        AwaitedFormat::Matches => {
            let source = of_bytes(&composer.line(place, text)).into_owned();
            let compiled = regex::bytes::Regex::new(&source);
            compiled.map(|_| AwaitedPlan::Matches(source)).map_err(|error| explain(&error))
        }
        AwaitedFormat::Length => length(&composer.line(place, text)).map(AwaitedPlan::Length),
        AwaitedFormat::Json => {
            let json = composer.escaped(place, text, Mode::Text);
            let value = serde_json::from_slice(&json).map(AwaitedPlan::Json);
            value.map_err(|error| format!("this is no JSON: {error}"))
        }
    };
    plan.unwrap_or_else(|why| {
        composer.issue(place, why);
        AwaitedPlan::Bytes(Bytes::new())
    })
}

/// Bytes a step waits for.
fn length(text: &str) -> Result<usize, String> {
    let count = text.trim().parse().ok().filter(|count| (1..=AWAITED_BYTES).contains(count));
    count.ok_or_else(|| format!("a number of bytes from 1 to {AWAITED_BYTES} stands here"))
}

/// As [`tcp`]; `None` without an address to bind.
pub(super) fn tcp_listener(
    spec: &TcpListenerSpec,
    composer: &mut Composer<'_>,
) -> Option<TcpListenerPlan> {
    let bind = stream_bind(&spec.bind, &spec.unix, composer);
    let tls = listener_tls(&spec.tls, composer);
    let socket = socket(&spec.socket, composer);
    keep_alive_of_unix(&socket, is_unix(bind.as_ref()), composer);
    let greeting = composer.payload(FieldId::new("greeting"), &spec.greeting).into();
    let rules = rules(&spec.rules, composer);
    Some(TcpListenerPlan { bind: bind?, tls, socket, greeting, rules })
}

/// As [`tcp`]; `None` without an address to bind.
pub(super) fn udp_listener(
    spec: &UdpListenerSpec,
    composer: &mut Composer<'_>,
) -> Option<UdpListenerPlan> {
    let bind = bind(&spec.bind, composer);
    let rules = rules(&spec.rules, composer);
    let answer_rate = spec.answer_rate.max(1);
    let socket = datagrams(&spec.socket);
    Some(UdpListenerPlan { bind: bind?, socket, rules, answer_rate })
}

/// Automatic answers of conversations.
pub(super) fn rules(rules: &[Rule], composer: &mut Composer<'_>) -> Vec<RulePlan> {
    let plan = |(index, rule): (usize, &Rule)| RulePlan {
        id: rule.tag.0,
        when: when(FieldId::new("rule").row(index).then("when").then("text"), &rule.when, composer),
        send: composer.answer(FieldId::new("rule").row(index).then("send"), &rule.send),
        delay: rule.delay,
    };
    rules.iter().enumerate().filter(|(_, rule)| rule.enabled).map(plan).collect()
}

/// When a rule or fault applies; its issues are about this field.
pub(super) fn when(field: FieldId, when: &When, composer: &mut Composer<'_>) -> WhenPlan {
    let mut bytes = || composer.escaped(field, &when.text, Mode::Payload).into();
    match when.kind {
        WhenKind::Always => WhenPlan::Always,
        WhenKind::Contains => WhenPlan::Contains(bytes()),
        WhenKind::Equals => WhenPlan::Equals(bytes()),
        WhenKind::StartsWith => WhenPlan::StartsWith(bytes()),
        WhenKind::Matches => {
            let source = of_bytes(&composer.line(field, &when.text)).into_owned();
            if let Err(error) = regex::bytes::Regex::new(&source) {
                composer.issue(field, explain(&error));
            }
            WhenPlan::Matches(source)
        }
    }
}

/// The regex crate draws a picture over several lines; its last line says what is wrong.
pub(super) fn explain(error: &regex::Error) -> String {
    let text = error.to_string();
    let last = text.lines().next_back().unwrap_or_default();
    format!("not a regular expression: {}", last.trim_start_matches("error: "))
}
