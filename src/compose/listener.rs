//! Plans of TCP and UDP listeners: bind, greeting, automatic answers.

use super::IssueField;
use super::stream::{bind, listener_tls};
use super::text::Composer;
use crate::compose::template::Mode;
use crate::model::listener::{Rule, TcpListenerSpec, UdpListenerSpec, When};
use crate::model::plan::{RulePlan, TcpListenerPlan, UdpListenerPlan, WhenPlan};

pub(super) fn tcp(spec: &TcpListenerSpec, composer: &mut Composer<'_>) -> Option<TcpListenerPlan> {
    let bind = bind(&spec.bind, composer);
    let tls = listener_tls(&spec.tls, composer);
    let greeting = composer.payload(IssueField::Greeting, &spec.greeting).into();
    let rules = rules(&spec.rules, composer);
    Some(TcpListenerPlan { bind: bind?, tls, greeting, rules })
}

pub(super) fn udp(spec: &UdpListenerSpec, composer: &mut Composer<'_>) -> Option<UdpListenerPlan> {
    let bind = bind(&spec.bind, composer);
    let rules = rules(&spec.rules, composer);
    Some(UdpListenerPlan { bind: bind?, rules })
}

fn rules(rules: &[Rule], composer: &mut Composer<'_>) -> Vec<RulePlan> {
    let plan = |(index, rule): (usize, &Rule)| RulePlan {
        when: when(index, &rule.when, composer),
        send: composer.answer(IssueField::RuleSend(index), &rule.send),
        delay: rule.delay,
    };
    rules.iter().enumerate().map(plan).collect()
}

fn when(index: usize, when: &When, composer: &mut Composer<'_>) -> WhenPlan {
    let field = IssueField::RuleWhen(index);
    let mut bytes = |text: &str| composer.escaped(field, text, Mode::Payload).into();
    match when {
        When::Always => WhenPlan::Always,
        When::Contains(text) => WhenPlan::Contains(bytes(text)),
        When::Equals(text) => WhenPlan::Equals(bytes(text)),
        When::StartsWith(text) => WhenPlan::StartsWith(bytes(text)),
        When::Matches(text) => {
            let source = composer.line(field, text);
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
