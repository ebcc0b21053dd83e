//! What is written as JSON Lines, read and written again is the same, whatever it is.

use proptest::prelude::*;
use proptest::{collection, option, sample};

use super::*;
use crate::interop::ndjson::{self, Bodies};
use crate::model::exchange::{
    BodyFacts, ExchangeState, FieldLine, Head, HttpMessage, HttpVersion, MessageFraming, StartLine,
    ToldBesides,
};
use crate::model::failure::{Failure, FailureKind, Stage};
use crate::model::fault::{FaultKind, MessageMarks};
use crate::model::hold::HoldMark;
use crate::model::secrets::Disclosure;
use crate::model::timing::{Lapse, Timing};
use crate::model::tls::TlsFacts;

const NOON: u64 = 1_700_000_000_123_456_789;

fn conns() -> Vec<ConnInfo> {
    let of = |index| SessionId(5).conn(index);
    let info = |index, protocol, side, pair| ConnInfo {
        local: "127.0.0.1:9000".parse().ok(),
        peer: "[::1]:5".parse().ok(),
        tls: index % 2 == 0,
        pair,
        ..ConnInfo::new(of(index), protocol, side)
    };
    let pair = Some(RelayPair { client: of(3), target: of(4) });
    vec![
        info(1, Protocol::Udp, Side::Listener, None),
        info(2, Protocol::Tcp, Side::Client, None),
        info(3, Protocol::Tcp, Side::Relay, pair),
        info(4, Protocol::Tcp, Side::Relay, pair),
    ]
}

fn marks() -> impl Strategy<Value = FaultMarks> {
    let kinds = vec![FaultKind::Delay, FaultKind::Corrupt, FaultKind::Stall, FaultKind::HalfClose];
    let holds = vec![HoldMark::Held, HoldMark::Edited, HoldMark::Dropped, HoldMark::TimedOut];
    let kinds = sample::subsequence(kinds, 0..=4);
    let some = (kinds, option::of(sample::select(holds)), any::<bool>());
    some.prop_map(|(kinds, hold, is_rewritten)| {
        let mut marks = FaultMarks::default();
        for kind in kinds {
            marks.insert(kind);
        }
        let marks = hold.into_iter().fold(marks, FaultMarks::held);
        if is_rewritten { marks.rewritten() } else { marks }
    })
}

fn bytes(max: usize) -> impl Strategy<Value = Bytes> {
    prop_oneof![
        collection::vec(any::<u8>(), 0..max).prop_map(Bytes::from),
        "[a-z\\r\\n\u{0}-\u{9f}\u{202e}\u{1f600}]{0,20}".prop_map(Bytes::from),
    ]
}

const KINDS: [RecordKind; 11] = [
    RecordKind::Data,
    RecordKind::Bound,
    RecordKind::Connected,
    RecordKind::Accepted,
    RecordKind::Secured,
    RecordKind::Finished,
    RecordKind::Reset,
    RecordKind::Closed,
    RecordKind::Failed,
    RecordKind::Lost,
    RecordKind::Note,
];

fn records() -> impl Strategy<Value = (Record, RecordRemark)> {
    let way = sample::select(vec![Direction::Sent, Direction::Received, Direction::Local]);
    let kind = prop_oneof![Just(RecordKind::Data), sample::select(KINDS.to_vec())];
    let lens = option::of((0..200_u64, option::of(0..100_u64)));
    let parts =
        (0..4_usize, way, kind, bytes(40), 0..9_u64, marks(), option::of("[a-z ]{1,9}"), lens);
    (parts, any::<bool>(), 0..2_000_000_000_u64).prop_map(|(parts, is_made, after)| {
        let (conn, way, kind, data, missing, faults, comment, lens) = parts;
        let is_data = kind == RecordKind::Data;
        let words = String::from_utf8_lossy(&data).into_owned();
        let data = if is_data { data } else { Bytes::from(words) };
        let record = Record::new(Stamp(NOON + after), conns()[conn].id, way, kind, data);
        let missing = if is_data && lens.is_none() { missing } else { 0 };
        let original_len = record.original_len + missing;
        let lens = lens.filter(|_| is_data).map(|(len, kept)| MaskedLens { len, kept });
        let origin = RecordOrigin { is_masked: lens.is_some(), lens, is_made };
        (Record { original_len, faults, ..record }, RecordRemark { of: 0, comment, origin })
    })
}

