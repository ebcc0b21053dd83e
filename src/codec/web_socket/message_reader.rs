//! Messages put together from the bytes of one side, however these are cut.
//!
//! Every frame is kept as it crossed beside the message it carries. What breaks the protocol is a [`FrameFlaw`] with
//! the code that answers it (RFC 6455, section 7.1.7); nothing behind one is read.

use bytes::{Bytes, BytesMut};

use super::MESSAGE;
use super::close::{self, CloseReason};
use super::frame::{CONTROL, FrameHeader, Opcode, mask};
use crate::codec::message_deflate::{InflateFlaw, MessageInflater};
use crate::model::counts::counted;

/// A message, or what a control frame says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CameMessage {
    pub(crate) opcode: Opcode,
    /// Without masks, and unpacked.
    pub(crate) data: Bytes,
    /// Its frames as they crossed, one behind the other.
    pub(crate) frames: Bytes,
}

/// Why a connection cannot go on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FrameFlaw {
    /// The code that says so to the peer.
    pub(crate) code: u16,
    pub(crate) why: String,
    /// What it is about, as far as it came.
    pub(crate) frames: Bytes,
}

/// A message of which frames are still to come.
#[derive(Debug)]
struct Fragments {
    opcode: Opcode,
    is_packed: bool,
    /// Without masks, and still packed.
    payload: BytesMut,
    frames: BytesMut,
    count: u64,
}

/// Reads what one side says.
#[derive(Debug)]
pub(crate) struct MessageReader {
    /// Frames have to have a mask, as those of clients have; else they must have none.
    masked: bool,
    inflater: Option<MessageInflater>,
    bytes: BytesMut,
    begun: Option<Fragments>,
    /// A close came, or a flaw: nothing behind it counts.
    is_over: bool,
}

impl MessageReader {
    /// At the first byte of a side; `masked` = it is a client. Messages are unpacked with `inflater`.
    pub(crate) fn new(masked: bool, inflater: Option<MessageInflater>) -> Self {
        MessageReader { masked, inflater, bytes: BytesMut::new(), begun: None, is_over: false }
    }

    /// More bytes came.
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// Bytes behind what was read that are no whole frame, or behind the end.
    pub(crate) fn rest(&mut self) -> Bytes {
        self.bytes.split().freeze()
    }

    /// The next message; `None` = more bytes are needed, or it is over.
    ///
    /// # Errors
    /// The protocol is broken.
    pub(crate) fn next(&mut self) -> Result<Option<CameMessage>, FrameFlaw> {
        while !self.is_over {
            let Some(header) = FrameHeader::read(&self.bytes) else { return Ok(None) };
            let opcode = self.checked(&header).map_err(|flaw| self.ended(flaw))?;
            let size = header.size() + header.len as usize;
            if self.bytes.len() < size {
                return Ok(None);
            }
            let frame = self.bytes.split_to(size);
            let came = self.taken(&header, opcode, frame).map_err(|(flaw, frames)| {
                self.is_over = true;
                FrameFlaw { code: flaw.0, why: flaw.1, frames }
            })?;
            if let Some(message) = came {
                self.is_over = message.opcode == Opcode::Close;
                return Ok(Some(message));
            }
        }
        Ok(None)
    }

    /// What is left half when nothing more comes, in words.
    pub(crate) fn half(&self) -> Option<String> {
        if self.is_over {
            return None;
        }
        let left = self.bytes.len() as u64;
        match (&self.begun, left) {
            (None, 0) => None,
            (None, left) => {
                Some(format!("{} of a frame whose end did not come", counted(left, "byte")))
            }
            (Some(begun), _) => Some(format!(
                "a {} message whose end did not come: {} in {}",
                begun.opcode.word(),
                counted(begun.payload.len() as u64 + left, "byte"),
                counted(begun.count, "frame")
            )),
        }
    }

    fn ended(&mut self, (code, why): (u16, String)) -> FrameFlaw {
        self.is_over = true;
        FrameFlaw { code, why, frames: self.bytes.split().freeze() }
    }

    /// What a header may be here.
    fn checked(&self, header: &FrameHeader) -> Result<Opcode, (u16, String)> {
        let known = Opcode::of(header.opcode);
        let is_data = matches!(known, Some(Opcode::Text | Opcode::Binary));
        let may_be_packed = self.inflater.is_some() && is_data;
        let given = if may_be_packed { FrameHeader::PACKED } else { 0 };
        if let Some(why) = without_meaning(header.reserved & !given) {
            return Err((close::PROTOCOL, why));
        }
        let Some(opcode) = known else {
            return Err((close::PROTOCOL, format!("the opcode {} has no meaning", header.opcode)));
        };
        if let Some(why) = self.flaw(header, opcode) {
            return Err((close::PROTOCOL, why));
        }
        let before = self.begun.as_ref();
        let before = before.map_or(0, |begun| begun.payload.len().max(begun.frames.len()) as u64);
        let len = header.len.saturating_add(before);
        if !opcode.is_control() && len > MESSAGE as u64 {
            let why = format!("a message of {len} bytes or more is longer than {MESSAGE}");
            return Err((close::TOO_BIG, why));
        }
        Ok(opcode)
    }

