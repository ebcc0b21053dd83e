//! Hex as people write and paste it, and hex dump lines as the screen shows them.
//!
//! Free form ignores white space, `0x` and `, : - ;`; a `#` starts a comment. A pasted dump of
//! `xxd`, `hexdump -C`, `tcpdump -X` or Wireshark is recognised by its offsets:
//!
//! ```text
//! 00000000: 4745 5420 2f20 4854                      GET / HT      xxd
//! 00000000  47 45 54 20 2f 20 48 54  54 50 |GET / HTTP|            hexdump -C, dump_line
//! 0000   47 45 54 20 2f 20 48 54   GET / HT                        Wireshark
//! ```

use std::fmt::Write;

/// Bytes a repeated block (`*` in a dump) may stand for at most.
const REPEAT_LIMIT: u64 = 16 * 1024 * 1024;
/// Digits of the offset on one.
const OFFSET: usize = 8;
/// Bytes on one line of a dump.
pub(crate) const LINE: usize = 16;

/// Text that is not hex.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct HexError {
    /// Byte of the text where it goes wrong.
    pub position: usize,
    /// What is wrong and where, in words.
    pub message: String,
}

impl HexError {
    fn new(text: &str, position: usize, what: impl std::fmt::Display) -> Self {
        let before = text.get(..position).unwrap_or(text);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().map_or(0, |last| last.chars().count()) + 1;
        let place =
            if text.contains('\n') { format!("line {line}, column ") } else { "column ".into() };
        HexError { position, message: format!("{place}{column}: {what}") }
    }
}

/// Bytes as small hex digits with nothing between them.
pub(crate) fn written(bytes: &[u8]) -> String {
    let digit = |four: u8| char::from_digit(u32::from(four), 16).unwrap_or_default();
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

/// The bytes a hex text or a pasted dump stands for.
pub fn parse(text: &str) -> Result<Vec<u8>, HexError> {
    if let Some(bytes) = dump(text) {
        return bytes;
    }
    read(text, Some(b'#'))
}

/// The bytes of lines as [`dump_line`] writes them, after somebody changed some: offsets and what stands
/// behind a bar are not read, so lines may have become longer or shorter; free form is taken too.
///
/// # Errors
/// Where something is not two digits.
pub(crate) fn parse_edited(text: &str) -> Result<Vec<u8>, HexError> {
    let mut bare = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        let (line, end) = line.strip_suffix('\n').map_or((line, ""), |line| (line, "\n"));
        let has_offset = line.len() >= OFFSET
            && line.bytes().take(OFFSET).all(|byte| byte.is_ascii_hexdigit())
            && line.get(OFFSET..).is_some_and(|rest| rest.starts_with("  "));
        let from = if has_offset { OFFSET } else { 0 };
        let to = line.find('|').unwrap_or(line.len());
        // Blanks keep what is left where it was, so that mistakes are told where they stand.
        bare.extend(std::iter::repeat_n(' ', from));
        bare.push_str(line.split_at(to).0.split_at(from.min(to)).1);
        bare.extend(std::iter::repeat_n(' ', line.len() - to));
        bare.push_str(end);
    }
    read(&bare, None)
}

/// Free-form digits without comments and dumps: the inside of a hex island.
pub(super) fn digits(text: &str) -> Result<Vec<u8>, HexError> {
    read(text, None)
}

/// Two digits.
fn byte(pair: [u8; 2]) -> Option<u8> {
    let [high, low] = pair.map(|digit| char::from(digit).to_digit(16));
    Some((high? << 4 | low?) as u8)
}

/// Reads digits; what begins a comment goes on to the end of its line.
fn read(text: &str, comment: Option<u8>) -> Result<Vec<u8>, HexError> {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len() / 2);
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            _ if Some(byte) == comment => {
                at += memchr::memchr(b'\n', &bytes[at..]).unwrap_or(bytes.len() - at);
            }
            b' ' | b'\t' | b'\r' | b'\n' | b',' | b':' | b'-' | b';' => at += 1,
            _ => at = run(text, at, &mut out)?,
        }
    }
    Ok(out)
}

