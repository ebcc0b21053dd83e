//! `wirebench exec`: starts a program whose requests go through a proxy of ours, prints what was said,
//! and ends as the program does.
//!
//! The program owns the terminal: standard input and output are its own, and an interrupt that is
//! typed reaches it by itself. Signals that come to us alone are passed on.

use std::ffi::OsString;
use std::fs;
use std::future::{pending, poll_fn};
use std::io::{self, ErrorKind, IsTerminal as _};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::task::Poll;
use std::thread;
use std::time::Duration;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use rustix::process::{Pid, Signal, kill_process};
use tokio::signal::unix;
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::faults;
use super::headless::{Headless, Interrupts};
use super::listen::{self, ListenEnd, WatchOrder};
use super::name_sources::NameSources;
use super::output::{self, Output, Style};
use super::rewrites;
use super::signal_name::by_signal;
use super::target::{self, Target};
use super::wanted::{self, ProgramPlace};
use crate::args;
use crate::check::Checks;
use crate::ending;
use crate::engine::{self, clock};
use crate::model::end_address::EndAddress;
use crate::model::failure::{Failure, FailureKind, Stage};
use crate::model::plan::Plan;
use crate::model::protocol::Side;
use crate::model::record::ConnInfo;
use crate::model::tls::{ClientTls, ListenerTls};
use crate::model::trust::Verify;
use crate::named_file;
use crate::whole_file::ThrowAway;

/// Variables that name a proxy.
const PROXIES: [&str; 6] =
    ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];
/// Variables that name hosts that are asked without one.
const PAST_PROXIES: [&str; 2] = ["NO_PROXY", "no_proxy"];
/// Variables that name a file of authorities.
const BUNDLES: [&str; 5] = [
    "SSL_CERT_FILE",
    "CURL_CA_BUNDLE",
    "REQUESTS_CA_BUNDLE",
    "NODE_EXTRA_CA_CERTS",
    "GIT_SSL_CAINFO",
];
/// Where systems keep theirs.
const SYSTEMS: [&str; 6] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/ssl/cert.pem",
    "/usr/local/etc/openssl/cert.pem",
];
/// Longest file of authorities.
const BUNDLE_LIMIT: u64 = 4 * 1024 * 1024;
/// How long a program may take to end after a signal that ends others; then it is killed.
const PATIENCE: Duration = Duration::from_secs(5);
/// What is left to print when it was killed.
const LAST_WORDS: Duration = Duration::from_secs(3);
/// Exit status of what is no program, and of one that is not there (POSIX shells).
const NOT_EXECUTABLE: u8 = 126;
const NOT_FOUND: u8 = 127;
/// Of one that a signal ended.
const BY_SIGNAL: i32 = 128;

/// A program that is started once the proxy listens.
pub(super) struct Program {
    words: Vec<OsString>,
    /// The file of authorities; goes with it.
    bundle: ThrowAway,
    login: String,
    /// Its end, once it runs.
    ended: Option<oneshot::Receiver<io::Result<ExitStatus>>>,
    pid: Option<Pid>,
    status: Option<u8>,
    /// The signal that ended it, where one did.
    signal: Option<i32>,
    /// It came to its proxy.
    has_come: bool,
    signals: Vec<(Signal, unix::Signal)>,
    kill_at: Option<Instant>,
}

/// What is printed on standard error: text, nothing of it where the traffic goes to files; JSON Lines
/// for who asks for them.
pub(super) fn output(arguments: &args::Exec) -> Result<Output, Failure> {
    let captures = &arguments.common.captures;
    if captures.takes_output() {
        let cause = "standard output is the program's; name a file";
        return Err(Failure::new(Stage::ComposeProgram, "-", FailureKind::Usage, cause));
    }
    let is_elsewhere = arguments.screen || captures.names().next().is_some();
    let style = Style::asked_for(&arguments.common);
    let is_wanted = arguments.verbose || style.is_some();
    Ok(Output::errors(style.unwrap_or(Style::Text), is_elsewhere && !is_wanted))
}

