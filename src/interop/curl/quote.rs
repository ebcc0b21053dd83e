//! Quoting for any POSIX shell: what cannot be seen is given by `printf` (the `$'...'` of bash is none of what
//! `/bin/sh` reads everywhere).

use std::fmt::Write;

use crate::codec::printable::is_visible;
use crate::interop::secrets::{SecretRun, runs};

/// One argument of a shell command that stands for exactly this text (which holds no NUL); where a
/// variable stands in it, for its value.
pub(in crate::interop) fn word(text: &str) -> String {
    let runs = runs(text.as_bytes());
    if runs.is_empty() {
        return plain_word("");
    }
    runs.iter()
        .map(|run| match run {
            SecretRun::Text(text) => plain_word(&String::from_utf8_lossy(text)),
            SecretRun::Variable { name, .. } => format!("\"${name}\""),
        })
        .collect()
}

fn plain_word(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@%+,".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        text.into()
    } else if is_seen(text) {
        format!("'{}'", text.replace('\'', r"'\''"))
    } else {
        // A substitution loses the line breaks at its end.
        let kept = text.trim_end_matches('\n');
        let ends = text.split_at(kept.len()).1;
        let ends = if ends.is_empty() { String::new() } else { format!("'{ends}'") };
        format!("\"$(printf {})\"{ends}", printf(kept.as_bytes()))
    }
}

/// Whether a text can stand between quotes and be read there.
pub(super) fn is_seen(text: &str) -> bool {
    text.chars().all(|c| is_visible(c) || c == '\n')
}

/// The arguments of a `printf` that prints exactly these bytes.
pub(in crate::interop) fn printf(bytes: &[u8]) -> String {
    let mut format = Vec::new();
    let mut values = String::new();
    for run in runs(bytes) {
        match run {
            SecretRun::Text(text) => format.push(printf_format(text)),
            SecretRun::Variable { name, .. } => {
                format.push("%s".into());
                let _ = write!(values, " \"${name}\"");
            }
        }
    }
    // Without a format it prints what it is for.
    let format = if format.is_empty() { "''".to_owned() } else { format.concat() };
    // What begins with a dash would be an option.
    let format = match format.strip_prefix("'-") {
        Some(rest) => format!("'\\055{rest}"),
        None => format,
    };
    format!("{format}{values}")
}

/// A format for `printf` that prints exactly these bytes.
fn printf_format(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len() * 2);
    out.push('\'');
    for byte in bytes {
        match byte {
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'%' => out.push_str("%%"),
            b'\\' => out.push_str("\\\\"),
            b'\'' => out.push_str(r"'\''"),
            b' '..=b'~' => out.push(char::from(*byte)),
            byte => {
                let _ = write!(out, "\\{byte:03o}");
            }
        }
    }
    out.push('\'');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_quoted_as_little_as_possible_and_as_much_as_needed() {
        assert_eq!(word("http://localhost:80/a"), "http://localhost:80/a");
        assert_eq!(word("a b&c"), "'a b&c'");
        assert_eq!(word("it's"), r"'it'\''s'");
        assert_eq!(word(""), "''");
        assert_eq!(word("a\r\n'\x1b"), r#""$(printf 'a\r\n'\''\033')""#);
        assert_eq!(word("a\u{202e}b"), r#""$(printf 'a\342\200\256b')""#);
        assert_eq!(word("-\t%\n\n"), "\"$(printf '\\055\\011%%')\"'\n\n'");
    }

    #[test]
    fn variables_are_left_to_the_shell() {
        let value = "Authorization: Bearer \u{fdd0}API_TOKEN\u{fdd1}";
        assert_eq!(word(value), "'Authorization: Bearer '\"$API_TOKEN\"");
        let mut binary = b"\xff".to_vec();
        binary.extend_from_slice("\u{fdd0}T\u{fdd1}%".as_bytes());
        assert_eq!(printf(&binary), r#"'\377'%s'%%' "$T""#);
        assert_eq!(printf(b"-n -x"), r"'\055n -x'");
        assert_eq!(printf(b""), "''");
    }

    #[test]
    fn a_printf_format_prints_itself_only() {
        assert_eq!(printf_format(b"100% '\0\xff\\n\n"), r"'100%% '\''\000\377\\n\n'");
    }
}
