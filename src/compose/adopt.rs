//! What an address that names another protocol makes of a spec.
//!
//! Called when the address line is left and before sending: `tcp://`, `tls://` or `https://` typed
//! into a form of another kind means that kind.

use super::address::{Detected, detect};
use crate::model::field_access;
use crate::model::field_id::FieldId;
use crate::model::protocol::{Protocol, Side};
use crate::model::spec::Spec;

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
    let found = detect(spec.address()).filter(|found| found.explicit)?;
    let composed = spec.side();
    if found.protocol == Protocol::Http && matches!(spec, Spec::Http(_)) {
        return None;
    }
    // Nobody listens on a path: such a URL is to be asked for, and nothing of it may get lost.
    let side = if has_path(&found) { Side::Client } else { composed };
    let is_same_kind = found.protocol == spec.protocol() && side == composed;
    let mut adopted = if is_same_kind { spec.clone() } else { Spec::empty(found.protocol, side) };
    *adopted.address_mut() = match (found.protocol, side) {
        (Protocol::Http, Side::Listener) => {
            bare(&found.address).split('/').next().unwrap_or_default().to_owned()
        }
        _ => found.address,
    };
    set_tls(&mut adopted, found.tls);
    let mut rest = spec.clone();
    let empty = Spec::empty(spec.protocol(), composed);
    empty.address().clone_into(rest.address_mut());
    Some(Adopted { spec: adopted, is_whole: is_same_kind || rest == empty })
}

/// An address without its scheme.
fn bare(address: &str) -> &str {
    address.split_once("://").map_or(address, |(_, rest)| rest)
}

/// Whether an address is a URL with more than host and port.
fn has_path(found: &Detected) -> bool {
    let bare = bare(&found.address);
    let after = bare.find(['/', '?']).map_or("", |at| bare.split_at(at).1);
    found.protocol == Protocol::Http && !matches!(after, "" | "/")
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
