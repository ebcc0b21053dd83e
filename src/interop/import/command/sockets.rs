//! `nc`, `ncat` and `socat`: clients, listeners and relays of TCP, TLS and UDP.

use crate::codec::escape;
use crate::compose::template;
use crate::interop::curl::{LineInput, ShellLine};
use crate::model::client::{ClientSpec, InputSpec, ScriptStep, TcpSpec, UdpSpec};
use crate::model::endpoint::Endpoint;
use crate::model::listener::{Rule, TcpListenerSpec, UdpListenerSpec};
use crate::model::payload::{LineEnding, Payload, PayloadFormat};
use crate::model::relay::{TcpRelaySpec, UdpRelaySpec};
use crate::model::spec::Spec;
use crate::model::tls::{ClientTls, ListenerTls, TlsChoices};
use crate::model::trust::{TrustedCertificates, Verify};

/// Letters of `nc` and `ncat` that take a value.
const VALUES: &str = "wpsqIOXxGgioTPVMmW";
/// Options of `ncat` with a value that means nothing here.
const LONG_VALUES: [&str; 19] = [
    "allow",
    "allowfile",
    "delay",
    "deny",
    "denyfile",
    "hex-dump",
    "idle-timeout",
    "max-conns",
    "output",
    "proxy",
    "proxy-auth",
    "proxy-dns",
    "proxy-type",
    "ssl-alpn",
    "ssl-cert",
    "ssl-ciphers",
    "ssl-key",
    "ssl-trustfile",
    "wait",
];

/// A preset of a command, and what it says that is not there.
pub(super) type Made = (Spec, Vec<String>);

/// What the options of `nc` and `ncat` say.
#[derive(Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is an option of its own")]
struct Netcat {
    is_ncat: bool,
    udp: bool,
    unix: bool,
    tls: bool,
    verifies: bool,
    listens: bool,
    crlf: bool,
    echo: bool,
    port: Option<String>,
    source: Option<String>,
    sni: String,
    places: Vec<String>,
    remarks: Vec<String>,
}

impl Netcat {
    fn read(words: &[String]) -> Self {
        let is_ncat = words.first().is_some_and(|program| program.ends_with("ncat"));
        let mut read = Netcat { is_ncat, ..Netcat::default() };
        let mut words = words.iter().skip(1);
        while let Some(word) = words.next() {
            if let Some(long) = word.strip_prefix("--").filter(|long| !long.is_empty()) {
                read.long(long, &mut words);
            } else if word.len() > 1 && word.starts_with('-') && word != "--" {
                read.letters(word, &mut words);
            } else if word != "--" {
                read.places.push(word.to_owned());
            }
        }
        read
    }

