//! What a preset asks of its sockets, as lines of a Python script and switches of curl. A number is
//! one of the calls that the plan names, so a new one costs nothing here; where a client comes from
//! is more than a number, and curl has a switch for keep-alive. Of HTTP in Python, whose libraries
//! open the sockets, it is said in a comment. Of a pasted curl command the same switches are read.
//!
//! Used by the Python scripts of clients and listeners, by both directions of curl, and by `nc` and `socat`.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use super::network_words;
use super::python::literal::{bytes, on_link, text, unix_name};
use crate::model::client::{ClientSpec, SocketSpec};
use crate::model::endpoint::{Bind, Endpoint};
use crate::model::socket_options::{ClientOptions, SocketCall, SocketOptions, SourceAddress};
use crate::model::unix_name::UnixName;

/// Connects as `socket.create_connection` does, through one interface alone.
const CONNECT: &str = "

def connect(host, port, timeout):
    \"\"\"Connects through one network interface (Linux).\"\"\"
    family, kind, proto, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    sock = socket.socket(family, kind, proto)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, INTERFACE)
    sock.settimeout(timeout)
    sock.connect(address)
    return sock

";

/// The same to a socket of the file system.
const CONNECT_UNIX: &str = "

def connect(path, timeout):
    \"\"\"Connects to a Unix socket.\"\"\"
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    sock.settimeout(timeout)
    sock.connect(path)
    return sock

";

/// The switch of curl that connects to it, with its value.
pub(crate) fn curl_unix(name: &UnixName) -> (&'static str, &str) {
    match name {
        UnixName::Path(path) => ("unix-socket", path),
        UnixName::Abstract(name) => ("abstract-unix-socket", name),
    }
}

/// The expression that connects to an endpoint, and the function it needs, if it needs one.
pub(crate) fn connection(
    endpoint: &Endpoint,
    client: &ClientOptions,
    timeout: &str,
) -> (String, String) {
    if let Some(name) = &endpoint.socket {
        return (format!("connect({}, {timeout})", unix_name(name)), CONNECT_UNIX.to_owned());
    }
    let (host, port) = (text(&endpoint.host), endpoint.port);
    let source = match &client.source {
        None => String::new(),
        Some(SourceAddress::Interface(name)) => {
            let function = CONNECT.replace("INTERFACE", &bytes(name.as_bytes()));
            return (format!("connect({host}, {port}, {timeout})"), function);
        }
        Some(SourceAddress::Port(own)) => format!(", source_address=(\"\", {own})"),
        Some(SourceAddress::Bound(bind)) => {
            format!(", source_address={}", local(bind, is_ipv6_literal(endpoint)))
        }
    };
    (
        format!("socket.create_connection(({host}, {port}), timeout={timeout}{source})"),
        String::new(),
    )
}

/// The switches of `nc` for where a client comes from; `None` = it has none for that.
pub(crate) fn nc_source(client: &ClientOptions) -> Option<String> {
    match &client.source {
        None => Some(String::new()),
        Some(SourceAddress::Port(port)) => Some(format!(" -p {port}")),
        Some(SourceAddress::Bound(Bind::Address(own))) if own.port() == 0 => {
            Some(format!(" -s {}", own.ip()))
        }
        Some(SourceAddress::Bound(Bind::Address(own))) => {
            Some(format!(" -s {} -p {}", own.ip(), own.port()))
        }
        Some(SourceAddress::Bound(_) | SourceAddress::Interface(_)) => None,
    }
}

/// The option of an address of `socat` for the same; empty = none.
pub(crate) fn socat_source(client: &ClientOptions) -> String {
    match &client.source {
        None => String::new(),
        Some(SourceAddress::Port(port)) => format!(",sourceport={port}"),
        Some(SourceAddress::Interface(name)) => format!(",so-bindtodevice={name}"),
        Some(SourceAddress::Bound(Bind::Address(own))) if own.port() == 0 => {
            format!(",bind={}", bracketed(&own.ip().to_string()))
        }
        Some(source) => format!(",bind={source}"),
    }
}

/// A host as it stands before a port.
pub(crate) fn bracketed(host: &str) -> String {
    if host.contains(':') { format!("[{host}]") } else { host.to_owned() }
}

/// The family of a client's socket of datagrams, and the line that binds it, if one does.
pub(crate) fn datagram_source(
    endpoint: &Endpoint,
    client: &ClientOptions,
) -> (&'static str, String) {
    let is_ipv6 = is_ipv6_literal(endpoint)
        || matches!(&client.source, Some(SourceAddress::Bound(own)) if own.ip().is_some_and(|ip| ip.is_ipv6()));
    let bound = match &client.source {
        None => String::new(),
        Some(SourceAddress::Bound(own)) => format!("    sock.bind({})\n", local(own, is_ipv6)),
        Some(SourceAddress::Port(port)) => format!("    sock.bind((\"\", {port}))\n"),
        Some(SourceAddress::Interface(name)) => {
            let name = bytes(name.as_bytes());
            format!("    sock.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, {name})\n")
        }
    };
    (family(is_ipv6), bound)
}

/// The name of an address family in `socket`.
pub(crate) fn family(is_ipv6: bool) -> &'static str {
    if is_ipv6 { "AF_INET6" } else { "AF_INET" }
}

/// The lines that set these on a socket.
pub(crate) fn set(calls: &[SocketCall], margin: &str, sock: &str) -> String {
    let line = |SocketCall { level, name, value }: &SocketCall| {
        format!("{margin}{sock}.setsockopt(socket.{level}, socket.{name}, {value})\n")
    };
    calls.iter().map(line).collect()
}

