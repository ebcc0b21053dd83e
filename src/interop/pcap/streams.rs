//! Packets as connections: what each side said, in order and once.
//!
//! ```text
//! segment ─► before what is next: seen already     at it: told, and what waits behind it
//!         └► behind it: waits, until what is missing comes or there is no room: then a note says so
//! ```
//! Called by the reader. Whose side is told is the side that captured, where the file says which;
//! else the server's.

use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;

use super::CaptureBatch;
use super::dissect::{self, Carried, FIN, FoundPacket, RST, SYN, Transport};
use super::fragments::Fragments;
use super::frames::Frame;
use super::told_bytes::{ToldBytes, others};
use crate::interop::pcapng::{DECRYPTED, OURS, led};
use crate::model::asked_target::AskedTarget;
use crate::model::counts::{counted, counted_are};
use crate::model::id::{ConnId, SessionId};
use crate::model::protocol::{Protocol, Side};
use crate::model::record::{ConnInfo, Direction, Record, RecordKind};
use crate::model::timing::Stamp;

/// Connections that are followed at once.
const FLOWS: usize = 65_536;
/// Segments and bytes of one side that wait for one before them.
const WAITING: usize = 1024;
const WAITING_BYTES: usize = 1024 * 1024;

/// Bytes of all streams that are remembered, for retransmissions that say others.
const TOLD_BYTES: usize = 16 * 1024 * 1024;

/// Bytes that may be missing between two sections of a file that tell of one connection.
const AHEAD: i32 = 16 * 1024 * 1024;

/// How the words of a note end that says what of a stream is not in the file.
pub(crate) const MISSING: &str = "missing here";

/// Two ends in a fixed order, and what they speak.
type FlowKey = (Protocol, SocketAddr, SocketAddr);

/// All connections of a file.
#[derive(Debug)]
pub(super) struct Streams {
    session: SessionId,
    flows: HashMap<FlowKey, SeenFlow>,
    count: u32,
    /// Of the packet before, for those without a time.
    at: Stamp,
    pub(super) fragments: Fragments,
    /// Retransmissions that say other bytes than what came before.
    pub(super) differing: u64,
    /// What sides remember of what they told, all together.
    remembered: usize,
}

/// What became of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TakenFrame {
    /// It carries TCP or UDP, perhaps with parts of the same datagram before it that say other bytes of
    /// one place.
    Carried { differ: bool },
    /// It is a part of a datagram that is not whole yet.
    Waits,
    /// So many frames are neither TCP nor UDP.
    Others(u64),
}

#[derive(Debug)]
struct SeenFlow {
    id: ConnId,
    info: ConnInfo,
    local: SocketAddr,
    ours: SeenSide,
    theirs: SeenSide,
    is_over: bool,
    /// The number its first SYN had.
    syn: Option<u32>,
    /// The section of the file it was met in last.
    section: u32,
}

/// One side of a stream.
#[derive(Debug, Default)]
struct SeenSide {
    /// The number of the next byte; `None` = nothing was seen.
    next: Option<u32>,
    /// By number: what is kept of a segment, and how long it was.
    waiting: BTreeMap<u32, (Bytes, u64)>,
    waiting_bytes: usize,
    has_finished: bool,
    told: ToldBytes,
}

impl Streams {
    /// Of which session its connections are.
    pub(super) fn session(&self) -> SessionId {
        self.session
    }

    /// Of a file whose connections are of this session.
    pub(super) fn new(session: SessionId) -> Self {
        let fragments = Fragments::default();
        let at = Stamp::default();
        let (flows, count, differing, remembered) = (HashMap::new(), 0, 0, 0);
        Streams { session, flows, count, at, fragments, differing, remembered }
    }

    /// Takes a frame in.
    pub(super) fn frame(&mut self, frame: &Frame<'_>, out: &mut CaptureBatch) -> TakenFrame {
        if let Some(at) = frame.at {
            self.at = Stamp(at);
        }
        match dissect::found(frame) {
            None => TakenFrame::Others(1),
            Some(FoundPacket::Whole(carried)) => {
                self.carry(frame, &carried, out);
                TakenFrame::Carried { differ: false }
            }
            Some(FoundPacket::Part(fragment)) => {
                let Some(whole) = self.fragments.take(&fragment, self.at) else {
                    return TakenFrame::Waits;
                };
                let Some(carried) = dissect::of_parts(&whole) else {
                    return TakenFrame::Others(whole.parts);
                };
                self.carry(frame, &carried, out);
                TakenFrame::Carried { differ: whole.differ }
            }
        }
    }

