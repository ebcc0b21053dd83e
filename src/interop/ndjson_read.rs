//! Reads our own JSON Lines as connections and records: what `--jsonl` wrote, or `--json` printed.
//!
//! Called by the shells. Lines of exchanges are passed over, since the bytes they are made of stand in
//! records; those about peers say whose they were; what a program was killed in the middle of writing is the last line alone, and is named.

use std::collections::HashMap;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::Value;

use super::pcap::{CaptureBatch, CaptureFault, ToldOwner};
use crate::model::fault::FaultMarks;
use crate::model::id::{ConnId, SessionId};
use crate::model::peer_owner::{LocalUser, PeerOwner, PeerProcess};
use crate::model::protocol::{Protocol, Side};
use crate::model::record::{ConnInfo, Direction, Record, RecordKind, RecordRemark, RelayPair};
use crate::model::timing::Stamp;

/// Longest line that is believed.
const LONGEST: usize = 256 * 1024 * 1024;
/// The version of the format that is understood.
const VERSION: u64 = 1;

/// A connection, as the lines tell it.
#[derive(Debug)]
struct ToldConn {
    info: ConnInfo,
    /// When it was met.
    since: Stamp,
}

/// Reads one file.
#[derive(Debug)]
pub struct LineReader {
    session: SessionId,
    conns: HashMap<String, ToldConn>,
    /// Numbers of connections so far.
    numbers: u32,
    /// By the name of a relay's client: the number of the half towards its target, which is to come.
    targets: HashMap<String, ConnId>,
    held: Vec<u8>,
    /// Bytes before those that are held.
    taken: u64,
    /// Records so far.
    pub records: u64,
}

impl LineReader {
    /// At the first byte of a file; its connections are of this session.
    #[must_use]
    pub fn new(session: SessionId) -> Self {
        let (conns, targets, held) = Default::default();
        LineReader { session, conns, numbers: 0, targets, held, taken: 0, records: 0 }
    }

    /// Takes the next bytes.
    ///
    /// # Errors
    /// The first line that is none of ours.
    pub fn push(&mut self, bytes: &[u8], out: &mut CaptureBatch) -> Result<(), CaptureFault> {
        self.held.extend_from_slice(bytes);
        let held = std::mem::take(&mut self.held);
        let mut rest = &held[..];
        while let Some(end) = memchr::memchr(b'\n', rest) {
            let (line, after) = rest.split_at(end);
            self.line(line, out)?;
            self.taken += end as u64 + 1;
            rest = &after[1..];
        }
        if rest.len() > LONGEST {
            return Err(self.fault("a line is longer than 256 MiB".into()));
        }
        self.held = rest.to_vec();
        Ok(())
    }

    /// There are no more bytes.
    ///
    /// # Errors
    /// When the last line is no whole one.
    pub fn finish(&mut self, out: &mut CaptureBatch) -> Result<(), CaptureFault> {
        let last = std::mem::take(&mut self.held);
        let len = last.len();
        self.line(&last, out).map_err(|_| {
            self.fault(format!("the file is cut off: its last {len} bytes are no whole line"))
        })
    }

    fn fault(&self, cause: String) -> CaptureFault {
        CaptureFault { at: self.taken, cause }
    }

    fn line(&mut self, line: &[u8], out: &mut CaptureBatch) -> Result<(), CaptureFault> {
        if line.trim_ascii().is_empty() {
            return Ok(());
        }
        let value: Value = serde_json::from_slice(line)
            .map_err(|error| self.fault(format!("a line is no JSON: {error}")))?;
        if value["v"].as_u64() != Some(VERSION) || !value["type"].is_string() {
            return Err(self.fault("a line is not of wirebench's JSON Lines, version 1".into()));
        }
        if value["type"] == "peer" {
            let told = time(&value).zip(owner(&value));
            let (at, owner) =
                told.ok_or_else(|| self.fault("a peer lacks what it should have".into()))?;
            // Nothing is known of one that no record is of.
            let known = value["conn"].as_str().and_then(|name| self.conns.get(name));
            out.owners.extend(known.map(|it| {
                let owner = Arc::new(owner);
                ToldOwner { conn: it.info.id, since: it.since, at, owner }
            }));
        }
        if value["type"] != "record" {
            return Ok(());
        }
        let record = self.record(&value, out);
        let record = record.ok_or_else(|| self.fault("a record lacks what it should have".into()));
        let is_masked = value["masked"] == true;
        let comment = value["comment"].as_str().map(str::to_owned);
        if is_masked || comment.is_some() {
            out.remarks.push(RecordRemark { of: out.records.len(), comment, is_masked });
        }
        out.records.push(record?);
        self.records += 1;
        Ok(())
    }

