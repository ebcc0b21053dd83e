use std::net::{IpAddr, SocketAddr};

use bytes::Bytes;
use proptest::prelude::*;

use super::expr::{AddressPattern, Compare, ConnTest, Expr, Is, RecordTest};
use super::pattern::{BytesPattern, TextPattern};
use super::*;
use crate::model::id::SessionId;
use crate::model::protocol::{Protocol, Side};
use crate::model::record::{ConnInfo, Direction, Record, RecordKind};
use crate::model::timing::Stamp;

fn record(data: &[u8]) -> Record {
    Record {
        at: Stamp(0),
        conn: SessionId(3).conn(1),
        direction: Direction::Received,
        kind: RecordKind::Data,
        data: Bytes::copy_from_slice(data),
        original_len: data.len() as u64,
    }
}

fn conn() -> ConnInfo {
    ConnInfo {
        id: SessionId(3).conn(1),
        protocol: Protocol::Udp,
        side: Side::Listener,
        local: Some("127.0.0.1:9000".parse().unwrap()),
        peer: Some("[::ffff:10.1.2.3]:41000".parse().unwrap()),
        tls: false,
    }
}

fn holds(filter: &str, data: &[u8]) -> bool {
    Filter::parse(filter).unwrap().matches(&record(data), Some(&conn()))
}

#[test]
fn every_field_can_be_asked_about() {
    for (filter, expected) in [
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
    ] {
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
        ("len ~ 4", 1, "len > 64"),
        ("addr == localhost", 9, "127.0.0.1"),
        ("addr == 1.2.3.4/40", 9, "0 to 32"),
        ("dir == up", 8, "in, out, local"),
        ("kind == x", 9, "data, bound"),
        ("dir > in", 1, "dir == in"),
        ("foo == 3", 1, "fields are port, addr"),
        ("hex contains 0d0", 14, "two hex digits"),
        ("hex contains zz", 14, "not hex"),
        ("text == x", 1, "contains"),
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
fn nesting_is_bounded() {
    let deep = |n: usize| format!("{}a{}", "(".repeat(n), ")".repeat(n));
    assert!(Filter::parse(&deep(60)).is_ok());
    assert!(Filter::parse(&deep(100_000)).is_err());
    assert!(Filter::parse(&"not ".repeat(100_000)).is_err());
    assert!(Filter::parse(&"a and ".repeat(10_000)).is_err());
    assert!(Filter::parse(&format!("{}a", "a or ".repeat(10_000))).is_ok());
}

#[test]
fn the_examples_of_the_table_parse_and_print_as_they_are() {
    for field in FIELDS {
        assert_eq!(Filter::parse(field.example).unwrap().to_string(), field.example);
        for value in field.values {
            Filter::parse(&format!("{} == {value}", field.name)).unwrap();
        }
    }
}

#[test]
fn a_filter_knows_what_it_reads() {
    let reads = |text: &str| {
        let filter = Filter::parse(text).unwrap();
        (filter.asks_conn(), filter.reads_data())
    };
    assert_eq!(reads("len > 3"), (false, false));
    assert_eq!(reads("not (len > 3 or port:1)"), (true, false));
    assert_eq!(reads("conn:1/1 ping"), (true, true));
    assert_eq!(reads("dir == in"), (false, false));
    assert!(Filter::default().is_everything());
}

fn compare() -> impl Strategy<Value = Compare> {
    prop::sample::select(vec![
        Compare::Equal,
        Compare::Different,
        Compare::Less,
        Compare::AtMost,
        Compare::Greater,
        Compare::AtLeast,
    ])
}

fn address() -> impl Strategy<Value = AddressPattern> {
    prop_oneof![
        any::<IpAddr>().prop_map(AddressPattern::Ip),
        (any::<IpAddr>(), any::<u16>())
            .prop_map(|(ip, port)| AddressPattern::Socket(SocketAddr::new(ip, port))),
        (any::<IpAddr>(), 0..=32u8).prop_map(|(ip, prefix)| AddressPattern::Block { ip, prefix }),
    ]
}

fn test() -> impl Strategy<Value = Expr> {
    let is = || prop::sample::select(vec![Is::Equal, Is::Different]);
    let wire = prop::sample::select(vec!["http", "tcp", "udp", "tls"]);
    let direction =
        prop::sample::select(vec![Direction::Sent, Direction::Received, Direction::Local]);
    let kind = prop::sample::select(vec![RecordKind::Data, RecordKind::Reset, RecordKind::Note]);
    let about_conn = prop_oneof![
        (compare(), any::<u16>()).prop_map(|(how, port)| ConnTest::Port(how, port.into())),
        (is(), address()).prop_map(|(is, address)| ConnTest::Address(is, address)),
        (is(), wire).prop_map(|(is, name)| ConnTest::Protocol(is, field::wire(name).unwrap())),
        (is(), any::<u64>(), any::<u32>())
            .prop_map(|(is, session, index)| ConnTest::Conn(is, SessionId(session).conn(index))),
        (is(), any::<u64>()).prop_map(|(is, session)| ConnTest::Session(is, SessionId(session))),
    ];
    let about_record = prop_oneof![
        (compare(), any::<u64>()).prop_map(|(how, len)| RecordTest::Len(how, len)),
        (is(), direction).prop_map(|(is, direction)| RecordTest::Direction(is, direction)),
        (is(), kind).prop_map(|(is, kind)| RecordTest::Kind(is, kind)),
        "\\PC{1,8}|[\\x00-\\x7f\u{80}-\u{9f}]{1,4}"
            .prop_map(|text: String| RecordTest::Text(TextPattern::new(&text))),
        prop::collection::vec(any::<u8>(), 1..6)
            .prop_map(|bytes| RecordTest::Hex(BytesPattern::new(&bytes))),
    ];
    prop_oneof![about_conn.prop_map(Expr::Conn), about_record.prop_map(Expr::Record)]
}

fn expr() -> impl Strategy<Value = Expr> {
    test().prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            inner.clone().prop_map(|expr| Expr::Not(Box::new(expr))),
            prop::collection::vec(inner.clone(), 2..4).prop_map(Expr::And),
            prop::collection::vec(inner, 2..4).prop_map(Expr::Or),
        ]
    })
}

proptest! {
    #![proptest_config(crate::property_tests::config())]

    #[test]
    fn a_printed_filter_parses_to_the_same_filter(expr in expr()) {
        let filter = Filter::from_root(Some(expr));
        let printed = filter.to_string();
        prop_assert_eq!(Filter::parse(&printed), Ok(filter), "{}", printed);
    }

    #[test]
    fn any_text_is_a_filter_or_an_error_with_a_column(text in "\\PC{0,40}|[a-z:=<>!()\"' ]{0,30}") {
        if let Err(error) = Filter::parse(&text) {
            prop_assert!(error.column >= 1 && error.column <= text.chars().count() + 1);
        }
    }
}