/// Reads the run of digits at `at`; returns where it ends. Every run has whole bytes, so that
/// `1 2` is an error and not 0x12.
fn run(text: &str, at: usize, out: &mut Vec<u8>) -> Result<usize, HexError> {
    let rest = &text.as_bytes()[at..];
    let prefix = if rest.starts_with(b"0x") || rest.starts_with(b"0X") { 2 } else { 0 };
    let digits = &rest[prefix..];
    let length = digits.iter().take_while(|b| b.is_ascii_hexdigit()).count();
    if length == 0 || digits.get(length).is_some_and(|b| !is_separator(*b)) {
        let bad = at + prefix + length;
        let found = text.get(bad..).and_then(|rest| rest.chars().next());
        return Err(match found {
            Some(c) => HexError::new(text, bad, format_args!("'{c}' is not a hex digit")),
            None => HexError::new(text, at, "'0x' without digits"),
        });
    }
    if length % 2 == 1 {
        let shown = String::from_utf8_lossy(&rest[..prefix + length]);
        let what = format!("'{shown}' has an odd number of digits; a byte has two");
        return Err(HexError::new(text, at, what));
    }
    let (pairs, _) = digits[..length].as_chunks();
    out.extend(pairs.iter().filter_map(|pair| byte(*pair)));
    Ok(at + prefix + length)
}

fn is_separator(byte: u8) -> bool {
    byte.is_ascii_whitespace() || b",:-;#".contains(&byte)
}

/// One line of a dump.
struct DumpLine {
    offset: u64,
    bytes: Vec<u8>,
    /// Cannot be anything but a dump line: a long offset, or a text column between bars.
    certain: bool,
}

/// The bytes of a dump, or `None` when the text does not look like one.
fn dump(text: &str) -> Option<Result<Vec<u8>, HexError>> {
    let mut lines = Vec::new();
    let mut at = 0;
    for line in text.split('\n') {
        let trimmed = line.trim();
        if trimmed == "*" {
            lines.push((at, None));
        } else if !trimmed.is_empty() && !trimmed.starts_with('#') {
            lines.push((at, Some(dump_row(trimmed)?)));
        }
        at += line.len() + 1;
    }
    let rows: Vec<&DumpLine> = lines.iter().filter_map(|(_, row)| row.as_ref()).collect();
    let first = rows.first()?;
    let follows = rows.windows(2).all(|pair| {
        matches!(pair, [a, b] if a.offset.checked_add(a.bytes.len() as u64) == Some(b.offset))
    });
    // A line with nothing but an offset ends a hexdump; alone it is just digits.
    let certain =
        rows.iter().any(|row| !row.bytes.is_empty()) && rows.iter().all(|row| row.certain);
    let plausible = follows && (rows.len() > 1 || first.offset == 0) && !first.bytes.is_empty();
    (certain || plausible).then(|| join(text, &lines))
}

fn join(text: &str, lines: &[(usize, Option<DumpLine>)]) -> Result<Vec<u8>, HexError> {
    let mut out: Vec<u8> = Vec::new();
    let mut base = None;
    let mut repeat: Option<usize> = None;
    let mut last: &[u8] = &[];
    for (at, row) in lines {
        let Some(row) = row else {
            repeat = Some(*at);
            continue;
        };
        let base = *base.get_or_insert(row.offset);
        if let Some(star) = repeat.take() {
            let wanted = row.offset.saturating_sub(base).saturating_sub(out.len() as u64);
            if wanted > REPEAT_LIMIT {
                return Err(HexError::new(text, star, "this repeats more than 16 MiB"));
            }
            out.extend(last.iter().cycle().take(wanted as usize));
        }
        out.extend_from_slice(&row.bytes);
        last = &row.bytes;
    }
    match repeat {
        Some(star) => Err(HexError::new(text, star, "'*' repeats up to a line that is missing")),
        None => Ok(out),
    }
}