/// Runs the command.
pub(super) async fn run(
    arguments: args::Exec,
    headless: &mut Headless,
    output: &mut Output,
    interrupts: &mut Interrupts,
) -> ListenEnd {
    let prepared = plan(&arguments, headless).and_then(|(plan, way)| {
        let program = Program::prepare(arguments.words.clone(), way, headless)?;
        Ok((plan, program))
    });
    let (plan, program) = match prepared {
        Ok(prepared) => prepared,
        Err(failure) => return ListenEnd::of(Err(of_program(failure))),
    };
    let is_brief = !arguments.verbose;
    let watched = WatchOrder {
        plan,
        filter: arguments.filter.clone(),
        count: None,
        lasts: None,
        reads_stdin: false,
        program: Some(program),
        is_brief,
        tells_peers: arguments.verbose,
        checks: Checks::default(),
    };
    let ended = listen::watch(watched, headless, output, interrupts).await;
    ListenEnd { outcome: ended.outcome.map_err(of_program), ..ended }
}

/// What cannot be used, said of the program that is not started because of it.
fn of_program(failure: Failure) -> Failure {
    failure.composed_for(Stage::ComposeProgram)
}

/// The proxy, and what its client needs to know.
fn plan(arguments: &args::Exec, headless: &mut Headless) -> Result<(Plan, ProxyWay), Failure> {
    let usage = |cause: &str| Failure::new(Stage::Compose, "", FailureKind::Usage, cause);
    let common = &arguments.common;
    if common.format.raw {
        return Err(usage("--raw would mix what the program and its servers say"));
    }
    let (paths, os) = (&headless.paths, &headless.os);
    let Target { mut spec, mut scope, preset, workspace, .. } =
        target::find(&arguments.relay, Side::Relay, common, paths, os)?;
    headless.hide(&scope.hidden(), common);
    let Some(relay) = spec.as_http_relay_mut().filter(|relay| relay.target.trim().is_empty())
    else {
        return Err(usage("exec wants a forward proxy")
            .hint("name a preset of an [http-relay] without a target, or http://127.0.0.1:PORT"));
    };
    match &arguments.open {
        Some(hosts) => relay.open = hosts.join(", "),
        None if relay.open.trim().is_empty() => "*".clone_into(&mut relay.open),
        None => {}
    }
    if common.insecure && relay.target_tls == ClientTls::Off {
        relay.target_tls = ClientTls::verified();
    }
    faults::add(&arguments.faults, &mut spec)?;
    rewrites::add(&arguments.rewrites, &mut spec)?;
    if let (true, Some((verify, _))) = (common.insecure, spec.consent_mut()) {
        *verify = Verify::Off;
    }
    let mut plan = {
        let programs = ProgramPlace::new(workspace.as_deref(), &headless.paths);
        wanted::supply_unasked(&spec, &mut scope, &programs)?;
        headless.hide(&scope.hidden(), common);
        target::planned(&spec, &scope, &NameSources::of(&headless.paths, common, preset.as_ref()))?
    };
    let authority = engine::short_lived_authority()?;
    let certificate = authority.certificate_pem.clone();
    let mut login = String::new();
    if let Some(relay) = plan.as_http_relay_mut() {
        // Few programs talk to a proxy under TLS, and none of the variables says whom to trust there.
        if relay.tls != ListenerTls::Off {
            return Err(usage("a program reaches its proxy without TLS")
                .hint("write http:// in place of https://, or tls = \"off\" in the preset"));
        }
        relay.open.authority = Some(authority);
        login = relay.credentials.as_ref().map_or_else(String::new, |(user, password)| {
            let encoded = |text| utf8_percent_encode(text, NON_ALPHANUMERIC);
            format!("{}:{}@", encoded(user), encoded(password))
        });
    }
    Ok((plan, ProxyWay { certificate, login }))
}

/// What a client of the proxy needs to know.
struct ProxyWay {
    /// Of the authority, as PEM.
    certificate: String,
    /// `user:password@`, where they are asked for.
    login: String,
}

