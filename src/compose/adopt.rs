//! What an address that names another protocol makes of a spec.
//!
//! Called when the address line is left and before sending: `tcp://`, `tls://` or `https://` typed
//! into a form of another kind means that kind.

use super::address::{Detected, detect, http_unix};
use super::method::{MethodAndUrl, method_and_url};
use crate::model::field_access;
use crate::model::field_id::FieldId;
use crate::model::protocol::{Protocol, Side};
use crate::model::spec::Spec;
use crate::model::unix_name::UnixName;
use crate::model::url_text::UrlText;

/// The spec an address stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Adopted {
    pub spec: Spec,
    /// Nothing composed beside the address is lost when `spec` takes the place of the old one.
    pub is_whole: bool,
}

/// What the address of a spec makes of it; `None` when it says nothing else than the spec does.
#[must_use]
pub(crate) fn adopt(spec: &Spec) -> Option<Adopted> {
    if let Some(MethodAndUrl { method, url }) = method_and_url(spec.address()) {
        return Some(with_method(spec, &method, url));
    }
    let found = detect(spec.address()).filter(|found| found.explicit)?;
    let composed = spec.side();
    if UnixName::written(spec.address().trim()).is_some() && takes_unix(spec) {
        return None;
    }
    if let (Some((socket, url)), true) = (http_unix(spec.address()), composed == Side::Client) {
        let is_same_kind = matches!(spec, Spec::Http(_));
        let empty = Spec::empty(Protocol::Http, Side::Client);
        let mut adopted = if is_same_kind { spec.clone() } else { empty };
        through_socket(&mut adopted, socket, url);
        let is_whole = is_same_kind || is_blank_but_for_address(spec);
        return Some(Adopted { spec: adopted, is_whole });
    }
    let has_scheme = !UrlText::of(spec.address().trim()).scheme.is_empty();
    match spec {
        Spec::Http(_) if found.protocol == Protocol::Http => return None,
        // Without a scheme it is one of WebSocket there.
        Spec::Ws(_) if found.protocol == Protocol::Ws || !has_scheme => return None,
        _ => {}
    }
    // Nobody listens on a path: such a URL is to be asked for, and nothing of it may get lost.
    let side = if has_path(&found) { Side::Client } else { composed };
    let is_same_kind = found.protocol == spec.protocol() && side == composed;
    let mut adopted = if is_same_kind { spec.clone() } else { Spec::empty(found.protocol, side) };
    let address = match (found.protocol, side) {
        (Protocol::Http, Side::Listener) if UnixName::written(&found.address).is_none() => {
            UrlText::of(&found.address).authority.to_owned()
        }
        (Protocol::Ws, Side::Listener) => serving(&mut adopted, &found.address).to_owned(),
        _ => found.address,
    };
    *adopted.address_mut() = address;
    set_tls(&mut adopted, found.tls);
    Some(Adopted { spec: adopted, is_whole: is_same_kind || is_blank_but_for_address(spec) })
}

/// Where a listener listens whose address is a URL; the path of that is where it serves, if it has one.
pub(crate) fn serving<'a>(spec: &mut Spec, url: &'a str) -> &'a str {
    let UrlText { authority, path, .. } = UrlText::of(url);
    if let Spec::WsListener(listener) = spec
        && !matches!(path, "" | "/")
    {
        path.clone_into(&mut listener.path);
    }
    authority
}

/// The request that a method and a URL stand for; only a client of HTTP has a method.
fn with_method(spec: &Spec, method: &str, url: &str) -> Adopted {
    let is_same_kind = matches!(spec, Spec::Http(_));
    let empty = Spec::empty(Protocol::Http, Side::Client);
    let mut adopted = if is_same_kind { spec.clone() } else { empty };
    url.clone_into(adopted.address_mut());
    // A method is taken as it is.
    let _ = field_access::set(adopted.options_mut(), &FieldId::new("method"), method);
    Adopted { spec: adopted, is_whole: is_same_kind || is_blank_but_for_address(spec) }
}

fn is_blank_but_for_address(spec: &Spec) -> bool {
    let empty = Spec::empty(spec.protocol(), spec.side());
    let mut rest = spec.clone();
    empty.address().clone_into(rest.address_mut());
    rest == empty
}

/// Whether a Unix socket is an address of this kind, whatever is spoken there.
fn takes_unix(spec: &Spec) -> bool {
    !matches!(
        (spec.protocol(), spec.side()),
        (Protocol::Udp, _) | (Protocol::Http | Protocol::Ws, Side::Client)
    )
}

/// Makes a request one to this URL through this socket.
pub(crate) fn through_socket(spec: &mut Spec, socket: String, url: String) {
    if let Spec::Http(http) = spec {
        (http.unix_socket, http.url) = (socket, url);
    }
}

