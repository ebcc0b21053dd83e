//! Colours for one visible line: ranges of its bytes and what they are.
//!
//! Called by the screen for the lines it shows, before they are made printable. The ranges cover
//! the whole line without gaps, in order, and never cut a character in two.

use std::ops::Range;

use super::json_string;

/// What a range of a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum HighlightToken {
    /// Nothing special, white space included.
    Plain,
    /// Name of a member.
    Key,
    String,
    Number,
    /// `true`, `false`, `null`.
    Literal,
    Punctuation,
    /// Not part of the language.
    Error,
}

/// Ranges of a line with their tokens.
pub type Tokens = Vec<(Range<usize>, HighlightToken)>;

/// A line of JSON.
#[must_use]
pub fn json(line: &[u8]) -> Tokens {
    json_from(line, 0, Tokens::new())
}

/// A line of JSON that continues the one before, which happens inside long strings.
#[must_use]
pub(crate) fn json_continued(line: &[u8]) -> Tokens {
    let end = string_end(line, 0);
    let mut tokens = Tokens::new();
    push(&mut tokens, 0..end, HighlightToken::String);
    json_from(line, end, tokens)
}

fn json_from(line: &[u8], start: usize, mut tokens: Tokens) -> Tokens {
    let mut at = start;
    while let Some(&byte) = line.get(at) {
        let rest = &line[at..];
        let (length, token) = match byte {
            b'"' => {
                let length = string_end(line, at + 1) - at;
                let after = line[at + length..].trim_ascii_start();
                let is_key = after.first() == Some(&b':');
                (length, if is_key { HighlightToken::Key } else { HighlightToken::String })
            }
            b'{' | b'}' | b'[' | b']' | b',' | b':' => (1, HighlightToken::Punctuation),
            b if b <= b' ' => (run(rest, |b| b <= b' '), HighlightToken::Plain),
            _ => {
                let length = run(rest, |b| b > b' ' && !b"{}[],:\"".contains(&b));
                (length, scalar(&rest[..length]))
            }
        };
        push(&mut tokens, at..at + length, token);
        at += length;
    }
    tokens
}

/// What a run of letters is that is no string.
pub(crate) fn scalar(word: &[u8]) -> HighlightToken {
    match word {
        b"true" | b"false" | b"null" => HighlightToken::Literal,
        _ if is_number(word) => HighlightToken::Number,
        _ => HighlightToken::Error,
    }
}

/// RFC 8259, section 6.
fn is_number(word: &[u8]) -> bool {
    let word = word.strip_prefix(b"-").unwrap_or(word);
    let digits = |word: &[u8]| run(word, |b| b.is_ascii_digit());
    let whole = digits(word);
    let leading_zero = whole > 1 && word.first() == Some(&b'0');
    let mut rest = &word[whole..];
    if whole == 0 || leading_zero {
        return false;
    }
    if let Some(fraction) = rest.strip_prefix(b".") {
        let length = digits(fraction);
        if length == 0 {
            return false;
        }
        rest = &fraction[length..];
    }
    if let [b'e' | b'E', exponent @ ..] = rest {
        let exponent = match exponent {
            [b'+' | b'-', rest @ ..] => rest,
            _ => exponent,
        };
        return !exponent.is_empty() && digits(exponent) == exponent.len();
    }
    rest.is_empty()
}

/// End of a string whose inside begins at `at`: past its closing quote, or the end of the line.
fn string_end(line: &[u8], at: usize) -> usize {
    json_string::end(line, at).unwrap_or(line.len())
}

fn run(bytes: &[u8], is_part: impl Fn(u8) -> bool) -> usize {
    bytes.iter().position(|byte| !is_part(*byte)).unwrap_or(bytes.len())
}

fn push(tokens: &mut Tokens, range: Range<usize>, token: HighlightToken) {
    if range.start < range.end {
        tokens.push((range, token));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn named(line: &str, tokens: &Tokens) -> Vec<(String, HighlightToken)> {
        let part = |range: &Range<usize>| line.get(range.clone()).unwrap().trim().to_owned();
        let all = tokens.iter().map(|(range, token)| (part(range), *token));
        all.filter(|(text, _)| !text.is_empty()).collect()
    }

    #[test]
    fn keys_values_and_errors_of_json_are_told_apart() {
        let line = r#""a\"b": [-1.5e+3, "x", true, 01, NaN"#;
        let found = named(line, &json(line.as_bytes()));
        let expected = [
            (r#""a\"b""#, HighlightToken::Key),
            (":", HighlightToken::Punctuation),
            ("[", HighlightToken::Punctuation),
            ("-1.5e+3", HighlightToken::Number),
            (",", HighlightToken::Punctuation),
            ("\"x\"", HighlightToken::String),
            (",", HighlightToken::Punctuation),
            ("true", HighlightToken::Literal),
            (",", HighlightToken::Punctuation),
            ("01", HighlightToken::Error),
            (",", HighlightToken::Punctuation),
            ("NaN", HighlightToken::Error),
        ];
        assert_eq!(found, expected.map(|(text, token)| (text.to_owned(), token)));
    }

    #[test]
    fn a_continued_line_begins_inside_its_string() {
        let tokens = json_continued(b"ab,{\\\" 1\": 2");
        assert_eq!(tokens[0], (0..9, HighlightToken::String));
        assert_eq!(tokens.last().unwrap(), &(11..12, HighlightToken::Number));
    }

    proptest! {
        #![proptest_config(crate::property_tests::config())]

        #[test]
        fn ranges_cover_the_line_without_cutting_characters(
            line in r#"["\\{}\[\],: a1é\-.eHTP/]{0,40}|.*"#,
        ) {
            for tokens in [json(line.as_bytes()), json_continued(line.as_bytes())] {
                let mut at = 0;
                for (range, _) in tokens {
                    prop_assert_eq!(range.start, at);
                    prop_assert!(line.get(range.clone()).is_some(), "{:?}", range);
                    at = range.end;
                }
                prop_assert_eq!(at, line.len());
            }
        }

        #[test]
        fn arbitrary_bytes_are_covered(line: Vec<u8>) {
            for tokens in [json(&line), json_continued(&line)] {
                prop_assert_eq!(tokens.last().map_or(0, |(range, _)| range.end), line.len());
            }
        }
    }
}
