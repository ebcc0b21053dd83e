//! `wirebench relay`: stands between clients and a server and prints what they say to each other,
//! until it is told to stop.

use super::headless::{Headless, Interrupts};
use super::listen::{self, ListenEnd, WatchOrder};
use super::output::Output;
use super::target::{self, Target};
use crate::args;
use crate::compose::address::{self, Detected};
use crate::model::endpoint::Endpoint;
use crate::model::failure::{Failure, FailureKind, Stage};
use crate::model::plan::Plan;
use crate::model::protocol::Side;
use crate::model::spec::Spec;
use crate::model::tls::ClientTls;
use crate::model::trust::Verify;
use crate::model::url_text::UrlText;

/// Runs the command.
pub(super) async fn run(
    arguments: &args::Relay,
    headless: &mut Headless,
    output: &mut Output,
    interrupts: &mut Interrupts,
) -> ListenEnd {
    let plan = match plan(arguments, headless).map_err(Failure::of_listener) {
        Ok(plan) => plan,
        Err(failure) => return ListenEnd::of(Err(failure)),
    };
    let args::Relay { count, lasts, .. } = *arguments;
    let (filter, reads_stdin) = (arguments.filter.clone(), false);
    let (program, is_brief) = (None, false);
    let watched = WatchOrder { plan, filter, count, lasts, reads_stdin, program, is_brief };
    listen::watch(watched, headless, output, interrupts).await
}

/// What is to be run: addresses or preset with the options of the command line.
fn plan(arguments: &args::Relay, headless: &mut Headless) -> Result<Plan, Failure> {
    let usage = |cause: String| Failure::new(Stage::Compose, "", FailureKind::Usage, cause);
    let common = &arguments.common;
    if common.format.raw {
        let cause =
            "--raw would mix what clients and server say; a relay prints text or JSON Lines";
        return Err(usage(cause.into()));
    }
    let (listen, paths, os) = (&arguments.listen, &headless.paths, &headless.os);
    let listen = &listened(listen, arguments.target.as_deref());
    let Target { mut spec, scope, .. } = target::find(listen, Side::Relay, common, paths, os)?;
    headless.hide(&scope, common);
    if let Some(target) = &arguments.target {
        go_on_to(&mut spec, target)?;
    }
    if let Some(relay) = spec.as_http_relay_mut() {
        if !arguments.open.is_empty() {
            relay.open = arguments.open.join(", ");
        }
        let scheme = UrlText::of(&relay.target).scheme;
        let has_tls = scheme.eq_ignore_ascii_case("https") || relay.target.is_empty();
        if has_tls && relay.target_tls == ClientTls::Off {
            relay.target_tls = ClientTls::verified();
        }
    } else if !arguments.open.is_empty() {
        return Err(usage("--open is for a forward proxy: wirebench relay http://:8080".into()));
    }
    if let (true, Some((verify, _))) = (common.insecure, spec.consent_mut()) {
        *verify = Verify::Off;
    }
    let is_missing = spec.as_tcp_relay_mut().is_some_and(|relay| relay.target.trim().is_empty());
    if is_missing {
        let failure = usage("it is not said where its clients are connected on to".into());
        return Err(failure.hint("write wirebench relay LISTEN TARGET, such as :9000 db:5432"));
    }
    target::planned(&spec, &scope)
}

/// Where to listen, as what: `:8080 http://h` says it behind.
fn listened(listen: &str, target: Option<&str>) -> String {
    let is_bare = listen.starts_with([':', '*']) || listen.parse::<Endpoint>().is_ok();
    let is_http = |found: Detected| {
        let relay = Spec::of(found.protocol, Side::Relay);
        found.explicit && relay.is_some_and(|mut relay| relay.as_http_relay_mut().is_some())
    };
    if is_bare && target.and_then(address::detect).is_some_and(is_http) {
        return format!("http://{listen}");
    }
    listen.to_owned()
}

/// Puts the target of the command line into the spec.
fn go_on_to(spec: &mut Spec, target: &str) -> Result<(), Failure> {
    let usage = |cause: &str| Failure::new(Stage::Compose, target, FailureKind::Usage, cause);
    if let Some(cause) = address::wrong_scheme(target) {
        return Err(usage(&cause));
    }
    if let Some(relay) = spec.as_http_relay_mut() {
        // What is wrong with it is said where it is planned.
        target.clone_into(&mut relay.target);
        return Ok(());
    }
    let found = address::detect(target);
    let has_relay = |found: &Detected| {
        let relay = Spec::of(found.protocol, Side::Relay);
        relay.is_some_and(|mut relay| relay.as_tcp_relay_mut().is_some())
    };
    if found.as_ref().is_some_and(|found| found.explicit && !has_relay(found)) {
        return Err(usage("a relay passes on TCP and TLS")
            .hint("write host:port, tcp://host:port or tls://host:port"));
    }
    let Some(relay) = spec.as_tcp_relay_mut() else { return Ok(()) };
    let has_tls = found.as_ref().is_some_and(|found| found.tls);
    relay.target = found.map_or_else(|| target.to_owned(), |found| found.address);
    if has_tls && relay.target_tls == ClientTls::Off {
        relay.target_tls = ClientTls::verified();
    }
    Ok(())
}