/// Whether an address is a URL with more than host and port.
fn has_path(found: &Detected) -> bool {
    if UnixName::written(&found.address).is_some() {
        return false;
    }
    let target = UrlText::of(&found.address).target;
    found.protocol == Protocol::Http && !matches!(target, "" | "/")
}

/// Whether TLS is switched on; `None` where the kind has no such option.
pub(super) fn tls(spec: &Spec) -> Option<bool> {
    let word = field_access::find(spec.options(), &FieldId::new("tls"))?.text()?;
    Some(word != "off")
}

/// Switches TLS on where the kind has it and it is off.
pub(super) fn set_tls(spec: &mut Spec, on: bool) {
    if on && tls(spec) == Some(false) {
        // A switch takes it, in the first of its ways.
        let _ = field_access::set(spec.options_mut(), &FieldId::new("tls"), "true");
    }
}

/// Switches TLS off where the kind has it.
pub(crate) fn tls_off(spec: &mut Spec) {
    if tls(spec) == Some(true) {
        let _ = field_access::set(spec.options_mut(), &FieldId::new("tls"), "off");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::tls::ClientTls;

    fn with_address(protocol: Protocol, side: Side, address: &str) -> Spec {
        let mut spec = Spec::empty(protocol, side);
        address.clone_into(spec.address_mut());
        spec
    }

    #[test]
    fn an_address_of_another_protocol_makes_a_spec_of_that_kind() {
        let spec = with_address(Protocol::Http, Side::Client, "tls://h:443");
        let adopted = adopt(&spec).unwrap();
        assert_eq!((adopted.spec.protocol(), adopted.spec.address()), (Protocol::Tcp, "h:443"));
        assert!(
            adopted.is_whole && matches!(adopted.spec, Spec::Tcp(tcp) if tcp.tls != ClientTls::Off)
        );
    }

    #[test]
    fn a_method_before_the_url_is_the_method_of_a_request() {
        let http = with_address(Protocol::Http, Side::Client, "post http://h/x");
        let adopted = adopt(&http).unwrap();
        assert!(adopted.is_whole);
        let Spec::Http(http) = adopted.spec else { panic!("no request") };
        assert_eq!((http.method.as_str(), http.url.as_str()), ("POST", "http://h/x"));
        for (protocol, side) in [(Protocol::Tcp, Side::Client), (Protocol::Http, Side::Listener)] {
            let other = with_address(protocol, side, "DELETE h:80/x HTTP/1.1");
            let Spec::Http(http) = adopt(&other).unwrap().spec else { panic!("no request") };
            assert_eq!((http.method.as_str(), http.url.as_str()), ("DELETE", "h:80/x"));
        }
    }

    #[test]
    fn a_unix_socket_is_an_address_of_every_stream() {
        let adopted = |protocol, side, address| adopt(&with_address(protocol, side, address));
        for (protocol, side) in [
            (Protocol::Tcp, Side::Client),
            (Protocol::Http, Side::Listener),
            (Protocol::Http, Side::Relay),
        ] {
            assert_eq!(adopted(protocol, side, "unix:/a"), None);
        }
        let tcp = adopted(Protocol::Http, Side::Client, "unix:///a").unwrap().spec;
        assert_eq!((tcp.protocol(), tcp.address()), (Protocol::Tcp, "unix:/a"));
        let http = adopted(Protocol::Tcp, Side::Listener, "http+unix:/a").unwrap().spec;
        assert_eq!((http.protocol(), http.address()), (Protocol::Http, "unix:/a"));
        for (address, socket, url) in [
            ("http+unix://%2Frun%2Fd.sock/v1?a", "/run/d.sock", "http://localhost/v1?a"),
            ("http+unix:/run/d.sock", "/run/d.sock", "http://localhost/"),
        ] {
            let adopted = adopted(Protocol::Http, Side::Client, address).unwrap().spec;
            let Spec::Http(http) = adopted else { panic!("no request") };
            assert_eq!((&*http.unix_socket, &*http.url), (socket, url));
        }
    }

    #[test]
    fn nobody_listens_on_a_path() {
        let side = |address| adopt(&with_address(Protocol::Tcp, Side::Listener, address));
        assert_eq!(side("http://h:80/users").unwrap().spec.side(), Side::Client);
        assert_eq!(side("http://h:80/").unwrap().spec.side(), Side::Listener);
        assert_eq!(side("h:80"), None);
    }

    #[test]
    fn what_else_was_composed_is_not_lost() {
        let mut spec = with_address(Protocol::Http, Side::Client, "udp://h:53");
        if let Spec::Http(http) = &mut spec {
            http.timeout = std::time::Duration::from_secs(1);
        }
        assert!(!adopt(&spec).unwrap().is_whole);
        let spec = with_address(Protocol::Udp, Side::Client, "udp://h:53");
        assert_eq!(adopt(&spec).unwrap().spec.address(), "h:53");
    }
}
