//! From a field, an operator and what is written behind it to a test. Every refusal says what to
//! write instead.

use std::net::{IpAddr, SocketAddr};
use std::ops::Bound::{self, Excluded, Included, Unbounded};
use std::str::FromStr;

use super::expr::{AddressPattern, ConnTest, Expr, InetPattern, OwnerTest, RecordTest, Test, bits};
use super::fields::MESSAGES;
use super::fields::{QueryField, QueryValue};
use super::pattern::{DataPattern, DataTest, NumberRange, RegexTest, Slice, TextTest};
use super::scanner::Written;
use super::subject::{QuerySubject, TextOf};
use super::times;
use crate::codec::search::Needle;
use crate::model::id::{ConnId, SessionId};
use crate::model::timing::parse_duration;
use crate::model::unix_name::{UNIX, UnixName};

/// A field with what is written into its name.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    pub(super) field: &'static QueryField,
    /// Of a header, in lower case, of anything else as it is.
    pub(super) name: String,
    pub(super) slice: Slice,
    /// Nanoseconds that the clock of whoever asks is ahead of stamps.
    pub(super) ahead: i64,
}

type Made = Result<Expr<Test>, String>;

/// The test that compares a field with this value; the operator is one the field takes.
pub(super) fn test(asked: &Asked, operator: &str, value: &Written) -> Made {
    let is_negated = operator == "!=";
    let operator = if is_negated { "==" } else { operator };
    let test = match asked.field.value {
        QueryValue::Bytes | QueryValue::Words | QueryValue::Hex => bytes(asked, operator, value)?,
        QueryValue::Text => {
            let test = text_test(operator, &value.text)?;
            match asked.field.subject {
                QuerySubject::Owner(part) => Test::Owner(OwnerTest::Text(part, test)),
                _ => RecordTest::Text(text_of(asked), test).into(),
            }
        }
        _ => plain(asked, operator, &value.text)?,
    };
    if !is_negated {
        return Ok(Expr::Test(true, test));
    }
    let differs = Expr::Test(false, test);
    if !asked.field.is_optional {
        return Ok(differs);
    }
    Ok(Expr::All(vec![exists(asked)?, differs]))
}

/// The test that a record has such a field.
pub(super) fn exists(asked: &Asked) -> Made {
    let every: NumberRange = (Unbounded, Unbounded);
    let test = match &asked.field.subject {
        QuerySubject::Owner(part) => {
            return Ok(Expr::Test(true, Test::Owner(OwnerTest::Known(*part))));
        }
        QuerySubject::Marked => RecordTest::Marked,
        QuerySubject::Fault => RecordTest::Fault(None),
        QuerySubject::Hold => RecordTest::Hold(None),
        QuerySubject::Rewritten => RecordTest::Rewritten,
        QuerySubject::Delta => RecordTest::Delta(every),
        QuerySubject::Latency => RecordTest::Latency(every),
        QuerySubject::Status => RecordTest::Status(every),
        QuerySubject::Text(TextOf::Error) => RecordTest::Error,
        QuerySubject::Text(_)
        | QuerySubject::Header
        | QuerySubject::Query
        | QuerySubject::Cookie
        | QuerySubject::State => RecordTest::Text(text_of(asked), TextTest::Exists),
        _ => return Err(format!("write {}", asked.field.example)),
    };
    Ok(Expr::Test(true, test.into()))
}

/// The test that payload contains this text.
pub(super) fn text(value: &str) -> Made {
    let test = RecordTest::Data(Slice::Whole, DataTest::Contains(needle(value)?));
    Ok(Expr::Test(true, test.into()))
}

/// How a part is written.
const SLICES: &str = "write [0:4] (offset:length), [4-7] (first-last), [:4], [4:] or [-4:]";

/// The part that stands between brackets.
pub(super) fn slice(inside: &str) -> Result<Slice, String> {
    let slice = read_slice(inside).ok_or_else(|| format!("this is no slice; {SLICES}"))?;
    match slice {
        Slice::Length(_, Some(0)) => {
            Err(format!("a slice of no bytes is never anything; {SLICES}"))
        }
        Slice::Through(from, last) if last < from && (from < 0) == (last < 0) => {
            Err(format!("this slice ends before it begins; write [{last}-{from}]"))
        }
        slice => Ok(slice),
    }
}

