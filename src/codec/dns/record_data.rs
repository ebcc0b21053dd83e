//! The data of a record of DNS, by its type: which fields it has, what they say and where.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::ops::Range;

use super::words::type_name;
use super::{OPT, name_at, u16_at, u32_at};

/// Fields of one record's data.
const FIELDS: usize = 100;
/// Bytes of data of an unknown kind that are told.
const TOLD: usize = 64;

/// A piece of a record's data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DnsField {
    pub(crate) label: String,
    pub(crate) value: String,
    pub(crate) at: Range<usize>,
    /// It says what is wrong.
    pub(crate) is_flaw: bool,
}

/// Reads fields one after the other.
struct DataReader<'a> {
    /// The whole message, for names point back into it.
    bytes: &'a [u8],
    at: usize,
    end: usize,
    fields: Vec<DnsField>,
}

/// What the data of a record of this type says.
pub(super) fn fields_of(bytes: &[u8], kind: u16, data: Range<usize>) -> Vec<DnsField> {
    // Names may point out of the data, but not into what follows the message.
    let mut reader = DataReader { bytes, at: data.start, end: data.end, fields: Vec::new() };
    if reader.of_kind(kind).is_none() {
        let at = reader.at.min(data.end)..data.end;
        let value = format!("this is not the data of {}", type_name(kind));
        reader.fields.push(DnsField { label: "cut".to_owned(), value, at, is_flaw: true });
    }
    reader.fields
}

impl DataReader<'_> {
    /// `None` = the data ends too early.
    fn of_kind(&mut self, kind: u16) -> Option<()> {
        match kind {
            1 => self.address4("address"),
            28 => self.address6("address"),
            2 | 5 | 12 | 39 => self.name("name"),
            15 => self.u16("preference").and_then(|()| self.name("mail server")),
            6 => self.authority(),
            16 | 99 | 13 => self.texts(),
            33 => {
                ["priority", "weight", "port"].iter().try_for_each(|label| self.u16(label))?;
                self.name("target")
            }
            64 | 65 => self.service(),
            257 => self.certification(),
            OPT => self.options(),
            43 => {
                self.u16("key tag")?;
                self.u8("algorithm")?;
                self.u8("digest type")?;
                self.rest("digest")
            }
            48 => {
                self.u16("flags")?;
                self.u8("protocol")?;
                self.u8("algorithm")?;
                self.rest("key")
            }
            46 => self.signature(),
            52 => {
                ["usage", "selector", "matching"].iter().try_for_each(|label| self.u8(label))?;
                self.rest("certificate")
            }
            _ => self.rest("data"),
        }
    }

    fn put(&mut self, label: impl Into<String>, value: impl Into<String>, length: usize) {
        if self.fields.len() < FIELDS {
            let at = self.at..self.at + length;
            let (label, value) = (label.into(), value.into());
            self.fields.push(DnsField { label, value, at, is_flaw: false });
        }
        self.at += length;
    }

    /// The next bytes, if the data has so many.
    fn next(&self, length: usize) -> Option<&[u8]> {
        self.bytes
            .get(self.at..self.at.checked_add(length)?)
            .filter(|_| self.at + length <= self.end)
    }

    fn u8(&mut self, label: &str) -> Option<()> {
        let value = self.next(1)?.first()?.to_string();
        self.put(label, value, 1);
        Some(())
    }

    fn u16(&mut self, label: &str) -> Option<()> {
        self.next(2)?;
        self.put(label, u16_at(self.bytes, self.at)?.to_string(), 2);
        Some(())
    }

    fn seconds(&mut self, label: &str) -> Option<()> {
        self.next(4)?;
        self.put(label, u32_at(self.bytes, self.at)?.to_string(), 4);
        Some(())
    }

    fn name(&mut self, label: &str) -> Option<()> {
        let (name, after) = name_at(self.bytes, self.at).ok()?;
        let length = after.checked_sub(self.at).filter(|_| after <= self.end)?;
        self.put(label, name, length);
        Some(())
    }

    fn address4(&mut self, label: &str) -> Option<()> {
        let address = self.next(4)?.first_chunk::<4>().copied()?;
        self.put(label, Ipv4Addr::from(address).to_string(), 4);
        Some(())
    }

    fn address6(&mut self, label: &str) -> Option<()> {
        let address = self.next(16)?.first_chunk::<16>().copied()?;
        self.put(label, Ipv6Addr::from(address).to_string(), 16);
        Some(())
    }

    fn rest(&mut self, label: &str) -> Option<()> {
        let length = self.end.checked_sub(self.at)?;
        let value = hex(self.next(length)?);
        self.put(label, value, length);
        Some(())
    }

    fn authority(&mut self) -> Option<()> {
        self.name("primary server")?;
        self.name("mailbox")?;
        let labels = ["serial", "refresh", "retry", "expire", "minimum"];
        labels.iter().try_for_each(|label| self.seconds(label))
    }

    fn texts(&mut self) -> Option<()> {
        while self.at < self.end {
            let length = usize::from(*self.next(1)?.first()?);
            let text = self.next(1 + length)?.get(1..)?;
            let text = String::from_utf8_lossy(text).into_owned();
            self.put("text", text, 1 + length);
        }
        Some(())
    }

    fn certification(&mut self) -> Option<()> {
        self.u8("flags")?;
        let length = usize::from(*self.next(1)?.first()?);
        let tag = String::from_utf8_lossy(self.next(1 + length)?.get(1..)?).into_owned();
        self.put("tag", tag, 1 + length);
        let left = self.end - self.at;
        let value = String::from_utf8_lossy(self.next(left)?).into_owned();
        self.put("value", value, left);
        Some(())
    }

    fn signature(&mut self) -> Option<()> {
        self.next(2)?;
        self.put("type covered", type_name(u16_at(self.bytes, self.at)?), 2);
        self.u8("algorithm")?;
        self.u8("labels")?;
        ["original TTL", "expires", "begins"].iter().try_for_each(|it| self.seconds(it))?;
        self.u16("key tag")?;
        self.name("signer")?;
        self.rest("signature")
    }

    /// SVCB and HTTPS (RFC 9460).
    fn service(&mut self) -> Option<()> {
        self.u16("priority")?;
        self.name("target")?;
        while self.at < self.end {
            self.next(4)?;
            let key = u16_at(self.bytes, self.at)?;
            let length = usize::from(u16_at(self.bytes, self.at + 2)?);
            let value = service_value(key, self.next(4 + length)?.get(4..)?);
            let label = SERVICE_KEYS.get(usize::from(key));
            let label = label.map_or_else(|| format!("key{key}"), |it| (*it).to_owned());
            self.put(label, value, 4 + length);
        }
        Some(())
    }

    /// Options of EDNS (RFC 6891, section 6.1.2).
    fn options(&mut self) -> Option<()> {
        while self.at < self.end {
            self.next(4)?;
            let code = u16_at(self.bytes, self.at)?;
            let length = usize::from(u16_at(self.bytes, self.at + 2)?);
            let data = self.next(4 + length)?.get(4..)?;
            let (label, value) = match code {
                3 => ("NSID".to_owned(), String::from_utf8_lossy(data).into_owned()),
                8 => ("client subnet".to_owned(), subnet(data).unwrap_or_else(|| hex(data))),
                10 => ("cookie".to_owned(), hex(data)),
                11 => ("TCP keepalive".to_owned(), hex(data)),
                12 => ("padding".to_owned(), format!("{length} bytes")),
                15 => ("error".to_owned(), extended_error(data)),
                _ => (format!("option {code}"), hex(data)),
            };
            self.put(label, value, 4 + length);
        }
        Some(())
    }
}

