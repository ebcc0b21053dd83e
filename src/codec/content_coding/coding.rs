//! One coding of a chain: which library undoes it, how its errors read, where it ends.
//!
//! A gzip body may have many members (RFC 1952, section 2.2) and a zstd body many frames (RFC 8878,
//! section 3); what follows the last and is neither is ignored and named. Each is opened when its
//! first byte is there, since an empty body has no header.

use std::io::{self, BufRead, Cursor, ErrorKind, Read};
use std::mem;
use std::sync::{Arc, Mutex, PoisonError, mpsc};

use flate2::bufread::{DeflateDecoder, GzDecoder, ZlibDecoder};
use zstd::stream::read::Decoder as ZstdDecoder;

use super::beginning::{CodedLayer, CodedStart, FOREIGN, continues_gzip, continues_zstd, is_text};
use super::brotli::BrotliDecoder;

/// Where a coding's bytes come from: the pieces of the body or the coding around it.
pub(super) type Source = Box<dyn BufRead + Send>;

/// Largest zstd window, 8 MiB as a power of two: a hostile frame could claim 128 MiB.
const WINDOW_LOG: u32 = 23;
/// Bytes of a beginning that are looked at to tell whether they are text.
const BEGINNING: usize = 1024;

/// Why decoding stopped. What was handed out before stays valid.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{coding}: {message}")]
pub struct DecodeError {
    /// The coding that failed, as announced.
    pub coding: String,
    /// What is wrong, in words.
    pub message: String,
    /// The bytes are something else altogether, not this coding damaged.
    pub is_foreign: bool,
}

impl DecodeError {
    /// As readers say it. That something is not what it says is no matter of its end.
    pub(super) fn of(coding: &str, kind: ErrorKind, message: String) -> io::Error {
        let is_foreign = message.starts_with(FOREIGN);
        let kind = if is_foreign { ErrorKind::InvalidData } else { kind };
        io::Error::new(kind, DecodeError { coding: coding.into(), message, is_foreign })
    }
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
    /// Bytes that tell whether another member follows, 1 where none does.
    signature: usize,
    /// Whether another member begins with these.
    may_follow: fn(&[u8]) -> bool,
    /// It begins with a signature, so that something else is told at its first bytes.
    is_signed: bool,
}

