//! Plans of TCP and UDP listeners: bind, greeting, automatic answers.

use super::place::{bind, keep_alive, listener_tls};
use super::text::Composer;
use crate::compose::template::Mode;
use crate::model::field_id::FieldId;
use crate::model::listener::{Rule, TcpListenerSpec, UdpListenerSpec, When, WhenKind};
use crate::model::plan::{RulePlan, TcpListenerPlan, UdpListenerPlan, WhenPlan};

/// Every issue goes to the composer; `None` without an address to bind.
pub(super) fn tcp(spec: &TcpListenerSpec, composer: &mut Composer<'_>) -> Option<TcpListenerPlan> {
    let bind = bind(&spec.bind, composer);
    let tls = listener_tls(&spec.tls, composer);
    let keep_alive = keep_alive(spec.keep_alive, composer);
    let greeting = composer.payload(FieldId::new("greeting"), &spec.greeting).into();
    let rules = rules(&spec.rules, composer);
    Some(TcpListenerPlan { bind: bind?, tls, keep_alive, greeting, rules })
}

/// Every issue goes to the composer; `None` without an address to bind.
pub(super) fn udp(spec: &UdpListenerSpec, composer: &mut Composer<'_>) -> Option<UdpListenerPlan> {
    let bind = bind(&spec.bind, composer);
    let rules = rules(&spec.rules, composer);
    Some(UdpListenerPlan { bind: bind?, ttl: spec.ttl, rules })
}

fn rules(rules: &[Rule], composer: &mut Composer<'_>) -> Vec<RulePlan> {
    let plan = |(index, rule): (usize, &Rule)| RulePlan {
        when: when(FieldId::new("rule").row(index).then("when"), &rule.when, composer),
        send: composer.answer(FieldId::new("rule").row(index).then("send"), &rule.send),
        delay: rule.delay,
    };
    rules.iter().enumerate().map(plan).collect()
}

fn when(place: FieldId, when: &When, composer: &mut Composer<'_>) -> WhenPlan {
    let field = place.then("text");
    let mut bytes = || composer.escaped(field, &when.text, Mode::Payload).into();
    match when.kind {
        WhenKind::Always => WhenPlan::Always,
        WhenKind::Contains => WhenPlan::Contains(bytes()),
        WhenKind::Equals => WhenPlan::Equals(bytes()),
        WhenKind::StartsWith => WhenPlan::StartsWith(bytes()),
        WhenKind::Matches => {
            let source = composer.line(field, &when.text);
            if let Err(error) = regex::bytes::Regex::new(&source) {
                composer.issue(field, explain(&error));
            }
            WhenPlan::Matches(source)
        }
    }
}

/// The regex crate draws a picture over several lines; its last line says what is wrong.
fn explain(error: &regex::Error) -> String {
    let text = error.to_string();
    let last = text.lines().next_back().unwrap_or_default();
    format!("not a regular expression: {}", last.trim_start_matches("error: "))
}
