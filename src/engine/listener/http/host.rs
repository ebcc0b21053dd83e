//! Whether a request was meant for this listener, by the host it names. Pure.
//!
//! A foreign host is served all the same (webhooks come through tunnels), but marked: a web page
//! whose name was pointed at this machine looks like that too (DNS rebinding).

use std::net::IpAddr;

use crate::codec::http1::fields::excerpt;
use crate::model::end_address::EndAddress;
use crate::model::exchange::Head;
use crate::model::url_text::UrlText;

/// What to say about a request whose host is not this machine's; `local` is where the client found
/// us, `machine` the machine's own name.
pub(super) fn foreign(
    head: &Head,
    target: &str,
    local: Option<&EndAddress>,
    machine: &str,
) -> Option<String> {
    // Who asks through a socket of the file system found it there, whatever it calls us.
    if local.is_some_and(EndAddress::is_unix) {
        return None;
    }
    let named = head.field("host").map(|host| String::from_utf8_lossy(host));
    // An absolute target counts instead of the header (RFC 9112, section 3.2.2); a path is none.
    let url = (!target.starts_with('/')).then(|| UrlText::literal(target));
    let absolute = url.filter(|url| !url.scheme.is_empty()).map(|url| url.host_port.into());
    let host = absolute.or(named)?;
    let name = without_port(&host).to_ascii_lowercase();
    (!name.is_empty() && !is_ours(&name, local, machine)).then(|| {
        let shown = excerpt(name.as_bytes());
        format!("the request is for another host, '{shown}'; answered all the same")
    })
}

fn without_port(host: &str) -> &str {
    match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    }
}

fn is_ours(name: &str, local: Option<&EndAddress>, machine: &str) -> bool {
    if let Ok(address) = name.parse::<IpAddr>() {
        let address = address.to_canonical();
        return address.is_loopback() || local.and_then(EndAddress::ip) == Some(address);
    }
    let name = name.strip_suffix('.').unwrap_or(name);
    let short = name.strip_suffix(".local").unwrap_or(name);
    name == "localhost"
        || name.ends_with(".localhost")
        || (!machine.is_empty() && (name == machine || short == machine))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::http1::{Expected, HeadReader};

    fn said(target: &str, host: &str) -> Option<String> {
        let text = format!("GET {target} HTTP/1.1\r\nHost: {host}\r\n\r\n");
        let head = HeadReader::new(Expected::Request).push(text.as_bytes()).unwrap().unwrap().1;
        let local: EndAddress = "192.0.2.7:80".parse().unwrap();
        foreign(&head.head, target, Some(&local), "box")
    }

    #[test]
    fn only_names_of_this_machine_are_its_own() {
        for own in [
            "localhost",
            "LOCALHOST:81",
            "a.localhost",
            "127.0.0.1:9",
            "127.1.2.3",
            "[::1]:80",
            "192.0.2.7",
            "box",
            "box.local:80",
            "localhost.",
            "",
        ] {
            assert_eq!(said("/", own), None, "{own}");
        }
        for foreign in ["evil.example", "192.0.2.8:80", "localhost.evil.example", "[2001:db8::1]"] {
            assert!(said("/", foreign).is_some(), "{foreign}");
        }
        assert!(said("/", "evil.example:80").unwrap().contains("'evil.example'"));
    }

    #[test]
    fn an_absolute_target_counts_instead_of_the_header() {
        assert!(said("http://evil.example/", "localhost").is_some());
        assert_eq!(said("http://u@localhost:1/a", "evil.example"), None);
        assert_eq!(said("/proxy/http://evil.example/", "localhost"), None);
    }
}
