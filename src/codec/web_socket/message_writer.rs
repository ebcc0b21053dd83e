//! Messages on their way out: each is one frame, packed where that was agreed.

use bytes::Bytes;

use super::frame::{FrameHeader, Opcode, mask};
use crate::codec::message_deflate::MessageDeflater;

/// Makes frames of the messages of one side.
#[derive(Debug, Default)]
pub(crate) struct FrameWriter {
    deflater: Option<MessageDeflater>,
}

impl FrameWriter {
    /// One that packs with this.
    pub(crate) fn new(deflater: Option<MessageDeflater>) -> Self {
        FrameWriter { deflater }
    }

    /// The frame of a message, under this mask.
    pub(crate) fn frame(&mut self, opcode: Opcode, message: &[u8], key: Option<[u8; 4]>) -> Bytes {
        let deflater =
            self.deflater.as_mut().filter(|_| !opcode.is_control() && !message.is_empty());
        let packed = deflater.map(|deflater| deflater.message(message));
        let payload = packed.as_deref().unwrap_or(message);
        let header = FrameHeader::whole(opcode, packed.is_some(), key, payload.len() as u64);
        let mut frame = Vec::with_capacity(header.size() + payload.len());
        header.write(&mut frame);
        frame.extend_from_slice(payload);
        if let Some(key) = key {
            mask(&mut frame[header.size()..], key);
        }
        frame.into()
    }
}
