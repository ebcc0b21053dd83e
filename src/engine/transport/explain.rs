//! Operating system errors in words: what happened, and what to try.
//!
//! Called wherever a socket fails, so that the same error reads the same everywhere.

use std::io::{self, ErrorKind};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use crate::engine::tls::tls_words;
use crate::model::counts::counted;
use crate::model::failure::{Failure, FailureKind, Stage};
use crate::os;

/// Kind and cause of an error on a socket.
pub(crate) fn socket_error(error: &io::Error) -> (FailureKind, String) {
    let (kind, cause) = match error.kind() {
        ErrorKind::ConnectionRefused => (FailureKind::Refused, "connection refused"),
        ErrorKind::ConnectionReset => (FailureKind::Reset, "the peer reset the connection"),
        ErrorKind::ConnectionAborted => (FailureKind::Reset, "the connection was aborted"),
        ErrorKind::BrokenPipe => (FailureKind::Reset, "the peer has closed the connection"),
        ErrorKind::HostUnreachable => (FailureKind::Unreachable, "host unreachable"),
        ErrorKind::NetworkUnreachable => (FailureKind::Unreachable, "network unreachable"),
        ErrorKind::NetworkDown => (FailureKind::Unreachable, "the network is down"),
        ErrorKind::AddrNotAvailable => {
            (FailureKind::Unreachable, "the address is not available on this machine")
        }
        ErrorKind::AddrInUse => (FailureKind::AddressInUse, "the port is taken"),
        ErrorKind::PermissionDenied => (FailureKind::Permission, "permission denied"),
        ErrorKind::UnexpectedEof => (FailureKind::Truncated, "the peer closed the connection"),
        ErrorKind::TimedOut => {
            (FailureKind::Io, "the system gave up waiting for the peer to answer")
        }
        _ => return (FailureKind::Io, system_text(error)),
    };
    (kind, cause.to_owned())
}

/// The system's own text without the error number.
fn system_text(error: &io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or(&text).to_owned()
}

/// A connection attempt failed. `target` is what the user wrote, `address` what was tried.
pub(crate) fn connect_failure(target: &str, address: SocketAddr, error: &io::Error) -> Failure {
    if let Some((cause, hint)) = without_zone(address, error) {
        return Failure::new(Stage::Connect, target, FailureKind::Usage, cause).hint(hint);
    }
    let (kind, cause) = socket_error(error);
    let is_up = format!("nothing listens on port {} there; is the server running?", address.port());
    let hint = match kind {
        FailureKind::Refused => &*is_up,
        FailureKind::Unreachable if address.is_ipv6() => {
            "no route to it from here; is IPv6 available?"
        }
        FailureKind::Unreachable => "no route to it from here; check the address and the network",
        FailureKind::Permission => "a firewall or policy of this machine forbids it",
        FailureKind::Reset => "the other side accepts, then drops connections",
        _ => "",
    };
    Failure::new(Stage::Connect, target, kind, with_address(&cause, target, address)).hint(hint)
}

/// Names the address when it says more than the target the user wrote.
fn with_address(cause: &str, target: &str, address: SocketAddr) -> String {
    let host = target.rsplit_once(':').map_or(target, |(host, _)| host).trim_matches(['[', ']']);
    let ip = host.split_once('%').map_or(host, |(ip, _)| ip);
    if ip.parse::<IpAddr>().is_ok() { cause.to_owned() } else { format!("{cause} by {address}") }
}

/// A wait came to its end.
pub(crate) fn timed_out(stage: Stage, target: &str, after: Duration, what: &str) -> Failure {
    let cause = format!("timed out after {} ms: {what}", after.as_millis());
    Failure::new(stage, target, FailureKind::Timeout(after), cause)
}

/// A socket could not be bound. `transport` is `tcp` or `udp`, to look up who holds the port.
pub(crate) fn bind_failure(address: SocketAddr, transport: &str, error: &io::Error) -> Failure {
    let (kind, words) = socket_error(error);
    let (ip, port) = (address.ip(), address.port());
    let (cause, hint) = match error.kind() {
        ErrorKind::AddrInUse => match os::port_owner(transport, port) {
            Some(holder) => (
                format!("port {port} is taken by {holder}"),
                "stop that program, or choose another port".to_owned(),
            ),
            None => (
                format!("port {port} is taken by another program"),
                format!("choose another port; 'ss -lp sport = :{port}' as root names the program"),
            ),
        },
        ErrorKind::PermissionDenied => {
            let other = u32::from(port) + 8000;
            let low = format!("ports below 1024 belong to root; try {other}");
            let hint = if port < 1024 { low } else { String::new() };
            (format!("no permission for port {port}"), hint)
        }
        ErrorKind::AddrNotAvailable => (
            format!("{ip} is not an address of this machine"),
            "use ':port' for loopback or '*:port' for all interfaces".to_owned(),
        ),
        _ => without_zone(address, error).unwrap_or((words, String::new())),
    };
    Failure::new(Stage::Bind, address.to_string(), kind, cause).hint(hint)
}

