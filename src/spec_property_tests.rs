//! Any spec at all, for whoever has a property to test; and properties of specs that span floors.

use std::time::Duration;

use proptest::prelude::*;

use crate::codec::http1::{Expected, HeadReader, write};
use crate::compose::plan;
use crate::model::awaited::{Awaited, AwaitedFormat};
use crate::model::check_spec::{CaptureSpec, ExpectSpec, ListenerExpectSpec};
use crate::model::client::{
    ClientSpec, DatagramSpec, InputSpec, ScriptStep, SocketSpec, TcpSpec, UdpSpec,
};
use crate::model::endpoint::Endpoint;
use crate::model::fault::{ChanceSpec, FaultEffect, FaultFrom, FaultSpec};
use crate::model::hold::HoldSpec;
use crate::model::http::{
    Auth, FormPart, HttpAnswer, HttpBody, HttpListenerSpec, HttpRule, HttpSpec, PartSource,
    VersionChoice,
};
use crate::model::http_answer::{AnswerFault, DelayRange};
use crate::model::http_relay::{HostHeader, HttpRelaySpec};
use crate::model::listener::{Rule, TcpListenerSpec, UdpListenerSpec, UnixSpec, When, WhenKind};
use crate::model::network::NetworkSpec;
use crate::model::payload::{LineEnding, Payload, PayloadFormat};
use crate::model::plan::Plan;
use crate::model::preset::Scope;
use crate::model::relay::{TcpRelaySpec, UdpRelaySpec};
use crate::model::rewrite::{RewriteChange, RewriteFrom, RewriteSpec};
use crate::model::rule_tag::RuleTag;
use crate::model::run_spec::{RunSpec, WordList};
use crate::model::spec::{NameValue, Spec};
use crate::model::tls::{ClientTls, ListenerTls, TlsChoices, TlsVersions};
use crate::model::transfer::TransferSpec;
use crate::model::trust::{Sha256, TrustedCertificate, TrustedCertificates, Verify};
use crate::model::web_socket::{MessageKind, WsListenerSpec, WsSpec, WsTalkSpec};

/// Text with a liking for what means something somewhere.
pub(crate) fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[ -~]{0,12}",
        2 => "[a'\"\\\\\n\r\t#=:~{} ]{0,12}",
        1 => "\\PC{0,6}",
        1 => any::<String>().prop_map(|s| s.chars().take(8).collect()),
    ]
}

fn row() -> impl Strategy<Value = NameValue> {
    (any::<bool>(), text(), text()).prop_map(|(enabled, name, value)| NameValue {
        enabled,
        name,
        value,
    })
}

fn rows() -> impl Strategy<Value = Vec<NameValue>> {
    prop::collection::vec(row(), 0..4)
}

fn duration() -> impl Strategy<Value = Duration> {
    prop_oneof![
        (0u64..100).prop_map(Duration::from_secs),
        (0u64..86_400_000_000_000).prop_map(Duration::from_nanos)
    ]
}

fn body() -> impl Strategy<Value = HttpBody> {
    prop_oneof![
        Just(HttpBody::None),
        text().prop_map(HttpBody::Text),
        text().prop_map(HttpBody::Json),
        rows().prop_map(HttpBody::Form),
        prop::collection::vec(part(), 0..4).prop_map(HttpBody::Multipart),
        payload().prop_map(HttpBody::Payload),
        text().prop_map(HttpBody::File),
    ]
}

fn part() -> impl Strategy<Value = FormPart> {
    let sources =
        prop_oneof![Just(PartSource::Text), Just(PartSource::File), Just(PartSource::FileText)];
    let rare = || prop_oneof![Just(String::new()), text()];
    (any::<bool>(), text(), sources, text(), rare(), rare()).prop_map(
        |(enabled, name, source, value, file_name, content_type)| FormPart {
            enabled,
            name,
            source,
            value,
            file_name,
            content_type,
        },
    )
}

fn payload() -> impl Strategy<Value = Payload> {
    let format = prop_oneof![Just(PayloadFormat::Text), Just(PayloadFormat::Hex)];
    (text(), format).prop_map(|(text, format)| Payload { text, format })
}

fn verify() -> impl Strategy<Value = Verify> {
    prop_oneof![Just(Verify::On), Just(Verify::Off)]
}

