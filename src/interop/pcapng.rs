//! A capture in pcapng, made of what crossed our sockets (draft-ietf-opsawg-pcapng).
//!
//! ```text
//! section header ─ interface (a session) ─ packet ─ packet ─ interface ─ packet ... ─ statistics
//! ```
//! A socket knows bytes and times, no packets: those are made here, so that every program that
//! reads captures can follow the streams. Bytes, addresses, ports, times and who ended what are
//! those of the socket; segments, their numbers and acknowledgements are made, and the section says
//! so. Decrypted TLS is written as plain TCP, or, where what crossed below it is told
//! ([`PcapngWriter::ciphertext`]), as it crossed, behind its keys. What is written so far can be read at any moment.
//!
//! Called by shells, which write [`PcapngWriter::take`] wherever it goes. Records come in order.

mod block;
mod flow;
pub(in crate::interop) mod led;
mod packet;

use std::collections::HashMap;
use std::ops::Range;

use crate::codec::web_socket::frame::{FrameHeader, Opcode};
use crate::codec::web_socket::message_writer::FrameWriter;
use crate::model::capture_origin::CaptureSecrets;
use crate::model::ciphertext::Ciphertext;
use crate::model::counts::counted;
use crate::model::end_address::EndAddress;
use crate::model::id::{ConnId, SessionId};
use crate::model::record::{ConnInfo, LossTotals, Record, RecordKind};
use crate::model::timing::Stamp;
use block::{BYTE_ORDER, Block, COMMENT, INTERFACE, SECRETS, SECTION, STATISTICS, TLS_KEY_LOG};
pub(in crate::interop) use flow::is_stand_in;
use flow::{Flow, Packets};

/// `LINKTYPE_RAW`: a packet begins with its IP header, whose first bits tell which IP it is.
const RAW_IP: u16 = 101;
/// `shb_userappl`, `if_name`, `if_description`, `if_tsresol`.
const APPLICATION: u16 = 4;
const NAME: u16 = 2;
const DESCRIPTION: u16 = 3;
const RESOLUTION: u16 = 9;
/// Nanoseconds, as a power of ten.
const NANOSECONDS: u8 = 9;
/// `isb_starttime`, `isb_endtime`, `isb_ifrecv`, `isb_ifdrop`, `isb_osdrop`, `isb_usrdeliv`.
const START: u16 = 2;
const END: u16 = 3;
const RECEIVED: u16 = 4;
const DROPPED: u16 = 5;
const DROPPED_BY_SYSTEM: u16 = 7;
const DELIVERED: u16 = 8;

/// What the section says of itself.
const SYNTHETIC: &str = "\
Made by wirebench from what crossed its own sockets. Payload, addresses, ports, times and who ended a \
connection are true. Packets are not: segments, sequence and acknowledgement numbers, windows, checksums and \
IP headers are made, one segment per read or write, and acknowledged at once; round-trip times and \
retransmissions cannot be seen here. Decrypted TLS stands as plain TCP. The number of a packet is that of its \
record.";
/// The same where TLS stands as it crossed.
const AS_IT_CROSSED: &str = "\
Made by wirebench from what crossed its own sockets. Payload, addresses, ports, times and who ended a \
connection are true, ciphertext of TLS included, whose keys stand before it: whoever has this file reads what TLS \
carried. Packets are not: segments, sequence and acknowledgement numbers, windows, checksums and IP headers are \
made, one segment per read or write, and acknowledged at once; round-trip times and retransmissions cannot be seen \
here. The number of a packet is that of its record; ciphertext has none.";

/// What our own comments of packets begin with; others are what somebody wrote.
pub(crate) const OURS: &str = "wirebench: ";
/// The one on the first packet of what TLS carried.
pub(crate) const DECRYPTED: &str = "TLS, decrypted by wirebench: written as plain TCP";
/// How the one ends that says that bytes are masked.
pub(crate) const MASKED: &str = "bytes of secrets are written as *";

/// Writes a capture as records come.
#[derive(Debug)]
pub struct PcapngWriter {
    out: Vec<u8>,
    interfaces: Vec<Interface>,
    /// Which of them a session has, or an interface of a capture that it was read from.
    numbers: HashMap<(SessionId, Option<u32>), u32>,
    losses: HashMap<SessionId, SessionLosses>,
    flows: HashMap<ConnId, Flow>,
    /// Connections that had a flow; each has initial numbers of its own.
    begun: u32,
    /// Number of the record, from 1.
    record: u64,
    left_out: LeftOut,
    /// TLS stands as it crossed.
    has_ciphertext: bool,
}

/// One session, or what a session of an opened capture was captured on.
#[derive(Debug, Default)]
struct Interface {
    first: Stamp,
    last: Stamp,
    received: u64,
    /// Lost by us and by the kernel; what that did is not known everywhere.
    lost: (u64, u64),
    knows_kernel: bool,
}

