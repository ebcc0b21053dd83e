//! What the first bytes of a body say about the coding it names: whether they can be in it, and what
//! they are instead.
//!
//! Called when a coding cannot be undone, to tell a body that is cut off or corrupt from one that is
//! something else. Codings without a signature (`br`, raw deflate) are denied to text, which no
//! encoder makes, and to what bears the signature of another.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How the words begin for bytes that are something else altogether.
pub(super) const FOREIGN: &str = "the data is not ";

const GZIP: [u8; 2] = [0x1f, 0x8b];
const ZSTD: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
/// Of a frame to be skipped, behind a byte from 0x50 to 0x5f (RFC 8878, section 3.1.2).
const SKIPPED: [u8; 3] = [0x2a, 0x4d, 0x18];

/// What a source and the reader of its coding share.
#[derive(Default)]
pub(super) struct CodedStart {
    /// The first bytes of the source.
    pub(super) begin: Vec<u8>,
    /// Bytes that were taken and go back, to be read before all others.
    pub(super) back: Vec<u8>,
}

/// A coding of a chain, and what it was given.
#[derive(Clone)]
pub(super) struct CodedLayer {
    /// As its table names it.
    pub(super) name: &'static str,
    /// It begins with a signature.
    pub(super) is_signed: bool,
    pub(super) watched: Arc<Mutex<CodedStart>>,
}

impl CodedLayer {
    /// Only one reader locks it.
    pub(super) fn watched(&self) -> MutexGuard<'_, CodedStart> {
        self.watched.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// That the first bytes are not in this coding, in words; `None` = they can be.
    pub(super) fn lie(&self) -> Option<String> {
        let begin = &self.watched().begin;
        let other = signed(begin).filter(|other| *other != self.name);
        let is_lie = match self.name {
            "gzip" => !agrees(begin, &GZIP),
            "zstd" => !agrees(begin, &ZSTD) && !is_skipped(begin),
            _ => other.is_some() || !begin.is_empty() && begin.iter().copied().all(is_of_text),
        };
        let what = other.map_or(String::new(), |other| format!("; it begins as {other} does"));
        is_lie.then(|| format!("{FOREIGN}{}{what}", self.name))
    }
}

/// Whether bytes are, as far as they go, those of a signature.
fn agrees(begin: &[u8], signature: &[u8]) -> bool {
    begin.iter().zip(signature).all(|(byte, wanted)| byte == wanted)
}

fn is_skipped(begin: &[u8]) -> bool {
    let [first, rest @ ..] = begin else { return true };
    matches!(first, 0x50..=0x5f) && agrees(rest, &SKIPPED)
}

/// Whether another member of gzip follows, or another frame of zstd.
pub(super) fn continues_gzip(begin: &[u8]) -> bool {
    begin == GZIP
}

/// The same for zstd: a frame, or one to be skipped.
pub(super) fn continues_zstd(begin: &[u8]) -> bool {
    begin.len() >= ZSTD.len() && (agrees(begin, &ZSTD) || is_skipped(begin))
}

/// The coding whose signature these bytes bear.
fn signed(begin: &[u8]) -> Option<&'static str> {
    match begin {
        [0x1f, 0x8b, 8, ..] => Some("gzip"),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => Some("zstd"),
        // What encoders write of the headers zlib has.
        [0x78, 0x01 | 0x5e | 0x9c | 0xda, ..] => Some("deflate"),
        _ => None,
    }
}

/// Whether a byte stands in a text of lines, in UTF-8 or an older charset.
#[must_use]
pub(crate) fn is_of_text(byte: u8) -> bool {
    byte >= b' ' && byte != 0x7f || matches!(byte, b'\t' | b'\r' | b'\n')
}

/// Whether bytes that begin so are text in UTF-8: no coding makes anything like it.
pub(super) fn is_text(begin: &[u8]) -> bool {
    let text = match str::from_utf8(begin) {
        Ok(text) => text,
        Err(error) if error.error_len().is_none() => {
            str::from_utf8(&begin[..error.valid_up_to()]).unwrap_or_default()
        }
        Err(_) => return false,
    };
    !text.is_empty() && !text.contains(|c: char| c.is_control() && !"\t\n\r".contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_beginning_tells_what_it_cannot_be() {
        let lie = |name, begin: &[u8]| {
            let watched = CodedStart { begin: begin.to_vec(), ..CodedStart::default() };
            let is_signed = matches!(name, "gzip" | "zstd");
            CodedLayer { name, is_signed, watched: Arc::new(Mutex::new(watched)) }.lie()
        };
        for (name, begin) in [
            ("gzip", &b""[..]),
            ("gzip", b"\x1f"),
            ("gzip", b"\x1f\x8b\x08"),
            ("zstd", b"\x28\xb5"),
            ("zstd", b"\x53\x2a\x4d\x18"),
            ("zstd", b"\x50"),
            ("deflate", b"\x78\x9c\x03"),
            ("deflate", b"\x4b\x04\x00"),
            ("br", b"\x0b\x02\x80"),
            ("br", b""),
        ] {
            assert_eq!(lie(name, begin), None, "{name} {begin:?}");
        }
        for (name, begin, instead) in [
            ("gzip", &b"h"[..], ""),
            ("gzip", b"\x28\xb5\x2f\xfd", "; it begins as zstd does"),
            ("gzip", b"\x78\x9c\x03", "; it begins as deflate does"),
            ("zstd", b"\x1f\x8b\x08\0", "; it begins as gzip does"),
            ("zstd", b"{}", ""),
            ("deflate", b"hello", ""),
            ("deflate", b"gr\xfc\xdfe", ""),
            ("deflate", b"\x1f\x8b\x08\0", "; it begins as gzip does"),
            ("br", b"\x78\xda\x03", "; it begins as deflate does"),
            ("br", b"[1]\r\n", ""),
        ] {
            assert_eq!(lie(name, begin), Some(format!("{FOREIGN}{name}{instead}")), "{begin:?}");
        }
    }
}
