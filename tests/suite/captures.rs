//! What we write as pcapng, read by Wireshark's own reader. Skipped with a word where it is missing,
//! except in CI.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use bytes::Bytes;
use tempfile::TempDir;
use wirebench::interop::export::{
    ExportFormat, ExportPiece, ExportTimes, ExportWriter, ExportedBodies, ExportedRecord,
};
use wirebench::interop::pcap::{CaptureBatch, CaptureReader};
use wirebench::interop::pcapng::PcapngWriter;
use wirebench::model::id::{RecordId, SessionId};
use wirebench::model::protocol::{Protocol, Side};
use wirebench::model::record::{ConnInfo, Direction, LossTotals, Record, RecordKind, RecordOrigin};
use wirebench::model::secrets::{Disclosure, Secrets};
use wirebench::model::timing::{Lapse, Stamp};

use crate::foreign::has;

/// A capture in the making, a millisecond from record to record.
struct Scene {
    writer: PcapngWriter,
    at: u64,
}

impl Scene {
    fn new() -> Self {
        Scene { writer: PcapngWriter::new(), at: 1_700_000_000_000_000_000 }
    }

    fn conn(&mut self, (session, index): (u64, u32), side: Side, local: &str, peer: &str) {
        self.speak(Protocol::Tcp, (session, index), side, [local, peer]);
    }

    fn speak(
        &mut self,
        protocol: Protocol,
        (session, index): (u64, u32),
        side: Side,
        [local, peer]: [&str; 2],
    ) {
        let (local, peer) = (local.parse().ok(), peer.parse().ok());
        let id = SessionId(session).conn(index);
        self.writer.conn(&ConnInfo { local, peer, ..ConnInfo::new(id, protocol, side) });
    }

    fn say(&mut self, of: (u64, u32), direction: Direction, kind: RecordKind, data: &[u8]) {
        self.at += 1_000_000;
        let (at, conn) = (Stamp(self.at), SessionId(of.0).conn(of.1));
        let record = Record::new(at, conn, direction, kind, Bytes::copy_from_slice(data));
        self.writer.record(&record, &[]);
    }

    fn sent(&mut self, of: (u64, u32), data: &[u8]) {
        self.say(of, Direction::Sent, RecordKind::Data, data);
    }

    fn received(&mut self, of: (u64, u32), data: &[u8]) {
        self.say(of, Direction::Received, RecordKind::Data, data);
    }

    fn connected(&mut self, of: (u64, u32)) {
        self.say(of, Direction::Local, RecordKind::Connected, b"connected");
    }

    fn accepted(&mut self, of: (u64, u32)) {
        self.say(of, Direction::Received, RecordKind::Accepted, b"accepted");
    }

    fn closed(&mut self, of: (u64, u32)) {
        self.say(of, Direction::Received, RecordKind::Finished, b"the peer finished sending");
        self.say(of, Direction::Local, RecordKind::Closed, b"closed by us");
        self.writer.over(SessionId(of.0).conn(of.1));
    }

    fn file(mut self, folder: &TempDir) -> PathBuf {
        self.writer.finish();
        let path = folder.path().join("capture.pcapng");
        std::fs::write(&path, self.writer.take()).unwrap();
        path
    }
}

fn run(program: &str, file: &Path, arguments: &[&str]) -> String {
    let mut command = Command::new(program);
    if program == "tshark" {
        command.args(["-n", "-r"]);
    }
    // A capture whose checksums are wrong would pass unseen else.
    let checks = ["-o", "tcp.check_checksum:TRUE", "-o", "udp.check_checksum:TRUE"];
    let ip = ["-o", "ip.check_checksum:TRUE"];
    command.arg(file);
    if program == "tshark" {
        command.args(checks).args(ip);
    }
    let output = command.args(arguments).stderr(Stdio::null()).output().unwrap();
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn fields(file: &Path, filter: &str, names: &[&str]) -> Vec<String> {
    let mut arguments = vec!["-Y", filter, "-T", "fields"];
    for name in names {
        arguments.extend(["-e", name]);
    }
    run("tshark", file, &arguments).lines().map(str::to_owned).collect()
}

/// Both sides of a stream, as `follow` tells it in hex: what the second says is set in.
fn followed(file: &Path, protocol: &str, stream: u32) -> [Vec<u8>; 2] {
    let order = format!("follow,{protocol},raw,{stream}");
    let text = run("tshark", file, &["-q", "-z", &order]);
    let mut sides = [Vec::new(), Vec::new()];
    for line in text.lines() {
        let is_second = line.starts_with('\t');
        let hex = line.trim();
        if !hex.is_empty() && hex.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            let pairs = (0..hex.len() / 2).map(|at| &hex[2 * at..2 * at + 2]);
            let bytes = pairs.map(|pair| u8::from_str_radix(pair, 16).unwrap());
            sides[usize::from(is_second)].extend(bytes);
        }
    }
    sides
}

