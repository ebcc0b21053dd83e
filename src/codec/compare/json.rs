//! JSON (RFC 8259) as spans of its bytes: numbers, duplicate names and order stay as they came.
//!
//! The nodes lie in the order of the text; each knows where the next one beside it is. Each has two
//! hashes, one of its content and one that also knows the order of names.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::ops::Range;

/// Values inside each other that are read; deeper documents are compared as text.
const DEPTH: usize = 256;
/// Values that are read; documents with more are compared as text.
const NODES: usize = 1_000_000;

/// What a value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum JsonKind {
    Object,
    Array,
    Text,
    /// A number, `true`, `false`, `null`.
    Word,
}

/// One value.
#[derive(Debug, Clone)]
pub(super) struct JsonNode {
    pub(super) kind: JsonKind,
    pub(super) span: Range<usize>,
    /// Its name with the quotes, when it stands in an object.
    pub(super) key: Range<usize>,
    /// Number of the node after all that is in it.
    next: usize,
    /// Of what it holds, names in any order.
    pub(super) content: u64,
    /// Of what it holds in the order it stands there.
    pub(super) exact: u64,
}

/// A whole text of JSON.
#[derive(Debug)]
pub(super) struct JsonText<'a> {
    bytes: &'a [u8],
    nodes: Vec<JsonNode>,
}

impl<'a> JsonText<'a> {
    /// The value with this number; the whole text has 0.
    pub(super) fn node(&self, at: usize) -> &JsonNode {
        &self.nodes[at]
    }

    /// The bytes of a value.
    pub(super) fn value(&self, at: usize) -> &'a [u8] {
        &self.bytes[self.nodes[at].span.clone()]
    }

    /// The name of a member, without escapes.
    pub(super) fn key(&self, at: usize) -> String {
        unescaped(&self.bytes[self.nodes[at].key.clone()])
    }

    /// The values in a value, by number.
    pub(super) fn children(&self, at: usize) -> Vec<usize> {
        let end = self.nodes[at].next;
        let mut children = Vec::new();
        let mut child = at + 1;
        while child < end {
            children.push(child);
            child = self.nodes[child].next;
        }
        children
    }
}

/// What a string with quotes stands for.
pub(super) fn unescaped(quoted: &[u8]) -> String {
    serde_json::from_slice(quoted).unwrap_or_else(|_| String::from_utf8_lossy(quoted).into_owned())
}

/// Reads a text; `None` = it is none, or too deep or large to be taken apart. A lone value that is
/// neither object nor list counts as text.
pub(super) fn parse(bytes: &[u8]) -> Option<JsonText<'_>> {
    std::str::from_utf8(bytes).ok()?;
    let mut reader = Reader { bytes, at: 0, nodes: Vec::new() };
    reader.blank();
    if !matches!(reader.peek(), Some(b'{' | b'[')) {
        return None;
    }
    reader.value(0..0, 0)?;
    reader.blank();
    (reader.at == bytes.len()).then_some(JsonText { bytes, nodes: reader.nodes })
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    nodes: Vec<JsonNode>,
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn blank(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.at += 1;
        }
    }

    fn take(&mut self, wanted: u8) -> Option<()> {
        let is_there = self.peek() == Some(wanted);
        self.at += usize::from(is_there);
        is_there.then_some(())
    }

    fn value(&mut self, key: Range<usize>, depth: usize) -> Option<()> {
        if depth > DEPTH || self.nodes.len() >= NODES {
            return None;
        }
        let (at, start) = (self.nodes.len(), self.at);
        let kind = match self.peek()? {
            b'{' => JsonKind::Object,
            b'[' => JsonKind::Array,
            b'"' => JsonKind::Text,
            _ => JsonKind::Word,
        };
        let span = start..start;
        self.nodes.push(JsonNode { kind, span, key, next: at + 1, content: 0, exact: 0 });
        match kind {
            JsonKind::Object => self.members(depth, b'}')?,
            JsonKind::Array => self.members(depth, b']')?,
            JsonKind::Text => self.text()?,
            JsonKind::Word => self.word()?,
        }
        let next = self.nodes.len();
        self.nodes[at].span = start..self.at;
        self.nodes[at].next = next;
        self.hash(at);
        Some(())
    }

    fn members(&mut self, depth: usize, end: u8) -> Option<()> {
        self.at += 1;
        self.blank();
        if self.take(end).is_some() {
            return Some(());
        }
        loop {
            self.blank();
            let start = self.at;
            if end == b'}' {
                self.text()?;
            }
            let key = start..self.at;
            if end == b'}' {
                self.blank();
                self.take(b':')?;
                self.blank();
            }
            self.value(key, depth + 1)?;
            self.blank();
            if self.take(end).is_some() {
                return Some(());
            }
            self.take(b',')?;
        }
    }

    fn text(&mut self) -> Option<()> {
        self.take(b'"')?;
        loop {
            let byte = self.peek()?;
            self.at += 1;
            match byte {
                b'"' => return Some(()),
                b'\\' => {
                    let escape = self.peek()?;
                    self.at += 1;
                    match escape {
                        b'u' => {
                            let digits = self.bytes.get(self.at..self.at + 4)?;
                            self.at += 4;
                            digits.iter().all(u8::is_ascii_hexdigit).then_some(())?;
                        }
                        b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => {}
                        _ => return None,
                    }
                }
                0..0x20 => return None,
                _ => {}
            }
        }
    }

    fn word(&mut self) -> Option<()> {
        let rest = self.bytes.get(self.at..)?;
        let ends = |byte: &u8| !byte.is_ascii_alphanumeric() && !b"+-.".contains(byte);
        let word = rest.get(..rest.iter().position(ends).unwrap_or(rest.len()))?;
        self.at += word.len();
        let is_known = matches!(word, b"true" | b"false" | b"null");
        (is_known || serde_json::from_slice::<&serde_json::value::RawValue>(word).is_ok())
            .then_some(())
    }

    /// From what is in it, which has its own already.
    fn hash(&mut self, at: usize) {
        let node = &self.nodes[at];
        let mut exact = DefaultHasher::new();
        node.kind.hash(&mut exact);
        let mut content = exact.clone();
        if matches!(node.kind, JsonKind::Text | JsonKind::Word) {
            self.bytes.get(node.span.clone()).hash(&mut exact);
            let hash = exact.finish();
            (self.nodes[at].content, self.nodes[at].exact) = (hash, hash);
            return;
        }
        let (end, is_object) = (node.next, node.kind == JsonKind::Object);
        let (mut child, mut sum) = (at + 1, 0u64);
        while child < end {
            let member = &self.nodes[child];
            let key = self.bytes.get(member.key.clone());
            (key, member.exact).hash(&mut exact);
            if is_object {
                let mut one = DefaultHasher::new();
                (key, member.content).hash(&mut one);
                // Duplicates count, so no exclusive or.
                sum = sum.wrapping_add(one.finish());
            } else {
                member.content.hash(&mut content);
            }
            child = member.next;
        }
        sum.hash(&mut content);
        (self.nodes[at].content, self.nodes[at].exact) = (content.finish(), exact.finish());
    }
}
