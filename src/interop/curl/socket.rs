//! What a curl command asks of its socket: where the request comes from, and keep-alive.
//!
//! Used by `request`, which reads the options, and `spec`, which takes what they say together.

use std::net::IpAddr;
use std::time::Duration;

/// `--interface`, `--local-port` and `--keepalive-time`.
#[derive(Debug, Default)]
pub(super) struct CurlSocket {
    from: String,
    port: Option<u16>,
    pub(super) keep_alive: Option<Duration>,
}

impl CurlSocket {
    /// Takes the value of one of the options; what of it is not done, in words.
    pub(super) fn read(&mut self, name: &str, value: &str) -> Option<String> {
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
            _ => {
                let every = value.parse().ok().filter(|seconds| *seconds > 0);
                self.keep_alive = every.map(Duration::from_secs).or(self.keep_alive);
                if every.is_some() { None } else { left_out() }
            }
        }
    }

    /// Where to send from, as a preset writes it.
    pub(super) fn source(&self, warnings: &mut Vec<String>) -> String {
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
