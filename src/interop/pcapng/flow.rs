//! One connection, or the datagrams of one peer, as packets: numbers that fit, in the right order.
//!
//! ```text
//! Connected, Accepted   SYN ►  ◄ SYN ACK  ACK ►      a stream that was joined later begins with them, too
//! Data                  PSH ACK (65,495 bytes at most) ►  ◄ ACK
//! Finished              FIN ACK ►  ◄ ACK
//! Closed                the same of our side, when it has not finished yet: that is what closing does
//! Reset                 RST ACK ►
//! Secured, behind data  both ends, and SYN ►  ◄ SYN ACK  ACK ► again, unless TLS stands as it crossed
//! ```
//! What is decrypted behind a CONNECT would be read as the ciphertext it stands for, so it is a stream of its own. Where the
//! ciphertext is told, it goes on in the same stream, and what it carried is left out.
//! Called by the writer. Facts without a packet of their own are comments of the next one.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::block::{Block, COMMENT, PACKET};
use super::packet::{self, Flags, LARGEST_DATAGRAM, LARGEST_SEGMENT, PacketBytes, TcpNumbers, Way};
use super::{DECRYPTED, OURS, led};
use crate::model::loss_words::loss_words;
use crate::model::record::{ConnInfo, Direction, Record, RecordKind};
use crate::model::timing::Stamp;

/// `epb_flags`, `epb_dropcount`, `epb_packetid`.
const FLAGS: u16 = 2;
const DROP_COUNT: u16 = 4;
const PACKET_ID: u16 = 5;
const INBOUND: u32 = 1;
const OUTBOUND: u32 = 2;

/// Comments that wait for a packet; more are not kept.
const COMMENTS: usize = 32;
/// How far from the numbers of a stream begin those of the one behind it, between the same ports.
const NEXT_STREAM: u32 = 0x2000_0000;

/// Where packets of a record go.
pub(super) struct Packets<'a> {
    pub(super) out: &'a mut Vec<u8>,
    pub(super) at: Stamp,
    /// Of the record; `None` = it is none.
    pub(super) number: Option<u64>,
    /// Datagrams of this session that were lost before it, by us and by the kernel.
    pub(super) dropped: (u64, u64),
}

/// One side of a connection.
#[derive(Debug, Clone, Copy)]
struct Half {
    /// The number of its next byte.
    next: u32,
    has_finished: bool,
}

/// Where a connection stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum FlowStage {
    Unopened,
    Open,
    Over,
}

/// How TLS of a connection stands in the capture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum TlsForm {
    /// There is none.
    Plain,
    /// What it carried, as plain TCP.
    Decrypted,
    /// As it crosses; nothing of it has crossed yet.
    AsItCrosses,
    /// As it crosses, which has begun.
    Crossing,
}

/// What is known of one connection.
#[derive(Debug)]
pub(super) struct Flow {
    interface: u32,
    /// From us to the peer; `None` = not both addresses are known.
    way: Option<Way>,
    is_datagrams: bool,
    is_accepted: bool,
    tls: TlsForm,
    /// Where its client chose to be led, in words.
    led: Option<String>,
    /// It has no further records.
    is_told: bool,
    /// Bytes that crossed it, in the clear or decrypted.
    carried: u64,
    ours: Half,
    theirs: Half,
    stage: FlowStage,
    comments: Vec<String>,
    /// What is said of a record, which its own packet tells.
    about: Vec<String>,
}

impl Flow {
    /// One that has not begun, the `number`th of its capture, in which TLS stands as it crossed or decrypted.
    pub(super) fn new(info: &ConnInfo, interface: u32, number: u32, has_ciphertext: bool) -> Self {
        // Far apart, so that a port that is used again is no stream that goes on.
        let begin = |salt: u32| number.wrapping_mul(0x9E37_79B1).wrapping_add(salt);
        let half = |next| Half { next, has_finished: false };
        let mut flow = Flow {
            interface,
            way: None,
            is_datagrams: info.capabilities().datagrams,
            is_accepted: info.is_accepted(),
            tls: if has_ciphertext { TlsForm::AsItCrosses } else { TlsForm::Plain },
            led: None,
            is_told: false,
            carried: 0,
            ours: half(begin(0x0100_0000)),
            theirs: half(begin(0x8100_0000)),
            stage: FlowStage::Unopened,
            comments: Vec::new(),
            about: Vec::new(),
        };
        if is_of_http_relay(info) {
            flow.comment(led::RELAYED);
        }
        flow.learn(info);
        if let Some(client) = info.pair.map(|pair| pair.client).filter(|_| info.is_onward()) {
            let what = if has_ciphertext && info.tls {
                "what its client saw stands on connection"
            } else {
                "what was passed on stands on connection"
            };
            flow.comment(&format!("connected on by a relay: {what} {client}"));
        }
        flow
    }

