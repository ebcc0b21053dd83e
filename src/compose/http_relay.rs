//! Plans of HTTP relays.

use super::http_rules::rules_of_relay;
use super::relay::{faults, hold, unless_itself};
use super::rewrite::rewrites;
use super::sockets::{
    client, client_tls, contract, endpoint_in, is_unix, keep_alive_of_unix, listener_tls, socket,
    stream_bind,
};
use super::text::Composer;
use crate::model::endpoint::Endpoint;
use crate::model::field_id::FieldId;
use crate::model::http_relay::HttpRelaySpec;
use crate::model::plan::{HttpRelayPlan, OpenPlan, OriginPlan};
use crate::model::timing::bound;
use crate::model::tls::ClientTls;
use crate::model::unix_name::UnixName;
use crate::model::url_text::UrlText;

/// Every issue goes to the composer; `None` without an address to bind or with a target that is none.
pub(super) fn plan(spec: &HttpRelaySpec, composer: &mut Composer<'_>) -> Option<HttpRelayPlan> {
    let bind = stream_bind(&spec.bind, &spec.unix, composer);
    let target = match spec.target.trim() {
        "" => None,
        _ => Some(origin(spec, composer)),
    };
    let is_proxy = target.is_none();
    let endpoint = target.as_ref().and_then(Option::as_ref).map(|origin| &origin.endpoint);
    unless_itself(bind.as_ref(), endpoint, composer);
    let tls = listener_tls(&spec.tls, composer);
    let socket = socket(&spec.socket, composer);
    let onward_is_unix = endpoint.is_some_and(|it| it.socket.is_some());
    keep_alive_of_unix(&socket, onward_is_unix && is_unix(bind.as_ref()), composer);
    let client = client(&spec.client, composer);
    let hosts = hosts(spec, is_proxy, composer);
    let onward_tls = match &spec.target_tls {
        ClientTls::On { .. } if is_proxy => {
            client_tls(FieldId::new("target-tls"), &spec.target_tls, composer)
        }
        _ => ClientTls::verified(),
    };
    let rules = rules_of_relay(&spec.rules, composer);
    let contract = contract(&spec.contract, composer);
    let rewrites = rewrites(&spec.rewrite, Some(&spec.target_tls), composer);
    let user = composer.line(FieldId::new("user"), &spec.user);
    let password = composer.line(FieldId::new("password"), &spec.password);
    if user.contains(':') {
        composer.issue(FieldId::new("user"), "a user of Basic has no colon (RFC 7617)");
    }
    if !is_proxy && !user.is_empty() {
        let message = "a user is for a forward proxy, which has no target";
        composer.issue(FieldId::new("user"), message);
    }
    Some(HttpRelayPlan {
        bind: bind?,
        tls,
        socket,
        target: target.map_or(Some(None), |target| target.map(Some))?,
        connect_timeout: bound(spec.connect_timeout),
        timeout: bound(spec.timeout),
        client,
        host: spec.host,
        rules,
        rewrites,
        forwarded: spec.forwarded,
        onward_tls,
        open: OpenPlan { hosts, authority: None },
        hold: hold(&spec.hold, composer),
        faults: faults((spec.faults, &spec.fault), (Some(true), "HTTP"), composer),
        contract,
        credentials: (!user.is_empty()).then_some((user, password)),
    })
}

/// Whose TLS a forward proxy opens.
fn hosts(spec: &HttpRelaySpec, is_proxy: bool, composer: &mut Composer<'_>) -> Vec<String> {
    let field = FieldId::new("open");
    let text = composer.line(field, &spec.open);
    let words = text.split(|c: char| c == ',' || c.is_whitespace());
    let hosts: Vec<String> = words.filter(|it| !it.is_empty()).map(str::to_owned).collect();
    let is_odd = |host: &&String| {
        let bare = host.strip_prefix('*').unwrap_or(host);
        let is_address = bare.parse::<std::net::IpAddr>().is_ok();
        !is_address && bare.contains(|c: char| !(c.is_alphanumeric() || ".-_".contains(c)))
    };
    if let Some(odd) = hosts.iter().find(is_odd) {
        composer.issue(field, format!("'{odd}' is no host; write host, *.domain or *"));
    }
    if !is_proxy && !hosts.is_empty() {
        composer.issue(field, "TLS is opened for a forward proxy, which has no target");
    }
    hosts
}

