//! MQTT 3.1.1 and 5: the packets that a record begins with, with topic and what was published.

use std::ops::Range;

use super::binary::Cut;
use super::known::{DecodeHints, Known};
use super::sheet::{Sheet, not_here};
use crate::model::counts::counted;

/// The ports of a broker.
const PORTS: &[u16] = &[1883, 8883];
/// Packets told of one record.
const PACKETS: usize = 200;

const KINDS: &[&str] = &[
    "reserved",
    "CONNECT",
    "CONNACK",
    "PUBLISH",
    "PUBACK",
    "PUBREC",
    "PUBREL",
    "PUBCOMP",
    "SUBSCRIBE",
    "SUBACK",
    "UNSUBSCRIBE",
    "UNSUBACK",
    "PINGREQ",
    "PINGRESP",
    "DISCONNECT",
    "AUTH",
];
const REFUSALS: &[&str] = &[
    "accepted",
    "protocol version refused",
    "client id refused",
    "server unavailable",
    "bad user name or password",
    "not authorised",
];
/// Bits of a CONNECT packet.
const CONNECT_FLAGS: &[(u8, &str)] = &[
    (0x80, "user name"),
    (0x40, "password"),
    (0x20, "retained will"),
    (0x04, "will"),
    (0x02, "clean start"),
];

/// A packet: its first byte, where header and content stand.
struct MqttPacket<'a> {
    first: u8,
    header: Range<usize>,
    content: &'a [u8],
    /// Bytes that the header says there are.
    said: usize,
}

/// Packets of MQTT.
pub(super) fn read(bytes: &[u8], hints: &DecodeHints<'_>, sheet: &mut Sheet) -> Option<Known> {
    if hints.datagrams || hints.content_type.is_some() || hints.exchanges {
        return None;
    }
    if !hints.is_at(PORTS) && !is_connect(bytes) {
        return None;
    }
    let (mut cut, mut first, mut count) = (Cut::new(bytes), None, 0);
    while cut.left() > 0 && count < PACKETS && !sheet.is_full() {
        let Some(packet) = packet(&mut cut) else {
            if count == 0 {
                return None;
            }
            sheet.flaw("this is no packet", cut.at..bytes.len());
            break;
        };
        let known = tell(&packet, sheet);
        first = first.or(Some(known));
        count += 1;
    }
    let mut known = first?;
    if count > 1 {
        known.name = format!("{count} packets, the first {}", known.name);
        known.line.push_str(", …");
    }
    Some(known)
}

/// Whether it begins as only a CONNECT packet does.
fn is_connect(bytes: &[u8]) -> bool {
    let mut cut = Cut::new(bytes);
    let is_first = cut.u8() == Some(0x10) && length(&mut cut).is_some();
    is_first && cut.long().is_some_and(|(name, _)| matches!(name, b"MQTT" | b"MQIsdp"))
}

/// A length of up to four bytes of seven bits each.
fn length(cut: &mut Cut<'_>) -> Option<usize> {
    let mut value = 0;
    for shift in [0, 7, 14, 21] {
        let byte = cut.u8()?;
        value |= usize::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

fn packet<'a>(cut: &mut Cut<'a>) -> Option<MqttPacket<'a>> {
    let (start, mut ahead) = (cut.at, *cut);
    let first = ahead.u8()?;
    let said = length(&mut ahead)?;
    let flags = first & 15;
    let is_known = match first >> 4 {
        0 => false,
        3 => flags >> 1 & 3 != 3,
        6 | 8 | 10 => flags == 2,
        _ => flags == 0,
    };
    if !is_known {
        return None;
    }
    let header = start..ahead.at;
    let content = ahead.take(said.min(ahead.left()))?.0;
    *cut = ahead;
    Some(MqttPacket { first, header, content, said })
}

fn tell(packet: &MqttPacket<'_>, sheet: &mut Sheet) -> Known {
    let kind = KINDS.get(usize::from(packet.first >> 4)).copied().unwrap_or_default();
    let (header, said) = (packet.header.clone(), packet.said);
    let end = header.end + packet.content.len();
    let row = sheet.next();
    let told = sheet.group("packet", kind, header.start..end, |sheet| {
        let first = header.start..header.start + 1;
        sheet.row("type", format!("{} {kind}", packet.first >> 4), first);
        sheet.row("length", said.to_string(), header.start + 1..header.end);
        let told = sheet.from(header.end, |sheet| content(packet, sheet));
        let missing = said - packet.content.len();
        if missing > 0 {
            sheet.flaw(not_here(missing), end..end);
        } else if told.is_none() {
            sheet.flaw("the packet is too short for what it is", header.end..end);
        }
        told.unwrap_or_default()
    });
    if !told.is_empty() {
        sheet.say(row, format!("{kind} {told}"));
    }
    Known::told(format!("MQTT {kind}"), &told)
}

/// What is in a packet; gives it in a few words. `None` = it is too short.
fn content(packet: &MqttPacket<'_>, sheet: &mut Sheet) -> Option<String> {
    let mut cut = Cut::new(packet.content);
    match packet.first >> 4 {
        1 => connect(&mut cut, sheet),
        2 => answer(&mut cut, sheet),
        3 => publish(packet.first, &mut cut, sheet),
        4..=7 => identifier(&mut cut, sheet),
        8 | 10 => topics(packet.first >> 4, &mut cut, sheet),
        9 | 11 => {
            let told = identifier(&mut cut, sheet)?;
            let (codes, range) = cut.rest();
            sheet.bytes("codes", codes, range);
            Some(told)
        }
        14 | 15 => {
            let at = cut.at;
            if let Some(code) = cut.u8() {
                sheet.row("reason", format!("{code:#04x}"), at..at + 1);
            }
            rest("properties", &mut cut, sheet);
            Some(String::new())
        }
        _ => Some(String::new()),
    }
}