    fn record(&mut self, value: &Value, out: &mut CaptureBatch) -> Option<Record> {
        let text = |name: &str| value[name].as_str();
        let at = time(value)?;
        let conn = self.conn(value, at, out)?;
        let direction: Direction = text("dir")?.parse().ok()?;
        let kind: RecordKind = text("kind")?.parse().ok()?;
        // Beside its exact bytes a text is what they read.
        let data = match (text("base64"), text("text").or(text("message"))) {
            (Some(exact), _) => Bytes::from(STANDARD.decode(exact).ok()?),
            (None, said) => Bytes::copy_from_slice(said.unwrap_or_default().as_bytes()),
        };
        let len = value["len"].as_u64().unwrap_or(0).max(data.len() as u64);
        let faults = marks(value);
        Some(Record { original_len: len, faults, ..Record::new(at, conn, direction, kind, data) })
    }

    /// The connection of a record, told when it is new or has changed.
    fn conn(&mut self, value: &Value, at: Stamp, out: &mut CaptureBatch) -> Option<ConnId> {
        let name = value["conn"].as_str()?;
        let text = |name: &str| value[name].as_str();
        let known = self.conns.get(name);
        let known = known.map(|known| (known.info.id, known.info.pair, known.since));
        let client = text("pair");
        let id = known.map(|(id, ..)| id);
        let id = id.unwrap_or_else(|| {
            let target = client.and_then(|client| self.targets.remove(client));
            target.unwrap_or_else(|| self.number())
        });
        let pair = known.and_then(|(_, pair, _)| pair);
        let pair = pair.or_else(|| self.pair((name, id), client?));
        let protocol: Option<Protocol> = text("proto").and_then(|it| it.parse().ok());
        let side: Option<Side> = match text("side") {
            Some("client") => Some(Side::Client),
            Some("listener") => Some(Side::Listener),
            Some("relay") => Some(Side::Relay),
            _ => None,
        };
        let info = ConnInfo {
            id,
            protocol: protocol.unwrap_or(Protocol::Tcp),
            side: side.unwrap_or(Side::Client),
            local: text("local").and_then(|end| end.parse().ok()),
            peer: text("peer").and_then(|end| end.parse().ok()),
            tls: value["tls"].as_bool().unwrap_or(false),
            pair,
        };
        if self.conns.get(name).is_none_or(|known| known.info != info) {
            out.conns.push(info.clone());
            let since = known.map_or(at, |(.., since)| since);
            self.conns.insert(name.to_owned(), ToldConn { info, since });
        }
        Some(id)
    }
}

impl LineReader {
    fn number(&mut self) -> ConnId {
        self.numbers += 1;
        self.session.conn(self.numbers)
    }

    /// The halves of a relay, of which this is one; the other is that of the client, or to come.
    fn pair(&mut self, (name, id): (&str, ConnId), client: &str) -> Option<RelayPair> {
        if name == client {
            let target = self.number();
            self.targets.insert(name.to_owned(), target);
            return Some(RelayPair { client: id, target });
        }
        let client = self.conns.get(client)?.info.id;
        Some(RelayPair { client, target: id })
    }
}

/// What a relay did to it. A name of a newer program says nothing to this one.
fn marks(value: &Value) -> FaultMarks {
    let names = |key: &str| value[key].as_array().into_iter().flatten().filter_map(Value::as_str);
    let mut marks = FaultMarks::default();
    names("fault").filter_map(|name| name.parse().ok()).for_each(|kind| marks.insert(kind));
    let holds = names("hold").filter_map(|name| name.parse().ok());
    let marks = holds.fold(marks, FaultMarks::held);
    if value["rewritten"] == true { marks.rewritten() } else { marks }
}

fn time(value: &Value) -> Option<Stamp> {
    let time: jiff::Timestamp = value["time"].as_str()?.parse().ok()?;
    u64::try_from(time.as_nanosecond()).ok().map(Stamp)
}

