//! Plans of relays.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use super::condition::{self, check_hold};
use super::rewrite::rewrites;
use super::sockets::{
    bind, client, client_of_many, client_tls, datagram_endpoint, datagrams, endpoint_in, is_unix,
    keep_alive_of_unix, listener_tls, socket, stream_bind,
};
use super::text::Composer;
use crate::model::endpoint::{Bind, Endpoint};
use crate::model::fault::{ChanceSpec, FaultPlan, FaultSpec, FaultsPlan};
use crate::model::field_id::FieldId;
use crate::model::hold::{HoldPlan, HoldSpec};
use crate::model::plan::{ANYWHERE, SocksPlan, TargetPlan, TcpRelayPlan, UdpRelayPlan};
use crate::model::relay::{TcpRelaySpec, UdpRelaySpec};
use crate::model::timing::bound;
use crate::model::tls::ClientTls;
use crate::model::url_text::UrlText;

/// Every issue goes to the composer; `None` without an address to bind or a target.
pub(super) fn tcp(spec: &TcpRelaySpec, composer: &mut Composer<'_>) -> Option<TcpRelayPlan> {
    let field = FieldId::new("target");
    let bind = stream_bind(&spec.bind, &spec.unix, composer);
    let socks = socks(spec, composer);
    let endpoint = match &socks {
        // Nothing is read of it.
        Some(_) if spec.target.trim().is_empty() => Some(Endpoint::new(ANYWHERE, 0)),
        Some(_) => {
            composer.issue(field, "each client says where to (SOCKS5); leave the target empty");
            None
        }
        None => endpoint_in(field, &spec.target, composer),
    };
    let scheme = UrlText::of(&spec.target).scheme.to_ascii_lowercase();
    if scheme == "udp" {
        composer.issue(field, "a TCP relay connects its clients on by TCP or TLS");
    }
    let is_secured = ["tls", "ssl", "https"].contains(&&*scheme);
    // Who wrote it means it, although the form has a field of its own.
    let tls = match &spec.target_tls {
        ClientTls::Off if is_secured => ClientTls::verified(),
        tls => client_tls(FieldId::new("target-tls"), tls, composer),
    };
    unless_itself(bind.as_ref(), endpoint.as_ref(), composer);
    let own_tls = listener_tls(&spec.tls, composer);
    let socket = socket(&spec.socket, composer);
    let onward_is_unix = endpoint.as_ref().is_some_and(|it| it.socket.is_some());
    keep_alive_of_unix(&socket, onward_is_unix && is_unix(bind.as_ref()), composer);
    let target = TargetPlan {
        endpoint: endpoint?,
        tls,
        connect_timeout: bound(spec.connect_timeout),
        socket: socket.clone(),
        client: client(&spec.client, composer),
    };
    let hold = hold(&spec.hold, composer);
    // Behind SOCKS5 there are datagrams, too.
    let of_streams = socks.is_none().then_some(true);
    let faults = faults((spec.faults, &spec.fault), (of_streams, "TCP"), composer);
    let rewrites = rewrites(&spec.rewrite, None, composer);
    let tls = own_tls;
    Some(TcpRelayPlan { bind: bind?, tls, socket, target, socks, hold, faults, rewrites })
}

/// Who may say where to; `None` = nobody does.
fn socks(spec: &TcpRelaySpec, composer: &mut Composer<'_>) -> Option<SocksPlan> {
    // RFC 1929: a byte says how long each is.
    const MOST: usize = 255;
    if !spec.socks {
        return None;
    }
    let mut part = |field: FieldId, text: &str| {
        let text = composer.line(field, text);
        if text.len() > MOST {
            composer.issue(field, format!("SOCKS5 holds {MOST} bytes at most"));
        }
        text
    };
    let user = part(FieldId::new("socks-user"), &spec.socks_user);
    let password = part(FieldId::new("socks-password"), &spec.socks_password);
    let is_asked = !user.is_empty() || !password.is_empty();
    Some(SocksPlan { login: is_asked.then_some((user, password)) })
}