/// Lines of errors and warnings.
fn complaints(file: &Path) -> String {
    run("tshark", file, &["-q", "-z", "expert,warn"])
}

fn is_there() -> bool {
    has("tshark", &["--version"]) && has("capinfos", &["--version"])
}

#[test]
fn wireshark_follows_streams_with_the_right_bytes_and_finds_nothing_to_warn_of() {
    if !is_there() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let mut scene = Scene::new();
    let all: Vec<u8> = (0..300_000_u32).map(|n| (n % 251) as u8).collect();
    let (four, six, us) = ((1, 1), (1, 2), (2, 1));
    scene.conn(four, Side::Listener, "127.0.0.1:9000", "127.0.0.1:50000");
    scene.conn(six, Side::Listener, "[::1]:9000", "[::1]:50000");
    scene.conn(us, Side::Client, "10.0.0.1:40000", "10.0.0.2:7777");
    for of in [four, six] {
        scene.accepted(of);
        scene.received(of, b"hello ");
        scene.received(of, &all);
        scene.sent(of, &all[..70_000]);
        scene.sent(of, b"\0\xff");
    }
    scene.connected(us);
    scene.sent(us, b"PING\r\n");
    scene.received(us, b"PONG\r\n");
    for of in [four, six, us] {
        scene.closed(of);
    }
    // The port is used again: another stream.
    scene.conn((1, 3), Side::Listener, "127.0.0.1:9000", "127.0.0.1:50000");
    scene.accepted((1, 3));
    scene.received((1, 3), b"again");
    scene.closed((1, 3));
    let file = scene.file(&folder);

    let first = [&b"hello "[..], &all].concat();
    let second = [&all[..70_000], b"\0\xff"].concat();
    assert!(followed(&file, "tcp", 0) == [first.clone(), second.clone()]);
    assert!(followed(&file, "tcp", 1) == [first, second]);
    assert_eq!(followed(&file, "tcp", 2), [b"PING\r\n", b"PONG\r\n"]);
    assert_eq!(followed(&file, "tcp", 3), [&b"again"[..], b""]);
    assert_eq!(complaints(&file).trim(), "");
    let names = fields(&file, "tcp.flags.syn==1 && tcp.flags.ack==0", &["frame.interface_name"]);
    assert_eq!(names, ["tcp:9000", "tcp:9000", "tcp:10.0.0.2:7777", "tcp:9000"]);
}

#[test]
fn wireshark_puts_http_together_across_segments_and_in_any_time_of_its_life() {
    if !is_there() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let mut scene = Scene::new();
    let body = format!("{{\"text\":\"{}\"}}", "x".repeat(200_000));
    let of = (1, 1);
    scene.speak(Protocol::Http, of, Side::Client, ["127.0.0.1:50001", "127.0.0.1:8080"]);
    scene.connected(of);
    for _ in 0..2 {
        scene.sent(of, b"GET /big HTTP/1.1\r\nHost: h\r\n\r\n");
        let len = body.len();
        let head = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len}\r\n\r\n"
        );
        scene.received(of, head.as_bytes());
        body.as_bytes().chunks(80_000).for_each(|piece| scene.received(of, piece));
    }
    let unended = scene.writer.take();
    let path = folder.path().join("so-far.pcapng");
    std::fs::write(&path, &unended).unwrap();
    assert_eq!(fields(&path, "http.response", &["http.response.code"]), ["200", "200"]);
    let lens = fields(&path, "http.response", &["http.content_length", "json.key"]);
    assert_eq!(lens, vec![format!("{}\ttext", body.len()); 2]);
    assert_eq!(complaints(&path).trim(), "");
    assert_eq!(run("capinfos", &path, &["-Trc"]).trim().rsplit('\t').next(), Some("31"));
}

