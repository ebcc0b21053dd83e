//! Conversations as commands of a shell: `printf` gives the bytes, `nc`, `socat` or `openssl s_client` takes
//! them across. Nothing there waits for what comes: where a step does, the shell sleeps.

use super::order::ExportRemarks;
use super::planned::PlannedExport;
use crate::interop::curl::{printf, word};
use crate::interop::socket_options::{self, bracketed};
use crate::model::endpoint::Endpoint;
use crate::model::plan::StepPlan;
use crate::model::socket_options::ClientOptions;
use crate::model::tls::{ClientTls, TlsChoices, TlsVersions};
use crate::model::trust::Verify;
use crate::model::unix_name::UnixName;

/// The program that has the socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SocketTool {
    Nc,
    Socat,
}

/// Seconds that an answer is waited for behind the last step.
const REPLY: u64 = 2;
/// Bytes of the longest datagram of IPv4.
const DATAGRAM: usize = 65_507;
/// Bytes of a pipe that nc reads at once.
const READ_AT_ONCE: usize = 8192;
/// Seconds slept where a step waits, at most.
const WAIT: f64 = 1.0;

/// The command of a conversation; `None` = there is none, which is said.
pub(super) fn write(
    planned: &PlannedExport,
    tool: SocketTool,
    place: &str,
    remarks: &mut ExportRemarks,
) -> Option<String> {
    let address = planned.address.as_deref();
    let tcp = planned.plan.as_tcp();
    let (command, is_udp) = if let Some(plan) = tcp {
        if !plan.socket.calls().is_empty() {
            remarks.say("what is asked of its socket", place);
        }
        let peer = Peer::of(&plan.endpoint, address);
        let command = match (&plan.tls, tool) {
            (ClientTls::Off, SocketTool::Nc) => nc(&peer, &plan.client, false, place, remarks),
            (ClientTls::Off, SocketTool::Socat) => {
                socat(&peer, "TCP", &socket_options::socat_source(&plan.client), "")
            }
            (tls, tool) => over_tls(&peer, tls, tool, &plan.client, place, remarks)?,
        };
        (command, false)
    } else {
        let plan = planned.plan.as_udp()?;
        let (peer, ttl) = (Peer::of(&plan.endpoint, address), plan.socket.ttl);
        if tool == SocketTool::Socat {
            let ttl = ttl.map_or_else(String::new, |ttl| format!(",ttl={ttl}"));
            let command = socat(&peer, "UDP", &socket_options::socat_source(&plan.client), &ttl);
            // Else it reads 8192 bytes at once.
            (command.replacen("socat", &format!("socat -b {DATAGRAM}"), 1), true)
        } else {
            if ttl.is_some() {
                remarks.say("the TTL of datagrams, which nc does not set alike everywhere", place);
            }
            (nc(&peer, &plan.client, true, place, remarks), true)
        }
    };
    let steps = planned.plan.steps();
    if steps.iter().any(|step| matches!(step, StepPlan::Expect { .. })) {
        remarks.say("steps that wait for an answer, where the shell sleeps instead", place);
    }
    if is_udp {
        return datagrams(steps, &command, tool, place, remarks);
    }
    Some(format!("{} | {command}\n", feed(steps, true)))
}

/// A command for each datagram: what a program reads of one pipe may become one, however long the shell sleeps between
/// what it writes.
fn datagrams(
    steps: &[StepPlan],
    command: &str,
    tool: SocketTool,
    place: &str,
    remarks: &mut ExportRemarks,
) -> Option<String> {
    let size = |step: &StepPlan| match step {
        StepPlan::Send(bytes) => bytes.len(),
        StepPlan::Expect { .. } => 0,
    };
    if tool == SocketTool::Nc && steps.iter().any(|step| size(step) > READ_AT_ONCE) {
        remarks.say("datagrams of more than 8192 bytes, which nc may cut in pieces", place);
    }
    let is_send = |step: &StepPlan| matches!(step, StepPlan::Send(_));
    let starts = steps.iter().enumerate().filter(|(_, step)| is_send(step)).map(|(at, _)| at);
    // What is awaited before the first belongs to it.
    let mut starts: Vec<usize> = [0].into_iter().chain(starts.skip(1)).collect();
    if starts.len() > 1 {
        remarks.say("one port for all datagrams, which one program might join", place);
    }
    starts.push(steps.len());
    let pieces = starts.windows(2).filter_map(|ends| match ends {
        [start, end] => Some((steps.get(*start..*end)?, *end == steps.len())),
        _ => None,
    });
    let mut lines = Vec::new();
    for (piece, is_last) in pieces {
        let empty = piece.iter().position(|step| is_send(step) && size(step) == 0);
        match (empty, tool) {
            (None, _) => lines.push(format!("{} | {command}", feed(piece, is_last))),
            // It goes out at the end of what is given, so nothing waits behind it: socat itself does.
            (Some(at), SocketTool::Socat) => {
                let until = piece.get(..=at).unwrap_or(piece);
                lines.push(format!("{} | {command},shut-null", feed(until, false)));
            }
            (Some(_), SocketTool::Nc) => {
                remarks.say("left out, as nc sends no empty datagrams", place);
            }
        }
    }
    (!lines.is_empty()).then(|| lines.join("\n") + "\n")
}