/// What a session lost.
#[derive(Debug, Default)]
struct SessionLosses {
    by_app: u64,
    by_kernel: Option<u64>,
    /// What of it is told of interfaces.
    told: (u64, u64),
    /// What its next packet tells.
    pending: (u64, u64),
    /// The interface of its last packet, or its first.
    interface: u32,
}

/// What a capture of packets cannot hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LeftOut {
    /// Records with bytes of which not both addresses are known.
    pub without_address: u64,
    /// Bytes that were not kept: packets are longer than what is captured of them.
    pub bytes: u64,
    /// Bytes that are hidden, because they are a secret.
    pub hidden: u64,
}

impl LeftOut {
    /// What there is to say; `None` = it is all there.
    #[must_use]
    pub fn words(&self) -> Option<String> {
        let LeftOut { without_address, bytes, hidden } = *self;
        let parts = [
            (without_address, "record", "without addresses left out"),
            (bytes, "byte", "not kept, so packets are cut off there"),
            (hidden, "byte", "of secrets written as *"),
        ];
        let words =
            |(count, what, how): (u64, &str, &str)| format!("{} {how}", counted(count, what));
        let said: Vec<String> =
            parts.into_iter().filter(|(count, ..)| *count > 0).map(words).collect();
        (!said.is_empty()).then(|| said.join("; "))
    }
}

impl Default for PcapngWriter {
    fn default() -> Self {
        PcapngWriter::new()
    }
}

impl PcapngWriter {
    /// A capture of one section, whose header is there to be taken.
    #[must_use]
    pub fn new() -> Self {
        PcapngWriter::beginning(SYNTHETIC, false)
    }

    /// The same, in which TLS stands as it crossed: [`PcapngWriter::ciphertext`] gets it, and of the records of such a
    /// connection only the words are written from then on.
    #[must_use]
    pub fn with_ciphertext() -> Self {
        PcapngWriter::beginning(AS_IT_CROSSED, true)
    }

    fn beginning(words: &str, has_ciphertext: bool) -> Self {
        let mut out = Vec::new();
        let mut block = Block::begin(&mut out, SECTION);
        block.u32(BYTE_ORDER);
        block.u16(1);
        block.u16(0);
        // Its length is not known before its end.
        block.u32(u32::MAX);
        block.u32(u32::MAX);
        block.text(COMMENT, words);
        block.text(APPLICATION, concat!("wirebench ", env!("CARGO_PKG_VERSION")));
        block.end();
        PcapngWriter {
            out,
            interfaces: Vec::new(),
            numbers: HashMap::new(),
            losses: HashMap::new(),
            flows: HashMap::new(),
            begun: 0,
            record: 0,
            left_out: LeftOut::default(),
            has_ciphertext,
        }
    }

