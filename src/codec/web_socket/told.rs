//! Frames of a message in words, read again from the bytes that crossed.

use super::frame::{FrameHeader, Opcode};
use crate::model::counts::counted;

/// The frames of a message, one after the other, each with where it begins; the last may be cut.
pub(crate) fn frames(bytes: &[u8]) -> impl Iterator<Item = (usize, FrameHeader)> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let header = FrameHeader::read(bytes.get(at..)?)?;
        let begins = at;
        let size = usize::try_from(header.len).ok()?.saturating_add(header.size());
        at = at.saturating_add(size);
        Some((begins, header))
    })
}

/// What these frames are: text, binary, ping …; `None` = no frames.
pub(crate) fn kind(frames: &[u8]) -> Option<&'static str> {
    Opcode::of(frames.first()? & 0x0F).map(Opcode::word)
}

/// What is to be told of the frames of a message of `len` bytes beyond its kind, if anything: `3 frames`, `packed to 17 bytes`.
pub(crate) fn oddities(bytes: &[u8], len: u64) -> Option<String> {
    let (mut count, mut payload, mut is_packed) = (0, 0_u64, false);
    for (_, header) in frames(bytes) {
        count += 1;
        payload = payload.saturating_add(header.len);
        is_packed |= header.is_packed();
    }
    let mut told = Vec::new();
    if count > 1 {
        told.push(counted(count, "frame"));
    }
    if is_packed {
        told.push(format!("{} packed to {payload}", counted(len, "byte")));
    }
    (!told.is_empty()).then(|| told.join(", "))
}