/// The server of a reverse proxy; `None` after an issue.
fn origin(spec: &HttpRelaySpec, composer: &mut Composer<'_>) -> Option<OriginPlan> {
    let field = FieldId::new("target");
    let count = composer.issues.len();
    let text = composer.line(field, &spec.target);
    if composer.issues.len() > count {
        return None;
    }
    if UnixName::written(text.trim()).is_some() {
        let endpoint = endpoint_in(field, &spec.target, composer)?;
        let tls = client_tls(FieldId::new("target-tls"), &spec.target_tls, composer);
        return Some(OriginPlan { endpoint, tls });
    }
    let url = UrlText::literal(text.trim());
    let scheme = url.scheme.to_ascii_lowercase();
    let (is_secure, usual) = match &*scheme {
        "" | "http" => (false, 80),
        "https" => (true, 443),
        other => {
            let message = format!("'{other}://' is no URL of HTTP; write http://host:port");
            composer.issue(field, message);
            return None;
        }
    };
    if url.userinfo.is_some() || !matches!(url.target, "" | "/") || url.fragment.is_some() {
        let message = "a relay passes each path on as it is; write http://host:port alone";
        composer.issue(field, message);
        return None;
    }
    let tls = match &spec.target_tls {
        // Who wrote it means it, although the form has a field of its own.
        ClientTls::Off if is_secure => ClientTls::verified(),
        tls => client_tls(FieldId::new("target-tls"), tls, composer),
    };
    let usual = if tls == ClientTls::Off { usual } else { 443 };
    let place = if url.port.is_some_and(|port| !port.is_empty()) {
        url.host_port.to_owned()
    } else {
        // `host` alone or `:port` alone.
        format!("{}:{usual}", url.host)
    };
    let place = if place.starts_with(':') { format!("127.0.0.1{place}") } else { place };
    match place.parse::<Endpoint>() {
        Ok(endpoint) if endpoint.port == 0 => {
            composer.issue(field, "port 0 cannot be connected to");
            None
        }
        Ok(endpoint) => Some(OriginPlan { endpoint, tls }),
        Err(error) => {
            composer.issue(field, error.to_string());
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::plan::Plan;
    use crate::model::preset::Scope;
    use crate::model::spec::Spec;

    fn planned(target: &str) -> Result<HttpRelayPlan, String> {
        let spec = HttpRelaySpec { target: target.into(), ..HttpRelaySpec::default() };
        match crate::compose::plan(&Spec::HttpRelay(spec), &Scope::default()) {
            Ok(plan) => plan.http_relay().ok_or_else(|| "another plan".into()),
            Err(issues) => Err(format!("{}: {}", issues[0].field, issues[0].message)),
        }
    }

    #[test]
    fn a_target_is_a_url_with_or_without_its_usual_port_or_a_place() {
        for (target, expected) in [
            ("http://127.0.0.1:9000", "http://127.0.0.1:9000"),
            ("http://127.0.0.1:9000/", "http://127.0.0.1:9000"),
            ("https://example.com", "https://example.com"),
            ("HTTPS://example.com:8443", "https://example.com:8443"),
            ("http://[::1]:81", "http://[::1]:81"),
            ("db.local", "http://db.local"),
            (":9000", "http://127.0.0.1:9000"),
        ] {
            let origin = planned(target).unwrap().target.unwrap();
            assert_eq!(origin.url(), expected, "{target}");
        }
        assert_eq!(planned(" ").unwrap().target, None, "a forward proxy");
    }

    #[test]
    fn what_is_wrong_with_a_target_is_said_at_its_field() {
        for (target, said) in [
            ("tcp://a:1", "target: 'tcp://' is no URL of HTTP; write http://host:port"),
            ("http://a/api", "target: a relay passes each path on as it is"),
            ("http://u@a", "target: a relay passes each path on as it is"),
            ("http://a:0", "target: port 0 cannot be connected to"),
            ("http://a:x", "target: 'x' is not a port"),
        ] {
            let why = planned(target).unwrap_err();
            assert!(why.starts_with(said), "{target}: {why}");
        }
    }

    #[test]
    fn a_user_is_for_a_proxy_alone() {
        let plan = |target: &str, user: &str| {
            let spec = HttpRelaySpec {
                target: target.into(),
                user: user.into(),
                password: "pw".into(),
                ..HttpRelaySpec::default()
            };
            crate::compose::plan(&Spec::HttpRelay(spec), &Scope::default())
        };
        let Ok(Plan::HttpRelay(of)) = plan("", "ann") else { panic!() };
        assert_eq!(of.credentials, Some(("ann".into(), "pw".into())));
        let open = |target: &str, open: &str| {
            let (target, open) = (target.into(), open.into());
            let spec = HttpRelaySpec { target, open, ..HttpRelaySpec::default() };
            let plan = crate::compose::plan(&Spec::HttpRelay(spec), &Scope::default());
            plan.ok().and_then(Plan::http_relay).map(|plan| plan.open.hosts.join(" "))
        };
        assert_eq!(open("", "a.example,*.b  *"), Some("a.example *.b *".into()));
        assert_eq!((open("", "https://a"), open("http://a", "b")), (None, None));
        assert!(plan("http://a", "ann").is_err());
        assert!(plan("", "a:b").is_err());
    }
}
