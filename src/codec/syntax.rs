//! Colours of text that is being written: what each piece of a row is, in JSON, XML, HTML and forms.
//!
//! Used by text fields for the rows in sight. A row may begin anywhere in a line, and a line anywhere
//! in the text, so a [`Syntax`] carries what the next byte is inside of. Nothing is checked here: what
//! makes no sense has some colour.

use super::highlight::{HighlightToken, Tokens, scalar};
use super::json_string;

/// What a text is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TextLanguage {
    #[default]
    Plain,
    Json,
    /// XML and HTML.
    Markup,
    /// `name=value&name=value`
    Form,
}

impl TextLanguage {
    /// What a media type says, its parameters left out; `None` = nothing that has colours.
    #[must_use]
    pub fn of_media_type(text: &str) -> Option<Self> {
        let essence = text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        let is = |suffix: &str| essence.ends_with(&format!("/{suffix}"));
        let is_json = is("json") || essence.ends_with("+json") || is("x-ndjson");
        let is_markup = is("xml") || essence.ends_with("+xml") || is("html");
        match essence.as_str() {
            _ if is_json => Some(TextLanguage::Json),
            _ if is_markup => Some(TextLanguage::Markup),
            "application/x-www-form-urlencoded" => Some(TextLanguage::Form),
            _ => None,
        }
    }

    /// What a text begins like.
    #[must_use]
    pub fn guess(text: &str) -> Self {
        let mut bytes = text.bytes().filter(|byte| !byte.is_ascii_whitespace());
        match (bytes.next(), bytes.next()) {
            (Some(b'<'), Some(_)) => TextLanguage::Markup,
            // Two braces begin a name.
            (Some(b'{'), Some(next)) if next != b'{' => TextLanguage::Json,
            (Some(b'['), _) => TextLanguage::Json,
            _ => TextLanguage::Plain,
        }
    }
}

/// What the next byte is inside of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Inside {
    #[default]
    Nothing,
    /// A number, a literal, or what is neither.
    Word(HighlightToken),
    String(HighlightToken),
    /// Behind a backslash in a string.
    Escape(HighlightToken),
    TagName,
    Tag,
    /// The value of an attribute, up to this quote.
    Quoted(u8),
    Comment,
    /// The last so many bytes of the end of a comment.
    CommentEnd(usize),
    /// The value of a form's field.
    Value,
}

/// Bytes behind a string that are looked at to see whether it is a name.
const AHEAD: usize = 4096;

/// Goes through a text and tells what its pieces are.
#[derive(Debug, Clone, Default)]
pub struct Syntax {
    language: TextLanguage,
    inside: Inside,
}

impl Syntax {
    /// At the start of a text, or at a place that is inside of nothing.
    #[must_use]
    pub fn new(language: TextLanguage) -> Self {
        Syntax { language, inside: Inside::Nothing }
    }

    /// Goes over the first `length` bytes of what is left of a line; tells the pieces, without gaps.
    pub fn go(&mut self, rest: &str, length: usize) -> Tokens {
        let (bytes, mut at) = (rest.as_bytes(), 0);
        let length = length.min(bytes.len());
        let mut tokens = Tokens::new();
        while at < length {
            let (_, left) = bytes.split_at(at);
            let (token, run) = match self.language {
                TextLanguage::Plain => (HighlightToken::Plain, length - at),
                TextLanguage::Json => self.json(left, length - at),
                TextLanguage::Markup => self.markup(left, length - at),
                TextLanguage::Form => self.form(left, length - at),
            };
            // What is joined must not be cut; a run never ends inside a character.
            let mut end = (at + run.max(1)).min(length);
            while end < length && !rest.is_char_boundary(end) {
                end += 1;
            }
            match tokens.last_mut() {
                Some((range, last)) if *last == token => range.end = end,
                _ => tokens.push((at..end, token)),
            }
            at = end;
        }
        tokens
    }

    /// The line ends: what may not go on in the next one does not.
    pub fn end_line(&mut self) {
        self.inside = match (self.language, self.inside) {
            (TextLanguage::Markup, Inside::TagName) => Inside::Tag,
            (TextLanguage::Markup, inside) => inside,
            _ => Inside::Nothing,
        };
    }

