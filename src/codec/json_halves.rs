//! Halves of a pair in strings of JSON (`\ud83d` without what belongs to it). Browsers write them where
//! text was cut, and readers refuse the whole document for one.

use memchr::memchr;

/// Bytes of `\ud83d`.
const ESCAPE: usize = 6;

/// The same text with the replacement character for every half that stands alone; `None` = there is none.
#[must_use]
pub(crate) fn replaced(text: &[u8]) -> Option<Vec<u8>> {
    let mut made = text.to_vec();
    let (mut at, mut is_changed) = (0, false);
    while let Some(found) = text.get(at..).and_then(|rest| memchr(b'\\', rest)) {
        at += found;
        match (escaped(text, at), escaped(text, at + ESCAPE)) {
            (Some(0xd800..=0xdbff), Some(0xdc00..=0xdfff)) => at += 2 * ESCAPE,
            (Some(0xd800..=0xdfff), _) => {
                if let Some(digits) = made.get_mut(at + 2..at + ESCAPE) {
                    digits.copy_from_slice(b"fffd");
                    is_changed = true;
                }
                at += ESCAPE;
            }
            (Some(_), _) => at += ESCAPE,
            // A backslash that is escaped begins nothing.
            (None, _) => at += 2,
        }
    }
    is_changed.then_some(made)
}

/// The number of the escape that begins here.
fn escaped(text: &[u8], at: usize) -> Option<u16> {
    let digits = text.get(at..at + ESCAPE)?.strip_prefix(b"\\u")?;
    let is_number = digits.iter().all(u8::is_ascii_hexdigit);
    let digits = std::str::from_utf8(digits).ok().filter(|_| is_number)?;
    u16::from_str_radix(digits, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_that_stand_alone_are_replaced_and_pairs_stay() {
        for (text, made) in [
            (r#""a\ud83d""#, Some(r#""a\ufffd""#)),
            (r#""\uDE00b""#, Some(r#""\ufffdb""#)),
            (r#""\ud83d\ud83d\ude00""#, Some(r#""\ufffd\ud83d\ude00""#)),
            (r#""\ud83d\ude00""#, None),
            (r#""\\ud83d""#, None),
            (r#""\u00e9\n""#, None),
            (r#""\ud8"#, None),
            (r"\", None),
            ("", None),
        ] {
            let told = replaced(text.as_bytes()).map(|it| String::from_utf8(it).unwrap());
            assert_eq!(told.as_deref(), made, "{text}");
        }
    }
}