/// What gives the bytes of the steps. The end of what is given may end the conversation before the answer is there, so
/// the last of them waits.
fn feed(steps: &[StepPlan], is_last: bool) -> String {
    let line = |step: &StepPlan| match step {
        StepPlan::Send(bytes) => format!("printf {}", printf(bytes)),
        StepPlan::Expect { within, .. } => format!("sleep {}", within.as_secs_f64().min(WAIT)),
    };
    let mut lines: Vec<String> = steps.iter().map(line).collect();
    let waits = steps.last().is_some_and(|step| matches!(step, StepPlan::Expect { .. }));
    if is_last && !waits {
        lines.push(format!("sleep {REPLY}"));
    }
    match lines.as_slice() {
        [only] => only.clone(),
        lines => format!("{{ {}; }}", lines.join("; ")),
    }
}

/// Where it goes, in the words of a shell.
enum Peer {
    Unix(UnixName),
    /// Host and port, and both in one.
    Host {
        host: String,
        port: String,
        both: String,
        name: String,
    },
}

impl Peer {
    fn of(endpoint: &Endpoint, address: Option<&str>) -> Self {
        if let Some(name) = &endpoint.socket {
            return Peer::Unix(name.clone());
        }
        let Some(address) = address else {
            let host = &endpoint.host;
            let both = format!("{}:{}", bracketed(host), endpoint.port);
            let (name, host) = (host.clone(), word(host));
            return Peer::Host { host, port: endpoint.port.to_string(), both: word(&both), name };
        };
        let both = word(address);
        // One variable may hold both.
        let (host, port) = if let Some((host, port)) = address.rsplit_once(':') {
            (word(host), word(port))
        } else {
            let name = both.trim_matches(['"', '$']).to_owned();
            (format!("\"${{{name}%:*}}\""), format!("\"${{{name}##*:}}\""))
        };
        Peer::Host { host, port, both, name: String::new() }
    }
}

fn nc(
    peer: &Peer,
    client: &ClientOptions,
    is_udp: bool,
    place: &str,
    remarks: &mut ExportRemarks,
) -> String {
    let mut switches = String::from("nc");
    if is_udp {
        switches.push_str(" -u");
    }
    match socket_options::nc_source(client) {
        Some(source) => switches.push_str(&source),
        None => remarks.say("where it comes from (source), which nc has no word for", place),
    }
    match peer {
        Peer::Unix(UnixName::Path(path)) => format!("{switches} -U {}", word(path)),
        Peer::Unix(UnixName::Abstract(name)) => {
            remarks.say("Unix sockets without a file, which not every nc knows", place);
            format!("{switches} -U {}", word(&format!("@{name}")))
        }
        Peer::Host { host, port, .. } => format!("{switches} -w {REPLY} {host} {port}"),
    }
}

fn socat(peer: &Peer, kind: &str, source: &str, options: &str) -> String {
    let address = match peer {
        Peer::Unix(UnixName::Path(path)) => word(&format!("UNIX-CONNECT:{path}")),
        Peer::Unix(UnixName::Abstract(name)) => word(&format!("ABSTRACT-CONNECT:{name}")),
        Peer::Host { both, .. } => format!("{kind}:{both}{source}{options}"),
    };
    format!("socat -t {REPLY} - {address}")
}

/// The files that are named for TLS, as options of a tool.
fn files_of(choices: &TlsChoices, tool: SocketTool) -> Vec<String> {
    let files = [
        ("cafile", "CAfile", &choices.ca),
        ("cert", "cert", &choices.certificate),
        ("key", "key", &choices.key),
    ];
    let named = files.into_iter().filter(|(.., file)| !file.is_empty());
    let is_socat = tool == SocketTool::Socat;
    let option = |(socat, openssl, file): (&str, &str, &String)| {
        let file = word(file);
        if is_socat { format!(",{socat}={file}") } else { format!(" -{openssl} {file}") }
    };
    named.map(option).collect()
}

fn over_tls(
    peer: &Peer,
    tls: &ClientTls,
    tool: SocketTool,
    client: &ClientOptions,
    place: &str,
    remarks: &mut ExportRemarks,
) -> Option<String> {
    let ClientTls::On { verify, trust, sni, choices } = tls else { return None };
    if !trust.0.is_empty() {
        remarks.say("certificates that are trusted by their hash", place);
    }
    if choices.versions != TlsVersions::Any {
        remarks.say("the version of TLS that is asked for", place);
    }
    let files = files_of(choices, tool);
    let Peer::Host { both, name, .. } = peer else {
        remarks.say("left out, as there is no TLS over Unix sockets in these commands", place);
        return None;
    };
    let name = if sni.is_empty() { name } else { sni };
    let is_name = !name.is_empty() && name.parse::<std::net::IpAddr>().is_err();
    if tool == SocketTool::Socat {
        let check = if *verify == Verify::Off { ",verify=0" } else { "" };
        let sni = if is_name { format!(",snihost={}", word(name)) } else { String::new() };
        return Some(socat(
            peer,
            "OPENSSL",
            &socket_options::socat_source(client),
            &format!("{check}{sni}{}", files.join("")),
        ));
    }
    if !socket_options::socat_source(client).is_empty() {
        remarks.say("where it comes from (source), which openssl s_client is not told", place);
    }
    let check = if *verify == Verify::Off { "" } else { " -verify_return_error" };
    let sni =
        if is_name { format!(" -servername {}", word(name)) } else { " -noservername".to_owned() };
    Some(format!("openssl s_client -quiet -connect {both}{sni}{check}{}", files.join("")))
}
