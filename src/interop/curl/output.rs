//! What a simple command writes, as far as that can be known without running it: for what is piped
//! into curl, and for substitutions in its arguments.

use super::command::{Stdin, Word};

/// What a command writes; `None` when it has no program. `words` begin with it.
pub(super) fn of(words: &[Word], stdin: Option<&Stdin>) -> Option<Stdin> {
    let mut words = words.iter().map(|word| word.text.as_str());
    let program = words.next()?;
    let arguments: Vec<&str> = words.collect();
    let text = match (program, arguments.as_slice()) {
        ("echo", ["-n", rest @ ..]) => Some(rest.join(" ")),
        ("echo", rest) if !rest.first().is_some_and(|word| word.starts_with('-')) => {
            Some(rest.join(" ") + "\n")
        }
        ("printf", ["%s", rest @ ..]) => Some(rest.concat()),
        ("printf", ["%s\\n", rest @ ..]) => {
            Some(rest.iter().flat_map(|text| [text, "\n"]).collect())
        }
        ("printf", [format]) => printed(format),
        ("cat", []) => return stdin.cloned(),
        ("cat", [file]) if !file.starts_with('-') => return Some(Stdin::File((*file).to_owned())),
        _ => None,
    };
    Some(text.map_or_else(|| Stdin::Program(program.to_owned()), Stdin::Text))
}

/// What `printf` writes of a format without values; `None` = it has some, or it is no text.
fn printed(format: &str) -> Option<String> {
    let (mut bytes, mut rest) = (Vec::with_capacity(format.len()), format);
    while let Some(at) = rest.find(['%', '\\']) {
        let (before, behind) = rest.split_at(at);
        bytes.extend_from_slice(before.as_bytes());
        if let Some(after) = behind.strip_prefix("%%") {
            bytes.push(b'%');
            rest = after;
            continue;
        }
        let escape = behind.strip_prefix('\\')?;
        let digits = escape.bytes().take(3).take_while(|byte| (b'0'..=b'7').contains(byte)).count();
        let (digits, after) = escape.split_at(digits);
        if digits.is_empty() {
            let letter = escape.chars().next()?;
            let known = [
                ('n', b'\n'),
                ('r', b'\r'),
                ('t', b'\t'),
                ('\\', b'\\'),
                ('a', 7),
                ('b', 8),
                ('f', 12),
                ('v', 11),
            ];
            let (_, byte) = known.into_iter().find(|(known, _)| *known == letter)?;
            bytes.push(byte);
            rest = escape.split_at(letter.len_utf8()).1;
        } else {
            bytes.push(u8::try_from(u32::from_str_radix(digits, 8).ok()?).ok()?);
            rest = after;
        }
    }
    bytes.extend_from_slice(rest.as_bytes());
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_format_without_values_is_what_it_prints() {
        assert_eq!(printed(r"a\r\n\055%%\303\274\\").as_deref(), Some("a\r\n-%\u{fc}\\"));
        for format in ["%s", r"\x41", r"\377", "\\"] {
            assert_eq!(printed(format), None, "{format}");
        }
    }
}