    /// What is known of its ends now.
    pub(super) fn learn(&mut self, info: &ConnInfo) {
        if info.tls && self.tls == TlsForm::Plain {
            self.tls = TlsForm::Decrypted;
            self.comment(DECRYPTED);
        }
        let led = info.chosen_target().map(led::words);
        if let Some(led) = led.filter(|led| self.led.as_ref() != Some(led)) {
            self.comment(&led);
            self.led = Some(led);
        }
        let (Some(local), Some(peer)) = (&info.local, &info.peer) else { return };
        let (local, peer) = if let (Some(local), Some(peer)) = (local.inet(), peer.inet()) {
            of_one_family(local, peer)
        } else {
            if self.way.is_none() {
                self.comment(&format!(
                    "a Unix socket, {local} ↔ {peer}; its addresses here stand for them and were nowhere"
                ));
            }
            stand_ins(info)
        };
        let way = Way { from: local, to: peer };
        if self.way.is_none() && local.ip().is_unspecified() {
            self.comment(&format!("bound to all addresses: {local} stands for the one it was"));
        }
        if self.stage == FlowStage::Unopened || self.is_datagrams {
            self.way = Some(way);
        }
    }

    /// Of which interface its packets are.
    pub(super) fn interface(&self) -> u32 {
        self.interface
    }

    /// Whether its packets can be addressed.
    pub(super) fn has_addresses(&self) -> bool {
        self.way.is_some()
    }

    /// Adds a fact that its next packet tells.
    pub(super) fn comment(&mut self, words: &str) {
        if self.comments.len() < COMMENTS && !words.is_empty() {
            self.comments.push(format!("{OURS}{words}"));
        }
    }

    /// Adds what is said of the next record itself, by somebody who wrote it or by us.
    pub(super) fn about(&mut self, words: String) {
        self.about.push(words);
    }

    /// Whether TLS has begun and stands as it crossed: bytes of records are what it carried.
    pub(super) fn is_below_tls(&self) -> bool {
        self.tls == TlsForm::Crossing
    }

    /// No further records come; whether there is nothing more to write.
    pub(super) fn is_over(&mut self) -> bool {
        self.is_told = true;
        self.is_done()
    }

    /// Whether all of it is written.
    pub(super) fn is_done(&self) -> bool {
        self.is_told && !(self.is_below_tls() && self.stage == FlowStage::Open)
    }

    /// Writes what crossed below TLS. From the first of it on its bytes and ends are those of the connection.
    pub(super) fn below_tls(&mut self, crossed: &Record, packets: &mut Packets<'_>) {
        self.tls = TlsForm::Crossing;
        self.on_the_wire(crossed, packets);
    }

    /// Writes what a record is on the wire; below TLS it is words about it.
    pub(super) fn record(&mut self, record: &Record, packets: &mut Packets<'_>) {
        if !self.is_below_tls() {
            return self.on_the_wire(record, packets);
        }
        self.comments.append(&mut self.about);
        if record.kind != RecordKind::Data {
            self.tell(record);
        }
    }

    fn on_the_wire(&mut self, record: &Record, packets: &mut Packets<'_>) {
        let Some(way) = self.way else { return };
        if record.kind != RecordKind::Data || self.is_datagrams {
            self.comments.append(&mut self.about);
        }
        match record.kind {
            RecordKind::Data => self.data(way, record, packets),
            RecordKind::Connected | RecordKind::Accepted if !self.is_datagrams => {
                self.open(way, packets);
            }
            RecordKind::Finished if !self.is_datagrams => {
                self.tell(record);
                self.finish(way, record.direction, packets);
            }
            RecordKind::Closed if self.stage == FlowStage::Open => {
                self.tell(record);
                self.finish(way, Direction::Sent, packets);
                self.stage = FlowStage::Over;
            }
            RecordKind::Reset if !self.is_datagrams => {
                self.tell(record);
                self.reset(way, record.direction, packets);
            }
            RecordKind::Secured if self.carried > 0 && self.stage == FlowStage::Open => {
                self.renew(way, packets);
                self.tell(record);
            }
            RecordKind::Closed => {}
            RecordKind::Connected
            | RecordKind::Accepted
            | RecordKind::Finished
            | RecordKind::Reset
            | RecordKind::Bound
            | RecordKind::Secured
            | RecordKind::Failed
            | RecordKind::Lost
            | RecordKind::Note => self.tell(record),
        }
    }