    fn json(&mut self, left: &[u8], limit: usize) -> (HighlightToken, usize) {
        let here = &left[..limit];
        match self.inside {
            Inside::String(token) => match memchr::memchr2(b'"', b'\\', here) {
                Some(at) => {
                    let is_end = here[at] == b'"';
                    self.inside = if is_end { Inside::Nothing } else { Inside::Escape(token) };
                    (token, at + 1)
                }
                None => (token, limit),
            },
            Inside::Escape(token) => {
                self.inside = Inside::String(token);
                (token, 1)
            }
            Inside::Word(token) => {
                let length = word(here);
                if length < limit {
                    self.inside = Inside::Nothing;
                }
                if length == 0 {
                    return self.json(left, limit);
                }
                (token, length)
            }
            _ => match left[0] {
                b'"' => {
                    let token = string_token(left);
                    self.inside = Inside::String(token);
                    (token, 1)
                }
                b'{' | b'}' | b'[' | b']' | b',' | b':' => (HighlightToken::Punctuation, 1),
                byte if byte <= b' ' => (HighlightToken::Plain, 1),
                _ => {
                    let token = scalar(&left[..word(&left[..left.len().min(64)]).max(1)]);
                    self.inside = Inside::Word(token);
                    (token, 1)
                }
            },
        }
    }

    fn markup(&mut self, left: &[u8], limit: usize) -> (HighlightToken, usize) {
        use HighlightToken::{Key, Literal, Plain, Punctuation, String};
        let here = &left[..limit];
        let run = |ends: &[u8]| here.iter().position(|byte| ends.contains(byte)).unwrap_or(limit);
        match self.inside {
            Inside::TagName => {
                self.inside = Inside::Tag;
                (Key, run(b" \t\r>"))
            }
            Inside::Tag => match left[0] {
                b'>' => {
                    self.inside = Inside::Nothing;
                    (Punctuation, 1)
                }
                b'/' | b'?' | b'=' => (Punctuation, 1),
                quote @ (b'"' | b'\'') => {
                    self.inside = Inside::Quoted(quote);
                    (String, 1)
                }
                byte if byte <= b' ' => (Plain, 1),
                _ => (Literal, run(b" \t\r=>/").max(1)),
            },
            Inside::Quoted(quote) => match memchr::memchr(quote, here) {
                Some(at) => {
                    self.inside = Inside::Tag;
                    (String, at + 1)
                }
                None => (String, limit),
            },
            Inside::Comment => match memchr::memmem::find(left, b"-->") {
                Some(at) if at < limit => {
                    self.inside = Inside::CommentEnd(3);
                    if at > 0 { (Punctuation, at) } else { self.markup(left, limit) }
                }
                _ => (Punctuation, limit),
            },
            Inside::CommentEnd(more) => {
                let length = more.min(limit);
                let rest = more - length;
                self.inside = if rest > 0 { Inside::CommentEnd(rest) } else { Inside::Nothing };
                (Punctuation, length)
            }
            _ => match left[0] {
                b'<' if left.starts_with(b"<!--") => {
                    self.inside = Inside::Comment;
                    (Punctuation, 4)
                }
                b'<' => {
                    self.inside = Inside::TagName;
                    let is_longer = matches!(left.get(1), Some(b'/' | b'?' | b'!'));
                    (Punctuation, 1 + usize::from(is_longer && limit > 1))
                }
                b'&' => (Literal, run(b"; <").min(32) + 1),
                _ => (Plain, run(b"<&").max(1)),
            },
        }
    }

    fn form(&mut self, left: &[u8], limit: usize) -> (HighlightToken, usize) {
        let here = &left[..limit];
        let is_value = self.inside == Inside::Value;
        let of_text = if is_value { HighlightToken::String } else { HighlightToken::Key };
        match left[0] {
            b'&' => {
                self.inside = Inside::Nothing;
                (HighlightToken::Punctuation, 1)
            }
            b'=' if !is_value => {
                self.inside = Inside::Value;
                (HighlightToken::Punctuation, 1)
            }
            b'%' => (HighlightToken::Literal, 3),
            b'+' => (HighlightToken::Literal, 1),
            _ => {
                let ends =
                    |byte: &u8| matches!(byte, b'&' | b'%' | b'+') || !is_value && *byte == b'=';
                (of_text, here.iter().position(ends).unwrap_or(limit).max(1))
            }
        }
    }
}

/// Bytes of a number or literal.
fn word(bytes: &[u8]) -> usize {
    let ends = |byte: &u8| *byte <= b' ' || b"{}[],:\"".contains(byte);
    bytes.iter().position(ends).unwrap_or(bytes.len())
}