/// As [`tcp`].
pub(super) fn udp(spec: &UdpRelaySpec, composer: &mut Composer<'_>) -> Option<UdpRelayPlan> {
    let field = FieldId::new("target");
    let bind = bind(&spec.bind, composer);
    let target = datagram_endpoint(field, &spec.target, composer);
    let scheme = UrlText::of(&spec.target).scheme.to_ascii_lowercase();
    if !matches!(&*scheme, "" | "udp") {
        composer.issue(field, "a UDP relay leads on by UDP");
    }
    unless_itself(bind.as_ref(), target.as_ref(), composer);
    let client = client_of_many(&spec.client, composer);
    let hold = hold(&spec.hold, composer);
    let faults = faults((spec.faults, &spec.fault), (Some(false), "UDP"), composer);
    let rewrites = rewrites(&spec.rewrite, None, composer);
    let (socket, any_peer, idle) = (datagrams(&spec.socket), spec.any_peer, bound(spec.idle));
    let (bind, target) = (bind?, target?);
    let plan =
        UdpRelayPlan { bind, socket, target, client, any_peer, idle, hold, faults, rewrites };
    Some(plan)
}

/// What is passed on to the relay itself would go round for ever.
pub(super) fn unless_itself(
    bind: Option<&Bind>,
    target: Option<&Endpoint>,
    composer: &mut Composer<'_>,
) {
    let (Some(bind), Some(target)) = (bind, target) else { return };
    let ip = if target.host.eq_ignore_ascii_case("localhost") {
        Some(Ipv4Addr::LOCALHOST.into())
    } else {
        target.host.parse::<IpAddr>().ok()
    };
    let is_same = |own: &SocketAddr, ip: IpAddr| {
        let is_any = own.ip().is_unspecified() && own.is_ipv4() == ip.is_ipv4();
        own.ip() == ip || is_any && ip.is_loopback()
    };
    let is_itself = match (bind, &target.socket) {
        (Bind::Unix { name, .. }, Some(socket)) => name == socket,
        _ => {
            bind.port() == target.port
                && target.port != 0
                && ip.is_some_and(|ip| bind.sockets().iter().any(|own| is_same(own, ip)))
        }
    };
    if is_itself {
        let message = "this is where the relay itself listens; what comes would go round for ever";
        composer.issue(FieldId::new("target"), message);
    }
}

/// What is held. An expression is checked here and read again where it is asked.
pub(super) fn hold(spec: &HoldSpec, composer: &mut Composer<'_>) -> HoldPlan {
    let place = FieldId::new("hold");
    let text = composer.line(place, &spec.filter);
    let text = text.trim();
    if let Err(why) = check_hold(text) {
        composer.issue(place, why);
    }
    let filter = (!text.is_empty()).then(|| text.to_owned());
    HoldPlan { filter, timeout: bound(spec.timeout) }
}