    /// What was written since the last time.
    #[must_use]
    pub fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.out)
    }

    /// Bytes that wait to be taken.
    #[must_use]
    pub fn pending(&self) -> usize {
        self.out.len()
    }

    /// What could not be written so far.
    #[must_use]
    pub fn left_out(&self) -> LeftOut {
        self.left_out
    }

    /// Learns or updates who the two ends of a connection are.
    pub fn conn(&mut self, info: &ConnInfo) {
        let interface = self.interface(info);
        if let Some(flow) = self.flows.get_mut(&info.id) {
            return flow.learn(info);
        }
        self.begun = self.begun.wrapping_add(1);
        let flow = Flow::new(info, interface, self.begun, self.has_ciphertext);
        self.flows.insert(info.id, flow);
    }

    /// Writes what a record is on the wire. `hidden` is what nobody may see of its bytes, in order:
    /// as many others stand in its place.
    pub fn record(&mut self, record: &Record, hidden: &[Range<usize>]) {
        self.commented(record, hidden, None);
    }

    /// The same, with what somebody wrote about it as the comment of its packet.
    pub(crate) fn commented(
        &mut self,
        record: &Record,
        hidden: &[Range<usize>],
        comment: Option<&str>,
    ) {
        self.record += 1;
        if let Some(framed) = framed(record, hidden) {
            self.left_out.hidden += hidden.iter().map(|part| part.len() as u64).sum::<u64>();
            return self.numbered(&framed, &[], comment);
        }
        self.numbered(record, hidden, comment);
    }

    fn numbered(&mut self, record: &Record, hidden: &[Range<usize>], comment: Option<&str>) {
        let is_data = record.kind == RecordKind::Data;
        let has_addresses = self.flows.get(&record.conn).is_some_and(Flow::has_addresses);
        if is_data && !has_addresses {
            self.left_out.without_address += 1;
        }
        let Some(flow) = self.flows.get_mut(&record.conn).filter(|_| has_addresses) else { return };
        if is_data && flow.is_below_tls() {
            return;
        }
        let number = Some(self.record);
        let mut packets = Packets { out: &mut self.out, at: record.at, number, dropped: (0, 0) };
        let mut interface = self.interfaces.get_mut(flow.interface() as usize);
        if let Some(interface) = &mut interface {
            interface.count(record);
        }
        let losses = self.losses.entry(record.conn.session).or_default();
        losses.interface = flow.interface();
        packets.dropped = losses.pending;
        if let Some(words) = comment {
            flow.about(words.to_owned());
        }
        let masked = masked(record, hidden);
        if let Some(masked) = &masked {
            let count: u64 = hidden.iter().map(|part| part.len() as u64).sum();
            self.left_out.hidden += count;
            flow.about(format!("{OURS}{count} {MASKED}"));
            flow.record(masked, &mut packets);
        } else {
            flow.record(record, &mut packets);
        }
        if is_data {
            let kept = record.data.len() as u64;
            self.left_out.bytes += record.original_len.saturating_sub(kept);
        }
        let is_told = packets.dropped == (0, 0);
        if let Some(interface) = interface.filter(|_| is_told) {
            losses.tell(interface);
        }
    }

    /// Writes what crossed below TLS, and the keys to it.
    pub fn ciphertext(&mut self, piece: &Ciphertext) {
        let record = match piece {
            Ciphertext::Keys { lines, .. } => {
                return self.secrets(&CaptureSecrets { kind: TLS_KEY_LOG, data: lines.clone() });
            }
            Ciphertext::Crossed(record) => record,
        };
        let Some(flow) = self.flows.get_mut(&record.conn) else { return };
        if !flow.has_addresses() {
            self.left_out.without_address += u64::from(record.kind == RecordKind::Data);
            return;
        }
        let mut packets =
            Packets { out: &mut self.out, at: record.at, number: None, dropped: (0, 0) };
        if let Some(interface) = self.interfaces.get_mut(flow.interface() as usize) {
            interface.count(record);
        }
        flow.below_tls(record, &mut packets);
        if flow.is_done() {
            self.flows.remove(&record.conn);
        }
    }

    /// A connection has no further records. What is below its TLS may be let go of a little later.
    pub fn over(&mut self, conn: ConnId) {
        if self.flows.get_mut(&conn).is_some_and(Flow::is_over) {
            self.flows.remove(&conn);
        }
    }

    /// Writes secrets that what follows is read with.
    pub(crate) fn secrets(&mut self, secrets: &CaptureSecrets) {
        let mut block = Block::begin(&mut self.out, SECRETS);
        block.u32(secrets.kind);
        block.counted(&secrets.data);
        block.end();
    }

    /// Loss totals of a session, whose next packet tells what is new of them.
    pub fn lost(&mut self, lost: LossTotals) {
        let Some(losses) = self.losses.get_mut(&lost.session) else { return };
        let kernel = |by_kernel: Option<u64>| by_kernel.unwrap_or(0);
        losses.pending.0 += lost.by_app.saturating_sub(losses.by_app);
        losses.pending.1 += kernel(lost.by_kernel).saturating_sub(kernel(losses.by_kernel));
        (losses.by_app, losses.by_kernel) = (lost.by_app, lost.by_kernel);
    }

    /// Loss totals of a session, whose records tell where that was ([`PcapngWriter::lost_here`]).
    pub(crate) fn lost_in_all(&mut self, lost: LossTotals) {
        if let Some(losses) = self.losses.get_mut(&lost.session) {
            (losses.by_app, losses.by_kernel) = (lost.by_app, lost.by_kernel);
        }
    }

    /// So many were lost here, by us and by the kernel: the next packet of the session tells it.
    pub(crate) fn lost_here(&mut self, session: SessionId, (by_app, by_kernel): (u64, u64)) {
        let pending = &mut self.losses.entry(session).or_default().pending;
        *pending = (pending.0 + by_app, pending.1 + by_kernel);
    }

    /// The statistics of every interface: what was received, and lost before it came here.
    pub fn finish(&mut self) {
        let (mut interfaces, losses) =
            (std::mem::take(&mut self.interfaces), std::mem::take(&mut self.losses));
        for mut losses in losses.into_values() {
            if let Some(interface) = interfaces.get_mut(losses.interface as usize) {
                losses.tell_rest(interface);
            }
        }
        self.numbers.clear();
        let words = self.left_out.words();
        for (number, interface) in interfaces.into_iter().enumerate() {
            let Interface { first, last, received, lost: (by_app, by_kernel), knows_kernel } =
                interface;
            let mut block = Block::begin(&mut self.out, STATISTICS);
            block.u32(number as u32);
            block.time(last.0);
            if let Some(words) = words.as_deref().filter(|_| number == 0) {
                block.text(COMMENT, words);
            }
            let halves = |at: Stamp| {
                let [high, low] = [(at.0 >> 32) as u32, at.0 as u32].map(u32::to_le_bytes);
                [high, low].concat()
            };
            block.option(START, &halves(first));
            block.option(END, &halves(last));
            block.count(RECEIVED, received + by_app + by_kernel);
            block.count(DROPPED, by_app);
            if knows_kernel {
                block.count(DROPPED_BY_SYSTEM, by_kernel);
            }
            block.count(DELIVERED, received);
            block.end();
        }
    }

    /// The number of the interface of a connection, which is described when it is seen first.
    fn interface(&mut self, info: &ConnInfo) -> u32 {
        let (session, captured) = (info.id.session, info.captured.as_deref());
        let key = (session, captured.map(|captured| captured.number));
        if let Some(number) = self.numbers.get(&key) {
            return *number;
        }
        let number = self.interfaces.len() as u32;
        self.interfaces.push(Interface::default());
        self.numbers.insert(key, number);
        let first = SessionLosses { interface: number, ..SessionLosses::default() };
        self.losses.entry(session).or_insert(first);
        let mut block = Block::begin(&mut self.out, INTERFACE);
        block.u16(RAW_IP);
        block.u16(0);
        block.u32(0);
        let (name, description) = captured.map_or_else(
            || (Some(name_of(info)), Some(description_of(info))),
            |captured| (captured.name.clone(), captured.description.clone()),
        );
        for (option, text) in [(NAME, name), (DESCRIPTION, description)] {
            if let Some(text) = text {
                block.text(option, &text);
            }
        }
        block.option(RESOLUTION, &[NANOSECONDS]);
        block.end();
        number
    }
}

