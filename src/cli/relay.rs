//! `wirebench relay`: stands between clients and a server and prints what they say to each other,
//! until it is told to stop.

use std::borrow::Cow;

use super::faults;
use super::headless::{Headless, Interrupts};
use super::listen::{self, ListenEnd, WatchOrder};
use super::name_sources::NameSources;
use super::output::Output;
use super::rewrites;
use super::target::{self, Target};
use super::wanted::{self, ProgramPlace};
use crate::args;
use crate::compose::address::{self, Detected};
use crate::compose::relay_targets;
use crate::model::endpoint::Bind;
use crate::model::failure::{Failure, FailureKind, Stage};
use crate::model::field_access;
use crate::model::plan::Plan;
use crate::model::protocol::Side;
use crate::model::tls::ClientTls;
use crate::model::trust::Verify;
use crate::model::unix_name::UnixName;
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
    let watched = WatchOrder::new(plan, &arguments.watch, false);
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
    let (listen, paths, os) = (listens_at(arguments), &headless.paths, &headless.os);
    let Target { mut spec, mut scope, preset, workspace, .. } =
        target::find(&listen, Side::Relay, common, paths, os)?;
    headless.hide(&scope.hidden(), common);
    if let Some(target) = &arguments.target {
        relay_targets::go_on_to(&mut spec, target).map_err(|(cause, hint)| {
            let failure = Failure::new(Stage::Compose, target, FailureKind::Usage, cause);
            if hint.is_empty() { failure } else { failure.hint(hint) }
        })?;
    }
    faults::add(&arguments.faults, &mut spec)?;
    rewrites::add(&arguments.rewrites, &mut spec)?;
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
    if listens_for_socks(arguments) {
        // Refused where there is no such option.
        let _ = field_access::assign(spec.options_mut(), "socks", "on");
    }
    // Of these each client says where to.
    let is_asked = spec.as_tcp_relay_mut().is_some_and(|relay| relay.socks)
        || spec.as_http_relay_mut().is_some();
    let is_missing = !is_asked && spec.target_mut().is_some_and(|target| target.trim().is_empty());
    if is_missing {
        let failure = usage("it is not said where its clients are connected on to".into());
        return Err(failure.hint("write wirebench relay LISTEN TARGET, such as :9000 db:5432"));
    }
    let plan = {
        let programs = ProgramPlace::new(workspace.as_deref(), &headless.paths);
        wanted::supply_unasked(&spec, &mut scope, &programs)?;
        headless.hide(&scope.hidden(), common);
        target::planned(&spec, &scope, &NameSources::of(&headless.paths, common, preset.as_ref()))?
    };
    if plan.hold().is_some_and(|hold| hold.filter.is_some()) {
        // Every client would hang until the time is up, one after the other.
        let failure =
            usage("this relay holds what it passes on, and nobody decides about it here".into());
        return Err(failure.hint("open it on the screen, or leave it off: --set hold="));
    }
    Ok(plan)
}

/// The scheme of a relay whose clients say where to.
const SOCKS: &str = "socks5://";

fn listens_for_socks(arguments: &args::Relay) -> bool {
    socks_address(&arguments.listen).is_some()
}

/// What stands behind the scheme of a relay whose clients say where to.
fn socks_address(listen: &str) -> Option<&str> {
    let (scheme, address) = listen.split_at_checked(SOCKS.len())?;
    scheme.eq_ignore_ascii_case(SOCKS).then_some(address)
}

/// Where to listen. `:9000` alone is a guess: what is spoken then, the target says.
fn listens_at(arguments: &args::Relay) -> Cow<'_, str> {
    let (listen, target) = (&*arguments.listen, arguments.target.as_deref());
    if let Some(address) = socks_address(listen) {
        return format!("tcp://{address}").into();
    }
    let is_bare = listen.starts_with([':', '*']) || listen.parse::<Bind>().is_ok();
    let said = target.and_then(address::detect).filter(|found: &Detected| found.explicit);
    match said.filter(|_| is_bare) {
        // A socket of the file system says no more than a port what is spoken there.
        Some(found) if UnixName::written(listen).is_some() => {
            format!("{}+{listen}", found.protocol).into()
        }
        Some(found) => format!("{}://{listen}", found.protocol).into(),
        None => listen.into(),
    }
}