    /// The words of a record become a comment.
    fn tell(&mut self, record: &Record) {
        self.comment(&String::from_utf8_lossy(&record.data));
    }

    /// The handshake, from whoever began.
    fn open(&mut self, way: Way, packets: &mut Packets<'_>) {
        if self.stage != FlowStage::Unopened {
            return;
        }
        self.stage = FlowStage::Open;
        let first = if self.is_accepted { Direction::Received } else { Direction::Sent };
        let second = other(first);
        self.segment(way, first, Flags::SYN, PacketBytes::NONE, packets);
        self.segment(way, second, Flags::SYN_ACK, PacketBytes::NONE, packets);
        self.segment(way, first, Flags::ACK, PacketBytes::NONE, packets);
    }

    /// What was said so far was in the clear, what comes is decrypted: that begins anew.
    fn renew(&mut self, way: Way, packets: &mut Packets<'_>) {
        self.comment("TLS begins here; what it held stands as the next stream of these ports");
        self.finish(way, Direction::Received, packets);
        self.finish(way, Direction::Sent, packets);
        for half in [&mut self.ours, &mut self.theirs] {
            *half = Half { next: half.next.wrapping_add(NEXT_STREAM), has_finished: false };
        }
        (self.stage, self.carried) = (FlowStage::Unopened, 0);
        if let Some(led) = self.led.clone() {
            self.comment(&led);
        }
        self.open(way, packets);
    }

    /// The same of a stream of which something else was seen first.
    fn join(&mut self, way: Way, packets: &mut Packets<'_>) {
        if self.stage == FlowStage::Unopened {
            self.comment("the beginning of this connection is not in this capture");
            self.open(way, packets);
        }
    }

    fn data(&mut self, way: Way, record: &Record, packets: &mut Packets<'_>) {
        if record.direction == Direction::Local {
            return;
        }
        let missing = record.original_len.saturating_sub(record.data.len() as u64);
        if missing > 0 {
            self.comment(&format!("{missing} of {} bytes were not kept", record.original_len));
        }
        if self.is_datagrams {
            return self.datagram(way, record, packets);
        }
        self.join(way, packets);
        self.comments.append(&mut self.about);
        self.carried = self.carried.saturating_add(record.original_len);
        let (mut rest, mut left) = (&record.data[..], record.original_len);
        while left > 0 {
            let len = left.min(LARGEST_SEGMENT as u64) as usize;
            let (kept, later) = rest.split_at(rest.len().min(len));
            let payload = PacketBytes { kept, len };
            self.segment(way, record.direction, Flags::PUSH_ACK, payload, packets);
            // What was acknowledged need not be remembered by who reads this.
            self.segment(way, other(record.direction), Flags::ACK, PacketBytes::NONE, packets);
            rest = later;
            left -= len as u64;
        }
    }

    fn datagram(&mut self, way: Way, record: &Record, packets: &mut Packets<'_>) {
        let len = record.original_len.min(LARGEST_DATAGRAM as u64) as usize;
        let kept = record.data.get(..len).unwrap_or(&record.data);
        let way = if record.direction == Direction::Received { way.back() } else { way };
        let write = |out: &mut Vec<u8>| packet::udp(out, way, PacketBytes { kept, len });
        self.packet(record.direction, packets, write);
    }

    /// One side says that it sends nothing more.
    fn finish(&mut self, way: Way, direction: Direction, packets: &mut Packets<'_>) {
        if direction == Direction::Local || self.half(direction).has_finished {
            return;
        }
        self.join(way, packets);
        if self.stage == FlowStage::Over {
            return;
        }
        self.segment(way, direction, Flags::FIN_ACK, PacketBytes::NONE, packets);
        self.half(direction).has_finished = true;
        self.segment(way, other(direction), Flags::ACK, PacketBytes::NONE, packets);
    }

    /// One side lets go at once; what we do ourselves is ours.
    fn reset(&mut self, way: Way, direction: Direction, packets: &mut Packets<'_>) {
        let from = if direction == Direction::Received { direction } else { Direction::Sent };
        self.join(way, packets);
        if self.stage == FlowStage::Open {
            self.segment(way, from, Flags::RST_ACK, PacketBytes::NONE, packets);
            self.stage = FlowStage::Over;
        }
    }

    fn half(&mut self, direction: Direction) -> &mut Half {
        if direction == Direction::Received { &mut self.theirs } else { &mut self.ours }
    }