/// What the interface of a session is called, whose first connection this is.
fn name_of(info: &ConnInfo) -> String {
    let protocol = info.protocol.into_str();
    match info.listening_end() {
        Some(EndAddress::Inet(end)) if info.is_accepted() => format!("{protocol}:{}", end.port()),
        Some(end) => format!("{protocol}:{end}"),
        None => protocol.to_owned(),
    }
}

/// What is said of it.
fn description_of(info: &ConnInfo) -> String {
    let (protocol, side) = (info.protocol.into_str(), info.side.into_str());
    format!("session {}, {protocol} {side}", info.id.session)
}

impl SessionLosses {
    /// A packet of this interface told what was pending.
    fn tell(&mut self, interface: &mut Interface) {
        let (by_app, by_kernel) = std::mem::take(&mut self.pending);
        self.told = (self.told.0 + by_app, self.told.1 + by_kernel);
        interface.lost = (interface.lost.0 + by_app, interface.lost.1 + by_kernel);
        interface.knows_kernel |= self.by_kernel.is_some() || by_kernel > 0;
    }

    /// Nothing more comes of it: what no packet told.
    fn tell_rest(&mut self, interface: &mut Interface) {
        let (app, kernel) = self.told;
        let by_kernel = self.by_kernel.unwrap_or(0);
        let rest = (self.by_app.saturating_sub(app), by_kernel.saturating_sub(kernel));
        self.pending = (self.pending.0.max(rest.0), self.pending.1.max(rest.1));
        self.tell(interface);
    }
}

impl Interface {
    fn count(&mut self, record: &Record) {
        self.last = record.at;
        if self.first == Stamp::default() {
            self.first = record.at;
        }
        self.received += u64::from(record.is_received());
    }
}

/// The frames of a record as bytes that crossed; made anew, in one and with a mask of zeros, where what they carry
/// holds what nobody may see. `None` = it has none.
fn framed(record: &Record, hidden: &[Range<usize>]) -> Option<Record> {
    let header = FrameHeader::read(&record.frames)?;
    let frames = match (masked(record, hidden), Opcode::of(header.opcode)) {
        (Some(masked), Some(opcode)) => {
            FrameWriter::default().frame(opcode, &masked.data, header.mask.map(|_| [0; 4]))
        }
        _ => record.frames.clone(),
    };
    let crossed = Record::new(record.at, record.conn, record.direction, RecordKind::Data, frames);
    Some(Record { faults: record.faults, ..crossed })
}

/// The record with other bytes where it holds what nobody may see; `None` = there is nothing.
fn masked(record: &Record, hidden: &[Range<usize>]) -> Option<Record> {
    if hidden.is_empty() {
        return None;
    }
    let mut data = record.data.to_vec();
    for part in hidden {
        if let Some(bytes) = data.get_mut(part.clone()) {
            bytes.fill(b'*');
        }
    }
    Some(Record { data: data.into(), ..record.clone() })
}

#[cfg(test)]
mod pcapng_tests;