/// Reads `OFFSET: groups  text` or `OFFSET  pairs  text`; `None` when the line is no such thing.
fn dump_row(line: &str) -> Option<DumpLine> {
    let body = line.strip_prefix("0x").unwrap_or(line);
    let width = body.bytes().take_while(u8::is_ascii_hexdigit).count();
    if !(4..=16).contains(&width) {
        return None;
    }
    let offset = u64::from_str_radix(body.get(..width)?, 16).ok()?;
    let rest = body.get(width..)?;
    let (colon, rest) = match rest.strip_prefix(':') {
        Some(after) => (true, after),
        None => (false, rest),
    };
    let bare = rest.is_empty() && !colon && width >= 7;
    if !bare && !rest.starts_with(if colon { " " } else { "  " }) {
        return None;
    }
    let bytes = columns(rest.trim_start(), colon)?;
    let prefixed = body.len() != line.len();
    let certain = bare || prefixed || width >= 8 || (rest.contains('|') && line.ends_with('|'));
    Some(DumpLine { offset, bytes, certain })
}

/// The byte columns of a dump line; stops where the text column begins.
fn columns(text: &str, colon: bool) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(LINE);
    let mut rest = text.as_bytes();
    while !rest.is_empty() && rest.first() != Some(&b'|') {
        let end = rest.iter().position(|b| *b == b' ').unwrap_or(rest.len());
        let (group, after) = rest.split_at(end);
        let whole = group.len().is_multiple_of(2) && group.iter().all(u8::is_ascii_hexdigit);
        if !whole || (!colon && group.len() != 2) {
            // Hex must come first; anything else after it is the text column.
            return (!out.is_empty()).then_some(out);
        }
        let (pairs, _) = group.as_chunks();
        out.extend(pairs.iter().filter_map(|pair| byte(*pair)));
        let gap = after.iter().take_while(|b| **b == b' ').count();
        rest = &after[gap..];
        let middle = gap == 2 && !colon && out.len() == LINE / 2;
        if (gap > 1 && !middle) || (!colon && out.len() >= LINE) {
            break;
        }
    }
    Some(out)
}

