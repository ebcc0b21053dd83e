//! One coding of a chain: which library undoes it, how its errors read, where it ends.
//!
//! A gzip body may have many members (RFC 1952, section 2.2) and a zstd body many frames (RFC 8878,
//! section 3); what follows the last and is neither is ignored and named. Each is opened when its
//! first byte is there, since an empty body has no header.

use std::io::{self, BufRead, Cursor, ErrorKind, Read};
use std::mem;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, mpsc};

use flate2::bufread::{DeflateDecoder, GzDecoder, ZlibDecoder};
use zstd::stream::read::Decoder as ZstdDecoder;

use super::brotli::BrotliDecoder;

/// Where a coding's bytes come from: the pieces of the body or the coding around it.
pub(super) type Source = Box<dyn BufRead + Send>;

/// Largest zstd window, 8 MiB as a power of two: a hostile frame could claim 128 MiB.
const WINDOW_LOG: u32 = 23;
/// Bytes of a coding that ends so soon, before more than that of something else, are taken for an
/// accident: without a check of its own any text may begin like it.
const ACCIDENT: u64 = 1024;
/// How the words begin for bytes that are something else altogether.
const FOREIGN: &str = "the data is not ";

/// Why decoding stopped. What was handed out before stays valid.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{coding}: {message}")]
pub struct DecodeError {
    /// The coding that failed, as announced.
    pub coding: String,
    /// What is wrong, in words.
    pub message: String,
}

/// A body, member or frame being read by a library.
trait Member: Read + Send {
    /// What it reads from; after its end, what follows.
    fn source(&mut self) -> &mut Source;

    /// Whether its end proves what came before.
    fn is_checked(&self) -> bool {
        true
    }
}

/// What is known of a coding.
struct Coding {
    names: &'static [&'static str],
    open: fn(Source) -> io::Result<Box<dyn Member>>,
    /// Whether another member may begin with this byte.
    may_follow: fn(u8) -> bool,
    /// It begins with a signature, so that something else is told at its first bytes.
    is_signed: bool,
}

const CODINGS: &[Coding] = &[
    Coding {
        names: &["gzip", "x-gzip"],
        open: |source| Ok(Box::new(GzDecoder::new(source))),
        may_follow: |first| first == 0x1f,
        is_signed: true,
    },
    Coding {
        names: &["deflate"],
        open: |source| Ok(Box::new(Deflated { begin: Vec::new(), source, member: None })),
        may_follow: |_| false,
        is_signed: false,
    },
    Coding {
        names: &["br"],
        open: |source| Ok(Box::new(BrotliDecoder::new(source))),
        may_follow: |_| false,
        is_signed: false,
    },
    Coding {
        names: &["zstd"],
        open: |source| {
            let mut decoder = ZstdDecoder::with_buffer(source)?.single_frame();
            decoder.window_log_max(WINDOW_LOG)?;
            Ok(Box::new(decoder))
        },
        // A frame begins with 28, a skippable one with 50 to 5F.
        may_follow: |first| first == 0x28 || first & 0xf0 == 0x50,
        is_signed: true,
    },
];

/// The zlib format as RFC 9110 says, or raw deflate as some servers send. The first two bytes tell
/// which: a zlib header is a checked pair that no encoder begins raw deflate with.
struct Deflated {
    begin: Vec<u8>,
    source: Source,
    /// Opened once the beginning is there.
    member: Option<Box<dyn Member>>,
}

impl Deflated {
    fn open(&mut self) -> io::Result<&mut Box<dyn Member>> {
        while self.member.is_none() && self.begin.len() < 2 {
            let Some(&next) = self.source.fill_buf()?.first() else { break };
            self.source.consume(1);
            self.begin.push(next);
        }
        let (begin, source) = (&mut self.begin, &mut self.source);
        Ok(self.member.get_or_insert_with(|| {
            let is_zlib = matches!(**begin, [first, second]
                if first & 0x0f == 8 && u16::from_be_bytes([first, second]).is_multiple_of(31));
            let source = mem::replace(source, Box::new(io::empty()));
            let source: Source = Box::new(Cursor::new(mem::take(begin)).chain(source));
            if is_zlib {
                Box::new(ZlibDecoder::new(source))
            } else {
                Box::new(DeflateDecoder::new(source))
            }
        }))
    }
}

impl Read for Deflated {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.open()?.read(out)
    }
}

impl Member for Deflated {
    fn source(&mut self) -> &mut Source {
        match &mut self.member {
            Some(member) => member.source(),
            None => &mut self.source,
        }
    }

    fn is_checked(&self) -> bool {
        self.member.as_ref().is_none_or(|member| member.is_checked())
    }
}

impl Member for GzDecoder<Source> {
    fn source(&mut self) -> &mut Source {
        self.get_mut()
    }
}

impl Member for ZlibDecoder<Source> {
    fn source(&mut self) -> &mut Source {
        self.get_mut()
    }
}

impl Member for DeflateDecoder<Source> {
    fn source(&mut self) -> &mut Source {
        self.get_mut()
    }

    fn is_checked(&self) -> bool {
        false
    }
}

impl Member for BrotliDecoder<Source> {
    fn source(&mut self) -> &mut Source {
        self.get_mut()
    }

    fn is_checked(&self) -> bool {
        false
    }
}

