use std::net::IpAddr;

use bytes::Bytes;
use proptest::prelude::*;

use super::*;
use crate::model::asked_target::AskedTarget;
use crate::model::fault::FaultKind;
use crate::model::id::SessionId;
use crate::model::protocol::{Protocol, Side};
use crate::model::record::{ConnInfo, Direction, Record, RecordKind};
use crate::model::timing::Stamp;

fn record(data: &[u8]) -> Record {
    Record {
        frames: bytes::Bytes::new(),
        at: Stamp(0),
        conn: SessionId(3).conn(1),
        direction: Direction::Received,
        kind: RecordKind::Data,
        data: Bytes::copy_from_slice(data),
        original_len: data.len() as u64,
        faults: crate::model::fault::FaultMarks::default(),
    }
}

fn conn() -> ConnInfo {
    ConnInfo {
        local: Some("127.0.0.1:9000".parse().unwrap()),
        peer: Some("[::ffff:10.1.2.3]:41000".parse().unwrap()),
        ..ConnInfo::new(SessionId(3).conn(1), Protocol::Udp, Side::Listener)
    }
}

fn holds(filter: &str, data: &[u8]) -> bool {
    Filter::parse(filter).unwrap().matches(&record(data), Some(&conn()))
}

/// Tests, and what they say about the record PING of the connection.
const ASKED: &[(&str, bool)] = &[
    ("unix", false),
    ("peer == unix:*", false),
    ("addr in {unix:/tmp/a.sock, 10.0.0.0/8}", true),
    ("peer == 10.1.2.3", true),
    ("peer == 127.0.0.1", false),
    ("local == :9000", true),
    ("peer == :9000", false),
    ("peer in 10.0.0.0/8", true),
    ("addr in {192.168.0.0/16, 10.0.0.0/8}", true),
    ("port in {80, 443, 8000..9000}", true),
    ("port in {80,443}", false),
    ("port == 8000..9000", true),
    ("port != 8000..9000", false),
    ("port in 8000..9000", true),
    ("in", true),
    ("out", false),
    ("udp in", true),
    ("tcp or udp", true),
    ("tls", false),
    ("reset", false),
    ("error", false),
    ("marked", false),
    ("comment", false),
    ("kind in {data, closed}", true),
    ("kind == data in", true),
    ("len ge 5 and len le 5", true),
    ("len lt 5", false),
    ("session >= 3", true),
    ("number == 0", false),
    ("not number in 0..9", true),
    ("data[0:4] == 50:49:4e:47", true),
    ("data[0:4] == \"PING\"", true),
    ("data[0:4] == 50494e47", true),
    ("data[0:4] == 50 49 4e 47", true),
    ("data[0:4] == 0x50 0x49 4e47 and udp", true),
    ("data[0] == 50", true),
    ("hex contains 49 4e", true),
    ("hex contains 0x49 4e", true),
    ("hex contains 0x49 0x4f", false),
    ("hex contains \"0x49, 0x4e\"", true),
    ("hex contains 49;4e", true),
    ("hex contains 494e (udp)", true),
    ("(hex contains 49 4e) or tcp", true),
    ("not hex contains 49 4e in", false),
    ("hex contains 49 \"4e\"", false),
    ("data contains 0x49 4e", true),
    ("data contains 49:4e 47:0a", true),
    ("body contains 0x49 47", false),
    ("data contains 49 ing", false),
    ("text contains 49:4e", false),
    ("hex contains 4e47 ping", true),
    ("data[-1] == 0a", true),
    ("data[0-3] != \"PONG\"", true),
    ("data[0] >= 60", false),
    ("data[4:4] == \"x\"", false),
    ("data == \"ping\\n\"", true),
    ("data contains 0x494e", true),
    ("data contains 49:4e", true),
    ("data contains ping", true),
    ("data matches \"^p.ng\"", true),
    ("data matches ^P.NG", true),
    ("data ~ pong", false),
    ("body == \"PING\\n\"", true),
    ("time >= 00:00 and time < 00:01", true),
    ("time == 00:00", true),
    ("time == 1970-01-01", true),
    ("time > 1970-01-01T00:00:01", false),
    ("time in {00:00..00:02}", true),
    ("status", false),
    ("status != 200", false),
    ("not status == 200", true),
    ("status == 4xx", false),
    ("method == GET", false),
    ("header.x", false),
    ("latency", false),
    ("delta > 1ms", false),
    ("", true),
    ("   ", true),
    ("port == 9000", true),
    ("port:41000", true),
    ("port=9001", false),
    ("port != 9000", false),
    ("port != 9001", true),
    ("port >= 41000", true),
    ("port<9000", false),
    ("addr == 127.0.0.1", true),
    ("addr == 10.1.2.3", true),
    ("addr == 10.1.2.3:41000", true),
    ("addr == 10.1.2.3:9000", false),
    ("addr:10.0.0.0/8", true),
    ("addr != 10.0.0.0/8", false),
    ("addr == 0.0.0.0/0", true),
    ("addr == ::/0", false),
    ("addr == ::1", false),
    ("proto == udp", true),
    ("proto == TCP", false),
    ("proto == tls", false),
    ("dir == in", true),
    ("dir:out", false),
    ("dir != local", true),
    ("kind == data", true),
    ("kind == closed", false),
    ("side == listener", true),
    ("len > 4", true),
    ("len:>4", true),
    ("len == 5", true),
    ("len < 1k", true),
    ("conn == 3/1", true),
    ("conn == 3/2", false),
    ("session == 3", true),
    ("text contains \"INg\"", false),
    ("text contains 'ing'", true),
    ("text:ping", true),
    ("ping", true),
    ("\"ping \"", false),
    ("hex contains 0d0a", false),
    ("hex contains 50494e", true),
    ("hex:\"50 49 4e\"", true),
];

