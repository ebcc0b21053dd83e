//! Reads our own JSON Lines as connections and records: what `--jsonl` wrote, or `--json` printed.
//!
//! Called by the shells. Lines about peers say whose they were, those of exchanges what records do not hold
//! (marks, rules, phases, bodies); what a program was killed in the middle of writing is the last line alone, and is named. What
//! is written of it again differs in the names of connections, whose sessions are one here.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::Value;

use super::ndjson_exchange::ToldExchange;
use super::pcap::{CaptureBatch, CaptureFault, ToldLine, ToldOwner, ToldThing};
use super::told_time;
use crate::codec::json_weight;
use crate::model::asked_target::AskedTarget;
use crate::model::exchange::Exchange;
use crate::model::fault::FaultMarks;
use crate::model::id::{ConnId, SessionId};
use crate::model::peer_owner::{LocalUser, PeerOwner, PeerProcess};
use crate::model::protocol::{Protocol, Side};
use crate::model::record::{
    ConnInfo, Direction, LossTotals, MaskedLens, Record, RecordKind, RecordOrigin, RecordRemark,
    RelayPair,
};
use crate::model::secrets::MASK;
use crate::model::timing::Stamp;

/// Longest line that is believed.
const LONGEST: usize = 256 * 1024 * 1024;
/// Shorter lines hold nothing that could be too much.
const LIGHT: usize = 1024 * 1024;
/// How long after the end of an exchange lines of its records may still follow its own.
const OVERTAKEN: Duration = Duration::from_millis(100);
/// Nanoseconds by which times of an exchange are rounded, all together.
const ROUNDED: u64 = 10_000;
/// The version of the format that is understood.
const VERSION: u64 = 1;

/// A connection, as the lines tell it.
#[derive(Debug)]
struct ToldConn {
    info: ConnInfo,
    /// When it was met.
    since: Stamp,
    /// Exchanges that lines told of it.
    exchanges: u32,
    /// There are bytes of it.
    has_data: bool,
    /// Messages that were made of exchanges and are lines all the same, since somebody wrote about them.
    made: Vec<(Direction, Stamp)>,
}

impl ToldConn {
    /// Whether a record that is made of an exchange was a line.
    fn has_told(&self, record: &Record) -> bool {
        let is_it = |(way, at): &(Direction, Stamp)| {
            *way == record.direction && at.0.abs_diff(record.at.0) <= ROUNDED
        };
        self.made.iter().any(is_it)
    }
}

/// What a line says of the connection it is about.
struct ConnLine<'a> {
    name: &'a str,
    value: &'a Value,
    protocol: Protocol,
    at: Stamp,
}

/// An exchange of whose bytes no record was read yet.
#[derive(Debug)]
struct UnsaidExchange {
    name: String,
    ended: Stamp,
    /// None will be.
    without_bytes: bool,
    /// What can be made of its line.
    records: Vec<Record>,
}