    fn long<'w>(&mut self, written: &str, words: &mut impl Iterator<Item = &'w String>) {
        let (name, glued) = match written.split_once('=') {
            Some((name, value)) => (name, Some(value.to_owned())),
            None => (written, None),
        };
        let mut value = || glued.clone().or_else(|| words.next().cloned()).unwrap_or_default();
        match name {
            "udp" => self.udp = true,
            "unixsock" => self.unix = true,
            "ssl" => self.tls = true,
            "ssl-verify" => (self.tls, self.verifies) = (true, true),
            "listen" => self.listens = true,
            "crlf" => self.crlf = true,
            "exec" | "sh-exec" | "lua-exec" => self.starts(&value()),
            "source" => self.source = Some(value()),
            "source-port" => self.port = Some(value()),
            "ssl-servername" => self.sni = template::quote(&value()),
            name if LONG_VALUES.contains(&name) => {
                let value = value();
                self.remarks.push(format!("--{name} {value} means nothing here"));
            }
            "keep-open" | "recv-only" | "send-only" | "no-shutdown" | "nodns" | "verbose" => {}
            name => self.remarks.push(format!("--{name} means nothing here")),
        }
    }

    /// Letters behind one dash; the value of one is the rest of them, or the next word.
    fn letters<'w>(&mut self, word: &str, words: &mut impl Iterator<Item = &'w String>) {
        let mut letters = word.chars().skip(1);
        while let Some(letter) = letters.next() {
            match letter {
                'u' => self.udp = true,
                'U' => self.unix = true,
                'l' => self.listens = true,
                'C' => self.crlf = true,
                'z' => self.remarks.push("-z only looks whether it can connect there".to_owned()),
                'e' => self.starts(words.next().map_or("", String::as_str)),
                'c' if self.listens || self.is_ncat => {
                    self.starts(words.next().map_or("", String::as_str));
                }
                letter if VALUES.contains(letter) || (letter == 'd' && self.is_ncat) => {
                    let rest: String = letters.by_ref().collect();
                    let value = if rest.is_empty() { words.next().cloned() } else { Some(rest) };
                    let value = value.unwrap_or_default();
                    match letter {
                        'p' => self.port = Some(value),
                        's' => self.source = Some(value),
                        _ => self.remarks.push(format!("-{letter} {value} means nothing here")),
                    }
                }
                _ => {}
            }
        }
    }

    fn starts(&mut self, program: &str) {
        self.echo = ends_with_cat(program);
        if !self.echo {
            self.remarks.push(format!("the program it starts is not run: {program}"));
        }
    }

    /// Where it listens.
    fn bind(&self) -> Result<String, String> {
        let none = || "no port to listen on".to_owned();
        if self.unix {
            return self.places.first().map(|path| unix(path)).ok_or_else(none);
        }
        let source = self.source.as_deref().unwrap_or("*");
        match (self.places.as_slice(), &self.port) {
            ([host, ..], Some(port)) | ([host, port, ..], None) => Ok(address(host, port)),
            ([], Some(port)) | ([port], None) => Ok(address(source, port)),
            ([], None) => Err(none()),
        }
    }

    /// Whom it connects to.
    fn target(&mut self) -> Result<String, String> {
        let none = || "no host and port to connect to".to_owned();
        if self.unix {
            return self.places.first().map(|path| unix(path)).ok_or_else(none);
        }
        let [host, port, ..] = self.places.as_slice() else { return Err(none()) };
        let first = port.split('-').next().unwrap_or(port);
        if first != port && first.parse::<u16>().is_ok() {
            self.remarks.push(format!("all of the ports {port} are tried there, here the first"));
            return Ok(address(host, first));
        }
        Ok(address(host, port))
    }

    /// Where it sends from.
    fn from(&self) -> String {
        match (&self.source, &self.port) {
            (Some(source), Some(port)) => address(source, port),
            (Some(source), None) => source.clone(),
            (None, Some(port)) => format!(":{port}"),
            (None, None) => String::new(),
        }
    }
}

/// A path of a socket as an address.
fn unix(path: &str) -> String {
    format!("unix:{}", template::quote(path))
}

/// Reads `nc` or `ncat`.
pub(super) fn netcat(line: &ShellLine) -> Result<Made, String> {
    let mut read = Netcat::read(&line.words);
    if read.listens {
        return Ok((listener(&read.bind()?, read.udp, read.tls, read.echo), read.remarks));
    }
    let address = read.target()?;
    let verify = if read.verifies { Verify::On } else { Verify::Off };
    let source = read.from();
    let Netcat { udp, tls, crlf, sni, mut remarks, .. } = read;
    let made = Peer { address, source, udp, tls: tls.then_some(verify), sni, crlf };
    let spec = made.client(line.input.as_ref(), &mut remarks);
    Ok((spec, remarks))
}

fn ends_with_cat(program: &str) -> bool {
    program.rsplit('/').next() == Some("cat")
}

fn address(host: &str, port: &str) -> String {
    let host = host.trim_matches(['[', ']']);
    port.parse().map_or_else(
        |_| format!("{host}:{port}"),
        |port| Endpoint::new(host.to_owned(), port).to_string(),
    )
}

fn listener(bind: &str, udp: bool, tls: bool, echo: bool) -> Spec {
    let rules = if echo { vec![Rule::default()] } else { Vec::new() };
    let bind = bind.to_owned();
    if udp {
        return Spec::UdpListener(UdpListenerSpec { bind, rules, ..UdpListenerSpec::default() });
    }
    let tls = if tls { ListenerTls::Generated } else { ListenerTls::Off };
    Spec::TcpListener(TcpListenerSpec { bind, tls, rules, ..TcpListenerSpec::default() })
}