    /// A segment of the side that sends in this direction, which moves on by what it takes.
    fn segment(
        &mut self,
        way: Way,
        direction: Direction,
        flags: Flags,
        payload: PacketBytes<'_>,
        packets: &mut Packets<'_>,
    ) {
        let way = if direction == Direction::Received { way.back() } else { way };
        let seq = self.half(direction).next;
        let ack = if flags == Flags::SYN { 0 } else { self.half(other(direction)).next };
        let segment = TcpNumbers { flags, seq, ack };
        let write = |out: &mut Vec<u8>| packet::tcp(out, way, segment, payload);
        self.packet(direction, packets, write);
        let takes = payload.len as u32 + flags.takes();
        self.half(direction).next = seq.wrapping_add(takes);
    }

    /// A packet, which `write` appends and whose length it returns.
    fn packet(
        &mut self,
        direction: Direction,
        packets: &mut Packets<'_>,
        write: impl FnOnce(&mut Vec<u8>) -> usize,
    ) {
        let Packets { out, at, number, dropped } = packets;
        let mut block = Block::begin(out, PACKET);
        block.u32(self.interface);
        block.time(at.0);
        let place = block.out.len();
        block.u32(0);
        block.u32(0);
        let len = write(block.out);
        let captured = (block.out.len() - place - 8) as u32;
        block.put(place, captured);
        block.put(place + 4, len as u32);
        block.pad();
        for words in self.comments.drain(..) {
            block.text(COMMENT, &words);
        }
        let (by_app, by_kernel) = std::mem::take(dropped);
        if let Some(words) = loss_words(by_app, by_kernel) {
            block.text(COMMENT, &format!("{OURS}{words}"));
        }
        let flags = if direction == Direction::Received { INBOUND } else { OUTBOUND };
        block.option(FLAGS, &flags.to_le_bytes());
        if by_app + by_kernel > 0 {
            block.count(DROP_COUNT, by_app + by_kernel);
        }
        if let Some(number) = number {
            block.count(PACKET_ID, *number);
        }
        block.end();
    }
}

/// Whether its client spoke to a relay of HTTP: live, or as a capture of packets says of it.
fn is_of_http_relay(info: &ConnInfo) -> bool {
    let is_known = info.capabilities().exchanges || info.captured.is_some();
    info.is_of_relay() && info.is_accepted() && info.asked.is_none() && is_known
}

/// The other way.
fn other(direction: Direction) -> Direction {
    if direction == Direction::Received { Direction::Sent } else { Direction::Received }
}

/// The prefix for documentation (RFC 3849), and the ports of who listens there: of HTTP, and one that is
/// known for no protocol.
const STANDS_IN: [u16; 2] = [0x2001, 0xdb8];
const STAND_IN_PORTS: [u16; 2] = [80, 5000];

/// Addresses that stand for the ends of a Unix socket, which has none: of the prefix for documentation
/// (RFC 3849), with session and connection in them, so that no two streams have the same. The end that
/// listens has the port by which what is spoken is known.
fn stand_ins(info: &ConnInfo) -> (SocketAddr, SocketAddr) {
    const COMES_FROM: u16 = 50_000;
    let [prefix, doc] = STANDS_IN;
    let halves = |number: u32| ((number >> 16) as u16, (number & 0xffff) as u16);
    let ((high, low), (first, second)) = (halves(info.id.session.0 as u32), halves(info.id.index));
    let at = |is_server: u16| Ipv6Addr::new(prefix, doc, high, low, first, second, 0, is_server);
    let [http, other] = STAND_IN_PORTS;
    let port = if info.capabilities().exchanges { http } else { other };
    let server = SocketAddr::new(at(1).into(), port);
    let client = SocketAddr::new(at(2).into(), COMES_FROM);
    if info.is_accepted() { (server, client) } else { (client, server) }
}

/// Whether this stands for a Unix socket that listened.
pub(in crate::interop) fn is_stand_in(server: SocketAddr) -> bool {
    let IpAddr::V6(ip) = server.ip() else { return false };
    let [prefix, doc, .., zero, is_server] = ip.segments();
    [prefix, doc] == STANDS_IN
        && (zero, is_server) == (0, 1)
        && STAND_IN_PORTS.contains(&server.port())
}

/// Both ends as addresses of one family: a socket of IPv6 that hears IPv4, too, names both in its own.
fn of_one_family(local: SocketAddr, peer: SocketAddr) -> (SocketAddr, SocketAddr) {
    let plain = |end: SocketAddr| SocketAddr::new(end.ip().to_canonical(), end.port());
    let (mut local, peer) = (plain(local), plain(peer));
    if local.ip().is_unspecified() && local.is_ipv4() != peer.is_ipv4() {
        let ip = match peer.ip() {
            IpAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
            IpAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
        };
        local.set_ip(ip);
    }
    (local, peer)
}