fn trust() -> impl Strategy<Value = TrustedCertificates> {
    let at = prop_oneof![Just(None), Just(Some(Endpoint::new("h", 1)))];
    let one = (any::<[u8; 32]>(), at)
        .prop_map(|(hash, at)| TrustedCertificate { sha256: Sha256(hash), at });
    prop::collection::vec(one, 0..3).prop_map(TrustedCertificates)
}

fn tls_choices() -> impl Strategy<Value = TlsChoices> {
    let versions =
        prop_oneof![Just(TlsVersions::Any), Just(TlsVersions::Only12), Just(TlsVersions::Only13)];
    (rare(), rare(), rare(), versions).prop_map(|(ca, certificate, key, versions)| TlsChoices {
        ca,
        certificate,
        key,
        versions,
    })
}

fn client_tls() -> impl Strategy<Value = ClientTls> {
    let sni = prop_oneof![Just(String::new()), text()];
    prop_oneof![
        Just(ClientTls::Off),
        (verify(), trust(), sni, tls_choices()).prop_map(|(verify, trust, sni, choices)| {
            ClientTls::On { verify, trust, sni, choices }
        })
    ]
}

fn listener_tls() -> impl Strategy<Value = ListenerTls> {
    prop_oneof![
        Just(ListenerTls::Off),
        Just(ListenerTls::Generated),
        (text(), text()).prop_map(|(certificate, key)| ListenerTls::Files { certificate, key })
    ]
}

fn rare() -> impl Strategy<Value = String> {
    prop_oneof![Just(String::new()), text()]
}

fn socket() -> impl Strategy<Value = SocketSpec> {
    prop::option::of(duration()).prop_map(|keep_alive| SocketSpec { keep_alive })
}

fn client() -> impl Strategy<Value = ClientSpec> {
    (rare(), any::<bool>()).prop_map(|(source, history)| ClientSpec { source, history })
}

fn network() -> impl Strategy<Value = NetworkSpec> {
    let words = || prop::collection::vec("[a-z:1.]{1,6}", 0..3).prop_map(WordList);
    (rare(), rare(), words(), words()).prop_map(|(proxy, no_proxy, resolve, connect_to)| {
        NetworkSpec { proxy, no_proxy, resolve, connect_to }
    })
}

fn datagrams() -> impl Strategy<Value = DatagramSpec> {
    prop::option::of(1..=u8::MAX).prop_map(|ttl| DatagramSpec { ttl })
}

/// Rows as a file can have them: one of a name, and a beginning that switches nothing off.
fn entries() -> impl Strategy<Value = Vec<NameValue>> {
    let value = prop_oneof![text(), "-?[0-9]{1,6}(\\.[0-9]{1,3})?", "'?(true|7|1.5)'?"];
    let entry = (any::<bool>(), text(), value);
    prop::collection::vec(entry, 0..4).prop_map(|rows| {
        let row = |(at, (enabled, name, value)): (usize, (bool, String, String))| NameValue {
            enabled,
            name: format!("{at}{name}"),
            value,
        };
        rows.into_iter().enumerate().map(row).collect()
    })
}

fn checks() -> impl Strategy<Value = (ExpectSpec, CaptureSpec)> {
    (entries(), entries())
        .prop_map(|(expect, capture)| (ExpectSpec { rows: expect }, CaptureSpec { rows: capture }))
}

fn listener_expect() -> impl Strategy<Value = ListenerExpectSpec> {
    entries().prop_map(|rows| ListenerExpectSpec { rows })
}

fn awaited() -> impl Strategy<Value = Awaited> {
    let formats = vec![AwaitedFormat::Matches, AwaitedFormat::Length, AwaitedFormat::Json];
    prop_oneof![
        payload().prop_map(Awaited::from),
        (text(), prop::sample::select(formats)).prop_map(|(text, format)| Awaited { text, format }),
        "[1-9][0-9]{0,6}".prop_map(|text| Awaited { text, format: AwaitedFormat::Length }),
    ]
}

fn run() -> impl Strategy<Value = RunSpec> {
    let words = || prop::collection::vec("[a-z/]{1,6}", 0..3).prop_map(WordList);
    (words(), words(), prop::option::of(duration())).prop_map(|(needs, tags, max_age)| RunSpec {
        needs,
        tags,
        max_age,
    })
}

fn steps() -> impl Strategy<Value = Vec<ScriptStep>> {
    let step = prop_oneof![
        payload().prop_map(ScriptStep::Send),
        (awaited(), duration())
            .prop_map(|(awaited, within)| ScriptStep::Expect { awaited, within })
    ];
    prop::collection::vec(step, 0..4)
}