/// The faults that are on, of a relay of streams or datagrams, or of both; what cannot be done to it is an issue.
pub(super) fn faults(
    (chance, list): (ChanceSpec, &[FaultSpec]),
    (of_streams, what): (Option<bool>, &str),
    composer: &mut Composer<'_>,
) -> FaultsPlan {
    let mut plans = Vec::new();
    for (row, fault) in list.iter().enumerate().filter(|(_, fault)| fault.enabled) {
        let place = FieldId::new("fault").row(row);
        let kind = fault.effect.kind().into_str();
        let needed = fault.effect.is_of_streams();
        if let (Some(of), Some(of_streams)) = (needed, of_streams)
            && of != of_streams
        {
            let other = if of_streams { "datagrams" } else { "streams" };
            composer.issue(place.then(kind), format!("{what} has no {kind}; it is of {other}"));
        }
        plans.push(FaultPlan {
            from: fault.from,
            effect: fault.effect,
            first: fault.first,
            every: fault.every,
            chance: fault.chance,
            when: condition::of_fault(place.then("when"), &fault.when, composer),
            after: fault.after,
            lasts: fault.lasts,
        });
    }
    FaultsPlan { seed: chance.seed, list: plans, off: false }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compose::plan;
    use crate::model::field_access;
    use crate::model::http_relay::HttpRelaySpec;
    use crate::model::plan::Plan;
    use crate::model::preset::Scope;
    use crate::model::spec::Spec;

    fn planned(target: &str) -> Result<TcpRelayPlan, String> {
        let spec = TcpRelaySpec { target: target.into(), ..TcpRelaySpec::default() };
        match plan(&Spec::TcpRelay(spec), &Scope::default()) {
            Ok(Plan::TcpRelay(plan)) => Ok(plan),
            Ok(_) => Err("another plan".into()),
            Err(issues) => Err(format!("{}: {}", issues[0].field, issues[0].message)),
        }
    }

    #[test]
    fn a_scheme_before_the_target_says_whether_it_has_tls() {
        for (target, has_tls) in
            [("db:5432", false), ("tcp://db:5432", false), ("tls://db:1", true)]
        {
            let plan = planned(target).unwrap();
            assert_eq!(plan.target.tls != ClientTls::Off, has_tls, "{target}");
        }
    }

    #[test]
    fn where_each_client_leads_itself_is_told_without_a_port() {
        let spec = TcpRelaySpec { socks: true, ..TcpRelaySpec::default() };
        let socks = plan(&Spec::TcpRelay(spec), &Scope::default()).unwrap();
        assert_eq!(socks.leads_to().as_deref(), Some(ANYWHERE));
        let one = Plan::TcpRelay(planned("db:5432").unwrap());
        assert_eq!(one.leads_to().as_deref(), Some("db:5432"));
    }

    #[test]
    fn what_is_wrong_with_the_target_is_said_at_its_field() {
        for (target, said) in [
            ("", "target: the address is empty; write host:port"),
            ("db", "target: 'db' has no port; write host:port"),
            ("db:0", "target: port 0 cannot be connected to"),
            ("udp://db:1", "target: a TCP relay connects its clients on by TCP or TLS"),
        ] {
            assert_eq!(planned(target).unwrap_err(), said);
        }
    }

    #[test]
    fn a_relay_that_would_lead_to_itself_is_refused() {
        let itself =
            "target: this is where the relay itself listens; what comes would go round for ever";
        for (bind, target, is_refused) in [
            ("127.0.0.1:9000", "127.0.0.1:9000", true),
            (":9000", "localhost:9000", true),
            (":9000", "[::1]:9000", true),
            ("*:9000", "127.0.0.1:9000", true),
            ("127.0.0.1:9000", "127.0.0.2:9000", false),
            ("127.0.0.1:9000", "127.0.0.1:9001", false),
            (":9000", "db.example:9000", false),
        ] {
            let (bind_to, to) = (bind.to_owned(), target.to_owned());
            let tcp = TcpRelaySpec {
                bind: bind_to.clone(),
                target: to.clone(),
                ..TcpRelaySpec::default()
            };
            let udp = UdpRelaySpec {
                bind: bind_to.clone(),
                target: to.clone(),
                ..UdpRelaySpec::default()
            };
            let http = HttpRelaySpec { bind: bind_to, target: to, ..HttpRelaySpec::default() };
            for spec in [Spec::TcpRelay(tcp), Spec::UdpRelay(udp), Spec::HttpRelay(http)] {
                let said = plan(&spec, &Scope::default())
                    .map_err(|issues| format!("{}: {}", issues[0].field, issues[0].message));
                assert_eq!(said.err().as_deref(), is_refused.then_some(itself), "{bind} {target}");
            }
        }
    }

    #[test]
    fn a_relay_that_would_lead_to_its_own_socket_is_refused() {
        for (target, is_refused) in
            [("unix:/tmp/a.sock", true), ("unix:///tmp/a.sock", true), ("unix:/tmp/b.sock", false)]
        {
            let (bind, target) = ("unix:/tmp/a.sock".to_owned(), target.to_owned());
            let tcp = TcpRelaySpec {
                bind: bind.clone(),
                target: target.clone(),
                ..TcpRelaySpec::default()
            };
            let http = HttpRelaySpec { bind, target: target.clone(), ..HttpRelaySpec::default() };
            for spec in [Spec::TcpRelay(tcp), Spec::HttpRelay(http)] {
                let said = plan(&spec, &Scope::default()).map_err(|issues| {
                    let at_target = issues.iter().filter(|it| it.field == FieldId::new("target"));
                    at_target.map(|it| it.message.clone()).collect::<String>()
                });
                let said = said.err().unwrap_or_default();
                assert_eq!(said.contains("where the relay itself listens"), is_refused, "{target}");
            }
        }
    }

    #[test]
    fn a_udp_relay_leads_on_by_udp_and_gives_each_client_a_port() {
        let planned = |target: &str, from: &str| {
            let mut spec =
                Spec::UdpRelay(UdpRelaySpec { target: target.into(), ..UdpRelaySpec::default() });
            field_access::assign(spec.options_mut(), "source", from).unwrap();
            plan(&spec, &Scope::default())
        };
        for (target, from) in [("h:53", ""), ("udp://h:53", "lo"), ("h:53", "127.0.0.2")] {
            assert!(planned(target, from).is_ok(), "{target} {from}");
        }
        for (target, from, field) in
            [("tcp://h:53", "", "target"), ("h:53", ":9", "source"), ("h:53", "*:9", "source")]
        {
            let issues = planned(target, from).unwrap_err();
            assert_eq!(issues[0].field.to_string(), field, "{target} {from}");
        }
    }
}
