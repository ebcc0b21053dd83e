//! Records of TLS: which they are, what a `ClientHello` and a `ServerHello` say in the clear, alerts.

use std::ops::Range;

use super::binary::Cut;
use super::known::{DecodeHints, Known};
use super::sheet::{Sheet, not_here};
use super::tls_words::{
    ALERTS, EXTENSIONS, HANDSHAKES, cipher_name, group_name, named, version_name,
};
use crate::model::counts::counted;

/// Bytes of a record's header.
const HEADER: usize = 5;
/// Bytes of a record at most (RFC 8446, section 5.2).
const LONGEST: usize = 16384 + 2048;
/// Records told.
const RECORDS: usize = 100;
/// Ciphers told in one line each.
const CIPHERS: usize = 64;

/// Records of TLS.
pub(super) fn read(bytes: &[u8], hints: &DecodeHints<'_>, sheet: &mut Sheet) -> Option<Known> {
    if hints.datagrams || hints.content_type.is_some() {
        return None;
    }
    let (mut cut, mut first, mut count) = (Cut::new(bytes), None, 0);
    while cut.left() > 0 && count < RECORDS && !sheet.is_full() {
        match record(&mut cut, sheet) {
            Some(told) => first = first.or(Some(told)),
            None if count == 0 => return None,
            None => {
                let left = cut.left();
                sheet.flaw(
                    format!("{left} bytes are no beginning of a record"),
                    cut.at..bytes.len(),
                );
                break;
            }
        }
        count += 1;
    }
    let told = first?;
    let name = if count > 1 {
        format!("{count} TLS records, the first {told}")
    } else {
        format!("TLS {told}")
    };
    let more = if count > 1 { ", …" } else { "" };
    Some(Known { line: format!("TLS {told}{more}"), name })
}

/// Tells a record; gives it in a few words. `None` = it is none.
fn record(cut: &mut Cut<'_>, sheet: &mut Sheet) -> Option<String> {
    let (start, mut ahead) = (cut.at, *cut);
    let (kind, version, length) = (ahead.u8()?, ahead.u16()?, usize::from(ahead.u16()?));
    let name = match kind {
        20 => "ChangeCipherSpec",
        21 => "Alert",
        22 => "Handshake",
        23 => "ApplicationData",
        24 => "Heartbeat",
        _ => return None,
    };
    if !(0x300..=0x304).contains(&version) || length == 0 || length > LONGEST {
        return None;
    }
    let (content, range) = ahead.take(length.min(ahead.left()))?;
    *cut = ahead;
    let row = sheet.next();
    let told = sheet.group("record", name, start..range.end, |sheet| {
        sheet.row("type", format!("{kind} {name}"), start..start + 1);
        sheet.row("version", version_name(version), start + 1..start + 3);
        sheet.row("length", length.to_string(), start + 3..start + HEADER);
        let told = sheet.from(range.start, |sheet| match kind {
            21 => alert(content, sheet),
            22 => handshakes(content, sheet),
            _ => None,
        });
        if content.len() < length {
            let missing = length - content.len();
            sheet.flaw(not_here(missing), range.end..range.end);
        }
        told
    });
    let told = told.unwrap_or_else(|| match kind {
        21 | 22 => format!("{name} (encrypted), {}", counted(length as u64, "byte")),
        _ => format!("{name}, {}", counted(length as u64, "byte")),
    });
    sheet.say(row, told.as_str());
    Some(told)
}

fn alert(content: &[u8], sheet: &mut Sheet) -> Option<String> {
    let [level, what] = content.first_chunk::<2>().filter(|_| content.len() == 2)?;
    let level_name = match level {
        1 => "warning",
        2 => "fatal",
        _ => return None,
    };
    let what_name = named(ALERTS, (*what).into(), "alert");
    sheet.row("level", format!("{level} {level_name}"), 0..1);
    sheet.row("alert", format!("{what} {what_name}"), 1..2);
    Some(format!("Alert {level_name}: {what_name}"))
}

/// Messages of a handshake; `None` = they cannot be read.
fn handshakes(content: &[u8], sheet: &mut Sheet) -> Option<String> {
    let (mut cut, mut told) = (Cut::new(content), None);
    while cut.left() > 0 && !sheet.is_full() {
        let start = cut.at;
        let kind = cut.u8()?;
        let known = HANDSHAKES.iter().find(|(number, _)| *number == u16::from(kind));
        let Some((_, name)) = known else { break };
        let Some(length) = cut.u24().filter(|length| *length <= 1 << 20) else { break };
        let left = cut.left();
        // What does not begin a message that could end soon is encrypted.
        if length > left && told.is_none() && !matches!(kind, 1 | 2 | 11 | 12) {
            return None;
        }
        let (body, range) = cut.take(length.min(left))?;
        let row = sheet.next();
        let words = sheet.group("message", *name, start..range.end, |sheet| {
            sheet.row("type", format!("{kind} {name}"), start..start + 1);
            sheet.row("length", length.to_string(), start + 1..start + 4);
            let words = sheet.from(range.start, |sheet| match kind {
                1 => hello(body, true, sheet),
                2 => hello(body, false, sheet),
                _ => Some(String::new()),
            });
            match words {
                Some(words) => words,
                None if length > left => {
                    sheet.flaw(
                        format!("{} bytes follow later", length - left),
                        range.end..range.end,
                    );
                    String::new()
                }
                None => {
                    sheet.flaw("this cannot be read", range);
                    String::new()
                }
            }
        });
        let words = format!("{name} {words}").trim().to_owned();
        sheet.say(row, words.as_str());
        told = told.or(Some(words));
    }
    told
}