fn read_slice(inside: &str) -> Option<Slice> {
    if let Some((from, len)) = inside.split_once(':') {
        let from = if from.is_empty() { 0 } else { from.parse().ok()? };
        let len = if len.is_empty() { None } else { Some(len.parse().ok()?) };
        return Some(Slice::Length(from, len));
    }
    // A sign in front belongs to the number.
    let dash = inside.char_indices().skip(1).find(|(_, c)| *c == '-').map(|(at, _)| at);
    if let Some(dash) = dash {
        let (from, last) = inside.split_at(dash);
        return Some(Slice::Through(from.parse().ok()?, last.get(1..)?.parse().ok()?));
    }
    Some(Slice::Length(inside.parse().ok()?, Some(1)))
}

/// A test of a number, a name or an address.
fn plain(asked: &Asked, operator: &str, value: &str) -> Result<Test, String> {
    let number = |read: fn(&str) -> Result<u64, String>| range(operator, value, read);
    Ok(match &asked.field.subject {
        QuerySubject::Port => Test::Conn(ConnTest::Port(number(port)?)),
        QuerySubject::Address(end) => Test::Conn(ConnTest::Address(*end, address(value)?)),
        QuerySubject::Protocol if value.eq_ignore_ascii_case("tls") => Test::Conn(ConnTest::Tls),
        QuerySubject::Protocol => Test::Conn(ConnTest::Protocol(named(asked.field, value)?)),
        QuerySubject::Conn => Test::Conn(ConnTest::Conn(conn(value)?)),
        QuerySubject::Session => Test::Conn(ConnTest::Session(number(session)?)),
        QuerySubject::Owner(_) => Test::Owner(OwnerTest::Pid(number(pid)?)),
        QuerySubject::Side => Test::Conn(ConnTest::Side(named(asked.field, value)?)),
        QuerySubject::Number => RecordTest::Number(number(self::number)?).into(),
        QuerySubject::Len => RecordTest::Len(number(length)?).into(),
        QuerySubject::Direction => RecordTest::Direction(named(asked.field, value)?).into(),
        QuerySubject::Kind => {
            let message = MESSAGES.iter().find(|it| it.eq_ignore_ascii_case(value));
            match message {
                Some(message) => RecordTest::Message(message).into(),
                None => RecordTest::Kind(named(asked.field, value)?).into(),
            }
        }
        QuerySubject::Fault => RecordTest::Fault(Some(named(asked.field, value)?)).into(),
        QuerySubject::Hold => RecordTest::Hold(Some(named(asked.field, value)?)).into(),
        QuerySubject::Delta => RecordTest::Delta(number(nanos)?).into(),
        QuerySubject::Latency => RecordTest::Latency(number(nanos)?).into(),
        QuerySubject::Time => RecordTest::Time(times::test(operator, value, asked.ahead)?).into(),
        QuerySubject::Status => RecordTest::Status(statuses(operator, value)?).into(),
        QuerySubject::Text(_)
        | QuerySubject::Header
        | QuerySubject::Query
        | QuerySubject::Cookie
        | QuerySubject::State
        | QuerySubject::Json
        | QuerySubject::Data
        | QuerySubject::Body
        | QuerySubject::Hex
        | QuerySubject::Rewritten
        | QuerySubject::Marked => return Err(format!("write {}", asked.field.example)),
    })
}

fn text_of(asked: &Asked) -> TextOf {
    match &asked.field.subject {
        QuerySubject::Text(of) => of.clone(),
        QuerySubject::Query => TextOf::Query(asked.name.clone()),
        QuerySubject::Cookie => TextOf::Cookie(asked.name.clone()),
        QuerySubject::State => TextOf::State(asked.name.clone()),
        _ => TextOf::Header(asked.name.clone()),
    }
}