/// A line as an object, with the names that connections have here.
fn told(line: &str) -> Value {
    serde_json::from_str(&line.replace("\"5/", "\"0/")).unwrap()
}

fn read(text: &str) -> CaptureBatch {
    let (mut reader, mut out) = (LineReader::new(SessionId(0)), CaptureBatch::default());
    reader.push(text.as_bytes(), &mut out).unwrap();
    reader.finish(&mut out).unwrap();
    out
}

fn fields() -> impl Strategy<Value = Vec<FieldLine>> {
    let name = sample::select(vec!["Host", "x-odd", "Content-Type"]);
    let value =
        prop_oneof![Just(Bytes::from_static(b"text/plain; charset=iso-8859-1")), bytes(12),];
    let field = (name, value).prop_map(|(name, value)| FieldLine { name: name.into(), value });
    collection::vec(field, 0..4)
}

fn head(is_answer: bool) -> impl Strategy<Value = Head> {
    let version = sample::select(vec![HttpVersion::Http10, HttpVersion::Http11]);
    let parts = ("[A-Z]{1,5}", "/[a-z%?=]{0,9}", version, 100..600_u16, bytes(9), fields());
    parts.prop_map(move |(method, target, version, status, reason, fields)| {
        let spoken = if version == HttpVersion::Http10 { "HTTP/1.0" } else { "HTTP/1.1" };
        let reason = Bytes::from(String::from_utf8_lossy(&reason).replace(['\r', '\n'], ""));
        let (start, line) = if is_answer {
            let line = [format!("{spoken} {status} ").as_bytes(), &reason].concat();
            (StartLine::Response { version, status, reason }, line)
        } else {
            let line = format!("{method} {target} {spoken}").into_bytes();
            (StartLine::Request { method, target, version }, line)
        };
        Head { raw: [&line[..], b"\r\n\r\n"].concat().into(), start, fields }
    })
}

fn message(is_answer: bool) -> impl Strategy<Value = (HttpMessage, Option<Bytes>)> {
    let framing = 0..4_u8;
    let codings = collection::vec(sample::select(vec!["gzip".to_owned(), "br".to_owned()]), 0..2);
    let flags = (any::<bool>(), any::<bool>(), any::<bool>(), option::of("[a-z]{1,6}"));
    let body = (framing, codings, 0..99_u64, 0..9_u64, fields(), flags, option::of(bytes(30)));
    (head(is_answer), body).prop_map(|(head, parts)| {
        let (framing, codings, encoded_len, missing, trailers, flags, bytes) = parts;
        let (complete, as_came, damaged, decode_error) = flags;
        let framing = match framing {
            0 => MessageFraming::None,
            1 => MessageFraming::Length(encoded_len),
            2 => MessageFraming::Chunked,
            _ => MessageFraming::UntilClose,
        };
        let decoded_len = bytes.as_ref().map_or(0, Bytes::len) as u64 + missing;
        let body = BodyFacts {
            framing,
            codings,
            encoded_len,
            decoded_len,
            trailers,
            complete,
            decode_error,
            as_came,
            damaged,
            ..BodyFacts::default()
        };
        (HttpMessage { head, body }, bytes)
    })
}

