//! What the address line understands beyond an address: other protocols and curl commands.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::blur;
use crate::app::effect::Effect;
use crate::app::state::App;
use crate::compose::address::{Detected, detect};
use crate::interop::curl::{self, CookieFiles};
use crate::model::http::HttpListenerSpec;
use crate::model::listener::TcpListenerSpec;
use crate::model::protocol::{Protocol, Side};
use crate::model::spec::Spec;
use crate::model::tls::{ClientTls, ListenerTls, Verify};
use crate::store::job::Job;

/// An address that names another protocol (`tcp://`, `tls://`, `https://` in a TCP form) turns the
/// draft into one of that kind. Whatever else was composed stays in a draft of its own.
pub fn adopt_address(app: &mut App) {
    let draft = app.shared.drafts.current();
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
        app.shared.drafts.current_mut().replace(spec);
    } else {
        let saved = draft.saved.as_ref().map_or("", |saved| saved.address()).to_owned();
        *app.shared.drafts.current_mut().spec.address_mut() = saved;
        app.shared.drafts.open(spec);
    }
    crate::app::flow::program::draft_changed(app);
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

/// Fills the form from a curl command, at once or when the files it reads cookies from are here.
pub(super) fn paste_curl(app: &mut App, text: &str) {
    let files = curl::cookie_files(text);
    if files.is_empty() {
        fill(app, text, &CookieFiles::default());
        return;
    }
    let home = app.shared.os.get("HOME");
    let place = |name: String| match (name.strip_prefix("~/"), home) {
        (Some(rest), Some(home)) => (name.clone(), Path::new(home).join(rest)),
        _ => (name.clone(), PathBuf::from(&name)),
    };
    let files = files.into_iter().map(place).collect();
    app.request.pasted = Some(text.to_owned());
    app.effects.push(Effect::Store(Job::ReadTexts { files }));
}

/// The files of cookies of a pasted command are here.
pub fn cookies_read(app: &mut App, contents: BTreeMap<String, Result<String, String>>) {
    let Some(text) = app.request.pasted.take() else { return };
    let now = i64::try_from(app.shared.now.0 / 1_000_000_000).unwrap_or(i64::MAX);
    fill(app, &text, &CookieFiles { contents, now });
}

/// What was composed before stays in its own draft.
fn fill(app: &mut App, text: &str, files: &CookieFiles) {
    match curl::parse_with(text, files) {
        Ok((spec, ignored)) => {
            blur(app);
            let draft = app.shared.drafts.current_mut();
            if draft.is_blank() {
                draft.replace(Spec::Http(spec));
            } else {
                app.shared.drafts.open(Spec::Http(spec));
            }
            crate::app::flow::program::draft_changed(app);
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
