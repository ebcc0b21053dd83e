//! Conversations as commands of a shell: `printf` gives the bytes, `nc`, `socat` or `openssl s_client` takes
//! them across. Nothing there waits for what comes: where a step does, the shell sleeps.

use super::order::ExportRemarks;
use super::planned::PlannedExport;
use crate::interop::curl::{printf, word};
use crate::interop::socket_options::{self, bracketed};
use crate::model::endpoint::Endpoint;
use crate::model::plan::StepPlan;
use crate::model::socket_options::ClientOptions;
use crate::model::tls::ClientTls;
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
            (socat(&peer, "UDP", &socket_options::socat_source(&plan.client), &ttl), true)
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
    Some(format!("{} | {command}\n", feed(steps, is_udp)))
}

/// What gives the bytes of the steps.
fn feed(steps: &[StepPlan], is_udp: bool) -> String {
    let mut lines = Vec::new();
    let mut sent = 0;
    for step in steps {
        match step {
            StepPlan::Send(bytes) => {
                // Datagrams that are written without a pause become one.
                if is_udp && sent > 0 {
                    lines.push("sleep 0.5".to_owned());
                }
                sent += 1;
                lines.push(format!("printf {}", printf(bytes)));
            }
            StepPlan::Expect { within, .. } => {
                lines.push(format!("sleep {}", within.as_secs_f64().min(WAIT)));
                sent = 0;
            }
        }
    }
    // The end of what is given may end the conversation before the answer is there.
    lines.push(format!("sleep {REPLY}"));
    if sent == 0 && lines.len() > 1 {
        lines.pop();
    }
    format!("{{ {}; }}", lines.join("; "))
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

fn over_tls(
    peer: &Peer,
    tls: &ClientTls,
    tool: SocketTool,
    client: &ClientOptions,
    place: &str,
    remarks: &mut ExportRemarks,
) -> Option<String> {
    let ClientTls::On { verify, trust, sni } = tls else { return None };
    if !trust.0.is_empty() {
        remarks.say("certificates that are trusted by their hash", place);
    }
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
            &format!("{check}{sni}"),
        ));
    }
    if !socket_options::socat_source(client).is_empty() {
        remarks.say("where it comes from (source), which openssl s_client is not told", place);
    }
    let check = if *verify == Verify::Off { "" } else { " -verify_return_error" };
    let sni =
        if is_name { format!(" -servername {}", word(name)) } else { " -noservername".to_owned() };
    Some(format!("openssl s_client -quiet -connect {both}{sni}{check}"))
}
