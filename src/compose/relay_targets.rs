//! What somebody writes behind `wirebench relay LISTEN`: where the relay leads to, and by what.

use super::address::{detect, wrong_scheme};
use crate::model::protocol::Protocol;
use crate::model::spec::Spec;
use crate::model::tls::ClientTls;
use crate::model::unix_name::UnixName;

const STREAMS: (&str, &str) =
    ("TCP and TLS", "write host:port, tcp://host:port, tls://host:port or unix:/path");
const DATAGRAMS: (&str, &str) = ("UDP", "write host:port or udp://host:port");

/// Leads a relay to a target.
///
/// # Errors
/// Why it cannot lead there, and what to write.
pub(crate) fn go_on_to(spec: &mut Spec, target: &str) -> Result<(), (String, &'static str)> {
    if let Some(cause) = wrong_scheme(target) {
        return Err((cause, ""));
    }
    if let Some(relay) = spec.as_http_relay_mut() {
        // What is wrong with it is said where it is planned. What is spoken there is known.
        let socket = detect(target).map(|found| found.address);
        let socket = socket.filter(|address| UnixName::written(address).is_some());
        relay.target = socket.unwrap_or_else(|| target.to_owned());
        return Ok(());
    }
    let (found, spoken) = (detect(target), spec.protocol());
    // What is not said is what the clients speak.
    if found.as_ref().is_some_and(|found| found.explicit && found.protocol != spoken) {
        let (passed_on, written) = if spoken == Protocol::Udp { DATAGRAMS } else { STREAMS };
        return Err((format!("a relay of {} passes on {passed_on}", spoken.title()), written));
    }
    let has_tls = found.as_ref().is_some_and(|found| found.tls);
    if let Some(place) = spec.target_mut() {
        *place = found.map_or_else(|| target.to_owned(), |found| found.address);
    }
    let relay = spec.as_tcp_relay_mut().filter(|relay| relay.target_tls == ClientTls::Off);
    if let Some(relay) = relay.filter(|_| has_tls) {
        relay.target_tls = ClientTls::verified();
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::protocol::Side;

    #[test]
    fn a_relay_of_http_leads_to_a_socket_however_that_is_written() {
        for (target, led_to) in [
            ("unix:/run/a.sock", "unix:/run/a.sock"),
            ("http+unix:/run/a.sock", "unix:/run/a.sock"),
            ("http+unix://%2Frun%2Fa.sock", "unix:/run/a.sock"),
            ("http://a:80", "http://a:80"),
        ] {
            let mut spec = Spec::empty(Protocol::Http, Side::Relay);
            go_on_to(&mut spec, target).unwrap();
            assert_eq!(spec.target_mut().cloned().as_deref(), Some(led_to), "{target}");
        }
    }
}