/// What a script does not do whose library opens the socket, a comment a line.
pub(crate) fn left_out(client: &ClientOptions, socket: &SocketOptions) -> String {
    let source = client.source.as_ref();
    let out = source.map_or_else(String::new, |source| {
        format!("# comes from {source} in wirebench, not here\n")
    });
    out + &network_words::left_out(&client.network) + &unset(&socket.calls())
}

/// The comment that a script does not set these; none where nothing is to be set.
pub(crate) fn unset(calls: &[SocketCall]) -> String {
    let call = |SocketCall { name, value, .. }: &SocketCall| format!("{name} = {value}");
    let calls: Vec<String> = calls.iter().map(call).collect();
    if calls.is_empty() {
        return String::new();
    }
    format!("# set in wirebench, not here: {}\n", calls.join(", "))
}

fn is_ipv6_literal(endpoint: &Endpoint) -> bool {
    endpoint.host.parse::<IpAddr>().is_ok_and(|ip| ip.is_ipv6())
}

/// Of the addresses a source stands for, the one of the peer's family.
fn local(bind: &Bind, is_ipv6: bool) -> String {
    if let Bind::Link { ip, zone, port } = bind {
        return on_link(ip, zone, *port);
    }
    let own = bind.sockets();
    let own = own.iter().find(|own| own.is_ipv6() == is_ipv6).or(own.first());
    let tuple = |own: &SocketAddr| format!("({}, {})", text(&own.ip().to_string()), own.port());
    own.map_or_else(|| "(\"\", 0)".into(), tuple)
}

/// The options of curl that ask for the same, each with its value.
pub(crate) fn curl_options(
    client: &ClientOptions,
    socket: &SocketOptions,
) -> Vec<(&'static str, String)> {
    let mut options = Vec::new();
    match &client.source {
        None => {}
        Some(SourceAddress::Interface(name)) => options.push(("interface", format!("if!{name}"))),
        Some(SourceAddress::Port(own)) => options.push(("local-port", own.to_string())),
        Some(SourceAddress::Bound(bind)) => {
            // Of two families curl would take the one alone, and any address is what it takes by itself.
            let is_one =
                |own: &&SocketAddr| matches!(bind, Bind::Address(_)) && !own.ip().is_unspecified();
            let sockets = bind.sockets();
            let own = sockets.first();
            let address = own.filter(is_one).map(|own| ("interface", format!("host!{}", own.ip())));
            options.extend(address);
            options.extend(own.map(|own| ("local-port", own.port().to_string())));
        }
    }
    options.extend(network_words::curl_options(&client.network));
    options.retain(|(name, value)| *name != "local-port" || value != "0");
    options.extend(socket.keep_alive.map(|every| ("keepalive-time", every.as_secs().to_string())));
    options
}

/// What a curl command asks of its socket: `--interface`, `--local-port`, `--keepalive-time` and which Unix
/// socket it is.
#[derive(Debug, Default, Clone)]
pub(crate) struct CurlSocket {
    from: String,
    port: Option<u16>,
    keep_alive: Option<Duration>,
    /// Its path or `@name`, as a preset has it.
    pub(crate) unix: String,
}

impl CurlSocket {
    /// The options it takes, as curl's manual writes them.
    pub(crate) const OPTIONS: &str =
        "interface= local-port= keepalive-time= unix-socket= abstract-unix-socket=";

    /// Takes the value of one of the options, and passes others over; what of it is not done, in words.
    pub(crate) fn read(&mut self, name: &str, value: &str) -> Option<String> {
        let left_out = || Some(format!("--{name} {value} was ignored"));
        match name {
            "interface" => {
                let from = value.strip_prefix("if!").or_else(|| value.strip_prefix("host!"));
                let from = from.unwrap_or(value);
                let is_host = value.starts_with("host!") && from.parse::<IpAddr>().is_err();
                // `ifhost!interface!host` asks for both.
                if from.is_empty() || from.contains('!') || is_host {
                    return left_out();
                }
                from.clone_into(&mut self.from);
                None
            }
            "local-port" => {
                let (first, last) = value.split_once('-').unwrap_or((value, ""));
                self.port = first.parse().ok().filter(|port| *port > 0).or(self.port);
                match (first.parse::<u16>(), last) {
                    (Ok(1..), "") => None,
                    (Ok(first @ 1..), _) => {
                        Some(format!("of --local-port {value}, {first} alone is tried"))
                    }
                    _ => left_out(),
                }
            }
            "keepalive-time" => {
                let every = value.parse().ok().filter(|seconds| *seconds > 0);
                self.keep_alive = every.map(Duration::from_secs).or(self.keep_alive);
                if every.is_some() { None } else { left_out() }
            }
            "unix-socket" => {
                value.clone_into(&mut self.unix);
                None
            }
            "abstract-unix-socket" => {
                self.unix = format!("@{value}");
                None
            }
            _ => None,
        }
    }

    /// The options of a spec that ask for the same; what of it is not done goes to `warnings`.
    pub(crate) fn specs(&self, warnings: &mut Vec<String>) -> (SocketSpec, ClientSpec) {
        let client = ClientSpec { source: self.source(warnings), ..ClientSpec::default() };
        (SocketSpec { keep_alive: self.keep_alive }, client)
    }

    /// Where to send from, as a preset writes it.
    fn source(&self, warnings: &mut Vec<String>) -> String {
        let Some(port) = self.port else { return self.from.clone() };
        match self.from.parse::<IpAddr>() {
            Ok(IpAddr::V4(ip)) => format!("{ip}:{port}"),
            Ok(IpAddr::V6(ip)) => format!("[{ip}]:{port}"),
            Err(_) if self.from.is_empty() => format!(":{port}"),
            Err(_) => {
                warnings.push(format!(
                    "--local-port {port} was ignored: a source is an interface or a port"
                ));
                self.from.clone()
            }
        }
    }
}
