//! Tokens of XML and HTML: tags, comments, declarations and the text between, each as its bytes. Total:
//! whatever is no tag is text.

use memchr::{memchr, memmem};

use crate::codec::recipe::maker::LONGEST;

/// Elements whose content is text whatever it looks like.
const VERBATIM: [&str; 4] = ["script", "style", "textarea", "pre"];
/// Elements that a text of HTML begins with.
const HTML: [&str; 14] = [
    "html", "head", "body", "div", "p", "span", "table", "ul", "ol", "a", "h1", "h2", "form",
    "section",
];

/// One token; all its bytes, the brackets of tags included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum MarkupToken<'a> {
    Start {
        tag: &'a [u8],
        name: &'a [u8],
        is_closed: bool,
    },
    End {
        tag: &'a [u8],
        name: &'a [u8],
    },
    Text(&'a [u8]),
    /// A comment, a declaration, an instruction, a CDATA section.
    Other(&'a [u8]),
}

/// Cuts bytes that come in parts into tokens.
#[derive(Debug, Default)]
pub(super) struct Tokenizer {
    bytes: Vec<u8>,
    at: usize,
    /// The element whose text is verbatim.
    verbatim: Option<Vec<u8>>,
    /// By its declaration or its first tag; `None` = not known yet.
    is_html: Option<bool>,
}

/// Whether the content of an element is text as it is.
pub(super) fn is_verbatim(name: &[u8]) -> bool {
    VERBATIM.iter().any(|other| name.eq_ignore_ascii_case(other.as_bytes()))
}

impl Tokenizer {
    /// Takes the next bytes.
    pub(super) fn push(&mut self, bytes: &[u8]) -> Result<(), String> {
        self.bytes.extend_from_slice(bytes);
        if self.bytes.len() > LONGEST {
            return Err(format!(
                "a tag or text of more than {} MiB is not laid out",
                LONGEST >> 20
            ));
        }
        Ok(())
    }

    /// The tokens handed out are not needed any more.
    pub(super) fn forget(&mut self) {
        self.bytes.drain(..self.at);
        self.at = 0;
    }

    /// Whether it is HTML, as far as that is known.
    pub(super) fn is_html(&self) -> bool {
        self.is_html == Some(true)
    }

    /// The next token, once it is whole or nothing more will come, and whether it is of HTML.
    pub(super) fn next(&mut self, is_last: bool) -> Option<(MarkupToken<'_>, bool)> {
        let start = self.at;
        let rest = self.bytes.get(start..).filter(|rest| !rest.is_empty())?;
        if let Some(name) = &self.verbatim {
            let end = end_of_verbatim(rest, name).or(is_last.then_some(rest.len()))?;
            self.verbatim = None;
            if end > 0 {
                self.at += end;
                let text = MarkupToken::Text(&self.bytes[start..start + end]);
                return Some((text, self.is_html == Some(true)));
            }
        }
        let rest = &self.bytes[start..];
        let end = match token_end(rest) {
            Some(end) => end,
            None if is_last => rest.len(),
            None => return None,
        };
        self.at += end;
        let bytes = &self.bytes[start..start + end];
        let token = token(bytes);
        match token {
            MarkupToken::Start { name, is_closed, .. } => {
                let is_html = || HTML.iter().any(|it| name.eq_ignore_ascii_case(it.as_bytes()));
                let is_html = *self.is_html.get_or_insert_with(is_html);
                if is_html && !is_closed && is_verbatim(name) {
                    self.verbatim = Some(name.to_vec());
                }
            }
            MarkupToken::Other(bytes) if self.is_html.is_none() => {
                let doctype = bytes.get(..14).unwrap_or_default();
                if doctype.eq_ignore_ascii_case(b"<!doctype html") {
                    self.is_html = Some(true);
                } else if bytes.starts_with(b"<?xml") {
                    self.is_html = Some(false);
                }
            }
            _ => {}
        }
        Some((token, self.is_html == Some(true)))
    }
}

/// Where the end tag of an element begins.
fn end_of_verbatim(bytes: &[u8], name: &[u8]) -> Option<usize> {
    memmem::find_iter(bytes, b"</").find(|at| {
        let found = bytes.get(at + 2..at + 2 + name.len());
        found.is_some_and(|found| found.eq_ignore_ascii_case(name))
    })
}

/// Where the token ends that begins here; `None` = not here yet.
fn token_end(bytes: &[u8]) -> Option<usize> {
    if bytes[0] != b'<' {
        return memchr(b'<', bytes);
    }
    let until = |end: &[u8], from: usize| {
        let found = memmem::find(&bytes[from..], end)?;
        Some(from + found + end.len())
    };
    // What may still become one of these is waited for.
    for (begin, end) in [(&b"<!--"[..], &b"-->"[..]), (b"<![CDATA[", b"]]>"), (b"<?", b"?>")] {
        if bytes.starts_with(begin) {
            return until(end, begin.len());
        }
        if begin.starts_with(bytes) {
            return None;
        }
    }
    match bytes.get(1)? {
        b'!' => declaration_end(bytes),
        b'/' => until(b">", 2),
        byte if byte.is_ascii_alphabetic() || *byte == b'_' || *byte >= 0x80 => tag_end(bytes),
        // No tag: text up to the next one.
        _ => Some(memchr(b'<', &bytes[1..])? + 1),
    }
}

/// `<!DOCTYPE a [ ... ]>`
fn declaration_end(bytes: &[u8]) -> Option<usize> {
    let mut depth = 0_u32;
    for (at, byte) in bytes.iter().enumerate() {
        match byte {
            b'[' => depth += 1,
            b']' => depth = depth.saturating_sub(1),
            b'>' if depth == 0 => return Some(at + 1),
            _ => {}
        }
    }
    None
}

/// The end of a start tag; a `>` in quotes is none.
fn tag_end(bytes: &[u8]) -> Option<usize> {
    let mut quote = None;
    for (at, byte) in bytes.iter().enumerate() {
        match (quote, byte) {
            (None, b'>') => return Some(at + 1),
            (None, b'"' | b'\'') => quote = Some(*byte),
            (Some(open), _) if open == *byte => quote = None,
            _ => {}
        }
    }
    None
}

fn token(bytes: &[u8]) -> MarkupToken<'_> {
    let name = |from: usize| {
        let rest = &bytes[from..];
        let is_end = |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, b'>' | b'/');
        rest.split(is_end).next().unwrap_or_default()
    };
    match bytes {
        [b'<', b'!' | b'?', ..] => MarkupToken::Other(bytes),
        [b'<', b'/', ..] => MarkupToken::End { tag: bytes, name: name(2) },
        [b'<', first, .., b'>']
            if first.is_ascii_alphabetic() || matches!(first, b'_' | 0x80..) =>
        {
            let is_closed = bytes.ends_with(b"/>");
            MarkupToken::Start { tag: bytes, name: name(1), is_closed }
        }
        _ => MarkupToken::Text(bytes),
    }
}