/// A `ClientHello` or a `ServerHello`; gives what matters most of it.
fn hello(body: &[u8], is_client: bool, sheet: &mut Sheet) -> Option<String> {
    let mut cut = Cut::new(body);
    let version = cut.u16()?;
    sheet.row("version", version_name(version), 0..2);
    let (random, range) = cut.take(32)?;
    sheet.bytes("random", random, range);
    let (session, range) = cut.short()?;
    sheet.bytes("session id", session, range);
    if is_client {
        let (list, range) = cut.long()?;
        let ciphers = list.chunks_exact(2).filter_map(|it| it.first_chunk::<2>());
        let count = format!("{} offered", list.len() / 2);
        sheet.group("ciphers", count, range.clone(), |sheet| {
            for (at, cipher) in ciphers.enumerate().take(CIPHERS) {
                let place = range.start + 2 + 2 * at;
                let name = cipher_name(u16::from_be_bytes(*cipher));
                sheet.row(format!("{}", at + 1), name, place..place + 2);
            }
        });
        let (methods, range) = cut.short()?;
        sheet.bytes("compression", methods, range);
    } else {
        let (cipher, at) = (cut.u16()?, cut.at - 2);
        sheet.row("cipher", cipher_name(cipher), at..at + 2);
        cut.u8()?;
    }
    let mut found = Extensions { version: version_name(version), ..Extensions::default() };
    if cut.left() > 0 {
        let at = cut.at;
        let (list, range) = cut.long()?;
        let count = sheet.next();
        sheet.group("extensions", "", range, |sheet| {
            sheet.from(at + 2, |sheet| extensions(list, is_client, &mut found, sheet));
            sheet.say(count, format!("{} of them", found.count));
        });
    }
    Some(found.words())
}

/// What extensions say that is told in one line.
#[derive(Default)]
struct Extensions {
    count: usize,
    version: String,
    server: String,
    protocols: String,
}

impl Extensions {
    fn words(&self) -> String {
        let mut words = vec![self.server.clone(), self.version.clone()];
        words.extend(
            Some(format!("ALPN {}", self.protocols)).filter(|_| !self.protocols.is_empty()),
        );
        words.retain(|word| !word.is_empty());
        words.join(" ")
    }
}

fn extensions(list: &[u8], is_client: bool, found: &mut Extensions, sheet: &mut Sheet) {
    let mut cut = Cut::new(list);
    while cut.left() > 0 && !sheet.is_full() {
        let start = cut.at;
        let Some((kind, (data, range))) = cut.u16().and_then(|kind| Some((kind, cut.long()?)))
        else {
            return sheet.flaw("the extension is cut off", start..list.len());
        };
        found.count += 1;
        let label = named(EXTENSIONS, kind, "extension");
        let value = extension(kind, data, is_client, found);
        let at: Range<usize> = start..range.end;
        match value {
            Some(value) => sheet.row(label, value, at),
            None => sheet.bytes(label, data, at),
        }
    }
}

/// The words of an extension, if it is one of those that people look for.
fn extension(kind: u16, data: &[u8], is_client: bool, found: &mut Extensions) -> Option<String> {
    let mut cut = Cut::new(data);
    match kind {
        0 if is_client => {
            let mut names = Cut::new(cut.long()?.0);
            names.u8()?;
            found.server = String::from_utf8_lossy(names.long()?.0).into_owned();
            Some(found.server.clone())
        }
        10 => Some(numbers(cut.long()?.0, group_name)),
        16 => {
            let (mut names, mut all) = (Cut::new(cut.long()?.0), Vec::new());
            while let Some((name, _)) = names.short() {
                all.push(String::from_utf8_lossy(name).into_owned());
            }
            found.protocols = all.join(", ");
            Some(found.protocols.clone())
        }
        43 if is_client => {
            let (list, _) = cut.short()?;
            let real = |it: &&[u8; 2]| it[0] == 3;
            let best =
                list.chunks_exact(2).filter_map(|it| it.first_chunk::<2>()).filter(real).max();
            found.version =
                best.map_or_else(String::new, |it| version_name(u16::from_be_bytes(*it)));
            Some(numbers(list, version_name))
        }
        43 => {
            found.version = version_name(cut.u16()?);
            Some(found.version.clone())
        }
        51 if is_client => {
            let (mut shares, mut all) = (Cut::new(cut.long()?.0), Vec::new());
            while let Some(group) = shares.u16() {
                all.push(group_name(group));
                shares.long()?;
            }
            Some(all.join(", "))
        }
        51 => Some(group_name(cut.u16()?)),
        _ if data.is_empty() => Some(String::new()),
        _ => None,
    }
}

fn numbers(list: &[u8], name: fn(u16) -> String) -> String {
    let all = list.chunks_exact(2).filter_map(|it| it.first_chunk::<2>());
    all.map(|it| name(u16::from_be_bytes(*it))).collect::<Vec<_>>().join(", ")
}