/// The proxy as its variables name it, by where it listens: on this machine where it does so at all.
fn proxy(addresses: &[EndAddress], login: &str) -> String {
    let local = addresses.iter().filter_map(EndAddress::inet).map(|mut address| {
        match address.ip() {
            IpAddr::V4(ip) if ip.is_unspecified() => address.set_ip(Ipv4Addr::LOCALHOST.into()),
            IpAddr::V6(ip) if ip.is_unspecified() => address.set_ip(Ipv6Addr::LOCALHOST.into()),
            IpAddr::V4(_) | IpAddr::V6(_) => {}
        }
        address
    });
    // Not every program knows IPv6.
    let best = local.min_by_key(|address| (!address.ip().is_loopback(), address.is_ipv6()));
    best.map_or_else(String::new, |address| format!("http://{login}{address}"))
}

impl Program {
    fn prepare(words: Vec<OsString>, way: ProxyWay, headless: &Headless) -> Result<Self, Failure> {
        let failed = |error: io::Error| {
            Failure::new(Stage::Program, "exec", FailureKind::Io, error.to_string())
        };
        let mut text = systems(headless);
        if !text.is_empty() && !text.ends_with(b"\n") {
            text.push(b'\n');
        }
        text.extend_from_slice(way.certificate.as_bytes());
        let bundle = ThrowAway::new("wirebench-exec-", ".pem", &text).map_err(failed)?;
        let kinds = [
            (Signal::INT, unix::SignalKind::interrupt()),
            (Signal::TERM, unix::SignalKind::terminate()),
            (Signal::HUP, unix::SignalKind::hangup()),
            (Signal::QUIT, unix::SignalKind::quit()),
            (Signal::USR1, unix::SignalKind::user_defined1()),
            (Signal::USR2, unix::SignalKind::user_defined2()),
        ];
        let obeyed = kinds.into_iter().filter(|(_, kind)| ending::is_obeyed(kind.as_raw_value()));
        let signals = obeyed.map(|(signal, kind)| Ok((signal, unix::signal(kind)?)));
        let signals = signals.collect::<io::Result<_>>().map_err(failed)?;
        // From now on they are the program's.
        ending::interrupts_elsewhere(true);
        let (login, ended) = (way.login, None);
        let (pid, status, signal, kill_at) = (None, None, None, None);
        let has_come = false;
        Ok(Program { words, bundle, login, ended, pid, status, signal, has_come, signals, kill_at })
    }

    /// Starts it with its proxy here.
    pub(super) fn start(&mut self, addresses: &[EndAddress]) {
        let Some((name, arguments)) = self.words.split_first() else { return };
        let proxy = proxy(addresses, &self.login);
        let mut command = Command::new(name);
        command.args(arguments);
        for variable in PROXIES {
            command.env(variable, &proxy);
        }
        for variable in PAST_PROXIES {
            command.env_remove(variable);
        }
        for variable in BUNDLES {
            command.env(variable, self.bundle.path());
        }
        // Node heeds the others only if it is told to.
        command.env("NODE_USE_ENV_PROXY", "1");
        match command.spawn() {
            Ok(mut child) => {
                let (sender, ended) = oneshot::channel();
                self.pid = Some(Pid::from_child(&child));
                self.ended = Some(ended);
                let wait = move || {
                    let _nobody_waits = sender.send(child.wait());
                };
                thread::spawn(wait);
            }
            Err(error) => {
                output::note(&format!("{}: {error}", Path::new(name).display()));
                let is_there = error.kind() != ErrorKind::NotFound;
                self.status = Some(if is_there { NOT_EXECUTABLE } else { NOT_FOUND });
            }
        }
    }

    /// Its exit status, as a shell says it.
    pub(super) fn status(&self) -> Option<u8> {
        self.status
    }

    /// Connections of the proxy were met.
    pub(super) fn meets(&mut self, conns: &[ConnInfo]) {
        self.has_come |= conns.iter().any(|conn| conn.peer.is_some());
    }

