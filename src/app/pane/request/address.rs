//! What the address line understands beyond an address: other protocols and curl commands.

use super::blur;
use crate::app::App;
use crate::codec::address::{Detected, detect};
use crate::model::http::HttpListenerSpec;
use crate::model::listener::TcpListenerSpec;
use crate::model::protocol::{Protocol, Side};
use crate::model::spec::Spec;
use crate::model::tls::{ClientTls, ListenerTls, Verify};

/// An address that names another protocol (`tcp://`, `tls://`, `https://` in a TCP form) turns the
/// draft into one of that kind. Whatever else was composed stays in a draft of its own.
pub fn adopt_address(app: &mut App) {
    let draft = app.drafts.current();
    let Some(found) = detect(draft.spec.address()).filter(|found| found.explicit) else { return };
    let composed = draft.spec.side();
    let is_url = draft.spec.protocol() == Protocol::Http && composed == Side::Client;
    if found.protocol == Protocol::Http && is_url {
        return;
    }
    // Nobody listens on a path: such a URL is to be asked for, and nothing of it may get lost.
    let side = if has_path(&found) { Side::Client } else { composed };
    let same_form = found.protocol == draft.spec.protocol() && side == composed;
    let mut spec = Spec::empty(found.protocol, side);
    let address = match (found.protocol, side) {
        (Protocol::Http, Side::Listener) => {
            let bare = found.address.split_once("://").map_or(found.address.as_str(), |(_, b)| b);
            bare.split('/').next().unwrap_or_default().to_owned()
        }
        _ => found.address,
    };
    if same_form {
        spec = draft.spec.clone();
    }
    *spec.address_mut() = address;
    set_tls(&mut spec, found.tls);
    let mut rest = draft.spec.clone();
    let empty = Spec::empty(rest.protocol(), composed);
    empty.address().clone_into(rest.address_mut());
    if rest == empty || same_form {
        app.drafts.current_mut().replace(spec);
    } else {
        let saved = draft.saved.as_ref().map_or("", |saved| saved.address()).to_owned();
        *app.drafts.current_mut().spec.address_mut() = saved;
        app.drafts.open(spec);
    }
    crate::app::global::draft_changed(app);
}

/// Whether an address is a URL with more than host and port.
fn has_path(found: &Detected) -> bool {
    let bare = found.address.split_once("://").map_or(found.address.as_str(), |(_, rest)| rest);
    let after = bare.find(['/', '?']).and_then(|at| bare.get(at..)).unwrap_or_default();
    found.protocol == Protocol::Http && !matches!(after, "" | "/")
}

fn set_tls(spec: &mut Spec, on: bool) {
    match spec {
        Spec::Tcp(tcp) if on && tcp.tls == ClientTls::Off => {
            tcp.tls = ClientTls::On { verify: Verify::On, sni: String::new() };
        }
        Spec::TcpListener(TcpListenerSpec { tls, .. })
        | Spec::HttpListener(HttpListenerSpec { tls, .. })
            if on && *tls == ListenerTls::Off =>
        {
            *tls = ListenerTls::Generated;
        }
        _ => {}
    }
}

/// Fills the form from a curl command; what was composed before stays in its own draft.
pub(super) fn paste_curl(app: &mut App, text: &str) {
    match crate::interop::curl::parse(text) {
        Ok((spec, ignored)) => {
            blur(app);
            let draft = app.drafts.current_mut();
            if draft.is_blank() {
                draft.replace(Spec::Http(spec));
            } else {
                app.drafts.open(Spec::Http(spec));
            }
            crate::app::global::draft_changed(app);
            let note = match ignored.as_slice() {
                [] => "filled from the curl command".to_owned(),
                ignored => {
                    format!("filled from the curl command; not used: {}", ignored.join(", "))
                }
            };
            app.say(note);
        }
        Err(error) => app.warn(format!("curl command: {error}")),
    }
}
