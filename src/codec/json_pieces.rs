//! Cuts a stream of JSON into its values at the top, or into the elements of its top-level lists,
//! without parsing them: what is worked on value by value need not be in memory as a whole.
//!
//! Used by the jq role, and by what sorts, unescapes and tabulates. Any split of the input gives the
//! same pieces. Only brackets, strings and commas are looked at; whether a piece is JSON is found by
//! who reads it.

/// Brackets inside each other at most: readers of values go into each by a call.
const DEEPEST: u32 = 10_000;

/// A piece of the stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JsonPiece<'a> {
    /// A value at the top.
    Value(&'a [u8]),
    /// An element of a list at the top, and where it begins in the stream.
    Element(&'a [u8], u64),
    /// A list whose elements were handed out is over.
    ListEnd,
}

/// Where the cutting stands between any two bytes.
#[derive(Debug)]
pub struct JsonPieces {
    /// Lists at the top are handed out element by element.
    by_element: bool,
    /// Longest piece in bytes.
    limit: usize,
    /// What is not handed out yet.
    buffer: Vec<u8>,
    /// Place of the buffer in the stream.
    base: u64,
    /// Inside a list that is handed out; whether nothing of it came yet.
    list: Option<bool>,
    piece: Option<OpenPiece>,
    in_string: bool,
    is_escaped: bool,
}

/// A piece whose end is not here yet.
#[derive(Debug, Clone, Copy)]
struct OpenPiece {
    /// Its first byte in the buffer.
    start: usize,
    kind: PieceKind,
    /// Brackets open.
    depth: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum PieceKind {
    Nested,
    Text,
    Scalar,
}

/// Who takes the pieces.
type Taker<'a> = dyn FnMut(JsonPiece<'_>) -> Result<(), String> + 'a;

impl JsonPieces {
    /// Nothing cut yet; no piece is longer than `limit` bytes.
    #[must_use]
    pub fn new(by_element: bool, limit: usize) -> Self {
        JsonPieces {
            by_element,
            limit,
            buffer: Vec::new(),
            base: 0,
            list: None,
            piece: None,
            in_string: false,
            is_escaped: false,
        }
    }

    /// Takes the next bytes and hands out what is whole. An error, of the stream or of who takes the
    /// pieces, is final.
    pub fn push(&mut self, chunk: &[u8], take: &mut Taker<'_>) -> Result<(), String> {
        let mut buffer = std::mem::take(&mut self.buffer);
        let mut at = buffer.len();
        buffer.extend_from_slice(chunk);
        while at < buffer.len() {
            at = match self.piece {
                Some(piece) => self.inside(piece, &buffer, at, take)?,
                None => self.between(buffer[at], at, take)?,
            };
        }
        let start = self.piece.map_or(at, |piece| piece.start);
        if at - start > self.limit {
            let most = self.limit >> 20;
            return Err(self.at(start, &format!("a value has more than {most} MiB")));
        }
        self.base += start as u64;
        if let Some(piece) = &mut self.piece {
            piece.start = 0;
        }
        if start > 0 {
            buffer.drain(..start);
        }
        self.buffer = buffer;
        Ok(())
    }

    /// The stream is over: hands out a number or word at its end.
    pub fn finish(&mut self, take: &mut Taker<'_>) -> Result<(), String> {
        let rest = std::mem::take(&mut self.buffer);
        match (self.piece.take(), self.list) {
            (None, None) => Ok(()),
            (Some(piece), None) if piece.kind == PieceKind::Scalar && !self.in_string => {
                take(JsonPiece::Value(&rest))
            }
            _ => Err(self.at(rest.len(), "the JSON ends in the middle of a value")),
        }
    }

    fn at(&self, at: usize, what: &str) -> String {
        format!("{what}, at byte {}", self.base + at as u64 + 1)
    }

    /// Looks at a byte between pieces; returns where to go on.
    fn between(&mut self, byte: u8, at: usize, take: &mut Taker<'_>) -> Result<usize, String> {
        let next = at + 1;
        match (byte, self.list) {
            // Between values at the top separators of records, too, and the bytes of a byte order mark.
            (b' ' | b'\t' | b'\r' | b'\n', _) | (0x1e | 0xef | 0xbb | 0xbf, None) => {
                return Ok(next);
            }
            (b'[', None) if self.by_element => {
                self.list = Some(true);
                return Ok(next);
            }
            (b']', Some(true)) => {
                self.list = None;
                take(JsonPiece::ListEnd)?;
                return Ok(next);
            }
            (b',' | b':' | b']' | b'}', _) => return Err(self.at(at, "a value is expected")),
            _ => {}
        }
        let kind = match byte {
            b'[' | b'{' => PieceKind::Nested,
            b'"' => PieceKind::Text,
            _ => PieceKind::Scalar,
        };
        self.list = self.list.map(|_| false);
        self.piece = Some(OpenPiece { start: at, kind, depth: 0 });
        Ok(at)
    }

    /// Goes on inside a piece, as far as the buffer reaches or the piece; returns where to go on.
    fn inside(
        &mut self,
        mut piece: OpenPiece,
        buffer: &[u8],
        mut at: usize,
        take: &mut Taker<'_>,
    ) -> Result<usize, String> {
        while at < buffer.len() {
            if self.in_string {
                at = self.string(buffer, at);
                let is_whole = !self.in_string && piece.kind == PieceKind::Text;
                if is_whole && piece.depth == 0 && self.list.is_none() {
                    return self.hand_out(piece, buffer, at, take);
                }
                continue;
            }
            match buffer[at] {
                b'"' => self.in_string = true,
                b'[' | b'{' if piece.depth == DEEPEST => {
                    return Err(self.at(at, "brackets are too deep inside each other"));
                }
                b'[' | b'{' => piece.depth += 1,
                b']' | b'}' if piece.depth > 0 => {
                    piece.depth -= 1;
                    if piece.depth == 0 && piece.kind == PieceKind::Nested && self.list.is_none() {
                        return self.hand_out(piece, buffer, at + 1, take);
                    }
                }
                b',' | b']' if piece.depth == 0 && self.list.is_some() => {
                    let is_last = buffer[at] == b']';
                    self.hand_out(piece, buffer, at, take)?;
                    if is_last {
                        self.list = None;
                        take(JsonPiece::ListEnd)?;
                    }
                    return Ok(at + 1);
                }
                b' ' | b'\t' | b'\r' | b'\n' if piece.depth == 0 && self.list.is_none() => {
                    return self.hand_out(piece, buffer, at, take);
                }
                _ => {}
            }
            at += 1;
        }
        self.piece = Some(piece);
        Ok(at)
    }

    /// Goes on inside a string.
    fn string(&mut self, buffer: &[u8], at: usize) -> usize {
        if std::mem::take(&mut self.is_escaped) {
            return at + 1;
        }
        let rest = buffer.get(at..).unwrap_or_default();
        let Some(found) = memchr::memchr2(b'"', b'\\', rest) else { return buffer.len() };
        if rest[found] == b'"' {
            self.in_string = false;
        } else {
            self.is_escaped = true;
        }
        at + found + 1
    }

    fn hand_out(
        &mut self,
        piece: OpenPiece,
        buffer: &[u8],
        end: usize,
        take: &mut Taker<'_>,
    ) -> Result<usize, String> {
        self.piece = None;
        let bytes = &buffer[piece.start..end];
        if bytes.len() > self.limit {
            let most = self.limit >> 20;
            return Err(self.at(piece.start, &format!("a value has more than {most} MiB")));
        }
        take(if self.list.is_some() {
            JsonPiece::Element(bytes, self.base + piece.start as u64)
        } else {
            JsonPiece::Value(bytes)
        })?;
        Ok(end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The pieces of a text that comes in parts of this length, and how it ended.
    fn pieces(text: &str, by_element: bool, part: usize) -> (Vec<String>, Result<(), String>) {
        let mut found = Vec::new();
        let mut cutter = JsonPieces::new(by_element, 1 << 20);
        let mut take = |piece: JsonPiece<'_>| {
            found.push(match piece {
                JsonPiece::Value(bytes) => format!("v{}", String::from_utf8_lossy(bytes)),
                JsonPiece::Element(bytes, _) => format!("e{}", String::from_utf8_lossy(bytes)),
                JsonPiece::ListEnd => "end".to_owned(),
            });
            Ok(())
        };
        let parts = text.as_bytes().chunks(part);
        let mut ended = Ok(());
        for part in parts {
            ended = ended.and_then(|()| cutter.push(part, &mut take));
        }
        ended = ended.and_then(|()| cutter.finish(&mut take));
        (found, ended)
    }

    #[test]
    fn values_and_elements_are_cut_wherever_the_parts_end() {
        let text = "[1, {\"a\":[2,\"],\\\"\"]} ,\"x,y\"] 5 \"s\"{}\n[] true";
        for part in [1, 2, 3, 7, 100] {
            let (found, ended) = pieces(text, true, part);
            let expected =
                ["e1", "e{\"a\":[2,\"],\\\"\"]} ", "e\"x,y\"", "end", "v5", "v\"s\"", "v{}", "end"];
            assert_eq!(ended, Ok(()));
            assert_eq!(found[..8], expected, "{part}");
            assert_eq!(found[8..], ["vtrue"]);
            let (found, ended) = pieces(text, false, part);
            assert_eq!(ended, Ok(()));
            assert_eq!(found.len(), 6, "{found:?}");
            assert!(found[0].starts_with("v[1, ") && found[0].ends_with("y\"]"), "{found:?}");
        }
    }

    #[test]
    fn what_ends_early_or_has_no_value_is_told_with_its_place() {
        for (text, words) in [
            ("[1,,2]", "a value is expected, at byte 4"),
            ("[1,]", "a value is expected, at byte 4"),
            ("[1", "ends in the middle"),
            ("\"abc", "ends in the middle"),
            ("{\"a\":", "ends in the middle"),
            ("]", "a value is expected, at byte 1"),
        ] {
            let why = pieces(text, true, 2).1.unwrap_err();
            assert!(why.contains(words), "{text}: {why}");
        }
        let deep = "[".repeat(20_000);
        assert!(pieces(&deep, false, 999).1.unwrap_err().contains("too deep"));
    }

    #[test]
    fn a_value_that_is_too_long_is_refused() {
        let mut cutter = JsonPieces::new(true, 1 << 20);
        let long = format!("[1,\"{}\"]", "x".repeat(1 << 21));
        let why = cutter.push(long.as_bytes(), &mut |_| Ok(())).unwrap_err();
        assert!(why.contains("more than 1 MiB, at byte 4"), "{why}");
    }
}