/// What is wrong, and what to do, where the number of a link is missing.
pub(crate) fn without_zone(address: SocketAddr, error: &io::Error) -> Option<(String, String)> {
    let is_it = error.kind() == ErrorKind::InvalidInput && lacks_zone(address);
    is_it.then(|| missing_zone(address))
}

/// That a zone is named as nothing here is.
pub(crate) fn no_such_link(zone: &str) -> String {
    format!("the zone '{zone}' is no network interface of this machine")
}

/// The same in words: cause and hint.
pub(crate) fn missing_zone(address: SocketAddr) -> (String, String) {
    let (ip, port) = (address.ip(), address.port());
    let links = os::links();
    let hint = match links.as_slice() {
        [] => format!("name the link, as in [{ip}%2]:{port} ('ip link' lists them)"),
        [first, ..] => {
            let links = links.join(", ");
            format!("name the link, as in [{ip}%{first}]:{port}; this machine has: {links}")
        }
    };
    (format!("{ip} is one of every link of this machine"), hint)
}

/// Whether an address means something only together with the number of a link.
pub(crate) fn lacks_zone(address: SocketAddr) -> bool {
    let SocketAddr::V6(address) = address else { return false };
    let (ip, is_link_group) = (address.ip(), address.ip().segments()[0] & 0xff0f == 0xff02);
    address.scope_id() == 0 && (ip.is_unicast_link_local() || is_link_group)
}

/// An established stream broke.
pub(crate) fn stream_failure(
    stage: Stage,
    target: impl Into<String>,
    error: &io::Error,
    received: u64,
) -> Failure {
    let (kind, mut cause) = socket_error(error);
    if kind == FailureKind::Reset {
        cause = format!("{cause} after {} received", counted(received, "byte"));
    }
    if let Some(tls) = tls_words::error_inside(error) {
        return tls_words::failure(&target.into(), tls, None);
    }
    Failure::new(stage, target, kind, cause)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_names_the_port_and_the_next_step() {
        let address: SocketAddr = "127.0.0.1:9".parse().unwrap();
        let error = io::Error::from(ErrorKind::ConnectionRefused);
        let failure = connect_failure("localhost:9", address, &error);
        assert_eq!(failure.kind, FailureKind::Refused);
        assert_eq!(
            failure.to_string(),
            "cannot connect: localhost:9: connection refused by 127.0.0.1:9 \
             (nothing listens on port 9 there; is the server running?)"
        );
    }

    #[test]
    fn an_address_of_every_link_needs_one() {
        let error = io::Error::from_raw_os_error(22);
        let failure = connect_failure("[fe80::1]:9", "[fe80::1]:9".parse().unwrap(), &error);
        assert!(failure.cause.contains("every link") && failure.hint.contains("[fe80::1%"));
        let other = connect_failure("[::1]:9", "[::1]:9".parse().unwrap(), &error);
        assert_eq!(other.cause, "Invalid argument");
        let refused = io::Error::from(ErrorKind::ConnectionRefused);
        let zoned = connect_failure("[::1%lo]:9", "[::1]:9".parse().unwrap(), &refused);
        assert_eq!(zoned.cause, "connection refused");
    }

    #[test]
    fn a_low_port_offers_one_that_works() {
        let error = io::Error::from(ErrorKind::PermissionDenied);
        let failure = bind_failure("127.0.0.1:80".parse().unwrap(), "tcp", &error);
        assert_eq!(failure.kind, FailureKind::Permission);
        assert!(failure.hint.ends_with("try 8080"), "{failure}");
    }

    #[test]
    fn a_foreign_address_cannot_be_bound() {
        let error = io::Error::from(ErrorKind::AddrNotAvailable);
        let failure = bind_failure("192.0.2.1:80".parse().unwrap(), "tcp", &error);
        assert_eq!(failure.cause, "192.0.2.1 is not an address of this machine");
    }

    #[test]
    fn unknown_errors_keep_the_words_of_the_system() {
        let (kind, cause) = socket_error(&io::Error::from_raw_os_error(105));
        assert_eq!(kind, FailureKind::Io);
        assert!(!cause.contains("os error"), "{cause}");
    }
}