fn rules() -> impl Strategy<Value = Vec<Rule>> {
    let kinds = vec![WhenKind::Contains, WhenKind::Equals, WhenKind::StartsWith, WhenKind::Matches];
    let when = prop_oneof![
        Just(When::default()),
        (prop::sample::select(kinds), text()).prop_map(|(kind, text)| When { kind, text }),
    ];
    let rule =
        (any::<bool>(), when, payload(), duration()).prop_map(|(enabled, when, send, delay)| {
            Rule { enabled, when, send, delay, ..Rule::default() }
        });
    prop::collection::vec(rule, 0..4)
}

fn input() -> impl Strategy<Value = InputSpec> {
    use LineEnding::{Cr, CrLf, Lf, None};
    let format = prop_oneof![Just(PayloadFormat::Text), Just(PayloadFormat::Hex)];
    (prop::sample::select(vec![None, Lf, CrLf, Cr]), format)
        .prop_map(|(line_ending, format)| InputSpec { line_ending, format })
}

fn version() -> impl Strategy<Value = VersionChoice> {
    use VersionChoice::{Auto, Http2, Http2PriorKnowledge, Http10, Http11};
    prop::sample::select(vec![Auto, Http10, Http11, Http2, Http2PriorKnowledge])
}

fn auth() -> impl Strategy<Value = Auth> {
    prop_oneof![
        Just(Auth::None),
        text().prop_map(Auth::Bearer),
        (text(), text()).prop_map(|(user, password)| Auth::Basic { user, password })
    ]
}

fn transfer() -> impl Strategy<Value = TransferSpec> {
    let time = || prop::option::of(duration());
    (rare(), rare(), rare(), any::<u8>(), time(), time()).prop_map(
        |(range, limit_rate, netrc, retry, retry_delay, retry_max_time)| TransferSpec {
            range,
            limit_rate,
            netrc,
            retry,
            retry_delay,
            retry_max_time,
        },
    )
}

fn http_spec() -> BoxedStrategy<HttpSpec> {
    let auth = auth();
    let network = (network(), tls_choices(), transfer());
    let socket = (socket(), client(), network, run(), checks());
    let more = (verify(), any::<u8>(), trust(), any::<[bool; 3]>(), version());
    (text(), text(), rows(), rows(), auth, body(), duration(), more, socket)
        .prop_map(|(method, url, query, headers, auth, body, timeout, more, socket)| {
            let (verify, redirects, trust, [keep, cookies, reconnect], version) = more;
            let (socket, client, (network, tls, transfer), run, (expect, capture)) = socket;
            let unix_socket = client.source.trim().to_owned();
            HttpSpec {
                method,
                url,
                query,
                headers,
                auth,
                body,
                timeout,
                version,
                verify,
                trust,
                sni: network.no_proxy.clone(),
                tls: Box::new(tls),
                transfer: Box::new(transfer),
                redirects,
                cookies,
                reconnect,
                contract: client.source.clone(),
                keep,
                unix_socket,
                socket,
                client,
                network,
                run,
                expect,
                capture,
            }
        })
        .boxed()
}

fn answer() -> BoxedStrategy<HttpAnswer> {
    let fault = prop_oneof![
        Just(AnswerFault::None),
        (1_u32..).prop_map(AnswerFault::Rate),
        any::<u32>().prop_map(AnswerFault::Reset),
        any::<u32>().prop_map(AnswerFault::BadChunk),
        (-1_000_000_000_i32..1_000_000_000).prop_map(AnswerFault::WrongLength),
        (1_u32..1_000_000).prop_map(AnswerFault::Garbage),
    ];
    let delay = (duration(), duration())
        .prop_map(|(one, other)| DelayRange { least: one.min(other), most: one.max(other) });
    (any::<u16>(), rows(), body(), delay, duration(), text(), fault)
        .prop_map(|(status, headers, body, delay, every, folder, fault)| HttpAnswer {
            status,
            headers,
            body,
            delay,
            every,
            folder,
            fault,
        })
        .boxed()
}

