use bytes::Bytes;
use serde_json::Value;

use super::*;
use crate::model::exchange::{ExchangeState, HttpMessage};
use crate::model::id::SessionId;
use crate::model::peer_owner::PeerOwner;
use crate::model::protocol::{Protocol, Side};
use crate::model::record::MaskedLens;
use crate::model::secrets::Secrets;

fn conn(index: u32, protocol: Protocol) -> ConnInfo {
    ConnInfo {
        local: Some("127.0.0.1:5000".parse().unwrap()),
        peer: Some("127.0.0.1:9000".parse().unwrap()),
        ..ConnInfo::new(SessionId(1).conn(index), protocol, Side::Client)
    }
}

fn record(id: u64, index: u32, direction: Direction, data: &[u8]) -> ExportedRecord {
    let at = Stamp(1_700_000_000_123_456_789 + id * 1_000_000);
    let data = Bytes::copy_from_slice(data);
    let conn = SessionId(1).conn(index);
    ExportedRecord {
        id: RecordId(id),
        record: Record::new(at, conn, direction, RecordKind::Data, data),
        is_chosen: true,
        delta: (id > 0).then(|| Duration::from_micros(1500)),
        latency: crate::model::timing::Lapse::NONE,
        comment: None,
        origin: RecordOrigin::default(),
        cells: Vec::new(),
    }
}

fn writer(format: ExportFormat) -> ExportWriter {
    let told = Disclosure::Hiding(Secrets::new(["hunter2"]));
    ExportWriter::new(format, told, ExportTimes::At(Offset::UTC))
}

/// All that is written of these, by part.
fn written(format: ExportFormat, piece: ExportPiece) -> ([Vec<u8>; 2], ExportWriter) {
    let mut writer = writer(format);
    writer.piece(piece, |_| ExportedBodies::default());
    writer.finish();
    ([writer.take(0), writer.take(1)], writer)
}

fn talk() -> ExportPiece {
    let (sent, received) = (Direction::Sent, Direction::Received);
    ExportPiece {
        conns: vec![conn(1, Protocol::Tcp), conn(2, Protocol::Tcp)],
        records: vec![
            record(0, 1, sent, b"login hunter2\n"),
            record(1, 1, received, b"a \"b\", c\r\n\x1b[2J"),
            record(2, 2, received, b"=cmd()"),
        ],
        ..ExportPiece::default()
    }
}

#[test]
fn each_format_stands_at_its_place_in_the_table() {
    for (at, row) in FORMATS.iter().enumerate() {
        assert_eq!(row.format as usize, at);
        assert_eq!(row.format.row().name, row.name);
        assert!(row.parts.len() <= 2 && row.help.len() > 5);
    }
    let raw = ExportFormat::Raw;
    assert_eq!(raw.file_names("a.b/x.bin"), ["a.b/x.sent.bin", "a.b/x.received.bin"]);
    assert_eq!(raw.file_names("a.b/x"), ["a.b/x.sent", "a.b/x.received"]);
    assert_eq!(raw.file_names(".x"), [".x.sent", ".x.received"]);
    assert_eq!(ExportFormat::Csv.file_names("x"), ["x"]);
}

#[test]
fn csv_has_the_columns_of_the_list_quoted_masked_and_no_formula() {
    let ([csv, other], writer) = written(ExportFormat::Csv, talk());
    let csv = String::from_utf8(csv).unwrap();
    let lines: Vec<&str> = csv.split("\r\n").collect();
    assert_eq!(lines[0], HEADER_LINE);
    assert_eq!(
        lines[1],
        "0,2023-11-14T22:13:20.123456+00:00,tcp→9000 1/1,out,data,14,,login ********\\n,,,,,,,,,,"
    );
    assert!(
        lines[2].ends_with(",in,data,14,1.500,\"a \"\"b\"\", c\\r\\n\\e[2J\",,,,,,,,,,"),
        "{}",
        lines[2]
    );
    assert!(lines[3].ends_with(",'=cmd(),,,,,,,,,,"), "{}", lines[3]);
    assert_eq!((lines.len(), other.len()), (5, 0));
    assert!(writer.summary().starts_with("3 records ("), "{}", writer.summary());
    assert_eq!(writer.remarks(), ["secrets in 1 record are masked"]);
    let mut since = ExportWriter::new(
        ExportFormat::Csv,
        Disclosure::Everything,
        ExportTimes::Since(Stamp(1_700_000_000_123_456_789)),
    );
    since.piece(talk(), |_| ExportedBodies::default());
    let csv = String::from_utf8(since.take(0)).unwrap();
    assert!(csv.contains("\n1,0.001000,") && csv.contains("hunter2"), "{csv}");
}

