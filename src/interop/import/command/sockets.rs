//! `nc`, `ncat` and `socat`: clients, listeners and relays of TCP, TLS and UDP.

use crate::codec::escape;
use crate::compose::template;
use crate::interop::curl::{LineInput, ShellLine};
use crate::model::client::{InputSpec, ScriptStep, TcpSpec, UdpSpec};
use crate::model::endpoint::Endpoint;
use crate::model::listener::{Rule, TcpListenerSpec, UdpListenerSpec};
use crate::model::payload::{LineEnding, Payload, PayloadFormat};
use crate::model::relay::{TcpRelaySpec, UdpRelaySpec};
use crate::model::spec::Spec;
use crate::model::tls::{ClientTls, ListenerTls};
use crate::model::trust::{TrustedCertificates, Verify};

/// Options of `nc` and `ncat` that take a value.
const VALUES: &str = "wpsqIOXxGioedcTPVM";

/// A preset of a command, and what it says that is not there.
pub(super) type Made = (Spec, Vec<String>);

/// What the options of `nc` and `ncat` say.
#[derive(Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is an option of its own")]
struct Netcat {
    udp: bool,
    tls: bool,
    verifies: bool,
    listens: bool,
    crlf: bool,
    echo: bool,
    port: Option<String>,
    places: Vec<String>,
    remarks: Vec<String>,
}

impl Netcat {
    fn read(words: &[String]) -> Self {
        let mut read = Netcat::default();
        let mut words = words.iter().skip(1);
        while let Some(word) = words.next() {
            match word.as_str() {
                "--udp" => read.udp = true,
                "--ssl" => read.tls = true,
                "--ssl-verify" => (read.tls, read.verifies) = (true, true),
                "--listen" => read.listens = true,
                "--crlf" => read.crlf = true,
                "--exec" | "--sh-exec" | "--lua-exec" => read.starts(words.next()),
                long if long.starts_with("--") => {
                    read.remarks.push(format!("{long} means nothing here"));
                }
                short if short.len() > 1 && short.starts_with('-') => {
                    read.letters(short, &mut words);
                }
                place => read.places.push(place.to_owned()),
            }
        }
        read
    }

    /// Letters behind one dash; the value of one is the rest of them, or the next word.
    fn letters<'w>(&mut self, word: &str, words: &mut impl Iterator<Item = &'w String>) {
        let mut letters = word.chars().skip(1);
        while let Some(letter) = letters.next() {
            match letter {
                'u' => self.udp = true,
                'l' => self.listens = true,
                'C' => self.crlf = true,
                'e' => self.starts(words.next()),
                'c' if self.listens => self.starts(words.next()),
                letter if VALUES.contains(letter) => {
                    let rest: String = letters.by_ref().collect();
                    let value = if rest.is_empty() { words.next().cloned() } else { Some(rest) };
                    if letter == 'p' {
                        self.port = value;
                    } else {
                        let value = value.unwrap_or_default();
                        self.remarks.push(format!("-{letter} {value} means nothing here"));
                    }
                }
                _ => {}
            }
        }
    }

    fn starts(&mut self, program: Option<&String>) {
        let program = program.map_or("", String::as_str);
        self.echo = ends_with_cat(program);
        if !self.echo {
            self.remarks.push(format!("the program it starts is not run: {program}"));
        }
    }
}

/// Reads `nc` or `ncat`.
pub(super) fn netcat(line: &ShellLine) -> Result<Made, String> {
    let Netcat { udp, tls, verifies, listens, crlf, echo, port, places, mut remarks } =
        Netcat::read(&line.words);
    if listens {
        let (host, port) = match (places.as_slice(), port) {
            ([host, ..], Some(port)) => (host.clone(), port),
            ([], Some(port)) => ("*".to_owned(), port),
            ([host, port, ..], None) => (host.clone(), port.clone()),
            ([port], None) => ("*".to_owned(), port.clone()),
            ([], None) => return Err("no port to listen on".to_owned()),
        };
        return Ok((listener(&format!("{host}:{port}"), udp, tls, echo), remarks));
    }
    let [host, port, ..] = places.as_slice() else {
        return Err("no host and port to connect to".to_owned());
    };
    let verify = if verifies { Verify::On } else { Verify::Off };
    let made = Peer { address: address(host, port), udp, tls: tls.then_some(verify), crlf };
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
    udp: bool,
    tls: Option<Verify>,
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
        if self.udp {
            let address = self.address;
            return Spec::Udp(UdpSpec { address, steps, input, ..UdpSpec::default() });
        }
        let (trust, sni) = (TrustedCertificates::default(), String::new());
        let tls = self.tls.map_or(ClientTls::Off, |verify| ClientTls::On { verify, trust, sni });
        Spec::Tcp(TcpSpec { address: self.address, tls, steps, input, ..TcpSpec::default() })
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
        self.kind.starts_with("UDP")
    }

    fn is_tls(&self) -> bool {
        self.kind.starts_with("OPENSSL") || self.kind.starts_with("SSL")
    }

    fn is_socket(&self) -> bool {
        self.kind.starts_with("TCP") || self.is_udp() || self.is_tls()
    }

    /// Who it connects to, verified unless it says not to.
    fn tls(&self) -> ClientTls {
        if !self.is_tls() {
            return ClientTls::Off;
        }
        let verify = if self.value("verify") == Some("0") { Verify::Off } else { Verify::On };
        let sni = self.value("snihost").unwrap_or_default().to_owned();
        ClientTls::On { verify, trust: TrustedCertificates::default(), sni }
    }

    fn bind(&self) -> String {
        format!("{}:{}", self.value("bind").unwrap_or("*"), self.arguments)
    }
}

/// Reads `socat`.
pub(super) fn socat(line: &ShellLine) -> Result<Made, String> {
    let mut remarks = Vec::new();
    let words = line.words.iter().skip(1).filter(|word| *word == "-" || !word.starts_with('-'));
    let addresses: Vec<SocatAddress> = words.map(|word| SocatAddress::of(word)).collect();
    let [one, other] = addresses.as_slice() else {
        return Err("socat takes two addresses".to_owned());
    };
    let sockets = [one, other].into_iter().filter(|address| address.is_socket());
    let sockets: Vec<&SocatAddress> = sockets.collect();
    let spec = match sockets.as_slice() {
        [listener, target] if listener.is_listener() != target.is_listener() => {
            let (listener, target) =
                if listener.is_listener() { (listener, target) } else { (target, listener) };
            let (bind, to) = (listener.bind(), target.arguments.clone());
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
            let peer =
                Peer { address: socket.arguments.clone(), udp: socket.is_udp(), tls: None, crlf };
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

/// What a preset of a command is called.
pub(super) fn name(spec: &Spec) -> String {
    format!("{} {}", spec.badge(), template::quote(spec.address()))
}