fn text_test(operator: &str, value: &str) -> Result<TextTest, String> {
    Ok(match operator {
        "==" => TextTest::Is(value.as_bytes().to_vec()),
        "matches" => TextTest::Matches(RegexTest::new(value)?),
        _ => TextTest::Contains(needle(value)?),
    })
}

/// What finds a text.
pub(super) fn needle(value: &str) -> Result<DataPattern, String> {
    if value.is_empty() {
        return Err("there is no text between the quotes".into());
    }
    Ok(DataPattern::new(Needle::Text(value.into())))
}

/// Whether a value behind this operator is read as hex digits, so that more of them may stand behind it.
pub(super) fn takes_digits(asked: &Asked, operator: &str, value: &Written) -> bool {
    let is_slice = asked.slice != Slice::Whole;
    match asked.field.value {
        QueryValue::Hex => true,
        QueryValue::Bytes => {
            // Of several pieces the first says what they are.
            let first = value.text.split(' ').next().unwrap_or_default();
            !value.is_quoted && operator != "matches" && (is_slice || looks_like_hex(first))
        }
        // `text contains 12:30` is what it says.
        _ => false,
    }
}

/// Whether a word goes on with the digits before it: hex digits and nothing else, as they stand in dumps.
pub(super) fn goes_on_with_digits(word: &str) -> bool {
    let is_run = !word.is_empty() && word.bytes().all(|it| it.is_ascii_hexdigit());
    is_run || looks_like_hex(word)
}

/// A test of payload. Text is text; `0x0d0a` and `0d:0a` are bytes, and so are the digits that a
/// slice is compared with.
fn bytes(asked: &Asked, operator: &str, value: &Written) -> Result<Test, String> {
    let is_slice = asked.slice != Slice::Whole;
    let is_hex = takes_digits(asked, operator, value);
    let test = if operator == "matches" {
        DataTest::Matches(RegexTest::new(&value.text)?)
    } else if is_hex {
        let bytes = hex(&value.text).map_err(|why| {
            let hint = if is_slice { " (or text in quotes)" } else { "" };
            let more = if value.text.contains(' ') { "; put a text to find in quotes" } else { "" };
            format!("{why}{hint}{more}")
        })?;
        match operator {
            "contains" => DataTest::Contains(DataPattern::new(Needle::Bytes(bytes))),
            _ => within(operator, bytes),
        }
    } else {
        let text = value.text.as_bytes().to_vec();
        match operator {
            "contains" => DataTest::Contains(needle(&value.text)?),
            "==" => DataTest::Is(text),
            _ => within(operator, text),
        }
    };
    Ok(match asked.field.subject {
        QuerySubject::Body => RecordTest::Body(asked.slice, test),
        _ => RecordTest::Data(asked.slice, test),
    }
    .into())
}

/// Bytes in the order of their values.
fn within(operator: &str, bytes: Vec<u8>) -> DataTest {
    let (from, to): (Bound<Vec<u8>>, Bound<Vec<u8>>) = bounds(operator, bytes.clone(), bytes);
    DataTest::Within(from, to)
}

/// What an operator lets through of what lies between the first and the last of its value.
pub(super) fn bounds<T>(operator: &str, first: T, last: T) -> (Bound<T>, Bound<T>) {
    match operator {
        "<" => (Unbounded, Excluded(first)),
        "<=" => (Unbounded, Included(last)),
        ">" => (Excluded(last), Unbounded),
        ">=" => (Included(first), Unbounded),
        _ => (Included(first), Included(last)),
    }
}

/// The numbers an operator lets through of a number, or of a range as `80..90`.
fn range(
    operator: &str,
    value: &str,
    read: fn(&str) -> Result<u64, String>,
) -> Result<NumberRange, String> {
    spans(operator, value, |text| read(text).map(|number| (number, number)))
}