const CODINGS: &[Coding] = &[
    Coding {
        names: &["gzip", "x-gzip"],
        open: |source| Ok(Box::new(GzDecoder::new(source))),
        signature: 2,
        may_follow: continues_gzip,
        is_signed: true,
    },
    Coding {
        names: &["deflate"],
        open: |source| Ok(Box::new(Deflated { begin: Vec::new(), source, member: None })),
        signature: 1,
        may_follow: |_| false,
        is_signed: false,
    },
    Coding {
        names: &["br"],
        open: |source| Ok(Box::new(BrotliDecoder::new(source))),
        signature: 1,
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
        signature: 4,
        may_follow: continues_zstd,
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

impl Member for BrotliDecoder {
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

/// A source that remembers its first bytes, and takes some back.
struct WatchedSource {
    source: Source,
    watched: Arc<Mutex<CodedStart>>,
    /// What was taken back and not read again.
    front: Vec<u8>,
    /// Bytes of the source that were taken, as far as its beginning goes.
    used: usize,
}

impl Read for WatchedSource {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let read = self.fill_buf()?.read(out)?;
        self.consume(read);
        Ok(read)
    }
}

impl BufRead for WatchedSource {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        let mut watched = self.watched.lock().unwrap_or_else(PoisonError::into_inner);
        self.front.append(&mut watched.back);
        if !self.front.is_empty() {
            return Ok(&self.front);
        }
        let shown = self.source.fill_buf()?;
        if self.used < BEGINNING {
            let fresh = shown.iter().skip(watched.begin.len() - self.used);
            let room = BEGINNING - watched.begin.len();
            watched.begin.extend(fresh.take(room));
        }
        Ok(shown)
    }

    fn consume(&mut self, used: usize) {
        if self.front.is_empty() {
            self.used = (self.used + used).min(BEGINNING);
            self.source.consume(used);
        } else {
            self.front.drain(..used);
        }
    }
}

/// One coding being undone.
pub(super) struct CodingReader {
    coding: &'static Coding,
    /// The open member; it owns the source meanwhile.
    member: Option<Box<dyn Member>>,
    source: Source,
    /// Taken from the source, for the member that may follow.
    ahead: Vec<u8>,
    layer: CodedLayer,
    /// Something was made of it.
    has_made: bool,
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
            DecodeError { coding: name.into(), message, is_foreign: true }
        })?;
        let watched = Arc::<Mutex<CodedStart>>::default();
        let (shared, front) = (Arc::clone(&watched), Vec::new());
        let source = Box::new(WatchedSource { source, watched: shared, front, used: 0 });
        let layer = CodedLayer { name: coding.names[0], is_signed: coding.is_signed, watched };
        Ok(CodingReader {
            coding,
            member: None,
            source,
            ahead: Vec::new(),
            layer,
            has_made: false,
            is_proved: true,
            members: 0,
            remarks,
        })
    }

    fn name(&self) -> &'static str {
        self.layer.name
    }

    /// What is known of it and of what it is given.
    pub(super) fn layer(&self) -> CodedLayer {
        self.layer.clone()
    }

    fn read_members(&mut self, out: &mut [u8]) -> io::Result<usize> {
        loop {
            let Some(member) = &mut self.member else {
                let is_over = if self.members > 0 {
                    self.look_ahead()?;
                    self.ahead.is_empty()
                } else {
                    self.source.fill_buf()?.is_empty()
                };
                if is_over {
                    return Ok(0);
                }
                if self.members > 0 && !(self.coding.may_follow)(&self.ahead) {
                    self.refuse_accidents()?;
                    return Ok(self.ignore_rest());
                }
                let source = mem::replace(&mut self.source, Box::new(io::empty()));
                let ahead = mem::take(&mut self.ahead);
                self.layer.watched().back.extend(ahead);
                self.member = Some((self.coding.open)(source)?);
                continue;
            };
            let made = member.read(out)?;
            if made > 0 || out.is_empty() {
                self.has_made |= made > 0;
                return Ok(made);
            }
            self.is_proved &= member.is_checked();
            self.source = mem::replace(member.source(), Box::new(io::empty()));
            self.member = None;
            self.members += 1;
        }
    }

    /// Takes in what tells whether another member follows. Goes on where it was when more is to come.
    fn look_ahead(&mut self) -> io::Result<()> {
        while self.ahead.len() < self.coding.signature {
            let Some(&next) = self.source.fill_buf()?.first() else { break };
            self.source.consume(1);
            self.ahead.push(next);
        }
        Ok(())
    }

    /// Data that nothing proves and that ends before the bytes do is something else when it is text,
    /// or nothing came of it: without a check of its own a coding may begin like anything.
    fn refuse_accidents(&self) -> io::Result<()> {
        if self.is_proved || (self.has_made && !is_text(&self.layer.watched().begin)) {
            return Ok(());
        }
        Err(self.error(ErrorKind::InvalidData, format!("{FOREIGN}{}", self.name())))
    }

    fn error(&self, kind: ErrorKind, message: String) -> io::Error {
        DecodeError::of(self.name(), kind, message)
    }

    /// The end, with a remark; nothing is read any more.
    fn ignore_rest(&mut self) -> usize {
        let _ = self.remarks.send(format!("{}: bytes after its end are ignored", self.name()));
        self.stop();
        0
    }

    fn stop(&mut self) {
        self.member = None;
        self.ahead.clear();
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
        let lie = self.layer.lie().filter(|_| self.members == 0);
        let message = lie.unwrap_or_else(|| self.explain(&error));
        if self.members > 0 && message.starts_with(FOREIGN) {
            return Ok(self.ignore_rest());
        }
        self.stop();
        Err(self.error(error.kind(), message))
    }
}