/// Reads one file.
#[derive(Debug)]
pub struct LineReader {
    session: SessionId,
    conns: HashMap<String, ToldConn>,
    /// Numbers of connections here that are taken.
    numbers: BTreeSet<u32>,
    /// By their names in the file.
    ids: HashMap<String, ConnId>,
    /// By the name of a relay's client: the half that leads on, and whether a line told of it.
    onward: HashMap<String, (ConnId, bool)>,
    /// In the order of their lines.
    unsaid: VecDeque<UnsaidExchange>,
    /// What the HAR file said that its exchanges were read from.
    log: Option<Arc<str>>,
    /// What each session of the file lost.
    losses: BTreeMap<u64, LossTotals>,
    /// Exchanges that were told.
    pub(crate) exchanges: u64,
    /// Lines that are none of those that are read.
    pub(crate) passed_over: u64,
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
        LineReader {
            session,
            conns: HashMap::new(),
            numbers: BTreeSet::new(),
            ids: HashMap::new(),
            onward: HashMap::new(),
            unsaid: VecDeque::new(),
            log: None,
            losses: BTreeMap::new(),
            exchanges: 0,
            passed_over: 0,
            held: Vec::new(),
            taken: 0,
            records: 0,
        }
    }

    /// Takes the next bytes.
    ///
    /// # Errors
    /// The first line that is none of ours.
    pub fn push(&mut self, bytes: &[u8], out: &mut CaptureBatch) -> Result<(), CaptureFault> {
        // What is held already has no end of a line: it is not looked through again with every piece.
        let mut looked = self.held.len();
        self.held.extend_from_slice(bytes);
        if memchr::memchr(b'\n', bytes).is_none() {
            return self.bounded();
        }
        let held = std::mem::take(&mut self.held);
        let mut rest = &held[..];
        while let Some(end) = rest.get(looked..).and_then(|new| memchr::memchr(b'\n', new)) {
            let (line, after) = rest.split_at(looked + end);
            self.line(line, out)?;
            self.taken += line.len() as u64 + 1;
            (rest, looked) = (&after[1..], 0);
        }
        self.held = rest.to_vec();
        self.bounded()
    }

    /// A line that does not end is not read for ever.
    fn bounded(&self) -> Result<(), CaptureFault> {
        if self.held.len() > LONGEST {
            return Err(self.fault("a line is longer than 256 MiB".into()));
        }
        Ok(())
    }

    /// There are no more bytes.
    ///
    /// # Errors
    /// When the last line is no whole one.
    pub fn finish(&mut self, out: &mut CaptureBatch) -> Result<(), CaptureFault> {
        let last = std::mem::take(&mut self.held);
        let len = last.len();
        let ended = self.line(&last, out);
        self.say(None, out);
        ended.map_err(|_| {
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
        if line.len() > LIGHT && json_weight::weight(line) > json_weight::HEAVIEST {
            return Err(self.fault("values of a line would take more than 2 GiB of memory".into()));
        }
        let value: Value = serde_json::from_slice(line)
            .map_err(|error| self.fault(format!("a line is no JSON: {error}")))?;
        if value["v"].as_u64() != Some(VERSION) || !value["type"].is_string() {
            return Err(self.fault("a line is not of wirebench's JSON Lines, version 1".into()));
        }
        if let Some(at) = time(&value) {
            self.say(Some(at), out);
        }
        let lacks = |what: &str| self.fault(format!("{what} lacks what it should have"));
        match value["type"].as_str() {
            Some("peer") => {
                let (at, owner) = time(&value).zip(owner(&value)).ok_or_else(|| lacks("a peer"))?;
                self.peer(&value, at, owner, out);
            }
            Some("record") => {
                let fault = lacks("a record");
                self.told_record(&value, out).ok_or(fault)?;
            }
            Some("exchange") => {
                let fault = lacks("an exchange");
                self.exchange(&value, out).ok_or(fault)?;
            }
            Some("lost") => {
                let fault = lacks("a line of losses");
                self.lost(&value, out).ok_or(fault)?;
            }
            // Of a later version there may be more of them.
            _ => self.passed_over += 1,
        }
        Ok(())
    }

    fn peer(&mut self, value: &Value, at: Stamp, owner: PeerOwner, out: &mut CaptureBatch) {
        // Nothing is known of one that no record is of.
        let known = value["conn"].as_str().and_then(|name| self.conns.get(name));
        out.owners.extend(known.map(|it| {
            let owner = Arc::new(owner);
            ToldOwner { conn: it.info.id, since: it.since, at, owner }
        }));
    }

    fn told_record(&mut self, value: &Value, out: &mut CaptureBatch) -> Option<()> {
        let record = self.record(value, out)?;
        let is_made = value["made"] == true;
        let of = value["conn"].as_str().and_then(|name| self.conns.get_mut(name));
        if let Some(known) = of {
            known.has_data |= record.kind == RecordKind::Data && !is_made;
            known.made.extend(is_made.then_some((record.direction, record.at)));
        }
        let is_masked = value["masked"] == true;
        let lens = value["len"].as_u64().filter(|_| is_masked);
        let lens = lens.map(|len| MaskedLens { len, kept: value["kept"].as_u64() });
        let comment = value["comment"].as_str().map(str::to_owned);
        let origin = RecordOrigin { is_masked, lens, is_made };
        if origin != RecordOrigin::default() || comment.is_some() {
            out.remarks.push(RecordRemark { of: out.records.len(), comment, origin });
        }
        out.made.extend(is_made.then_some(out.records.len()));
        out.records.push(record);
        self.records += 1;
        Some(())
    }

    fn exchange(&mut self, value: &Value, out: &mut CaptureBatch) -> Option<()> {
        let (name, at) = (value["conn"].as_str()?, time(value)?);
        if !self.conns.contains_key(name) {
            let protocol = Protocol::ALL
                .into_iter()
                .find(|it| side(value).is_some_and(|side| it.capabilities(side).exchanges))?;
            self.conn(&ConnLine { name, value, protocol, at }, out);
        }
        let known = self.conns.get_mut(name)?;
        let side = side(value).unwrap_or(known.info.side);
        let told = ToldExchange::read(value, (known.info.id, side), &mut self.log)?;
        // Those of a connection are counted here as if they were put together from its bytes.
        let number = known.exchanges;
        known.exchanges += 1;
        self.exchanges += 1;
        out.exchanges.push(Exchange { number, ..told.exchange.clone() });
        out.bodies.push(told.found_bodies(number));
        // Its bytes may follow: a line about an exchange overtakes those of the records it ended with.
        let without_bytes = told.exchange.without_bytes;
        if !known.has_data || without_bytes {
            let (name, ended) = (name.to_owned(), at + told.exchange.timing.total);
            self.unsaid.push_back(UnsaidExchange {
                name,
                ended,
                without_bytes,
                records: told.records().collect(),
            });
        }
        let what = ToldThing::Exchange(Box::new(told));
        out.told.push(ToldLine { before: out.records.len(), what });
        Some(())
    }

    /// Makes records of exchanges whose own do not come any more: before a line of this time, or of all.
    fn say(&mut self, until: Option<Stamp>, out: &mut CaptureBatch) {
        let is_due = |it: &UnsaidExchange| until.is_none_or(|at| at > it.ended + OVERTAKEN);
        while self.unsaid.front().is_some_and(is_due)
            && let Some(exchange) = self.unsaid.pop_front()
        {
            let has_data = self.conns.get(&exchange.name).is_some_and(|known| known.has_data);
            if has_data && !exchange.without_bytes {
                continue;
            }
            for record in exchange.records {
                if self.conns.get(&exchange.name).is_some_and(|known| known.has_told(&record)) {
                    continue;
                }
                let of = out.records.len();
                let is_masked = memchr::memmem::find(&record.data, MASK.as_bytes()).is_some();
                let origin = RecordOrigin { is_masked, lens: None, is_made: true };
                out.remarks.push(RecordRemark { of, comment: None, origin });
                out.made.push(of);
                out.records.push(record);
                self.records += 1;
            }
        }
    }

    fn lost(&mut self, value: &Value, out: &mut CaptureBatch) -> Option<()> {
        let (of, by_app) = (value["session"].as_u64()?, value["by_app"].as_u64()?);
        let by_kernel = value["by_kernel"].as_u64();
        let session = self.session;
        self.losses.insert(of, LossTotals { session, by_app, by_kernel });
        let by_kernel = self.losses.values().filter_map(|it| it.by_kernel);
        let by_kernel = by_kernel.reduce(u64::saturating_add);
        let by_app = self.losses.values().fold(0, |all: u64, it| all.saturating_add(it.by_app));
        let what = ToldThing::Lost(LossTotals { session, by_app, by_kernel }, time(value)?);
        out.told.push(ToldLine { before: out.records.len(), what });
        Some(())
    }

    fn record(&mut self, value: &Value, out: &mut CaptureBatch) -> Option<Record> {
        let text = |name: &str| value[name].as_str();
        let at = time(value)?;
        let protocol = text("proto").and_then(|it| it.parse().ok()).unwrap_or(Protocol::Tcp);
        let conn = self.conn(&ConnLine { name: text("conn")?, value, protocol, at }, out);
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

    /// The connection of a line, told when it is new or has changed.
    fn conn(&mut self, line: &ConnLine<'_>, out: &mut CaptureBatch) -> ConnId {
        let ConnLine { name, value, protocol, at } = *line;
        let text = |name: &str| value[name].as_str();
        let pair = text("pair").map(|client| self.pair(client, name));
        let id = self.id(name);
        let info = ConnInfo {
            local: text("local").and_then(|end| end.parse().ok()),
            peer: text("peer").and_then(|end| end.parse().ok()),
            tls: value["tls"].as_bool().unwrap_or(false),
            pair,
            asked: asked(value).map(Arc::new),
            ..ConnInfo::new(id, protocol, side(value).unwrap_or(Side::Client))
        };
        let known = self.conns.get(name);
        if known.is_none_or(|known| known.info != info) {
            out.conns.push(info.clone());
            let since = known.map_or(at, |known| known.since);
            let exchanges = known.map_or(0, |known| known.exchanges);
            let has_data = known.is_some_and(|known| known.has_data);
            let made = self.conns.remove(name).map(|known| known.made).unwrap_or_default();
            let told = ToldConn { info, since, exchanges, has_data, made };
            self.conns.insert(name.to_owned(), told);
        }
        id
    }

    /// The two halves of a relay, of which a line names its own and that of the client.
    fn pair(&mut self, client: &str, name: &str) -> RelayPair {
        let is_new = !self.ids.contains_key(name);
        let of_client = self.id(client);
        if name != client {
            if let Some((target, is_told)) = self.onward.get_mut(client).filter(|_| is_new)
                && !std::mem::replace(is_told, true)
            {
                self.ids.insert(name.to_owned(), *target);
            }
            let target = self.id(name);
            self.onward.entry(client.to_owned()).or_insert((target, true));
            return RelayPair { client: of_client, target };
        }
        if let Some(pair) = self.conns.get(name).and_then(|known| known.info.pair) {
            return pair;
        }
        let known = self.onward.get(client).map(|(target, _)| *target);
        let target = known.unwrap_or_else(|| self.new_id(None));
        self.onward.entry(client.to_owned()).or_insert((target, false));
        RelayPair { client: of_client, target }
    }

    /// What a connection of this name is called here: by its number, unless another has it.
    fn id(&mut self, name: &str) -> ConnId {
        if let Some(id) = self.ids.get(name) {
            return *id;
        }
        let number = name.rsplit('/').next().and_then(|number| number.parse().ok());
        let id = self.new_id(number);
        self.ids.insert(name.to_owned(), id);
        id
    }

    fn new_id(&mut self, wanted: Option<u32>) -> ConnId {
        let highest = self.numbers.last().copied().unwrap_or(0);
        let free = wanted.filter(|number| !self.numbers.contains(number));
        let number = free.unwrap_or_else(|| highest.saturating_add(1));
        self.numbers.insert(number);
        self.session.conn(number)
    }
}

/// Where a line says that a relay led to.
fn asked(value: &Value) -> Option<AskedTarget> {
    let endpoint = value["target"].as_str()?.parse().ok()?;
    let address = value["target_address"].as_str().and_then(|end| end.parse().ok());
    let (by_client, tls) = (value["target_by"] == "client", value["target_tls"] == true);
    Some(AskedTarget { endpoint, address, by_client, tls })
}

/// Which side a line says it is of.
fn side(value: &Value) -> Option<Side> {
    match value["side"].as_str()? {
        "client" => Some(Side::Client),
        "listener" => Some(Side::Listener),
        "relay" => Some(Side::Relay),
        _ => None,
    }
}

/// What a relay did to it. A name of a newer program says nothing to this one.
pub(super) fn marks(value: &Value) -> FaultMarks {
    let names = |key: &str| value[key].as_array().into_iter().flatten().filter_map(Value::as_str);
    let mut marks = FaultMarks::default();
    names("fault").filter_map(|name| name.parse().ok()).for_each(|kind| marks.insert(kind));
    let holds = names("hold").filter_map(|name| name.parse().ok());
    let marks = holds.fold(marks, FaultMarks::held);
    if value["rewritten"] == true { marks.rewritten() } else { marks }
}

/// When what a line tells was.
pub(super) fn time(value: &Value) -> Option<Stamp> {
    told_time::nanos(value["time"].as_str()?).map(Stamp::nearest)
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
mod round_trip_tests;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::interop::ndjson;
    use crate::model::fault::FaultKind;
    use crate::model::hold::HoldMark;
    use crate::model::secrets::Disclosure;
    use crate::model::timing::Lapse;

    fn written() -> (Vec<Record>, ConnInfo, String) {
        let info = ConnInfo {
            local: "127.0.0.1:9000".parse().ok(),
            peer: "[::1]:5".parse().ok(),
            ..ConnInfo::new(SessionId(5).conn(9), Protocol::Udp, Side::Listener)
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

    /// Two bytes of text are a value of a hundred: a file of 200 MiB ended the program.
    #[test]
    fn what_would_take_too_much_memory_as_values_is_refused_before() {
        let heavy = "{},".repeat(5_000_000);
        let line = format!("{{\"v\":1,\"type\":\"none\",\"said\":[{heavy}0]}}\n");
        let (_, ended) = read(line.as_bytes(), 1 << 20);
        let cause = ended.unwrap_err().cause;
        assert_eq!(cause, "values of a line would take more than 2 GiB of memory");
        let har = format!("{{\"log\":{{\"entries\":[],\"_said\":[{heavy}0]}}}}");
        let ended = crate::interop::har_read::read_har(har.as_bytes(), SessionId(0));
        let cause = ended.map(|(_, entries)| entries).unwrap_err().cause;
        assert_eq!(cause, "its values would take more than 2 GiB of memory");
    }

    /// It was said that the line lacks something, and nothing behind it was read.
    #[test]
    fn a_time_that_cannot_be_told_is_the_nearest_one() {
        for (told, at) in [("9999-12-31T23:59:59Z", u64::MAX), ("1912-06-23T00:00:00Z", 0)] {
            let (records, _, text) = written();
            let text = text.replace("2023-11-14T22:13:20.123456789Z", told);
            let (out, ended) = read(text.as_bytes(), 100);
            assert!(ended.is_ok(), "{ended:?}");
            assert_eq!(out.records.len(), records.len());
            assert!(out.records.iter().all(|record| record.at == Stamp(at)), "{told}");
        }
    }

    /// A body of many MiB stands in one line; it was looked through and copied with every piece of the file.
    #[test]
    fn a_long_line_is_looked_through_once_however_small_the_pieces_are() {
        let (records, _, text) = written();
        let long = format!("{{\"v\":1,\"type\":\"none\",\"said\":\"{}\"}}\n", "x".repeat(3 << 20));
        let whole = [text.as_bytes(), long.as_bytes(), text.as_bytes()].concat();
        let began = std::time::Instant::now();
        let (out, ended) = read(&whole, 16);
        assert!(ended.is_ok(), "{ended:?}");
        assert_eq!(out.records.len(), 2 * records.len());
        assert!(began.elapsed() < std::time::Duration::from_secs(10), "{:?}", began.elapsed());
    }

    /// What the target's half has is not said by a client, and is not told beside it.
    #[test]
    fn the_halves_of_a_relay_are_its_halves_again() {
        let half = |index: u32, target: u32| ConnInfo {
            local: "127.0.0.1:9000".parse().ok(),
            peer: format!("127.0.0.1:{index}").parse().ok(),
            pair: Some(RelayPair {
                client: SessionId(5).conn(7),
                target: SessionId(5).conn(target),
            }),
            ..ConnInfo::new(SessionId(5).conn(index), Protocol::Tcp, Side::Relay)
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
        assert_eq!(told, [SessionId(0).conn(7); 3]);
        assert_eq!(out.conns[0].pair.map(|pair| pair.target), Some(out.conns[1].id));
    }

    #[test]
    fn where_a_relay_led_to_reads_back() {
        let (records, info, _) = written();
        let asked = |target: &str, address: Option<&str>| ConnInfo {
            asked: Some(AskedTarget::new(
                &target.parse().unwrap(),
                address.map(|it| it.parse().unwrap()),
            )),
            ..info.clone()
        };
        let chosen = |tls| ConnInfo {
            asked: Some(AskedTarget::by_client(&"a.example:1".parse().unwrap(), None, tls)),
            ..info.clone()
        };
        for info in [
            asked("Example.com:443", None),
            asked("example.com:443", Some("192.0.2.7:443")),
            asked("[2001:db8::7]:53", Some("[2001:db8::7]:53")),
            asked("unix:/tmp/a b.sock", Some("unix:/tmp/a b.sock")),
            chosen(false),
            chosen(true),
        ] {
            let line = ndjson::record(&records[1], Some(&info), b"x", Lapse::NONE) + "\n";
            let (out, end) = read(line.as_bytes(), 50);
            assert_eq!(end, Ok(()));
            assert_eq!(out.conns, [ConnInfo { id: SessionId(0).conn(9), ..info }]);
        }
    }

    #[test]
    fn what_was_written_reads_back_whole_and_a_torn_tail_is_named() {
        let (records, info, text) = written();
        let conn = SessionId(0).conn(9);
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

    fn relayed(index: u32, client: u32, target: u32) -> ConnInfo {
        let of = |index| SessionId(0).conn(index);
        let pair = Some(RelayPair { client: of(client), target: of(target) });
        let (protocol, side) = (Protocol::Tcp, Side::Relay);
        ConnInfo { pair, ..ConnInfo::new(of(index), protocol, side) }
    }

    #[test]
    fn halves_of_a_relay_are_found_in_any_order_and_written_the_same() {
        let said = |info: &ConnInfo| {
            let (way, kind) = (Direction::Received, RecordKind::Data);
            let record = Record::new(Stamp(7), info.id, way, kind, Bytes::from_static(b"x"));
            ndjson::record(&record, Some(info), b"x", Lapse::NONE) + "\n"
        };
        let [client, onward, other] = [relayed(1, 1, 2), relayed(2, 1, 2), relayed(4, 3, 4)];
        // Of the last one no half of the client has said anything.
        let text = [&client, &onward, &other].map(said).concat();
        let (out, end) = read(text.as_bytes(), 50);
        assert_eq!(end, Ok(()));
        assert_eq!(out.conns, [client.clone(), onward.clone(), other.clone()]);
        let again: String = out.conns.iter().map(said).collect();
        assert_eq!(again, text);
        let (out, _) = read([said(&onward), said(&client)].concat().as_bytes(), 50);
        assert_eq!(out.conns, [onward, client]);
    }

    #[test]
    fn lines_of_exchanges_and_losses_come_back_whole_and_fill_what_no_record_holds() {
        let line = concat!(
            r#"{"conn":"0/3","failure":{"cause":"closed","hint":"try again","stage":"body ended early","#,
            r#""target":"http://h/"},"interim":[{"headers":[],"reason":"Continue","status":100,"version":"HTTP/1.1"}],"#,
            r#""local":"127.0.0.1:1","number":7,"passed_on":{"headers":[["X","1"]],"method":"POST","target":"/a","#,
            r#""version":"HTTP/1.1"},"peer":"127.0.0.1:80","request":{"body":{"complete":true,"decoded_len":2,"#,
            r#""framing":"length","len":2,"text":"hi"},"headers":[["Host","h"],["B",{"base64":"/w=="}]],"#,
            r#""hold":["held","edited"],"method":"POST","rewritten":true,"target":"/a b","version":"HTTP/1.0"},"#,
            r#""response":{"body":{"base64":"/wA=","codings":["gzip"],"complete":false,"decode_error":"corrupt","#,
            r#""decoded_len":9,"framing":"chunked","kept":2,"len":5,"trailers":[["T","1"]]},"fault":["delay"],"#,
            r#""headers":[["Server","s"]],"reason":"Odd","status":299,"version":"HTTP/1.2"},"rule":"first","#,
            r#""side":"relay","state":"failed","time":"2023-11-14T22:13:20.123456789Z","#,
            r#""timing_us":{"first_byte":40,"send":2,"total":90},"tls":{"alpn":"","cipher":"c","sni":"h","#,
            r#""unproven":"","unverified":"","version":"TLSv1.3"},"type":"exchange","url":"http://h/a","v":1,"#,
            r#""warnings":["odd"]}"#,
        );
        let lost = r#"{"by_app":3,"by_kernel":null,"session":0,"time":"2023-11-14T22:13:21.000000000Z","type":"lost","v":1}"#;
        let (out, end) = read(format!("{line}\n{lost}\n").as_bytes(), 100);
        assert_eq!(end, Ok(()));
        let ToldThing::Exchange(told) = &out.told[0].what else { panic!("{out:?}") };
        let written = ndjson::exchange(&told.exchange, told.bodies(), &Disclosure::Everything);
        let value = |line: &str| serde_json::from_str::<Value>(line).unwrap();
        assert_eq!(value(&written), value(line));
        let ToldThing::Lost(lost_then, at) = out.told[1].what else { panic!("{out:?}") };
        assert_eq!(value(&ndjson::lost(lost_then, at)), value(lost));
        let said: Vec<_> = out.records.iter().map(|it| (it.direction, &it.data[..])).collect();
        let (received, sent) = (Direction::Received, Direction::Sent);
        let asked: &[u8] = b"POST /a b HTTP/1.0\r\nHost: h\r\nB: \xff\r\n\r\nhi";
        let answered: &[u8] = b"HTTP/1.2 299 Odd\r\nServer: s\r\n\r\n\xff\x00";
        assert_eq!(said, [(received, asked), (sent, answered)]);
        assert_eq!(
            (out.made, out.records[1].original_len),
            (vec![0, 1], answered.len() as u64 + 7)
        );
        assert!(out.records[0].faults.is_rewritten());
        assert_eq!(out.exchanges[0].number, 0, "they are counted by their connections");
        assert_eq!(out.conns[0].side, Side::Relay);
        let (odd, end) = read(b"{\"v\":1,\"type\":\"later\"}\n", 100);
        assert_eq!((odd, end), (CaptureBatch::default(), Ok(())));
    }
}
