//! DNS and mDNS: over UDP, and behind a length over TCP.

use std::net::IpAddr;

use super::binary::Cut;
use super::known::{DecodeHints, Known};
use super::sheet::{Sheet, not_here};
use crate::codec::dns::{
    DnsMessage, DnsQuestion, DnsRecord, HEADER, OPT, class_name, flag_words, opcode_name,
    response_name, type_name,
};

/// Ports of DNS, mDNS and LLMNR.
const PORTS: &[u16] = &[53, 5353, 5355];
/// The port of DNS itself: a client of it may have any other.
const PLAIN: &[u16] = &[53];
/// The port of mDNS.
const MULTICAST: &[u16] = &[5353];
/// The port of LLMNR (RFC 4795).
const LINK_LOCAL: &[u16] = &[5355];
/// Answers told in one line.
const TOLD: usize = 3;
/// Records that a header of a real message announces at most.
const BELIEVED: u16 = 500;

/// Messages of DNS.
pub(super) fn read(bytes: &[u8], hints: &DecodeHints<'_>, sheet: &mut Sheet) -> Option<Known> {
    if hints.content_type.is_some_and(|_| hints.media() == "application/dns-message") {
        return message(bytes, hints, sheet, true);
    }
    if hints.content_type.is_some() || hints.exchanges {
        return None;
    }
    if hints.datagrams {
        return message(bytes, hints, sheet, hints.is_at(PORTS));
    }
    if !hints.has_ends() {
        return None;
    }
    behind_lengths(bytes, hints, sheet)
}

/// Messages of a stream, each behind its length.
fn behind_lengths(bytes: &[u8], hints: &DecodeHints<'_>, sheet: &mut Sheet) -> Option<Known> {
    let (mut cut, mut first) = (Cut::new(bytes), None);
    while cut.left() > 0 && !sheet.is_full() {
        let at = cut.at;
        let length = usize::from(cut.u16()?);
        let (part, range) = match cut.take(length) {
            Some(part) => part,
            // The rest comes later, which is only believed where a port says what this is.
            None if hints.is_at(PORTS) => cut.rest(),
            None => return None,
        };
        sheet.row("length", length.to_string(), at..at + 2);
        if part.len() < length {
            let missing = length - part.len();
            sheet.flaw(not_here(missing), range.clone());
        }
        let sure = hints.is_at(PORTS);
        let known = sheet.from(range.start, |sheet| message(part, hints, sheet, sure))?;
        first = first.or(Some(known));
    }
    first
}

/// A message; `told` = a port or a type says that it is one.
fn message(bytes: &[u8], hints: &DecodeHints<'_>, sheet: &mut Sheet, told: bool) -> Option<Known> {
    let message = DnsMessage::read(bytes)?;
    let is_plausible = message.counts.iter().all(|count| *count <= BELIEVED);
    if !(message.is_sure(bytes.len()) || told && is_plausible) {
        return None;
    }
    header(&message, sheet);
    let is_multicast = hints.is_at(MULTICAST) && !hints.is_at(PLAIN);
    for question in &message.questions {
        asked(question, is_multicast, sheet);
    }
    let mut numbers = [0; 3];
    for record in &message.records {
        let list = record.list.min(2);
        numbers[list] += 1;
        told_record(record, numbers[list], is_multicast, sheet);
    }
    if let Some((at, why)) = &message.flaw {
        let at = (*at).min(bytes.len());
        sheet.flaw(why.as_str(), at..bytes.len());
    } else if message.end < bytes.len() {
        let more = bytes.len() - message.end;
        sheet.flaw(
            match more {
                1 => "1 byte follows the message".to_owned(),
                more => format!("{more} bytes follow the message"),
            },
            message.end..bytes.len(),
        );
    }
    let protocol = match (is_multicast, hints.is_at(LINK_LOCAL) && !hints.is_at(PLAIN)) {
        (true, _) => "mDNS",
        (false, true) => "LLMNR",
        (false, false) => "DNS",
    };
    Some(named(&message, protocol))
}

fn named(message: &DnsMessage, protocol: &str) -> Known {
    let what = match (message.is_response(), message.opcode()) {
        (false, opcode) => opcode_name(opcode).into_owned(),
        (true, 0) => "response".to_owned(),
        (true, opcode) => format!("response to {}", opcode_name(opcode)),
    };
    let name = format!("{protocol} {what}");
    let mut words = Vec::new();
    if let Some(first) = message.questions.first() {
        words.push(format!("{} {}", type_name(first.kind), first.name));
        match message.questions.len() - 1 {
            0 => {}
            more => words.push(format!("and {more} more")),
        }
    }
    if message.is_response() {
        let code = message.response_code();
        if code != 0 {
            words.push(response_name(code).into_owned());
        }
        let answers = || message.records.iter().filter(|it| it.list == 0);
        let told: Vec<String> = answers().take(TOLD).map(|it| answer(it, message)).collect();
        if !told.is_empty() {
            let more = if answers().count() > TOLD { ", …" } else { "" };
            words.push(format!("→ {}{more}", told.join(", ")));
        } else if code == 0 && message.opcode() == 0 {
            words.push("no answer".to_owned());
        }
        if message.flags & 0x0200 != 0 {
            words.push("truncated".to_owned());
        }
    }
    Known::told(name, &words.join(" "))
}