/// Whether the string that begins here is the name of a member.
fn string_token(left: &[u8]) -> HighlightToken {
    let left = &left[..left.len().min(AHEAD)];
    let behind = json_string::end(left, 1).and_then(|end| left.get(end..));
    let is_key = behind.is_some_and(|behind| behind.trim_ascii_start().starts_with(b":"));
    if is_key { HighlightToken::Key } else { HighlightToken::String }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The rest of a line at each of its rows, and how long that row is: so many bytes, or a few more
    /// where a character would be cut.
    fn rows(line: &str, width: usize) -> impl Iterator<Item = (&str, usize)> {
        let mut rest = line;
        std::iter::from_fn(move || {
            let mut length = width.min(rest.len());
            while !rest.is_char_boundary(length) {
                length += 1;
            }
            let here = rest;
            rest = rest.split_at(length).1;
            (length > 0).then_some((here, length))
        })
    }

    /// Pieces of a text in rows of so many bytes.
    fn pieces(language: TextLanguage, text: &str, width: usize) -> Vec<(String, HighlightToken)> {
        let mut syntax = Syntax::new(language);
        let mut found: Vec<(String, HighlightToken)> = Vec::new();
        for line in text.split('\n') {
            for (rest, length) in rows(line, width) {
                for (range, token) in syntax.go(rest, length) {
                    let piece = rest.get(range).unwrap();
                    match found.last_mut() {
                        Some((text, last)) if *last == token => text.push_str(piece),
                        _ => found.push((piece.to_owned(), token)),
                    }
                }
            }
            syntax.end_line();
        }
        found.retain(|(text, _)| !text.trim().is_empty());
        found
    }

    #[test]
    fn a_row_may_begin_inside_of_anything() {
        use HighlightToken::{Key, Literal, Number, Punctuation, String};
        let json = r#"{"a\"b": "x: 1", "c": -1.5e3, "d": true}"#;
        let markup = "<!-- a > b --><a href=\"x>y\" b>t &amp; u</a\n>";
        for width in 1..60 {
            let found = pieces(TextLanguage::Json, json, width);
            let has = |text: &str, token| found.contains(&(text.to_owned(), token));
            assert!(has(r#""a\"b""#, Key) && has(r#""x: 1""#, String), "{width}: {found:?}");
            assert!(has("-1.5e3", Number) && has("true", Literal), "{width}: {found:?}");
            let found = pieces(TextLanguage::Markup, markup, width);
            assert_eq!(found[0], ("<!-- a > b --><".to_owned(), Punctuation), "{width}");
            let has = |text: &str, token| found.contains(&(text.to_owned(), token));
            assert!(has("\"x>y\"", String) && has("href", Literal), "{width}: {found:?}");
        }
        let found = pieces(TextLanguage::Form, "a=1=2&b%20c=d+e", 40);
        let texts: Vec<&str> = found.iter().map(|(text, _)| text.as_str()).collect();
        assert_eq!(texts, ["a", "=", "1=2", "&", "b", "%20", "c", "=", "d", "+", "e"]);
    }

    #[test]
    fn the_language_follows_the_media_type_or_the_beginning() {
        let of = TextLanguage::of_media_type;
        assert_eq!(of("Application/Problem+JSON; charset=utf-8"), Some(TextLanguage::Json));
        assert_eq!(of("text/html"), Some(TextLanguage::Markup));
        assert_eq!(of("image/svg+xml"), Some(TextLanguage::Markup));
        assert_eq!(of("application/x-www-form-urlencoded"), Some(TextLanguage::Form));
        assert_eq!(of("text/plain"), None);
        assert_eq!(TextLanguage::guess(" <a>"), TextLanguage::Markup);
        assert_eq!(TextLanguage::guess("{{name}}"), TextLanguage::Plain);
        assert_eq!(TextLanguage::guess("{ \"a\": 1 }"), TextLanguage::Json);
    }

    proptest! {
        #![proptest_config(crate::property_tests::config())]

        #[test]
        fn pieces_cover_every_row_without_cutting_characters(
            text in r#"[<>="'&;%+\-!/a-c é漢1{}\[\],:\\\n]{0,60}"#, width in 1..20usize,
        ) {
            use TextLanguage::{Form, Json, Markup, Plain};
            for language in [Plain, Json, Markup, Form] {
                let mut syntax = Syntax::new(language);
                for line in text.split('\n') {
                    for (rest, length) in rows(line, width) {
                        let mut at = 0;
                        for (range, _) in syntax.go(rest, length) {
                            prop_assert_eq!(range.start, at);
                            prop_assert!(rest.get(range.clone()).is_some());
                            at = range.end;
                        }
                        prop_assert_eq!(at, length);
                    }
                    syntax.end_line();
                }
            }
        }
    }
}