fn http_listener() -> BoxedStrategy<Spec> {
    let terms = (prop::option::of(1_u32..=1_000_000_000), any::<bool>(), rows());
    let rule = (any::<bool>(), text(), text(), terms, answer()).prop_map(
        |(enabled, method, path, (times, cycle, set), answer)| {
            let when = if cycle { "header.accept contains json" } else { "" }.to_owned();
            let tag = RuleTag::default();
            HttpRule { enabled, method, path, when, times, cycle, set, answer, tag }
        },
    );
    let rules = prop::collection::vec(rule, 0..4);
    (text(), listener_tls(), socket(), rules, answer(), listener_expect())
        .prop_map(|(bind, tls, socket, rules, answer, expect)| {
            let unix = UnixSpec { mode: bind.trim().to_owned() };
            let (contract, mock) = (unix.mode.clone(), expect.rows.is_empty());
            let history = rules.is_empty();
            let session =
                HttpListenerSpec { bind, tls, socket, unix, ..HttpListenerSpec::default() };
            Spec::HttpListener(HttpListenerSpec {
                rules,
                answer,
                contract,
                mock,
                history,
                expect,
                ..session
            })
        })
        .boxed()
}

/// Faults and what they have in common.
fn faults() -> BoxedStrategy<(ChanceSpec, Vec<FaultSpec>)> {
    let effect = prop_oneof![
        (duration(), duration()).prop_map(|(delay, jitter)| FaultEffect::Delay { delay, jitter }),
        duration().prop_map(FaultEffect::Merge),
        (1_u32..).prop_map(FaultEffect::Rate),
        (1_u32..).prop_map(FaultEffect::Split),
        (1_u32..=100).prop_map(FaultEffect::Duplicate),
        (1_u8..=100).prop_map(FaultEffect::Drop),
        any::<u32>().prop_map(FaultEffect::Reset),
        any::<u32>().prop_map(FaultEffect::HalfClose),
    ];
    let count = || prop::option::of(1_u32..);
    let from = prop_oneof![Just(FaultFrom::Both), Just(FaultFrom::Client), Just(FaultFrom::Server)];
    let times = (duration(), prop::option::of(duration()));
    let phrase = text().prop_map(|text| format!("contains '{text}'"));
    let when = prop_oneof![Just(String::new()), Just("path contains /api".into()), text(), phrase];
    let asked = (count(), count(), 1_u8..=100, when);
    let fault = (any::<bool>(), from, effect, asked, times).prop_map(
        |(enabled, from, effect, (first, every, chance, when), (after, lasts))| FaultSpec {
            enabled,
            from,
            effect,
            first,
            every,
            chance,
            when,
            after,
            lasts,
        },
    );
    let seed = prop::option::of(any::<u32>()).prop_map(|seed| ChanceSpec { seed });
    (seed, prop::collection::vec(fault, 0..4)).boxed()
}

/// Rules that change what a relay passes on.
fn rewrites() -> BoxedStrategy<Vec<RewriteSpec>> {
    let word = || text().prop_map(|text| text.trim().to_owned());
    let told =
        prop_oneof![Just(HostHeader::Auto), Just(HostHeader::Keep), Just(HostHeader::Target)];
    let change = prop_oneof![
        text().prop_map(RewriteChange::SetHeader),
        text().prop_map(RewriteChange::AddHeader),
        text().prop_map(RewriteChange::RemoveHeader),
        (200..=999_u16).prop_map(RewriteChange::SetStatus),
        (text(), text()).prop_map(|(text, with)| RewriteChange::Replace { text, with }),
        (text(), text()).prop_map(|(hex, with)| RewriteChange::ReplaceHex { hex, with }),
        (text(), text()).prop_map(|(regex, with)| RewriteChange::ReplaceRegex { regex, with }),
        (text(), text()).prop_map(|(regex, with)| RewriteChange::ReplacePath { regex, with }),
        (word(), word(), told).prop_map(|(host, to, told)| RewriteChange::MapHost {
            host,
            to,
            told
        }),
        (text(), word()).prop_map(|(file, under)| RewriteChange::LocalFile { file, under }),
    ];
    let from = prop_oneof![
        Just(RewriteFrom::Auto),
        Just(RewriteFrom::Both),
        Just(RewriteFrom::Client),
        Just(RewriteFrom::Server)
    ];
    let rule = (any::<bool>(), change, from, text())
        .prop_map(|(enabled, change, from, when)| RewriteSpec { enabled, change, from, when });
    prop::collection::vec(rule, 0..3).boxed()
}