    fn carry(&mut self, frame: &Frame<'_>, carried: &Carried<'_>, out: &mut CaptureBatch) {
        let protocol = match carried.transport {
            Transport::Tcp { .. } => Protocol::Tcp,
            Transport::Udp => Protocol::Udp,
        };
        let (first, second) = (carried.from.min(carried.to), carried.from.max(carried.to));
        let key = (protocol, first, second);
        if let Some(flow) = self.flows.get_mut(&key)
            && flow.is_other(carried, frame.section)
        {
            flow.end(self.at, out);
            self.flows.remove(&key);
        }
        if !self.flows.contains_key(&key) {
            self.make_room();
            self.count += 1;
            let id = self.session.conn(self.count);
            let flow = SeenFlow::begin(id, protocol, carried, frame, self.at, out);
            self.flows.insert(key, flow);
        }
        if let Some(flow) = self.flows.get_mut(&key) {
            if frame.comments().any(led::is_relayed) {
                flow.is_led(None, out);
            }
            if let Some(asked) = frame.comments().find_map(led::read) {
                flow.is_led(Some(asked), out);
            }
            flow.section = frame.section;
            let before = flow.remembers();
            self.differing += u64::from(flow.carry(carried, self.at, out));
            self.remembered = (self.remembered + flow.remembers()).saturating_sub(before);
        }
        if self.remembered > TOLD_BYTES {
            self.forget();
        }
    }

    /// Remembers less of what was told.
    fn forget(&mut self) {
        let sides = self.flows.values_mut().flat_map(|flow| [&mut flow.ours, &mut flow.theirs]);
        sides.for_each(|side| side.told.halve());
        self.remembered = self.flows.values().map(SeenFlow::remembers).sum();
    }

    fn make_room(&mut self) {
        if self.flows.len() >= FLOWS {
            self.flows.retain(|_, flow| !flow.is_over);
        }
        if self.flows.len() >= FLOWS {
            self.flows.clear();
        }
    }

    /// The file is over: what waits is told with what is missing before it.
    pub(super) fn finish(&mut self, out: &mut CaptureBatch) {
        let mut flows: Vec<SeenFlow> = std::mem::take(&mut self.flows).into_values().collect();
        flows.sort_by_key(|flow| flow.id);
        for mut flow in flows {
            flow.end(self.at, out);
        }
    }
}

/// Whether we wrote that TLS carried what begins here.
fn is_decrypted(frame: &Frame<'_>) -> bool {
    let ours = |comment: &[u8]| comment.strip_prefix(OURS.as_bytes()) == Some(DECRYPTED.as_bytes());
    frame.comments().any(ours)
}

