//! The escapes of `$'...'` (bash, section "ANSI-C quoting"), which stand for any bytes.

use std::str::Chars;

/// Reads one escape behind its backslash.
pub(super) fn escape(chars: &mut Chars<'_>, word: &mut Vec<u8>) {
    let start = chars.clone();
    let Some(c) = chars.next() else { return };
    match c {
        'a' => word.push(0x07),
        'b' => word.push(0x08),
        'e' | 'E' => word.push(0x1b),
        'f' => word.push(0x0c),
        'n' => word.push(b'\n'),
        'r' => word.push(b'\r'),
        't' => word.push(b'\t'),
        'v' => word.push(0x0b),
        '\\' | '\'' | '"' | '?' => push(word, c),
        'c' => word.extend(chars.next().map(|c| c as u8 & 0x1f)),
        '0'..='7' => {
            *chars = start;
            word.extend(number(chars, 8, 3).map(|code| code as u8));
        }
        'x' => match number(chars, 16, 2) {
            Some(code) => word.push(code as u8),
            None => word.extend(b"\\x"),
        },
        'u' | 'U' => {
            let code = number(chars, 16, if c == 'u' { 4 } else { 8 });
            push(word, code.and_then(char::from_u32).unwrap_or(char::REPLACEMENT_CHARACTER));
        }
        c => {
            word.push(b'\\');
            push(word, c);
        }
    }
}

/// The number of up to `most` digits; `None` when there is not one.
fn number(chars: &mut Chars<'_>, radix: u32, most: usize) -> Option<u32> {
    let rest = chars.as_str();
    let length = rest.chars().take(most).take_while(|c| c.is_digit(radix)).count();
    let (digits, after) = rest.split_at(length);
    *chars = after.chars();
    u32::from_str_radix(digits, radix).ok()
}

/// Adds a character to a word.
pub(super) fn push(word: &mut Vec<u8>, c: char) {
    word.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
}