fn state() -> impl Strategy<Value = ExchangeState> {
    let stages = vec![Stage::Connect, Stage::Tls, Stage::Head, Stage::Body, Stage::Session];
    let failed = (sample::select(stages), "[a-z:]{0,9}", "[a-z ]{1,9}", "[a-z]{1,5}");
    let failed = failed.prop_map(|(stage, target, cause, hint)| {
        let failure = Failure::new(stage, target, FailureKind::Io, cause).hint(hint);
        ExchangeState::Failed(Box::new(failure))
    });
    prop_oneof![Just(ExchangeState::Active), Just(ExchangeState::Complete), failed]
}

fn timing() -> impl Strategy<Value = Timing> {
    let part = || option::of((0..9_000_000_u64).prop_map(Duration::from_micros));
    let parts = (part(), part(), part(), part(), part(), part(), part(), 0..9_000_000_u64);
    parts.prop_map(|(lookup, connect, tunnel, tls, send, first_byte, transfer, total)| {
        let total = Duration::from_micros(total);
        Timing { lookup, connect, tunnel, tls, send, first_byte, transfer, total }
    })
}

type Told = (Exchange, [Option<Bytes>; 2]);

fn exchanges() -> impl Strategy<Value = Told> {
    let side = sample::select(vec![Side::Client, Side::Listener, Side::Relay]);
    let heads = (collection::vec(head(true), 0..2), option::of(head(false)));
    let besides = option::of((any::<bool>(), any::<bool>()));
    let texts = (option::of("[a-z]{1,5}"), collection::vec("[a-z ]{1,9}", 0..3));
    let tls = option::of("[a-z.]{0,9}");
    let more = (side, 0..9_u32, heads, besides, texts, tls, any::<bool>(), marks(), marks());
    let main = (message(false), option::of(message(true)), timing(), state());
    (main, more).prop_map(|(main, more)| {
        let ((request, asked), answer, timing, state) = main;
        let (side, number, (interim, passed_on), besides, texts, tls, without_bytes, one, other) =
            more;
        let (response, answered) = answer.map_or((None, None), |(it, body)| (Some(it), body));
        let (rule, warnings) = texts;
        let besides = besides.map(|(has_entry, has_log)| {
            let entry = if has_entry { r#"{"pageref":"p","timings":{"blocked":3.5}}"# } else { "" };
            let log = has_log.then(|| r#"{"pages":[{"id":"p"}]}"#.into());
            Arc::new(ToldBesides { entry: entry.into(), log })
        });
        let tls = tls.map(|text| {
            let (version, sni) = (text.clone(), text);
            Arc::new(TlsFacts { version, sni, ..TlsFacts::default() })
        });
        let touched = MessageMarks {
            request: one,
            response: if response.is_some() { other } else { FaultMarks::default() },
        };
        let exchange = Exchange {
            url: "http://h/a?b=c".into(),
            local: "127.0.0.1:1".parse().ok(),
            peer: "127.0.0.1:80".parse().ok(),
            proxy: timing.tunnel.map(|_| "http://p:1".into()),
            response,
            interim,
            timing,
            tls,
            state,
            rule,
            warnings,
            touched,
            passed_on: passed_on.map(Box::new),
            without_bytes,
            besides,
            ..Exchange::begun(side, SessionId(5).conn(7), number, request, Stamp(NOON))
        };
        (exchange, [asked, answered])
    })
}

proptest! {
    #![proptest_config(crate::property_tests::config())]

    #[test]
    fn records_come_back_as_the_same_lines(records in collection::vec(records(), 1..6)) {
        let infos = conns();
        let info = |conn: ConnId| infos.iter().find(|it| it.id == conn);
        let line = |(record, remark): &(Record, RecordRemark)| {
            ndjson::remarked(record, info(record.conn), &record.data, (Lapse::NONE, Some(remark)))
        };
        let lines: Vec<String> = records.iter().map(line).collect();
        let out = read(&(lines.join("\n") + "\n"));
        prop_assert_eq!(out.records.len(), lines.len());
        for (at, record) in out.records.iter().enumerate() {
            let info = out.conns.iter().rfind(|it| it.id == record.conn);
            let remark = out.remarks.iter().find(|it| it.of == at);
            let again = ndjson::remarked(record, info, &record.data, (Lapse::NONE, remark));
            prop_assert_eq!(told(&again), told(&lines[at]));
        }
    }

    #[test]
    fn exchanges_come_back_as_the_same_lines(all in collection::vec(exchanges(), 1..3)) {
        let line = |(exchange, [request, response]): &Told| {
            let bodies = Bodies { request: request.as_deref(), response: response.as_deref() };
            ndjson::exchange(exchange, bodies, &Disclosure::Everything)
        };
        let lines: Vec<String> = all.iter().map(line).collect();
        let out = read(&(lines.join("\n") + "\n"));
        let again = out.told.iter().filter_map(|line| match &line.what {
            ToldThing::Exchange(told) => Some(ndjson::exchange(&told.exchange, told.bodies(), &Disclosure::Everything)),
            ToldThing::Lost(..) => None,
        });
        let again: Vec<Value> = again.map(|line| told(&line)).collect();
        // What one line says of the file, the next ones need not say again.
        let mut expected: Vec<Value> = lines.iter().map(|line| told(line)).collect();
        let mut log = Value::Null;
        for line in expected.iter_mut().filter(|line| line["har"].is_object()) {
            match line["har"].get("log") {
                Some(said) => log = said.clone(),
                None if log.is_null() => {}
                None => line["har"]["log"] = log.clone(),
            }
        }
        prop_assert_eq!(again, expected);
    }
}

#[test]
fn a_row_of_an_exchange_is_there_once_with_what_was_written_about_it() {
    let start = |status| StartLine::Response {
        version: HttpVersion::Http11,
        status,
        reason: Bytes::from_static(b"OK"),
    };
    let asked = StartLine::Request {
        method: "GET".into(),
        target: "/".into(),
        version: HttpVersion::Http11,
    };
    let message = |start| HttpMessage {
        head: Head { raw: Bytes::from_static(b"x\r\n\r\n"), start, fields: Vec::new() },
        ..HttpMessage::default()
    };
    let conn = SessionId(5).conn(1);
    let exchange = Exchange {
        response: Some(message(start(200))),
        state: ExchangeState::Complete,
        without_bytes: true,
        ..Exchange::begun(Side::Client, conn, 0, message(asked), Stamp(NOON))
    };
    let http = ConnInfo::new(conn, Protocol::Http, Side::Client);
    let of_socket = |data: &'static [u8], direction| {
        let data = Bytes::from_static(data);
        Record::new(Stamp(NOON + 5_000_000), conn, direction, RecordKind::Data, data)
    };
    let made = Record { at: Stamp(NOON), ..of_socket(b"GET /", Direction::Sent) };
    let origin = RecordOrigin { is_made: true, ..RecordOrigin::default() };
    let remark = RecordRemark { of: 0, comment: Some("look".into()), origin };
    let written = |record: &Record, remark: Option<&RecordRemark>| {
        ndjson::remarked(record, Some(&http), &record.data, (Lapse::NONE, remark))
    };
    // A frame that the file does have is on the same connection.
    let frame = of_socket(b"\x81\x02hi", Direction::Received);
    let lines = [
        written(&made, Some(&remark)),
        ndjson::exchange(&exchange, Bodies::default(), &Disclosure::Everything),
        written(&frame, None),
    ];
    let out = read(&(lines.join("\n") + "\n"));
    let ways: Vec<_> =
        out.records.iter().map(|it| (it.direction, &it.data[..5.min(it.data.len())])).collect();
    let (sent, received) = (Direction::Sent, Direction::Received);
    assert_eq!(ways.len(), 3, "{ways:?}");
    assert!(ways.contains(&(sent, b"GET /")) && ways.contains(&(received, b"\x81\x02hi")));
    assert_eq!(out.made.len(), 2);
    let comments: Vec<_> = out.remarks.iter().filter_map(|it| it.comment.as_deref()).collect();
    assert_eq!(comments, ["look"]);
}