const HEADER_LINE: &str = "number,time,connection,direction,kind,length,delta_ms,summary,comment,answer_ms,\
                           peer,local,process,host,method,path,status,contract";

/// A table of requests had neither their paths nor their statuses.
#[test]
fn csv_has_what_else_the_list_says_of_a_record() {
    let mut answer = record(1, 1, Direction::Received, b"HTTP/1.1 404 Not Found\r\n");
    answer.latency = crate::model::timing::Lapse::between(Stamp(0), Stamp(2_500_000));
    answer.cells = ["127.0.0.1:9000", "", "", "=h", "GET", "/a,b?c=\"d\"", "404", ""]
        .map(str::to_owned)
        .to_vec();
    let piece = ExportPiece { records: vec![answer], ..ExportPiece::default() };
    let ([csv, _], _) = written(ExportFormat::Csv, piece);
    let csv = String::from_utf8(csv).unwrap();
    let cells = ",2.500,127.0.0.1:9000,,,'=h,GET,\"/a,b?c=\"\"d\"\"\",404,\r\n";
    assert!(csv.ends_with(cells), "{csv}");
}

#[test]
fn a_cell_that_is_too_long_is_cut_and_counted() {
    let records = vec![record(0, 1, Direction::Sent, &[b'x'; 40_000])];
    let piece = ExportPiece { records, ..ExportPiece::default() };
    let ([csv, _], writer) = written(ExportFormat::Csv, piece);
    assert!(csv.len() < 33_000);
    assert_eq!(writer.remarks(), ["1 cell is cut at 32,000 characters"]);
}

#[test]
fn text_has_a_line_for_each_record_and_its_bytes_visible_below() {
    let mut piece = talk();
    piece.records[1].comment = Some("look".into());
    piece.records[2].record.original_len = 10;
    let ([text, _], writer) = written(ExportFormat::Text, piece);
    let text = String::from_utf8(text).unwrap();
    let wanted =
        "#0 2023-11-14T22:13:20.123456+00:00 tcp→9000 1/1 ▶ 14 bytes\n    login ********\n#1 ";
    assert!(text.starts_with(wanted), "{text}");
    assert!(text.contains("◀ 14 bytes  (look)\n    a \"b\", c\\r\n    \\e[2J\n"), "{text}");
    assert!(text.ends_with("    =cmd()\n    … 4 bytes not kept\n"), "{text}");
    assert!(writer.remarks()[0].starts_with("1 record is longer"), "{:?}", writer.remarks());
}

#[test]
fn raw_is_the_bytes_of_each_direction_with_secrets_covered_in_place() {
    let ([sent, received], writer) = written(ExportFormat::Raw, talk());
    assert_eq!(sent, b"login *******\n");
    assert_eq!(received, b"a \"b\", c\r\n\x1b[2J=cmd()");
    let remarks = writer.remarks();
    assert_eq!(remarks[0], "bytes of 2 connections in the order they crossed");
}

#[test]
fn a_secret_that_begins_in_a_record_left_out_is_hidden_in_the_one_that_is_written() {
    let mut piece = talk();
    piece.records = vec![
        record(0, 1, Direction::Sent, b"login hun"),
        record(1, 1, Direction::Sent, b"ter2 and on"),
    ];
    piece.records[0].is_chosen = false;
    let ([lines, _], writer) = written(ExportFormat::JsonLines, piece);
    let line: Value = serde_json::from_slice(&lines).unwrap();
    assert_eq!(line["text"], "******** and on");
    assert!(writer.summary().starts_with("1 record ("));
}

