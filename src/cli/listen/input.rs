//! Standard input of `listen --raw`: it goes to the peers, as that of ncat and socat does.
//!
//! ```text
//! pieces of input ─► every connection that is open, as fast as the slowest takes them
//!                 └► UDP: the peer heard last, a datagram for each piece
//! ```
//! Nothing is read while there is nobody to send it to. At its end every connection that got some of
//! it is told so (FIN) and goes on sending to us. What a peer did not take before it left is counted.
//! `listen` asks for the next step in its race with the signals; nothing here waits.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use bytes::Bytes;
use tokio::time::{Instant, sleep_until};

use crate::cli::headless::Headless;
use crate::cli::in_flight::InFlight;
use crate::cli::message_lines::MessageLines;
use crate::cli::stdin::{self, PieceReceiver, PieceSource};
use crate::cli::{exit, output};
use crate::engine::command::{CloseMode, Command, Recipient};
use crate::model::counts::{counted, counted_were};
use crate::model::failure::{Failure, FailureKind};
use crate::model::id::ConnId;
use crate::model::protocol::Capabilities;
use crate::model::record::{ConnInfo, Direction, Record, RecordKind};

/// Bytes of a datagram, as ncat and socat make them.
const DATAGRAM: usize = 8192;
/// A queue of the engine that is full is tried again after this.
const RETRY: Duration = Duration::from_millis(2);

/// Standard input on its way to the peers.
pub(super) struct ListenInput {
    /// `None` = it is over, or nobody asked for it.
    pieces: Option<PieceReceiver>,
    is_datagrams: bool,
    /// Each line is a message.
    lines: Option<MessageLines>,
    peers: BTreeMap<ConnId, InputPeer>,
    /// Whom a datagram goes to.
    heard_last: Option<ConnId>,
    /// What the engine had no room for.
    orders: VecDeque<Command>,
    retry_at: Instant,
    lost: u64,
    /// What there is to say once the listener is up.
    remark: Option<&'static str>,
}

/// What a peer got of it.
#[derive(Default)]
struct InputPeer {
    /// Bytes it has still to take of each piece.
    in_flight: InFlight,
    was_sent_some: bool,
}

/// What is to be done next.
pub(super) enum InputStep {
    Piece(Option<Result<Bytes, Failure>>),
    Retry,
}

impl ListenInput {
    /// Nobody asked for it.
    pub(super) fn none() -> Self {
        ListenInput {
            pieces: None,
            is_datagrams: false,
            lines: None,
            peers: BTreeMap::new(),
            heard_last: None,
            orders: VecDeque::new(),
            retry_at: Instant::now(),
            lost: 0,
            remark: None,
        }
    }

    /// It is there and not read, because the listener has its own words.
    pub(super) fn left_alone() -> Self {
        let remark = Some("standard input is left alone: this listener answers by itself");
        ListenInput { remark, ..ListenInput::none() }
    }