/// Whom a client talks to, and how.
struct Peer {
    address: String,
    /// Where it sends from.
    source: String,
    udp: bool,
    tls: Option<Verify>,
    sni: String,
    crlf: bool,
}

impl Peer {
    fn client(self, input: Option<&LineInput>, remarks: &mut Vec<String>) -> Spec {
        let steps = steps(input, self.crlf, remarks);
        let line_ending = match (self.udp, self.crlf) {
            (true, _) => LineEnding::None,
            (false, true) => LineEnding::CrLf,
            (false, false) => LineEnding::Lf,
        };
        let input = InputSpec { line_ending, format: PayloadFormat::Text };
        let client = ClientSpec { source: self.source, ..ClientSpec::default() };
        if self.udp {
            let address = self.address;
            return Spec::Udp(UdpSpec { address, client, steps, input, ..UdpSpec::default() });
        }
        let (trust, sni) = (TrustedCertificates::default(), self.sni);
        let choices = TlsChoices::default();
        let tls =
            self.tls.map_or(ClientTls::Off, |verify| ClientTls::On { verify, trust, sni, choices });
        Spec::Tcp(TcpSpec {
            address: self.address,
            tls,
            steps,
            input,
            client,
            ..TcpSpec::default()
        })
    }
}

fn steps(input: Option<&LineInput>, crlf: bool, remarks: &mut Vec<String>) -> Vec<ScriptStep> {
    let text = match input {
        None => return Vec::new(),
        Some(LineInput::Text(text)) if crlf => {
            escape::escape(text.replace('\n', "\r\n").as_bytes())
        }
        Some(LineInput::Text(text)) => escape::escape(text.as_bytes()),
        Some(LineInput::Escaped(text)) => text.clone(),
        Some(LineInput::File(file)) => {
            remarks.push(format!("what is in {file} is not read"));
            return Vec::new();
        }
        Some(LineInput::Program(program)) => {
            remarks.push(format!("what {program} writes is not known; it is not run"));
            return Vec::new();
        }
    };
    vec![ScriptStep::Send(Payload::text(text))]
}

/// One address of `socat`: its kind in capitals, its arguments and its options.
struct SocatAddress {
    kind: String,
    arguments: String,
    options: Vec<String>,
}

impl SocatAddress {
    fn of(word: &str) -> Self {
        if word == "-" {
            return SocatAddress {
                kind: "STDIO".into(),
                arguments: String::new(),
                options: Vec::new(),
            };
        }
        let (kind, rest) = word.split_once(':').unwrap_or((word, ""));
        let mut pieces = rest.split(',').map(str::to_owned);
        let arguments = pieces.next().unwrap_or_default();
        // Options of an address without arguments stand right behind its kind.
        let (kind, first) = kind.split_once(',').unwrap_or((kind, ""));
        let first = (!first.is_empty()).then(|| first.to_owned());
        let options = first.into_iter().chain(pieces).collect();
        SocatAddress { kind: kind.to_uppercase(), arguments, options }
    }

    fn value(&self, name: &str) -> Option<&str> {
        self.options.iter().find_map(|option| option.strip_prefix(name)?.strip_prefix('='))
    }

    fn is_listener(&self) -> bool {
        self.kind.contains("-L") || self.kind.contains("LISTEN") || self.kind.contains("RECV")
    }

    fn is_udp(&self) -> bool {
        self.kind.starts_with("UDP") || (self.is_unix() && self.is_of_datagrams())
    }

    fn is_of_datagrams(&self) -> bool {
        ["SENDTO", "RECV", "DATAGRAM"].iter().any(|word| self.kind.contains(word))
    }

    fn is_tls(&self) -> bool {
        self.kind.starts_with("OPENSSL") || self.kind.starts_with("SSL")
    }

    fn is_unix(&self) -> bool {
        self.kind.starts_with("UNIX") || self.kind.starts_with("ABSTRACT")
    }

    fn is_socket(&self) -> bool {
        self.kind.starts_with("TCP") || self.is_udp() || self.is_tls() || self.is_unix()
    }