#[test]
fn har_takes_exchanges_and_counts_what_is_no_http() {
    let mut piece = talk();
    piece.conns.push(conn(3, Protocol::Http));
    piece.records.push(record(3, 3, Direction::Sent, b"GET / HTTP/1.1\r\n\r\n"));
    let begun = |number| {
        let (conn, message) = (SessionId(1).conn(3), HttpMessage::default());
        Exchange {
            url: "http://h/".into(),
            state: ExchangeState::Complete,
            ..Exchange::begun(Side::Client, conn, number, message, Stamp(0))
        }
    };
    (piece.exchanges, piece.forgotten) = (vec![begun(0), begun(1)], 2);
    let ([har, _], writer) = written(ExportFormat::Har, piece);
    let har: Value = serde_json::from_slice(&har).unwrap();
    assert_eq!(har["log"]["entries"].as_array().unwrap().len(), 2);
    let said = "3 records are not HTTP and left out; 2 exchanges are no longer kept and left out";
    assert_eq!(har["log"]["comment"], said);
    assert!(writer.summary().starts_with("2 exchanges ("));
}

#[test]
fn packets_are_a_capture_that_is_read_again() {
    use crate::interop::pcap::{CaptureBatch, CaptureReader};
    let ([packets, _], writer) = written(ExportFormat::Pcapng, talk());
    let (mut reader, mut batch) = (CaptureReader::new(SessionId(9)), CaptureBatch::default());
    reader.push(&packets, &mut batch, &mut |_| {}).unwrap();
    reader.finish(&mut batch).unwrap();
    let bytes: Vec<u8> = batch.records.iter().flat_map(|it| it.data.to_vec()).collect();
    assert!(String::from_utf8_lossy(&bytes).contains("login *******\n"));
    assert!(writer.summary().starts_with("3 records ("));
}

#[test]
fn json_lines_have_owners_and_lengths_and_no_records_that_were_made() {
    let mut piece = talk();
    piece.conns.push(conn(3, Protocol::Http));
    let lens = Some(MaskedLens { len: 99, kept: None });
    piece.records[0].origin = RecordOrigin { is_masked: true, lens, is_made: false };
    let made = RecordOrigin { is_made: true, ..RecordOrigin::default() };
    let mut rows = [3, 4].map(|id| record(id, 3, Direction::Sent, b"GET / HTTP/1.1\r\n\r\n"));
    for row in &mut rows {
        row.origin = made;
    }
    rows[1].comment = Some("look".into());
    piece.records.extend(rows);
    let of = SessionId(1).conn(3);
    let request = HttpMessage::default();
    let begun = Exchange::begun(Side::Client, of, 0, request, Stamp(7));
    piece.exchanges = vec![Exchange { without_bytes: true, ..begun }];
    piece.owners = vec![(SessionId(1).conn(1), Arc::new(PeerOwner::Gone))];
    let ([text, _], writer) = written(ExportFormat::JsonLines, piece);
    let lines: Vec<Value> = text
        .split(|it| *it == b'\n')
        .filter(|it| !it.is_empty())
        .map(|it| serde_json::from_slice(it).unwrap())
        .collect();
    let of = |kind: &str| lines.iter().filter(|it| it["type"] == kind).collect::<Vec<_>>();
    assert_eq!(of("peer")[0]["state"], "gone");
    assert_eq!((&of("exchange")[0]["records"], of("exchange").len()), (&Value::from(false), 1));
    let records = of("record");
    assert_eq!((records.len(), &records[0]["len"]), (4, &Value::from(99)));
    assert_eq!((&records[3]["made"], &records[3]["comment"]), (&Value::from(true), &"look".into()));
    assert_eq!(writer.remarks().join("; "), "secrets in 1 record are masked", "nothing was cut");
}

/// As `--jsonl` has them; the rows that tell of losses say no totals, and one that the kernel did not lose any is a total, too.
#[test]
fn json_lines_end_with_what_the_sessions_of_their_records_lost() {
    let lost =
        |session, by_app| LossTotals { session: SessionId(session), by_app, by_kernel: Some(2) };
    let piece = ExportPiece { lost: vec![lost(1, 3), lost(9, 4)], ..talk() };
    let ([lines, _], _) = written(ExportFormat::JsonLines, piece);
    let lines = String::from_utf8(lines).unwrap();
    let values: Vec<Value> = lines.lines().map(|it| serde_json::from_str(it).unwrap()).collect();
    let told: Vec<_> = values.iter().filter(|it| it["type"] == "lost").collect();
    assert_eq!(told.len(), 1, "{lines}");
    assert_eq!(
        (&told[0]["session"], &told[0]["by_app"], &told[0]["by_kernel"]),
        (&1.into(), &3.into(), &2.into())
    );
    assert_eq!(values.last(), Some(told[0]));
    assert_eq!(told[0]["time"], values[2]["time"]);
}