fn rest(label: &str, cut: &mut Cut<'_>, sheet: &mut Sheet) {
    let (bytes, range) = cut.rest();
    if !bytes.is_empty() {
        sheet.bytes(label, bytes, range);
    }
}

fn words(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn connect(cut: &mut Cut<'_>, sheet: &mut Sheet) -> Option<String> {
    let (name, range) = cut.long()?;
    sheet.text("protocol", name, range);
    let (level, at) = (cut.u8()?, cut.at - 1);
    let version = match level {
        3 => "3.1".to_owned(),
        4 => "3.1.1".to_owned(),
        5 => "5".to_owned(),
        other => other.to_string(),
    };
    sheet.row("version", version.as_str(), at..at + 1);
    let (flags, at) = (cut.u8()?, cut.at - 1);
    let set = CONNECT_FLAGS.iter().filter(|(bit, _)| flags & bit != 0);
    let set = set.map(|(_, name)| *name).collect::<Vec<_>>().join(", ");
    sheet.row("flags", set, at..at + 1);
    let (seconds, at) = (cut.u16()?, cut.at - 2);
    sheet.row("keep alive", format!("{seconds} s"), at..at + 2);
    properties(level == 5, cut, sheet)?;
    let (client, range) = cut.long()?;
    let told = format!("{version} client {}", words(client));
    sheet.text("client id", client, range);
    if flags & 4 != 0 {
        properties(level == 5, cut, sheet)?;
        let (topic, range) = cut.long()?;
        sheet.text("will topic", topic, range);
        let (message, range) = cut.long()?;
        sheet.text("will message", message, range);
    }
    if flags & 0x80 != 0 {
        let (user, range) = cut.long()?;
        sheet.text("user name", user, range);
    }
    if flags & 0x40 != 0 {
        let (secret, range) = cut.long()?;
        sheet.text("password", secret, range);
    }
    Some(told)
}

/// Properties of version 5, as they stand.
fn properties(are_there: bool, cut: &mut Cut<'_>, sheet: &mut Sheet) -> Option<()> {
    if !are_there {
        return Some(());
    }
    let length = length(cut)?;
    let (bytes, range) = cut.take(length)?;
    if !bytes.is_empty() {
        sheet.bytes("properties", bytes, range);
    }
    Some(())
}

fn answer(cut: &mut Cut<'_>, sheet: &mut Sheet) -> Option<String> {
    let flags = cut.u8()?;
    let code = cut.u8()?;
    let kept = if flags & 1 != 0 { "kept" } else { "new" };
    sheet.row("session", kept, 0..1);
    let told = REFUSALS.get(usize::from(code));
    let told = told.map_or_else(|| format!("reason {code:#04x}"), |it| (*it).to_owned());
    sheet.row("code", format!("{code} {told}"), 1..2);
    rest("properties", cut, sheet);
    Some(told)
}

fn publish(first: u8, cut: &mut Cut<'_>, sheet: &mut Sheet) -> Option<String> {
    let (quality, is_kept, is_again) = (first >> 1 & 3, first & 1 != 0, first & 8 != 0);
    let mut flags = format!("QoS {quality}");
    flags.push_str(if is_kept { ", retained" } else { "" });
    flags.push_str(if is_again { ", sent again" } else { "" });
    let (topic, range) = cut.long()?;
    sheet.text("topic", topic, range.clone());
    sheet.row("flags", flags.as_str(), range.start..range.start);
    if quality > 0 {
        identifier(cut, sheet)?;
    }
    let (bytes, range) = cut.rest();
    // Of version 5 properties come first, and nothing in the packet says which version it is of: no
    // properties at all are one byte, which text does not begin with.
    let skipped = usize::from(bytes.first() == Some(&0));
    if skipped > 0 {
        sheet.row("properties", "none (version 5)", range.start..range.start + 1);
    }
    let message = &bytes[skipped..];
    let row = sheet.next();
    sheet.group("message", "", range.start + skipped..range.end, |sheet| {
        let name = sheet.from(range.start + skipped, |sheet| sheet.inside(message, None));
        sheet.say(row, format!("{}, {name}", counted(message.len() as u64, "byte")));
    });
    Some(format!("{} {flags}, {}", words(topic), counted(message.len() as u64, "byte")))
}

fn identifier(cut: &mut Cut<'_>, sheet: &mut Sheet) -> Option<String> {
    let (id, at) = (cut.u16()?, cut.at - 2);
    sheet.row("packet id", id.to_string(), at..at + 2);
    Some(format!("id {id}"))
}

/// What is subscribed to, or no more.
fn topics(kind: u8, cut: &mut Cut<'_>, sheet: &mut Sheet) -> Option<String> {
    identifier(cut, sheet)?;
    // Of version 5 there are properties; with none of them a topic begins a byte later.
    let mut ahead = *cut;
    let begins = ahead.u16().map(usize::from);
    if begins.is_some_and(|length| length > cut.left().saturating_sub(2) || length == 0) {
        properties(true, cut, sheet)?;
    }
    let mut all = Vec::new();
    while cut.left() > 0 {
        let (topic, range) = cut.long()?;
        let mut told = words(topic);
        let mut end = range.end;
        if kind == 8 {
            let options = cut.u8()?;
            end += 1;
            told = format!("{told} QoS {}", options & 3);
        }
        sheet.row("topic", told.as_str(), range.start..end);
        all.push(words(topic));
    }
    Some(all.join(", "))
}