/// Any relay.
fn relays() -> BoxedStrategy<Spec> {
    let halves = (listener_tls(), client_tls(), (faults(), rewrites()));
    let relay = (
        text(),
        text().prop_map(|text| text.trim().to_owned()),
        halves,
        duration(),
        socket(),
        client(),
    )
        .prop_map(
            |(
                bind,
                target,
                (tls, target_tls, ((faults, fault), rewrite)),
                connect_timeout,
                socket,
                client,
            )| {
                let (socks, socks_user) =
                    (connect_timeout.as_millis() % 2 == 0, bind.trim().to_owned());
                let socks_password = bind.clone();
                let entry =
                    TcpRelaySpec { socks, socks_user, socks_password, ..TcpRelaySpec::default() };
                let hold = HoldSpec { filter: bind.clone(), timeout: connect_timeout };
                let target_is = TcpRelaySpec { bind, target, tls, hold, rewrite, ..entry };
                Spec::TcpRelay(TcpRelaySpec {
                    target_tls,
                    connect_timeout,
                    socket,
                    client,
                    faults,
                    fault,
                    ..target_is
                })
            },
        );
    let trimmed = text().prop_map(|text| text.trim().to_owned());
    let options = (datagrams(), client(), faults(), rewrites());
    let udp_relay = (text(), trimmed, any::<bool>(), duration(), options).prop_map(
        |(bind, target, any_peer, idle, (socket, client, (faults, fault), rewrite))| {
            let hold = HoldSpec { filter: target.clone(), timeout: idle };
            let relay =
                UdpRelaySpec { bind, target, any_peer, idle, hold, ..UdpRelaySpec::default() };
            Spec::UdpRelay(UdpRelaySpec { socket, client, faults, fault, rewrite, ..relay })
        },
    );
    prop_oneof![relay.boxed(), udp_relay.boxed()].boxed()
}

fn ws_talk() -> impl Strategy<Value = WsTalkSpec> {
    let kinds = vec![MessageKind::Auto, MessageKind::Text, MessageKind::Binary];
    let ping = prop::option::of((1..100_000_u64).prop_map(Duration::from_millis));
    (prop::sample::select(kinds), any::<bool>(), ping)
        .prop_map(|(messages, deflate, ping)| WsTalkSpec { messages, deflate, ping })
}

fn web_socket() -> BoxedStrategy<Spec> {
    let more = (verify(), any::<u8>(), trust(), duration());
    let sockets = (socket(), client(), network(), tls_choices(), run(), checks());
    let client = (text(), rows(), text(), auth(), ws_talk(), steps(), input(), more, sockets)
        .prop_map(|(url, headers, subprotocols, auth, talk, steps, input, more, sockets)| {
            let (verify, redirects, trust, timeout) = more;
            let (socket, client, network, tls, run, (expect, capture)) = sockets;
            let unix_socket = client.source.trim().to_owned();
            let sni = network.no_proxy.clone();
            let session =
                WsSpec { url, headers, subprotocols, auth, talk, timeout, ..WsSpec::default() };
            let session = WsSpec { verify, trust, redirects, unix_socket, steps, input, ..session };
            let session = WsSpec { network, tls: Box::new(tls), sni, ..session };
            Spec::Ws(WsSpec { socket, client, run, expect, capture, ..session })
        });
    let of_listener =
        (text(), text(), text(), ws_talk(), listener_tls(), socket(), payload(), rules(), input());
    let listener = (of_listener, listener_expect()).prop_map(|(of_listener, expect)| {
        let (bind, path, subprotocols, talk, tls, socket, greeting, rules, input) = of_listener;
        let unix = UnixSpec { mode: bind.trim().to_owned() };
        let history = rules.is_empty();
        let session = WsListenerSpec {
            bind,
            path,
            subprotocols,
            talk,
            tls,
            socket,
            unix,
            ..WsListenerSpec::default()
        };
        Spec::WsListener(WsListenerSpec { greeting, rules, input, history, expect, ..session })
    });
    prop_oneof![client.boxed(), listener.boxed()].boxed()
}