impl Member for ZstdDecoder<'static, Source> {
    fn source(&mut self) -> &mut Source {
        self.get_mut()
    }
}

/// Counts what is taken from a source.
struct CountedSource {
    source: Source,
    used: Arc<AtomicU64>,
}

impl Read for CountedSource {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let read = self.source.read(out)?;
        self.used.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}

impl BufRead for CountedSource {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.source.fill_buf()
    }

    fn consume(&mut self, used: usize) {
        self.used.fetch_add(used as u64, Ordering::Relaxed);
        self.source.consume(used);
    }
}

/// One coding being undone.
pub(super) struct CodingReader {
    coding: &'static Coding,
    /// The open member; it owns the source meanwhile.
    member: Option<Box<dyn Member>>,
    source: Source,
    /// Bytes taken from the source.
    used: Arc<AtomicU64>,
    /// All members that are complete proved themselves.
    is_proved: bool,
    /// Members that are complete.
    members: u64,
    remarks: mpsc::Sender<String>,
}

fn find(name: &str) -> Option<&'static Coding> {
    let known = |coding: &&Coding| coding.names.iter().any(|n| n.eq_ignore_ascii_case(name));
    CODINGS.iter().find(known)
}

/// Whether a coding of this name can be undone here.
#[must_use]
pub(crate) fn is_known(name: &str) -> bool {
    find(name).is_some()
}

/// Whether something else is known by its first bytes when it is called so.
#[must_use]
pub(crate) fn is_signed(name: &str) -> bool {
    find(name).is_some_and(|coding| coding.is_signed)
}

impl CodingReader {
    /// Undoes the coding of this name; refuses one we do not know.
    pub(super) fn new(
        name: &str,
        source: Source,
        remarks: mpsc::Sender<String>,
    ) -> Result<Self, DecodeError> {
        let coding = find(name).ok_or_else(|| {
            let message = "unknown content coding".into();
            DecodeError { coding: name.into(), message }
        })?;
        let used = Arc::new(AtomicU64::new(0));
        let source: Source = Box::new(CountedSource { source, used: Arc::clone(&used) });
        let (member, is_proved, members) = (None, true, 0);
        Ok(CodingReader { coding, member, source, used, is_proved, members, remarks })
    }

    fn name(&self) -> &'static str {
        self.coding.names[0]
    }

    fn read_members(&mut self, out: &mut [u8]) -> io::Result<usize> {
        loop {
            let Some(member) = &mut self.member else {
                let Some(&first) = self.source.fill_buf()?.first() else { return Ok(0) };
                if self.members > 0 && !(self.coding.may_follow)(first) {
                    self.refuse_accidents()?;
                    return Ok(self.ignore_rest());
                }
                let source = mem::replace(&mut self.source, Box::new(io::empty()));
                self.member = Some((self.coding.open)(source)?);
                continue;
            };
            let made = member.read(out)?;
            if made > 0 || out.is_empty() {
                return Ok(made);
            }
            self.is_proved &= member.is_checked();
            self.source = mem::replace(member.source(), Box::new(io::empty()));
            self.member = None;
            self.members += 1;
        }
    }

    /// Data that nothing proves and that ends before most of the bytes is something else.
    fn refuse_accidents(&mut self) -> io::Result<()> {
        let used = self.used.load(Ordering::Relaxed);
        if self.is_proved || used >= ACCIDENT {
            return Ok(());
        }
        let more = io::copy(&mut self.source.by_ref().take(used + 1), &mut io::sink())?;
        if more <= used {
            return Ok(());
        }
        let message = format!("{FOREIGN}{}", self.name());
        let error = DecodeError { coding: self.name().into(), message };
        Err(io::Error::new(ErrorKind::InvalidData, error))
    }

    /// The end, with a remark; nothing is read any more.
    fn ignore_rest(&mut self) -> usize {
        let _ = self.remarks.send(format!("{}: bytes after its end are ignored", self.name()));
        self.stop();
        0
    }

    fn stop(&mut self) {
        self.member = None;
        self.source = Box::new(io::empty());
    }

    /// The error of the library in our words.
    fn explain(&self, error: &io::Error) -> String {
        let text = error.to_string().to_ascii_lowercase();
        if error.kind() == ErrorKind::UnexpectedEof {
            "the data is cut off".into()
        } else if text.contains("gzip header") || text.contains("unknown frame") {
            format!("{FOREIGN}{}", self.name())
        } else if text.contains("memory") || text.contains("window") {
            "a window larger than the 8 MiB RFC 9659 allows".into()
        } else if text.contains("checksum") {
            "the checksum does not match; the data is corrupt".into()
        } else {
            format!("the data is corrupt ({text})")
        }
    }
}

impl Read for CodingReader {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let error = match self.read_members(out) {
            Ok(made) => return Ok(made),
            Err(error) => error,
        };
        // More is to come.
        if error.kind() == ErrorKind::WouldBlock {
            return Err(error);
        }
        // That of a coding further out is in words already.
        if error.get_ref().and_then(|inner| inner.downcast_ref::<DecodeError>()).is_some() {
            self.stop();
            return Err(error);
        }
        let message = self.explain(&error);
        if self.members > 0 && message.starts_with(FOREIGN) {
            return Ok(self.ignore_rest());
        }
        self.stop();
        Err(io::Error::new(error.kind(), DecodeError { coding: self.name().into(), message }))
    }
}