    /// A place of the address: `host:port`, or the path of a socket.
    fn place(&self) -> String {
        if self.is_unix() {
            let sign = if self.kind.starts_with("ABSTRACT") { "@" } else { "" };
            unix(&format!("{sign}{}", self.arguments))
        } else {
            self.arguments.clone()
        }
    }

    /// Who it connects to, verified unless it says not to.
    fn tls(&self) -> ClientTls {
        if !self.is_tls() {
            return ClientTls::Off;
        }
        let verify = if self.value("verify") == Some("0") { Verify::Off } else { Verify::On };
        let sni = self.value("snihost").unwrap_or_default().to_owned();
        ClientTls::On {
            verify,
            trust: TrustedCertificates::default(),
            sni,
            choices: TlsChoices::default(),
        }
    }

    fn bind(&self) -> String {
        if self.is_unix() {
            return self.place();
        }
        format!("{}:{}", self.value("bind").unwrap_or("*"), self.arguments)
    }
}

/// The addresses of a command, options and their values left out.
fn addresses(words: &[String]) -> Vec<SocatAddress> {
    const VALUED: [&str; 11] =
        ["-b", "-t", "-T", "-L", "-W", "-r", "-R", "-S", "-lf", "-lp", "-lm"];
    let (mut found, mut is_value) = (Vec::new(), false);
    for word in words.iter().skip(1) {
        if std::mem::take(&mut is_value) {
            continue;
        }
        if word != "-" && word.starts_with('-') {
            is_value = VALUED.contains(&word.as_str());
        } else {
            found.push(SocatAddress::of(word));
        }
    }
    found
}

/// Reads `socat`.
pub(super) fn socat(line: &ShellLine) -> Result<Made, String> {
    let mut remarks = Vec::new();
    let addresses = addresses(&line.words);
    let [one, other] = addresses.as_slice() else {
        return Err("socat takes two addresses".to_owned());
    };
    let sockets = [one, other].into_iter().filter(|address| address.is_socket());
    let sockets: Vec<&SocatAddress> = sockets.collect();
    let spec = match sockets.as_slice() {
        [listener, target] if listener.is_listener() != target.is_listener() => {
            let (listener, target) =
                if listener.is_listener() { (listener, target) } else { (target, listener) };
            let (bind, to) = (listener.bind(), target.place());
            if listener.is_udp() {
                Spec::UdpRelay(UdpRelaySpec { bind, target: to, ..UdpRelaySpec::default() })
            } else {
                let tls = if listener.is_tls() { ListenerTls::Generated } else { ListenerTls::Off };
                let target_tls = target.tls();
                Spec::TcpRelay(TcpRelaySpec {
                    bind,
                    target: to,
                    tls,
                    target_tls,
                    ..TcpRelaySpec::default()
                })
            }
        }
        [socket] if socket.is_listener() => {
            let end = if socket.is_same(one) { other } else { one };
            let echo = ["PIPE", "ECHO"].contains(&end.kind.as_str())
                || ["EXEC", "SYSTEM"].contains(&end.kind.as_str()) && ends_with_cat(&end.arguments);
            if !echo && end.kind != "STDIO" {
                remarks.push(format!("{}:{} is not run or opened", end.kind, end.arguments));
            }
            listener(&socket.bind(), socket.is_udp(), socket.is_tls(), echo)
        }
        [socket] => {
            let crlf = socket.options.iter().any(|option| option == "crlf" || option == "crnl");
            let source = socket.value("bind").map(str::to_owned).unwrap_or_default();
            let port = socket.value("sourceport").or_else(|| socket.value("sp"));
            let source = port.map_or(source.clone(), |port| format!("{source}:{port}"));
            let (address, udp, sni) = (socket.place(), socket.is_udp(), String::new());
            let peer = Peer { address, source, udp, tls: None, sni, crlf };
            let mut spec = peer.client(line.input.as_ref(), &mut remarks);
            spec.set_client_tls(socket.tls());
            spec
        }
        _ => return Err("neither address is a socket that is known here".to_owned()),
    };
    Ok((spec, remarks))
}

impl SocatAddress {
    fn is_same(&self, other: &SocatAddress) -> bool {
        std::ptr::eq(self, other)
    }
}