/// `192.0.2.7`, `CNAME www.example.com`; without the question of its own, `A host.local 192.0.2.7`.
fn answer(record: &DnsRecord, message: &DnsMessage) -> String {
    let data = data(record);
    if message.questions.is_empty() {
        return format!("{} {} {data}", type_name(record.kind), record.name);
    }
    let is_address = data.parse::<IpAddr>().is_ok();
    if is_address { data } else { format!("{} {data}", type_name(record.kind)) }
}

/// All that a record says, as zone files have it.
fn data(record: &DnsRecord) -> String {
    let values: Vec<&str> = record.fields.iter().map(|field| field.value.as_str()).collect();
    values.join(" ")
}

fn header(message: &DnsMessage, sheet: &mut Sheet) {
    sheet.row("id", format!("{:#06x}", message.id), 0..2);
    let flags = format!("{:#06x}", message.flags);
    sheet.group("flags", flags, 2..4, |sheet| {
        let kind = if message.is_response() { "response" } else { "query" };
        sheet.row("kind", kind, 2..3);
        sheet.row(
            "opcode",
            format!("{} {}", message.opcode(), opcode_name(message.opcode())),
            2..3,
        );
        sheet.row("set", flag_words(message.flags), 2..4);
        let code = message.response_code();
        if message.is_response() {
            sheet.row("code", format!("{code} {}", response_name(code)), 3..4);
        }
    });
    let labels = ["questions", "answers", "authorities", "additional"];
    for (at, (label, count)) in labels.iter().zip(message.counts).enumerate() {
        let place = 4 + 2 * at;
        debug_assert!(place + 2 <= HEADER);
        sheet.row(*label, count.to_string(), place..place + 2);
    }
}

fn asked(question: &DnsQuestion, is_multicast: bool, sheet: &mut Sheet) {
    let end = question.at.end;
    let told = format!("{} {}", type_name(question.kind), question.name);
    sheet.group("question", told, question.at.start..end + 4, |sheet| {
        sheet.row("name", question.name.as_str(), question.at.clone());
        sheet.row(
            "type",
            format!("{} ({})", type_name(question.kind), question.kind),
            end..end + 2,
        );
        let asks = is_multicast && question.class & 0x8000 != 0;
        let class = if is_multicast { question.class & 0x7fff } else { question.class };
        let alone = if asks { ", answer to me alone" } else { "" };
        sheet.row("class", format!("{}{alone}", class_name(class)), end + 2..end + 4);
    });
}

fn told_record(record: &DnsRecord, number: usize, is_multicast: bool, sheet: &mut Sheet) {
    let list = ["answer", "authority", "additional"].get(record.list).copied().unwrap_or("record");
    let (label, end) = (format!("{list} {number}"), record.at.end);
    let whole = record.at.start..record.data.end;
    if record.kind == OPT {
        return options(record, &label, sheet);
    }
    let told = format!("{} {} {}", record.name, type_name(record.kind), data(record));
    sheet.group(label, told, whole, |sheet| {
        sheet.row("name", record.name.as_str(), record.at.clone());
        sheet.row("type", format!("{} ({})", type_name(record.kind), record.kind), end..end + 2);
        let flushes = is_multicast && record.class & 0x8000 != 0;
        let class = if is_multicast { record.class & 0x7fff } else { record.class };
        let flush = if flushes { ", replaces what was known" } else { "" };
        sheet.row("class", format!("{}{flush}", class_name(class)), end + 2..end + 4);
        sheet.row("TTL", format!("{} s{}", record.ttl, long(record.ttl)), end + 4..end + 8);
        sheet.row("length", record.data.len().to_string(), end + 8..end + 10);
        fields(record, sheet);
    });
}

/// Options of EDNS: what is class and time to live elsewhere means other things here.
fn options(record: &DnsRecord, label: &str, sheet: &mut Sheet) {
    let end = record.at.end;
    let whole = record.at.start..record.data.end;
    let told = format!("EDNS, UDP up to {} bytes", record.class);
    sheet.group(label, told, whole, |sheet| {
        sheet.row("type", format!("OPT ({OPT})"), end..end + 2);
        sheet.row("UDP size", record.class.to_string(), end + 2..end + 4);
        sheet.row("upper code", (record.ttl >> 24).to_string(), end + 4..end + 5);
        sheet.row("version", (record.ttl >> 16 & 0xff).to_string(), end + 5..end + 6);
        let wants = if record.ttl & 0x8000 != 0 { "DO DNSSEC wanted" } else { "" };
        sheet.row("flags", wants, end + 6..end + 8);
        sheet.row("length", record.data.len().to_string(), end + 8..end + 10);
        fields(record, sheet);
    });
}

fn fields(record: &DnsRecord, sheet: &mut Sheet) {
    for field in &record.fields {
        if field.is_flaw {
            sheet.flaw(field.value.as_str(), field.at.clone());
        } else {
            sheet.row(field.label.as_str(), field.value.as_str(), field.at.clone());
        }
    }
}

/// ` (1 h 5 min)` for what is no short time.
fn long(seconds: u32) -> String {
    let (days, hours) = (seconds / 86400, seconds / 3600 % 24);
    let minutes = seconds / 60 % 60;
    match (days, hours, minutes) {
        (0, 0, 0 | 1) => String::new(),
        (0, 0, minutes) => format!(" ({minutes} min)"),
        (0, hours, minutes) => format!(" ({hours} h {minutes} min)"),
        (days, hours, _) => format!(" ({days} d {hours} h)"),
    }
}