#[test]
fn every_field_can_be_asked_about() {
    for (filter, expected) in ASKED.iter().copied() {
        assert_eq!(holds(filter, b"PING\n"), expected, "{filter}");
    }
}

#[test]
fn and_binds_tighter_than_or_and_may_be_left_out() {
    for (filter, expected) in [
        ("ping and pong", false),
        ("ping pong", false),
        ("ping or pong", true),
        ("pong or pong and ping or ping", true),
        ("(ping or pong) and pong", false),
        ("ping or pong and pong", true),
        ("not pong", true),
        ("!pong", true),
        ("not not ping", true),
        ("not (ping or pong)", false),
        ("ping && !pong || x", true),
        ("PING AND NOT (port:1)", true),
    ] {
        assert_eq!(holds(filter, b"PING\n"), expected, "{filter}");
    }
}

#[test]
fn signs_inside_a_bare_word_are_text() {
    assert!(holds("sensor=7", b"sensor=7 temp=21.4"));
    assert!(holds("http://x:80/a?b=c", b"see http://x:80/a?b=c"));
    assert!(holds("don't", b"don't"));
    assert!(holds("aGk==", b"aGk=="));
}

#[test]
fn an_unknown_connection_has_no_address() {
    let filter = Filter::parse("port == 9000 or addr == 127.0.0.1 or proto == udp").unwrap();
    assert!(!filter.matches(&record(b""), None));
    assert!(Filter::parse("port != 9000").unwrap().matches(&record(b""), None));
}