    /// What is wrong with a header of this kind here.
    fn flaw(&self, header: &FrameHeader, opcode: Opcode) -> Option<String> {
        let (word, is_control) = (opcode.word(), opcode.is_control());
        match (header.mask, self.masked) {
            (None, true) => return Some("a frame of the client has no mask".to_owned()),
            (Some(_), false) => return Some("a frame of the server has a mask".to_owned()),
            (Some(_), true) | (None, false) => {}
        }
        if is_control && (header.len > CONTROL || header.len_bytes > 1) {
            let len = counted(header.len, "byte");
            return Some(format!("a {word} has {len}, and may have {CONTROL} at most"));
        }
        if is_control && !header.is_last {
            return Some(format!("a {word} is in fragments, which it must not be"));
        }
        if header.len_bytes == 8 && header.len >> 63 != 0 {
            return Some("the length of a frame has its first bit set".to_owned());
        }
        if header.is_long_winded() {
            return Some(format!("the length {} is said in more bytes than it takes", header.len));
        }
        match (&self.begun, opcode) {
            (None, Opcode::Continuation) => Some("a frame continues no message".to_owned()),
            (Some(begun), Opcode::Text | Opcode::Binary) => {
                let before = begun.opcode.word();
                Some(format!("a {word} message begins inside of a {before} message"))
            }
            _ => None,
        }
    }

    /// Takes a whole frame in.
    fn taken(
        &mut self,
        header: &FrameHeader,
        opcode: Opcode,
        frame: BytesMut,
    ) -> Result<Option<CameMessage>, ((u16, String), Bytes)> {
        let mut frame = frame;
        let wire = header.mask.map(|_| Bytes::copy_from_slice(&frame));
        if let Some(key) = header.mask {
            mask(&mut frame[header.size()..], key);
        }
        let whole = frame.freeze();
        let payload = whole.slice(header.size()..);
        let wire = wire.unwrap_or(whole);
        if opcode.is_control() {
            if opcode == Opcode::Close {
                CloseReason::read(&payload).map_err(|flaw| (flaw, wire.clone()))?;
            }
            return Ok(Some(CameMessage { opcode, data: payload, frames: wire }));
        }
        if header.is_last && self.begun.is_none() {
            return self.message(opcode, header.is_packed(), payload, wire).map(Some);
        }
        let begun = self.begun.get_or_insert_with(|| Fragments {
            opcode,
            is_packed: header.is_packed(),
            payload: BytesMut::new(),
            frames: BytesMut::new(),
            count: 0,
        });
        begun.payload.extend_from_slice(&payload);
        begun.frames.extend_from_slice(&wire);
        begun.count += 1;
        let Some(begun) = self.begun.take_if(|_| header.is_last) else { return Ok(None) };
        let Fragments { opcode, is_packed, payload, frames, .. } = begun;
        self.message(opcode, is_packed, payload.freeze(), frames.freeze()).map(Some)
    }

    /// A message whose last frame is here.
    fn message(
        &mut self,
        opcode: Opcode,
        is_packed: bool,
        payload: Bytes,
        frames: Bytes,
    ) -> Result<CameMessage, ((u16, String), Bytes)> {
        let data = match self.inflater.as_mut().filter(|_| is_packed) {
            None => payload,
            Some(inflater) => match inflater.unpacked(&payload, MESSAGE) {
                Ok(data) => data.into(),
                Err(InflateFlaw::TooLong) => {
                    let packed = counted(payload.len() as u64, "byte");
                    let why =
                        format!("{packed} of a packed message are more than {MESSAGE} unpacked");
                    return Err(((close::TOO_BIG, why), frames));
                }
                Err(InflateFlaw::Broken) => {
                    let why = "a packed message cannot be unpacked".to_owned();
                    return Err(((close::INVALID, why), frames));
                }
            },
        };
        if opcode == Opcode::Text
            && let Err(error) = std::str::from_utf8(&data)
        {
            let why = format!("a text message is not UTF-8: byte {}", error.valid_up_to());
            return Err(((close::INVALID, why), frames));
        }
        Ok(CameMessage { opcode, data, frames })
    }
}

/// What there is to say of reserved bits that no extension gives a meaning.
fn without_meaning(reserved: u8) -> Option<String> {
    let bits = [(4, "RSV1"), (2, "RSV2"), (1, "RSV3")].into_iter();
    let set: Vec<&str> =
        bits.filter(|(bit, _)| reserved & bit != 0).map(|(_, name)| name).collect();
    let (is, them) = match set.len() {
        0 => return None,
        1 => ("is", "it"),
        _ => ("are", "them"),
    };
    Some(format!("{} {is} set, and no extension gives {them} a meaning", set.join(" and ")))
}

#[cfg(test)]
mod reader_tests;
