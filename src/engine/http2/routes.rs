//! Whose the frames of a connection are, and what was learnt of them.
//!
//! Streams are opened one after the other, so that the first frame of an unknown stream is of who asked first.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::codec::http2::frame::{DATA, FRAME_HEAD, FrameHead, GOAWAY, HEADERS, RST_STREAM};
use crate::codec::http2::hpack::HpackReader;
use crate::codec::http2::splitter::SplitFrame;
use crate::engine::sink::{Sink, StampGuard};
use crate::model::exchange::FieldLine;
use crate::model::id::ConnId;
use crate::model::record::{Direction, Record, RecordKind};

/// Fields of one head, with names and values of so many bytes; said to the server, too.
pub(crate) const HEADER_LIST: u32 = 256 * 1024;
/// Bytes of a header block that is put together.
const BLOCK: usize = HEADER_LIST as usize;
/// Heads of one stream that wait to be asked for.
const HEADS: usize = 16;

/// Who is told of the frames of a connection. Clones are the same.
#[derive(Clone, Default)]
pub(crate) struct Routes(Arc<Mutex<Routed>>);

#[derive(Default)]
struct Routed {
    routes: Vec<Route>,
    next: u64,
    /// Of the header blocks that come; `None` = one could not be read.
    blocks: BlockReader,
    away: Option<GoneAway>,
    peer_ended: bool,
}

/// The server takes no further streams.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct GoneAway {
    /// It may have done something about those up to this one.
    pub(crate) last: u32,
    pub(crate) code: u32,
    pub(crate) debug: Bytes,
}

/// An exchange on a connection.
struct Route {
    token: u64,
    /// `None` until it is opened.
    stream: Option<u32>,
    sink: Sink,
    conn: ConnId,
    /// Bytes of its messages that are in records: sent, received.
    kept: [usize; 2],
    /// Heads and trailers that came and nobody asked for yet.
    heads: VecDeque<Vec<FieldLine>>,
    /// Bytes of its body that are out.
    sent: u64,
    /// With what code it was reset by the server.
    reset: Option<u32>,
    moved: Arc<Notify>,
    over: CancellationToken,
}

struct BlockReader {
    reader: Option<HpackReader>,
    begun: Vec<u8>,
    stream: u32,
}

impl Default for BlockReader {
    fn default() -> Self {
        BlockReader { reader: Some(HpackReader::new()), begun: Vec::new(), stream: 0 }
    }
}

/// An exchange that is told of its frames; no more when it is dropped.
pub(crate) struct RouteGuard {
    routes: Routes,
    token: u64,
    moved: Arc<Notify>,
    over: CancellationToken,
}

impl Routes {
    /// Tells an exchange of the frames of the next stream that is opened.
    pub(crate) fn open(&self, sink: Sink, conn: ConnId) -> RouteGuard {
        let (moved, over) = (Arc::new(Notify::new()), CancellationToken::new());
        let mut routed = self.lock();
        let token = routed.next;
        routed.next += 1;
        routed.routes.push(Route {
            token,
            stream: None,
            sink,
            conn,
            kept: [0; 2],
            heads: VecDeque::new(),
            sent: 0,
            reset: None,
            moved: Arc::clone(&moved),
            over: over.clone(),
        });
        drop(routed);
        RouteGuard { routes: self.clone(), token, moved, over }
    }

    /// How many exchanges there are.
    pub(crate) fn count(&self) -> usize {
        self.lock().routes.len()
    }

    /// What the server said when it took no further streams.
    pub(crate) fn away(&self) -> Option<GoneAway> {
        self.lock().away.clone()
    }

    /// The server finished sending.
    pub(crate) fn peer_ended(&self) -> bool {
        self.lock().peer_ended
    }

    /// Where what is of the connection itself is told.
    pub(super) fn sink(&self) -> Option<Sink> {
        self.lock().routes.first().map(|route| route.sink.clone())
    }

    /// How many bytes of a frame are kept in its record.
    pub(super) fn keeps(&self, way: Direction, head: FrameHead) -> usize {
        let mut routed = self.lock();
        let Some(route) = routed.of(way, Some(head)) else { return FRAME_HEAD };
        let most = route.sink.keeps();
        if head.kind != DATA {
            return most;
        }
        let kept = &mut route.kept[usize::from(way == Direction::Received)];
        let room = most.saturating_sub(*kept).min(FRAME_HEAD + head.length);
        *kept += room;
        room
    }

    /// A frame that was sent at that stamp.
    pub(super) fn sent(&self, stamp: &StampGuard, frame: SplitFrame) {
        let mut routed = self.lock();
        let Some(route) = routed.of(Direction::Sent, frame.head) else { return };
        let SplitFrame { head, bytes, length, .. } = frame;
        let record =
            Record::new(stamp.at(), route.conn, Direction::Sent, RecordKind::Data, bytes.into());
        route.sink.push(Record { original_len: length, ..record });
        match head {
            Some(head) if head.kind == DATA => {
                route.sent += head.length as u64;
                route.moved.notify_one();
            }
            Some(head) if head.kind == RST_STREAM => route.over.cancel(),
            _ => {}
        }
    }