#[test]
fn errors_name_the_column_and_what_to_write() {
    for (filter, column, says) in [
        ("port == abc", 9, "0 to 65535"),
        ("port:70000", 6, "0 to 65535"),
        ("port", 5, "port == 9000"),
        ("port and x", 1, "port == 9000"),
        ("len ~ 4", 1, "len > 4k"),
        ("addr == localhost", 9, "127.0.0.1"),
        ("addr == 1.2.3.4/40", 9, "0 to 32"),
        ("dir == up", 8, "in, out, local"),
        ("kind == x", 9, "data, bound"),
        ("dir > in", 1, "dir == in"),
        ("foo == 3", 1, "fields are port, addr"),
        ("prot == udp", 1, "did you mean 'proto'?"),
        ("stats==404", 1, "did you mean 'status'?"),
        ("hex contains 0d0", 14, "two hex digits"),
        ("hex contains zz", 14, "not hex"),
        ("hex contains 0d a", 14, "put a text to find in quotes"),
        ("data[0:2] == 16 3", 14, "one digit is missing"),
        ("text == x", 1, "contains"),
        ("status == 99", 11, "4xx"),
        ("latency > 5", 11, "1.5s"),
        ("latency > 5min5", 11, "1.5s"),
        ("time > 25:00", 8, "14:02"),
        ("time == 14:02..2026-03-01", 9, "two times of day"),
        ("port in {}", 10, "nothing in this list"),
        ("port in {80", 12, "'}' is missing"),
        ("port in {80, x}", 14, "0 to 65535"),
        ("port > 1..2", 8, "takes one number"),
        ("port == 9..8", 9, "write 8..9"),
        ("path matches (", 14, "a value is missing"),
        ("path matches \"(\"", 14, "cannot be used"),
        ("path < x", 1, "path takes contains"),
        ("marked == 1", 1, "marked stands alone"),
        ("header == x", 7, "header.content-type"),
        ("data[x] == 1", 5, "offset:length"),
        ("data[0:4 == 1", 5, "offset:length"),
        ("data[0:4] == GET", 14, "text in quotes"),
        ("conn == 3", 9, "session/number"),
        ("(a or b", 8, "')' is missing"),
        ("a)", 2, "closes nothing"),
        ("a and", 6, "missing"),
        ("and a", 1, "quotes"),
        ("()", 2, "before this ')'"),
        ("not", 4, "missing"),
        ("\"abc", 1, "does not end"),
        (r#""a\q""#, 3, "escape"),
        ("\"\"", 1, "no text"),
        ("ä len > x", 9, "length"),
        ("len >", 6, "value is missing"),
    ] {
        let error = Filter::parse(filter).expect_err(filter);
        assert_eq!(error.column, column, "{filter}: {error}");
        assert!(error.message.contains(says), "{filter}: {error}");
    }
}

#[test]
fn names_of_other_tools_are_answered_with_what_they_are_called_here() {
    for (filter, column, says) in [
        ("protocol == udp", 1, "called proto here; write proto == udp"),
        ("size > 4", 1, "called len here"),
        ("ip.addr == 10.0.0.1", 1, "called addr here; write addr == 10.0.0.1"),
        ("tcp.port==80", 1, "called port here; write port == 80"),
        ("tcp.stream eq 3", 1, "called conn here"),
        ("~m GET", 1, "called method here; write method == GET"),
        ("http.request.method == \"PUT\"", 1, "called method here; write method == \"PUT\" (or"),
        ("http.host!=\"a b\"", 1, "called host here; write host != \"a b\" (or"),
        ("protocol == 'udp'", 1, "called proto here; write proto == 'udp' (or"),
        ("http.host == \"a", 1, "called host here; write host"),
        ("http.request.method == GET", 1, "write method == GET"),
        ("~c 404", 1, "called status here"),
        ("~e", 1, "written as error"),
        ("protocol:udp", 1, "called proto here"),
        ("~u foo", 1, "called path here; write path contains foo (or"),
        ("~d example.com", 1, "write host contains example.com (or"),
        ("~bs secret", 1, "write body contains secret (or"),
        ("~t json", 1, "called header.content-type here; write header.content-type contains json"),
        ("http.user_agent contains curl", 1, "write header.user-agent contains curl (or"),
        ("ip.src == 10.0.0.1", 1, "is peer == 10.0.0.1 and in here, or local == 10.0.0.1 and out"),
        ("ip.dst!=10.0.0.1", 1, "is peer != 10.0.0.1 and out here, or local != 10.0.0.1 and in"),
        ("~src 10.0.0.1", 1, "is peer == 10.0.0.1 and in here"),
        ("src host 10.0.0.1", 1, "'src', who sent it, is peer == 127.0.0.1 and in here"),
        ("dst 10.0.0.1", 1, "'dst', who got it, is peer == 10.0.0.1 and out here"),
        ("port 80", 1, "write port == 80 (or \"port\" in quotes"),
        ("tcp port 80 and host x", 5, "write port == 80 (or"),
        ("(tcp and port 80)", 10, "write port == 80 (or"),
        ("port http", 1, "write port == 9000 (or"),
        ("host 10.0.0.1", 1, "write addr == 10.0.0.1 (or"),
        ("net 10.0.0.0/8", 1, "written as addr == 10.0.0.0/8 here"),
        ("portrange 80-90", 1, "written as port == 80..90 here"),
        ("udp and greater 100", 9, "written as len >= 100 here"),
        ("len 100", 1, "write len == 100 (or"),
    ] {
        let error = Filter::parse(filter).expect_err(filter);
        assert_eq!(error.column, column, "{filter}: {error}");
        assert!(error.message.contains(says), "{filter}: {error}");
    }
}

#[test]
fn words_that_other_tools_have_for_tests_are_text_where_nothing_is_tested() {
    for text in ["src", "dst me", "less is more", "net worth", "host", "host x", "greater good"] {
        Filter::parse(text).unwrap();
    }
}

#[test]
fn an_expression_that_names_bytes_is_of_bytes() {
    assert!(holds(r"data matches \xff\xfb.", b"\xff\xfb\x1f"));
    assert!(holds(r#"data matches "^\x80[\x00-\xff]$""#, b"\x80\xe4"));
    assert!(!holds(r"data matches \xe4", "ä".as_bytes()));
    let pattern = Filter::parse(r"data matches \xff\xfb").unwrap().pattern().unwrap();
    assert_eq!(pattern.first(b"a\xff\xfb", 0), Some(1..3), "the screen marks the same");
}

#[test]
fn a_filter_is_narrowed_to_what_both_let_through() {
    for (text, narrowed) in [
        ("", "udp"),
        ("  ", "udp"),
        ("ping", "ping and udp"),
        ("ping pong", "ping pong and udp"),
        ("\"this or that\"", "\"this or that\" and udp"),
        ("tcp OR in", "(tcp OR in) and udp"),
        ("tcp || in", "(tcp || in) and udp"),
        ("(tcp)or(in)", "((tcp)or(in)) and udp"),
        ("tcp\tor\tin", "(tcp\tor\tin) and udp"),
    ] {
        assert_eq!(Filter::narrowed(text, "udp"), narrowed);
        assert!(Filter::parse(narrowed).is_ok());
    }
}

#[test]
fn nesting_is_bounded() {
    let deep = |n: usize| format!("{}a{}", "(".repeat(n), ")".repeat(n));
    assert!(Filter::parse(&deep(60)).is_ok());
    assert!(Filter::parse(&deep(100_000)).is_err());
    assert!(Filter::parse(&"not ".repeat(100_000)).is_err());
    assert!(Filter::parse(&"a and ".repeat(10_000)).is_err());
    assert!(Filter::parse(&format!("{}a", "a or ".repeat(10_000))).is_ok());
}

#[test]
fn the_examples_of_the_table_and_every_name_can_be_asked_for() {
    for field in FIELDS {
        Filter::parse(field.example).unwrap();
        for other in field.elsewhere {
            assert!(QueryField::named(other).is_none(), "{other} is a field here");
        }
    }
    for (_, test) in BARE {
        Filter::parse(test).unwrap();
    }
    for field in ["kind", "dir", "proto", "side", "fault"] {
        let refused = Filter::parse(&format!("{field} == ?")).unwrap_err().message;
        let (_, names) = refused.split_once("none of ").unwrap();
        for name in names.split(", ") {
            Filter::parse(&format!("{field} == {name}")).unwrap();
        }
    }
    Filter::parse("dir == received or dir == sent").unwrap();
}

#[test]
fn only_what_is_looked_for_is_marked() {
    let filter = Filter::parse("a not b (hex:00 or not (c or not d))").unwrap();
    let hits = filter.pattern().unwrap().hits_in(b"abcd\0", 0..5);
    assert_eq!(hits, [0..1, 3..4, 4..5]);
}

#[test]
fn what_stands_at_the_end_of_a_text_is_known_and_what_is_offered_is_taken() {
    let place = |text: &str| match QueryPlace::at_end_of(text) {
        Some(QueryPlace::Test(begun)) => format!("test {begun}"),
        Some(QueryPlace::Operator(field, begun)) => format!("{} op {begun}", field.name),
        Some(QueryPlace::Value(field, begun)) => format!("{} value {begun}", field.name),
        None => "nothing".into(),
    };
    for (text, expected) in [
        ("", "test "),
        ("st", "test st"),
        ("port", "test port"),
        ("port ", "port op "),
        ("port =", "port value "),
        ("port == ", "port value "),
        ("port == 8", "port value 8"),
        ("port == 80 ", "test "),
        ("port == 80 and ", "test "),
        ("port == 80 or di", "test di"),
        ("not (di", "test di"),
        ("port in {80, 4", "port value 4"),
        ("port in {80, ", "port value "),
        ("status ", "status op "),
        ("status c", "status op c"),
        ("status con", "status op con"),
        ("header.", "test header."),
        ("header.content-type contains js", "header value js"),
        ("data[0:4] ", "data op "),
        ("path matches \"^/a", "path value \"^/a"),
        ("\"quoted", "nothing"),
    ] {
        assert_eq!(place(text), expected, "{text}");
        let Some(place) = QueryPlace::at_end_of(text) else { continue };
        for offered in place.offers() {
            let begun = text.strip_suffix(place.begun()).unwrap();
            let longer = format!("{begun}{}", offered.text);
            assert!(QueryPlace::at_end_of(&longer).is_some(), "{longer}");
            if matches!(place, QueryPlace::Value(..)) && !text.contains(['(', '{']) {
                Filter::parse(&longer).unwrap();
            }
        }
    }
}

#[test]
fn the_parts_of_a_filter_are_those_that_all_have_to_hold() {
    let parts = |text: &str| Filter::parts(text).join("|");
    assert_eq!(parts("port == 1 and (dir == in or x) not y"), "port == 1|(dir == in or x)|not y");
    assert_eq!(parts("port == 1"), "port == 1");
    assert_eq!(parts("port == 1 or x"), "");
    assert_eq!(parts("port =="), "");
}

#[test]
fn faults_are_asked_for_by_name_or_whatever_they_are() {
    let mut touched = record(b"PING");
    touched.faults.insert(FaultKind::Delay);
    touched.faults.insert(FaultKind::HalfClose);
    for (text, of_touched, of_other) in [
        ("fault", true, false),
        ("not fault", false, true),
        ("fault == delay", true, false),
        ("fault == half-close", true, false),
        ("fault in {drop, delay}", true, false),
        ("fault == drop", false, false),
        ("fault != drop", true, false),
    ] {
        let filter = Filter::parse(text).unwrap();
        let holds = |record| filter.matches(record, Some(&conn()));
        assert_eq!((holds(&touched), holds(&record(b"PING"))), (of_touched, of_other), "{text}");
    }
    let wrong = Filter::parse("fault == slow").unwrap_err();
    assert!(wrong.message.contains("delay, rate"), "{}", wrong.message);
}

#[test]
fn what_is_looked_for_is_marked_also_by_a_regular_expression() {
    let marked = |text: &str, bytes: &[u8]| {
        let pattern = Filter::parse(text).unwrap().pattern();
        let hits: Vec<_> =
            pattern.iter().flat_map(|it| it.hits_in(bytes, 0..bytes.len())).collect();
        hits.into_iter().map(|hit| bytes[hit].escape_ascii().to_string()).collect::<Vec<_>>()
    };
    let get = b"GET /a?id=17 HTTP/1.1";
    assert_eq!(marked("data matches 'id=[0-9]+'", get), ["id=17"]);
    assert_eq!(marked("data matches '^get'", get), ["GET"]);
    assert_eq!(marked("data matches '^Get'", get), [""; 0]);
    assert_eq!(marked("data matches 'HTTP/1' and text contains 'get'", get), ["GET", "HTTP/1"]);
    assert_eq!(marked("not data matches 'id'", get), [""; 0], "it is looked away from");
    assert_eq!(marked("data matches 'x*'", get), [""; 0], "nothing is no hit");
    assert_eq!(marked("len > 3", get), [""; 0]);
}

#[test]
fn a_filter_knows_what_it_reads() {
    let reads = |text: &str| {
        let filter = Filter::parse(text).unwrap();
        (filter.asks_conn(), filter.reads().data)
    };
    assert_eq!(reads("len > 3"), (false, false));
    assert_eq!(reads("not (len > 3 or port:1)"), (true, false));
    assert_eq!(reads("conn:1/1 ping"), (true, true));
    assert_eq!(reads("dir == in"), (false, false));
    assert!(Filter::default().is_everything());
}

/// A filter, and what it says about the record PING of the connection.
fn filter() -> impl Strategy<Value = (String, bool)> {
    let asked = ASKED.iter().filter(|(text, _)| !text.trim().is_empty());
    let test = prop::sample::select(
        asked.map(|(text, holds)| (text.to_string(), *holds)).collect::<Vec<_>>(),
    );
    test.prop_recursive(4, 24, 4, |inner| {
        let joined = |word: &'static str, join: fn(&[(String, bool)]) -> bool| {
            move |parts: Vec<(String, bool)>| {
                let texts: Vec<String> =
                    parts.iter().map(|(text, _)| format!("({text})")).collect();
                (texts.join(word), join(&parts))
            }
        };
        let list = || prop::collection::vec(inner.clone(), 2..4);
        prop_oneof![
            inner.clone().prop_map(|(text, holds)| (format!("not ({text})"), !holds)),
            list().prop_map(joined(" and ", |parts| parts.iter().all(|(_, holds)| *holds))),
            list().prop_map(joined(" or ", |parts| parts.iter().any(|(_, holds)| *holds))),
        ]
    })
}

proptest! {
    #![proptest_config(crate::property_tests::config())]

    #[test]
    fn a_filter_means_what_its_parts_mean((text, expected) in filter()) {
        prop_assert_eq!(holds(&text, b"PING\n"), expected, "{}", text);
        prop_assert_eq!(holds(&format!("not ({text})"), b"PING\n"), !expected, "{}", text);
    }

    #[test]
    fn an_address_is_in_its_own_blocks_and_no_further(ip: IpAddr, port: u16, prefix in 0..=128_u8) {
        let prefix = if ip.is_ipv4() { prefix % 33 } else { prefix };
        let info = ConnInfo { local: Some((ip, port).into()), peer: None, ..conn() };
        let is_let_through = |value: String| {
            let filter = Filter::parse(&format!("addr == {value}")).unwrap();
            filter.matches(&record(b""), Some(&info))
        };
        let turned: IpAddr = match ip {
            IpAddr::V4(ip) => std::net::Ipv4Addr::from_bits(ip.to_bits() ^ 1).into(),
            IpAddr::V6(ip) => std::net::Ipv6Addr::from_bits(ip.to_bits() ^ 1).into(),
        };
        let block = |ip: IpAddr| format!("{ip}/{prefix}");
        let mapped = ip.to_canonical() != ip;
        let whole = if ip.is_ipv4() { 32 } else { 128 };
        prop_assert!(is_let_through(ip.to_string()));
        prop_assert!(is_let_through(std::net::SocketAddr::from((ip, port)).to_string()));
        prop_assert_eq!(is_let_through(block(ip)), !mapped);
        prop_assert!(!is_let_through(turned.to_string()));
        prop_assert_eq!(is_let_through(block(turned)), !mapped && prefix < whole);
    }

    #[test]
    fn any_text_is_a_filter_or_an_error_with_a_column(text in "\\PC{0,40}|[a-z:=<>!()\"' ]{0,30}") {
        if let Err(error) = Filter::parse(&text) {
            prop_assert!(error.column >= 1 && error.column <= text.chars().count() + 1);
        }
    }
}

#[test]
fn a_filter_asks_whose_the_peer_is_and_what_is_not_known_passes_no_test() {
    use crate::model::peer_owner::{LocalUser, PeerOwner, PeerProcess};
    let user = |uid, name: Option<&str>| LocalUser { uid, name: name.map(str::to_owned) };
    let curl = PeerOwner::Process(PeerProcess {
        pid: 4711,
        program: "curl".into(),
        user: user(1000, Some("ann")),
        listens: false,
        is_us: false,
    });
    let others = PeerOwner::OtherUser(user(70, None));
    let record = record(b"x");
    let passes = |text: &str, owner: Option<&PeerOwner>| {
        let filter = Filter::parse(text).unwrap();
        assert!(filter.asks_conn() && filter.reads().owner, "{text}");
        filter.about_owned(record.conn, Some(&conn()), owner).matches(&RecordFacts::of(&record))
    };
    for (text, expected) in [
        ("process", [true, false, false]),
        ("process == curl", [true, false, false]),
        ("process != wget", [true, false, false]),
        ("process != curl", [false, false, false]),
        ("not process == curl", [false, true, true]),
        ("process contains UR", [false, false, false]),
        ("process contains ur", [true, false, false]),
        ("process matches '^(curl|wget)$'", [true, false, false]),
        ("process in {curl, wget}", [true, false, false]),
        ("pid == 4711", [true, false, false]),
        ("pid in {1..5000}", [true, false, false]),
        ("pid", [true, false, false]),
        ("user == ann", [true, false, false]),
        ("user == 'uid 70'", [false, true, false]),
        ("user", [true, true, false]),
        ("process == curl and dir == in", [true, false, false]),
    ] {
        let told = [Some(&curl), Some(&others), None].map(|owner| passes(text, owner));
        assert_eq!(told, expected, "{text}");
    }
    let wrong = Filter::parse("pid == curl").unwrap_err();
    assert!(wrong.message.contains("process == curl"), "{}", wrong.message);
}

#[test]
fn the_next_time_a_filter_lets_through_is_the_first_of_all_that_follow() {
    const HOUR: u64 = 60 * 60 * 1_000_000_000;
    for ahead in [0, 2 * HOUR.cast_signed(), -(3 * HOUR.cast_signed())] {
        for text in ["time >= 14:00", "time > 14:00", "time >= 1970-01-02T05:00", "time == 23:00"] {
            let filter = Filter::parse_at(text, ahead).unwrap();
            let passes = |at: u64| {
                let facts = Record { at: Stamp(at), ..record(b"x") };
                filter.about(facts.conn, Some(&conn())).matches(&RecordFacts::of(&facts))
            };
            for hour in 5..60 {
                let first = (hour..200).map(|hour| hour * HOUR).find(|at| passes(*at));
                let next = filter.next_time(Stamp(hour * HOUR)).map(|it| it.0);
                // Behind a minute that is named, its first nanosecond is.
                let next = next.map(|at| at.div_ceil(HOUR) * HOUR);
                if text == "time > 14:00" && next.is_some_and(|next| !passes(next)) {
                    continue;
                }
                assert_eq!(next, first, "{text} {ahead} {hour}");
            }
        }
    }
    for text in ["len > 1", "not time >= 14:00", "time >= 14:00 and in"] {
        assert!(!Filter::parse(text).unwrap().is_of_time(), "{text}");
    }
}

#[test]
fn what_a_relay_leads_to_is_the_host_of_what_crosses_and_its_port_is_found() {
    let asked = |target: &str, address: Option<&str>| ConnInfo {
        asked: Some(AskedTarget::new(
            &target.parse().unwrap(),
            address.map(|it| it.parse().unwrap()),
        )),
        ..conn()
    };
    let named = asked("db.Example.com:5432", Some("192.0.2.7:5432"));
    let (literal, unix) = (asked("[2001:db8::7]:53", None), asked("unix:/tmp/a.sock", None));
    for (info, filter, is_it) in [
        (&named, "host == db.example.com", true),
        (&named, "host contains EXAMPLE", false),
        (&named, "host contains example", true),
        (&named, "host matches ^db", true),
        (&named, "host == 192.0.2.7", true),
        (&named, "host", true),
        (&named, "host != db.example.com", false),
        (&named, "not host contains other", true),
        (&named, "host == other or len > 0", true),
        (&named, "host == db.example.com and len > 1", false),
        (&named, "port == 5432", true),
        (&named, "port == 9000", true),
        (&named, "peer == 192.0.2.7", false),
        (&literal, "host == 2001:db8::7", true),
        (&literal, "port == 53", true),
        (&unix, "host == unix:/tmp/a.sock", true),
        (&unix, "port == 0", false),
        (&conn(), "host", false),
        // What has no such field is left out.
        (&conn(), "host != a", false),
    ] {
        let asked = Filter::parse(filter).unwrap();
        assert_eq!(asked.matches(&record(b"x"), Some(info)), is_it, "{filter}");
        assert!(asked.asks_conn(), "{filter}");
    }
}

#[test]
fn a_unix_socket_is_found_by_its_name_and_by_what_that_begins_with() {
    let info =
        ConnInfo { local: "unix:/tmp/a.sock".parse().ok(), peer: "unix:#7".parse().ok(), ..conn() };
    for (filter, is_it) in [
        ("unix", true),
        ("local == unix:/tmp/a.sock", true),
        ("local == unix:///tmp/a.sock", true),
        ("local == \"unix:/tmp/*\"", true),
        ("local == unix:/run/*", false),
        ("peer == unix:#7", true),
        ("peer != unix:#8", true),
        ("addr == 127.0.0.1", false),
        ("port == 9000", false),
    ] {
        let filter = Filter::parse(filter).unwrap();
        assert_eq!(filter.matches(&record(b"x"), Some(&info)), is_it, "{filter:?}");
    }
}

#[test]
fn a_range_or_a_slice_that_holds_nothing_is_refused_with_what_was_meant() {
    for (text, meant) in [
        ("port in {9..1}", "this range is empty; write 1..9"),
        ("port == 9..1", "this range is empty; write 1..9"),
        ("len == 4k..1k", "this range is empty; write 1k..4k"),
        ("status == 5xx..4xx", "this range is empty; write 4xx..5xx"),
        ("status == 499..400", "this range is empty; write 400..499"),
        ("latency == 5ms..1ms", "this range is empty"),
        ("time == 14:05..14:02", "write 14:02..14:05, or over midnight (time >= 14:05 or"),
        ("time == 2026-03-02..2026-03-01", "write 2026-03-01..2026-03-02"),
        ("data[4:0] == 00", "a slice of no bytes"),
        ("data[7-4] == 00", "this slice ends before it begins; write [4-7]"),
        ("data[-1--4] == 00", "this slice ends before it begins; write [-4--1]"),
        ("data[4:2 == 00", "this is no slice"),
    ] {
        let wrong = Filter::parse(text).expect_err(text);
        assert!(wrong.message.contains(meant), "{text}: {}", wrong.message);
    }
    for text in ["data[4:] contains 'x'", "data[:4] == 00", "data[-4--1] == 00", "data[2--1] == 00"]
    {
        Filter::parse(text).expect(text);
    }
}

#[test]
fn lists_of_others_half_ranges_and_what_has_no_field_are_answered_with_what_to_write() {
    for (text, column, meant) in [
        ("port in 80,443", 9, "a list stands in braces; write one, such as {80, 443"),
        ("port in [80, 443]", 9, "a list stands in braces"),
        ("port in (80 443)", 9, "a list stands in braces"),
        ("kind in (closed, reset)", 9, "a list stands in braces"),
        ("port in {80..}", 10, "a range has two ends; for one of them write >= 80"),
        ("len == ..4k", 8, "for one of them write <= 4k"),
        ("port == ..", 9, "'' is not a port"),
        ("port == 80 == 90", 12, "no field stands before ==; write a test"),
        ("<= 5", 1, "no field stands before <="),
    ] {
        let wrong = Filter::parse(text).expect_err(text);
        let told = (wrong.column, wrong.message.contains(meant));
        assert_eq!(told, (column, true), "{text}: {}", wrong.message);
    }
    for text in ["addr in [::1]:80", "addr in 10.0.0.0/8", "status in {4xx..5xx, 200}"] {
        Filter::parse(text).expect(text);
    }
}

#[test]
fn a_time_with_its_own_zone_is_that_time_wherever_one_is() {
    let at = |nanos: u64| Record { at: Stamp(nanos), ..record(b"x") };
    let noon = 12 * 3_600 * 1_000_000_000_u64;
    for ahead in [0_i64, 2 * 3_600 * 1_000_000_000] {
        for (text, is_it) in [
            ("time == 1970-01-01T12:00Z", true),
            ("time == 1970-01-01T12:00:00.000000000Z", true),
            ("time == 1970-01-01t12:00:00z", true),
            ("time == 1970-01-01T14:00+02:00", true),
            ("time == 1970-01-01T07:30-04:30", true),
            ("time > 1970-01-01T12:00:01Z", false),
            ("time in {1970-01-01T11:00Z..1970-01-01T13:00Z}", true),
            ("time == 1970-01-01T12:00+02:00", false),
        ] {
            let filter = Filter::parse_at(text, ahead).expect(text);
            assert_eq!(filter.matches(&at(noon), None), is_it, "{text} {ahead}");
        }
    }
    for text in ["time == 12:00Z", "time == Z", "time == ü:00"] {
        Filter::parse(text).expect_err(text);
    }
}