/// One dump line of up to `LINE` bytes: offset, bytes, text column. Any bytes give visible
/// ASCII.
#[must_use]
pub fn dump_line(offset: u64, bytes: &[u8]) -> String {
    let mut out = String::with_capacity(80);
    let _ = write!(out, "{offset:08x} ");
    for place in 0..LINE {
        if place % 8 == 0 {
            out.push(' ');
        }
        match bytes.get(place) {
            Some(byte) => {
                let _ = write!(out, "{byte:02x} ");
            }
            None => out.push_str("   "),
        }
    }
    out.push_str(" |");
    out.extend(bytes.iter().take(LINE).map(|&byte| match byte {
        0x20..=0x7e => char::from(byte),
        _ => '.',
    }));
    out.push('|');
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn free_form_ignores_separators_prefixes_and_comments() {
        for text in ["deadbeef", "de ad be ef", "0xde,0xad,0xBE,0xef", "de:ad-be;ef", "0xdeadbeef"]
        {
            assert_eq!(parse(text).unwrap(), b"\xde\xad\xbe\xef", "{text}");
        }
        assert_eq!(parse("de ad # the start\nbe ef").unwrap(), b"\xde\xad\xbe\xef");
        assert_eq!(parse("").unwrap(), b"");
        assert_eq!(parse("# nothing").unwrap(), b"");
    }

    #[test]
    fn errors_name_the_place() {
        let error = parse("de ad\nbe xy").unwrap_err();
        assert_eq!(error.position, 9);
        assert_eq!(error.message, "line 2, column 4: 'x' is not a hex digit");
        assert!(parse("de a").unwrap_err().message.contains("odd number of digits"));
        assert_eq!(parse("1 2").unwrap_err().position, 0);
        assert_eq!(parse("deadé").unwrap_err().position, 4);
        assert!(parse("0x").is_err());
    }

    #[test]
    fn a_dump_that_was_changed_is_read_to_the_last_byte() {
        let bytes: Vec<u8> = (0..40).collect();
        let lines: Vec<_> =
            bytes.chunks(LINE).enumerate().map(|(at, it)| dump_line(at as u64 * 16, it)).collect();
        let text = lines.join("\n");
        assert_eq!(parse_edited(&text).unwrap(), bytes);
        let longer = text.replace("0f  |", "0f ff fe  |").replacen("00 01", "01", 1);
        let read = parse_edited(&longer).unwrap();
        assert_eq!(
            (read.len(), &read[..2], &read[14..18]),
            (41, &[1, 2][..], &[15, 255, 254, 16][..])
        );
        assert_eq!(parse_edited("dead beef\n0x01").unwrap(), b"\xde\xad\xbe\xef\x01");
        assert_eq!(parse_edited("00000000  |....|").unwrap(), b"");
        let wrong = parse_edited(&text.replace("11 12", "11 1g")).unwrap_err();
        assert!(wrong.message.starts_with("line 2, column 18:"), "{}", wrong.message);
    }

    const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n";

    #[test]
    fn an_xxd_dump_is_read() {
        let dump = "00000000: 4745 5420 2f20 4854 5450 2f31 2e31 0d0a  GET / HTTP/1.1..\n\
                    00000010: 486f 7374 3a20 610d 0a0d 0a              Host: a....\n";
        assert_eq!(parse(dump).unwrap(), REQUEST);
    }

    #[test]
    fn a_hexdump_is_read() {
        let dump = "00000000  47 45 54 20 2f 20 48 54  54 50 2f 31 2e 31 0d 0a  |GET / HTTP/1.1..|\n\
                    00000010  48 6f 73 74 3a 20 61 0d  0a 0d 0a                 |Host: a....|\n\
                    0000001b\n";
        assert_eq!(parse(dump).unwrap(), REQUEST);
    }

    #[test]
    fn a_repeated_line_of_a_hexdump_is_expanded() {
        let dump = "00000000  00 00 00 00 00 00 00 00  00 00 00 00 00 00 00 00  |................|\n\
                    *\n00000030  01                                                |.|\n00000031\n";
        let mut expected = vec![0; 48];
        expected.push(1);
        assert_eq!(parse(dump).unwrap(), expected);
        assert!(parse(&dump.replace("00000030", "ff000030")).is_err());
    }

    #[test]
    fn wireshark_and_tcpdump_are_read() {
        let dump = "0000   47 45 54 20 2f 20 48 54 54 50 2f 31 2e 31 0d 0a   GET / HTTP/1.1..\n\
                    0010   48 6f 73 74 3a 20 61 0d 0a 0d 0a                  Host: a....\n";
        assert_eq!(parse(dump).unwrap(), REQUEST);
        let dump = "\t0x0000:  4745 5420 2f20 4854 5450 2f31 2e31 0d0a  GET./.HTTP/1.1..\n\
                    \t0x0010:  486f 7374 3a20 610d 0a0d 0a              Host:.a....\n";
        assert_eq!(parse(dump).unwrap(), REQUEST);
    }

    #[test]
    fn an_edited_dump_is_still_a_dump() {
        let dump = "00000000: 4745 20  GE.\n00000010: 486f  Ho\n";
        assert_eq!(parse(dump).unwrap(), b"GE Ho");
    }

    #[test]
    fn plain_groups_are_not_taken_for_a_dump() {
        assert_eq!(parse("4745  5420").unwrap(), b"GET ");
        assert_eq!(parse("0000 0001").unwrap(), [0, 0, 0, 1]);
        assert_eq!(parse("00000000\n00000001").unwrap(), [0, 0, 0, 0, 0, 0, 0, 1]);
    }

    proptest! {
        #![proptest_config(crate::property_tests::config())]

        #[test]
        fn our_own_dump_reads_back(bytes in prop::collection::vec(any::<u8>(), 1..100)) {
            let dump: Vec<String> = bytes
                .chunks(LINE)
                .enumerate()
                .map(|(index, line)| dump_line((index * LINE) as u64, line))
                .collect();
            prop_assert!(dump.iter().all(|line| line.bytes().all(|b| (0x20..0x7f).contains(&b))));
            prop_assert_eq!(parse(&dump.join("\n")).unwrap(), bytes);
        }

        #[test]
        fn any_text_gives_bytes_or_a_position_inside_it(text in "(?s)[0-9a-fx:|*# \n.é]{0,60}|.{0,40}") {
            if let Err(error) = parse(&text) {
                prop_assert!(text.is_char_boundary(error.position));
            }
        }
    }
}