    /// Says what ended it, which a shell says of its own programs alone, and that nothing came through
    /// the proxy where that `is_kept`.
    pub(super) fn tell_end(&self, is_kept: bool) {
        let name = self.words.first().map(|name| Path::new(name).display().to_string());
        let name = name.unwrap_or_default();
        let typed = [Signal::INT, Signal::PIPE].map(Signal::as_raw);
        if let Some(signal) = self.signal.filter(|signal| !typed.contains(signal)) {
            output::note(&format!("{name} was ended by {}", by_signal(signal)));
        }
        if self.has_run() && is_kept && !self.has_come {
            output::note(&format!(
                "{name} asked nothing through its proxy; a program that heeds none of HTTP_PROXY, \
                 HTTPS_PROXY and ALL_PROXY (as Node before 22.21) goes past it"
            ));
        }
    }

    /// The signal that ended it, where one did.
    pub(super) fn signal(&self) -> Option<i32> {
        self.signal
    }

    /// Whether it could be started.
    pub(super) fn has_run(&self) -> bool {
        self.pid.is_some()
    }

    /// Waits for its end and passes signals on to it. Safe to drop.
    async fn over(&mut self) {
        while self.status.is_none() {
            let Program { ended, signals, kill_at, .. } = self;
            let end = async {
                match ended {
                    Some(ended) => ended.await.ok(),
                    None => pending().await,
                }
            };
            tokio::select! {
                biased;
                end = end => {
                    self.status = Some(status_of(end.as_ref()));
                    self.signal = end.and_then(|end| end.ok()?.signal());
                    self.ended = None;
                }
                signal = next(signals) => self.pass_on(signal),
                () = clock::at(*kill_at) => {
                    self.kill_at = None;
                    self.kill(Signal::KILL);
                }
            }
        }
    }

    fn pass_on(&mut self, signal: Signal) {
        let ends = matches!(signal, Signal::TERM | Signal::HUP);
        if ends {
            ending::acknowledge(PATIENCE + LAST_WORDS);
            self.kill_at.get_or_insert_with(|| Instant::now() + PATIENCE);
        }
        // What is typed at the terminal reaches all of its foreground.
        let is_typed = matches!(signal, Signal::INT | Signal::QUIT) && io::stdin().is_terminal();
        if self.pid.is_none() {
            self.status = u8::try_from(BY_SIGNAL + signal.as_raw()).ok();
        } else if !is_typed {
            self.kill(signal);
        }
    }

    fn kill(&self, signal: Signal) {
        if let Some(pid) = self.pid {
            // One that has just ended needs none.
            let _ = kill_process(pid, signal);
        }
    }
}

/// Waits for the end of a program, where there is one. Safe to drop.
pub(super) async fn over(program: &mut Option<Program>) {
    match program {
        Some(program) => program.over().await,
        None => pending().await,
    }
}

/// The next signal that came to us. Safe to drop.
async fn next(signals: &mut [(Signal, unix::Signal)]) -> Signal {
    poll_fn(|cx| {
        let came = signals
            .iter_mut()
            .find_map(|(signal, stream)| stream.poll_recv(cx).is_ready().then_some(*signal));
        came.map_or(Poll::Pending, Poll::Ready)
    })
    .await
}

fn status_of(end: Option<&io::Result<ExitStatus>>) -> u8 {
    let Some(Ok(status)) = end else { return NOT_EXECUTABLE };
    let by_signal = status.signal().map(|signal| BY_SIGNAL + signal);
    let code = status.code().or(by_signal).unwrap_or(i32::from(NOT_EXECUTABLE));
    u8::try_from(code).unwrap_or(u8::MAX)
}

/// The authorities of the system, or those that were named in their place.
fn systems(headless: &Headless) -> Vec<u8> {
    let named = headless.os.get("SSL_CERT_FILE").map(PathBuf::from);
    let all = named.into_iter().chain(SYSTEMS.map(PathBuf::from));
    let mut read = all.filter(|path| fs::metadata(path).is_ok());
    let found = read.find_map(|path| named_file::read(&path, BUNDLE_LIMIT).ok());
    found.unwrap_or_else(|| {
        output::note("no file with the system's authorities was found; only opened hosts verify");
        Vec::new()
    })
}