    /// What there is to say, once.
    pub(super) fn remark(&mut self) -> Option<&'static str> {
        self.remark.take()
    }

    /// Reads it from now on.
    pub(super) fn read(can: Capabilities) -> Self {
        let pieces = Some(stdin::pieces(vec![PieceSource::Stdin]));
        let is_datagrams = can.datagrams;
        let lines = can.is_framed().then(MessageLines::default);
        ListenInput { pieces, is_datagrams, lines, ..ListenInput::none() }
    }

    fn is_wanted(&self) -> bool {
        let mut peers = self.peers.values();
        let has_somebody =
            if self.is_datagrams { self.heard_last.is_some() } else { peers.len() > 0 };
        has_somebody && peers.all(|peer| peer.in_flight.has_room())
    }

    /// Whether nothing is read because a peer has not taken what it was given.
    pub(super) fn waits_for_peers(&self) -> bool {
        self.pieces.is_some() && !self.peers.values().all(|peer| peer.in_flight.has_room())
    }

    /// The next step once there is one. Cancel-safe.
    pub(super) async fn next(&mut self) -> InputStep {
        if !self.orders.is_empty() {
            sleep_until(self.retry_at).await;
            return InputStep::Retry;
        }
        let is_wanted = self.is_wanted();
        match &mut self.pieces {
            Some(pieces) if is_wanted => InputStep::Piece(pieces.recv().await),
            _ => std::future::pending().await,
        }
    }

    /// Hands a piece, or the end, on to the peers.
    pub(super) fn step(&mut self, step: InputStep, headless: &Headless) -> Result<(), Failure> {
        match step {
            InputStep::Piece(Some(piece)) => self.take(&piece?)?,
            InputStep::Piece(None) => self.finish(),
            InputStep::Retry => {}
        }
        while let Some(order) = self.orders.front() {
            match headless.engine.command(order.clone()) {
                Err(failure) if failure.kind == FailureKind::Busy => {
                    self.retry_at = Instant::now() + RETRY;
                    return Ok(());
                }
                outcome => outcome?,
            }
            self.orders.pop_front();
        }
        Ok(())
    }

    fn take(&mut self, piece: &Bytes) -> Result<(), Failure> {
        let Some(lines) = &mut self.lines else {
            self.send(piece);
            return Ok(());
        };
        let lines = lines.push(piece)?;
        for line in &lines {
            self.send(line);
        }
        Ok(())
    }

    fn send(&mut self, piece: &Bytes) {
        let size = if self.is_datagrams { DATAGRAM } else { piece.len().max(1) };
        if let Some(last) = self.heard_last {
            self.peers.entry(last).or_default();
        }
        let (is_datagrams, last) = (self.is_datagrams, self.heard_last);
        let is_meant = |conn: &ConnId| !is_datagrams || last == Some(*conn);
        for (conn, peer) in self.peers.iter_mut().filter(|(conn, _)| is_meant(conn)) {
            peer.was_sent_some = true;
            if piece.is_empty() {
                peer.in_flight.push(0);
                let data = Bytes::new();
                self.orders.push_back(Command::Send { to: Recipient::Conn(*conn), data });
            }
            for part in piece.chunks(size) {
                peer.in_flight.push(part.len());
                let data = piece.slice_ref(part);
                self.orders.push_back(Command::Send { to: Recipient::Conn(*conn), data });
            }
        }
    }

    fn finish(&mut self) {
        self.pieces = None;
        if let Some(last) = self.lines.as_mut().and_then(MessageLines::finish) {
            self.send(&last);
        }
        let got_some = self.peers.iter().filter(|(_, peer)| peer.was_sent_some);
        if !self.is_datagrams {
            let end = |conn: &ConnId| Command::End { conn: *conn, how: CloseMode::HalfClose };
            self.orders.extend(got_some.map(|(conn, _)| end(conn)));
        }
    }

    /// Learns from a record who is there, and what has left.
    pub(super) fn on_record(&mut self, record: &Record, conn: Option<&ConnInfo>) {
        let id = record.conn;
        let is_tls = conn.is_some_and(|conn| conn.tls);
        if self.lines.is_some() {
            // One that has not become a WebSocket cannot take any.
            if conn.is_some_and(|conn| conn.capabilities().messages) {
                self.came(id);
            }
            if (record.kind, record.direction) == (RecordKind::Data, Direction::Sent)
                && !record.frames.is_empty()
            {
                self.left(id, Some(record.original_len));
            }
            return;
        }
        match (record.kind, record.direction) {
            (RecordKind::Accepted, _) if !is_tls => self.came(id),
            (RecordKind::Secured, _) => self.came(id),
            (RecordKind::Data, Direction::Received) if self.is_datagrams => {
                self.heard_last = Some(id);
            }
            (RecordKind::Data, Direction::Sent) => self.left(id, Some(record.original_len)),
            // A datagram that goes nowhere does not hold the next one up.
            (RecordKind::Failed, Direction::Sent) if self.is_datagrams => self.left(id, None),
            _ => {}
        }
    }

    fn came(&mut self, conn: ConnId) {
        if self.pieces.is_some() {
            self.peers.entry(conn).or_default();
        }
    }

    /// So many bytes have left for a peer; `None` = a datagram could not.
    fn left(&mut self, conn: ConnId, bytes: Option<u64>) {
        let Some(peer) = self.peers.get_mut(&conn) else { return };
        match bytes {
            Some(bytes) => peer.in_flight.landed(bytes),
            None => self.lost += peer.in_flight.drop_first(),
        }
        // There may be any number of those that sent a datagram once.
        if self.is_datagrams && peer.in_flight.pieces() == 0 {
            self.peers.remove(&conn);
        }
    }

    /// A connection is over; what it did not take is lost, and said.
    pub(super) fn over(&mut self, conn: ConnId, info: Option<&ConnInfo>) {
        let Some(gone) = self.peers.remove(&conn) else { return };
        self.heard_last = self.heard_last.filter(|last| *last != conn);
        self.orders.retain(|order| !is_for(order, conn));
        let lost = gone.in_flight.bytes();
        self.lost += lost;
        if lost > 0 {
            let who = info.and_then(|info| info.peer.as_ref()).map(ToString::to_string);
            let who = who.unwrap_or_else(|| conn.to_string());
            output::note(&format!(
                "{who} left without {} of standard input",
                counted(lost, "byte")
            ));
        }
    }

    /// What has become of the command: it failed when not all reached everybody it was for.
    pub(super) fn outcome(&self, ended: Result<u8, Failure>) -> Result<u8, Failure> {
        let waiting: u64 = self.peers.values().map(|peer| peer.in_flight.bytes()).sum();
        match (ended, self.lost + waiting) {
            (Ok(exit::OK), 1..) => {
                if waiting > 0 {
                    let waiting = counted_were(waiting, "byte");
                    output::note(&format!("of standard input {waiting} not sent"));
                }
                Ok(exit::NETWORK)
            }
            (ended, _) => ended,
        }
    }
}

fn is_for(order: &Command, conn: ConnId) -> bool {
    match order {
        Command::Send { to: Recipient::Conn(to), .. } | Command::End { conn: to, .. } => {
            *to == conn
        }
        _ => false,
    }
}
