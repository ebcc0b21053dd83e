//! Syslog: RFC 5424, and what came before it (RFC 3164); over TCP behind a length, too (RFC 6587).

use std::ops::Range;

use super::known::{DecodeHints, Known};
use super::sheet::{Sheet, lines};

const FACILITIES: &[&str] = &[
    "kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv",
    "ftp", "ntp", "audit", "alert", "clock", "local0", "local1", "local2", "local3", "local4",
    "local5", "local6", "local7",
];
const SEVERITIES: &[&str] =
    &["emergency", "alert", "critical", "error", "warning", "notice", "info", "debug"];
const MONTHS: &[&[u8]] = &[
    b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec",
];
/// The port of syslog.
const PORTS: &[u16] = &[514, 601, 6514];
/// `Oct 11 22:14:15`
const OLD_TIME: usize = 15;

/// Messages of syslog, one a line.
pub(super) fn read(bytes: &[u8], hints: &DecodeHints<'_>, sheet: &mut Sheet) -> Option<Known> {
    if hints.content_type.is_some() || hints.exchanges {
        return None;
    }
    let (mut first, mut count) = (None, 0);
    for line in lines(bytes).filter(|line| !line.is_empty()) {
        let text = &bytes[line.clone()];
        let skipped = length_before(text);
        let known = sheet.from(line.start + skipped, |sheet| {
            message(&text[skipped..], hints.is_at(PORTS), sheet)
        });
        match (known, count) {
            (None, 0) => return None,
            (None, _) => sheet.text("", text, line),
            (Some(known), _) => {
                first = first.or(Some(known));
                count += 1;
            }
        }
        if sheet.is_full() {
            break;
        }
    }
    let mut known = first?;
    if count > 1 {
        known.name = format!("{count} messages of syslog");
    }
    Some(known)
}

/// Bytes of a length and a blank before the message.
fn length_before(text: &[u8]) -> usize {
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let is_one =
        (1..7).contains(&digits) && text.get(digits..).is_some_and(|it| it.starts_with(b" <"));
    if is_one { digits + 1 } else { 0 }
}

fn message(text: &[u8], told: bool, sheet: &mut Sheet) -> Option<Known> {
    let close = text.iter().take(5).position(|byte| *byte == b'>')?;
    let digits = text.strip_prefix(b"<")?.get(..close - 1)?;
    let number: u16 = std::str::from_utf8(digits).ok()?.parse().ok()?;
    let facility = FACILITIES.get(usize::from(number / 8))?;
    let severity = SEVERITIES.get(usize::from(number % 8))?;
    let is_new = text.get(close + 1..)?.starts_with(b"1 ");
    let is_old = old_time(text.get(close + 1..)?);
    if !(is_new || is_old || told) {
        return None;
    }
    let title = if is_new { "syslog message (RFC 5424)" } else { "syslog message (RFC 3164)" };
    let mut words = Words { text, at: close + 1 };
    let mut said = 0..0;
    let shown = format!("{facility}.{severity}");
    sheet.group("syslog", shown.as_str(), 0..text.len(), |sheet| {
        sheet.row("facility", format!("{} {facility}", number / 8), 0..close + 1);
        sheet.row("severity", format!("{} {severity}", number % 8), 0..close + 1);
        said = if is_new { new(&mut words, sheet) } else { old(&mut words, is_old, sheet) };
        sheet.text("message", text.get(said.clone()).unwrap_or_default(), said.clone());
    });
    let message = String::from_utf8_lossy(text.get(said)?).into_owned();
    Some(Known { name: title.to_owned(), line: format!("syslog {shown} {message}") })
}

fn old_time(text: &[u8]) -> bool {
    let is_month = |month: &&[u8]| text.starts_with(month);
    MONTHS.iter().any(is_month) && text.get(3) == Some(&b' ') && text.get(9) == Some(&b':')
}

/// Words between blanks.
struct Words<'a> {
    text: &'a [u8],
    at: usize,
}

impl Words<'_> {
    fn next(&mut self) -> Range<usize> {
        let end = self.text.len();
        let Some(rest) = self.text.get(self.at..) else { return end..end };
        let length = rest.iter().position(|byte| *byte == b' ').unwrap_or(rest.len());
        let word = self.at..self.at + length;
        self.at = (word.end + 1).min(self.text.len());
        word
    }

    fn rest(&self) -> Range<usize> {
        self.at.min(self.text.len())..self.text.len()
    }
}

/// The fields of RFC 5424; gives where the message stands.
fn new(words: &mut Words<'_>, sheet: &mut Sheet) -> Range<usize> {
    for label in ["version", "time", "host", "program", "process", "message id"] {
        let word = words.next();
        let value = words.text.get(word.clone()).unwrap_or_default();
        // A dash stands for nothing.
        if value != b"-" {
            sheet.text(label, value, word);
        }
    }
    let rest = words.rest();
    let text = words.text.get(rest.clone()).unwrap_or_default();
    if text.starts_with(b"[") {
        let length = structured(text);
        elements(&text[..length], rest.start, sheet);
        words.at += length;
        if words.text.get(words.at) == Some(&b' ') {
            words.at += 1;
        }
    } else {
        words.next();
    }
    words.rest()
}

/// How long structured data is: until a bracket that no quotes hide and no other follows.
fn structured(text: &[u8]) -> usize {
    let (mut quoted, mut escaped) = (false, false);
    for (at, byte) in text.iter().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => quoted = !quoted,
            b']' if !quoted && text.get(at + 1) != Some(&b'[') => return at + 1,
            _ => {}
        }
    }
    text.len()
}

fn elements(text: &[u8], from: usize, sheet: &mut Sheet) {
    let said = String::from_utf8_lossy(text);
    sheet.row("structured data", said, from..from + text.len());
}

/// Time, host and program as they were before; gives where the message stands.
fn old(words: &mut Words<'_>, has_time: bool, sheet: &mut Sheet) -> Range<usize> {
    if !has_time {
        return words.rest();
    }
    let time = words.at..(words.at + OLD_TIME).min(words.text.len());
    sheet.text("time", words.text.get(time.clone()).unwrap_or_default(), time.clone());
    words.at = (time.end + 1).min(words.text.len());
    let host = words.next();
    sheet.text("host", words.text.get(host.clone()).unwrap_or_default(), host);
    let rest = words.rest();
    let text = words.text.get(rest.clone()).unwrap_or_default();
    let is_tag = |byte: &u8| byte.is_ascii_graphic() && *byte != b':';
    let tag = text.iter().take_while(|byte| is_tag(byte)).count();
    if text.get(tag) == Some(&b':') && tag > 0 {
        sheet.text("program", &text[..tag], rest.start..rest.start + tag);
        words.at = (rest.start + tag + 1).min(words.text.len());
        if words.text.get(words.at) == Some(&b' ') {
            words.at += 1;
        }
    }
    words.rest()
}