/// Keys of services by number.
const SERVICE_KEYS: &[&str] =
    &["mandatory", "alpn", "no-default-alpn", "port", "ipv4hint", "ech", "ipv6hint", "dohpath"];

fn service_value(key: u16, data: &[u8]) -> String {
    let parts: Vec<String> = match key {
        0 => data.chunks_exact(2).filter_map(|it| u16_at(it, 0)).map(key_name).collect(),
        1 => {
            let (mut rest, mut names) = (data, Vec::new());
            while let Some((length, after)) = rest.split_first() {
                let (name, left) = after.split_at(usize::from(*length).min(after.len()));
                names.push(String::from_utf8_lossy(name).into_owned());
                rest = left;
            }
            names
        }
        3 => u16_at(data, 0).map(|port| port.to_string()).into_iter().collect(),
        4 => {
            let all = data.chunks_exact(4).filter_map(<[u8]>::first_chunk::<4>);
            all.map(|it| Ipv4Addr::from(*it).to_string()).collect()
        }
        6 => {
            let all = data.chunks_exact(16).filter_map(<[u8]>::first_chunk::<16>);
            all.map(|it| Ipv6Addr::from(*it).to_string()).collect()
        }
        7 => vec![String::from_utf8_lossy(data).into_owned()],
        _ => vec![hex(data)],
    };
    parts.join(", ")
}

fn key_name(key: u16) -> String {
    SERVICE_KEYS.get(usize::from(key)).map_or_else(|| format!("key{key}"), |it| (*it).to_owned())
}

/// `192.0.2.0/24`, of whom it is asked (RFC 7871).
fn subnet(data: &[u8]) -> Option<String> {
    let (family, prefix) = (u16_at(data, 0)?, data.get(2)?);
    let bytes = data.get(4..)?;
    let mut all = [0; 16];
    all.get_mut(..bytes.len())?.copy_from_slice(bytes);
    match family {
        1 => Some(format!("{}/{prefix}", Ipv4Addr::from(*all.first_chunk::<4>()?))),
        2 => Some(format!("{}/{prefix}", Ipv6Addr::from(all))),
        _ => None,
    }
}

/// `22 no reachable authority: all servers are down` (RFC 8914).
fn extended_error(data: &[u8]) -> String {
    let code = u16_at(data, 0).map_or_else(String::new, |code| code.to_string());
    let text = data.get(2..).map(String::from_utf8_lossy).unwrap_or_default().into_owned();
    if text.is_empty() { code } else { format!("{code} {text}") }
}

/// `0a ff 10 …`
fn hex(bytes: &[u8]) -> String {
    let told = bytes.iter().take(TOLD).map(|byte| format!("{byte:02x}")).collect::<Vec<_>>();
    let more = if bytes.len() > TOLD { " …" } else { "" };
    told.join(" ") + more
}
