//! Messages of DNS (RFC 1035): header, questions, records, with the names that point back.
//!
//! Called by `codec::decoded`; whoever asks a server reads its answer here, too. Whatever the bytes
//! are, what could be read is there, and `flaw` says where that ended and why.
//!
//! ```text
//!   0  id      2  flags    4  questions   6  answers   8  authorities   10  additional
//!   12 questions: name type class         records: name type class ttl length data
//!   name: 3 "www" 7 "example" 0, or two bits and the place where the rest of it stands
//! ```

mod record_data;
mod words;

use std::borrow::Cow;
use std::fmt::Write;
use std::ops::Range;

pub(crate) use record_data::DnsField;
use record_data::fields_of;
pub(crate) use words::{class_name, flag_words, opcode_name, response_name, type_name};

/// Bytes of a header.
pub(crate) const HEADER: usize = 12;
/// Bytes of a name on the wire (RFC 1035, section 2.3.4).
const NAME: usize = 255;
/// Pointers followed for one name; more is a loop or an attack.
const POINTERS: usize = 64;
/// Records read of one message.
const RECORDS: usize = 1000;
/// The type of a record with what both ends can do (RFC 6891).
pub(crate) const OPT: u16 = 41;

/// A message, as far as it could be read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct DnsMessage {
    pub(crate) id: u16,
    pub(crate) flags: u16,
    /// How many the header says there are: questions, answers, authorities, additional.
    pub(crate) counts: [u16; 4],
    pub(crate) questions: Vec<DnsQuestion>,
    pub(crate) records: Vec<DnsRecord>,
    /// Where reading ended.
    pub(crate) end: usize,
    /// Where something was wrong, and what.
    pub(crate) flaw: Option<(usize, String)>,
}

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DnsQuestion {
    pub(crate) name: String,
    pub(crate) kind: u16,
    pub(crate) class: u16,
    /// Of the name; type and class follow it.
    pub(crate) at: Range<usize>,
}

/// A record of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DnsRecord {
    /// Which of the three lists it is in: answers, authorities, additional.
    pub(crate) list: usize,
    pub(crate) name: String,
    pub(crate) kind: u16,
    pub(crate) class: u16,
    pub(crate) ttl: u32,
    /// Of the name; type, class, time to live and length follow it.
    pub(crate) at: Range<usize>,
    pub(crate) data: Range<usize>,
    pub(crate) fields: Vec<DnsField>,
}

impl DnsMessage {
    /// Reads a message; `None` = there is not even a header.
    pub(crate) fn read(bytes: &[u8]) -> Option<DnsMessage> {
        let word = |at| u16_at(bytes, at);
        let counts = [word(4)?, word(6)?, word(8)?, word(10)?];
        let header = DnsMessage { id: word(0)?, flags: word(2)?, counts, ..Self::default() };
        let mut message = DnsMessage { end: HEADER, ..header };
        message.flaw = message.sections(bytes).err();
        Some(message)
    }

    fn sections(&mut self, bytes: &[u8]) -> Result<(), (usize, String)> {
        for _ in 0..self.counts[0] {
            let question = self.question(bytes)?;
            self.questions.push(question);
            self.check_room()?;
        }
        for list in 0..3 {
            for _ in 0..self.counts.get(list + 1).copied().unwrap_or(0) {
                let record = self.record(bytes, list)?;
                self.records.push(record);
                self.check_room()?;
            }
        }
        Ok(())
    }

    fn check_room(&self) -> Result<(), (usize, String)> {
        let is_full = self.questions.len() + self.records.len() >= RECORDS;
        let why = || (self.end, format!("only the first {RECORDS} records are read"));
        if is_full { Err(why()) } else { Ok(()) }
    }

    fn question(&mut self, bytes: &[u8]) -> Result<DnsQuestion, (usize, String)> {
        let at = self.end;
        let (name, end) = name_at(bytes, at)?;
        let short = || (end, "the question is cut off".to_owned());
        let kind = u16_at(bytes, end).ok_or_else(short)?;
        let class = u16_at(bytes, end + 2).ok_or_else(short)?;
        self.end = end + 4;
        Ok(DnsQuestion { name, kind, class, at: at..end })
    }