/// Any spec, whether it can run or not.
pub(crate) fn spec() -> BoxedStrategy<Spec> {
    let of_tcp = (text(), client_tls(), steps(), input(), duration(), socket(), client());
    let tcp = (of_tcp, network(), run(), checks()).prop_map(
        |(
            (address, tls, steps, input, connect_timeout, socket, client),
            network,
            run,
            (expect, capture),
        )| {
            let session = TcpSpec { address, tls, steps, input, network, ..TcpSpec::default() };
            Spec::Tcp(TcpSpec { connect_timeout, socket, client, run, expect, capture, ..session })
        },
    );
    let of_udp = (text(), client(), datagrams(), any::<bool>(), steps(), input());
    let udp = (of_udp, run(), checks()).prop_map(
        |((address, client, socket, any_peer, steps, input), run, (expect, capture))| {
            let session = UdpSpec { address, client, socket, any_peer, ..UdpSpec::default() };
            Spec::Udp(UdpSpec { steps, input, run, expect, capture, ..session })
        },
    );
    let of_tcp = (text(), listener_tls(), socket(), payload(), rules(), input());
    let tcp_listener = (of_tcp, listener_expect()).prop_map(
        |((bind, tls, socket, greeting, rules, input), expect)| {
            let unix = UnixSpec { mode: bind.trim().to_owned() };
            let history = rules.is_empty();
            let session = TcpListenerSpec { bind, tls, socket, unix, ..TcpListenerSpec::default() };
            Spec::TcpListener(TcpListenerSpec {
                greeting,
                rules,
                input,
                history,
                expect,
                ..session
            })
        },
    );
    let of_udp = (text(), datagrams(), rules(), 1_u32..=1_000_000, input());
    let udp_listener = (of_udp, listener_expect()).prop_map(
        |((bind, socket, rules, answer_rate, input), expect)| {
            let history = rules.is_empty();
            let session = UdpListenerSpec { bind, socket, rules, ..UdpListenerSpec::default() };
            Spec::UdpListener(UdpListenerSpec { answer_rate, input, history, expect, ..session })
        },
    );
    let relays = prop_oneof![relays(), http_relay()].boxed();
    let listeners = prop_oneof![tcp_listener.boxed(), udp_listener.boxed(), relays].boxed();
    let clients = prop_oneof![tcp.boxed(), udp.boxed()].boxed();
    let http = http_spec().prop_map(Spec::Http).boxed();
    prop_oneof![http, http_listener(), clients, listeners, web_socket()].boxed()
}

fn http_relay() -> BoxedStrategy<Spec> {
    let hosts =
        prop_oneof![Just(HostHeader::Auto), Just(HostHeader::Keep), Just(HostHeader::Target)];
    let word = || text().prop_map(|text| text.trim().to_owned());
    let told = (hosts, any::<bool>(), text(), text());
    let times = (duration(), duration());
    let halves = (listener_tls(), client_tls(), (faults(), rewrites()));
    (text(), word(), halves, told, times, socket(), client())
        .prop_map(|(bind, target, (tls, target_tls, done), told, times, socket, client)| {
            let ((faults, fault), rewrite) = done;
            let (host, forwarded, user, password) = told;
            let (timeout, connect_timeout) = times;
            Spec::HttpRelay(HttpRelaySpec {
                bind,
                target,
                tls,
                target_tls,
                host,
                forwarded,
                rules: Vec::new(),
                faults,
                fault,
                rewrite,
                user,
                password,
                open: String::new(),
                contract: String::new(),
                hold: HoldSpec { filter: "in".into(), timeout },
                timeout,
                connect_timeout,
                socket,
                unix: UnixSpec { mode: "0660".into() },
                client,
            })
        })
        .boxed()
}

proptest! {
    #![proptest_config(crate::property_tests::config())]

    #[test]
    fn a_planned_head_is_exactly_the_lines_planned(
        spec in http_spec(), path in text(), is_plain: bool,
    ) {
        let client = ClientSpec::default();
        let mut spec = HttpSpec { url: format!("http://h/{path}"), client, ..spec };
        if is_plain {
            spec.method = "GET".into();
        }
        let Ok(Plan::Http(plan)) = plan(&Spec::Http(spec), &Scope::default()) else {
            return Ok(());
        };
        let head = write::request_head(&plan.method, "/", crate::model::exchange::HttpVersion::Http11, &plan.headers);
        let (used, parsed) =
            HeadReader::new(Expected::Request).push(&head).unwrap().expect("a whole head");
        prop_assert_eq!(used, head.len());
        prop_assert_eq!(parsed.head.fields.len(), plan.headers.len());
        for (field, (name, _)) in parsed.head.fields.iter().zip(&plan.headers) {
            prop_assert_eq!(&field.name, name.as_bytes());
        }
    }
}