impl SeenFlow {
    fn begin(
        id: ConnId,
        protocol: Protocol,
        carried: &Carried<'_>,
        frame: &Frame<'_>,
        at: Stamp,
        out: &mut CaptureBatch,
    ) -> Self {
        let Carried { from, to, transport, .. } = *carried;
        let (syn, is_answer) = match transport {
            Transport::Tcp { seq, flags } if flags & SYN != 0 => {
                let is_answer = flags & dissect::ACK != 0;
                ((!is_answer).then_some(seq), is_answer)
            }
            // Nobody saw the beginning: servers have the smaller ports.
            Transport::Tcp { .. } => (None, from.port() < to.port()),
            Transport::Udp => (None, false),
        };
        let (client, server) = if is_answer { (to, from) } else { (from, to) };
        let local = match frame.is_outbound {
            Some(true) => from,
            Some(false) => to,
            None => server,
        };
        let peer = if local == from { to } else { from };
        let is_client = local == client;
        let side = if is_client { Side::Client } else { Side::Listener };
        let (local_end, peer) = (Some(local.into()), Some(peer.into()));
        let info = ConnInfo {
            local: local_end,
            peer,
            // What it was on the wire, its plain bytes do not tell.
            tls: is_decrypted(frame),
            captured: frame.interface.clone(),
            ..ConnInfo::new(id, protocol, side)
        };
        out.conns.push(info.clone());
        let mut tell = |direction, kind, words: &'static str| {
            out.records.push(Record::new(
                at,
                id,
                direction,
                kind,
                Bytes::from_static(words.as_bytes()),
            ));
        };
        match (transport, syn) {
            (Transport::Udp, _) => {}
            (Transport::Tcp { .. }, None) if !is_answer || syn.is_none() => {
                let words = "the beginning of this connection is not in the file";
                tell(Direction::Local, RecordKind::Note, words);
            }
            (Transport::Tcp { .. }, _) if is_client => {
                tell(Direction::Local, RecordKind::Connected, "the connection begins");
            }
            (Transport::Tcp { .. }, _) => {
                tell(Direction::Received, RecordKind::Accepted, "the connection begins");
            }
        }
        let (ours, theirs) = (SeenSide::default(), SeenSide::default());
        SeenFlow { id, info, local, ours, theirs, is_over: false, syn, section: 0 }
    }

    /// It is what a client said to a relay, which may have led it there, and is told anew as that.
    fn is_led(&mut self, asked: Option<Arc<AskedTarget>>, out: &mut CaptureBatch) {
        (self.info.side, self.info.asked) = (Side::Relay, asked);
        out.conns.push(self.info.clone());
    }

    /// Whether a packet is of another connection between the same ends: one that begins anew, or of a
    /// section that counts its bytes anew. A section may as well go on with what one before it began.
    fn is_other(&self, carried: &Carried<'_>, section: u32) -> bool {
        let Transport::Tcp { seq, flags } = carried.transport else { return false };
        let is_later = self.section != section;
        if flags & (SYN | dissect::ACK) == SYN {
            let is_closed = self.ours.has_finished && self.theirs.has_finished;
            return is_later || is_closed || self.syn != Some(seq);
        }
        let side = if carried.from == self.local { &self.ours } else { &self.theirs };
        let ahead = side.next.map(|next| seq.wrapping_sub(next).cast_signed());
        is_later && ahead.is_some_and(|ahead| !(0..=AHEAD).contains(&ahead))
    }

    /// Nothing more comes of it: what waits is told with what is missing before it.
    fn end(&mut self, at: Stamp, out: &mut CaptureBatch) {
        for direction in [Direction::Received, Direction::Sent] {
            self.flush(direction, at, out);
        }
    }

    fn side(&mut self, direction: Direction) -> &mut SeenSide {
        if direction == Direction::Sent { &mut self.ours } else { &mut self.theirs }
    }

    /// What both sides remember of what they told.
    fn remembers(&self) -> usize {
        self.ours.told.len() + self.theirs.told.len()
    }

    /// Whether it is a retransmission that says other bytes.
    fn carry(&mut self, carried: &Carried<'_>, at: Stamp, out: &mut CaptureBatch) -> bool {
        let is_ours = carried.from == self.local;
        let direction = if is_ours { Direction::Sent } else { Direction::Received };
        let payload = Bytes::copy_from_slice(carried.payload);
        let Transport::Tcp { seq, flags } = carried.transport else {
            out.records.push(self.data(direction, at, payload, carried.len));
            return false;
        };
        let side = self.side(direction);
        let first = if flags & SYN == 0 { seq } else { seq.wrapping_add(1) };
        side.next.get_or_insert(first);
        let differ = side.others(first, &payload);
        if carried.len > 0 && side.waits(first, payload, carried.len) {
            self.flush(direction, at, out);
        }
        if differ > 0 {
            let others = counted(differ as u64, "byte");
            let words =
                format!("a retransmission says {others} otherwise; what came first is shown");
            out.records.push(self.fact(direction, RecordKind::Note, at, words));
        }
        self.advance(direction, at, out);
        if flags & FIN != 0 && !self.side(direction).has_finished {
            self.flush(direction, at, out);
            self.side(direction).has_finished = true;
            let words = if is_ours { "we finished sending" } else { "the peer finished sending" };
            out.records.push(self.fact(direction, RecordKind::Finished, at, words.to_owned()));
        }
        if flags & RST != 0 && !self.is_over {
            self.flush(direction, at, out);
            let words = "the connection was reset".to_owned();
            out.records.push(self.fact(direction, RecordKind::Reset, at, words));
        }
        self.is_over |= flags & RST != 0 || self.ours.has_finished && self.theirs.has_finished;
        differ > 0
    }

    /// Tells what follows on what was told.
    fn advance(&mut self, direction: Direction, at: Stamp, out: &mut CaptureBatch) {
        loop {
            let Some((bytes, len)) = self.side(direction).follows() else { return };
            out.records.push(self.data(direction, at, bytes, len));
        }
    }

    /// What is missing does not come any more: says so, and goes on behind it.
    fn flush(&mut self, direction: Direction, at: Stamp, out: &mut CaptureBatch) {
        self.advance(direction, at, out);
        while let Some(missing) = self.side(direction).skip() {
            let words = format!("{} {MISSING}", counted_are(missing.into(), "byte"));
            out.records.push(self.fact(direction, RecordKind::Note, at, words));
            self.advance(direction, at, out);
        }
    }

    fn data(&self, direction: Direction, at: Stamp, bytes: Bytes, len: u64) -> Record {
        let record = Record::new(at, self.id, direction, RecordKind::Data, bytes);
        Record { original_len: len, ..record }
    }

    fn fact(&self, direction: Direction, kind: RecordKind, at: Stamp, words: String) -> Record {
        Record::new(at, self.id, direction, kind, words.into())
    }
}