    fn record(&mut self, bytes: &[u8], list: usize) -> Result<DnsRecord, (usize, String)> {
        let at = self.end;
        let (name, end) = name_at(bytes, at)?;
        let short = || (end, "the record is cut off".to_owned());
        let kind = u16_at(bytes, end).ok_or_else(short)?;
        let class = u16_at(bytes, end + 2).ok_or_else(short)?;
        let ttl = u32_at(bytes, end + 4).ok_or_else(short)?;
        let length = usize::from(u16_at(bytes, end + 8).ok_or_else(short)?);
        let data = end + 10..end + 10 + length;
        if data.end > bytes.len() {
            let left = bytes.len() - data.start;
            let why = format!("the record says {length} bytes of data, {left} are there");
            return Err((end + 8, why));
        }
        self.end = data.end;
        let fields = fields_of(bytes, kind, data.clone());
        Ok(DnsRecord { list, name, kind, class, ttl, at: at..end, data, fields })
    }

    /// Whether it answers.
    pub(crate) fn is_response(&self) -> bool {
        self.flags & 0x8000 != 0
    }

    /// What kind of question it is: 0 = the usual one.
    pub(crate) fn opcode(&self) -> u16 {
        self.flags >> 11 & 15
    }

    /// What came of it, with the upper bits of a record with options (RFC 6891, section 6.1.3).
    pub(crate) fn response_code(&self) -> u16 {
        let upper = self.records.iter().find(|record| record.kind == OPT);
        let upper = upper.map_or(0, |record| (record.ttl >> 24) as u16);
        upper << 4 | self.flags & 15
    }

    /// Whether all of these bytes are a message as DNS has them, for whom no port says so.
    pub(crate) fn is_sure(&self, length: usize) -> bool {
        let known = |kind: u16| matches!(type_name(kind), Cow::Borrowed(_));
        let in_order = self.flaw.is_none() && self.end == length;
        let has_any = !self.questions.is_empty() || !self.records.is_empty();
        let is_class = |class: u16| matches!(class & 0x7fff, 1 | 3 | 4 | 254 | 255);
        let asks = self.questions.iter().all(|it| known(it.kind) && is_class(it.class));
        let tells = |it: &DnsRecord| known(it.kind) && (it.kind == OPT || is_class(it.class));
        in_order
            && has_any
            && self.flags & 0x40 == 0
            && matches!(self.opcode(), 0..=2 | 4..=6)
            && asks
            && self.records.iter().all(tells)
    }
}

/// The name that begins here, and where what follows it stands.
///
/// # Errors
/// The place at which it is no name, and why.
pub(crate) fn name_at(bytes: &[u8], from: usize) -> Result<(String, usize), (usize, String)> {
    let (mut name, mut at, mut after) = (String::new(), from, None);
    let (mut pointers, mut length) = (0, 0);
    loop {
        let wrong = |why: &str| Err((at, why.to_owned()));
        let Some(size) = bytes.get(at).copied().map(usize::from) else {
            return wrong("the name is cut off");
        };
        match size {
            0 => break,
            1..=63 => {
                let Some(label) = bytes.get(at + 1..at + 1 + size) else {
                    return wrong("the name is cut off");
                };
                length += size + 1;
                if length >= NAME {
                    return wrong("the name is longer than 255 bytes");
                }
                put_label(&mut name, label);
                at += size + 1;
            }
            192.. => {
                let Some(to) = u16_at(bytes, at).map(|it| usize::from(it & 0x3fff)) else {
                    return wrong("the pointer of a name is cut off");
                };
                pointers += 1;
                if pointers > POINTERS || to == at {
                    return wrong("the pointers of the name go round in a circle");
                }
                if to >= bytes.len() {
                    return wrong(&format!("the name goes on at {to}, beyond the end"));
                }
                after = after.or(Some(at + 2));
                at = to;
            }
            64..=191 => return wrong("the name has a label of an unknown kind"),
        }
    }
    if name.is_empty() {
        name.push('.');
    }
    Ok((name, after.unwrap_or(at + 1)))
}

/// Adds a label as zone files write it (RFC 1035, section 5.1).
fn put_label(name: &mut String, label: &[u8]) {
    if !name.is_empty() {
        name.push('.');
    }
    match std::str::from_utf8(label) {
        // Of mDNS names are UTF-8 (RFC 6762, section 16).
        Ok(text) if !text.chars().any(char::is_control) => {
            for letter in text.chars() {
                if matches!(letter, '.' | '\\') {
                    name.push('\\');
                }
                name.push(letter);
            }
        }
        _ => {
            for byte in label {
                match byte {
                    b'.' | b'\\' => name.extend(['\\', char::from(*byte)]),
                    0x21..=0x7e => name.push(char::from(*byte)),
                    _ => {
                        // Writing to a text cannot fail.
                        let _ = write!(name, "\\{byte:03}");
                    }
                }
            }
        }
    }
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..)?.first_chunk().copied().map(u16::from_be_bytes)
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().copied().map(u32::from_be_bytes)
}

#[cfg(test)]
mod dns_tests;