/// Who holds the socket of a peer, as a line says it.
fn owner(value: &Value) -> Option<PeerOwner> {
    let number = |name: &str| value[name].as_u64().and_then(|it| u32::try_from(it).ok());
    let user = || {
        let name = value["user"].as_str().map(str::to_owned);
        number("uid").map(|uid| LocalUser { uid, name })
    };
    let process = || {
        let (pid, program) = (number("pid")?, value["program"].as_str()?.to_owned());
        let listens = value["listens"] == true;
        Some(PeerProcess { pid, program, user: user()?, listens, is_us: false })
    };
    match value["state"].as_str()? {
        "known" => process().map(PeerOwner::Process),
        "other-user" => user().map(PeerOwner::OtherUser),
        "hidden" => user().map(PeerOwner::Hidden),
        "shared" => Some(PeerOwner::Shared),
        "gone" => Some(PeerOwner::Gone),
        "skipped" => Some(PeerOwner::Skipped),
        // Of a later version there may be more of them.
        _ => Some(PeerOwner::Untold),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::interop::ndjson;
    use crate::model::fault::FaultKind;
    use crate::model::hold::HoldMark;
    use crate::model::timing::Lapse;

    fn written() -> (Vec<Record>, ConnInfo, String) {
        let info = ConnInfo {
            id: SessionId(5).conn(9),
            protocol: Protocol::Udp,
            side: Side::Listener,
            local: "127.0.0.1:9000".parse().ok(),
            peer: "[::1]:5".parse().ok(),
            tls: false,
            pair: None,
        };
        let record = |kind, data: &'static [u8]| {
            let at = Stamp(1_700_000_000_123_456_789);
            Record::new(at, info.id, Direction::Received, kind, Bytes::from_static(data))
        };
        let mut touched = FaultMarks::default();
        touched.insert(FaultKind::Corrupt);
        let records = vec![
            record(RecordKind::Note, b"a remark"),
            record(RecordKind::Data, b"text\n\x1b"),
            record(RecordKind::Data, b"\xff\x00"),
            record(RecordKind::Data, b""),
            Record { faults: touched.held(HoldMark::Edited), ..record(RecordKind::Data, b"a") },
            Record { faults: touched.rewritten(), ..record(RecordKind::Data, b"b") },
        ];
        let lines =
            records.iter().map(|it| ndjson::record(it, Some(&info), &it.data, Lapse::NONE) + "\n");
        let text = lines.collect();
        (records, info, text)
    }

    fn read(text: &[u8], piece: usize) -> (CaptureBatch, Result<(), CaptureFault>) {
        let (mut reader, mut out) = (LineReader::new(SessionId(0)), CaptureBatch::default());
        for bytes in text.chunks(piece) {
            if let Err(fault) = reader.push(bytes, &mut out) {
                return (out, Err(fault));
            }
        }
        let end = reader.finish(&mut out);
        (out, end)
    }

    /// What the target's half has is not said by a client, and is not told beside it.
    #[test]
    fn the_halves_of_a_relay_are_its_halves_again() {
        let half = |index: u32, target: u32| ConnInfo {
            id: SessionId(5).conn(index),
            protocol: Protocol::Tcp,
            side: Side::Relay,
            local: "127.0.0.1:9000".parse().ok(),
            peer: format!("127.0.0.1:{index}").parse().ok(),
            tls: false,
            pair: Some(RelayPair {
                client: SessionId(5).conn(7),
                target: SessionId(5).conn(target),
            }),
        };
        let halves = [half(7, 8), half(8, 8), half(9, 9)];
        let text: String = halves
            .iter()
            .map(|info| {
                let data = Bytes::from_static(b"x");
                let (way, kind) = (Direction::Received, RecordKind::Data);
                let record = Record::new(Stamp(1), info.id, way, kind, data);
                ndjson::record(&record, Some(info), &record.data, Lapse::NONE) + "\n"
            })
            .collect();
        let (out, end) = read(text.as_bytes(), 50);
        assert_eq!(end, Ok(()));
        let senders: Vec<_> =
            out.conns.iter().map(|conn| conn.sender(Direction::Received)).collect();
        assert_eq!(senders, [Some("client"), Some("server"), Some("server")]);
        let told: Vec<_> = out.conns.iter().map(ConnInfo::told_under).collect();
        assert_eq!(told, [SessionId(0).conn(1); 3]);
        assert_eq!(out.conns[0].pair.map(|pair| pair.target), Some(out.conns[1].id));
    }

    #[test]
    fn what_was_written_reads_back_whole_and_a_torn_tail_is_named() {
        let (records, info, text) = written();
        let conn = SessionId(0).conn(1);
        let expected: Vec<_> = records.into_iter().map(|it| Record { conn, ..it }).collect();
        for piece in [1, 50, text.len()] {
            let (out, end) = read(text.as_bytes(), piece);
            assert_eq!(end, Ok(()));
            assert_eq!(out.conns, [ConnInfo { id: conn, ..info.clone() }]);
            // A fact has words and no length.
            assert_eq!(out.records[1..], expected[1..]);
            assert_eq!(out.records[0].data, expected[0].data);
        }
        let user = LocalUser { uid: 1000, name: Some("ann".into()) };
        let program = "curl".to_owned();
        let process =
            PeerProcess { pid: 7, program, user: user.clone(), listens: true, is_us: false };
        let owners = [
            PeerOwner::Process(process),
            PeerOwner::OtherUser(LocalUser { name: None, ..user.clone() }),
            PeerOwner::Hidden(user),
            PeerOwner::Shared,
            PeerOwner::Gone,
            PeerOwner::Skipped,
            PeerOwner::Untold,
        ];
        for owner in owners {
            let at = Stamp(1_700_000_000_999_000_000);
            let line = ndjson::peer(info.id, Some(&info), &owner, at);
            let (out, end) = read(format!("{text}{line}\n").as_bytes(), 50);
            assert_eq!(end, Ok(()));
            let since = expected[0].at;
            assert_eq!(out.owners, [ToldOwner { conn, since, at, owner: Arc::new(owner) }]);
            let (alone, end) = read(line.as_bytes(), 50);
            assert_eq!((alone, end), (CaptureBatch::default(), Ok(())), "of no connection");
        }
        let (out, end) = read(&text.as_bytes()[..text.len() - 9], 7);
        assert_eq!(out.records.len(), 5);
        assert!(end.unwrap_err().cause.contains("cut off: its last"));
        let (_, other) = read(b"{\"log\":{}}\n", 7);
        assert!(other.unwrap_err().cause.contains("not of wirebench's JSON Lines"));
    }
}