/// The same of what may be more than one number, from the first to the last.
fn spans(
    operator: &str,
    value: &str,
    read: impl Fn(&str) -> Result<(u64, u64), String>,
) -> Result<NumberRange, String> {
    let Some((from, to)) = value.split_once("..") else {
        let (first, last) = read(value)?;
        return Ok(bounds(operator, first, last));
    };
    if from.is_empty() != to.is_empty() {
        let one = if to.is_empty() { format!(">= {from}") } else { format!("<= {to}") };
        return Err(format!("a range has two ends; for one of them write {one}"));
    }
    let ((first, _), (_, last)) = (read(from)?, read(to)?);
    if operator != "==" {
        return Err(format!(
            "a range stands behind == or in a list; '{operator}' takes one number"
        ));
    }
    if first > last {
        return Err(format!("this range is empty; write {to}..{from}"));
    }
    Ok(bounds(operator, first, last))
}

/// The same for status codes, of which 4xx are a hundred.
fn statuses(operator: &str, value: &str) -> Result<NumberRange, String> {
    spans(operator, value, |text| {
        let class = text.to_ascii_lowercase();
        let hundreds: Option<u64> = class.strip_suffix("xx").and_then(|it| it.parse().ok());
        match hundreds {
            Some(hundreds) if (1..=9).contains(&hundreds) => {
                Ok((hundreds * 100, hundreds * 100 + 99))
            }
            _ => status(text).map(|status| (status, status)),
        }
    })
}

/// The numbers an operator lets through of what is written for a value of this kind: a status, bytes,
/// nanoseconds or just a number.
pub(super) fn numbers(
    kind: QueryValue,
    operator: &str,
    value: &str,
) -> Result<NumberRange, String> {
    match kind {
        QueryValue::Status => statuses(operator, value),
        QueryValue::Duration => range(operator, value, nanos),
        QueryValue::Size => range(operator, value, length),
        _ => range(operator, value, number),
    }
}

fn number(value: &str) -> Result<u64, String> {
    value.parse().map_err(|_| format!("'{value}' is not a number; write 3, 1..3 or >= 3"))
}

/// What has this name, whatever its case.
fn named<T: FromStr>(field: &QueryField, value: &str) -> Result<T, String> {
    let names = match field.value {
        QueryValue::Word(names) => names.join(", "),
        _ => String::new(),
    };
    let found = value.to_ascii_lowercase().parse();
    found.map_err(|_| format!("'{value}' is none of {names}"))
}

fn port(value: &str) -> Result<u64, String> {
    let port: Result<u16, _> = value.parse();
    port.map(u64::from)
        .map_err(|_| format!("'{value}' is not a port; write a number from 0 to 65535"))
}

fn pid(value: &str) -> Result<u64, String> {
    let pid: Result<u32, _> = value.parse();
    let named = "is not the number of a process; write pid == 4711, or process == curl";
    pid.map(u64::from).map_err(|_| format!("'{value}' {named}"))
}

fn session(value: &str) -> Result<u64, String> {
    let session = value.parse();
    session.map_err(|_| format!("'{value}' is not a session number; write session == 3"))
}

fn status(value: &str) -> Result<u64, String> {
    let status = value.parse().ok().filter(|status| (100..=999).contains(status));
    status.ok_or_else(|| format!("'{value}' is not a status; write 404, 4xx or 400..499"))
}

fn nanos(value: &str) -> Result<u64, String> {
    let has_unit = value.chars().any(char::is_alphabetic) || value == "0";
    let duration = parse_duration(value).ok().filter(|_| has_unit);
    let duration = duration.and_then(|it| u64::try_from(it.as_nanos()).ok());
    duration.ok_or_else(|| format!("'{value}' is not a duration; write 250us, 5ms, 1.5s or 2m"))
}

fn length(value: &str) -> Result<u64, String> {
    let lower = value.to_ascii_lowercase();
    let number = lower.trim_end_matches("ib").trim_end_matches('b');
    let (digits, unit) = match number.split_at_checked(number.len().saturating_sub(1)) {
        Some((digits, "k")) => (digits, 1024),
        Some((digits, "m")) => (digits, 1024 * 1024),
        Some((digits, "g")) => (digits, 1024 * 1024 * 1024),
        _ => (number, 1),
    };
    let number: Option<u64> = digits.parse().ok();
    number.and_then(|number| number.checked_mul(unit)).ok_or_else(|| {
        format!("'{value}' is not a length; write a number of bytes, such as 64 or 4k")
    })
}