    /// A frame that was received just now.
    pub(super) fn received(&self, frame: SplitFrame) {
        let mut routed = self.lock();
        let fields = routed.blocks.push(&frame);
        if let Some(away) = GoneAway::read(&frame) {
            routed.away = Some(away);
        }
        if let Some((stream, fields)) = fields
            && let Some(route) = routed.routes.iter_mut().find(|it| it.stream == Some(stream))
            && route.heads.len() < HEADS
        {
            route.heads.push_back(fields);
        }
        let Some(route) = routed.of(Direction::Received, frame.head) else { return };
        if let Some(head) = frame.head
            && head.kind == RST_STREAM
        {
            let code = frame.bytes.get(FRAME_HEAD..).and_then(|it| it.first_chunk().copied());
            route.reset = code.map(u32::from_be_bytes);
            route.over.cancel();
        }
        route.sink.received(route.conn, frame.bytes.into(), frame.length);
    }

    /// The server finished sending; that is told once.
    pub(super) fn has_ended(&self) {
        let mut routed = self.lock();
        if std::mem::replace(&mut routed.peer_ended, true) {
            return;
        }
        for route in &routed.routes {
            let (way, kind) = (Direction::Received, RecordKind::Finished);
            route.sink.note(route.conn, way, kind, "the peer finished sending");
        }
    }

    fn lock(&self) -> MutexGuard<'_, Routed> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Routed {
    /// Who is told of such a frame: whose stream it is, and of all else who came first.
    fn of(&mut self, way: Direction, head: Option<FrameHead>) -> Option<&mut Route> {
        let stream = head.map_or(0, |head| head.stream);
        let opens = way == Direction::Sent && head.is_some_and(|head| head.kind == HEADERS);
        let known =
            self.routes.iter().position(|route| stream != 0 && route.stream == Some(stream));
        let at = match known {
            None if opens => {
                let at = self.routes.iter().position(|route| route.stream.is_none())?;
                self.routes.get_mut(at)?.stream = Some(stream);
                at
            }
            known => known.unwrap_or(0),
        };
        self.routes.get_mut(at)
    }
}

impl GoneAway {
    fn read(frame: &SplitFrame) -> Option<Self> {
        frame.head.filter(|head| head.kind == GOAWAY)?;
        let number =
            |at: usize| frame.bytes.get(at..)?.first_chunk().copied().map(u32::from_be_bytes);
        let (last, code) = (number(FRAME_HEAD)? & 0x7fff_ffff, number(FRAME_HEAD + 4)?);
        let debug = &frame.bytes[FRAME_HEAD + 8..];
        Some(GoneAway { last, code, debug: Bytes::copy_from_slice(debug) })
    }
}

impl BlockReader {
    /// Takes a frame; gives the fields of the block that ends with it, and whose they are.
    fn push(&mut self, frame: &SplitFrame) -> Option<(u32, Vec<FieldLine>)> {
        let head = frame.head.filter(|head| head.has_block())?;
        let payload = frame.bytes.get(FRAME_HEAD..)?;
        let piece = head.content(payload).and_then(|range| payload.get(range));
        let is_there = frame.is_whole && payload.len() == head.length;
        let Some(piece) = piece.filter(|piece| is_there && self.begun.len() + piece.len() <= BLOCK)
        else {
            // What is missing here is missing in all blocks that follow.
            self.reader = None;
            return None;
        };
        self.begun.extend_from_slice(piece);
        if head.kind == HEADERS {
            self.stream = head.stream;
        } else if head.kind != crate::codec::http2::frame::CONTINUATION {
            self.stream = 0;
        }
        if !head.ends_block() {
            return None;
        }
        let block = std::mem::take(&mut self.begun);
        let read = self.reader.as_mut()?.fields(&block, HEADER_LIST as usize);
        if read.is_err() {
            self.reader = None;
        }
        Some((self.stream, read.ok()?))
    }
}

impl RouteGuard {
    /// It is this stream.
    pub(crate) fn is_stream(&self, stream: u32) {
        self.with(|route| route.stream = Some(stream));
    }

    /// The fields of the next head or trailers that came, in their order; `None` = they could not be read.
    pub(crate) fn next_head(&self) -> Option<Vec<FieldLine>> {
        self.with(|route| route.heads.pop_front()).flatten()
    }

    /// Bytes of the body that are out.
    pub(crate) fn sent(&self) -> u64 {
        self.with(|route| route.sent).unwrap_or_default()
    }

    /// Its stream, and with what code the server reset it.
    pub(crate) fn reset(&self) -> (Option<u32>, Option<u32>) {
        self.with(|route| (route.stream, route.reset)).unwrap_or_default()
    }

    /// Waits until more of the body is out than so much. Safe to drop.
    pub(crate) async fn moves_beyond(&self, sent: u64) {
        while self.sent() <= sent {
            self.moved.notified().await;
        }
    }

    /// Waits until the stream was reset by either side. Safe to drop.
    pub(crate) async fn is_reset(&self) {
        self.over.cancelled().await;
    }

    fn with<T>(&self, ask: impl FnOnce(&mut Route) -> T) -> Option<T> {
        let mut routed = self.routes.lock();
        routed.routes.iter_mut().find(|route| route.token == self.token).map(ask)
    }
}

impl Drop for RouteGuard {
    fn drop(&mut self) {
        self.routes.lock().routes.retain(|route| route.token != self.token);
    }
}
