//! What a WebSocket sends: messages in order, and between them what is about the connection, each a frame that is
//! told when the last of it has left.

use std::collections::VecDeque;
use std::io;
use std::time::Duration;

use bytes::Bytes;
use tokio::io::{AsyncWrite, AsyncWriteExt as _};
use tokio::time::Instant;

use crate::codec::message_deflate::MessageDeflater;
use crate::codec::web_socket::close::CloseReason;
use crate::codec::web_socket::frame::Opcode;
use crate::codec::web_socket::message_writer::FrameWriter;
use crate::engine::outbound::{OutboundMessage, OutboundQueue};
use crate::engine::random;
use crate::engine::sink::{Sink, StampGuard};
use crate::model::failure::{Failure, FailureKind, Stage};
use crate::model::web_socket::MessageKind;

/// Most bytes of one write.
const WRITE: usize = 256 * 1024;
/// Pings and pongs waiting above which nothing more is read.
const CONTROLS: usize = 64;

/// Everything that waits to be sent.
pub(super) struct Outgoing {
    messages: OutboundQueue,
    kinds: MessageKind,
    /// What goes before messages.
    controls: VecDeque<(Opcode, Bytes)>,
    /// What goes behind all of them.
    closing: Option<CloseReason>,
    writer: FrameWriter,
    masks: bool,
    current: Option<Leaving>,
    is_closed: bool,
}

/// A frame on its way.
struct Leaving {
    frame: LeftFrame,
    at: usize,
    /// Bytes that were accepted but not flushed yet (TLS buffers).
    unflushed: usize,
}

/// A frame that has left.
pub(super) struct LeftFrame {
    pub(super) opcode: Opcode,
    pub(super) data: Bytes,
    pub(super) frame: Bytes,
}

impl Outgoing {
    /// Nothing waits. `packs` = messages are packed, each by itself or not.
    pub(super) fn new(kinds: MessageKind, masks: bool, packs: Option<bool>) -> Self {
        Outgoing {
            messages: OutboundQueue::default(),
            kinds,
            controls: VecDeque::new(),
            closing: None,
            writer: FrameWriter::new(packs.map(MessageDeflater::new)),
            masks,
            current: None,
            is_closed: false,
        }
    }

    /// Queues a message.
    ///
    /// # Errors
    /// It cannot be sent as messages are to be sent.
    pub(super) fn push(
        &mut self,
        message: OutboundMessage,
        delay: Duration,
    ) -> Result<(), &'static str> {
        if self.kinds == MessageKind::Text && std::str::from_utf8(&message.data).is_err() {
            return Err("the message is not UTF-8, and messages are sent as text");
        }
        self.messages.push(message, delay);
        Ok(())
    }

    /// Queues what is about the connection; it goes before messages.
    pub(super) fn control(&mut self, opcode: Opcode, payload: Bytes) {
        if !self.is_closed && self.closing.is_none() {
            self.controls.push_back((opcode, payload));
        }
    }

    /// Queues the close behind everything else.
    pub(super) fn close(&mut self, reason: CloseReason) {
        self.closing = Some(reason);
    }

    /// Lets go of all messages that have not begun; gives their bytes.
    pub(super) fn forget(&mut self) -> usize {
        let unsent = self.messages.unsent();
        self.messages = OutboundQueue::default();
        self.controls.clear();
        unsent
    }

    /// Lets go of messages that wait for their time.
    pub(super) fn forget_delayed(&mut self) {
        self.messages.forget_delayed();
    }

    /// Bytes of messages still to be sent.
    pub(super) fn unsent(&self) -> usize {
        let current = self.current.as_ref().map_or(0, |it| it.frame.frame.len() - it.at);
        self.messages.unsent() + current
    }

    /// When the next delayed message is due.
    pub(super) fn next_due(&self) -> Option<Instant> {
        self.messages.next_due()
    }

    /// Queues what is due.
    pub(super) fn release_due(&mut self, now: Instant) {
        self.messages.release_due(now);
    }

    /// More may be sent by a person.
    pub(super) fn has_room(&self) -> bool {
        self.messages.has_room()
    }

    /// More may be received that will be answered.
    pub(super) fn has_room_for_answers(&self) -> bool {
        self.messages.has_room_for_answers() && self.controls.len() < CONTROLS
    }

    /// Whether a frame is on its way.
    pub(super) fn is_writing(&self) -> bool {
        self.current.is_some()
    }

    /// Whether nothing waits that has no time of its own.
    pub(super) fn is_idle(&self) -> bool {
        self.current.is_none() && self.messages.front().is_none()
    }

    /// Makes the next frame, unless one is on its way.
    pub(super) fn begin_next(&mut self, peer: &str) -> Result<(), Failure> {
        if self.current.is_some() || self.is_closed {
            return Ok(());
        }
        let (opcode, data) = if let Some(control) = self.controls.pop_front() {
            control
        } else if let Some(message) = self.messages.pop() {
            (self.kind(&message), message.data)
        } else if let Some(reason) = self.closing.take() {
            self.is_closed = true;
            (Opcode::Close, reason.payload().into())
        } else {
            return Ok(());
        };
        let key = self
            .masks
            .then(random::bytes::<4>)
            .transpose()
            .map_err(|cause| Failure::new(Stage::Send, peer, FailureKind::Io, cause))?;
        let frame = self.writer.frame(opcode, &data, key);
        let frame = LeftFrame { opcode, data, frame };
        self.current = Some(Leaving { frame, at: 0, unflushed: 0 });
        Ok(())
    }

    fn kind(&self, message: &OutboundMessage) -> Opcode {
        let is_text = match self.kinds {
            MessageKind::Text => true,
            MessageKind::Binary => false,
            MessageKind::Auto => !message.is_binary && std::str::from_utf8(&message.data).is_ok(),
        };
        if is_text { Opcode::Text } else { Opcode::Binary }
    }

    /// Writes a piece of the frame on its way, or our FIN where there is none, and says when. True = the last of it
    /// has left. Safe to drop and call again.
    pub(super) async fn transmit_or_finish(
        &mut self,
        write: &mut (impl AsyncWrite + Unpin),
        events: &Sink,
    ) -> (io::Result<bool>, StampGuard) {
        let Some(current) = &mut self.current else {
            return events.timed(async { write.shutdown().await.map(|()| true) }).await;
        };
        events.ready().await;
        events.timed(current.transmit(write)).await
    }

    /// Takes the frame out whose last byte has left.
    pub(super) fn taken_out(&mut self) -> Option<LeftFrame> {
        self.current.take().map(|current| current.frame)
    }
}

impl Leaving {
    async fn transmit(&mut self, write: &mut (impl AsyncWrite + Unpin)) -> io::Result<bool> {
        let bytes = &self.frame.frame;
        if self.unflushed == 0 {
            let end = bytes.len().min(self.at + WRITE);
            self.unflushed = write.write(&bytes[self.at..end]).await?;
            if self.unflushed == 0 {
                return Err(io::ErrorKind::WriteZero.into());
            }
        }
        write.flush().await?;
        self.at += std::mem::take(&mut self.unflushed);
        Ok(self.at == bytes.len())
    }
}