fn address(value: &str) -> Result<AddressPattern, String> {
    // Two slashes may follow, as in a URL; one text is compared.
    if let Some(name) = UnixName::written(value) {
        return Ok(AddressPattern::Unix(format!("{UNIX}{name}")));
    }
    inet(value).map(AddressPattern::Inet)
}

fn inet(value: &str) -> Result<InetPattern, String> {
    let wrong = || {
        format!(
            "'{value}' is not an address; write 127.0.0.1, 127.0.0.1:9000, [::1]:9000, :9000, 10.0.0.0/8, \
             unix:/path or unix:*"
        )
    };
    if let Some((ip, prefix)) = value.split_once('/') {
        let ip: IpAddr = ip.parse().map_err(|_| wrong())?;
        let prefix: u8 = prefix.parse().map_err(|_| wrong())?;
        let (most, _) = bits(ip);
        if u32::from(prefix) > most {
            return Err(format!("a block of this family has a prefix of 0 to {most}"));
        }
        return Ok(InetPattern { ip: Some(ip), prefix: prefix.into(), port: None });
    }
    if value.eq_ignore_ascii_case("localhost") {
        return Err("write 127.0.0.1 or ::1; a filter compares addresses, not names".into());
    }
    if let Some(Ok(port)) = value.strip_prefix(':').map(str::parse) {
        return Ok(InetPattern { ip: None, prefix: 0, port: Some(port) });
    }
    let (ip, port) = match (value.parse::<IpAddr>(), value.parse::<SocketAddr>()) {
        (Ok(ip), _) => (ip.to_canonical(), None),
        (_, Ok(end)) => (end.ip().to_canonical(), Some(end.port())),
        _ => return Err(wrong()),
    };
    Ok(InetPattern { ip: Some(ip), prefix: bits(ip).0, port })
}

fn conn(value: &str) -> Result<ConnId, String> {
    let parts = value.split_once('/');
    parts
        .and_then(|(session, index)| {
            Some(SessionId(session.parse().ok()?).conn(index.parse().ok()?))
        })
        .ok_or_else(|| format!("'{value}' is not a connection; write session/number, such as 3/1"))
}

/// Whether a text is meant as bytes: `0x…`, or pairs of digits with colons between them.
pub(super) fn looks_like_hex(value: &str) -> bool {
    let is_pair = |pair: &str| pair.len() == 2 && pair.bytes().all(|it| it.is_ascii_hexdigit());
    let digits = value.strip_prefix("0x").or_else(|| value.strip_prefix("0X"));
    let is_run = |it: &str| !it.is_empty() && it.bytes().all(|it| it.is_ascii_hexdigit());
    digits.is_some_and(is_run) || (value.contains(':') && value.split(':').all(is_pair))
}

fn hex(value: &str) -> Result<Vec<u8>, String> {
    let is_between = |c: char| c.is_whitespace() || matches!(c, ':' | '-' | ',' | ';');
    // As they stand in dumps and programs: `0d 0a`, `0d:0a`, `0x0d, 0x0a`.
    let pieces = value.split(is_between).filter(|piece| !piece.is_empty());
    let pieces =
        pieces.map(|it| it.strip_prefix("0x").or_else(|| it.strip_prefix("0X")).unwrap_or(it));
    let mut bytes = Vec::new();
    for piece in pieces {
        let digits: Vec<u8> = piece
            .chars()
            .map(|c| c.to_digit(16).map(|digit| digit as u8))
            .collect::<Option<_>>()
            .ok_or_else(|| format!("'{value}' is not hex; write digits, such as 0d0a"))?;
        let (pairs, odd) = digits.as_chunks::<2>();
        if !odd.is_empty() {
            return Err("a byte takes two hex digits; one digit is missing or too many".into());
        }
        bytes.extend(pairs.iter().map(|[high, low]| high << 4 | low));
    }
    if bytes.is_empty() {
        return Err("there are no hex digits; write some, such as 0d0a".into());
    }
    Ok(bytes)
}