impl SeenSide {
    /// How many bytes of a segment are others than what came before of their places. One byte of what was
    /// acknowledged asks whether the other side is still there, and may be any (RFC 1122, section 4.2.3.6).
    fn others(&self, seq: u32, segment: &[u8]) -> usize {
        if segment.len() == 1 && self.next == Some(seq.wrapping_add(1)) {
            return 0;
        }
        let waiting = self.waiting.iter();
        let of_waiting = waiting.map(|(at, (bytes, _))| others((*at, bytes), (seq, segment)));
        self.told.others(seq, segment) + of_waiting.sum::<usize>()
    }

    /// Keeps a segment until it is its turn; whether there is no room for more.
    fn waits(&mut self, seq: u32, bytes: Bytes, len: u64) -> bool {
        let longer = self.waiting.get(&seq).is_none_or(|(_, known)| *known < len);
        if longer {
            let mut kept = bytes;
            if let Some((old, _)) = self.waiting.remove(&seq) {
                self.waiting_bytes -= old.len();
                // What came first of a place is what is told of it.
                let new = kept.split_at_checked(old.len()).map_or(&[][..], |(_, new)| new);
                kept = [&old[..], new].concat().into();
            }
            self.waiting_bytes += kept.len();
            self.waiting.insert(seq, (kept, len));
        }
        self.waiting.len() > WAITING || self.waiting_bytes > WAITING_BYTES
    }

    /// The segment that waits nearest to what is next, and how far behind it that is.
    fn nearest(&self) -> Option<(u32, i32)> {
        let next = self.next?;
        let distance = |seq: &u32| seq.wrapping_sub(next).cast_signed();
        self.waiting.keys().map(|seq| (*seq, distance(seq))).min_by_key(|(_, far)| *far)
    }

    /// What comes next, if it is here; what was told already is cut off it.
    fn follows(&mut self) -> Option<(Bytes, u64)> {
        loop {
            let (seq, far) = self.nearest().filter(|(_, far)| *far <= 0)?;
            let (mut bytes, len) = self.waiting.remove(&seq)?;
            self.waiting_bytes -= bytes.len();
            let known = u64::from(far.unsigned_abs());
            if known >= len {
                continue;
            }
            let new = bytes.split_off(bytes.len().min(known as usize));
            let len = len - known;
            self.next.iter().for_each(|next| self.told.push(*next, &new));
            self.next = self.next.map(|next| next.wrapping_add(len as u32));
            return Some((new, len));
        }
    }

    /// Goes on with what waits; returns how many bytes are missing before it.
    fn skip(&mut self) -> Option<u32> {
        let (seq, far) = self.nearest().filter(|(_, far)| *far > 0)?;
        self.next = Some(seq);
        Some(far.unsigned_abs())
    }
}