#[test]
fn a_reset_is_the_one_warning_and_a_stream_that_was_joined_says_so() {
    if !is_there() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let mut scene = Scene::new();
    let of = (1, 1);
    scene.conn(of, Side::Client, "127.0.0.1:50001", "127.0.0.1:9");
    scene.received(of, b"in the middle");
    scene.say(of, Direction::Received, RecordKind::Reset, b"connection reset by peer");
    let file = scene.file(&folder);
    let warned = complaints(&file);
    assert!(warned.contains("Connection reset (RST)"), "{warned}");
    assert!(warned.contains("Warns (1)") && !warned.contains("Errors"), "{warned}");
    let comments = fields(&file, "frame.comment", &["frame.comment"]);
    assert!(comments[0].contains("the beginning of this connection is not"), "{comments:?}");
    assert!(comments[1].contains("connection reset by peer"), "{comments:?}");
}

#[test]
fn datagrams_of_both_families_have_their_bounds_losses_and_checksums() {
    if !is_there() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let mut scene = Scene::new();
    let udp = Protocol::Udp;
    scene.speak(udp, (1, 1), Side::Listener, ["0.0.0.0:7353", "127.0.0.1:6000"]);
    scene.speak(udp, (1, 2), Side::Listener, ["[::1]:7353", "[::1]:6000"]);
    for of in [(1, 1), (1, 2)] {
        scene.received(of, b"");
        scene.received(of, &vec![b'a'; 65_507]);
        scene.sent(of, b"odd");
        let lost = LossTotals { session: SessionId(1), by_app: 2, by_kernel: Some(3) };
        scene.writer.lost(lost);
    }
    let file = scene.file(&folder);
    let lens = fields(&file, "udp", &["udp.length", "udp.checksum.status"]);
    assert_eq!(lens[..3], ["8\t1", "65515\t1", "11\t1"]);
    assert_eq!(lens[..3], lens[3..]);
    assert_eq!(followed(&file, "udp", 0)[1], b"odd");
    assert_eq!(complaints(&file).trim(), "");
    let dropped = fields(&file, "frame.drop_count", &["frame.number", "frame.drop_count"]);
    assert_eq!(dropped, ["4\t5"], "between the first peer's datagrams and the second's");
    let infos = run("capinfos", &file, &[]);
    assert!(infos.contains("Name = udp:7353"), "{infos}");
}

#[test]
fn comments_of_records_are_those_of_their_packets_and_come_back_with_masks() {
    let info = ConnInfo {
        local: "127.0.0.1:9000".parse().ok(),
        peer: "127.0.0.1:5000".parse().ok(),
        tls: true,
        ..ConnInfo::new(SessionId(1).conn(1), Protocol::Tcp, Side::Listener)
    };
    let mut writer = ExportWriter::new(
        ExportFormat::Pcapng,
        Disclosure::Hiding(Secrets::new(["hunter2"])),
        ExportTimes::At(jiff::tz::Offset::UTC),
    );
    let exported = |number: u64, data: &'static [u8], comment: Option<&str>| ExportedRecord {
        id: RecordId(number),
        record: Record::new(
            Stamp(number),
            info.id,
            Direction::Received,
            RecordKind::Data,
            Bytes::from_static(data),
        ),
        is_chosen: true,
        delta: None,
        latency: Lapse::NONE,
        comment: comment.map(str::to_owned),
        origin: RecordOrigin::default(),
        cells: Vec::new(),
    };
    let records = vec![
        exported(1, b"first", Some("look here: ü")),
        exported(2, b"pass hunter2", None),
        exported(3, b"third", None),
    ];
    let piece = ExportPiece { conns: vec![info], records, ..ExportPiece::default() };
    writer.piece(piece, |_| ExportedBodies::default());
    writer.finish();
    let file = writer.take(0);
    let (mut reader, mut out) = (CaptureReader::new(SessionId(0)), CaptureBatch::default());
    reader.push(&file, &mut out, &mut |_| {}).unwrap();
    let remarks: Vec<_> = out
        .remarks
        .iter()
        .map(|it| (&out.records[it.of].data[..5], it.comment.as_deref(), it.origin.is_masked))
        .collect();
    assert_eq!(remarks, [(&b"first"[..], Some("look here: ü"), false), (b"pass ", None, true)]);
    assert!(out.conns[0].tls, "what TLS carried is known as such again");
    if has("tshark", &["--version"]) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.pcapng");
        std::fs::write(&path, file).unwrap();
        let told = fields(&path, "tcp.payload", &["frame.comment"]);
        assert_eq!(told[0], "look here: ü");
        assert!(told[1].ends_with("bytes of secrets are written as *"), "{told:?}");
        assert_eq!((told.len(), &*told[2]), (3, ""));
    }
}
